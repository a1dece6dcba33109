-- CALL riskml.train_model(): what it stores, and what it refuses before and while it trains.  What XGBoost does with rows is the suite "train".
\set VERBOSITY terse
CREATE TABLE loans AS
SELECT i AS id, (i * 37 % 101) / 10.0 AS income, (i * 53 % 89)::float8 AS debt, (i * 37 % 101) + (i * 53 % 89) * 2 > 140 AS bad FROM generate_series(1, 500) i;
CREATE ROLE regress_trainer;
GRANT SELECT ON loans TO regress_trainer;

-- a version with all that is known of it
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', '{"objective": "binary:logistic", "max_depth": 2, "eval_metric": ["auc", "logloss"]}',
	num_boost_round => 5, validation => 0.2, folds => 3, seed => 7, comment => 'first');
SELECT model, version, aliases, objective, features, trees, comment FROM riskml.models;
SELECT version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, length(data_hash), rounds, best_iteration, best_score, run_id, step, trained_by = current_user AS by_me,
	login_role = session_user AS for_me, finished_at > started_at AS took_time FROM riskml.trainings;
SELECT s.key AS rows_of, m.key AS metric, jsonb_array_length(m.value) AS rounds FROM riskml.trainings, jsonb_each(metrics) s, jsonb_each(s.value) m ORDER BY 1, 2;
SELECT s.key, m.key, jsonb_typeof(m.value), CASE jsonb_typeof(m.value) WHEN 'array' THEN jsonb_array_length(m.value) END AS n
FROM riskml.trainings, jsonb_each(folds - 'round') s, jsonb_each(s.value) m ORDER BY 1, 2;
SELECT folds->'round' AS round, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(libraries) k) AS libraries, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(timings) k) AS timings
FROM riskml.trainings;
SELECT action, alias, to_version, detail, reason FROM riskml.audit_log ORDER BY seq;
SELECT b.key, array_agg(d.key ORDER BY d.key) FROM jsonb_each(riskml.get_baseline('credit')) b, jsonb_each(b.value) d GROUP BY 1 ORDER BY 1;
SELECT rows, query FROM riskml.model_baselines;
SELECT feature, gain > 0 AS gains FROM riskml.model_features ORDER BY position;
SELECT count(*) FILTER (WHERE (risk_score('credit', l) > 0.5) = bad) > 400 AS learned FROM loans l;
SELECT count(*) FROM riskml.training_progress;

-- the same once more is the same version, whose training stays the first one's
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', '{"objective": "binary:logistic", "max_depth": 2, "eval_metric": ["auc", "logloss"]}',
	num_boost_round => 5, validation => '0.2', seed => 7, comment => 'again');
SELECT version, arguments->>'comment' AS comment, arguments->>'folds' AS folds FROM riskml.trainings;
SELECT action, count(*) FROM riskml.audit_log GROUP BY 1 ORDER BY 1;

-- early stopping; the NOTICE would tell numbers of a version of XGBoost, as those of progress would
SET client_min_messages = warning;
CALL riskml.train_model('credit', 'SELECT income, debt, bad, id % 5 = 0 AS held_out FROM loans', 'bad', '{"objective": "binary:logistic", "max_depth": 2}', 200, 3, 'held_out', alias => NULL);
SELECT validation_rows, rounds < 200 AS stopped, best_iteration < rounds AS earlier, best_score IS NOT NULL AS scored, (SELECT trees FROM riskml.models m WHERE m.version = t.version) = best_iteration + 1 AS cut,
	aliases FROM riskml.trainings t WHERE version = 2;
CALL riskml.train_model('quiet', 'SELECT income, debt, bad FROM loans', 'bad', num_boost_round => 2, progress => true, alias => 'trial');
RESET client_min_messages;
SELECT alias FROM riskml.audit_log WHERE model = 'quiet' AND action = 'set_alias' ORDER BY seq;

-- from PL/pgSQL, outside of a transaction block
DO $$
DECLARE
	v int;
BEGIN
	CALL riskml.train_model('quiet', 'SELECT income, debt, bad FROM loans', 'bad', num_boost_round => 3, version => v);
	RAISE NOTICE 'version %', v;
END $$;

-- refused
BEGIN;
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad');
ROLLBACK;
CREATE FUNCTION train() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v int;
BEGIN
	CALL riskml.train_model('quiet', 'SELECT income, debt, bad FROM loans', 'bad', version => v);
END $$;
SELECT train();
DO $$
DECLARE
	v int;
BEGIN
	CALL riskml.train_model('quiet', 'SELECT income, debt, bad FROM loans', 'bad', version => v);
EXCEPTION WHEN division_by_zero THEN
	NULL;
END $$;
CALL riskml.train_model(NULL, 'SELECT income, debt, bad FROM loans', 'bad');
CALL riskml.train_model('credit', NULL, 'bad');
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', NULL);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', NULL);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', '[]');
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', num_boost_round => 0);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', num_boost_round => NULL);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', early_stopping_rounds => 0);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', early_stopping_rounds => 5);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', folds => 1);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', features => '{}');
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', features => ARRAY['income', NULL]);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', monotone_constraints => '[1]');
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', validation => true);
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', alias => '1st');
CALL riskml.train_model('credit@1', 'SELECT income, debt, bad FROM loans', 'bad');
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM nowhere', 'bad');
CALL riskml.train_model('credit', 'SELECT 1 / (income - income) AS x, bad FROM loans', 'bad');
CREATE FUNCTION writes(int) RETURNS int LANGUAGE sql AS 'INSERT INTO loans (id) VALUES ($1) RETURNING 1';
CALL riskml.train_model('credit', 'SELECT income, writes(id) AS debt, bad FROM loans', 'bad');
SET default_transaction_read_only = on;
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad');
RESET default_transaction_read_only;
SET riskml.trainer_path = '/nowhere/riskml_trainer';
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad');
RESET riskml.trainer_path;
SET riskml.trainer_path = 'riskml_trainer';
SET riskml.trainer_memory = '1MB';

-- who may: EXECUTE is granted, and a model has an owner
SET ROLE regress_trainer;
CALL riskml.train_model('theirs', 'SELECT income, debt, bad FROM loans', 'bad');
RESET ROLE;
GRANT EXECUTE ON PROCEDURE riskml.train_model TO regress_trainer;
SET ROLE regress_trainer;
CALL riskml.train_model('theirs', 'SELECT income, debt, bad FROM loans', 'bad', num_boost_round => 2);
SELECT owner, imported_by FROM riskml.models;
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', num_boost_round => 2);
SET riskml.trainer_memory = '2GB';
SET riskml.trainer_path = '/bin/true';
SELECT model, query IS NOT NULL AS sees_query FROM riskml.trainings;
RESET ROLE;
SELECT riskml.grant_model('credit', 'regress_trainer');
SET ROLE regress_trainer;
SELECT DISTINCT model, query, label, arguments, data_hash, rows FROM riskml.trainings WHERE model = 'credit';
SELECT count(*) FROM riskml.model_training;
RESET ROLE;

-- gates: what cannot be promoted is not trained for it
SELECT riskml.set_gates('credit', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.6}]');
CALL riskml.train_model('credit', 'SELECT income, debt, bad FROM loans', 'bad', alias => 'production');

-- dropped with the version
SELECT riskml.drop_version('credit', 2);
SELECT version FROM riskml.trainings WHERE model = 'credit';
SELECT riskml.drop_alias('credit', a, 'test') FROM unnest('{production,staging}'::text[]) a;
SELECT riskml.drop_model('credit');
SELECT count(*) FROM riskml.model_training t WHERE NOT EXISTS (SELECT FROM riskml.model_version v WHERE v.model_id = t.model_id AND v.version = t.version);
SELECT count(*) FROM riskml.verify_audit();

DROP FUNCTION train(), writes(int);
DROP TABLE loans;
SELECT riskml.drop_alias(m, a, 'test') FROM (VALUES ('quiet', 'production'), ('quiet', 'staging'), ('quiet', 'trial'), ('theirs', 'production'), ('theirs', 'staging')) v(m, a);
SELECT riskml.drop_model(m) FROM unnest('{quiet,theirs}'::text[]) m;
REVOKE ALL ON PROCEDURE riskml.train_model FROM regress_trainer;
DROP ROLE regress_trainer;
