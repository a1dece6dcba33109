/*
 * unexpected.c
 *	  riskml.unexpected_values(value, times, kept): how many values there were, each
 *	  as many times, and the first of them.
 *
 * It stands over the groups of a pass; rows are judged by judge.c.  States of
 * parallel workers are added up; which values are kept then depends on who came
 * first.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "quality/json.h"
#include "quality/kept.h"

RML_SQL_FUNCTION(riskml_unexpected_step);
RML_SQL_FUNCTION(riskml_unexpected_combine);
RML_SQL_FUNCTION(riskml_unexpected_serial);
RML_SQL_FUNCTION(riskml_unexpected_deserial);
RML_SQL_FUNCTION(riskml_unexpected_final);

typedef struct State
{
	int			most;			/* values to keep */
	RmlKept		kept;
} State;

static State *
new_state(MemoryContext context)
{
	return MemoryContextAllocZero(context, sizeof(State));
}

static void
keep_value(FunctionCallInfo fcinfo, MemoryContext context, State *state, int64 times)
{
	FmgrInfo   *converter = fcinfo->flinfo->fn_extra;
	char	   *json;

	if (converter == NULL)
	{
		/* looked up once a query */
		converter = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		rml_kept_converter(get_fn_expr_argtype(fcinfo->flinfo, 1), fcinfo->flinfo->fn_mcxt, converter);
		fcinfo->flinfo->fn_extra = converter;
	}
	json = rml_kept_json(converter, fcinfo->args[1]);
	for (int64 i = 0; i < times && state->kept.n < state->most; i++)
		rml_kept_append(&state->kept, context, json);
	pfree(json);
}

Datum
riskml_unexpected_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = rml_aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? new_state(context) : (State *) PG_GETARG_POINTER(0);
	int64		times = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2);

	state->most = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	state->kept.count += times;
	if (state->kept.n < state->most && times > 0)
		keep_value(fcinfo, context, state, times);
	PG_RETURN_POINTER(state);
}

Datum
riskml_unexpected_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = rml_aggregate_context(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);
	State	   *other = PG_ARGISNULL(1) ? NULL : (State *) PG_GETARG_POINTER(1);

	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = new_state(context);
	state->most = Max(state->most, other->most);
	rml_kept_add(&state->kept, context, &other->kept, state->most);
	PG_RETURN_POINTER(state);
}

Datum
riskml_unexpected_serial(PG_FUNCTION_ARGS)
{
	State	   *state = (State *) PG_GETARG_POINTER(0);
	StringInfoData bytes;

	(void) rml_aggregate_context(fcinfo);
	pq_begintypsend(&bytes);
	pq_sendint32(&bytes, (uint32) state->most);
	rml_kept_send(&bytes, &state->kept);
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

Datum
riskml_unexpected_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	State	   *state = new_state(CurrentMemoryContext);
	StringInfoData buffer = rml_bytes_reader(bytes);

	(void) rml_aggregate_context(fcinfo);
	state->most = (int) pq_getmsgint(&buffer, 4);
	rml_kept_receive(&buffer, CurrentMemoryContext, &state->kept);
	PG_RETURN_POINTER(state);
}

Datum
riskml_unexpected_final(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	(void) rml_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	initStringInfo(&out);
	rml_kept_out(&out, &((State *) PG_GETARG_POINTER(0))->kept);
	PG_RETURN_JSONB_P(rml_json_in(out.data));
}
