/*
 * scheduler.c
 *	  The process that starts what is due in one database.
 *
 * Each round is a transaction that looks at the tables, moves runs on and
 * creates attempts; what it created is started after it has committed.  Nothing
 * is remembered from round to round: after a crash, a restart or a failover the
 * tables say what is to be done.  Between rounds it sleeps until the next event
 * or until it is woken (wake.c, board.c), and holds nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "job/adopt.h"
#include "job/advance.h"
#include "job/attempt.h"
#include "job/board.h"
#include "job/clock.h"
#include "job/history.h"
#include "job/scheduler.h"
#include "job/sql.h"

#define LONGEST_SLEEP 30000		/* milliseconds, in case nobody wakes it */
#define SLEEP_WITHOUT_SLOT 500
#define SLEEP_AFTER_ERROR 500	/* twice as long after the next one, and so on */
#define LONGEST_SLEEP_AFTER_ERROR 60000
#define MAX_ATTEMPTS 256

/* What a round leaves to do. */
typedef struct Round
{
	RmlAttempt	attempts[MAX_ATTEMPTS];
	int			n;				/* to start */
	TimestampTz next;			/* event */
	int			errors;			/* rounds before and with this one that ended so */
} Round;

static void
begin_round(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
end_round(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(false);
}

/* Moves everything on.  Each part sees what the one before it did. */
static void
make_round(Round *round, bool promoted)
{
	bool		ended;
	bool		refused;
	bool		more;
	TimestampTz now = GetCurrentTimestamp();

	round->n = 0;
	round->next = DT_NOEND;
	begin_round();
	if (!OidIsValid(get_extension_oid("riskml", true)) || !rml_jobs_run_here(promoted))
	{
		end_round();
		return;
	}
	rml_sweep_attempts();
	more = rml_create_due_runs(now);
	ended = rml_advance_runs();
	rml_stop_attempts();
	round->n = rml_create_attempts(round->attempts,
								   Max(Min(rml_guc_max_workers, MAX_ATTEMPTS) - rml_active_attempts(), 0),
								   &refused);
	more = rml_trim_history() || more;
	round->next = refused || more ? now : rml_next_event(now);
	end_round();
	if (ended)
		rml_board_tell_end();
}

static bool
start_process(const RmlAttempt *attempt)
{
	BackgroundWorker worker = {
		.bgw_type = "riskml step",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "riskml",
		.bgw_function_name = "riskml_step_main",
		.bgw_notify_pid = MyProcPid,
	};

	StaticAssertStmt(sizeof(RmlAttempt) <= BGW_EXTRALEN, "an attempt goes along with its process");
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "riskml step %s", attempt->step);
	memcpy(worker.bgw_extra, attempt, sizeof(RmlAttempt));
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

/* No slot is a normal state: what waits for one is said once a minute. */
static void
report_no_slot(int n)
{
	static TimestampTz reported_at = 0;

	if (!rml_clock_is_past(reported_at, 60000))
		return;
	reported_at = GetCurrentTimestamp();
	ereport(LOG,
			(errmsg("riskml: no background worker slot for %d steps; they wait", n),
			 errhint("Raise max_worker_processes.")));
}

/* Starts the processes of a round; steps without one go back to the queue. */
static bool
start_processes(const Round *round)
{
	int			started = 0;

	while (started < round->n && start_process(&round->attempts[started]))
		started++;
	if (started == round->n)
		return true;
	report_no_slot(round->n - started);
	begin_round();
	for (int i = started; i < round->n; i++)
		rml_withdraw_attempt(&round->attempts[i]);
	end_round();
	return false;
}

/* A round, and what it leaves to do; false if it was not done. */
static bool
try_round(Round *round, bool promoted)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool done = false;

	PG_TRY();
	{
		make_round(round, promoted);
		done = start_processes(round);
		round->errors = 0;
	}
	PG_CATCH();
	{
		/* a deadlock with a session, say: whatever it was, the next round may do better */
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		EmitErrorReport();
		AbortOutOfAnyTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
		round->errors++;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	return done;
}

/* When to look again if nobody wakes it. */
static TimestampTz
next_look(const Round *round, bool done)
{
	TimestampTz now = GetCurrentTimestamp();

	if (round->errors > 0)
		return now + Min(SLEEP_AFTER_ERROR << Min(round->errors - 1, 10), LONGEST_SLEEP_AFTER_ERROR) * INT64CONST(1000);
	if (!done)
		return now + SLEEP_WITHOUT_SLOT * 1000;
	return Min(round->next, now + LONGEST_SLEEP * 1000);
}

/*
 * What database and role set for their sessions is not meant for this one.
 * Plans are made once, and outlive the statistics they were made with.  Of the
 * tables only what is active is looked at, which has indexes: to walk along
 * them is right whatever the statistics say, and their entries of dead rows are
 * marked by the first scan that meets them.
 */
static void
prepare_session(void)
{
	static const char *const settings[][2] = {
		{"role", "none"},
		{"search_path", "pg_catalog, pg_temp"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"TimeZone", "UTC"},
		{"statement_timeout", "0"},
		{"lock_timeout", "0"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"plan_cache_mode", "force_generic_plan"},
		{"enable_seqscan", "off"},
		{"enable_bitmapscan", "off"},
		{"enable_hashjoin", "off"},
		{"enable_mergejoin", "off"},
		{"jit", "off"},
	};

	for (int i = 0; i < (int) lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET, true,
								 0, false);
	pgstat_report_appname("riskml scheduler");
}

void
riskml_scheduler_main(Datum arg)
{
	bool		promoted = MyBgworkerEntry->bgw_extra[0] != 0;
	bool		look = true;
	bool		done = true;
	TimestampTz look_at = 0;
	MemoryContext scratch;
	Round	   *round;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, 0);
	if (!rml_board_enter())
		return;
	prepare_session();
	round = MemoryContextAllocZero(TopMemoryContext, sizeof(Round));
	scratch = AllocSetContextCreate(TopMemoryContext, "riskml scheduler", ALLOCSET_DEFAULT_SIZES);
	while (!rml_board_must_leave())
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			look = true;
		}
		look = rml_board_was_woken() || look;
		if (look)
		{
			MemoryContextSwitchTo(scratch);
			done = try_round(round, promoted);
			MemoryContextReset(scratch);
			look_at = next_look(round, done);
			pgstat_report_activity(STATE_IDLE, NULL);
		}
		/* the postmaster tells of each process that began or ended, which matters for a free slot only */
		look = (WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						  Min(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), look_at), LONGEST_SLEEP_AFTER_ERROR),
						  PG_WAIT_EXTENSION) & WL_TIMEOUT) != 0 || (!done && round->errors == 0);
	}
}
