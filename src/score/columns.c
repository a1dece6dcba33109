/*
 * columns.c
 *	  riskml.*_columns(model, planned, features, VARIADIC values).
 *
 * `features` names the values, exactly as the model names its features, or its
 * recipe the columns; NULL: they are all of these, by position.  Names that the
 * model does not have are passed over.  `planned` is the version for which the
 * planner chose the values, or NULL.  A call takes RML_MAX_COLUMN_VALUES values;
 * more come as parts of so many, which riskml.read_columns() makes of them:
 * float8[] of what is read from them, in the order of the reads of the whole.
 * A function may have more arguments before the values.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "score/columns.h"

RML_SQL_FUNCTION(riskml_read_columns);

/* Signatures that are kept with a model. */
#define MAX_SIGNATURES 8

#define SizeOfColumns(n) (offsetof(RmlColumns, reads) + sizeof(RmlColumnRead) * (Size) (n))

/* ---- what the arguments are, once per statement ---- */

static int
count_values(FunctionCallInfo fcinfo, int first)
{
	int			n = PG_NARGS() - first;

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

/* As get_fn_expr_argtype(), but fast for an argument that is a column. */
static inline Oid
value_type(FunctionCallInfo fcinfo, int at)
{
	const Node *call = fcinfo->flinfo->fn_expr;

	if (call != NULL && IsA(call, FuncExpr))
	{
		const Node *arg = list_nth(((const FuncExpr *) call)->args, at);

		if (IsA(arg, Var))
			return ((const Var *) arg)->vartype;
	}
	return get_fn_expr_argtype(fcinfo->flinfo, at);
}

/* Have the values come as parts?  Then each is float8[], which nothing is read from. */
static bool
are_parts(FunctionCallInfo fcinfo, int first, int n_values, int n_names)
{
	for (int i = 0; i < n_values; i++)
	{
		if (value_type(fcinfo, first + i) != FLOAT8ARRAYOID)
			return false;
	}
	return n_values == (n_names + RML_MAX_COLUMN_VALUES - 1) / RML_MAX_COLUMN_VALUES;
}

/* Values without names are those of a row that has none. */
static void
match_positions(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, int n, RmlMatch *matches)
{
	TupleDesc	desc = CreateTemplateTupleDesc(n);

	for (int i = 0; i < n; i++)
	{
		char		name[NAMEDATALEN];

		snprintf(name, sizeof(name), "f%d", i + 1);
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), name, value_type(fcinfo, first + i), -1, 0);
	}
	rml_match(&entry->model->inputs, entry->binding.name, desc, true, true, matches);
}

/* What a plan does not pass for the version that is current now. */
pg_noreturn static void
report_missing(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int input)
{
	const char *name = entry->model->inputs.names[input];
	const char *noun = entry->slots != NULL ? "column" : "feature";

	if (!PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" needs %s \"%s\" since version %d, but the statement was planned for %s",
						entry->binding.name, noun, name, entry->binding.version,
						text_to_cstring(PG_GETARG_TEXT_PP(1))),
				 errhint("Run the statement again.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("no value for %s \"%s\" of model \"%s\"", noun, name, entry->binding.name)));
}

static void
match_arguments(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, RmlColumns *columns,
				RmlMatch *matches)
{
	int			n_values = count_values(fcinfo, first);
	Datum	   *names;
	Oid		   *types;

	columns->n_slots = n_values;
	columns->in_parts = false;
	if (PG_ARGISNULL(2))
	{
		match_positions(entry, fcinfo, first, n_values, matches);
		return;
	}
	names = read_names(fcinfo, &columns->n_slots);
	columns->in_parts = are_parts(fcinfo, first, n_values, columns->n_slots);
	if (columns->n_slots != n_values && !columns->in_parts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d names are given for %d values", columns->n_slots, n_values)));
	types = palloc(sizeof(Oid) * (Size) columns->n_slots);
	/* what parts are made of fits all that is read */
	for (int i = 0; i < columns->n_slots; i++)
		types[i] = columns->in_parts ? UNKNOWNOID : value_type(fcinfo, first + i);
	rml_match_values(&entry->model->inputs, entry->binding.name, names, types, columns->n_slots, matches);
	pfree(types);
	pfree(names);
}

/* Fills how each feature is read. */
static void
read_features(const RmlMatch *matches, int n, RmlColumns *columns)
{
	columns->in_order = !columns->in_parts;
	for (int i = 0; i < n; i++)
	{
		if (matches[i].attno != 0)
			columns->reads[columns->n_reads++] = (RmlColumnRead) {.feature = i, .match = matches[i]};
		columns->in_order = columns->in_order && matches[i].attno == i + 1 &&
			matches[i].kind == RML_COLUMN_FLOAT8;
	}
}

/* How each input is read from the arguments; with `all` none may be missing. */
static RmlColumns *
match_columns(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, bool all)
{
	const RmlInputs *inputs = &entry->model->inputs;
	int			n = inputs->n;
	RmlMatch   *matches = palloc(sizeof(RmlMatch) * (Size) n);
	RmlColumns *columns = palloc0(SizeOfColumns(inputs->transform != NULL ? 0 : n));

	match_arguments(entry, fcinfo, first, columns, matches);
	for (int i = 0; i < n; i++)
	{
		rml_raise_fault(&matches[i]);
		if (matches[i].attno == 0 && all)
			report_missing(entry, fcinfo, i);
	}
	if (inputs->transform != NULL)
		columns->raw = rml_raw_reads(inputs->transform, matches, &columns->n_raw);
	else
		read_features(matches, n, columns);
	/* parts are made, and taken, in the order of the reads */
	if (all && columns->raw != NULL && !columns->in_parts)
		rml_raw_sort(columns->raw, columns->n_raw);
	pfree(matches);
	return columns;
}

void
rml_columns_free(RmlColumns *columns)
{
	if (columns->raw != NULL)
		pfree(columns->raw);
	pfree(columns);
}

/* ---- what is kept with a model for later statements ---- */

/* Arguments of given names and types. */
typedef struct Signature
{
	struct Signature *next;
	bool		all;			/* none may be missing */
	ArrayType  *names;			/* or NULL */
	int			n_values;
	Oid		   *types;			/* of the values */
	RmlColumns *columns;
} Signature;

static bool
has_signature(FunctionCallInfo fcinfo, int first, bool all, const Signature *s)
{
	const ArrayType *names = PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2);

	if (s->all != all || s->n_values != PG_NARGS() - first ||
		(s->names == NULL) != (names == NULL) ||
		(names != NULL && (VARSIZE(s->names) != VARSIZE(names) ||
						   memcmp(s->names, names, VARSIZE(names)) != 0)))
		return false;
	for (int i = 0; i < s->n_values; i++)
	{
		if (s->types[i] != value_type(fcinfo, first + i))
			return false;
	}
	return true;
}

static bool
may_keep(const RmlModel *model)
{
	int			n = 0;

	for (const Signature *s = model->bindings; s != NULL; s = s->next)
		n++;
	return n < MAX_SIGNATURES;
}

static RmlColumns *
keep_columns(RmlModel *model, FunctionCallInfo fcinfo, int first, bool all, const RmlColumns *columns)
{
	MemoryContext caller = MemoryContextSwitchTo(model->context);
	Signature  *s = palloc(sizeof(Signature));

	s->all = all;
	s->names = PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(2);
	s->n_values = PG_NARGS() - first;
	s->types = palloc(sizeof(Oid) * s->n_values);
	for (int i = 0; i < s->n_values; i++)
		s->types[i] = value_type(fcinfo, first + i);
	s->columns = palloc(SizeOfColumns(columns->n_reads));
	memcpy(s->columns, columns, SizeOfColumns(columns->n_reads));
	if (columns->raw != NULL)
	{
		s->columns->raw = palloc(sizeof(RmlRawRead) * (Size) Max(columns->n_raw, 1));
		memcpy(s->columns->raw, columns->raw, sizeof(RmlRawRead) * (Size) columns->n_raw);
	}
	s->next = model->bindings;
	model->bindings = s;
	MemoryContextSwitchTo(caller);
	return s->columns;
}

/* Names that may change from row to row are looked at in each. */
static void
bind_arguments(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, bool all)
{
	RmlColumns *columns;
	MemoryContext caller;

	if (entry->columns != NULL && !entry->columns_kept)
		rml_columns_free(entry->columns);
	entry->columns = NULL;
	entry->columns_last = rml_site_arg_is_constant(fcinfo, 2);
	for (const Signature *s = entry->model->bindings; s != NULL && entry->columns_last; s = s->next)
	{
		if (has_signature(fcinfo, first, all, s))
		{
			entry->columns = s->columns;
			entry->columns_kept = true;
			return;
		}
	}
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	columns = match_columns(entry, fcinfo, first, all);
	MemoryContextSwitchTo(caller);
	entry->columns_kept = entry->columns_last && may_keep(entry->model);
	entry->columns = entry->columns_kept ? keep_columns(entry->model, fcinfo, first, all, columns) : columns;
	if (entry->columns_kept)
		rml_columns_free(columns);
}

static inline void
prepare(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, bool all)
{
	if (entry->columns == NULL || !entry->columns_last)
		bind_arguments(entry, fcinfo, first, all);
}

void
rml_site_bind_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	prepare(entry, fcinfo, RML_COLUMN_ARGS, true);
}

/* ---- per row ---- */

static inline float
read_argument(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, const RmlColumnRead *read)
{
	const NullableDatum *value = &fcinfo->args[first + read->match.attno - 1];

	if (value->isnull)
		return NAN;
	if (read->match.kind == RML_COLUMN_FLOAT8)
		return (float) DatumGetFloat8(value->value);
	return rml_site_value(entry, read->feature, &read->match, value->value);
}

static inline double
read_raw_argument(const RmlSiteModel *entry, FunctionCallInfo fcinfo, int first, const RmlRawRead *read)
{
	const NullableDatum *value = &fcinfo->args[first + read->at];

	return value->isnull ? NAN : rml_raw_value(entry->model->inputs.transform, read, value->value);
}

/* Values of parts that are not taken yet. */
typedef struct Parts
{
	int			n;
	const double *next[RML_MAX_COLUMN_VALUES];
	int			left[RML_MAX_COLUMN_VALUES];
} Parts;

pg_noreturn static void
reject_part(int part)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("part %d of the values does not have what is read from them", part + 1),
			 errhint("Parts are made by riskml.read_columns().")));
}

static void
open_parts(Parts *parts, FunctionCallInfo fcinfo, int first)
{
	parts->n = PG_NARGS() - first;
	for (int i = 0; i < parts->n; i++)
	{
		ArrayType  *part = PG_ARGISNULL(first + i) ? NULL :
			PG_GETARG_ARRAYTYPE_P(first + i);

		if (part == NULL || ARR_HASNULL(part))
			reject_part(i);
		parts->next[i] = (const double *) ARR_DATA_PTR(part);
		parts->left[i] = ArrayGetNItems(ARR_NDIM(part), ARR_DIMS(part));
	}
}

/* The next value of the part that has value `at`. */
static inline double
take_from_part(Parts *parts, int at)
{
	int			i = at / RML_MAX_COLUMN_VALUES;

	if (parts->left[i]-- == 0)
		reject_part(i);
	return *parts->next[i]++;
}

static void
close_parts(const Parts *parts)
{
	for (int i = 0; i < parts->n; i++)
	{
		if (parts->left[i] != 0)
			reject_part(i);
	}
}

static void
read_parts(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first)
{
	const RmlColumns *columns = entry->columns;
	Parts		parts;

	open_parts(&parts, fcinfo, first);
	for (int i = 0; i < columns->n_reads; i++)
		entry->row[columns->reads[i].feature] = (float) take_from_part(&parts, columns->reads[i].match.attno - 1);
	for (int i = 0; i < columns->n_raw; i++)
		entry->slots[columns->raw[i].slot] = take_from_part(&parts, columns->raw[i].at);
	close_parts(&parts);
}

/* The values begin with argument `first`. */
static inline void
read_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first)
{
	const RmlColumns *columns;

	prepare(entry, fcinfo, first, true);
	columns = entry->columns;
	/* as the planner passes columns of float8 */
	if (columns->in_order)
	{
		const NullableDatum *values = &fcinfo->args[first];

		for (int i = 0; i < columns->n_reads; i++)
			entry->row[i] = values[i].isnull ? NAN : (float) DatumGetFloat8(values[i].value);
		return;
	}
	if (columns->in_parts)
		read_parts(entry, fcinfo, first);
	else
	{
		for (int i = 0; i < columns->n_reads; i++)
			entry->row[columns->reads[i].feature] = read_argument(entry, fcinfo, first, &columns->reads[i]);
		for (int i = 0; i < columns->n_raw; i++)
			entry->slots[columns->raw[i].slot] = read_raw_argument(entry, fcinfo, first, &columns->raw[i]);
	}
	if (columns->raw != NULL)
		rml_site_transform(entry);
}

void
rml_site_read_columns(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	read_columns(entry, fcinfo, RML_COLUMN_ARGS);
}

void
rml_site_read_columns_from(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first)
{
	read_columns(entry, fcinfo, first);
}

/*
 * riskml.read_columns(model, planned, features, VARIADIC values): what is read
 * from the values, float8[], NaN for NULL.
 */
Datum
riskml_read_columns(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry;
	const RmlColumns *columns;
	Datum	   *values;
	int			n = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	entry = rml_site_model(fcinfo, false);
	prepare(entry, fcinfo, RML_COLUMN_ARGS, false);
	columns = entry->columns;
	values = palloc(sizeof(Datum) * (Size) Max(columns->n_reads + columns->n_raw, 1));
	for (int i = 0; i < columns->n_reads; i++)
		values[n++] = Float8GetDatum(read_argument(entry, fcinfo, RML_COLUMN_ARGS, &columns->reads[i]));
	for (int i = 0; i < columns->n_raw; i++)
		values[n++] = Float8GetDatum(read_raw_argument(entry, fcinfo, RML_COLUMN_ARGS, &columns->raw[i]));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
