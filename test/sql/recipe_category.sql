-- Operations on categories: how they are fitted and applied, and what they refuse.
\pset format unaligned
\pset null -
CREATE TABLE pets AS SELECT * FROM (VALUES
	(1, 'dog', 1, true), (2, 'cat', 1, true), (3, 'dog', 2, true), (4, NULL, 2, false), (5, 'eel', 3, false), (6, 'dog', NULL, NULL),
	(7, 'cat', 1, true), (8, 'ant', 7, true), (9, '', 7, true), (10, 'dog', 7, true)) AS pets(id, kind, legs, tame);
-- fits a step to pets, and shows what it gives for them and for others
CREATE FUNCTION try(step jsonb, more text DEFAULT 'SELECT NULL::text AS kind, NULL::int AS legs, NULL::bool AS tame WHERE false') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	fitted jsonb := riskml.fit_recipe(jsonb_build_array(step), 'SELECT * FROM pets', CASE WHEN step->>'op' = 'target_encode' THEN 'legs_label' END);
BEGIN
	RETURN NEXT fitted->0;
	RETURN QUERY EXECUTE 'SELECT format(''%s %s %s: %s'', coalesce(kind, ''-''), coalesce(legs::text, ''-''), coalesce(tame::text, ''-''), riskml.apply_recipe($1, x)) FROM ('
		|| 'SELECT kind, legs, tame FROM (SELECT DISTINCT kind, legs, tame FROM pets ORDER BY 1, 2, 3) AS p UNION ALL ' || more || ') AS x' USING fitted;
END $$;
ALTER TABLE pets ADD legs_label int;
UPDATE pets SET legs_label = id % 2;
\set others 'SELECT kind, 0, false FROM (VALUES (''bee''), (''Dog''), (''dog ''), (NULL)) AS v(kind)'

-- onehot
SELECT try('{"feature": "kind", "op": "onehot"}', :'others');
SELECT try('{"feature": "legs", "op": "onehot"}', 'SELECT NULL, 4, NULL');
SELECT try('{"feature": "tame", "op": "onehot"}');
SELECT try('{"feature": "kind", "op": "onehot", "min_frequency": 2}', :'others');
SELECT try('{"feature": "kind", "op": "onehot", "min_frequency": 0.2, "unknown": "infrequent"}', :'others');
SELECT try('{"feature": "kind", "op": "onehot", "max_categories": 2, "unknown": "infrequent"}', :'others');
SELECT try('{"feature": "kind", "op": "onehot", "max_categories": 1}');
SELECT try('{"feature": "kind", "op": "onehot", "max_categories": 5}');
SELECT try('{"feature": "kind", "op": "onehot", "min_frequency": 1}');
SELECT try('{"feature": "kind", "op": "onehot", "categories": ["eel", "dog", "yak"], "min_frequency": 2}', :'others');
SELECT try('{"feature": "kind", "op": "onehot", "unknown": "error"}');
SELECT try('{"feature": "kind", "op": "onehot", "unknown": "error"}', :'others');
SELECT try('{"feature": "legs", "op": "onehot", "unknown": "error"}', 'SELECT NULL, 4, NULL');
SELECT riskml.apply_recipe_json(riskml.fit_recipe('[{"feature": "legs", "op": "onehot", "min_frequency": 2}, {"feature": "tame", "op": "onehot", "names": ["wild", "tame", "who knows"]},
	{"feature": "kind", "op": "onehot", "max_categories": 2}]', 'SELECT * FROM pets'), pets) FROM pets WHERE id IN (1, 6);

-- ordinal
SELECT try('{"feature": "kind", "op": "ordinal"}', :'others');
SELECT try('{"feature": "legs", "op": "ordinal", "unknown": -1}', 'SELECT NULL, 4, NULL');
SELECT try('{"feature": "kind", "op": "ordinal", "categories": ["eel", null, "dog"], "unknown": 9.5}');
SELECT try('{"feature": "legs", "op": "ordinal", "categories": [7, 1], "unknown": "error"}');

-- group_rare, with the feature encoded, as texts are no outputs
CREATE FUNCTION grouped(step jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	fitted jsonb := riskml.fit_recipe(jsonb_build_array(step || '{"feature": "g"}', '{"feature": "code", "input": "g", "op": "ordinal", "unknown": 99}'::jsonb,
														'{"feature": "hash", "input": "g", "op": "hash_bucket", "n_buckets": 1000}'::jsonb), 'SELECT * FROM pets');
BEGIN
	RETURN NEXT fitted;
	RETURN QUERY SELECT format('%s: %s', coalesce(kind, '-'), riskml.apply_recipe(fitted, x)) FROM (SELECT DISTINCT kind FROM pets UNION ALL SELECT 'yak' ORDER BY 1) AS x;
END $$;
SELECT grouped('{"input": "kind", "op": "group_rare"}');
SELECT grouped('{"input": "kind", "op": "group_rare", "min_frequency": 3}');
SELECT grouped('{"input": "kind", "op": "group_rare", "min_frequency": 0.9, "other": "rest"}');
SELECT grouped('{"input": "kind", "op": "group_rare", "categories": ["eel", "yak"]}');
SELECT try('{"feature": "legs", "op": "group_rare", "min_frequency": 2, "other": -1}', 'SELECT NULL, 4, NULL');
SELECT try('{"feature": "legs", "op": "group_rare", "min_frequency": 2}');
SELECT try('{"feature": "kind", "op": "group_rare", "min_frequency": 2, "other": 5}');

-- the hash of what an impute puts in the place of missing is that of the text, all bits of it
SELECT riskml.apply_recipe('[{"feature": "k", "op": "impute", "input": "kind", "value": "cat", "output": false},
	{"feature": "h", "op": "hash_bucket", "input": "k", "n_buckets": 2147483647}]', r), riskml.hash_bucket('cat', 2147483647)
	FROM (VALUES ('cat'), (NULL)) AS r (kind);
-- hash_bucket: sklearn.utils.murmurhash3_32(kind, 0, positive=True) % 7
SELECT try('{"feature": "kind", "op": "hash_bucket", "n_buckets": 7, "hash": "murmur3_32"}', 'SELECT U&''\00E9\4E16\754C'', 1, false');

-- frequency_encode, target_encode
SELECT try('{"feature": "kind", "op": "frequency_encode"}', :'others');
SELECT try('{"feature": "legs", "op": "frequency_encode", "unknown": -1, "categories": [7, 8]}');
SELECT try('{"feature": "kind", "op": "target_encode"}', :'others');
SELECT try('{"feature": "kind", "op": "target_encode", "smoothing": 0}', :'others');
SELECT try('{"feature": "legs", "op": "target_encode", "prior": 0.25, "smoothing": 1, "categories": [1, 2]}', 'SELECT NULL, 4, NULL');

-- the same as SQL
SELECT riskml.fit_recipe('[{"feature": "k1", "input": "kind", "op": "onehot", "min_frequency": 2}, {"feature": "k2", "input": "kind", "op": "onehot", "unknown": "infrequent", "max_categories": 3},
	{"feature": "k3", "input": "kind", "op": "ordinal", "unknown": -1}, {"feature": "g", "input": "kind", "op": "group_rare", "min_frequency": 2, "other": "it''s"}, {"feature": "h", "input": "g", "op": "hash_bucket", "n_buckets": 99},
	{"feature": "gf", "input": "g", "op": "frequency_encode"}, {"feature": "l1", "input": "legs", "op": "target_encode"}, {"feature": "l2", "input": "legs", "op": "group_rare", "min_frequency": 3, "other": -0.1},
	{"feature": "l3", "input": "l2", "op": "onehot"}, {"feature": "t", "input": "tame", "op": "onehot"}]', 'SELECT * FROM pets WHERE id <> 5', 'legs_label') AS fitted \gset
SELECT riskml.recipe_sql(:'fitted', 'pets') AS sql \gset
SELECT count(*) FROM (SELECT to_jsonb(x) FROM (:sql) AS x INTERSECT ALL SELECT riskml.apply_recipe_json(:'fitted', pets) FROM pets) AS x;
SELECT riskml.recipe_sql('[{"feature": "kind", "op": "ordinal", "categories": ["a"], "unknown": "error"}]', 'pets');

-- any text
CREATE TABLE texts AS SELECT t FROM (VALUES (''), (' '), ('null'), ('"'), ('\'), (E'\n'), (U&'\00E9'), (U&'e\0301'), (U&'\+01F600'), ('A'), ('a'), (repeat('x', 5000))) AS v(t);
SELECT array_agg(k ORDER BY k) AS codes, count(DISTINCT k), bool_and(t = f->0->'categories'->>k::int)
FROM (SELECT f, t, (riskml.apply_recipe(f, texts))[1] AS k FROM texts, riskml.fit_recipe('[{"feature": "t", "op": "ordinal"}]', 'SELECT * FROM texts') AS f) AS x;
SELECT t FROM (SELECT riskml.fit_recipe('[{"feature": "t", "op": "ordinal"}]', 'SELECT * FROM texts') AS f) AS x, jsonb_array_elements_text(f->0->'categories') WITH ORDINALITY AS e(t, n)
WHERE length(t) < 100 ORDER BY n;
-- paddings, enums, domains, names, numeric and booleans
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN short AS varchar(10);
SELECT riskml.fit_recipe('[{"feature": "a", "op": "ordinal"}, {"feature": "b", "op": "ordinal"}, {"feature": "c", "op": "ordinal"}, {"feature": "d", "op": "ordinal"}, {"feature": "e", "op": "ordinal"}, {"feature": "f", "op": "ordinal"}]',
	'SELECT ''x''::char(5) AS a, ''sad''::mood AS b, ''y''::short AS c, ''z''::name AS d, v AS e, 3::bigint AS f FROM (VALUES (1.10), (1.1), (-0.0), (0), (''NaN''), (1e-30)) AS v(v)');

-- many
SELECT n, jsonb_array_length(f->0->'categories') AS categories, riskml.apply_recipe(f, x) FROM (SELECT 30000 AS n) AS n,
	riskml.fit_recipe('[{"feature": "t", "op": "frequency_encode"}, {"feature": "i", "op": "ordinal"}]', 'SELECT ''id '' || i AS t, i FROM generate_series(1, 30000) i') AS f,
	(SELECT 'id 777' AS t, 29999 AS i) AS x;
SELECT riskml.fit_recipe('[{"feature": "i", "op": "onehot"}]', 'SELECT i FROM generate_series(1, 10001) i');
SELECT jsonb_array_length(riskml.fit_recipe('[{"feature": "i", "op": "onehot", "max_categories": 100}]', 'SELECT i FROM generate_series(1, 10001) i')->0->'infrequent');

-- what is refused
CREATE FUNCTION faults(step jsonb) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT format('%s: %s [%s]', field, problem, hint) FROM riskml.check_recipe(jsonb_build_array(step || '{"feature": "x"}')) $$;
SELECT faults('{"op": "onehot", "min_frequency": 0}');
SELECT faults('{"op": "onehot", "min_frequency": 1.5}');
SELECT faults('{"op": "onehot", "max_categories": 0}');
SELECT faults('{"op": "onehot", "unknown": "x"}');
SELECT faults('{"op": "onehot", "categories": []}');
SELECT faults('{"op": "onehot", "categories": [null]}');
SELECT faults('{"op": "onehot", "categories": ["a", 1]}');
SELECT faults('{"op": "onehot", "categories": ["a", "b", "a"]}');
SELECT faults('{"op": "onehot", "categories": ["a"], "infrequent": ["b"]}');
SELECT faults('{"op": "onehot", "infrequent": ["b"]}');
SELECT faults('{"op": "onehot", "categories": ["a", "b"], "names": ["a"]}');
SELECT faults('{"op": "onehot", "categories": ["a", "b"], "names": ["a", "a"]}');
SELECT faults('{"op": "onehot", "categories": ["missing", null]}');
SELECT faults('{"op": "onehot", "category": ["a"]}');
SELECT faults('{"op": "ordinal", "categories": ["a", "b"], "unknown": 1}');
SELECT faults('{"op": "ordinal", "categories": ["a", "b"], "unknown": "ignore"}');
SELECT faults('{"op": "group_rare", "categories": [1]}');
SELECT faults('{"op": "group_rare", "categories": ["a"], "other": 1}');
SELECT faults('{"op": "hash_bucket"}');
SELECT faults('{"op": "hash_bucket", "n_buckets": 0}');
SELECT faults('{"op": "hash_bucket", "n_buckets": 8, "hash": "md5"}');
SELECT faults('{"op": "frequency_encode", "categories": ["a"], "values": [1, 2]}');
SELECT faults('{"op": "frequency_encode", "values": [1, 2]}');
SELECT faults('{"op": "target_encode", "smoothing": -1}');
SELECT faults('{"op": "target_encode", "folds": 1}');
SELECT faults('{"op": "target_encode", "seed": 0.5}');
