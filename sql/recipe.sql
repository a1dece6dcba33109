-- Recipes: the steps that make a model's features of raw columns.

CREATE FUNCTION riskml.check_recipe(recipe jsonb, relation regclass DEFAULT NULL)
	RETURNS TABLE(step int, feature text, field text, column_name text, severity text, problem text, hint text)
	AS 'MODULE_PATHNAME', 'riskml_check_recipe' LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION riskml.check_recipe(jsonb, regclass) IS 'what is wrong with a recipe, and with the columns that it reads of a relation: no row if nothing is; severity is error or warning';
