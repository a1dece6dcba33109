-- Splits by category: codes, labels of the file (cats) and of the import, in every type of column.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
\t on

-- ---- codes
SELECT riskml.import_model('regress_cat', pg_temp.cat_model());
SELECT x, risk_margin('regress_cat', ARRAY[x, 0, NULL]) AS home, risk_margin('regress_cat', ARRAY[1, x, NULL]) AS region
FROM unnest('{0,1,2,3,4,-0.5,-1,2.7,3.9,31,32,16777215,16777216,3e9,-3e9,Infinity,-Infinity,NaN,NULL}'::float8[]) x;
-- as the writing version took odd codes: up to 1.5 truncated first, from 1.6 to 1.7.2 to the default side
SELECT riskml.import_model('regress_cat' || n, pg_temp.cat_model(v)) FROM (VALUES (15, '[1, 5, 2]'), (16, '[1, 6, 2]'), (172, '[1, 7, 2]'), (173, '[1, 7, 3]')) t(n, v);
SELECT x, risk_margin('regress_cat15', ARRAY[x, x, NULL]) AS v15, risk_margin('regress_cat16', ARRAY[x, x, NULL]) AS v16, risk_margin('regress_cat16', ARRAY[1, x, NULL]) AS v16_right,
	risk_margin('regress_cat172', ARRAY[1, x, NULL]) AS v172, risk_margin('regress_cat173', ARRAY[1, x, NULL]) AS v173, risk_margin('regress_cat15', ARRAY[1, x, NULL]) AS v15_right
FROM unnest('{1,-0.5,-1,31,32,16777216}'::float8[]) x;
SELECT bool_and(passed) FROM unnest('{regress_cat,regress_cat15,regress_cat16,regress_cat172}'::text[]) m, riskml.verify(m);
SELECT feature, weight, total_gain, total_cover FROM riskml.model_features WHERE model = 'regress_cat' ORDER BY position;

-- ---- text without labels is refused, with labels of the import it is a category
SELECT pg_temp.try($$SELECT risk_margin('regress_cat', x) FROM (SELECT 'own' AS home, 7 AS region, 1 AS income) x$$);
SELECT pg_temp.try($$SELECT risk_margin('regress_cat', '{"home": "own", "region": 7, "income": 1}'::jsonb)$$);
SELECT riskml.import_model('regress_cat', pg_temp.cat_model(), alias => 'production',
	options => '{"categories": {"region": [-20, 7, 300], "home": ["", "own", "rent", "ünder"]}}');
SELECT riskml.import_model('regress_cats', pg_temp.cat_model('[3, 4, 0]', cats => pg_temp.cats()));
SELECT options FROM riskml.model_version JOIN riskml.model USING (model_id) WHERE name = 'regress_cat' ORDER BY version;
CREATE TYPE regress_home AS ENUM ('', 'own', 'rent', 'ünder', 'tent');
CREATE DOMAIN regress_label AS varchar(10);
CREATE TABLE regress_homes (id int, home text, region text, income int);
INSERT INTO regress_homes VALUES (1, 'own', '-20', 1), (2, 'own', '7', 1), (3, 'rent', '300', 1), (4, '', '7', NULL), (5, 'ünder', '-20', 1), (6, NULL, NULL, NULL), (7, 'own', NULL, 1);
SELECT id, h.home, h.region, risk_margin('regress_cats', h), risk_margin('regress_cat', h), risk_margin('regress_cats', to_jsonb(h)),
	risk_margin('regress_cats', x) AS name_enum
FROM regress_homes h, LATERAL (SELECT h.home::regress_home AS home, h.region::name AS region, h.income) x ORDER BY id;
SELECT risk_margin('regress_cats', x) FROM (SELECT 'own'::char(9) AS home, '-20'::regress_label AS region, 1 AS income) x;
SELECT risk_margin('regress_cats', x) FROM (SELECT 1::int2 AS home, 0.0 AS region, 1 AS income) x;
SELECT risk_margin('regress_cats', ROW('own', '7', NULL)), risk_margin('regress_cats', ROW('own', 0, NULL)), risk_margin('regress_cats', ROW(1, 0, 5)), risk_margin('regress_cats', '{1,0,5}'::float8[]);
SELECT riskml.check_input('regress_cats', 'regress_homes');
CREATE TABLE regress_codes (home int, region regress_home, income text);
SELECT riskml.check_input('regress_cats', 'regress_codes');
SELECT feature, problem FROM riskml.check_input('regress_cat@1', 'regress_codes');
-- what the model does not know; XGBoost refuses those too
SELECT pg_temp.try(format($$SELECT risk_margin('regress_cats', x) FROM (SELECT %L::text AS home, %L::text AS region, 1 AS income) x$$, home, region))
FROM (VALUES ('tent', '7'), ('Own', '7'), ('own ', '7'), ('own', '8'), ('own', '07'), ('own', '7.0'), ('own', repeat('x', 300))) t(home, region);
SELECT pg_temp.try($$SELECT risk_margin('regress_cats', '{"home": "tent", "region": 7, "income": 1}'::jsonb)$$);
SELECT pg_temp.try($$SELECT risk_margin('regress_cats', '{"home": "own", "region": 7, "income": "1"}'::jsonb)$$);
SELECT bool_and(passed) FROM unnest('{regress_cat,regress_cats}'::text[]) m, riskml.verify(m);

-- ---- up to 3.3 labels beyond ASCII may have been cut: they are not used, but those of the import are
SELECT riskml.import_model('regress_cut', pg_temp.cat_model('[3, 3, 0]', cats => pg_temp.cats()));
SELECT pg_temp.try($$SELECT risk_margin('regress_cut', h) FROM regress_homes h$$);
SELECT risk_margin('regress_cut', x) FROM (SELECT 1 AS home, '-20' AS region, 5 AS income) x;
SELECT riskml.import_model('regress_cut', pg_temp.cat_model('[3, 3, 0]', cats => pg_temp.cats()), options => '{"categories": {"home": ["", "own", "rent", "ünder"]}}', alias => 'production');
SELECT id, risk_margin('regress_cut', h) FROM regress_homes h ORDER BY id;
-- saved again by 3.4: a label that is no UTF-8 tells it
SELECT riskml.import_model('regress_cut', pg_temp.cat_model('[3, 4, 0]', cats => pg_temp.cats() || '{"enc": [{"offsets": [0, 1], "values": [-61]}, {"type": 15, "values": [-20, 7, 300]}, {"offsets": [], "values": []}],
	"feature_segments": [0, 1, 4, 4], "sorted_idx": [0, 0, 1, 2]}'));

-- ---- the option
SELECT o, pg_temp.try(format('SELECT riskml.import_model(%L, %L::text, options => %L)', 'regress_bad', pg_temp.cat_model('[3, 4, 0]', cats => CASE WHEN o ~ 'twice' THEN pg_temp.cats() END), o))
FROM unnest('{"{\"categories\": {\"house\": [\"a\"]}}","{\"categories\": {\"home\": [\"x\", \"a\", \"y\", \"a\"]}}","{\"categories\": {\"home\": []}}","{\"categories\": {\"home\": \"a\"}}","{\"categories\": [\"a\"]}",
	"{\"categories\": {\"home\": [\"a\", null]}}","{\"categories\": {\"home\": [1.5]}}","{\"categories\": {\"home\": [\"twice\"]}}","{\"categories\": {\"home\": [\"a\", \"b\", \"c\"]}}"}'::text[]) o;
-- a feature that the file calls numeric, or that is compared with thresholds
SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text, options => %L)', 'regress_bad', m, '{"categories": {"home": ["a", "b", "c", "d"]}}'))
FROM (VALUES (jsonb_set(pg_temp.cat_model()::jsonb, '{learner,feature_types}', '["int", "c", "q"]')::text), (pg_temp.cat_model(tree => '{"split_type": [0, 0, 1, 0, 0], "categories": [0], "categories_nodes": [2], "categories_segments": [0], "categories_sizes": [1]}'))) t(m);
-- order of features and of keys does not matter, that of labels does
SELECT riskml.import_model('regress_opt', pg_temp.cat_model(), options => o::jsonb)
FROM unnest('{"{\"categories\": {\"home\": [\"a\", \"b\", \"c\", \"d\"], \"region\": [\"1\"]}}","{\"categories\": {\"region\": [1], \"home\": [\"a\", \"b\", \"c\", \"d\"]}}","{\"categories\": {\"region\": [1], \"home\": [\"b\", \"a\", \"c\", \"d\"]}}","{\"categories\": {}}"}'::text[]) o;
-- names given at import are those of the option
SELECT riskml.import_model('regress_opt', pg_temp.cat_model(features => '[]'), options => '{"categories": {"f0": ["a", "b", "c", "d"]}}', alias => 'production');
SELECT risk_margin('regress_opt', x) FROM (SELECT 'b' AS f0, 0 AS f1, 0 AS f2) x;
SELECT riskml.import_model('regress_opt', pg_temp.cat_model(), feature_names => '{h,r,i}', options => '{"categories": {"h": ["a", "b", "c", "d"]}}', alias => 'production');
SELECT risk_margin('regress_opt', x) FROM (SELECT 'b' AS h, 0 AS r, 0 AS i) x;

-- ---- a pruned split, now a leaf, may keep its mark; the message of a fault names the node
SELECT riskml.import_model('regress_opt', pg_temp.cat_model(tree => '{"split_type": [1, 1, 1, 0, 0], "categories": [1, 3, 5, 0], "categories_nodes": [0, 1, 2], "categories_segments": [0, 2, 3], "categories_sizes": [2, 1, 1]}'), alias => 'production');
SELECT risk_margin('regress_opt', '{5,0,0}'::float8[]), risk_margin('regress_opt', '{1,0,0}'::float8[]);
SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text)', 'regress_bad', pg_temp.cat_model(tree => t::jsonb))) FROM unnest(ARRAY[
	'{"categories": [1, 3]}', '{"categories": [1, 3, 0, 4]}', '{"categories": [3, 1, 0]}', '{"categories": [1, 1, 0]}', '{"categories": [-1, 3, 0]}', '{"categories": [1, 16777216, 0]}',
	'{"categories_nodes": [2, 0]}', '{"categories_nodes": [0, 5]}', '{"categories_nodes": [0, 1]}', '{"categories_nodes": [0]}', '{"categories_segments": [0, 1]}', '{"categories_segments": [0, -1]}',
	'{"categories_sizes": [0, 3]}', '{"categories_sizes": [2, 2]}', '{"categories_sizes": [2, -1]}', '{"split_type": [1, 0, 0, 0, 0]}', '{"split_type": [1, 1, 1, 0, 0]}']) t;
SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text)', 'regress_bad', pg_temp.cat_model('[3, 4, 0]', cats => pg_temp.cats() || c::jsonb))) FROM unnest(ARRAY[
	'{"enc": [{"offsets": [], "values": []}]}', '{"feature_segments": [0, 4, 7]}', '{"feature_segments": [0, 4, 6, 7]}', '{"sorted_idx": [0, 3, 1, 2, 0, 1]}', '{"sorted_idx": [0, 3, 1, 1, 0, 1, 2]}',
	'{"enc": [{"offsets": [1, 2], "values": [97, 98]}, {"type": 15, "values": [-20, 7, 300]}, {"offsets": [], "values": []}]}',
	'{"enc": [{"offsets": [0, 1, 2], "values": [97, 97]}, {"type": 15, "values": [-20, 7, 300]}, {"offsets": [], "values": []}], "feature_segments": [0, 2, 5, 5], "sorted_idx": [0, 1, 0, 1, 2]}',
	'{"enc": [{"offsets": [0, 1], "values": [0]}, {"type": 15, "values": [-20, 7, 300]}, {"offsets": [], "values": []}], "feature_segments": [0, 1, 4, 4], "sorted_idx": [0, 0, 1, 2]}',
	'{"enc": [{"offsets": [0, 1], "values": [256]}, {"type": 15, "values": [-20, 7, 300]}, {"offsets": [], "values": []}]}',
	'{"enc": [{"offsets": [0, 1], "values": [97]}, {"type": 9, "values": [-20, 7, 300]}, {"offsets": [], "values": []}], "feature_segments": [0, 1, 4, 4], "sorted_idx": [0, 0, 1, 2]}',
	'{"enc": [{"offsets": [0, 1], "values": [97]}, {"type": 8, "values": [1]}, {"offsets": [], "values": []}]}',
	'{"enc": [{"offsets": [0, 1]}, {"type": 15, "values": [1]}, {"offsets": [], "values": []}]}']) c;
SELECT count(*) FROM riskml.models WHERE model = 'regress_bad';

SELECT pg_temp.drop_models('regress_cat', 'regress_cat15', 'regress_cat16', 'regress_cat172', 'regress_cat173', 'regress_cats', 'regress_cut', 'regress_opt');
DROP TABLE regress_homes, regress_codes;
DROP TYPE regress_home;
DROP DOMAIN regress_label;
