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
-- These return the type itself: pg_upgrade recreates casts in an order of its
-- own, and a function returning text would need the cast above to exist.
CREATE FUNCTION riskml.model_ref(name) RETURNS riskml.model_ref
	AS 'name_text' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_ref(name) IS 'a name as a model reference; checked when it is used';
CREATE FUNCTION riskml.model_ref(bpchar) RETURNS riskml.model_ref
	AS 'rtrim1' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.model_ref(bpchar) IS 'a character(n) without its padding as a model reference; checked when it is used';
CREATE CAST (name AS riskml.model_ref) WITH FUNCTION riskml.model_ref(name) AS IMPLICIT;
CREATE CAST (bpchar AS riskml.model_ref) WITH FUNCTION riskml.model_ref(bpchar) AS IMPLICIT;
CREATE CAST (riskml.model_ref AS text) WITHOUT FUNCTION AS ASSIGNMENT;
COMMENT ON CAST (text AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (varchar AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (name AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (bpchar AS riskml.model_ref) IS 'the reference is checked when it is used';
COMMENT ON CAST (riskml.model_ref AS text) IS 'the reference as text';
