-- CALL riskml.train_model(): what it stores, and what it refuses before and while it trains.  What XGBoost does with rows is the suite "train".
\set VERBOSITY terse
CREATE TABLE regress_loans AS
SELECT i AS id, (i * 37 % 101) / 10.0 AS income, (i * 53 % 89)::float8 AS debt, (i * 37 % 101) + (i * 53 % 89) * 2 > 140 AS bad FROM generate_series(1, 500) i;
CREATE ROLE regress_trainer;
GRANT SELECT ON regress_loans TO regress_trainer;

-- a version with all that is known of it
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', '{"objective": "binary:logistic", "max_depth": 2, "eval_metric": ["auc", "logloss"]}',
	num_boost_round => 5, validation => 0.2, folds => 3, seed => 7, comment => 'first');
SELECT model, version, aliases, objective, features, trees, comment FROM riskml.models WHERE model ~ '^regress_(credit|quiet|theirs)';
SELECT version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, length(data_hash), rounds, best_iteration, best_score, run_id, step, trained_by = current_user AS by_me,
	login_role = session_user AS for_me, finished_at > started_at AS took_time FROM riskml.trainings WHERE model ~ '^regress_(credit|quiet|theirs)';
SELECT s.key AS rows_of, m.key AS metric, jsonb_array_length(m.value) AS rounds FROM riskml.trainings, jsonb_each(metrics) s, jsonb_each(s.value) m WHERE model = 'regress_credit' ORDER BY 1, 2;
SELECT s.key, m.key, jsonb_typeof(m.value), CASE jsonb_typeof(m.value) WHEN 'array' THEN jsonb_array_length(m.value) END AS n
FROM riskml.trainings, jsonb_each(folds - 'round') s, jsonb_each(s.value) m WHERE model = 'regress_credit' ORDER BY 1, 2;
SELECT folds->'round' AS round, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(libraries) k) AS libraries, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(timings) k) AS timings
FROM riskml.trainings WHERE model ~ '^regress_(credit|quiet|theirs)';
SELECT action, alias, to_version, detail, reason FROM riskml.audit_log WHERE model = 'regress_credit' ORDER BY seq;
SELECT b.key, array_agg(d.key ORDER BY d.key) FROM jsonb_each(riskml.get_baseline('regress_credit')) b, jsonb_each(b.value) d GROUP BY 1 ORDER BY 1;
SELECT rows, query FROM riskml.model_baselines WHERE model = 'regress_credit';
SELECT feature, gain > 0 AS gains FROM riskml.model_features WHERE model = 'regress_credit' ORDER BY position;
SELECT count(*) FILTER (WHERE (risk_score('regress_credit', l) > 0.5) = bad) > 400 AS learned FROM regress_loans l;
SELECT count(*) FROM riskml.training_progress;

-- the same once more is the same version, whose training stays the first one's
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', '{"objective": "binary:logistic", "max_depth": 2, "eval_metric": ["auc", "logloss"]}',
	num_boost_round => 5, validation => '0.2', seed => 7, comment => 'again');
SELECT version, arguments->>'comment' AS comment, arguments->>'folds' AS folds FROM riskml.trainings WHERE model ~ '^regress_(credit|quiet|theirs)';
SELECT action, count(*) FROM riskml.audit_log WHERE model = 'regress_credit' GROUP BY 1 ORDER BY 1;

-- early stopping; the NOTICE would tell numbers of a version of XGBoost, as those of progress would
SET client_min_messages = warning;
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad, id % 5 = 0 AS held_out FROM regress_loans', 'bad', '{"objective": "binary:logistic", "max_depth": 2}', 200, 3, 'held_out', alias => NULL);
SELECT validation_rows, rounds < 200 AS stopped, best_iteration < rounds AS earlier, best_score IS NOT NULL AS scored, (SELECT trees FROM riskml.models m WHERE m.model = t.model AND m.version = t.version) = best_iteration + 1 AS cut,
	aliases FROM riskml.trainings t WHERE model = 'regress_credit' AND version = 2;
CALL riskml.train_model('regress_quiet', 'SELECT income, debt, bad FROM regress_loans', 'bad', num_boost_round => 2, progress => true, alias => 'trial');
RESET client_min_messages;
SELECT alias FROM riskml.audit_log WHERE model = 'regress_quiet' AND action = 'set_alias' ORDER BY seq;

-- what XGBoost has to say
CALL riskml.train_model('regress_quiet', 'SELECT income, debt, bad FROM regress_loans', 'bad', '{"objective": "binary:logistic", "tweedie_variance_power": 1.5}', num_boost_round => 1);

-- from PL/pgSQL, outside of a transaction block
DO $$
DECLARE
	v int;
BEGIN
	CALL riskml.train_model('regress_quiet', 'SELECT income, debt, bad FROM regress_loans', 'bad', num_boost_round => 3, version => v);
	RAISE NOTICE 'version %', v;
END $$;

-- refused
BEGIN;
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad');
ROLLBACK;
CREATE FUNCTION train() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v int;
BEGIN
	CALL riskml.train_model('regress_quiet', 'SELECT income, debt, bad FROM regress_loans', 'bad', version => v);
END $$;
SELECT train();
DO $$
DECLARE
	v int;
BEGIN
	CALL riskml.train_model('regress_quiet', 'SELECT income, debt, bad FROM regress_loans', 'bad', version => v);
EXCEPTION WHEN division_by_zero THEN
	NULL;
END $$;
CALL riskml.train_model(NULL, 'SELECT income, debt, bad FROM regress_loans', 'bad');
CALL riskml.train_model('regress_credit', NULL, 'bad');
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', NULL);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', NULL);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', '[]');
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', num_boost_round => 0);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', num_boost_round => NULL);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', early_stopping_rounds => 0);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', early_stopping_rounds => 5);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', folds => 1);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', features => '{}');
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', features => ARRAY['income', NULL]);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', monotone_constraints => '[1]');
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', validation => true);
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', alias => '1st');
CALL riskml.train_model('regress_credit@1', 'SELECT income, debt, bad FROM regress_loans', 'bad');
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM nowhere', 'bad');
CALL riskml.train_model('regress_credit', 'SELECT 1 / (income - income) AS x, bad FROM regress_loans', 'bad');
CREATE FUNCTION writes(int) RETURNS int LANGUAGE sql AS 'INSERT INTO regress_loans (id) VALUES ($1) RETURNING 1';
CALL riskml.train_model('regress_credit', 'SELECT income, writes(id) AS debt, bad FROM regress_loans', 'bad');
SET default_transaction_read_only = on;
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad');
RESET default_transaction_read_only;
SET riskml.trainer_path = '/nowhere/riskml_trainer';
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad');
RESET riskml.trainer_path;
SET riskml.trainer_path = 'riskml_trainer';
\set VERBOSITY sqlstate
SET riskml.trainer_memory = '1MB';
\set VERBOSITY terse

-- who may: EXECUTE is granted, and a model has an owner
SET ROLE regress_trainer;
CALL riskml.train_model('regress_theirs', 'SELECT income, debt, bad FROM regress_loans', 'bad');
RESET ROLE;
GRANT EXECUTE ON PROCEDURE riskml.train_model TO regress_trainer;
SET ROLE regress_trainer;
CALL riskml.train_model('regress_theirs', 'SELECT income, debt, bad FROM regress_loans', 'bad', num_boost_round => 2);
SELECT owner, imported_by FROM riskml.models WHERE model ~ '^regress_(credit|quiet|theirs)';
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', num_boost_round => 2);
SET riskml.trainer_memory = '2GB';
SET riskml.trainer_path = '/bin/true';
SELECT model, query IS NOT NULL AS sees_query FROM riskml.trainings WHERE model ~ '^regress_(credit|quiet|theirs)';
RESET ROLE;
SELECT riskml.grant_model('regress_credit', 'regress_trainer');
SET ROLE regress_trainer;
SELECT DISTINCT model, query, label, arguments, data_hash, rows FROM riskml.trainings WHERE model = 'regress_credit';
SELECT count(*) FROM riskml.model_training;
RESET ROLE;

-- gates: what cannot be promoted is not trained for it
SELECT riskml.set_gates('regress_credit', '[{"name": "auc", "check": "metric", "metric": "auc", "min": 0.6}]');
CALL riskml.train_model('regress_credit', 'SELECT income, debt, bad FROM regress_loans', 'bad', alias => 'production');

-- dropped with the version
SELECT riskml.drop_version('regress_credit', 2);
SELECT version FROM riskml.trainings WHERE model = 'regress_credit';
SELECT riskml.drop_alias('regress_credit', a, 'test') FROM unnest('{production,staging}'::text[]) a;
SELECT riskml.drop_model('regress_credit');
SELECT count(*) FROM riskml.model_training t WHERE NOT EXISTS (SELECT FROM riskml.model_version v WHERE v.model_id = t.model_id AND v.version = t.version);
SELECT count(*) FROM riskml.verify_audit();

DROP FUNCTION train(), writes(int);
DROP TABLE regress_loans;
SELECT riskml.drop_alias(m, a, 'test') FROM (VALUES ('regress_quiet', 'production'), ('regress_quiet', 'staging'), ('regress_quiet', 'trial'), ('regress_theirs', 'production'), ('regress_theirs', 'staging')) v(m, a);
SELECT riskml.drop_model(m) FROM unnest('{regress_quiet,regress_theirs}'::text[]) m;
REVOKE ALL ON PROCEDURE riskml.train_model FROM regress_trainer;
DROP ROLE regress_trainer;
