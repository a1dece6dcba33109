/*
 * cache.c
 *	  Models loaded in this backend.
 *
 * Loading is detoast and one pass of checks.  A damaged image, or one of an
 * older format, is rebuilt in memory from the source with one WARNING; a
 * damaged source beside a sound image costs a WARNING too, for the image
 * carries its own checksum, the identity, and the hash of the recipe, which has
 * no checksum: one that does not hash to it is an error.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "storage/ipc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/hot.h"
#include "guc.h"
#include "registry/cache.h"
#include "registry/server.h"
#include "registry/stored.h"

static HTAB *models = NULL;
static uint64 use_counter = 0;
static Size unpinned_size = 0;
static RmlModel *recent = NULL; /* most statements use the model of the one before */

static void
unpin_shared(RmlModel *model)
{
	if (model->shared_pinned)
		rml_shared_unpin(model->shared);
	model->shared_pinned = false;
}

/* A backend that ends inside of a query gives its pins back. */
static void
give_back_pins(int code, Datum arg)
{
	HASH_SEQ_STATUS scan;
	RmlModel   *model;

	(void) code;
	(void) arg;
	hash_seq_init(&scan, models);
	while ((model = hash_seq_search(&scan)) != NULL)
	{
		unpin_shared(model);
	}
}

static void
create_cache(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = RML_IDENTITY_SIZE;
	ctl.entrysize = sizeof(RmlModel);
	ctl.hcxt = CacheMemoryContext;
	models = hash_create("riskml models", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	before_shmem_exit(give_back_pins, (Datum) 0);
}

static RmlModel *
least_recently_used(void)
{
	HASH_SEQ_STATUS scan;
	RmlModel   *model;
	RmlModel   *oldest = NULL;

	hash_seq_init(&scan, models);
	while ((model = hash_seq_search(&scan)) != NULL)
	{
		if (model->pins == 0 && (oldest == NULL || model->last_used < oldest->last_used))
			oldest = model;
	}
	return oldest;
}

static void
drop_entry(RmlModel *model)
{
	MemoryContext context = model->context;

	if (recent == model)
		recent = NULL;
	hash_search(models, model->identity, HASH_REMOVE, NULL);
	if (context != NULL)
		MemoryContextDelete(context);
}

static void
trim_cache(void)
{
	Size		limit = (Size) rml_guc_local_cache_size * 1024;

	while (unpinned_size > limit)
	{
		RmlModel   *model = least_recently_used();

		unpinned_size -= model->size;
		drop_entry(model);
	}
}

/* Runs inside a memory context's reset, so it must not fail. */
RML_HOT void
rml_cache_unpin(RmlModel *model)
{
	Assert(model->pins > 0);
	model->last_used = ++use_counter;
	if (--model->pins > 0)
		return;
	unpin_shared(model);
	unpinned_size += model->size;
	trim_cache();
}

static void
copy_feature_names(RmlModel *model)
{
	int			n = model->image.header->n_features;

	model->features = MemoryContextAllocHuge(model->context, sizeof(char *) * (Size) n);
	for (int i = 0; i < n; i++)
	{
		char		buffer[16];
		size_t		length;
		const char *name = rml_image_feature_name(&model->image, i, buffer, &length);

		model->features[i] = rml_from_utf8(name, length);
	}
}

typedef struct LoadRequest
{
	const RmlBinding *binding;
	RmlModel   *model;			/* to fill; context is set */
	bool		may_share;		/* sound, and not of this transaction */
} LoadRequest;

/* Puts a sound image of the version into the model's context. */
static void
load_image(HeapTuple tuple, TupleDesc desc, void *arg)
{
	LoadRequest *request = arg;
	const RmlBinding *binding = request->binding;
	RmlModel   *model = request->model;
	RmlError	err = {0};
	bool		source_sound = rml_stored_source_is_sound(tuple, desc, binding);

	if (rml_stored_image(tuple, desc, binding, model->context, &model->image, &err))
	{
		if (!source_sound)
			ereport(WARNING,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("stored source of model \"%s\" version %d is damaged",
							binding->name, binding->version),
					 errdetail("The compiled image is intact and is used."),
					 errhint("Import the original file as a new version, or restore the row from a backup.")));
		/* what may be rolled back is nobody else's; what warns shall warn everybody */
		request->may_share = source_sound &&
			!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
		return;
	}
	if (!source_sound)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("both source and compiled image of model \"%s\" version %d are damaged",
						binding->name, binding->version),
				 errhint("Restore the row in riskml.model_version from a backup.")));
	ereport(WARNING,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("compiled image of model \"%s\" version %d is rebuilt in memory: %s",
					binding->name, binding->version, rml_error_message(&err)),
			 errhint("Run riskml.rebuild_images() to store a new image.")));
	rml_stored_rebuild(tuple, desc, binding, model->context, &model->image);
}

/* Uses the shared image, which whoever put it there has checked. */
static void
use_shared(RmlModel *model, RmlSharedImage *shared)
{
	model->shared = shared;
	model->shared_generation = rml_shared_generation(shared);
	model->shared_pinned = true;
	Assert((uintptr_t) rml_shared_data(shared) % RML_IMAGE_ALIGN == 0);
	rml_image_trust(&model->image, rml_shared_data(shared));
}

/* Reads the stored image, and shares it if that is possible. */
static void
read_image(RmlModel *model, const RmlBinding *binding)
{
	LoadRequest request = {.binding = binding, .model = model};
	RmlSharedImage *shared;

	if (!rml_catalog_with_version(binding->model.model_id, binding->version,
								  rml_statement_snapshot(), load_image, &request))
		elog(ERROR, "version %d of model \"%s\" vanished", binding->version, binding->name);
	shared = request.may_share ? rml_shared_publish(model->image.header) : NULL;
	if (shared == NULL)
		return;
	/* our own copy goes */
	MemoryContextReset(model->context);
	MemoryContextCopyAndSetIdentifier(model->context, binding->name);
	use_shared(model, shared);
}

/* Compiles the stored recipe for the features of the model, in its context. */
static void
load_recipe(HeapTuple tuple, TupleDesc desc, void *arg)
{
	LoadRequest *request = arg;
	RmlModel   *model = request->model;
	const Jsonb *recipe = rml_stored_recipe(tuple, desc);
	const RmlTransform *transform;

	if (recipe == NULL || memcmp(rml_stored_recipe_hash(recipe), model->image.header->recipe, RML_IDENTITY_SIZE) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored recipe of model \"%s\" version %d is damaged", request->binding->name, request->binding->version),
				 errhint("Import the original file and recipe as a new version, or restore the row from a backup.")));
	transform = rml_transform_make(rml_recipe_read(recipe, NULL), model->features, model->image.header->n_features);
	rml_transform_inputs(transform, &model->inputs);
}

static void
find_inputs(RmlModel *model, const RmlBinding *binding)
{
	LoadRequest request = {.binding = binding, .model = model};

	model->inputs = (RmlInputs) {.n = model->image.header->n_features, .names = model->features, .image = &model->image};
	if ((binding->has_recipe || rml_image_has_recipe(&model->image)) &&
		!rml_catalog_with_version(binding->model.model_id, binding->version,
								  rml_statement_snapshot(), load_recipe, &request))
		elog(ERROR, "version %d of model \"%s\" vanished", binding->version, binding->name);
}

/* Fills an entry that has a context and nothing else. */
static void
load(RmlModel *model, const RmlBinding *binding)
{
	RmlSharedImage *shared;
	MemoryContext caller = MemoryContextSwitchTo(model->context);

	shared = rml_shared_pin(binding->identity);
	if (shared != NULL)
		use_shared(model, shared);
	else
		read_image(model, binding);
	copy_feature_names(model);
	find_inputs(model, binding);
	MemoryContextSwitchTo(caller);
	model->size = MemoryContextMemAllocated(model->context, true);
}

static RmlModel *
create_entry(const RmlBinding *binding)
{
	RmlModel   *model = hash_search(models, binding->identity, HASH_ENTER, NULL);
	RmlModel	empty = {0};

	*model = empty;
	memcpy(model->identity, binding->identity, RML_IDENTITY_SIZE);
	PG_TRY();
	{
		model->context = AllocSetContextCreate(CacheMemoryContext, "riskml model",
											   ALLOCSET_SMALL_SIZES);
		MemoryContextCopyAndSetIdentifier(model->context, binding->name);
		load(model, binding);
	}
	PG_CATCH();
	{
		unpin_shared(model);
		drop_entry(model);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return model;
}

/* Makes an entry that nobody used usable again; false if its image is gone. */
static bool
renew(RmlModel *model)
{
	if (model->shared == NULL)
		return true;
	model->shared_pinned = rml_shared_repin(model->shared, model->shared_generation);
	return model->shared_pinned;
}

RML_HOT RmlModel *
rml_cache_pin(const RmlBinding *binding)
{
	RmlModel   *model;

	if (models == NULL)
		create_cache();
	model = recent;
	if (model == NULL || memcmp(model->identity, binding->identity, RML_IDENTITY_SIZE) != 0)
		model = hash_search(models, binding->identity, HASH_FIND, NULL);
	if (model != NULL && model->pins == 0)
	{
		unpinned_size -= model->size;
		if (!renew(model))
		{
			drop_entry(model);
			model = NULL;
		}
	}
	if (model == NULL)
		model = create_entry(binding);
	recent = model;
	model->pins++;
	model->last_used = ++use_counter;
	return model;
}
