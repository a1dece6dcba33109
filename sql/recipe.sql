-- Recipes: the steps that make a model's features of raw columns.

CREATE FUNCTION riskml.check_recipe(recipe jsonb, relation regclass DEFAULT NULL)
	RETURNS TABLE(step int, feature text, field text, column_name text, severity text, problem text, hint text)
	AS 'MODULE_PATHNAME', 'riskml_check_recipe' LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION riskml.check_recipe(jsonb, regclass) IS 'what is wrong with a recipe, and with the columns that it reads of a relation: no row if nothing is; severity is error or warning';

-- Application: rows are read as risk_score() reads them.

CREATE FUNCTION riskml.apply_recipe(recipe jsonb, features record) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_apply_recipe_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION riskml.apply_recipe(jsonb, record) IS 'outputs of a fitted recipe, in their order, for the columns of a row, which are matched by name; NULL is missing';

CREATE FUNCTION riskml.apply_recipe(recipe jsonb, features jsonb, lenient boolean DEFAULT false) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_apply_recipe_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION riskml.apply_recipe(jsonb, jsonb, boolean) IS 'outputs of a fitted recipe, in their order, for columns by key; null is missing; times are ISO 8601; an absent key is an error unless lenient';

CREATE FUNCTION riskml.apply_recipe_json(recipe jsonb, features record) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_apply_recipe_json_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION riskml.apply_recipe_json(jsonb, record) IS 'as apply_recipe(), as an object of features; infinite values are the strings Infinity and -Infinity';

CREATE FUNCTION riskml.apply_recipe_json(recipe jsonb, features jsonb, lenient boolean DEFAULT false) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_apply_recipe_json_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION riskml.apply_recipe_json(jsonb, jsonb, boolean) IS 'as apply_recipe(), as an object of features; infinite values are the strings Infinity and -Infinity';

CREATE FUNCTION riskml.transform(model riskml.model_ref, features record) RETURNS TABLE(feature text, value float8)
	AS 'MODULE_PATHNAME', 'riskml_transform' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 50;
COMMENT ON FUNCTION riskml.transform(riskml.model_ref, record) IS 'what a model gets for a row: the value of each feature in order, as made by its recipe if it has one, in float32';

CREATE FUNCTION riskml.model_recipe(model riskml.model_ref) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_model_recipe' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_recipe(riskml.model_ref) IS 'the recipe that a version was imported with; NULL if it has none; needs ownership or privilege export';
