-- What riskml.check_recipe() finds.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA recipe_check;
SET search_path = recipe_check, public;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN cents AS int8;
CREATE TABLE people (id int, "Age" float8, age float8, city text, born date, seen timestamptz, seen_here timestamp, ok boolean, doc jsonb,
	m mood, c char(5), n name, money cents, amount numeric, a_column_with_a_name_that_is_longer_than_an_identifier_of_postg int);
CREATE FUNCTION faults(recipe jsonb, relation regclass DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT concat_ws(' | ', step, feature, field, column_name, severity, problem, hint) FROM riskml.check_recipe(recipe, relation) $$;

-- nothing is wrong
SELECT count(*) FROM riskml.check_recipe('[{"feature": "age", "op": "pass"}]');
SELECT faults('[{"feature": "age", "op": "standardize", "mean": 1, "std": 2}, {"feature": "city", "op": "ordinal", "categories": ["a", null]}]', 'people');
-- not fitted, fine
SELECT faults('[{"feature": "age", "op": "standardize"}, {"feature": "city", "op": "ordinal"}]', 'people');
SELECT faults(NULL);

\echo no recipes
SELECT faults('{}'); SELECT faults('[]'); SELECT faults('null'); SELECT faults('"x"'); SELECT faults('17');
SELECT faults('[1, null, [], {}, "pass"]');

\echo steps
SELECT faults('[{"feature": "", "op": "pass"}, {"feature": 1, "op": "pass"}, {"op": "pass"}, {"feature": null}]');
SELECT faults('[{"feature": "a"}, {"feature": "b", "op": "standardise"}, {"feature": "c", "op": ""}, {"feature": "d", "op": 1}, {"feature": "e", "op": "PASS"}]');
SELECT faults('[{"feature": "a", "op": "pass", "outptu": false, "inputs": [], "": 1}]');
SELECT faults('[{"feature": "a", "op": "pass", "output": "no"}, {"feature": "b", "op": "pass", "output": null}]');
SELECT faults('[{"feature": "a", "op": "pass"}, {"feature": "a", "op": "pass"}]');
SELECT faults('[{"feature": "a", "op": "pass", "input": []}, {"feature": "b", "op": "pass", "input": ["x", "y"]}, {"feature": "c", "op": "pass", "input": {}},
	{"feature": "d", "op": "ratio"}, {"feature": "e", "op": "interaction", "input": ["x"]}, {"feature": "f", "op": "pass", "input": ""},
	{"feature": "g", "op": "ratio", "input": ["x", 1]}, {"feature": "h", "op": "pass", "input": ["x"]}]');
SELECT left(f, 200) FROM faults(format('[{"feature": "%1$s", "op": "pass"}, {"feature": "a", "op": "pass", "input": "%1$s"}, {"feature": "b", "op": "%1$s"}, {"feature": "c", "op": "pass", "%1$s": 1}]',
	repeat('n', 1001))::jsonb) f;
SELECT faults(format('[{"feature": "%1$s", "op": "pass"}]', repeat('n', 1000))::jsonb);

\echo fields
SELECT faults('[{"feature": "a", "op": "standardize", "mean": "1", "std": -1, "deviation": "both"}, {"feature": "b", "op": "standardize", "mean": 1e309, "std": null, "deviation": 1}]');
SELECT faults('[{"feature": "a", "op": "standardize", "mean": -1e400, "std": 1e-400}]');
SELECT faults('[{"feature": "a", "op": "bucketize", "edges": [1, 2, 2]}, {"feature": "b", "op": "bucketize", "edges": [1, "2"]}, {"feature": "c", "op": "bucketize", "edges": 1},
	{"feature": "d", "op": "bucketize"}, {"feature": "e", "op": "bucketize", "edges": [2, 1]}, {"feature": "f", "op": "bucketize", "edges": [1, 1e999]}, {"feature": "g", "op": "bucketize", "edges": [[1]]}]');
SELECT faults('[{"feature": "a", "op": "date_part", "part": "hour", "time_zone": "Mars"}, {"feature": "b", "op": "date_part", "part": "hour", "time_zone": ""},
	{"feature": "c", "op": "date_part", "part": "hour", "time_zone": 1}, {"feature": "d", "op": "date_part", "part": "hours"}]');

\echo categories
SELECT faults('[{"feature": "a", "op": "ordinal", "categories": ["x", "y", "x"]}, {"feature": "b", "op": "ordinal", "categories": [1, 2, 1.0]},
	{"feature": "c", "op": "ordinal", "categories": [null, "x", null]}, {"feature": "d", "op": "ordinal", "categories": ["x", 1]},
	{"feature": "e", "op": "ordinal", "categories": []}, {"feature": "f", "op": "ordinal", "categories": [null]},
	{"feature": "g", "op": "ordinal", "categories": [true, 1]}, {"feature": "h", "op": "ordinal", "categories": [["x"]]},
	{"feature": "i", "op": "ordinal", "categories": {"x": 0}}, {"feature": "j", "op": "ordinal", "categories": [0, -0.0]},
	{"feature": "k", "op": "ordinal", "categories": [1e999]}, {"feature": "l", "op": "ordinal", "categories": ["", " ", "X", "x"]}]');

\echo kinds
SELECT faults('[{"feature": "a", "op": "pass", "input": "x"}, {"feature": "b", "op": "hash_bucket", "n_buckets": 3, "input": "x"},
	{"feature": "c", "op": "date_part", "part": "hour", "input": "x"}, {"feature": "d", "op": "ordinal", "input": "x", "categories": ["u"]},
	{"feature": "e", "op": "ordinal", "input": "x", "categories": [true]}]');
SELECT faults('[{"feature": "a", "op": "ordinal", "input": "x"}, {"feature": "b", "op": "date_part", "part": "hour", "input": "x"}]');
SELECT faults('[{"feature": "a", "op": "ordinal", "input": "x"}, {"feature": "b", "op": "hash_bucket", "n_buckets": 2, "input": "a"}]');
-- an imputed text is a text, whatever is known of it by then
SELECT faults('[{"feature": "a", "op": "impute", "strategy": "mode", "input": "x"}, {"feature": "b", "op": "impute", "strategy": "mode", "input": "a"},
	{"feature": "c", "op": "hash_bucket", "n_buckets": 2, "input": "b"}, {"feature": "d", "op": "pass", "input": "x"}, {"feature": "e", "op": "pass", "input": "a"}]');

\echo unused
SELECT faults('[{"feature": "a", "op": "pass", "output": false}, {"feature": "b", "op": "pass", "output": false}, {"feature": "c", "op": "pass", "input": "a"},
	{"feature": "d", "op": "group_rare", "categories": ["x"]}, {"feature": "e", "op": "onehot", "categories": ["x", "y"], "output": false}]');

\echo a feature that has the name of its column, and a later one of that name
SELECT faults('[{"feature": "a", "op": "ordinal", "categories": ["x"]}, {"feature": "b", "op": "pass", "input": "a"}, {"feature": "c", "op": "pass", "input": "b_x"},
	{"feature": "d", "op": "onehot", "input": "c"}, {"feature": "e", "op": "pass", "input": "d_x"}]', 'people');

\echo inputs that begin as features which are not known yet, but are columns
CREATE TABLE homes (home text, home_size int, home_town text, y int);
INSERT INTO homes VALUES ('own', 1, 'x', 0), ('rent', 2, 'y', 1);
SELECT faults('[{"feature": "home", "op": "onehot"}, {"feature": "size", "op": "pass", "input": "home_size"}, {"feature": "town", "op": "ordinal", "input": "home_town"},
	{"feature": "hash", "op": "hash_bucket", "n_buckets": 3, "input": "home_town"}, {"feature": "own", "op": "pass", "input": "home_own"},
	{"feature": "bad", "op": "pass", "input": "home_town"}]', 'homes');
SELECT riskml.fit_recipe('[{"feature": "home", "op": "onehot"}, {"feature": "size", "op": "pass", "input": "home_size"}, {"feature": "town", "op": "ordinal", "input": "home_town"},
	{"feature": "own", "op": "pass", "input": "home_own"}, {"feature": "own_size", "op": "interaction", "input": ["home_own", "size"]}]', 'SELECT * FROM homes');
SELECT riskml.fit_recipe('[{"feature": "home", "op": "onehot"}, {"feature": "gone", "op": "pass", "input": "home_gone"}]', 'SELECT * FROM homes');
SELECT riskml.fit_recipe('[{"feature": "home", "op": "onehot"}, {"feature": "size", "op": "pass", "input": "home_own"}]', 'SELECT 2 AS home_own, * FROM homes');

\echo columns
SELECT faults('[{"feature": "f1", "op": "pass", "input": "nowhere"}, {"feature": "f2", "op": "pass", "input": "Age"}, {"feature": "f3", "op": "pass", "input": "AGE"},
	{"feature": "f4", "op": "pass", "input": "ID"}, {"feature": "f5", "op": "pass", "input": "city"}, {"feature": "f6", "op": "pass", "input": "born"},
	{"feature": "f7", "op": "pass", "input": "ok"}, {"feature": "f8", "op": "pass", "input": "doc"}, {"feature": "f9", "op": "pass", "input": "money"},
	{"feature": "f10", "op": "pass", "input": "amount"}, {"feature": "f11", "op": "pass", "input": "nowhere"},
	{"feature": "f12", "op": "pass", "input": "A_column_with_a_name_that_is_longer_than_an_identifier_of_postgresql"}]', 'people');
SELECT faults('[{"feature": "f1", "op": "hash_bucket", "n_buckets": 2, "input": "m"}, {"feature": "f2", "op": "hash_bucket", "n_buckets": 2, "input": "c"},
	{"feature": "f3", "op": "hash_bucket", "n_buckets": 2, "input": "n"}, {"feature": "f4", "op": "hash_bucket", "n_buckets": 2, "input": "id"},
	{"feature": "f5", "op": "ordinal", "input": "seen"}, {"feature": "f6", "op": "ordinal", "input": "doc"}, {"feature": "f7", "op": "ordinal", "input": "ok"},
	{"feature": "f8", "op": "ordinal", "input": "city"}, {"feature": "f9", "op": "impute", "strategy": "mode", "input": "born"}]', 'people');
SELECT faults('[{"feature": "f1", "op": "date_part", "part": "hour", "input": "seen"}, {"feature": "f2", "op": "date_part", "part": "hour", "input": "seen", "time_zone": "Europe/Berlin"},
	{"feature": "f3", "op": "date_part", "part": "hour", "input": "seen_here"}, {"feature": "f4", "op": "date_part", "part": "day", "input": "born"},
	{"feature": "f5", "op": "age_days", "input": ["born", "seen"]}, {"feature": "f6", "op": "date_part", "part": "day", "input": "city"}]', 'people');
SELECT faults('[{"feature": "f1", "op": "pass", "input": "id"}, {"feature": "f2", "op": "pass", "input": "ID"}, {"feature": "f3", "op": "pass", "input": "Id"}]', 'people');
SELECT * FROM riskml.check_recipe('[{"feature": "a", "op": "pass"}]', 4294967295);

-- what no output needs is not read
SELECT faults('[{"feature": "f1", "op": "pass", "input": "nowhere", "output": false}, {"feature": "f2", "op": "pass", "input": "f1", "output": false},
	{"feature": "f3", "op": "pass", "input": "age"}]', 'people');
SELECT faults('[{"feature": "f1", "op": "pass", "input": "nowhere", "output": false}, {"feature": "f2", "op": "pass", "input": "nowhere"}]', 'people');

\echo many: a million categories, a thousand steps, too many of either
SELECT count(*) FROM riskml.check_recipe((SELECT jsonb_build_array(jsonb_build_object('feature', 'a', 'op', 'ordinal', 'categories', jsonb_agg('category ' || i)))
	FROM generate_series(1, 100000) i));
SELECT faults((SELECT jsonb_build_array(jsonb_build_object('feature', 'a', 'op', 'ordinal', 'categories', jsonb_agg(i % 70000))) FROM generate_series(1, 100000) i));
SELECT faults((SELECT jsonb_build_array(jsonb_build_object('feature', 'a', 'op', 'onehot', 'categories', jsonb_agg(i))) FROM generate_series(1, 65537) i));
SELECT count(*) FROM riskml.check_recipe((SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'pass', 'input', 'f' || i - 1)) FROM generate_series(1, 10000) i));
SELECT faults((SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'pass')) FROM generate_series(1, 10001) i));

RESET search_path;
DROP SCHEMA recipe_check CASCADE;
