-- What the planner puts in the place of risk_*(model, row).

CREATE FUNCTION riskml.score_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_score_support' LANGUAGE C STRICT;
COMMENT ON FUNCTION riskml.score_support(internal) IS 'planner support of the scoring functions: rewrites a call on a row to one on its columns, estimates costs';

CREATE FUNCTION riskml.read_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_read_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION riskml.read_columns(riskml.model_ref, text, text[], "any") IS 'values as a model takes them; the planner passes more of them than a function has arguments in parts, which this makes';

CREATE FUNCTION riskml.score_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_columns' LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.score_columns(riskml.model_ref, text, text[], "any") IS 'score; values of the named features (NULL: of all, by position); what the planner makes of risk_score(model, row), for the version planned';

CREATE FUNCTION riskml.scores_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_scores_columns' LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.scores_columns(riskml.model_ref, text, text[], "any") IS 'all scores; values of the named features (NULL: of all, by position); what the planner makes of risk_scores(model, row), for the version planned';

CREATE FUNCTION riskml.class_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_class_columns' LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.class_columns(riskml.model_ref, text, text[], "any") IS 'class; values of the named features (NULL: of all, by position); what the planner makes of risk_class(model, row), for the version planned';

CREATE FUNCTION riskml.margin_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_margin_columns' LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.margin_columns(riskml.model_ref, text, text[], "any") IS 'raw margin; values of the named features (NULL: of all, by position); what the planner makes of risk_margin(model, row), for the version planned';

CREATE FUNCTION riskml.margins_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_margins_columns' LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.margins_columns(riskml.model_ref, text, text[], "any") IS 'raw margins of all outputs; values of the named features (NULL: of all, by position); what the planner makes of risk_margins(model, row), for the version planned';

CREATE FUNCTION riskml.leaves_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS int[]
	AS 'MODULE_PATHNAME', 'riskml_leaves_columns' LANGUAGE C STABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.leaves_columns(riskml.model_ref, text, text[], "any") IS 'leaf node ids; values of the named features (NULL: of all, by position); what the planner makes of risk_leaves(model, row), for the version planned';

CREATE FUNCTION riskml.score_pinned_columns(model riskml.model_ref, planned text, features text[], VARIADIC feature_values "any") RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_pinned_columns' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION riskml.score_pinned_columns(riskml.model_ref, text, text[], "any") IS 'score, for the pinned form only; values of the named features (NULL: of all, by position); what the planner makes of risk_score_pinned(model, row), for the version planned';

-- Scoring, in the extension's target schema.  A reference by alias is resolved
-- in the statement's snapshot, hence STABLE; the pinned form names bytes that
-- never change, hence IMMUTABLE.  COST: about a microsecond.

CREATE FUNCTION @extschema@.risk_score(model riskml.model_ref, features record) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_score(riskml.model_ref, record) IS 'score: probability of a binary model, prediction of any other; by column name, position or key; NULL in, NULL out';

CREATE FUNCTION @extschema@.risk_score(model riskml.model_ref, features float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_score(riskml.model_ref, float8[]) IS 'score: probability of a binary model, prediction of any other; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_score(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_score(riskml.model_ref, jsonb, boolean) IS 'score: probability of a binary model, prediction of any other; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_scores(model riskml.model_ref, features record) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_scores_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_scores(riskml.model_ref, record) IS 'all scores of a model with several outputs: probabilities of classes, predictions of targets; columns are matched by name';

CREATE FUNCTION @extschema@.risk_scores(model riskml.model_ref, features float8[]) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_scores_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_scores(riskml.model_ref, float8[]) IS 'all scores of a model with several outputs: probabilities of classes, predictions of targets; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_scores(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_scores_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_scores(riskml.model_ref, jsonb, boolean) IS 'all scores of a model with several outputs: probabilities of classes, predictions of targets; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_class(model riskml.model_ref, features record) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_class_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_class(riskml.model_ref, record) IS 'the class that a classification model predicts; columns are matched by name';

CREATE FUNCTION @extschema@.risk_class(model riskml.model_ref, features float8[]) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_class_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_class(riskml.model_ref, float8[]) IS 'the class that a classification model predicts; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_class(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_class_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_class(riskml.model_ref, jsonb, boolean) IS 'the class that a classification model predicts; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_margin(model riskml.model_ref, features record) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_margin_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_margin(riskml.model_ref, record) IS 'raw margin, bit for bit that of XGBoost; columns are matched by name';

CREATE FUNCTION @extschema@.risk_margin(model riskml.model_ref, features float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_margin_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_margin(riskml.model_ref, float8[]) IS 'raw margin, bit for bit that of XGBoost; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_margin(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_margin_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_margin(riskml.model_ref, jsonb, boolean) IS 'raw margin, bit for bit that of XGBoost; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_margins(model riskml.model_ref, features record) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_margins_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_margins(riskml.model_ref, record) IS 'raw margins of all outputs, bit for bit those of XGBoost; columns are matched by name';

CREATE FUNCTION @extschema@.risk_margins(model riskml.model_ref, features float8[]) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_margins_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_margins(riskml.model_ref, float8[]) IS 'raw margins of all outputs, bit for bit those of XGBoost; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_margins(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_margins_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_margins(riskml.model_ref, jsonb, boolean) IS 'raw margins of all outputs, bit for bit those of XGBoost; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_leaves(model riskml.model_ref, features record) RETURNS int[]
	AS 'MODULE_PATHNAME', 'riskml_leaves_record' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_leaves(riskml.model_ref, record) IS 'node id of the leaf in each tree, as pred_leaf gives it; columns are matched by name';

CREATE FUNCTION @extschema@.risk_leaves(model riskml.model_ref, features float8[]) RETURNS int[]
	AS 'MODULE_PATHNAME', 'riskml_leaves_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_leaves(riskml.model_ref, float8[]) IS 'node id of the leaf in each tree, as pred_leaf gives it; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_leaves(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS int[]
	AS 'MODULE_PATHNAME', 'riskml_leaves_jsonb' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_leaves(riskml.model_ref, jsonb, boolean) IS 'node id of the leaf in each tree, as pred_leaf gives it; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_score_pinned(model riskml.model_ref, features record) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_pinned_record' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 SUPPORT riskml.score_support;
COMMENT ON FUNCTION @extschema@.risk_score_pinned(riskml.model_ref, record) IS 'risk_score() for the pinned form name@version#identity only; columns are matched by name';

CREATE FUNCTION @extschema@.risk_score_pinned(model riskml.model_ref, features float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_pinned_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_score_pinned(riskml.model_ref, float8[]) IS 'risk_score() for the pinned form name@version#identity only; elements by position, NULL is missing';

CREATE FUNCTION @extschema@.risk_score_pinned(model riskml.model_ref, features jsonb, lenient boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_score_pinned_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_score_pinned(riskml.model_ref, jsonb, boolean) IS 'risk_score() for the pinned form name@version#identity only; keys by name, null is missing; an absent key is an error unless lenient';

CREATE FUNCTION @extschema@.risk_version(model riskml.model_ref) RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_version' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION @extschema@.risk_version(riskml.model_ref) IS 'the pinned form name@version#identity of what a reference means now; store it beside each decision';

CREATE FUNCTION riskml.check_input(model riskml.model_ref, relation regclass,
	OUT feature text, OUT column_name text, OUT column_type text, OUT matched text, OUT read_as text, OUT problem text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_check_input' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 50;
COMMENT ON FUNCTION riskml.check_input(riskml.model_ref, regclass) IS 'how each feature of a model finds its column in a relation, whether it is read as number, category code or category label, and what stands in the way; problem is NULL where all is well';
