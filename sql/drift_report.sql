-- Baselines, and reports of what has changed since.

CREATE TABLE riskml.model_baseline (
	model_id int NOT NULL,
	version int NOT NULL,
	query text NOT NULL,
	rows bigint NOT NULL,
	baseline jsonb NOT NULL,
	set_by name NOT NULL,
	set_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (model_id, version)
);
COMMENT ON TABLE riskml.model_baseline IS 'what the inputs and scores of a version are compared with';
COMMENT ON COLUMN riskml.model_baseline.query IS 'the query whose rows it was taken of';
COMMENT ON COLUMN riskml.model_baseline.baseline IS 'distributions by name, of "inputs" and of "scores"';
SELECT pg_catalog.pg_extension_config_dump('riskml.model_baseline', '');

CREATE VIEW riskml.model_baselines WITH (security_barrier) AS
SELECT s.model,
	s.version,
	b.rows,
	CASE WHEN pg_catalog.pg_has_role(s.owner, 'USAGE') THEN b.query END AS query,
	b.set_by,
	b.set_at
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.model_baseline b ON b.model_id OPERATOR(pg_catalog.=) m.model_id
	AND b.version OPERATOR(pg_catalog.=) s.version;
COMMENT ON VIEW riskml.model_baselines IS 'versions that have a baseline, of the models that you own or have been granted; the query is shown to owners';
GRANT SELECT ON riskml.model_baselines TO PUBLIC;

CREATE FUNCTION riskml.baseline(query text, bins int DEFAULT 10, max_categories int DEFAULT 100) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_baseline' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION riskml.baseline(text, int, int) IS 'the distribution of each column of a query, in one scan: an object by column';

CREATE FUNCTION riskml.set_baseline(model riskml.model_ref, query text, bins int DEFAULT 10, max_categories int DEFAULT 100, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_baseline' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION riskml.set_baseline(riskml.model_ref, text, int, int, text) IS 'keeps the distributions of a version''s inputs and scores on the rows of a query; for its owner';

CREATE FUNCTION riskml.get_baseline(model riskml.model_ref) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_get_baseline' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION riskml.get_baseline(riskml.model_ref) IS 'the distributions that a version keeps: {"inputs": {...}, "scores": {...}}; NULL if it keeps none';

CREATE FUNCTION riskml.drop_baseline(model riskml.model_ref, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_baseline' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_baseline(riskml.model_ref, text) IS 'forgets the baseline of a version; for its owner';

CREATE TYPE riskml.drift_row AS (
	column_name text, role text, kind text, rows bigint, baseline_rows bigint,
	null_rate float8, baseline_null_rate float8, nan_rate float8, baseline_nan_rate float8,
	min_value float8, max_value float8, baseline_min float8, baseline_max float8, out_of_range float8,
	unseen text[], unseen_rate float8,
	psi float8, psi_threshold float8, kl float8, jensen_shannon float8, hellinger float8, total_variation float8,
	l_infinity float8, ks float8, wasserstein float8, chi2 float8, df int, p_value float8, adjusted_p_value float8,
	status text, reason text
);
COMMENT ON TYPE riskml.drift_row IS 'what riskml.drift_report() says of a column, or of a score';

CREATE FUNCTION riskml.drift_report(model riskml.model_ref, query text, alpha float8 DEFAULT 0.05, correction text DEFAULT 'fdr_bh') RETURNS SETOF riskml.drift_row
	AS 'MODULE_PATHNAME', 'riskml_drift_report_model' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 30;
COMMENT ON FUNCTION riskml.drift_report(riskml.model_ref, text, float8, text) IS 'the inputs and scores of a model on the rows of a query beside the baseline of its version, in one scan: one row for each';

-- A literal fits both types of the others; the parser prefers text.
CREATE FUNCTION riskml.drift_report(model text, query text, alpha float8 DEFAULT 0.05, correction text DEFAULT 'fdr_bh') RETURNS SETOF riskml.drift_row
	AS 'MODULE_PATHNAME', 'riskml_drift_report_model' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 30;
COMMENT ON FUNCTION riskml.drift_report(text, text, float8, text) IS 'as drift_report(riskml.model_ref, ...)';

CREATE FUNCTION riskml.drift_report(baseline jsonb, query text, alpha float8 DEFAULT 0.05, correction text DEFAULT 'fdr_bh') RETURNS SETOF riskml.drift_row
	AS 'MODULE_PATHNAME', 'riskml_drift_report_baseline' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 30;
COMMENT ON FUNCTION riskml.drift_report(jsonb, text, float8, text) IS 'the columns of a query beside a baseline, in one scan: one row for each column of the baseline';
