/*
 * judge.c
 *	  riskml.judge_rows(program, arguments…): all checks of a suite's rows in one
 *	  aggregate.
 *
 * Most of what a suite asks for costs a few nanoseconds per row, and an aggregate
 * for each would cost ten times that.  The program is a constant, read once a
 * query.  States of parallel workers are added up; which values are told then
 * depends on who came first.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "nodes/primnodes.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "quality/check.h"
#include "quality/json.h"
#include "quality/kept.h"

RML_SQL_FUNCTION(riskml_judge_step);
RML_SQL_FUNCTION(riskml_judge_combine);
RML_SQL_FUNCTION(riskml_judge_serial);
RML_SQL_FUNCTION(riskml_judge_deserial);
RML_SQL_FUNCTION(riskml_judge_final);

typedef struct Finding
{
	bool		only_counts;
	RmlKept		kept;
} Finding;

typedef struct State
{
	int			most;			/* values to keep */
	int			n;
	Finding		findings[FLEXIBLE_ARRAY_MEMBER];
} State;

static State *
new_state(MemoryContext context, int n, int most)
{
	State	   *state = MemoryContextAllocZero(context, add_size(offsetof(State, findings), mul_size(sizeof(Finding), (Size) n)));

	state->n = n;
	state->most = most;
	return state;
}

/* ---- the program ---- */

/* As the call says it: the first argument, and what the others are. */
static RmlProgram *
read_program(FunctionCallInfo fcinfo)
{
	Aggref	   *call = AggGetAggref(fcinfo);
	List	   *arguments = NIL;
	const Const *program;

	if (call == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("riskml.judge_rows() is no window function")));
	/* behind them may be what the call is ORDERed BY */
	for (int i = 0; i < PG_NARGS() - 1; i++)
		arguments = lappend(arguments, list_nth_node(TargetEntry, call->args, i)->expr);
	program = linitial(arguments);
	if (!IsA(program, Const) || program->constisnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the program for riskml.judge_rows() must be a constant")));
	return rml_program_read(DatumGetJsonbP(program->constvalue), list_delete_first(arguments));
}

static RmlProgram *
program_of(FunctionCallInfo fcinfo)
{
	RmlProgram *program = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (program == NULL)
	{
		old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		program = read_program(fcinfo);
		MemoryContextSwitchTo(old);
		fcinfo->flinfo->fn_extra = program;
	}
	return program;
}

/* ---- rows ---- */

static State *
begin(FunctionCallInfo fcinfo, const RmlProgram *program)
{
	State	   *state = new_state(rml_aggregate_context(fcinfo), program->n, program->kept);

	for (int i = 0; i < program->n; i++)
		state->findings[i].only_counts = program->checks[i].only_counts;
	return state;
}

/* The value, or a list of them. */
static void
keep(const RmlProgram *program, const RmlCheck *check, const NullableDatum *values, MemoryContext context, RmlKept *kept)
{
	StringInfoData json;
	int			n = check->n_of - check->told;

	initStringInfo(&json);
	for (int i = check->told; i < check->n_of; i++)
	{
		int			number = check->of[i];

		appendStringInfo(&json, "%s%s", i == check->told ? (n > 1 ? "[" : "") : ", ",
						 rml_kept_json(&program->arguments[number].converter, values[number]));
	}
	appendStringInfoString(&json, n == 0 ? "null" : n > 1 ? "]" : "");
	rml_kept_append(kept, context, json.data);
}

Datum
riskml_judge_step(PG_FUNCTION_ARGS)
{
	RmlProgram *program = program_of(fcinfo);
	State	   *state = PG_ARGISNULL(0) ? begin(fcinfo, program) : (State *) PG_GETARG_POINTER(0);
	const NullableDatum *values = fcinfo->args + 2;

	for (int i = 0; i < program->n; i++)
	{
		const RmlCheck *check = &program->checks[i];
		RmlKept    *kept = &state->findings[i].kept;

		if (check->nulls_of >= 0)
		{
			kept->count += values[check->nulls_of].isnull;
			continue;
		}
		if (!check->is_unexpected(check, values))
			continue;
		kept->count++;
		if (kept->n < state->most && !check->only_counts)
			keep(program, check, values, rml_aggregate_context(fcinfo), kept);
	}
	PG_RETURN_POINTER(state);
}

/* ---- states ---- */

Datum
riskml_judge_combine(PG_FUNCTION_ARGS)
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
		state = new_state(context, other->n, other->most);
	if (state->n != other->n)
		elog(ERROR, "states of %d and %d checks cannot be added", state->n, other->n);
	for (int i = 0; i < state->n; i++)
	{
		state->findings[i].only_counts = other->findings[i].only_counts;
		rml_kept_add(&state->findings[i].kept, context, &other->findings[i].kept, state->most);
	}
	PG_RETURN_POINTER(state);
}

Datum
riskml_judge_serial(PG_FUNCTION_ARGS)
{
	State	   *state = (State *) PG_GETARG_POINTER(0);
	StringInfoData bytes;

	(void) rml_aggregate_context(fcinfo);
	pq_begintypsend(&bytes);
	pq_sendint32(&bytes, (uint32) state->n);
	pq_sendint32(&bytes, (uint32) state->most);
	for (int i = 0; i < state->n; i++)
	{
		pq_sendbyte(&bytes, state->findings[i].only_counts);
		rml_kept_send(&bytes, &state->findings[i].kept);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

Datum
riskml_judge_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData buffer = rml_bytes_reader(bytes);
	int			n;
	State	   *state;

	(void) rml_aggregate_context(fcinfo);
	n = (int) pq_getmsgint(&buffer, 4);
	state = new_state(CurrentMemoryContext, n, (int) pq_getmsgint(&buffer, 4));
	for (int i = 0; i < n; i++)
	{
		state->findings[i].only_counts = pq_getmsgbyte(&buffer) != 0;
		rml_kept_receive(&buffer, CurrentMemoryContext, &state->findings[i].kept);
	}
	PG_RETURN_POINTER(state);
}

/* A list with what each check found. */
Datum
riskml_judge_final(PG_FUNCTION_ARGS)
{
	State	   *state;
	StringInfoData out;

	(void) rml_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (State *) PG_GETARG_POINTER(0);
	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < state->n; i++)
	{
		appendStringInfoString(&out, i == 0 ? "" : ", ");
		if (state->findings[i].only_counts)
			appendStringInfo(&out, INT64_FORMAT, state->findings[i].kept.count);
		else
			rml_kept_out(&out, &state->findings[i].kept);
	}
	appendStringInfoChar(&out, ']');
	PG_RETURN_JSONB_P(rml_json_in(out.data));
}
