/*
 * stored.c
 *	  What a row of riskml.model_version holds: source, image, and the proof
 *	  that they are what was imported.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/toast_compression.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "recipe/recipe.h"
#include "registry/identity.h"
#include "registry/options.h"
#include "registry/server.h"
#include "registry/stored.h"

/* Larger ones would leave malloc() with memory that it does not give back. */
#define SLICE_SIZE (64 * 1024)

static Datum
stored_column(HeapTuple tuple, TupleDesc desc, int number, bool *isnull)
{
	return heap_getattr(tuple, number, desc, isnull);
}

bytea *
rml_stored_source(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;

	return DatumGetByteaPP(stored_column(tuple, desc, RML_VERSION_SOURCE, &isnull));
}

Jsonb *
rml_stored_recipe(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	Datum		recipe = stored_column(tuple, desc, RML_VERSION_RECIPE, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(recipe);
}

const uint8 *
rml_stored_recipe_hash(const Jsonb *recipe)
{
	uint8	   *hash = palloc(RML_IDENTITY_SIZE);

	rml_recipe_hash(rml_recipe_canonical(recipe), hash);
	return hash;
}

bool
rml_stored_options(HeapTuple tuple, TupleDesc desc, RmlImportOptions *options)
{
	bool		isnull;
	Datum		value = stored_column(tuple, desc, RML_VERSION_OPTIONS, &isnull);
	const Jsonb *recipe = rml_stored_recipe(tuple, desc);
	Jsonb	   *stored = DatumGetJsonbP(value);
	RmlError	ignored = {0};
	char	   *string;
	Datum	   *names;
	int			n_names;
	const char **copies;
	bool		canonical;

	canonical = rml_options_parse(stored, options, &ignored) &&
		rml_options_are_canonical(stored, options);
	options->recipe = recipe != NULL ? rml_stored_recipe_hash(recipe) : NULL;
	value = stored_column(tuple, desc, RML_VERSION_FEATURE_NAMES, &isnull);
	if (isnull)
		return canonical;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, NULL, &n_names);
	copies = palloc(sizeof(char *) * n_names);
	for (int i = 0; i < n_names; i++)
	{
		string = TextDatumGetCString(names[i]);
		copies[i] = rml_to_utf8(string, strlen(string));
	}
	options->feature_names = copies;
	options->n_feature_names = n_names;
	return canonical;
}

bool
rml_stored_source_is_sound(HeapTuple tuple, TupleDesc desc, const RmlBinding *binding)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "riskml source check", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	bool		isnull;
	Datum		source = stored_column(tuple, desc, RML_VERSION_SOURCE, &isnull);
	Size		size = toast_raw_datum_size(source) - VARHDRSZ;
	Size		step = SLICE_SIZE;
	RmlIdentityState *state = rml_identity_begin(size);
	RmlImportOptions options;
	RmlIdentityParts parts;
	Jsonb	   *recipe;
	uint8		identity[RML_IDENTITY_SIZE];
	bool		canonical;

	/* a slice of what is compressed costs all that is before it */
	if (toast_get_compression_id((struct varlena *) DatumGetPointer(source)) != TOAST_INVALID_COMPRESSION_ID)
		step = Max(size, 1);
	for (Size at = 0; at < size; at += step)
	{
		struct varlena *slice = detoast_attr_slice((struct varlena *) DatumGetPointer(source),
												   (int32) at, (int32) step);

		CHECK_FOR_INTERRUPTS();
		rml_identity_add(state, VARDATA_ANY(slice), VARSIZE_ANY_EXHDR(slice));
		if ((Pointer) slice != DatumGetPointer(source))
			pfree(slice);
	}
	canonical = rml_stored_options(tuple, desc, &options);
	parts.feature_names = options.feature_names;
	parts.n_feature_names = options.n_feature_names;
	parts.options = rml_options_text(&options);
	recipe = rml_stored_recipe(tuple, desc);
	parts.recipe = recipe != NULL ? rml_recipe_canonical(recipe) : NULL;
	rml_identity_end(state, &parts, identity);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return canonical && memcmp(identity, binding->identity, RML_IDENTITY_SIZE) == 0;
}

/*
 * Memory for an image, aligned as its sections are: kernels load 64 bytes at
 * a time.  *chunk is what can be freed.
 */
static void *
alloc_image(MemoryContext context, Size size, void **chunk)
{
	*chunk = MemoryContextAllocHuge(context, size + RML_IMAGE_ALIGN);
	return (void *) TYPEALIGN(RML_IMAGE_ALIGN, *chunk);
}

bool
rml_stored_image(HeapTuple tuple, TupleDesc desc, const RmlBinding *binding,
				 MemoryContext context, RmlImage *image, RmlError *err)
{
	bool		isnull;
	Datum		value = stored_column(tuple, desc, RML_VERSION_IMAGE, &isnull);
	bytea	   *stored = DatumGetByteaPP(value);
	Size		size = VARSIZE_ANY_EXHDR(stored);
	void	   *chunk;
	void	   *block = alloc_image(context, size, &chunk);

	/* a varlena's body is not aligned for the image's structs */
	memcpy(block, VARDATA_ANY(stored), size);
	if ((Pointer) stored != DatumGetPointer(value))
		pfree(stored);
	if (rml_image_open(image, block, size, err) &&
		(memcmp(image->header->identity, binding->identity, RML_IDENTITY_SIZE) == 0 ||
		 rml_fail(err, RML_CORRUPT, "the compiled image belongs to another version")))
		return true;
	pfree(chunk);
	return false;
}

bool
rml_stored_parse(HeapTuple tuple, TupleDesc desc, MemoryContext context, RmlXgbModel *model,
				 RmlError *err)
{
	bytea	   *source = rml_stored_source(tuple, desc);
	RmlServerHost host;

	rml_server_host_init(&host, context);
	return rml_xgb_parse(VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source), &host.host, model, err) &&
		rml_xgb_validate(model, &host.host, err);
}

void
rml_stored_rebuild(HeapTuple tuple, TupleDesc desc, const RmlBinding *binding,
				   MemoryContext context, RmlImage *image)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "riskml rebuild", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	RmlXgbModel model;
	RmlImportOptions options;
	RmlServerHost host;
	RmlError	err = {0};
	RmlBlock	built;
	void	   *chunk;
	void	   *block;

	(void) rml_stored_options(tuple, desc, &options);
	rml_server_host_init(&host, scratch);
	if (!rml_stored_parse(tuple, desc, scratch, &model, &err) ||
		!rml_xgb_build(&model, &options, binding->identity, &host.host, &built, &err))
		rml_throw(&err, binding->name);
	block = alloc_image(context, built.size, &chunk);
	memcpy(block, built.data, built.size);
	if (!rml_image_open(image, block, built.size, &err))
		rml_throw(&err, binding->name);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}
