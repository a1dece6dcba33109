-- risk_score_pinned: the one form that may stand in an index, a stored column or a constraint.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\t on
\pset format unaligned
SELECT riskml.import_model('regress_p', pg_temp.tiny_model());
SELECT riskml.import_model('regress_p', pg_temp.tiny_model(1));
SELECT riskml.import_model('regress_p2', pg_temp.tiny_model());
SELECT risk_version('regress_p') AS pin1, risk_version('regress_p@2') AS pin2, risk_version('regress_p2') AS pin_other \gset
SELECT :'pin1' ~ '^regress_p@1#[0-9a-f]{16}$', risk_version(:'pin1') = :'pin1', risk_version('regress_p@production') = :'pin1',
	(SELECT left(identity, 16) FROM riskml.models WHERE model = 'regress_p' AND version = 1) = split_part(:'pin1', '#', 2);
-- the identity does not depend on the name
SELECT split_part(:'pin1', '#', 2) = split_part(:'pin_other', '#', 2);

-- ---- volatility: only the pinned form is immutable
SELECT proname, pg_get_function_arguments(oid), provolatile, proisstrict, proparallel FROM pg_proc
WHERE proname LIKE 'risk\_%' AND pronamespace = 'public'::regnamespace ORDER BY 1, 2;

-- ---- it takes the pinned form only, and all of it must hold
SELECT risk_score_pinned(:'pin1', ARRAY[40, 5, 20]), risk_score_pinned(:'pin2', ARRAY[40, 5, 20]),
	risk_score_pinned(:'pin1', ROW(40, 5, 20)), risk_score_pinned(:'pin1', '{"income": 40, "debt": 5, "age": 20}'::jsonb);
SELECT ref, pg_temp.try(format('SELECT risk_score_pinned(%L, ARRAY[40, 5, 20])', ref)) FROM unnest(ARRAY[
	'regress_p', 'regress_p@production', 'regress_p@1', 'regress_none@1#0123456789abcdef', 'regress_p@7#0123456789abcdef']) ref;
SELECT replace(pg_temp.try($$SELECT risk_score_pinned('regress_p@1#0123456789abcdef', ARRAY[40, 5, 20])$$), :'pin1', '(pin1)');
SELECT replace(pg_temp.try(format('SELECT risk_score_pinned(%L, ARRAY[40, 5, 20])', replace(:'pin2', '@2', '@1'))), :'pin1', '(pin1)');
-- the other functions take it too
SELECT risk_score(:'pin2', ARRAY[40, 5, 20]), risk_margin(:'pin2', ARRAY[40, 5, 20]), risk_leaves(:'pin2', ARRAY[40, 5, 20]);
-- moving an alias does not change it
SELECT riskml.promote('regress_p', 2, 'test');
SELECT risk_score_pinned(:'pin1', ARRAY[40, 5, 20]), risk_score('regress_p', ARRAY[40, 5, 20]);

-- ---- index on an expression
CREATE TABLE regress_loan (id int PRIMARY KEY, income int, debt real, age float8);
INSERT INTO regress_loan SELECT i, i % 100, i % 20, i % 70 FROM generate_series(1, 2000) i;
-- alias and version forms are refused: their meaning can change
SELECT pg_temp.sqlstate($$CREATE INDEX ON regress_loan (risk_score('regress_p', ROW(income, debt, age)))$$);
SELECT pg_temp.sqlstate($$CREATE INDEX ON regress_loan (risk_score('regress_p@1', ROW(income, debt, age)))$$);
SELECT pg_temp.sqlstate($$CREATE INDEX ON regress_loan (risk_score_pinned('regress_p@1', ROW(income, debt, age)))$$);
CREATE INDEX regress_by_row ON regress_loan (risk_score_pinned(:'pin1', ROW(income, debt, age)));
CREATE INDEX regress_by_array ON regress_loan (risk_score_pinned(:'pin2', ARRAY[income, debt, age]));
CREATE INDEX regress_partial ON regress_loan (id) WHERE risk_score_pinned(:'pin1', ROW(income, debt, age)) > 3;
ANALYZE regress_loan;
SET enable_seqscan = off;
SET enable_sort = off;
-- which index answers; the names of nodes are not the point
CREATE FUNCTION pg_temp.index_used(query text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT substring(line from 'regress_(?:by_row|by_array|partial)'), ', ') FROM pg_temp.plan(query) line $$;
CREATE TEMP TABLE queries AS SELECT n, replace(replace(q, 'pin1', quote_literal(:'pin1')), 'pin2', quote_literal(:'pin2')) AS q FROM (VALUES
	(1, 'SELECT count(*) FROM regress_loan WHERE risk_score_pinned(pin1, ROW(income, debt, age)) < -0.5'),
	(2, 'SELECT min(risk_score_pinned(pin1, ROW(income, debt, age))) FROM regress_loan'),
	(3, 'SELECT sum(s) FROM (SELECT risk_score_pinned(pin1, ROW(l.income, l.debt, l.age)) AS s FROM regress_loan l ORDER BY 1 DESC LIMIT 5) x'),
	(4, 'SELECT count(*) FROM regress_loan WHERE risk_score_pinned(pin2, ARRAY[income, debt, age]) BETWEEN 0 AND 1'),
	(5, 'SELECT count(*) FROM regress_loan WHERE risk_score_pinned(pin1, ROW(income, debt, age)) > 3 AND id < 100')) t(n, q);
SELECT n, pg_temp.index_used(q), pg_temp.try(q) AS with_index FROM queries ORDER BY n;
SET enable_seqscan = on; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SET enable_sort = on;
SELECT n, pg_temp.index_used(q), pg_temp.try(q) AS without FROM queries ORDER BY n;
RESET ALL;
-- kept up to date, through changes of the table and REINDEX
UPDATE regress_loan SET income = 90, age = 65 WHERE id = 1;
DELETE FROM regress_loan WHERE id = 2;
ALTER TABLE regress_loan ADD COLUMN note text;
ALTER TABLE regress_loan RENAME COLUMN income TO salary;
REINDEX TABLE regress_loan;
SET enable_seqscan = off;
SELECT count(*) FROM regress_loan WHERE risk_score_pinned(:'pin1', ROW(salary, debt, age)) > 3;
SET enable_seqscan = on; SET enable_indexscan = off; SET enable_bitmapscan = off;
SELECT count(*) FROM regress_loan WHERE risk_score_pinned(:'pin1', ROW(salary, debt, age)) > 3;
RESET ALL;
ALTER TABLE regress_loan RENAME COLUMN salary TO income;
-- the columns are dependencies of the index
SELECT pg_temp.sqlstate('ALTER TABLE regress_loan ALTER COLUMN income TYPE text');
-- the trap that docs warn of: an index on the whole row knows nothing of its columns
CREATE TABLE regress_trap (id int, income int, debt real, age float8);
CREATE INDEX ON regress_trap (risk_score_pinned(:'pin1', regress_trap));
INSERT INTO regress_trap VALUES (1, 40, 5, 20);
ALTER TABLE regress_trap DROP COLUMN income;
INSERT INTO regress_trap VALUES (2, 5, 20);
DROP TABLE regress_trap;

-- ---- generated column
SELECT format('CREATE TABLE regress_generated (id int, income int, debt real, age float8,
	score float8 GENERATED ALWAYS AS (risk_score_pinned(%L, ROW(income, debt, age))) STORED)', :'pin1') AS command \gset
:command;
INSERT INTO regress_generated VALUES (1, 40, 5, 20), (2, 40, 15, 40), (3, NULL, NULL, NULL);
UPDATE regress_generated SET income = 90 WHERE id = 2;
SELECT id, score FROM regress_generated ORDER BY id;
SELECT pg_temp.sqlstate($$CREATE TABLE regress_bad (income int, s float8 GENERATED ALWAYS AS (risk_score('regress_p', ARRAY[income, 1, 1])) STORED)$$);

-- ---- CHECK constraint
CREATE TABLE regress_check (id int, income int, debt real, age float8);
SELECT format('ALTER TABLE regress_check ADD CONSTRAINT low_risk CHECK (risk_score_pinned(%L, ROW(income, debt, age)) < 3)', :'pin1') AS command \gset
:command;
INSERT INTO regress_check VALUES (1, 40, 5, 20);
INSERT INTO regress_check VALUES (2, 90, 0, 65);
SELECT count(*) FROM regress_check;


DROP TABLE regress_generated, regress_check;

-- ---- a version that something refers to is not dropped, whatever it is
SELECT riskml.drop_alias('regress_p', a, 'test') FROM unnest(ARRAY['production', 'staging']) a;
SELECT pg_temp.try($$SELECT riskml.drop_version('regress_p', 2)$$);
DROP INDEX regress_by_row, regress_by_array, regress_partial;
CREATE TABLE regress_check (income int, debt real, age float8);
CREATE FUNCTION regress_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- Makes the object, tries to drop version 1 and the model, and takes the object away again.
CREATE FUNCTION pg_temp.drop_while(make text, pin text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		version text;
		model text;
	BEGIN
		EXECUTE replace(make, '$pin', quote_literal(pin));
		version := split_part(pg_temp.try($q$SELECT riskml.drop_version('regress_p', 1)$q$), E'\n', 1);
		model := split_part(pg_temp.try($q$SELECT riskml.drop_model('regress_p')$q$), E'\n', 1);
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		RETURN concat_ws(E'\n', make, '  ' || version, '  ' || model);
	END $$;
SELECT pg_temp.drop_while(make, :'pin1') FROM (VALUES
	('CREATE INDEX regress_index ON regress_loan (risk_score_pinned($pin, ROW(income, debt, age)))'),
	('CREATE INDEX regress_index ON regress_loan (id) WHERE risk_score_pinned($pin, ROW(income, debt, age)) > 3'),
	('ALTER TABLE regress_check ADD g float8 GENERATED ALWAYS AS (risk_score_pinned($pin, ROW(income, debt, age))) STORED'),
	('ALTER TABLE regress_check ADD d float8 DEFAULT risk_score(''regress_p@1'', ARRAY[1, 2, 3])'),
	('ALTER TABLE regress_check ADD CONSTRAINT c CHECK (risk_score_pinned($pin, ROW(income, debt, age)) < 3)'),
	('ALTER TABLE regress_check ADD CONSTRAINT x EXCLUDE ((risk_score_pinned($pin, ROW(income, debt, age))) WITH =)'),
	('CREATE VIEW regress_view AS SELECT risk_score(''regress_p@1'', l) FROM regress_loan l'),
	('CREATE VIEW regress_view AS SELECT risk_score($pin, l) FROM regress_loan l'),
	('CREATE VIEW regress_view AS SELECT risk_version(''regress_p@1'')'),
	('CREATE MATERIALIZED VIEW regress_mat AS SELECT risk_score(''regress_p@1'', l) FROM regress_loan l'),
	('CREATE RULE regress_rule AS ON UPDATE TO regress_check WHERE risk_score(''regress_p@1'', ARRAY[1, 2, 3]) > 9 DO NOTHING'),
	('CREATE TRIGGER t BEFORE UPDATE ON regress_check FOR EACH ROW WHEN (risk_score(''regress_p@1'', NEW) > 0) EXECUTE FUNCTION regress_trigger()'),
	('CREATE POLICY regress_policy ON regress_check USING (risk_score(''regress_p@1'', ARRAY[1, 2, 3]) > 0)'),
	('CREATE POLICY regress_policy ON regress_check WITH CHECK (risk_score(''regress_p@1'', ARRAY[1, 2, 3]) > 0)'),
	('CREATE STATISTICS regress_stat ON (risk_score_pinned($pin, ROW(income, debt, age))), id FROM regress_loan'),
	('CREATE TABLE regress_parted (income int, debt int, age int) PARTITION BY RANGE (risk_score_pinned($pin, ROW(income, debt, age)))'),
	('CREATE DOMAIN regress_domain AS float8[] CHECK (risk_score_pinned($pin, VALUE) > 0)'),
	('CREATE DOMAIN regress_domain AS float8 DEFAULT risk_score(''regress_p@1'', ARRAY[1, 2, 3])'),
	('CREATE FUNCTION regress_function() RETURNS float8 STABLE RETURN risk_score(''regress_p@1'', ARRAY[1, 2, 3])'),
	('CREATE FUNCTION regress_function(s float8 DEFAULT risk_score(''regress_p@1'', ARRAY[1, 2, 3])) RETURNS float8 RETURN s'),
	('CREATE PROCEDURE regress_procedure() BEGIN ATOMIC SELECT risk_score(''regress_p@1'', ARRAY[1, 2, 3]); END'),
	-- what names an alias, or nothing, keeps the model but not the version
	('CREATE VIEW regress_view AS SELECT risk_score(''regress_p'', ARRAY[1, 2, 3])'),
	('CREATE VIEW regress_view AS SELECT risk_score(''regress_p@staging'', ARRAY[1, 2, 3])'),
	-- other models and versions
	('CREATE VIEW regress_view AS SELECT risk_score(''regress_p2@1'', ARRAY[1, 2, 3]) AS a, risk_score(''my regress_p@1'', ARRAY[1, 2, 3]) AS b'),
	('CREATE VIEW regress_view AS SELECT ''regress_p@1''::text'),
	('CREATE VIEW regress_view AS SELECT risk_score(''regress_p@10'', ARRAY[1, 2, 3])')
) t(make);
DROP TABLE regress_loan, regress_check;
DROP FUNCTION regress_trigger;
SELECT riskml.drop_version('regress_p', 2);
SELECT pg_temp.drop_models('regress_p', 'regress_p2');
