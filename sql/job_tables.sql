-- Tables of the job engine.  Nobody but the extension's owner writes to them
-- directly; functions do, after checking the caller, and the scheduler does.
-- No foreign keys: a parallel pg_restore loads the tables in any order.

CREATE TABLE riskml.step_kind (
	kind text COLLATE "C" PRIMARY KEY,
	transactional boolean NOT NULL,
	comment text NOT NULL
);
COMMENT ON TABLE riskml.step_kind IS 'what a step can do; a row for each file src/job/kind_*.c';
COMMENT ON COLUMN riskml.step_kind.transactional IS 'do its effects and the record of its success commit together?  Otherwise it happens at least once';
INSERT INTO riskml.step_kind VALUES
	('sql', true, 'SQL in one transaction'),
	('sql_no_transaction', false, 'SQL whose statements commit one by one: VACUUM, CREATE INDEX CONCURRENTLY, procedures that commit'),
	('wait', true, 'waits until a query gives true in its first column'),
	('load', true, 'loads the rows of a query or relation into a table, as CALL riskml.load()'),
	('ingest', true, 'loads the rows of files into a table, as CALL riskml.ingest()'),
	('expect', true, 'judges rows by a suite of expectations, as riskml.validate(), and fails, warns or puts bad rows into quarantine'),
	('train', true, 'trains a model, as CALL riskml.train_model(); no transaction is open meanwhile, the last one stores the version');

CREATE TABLE riskml.pool (
	name text COLLATE "C" PRIMARY KEY,
	slots int NOT NULL CHECK (slots OPERATOR(pg_catalog.>=) 0)
);
COMMENT ON TABLE riskml.pool IS 'how many steps of a pool may run at the same time, whatever their jobs';

CREATE TABLE riskml.job (
	job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL UNIQUE,
	owner regrole NOT NULL,
	schedule text,
	timezone text NOT NULL,
	start_at timestamptz,
	end_at timestamptz,
	retries int NOT NULL,
	retry_delay interval NOT NULL,
	retry_backoff float8 NOT NULL,
	max_retry_delay interval NOT NULL,
	timeout interval,
	catchup text NOT NULL CHECK (catchup IN ('none', 'last', 'all')),
	max_active_runs int NOT NULL,
	overlap text NOT NULL CHECK (overlap IN ('skip', 'queue', 'cancel')),
	deadline interval,
	enabled boolean NOT NULL,
	comment text,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	next_at timestamptz,
	CHECK (schedule IS NOT NULL OR next_at IS NULL)
);
COMMENT ON TABLE riskml.job IS 'one row per job';
COMMENT ON COLUMN riskml.job.owner IS 'its steps run as this role';
COMMENT ON COLUMN riskml.job.schedule IS 'cron fields, a name with @, or an interval; NULL: run by hand only';
COMMENT ON COLUMN riskml.job.timeout IS 'of a whole run; NULL: none';
COMMENT ON COLUMN riskml.job.deadline IS 'a run that has not ended so long after it was due is reported; NULL: none';
COMMENT ON COLUMN riskml.job.next_at IS 'when it is due next; NULL: never, or not looked at yet';
CREATE INDEX job_due ON riskml.job (next_at) WHERE enabled;

CREATE TABLE riskml.job_step (
	job_id bigint NOT NULL,
	step text COLLATE "C" NOT NULL,
	kind text NOT NULL,
	command text NOT NULL,
	after text[] NOT NULL,
	trigger_rule text NOT NULL CHECK (trigger_rule IN ('all_success', 'all_done', 'one_failed', 'none_failed')),
	retries int,
	timeout interval,
	pool text,
	params jsonb NOT NULL,
	PRIMARY KEY (job_id, step)
);
COMMENT ON TABLE riskml.job_step IS 'the steps of each job as they are now';
COMMENT ON COLUMN riskml.job_step.after IS 'steps that have to end first';
COMMENT ON COLUMN riskml.job_step.retries IS 'NULL: as the job';
COMMENT ON COLUMN riskml.job_step.timeout IS 'of each attempt; NULL: none';

CREATE TABLE riskml.job_run (
	run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	job_id bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('scheduled', 'manual', 'backfill')),
	interval_start timestamptz NOT NULL,
	interval_end timestamptz NOT NULL,
	params jsonb NOT NULL,
	state text NOT NULL CHECK (state IN ('waiting', 'running', 'success', 'failed', 'cancelled', 'skipped')),
	reason text,
	requested_by name NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	started_at timestamptz,
	ended_at timestamptz,
	cancel_at timestamptz,
	alerted boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE riskml.job_run IS 'one row per run: a job''s execution for one data interval';
COMMENT ON COLUMN riskml.job_run.reason IS 'why it was skipped, cancelled or failed';
COMMENT ON COLUMN riskml.job_run.cancel_at IS 'when somebody asked for its end';
COMMENT ON COLUMN riskml.job_run.alerted IS 'was it reported for passing its deadline?';
-- An interval that was skipped can be backfilled.
CREATE UNIQUE INDEX job_run_interval ON riskml.job_run (job_id, interval_end) WHERE kind <> 'manual' AND state <> 'skipped';
CREATE INDEX job_run_job ON riskml.job_run (job_id, run_id);
CREATE INDEX job_run_active ON riskml.job_run (run_id) WHERE state IN ('waiting', 'running');

CREATE TABLE riskml.run_step (
	run_id bigint NOT NULL,
	step text COLLATE "C" NOT NULL,
	kind text NOT NULL,
	command text NOT NULL,
	after text[] NOT NULL,
	trigger_rule text NOT NULL,
	retries int NOT NULL,
	timeout interval,
	pool text,
	params jsonb NOT NULL,
	state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'running', 'success', 'failed', 'upstream_failed', 'skipped', 'cancelled')),
	attempt int NOT NULL DEFAULT 0,
	tries int NOT NULL DEFAULT 0,
	not_before timestamptz,
	queued_at timestamptz,
	output jsonb,
	PRIMARY KEY (run_id, step)
);
COMMENT ON TABLE riskml.run_step IS 'the steps of each run, as they were when it was created, and where they are';
COMMENT ON COLUMN riskml.run_step.attempt IS 'the latest one; 0: none';
COMMENT ON COLUMN riskml.run_step.tries IS 'attempts since the run was created or retried, which is what retries limits';
COMMENT ON COLUMN riskml.run_step.not_before IS 'when a step that failed is tried again';
COMMENT ON COLUMN riskml.run_step.output IS 'what riskml.set_output() left for other steps';
CREATE INDEX run_step_active ON riskml.run_step (run_id) WHERE state IN ('waiting', 'queued', 'running');

CREATE TABLE riskml.step_run (
	run_id bigint NOT NULL,
	step text COLLATE "C" NOT NULL,
	attempt int NOT NULL,
	token bigint NOT NULL,
	state text NOT NULL CHECK (state IN ('starting', 'running', 'success', 'failed', 'cancelled')),
	started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	ended_at timestamptz,
	pid int,
	stop_at timestamptz,
	rows bigint,
	sqlstate text,
	message text,
	detail text,
	hint text,
	context text,
	PRIMARY KEY (run_id, step, attempt)
);
COMMENT ON TABLE riskml.step_run IS 'one row per attempt of a step';
COMMENT ON COLUMN riskml.step_run.token IS 'whose holder may end the attempt';
COMMENT ON COLUMN riskml.step_run.stop_at IS 'when its process was or will be told that it takes too long; one of a run that is cancelled is told at once';
COMMENT ON COLUMN riskml.step_run.rows IS 'rows that the last statement gave or changed';
CREATE INDEX step_run_active ON riskml.step_run (run_id) WHERE state IN ('starting', 'running');

CREATE TABLE riskml.adoption (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	system_identifier bigint NOT NULL,
	instance text NOT NULL,
	adopted_by name NOT NULL,
	adopted_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE riskml.adoption IS 'the one cluster where the jobs of this database run; never dumped';
COMMENT ON COLUMN riskml.adoption.instance IS 'what stands in a file of that cluster, which backups leave out';

SELECT pg_catalog.pg_extension_config_dump('riskml.pool', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.job', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.job_step', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.job_job_id_seq', '');
