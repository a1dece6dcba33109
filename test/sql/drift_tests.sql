-- Tests of two samples, and drift as named tools compute it. Equality with scipy and with the tools is tested in test/stats.
-- ten digits, which every platform gives alike
SET extra_float_digits = -5;
-- the samples of the documentation
CREATE TABLE samples AS
	SELECT true AS reference, (i * 7 % 100)::float8 AS x, 'c' || i % 4 AS c FROM generate_series(1, 60) i
	UNION ALL SELECT false, (i * 11 % 100 + 10)::float8, 'c' || i % 5 FROM generate_series(1, 50) i;
SELECT (k).statistic, (k).p_value, (k).n_reference, (k).n_current FROM (SELECT riskml.ks_test(x, reference) k FROM samples) s;
SELECT (w).distance, (w).normalized, (w).n_reference, (w).n_current FROM (SELECT riskml.wasserstein_test(x, reference) w FROM samples) s;
SELECT (k).statistic, (k).df, (k).p_value FROM (SELECT riskml.chi2_test(c, reference) k FROM samples) s;
SELECT riskml.psi_evidently(x, reference) AS psi_evidently, riskml.jensen_shannon_evidently(x, reference) AS jensen_shannon_evidently,
	riskml.jensen_shannon_nannyml(x, reference) AS jensen_shannon_nannyml, riskml.psi_scorecardpy(x, reference) AS psi_scorecardpy FROM samples;
SELECT riskml.psi_evidently(c, reference) AS psi_evidently, riskml.jensen_shannon_evidently(c, reference) AS jensen_shannon_evidently,
	riskml.jensen_shannon_nannyml(c, reference) AS jensen_shannon_nannyml, riskml.psi_scorecardpy(c, reference) AS psi_scorecardpy FROM samples;
-- types that become a number or a text
SELECT count(*) = 1 AS same FROM (SELECT riskml.ks_test(x::int, reference) FROM samples UNION SELECT riskml.ks_test(x::numeric, reference) FROM samples UNION SELECT riskml.ks_test(x::real, reference) FROM samples) s;
SELECT riskml.chi2_test(c::varchar(2), reference) = riskml.chi2_test(c, reference) AS same FROM samples;

-- ---- rows that count for nothing, sides without rows
CREATE VIEW with_nulls AS SELECT * FROM samples UNION ALL SELECT NULL, 3, 'c1' UNION ALL SELECT true, NULL, NULL UNION ALL SELECT false, NULL, NULL UNION ALL SELECT NULL, NULL, NULL;
CREATE FUNCTION all_of(source text) RETURNS TABLE (statistic text, result text) LANGUAGE plpgsql AS $$
	BEGIN
		FOR statistic IN SELECT s FROM unnest('{ks_test(x,wasserstein_test(x,chi2_test(c,psi_evidently(x,psi_evidently(c,jensen_shannon_evidently(x,jensen_shannon_evidently(c,jensen_shannon_nannyml(x,jensen_shannon_nannyml(c,psi_scorecardpy(x,psi_scorecardpy(c}'::text[]) s LOOP
			BEGIN
				EXECUTE format('SELECT (riskml.%s, reference))::text FROM (%s) s', statistic, source) INTO result;
			EXCEPTION WHEN OTHERS THEN result := SQLSTATE || ' ' || SQLERRM;
			END;
			RETURN NEXT;
		END LOOP;
	END $$;
SELECT count(*) AS same FROM all_of('TABLE samples') a JOIN all_of('TABLE with_nulls') b USING (statistic, result);
SELECT q, count(*) FILTER (WHERE result IS NULL) AS nulls, count(*) FROM unnest(ARRAY['SELECT * FROM samples WHERE false', 'SELECT * FROM samples WHERE reference', 'SELECT * FROM samples WHERE NOT reference',
	'SELECT reference, nullif(x, x) AS x, nullif(c, c) AS c FROM samples', 'SELECT NULL::boolean AS reference, x, c FROM samples']) q, all_of(q) GROUP BY q ORDER BY q;
SELECT * FROM all_of('SELECT true AS reference, 1::float8 AS x, ''a'' AS c UNION ALL SELECT false, 1, ''a''');
SELECT * FROM all_of('SELECT i <= 3 AS reference, 5::float8 AS x, '''' AS c FROM generate_series(1, 7) i');

-- ---- NaN, infinite and extreme values
SELECT * FROM all_of('SELECT * FROM samples UNION ALL SELECT true, ''NaN'', NULL UNION ALL SELECT true, ''NaN'', NULL') WHERE statistic ~ 'test';
SELECT * FROM all_of('SELECT * FROM samples UNION ALL SELECT false, ''NaN'', NULL') WHERE statistic ~ 'test';
SELECT count(*) AS same FROM all_of('TABLE samples') a JOIN all_of('SELECT * FROM samples UNION ALL SELECT true, ''NaN'', NULL UNION ALL SELECT false, ''NaN'', NULL') b USING (statistic, result) WHERE statistic !~ 'test';
SELECT statistic, left(result, 60) FROM all_of('SELECT * FROM samples UNION ALL SELECT true, ''-Infinity'', NULL') WHERE statistic ~ '\(x';
SELECT statistic, left(result, 60) FROM all_of('SELECT * FROM samples UNION ALL SELECT false, ''Infinity'', NULL') WHERE statistic ~ '\(x';
SELECT statistic, left(result, 60) FROM all_of('SELECT i % 2 = 0 AS reference, (CASE WHEN i < 50 THEN -1 ELSE 1 END) * 1.7e308 + i * 1e295 AS x FROM generate_series(1, 100) i, (SELECT ''a'' AS c) c') WHERE statistic ~ '\(x';
SELECT statistic, left(result, 60) FROM all_of('SELECT i % 2 = 0 AS reference, (i * i)::float8 * 4.94065645841247e-324::float8 AS x FROM generate_series(1, 100) i') WHERE statistic ~ '\(x';
SELECT (k).statistic, (k).p_value FROM (SELECT riskml.ks_test(x, reference) k FROM (VALUES (0::float8, true), ('-0', false)) v (x, reference)) s;

-- ---- p-values: exact ones, the last of them, the first that is not; the smallest, the largest
CREATE VIEW sizes AS SELECT n, m, d FROM (VALUES (10000, 9999, 300), (10000, 10000, 300), (10001, 10000, 300), (10001, 1, 300), (3000, 2000, 1500), (20000, 20000, 1), (1, 10000, 0)) v (n, m, d);
SELECT n, m, d, (k).statistic, (k).p_value FROM sizes, LATERAL (SELECT riskml.ks_test(x, reference) k FROM
	(SELECT true AS reference, i::float8 / n AS x FROM generate_series(1, n) i UNION ALL SELECT false, i::float8 / m + d::float8 / n FROM generate_series(1, m) i) s) s ORDER BY n, m;
SELECT (k).statistic, (k).df, (k).p_value FROM (SELECT riskml.chi2_test(c, reference) k FROM
	(SELECT i % 2 = 0 AS reference, (CASE WHEN i % 2 = 0 THEN i % 10 < 4 ELSE i % 10 > 4 END)::text AS c FROM generate_series(1, 3000) i) s) s;

-- ---- groups, filters, sharing
SELECT g, (riskml.ks_test(x, reference)).n_reference, riskml.ks_test(x, reference) = riskml.ks_test(x, reference) FILTER (WHERE true) AS same,
	(riskml.ks_test(x, reference) FILTER (WHERE x < 50)).n_current, riskml.ks_test(DISTINCT x, reference) IS NOT NULL AS of_distinct
FROM (SELECT *, x::int % 3 AS g FROM samples) s GROUP BY GROUPING SETS (g, ()) ORDER BY g;
-- hashed or sorted, in memory or on disk
CREATE TABLE wide AS SELECT i % 3 = 0 AS reference, i % 997 AS g, (i * 7919 % 100003)::float8 AS x, 'category ' || i * 7919 % 5003 AS c FROM generate_series(1, 60000) i;
ANALYZE wide;
CREATE FUNCTION digest() RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(s::text, ',' ORDER BY g)) FROM
	(SELECT g, riskml.ks_test(x, reference), riskml.wasserstein_test(x, reference), riskml.chi2_test(c, reference), riskml.psi_evidently(x, reference), riskml.psi_evidently(c, reference), riskml.jensen_shannon_nannyml(x, reference)
	FROM wide GROUP BY GROUPING SETS (g, ())) s $$;
CREATE TABLE digests (d text);
INSERT INTO digests SELECT digest();
SET enable_hashagg = off;
INSERT INTO digests SELECT digest();
RESET enable_hashagg;
SET enable_sort = off;
INSERT INTO digests SELECT digest();
RESET enable_sort;
SET work_mem = '64kB';
INSERT INTO digests SELECT digest();
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
INSERT INTO digests SELECT digest();
EXPLAIN (COSTS OFF) SELECT riskml.ks_test(x, reference) FROM wide;
RESET work_mem;
INSERT INTO digests SELECT digest();
SELECT count(*), count(DISTINCT d) FROM digests;
-- one sort for both
SELECT (k).statistic > 0, (w).distance > 0 FROM (SELECT riskml.ks_test(x, reference) k, riskml.wasserstein_test(x, reference) w FROM wide) s;

-- ---- what cannot be done
SELECT riskml.ks_test(x, reference) OVER () FROM samples;
SELECT riskml.psi_evidently(c, reference) OVER (ORDER BY c) FROM samples;
-- states are not for users; what the server says of that differs between minor versions
DO $$ BEGIN PERFORM riskml.sides_step(NULL, 1::float8, true); EXCEPTION WHEN undefined_function OR feature_not_supported THEN RAISE NOTICE 'refused'; END $$;
DO $$ BEGIN PERFORM riskml.ks_test_final(NULL); EXCEPTION WHEN undefined_function OR feature_not_supported THEN RAISE NOTICE 'refused'; END $$;
SELECT riskml.ks_test(c, reference) FROM samples;
