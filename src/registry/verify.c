/*
 * verify.c
 *	  riskml.verify(), export_model(), rebuild_images().
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "kernel/kernel.h"
#include "registry/cache.h"
#include "registry/owner.h"
#include "registry/server.h"
#include "registry/stored.h"

RML_SQL_FUNCTION(riskml_verify);
RML_SQL_FUNCTION(riskml_export_model);
RML_SQL_FUNCTION(riskml_rebuild_images);

#define GOLDEN_ROWS 256

/* State of one verification. */
typedef struct Verify
{
	const RmlBinding *binding;
	ReturnSetInfo *rsinfo;
	bool		source_sound;
	bool		image_sound;
	RmlImage	image;
	MemoryContext context;
} Verify;

static void
put_result(const Verify *v, const char *item, bool passed, const char *detail)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, detail == NULL};

	values[0] = CStringGetTextDatum(item);
	values[1] = BoolGetDatum(passed);
	values[2] = detail ? CStringGetTextDatum(detail) : (Datum) 0;
	tuplestore_putvalues(v->rsinfo->setResult, v->rsinfo->setDesc, values, nulls);
}

/* xorshift64*: the same rows every time */
static uint64
next_random(uint64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64CONST(2685821657736338717);
}

/*
 * Rows made of the model's own thresholds, one float32 step beside them, and
 * missing values: those reach the most leaves.
 */
static void
golden_row(const RmlXgbModel *model, int32 n_trees, uint64 *state, float *row)
{
	for (int32 i = 0; i < model->num_feature; i++)
		row[i] = NAN;
	for (int32 i = 0; n_trees > 0 && i < 4 * model->num_feature; i++)
	{
		const RmlXgbTree *tree = model->by_id[next_random(state) % n_trees];
		int32		node = (int32) (next_random(state) % tree->num_nodes);
		float		threshold = tree->split_condition.values[node];
		int32		feature = tree->split_index.values[node];

		if (feature >= model->num_feature || tree->left.values[node] == -1)
			continue;
		switch (next_random(state) % 4)
		{
			case 0:
				row[feature] = threshold;
				break;
			case 1:
				row[feature] = nextafterf(threshold, -INFINITY);
				break;
			case 2:
				row[feature] = nextafterf(threshold, INFINITY);
				break;
			default:
				row[feature] = NAN;
				break;
		}
	}
}

/* Margins of the golden rows by every kernel against the walk over the source. */
static void
check_golden_rows(const Verify *v, const RmlXgbModel *model, const RmlImage *image)
{
	int32		n_trees = image->header->n_trees;
	float	   *row = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(float) * (Size) model->num_feature);

	for (const RmlKernel *kernel = rml_kernels; kernel->name != NULL; kernel++)
	{
		uint64		state = UINT64CONST(0x9E3779B97F4A7C15);
		int			mismatches = 0;

		for (int i = 0; i < GOLDEN_ROWS; i++)
		{
			float		margin = rml_margin_begin(image, 0);
			float		expected;

			CHECK_FOR_INTERRUPTS();
			golden_row(model, n_trees, &state, row);
			kernel->add_margins(image, 0, n_trees, row, 1, &margin);
			margin = rml_margin_end(image, 0, margin);
			expected = rml_xgb_reference_margin(model, n_trees, row);
			if (memcmp(&margin, &expected, sizeof(float)) != 0)
				mismatches++;
		}
		put_result(v, psprintf("kernel %s", kernel->name), mismatches == 0,
				   psprintf("%d golden rows, %d mismatches", GOLDEN_ROWS, mismatches));
	}
}

/* Compares the stored image with one built anew; both end in golden rows. */
static void
check_against_source(Verify *v, HeapTuple tuple, TupleDesc desc)
{
	RmlXgbModel model;
	RmlImage	rebuilt;
	bool		equal;

	rml_stored_parse(tuple, desc, v->binding, v->context, &model);
	rml_stored_rebuild(tuple, desc, v->binding, v->context, &rebuilt);
	put_result(v, "source is a valid model", true,
			   psprintf("%d trees, %lld nodes", model.n_trees, (long long) model.n_nodes));
	if (v->image_sound)
	{
		equal = rebuilt.header->size == v->image.header->size &&
			memcmp(rebuilt.header, v->image.header, rebuilt.header->size) == 0;
		put_result(v, "image equals a new build from the source", equal, NULL);
	}
	check_golden_rows(v, &model, v->image_sound ? &v->image : &rebuilt);
}

static void
verify_version(HeapTuple tuple, TupleDesc desc, void *arg)
{
	Verify	   *v = arg;
	RmlError	err = {0};

	v->source_sound = rml_stored_source_is_sound(tuple, desc, v->binding);
	put_result(v, "source hashes to the identity", v->source_sound,
			   v->source_sound ? NULL : "source, recipe, feature names or options have changed since the import");
	v->image_sound = rml_stored_image(tuple, desc, v->binding, v->context, &v->image, &err);
	put_result(v, "image is intact", v->image_sound,
			   v->image_sound ? NULL : rml_error_message(&err));
	if (v->source_sound)
		check_against_source(v, tuple, desc);
}

/* riskml.verify(model): one row per check; needs privilege score. */
Datum
riskml_verify(PG_FUNCTION_ARGS)
{
	text	   *text_ref = PG_GETARG_TEXT_PP(0);
	RmlRef		ref;
	RmlBinding	binding;
	Verify		v = {.binding = &binding};
	MemoryContext caller;

	InitMaterializedSRF(fcinfo, 0);
	v.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	rml_ref_parse(VARDATA_ANY(text_ref), (int) VARSIZE_ANY_EXHDR(text_ref), &ref);
	rml_resolve(&ref, "score", &binding);
	v.context = AllocSetContextCreate(CurrentMemoryContext, "riskml verify", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(v.context);
	(void) rml_catalog_with_version(binding.model.model_id, binding.version,
									rml_statement_snapshot(), verify_version, &v);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(v.context);
	return (Datum) 0;
}

/* ---- export ---- */

typedef struct Export
{
	const RmlBinding *binding;
	MemoryContext context;
	bytea	   *source;
} Export;

static void
export_version(HeapTuple tuple, TupleDesc desc, void *arg)
{
	Export	   *export = arg;
	MemoryContext caller;

	if (!rml_stored_source_is_sound(tuple, desc, export->binding))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored source of model \"%s\" version %d is damaged",
						export->binding->name, export->binding->version),
				 errhint("Restore the row in riskml.model_version from a backup.")));
	caller = MemoryContextSwitchTo(export->context);
	export->source = rml_stored_source(tuple, desc);
	if ((Pointer) export->source >= (Pointer) tuple->t_data &&
		(Pointer) export->source < (Pointer) tuple->t_data + tuple->t_len)
	{
		/* stored inline: the buffer is released when the scan ends */
		bytea	   *copy = palloc(VARSIZE_ANY(export->source));

		memcpy(copy, export->source, VARSIZE_ANY(export->source));
		export->source = copy;
	}
	MemoryContextSwitchTo(caller);
}

/* riskml.export_model(model, format): the imported bytes. */
Datum
riskml_export_model(PG_FUNCTION_ARGS)
{
	text	   *text_ref = PG_GETARG_TEXT_PP(0);
	char	   *format = text_to_cstring(PG_GETARG_TEXT_PP(1));
	RmlRef		ref;
	RmlBinding	binding;
	Export		export = {&binding, CurrentMemoryContext, NULL};

	if (strcmp(format, "source") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown export format \"%s\"", format),
				 errhint("The only format is source.")));
	rml_ref_parse(VARDATA_ANY(text_ref), (int) VARSIZE_ANY_EXHDR(text_ref), &ref);
	rml_resolve(&ref, "export", &binding);
	(void) rml_catalog_with_version(binding.model.model_id, binding.version,
									rml_statement_snapshot(), export_version, &export);
	PG_RETURN_BYTEA_P(export.source);
}

/* ---- rebuilding ---- */

typedef struct Rebuild
{
	const RmlBinding *binding;
	MemoryContext context;
	bytea	   *image;			/* NULL: the stored one is sound */
} Rebuild;

static void
rebuild_version(HeapTuple tuple, TupleDesc desc, void *arg)
{
	Rebuild    *rebuild = arg;
	RmlImage	image;
	RmlError	err = {0};
	Size		size;

	if (rml_stored_image(tuple, desc, rebuild->binding, rebuild->context, &image, &err))
		return;
	if (!rml_stored_source_is_sound(tuple, desc, rebuild->binding))
	{
		ereport(WARNING,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("image of model \"%s\" version %d cannot be rebuilt: its source is damaged too",
						rebuild->binding->name, rebuild->binding->version)));
		return;
	}
	rml_stored_rebuild(tuple, desc, rebuild->binding, rebuild->context, &image);
	size = (Size) image.header->size;
	rebuild->image = MemoryContextAllocHuge(rebuild->context, size + VARHDRSZ);
	SET_VARSIZE(rebuild->image, size + VARHDRSZ);
	memcpy(VARDATA(rebuild->image), image.header, size);
}

/* Fills a binding from row i of the list of versions. */
static void
binding_from_row(uint64 i, SPITupleTable *table, RmlBinding *binding)
{
	HeapTuple	row = table->vals[i];
	bool		isnull;
	bytea	   *identity;

	memset(binding, 0, sizeof(*binding));
	binding->model.model_id = DatumGetInt32(SPI_getbinval(row, table->tupdesc, 1, &isnull));
	binding->version = DatumGetInt32(SPI_getbinval(row, table->tupdesc, 2, &isnull));
	strlcpy(binding->name, SPI_getvalue(row, table->tupdesc, 3), sizeof(binding->name));
	identity = DatumGetByteaPP(SPI_getbinval(row, table->tupdesc, 4, &isnull));
	memcpy(binding->identity, VARDATA_ANY(identity), RML_IDENTITY_SIZE);
}

/* riskml.rebuild_images(): how many were stored anew. */
Datum
riskml_rebuild_images(PG_FUNCTION_ARGS)
{
	RmlOwnerScope scope;
	SPITupleTable *versions;
	uint64		n;
	int32		rebuilt = 0;

	(void) fcinfo;
	rml_owner_begin(&scope);
	n = rml_sql("SELECT v.model_id, v.version, m.name, v.identity"
				" FROM riskml.model_version v JOIN riskml.model m USING (model_id)"
				" WHERE octet_length(v.identity) = 32 ORDER BY 1, 2", 0, NULL);
	versions = SPI_tuptable;
	for (uint64 i = 0; i < n; i++)
	{
		RmlBinding	binding;
		Rebuild		rebuild = {.binding = &binding};
		RmlAuditEntry entry = {.action = "rebuild_image"};
		RmlParam	params[3];

		CHECK_FOR_INTERRUPTS();
		binding_from_row(i, versions, &binding);
		rebuild.context = AllocSetContextCreate(CurrentMemoryContext, "riskml rebuild",
												ALLOCSET_DEFAULT_SIZES);
		(void) rml_catalog_with_version(binding.model.model_id, binding.version,
										rml_statement_snapshot(), rebuild_version, &rebuild);
		if (rebuild.image != NULL)
		{
			params[0] = rml_param_int(binding.model.model_id);
			params[1] = rml_param_int(binding.version);
			params[2] = rml_param_datum(BYTEAOID, PointerGetDatum(rebuild.image), false);
			rml_sql("UPDATE riskml.model_version SET image = $3 WHERE model_id = $1 AND version = $2",
					3, params);
			entry.model = binding.name;
			entry.identity = binding.identity;
			entry.to_version = binding.version;
			rml_audit(&scope, &entry);
			rebuilt++;
		}
		MemoryContextDelete(rebuild.context);
	}
	rml_owner_end(&scope);
	PG_RETURN_INT32(rebuilt);
}
