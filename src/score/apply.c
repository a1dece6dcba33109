/*
 * apply.c
 *	  riskml.apply_recipe(), apply_recipe_json() and transform().
 *
 * Rows are read and programs run as in scoring.  The compiled recipe is kept
 * with the call site, for as long as the recipe's bytes stay the same.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "compat.h"
#include "score/raw.h"
#include "score/site.h"

RML_SQL_FUNCTION(riskml_apply_recipe_record);
RML_SQL_FUNCTION(riskml_apply_recipe_jsonb);
RML_SQL_FUNCTION(riskml_apply_recipe_json_record);
RML_SQL_FUNCTION(riskml_apply_recipe_json_jsonb);
RML_SQL_FUNCTION(riskml_transform);

/* ---- a recipe at a call site ---- */

typedef struct RecipeSite
{
	MemoryContext context;		/* of all below, reset for another recipe */
	void	   *given;			/* copy of the argument, as it came; NULL: there is none yet */
	RmlInputs	inputs;
	double	   *slots;

	/* the row type that was read last */
	MemoryContext row_context;
	uint64		row_type;		/* typcache's identifier of it; 0: none */
	RmlRawRead *reads;
	int			n_reads;
	Datum	   *values;
	bool	   *nulls;
} RecipeSite;

static RecipeSite *
get_site(FunctionCallInfo fcinfo)
{
	RecipeSite *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RecipeSite));
		site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "riskml recipe", ALLOCSET_DEFAULT_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

static void
compile(RecipeSite *site, Datum json)
{
	struct varlena *given = (struct varlena *) DatumGetPointer(json);
	MemoryContext caller;
	RmlRecipe  *recipe;
	RmlTransform *transform;

	site->given = NULL;
	site->row_type = 0;
	MemoryContextReset(site->context);
	caller = MemoryContextSwitchTo(site->context);
	recipe = rml_recipe_read(DatumGetJsonbPCopy(json), NULL);
	rml_recipe_require_fitted(recipe);
	transform = rml_transform_make(recipe, NULL, 0);
	rml_transform_inputs(transform, &site->inputs);
	site->slots = palloc(sizeof(double) * (Size) Max(transform->program->n_slots, 1));
	site->row_context = AllocSetContextCreate(site->context, "riskml row type", ALLOCSET_SMALL_SIZES);
	given = memcpy(palloc(VARSIZE_ANY(given)), given, VARSIZE_ANY(given));
	MemoryContextSwitchTo(caller);
	site->given = given;
}

/*
 * The recipe of argument 0, compiled.  It is compared as it came, so that a large one of a table, which comes as a pointer to
 * where it is stored, is not fetched for each row.
 */
static RecipeSite *
recipe_site(FunctionCallInfo fcinfo)
{
	RecipeSite *site = get_site(fcinfo);
	Datum		json = PG_GETARG_DATUM(0);
	const void *given = DatumGetPointer(json);

	if (site->given == NULL ||
		(!rml_site_arg_is_constant(fcinfo, 0) &&
		 (VARSIZE_ANY(site->given) != VARSIZE_ANY(given) || memcmp(site->given, given, VARSIZE_ANY(given)) != 0)))
		compile(site, json);
	return site;
}

/* ---- rows ---- */

static void
match_row(RecipeSite *site, TupleDesc desc, Oid type, int32 typmod)
{
	uint64		id = assign_record_type_identifier(type, typmod);
	MemoryContext caller;
	RmlMatch   *matches;

	if (site->row_type == id)
		return;
	site->row_type = 0;
	MemoryContextReset(site->row_context);
	caller = MemoryContextSwitchTo(site->row_context);
	matches = palloc(sizeof(RmlMatch) * (Size) Max(site->inputs.n, 1));
	rml_match(&site->inputs, NULL, desc, type == RECORDOID, true, matches);
	for (int i = 0; i < site->inputs.n; i++)
		rml_raise_fault(&matches[i]);
	site->reads = rml_raw_reads(site->inputs.transform, matches, &site->n_reads);
	rml_raw_sort(site->reads, site->n_reads);
	site->values = palloc(sizeof(Datum) * (Size) Max(desc->natts, 1));
	site->nulls = palloc(sizeof(bool) * (Size) Max(desc->natts, 1));
	MemoryContextSwitchTo(caller);
	site->row_type = id;
}

static void
read_record(RecipeSite *site, HeapTupleHeader header)
{
	Oid			type = HeapTupleHeaderGetTypeId(header);
	int32		typmod = HeapTupleHeaderGetTypMod(header);
	TupleDesc	desc = lookup_rowtype_tupdesc(type, typmod);
	HeapTupleData tuple;

	match_row(site, desc, type, typmod);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, site->values, site->nulls);
	rml_raw_read(site->inputs.transform, site->reads, site->n_reads, site->values, site->nulls, site->slots);
	ReleaseTupleDesc(desc);
}

static RecipeSite *
apply_to_record(FunctionCallInfo fcinfo)
{
	RecipeSite *site = recipe_site(fcinfo);

	read_record(site, PG_GETARG_HEAPTUPLEHEADER(1));
	rml_transform_run(site->inputs.transform, site->slots, 1, 1);
	return site;
}

static RecipeSite *
apply_to_jsonb(FunctionCallInfo fcinfo)
{
	RecipeSite *site = recipe_site(fcinfo);

	rml_raw_read_jsonb(site->inputs.transform, NULL, PG_GETARG_JSONB_P(1), PG_GETARG_BOOL(2), site->slots);
	rml_transform_run(site->inputs.transform, site->slots, 1, 1);
	return site;
}

/* ---- results ---- */

/* float8[], NULL where a value is missing */
static Datum
outputs_array(const RecipeSite *site)
{
	const RmlTransform *transform = site->inputs.transform;
	int			n = transform->n_outputs;
	int			lower = 1;
	Datum	   *items = palloc(sizeof(Datum) * (Size) Max(n, 1));
	bool	   *nulls = palloc(sizeof(bool) * (Size) Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		double		value = site->slots[transform->outputs[i].slot];

		items[i] = Float8GetDatum(value);
		nulls[i] = isnan(value);
	}
	return PointerGetDatum(construct_md_array(items, nulls, n > 0 ? 1 : 0, &n, &lower, FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static JsonbValue
json_text(const char *text)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, text);
	value.val.string.len = (int) strlen(text);
	return value;
}

/* A number by its shortest digits that say which it is, whatever extra_float_digits. */
static JsonbValue
json_number(double number)
{
	JsonbValue	value = {.type = jbvNull};
	char		digits[64];

	if (isnan(number))
		return value;
	if (isinf(number))
		return json_text(number > 0 ? "Infinity" : "-Infinity");
	double_to_shortest_decimal_buf(number, digits);
	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
															Int32GetDatum(-1)));
	return value;
}

static Datum
outputs_jsonb(const RecipeSite *site)
{
	const RmlTransform *transform = site->inputs.transform;
	JsonbParseState *state = NULL;
	JsonbValue *object;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < transform->n_outputs; i++)
	{
		JsonbValue	key = json_text(transform->outputs[i].name);
		JsonbValue	value = json_number(site->slots[transform->outputs[i].slot]);

		(void) pushJsonbValue(&state, WJB_KEY, &key);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbPGetDatum(JsonbValueToJsonb(object));
}

/* ---- the functions ---- */

/* riskml.apply_recipe(recipe, features record) */
Datum
riskml_apply_recipe_record(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(outputs_array(apply_to_record(fcinfo)));
}

/* riskml.apply_recipe(recipe, features jsonb, lenient) */
Datum
riskml_apply_recipe_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(outputs_array(apply_to_jsonb(fcinfo)));
}

/* riskml.apply_recipe_json(recipe, features record) */
Datum
riskml_apply_recipe_json_record(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(outputs_jsonb(apply_to_record(fcinfo)));
}

/* riskml.apply_recipe_json(recipe, features jsonb, lenient) */
Datum
riskml_apply_recipe_json_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(outputs_jsonb(apply_to_jsonb(fcinfo)));
}

/* riskml.transform(model, features record): what the model gets, feature by feature. */
Datum
riskml_transform(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	RmlSiteModel *entry;

	InitMaterializedSRF(fcinfo, 0);
	entry = rml_site_model(fcinfo, false);
	rml_site_read_record(entry, fcinfo);
	for (int i = 0; i < entry->model->image.header->n_features; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, isnan(entry->row[i])};

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		values[0] = CStringGetTextDatum(entry->model->features[i]);
		values[1] = Float8GetDatum((float8) entry->row[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
