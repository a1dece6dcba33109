-- What training sees: target_encode out of fold, everything else as it is applied.
SET jit = off;
\pset format unaligned
CREATE TABLE loans AS
	SELECT i AS id, CASE WHEN i % 17 = 0 THEN NULL ELSE 'job ' || i * 31 % 7 END AS job, i % 4 AS region, (i * 7919 % 1000)::float8 AS income,
		   i * 37 % 10 < 3 AS bad, (i * 7919 % 10007) * 0.01::float8 AS loss
	FROM generate_series(1, 3000) i;
CREATE TABLE fitted AS SELECT riskml.fit_recipe('[
	{"feature": "income", "op": "standardize"},
	{"feature": "job_risk", "input": "job", "op": "target_encode", "smoothing": 3},
	{"feature": "rare", "input": "job", "op": "group_rare", "min_frequency": 0.14},
	{"feature": "rare_risk", "input": "rare", "op": "target_encode", "folds": 3, "seed": 42},
	{"feature": "region_hot", "input": "region", "op": "onehot"},
	{"feature": "risk_scaled", "input": "job_risk", "op": "standardize"}]', 'SELECT * FROM loans', 'bad') AS recipe;
CREATE VIEW trained AS SELECT row_number() OVER () AS id, features, label FROM fitted, riskml.training_features(recipe, 'SELECT * FROM loans ORDER BY id', 'bad');
SELECT array_length(features, 1), count(*), sum(label) FROM trained GROUP BY 1;
-- all but the encoded, and what is made of them, is what apply_recipe() gives, bit for bit
SELECT count(*), bool_and(t.features[1] = a[1] AND t.features[4:7] = a[4:7] AND t.label = bad::int) AS same,
	   bool_or(t.features[2] <> a[2]) AND bool_or(t.features[3] <> a[3]) AND bool_or(t.features[8] <> a[8]) AS differ
FROM loans JOIN trained t USING (id), fitted, LATERAL (SELECT riskml.apply_recipe(recipe, loans) AS a OFFSET 0) AS x;
-- made of the feature out of fold
SELECT bool_and(features[8] = (features[2] - (recipe->5->>'mean')::float8) / (recipe->5->>'std')::float8) FROM trained, fitted;

-- a category has as many values as there are folds, of about as many rows
WITH t AS (SELECT job, features[2] AS risk, label, bad FROM loans JOIN trained USING (id)),
	 folds AS (SELECT job, risk, count(*) AS n, sum(label) AS s FROM t GROUP BY 1, 2),
	 jobs AS (SELECT job, count(*) AS n, sum(label) AS s, count(DISTINCT risk) AS n_folds FROM t GROUP BY 1)
SELECT count(*) AS jobs, min(n_folds), max(n_folds), bool_and(spread) AS even FROM jobs, LATERAL (SELECT bool_and(f.n BETWEEN jobs.n / 5 * 0.7 AND jobs.n / 5 * 1.3) AS spread FROM folds f WHERE f.job IS NOT DISTINCT FROM jobs.job) AS e;
-- with n rows and the sum s in the fold, the value is (S - s + m p) / (N - n + m), p the mean of other folds; folds are told apart by the
-- encoding of a column that has one category
CREATE TABLE fitted2 AS SELECT riskml.fit_recipe('[
	{"feature": "job_risk", "input": "job", "op": "target_encode", "smoothing": 2, "folds": 4},
	{"feature": "fold", "input": "one", "op": "target_encode", "smoothing": 0, "folds": 4}, {"feature": "income", "op": "pass"}]', 'SELECT *, 1 AS one FROM loans', 'loss') AS recipe;
CREATE TABLE trained2 AS SELECT features[1] AS risk, features[2] AS prior, features[3] AS income, label FROM fitted2, riskml.training_features(recipe, 'SELECT *, 1 AS one FROM loans WHERE id % 6 < 5', 'loss');
WITH t AS (SELECT job, risk, prior, loss FROM loans JOIN trained2 ON loss = label AND loans.income = trained2.income WHERE id % 6 < 5),
	 p AS (SELECT prior, count(*) AS n, sum(loss) AS s FROM t GROUP BY 1),
	 c AS (SELECT job, prior, min(risk) AS risk, max(risk) - min(risk) AS spread, count(*) AS n, sum(loss) AS s FROM t GROUP BY 1, 2)
SELECT count(*) AS cells, max(spread) AS spread, max(abs(risk - ((SELECT sum(s) - c.s FROM c AS o WHERE o.job IS NOT DISTINCT FROM c.job) + 2 * prior) / ((SELECT sum(n) - c.n FROM c AS o WHERE o.job IS NOT DISTINCT FROM c.job) + 2))) < 1e-9 AS right,
	   max(abs(prior - (SELECT sum(s) / sum(n) FROM p AS o WHERE o.prior <> c.prior))) < 1e-9 AS right_prior FROM c;

-- neither the order of rows nor the plan matters, and equal rows are dealt into all folds
CREATE FUNCTION trained_on(query text) RETURNS text LANGUAGE sql AS
$$ SELECT md5(string_agg(features::text || label, ',' ORDER BY features::text, label)) FROM fitted, riskml.training_features(recipe, query, 'bad') $$;
SELECT trained_on('SELECT * FROM loans') = trained_on('SELECT * FROM loans ORDER BY id DESC') AND
	   trained_on('SELECT * FROM loans') = trained_on('SELECT * FROM loans ORDER BY income, id % 13, id');
SET maintenance_work_mem = '1MB';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT trained_on('SELECT * FROM loans') AS parallel \gset
RESET maintenance_work_mem;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SELECT trained_on('SELECT * FROM loans') = :'parallel';
SELECT features[1]::numeric(6, 5) AS risk, count(*), sum(label) FROM riskml.training_features('[{"feature": "k", "op": "target_encode", "smoothing": 0, "categories": [1], "values": [0], "prior": 0}]',
	'SELECT 1 AS k, i <= 11 AS bad FROM generate_series(1, 20) i', 'bad') GROUP BY 1 ORDER BY 1;
-- other seeds deal otherwise
SELECT count(DISTINCT f) FROM (SELECT array_agg(features[1]) AS f FROM generate_series(0, 3) AS seed,
	riskml.training_features(jsonb_build_array('{"feature": "job", "op": "target_encode", "categories": ["job 1"], "values": [0], "prior": 0}'::jsonb || jsonb_build_object('seed', seed)), 'SELECT job, bad, income FROM loans ORDER BY id', 'bad') GROUP BY seed) AS x;

-- categories that the step does not know have the prior of other folds, missing ones stay missing unless null is one of them
SELECT job, count(DISTINCT risk) AS n, count(*) - count(risk) AS missing FROM (SELECT features[2] AS job, features[1] AS risk FROM
	riskml.training_features('[{"feature": "risk", "input": "job", "op": "target_encode", "categories": ["job 1"], "values": [0], "prior": 0, "folds": 2}, {"feature": "code", "input": "job", "op": "ordinal", "categories": ["job 0", "job 1", "job 2"]}]',
		'SELECT job, bad FROM loans WHERE job IS NULL OR job < ''job 3''', 'bad')) AS x GROUP BY 1 ORDER BY 1;
-- of one row there are no others
SELECT * FROM riskml.training_features('[{"feature": "risk", "input": "job", "op": "target_encode", "categories": ["job 1"], "values": [0.5], "prior": 0.25}]', 'SELECT ''job 1'' AS job, true AS bad', 'bad');
-- without target_encode
SELECT * FROM riskml.training_features('[{"feature": "x", "op": "log1p"}, {"feature": "y", "input": "x", "op": "impute", "value": 9}]', 'SELECT * FROM (VALUES (0, 1.5), (NULL, 2), (-1, -0.5), (''Infinity''::float8, 3)) AS v(x, y)', 'y');

-- errors
SELECT * FROM riskml.training_features('[{"feature": "job", "op": "target_encode"}]', 'SELECT * FROM loans', 'bad');
SELECT * FROM riskml.training_features(NULL, 'SELECT * FROM loans', 'bad');
SELECT * FROM riskml.training_features('[{"feature": "id", "op": "pass"}]', 'SELECT * FROM loans', NULL);
SELECT * FROM riskml.training_features('[{"feature": "id", "op": "pass"}]', 'SELECT * FROM loans', 'good');
SELECT * FROM riskml.training_features('[{"feature": "id", "op": "pass"}]', 'SELECT id, CASE WHEN id > 10 THEN bad END AS bad FROM loans', 'bad');
SELECT * FROM riskml.training_features('[{"feature": "id", "op": "pass"}]', 'SELECT * FROM loans WHERE false', 'bad');
SELECT * FROM riskml.training_features('[{"feature": "job", "op": "ordinal", "categories": ["job 1"], "unknown": "error"}]', 'SELECT * FROM loans ORDER BY id', 'bad');
