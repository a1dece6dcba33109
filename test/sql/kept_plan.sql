-- Plans that are kept of lookups by key: each query gives what it gives when it is planned anew.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
\t on
-- which has the number of the session's schema
\set SHOW_CONTEXT never
SELECT riskml.import_model('regress_k', pg_temp.tiny_model(), alias => 'production');
SELECT riskml.import_model('regress_k2', pg_temp.tiny_model(7, '{debt,age,income}', 'binary:logistic'), alias => 'production');
CREATE TABLE regress_keyed (id int PRIMARY KEY, code text NOT NULL, kind varchar(9), big bigint, income float8, debt float8, age float8);
INSERT INTO regress_keyed SELECT i, 'c' || i, 'k' || i % 3, i * 10::bigint, CASE WHEN i % 7 > 0 THEN i * 3 % 100 END, i % 20, 10 + i * 7 % 60 FROM generate_series(1, 5000) i;
CREATE UNIQUE INDEX regress_keyed_code ON regress_keyed (code);
CREATE UNIQUE INDEX regress_keyed_two ON regress_keyed (kind, big);
CREATE INDEX regress_keyed_other ON regress_keyed (age);
VACUUM (ANALYZE) regress_keyed;

-- Planning locks every index of a table, execution the one that it uses: so a lock on another one tells that a query was
-- planned. b(k) and c(k) are calls of the two models; what is found is compared with what the query finds if it is planned.
CREATE FUNCTION pg_temp.look(query text, OUT how text, OUT answer text) LANGUAGE plpgsql AS $$
	DECLARE
		q text := regexp_replace(regexp_replace(query, '\mb\(', 'risk_score(''regress_k'', ', 'g'), '\mc\(', 'risk_score(''regress_k2'', ', 'g');
		again text;
	BEGIN
		EXECUTE q INTO answer;
		how := CASE WHEN EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'regress_keyed_other'::regclass)
			THEN 'planned' ELSE 'kept' END;
		SET LOCAL plan_cache_mode = force_custom_plan;
		EXECUTE q INTO again;
		SET LOCAL plan_cache_mode = auto;
		IF answer IS DISTINCT FROM again THEN
			how := format('%s, and wrong: %s', how, again);
		END IF;
	END $$;

-- each with four keys, of which the last has no row: kept is the plan of what comes for the second time
SELECT format('SELECT %L, x.* FROM pg_temp.look(%L) x', q, replace(q, '?', id::text)) FROM unnest(ARRAY[
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ?',
	'SELECT concat(id, '':'', c(k)) FROM regress_keyed k WHERE id = ?',
	'SELECT concat(id, '':'', b(l)) FROM regress_keyed l WHERE ? = l.id',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ? AND income > 10 AND kind <> ''k9'' LIMIT 1',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE code = ''c?''',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE big = ?0 AND kind = ''k2''',
	'SELECT concat(id, '':'', id) FROM regress_keyed k WHERE id = ? AND b(k) > 2',
	'SELECT concat(id, '':'', round(b(k)::numeric, 2), CASE WHEN c(k) > 0.5 THEN '' refuse'' END) FROM regress_keyed k WHERE id = ''?''::int8',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = -(-?)',
	-- these are planned each time: what the planner computes or expands may depend on more than the table
	'SELECT id || '':'' || b(k) FROM regress_keyed k WHERE id = ?',
	'SELECT concat(id, '':'', b(k), sqrt(16)) FROM regress_keyed k WHERE id = ?',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ? LIMIT 1 + 1',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ? AND 0.1::float8::text = ''0.1''',
	'SELECT concat(id, '':'', row(b(k), c(k))) FROM regress_keyed k WHERE id = ?',
	-- and these, which find more than one row, or not by a key, or not only that
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE kind = ''k'' || ?::int % 3 AND big = ?0',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = NULL OR id = ?',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id >= ? ORDER BY id LIMIT 1',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE income = ? LIMIT 1',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id IN (?, 1) ORDER BY id DESC',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ? FOR SHARE',
	'SELECT max(b(k)) FROM regress_keyed k WHERE id = ?',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ? /*+ SeqScan(k) */',
	'SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = (SELECT ?)',
	'SELECT concat(id, '':'', b(k)) FROM (SELECT * FROM regress_keyed OFFSET 0) k WHERE id = ?'
	]) WITH ORDINALITY q (q, n), unnest(ARRAY[17, 4711, 18, 6000]) WITH ORDINALITY k (id, n) ORDER BY q.n, k.n
\gexec

-- a key that is NULL finds nothing, one that cannot be read is an error, and neither spoils the plan
SELECT pg_temp.look('SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = 15');
SELECT pg_temp.look('SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = 16');
SELECT pg_temp.look('SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = NULL');
SELECT pg_temp.look('SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ''x''');
SELECT pg_temp.look('SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = ''17''');

-- values that drivers bind
\t off
PREPARE bound (int, text) AS SELECT $2 AS t, id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = $1;
EXECUTE bound (16, 'a');
EXECUTE bound (17, 'a');
BEGIN;
EXECUTE bound (18, NULL);
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'regress_keyed_other'::regclass;
COMMIT;
EXECUTE bound (NULL, 'c');
EXECUTE bound (19, 'd');
DEALLOCATE bound;

-- what EXPLAIN shows is what was asked for
EXPLAIN (COSTS OFF, VERBOSE) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE code = 'c4' AND age > 0.5 AND id = 4;
EXPLAIN (COSTS OFF, VERBOSE) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE code = 'c5' AND age > 1.5 AND id = 5;
EXPLAIN (COSTS OFF, VERBOSE) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE code = 'c60' AND age > 2.5 AND id = 60;
EXPLAIN (COSTS OFF) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 7;
EXPLAIN (COSTS OFF) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 8;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 9;
RESET enable_indexscan;
RESET enable_bitmapscan;
EXPLAIN (COSTS OFF) SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 10;

-- a cursor, a function and a nested statement have plans of their own
BEGIN;
DECLARE one CURSOR FOR SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 11;
DECLARE two CURSOR FOR SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 12;
FETCH one;
FETCH two;
COMMIT;
CREATE FUNCTION pg_temp.score_of(n int) RETURNS float8 LANGUAGE sql STABLE AS
	$$ SELECT risk_score('regress_k', k) FROM regress_keyed k WHERE id = n $$;
CREATE FUNCTION pg_temp.score_of_text(n int) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
	DECLARE
		score float8;
	BEGIN
		EXECUTE format('SELECT risk_score(''regress_k'', k) FROM regress_keyed k WHERE id = %s', n) INTO score;
		RETURN score;
	END $$;
SELECT id, risk_score('regress_k', k), pg_temp.score_of(id + 1), pg_temp.score_of_text(id + 2) FROM regress_keyed k WHERE id = 13;
SELECT id, risk_score('regress_k', k), pg_temp.score_of(id + 1), pg_temp.score_of_text(id + 2) FROM regress_keyed k WHERE id = 14;

-- a function of constants, and SQL that is expanded: each as it is now, and as the user may and the settings say
CREATE FUNCTION pg_temp.one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION pg_temp.twice(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE FUNCTION pg_temp.shown() RETURNS text LANGUAGE plpgsql STABLE AS $$
	DECLARE
		shown text;
	BEGIN
		EXECUTE $q$SELECT concat(pg_temp.one(0), ' ', pg_temp.twice(risk_score('regress_k', k)), ' ', 0.1::float8::text, ' ', '\x41'::bytea::text)
			FROM regress_keyed k WHERE id = 17$q$ INTO shown;
		RETURN shown;
	END $$;
SELECT pg_temp.shown();
SELECT pg_temp.shown();
CREATE OR REPLACE FUNCTION pg_temp.one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 2; END';
CREATE OR REPLACE FUNCTION pg_temp.twice(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 3 * $1';
SET extra_float_digits = -14;
SET bytea_output = escape;
SELECT pg_temp.shown();
RESET extra_float_digits;
RESET bytea_output;
-- expressions that are equal, of types that are not
CREATE TABLE regress_cut AS SELECT "varchar"(kind, 8, true) AS kind, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 1;
DROP TABLE regress_cut;
CREATE TABLE regress_cut AS SELECT "varchar"(kind, 8, true) AS kind, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 3;
DROP TABLE regress_cut;
CREATE TABLE regress_cut AS SELECT kind::varchar(4) AS kind, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 2;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'regress_cut'::regclass AND attnum = 1;
DROP TABLE regress_cut;
-- what is large is not kept
SELECT count(pg_temp.look(format('SELECT concat(b(k), %L) FROM regress_keyed k WHERE id = 17', repeat(i::text, 100000)))) FROM generate_series(1, 20) i;
SELECT sum(total_bytes) < 600000 AS bounded FROM pg_backend_memory_contexts WHERE name = 'riskml kept plan';

-- more kinds of queries than are kept
CREATE FUNCTION pg_temp.times(n int, id int) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
	DECLARE
		score float8;
	BEGIN
		EXECUTE format('SELECT %s * risk_score(''regress_k'', k) FROM regress_keyed k WHERE id = %s', n, id) INTO score;
		RETURN score;
	END $$;
SELECT sum(pg_temp.times(i % 20, i)) = sum(i % 20 * risk_score('regress_k', k)) AS same FROM generate_series(1, 500) i JOIN regress_keyed k ON id = i;

-- changes of the table, and others
\t on
CREATE FUNCTION pg_temp.look(id int) RETURNS text LANGUAGE sql AS
	$$ SELECT how || ' ' || coalesce(answer, 'none') FROM pg_temp.look(format('SELECT concat(id, '':'', b(k)) FROM regress_keyed k WHERE id = %s', id)) $$;
\set looks 'SELECT pg_temp.look(17); SELECT pg_temp.look(18); SELECT pg_temp.look(19);'
:looks
ALTER TABLE regress_keyed RENAME debt TO owed;
SELECT pg_temp.look(17);
ALTER TABLE regress_keyed RENAME owed TO debt;
ALTER TABLE regress_keyed ADD more int DEFAULT 3;
ALTER TABLE regress_keyed ALTER id TYPE bigint;
ANALYZE regress_keyed;
:looks
BEGIN;
ALTER TABLE regress_keyed DROP CONSTRAINT regress_keyed_pkey;
SELECT pg_temp.look(18);
ROLLBACK;
:looks
ALTER TABLE regress_keyed DROP CONSTRAINT regress_keyed_pkey;
:looks
INSERT INTO regress_keyed SELECT 20, 'c20b', 'z', 1, 90, 0, 65;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 20;
DELETE FROM regress_keyed WHERE code = 'c20b';
ALTER TABLE regress_keyed ADD PRIMARY KEY (id);
:looks
CREATE TABLE regress_heir () INHERITS (regress_keyed);
INSERT INTO regress_heir SELECT 21, 'x', 'y', 1, 90, 0, 65;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 21;
DROP TABLE regress_heir;
VACUUM ANALYZE regress_keyed;
:looks
-- another version, another table of that name
SELECT riskml.import_model('regress_k', pg_temp.tiny_model(100), alias => 'production');
SELECT pg_temp.look(22);
CREATE TEMP TABLE regress_keyed AS SELECT id, 90 AS income, 0 AS debt, 65 AS age FROM generate_series(1, 5000) id;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
DROP TABLE regress_keyed;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;

-- who may not read the table, or the model, is told so, whoever the plan was made for
CREATE ROLE regress_reader;
SET ROLE regress_reader;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
RESET ROLE;
GRANT SELECT ON regress_keyed TO regress_reader;
SET ROLE regress_reader;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
RESET ROLE;
SELECT riskml.grant_model('regress_k', 'regress_reader');
SET ROLE regress_reader;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION risk_score(riskml.model_ref, record) FROM PUBLIC;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 20;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 21;
SET ROLE regress_reader;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
RESET ROLE;
GRANT EXECUTE ON FUNCTION risk_score(riskml.model_ref, record) TO PUBLIC;
-- or that a function is not for them, also one that planning puts its body in the place of
CREATE FUNCTION regress_secret(float8) RETURNS float8 LANGUAGE sql STABLE AS 'SELECT -$1';
CREATE FUNCTION regress_secret(text, regress_keyed) RETURNS float8 LANGUAGE sql STABLE AS 'SELECT ($2).debt';
REVOKE EXECUTE ON FUNCTION regress_secret(float8), regress_secret(text, regress_keyed), risk_contributions(riskml.model_ref, record, int, boolean) FROM PUBLIC;
SELECT id, regress_secret(risk_score('regress_k', k)) FROM regress_keyed k WHERE id = 20;
SELECT id, regress_secret(risk_score('regress_k', k)) FROM regress_keyed k WHERE id = 21;
SET ROLE regress_reader;
SELECT id, regress_secret(risk_score('regress_k', k)) FROM regress_keyed k WHERE id = 22;
RESET ROLE;
SELECT id, regress_secret('x', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 20;
SELECT id, regress_secret('x', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 21;
SELECT id, risk_contributions('regress_k', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 20;
SELECT id, risk_contributions('regress_k', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 21;
SET ROLE regress_reader;
SELECT id, regress_secret('x', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
SELECT id, risk_contributions('regress_k', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
RESET ROLE;
CREATE OR REPLACE FUNCTION regress_secret(text, regress_keyed) RETURNS float8 LANGUAGE sql STABLE AS 'SELECT -($2).debt';
SELECT id, regress_secret('x', k), risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
GRANT EXECUTE ON FUNCTION risk_contributions(riskml.model_ref, record, int, boolean) TO PUBLIC;
DROP FUNCTION regress_secret(float8), regress_secret(text, regress_keyed);
ALTER TABLE regress_keyed ENABLE ROW LEVEL SECURITY;
CREATE POLICY regress_some ON regress_keyed USING (id > 100);
SET ROLE regress_reader;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 122;
RESET ROLE;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;

DROP TABLE regress_keyed;
SELECT id, risk_score('regress_k', k) FROM regress_keyed k WHERE id = 22;
SELECT riskml.revoke_model('regress_k', 'regress_reader');
DROP ROLE regress_reader;
SELECT riskml.drop_alias('regress_k', 'production', 'done'), riskml.drop_alias('regress_k2', 'production', 'done');
SELECT riskml.drop_model('regress_k'), riskml.drop_model('regress_k2');
