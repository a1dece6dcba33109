-- Suites: what is read and what is refused, parameters, row conditions, results, dbt, and what no suite can do.
\getenv abs_srcdir PG_ABS_SRCDIR
\set shared :abs_srcdir /sql/data/quality.inc
\i :shared
CREATE TABLE t (id int, a text, n numeric, d date, "Ü ""q""" text);
INSERT INTO t VALUES (1, 'x', 1.5, '2020-01-01', 'k'), (2, 'y', 2.5, '2020-06-01', 'k'), (2, NULL, NULL, '2021-01-01', 'l'), (4, 'zz', 4, NULL, NULL);

-- ---- suites as Great Expectations documents them: 0.18, 1.x, and mixed
SELECT riskml.create_suite('0.18', '{"expectation_suite_name": "s", "ge_cloud_id": null, "data_asset_type": "Dataset", "evaluation_parameters": {},
	"expectations": [{"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id", "mostly": 0.99}, "meta": {}, "ge_cloud_id": null},
		{"expectation_type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": ["x", "y"], "mostly": 0.6, "result_format": {"result_format": "SUMMARY"}}, "meta": {"notes": {"format": "markdown", "content": ["some *notes*"]}}},
		{"expectation_type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["id", "a", "n", "d", "Ü \"q\""]}, "meta": {}}],
	"meta": {"great_expectations_version": "0.18.21"}}', 'of the docs');
SELECT riskml.create_suite('1.x', '{"name": "other", "id": "b1c6a1a9-0000-0000-0000-000000000000", "suite_parameters": {"low": 1}, "notes": null,
	"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": {"$PARAMETER": "low"}, "max_value": 3}, "meta": {"owner": "risk"}, "id": "u", "description": "a range", "notes": "a note", "severity": "warning", "rendered_content": []},
		{"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "min_value": 1, "max_value": 6}, "severity": "info"},
		{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE id > 6"}, "description": "No more than six"}],
	"meta": {"great_expectations_version": "1.2.0"}}');
SELECT riskml.create_suite('mixed', '{"name": "mixed", "expectations": [{"expectation_type": "expect_column_to_exist", "kwargs": {"column": "id"}}, {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]}');
SELECT riskml.create_suite('1.x', '{"expectations": []}');
SELECT name, owner = current_user::regrole, expectations, comment FROM riskml.suites ORDER BY name;
SELECT jsonb_pretty(riskml.validate('t', '0.18'));
SELECT jsonb_pretty(riskml.validate('t', '1.x', result_format => 'BASIC'));
SELECT jsonb_pretty(riskml.validate('t', '1.x', 'id < 4', 'complete', '{"low": 2}'));
SELECT riskml.validate('t', 'mixed', result_format => 'BOOLEAN_ONLY');
SELECT riskml.validate('t', '{"expectations": []}');
SELECT riskml.validate_query('SELECT 1 AS id -- one', 'mixed') -> 'statistics', riskml.validate_query('SELECT 2 AS x;', 'mixed') -> 'statistics';
-- exported as given, under its name here
SELECT riskml.export_suite('1.x') -> 'name', riskml.export_suite('0.18') -> 'expectation_suite_name', riskml.export_suite('mixed');
SELECT riskml.alter_suite('mixed', '{"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "no"}}]}'), riskml.alter_suite('0.18', comment => 'changed');
SELECT name, expectations, comment, changed_at >= created_at FROM riskml.suites ORDER BY name;
SELECT riskml.validate('t', 'mixed') -> 'success';
SELECT try(c) FROM unnest(ARRAY['SELECT riskml.alter_suite(''none'', ''{}'')', 'SELECT riskml.alter_suite(''none'')', 'SELECT riskml.drop_suite(''none'')', 'SELECT riskml.export_suite(''none'')', 'SELECT riskml.validate(''t'', ''none'')',
	'SELECT riskml.create_suite('''', ''{}'')', 'SELECT riskml.create_suite(''{'', ''{}'')', 'SELECT riskml.create_suite(NULL, ''{}'')', 'SELECT riskml.create_suite(''a'', NULL)', 'SELECT riskml.validate(NULL, ''mixed'')', 'SELECT riskml.validate(''t'', NULL)',
	'SELECT riskml.validate_query(NULL, ''mixed'')', 'SELECT riskml.validate(4000000000::oid, ''mixed'')', 'SELECT riskml.validate(''t'', ''mixed'', result_format => ''FULL'')', 'SELECT riskml.validate(''t'', ''mixed'', parameters => ''[]'')',
	'SELECT riskml.validate(''t'', ''{"expectations": '')']) c;
SELECT riskml.drop_suite('mixed');
SELECT count(*) FROM riskml.suites;

-- ---- what is refused
SELECT try(format('SELECT riskml.create_suite(''refused'', %L)', s)) FROM unnest(ARRAY['[]', '{}', '{"expectations": {}}', '{"expectations": [], "more": 1}', '{"expectations": [1]}', '{"expectations": [], "suite_parameters": []}']) s;
CREATE FUNCTION refused(expectation text) RETURNS text LANGUAGE sql AS $$ SELECT try(format('SELECT riskml.create_suite(''refused'', %L)', format('{"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}, %s]}', expectation))) $$;
SELECT refused(e) FROM unnest(ARRAY[
	'{}', '{"type": 1}', '{"type": "expect_column_values_to_be_nul", "kwargs": {}}', '{"type": "expect_column_values_to_be_null", "kwargs": []}', '{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a"}, "windows": [{}]}',
	'{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a"}, "unknown": 1}', '{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a"}, "severity": "fatal"}',
	'{"type": "expect_column_values_to_be_null", "kwargs": {}}', '{"type": "expect_column_values_to_be_null", "kwargs": {"column": 1}}', '{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "value_set": []}}',
	'{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "mostly": 1.5}}', '{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "mostly": "1"}}', '{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "mostly": -0.1}}',
	'{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a"}}', '{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": [1]}}', '{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 2, "max_value": 1}}',
	'{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 2, "strict_min": "yes"}}', '{"type": "expect_column_value_lengths_to_be_between", "kwargs": {"column": "a", "min_value": 1.5}}', '{"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "a"}}',
	'{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": [{}]}}', '{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": "x"}}', '{"type": "expect_column_values_to_match_regex_list", "kwargs": {"column": "a", "regex_list": []}}',
	'{"type": "expect_column_values_to_match_regex_list", "kwargs": {"column": "a", "regex_list": ["a"], "match_on": "some"}}', '{"type": "expect_column_values_to_match_like_pattern_list", "kwargs": {"column": "a", "like_pattern_list": [1]}}',
	'{"type": "expect_column_values_to_match_strftime_format", "kwargs": {"column": "a", "strftime_format": "%Y %Q"}}', '{"type": "expect_column_values_to_match_strftime_format", "kwargs": {"column": "a", "strftime_format": "%"}}',
	'{"type": "expect_column_pair_values_to_be_equal", "kwargs": {"column_A": "a"}}', '{"type": "expect_column_pair_values_to_be_equal", "kwargs": {"column_A": "a", "column_B": "b", "ignore_row_if": "never"}}', '{"type": "expect_column_pair_values_to_be_in_set", "kwargs": {"column_A": "a", "column_B": "b", "value_pairs_set": [[1]]}}',
	'{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a"]}}', '{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a", "a"]}}', '{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a", "b"], "ignore_row_if": "neither"}}',
	'{"type": "expect_column_quantile_values_to_be_between", "kwargs": {"column": "a", "quantile_ranges": {}}}', '{"type": "expect_column_quantile_values_to_be_between", "kwargs": {"column": "a", "quantile_ranges": {"quantiles": [0.5], "value_ranges": []}}}',
	'{"type": "expect_column_quantile_values_to_be_between", "kwargs": {"column": "a", "quantile_ranges": {"quantiles": [2], "value_ranges": [[1, 2]]}}}', '{"type": "expect_column_quantile_values_to_be_between", "kwargs": {"column": "a", "quantile_ranges": {"quantiles": [1], "value_ranges": [[1]]}}}',
	'{"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {"column": "a"}}', '{"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {"column": "a", "partition_object": {"bins": [1, 2], "weights": [0.5]}}}', '{"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {"column": "a", "partition_object": {"bins": [2, 1], "weights": [1]}}}',
	'{"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {"column": "a", "partition_object": {"values": ["a"], "weights": [1]}, "threshold": -1}}', '{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "DELETE FROM {batch}"}}',
	'{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT 1; DROP TABLE canary"}}', '{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT 1 INTO x FROM {batch}"}}', '{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELEC"}}']) e;
SELECT refused(format('{"type": "%s", "kwargs": {"column": "a"}}', t)) FROM unnest(ARRAY['expect_column_values_to_be_increasing', 'expect_column_values_to_be_dateutil_parseable', 'expect_column_pair_cramers_phi_value_to_be_less_than']) t;

-- ---- row conditions
CREATE FUNCTION condition(condition jsonb, parser text DEFAULT 'great_expectations') RETURNS text LANGUAGE sql AS $$
	SELECT try(format('SELECT coalesce(r #>> ''{0,exception_info,exception_message}'', r #>> ''{0,result,observed_value}'') FROM (SELECT riskml.validate(''t'', %L) -> ''results'' AS r) x',
		suite('expect_table_row_count_to_be_between', jsonb_build_object('row_condition', condition, 'condition_parser', parser)))) $$;
SELECT c, condition(to_jsonb(c), p) FROM unnest('{great_expectations,great_expectations__experimental__}'::text[]) p, unnest(ARRAY['col("id") > 1', 'col("id")>=2', 'col("a") == "x"', 'col("a") != ''x''', 'col(''a'').notNull()', ' col ( "d" ) < date("2020-06-01") ', 'col("n") <= 2.5', 'col("n") == -1e3', 'col("Ü \"q\"") == "k"']) c;
SELECT c, condition(to_jsonb(c)) FROM unnest(ARRAY['id > 1', 'col("id") > 1 and col("id") < 3', 'col("id")', 'col("id") > ', 'col("id) > 1', 'col("id") = 1', 'col("id") > 1; DROP TABLE canary', 'col("id").isnull()', 'col("nope") > 1', 'col("id") > "x"', 'col("a") > 1', 'col("a") == "''; DROP TABLE canary; --"', 'col("id) IS NULL; DROP TABLE canary; --") > 1']) c;
SELECT condition('"id > 1"', 'pandas'), condition('"id > 1"', 'spark'), condition('"id > 1"', 'sql'), condition('1'), condition('""'), condition('"col(\"id\") > 1"', NULL);
SELECT c, condition(c::jsonb, NULL) FROM unnest(ARRAY[
	'{"type": "comparison", "column": {"name": "id"}, "operator": "==", "parameter": 2}', '{"type": "comparison", "column": {"name": "a"}, "operator": "IN", "parameter": ["x", "zz"]}', '{"type": "comparison", "column": {"name": "a"}, "operator": "NOT_IN", "parameter": ["x", "zz"]}',
	'{"type": "nullity", "column": {"name": "d"}, "is_null": true}', '{"type": "nullity", "column": {"name": "d"}, "is_null": false}',
	'{"type": "and", "conditions": [{"type": "comparison", "column": {"name": "id"}, "operator": ">", "parameter": 1}, {"type": "comparison", "column": {"name": "id"}, "operator": "<", "parameter": 4}, {"type": "nullity", "column": {"name": "a"}, "is_null": false}]}',
	'{"type": "or", "conditions": [{"type": "comparison", "column": {"name": "id"}, "operator": "<=", "parameter": 1}, {"type": "and", "conditions": [{"type": "comparison", "column": {"name": "id"}, "operator": ">=", "parameter": 4}]}]}',
	'{"type": "pass_through", "pass_through_filter": "id > 1 OR a = ''x'' -- all but none"}', '{"type": "pass_through", "pass_through_filter": "id > (SELECT min(id) FROM t)"}',
	'{"type": "and", "conditions": [{"type": "or", "conditions": []}]}', '{"type": "or", "conditions": [{"type": "or", "conditions": []}]}', '{"type": "or", "conditions": []}', '{"type": "not"}', '{"type": "comparison", "column": {"name": "id"}, "operator": "<>", "parameter": 2}',
	'{"type": "comparison", "column": {"name": "id"}, "operator": "==", "parameter": [2]}', '{"type": "comparison", "operator": "==", "parameter": 2}', '{"type": "nullity", "column": {"name": "d"}}', '{"type": "comparison", "column": {"name": "id; --"}, "operator": "==", "parameter": 2}',
	'{"type": "pass_through", "pass_through_filter": "true; DROP TABLE canary"}', '{"type": "pass_through", "pass_through_filter": "true) OR (true"}', '{"type": "pass_through", "pass_through_filter": "true ORDER BY 1"}', '{"type": "pass_through", "pass_through_filter": "true UNION SELECT 1"}',
	'{"type": "pass_through", "pass_through_filter": ""}', '{"type": "pass_through", "pass_through_filter": "nope"}', '{"type": "pass_through", "pass_through_filter": "id"}']) c;

-- ---- parameters
CREATE FUNCTION parameter(value jsonb, parameters jsonb DEFAULT NULL, suite_parameters jsonb DEFAULT '{"low": 2, "name": "k", "list": ["x", "y"]}') RETURNS text LANGUAGE sql AS $$
	SELECT try(format('SELECT coalesce(r #>> ''{0,exception_info,exception_message}'', r #>> ''{0,expectation_config,kwargs,min_value}'') FROM (SELECT riskml.validate(''t'', %L, parameters => %L) -> ''results'' AS r) x',
		suite('expect_column_values_to_be_between', jsonb_build_object('column', 'n', 'min_value', value))::jsonb || jsonb_build_object('suite_parameters', suite_parameters), parameters)) $$;
SELECT e, parameter(jsonb_build_object('$PARAMETER', e)) FROM unnest(ARRAY['low', 'low + 1', '2 * (low - 3) ^ 2', '2 ^ 3 ^ 2', '-low', 'abs(-1.5) + round(1.2) * sgn(-5)', 'trunc(7 / 2)', '1e3', 'cos(0)', 'name', 'nope', 'low +', '(low', 'low low', 'f(1)', '1 / 0', 'low / (low - 2)', '1e308 * 10',
	'timedelta(days=1)', 'datetime(2020, 13, 1)', 'now() + now()', 'now() * 2', 'timedelta(years=1)', 'urn:great_expectations:validations:s:expect_table_row_count_to_equal.result.observed_value', '', '''); DROP TABLE canary; --']) e;
SELECT parameter('{"$PARAMETER": "low"}', '{"low": 7}'), parameter('{"$PARAMETER": "other"}', '{"other": 8.5}'), parameter('{"$PARAMETER": "other", "$PARAMETER.other": 9}'), parameter('{"$PARAMETER": "low", "$PARAMETER.low": 9}'), parameter('{"$PARAMETER": "list"}');
SELECT r #> '{results,0,expectation_config,kwargs}', r #> '{results,0,success}', r -> 'suite_parameters' FROM riskml.validate('t', '{"suite_parameters": {"set": ["x", "y"], "share": 0.5}, "expectations": [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": {"$PARAMETER": "set"}, "mostly": {"$PARAMETER": "share"}}}]}') r;
SELECT r #> '{results,0,expectation_config,kwargs}', r #> '{results,0,success}' FROM riskml.validate('t', '{"evaluation_parameters": {"x": "x"}, "expectations": [{"expectation_type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": [{"$PARAMETER": "x"}, "y", "zz"]}}]}') r;
SELECT (r #>> '{results,0,expectation_config,kwargs,max_value}')::timestamp = now()::timestamp - interval '1 week 2 days', r #> '{results,0,success}'
	FROM riskml.validate('t', '{"expectations": [{"type": "expect_column_max_to_be_between", "kwargs": {"column": "d", "max_value": {"$PARAMETER": "now() - timedelta(weeks=1, days=2)"}}}]}') r;
SELECT r #> '{results,0,expectation_config,kwargs,max_value}' FROM riskml.validate('t', '{"expectations": [{"type": "expect_column_max_to_be_between", "kwargs": {"column": "d", "max_value": {"$PARAMETER": "datetime(2021, 2, 28, 23, 59) + timedelta(1) * 1.5"}}}]}') r;
-- what is wrong only with values fails by itself
SELECT r #>> '{results,0,exception_info,exception_message}' FROM riskml.validate('t', '{"expectations": [{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "mostly": {"$PARAMETER": "m"}}}]}', parameters => '{"m": 2}') r;

-- ---- an expectation that cannot be asked fails, the others go on
SELECT riskml.validate('t', s) -> 'statistics', r -> 'success', r -> 'result', r -> 'exception_info' FROM (SELECT '{"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 1}}, {"type": "expect_column_values_to_be_null", "kwargs": {"column": "nope"}},
	{"type": "expect_column_values_to_match_regex", "kwargs": {"column": "id", "regex": "."}}, {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "a", "regex": "("}}, {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a"}},
	{"type": "expect_column_pair_values_to_be_equal", "kwargs": {"column_A": "a", "column_B": "id"}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "d", "min_value": "never"}}, {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}]}') x (s), jsonb_array_elements(riskml.validate('t', s) -> 'results') r;
-- so does one that fails while it runs
SELECT r -> 'success', r #>> '{exception_info,exception_message}' FROM jsonb_array_elements(riskml.validate('t', '{"expectations": [{"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "mostly": 0.25, "row_condition": {"type": "pass_through", "pass_through_filter": "1 / (id - 1) > 0"}}},
	{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}, {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]}') -> 'results') r;
SELECT try('SELECT riskml.validate(''t'', ''1.x'', ''1 / 0 = 1'') -> ''statistics''');
-- what is not its own error is passed on
SET statement_timeout = 1;
SELECT riskml.validate_query('SELECT pg_sleep(10)::text AS a', suite('expect_column_values_to_be_null', '{"column": "a"}'));
RESET statement_timeout;

-- ---- filters and queries
SELECT f, try(format('SELECT riskml.validate(''t'', ''0.18'', %L) #> ''{results,0,result,element_count}''', f)) FROM unnest(ARRAY['id > 1', 't.id > 1', 'id > 1 -- more', 'id > 1; DROP TABLE canary', 'true) OR (true', 'id > 1 LIMIT 1', '', 'nope', 'id']) f;
SELECT q, try(format('SELECT riskml.validate_query(%L, ''0.18'') #> ''{results,0,result,element_count}''', q)) FROM unnest(ARRAY['TABLE t', 'SELECT id FROM t -- some', 'VALUES (1)', 'WITH x AS (SELECT 1 AS id) SELECT * FROM x;', '(SELECT id FROM t) UNION ALL SELECT 1', 'SELECT 1) AS s; DROP TABLE canary; --', 'DELETE FROM t',
	'WITH x AS (DELETE FROM t RETURNING id) SELECT * FROM x', 'SELECT 1 INTO x', 'SELECT 1 AS id, 2 AS id', '']) q;

-- ---- the SQL: one scan, one pass for each column that needs one
SELECT * FROM riskml.explain_suite('t', '{"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}, {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": ["x", "O''Reilly"]}},
	{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}, {"type": "expect_column_distinct_values_to_contain_set", "kwargs": {"column": "id", "value_set": [1], "row_condition": "col(\"a\") == \"x\""}}, {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "Ü \"q\"", "max_value": 3}},
	{"type": "expect_column_values_to_be_null", "kwargs": {"column": "nope"}}]}', 'id < 3');
-- many expectations: as many columns as a statement may have, or several
SELECT r -> 'statistics', (SELECT count(*) FROM riskml.explain_suite('t', s)) FROM (SELECT jsonb_build_object('expectations', jsonb_agg(jsonb_build_object('type', 'expect_column_values_to_be_between', 'kwargs', jsonb_build_object('column', 'id', 'min_value', i))))::text FROM generate_series(1, 2000) i) x (s), riskml.validate('t', s) r;
-- what one aggregate tells is not computed again
\set suite '{"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 2}}, {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": ["x"]}}, {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "a", "regex": "."}}]}'
SELECT riskml.explain_suite('t', :'suite');
SELECT r #>> '{expectation_config,type}', r #> '{result,unexpected_count}', r #> '{result,missing_count}', r #> '{result,partial_unexpected_list}' FROM jsonb_array_elements(riskml.validate('t', :'suite') -> 'results') r;
SELECT r #>> '{expectation_config,type}', r #> '{result,unexpected_count}', r #> '{result,missing_count}' FROM jsonb_array_elements(riskml.validate('t', :'suite', 'false') -> 'results') r;
-- in parallel, the same
CREATE TABLE wide AS SELECT i, i % 100 AS a, CASE WHEN i % 10 = 0 THEN NULL ELSE i::text END AS b FROM generate_series(1, 50000) i;
ANALYZE wide;
CREATE FUNCTION plan(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || command; END $$;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
\set suite '{"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 1}}, {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "b"}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "i", "min_value": 50000}}]}'
SELECT count(*) > 0 FROM riskml.explain_suite('wide', :'suite') s, plan(s) p WHERE p ~ 'Partial Aggregate';
SELECT r -> 'unexpected_count', jsonb_array_length(r -> 'partial_unexpected_list'), (r -> 'partial_unexpected_counts') @? '$[*] ? (@.count > 20)' FROM (SELECT r -> 'result' AS r FROM jsonb_array_elements(riskml.validate('wide', :'suite') -> 'results') r) x;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- ---- nothing of a suite becomes SQL
CREATE TABLE "x; DROP TABLE canary; --" ("); DROP TABLE canary; --" text, "'; DROP TABLE canary; --" int, "$1" int);
INSERT INTO "x; DROP TABLE canary; --" VALUES ('''; DROP TABLE canary; --', 1, 1), ('\''; DROP TABLE canary; --', 1, 2);
CREATE TABLE attempts AS SELECT type, kwargs FROM unnest(ARRAY['''; DROP TABLE canary; --', '"; DROP TABLE canary; --', '); DROP TABLE canary; --', '\''; DROP TABLE canary; --', '$$; DROP TABLE canary; --', 'E''\''; DROP TABLE canary; --', '*/ DROP TABLE canary; /*', '%s%n', '$1']) evil,
	LATERAL (VALUES ('expect_column_values_to_be_in_set', jsonb_build_object('column', evil, 'value_set', ARRAY[evil])), ('expect_column_values_to_be_in_set', jsonb_build_object('column', '); DROP TABLE canary; --', 'value_set', ARRAY[evil])),
	('expect_column_values_to_be_between', jsonb_build_object('column', '); DROP TABLE canary; --', 'min_value', evil, 'max_value', evil)), ('expect_column_values_to_be_between', jsonb_build_object('column', '''; DROP TABLE canary; --', 'min_value', evil)),
	('expect_column_values_to_match_regex', jsonb_build_object('column', '); DROP TABLE canary; --', 'regex', evil)), ('expect_column_values_to_match_like_pattern', jsonb_build_object('column', '); DROP TABLE canary; --', 'like_pattern', evil)),
	('expect_column_distinct_values_to_equal_set', jsonb_build_object('column', '); DROP TABLE canary; --', 'value_set', ARRAY[evil])), ('expect_column_max_to_be_between', jsonb_build_object('column', '); DROP TABLE canary; --', 'max_value', evil)),
	('expect_column_pair_values_to_be_in_set', jsonb_build_object('column_A', '); DROP TABLE canary; --', 'column_B', evil, 'value_pairs_set', jsonb_build_array(jsonb_build_array(evil, evil)))), ('expect_compound_columns_to_be_unique', jsonb_build_object('column_list', ARRAY[evil, '); DROP TABLE canary; --'])),
	('expect_column_to_exist', jsonb_build_object('column', evil)), ('expect_table_columns_to_match_set', jsonb_build_object('column_set', ARRAY[evil])), ('expect_column_values_to_be_of_type', jsonb_build_object('column', '); DROP TABLE canary; --', 'type_', evil)),
	('expect_table_row_count_to_equal_other_table', jsonb_build_object('other_table_name', evil)), ('expect_column_values_to_be_null', jsonb_build_object('column', '); DROP TABLE canary; --', 'row_condition', format('col("%s") == "%s"', '''; DROP TABLE canary; --', replace(replace(evil, '\', '\\'), '"', '\"')))),
	('expect_column_kl_divergence_to_be_less_than', jsonb_build_object('column', '); DROP TABLE canary; --', 'partition_object', jsonb_build_object('values', ARRAY[evil], 'weights', ARRAY[1]))), ('expect_column_most_common_value_to_be_in_set', jsonb_build_object('column', '); DROP TABLE canary; --', 'value_set', ARRAY[evil])),
	('expect_column_quantile_values_to_be_between', jsonb_build_object('column', '''; DROP TABLE canary; --', 'quantile_ranges', jsonb_build_object('quantiles', ARRAY[0.5], 'value_ranges', ARRAY[ARRAY[evil, evil]])))) a (type, kwargs);
SELECT count(*), count(*) FILTER (WHERE r ~ '^\d{5}:') AS refused FROM (SELECT try(format('SELECT riskml.validate(''"x; DROP TABLE canary; --"'', %L) -> ''success''', suite(type, kwargs))) r FROM attempts) x;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT count(*), count(*) FILTER (WHERE r ~ '^[0-9]{5}:') AS refused FROM (SELECT try(format('SELECT riskml.validate(''"x; DROP TABLE canary; --"'', %L) -> ''success''', suite(type, kwargs))) r FROM attempts) x;
RESET standard_conforming_strings;
RESET escape_string_warning;
-- the suite's name is text, too
SELECT riskml.create_suite('''; DROP TABLE canary; --', '{"expectations": []}');
SELECT riskml.validate('"x; DROP TABLE canary; --"', '''; DROP TABLE canary; --') -> 'suite_name';
SELECT riskml.drop_suite('''; DROP TABLE canary; --');
SELECT alive FROM canary;
-- operators of others are not called
CREATE FUNCTION evil(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE OPERATOR < (LEFTARG = int, RIGHTARG = int, FUNCTION = evil);
CREATE FUNCTION evil_count(anyelement) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
SET search_path = regress_quality, public, pg_catalog;
SELECT riskml.validate('t', '{"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "min_value": 1, "strict_max": true, "max_value": 9}}, {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "id", "max_value": 3}}]}') -> 'statistics';
SET search_path = regress_quality, public;

-- ---- rights: the caller's, on the relation
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA regress_quality TO regress_reader;
SET ROLE regress_reader;
SELECT riskml.validate('t', '0.18') -> 'success';
SELECT riskml.alter_suite('0.18', comment => 'mine');
SELECT riskml.drop_suite('0.18');
RESET ROLE;
GRANT SELECT (id) ON t TO regress_reader;
SET ROLE regress_reader;
SELECT riskml.validate('t', '{"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}]}') -> 'success';
SELECT riskml.validate('t', '{"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}]}') -> 'success';
BEGIN READ ONLY;
SELECT riskml.validate('t', '{"expectations": [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]}') #> '{results,0,result,unexpected_count}';
SELECT riskml.create_suite('a', '{"expectations": []}');
ROLLBACK;
RESET ROLE;

-- ---- dbt
\set schema '{"version": 2, "models": [{"name": "t", "columns": [{"name": "id", "tests": ["unique", {"not_null": {"severity": "warn", "where": "a <> \'\'zz\'\'"}}]}, {"name": "a", "data_tests": [{"accepted_values": {"values": ["x", "y"], "config": {"severity": "WARN"}}}, {"accepted_values": {"arguments": {"values": [1, 2], "quote": false}, "name": "numbers"}}, {"relationships": {"arguments": {"to": "ref(\'\'parents\'\')", "field": "key"}, "config": {"where": "id < 9"}}}]}]}, {"name": "u"}]}'
SELECT jsonb_pretty(riskml.suite_from_dbt(replace(:'schema', '''''', '''')::jsonb, 't'));
CREATE TABLE parents (key text);
INSERT INTO parents VALUES ('x'), ('zz'), (NULL);
SELECT r #>> '{expectation_config,type}', r #>> '{expectation_config,severity}', r -> 'success', r #> '{result,unexpected_count}', r #> '{result,observed_value}', r #>> '{exception_info,exception_message}' FROM jsonb_array_elements(riskml.validate('t', riskml.suite_from_dbt(replace(:'schema', '''''', '''')::jsonb, 't')::text) -> 'results') r;
SELECT try(format('SELECT riskml.suite_from_dbt(%L)', s)) FROM unnest(ARRAY['{}', '[]', '{"models": [{"name": "a"}, {"name": "b"}]}', '{"name": "a", "tests": ["unique"]}', '{"name": "a", "columns": [{"tests": []}]}', '{"name": "a", "columns": [{"name": "c", "tests": ["dbt_utils.not_empty"]}]}', '{"name": "a", "columns": [{"name": "c", "tests": [{"unique": {"error_if": ">10"}}]}]}',
	'{"name": "a", "columns": [{"name": "c", "tests": [{"unique": {"error_if": "!= 0", "warn_if": ">0", "store_failures": true, "limit": 10}}]}]}', '{"name": "a", "columns": [{"name": "c", "tests": [{"unique": {"fail_calc": "sum(n)"}}]}]}', '{"name": "a", "columns": [{"name": "c", "tests": [{"accepted_values": {}}]}]}',
	'{"name": "a", "columns": [{"name": "c", "tests": [{"relationships": {"to": "source(''s'', ''x'')", "field": "f"}}, {"relationships": {"to": "ref(''p'', ''x'')", "field": "f"}}, {"relationships": {"to": "My table", "field": "f"}}]}]}', '{"name": "a", "columns": [{"name": "c", "tests": [{"relationships": {"to": "var(''x'')", "field": "f"}}]}]}',
	'{"name": "a", "columns": [{"name": "c", "tests": [{"unique": {"where": "true; DROP TABLE canary"}}]}]}', '{"name": "a", "columns": [{"name": "c", "tests": 1}]}', '{"name": "a", "columns": [{"name": "c", "tests": [1]}]}', '{"name": "a", "columns": [{"name": "c", "tests": [{"test_name": "not_null", "severity": "error"}]}]}']) s;
SELECT riskml.suite_from_dbt(NULL);
SELECT alive FROM canary;
SELECT riskml.drop_suite(name) FROM riskml.suites;
SET client_min_messages = warning;
DROP SCHEMA regress_quality CASCADE;
DROP ROLE regress_reader;
