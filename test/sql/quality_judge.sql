-- The aggregate that judges rows: its verdicts beside those of the server's operators, what it refuses, parallel scans.
SET client_min_messages = warning;
CREATE SCHEMA regress_judge;
CREATE COLLATION regress_judge.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION regress_judge.german (provider = icu, locale = 'de');
RESET client_min_messages;
SET search_path = regress_judge, public;
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
\pset format unaligned
\t on

-- ---- what each check finds
SELECT riskml.judge_rows('{"kept": 2, "checks": [
	{"of": [0], "unexpected": "any null"}, {"of": [0, 1], "unexpected": "any null"}, {"of": [0, 1], "unexpected": "all null"},
	{"of": [0], "unexpected": "outside", "low": "2", "high": "3"}, {"of": [0], "unexpected": "outside", "low": "2", "high": "3", "strict_low": true, "strict_high": true},
	{"of": [0], "unexpected": "outside", "high": "1"}, {"of": [0], "unexpected": "outside"},
	{"of": [1], "unexpected": "length outside", "low": "1", "high": "2"}, {"of": [1], "unexpected": "in", "set": ["a", ""]}, {"of": [1], "unexpected": "not in", "set": ["a", ""]},
	{"of": [1], "unexpected": "in", "set": []}, {"of": [1], "unexpected": "not in", "set": []},
	{"of": [0, 2], "unexpected": "not ="}, {"of": [0, 2], "unexpected": "not =", "ignored": "any null"}, {"of": [0, 2], "unexpected": "not =", "ignored": "all null"},
	{"of": [0, 2], "unexpected": "not >"}, {"of": [2, 0], "unexpected": "not >="},
	{"of": [3], "unexpected": "true"}, {"of": [3, 1], "unexpected": "true"}, {"of": [3, 0, 1, 2], "unexpected": "true"}]}', a, b, c, a > 1)
FROM (VALUES (1, 'a', 1), (2, '', 1), (3, 'üüü', 4), (4, 'b', NULL), (NULL, NULL, NULL)) x (a, b, c);
SELECT g, riskml.judge_rows('{"kept": 9, "checks": [{"of": [0], "unexpected": "outside", "low": "3"}]}', a) FILTER (WHERE a <> 2) FROM (SELECT i, i % 2, i % 4 FROM generate_series(1, 9) i) x (i, g, a) GROUP BY g ORDER BY g;
SELECT riskml.judge_rows('{"kept": 9, "checks": [{"of": [0], "unexpected": "outside", "low": "9"}]}', a ORDER BY i DESC), riskml.judge_rows(DISTINCT '{"kept": 9, "checks": [{"of": [0], "unexpected": "outside", "low": "9"}]}', a) FROM (SELECT i, i % 4 FROM generate_series(1, 9) i) x (i, a);
SELECT riskml.judge_rows('{"checks": []}', 1), riskml.judge_rows('{"checks": []}', 1) FILTER (WHERE false);

-- ---- what is refused
CREATE FUNCTION try(arguments text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE result text;
	BEGIN
		EXECUTE format('SELECT riskml.judge_rows(%s)', arguments) INTO result;
		RETURN result;
	EXCEPTION WHEN OTHERS THEN
		RETURN SQLSTATE || ': ' || SQLERRM;
	END $$;
SELECT program, try(format('%L, 1, NULL::text, NULL::json, true, 1.5, NULL::text COLLATE caseless', program)) FROM unnest(ARRAY[
	'null', '1', '[]', '{}', '{"checks": 1}', '{"checks": [1]}', '{"checks": [null]}', '{"checks": [[]]}', '{"checks": [{}]}', '{"checks": [{"of": 0}]}', '{"checks": [{"of": []}]}',
	'{"checks": [{"of": [6]}]}', '{"checks": [{"of": [-1]}]}', '{"checks": [{"of": [0.5]}]}', '{"checks": [{"of": [1e300]}]}', '{"checks": [{"of": ["0"]}]}', '{"checks": [{"of": [null]}]}', '{"checks": [{"of": [[0]]}]}',
	'{"checks": [{"of": [0]}]}', '{"checks": [{"of": [0], "unexpected": 1}]}', '{"checks": [{"of": [0], "unexpected": "odd"}]}', '{"checks": [{"of": [0], "unexpected": "not "}]}',
	'{"checks": [{"of": [0, 0], "unexpected": "outside"}]}', '{"checks": [{"of": [2], "unexpected": "outside"}]}', '{"checks": [{"of": [0], "unexpected": "outside", "low": 1}]}',
	'{"checks": [{"of": [0], "unexpected": "outside", "low": "one"}]}', '{"checks": [{"of": [0], "unexpected": "outside", "low": "99999999999"}]}', '{"checks": [{"of": [0], "unexpected": "outside", "strict_low": 1}]}',
	'{"checks": [{"of": [0], "unexpected": "length outside"}]}', '{"checks": [{"of": [1], "unexpected": "length outside", "low": "x"}]}',
	'{"checks": [{"of": [0], "unexpected": "in"}]}', '{"checks": [{"of": [0], "unexpected": "in", "set": "1"}]}', '{"checks": [{"of": [0], "unexpected": "in", "set": {}}]}', '{"checks": [{"of": [0], "unexpected": "in", "set": [1]}]}',
	'{"checks": [{"of": [0], "unexpected": "in", "set": [null]}]}', '{"checks": [{"of": [0], "unexpected": "in", "set": ["1", "x"]}]}', '{"checks": [{"of": [2], "unexpected": "in", "set": ["1"]}]}',
	'{"checks": [{"of": [0], "unexpected": "not ="}]}', '{"checks": [{"of": [0, 1], "unexpected": "not ="}]}', '{"checks": [{"of": [0, 4], "unexpected": "not >"}]}', '{"checks": [{"of": [1, 5], "unexpected": "not >"}]}',
	'{"checks": [{"of": [2, 2], "unexpected": "not ="}]}', '{"checks": [{"of": [0, 0], "unexpected": "not =", "ignored": "some"}]}', '{"checks": [{"of": [0, 0], "unexpected": "not =", "ignored": true}]}',
	'{"checks": [{"of": [0], "unexpected": "true"}]}', '{"checks": [{"of": [0], "unexpected": "any null"}], "kept": -1}', '{"checks": [{"of": [0], "unexpected": "any null"}], "kept": 1e9}', '{"checks": [{"of": [0], "unexpected": "any null"}], "kept": "2"}']) program;
SELECT try(arguments) FROM unnest(ARRAY['NULL, 1', 'NULL::jsonb, 1', '(SELECT ''{"checks": []}''::jsonb), 1', 'jsonb_build_object(''checks'', ''[]''::jsonb, ''now'', now()), 1', '''{"checks": []}''', '''{"checks": []}'', VARIADIC ARRAY[1, 2]', '1, 1']) arguments;
SELECT riskml.judge_rows('{"checks": []}', i) OVER () FROM generate_series(1, 2) i;
SELECT riskml.judge_rows(p, 1) FROM (VALUES ('{"checks": []}'::jsonb), ('{"checks": [1]}')) x (p);

-- ---- verdicts are those of the operators: each value of a type with each, as a bound, a member, another column
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE DOMAIN rate AS numeric(6, 2);
CREATE TYPE duo AS (a int, b text);
CREATE TABLE values_of (type text, texts text[]);
INSERT INTO values_of VALUES
	('int2', '{-32768,-1,0,1,32767}'), ('int4', '{-2147483648,-1,0,7,2147483647}'), ('int8', '{-9223372036854775808,-9223372036854775807,-1,0,9007199254740993,9223372036854775806,9223372036854775807}'),
	('float8', '{-Infinity,-1e308,-1,-0,0,5e-324,0.1,1,9007199254740992,Infinity,NaN}'), ('float4', '{-Infinity,-1,-0,0,1e-45,0.1,1,16777216,Infinity,NaN}'),
	('numeric', '{-Infinity,-1e50,-1.10,-1.1,0,0.00,1,1.000000000000000000000000000000000000000000000001,1e50,Infinity,NaN}'), ('rate', '{-1.10,0,0.00,1,NaN}'), ('bool', '{f,t}'),
	('date', '{-infinity,4713-01-01 BC,1970-01-01,2000-01-01,5874897-12-31,infinity}'), ('timestamp', '{-infinity,1969-12-31 23:59:59.999999,2000-01-01,infinity}'), ('timestamptz', '{-infinity,2024-03-31 01:00+01,2024-03-31 00:00+00,294276-12-31,infinity}'),
	('time', '{00:00,12:00:00.000001,24:00}'), ('interval', '{-1 day,24 hours,1 day,30 days,1 month}'), ('text', ARRAY['', 'a', 'A', 'ä', 'Ä', 'b', 'a ', 'aa', 'z', repeat('ü', 5000)]), ('varchar(12)', '{"",a,A,"a ",ä,z}'),
	('char(4)', '{"",a,"a ",A,ä,z}'), ('"char"', '{a,A,z}'), ('name', '{a,A,z,aa}'), ('bytea', '{"","\\x00","\\xff","\\x0000"}'), ('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff}'), ('mood', '{sad,ok,glad}'),
	('oid', '{0,1,2147483648,4294967295}'), ('money', '{-1,0,1.5}'), ('inet', '{10.0.0.1,10.0.0.0/8,::1}'), ('jsonb', '{"null","1","1.0","\"a\"","[]","{}"}'), ('int[]', '{"{}","{1}","{1,NULL}","{NULL}"}'), ('int4range', '{empty,"[1,2)","(,3)"}'), ('bit varying', '{0,1,10}'),
	('text COLLATE caseless', '{"",a,A,ä,Ä,b,B,aa,AA}'), ('text COLLATE german', '{"",a,A,ä,Ä,b,z,aa}'), ('text COLLATE "C"', '{"",a,A,ä,Ä,b,z,aa}'), ('varchar COLLATE caseless', '{a,A,b}'), ('char(3) COLLATE caseless', '{a,A,b}');
CREATE FUNCTION program(checks jsonb) RETURNS text LANGUAGE sql AS $$ SELECT quote_literal(jsonb_build_object('kept', 1000, 'checks', checks)) $$;
-- NULL if they agree: how many rows a check finds, which they are, and a condition
CREATE FUNCTION difference(rows text, arguments text, checks jsonb, condition text, shown text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE found jsonb; wanted jsonb;
	BEGIN
		EXECUTE format('SELECT riskml.judge_rows(%s, %s) -> 0 FROM %s', program(checks), arguments, rows) INTO found;
		EXECUTE format('SELECT jsonb_build_object(''count'', count(*), ''values'', coalesce(jsonb_agg(%s), ''[]'')) FROM %s WHERE %s', shown, rows, condition) INTO wanted;
		RETURN CASE WHEN found <> wanted THEN concat_ws(' ', checks, found, wanted) END;
	END $$;
-- of a type: how many comparisons there were, and those that differ
CREATE FUNCTION compare(type text, texts text[]) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		bare text := split_part(type, ' COLLATE', 1); collate text := substring(type from ' COLLATE.*'); bound text; other text; n int := 0; wrong text := ''; base text; check_ jsonb; op text; ignored text; skipped text;
	BEGIN
		EXECUTE format('CREATE TEMP TABLE one (a %1$s, b %1$s)', type);
		EXECUTE format('INSERT INTO one SELECT x::%1$s, y::%1$s FROM unnest($1 || ARRAY[NULL]) x, unnest($1 || ARRAY[NULL]) y', bare) USING texts;
		-- a bound beside a float4 is a float8
		base := CASE bare WHEN 'float4' THEN 'float8' WHEN 'rate' THEN 'numeric' ELSE bare END;
		FOREACH bound IN ARRAY texts LOOP
			wrong := concat(wrong, difference('one', 'a', jsonb_build_array(jsonb_build_object('of', '{0}'::int[], 'unexpected', 'outside', 'low', bound)), format('a < %L::%s', bound, base), 'a'),
				difference('one', 'a', jsonb_build_array(jsonb_build_object('of', '{0}'::int[], 'unexpected', 'outside', 'high', bound, 'strict_high', true)), format('a >= %L::%s', bound, base), 'a'),
				difference('one', 'a', jsonb_build_array(jsonb_build_object('of', '{0}'::int[], 'unexpected', 'in', 'set', ARRAY[bound])), format('a = %L::%s', bound, base), 'a'));
			n := n + 3;
			FOREACH other IN ARRAY texts LOOP
				wrong := concat(wrong, difference('one', 'a', jsonb_build_array(jsonb_build_object('of', '{0}'::int[], 'unexpected', 'outside', 'low', bound, 'high', other, 'strict_low', true)), format('NOT (a > %L::%s AND a <= %L::%2$s)', bound, base, other), 'a'),
					difference('one', 'a', jsonb_build_array(jsonb_build_object('of', '{0}'::int[], 'unexpected', 'not in', 'set', ARRAY[bound, other, bound])), format('a NOT IN (%L::%s, %L::%2$s)', bound, base, other), 'a'));
				n := n + 2;
			END LOOP;
		END LOOP;
		FOREACH op IN ARRAY ARRAY['=', '>', '>='] LOOP
			FOR ignored, skipped IN VALUES (NULL, 'false'), ('any null', 'a IS NULL OR b IS NULL'), ('all null', 'a IS NULL AND b IS NULL') LOOP
				check_ := jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('of', '{0,1}'::int[], 'unexpected', 'not ' || op, 'ignored', ignored)));
				wrong := concat(wrong, difference('one', 'a, b', check_, format(CASE op WHEN '=' THEN '(a %s b) IS NOT TRUE' ELSE 'NOT (a %s b)' END || ' AND NOT (%s)', op, skipped), 'jsonb_build_array(a, b)'));
				n := n + 1;
			END LOOP;
		END LOOP;
		DROP TABLE one;
		RETURN concat_ws(' ', type, n, coalesce(nullif(wrong, ''), 'agree'));
	END $$;
SELECT compare(type, texts) FROM values_of;
-- rows are null if their fields are, and are compared by SQL
CREATE TABLE duos (i int, a duo, b duo);
INSERT INTO duos SELECT i, x::duo, y::duo FROM (VALUES (1, '(1,a)', '(1,a)'), (2, '(1,)', '(2,)'), (3, '(,)', '(,)'), (4, NULL, '(,)'), (5, NULL, '(1,)'), (6, NULL, NULL)) x (i, x, y);
ALTER TABLE duos ADD c int;
SELECT riskml.judge_rows('{"checks": [{"of": [0], "unexpected": "any null"}, {"of": [0, 1], "unexpected": "any null"}, {"of": [0, 1], "unexpected": "all null"}, {"of": [2], "unexpected": "any null"}]}', a, b, duos) = jsonb_build_array(count(*) FILTER (WHERE a IS NULL), count(*) FILTER (WHERE a IS NULL OR b IS NULL),
	count(*) FILTER (WHERE a IS NULL AND b IS NULL), count(*) FILTER (WHERE duos IS NULL)) FROM duos;
SELECT riskml.judge_rows('{"checks": [{"of": [0], "unexpected": "outside"}]}', a) FROM duos;
-- numbers of different types
SELECT x, y, difference(format('(SELECT a::%s, b::%s FROM unnest(''{-1,0,1,100,32767,NULL}''::int[]) a, unnest(''{-1,0,1,100,32767,NULL}''::int[]) b) x', x, y), 'a, b', '[{"of": [0, 1], "unexpected": "not >"}]', 'NOT a > b', 'jsonb_build_array(a, b)')
FROM unnest('{int2,int4,int8}'::text[]) x, unnest('{int2,int4,int8}'::text[]) y;
SELECT difference('(SELECT a::float4, b::float8 FROM unnest(''{0.1,1,NaN,-Infinity,16777217}''::float8[]) a, unnest(''{0.1,1,NaN,-Infinity,16777217,NULL}''::float8[]) b) x', 'a, b', jsonb_build_array(jsonb_build_object('of', '{0,1}'::int[], 'unexpected', 'not ' || op)), format('(a %s b) IS NOT TRUE', op), 'jsonb_build_array(a, b)') FROM unnest('{=}'::text[]) op;
-- long numerics and texts: packed, compressed, out of line
CREATE TABLE long (n numeric, t text, m numeric);
ALTER TABLE long ALTER t SET STORAGE EXTERNAL;
INSERT INTO long SELECT (repeat('123456789', i) || '.5')::numeric, repeat('ü', i * 400), (repeat('123456789', i - i % 3) || '1.5')::numeric FROM generate_series(1, 60) i;
INSERT INTO long SELECT i, i || 'x', 2 * (i % 2) FROM generate_series(1, 3) i;
SELECT difference('long', 'n', format('[{"of": [0], "unexpected": "outside", "low": "3", "high": "%s"}]', repeat('123456789', 30))::jsonb, format('NOT n BETWEEN 3 AND %s', repeat('123456789', 30)), 'n'),
	difference('long', 'n, m', '[{"of": [0, 1], "unexpected": "not >"}]', 'NOT n > m', 'jsonb_build_array(n, m)'), difference('long', 'n', '[{"of": [0], "unexpected": "in", "set": ["2.0", "3", "123456789.50"]}]', 'n IN (2, 3, 123456789.5)', 'n'),
	difference('long', 't', '[{"of": [0], "unexpected": "length outside", "low": "3", "high": "4000"}]', 'NOT length(t) BETWEEN 3 AND 4000', 't'), difference('long', 't', format('[{"of": [0], "unexpected": "not in", "set": ["1x", "%s"]}]', repeat('ü', 800))::jsonb, format('t NOT IN (''1x'', ''%s'')', repeat('ü', 800)), 't');
-- lengths around the bytes of a word
SELECT difference('(SELECT repeat(c, n) || s AS t FROM unnest(''{a,ü,€,😀}''::text[]) c, generate_series(0, 20) n, unnest(''{"",b,ß}''::text[]) s) x', 't', jsonb_build_array(jsonb_build_object('of', '{0}'::int[], 'unexpected', 'length outside', 'low', n::text, 'high', n::text)), format('length(t) <> %s', n), 't') FROM unnest('{0,7,8,9,16,17}'::int[]) n;

-- ---- suites by it and by SQL: a column's type, its collation
CREATE FUNCTION unexpected(query text, type text, kwargs jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r -> 'result' -> 'unexpected_count', r -> 'result' -> 'missing_count', r -> 'result' -> 'partial_unexpected_list', left(r #>> '{exception_info,exception_message}', 80))
	FROM (SELECT riskml.validate_query(query, jsonb_build_object('name', 's', 'expectations', jsonb_build_array(jsonb_build_object('type', type, 'kwargs', kwargs)))::text) -> 'results' -> 0 AS r) x $$;
CREATE TABLE words (c text COLLATE caseless, d text, e varchar(9) COLLATE german, f float4, i int, n numeric);
INSERT INTO words VALUES ('Ä', 'Ä', 'Ä', 0.1, 1, 1), ('ä', 'ä', 'ä', 0.5, 2, 'NaN'), ('b', 'b', 'b', 'NaN', 3, 3.0), (NULL, NULL, NULL, NULL, NULL, NULL), ('z', 'z', 'z', 0.3, 4, 4.5);
SELECT c, unexpected('TABLE words', 'expect_column_values_to_be_in_set', jsonb_build_object('column', c, 'value_set', '["ä", "B"]'::jsonb)), unexpected('TABLE words', 'expect_column_values_to_be_between', jsonb_build_object('column', c, 'min_value', 'B', 'max_value', 'y')) FROM unnest('{c,d,e}'::text[]) c;
SELECT c, v, unexpected('TABLE words', 'expect_column_values_to_be_in_set', jsonb_build_object('column', c, 'value_set', v::jsonb)), unexpected('TABLE words', 'expect_column_values_to_not_be_in_set', jsonb_build_object('column', c, 'value_set', v::jsonb))
FROM (VALUES ('f', '[0.1, "NaN"]'), ('f', '[0.5]'), ('i', '[1, 2.0, "3"]'), ('i', '[1, 2.5]'), ('i', '[1, "x"]'), ('i', '[99999999999, 4]'), ('n', '[1.0, 3, "NaN"]'), ('n', '[true]')) x (c, v);
SELECT k, unexpected('TABLE words', 'expect_column_values_to_be_between', k::jsonb) FROM unnest(ARRAY['{"column": "f", "min_value": 0.1}', '{"column": "f", "max_value": 0.5, "strict_max": true}', '{"column": "i", "min_value": 1.5, "max_value": 3}', '{"column": "i", "min_value": "two"}',
	'{"column": "i", "min_value": 2, "max_value": 1e30}', '{"column": "n", "max_value": 4}']) k;
SELECT k, unexpected('SELECT *, c || e AS mixed FROM words', 'expect_column_pair_values_to_be_equal', k::jsonb) FROM unnest(ARRAY['{"column_A": "c", "column_B": "d"}', '{"column_A": "d", "column_B": "e"}', '{"column_A": "d", "column_B": "d"}', '{"column_A": "i", "column_B": "n"}', '{"column_A": "f", "column_B": "i", "ignore_row_if": "neither"}', '{"column_A": "mixed", "column_B": "mixed"}']) k;
SELECT k, unexpected('TABLE duos', t, k::jsonb) FROM (VALUES ('expect_column_values_to_not_be_null', '{"column": "a"}'), ('expect_column_values_to_be_null', '{"column": "a"}'), ('expect_column_values_to_be_in_set', '{"column": "a", "value_set": ["(1,a)"]}'),
	('expect_column_values_to_be_between', '{"column": "a", "min_value": "(1,b)"}'), ('expect_column_pair_values_to_be_equal', '{"column_A": "a", "column_B": "b"}')) x (t, k);
-- a query's columns may have no collation: their comparison fails, others do not
SELECT r -> 'success', r #>> '{exception_info,exception_message}' FROM jsonb_array_elements(riskml.validate_query('SELECT c || e AS mixed, i FROM words', '{"name": "s", "expectations": [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "mixed", "value_set": ["a"]}},
	{"type": "expect_column_values_to_be_between", "kwargs": {"column": "i", "min_value": 0}}, {"type": "expect_column_value_lengths_to_be_between", "kwargs": {"column": "mixed", "min_value": 0}}]}') -> 'results') r;
-- more columns than a function has arguments, each row condition an aggregate of its own
SELECT string_agg(format('%s AS c%s', CASE WHEN i % 10 = 0 THEN 'nullif(g, 1)' ELSE 'g' END, i), ', ') AS columns, jsonb_build_object('name', 'wide', 'expectations', jsonb_agg(jsonb_build_object('type', 'expect_column_values_to_be_between',
	'kwargs', jsonb_build_object('column', 'c' || i, 'min_value', 2) || CASE WHEN i % 3 = 0 THEN '{"row_condition": "col(\"c1\") > 0", "condition_parser": "great_expectations"}' ELSE '{}'::jsonb END))) AS wide FROM generate_series(1, 250) i \gset
CREATE TABLE wide AS SELECT :columns FROM generate_series(1, 3) g;
SELECT count(*), count(DISTINCT r -> 'result'), min(r #>> '{result,unexpected_count}'), max(r #>> '{result,missing_count}') FROM jsonb_array_elements(riskml.validate('wide', :'wide') -> 'results') r;
SELECT count(*) FROM riskml.explain_suite('wide', :'wide') s, regexp_matches(s, 'riskml.judge_rows', 'g');

-- ---- in parallel, the same
CREATE TABLE many AS SELECT i AS id, nullif(i % 50, 0) AS late, (i % 1300) / 10000.0::float8 AS rate, round((i * 7919 % 500000) / 100.0, 2) AS amount, 'branch ' || i % 300 AS branch, date '2025-01-01' + i % 700 AS due FROM generate_series(1, 200000) i;
ANALYZE many;
CREATE FUNCTION judged(format text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT riskml.validate('many', '{"name": "many", "expectations": [
		{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "late"}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "late", "min_value": 10, "max_value": 45}},
		{"type": "expect_column_values_to_be_between", "kwargs": {"column": "rate", "max_value": 0.1}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 1}},
		{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "branch", "value_set": ["branch 1", "branch 2"]}}, {"type": "expect_column_value_lengths_to_be_between", "kwargs": {"column": "branch", "max_value": 9}},
		{"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "id", "column_B": "late"}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "due", "min_value": "2025-06-01"}},
		{"type": "expect_column_values_to_match_regex", "kwargs": {"column": "branch", "regex": "7$"}}, {"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "min_value": 100001, "row_condition": "col(\"late\") > 40", "condition_parser": "great_expectations"}}]}', NULL, judged.format) $$;
-- without the values that are told: those depend on who came first
CREATE FUNCTION counts(format text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', r -> 'success', r #> '{result,unexpected_count}', r #> '{result,missing_count}', r #> '{result,element_count}', jsonb_array_length(r #> '{result,partial_unexpected_list}')), ', ')
	FROM jsonb_array_elements(judged(format) -> 'results') r $$;
SET max_parallel_workers_per_gather = 0;
SELECT counts('SUMMARY') AS summary, counts('BOOLEAN_ONLY') AS only \gset
SELECT :'summary';
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;
SELECT counts('SUMMARY') = :'summary', counts('BOOLEAN_ONLY') = :'only';
-- each value that is told is one that is unexpected
SELECT count(*), bool_and(v::int < 3) FROM jsonb_array_elements(riskml.validate('many', '{"name": "late", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "late", "min_value": 3}}]}', NULL, 'COMPLETE') #> '{results,0,result,unexpected_list}') v;
EXPLAIN (COSTS OFF) SELECT riskml.judge_rows('{"kept": 2, "checks": [{"of": [0], "unexpected": "outside", "low": "100"}]}', late) FROM many;
SELECT j -> 0 -> 'count', jsonb_array_length(j -> 0 -> 'values') FROM (SELECT riskml.judge_rows('{"kept": 2, "checks": [{"of": [0], "unexpected": "outside", "low": "100"}]}', late) AS j FROM many) x;
SELECT riskml.judge_rows('{"kept": 2, "checks": [{"of": [0], "unexpected": "any null"}]}', late) FROM many WHERE id < 0;
RESET parallel_leader_participation;
SET client_min_messages = warning;
DROP SCHEMA regress_judge CASCADE;
