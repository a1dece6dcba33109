-- Rows scored in blocks: each query gives what it gives with riskml.enable_batch off.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
\t on
SELECT riskml.import_model('regress_b', pg_temp.tiny_model(), alias => 'production');
SELECT riskml.import_model('regress_c', pg_temp.tiny_model(7, '{debt,age,income}', 'binary:logistic'), alias => 'production');
CREATE TABLE regress_loan (id int PRIMARY KEY, age int, debt numeric, note text, income float8, tags name);
INSERT INTO regress_loan SELECT i, 10 + i * 7 % 60, CASE WHEN i % 5 > 0 THEN i % 20 END, repeat('n' || i, i % 50), CASE WHEN i % 7 > 0 THEN i * 3 % 100 END, 't' || i % 3 FROM generate_series(1, 1500) i;
CREATE TABLE regress_plain (income float8, debt float8, age float8);
INSERT INTO regress_plain SELECT income, debt, age FROM regress_loan;
CREATE TABLE regress_part (id int, income float8, debt float8, age float8) PARTITION BY RANGE (id);
CREATE TABLE regress_part_1 PARTITION OF regress_part FOR VALUES FROM (0) TO (100);
CREATE TABLE regress_part_2 (age float8, id int, more int, debt float8, income float8);
ALTER TABLE regress_part_2 DROP COLUMN more;
ALTER TABLE regress_part ATTACH PARTITION regress_part_2 FOR VALUES FROM (100) TO (10000);
INSERT INTO regress_part SELECT id, income, debt, age FROM regress_loan;
VACUUM (ANALYZE) regress_loan, regress_plain, regress_part;

CREATE FUNCTION pg_temp.age_of(text, regress_loan) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $2.age; END $$;

-- b(row) and c(row) are calls of the two models. In blocks: how many such nodes the plan has.
CREATE FUNCTION pg_temp.compare(query text, OUT nodes bigint, OUT same bool, OUT n bigint) LANGUAGE plpgsql AS $$
	DECLARE
		q text := regexp_replace(regexp_replace(query, '\mb\(', 'risk_score(''regress_b'', ', 'g'), '\mc\(', 'risk_score(''regress_c@1'', ', 'g');
		a text;
		b text;
	BEGIN
		SET LOCAL riskml.enable_batch = on;
		SELECT count(*) FILTER (WHERE l ~ 'RiskmlBatch') INTO nodes FROM pg_temp.plan(q) l;
		EXECUTE format('SELECT string_agg(q::text, chr(10) ORDER BY q::text), count(*) FROM (%s) q', q) INTO a, n;
		SET LOCAL riskml.enable_batch = off;
		EXECUTE format('SELECT string_agg(q::text, chr(10) ORDER BY q::text) FROM (%s) q', q) INTO b;
		same := a IS NOT DISTINCT FROM b;
	END $$;
SELECT q, x.* FROM unnest(ARRAY[
	'SELECT id, b(l) FROM regress_loan l',
	'SELECT b(l) FROM regress_plain l',
	'SELECT id, note, tags, l, ctid, tableoid::regclass, b(l), debt FROM regress_loan l',
	'SELECT b(l), c(l), b(l) + 1, risk_margin(''regress_c'', l) FROM regress_loan l',
	'SELECT risk_scores(''regress_b'', l), risk_margins(''regress_c'', l), risk_class(''regress_c'', l) FROM regress_loan l',
	'SELECT risk_leaves(''regress_b'', l) FROM regress_loan l',
	-- a function of the row that looks like ours
	'SELECT id, b(ROW(pg_temp.age_of(''x'', l), l.debt, l.age)) FROM regress_loan l',
	'SELECT id, b(ROW(pg_temp.age_of(''x'', l), l.debt, l.age)) FROM regress_loan l WHERE id = 77',
	'SELECT id FROM regress_loan l WHERE b(l) > 1',
	'SELECT id, b(l) FROM regress_loan l WHERE b(l) > 1 AND age > 20',
	'SELECT id, c(l) FROM regress_loan l WHERE b(l) > 1 AND c(l) < 0.9',
	'SELECT id FROM regress_loan l WHERE b(l) > 1 OR c(l) < 0.9',
	'SELECT id FROM regress_loan l WHERE age > 20 AND note LIKE ''n1%'' AND b(l) IN (SELECT 3.5 UNION SELECT -0.25)',
	'SELECT id, CASE WHEN b(l) > 1 THEN c(l) END, CASE WHEN age > 30 THEN c(l) END FROM regress_loan l',
	'SELECT coalesce(b(l), c(l)), greatest(b(l), c(l)), (b(l) > 1 AND c(l) > 0) FROM regress_loan l',
	'SELECT sum(b(l)), max(c(l)), count(*) FILTER (WHERE b(l) > 1), sum(b(l)) FILTER (WHERE age > 20) FROM regress_loan l',
	'SELECT age, avg(b(l)), min(note) FROM regress_loan l GROUP BY age HAVING avg(b(l)) > 0',
	'SELECT b(l), count(*) FROM regress_loan l GROUP BY b(l)',
	'SELECT age, tags, sum(b(ROW(l.income, l.debt, l.age))) FROM regress_loan l GROUP BY ROLLUP (age, tags)',
	'SELECT age, sum(b(l)) FROM regress_loan l GROUP BY age HAVING sum(c(l)) > 20',
	-- what is computed of a group is not computed of each of its rows, and there may be none
	'SELECT age, b(ROW(age * 2, age / 9, age)), max(b(ROW(age * 2, age / 9, age))) FROM regress_loan l GROUP BY ROLLUP (age)',
	'SELECT count(*), b(ROW(o, o, o)) FROM regress_loan l, (VALUES (3)) v(o) WHERE id < 0 GROUP BY o',
	'SELECT o.id, (SELECT ROW(count(*), b(ROW(o.income, o.debt, o.age))) FROM regress_loan l WHERE l.age + 1 < o.age * 0) FROM regress_loan o',
	'SELECT b(ROW(sum(income), max(debt), avg(age))) FROM regress_loan l',
	'SELECT age % 4, b(ROW(1 / (age % 4), 3, 4)) FROM regress_loan l GROUP BY age % 4 HAVING min(age % 4) > 0',
	-- windows: their functions are columns
	'SELECT id, b(l), count(*) OVER (PARTITION BY age) FROM regress_loan l',
	'SELECT sum(s) FROM (SELECT b(ROW(sum(income) OVER (), debt, age)) AS s FROM regress_loan l OFFSET 0) x',
	'SELECT id, sum(c(l)) OVER (PARTITION BY age), lag(b(ROW(1 / (id - 1500), debt, age))) OVER (ORDER BY id) FROM regress_loan l',
	'SELECT * FROM (SELECT id, b(l), row_number() OVER (ORDER BY id) AS n FROM regress_loan l) x WHERE n < 5',
	'SELECT DISTINCT b(l) FROM regress_loan l',
	'SELECT id, rank() OVER (ORDER BY b(l), id), sum(c(l)) OVER (PARTITION BY age) FROM regress_loan l',
	'SELECT id, b(l) FROM regress_loan l ORDER BY b(l), id LIMIT 7',
	'SELECT id, b(l) FROM regress_loan l ORDER BY id LIMIT 700',
	'SELECT id, b(l) FROM regress_loan l ORDER BY note, id LIMIT 7',
	'SELECT id, b(l) FROM regress_loan l ORDER BY note, id',
	'SELECT x.id, b(x) FROM (SELECT * FROM regress_loan OFFSET 3) x',
	'WITH x AS MATERIALIZED (SELECT * FROM regress_loan) SELECT x.id, b(x) FROM x',
	'SELECT id, b(p) FROM regress_part p',
	'SELECT sum(b(p)) FROM regress_part p WHERE id > 50',
	'SELECT b(l) FROM regress_plain l UNION ALL SELECT c(l) FROM regress_loan l',
	'SELECT l.id, b(l), c(p) FROM regress_loan l JOIN regress_part p USING (id)',
	'SELECT l.id, b(ROW(p.income, l.debt, l.age)) FROM regress_loan l JOIN regress_part p ON p.id = l.id + 1',
	'SELECT l.id, b(l) FROM regress_loan l LEFT JOIN regress_part p ON p.id = l.id * 2 WHERE b(l) > coalesce(p.debt, 0)',
	'SELECT l.id, c(p) FROM regress_loan l LEFT JOIN regress_part p ON p.id = l.id * 2',
	'SELECT l.id, (SELECT sum(b(p)) FROM regress_part p WHERE p.id < l.age) FROM regress_loan l WHERE id < 40',
	'SELECT l.id, x.s FROM regress_loan l, LATERAL (SELECT sum(b(p)) AS s FROM regress_part p WHERE p.age = l.age) x WHERE l.id < 40',
	'SELECT id FROM regress_loan l WHERE EXISTS (SELECT FROM regress_part p WHERE p.id = l.id AND b(l) > c(p))',
	'SELECT b(ROW(i, i * 2, i / 3)), i FROM generate_series(1, 1000) i',
	'SELECT b(ROW(l.income * 2, nullif(l.debt, 5), length(l.note))), sum(c(ROW(l.debt, 3, (SELECT 60)))) OVER () FROM regress_loan l',
	'SELECT b(ROW(random() * 0, l.debt, l.age)) FROM regress_loan l',
	'SELECT b(ROW(b(l), l.debt, l.age)) FROM regress_loan l',
	'SELECT id, b(l) FROM regress_loan l WHERE random() < 2',
	-- positions that are not always evaluated
	'SELECT count(*) FROM regress_loan l WHERE (id, b(ROW(1 / (id - 2), debt, age))) > (1, 1)',
	'SELECT count((CASE WHEN id <> 5 THEN ARRAY[1, 2] END)[b(ROW(1 / (id - 5), debt, age))::int]) FROM regress_loan l',
	-- rows that a LIMIT does not want must not fail
	'SELECT id, b(ROW(1 / (id - 3), debt, age)) FROM regress_loan l ORDER BY id LIMIT 2',
	'SELECT x.id, b(x) FROM (SELECT id, debt, age, 1 / (id - 700) AS income FROM regress_loan ORDER BY id) x LIMIT 2',
	'SELECT l.id, b(ROW(1 / (p.id - 3), p.debt, l.age)) FROM regress_loan l JOIN regress_part p USING (id) WHERE p.id < 3',
	-- volatile children and locked rows are not read ahead
	'SELECT id, b(x) FROM (SELECT *, random() < 2 AS r FROM regress_loan OFFSET 0) x WHERE r',
	'SELECT id, b(x) FROM (SELECT * FROM regress_loan ORDER BY id FOR UPDATE) x LIMIT 2',
	-- calls by hand beside the planner''s
	'SELECT sum(b(l)), sum(riskml.score_columns(''regress_b'', NULL, ''{income,debt,age}'', age, debt, income)) FROM regress_loan l',
	'SELECT sum(b(l)), sum(riskml.score_columns(''regress_b'', NULL, ''{income,debt,age}'', ARRAY[income, debt, age]::float8[])) FROM regress_loan l WHERE income + debt + age > 0',
	'SELECT sum(b(l)), sum(riskml.score_columns(''regress_b'', NULL, ''{income,debt,age}'', riskml.read_columns(''regress_b'', NULL, ''{income,debt,age}'', income, debt, age))) FROM regress_loan l',
	'SELECT count(s), sum(r) FROM (SELECT b(x) AS s, riskml.score_columns(''regress_b'', NULL, ''{income,debt,age}'', a) AS r FROM (SELECT *, ARRAY[income, debt, age]::float8[] AS a FROM regress_loan WHERE income + debt + age > 0 OFFSET 0) x) y',
	'SELECT id, b(l), generate_series(1, 2) FROM regress_loan l',
	'SELECT b(v) FROM (VALUES (1, 2, 3), (70, 20, 50), (NULL, NULL, NULL)) v(age, debt, income)',
	'SELECT id, b(l) FROM regress_loan l WHERE id = 77',
	'SELECT id, b(l) FROM regress_loan l TABLESAMPLE BERNOULLI (100)',
	'SELECT id, b(l) FROM regress_loan l WHERE ctid < ''(3,0)''',
	'SELECT id, b(l) FROM regress_loan l FOR UPDATE',
	'WITH RECURSIVE r AS (SELECT id, age, debt, income FROM regress_loan UNION ALL SELECT id + 1500, age + 1, debt, b(r) FROM r WHERE id < 4000) SELECT id, b(r) FROM r']) WITH ORDINALITY t(q, i), pg_temp.compare(q) x ORDER BY i;
-- from 16 on sorted input is chosen for aggregates that want it
SELECT same, n FROM pg_temp.compare('SELECT age / 10, count(DISTINCT b(l)), array_agg(id ORDER BY c(l), id) FROM regress_loan l GROUP BY 1');
-- joins of every kind, the inner side scored
CREATE FUNCTION pg_temp.joins(setting text) RETURNS TABLE (nodes bigint, same bool, n bigint) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('SET LOCAL %s = off', setting);
		RETURN QUERY SELECT x.* FROM unnest(ARRAY['SELECT l.id, x.s FROM regress_loan l JOIN (SELECT id, b(p) AS s FROM regress_part p OFFSET 0) x ON x.id = l.id',
			'SELECT l.id, p.id, b(l), c(p) FROM regress_loan l JOIN regress_part p ON p.id = l.id']) q, pg_temp.compare(q) x;
		EXECUTE format('SET LOCAL %s = on', setting);
	END $$;
SELECT s, j.* FROM unnest('{enable_hashjoin,enable_mergejoin,enable_sort}'::text[]) s, pg_temp.joins(s) j;
BEGIN;
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_seqscan = off;
CREATE INDEX ON regress_part_2 (id);
SELECT * FROM pg_temp.compare('SELECT l.id, x.s FROM regress_loan l JOIN (SELECT id, b(p) AS s FROM regress_part_2 p OFFSET 0) x ON x.id = l.id');
ROLLBACK;

-- one row by its key: the node reads the row's columns, whatever the model calls them
ALTER TABLE regress_plain ADD k int, ADD l text, ADD UNIQUE (k, l);
UPDATE regress_plain p SET k = n / 2, l = n % 2 FROM (SELECT ctid, row_number() OVER () AS n FROM regress_plain) x WHERE x.ctid = p.ctid;
CREATE VIEW regress_view AS SELECT * FROM regress_loan;
SELECT q, x.* FROM unnest(ARRAY[
	'SELECT id, b(l), c(l), b(l) + 1, note FROM regress_loan l WHERE id = 77',
	'SELECT risk_scores(''regress_b'', l), risk_margins(''regress_c'', l), risk_class(''regress_c'', l), risk_leaves(''regress_b'', l) FROM regress_loan l WHERE id = 77',
	'SELECT id, ctid, tableoid::regclass, b(l) FROM regress_loan l WHERE 77::bigint = id AND b(l) > -5',
	'SELECT id, b(l) FROM regress_loan l WHERE id = 77 AND b(l) > 100',
	'SELECT id, b(l) FROM regress_loan l WHERE id = 7777',
	'SELECT b(p) FROM regress_plain p WHERE k = 7 AND l = ''1'' AND age > 0',
	'SELECT b(p) FROM regress_plain p WHERE k = 7',
	'SELECT b(l), l FROM regress_loan l WHERE id = 77',
	'SELECT CASE WHEN id > 80 THEN b(l) END FROM regress_loan l WHERE id = 77',
	'SELECT b(l), (SELECT sum(b(m)) FROM regress_loan m WHERE m.id = l.id) FROM regress_loan l WHERE id = 77',
	'SELECT sum(b(l)), max(id) FROM regress_loan l WHERE id = 77',
	'SELECT b(l) FROM regress_view l WHERE id = 77',
	'SELECT b(l) FROM (SELECT * FROM regress_loan WHERE id = 77) l',
	'SELECT id, b(l) FROM regress_loan l WHERE id = 77 ORDER BY b(l) LIMIT 1',
	'SELECT id, b(l) FROM regress_loan l WHERE id = 77 FOR UPDATE',
	-- an index that is read without a node
	'SELECT id, b(l) FROM regress_loan l WHERE id = NULL::int',
	'SELECT id, b(l) FROM regress_loan l WHERE id = (SELECT 76 + 1)',
	'SELECT id, b(l) FROM regress_loan l WHERE id = ANY (''{5, 1400, 5, 3}'')',
	'SELECT id, b(l) FROM regress_loan l WHERE id = ANY ((SELECT array_agg(i * 77) FROM generate_series(1, 30) i)::int[])',
	'SELECT id, b(l) FROM regress_loan l WHERE id = (SELECT 77::bigint)',
	'SELECT b(p) FROM regress_plain p WHERE k = (SELECT 7) AND l = (SELECT 1)::text',
	'SELECT id, b(l), ctid FROM regress_loan l WHERE id > 1470 ORDER BY id DESC',
	'SELECT o.i, x.* FROM generate_series(1400, 1600, 50) o(i), LATERAL (SELECT id, b(l) FROM regress_loan l WHERE id = o.i + 1 OFFSET 0) x',
	'SELECT (SELECT b(l) FROM regress_loan l WHERE id = o.i) FROM (VALUES (7), (NULL), (9)) o(i)',
	'SELECT id, b(l) FROM regress_loan l WHERE id = 77 AND age > 0',
	'SELECT l.id, b(l) FROM regress_loan l JOIN regress_part p ON p.id = l.id WHERE l.id = 77']) WITH ORDINALITY t(q, i), pg_temp.compare(q) x ORDER BY i;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id, risk_score('regress_b', l) FROM regress_loan l WHERE id = 77;
DROP VIEW regress_view;
SET plan_cache_mode = force_generic_plan;
PREPARE one(int) AS SELECT risk_score('regress_b', l) FROM regress_loan l WHERE id = $1;
EXECUTE one(77);
ALTER TABLE regress_loan RENAME age TO years;
SELECT pg_temp.try('EXECUTE one(77)');
ALTER TABLE regress_loan ADD age float8 DEFAULT 20;
EXECUTE one(77);
ALTER TABLE regress_loan DROP age;
ALTER TABLE regress_loan RENAME years TO age;
EXECUTE one(77);
ALTER TABLE regress_loan ALTER age TYPE text;
SELECT pg_temp.try('EXECUTE one(77)');
ALTER TABLE regress_loan ALTER age TYPE int USING age::int;
EXECUTE one(77);
-- another version may need other features: nothing was planned for the one before
BEGIN;
EXECUTE one(77);
SELECT riskml.import_model('regress_b', pg_temp.tiny_model(20, '{income,debt,id}'), alias => 'production');
EXECUTE one(77);
ROLLBACK;
EXECUTE one(77);
BEGIN;
UPDATE regress_loan l SET income = risk_score('regress_b', l) WHERE id = 77 RETURNING id, income;
DELETE FROM regress_loan l WHERE id = 78 AND risk_score('regress_b', l) > -9 RETURNING id;
INSERT INTO regress_loan (id, age) VALUES (79, 5) ON CONFLICT (id) DO UPDATE SET income = risk_score('regress_b', regress_loan) WHERE risk_score('regress_b', regress_loan) > -9 RETURNING id, income;
ROLLBACK;
RESET plan_cache_mode;
DEALLOCATE one;

-- ---- plans
EXPLAIN (VERBOSE, COSTS OFF) SELECT sum(risk_score('regress_b', l)) FROM regress_loan l;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id, risk_score('regress_b', l) FROM regress_loan l WHERE risk_score('regress_c', l) > 0.5 AND risk_score('regress_b', l) > 1 AND age > 30;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id, risk_score('regress_b', l) FROM regress_loan l ORDER BY id LIMIT 100;
-- few rows, and what is not evaluated for all of them
SELECT * FROM pg_temp.plan($$SELECT risk_score('regress_b', l) FROM regress_loan l WHERE id = 5$$);
SELECT * FROM pg_temp.plan($$SELECT CASE WHEN age > 30 THEN risk_score('regress_b', l) END FROM regress_loan l$$);
SELECT * FROM pg_temp.plan($$SELECT id, risk_score('regress_b', l) FROM regress_loan l ORDER BY note LIMIT 10$$);
SET riskml.enable_batch = off;
SELECT * FROM pg_temp.plan($$SELECT risk_score('regress_b', l) FROM regress_loan l$$);
RESET riskml.enable_batch;

-- ---- a LIMIT does not pay for rows that it does not want
CREATE FUNCTION pg_temp.counted(x int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM set_config('regress.reads', (current_setting('regress.reads')::int + 1)::text, false); RETURN x; END $$;
SET regress.reads = 0;
SELECT count(s) FROM (SELECT risk_score('regress_b', ROW(income, debt, pg_temp.counted(age))) AS s FROM regress_loan LIMIT 5) x;
SHOW regress.reads;

-- a block takes as many rows as there is memory for
SELECT count(*), sum(length(big)), sum(s) FROM (SELECT big, risk_score('regress_b', x) AS s FROM (SELECT *, repeat('x', 500000) AS big FROM regress_loan OFFSET 0) x OFFSET 0) y;
-- what has no bitmap of its own has numbers too: each line is counted by itself
CREATE INDEX regress_age ON regress_loan (age);
CREATE INDEX regress_tags ON regress_loan (tags);
SET enable_seqscan = off; SET enable_indexscan = off; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0;
SELECT l ~ 'loops=1\)' AS once FROM pg_temp.plan($$SELECT sum(risk_score('regress_b', l)) FROM regress_loan l WHERE age = 11 OR tags = 't1'$$, 'ANALYZE, TIMING OFF, SUMMARY OFF,') l WHERE l ~ 'Bitmap Index Scan';
RESET enable_seqscan; RESET enable_indexscan; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET min_parallel_index_scan_size;
DROP INDEX regress_age, regress_tags;

-- ---- cursors: a declared one stands on its table
BEGIN;
DECLARE c CURSOR FOR SELECT id, risk_score('regress_b', l) FROM regress_loan l WHERE risk_score('regress_b', l) > 3;
FETCH 2 FROM c;
DELETE FROM regress_loan WHERE CURRENT OF c RETURNING id;
FETCH c;
DECLARE s SCROLL CURSOR FOR SELECT id, risk_score('regress_b', l) FROM regress_loan l;
FETCH LAST FROM s;
FETCH PRIOR FROM s;
ROLLBACK;

-- ---- writes
CREATE TABLE regress_scored AS SELECT id, note, risk_score('regress_b', l) AS score FROM regress_loan l;
SELECT count(*), count(*) FILTER (WHERE s.score IS DISTINCT FROM risk_score('regress_b', l)) FROM regress_scored s JOIN regress_loan l USING (id);
ALTER TABLE regress_loan ADD score float8, ADD changed int DEFAULT 0;
CREATE FUNCTION pg_temp.count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := OLD.changed + 1; RETURN NEW; END $$;
CREATE TRIGGER count_change BEFORE UPDATE ON regress_loan FOR EACH ROW EXECUTE FUNCTION pg_temp.count_change();
SELECT count(*) FROM pg_temp.plan($$UPDATE regress_loan l SET score = risk_score('regress_b', l)$$) p WHERE p ~ 'RiskmlBatch';
UPDATE regress_loan l SET score = risk_score('regress_b', l), income = income + 1;
SELECT count(*), min(changed), max(changed), count(*) FILTER (WHERE s.score IS DISTINCT FROM l.score OR s.note IS DISTINCT FROM l.note) FROM regress_scored s JOIN regress_loan l USING (id);
WITH d AS (DELETE FROM regress_scored s USING regress_loan l WHERE l.id = s.id AND risk_score('regress_b', l) > 1 RETURNING s.id) SELECT count(*) = (SELECT count(*) FROM regress_loan l WHERE risk_score('regress_b', l) > 1) FROM d;
WITH i AS (INSERT INTO regress_scored SELECT id, note, risk_score('regress_c', l) FROM regress_loan l WHERE risk_score('regress_c', l) > 0.9 RETURNING score) SELECT count(*), min(score) > 0.9 FROM i;
UPDATE regress_loan SET income = income - 1;

-- ---- one statement, one version
CREATE FUNCTION pg_temp.loop() RETURNS text LANGUAGE plpgsql AS $$
	DECLARE r record; total float8 = 0; n int = 0;
	BEGIN
		FOR r IN SELECT id, risk_score('regress_b', l) AS s FROM regress_loan l ORDER BY id LOOP
			n := n + 1; total := total + r.s;
			IF n = 700 THEN PERFORM riskml.set_alias('regress_b', 'production', 2, 'test'); END IF;
		END LOOP;
		RETURN n || ' ' || total;
	END $$;
SELECT riskml.import_model('regress_b', pg_temp.tiny_model(100), alias => 'staging');
BEGIN;
SELECT sum(risk_score('regress_b', l)) FROM regress_loan l;
SELECT pg_temp.loop();
SELECT sum(risk_score('regress_b', l)) FROM regress_loan l;
ROLLBACK;
SET plan_cache_mode = force_generic_plan;
PREPARE total(int) AS SELECT sum(risk_score('regress_b', l)) FROM regress_loan l WHERE id > $1;
EXECUTE total(0);
SELECT riskml.promote('regress_b', 2, 'test');
EXECUTE total(0);
EXECUTE total(1490);
EXECUTE total(2000);
SELECT riskml.promote('regress_b', 1, 'test');
EXECUTE total(0);
RESET plan_cache_mode;

-- ---- errors are those of a call, and privileges are checked
SELECT pg_temp.try($$SELECT sum(risk_score('regress_b', ROW(i, i, '2'))) FROM generate_series(1, 1000) i$$);
SELECT pg_temp.try($$SELECT sum(risk_score('regress_b', l)), sum(riskml.score_columns('regress_b', NULL, '{income,debt,age}', riskml.read_columns('regress_b', NULL, '{income}', income), debt)) FROM regress_loan l$$);
SELECT pg_temp.try($$SELECT sum(risk_score('regress_b', l)), sum(riskml.score_columns('regress_b', NULL, '{income,debt,age}', riskml.read_columns('regress_c', NULL, '{income,debt,zzz}', income, debt, age))) FROM regress_loan l$$);
SELECT pg_temp.try($$SELECT risk_score('regress_b', ROW(i, 1 / (i - 500), i)) FROM generate_series(1, 1000) i$$);
SELECT pg_temp.try($$SELECT sum(CASE WHEN i <> 500 THEN risk_score('regress_b', ROW(i, 1 / (i - 500), i)) END) FROM generate_series(1, 1000) i$$);
SELECT pg_temp.try($$SELECT risk_score('regress_b', l) FROM (SELECT * FROM regress_loan WHERE false OFFSET 0) l$$);
CREATE ROLE regress_batch;
GRANT SELECT ON regress_loan TO regress_batch;
SELECT riskml.grant_model('regress_b', 'regress_batch', 'score');
PREPARE mine AS SELECT count(risk_score('regress_b', l)) FROM regress_loan l;
SET ROLE regress_batch;
EXECUTE mine;
RESET ROLE;
SELECT riskml.revoke_model('regress_b', 'regress_batch', 'score');
SET ROLE regress_batch;
SELECT pg_temp.try('EXECUTE mine');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION riskml.score_columns FROM PUBLIC;
SELECT riskml.grant_model('regress_b', 'regress_batch', 'score');
SET ROLE regress_batch;
SELECT pg_temp.try('EXECUTE mine');
RESET ROLE;
GRANT EXECUTE ON FUNCTION riskml.score_columns TO PUBLIC;
SELECT riskml.revoke_model('regress_b', 'regress_batch', 'score');
REVOKE ALL ON regress_loan FROM regress_batch;
DROP ROLE regress_batch;

-- ---- more features than a call has arguments
SELECT format('CREATE TABLE regress_wide (%s, other text)', string_agg('x' || i || CASE i % 3 WHEN 0 THEN ' int' WHEN 1 THEN ' float8' ELSE ' numeric' END, ', ')) FROM generate_series(1, 400) i \gexec
SELECT format('INSERT INTO regress_wide SELECT %s, ''o'' || r FROM generate_series(1, 600) r', string_agg('nullif(r * ' || i || ' % 90, 7)', ', ')) FROM generate_series(1, 400) i \gexec
SELECT riskml.import_model('regress_w', replace(replace(pg_temp.tiny_model(features => (SELECT array_agg('x' || i ORDER BY i) FROM generate_series(1, 400) i)),
	'"num_feature": "3"', '"num_feature": "400"'), '"split_indices":    [0, 1, 0, 0, 0]', '"split_indices": [399, 98, 0, 0, 0]'), alias => 'production');
SELECT * FROM pg_temp.compare('SELECT x1, other, risk_score(''regress_w'', w) FROM regress_wide w');
SELECT * FROM pg_temp.compare('SELECT sum(risk_score(''regress_w'', w)) FROM regress_wide w');

-- ---- parallel workers
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET enable_parallel_append = off;
SELECT * FROM pg_temp.plan($$SELECT sum(risk_score('regress_b', p)) FROM regress_part_2 p$$);
SELECT q, x.* FROM unnest(ARRAY['SELECT sum(b(p)) FROM regress_part_2 p', 'SELECT id, b(l) FROM regress_loan l WHERE b(l) > 1', 'SELECT l.id, b(l), c(p) FROM regress_loan l JOIN regress_part p USING (id)']) WITH ORDINALITY t(q, i), pg_temp.compare(q) x ORDER BY i;

DROP FUNCTION pg_temp.age_of;
DROP TABLE regress_loan, regress_plain, regress_part, regress_scored, regress_wide;
SELECT pg_temp.drop_models('regress_b', 'regress_c', 'regress_w');
