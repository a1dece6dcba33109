/*
 * slots.c
 *	  How many trainings run at once, and what they are doing.
 *
 * A slot is a heavyweight lock of the session: no SQL of users releases it, as it would an advisory lock, it goes when a transaction is
 * aborted, and else with the training's memory context or with the process, whichever ends first.  What trainings are doing stands in
 * shared memory where the library is preloaded; nothing depends on it.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "guc.h"
#include "registry/ref.h"
#include "train/slots.h"

RML_SQL_FUNCTION(riskml_trainings_running);

#define TRANCHE "riskml_train"
#define MAX_ENTRIES 64
#define METRICS 256				/* bytes */
#define LOOK_AGAIN 100			/* milliseconds */
#define LOCK_MARK 0x524D		/* tells our locks from those of extensions */

typedef struct Entry
{
	int			pid;			/* 0: free */
	Oid			database;
	Oid			role;
	char		model[RML_MAX_NAME + 1];
	RmlTrainPhase phase;
	int64		rows;
	int			fold;			/* 0: none */
	int			round;			/* -1: none yet */
	int			num_boost_round;
	char		metrics[METRICS];
	TimestampTz started_at;
} Entry;

typedef struct Progress
{
	LWLock	   *lock;
	Entry		entries[MAX_ENTRIES];
} Progress;

static const char *const phase_names[] = {
	[RML_TRAIN_WAITING] = "waiting",
	[RML_TRAIN_READING] = "reading",
	[RML_TRAIN_FITTING] = "fitting",
	[RML_TRAIN_BOOSTING] = "boosting",
	[RML_TRAIN_STORING] = "storing",
};

static Progress *progress = NULL;
static Entry *my_entry = NULL;
static int	my_slot = 0;		/* from 1 on; 0: none */
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* ---- when the server starts ---- */

static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(Progress));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
attach_memory(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	progress = ShmemInitStruct("riskml trainings", sizeof(Progress), &found);
	if (!found)
	{
		memset(progress, 0, sizeof(Progress));
		progress->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
rml_slots_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

/* ---- what this process is doing ---- */

static void
enter(const char *model, int num_boost_round)
{
	if (progress == NULL)
		return;
	LWLockAcquire(progress->lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_ENTRIES && my_entry == NULL; i++)
	{
		if (progress->entries[i].pid == 0)
			my_entry = &progress->entries[i];
	}
	if (my_entry != NULL)
	{
		memset(my_entry, 0, sizeof(Entry));
		my_entry->pid = MyProcPid;
		my_entry->database = MyDatabaseId;
		my_entry->role = GetUserId();
		strlcpy(my_entry->model, model, sizeof(my_entry->model));
		my_entry->phase = RML_TRAIN_WAITING;
		my_entry->round = -1;
		my_entry->num_boost_round = num_boost_round;
		my_entry->started_at = GetCurrentTimestamp();
	}
	LWLockRelease(progress->lock);
}

static void
leave(void)
{
	if (my_entry == NULL)
		return;
	LWLockAcquire(progress->lock, LW_EXCLUSIVE);
	my_entry->pid = 0;
	LWLockRelease(progress->lock);
	my_entry = NULL;
}

void
rml_slot_phase(RmlTrainPhase phase)
{
	if (my_entry == NULL)
		return;
	LWLockAcquire(progress->lock, LW_EXCLUSIVE);
	my_entry->phase = phase;
	LWLockRelease(progress->lock);
}

void
rml_slot_rows(int64 rows)
{
	if (my_entry == NULL)
		return;
	LWLockAcquire(progress->lock, LW_EXCLUSIVE);
	my_entry->rows = rows;
	LWLockRelease(progress->lock);
}

void
rml_slot_round(int fold, int round, const char *metrics)
{
	if (my_entry == NULL)
		return;
	LWLockAcquire(progress->lock, LW_EXCLUSIVE);
	my_entry->fold = fold;
	my_entry->round = round;
	strlcpy(my_entry->metrics, metrics, METRICS);
	LWLockRelease(progress->lock);
}

/* ---- slots ---- */

static void
set_tag(LOCKTAG *tag, int slot)
{
	/* of no database: the limit is the cluster's */
	SET_LOCKTAG_OBJECT(*tag, InvalidOid, ExtensionRelationId, (Oid) slot, LOCK_MARK);
}

static bool
is_slot(const LOCKTAG *tag)
{
	return tag->locktag_type == LOCKTAG_OBJECT && tag->locktag_field1 == InvalidOid &&
		tag->locktag_field2 == ExtensionRelationId && tag->locktag_field4 == LOCK_MARK;
}

/* Slots that others have, of all that there can be. */
static int
count_taken(void)
{
	int			taken = 0;

	for (int slot = 1; slot <= MAX_ENTRIES; slot++)
	{
		LOCKTAG		tag;
		int			holders;

		set_tag(&tag, slot);
		pfree(GetLockConflicts(&tag, ExclusiveLock, &holders));
		taken += holders > 0;
	}
	return taken;
}

static void
give_back_slot(void)
{
	LOCKTAG		tag;

	if (my_slot == 0)
		return;
	set_tag(&tag, my_slot);
	my_slot = 0;
	(void) LockRelease(&tag, ExclusiveLock, true);
}

/* The limit may have been lowered while more were running: then slots below it are free too soon. */
static bool
try_take(void)
{
	LOCKTAG		tag;

	for (int slot = 1; slot <= rml_guc_max_trainers; slot++)
	{
		set_tag(&tag, slot);
		if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
			continue;
		my_slot = slot;
		if (count_taken() < rml_guc_max_trainers)
			return true;
		give_back_slot();
		break;
	}
	return false;
}

static void
give_back(void *arg)
{
	(void) arg;
	leave();
	give_back_slot();
}

/* What ends normally keeps its locks, but for those of users and of transactions. */
static void
give_back_with_process(int code, Datum arg)
{
	(void) code;
	(void) arg;
	give_back(NULL);
}

/* Else a session does so between statements only, and whoever waits would not hear of another limit.  No transaction has set anything as yet. */
static void
reread_settings(void)
{
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
}

void
rml_slot_take(const char *model, int num_boost_round)
{
	static bool watched = false;
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	if (!watched)
		before_shmem_exit(give_back_with_process, (Datum) 0);
	watched = true;
	callback->func = give_back;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	enter(model, num_boost_round);
	while (!try_take())
	{
		InvalidateCatalogSnapshotConditionally();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_AGAIN, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		reread_settings();
	}
}

/* ---- riskml.trainings_running() ---- */

static bool
may_see(Oid role)
{
	return has_privs_of_role(GetUserId(), role) || has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

static Datum
text_or_null(const char *text, bool *null)
{
	*null = text == NULL || text[0] == '\0';
	return *null ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
put_entry(ReturnSetInfo *rsinfo, const Entry *entry)
{
	Datum		values[11] = {0};
	bool		nulls[11] = {false};
	char	   *database = get_database_name(entry->database);
	char	   *role = GetUserNameFromId(entry->role, true);

	values[0] = Int32GetDatum(entry->pid);
	values[1] = text_or_null(database, &nulls[1]);
	values[2] = text_or_null(role, &nulls[2]);
	values[3] = text_or_null(entry->model, &nulls[3]);
	values[4] = CStringGetTextDatum(phase_names[entry->phase]);
	values[5] = Int64GetDatum(entry->rows);
	values[6] = Int32GetDatum(entry->fold);
	nulls[6] = entry->fold == 0;
	values[7] = Int32GetDatum(entry->round);
	nulls[7] = entry->round < 0;
	values[8] = Int32GetDatum(entry->num_boost_round);
	values[9] = text_or_null(entry->metrics, &nulls[9]);
	values[10] = TimestampTzGetDatum(entry->started_at);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Entries of others, as they were at one time. */
static int
copy_entries(Entry *entries)
{
	int			n = 0;

	if (progress == NULL)
		return 0;
	LWLockAcquire(progress->lock, LW_SHARED);
	for (int i = 0; i < MAX_ENTRIES; i++)
	{
		if (progress->entries[i].pid != 0)
			entries[n++] = progress->entries[i];
	}
	LWLockRelease(progress->lock);
	return n;
}

/* One that only its lock is known of. */
static void
put_unknown(ReturnSetInfo *rsinfo, int pid)
{
	Datum		values[11] = {Int32GetDatum(pid)};
	bool		nulls[11] = {false, true, true, true, true, true, true, true, true, true, true};
	const PGPROC *process = BackendPidGetProc(pid);

	if (process != NULL && OidIsValid(process->roleId) && may_see(process->roleId))
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* riskml.trainings_running(): those of roles that the caller may see. */
Datum
riskml_trainings_running(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Entry	   *entries = palloc(sizeof(Entry) * MAX_ENTRIES);
	int			n = copy_entries(entries);
	const LockData *locks = GetLockStatusData();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		if (may_see(entries[i].role))
			put_entry(rsinfo, &entries[i]);
	}
	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];
		bool		known = !is_slot(&lock->locktag) || lock->holdMask == 0;

		for (int j = 0; j < n && !known; j++)
			known = entries[j].pid == lock->pid;
		if (!known)
			put_unknown(rsinfo, lock->pid);
	}
	return (Datum) 0;
}
