-- Distributions: their text, the aggregates that make them, what is in them.
SET search_path = public, riskml;
CREATE TABLE numbers AS SELECT unnest('{-1,0,-0,0.5,1,2.5,5,6,NaN,Infinity,-Infinity,NULL}'::float8[]) AS x;
CREATE TABLE texts AS SELECT unnest('{b,a,b,c,"",NULL,b,a,"\""}'::text[]) AS x;

-- ---- bins are [lower, upper), the last one [lower, upper]; what is outside, null or NaN is counted apart
SELECT histogram(x, '{0,1,2.5,5}') FROM numbers;
SELECT histogram(x, '{0,1,2.5,5}') FROM numbers WHERE x IS NULL;
SELECT histogram(x, '{0,1,2.5,5}') FROM numbers WHERE false;
SELECT x > 0 AS positive, histogram(x, '{0,1,2.5,5}') FROM numbers GROUP BY 1 ORDER BY 1;
SELECT histogram(x, CASE WHEN x > 0 THEN '{0,9}' ELSE '{-9,0}' END::float8[]) FROM numbers GROUP BY x > 0 ORDER BY x > 0;
SELECT x, histogram(x, '{0,3,9}') OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers WHERE x BETWEEN 1 AND 6;
SELECT histogram(x, '{0,1}'), histogram(x, '{0,1}') FILTER (WHERE x > 0), histogram(DISTINCT x, '{0,1}') FROM (SELECT x FROM numbers UNION ALL SELECT x FROM numbers) s;
PREPARE by_parameter(float8[]) AS SELECT counts(histogram(x, $1)) FROM numbers;
SET plan_cache_mode = force_generic_plan;
EXECUTE by_parameter('{0,1,6}');
EXECUTE by_parameter('{0,3,6}');
RESET plan_cache_mode;

SELECT histogram_like(x, '{"kind": "numeric", "edges": [0, 1], "counts": [77], "nulls": 3}'::distribution) FROM numbers;
SELECT histogram_like(x, '{"kind": "categorical", "values": ["b", "a"], "counts": [1, 2]}'::distribution) FROM texts;
SELECT category_histogram(x, 2), category_histogram(x, 100) FROM texts;
SELECT quantile_histogram(x, 3), quantile_histogram(x, 1) FROM numbers;
SELECT quantile_histogram(x, 4) FROM (VALUES (7)) v(x);
SELECT quantile_histogram(x, 4) FROM (VALUES (NULL::float8)) v(x);
SELECT quantile_histogram(i, 4) FROM generate_series(1, 100000) i;

-- ---- merging
SELECT merge(d) FROM (SELECT histogram(x, '{0,1,2.5,5}') FROM numbers GROUP BY x) s(d);
SELECT merge(d) FROM (SELECT category_histogram(x, 10) FROM texts GROUP BY x) s(d);
SELECT a + b, a = b, a <> b, a = a FROM (SELECT histogram(x, '{0,1}') a FROM numbers) s, (SELECT histogram(x + 1, '{0,1}') b FROM numbers) t;
SELECT merge(d) FROM (VALUES (NULL::distribution)) v(d);

-- ---- what is in one
SELECT histogram(x, '{0,1,2.5,5}') AS d FROM numbers WHERE abs(x) < 100 \gset
SELECT category_histogram(x, 2) AS c FROM texts \gset
SELECT kind(d), edges(d), counts(d), categories(d), nulls(d), nans(d), underflow(d), overflow(d), other(d), total(d), minimum(d), maximum(d) FROM (VALUES (:'d'::distribution), (:'c')) v(d);
SELECT * FROM bins(:'d');
SELECT * FROM bins(:'c');
SELECT quantile(:'d', 0), quantile(:'d', 0.25), quantile(:'d', 0.5), quantile(:'d', 1), cdf(:'d', 0.5), cdf(:'d', -100), cdf(:'d', 100), cdf(:'d', 'NaN');
SELECT quantile(:'c', 0.5);
SELECT quantile(:'d', 1.01);

-- ---- text, jsonb, settings
SELECT '{"counts": [1], "kind": "numeric", "edges": [-0.0, 0.1]}'::distribution;
SELECT '{"kind": "numeric", "edges": [-1.7976931348623157e308, 5e-324], "counts": [1], "min": -1e-320, "max": 0}'::distribution;
SET extra_float_digits = -15;
SELECT histogram(x, '{0.1,0.30000000000000004}') FROM (VALUES (0.30000000000000004::float8)) v(x);
RESET extra_float_digits;
SELECT :'d'::distribution::jsonb, :'d'::distribution::jsonb::distribution = :'d';
CREATE FUNCTION sqlstate(expression text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT ' || expression; RETURN 'none'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
SELECT t AS text, sqlstate(quote_literal(t) || '::riskml.distribution') FROM unnest(ARRAY['', 'x', '1', '[]', '{}', 'null',
	'{"kind": "numeric"}', '{"kind": "numeric", "edges": [0, 1]}', '{"kind": "numeric", "edges": [0, 1], "counts": 1}', '{"kind": "numeric", "edges": [0, 1], "counts": [1, 2]}',
	'{"kind": "numeric", "edges": [0], "counts": []}', '{"kind": "numeric", "edges": [1, 1], "counts": [1]}', '{"kind": "numeric", "edges": [0, 1e400], "counts": [1]}',
	'{"kind": "numeric", "edges": [0, null], "counts": [1]}', '{"kind": "numeric", "edges": [0, "Infinity"], "counts": [1]}', '{"kind": "numeric", "edges": [0, 1], "counts": [-1]}',
	'{"kind": "numeric", "edges": [0, 1], "counts": [1.5]}', '{"kind": "numeric", "edges": [0, 1], "counts": [9223372036854775808]}',
	'{"kind": "numeric", "edges": [0, 1], "counts": [9223372036854775807], "nulls": 1}', '{"kind": "numeric", "edges": [0, 1], "counts": [1], "min": 0}',
	'{"kind": "numeric", "edges": [0, 1], "counts": [1], "min": 1, "max": 0}', '{"kind": "numeric", "edges": [0, 1], "counts": [1], "min": -1, "max": 1}',
	'{"kind": "numeric", "edges": [0, 1], "counts": [0], "min": 0, "max": 1}', '{"kind": "numeric", "edges": [0, 1], "counts": [1], "other": 1}',
	'{"kind": "numeric", "edges": [0, 1], "counts": [1], "more": 1}', '{"kind": "categorical", "values": ["a", "a"], "counts": [1, 1]}',
	'{"kind": "categorical", "values": [1], "counts": [1]}', '{"kind": "categorical", "values": ["a"], "counts": []}', '{"kind": "sets", "counts": []}']) t;

-- ---- states, which functions called by hand may get
SELECT quantile_histogram_step(NULL, 2.5, 3) AS s, category_histogram_step(NULL, 'a', 3) AS t \gset
SELECT :'s'::sketch, :'t'::sketch, quantile_histogram_final(:'s'), category_histogram_final(:'t'), quantile_histogram_combine(:'s', :'s'), category_histogram_combine(NULL, :'t');
SELECT sqlstate(e) FROM unnest(ARRAY['riskml.quantile_histogram_combine(%1$L, %2$L)', 'riskml.category_histogram_step(%1$L, ''a'', 3)', 'riskml.quantile_histogram_final(%2$L)',
	'riskml.quantile_histogram_step(%1$L, 1, 4)', 'riskml.histogram_step(%3$L, 1, ''{0,1}'')', 'riskml.histogram_like_step(%3$L, ''a''::text, %4$L)']) f, format(f, :'s', :'t', :'d', :'c') e;
SELECT t AS text, sqlstate(quote_literal(t) || '::riskml.sketch') FROM unnest(ARRAY['{}', '{"kind": "numeric", "bins": 0, "values": [], "counts": []}',
	'{"kind": "numeric", "bins": 3, "shift": 51, "values": [], "counts": []}', '{"kind": "numeric", "bins": 3, "shift": 8, "values": [0.1], "counts": [1], "min": 0.1, "max": 0.1}',
	'{"kind": "numeric", "bins": 3, "values": [2, 1], "counts": [1, 1], "min": 1, "max": 2}', '{"kind": "numeric", "bins": 3, "values": [1], "counts": [1], "min": 1, "max": 2}',
	'{"kind": "numeric", "bins": 3, "values": [1], "counts": [0], "min": 1, "max": 1}', '{"kind": "categorical", "max_categories": 3, "limit": "0000000000000000", "values": ["a"], "counts": [1]}',
	'{"kind": "categorical", "max_categories": 3, "limit": "x", "values": ["a"], "counts": [1]}']) t;

-- ---- faults
SELECT histogram(x, '{0,1,1}') FROM numbers;
SELECT histogram(x, '{0,NaN}') FROM numbers;
SELECT histogram(x, '{0}') FROM numbers;
SELECT histogram(x, NULL) FROM numbers;
SELECT histogram(x, '{0,NULL}') FROM numbers;
SELECT histogram(x, ARRAY[0, 1 + abs(x)]) FROM numbers WHERE abs(x) < 9;
SELECT histogram_like(x, :'d') FROM texts;
SELECT histogram_like(x, :'c') FROM numbers;
SELECT quantile_histogram(x, 0) FROM numbers;
SELECT category_histogram(x, 0) FROM texts;
SELECT :'d'::distribution + :'c';
SELECT :'d'::distribution + histogram(x, '{0,1,2,5}') FROM numbers;
DROP FUNCTION sqlstate;
DROP TABLE numbers, texts;
