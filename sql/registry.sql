-- Functions of the model registry.  Those that change it check the caller and
-- then act as the owner of its tables.

CREATE FUNCTION riskml.import_model(model text, data bytea, recipe jsonb DEFAULT NULL,
	feature_names text[] DEFAULT NULL, alias text DEFAULT 'staging',
	options jsonb DEFAULT '{}', comment text DEFAULT NULL) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_import_model_bytea' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.import_model(text, bytea, jsonb, text[], text, jsonb, text) IS 'stores a model file (JSON or UBJSON of XGBoost) as a new version and points an alias at it; returns the version';

CREATE FUNCTION riskml.import_model(model text, data text, recipe jsonb DEFAULT NULL,
	feature_names text[] DEFAULT NULL, alias text DEFAULT 'staging',
	options jsonb DEFAULT '{}', comment text DEFAULT NULL) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_import_model_text' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) IS 'as import_model(text, bytea, ...), for the text of a JSON file';

CREATE FUNCTION riskml.import_model_file(model text, path text, recipe jsonb DEFAULT NULL,
	feature_names text[] DEFAULT NULL, alias text DEFAULT 'staging',
	options jsonb DEFAULT '{}', comment text DEFAULT NULL) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_import_model_file' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.import_model_file(text, text, jsonb, text[], text, jsonb, text) IS 'imports a file of the server; needs pg_read_server_files';

CREATE FUNCTION riskml.export_model(model riskml.model_ref, format text DEFAULT 'source') RETURNS bytea
	AS 'MODULE_PATHNAME', 'riskml_export_model' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.export_model(riskml.model_ref, text) IS 'the bytes that were imported, checked against their identity; needs ownership or privilege export';

CREATE FUNCTION riskml.set_alias(model text, alias text, version int, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_alias' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_alias(text, text, int, text) IS 'points an alias at a version; needs ownership or privilege promote';

CREATE FUNCTION riskml.drop_alias(model text, alias text, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_alias' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_alias(text, text, text) IS 'removes an alias; needs ownership or privilege promote';

CREATE FUNCTION riskml.promote(model text, version int, reason text, override boolean DEFAULT false) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_promote' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.promote(text, int, text, boolean) IS 'points the alias production at a version; override is recorded in the audit log';

CREATE FUNCTION riskml.rollback(model text, alias text DEFAULT 'production', reason text DEFAULT NULL) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_rollback' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.rollback(text, text, text) IS 'points an alias back at the version before; returns it';

CREATE FUNCTION riskml.drop_version(model text, version int, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_version' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_version(text, int, text) IS 'removes a version that no alias, index or stored expression refers to';

CREATE FUNCTION riskml.drop_model(model text, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_model(text, text) IS 'removes a model that no alias, index or stored expression refers to';

CREATE FUNCTION riskml.grant_model(model text, role text, privilege text DEFAULT 'score') RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_grant_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.grant_model(text, text, text) IS 'lets a role (or public) score, export or promote a model';

CREATE FUNCTION riskml.revoke_model(model text, role text, privilege text DEFAULT 'score') RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_revoke_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.revoke_model(text, text, text) IS 'takes back what grant_model() gave';

CREATE FUNCTION riskml.set_owner(model text, new_owner text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_owner' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_owner(text, text) IS 'gives a model to another role that the caller is a member of';

CREATE FUNCTION riskml.verify(model riskml.model_ref,
	OUT item text, OUT passed boolean, OUT detail text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_verify' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION riskml.verify(riskml.model_ref) IS 'hashes and parses the source anew, compares the image, and scores golden rows on every kernel against a walk over the source';

CREATE FUNCTION riskml.image_kernel(image bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_image_kernel' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.image_kernel(bytea) IS 'kernel that scores a compiled image in this session; NULL if it is not of the current format';

CREATE FUNCTION riskml.image_coefficients(image bytea) RETURNS SETOF real[]
	AS 'MODULE_PATHNAME', 'riskml_image_coefficients' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.image_coefficients(bytea) IS 'coefficients of a linear model, for each feature one per output; no rows for another model or a damaged image';

CREATE FUNCTION riskml.mean_importance(total real, splits int) RETURNS real
	AS 'MODULE_PATHNAME', 'riskml_mean_importance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.mean_importance(real, int) IS 'gain or cover of a feature from its total, in float32 as XGBoost divides; NULL without splits';

CREATE FUNCTION riskml.rebuild_images() RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_rebuild_images' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.rebuild_images() IS 'stores a new image for each version whose image is damaged or of an older format; returns how many';

CREATE FUNCTION riskml.audit_hash(seq bigint, at timestamptz, login_role name, acting_role name,
	action text, model text, alias text, identity text, from_version int, to_version int,
	detail text, reason text, previous bytea) RETURNS bytea
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT sha256(previous || convert_to(jsonb_build_array(seq,
		to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), login_role, acting_role,
		action, model, alias, identity, from_version, to_version, detail, reason)::text, 'UTF8'))
	$$;
COMMENT ON FUNCTION riskml.audit_hash(bigint, timestamptz, name, name, text, text, text, text, int, int, text, text, bytea)
	IS 'hash of an audit row: SHA-256 over the previous hash and the row as a JSON array in UTF-8, time in UTC';

CREATE FUNCTION riskml.verify_audit(OUT seq bigint, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT l.seq, CASE
			WHEN l.seq <> l.seq_before + 1 THEN 'rows are missing before this one'
			WHEN l.previous <> l.hash_before THEN 'does not follow the row before it'
			ELSE 'was changed: its hash does not match'
		END
	FROM (SELECT a.*, coalesce(lag(a.seq) OVER w, 0) AS seq_before,
				coalesce(lag(a.hash) OVER w, ''::bytea) AS hash_before
			FROM riskml.audit_log a WINDOW w AS (ORDER BY a.seq)) l
	WHERE l.seq <> l.seq_before + 1 OR l.previous <> l.hash_before
		OR l.hash <> riskml.audit_hash(l.seq, l.at, l.login_role, l.acting_role, l.action, l.model,
			l.alias, l.identity, l.from_version, l.to_version, l.detail, l.reason, l.previous)
	ORDER BY l.seq
	$$;
COMMENT ON FUNCTION riskml.verify_audit() IS 'rows of the audit log that break its chain of hashes; no row: the chain holds (compare its last hash with the server log)';

-- Creating models is granted, not PUBLIC.
REVOKE ALL ON FUNCTION riskml.import_model(text, bytea, jsonb, text[], text, jsonb, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION riskml.import_model(text, text, jsonb, text[], text, jsonb, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION riskml.import_model_file(text, text, jsonb, text[], text, jsonb, text) FROM PUBLIC;
-- Rewrites other people's rows, if only with equal content.
REVOKE ALL ON FUNCTION riskml.rebuild_images() FROM PUBLIC;
