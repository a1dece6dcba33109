-- What validations came to: written by steps of kind expect, whether they
-- succeed or fail, and by riskml.record_validation().

CREATE TABLE riskml.validation (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	job text,
	run_id bigint,
	step text,
	attempt int,
	interval_start timestamptz,
	interval_end timestamptz,
	relation text NOT NULL,
	suite text,
	filter text,
	success boolean NOT NULL,
	action text NOT NULL CHECK (action IN ('passed', 'warned', 'quarantined', 'failed', 'recorded')),
	quarantined bigint NOT NULL,
	statistics jsonb,
	result jsonb NOT NULL,
	owner regrole NOT NULL,
	validated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE riskml.validation IS 'one row for each validation by a step of a job, or recorded by hand; kept for riskml.history_days';
COMMENT ON COLUMN riskml.validation.job IS 'its name at that time; NULL, as run and step: recorded by hand';
COMMENT ON COLUMN riskml.validation.relation IS 'what was validated: a name with schema, or a query';
COMMENT ON COLUMN riskml.validation.suite IS 'NULL: one that stands in the step itself and has no name';
COMMENT ON COLUMN riskml.validation.success IS 'did all expectations hold?  A step may have gone on all the same';
COMMENT ON COLUMN riskml.validation.action IS 'what the step did: failed, or went on, after a warning or without the rows that are in quarantine';
COMMENT ON COLUMN riskml.validation.quarantined IS 'rows that were put into quarantine';
COMMENT ON COLUMN riskml.validation.result IS 'as riskml.validate() gives it';
CREATE INDEX validation_age ON riskml.validation (validated_at);
CREATE INDEX validation_run ON riskml.validation (run_id);

CREATE FUNCTION riskml.record_validation(relation text, result jsonb) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_record_validation' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.record_validation(text, jsonb) IS 'keeps what riskml.validate() has given, as the steps of jobs do by themselves; returns its number in riskml.validations';

CREATE VIEW riskml.validations WITH (security_barrier) AS
SELECT v.id, v.validated_at, v.job, v.run_id, v.step, v.attempt, v.interval_start, v.interval_end, v.relation, v.suite, v.filter,
	v.success, v.action, v.quarantined, v.statistics, v.result, v.owner
FROM riskml.validation v
WHERE pg_catalog.pg_has_role(v.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW riskml.validations IS 'what your validations came to, of all for members of pg_monitor';
GRANT SELECT ON riskml.validations TO PUBLIC;

CREATE VIEW riskml.expectation_history WITH (security_barrier) AS
SELECT v.id AS validation, v.validated_at, v.job, v.run_id, v.step, v.interval_start, v.interval_end, v.relation, v.suite,
	r.n::int AS n,
	r.config OPERATOR(pg_catalog.->>) 'type' AS type,
	COALESCE(r.kwargs OPERATOR(pg_catalog.->>) 'column',
		(r.kwargs OPERATOR(pg_catalog.->>) 'column_A') OPERATOR(pg_catalog.||) ', ' OPERATOR(pg_catalog.||) (r.kwargs OPERATOR(pg_catalog.->>) 'column_B'),
		r.kwargs OPERATOR(pg_catalog.->>) 'column_list') AS columns,
	COALESCE(r.config OPERATOR(pg_catalog.->>) 'severity', 'critical') AS severity,
	r.entry OPERATOR(pg_catalog.->) 'success' OPERATOR(pg_catalog.=) 'true' AS success,
	r.found OPERATOR(pg_catalog.->) 'observed_value' AS observed_value,
	CASE WHEN pg_catalog.jsonb_typeof(r.found OPERATOR(pg_catalog.->) 'element_count') OPERATOR(pg_catalog.=) 'number'
		THEN (r.found OPERATOR(pg_catalog.->) 'element_count')::numeric END AS element_count,
	CASE WHEN pg_catalog.jsonb_typeof(r.found OPERATOR(pg_catalog.->) 'unexpected_count') OPERATOR(pg_catalog.=) 'number'
		THEN (r.found OPERATOR(pg_catalog.->) 'unexpected_count')::numeric END AS unexpected_count,
	CASE WHEN pg_catalog.jsonb_typeof(r.found OPERATOR(pg_catalog.->) 'unexpected_percent') OPERATOR(pg_catalog.=) 'number'
		THEN (r.found OPERATOR(pg_catalog.->) 'unexpected_percent')::numeric END AS unexpected_percent,
	r.entry OPERATOR(pg_catalog.#>>) '{exception_info,exception_message}' AS exception,
	r.kwargs,
	v.owner
FROM riskml.validations v, LATERAL (
	SELECT e.n, e.entry, e.entry OPERATOR(pg_catalog.->) 'expectation_config' AS config,
		e.entry OPERATOR(pg_catalog.#>) '{expectation_config,kwargs}' AS kwargs,
		e.entry OPERATOR(pg_catalog.->) 'result' AS found
	FROM pg_catalog.jsonb_array_elements(v.result OPERATOR(pg_catalog.->) 'results') WITH ORDINALITY AS e (entry, n)) r;
COMMENT ON VIEW riskml.expectation_history IS 'each expectation of your validations: what was found, validation after validation';
GRANT SELECT ON riskml.expectation_history TO PUBLIC;
