-- Versions with a recipe: raw columns in every risk_* function.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
-- income: thousands; debt: 0, 5, 15 by state; age: years in Berlin
SELECT $$[
	{"feature": "income", "op": "standardize", "input": "salary", "mean": 0, "std": 1000},
	{"feature": "state code", "op": "ordinal", "input": "state", "categories": ["by", "he", "nw"], "unknown": "error", "output": false},
	{"feature": "debt", "op": "standardize", "input": "state code", "mean": 0, "std": 0.2},
	{"feature": "age", "op": "age_days", "input": "born", "reference": "2026-01-01", "time_zone": "Europe/Berlin", "output": false},
	{"feature": "years", "op": "standardize", "input": "age", "mean": 0, "std": 365.25},
	{"feature": "beside", "op": "pass", "input": "unneeded"}]$$ AS r \gset
CREATE TYPE regress_state AS ENUM ('nw', 'he', 'by', 'xx');
CREATE DOMAIN regress_word AS text;
CREATE TABLE regress_raw (id int PRIMARY KEY, note text, salary numeric, state text, born timestamptz, unneeded int, flag bool);
INSERT INTO regress_raw SELECT i, repeat('n', i % 7), nullif((i * 7919) % 100000, 0) / 1.0, (ARRAY['by', 'he', 'nw', NULL])[1 + i % 4],
	CASE WHEN i % 11 > 0 THEN timestamptz '1990-12-31 23:30+00' + (i % 30) * interval '400 days' - i * interval '1 second' END, i, i % 2 = 0 FROM generate_series(1, 900) i;
ANALYZE regress_raw;
SELECT riskml.import_model('regress_rs', pg_temp.tiny_model(features => '{income,debt,years}'), recipe => :'r');
SELECT riskml.import_model('regress_rs', pg_temp.tiny_model(features => '{income,debt,years}'), recipe => :'r') AS again;
SELECT version, features, has_recipe FROM riskml.models WHERE model = 'regress_rs';
SELECT * FROM riskml.check_input('regress_rs', 'regress_raw');
SELECT item, passed FROM riskml.verify('regress_rs') WHERE item !~ 'kernel';
-- the same features by hand, of a model without a recipe
SELECT riskml.import_model('regress_rp', pg_temp.tiny_model(features => '{income,debt,years}'));
CREATE VIEW regress_hand AS SELECT id, salary::float8 / 1000 AS income, array_position('{by,he,nw}', state) * 5.0 - 5 AS debt,
	extract(epoch FROM timestamp '2026-01-01' - (born AT TIME ZONE 'Europe/Berlin')) / 86400 / 365.25 AS years FROM regress_raw;
CREATE TABLE regress_score AS SELECT id, risk_score('regress_rp', h) AS score, risk_leaves('regress_rp', h) AS leaves FROM regress_hand h;
SELECT score, count(*) FROM regress_score GROUP BY 1 ORDER BY 1;
-- every way to score the rows: how many differ, and how many there are
CREATE FUNCTION pg_temp.compare(query text, OUT n bigint, OUT differ bigint) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('SELECT count(*), count(*) FILTER (WHERE q.score IS DISTINCT FROM s.score) FROM (%s) q(id, score) JOIN regress_score s USING (id)', query) INTO n, differ;
	END $$;
CREATE FUNCTION pg_temp.compare_all(first int DEFAULT 100) RETURNS TABLE (q text, n bigint, differ bigint) LANGUAGE sql AS $$
	SELECT q, c.n, c.differ FROM unnest(ARRAY[
		'SELECT id, risk_score(''regress_rs'', r) FROM regress_raw r',
		'SELECT id, risk_margin(''regress_rs@1'', r) FROM regress_raw r',
		'SELECT id, (risk_scores(''regress_rs'', r))[1] FROM regress_raw r',
		'SELECT id, (risk_margins(''regress_rs'', r))[1] FROM regress_raw r',
		'SELECT id, risk_score(''regress_rs'', r) FROM regress_raw r WHERE risk_score(''regress_rs'', r) IS NOT NULL',
		'SELECT id, risk_score(''regress_rs'', r) FROM (SELECT r.* FROM regress_raw r OFFSET 0) r',
		'SELECT id, risk_score(''regress_rs'', (SELECT r)) FROM regress_raw r',
		'SELECT id, risk_score(''regress_rs'', ROW(salary, state, born)) FROM regress_raw r',
		'SELECT id, risk_score(''regress_rs'', ROW(salary + 0, lower(state), born)) FROM regress_raw r',
		'SELECT id, risk_score(''regress_'' || ''rs'' || left(note, 0), r) FROM regress_raw r',
		'SELECT id, risk_score(''regress_rs'', to_jsonb(r)) FROM regress_raw r',
		'SELECT id, risk_score(''regress_rs'', jsonb_build_object(''salary'', salary, ''state'', state, ''born'', to_char(born AT TIME ZONE ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS"Z"''))) FROM regress_raw r',
		'SELECT id, risk_score(''regress_rs'', r) FROM regress_raw r WHERE id = 77',
		'SELECT id, risk_score(''regress_rs'', r) FROM regress_raw r ORDER BY id LIMIT 100',
		'SELECT i, risk_score(''regress_rs'', r) FROM generate_series(1, 950) i LEFT JOIN regress_raw r ON r.id = i',
		'SELECT i, (SELECT risk_score(''regress_rs'', r) FROM regress_raw r WHERE r.id = i) FROM generate_series(1, 50) i',
		'SELECT id, sum(risk_score(''regress_rs'', r)) FROM regress_raw r GROUP BY id']) WITH ORDINALITY t(q, i), pg_temp.compare(q) c WHERE i <= first ORDER BY i $$;
SELECT * FROM pg_temp.compare_all();
SET riskml.enable_batch = off;
SELECT * FROM pg_temp.compare_all() WHERE differ > 0;
RESET riskml.enable_batch;
SELECT count(*) FROM regress_raw r JOIN regress_score s USING (id) WHERE risk_leaves('regress_rs', r) = s.leaves;
SELECT risk_version('regress_rs') AS pinned \gset
SELECT pg_temp.compare(format('SELECT id, risk_score_pinned(%L, r) FROM regress_raw r', :'pinned'));
-- in parallel
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sum(risk_score('regress_rs', r)) FROM regress_raw r;
SELECT * FROM pg_temp.compare_all(3) WHERE differ > 0;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- only what is needed is read
SELECT regexp_replace(l, '#\w+', '#...', 'g') AS plan FROM pg_temp.plan($$SELECT id, risk_score('regress_rs', r) FROM regress_raw r WHERE risk_score('regress_rs', r) > 3$$, 'VERBOSE,') l;
-- columns of every type
SELECT t, (pg_temp.compare(format('SELECT id, risk_score(''regress_rs'', x) FROM (SELECT id, %s) x', t))).*
FROM unnest(ARRAY['salary::int, state, born FROM regress_raw', 'salary::int8, state::varchar, born FROM regress_raw', 'salary::float8, state::char(7), born FROM regress_raw',
	'salary::real, state::name, born FROM regress_raw', 'salary, state::regress_state, born FROM regress_raw', 'salary, state::regress_word, born FROM regress_raw',
	'salary, state, born AT TIME ZONE ''Europe/Berlin'' AS born FROM regress_raw']) WITH ORDINALITY u(t, i) ORDER BY i;
SELECT count(*), sum(risk_score('regress_rs', x)) FROM (SELECT flag AS salary, 'by' AS state, born::date FROM regress_raw OFFSET 0) x;
SELECT risk_score('regress_rs', ROW(true, 'by', date '1990-01-01')), risk_score('regress_rs', ROW(NULL, NULL, NULL)), risk_score('regress_rs', '{"salary": false, "state": "by", "born": "1990-01-01"}'::jsonb),
	risk_score('regress_rs', ROW(1, 'by', timestamp 'infinity')), risk_score('regress_rs', ROW('NaN'::float8, 'by', '-infinity'::timestamptz)), risk_score('regress_rs', '{}'::jsonb, lenient => true);
-- no setting of the session matters
CREATE FUNCTION pg_temp.digest() RETURNS text LANGUAGE sql AS
	$$SELECT md5(string_agg(a || b::text, ',' ORDER BY id)) FROM (SELECT id, risk_margin('regress_rs', r) AS a, riskml.apply_recipe((SELECT riskml.model_recipe('regress_rs')), r) AS b FROM regress_raw r) x$$;
CREATE TABLE regress_digest AS SELECT pg_temp.digest() AS d;
CREATE FUNCTION pg_temp.varied(name text, value text) RETURNS bool LANGUAGE plpgsql AS $$
	DECLARE
		before text := current_setting(name);
		result bool;
	BEGIN
		PERFORM set_config(name, value, false);
		SELECT (SELECT d FROM public.regress_digest) = pg_temp.digest() INTO result;
		PERFORM set_config(name, before, false);
		RETURN result;
	END $$;
SELECT name, value, pg_temp.varied(name, value) FROM (VALUES ('TimeZone', 'Asia/Tokyo'), ('TimeZone', 'America/St_Johns'), ('DateStyle', 'German, DMY'), ('DateStyle', 'SQL, MDY'),
	('lc_numeric', 'C'), ('lc_time', 'C'), ('IntervalStyle', 'iso_8601'), ('extra_float_digits', '3'), ('search_path', 'public, pg_catalog'), ('timezone_abbreviations', 'India'),
	('riskml.enable_batch', 'off'), ('jit_above_cost', '0')) v(name, value);
-- an index on the pinned form
SELECT format('CREATE INDEX regress_index ON regress_raw (risk_score_pinned(%L, regress_raw))', :'pinned') AS command \gset
:command;
SET enable_seqscan = off;
SELECT bool_or(l ~ 'regress_index') FROM pg_temp.plan(format('SELECT id FROM regress_raw WHERE risk_score_pinned(%L, regress_raw) > 3.4', :'pinned')) l;
SELECT count(*) = (SELECT count(*) FROM regress_score WHERE score > 3.4) FROM regress_raw WHERE risk_score_pinned(:'pinned', regress_raw) > 3.4;
RESET enable_seqscan;
-- ---- categories that a step refuses: no row before it is lost, of those after it nobody hears
SELECT pg_temp.try($$SELECT risk_score('regress_rs', ROW(1, 'Bavaria', NULL::date))$$);
SELECT pg_temp.try($$SELECT sum(risk_score('regress_rs', x)) FROM (SELECT r.*, CASE WHEN id = 500 THEN 'Bavaria' ELSE state END AS s FROM regress_raw r) y, LATERAL (SELECT salary, s AS state, born) x$$);
SELECT pg_temp.try($$SELECT risk_score('regress_rs', '{"salary": 1, "state": "xx", "born": null}'::jsonb)$$);
SELECT riskml.import_model('regress_rn', pg_temp.tiny_model(), recipe => '[{"feature": "income", "op": "ordinal", "input": "kind", "categories": [1, 2, 3], "unknown": "error"},
	{"feature": "debt", "op": "pass", "input": "id"}, {"feature": "age", "op": "pass", "input": "id"}]');
CREATE TABLE regress_kinds AS SELECT i AS id, CASE WHEN i = 300 THEN 9 WHEN i = 310 THEN 8 ELSE 1 + i % 3 END AS kind FROM generate_series(1, 1000) i;
ANALYZE regress_kinds;
SELECT count(s) FROM (SELECT risk_score('regress_rn', k) AS s FROM regress_kinds k LIMIT 299) x;
SELECT pg_temp.try($$SELECT count(s) FROM (SELECT risk_score('regress_rn', k) AS s FROM regress_kinds k LIMIT 300) x$$);
SELECT pg_temp.try($$SELECT sum(risk_score('regress_rn', k)) FROM regress_kinds k$$);
SELECT pg_temp.try($$SELECT sum(risk_score('regress_rn', k) + risk_score('regress_rs', ROW(id, 'by', NULL::date))) FROM regress_kinds k$$);
SELECT count(*) FROM regress_kinds k WHERE kind < 4 AND risk_score('regress_rn', k) IS NOT NULL;
SET riskml.enable_batch = off;
SELECT pg_temp.try($$SELECT sum(risk_score('regress_rn', k)) FROM regress_kinds k$$);
RESET riskml.enable_batch;
SELECT q, pg_temp.try(q) FROM unnest(ARRAY[
	$$SELECT risk_score('regress_rs', x) FROM (SELECT 1 AS salary, 2 AS state, now() AS born) x$$,
	$$SELECT risk_score('regress_rs', x) FROM (SELECT 'a'::text AS salary, 'by'::text AS state, now() AS born) x$$,
	$$SELECT risk_score('regress_rs', x) FROM (SELECT 1 AS salary, 'by'::text AS state, 'x'::text AS born) x$$,
	$$SELECT risk_score('regress_rs', x) FROM (SELECT 1 AS salary, 'by'::text AS state) x$$,
	$$SELECT risk_score('regress_rs', x) FROM (SELECT 1 AS salary, 2 AS "Salary", 3 AS "SALARY", 'by'::text AS state, now() AS born) x$$,
	$$SELECT risk_score('regress_rs', ARRAY[1, 2, 3]::float8[])$$,
	$$SELECT risk_score('regress_rs', '{"salary": 1, "state": "by"}'::jsonb)$$,
	$$SELECT risk_score('regress_rs', '{"salary": "1", "state": "by", "born": null}'::jsonb)$$,
	$$SELECT risk_score('regress_rs', '{"salary": 1, "state": "by", "born": "yesterday"}'::jsonb)$$,
	$$SELECT risk_score('regress_rs', '{"salary": 1, "state": "by", "born": 5}'::jsonb)$$,
	$$SELECT risk_score('regress_rs', ROW(1, 'by'))$$]) q;
SELECT * FROM riskml.check_input('regress_rs', 'regress_kinds');
CREATE TABLE regress_other (salary text, state date, born int, "Born" int);
SELECT feature, column_type, matched, read_as, problem FROM riskml.check_input('regress_rs', 'regress_other');
-- an instant takes a time zone
SELECT riskml.import_model('regress_rz', pg_temp.tiny_model(), recipe => '[{"feature": "income", "op": "date_part", "part": "year", "input": "born"}, {"feature": "debt", "op": "date_part", "part": "hour", "input": "born", "time_zone": "Asia/Tokyo"},
	{"feature": "age", "op": "hash_bucket", "input": "state", "n_buckets": 100}]');
SELECT problem FROM riskml.check_input('regress_rz', 'regress_raw');
SELECT pg_temp.try($$SELECT risk_score('regress_rz', r) FROM regress_raw r$$);
SELECT pg_temp.try($$SELECT risk_score('regress_rz', '{"born": "2026-07-01T12:00:00Z", "state": "by"}'::jsonb)$$);
SELECT feature, value FROM riskml.transform('regress_rz', ROW(timestamp '2026-07-01 23:59:59.5', 'by'));
-- ---- baselines and drift are of the columns that the recipe reads; a text that it refuses counts, and has no score
SELECT riskml.set_baseline('regress_rs', 'SELECT * FROM regress_raw', reason => 'test');
SELECT jsonb_object_keys(riskml.get_baseline('regress_rs')->'inputs');
SELECT column_name, role, unseen, round(unseen_rate::numeric, 3) AS rate, round(psi::numeric, 3) AS psi, status FROM riskml.drift_report('regress_rs', $$SELECT salary, CASE WHEN id % 10 = 0 THEN 'xx' ELSE state END AS state, born FROM regress_raw$$);
SELECT pg_temp.try($$SELECT riskml.set_baseline('regress_rs', 'SELECT salary, born FROM regress_raw', reason => 'test')$$);
-- so has a number, a boolean, or a text that the second step which reads it refuses
SELECT riskml.import_model('regress_rb', pg_temp.tiny_model(), recipe => '[{"feature": "income", "op": "ordinal", "input": "kind", "categories": [1, 2], "unknown": "error"},
	{"feature": "debt", "op": "ordinal", "input": "flag", "categories": [true], "unknown": "error"},
	{"feature": "grade", "op": "ordinal", "input": "word", "categories": ["a", "b"]}, {"feature": "age", "op": "ordinal", "input": "word", "categories": ["a"], "unknown": "error"}]');
CREATE TABLE regress_words AS SELECT CASE i WHEN 1 THEN 7 WHEN 4 THEN 'NaN'::float8 WHEN 5 THEN NULL ELSE 1 + i % 2 END AS kind, i <> 2 AS flag, CASE i WHEN 3 THEN 'b' WHEN 6 THEN NULL ELSE 'a' END AS word FROM generate_series(1, 10) i;
SELECT riskml.set_baseline('regress_rb', 'SELECT * FROM regress_words', reason => 'test');
SELECT * FROM jsonb_path_query(riskml.get_baseline('regress_rb'), '$.**.score') score;
SELECT pg_temp.drop_models('regress_rb');
DROP TABLE regress_words;
-- ---- promotions between versions with and without a recipe; kept plans follow, or say that they cannot
SELECT riskml.import_model('regress_rs', pg_temp.tiny_model(shift => 100, features => '{salary,unneeded,id}'));
PREPARE kept(int) AS SELECT round(risk_score('regress_rs', r)::numeric, 2) FROM regress_raw r WHERE id + 0 = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE kept(3);
SELECT riskml.promote('regress_rs', 2, 'plain');
EXECUTE kept(3);
SELECT riskml.promote('regress_rs', 1, 'recipe');
EXECUTE kept(3);
RESET plan_cache_mode;
BEGIN;
EXECUTE kept(3);
CREATE FUNCTION pg_temp.both() RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		a float8;
		b text;
	BEGIN
		FOR i IN 1..2 LOOP
			BEGIN
				SELECT risk_score('regress_rs', r) INTO a FROM regress_raw r WHERE id + 0 = 3;
				b := concat_ws(' | ', b, a::text);
			EXCEPTION WHEN OTHERS THEN
				b := concat_ws(' | ', b, SQLSTATE || ' ' || SQLERRM);
			END;
			IF i = 1 THEN
				PERFORM riskml.promote('regress_rs', CASE WHEN risk_version('regress_rs') LIKE '%@1#%' THEN 2 ELSE 1 END, 'other');
			END IF;
		END LOOP;
		RETURN b;
	END $$;
SELECT regexp_replace(pg_temp.both(), '#\w+', '#...', 'g');
SELECT regexp_replace(pg_temp.both(), '#\w+', '#...', 'g');
ROLLBACK;
SELECT pg_temp.try($$SELECT riskml.score_columns('regress_rs', 'regress_rs@2', '{salary,unneeded,id}', 1, 2, 3)$$);
SELECT pg_temp.try($$SELECT riskml.score_columns('regress_rs', NULL, '{salary,zzz,born,state}', 1, 2, NULL::date, 'by'::text)$$);
SELECT pg_temp.try($$SELECT riskml.score_columns('regress_rs', NULL, NULL, 1, 'by'::text, NULL::date)$$);
-- ---- more columns than a call has arguments
SELECT jsonb_build_array(jsonb_build_object('feature', 'income', 'op', 'interaction', 'input', (SELECT jsonb_agg('c' || i) FROM generate_series(1, 120) i)),
	'{"feature": "debt", "op": "ordinal", "input": "word", "categories": ["a", "b"]}'::jsonb, '{"feature": "age", "op": "hash_bucket", "input": "word", "n_buckets": 70}'::jsonb) AS wide \gset
SELECT riskml.import_model('regress_rw', pg_temp.tiny_model(), recipe => :'wide');
SELECT format('CREATE TABLE regress_wide AS SELECT i AS id, chr(96 + i %% 4) AS word, %s FROM generate_series(1, 200) i',
	string_agg(format('%s AS c%s', CASE WHEN i % 5 = 0 THEN '(1 + i / 1000.0)::real' WHEN i % 7 = 0 THEN '1.01' ELSE '1 + i * 1e-4::float8' END, i), ', ')) AS command FROM generate_series(1, 120) i \gset
:command;
ANALYZE regress_wide;
CREATE TABLE regress_parts AS SELECT id, risk_score('regress_rw', to_jsonb(w)) AS score FROM regress_wide w;
SET riskml.enable_batch = off;
SELECT count(*), count(DISTINCT score), count(*) FILTER (WHERE risk_score('regress_rw', w) IS DISTINCT FROM score) FROM regress_wide w JOIN regress_parts USING (id);
SELECT bool_or(l ~ 'read_columns') FROM pg_temp.plan($$SELECT risk_score('regress_rw', w) FROM regress_wide w$$, 'VERBOSE,') l;
RESET riskml.enable_batch;
SELECT count(*) FILTER (WHERE risk_score('regress_rw', w) IS DISTINCT FROM score) FROM regress_wide w JOIN regress_parts USING (id);
-- ---- imports
SELECT q, pg_temp.try(format('SELECT riskml.import_model(''regress_ri'', pg_temp.tiny_model(%s), recipe => %L)', a, q)) FROM (VALUES
	('', '{}'), ('', 'null'), ('', '[]'), ('', '[{"feature": "income", "op": "no_op"}]'),
	('', '[{"feature": "income", "op": "standardize"}]'),
	('', '[{"feature": "income", "op": "pass"}, {"feature": "Debt", "op": "pass"}]'),
	('', '[{"feature": "income", "op": "pass"}, {"feature": "debt", "op": "pass"}, {"feature": "age", "op": "pass", "output": false}]'),
	('features => NULL', '[{"feature": "income", "op": "pass"}]'),
	('features => NULL', '[{"feature": "b", "op": "pass"}, {"feature": "c", "op": "pass"}, {"feature": "a", "op": "pass"}]'),
	('features => NULL', '[{"feature": "b", "op": "pass"}, {"feature": "c", "op": "pass"}, {"feature": "d", "op": "pass"}, {"feature": "a", "op": "pass"}]')) v(a, q);
SELECT riskml.import_model('regress_ri', pg_temp.tiny_model(features => NULL), recipe => '[{"feature": "b", "op": "pass"}, {"feature": "c", "op": "pass"}, {"feature": "a", "op": "pass"}]', feature_names => '{a,b,c}');
SELECT version, (SELECT array_agg(feature ORDER BY position) FROM riskml.model_features f WHERE f.model = m.model AND f.version = m.version) FROM riskml.models m WHERE model = 'regress_ri';
SELECT risk_score('regress_ri@1', ARRAY[40, 5, 20]::float8[]), risk_score('regress_ri@2', ARRAY[5, 20, 40]::float8[]);
-- recipes that say the same have one identity; others have another, and none has that of the model without
SELECT riskml.import_model('regress_ri', pg_temp.tiny_model(features => NULL), recipe => '[{"op": "pass", "feature": "b"}, {"op":"pass", "feature": "c"}, {"feature": "a", "op": "pass"}]', feature_names => '{a,b,c}');
SELECT riskml.import_model('regress_ri', pg_temp.tiny_model(features => NULL), feature_names => '{a,b,c}');
SELECT count(*), count(DISTINCT identity) FROM riskml.models WHERE model = 'regress_ri';
\set VERBOSITY terse
SELECT pg_temp.try($$SELECT riskml.import_model('regress_ri', '', recipe => jsonb_build_array(repeat(repeat('x', 1000), 70000)))$$);
-- a recipe that was changed is not applied
UPDATE riskml.model_version v SET recipe = replace(recipe::text, '1000', '1001')::jsonb FROM riskml.model m WHERE m.model_id = v.model_id AND m.name = 'regress_rs' AND version = 1;
\c -
-- a shared image is not read anew, and then nothing is said of the source
SET client_min_messages = error;
SELECT risk_score('regress_rs@1', ROW(1, 'by', date '2000-01-01'));
SELECT item, passed FROM riskml.verify('regress_rs@1') WHERE NOT passed;
SELECT riskml.model_recipe('regress_rs@1');
RESET client_min_messages;
DROP TABLE regress_raw, regress_score, regress_kinds, regress_other, regress_wide, regress_parts, regress_digest CASCADE;
DROP DOMAIN regress_word;
DROP TYPE regress_state;
\i :fixtures
SELECT pg_temp.drop_models('regress_rs', 'regress_rp', 'regress_rn', 'regress_rz', 'regress_rw', 'regress_ri');
