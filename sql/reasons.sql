-- Adverse-action reasons, and decisions that can be replayed.

CREATE TABLE riskml.model_reasons (
	model_id int NOT NULL,
	version int NOT NULL,
	reasons jsonb NOT NULL,
	set_by name NOT NULL,
	set_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (model_id, version)
);
COMMENT ON TABLE riskml.model_reasons IS 'what the inputs of a version are called in adverse-action notices';
COMMENT ON COLUMN riskml.model_reasons.reasons IS 'as riskml.set_reasons() was given it: an object by input';
SELECT pg_catalog.pg_extension_config_dump('riskml.model_reasons', '');

CREATE VIEW riskml.reasons WITH (security_barrier) AS
SELECT s.model,
	s.version,
	e.key AS feature,
	e.value OPERATOR(pg_catalog.->>) 'code' AS code,
	e.value OPERATOR(pg_catalog.->>) 'text' AS text,
	e.value OPERATOR(pg_catalog.->>) 'group' AS reason_group,
	coalesce(e.value OPERATOR(pg_catalog.->>) 'adverse',
		r.reasons OPERATOR(pg_catalog.->) '*' OPERATOR(pg_catalog.->>) 'adverse', 'increase') AS adverse,
	coalesce((e.value OPERATOR(pg_catalog.->>) 'excluded')::boolean, false) AS excluded,
	r.set_by,
	r.set_at
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.model_reasons r ON r.model_id OPERATOR(pg_catalog.=) m.model_id
	AND r.version OPERATOR(pg_catalog.=) s.version
CROSS JOIN LATERAL pg_catalog.jsonb_each(r.reasons) e;
COMMENT ON VIEW riskml.reasons IS 'reasons of the versions of the models that you own or have been granted; feature "*" is what holds for inputs that are not named';
GRANT SELECT ON riskml.reasons TO PUBLIC;

CREATE FUNCTION riskml.set_reasons(model riskml.model_ref, reasons jsonb, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_reasons' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_reasons(riskml.model_ref, jsonb, text) IS 'what the inputs of a version are called in adverse-action notices: {"input": {"code", "text", "group", "adverse", "excluded"}}; NULL forgets it; for its owner';

CREATE FUNCTION riskml.get_reasons(model riskml.model_ref) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_get_reasons' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION riskml.get_reasons(riskml.model_ref) IS 'what set_reasons() has stored for a version; NULL if nothing is';

CREATE FUNCTION riskml.reasons_columns(model riskml.model_ref, planned text, features text[], n int, reference jsonb, output int, VARIADIC feature_values "any",
	OUT rank int, OUT code text, OUT text text, OUT feature text, OUT contribution float8) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_reasons_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 4 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.reasons_columns(riskml.model_ref, text, text[], int, jsonb, int, "any") IS 'reasons; values of the named features (NULL: of all, by position); what the planner makes of risk_reasons(model, row), for the version planned';

CREATE FUNCTION @extschema@.risk_reasons(model riskml.model_ref, features record, n int DEFAULT 4, reference jsonb DEFAULT NULL, output int DEFAULT NULL,
	OUT rank int, OUT code text, OUT text text, OUT feature text, OUT contribution float8) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_reasons_record' LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 4 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_reasons(riskml.model_ref, record, int, jsonb, int) IS 'what speaks most against an applicant, at most n reasons (NULL: all); against the mean, or against a reference applicant';

CREATE FUNCTION riskml.decision(model riskml.model_ref, features record, n int DEFAULT 4, reference jsonb DEFAULT NULL, output int DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_decision' LANGUAGE C STABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION riskml.decision(riskml.model_ref, record, int, jsonb, int) IS 'a score with what proves it later: pinned version, hash of the inputs, bits of the margins, scores, reasons; see riskml.replay()';

CREATE FUNCTION riskml.replay(decision jsonb, features record,
	OUT item text, OUT recorded text, OUT now text, OUT equal boolean, OUT problem text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_replay' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000 ROWS 6;
COMMENT ON FUNCTION riskml.replay(jsonb, record) IS 'makes a decision of riskml.decision() again, by the version that made it, and compares: one row for each thing recorded';
