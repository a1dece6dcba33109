/*
 * wait.c
 *	  Waiting for runs: CALL riskml.run_job_and_wait(), CALL riskml.wait_run().
 *
 * Each look is a transaction of its own, so that no snapshot is held and none
 * is missed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/adopt.h"
#include "job/board.h"
#include "job/context.h"
#include "job/control.h"
#include "job/job.h"
#include "job/sql.h"

RML_SQL_FUNCTION(riskml_run_job_and_wait);
RML_SQL_FUNCTION(riskml_wait_run);

#define LONGEST_WAIT 1000		/* milliseconds, in case nobody tells */
#define LONGEST_LIMIT 36525		/* days */

static RmlStatement look = {
	.types = "l",
	.text = "SELECT r.state, r.reason, j.name, j.owner::oid::bigint, r.xmin::text::bigint,\n"
	" (SELECT format('step \"%s\", attempt %s: %s (SQLSTATE %s)', a.step, a.attempt, a.message, a.sqlstate)\n"
	"  FROM riskml.step_run a WHERE a.run_id = r.run_id AND a.state = 'failed' ORDER BY a.ended_at DESC LIMIT 1)\n"
	"FROM riskml.job_run r JOIN riskml.job j USING (job_id) WHERE r.run_id = $1"
};

/* What a look has seen. */
typedef struct View
{
	char	   *state;
	char	   *reason;
	char	   *job;
	char	   *failure;
} View;

static char *
keep(MemoryContext context, char *text)
{
	return text != NULL ? MemoryContextStrdup(context, text) : NULL;
}

static void
look_at_run(int64 run, MemoryContext context, View *view)
{
	RmlOwnerScope scope;

	rml_job_act(&scope);
	if (rml_run(&look, run) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run " INT64_FORMAT " does not exist", run)));
	if (!has_privs_of_role(scope.caller, (Oid) rml_get_bigint(0, 4)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of job \"%s\"", rml_get_text(0, 3))));
	if (TransactionIdIsCurrentTransactionId((TransactionId) rml_get_bigint(0, 5)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " was created by this transaction and cannot start before it ends", run),
				 errhint("Commit first, or CALL riskml.run_job_and_wait().")));
	if (run == rml_context_run_id())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " would wait for itself", run),
				 errhint("This is a step of it, which ends before the run does.")));
	view->state = keep(context, rml_get_text(0, 1));
	view->reason = keep(context, rml_get_text(0, 2));
	view->job = keep(context, rml_get_text(0, 3));
	view->failure = keep(context, rml_get_text(0, 6));
	rml_act_end(&scope);
}

static void
require_nonatomic(FunctionCallInfo fcinfo, const char *procedure)
{
	if (!IsA(fcinfo->context, CallContext) || ((CallContext *) fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run in a transaction block or a function", procedure),
				 errhint("CALL it by itself; riskml.run_job() starts a run from anywhere.")));
}

/* Milliseconds of an interval argument; NULL: no limit. */
static int64
limit_of(FunctionCallInfo fcinfo, int n)
{
	static const Interval none = {0};
	static const Interval longest = {.day = LONGEST_LIMIT};
	TimestampTz now = GetCurrentTimestamp();

	if (PG_ARGISNULL(n))
		return PG_INT64_MAX;
	if (DatumGetBool(DirectFunctionCall2(interval_lt, PG_GETARG_DATUM(n), IntervalPGetDatum(&none))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("timeout must not be negative")));
	if (DatumGetBool(DirectFunctionCall2(interval_gt, PG_GETARG_DATUM(n), IntervalPGetDatum(&longest))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("timeout is longer than 100 years"),
				 errhint("Without one, it waits for the end, however long that takes.")));
	return (DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now),
													PG_GETARG_DATUM(n))) - now) / 1000;
}

static void
report(int64 run, const View *view)
{
	if (strcmp(view->state, "success") == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("run " INT64_FORMAT " of job \"%s\" ended in state \"%s\"", run, view->job, view->state),
			 view->failure ? errdetail("%s", view->failure) : view->reason ? errdetail("%s", view->reason) : 0,
			 errhint("riskml.failures has more; riskml.retry_run(" INT64_FORMAT ") goes on from the step that failed.", run)));
}

/* Looks until the run is over. */
static void
wait_for(int64 run, int64 limit)
{
	TimestampTz begin = GetCurrentTimestamp();
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml wait", ALLOCSET_SMALL_SIZES);
	View		view;

	rml_board_prepare_wait();
	for (;;)
	{
		int64		waited = (GetCurrentTimestamp() - begin) / 1000;

		MemoryContextReset(context);
		PushActiveSnapshot(GetTransactionSnapshot());
		look_at_run(run, context, &view);
		PopActiveSnapshot();
		if (strcmp(view.state, "waiting") != 0 && strcmp(view.state, "running") != 0)
			break;
		if (waited >= limit)
			ereport(ERROR,
					(errcode(ERRCODE_QUERY_CANCELED),
					 errmsg("run " INT64_FORMAT " of job \"%s\" is still going on", run, view.job),
					 errhint("It goes on; CALL riskml.wait_run(" INT64_FORMAT ") waits on.", run)));
		SPI_commit();
		rml_board_wait((long) Min(LONGEST_WAIT, limit - waited + 1));
	}
	rml_board_stop_waiting();
	report(run, &view);
	MemoryContextDelete(context);
}

/* CALL riskml.run_job_and_wait(job, params, timeout) */
Datum
riskml_run_job_and_wait(PG_FUNCTION_ARGS)
{
	int64		limit;
	int64		run;

	require_nonatomic(fcinfo, "riskml.run_job_and_wait()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"job\" must not be null")));
	limit = limit_of(fcinfo, 2);
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_require_jobs_run();
	run = rml_run_by_hand(text_to_cstring(PG_GETARG_TEXT_PP(0)),
						  PG_ARGISNULL(1) ? "{}" : JsonbToCString(NULL, &PG_GETARG_JSONB_P(1)->root, -1));
	SPI_commit();
	wait_for(run, limit);
	SPI_finish();
	PG_RETURN_VOID();
}

/* CALL riskml.wait_run(run_id, timeout) */
Datum
riskml_wait_run(PG_FUNCTION_ARGS)
{
	int64		limit;

	require_nonatomic(fcinfo, "riskml.wait_run()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"run_id\" must not be null")));
	limit = limit_of(fcinfo, 1);
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_require_jobs_run();
	wait_for(PG_GETARG_INT64(0), limit);
	SPI_finish();
	PG_RETURN_VOID();
}
