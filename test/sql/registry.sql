-- Versions, aliases, promotion, rollback, dropping, the audit log, verification.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
\t on
\pset format unaligned
CREATE FUNCTION pg_temp.state(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT 'version ' || version || coalesce(' ' || array_to_string(aliases, ', '), '') FROM riskml.models WHERE model = name ORDER BY version $$;
CREATE FUNCTION pg_temp.score(ref text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format('SELECT risk_score(%L, ARRAY[40, 5, 20])', ref)) $$;
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(i)) FROM generate_series(0, 4) i;
SELECT pg_temp.state('regress_r');

-- ---- aliases: the score tells the version, for version n it is n - 0.25
SELECT riskml.set_alias('regress_r', 'champion', 3, 'best of the week');
SELECT riskml.promote('regress_r', 2, 'approved');
SELECT ref, pg_temp.score(ref) FROM unnest(ARRAY['regress_r', 'regress_r@production', 'regress_r@champion', 'regress_r@staging', 'regress_r@1', 'regress_r@4']) ref;
SELECT riskml.set_alias('regress_r', 'champion', 4, 'better');
SELECT riskml.drop_alias('regress_r', 'champion', 'no more champions');
SELECT pg_temp.score('regress_r@champion');
SELECT riskml.promote('regress_r', 2, 'again the same');
SELECT pg_temp.state('regress_r');
-- a reason is required
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', 1, NULL)$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', 1, '')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', 1, E' \t\n')$$);
SELECT pg_temp.try($$SELECT riskml.drop_alias('regress_r', 'staging', '')$$);
SELECT pg_temp.try($$SELECT riskml.drop_alias('regress_r', 'staging', NULL)$$);
SELECT pg_temp.try($$SELECT riskml.promote('regress_r', 1, ' ')$$);
SELECT pg_temp.try($$SELECT riskml.promote('regress_r', 1, NULL)$$);
SELECT pg_temp.try($$SELECT riskml.rollback('regress_r', reason => '')$$);
-- and what else can be wrong
SELECT pg_temp.try($$SELECT riskml.set_alias(NULL, 'x', 1, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', NULL, 1, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', NULL, 'r')$$);
SELECT split_part(pg_temp.try($$SELECT riskml.set_alias('regress_r', '1x', 1, 'r')$$), E'\n', 1);
SELECT split_part(pg_temp.try($$SELECT riskml.set_alias('regress_r', '', 1, 'r')$$), E'\n', 1);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', 9, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', 0, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_r', 'x', -1, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.set_alias('regress_none', 'x', 1, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.promote('regress_r', 9, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.promote('regress_none', 1, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.promote('regress_r@2', 1, 'r')$$);
SELECT pg_temp.try($$SELECT riskml.drop_alias('regress_r', 'none', 'r')$$);
SELECT pg_temp.try($$SELECT riskml.drop_alias('regress_none', 'x', 'r')$$);
SELECT pg_temp.try($$SELECT riskml.rollback('regress_none', reason => 'r')$$);
SELECT pg_temp.try($$SELECT riskml.rollback('regress_r', 'none', 'r')$$);
SELECT pg_temp.state('regress_r');

-- ---- rollback: several steps, each further back
SELECT riskml.promote('regress_r', v, 'step') FROM unnest(ARRAY[3, 4, 3, 5]) v;
SELECT pg_temp.score('regress_r');
SELECT riskml.rollback('regress_r', reason => 'one') FROM generate_series(1, 1);
SELECT riskml.rollback('regress_r', 'production', 'two');
SELECT riskml.rollback('regress_r', reason => 'three');
SELECT riskml.rollback('regress_r');
SELECT riskml.rollback('regress_r', reason => 'five');
SELECT pg_temp.score('regress_r');
SELECT pg_temp.try($$SELECT riskml.rollback('regress_r', reason => 'no further')$$);
SELECT pg_temp.state('regress_r');
-- another alias has a history of its own; dropping an alias drops it
SELECT riskml.rollback('regress_r', 'staging', 'r');
SELECT riskml.drop_alias('regress_r', 'staging', 'r');
SELECT riskml.set_alias('regress_r', 'staging', 5, 'r');
SELECT pg_temp.try($$SELECT riskml.rollback('regress_r', 'staging', 'r')$$);
-- the last hundred moves can be taken back
DO $$
BEGIN
	FOR i IN 1 .. 130 LOOP
		PERFORM riskml.set_alias('regress_r', 'often', 1 + i % 5, 'r');
	END LOOP;
	FOR i IN REVERSE 129 .. 30 LOOP
		IF riskml.rollback('regress_r', 'often', 'r') <> 1 + i % 5 THEN
			RAISE NOTICE 'wrong at %', i;
		END IF;
	END LOOP;
END $$;
SELECT split_part(pg_temp.try($$SELECT riskml.rollback('regress_r', 'often', 'r')$$), E'\n', 1);
SELECT riskml.drop_alias('regress_r', 'often', 'r');
-- a version that was dropped meanwhile is passed over
SELECT riskml.promote('regress_r', v, 'step') FROM unnest(ARRAY[2, 3, 4]) v;
SELECT riskml.drop_version('regress_r', 3, 'broken');
SELECT riskml.rollback('regress_r', reason => 'over the dropped one');
SELECT riskml.drop_version('regress_r', 1);
SELECT pg_temp.try($$SELECT riskml.rollback('regress_r', reason => 'nothing left')$$);
SELECT pg_temp.state('regress_r');

-- ---- dropping
SELECT pg_temp.try($$SELECT riskml.drop_version('regress_r', 2)$$);
SELECT pg_temp.try($$SELECT riskml.drop_version('regress_r', 9)$$);
SELECT pg_temp.try($$SELECT riskml.drop_version('regress_r', 3)$$);
SELECT pg_temp.try($$SELECT riskml.drop_version('regress_r', NULL)$$);
SELECT pg_temp.try($$SELECT riskml.drop_version('regress_none', 1)$$);
SELECT pg_temp.try($$SELECT riskml.drop_model('regress_r')$$);
SELECT pg_temp.try($$SELECT riskml.drop_model('regress_none')$$);
SELECT riskml.drop_version('regress_r', 4, 'reason');
SELECT pg_temp.score('regress_r@4');
-- numbers are never given twice
SELECT riskml.drop_alias('regress_r', 'staging', 'r');
SELECT riskml.drop_version('regress_r', 5);
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(50));
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(4));
SELECT pg_temp.state('regress_r');
SELECT risk_version('regress_r@7') AS pin7 \gset
-- a model dropped and made again is another one: it begins with version 1, and old pins do not fit unless the bytes are the same
SELECT pg_temp.drop_models('regress_r');
SELECT pg_temp.score('regress_r');
SELECT count(*) FROM riskml.models WHERE model = 'regress_r';
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(7));
SELECT split_part(pg_temp.score(:'pin7'), ':', 1), split_part(pg_temp.score(replace(:'pin7', '@7', '@1')), ':', 1);
SELECT pg_temp.score('regress_r');
SELECT pg_temp.drop_models('regress_r');

-- ---- all of it in the audit log, with who was logged in and who acted
CREATE ROLE regress_login;
CREATE ROLE regress_acting;
GRANT regress_acting TO regress_login;
GRANT EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) TO regress_acting;
SELECT coalesce(max(seq), 0) AS before FROM riskml.audit_log \gset
SET SESSION AUTHORIZATION regress_login;
SET ROLE regress_acting;
SELECT riskml.import_model('regress_a', pg_temp.tiny_model(), comment => 'first');
SELECT riskml.import_model('regress_a', pg_temp.tiny_model(1), alias => 'candidate');
SELECT riskml.promote('regress_a', 2, 'approved', override => true);
SELECT riskml.rollback('regress_a', reason => 'not so good');
SELECT riskml.rollback('regress_a', 'candidate', 'none') ;
SELECT riskml.drop_alias('regress_a', 'candidate', 'gone');
SELECT riskml.grant_model('regress_a', 'regress_login');
SELECT riskml.grant_model('regress_a', 'regress_login');
SELECT riskml.grant_model('regress_a', 'public', 'export');
SELECT riskml.revoke_model('regress_a', 'regress_login', 'score');
SELECT riskml.revoke_model('regress_a', 'regress_login', 'promote');
SELECT riskml.drop_version('regress_a', 2, 'bad');
SELECT riskml.set_owner('regress_a', 'regress_acting');
RESET ROLE;
SELECT riskml.drop_alias('regress_a', a, 'gone') FROM unnest(ARRAY['production', 'staging']) a;
SELECT riskml.drop_model('regress_a', 'end');
RESET SESSION AUTHORIZATION;
\pset format aligned
\t off
SELECT seq - :before AS seq, login_role, acting_role, action, model, alias, from_version AS "from", to_version AS "to", detail, reason, length(identity)
FROM riskml.audit_log WHERE seq > :before ORDER BY seq;
\t on
\pset format unaligned
-- the chain: each row's previous is the hash before, the hash is of the row, and time does not run backwards
SELECT bool_and(previous = hash_before), bool_and(at >= at_before), bool_and(length(hash) = 32), bool_and(seq = seq_before + 1) FROM (
	SELECT *, lag(hash) OVER w AS hash_before, lag(at) OVER w AS at_before, lag(seq) OVER w AS seq_before FROM riskml.audit_log WINDOW w AS (ORDER BY seq)) l
WHERE seq > :before;
SELECT count(*) FROM riskml.verify_audit();
SELECT riskml.audit_hash(1, '2020-01-02 03:04:05.678+00', 'login', 'acting', 'import', 'm', NULL, 'ab', NULL, 1, 'a "quoted" detail', 'grüße', '') =
	sha256(convert_to('[1, "2020-01-02T03:04:05.678000", "login", "acting", "import", "m", null, "ab", null, 1, "a \"quoted\" detail", "grüße"]', 'UTF8'));
-- under any setting
SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'German'; SET extra_float_digits = -15; SET bytea_output = escape; SET search_path = '';
SELECT count(*) FROM riskml.verify_audit();
RESET ALL;

-- ---- append-only, for superusers too
SELECT pg_temp.try('UPDATE riskml.audit_log SET reason = ''other''');
SELECT pg_temp.try('DELETE FROM riskml.audit_log');
SELECT pg_temp.try('TRUNCATE riskml.audit_log');
SELECT pg_temp.try('UPDATE riskml.audit_log SET reason = reason WHERE false');
SET session_replication_role = replica;
SELECT pg_temp.try('DELETE FROM riskml.audit_log');
RESET session_replication_role;
-- who takes the trigger away is found out
BEGIN;
ALTER TABLE riskml.audit_log DISABLE TRIGGER audit_guard;
CREATE FUNCTION pg_temp.tampered(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		problems text[];
		before bigint = current_setting('regress.before');
	BEGIN
		EXECUTE replace(command, '$seq', (before + 3)::text);
		problems := ARRAY(SELECT CASE WHEN seq > before AND seq < before + 100 THEN (seq - before)::text ELSE 'elsewhere' END || ': ' || problem
			FROM riskml.verify_audit());
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		RETURN QUERY SELECT command UNION ALL SELECT '  ' || p FROM unnest(problems) p;
	END $$;
SELECT set_config('regress.before', :'before', true) \gset
SELECT pg_temp.tampered(format('UPDATE riskml.audit_log SET %s WHERE seq = $seq', change)) FROM unnest(ARRAY[
	'reason = ''nothing to see''', 'reason = NULL', 'at = at + interval ''1 us''', 'login_role = ''nobody''', 'acting_role = ''nobody''', 'action = ''x''',
	'model = model || ''x''', 'alias = alias || ''x''', 'identity = NULL', 'from_version = 7', 'to_version = 7', 'detail = ''x''',
	'previous = ''\x00''', 'hash = set_byte(hash, 0, 255 - get_byte(hash, 0))', 'seq = 1000000000']) change;
SELECT pg_temp.tampered('DELETE FROM riskml.audit_log WHERE seq = $seq');
SELECT pg_temp.tampered('INSERT INTO riskml.audit_log SELECT seq + 1000000, at, login_role, acting_role, action, model, alias, identity, from_version, to_version, detail, reason, previous, hash FROM riskml.audit_log WHERE seq = $seq');
SELECT pg_temp.tampered('UPDATE riskml.audit_log SET seq = CASE seq WHEN $seq THEN -seq ELSE seq END');
-- a whole forged row breaks the chain where the next one follows
SELECT pg_temp.tampered('UPDATE riskml.audit_log SET reason = ''forged'', hash = riskml.audit_hash(seq, at, login_role, acting_role, action, model, alias, identity, from_version, to_version, detail, ''forged'', previous) WHERE seq = $seq');
ROLLBACK;
SELECT count(*) FROM riskml.verify_audit();

-- ---- verify
SELECT riskml.import_model('regress_v', pg_temp.tiny_model());
SELECT riskml.import_model('regress_v', pg_temp.tiny_model(), feature_names => '{a,b,c}', options => '{"best_iteration": true}');
-- the kernels for some CPUs only are checked where there is one
SELECT * FROM riskml.verify('regress_v') WHERE item NOT LIKE 'kernel avx%';
SELECT bool_and(passed) FROM riskml.verify('regress_v');
SELECT * FROM riskml.verify('regress_v@2') WHERE item NOT LIKE 'kernel avx%';
SELECT pg_temp.try($$SELECT riskml.verify('regress_none')$$);
-- What a superuser changes in the stored row is found out, and what can still be scored is. Of each
-- change: what verify() finds, a score, an export, how many images are rebuilt.
CREATE FUNCTION pg_temp.damaged(change text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		result text[];
	BEGIN
		EXECUTE 'UPDATE riskml.model_version v SET ' || change || ' FROM riskml.model m WHERE m.model_id = v.model_id AND m.name = ''regress_v'' AND version = 1';
		result := ARRAY[
			pg_temp.try('SELECT string_agg(item || coalesce('': '' || detail, ''''), '', '') FROM riskml.verify(''regress_v@1'') WHERE NOT passed'),
			split_part(pg_temp.score('regress_v@1'), E'\n', 1),
			split_part(pg_temp.try('SELECT length(riskml.export_model(''regress_v@1'')) > 0'), E'\n', 1),
			'rebuilt ' || riskml.rebuild_images()];
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		RETURN QUERY SELECT change UNION ALL SELECT '  ' || r FROM unnest(result) r;
	END $$;
-- with no cache, so that each reads the row anew
SET riskml.local_cache_size = 0;
SELECT pg_temp.score('regress_v@1');
SELECT pg_temp.damaged(change) FROM unnest(ARRAY[
	'source = set_byte(source, 700, 65)', 'source = source || ''\x20''', 'source = ''''',
	'options = ''{"best_iteration": true}''', 'options = ''{"other": true}''', 'recipe = ''[]''', 'feature_names = ''{a,b,c}''',
	'identity = set_byte(identity, 31, 255 - get_byte(identity, 31))', 'identity = ''\x00''',
	'image = set_byte(image, 300, 255 - get_byte(image, 300))', 'image = substr(image, 1, 100)', 'image = ''''', 'image = image || ''\x00''',
	'image = (SELECT image FROM riskml.model_version w WHERE w.model_id = m.model_id AND version = 2)',
	'image = '''', source = ''''']) change;
-- any byte
CREATE FUNCTION pg_temp.undetected(what text, step int) RETURNS TABLE (bytes_changed int, undetected int) LANGUAGE plpgsql AS $$
	DECLARE
		place int := 0;
		size int;
		found_it boolean;
	BEGIN
		bytes_changed := 0;
		undetected := 0;
		EXECUTE format('SELECT length(%I) FROM riskml.model JOIN riskml.model_version USING (model_id) WHERE name = ''regress_v'' AND version = 1', what) INTO size;
		WHILE place < size LOOP
			BEGIN
				EXECUTE format('UPDATE riskml.model_version v SET %1$I = set_byte(%1$I, $1, get_byte(%1$I, $1) # 1) FROM riskml.model m WHERE m.model_id = v.model_id AND m.name = ''regress_v'' AND version = 1', what) USING place;
				found_it := EXISTS (SELECT FROM riskml.verify('regress_v@1') WHERE NOT passed);
				RAISE EXCEPTION 'undo';
			EXCEPTION WHEN raise_exception THEN
				bytes_changed := bytes_changed + 1;
				undetected := undetected + (NOT found_it)::int;
			END;
			place := place + step;
		END LOOP;
		RETURN NEXT;
	END $$;
SELECT what, bytes_changed > 100 AS many, undetected FROM (VALUES ('image', 1), ('source', 5)) w(what, step), pg_temp.undetected(what, step);
-- rebuild_images stores sound ones, and says so in the audit log
BEGIN;
UPDATE riskml.model_version SET image = '' FROM riskml.model m WHERE m.model_id = model_version.model_id AND name = 'regress_v';
SELECT item, passed, detail FROM riskml.verify('regress_v@1') WHERE NOT passed;
SELECT riskml.rebuild_images();
SELECT bool_and(passed) FROM riskml.verify('regress_v@1');
SELECT bool_and(passed) FROM riskml.verify('regress_v@2');
SELECT action, model, to_version FROM riskml.audit_log ORDER BY seq DESC LIMIT 2;
SELECT riskml.rebuild_images();
ROLLBACK;
SELECT riskml.rebuild_images();
RESET riskml.local_cache_size;
\pset format aligned
\t off

-- ---- importance, by hand: income splits in both trees, gain 8 and 2, cover 20 and 11
SELECT * FROM riskml.model_features WHERE model = 'regress_v' ORDER BY version, position;
SELECT riskml.mean_importance(1e-45, 4) AS underflow, riskml.mean_importance('inf', 2), riskml.mean_importance(7, 3), riskml.mean_importance(7, 0) AS no_splits;
-- what is no image of a linear model has no coefficients, and no error
SELECT count(c) FROM riskml.model_version, riskml.image_coefficients(image) c WHERE model_id IN (SELECT model_id FROM riskml.model WHERE name = 'regress_v');
SELECT count(c) FROM unnest('{"","\\x7269736b6d6c0001"}'::bytea[]) image, riskml.image_coefficients(image) c;
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid IN ('riskml.models'::regclass, 'riskml.model_features'::regclass) AND attnum > 0 ORDER BY attrelid::regclass::text DESC, attnum;

SELECT pg_temp.drop_models('regress_v');
REVOKE EXECUTE ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM regress_acting;
DROP ROLE regress_login, regress_acting;
