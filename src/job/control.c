/*
 * control.c
 *	  Runs by hand: riskml.run_job(), backfill(), cancel_run(), retry_run(),
 *	  mark_success().
 *
 * They write what is wanted; the scheduler does it.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/adopt.h"
#include "job/control.h"
#include "job/run.h"
#include "job/schedule.h"
#include "job/job.h"
#include "job/sql.h"
#include "job/wake.h"
#include "registry/owner.h"

RML_SQL_FUNCTION(riskml_run_job);
RML_SQL_FUNCTION(riskml_backfill);
RML_SQL_FUNCTION(riskml_cancel_run);
RML_SQL_FUNCTION(riskml_retry_run);
RML_SQL_FUNCTION(riskml_mark_success);

/* Runs of one backfill; more are asked for in pieces. */
#define MAX_BACKFILL 10000

static void
require_owner(const RmlOwnerScope *scope, Oid owner, const char *job)
{
	if (!has_privs_of_role(scope->caller, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of job \"%s\"", job)));
}

/* ---- runs of a job ---- */

/* What a run by hand has to know of its job. */
typedef struct Job
{
	int64		job_id;
	char	   *schedule;		/* NULL: none */
	char	   *timezone;
	TimestampTz start_at;
} Job;

static RmlStatement find_job = {
	.types = "t",
	.text = "SELECT job_id, owner::oid::bigint, schedule, timezone, start_at FROM riskml.job WHERE name = $1"
};

static void
look_up_job(const RmlOwnerScope *scope, const char *name, Job *job)
{
	if (rml_run(&find_job, name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("job \"%s\" does not exist", name),
				 errhint("riskml.jobs lists the jobs that you may see.")));
	job->job_id = rml_get_bigint(0, 1);
	require_owner(scope, (Oid) rml_get_bigint(0, 2), name);
	job->schedule = rml_get_text(0, 3);
	job->timezone = rml_get_text(0, 4);
	job->start_at = rml_get_timestamp(0, 5, RML_SCHEDULE_ANCHOR);
}

static char *
params_of(FunctionCallInfo fcinfo, int n)
{
	Jsonb	   *params;

	if (PG_ARGISNULL(n))
		return pstrdup("{}");
	params = PG_GETARG_JSONB_P(n);
	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"params\" must be a JSON object")));
	return JsonbToCString(NULL, &params->root, -1);
}

static char *
name_of(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"job\" must not be null")));
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

/* The latest whole interval of a schedule; without one, the moment. */
static void
set_interval_of_now(const Job *job, RmlNewRun *run)
{
	RmlSchedule schedule;
	TimestampTz now = GetCurrentTimestamp();

	run->interval_start = run->interval_end = now;
	if (job->schedule == NULL)
		return;
	rml_schedule_parse(job->schedule, job->timezone, job->start_at, &schedule);
	if (rml_schedule_previous(&schedule, now, &run->interval_end) &&
		!rml_schedule_previous(&schedule, run->interval_end - 1, &run->interval_start))
		run->interval_start = run->interval_end;
}

int64
rml_run_by_hand(const char *name, const char *params)
{
	RmlOwnerScope scope;
	Job			job;
	RmlNewRun	run = {.kind = "manual", .params = params};
	int64		number;

	PreventCommandIfReadOnly("riskml.run_job()");
	rml_job_act(&scope);
	look_up_job(&scope, name, &job);
	run.job_id = job.job_id;
	run.requested_by = GetUserNameFromId(scope.caller, false);
	set_interval_of_now(&job, &run);
	number = rml_create_run(&run);
	rml_warn_unless_jobs_run();
	rml_act_end(&scope);
	return number;
}

/* riskml.run_job(job, params): the run's number; it starts when this is committed. */
Datum
riskml_run_job(PG_FUNCTION_ARGS)
{
	char	   *name = name_of(fcinfo);

	PG_RETURN_INT64(rml_run_by_hand(name, params_of(fcinfo, 1)));
}

/* riskml.backfill(job, start_at, end_at, params): a run for each interval within that has none; how many. */
Datum
riskml_backfill(PG_FUNCTION_ARGS)
{
	char	   *name = name_of(fcinfo);
	RmlOwnerScope scope;
	Job			job;
	RmlSchedule schedule;
	RmlNewRun	run = {.kind = "backfill"};
	int32		n = 0;
	TimestampTz end_at;

	PreventCommandIfReadOnly("riskml.backfill()");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameters \"start_at\" and \"end_at\" must not be null")));
	end_at = PG_GETARG_TIMESTAMPTZ(2);
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(1)) || TIMESTAMP_NOT_FINITE(end_at) ||
		PG_GETARG_TIMESTAMPTZ(1) >= end_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a backfill needs a time that begins before it ends"),
				 errhint("Its first interval begins at \"start_at\" or later, its last ends at \"end_at\" or earlier.")));
	run.params = params_of(fcinfo, 3);
	rml_job_act(&scope);
	look_up_job(&scope, name, &job);
	if (job.schedule == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("job \"%s\" has no schedule, so it has no intervals", name),
				 errhint("Run it with riskml.run_job().")));
	rml_schedule_parse(job.schedule, job.timezone, job.start_at, &schedule);
	run.job_id = job.job_id;
	run.requested_by = GetUserNameFromId(scope.caller, false);
	/* the first tick that is not before the begin is the begin of the first interval */
	if (rml_schedule_next(&schedule, PG_GETARG_TIMESTAMPTZ(1) - 1, &run.interval_start))
	{
		while (rml_schedule_next(&schedule, run.interval_start, &run.interval_end) &&
			   run.interval_end <= end_at)
		{
			CHECK_FOR_INTERRUPTS();
			if (rml_create_run(&run) != 0 && ++n > MAX_BACKFILL)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("a backfill may have %d runs", MAX_BACKFILL),
						 errhint("Ask for a shorter time.")));
			run.interval_start = run.interval_end;
		}
	}
	rml_warn_unless_jobs_run();
	rml_act_end(&scope);
	PG_RETURN_INT32(n);
}

/* ---- runs that are there ---- */

static RmlStatement find_run = {
	.types = "l",
	.text = "SELECT j.owner::oid::bigint, j.name, r.state FROM riskml.job_run r JOIN riskml.job j USING (job_id)\n"
	"WHERE r.run_id = $1 FOR UPDATE OF r"
};

/* Locks a run, so that the scheduler passes it over until it hears of the transaction's end; its state. */
static char *
look_up_run(const RmlOwnerScope *scope, int64 run)
{
	rml_job_changed();
	if (rml_run(&find_run, run) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run " INT64_FORMAT " does not exist", run)));
	require_owner(scope, (Oid) rml_get_bigint(0, 1), rml_get_text(0, 2));
	return rml_get_text(0, 3);
}

static bool
is_over(const char *state)
{
	return strcmp(state, "waiting") != 0 && strcmp(state, "running") != 0;
}

static RmlStatement cancel = {
	.types = "lt",
	.text = "UPDATE riskml.job_run SET cancel_at = clock_timestamp(), reason = $2 WHERE run_id = $1 AND cancel_at IS NULL"
};

/* riskml.cancel_run(run_id): true if it was still going on. */
Datum
riskml_cancel_run(PG_FUNCTION_ARGS)
{
	int64		run = PG_GETARG_INT64(0);
	RmlOwnerScope scope;
	bool		active;

	PreventCommandIfReadOnly("riskml.cancel_run()");
	rml_job_act(&scope);
	active = !is_over(look_up_run(&scope, run));
	if (active)
		(void) rml_run(&cancel, run, psprintf("cancelled by %s", GetUserNameFromId(scope.caller, false)));
	rml_act_end(&scope);
	PG_RETURN_BOOL(active);
}

/* Steps that failed begin anew, and so do those that come after them, or ran because of a failure. */
static RmlStatement retry_steps = {
	.types = "l",
	.text = "WITH RECURSIVE anew AS (\n"
	" SELECT step FROM riskml.run_step WHERE run_id = $1 AND (state IN ('failed', 'upstream_failed', 'cancelled')\n"
	"  OR (after = '{}' AND trigger_rule = 'one_failed'))\n"
	" UNION SELECT s.step FROM anew a JOIN riskml.run_step s ON s.run_id = $1 AND a.step = ANY (s.after))\n"
	"UPDATE riskml.run_step s SET state = 'waiting', tries = 0, not_before = NULL, output = NULL\n"
	"FROM anew a WHERE s.run_id = $1 AND s.step = a.step"
};

static RmlStatement reopen_run = {
	.types = "l",
	.text = "UPDATE riskml.job_run SET state = 'waiting', ended_at = NULL, cancel_at = NULL, reason = NULL, alerted = false WHERE run_id = $1"
};

/* riskml.retry_run(run_id): goes on from the steps that failed; how many begin anew. */
Datum
riskml_retry_run(PG_FUNCTION_ARGS)
{
	int64		run = PG_GETARG_INT64(0);
	RmlOwnerScope scope;
	char	   *state;
	uint64		n;

	PreventCommandIfReadOnly("riskml.retry_run()");
	rml_job_act(&scope);
	state = look_up_run(&scope, run);
	if (strcmp(state, "failed") != 0 && strcmp(state, "cancelled") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is in state \"%s\"; only failed and cancelled runs can be retried",
						run, state)));
	n = rml_run(&retry_steps, run);
	(void) rml_run(&reopen_run, run);
	rml_warn_unless_jobs_run();
	rml_act_end(&scope);
	PG_RETURN_INT32((int32) n);
}

static RmlStatement mark_step = {
	.types = "lt",
	.text = "UPDATE riskml.run_step SET state = 'success', not_before = NULL\n"
	"WHERE run_id = $1 AND step = $2 AND state NOT IN ('running', 'success')"
};

/* What did not run because of the step, or because the run was cancelled, is judged anew. */
static RmlStatement judge_anew = {
	.types = "l",
	.text = "UPDATE riskml.run_step SET state = 'waiting', tries = 0, not_before = NULL\n"
	"WHERE run_id = $1 AND state IN ('upstream_failed', 'skipped', 'cancelled')"
};

/* riskml.mark_success(run_id, step, reason): for what was mended by hand; audited. */
Datum
riskml_mark_success(PG_FUNCTION_ARGS)
{
	char	   *step = RML_TEXT_ARG(1, "step");
	RmlAuditEntry entry = {.action = "mark_success", .reason = rml_reason_arg(fcinfo, 2)};
	RmlOwnerScope scope;
	int64		run;
	char	   *state;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"run_id\" must not be null")));
	run = PG_GETARG_INT64(0);
	/* the audit log's lock comes first */
	rml_owner_begin(&scope);
	state = look_up_run(&scope, run);
	entry.model = rml_get_text(0, 2);
	if (is_over(state))
		(void) rml_run(&reopen_run, run);
	entry.detail = psprintf("job, run " INT64_FORMAT ", step %s", run, step);
	if (rml_run(&mark_step, run, step) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " has no step \"%s\" that could be marked", run, step),
				 errhint("A step that is running is cancelled first; one that succeeded needs no mark.")));
	(void) rml_run(&judge_anew, run);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
