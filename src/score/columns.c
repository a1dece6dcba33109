/*
 * columns.c
 *	  riskml.*_columns(model, planned, features, VARIADIC values).
 *
 * `features` names the values, exactly as the model names its features; NULL:
 * they are all of the model's, by position.  Names that the model does not
 * have are passed over.  `planned` is the version for which the planner chose
 * the values, or NULL.  A call takes RML_MAX_COLUMN_VALUES values; more come as
 * parts of so many, real[], which riskml.read_columns() makes of them.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "registry/server.h"
#include "score/columns.h"

RML_SQL_FUNCTION(riskml_read_columns);

/* ---- what the arguments are, once per statement ---- */

static int
count_values(FunctionCallInfo fcinfo)
{
	int			n = PG_NARGS() - RML_COLUMN_ARGS;

	if (get_fn_expr_variadic(fcinfo->flinfo) || n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("values must be arguments of their own"),
				 errhint("Use risk_score(model, float8[]) to pass an array.")));
	return n;
}

/* The names of the values, palloc'd. */
static Datum *
read_names(FunctionCallInfo fcinfo, int *n)
{
	Datum	   *names;
	bool	   *nulls;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, n);
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the name of value %d is NULL", i + 1)));
	}
	return names;
}

static Oid
value_type(FunctionCallInfo fcinfo, int value)
{
	return get_fn_expr_argtype(fcinfo->flinfo, RML_COLUMN_ARGS + value);
}

/* Have the values come as parts?  Then each is real[], which no feature is read from. */
static bool
are_parts(FunctionCallInfo fcinfo, int n_values, int n_names)
{
	for (int i = 0; i < n_values; i++)
	{
		if (value_type(fcinfo, i) != FLOAT4ARRAYOID)
			return false;
	}
	return n_values == (n_names + RML_MAX_COLUMN_VALUES - 1) / RML_MAX_COLUMN_VALUES;
}

/* Values without names are those of a row that has none. */
static void
match_positions(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int n, RmlFeatureMatch *matches)
{
	TupleDesc	desc = CreateTemplateTupleDesc(n);

	for (int i = 0; i < n; i++)
	{
		char		name[NAMEDATALEN];

		snprintf(name, sizeof(name), "f%d", i + 1);
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), name, value_type(fcinfo, i), -1, 0);
	}
	rml_match(entry->model, entry->binding.name, desc, true, true, matches);
}

/* What a plan does not pass for the version that is current now. */
pg_noreturn static void
report_missing(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int feature)
{
	const char *name = entry->model->features[feature];

	if (!PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" needs feature \"%s\" since version %d, but the statement was planned for %s",
						entry->binding.name, name, entry->binding.version,
						text_to_cstring(PG_GETARG_TEXT_PP(1))),
				 errhint("Run the statement again.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("no value for feature \"%s\" of model \"%s\"", name, entry->binding.name)));
}

static void
match_arguments(RmlSiteModel *entry, FunctionCallInfo fcinfo, RmlFeatureMatch *matches)
{
	int			n_values = count_values(fcinfo);
	Datum	   *names;
	Oid		   *types;

	entry->n_slots = n_values;
	entry->in_parts = false;
	if (PG_ARGISNULL(2))
	{
		match_positions(entry, fcinfo, n_values, matches);
		return;
	}
	names = read_names(fcinfo, &entry->n_slots);
	entry->in_parts = are_parts(fcinfo, n_values, entry->n_slots);
	if (entry->n_slots != n_values && !entry->in_parts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d names are given for %d values", entry->n_slots, n_values)));
	types = palloc(sizeof(Oid) * (Size) entry->n_slots);
	for (int i = 0; i < entry->n_slots; i++)
		types[i] = entry->in_parts ? FLOAT4OID : value_type(fcinfo, i);
	rml_match_values(entry->model, entry->binding.name, names, types, entry->n_slots, matches);
	pfree(types);
	pfree(names);
}

/* Keeps how each feature is read from the arguments; with `all` none may be missing. */
static void
bind_arguments(RmlSiteModel *entry, FunctionCallInfo fcinfo, bool all)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	int			n = entry->model->image.header->n_features;
	RmlFeatureMatch *matches = palloc(sizeof(RmlFeatureMatch) * (Size) n);

	match_arguments(entry, fcinfo, matches);
	for (int i = 0; i < n; i++)
	{
		rml_raise_fault(&matches[i]);
		if (matches[i].attno == 0 && all)
			report_missing(entry, fcinfo, i);
	}
	if (entry->reads != NULL)
		pfree(entry->reads);
	entry->reads = NULL;
	entry->reads = MemoryContextAlloc(context, sizeof(RmlColumnRead) * (Size) n);
	entry->n_reads = 0;
	entry->in_order = !entry->in_parts;
	for (int i = 0; i < n; i++)
	{
		if (matches[i].attno != 0)
			entry->reads[entry->n_reads++] = (RmlColumnRead) {.feature = i, .match = matches[i]};
		entry->in_order = entry->in_order && matches[i].attno == i + 1 &&
			matches[i].kind == RML_COLUMN_FLOAT8;
	}
	/* names that may change from row to row are looked at in each */
	entry->reads_last = PG_ARGISNULL(2) || get_fn_expr_arg_stable(fcinfo->flinfo, 2);
	pfree(matches);
}

static inline void
prepare(RmlSiteModel *entry, FunctionCallInfo fcinfo, bool all)
{
	if (entry->reads == NULL || !entry->reads_last)
		bind_arguments(entry, fcinfo, all);
}

void
rml_site_bind_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	prepare(entry, fcinfo, true);
}

/* ---- per row ---- */

static inline float
read_argument(const RmlSiteModel *entry, FunctionCallInfo fcinfo, const RmlColumnRead *read)
{
	const NullableDatum *value = &fcinfo->args[RML_COLUMN_ARGS + read->match.attno - 1];

	if (value->isnull)
		return NAN;
	if (read->match.kind == RML_COLUMN_FLOAT8)
		return (float) DatumGetFloat8(value->value);
	return rml_site_value(entry, read->feature, &read->match, value->value);
}

static void
read_parts(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	const float *parts[RML_MAX_COLUMN_VALUES];
	int			n_parts = PG_NARGS() - RML_COLUMN_ARGS;

	for (int i = 0; i < n_parts; i++)
	{
		ArrayType  *part = PG_ARGISNULL(RML_COLUMN_ARGS + i) ? NULL :
			PG_GETARG_ARRAYTYPE_P(RML_COLUMN_ARGS + i);
		int			expected = Min(RML_MAX_COLUMN_VALUES, entry->n_slots - i * RML_MAX_COLUMN_VALUES);

		if (part == NULL || ARR_HASNULL(part) ||
			ArrayGetNItems(ARR_NDIM(part), ARR_DIMS(part)) != expected)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("part %d of the values does not have %d of them", i + 1, expected),
					 errhint("Parts are made by riskml.read_columns().")));
		parts[i] = (const float *) ARR_DATA_PTR(part);
	}
	for (int i = 0; i < entry->n_reads; i++)
	{
		int			slot = entry->reads[i].match.attno - 1;

		entry->row[entry->reads[i].feature] =
			parts[slot / RML_MAX_COLUMN_VALUES][slot % RML_MAX_COLUMN_VALUES];
	}
}

void
rml_site_read_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	prepare(entry, fcinfo, true);
	if (entry->in_parts)
	{
		read_parts(entry, fcinfo);
		return;
	}
	/* as the planner passes columns of float8 */
	if (entry->in_order)
	{
		const NullableDatum *values = &fcinfo->args[RML_COLUMN_ARGS];

		for (int i = 0; i < entry->n_reads; i++)
			entry->row[i] = values[i].isnull ? NAN : (float) DatumGetFloat8(values[i].value);
		return;
	}
	for (int i = 0; i < entry->n_reads; i++)
		entry->row[entry->reads[i].feature] = read_argument(entry, fcinfo, &entry->reads[i]);
}

/*
 * riskml.read_columns(model, planned, features, VARIADIC values): the values as
 * the model takes them, real[], NaN for what it has no feature for.
 */
Datum
riskml_read_columns(PG_FUNCTION_ARGS)
{
	float		values[FUNC_MAX_ARGS];
	RmlSiteModel *entry;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	entry = rml_site_model(fcinfo, false);
	prepare(entry, fcinfo, false);
	for (int i = 0; i < entry->n_slots; i++)
		values[i] = NAN;
	for (int i = 0; i < entry->n_reads; i++)
		values[entry->reads[i].match.attno - 1] = read_argument(entry, fcinfo, &entry->reads[i]);
	PG_RETURN_DATUM(rml_array4(FLOAT4OID, values, entry->n_slots));
}
