-- What a user may see of the registry.

CREATE VIEW riskml.models WITH (security_barrier) AS
SELECT m.name AS model,
	v.version,
	(SELECT pg_catalog.array_agg(a.alias ORDER BY a.alias) FROM riskml.model_alias a
		WHERE a.model_id OPERATOR(pg_catalog.=) v.model_id
		AND a.version OPERATOR(pg_catalog.=) v.version) AS aliases,
	v.objective,
	v.booster,
	v.writer AS xgboost,
	v.n_features AS features,
	v.n_outputs AS outputs,
	v.n_trees AS trees,
	v.n_nodes AS nodes,
	v.max_depth AS depth,
	riskml.image_kernel(v.image) AS kernel,
	pg_catalog.length(v.source) AS source_bytes,
	pg_catalog.length(v.image) AS image_bytes,
	v.recipe IS NOT NULL AS has_recipe,
	pg_catalog.encode(v.identity, 'hex') AS identity,
	m.owner,
	v.imported_by,
	v.imported_at,
	v.comment
FROM riskml.model m
JOIN riskml.model_version v USING (model_id)
WHERE pg_catalog.pg_has_role(m.owner, 'USAGE')
	OR EXISTS (SELECT FROM riskml.model_grant g
		WHERE g.model_id OPERATOR(pg_catalog.=) m.model_id
		AND (g.grantee::oid OPERATOR(pg_catalog.=) 0::oid
			OR pg_catalog.pg_has_role(g.grantee, 'USAGE')));
COMMENT ON VIEW riskml.models IS 'versions of the models that you own or have been granted';
GRANT SELECT ON riskml.models TO PUBLIC;

CREATE VIEW riskml.model_features WITH (security_barrier) AS
SELECT s.model,
	s.version,
	(f.ordinality OPERATOR(pg_catalog.-) 1)::int AS position,
	f.feature,
	CASE WHEN f.coefficients IS NULL THEN f.weight::real
		WHEN s.outputs OPERATOR(pg_catalog.=) 1 THEN f.coefficients[1] END AS weight,
	riskml.mean_importance(f.total_gain, f.weight) AS gain,
	riskml.mean_importance(f.total_cover, f.weight) AS cover,
	f.total_gain,
	f.total_cover,
	f.coefficients
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.model_version v ON v.model_id OPERATOR(pg_catalog.=) m.model_id
	AND v.version OPERATOR(pg_catalog.=) s.version
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(v.features), pg_catalog.unnest(v.weight),
	pg_catalog.unnest(v.total_gain), pg_catalog.unnest(v.total_cover),
	riskml.image_coefficients(v.image))
	WITH ORDINALITY AS f(feature, weight, total_gain, total_cover, coefficients, ordinality);
COMMENT ON VIEW riskml.model_features IS 'features of each version in order, with what XGBoost''s get_score() gives: weight, gain, cover and their totals, or the coefficients of a linear model';
GRANT SELECT ON riskml.model_features TO PUBLIC;

CREATE FUNCTION riskml.shared_images(OUT identity text, OUT bytes bigint, OUT pins bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_shared_images' LANGUAGE C VOLATILE STRICT ROWS 10;
COMMENT ON FUNCTION riskml.shared_images() IS 'compiled models in shared memory, of all databases, and how many sessions are scoring with each; nothing unless riskml is preloaded';
REVOKE ALL ON FUNCTION riskml.shared_images() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION riskml.shared_images() TO pg_monitor;
