-- What a model is for, and all that is known of a version.

CREATE FUNCTION riskml.set_purpose(model text, purpose text, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_purpose' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_purpose(text, text, text) IS 'says what a model is for, for its card; NULL takes that away; for its owner';

CREATE FUNCTION riskml.model_card(model riskml.model_ref) RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_model_card' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION riskml.model_card(riskml.model_ref) IS 'all that is known of a version, as Markdown: purpose, data, inputs, parameters, metrics, gates, approvals, lineage; queries and who did what for its owner';
