/*
 * changes.c
 *	  Who changed this database's registry last.
 *
 * A trigger on each table of the registry takes the lock of its writers, which
 * lasts until the transaction has ended for everybody, and then sets the stamp:
 * so all writers before the one in the stamp have ended when it is set, and a
 * snapshot that sees that one as ended sees all of them so.  A snapshot was
 * taken before the stamp is compared: a writer that sets it later is running
 * for that snapshot.  While the latest writer is running for a snapshot, this
 * sees what the one before it has left, whose number is kept, too.
 *
 * Statements are heard of before they change anything.  A logical replica has
 * rows and no statements; it is for rows that there is a second trigger.
 *
 * A stamp is not replayed on a standby and does not survive a restart, as
 * prepared transactions do; hence `first`.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/hot.h"
#include "compat.h"
#include "registry/catalog.h"
#include "registry/changes.h"
#include "registry/meanings.h"

RML_SQL_FUNCTION(riskml_registry_changed);

#define TRANCHE "riskml changes"

/* More databases than these do without. */
#define MAX_DATABASES 256

typedef struct Slot
{
	Oid			database;
	TransactionId first;		/* transactions before it may have written unseen */
	pg_atomic_uint64 stamp;		/* FullTransactionId of the latest writer, or 0 */
	pg_atomic_uint64 previous;	/* of the writer before it, or 0 */
} Slot;

typedef struct SharedChanges
{
	int			n_slots;
	Slot		slots[MAX_DATABASES];
} SharedChanges;

/* Behind it is what references mean. */
#define MEANINGS_OFFSET MAXALIGN(sizeof(SharedChanges))

static SharedChanges *changes = NULL;
static LWLock *lock = NULL;
static Slot *own_slot = NULL;	/* of this database */

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static Size
memory_size(void)
{
	return add_size(MEANINGS_OFFSET, rml_meanings_size());
}

static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(memory_size());
	RequestNamedLWLockTranche(TRANCHE, 2);
}

static void
attach_memory(void)
{
	LWLockPadded *locks;
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	locks = GetNamedLWLockTranche(TRANCHE);
	lock = &locks[0].lock;
	changes = ShmemInitStruct(TRANCHE, memory_size(), &found);
	if (!found)
		memset(changes, 0, memory_size());
	rml_meanings_attach((char *) changes + MEANINGS_OFFSET, &locks[1].lock);
	LWLockRelease(AddinShmemInitLock);
}

void
rml_changes_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

static Slot *
find_slot(void)
{
	for (int i = 0; i < changes->n_slots; i++)
	{
		if (changes->slots[i].database == MyDatabaseId)
			return &changes->slots[i];
	}
	return NULL;
}

/* The slot of this database, made if need be; NULL if there is none. */
RML_HOT static Slot *
get_slot(void)
{
	if (own_slot != NULL || changes == NULL || RecoveryInProgress())
		return own_slot;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	own_slot = find_slot();
	if (own_slot == NULL && changes->n_slots < MAX_DATABASES)
	{
		own_slot = &changes->slots[changes->n_slots];
		own_slot->database = MyDatabaseId;
		own_slot->first = XidFromFullTransactionId(ReadNextFullTransactionId());
		pg_atomic_init_u64(&own_slot->stamp, 0);
		pg_atomic_init_u64(&own_slot->previous, 0);
		changes->n_slots++;
	}
	LWLockRelease(lock);
	return own_slot;
}

static TransactionId
writer_of(uint64 stamp)
{
	return XidFromFullTransactionId(FullTransactionIdFromU64(stamp));
}

RML_HOT static bool
has_ended(uint64 stamp, Snapshot snapshot)
{
	TransactionId writer = writer_of(stamp);

	return !TransactionIdIsValid(writer) ||
		(writer != GetTopTransactionIdIfAny() && !XidInMVCCSnapshot(writer, snapshot));
}

/*
 * Does the latest writer merely run for the snapshot, so that this sees what the
 * one before it has left?  Gives that, or one who has come meanwhile and runs, too.
 */
static bool
runs_for_snapshot(Slot *slot, uint64 stamp, uint64 *previous)
{
	/* the number of a writer so long ago may be anybody's again */
	if (U64FromFullTransactionId(ReadNextFullTransactionId()) - stamp > PG_INT32_MAX ||
		writer_of(stamp) == GetTopTransactionIdIfAny())
		return false;
	pg_read_barrier();
	*previous = pg_atomic_read_u64(&slot->previous);
	return true;
}

RML_HOT bool
rml_changes_settled(Snapshot snapshot, uint64 *stamp)
{
	Slot	   *slot = get_slot();

	if (slot == NULL || snapshot->snapshot_type != SNAPSHOT_MVCC || snapshot->takenDuringRecovery ||
		TransactionIdPrecedes(snapshot->xmin, slot->first))
		return false;
	*stamp = pg_atomic_read_u64(&slot->stamp);
	return has_ended(*stamp, snapshot) ||
		(runs_for_snapshot(slot, *stamp, stamp) && has_ended(*stamp, snapshot));
}

/* Leaves the number of this transaction; its lock keeps others from doing so. */
static void
set_stamp(Slot *slot)
{
	uint64		before = pg_atomic_read_u64(&slot->stamp);
	uint64		stamp = U64FromFullTransactionId(GetTopFullTransactionId());

	if (before == stamp)
		return;
	pg_atomic_write_u64(&slot->previous, before);
	pg_write_barrier();
	pg_atomic_write_u64(&slot->stamp, stamp);
}

/* Before each statement that writes to one of the registry's tables, whoever runs it, and before each row. */
Datum
riskml_registry_changed(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;
	Slot	   *slot;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("riskml.registry_changed() is a trigger function")));
	LockRelationOid(rml_catalog_table(RML_TAB_AUDIT), ExclusiveLock);
	slot = get_slot();
	if (slot != NULL)
		set_stamp(slot);
	/* plans that were chosen for an alias are chosen anew, once this commits */
	if (RelationGetRelid(trigger->tg_relation) == rml_catalog_table(RML_TAB_ALIAS))
		rml_catalog_alias_moved();
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple);
}
