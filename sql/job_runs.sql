-- Running jobs: by hand, inside of a step, and what can be seen of it.

CREATE FUNCTION riskml.adopt_jobs() RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_adopt_jobs' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.adopt_jobs() IS 'the jobs of this database run on this cluster from now on; clones and restored dumps run none before they are asked to';
-- Decides for all jobs of the database.
REVOKE ALL ON FUNCTION riskml.adopt_jobs() FROM PUBLIC;

CREATE FUNCTION riskml.run_job(job text, params jsonb DEFAULT '{}') RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_run_job' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.run_job(text, jsonb) IS 'runs a job that you own, once this transaction commits; returns the number of the run';

CREATE PROCEDURE riskml.run_job_and_wait(job text, params jsonb DEFAULT '{}', timeout interval DEFAULT NULL)
	AS 'MODULE_PATHNAME', 'riskml_run_job_and_wait' LANGUAGE C;
COMMENT ON PROCEDURE riskml.run_job_and_wait(text, jsonb, interval) IS 'runs a job that you own and waits for its end; an error if it does not succeed';

CREATE PROCEDURE riskml.wait_run(run_id bigint, timeout interval DEFAULT NULL)
	AS 'MODULE_PATHNAME', 'riskml_wait_run' LANGUAGE C;
COMMENT ON PROCEDURE riskml.wait_run(bigint, interval) IS 'waits for the end of a run; an error if it does not succeed';

CREATE FUNCTION riskml.backfill(job text, start_at timestamptz, end_at timestamptz, params jsonb DEFAULT '{}') RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_backfill' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.backfill(text, timestamptz, timestamptz, jsonb) IS 'creates a run for each data interval within a time that has none yet; returns how many';

CREATE FUNCTION riskml.cancel_run(run_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'riskml_cancel_run' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.cancel_run(bigint) IS 'ends a run of your job, once this transaction commits; false if it was over';

CREATE FUNCTION riskml.retry_run(run_id bigint) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_retry_run' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.retry_run(bigint) IS 'goes on with a run that failed or was cancelled, from the steps that failed; returns how many steps begin anew';

CREATE FUNCTION riskml.mark_success(run_id bigint, step text, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_mark_success' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.mark_success(bigint, text, text) IS 'takes a step of a run for done, as after a repair by hand, and goes on; kept in the audit log';

CREATE FUNCTION riskml.dry_run(job text, params jsonb DEFAULT '{}')
	RETURNS TABLE (stage int, step text, kind text, trigger_rule text, pool text, command text, step_params jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	WITH RECURSIVE path AS (
		SELECT s.step, 1 AS n FROM riskml.job_steps s
		WHERE s.job = dry_run.job AND s.after = '{}' AND s.trigger_rule <> 'one_failed'
		UNION
		SELECT s.step, p.n + 1 FROM path p JOIN riskml.job_steps s ON s.job = dry_run.job AND p.step = ANY (s.after))
	SELECT (SELECT max(p.n) FROM path p WHERE p.step = s.step), s.step, s.kind, s.trigger_rule, s.pool, s.command,
		dry_run.params || s.params
	FROM riskml.job_steps s WHERE s.job = dry_run.job ORDER BY 1, 2
	$$;
COMMENT ON FUNCTION riskml.dry_run(text, jsonb) IS 'what a run of a job would start, by stages; those without a stage wait for a failure';

-- ---- inside of a step

CREATE FUNCTION riskml.run_id() RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_run_id' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.run_id() IS 'inside of a step, the number of its run; NULL elsewhere';

CREATE FUNCTION riskml.attempt() RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_attempt' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.attempt() IS 'inside of a step, which attempt this is, from 1 on; NULL elsewhere';

CREATE FUNCTION riskml.interval_start() RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'riskml_interval_start' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.interval_start() IS 'inside of a step, the begin of the data interval of its run; NULL elsewhere';

CREATE FUNCTION riskml.interval_end() RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'riskml_interval_end' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.interval_end() IS 'inside of a step, the end of the data interval of its run, which is not part of it; NULL elsewhere';

CREATE FUNCTION riskml.params() RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_params' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.params() IS 'inside of a step, the parameters of its run and of itself, which win; NULL elsewhere';

CREATE FUNCTION riskml.set_output(output jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_output' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_output(jsonb) IS 'inside of a step, leaves a result for steps that come after it, as part of its transaction';

CREATE FUNCTION riskml.output(step text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_output' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION riskml.output(text) IS 'inside of a step, what a step of the same run has left; NULL if nothing';

-- ---- what can be seen: one's own, of pg_monitor's members all

CREATE VIEW riskml.runs WITH (security_barrier) AS
SELECT r.run_id, j.name AS job, r.kind, r.interval_start, r.interval_end, r.state, r.reason,
	r.created_at, r.started_at, r.ended_at, r.params, r.requested_by
FROM riskml.job_run r JOIN riskml.job j USING (job_id)
WHERE pg_catalog.pg_has_role(j.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW riskml.runs IS 'runs of your jobs, of all for members of pg_monitor';
GRANT SELECT ON riskml.runs TO PUBLIC;

CREATE VIEW riskml.attempts WITH (security_barrier) AS
SELECT a.run_id, j.name AS job, a.step, a.attempt, a.state, a.started_at, a.ended_at, a.pid, a.rows,
	a.sqlstate, a.message, a.detail, a.hint, a.context
FROM riskml.step_run a JOIN riskml.job_run r USING (run_id) JOIN riskml.job j USING (job_id)
WHERE pg_catalog.pg_has_role(j.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW riskml.attempts IS 'attempts at steps of your jobs, of all for members of pg_monitor';
GRANT SELECT ON riskml.attempts TO PUBLIC;

CREATE FUNCTION riskml.step_progress(pid int, OUT rows_read bigint, OUT bytes_read bigint)
	AS 'MODULE_PATHNAME', 'riskml_step_progress' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.step_progress(int) IS 'how far the step has come that a process runs; NULL for a kind of step that does not tell';

CREATE VIEW riskml.running WITH (security_barrier) AS
SELECT a.run_id, a.job, a.step, a.attempt, a.pid, a.started_at, p.rows_read, p.bytes_read
FROM riskml.attempts a LEFT JOIN LATERAL riskml.step_progress(a.pid) p ON true
WHERE a.state IN ('starting', 'running');
COMMENT ON VIEW riskml.running IS 'steps that are running now; of those that load, how far they are';
GRANT SELECT ON riskml.running TO PUBLIC;

CREATE VIEW riskml.failures WITH (security_barrier) AS
SELECT run_id, job, step, attempt, ended_at, sqlstate, message, detail, hint, context
FROM riskml.attempts WHERE state = 'failed';
COMMENT ON VIEW riskml.failures IS 'attempts that failed, and why';
GRANT SELECT ON riskml.failures TO PUBLIC;
