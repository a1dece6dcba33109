-- Baselines of queries and of models, and reports beside them.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
SET extra_float_digits = -6;
CREATE TABLE regress_old (id int, x float8, n int, c text, b boolean, d date);
INSERT INTO regress_old SELECT i, i % 100, i % 3, 'c' || i % 4, i % 2 = 0, '2025-01-01'::date + i % 50 FROM generate_series(1, 1000) i;
CREATE TABLE regress_new (LIKE regress_old);
INSERT INTO regress_new SELECT i, i % 100 + 10, i % 3, CASE WHEN i % 20 = 0 THEN 'new' WHEN i % 100 = 1 THEN 'newer' ELSE 'c' || i % 4 END,
	CASE WHEN i % 5 > 0 THEN i % 2 = 0 END, '2025-01-01'::date + i % 50 FROM generate_series(1, 1000) i;

-- ---- a baseline is an object of distributions
SELECT riskml.baseline('SELECT n, b FROM regress_old');
SELECT key, value ->> 'kind' AS kind FROM jsonb_each(riskml.baseline('TABLE regress_old;')) ORDER BY key;
SELECT jsonb_array_length(riskml.baseline('SELECT x FROM regress_old', bins => 4) -> 'x' -> 'counts') AS bins;
SELECT riskml.baseline('SELECT c FROM regress_old', max_categories => 2) -> 'c' AS two_of_four;
-- the same under a parallel plan and a serial one
SELECT riskml.baseline('TABLE regress_old') AS serial \gset
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT riskml.baseline('TABLE regress_old') = :'serial'::jsonb AS same;
CREATE TEMP TABLE parallel AS SELECT r::text FROM riskml.drift_report(:'serial'::jsonb, 'TABLE regress_new') r;
COMMIT;
SELECT count(*) FROM (SELECT r::text FROM riskml.drift_report(:'serial'::jsonb, 'TABLE regress_new') r EXCEPT TABLE parallel) x;

-- ---- the report
SELECT column_name, kind, rows, baseline_rows, null_rate, baseline_null_rate, min_value, max_value, baseline_min, baseline_max, out_of_range
FROM riskml.drift_report(riskml.baseline('TABLE regress_old'), 'TABLE regress_new');
SELECT column_name, unseen, unseen_rate, psi, psi_threshold, chi2, df, p_value, adjusted_p_value, status, reason
FROM riskml.drift_report(riskml.baseline('TABLE regress_old'), 'TABLE regress_new');
-- its numbers are those of the functions on two distributions
SELECT r.psi = riskml.psi(e, a) AS psi, r.psi_threshold = (riskml.stability(e, a)).threshold AS threshold, r.kl = riskml.kl(e, a) AS kl,
	r.jensen_shannon = riskml.jensen_shannon(e, a) AS js, r.hellinger = riskml.hellinger(e, a) AS hellinger,
	r.total_variation = riskml.total_variation(e, a) AS tv, r.l_infinity = riskml.l_infinity(e, a) AS linf,
	r.ks IS NOT DISTINCT FROM CASE WHEN kind = 'numeric' THEN riskml.ks(e, a) END AS ks,
	r.wasserstein IS NOT DISTINCT FROM CASE WHEN kind = 'numeric' THEN riskml.wasserstein(e, a) END AS wasserstein,
	(r.chi2, r.df, r.p_value) = (riskml.chi2(e, a)) AS chi2
FROM riskml.drift_report(riskml.baseline('SELECT x, c FROM regress_old'), 'TABLE regress_new') r,
	LATERAL (SELECT (riskml.baseline('TABLE regress_old') -> r.column_name)::riskml.distribution AS e) e,
	LATERAL (SELECT CASE WHEN kind = 'numeric' THEN (SELECT riskml.histogram_like(x, e) FROM regress_new)
		ELSE (SELECT riskml.histogram_like(c, e) FROM regress_new) END AS a) a;
-- the worked example of docs/drift-report.md
SELECT column_name, psi, psi_threshold, p_value, status FROM riskml.drift_report(
	riskml.baseline('SELECT i % 100 AS x FROM generate_series(1, 1000) i', 4),
	'SELECT i % 100 + 10 AS x FROM generate_series(1, 1000) i');
-- corrections
SELECT correction, column_name, p_value, adjusted_p_value
FROM unnest('{none,bonferroni,fdr_bh}'::text[]) WITH ORDINALITY k(correction, o),
	riskml.drift_report(riskml.baseline('SELECT id AS i, x, c FROM regress_old WHERE id % 7 < 3'), 'SELECT id + 60 AS i, x + 3 AS x, c FROM regress_old WHERE id % 5 < 2 OR c = ''c1''', correction => correction)
ORDER BY o, column_name;
-- no drift: 20 samples of 100 rows, of which none gives an alert
SELECT status, count(*) FROM generate_series(1, 20) s,
	riskml.drift_report(riskml.baseline('SELECT x, c FROM regress_old'), format('SELECT x, c FROM regress_old ORDER BY md5(id::text || %s) LIMIT 100', s)) GROUP BY 1;

-- ---- odd columns: constant, all NULL, one value, NaN and infinities, zeros
SELECT column_name, null_rate, nan_rate, baseline_nan_rate, min_value, max_value, psi, df, p_value, status, reason FROM riskml.drift_report(
	riskml.baseline($$SELECT 5 AS constant, NULL::int AS nothing, NULL::text AS no_text, i AS will_vanish, CASE i % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' WHEN 2 THEN 'Infinity' ELSE 1e308 END::float8 AS odd FROM generate_series(1, 100) i$$),
	$$SELECT 5 AS constant, NULL::int AS nothing, NULL::text AS no_text, NULL::bigint AS will_vanish, CASE i % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' WHEN 2 THEN 'Infinity' ELSE 1e308 END::float8 AS odd FROM generate_series(1, 100) i$$);
SELECT column_name, psi, df, p_value, status, reason FROM riskml.drift_report(
	riskml.baseline($$SELECT 5 AS constant, NULL::int AS nothing, NULL::text AS no_text, i AS becomes_nan FROM generate_series(1, 100) i$$),
	$$SELECT 6 AS constant, 1 AS nothing, 'a' AS no_text, 'NaN'::float8 AS becomes_nan FROM generate_series(1, 100) i$$);
-- types
CREATE DOMAIN regress_money AS numeric CHECK (VALUE >= 0);
CREATE TYPE regress_mood AS ENUM ('sad', 'happy');
SELECT key, value ->> 'kind' AS kind, value ->> 'min' AS min, value ->> 'max' AS max, value ->> 'values' AS values FROM jsonb_each(riskml.baseline($$VALUES (1::int2, 1::int8, 1::real, 1::numeric, 1::regress_money,
	'2000-01-01'::date, 'infinity'::timestamp, '1970-01-02 00:00:00+00'::timestamptz, '01:00'::time, '1 day'::interval, 'x  '::char(5), 'v'::varchar, 'n'::name, 'c'::"char", 'sad'::regress_mood, true, '00000000-0000-0000-0000-000000000000'::uuid)$$))
ORDER BY substr(key, 7)::int;
DROP DOMAIN regress_money;
DROP TYPE regress_mood;
-- no rows
SELECT column_name, rows, null_rate, psi, p_value, status, reason FROM riskml.drift_report(riskml.baseline('SELECT x, c FROM regress_old'), 'SELECT * FROM regress_new WHERE false');
SELECT pg_temp.try($$SELECT riskml.baseline('SELECT * FROM regress_new WHERE false')$$);
-- more categories than are listed: what is unseen is not known
SELECT column_name, unseen, unseen_rate, status FROM riskml.drift_report(riskml.baseline('SELECT c FROM regress_old', max_categories => 2), 'SELECT c FROM regress_new');

-- ---- names: of ours, with quotes, of another alphabet, injection
CREATE TABLE regress_canary AS SELECT 1 AS alive;
CREATE TABLE regress_names (source float8, "m1" int, "scores" text, "a""b" int, "größe 模型" int, "$1" int, "'; DROP TABLE regress_canary; --" text, "source.*" int, "count" int);
INSERT INTO regress_names SELECT i, i, 'a', i, i, i, E'\\''; DROP TABLE regress_canary; --', i, i FROM generate_series(1, 50) i;
SELECT column_name, rows, psi, status FROM riskml.drift_report(riskml.baseline('TABLE regress_names'), 'TABLE regress_names');
SELECT pg_temp.try(format('SELECT riskml.drift_report(%L::jsonb, %L)', b, 'TABLE regress_names')) FROM unnest(ARRAY['[]', '{}', '1', 'null', '{"m1": 1}', '{"m1": null}', '{"m1": {}}',
	'{"m1": {"kind": "numeric", "edges": [1, 1], "counts": [1]}}',
	$${"m1\"; DROP TABLE regress_canary; --": {"kind": "numeric", "edges": [1, 2], "counts": [1]}}$$, '{"none": {"kind": "numeric", "edges": [1, 2], "counts": [1]}}']) b;
SELECT count(*) FROM riskml.drift_report($${"scores": {"kind": "categorical", "values": ["'); DROP TABLE regress_canary; --", "a\\'", "{a,\"b"], "counts": [1, 2, 3]}}$$::jsonb, 'TABLE regress_names');
SELECT alive FROM regress_canary;

-- ---- queries that are none
SELECT q, split_part(pg_temp.try(format('SELECT riskml.baseline(%L)', q)), E'\n', 1) FROM unnest(ARRAY['', 'DELETE FROM regress_old', 'SELECT 1; SELECT 2', 'SELECT 1 INTO x', 'SELECT',
	'SELECT 1) AS a, (SELECT 2', 'SELECT $1', 'SELECT 1 AS a, 2 AS a', 'SELECT ARRAY[1] AS a', 'SELECT ''x''::jsonb AS a', 'SELECT no FROM regress_old', 'WITH d AS (DELETE FROM regress_old RETURNING 1) TABLE d',
	'EXPLAIN SELECT 1', 'COPY regress_old TO stdout']) q;
SELECT count(*) FROM regress_old;
SELECT pg_temp.try($$SELECT riskml.baseline('SELECT 1 AS a -- comment')$$) <> '' AS comment, pg_temp.try($$SELECT riskml.baseline('VALUES (1), (2);')$$) <> '' AS semicolon;
SELECT pg_temp.try(c) FROM unnest(ARRAY['SELECT riskml.baseline(NULL)', 'SELECT riskml.baseline(''SELECT 1'', 0)', 'SELECT riskml.baseline(''SELECT 1'', NULL)',
	'SELECT riskml.baseline(''SELECT 1'', 10, 0)', 'SELECT riskml.baseline(''SELECT 1'', 1000000)', 'SELECT riskml.drift_report(NULL::jsonb, ''SELECT 1'')', 'SELECT riskml.drift_report(''{}''::jsonb, NULL)',
	'SELECT riskml.drift_report(''{}''::jsonb, ''SELECT 1'', alpha => 0)', 'SELECT riskml.drift_report(''{}''::jsonb, ''SELECT 1'', alpha => ''NaN'')', 'SELECT riskml.drift_report(''{}''::jsonb, ''SELECT 1'', alpha => NULL)',
	'SELECT riskml.drift_report(''{}''::jsonb, ''SELECT 1'', correction => ''holm'')', 'SELECT riskml.drift_report(''{}''::jsonb, ''SELECT 1'', correction => NULL)']) c;
-- types that have changed
SELECT pg_temp.try($$SELECT riskml.drift_report(riskml.baseline('SELECT x, c FROM regress_old'), 'SELECT x::text, c FROM regress_new')$$);
SELECT pg_temp.try($$SELECT riskml.drift_report(riskml.baseline('SELECT x, c FROM regress_old'), 'SELECT x, 1 AS c FROM regress_new')$$);
SELECT column_name, status FROM riskml.drift_report(riskml.baseline('SELECT n FROM regress_old'), 'SELECT n::numeric FROM regress_old');

-- ---- 1,600 columns in one scan, and a report of two runs of volatile values: the query is run once
SELECT string_agg(format('i + %s AS c%s', n, n), ', ') AS wide FROM generate_series(1, 1600) n \gset
SELECT count(*), min(status), max(psi) FROM riskml.drift_report(riskml.baseline('SELECT ' || :'wide' || ' FROM generate_series(1, 20) i'), 'SELECT ' || :'wide' || ' FROM generate_series(1, 20) i');
SELECT string_agg(format('chr(97 + i %% 5) AS c%s', n), ', ') AS wide FROM generate_series(1, 1600) n \gset
SELECT count(*), min(status), max(psi) FROM riskml.drift_report(riskml.baseline('SELECT ' || :'wide' || ' FROM generate_series(1, 20) i'), 'SELECT ' || :'wide' || ' FROM generate_series(1, 20) i');
CREATE SEQUENCE regress_runs;
SELECT count(*) FROM riskml.drift_report(riskml.baseline('SELECT nextval(''regress_runs'') AS s, x, c FROM regress_old'), 'SELECT nextval(''regress_runs'') AS s, x, c FROM regress_new');
SELECT last_value FROM regress_runs;

-- ---- models
CREATE TABLE regress_loans (id int, "Income" int, debt numeric, age float8, note jsonb);
INSERT INTO regress_loans SELECT i, i % 100, i % 20, 20 + i % 60, '{}' FROM generate_series(1, 1000) i;
CREATE ROLE regress_owner;
CREATE ROLE regress_scorer;
CREATE ROLE regress_other;
GRANT EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) TO regress_owner;
GRANT SELECT ON regress_loans TO regress_owner, regress_scorer;
SET ROLE regress_owner;
SELECT riskml.import_model('regress_d', pg_temp.tiny_model(v)) FROM generate_series(1, 2) v;
SELECT riskml.grant_model('regress_d', 'regress_scorer');
SELECT riskml.get_baseline('regress_d');
SELECT pg_temp.try($$SELECT riskml.drift_report('regress_d', 'TABLE regress_loans')$$);
SELECT pg_temp.try($$SELECT riskml.drop_baseline('regress_d')$$);
SELECT riskml.set_baseline('regress_d', 'SELECT * FROM regress_loans', reason => 'training');
SELECT model, version, rows, query, set_by FROM riskml.model_baselines WHERE model = 'regress_d';
SELECT key, value - '{edges,counts}'::text[] AS inputs FROM jsonb_each(riskml.get_baseline('regress_d') -> 'inputs') ORDER BY key;
SELECT key, value - '{edges}'::text[] AS scores FROM jsonb_each(riskml.get_baseline('regress_d') -> 'scores');
SELECT column_name, role, kind, rows, baseline_rows, psi, status FROM riskml.drift_report('regress_d', 'SELECT * FROM regress_loans');
SELECT column_name, role, min_value, max_value, psi, status, reason FROM riskml.drift_report('regress_d@1', 'SELECT id, "Income" + 30 AS income, debt, CASE WHEN id % 2 = 0 THEN age END AS age FROM regress_loans');
-- the inputs by themselves
SELECT count(*) FROM riskml.drift_report(riskml.get_baseline('regress_d') -> 'inputs', 'SELECT "Income" AS income, debt, age FROM regress_loans');
-- the score is computed once for each row, by the version that the baseline is of
SELECT riskml.promote('regress_d', 2, 'test');
SELECT pg_temp.try($$SELECT riskml.drift_report('regress_d', 'TABLE regress_loans')$$);
SELECT riskml.set_baseline('regress_d@2', 'TABLE regress_loans');
SELECT r.min_value, r.max_value, s.* FROM riskml.drift_report('regress_d@1', 'TABLE regress_loans') r, LATERAL (SELECT min(risk_score('regress_d@1', l)), max(risk_score('regress_d@1', l)) FROM regress_loans l) s WHERE role = 'score';
SELECT r.min_value, r.max_value, s.* FROM riskml.drift_report('regress_d', 'TABLE regress_loans') r, LATERAL (SELECT min(risk_score('regress_d@2', l)), max(risk_score('regress_d@2', l)) FROM regress_loans l) s WHERE role = 'score';
-- what is not there, or not clear
SELECT pg_temp.try(format('SELECT riskml.drift_report(''regress_d'', %L)', q)) FROM unnest(ARRAY['SELECT debt, age FROM regress_loans', 'SELECT *, 1 AS income, 2 AS "INCOME" FROM regress_loans',
	'SELECT "Income", debt, age::text FROM regress_loans', 'SELECT "Income", debt, note AS age FROM regress_loans', 'SELECT "Income", debt, 1 AS age, 2 AS age FROM regress_loans']) q;
SELECT pg_temp.try(format('SELECT riskml.set_baseline(''regress_d'', %L)', q)) FROM unnest(ARRAY['SELECT debt, age FROM regress_loans', 'SELECT "Income", debt, age::text FROM regress_loans', 'SELECT * FROM regress_loans WHERE false']) q;
SELECT pg_temp.try(format('SELECT riskml.drift_report(%L, ''TABLE regress_loans'')', m)) FROM unnest(ARRAY['regress_none', 'regress_d@9', 'regress_d@none', '', NULL]) m;
-- in a read-only transaction the report works, changes do not
BEGIN READ ONLY;
SELECT count(*) FROM riskml.drift_report('regress_d', 'TABLE regress_loans');
SELECT pg_temp.sqlstate($$SELECT riskml.set_baseline('regress_d', 'TABLE regress_loans')$$), pg_temp.sqlstate($$SELECT riskml.drop_baseline('regress_d')$$);
COMMIT;
-- privileges: who may score reads, the owner changes, the query is the caller's
SET ROLE regress_scorer;
SELECT count(*) FROM riskml.drift_report('regress_d', 'TABLE regress_loans');
SELECT riskml.get_baseline('regress_d') IS NOT NULL AS reads, query FROM riskml.model_baselines WHERE model = 'regress_d';
SELECT pg_temp.try($$SELECT riskml.set_baseline('regress_d', 'TABLE regress_loans')$$);
SELECT pg_temp.try($$SELECT riskml.drop_baseline('regress_d')$$);
SELECT pg_temp.try($$SELECT riskml.drift_report('regress_d', 'SELECT n AS income, n AS debt, x AS age FROM regress_old')$$);
SELECT pg_temp.try($$SELECT riskml.baseline('SELECT rows FROM riskml.model_baseline')$$);
SET ROLE regress_other;
SELECT pg_temp.sqlstate(c) FROM unnest(ARRAY[$$SELECT riskml.drift_report('regress_d', 'TABLE regress_loans')$$, $$SELECT riskml.get_baseline('regress_d')$$, $$SELECT riskml.set_baseline('regress_d', 'SELECT 1')$$]) c;
SELECT count(*) FROM riskml.model_baselines WHERE model = 'regress_d';
SET ROLE regress_owner;
-- with its import
SELECT riskml.import_model('regress_i', pg_temp.tiny_model(3), options => '{"baseline_query": "SELECT * FROM regress_loans WHERE id <= 500"}');
SELECT model, version, rows, query FROM riskml.model_baselines WHERE model = 'regress_i';
SELECT riskml.import_model('regress_i', pg_temp.tiny_model(3), options => '{"baseline_query": "TABLE regress_loans"}');
SELECT rows FROM riskml.model_baselines WHERE model = 'regress_i';
SELECT riskml.drop_baseline('regress_i', 'stale');
SELECT riskml.import_model('regress_i', pg_temp.tiny_model(3), options => '{"baseline_query": "TABLE regress_loans"}');
SELECT rows FROM riskml.model_baselines WHERE model = 'regress_i';
SELECT riskml.import_model('regress_j', pg_temp.tiny_model(3));
SELECT identity = (SELECT identity FROM riskml.models WHERE model = 'regress_i') AS same_identity FROM riskml.models WHERE model = 'regress_j';
SELECT count(*) AS failed FROM riskml.verify('regress_i') WHERE NOT passed;
SELECT pg_temp.try(format('SELECT riskml.import_model(''regress_k'', pg_temp.tiny_model(3), options => %L)', o)) FROM unnest(ARRAY['{"baseline_query": 1}', '{"baseline_query": null}', '{"baseline_query": "SELECT 1"}', '{"baseline_query": "DROP TABLE regress_canary"}']) o;
SELECT count(*) FROM riskml.models WHERE model = 'regress_k';
RESET ROLE;
SELECT action, model, from_version, to_version, detail, reason FROM riskml.audit_log WHERE model IN ('regress_d', 'regress_i') AND action LIKE '%baseline' ORDER BY seq;
SELECT count(*) FROM riskml.verify_audit();
-- labels of categories: a row with one that the model does not know has no score, and fails nothing
SET ROLE regress_owner;
SELECT riskml.import_model('regress_l', pg_temp.cat_model('[3, 4, 0]', cats => pg_temp.cats()));
SELECT riskml.set_baseline('regress_l', $$SELECT (ARRAY['own', 'rent', ''])[1 + i % 3] AS home, 7 AS region, i AS income FROM generate_series(1, 100) i$$);
SELECT column_name, kind, null_rate, min_value, max_value, unseen, unseen_rate, status, reason
FROM riskml.drift_report('regress_l', $$SELECT (ARRAY['own', 'castle', NULL])[1 + i % 3]::char(10) AS home, 7 AS region, i AS income FROM generate_series(1, 90) i$$);
SELECT pg_temp.try($$SELECT count(risk_score('regress_l', s)) FROM (SELECT 'castle' AS home, 7 AS region, 1 AS income) s$$);
RESET ROLE;
-- several outputs: a line for each, and a name for them that the query does not have
SET ROLE regress_owner;
SELECT riskml.import_model('regress_c', replace(replace(replace(pg_temp.tiny_model(objective => 'multi:softprob'), '"num_class": "0"', '"num_class": "3"'), '"tree_info": [0, 0]', '"tree_info": [0, 2], "iteration_indptr": [0, 2]'),
	'"reg_loss_param": {"scale_pos_weight": "1"}', '"softmax_multiclass_param": {"num_class": "3"}'));
SELECT riskml.set_baseline('regress_c', 'SELECT *, id AS scores, id AS scores_0 FROM regress_loans');
SELECT column_name, role, rows, min_value, max_value, s.*, psi, status FROM riskml.drift_report('regress_c', 'TABLE regress_loans'),
	LATERAL (SELECT min(p[right(column_name, 2)::"char"::text::int]), max(p[right(column_name, 2)::"char"::text::int]) FROM (SELECT risk_scores('regress_c', l) AS p FROM regress_loans l OFFSET 0) x) s WHERE role = 'score';
RESET ROLE;
-- dropped with the version
SELECT riskml.drop_alias('regress_d', 'production', 'r'), riskml.drop_version('regress_d', 1), riskml.drop_alias('regress_d', 'staging', 'r');
SELECT v.version FROM riskml.model_baseline v JOIN riskml.model USING (model_id) WHERE name = 'regress_d';
SELECT pg_temp.drop_models('regress_c', 'regress_d', 'regress_i', 'regress_j', 'regress_l');
SELECT count(*) FROM riskml.model_baseline;
SELECT alive FROM regress_canary;

REVOKE EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM regress_owner;
DROP TABLE regress_old, regress_new, regress_names, regress_canary, regress_loans;
DROP SEQUENCE regress_runs;
DROP ROLE regress_owner, regress_scorer, regress_other;
