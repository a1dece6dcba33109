/*
 * launcher.c
 *	  The process that has a scheduler in each database of riskml.databases.
 *
 * It begins on a standby too, but starts nothing before recovery ends: then it
 * knows that the server was promoted, which a clone that was never a standby
 * cannot say (adopt.c).  It is connected to no database and so is in nobody's
 * way.  A scheduler that ends is started again after a while; what makes it
 * end is its own affair.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "compat.h"
#include "guc.h"
#include "job/board.h"
#include "job/clock.h"
#include "job/launcher.h"
#include "job/scheduler.h"

PGDLLEXPORT void riskml_launcher_main(Datum arg);

#define PAUSE 1000				/* milliseconds between two looks */
#define RESTART_SECONDS 5		/* for the launcher itself, and before a scheduler comes back */

/* A database that was asked for. */
typedef struct Entry
{
	struct Entry *next;
	char	   *name;
	BackgroundWorkerHandle *handle; /* of its scheduler, or NULL */
	TimestampTz ended_at;
	bool		wanted;
} Entry;

static Entry *entries = NULL;

void
rml_launcher_init(void)
{
	BackgroundWorker worker = {
		.bgw_name = "riskml launcher",
		.bgw_type = "riskml launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_ConsistentState,
		.bgw_restart_time = RESTART_SECONDS,
		.bgw_library_name = "riskml",
		.bgw_function_name = "riskml_launcher_main",
	};

	if (!IsBinaryUpgrade)
		RegisterBackgroundWorker(&worker);
}

static Entry *
find_entry(const char *name)
{
	Entry	   *entry;

	for (entry = entries; entry != NULL; entry = entry->next)
	{
		if (strcmp(entry->name, name) == 0)
			return entry;
	}
	entry = MemoryContextAllocZero(TopMemoryContext, sizeof(Entry));
	entry->name = MemoryContextStrdup(TopMemoryContext, name);
	entry->next = entries;
	entries = entry;
	return entry;
}

/* Reads riskml.databases. */
static void
read_setting(void)
{
	List	   *names;
	ListCell   *cell;

	for (Entry *entry = entries; entry != NULL; entry = entry->next)
		entry->wanted = false;
	(void) SplitIdentifierString(pstrdup(rml_guc_databases), ',', &names);
	foreach(cell, names)
		find_entry(lfirst(cell))->wanted = true;
}

static void
start_scheduler(Entry *entry, Oid database, bool promoted)
{
	BackgroundWorker worker = {
		.bgw_type = "riskml scheduler",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "riskml",
		.bgw_function_name = "riskml_scheduler_main",
		.bgw_main_arg = ObjectIdGetDatum(database),
		.bgw_notify_pid = MyProcPid,
	};

	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "riskml scheduler for %s", entry->name);
	worker.bgw_extra[0] = promoted;
	/* no free slot: at the next look */
	if (!RegisterDynamicBackgroundWorker(&worker, &entry->handle))
		entry->handle = NULL;
}

/* Is its scheduler there, or just on its way? */
static bool
is_running(Entry *entry)
{
	pid_t		pid;

	if (entry->handle == NULL)
		return false;
	if (GetBackgroundWorkerPid(entry->handle, &pid) != BGWH_STOPPED)
		return true;
	pfree(entry->handle);
	entry->handle = NULL;
	entry->ended_at = GetCurrentTimestamp();
	return false;
}

/*
 * The database of a name, if one may connect to it.  Without a database of its
 * own a process may have to do without indexes.
 */
static Oid
find_database(const char *name)
{
	Relation	relation = table_open(DatabaseRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(relation, 0, NULL);
	Oid			found = InvalidOid;
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		const FormData_pg_database *database = (const FormData_pg_database *) GETSTRUCT(tuple);

		if (database->datallowconn && strcmp(NameStr(database->datname), name) == 0)
			found = database->oid;
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

static void
look_after(Entry *entry, bool promoted)
{
	Oid			database;

	if (is_running(entry))
	{
		if (!entry->wanted)
			TerminateBackgroundWorker(entry->handle);
		return;
	}
	if (!entry->wanted || !rml_clock_is_past(entry->ended_at, RESTART_SECONDS * 1000))
		return;
	database = find_database(entry->name);
	if (OidIsValid(database) && rml_board_may_enter(database))
		start_scheduler(entry, database, promoted);
}

static void
look_after_all(bool promoted)
{
	MemoryContext caller = CurrentMemoryContext;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	/* handles outlive the transaction */
	MemoryContextSwitchTo(TopMemoryContext);
	for (Entry *entry = entries; entry != NULL; entry = entry->next)
		look_after(entry, promoted);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
}

static bool
is_standby(void)
{
	struct stat file;

	return RecoveryInProgress() && stat("standby.signal", &file) == 0;
}

void
riskml_launcher_main(Datum arg)
{
	bool		promoted = false;
	MemoryContext scratch;

	(void) arg;
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	scratch = AllocSetContextCreate(TopMemoryContext, "riskml launcher", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);
	read_setting();
	for (;;)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			read_setting();
		}
		promoted = promoted || is_standby();
		if (!RecoveryInProgress())
			look_after_all(promoted);
		MemoryContextReset(scratch);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, PAUSE, PG_WAIT_EXTENSION);
	}
}
