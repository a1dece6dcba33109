-- Contributions: by hand, in every form, with recipes and categories; risk_explain() and explain_summary().
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
SELECT riskml.import_model('regress_why', pg_temp.tiny_model());
CREATE TABLE regress_xloan (id int PRIMARY KEY, debt real, age float8, income int);
INSERT INTO regress_xloan VALUES (1, 5, 20, 40), (2, 15, 40, 40), (3, 0, 65, 90), (4, NULL, 30, 50), (5, NULL, NULL, NULL);
INSERT INTO regress_xloan SELECT i, nullif(i % 21, 20), i % 71, nullif(i * 7 % 101, 100) FROM generate_series(6, 200) i;
ANALYZE regress_xloan;
CREATE FUNCTION pg_temp.round(float8[]) RETURNS numeric[] LANGUAGE sql AS $$ SELECT array_agg(round(x::numeric, 5) ORDER BY i) FROM unnest($1) WITH ORDINALITY t(x, i) $$;
CREATE FUNCTION pg_temp.sum(float8[]) RETURNS numeric LANGUAGE sql AS $$ SELECT round(sum(x)::numeric, 5) FROM unnest($1) x $$;

-- ---- by hand (docs/explain.md): income -0.725 - 0.09375, debt 0.5, age -0.36875; base value 0.5 + 0.725 + 0.2125
SELECT id, pg_temp.round(risk_contributions('regress_why', l)) AS exact, pg_temp.round(risk_contributions('regress_why', l, approximate => true)) AS approximate,
	risk_margin('regress_why', l) AS margin, pg_temp.sum(risk_contributions('regress_why', l)) AS sum, pg_temp.sum(risk_contributions('regress_why', l, 0, true)) AS approximate_sum
FROM regress_xloan l WHERE id <= 5 ORDER BY id;
-- Shapley's formula over all orders of the three features, each coalition's worth by what is not in it being averaged over
WITH worth(s, v) AS (VALUES (0, 1.4375), (1, 0.5 - 0.125 + 0.025), (2, 0.5 + 1.1 + 0.2125), (3, 0.5 + 0.5 + 0.025),
	(4, 0.5 + 0.725 - 0.25), (5, 0.5 - 0.125 - 0.25), (6, 0.5 + 1.1 - 0.25), (7, 0.75))
SELECT i, round(sum((w.v - o.v) / CASE length(replace(o.s::bit(3)::text, '0', '')) WHEN 1 THEN 6 ELSE 3 END), 5) AS contribution
FROM generate_series(0, 2) i, worth w, worth o WHERE (w.s >> i) & 1 = 1 AND o.s = w.s - (1 << i) GROUP BY i ORDER BY i;

-- ---- every form, and how the planner passes it, gives the same
CREATE FUNCTION pg_temp.twin(riskml.model_ref, record, int, boolean) RETURNS float8[] AS '$libdir/riskml', 'riskml_contributions_record' LANGUAGE C STABLE STRICT;
CREATE FUNCTION pg_temp.lines(text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE $1; END $$;
CREATE FUNCTION pg_temp.compare(query text, OUT rewritten bool, OUT n bigint, OUT differ bigint) LANGUAGE plpgsql AS $$
	BEGIN
		SELECT bool_or(l ~ 'contributions_columns') INTO rewritten FROM pg_temp.lines('EXPLAIN (VERBOSE, COSTS OFF) ' || query) l;
		EXECUTE format('SELECT count(*), count(*) FILTER (WHERE q.c IS DISTINCT FROM pg_temp.twin(''regress_why'', l, 0, false)) FROM (%s) q(id, c) JOIN regress_xloan l USING (id)', query) INTO n, differ;
	END $$;
SELECT q, c.* FROM unnest(ARRAY[
	'SELECT id, risk_contributions(''regress_why'', l) FROM regress_xloan l',
	'SELECT id, risk_contributions(''regress_why'', l, id * 0, id < 0) FROM regress_xloan l',
	'SELECT id, risk_contributions(''regress_why@1'', l.*) FROM regress_xloan l WHERE id = 7',
	'SELECT id, risk_contributions(model => ''regress_why'', features => s) FROM (SELECT * FROM regress_xloan OFFSET 0) s',
	'SELECT id, risk_contributions(''regress_why'', ROW(income, debt, age)) FROM regress_xloan',
	'SELECT id, risk_contributions(''regress_'' || left(''why'', 3 + id * 0), l) FROM regress_xloan l',
	'SELECT l.id, risk_contributions(''regress_why'', l) FROM generate_series(1, 300) i LEFT JOIN regress_xloan l ON l.id = i',
	'SELECT id, risk_contributions(''regress_why'', ARRAY[income, debt, age]) FROM regress_xloan l',
	'SELECT id, risk_contributions(''regress_why'', to_jsonb(l)) FROM regress_xloan l',
	'SELECT id, risk_contributions(''regress_why'', to_jsonb(l) - ''note'', lenient => true) FROM regress_xloan l']) WITH ORDINALITY t(q, i), pg_temp.compare(q) c ORDER BY i;
SELECT count(*), max(abs(risk_margin('regress_why', l) - (SELECT sum(x) FROM unnest(risk_contributions('regress_why', l)) x))) < 1e-6 AS adds_up FROM regress_xloan l;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(risk_contributions('regress_why', l)) FROM regress_xloan l;
SELECT count(*) FILTER (WHERE risk_contributions('regress_why', l) = pg_temp.twin('regress_why', l, 0, false)) FROM regress_xloan l;
ROLLBACK;
-- dearer than a score
CREATE FUNCTION pg_temp.cost(query text) RETURNS float8 LANGUAGE plpgsql AS $$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan; RETURN plan -> 0 -> 'Plan' ->> 'Total Cost'; END $$;
SELECT pg_temp.cost('SELECT risk_contributions(''regress_why'', l) FROM regress_xloan l') > pg_temp.cost('SELECT risk_score(''regress_why'', l) FROM regress_xloan l') AS dearer;

-- ---- NULL
SELECT risk_contributions(NULL, l) AS model, risk_contributions('regress_why', NULL::regress_xloan) AS record, risk_contributions('regress_why', NULL::float8[]) AS "array",
	risk_contributions('regress_why', NULL::jsonb) AS jsonb, risk_contributions('regress_why', l, NULL) AS output, risk_contributions('regress_why', l, 0, NULL) AS approximate
FROM regress_xloan l WHERE id = 1;
SELECT count(*) FROM regress_xloan l, risk_explain('regress_why', NULL::regress_xloan);

-- ---- risk_explain: the largest first, base value last
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM regress_xloan l, risk_explain('regress_why', l) e WHERE id = 1;
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM regress_xloan l, risk_explain('regress_why', l, top => 1) e WHERE id = 4;
SELECT e.feature, e.value FROM risk_explain('regress_why', ARRAY[40, NULL, 20.5], 0, 0) e;
SELECT e.feature, e.value FROM risk_explain('regress_why', ARRAY[40, NULL, 20.5]) e;
SELECT e.feature, e.value FROM risk_explain('regress_why', '{"income": 40.50, "age": true}', lenient => true) e;

-- ---- errors
SELECT pg_temp.try(c) FROM unnest(ARRAY[
	'SELECT risk_contributions(''regress_why'', ARRAY[40, 5, 20], 1)',
	'SELECT risk_contributions(''regress_why'', ARRAY[40, 5, 20], -1)',
	'SELECT risk_contributions(''regress_why'', ARRAY[40, 5])',
	'SELECT risk_contributions(''regress_why'', ''{"income": 4}''::jsonb)',
	'SELECT risk_contributions(''regress_nothing'', ARRAY[40, 5, 20])',
	'SELECT feature FROM risk_explain(''regress_why'', ARRAY[40, 5, 20], top => -1)',
	'SELECT feature FROM risk_explain(''regress_why'', ARRAY[40, 5, 20], 1)',
	'SELECT risk_contributions(''regress_why'', ROW(1, 2))']) c;
-- a file whose sums of hessians are no covers is scored, and not explained
SELECT riskml.import_model('regress_xbare', replace(pg_temp.tiny_model(), '[2E1, 1.2E1, 8E0, 7E0, 5E0]', '[2E1, 1.2E1, -8E0, 7E0, 5E0]'));
SELECT risk_score('regress_xbare', ARRAY[40, 5, 20]);
SELECT pg_temp.try($$SELECT risk_contributions('regress_xbare', ARRAY[40, 5, 20])$$);
SELECT pg_temp.try($$SELECT risk_contributions('regress_xbare', ARRAY[40, 5, 20], approximate => true)$$);
-- nobody came to a node: each side counts half
SELECT riskml.import_model('regress_xempty', replace(pg_temp.tiny_model(), '[2E1, 1.2E1, 8E0, 7E0, 5E0]', '[2E1, 0E0, 2E1, 0E0, 0E0]'));
SELECT pg_temp.round(risk_contributions('regress_xempty', ARRAY[40, 5, 20])), pg_temp.sum(risk_contributions('regress_xempty', ARRAY[40, 5, 20]));

-- ---- versions: a moved alias is seen by a plan that is kept; iterations
PREPARE explained AS SELECT pg_temp.round(risk_contributions('regress_why', l)) FROM regress_xloan l WHERE id = 1;
EXECUTE explained;
SELECT riskml.import_model('regress_why', pg_temp.tiny_model(shift => 1));
SELECT riskml.promote('regress_why', 2, 'test');
EXECUTE explained;
SELECT riskml.rollback('regress_why', reason => 'test');
EXECUTE explained;
SELECT riskml.import_model('regress_xfirst', pg_temp.tiny_model(), options => '{"iterations": [0, 1]}');
SELECT pg_temp.round(risk_contributions('regress_xfirst', l)) FROM regress_xloan l WHERE id = 1;
-- the planner passes columns alone, which are shown as well
SELECT ltrim(l) AS l FROM pg_temp.lines('EXPLAIN (VERBOSE, COSTS OFF) SELECT e.* FROM regress_xloan l, risk_explain(''regress_why@1'', l, top => 2) e') l WHERE l ~ 'Function Call';
SELECT count(*), count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differ FROM regress_xloan l,
	LATERAL (SELECT array_agg(e) AS a FROM risk_explain('regress_why', l) e) a, LATERAL (SELECT array_agg(e) AS b FROM risk_explain('regress_' || left('why', 3 + id * 0), l) e) b;
SELECT l.id, e.feature, e.value FROM generate_series(200, 201) i LEFT JOIN regress_xloan l ON l.id = i, risk_explain('regress_why', l, top => 1) e;
SELECT (risk_explain('regress_why', l, top => 0)).feature FROM regress_xloan l WHERE id = 1;
-- equal ones by position
SELECT riskml.import_model('regress_xage', pg_temp.tiny_model(), options => '{"iterations": [1, 2]}');
SELECT e.feature, round(e.contribution::numeric, 5) AS contribution FROM risk_explain('regress_xage', ARRAY[40, 5, 90]) e;

-- ---- categories: a label for a code
SELECT riskml.import_model('regress_xcat', replace(replace(pg_temp.tiny_model(features => '{income,home,age}'), '"split_type":       [0, 0, 0, 0, 0],
           "base_weights":     [0E0, 0E0, 2E0, 5E-1, -1E0]', '"split_type":       [0, 1, 0, 0, 0],
           "base_weights":     [0E0, 0E0, 2E0, 5E-1, -1E0]'), '"sum_hessian":      [2E1, 1.2E1, 8E0, 7E0, 5E0],
           "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": []', '"sum_hessian":      [2E1, 1.2E1, 8E0, 7E0, 5E0],
           "categories": [1], "categories_nodes": [1], "categories_segments": [0], "categories_sizes": [1]'), options => '{"categories": {"home": ["own", "rent"]}}');
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM risk_explain('regress_xcat', ROW(40, 'rent'::text, 20)) e;
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM risk_explain('regress_xcat', ARRAY[40, 0, 20]) e;
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM risk_explain('regress_xcat', '{"income": 40, "home": "own", "age": null}'::jsonb) e;

-- ---- recipes: what is made of a column goes to it; of two columns, half each
SELECT riskml.import_model('regress_xr', pg_temp.tiny_model(), recipe => $$[{"feature": "income", "op": "standardize", "input": "salary", "mean": 0, "std": 1000},
	{"feature": "debt", "op": "ratio", "input": ["owed", "salary"]}, {"feature": "age", "op": "pass"}]$$);
CREATE TABLE regress_xraw (salary numeric, owed int, age float8);
SELECT feature, column_name FROM riskml.check_input('regress_xr', 'regress_xraw');
INSERT INTO regress_xraw VALUES (40000, 200000, 20), (40000, 600000, 40), (NULL, NULL, NULL), (90000, 0, 65);
SELECT salary, owed, age, pg_temp.round(risk_contributions('regress_xr', r)) AS inputs, pg_temp.sum(risk_contributions('regress_xr', r)) AS sum, risk_margin('regress_xr', r) AS margin,
	pg_temp.round(risk_contributions('regress_why', ARRAY[salary / 1000, owed / salary, age])) AS features FROM regress_xraw r;
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM regress_xraw r, risk_explain('regress_xr', r) e WHERE owed = 200000;
SELECT count(*), count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differ FROM regress_xraw r,
	LATERAL (SELECT array_agg(e) AS a FROM risk_explain('regress_xr', r) e) a, LATERAL (SELECT array_agg(e) AS b FROM risk_explain('regress_xr' || left(r.age::text, 0), r) e WHERE r.age IS NOT NULL) b WHERE r.age IS NOT NULL;
SELECT e.feature, e.value FROM risk_explain('regress_xr', '{"salary": 40000, "owed": 1, "age": null}'::jsonb) e;
-- one-hot features come back as one
SELECT riskml.import_model('regress_xo', pg_temp.tiny_model(features => '{home_own,home_rent,age}'), recipe => $$[
	{"feature": "home", "op": "onehot", "categories": ["own", "rent"]}, {"feature": "age", "op": "pass"}]$$);
SELECT e.feature, e.value, round(e.contribution::numeric, 5) AS contribution FROM risk_explain('regress_xo', ROW('rent'::text, 20)::record) e;

-- ---- explain_summary: one scan, as the caller
SELECT s.feature, round(s.mean_abs::numeric, 6) AS mean_abs, round(s.mean::numeric, 6) AS mean, round(s.direction::numeric, 6) AS direction, s.rows FROM riskml.explain_summary('regress_why', 'SELECT * FROM regress_xloan') s;
SELECT f, round(avg(abs(c[n]))::numeric, 6) AS mean_abs, round(avg(c[n])::numeric, 6) AS mean, round(corr(x, c[n])::numeric, 6) AS direction, count(*)
FROM (SELECT *, risk_contributions('regress_why', l) AS c FROM regress_xloan l) l, LATERAL (VALUES ('income', income, 1), ('debt', debt, 2), ('age', age, 3)) v(f, x, n)
GROUP BY f ORDER BY 2 DESC;
SELECT s.feature, round(s.mean_abs::numeric, 6) AS mean_abs, round(s.direction::numeric, 6) AS direction, s.rows FROM riskml.explain_summary('regress_xr', 'TABLE regress_xraw', output => 0) s;
SELECT s.feature, s.direction IS NULL AS has_no_direction FROM riskml.explain_summary('regress_xo', 'SELECT ''own'' AS home, 20 AS age UNION ALL SELECT ''rent'', 40') s;
SELECT count(*) FROM riskml.explain_summary('regress_why', 'SELECT * FROM regress_xloan WHERE false');
SELECT pg_temp.try(c) FROM unnest(ARRAY[
	'SELECT feature FROM riskml.explain_summary(''regress_why'', ''SELECT 1 AS income'')',
	'SELECT feature FROM riskml.explain_summary(''regress_why'', ''DELETE FROM regress_xloan'')',
	'SELECT feature FROM riskml.explain_summary(''regress_why'', ''SELECT 1; SELECT 2'')',
	'SELECT feature FROM riskml.explain_summary(''regress_why'', ''SELECT * FROM regress_xloan'', 3)',
	'SELECT feature FROM riskml.explain_summary(''regress_why'', NULL)',
	'SELECT feature FROM riskml.explain_summary(''regress_xbare'', ''SELECT 1 AS income, 1 AS debt, 1 AS age'')']) c;
-- nor may functions in the query write; afterwards, all may be written again
CREATE FUNCTION pg_temp.empty() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM regress_xloan; RETURN 1; END $$;
SELECT pg_temp.try('SELECT feature FROM riskml.explain_summary(''regress_why'', ''SELECT l.*, pg_temp.empty() FROM regress_xloan l'')');
BEGIN;
SELECT count(*) FROM riskml.explain_summary('regress_why', 'SELECT * FROM regress_xloan');
SELECT pg_temp.empty();
ROLLBACK;
SELECT count(*) FROM regress_xloan;
DROP TABLE regress_xloan, regress_xraw;
