-- Gates: how they are defined, what each check finds, what a promotion asks for, approval by another role.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
\pset tuples_only on
\pset null (null)
CREATE TABLE regress_loans AS SELECT income, debt, age, income * 7 % 11 < 5 AS bad, (income * 7 % 11 < 5)::int AS y, 1 + age % 3 AS w, income / 10.0 AS loss,
		CASE WHEN age < 50 THEN 'north' WHEN age < 80 THEN 'south' END AS region
	FROM generate_series(10, 90, 10) income, generate_series(0, 20, 5) debt, generate_series(20, 90, 15) age;
CREATE FUNCTION pg_temp.run(model text, query text DEFAULT 'TABLE regress_loans', label text DEFAULT 'y', weight text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', gate, check_type, CASE WHEN passed THEN 'passed' ELSE 'FAILED' END, coalesce(round(value::numeric, 6)::text, '-'), coalesce(threshold::text, '-'), coalesce(champion::text, '-'), detail)
	FROM riskml.run_gates(model, query, label, weight) $$;
CREATE FUNCTION pg_temp.set(model text, gates text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format('SELECT riskml.set_gates(%L, %L)', model, gates)) $$;
SELECT riskml.import_model('regress_m', pg_temp.tiny_model(v, objective => 'binary:logistic')) FROM unnest('{0,0.1,-3}'::real[]) v;

-- ---- definitions
SELECT gates, pg_temp.set('regress_m', gates) FROM (VALUES ('{}'), ('"x"'), ('1'), ('[1]'), ('[[]]'), ('[{}]'), ('[{"check": "metric"}]'), ('[{"name": ""}]'), ('[{"name": 1}]'), ('[{"name": " a"}]'), ('[{"name": "a\nb"}]'),
	('[{"name": "a"}]'), ('[{"name": "a", "check": "metrik"}]'), ('[{"name": "a", "check": "metric"}]'), ('[{"name": "a", "check": "metric", "metric": "auk", "min": 1}]'),
	('[{"name": "a", "check": "metric", "metric": "auc"}]'), ('[{"name": "a", "check": "metric", "metric": "auc", "mn": 1}]'), ('[{"name": "a", "check": "metric", "metric": "auc", "min": "NaN"}]'),
	('[{"name": "a", "check": "metric", "metric": "auc", "min": 1e999}]'), ('[{"name": "a", "check": "metric", "metric": "auc", "min": 0.8, "max": 0.7}]'), ('[{"name": "a", "check": "metric", "metric": "auc", "min": null}]'),
	('[{"name": "a", "check": "metric", "metric": "auc", "min": 1}, {"name": "a", "check": "psi", "max": 1}]'),
	('[{"name": "c", "check": "champion"}]'), ('[{"name": "c", "check": "champion", "metric": "f1"}]'), ('[{"name": "c", "check": "champion", "metric": "auc", "tolerance": -0.1}]'),
	('[{"name": "c", "check": "champion", "metric": "auc", "confidence": 0}]'), ('[{"name": "c", "check": "champion", "metric": "auc", "confidence": 0.5}]'), ('[{"name": "c", "check": "champion", "metric": "auc", "confidence": 1}]'),
	('[{"name": "c", "check": "champion", "metric": "auc", "replicates": 1.5}]'), ('[{"name": "p", "check": "psi"}]'), ('[{"name": "p", "check": "psi", "max": -1}]'), ('[{"name": "p", "check": "psi", "max": 1, "bins": 1}]'),
	('[{"name": "p", "check": "psi", "max": 1, "against": "base"}]'), ('[{"name": "p", "check": "psi", "max": 1, "against": "baseline", "bins": 5}]'),
	('[{"name": "s", "check": "segment", "metric": "auc", "min": 1}]'), ('[{"name": "s", "check": "segment", "column": 1, "metric": "auc", "min": 1}]'), ('[{"name": "s", "check": "segment", "column": "region", "metric": "auc", "min": 1, "min_rows": 0}]'),
	('[{"name": "m", "check": "monotone"}]'), ('[{"name": "m", "check": "monotone", "inputs": []}]'), ('[{"name": "m", "check": "monotone", "inputs": {}}]'), ('[{"name": "m", "check": "monotone", "inputs": {"income": "up"}}]'),
	('[{"name": "m", "check": "monotone", "inputs": {"income": 0}}]'), ('[{"name": "m", "check": "monotone", "inputs": {"income": 1}, "points": 1}]'), ('[{"name": "m", "check": "monotone", "inputs": {"income": 1}, "max": 1}]'),
	('[{"name": "k", "check": "calibration"}]'), ('[{"name": "k", "check": "calibration", "max": 0.1, "metric": "brier"}]')) v(gates);
SELECT pg_temp.set('regress_m', (SELECT jsonb_agg(jsonb_build_object('name', i::text, 'check', 'psi', 'max', 1))::text FROM generate_series(1, 101) i));
SELECT pg_temp.try(c) FROM unnest(ARRAY['SELECT riskml.set_gates(NULL, ''[]'')', 'SELECT riskml.set_gates(''regress_none'', ''[]'')', 'SELECT riskml.set_gates(''regress_m'', ''[]'', ''none'')',
	'SELECT riskml.set_gates(''regress_m'', ''[]'', max_age => ''0'')', 'SELECT riskml.set_gates(''regress_m'', ''[]'', max_age => ''-1 day'')',
	'SELECT riskml.run_gates(''regress_m'', ''TABLE regress_loans'', ''y'')', 'SELECT riskml.approve(''regress_m'', ''x'')', 'SELECT riskml.withdraw_approval(''regress_m'', ''x'')']) c;
SELECT count(*) FROM riskml.gates;

-- ---- each check, on a version that is alike and on one that is not
SELECT riskml.set_gates('regress_m', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.4}, {"name": "between", "check": "metric", "metric": "log_loss", "min": 0.1, "max": 1.3}, {"name": "rows", "check": "metric", "metric": "rows", "min": 200},
	{"name": "no loss", "check": "champion", "metric": "auc", "tolerance": 0.05}, {"name": "log_loss", "check": "champion", "metric": "log_loss", "tolerance": 0.1, "confidence": 0.9, "replicates": 200},
	{"name": "psi", "check": "psi", "max": 3}, {"name": "regions", "check": "segment", "column": "region", "metric": "auc", "min": 0.45, "min_rows": 10},
	{"name": "monotone", "check": "monotone", "inputs": {"income": 1, "debt": -1, "age": 1}}, {"name": "calibrated", "check": "calibration", "max": 0.37, "bins": 5}]', reason => 'policy 7');
SELECT position, gate, check_type, approval, max_age FROM riskml.gates WHERE model = 'regress_m';
SELECT pg_temp.run('regress_m@2');
SELECT pg_temp.run('regress_m@3');
-- with weights, and a boolean label
SELECT pg_temp.run('regress_m@2', label => 'bad', weight => 'w');
-- the champion itself
SELECT pg_temp.run('regress_m') WHERE true LIMIT 6;
-- the same numbers as the functions that it names
SELECT gate, r.value = (SELECT value FROM riskml.evaluate('regress_m@2', 'TABLE regress_loans', 'y') e WHERE e.metric = 'auc') AS same FROM riskml.run_gates('regress_m@2', 'TABLE regress_loans', 'y') r WHERE gate = 'auc'
UNION ALL SELECT gate, r.value = (SELECT high FROM riskml.compare('regress_m@1', 'regress_m@2', 'TABLE regress_loans', 'y', replicates => 200, confidence => 0.8) e WHERE e.metric = 'log_loss') FROM riskml.run_gates('regress_m@2', 'TABLE regress_loans', 'y') r WHERE gate = 'log_loss';
-- the order of rows does not show
SELECT count(*) FROM (SELECT * FROM riskml.run_gates('regress_m@2', 'TABLE regress_loans', 'y') EXCEPT SELECT * FROM riskml.run_gates('regress_m@2', 'SELECT * FROM regress_loans ORDER BY age DESC, debt, income', 'y')) d;
-- no rows, one class, no label, a column that is not there, a query that fails: each gate says so
SELECT pg_temp.run('regress_m@2', 'SELECT * FROM regress_loans WHERE false');
SELECT pg_temp.run('regress_m@2', 'SELECT * FROM regress_loans WHERE y = 1');
SELECT pg_temp.run('regress_m@2', 'SELECT *, NULL::int AS none FROM regress_loans', 'none') LIMIT 1;
SELECT pg_temp.run('regress_m@2', 'SELECT income, debt, age, y FROM regress_loans') LIMIT 9;
SELECT pg_temp.run('regress_m@2', 'SELECT income, age, y, region FROM regress_loans') LIMIT 9;
SELECT pg_temp.run('regress_m@2', 'SELECT income, debt, age, 1 / (income - 20) AS y, region FROM regress_loans') LIMIT 9;
-- what is refused as a whole, and leaves nothing
SELECT max(run_id) AS last FROM riskml.gate_results \gset
SELECT pg_temp.try(format('SELECT riskml.run_gates(%L, %L, %L, %L)', m, q, l, w)) FROM (VALUES ('regress_m@2', 'DELETE FROM regress_loans RETURNING *', 'y', NULL), ('regress_m@2', 'SELECT 1 AS y; SELECT 2', 'y', NULL), ('regress_m@2', 'TABLE nowhere', 'y', NULL),
	('regress_m@2', 'WITH d AS (DELETE FROM regress_loans RETURNING *) TABLE d', 'y', NULL), ('regress_m@2', 'TABLE regress_loans', 'x', NULL), ('regress_m@2', 'TABLE regress_loans', 'region', NULL), ('regress_m@2', 'TABLE regress_loans', 'y', 'region'),
	('regress_m@9', 'TABLE regress_loans', 'y', NULL), ('regress_m@shadow', 'TABLE regress_loans', 'y', NULL), ('regress_none', 'TABLE regress_loans', 'y', NULL), ('regress_m@2', NULL, 'y', NULL), ('regress_m@2', 'TABLE regress_loans', NULL, NULL), (NULL, 'TABLE regress_loans', 'y', NULL)) v(m, q, l, w);
SELECT max(run_id) = :last AS nothing FROM riskml.gate_results;
BEGIN TRANSACTION READ ONLY;
SELECT pg_temp.run('regress_m@2') LIMIT 1;
ROLLBACK;
-- functions in a query write no more than the query does
CREATE FUNCTION pg_temp.writes(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE regress_loans SET w = 99; RETURN $1; END $$;
SELECT pg_temp.run('regress_m@2', 'SELECT income, debt, age, pg_temp.writes(y) AS y FROM regress_loans') LIMIT 1;
SELECT pg_temp.run('regress_m@2', 'SELECT income, debt, age, y, pg_temp.writes(w) AS region FROM regress_loans') OFFSET 6 LIMIT 1;
SELECT max(w) < 99 AS untouched FROM regress_loans;
-- a name of ours in the query's columns, quotes, a weight that is bad
SELECT pg_temp.run('regress_m@2', 'SELECT income, debt, age, y AS "la""bel", region, 1 AS source, 2 AS score, 3 AS segment, 4 AS rows, 5 AS r, 6 AS s, 7 AS step, 8 AS value FROM regress_loans', 'la"bel') LIMIT 9;
SELECT pg_temp.run('regress_m@2', 'SELECT *, -1 AS bad_weight FROM regress_loans', 'y', 'bad_weight') LIMIT 1;

-- ---- segments: NULL is one, small ones are left out
SELECT riskml.set_gates('regress_m', '[{"name": "least", "check": "segment", "column": "region", "metric": "rows", "min": 1, "min_rows": 50}, {"name": "most", "check": "segment", "column": "region", "metric": "rows", "max": 80, "min_rows": 1},
	{"name": "none", "check": "segment", "column": "region", "metric": "rows", "min": 1, "min_rows": 1000}, {"name": "json", "check": "segment", "column": "j", "metric": "rows", "min": 1}, {"name": "no metric", "check": "segment", "column": "region", "metric": "rmse", "min": 1}]');
SELECT pg_temp.run('regress_m@2', 'SELECT *, ''1''::json AS j FROM regress_loans');
-- ---- monotone: one input of several goes the wrong way; NULL and NaN are no points; names fold as in scoring
SELECT riskml.set_gates('regress_m', '[{"name": "wrong", "check": "monotone", "inputs": {"age": -1}}, {"name": "some", "check": "monotone", "inputs": {"income": 1, "debt": 1}, "max": 0.5}, {"name": "few", "check": "monotone", "inputs": {"debt": 1}, "rows": 10, "points": 2},
	{"name": "unknown", "check": "monotone", "inputs": {"incom": 1}}, {"name": "not read", "check": "monotone", "inputs": {"region": 1}}]');
SELECT pg_temp.run('regress_m@2', 'SELECT income, debt, nullif(age, 50)::float8 AS "Age", y, region FROM regress_loans UNION ALL SELECT 10, 5, ''NaN'', 1, NULL');
-- an input that does not move
SELECT pg_temp.run('regress_m@2', q) FROM unnest('{"SELECT income, debt, NULL::int AS age, y FROM regress_loans","SELECT income, 5 AS debt, ''NaN''::float8 AS age, y FROM regress_loans"}'::text[]) q;
-- ---- other kinds of models: regression, several classes, against a baseline, other inputs than the champion
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(v)) FROM unnest('{0,0.5}'::real[]) v;
SELECT riskml.set_gates('regress_r', '[{"name": "rmse", "check": "metric", "metric": "rmse", "max": 6}, {"name": "auc", "check": "metric", "metric": "auc", "min": 0.5}, {"name": "mae", "check": "champion", "metric": "mae", "tolerance": 0.1, "replicates": 100}, {"name": "no auc", "check": "champion", "metric": "auc"},
	{"name": "psi", "check": "psi", "max": 3, "against": "baseline"}, {"name": "calibrated", "check": "calibration", "max": 0.1}, {"name": "monotone", "check": "monotone", "inputs": {"income": 1}}, {"name": "regions", "check": "segment", "column": "region", "metric": "rmse", "max": 6}]');
SELECT pg_temp.run('regress_r@2', label => 'loss');
SELECT riskml.set_baseline('regress_r@2', 'TABLE regress_loans');
SELECT pg_temp.run('regress_r@2', label => 'loss') OFFSET 4 LIMIT 1;
SELECT pg_temp.run('regress_r@2', 'SELECT * FROM regress_loans WHERE income > 20', label => 'loss') OFFSET 4 LIMIT 1;
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(0, '{income,debt,years}'));
SELECT pg_temp.run('regress_r@3', 'SELECT *, age AS years FROM regress_loans', label => 'loss') LIMIT 3;
SELECT pg_temp.run('regress_r@3', 'SELECT income, debt, loss, age AS years, region FROM regress_loans', label => 'loss') LIMIT 3;
SELECT riskml.import_model('regress_c', replace(replace(replace(pg_temp.tiny_model(v, objective => 'multi:softprob'), '"num_class": "0"', '"num_class": "3"'), '"tree_info": [0, 0]', '"tree_info": [0, 2], "iteration_indptr": [0, 2]'),
	'"reg_loss_param": {"scale_pos_weight": "1"}', '"softmax_multiclass_param": {"num_class": "3"}')) FROM unnest('{0,0.5}'::real[]) v;
SELECT riskml.set_gates('regress_c', '[{"name": "accuracy", "check": "metric", "metric": "accuracy", "min": 0.1}, {"name": "no worse", "check": "champion", "metric": "accuracy", "tolerance": 0.1, "replicates": 100}, {"name": "psi", "check": "psi", "max": 9}, {"name": "monotone", "check": "monotone", "inputs": {"income": 1}},
	{"name": "calibrated", "check": "calibration", "max": 0.1}, {"name": "regions", "check": "segment", "column": "region", "metric": "log_loss", "max": 3}, {"name": "baseline", "check": "psi", "max": 9, "against": "baseline"}]');
SELECT riskml.set_baseline('regress_c@2', 'SELECT * FROM regress_loans WHERE income > 20');
SELECT pg_temp.run('regress_c@2', 'SELECT *, w - 1 AS class FROM regress_loans', 'class');
SELECT pg_temp.run('regress_c@2', label => 'w') LIMIT 2;
-- a model that cannot be judged by a label
SELECT riskml.import_model('regress_x', pg_temp.tiny_model(v, objective => 'survival:cox')) FROM unnest('{0,0.5}'::real[]) v;
SELECT riskml.set_gates('regress_x', '[{"name": "rows", "check": "metric", "metric": "rows", "min": 1}, {"name": "psi", "check": "psi", "max": 5}, {"name": "monotone", "check": "monotone", "inputs": {"income": 1}}]');
SELECT pg_temp.run('regress_x@2', label => 'loss');
SELECT pg_temp.run('regress_x@2', 'SELECT *, NULL::int AS nothing FROM regress_loans', 'nothing');
SELECT pg_temp.run('regress_x@2', 'SELECT *, 1 / (income - 20) AS bad_label FROM regress_loans', 'bad_label');
SELECT DISTINCT rows FROM riskml.gate_results WHERE model = 'regress_x' ORDER BY 1;
-- a recipe: its columns are the inputs, and the champion has none
SELECT riskml.import_model('regress_p', pg_temp.tiny_model(v, '{income,debt,age}', 'binary:logistic')) FROM unnest('{0,0.5}'::real[]) v;
SELECT riskml.import_model('regress_p', pg_temp.tiny_model(0, '{income,debt,age}', 'binary:logistic'),
	recipe => '[{"feature": "income", "op": "ratio", "input": ["salary", "months"]}, {"feature": "debt", "op": "pass", "input": "debt"}, {"feature": "age", "op": "age_days", "input": "born", "reference": "2026-01-01", "time_zone": "Europe/Berlin"}]');
SELECT riskml.set_gates('regress_p', '[{"name": "no worse", "check": "champion", "metric": "auc", "tolerance": 0.01}, {"name": "psi", "check": "psi", "max": 0.1}, {"name": "monotone", "check": "monotone", "inputs": {"salary": 1, "months": -1, "born": -1}}, {"name": "feature", "check": "monotone", "inputs": {"income": 1}}]');
SELECT pg_temp.run('regress_p@3', 'SELECT *, income * 10.0 AS salary, 9 + debt / 10 AS months, date ''2026-01-01'' - age AS born FROM regress_loans');
-- a sample does not depend on the order of rows
SELECT riskml.set_gates('regress_m', '[{"name": "some", "check": "monotone", "inputs": {"debt": 1}, "rows": 40, "points": 3}]');
SELECT pg_temp.run('regress_m@2', q) FROM unnest('{TABLE regress_loans,SELECT * FROM regress_loans ORDER BY age DESC\, income\, debt DESC}'::text[]) q;
-- a cancel is none of the checks'
SET statement_timeout = 100;
\set VERBOSITY sqlstate
SELECT riskml.run_gates('regress_m@2', 'SELECT * FROM regress_loans, pg_sleep(10)', 'y');
\set VERBOSITY default
RESET statement_timeout;

-- ---- promotion
SELECT riskml.set_gates('regress_m', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.4}, {"name": "no loss", "check": "champion", "metric": "auc", "tolerance": 0.05}]', reason => 'simpler');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 2, 'x')$$);
SELECT version, gate, obstacle, detail FROM riskml.obstacles WHERE model = 'regress_m' ORDER BY version, position;
SELECT pg_temp.run('regress_m@3', 'SELECT * FROM regress_loans WHERE y = 1');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 3, 'x')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_m', 'production', 3, 'x')$$);
SELECT pg_temp.try($$SELECT riskml.import_model('regress_m', pg_temp.tiny_model(-3, objective => 'binary:logistic'), alias => 'production')$$);
SELECT pg_temp.try($$SELECT riskml.import_model('regress_m', pg_temp.tiny_model(7, objective => 'binary:logistic'), alias => 'production')$$);
-- other aliases are free, and the version that is there already
SELECT riskml.set_alias('regress_m', 'shadow', 3, 'x'), riskml.promote('regress_m', 1, 'as it is');
SELECT pg_temp.run('regress_m@2');
SELECT riskml.promote('regress_m', 2, 'passed');
-- the champion is another now; rollback is free
SELECT pg_temp.run('regress_m@1');
SELECT riskml.rollback('regress_m', reason => 'emergency');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 3, 'x')$$);
SELECT riskml.promote('regress_m', 2, 'its run was against version 1');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 1, 'its run was against version 2')$$);
SELECT riskml.rollback('regress_m', reason => 'emergency');
-- without a champion
SELECT riskml.drop_alias('regress_m', 'production', 'x');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 2, 'x')$$);
SELECT pg_temp.try($$SELECT riskml.import_model('regress_m', pg_temp.tiny_model(7, objective => 'binary:logistic'), alias => 'production')$$);
SELECT pg_temp.run('regress_m@2');
SELECT riskml.promote('regress_m', 2, 'x');
-- gates are changed: one added; a run that is too old; the same definition again changes nothing
SELECT pg_temp.run('regress_m@1');
SELECT riskml.set_gates('regress_m', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.40}, {"name": "no loss", "check": "champion", "metric": "auc", "tolerance": 0.05}]');
BEGIN;
SELECT riskml.promote('regress_m', 1, 'x');
ROLLBACK;
SELECT riskml.set_gates('regress_m', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.4}, {"name": "no loss", "check": "champion", "metric": "auc", "tolerance": 0.05}, {"name": "rows", "check": "metric", "metric": "rows", "min": 10}]');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 1, 'x')$$);
SELECT pg_temp.run('regress_m@1');
SELECT riskml.set_gates('regress_m', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.4}, {"name": "no loss", "check": "champion", "metric": "auc", "tolerance": 0.05}, {"name": "rows", "check": "metric", "metric": "rows", "min": 10}]', max_age => '1 microsecond');
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 1, 'x')$$);
SELECT DISTINCT latest, counts FROM riskml.gate_results WHERE model = 'regress_m' AND version = 1 ORDER BY 1;
-- override
SELECT pg_temp.try($$SELECT riskml.promote('regress_m', 1, NULL, override => true)$$);
SELECT riskml.promote('regress_m', 1, 'the board said so', override => true);
SELECT riskml.promote('regress_r', 2, 'nothing to override but what failed', true);
SELECT model, action, alias, from_version, to_version, detail, reason FROM riskml.audit_log WHERE model IN ('regress_m', 'regress_r') AND (action IN ('set_gates', 'promote') OR action = 'run_gates' AND to_version = 3) ORDER BY seq;
-- gates that are removed
SELECT riskml.set_gates('regress_m', NULL, reason => 'no more');
SELECT riskml.promote('regress_m', 3, 'free');
SELECT count(*) FROM riskml.gates WHERE model = 'regress_m';
SELECT detail, reason FROM riskml.audit_log WHERE action = 'set_gates' ORDER BY seq DESC LIMIT 1;

-- ---- approval
CREATE ROLE regress_maker;
CREATE ROLE regress_team;
CREATE ROLE regress_checker;
CREATE ROLE regress_reader;
GRANT regress_team TO regress_maker, regress_checker;
GRANT EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) TO regress_maker, regress_team;
GRANT SELECT ON regress_loans TO regress_maker, regress_team, regress_checker;
CREATE FUNCTION pg_temp.as(login text, acting text, command text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		result text;
	BEGIN
		EXECUTE format('SET SESSION AUTHORIZATION %I', login);
		EXECUTE format('SET ROLE %I', acting);
		result := pg_temp.try(command);
		RESET ROLE;
		RESET SESSION AUTHORIZATION;
		RETURN result;
	END $$;
SELECT pg_temp.as('regress_maker', 'regress_team', format($$SELECT string_agg(riskml.import_model('regress_a', m)::text, ' ') FROM unnest(%L::text[]) m$$, (SELECT array_agg(pg_temp.tiny_model(v, objective => 'binary:logistic')) FROM unnest('{0,0.1,0.2}'::real[]) v)));
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.set_gates('regress_a', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.4}]', 'manual')$$);
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.grant_model('regress_a', 'regress_checker', 'promote'), riskml.grant_model('regress_a', 'regress_reader')$$);
-- needs the privileges promote and score
SELECT pg_temp.as('regress_reader', 'regress_reader', $$SELECT riskml.run_gates('regress_a@2', 'TABLE regress_loans', 'y')$$);
REVOKE regress_team FROM regress_checker;
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.run_gates('regress_a@2', 'TABLE regress_loans', 'y')$$);
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.grant_model('regress_a', 'regress_checker')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.set_gates('regress_a', NULL)$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.run_gates('regress_a@2', 'SELECT * FROM regress_loans, pg_authid', 'y')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.run_gates('regress_a@2', 'TABLE regress_loans', 'y')$$);
GRANT regress_team TO regress_checker;
-- not by who made it, in whatever role, nor as the role that it was made in
SELECT login, acting, pg_temp.as(login, acting, $$SELECT riskml.approve('regress_a@2', 'fine')$$) FROM (VALUES ('regress_reader', 'regress_reader'), ('regress_maker', 'regress_maker'), ('regress_maker', 'regress_team'), ('regress_checker', 'regress_team')) v(login, acting);
GRANT regress_checker TO regress_maker;
SELECT pg_temp.as('regress_maker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'fine')$$);
REVOKE regress_checker FROM regress_maker;
-- trained by hand, or by a job that any member of its role may have made; here the rows of such trainings alone
BEGIN;
INSERT INTO riskml.model_training (model_id, version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, data_hash, rounds, metrics, libraries, timings, run_id, step, trained_by, login_role, started_at, finished_at)
SELECT model_id, 2, '', '', '{}', '{}', 0, 0, 0, '', 0, '{}', '{}', '{}', NULL, NULL, 'regress_checker', 'regress_reader', now(), now() FROM riskml.model WHERE name = 'regress_a';
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'fine')$$);
UPDATE riskml.model_training SET run_id = 1, trained_by = 'regress_team', login_role = 'regress_team' WHERE version = 2 AND login_role = 'regress_reader';
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'fine')$$);
REVOKE regress_team FROM regress_checker;
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'fine')$$);
ROLLBACK;
-- nor what was not run
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@3', 'fine')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', '')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.promote('regress_a', 2, 'x')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'fine')$$);
SELECT model, version, approved_by, login_role, reason, counts FROM riskml.approvals;
-- the same outcome again leaves it, another ends it, and that again does not bring it back
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.run_gates('regress_a@2', 'TABLE regress_loans', 'y')$$);
SELECT counts FROM riskml.approvals;
BEGIN;
SELECT riskml.promote('regress_a', 2, 'approved');
ROLLBACK;
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.run_gates('regress_a@2', 'SELECT * FROM regress_loans WHERE y = 0', 'y')$$);
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.run_gates('regress_a@2', 'TABLE regress_loans', 'y')$$);
SELECT counts FROM riskml.approvals;
SELECT pg_temp.as('regress_maker', 'regress_team', $$SELECT riskml.promote('regress_a', 2, 'x')$$);
-- withdrawn; gates set anew, and back
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'still fine')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.withdraw_approval('regress_a@2', 'on second thoughts')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.withdraw_approval('regress_a@2', 'again')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@2', 'fine after all')$$);
SELECT approved_by, reason, counts, withdrawn_by, withdrawn_reason FROM riskml.approvals ORDER BY approved_at;
SELECT riskml.set_gates('regress_a', '[]', 'manual');
SELECT model, position, gate, approval FROM riskml.gates WHERE model = 'regress_a';
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.promote('regress_a', 3, 'x')$$);
SELECT pg_temp.as('regress_checker', 'regress_checker', $$SELECT riskml.approve('regress_a@3', 'no gates to run')$$);
BEGIN;
SELECT riskml.promote('regress_a', 3, 'approved');
ROLLBACK;
SELECT riskml.set_gates('regress_a', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.4}]', 'manual');
SELECT version, counts FROM riskml.approvals ORDER BY approved_at;
SELECT riskml.promote('regress_a', 3, 'without approval', override => true);
SELECT to_version, regexp_replace(detail, '^run \d+', 'run n') AS detail FROM riskml.audit_log WHERE model = 'regress_a' AND action IN ('promote', 'approve', 'withdraw_approval') ORDER BY seq;
-- who sees the query and the details, in which values of rows may be
SELECT r, pg_temp.as(r, r, 'SELECT count(*) || '' '' || count(query) || '' '' || count(detail) || '', '' || (SELECT count(*) || '' '' || count(detail) FROM riskml.obstacles) FROM riskml.gate_results') FROM unnest('{regress_team,regress_checker,regress_reader}'::text[]) r;
CREATE ROLE regress_nobody;
SELECT pg_temp.as('regress_nobody', 'regress_nobody', 'SELECT (SELECT count(*) FROM riskml.gate_results) + (SELECT count(*) FROM riskml.gates) + (SELECT count(*) FROM riskml.approvals) + (SELECT count(*) FROM riskml.obstacles)');
SELECT t, pg_temp.as('regress_team', 'regress_team', format('SELECT count(*) FROM riskml.%I', t)) FROM unnest('{model_gates,gate_run,gate_result,model_approval,gate_standing,standing_approval,version_obstacle}'::text[]) t;

-- ---- what is dropped leaves nothing
SELECT riskml.set_alias('regress_a', 'staging', 3, 'x');
SELECT riskml.drop_version('regress_a', 2);
SELECT (SELECT count(*) FROM riskml.gate_run r JOIN riskml.model m USING (model_id) WHERE m.name = 'regress_a'), (SELECT count(*) FROM riskml.model_approval a JOIN riskml.model m USING (model_id) WHERE m.name = 'regress_a');
SELECT pg_temp.drop_models('regress_m', 'regress_r', 'regress_c', 'regress_x', 'regress_p', 'regress_a');
SELECT (SELECT count(*) FROM riskml.gate_run), (SELECT count(*) FROM riskml.gate_result), (SELECT count(*) FROM riskml.model_approval), (SELECT count(*) FROM riskml.model_gates);
SELECT * FROM riskml.verify_audit();
DROP TABLE regress_loans;
REVOKE ALL ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM regress_maker, regress_team;
DROP ROLE regress_maker, regress_team, regress_checker, regress_reader, regress_nobody;
