-- riskml.evaluate() and riskml.compare(): what they give, whose privileges they need, what they refuse.
-- test/stats/check_evaluate.py and check_compare.py compare the numbers with scikit-learn and scipy.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
CREATE TABLE "Böse ""t" AS SELECT income, debt, age, income * 7 % 11 < 5 AS "Läbel ""x", (income * 7 % 11 < 5)::int AS y, 1 + age % 3 AS w, income / 10.0 AS loss
	FROM generate_series(10, 90, 10) income, generate_series(0, 20, 5) debt, generate_series(20, 90, 15) age;
SELECT riskml.import_model('ev_binary', pg_temp.tiny_model(objective => 'binary:logistic'));
SELECT riskml.import_model('ev_binary', pg_temp.tiny_model(0.5::real, '{income,debt,age}', 'binary:logistic', '2.5E-1'));
SELECT riskml.import_model('ev_regression', pg_temp.tiny_model());
SELECT riskml.import_model('ev_regression', pg_temp.tiny_model(0.25::real));
SELECT riskml.import_model('ev_' || o, pg_temp.tiny_model(objective => o2)) FROM (VALUES ('raw', 'binary:logitraw'), ('hinge', 'binary:hinge'), ('rank', 'rank:pairwise'), ('unit', 'reg:logistic'), ('cox', 'survival:cox'), ('poisson', 'count:poisson')) v(o, o2);
SELECT metric, round(value::numeric, 9) AS value FROM riskml.evaluate('ev_binary', 'TABLE "Böse ""t" -- all', 'Läbel "x');
-- a label that is a number, a weight, a semicolon, quotes; columns by the names of riskml's own SQL
SELECT metric, round(value::numeric, 9) AS value FROM riskml.evaluate('ev_binary@2', $$SELECT t.*, y::numeric AS source, w AS label, 'it''s' AS score FROM "Böse ""t" AS t;$$, 'source', weight => 'label');
SELECT m, count(*), string_agg(metric, ' ' ORDER BY n) AS metrics FROM unnest('{ev_raw,ev_hinge,ev_rank,ev_unit}'::text[]) m, riskml.evaluate(m::riskml.model_ref, 'TABLE "Böse ""t"', 'Läbel "x') WITH ORDINALITY e(metric, value, n) GROUP BY m ORDER BY m;
SELECT m, metric, round(value::numeric, 9) AS value FROM unnest('{ev_regression,ev_unit,ev_poisson}'::text[]) m, riskml.evaluate(m::riskml.model_ref, 'TABLE "Böse ""t"', 'loss') WITH ORDINALITY e(metric, value, n) ORDER BY m, n;
-- no rows; rows without a label
SELECT * FROM riskml.evaluate('ev_regression', 'SELECT * FROM "Böse ""t" WHERE false', 'loss');
SELECT * FROM riskml.evaluate('ev_binary', 'SELECT *, NULL::boolean AS b FROM "Böse ""t"', 'b') WHERE metric IN ('rows', 'auc');
-- a row of weight 0 is none
SELECT metric, value = count(*) FILTER (WHERE income <> 10) AS of_the_others FROM riskml.evaluate('ev_binary', 'SELECT *, CASE income WHEN 10 THEN 0 ELSE 1 END AS v FROM "Böse ""t"', 'y', 'v'), "Böse ""t" WHERE metric = 'rows' GROUP BY metric, value;
-- each row is scored once for all metrics
CREATE SEQUENCE ev_calls;
SELECT count(*) FROM riskml.evaluate('ev_binary', 'SELECT *, y = 1 AND nextval(''ev_calls'') > 0 AS label FROM "Böse ""t"', 'label');
SELECT last_value <= (SELECT count(*) FROM "Böse ""t") AS once FROM ev_calls;

-- ---- two models
SELECT metric, round(value_a::numeric, 6) AS value_a, round(value_b::numeric, 6) AS value_b, round(difference::numeric, 6) AS difference, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high,
	round(p_value::numeric, 6) AS p_value, method FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'TABLE "Böse ""t"', 'Läbel "x', replicates => 200);
SELECT metric, round(difference::numeric, 6) AS difference, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, method FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'TABLE "Böse ""t"', 'y', 'w', 100, 42, 0.8);
SELECT metric, round(value_a::numeric, 6) AS value_a, round(value_b::numeric, 6) AS value_b, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high FROM riskml.compare('ev_regression@1', 'ev_regression@2', 'TABLE "Böse ""t"', 'loss', replicates => 100);
SELECT metric, difference, p_value FROM riskml.compare('ev_raw', 'ev_raw', 'TABLE "Böse ""t"', 'y', replicates => 20);
-- the order of rows does not show
SELECT count(*) FROM (SELECT * FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'TABLE "Böse ""t"', 'y', replicates => 20) EXCEPT SELECT * FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'SELECT * FROM "Böse ""t" ORDER BY age DESC, income', 'y', replicates => 20)) d;
-- only what weights are beside each other shows
SELECT v, count(*) FROM unnest('{1e300,1e-310,4}'::text[]) v, LATERAL (SELECT metric, round(value_b::numeric, 9), round(low::numeric, 9), p_value FROM riskml.compare('ev_binary@1', 'ev_binary@2', format('SELECT *, w * %s::float8 AS v FROM "Böse ""t"', v), 'y', 'v', 20) WHERE metric <> 'psi'
	INTERSECT SELECT metric, round(value_b::numeric, 9), round(low::numeric, 9), p_value FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'TABLE "Böse ""t"', 'y', 'w', 20) WHERE value_b IS NOT NULL AND metric <> 'psi') same GROUP BY v ORDER BY v;
-- no rows, one class, no replicates
SELECT count(*), count(value_b) AS numbers FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'SELECT * FROM "Böse ""t" WHERE false', 'y');
SELECT metric, value_a IS NULL AS none, low IS NULL AS no_interval FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'SELECT * FROM "Böse ""t" WHERE y = 1', 'y', replicates => 5);
SELECT metric, low IS NULL AS no_interval FROM riskml.compare('ev_binary@1', 'ev_binary@2', 'TABLE "Böse ""t"', 'y', replicates => 0);

-- ---- what is refused
\pset tuples_only on
SELECT q, l, pg_temp.try(format('SELECT * FROM riskml.evaluate(%L, %L, %L)', m, q, l)) FROM (VALUES
	('ev_binary', 'SELECT 1 AS y; SELECT 2', 'y'), ('ev_binary', 'DELETE FROM "Böse ""t" RETURNING *', 'y'), ('ev_binary', 'WITH d AS (DELETE FROM "Böse ""t" RETURNING *) TABLE d', 'y'),
	('ev_binary', 'SELECT * INTO other FROM "Böse ""t"', 'y'), ('ev_binary', 'SELECT * FROM "Böse ""t") t; DROP TABLE "Böse ""t"; --', 'y'), ('ev_binary', '', 'y'), ('ev_binary', 'SELECT *, $1 AS z FROM "Böse ""t"', 'y'),
	('ev_binary', 'TABLE nowhere', 'y'), ('ev_binary', 'TABLE "Böse ""t" FOR UPDATE', 'y'), ('ev_binary', 'SELECT true AS y', 'y'),
	('ev_binary', 'TABLE "Böse ""t"', 'Y'), ('ev_binary', 'SELECT *, 1 AS y FROM "Böse ""t"', 'y'), ('ev_binary', 'SELECT *, ''a'' AS z FROM "Böse ""t"', 'z'),
	('ev_binary', 'TABLE "Böse ""t"', 'w'), ('ev_binary', 'SELECT *, 0.5 AS z FROM "Böse ""t"', 'z'), ('ev_binary', 'SELECT *, ''NaN''::float8 AS z FROM "Böse ""t"', 'z'),
	('ev_regression', 'TABLE "Böse ""t"', 'Läbel "x'), ('ev_regression', 'SELECT *, ''Infinity''::float8 AS z FROM "Böse ""t"', 'z'), ('ev_cox', 'TABLE "Böse ""t"', 'loss'), ('nobody', 'TABLE "Böse ""t"', 'y')) v(m, q, l);
SELECT pg_temp.try(c) FROM unnest(ARRAY['SELECT riskml.evaluate(NULL, ''TABLE x'', ''y'')', 'SELECT riskml.evaluate(''ev_binary'', NULL, ''y'')', 'SELECT riskml.evaluate(''ev_binary'', ''TABLE x'', NULL)',
	'SELECT riskml.evaluate(''ev_binary'', ''SELECT *, -1 AS v FROM "Böse ""t"'', ''y'', ''v'')', 'SELECT riskml.evaluate(''ev_binary'', ''SELECT *, ''''x'''' AS v FROM "Böse ""t"'', ''y'', ''v'')',
	'SELECT riskml.compare(''ev_binary'', ''ev_regression'', ''TABLE "Böse ""t"'', ''y'')', 'SELECT riskml.compare(''ev_binary'', ''ev_binary'', ''TABLE "Böse ""t"'', ''y'', replicates => -1)',
	'SELECT riskml.compare(''ev_binary'', ''ev_binary'', ''TABLE "Böse ""t"'', ''y'', replicates => 10001)', 'SELECT riskml.compare(''ev_binary'', ''ev_binary'', ''TABLE "Böse ""t"'', ''y'', confidence => 1)',
	'SELECT riskml.compare(''ev_binary'', ''ev_binary'', ''TABLE "Böse ""t"'', ''y'', confidence => ''NaN'')',
	'SELECT riskml.compare(''ev_regression'', ''ev_regression'', ''SELECT *, 1e200 AS z FROM "Böse ""t"'', ''z'')']) c;
-- ---- privileges: of the caller on what the query reads, and to score
CREATE ROLE regress_judge;
GRANT SELECT ON "Böse ""t" TO regress_judge;
SET ROLE regress_judge;
SELECT pg_temp.try('SELECT riskml.evaluate(''ev_binary'', ''TABLE "Böse ""t"'', ''y'')');
SELECT pg_temp.try('SELECT riskml.compare(''ev_binary'', ''ev_binary'', ''TABLE "Böse ""t"'', ''y'')');
RESET ROLE;
SELECT riskml.grant_model('ev_binary', 'regress_judge', 'score');
SET ROLE regress_judge;
SELECT count(*) > 5 FROM riskml.evaluate('ev_binary', 'TABLE "Böse ""t"', 'y');
SELECT pg_temp.try('SELECT riskml.compare(''ev_binary'', ''ev_raw'', ''TABLE "Böse ""t"'', ''y'')');
SELECT pg_temp.try('SELECT riskml.evaluate(''ev_binary'', ''SELECT age, debt, income, 1 AS y, model_id FROM "Böse ""t", riskml.model'', ''y'')');
RESET ROLE;
REVOKE SELECT ON "Böse ""t" FROM regress_judge;
SET ROLE regress_judge;
SELECT pg_temp.try('SELECT riskml.evaluate(''ev_binary'', ''TABLE "Böse ""t"'', ''y'')');
RESET ROLE;
SELECT riskml.revoke_model('ev_binary', 'regress_judge', 'score');
DROP ROLE regress_judge;
DROP TABLE "Böse ""t";
DROP SEQUENCE ev_calls;
SELECT pg_temp.drop_models('ev_binary', 'ev_regression', 'ev_raw', 'ev_hinge', 'ev_rank', 'ev_unit', 'ev_cox', 'ev_poisson');
