/*
 * worker.c
 *	  The process that does one attempt of a step.
 *
 * It is connected as the job's owner.  Where the kind allows it, what the step
 * does, or the last of it, and the record of its success are one transaction.  An error is recorded
 * in another, after what the step did was rolled back; if even that is not
 * possible, the scheduler sees that the process is gone.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/attempt.h"
#include "job/board.h"
#include "job/context.h"
#include "job/kind.h"
#include "job/job.h"
#include "job/sql.h"
#include "job/worker.h"
#include "load/evidence.h"
#include "quality/record.h"

/* The work, and whom it is for. */
typedef struct Task
{
	RmlAttempt	attempt;
	const RmlKind *kind;
	RmlWork		work;
	char	   *job;
	MemoryContext context;		/* holds it */
} Task;

static void
begin_transaction(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

/* One for records only, which needs to write, whatever transactions of the owner are by default. */
static void
begin_recording(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	XactDeferrable = false;
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
end_transaction(void)
{
	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	CommitTransactionCommand();
}

static RmlStatement read_work = {
	.types = "lti",
	.text = "SELECT s.kind, s.command, s.params::text, j.name, jsonb_build_object('run', $1, 'step', $2, 'attempt', $3,\n"
	"  'interval_start', r.interval_start, 'interval_end', r.interval_end, 'params', r.params || s.params)::text\n"
	"FROM riskml.run_step s JOIN riskml.job_run r USING (run_id) JOIN riskml.job j USING (job_id)\n"
	"WHERE s.run_id = $1 AND s.step = $2"
};

/* Takes the attempt and learns what to do; false if there is nothing to do. */
static bool
take_task(Task *task)
{
	RmlOwnerScope scope;
	MemoryContext caller = CurrentMemoryContext;
	bool		taken;
	char	   *kind = NULL;
	char	   *context = NULL;

	begin_recording();
	rml_job_act(&scope);
	taken = rml_take_attempt(&task->attempt) &&
		rml_run(&read_work, task->attempt.run_id, task->attempt.step, task->attempt.number) == 1;
	if (taken)
	{
		kind = MemoryContextStrdup(task->context, rml_get_text(0, 1));
		task->work.command = MemoryContextStrdup(task->context, rml_get_text(0, 2));
		task->work.params = MemoryContextStrdup(task->context, rml_get_text(0, 3));
		task->job = MemoryContextStrdup(task->context, rml_get_text(0, 4));
		context = MemoryContextStrdup(task->context, rml_get_text(0, 5));
	}
	rml_act_end(&scope);
	if (taken)
		rml_context_set(context);
	end_transaction();
	MemoryContextSwitchTo(caller);
	task->kind = taken ? rml_kind_by_name(kind) : NULL;
	if (taken && task->kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("this version of riskml has no steps of kind \"%s\"", kind)));
	return taken;
}

static void
show_activity(const Task *task)
{
	char		name[NAMEDATALEN];

	snprintf(name, sizeof(name), "riskml %s/%s run " INT64_FORMAT " attempt %d", task->job, task->attempt.step,
			 task->attempt.run_id, task->attempt.number);
	(void) set_config_option("application_name", name, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET, true, 0, false);
	pgstat_report_activity(STATE_RUNNING, task->work.command);
}

/* In the transaction that did the work, or after those that did. */
static void
record_success(const Task *task)
{
	RmlOwnerScope scope;

	/* what the step did may have been done in one that is read-only */
	XactReadOnly = false;
	rml_job_act(&scope);
	if (task->work.again_after > 0)
		rml_attempt_comes_back(&task->attempt, task->work.again_after);
	else
		rml_attempt_succeeds(&task->attempt, task->work.rows);
	rml_act_end(&scope);
}

static void
do_task(Task *task)
{
	if (task->kind->transactional)
	{
		begin_transaction();
		task->kind->run(&task->work);
		/* that it succeeded is written even where it may only read; a serializable snapshot relies on that */
		if (!IsolationIsSerializable())
			XactReadOnly = false;
		record_success(task);
		end_transaction();
		return;
	}
	task->kind->run(&task->work);
	begin_recording();
	if (task->work.finish != NULL)
		task->work.finish(&task->work);
	record_success(task);
	end_transaction();
}

static void
record_error(Task *task, const ErrorData *error)
{
	RmlOwnerScope scope;
	bool		recorded;

	begin_recording();
	rml_job_act(&scope);
	recorded = rml_attempt_fails(&task->attempt, error);
	rml_act_end(&scope);
	if (recorded)
	{
		rml_evidence_write();
		(void) rml_record_write("failed", 0);
	}
	end_transaction();
}

void
riskml_step_main(Datum arg)
{
	Task		task = {0};

	(void) arg;
	memcpy(&task.attempt, MyBgworkerEntry->bgw_extra, sizeof(RmlAttempt));
	/* users' SQL runs here: it has to be possible to end it */
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(task.attempt.database, task.attempt.owner, 0);
	if (!rml_board_begin_step(task.attempt.token))
		return;
	task.context = AllocSetContextCreate(TopMemoryContext, "riskml step", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(task.context);
	PG_TRY();
	{
		if (take_task(&task))
		{
			show_activity(&task);
			do_task(&task);
		}
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(task.context);
		/* signals to stop repeat: none may take the error's record away */
		HOLD_INTERRUPTS();
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		MemoryContextSwitchTo(task.context);
		record_error(&task, error);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}
