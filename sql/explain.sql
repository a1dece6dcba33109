-- Why a row has its score: contributions to the margin, in the extension's target schema.  What
-- they cost goes with the nodes of the model, which the support function knows.

CREATE FUNCTION riskml.contributions_columns(model riskml.model_ref, planned text, features text[], output int, approximate boolean, VARIADIC feature_values "any") RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_contributions_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10000 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.contributions_columns(riskml.model_ref, text, text[], int, boolean, "any") IS 'contributions; values of the named features (NULL: of all, by position); what the planner makes of risk_contributions(model, row), for the version planned';

CREATE FUNCTION riskml.explain_columns(model riskml.model_ref, planned text, features text[], output int, top int, VARIADIC feature_values "any",
	OUT feature text, OUT value text, OUT contribution float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_explain_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 30 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.explain_columns(riskml.model_ref, text, text[], int, int, "any") IS 'explanation; values of the named features (NULL: of all, by position); what the planner makes of risk_explain(model, row), for the version planned';

CREATE FUNCTION @extschema@.risk_contributions(model riskml.model_ref, features record, output int DEFAULT 0, approximate boolean DEFAULT false) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_contributions_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_contributions(riskml.model_ref, record, int, boolean) IS 'what each input of a model adds to the margin of one output (exact SHAP values, or Saabas'' where approximate), in the order of check_input(), then the base value; their sum is the margin; columns are matched by name';

CREATE FUNCTION @extschema@.risk_contributions(model riskml.model_ref, features float8[], output int DEFAULT 0, approximate boolean DEFAULT false) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_contributions_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION @extschema@.risk_contributions(riskml.model_ref, float8[], int, boolean) IS 'what each input of a model adds to the margin of one output (exact SHAP values, or Saabas'' where approximate), then the base value; their sum is the margin; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_contributions(model riskml.model_ref, features jsonb, output int DEFAULT 0, approximate boolean DEFAULT false, lenient boolean DEFAULT false) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_contributions_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION @extschema@.risk_contributions(riskml.model_ref, jsonb, int, boolean, boolean) IS 'what each input of a model adds to the margin of one output (exact SHAP values, or Saabas'' where approximate), then the base value; their sum is the margin; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_explain(model riskml.model_ref, features record, output int DEFAULT 0, top int DEFAULT NULL,
	OUT feature text, OUT value text, OUT contribution float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_explain_record' LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 30 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_explain(riskml.model_ref, record, int, int) IS 'the inputs of a model with their values and what they add to the margin of one output, the largest first, only the first few with top; the last row is the base value; columns are matched by name';

CREATE FUNCTION @extschema@.risk_explain(model riskml.model_ref, features float8[], output int DEFAULT 0, top int DEFAULT NULL,
	OUT feature text, OUT value text, OUT contribution float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_explain_array' LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 30;
COMMENT ON FUNCTION @extschema@.risk_explain(riskml.model_ref, float8[], int, int) IS 'the inputs of a model with their values and what they add to the margin of one output, the largest first, only the first few with top; the last row is the base value; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_explain(model riskml.model_ref, features jsonb, output int DEFAULT 0, top int DEFAULT NULL, lenient boolean DEFAULT false,
	OUT feature text, OUT value text, OUT contribution float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_explain_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 30;
COMMENT ON FUNCTION @extschema@.risk_explain(riskml.model_ref, jsonb, int, int, boolean) IS 'the inputs of a model with their values and what they add to the margin of one output, the largest first, only the first few with top; the last row is the base value; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION riskml.explain_summary(model riskml.model_ref, query text, output int DEFAULT 0,
	OUT feature text, OUT mean_abs float8, OUT mean float8, OUT direction float8, OUT rows bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_explain_summary' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION riskml.explain_summary(riskml.model_ref, text, int) IS 'contributions over the rows of a query, in one scan, as the caller: their mean absolute value, mean, and direction (correlation of value and contribution; NULL for texts and categories), the largest first';
