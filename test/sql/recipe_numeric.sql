-- Operations on numbers: given parameters, fitted ones, faults.
\pset format unaligned
\pset null -
CREATE SCHEMA recipe_numeric;
SET search_path = recipe_numeric;
-- digits that every libm has
SET extra_float_digits = -2;
CREATE FUNCTION faults(recipe jsonb) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT format('%s %s: %s', step, field, problem) FROM riskml.check_recipe(recipe) WHERE severity = 'error' $$;
CREATE TABLE v (k int, x float8, y float8, t text);
INSERT INTO v SELECT row_number() OVER (), x, y, NULL FROM unnest(ARRAY['-Infinity', -1e308, -2, -1, -0.5, '-0', 0, 5e-324, 0.25, 1, 3, 1e308, 'Infinity', 'NaN', NULL]::float8[]) AS x,
	unnest(ARRAY[0.5, 0]::float8[]) AS y;

-- values
CREATE FUNCTION show(recipe jsonb, condition text DEFAULT 'y = 0.5') RETURNS TABLE(x float8, made text) LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY EXECUTE format('SELECT x, array_to_string(riskml.apply_recipe(%L::jsonb, v), '' '', ''-'') FROM v WHERE %s ORDER BY k', recipe, condition); END $$;
SELECT * FROM show('[{"feature": "a", "input": "x", "op": "pass"}, {"feature": "b", "input": "x", "op": "impute", "value": 7, "missing_indicator": true}, {"feature": "c", "input": "x", "op": "clip", "min": -1, "max": 2},
	{"feature": "d", "input": "x", "op": "winsorize", "min": -1.5, "max": 0}, {"feature": "e", "input": "x", "op": "log1p"}]');
SELECT * FROM show('[{"feature": "a", "input": "x", "op": "power", "lambda": 0.5}, {"feature": "b", "input": "x", "op": "power", "method": "box-cox", "lambda": -1},
	{"feature": "c", "input": "x", "op": "bucketize", "edges": [-1, 0, 1]}, {"feature": "d", "input": "x", "op": "quantile_bucketize", "n_bins": 3, "edges": [0, 0.25]}]');
SELECT * FROM show('[{"feature": "a", "input": ["x", "y"], "op": "ratio"}, {"feature": "b", "input": ["x", "y"], "op": "interaction"}, {"feature": "c", "input": ["y", "x", "x"], "op": "interaction"}]', 'true');
SELECT * FROM show('[{"feature": "a", "input": "x", "op": "standardize", "mean": 1, "std": 0.5}, {"feature": "b", "input": "x", "op": "standardize", "mean": 1, "std": 0}, {"feature": "c", "input": "x", "op": "robust_scale", "center": -1, "scale": 4},
	{"feature": "d", "input": "x", "op": "minmax_scale", "min": -1, "max": 3}, {"feature": "e", "input": "x", "op": "minmax_scale", "min": -1, "max": 3, "range": [-1, 1], "clip": true}, {"feature": "f", "input": "x", "op": "maxabs_scale", "max_abs": 3}]');

-- fitted, with numpy's quantiles and scikit-learn's deviations
CREATE TABLE sample AS SELECT i, (i * 7919 % 1009 - 300) / 7.0::float8 AS x, CASE WHEN i % 10 <> 0 THEN i * i / 10.0::float8 END AS y, 7::float8 AS constant,
	1e9 + (i % 3) * 1e-7 AS nearly, CASE i % 4 WHEN 0 THEN 'b' WHEN 1 THEN 'a' WHEN 2 THEN 'c' END AS t, CASE WHEN i % 5 < 2 THEN 2 WHEN i % 5 < 4 THEN -1 END AS n
FROM generate_series(1, 1009) AS i;
CREATE FUNCTION fit(recipe jsonb, source text DEFAULT 'SELECT * FROM sample') RETURNS SETOF text LANGUAGE sql AS
$$ SELECT (step - 'op' - 'input' || CASE WHEN step ? 'lambda' THEN jsonb_build_object('lambda', round((step->'lambda')::numeric, 9)) ELSE '{}' END)::text
	FROM jsonb_array_elements(riskml.fit_recipe(recipe, source)) AS step $$;
SELECT fit('[{"feature": "mean", "input": "y", "op": "impute"}, {"feature": "median", "input": "y", "op": "impute", "strategy": "median"}, {"feature": "mode", "input": "n", "op": "impute", "strategy": "mode"},
	{"feature": "text", "input": "t", "op": "impute", "strategy": "mode"}, {"feature": "given", "input": "y", "op": "impute", "value": 1}]');
SELECT fit('[{"feature": "w", "input": "x", "op": "winsorize"}, {"feature": "w1", "input": "x", "op": "winsorize", "lower": 0, "upper": 0.9, "max": 100}, {"feature": "q", "input": "x", "op": "quantile_bucketize", "n_bins": 4},
	{"feature": "one", "input": "constant", "op": "quantile_bucketize", "n_bins": 4}, {"feature": "p", "input": "x", "op": "power"}, {"feature": "b", "input": "y", "op": "power", "method": "box-cox"}]');
SELECT fit('[{"feature": "s", "input": "x", "op": "standardize"}, {"feature": "s1", "input": "x", "op": "standardize", "deviation": "sample"}, {"feature": "s2", "input": "x", "op": "standardize", "mean": 0},
	{"feature": "sc", "input": "constant", "op": "standardize"}, {"feature": "sn", "input": "nearly", "op": "standardize"}, {"feature": "r", "input": "y", "op": "robust_scale"}, {"feature": "rc", "input": "constant", "op": "robust_scale"},
	{"feature": "m", "input": "x", "op": "minmax_scale"}, {"feature": "a", "input": "x", "op": "maxabs_scale"}]');
-- one row; a step before; whatever the order of rows
SELECT fit('[{"feature": "s", "input": "x", "op": "standardize", "deviation": "sample"}, {"feature": "p", "input": "x", "op": "power"}, {"feature": "q", "input": "x", "op": "quantile_bucketize", "n_bins": 2}]', 'SELECT * FROM sample LIMIT 1');
SELECT fit('[{"feature": "l", "input": "y", "op": "clip", "max": 30000, "output": false}, {"feature": "i", "input": "l", "op": "impute", "strategy": "median"}, {"feature": "s", "input": "i", "op": "standardize"}]');
SELECT count(DISTINCT r) FROM (SELECT riskml.fit_recipe('[{"feature": "s", "input": "x", "op": "standardize"}, {"feature": "p", "input": "x", "op": "power"}]', 'SELECT * FROM sample ORDER BY ' || o) AS r
	FROM unnest(ARRAY['x', 'x DESC', 'i', 'md5(i::text)']) AS o) AS fits;
-- what is fitted is what is applied: scaled values have mean 0 and deviation 1
SELECT abs(avg(f[1])) < 1e-13 AS mean, abs(stddev_pop(f[1]) - 1) < 1e-13 AS std, min(f[2]), max(f[2])
FROM (SELECT riskml.fit_recipe('[{"feature": "s", "input": "x", "op": "standardize"}, {"feature": "m", "input": "x", "op": "minmax_scale", "range": [-1, 1]}]', 'SELECT * FROM sample') AS recipe OFFSET 0) AS fitted,
	LATERAL (SELECT riskml.apply_recipe(recipe, s) AS f FROM sample AS s) AS made;

-- what cannot be fitted
\set VERBOSITY terse
SELECT fit('[{"feature": "b", "input": "x", "op": "power", "method": "box-cox"}]');
SELECT fit('[{"feature": "a", "input": "x", "op": "standardize"}]', 'SELECT * FROM v');
SELECT fit('[{"feature": "a", "input": "x", "op": "power"}]', 'SELECT * FROM v');
SELECT fit('[{"feature": "a", "input": "x", "op": "minmax_scale"}]', 'SELECT * FROM v');
SELECT fit('[{"feature": "a", "input": "x", "op": "maxabs_scale"}]', 'SELECT 1e200::float8 AS x WHERE false');
SELECT fit('[{"feature": "a", "input": "x", "op": "standardize"}]', $$SELECT x FROM (VALUES (1e200::float8), (-1e200)) AS s(x)$$);
SELECT fit('[{"feature": "a", "input": "t", "op": "impute"}]', 'SELECT t FROM sample');

-- faults
SELECT faults('[{"feature": "a", "op": "impute", "strategy": "constant"}, {"feature": "b", "op": "impute", "strategy": "mean", "value": "x"}, {"feature": "c", "op": "impute", "strategy": "average"}, {"feature": "d", "op": "impute", "value": null}]');
SELECT faults('[{"feature": "a", "op": "clip"}, {"feature": "b", "op": "clip", "min": 2, "max": 1}, {"feature": "c", "op": "winsorize", "lower": 0.9, "upper": 0.1}, {"feature": "d", "op": "winsorize", "lower": -1}, {"feature": "e", "op": "clip", "min": "1"}, {"feature": "f", "op": "clip", "min": 1e400}]');
SELECT faults('[{"feature": "a", "op": "power", "method": "sqrt"}, {"feature": "b", "op": "power", "lambda": [1]}, {"feature": "c", "op": "bucketize"}, {"feature": "d", "op": "bucketize", "edges": [1, 1]}, {"feature": "e", "op": "bucketize", "edges": [1, null]}, {"feature": "f", "op": "quantile_bucketize"}, {"feature": "g", "op": "quantile_bucketize", "n_bins": 1}]');
SELECT faults('[{"feature": "a", "op": "ratio"}, {"feature": "b", "op": "ratio", "input": ["x", "y", "z"]}, {"feature": "c", "op": "interaction", "input": ["x"]}, {"feature": "d", "op": "log1p", "input": ["x", "y"]}]');
SELECT faults('[{"feature": "a", "op": "standardize", "std": -1}, {"feature": "b", "op": "standardize", "deviation": "both"}, {"feature": "c", "op": "robust_scale", "scale": -1}, {"feature": "d", "op": "robust_scale", "lower": 0.8}, {"feature": "e", "op": "minmax_scale", "min": 2, "max": 1}, {"feature": "f", "op": "minmax_scale", "range": [1, 0]}, {"feature": "g", "op": "minmax_scale", "range": [1]}, {"feature": "h", "op": "maxabs_scale", "max_abs": -1}, {"feature": "i", "op": "minmax_scale", "clip": 1}]');
SELECT faults('[{"feature": "a", "op": "standardise"}, {"feature": "b", "op": "clip", "min": 1, "maximum": 2}]');
DROP SCHEMA recipe_numeric CASCADE;
