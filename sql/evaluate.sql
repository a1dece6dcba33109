-- Models judged and compared on the rows of a query.

CREATE FUNCTION riskml.class_label(value float8) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_class_label' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.class_label(float8) IS 'a label that is kept as another number; a fraction, or a negative number, is an error';
