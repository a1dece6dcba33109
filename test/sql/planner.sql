-- What the planner makes of risk_*(model, row): riskml.*_columns() of the columns that the model needs.
-- Each form is compared with a function of the same C code that has no support function.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
\t on
CREATE FUNCTION pg_temp.twin(riskml.model_ref, record) RETURNS float8 AS '$libdir/riskml', 'riskml_margin_record' LANGUAGE C STABLE STRICT PARALLEL SAFE;
SELECT riskml.import_model('regress_p', pg_temp.tiny_model());

-- Columns in another order than the model's, one dropped, one too many, and one that only a fold finds.
CREATE TABLE regress_loan (gone int, age int, id int PRIMARY KEY, debt numeric, note text DEFAULT 'x', "Income" float8);
ALTER TABLE regress_loan DROP COLUMN gone;
INSERT INTO regress_loan SELECT 10 + i * 7 % 60, i, CASE WHEN i % 5 > 0 THEN i % 20 END, 'n' || i, CASE WHEN i % 7 > 0 THEN i * 3 % 100 END FROM generate_series(1, 200) i;
CREATE VIEW regress_view AS SELECT id, age, debt, "Income" AS income FROM regress_loan;
CREATE TABLE regress_part (id int, income float8, debt float8, age float8) PARTITION BY RANGE (id);
CREATE TABLE regress_part_1 PARTITION OF regress_part FOR VALUES FROM (0) TO (100);
CREATE TABLE regress_part_2 (age float8, id int, more int, debt float8, income float8);
ALTER TABLE regress_part_2 DROP COLUMN more;
ALTER TABLE regress_part ATTACH PARTITION regress_part_2 FOR VALUES FROM (100) TO (1000);
INSERT INTO regress_part SELECT id, "Income", debt, age FROM regress_loan;
CREATE TABLE regress_child (extra int) INHERITS (regress_loan);
CREATE DOMAIN regress_money AS float8 CHECK (VALUE >= 0);
CREATE TYPE regress_row AS (income regress_money, debt int, age smallint, flag bool);
CREATE FUNCTION pg_temp.rows() RETURNS SETOF regress_row LANGUAGE sql STABLE AS $$ SELECT "Income", debt::int, age::smallint, true FROM regress_loan $$;
CREATE FUNCTION pg_temp.opaque_rows() RETURNS SETOF regress_row LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN QUERY SELECT * FROM pg_temp.rows(); END $$;
CREATE FUNCTION pg_temp.lines(text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE $1; END $$;

-- For a query with calls f(row): is it rewritten, and is its result that of the twin? `rows` guards
-- against comparing nothing.
CREATE FUNCTION pg_temp.compare(query text, OUT rewritten bool, OUT same bool, OUT n bigint) LANGUAGE plpgsql AS $$
	DECLARE
		ours text := regexp_replace(query, '\mf\(', 'risk_margin(''regress_p@1'', ', 'g');
		twin text := regexp_replace(query, '\mf\(', 'pg_temp.twin(''regress_p@1'', ', 'g');
		a text;
		b text;
	BEGIN
		SELECT bool_or(l ~ 'riskml\.margin_columns') INTO rewritten FROM pg_temp.lines('EXPLAIN (VERBOSE, COSTS OFF) ' || ours) l;
		EXECUTE format('SELECT string_agg(q::text, chr(10) ORDER BY q::text), count(*) FROM (%s) q', ours) INTO a, n;
		EXECUTE format('SELECT string_agg(q::text, chr(10) ORDER BY q::text) FROM (%s) q', twin) INTO b;
		same := a IS NOT DISTINCT FROM b;
	END $$;
SELECT q, c.* FROM unnest(ARRAY[
	'SELECT id, f(l) FROM regress_loan l',
	'SELECT id, f(l.*) FROM regress_loan l',
	'SELECT b, f(l) FROM regress_loan l(a, b, c, d, e)',
	'SELECT id, f(v) FROM regress_view v',
	'SELECT f(v) FROM regress_view v(a, b, c, d)',
	'SELECT id, f(p) FROM regress_part p',
	'SELECT id, f(p) FROM regress_part_2 p',
	'SELECT id, f(c) FROM regress_child c UNION ALL SELECT id, f(l) FROM regress_loan l',
	'SELECT f(s) FROM (SELECT age, debt, "Income" AS income FROM regress_loan) s',
	'SELECT f(s) FROM (SELECT age, debt, "Income" AS income FROM regress_loan OFFSET 0) s',
	'SELECT f(s) FROM (SELECT age + 1, debt * 2, "Income" FROM regress_loan OFFSET 0) s(age, debt, income)',
	'SELECT f(s) FROM (SELECT DISTINCT age, debt, "Income" AS income FROM regress_loan) s',
	'WITH s AS (SELECT age, debt, "Income" AS income FROM regress_loan) SELECT f(s) FROM s',
	'WITH s AS MATERIALIZED (SELECT age, debt, "Income" AS income FROM regress_loan) SELECT f(s) FROM s',
	'SELECT f(j) FROM (regress_loan a JOIN (SELECT id AS x FROM regress_part) b ON a.id = b.x) j',
	'SELECT f(j) FROM (regress_loan a LEFT JOIN (SELECT id AS x FROM regress_part WHERE id > 50) b ON a.id = b.x) j',
	'SELECT f(r) FROM pg_temp.rows() r',
	'SELECT f(r) FROM pg_temp.opaque_rows() r',
	'SELECT f(r) FROM pg_temp.opaque_rows() WITH ORDINALITY r',
	'SELECT f(r) FROM ROWS FROM (pg_temp.opaque_rows(), generate_series(1, 200)) r',
	'SELECT f(r) FROM json_to_recordset(''[{"age": 3, "income": 4.5, "debt": null}]'') AS r(age int, debt int, income float8)',
	'SELECT f(v) FROM (VALUES (1, 2, 3), (70, 20, 50), (NULL, NULL, NULL)) v(age, debt, income)',
	'SELECT f(ROW(l."Income", l.debt, l.age)) FROM regress_loan l',
	'SELECT f((l."Income", NULL, l.age)) FROM regress_loan l',
	'SELECT f(ROW(l."Income", l.debt::text::int, (SELECT 40))) FROM regress_loan l',
	'SELECT f(ROW(random() * 0 + 40, l.debt, l.age)) FROM regress_loan l',
	'SELECT f(ROW(l.age, l.id, l.debt, l.note, l."Income")::regress_loan) FROM regress_loan l',
	'SELECT f(x.l) FROM (SELECT l FROM regress_loan l OFFSET 0) x',
	'SELECT id FROM regress_loan l WHERE f(l) > 1',
	'SELECT id FROM regress_loan l WHERE id < 50 ORDER BY f(l), id',
	'SELECT f(l), count(*) FROM regress_loan l GROUP BY f(l) HAVING f(l) < 3',
	'SELECT id, f(l) FROM regress_loan l GROUP BY id',
	'SELECT sum(f(l)), sum(f(l)) FILTER (WHERE f(l) > 0), max(f(l)) FROM regress_loan l',
	'SELECT id, sum(f(l)) OVER (ORDER BY id) FROM regress_loan l',
	'SELECT grouping(l), f(l), count(*) FROM regress_loan l GROUP BY ROLLUP (l)',
	'SELECT id, sum(f(l)) FROM regress_loan l GROUP BY ROLLUP (id)',
	-- outer joins: the row is NULL, not a row of NULLs
	'SELECT p.id, f(l) FROM regress_part p LEFT JOIN regress_loan l ON l.id = p.id AND l.id < 20',
	'SELECT p.id, f(p) FROM regress_loan l RIGHT JOIN regress_part p ON l.id = p.id AND l.id < 20',
	'SELECT f(p), f(l) FROM regress_loan l FULL JOIN regress_part p ON l.id = p.id + 100',
	'SELECT f(v) FROM regress_part p LEFT JOIN regress_view v ON v.id = p.id AND v.id < 20',
	'SELECT f(s) FROM regress_part p LEFT JOIN (SELECT id, age, debt, "Income" FROM regress_loan OFFSET 0) s ON s.id = p.id AND s.id < 20',
	'SELECT f(s) FROM regress_part p LEFT JOIN (SELECT 1 AS income, id, age, debt FROM regress_loan) s ON s.id = p.id AND s.id < 20',
	'SELECT p.id, f(l) FROM regress_part p LEFT JOIN (regress_loan l JOIN regress_view v ON v.id = l.id) ON l.id = p.id AND l.id < 20',
	'SELECT p.id FROM regress_part p LEFT JOIN regress_loan l ON l.id = p.id AND f(l) > 1 WHERE f(l) IS NULL',
	'SELECT p.id FROM regress_part p LEFT JOIN regress_part q ON q.id = p.id + 100 WHERE f(q) IS NULL OR f(q) > 1',
	-- other levels
	'SELECT id, (SELECT f(l)) FROM regress_loan l',
	'SELECT id, (SELECT max(f(l) + p.age) FROM regress_part p WHERE p.id < 5) FROM regress_loan l',
	'SELECT id FROM regress_loan l WHERE EXISTS (SELECT FROM regress_part p WHERE p.id = l.id AND f(l) > f(p) - 1)',
	'SELECT id, x.* FROM regress_loan l, LATERAL (SELECT f(l) AS s) x',
	'SELECT id, x.* FROM regress_loan l, LATERAL (SELECT f(l) AS s OFFSET 0) x',
	'SELECT p.id, x.* FROM regress_part p LEFT JOIN regress_loan l ON l.id = p.id AND l.id < 20, LATERAL (SELECT f(l) AS s OFFSET 0) x',
	'SELECT id, x.* FROM regress_loan l, LATERAL (SELECT f(l) + g FROM generate_series(1, 2) g) x',
	'SELECT id, x.* FROM regress_loan l, LATERAL (SELECT f(l) AS s UNION ALL SELECT -f(l)) x',
	'SELECT id, x.* FROM regress_loan l, LATERAL (SELECT s FROM unnest(ARRAY[f(l)]) s UNION ALL SELECT -s FROM unnest(ARRAY[f(l), debt]) s) x',
	'SELECT x.id, x.s, y.* FROM (SELECT id, l, f(l) AS s FROM regress_loan l UNION ALL SELECT id, l, f(l) FROM regress_loan l) x, LATERAL (SELECT f(x.l) AS t UNION ALL SELECT f(x.l)) y',
	'SELECT u.id, f(u) FROM (SELECT id, debt, age, "Income" AS income FROM regress_loan UNION ALL SELECT -id, debt, age, "Income" FROM regress_loan) u',
	'SELECT id, f(l) FROM regress_loan l TABLESAMPLE SYSTEM (100)',
	'SELECT id, f(l) FROM regress_loan l FOR UPDATE']) WITH ORDINALITY t(q, i), pg_temp.compare(q) c ORDER BY i;

-- from 18 on a row that is grouped by is no row of a table any more
SELECT same, n FROM pg_temp.compare('SELECT f(l), count(*) FROM regress_loan l GROUP BY l');

-- ---- what is shown: the model, the version planned for, only the columns that are needed
EXPLAIN (VERBOSE, COSTS OFF) SELECT id, risk_score('regress_p', l) FROM ONLY regress_loan l;
EXPLAIN (VERBOSE, COSTS OFF) SELECT risk_class('regress_p@1', ROW(1, 2, l.age)) FROM ONLY regress_loan l;
SELECT l FROM pg_temp.lines($$EXPLAIN (VERBOSE, COSTS OFF) SELECT risk_score('regress_p', l) FROM regress_part p LEFT JOIN ONLY regress_loan l USING (id)$$) l WHERE l ~ '_columns';
-- every function has its twin
SELECT p.proname, bool_or(l ~ ('riskml\.' || substr(p.proname, 6) || '_columns')) FROM (SELECT DISTINCT proname FROM pg_proc WHERE proname ~ '^risk_' AND prosupport <> 0) p,
	pg_temp.lines(format('EXPLAIN (VERBOSE, COSTS OFF) SELECT %I(%L, l) FROM regress_loan l', p.proname, risk_version('regress_p'))) l GROUP BY 1 ORDER BY 1;
-- left alone: what fails fails at run time and says what it said
SELECT l FROM pg_temp.lines($$EXPLAIN (VERBOSE, COSTS OFF) SELECT risk_score('regress_none', l) FROM ONLY regress_loan l$$) l;
SELECT pg_temp.try($$SELECT risk_score('regress_none', l) FROM regress_loan l$$);
SELECT pg_temp.try($$SELECT risk_score('regress_p', l) FROM (SELECT 1 AS income, 2 AS debt) l$$);
SELECT pg_temp.try($$SELECT risk_score('regress_p', l) FROM (SELECT 1 AS income, 2 AS debt, 3 AS "Age", 4 AS "AGE") l$$);
SELECT pg_temp.try($$SELECT risk_score('regress_p', l) FROM (SELECT 'a'::text AS income, 2 AS debt, 3 AS age) l$$);
SELECT pg_temp.try($$SELECT risk_score('regress_p', ROW(1, 2)) FROM regress_loan$$);
SELECT pg_temp.try($$SELECT risk_score('regress_p', ROW(1, '2', 3)) FROM regress_loan$$);
SELECT pg_temp.try($$SELECT risk_score(NULL, l) FROM regress_loan l$$);
SELECT pg_temp.try($$SELECT risk_score('regress_p', NULL::regress_loan)$$);
SELECT pg_temp.try($$SELECT risk_score_pinned('regress_p', l) FROM regress_loan l$$);

-- ---- direct calls
SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', 20, 40, 5), riskml.margin_columns('regress_p', NULL, NULL, 40, 5, 20),
	riskml.margin_columns('regress_p', NULL, '{age,other,income,debt}', 20, 'x'::text, 40, NULL::int), riskml.margin_columns(NULL, NULL, '{a}', 1);
SELECT n, riskml.margin_columns('regress_p', NULL, n, 40, 5, 20) FROM (VALUES ('{income,debt,age}'::text[]), ('{age,debt,income}')) t(n);
SELECT pg_temp.try(c) FROM unnest(ARRAY[
	$$SELECT riskml.margin_columns('regress_p', NULL, '{age,income}', 1, 2)$$, $$SELECT riskml.margin_columns('regress_p', NULL, '{age,income}', 1, 2, 3)$$,
	$$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,age,debt}', 1, 2, 3, 4)$$, $$SELECT riskml.margin_columns('regress_p', NULL, '{age,NULL,debt}', 1, 2, 3)$$,
	$$SELECT riskml.margin_columns('regress_p', NULL, NULL, 1, 2)$$, $$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', VARIADIC ARRAY[1, 2, 3])$$,
	$$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', 1, 2, 'x'::text)$$, $$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', 1, 2, now())$$,
	$$SELECT riskml.margin_columns('regress_p', NULL, '{}', '{1,2,3}'::float8[])$$, $$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', '{1,2}'::float8[])$$,
	$$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', NULL::float8[])$$, $$SELECT riskml.margin_columns('regress_p', NULL, '{age,income,debt}', '{1,2,3}'::float8[])$$,
	$$SELECT riskml.read_columns('regress_p', NULL, '{age,x,debt}', 1, 2, NULL::int)$$]) c;

-- ---- plans that are kept: the version is found at run time, another list of features makes a new plan
SET plan_cache_mode = force_generic_plan;
PREPARE score(int) AS SELECT risk_margin('regress_p', l) FROM regress_loan l WHERE id = $1;
EXECUTE score(3);
SELECT riskml.import_model('regress_p', pg_temp.tiny_model(10));
EXECUTE score(3);
SELECT riskml.promote('regress_p', 2, 'test');
EXECUTE score(3);
-- renamed: the name decides, not the place
ALTER TABLE regress_loan RENAME age TO years;
SELECT pg_temp.try('EXECUTE score(3)');
ALTER TABLE regress_loan RENAME note TO age;
SELECT pg_temp.try('EXECUTE score(3)');
ALTER TABLE regress_loan RENAME age TO note;
ALTER TABLE regress_loan RENAME years TO age;
EXECUTE score(3);
-- a version with another feature
SELECT riskml.import_model('regress_p', pg_temp.tiny_model(20, '{income,debt,id}'));
BEGIN;
EXECUTE score(3);
SELECT riskml.promote('regress_p', 3, 'test');
EXECUTE score(3);
ROLLBACK;
EXECUTE score(3);
-- within one call of a function the plan stays, the version does not
CREATE FUNCTION pg_temp.loop() RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE v int;
	BEGIN
		FOREACH v IN ARRAY '{1,2,1,3}'::int[] LOOP
			PERFORM riskml.set_alias('regress_p', 'production', v, 'test');
			BEGIN
				RETURN NEXT (SELECT risk_margin('regress_p', l) FROM regress_loan l WHERE id = 3);
			EXCEPTION WHEN serialization_failure THEN
				RETURN NEXT 'planned for another';
			END;
		END LOOP;
	END $$;
SELECT l ~ '^(-?[0-9.]+|planned for another)$', CASE WHEN l <> 'planned for another' THEN l END FROM pg_temp.loop() l;
EXECUTE score(3);
SELECT risk_margin('regress_p', l) = pg_temp.twin('regress_p', l) FROM regress_loan l WHERE id = 3;
-- a type that changes under a function's rows
PREPARE typed AS SELECT sum(risk_margin('regress_p@1', r)) = sum(pg_temp.twin('regress_p@1', r)) FROM pg_temp.opaque_rows() r;
EXECUTE typed;
ALTER TYPE regress_row RENAME ATTRIBUTE income TO earnings;
ALTER TYPE regress_row RENAME ATTRIBUTE flag TO income;
EXECUTE typed;
DEALLOCATE ALL;
RESET plan_cache_mode;

-- ---- privileges: neither more nor less than before
CREATE ROLE regress_planner;
GRANT SELECT (id, age, debt, "Income") ON regress_loan TO regress_planner;
GRANT SELECT ON regress_view TO regress_planner;
SET ROLE regress_planner;
SELECT l FROM pg_temp.lines($$EXPLAIN (VERBOSE, COSTS OFF) SELECT risk_score('regress_p', v) FROM regress_view v$$) l WHERE l ~ 'risk_|_columns';
SELECT pg_temp.try($$SELECT risk_score('regress_p', v) FROM regress_view v$$);
RESET ROLE;
SELECT riskml.grant_model('regress_p', 'regress_planner', 'score');
SET ROLE regress_planner;
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_p', l) FROM regress_loan l$$);
SELECT count(risk_score('regress_p@1', l)) FROM (SELECT id, age, debt, "Income" FROM regress_loan) l;
SELECT count(risk_score('regress_p@1', v)) FROM regress_view v;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION risk_score(riskml.model_ref, record) FROM PUBLIC;
SET ROLE regress_planner;
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_p@1', v) FROM regress_view v$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION risk_score(riskml.model_ref, record) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION riskml.score_columns(riskml.model_ref, text, text[], "any") FROM PUBLIC;
SET ROLE regress_planner;
SELECT pg_temp.sqlstate($$SELECT risk_score('regress_p@1', v) FROM regress_view v$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION riskml.score_columns(riskml.model_ref, text, text[], "any") TO PUBLIC;
SELECT riskml.revoke_model('regress_p', 'regress_planner', 'score');

-- ---- an index on the pinned form
SELECT risk_version('regress_p@1') AS pinned \gset
CREATE INDEX regress_score ON regress_loan (risk_score_pinned(:'pinned', ROW("Income", debt, age)));
CREATE INDEX regress_whole ON regress_part_1 (risk_score_pinned(:'pinned', regress_part_1));
ANALYZE regress_loan, regress_part_1;
SET enable_seqscan = off;
SELECT l FROM pg_temp.lines(format($$EXPLAIN (COSTS OFF) SELECT id FROM ONLY regress_loan l WHERE risk_score_pinned(%L, ROW("Income", debt, age)) > 3$$, :'pinned')) l WHERE l ~ 'Index.*Scan';
-- on the row itself: what an index keeps does not follow the names of columns, so the row stays a row on both sides
SELECT l FROM pg_temp.lines(format($$EXPLAIN (COSTS OFF) SELECT id FROM regress_part_1 p WHERE risk_score_pinned(%L, p) > 3$$, :'pinned')) l WHERE l ~ 'Index.*Scan';
SELECT count(*) FROM regress_part_1 p WHERE risk_score_pinned(:'pinned', p) > 3;
RESET enable_seqscan;
SELECT count(*) FROM regress_part_1 p WHERE pg_temp.twin(:'pinned', p) > 3;
INSERT INTO regress_part VALUES (0, 90, 0, 65);
SELECT count(*) FROM regress_part_1 p WHERE risk_score_pinned(:'pinned', p) > 3;
ALTER TABLE regress_loan ADD score float8 GENERATED ALWAYS AS (risk_score_pinned('regress_p@1#0000000000000000', ROW("Income", debt, age))) STORED;
ALTER TABLE regress_view RENAME TO regress_view2;
DROP INDEX regress_score, regress_whole;

-- ---- many features, on both sides of what a function takes as arguments
CREATE FUNCTION pg_temp.wide(n int, shift float8 DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(m, '{learner,feature_names}', (SELECT jsonb_agg(CASE i WHEN 1 THEN 'income' WHEN 2 THEN 'debt' WHEN 3 THEN 'age' ELSE 'x' || i END ORDER BY i) FROM generate_series(1, n) i)),
		'{learner,learner_model_param,num_feature}', to_jsonb(n::text))::text
	FROM (SELECT replace(pg_temp.tiny_model(shift::real), '"num_feature": "3"', format('"num_feature": "%s"', n))::jsonb) t(m) $$;
CREATE FUNCTION pg_temp.try_wide(n int, OUT rewritten bool, OUT same bool, OUT n_rows bigint) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE TABLE regress_wide AS SELECT i %% 100 AS income, i %% 17 AS debt, i AS age%s FROM generate_series(1, 90) i',
			(SELECT string_agg(format(', (i %% %s + 0.5)::real AS x%s', j, j), '') FROM generate_series(4, n) j));
		PERFORM riskml.import_model('regress_wide' || n, pg_temp.wide(n));
		SELECT bool_or(l ~ 'margin_columns') INTO rewritten FROM pg_temp.lines(format('EXPLAIN (VERBOSE, COSTS OFF) SELECT risk_margin(%L, w) FROM regress_wide w', 'regress_wide' || n)) l;
		EXECUTE format('SELECT bool_and(risk_margin(%1$L, w) = pg_temp.twin(%1$L, w)), count(*) FROM regress_wide w', 'regress_wide' || n) INTO same, n_rows;
		DROP TABLE regress_wide;
	END $$;
SELECT n, w.* FROM unnest('{96,97,98,99,100,101,194,195,500,1600}'::int[]) n, pg_temp.try_wide(n) w ORDER BY n;

-- ---- foreign tables: only the columns that are needed travel
CREATE EXTENSION postgres_fdw;
DO $$ BEGIN
	EXECUTE format('CREATE SERVER regress_loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
		split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_loopback;
CREATE FOREIGN TABLE regress_far (id int, age int, debt numeric, note text, income float8 OPTIONS (column_name 'Income')) SERVER regress_loopback OPTIONS (table_name 'regress_loan');
SELECT q, l FROM unnest(ARRAY['SELECT risk_score(''regress_p@1'', f) FROM regress_far f', 'SELECT id FROM regress_far f WHERE risk_score(''regress_p@1'', f) > 1',
	'SELECT sum(risk_score(''regress_p@1'', f)) FROM regress_far f', 'SELECT risk_score(''regress_p@1'', f) FROM regress_part p LEFT JOIN regress_far f ON f.id = p.id AND f.id < 9']) q,
	pg_temp.lines('EXPLAIN (VERBOSE, COSTS OFF) ' || q) l WHERE l ~ 'Remote SQL';
SELECT c.* FROM pg_temp.compare('SELECT id, f(f) FROM regress_far f') c;
SELECT c.* FROM pg_temp.compare('SELECT p.id, f(f) FROM regress_part p LEFT JOIN regress_far f ON f.id = p.id AND f.id < 9') c;
-- ---- statements that write: the row as it is there
CREATE TABLE regress_out (id int PRIMARY KEY, income float8, debt float8, age float8, ours float8, twin float8);
INSERT INTO regress_out SELECT id, "Income", debt, age, risk_margin('regress_p@1', l), pg_temp.twin('regress_p@1', l) FROM ONLY regress_loan l WHERE id <= 100;
UPDATE regress_out o SET income = income + 5, ours = risk_margin('regress_p@1', o), twin = pg_temp.twin('regress_p@1', o);
SELECT count(*), count(*) FILTER (WHERE ours IS NOT DISTINCT FROM twin) FROM regress_out;
WITH u AS (UPDATE regress_out o SET debt = debt + 7 WHERE risk_margin('regress_p@1', o) > 1 RETURNING risk_margin('regress_p@1', o) = pg_temp.twin('regress_p@1', o) AS same) SELECT same, count(*) FROM u GROUP BY 1;
INSERT INTO regress_out (id, income, debt, age) SELECT id, "Income" + 1, debt, age FROM ONLY regress_loan WHERE id BETWEEN 50 AND 150
	ON CONFLICT (id) DO UPDATE SET ours = risk_margin('regress_p@1', excluded), twin = pg_temp.twin('regress_p@1', excluded), income = excluded.income
	WHERE risk_margin('regress_p@1', excluded) = pg_temp.twin('regress_p@1', excluded);
SELECT count(*), count(*) FILTER (WHERE ours IS NOT DISTINCT FROM twin) FROM regress_out;
MERGE INTO regress_out o USING ONLY regress_loan l ON l.id = o.id
	WHEN MATCHED AND risk_margin('regress_p@1', o) > 0 THEN UPDATE SET ours = risk_margin('regress_p@1', l), twin = pg_temp.twin('regress_p@1', l)
	WHEN NOT MATCHED THEN INSERT (id, ours, twin) VALUES (l.id, risk_margin('regress_p@1', l), pg_temp.twin('regress_p@1', l));
SELECT count(*), count(*) FILTER (WHERE ours IS NOT DISTINCT FROM twin) FROM regress_out;
DELETE FROM regress_out o USING ONLY regress_loan l WHERE l.id = o.id AND risk_margin('regress_p@1', l) > 2 AND pg_temp.twin('regress_p@1', l) > 2;
SELECT count(*) FROM regress_out;

-- 18: OLD and NEW of RETURNING, virtual generated columns
SELECT current_setting('server_version_num')::int >= 180000 AS has_18 \gset
\if :has_18
WITH u AS (UPDATE regress_out o SET debt = debt + 7 RETURNING risk_margin('regress_p@1', old) = pg_temp.twin('regress_p@1', old) AND risk_margin('regress_p@1', new) = pg_temp.twin('regress_p@1', new) AS same),
	i AS (INSERT INTO regress_out SELECT 900 + g FROM generate_series(1, 3) g RETURNING risk_margin('regress_p@1', old) IS NULL AND risk_margin('regress_p@1', new) IS NOT NULL AS same)
SELECT bool_and(same) AS old_new FROM (TABLE u UNION ALL TABLE i) \gset
CREATE TABLE regress_virtual (income float8, half float8, debt float8, age float8 GENERATED ALWAYS AS (half * 2) VIRTUAL);
INSERT INTO regress_virtual SELECT i, i % 50, i % 17 FROM generate_series(1, 90) i;
SELECT bool_and(risk_margin('regress_p@1', v) = pg_temp.twin('regress_p@1', ROW(v.income, v.debt, v.age))) AS virtual FROM regress_virtual v \gset
DROP TABLE regress_virtual;
\else
\set old_new t
\set virtual t
\endif
SELECT :'old_new', :'virtual';

-- ---- cost: the score comes last
SELECT l FROM pg_temp.lines($$EXPLAIN (COSTS OFF) SELECT id FROM ONLY regress_loan l WHERE risk_score('regress_p@1', l) > 1 AND debt < 3 AND note LIKE '%1'$$) l WHERE l ~ 'Filter';

SET client_min_messages = warning;
DROP EXTENSION postgres_fdw CASCADE;
DROP TABLE regress_out, regress_child, regress_loan, regress_part CASCADE;
DROP TYPE regress_row CASCADE;
DROP DOMAIN regress_money;
DROP ROLE regress_planner;
SELECT pg_temp.drop_models('regress_p');
SELECT count(pg_temp.drop_models('regress_wide' || n)) FROM unnest('{96,97,98,99,100,101,194,195,500,1600}'::int[]) n;
