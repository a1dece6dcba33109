/*
 * history.c
 *	  What happened is kept for a while: riskml.history_days, .history_runs.
 *	  Of validations the former alone counts: what they found is looked at over time.
 *
 * A job's latest interval stays in any case: behind it a changed schedule begins.
 * So does, until the next look, a run that somebody has locked to retry it.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "guc.h"
#include "job/clock.h"
#include "job/history.h"
#include "job/sql.h"

#define PAUSE (10 * 60 * 1000)	/* milliseconds between two looks */
#define RUNS_AT_ONCE 5000

static RmlStatement trim = {
	.types = "iii",
	.text = "WITH old AS (SELECT run_id FROM\n"
	"  (SELECT run_id, ended_at, row_number() OVER (PARTITION BY job_id ORDER BY run_id DESC) AS n,\n"
	"    interval_end = max(interval_end) FILTER (WHERE kind = 'scheduled') OVER (PARTITION BY job_id) AS latest\n"
	"   FROM riskml.job_run WHERE state NOT IN ('waiting', 'running')) r\n"
	"  WHERE (n > $2 OR ended_at < clock_timestamp() - $1 * interval '1 day') AND latest IS NOT TRUE LIMIT $3),\n"
	" locked AS MATERIALIZED (SELECT run_id FROM riskml.job_run WHERE run_id = ANY (ARRAY(SELECT run_id FROM old))\n"
	"  AND state NOT IN ('waiting', 'running') FOR UPDATE SKIP LOCKED),\n"
	" s AS (DELETE FROM riskml.run_step s USING locked l WHERE s.run_id = l.run_id),\n"
	" a AS (DELETE FROM riskml.step_run a USING locked l WHERE a.run_id = l.run_id)\n"
	"DELETE FROM riskml.job_run r USING locked l WHERE r.run_id = l.run_id"
};

static RmlStatement trim_validations = {
	.types = "ii",
	.text = "DELETE FROM riskml.validation WHERE id IN (SELECT id FROM riskml.validation\n"
	"  WHERE validated_at < clock_timestamp() - $1 * interval '1 day' ORDER BY validated_at LIMIT $2)"
};

bool
rml_trim_history(void)
{
	static TimestampTz trimmed_at = 0;

	if (!rml_clock_is_past(trimmed_at, PAUSE))
		return false;
	if (rml_run(&trim, rml_guc_history_days, rml_guc_history_runs, RUNS_AT_ONCE) == RUNS_AT_ONCE)
		return true;
	if (rml_run(&trim_validations, rml_guc_history_days, RUNS_AT_ONCE) == RUNS_AT_ONCE)
		return true;
	trimmed_at = GetCurrentTimestamp();
	return false;
}
