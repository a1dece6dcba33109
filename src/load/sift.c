/*
 * sift.c
 *	  Finds rows that a table would refuse, without writing.
 *
 * Rows are read as COPY reads them.  Where no trigger can change them before
 * they are stored, their generated columns are computed, constraints checked,
 * and unique keys and parents looked up.  An error ends a subtransaction that has written
 * nothing, which costs no transaction ID.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "compat.h"
#include "load/parents.h"
#include "load/sift.h"

/* A unique index whose keys are looked up. */
typedef struct UniqueKey
{
	Relation	index;
	IndexInfo  *info;
	List	   *itself;			/* its OID */
	FmgrInfo   *hash[INDEX_MAX_KEYS];	/* NULL: keys are not compared within the batch */
	bool		hashed;
	Datum		values[INDEX_MAX_KEYS];	/* of the row */
	bool		nulls[INDEX_MAX_KEYS];
} UniqueKey;

typedef struct Sift
{
	const RmlBatch *batch;
	const int  *order;
	int			n;
	int			at;				/* the row that is read next */

	CopyFromState copy;			/* NULL: to be begun at `at` */
	EState	   *estate;
	TupleTableSlot *slot;
	ResultRelInfo *result;		/* NULL: rows are only read */
	int			n_unique;
	UniqueKey	   *unique;

	RmlParents *parents;		/* NULL: none are looked up */
	uint64	   *seen;			/* hashes of keys, 0 where there is none */
	uint64		mask;

	RmlSifted  *sifted;
} Sift;

/* ---- the table ---- */

static bool
may_change_rows(Relation rel)
{
	return rel->rd_rel->relkind != RELKIND_RELATION ||
		(rel->trigdesc != NULL && rel->trigdesc->trig_insert_before_row);
}

static void
add_unique(Sift *sift, Relation index, IndexInfo *info)
{
	UniqueKey	   *u = &sift->unique[sift->n_unique++];

	memset(u, 0, sizeof(*u));
	u->index = index;
	u->info = info;
	u->itself = list_make1_oid(RelationGetRelid(index));
	u->hashed = true;
	for (int i = 0; i < info->ii_NumIndexKeyAttrs; i++)
	{
		TypeCacheEntry *type = lookup_type_cache(TupleDescAttr(RelationGetDescr(index), i)->atttypid,
												 TYPECACHE_HASH_PROC_FINFO);

		u->hash[i] = OidIsValid(type->hash_proc) ? &type->hash_proc_finfo : NULL;
		u->hashed &= u->hash[i] != NULL;
	}
}

static void
find_unique(Sift *sift)
{
	ResultRelInfo *result = sift->result;

	sift->unique = palloc(sizeof(UniqueKey) * Max(result->ri_NumIndices, 1));
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		Relation	index = result->ri_IndexRelationDescs[i];

		/* a deferred one is checked later, when other rows may have made room; one without overlaps says so otherwise */
		if (index->rd_index->indisunique && !index->rd_index->indisexclusion && index->rd_index->indimmediate &&
			result->ri_IndexRelationInfo[i]->ii_ReadyForInserts)
			add_unique(sift, index, result->ri_IndexRelationInfo[i]);
	}
}

static void
make_room_for_hashes(Sift *sift)
{
	uint64		size = 64;

	while (size < (uint64) sift->n * Max(sift->n_unique, 1) * 2)
		size *= 2;
	sift->mask = size - 1;
	sift->seen = MemoryContextAllocExtended(CurrentMemoryContext, size * sizeof(uint64),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
begin(Sift *sift)
{
	Relation	rel = sift->batch->rel;

	PushActiveSnapshot(GetTransactionSnapshot());
	sift->estate = CreateExecutorState();
	sift->estate->es_output_cid = GetCurrentCommandId(false);
	sift->slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	if (may_change_rows(rel))
		return;
	sift->result = makeNode(ResultRelInfo);
	InitResultRelInfo(sift->result, rel, 0, NULL, 0);
	/* with what a look for conflicts needs to know of unique indexes */
	ExecOpenIndices(sift->result, true);
	find_unique(sift);
	make_room_for_hashes(sift);
	sift->parents = rml_parents_begin(rel);
}

static void
finish(Sift *sift)
{
	if (sift->copy != NULL)
		EndCopyFrom(sift->copy);
	if (sift->result != NULL)
		ExecCloseIndices(sift->result);
	ExecDropSingleTupleTableSlot(sift->slot);
	FreeExecutorState(sift->estate);
	PopActiveSnapshot();
}

/* ---- keys ---- */

/* Is the key in the table already? */
static bool
is_taken(Sift *sift, UniqueKey *u)
{
	return !rml_check_index(sift->result, sift->slot, sift->estate, u->itself);
}

static uint64
hash_key(const UniqueKey *u, int number)
{
	uint64		hash = hash_combine64(0, (uint64) number + 1);

	for (int i = 0; i < u->info->ii_NumIndexKeyAttrs; i++)
	{
		if (u->nulls[i])
			return 0;
		hash = hash_combine64(hash, DatumGetUInt32(FunctionCall1Coll(u->hash[i], u->index->rd_indcollation[i], u->values[i])));
	}
	return hash != 0 ? hash : 1;
}

/* Where a hash is, or may be put. */
static uint64 *
find_hash(Sift *sift, uint64 hash)
{
	uint64		i = hash & sift->mask;

	while (sift->seen[i] != 0 && sift->seen[i] != hash)
		i = (i + 1) & sift->mask;
	return &sift->seen[i];
}

static void
refuse(Sift *sift, int row, const RmlRowFault *fault)
{
	sift->batch->refuse(sift->batch->arg, row, fault);
}

/* Says what PostgreSQL's B-tree says. */
static void
refuse_taken(Sift *sift, int row, UniqueKey *u)
{
	char	   *key = BuildIndexValueDescription(u->index, u->values, u->nulls);
	char	   *message = psprintf("duplicate key value violates unique constraint \"%s\"", RelationGetRelationName(u->index));
	RmlRowFault fault = {.sqlstate = ERRCODE_UNIQUE_VIOLATION};

	fault.message = key != NULL ? psprintf("%s: Key %s already exists.", message, key) : message;
	refuse(sift, row, &fault);
}

/* The unique key that the table has already; NULL: none.  *twice: one may be that of a row before. */
static UniqueKey *
look_up_keys(Sift *sift, bool *twice)
{
	uint64		hashes[64];
	int			n = 0;

	GetPerTupleExprContext(sift->estate)->ecxt_scantuple = sift->slot;
	*twice = false;
	for (int i = 0; i < sift->n_unique; i++)
	{
		UniqueKey	   *u = &sift->unique[i];
		uint64		hash;

		FormIndexDatum(u->info, sift->slot, sift->estate, u->values, u->nulls);
		if (is_taken(sift, u))
			return u;
		hash = u->hashed ? hash_key(u, i) : 0;
		if (hash == 0)
			continue;
		if (*find_hash(sift, hash) != 0)
			*twice = true;
		if (n < (int) lengthof(hashes))
			hashes[n++] = hash;
	}
	/* one in doubt is not in the way of others before it is decided */
	for (int i = 0; i < n && !*twice; i++)
		*find_hash(sift, hashes[i]) = hashes[i];
	return NULL;
}

/* ---- rows ---- */

/* Judges the row in the slot. */
static void
judge(Sift *sift, int row)
{
	Relation	rel = sift->batch->rel;
	bool		twice = false;
	UniqueKey	   *taken = NULL;

	if (sift->result != NULL)
	{
		sift->slot->tts_tableOid = RelationGetRelid(rel);
		if (RelationGetDescr(rel)->constr != NULL)
		{
			if (RelationGetDescr(rel)->constr->has_generated_stored)
				ExecComputeStoredGenerated(sift->result, sift->estate, sift->slot, CMD_INSERT);
			ExecConstraints(sift->result, sift->slot, sift->estate);
		}
		if (rel->rd_rel->relispartition)
			ExecPartitionCheck(sift->result, sift->slot, sift->estate, true);
		taken = look_up_keys(sift, &twice);
	}
	if (taken != NULL)
		refuse_taken(sift, row, taken);
	else if (twice)
		sift->sifted->doubtful[sift->sifted->n_doubtful++] = row;
	else
	{
		if (sift->parents != NULL)
			rml_parents_add(sift->parents, sift->slot);
		sift->sifted->good[sift->sifted->n_good++] = row;
	}
}

/* Of the good rows, those without a parent are not. */
static void
look_up_parents(Sift *sift)
{
	RmlParent  *parent = palloc(sizeof(RmlParent) * Max(sift->sifted->n_good, 1));
	RmlRowFault *faults = palloc(sizeof(RmlRowFault) * Max(sift->sifted->n_good, 1));
	int			n = 0;

	rml_parents_look_up(sift->parents, parent, faults);
	for (int i = 0; i < sift->sifted->n_good; i++)
	{
		int			row = sift->sifted->good[i];

		if (parent[i] == RML_PARENT_MISSING)
			refuse(sift, row, &faults[i]);
		else if (parent[i] == RML_PARENT_MAY_COME)
			sift->sifted->doubtful[sift->sifted->n_doubtful++] = row;
		else
			sift->sifted->good[n++] = row;
	}
	sift->sifted->n_good = n;
}

/* Reads and judges rows up to the end, or an error. */
static void
read_rows(Sift *sift, bool *reading)
{
	ExprContext *econtext = GetPerTupleExprContext(sift->estate);

	while (sift->at < sift->n)
	{
		MemoryContext caller;
		bool		found;

		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(sift->estate);
		ExecClearTuple(sift->slot);
		*reading = true;
		caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(sift->estate));
		found = NextCopyFrom(sift->copy, econtext, sift->slot->tts_values, sift->slot->tts_isnull);
		if (!found)
			elog(ERROR, "a row of the batch is missing");
		ExecStoreVirtualTuple(sift->slot);
		*reading = false;
		judge(sift, sift->order[sift->at]);
		MemoryContextSwitchTo(caller);
		sift->at++;
	}
}

/* Can the COPY go on behind the row whose error this is? */
static bool
can_go_on(const Sift *sift, const ErrorData *error)
{
	int			class = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return sift->copy->line_buf_valid &&
		(class == ERRCODE_DATA_EXCEPTION || class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION);
}

static void
refuse_by_error(Sift *sift, const ErrorData *error, bool reading)
{
	RmlRowFault fault = rml_row_fault(error, reading ? sift->copy->cur_attname : NULL);

	if (!rml_is_row_fault(error->sqlerrcode, reading))
		ReThrowError(unconstify(ErrorData *, error));
	refuse(sift, sift->order[sift->at], &fault);
	if (fault.message != error->message)
		pfree(fault.message);
	sift->at++;
	sift->copy->cur_attname = NULL;
	sift->copy->cur_attval = NULL;
	if (can_go_on(sift, error))
		return;
	EndCopyFrom(sift->copy);
	sift->copy = NULL;
}

/* One subtransaction: up to the next error, or the end. */
static void
read_until_error(Sift *sift)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	volatile bool reading = true;

	if (sift->copy == NULL)
		sift->copy = rml_copy_begin(sift->batch, sift->order + sift->at, sift->n - sift->at);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		read_rows(sift, unvolatize(bool *, &reading));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	/* whatever functions of the table did is undone: it will be done when the row is inserted */
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error == NULL)
		return;
	refuse_by_error(sift, error, reading);
	FreeErrorData(error);
}

void
rml_sift(const RmlBatch *batch, const int *order, int n, RmlSifted *sifted)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml ingest sift", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Sift		sift = {.batch = batch, .order = order, .n = n, .sifted = sifted};

	sifted->n_good = sifted->n_doubtful = 0;
	begin(&sift);
	while (sift.at < sift.n)
		read_until_error(&sift);
	if (sift.parents != NULL)
		look_up_parents(&sift);
	finish(&sift);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
