-- riskml.recipe_sql(): the very values of riskml.apply_recipe(), for every op.
\pset format unaligned
\pset null -
CREATE SCHEMA recipe_sql;
SET search_path = recipe_sql;
CREATE TYPE colour AS ENUM ('red', 'blue');
CREATE DOMAIN amount AS numeric(12, 2);
CREATE TABLE loan (id int, x float8, y float8, n numeric, a amount, f real, i bigint, b boolean, t text, c char(8), v varchar, e colour,
	d date, ts timestamp, tz timestamptz, "Mixed Case" float8);
INSERT INTO loan
	SELECT row_number() OVER (), x, y, n, round(x::numeric % 1000000, 2), f, i, i % 2 = 0, t, left(t, 8), t, (ARRAY['red', 'blue', NULL])[1 + i % 3]::colour, ts::date, ts, ts AT TIME ZONE 'UTC', -x
	FROM (SELECT *, row_number() OVER () AS i FROM
		unnest(ARRAY[NULL, 0, '-0', 1, -1, 0.1, 2.5, -7.25, 1e6]::float8[]) AS x,
		unnest(ARRAY[NULL, 0, 3, -0.5]::float8[]) AS y) AS pair,
	LATERAL (SELECT y::numeric * 10 AS n, (x / 3)::real AS f, (ARRAY[NULL, 'a', 'b', '', 'it''s \ "q"', 'Köln', 'A'])[1 + i % 7] AS t,
		(ARRAY[NULL, '2024-02-29 12:34:56.789012', '2021-03-28 01:30', '2021-03-28 02:30', '2021-10-31 01:00', '0044-03-15 BC', 'infinity', '-infinity', '1999-12-31 23:59:59.999999'])[1 + i % 9]::timestamp AS ts) AS others;
-- values at the ends of what a double is
INSERT INTO loan (id, x, y, n, f)
	SELECT 1000 + row_number() OVER (), x, y, n, 'NaN'
	FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308, 1e-200, 1e200]::float8[]) AS x,
		unnest(ARRAY['NaN', 'Infinity', '-Infinity', 5e-324, -1.7976931348623157e308, 1e-200, 0]::float8[]) WITH ORDINALITY AS ys(y, k),
		LATERAL (SELECT (ARRAY['NaN', 'Infinity', '-Infinity', '1e400', '-1e400', '1e-400'])[1 + k % 6]::numeric AS n) AS others;
ANALYZE loan;

-- Rows that differ; a double's text is that of its bits.
CREATE FUNCTION differences(recipe jsonb, relation regclass DEFAULT 'loan') RETURNS SETOF text LANGUAGE plpgsql AS
$$ DECLARE
	id jsonb := '[{"feature": "the id", "input": "id", "op": "pass"}]';
	from_sql text := format('SELECT whole::text FROM (%s) AS whole', riskml.recipe_sql(id || recipe, relation));
	from_rows text := format('SELECT ''('' || pg_catalog.array_to_string(riskml.apply_recipe(%L::jsonb, r), '','', '''') || '')'' FROM %s AS r', id || recipe, relation);
BEGIN
	RETURN QUERY EXECUTE format('SELECT ''sql:  '' || d FROM (%1$s EXCEPT ALL %2$s) AS s(d) UNION ALL SELECT ''rows: '' || d FROM (%2$s EXCEPT ALL %1$s) AS r(d)', from_sql, from_rows);
END $$;

SELECT count(*), count(x), count(n), count(t), count(ts) FROM loan;

-- each op
SELECT op, count(d) AS differences
FROM (VALUES
	('pass', '[{"feature": "of x", "input": "x", "op": "pass"}, {"feature": "y", "op": "pass"}, {"feature": "n", "op": "pass"}, {"feature": "a", "op": "pass"}, {"feature": "f", "op": "pass"}, {"feature": "i", "op": "pass"}, {"feature": "b", "op": "pass"}, {"feature": "mixed case", "op": "pass"}]'),
	('impute', '[{"feature": "of x", "input": "x", "op": "impute", "value": -1.5, "missing_indicator": true}, {"feature": "n", "op": "impute", "strategy": "constant", "value": 1e-300}]'),
	('clip', '[{"feature": "of x", "input": "x", "op": "clip", "min": -1, "max": 0.3}, {"feature": "x_low", "input": "x", "op": "clip", "min": 0}, {"feature": "x_high", "input": "x", "op": "clip", "max": 0}]'),
	('winsorize', '[{"feature": "of x", "input": "x", "op": "winsorize", "min": -1e300, "max": 1e-310}]'),
	('log1p', '[{"feature": "of x", "input": "x", "op": "log1p"}, {"feature": "y", "op": "log1p"}]'),
	('power', '[{"feature": "x0", "input": "x", "op": "power", "lambda": 0}, {"feature": "x1", "input": "x", "op": "power", "lambda": 1.37}, {"feature": "x2", "input": "x", "op": "power", "lambda": 2}, {"feature": "x3", "input": "x", "op": "power", "lambda": -3}, {"feature": "bx0", "input": "x", "op": "power", "method": "box-cox", "lambda": 0}, {"feature": "bx1", "input": "x", "op": "power", "method": "box-cox", "lambda": 0.3}, {"feature": "bx2", "input": "x", "op": "power", "method": "box-cox", "lambda": -2}]'),
	('bucketize', '[{"feature": "of x", "input": "x", "op": "bucketize", "edges": [-7.25, 0, 1, 1e308]}, {"feature": "y", "op": "bucketize", "edges": []}, {"feature": "many", "input": "x", "op": "bucketize", "edges": [-9, -8, -7, -6, -5, -1, 0, 0.1, 1, 2, 3]}]'),
	('quantile_bucketize', '[{"feature": "of x", "input": "x", "op": "quantile_bucketize", "edges": [5e-324, 2.5]}]'),
	('ratio', '[{"feature": "r", "input": ["x", "y"], "op": "ratio"}, {"feature": "r2", "input": ["y", "x"], "op": "ratio"}]'),
	('interaction', '[{"feature": "p", "input": ["x", "y"], "op": "interaction"}, {"feature": "p3", "input": ["x", "y", "x"], "op": "interaction"}]'),
	('standardize', '[{"feature": "of x", "input": "x", "op": "standardize", "mean": 0.1, "std": 3}, {"feature": "x0", "input": "x", "op": "standardize", "mean": 1e308, "std": 0}, {"feature": "xs", "input": "x", "op": "standardize", "mean": 0, "std": 1e-300}]'),
	('robust_scale', '[{"feature": "of x", "input": "x", "op": "robust_scale", "center": -0.7, "scale": 1e10}]'),
	('minmax_scale', '[{"feature": "of x", "input": "x", "op": "minmax_scale", "min": -3, "max": 4.1}, {"feature": "xc", "input": "x", "op": "minmax_scale", "min": -3, "max": 4.1, "range": [-1, 1], "clip": true}, {"feature": "x0", "input": "x", "op": "minmax_scale", "min": 3, "max": 3}]'),
	('maxabs_scale', '[{"feature": "of x", "input": "x", "op": "maxabs_scale", "max_abs": 7}, {"feature": "x0", "input": "x", "op": "maxabs_scale", "max_abs": 0}]'),
	('onehot', '[{"feature": "t", "op": "onehot", "categories": ["a", "it''s \\ \"q\"", "K\u00f6ln", "", null]}, {"feature": "c", "op": "onehot", "categories": ["b", "it''s \\ \"", "a", "A"], "infrequent": ["a", "A"], "unknown": "infrequent", "max_categories": 3}, {"feature": "e", "op": "onehot", "categories": ["blue"]}, {"feature": "b", "op": "onehot", "categories": [true, null]}, {"feature": "x", "op": "onehot", "categories": [0, 2.5, 5e-324]}]'),
	('ordinal', '[{"feature": "t", "op": "ordinal", "categories": ["b", "a", null], "unknown": -1}, {"feature": "v", "op": "ordinal", "categories": ["b", "a"]}, {"feature": "x", "op": "ordinal", "categories": [1, 0, -1.7976931348623157e308]}]'),
	('frequency_encode', '[{"feature": "t", "op": "frequency_encode", "categories": ["b", "a", null], "values": [0.1, 0.2, 0.3]}, {"feature": "x", "op": "frequency_encode", "categories": [0], "values": [0.1], "unknown": 7}]'),
	('target_encode', '[{"feature": "t", "op": "target_encode", "categories": ["b", "a", null], "values": [0.1, 0.2, 0.3], "prior": 0.7}, {"feature": "x", "op": "target_encode", "categories": [0], "values": [0.1], "prior": 0.7}]'),
	('group_rare', '[{"feature": "g", "input": "t", "op": "group_rare", "categories": ["b", "a"]}, {"feature": "h", "input": "g", "op": "hash_bucket", "n_buckets": 1000}, {"feature": "o", "input": "g", "op": "onehot", "categories": ["a", "other"]}, {"feature": "n", "op": "group_rare", "categories": [0, null], "other": -1}, {"feature": "of x", "input": "x", "op": "group_rare", "categories": [0, 1], "other": 7}, {"feature": "i", "input": "g", "op": "impute", "value": "none"}, {"feature": "k", "input": "i", "op": "ordinal", "categories": ["none", "a", "other"]}]'),
	('hash_bucket', '[{"feature": "t", "op": "hash_bucket", "n_buckets": 1000003}, {"feature": "c", "op": "hash_bucket", "n_buckets": 17}, {"feature": "e", "op": "hash_bucket", "n_buckets": 17}]'),
	('woe', '[{"feature": "x", "op": "woe", "convention": "ln_good_bad", "edges": [0, 1], "values": [-0.3, 0.1, 0.2], "missing": 0.5, "special_values": [2.5, -1], "special": [9, 8]}, {"feature": "y", "op": "woe", "convention": "ln_bad_good", "edges": [], "values": [0.25], "missing": 0}, {"feature": "t", "op": "woe", "convention": "ln_bad_good", "bins": [["a", "b"], ["A", "K\u00f6ln"]], "values": [0.1, -0.2], "missing": 0.3, "special_values": [""], "special": [4], "unknown": -5}]'),
	('cyclic', '[{"feature": "of x", "input": "x", "op": "cyclic", "period": 7}, {"feature": "y", "op": "cyclic", "period": 1e-300}, {"feature": "of ts", "input": "ts", "op": "cyclic", "part": "month"}, {"feature": "of tz", "input": "tz", "op": "cyclic", "part": "hour", "period": 12, "time_zone": "Europe/Berlin"}]'),
	('age_days', '[{"feature": "of d", "input": "d", "op": "age_days", "reference": "2024-01-01"}, {"feature": "of ts", "input": "ts", "op": "age_days", "reference": "2024-01-01T12:30:00.000001"}, {"feature": "of tz", "input": "tz", "op": "age_days", "reference": "2024-01-01", "time_zone": "Asia/Kolkata"}, {"feature": "between", "input": ["ts", "tz"], "op": "age_days", "time_zone": "America/New_York"}]'),
	('steps', '[{"feature": "x", "op": "impute", "value": 2, "missing_indicator": true}, {"feature": "capped", "input": "x", "op": "clip", "max": 5, "output": false}, {"feature": "log", "input": "capped", "op": "log1p"}, {"feature": "both", "input": ["log", "x", "y"], "op": "interaction"}, {"feature": "t", "op": "impute", "value": "none"}, {"feature": "unused", "input": "y", "op": "log1p", "output": false}]')
	) AS ops(op, recipe)
LEFT JOIN LATERAL differences(recipe::jsonb) AS d ON true GROUP BY op ORDER BY op;

-- each part of a time, by several clocks
SELECT zone, count(d) AS differences
FROM unnest(ARRAY['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Europe/Dublin', 'Africa/Casablanca']) AS zone
LEFT JOIN LATERAL differences((SELECT jsonb_agg(jsonb_build_object('feature', c || '_' || part, 'input', c, 'op', 'date_part', 'part', part, 'time_zone', zone))
	FROM unnest(ARRAY['year', 'quarter', 'month', 'week', 'day', 'dow', 'isodow', 'doy', 'hour', 'minute', 'second']) AS part, unnest(ARRAY['d', 'ts', 'tz']) AS c)) AS d ON true
GROUP BY zone ORDER BY zone;

-- how it reads
SELECT riskml.recipe_sql('[{"feature": "x", "op": "impute", "value": 2, "missing_indicator": true}, {"feature": "x scaled", "input": "x", "op": "standardize", "mean": 0.1, "std": 3},
	{"feature": "hour", "input": "tz", "op": "date_part", "part": "hour", "time_zone": "Europe/Berlin"}, {"feature": "mixed", "input": "mixed case", "op": "bucketize", "edges": [0, 1e-7]}]', 'loan');

-- no setting and no operator of the user's matters
CREATE SCHEMA evil;
CREATE FUNCTION evil.no(float8, float8) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION evil.no(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION evil.date_part(text, timestamp) RETURNS float8 LANGUAGE sql AS $$ SELECT 13.0::float8 $$;
CREATE OPERATOR evil.= (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.no);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.no);
CREATE OPERATOR evil.<> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.no);
CREATE OPERATOR evil.< (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.no);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE = 'no');
CREATE FUNCTION scores() RETURNS text LANGUAGE plpgsql AS
$$ DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT pg_catalog.md5(pg_catalog.string_agg(whole::pg_catalog.text, '';'' ORDER BY whole.id)) FROM (%s) AS whole', riskml.recipe_sql(
		'[{"feature": "id", "op": "pass"}, {"feature": "x", "op": "pass"}, {"feature": "r", "input": ["x", "y"], "op": "ratio"}, {"feature": "c", "input": "y", "op": "cyclic", "period": 3},
		{"feature": "hour", "input": "tz", "op": "date_part", "part": "hour", "time_zone": "Europe/Dublin"}, {"feature": "age", "input": "ts", "op": "age_days", "reference": "2024-02-03"}]', 'recipe_sql.loan')) INTO result;
	RETURN result;
END $$;
CREATE TABLE kept AS SELECT scores() AS was;
SET search_path = evil, pg_catalog, recipe_sql;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'SQL, DMY';
SET extra_float_digits = 1;
SET timezone_abbreviations = 'India';
SET standard_conforming_strings = off;
SELECT recipe_sql.scores() OPERATOR(pg_catalog.=) was AS same FROM recipe_sql.kept;
SET search_path = recipe_sql;
RESET TimeZone;
RESET DateStyle;
RESET extra_float_digits;
RESET timezone_abbreviations;
RESET standard_conforming_strings;

-- what cannot be written
\set VERBOSITY terse
SELECT riskml.recipe_sql('[{"feature": "z", "op": "pass"}]', 'loan');
SELECT riskml.recipe_sql('[{"feature": "t", "op": "pass"}]', 'loan');
SELECT riskml.recipe_sql('[{"feature": "tz", "op": "date_part", "part": "hour"}]', 'loan');
SELECT riskml.recipe_sql('[{"feature": "x", "op": "date_part", "part": "hour"}]', 'loan');
SELECT riskml.recipe_sql('[{"feature": "x", "op": "standardize"}]', 'loan');
CREATE TYPE pair AS (x int);
SELECT riskml.recipe_sql('[{"feature": "x", "op": "pass"}]', 'pair');
SELECT riskml.recipe_sql('[{"feature": "x", "op": "pass"}]', 0);
SELECT riskml.recipe_sql((SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'input', 'x', 'op', 'pass')) FROM generate_series(1, 1665) AS i), 'loan');
-- no output; names that a column cannot have
SELECT riskml.recipe_sql('[{"feature": "x", "op": "pass", "output": false}]', 'loan');
SELECT riskml.recipe_sql(jsonb_build_array(jsonb_build_object('feature', repeat('long', 20), 'input', 'x', 'op', 'pass'), jsonb_build_object('feature', 'y"', 'input', repeat('long', 20), 'op', 'log1p')), 'loan');
SELECT count(*) FROM differences(jsonb_build_array(jsonb_build_object('feature', repeat('long', 20), 'input', 'x', 'op', 'pass'), jsonb_build_object('feature', 'y"', 'input', repeat('long', 20), 'op', 'log1p')));
-- an unknown category that a step refuses makes the statement fail, and says why; the others are as apply_recipe() has them
SELECT $$[{"feature": "a", "op": "ordinal", "input": "k", "categories": ["x", "y"], "unknown": "error"}, {"feature": "b", "op": "onehot", "input": "n", "categories": [1, 2], "unknown": "error"},
	{"feature": "c", "op": "ordinal", "input": "n", "categories": [1, 2, 7], "unknown": "error", "output": false}]$$::jsonb AS strict \gset
CREATE TABLE strict (k text, n int);
INSERT INTO strict VALUES ('x', 1), ('y', 2), (NULL, NULL);
SELECT riskml.recipe_sql(:'strict', 'strict') AS query \gset
:query;
SELECT riskml.apply_recipe(:'strict'::jsonb, s) FROM strict s;
UPDATE strict SET k = 'it''s z' WHERE k = 'x';
:query;
UPDATE strict SET k = 'x', n = 7 WHERE n = 1;
SELECT riskml.apply_recipe(:'strict'::jsonb, s) FROM strict s;
:query;
DROP SCHEMA recipe_sql, evil CASCADE;
