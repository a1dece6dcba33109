/*
 * verify.c
 *	  riskml.verify(), export_model(), model_recipe(), rebuild_images().
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
RML_SQL_FUNCTION(riskml_model_recipe);
RML_SQL_FUNCTION(riskml_rebuild_images);

#define GOLDEN_ROWS 256
#define GOLDEN_FLOATS 262144	/* of as many rows as are checked at once */
#define MAX_KERNELS 8

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

/* A value for the feature of a split: at or beside its threshold, in or outside its set. */
static float
golden_value(const RmlXgbTree *tree, int32 node, uint64 *state)
{
	float		threshold = tree->split_condition.values[node];
	uint64		choice = next_random(state) % 4;

	if (rml_xgb_by_category(tree, node))
	{
		int32		i = rml_xgb_category_index(tree, node);
		int32		n = tree->category_sizes.values[i];
		int32		begin = tree->category_segments.values[i];

		threshold = (float) tree->categories.values[begin + next_random(state) % n];
		return choice == 3 ? NAN : threshold + (choice == 0 ? 0.0f : choice == 1 ? -1.0f : 1.0f);
	}
	switch (choice)
	{
		case 0:
			return threshold;
		case 1:
			return nextafterf(threshold, -INFINITY);
		case 2:
			return nextafterf(threshold, INFINITY);
		default:
			return NAN;
	}
}

/*
 * Rows made of the model's own thresholds and categories, of what is next to
 * them, and of missing values: those reach the most leaves.  For a linear
 * model, any numbers.
 */
static void
golden_row(const RmlXgbModel *model, RmlTreeRange range, uint64 *state, float *row)
{
	int32		n_trees = range.end - range.first;

	for (int32 i = 0; i < model->num_feature; i++)
		row[i] = model->is_linear && next_random(state) % 4 != 0
			? (float) ((int64) (next_random(state) % 2001) - 1000) / 8.0f : NAN;
	for (int32 i = 0; n_trees > 0 && i < 4 * model->num_feature; i++)
	{
		const RmlXgbTree *tree = model->by_id[range.first + next_random(state) % n_trees];
		int32		node = (int32) (next_random(state) % tree->num_nodes);
		int32		feature = tree->split_index.values[node];

		if (feature < model->num_feature && !rml_xgb_is_leaf(tree, node))
			row[feature] = golden_value(tree, node, state);
	}
}

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Golden rows, as many as fit, and what the walk over the source gives for them. */
typedef struct GoldenRows
{
	const RmlXgbModel *model;
	RmlTreeRange range;
	uint64		state;
	int			n_rows;
	float	   *rows;
	float	   *expected;
	float	   *margins;
	int			mismatches[MAX_KERNELS];
} GoldenRows;

static void
fill_golden_rows(GoldenRows *g)
{
	for (int r = 0; r < g->n_rows; r++)
	{
		float	   *row = g->rows + (Size) r * g->model->num_feature;

		CHECK_FOR_INTERRUPTS();
		golden_row(g->model, g->range, &g->state, row);
		rml_xgb_reference_margins(g->model, g->range, row,
								  g->expected + (Size) r * g->model->n_outputs);
	}
}

static int
count_mismatches(const GoldenRows *g)
{
	Size		size = sizeof(float) * (Size) g->model->n_outputs;
	int			n = 0;

	for (int r = 0; r < g->n_rows; r++)
		n += memcmp((char *) g->margins + r * size, (char *) g->expected + r * size, size) != 0;
	return n;
}

/* Both forms of a kernel: a row at a time, and all at once. */
static int
check_kernel(const GoldenRows *g, const RmlImage *image, const RmlKernel *kernel)
{
	int			mismatches;

	for (int r = 0; r < g->n_rows; r++)
		rml_kernel_margins(kernel, image, g->rows + (Size) r * g->model->num_feature,
						   g->margins + (Size) r * g->model->n_outputs, check_interrupts);
	mismatches = count_mismatches(g);
	rml_kernel_block(kernel, image, g->rows, g->n_rows, g->margins, check_interrupts);
	return Max(mismatches, count_mismatches(g));
}

/* Margins of golden rows by every kernel that this CPU runs. */
static void
check_kernels(const Verify *v, const RmlXgbModel *model, RmlTreeRange range,
			  const RmlImage *image)
{
	const RmlKernel *kernels[MAX_KERNELS];
	GoldenRows	g = {.model = model, .range = range, .state = UINT64CONST(0x9E3779B97F4A7C15)};
	Size		width = (Size) Max(model->num_feature, model->n_outputs);
	int			batch = (int) Min(GOLDEN_ROWS, Max(1, GOLDEN_FLOATS / width));
	int			n = 0;

	if (model->is_linear)
		kernels[n++] = rml_kernel_choose(image->header, NULL);
	for (const RmlKernel *k = rml_kernels; !model->is_linear && k->name != NULL; k++)
	{
		Assert(n < MAX_KERNELS);
		if (rml_kernel_runs(k))
			kernels[n++] = k;
	}
	g.rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * batch * model->num_feature);
	g.expected = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * batch * model->n_outputs);
	g.margins = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * batch * model->n_outputs);
	for (int done = 0; done < GOLDEN_ROWS; done += g.n_rows)
	{
		g.n_rows = Min(batch, GOLDEN_ROWS - done);
		fill_golden_rows(&g);
		for (int i = 0; i < n; i++)
			g.mismatches[i] += check_kernel(&g, image, kernels[i]);
	}
	for (int i = 0; i < n; i++)
		put_result(v, psprintf("kernel %s", kernels[i]->name), g.mismatches[i] == 0,
				   psprintf("%d golden rows, %d mismatches", GOLDEN_ROWS, g.mismatches[i]));
	pfree(g.rows);
	pfree(g.expected);
	pfree(g.margins);
}

/* Compares the stored image with one built anew; both end in golden rows. */
static void
check_against_source(Verify *v, HeapTuple tuple, TupleDesc desc)
{
	RmlXgbModel model;
	RmlImportOptions options;
	RmlTreeRange range;
	RmlError	err = {0};
	RmlServerHost host;
	RmlBlock	block;
	RmlImage	rebuilt;
	bool		equal;

	rml_server_host_init(&host, v->context);
	(void) rml_stored_options(tuple, desc, &options);
	if (!rml_stored_parse(tuple, desc, v->context, &model, &err) ||
		!rml_xgb_tree_range(&model, &options, &range, &err) ||
		!rml_xgb_build(&model, &options, v->binding->identity, &host.host, &block, &err) ||
		!rml_image_open(&rebuilt, block.data, block.size, &err))
	{
		put_result(v, "source is a valid model", false, rml_error_message(&err));
		return;
	}
	put_result(v, "source is a valid model", true,
			   model.is_linear ? psprintf("%d weights", model.weights.count)
			   : psprintf("%d trees, %lld nodes", model.n_trees, (long long) model.n_nodes));
	if (v->image_sound)
	{
		equal = rebuilt.header->size == v->image.header->size &&
			memcmp(rebuilt.header, v->image.header, rebuilt.header->size) == 0;
		put_result(v, "image equals a new build from the source", equal, NULL);
	}
	check_kernels(v, &model, range, v->image_sound ? &v->image : &rebuilt);
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
	rml_resolve(&ref, &binding);
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
	Jsonb	   *recipe;
} Export;

static void
require_sound(const Export *export, HeapTuple tuple, TupleDesc desc)
{
	if (!rml_stored_source_is_sound(tuple, desc, export->binding))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored source of model \"%s\" version %d is damaged",
						export->binding->name, export->binding->version),
				 errhint("Restore the row in riskml.model_version from a backup.")));
}

static void
export_version(HeapTuple tuple, TupleDesc desc, void *arg)
{
	Export	   *export = arg;
	MemoryContext caller;

	require_sound(export, tuple, desc);
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
	Export		export = {.binding = &binding, .context = CurrentMemoryContext};

	if (strcmp(format, "source") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown export format \"%s\"", format),
				 errhint("The only format is source.")));
	rml_ref_parse(VARDATA_ANY(text_ref), (int) VARSIZE_ANY_EXHDR(text_ref), &ref);
	rml_resolve_for(&ref, "export", &binding);
	(void) rml_catalog_with_version(binding.model.model_id, binding.version,
									rml_statement_snapshot(), export_version, &export);
	PG_RETURN_BYTEA_P(export.source);
}

static void
export_recipe(HeapTuple tuple, TupleDesc desc, void *arg)
{
	Export	   *export = arg;
	MemoryContext caller;

	require_sound(export, tuple, desc);
	caller = MemoryContextSwitchTo(export->context);
	export->recipe = rml_stored_recipe(tuple, desc);
	MemoryContextSwitchTo(caller);
}

/* riskml.model_recipe(model): as it was given. */
Datum
riskml_model_recipe(PG_FUNCTION_ARGS)
{
	text	   *text_ref = PG_GETARG_TEXT_PP(0);
	RmlRef		ref;
	RmlBinding	binding;
	Export		export = {.binding = &binding, .context = CurrentMemoryContext};

	rml_ref_parse(VARDATA_ANY(text_ref), (int) VARSIZE_ANY_EXHDR(text_ref), &ref);
	rml_resolve_for(&ref, "export", &binding);
	(void) rml_catalog_with_version(binding.model.model_id, binding.version,
									rml_statement_snapshot(), export_recipe, &export);
	if (export.recipe == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(export.recipe);
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
