-- Data quality: suites of expectations, and what judges a relation by them.
-- Suites may be seen and used by everybody; who may read a relation may judge it.

CREATE TABLE riskml.suite (
	name text PRIMARY KEY,
	owner regrole NOT NULL,
	suite jsonb NOT NULL,
	comment text,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE riskml.suite IS 'suites of expectations';
COMMENT ON COLUMN riskml.suite.suite IS 'as Great Expectations writes it, 0.18 or 1.x';

-- A role dropped since is dumped as a number, which elsewhere is another's.
SELECT pg_catalog.pg_extension_config_dump('riskml.suite',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = owner)');

CREATE VIEW riskml.suites WITH (security_barrier) AS
SELECT s.name,
	s.owner,
	pg_catalog.jsonb_array_length(s.suite OPERATOR(pg_catalog.->) 'expectations') AS expectations,
	s.comment,
	s.created_at,
	s.changed_at
FROM riskml.suite s;
COMMENT ON VIEW riskml.suites IS 'the suites of expectations; riskml.export_suite() gives what they say';
GRANT SELECT ON riskml.suites TO PUBLIC;

CREATE FUNCTION riskml.create_suite(name text, suite jsonb, comment text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_create_suite' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.create_suite(text, jsonb, text) IS 'keeps a suite of expectations, as Great Expectations writes it; what is not supported is refused';

CREATE FUNCTION riskml.alter_suite(name text, suite jsonb DEFAULT NULL, comment text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_alter_suite' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.alter_suite(text, jsonb, text) IS 'changes a suite of yours; NULL leaves what is there';

CREATE FUNCTION riskml.drop_suite(name text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_suite' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_suite(text) IS 'removes a suite of yours';

CREATE FUNCTION riskml.export_suite(name text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_export_suite' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.export_suite(text) IS 'a suite as it was given, under the name that it has here';

CREATE FUNCTION riskml.suite_from_dbt(schema_yml jsonb, model text DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_suite_from_dbt' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.suite_from_dbt(jsonb, text) IS 'the tests of a dbt model (unique, not_null, accepted_values, relationships), from a schema.yml as JSON, as a suite';

-- Unexpected values of groups.

CREATE FUNCTION riskml.unexpected_step(state internal, value anyelement, times bigint, kept int) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_unexpected_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.unexpected_step(internal, anyelement, bigint, int) IS 'of riskml.unexpected_values()';

CREATE FUNCTION riskml.unexpected_combine(state internal, other internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_unexpected_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.unexpected_combine(internal, internal) IS 'of riskml.unexpected_values()';

CREATE FUNCTION riskml.unexpected_serial(state internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'riskml_unexpected_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.unexpected_serial(internal) IS 'of riskml.unexpected_values()';

CREATE FUNCTION riskml.unexpected_deserial(bytes bytea, state internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_unexpected_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.unexpected_deserial(bytea, internal) IS 'of riskml.unexpected_values()';

CREATE FUNCTION riskml.unexpected_final(state internal) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_unexpected_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.unexpected_final(internal) IS 'of riskml.unexpected_values()';

CREATE AGGREGATE riskml.unexpected_values(value anyelement, times bigint, kept int) (
	SFUNC = riskml.unexpected_step,
	STYPE = internal,
	FINALFUNC = riskml.unexpected_final,
	COMBINEFUNC = riskml.unexpected_combine,
	SERIALFUNC = riskml.unexpected_serial,
	DESERIALFUNC = riskml.unexpected_deserial,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.unexpected_values(anyelement, bigint, int) IS 'how many values there were, each as many times, and the first of them: {"count": n, "values": [...]}';

-- All checks of rows, in one aggregate.

CREATE FUNCTION riskml.judge_step(state internal, program jsonb, VARIADIC arguments "any") RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_judge_step' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION riskml.judge_step(internal, jsonb, "any") IS 'of riskml.judge_rows()';

CREATE FUNCTION riskml.judge_combine(state internal, other internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_judge_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.judge_combine(internal, internal) IS 'of riskml.judge_rows()';

CREATE FUNCTION riskml.judge_serial(state internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'riskml_judge_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.judge_serial(internal) IS 'of riskml.judge_rows()';

CREATE FUNCTION riskml.judge_deserial(bytes bytea, state internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_judge_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.judge_deserial(bytea, internal) IS 'of riskml.judge_rows()';

CREATE FUNCTION riskml.judge_final(state internal) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_judge_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.judge_final(internal) IS 'of riskml.judge_rows()';

CREATE AGGREGATE riskml.judge_rows(program jsonb, VARIADIC arguments "any") (
	SFUNC = riskml.judge_step,
	STYPE = internal,
	FINALFUNC = riskml.judge_final,
	COMBINEFUNC = riskml.judge_combine,
	SERIALFUNC = riskml.judge_serial,
	DESERIALFUNC = riskml.judge_deserial,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.judge_rows(jsonb, "any") IS 'what the checks of a program, a constant, find unexpected among the arguments: a list with a count of nulls, or {"count": n, "values": [...]}, for each';

CREATE FUNCTION riskml.is_json(value text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'riskml_is_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION riskml.is_json(text) IS 'is it JSON?';

CREATE FUNCTION riskml.matches_strftime(value text, format text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'riskml_matches_strftime' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION riskml.matches_strftime(text, text) IS 'can Python''s strptime() read it by this format, with English names?';

-- What judges.

CREATE FUNCTION riskml.validate(relation regclass, suite text, filter text DEFAULT NULL, result_format text DEFAULT 'SUMMARY',
		parameters jsonb DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_validate' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION riskml.validate(regclass, text, text, text, jsonb) IS 'judges the rows of a relation by a suite, by its name or as JSON, in one scan; the result is that of Great Expectations';

CREATE FUNCTION riskml.validate_query(query text, suite text, filter text DEFAULT NULL, result_format text DEFAULT 'SUMMARY',
		parameters jsonb DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_validate_query' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION riskml.validate_query(text, text, text, text, jsonb) IS 'judges the rows of a query by a suite, as riskml.validate() does those of a relation';

CREATE FUNCTION riskml.explain_suite(relation regclass, suite text, filter text DEFAULT NULL, result_format text DEFAULT 'SUMMARY',
		parameters jsonb DEFAULT NULL) RETURNS SETOF text
	AS 'MODULE_PATHNAME', 'riskml_explain_suite' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.explain_suite(regclass, text, text, text, jsonb) IS 'the SQL by which riskml.validate() would judge: one scan, and a pass for each column that needs one';
