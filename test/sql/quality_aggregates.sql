-- Expectations on aggregates, distinct values and relations: each against plain SQL.
\getenv abs_srcdir PG_ABS_SRCDIR
\set shared :abs_srcdir /sql/data/quality.inc
\i :shared
CREATE VIEW numbered_credit AS SELECT row_number() OVER () % 40 AS k, * FROM credit;
CREATE VIEW numbered_lending AS SELECT row_number() OVER () % 40 AS k, * FROM lending;

-- a type, its kwargs; what is observed and whether that is right, as SQL over the rows (o: what is observed)
CREATE TABLE cases (n serial, source text, type text, kwargs jsonb, observed text, success text);
CREATE FUNCTION plain(source text, what text) RETURNS jsonb LANGUAGE plpgsql AS $$
	DECLARE result jsonb;
	BEGIN
		EXECUTE format('SELECT to_jsonb(%s) FROM (%s) AS s', what, source) INTO result;
		RETURN coalesce(result, 'null');
	END $$;
-- numbers may differ in the last digit
CREATE FUNCTION same(a jsonb, b jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT CASE WHEN jsonb_typeof(a) = 'number' AND jsonb_typeof(b) = 'number' THEN abs(a::float8 - b::float8) <= 1e-12 * greatest(abs(a::float8), abs(b::float8)) ELSE a = b END $$;
CREATE FUNCTION difference(source text, type text, kwargs jsonb, observed text, success text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		r jsonb := ask(source, type, kwargs);
		o jsonb := plain(source, observed);
		right_verdict jsonb := plain(source, replace(success, '{o}', format('(%s)', observed)));
	BEGIN
		IF (r -> 'exception_info' -> 'raised_exception')::boolean THEN
			RETURN r -> 'exception_info' ->> 'exception_message';
		ELSIF NOT same(r -> 'result' -> 'observed_value', o) THEN
			RETURN format('observed %s, expected %s', r -> 'result' -> 'observed_value', o);
		ELSIF r -> 'success' <> coalesce(nullif(right_verdict, 'null'), 'false') THEN
			RETURN format('success is %s, expected %s', r -> 'success', right_verdict);
		ELSIF ask(source, type, kwargs, 'BOOLEAN_ONLY') <> r || '{"result": {}}' THEN
			RETURN 'BOOLEAN_ONLY differs';
		END IF;
		RETURN NULL;
	END $$;
CREATE FUNCTION try_case(source text, type text, kwargs jsonb, observed text, success text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', left(plain(source, observed)::text, 60), plain(source, replace(success, '{o}', format('(%s)', observed)))::text || ':',
		coalesce(nullif(concat_ws('; ', difference(source, type, kwargs, observed, success),
		'condition: ' || difference(format('SELECT * FROM (%s) x WHERE k > 20', source), type, kwargs || '{"row_condition": "col(\"k\") > 20", "condition_parser": "great_expectations__experimental__"}', observed, success),
		'empty: ' || difference(format('SELECT * FROM (%s) x WHERE false', source), type, kwargs, observed, success),
		'nulls: ' || difference(format('SELECT nullif(%1$I, %1$I) AS %1$I FROM (%2$s) x', kwargs ->> 'column', source), type, kwargs, observed, success)), ''), 'agrees')) $$;
INSERT INTO cases (source, type, kwargs, observed, success) VALUES
	('SELECT * FROM numbered_credit', 'expect_column_min_to_be_between', '{"column": "age", "min_value": 18, "max_value": 30}', 'min(age)', '{o} BETWEEN 18 AND 30'),
	('SELECT * FROM numbered_credit', 'expect_column_min_to_be_between', '{"column": "age", "min_value": 18, "strict_min": true}', 'min(age)', '{o} > 18'),
	('SELECT * FROM numbered_credit', 'expect_column_min_to_be_between', '{"column": "age"}', 'min(age)', '{o} IS NOT NULL'),
	('SELECT * FROM numbered_credit', 'expect_column_max_to_be_between', '{"column": "age", "max_value": 68}', 'max(age)', '{o} <= 68'),
	('SELECT * FROM numbered_credit', 'expect_column_max_to_be_between', '{"column": "age", "max_value": 68, "strict_max": true}', 'max(age)', '{o} < 68'),
	('SELECT * FROM numbered_credit', 'expect_column_max_to_be_between', '{"column": "home", "min_value": "a", "max_value": "s"}', 'max(home)', '{o} BETWEEN ''a'' AND ''s'''),
	('TABLE "Odd ""täble"', 'expect_column_max_to_be_between', '{"column": "d", "min_value": "2021-06-23", "max_value": "2021-06-23"}', 'max(d)', '{o} = ''2021-06-23'''),
	('TABLE "Odd ""täble"', 'expect_column_max_to_be_between', '{"column": "ts", "min_value": "2020-01-18T20:00:00+10:00"}', 'max(ts)', '{o} >= ''2020-01-18 10:00+00'''),
	('TABLE "Odd ""täble"', 'expect_column_min_to_be_between', '{"column": "m", "max_value": "ok"}', 'min(m)', '{o} <= ''ok'''),
	('TABLE "Odd ""täble"', 'expect_column_max_to_be_between', '{"column": "f", "max_value": 1e300}', 'nullif(max(f), ''NaN'')', '{o} <= 1e300'),
	('TABLE "Odd ""täble"', 'expect_column_max_to_be_between', '{"column": "l", "max_value": 9007199254741053}', 'max(l)', '{o} <= 9007199254741053'),
	('SELECT * FROM numbered_credit', 'expect_column_mean_to_be_between', '{"column": "income", "min_value": 140, "max_value": 142}', 'avg(income)::float8', '{o} BETWEEN 140 AND 142'),
	('SELECT * FROM numbered_lending', 'expect_column_mean_to_be_between', '{"column": "int_rate", "min_value": 10, "max_value": 12}', 'avg(int_rate)', '{o} BETWEEN 10 AND 12'),
	('TABLE "Odd ""täble"', 'expect_column_mean_to_be_between', '{"column": "s", "min_value": 0.45, "max_value": 0.45}', 'avg(s)::float8', '{o} = 0.45::float8'),
	('TABLE "Odd ""täble"', 'expect_column_mean_to_be_between', '{"column": "f", "min_value": 0}', 'nullif(avg(f), ''NaN'')', '{o} >= 0'),
	('SELECT * FROM numbered_credit', 'expect_column_sum_to_be_between', '{"column": "amount", "min_value": 4000000, "max_value": 5000000}', 'sum(amount)', '{o} BETWEEN 4000000 AND 5000000'),
	('SELECT * FROM numbered_lending', 'expect_column_sum_to_be_between', '{"column": "revol_util", "max_value": 100}', 'sum(revol_util)::float8', '{o} <= 100'),
	('TABLE "Odd ""täble"', 'expect_column_sum_to_be_between', '{"column": "n", "min_value": 1650.0, "max_value": 1650.00}', 'sum(n)', '{o} = 1650'),
	('SELECT * FROM numbered_credit', 'expect_column_stdev_to_be_between', '{"column": "age", "min_value": 10.9, "max_value": 11}', 'stddev_samp(age)::float8', '{o} BETWEEN 10.9 AND 11'),
	('SELECT * FROM (SELECT 1 AS k, 1 AS a) x', 'expect_column_stdev_to_be_between', '{"column": "a", "min_value": 0}', 'stddev_samp(a)::float8', '{o} >= 0'),
	('SELECT * FROM numbered_credit', 'expect_column_median_to_be_between', '{"column": "income", "min_value": 124, "max_value": 124}', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY income)', '{o} = 124'),
	('SELECT * FROM numbered_lending', 'expect_column_median_to_be_between', '{"column": "int_rate", "min_value": 9, "max_value": 12, "strict_min": true}', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY int_rate)', '{o} > 9 AND {o} <= 12'),
	('TABLE "Odd ""täble"', 'expect_column_median_to_be_between', '{"column": "n", "min_value": 33, "max_value": 33}', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY n::float8)', '{o} = 33'),
	('SELECT * FROM (VALUES (1, 1), (2, 2), (30, 4), (40, 10)) x (k, a)', 'expect_column_median_to_be_between', '{"column": "a", "max_value": 3}', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY a)', '{o} <= 3'),
	-- distinct values
	('SELECT * FROM numbered_credit', 'expect_column_unique_value_count_to_be_between', '{"column": "job", "min_value": 4, "max_value": 4}', 'count(DISTINCT job)', '{o} = 4'),
	('SELECT * FROM numbered_credit', 'expect_column_unique_value_count_to_be_between', '{"column": "job", "min_value": 4, "strict_min": true}', 'count(DISTINCT job)', '{o} > 4'),
	('TABLE "Odd ""täble"', 'expect_column_unique_value_count_to_be_between', '{"column": "j", "min_value": 1, "max_value": 3}', 'count(DISTINCT j)', '{o} BETWEEN 1 AND 3'),
	('SELECT * FROM numbered_credit', 'expect_column_proportion_of_unique_values_to_be_between', '{"column": "income", "min_value": 0.08, "max_value": 0.1}', 'coalesce(count(DISTINCT income)::float8 / nullif(count(income), 0), 0)', '{o} BETWEEN 0.08 AND 0.1'),
	('TABLE "Odd ""täble"', 'expect_column_proportion_of_unique_values_to_be_between', '{"column": "k", "min_value": 1}', 'coalesce(count(DISTINCT k)::float8 / nullif(count(k), 0), 0)', '{o} >= 1'),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_be_in_set', '{"column": "job", "value_set": ["fixed", "freelance", "others", "partime", "none"]}', 'coalesce((array_agg(DISTINCT job COLLATE "C"  ORDER BY job COLLATE "C") FILTER (WHERE job IS NOT NULL)), ''{}'')', '{o} <@ ''{fixed,freelance,others,partime,none}'''),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_be_in_set', '{"column": "job", "value_set": ["fixed", "freelance"]}', 'coalesce((array_agg(DISTINCT job COLLATE "C" ORDER BY job COLLATE "C") FILTER (WHERE job IS NOT NULL)), ''{}'')', '{o} <@ ''{fixed,freelance}'''),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_be_in_set', '{"column": "job", "value_set": []}', 'coalesce((array_agg(DISTINCT job COLLATE "C" ORDER BY job COLLATE "C") FILTER (WHERE job IS NOT NULL)), ''{}'')', 'count(*) >= 0'),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_contain_set', '{"column": "time", "value_set": [6, 12, 12.0, "24"]}', 'coalesce((array_agg(DISTINCT "time" ORDER BY "time") FILTER (WHERE "time" IS NOT NULL)), ''{}'')', '{o} @> ''{6,12,24}'''),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_contain_set', '{"column": "time", "value_set": [6, 7.5]}', 'coalesce((array_agg(DISTINCT "time" ORDER BY "time") FILTER (WHERE "time" IS NOT NULL)), ''{}'')', 'false'),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_equal_set', '{"column": "records", "value_set": ["no", "yes", "no"]}', 'coalesce((array_agg(DISTINCT records COLLATE "C" ORDER BY records COLLATE "C") FILTER (WHERE records IS NOT NULL)), ''{}'')', '{o} = ''{no,yes}'''),
	('SELECT * FROM numbered_credit', 'expect_column_distinct_values_to_equal_set', '{"column": "records", "value_set": ["no", "yes", "maybe"]}', 'coalesce((array_agg(DISTINCT records COLLATE "C" ORDER BY records COLLATE "C") FILTER (WHERE records IS NOT NULL)), ''{}'')', 'false'),
	('TABLE "Odd ""täble"', 'expect_column_distinct_values_to_equal_set', '{"column": "m", "value_set": ["glad", "sad", "ok"]}', 'coalesce((array_agg(DISTINCT m ORDER BY m) FILTER (WHERE m IS NOT NULL)), ''{}'')', '{o} = ''{sad,ok,glad}'''),
	('SELECT * FROM numbered_credit', 'expect_column_most_common_value_to_be_in_set', '{"column": "home", "value_set": ["owner", "rent"]}', 'CASE count(home) WHEN 0 THEN ''{}'' ELSE ARRAY[mode() WITHIN GROUP (ORDER BY home)] END', '{o} <@ ''{owner,rent}'' AND {o} <> ''{}'''),
	('SELECT * FROM numbered_credit', 'expect_column_most_common_value_to_be_in_set', '{"column": "home", "value_set": ["rent"]}', 'CASE count(home) WHEN 0 THEN ''{}'' ELSE ARRAY[mode() WITHIN GROUP (ORDER BY home)] END', 'false'),
	('SELECT * FROM (VALUES (30, 1), (30, 1), (30, 2), (30, 2), (30, 3)) x (k, a)', 'expect_column_most_common_value_to_be_in_set', '{"column": "a", "value_set": [2], "ties_okay": true}', 'CASE count(a) WHEN 0 THEN ''{}'' ELSE ''{1,2}''::int[] END', 'count(a) > 0'),
	('SELECT * FROM (VALUES (30, 1), (30, 1), (30, 2), (30, 2), (30, 3)) x (k, a)', 'expect_column_most_common_value_to_be_in_set', '{"column": "a", "value_set": [1, 2]}', 'CASE count(a) WHEN 0 THEN ''{}'' ELSE ''{1,2}''::int[] END', 'false'),
	-- quantiles
	('SELECT * FROM numbered_credit', 'expect_column_quantile_values_to_be_between', '{"column": "income", "quantile_ranges": {"quantiles": [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1], "value_ranges": [[6, 6], [60, 80], [null, 90], [124, null], [160, 180], [200, 300], [null, null]]}, "allow_relative_error": false}',
		'jsonb_build_object(''quantiles'', ''[0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]''::jsonb, ''values'', coalesce(to_jsonb(percentile_disc(''{0,0.1,0.25,0.5,0.75,0.9,1}''::float8[]) WITHIN GROUP (ORDER BY income)), ''[null, null, null, null, null, null, null]''))',
		'count(income) > 0 AND ({o} -> ''values'' ->> 0)::int = 6 AND ({o} -> ''values'' ->> 1)::int BETWEEN 60 AND 80 AND ({o} -> ''values'' ->> 2)::int <= 90 AND ({o} -> ''values'' ->> 3)::int >= 124 AND ({o} -> ''values'' ->> 4)::int BETWEEN 160 AND 180 AND ({o} -> ''values'' ->> 5)::int BETWEEN 200 AND 300'),
	('TABLE "Odd ""täble"', 'expect_column_quantile_values_to_be_between', '{"column": "d", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [["2020-09-01", "2020-09-30"]]}}',
		'jsonb_build_object(''quantiles'', ''[0.5]''::jsonb, ''values'', coalesce(to_jsonb(percentile_disc(''{0.5}''::float8[]) WITHIN GROUP (ORDER BY d)), ''[null]''))', '(percentile_disc(0.5) WITHIN GROUP (ORDER BY d)) BETWEEN ''2020-09-01'' AND ''2020-09-30''');
SELECT substr(type, 15), kwargs - 'column', try_case(source, type, kwargs, observed, success) FROM cases WHERE type !~ 'quantile' ORDER BY n;
SELECT substr(type, 15), try_case(source, type, kwargs, observed, success) FROM cases WHERE type ~ 'quantile' ORDER BY n;
SELECT ask('TABLE credit', type, kwargs - 'row_condition') -> 'result' -> 'details' FROM cases WHERE type ~ 'quantile' AND kwargs ->> 'column' = 'income';
-- a bound is met if it is as good as met: 1 of 10,000
SELECT ask('SELECT 10000 AS a', 'expect_column_quantile_values_to_be_between', jsonb_build_object('column', 'a', 'quantile_ranges', jsonb_build_object('quantiles', ARRAY[1], 'value_ranges', ARRAY[ARRAY[b, 99999]]))) -> 'success'
FROM unnest(ARRAY[10000, 10001, 10002]) b;
-- how often each value came
SELECT ask('TABLE credit', 'expect_column_distinct_values_to_be_in_set', '{"column": "home"}') -> 'result' -> 'details' -> 'value_counts' = (SELECT jsonb_agg(jsonb_build_object('value', home, 'count', n) ORDER BY home COLLATE "C") FROM (SELECT home, count(*) n FROM credit WHERE home IS NOT NULL GROUP BY home) x);
-- of many values, the first are told, and all are judged
SELECT r -> 'success', jsonb_array_length(r -> 'result' -> 'observed_value'), r -> 'result' -> 'observed_value' -> 9999 FROM ask('SELECT generate_series(1, 20000) AS a', 'expect_column_distinct_values_to_be_in_set', '{"column": "a", "value_set": [1, 20000]}') r;

-- ---- divergence: sum of p * ln(p / q)
CREATE FUNCTION divergence(p float8[], q float8[]) RETURNS float8 LANGUAGE sql
	AS $$ SELECT sum(CASE WHEN a = 0 THEN 0 ELSE a / sp * ln((a / sp) / (b / sq)) END) FROM unnest(p, q) x (a, b), (SELECT sum(v) AS sp FROM unnest(p) v) s, (SELECT sum(v) AS sq FROM unnest(q) v) t $$;
SELECT round((r -> 'result' -> 'observed_value')::numeric, 12) = round(divergence(
		(SELECT array_agg(n) FROM (SELECT count(*) FROM credit WHERE age < 20 UNION ALL SELECT count(*) FROM credit WHERE age >= 20 AND age < 30 UNION ALL SELECT count(*) FROM credit WHERE age >= 30 AND age < 40
			UNION ALL SELECT count(*) FROM credit WHERE age >= 40 AND age <= 60 UNION ALL SELECT count(*) FROM credit WHERE age > 60) x (n)), '{0.05, 0.27, 0.27, 0.36, 0.05}')::numeric, 12), r -> 'success',
	r #> '{result,details,expected_partition}'
FROM ask('TABLE credit', 'expect_column_kl_divergence_to_be_less_than', '{"column": "age", "partition_object": {"bins": [20, 30, 40, 60], "weights": [0.3, 0.3, 0.4]}, "threshold": 0.1, "tail_weight_holdout": 0.1}') r;
SELECT round((r -> 'result' -> 'observed_value')::numeric, 12) = round(divergence((SELECT array_agg(n ORDER BY home = 'priv', home = 'parents', home = 'rent') FROM (SELECT home, count(*) n FROM credit WHERE home IN ('owner', 'rent', 'parents', 'priv') GROUP BY 1) x)
		|| (SELECT array_agg(n) FROM (SELECT count(*) n FROM credit WHERE home NOT IN ('owner', 'rent', 'parents', 'priv') GROUP BY home) x),
		'{0.45, 0.225, 0.18, 0.045, 0.05, 0.05}')::numeric, 12), r -> 'success', r #> '{result,details,expected_partition}'
FROM ask('TABLE credit', 'expect_column_kl_divergence_to_be_less_than', '{"column": "home", "partition_object": {"values": ["owner", "rent", "parents", "priv"], "weights": [0.5, 0.25, 0.2, 0.05]}, "threshold": 0.05, "tail_weight_holdout": 0.1}') r;
SELECT r -> 'success', r -> 'result' -> 'observed_value' FROM unnest(ARRAY['TABLE credit', 'SELECT * FROM credit WHERE false', 'SELECT NULL::text AS home']) q,
	ask(q, 'expect_column_kl_divergence_to_be_less_than', '{"column": "home", "partition_object": {"values": ["owner"], "weights": [1]}, "threshold": 0.05}') r;
SELECT r -> 'success', r -> 'result' -> 'observed_value' FROM unnest(ARRAY['TABLE credit', 'SELECT * FROM credit WHERE false', 'SELECT NULL::int AS age']) q,
	ask(q, 'expect_column_kl_divergence_to_be_less_than', '{"column": "age", "partition_object": {"bins": [0, 30, 100], "weights": [0.3, 0.7], "tail_weights": [0, 0]}, "threshold": 0.05}') r;

-- ---- relations
CREATE FUNCTION told(relation regclass, type text, kwargs jsonb) RETURNS text LANGUAGE sql
	AS $$ SELECT concat_ws(' ', type, kwargs, r -> 'success', r -> 'result', r #>> '{exception_info,exception_message}') FROM (SELECT riskml.validate(relation, suite(type, kwargs)) -> 'results' -> 0 AS r) x $$;
SELECT count(*) FROM credit;
SELECT told('credit', 'expect_table_row_count_to_' || t, k::jsonb) FROM (VALUES ('be_between', '{"min_value": 4454, "max_value": 4454}'), ('be_between', '{"max_value": 4453}'), ('be_between', '{"min_value": 4454, "strict_min": true}'), ('be_between', '{}'),
	('equal', '{"value": 4454}'), ('equal', '{"value": 4455}'), ('equal', '{"value": 381, "row_condition": {"type": "nullity", "column": {"name": "income"}, "is_null": true}}'),
	('equal_other_table', '{"other_table_name": "lending"}'), ('equal_other_table', '{"other_table_name": "regress_quality.credit"}'), ('equal_other_table', '{"other_table_name": "Odd \"täble"}'), ('equal_other_table', '{"other_table_name": "nowhere"}')) x (t, k);
SELECT told('"Odd ""täble"', t, k::jsonb) FROM (VALUES
	('expect_table_columns_to_match_set', '{"column_set": ["k", "col \"ü''", "f", "n", "d", "ts", "b", "m", "s", "j", "u", "c", "by", "l"]}'),
	('expect_table_columns_to_match_set', '{"column_set": ["k"]}'), ('expect_table_columns_to_match_set', '{"column_set": ["k"], "exact_match": false}'), ('expect_table_columns_to_match_set', '{"column_set": ["k", "x"], "exact_match": false}'),
	('expect_table_columns_to_match_ordered_list', '{"column_list": ["k", "col \"ü''", "f", "n", "d", "ts", "b", "m", "s", "j", "u", "c", "by", "l"]}'),
	('expect_table_columns_to_match_ordered_list', '{"column_list": ["col \"ü''", "k", "f", "n", "d", "ts", "b", "m", "s", "j", "u", "c", "by"]}'), ('expect_table_columns_to_match_ordered_list', '{"column_list": null}'),
	('expect_table_column_count_to_equal', '{"value": 14}'), ('expect_table_column_count_to_equal', '{"value": 13}'),
	('expect_table_column_count_to_be_between', '{"min_value": 14, "max_value": 20}'), ('expect_table_column_count_to_be_between', '{"max_value": 14, "strict_max": true}'),
	('expect_column_to_exist', '{"column": "col \"ü''"}'), ('expect_column_to_exist', '{"column": "COL"}'), ('expect_column_to_exist', '{"column": "f", "column_index": 2}'), ('expect_column_to_exist', '{"column": "f", "column_index": 3}'), ('expect_column_to_exist', '{"column": "f", "column_index": 99}'),
	('unexpected_rows_expectation', '{"unexpected_rows_query": "SELECT k FROM {batch} WHERE k > 60 -- none"}'), ('UnexpectedRowsExpectation', '{"unexpected_rows_query": "SELECT k, d FROM {batch} WHERE k >= 59;"}'),
	('unexpected_rows_expectation', '{"unexpected_rows_query": "SELECT k FROM {batch} WHERE nope"}')) x (t, k);
SELECT told('"Odd ""täble"', 'expect_column_values_to_be_of_type', jsonb_build_object('column', c, 'type_', t)) FROM (VALUES ('k', 'INTEGER'), ('k', 'BIGINT'), ('k', 'int4'), ('k', 'integer'), ('col "ü''', 'TEXT'), ('f', 'DOUBLE_PRECISION'), ('n', 'NUMERIC'), ('d', 'DATE'),
	('ts', 'TIMESTAMP'), ('b', 'BOOLEAN'), ('m', 'ENUM'), ('s', 'NUMERIC'), ('j', 'JSONB'), ('j', 'JSON'), ('u', 'UUID'), ('c', 'CHAR'), ('c', 'character(5)'), ('by', 'BYTEA'), ('l', 'BIGINT'), ('nope', 'TEXT')) x (c, t);
SELECT told('lending', 'expect_column_values_to_be_in_type_list', '{"column": "verification_status", "type_list": ["TEXT", "VARCHAR"]}'), told('lending', 'expect_column_values_to_be_in_type_list', '{"column": "class", "type_list": []}');
-- with a filter, {batch} is a subquery
SELECT riskml.validate('credit', suite('unexpected_rows_expectation', '{"unexpected_rows_query": "SELECT age FROM {batch} WHERE age > 67"}'), 'age < 100') #> '{results,0,result,observed_value}',
	riskml.validate('credit', suite('unexpected_rows_expectation', '{"unexpected_rows_query": "SELECT age FROM {batch} WHERE age > 67"}'), 'age < 68 -- young') #> '{results,0,result,observed_value}',
	riskml.validate_query('SELECT 1 AS a', suite('unexpected_rows_expectation', '{"unexpected_rows_query": "SELECT * FROM {batch}"}')) #> '{results,0,result}';
SELECT alive FROM canary;
SET client_min_messages = warning;
DROP SCHEMA regress_quality CASCADE;
