/*
 * shared.c
 *	  Compiled images that all sessions share, where the library is preloaded.
 *
 * The memory is asked for when the server starts and managed by dsa.c; an
 * index of fixed size finds images by identity.  Its lock is held to look up,
 * never to copy: an image that is being copied is not ready, and who needs it
 * meanwhile uses a copy of his own.  Pins are counted by atomics, so that
 * giving one back needs no lock and cannot fail.  With them goes the number of
 * images that had the entry before: who knows it can pin without the lock, too.
 * After a crash the server makes all of this anew.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/dsa.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/hot.h"
#include "compat.h"
#include "guc.h"
#include "registry/shared.h"

RML_SQL_FUNCTION(riskml_shared_images);

#define TRANCHE "riskml"
#define MAX_IMAGES 1024

/* dsa.c gives whole pages above its largest class of small blocks. */
#define SMALLEST_BLOCK (16 * 1024)

struct RmlSharedImage
{
	uint8		identity[RML_IDENTITY_SIZE];	/* hash key: first */
	dsa_pointer block;
	Size		offset;			/* of the block, from the state */
	Size		size;
	bool		ready;
	pg_atomic_uint64 use;		/* generation in the upper half, pins in the lower */
	pg_atomic_uint64 last_used;
};

/* Entries begin as zeros, and keep their generation when they are used anew. */
#define GENERATION(use) ((uint32_t) ((use) >> 32))
#define PINS(use) ((uint32_t) (use))

typedef struct SharedState
{
	pg_atomic_uint64 clock;
} SharedState;

/*
 * The area lies behind the state, all of it.  Both begin on a cache line, and
 * dsa.c counts pages from the area's begin, so that images are aligned as
 * kernels want them.
 */
#define AREA_OFFSET CACHELINEALIGN(sizeof(SharedState))

static SharedState *state = NULL;
static HTAB *images = NULL;
static LWLock *lock = NULL;
static dsa_area *area = NULL;	/* once this backend puts an image there; who reads them needs no 40 kB to find them */

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* ---- when the server starts ---- */

static Size
area_size(void)
{
	return Max((Size) rml_guc_shared_cache_size * 1024, dsa_minimum_size());
}

static Size
state_size(void)
{
	return add_size(AREA_OFFSET, area_size());
}

static void *
area_place(void)
{
	return (char *) state + AREA_OFFSET;
}

static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(state_size());
	RequestAddinShmemSpace(hash_estimate_size(MAX_IMAGES, sizeof(RmlSharedImage)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
create_area(void)
{
	Size		size = area_size();
	dsa_area   *created = dsa_create_in_place(area_place(), size, lock->tranche, NULL);

	dsa_pin(created);
	/* what has no room here has none */
	dsa_set_size_limit(created, size);
	dsa_detach(created);
}

static void
attach_memory(void)
{
	HASHCTL		ctl = {0};
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	ctl.keysize = RML_IDENTITY_SIZE;
	ctl.entrysize = sizeof(RmlSharedImage);
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	state = ShmemInitStruct("riskml images", state_size(), &found);
	if (!found)
	{
		pg_atomic_init_u64(&state->clock, 0);
		create_area();
	}
	images = ShmemInitHash("riskml image index", MAX_IMAGES, MAX_IMAGES, &ctl,
						   HASH_ELEM | HASH_BLOBS);
	LWLockRelease(AddinShmemInitLock);
}

void
rml_shared_init(void)
{
	if (rml_guc_shared_cache_size == 0)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

/* ---- in a backend ---- */

static void
attach_area(void)
{
	MemoryContext caller;

	if (area != NULL)
		return;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	area = dsa_attach_in_place(area_place(), NULL);
	dsa_pin_mapping(area);
	MemoryContextSwitchTo(caller);
}

static void
add_pin(RmlSharedImage *shared)
{
	pg_atomic_fetch_add_u64(&shared->use, 1);
	pg_atomic_write_u64(&shared->last_used, pg_atomic_fetch_add_u64(&state->clock, 1));
}

uint32_t
rml_shared_generation(const RmlSharedImage *shared)
{
	return GENERATION(pg_atomic_read_u64(unconstify(pg_atomic_uint64 *, &shared->use)));
}

RML_HOT bool
rml_shared_repin(RmlSharedImage *shared, uint32_t generation)
{
	uint64		use = pg_atomic_read_u64(&shared->use);

	do
	{
		if (GENERATION(use) != generation)
			return false;
	} while (!pg_atomic_compare_exchange_u64(&shared->use, &use, use + 1));
	/* the clock is not moved, or all sessions would wait for its cache line */
	pg_atomic_write_u64(&shared->last_used, pg_atomic_read_u64(&state->clock));
	return true;
}

RmlSharedImage *
rml_shared_pin(const uint8_t identity[RML_IDENTITY_SIZE])
{
	RmlSharedImage *shared;

	if (state == NULL)
		return NULL;
	LWLockAcquire(lock, LW_SHARED);
	shared = hash_search(images, identity, HASH_FIND, NULL);
	if (shared != NULL && !shared->ready)
		shared = NULL;
	if (shared != NULL)
		add_pin(shared);
	LWLockRelease(lock);
	return shared;
}

RML_HOT void
rml_shared_unpin(RmlSharedImage *shared)
{
	pg_atomic_fetch_sub_u64(&shared->use, 1);
}

const void *
rml_shared_data(const RmlSharedImage *shared)
{
	return (const char *) state + shared->offset;
}

static RmlSharedImage *
least_recently_used(void)
{
	HASH_SEQ_STATUS scan;
	RmlSharedImage *shared;
	RmlSharedImage *oldest = NULL;

	hash_seq_init(&scan, images);
	while ((shared = hash_seq_search(&scan)) != NULL)
	{
		if (shared->ready && PINS(pg_atomic_read_u64(&shared->use)) == 0 &&
			(oldest == NULL ||
			 pg_atomic_read_u64(&shared->last_used) < pg_atomic_read_u64(&oldest->last_used)))
			oldest = shared;
	}
	return oldest;
}

/* Drops the image that nobody has used for longest; false if all are in use. */
static bool
evict_one(void)
{
	RmlSharedImage *oldest;
	uint64		use;

	/* whoever pins it between the two looks has it; another one is looked for */
	do
	{
		oldest = least_recently_used();
		if (oldest == NULL)
			return false;
		use = pg_atomic_read_u64(&oldest->use);
	} while (PINS(use) != 0 ||
			 !pg_atomic_compare_exchange_u64(&oldest->use, &use, use + (UINT64CONST(1) << 32)));
	dsa_free(area, oldest->block);
	hash_search(images, oldest->identity, HASH_REMOVE, NULL);
	return true;
}

/* Room for an image, under the lock; InvalidDsaPointer if there is none. */
static dsa_pointer
allocate(Size size)
{
	dsa_pointer block = InvalidDsaPointer;

	if (size > area_size())
		return block;
	while (hash_get_num_entries(images) >= MAX_IMAGES ||
		   !DsaPointerIsValid(block = dsa_allocate_extended(area, Max(size, SMALLEST_BLOCK),
															DSA_ALLOC_HUGE | DSA_ALLOC_NO_OOM)))
	{
		if (!evict_one())
			return InvalidDsaPointer;
	}
	return block;
}

/* An entry that is not ready yet, pinned; NULL if there is one already, or no room. */
static RmlSharedImage *
reserve(const RmlImageHeader *image)
{
	RmlSharedImage *shared = NULL;
	dsa_pointer block;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	if (hash_search(images, image->identity, HASH_FIND, NULL) == NULL)
	{
		block = allocate(image->size);
		if (DsaPointerIsValid(block))
			shared = hash_search(images, image->identity, HASH_ENTER_NULL, NULL);
		if (shared != NULL)
		{
			shared->block = block;
			shared->offset = (Size) ((char *) dsa_get_address(area, block) - (char *) state);
			shared->size = image->size;
			shared->ready = false;
			add_pin(shared);
		}
		else if (DsaPointerIsValid(block))
			dsa_free(area, block);
	}
	LWLockRelease(lock);
	return shared;
}

RmlSharedImage *
rml_shared_publish(const RmlImageHeader *image)
{
	RmlSharedImage *shared;

	if (state == NULL)
		return NULL;
	attach_area();
	shared = reserve(image);
	if (shared == NULL)
		return rml_shared_pin(image->identity);
	/* nothing here can fail or be cancelled, so that the entry gets ready */
	memcpy(dsa_get_address(area, shared->block), image, image->size);
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->ready = true;
	LWLockRelease(lock);
	return shared;
}

/* riskml.shared_images(): what is there. */
Datum
riskml_shared_images(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HASH_SEQ_STATUS scan;
	RmlSharedImage *shared;

	InitMaterializedSRF(fcinfo, 0);
	if (state == NULL)
		return (Datum) 0;
	LWLockAcquire(lock, LW_SHARED);
	hash_seq_init(&scan, images);
	while ((shared = hash_seq_search(&scan)) != NULL)
	{
		char		identity[2 * RML_IDENTITY_SIZE];
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		hex_encode((const char *) shared->identity, RML_IDENTITY_SIZE, identity);
		values[0] = PointerGetDatum(cstring_to_text_with_len(identity, sizeof(identity)));
		values[1] = Int64GetDatum((int64) shared->size);
		values[2] = Int64GetDatum((int64) PINS(pg_atomic_read_u64(&shared->use)));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	LWLockRelease(lock);
	return (Datum) 0;
}
