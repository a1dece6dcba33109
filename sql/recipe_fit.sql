-- Recipes fitted to the rows of a query.

-- The query is run as the caller, and only reads.
CREATE FUNCTION riskml.fit_recipe(recipe jsonb, query text, label text DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_fit_recipe' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION riskml.fit_recipe(jsonb, text, text) IS 'the recipe with what its steps leave open, found in the rows of a query; the label is a column of it; the same rows in any order give the same recipe';

CREATE FUNCTION riskml.training_features(recipe jsonb, query text, label text)
	RETURNS TABLE(features float8[], label float8)
	AS 'MODULE_PATHNAME', 'riskml_training_features' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION riskml.training_features(jsonb, text, text) IS 'what training sees of the rows of a query: the features of a fitted recipe, in the order of the rows, with target_encode out of fold; and the label';
