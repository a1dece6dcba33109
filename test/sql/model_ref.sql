-- Type model_ref: its forms, what is refused, and how every kind of text becomes one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\t on
\pset format unaligned

-- ---- forms, none of which names a model that exists: input looks nothing up
SELECT ref, ref::riskml.model_ref FROM unnest(ARRAY[
	'credit', 'credit@staging', 'credit@3', 'credit@2147483647', 'credit@3#0123456789abcdef',
	'two words', 'Groß-Kredit', '信用', '1', 'a.b/c:d', '"quoted"', $$o'brien$$, '$$', 'back\slash',
	repeat('x', 63), repeat('x', 63) || '@' || repeat('y', 63),
	'credit@Staging 2', 'credit@_3', 'credit@-1'
]) AS ref;

-- ---- names that break the rules
SELECT format('%-40s', replace(replace(left(ref, 38), E'\t', '<tab>'), E'\x7F', '<del>')),
	split_part(pg_temp.try(format('SELECT %L::riskml.model_ref', ref)), E'\n', 1)
FROM unnest(ARRAY[
	'', '@', '#', ' ', ' credit', 'credit ', E'cre\tdit', E'credit\n', E'cre\x7Fdit',
	repeat('x', 64), repeat('é', 32), 'credit@' || repeat('y', 64),
	'credit@', '@staging', 'credit@ staging', 'credit@staging ', 'credit@sta#ging', 'credit@a@b',
	'credit#0123456789abcdef', 'credit@staging#0123456789abcdef',
	'credit@0', 'credit@00', 'credit@1.0', 'credit@9nine', 'credit@3x', 'credit@3 ',
	'credit@2147483648', 'credit@99999999999999999999999999',
	'credit@3#', 'credit@3#0123456789abcde', 'credit@3#0123456789abcdef0',
	'credit@3#0123456789ABCDEF', 'credit@3#0123456789abcdeg', 'credit@3#0123456789abcdef#'
]) WITH ORDINALITY AS r(ref, n) ORDER BY n;
SELECT 'credit@3x'::riskml.model_ref;

-- a leading zero is no other version
SELECT pg_temp.try($$SELECT risk_version('regress_nope@007')$$);

-- ---- what a cast from text lets through is refused where it is used
SELECT ''::text::riskml.model_ref IS NULL;
SELECT pg_temp.try($$SELECT risk_version(''::text)$$);
SELECT pg_temp.try($$SELECT risk_version('credit@'::text)$$);
SELECT pg_temp.try($$SELECT risk_score('a#b'::text, ARRAY[1.0])$$);
SELECT pg_temp.try($$SELECT * FROM riskml.verify('a@b@c'::text)$$);
SELECT pg_temp.try($$SELECT * FROM riskml.check_input(' a'::text, 'pg_class')$$);
SELECT pg_temp.try($$SELECT riskml.export_model('@'::text)$$);
SELECT pg_temp.try($$SELECT risk_version('a#b'::name)$$);
SELECT pg_temp.try($$SELECT risk_version('a#b'::char(5))$$);

-- ---- every kind of text becomes a reference
SELECT riskml.import_model('regress_ref', pg_temp.tiny_model());
CREATE DOMAIN regress_ref_domain AS text CHECK (VALUE <> '');
CREATE TABLE regress_ref (id int, t text, v varchar, v9 varchar(40), b char(20), n name,
	d regress_ref_domain, m riskml.model_ref);
INSERT INTO regress_ref VALUES (1, 'regress_ref', 'regress_ref', 'regress_ref', 'regress_ref', 'regress_ref',
	'regress_ref', 'regress_ref');
SELECT risk_score('regress_ref', ARRAY[40, 5, 20]) AS literal,
	risk_score(t, ARRAY[40, 5, 20]) AS text,
	risk_score(v, ARRAY[40, 5, 20]) AS varchar,
	risk_score(v9, ARRAY[40, 5, 20]) AS varchar_40,
	risk_score(b, ARRAY[40, 5, 20]) AS bpchar,
	risk_score(n, ARRAY[40, 5, 20]) AS name,
	risk_score(d, ARRAY[40, 5, 20]) AS domain,
	risk_score(m, ARRAY[40, 5, 20]) AS model_ref,
	risk_score(t || '@1', ARRAY[40, 5, 20]) AS concatenation,
	risk_score((SELECT t), ARRAY[40, 5, 20]) AS subquery
FROM regress_ref;
-- the same beside a record and jsonb
SELECT risk_score(v, x), risk_score(n, x), risk_score(b, x), risk_score(d, x), risk_score(m, x),
	risk_score(v, to_jsonb(x)), risk_score(n, to_jsonb(x))
FROM regress_ref, (SELECT 40 AS income, 5 AS debt, 20 AS age) x;
PREPARE untyped AS SELECT risk_score($1, ARRAY[40, 5, 20]);
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'untyped';
EXECUTE untyped('regress_ref');
PREPARE typed_text(text) AS SELECT risk_score($1, ARRAY[40, 5, 20]);
EXECUTE typed_text('regress_ref@staging');
PREPARE typed_varchar(varchar) AS SELECT risk_score($1, ARRAY[40, 5, 20]);
EXECUTE typed_varchar('regress_ref@1');
EXECUTE typed_varchar(NULL);
EXECUTE typed_varchar('regress_ref@2');
DEALLOCATE ALL;

-- back to text: on assignment only, so that nothing becomes text by accident
INSERT INTO regress_ref (id, t) SELECT 2, m FROM regress_ref;
SELECT t FROM regress_ref WHERE id = 2;
SELECT m::text, length(m::text) FROM regress_ref WHERE id = 1;
SELECT pg_temp.sqlstate('SELECT length(m) FROM regress_ref');
-- no collation
SELECT typcollation, typlen, typstorage FROM pg_type WHERE oid = 'riskml.model_ref'::regtype;

-- ---- binary and text round trip
SELECT riskml.model_ref_send('credit@3#0123456789abcdef');
SELECT riskml.model_ref_out('credit@staging');
SELECT riskml.model_ref_in('credit@staging');
SELECT pg_temp.try($$SELECT riskml.model_ref_in('credit@')$$);
CREATE TABLE regress_ref_copy (m riskml.model_ref);
CREATE FUNCTION pg_temp.through_file(value text, type text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		file text := current_setting('data_directory') || '/regress_model_ref.bin';
	BEGIN
		EXECUTE format('COPY (SELECT %L::%s UNION ALL SELECT NULL) TO %L (FORMAT binary)', value, type, file);
		value := pg_temp.try(format('COPY regress_ref_copy FROM %L (FORMAT binary)', file));
		EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat >/dev/null; rm ''' || file || '''');
		RETURN value;
	END $$;
SELECT pg_temp.through_file('credit@3#0123456789abcdef', 'riskml.model_ref');
SELECT pg_temp.through_file('credit', 'text');
SELECT * FROM regress_ref_copy;
-- binary input checks too
SELECT pg_temp.through_file('a#b', 'text');
SELECT pg_temp.through_file('', 'text');
SELECT left(pg_temp.through_file('\xff', 'bytea'), 5);
SELECT left(pg_temp.through_file('\x6100', 'bytea'), 5);
COPY regress_ref_copy FROM STDIN;
credit@4
\N
\.
COPY regress_ref_copy TO STDOUT;
COPY regress_ref_copy FROM STDIN;
credit@
\.
-- nothing above needed a model of that name
SELECT count(*) FROM riskml.models WHERE model = 'credit';

DROP TABLE regress_ref, regress_ref_copy;
DROP DOMAIN regress_ref_domain;
SELECT pg_temp.drop_models('regress_ref');
