/*
 * batch_calls.c
 *	  Which calls of riskml.*_columns() a node that scores in blocks can take over.
 *
 * Only what is evaluated for every row anyhow, and merely reads its values.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hot.h"
#include "compat.h"
#include "score/batch.h"
#include "score/columns.h"

const RmlResult *const rml_batch_results[] = {
	&rml_result_score, &rml_result_scores, &rml_result_class, &rml_result_margin,
	&rml_result_margins, NULL
};

static bool
is_riskml_function(Oid function, const char *name)
{
	char	   *found = get_func_name(function);

	return found != NULL && strcmp(found, name) == 0 &&
		get_func_namespace(function) == get_namespace_oid("riskml", true);
}

/* One of the functions that users call, by whatever schema they are in. */
static bool
is_function_of_rows(Oid function, const char *result)
{
	char	   *found = get_func_name(function);
	RegProcedure support = get_func_support(function);

	return found != NULL && strncmp(found, "risk_", 5) == 0 && strcmp(found + 5, result) == 0 &&
		OidIsValid(support) && is_riskml_function(support, "score_support");
}

static RmlBatchFunction
look_up_function(Oid oid)
{
	RmlBatchFunction function = {.oid = oid, .result = -1};

	for (int i = 0; rml_batch_results[i] != NULL && function.result < 0; i++)
	{
		if (is_riskml_function(oid, psprintf("%s_columns", rml_batch_results[i]->name)) ||
			is_function_of_rows(oid, rml_batch_results[i]->name))
			function.result = i;
	}
	if (function.result < 0 && is_riskml_function(oid, "score_pinned_columns"))
	{
		function.result = 0;	/* score */
		function.pinned_only = true;
	}
	return function;
}

RML_HOT bool
rml_batch_reads_row(const FuncExpr *call)
{
	const Var  *row;

	if (list_length(call->args) != 2 || !IsA(linitial(call->args), Const))
		return false;
	row = lsecond(call->args);
	return IsA(row, Var) && row->varattno == InvalidAttrNumber && row->varlevelsup == 0;
}

bool
rml_batch_any_reads_row(const List *calls)
{
	ListCell   *cell;

	foreach(cell, calls)
	{
		if (rml_batch_reads_row(lfirst(cell)))
			return true;
	}
	return false;
}

int
rml_batch_function(RmlBatchFunctions *functions, const FuncExpr *call, bool *pinned_only)
{
	int			i = 0;

	*pinned_only = false;
	if (!rml_batch_reads_row(call) &&
		(list_length(call->args) <= RML_COLUMN_ARGS || call->funcvariadic ||
		 exprType(lthird(call->args)) != TEXTARRAYOID))
		return -1;
	while (i < functions->n && functions->known[i].oid != call->funcid)
		i++;
	if (i == functions->n)
	{
		i = Min(i, RML_BATCH_FUNCTIONS - 1);
		functions->known[i] = look_up_function(call->funcid);
		functions->n = i + 1;
	}
	*pinned_only = functions->known[i].pinned_only;
	return functions->known[i].result;
}

/* Adds the names that a call gives its values; false if they are not known, or have NULLs. */
static bool
add_names(const FuncExpr *call, List **names)
{
	const Const *list = lthird(call->args);
	Datum	   *items;
	bool	   *nulls;
	int			n;

	if (!IsA(list, Const) || list->constisnull)
		return false;
	deconstruct_array(DatumGetArrayTypeP(list->constvalue), TEXTOID, -1, false, TYPALIGN_INT,
					  &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			return false;
		*names = lappend(*names, makeString(TextDatumGetCString(items[i])));
	}
	return true;
}

/*
 * The values within parts, if these are what the planner makes of such a call;
 * else NIL, for anybody may write something else.
 */
static List *
values_of_parts(const FuncExpr *call, const List *parts)
{
	List	   *names = NIL;
	List	   *names_of_parts = NIL;
	List	   *values = NIL;
	ListCell   *cell;

	if (!add_names(call, &names))
		return NIL;
	foreach(cell, parts)
	{
		const FuncExpr *part = lfirst(cell);

		if (!IsA(part, FuncExpr) || list_length(part->args) <= RML_COLUMN_ARGS || part->funcvariadic ||
			!is_riskml_function(part->funcid, "read_columns") ||
			!equal(linitial(part->args), linitial(call->args)) || !add_names(part, &names_of_parts))
			return NIL;
		values = list_concat(values, list_copy_tail(part->args, RML_COLUMN_ARGS));
		if (list_length(values) != list_length(names_of_parts))
			return NIL;
	}
	return equal(names, names_of_parts) ? values : NIL;
}

List *
rml_batch_values(const FuncExpr *call)
{
	List	   *values = list_copy_tail(call->args, RML_COLUMN_ARGS);
	ListCell   *cell;

	foreach(cell, values)
	{
		if (exprType(lfirst(cell)) == FLOAT8ARRAYOID)
			return values_of_parts(call, values);
	}
	return values;
}

/* Calls that are looked for. */
typedef struct Search
{
	RmlBatchFunctions *functions;
	bool		safe;			/* only those that cannot fail */
	bool		rows;			/* those on a table's row, too */
	List	   *calls;			/* found, each once */
} Search;

static bool
is_ours(const FuncExpr *call, const Search *search)
{
	bool		pinned_only;

	return rml_batch_function(search->functions, call, &pinned_only) >= 0;
}

static bool
has_call(Node *node, void *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && is_ours((FuncExpr *) node, search))
		return true;
	return expression_tree_walker(node, has_call, search);
}

/* A type that can be read without an error, whatever the value. */
static bool
is_safe_type(Oid type)
{
	switch (getBaseType(type))
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return true;
		default:
			return false;
	}
}

/* Is a value merely read, so that it does not matter when? */
static bool
is_mere_value(Node *value, Search *search)
{
	if (IsA(value, Var) || IsA(value, Const) || IsA(value, Param))
		return !search->safe || is_safe_type(exprType(value));
	return !search->safe && !contain_subplans(value) && !contain_volatile_functions(value) &&
		!has_call(value, search);
}

/* A call that a node can take over: of a model known by name, with mere values. */
static bool
can_move(const FuncExpr *call, Search *search)
{
	List	   *values;
	ListCell   *cell;

	if (!is_ours(call, search))
		return false;
	/* at most one row, and the planner's only if it is a table's; see planner.c */
	if (rml_batch_reads_row(call))
		return search->rows && !((Const *) linitial(call->args))->constisnull;
	for (int i = 0; i < RML_COLUMN_ARGS; i++)
	{
		if (!IsA(list_nth(call->args, i), Const))
			return false;
	}
	if (((Const *) linitial(call->args))->constisnull)
		return false;
	values = rml_batch_values(call);
	foreach(cell, values)
	{
		if (!is_mere_value(lfirst(cell), search))
			return false;
	}
	return values != NIL;
}

/* Walks what is evaluated whenever the expression is. */
static bool
find_calls(Node *node, void *context)
{
	Search	   *search = context;

	if (node == NULL)
		return false;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
			return false;
		case T_FuncExpr:
			if (!can_move((FuncExpr *) node, search))
				break;
			search->calls = list_append_unique(search->calls, node);
			return false;
		case T_CaseExpr:
			{
				CaseExpr   *choice = (CaseExpr *) node;

				return find_calls((Node *) choice->arg, search) ||
					find_calls((Node *) linitial_node(CaseWhen, choice->args)->expr, search);
			}
		case T_CoalesceExpr:
			return find_calls(linitial(((CoalesceExpr *) node)->args), search);
		case T_BoolExpr:
			return find_calls(linitial(((BoolExpr *) node)->args), search);
		case T_SubPlan:
			return find_calls((Node *) ((SubPlan *) node)->args, search);
		/* done as soon as a pair differs */
		case T_RowCompareExpr:
			return find_calls(linitial(((RowCompareExpr *) node)->largs), search) ||
				find_calls(linitial(((RowCompareExpr *) node)->rargs), search);
		/* no subscript is looked at where there is no array */
		case T_SubscriptingRef:
			return find_calls((Node *) ((SubscriptingRef *) node)->refexpr, search);
		/* what these evaluate depends, or is of other rows */
		case T_ArrayCoerceExpr:
		case T_WindowFunc:
			return false;
		default:
			break;
	}
	return !rml_has_defaults(node) && expression_tree_walker(node, find_calls, search);
}

/* The same for what aggregates get of every row. */
static bool
find_input_calls(Node *node, void *context)
{
	const Aggref *aggregate = (const Aggref *) node;

	if (node == NULL)
		return false;
	if (!IsA(node, Aggref))
		return expression_tree_walker(node, find_input_calls, context);
	return find_calls(aggregate->aggfilter != NULL ? (Node *) aggregate->aggfilter
					  : (Node *) aggregate->args, context);
}

List *
rml_batch_calls(RmlBatchFunctions *functions, Node *expression, bool safe, bool rows)
{
	Search		search = {.functions = functions, .safe = safe, .rows = rows};

	(void) find_calls(expression, &search);
	return search.calls;
}

List *
rml_batch_input_calls(RmlBatchFunctions *functions, List *expressions, bool safe)
{
	Search		search = {.functions = functions, .safe = safe};

	(void) find_input_calls((Node *) expressions, &search);
	return search.calls;
}
