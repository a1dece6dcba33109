/*
 * batch_exec.c
 *	  The plan node that scores rows in blocks.
 *
 * It reads rows from its child, keeps the columns that are needed above and
 * the features as float32, lets a kernel score the block, and gives the rows
 * back one by one.  Blocks begin with one row and double, so that a LIMIT does
 * not pay for rows that nobody asks for.  Where a recipe makes the features,
 * rows wait in its program's slots until there are enough to run it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/hot.h"
#include "compat.h"
#include "kernel/kernel.h"
#include "score/batch.h"
#include "score/columns.h"
#include "score/lookup.h"
#include "score/tuple_walk.h"

#define MAX_ROWS 256

/* Features of all rows of a block, so that a model of 100,000 does not take much. */
#define MAX_VALUES (256 * 1024)

/* Columns of a block that are not by value, in bytes, however many rows that is. */
#define MAX_KEPT_BYTES (1024 * 1024)

/* A feature and where it is read from; a recipe's columns are RmlRawReads with the same numbers. */
typedef struct Input
{
	int			feature;
	int			at;				/* in the child's row, from 0; -1 and below: among computed values */
	const RmlMatch *match;
} Input;

/* Memory that is kept. */
typedef struct Room
{
	void	   *chunk;
	Size		size;
} Room;

/* One call whose results the node gives. */
typedef struct Call
{
	int			column;			/* of the node's rows that it fills */
	const RmlResult *result;
	bool		pinned_only;
	FunctionCallInfo fcinfo;	/* of a call with all values, which is never made: what follows */
	FmgrInfo	function;
	char		arguments[SizeForFunctionCallInfo(RML_COLUMN_ARGS)];
	const List *values;			/* its description, see batch.h */
	bool		of_row;			/* the values are the row's columns of the features' names */

	/* the block */
	RmlSiteModel *entry;
	Input	   *inputs;
	int			n_inputs;
	int			n_inputs_room;
	const AttrNumber *float8_columns;	/* in the place of inputs; or NULL */
	bool		all_float8;
	const RmlTransform *transform;	/* of a model with a recipe, or NULL */
	RmlRawRead *raw;
	int			n_raw;
	bool		walks;			/* tuples are read by this: */
	RmlTupleWalk walk;
	double	   *slots;
	int			stride;
	int			chunk;			/* rows that go through the program at once */
	int			n_waiting;		/* in the slots, the last of the block */
	float	   *rows;			/* n_features each */
	float	   *margins;		/* n_outputs each */
	Room		rows_room;		/* where they are, unless there is one row */
	Room		margins_room;
	Room		raw_room;
	Room		slots_room;
	Room		steps_room;
} Call;

/* A row for which a call fails, once it is asked for. */
typedef struct Refused
{
	const Call *call;			/* NULL: there is none */
	int			row;			/* of the block, which ends before it */
	RmlProgramFault fault;
} Refused;

/* A column that is passed on. */
typedef struct Kept
{
	int			column;			/* of the node's rows */
	int			at;				/* in the child's row */
	int16		length;
	bool		by_value;
	NullableDatum *values;		/* of the block */
} Kept;

typedef struct BatchState
{
	CustomScanState css;
	Call	   *calls;
	int			n_calls;
	Kept	   *kept;
	int			n_kept;
	bool		reads_row;		/* of the table that the child scans */
	RmlLookup  *lookup;			/* in the child's place, or NULL */
	int			n_columns;		/* that are read of a row, */
	int			n_kept_columns; /* and if all calls walk its tuple */
	bool		all_walk;
	ProjectionInfo *projection; /* computes values that are not columns, or NULL */
	MemoryContext block;		/* columns of the block that are not by value, or NULL */
	int			room;			/* rows that there is room for */
	int			size;			/* rows to read for the next block */
	int			n_rows;
	int			next;			/* row to give */
	bool		at_end;			/* of the child */
	Refused		refused;
} BatchState;

static Node *create_state(CustomScan *plan);

const CustomScanMethods rml_batch_methods = {
	.CustomName = "RiskmlBatch",
	.CreateCustomScanState = create_state,
};

/* ---- begin ---- */

RML_HOT static void
require_execute(Oid function)
{
	if (!rml_may_execute(function))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));
}

/* The call with all values as arguments, however many, so that their types can be seen. */
static FuncExpr *
whole_call(FuncExpr *call)
{
	List	   *values = rml_batch_values(call);
	FuncExpr   *whole;

	if (exprType(list_nth(call->args, RML_COLUMN_ARGS)) != FLOAT8ARRAYOID)
		return call;
	require_execute(castNode(FuncExpr, list_nth(call->args, RML_COLUMN_ARGS))->funcid);
	whole = copyObject(call);
	whole->args = list_concat(list_copy_head(call->args, RML_COLUMN_ARGS), values);
	return whole;
}

static void
begin_call(BatchState *state, Call *call, FuncExpr *expression, const List *description)
{
	FmgrInfo   *function = &call->function;
	FuncExpr   *whole = rml_batch_reads_row(expression) ? expression : whole_call(expression);
	int			n_values = list_length(description) - RML_BATCH_VALUES;

	require_execute(expression->funcid);
	call->column = list_nth_int(description, RML_BATCH_COLUMN) - 1;
	call->result = rml_batch_results[list_nth_int(description, RML_BATCH_RESULT)];
	call->pinned_only = list_nth_int(description, RML_BATCH_PINNED_ONLY);
	call->values = description;
	call->of_row = rml_batch_reads_row(expression);
	function->fn_oid = expression->funcid;
	function->fn_mcxt = CurrentMemoryContext;
	fmgr_info_set_expr((Node *) whole, function);
	call->fcinfo = (FunctionCallInfo) call->arguments;
	InitFunctionCallInfoData(*call->fcinfo, function, (short) list_length(whole->args), InvalidOid,
							 NULL, NULL);
	for (int i = 0; i < (call->of_row ? 1 : RML_COLUMN_ARGS); i++)
	{
		const Const *arg = list_nth_node(Const, expression->args, i);

		call->fcinfo->args[i] = (NullableDatum) {.value = arg->constvalue, .isnull = arg->constisnull};
	}
	for (int i = 0; i < n_values; i++)
		state->n_columns = Max(state->n_columns, list_nth_int(description, RML_BATCH_VALUES + i));
}

static void
begin_kept(BatchState *state, Kept *kept, const List *description, const Var *column)
{
	kept->column = linitial_int(description) - 1;
	kept->length = (int16) lsecond_int(description);
	kept->by_value = lthird_int(description);
	kept->at = column->varattno - 1;	/* below -1: a system column */
	state->n_columns = Max(state->n_columns, column->varattno);
	state->n_kept_columns = Max(state->n_kept_columns, column->varattno);
	if (!kept->by_value && state->block == NULL)
		state->block = AllocSetContextCreate(CurrentMemoryContext, "riskml block", ALLOCSET_DEFAULT_SIZES);
}

static Expr *
scan_column(const CustomScan *plan, int number)
{
	return list_nth_node(TargetEntry, plan->custom_scan_tlist, number - 1)->expr;
}

static void
begin_columns(BatchState *state, const CustomScan *plan)
{
	const List *kept = list_nth(plan->custom_private, RML_BATCH_KEPT);
	const List *calls = list_nth(plan->custom_private, RML_BATCH_CALLS);
	ListCell   *cell;

	state->calls = palloc0(sizeof(Call) * list_length(calls));
	foreach(cell, calls)
		begin_call(state, &state->calls[state->n_calls++],
				   castNode(FuncExpr, scan_column(plan, linitial_int((const List *) lfirst(cell)))),
				   lfirst(cell));
	state->kept = palloc0(sizeof(Kept) * (list_length(kept) + 1));
	foreach(cell, kept)
		begin_kept(state, &state->kept[state->n_kept++], lfirst(cell),
				   castNode(Var, scan_column(plan, linitial_int((const List *) lfirst(cell)))));
}

static void
begin_projection(BatchState *state, List *computed)
{
	PlanState  *ps = &state->css.ss.ps;

	if (computed != NIL)
		state->projection = ExecBuildProjectionInfo(computed, ps->ps_ExprContext,
													ExecInitExtraTupleSlot(ps->state, ExecTypeFromTL(computed),
																		   &TTSOpsVirtual),
													ps, NULL);
}

RML_HOT static void
begin(CustomScanState *css, EState *estate, int eflags)
{
	BatchState *state = (BatchState *) css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	TupleTableSlot *slot = css->ss.ss_ScanTupleSlot;
	int			n = slot->tts_tupleDescriptor->natts;

	state->size = 1;
	state->reads_row = linitial_int(list_nth(plan->custom_private, RML_BATCH_READS_ROW));
	if (state->reads_row)
		state->lookup = rml_lookup_begin(&css->ss.ps, outerPlan(plan), estate, eflags);
	if (state->lookup == NULL)
		outerPlanState(css) = ExecInitNode(outerPlan(plan), estate, eflags);
	begin_columns(state, plan);
	begin_projection(state, list_nth(plan->custom_private, RML_BATCH_COMPUTED));
	/* columns that are not kept */
	memset(slot->tts_values, 0, sizeof(Datum) * n);
	memset(slot->tts_isnull, true, sizeof(bool) * n);
}

/* ---- filling a block ---- */

/* Room for n things of a size; what was in it is lost. */
static void *
reserve(const BatchState *state, void *room, Size n, Size size)
{
	if (room != NULL)
		pfree(room);
	return MemoryContextAllocHuge(state->css.ss.ps.state->es_query_cxt, Max(n, 1) * size);
}

/* The same in a room that has it already, mostly. */
static void *
reserve_room(const BatchState *state, Room *room, Size n, Size size)
{
	if (n * size > room->size)
	{
		room->size = 0;
		room->chunk = reserve(state, room->chunk, n, size);
		room->size = n * size;
	}
	return room->chunk;
}

/* How many rows the next block may have for this call's model. */
static int
rows_for(const RmlSiteModel *entry, int size)
{
	int			n_features = Max(entry->model->image.header->n_features, 1);

	return Max(Min(size, MAX_VALUES / n_features), 1);
}

static void
reserve_inputs(const BatchState *state, Call *call, int n)
{
	call->n_inputs = n;
	if (n <= call->n_inputs_room)
		return;
	call->n_inputs_room = 0;
	call->inputs = reserve(state, call->inputs, (Size) n, sizeof(Input));
	call->n_inputs_room = n;
}

/* Where a call's value is in the rows, from its number. */
static int
place_of_value(const Call *call, int value)
{
	return list_nth_int(call->values, RML_BATCH_VALUES + value) - 1;
}

static void
bind_raw(const BatchState *state, Call *call, const RmlRawRead *reads, int n)
{
	call->n_inputs = 0;
	call->n_raw = n;
	call->raw = reserve_room(state, &call->raw_room, (Size) n, sizeof(RmlRawRead));
	memcpy(call->raw, reads, sizeof(RmlRawRead) * (Size) n);
}

/* A call's values are arguments. */
static void
bind_values(BatchState *state, Call *call, RmlSiteModel *entry)
{
	const RmlColumns *columns;

	rml_site_bind_columns(entry, call->fcinfo);
	columns = entry->columns;
	if (columns->raw != NULL)
	{
		bind_raw(state, call, columns->raw, columns->n_raw);
		for (int i = 0; i < call->n_raw; i++)
			call->raw[i].at = place_of_value(call, call->raw[i].at);
		return;
	}
	reserve_inputs(state, call, columns->n_reads);
	for (int i = 0; i < columns->n_reads; i++)
	{
		const RmlColumnRead *read = &columns->reads[i];

		call->inputs[i] = (Input) {
			.feature = read->feature,
			.at = place_of_value(call, read->match.attno - 1),
			.match = &read->match
		};
	}
}

/* A call's values are the columns of a row. */
static void
bind_row(BatchState *state, Call *call, RmlSiteModel *entry, const TupleTableSlot *slot)
{
	const Var  *row = lsecond_node(Var, ((const FuncExpr *) call->fcinfo->flinfo->fn_expr)->args);
	int			n = entry->model->image.header->n_features;

	rml_site_match_row(entry, call->fcinfo, slot->tts_tupleDescriptor, row->vartype, -1);
	state->n_columns = Max(state->n_columns, entry->last_column);
	call->float8_columns = entry->float8_columns;
	if (entry->raw != NULL)
	{
		bind_raw(state, call, entry->raw, entry->n_raw);
		return;
	}
	if (call->float8_columns != NULL)
	{
		call->n_inputs = n;
		return;
	}
	reserve_inputs(state, call, n);
	for (int i = 0; i < n; i++)
	{
		const RmlMatch *match = &entry->matches[i];

		call->inputs[i] = (Input) {.feature = i, .at = match->attno - 1, .match = match};
	}
}

/* Resolves the model for the statement, and finds its features. */
static void
bind_call(BatchState *state, Call *call, const TupleTableSlot *slot)
{
	RmlSiteModel *entry = rml_site_model(call->fcinfo, call->pinned_only);

	if (call->of_row)
		bind_row(state, call, entry, slot);
	else
		bind_values(state, call, entry);
	if (call->result->require != NULL)
		call->result->require(entry);
	if (state->size == 1)
		rml_kernel_expect(entry->kernel, &entry->model->image);
	call->entry = entry;
	call->transform = entry->model->inputs.transform;
	call->all_float8 = state->projection == NULL && call->transform == NULL;
	for (int i = 0; i < call->n_inputs && call->float8_columns == NULL; i++)
		call->all_float8 = call->all_float8 && call->inputs[i].match->kind == RML_COLUMN_FLOAT8;
	state->size = rows_for(entry, state->size);
}

static void
reserve_slots(const BatchState *state, Call *call, const TupleTableSlot *slot)
{
	int			n_slots = call->transform->program->n_slots;
	TupleDesc	desc = slot->tts_tupleDescriptor;

	call->chunk = Max(Min(RML_PROGRAM_ROWS, MAX_VALUES / n_slots), 1);
	call->stride = call->chunk == RML_PROGRAM_ROWS ? RML_RAW_STRIDE : call->chunk;
	call->slots = reserve_room(state, &call->slots_room, (Size) n_slots * call->stride, sizeof(double));
	for (int i = 0; i < call->n_raw; i++)
		call->raw[i].slot *= call->stride;
	call->walk.steps = reserve_room(state, &call->steps_room, (Size) desc->natts, sizeof(RmlTupleStep));
	call->walks = state->projection == NULL && rml_tuple_walk_init(&call->walk, call->transform, desc, call->raw, call->n_raw);
}

static void
reserve_call(const BatchState *state, Call *call, const TupleTableSlot *slot)
{
	const RmlImageHeader *header = call->entry->model->image.header;

	call->n_waiting = 0;
	call->walks = false;
	if (state->size == 1)
	{
		call->rows = call->entry->row;
		call->margins = call->entry->margins;
		call->slots = call->entry->slots;
		call->stride = call->chunk = 1;
		return;
	}
	call->rows = reserve_room(state, &call->rows_room, (Size) state->size * header->n_features, sizeof(float));
	call->margins = reserve_room(state, &call->margins_room, (Size) state->size * header->n_outputs, sizeof(float));
	if (call->transform != NULL)
		reserve_slots(state, call, slot);
}

static void
reserve_kept(BatchState *state)
{
	if (state->size <= state->room)
		return;
	for (int i = 0; i < state->n_kept; i++)
		state->kept[i].values = reserve(state, state->kept[i].values, (Size) state->size,
										sizeof(NullableDatum));
	state->room = state->size;
}

/* Values of a row that are not columns stand in another slot. */
static const TupleTableSlot *
slot_of_value(const BatchState *state, const TupleTableSlot *slot, int *at)
{
	if (*at >= 0)
		return slot;
	*at = -*at - 2;
	return state->projection->pi_state.resultslot;
}

static float
read_input(const BatchState *state, const Call *call, const Input *input, const TupleTableSlot *slot)
{
	int			at = input->at;

	slot = slot_of_value(state, slot, &at);
	if (slot->tts_isnull[at])
		return NAN;
	return rml_site_value(call->entry, input->feature, input->match, slot->tts_values[at]);
}

static void
read_features(const BatchState *state, const Call *call, const TupleTableSlot *slot, float *row)
{
	const Input *input = call->inputs;
	const Input *end = input + call->n_inputs;

	if (call->float8_columns != NULL)
	{
		for (int i = 0; i < call->n_inputs; i++)
		{
			int			at = call->float8_columns[i] - 1;

			row[i] = slot->tts_isnull[at] ? NAN : (float) DatumGetFloat8(slot->tts_values[at]);
		}
		return;
	}
	if (call->all_float8)
	{
		for (; input < end; input++)
			row[input->feature] = slot->tts_isnull[input->at] ? NAN :
				(float) DatumGetFloat8(slot->tts_values[input->at]);
		return;
	}
	for (; input < end; input++)
		row[input->feature] = read_input(state, call, input, slot);
}

/* A row's values wait for the program. */
static void
read_raw(const BatchState *state, Call *call, TupleTableSlot *slot)
{
	double	   *waiting = call->slots + call->n_waiting;

	call->n_waiting++;
	if (call->walks && rml_tuple_walk_read(&call->walk, slot, waiting))
		return;
	slot_getsomeattrs(slot, state->n_columns);
	if (state->projection == NULL)
	{
		rml_raw_read(call->transform, call->raw, call->n_raw, slot->tts_values, slot->tts_isnull, waiting);
		return;
	}
	for (const RmlRawRead *read = call->raw; read < call->raw + call->n_raw; read++)
	{
		int			at = read->at;
		const TupleTableSlot *from = slot_of_value(state, slot, &at);

		waiting[read->slot] = from->tts_isnull[at] ? NAN :
			rml_raw_value(call->transform, read, from->tts_values[at]);
	}
}

/*
 * Makes the features of the rows that wait, the last ones before row `end` of
 * the block.  A row that the program refuses is the last that is read.
 */
static void
run_program(BatchState *state, Call *call, int end)
{
	int			first = end - call->n_waiting;
	int			n = call->n_waiting;
	RmlProgramFault fault;

	while (!rml_program_run(call->transform->program, call->slots, call->stride, n, &fault))
	{
		n = fault.row;
		if (state->refused.call == NULL || first + n < state->refused.row)
			state->refused = (Refused) {.call = call, .row = first + n, .fault = fault};
	}
	rml_raw_outputs(call->transform, call->slots, call->stride, n,
					call->rows + (Size) first * call->entry->model->image.header->n_features);
	call->n_waiting = 0;
}

static void
keep_columns(BatchState *state, TupleTableSlot *slot, int r)
{
	for (int i = 0; i < state->n_kept; i++)
	{
		Kept	   *kept = &state->kept[i];
		NullableDatum *value = &kept->values[r];

		if (kept->at >= 0)
		{
			value->value = slot->tts_values[kept->at];
			value->isnull = slot->tts_isnull[kept->at];
		}
		else
			value->value = slot_getsysattr(slot, kept->at + 1, &value->isnull);
		if (!kept->by_value && !value->isnull)
			value->value = datumCopy(value->value, false, kept->length);
	}
}

static void
read_row(BatchState *state, TupleTableSlot *slot, int r)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	MemoryContext caller;

	/* what reading a value leaves behind lasts for a row */
	ResetExprContext(econtext);
	econtext->ecxt_outertuple = slot;
	slot_getsomeattrs(slot, state->all_walk ? state->n_kept_columns : state->n_columns);
	if (state->projection != NULL)
		(void) ExecProject(state->projection);
	caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	for (int i = 0; i < state->n_calls; i++)
	{
		Call	   *call = &state->calls[i];

		if (call->transform != NULL)
		{
			read_raw(state, call, slot);
			if (call->n_waiting == call->chunk)
				run_program(state, call, r + 1);
		}
		else
			read_features(state, call, slot,
						  call->rows + (Size) r * call->entry->model->image.header->n_features);
	}
	if (state->block != NULL)
		MemoryContextSwitchTo(state->block);
	keep_columns(state, slot, r);
	MemoryContextSwitchTo(caller);
}

/* The model is looked up when there is a row, as a call would do. */
static void
begin_block(BatchState *state, const TupleTableSlot *slot)
{
	for (int i = 0; i < state->n_calls; i++)
		bind_call(state, &state->calls[i], slot);
	for (int i = 0; i < state->n_calls; i++)
		reserve_call(state, &state->calls[i], slot);
	state->all_walk = true;
	for (int i = 0; i < state->n_calls; i++)
		state->all_walk = state->all_walk && state->calls[i].walks;
	reserve_kept(state);
}

/* Raises what is wrong with the first row that was refused. */
static void
raise_refused(const BatchState *state)
{
	if (state->refused.call != NULL)
		rml_transform_refuse(state->refused.call->transform, &state->refused.fault);
}

/* Runs programs for the last rows; the block ends before one that was refused. */
static void
finish_features(BatchState *state)
{
	for (int i = 0; i < state->n_calls; i++)
	{
		if (state->calls[i].transform != NULL && state->calls[i].n_waiting > 0)
			run_program(state, &state->calls[i], state->n_rows);
	}
	if (state->refused.call != NULL)
		state->n_rows = state->refused.row;
	if (state->n_rows == 0)
		raise_refused(state);
}

static void
score_block(BatchState *state)
{
	for (int i = 0; i < state->n_calls; i++)
	{
		const Call *call = &state->calls[i];

		rml_kernel_block(call->entry->kernel, &call->entry->model->image, call->rows, state->n_rows,
						 call->margins, rml_check_interrupts);
	}
}

static bool
is_full(const BatchState *state)
{
	return state->block != NULL && state->n_rows > 0 &&
		MemoryContextMemAllocated(state->block, false) > MAX_KEPT_BYTES;
}

/* The next row to read; NULL: there is none. */
static TupleTableSlot *
next_of_child(const BatchState *state)
{
	PlanState  *child = outerPlanState(&state->css.ss.ps);
	TupleTableSlot *slot;

	if (state->lookup != NULL)
		return rml_lookup_next(state->lookup);
	slot = ExecProcNode(child);
	if (TupIsNull(slot))
		return NULL;
	/* what the scan stands on, for it projects nothing */
	return state->reads_row ? child->ps_ExprContext->ecxt_scantuple : slot;
}

static void
fill_block(BatchState *state)
{
	raise_refused(state);
	state->n_rows = 0;
	state->next = 0;
	if (state->block != NULL)
		MemoryContextReset(state->block);
	while (!state->at_end && state->refused.call == NULL && state->n_rows < state->size && !is_full(state))
	{
		TupleTableSlot *slot = next_of_child(state);

		if (slot == NULL)
		{
			state->at_end = true;
			break;
		}
		if (state->n_rows == 0)
			begin_block(state, slot);
		read_row(state, slot, state->n_rows);
		state->n_rows++;
	}
	if (state->n_rows > 0)
		finish_features(state);
	if (state->n_rows > 0)
		score_block(state);
	state->size = Min(state->size * 2, MAX_ROWS);
}

/* ---- giving rows ---- */

static void
give_row(BatchState *state, TupleTableSlot *slot, int r)
{
	ExecClearTuple(slot);
	for (int i = 0; i < state->n_kept; i++)
	{
		slot->tts_values[state->kept[i].column] = state->kept[i].values[r].value;
		slot->tts_isnull[state->kept[i].column] = state->kept[i].values[r].isnull;
	}
	for (int i = 0; i < state->n_calls; i++)
	{
		const Call *call = &state->calls[i];
		Size		n_outputs = call->entry->model->image.header->n_outputs;

		slot->tts_values[call->column] = call->result->make(call->entry, call->margins + r * n_outputs);
		slot->tts_isnull[call->column] = false;
	}
	ExecStoreVirtualTuple(slot);
}

RML_HOT static TupleTableSlot *
next_row(CustomScanState *css)
{
	BatchState *state = (BatchState *) css;
	ExprContext *econtext = css->ss.ps.ps_ExprContext;
	TupleTableSlot *slot = css->ss.ss_ScanTupleSlot;
	MemoryContext caller;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(econtext);
		if (state->next == state->n_rows)
			fill_block(state);
		if (state->n_rows == 0)
			return ExecClearTuple(css->ss.ps.ps_ProjInfo != NULL ?
								  css->ss.ps.ps_ProjInfo->pi_state.resultslot : slot);
		caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
		give_row(state, slot, state->next++);
		MemoryContextSwitchTo(caller);
		econtext->ecxt_scantuple = slot;
		if (!ExecQual(css->ss.ps.qual, econtext))
		{
			InstrCountFiltered1(css, 1);
			continue;
		}
		return css->ss.ps.ps_ProjInfo != NULL ? ExecProject(css->ss.ps.ps_ProjInfo) : slot;
	}
}

/* EXPLAIN VERBOSE: the versions that the calls would be of now. */
static void
explain(CustomScanState *css, List *ancestors, ExplainState *es)
{
	const BatchState *state = (const BatchState *) css;
	List	   *versions = NIL;

	(void) ancestors;
	for (int i = 0; i < state->n_calls && es->verbose; i++)
	{
		const text *reference = DatumGetTextPP(state->calls[i].fcinfo->args[0].value);
		RmlRef		ref;
		RmlBinding	binding;

		rml_ref_parse(VARDATA_ANY(reference), (int) VARSIZE_ANY_EXHDR(reference), &ref);
		if (rml_try_resolve(&ref, &binding))
			versions = lappend(versions, rml_pinned_form(&binding));
	}
	if (versions != NIL)
		ExplainPropertyList("Models", versions, es);
}

/* ---- rescan and end ---- */

static void
forget_block(BatchState *state)
{
	state->n_rows = 0;
	state->next = 0;
	state->size = 1;
	state->at_end = false;
	state->refused.call = NULL;
}

static void
rescan(CustomScanState *css)
{
	BatchState *state = (BatchState *) css;
	PlanState  *child = outerPlanState(&css->ss.ps);

	forget_block(state);
	if (state->lookup != NULL)
		rml_lookup_rescan(state->lookup);
	else if (child->chgParam == NULL)
		ExecReScan(child);
}

RML_HOT static void
end(CustomScanState *css)
{
	BatchState *state = (BatchState *) css;

	if (state->lookup != NULL)
		rml_lookup_end(state->lookup);
	ExecEndNode(outerPlanState(&css->ss.ps));
}

static const CustomExecMethods exec_methods = {
	.CustomName = "RiskmlBatch",
	.BeginCustomScan = begin,
	.ExecCustomScan = next_row,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = explain,
};

RML_HOT static Node *
create_state(CustomScan *plan)
{
	BatchState *state = palloc0(sizeof(BatchState));

	(void) plan;
	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}
