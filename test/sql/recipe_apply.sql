-- apply_recipe(), apply_recipe_json(), transform(), model_recipe().
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
SELECT $$[
	{"feature": "amount", "op": "pass"},
	{"feature": "scaled", "op": "standardize", "input": "amount", "mean": 10, "std": 4},
	{"feature": "where", "op": "ordinal", "input": "state", "categories": ["by", "he", null]},
	{"feature": "level", "op": "ordinal", "categories": [1, 2.5, -0], "unknown": -7},
	{"feature": "bucket", "op": "hash_bucket", "input": "state", "n_buckets": 1000}]$$ AS r \gset
CREATE TYPE regress_state AS ENUM ('he', 'by', 'xx');
CREATE TABLE regress_a (id int, "Amount" numeric, state text, level float8, note text);
INSERT INTO regress_a VALUES (1, 10, 'by', 1, 'a'), (2, 'NaN', 'he', 2.5, NULL), (3, NULL, 'xx', 0, ''), (4, 'Infinity', NULL, 'NaN', ''), (5, -0.5, '', -0.0, ''),
	(6, 1e20, 'by ', NULL, ''), (7, 3, repeat('long ', 1000), 3, '');
SELECT id, riskml.apply_recipe(:'r', a) FROM regress_a a ORDER BY id;
SELECT id, riskml.apply_recipe_json(:'r', a) FROM regress_a a ORDER BY id;
-- both are the same, and so is the row as jsonb
SELECT count(*), bool_and(riskml.apply_recipe(:'r', a)::text = riskml.apply_recipe(:'r', jsonb_build_object('amount', a."Amount", 'state', state, 'level', level))::text)
FROM regress_a a WHERE "Amount" < 1e20 AND level < 1e20;
-- rows of any kind: a table's, a subquery's, ROW(...) by position, one that changes its type from row to row
SELECT riskml.apply_recipe(:'r', x) FROM (SELECT 'he'::regress_state AS state, true AS level, 12::int8 AS amount) x;
SELECT riskml.apply_recipe(:'r', ROW(12, 'he', 2.5)), riskml.apply_recipe(:'r', ROW(NULL, NULL, NULL));
SELECT riskml.apply_recipe(:'r', x) FROM (SELECT 'he '::char(8) AS state, 1::int2 AS level, 12::real AS amount) x;
SELECT riskml.apply_recipe(:'r', x) FROM (SELECT 'he'::name AS state, NULL::numeric AS level, 12::int AS amount) x;
SELECT i, riskml.apply_recipe(:'r', CASE WHEN i % 2 = 0 THEN ROW(i, 'he'::text, 2.5) ELSE ROW(i::numeric, 'by'::name, i) END) FROM generate_series(1, 4) i;
-- a recipe that changes from row to row
SELECT k, riskml.apply_recipe(format('[{"feature": "x", "op": "standardize", "mean": %s, "std": 2}]', k)::jsonb, ROW(10)) FROM generate_series(1, 3) k;
SELECT riskml.apply_recipe('[{"feature": "x", "op": "pass", "output": false}, {"feature": "y", "op": "standardize", "input": "x", "mean": 1, "std": 2}]', '{"x": 2}'::jsonb);
-- NULL in, NULL out; a row of NULLs is a row
SELECT riskml.apply_recipe(NULL, ROW(1)), riskml.apply_recipe('[{"feature": "x", "op": "pass"}]', NULL::record), riskml.apply_recipe('[{"feature": "x", "op": "pass"}]', ROW(NULL));
-- an enum's label gets another name
CREATE TABLE regress_e (state regress_state, amount int, level int);
INSERT INTO regress_e VALUES ('xx', 1, 1);
SELECT (riskml.apply_recipe(:'r', e))[3] FROM regress_e e;
ALTER TYPE regress_state RENAME VALUE 'by' TO 'yy';
ALTER TYPE regress_state RENAME VALUE 'xx' TO 'by';
SELECT (riskml.apply_recipe(:'r', e))[3] FROM regress_e e;
BEGIN;
ALTER TYPE regress_state RENAME VALUE 'by' TO 'zz';
SELECT (riskml.apply_recipe(:'r', e))[3] FROM regress_e e;
ROLLBACK;
SELECT (riskml.apply_recipe(:'r', e))[3] FROM regress_e e;
-- what cannot be applied
SELECT q, pg_temp.try(format('SELECT riskml.apply_recipe(%L, %s)', r, q)) FROM (VALUES
	('[{"feature": "x", "op": "standardize"}]', 'ROW(1)'),
	('[{"feature": "x", "op": "no_such"}]', 'ROW(1)'),
	('{}', 'ROW(1)'),
	(:'r', 'ROW(1)'),
	(:'r', 'ROW(1, 2, 3)'),
	(:'r', $$ROW('1'::text, 'he', 3)$$),
	(:'r', $$ROW('1', 'he', 3)$$),
	(:'r', 'a) FROM (SELECT 1 AS amount, 2 AS level) a; --'),
	(:'r', $$a) FROM (SELECT 1 AS amount, 2 AS "AMOUNT", 3 AS "Amount", 2 AS level, ''::text AS state) a; --$$),
	(:'r', $$a) FROM (SELECT 1 AS "AMOUNT", 3 AS "Amount", 2 AS level, ''::text AS state) a; --$$),
	(:'r', $$a) FROM (SELECT now() AS amount, 2 AS level, ''::text AS state) a; --$$),
	(:'r', $$'{"amount": 1}'::jsonb$$),
	(:'r', $$'[1, 2]'::jsonb$$),
	(:'r', $$'{"amount": "1", "state": null, "level": 1}'::jsonb$$),
	(:'r', $$'{"amount": 1, "state": 5, "level": 1}'::jsonb$$),
	(:'r', $$'{"amount": 1, "state": {}, "level": 1}'::jsonb$$),
	(:'r', $$'{"amount": [1], "state": "he", "level": 1}'::jsonb$$),
	(:'r', $$'{"amount": 1, "state": true, "level": 1}'::jsonb$$)) v(r, q);
SELECT riskml.apply_recipe(:'r', '{"amount": 1}'::jsonb, true), riskml.apply_recipe_json(:'r', '{}', lenient => true);
-- categories that a step refuses: texts, numbers, those that another step knows
SELECT $$[{"feature": "a", "op": "ordinal", "input": "s", "categories": ["x", "y"], "unknown": "error"},
	{"feature": "b", "op": "ordinal", "input": "n", "categories": [1, 2], "unknown": "error"},
	{"feature": "c", "op": "ordinal", "input": "s", "categories": ["x", "z"], "unknown": "error"},
	{"feature": "d", "op": "ordinal", "input": "a", "categories": [0], "unknown": "error"}]$$ AS strict \gset
SELECT row, pg_temp.try(format('SELECT riskml.apply_recipe(%L, %L::jsonb)', :'strict', row)) FROM (VALUES
	('{"s": "x", "n": 1}'), ('{"s": null, "n": null}'), ('{"s": "q", "n": 1}'), ('{"s": "y", "n": 1}'), ('{"s": "z", "n": 1}'), ('{"s": "x", "n": 1.5}')) v(row);
SELECT pg_temp.try(format('SELECT riskml.apply_recipe(%L, jsonb_build_object(''s'', repeat(''ä'', 200), ''n'', 1))', :'strict'));
-- the first of two steps that refuse a text is no output
SELECT riskml.import_model('regress_a2', pg_temp.tiny_model(), recipe => '[{"feature": "a", "op": "ordinal", "input": "s", "categories": ["x"], "unknown": "error"},
	{"feature": "filled", "op": "impute", "input": "s", "strategy": "constant", "value": "x", "output": false}, {"feature": "income", "op": "ordinal", "input": "filled", "categories": ["x"], "unknown": "error"},
	{"feature": "debt", "op": "pass", "input": "n"}, {"feature": "age", "op": "pass", "input": "n"}]');
SELECT pg_temp.try($$SELECT risk_score('regress_a2', ROW('q', 1))$$);
SELECT pg_temp.drop_models('regress_a2');
-- ---- what a model gets
SELECT riskml.import_model('regress_a', pg_temp.tiny_model(), recipe => '[{"feature": "income", "op": "standardize", "input": "amount", "mean": 0, "std": 3},
	{"feature": "debt", "op": "ordinal", "input": "state", "categories": ["by", "he"]}, {"feature": "age", "op": "pass", "input": "level"}]');
SELECT id, feature, value FROM regress_a a, riskml.transform('regress_a', a) WHERE id < 4 ORDER BY id, feature;
SELECT feature, value FROM riskml.transform('regress_a', ROW(1, 'he', 16777217));
SELECT (riskml.transform('regress_a', a)).* FROM regress_a a WHERE id = 1;
SELECT riskml.import_model('regress_a', pg_temp.tiny_model());
SELECT * FROM riskml.transform('regress_a@2', ROW(1, NULL, 3));
SELECT riskml.model_recipe('regress_a'), riskml.model_recipe('regress_a@2');
-- an expression that PL/pgSQL keeps, with variables that change
DO $$
	DECLARE
		r jsonb;
		names text[];
	BEGIN
		FOR i IN 1..3 LOOP
			r := format('[{"feature": "a", "op": "standardize", "mean": %s, "std": 1}]', i);
			names := CASE WHEN i = 2 THEN '{age,debt,income}'::text[] WHEN i = 3 THEN '{income,debt,age}' END;
			RAISE NOTICE '% %', riskml.apply_recipe(r, '{"a": 10}'::jsonb), riskml.score_columns('regress_a@2', NULL, names, 40, 5, 20);
		END LOOP;
	END $$;
SELECT count(*) FROM riskml.transform(NULL, ROW(1));
SELECT pg_temp.try($$SELECT riskml.transform('regress_a', ROW(1))$$);
SELECT pg_temp.sqlstate($$SELECT riskml.model_recipe('regress_none')$$);
-- the recipe is exported, so it takes the privilege
CREATE ROLE regress_reader;
SELECT riskml.grant_model('regress_a', 'regress_reader');
SET ROLE regress_reader;
SELECT riskml.transform('regress_a', ROW(1, NULL, 3));
\set VERBOSITY terse
SELECT riskml.model_recipe('regress_a');
\set VERBOSITY default
RESET ROLE;
SELECT riskml.grant_model('regress_a', 'regress_reader', 'export');
SET ROLE regress_reader;
SELECT jsonb_array_length(riskml.model_recipe('regress_a'));
RESET ROLE;
SELECT pg_temp.drop_models('regress_a');
DROP ROLE regress_reader;
DROP TABLE regress_a, regress_e;
DROP TYPE regress_state;
