-- import_model(): what it takes, what it stores, what it refuses.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
-- A view of all that an import stores, to see that nothing of a refused one remains.
CREATE TEMP VIEW stored AS
	SELECT (SELECT count(*) FROM riskml.model) AS models,
		(SELECT count(*) FROM riskml.model_version) AS versions,
		(SELECT count(*) FROM riskml.model_alias) AS aliases,
		(SELECT count(*) FROM riskml.audit_log) AS audit;

-- ---- JSON as text, JSON as bytes, UBJSON: a model's first version also gets production
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model());
SELECT riskml.import_model('regress_imp', convert_to(pg_temp.tiny_model(1), 'UTF8'));
\set ubj :abs_srcdir /sql/data/tiny.ubj
SELECT riskml.import_model_file('regress_imp', :'ubj', alias => 'file', comment => 'from a file');
SELECT riskml.import_model('regress_imp', pg_read_binary_file(:'ubj'), comment => 'from the client');
SELECT version, aliases, objective, booster, xgboost, features, trees, nodes, depth, comment
FROM riskml.models WHERE model = 'regress_imp' ORDER BY version;
-- the UBJSON file holds the tiny model with shift 2
SELECT v, risk_score(('regress_imp@' || v)::text, ARRAY[40, 5, 20]), risk_leaves(('regress_imp@' || v)::text, ARRAY[90, 0, 65])
FROM generate_series(1, 3) v;
-- the imported bytes come back
SELECT riskml.export_model('regress_imp') = convert_to(pg_temp.tiny_model(), 'UTF8') AS text,
	riskml.export_model('regress_imp@2') = convert_to(pg_temp.tiny_model(1), 'UTF8') AS bytes,
	riskml.export_model('regress_imp@3') = pg_read_binary_file(:'ubj') AS ubjson;
SELECT pg_temp.try($$SELECT riskml.export_model('regress_imp', 'json')$$);

-- ---- the same identity is the same version; what is part of the identity
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model(), alias => 'again');
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model() || ' ', alias => 'again');
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model(), feature_names => '{income,debt,age}', alias => NULL);
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model(), options => '{"best_iteration": true}', alias => NULL);
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model(), options => '{"best_iteration": false}', alias => NULL);
SELECT riskml.import_model('regress_imp', pg_temp.tiny_model(), options => NULL, comment => 'no part of it', alias => NULL);
SELECT version, aliases, comment FROM riskml.models WHERE model = 'regress_imp' ORDER BY version;
-- the same bytes under another name are another model with the same identity
SELECT riskml.import_model('regress_imp2', pg_temp.tiny_model());
SELECT count(DISTINCT identity), count(DISTINCT model) FROM riskml.models WHERE model LIKE 'regress_imp%' AND version = 1;

-- ---- best_iteration (0 in this model) keeps one tree of two
SELECT risk_leaves('regress_imp@6', ARRAY[40, 5, 20]), risk_score('regress_imp@6', ARRAY[40, 5, 20]),
	(SELECT trees FROM riskml.models WHERE model = 'regress_imp' AND version = 6);

-- ---- aliases
SELECT riskml.import_model('regress_imp3', pg_temp.tiny_model(), alias => NULL);
SELECT aliases FROM riskml.models WHERE model = 'regress_imp3';
SELECT riskml.import_model('regress_imp3', pg_temp.tiny_model(1), alias => 'production');
SELECT version, aliases FROM riskml.models WHERE model = 'regress_imp3' ORDER BY version;

-- ---- names of the features: those of the file, those given, else f0, f1, ...
SELECT riskml.import_model('regress_imp4', pg_temp.tiny_model(features => NULL));
SELECT riskml.import_model('regress_imp4', pg_temp.tiny_model(features => NULL), feature_names => '{a,b,"C d"}');
SELECT riskml.import_model('regress_imp4', pg_temp.tiny_model(), feature_names => '{x,y,z}');
SELECT version, array_agg(feature ORDER BY position) FROM riskml.model_features
WHERE model = 'regress_imp4' GROUP BY version ORDER BY version;
SELECT risk_score('regress_imp4@3', r) FROM (VALUES (40, 5, 20)) r(x, y, z);

-- ---- what is kept of the import
SELECT action, alias, from_version, to_version, detail = :'ubj' AS detail_is_path, reason FROM riskml.audit_log
WHERE model = 'regress_imp' ORDER BY seq;

-- ---- refused arguments
\t on
\pset format unaligned
CREATE FUNCTION pg_temp.refused(arguments text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try('SELECT riskml.import_model(' || arguments || ')') $$;
SELECT * FROM stored \gset before_
SELECT pg_temp.refused(a) FROM unnest(ARRAY[
	'NULL, pg_temp.tiny_model()',
	$$'regress_bad', NULL::text$$,
	$$'regress_bad', NULL::bytea$$,
	$$'', pg_temp.tiny_model()$$,
	$$'regress_bad@1', pg_temp.tiny_model()$$,
	$$'regress#bad', pg_temp.tiny_model()$$,
	$$' regress_bad', pg_temp.tiny_model()$$,
	$$E'regress\nbad', pg_temp.tiny_model()$$,
	$$repeat('x', 64), pg_temp.tiny_model()$$,
	$$'regress_bad', pg_temp.tiny_model(), alias => ''$$,
	$$'regress_bad', pg_temp.tiny_model(), alias => '1st'$$,
	$$'regress_bad', pg_temp.tiny_model(), alias => 'a@b'$$,
	$$'regress_bad', pg_temp.tiny_model(), recipe => '[]'$$,
	$$'regress_bad', pg_temp.tiny_model(), options => '[]'$$,
	$$'regress_bad', pg_temp.tiny_model(), options => '3'$$,
	$$'regress_bad', pg_temp.tiny_model(), options => '{"best": true}'$$,
	$$'regress_bad', pg_temp.tiny_model(), options => '{"best_iteration": 1}'$$,
	$$'regress_bad', pg_temp.tiny_model(), options => '{"best_iteration": true, "other": {"a": [1]}}'$$,
	$$'regress_bad', replace(pg_temp.tiny_model(), 'best_iteration', 'other'), options => '{"best_iteration": true}'$$,
	$$'regress_bad', replace(pg_temp.tiny_model(), '"best_iteration": "0"', '"best_iteration": "2"'), options => '{"best_iteration": true}'$$,
	$$'regress_bad', pg_temp.tiny_model(), feature_names => '{}'$$,
	$$'regress_bad', pg_temp.tiny_model(), feature_names => '{a,b}'$$,
	$$'regress_bad', pg_temp.tiny_model(), feature_names => '{a,b,c,d}'$$,
	$$'regress_bad', pg_temp.tiny_model(), feature_names => '{a,b,a}'$$,
	$$'regress_bad', pg_temp.tiny_model(), feature_names => '{a,b,NULL}'$$,
	$$'regress_bad', pg_temp.tiny_model(), feature_names => '{{a,b,c}}'$$,
	$$'regress_bad', pg_temp.tiny_model(features => '{a,b,a}')$$
]) WITH ORDINALITY u(a, n) ORDER BY n;

-- ---- refused files: the message names tree, node, field and value, or the byte where the syntax is at fault
CREATE FUNCTION pg_temp.refused_file(find text, put text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN pg_temp.tiny_model() !~ find THEN 'not in the model: ' || find
		ELSE pg_temp.try(format('SELECT riskml.import_model(%L, %L::text)', 'regress_bad',
			regexp_replace(pg_temp.tiny_model(), find, put))) END $$;
SELECT pg_temp.refused_file(find, put) FROM (VALUES
	-- syntax
	('"tree_info": ', '"tree_info" '),
	('"name": "gbtree"', '"name": "gbtree'),
	('\[0, 0\]', '[0, 0'),
	('\}$', ''),
	('$', '{}'),
	('"num_class": "0"', '"num_feature": "3"'),
	('5E1', '05E1'),
	('5E1', '5E39'),
	-- what the file says about itself
	('"version": \[1, 7, 4\]', '"version": [1, 7]'),
	(',\s*"version": \[1, 7, 4\]', ''),
	('"name": "gbtree"', '"nom": "gbtree"'),
	('"objective": \{"name"', '"objective": {"nom"'),
	('"base_score": "5E-1", ', ''),
	('"version": \[1, 7, 4\]', '"version": [0, 90, 0]'),
	('"version": \[1, 7, 4\]', '"version": [3, 5, 0]'),
	('"version": \[1, 7, 4\]', '"version": [4, 0, 0]'),
	('"name": "gbtree"', '"name": "gblinear"'),
	('"name": "gbtree"', '"name": "forest"'),
	('reg:squarederror', 'multi:softprob'),
	('reg:squarederror', 'reg:mine'),
	('"num_class": "0"', '"num_class": "3"'),
	('"num_target": "1"', '"num_target": "0"'),
	('"base_score": "5E-1"', '"base_score": "high"'),
	('"base_score": "5E-1"', '"base_score": "[5E-1,5E-1]"'),
	('reg:squarederror', 'reg:gamma'),			-- which is fine with 0.5
	('"base_score": "5E-1"', '"base_score": "1E0"'),	-- fine as well
	-- counts that do not agree
	('"num_feature": "3", "num_nodes"', '"num_feature": "4", "num_nodes"'),
	('"num_feature": "3", "num_target"', '"num_feature": "2", "num_target"'),
	('"num_feature": "3", "num_target"', '"num_feature": "x", "num_target"'),
	('"num_trees": "2"', '"num_trees": "3"'),
	('"tree_info": \[0, 0\]', '"tree_info": [0]'),
	('"tree_info": \[0, 0\]', '"tree_info": [0, 1]'),
	('"num_nodes": "5"', '"num_nodes": "4"'),
	('"id": 1', '"id": 0'),
	('"id": 1', '"id": 2'),
	('"num_parallel_tree": "1"', '"num_parallel_tree": "0"'),
	('"sum_hessian": *\[2E1, ', '"sum_hessian": ['),
	('"loss_changes": *\[8E0, 4E0, 0E0, 0E0, 0E0\],', ''),
	-- trees that are none
	('\[1, 3, -1, -1, -1\]', '[1, 9, -1, -1, -1]'),
	('\[1, 3, -1, -1, -1\]', '[1, -5, -1, -1, -1]'),
	('\[1, 3, -1, -1, -1\]', '[1, 0, -1, -1, -1]'),
	('\[1, 3, -1, -1, -1\]', '[1, 1, -1, -1, -1]'),
	('\[1, 3, -1, -1, -1\]', '[1, -1, -1, -1, -1]'),
	('\[2147483647, 0, 0, 1, 1\]', '[2147483647, 0, 0, 2, 1]'),
	('"split_indices": *\[0, 1, 0, 0, 0\]', '"split_indices": [0, 3, 0, 0, 0]'),
	('"split_indices": *\[0, 1, 0, 0, 0\]', '"split_indices": [0, -1, 0, 0, 0]'),
	('"default_left": *\[0, 1, 0, 0, 0\]', '"default_left": [0, 2, 0, 0, 0]'),
	('"split_type": *\[0, 0, 0, 0, 0\]', '"split_type": [1, 0, 0, 0, 0]'),
	('5E1', 'NaN'),
	('1E1, 2E0, 5E-1', '1E1, Infinity, 5E-1'),
	('5E1', '"50"')
) u(find, put);
-- the two that were fine
SELECT model, objective FROM riskml.models WHERE model = 'regress_bad';
SELECT pg_temp.drop_models('regress_bad');

-- ---- not a model at all
SELECT pg_temp.refused(a) FROM unnest(ARRAY[
	$$'regress_bad', ''$$,
	$$'regress_bad', '  '$$,
	$$'regress_bad', 'hello'$$,
	$$'regress_bad', '[]'$$,
	$$'regress_bad', '{}'$$,
	$$'regress_bad', '{"learner": {}}'$$,
	$$'regress_bad', '{"learner": 3}'$$,
	$$'regress_bad', '\x00'::bytea$$,
	$$'regress_bad', '\x62696e66'::bytea$$,
	$$'regress_bad', '\x80049500'::bytea$$,
	$$'regress_bad', '\x1f8b08'::bytea$$,
	$$'regress_bad', E'tree\nversion=v4'$$,
	$$'regress_bad', E'booster[0]:\n0:[f0<1]'$$,
	$$'regress_bad', '[{"nodeid": 0, "leaf": 1}]'$$
]) WITH ORDINALITY u(a, n) ORDER BY n;

-- ---- truncated at any byte: always refused as malformed, by the syntax or for what is missing
SELECT substr(outcome, 1, 5) AS sqlstate, count(*) > 2000 FROM (
	SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text)', 'regress_bad', left(m, i))) AS outcome
	FROM pg_temp.tiny_model() m, generate_series(0, length(m) - 1) i) t GROUP BY 1 ORDER BY 1;
SELECT substr(outcome, 1, 5) AS sqlstate, count(*) > 2000 FROM (
	SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::bytea)', 'regress_bad', substr(m, 1, i))) AS outcome
	FROM pg_read_binary_file(:'ubj') m, generate_series(0, length(m) - 1) i) t GROUP BY 1 ORDER BY 1;

-- ---- files
SELECT pg_temp.try($$SELECT riskml.import_model_file('regress_bad', 'model.ubj')$$);
SELECT pg_temp.try($$SELECT riskml.import_model_file('regress_bad', '')$$);
SELECT pg_temp.try($$SELECT riskml.import_model_file('regress_bad', NULL)$$);
SELECT pg_temp.try($$SELECT riskml.import_model_file('regress_bad', '/regress/no/such/file')$$);
SELECT pg_temp.try($$SELECT riskml.import_model_file('regress_bad', '/')$$);
SELECT pg_temp.try($$SELECT riskml.import_model_file('regress_bad', '/dev/null')$$);

-- ---- the size limit, before anything is read
SET riskml.max_model_bytes = '1kB';
SELECT regexp_replace(pg_temp.refused($$'regress_bad', pg_temp.tiny_model()$$), '\d{4,} bytes exceeds', 'N bytes exceeds');
SELECT pg_temp.refused($$'regress_bad', repeat('x', 1025)$$);
SELECT pg_temp.refused($$'regress_bad', convert_to(repeat('x', 1025), 'UTF8')$$);
SELECT pg_temp.refused($$'regress_bad', repeat('x', 1024)$$);
SELECT regexp_replace(pg_temp.try(format('SELECT riskml.import_model_file(%L, %L)', 'regress_bad', :'ubj')), '\d{4,} bytes exceeds', 'N bytes exceeds');
RESET riskml.max_model_bytes;
SELECT pg_temp.sqlstate('SET riskml.max_model_bytes = ''257MB''');

-- ---- nothing of all this was stored
SELECT stored.models = :before_models, stored.versions = :before_versions, stored.aliases = :before_aliases FROM stored;
SELECT count(*) FROM riskml.models WHERE model ~ 'regress.bad';
SELECT action, count(*) FROM riskml.audit_log WHERE seq > :before_audit GROUP BY action ORDER BY action;

-- ---- transactions
SELECT * FROM stored \gset before_
BEGIN;
SELECT riskml.import_model('regress_tx', pg_temp.tiny_model());
SELECT risk_score('regress_tx', ARRAY[40, 5, 20]);
ROLLBACK;
SELECT pg_temp.try($$SELECT risk_score('regress_tx', ARRAY[40, 5, 20])$$);
SELECT (models, versions, aliases, audit) = (:before_models, :before_versions, :before_aliases, :before_audit) FROM stored;
-- a version number that was rolled back may come again, and then means other bytes
BEGIN;
SELECT riskml.import_model('regress_tx', pg_temp.tiny_model());
SAVEPOINT s;
SELECT riskml.import_model('regress_tx', pg_temp.tiny_model(1), alias => 'production');
SELECT risk_score('regress_tx', ARRAY[40, 5, 20]);
ROLLBACK TO s;
SELECT risk_score('regress_tx', ARRAY[40, 5, 20]);
SELECT pg_temp.try($$SELECT risk_score('regress_tx@2', ARRAY[40, 5, 20])$$);
SELECT riskml.import_model('regress_tx', pg_temp.tiny_model(2), alias => 'production');
SELECT risk_score('regress_tx', ARRAY[40, 5, 20]), risk_score('regress_tx@2', ARRAY[40, 5, 20]);
RELEASE s;
COMMIT;
SELECT risk_score('regress_tx', ARRAY[40, 5, 20]), risk_score('regress_tx@2', ARRAY[40, 5, 20]), risk_score('regress_tx@1', ARRAY[40, 5, 20]);
SELECT * FROM riskml.verify_audit();
-- a failed import inside a block leaves what came before it
BEGIN;
SELECT riskml.import_model('regress_tx', pg_temp.tiny_model(3), alias => 'third');
SAVEPOINT s;
SELECT riskml.import_model('regress_tx', 'no model');
ROLLBACK TO s;
COMMIT;
SELECT risk_score('regress_tx@third', ARRAY[40, 5, 20]);
-- PL/pgSQL's exception blocks are savepoints too
DO $$
BEGIN
	BEGIN
		PERFORM riskml.import_model('regress_tx', pg_temp.tiny_model(4), alias => 'fourth');
		RAISE EXCEPTION 'no';
	EXCEPTION WHEN raise_exception THEN
		NULL;
	END;
	PERFORM riskml.import_model('regress_tx', pg_temp.tiny_model(5), alias => 'fourth');
END $$;
SELECT risk_score('regress_tx@fourth', ARRAY[40, 5, 20]), risk_version('regress_tx@fourth') LIKE 'regress_tx@4#%';
BEGIN READ ONLY;
SELECT riskml.import_model('regress_bad', pg_temp.tiny_model());
ROLLBACK;
BEGIN READ ONLY;
SELECT risk_score('regress_tx', ARRAY[40, 5, 20]);
COMMIT;
-- inside a function of the user's, and in a subquery
CREATE FUNCTION pg_temp.import_twice() RETURNS int[] LANGUAGE sql AS $$
	SELECT ARRAY[riskml.import_model('regress_tx', pg_temp.tiny_model(6)), riskml.import_model('regress_tx', pg_temp.tiny_model(7))] $$;
SELECT pg_temp.import_twice();

SELECT pg_temp.drop_models('regress_imp', 'regress_imp2', 'regress_imp3', 'regress_imp4', 'regress_tx');
