-- risk_score, risk_margin, risk_leaves and risk_score_pinned in their three forms; how a row finds its
-- features; scoring in every place an expression can stand.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
SELECT riskml.import_model('regress_s', pg_temp.tiny_model());
SELECT riskml.import_model('regress_logit', pg_temp.tiny_model(objective => 'binary:logistic'));
SELECT risk_version('regress_s') AS pin \gset

-- ---- four functions × three forms against the values computed by hand in fixtures.inc
CREATE TABLE regress_loan (id int, income int, debt real, age float8, expected float8, expected_leaves int[]);
INSERT INTO regress_loan VALUES
	(1, 40, 5, 20, 0.75, '{3,1}'),
	(2, 40, 15, 40, -0.25, '{4,3}'),
	(3, 90, 0, 65, 3.5, '{2,4}'),
	(4, 50, NULL, 30, 2.75, '{2,3}'),
	(5, NULL, NULL, NULL, 2.25, '{2,1}');
SELECT id, expected,
	risk_score('regress_s', l) AS score,
	risk_margin('regress_s', l) AS margin,
	risk_leaves('regress_s', l) AS leaves,
	risk_score_pinned(:'pin', l) AS pinned
FROM regress_loan l ORDER BY id;
SELECT id, bool_and(s = expected) AS score_and_margin, bool_and(v = expected_leaves) AS leaves
FROM regress_loan l, LATERAL (VALUES
	(risk_score('regress_s', ARRAY[income, debt, age]), risk_leaves('regress_s', ARRAY[income, debt, age])),
	(risk_margin('regress_s', ARRAY[income, debt, age]), expected_leaves),
	(risk_score_pinned(:'pin', ARRAY[income, debt, age]), expected_leaves),
	(risk_score('regress_s', to_jsonb(l)), risk_leaves('regress_s', to_jsonb(l))),
	(risk_margin('regress_s', to_jsonb(l)), expected_leaves),
	(risk_score_pinned(:'pin', to_jsonb(l)), expected_leaves),
	(risk_score('regress_s', ROW(income, debt, age)), risk_leaves('regress_s', ROW(income, debt, age))),
	(risk_margin('regress_s', ROW(income, debt, age)), expected_leaves),
	(risk_score_pinned(:'pin', ROW(income, debt, age)), expected_leaves)) t(s, v)
GROUP BY id ORDER BY id;
-- a binary model: the margin, and its probability
SELECT id, risk_margin('regress_logit', l) AS margin, round(risk_score('regress_logit', l)::numeric, 6) AS probability,
	round((1 / (1 + exp(-risk_margin('regress_logit', l))))::numeric, 6) AS sigmoid
FROM regress_loan l ORDER BY id;

-- ---- NULL in, NULL out; a row of NULLs is not NULL
SELECT risk_score(NULL::text, l) AS model, risk_score('regress_s', NULL::regress_loan) AS record,
	risk_score('regress_s', NULL::float8[]) AS "array", risk_score('regress_s', NULL::jsonb) AS jsonb,
	risk_score('regress_s', to_jsonb(l), NULL) AS lenient, risk_leaves('regress_s', NULL::float8[]) AS leaves,
	risk_score_pinned(NULL, l) AS pinned, risk_version(NULL) AS version
FROM regress_loan l WHERE id = 1;
SELECT risk_score('regress_s', l) AS "row", risk_score('regress_s', ROW(NULL::int, NULL::int, NULL::int)) AS anonymous,
	risk_score('regress_s', ARRAY[NULL, NULL, NULL]::float8[]) AS "array",
	risk_score('regress_s', '{"income": null, "debt": null, "age": null}'::jsonb) AS jsonb,
	risk_score('regress_s', '{}'::jsonb, true) AS empty
FROM regress_loan l WHERE id = 5;

-- ---- types: 0.75 where the income is read as less than 50, else 2.25; rounding to float32 may decide
CREATE DOMAIN regress_money AS numeric CHECK (VALUE > -1000000);
CREATE DOMAIN regress_pay AS regress_money;
CREATE FUNCTION pg_temp.with_income(type text, value text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format($q$
		SELECT risk_score('regress_s', x) FROM (SELECT %L::%s AS income, 5 AS debt, 20 AS age) x
		$q$, value, type)) $$;
SELECT type, value, pg_temp.with_income(type, value) FROM (VALUES
	('bool', 'true'), ('bool', 'false'),
	('int2', '49'), ('int2', '50'), ('int4', '49'), ('int4', '50'), ('int4', '-2147483648'), ('int8', '49'), ('int8', '50'), ('int8', '9223372036854775807'),
	('real', '49.999'), ('real', '50'), ('real', 'NaN'), ('real', 'Infinity'), ('real', '-Infinity'),
	('float8', '49.99999'), ('float8', '49.9999999999999'), ('float8', '50'), ('float8', 'NaN'), ('float8', '1e300'), ('float8', '-1e300'), ('float8', 'Infinity'), ('float8', '-0'),
	('numeric', '49.99'), ('numeric', '50'), ('numeric', '1e300'), ('numeric', '1e400'), ('numeric', '-1e400'), ('numeric', 'NaN'), ('numeric', 'Infinity'), ('numeric(5,1)', '49.96'),
	('regress_money', '49'), ('regress_pay', '51'),
	('float8', NULL), ('regress_pay', NULL),
	('text', '49'), ('varchar(5)', '49'), ('"char"', '4'), ('money', '49'), ('interval', '49 s'), ('date', '2020-01-01'), ('bit(3)', '101'), ('oid', '49'), ('jsonb', '49'), ('int[]', '{49}')
) t(type, value);
-- a domain over a composite type, and a domain over an array
CREATE DOMAIN regress_loan_domain AS regress_loan CHECK ((VALUE).income IS DISTINCT FROM 0);
SELECT risk_score('regress_s', l::regress_loan_domain) FROM regress_loan l WHERE id = 2;
CREATE DOMAIN regress_array AS float8[];
SELECT risk_score('regress_s', '{40,15,40}'::regress_array);
-- an unused column of an unreadable type does no harm
SELECT risk_score('regress_s', x) FROM (SELECT l.*, 'text' AS note, now() AS at, NULL::point AS p FROM regress_loan l WHERE id = 2) x;

-- ---- columns are matched by name
\t on
\pset format unaligned
-- their order and other columns do not matter, nor does case unless it decides
SELECT risk_score('regress_s', x) FROM (SELECT 20 AS age, 5 AS debt, 40 AS income) x;
SELECT risk_score('regress_s', x) FROM (SELECT 40 AS "Income", 5 AS "DEBT", 20 AS age) x;
SELECT risk_score('regress_s', x) FROM (SELECT 90 AS "Income", 40 AS income, 5 AS debt, 20 AS age, 90 AS "INCOME") x;
SELECT risk_score('regress_s', x) FROM (SELECT 40 AS income, 5 AS debt, 20 AS age, 'more' AS purpose) x;
-- what cannot be matched
SELECT pg_temp.try($$SELECT risk_score('regress_s', x) FROM (SELECT 90 AS "Income", 40 AS "INCOME", 5 AS debt, 20 AS age) x$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', x) FROM (SELECT 90 AS income, 40 AS income, 5 AS debt, 20 AS age) x$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', x) FROM (SELECT 40 AS income, 5 AS debt) x$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', x) FROM (SELECT 40 AS income, 5 AS debt, 20 AS "age ") x$$);
SELECT pg_temp.try($$SELECT risk_leaves('regress_s', x) FROM (SELECT 40 AS income, '5' AS debt, 20 AS age) x$$);
SELECT pg_temp.try($$SELECT risk_margin('regress_s', x) FROM (SELECT) x$$);
-- only ASCII letters are folded
SELECT riskml.import_model('regress_names', pg_temp.tiny_model(features => '{Zins,zins_Ä,Alter}'));
SELECT risk_score('regress_names', x) FROM (SELECT 40 AS zins, 5 AS "ZINS_Ä", 20 AS alter) x;
SELECT pg_temp.try($$SELECT risk_score('regress_names', x) FROM (SELECT 40 AS zins, 5 AS "zins_ä", 20 AS alter) x$$);
-- a feature longer than an identifier finds the truncated column; characters are not cut in two
SELECT riskml.import_model('regress_names', pg_temp.tiny_model(features =>
	ARRAY[repeat('a', 63) || 'bc', repeat('é', 32) || 'x', repeat('U', 70)]));
SELECT pg_temp.try(format($q$SELECT risk_score('regress_names@2', x) FROM (SELECT 40 AS %I, 5 AS %I, 20 AS %s) x$q$,
	repeat('a', 63), repeat('é', 31), repeat('U', 70)));
SELECT pg_temp.try(format($q$SELECT risk_score('regress_names@2', x) FROM (SELECT 40 AS %I, 5 AS %I, 20 AS %s) x$q$,
	repeat('a', 62), repeat('é', 31), repeat('U', 70)));
-- two long features with the same first 63 bytes; two features that differ in case only
SELECT riskml.import_model('regress_names', pg_temp.tiny_model(features =>
	ARRAY[repeat('a', 63) || '1', repeat('a', 63) || '2', 'age']));
SELECT pg_temp.try(format($q$SELECT risk_score('regress_names@3', x) FROM (SELECT 40 AS %I, 20 AS age) x$q$, repeat('a', 63)));
SELECT riskml.import_model('regress_names', pg_temp.tiny_model(features => '{Debt,debt,age}'));
SELECT risk_score('regress_names@4', x) FROM (SELECT 40 AS "Debt", 15 AS debt, 40 AS age) x;
SELECT pg_temp.try($$SELECT risk_score('regress_names@4', x) FROM (SELECT 40 AS debt, 20 AS age) x$$);
SELECT pg_temp.try($$SELECT risk_score('regress_names@4', x) FROM (SELECT 40 AS "DEBT", 20 AS age) x$$);

-- ---- rows without names go by position
SELECT risk_score('regress_s', ROW(40, 5, 20)), risk_score('regress_s', (40, 5.0, true)), risk_score('regress_s', ROW(40, NULL::int, 20));
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW(40, 5))$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW(40, 5, 20, 1))$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW())$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW(40, '5'::text, 20))$$);
-- an untyped NULL is missing; any other untyped literal has no value
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW(40, NULL, 20))$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW(40, '5', 20))$$);
-- a named type is never positional, whatever its columns are called
CREATE TYPE regress_numbered AS (f1 int, f2 int, f3 int);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ROW(40, 5, 20)::regress_numbered)$$);
-- nor is a row whose columns were given other names
SELECT pg_temp.try($$SELECT risk_score('regress_s', x) FROM (VALUES (40, 5, 20)) x$$);
-- features f0, f1, f2 and an anonymous row's f1, f2, f3: nobody knows which is meant
SELECT riskml.import_model('regress_f', pg_temp.tiny_model(features => NULL));
SELECT pg_temp.try($$SELECT risk_score('regress_f', ROW(40, 5, 20))$$);
SELECT risk_score('regress_f', ARRAY[40, 5, 20]);
SELECT risk_score('regress_f', x) FROM (SELECT 40 AS f0, 5 AS f1, 20 AS f2) x;
SELECT risk_score('regress_f', x) FROM (SELECT 40 AS f0, 5 AS f1, 20 AS f2, 9 AS f3) x;
SELECT pg_temp.try($$SELECT risk_score('regress_f', x) FROM (SELECT 40 AS f1, 5 AS f2, 20 AS f3) x$$);
SELECT riskml.import_model('regress_f', pg_temp.tiny_model(features => '{f1,f2,f3}'));
SELECT pg_temp.try($$SELECT risk_score('regress_f@2', ROW(40, 5, 20))$$);
SELECT risk_score('regress_f@2', ROW(40, 5, 20)::regress_numbered);
SELECT riskml.import_model('regress_f', pg_temp.tiny_model(features => '{fico,f,f_1}'));
SELECT risk_score('regress_f@3', ROW(40, 5, 20));

-- ---- arrays
SELECT risk_score('regress_s', ARRAY[40, NULL, 20]), risk_score('regress_s', '{40,NULL,NULL}'::float8[]), risk_score('regress_s', ARRAY[40.5, 5, 20]::numeric[]),
	risk_score('regress_s', ARRAY[40, 5, 20]::real[]), risk_score('regress_s', ARRAY[40, 5, 20]::bigint[]),
	risk_score('regress_s', '[5:7]={40,5,20}'::float8[]), risk_score('regress_s', '{NaN,Infinity,-Infinity}'::float8[]);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ARRAY[40, 5])$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ARRAY[40, 5, 20, 1])$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '{}'::float8[])$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', ARRAY[[40, 5, 20]])$$);
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_s', ARRAY['40', '5', '20'])$$);
-- a literal without a type could be an array, a row or jsonb
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_s', '{40,5,20}')$$);
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_s', NULL)$$);

-- ---- jsonb
SELECT risk_score('regress_s', '{"income": 40, "debt": 5.0, "age": 2e1, "more": "x"}'::jsonb),
	risk_score('regress_s', '{"income": 40, "debt": null, "age": true}'::jsonb),
	risk_score('regress_s', '{"income": 1e400, "debt": -1e400, "age": false}'::jsonb),
	risk_score('regress_s', '{"income": 40, "age": 20}'::jsonb, true),
	risk_score('regress_s', '{"age": 20}'::jsonb, lenient => true),
	risk_margin('regress_s', '{"income": 40, "age": 20}'::jsonb, lenient => true),
	risk_leaves('regress_s', '{"income": 40, "age": 20}'::jsonb, lenient => true),
	risk_score_pinned(:'pin', '{"income": 40, "age": 20}'::jsonb, lenient => true);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '{"income": 40, "debt": 5}'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '{"Income": 40, "debt": 5, "age": 20}'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '{"income": "40", "debt": 5, "age": 20}'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '{"income": [40], "debt": 5, "age": 20}'::jsonb, true)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '{"income": {}, "debt": 5, "age": 20}'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '[40, 5, 20]'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', '40'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s', 'null'::jsonb)$$);

-- ---- unknown model, version, alias
SELECT pg_temp.try($$SELECT risk_score('regress_none', ARRAY[40, 5, 20])$$);
SELECT pg_temp.try($$SELECT risk_score('Regress_s', ARRAY[40, 5, 20])$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s@9', ARRAY[40, 5, 20])$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s@champion', ARRAY[40, 5, 20])$$);
SELECT pg_temp.try($$SELECT risk_score('regress_s@1#0123456789abcdef', ARRAY[40, 5, 20])$$) LIKE '42704: version 1 of model "regress_s" has another identity than the reference%';
-- a wrong reference is no error as long as no row is scored
SELECT count(risk_score('regress_none', l)) FROM regress_loan l WHERE false;
SELECT count(*) > 0 AS planned FROM pg_temp.plan($$SELECT risk_score('regress_none', l) FROM regress_loan l$$);

-- ---- where rows come from
CREATE VIEW regress_view AS SELECT id, income * 1 AS income, debt, age FROM regress_loan;
SELECT risk_score('regress_s', v) FROM regress_view v WHERE id = 2;
CREATE VIEW regress_view2 AS SELECT id AS nr, income AS "Income", age, debt, 0 AS extra FROM regress_view;
SELECT risk_score('regress_s', v) FROM regress_view2 v WHERE nr = 2;
SELECT risk_score('regress_s', x) FROM (SELECT age, debt, income FROM regress_loan WHERE id = 2) x;
SELECT risk_score('regress_s', x) FROM (SELECT * FROM regress_loan WHERE id = 2 OFFSET 0) x;
SELECT risk_score('regress_s', x) FROM (SELECT id, max(age) AS age, min(debt) AS debt, sum(income) AS income FROM regress_loan WHERE id = 2 GROUP BY id) x;
WITH x AS MATERIALIZED (SELECT age, debt, income FROM regress_loan WHERE id = 2) SELECT risk_score('regress_s', x) FROM x;
WITH x AS NOT MATERIALIZED (SELECT age, debt, income FROM regress_loan WHERE id = 2) SELECT risk_score('regress_s', x) FROM x;
WITH RECURSIVE x(income, debt, age) AS (SELECT 38, 15, 40 UNION ALL SELECT income + 1, debt, age FROM x WHERE income < 40)
	SELECT risk_score('regress_s', x) FROM x;
SELECT risk_score('regress_s', x) FROM (VALUES (40, 15, 40)) x(income, debt, age);
SELECT risk_score('regress_s', x) FROM (SELECT 40, 15, 40 UNION ALL SELECT 40, 5, 20) x(income, debt, age);
SELECT risk_score('regress_s', j) FROM ((SELECT id, income FROM regress_loan) a JOIN (SELECT id, debt, age FROM regress_loan) b USING (id)) j WHERE id = 2;
SELECT risk_score('regress_s', x) FROM jsonb_to_recordset('[{"age": 40, "debt": 15, "income": 40}]') AS x(income int, debt int, age int);
SELECT risk_score('regress_s', x) FROM ROWS FROM (generate_series(40, 40), generate_series(15, 15), generate_series(40, 40)) AS x(income, debt, age);
CREATE FUNCTION regress_rows() RETURNS SETOF regress_loan LANGUAGE sql STABLE AS 'SELECT * FROM regress_loan WHERE id = 2';
CREATE FUNCTION regress_rows2(OUT age int, OUT debt int, OUT income int) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN age := 40; debt := 15; income := 40; RETURN NEXT; END $$;
SELECT risk_score('regress_s', x) FROM regress_rows() x;
SELECT risk_score('regress_s', x) FROM regress_rows() WITH ORDINALITY x;
SELECT risk_score('regress_s', x) FROM regress_rows2() x;
SELECT risk_score('regress_s', regress_rows2());
SELECT risk_score('regress_s', (SELECT x FROM regress_loan x WHERE id = 2));
SELECT l.id, t.s FROM regress_loan l, LATERAL (SELECT risk_score('regress_s', l) AS s) t WHERE id = 2;
SELECT l.id, t.s FROM regress_loan l, LATERAL (SELECT risk_score('regress_s', x) AS s FROM (SELECT l.income, l.debt, l.age OFFSET 0) x) t WHERE id = 2;
SELECT l.id, t FROM regress_loan l, LATERAL risk_score('regress_s', l) t WHERE id = 2;
-- a table alias that renames columns: the named type keeps its own names
SELECT risk_score('regress_s', x) FROM regress_loan x(a, b, c, d) WHERE a = 2;
-- an array of rows, a column of a composite type
SELECT risk_score('regress_s', r) FROM (SELECT unnest(array_agg(l ORDER BY id)) AS r FROM regress_loan l WHERE id <= 2) x;
SELECT risk_score('regress_s', (ARRAY(SELECT l FROM regress_loan l ORDER BY id))[2]);
-- the nullable side of an outer join: NULL, not the score of a row without values
SELECT n, l.id, risk_score('regress_s', l) IS NULL, risk_leaves('regress_s', l) IS NULL
FROM (VALUES (2), (7)) v(n) LEFT JOIN regress_loan l ON l.id = n ORDER BY n;
SELECT n, risk_score('regress_s', x) IS NULL FROM (VALUES (2), (7)) v(n)
LEFT JOIN (SELECT id, income, debt, age FROM regress_loan) x ON x.id = n ORDER BY n;
SELECT n, risk_score('regress_s', x) IS NULL FROM (VALUES (2), (7)) v(n)
LEFT JOIN (SELECT id, income, debt, age FROM regress_loan OFFSET 0) x ON x.id = n ORDER BY n;
SELECT l.id, n, risk_score('regress_s', l) IS NULL FROM (SELECT * FROM regress_loan WHERE id = 2) l FULL JOIN (VALUES (7)) v(n) ON n = l.id ORDER BY n NULLS FIRST;
SELECT count(*), count(risk_score('regress_s', l)) FROM (VALUES (2), (7)) v(n) LEFT JOIN regress_loan l ON l.id = n;
-- GROUPING SETS: the total has no row
SELECT count(*), risk_score('regress_s', l) FROM regress_loan l WHERE id <= 2 GROUP BY ROLLUP (l) ORDER BY 1, 2;

-- ---- tables that change: dropped, added, renamed columns, in one session and one plan
CREATE TABLE regress_change (junk text, debt int, income int, age int);
INSERT INTO regress_change VALUES ('x', 15, 40, 40);
PREPARE change AS SELECT risk_score('regress_s', c) FROM regress_change c;
EXECUTE change;
ALTER TABLE regress_change DROP COLUMN junk;
EXECUTE change;
ALTER TABLE regress_change ADD COLUMN income2 int;
UPDATE regress_change SET income2 = 90;
EXECUTE change;
ALTER TABLE regress_change RENAME income TO old;
ALTER TABLE regress_change RENAME income2 TO income;
EXECUTE change;
ALTER TABLE regress_change ALTER COLUMN age TYPE text;
EXECUTE change;
ALTER TABLE regress_change ALTER COLUMN age TYPE numeric USING age::numeric;
EXECUTE change;
ALTER TABLE regress_change RENAME age TO years;
EXECUTE change;
ALTER TABLE regress_change ADD COLUMN age int;
EXECUTE change;
SELECT risk_score('regress_s', c) FROM regress_change c;
ALTER TABLE regress_change ADD COLUMN added_with_default float8 DEFAULT 7;
EXECUTE change;
DEALLOCATE change;
-- partitions and children with their columns in another order and with dropped columns
CREATE TABLE regress_part (id int, income int, debt int, age int) PARTITION BY RANGE (id);
CREATE TABLE regress_part1 PARTITION OF regress_part FOR VALUES FROM (0) TO (10);
CREATE TABLE regress_part2 (age int, gone text, id int, debt int, income int);
ALTER TABLE regress_part2 DROP COLUMN gone;
ALTER TABLE regress_part ATTACH PARTITION regress_part2 FOR VALUES FROM (10) TO (20);
INSERT INTO regress_part VALUES (1, 40, 5, 20), (2, 40, 15, 40), (11, 40, 5, 20), (12, 40, 15, 40);
SELECT id, risk_score('regress_s', p) FROM regress_part p ORDER BY id;
SELECT id, risk_score('regress_s', p) FROM regress_part2 p ORDER BY id;
SELECT id, risk_score('regress_s', p::regress_part) FROM regress_part2 p ORDER BY id;
CREATE TABLE regress_child (color text) INHERITS (regress_loan);
INSERT INTO regress_child VALUES (6, 40, 15, 40, -0.25, '{4,3}', 'red');
SELECT id, risk_score('regress_s', l) FROM regress_loan l WHERE id IN (2, 6) ORDER BY id;
DROP TABLE regress_child;

-- ---- where an expression can stand
SELECT id FROM regress_loan l WHERE risk_score('regress_s', l) > 1 ORDER BY id;
SELECT id FROM regress_loan l ORDER BY risk_score('regress_s', l) DESC;
SELECT id FROM regress_loan l ORDER BY risk_score('regress_s', l) LIMIT 2;
SELECT round(risk_score('regress_s', l)) AS band, count(*) FROM regress_loan l GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE risk_score('regress_s', l) > 1), avg(risk_score('regress_s', l)), max(risk_margin('regress_s', l)) FROM regress_loan l;
SELECT age > 35 AS old, sum(risk_score('regress_s', l)) FROM regress_loan l GROUP BY 1 HAVING sum(risk_score('regress_s', l)) > 1 ORDER BY 1;
SELECT id, CASE WHEN risk_score('regress_s', l) > 1 THEN 'refer' ELSE 'accept' END FROM regress_loan l ORDER BY id;
SELECT id, coalesce(nullif(risk_score('regress_s', l), 0.75), 0), risk_score('regress_s', l) BETWEEN 0 AND 1 FROM regress_loan l ORDER BY id;
SELECT id, rank() OVER (ORDER BY risk_score('regress_s', l)), sum(risk_score('regress_s', l)) OVER (ORDER BY id) FROM regress_loan l ORDER BY id;
SELECT DISTINCT ON (income) income, risk_score('regress_s', l) FROM regress_loan l ORDER BY income, 2;
SELECT a.id, b.id FROM regress_loan a JOIN regress_loan b ON risk_score('regress_s', a) = risk_score('regress_s', b) + 0.5 ORDER BY 1, 2;
SELECT id, (SELECT risk_score('regress_s', x) FROM (SELECT l.income, l.debt, l.age) x), EXISTS (SELECT WHERE risk_score('regress_s', l) > 1) FROM regress_loan l ORDER BY id;
SELECT id, unnest(risk_leaves('regress_s', l)) FROM regress_loan l WHERE id = 2;
COPY (SELECT id, risk_score('regress_s', l) FROM regress_loan l ORDER BY id) TO STDOUT;
SELECT id, risk_score(CASE WHEN id % 2 = 0 THEN 'regress_s' ELSE 'regress_f@3' END, ARRAY[income, debt, age]) FROM regress_loan ORDER BY id;
-- the model from a column, more of them than a call site keeps
SELECT DISTINCT risk_score(m, ARRAY[40, 15, 40]) FROM
	(SELECT (ARRAY['regress_s', 'regress_s@1', 'regress_s@staging', 'regress_f', 'regress_f@1', 'regress_f@2', 'regress_f@3',
		'regress_names', 'regress_names@1', 'regress_names@2', 'regress_names@3', 'regress_names@4'])[1 + i * 7 % 12] AS m
	FROM generate_series(1, 100) i) x;

-- functions, loops, triggers
CREATE FUNCTION regress_score(l regress_loan) RETURNS float8 LANGUAGE sql STABLE AS $$SELECT risk_score('regress_s', l)$$;
SELECT id, regress_score(l), l.regress_score FROM regress_loan l ORDER BY id;
CREATE FUNCTION pg_temp.loop() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	l regress_loan;
	s float8;
	a float8[] := ARRAY[40, 5, 20];
BEGIN
	FOR r IN SELECT * FROM regress_loan ORDER BY id LOOP
		s := risk_score('regress_s', r);
		RETURN NEXT r.id || ': ' || s;
	END LOOP;
	FOR r IN SELECT 20 AS age, 5 AS debt, 40 AS income UNION ALL SELECT 40, 15, 40 LOOP
		RETURN NEXT risk_score('regress_s', r)::text;
	END LOOP;
	FOR r IN SELECT 40 AS income, 15 AS debt, 40 AS age LOOP		-- the same variable with another row type
		RETURN NEXT risk_score('regress_s', r)::text;
	END LOOP;
	l.income := 40; l.debt := 15; l.age := 40;
	RETURN NEXT risk_score('regress_s', l)::text;
	l := NULL;
	RETURN NEXT coalesce(risk_score('regress_s', l)::text, 'NULL');
	FOR i IN 1 .. 3 LOOP
		a[i] := a[i] * 2;
		RETURN NEXT a::text || ': ' || risk_score('regress_s', a);
	END LOOP;
	IF risk_score('regress_s', ARRAY[40, 15, 40]) < 0 THEN
		RETURN NEXT 'negative';
	END IF;
END $$;
SELECT * FROM pg_temp.loop();
CREATE TABLE regress_scored (LIKE regress_loan, score float8, version text);
CREATE FUNCTION regress_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.score := risk_score('regress_s', NEW);
	NEW.version := risk_version('regress_s');
	RETURN NEW;
END $$;
CREATE TRIGGER score BEFORE INSERT OR UPDATE ON regress_scored FOR EACH ROW EXECUTE FUNCTION regress_trigger();
INSERT INTO regress_scored SELECT * FROM regress_loan;
UPDATE regress_scored SET debt = 15 WHERE id = 1;
SELECT id, score, version = :'pin' FROM regress_scored ORDER BY id;
CREATE TRIGGER bad_only AFTER UPDATE ON regress_scored FOR EACH ROW WHEN (risk_score('regress_s', NEW) > 3) EXECUTE FUNCTION regress_trigger();
UPDATE regress_scored SET debt = debt;
-- writing
INSERT INTO regress_scored (id, income, debt, age) VALUES (7, 40, 15, 40) RETURNING risk_score('regress_s', regress_scored), regress_scored.score;
UPDATE regress_scored l SET income = income + risk_score('regress_s', l)::int WHERE risk_score('regress_s', l) > 3 RETURNING id, income;
INSERT INTO regress_scored AS s (id, income, debt, age) SELECT id + 10, income, debt, age FROM regress_loan l WHERE risk_score('regress_s', l) < 0 RETURNING id, risk_score('regress_s', s);
DELETE FROM regress_scored l WHERE risk_score('regress_s', l) < 0 RETURNING id, risk_score('regress_s', l);
CREATE UNIQUE INDEX ON regress_scored (id);
INSERT INTO regress_scored (id, income, debt, age) VALUES (3, 40, 5, 20)
	ON CONFLICT (id) DO UPDATE SET expected = risk_score('regress_s', excluded) RETURNING id, expected;
MERGE INTO regress_scored t USING regress_loan s ON t.id = s.id
	WHEN MATCHED AND risk_score('regress_s', s) > 2.5 THEN UPDATE SET expected = risk_score('regress_s', t) - 100
	WHEN NOT MATCHED THEN INSERT (id, expected) VALUES (s.id, risk_score('regress_s', s));
SELECT id, expected FROM regress_scored ORDER BY id;
-- views and materialized views
CREATE VIEW regress_scores AS SELECT id, risk_score('regress_s', l) AS score FROM regress_loan l;
SELECT * FROM regress_scores WHERE score > 3;
SELECT substring(pg_get_viewdef('regress_scores') from 'risk_score\(.*\)');
CREATE MATERIALIZED VIEW regress_mat AS SELECT id, risk_score('regress_s', l) AS score FROM regress_loan l;
SELECT * FROM regress_mat ORDER BY id;
UPDATE regress_loan SET income = 90 WHERE id = 1;
REFRESH MATERIALIZED VIEW regress_mat;
SELECT * FROM regress_mat WHERE id = 1;
UPDATE regress_loan SET income = 40 WHERE id = 1;
-- prepared statements: generic plans, models by parameter
SET plan_cache_mode = force_generic_plan;
PREPARE by_model(text, int) AS SELECT id, risk_score($1, l) FROM regress_loan l WHERE id = $2;
EXECUTE by_model('regress_s', 2);
EXECUTE by_model('regress_logit', 4);
EXECUTE by_model('regress_none', 2);
EXECUTE by_model(NULL, 2);
EXECUTE by_model('regress_s', 3);
PREPARE by_record AS SELECT risk_score('regress_s', $1::regress_loan);
EXECUTE by_record(ROW(2, 40, 15, 40, 0, '{}'));
EXECUTE by_record(NULL);
PREPARE by_array(float8[]) AS SELECT risk_score('regress_s', $1);
EXECUTE by_array('{40,15,40}');
-- the alias moves under a generic plan
SELECT riskml.import_model('regress_s', pg_temp.tiny_model(10), alias => 'production');
EXECUTE by_model('regress_s', 2);
EXECUTE by_array('{40,15,40}');
SELECT riskml.rollback('regress_s', reason => 'test');
EXECUTE by_model('regress_s', 2);
EXECUTE by_array('{40,15,40}');
DEALLOCATE ALL;
RESET plan_cache_mode;
-- cursors keep the version they began with
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, risk_score('regress_s', l) FROM regress_loan l ORDER BY id;
FETCH 2 FROM c;
SELECT riskml.promote('regress_s', 2, 'while a cursor is open');
FETCH 1 FROM c;
FETCH BACKWARD 2 FROM c;
CLOSE c;
SELECT risk_score('regress_s', ARRAY[40, 15, 40]);
ROLLBACK;
SELECT risk_score('regress_s', ARRAY[40, 15, 40]);
-- one statement sees one version, STABLE functions in it the same
BEGIN;
SELECT risk_score('regress_s', ARRAY[40, 15, 40]) AS before, riskml.promote('regress_s', 2, 'within the statement'), risk_score('regress_s', ARRAY[40, 15, 40]) AS still,
	regress_score(l) AS in_a_function, risk_version('regress_s') LIKE 'regress_s@1#%' FROM regress_loan l WHERE id = 2;
SELECT risk_score('regress_s', ARRAY[40, 15, 40]) AS next;
ROLLBACK;
-- parallel plans
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
CREATE TABLE regress_many AS SELECT i AS id, i % 100 AS income, i % 20 AS debt, i % 70 AS age FROM generate_series(1, 20000) i;
ALTER TABLE regress_many SET (parallel_workers = 2);
SELECT trim(line) FROM pg_temp.plan($$SELECT sum(risk_score('regress_s', m)), count(*) FROM regress_many m WHERE risk_margin('regress_s', m) > -1000$$) line
WHERE line ~ 'Aggregate|Gather|Workers|Scan';
SELECT sum(risk_score('regress_s', m)), count(*) FROM regress_many m WHERE risk_margin('regress_s', m) > -1000;
SET max_parallel_workers_per_gather = 0;
SELECT sum(risk_score('regress_s', m)), count(*) FROM regress_many m WHERE risk_margin('regress_s', m) > -1000;
-- workers see what the transaction has imported
SET max_parallel_workers_per_gather = 2;
BEGIN;
SELECT riskml.import_model('regress_uncommitted', pg_temp.tiny_model(1));
SELECT sum(risk_score('regress_uncommitted', m)), count(*) FROM regress_many m WHERE risk_margin('regress_uncommitted', m) > -1000;
ROLLBACK;
RESET ALL;
\t off
\pset format aligned

-- ---- no setting of the session changes a score
CREATE TABLE regress_setting AS SELECT id, encode(float8send(risk_score('regress_logit', l)), 'hex') AS bits,
	encode(float8send(risk_margin('regress_s', to_jsonb(l))), 'hex') AS margin_bits FROM regress_loan l;
CREATE FUNCTION pg_temp.same_scores(setting text, value text) RETURNS boolean LANGUAGE plpgsql AS $$
	DECLARE
		same boolean;
	BEGIN
		PERFORM set_config(setting, value, false);
		SELECT bool_and(s.bits = encode(float8send(public.risk_score('regress_logit', l)), 'hex')
			AND s.margin_bits = encode(float8send(public.risk_margin('regress_s', to_jsonb(l))), 'hex')) INTO same
		FROM public.regress_loan l JOIN public.regress_setting s USING (id);
		RETURN same;
	END $$;
SELECT setting, value, pg_temp.same_scores(setting, value) FROM (VALUES
	('TimeZone', 'Pacific/Apia'), ('DateStyle', 'German'), ('extra_float_digits', '-15'), ('extra_float_digits', '3'),
	('search_path', 'pg_temp'), ('search_path', ''), ('lc_numeric', 'C'), ('bytea_output', 'escape'),
	('riskml.kernel', 'scalar'), ('riskml.local_cache_size', '0'), ('jit', 'off'), ('standard_conforming_strings', 'off'),
	('default_transaction_read_only', 'on'), ('row_security', 'off')) t(setting, value);
RESET ALL;
SELECT pg_temp.sqlstate('SET riskml.kernel = ''gpu''');
-- a kernel that this CPU does not run cannot be set; each of the others gives the same scores, and is shown
CREATE FUNCTION pg_temp.kernel_runs(name text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM set_config('riskml.kernel', name, true);
		RETURN true;
	EXCEPTION WHEN invalid_parameter_value THEN
		RETURN false;
	END $$;
SELECT bool_and(pg_temp.same_scores('riskml.kernel', k)) FROM pg_settings, unnest(enumvals) k
	WHERE name = 'riskml.kernel' AND pg_temp.kernel_runs(k);
RESET ALL;
SET riskml.kernel = 'scalar';
SELECT DISTINCT kernel FROM riskml.models WHERE model = 'regress_s';
SET riskml.kernel = 'interleaved';
SELECT DISTINCT kernel FROM riskml.models WHERE model = 'regress_s';
RESET riskml.kernel;
SELECT bool_and(pg_temp.kernel_runs(kernel)) FROM riskml.models WHERE model = 'regress_s';
SELECT pg_temp.sqlstate('SET riskml.no_such_setting = 1');
SET riskml.local_cache_size = 0;
SELECT risk_score('regress_s', l) FROM regress_loan l ORDER BY id;
RESET riskml.local_cache_size;

DROP MATERIALIZED VIEW regress_mat;
DROP VIEW regress_scores, regress_view2, regress_view;
DROP FUNCTION regress_rows, regress_rows2, regress_score;
DROP DOMAIN regress_pay, regress_money, regress_loan_domain, regress_array;
DROP TYPE regress_numbered;
DROP TABLE regress_loan, regress_change, regress_part, regress_scored, regress_many, regress_setting;
DROP FUNCTION regress_trigger;
SELECT pg_temp.drop_models('regress_s', 'regress_logit', 'regress_names', 'regress_f');
