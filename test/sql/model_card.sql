-- What a model is for, and model cards: what they say, of what kinds of versions, to whom, whatever is in names and texts.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
\t on
\pset format unaligned
SET client_min_messages = error;
CREATE ROLE regress_maker;
CREATE ROLE regress_scorer;
CREATE ROLE regress_exporter;
CREATE ROLE regress_other;
GRANT EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) TO regress_maker;
-- a card without what differs from run to run: times, and who runs the tests
CREATE FUNCTION pg_temp.card(ref text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(regexp_replace(riskml.model_card(ref), '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', '<time>', 'g'), session_user, '<me>') $$;
CREATE FUNCTION pg_temp.section(ref text, heading text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line FROM string_to_table(split_part(split_part(pg_temp.card(ref), E'\n## ' || heading || E'\n', 2), E'\n## ', 1), E'\n') line WHERE line <> '' $$;

-- ---- the purpose
SET ROLE regress_maker;
SELECT riskml.import_model('regress_c', pg_temp.tiny_model(i), comment => 'shift ' || i) FROM generate_series(0, 2) i;
SELECT pg_temp.section('regress_c', 'Purpose');
SELECT riskml.set_purpose('regress_c', 'Ranks loans.', 'MR-1');
SELECT riskml.set_purpose('regress_c', 'Ranks loans.', 'the same again, which is no change');
SELECT riskml.set_purpose('regress_c', E'Ranks loans of people.\n\nNot for firms.');
SELECT pg_temp.section('regress_c@2', 'Purpose');
SELECT pg_temp.try($$SELECT riskml.set_purpose('regress_c', E' \n\t')$$);
SELECT pg_temp.try($$SELECT riskml.set_purpose(NULL, 'x')$$);
SELECT pg_temp.try($$SELECT riskml.set_purpose('regress_none', 'x')$$);
SELECT pg_temp.try($$SELECT riskml.set_purpose('regress_c', 'x', ' ')$$);
SET ROLE regress_other;
SELECT pg_temp.try($$SELECT riskml.set_purpose('regress_c', 'x')$$);
RESET ROLE;
SELECT action, detail, reason FROM riskml.audit_log WHERE model = 'regress_c' AND action = 'set_purpose' ORDER BY seq;
SELECT riskml.set_purpose('regress_c', NULL, 'no more');
SELECT pg_temp.section('regress_c', 'Purpose');
SELECT action, detail, reason FROM riskml.audit_log WHERE model = 'regress_c' ORDER BY seq DESC LIMIT 1;

-- ---- a version that was imported
SET ROLE regress_maker;
SELECT riskml.set_purpose('regress_c', 'Ranks loans.');
SELECT riskml.set_baseline('regress_c@2', 'SELECT 40 + i AS income, nullif(i, 3) AS debt, 20 AS age FROM generate_series(1, 4) i');
SELECT riskml.promote('regress_c', 2, 'MR-2');
SELECT pg_temp.card('regress_c@2');
SELECT pg_temp.try($$SELECT riskml.model_card('regress_none')$$);
SELECT pg_temp.try($$SELECT riskml.model_card('regress_c@none')$$);
SELECT pg_temp.try($$SELECT riskml.model_card('regress_c@9')$$);
SELECT riskml.model_card(NULL) IS NULL;

-- ---- a version that was trained: what model_training has
RESET ROLE;
INSERT INTO riskml.model_training (model_id, version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, data_hash, rounds, best_iteration, best_score, metrics, folds, libraries,
		timings, run_id, step, trained_by, login_role, started_at, finished_at)
SELECT model_id, 3, E'SELECT income, debt, age, bad\nFROM loans', 'bad', '{"seed": 7, "num_boost_round": 100, "early_stopping_rounds": 10, "validation": "0.2", "folds": 3, "monotone_constraints": {"age": -1}}',
	'{"objective": "binary:logistic", "eta": 0.1, "eval_metric": ["auc", "logloss"], "monotone_constraints": "(1,0,0)"}', 1000, 200, 500, sha256(''), 3, 1, 0.7123456789,
	'{"train": {"auc": [0.7, 0.8123456789, 0.82], "logloss": [0.69, 0.61, 0.6]}, "validation": {"auc": [0.6, 0.7123456789, 0.7], "logloss": [0.68, 0.62, null]}}',
	'{"round": 1, "validation": {"auc": [0.71, 0.72, 0.75]}, "train": {"auc": [0.8, 0.81, null]}, "mean": {}, "std": {}}',
	'{"xgboost": "1.7.4", "riskml": "0.1.0"}', '{"boost": 1.5}', 12, 'train', 'regress_maker', 'regress_login', '2026-01-01 10:00+05', '2026-01-01 10:01+05'
FROM riskml.model WHERE name = 'regress_c';
SELECT s, line FROM unnest('{Data,Inputs,Parameters,Metrics,Lineage}'::text[]) s, pg_temp.section('regress_c@3', s) line;

-- ---- who sees what
SELECT riskml.grant_model('regress_c', 'regress_scorer'), riskml.grant_model('regress_c', 'regress_exporter', p) FROM unnest('{score,export}'::text[]) p;
SET ROLE regress_scorer;
SELECT s, line FROM unnest('{Data,Lineage}'::text[]) s, pg_temp.section('regress_c@3', s) line;
SELECT pg_temp.card('regress_c@3') ~ 'loans$|bad|e3b0c4|regress_login|MR-|set_alias';
SET ROLE regress_other;
SELECT pg_temp.try($$SELECT riskml.model_card('regress_c')$$);
RESET ROLE;

-- ---- gates and approvals
SET ROLE regress_maker;
SELECT pg_temp.section('regress_c@3', 'Gates');
SELECT riskml.set_gates('regress_c', '[{"name": "fits | well", "check": "metric", "metric": "rmse", "max": 1}, {"name": "no worse", "check": "champion", "metric": "rmse", "tolerance": 0.1, "confidence": 0.9}]',
	approval => 'manual', max_age => '30 days');
SELECT pg_temp.section('regress_c@3', 'Gates');
SELECT count(*) FROM riskml.run_gates('regress_c@3', 'SELECT 40 + i AS income, i AS debt, 20 + i AS age, 2 AS y FROM generate_series(1, 40) i', 'y');
SELECT regexp_replace(line, '(0\.\d{3})\d+', '\1', 'g') FROM pg_temp.section('regress_c@3', 'Gates') line;
SELECT pg_temp.section('regress_c@2', 'Gates');
SELECT pg_temp.section('regress_c@3', 'Approvals');
RESET ROLE;
INSERT INTO riskml.model_approval (model_id, version, definition, run_id, approved_by, login_role, approved_at, reason, withdrawn_by, withdrawn_at, withdrawn_reason)
SELECT m.model_id, 3, definition, r.run_id, a.who, a.who, '2026-01-01', a.reason, a.withdrawn_by, a.withdrawn_at, a.withdrawn_reason
FROM riskml.model m JOIN riskml.model_gates USING (model_id) JOIN riskml.gate_run r USING (model_id),
	(VALUES ('a', 'looked | at', 'b', '2026-01-02'::timestamptz, E'not\nso'), ('b', 'looked again', NULL, NULL, NULL)) a(who, reason, withdrawn_by, withdrawn_at, withdrawn_reason)
WHERE m.name = 'regress_c';
SET ROLE regress_maker;
SELECT pg_temp.section('regress_c@3', 'Approvals');
SELECT riskml.promote('regress_c', 3, 'the old one is worse', override => true);
SELECT line FROM pg_temp.section('regress_c@3', 'Lineage') line WHERE line ~ 'promote';

-- details are for those who may promote
SET ROLE regress_scorer;
SELECT regexp_replace(line, '(0\.\d{3})\d+', '\1', 'g') FROM pg_temp.section('regress_c@1', 'Gates') line WHERE line ~ 'FAILED|not run|Query|fits';
SELECT line ~ 'FAILED', line ~ 'must be' FROM pg_temp.section('regress_c@3', 'Gates') line WHERE line ~ 'fits.*metric.*0|generate_series';

-- ---- models of other kinds
RESET ROLE;
SELECT riskml.import_model('regress_linear', jsonb_set(jsonb_set(pg_temp.tiny_model()::jsonb, '{learner,gradient_booster}', '{"name": "gblinear", "model": {"weights": [1.5, -2, 0.25, 0], "boosted_rounds": 1}}'),
	'{learner,learner_model_param,num_feature}', '"3"')::text);
SELECT pg_temp.section('regress_linear', 'Inputs');
SELECT riskml.import_model('regress_labels', pg_temp.cat_model(), options => '{"categories": {"home": ["", "own", "rent", "other"]}}');
SELECT pg_temp.section('regress_labels', s) FROM unnest('{Inputs,Parameters}'::text[]) s;
SELECT riskml.import_model('regress_wide', replace(pg_temp.tiny_model(0, (SELECT array_agg('f_' || i ORDER BY i) FROM generate_series(1, 1000) i)), '"num_feature": "3"', '"num_feature": "1000"'));
SELECT count(*), min(line) FILTER (WHERE line LIKE '%more%') FROM pg_temp.section('regress_wide', 'Inputs') line;
SELECT line FROM pg_temp.section('regress_wide', 'Inputs') line LIMIT 6;
SELECT riskml.set_baseline('regress_wide', format('SELECT %s', (SELECT string_agg(i || ' AS f_' || i, ', ') FROM generate_series(1, 1000) i)));
SELECT count(*), min(line) FILTER (WHERE line LIKE '%more%') FROM pg_temp.section('regress_wide', 'Data') line;
SELECT line FROM pg_temp.section('regress_wide', 'Data') line OFFSET 1 LIMIT 5;
SELECT riskml.import_model('regress_recipe', pg_temp.tiny_model(0, '{}'), recipe => '[
	{"feature": "filled", "op": "impute", "input": "income", "strategy": "constant", "value": 1, "output": false},
	{"feature": "income", "op": "log1p", "input": "filled"}, {"feature": "both", "op": "ratio", "input": ["debt", "income"]}, {"feature": "age", "op": "pass"}]');
SELECT pg_temp.section('regress_recipe', 'Inputs');
SELECT riskml.grant_model('regress_recipe', 'regress_scorer'), riskml.grant_model('regress_recipe', 'regress_exporter', p) FROM unnest('{score,export}'::text[]) p;
SET ROLE regress_scorer;
SELECT line FROM pg_temp.section('regress_recipe', 'Inputs') line OFFSET 5;
SET ROLE regress_exporter;
SELECT count(*) FROM pg_temp.section('regress_recipe', 'Inputs') line;
RESET ROLE;

-- ---- whatever is in names and texts, it stays where it is put
SELECT riskml.import_model('regress|`<b>*x*</b>`&amp;[l](javascript:x)', pg_temp.tiny_model(0, ARRAY['a|b`', '<script>x</script>', E'x\ny']),
	comment => E'# h1\n\n<img src=x>\n```\n| a | b |\n|---|---|\n~~x~~ [a](b) ![i](j) <!-- `` &lt; \\');
SELECT riskml.set_purpose('regress|`<b>*x*</b>`&amp;[l](javascript:x)', E'# heading\n\n## two\n- item\n+ item\n* item\n1. one\n2) two\n3.5 is a number\n    code\n```\nfence\n~~~\n> quote\nsetext\n===\n---\n<div>\n|a|b|\nhttps://x.example and WWW.x.example', E'why | not\r\n# x');
SELECT pg_temp.card('regress|`<b>*x*</b>`&amp;[l](javascript:x)');
INSERT INTO riskml.model_training (model_id, version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, data_hash, rounds, metrics, libraries, trained_by, login_role, started_at, finished_at, timings)
SELECT model_id, 1, E'SELECT 1 -- ```` </code>\n````\n# out', '|', '{"validation": "a|`<b>"}', '{"a|b": "<x>|`"}', 1, 0, 1, sha256(''), 1, '{"train": {"a|`<b>": [1e-30, "<b>"]}}', '{"x|<y>": "|"}', '|<b>', '|', now(), now(), '{}'
FROM riskml.model WHERE name LIKE 'regress|%';
SELECT s, line FROM unnest('{Data,Parameters,Metrics}'::text[]) s, pg_temp.section('regress|`<b>*x*</b>`&amp;[l](javascript:x)', s) line;

-- ---- no setting changes it
CREATE SCHEMA regress_hostile;
CREATE FUNCTION regress_hostile.wrong(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR regress_hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_hostile.wrong);
CREATE FUNCTION regress_hostile.round(numeric, int) RETURNS numeric LANGUAGE sql AS 'SELECT 0.0';
CREATE TEMP TABLE before AS SELECT ref, riskml.model_card(ref) AS card FROM unnest('{regress_c@2,regress_c@3,regress_linear,regress_wide}'::text[]) ref;
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET quote_all_identifiers = on;
SET jit = off;
SET enable_sort = off;
SET enable_hashagg = off;
SET search_path = regress_hostile, pg_catalog;
SELECT count(*) FROM pg_temp.before WHERE card OPERATOR(pg_catalog.<>) riskml.model_card(ref);
RESET ALL;
SET client_min_messages = error;
BEGIN READ ONLY;
SELECT count(*) FROM before WHERE card <> riskml.model_card(ref);
COMMIT;

-- ---- a model of the same name before it has no part in the history
SELECT riskml.import_model('regress_again', pg_temp.tiny_model(1), comment => 'the first one');
SELECT pg_temp.drop_models('regress_again');
SELECT riskml.import_model('regress_again', pg_temp.tiny_model(2), comment => 'the second one');
SELECT pg_temp.section('regress_again', 'Lineage');

SELECT pg_temp.drop_models('regress_c', 'regress_linear', 'regress_labels', 'regress_wide', 'regress_recipe', 'regress_again', 'regress|`<b>*x*</b>`&amp;[l](javascript:x)');
SELECT count(*) FROM riskml.model_training WHERE model_id NOT IN (SELECT model_id FROM riskml.model);
DROP SCHEMA regress_hostile CASCADE;
REVOKE ALL ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM regress_maker;
DROP ROLE regress_maker, regress_scorer, regress_exporter, regress_other;
