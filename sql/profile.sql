-- A suite proposed from data.

CREATE FUNCTION riskml.profile(relation regclass) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_profile' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION riskml.profile(regclass) IS 'a suite of expectations that the rows of a relation pass, to edit and keep with riskml.create_suite()';
