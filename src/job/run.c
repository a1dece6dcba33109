/*
 * run.c
 *	  Creating runs.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "job/run.h"
#include "job/sql.h"
#include "job/wake.h"

static RmlStatement insert_run = {
	.types = "ltzzttt",
	.text = "WITH j AS (SELECT job_id FROM riskml.job WHERE job_id = $1 FOR SHARE),\n"
	" r AS (INSERT INTO riskml.job_run (job_id, kind, interval_start, interval_end, params, requested_by, state, reason, ended_at)\n"
	"  SELECT job_id, $2, $3, $4, $5::jsonb, coalesce($6, 'riskml scheduler'), CASE WHEN $7 IS NULL THEN 'waiting' ELSE 'skipped' END, $7,\n"
	"   CASE WHEN $7 IS NOT NULL THEN clock_timestamp() END FROM j\n"
	"  ON CONFLICT DO NOTHING RETURNING run_id, job_id, state),\n"
	" s AS (INSERT INTO riskml.run_step (run_id, step, kind, command, after, trigger_rule, retries, timeout, pool, params)\n"
	"  SELECT r.run_id, s.step, s.kind, s.command, s.after, s.trigger_rule, coalesce(s.retries, j.retries), s.timeout, s.pool, s.params\n"
	"  FROM r JOIN riskml.job j USING (job_id) JOIN riskml.job_step s USING (job_id) WHERE r.state = 'waiting')\n"
	"SELECT run_id FROM r"
};

int64
rml_create_run(const RmlNewRun *run)
{
	if (rml_run(&insert_run, run->job_id, run->kind, run->interval_start, run->interval_end, run->params,
				run->requested_by, run->skipped) == 0)
		return 0;
	rml_job_changed();
	return rml_get_bigint(0, 1);
}

static RmlStatement last_interval = {
	.types = "l",
	.text = "SELECT max(interval_end) FROM riskml.job_run WHERE job_id = $1 AND kind = 'scheduled'"
};

TimestampTz
rml_last_interval(int64 job_id)
{
	(void) rml_run(&last_interval, job_id);
	return rml_get_timestamp(0, 1, DT_NOBEGIN);
}
