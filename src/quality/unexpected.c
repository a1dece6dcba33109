/*
 * unexpected.c
 *	  The aggregate riskml.unexpected_values(value, times, kept): how many values
 *	  there were, and the first of them as JSON.
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
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "compat.h"

RML_SQL_FUNCTION(riskml_unexpected_step);
RML_SQL_FUNCTION(riskml_unexpected_combine);
RML_SQL_FUNCTION(riskml_unexpected_serial);
RML_SQL_FUNCTION(riskml_unexpected_deserial);
RML_SQL_FUNCTION(riskml_unexpected_final);

typedef struct State
{
	int64		count;
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

/* to_jsonb() of the value's type, looked up once a query. */
static FmgrInfo *
converter(FunctionCallInfo fcinfo)
{
	FmgrInfo   *function = fcinfo->flinfo->fn_extra;

	if (function == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		Node	   *argument = (Node *) makeNullConst(get_fn_expr_argtype(fcinfo->flinfo, 1), -1, InvalidOid);

		function = palloc0(sizeof(FmgrInfo));
		fmgr_info(F_TO_JSONB, function);
		fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(argument), InvalidOid, InvalidOid,
												 COERCE_EXPLICIT_CALL), function);
		MemoryContextSwitchTo(old);
		fcinfo->flinfo->fn_extra = function;
	}
	return function;
}

static char *
json_of(FunctionCallInfo fcinfo)
{
	Jsonb	   *value;

	if (PG_ARGISNULL(1))
		return pstrdup("null");
	value = DatumGetJsonbP(FunctionCall1(converter(fcinfo), PG_GETARG_DATUM(1)));
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
	json = psprintf("{\"count\": " INT64_FORMAT ", \"values\": [%s]}", state->count, state->values.data);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}
