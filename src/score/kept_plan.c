/*
 * kept_plan.c
 *	  Plans of lookups that come again with other keys.
 *
 * Drivers that send keys as literals, or parse a statement for each execution,
 * have each one planned anew, and to plan a query for one row takes several
 * times what its score does.  So a session keeps the generic plan of a query
 * that scores a row looked up by its key, as it keeps that of a prepared
 * statement: the next query that differs only in what columns are compared with
 * gets a copy that has its own values.
 *
 * Kept is only what is as good for any value: a scan of a unique index for all
 * of its columns.  And only what depends on nothing but the tables and indexes: of
 * its expressions the planner must not have computed or expanded anything, for
 * that may depend on a function's definition, on privileges and on settings.  A
 * plan is forgotten for the reasons for which that of a prepared statement is
 * made anew, and if a setting of the planner changes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "jit/jit.h"
#include "lib/ilist.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/hot.h"
#include "compat.h"
#include "guc.h"
#include "score/batch.h"
#include "score/by_key.h"
#include "score/kept_plan.h"

/* Queries that a session remembers, with their plans or without; the one that came last goes first. */
#define MOST_KEPT 8

/* Values of a query that may differ. */
#define MOST_KEYS 8

/* Bytes that are kept of one. */
#define MOST_BYTES (64 * 1024)

/* Numbers of the Params that stand in for them: beyond those of any statement. */
#define FIRST_STAND_IN (1 << 20)

/* What columns are compared with in a query, while Params stand in for it. */
typedef struct Keys
{
	int			n;
	ListCell   *cells[MOST_KEYS];	/* of the comparisons' arguments */
	Node	   *given[MOST_KEYS];
	Datum		values[MOST_KEYS];
} Keys;

/* A query with stand-ins, and what of it does not count taken out, while it is compared. */
typedef struct Disguise
{
	Query	   *query;
	Keys		keys;
	List	   *names;			/* of the table's columns: as the catalogs have them, and many */
	int			length;			/* of the statement */
} Disguise;

typedef struct Kept
{
	dlist_node	node;
	MemoryContext context;
	Query	   *query;			/* in disguise */
	Oid			relid;
	int			cursor_options;
	bool		tried;			/* to keep its plan, when it came for the second time */
	PlannedStmt *stmt;			/* generic; NULL: it is planned each time */
	List	   *places;			/* Consts in it whose values are those of keys */
	List	   *numbers;		/* of each, which key's */
	bool		valid;
} Kept;

/* Settings on which it depends how a key is looked up. */
typedef struct Settings
{
	double		costs[6];
	int			numbers[3];
	bool		enabled[6];
} Settings;

static planner_hook_type previous_hook = NULL;
static dlist_head kept_plans = DLIST_STATIC_INIT(kept_plans);
static int	n_kept = 0;
static Settings settings;		/* that all were planned with */
static uint64 n_changes = 0;	/* of catalogs, that the session has heard of */

/* ---- what plans depend on ---- */

static void
forget(Kept *kept)
{
	dlist_delete(&kept->node);
	n_kept--;
	MemoryContextDelete(kept->context);
}

static void
relation_changed(Datum arg, Oid relid)
{
	dlist_iter	iter;

	(void) arg;
	n_changes++;
	dlist_foreach(iter, &kept_plans)
	{
		Kept	   *kept = dlist_container(Kept, node, iter.cur);

		if (!OidIsValid(relid) || kept->relid == relid ||
			(kept->stmt != NULL && list_member_oid(kept->stmt->relationOids, relid)))
			kept->valid = false;
	}
}

static bool
depends_on(const PlannedStmt *stmt, int cache, uint32 hash)
{
	ListCell   *cell;

	foreach(cell, stmt->invalItems)
	{
		const PlanInvalItem *item = lfirst_node(PlanInvalItem, cell);

		if (item->cacheId == cache && (hash == 0 || item->hashValue == hash))
			return true;
	}
	return false;
}

/* Of a function or a type, which are listed in a plan. */
static void
listed_changed(Datum arg, int cache, uint32 hash)
{
	dlist_iter	iter;

	(void) arg;
	n_changes++;
	dlist_foreach(iter, &kept_plans)
	{
		Kept	   *kept = dlist_container(Kept, node, iter.cur);

		if (kept->stmt != NULL && depends_on(kept->stmt, cache, hash))
			kept->valid = false;
	}
}

/* Of operators, which are not. */
static void
any_changed(Datum arg, int cache, uint32 hash)
{
	(void) cache;
	(void) hash;
	relation_changed(arg, InvalidOid);
}

static void
read_settings(Settings *now)
{
	const double costs[] = {seq_page_cost, random_page_cost, cpu_tuple_cost, cpu_index_tuple_cost,
	cpu_operator_cost, jit_above_cost};
	const int	numbers[] = {effective_cache_size, rml_debug_parallel(), max_parallel_workers_per_gather};
	const bool	enabled[] = {enable_seqscan, enable_indexscan, enable_bitmapscan, enable_tidscan, jit_enabled,
	rml_guc_enable_batch};

	StaticAssertStmt(sizeof(costs) == sizeof(now->costs) && sizeof(numbers) == sizeof(now->numbers) &&
					 sizeof(enabled) == sizeof(now->enabled), "a setting has no place");
	memset(now, 0, sizeof(*now));
	memcpy(now->costs, costs, sizeof(costs));
	memcpy(now->numbers, numbers, sizeof(numbers));
	memcpy(now->enabled, enabled, sizeof(enabled));
}

/* Forgets what is not valid any more. */
static RML_HOT void
tidy(void)
{
	Settings	now;
	bool		changed;
	dlist_mutable_iter iter;

	read_settings(&now);
	changed = memcmp(&now, &settings, sizeof(now)) != 0;
	settings = now;
	dlist_foreach_modify(iter, &kept_plans)
	{
		Kept	   *kept = dlist_container(Kept, node, iter.cur);

		if (changed || !kept->valid)
			forget(kept);
	}
}

/* ---- the query ---- */

static bool
has_call_on_row(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && rml_batch_reads_row((FuncExpr *) node))
		return true;
	return expression_tree_walker(node, has_call_on_row, context);
}

/* Could this score rows of one table that it finds by something, and nothing else?  Asked of every query. */
static RML_HOT bool
may_be_lookup(const Query *parse)
{
	const RangeTblEntry *rte;

	if (parse->commandType != CMD_SELECT || list_length(parse->rtable) != 1 || parse->jointree->quals == NULL ||
		list_length(parse->jointree->fromlist) != 1 || parse->hasAggs || parse->hasSubLinks || parse->hasWindowFuncs ||
		parse->hasTargetSRFs || parse->hasRowSecurity || parse->rowMarks != NIL || parse->utilityStmt != NULL)
		return false;
	rte = linitial_node(RangeTblEntry, parse->rtable);
	return rte->rtekind == RTE_RELATION && rte->relkind == RELKIND_RELATION && rte->eref != NULL &&
		IsA(linitial(parse->jointree->fromlist), RangeTblRef) &&
		(has_call_on_row((Node *) parse->targetList, NULL) || has_call_on_row(parse->jointree->quals, NULL));
}

/* May the planner put something else in a function's place: its body in SQL, or what a support function says? */
static bool
is_replaced(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		replaced = true;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		/* the server's own support functions depend on nothing but the call */
		replaced = form->prolang == SQLlanguageId ||
			(function >= FirstGenbkiObjectId && OidIsValid(form->prosupport));
		ReleaseSysCache(tuple);
	}
	return replaced;
}

/* Is a function called when the query runs, and not before, as one of constants might be? */
static bool
is_called_later(Oid function, List *args)
{
	return contain_var_clause((Node *) args) && !is_replaced(function);
}

/* Is it a call on a row that stays one in a lookup (planner.c), and whose privileges our node checks? */
static bool
is_scored_row(const FuncExpr *call, RmlBatchFunctions *functions)
{
	bool		pinned_only;

	return rml_batch_reads_row(call) && rml_batch_function(functions, call, &pinned_only) >= 0 &&
		func_volatile(call->funcid) != PROVOLATILE_IMMUTABLE;
}

/* A cast that the server brings along: of a constant it gives the same value at any time. */
static bool
is_own_cast(const FuncExpr *call)
{
	return call->funcid < FirstGenbkiObjectId && call->funcformat != COERCE_EXPLICIT_CALL &&
		!is_replaced(call->funcid);
}

/* Is there anything of which the planner might make something else, other than calls on rows? */
static bool
has_foldable(Node *node, void *functions)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			if (is_scored_row((FuncExpr *) node, functions))
				return false;
			if (!is_own_cast((FuncExpr *) node) &&
				!is_called_later(((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args))
				return true;
			break;
		case T_OpExpr:
			if (!is_called_later(get_opcode(((OpExpr *) node)->opno), ((OpExpr *) node)->args))
				return true;
			break;
		case T_CoerceViaIO:
			if (!contain_var_clause(node))
				return true;
			break;
		case T_List:
		case T_TargetEntry:
		case T_Var:
		case T_Const:
		case T_Param:
		case T_RelabelType:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, has_foldable, functions);
}

/* A value that is known before execution and not NULL. */
static RML_HOT bool
is_known(const Node *node, ParamListInfo params, Datum *value)
{
	const Param *param = (const Param *) node;
	const ParamExternData *bound;

	if (IsA(node, Const))
	{
		*value = ((const Const *) node)->constvalue;
		return !((const Const *) node)->constisnull;
	}
	if (!IsA(node, Param) || param->paramkind != PARAM_EXTERN || params == NULL || params->paramFetch != NULL ||
		param->paramid <= 0 || param->paramid > params->numParams)
		return false;
	bound = &params->params[param->paramid - 1];
	*value = bound->value;
	return bound->ptype == param->paramtype && !bound->isnull && (bound->pflags & PARAM_FLAG_CONST) != 0;
}

static RML_HOT void
take_key(ListCell *cell, ParamListInfo params, Keys *keys)
{
	Node	   *given = lfirst(cell);
	Param	   *stand_in;

	if (keys->n == MOST_KEYS || !is_known(given, params, &keys->values[keys->n]))
		return;
	stand_in = makeNode(Param);
	stand_in->paramkind = PARAM_EXTERN;
	stand_in->paramid = FIRST_STAND_IN + keys->n;
	stand_in->paramtype = exprType(given);
	stand_in->paramtypmod = exprTypmod(given);
	stand_in->paramcollid = exprCollation(given);
	stand_in->location = -1;
	keys->cells[keys->n] = cell;
	keys->given[keys->n++] = given;
	lfirst(cell) = stand_in;
}

/* Puts stand-ins in the place of what columns are compared with in conditions that must all hold. */
static RML_HOT void
take_keys(Node *condition, ParamListInfo params, Keys *keys)
{
	List	   *args;
	ListCell   *cell;

	if (is_andclause(condition))
	{
		foreach(cell, ((BoolExpr *) condition)->args)
			take_keys(lfirst(cell), params, keys);
		return;
	}
	args = IsA(condition, OpExpr) ? ((OpExpr *) condition)->args : NIL;
	if (list_length(args) != 2)
		return;
	if (IsA(linitial(args), Var) || IsA(linitial(args), RelabelType))
		take_key(list_second_cell(args), params, keys);
	else if (IsA(lsecond(args), Var) || IsA(lsecond(args), RelabelType))
		take_key(list_head(args), params, keys);
}

static RML_HOT RangeTblEntry *
table_of(const Query *query)
{
	return linitial_node(RangeTblEntry, query->rtable);
}

/* The table's number in the query. */
static int
varno_of(const Query *query)
{
	return linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex;
}

static RML_HOT void
put_on(Disguise *disguise, Query *parse, ParamListInfo params)
{
	disguise->query = parse;
	disguise->keys.n = 0;
	take_keys(parse->jointree->quals, params, &disguise->keys);
	disguise->length = parse->stmt_len;
	parse->stmt_len = 0;
	disguise->names = table_of(parse)->eref->colnames;
	table_of(parse)->eref->colnames = NIL;
}

static RML_HOT void
take_off(const Disguise *disguise)
{
	for (int i = 0; i < disguise->keys.n; i++)
		lfirst(disguise->keys.cells[i]) = disguise->keys.given[i];
	disguise->query->stmt_len = disguise->length;
	table_of(disguise->query)->eref->colnames = disguise->names;
}

/* Of equal expressions: a cast to varchar(4) is equal to a call of the function behind it. */
static RML_HOT bool
have_same_typmods(const List *entries, const List *others)
{
	ListCell   *entry;
	ListCell   *other;

	forboth(entry, entries, other, others)
	{
		if (exprTypmod((Node *) lfirst_node(TargetEntry, entry)->expr) !=
			exprTypmod((Node *) lfirst_node(TargetEntry, other)->expr))
			return false;
	}
	return true;
}

static RML_HOT Kept *
find(const Query *disguised, int cursor_options)
{
	Oid			relid = table_of(disguised)->relid;
	dlist_iter	iter;

	dlist_foreach(iter, &kept_plans)
	{
		Kept	   *kept = dlist_container(Kept, node, iter.cur);

		if (kept->relid == relid && kept->cursor_options == cursor_options && equal(kept->query, disguised) &&
			have_same_typmods(kept->query->targetList, disguised->targetList))
		{
			dlist_move_head(&kept_plans, &kept->node);
			return kept;
		}
	}
	return NULL;
}

/* ---- the plan ---- */

/* Is the plan nothing but a scan of an index, our nodes above it and perhaps a LIMIT?  Then gives the scan. */
static IndexScan *
scan_of(const PlannedStmt *stmt)
{
	Plan	   *plan = stmt->planTree;

	if (stmt->transientPlan || stmt->dependsOnRole || stmt->subplans != NIL || list_length(stmt->rtable) != 1)
		return NULL;
	if (IsA(plan, Limit))
		plan = plan->lefttree;
	if (!IsA(plan, CustomScan))
		return NULL;
	while (IsA(plan, CustomScan) && ((CustomScan *) plan)->methods == &rml_batch_methods)
		plan = plan->lefttree;
	return IsA(plan, IndexScan) ? (IndexScan *) plan : NULL;
}

/* Does the plan find its row by nothing but a unique index, whatever the values are? */
static bool
is_lookup(const PlannedStmt *stmt)
{
	const IndexScan *scan = scan_of(stmt);
	Relation	index;
	bool		unique;

	if (scan == NULL)
		return false;
	index = index_open(scan->indexid, AccessShareLock);
	unique = rml_is_unique_on(index, rml_equal_columns((Node *) scan->indexqualorig, (int) scan->scan.scanrelid));
	index_close(index, NoLock);
	return unique;
}

/* Constants in the place of stand-ins; whose values come with each query. */
static Node *
place_constants(Node *node, void *context)
{
	Kept	   *kept = context;
	const Param *param = (const Param *) node;
	int16		length;
	bool		by_value;
	Const	   *constant;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Param) || param->paramkind != PARAM_EXTERN || param->paramid < FIRST_STAND_IN)
		return expression_tree_mutator(node, place_constants, context);
	get_typlenbyval(param->paramtype, &length, &by_value);
	constant = makeConst(param->paramtype, param->paramtypmod, param->paramcollid, length, (Datum) 0, true, by_value);
	constant->constisnull = false;
	kept->places = lappend(kept->places, constant);
	kept->numbers = lappend_int(kept->numbers, param->paramid - FIRST_STAND_IN);
	return (Node *) constant;
}

static void
place_in(Kept *kept, List **expressions)
{
	*expressions = (List *) place_constants((Node *) *expressions, kept);
}

static void
place_in_plan(Kept *kept, Plan *plan)
{
	for (; plan != NULL; plan = plan->lefttree)
	{
		place_in(kept, &plan->targetlist);
		place_in(kept, &plan->qual);
		if (IsA(plan, CustomScan))
			place_in(kept, &((CustomScan *) plan)->custom_scan_tlist);
		if (IsA(plan, IndexScan))
		{
			place_in(kept, &((IndexScan *) plan)->indexqual);
			place_in(kept, &((IndexScan *) plan)->indexqualorig);
		}
	}
}

static void
keep(Kept *kept, PlannedStmt *stmt)
{
	RangeTblEntry *rte = linitial_node(RangeTblEntry, stmt->rtable);
	Alias	   *names = rte->eref;
	PlannedStmt *copy;
	MemoryContext caller = MemoryContextSwitchTo(kept->context);

	/* whoever gets a copy has them */
	rte->eref = NULL;
	copy = copyObject(stmt);
	rte->eref = names;
	place_in_plan(kept, copy->planTree);
	kept->stmt = copy;
	MemoryContextSwitchTo(caller);
}

/* The kept plan with a query's own values. */
static RML_HOT PlannedStmt *
copy_for(const Kept *kept, const Query *parse, const Keys *keys)
{
	PlannedStmt *stmt;
	ListCell   *place;
	ListCell   *number;

	/* copied with their values, and not looked at before they have others */
	forboth(place, kept->places, number, kept->numbers)
		lfirst_node(Const, place)->constvalue = keys->values[lfirst_int(number)];
	stmt = copyObject(kept->stmt);
	linitial_node(RangeTblEntry, stmt->rtable)->eref = table_of(parse)->eref;
	stmt->queryId = parse->queryId;
	stmt->stmt_location = parse->stmt_location;
	stmt->stmt_len = parse->stmt_len;
	return stmt;
}

/* ---- the hook ---- */

static PlannedStmt *
plan_as_ever(Query *parse, const char *query_string, int cursor_options, ParamListInfo params)
{
	return previous_hook != NULL ? previous_hook(parse, query_string, cursor_options, params) :
		standard_planner(parse, query_string, cursor_options, params);
}

/*
 * Notes a query in disguise that has no entry; the one that was used longest ago
 * goes for it.  Its plan is kept when it comes again: most that are new do not.
 */
static void
add(const Query *disguised, int cursor_options)
{
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "riskml kept plan", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Kept	   *kept = palloc0(sizeof(Kept));

	kept->context = context;
	kept->query = copyObject((Query *) disguised);
	kept->relid = table_of(disguised)->relid;
	kept->cursor_options = cursor_options;
	kept->valid = true;
	MemoryContextSwitchTo(caller);
	if (MemoryContextMemAllocated(context, true) > MOST_BYTES)
	{
		MemoryContextDelete(context);
		return;
	}
	if (n_kept == MOST_KEPT)
		forget(dlist_tail_element(Kept, node, &kept_plans));
	dlist_push_head(&kept_plans, &kept->node);
	n_kept++;
}

/* Is it by the key that the table's rows are looked up? */
static bool
is_by_key(const Query *query)
{
	List	   *columns = rml_equal_columns(query->jointree->quals, varno_of(query));

	return columns != NIL && rml_has_index(table_of(query)->relid, rml_is_unique_on, columns);
}

/* The generic plan of a query, if it may be kept; else NULL. */
static PlannedStmt *
plan_to_keep(const Query *parse, const char *query_string, int cursor_options, ParamListInfo params)
{
	Query	   *generic;
	Keys		keys = {.n = 0};
	RmlBatchFunctions functions = {.n = 0};
	PlannedStmt *stmt;

	if (!is_by_key(parse) || has_foldable((Node *) parse->targetList, &functions) ||
		has_foldable(parse->jointree->quals, &functions) || has_foldable(parse->limitCount, &functions) ||
		has_foldable(parse->limitOffset, &functions))
		return NULL;
	generic = copyObject((Query *) parse);
	take_keys(generic->jointree->quals, params, &keys);
	stmt = plan_as_ever(generic, query_string, cursor_options, NULL);
	return is_lookup(stmt) ? stmt : NULL;
}

/* Plans a query that has come again, and keeps the plan if it is one to keep; gives its entry, if that is still there. */
static Kept *
plan_and_keep(Disguise *disguise, const char *query_string, int cursor_options, ParamListInfo params)
{
	uint64		before = n_changes;
	PlannedStmt *stmt = plan_to_keep(disguise->query, query_string, cursor_options, params);
	Kept	   *kept;

	/* to plan this query may have planned others, whose entries took its place */
	put_on(disguise, disguise->query, params);
	kept = find(disguise->query, cursor_options);
	take_off(disguise);
	/* what was planned might be out of date already */
	if (kept == NULL || before != n_changes)
		return NULL;
	if (stmt != NULL && !kept->tried)
		keep(kept, stmt);
	kept->tried = true;
	return kept;
}

static RML_HOT PlannedStmt *
plan_or_copy(Query *parse, const char *query_string, int cursor_options, ParamListInfo params)
{
	Disguise	disguise;
	Kept	   *kept;

	/* comments of this kind are hints of pg_hint_plan */
	if (!may_be_lookup(parse) || plan_cache_mode == PLAN_CACHE_MODE_FORCE_CUSTOM_PLAN ||
		(query_string != NULL && strstr(query_string, "/*+") != NULL))
		return plan_as_ever(parse, query_string, cursor_options, params);
	tidy();
	put_on(&disguise, parse, params);
	kept = find(parse, cursor_options);
	if (kept == NULL && disguise.keys.n > 0)
		add(parse, cursor_options);
	take_off(&disguise);
	if (kept != NULL && !kept->tried)
		kept = plan_and_keep(&disguise, query_string, cursor_options, params);
	if (kept == NULL || kept->stmt == NULL)
		return plan_as_ever(parse, query_string, cursor_options, params);
	return copy_for(kept, parse, &disguise.keys);
}

void
rml_kept_plan_init(void)
{
	read_settings(&settings);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, listed_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, listed_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, any_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AMOPOPID, any_changed, (Datum) 0);
	previous_hook = planner_hook;
	planner_hook = plan_or_copy;
}
