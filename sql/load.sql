-- Loading the rows of queries into tables, and how far that has come.  Nobody
-- but the extension's owner writes to the table; riskml.load() does, for whom
-- it loads.

CREATE TABLE riskml.watermark (
	target regclass NOT NULL,
	source_hash bytea NOT NULL,
	source text NOT NULL,
	watermark_column text NOT NULL,
	value_type text NOT NULL,
	value text,
	owner regrole NOT NULL,
	system_identifier numeric,
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	run_id bigint,
	PRIMARY KEY (target, source_hash)
);
COMMENT ON TABLE riskml.watermark IS 'how far a source has been loaded into a target';
COMMENT ON COLUMN riskml.watermark.source_hash IS 'SHA-256 of the source, which may be longer than what an index takes';
COMMENT ON COLUMN riskml.watermark.source IS 'a relation with its schema, or a query';
COMMENT ON COLUMN riskml.watermark.value IS 'the highest that was read; of xmin the oldest transaction that had not ended; NULL: nothing was read';
COMMENT ON COLUMN riskml.watermark.owner IS 'who loads; others would see other rows of the source';
COMMENT ON COLUMN riskml.watermark.system_identifier IS 'of xmin, the cluster whose transactions are counted';
COMMENT ON COLUMN riskml.watermark.run_id IS 'the run of a job that loaded last; NULL: a call by itself';

-- A table or a role dropped since is dumped as a number, which elsewhere is another's.
SELECT pg_catalog.pg_extension_config_dump('riskml.watermark',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = target) AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = owner)');

CREATE VIEW riskml.watermarks WITH (security_barrier) AS
SELECT w.target,
	w.source,
	w.watermark_column,
	w.value_type,
	w.value,
	w.owner,
	w.updated_at,
	w.run_id
FROM riskml.watermark w
WHERE (pg_catalog.pg_has_role(w.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE'))
	AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) w.target);
COMMENT ON VIEW riskml.watermarks IS 'how far your loads with a watermark have come; those of all for members of pg_monitor';
GRANT SELECT ON riskml.watermarks TO PUBLIC;

CREATE PROCEDURE riskml.load(source text, target regclass, options jsonb DEFAULT '{}')
	AS 'MODULE_PATHNAME', 'riskml_load' LANGUAGE C;
COMMENT ON PROCEDURE riskml.load(text, regclass, jsonb) IS 'loads the rows of a relation or a query into a table, as the caller and in the caller''s transaction';

CREATE FUNCTION riskml.set_watermark(source text, target regclass, value text, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_watermark' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_watermark(text, regclass, text, text) IS 'sets from where on the next load reads; NULL: from the beginning; kept in the audit log';
