-- Tables of the model registry.  Nobody but the extension's owner writes to
-- them directly; the functions in registry.sql do, after checking the caller.
-- No foreign keys: a parallel pg_restore loads the tables in any order.

CREATE TABLE riskml.model (
	model_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL UNIQUE,
	owner regrole NOT NULL,
	last_version int NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	purpose text
);
COMMENT ON TABLE riskml.model IS 'one row per model name';
COMMENT ON COLUMN riskml.model.owner IS 'may do everything with the model, as may members of the role';
COMMENT ON COLUMN riskml.model.last_version IS 'highest version number ever given, so that none is given twice';

CREATE TABLE riskml.model_version (
	model_id int NOT NULL,
	version int NOT NULL,
	identity bytea NOT NULL,
	objective text NOT NULL,
	booster text NOT NULL,
	writer text NOT NULL,
	n_features int NOT NULL,
	n_outputs int NOT NULL,
	n_trees int NOT NULL,
	n_nodes bigint NOT NULL,
	max_depth int NOT NULL,
	imported_by name NOT NULL,
	imported_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	recipe jsonb,
	options jsonb NOT NULL,
	feature_names text[],
	comment text,
	features text[] NOT NULL,
	weight int[],
	total_gain real[],
	total_cover real[],
	source bytea NOT NULL,
	image bytea NOT NULL,
	PRIMARY KEY (model_id, version),
	UNIQUE (model_id, identity)
);
ALTER TABLE riskml.model_version ALTER COLUMN source SET STORAGE EXTERNAL,
	ALTER COLUMN image SET STORAGE EXTERNAL;
COMMENT ON COLUMN riskml.model.purpose IS 'what the model is for, in its owner''s words';
COMMENT ON TABLE riskml.model_version IS 'one row per imported version; versions never change';
COMMENT ON COLUMN riskml.model_version.identity IS 'SHA-256 over source, recipe, feature names and options';
COMMENT ON COLUMN riskml.model_version.writer IS 'XGBoost version that wrote the file';
COMMENT ON COLUMN riskml.model_version.n_outputs IS 'margins per row: classes, targets or quantiles; 1 for most models';
COMMENT ON COLUMN riskml.model_version.n_nodes IS 'nodes of the trees that are scored';
COMMENT ON COLUMN riskml.model_version.feature_names IS 'names given at import; NULL: those of the file';
COMMENT ON COLUMN riskml.model_version.features IS 'names by which columns are matched, in feature order';
COMMENT ON COLUMN riskml.model_version.weight IS 'splits on each feature; NULL for a linear model';
COMMENT ON COLUMN riskml.model_version.total_gain IS 'sum of loss_changes over the splits on each feature; NULL where the file does not have them';
COMMENT ON COLUMN riskml.model_version.total_cover IS 'sum of sum_hessian over the splits on each feature; NULL where the file does not have them';
COMMENT ON COLUMN riskml.model_version.source IS 'the imported bytes';
COMMENT ON COLUMN riskml.model_version.image IS 'compiled image, rebuilt from the source at any time';

CREATE TABLE riskml.model_alias (
	model_id int NOT NULL,
	alias text COLLATE "C" NOT NULL,
	version int NOT NULL,
	history int[] NOT NULL DEFAULT '{}',
	moved_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (model_id, alias)
);
COMMENT ON TABLE riskml.model_alias IS 'what each alias of a model points at';
COMMENT ON COLUMN riskml.model_alias.history IS 'versions before this one, the latest last; rollback() takes from the end';

CREATE TABLE riskml.model_grant (
	model_id int NOT NULL,
	grantee regrole NOT NULL,
	privilege text COLLATE "C" NOT NULL CHECK (privilege IN ('score', 'export', 'promote')),
	PRIMARY KEY (model_id, grantee, privilege)
);
COMMENT ON TABLE riskml.model_grant IS 'who else than the owner may use a model';
COMMENT ON COLUMN riskml.model_grant.grantee IS 'a role; "-" (OID 0) stands for everyone';

CREATE TABLE riskml.audit_log (
	seq bigint PRIMARY KEY,
	at timestamptz NOT NULL,
	login_role name NOT NULL,
	acting_role name NOT NULL,
	action text NOT NULL,
	model text NOT NULL,
	alias text,
	identity text,
	from_version int,
	to_version int,
	detail text,
	reason text,
	previous bytea NOT NULL,
	hash bytea NOT NULL
);
COMMENT ON TABLE riskml.audit_log IS 'what was done to models, by whom and why; append-only, each row hashed with the one before';
COMMENT ON COLUMN riskml.audit_log.login_role IS 'session_user';
COMMENT ON COLUMN riskml.audit_log.acting_role IS 'current_user';
COMMENT ON COLUMN riskml.audit_log.identity IS 'SHA-256 identity of the version concerned, in hex';
COMMENT ON COLUMN riskml.audit_log.detail IS 'grantee and privilege, new owner, file path';
COMMENT ON COLUMN riskml.audit_log.previous IS 'hash of the row before; empty in the first';
COMMENT ON COLUMN riskml.audit_log.hash IS 'riskml.audit_hash() of the other columns';

CREATE FUNCTION riskml.audit_guard() RETURNS trigger
	AS 'MODULE_PATHNAME', 'riskml_audit_guard' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION riskml.audit_guard() FROM PUBLIC;	-- a trigger's, nobody calls it
COMMENT ON FUNCTION riskml.audit_guard() IS 'refuses to change or remove audit rows';

CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON riskml.audit_log
	FOR EACH STATEMENT EXECUTE FUNCTION riskml.audit_guard();
ALTER TABLE riskml.audit_log ENABLE ALWAYS TRIGGER audit_guard;
COMMENT ON TRIGGER audit_guard ON riskml.audit_log IS 'keeps the log append-only';

-- Whoever writes to the tables that scoring reads leaves a mark, so that nobody uses what he read before.
CREATE FUNCTION riskml.registry_changed() RETURNS trigger
	AS 'MODULE_PATHNAME', 'riskml_registry_changed' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION riskml.registry_changed() FROM PUBLIC;	-- a trigger's, nobody calls it
COMMENT ON FUNCTION riskml.registry_changed() IS 'makes sessions look models up anew after a change';

CREATE TRIGGER registry_changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON riskml.model
	FOR EACH STATEMENT EXECUTE FUNCTION riskml.registry_changed();
CREATE TRIGGER registry_changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON riskml.model_version
	FOR EACH STATEMENT EXECUTE FUNCTION riskml.registry_changed();
CREATE TRIGGER registry_changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON riskml.model_alias
	FOR EACH STATEMENT EXECUTE FUNCTION riskml.registry_changed();
CREATE TRIGGER registry_changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON riskml.model_grant
	FOR EACH STATEMENT EXECUTE FUNCTION riskml.registry_changed();
-- A logical replica is sent rows, for which no trigger of statements is run.
CREATE TRIGGER registry_row_changed BEFORE INSERT OR UPDATE OR DELETE ON riskml.model
	FOR EACH ROW EXECUTE FUNCTION riskml.registry_changed();
CREATE TRIGGER registry_row_changed BEFORE INSERT OR UPDATE OR DELETE ON riskml.model_version
	FOR EACH ROW EXECUTE FUNCTION riskml.registry_changed();
CREATE TRIGGER registry_row_changed BEFORE INSERT OR UPDATE OR DELETE ON riskml.model_alias
	FOR EACH ROW EXECUTE FUNCTION riskml.registry_changed();
CREATE TRIGGER registry_row_changed BEFORE INSERT OR UPDATE OR DELETE ON riskml.model_grant
	FOR EACH ROW EXECUTE FUNCTION riskml.registry_changed();
ALTER TABLE riskml.model ENABLE ALWAYS TRIGGER registry_changed, ENABLE ALWAYS TRIGGER registry_row_changed;
ALTER TABLE riskml.model_version ENABLE ALWAYS TRIGGER registry_changed, ENABLE ALWAYS TRIGGER registry_row_changed;
ALTER TABLE riskml.model_alias ENABLE ALWAYS TRIGGER registry_changed, ENABLE ALWAYS TRIGGER registry_row_changed;
ALTER TABLE riskml.model_grant ENABLE ALWAYS TRIGGER registry_changed, ENABLE ALWAYS TRIGGER registry_row_changed;
COMMENT ON TRIGGER registry_changed ON riskml.model IS 'tells sessions of a change';
COMMENT ON TRIGGER registry_row_changed ON riskml.model IS 'tells sessions of a change by replication';
COMMENT ON TRIGGER registry_changed ON riskml.model_version IS 'tells sessions of a change';
COMMENT ON TRIGGER registry_row_changed ON riskml.model_version IS 'tells sessions of a change by replication';
COMMENT ON TRIGGER registry_changed ON riskml.model_alias IS 'tells sessions of a change';
COMMENT ON TRIGGER registry_row_changed ON riskml.model_alias IS 'tells sessions of a change by replication';
COMMENT ON TRIGGER registry_changed ON riskml.model_grant IS 'tells sessions of a change';
COMMENT ON TRIGGER registry_row_changed ON riskml.model_grant IS 'tells sessions of a change by replication';

-- pg_dump carries the registry; restoring it needs the roles to exist.
SELECT pg_catalog.pg_extension_config_dump('riskml.model', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.model_model_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.model_version', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.model_alias', '');
-- A role dropped since is dumped as a number, which elsewhere is another role's.
SELECT pg_catalog.pg_extension_config_dump('riskml.model_grant',
	'WHERE grantee = 0::oid OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = grantee)');
SELECT pg_catalog.pg_extension_config_dump('riskml.audit_log', '');
