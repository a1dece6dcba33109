-- What riskml.train_model() takes of a query and of XGBoost's parameters, and what it says of rows and names that cannot be.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE TABLE lent AS
	SELECT i AS id, (i * 7919 % 1000) / 10.0::float8 AS income, i % 7 AS region, i % 3 = 0 AS owner, (ARRAY['rent', 'own', NULL, 'ätt', 'Own'])[1 + i % 5] AS home,
		   i * 37 % 10 < 3 AS bad, i % 4 = 0 AS held, date '2020-01-01' + i AS day
	FROM generate_series(1, 400) i;

-- parameters: every name of XGBoost, and the nearest for any other
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"max_deph": 3}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"Eta": 1}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"lambdarank_num_pairs_per_sample": 1}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"n_estimators": 3}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"early_stopping_rounds": 3}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"objective": "binary:logistics"}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"eta": 1, "learning_rate": 0.1}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"max_depth": [3]}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"eval_metric": [1]}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"nthread": 300}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"seed": 3}', seed => 4);
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"num_class": 2}');
CALL riskml.train_model('m', 'SELECT income, home, bad FROM lent', 'bad', monotone_constraints => '{"incme": 1}');
CALL riskml.train_model('m', 'SELECT income, home, bad FROM lent', 'bad', monotone_constraints => '{"home": 1}');
CALL riskml.train_model('m', 'SELECT income, home, bad FROM lent', 'bad', monotone_constraints => '{"income": 2}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"monotone_constraints": "(1)"}', monotone_constraints => '{"income": 1}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"interaction_constraints": [["income", "regio"]]}');
CALL riskml.train_model('m', 'SELECT income, home, bad FROM lent', 'bad', '{"tree_method": "exact"}');
CALL riskml.train_model('m', 'SELECT income, home, bad FROM lent', 'bad', '{"booster": "gblinear"}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"max_depth": "deep"}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"MAX_DEPTH": 3}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"interaction_constraints": [[0, 1]]}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"monotone_constraints": [1, 0]}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"disable_default_eval_metric": true}', validation => 0.2, early_stopping_rounds => 3);
-- what only the trainer can tell, and a model that no tree should have
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 0.0001);
CALL riskml.train_model('m', 'SELECT income, bad FROM lent WHERE id <= 50', 'bad', folds => 100);
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', '{"eta": "inf", "max_depth": 1, "objective": "binary:logistic"}', 5);
-- folds without a metric
CALL riskml.train_model('unmeasured', 'SELECT income, bad FROM lent ORDER BY id', 'bad', '{"disable_default_eval_metric": true}', 2, folds => 2);
SELECT metrics, folds FROM riskml.trainings WHERE model = 'unmeasured';

-- columns
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bd');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'churned');
CALL riskml.train_model('m', 'SELECT income, home FROM lent', 'home');
CALL riskml.train_model('m', 'SELECT income, day, bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT income, ''{}''::jsonb AS j, bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT ARRAY[home] AS x, bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT income, income, bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT income AS "a[1]", bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', features => '{income,income}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', features => '{bad}');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', features => '{incom}');
CALL riskml.train_model('m', 'SELECT income, home AS w, bad FROM lent', 'bad', weight => 'w');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent; SELECT 1', 'bad');
CALL riskml.train_model('m', 'DELETE FROM lent RETURNING *', 'bad');

-- labels
CALL riskml.train_model('m', 'SELECT income, bad FROM lent WHERE false', 'bad');
CALL riskml.train_model('m', 'SELECT income, true AS bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT income, CASE WHEN id < 5 THEN NULL ELSE bad END AS bad FROM lent', 'bad');
CALL riskml.train_model('m', 'SELECT income, id % 3 AS y FROM lent ORDER BY id', 'y', '{"objective": "binary:logistic"}');
CALL riskml.train_model('m', 'SELECT income, id % 3 / 2.0 AS y FROM lent ORDER BY id', 'y', '{"objective": "multi:softprob"}');
CALL riskml.train_model('m', 'SELECT income, id % 3 AS y FROM lent ORDER BY id', 'y', '{"objective": "multi:softprob", "num_class": 2}');
CALL riskml.train_model('m', 'SELECT income, CASE WHEN id = 8 THEN ''-infinity'' ELSE income END AS y FROM lent ORDER BY id', 'y');
CALL riskml.train_model('m', 'SELECT income, region, bad FROM lent', 'bad', label_upper => 'region');
CALL riskml.train_model('m', 'SELECT income, region - 1 AS y, 9 AS upper FROM lent ORDER BY id', 'y', '{"objective": "survival:aft"}', label_upper => 'upper');
CALL riskml.train_model('m', 'SELECT income, region - 1 AS y, id FROM lent ORDER BY id', 'y', '{"objective": "rank:ndcg"}', group_column => 'id');
CALL riskml.train_model('m', 'SELECT income, id AS y, id / 50 AS g FROM lent ORDER BY id', 'y', '{"objective": "rank:ndcg"}', group_column => 'g');
CALL riskml.train_model('m', 'SELECT income, bad, region, id FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', group_column => 'id', weight => 'region');
-- a metric that has no value ends training at once
CALL riskml.train_model('valueless', 'SELECT income, id = 7 AS y, held FROM lent ORDER BY id', 'y', '{"objective": "binary:logistic", "eval_metric": "auc"}', validation => 'held', early_stopping_rounds => 2);
CALL riskml.train_model('m', 'SELECT income, region FROM lent', 'income', '{"objective": "survival:aft"}');
CALL riskml.train_model('m', 'SELECT income, region, income - 1 AS upper FROM lent ORDER BY id', 'income', '{"objective": "survival:aft"}', label_upper => 'upper');

-- weights, groups, infinite features
CALL riskml.train_model('m', 'SELECT income, -1 AS w, bad FROM lent', 'bad', weight => 'w');
CALL riskml.train_model('m', 'SELECT income, NULL::int AS w, bad FROM lent', 'bad', weight => 'w');
CALL riskml.train_model('m', 'SELECT income, region FROM lent', 'region', '{"objective": "rank:ndcg"}');
CALL riskml.train_model('m', 'SELECT income, region, id % 5 AS y FROM lent ORDER BY id', 'y', '{"objective": "rank:ndcg"}', group_column => 'region');
CALL riskml.train_model('m', 'SELECT income, NULL::int AS region, id % 5 AS y FROM lent ORDER BY id', 'y', '{"objective": "rank:ndcg"}', group_column => 'region');
CALL riskml.train_model('m', 'SELECT region, CASE WHEN id = 7 THEN 1e39 ELSE income END AS income, bad FROM lent ORDER BY id', 'bad');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent ORDER BY id', 'bad', validation => 'SELECT bad, CASE WHEN id = 7 THEN 1e39 ELSE income END AS income FROM lent ORDER BY id');

-- what is held out
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 'held');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 1.5);
CALL riskml.train_model('m', 'SELECT income, region, bad FROM lent', 'bad', validation => 'region');
CALL riskml.train_model('m', 'SELECT income, NULL::bool AS held, bad FROM lent', 'bad', validation => 'held');
CALL riskml.train_model('m', 'SELECT income, true AS held, bad FROM lent', 'bad', validation => 'held');
CALL riskml.train_model('m', 'SELECT income, false AS held, bad FROM lent', 'bad', validation => 'held');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 'SELECT bad FROM lent');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 'SELECT income FROM lent');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 'SELECT income, bad FROM lent WHERE false');
CALL riskml.train_model('m', 'SELECT income, bad FROM lent', 'bad', validation => 'SELECT home AS income, bad FROM lent');

-- arrays
CALL riskml.train_model('m', 'SELECT array_fill(1.0::float8, ARRAY[1 + id / 300]) AS x, bad FROM lent ORDER BY id', 'bad');
CALL riskml.train_model('m', 'SELECT NULL::float8[] AS x, bad FROM lent ORDER BY id', 'bad');
CALL riskml.train_model('m', 'SELECT ''{}''::float8[] AS x, bad FROM lent ORDER BY id', 'bad');
CALL riskml.train_model('m', 'SELECT ''{{1,2}}''::float8[] AS x, bad FROM lent ORDER BY id', 'bad');
CALL riskml.train_model('m', 'SELECT ARRAY[1.0,2] AS x, 3 AS x_1, bad FROM lent ORDER BY id', 'bad');

-- recipes
CALL riskml.train_model('m', 'SELECT * FROM lent', 'bad', recipe => '[{"feature": "incom", "op": "standardize"}]');
CALL riskml.train_model('m', 'SELECT * FROM lent', 'bad', recipe => '[{"feature": "income", "op": "standardise"}]');
CALL riskml.train_model('m', 'SELECT * FROM lent', 'bad', recipe => '[{"feature": "home", "op": "standardize"}]');
CALL riskml.train_model('m', 'SELECT * FROM lent', 'bad', recipe => '[{"feature": "income", "op": "pass", "output": false}]');
CALL riskml.train_model('m', 'SELECT * FROM lent', 'bad', recipe => '[{"feature": "income", "op": "standardize"}]', features => '{incomes}');
CALL riskml.train_model('m', 'SELECT * FROM lent', 'bad', recipe => '[{"feature": "income", "op": "standardize"}]', monotone_constraints => '{"incme": 1}');
CALL riskml.train_model('m', 'SELECT *, 1e200 AS x FROM lent', 'bad', recipe => '[{"feature": "income", "op": "standardize"}, {"feature": "x", "op": "pass"}]');
CALL riskml.train_model('m', 'SELECT * FROM lent WHERE id % 25 = 1', 'bad', recipe => '[{"feature": "income", "op": "standardize"}]', folds => 100);
SET temp_file_limit = '64kB';
\set VERBOSITY sqlstate
CALL riskml.train_model('m', 'SELECT a.income, a.bad FROM lent a, lent b', 'bad', recipe => '[{"feature": "income", "op": "standardize"}]');
\set VERBOSITY default
RESET temp_file_limit;
SELECT count(*) AS left_behind FROM pg_ls_tmpdir();
SELECT count(*) AS trained FROM riskml.models WHERE model = 'm';

-- kinds of columns, all as they are: a text is a category, in the order of its labels' bytes; what is always NULL is missing
CREATE DOMAIN share_lent AS numeric CHECK (VALUE BETWEEN 0 AND 1);
CREATE TYPE size_lent AS ENUM ('small', 'large');
CREATE VIEW kinds_lent AS SELECT id, income, region::int2 AS region, owner, home, (id % 100 / 100.0)::share_lent AS share, (ARRAY['small', 'large'])[1 + id % 2]::size_lent AS size, id::bigint AS big, id::real AS r,
	NULL::float8 AS nothing, NULL::text AS no_text, bad FROM lent;
CALL riskml.train_model('kinds', 'SELECT * FROM kinds_lent ORDER BY id', 'bad', '{"objective": "binary:logistic", "eval_metric": ["auc", "error@0.4"], "max_depth": 3, "eta": 0.30}', 3, seed => 5,
	monotone_constraints => '{"income": 1, "share": -1}', features => '{income,region,owner,home,share,size,big,r,nothing,no_text}');
SELECT jsonb_pretty(parameters), rows FROM riskml.trainings WHERE model = 'kinds';
SELECT string_agg(feature, ' ' ORDER BY position) FROM riskml.model_features WHERE model = 'kinds';
SELECT riskml.get_baseline('kinds')->'inputs'->'home', riskml.get_baseline('kinds')->'inputs'->'owner', riskml.get_baseline('kinds')->'inputs'->'nothing';
SELECT riskml.get_baseline('kinds')->'inputs' = riskml.baseline('SELECT income, region, owner, home, share, size, big, r, nothing, no_text FROM kinds_lent') AS as_baseline;
SELECT count(*) AS rows, count(risk_score('kinds', k)) AS scored FROM kinds_lent k;
-- the same data is the same hash; another order, name or value is another
CALL riskml.train_model('again', 'SELECT income, home, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 1);
CALL riskml.train_model('again', 'SELECT income, home, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 2);
CALL riskml.train_model('again', 'SELECT income, home, bad FROM lent ORDER BY id DESC', 'bad', '{"objective": "binary:logistic"}', 3);
CALL riskml.train_model('again', 'SELECT income AS pay, home, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 4);
CALL riskml.train_model('again', 'SELECT income, nullif(home, ''Own'') AS home, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 5);
SELECT version, dense_rank() OVER (ORDER BY first) AS data FROM (SELECT version, min(version) OVER (PARTITION BY data_hash) AS first FROM riskml.trainings WHERE model = 'again') t ORDER BY version;

-- the model that is there already: folds that it lacks are kept with it, anything else stays as it is
CALL riskml.train_model('folded', 'SELECT income, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 2);
CALL riskml.train_model('folded', 'SELECT income, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 2, folds => 2);
CALL riskml.train_model('folded', 'SELECT income, bad FROM lent ORDER BY id', 'bad', '{"objective": "binary:logistic"}', 2, folds => 3);
SELECT version, arguments -> 'folds', jsonb_array_length(folds -> 'validation' -> 'logloss') FROM riskml.trainings WHERE model = 'folded';

DROP VIEW kinds_lent;
DROP TYPE size_lent;
DROP DOMAIN share_lent;
DROP TABLE lent;
