/*
 * site.c
 *	  What one call of a scoring function in a query keeps between rows.
 *
 * Kept in fn_extra and freed with fn_mcxt, whose reset callback drops the
 * pins.  A statement that scores with a few models in turn (the reference
 * being a column) keeps up to MAX_MODELS of them.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "base/hot.h"
#include "compat.h"
#include "guc.h"
#include "score/category.h"
#include "score/columns.h"
#include "score/explain.h"

#define MAX_MODELS 8

typedef struct Site
{
	MemoryContext context;
	MemoryContextCallback callback;
	RmlSiteModel *models[MAX_MODELS];	/* NULL: none; its model NULL: empty */
	RmlSiteModel first;			/* of them; most sites have no other */
	RmlSiteModel *last;			/* used by the row before */
	uint64		use_counter;
	int			n_values;		/* room in values and nulls */
	Datum	   *values;
	bool	   *nulls;
} Site;

RML_HOT static void
drop_pins(void *arg)
{
	Site	   *site = arg;

	for (int i = 0; i < MAX_MODELS; i++)
	{
		RmlSiteModel *entry = site->models[i];

		if (entry != NULL && entry->model != NULL)
			rml_cache_unpin(entry->model);
		site->models[i] = NULL;
	}
}

static Site *
get_site(FunctionCallInfo fcinfo)
{
	Site	   *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site));
		site->context = fcinfo->flinfo->fn_mcxt;
		site->callback.func = drop_pins;
		site->callback.arg = site;
		MemoryContextRegisterResetCallback(site->context, &site->callback);
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

static bool
same_ref(const RmlSiteModel *site, const text *ref)
{
	return site->model != NULL &&
		VARSIZE_ANY_EXHDR(site->ref) == VARSIZE_ANY_EXHDR(ref) &&
		memcmp(VARDATA_ANY(site->ref), VARDATA_ANY(ref), VARSIZE_ANY_EXHDR(ref)) == 0;
}

static void
forget_row_type(RmlSiteModel *entry)
{
	if (entry->own_row_type != NULL)
	{
		if (entry->float8_columns != NULL)
			pfree(entry->float8_columns);
		if (entry->raw != NULL)
			pfree(unconstify(RmlRawRead *, entry->raw));
		pfree(entry->own_row_type);
	}
	entry->own_row_type = NULL;
	entry->float8_columns = NULL;
	entry->raw = NULL;
	entry->matches = NULL;
}

/* Empties an entry for another model. */
RML_HOT static void
clear_entry(RmlSiteModel *entry)
{
	if (entry->model != NULL)
		rml_cache_unpin(entry->model);
	if (entry->ref != NULL)
		pfree(entry->ref);
	if (entry->row != NULL)
		pfree(entry->row);
	if (entry->slots != NULL)
		pfree(entry->slots);
	if (entry->margins != NULL)
		pfree(entry->margins);
	forget_row_type(entry);
	if (entry->columns != NULL && !entry->columns_kept)
		rml_columns_free(entry->columns);
	if (entry->explain != NULL)
		rml_site_explain_free(entry->explain);
	memset(entry, 0, sizeof(*entry));
}

/* The entry for a reference, or an empty one. */
static RmlSiteModel *
find_entry(Site *site, const text *ref)
{
	RmlSiteModel *oldest = NULL;

	for (int i = 0; i < MAX_MODELS; i++)
	{
		RmlSiteModel *entry = site->models[i];

		if (entry == NULL)
		{
			entry = i == 0 ? &site->first
				: MemoryContextAllocZero(site->context, sizeof(RmlSiteModel));
			site->models[i] = entry;
			return entry;
		}
		if (same_ref(entry, ref))
			return entry;
		if (oldest == NULL || entry->last_used < oldest->last_used)
			oldest = entry;
	}
	clear_entry(oldest);
	return oldest;
}

/* Resolves for the current statement; what is still right is kept. */
static void
bind_entry(Site *site, RmlSiteModel *entry, const text *ref_text, const RmlRef *ref,
		   const RmlStatementKey *key)
{
	RmlBinding	binding;
	RmlModel   *model;

	rml_resolve(ref, &binding);
	if (entry->model != NULL &&
		memcmp(entry->model->identity, binding.identity, RML_IDENTITY_SIZE) == 0)
	{
		entry->binding = binding;
		entry->key = *key;
		entry->kernel = rml_kernel_choose(entry->model->image.header, rml_guc_kernel_name());
		return;
	}
	clear_entry(entry);
	entry->ref = MemoryContextAlloc(site->context, VARSIZE_ANY(ref_text));
	memcpy(entry->ref, ref_text, VARSIZE_ANY(ref_text));
	model = rml_cache_pin(&binding);
	entry->model = model;
	entry->kernel = rml_kernel_choose(model->image.header, rml_guc_kernel_name());
	entry->binding = binding;
	entry->key = *key;
	entry->row = MemoryContextAlloc(site->context,
									sizeof(float) * (Size) model->image.header->n_features);
	entry->margins = MemoryContextAlloc(site->context,
										sizeof(float) * (Size) model->image.header->n_outputs);
	if (model->inputs.transform != NULL)
		entry->slots = MemoryContextAlloc(site->context,
										  sizeof(double) * (Size) model->inputs.transform->program->n_slots);
}

RML_HOT RmlSiteModel *
rml_site_model(FunctionCallInfo fcinfo, bool pinned_only)
{
	return rml_site_model_of(fcinfo, PG_GETARG_TEXT_PP(0), pinned_only);
}

RML_HOT RmlSiteModel *
rml_site_model_of(FunctionCallInfo fcinfo, text *ref_text, bool pinned_only)
{
	Site	   *site = get_site(fcinfo);
	RmlSiteModel *entry = site->last;
	RmlStatementKey key;

	if (entry == NULL || !same_ref(entry, ref_text))
		entry = find_entry(site, ref_text);
	rml_statement_key(&key);
	if (entry->model == NULL || !rml_statement_key_equal(&entry->key, &key))
	{
		RmlRef		ref;

		rml_ref_parse(VARDATA_ANY(ref_text), (int) VARSIZE_ANY_EXHDR(ref_text), &ref);
		if (pinned_only && !ref.pinned)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("model reference \"%.*s\" is not in the pinned form",
							(int) VARSIZE_ANY_EXHDR(ref_text), VARDATA_ANY(ref_text)),
					 errhint("Use what risk_version() returns: name@version#identity.")));
		bind_entry(site, entry, ref_text, &ref, &key);
	}
	entry->last_used = ++site->use_counter;
	site->last = entry;
	return entry;
}

bool
rml_site_arg_is_constant(FunctionCallInfo fcinfo, int arg)
{
	const Node *call = fcinfo->flinfo->fn_expr;

	return call != NULL && IsA(call, FuncExpr) && IsA(list_nth(((const FuncExpr *) call)->args, arg), Const);
}

/* ---- records ---- */

void
rml_raise_fault(const RmlMatch *match)
{
	if (match->sqlstate != 0)
		ereport(ERROR,
				(errcode(match->sqlstate),
				 errmsg("%s", match->problem),
				 match->hint ? errhint("%s", match->hint) : 0));
}

/* Row types that are kept with a model. */
#define MAX_ROW_TYPES 8

/* How the inputs of a model were matched to a row type. */
typedef struct RowType
{
	struct RowType *next;
	uint64		id;				/* typcache's */
	AttrNumber	last_column;
	AttrNumber *float8_columns; /* as in RmlSiteModel */
	RmlRawRead *raw;
	int			n_raw;
	RmlMatch matches[FLEXIBLE_ARRAY_MEMBER];
} RowType;

static RowType *
find_row_type(const RmlModel *model, uint64 id, int *n)
{
	*n = 0;
	for (RowType *type = model->row_types; type != NULL; type = type->next, (*n)++)
	{
		if (type->id == id)
			return type;
	}
	return NULL;
}

/* The columns alone, if each is a float8: less to look at for each statement. */
static AttrNumber *
list_float8_columns(const RmlMatch *matches, int n)
{
	AttrNumber *columns;

	for (int i = 0; i < n; i++)
	{
		if (matches[i].kind != RML_COLUMN_FLOAT8)
			return NULL;
	}
	columns = palloc(sizeof(AttrNumber) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
		columns[i] = matches[i].attno;
	return columns;
}

/* Matches the inputs to a row type that the model has not met before. */
static RowType *
match_row_type(const RmlSiteModel *entry, MemoryContext context, TupleDesc desc, Oid type, uint64 id)
{
	const RmlInputs *inputs = &entry->model->inputs;
	int			n = inputs->n;
	MemoryContext caller = MemoryContextSwitchTo(context);
	RowType    *row_type = palloc0(offsetof(RowType, matches) + sizeof(RmlMatch) * (Size) n);

	row_type->id = id;
	rml_match(inputs, entry->binding.name, desc, type == RECORDOID, true, row_type->matches);
	if (inputs->transform != NULL)
	{
		row_type->raw = rml_raw_reads(inputs->transform, row_type->matches, &row_type->n_raw);
		rml_raw_sort(row_type->raw, row_type->n_raw);
	}
	else
		row_type->float8_columns = list_float8_columns(row_type->matches, n);
	for (int i = 0; i < n; i++)
		row_type->last_column = Max(row_type->last_column, row_type->matches[i].attno);
	MemoryContextSwitchTo(caller);
	return row_type;
}

RML_HOT void
rml_site_match_row(RmlSiteModel *entry, FunctionCallInfo fcinfo, TupleDesc desc, Oid type, int32 typmod)
{
	uint64		id = assign_record_type_identifier(type, typmod);
	int			n;
	RowType    *row_type;

	if (entry->matches != NULL && entry->row_type == id)
		return;
	forget_row_type(entry);
	row_type = find_row_type(entry->model, id, &n);
	if (row_type == NULL)
	{
		/* messages name the model as it was called, so a fault is not kept */
		row_type = match_row_type(entry, fcinfo->flinfo->fn_mcxt, desc, type, id);
		entry->own_row_type = row_type;
		entry->float8_columns = row_type->float8_columns;
		entry->raw = row_type->raw;
		for (int i = 0; i < entry->model->inputs.n; i++)
			rml_raise_fault(&row_type->matches[i]);
		if (type != RECORDOID && n < MAX_ROW_TYPES)
		{
			forget_row_type(entry);
			row_type = match_row_type(entry, entry->model->context, desc, type, id);
			row_type->next = entry->model->row_types;
			entry->model->row_types = row_type;
		}
	}
	entry->row_type = id;
	entry->matches = row_type->matches;
	entry->last_column = row_type->last_column;
	entry->float8_columns = row_type->float8_columns;
	entry->raw = row_type->raw;
	entry->n_raw = row_type->n_raw;
}

/* Room to take a tuple apart. */
static void
reserve_values(Site *site, int n)
{
	if (site->n_values >= n)
		return;
	if (site->values != NULL)
	{
		pfree(site->values);
		pfree(site->nulls);
	}
	site->values = MemoryContextAlloc(site->context, sizeof(Datum) * n);
	site->nulls = MemoryContextAlloc(site->context, sizeof(bool) * n);
	site->n_values = n;
}

/* An element of ROW(...) that is a mere '1'. */
pg_noreturn static void
reject_untyped(const RmlSiteModel *entry, int feature, int attno)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("element %d of the row, for feature \"%s\" of model \"%s\", is a literal without a type",
					attno, entry->model->features[feature], entry->binding.name),
			 errhint("Cast it to a numeric type.")));
}

float
rml_site_value(const RmlSiteModel *entry, int feature, const RmlMatch *match, Datum value)
{
	if (match->categories != NULL && rml_is_label_kind(match->kind))
		return rml_column_category(entry->model, entry->binding.name, feature, match, value);
	if (match->kind == RML_COLUMN_UNTYPED)
		reject_untyped(entry, feature, match->attno);
	return rml_column_value(match->kind, value);
}

void
rml_site_transform(RmlSiteModel *entry)
{
	const RmlTransform *transform = entry->model->inputs.transform;

	rml_transform_run(transform, entry->slots, 1, 1);
	rml_raw_outputs(transform, entry->slots, 1, 1, entry->row);
}

void
rml_site_read_record(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	Site	   *site = fcinfo->flinfo->fn_extra;
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(1);
	Oid			type = HeapTupleHeaderGetTypeId(header);
	int32		typmod = HeapTupleHeaderGetTypMod(header);
	TupleDesc	desc = lookup_rowtype_tupdesc(type, typmod);
	HeapTupleData tuple;

	rml_site_match_row(entry, fcinfo, desc, type, typmod);
	reserve_values(site, desc->natts);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, site->values, site->nulls);
	if (entry->slots != NULL)
	{
		rml_raw_read(entry->model->inputs.transform, entry->raw, entry->n_raw, site->values, site->nulls, entry->slots);
		rml_site_transform(entry);
	}
	for (int i = 0; i < entry->model->image.header->n_features && entry->slots == NULL; i++)
	{
		const RmlMatch *match = &entry->matches[i];
		int			at = match->attno - 1;

		entry->row[i] = site->nulls[at] ? NAN : rml_site_value(entry, i, match, site->values[at]);
	}
	ReleaseTupleDesc(desc);
}

/* ---- arrays ---- */

void
rml_site_read_array(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	int			n_features = entry->model->image.header->n_features;
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const float8 *value = (const float8 *) ARR_DATA_PTR(array);
	const bits8 *present = ARR_NULLBITMAP(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be an array of one dimension, got %d", ARR_NDIM(array))));
	if (entry->slots != NULL)
	{
		rml_raw_read_array(entry->model->inputs.transform, entry->binding.name, array, entry->slots);
		rml_site_transform(entry);
		return;
	}
	if (n != n_features)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" expects %d features, got %d",
						entry->binding.name, n_features, n),
				 errhint("Check the number and order of the array's elements.")));
	for (int i = 0; i < n; i++)
	{
		bool		isnull = present != NULL && (present[i / 8] & (1 << (i % 8))) == 0;

		entry->row[i] = isnull ? NAN : (float) *value++;
	}
}

/* ---- jsonb ---- */

/* A value that is no number, boolean, null, or label of the feature. */
pg_noreturn static void
reject_jsonb(const RmlSiteModel *entry, int feature, const JsonbValue *value)
{
	const char *type = value->type == jbvString ? "a string" :
		JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("key \"%s\" for model \"%s\" is %s",
					entry->model->features[feature], entry->binding.name, type),
			 errhint("%s", rml_type_hint(rml_image_categories(&entry->model->image, feature),
										 value->type == jbvString))));
}

static float
jsonb_value(const RmlSiteModel *entry, int feature, const JsonbValue *value)
{
	const RmlImageCategories *categories;

	switch (value->type)
	{
		case jbvNull:
			return NAN;
		case jbvBool:
			return value->val.boolean ? 1.0f : 0.0f;
		case jbvNumeric:
			return rml_column_value(RML_COLUMN_NUMERIC, NumericGetDatum(value->val.numeric));
		case jbvString:
			categories = rml_image_categories(&entry->model->image, feature);
			if (categories != NULL)
				return rml_category_value(entry->model, entry->binding.name, feature, categories,
										  value->val.string.val, value->val.string.len);
			break;
		default:				/* getKeyJsonValueFromContainer() gives jbvBinary */
			break;
	}
	reject_jsonb(entry, feature, value);
}

void
rml_site_read_jsonb(RmlSiteModel *entry, FunctionCallInfo fcinfo, bool lenient)
{
	rml_site_read_object(entry, PG_GETARG_JSONB_P(1), lenient);
}

void
rml_site_read_object(RmlSiteModel *entry, Jsonb *jsonb, bool lenient)
{
	if (entry->slots != NULL)
	{
		rml_raw_read_jsonb(entry->model->inputs.transform, entry->binding.name, jsonb, lenient, entry->slots);
		rml_site_transform(entry);
		return;
	}
	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features of model \"%s\" must be a JSON object", entry->binding.name),
				 errhint("Use float8[] to pass features by position.")));
	for (int i = 0; i < entry->model->image.header->n_features; i++)
	{
		const char *name = entry->model->features[i];
		JsonbValue	room;
		JsonbValue *value;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		value = getKeyJsonValueFromContainer(&jsonb->root, name, (int) strlen(name), &room);

		if (value == NULL && !lenient)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("no key for feature \"%s\" of model \"%s\"", name, entry->binding.name),
					 errhint("Write null for a missing value, or pass lenient => true.")));
		entry->row[i] = value == NULL ? NAN : jsonb_value(entry, i, value);
	}
}
