-- Models judged and compared on the rows of a query.

CREATE FUNCTION riskml.class_label(value float8) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_class_label' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.class_label(float8) IS 'a label that is kept as another number; a fraction, or a negative number, is an error';

CREATE FUNCTION riskml.evaluate(model riskml.model_ref, query text, label text, weight text DEFAULT NULL,
	OUT metric text, OUT value float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_evaluate' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 20;
COMMENT ON FUNCTION riskml.evaluate(riskml.model_ref, text, text, text) IS 'scores the rows of a query and judges the model by a column with labels, and one with weights, in one pass; the metrics are those of its objective';

CREATE FUNCTION riskml.compare(model_a riskml.model_ref, model_b riskml.model_ref, query text, label text, weight text DEFAULT NULL,
	replicates int DEFAULT 1000, seed bigint DEFAULT 0, confidence float8 DEFAULT 0.95,
	OUT metric text, OUT value_a float8, OUT value_b float8, OUT difference float8, OUT low float8, OUT high float8, OUT p_value float8, OUT method text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_compare' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 10;
COMMENT ON FUNCTION riskml.compare(riskml.model_ref, riskml.model_ref, text, text, text, int, bigint, float8) IS 'judges two models on the same rows: metrics of both, their differences (b - a) with intervals by DeLong''s method or a paired bootstrap, and how much the scores agree';
