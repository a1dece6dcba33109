/*
 * keys.c
 *	  The keys of rows that were read, to see when one comes again.
 *
 * Hashes of 64 bits at first, in a table that grows.  When there are many they
 * move to the last table, of a size that does not depend on their number; it
 * has 32 bits of each, beside those that say where it belongs.  Both are open
 * addressed, with 0 for a free slot.
 *
 * What caches do not hold is slow to reach in any order but its own.  So for the
 * last table hashes wait until there are some for the same part of it.
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "load/keys.h"

#define FIRST_SIZE 1024
#define GROWN_SIZE (64 * 1024)
/* Bytes of the last table, where work_mem is less: enough for more than a million keys. */
#define LAST_BYTES ((size_t) 8 * 1024 * 1024)
/* Parts of the last table, and hashes that wait for each. */
#define PARTS 256
#define WAITING 32

typedef struct KeyColumn
{
	int			number;			/* in the batch */
	Oid			collation;
	FmgrInfo   *hash;
} KeyColumn;

struct RmlKeys
{
	int			n_columns;
	KeyColumn  *columns;
	MemoryContext memory;
	uint64	   *growing;		/* NULL: they have moved */
	uint32	   *last;
	size_t		size;			/* of the table in use, a power of two */
	size_t		used;
	bool		full;
	int			n_waiting[PARTS];
	uint64		waiting[PARTS][WAITING];
};

RmlKeys *
rml_keys_create(const RmlLoad *load, TupleDesc columns)
{
	RmlKeys    *keys = palloc0(sizeof(RmlKeys));

	keys->columns = palloc0(sizeof(KeyColumn) * (size_t) load->n_columns);
	for (int i = 0; i < load->n_columns; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		TypeCacheEntry *type;

		if (!load->columns[i].key)
			continue;
		type = lookup_type_cache(column->atttypid, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
		if (!OidIsValid(type->hash_extended_proc_finfo.fn_oid))
			return NULL;
		keys->columns[keys->n_columns++] = (KeyColumn) {i + 1, column->attcollation, &type->hash_extended_proc_finfo};
	}
	keys->memory = CurrentMemoryContext;
	keys->size = FIRST_SIZE;
	keys->growing = palloc0(keys->size * sizeof(uint64));
	return keys;
}

static uint64
hash_of(const RmlKeys *keys, TupleTableSlot *row)
{
	uint64		hash = 0;

	for (int i = 0; i < keys->n_columns; i++)
	{
		const KeyColumn *column = &keys->columns[i];
		bool		null;
		Datum		value = slot_getattr(row, column->number, &null);

		if (!null)
			hash = hash_combine64(hash, DatumGetUInt64(FunctionCall2Coll(column->hash, column->collation, value,
																		 UInt64GetDatum(HASH_PARTITION_SEED))));
	}
	return hash != 0 ? hash : 1;
}

/* ---- the tables: where a hash is, or the free slot where it belongs ---- */

static uint64 *
find_growing(const RmlKeys *keys, uint64 hash)
{
	size_t		i = hash & (keys->size - 1);

	while (keys->growing[i] != 0 && keys->growing[i] != hash)
		i = (i + 1) & (keys->size - 1);
	return &keys->growing[i];
}

static uint32
mark_of(uint64 hash)
{
	uint32		mark = (uint32) (hash >> 32);

	return mark != 0 ? mark : 1;
}

static uint32 *
find_last(const RmlKeys *keys, uint64 hash)
{
	size_t		i = hash & (keys->size - 1);

	while (keys->last[i] != 0 && keys->last[i] != mark_of(hash))
		i = (i + 1) & (keys->size - 1);
	return &keys->last[i];
}

/* A larger table; beyond a size, the last one. */
static void
grow(RmlKeys *keys)
{
	uint64	   *old = keys->growing;
	size_t		old_size = keys->size;

	if (old_size < GROWN_SIZE)
	{
		keys->size = old_size * 2;
		keys->growing = MemoryContextAllocZero(keys->memory, keys->size * sizeof(uint64));
	}
	else
	{
		keys->size = pg_prevpower2_64(Max(get_hash_memory_limit(), LAST_BYTES) / sizeof(uint32));
		keys->size = Min(keys->size, (size_t) 1 << 31);
		keys->last = MemoryContextAllocExtended(keys->memory, keys->size * sizeof(uint32),
												   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		keys->growing = NULL;
	}
	for (size_t i = 0; i < old_size; i++)
	{
		if (old[i] == 0)
			continue;
		if (keys->growing != NULL)
			*find_growing(keys, old[i]) = old[i];
		else
			*find_last(keys, old[i]) = mark_of(old[i]);
	}
	pfree(old);
}

/* Adds a hash; was it there? */
static bool
add_growing(RmlKeys *keys, uint64 hash)
{
	uint64	   *slot = find_growing(keys, hash);

	if (*slot != 0)
		return true;
	*slot = hash;
	/* three quarters: walks stay short */
	if (++keys->used >= keys->size / 4 * 3)
		grow(keys);
	return false;
}

static bool
add_last(RmlKeys *keys, uint64 hash)
{
	uint32	   *slot = find_last(keys, hash);

	if (*slot != 0)
		return true;
	if (keys->full)
		return false;
	*slot = mark_of(hash);
	keys->used++;
	return false;
}

/* Adds those that wait for a part. */
static bool
add_part(RmlKeys *keys, int part)
{
	bool		repeated = false;

	for (int i = 0; i < keys->n_waiting[part]; i++)
		repeated |= add_last(keys, keys->waiting[part][i]);
	keys->n_waiting[part] = 0;
	return repeated;
}

bool
rml_keys_settle(RmlKeys *keys)
{
	bool		repeated = false;

	for (int part = 0; part < PARTS; part++)
		repeated |= add_part(keys, part);
	return repeated;
}

bool
rml_keys_add(RmlKeys *keys, TupleTableSlot *row)
{
	uint64		hash = hash_of(keys, row);
	bool		repeated = false;
	int			part;

	if (keys->growing != NULL)
		return add_growing(keys, hash);
	part = (int) ((hash & (keys->size - 1)) / (keys->size / PARTS));
	keys->waiting[part][keys->n_waiting[part]++] = hash;
	if (keys->n_waiting[part] == WAITING)
		repeated = add_part(keys, part);
	if (!keys->full && keys->used >= keys->size / 4 * 3)
	{
		/* those that wait belong to rows before this, and are kept */
		repeated |= rml_keys_settle(keys);
		keys->full = true;
	}
	return repeated;
}

bool
rml_keys_full(const RmlKeys *keys)
{
	return keys->full;
}
