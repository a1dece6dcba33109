-- Blocks of rows are read straight from stored tuples: whatever stands between the columns of a recipe, and however they are stored.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
CREATE FUNCTION pg_temp.linear_model(n int) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(m, '{learner,gradient_booster}', format('{"name": "gblinear", "model": {"weights": %s, "boosted_rounds": 1}}', w)::jsonb),
		'{learner,learner_model_param,num_feature}', to_jsonb(n::text))::text
	FROM (SELECT pg_temp.tiny_model(features => array_agg('f_' || i ORDER BY i))::jsonb AS m, jsonb_agg(sqrt(i) ORDER BY i) || '[0.25]' AS w FROM generate_series(1, n) i) s $$;
CREATE TYPE regress_walk_mood AS ENUM ('low', 'high');
CREATE DOMAIN regress_walk_number AS float8;
CREATE TABLE regress_walk (c "char", short text, s int2, gone text, x float8, b bool, fixed char(5), i int4, word varchar, n numeric, d date, iv interval, big int8, name name,
	mood regress_walk_mood, bytes bytea, dom regress_walk_number, f float4, at timestamptz, long text, u uuid, net cidr, a int[]);
INSERT INTO regress_walk SELECT chr(65 + i % 20)::"char", (ARRAY['', 'a', 'ab', 'abcdefg', 'abcdefgh', 'abcdefghijklmnop', 'abcdefghijklmnopq', repeat('x', 126), repeat('x', 127), 'unknown'])[1 + i % 10], i % 100,
	repeat('g', i % 9), i / 7.0, i % 2 = 0, (ARRAY['a', 'ab', 'abc'])[1 + i % 3], i * 3, left('word', i % 5), i / 3.0, date '2020-01-01' + i, i * interval '1 minute', i + 10000,
	'name ' || i % 3, (ARRAY['low', 'high'])[1 + i % 2]::regress_walk_mood, decode(repeat('00', i % 6), 'hex'), -i, i / 2.0, timestamptz '2020-01-01 00:00+00' + i * interval '1 hour',
	repeat((ARRAY['long ', 'other '])[1 + i % 2], 5000), '00000000-0000-0000-0000-000000000000', '10.0.0.0/8', ARRAY[i]
FROM generate_series(1, 600) i;
ALTER TABLE regress_walk ALTER long SET STORAGE EXTERNAL;
-- the same again, with nulls; some texts are elsewhere, compressed or not
INSERT INTO regress_walk SELECT CASE WHEN k % 3 > 0 THEN c END, CASE WHEN k % 4 > 0 THEN short END, CASE WHEN k % 5 > 0 THEN s END, gone, CASE WHEN k % 6 > 0 THEN x END, CASE WHEN k % 7 > 0 THEN b END,
	CASE WHEN k % 8 > 0 THEN fixed END, CASE WHEN k % 9 > 0 THEN i END, CASE WHEN k % 10 > 0 THEN word END, CASE WHEN k % 11 > 0 THEN n END, CASE WHEN k % 4 > 1 THEN d END, CASE WHEN k % 2 > 0 THEN iv END,
	CASE WHEN k % 5 > 1 THEN big END, CASE WHEN k % 6 > 1 THEN name END, CASE WHEN k % 7 > 1 THEN mood END, CASE WHEN k % 3 > 1 THEN bytes END, CASE WHEN k % 8 > 1 THEN dom END, CASE WHEN k % 9 > 1 THEN f END,
	CASE WHEN k % 10 > 1 THEN at END, CASE WHEN k % 3 > 0 THEN long || '' END, u, net, a
FROM (SELECT *, row_number() OVER () AS k FROM regress_walk) w;
ALTER TABLE regress_walk DROP gone, ADD later text DEFAULT 'abc', ADD later_number float8 DEFAULT 7;
INSERT INTO regress_walk (short, later, later_number, x) SELECT 'a', (ARRAY['abc', 'def', NULL])[1 + i % 3], i, i FROM generate_series(1, 300) i;
SELECT $$[{"feature": "f_1", "op": "ordinal", "input": "short", "categories": ["", "a", "ab", "abcdefg", "abcdefgh", "abcdefghijklmnop", "abcdefghijklmnopq"], "unknown": 50},
	{"feature": "f_2", "op": "pass", "input": "s"}, {"feature": "f_3", "op": "pass", "input": "x"}, {"feature": "f_4", "op": "pass", "input": "b"},
	{"feature": "f_5", "op": "ordinal", "input": "fixed", "categories": ["a", "ab", "abc"]}, {"feature": "f_6", "op": "pass", "input": "i"}, {"feature": "f_7", "op": "ordinal", "input": "word", "categories": ["wo", "", "word"]},
	{"feature": "f_8", "op": "pass", "input": "n"}, {"feature": "f_9", "op": "age_days", "input": "d", "reference": "2021-01-01"}, {"feature": "f_10", "op": "pass", "input": "big"},
	{"feature": "f_11", "op": "ordinal", "input": "name", "categories": ["name 0", "name 2"]}, {"feature": "f_12", "op": "ordinal", "input": "mood", "categories": ["high", "low"]}, {"feature": "f_13", "op": "pass", "input": "dom"},
	{"feature": "f_14", "op": "pass", "input": "f"}, {"feature": "f_15", "op": "date_part", "input": "at", "part": "hour", "time_zone": "Asia/Kolkata"}, {"feature": "f_16", "op": "hash_bucket", "input": "long", "n_buckets": 97},
	{"feature": "f_17", "op": "hash_bucket", "input": "short", "n_buckets": 89}]$$::jsonb AS r \gset
SELECT riskml.import_model('regress_walk', pg_temp.linear_model(17), recipe => :'r');
-- a second one needs the columns that older rows do not have
SELECT riskml.import_model('regress_walk_later', pg_temp.linear_model(19), recipe => :'r'::jsonb || '[{"feature": "f_18", "op": "ordinal", "input": "later", "categories": ["abc", "def"]}, {"feature": "f_19", "op": "pass", "input": "later_number"}]');
CREATE FUNCTION pg_temp.digest(model text, batch bool) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE found text;
	BEGIN
		PERFORM set_config('riskml.enable_batch', batch::text, true);
		EXECUTE format('SELECT count(m) || '' '' || count(DISTINCT m) || '' '' || md5(string_agg(m::text, '','' ORDER BY ctid)) FROM (SELECT ctid, risk_margin(%L, w) AS m FROM regress_walk w OFFSET 0) s', model) INTO found;
		RETURN found;
	END $$;
SELECT model, regexp_replace(pg_temp.digest(model, true), ' \S*$', '') AS rows_and_margins, pg_temp.digest(model, true) = pg_temp.digest(model, false) AS same FROM unnest('{regress_walk,regress_walk_later}'::text[]) model;
EXPLAIN (COSTS off) SELECT sum(risk_margin('regress_walk', w)) FROM regress_walk w;
DROP TABLE regress_walk;
DROP TYPE regress_walk_mood;
DROP DOMAIN regress_walk_number;
