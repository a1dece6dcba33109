-- The model reference: 'credit', 'credit@staging', 'credit@3',
-- 'credit@3#0123456789abcdef'.  Not collatable, so that postgres_fdw can ship
-- a constant of it.

CREATE TYPE riskml.model_ref;

CREATE FUNCTION riskml.model_ref_in(cstring) RETURNS riskml.model_ref
	AS 'MODULE_PATHNAME', 'riskml_model_ref_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_ref_in(cstring) IS 'text input of model_ref; checks the syntax only (42602)';

CREATE FUNCTION riskml.model_ref_out(riskml.model_ref) RETURNS cstring
	AS 'MODULE_PATHNAME', 'riskml_model_ref_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_ref_out(riskml.model_ref) IS 'text output of model_ref';

CREATE FUNCTION riskml.model_ref_recv(internal) RETURNS riskml.model_ref
	AS 'MODULE_PATHNAME', 'riskml_model_ref_recv' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_ref_recv(internal) IS 'binary input of model_ref';

CREATE FUNCTION riskml.model_ref_send(riskml.model_ref) RETURNS bytea
	AS 'MODULE_PATHNAME', 'riskml_model_ref_send' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_ref_send(riskml.model_ref) IS 'binary output of model_ref';

CREATE TYPE riskml.model_ref (
	INPUT = riskml.model_ref_in,
	OUTPUT = riskml.model_ref_out,
	RECEIVE = riskml.model_ref_recv,
	SEND = riskml.model_ref_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended,
	COLLATABLE = false
);
COMMENT ON TYPE riskml.model_ref IS 'reference to a model: name, name@alias, name@version or the pinned form name@version#identity';

-- Without a function these casts cost nothing; what they let through is
-- checked when the reference is resolved.
CREATE CAST (text AS riskml.model_ref) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (varchar AS riskml.model_ref) WITHOUT FUNCTION AS IMPLICIT;
-- text(bpchar) drops the padding.
CREATE CAST (name AS riskml.model_ref) WITH FUNCTION pg_catalog.text(name) AS IMPLICIT;
CREATE CAST (bpchar AS riskml.model_ref) WITH FUNCTION pg_catalog.text(bpchar) AS IMPLICIT;
CREATE CAST (riskml.model_ref AS text) WITHOUT FUNCTION AS ASSIGNMENT;
COMMENT ON CAST (text AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (varchar AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (name AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (bpchar AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (riskml.model_ref AS text) IS 'the reference as text';
