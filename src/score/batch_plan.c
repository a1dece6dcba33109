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

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "guc.h"
#include "score/batch.h"
#include "score/columns.h"

/* Rows from which on a block is worth a node that its child has to project for. */
#define LEAST_ROWS 32

static planner_hook_type previous_hook = NULL;
static uint64 expected = 0;

/* One plan at work. */
typedef struct Pass
{
	PlannedStmt *stmt;
	int			last_id;		/* of its nodes */
	RmlBatchFunctions functions;	/* that it calls */
	bool		effects;		/* found by note_effects() */
} Pass;

/* What is special about a node's place: flags. */
typedef int Place;

#define BOUNDED 1				/* a LIMIT above tells a sort here how many rows it needs */
#define MARKED 2				/* the node above goes back to a marked row */
#define PARTIAL 4				/* whoever reads it may stop before its end */

typedef Plan *(*MapPlan) (Pass *pass, Plan *plan, Place place);

/* Of rows that nobody asks for nobody should see errors.  With `rows` calls on a table's row, too. */
static List *
calls_of(Pass *pass, Node *expression, Place place, bool rows)
{
	return rml_batch_calls(&pass->functions, expression, (place & PARTIAL) != 0, rows);
}

/* ---- walking a plan ---- */

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
			return BOUNDED | PARTIAL;
		case T_Result:
			return place;
		case T_Gather:
		case T_GatherMerge:
			return place & (BOUNDED | PARTIAL);
		/* these read all of it before they give a row */
		case T_Sort:
		case T_Hash:
			return 0;
		case T_Agg:
			return ((const Agg *) plan)->aggstrategy == AGG_SORTED ? place & PARTIAL : 0;
		default:
			return place & PARTIAL;
	}
}

/* The place of the right child. */
static Place
place_at_right(const Plan *plan, Place place)
{
	const Join *join = (const Join *) plan;

	if (IsA(plan, MergeJoin))
		return MARKED | PARTIAL;
	if (IsA(plan, NestLoop) &&
		(join->inner_unique || join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI))
		return PARTIAL;
	return place & PARTIAL;
}

/* Applies `map` to a node's children; those of other extensions' nodes are theirs. */
static void
map_children(Pass *pass, Plan *plan, Place place, MapPlan map)
{
	Place		passed_on = place & (BOUNDED | PARTIAL);

	if (plan->lefttree != NULL && !IsA(plan, ForeignScan) && !IsA(plan, CustomScan))
		plan->lefttree = map(pass, plan->lefttree, place_below(plan, place));
	if (plan->righttree != NULL)
		plan->righttree = map(pass, plan->righttree, place_at_right(plan, place));
	if (IsA(plan, Append))
		map_list(pass, ((Append *) plan)->appendplans, passed_on, map);
	else if (IsA(plan, MergeAppend))
		map_list(pass, ((MergeAppend *) plan)->mergeplans, passed_on, map);
	else if (IsA(plan, SubqueryScan))
		((SubqueryScan *) plan)->subplan = map(pass, ((SubqueryScan *) plan)->subplan, passed_on);
}

/* ---- plans whose rows must not be read ahead ---- */

static Plan *note_effects(Pass *pass, Plan *plan, Place place);

static void
note_effects_below(Pass *pass, Plan *plan)
{
	/* a CTE's rows are computed when they are read */
	if (IsA(plan, CteScan))
		(void) note_effects(pass, list_nth(pass->stmt->subplans, ((CteScan *) plan)->ctePlanId - 1), 0);
	map_children(pass, plan, 0, note_effects);
}

/* Has what this plan does for each row effects? */
static Plan *
note_effects(Pass *pass, Plan *plan, Place place)
{
	(void) place;
	check_stack_depth();
	/* reads all rows before it gives one */
	if (IsA(plan, Sort))
		return plan;
	pass->effects = pass->effects || IsA(plan, LockRows) || IsA(plan, ModifyTable) ||
		contain_volatile_functions((Node *) plan->targetlist) ||
		contain_volatile_functions((Node *) plan->qual) ||
		(IsA(plan, ValuesScan) &&
		 contain_volatile_functions((Node *) ((ValuesScan *) plan)->values_lists));
	if (!pass->effects)
		note_effects_below(pass, plan);
	return plan;
}

/* Does a plan read rows whose making has effects? */
static bool
reads_with_effects(Pass *pass, Plan *plan)
{
	pass->effects = IsA(plan, ValuesScan) &&
		contain_volatile_functions((Node *) ((ValuesScan *) plan)->values_lists);
	if (!pass->effects)
		note_effects_below(pass, plan);
	return pass->effects;
}

/* ---- expressions above the node ---- */

/* How an expression changes. */
typedef struct Change
{
	List	   *calls;			/* become columns of varno, from `first` on */
	int			varno;
	int			first;
	bool		keep;			/* do leaves become columns, too, behind the calls? */
	List	   *kept;			/* those leaves */
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

/* What a node has for each row: a column, or the value of a window function. */
static bool
is_leaf(const Node *node)
{
	return IsA(node, Var) || IsA(node, WindowFunc);
}

/* The same for a leaf among leaves; Vars of one node differ by their columns alone. */
static int
leaf_position(const List *leaves, const Node *leaf)
{
	const Var  *var = (const Var *) leaf;
	int			i = 0;
	ListCell   *cell;

	if (!IsA(leaf, Var))
		return position(leaves, leaf);
	foreach(cell, leaves)
	{
		const Var  *other = lfirst(cell);

		if (IsA(other, Var) && other->varattno == var->varattno && other->varno == var->varno)
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

/* Position of a leaf in a list of them, which gets it if it has it not. */
static int
keep_leaf(List **list, Node *leaf)
{
	int			at = leaf_position(*list, leaf);

	if (at >= 0)
		return at;
	*list = lappend(*list, copyObject(leaf));
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
	if (is_leaf(node) && c->keep)
		return (Node *) column_for(c->varno, c->first + list_length(c->calls) +
								   keep_leaf(&c->kept, node), node);
	return expression_tree_mutator(node, change, context);
}

/*
 * The same within the arguments of aggregates only: what is computed of a
 * group stays, and so do direct arguments, which are.
 */
static Node *
change_aggregates(Node *node, void *context)
{
	Aggref	   *changed;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Aggref))
		return expression_tree_mutator(node, change_aggregates, context);
	changed = (Aggref *) change(node, context);
	changed->aggdirectargs = ((const Aggref *) node)->aggdirectargs;
	return (Node *) changed;
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

/* Where a value of a call is: the column that is read, or minus the number of a computed one. */
static int
place_of(Node *value, bool reads_row, List **computed)
{
	const Var  *var = (const Var *) value;

	if (IsA(value, Var) && (var->varno == OUTER_VAR || reads_row))
		return var->varattno;
	*computed = lappend(*computed, entry_for((Expr *) value, list_length(*computed) + 1));
	return -list_length(*computed);
}

static List *
describe_kept(const List *scan_tlist, const List *numbers)
{
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, numbers)
	{
		const TargetEntry *column = list_nth_node(TargetEntry, scan_tlist, lfirst_int(cell) - 1);
		int16		length;
		bool		by_value;

		get_typlenbyval(exprType((Node *) column->expr), &length, &by_value);
		kept = lappend(kept, list_make3_int(lfirst_int(cell), length, by_value));
	}
	return kept;
}

/* What the executor wants to know; see batch.h. */
static List *
describe_node(Pass *pass, const List *scan_tlist, List *kept, bool reads_row)
{
	List	   *calls = NIL;
	List	   *computed = NIL;
	ListCell   *cell;
	ListCell   *value;

	foreach(cell, scan_tlist)
	{
		const TargetEntry *column = lfirst_node(TargetEntry, cell);
		const FuncExpr *call = (const FuncExpr *) column->expr;
		bool		pinned_only;
		int			result;
		List	   *description;

		if (!IsA(call, FuncExpr))
			continue;
		result = rml_batch_function(&pass->functions, call, &pinned_only);
		description = list_make3_int(column->resno, result, pinned_only);
		foreach(value, rml_batch_reads_row(call) ? NIL : rml_batch_values(call))
			description = lappend_int(description, place_of(lfirst(value), reads_row, &computed));
		calls = lappend(calls, description);
	}
	return list_make4(describe_kept(scan_tlist, kept), calls, computed, list_make1_int(reads_row));
}

/* A node over `child` in the place of `like`, whose rows it gives. */
static CustomScan *
make_node(Pass *pass, Plan *child, const Plan *like, List *scan_tlist, List *kept, bool reads_row)
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
	node->custom_private = describe_node(pass, scan_tlist, kept, reads_row);
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

/* Do all rows that an Agg or a Result reads go straight into its expressions? */
static bool
keeps_no_rows(const Plan *plan)
{
	return IsA(plan, Result) ||
		(((const Agg *) plan)->groupingSets == NIL && ((const Agg *) plan)->chain == NIL);
}

/* The calls that an Agg or a Result makes for every row that it reads. */
static List *
calls_per_row(Pass *pass, Plan *plan, Place place)
{
	/* what a projection filters it need not project */
	if (IsA(plan, Result))
		return plan->qual != NIL ? NIL : calls_of(pass, (Node *) plan->targetlist, place, false);
	return rml_batch_input_calls(&pass->functions, list_concat_copy(plan->targetlist, plan->qual),
								 (place & PARTIAL) != 0);
}

/* Appends the results of its calls to the rows that come from its child. */
static void
insert_below(Pass *pass, Plan *plan, Place place)
{
	Plan	   *child = plan->lefttree;
	int			number = list_length(child->targetlist);
	Change		c = {.varno = OUTER_VAR, .first = number + 1};
	List	   *kept;
	List	   *scan_tlist;
	ListCell   *cell;

	c.calls = calls_per_row(pass, plan, place);
	if (c.calls == NIL || child->plan_rows < LEAST_ROWS || reads_with_effects(pass, plan))
		return;
	if (IsA(plan, Agg))
	{
		plan->targetlist = (List *) change_aggregates((Node *) plan->targetlist, &c);
		plan->qual = (List *) change_aggregates((Node *) plan->qual, &c);
	}
	else
		plan->targetlist = (List *) change((Node *) plan->targetlist, &c);
	kept = keeps_no_rows(plan) ? columns_used(plan, number) : all_columns(child->targetlist);
	scan_tlist = pass_on(OUTER_VAR, child->targetlist);
	foreach(cell, c.calls)
		scan_tlist = lappend(scan_tlist, entry_for(copyObject(lfirst(cell)), ++number));
	plan->lefttree = (Plan *) make_node(pass, child, child, scan_tlist, kept, false);
}

/* ---- above a node that reads ---- */

/* Does this node give rows of a table, one by one, through ExecScan()? */
static bool
scans_table(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
			return true;
		default:
			return false;
	}
}

/*
 * May our node read from the table's row itself, so that the scan projects
 * nothing?  Not if something is computed, or needed is the row as a value.
 */
static bool
can_read_row(const Plan *plan, const List *calls, const List *needed)
{
	ListCell   *cell;
	ListCell   *value;
	bool		found = false;

	if (!scans_table(plan))
		return false;
	foreach(cell, needed)
	{
		const Var  *var = lfirst(cell);

		if (!IsA(var, Var) || var->varattno == InvalidAttrNumber)
			return false;
		found = true;
	}
	foreach(cell, calls)
	{
		if (rml_batch_reads_row(lfirst(cell)))
		{
			found = true;
			continue;
		}
		foreach(value, rml_batch_values(lfirst(cell)))
		{
			if (!IsA(lfirst(value), Var) || lfirst_node(Var, value)->varattno <= 0)
				return false;
		}
	}
	/* a scan that has nothing to give might not say where it stands */
	return found;
}

static bool
collect_leaves(Node *node, void *leaves)
{
	if (node == NULL)
		return false;
	if (!is_leaf(node))
		return expression_tree_walker(node, collect_leaves, leaves);
	(void) keep_leaf(leaves, node);
	return false;
}

/* What is read of each row: the leaves that are kept, and those of calls that name their values. */
static List *
needed_leaves(const List *kept, const List *calls)
{
	List	   *needed = list_copy(kept);
	ListCell   *cell;

	foreach(cell, calls)
	{
		if (!rml_batch_reads_row(lfirst(cell)))
			(void) collect_leaves(lfirst(cell), &needed);
	}
	return needed;
}

/* An expression's leaves become columns of the child. */
static Node *
read_from_child(Node *node, void *columns)
{
	if (node == NULL)
		return NULL;
	if (is_leaf(node))
		return (Node *) column_for(OUTER_VAR, leaf_position(columns, node) + 1, node);
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

/* Columns get other numbers: of column i `numbers` has the new one at i. */
static Node *
renumber(Node *node, void *numbers)
{
	Var		   *column;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, renumber, numbers);
	column = copyObject((Var *) node);
	column->varattno = (AttrNumber) list_nth_int(numbers, column->varattno);
	return (Node *) column;
}

/*
 * Numbers for n columns by which a target list gives them in their order, so
 * that a row of ours need not be projected; NIL if it gives anything else.
 */
static List *
numbers_by_target(const List *tlist, int n)
{
	List	   *numbers = list_make1_int(0);
	ListCell   *cell;

	if (list_length(tlist) != n)
		return NIL;
	for (int i = 0; i < n; i++)
		numbers = lappend_int(numbers, 0);
	foreach(cell, tlist)
	{
		const TargetEntry *column = lfirst_node(TargetEntry, cell);
		const Var  *var = (const Var *) column->expr;

		if (!IsA(var, Var) || list_nth_int(numbers, var->varattno) != 0)
			return NIL;
		lfirst_int(list_nth_cell(numbers, var->varattno)) = column->resno;
	}
	return numbers;
}

/* What a row of our node is made of, in its order. */
static List *
reorder(const List *expressions, const List *numbers)
{
	List	   *ordered = list_copy(expressions);

	for (int i = 1; i <= list_length(expressions); i++)
		lfirst(list_nth_cell(ordered, list_nth_int(numbers, i) - 1)) = list_nth(expressions, i - 1);
	return ordered;
}

/* The child gives what is needed, or stands on the table's row; the node's rows are made of that. */
static List *
scan_tlist_over(Plan *plan, List *expressions, List *needed, bool reads_row)
{
	plan->targetlist = reads_row ? NIL : entries_for(needed);
	return entries_for(reads_row ? expressions : (List *) read_from_child((Node *) expressions, needed));
}

/* Numbers of the columns that are not calls. */
static List *
numbers_of_kept(const List *expressions, const List *calls)
{
	List	   *kept = NIL;

	for (int i = 0; i < list_length(expressions); i++)
	{
		if (!list_member_ptr(calls, list_nth(expressions, i)))
			kept = lappend_int(kept, i + 1);
	}
	return kept;
}

/*
 * Splits a node that reads in two: one below that gives columns and has the
 * conditions before `first_qual`, and ours, which has the calls, all other
 * conditions, and the target list.  NULL if that is not possible.
 */
static Plan *
split(Pass *pass, Plan *plan, List *calls, int first_qual)
{
	Change		c = {.calls = calls, .varno = INDEX_VAR, .first = 1, .keep = true};
	List	   *above = list_copy_tail(plan->qual, first_qual);
	List	   *tlist;
	List	   *needed;
	List	   *expressions;
	List	   *numbers;
	bool		reads_row;
	CustomScan *node;

	above = (List *) change((Node *) above, &c);
	tlist = (List *) change((Node *) plan->targetlist, &c);
	needed = needed_leaves(c.kept, calls);
	reads_row = can_read_row(plan, calls, needed);
	if (!reads_row && (plan->plan_rows < LEAST_ROWS || rml_batch_any_reads_row(calls)))
		return NULL;
	expressions = list_concat_copy(calls, c.kept);
	numbers = numbers_by_target(tlist, list_length(expressions));
	if (numbers != NIL)
	{
		expressions = reorder(expressions, numbers);
		above = (List *) renumber((Node *) above, numbers);
		tlist = (List *) renumber((Node *) tlist, numbers);
	}
	node = make_node(pass, plan, plan, scan_tlist_over(plan, expressions, needed, reads_row),
					 numbers_of_kept(expressions, calls), reads_row);
	node->scan.plan.targetlist = tlist;
	node->scan.plan.qual = above;
	node->scan.plan.initPlan = plan->initPlan;
	plan->initPlan = NIL;
	plan->qual = list_truncate(list_copy(plan->qual), first_qual);
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
split_while_calls(Pass *pass, Plan *plan, Place place)
{
	for (;;)
	{
		List	   *calls = NIL;
		int			first = 0;
		Plan	   *above;
		ListCell   *cell;

		foreach(cell, plan->qual)
		{
			calls = calls_of(pass, lfirst(cell), place, scans_table(plan));
			if (calls != NIL)
				break;
			first++;
		}
		if (calls == NIL)
			calls = calls_of(pass, (Node *) plan->targetlist, place, scans_table(plan));
		if (calls == NIL || contain_volatile_functions((Node *) plan->qual) ||
			has_current_of((Node *) plan->qual, NULL))
			return plan;
		above = split(pass, plan, calls, first);
		if (above == NULL)
			return plan;
		plan = above;
	}
}

/* ---- visiting each node ---- */

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

/* Can this node, which reads, become a child of ours? */
static bool
can_split(const Plan *plan, Place place)
{
	switch (nodeTag(plan))
	{
		case T_ForeignScan:
			return !plan->async_capable && ((const ForeignScan *) plan)->operation == CMD_SELECT;
		case T_SubqueryScan:
			return !((place & BOUNDED) && bound_reaches_sort(((const SubqueryScan *) plan)->subplan));
		case T_WindowAgg:
			/* these conditions know its columns by number */
			return ((const WindowAgg *) plan)->runCondition == NIL && plan->qual == NIL;
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_FunctionScan:
		case T_TableFuncScan:
		case T_ValuesScan:
		case T_CteScan:
		case T_NamedTuplestoreScan:
		case T_WorkTableScan:
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			return true;
		default:
			return false;
	}
}

static Plan *
visit_one(Pass *pass, Plan *plan, Place place)
{
	if (place & MARKED)
		return plan;
	if (IsA(plan, Result) || IsA(plan, Agg))
	{
		if (plan->lefttree != NULL &&
			!((place & BOUNDED) && IsA(plan, Result) && bound_reaches_sort(plan->lefttree)))
			insert_below(pass, plan, place);
		return plan;
	}
	if (!can_split(plan, place) || reads_with_effects(pass, plan))
		return plan;
	return split_while_calls(pass, plan, place);
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
		map_list(pass, ((CustomScan *) plan)->custom_plans, 0, note_id);
	else if (IsA(plan, BitmapAnd))
		map_list(pass, ((BitmapAnd *) plan)->bitmapplans, 0, note_id);
	else if (IsA(plan, BitmapOr))
		map_list(pass, ((BitmapOr *) plan)->bitmapplans, 0, note_id);
	if (plan->lefttree != NULL && (IsA(plan, CustomScan) || IsA(plan, ForeignScan)))
		(void) note_id(pass, plan->lefttree, 0);
	return plan;
}

static void
map_statement(Pass *pass, MapPlan map)
{
	ListCell   *cell;

	pass->stmt->planTree = map(pass, pass->stmt->planTree, 0);
	/* of a CTE not all rows may be read, of EXISTS one is enough */
	foreach(cell, pass->stmt->subplans)
	{
		if (lfirst(cell) != NULL)
			lfirst(cell) = map(pass, lfirst(cell), PARTIAL);
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
