-- Names that are hard to quote: of models, aliases, features, columns and roles.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\t on
\pset format unaligned
CREATE TEMP TABLE names (n serial, name text);
INSERT INTO names (name) VALUES
	($$'$$), ($$''$$), ($$"$$), ($$\$$), ($$a\'b$$), ('$$'), ('$1'), ('%s%n%1$s'), ('a.b.c'), ('NULL'), ('public'), ('select'), ('{}'), ('{"a": 1}'), ('*'), ('-1'), ('3'),
	($$'; DROP TABLE riskml.model CASCADE; --$$), ($$' || (SELECT 1/0) || '$$), ('a $q$ b $q$ c'), ('a;b'), ('a--b'), ('/* */'), ('x y'), ('ÄÖÜ'), ('信用'), ('🙂'), ('é'),
	(repeat('x', 63)), (repeat('é', 31)), ('üñï''"\çøðé');
SELECT count(*) FROM names WHERE octet_length(name) BETWEEN 1 AND 63;
CREATE ROLE "regress ""role"" 'q' \";
CREATE VIEW regress_registry AS SELECT (SELECT count(*) FROM riskml.model) AS models, (SELECT count(*) FROM riskml.model_version) AS versions,
	(SELECT count(*) FROM riskml.model_alias) AS aliases, (SELECT count(*) FROM riskml.model_grant) AS grants;

-- ---- a model, an alias and three features of that name: all of the registry's functions
CREATE FUNCTION pg_temp.walk(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		alias text := CASE WHEN name ~ '^[0-9]' THEN 'a' || name ELSE name END;
		role text := $q$regress "role" 'q' \$q$;
		pin text;
	BEGIN
		PERFORM riskml.import_model(name, pg_temp.tiny_model(features => ARRAY[name, name || '2', 'age']), alias => alias, comment => name);
		PERFORM riskml.import_model(name, pg_temp.tiny_model(1), feature_names => ARRAY[name, name || '2', 'age'], alias => NULL, comment => name);
		PERFORM riskml.set_alias(name, alias, 2, name);
		PERFORM riskml.promote(name, 2, name);
		PERFORM riskml.rollback(name, alias, name);
		PERFORM riskml.grant_model(name, role);
		PERFORM riskml.revoke_model(name, role);
		pin := risk_version((name || '@' || alias)::text);
		IF pin NOT LIKE replace(replace(replace(name, '\', '\\'), '%', '\%'), '_', '\_') || '@1#%' THEN
			RETURN NEXT name || ': pin ' || pin;
		END IF;
		IF (risk_score(name, ARRAY[40, 5, 20]), risk_score(name || '@' || alias, ARRAY[40, 5, 20]), risk_score_pinned(pin, ARRAY[40, 5, 20])) IS DISTINCT FROM (1.75::float8, 0.75::float8, 0.75::float8) THEN
			RETURN NEXT name || ': score';
		END IF;
		IF risk_score(name, jsonb_build_object(name, 40, name || '2', 5, 'age', 20)) IS DISTINCT FROM 1.75::float8 THEN
			RETURN NEXT name || ': jsonb';
		END IF;
		-- columns of a table, literals in a query
		EXECUTE format('CREATE TABLE %I (%I int, %I int, age int)', 'regress ' || left(name, 20), name, left(name, 61) || '2');
		EXECUTE format('INSERT INTO %I VALUES (40, 5, 20)', 'regress ' || left(name, 20));
		IF octet_length(name) < 63 THEN
			EXECUTE format('SELECT CASE risk_score(%L, t) WHEN 1.75 THEN NULL ELSE ''record'' END FROM %I t', name, 'regress ' || left(name, 20)) INTO pin;
			IF pin IS NOT NULL OR EXISTS (SELECT FROM riskml.check_input(name, format('%I', 'regress ' || left(name, 20))::regclass) WHERE problem IS NOT NULL) THEN
				RETURN NEXT name || ': ' || pin;
			END IF;
		END IF;
		EXECUTE format('DROP TABLE %I', 'regress ' || left(name, 20));
		IF NOT EXISTS (SELECT FROM riskml.models m WHERE m.model = name AND version = 1 AND aliases = ARRAY[alias] AND comment = name)
			OR NOT EXISTS (SELECT FROM riskml.model_features f WHERE f.model = name AND version = 2 AND feature = name) THEN
			RETURN NEXT name || ': views';
		END IF;
		IF EXISTS (SELECT FROM riskml.verify(name) WHERE NOT passed) THEN
			RETURN NEXT name || ': verify';
		END IF;
		-- a view that refers to it stands in the way of dropping it
		PERFORM riskml.drop_alias(name, alias, name);
		EXECUTE format('CREATE VIEW regress_dependent AS SELECT risk_score(%L, ARRAY[1, 2, 3])', name || '@1');
		IF pg_temp.sqlstate(format('SELECT riskml.drop_version(%L, 1)', name)) <> '2BP01' THEN
			RETURN NEXT name || ': was dropped under a view';
		END IF;
		DROP VIEW regress_dependent;
		PERFORM riskml.drop_version(name, 1, name);
		PERFORM riskml.drop_alias(name, 'production', name);
		PERFORM riskml.drop_model(name, name);
	END $$;
SELECT * FROM regress_registry \gset before_
-- each line is a failure
SELECT pg_temp.walk(name) FROM names ORDER BY n;
SELECT models - :before_models, versions - :before_versions, aliases - :before_aliases, grants - :before_grants FROM regress_registry;
SELECT count(DISTINCT model) = (SELECT count(*) FROM names) FROM riskml.audit_log JOIN names ON model = name AND (reason = name OR action LIKE '%e%');
SELECT * FROM riskml.verify_audit();
SELECT DISTINCT detail FROM riskml.audit_log JOIN names ON model = name WHERE action = 'grant';

-- ---- names in messages are shown as they are
SELECT pg_temp.try(format('SELECT risk_score(%L, ARRAY[1])', name)) FROM names WHERE name ~ '[''"\\$%]' ORDER BY n;
SELECT split_part(pg_temp.try(format('SELECT riskml.import_model(%L, pg_temp.tiny_model(features => ARRAY[%L, %L, %L]))', 'regress_n', name, name, name)), E'\n', 1) FROM names WHERE name ~ '[''"\\$%]' ORDER BY n;

-- ---- features may be called what no column can be
SELECT riskml.import_model('regress_n', pg_temp.tiny_model(features => ARRAY['', E'line\nbreak\ttab', repeat('long', 200)]));
SELECT feature = ANY (ARRAY['', E'line\nbreak\ttab', repeat('long', 200)]), length(feature) FROM riskml.model_features WHERE model = 'regress_n' ORDER BY position;
SELECT risk_score('regress_n', jsonb_build_object('', 40, E'line\nbreak\ttab', 5, repeat('long', 200), 20)), risk_score('regress_n', ARRAY[40, 5, 20]);
SELECT pg_temp.try($$SELECT risk_score('regress_n', x) FROM (SELECT 1 AS a) x$$);
-- names in JSON escapes
SELECT riskml.import_model('regress_n', replace(pg_temp.tiny_model(features => '{A,B,C}'), '["A","B","C"]', '["Z\u00e4hler", "\ud83d\ude42", "a\\b\/c\"d"]'));
SELECT feature FROM riskml.model_features WHERE model = 'regress_n' AND version = 2 ORDER BY position;
-- names that differ in Unicode normalisation only are two
SELECT riskml.import_model('regress_n', pg_temp.tiny_model(features => ARRAY[U&'\00e9', U&'e\0301', 'x']));

-- ---- a role's name is taken as it is, "public" alone means everyone
SELECT pg_temp.try($$SELECT riskml.grant_model('regress_n', '"regress ""role"" ''q'' \"')$$);
SELECT pg_temp.try($$SELECT riskml.grant_model('regress_n', 'PUBLIC')$$);
SELECT pg_temp.try($$SELECT riskml.grant_model('regress_n', '')$$);
SELECT pg_temp.try($$SELECT riskml.set_owner('regress_n', 'public')$$);
SELECT riskml.grant_model('regress_n', 'public');
SELECT grantee::oid, privilege FROM riskml.model_grant JOIN riskml.model USING (model_id) WHERE name = 'regress_n';

SELECT pg_temp.drop_models('regress_n');
DROP VIEW regress_registry;
DROP ROLE "regress ""role"" 'q' \";
