-- Models with several outputs, classes, linear models: what each function gives for each kind of
-- objective, and which function is told to be the wrong one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
\t on
-- The tiny model under another objective and number of outputs: tree 0 adds to output 0, tree 1 to
-- the last; other values of learner_model_param and of the objective's parameters as given.
CREATE FUNCTION pg_temp.wide_model(objective text, param jsonb, base_score text DEFAULT '5E-1',
	params jsonb DEFAULT '{}', version text DEFAULT '[2, 1, 4]') RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(m, '{learner,objective}', jsonb_build_object('name', objective) || params),
		'{learner,learner_model_param}', m #> '{learner,learner_model_param}' || param || jsonb_build_object('base_score', base_score)),
		'{learner,gradient_booster,model,tree_info}', jsonb_build_array(0, greatest((param ->> 'num_class')::int, (param ->> 'num_target')::int, 1) - 1)),
		'{learner,gradient_booster,model,iteration_indptr}', '[0, 2]'),
		'{version}', version::jsonb)::text
	FROM (SELECT pg_temp.tiny_model()::jsonb) t(m) $$;
-- What a function gives for a model, rounded, or its error.
CREATE FUNCTION pg_temp.call(function text, model text, features text DEFAULT '{40,15,40}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format(CASE WHEN function IN ('risk_scores', 'risk_margins')
			THEN 'SELECT array_agg(round(v::numeric, 6)) FROM unnest(%I(%L, %L::float8[])) v'
			WHEN function IN ('risk_class', 'risk_leaves') THEN 'SELECT %I(%L, %L::float8[])'
			ELSE 'SELECT round(%I(%L, %L::float8[])::numeric, 6)' END, function, model, features)) $$;

-- ---- classes: tree 0 gives -1 to class 0, tree 1 gives 0.25 to class 2
SELECT riskml.import_model('regress_prob', pg_temp.wide_model('multi:softprob', '{"num_class": "3"}', params => '{"softmax_multiclass_param": {"num_class": "3"}}'));
SELECT riskml.import_model('regress_max', pg_temp.wide_model('multi:softmax', '{"num_class": "3"}', params => '{"softmax_multiclass_param": {"num_class": "3"}}'));
SELECT riskml.import_model('regress_one', pg_temp.wide_model('multi:softprob', '{"num_class": "1"}', params => '{"softmax_multiclass_param": {"num_class": "1"}}'));
SELECT m, f, pg_temp.call(f, m) FROM unnest('{regress_prob,regress_max,regress_one}'::text[]) WITH ORDINALITY m(m, i),
	unnest('{risk_margins,risk_scores,risk_class,risk_leaves,risk_margin,risk_score}'::text[]) WITH ORDINALITY f(f, j) ORDER BY i, j;
-- equal margins: the first of them
SELECT risk_class('regress_max', '{90,0,20}'::float8[]), risk_margins('regress_max', '{90,0,20}'::float8[]),
	risk_class('regress_max', '{50,15,30}'::float8[]), risk_margins('regress_max', '{50,15,30}'::float8[]);
-- several base scores
SELECT riskml.import_model('regress_prob', pg_temp.wide_model('multi:softprob', '{"num_class": "3"}', '[1E0,-2E0,5E-1]', '{"softmax_multiclass_param": {"num_class": "3"}}', '[3, 2, 0]'), alias => 'production');
SELECT risk_margins('regress_prob', '{40,15,40}'::float8[]), round((SELECT sum(p) FROM unnest(risk_scores('regress_prob', '{40,15,40}'::float8[])) p)::numeric, 6);

-- ---- binary: which class is above one half; exactly one half is class 0
SELECT riskml.import_model('regress_bin', pg_temp.tiny_model(objective => 'binary:logistic'));
SELECT riskml.import_model('regress_raw', pg_temp.tiny_model(objective => 'binary:logitraw', base_score => '7.5E-1'));
SELECT riskml.import_model('regress_hinge', pg_temp.tiny_model(objective => 'binary:hinge', base_score => '7.5E-1'));
SELECT m, x, round(risk_margin(m, x::float8[])::numeric, 6), round(risk_score(m, x::float8[])::numeric, 6), risk_class(m, x::float8[]), risk_scores(m, x::float8[])
FROM unnest('{regress_bin,regress_raw,regress_hinge}'::text[]) WITH ORDINALITY m(m, i), unnest('{"{40,15,40}","{90,0,65}"}'::text[]) x ORDER BY i, x;
SELECT riskml.import_model('regress_bin', pg_temp.tiny_model(-0.25::real, objective => 'binary:logistic'), alias => 'production');
SELECT risk_margin('regress_bin', '{40,5,20}'::float8[]), risk_score('regress_bin', '{40,5,20}'::float8[]), risk_class('regress_bin', '{40,5,20}'::float8[]);
-- several labels have no single class
SELECT riskml.import_model('regress_labels', pg_temp.wide_model('binary:logistic', '{"num_target": "2"}'));
SELECT f, pg_temp.call(f, 'regress_labels') FROM unnest('{risk_margins,risk_scores,risk_class,risk_score}'::text[]) f;

-- ---- targets; a custom objective saved with num_class: the link applies to each output
SELECT riskml.import_model('regress_targets', pg_temp.wide_model('count:poisson', '{"num_target": "2"}'));
SELECT riskml.import_model('regress_custom', pg_temp.wide_model('reg:squarederror', '{"num_class": "4"}'));
SELECT m, f, pg_temp.call(f, m) FROM unnest('{regress_targets,regress_custom}'::text[]) WITH ORDINALITY m(m, i),
	unnest('{risk_margins,risk_scores,risk_class,risk_margin}'::text[]) WITH ORDINALITY f(f, j) ORDER BY i, j;

-- ---- quantiles: sorted from 3.4 on; expectiles: gaps
SELECT riskml.import_model('regress_q33', pg_temp.wide_model('reg:quantileerror', '{"num_target": "2"}', '[5E-1,-4E0]', '{"quantile_loss_param": {"quantile_alpha": "[1E-1,9E-1]"}}', '[3, 3, 0]'));
SELECT riskml.import_model('regress_q34', pg_temp.wide_model('reg:quantileerror', '{"num_target": "2"}', '[5E-1,-4E0]', '{"quantile_loss_param": {"quantile_alpha": "[1E-1,9E-1]"}}', '[3, 4, 1]'));
SELECT riskml.import_model('regress_e33', pg_temp.wide_model('reg:expectileerror', '{"num_target": "2"}', '[5E-1,2E0]', '{"expectile_loss_param": {"expectile_alpha": "(0.1, 0.9)"}}', '[3, 3, 0]'));
SELECT m, f, pg_temp.call(f, m) FROM unnest('{regress_q33,regress_q34,regress_e33}'::text[]) WITH ORDINALITY m(m, i),
	unnest('{risk_margins,risk_scores,risk_score}'::text[]) WITH ORDINALITY f(f, j) ORDER BY i, j;

-- ---- a linear model: 0.5 + bias 0.25 + 2 * income - debt; age has weight 0
CREATE FUNCTION pg_temp.linear_model(objective text, weights text, param jsonb DEFAULT '{}', base_score text DEFAULT '5E-1') RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(pg_temp.wide_model(objective, param, base_score)::jsonb #- '{learner,gradient_booster}',
		'{learner,gradient_booster}', format('{"name": "gblinear", "model": {"weights": %s, "boosted_rounds": 3}}', weights)::jsonb),
		'{version}', '[3, 3, 0]')::text $$;
SELECT riskml.import_model('regress_lin', pg_temp.linear_model('reg:squarederror', '[2, -1, 0, 0.25]'));
SELECT riskml.import_model('regress_lin2', pg_temp.linear_model('reg:squarederror', '[2, 1, -1, 1, 0, 1, 0.25, 8]', '{"num_target": "2"}', '[5E-1,1E2]'));
SELECT m, f, pg_temp.call(f, m, '{3,0.5,NULL}') FROM unnest('{regress_lin,regress_lin2}'::text[]) WITH ORDINALITY m(m, i),
	unnest('{risk_margins,risk_scores,risk_score,risk_class,risk_leaves}'::text[]) WITH ORDINALITY f(f, j) ORDER BY i, j;
SELECT risk_margin('regress_lin', ROW(NULL::int, NULL::int, NULL::int)), risk_margin('regress_lin', '{"income": 1, "debt": null, "age": 7}'::jsonb);
SELECT model, booster, outputs, trees, nodes, depth, kernel FROM riskml.models WHERE model LIKE 'regress_lin%' ORDER BY 1;
SELECT model, feature, weight, gain, total_cover, coefficients FROM riskml.model_features WHERE model LIKE 'regress_lin%' ORDER BY 1, position;
-- a damaged image shows none
SELECT count(*) FILTER (WHERE c IS NOT NULL), count(*) FROM riskml.model_version v
CROSS JOIN LATERAL (SELECT overlay(image PLACING '\x01' FROM octet_length(image)) AS damaged) d
LEFT JOIN LATERAL riskml.image_coefficients(d.damaged) c ON true WHERE model_id IN (SELECT model_id FROM riskml.model WHERE name LIKE 'regress_lin%');
SELECT item, passed FROM riskml.verify('regress_lin2');
SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text, options => %L)', 'regress_lin', pg_temp.linear_model('reg:squarederror', '[2, -1, 0, 0.25]'), '{"iterations": [0, 2]}'));
SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text)', 'regress_lin', pg_temp.linear_model('reg:squarederror', w))) FROM unnest('{"[2, -1, 0]","[2, -1, 0, 1, 1]","[]","[2, -1, 0, \"x\"]","[2, -1, 0, 1e39]"}'::text[]) w;

-- ---- vector leaves: 3.0 keeps them in base_weights, 3.2 in leaf_weights with the row in right_children
CREATE FUNCTION pg_temp.vector_model(version text, tree jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(pg_temp.wide_model('reg:squarederror', '{"num_target": "2"}', version => version)::jsonb,
		'{learner,gradient_booster,model}', '{"gbtree_model_param": {"num_trees": "1", "num_parallel_tree": "1"}, "tree_info": [0], "iteration_indptr": [0, 1]}'),
		'{learner,gradient_booster,model,trees}', jsonb_build_array('{"id": 0, "tree_param": {"num_deleted": "0", "num_feature": "3", "num_nodes": "3", "size_leaf_vector": "2"},
			"left_children": [1, -1, -1], "right_children": [2, -1, -1], "parents": [-1, 0, 0], "split_indices": [0, 0, 0], "split_type": [0, 0, 0],
			"split_conditions": [50, 0, 0], "default_left": [1, 0, 0], "base_weights": [9, 9, 1, -1, 2, -2],
			"categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": []}'::jsonb || tree))::text $$;
SELECT riskml.import_model('regress_v30', pg_temp.vector_model('[3, 0, 5]', '{}'));
SELECT riskml.import_model('regress_v32', pg_temp.vector_model('[3, 2, 0]', '{"right_children": [2, 1, 0], "leaf_weights": [20, -20, 10, -10], "loss_changes": [4, 0, 0], "sum_hessian": [9, 4, 5]}'));
SELECT m, risk_margins(m, '{40,0,0}'::float8[]), risk_margins(m, '{60,0,0}'::float8[]), risk_margins(m, '{NULL,0,0}'::float8[]), risk_leaves(m, '{60,0,0}'::float8[])
FROM unnest('{regress_v30,regress_v32}'::text[]) m;
SELECT model, feature, weight, gain, cover FROM riskml.model_features WHERE model LIKE 'regress_v3%' AND position = 0 ORDER BY 1;
SELECT pg_temp.try(format('SELECT riskml.import_model(%L, %L::text)', 'regress_bad', pg_temp.vector_model(v, t::jsonb))) FROM (VALUES
	('[3, 2, 0]', '{}'),
	('[1, 7, 4]', '{}'),
	('[3, 0, 5]', '{"base_weights": [9, 9, 1, -1, 2]}'),
	('[3, 2, 0]', '{"right_children": [2, 1, 1], "leaf_weights": [20, -20, 10, -10], "loss_changes": [4, 0, 0], "sum_hessian": [9, 4, 5]}'),
	('[3, 2, 0]', '{"right_children": [2, 0, 2], "leaf_weights": [20, -20, 10, -10], "loss_changes": [4, 0, 0], "sum_hessian": [9, 4, 5]}'),
	('[3, 2, 0]', '{"right_children": [2, 0, 1], "leaf_weights": [20, -20, 10], "loss_changes": [4, 0, 0], "sum_hessian": [9, 4, 5]}'),
	('[3, 2, 0]', '{"right_children": [2, 0, 1], "leaf_weights": [20, -20, 10, -10], "sum_hessian": [9, 4, 5]}'),
	('[3, 2, 0]', '{"tree_param": {"num_deleted": "0", "num_feature": "3", "num_nodes": "3", "size_leaf_vector": "3"}}')
) t(v, t);

-- ---- iterations: begin and end as XGBoost's iteration_range; each a version of its own
SELECT riskml.import_model('regress_it', jsonb_set(pg_temp.tiny_model()::jsonb, '{learner,gradient_booster,model,iteration_indptr}', '[0, 1, 2]')::text, options => o::jsonb, alias => 'production')
FROM unnest('{"{}","{\"iterations\": [0, 0]}","{\"iterations\": [0, 1]}","{\"iterations\": [1, 2]}","{\"iterations\": [1, 0]}","{\"iterations\": [1, 1]}","{\"best_iteration\": true}"}'::text[]) o;
SELECT v, risk_margin('regress_it@' || v, '{90,0,65}'::float8[]), risk_leaves('regress_it@' || v, '{90,0,65}'::float8[]), (SELECT trees FROM riskml.models WHERE model = 'regress_it' AND version = v)
FROM generate_series(1, 6) v;
SELECT version, options FROM riskml.model_version JOIN riskml.model USING (model_id) WHERE name = 'regress_it' ORDER BY 1;
SELECT feature, weight FROM riskml.model_features WHERE model = 'regress_it' AND version = 2 ORDER BY position;
SELECT v, bool_and(passed) FROM generate_series(1, 6) v, riskml.verify('regress_it@' || v) GROUP BY v ORDER BY v;
SELECT o, pg_temp.try(format('SELECT riskml.import_model(%L, pg_temp.tiny_model(), options => %L)', 'regress_bad', o))
FROM unnest('{"{\"iterations\": [0, 3]}","{\"iterations\": [2, 1]}","{\"iterations\": [1]}","{\"iterations\": [0, 1, 2]}","{\"iterations\": [-1, 1]}","{\"iterations\": [0.5, 1]}","{\"iterations\": 2}","{\"iterations\": [0, 1], \"best_iteration\": true}","{\"iterations\": [0, 0], \"best_iteration\": true}","{\"iterations\": [0, 99999999999]}"}'::text[]) o;

-- ---- an unfitted model of 3.1 and later has its base score without the link
DO $$
DECLARE t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES ('regress_u1', '[3, 0, 5]', '1'), ('regress_u2', '[3, 1, 0]', '1'), ('regress_u3', '[3, 1, 0]', '0')) t(m, v, b) LOOP
		PERFORM riskml.import_model(t.m, jsonb_set(pg_temp.wide_model('binary:logistic', jsonb_build_object('boost_from_average', t.b), '2.5E-1', version => t.v)::jsonb,
			'{learner,gradient_booster,model}', '{"gbtree_model_param": {"num_trees": "0", "num_parallel_tree": "1"}, "tree_info": [], "trees": [], "iteration_indptr": [0]}')::text);
	END LOOP;
END $$;
SELECT m, round(risk_margin(m, '{1,2,3}'::float8[])::numeric, 6) FROM unnest('{regress_u1,regress_u2,regress_u3}'::text[]) m;

-- ---- without trees the base margin is the margin, with its sign: -0 also in the versions that add it last
SELECT riskml.import_model('regress_none', format('{"version":[%s],"learner":{"objective":{"name":"binary:logistic"},"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"1"},"gradient_booster":{"name":"gbtree","model":{"gbtree_model_param":{"num_trees":"0","size_leaf_vector":"0"},"tree_info":[],"trees":[]}}}}', version), alias => 'production')
FROM unnest('{"1,2,1","1,7,4"}'::text[]) version;
SELECT version, risk_margin('regress_none@' || version, ARRAY[1]::float8[]) FROM generate_series(1, 2) version;
SELECT bool_and(passed) FROM generate_series(1, 2) version, riskml.verify('regress_none@' || version);
SELECT pg_temp.drop_models('regress_none');
-- dart of 1.4 to 3.2 adds a leaf to 0 before it weighs it: -0 counts as 0
SELECT riskml.import_model('regress_zero', format('{"version":[%s],"learner":{"objective":{"name":"binary:logistic"},"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"1"},"gradient_booster":{"name":"dart","weight_drop":[1],"gbtree":{"name":"gbtree","model":{"gbtree_model_param":{"num_trees":"1","size_leaf_vector":"0"},"tree_info":[0],"trees":[{"id":0,"tree_param":{"num_nodes":"1","num_feature":"1","num_deleted":"0","size_leaf_vector":"0"},"left_children":[-1],"right_children":[-1],"parents":[2147483647],"split_indices":[0],"split_conditions":[-0.0],"split_type":[0],"default_left":[0],"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],"base_weights":[-0.0],"loss_changes":[0],"sum_hessian":[1]}]}}}}}', version), alias => 'production')
FROM unnest('{"1,7,4","3,2,0","3,3,0"}'::text[]) version;
SELECT version, risk_margin('regress_zero@' || version, ARRAY[1]::float8[]) FROM generate_series(1, 3) version;
SELECT bool_and(passed) FROM generate_series(1, 3) version, riskml.verify('regress_zero@' || version);
SELECT pg_temp.drop_models('regress_zero');
SELECT pg_temp.drop_models('regress_prob', 'regress_max', 'regress_one', 'regress_bin', 'regress_raw', 'regress_hinge', 'regress_labels', 'regress_targets',
	'regress_custom', 'regress_q33', 'regress_q34', 'regress_e33', 'regress_lin', 'regress_lin2', 'regress_v30', 'regress_v32', 'regress_it', 'regress_u1', 'regress_u2', 'regress_u3');
