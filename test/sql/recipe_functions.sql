-- Operations of recipes as functions.
\pset format unaligned
\pset null -
-- digits that every libm has
SET extra_float_digits = -2;

-- bins are [low, high)
SELECT x, riskml.bucketize(x, '{0,1,10}'), riskml.bucketize(x, '{}'), riskml.bucketize(x, '{1}'), riskml.bucketize(x, '{-Infinity,0,Infinity}')
FROM unnest(ARRAY['-Infinity', -1e308, -5e-324, '-0', 0, 0.5, 1, 9.999, 10, 1e308, 'Infinity', 'NaN', NULL]::float8[]) AS x;
SELECT riskml.bucketize(1, NULL);
-- as width_bucket() of thresholds
SELECT count(*) FILTER (WHERE riskml.bucketize(x / 7.0, edges) IS DISTINCT FROM width_bucket(x / 7.0::float8, edges)) AS differ, count(*)
FROM generate_series(-200, 200) AS x, (SELECT array_agg(i / 7.0::float8 ORDER BY i) AS edges FROM generate_series(-150, 150, 3) AS i) AS e;
SELECT riskml.bucketize(1, '{1,1}');
SELECT riskml.bucketize(1, '{0,2,1}');
SELECT riskml.bucketize(1, '{NaN}');
SELECT riskml.bucketize(1, '{1,NaN}');
SELECT riskml.bucketize(1, '{1,NULL}');
SELECT riskml.bucketize(1, '{{1,2},{3,4}}');

-- values of numpy.log1p(), scipy.special.boxcox() and scikit-learn's PowerTransformer
SELECT x, riskml.log1p(x) FROM unnest(ARRAY['-Infinity', -1.5, -1, -0.5, '-0', 0, 1e-300, 1e-10, 1, 1e300, 'Infinity', 'NaN', NULL]::float8[]) AS x;
SELECT x, lambda, riskml.box_cox(x, lambda), riskml.yeo_johnson(x, lambda)
FROM unnest(ARRAY['-Infinity', -250.5, -0.5, 0, 0.001, 1, 250.5, 'Infinity', 'NaN', NULL]::float8[]) AS x, unnest(ARRAY[0, 0.5, -1.5, 2, 3]) AS lambda
ORDER BY lambda, x;
SELECT riskml.box_cox(1, NULL), riskml.yeo_johnson(1, NULL), riskml.yeo_johnson(1, 'NaN'), riskml.box_cox(1e308, 5), riskml.yeo_johnson(-1e308, -5);
-- no digits are lost near 0
SELECT riskml.yeo_johnson(1e-20, 0.5), riskml.box_cox(1 + 1e-15, 1e-18);

SELECT x, riskml.clip(x, -1, 2), riskml.clip(x, NULL, 2), riskml.clip(x, 0, NULL), riskml.clip(x, NULL, NULL)
FROM unnest(ARRAY['-Infinity', -3, -1, '-0', 0, 2, 2.5, 'Infinity', 'NaN', NULL]::float8[]) AS x;
SELECT riskml.clip(1, 2, 1);
SELECT riskml.clip(1, 'NaN', 1);

-- sklearn.utils.murmurhash3_32(value, positive=True) % 1000, and the whole of it modulo 2^31 - 1
SELECT v, riskml.hash_bucket(v, 1000), riskml.hash_bucket(v, 2147483647), riskml.hash_bucket(v, 1)
FROM unnest(ARRAY['', 'a', 'foo', 'hello, world', 'The quick brown fox jumps over the lazy dog', 'Hamburg', 'Köln', '日本', NULL]) AS v;
SELECT riskml.hash_bucket('a', NULL);
SELECT riskml.hash_bucket('a', 0);

SELECT riskml.age_days('2024-02-28', '2024-03-01'), riskml.age_days('2024-03-01', '2024-02-28 12:00'), riskml.age_days('-infinity', '2024-01-01'),
	riskml.age_days('2024-01-01', '-infinity'), riskml.age_days('infinity', 'infinity'), riskml.age_days('-infinity', 'infinity'), riskml.age_days(NULL, '2024-01-01'),
	riskml.age_days('4714-11-24 BC', '294276-12-31 23:59:59.999999');

-- CET, where there is a zone of that name, has summer time, whatever the abbreviation is
SELECT bool_and(riskml.local_time('2024-07-01 12:00Z', name) = '2024-07-01 14:00') IS NOT FALSE AS summer FROM pg_timezone_names WHERE name = 'CET';
SET TimeZone = 'Asia/Tokyo';
SELECT zone, riskml.local_time('2024-07-01 12:00Z', zone), riskml.local_time('2024-07-01 12:00Z', zone) = '2024-07-01 12:00Z'::timestamptz AT TIME ZONE zone AS as_at_time_zone
FROM unnest(ARRAY['UTC', 'Europe/Berlin', 'europe/berlin', 'America/St_Johns', '<+03>-3']) AS zone;
SELECT riskml.local_time('infinity', 'UTC'), riskml.local_time('-infinity', 'Europe/Paris'), riskml.local_time(NULL, 'UTC');
SELECT riskml.local_time(now(), 'Mars/Olympus');
SELECT riskml.local_time('294276-12-31 23:00Z', 'Asia/Tokyo');
RESET TimeZone;

-- arithmetic without errors
SELECT riskml.ieee_number('1e400'), riskml.ieee_number('-1e400'), riskml.ieee_number('1e-400'), riskml.ieee_number('NaN'), riskml.ieee_number('Infinity'), riskml.ieee_number(0.1);
SELECT a, b, riskml.ieee_add(a, b), riskml.ieee_subtract(a, b), riskml.ieee_multiply(a, b), riskml.ieee_divide(a, b)
FROM (VALUES (0.1::float8, 0.2::float8), (1e308, 1e308), (-1e308, 1e308), (1e-200, 1e-200), (5e-324, 2), ('Infinity', 'Infinity'), ('-Infinity', 0), (0, 0), (1, 0), (-1, '-0'), ('NaN', 1), (1, NULL)) AS v(a, b);
RESET extra_float_digits;
