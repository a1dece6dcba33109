-- Training: what is kept of how versions were made, and what is going on.

CREATE TABLE riskml.model_training (
	model_id int NOT NULL,
	version int NOT NULL,
	query text NOT NULL,
	label text NOT NULL,
	arguments jsonb NOT NULL,
	parameters jsonb NOT NULL,
	rows bigint NOT NULL,
	validation_rows bigint NOT NULL,
	train_metric_rows bigint NOT NULL,
	data_hash bytea NOT NULL,
	rounds int NOT NULL,
	best_iteration int,
	best_score float8,
	metrics jsonb NOT NULL,
	folds jsonb,
	libraries jsonb NOT NULL,
	timings jsonb NOT NULL,
	run_id bigint,
	step text,
	trained_by name NOT NULL,
	login_role name NOT NULL,
	started_at timestamptz NOT NULL,
	finished_at timestamptz NOT NULL,
	PRIMARY KEY (model_id, version)
);
COMMENT ON TABLE riskml.model_training IS 'how the versions that were trained here were made';
COMMENT ON COLUMN riskml.model_training.arguments IS 'of riskml.train_model(), as given';
COMMENT ON COLUMN riskml.model_training.parameters IS 'XGBoost''s, as they were set';
COMMENT ON COLUMN riskml.model_training.rows IS 'of the query, those held out included';
COMMENT ON COLUMN riskml.model_training.train_metric_rows IS 'rows of training on which the metrics of "train" were measured: all, or a fixed sample';
COMMENT ON COLUMN riskml.model_training.data_hash IS 'SHA-256 over names, types, categories and rows in the order in which they were read';
COMMENT ON COLUMN riskml.model_training.rounds IS 'that were boosted; the model ends with the best iteration, if there is one';
COMMENT ON COLUMN riskml.model_training.metrics IS 'by set of rows and metric, a value for each round';
COMMENT ON COLUMN riskml.model_training.folds IS 'of cross-validation: by set of rows and metric a value for each fold, their mean and deviation, after a round';
COMMENT ON COLUMN riskml.model_training.timings IS 'seconds';
COMMENT ON COLUMN riskml.model_training.run_id IS 'of the job whose step it was; NULL: by hand';
SELECT pg_catalog.pg_extension_config_dump('riskml.model_training', '');

CREATE PROCEDURE riskml.train_model(model text, query text, label text, params jsonb DEFAULT '{}', num_boost_round int DEFAULT 100,
	early_stopping_rounds int DEFAULT NULL, validation "any" DEFAULT NULL, weight text DEFAULT NULL, recipe jsonb DEFAULT NULL,
	features text[] DEFAULT NULL, monotone_constraints jsonb DEFAULT NULL, seed bigint DEFAULT NULL, folds int DEFAULT NULL,
	comment text DEFAULT NULL, alias text DEFAULT 'staging', group_column text DEFAULT NULL, label_upper text DEFAULT NULL,
	progress boolean DEFAULT false, INOUT version int DEFAULT NULL)
	AS 'MODULE_PATHNAME', 'riskml_train_model' LANGUAGE C;
COMMENT ON PROCEDURE riskml.train_model IS 'trains a model on the rows of a query with libxgboost, in a process of its own, and stores it as a version; commits, so that no transaction is open while trees grow';
-- Creating models is granted, not PUBLIC; and it costs time and memory.
REVOKE ALL ON PROCEDURE riskml.train_model FROM PUBLIC;

CREATE VIEW riskml.trainings WITH (security_barrier) AS
SELECT s.model,
	s.version,
	s.aliases,
	CASE WHEN o.owns THEN t.query END AS query,
	CASE WHEN o.owns THEN t.label END AS label,
	CASE WHEN o.owns THEN t.arguments END AS arguments,
	t.parameters,
	t.rows,
	t.validation_rows,
	t.train_metric_rows,
	CASE WHEN o.owns THEN pg_catalog.encode(t.data_hash, 'hex') END AS data_hash,
	t.rounds,
	t.best_iteration,
	t.best_score,
	t.metrics,
	t.folds,
	t.libraries,
	t.timings,
	t.run_id,
	t.step,
	t.trained_by,
	t.login_role,
	t.started_at,
	t.finished_at
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.model_training t ON t.model_id OPERATOR(pg_catalog.=) m.model_id
	AND t.version OPERATOR(pg_catalog.=) s.version
CROSS JOIN LATERAL (SELECT pg_catalog.pg_has_role(s.owner, 'USAGE') AS owns) o;
COMMENT ON VIEW riskml.trainings IS 'how versions were trained, of the models that you own or have been granted; query, label, arguments and hash are shown to owners';
GRANT SELECT ON riskml.trainings TO PUBLIC;

CREATE FUNCTION riskml.trainings_running(OUT pid int, OUT database text, OUT role text, OUT model text, OUT phase text,
	OUT rows bigint, OUT fold int, OUT round int, OUT num_boost_round int, OUT metrics text, OUT started_at timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_trainings_running' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION riskml.trainings_running() IS 'the rows of view riskml.training_progress';

CREATE VIEW riskml.training_progress AS
SELECT r.pid, r.database, r.role, r.model, r.phase, r.rows, r.fold, r.round, r.num_boost_round, r.metrics, r.started_at
FROM riskml.trainings_running() r;
COMMENT ON VIEW riskml.training_progress IS 'trainings that run or wait: your own, and of all roles for pg_read_all_stats; where riskml is not preloaded only the process of those that run';
GRANT SELECT ON riskml.training_progress TO PUBLIC;
