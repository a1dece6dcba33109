-- check_input(): how each feature of a model finds its column in a relation.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
SELECT riskml.import_model('regress_c', pg_temp.tiny_model());
CREATE TABLE regress_exact (age int, income numeric(10,2), debt real, other text);
SELECT * FROM riskml.check_input('regress_c', 'regress_exact');
CREATE TABLE regress_folded (id int, "Income" bigint, "DEBT" bool, gone int, age float8);
ALTER TABLE regress_folded DROP COLUMN gone;
SELECT * FROM riskml.check_input('regress_c@1', 'regress_folded');
CREATE DOMAIN regress_positive AS numeric CHECK (VALUE > 0);
CREATE TABLE regress_bad (income regress_positive, "DEBT" int, "Debt" int, old int);
SELECT * FROM riskml.check_input('regress_c', 'regress_bad');
CREATE TABLE regress_types (income text, debt varchar(10), age timestamptz);
SELECT * FROM riskml.check_input('regress_c', 'regress_types');
-- what it says is what scoring says
INSERT INTO regress_bad VALUES (1, 2, 3, 4);
INSERT INTO regress_types VALUES ('1', '2', now());
SELECT c.problem = split_part(substr(pg_temp.try('SELECT risk_score(''regress_c'', b) FROM regress_bad b'), 8), E'\n', 1)
FROM riskml.check_input('regress_c', 'regress_bad') c WHERE problem IS NOT NULL LIMIT 1;
SELECT c.problem = split_part(substr(pg_temp.try('SELECT risk_score(''regress_c'', b) FROM regress_types b'), 8), E'\n', 1)
FROM riskml.check_input('regress_c', 'regress_types') c WHERE problem IS NOT NULL LIMIT 1;
-- truncated names, one column for two features
SELECT riskml.import_model('regress_c', pg_temp.tiny_model(features => ARRAY[repeat('a', 64), repeat('a', 63) || 'b', 'Age']));
SELECT format('CREATE TABLE regress_long (%I int, age int)', repeat('a', 63)) AS command \gset
:command;
SELECT left(feature, 3) AS f, length(feature), left(column_name, 3) AS c, length(column_name), column_type, matched, left(problem, 10) AS problem
FROM riskml.check_input('regress_c@2', 'regress_long');
-- features named f<number> in a table: by name, a table is never positional
SELECT riskml.import_model('regress_c', pg_temp.tiny_model(features => NULL));
CREATE TABLE regress_numbered (f0 int, f1 int, f2 int);
SELECT * FROM riskml.check_input('regress_c@3', 'regress_numbered');
CREATE TABLE regress_positions (f1 int, f2 int, f3 int);
SELECT feature, column_name, problem FROM riskml.check_input('regress_c', 'regress_positions');
-- view, materialized view, composite type, partitioned table, foreign table, catalog, temporary table
CREATE VIEW regress_view AS SELECT age, income, debt FROM regress_exact;
CREATE MATERIALIZED VIEW regress_mat AS SELECT age, debt FROM regress_exact;
CREATE TYPE regress_type AS (income int, debt int, age text);
CREATE TABLE regress_part (income int, debt int, age int) PARTITION BY LIST (age);
CREATE FOREIGN DATA WRAPPER regress_fdw;
CREATE SERVER regress_server FOREIGN DATA WRAPPER regress_fdw;
CREATE FOREIGN TABLE regress_foreign (income int, debt int) SERVER regress_server;
CREATE TEMP TABLE regress_temp (income int, debt int, age int);
SELECT r.relation, c.* FROM unnest('{regress_view,regress_mat,regress_type,regress_part,regress_foreign,regress_temp}'::regclass[]) WITH ORDINALITY r(relation, n),
	riskml.check_input('regress_c@1', relation) c ORDER BY n;
SELECT feature, problem FROM riskml.check_input('regress_c@1', 'pg_catalog.pg_class');
-- wrong arguments
SELECT pg_temp.try($$SELECT * FROM riskml.check_input('regress_none', 'pg_class')$$);
SELECT pg_temp.try($$SELECT * FROM riskml.check_input('regress_c@9', 'pg_class')$$);
SELECT pg_temp.sqlstate($$SELECT * FROM riskml.check_input('regress_c', 'regress_no_table')$$);
SELECT pg_temp.sqlstate($$SELECT * FROM riskml.check_input('regress_c', 4294967295::oid::regclass)$$);
SELECT count(*) FROM riskml.check_input(NULL, 'pg_class');
SELECT count(*) FROM riskml.check_input('regress_c', NULL);
-- in the select list, a join, and with the model from a column
SELECT m.model, m.version, count(problem) FROM riskml.models m, riskml.check_input(m.model || '@' || m.version, 'regress_exact') WHERE m.model = 'regress_c' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT riskml.check_input('regress_c@1', 'regress_view');

DROP FOREIGN DATA WRAPPER regress_fdw CASCADE;
DROP MATERIALIZED VIEW regress_mat;
DROP VIEW regress_view;
DROP TYPE regress_type;
DROP TABLE regress_exact, regress_folded, regress_bad, regress_types, regress_long, regress_numbered, regress_positions, regress_part;
DROP DOMAIN regress_positive;
SELECT pg_temp.drop_models('regress_c');
