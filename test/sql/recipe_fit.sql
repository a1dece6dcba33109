-- Recipes fitted to the rows of a query.
\pset format unaligned
CREATE TABLE people AS
	SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 7919 % 1000)::float8 / 8 END AS income, (i % 5)::smallint AS children,
		   CASE WHEN i % 11 = 0 THEN NULL ELSE 'city ' || i % 13 % 6 END AS city, i % 3 = 0 AS owner, i * 37 % 10 < 3 AS bad,
		   timestamptz '2024-01-01 00:00Z' + i * interval '37 hours' AS seen, NULL::text AS nothing, '{}'::jsonb AS doc
	FROM generate_series(1, 3000) i;
CREATE VIEW recipes AS SELECT '[
	{"feature": "city_code", "op": "ordinal", "input": "city"},
	{"feature": "children", "op": "onehot"},
	{"feature": "rare", "op": "group_rare", "input": "city", "min_frequency": 0.16, "output": false},
	{"feature": "rare_hot", "op": "onehot", "input": "rare"},
	{"feature": "owner", "op": "frequency_encode"},
	{"feature": "city_risk", "op": "target_encode", "input": "rare"},
	{"feature": "risk_again", "op": "ordinal", "input": "city_risk"}]'::jsonb AS recipe;
SELECT jsonb_pretty(riskml.fit_recipe(recipe, 'SELECT * FROM people', 'bad')) AS fitted FROM recipes \gset
\echo :fitted
-- a fitted one stays as it is
SELECT riskml.fit_recipe(:'fitted', 'SELECT * FROM people') = :'fitted';
-- what is there stays
SELECT riskml.fit_recipe('[{"feature": "city", "op": "target_encode", "categories": ["city 5", "city 9", "city 1"], "smoothing": 0, "prior": 0.25}]',
						 'TABLE people', 'bad');

-- neither the order of rows nor the plan matters
CREATE FUNCTION fitted(query text) RETURNS text LANGUAGE sql AS $$ SELECT md5(riskml.fit_recipe(recipe, query, 'bad')::text) FROM recipes $$;
SELECT fitted('SELECT * FROM people') AS first,
	   fitted('SELECT * FROM people ORDER BY id DESC') AS backwards,
	   fitted('SELECT * FROM people ORDER BY city, id % 17, id') AS shuffled,
	   fitted('SELECT bad, city, children, income, owner FROM people') AS columns \gset
SELECT :'first' = :'backwards' AND :'first' = :'shuffled' AND :'first' = :'columns';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT fitted('SELECT * FROM people') = :'first';
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
-- nor does it matter whether values are sorted in memory or by files
CREATE TABLE numbers AS SELECT CASE WHEN i % 10 = 0 THEN NULL ELSE (i::bigint * 7919 % 100003 - 40000)::float8 / 16 END AS x, i FROM generate_series(1, 80000) i;
CREATE FUNCTION fitted_numbers(query text) RETURNS text LANGUAGE sql AS $$ SELECT riskml.fit_recipe('[
	{"feature": "w", "input": "x", "op": "winsorize"}, {"feature": "s", "input": "w", "op": "standardize"},
	{"feature": "r", "input": "x", "op": "robust_scale"}, {"feature": "q", "input": "w", "op": "quantile_bucketize", "n_bins": 7},
	{"feature": "m", "input": "x", "op": "impute", "strategy": "median"}, {"feature": "o", "input": "x", "op": "impute", "strategy": "mode"},
	{"feature": "p", "input": "x", "op": "power"}, {"feature": "c", "input": "q", "op": "onehot"}]', query) $$;
SELECT fitted_numbers('SELECT * FROM numbers') AS in_memory \gset
SET maintenance_work_mem = '1MB';
SELECT fitted_numbers('SELECT * FROM numbers') = :'in_memory', fitted_numbers('SELECT * FROM numbers ORDER BY x') = :'in_memory';
RESET maintenance_work_mem;

-- no setting matters
SET TimeZone = 'Asia/Tokyo';
SET extra_float_digits = 0;
SELECT fitted('SELECT * FROM people') = :'first';
RESET TimeZone;
RESET extra_float_digits;

-- labels that are far apart add up the same in any order
CREATE TABLE amounts AS SELECT i % 3 AS k, (i * 7919 % 10007) * 0.01::float8 * power(10, i % 9) AS amount, i FROM generate_series(1, 2000) i;
SELECT riskml.fit_recipe('[{"feature": "k", "op": "target_encode"}]', 'SELECT * FROM amounts ORDER BY amount', 'amount') =
	   riskml.fit_recipe('[{"feature": "k", "op": "target_encode"}]', 'SELECT * FROM amounts ORDER BY i', 'amount');

-- errors
\set recipe '[{"feature": "city", "op": "ordinal"}, {"feature": "c", "input": "children", "op": "target_encode"}]'
SELECT riskml.fit_recipe(NULL, 'SELECT 1');
SELECT riskml.fit_recipe(:'recipe', NULL);
SELECT riskml.fit_recipe(:'recipe', 'SELECT 1; SELECT 2');
SELECT riskml.fit_recipe(:'recipe', 'DELETE FROM people');
SELECT riskml.fit_recipe(:'recipe', 'SELECT * FROM people WHERE false', 'bad');
SELECT riskml.fit_recipe(:'recipe', 'SELECT * FROM people');
SELECT riskml.fit_recipe(:'recipe', 'SELECT * FROM people', 'worse');
SELECT riskml.fit_recipe(:'recipe', 'SELECT * FROM people', 'city');
SELECT riskml.fit_recipe(:'recipe', 'SELECT * FROM people', 'income');
SELECT riskml.fit_recipe(:'recipe', 'SELECT *, CASE WHEN id < 4 THEN float8 ''Infinity'' ELSE 0 END AS label FROM people', 'label');
SELECT riskml.fit_recipe(:'recipe', 'SELECT id, bad, city FROM people', 'bad');
SELECT riskml.fit_recipe(:'recipe', 'SELECT *, 1 AS "City" FROM people', 'bad') IS NOT NULL;
SELECT riskml.fit_recipe(:'recipe', 'SELECT city AS "City", city AS "CITY", children, bad FROM people', 'bad');
SELECT riskml.fit_recipe(:'recipe', 'SELECT doc AS city, children, bad FROM people', 'bad');
SELECT riskml.fit_recipe('[{"feature": "code", "input": "city", "op": "ordinal"}, {"feature": "c", "input": "city", "op": "pass"}]', 'SELECT * FROM people');
SELECT riskml.fit_recipe('[{"feature": "hot", "input": "city", "op": "onehot"}, {"feature": "h", "input": "city", "op": "hash_bucket", "n_buckets": 3}]',
						 'SELECT children AS city FROM people');
SELECT riskml.fit_recipe('[{"feature": "nothing", "op": "ordinal"}]', 'SELECT * FROM people');
SELECT riskml.fit_recipe('[{"feature": "seen", "op": "ordinal"}]', 'SELECT * FROM people');
SELECT riskml.fit_recipe('[{"feature": "children", "op": "ordinal", "categories": ["a"]}]', 'SELECT * FROM people');
SELECT riskml.fit_recipe('[{"feature": "o", "input": "children", "op": "ordinal", "categories": [1, 2, 3, 4], "unknown": "error"},
	{"feature": "oo", "input": "o", "op": "ordinal"}]', 'SELECT * FROM people');
SELECT riskml.fit_recipe('[{"feature": "x", "op": "ordinal"}]', 'SELECT float8 ''-Infinity'' AS x');
-- the query is cancelled, or fails in the middle, or makes files that are too large
SET statement_timeout = 200;
SELECT riskml.fit_recipe('[{"feature": "city", "op": "ordinal"}]', 'SELECT city FROM people, generate_series(1, 100000)');
RESET statement_timeout;
SET temp_file_limit = '1MB';
\set VERBOSITY sqlstate
SELECT riskml.fit_recipe('[{"feature": "i", "op": "ordinal"}]', 'SELECT i % 5 AS i FROM generate_series(1, 200000) i');
\set VERBOSITY default
RESET temp_file_limit;
SELECT riskml.fit_recipe('[{"feature": "i", "op": "ordinal"}]', 'SELECT 100 / (150000 - i) AS i FROM generate_series(1, 200000) i');
-- the caller's privileges are those of the query
CREATE ROLE riskml_fitter;
SET ROLE riskml_fitter;
SELECT riskml.fit_recipe('[{"feature": "i", "op": "ordinal"}]', 'SELECT i FROM amounts');
RESET ROLE;
DROP ROLE riskml_fitter;
