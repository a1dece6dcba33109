-- Functions and views that define jobs.  Functions check the caller and then
-- act as the owner of the tables; of the tables nobody is granted anything, so
-- that they need no row level security: the views show what one may see.

CREATE FUNCTION riskml.create_job(name text, schedule text DEFAULT NULL,
	start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL, timezone text DEFAULT 'UTC',
	retries int DEFAULT 0, retry_delay interval DEFAULT '5 minutes', retry_backoff float8 DEFAULT 1,
	max_retry_delay interval DEFAULT '1 hour', timeout interval DEFAULT NULL,
	catchup text DEFAULT 'none', max_active_runs int DEFAULT 1, overlap text DEFAULT 'skip',
	deadline interval DEFAULT NULL, enabled boolean DEFAULT true, comment text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_create_job' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.create_job(text, text, timestamptz, timestamptz, text, int, interval, float8, interval, interval, text, int, text, interval, boolean, text)
	IS 'makes a job without steps, which its creator owns; without a schedule it is run by hand';

CREATE FUNCTION riskml.alter_job(name text, schedule text DEFAULT NULL,
	start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL, timezone text DEFAULT NULL,
	retries int DEFAULT NULL, retry_delay interval DEFAULT NULL, retry_backoff float8 DEFAULT NULL,
	max_retry_delay interval DEFAULT NULL, timeout interval DEFAULT NULL,
	catchup text DEFAULT NULL, max_active_runs int DEFAULT NULL, overlap text DEFAULT NULL,
	deadline interval DEFAULT NULL, enabled boolean DEFAULT NULL, comment text DEFAULT NULL,
	new_name text DEFAULT NULL, owner text DEFAULT NULL, unset text[] DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_alter_job' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.alter_job(text, text, timestamptz, timestamptz, text, int, interval, float8, interval, interval, text, int, text, interval, boolean, text, text, text, text[])
	IS 'changes what is given of a job; unset: what it is to have no longer, such as its schedule';

CREATE FUNCTION riskml.pause_job(name text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_pause_job' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.pause_job(text) IS 'starts no more scheduled runs of a job';

CREATE FUNCTION riskml.resume_job(name text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_resume_job' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.resume_job(text) IS 'lets a paused job run again; what it missed follows its catchup';

CREATE FUNCTION riskml.drop_job(name text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_job' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_job(text) IS 'removes a job that is not running, with its steps and its history';

CREATE FUNCTION riskml.add_step(job text, step text, kind text DEFAULT 'sql', command text DEFAULT NULL,
	after text[] DEFAULT '{}', trigger_rule text DEFAULT 'all_success', retries int DEFAULT NULL,
	timeout interval DEFAULT NULL, pool text DEFAULT NULL, params jsonb DEFAULT '{}') RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_add_step' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.add_step(text, text, text, text, text[], text, int, interval, text, jsonb)
	IS 'adds a step to a job, to run after others; with trigger rule one_failed and none to run after, it runs if any step failed';

CREATE FUNCTION riskml.alter_step(job text, step text, kind text DEFAULT NULL, command text DEFAULT NULL,
	after text[] DEFAULT NULL, trigger_rule text DEFAULT NULL, retries int DEFAULT NULL,
	timeout interval DEFAULT NULL, pool text DEFAULT NULL, params jsonb DEFAULT NULL,
	unset text[] DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_alter_step' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.alter_step(text, text, text, text, text[], text, int, interval, text, jsonb, text[])
	IS 'changes what is given of a step, for runs that begin later; unset: retries, timeout or pool';

CREATE FUNCTION riskml.drop_step(job text, step text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_step' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_step(text, text) IS 'removes a step that no other step comes after';

CREATE FUNCTION riskml.create_pool(name text, slots int) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_create_pool' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.create_pool(text, int) IS 'makes a pool: so many of the steps that name it run at the same time';

CREATE FUNCTION riskml.alter_pool(name text, slots int) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_alter_pool' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.alter_pool(text, int) IS 'changes the slots of a pool; what runs goes on';

CREATE FUNCTION riskml.drop_pool(name text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_drop_pool' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.drop_pool(text) IS 'removes a pool that no step uses';

CREATE FUNCTION riskml.next_runs(job text, n int DEFAULT 10)
	RETURNS TABLE (due_at timestamptz, interval_start timestamptz, interval_end timestamptz)
	AS 'MODULE_PATHNAME', 'riskml_next_runs' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 10;
COMMENT ON FUNCTION riskml.next_runs(text, int) IS 'the next n runs of a job by its schedule, with the data interval of each; no rows for one that is paused';

CREATE FUNCTION riskml.job_graph(job text, format text DEFAULT 'text') RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_job_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION riskml.job_graph(text, text) IS 'the steps of a job in an order in which they can run: indented text, or ''dot'' for Graphviz';

-- Jobs run by themselves, when nobody watches: creating them is granted, not PUBLIC.
REVOKE ALL ON FUNCTION riskml.create_job(text, text, timestamptz, timestamptz, text, int, interval, float8, interval, interval, text, int, text, interval, boolean, text) FROM PUBLIC;
-- Pools have no owner and are shared by everybody's jobs.
REVOKE ALL ON FUNCTION riskml.create_pool(text, int) FROM PUBLIC;
REVOKE ALL ON FUNCTION riskml.alter_pool(text, int) FROM PUBLIC;
REVOKE ALL ON FUNCTION riskml.drop_pool(text) FROM PUBLIC;

CREATE VIEW riskml.jobs WITH (security_barrier) AS
SELECT j.name,
	j.owner,
	j.schedule,
	j.timezone,
	j.enabled,
	CASE WHEN j.enabled THEN j.next_at END AS next_at,
	(SELECT pg_catalog.count(*) FROM riskml.job_step s
		WHERE s.job_id OPERATOR(pg_catalog.=) j.job_id) AS steps,
	r.run_id AS last_run,
	r.state AS last_state,
	r.interval_start AS last_interval_start,
	r.interval_end AS last_interval_end,
	r.started_at AS last_started_at,
	r.ended_at AS last_ended_at,
	j.start_at,
	j.end_at,
	j.catchup,
	j.overlap,
	j.max_active_runs,
	j.retries,
	j.retry_delay,
	j.retry_backoff,
	j.max_retry_delay,
	j.timeout,
	j.deadline,
	j.created_at,
	j.comment
FROM riskml.job j
LEFT JOIN LATERAL (SELECT * FROM riskml.job_run
	WHERE job_run.job_id OPERATOR(pg_catalog.=) j.job_id
	ORDER BY run_id DESC LIMIT 1) r ON true
WHERE pg_catalog.pg_has_role(j.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW riskml.jobs IS 'your jobs with their latest run; those of all for members of pg_monitor';
GRANT SELECT ON riskml.jobs TO PUBLIC;

CREATE VIEW riskml.job_steps WITH (security_barrier) AS
SELECT j.name AS job,
	s.step,
	s.kind,
	s.command,
	s.after,
	s.trigger_rule,
	coalesce(s.retries, j.retries) AS retries,
	s.timeout,
	s.pool,
	s.params
FROM riskml.job_step s
JOIN riskml.job j USING (job_id)
WHERE pg_catalog.pg_has_role(j.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW riskml.job_steps IS 'the steps of your jobs; those of all for members of pg_monitor';
GRANT SELECT ON riskml.job_steps TO PUBLIC;

CREATE VIEW riskml.pools AS
SELECT p.name,
	p.slots,
	(SELECT pg_catalog.count(*) FROM riskml.job_step s
		WHERE s.pool OPERATOR(pg_catalog.=) p.name) AS steps
FROM riskml.pool p;
COMMENT ON VIEW riskml.pools IS 'the pools that steps can use, and how many do';
GRANT SELECT ON riskml.pools TO PUBLIC;

-- A list of words, for whoever adds a step.
GRANT SELECT ON riskml.step_kind TO PUBLIC;
