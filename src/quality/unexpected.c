/*
 * unexpected.c
 *	  Aggregates of unexpected values: how many there were, and the first of them
 *	  as JSON.
 *
 * riskml.unexpected_values(value, times, kept) takes those that a FILTER lets
 * through.  riskml.values_outside(value, low, high, strict, kept) compares by
 * itself and counts nulls: ranges are what most suites have most of, and a call
 * that compares costs a third of a FILTER with two comparisons.
 * riskml.values_in_set(value, members, wanted, kept) does so for sets, of which the server
 * searches small ones from their beginning.
 *
 * Memory is that of the values kept.  States of parallel workers are added up;
 * which values are kept then depends on who came first.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"

RML_SQL_FUNCTION(riskml_unexpected_step);
RML_SQL_FUNCTION(riskml_in_set_step);
RML_SQL_FUNCTION(riskml_outside_step);
RML_SQL_FUNCTION(riskml_unexpected_combine);
RML_SQL_FUNCTION(riskml_unexpected_serial);
RML_SQL_FUNCTION(riskml_unexpected_deserial);
RML_SQL_FUNCTION(riskml_unexpected_final);

typedef struct State
{
	int64		count;
	int64		missing;		/* nulls; of values_outside() */
	int			kept;			/* at most */
	int			n;
	StringInfoData values;		/* JSON texts, with commas between them */
} State;

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "called outside of an aggregate");
	return context;
}

static State *
new_state(MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	State	   *state = palloc0(sizeof(State));

	initStringInfo(&state->values);
	MemoryContextSwitchTo(old);
	return state;
}

/* to_jsonb() of the value's type. */
static void
find_converter(FunctionCallInfo fcinfo, FmgrInfo *function)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	Node	   *argument = (Node *) makeNullConst(get_fn_expr_argtype(fcinfo->flinfo, 1), -1, InvalidOid);

	fmgr_info(F_TO_JSONB, function);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(argument), InvalidOid, InvalidOid,
											 COERCE_EXPLICIT_CALL), function);
	MemoryContextSwitchTo(old);
}

static char *
json_of(FunctionCallInfo fcinfo)
{
	FmgrInfo   *converter = fcinfo->flinfo->fn_extra;
	Jsonb	   *value;

	if (PG_ARGISNULL(1))
		return pstrdup("null");
	if (converter == NULL)
	{
		/* looked up once a query */
		converter = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		find_converter(fcinfo, converter);
		fcinfo->flinfo->fn_extra = converter;
	}
	value = DatumGetJsonbP(FunctionCall1(converter, PG_GETARG_DATUM(1)));
	return JsonbToCString(NULL, &value->root, VARSIZE(value));
}

static void
append_value(State *state, const char *json)
{
	if (state->n++ > 0)
		appendStringInfoString(&state->values, ", ");
	appendStringInfoString(&state->values, json);
}

Datum
riskml_unexpected_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? new_state(context) : (State *) PG_GETARG_POINTER(0);
	int64		times = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2);
	char	   *json;

	state->kept = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	state->count += times;
	if (state->n < state->kept && times > 0)
	{
		json = json_of(fcinfo);
		for (int64 i = 0; i < times && state->n < state->kept; i++)
			append_value(state, json);
		pfree(json);
	}
	PG_RETURN_POINTER(state);
}

/* ---- ranges ---- */

/* Bits of "strict": the bound does not belong to the range. */
#define STRICT_LOW 1
#define STRICT_HIGH 2

/* Comparison of values of a type, looked up once a query. */
typedef struct Range
{
	FmgrInfo	converter;
	Oid			type;
	FmgrInfo	compare;		/* of types that are not compared here */
} Range;

static Range *
range_of(FunctionCallInfo fcinfo)
{
	Range	   *range = fcinfo->flinfo->fn_extra;

	if (range == NULL)
	{
		Oid			type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 1));
		Oid			function = lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc;

		if (!OidIsValid(function))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s have no order", format_type_be(type))));
		range = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Range));
		range->type = type;
		fmgr_info_cxt(function, &range->compare, fcinfo->flinfo->fn_mcxt);
		find_converter(fcinfo, &range->converter);
		fcinfo->flinfo->fn_extra = range;
	}
	return range;
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

static inline int
compare(FunctionCallInfo fcinfo, Range *range, Datum a, Datum b)
{
	switch (range->type)
	{
		case INT2OID:
			return COMPARE(DatumGetInt16(a), DatumGetInt16(b));
		case INT4OID:
		case DATEOID:
			return COMPARE(DatumGetInt32(a), DatumGetInt32(b));
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return COMPARE(DatumGetInt64(a), DatumGetInt64(b));
		case FLOAT8OID:
			return float8_cmp_internal(DatumGetFloat8(a), DatumGetFloat8(b));
		default:
			return DatumGetInt32(FunctionCall2Coll(&range->compare, PG_GET_COLLATION(), a, b));
	}
}

static inline bool
is_outside(FunctionCallInfo fcinfo, Range *range)
{
	int			strict = PG_GETARG_INT32(4);
	Datum		value = PG_GETARG_DATUM(1);
	int			result;

	if (!PG_ARGISNULL(2))
	{
		result = compare(fcinfo, range, value, PG_GETARG_DATUM(2));
		if (result < 0 || (result == 0 && (strict & STRICT_LOW)))
			return true;
	}
	if (PG_ARGISNULL(3))
		return false;
	result = compare(fcinfo, range, value, PG_GETARG_DATUM(3));
	return result > 0 || (result == 0 && (strict & STRICT_HIGH));
}

Datum
riskml_outside_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Range	   *range = range_of(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? new_state(context) : (State *) PG_GETARG_POINTER(0);

	if (PG_ARGISNULL(1))
		state->missing++;
	else if (is_outside(fcinfo, range))
	{
		state->kept = PG_ARGISNULL(5) ? 0 : PG_GETARG_INT32(5);
		state->count++;
		if (state->n < state->kept)
		{
			Jsonb	   *value = DatumGetJsonbP(FunctionCall1(&range->converter, PG_GETARG_DATUM(1)));

			append_value(state, JsonbToCString(NULL, &value->root, VARSIZE(value)));
		}
	}
	PG_RETURN_POINTER(state);
}

/* ---- sets ---- */

/* A set's members, sorted; texts by length, then bytes, so equal are those whose bytes are. */
typedef struct Members
{
	FmgrInfo	converter;
	bool		texts;
	int			n;
	int64	   *numbers;
	text	  **values;
	Oid			type;
} Members;

static int64
number_of(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT8OID:
			return DatumGetInt64(value);
		case BOOLOID:
			return DatumGetBool(value);
		default:
			return DatumGetInt32(value);
	}
}

static int
compare_numbers(const void *a, const void *b)
{
	return COMPARE(*(const int64 *) a, *(const int64 *) b);
}

static inline int
compare_text_values(const text *a, const text *b)
{
	Size		length = VARSIZE_ANY_EXHDR(a);

	if (length != VARSIZE_ANY_EXHDR(b))
		return COMPARE(length, VARSIZE_ANY_EXHDR(b));
	return memcmp(VARDATA_ANY(a), VARDATA_ANY(b), length);
}

static int
compare_texts(const void *a, const void *b)
{
	return compare_text_values(*(text *const *) a, *(text *const *) b);
}

static void
read_members(Members *members, ArrayType *array)
{
	Datum	   *elements;
	bool	   *nulls;
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(members->type, &length, &by_value, &align);
	deconstruct_array(array, members->type, length, by_value, align, &elements, &nulls, &members->n);
	members->numbers = palloc0(sizeof(int64) * (Size) (members->n + 1));
	members->values = palloc0(sizeof(text *) * (Size) (members->n + 1));
	for (int i = 0; i < members->n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a set must not contain nulls")));
		if (members->texts)
			members->values[i] = DatumGetTextPP(elements[i]);
		else
			members->numbers[i] = number_of(members->type, elements[i]);
	}
	if (members->texts)
		qsort(members->values, (size_t) members->n, sizeof(text *), compare_texts);
	else
		qsort(members->numbers, (size_t) members->n, sizeof(int64), compare_numbers);
}

/* Looked up once a query: the set is a constant. */
static Members *
members_of(FunctionCallInfo fcinfo)
{
	Members    *members = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (members != NULL)
		return members;
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a set must not be null")));
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	members = palloc0(sizeof(Members));
	members->type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	members->texts = members->type == TEXTOID;
	if (!members->texts && members->type != INT2OID && members->type != INT4OID && members->type != INT8OID &&
		members->type != DATEOID && members->type != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sets of type %s are not supported", format_type_be(members->type))));
	find_converter(fcinfo, &members->converter);
	read_members(members, DatumGetArrayTypePCopy(PG_GETARG_DATUM(2)));
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = members;
	return members;
}

static bool
is_member(const Members *members, Datum value)
{
	int			low = 0;
	int			high = members->n;
	int64		number = 0;
	text	   *bytes = NULL;

	if (members->texts)
		bytes = DatumGetTextPP(value);
	else
		number = number_of(members->type, value);
	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			result = members->texts ? compare_text_values(bytes, members->values[middle]) : COMPARE(number, members->numbers[middle]);

		if (result == 0)
			return true;
		if (result < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

Datum
riskml_in_set_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Members    *members = members_of(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? new_state(context) : (State *) PG_GETARG_POINTER(0);

	if (PG_ARGISNULL(1))
		state->missing++;
	else if (is_member(members, PG_GETARG_DATUM(1)) == PG_GETARG_BOOL(3))
	{
		state->kept = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
		state->count++;
		if (state->n < state->kept)
		{
			Jsonb	   *value = DatumGetJsonbP(FunctionCall1(&members->converter, PG_GETARG_DATUM(1)));

			append_value(state, JsonbToCString(NULL, &value->root, VARSIZE(value)));
		}
	}
	PG_RETURN_POINTER(state);
}

/* ---- all ---- */

/* Of the other's values those for which there is room: they are JSON, so they are taken apart as such. */
static void
take_values(State *state, const State *other)
{
	Jsonb	   *all;

	if (state->n == 0)
	{
		appendBinaryStringInfo(&state->values, other->values.data, other->values.len);
		state->n = other->n;
		return;
	}
	all = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(psprintf("[%s]", other->values.data))));
	for (int i = 0; i < other->n && state->n < state->kept; i++)
	{
		Jsonb	   *value = JsonbValueToJsonb(getIthJsonbValueFromContainer(&all->root, (uint32) i));

		append_value(state, JsonbToCString(NULL, &value->root, VARSIZE(value)));
	}
}

Datum
riskml_unexpected_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);
	State	   *other = PG_ARGISNULL(1) ? NULL : (State *) PG_GETARG_POINTER(1);

	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
	{
		state = new_state(context);
		state->kept = other->kept;
	}
	state->count += other->count;
	state->missing += other->missing;
	state->kept = Max(state->kept, other->kept);
	take_values(state, other);
	PG_RETURN_POINTER(state);
}

Datum
riskml_unexpected_serial(PG_FUNCTION_ARGS)
{
	State	   *state = (State *) PG_GETARG_POINTER(0);
	StringInfoData bytes;

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&bytes);
	pq_sendint64(&bytes, (uint64) state->count);
	pq_sendint64(&bytes, (uint64) state->missing);
	pq_sendint32(&bytes, (uint32) state->kept);
	pq_sendint32(&bytes, (uint32) state->n);
	pq_sendint32(&bytes, (uint32) state->values.len);
	pq_sendbytes(&bytes, state->values.data, state->values.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

Datum
riskml_unexpected_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	State	   *state = new_state(CurrentMemoryContext);
	StringInfoData buffer;
	int			length;

	(void) aggregate_context(fcinfo);
	buffer.data = VARDATA_ANY(bytes);
	buffer.len = buffer.maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	buffer.cursor = 0;
	state->count = pq_getmsgint64(&buffer);
	state->missing = pq_getmsgint64(&buffer);
	state->kept = (int) pq_getmsgint(&buffer, 4);
	state->n = (int) pq_getmsgint(&buffer, 4);
	length = (int) pq_getmsgint(&buffer, 4);
	appendBinaryStringInfo(&state->values, pq_getmsgbytes(&buffer, length), length);
	PG_RETURN_POINTER(state);
}

Datum
riskml_unexpected_final(PG_FUNCTION_ARGS)
{
	State	   *state;
	char	   *json;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (State *) PG_GETARG_POINTER(0);
	json = psprintf("{\"count\": " INT64_FORMAT ", \"missing\": " INT64_FORMAT ", \"values\": [%s]}", state->count, state->missing,
					state->values.data);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}
