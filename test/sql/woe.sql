-- Weight of evidence: by hand, and beside plain SQL on real data.
\getenv abs_srcdir PG_ABS_SRCDIR
SET client_min_messages = warning;
CREATE SCHEMA regress_woe;
RESET client_min_messages;
SET search_path = regress_woe, public;
SET extra_float_digits = 0;

-- ---- by hand: 100 goods, 50 bads; x 1: 60/10, 2: 20/10, 3: 15/20, 9 (special): 4/6, missing: 1/4
CREATE TABLE small AS
SELECT x, y AS bad
FROM (VALUES (1, 0, 60), (1, 1, 10), (2, 0, 20), (2, 1, 10), (3, 0, 15), (3, 1, 20), (9, 0, 4), (9, 1, 6), (NULL, 0, 1), (NULL, 1, 4)) AS t(x, y, n),
	generate_series(1, n);
SELECT bin, bin_label, lower_edge, upper_edge, n_rows, share::numeric(6,4), n_good, n_bad, bad_rate::numeric(6,4), woe, iv
FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad', '{"special_values": [9]}');
SELECT ln(0.6 / 0.2) AS woe_1, ln(0.2 / 0.2) AS woe_2, ln(0.15 / 0.4) AS woe_3, ln(0.04 / 0.12) AS special, ln(0.01 / 0.08) AS missing;
SELECT bin_label, woe, iv FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_bad_good', '{"special_values": [9]}');
-- a boolean as label; fewer bins; no special values
SELECT bin_label, n_good, n_bad, woe FROM riskml.woe_table('SELECT x, bad = 1 AS bad FROM small', 'x', 'bad', 'ln_bad_good', '{"max_bins": 2}');
-- the same as categories, and as a text among the special ones
SELECT bin_label, categories, n_good, n_bad, woe FROM riskml.woe_table('SELECT ''c'' || x AS x, bad FROM small', 'x', 'bad', 'ln_good_bad', '{"special_values": ["c9"]}');
-- numbers as categories, as given: 9 is unknown
SELECT bin_label, categories, n_good, n_bad, woe, iv FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad', '{"bins": [[3, 1], [2]], "unknown": 0.5}');
-- given edges
SELECT bin_label, n_rows, woe FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad', '{"edges": [2.5, 100], "missing": 7}');

-- ---- zero cells: 0.5 is added to both counts, not to the totals, here 8 and 5
CREATE TABLE zero AS SELECT * FROM (VALUES (1, 0), (1, 0), (1, 0), (2, 0), (2, 1), (2, 0), (2, 1), (2, 0), (3, 1), (3, 1), (4, 0), (4, 0), (NULL, 1)) AS t(x, bad);
SELECT bin_label, n_good, n_bad, woe FROM riskml.woe_table('SELECT * FROM zero', 'x', 'bad', 'ln_good_bad', '{"min_bin_events": 0, "min_bin_size": 0, "monotonic": "none"}');
SELECT ln((3.5 / 8) / (0.5 / 5)) AS bin_1, ln((3.0 / 8) / (2.0 / 5)) AS bin_2, ln((0.5 / 8) / (2.5 / 5)) AS bin_3, ln((0.5 / 8) / (1.5 / 5)) AS missing;
SELECT bin_label, woe FROM riskml.woe_table('SELECT * FROM zero', 'x', 'bad', 'ln_good_bad', '{"edges": [2, 3, 4], "zero_adjust": 0.9}');
SELECT ln((3.9 / 8) / (0.9 / 5)) AS bin_1, ln((0.9 / 8) / (2.9 / 5)) AS bin_3;

-- ---- plain functions
SELECT x, riskml.woe(x, '{0, 10}', '{-1, 0.5, 2}', 0.25), riskml.woe(x, '{0, 10}', '{-1, 0.5, 2}') AS no_missing, riskml.woe(x, '{}', '{3}')
FROM unnest('{-Infinity, -1e-300, -0, 0, 9.999, 10, Infinity, NaN, NULL}'::float8[]) x;
SELECT riskml.woe(1, NULL, '{1}'), riskml.woe(1, '{}', NULL), riskml.woe(NULL, '{}', '{1}', NULL);
SELECT riskml.woe(1, '{1, 1}', '{1, 2, 3}');
SELECT riskml.woe(1, '{NaN}', '{1, 2}');
SELECT riskml.woe(1, '{1}', '{1}');
SELECT riskml.woe(1, '{NULL}', '{1, 2}');
SELECT riskml.woe(1, '{{1, 2}, {3, 4}}', '{1, 2}');
SELECT riskml.woe_of(60, 10, 100, 50, 'ln_good_bad'), riskml.woe_of(60, 10, 100, 50, 'ln_bad_good'), riskml.woe_of(3, 0, 8, 5, 'ln_good_bad'),
	riskml.woe_of(3, 0, 8, 5, 'ln_good_bad', 0.9), riskml.woe_of(0, 0, 8, 5, 'ln_good_bad'), riskml.woe_of(NULL, 0, 8, 5, 'ln_good_bad');
SELECT riskml.woe_of(60, 10, 100, 50, 'ln');
SELECT riskml.woe_of(-1, 10, 100, 50, 'ln_good_bad');
SELECT riskml.woe_of(1, 10, 0, 50, 'ln_good_bad');
SELECT riskml.woe_of(1, 10, 100, 'NaN', 'ln_good_bad');
SELECT riskml.woe_of(1, 0, 100, 50, 'ln_good_bad', 0);

-- ---- real data
CREATE TABLE credit (status text, seniority int, home text, "time" int, age int, marital text, records text, job text, expenses int, income int, assets int, debt int, amount int, price int);
\set file :abs_srcdir /../data/credit_data.csv
COPY credit FROM :'file' (FORMAT csv, HEADER);
CREATE VIEW labelled AS SELECT *, (status = 'bad')::int AS bad FROM credit;
\set query 'SELECT seniority, home, "time", age, marital, records, job, expenses, income, assets, debt, amount, price, bad FROM labelled'

SELECT column_name, iv::numeric(8,5), n_bins, missing_share::numeric(6,4), strength FROM riskml.iv(:'query', 'bad');
SELECT bin_label, n_good, n_bad, woe::numeric(8,5), iv::numeric(8,5) FROM riskml.woe_table(:'query', 'age', 'bad', 'ln_good_bad');
SELECT bin_label, n_good, n_bad, woe::numeric(8,5), iv::numeric(8,5) FROM riskml.woe_table(:'query', 'home', 'bad', 'ln_good_bad');

-- every table: counts by plain SQL of its edges and categories, monotonic, large enough, as many bins as asked for, the sum of iv
CREATE TABLE tables AS
SELECT v.column_name, o.options, t.*
FROM riskml.iv(:'query', 'bad') v,
	(VALUES ('{}'::jsonb), ('{"monotonic": "ascending"}'), ('{"monotonic": "descending", "max_bins": 3}'), ('{"monotonic": "none", "min_bin_size": 0.15}'),
		('{"max_prebins": 200, "min_bin_size": 0, "min_bin_events": 40, "max_bins": 50}')) AS o(options),
	riskml.woe_table(:'query', v.column_name, 'bad', 'ln_good_bad', o.options) t;
CREATE FUNCTION counted(t tables, OUT goods bigint, OUT bads bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*) FILTER (WHERE bad = 0), count(*) FILTER (WHERE bad = 1) FROM labelled WHERE %s', CASE
		WHEN t.bin_label = 'missing' THEN format('%I IS NULL', t.column_name)
		WHEN t.categories IS NULL THEN format('%I::float8 >= %L AND %I::float8 < %L', t.column_name, t.lower_edge, t.column_name, t.upper_edge)
		ELSE format('%I = ANY (%L)', t.column_name, t.categories) END) INTO goods, bads;
END $$;
SELECT count(*) AS bins, count(*) FILTER (WHERE (t.n_good, t.n_bad) IS DISTINCT FROM (c.goods, c.bads)) AS wrong,
	count(*) FILTER (WHERE t.n_rows > 0 AND abs(t.woe - riskml.woe_of(t.n_good, t.n_bad, 3200, 1254, 'ln_good_bad')) > 1e-15) AS wrong_woe
FROM tables t, counted(t) c;
SELECT options, count(DISTINCT column_name) AS columns,
	bool_and(in_order) AS in_order,
	min(size) AS least_rows, min(events) AS least_events, max(bins) AS most_bins
FROM (SELECT column_name, options, count(*) AS bins, min(n_rows) AS size, min(least(n_good, n_bad)) AS events,
		CASE WHEN options ->> 'monotonic' IN ('none') AND bool_and(categories IS NULL) THEN true
			WHEN options ->> 'monotonic' = 'descending' AND bool_and(categories IS NULL) THEN array_agg(bad_rate ORDER BY bin) = array_agg(bad_rate ORDER BY bad_rate DESC)
			ELSE array_agg(bad_rate ORDER BY bin) IN (array_agg(bad_rate ORDER BY bad_rate), array_agg(bad_rate ORDER BY
				CASE WHEN options ? 'monotonic' THEN bad_rate ELSE -bad_rate END)) END AS in_order
	FROM tables WHERE bin_label <> 'missing' GROUP BY column_name, options) AS g
GROUP BY options ORDER BY options;
SELECT count(*) FILTER (WHERE abs(v.iv - t.iv) > 1e-12) AS wrong FROM riskml.iv(:'query', 'bad') v
JOIN (SELECT column_name, sum(iv) AS iv FROM tables WHERE options = '{}' GROUP BY column_name) t USING (column_name);

-- the same edges, given
SELECT count(*) AS bins, count(*) FILTER (WHERE g IS DISTINCT FROM (t.bin, t.bin_label, t.lower_edge, t.upper_edge, t.categories, t.n_rows, t.share, t.n_good, t.n_bad, t.bad_rate, t.woe, t.iv)) AS different
FROM (SELECT column_name, jsonb_build_object('edges', jsonb_agg(lower_edge ORDER BY bin) FILTER (WHERE lower_edge > '-Infinity')) AS edges
		FROM tables WHERE options ? 'max_prebins' AND column_name NOT IN ('home', 'job', 'marital', 'records') GROUP BY column_name) e
CROSS JOIN riskml.woe_table(:'query', e.column_name, 'bad', 'ln_good_bad', e.edges) g
LEFT JOIN tables t ON t.options ? 'max_prebins' AND t.column_name = e.column_name AND t.bin = g.bin;

-- the table is what the step does
SELECT riskml.fit_recipe(jsonb_agg(jsonb_build_object('feature', column_name, 'op', 'woe', 'convention', 'ln_good_bad') ORDER BY column_name), :'query', 'bad') AS recipe
FROM (SELECT DISTINCT column_name FROM tables) t \gset
CREATE TABLE applied AS
SELECT e.key AS column_name, e.value::float8 AS woe, bad FROM labelled l, jsonb_each_text(riskml.apply_recipe_json(:'recipe', l)) e;
SELECT count(*) AS different FROM (
	(SELECT column_name, woe, count(*) FILTER (WHERE bad = 0) AS n_good, count(*) FILTER (WHERE bad = 1) AS n_bad FROM applied GROUP BY 1, 2)
	EXCEPT SELECT column_name, woe, n_good, n_bad FROM tables WHERE options = '{}') d;
SELECT riskml.recipe_sql(:'recipe', 'labelled') AS by_sql \gset
SELECT count(*) AS rows FROM (:by_sql) s;
SELECT count(*) AS different FROM (
	(SELECT riskml.apply_recipe(:'recipe', l) FROM labelled l)
	EXCEPT ALL SELECT ARRAY[age, amount, assets, debt, expenses, home, income, job, marital, price, records, seniority, "time"] FROM (:by_sql) s) d;

-- ---- a step that is fitted: fields, unknown categories, infinite values
SELECT jsonb_pretty(riskml.fit_recipe('[{"feature": "x_woe", "op": "woe", "input": "x", "convention": "ln_bad_good", "special_values": [9], "max_bins": 2},
	{"feature": "t_woe", "op": "woe", "input": "t", "convention": "ln_bad_good", "special_values": ["c9"], "unknown": -3}]',
	'SELECT x, ''c'' || x AS t, bad FROM small', 'bad')) AS fitted \gset
\echo :fitted
SELECT x, t, riskml.apply_recipe(:'fitted', r) FROM (VALUES (1::float8, 'c1'), (2.99, 'c2 '), (3, 'c2'), (9, 'c9'), ('Infinity', ''), ('-Infinity', 'C1'), ('NaN', NULL), (NULL, 'c3')) AS r(x, t);
SELECT count(*) FROM riskml.check_recipe(:'fitted');
-- what is fitted stays
SELECT riskml.fit_recipe(:'fitted', 'SELECT 1 AS x, ''c'' AS t, 0 AS bad', 'bad') = :'fitted'::jsonb AS same;
-- after other steps
SELECT riskml.fit_recipe('[{"feature": "clipped", "op": "clip", "input": "x", "max": 3, "output": false}, {"feature": "x_woe", "op": "woe", "input": "clipped", "convention": "ln_good_bad"}]',
	'SELECT * FROM small', 'bad') -> 1 ->> 'edges' AS edges;

SELECT riskml.fit_recipe('[{"feature": "common", "op": "group_rare", "input": "home", "min_frequency": 0.06, "output": false}, {"feature": "home_woe", "op": "woe", "input": "common", "convention": "ln_good_bad"}]',
	:'query', 'bad') -> 1 ->> 'bins' AS bins;

-- ---- degenerate data
SELECT bin_label, n_rows, woe, iv FROM riskml.woe_table('SELECT 7 AS x, i % 2 AS bad FROM generate_series(1, 10) i', 'x', 'bad', 'ln_good_bad');
SELECT bin_label, n_rows, woe, iv FROM riskml.woe_table('SELECT ''a'' AS x, i % 2 AS bad FROM generate_series(1, 10) i', 'x', 'bad', 'ln_good_bad');
SELECT bin_label, n_rows, woe, iv FROM riskml.woe_table('SELECT NULL::int AS x, i % 2 AS bad FROM generate_series(1, 10) i', 'x', 'bad', 'ln_good_bad');
SELECT bin_label, n_rows, woe, iv FROM riskml.woe_table('SELECT NULL AS x, i % 2 AS bad FROM generate_series(1, 10) i', 'x', 'bad', 'ln_good_bad');
SELECT bin_label, n_rows, n_bad FROM riskml.woe_table($$SELECT (ARRAY['-Infinity', '-0', '0', '1', 'Infinity', 'NaN'])[1 + i % 6]::float8 AS x, (i % 7 < i % 6)::int AS bad FROM generate_series(1, 84) i$$,
	'x', 'bad', 'ln_good_bad', '{"monotonic": "none"}');
SELECT bin_label, n_rows FROM riskml.woe_table('SELECT i % 3 AS x, i % 2 AS bad FROM generate_series(1, 12) i', 'x', 'bad', 'ln_good_bad', '{"special_values": [0, 1, 2]}');
SELECT bin_label, cardinality(categories), n_rows, n_bad FROM riskml.woe_table('SELECT md5(i::text) AS x, (i % 5 = 0)::int AS bad FROM generate_series(1, 20000) i', 'x', 'bad', 'ln_good_bad') t WHERE bin_label = 'missing' OR length(bin_label) < 110;
SELECT cardinality(categories), n_rows, n_bad FROM riskml.woe_table($$SELECT (i % 3000)::text AS x, (('x' || left(md5(i::text), 2))::bit(8)::int < i % 3000 % 37 * 5)::int AS bad FROM generate_series(1, 30000) i$$, 'x', 'bad', 'ln_good_bad', '{"max_bins": 4}');
-- a column that tells the label
SELECT * FROM riskml.iv('SELECT i % 2 AS bad, i % 2 AS leak, i AS id, i % 3 AS x, current_date + i AS d, point(i, i) AS p, NULL::float8 AS nothing, NULL AS no_text FROM generate_series(1, 60) i', 'BAD');
SELECT * FROM riskml.iv('SELECT i % 2 AS bad, i % 2 AS leak, (i % 2)::text AS t FROM generate_series(1, 60) i', 'bad', '{"min_bin_events": 0, "special_values": ["1"]}');
SELECT * FROM riskml.iv('SELECT i % 2 AS bad FROM generate_series(1, 60) i', 'bad');

-- ---- faults
\set VERBOSITY terse
SELECT * FROM riskml.woe_table('SELECT 1 AS x, 0 AS bad', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT 1 AS x, true AS bad', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT 1 AS x, 2 AS bad', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT 1 AS x, NULL::int AS bad', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT 1 AS x, 0 AS bad LIMIT 0', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT 1 AS x, ''bad'' AS bad', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT now() AS x, 1 AS bad', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT current_date + i AS x, i % 2 AS bad FROM generate_series(1, 10) i', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT 1 AS x, 1 AS bad', 'y', 'bad', 'ln_good_bad');
SELECT * FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln');
SELECT * FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', NULL);
SELECT * FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad', '{"min_bin": 3}');
SELECT * FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad', '{"input": "y"}');
SELECT * FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad', '[]');
SELECT * FROM riskml.woe_table('DELETE FROM small', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.iv('SELECT * FROM small', 'bad', '{"edges": [1]}');
SELECT * FROM riskml.iv('SELECT * FROM small', 'nobody');
SELECT riskml.fit_recipe('[{"feature": "x", "op": "woe", "convention": "ln_good_bad"}]', 'SELECT NULL::int AS x, i % 2 AS bad FROM generate_series(1, 4) i', 'bad');
SELECT riskml.fit_recipe('[{"feature": "x", "op": "woe", "convention": "ln_good_bad", "special_values": ["a"]}]', 'SELECT ''a'' AS x, i % 2 AS bad FROM generate_series(1, 4) i', 'bad');
SELECT riskml.fit_recipe('[{"feature": "x", "op": "woe", "convention": "ln_good_bad"}]', 'SELECT * FROM small');
CREATE FUNCTION faults(step jsonb) RETURNS SETOF text LANGUAGE sql AS
	$$ SELECT format('%s: %s', field, problem) FROM riskml.check_recipe(jsonb_build_array('{"feature": "x", "op": "woe", "convention": "ln_good_bad", "missing": 0}'::jsonb || step)) $$;
SELECT step - 'n' AS step, f FROM (VALUES
	('{"n": 1, "edges": [1, 2], "values": [1, 2, 3]}'::jsonb), ('{"n": 2, "edges": [1, 2], "values": [1, 2]}'), ('{"n": 3, "edges": [2, 1], "values": [1, 2, 3]}'),
	('{"n": 4, "bins": [["a"], ["b", "a"]], "values": [1, 2]}'), ('{"n": 5, "bins": [["a"], ["b", null]], "values": [1, 2]}'), ('{"n": 6, "bins": [], "values": []}'),
	('{"n": 7, "bins": [["a"], [1]], "values": [1, 2]}'), ('{"n": 8, "bins": [["a"]], "edges": [1], "values": [1]}'), ('{"n": 9, "values": [1]}'),
	('{"n": 10, "bins": [["a"], ["b"]], "values": [1, 2], "special_values": ["b"], "special": [1]}'), ('{"n": 11, "edges": [], "values": [1], "special_values": ["b"], "special": [1]}'),
	('{"n": 12, "edges": [], "values": [1], "special_values": [1, 2], "special": [1]}'), ('{"n": 13, "edges": [], "values": [1], "special_values": [null], "special": [1]}'),
	('{"n": 14, "edges": [], "values": [1], "special": [1]}'), ('{"n": 15, "convention": "ln"}'), ('{"n": 16, "zero_adjust": 0, "max_bins": 0, "max_prebins": 201, "min_bin_size": 1, "min_bin_events": -1, "monotonic": "peak"}'),
	('{"n": 17, "edges": [], "values": ["a"], "missing": null, "unknown": "b"}')) AS t(step)
LEFT JOIN LATERAL faults(step - 'n') f ON true ORDER BY step -> 'n', f COLLATE "C";
SELECT problem, hint FROM riskml.check_recipe('[{"feature": "x", "op": "woe"}]');

-- ---- the query runs as the caller
CREATE ROLE regress_woe_user;
GRANT USAGE ON SCHEMA regress_woe TO regress_woe_user;
SET ROLE regress_woe_user;
SELECT * FROM riskml.woe_table('SELECT * FROM small', 'x', 'bad', 'ln_good_bad');
SELECT * FROM riskml.iv('SELECT * FROM small', 'bad');
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA regress_woe CASCADE;
DROP ROLE regress_woe_user;
