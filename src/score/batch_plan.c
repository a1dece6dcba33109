/*
 * batch_plan.c
 *	  Puts nodes that score rows in blocks into finished plans.
 *
 * Where an aggregate or a projection has calls of riskml.*_columns(), the node
 * goes below it and appends their results to the columns that come from there.
 * A scan or a join that has them becomes a child of the node: it gives the
 * columns, the node filters and projects.  Only calls that are evaluated for
 * every row anyhow move; the rest stays an ordinary call, which is always right.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "guc.h"
#include "score/batch.h"
#include "score/columns.h"

/* Rows from which on a block is worth a node. */
#define LEAST_ROWS 32

/* Columns beyond the needed ones that a scan may pass on rather than project. */
#define SPARE_COLUMNS 32

static planner_hook_type previous_hook = NULL;
static uint64 expected = 0;

/* A function that calls have been seen of. */
typedef struct Function
{
	Oid			oid;
	int			result;			/* index into rml_batch_results; -1: not one of ours */
	bool		pinned_only;
} Function;

#define MAX_FUNCTIONS 8

/* One plan at work. */
typedef struct Pass
{
	PlannedStmt *stmt;
	int			last_id;		/* of its nodes */
	int			n_functions;
	Function	functions[MAX_FUNCTIONS];
} Pass;

/* What is special about a node's place. */
typedef enum Place
{
	ANYWHERE = 0,
	BOUNDED = 1,				/* a LIMIT above tells a sort here how many rows it needs */
	MARKED = 2					/* the node above goes back to a marked row */
} Place;

typedef Plan *(*MapPlan) (Pass *pass, Plan *plan, Place place);

/* ---- calls ---- */

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

static Function
look_up_function(Oid oid)
{
	Function	function = {.oid = oid, .result = -1};

	for (int i = 0; rml_batch_results[i] != NULL && function.result < 0; i++)
	{
		if (is_riskml_function(oid, psprintf("%s_columns", rml_batch_results[i]->name)))
			function.result = i;
	}
	if (function.result < 0 && is_riskml_function(oid, "score_pinned_columns"))
	{
		function.result = 0;	/* score */
		function.pinned_only = true;
	}
	return function;
}

/* The function of a call of riskml.*_columns() that gives a result; NULL for any other call. */
static const Function *
function_of(Pass *pass, const FuncExpr *call)
{
	int			i = 0;

	if (list_length(call->args) <= RML_COLUMN_ARGS || call->funcvariadic ||
		exprType(lthird(call->args)) != TEXTARRAYOID)
		return NULL;
	while (i < pass->n_functions && pass->functions[i].oid != call->funcid)
		i++;
	if (i == pass->n_functions)
	{
		i = Min(i, MAX_FUNCTIONS - 1);
		pass->functions[i] = look_up_function(call->funcid);
		pass->n_functions = i + 1;
	}
	return pass->functions[i].result >= 0 ? &pass->functions[i] : NULL;
}

List *
rml_batch_values(const FuncExpr *call)
{
	List	   *values = list_copy_tail(call->args, RML_COLUMN_ARGS);
	List	   *of_parts = NIL;
	ListCell   *cell;

	if (!IsA(linitial(values), FuncExpr) ||
		!is_riskml_function(linitial_node(FuncExpr, values)->funcid, "read_columns"))
		return values;
	foreach(cell, values)
		of_parts = list_concat(of_parts, list_copy_tail(lfirst_node(FuncExpr, cell)->args,
														RML_COLUMN_ARGS));
	return of_parts;
}

/* Calls that are looked for. */
typedef struct Search
{
	Pass	   *pass;
	List	   *calls;			/* found, each once */
} Search;

static bool
has_call(Node *node, void *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && function_of(((Search *) search)->pass, (FuncExpr *) node) != NULL)
		return true;
	return expression_tree_walker(node, has_call, search);
}

/* Is a value merely read, so that it does not matter when? */
static bool
is_mere_value(Node *value, Search *search)
{
	if (IsA(value, Var) || IsA(value, Const) || IsA(value, Param))
		return true;
	return !contain_subplans(value) && !contain_volatile_functions(value) &&
		!has_call(value, search);
}

/* A call that a node can take over: of a model known by name, with mere values. */
static bool
can_move(const FuncExpr *call, Search *search)
{
	ListCell   *cell;

	if (function_of(search->pass, call) == NULL)
		return false;
	for (int i = 0; i < RML_COLUMN_ARGS; i++)
	{
		if (!IsA(list_nth(call->args, i), Const))
			return false;
	}
	if (((Const *) linitial(call->args))->constisnull)
		return false;
	foreach(cell, rml_batch_values(call))
	{
		if (!is_mere_value(lfirst(cell), search))
			return false;
	}
	return true;
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
		case T_Aggref:
			if (((Aggref *) node)->aggfilter != NULL)
				return find_calls((Node *) ((Aggref *) node)->aggfilter, search);
			break;
		case T_WindowFunc:
			if (((WindowFunc *) node)->aggfilter != NULL)
				return find_calls((Node *) ((WindowFunc *) node)->aggfilter, search);
			break;
		case T_SubPlan:
			return find_calls((Node *) ((SubPlan *) node)->args, search);
		/* what these evaluate depends */
		case T_ArrayCoerceExpr:
			return false;
		default:
			break;
	}
	return !rml_has_defaults(node) && expression_tree_walker(node, find_calls, search);
}

static List *
calls_of(Pass *pass, Node *expression)
{
	Search		search = {.pass = pass};

	(void) find_calls(expression, &search);
	return search.calls;
}

/* ---- expressions above the node ---- */

/* How an expression changes. */
typedef struct Change
{
	List	   *calls;			/* become columns of varno, from `first` on */
	int			varno;
	int			first;
	bool		keep;			/* do Vars become columns, too, behind the calls? */
	List	   *kept;			/* those Vars */
} Change;

static int
position(const List *list, const void *node)
{
	int			i = 0;
	ListCell   *cell;

	foreach(cell, list)
	{
		if (equal(lfirst(cell), node))
			return i;
		i++;
	}
	return -1;
}

/* The same for a Var among Vars, which in one node differ by their columns alone. */
static int
var_position(const List *vars, const Var *var)
{
	int			i = 0;
	ListCell   *cell;

	foreach(cell, vars)
	{
		const Var  *other = lfirst_node(Var, cell);

		if (other->varattno == var->varattno && other->varno == var->varno)
			return i;
		i++;
	}
	return -1;
}

static Var *
column_for(int varno, int attno, const Node *expression)
{
	return makeVar(varno, (AttrNumber) attno, exprType(expression), exprTypmod(expression),
				   exprCollation(expression), 0);
}

/* Position of a Var in a list of them, which gets it if it has it not. */
static int
keep_var(List **list, Var *var)
{
	int			at = var_position(*list, var);

	if (at >= 0)
		return at;
	*list = lappend(*list, copyObject(var));
	return list_length(*list) - 1;
}

static Node *
change(Node *node, void *context)
{
	Change	   *c = context;
	int			at;

	if (node == NULL)
		return NULL;
	if (IsA(node, FuncExpr) && (at = position(c->calls, node)) >= 0)
		return (Node *) column_for(c->varno, c->first + at, node);
	if (IsA(node, Var) && c->keep)
		return (Node *) column_for(c->varno, c->first + list_length(c->calls) +
								   keep_var(&c->kept, (Var *) node), node);
	return expression_tree_mutator(node, change, context);
}

/* ---- the node ---- */

static TargetEntry *
entry_for(Expr *expression, int number)
{
	return makeTargetEntry(expression, (AttrNumber) number, NULL, false);
}

/* A target list that gives all columns of another as they are. */
static List *
pass_on(int varno, List *columns)
{
	List	   *tlist = NIL;
	ListCell   *cell;

	foreach(cell, columns)
	{
		TargetEntry *column = lfirst_node(TargetEntry, cell);
		TargetEntry *copy = flatCopyTargetEntry(column);

		copy->expr = (Expr *) column_for(varno, column->resno, (Node *) column->expr);
		tlist = lappend(tlist, copy);
	}
	return tlist;
}

/* Where a value of a call is: the child's column, or minus the number of a computed one. */
static int
place_of(Node *value, List **computed)
{
	const Var  *var = (const Var *) value;

	if (IsA(value, Var) && var->varno == OUTER_VAR)
		return var->varattno;
	*computed = lappend(*computed, entry_for((Expr *) value, list_length(*computed) + 1));
	return -list_length(*computed);
}

/* What the executor wants to know; see batch.h. */
static List *
describe_node(Pass *pass, const List *scan_tlist, List *kept)
{
	List	   *calls = NIL;
	List	   *computed = NIL;
	ListCell   *cell;
	ListCell   *value;

	foreach(cell, scan_tlist)
	{
		const TargetEntry *column = lfirst_node(TargetEntry, cell);
		const FuncExpr *call = (const FuncExpr *) column->expr;
		const Function *function;
		List	   *description;

		if (!IsA(call, FuncExpr))
			continue;
		function = function_of(pass, call);
		description = list_make3_int(column->resno, function->result, function->pinned_only);
		foreach(value, rml_batch_values(call))
			description = lappend_int(description, place_of(lfirst(value), &computed));
		calls = lappend(calls, description);
	}
	return list_make3(kept, calls, computed);
}

/* A node over `child` in the place of `like`, whose rows it gives. */
static CustomScan *
make_node(Pass *pass, Plan *child, const Plan *like, List *scan_tlist, List *kept)
{
	CustomScan *node = makeNode(CustomScan);
	Plan	   *plan = &node->scan.plan;

	*plan = *like;
	plan->type = T_CustomScan;
	plan->plan_node_id = ++pass->last_id;
	plan->parallel_aware = false;
	plan->async_capable = false;
	plan->lefttree = child;
	plan->righttree = NULL;
	plan->qual = NIL;
	plan->targetlist = pass_on(INDEX_VAR, scan_tlist);
	plan->initPlan = NIL;
	node->custom_scan_tlist = scan_tlist;
	node->custom_private = describe_node(pass, scan_tlist, kept);
	node->methods = &rml_batch_methods;
	return node;
}

/* ---- below a node that computes ---- */

/* Numbers of those of the child's n columns that an Agg or a Result reads. */
static List *
columns_used(const Plan *plan, int n)
{
	List	   *vars = list_concat(pull_var_clause((Node *) plan->targetlist, PVC_RECURSE_AGGREGATES |
												   PVC_RECURSE_WINDOWFUNCS),
								   pull_var_clause((Node *) plan->qual, PVC_RECURSE_AGGREGATES |
												   PVC_RECURSE_WINDOWFUNCS));
	List	   *used = NIL;
	ListCell   *cell;

	foreach(cell, vars)
	{
		const Var  *var = lfirst_node(Var, cell);

		if (var->varno == OUTER_VAR && var->varattno <= n)
			used = list_append_unique_int(used, var->varattno);
	}
	if (IsA(plan, Agg))
	{
		const Agg  *agg = (const Agg *) plan;

		for (int i = 0; i < agg->numCols; i++)
			used = list_append_unique_int(used, agg->grpColIdx[i]);
	}
	return used;
}

static List *
all_columns(const List *tlist)
{
	List	   *all = NIL;

	for (int i = 1; i <= list_length(tlist); i++)
		all = lappend_int(all, i);
	return all;
}

/* Appends the results of its calls to the rows that come from its child. */
static void
insert_below(Pass *pass, Plan *plan)
{
	Plan	   *child = plan->lefttree;
	List	   *calls = calls_of(pass, (Node *) plan->targetlist);
	List	   *kept;
	List	   *scan_tlist;
	Change		c = {.varno = OUTER_VAR, .first = list_length(child->targetlist) + 1};
	int			number = list_length(child->targetlist);
	ListCell   *cell;

	/* what a projection filters has no part in this: it is done first */
	if (calls == NIL || child->plan_rows < LEAST_ROWS || (IsA(plan, Result) && plan->qual != NIL))
		return;
	c.calls = calls;
	plan->targetlist = (List *) change((Node *) plan->targetlist, &c);
	plan->qual = (List *) change((Node *) plan->qual, &c);
	/* sorts in between take whole rows */
	if (IsA(plan, Result) ||
		(IsA(plan, Agg) && ((Agg *) plan)->groupingSets == NIL && ((Agg *) plan)->chain == NIL))
		kept = columns_used(plan, number);
	else
		kept = all_columns(child->targetlist);
	scan_tlist = pass_on(OUTER_VAR, child->targetlist);
	foreach(cell, calls)
		scan_tlist = lappend(scan_tlist, entry_for(copyObject(lfirst(cell)), ++number));
	plan->lefttree = (Plan *) make_node(pass, child, child, scan_tlist, kept);
}

/* ---- above a node that reads ---- */

/*
 * All columns of a table, if they are hardly more than what is needed: as they
 * lie in the row, they need no projection.  NIL if some are not of that kind.
 */
static List *
table_columns(const Pass *pass, const Plan *plan, const List *needed)
{
	RangeTblEntry *rte;
	Relation	relation;
	List	   *columns = NIL;
	ListCell   *cell;

	if (!(IsA(plan, SeqScan) || IsA(plan, IndexScan) || IsA(plan, BitmapHeapScan)))
		return NIL;
	foreach(cell, needed)
	{
		if (lfirst_node(Var, cell)->varattno <= 0)
			return NIL;
	}
	rte = rt_fetch(((const Scan *) plan)->scanrelid, pass->stmt->rtable);
	relation = table_open(rte->relid, NoLock);
	for (int i = 0; i < RelationGetDescr(relation)->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(relation), i);

		if (att->attisdropped || RelationGetDescr(relation)->natts > list_length(needed) + SPARE_COLUMNS)
		{
			columns = NIL;
			break;
		}
		columns = lappend(columns, makeVar((int) ((const Scan *) plan)->scanrelid, att->attnum,
										   att->atttypid, att->atttypmod, att->attcollation, 0));
	}
	table_close(relation, NoLock);
	foreach(cell, needed)
	{
		if (var_position(columns, lfirst_node(Var, cell)) < 0)
			return NIL;
	}
	return columns;
}

/* A call's Vars become columns of the child. */
static Node *
read_from_child(Node *node, void *columns)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return (Node *) column_for(OUTER_VAR, var_position(columns, (Var *) node) + 1, node);
	return expression_tree_mutator(node, read_from_child, columns);
}

static List *
entries_for(List *expressions)
{
	List	   *tlist = NIL;
	ListCell   *cell;

	foreach(cell, expressions)
		tlist = lappend(tlist, entry_for(lfirst(cell), list_length(tlist) + 1));
	return tlist;
}

/*
 * Splits a node that reads in two: one below that gives columns and has the
 * conditions before `first_qual`, and ours, which has the calls, all other
 * conditions, and the target list.
 */
static Plan *
split(Pass *pass, Plan *plan, List *calls, int first_qual)
{
	Change		c = {.calls = calls, .varno = INDEX_VAR, .first = 1, .keep = true};
	List	   *above = list_copy_tail(plan->qual, first_qual);
	List	   *needed;
	List	   *columns;
	List	   *tlist;
	List	   *kept = NIL;
	CustomScan *node;
	ListCell   *cell;

	above = (List *) change((Node *) above, &c);
	tlist = (List *) change((Node *) plan->targetlist, &c);
	needed = list_copy(c.kept);
	foreach(cell, pull_var_clause((Node *) calls, 0))
		(void) keep_var(&needed, lfirst_node(Var, cell));
	columns = table_columns(pass, plan, needed);
	if (columns == NIL)
		columns = needed;
	for (int i = 1; i <= list_length(c.kept); i++)
		kept = lappend_int(kept, list_length(calls) + i);
	node = make_node(pass, plan, plan,
					 entries_for((List *) read_from_child((Node *) list_concat_copy(calls, c.kept),
														  columns)), kept);
	node->scan.plan.targetlist = tlist;
	node->scan.plan.qual = above;
	node->scan.plan.initPlan = plan->initPlan;
	plan->initPlan = NIL;
	plan->qual = list_truncate(list_copy(plan->qual), first_qual);
	plan->targetlist = entries_for(columns);
	return (Plan *) node;
}

static bool
has_current_of(Node *node, void *context)
{
	return node != NULL && (IsA(node, CurrentOfExpr) ||
							expression_tree_walker(node, has_current_of, context));
}

/*
 * One node for the first condition with calls, one more for the next, and at
 * last one for the target list: what a condition excludes is not scored for
 * what comes after it.
 */
static Plan *
split_while_calls(Pass *pass, Plan *plan)
{
	for (;;)
	{
		List	   *calls = NIL;
		int			first = 0;
		ListCell   *cell;

		foreach(cell, plan->qual)
		{
			calls = calls_of(pass, lfirst(cell));
			if (calls != NIL)
				break;
			first++;
		}
		if (calls == NIL)
			calls = calls_of(pass, (Node *) plan->targetlist);
		if (calls == NIL || contain_volatile_functions((Node *) plan->qual) ||
			has_current_of((Node *) plan->qual, NULL))
			return plan;
		plan = split(pass, plan, calls, first);
	}
}

/* ---- walking the plan ---- */

/* Does the number of rows that a LIMIT needs reach a sort here, or below? */
static bool
bound_reaches_sort(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_Sort:
		case T_IncrementalSort:
		case T_MergeAppend:
			return true;
		case T_Result:
		case T_Gather:
		case T_GatherMerge:
			return plan->lefttree != NULL && bound_reaches_sort(plan->lefttree);
		case T_SubqueryScan:
			return bound_reaches_sort(((const SubqueryScan *) plan)->subplan);
		default:
			return false;
	}
}

static Plan *
visit_one(Pass *pass, Plan *plan, Place place)
{
	if (place == MARKED)
		return plan;
	switch (nodeTag(plan))
	{
		case T_Result:
		case T_Agg:
		case T_WindowAgg:
			if (plan->lefttree != NULL &&
				!(place == BOUNDED && IsA(plan, Result) && bound_reaches_sort(plan->lefttree)))
				insert_below(pass, plan);
			return plan;
		case T_ForeignScan:
			if (plan->async_capable || ((ForeignScan *) plan)->operation != CMD_SELECT)
				return plan;
			break;
		case T_SubqueryScan:
			if (place == BOUNDED && bound_reaches_sort(((SubqueryScan *) plan)->subplan))
				return plan;
			break;
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_FunctionScan:
		case T_ValuesScan:
		case T_TableFuncScan:
		case T_CteScan:
		case T_NamedTuplestoreScan:
		case T_WorkTableScan:
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			break;
		default:
			return plan;
	}
	return plan->plan_rows < LEAST_ROWS ? plan : split_while_calls(pass, plan);
}

static void
map_list(Pass *pass, List *plans, Place place, MapPlan map)
{
	ListCell   *cell;

	foreach(cell, plans)
		lfirst(cell) = map(pass, lfirst(cell), place);
}

/* The place of the left child of this node. */
static Place
place_below(const Plan *plan, Place place)
{
	switch (nodeTag(plan))
	{
		case T_Limit:
			return BOUNDED;
		case T_Result:
			return place;
		case T_Gather:
		case T_GatherMerge:
			return place == BOUNDED ? BOUNDED : ANYWHERE;
		default:
			return ANYWHERE;
	}
}

/* Applies `map` to a node's children; those of other extensions' nodes are theirs. */
static void
map_children(Pass *pass, Plan *plan, Place place, MapPlan map)
{
	Place		passed_on = place == BOUNDED ? BOUNDED : ANYWHERE;

	if (plan->lefttree != NULL && !IsA(plan, ForeignScan) && !IsA(plan, CustomScan))
		plan->lefttree = map(pass, plan->lefttree, place_below(plan, place));
	if (plan->righttree != NULL)
		plan->righttree = map(pass, plan->righttree, IsA(plan, MergeJoin) ? MARKED : ANYWHERE);
	if (IsA(plan, Append))
		map_list(pass, ((Append *) plan)->appendplans, passed_on, map);
	else if (IsA(plan, MergeAppend))
		map_list(pass, ((MergeAppend *) plan)->mergeplans, passed_on, map);
	else if (IsA(plan, SubqueryScan))
		((SubqueryScan *) plan)->subplan = map(pass, ((SubqueryScan *) plan)->subplan, passed_on);
}

static Plan *
visit(Pass *pass, Plan *plan, Place place)
{
	check_stack_depth();
	map_children(pass, plan, place, visit);
	return visit_one(pass, plan, place);
}

static Plan *
note_id(Pass *pass, Plan *plan, Place place)
{
	check_stack_depth();
	pass->last_id = Max(pass->last_id, plan->plan_node_id);
	map_children(pass, plan, place, note_id);
	if (IsA(plan, CustomScan))
		map_list(pass, ((CustomScan *) plan)->custom_plans, ANYWHERE, note_id);
	if (plan->lefttree != NULL && (IsA(plan, CustomScan) || IsA(plan, ForeignScan)))
		(void) note_id(pass, plan->lefttree, ANYWHERE);
	return plan;
}

static void
map_statement(Pass *pass, MapPlan map)
{
	ListCell   *cell;

	pass->stmt->planTree = map(pass, pass->stmt->planTree, ANYWHERE);
	foreach(cell, pass->stmt->subplans)
	{
		if (lfirst(cell) != NULL)
			lfirst(cell) = map(pass, lfirst(cell), ANYWHERE);
	}
}

static PlannedStmt *
plan_with_batches(Query *parse, const char *query_string, int cursor_options, ParamListInfo params)
{
	uint64		before = expected;
	PlannedStmt *stmt = previous_hook != NULL ?
		previous_hook(parse, query_string, cursor_options, params) :
		standard_planner(parse, query_string, cursor_options, params);
	Pass		pass = {.stmt = stmt};

	/* UPDATE ... WHERE CURRENT OF wants a declared cursor to stand on the table's scan */
	if (expected == before || !rml_guc_enable_batch || (cursor_options & CURSOR_OPT_FAST_PLAN) != 0 ||
		stmt->planTree == NULL)
		return stmt;
	map_statement(&pass, note_id);
	map_statement(&pass, visit);
	return stmt;
}

void
rml_batch_expect(void)
{
	expected++;
}

void
rml_batch_init(void)
{
	RegisterCustomScanMethods(&rml_batch_methods);
	previous_hook = planner_hook;
	planner_hook = plan_with_batches;
}
