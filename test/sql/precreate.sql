-- Nothing that an attacker prepares gets into the extension; dropping it leaves nothing behind.
-- In databases of its own.
\t on
\pset format unaligned
\set main :DBNAME
CREATE ROLE regress_attacker;
CREATE ROLE regress_nobody;
-- What the install script makes, for the attacker to make first: in schema riskml, and functions in the
-- target schema. The latter take a riskml.model_ref, so they cannot exist without that schema either.
SELECT d.objid::regprocedure AS without_model_ref FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml')
	AND p.pronamespace <> 'riskml'::regnamespace AND 'riskml.model_ref'::regtype <> ALL (p.proargtypes::regtype[]);
SELECT i.type AS not_in_schema_riskml, i.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml')
	AND i.schema IS DISTINCT FROM 'riskml' AND i.type NOT IN ('function', 'procedure', 'cast') ORDER BY 2;
SELECT json_agg(json_build_object('type', i.type, 'identity', i.identity)) AS members FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml') \gset

CREATE DATABASE regress_riskml_attack TEMPLATE template0;
GRANT CREATE ON DATABASE regress_riskml_attack TO regress_attacker;
\c regress_riskml_attack
GRANT CREATE ON SCHEMA public TO regress_attacker, regress_nobody;		-- as before PostgreSQL 15
-- all there is in a database, to see that a failed or dropped extension leaves nothing
CREATE FUNCTION pg_temp.everything() RETURNS TABLE (what text) LANGUAGE plpgsql AS $$
	DECLARE
		catalog regclass;
	BEGIN
		FOREACH catalog IN ARRAY '{pg_class,pg_proc,pg_type,pg_namespace,pg_cast,pg_operator,pg_opclass,pg_constraint,pg_trigger,pg_rewrite,pg_attrdef,pg_extension,pg_policy,pg_event_trigger,pg_statistic_ext}'::regclass[] LOOP
			RETURN QUERY EXECUTE format('SELECT pg_describe_object(%L::regclass, c.oid, 0) FROM %s c WHERE c.oid >= 16384', catalog, catalog);
		END LOOP;
		RETURN QUERY SELECT 'description ' || classoid::regclass || ' ' || count(*) FROM pg_description GROUP BY classoid;
		RETURN QUERY SELECT 'initial privileges ' || classoid::regclass || ' ' || count(*) FROM pg_init_privs GROUP BY classoid;
		RETURN QUERY SELECT 'dependencies ' || count(*) FROM pg_depend;
		RETURN QUERY SELECT 'dependencies on roles ' || count(*) FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database());
	END $$;
-- Plants an object in the attacker's name, tries CREATE EXTENSION, and takes all back.
CREATE FUNCTION pg_temp.attack(plant text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		before text[];
		result text;
	BEGIN
		SET LOCAL ROLE regress_attacker;
		EXECUTE plant;
		RESET ROLE;
		before := ARRAY(SELECT what FROM pg_temp.everything() ORDER BY 1);
		BEGIN
			CREATE EXTENSION riskml;
			result := 'created';
		EXCEPTION WHEN OTHERS THEN
			result := SQLSTATE || ' ' || SQLERRM;
		END;
		IF result <> 'created' AND before <> ARRAY(SELECT what FROM pg_temp.everything() ORDER BY 1) THEN
			result := 'FAILED: something is left behind, ' || result;
		ELSIF result = 'created' THEN
			result := coalesce((SELECT string_agg('FAILED: ' || pg_describe_object(d.classid, d.objid, 0) || ' uses the attacker''s ' || pg_describe_object(d.refclassid, d.refobjid, 0), E'\n')
				FROM pg_depend d JOIN pg_shdepend o ON o.classid = d.refclassid AND o.objid = d.refobjid AND o.deptype = 'o' AND o.refobjid = 'regress_attacker'::regrole
				WHERE d.deptype = 'n' AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM pg_shdepend WHERE deptype = 'o' AND refobjid = 'regress_attacker'::regrole)), result);
			IF EXISTS (SELECT FROM pg_shdepend s JOIN pg_depend d ON d.classid = s.classid AND d.objid = s.objid
				WHERE d.deptype = 'e' AND s.deptype = 'o' AND s.refobjid = 'regress_attacker'::regrole) THEN
				result := 'FAILED: the attacker owns a member';
			END IF;
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'RMUN1', MESSAGE = result;
	EXCEPTION WHEN SQLSTATE 'RMUN1' THEN
		RETURN SQLERRM;
	END $$;
-- ---- objects made before in the attacker's schema riskml
SELECT string_agg(format('CREATE TYPE %s AS (a int); ', identity), '') AS types FROM json_to_recordset(:'members') AS m(type text, identity text) WHERE type = 'type' AND identity NOT LIKE '%[]'
	AND identity NOT IN (SELECT identity FROM json_to_recordset(:'members') AS m(type text, identity text) WHERE type IN ('table', 'view')) \gset
CREATE FUNCTION pg_temp.plant(types text, type text, identity text) RETURNS text LANGUAGE sql AS $$
	SELECT 'CREATE SCHEMA riskml; ' || types
		|| CASE type
			WHEN 'schema' THEN ''
			WHEN 'type' THEN ''
			WHEN 'function' THEN format('CREATE FUNCTION %s RETURNS int LANGUAGE plpgsql AS ''BEGIN RETURN 1; END''', regexp_replace(identity, 'cstring|internal|pg_catalog."any"', 'text', 'g'))
			WHEN 'aggregate' THEN format('CREATE FUNCTION %s RETURNS int LANGUAGE plpgsql AS ''BEGIN RETURN 1; END''', regexp_replace(identity, 'pg_catalog."any"', 'text'))
			WHEN 'procedure' THEN format('CREATE PROCEDURE %s LANGUAGE plpgsql AS ''BEGIN END''', identity)
			WHEN 'table' THEN format('CREATE TABLE %s (a int)', identity)
			WHEN 'view' THEN format('CREATE VIEW %s AS SELECT 1', identity)
			WHEN 'sequence' THEN format('CREATE SEQUENCE %s', identity)
			WHEN 'operator' THEN format('CREATE FUNCTION riskml.f(%2$s, %3$s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN RETURN true; END''; CREATE OPERATOR %1$s (LEFTARG = %2$s, RIGHTARG = %3$s, FUNCTION = riskml.f)',
				VARIADIC regexp_match(identity, '(.*)\((.*),(.*)\)'))
			WHEN 'cast' THEN format('CREATE CAST %s WITH INOUT AS IMPLICIT', identity)
		END $$;
-- it fails at the schema, whatever is in it: so every sixteenth of each kind tells as much as all of them
SELECT m.type, pg_temp.attack(pg_temp.plant(:'types', m.type, m.identity)) AS outcome, count(*) >= CASE m.type WHEN 'function' THEN 12 WHEN 'aggregate' THEN 4 ELSE 1 END AS enough
FROM (SELECT type, identity, row_number() OVER (PARTITION BY type ORDER BY identity) AS n FROM json_to_recordset(:'members') AS m(type text, identity text)) m
WHERE n % 16 = 1 GROUP BY 1, 2 ORDER BY 1, 2;
-- ---- objects of the same name in the target schema, and what the script could call by accident
SELECT count(*), pg_temp.attack(string_agg(plant, '; ')) FROM unnest(ARRAY[
	'CREATE TYPE public.model_ref AS (a int)',
	'CREATE TABLE public.model (a int); CREATE TABLE public.model_version (a int); CREATE TABLE public.audit_log (a int)',
	'CREATE FUNCTION public.risk_score(text, record) RETURNS float8 LANGUAGE plpgsql AS ''BEGIN RETURN 1; END''',
	'CREATE FUNCTION public.risk_version(text) RETURNS text LANGUAGE sql AS ''SELECT 1''',
	'CREATE FUNCTION public.audit_guard() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN END''',
	'CREATE FUNCTION public.pg_extension_config_dump(text, text) RETURNS void LANGUAGE plpgsql AS ''BEGIN RAISE ''''called''''; END''',
	'CREATE FUNCTION public.pg_extension_config_dump(regclass, text) RETURNS void LANGUAGE plpgsql AS ''BEGIN RAISE ''''called''''; END''']) plant;
-- operators and functions that would be a better match than those of pg_catalog
SELECT count(*), pg_temp.attack(string_agg(format('CREATE FUNCTION public.f%5$s(%1$s, %2$s) RETURNS %3$s LANGUAGE plpgsql AS ''BEGIN RAISE ''''called''''; END''; CREATE OPERATOR public.%4$s (LEFTARG = %1$s, RIGHTARG = %2$s, FUNCTION = public.f%5$s)', a, b, r, name, n), '; ')) AS outcome
FROM (SELECT row_number() OVER () AS n, o.* FROM (VALUES ('=', 'text', 'text', 'boolean'), ('=', 'int', 'int', 'boolean'), ('=', 'oid', 'oid', 'boolean'), ('=', 'int', 'regrole', 'boolean'), ('=', 'oid', 'int', 'boolean'), ('=', 'regrole', 'int', 'boolean'),
	('<>', 'bigint', 'bigint', 'boolean'), ('<>', 'bytea', 'bytea', 'boolean'), ('-', 'bigint', 'int', 'int'), ('/', 'real', 'real', 'real'), ('+', 'bigint', 'int', 'bigint'), ('||', 'bytea', 'bytea', 'bytea')) o(name, a, b, r)) o;
SELECT count(*), pg_temp.attack(string_agg(format('CREATE FUNCTION public.%s LANGUAGE plpgsql AS ''BEGIN RAISE ''''called''''; END''', f), '; ')) AS outcome FROM unnest(ARRAY[
	'now() RETURNS timestamptz', 'length(bytea) RETURNS int', 'encode(bytea, text) RETURNS text', 'pg_has_role(regrole, text) RETURNS boolean', 'unnest(text[]) RETURNS SETOF text',
	'sha256(bytea) RETURNS bytea', 'to_char(timestamp, text) RETURNS text', 'jsonb_build_array(bigint, text) RETURNS jsonb']) f;

-- ---- only a superuser creates it; and it cannot be moved
SET ROLE regress_attacker;
CREATE EXTENSION riskml;
RESET ROLE;
SELECT count(*) FROM pg_extension WHERE extname = 'riskml';

-- ---- DROP EXTENSION, after use, leaves what was there before
-- (twice, for the first temporary table brings a schema)
CREATE TEMP TABLE before ();
DROP TABLE before;
CREATE TEMP TABLE before AS SELECT what FROM pg_temp.everything();
CREATE EXTENSION riskml;
ALTER EXTENSION riskml SET SCHEMA pg_catalog;
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
SELECT riskml.import_model('regress_x', pg_temp.tiny_model());
SELECT riskml.grant_model('regress_x', 'regress_nobody');
CREATE TABLE regress_t (m riskml.model_ref, a float8[]);
CREATE VIEW regress_v AS SELECT risk_score(m, a) FROM regress_t;
INSERT INTO regress_t VALUES ('regress_x', '{40,5,20}');
SELECT * FROM regress_v;
-- not while something of the user's depends on it
\set VERBOSITY terse
DROP EXTENSION riskml;
DROP VIEW regress_v;
DROP TABLE regress_t;
BEGIN;
DROP EXTENSION riskml;
SELECT risk_score('regress_x', ARRAY[40, 5, 20]);
ROLLBACK;
SELECT risk_score('regress_x', ARRAY[40, 5, 20]);
DROP FUNCTION pg_temp.tiny_model, pg_temp.try, pg_temp.sqlstate, pg_temp.plan, pg_temp.drop_models, pg_temp.cat_model, pg_temp.cats;
DROP EXTENSION riskml;
SELECT what AS left_behind FROM pg_temp.everything() EXCEPT SELECT what FROM before ORDER BY 1;
SELECT what AS gone FROM before EXCEPT SELECT what FROM pg_temp.everything() ORDER BY 1;
-- again, in the same session: nothing of the first one is remembered
CREATE EXTENSION riskml;
SELECT risk_score('regress_x', ARRAY[40, 5, 20]);
\i :fixtures
SELECT riskml.import_model('regress_x', pg_temp.tiny_model(7));
SELECT risk_score('regress_x', ARRAY[40, 5, 20]), riskml.import_model('regress_y', pg_temp.tiny_model());
SELECT risk_score('regress_y', ARRAY[40, 5, 20]);
SELECT count(*), min(seq) FROM riskml.audit_log;
SELECT * FROM riskml.verify_audit();
DROP EXTENSION riskml;
-- in another schema, which need not be in the search path
CREATE SCHEMA regress_target;
CREATE EXTENSION riskml SCHEMA regress_target;
SELECT riskml.import_model('regress_x', pg_temp.tiny_model(7));
SELECT regress_target.risk_score('regress_x', ARRAY[40, 5, 20]);
SELECT pronamespace::regnamespace, count(*) FROM pg_proc WHERE proname LIKE 'risk\_%' GROUP BY 1;
SELECT bool_and(passed) FROM riskml.verify('regress_x');
DROP SCHEMA riskml;
DROP SCHEMA regress_target CASCADE;
SELECT count(*) FROM pg_namespace WHERE nspname = 'riskml';

\c :main
DROP DATABASE regress_riskml_attack;
DROP ROLE regress_attacker, regress_nobody;
