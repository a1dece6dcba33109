-- Suites proposed from data, results that are kept, and commands of steps that judge rows.
\set VERBOSITY default
CREATE TABLE regress_loans (
	id int PRIMARY KEY, iban text, "a ""b'" text, product varchar(10), amount numeric(10, 2), opened date, note text, score float8, flags int[], gone int);
ALTER TABLE regress_loans DROP COLUMN gone;
INSERT INTO regress_loans SELECT i, 'DE' || lpad(i::text, 20, '0'), nullif('x' || i, 'x7'), (ARRAY['card', 'loan'])[1 + i % 2], i * 1.5, date '2025-01-01' + i,
	repeat('y', i), CASE i WHEN 9 THEN 'NaN' ELSE i::float8 END, '{1}' FROM generate_series(1, 40) i;
SELECT e->>'type' AS type, e->'kwargs' AS kwargs FROM jsonb_array_elements(riskml.profile('regress_loans')->'expectations') e;
SELECT riskml.profile('regress_loans')->'meta' AS meta, riskml.profile('regress_loans')->'name' AS name;
SELECT riskml.profile(NULL);
SELECT riskml.profile(0);
SELECT riskml.profile('regress_loans_pkey');
CREATE ROLE regress_reader;
SET ROLE regress_reader;
SELECT riskml.profile('regress_loans');
RESET ROLE;

-- ---- results by hand
SELECT riskml.record_validation('regress_loans', '{"success": false, "suite_name": "s", "statistics": {"evaluated_expectations": 3}, "results": [
	{"success": true, "expectation_config": {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}, "result": {"observed_value": 3}},
	{"success": false, "expectation_config": {"type": "expect_column_pair_values_to_be_equal", "kwargs": {"column_A": "a", "column_B": "b"}, "severity": "info"},
		"result": {"element_count": 4, "unexpected_count": 1, "unexpected_percent": 25}},
	{"success": "?", "result": {"unexpected_count": "many"}}, 7]}') > 0 AS recorded;
SELECT relation, suite, success, action, quarantined, statistics, owner = current_user::regrole AS own, run_id FROM riskml.validations;
SELECT n, type, columns, severity, success, observed_value, element_count, unexpected_count, unexpected_percent FROM riskml.expectation_history ORDER BY n;
SET ROLE regress_reader;
SELECT count(*) FROM riskml.validations;
SELECT count(*) FROM riskml.expectation_history;
RESET ROLE;
SELECT riskml.record_validation(NULL, '{}');
SELECT riskml.record_validation('regress_loans', NULL);
SELECT riskml.record_validation('regress_loans', '[]');
SELECT riskml.record_validation('regress_loans', '{"success": "true", "results": []}');
SELECT riskml.record_validation('regress_loans', '{"success": true, "results": {}}');
BEGIN READ ONLY;
SELECT riskml.record_validation('regress_loans', '{"success": true, "results": []}');
ROLLBACK;

-- ---- commands, which are checked when the step is defined
SELECT riskml.create_job('regress_expect');
CREATE FUNCTION pg_temp.try(command text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE message text; detail text; hint text;
	BEGIN
		PERFORM riskml.add_step('regress_expect', 'check', 'expect', command);
		RAISE EXCEPTION 'fine' USING ERRCODE = 'RMOK1';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		RETURN concat_ws(E'\n  ', CASE WHEN SQLSTATE <> 'RMOK1' THEN SQLSTATE || ': ' END || message, nullif(detail, ''), nullif(hint, ''));
	END $$;
\pset format unaligned
\pset tuples_only on
SELECT command, pg_temp.try(command) FROM (VALUES
	(1, '{"relation": "r", "suite": "s"}'), (2, '{"query": "SELECT 1", "suite": {"name": "s", "expectations": []}}'),
	(3, '{"relation": "r", "suite": "s", "filter": "id > 1", "parameters": {"p": 1}, "result_format": "COMPLETE", "on_failure": {"critical": "warn", "info": "fail"}}'),
	(4, '{"relation": "r", "suite": "s", "on_failure": {"critical": "quarantine"}, "remove": true, "key": "id"}'),
	(5, '{"query": "SELECT 1", "suite": "s", "on_failure": {"warning": "quarantine"}, "good_rows": "t", "key": ["id"]}'),
	(6, 'SELECT 1'), (7, '[]'), (8, '{}'), (9, '{"relation": "r"}'), (10, '{"suite": "s"}'), (11, '{"relation": "r", "query": "SELECT 1", "suite": "s"}'),
	(12, '{"relation": "r", "suite": "s", "filters": "id > 1"}'), (13, '{"relation": "r", "suite": 1}'), (14, '{"relation": "r", "suite": "s", "on_failure": "fail"}'),
	(15, '{"relation": "r", "suite": "s", "on_failure": {"critical": "ignore"}}'), (16, '{"relation": "r", "suite": "s", "on_failure": {"fatal": "fail"}}'),
	(17, '{"relation": "r", "suite": "s", "on_failure": {"critical": "quarantine"}}'),
	(18, '{"relation": "r", "suite": "s", "on_failure": {"critical": "quarantine"}, "remove": true, "good_rows": "t"}'),
	(19, '{"relation": "r", "suite": "s", "remove": true}'), (20, '{"query": "SELECT 1", "suite": "s", "on_failure": {"critical": "quarantine"}, "remove": true}'))
	c(n, command) ORDER BY n;
\pset format aligned
\pset tuples_only off
SELECT riskml.drop_job('regress_expect');
DELETE FROM riskml.validation;
DROP TABLE regress_loans;
DROP ROLE regress_reader;
