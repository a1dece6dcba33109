/*
 * planner.c
 *	  What the planner makes of risk_*(model, row): riskml.*_columns() of just
 *	  the columns that the model needs, so that no row is built, and its cost.
 *
 * The version is not in the plan: names and values of the features of the
 * version that is current now, or of the columns of its recipe, go along, and at
 * run time the current one finds its own among them.  What the plan depends on besides, where aliases
 * point and the row's type, invalidates it.
 *
 * A call is left alone, which is always right, where the rewritten one could
 * mean something else; each such place says why.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "guc.h"
#include "score/batch.h"
#include "score/by_key.h"
#include "score/columns.h"

RML_SQL_FUNCTION(riskml_score_support);

/* Estimated nodes visited in the time of one simple operator. */
#define NODES_PER_OPERATOR 8

/* The same where contributions are computed, which takes a look at every node. */
#define EXPLAINED_PER_OPERATOR 2

/* Arguments that a call of risk_*(model, row, ...) has at most. */
#define MAX_ARGS 5

/* A call of risk_*(model, row, ...) and what is known of it. */
typedef struct Rewrite
{
	PlannerInfo *root;			/* NULL: outside of a query */
	FuncExpr   *call;
	RmlRef		ref;
	RmlBinding	binding;
	RmlModel   *model;			/* pinned */
	List	   *more;			/* arguments besides model and row: they go before the values */
	bool		shows_values;	/* so they cannot go as parts */

	/* the row */
	Oid			row_type;		/* RECORDOID: anonymous */
	TupleDesc	desc;
	List	   *columns;		/* expression of each column of desc; NULL: dropped */
	Var		   *tableoid;		/* NULL where the row is, or NULL: it always is a row */
} Rewrite;

/* ---- the model ---- */

/* The reference, if it is a constant whose meaning a plan may depend on. */
static bool
read_reference(Node *arg, RmlRef *ref)
{
	const Const *value = (const Const *) arg;
	text	   *reference;

	if (!IsA(arg, Const) || value->constisnull || !ActiveSnapshotSet())
		return false;
	reference = DatumGetTextPP(value->constvalue);
	rml_ref_parse(VARDATA_ANY(reference), (int) VARSIZE_ANY_EXHDR(reference), ref);
	return true;
}

/* ---- the row ---- */

static void
add_column(Rewrite *r, const char *name, Oid type, int32 typmod, Expr *column)
{
	AttrNumber	attno = (AttrNumber) (list_length(r->columns) + 1);

	if (column != NULL)
		TupleDescInitEntry(r->desc, attno, name, type, typmod, 0);
	else
	{
		TupleDescInitEntry(r->desc, attno, NULL, INT4OID, -1, 0);
		TupleDescAttr(r->desc, attno - 1)->attisdropped = true;
	}
	r->columns = lappend(r->columns, column);
}

static Var *
column_of(const Var *row, AttrNumber attno, Oid type, int32 typmod, Oid collation)
{
	Var		   *column = makeVar(row->varno, attno, type, typmod, collation, row->varlevelsup);

	rml_copy_nulling_rels(column, row);
	return column;
}

/* A row of a named type has the columns of the type, whatever the query calls them. */
static bool
describe_named_row(Rewrite *r, const Var *row)
{
	TupleDesc	desc = lookup_rowtype_tupdesc_domain(row->vartype, -1, true);

	if (desc == NULL)
		return false;
	r->desc = CreateTemplateTupleDesc(desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		add_column(r, NameStr(att->attname), att->atttypid, att->atttypmod,
				   att->attisdropped ? NULL :
				   (Expr *) column_of(row, (AttrNumber) (i + 1), att->atttypid, att->atttypmod,
									  att->attcollation));
	}
	ReleaseTupleDesc(desc);
	return r->columns != NIL;
}

/* An anonymous row has those that the query knows it by. */
static bool
describe_anonymous_row(Rewrite *r, const Var *row, RangeTblEntry *rte)
{
	List	   *names;
	List	   *vars;
	ListCell   *name;
	ListCell   *cell;

	rml_expand_rte(rte, row, &names, &vars);
	r->desc = CreateTemplateTupleDesc(list_length(vars));
	forboth(name, names, cell, vars)
	{
		Var		   *column = lfirst_node(Var, cell);

		rml_copy_nulling_rels(column, row);
		add_column(r, strVal(lfirst(name)), column->vartype, column->vartypmod, (Expr *) column);
	}
	return r->columns != NIL;
}

/* Has the query a LATERAL subquery with UNION ALL whose members have become its own? */
static bool
has_lateral_union(const PlannerInfo *query)
{
	ListCell   *cell;

	if (query->append_rel_list == NIL)
		return false;
	foreach(cell, query->parse->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->rtekind == RTE_SUBQUERY && rte->inh && rte->lateral)
			return true;
	}
	return false;
}

/*
 * The query that a Var belongs to, or NULL if its columns must not be named
 * any more: where base relations are set up, as for a LATERAL subquery that is
 * planned by itself, new columns would come too late.  What the members of a
 * LATERAL UNION ALL need is asked of the subquery as it was written.  An
 * expression that is planned alone has no query.
 */
static PlannerInfo *
query_of(PlannerInfo *root, const Var *var)
{
	for (Index level = 0; level < var->varlevelsup && root != NULL; level++)
		root = root->parent_root;
	return root != NULL && root->parse != NULL && root->simple_rel_array == NULL &&
		!has_lateral_union(root) ? root : NULL;
}

/* On this very call, so that the row has to stay one? */
static bool
is_on_row(Relation index, const void *arg)
{
	const FuncExpr *call = arg;
	ListCell   *cell;

	foreach(cell, RelationGetIndexExpressions(index))
	{
		const FuncExpr *indexed = lfirst(cell);

		if (IsA(indexed, FuncExpr) && indexed->funcid == call->funcid &&
			equal(linitial(indexed->args), linitial(call->args)) && IsA(lsecond(indexed->args), Var))
			return true;
	}
	return false;
}

/*
 * Does an outer join stand above this relation?  From 16 on a Var tells, but
 * this answer, which may be yes where the Var is not NULL yet, serves all.
 */
static bool
is_nullable(const Node *jointree, int varno, bool below)
{
	ListCell   *cell;

	if (IsA(jointree, RangeTblRef))
		return below && ((const RangeTblRef *) jointree)->rtindex == varno;
	if (IsA(jointree, JoinExpr))
	{
		const JoinExpr *join = (const JoinExpr *) jointree;
		JoinType	type = join->jointype;

		return is_nullable(join->larg, varno, below || type == JOIN_RIGHT || type == JOIN_FULL) ||
			is_nullable(join->rarg, varno, below || type == JOIN_LEFT || type == JOIN_FULL);
	}
	Assert(IsA(jointree, FromExpr));
	foreach(cell, ((const FromExpr *) jointree)->fromlist)
	{
		if (is_nullable(lfirst(cell), varno, below))
			return true;
	}
	return false;
}

/*
 * Does the query look one row of one table up by its key?  Then a node reads
 * the columns from the row (batch_plan.c), and to name them here would cost
 * more than the score.
 */
static bool
is_lookup(const Rewrite *r, const Query *parse, const Var *row, const RangeTblEntry *rte)
{
	const List *from = parse->jointree->fromlist;
	List	   *columns;

	if (!rml_guc_enable_batch || r->more != NIL || row->varlevelsup > 0 || list_length(from) != 1 ||
		!IsA(linitial(from), RangeTblRef) ||
		linitial_node(RangeTblRef, from)->rtindex != row->varno ||
		rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_RELATION || rte->inh ||
		func_volatile(r->call->funcid) == PROVOLATILE_IMMUTABLE)
		return false;
	columns = rml_equal_columns(parse->jointree->quals, row->varno);
	return columns != NIL && rml_has_index(rte->relid, rml_is_unique_on, columns);
}

static bool
describe_var(Rewrite *r, const Var *row)
{
	PlannerInfo *query = query_of(r->root, row);
	RangeTblEntry *rte;

	if (row->varattno != InvalidAttrNumber || rml_var_is_old_or_new(row))
		return false;
	r->row_type = row->vartype;
	/*
	 * An index keeps its expression as it was once simplified, whatever
	 * happens to the table's columns: there a row stays a row.
	 */
	if (r->root == NULL)
		return false;
	/* with grouping sets the row may be NULL where its columns are not */
	if (query == NULL || query->parse->groupingSets != NIL)
		return false;
	rte = rt_fetch(row->varno, query->parse->rtable);
	if (is_lookup(r, query->parse, row, rte))
	{
		rml_batch_expect();
		return false;
	}
	if (r->ref.pinned && rte->rtekind == RTE_RELATION && rml_has_index(rte->relid, is_on_row, r->call))
		return false;
	if (is_nullable((Node *) query->parse->jointree, row->varno, false))
	{
		/* there NULL, not a row of NULLs; only a table's rows tell by a column which */
		if (rte->rtekind != RTE_RELATION)
			return false;
		r->tableoid = column_of(row, TableOidAttributeNumber, OIDOID, -1, InvalidOid);
	}
	return row->vartype != RECORDOID ? describe_named_row(r, row)
		: describe_anonymous_row(r, row, rte);
}

/* ROW(...), or a subquery's row that has become one. */
static bool
describe_constructor(Rewrite *r, RowExpr *row)
{
	TupleDesc	desc = NULL;
	ListCell   *cell;
	int			i = 0;

	/* what is not needed is not computed any more */
	if (contain_volatile_functions((Node *) row))
		return false;
	r->row_type = row->row_typeid;
	if (row->row_typeid != RECORDOID)
		desc = lookup_rowtype_tupdesc_domain(row->row_typeid, -1, true);
	else if (list_length(row->colnames) != list_length(row->args))
		return false;
	if (row->row_typeid != RECORDOID && (desc == NULL || desc->natts < list_length(row->args)))
		return false;
	r->desc = CreateTemplateTupleDesc(list_length(row->args));
	foreach(cell, row->args)
	{
		Node	   *column = lfirst(cell);
		const char *name = desc == NULL ? strVal(list_nth(row->colnames, i))
			: NameStr(TupleDescAttr(desc, i)->attname);

		if (desc != NULL && TupleDescAttr(desc, i)->attisdropped)
			column = NULL;
		add_column(r, name, column ? exprType(column) : InvalidOid,
				   column ? exprTypmod(column) : -1, (Expr *) column);
		i++;
	}
	if (desc != NULL)
		ReleaseTupleDesc(desc);
	return r->columns != NIL;
}

static bool
describe_row(Rewrite *r, Node *row)
{
	if (IsA(row, Var))
		return describe_var(r, (Var *) row);
	if (IsA(row, RowExpr))
		return describe_constructor(r, (RowExpr *) row);
	return false;
}

/* ---- the call ---- */

/* riskml.score_columns for risk_score, and so on; InvalidOid if the user may not call both. */
static Oid
columns_function(const FuncExpr *call, const List *more)
{
	char	   *name = get_func_name(call->funcid);
	Oid			types[RML_COLUMN_ARGS + MAX_ARGS] = {exprType(linitial(call->args)), TEXTOID, TEXTARRAYOID};
	int			n = RML_COLUMN_ARGS;
	Oid			schema = get_namespace_oid("riskml", true);
	Oid			function;
	ListCell   *cell;

	if (name == NULL || strncmp(name, "risk_", 5) != 0 || !OidIsValid(schema))
		return InvalidOid;
	foreach(cell, more)
		types[n++] = exprType(lfirst(cell));
	types[n++] = ANYOID;
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum(psprintf("%s_columns", name + 5)),
							   PointerGetDatum(buildoidvector(types, n)),
							   ObjectIdGetDatum(schema));
	return OidIsValid(function) && rml_may_execute(call->funcid) && rml_may_execute(function)
		? function : InvalidOid;
}

static Node *
text_constant(const char *value)
{
	return (Node *) makeConst(TEXTOID, -1, get_typcollation(TEXTOID), -1,
							  CStringGetTextDatum(value), false, false);
}

static Node *
names_constant(Datum *names, int n)
{
	ArrayType  *array = construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT);

	return (Node *) makeConst(TEXTARRAYOID, -1, get_typcollation(TEXTOID), -1,
							  PointerGetDatum(array), false, false);
}

static Node *
null_names(void)
{
	return (Node *) makeNullConst(TEXTARRAYOID, -1, get_typcollation(TEXTOID));
}

/* function(model, planned, names, more ..., values ...) */
static Node *
make_call(const Rewrite *r, Oid function, Oid result, Node *names, List *more, List *values)
{
	List	   *args = list_make3(copyObject(linitial(r->call->args)),
								  text_constant(rml_pinned_form(&r->binding)), names);

	FuncExpr   *call;

	args = list_concat(args, copyObject(more));
	call = makeFuncExpr(function, result, list_concat(args, values), InvalidOid,
						r->call->inputcollid, COERCE_EXPLICIT_CALL);
	call->funcretset = get_func_retset(function);
	return (Node *) call;
}

static List *
matched_columns(const Rewrite *r, const RmlMatch *matches, int first, int n)
{
	List	   *values = NIL;

	for (int i = first; i < first + n; i++)
		values = lappend(values, copyObject(list_nth(r->columns, matches[i].attno - 1)));
	return values;
}

/*
 * More values than a function may have go through calls that read some of
 * them each, into float8[].
 */
static Node *
make_call_of_parts(const Rewrite *r, Oid function, const RmlMatch *matches, Datum *names)
{
	int			n = r->model->inputs.n;
	Oid			types[] = {exprType(linitial(r->call->args)), TEXTOID, TEXTARRAYOID, ANYOID};
	Oid			part = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
									   CStringGetDatum("read_columns"),
									   PointerGetDatum(buildoidvector(types, lengthof(types))),
									   ObjectIdGetDatum(get_func_namespace(function)));
	List	   *parts = NIL;

	/* an index on the pinned form must not contain what is not IMMUTABLE */
	if (!OidIsValid(part) || !rml_may_execute(part) ||
		func_volatile(r->call->funcid) == PROVOLATILE_IMMUTABLE ||
		n > RML_MAX_COLUMN_VALUES * (RML_MAX_COLUMN_VALUES - list_length(r->more)))
		return NULL;
	for (int first = 0; first < n; first += RML_MAX_COLUMN_VALUES)
	{
		int			size = Min(RML_MAX_COLUMN_VALUES, n - first);

		parts = lappend(parts, make_call(r, part, FLOAT8ARRAYOID, names_constant(names + first, size), NIL,
										 matched_columns(r, matches, first, size)));
	}
	return make_call(r, function, r->call->funcresulttype, names_constant(names, n), r->more, parts);
}

static Node *
make_columns_call(const Rewrite *r, Oid function, const RmlMatch *matches)
{
	int			n = r->model->inputs.n;
	int			most = RML_MAX_COLUMN_VALUES - list_length(r->more);
	Datum	   *names;

	/* by position all values count, for what they are is said by their number */
	if (matches[0].how == RML_MATCH_POSITION)
		return n > most ? NULL :
			make_call(r, function, r->call->funcresulttype, null_names(), r->more,
					  matched_columns(r, matches, 0, n));
	names = palloc(sizeof(Datum) * n);
	for (int i = 0; i < n; i++)
		names[i] = CStringGetTextDatum(r->model->inputs.names[i]);
	if (n > most && r->shows_values)
		return NULL;
	if (n > most)
		return make_call_of_parts(r, function, matches, names);
	return make_call(r, function, r->call->funcresulttype, names_constant(names, n), r->more,
					 matched_columns(r, matches, 0, n));
}

/* The call for a row that matches; NULL for one that does not, which fails at run time. */
static Node *
rewrite_matched(Rewrite *r, Oid function)
{
	int			n = r->model->inputs.n;
	RmlMatch   *matches;
	Node	   *result;
	CaseExpr   *choice;
	CaseWhen   *when;
	NullTest   *test;

	if (n > r->desc->natts)
		return NULL;
	/* a set has no place in a CASE */
	if (r->tableoid != NULL && r->call->funcretset)
		return NULL;
	matches = palloc(sizeof(RmlMatch) * n);
	rml_match(&r->model->inputs, r->binding.name, r->desc, r->row_type == RECORDOID, true, matches);
	for (int i = 0; i < n; i++)
	{
		if (matches[i].sqlstate != 0)
			return NULL;
	}
	result = make_columns_call(r, function, matches);
	if (result == NULL || r->tableoid == NULL)
		return result;
	test = makeNode(NullTest);
	test->arg = (Expr *) r->tableoid;
	test->nulltesttype = IS_NOT_NULL;
	test->location = -1;
	when = makeNode(CaseWhen);
	when->expr = (Expr *) test;
	when->result = (Expr *) result;
	when->location = -1;
	choice = makeNode(CaseExpr);
	choice->casetype = r->call->funcresulttype;
	choice->args = list_make1(when);
	choice->defresult = (Expr *) makeNullConst(choice->casetype, -1, InvalidOid);
	choice->location = -1;
	return (Node *) choice;
}

/* What else must invalidate a plan with the rewritten call, or one without it. */
static void
record_dependencies(const Rewrite *r)
{
	PlannerGlobal *glob = r->root->glob;

	glob->relationOids = lappend_oid(glob->relationOids, rml_catalog_table(RML_TAB_ALIAS));
	if (r->row_type != RECORDOID && OidIsValid(r->row_type))
	{
		Oid			relation = typeidTypeRelid(getBaseType(r->row_type));

		if (OidIsValid(relation))
			glob->relationOids = lappend_oid(glob->relationOids, relation);
	}
	record_plan_function_dependency(r->root, r->call->funcid);
}

/* Is the function of that name called? */
static bool
call_is(const FuncExpr *call, const char *function)
{
	char	   *name = get_func_name(call->funcid);

	return name != NULL && strcmp(name, function) == 0;
}

static Node *
rewrite_call(PlannerInfo *root, FuncExpr *call)
{
	Rewrite		r = {.root = root, .call = call};
	Oid			function;
	Node	   *volatile result = NULL;

	if (list_length(call->args) < 2 || list_length(call->args) > MAX_ARGS || !read_reference(linitial(call->args), &r.ref))
		return NULL;
	r.more = list_copy_tail(call->args, 2);
	r.shows_values = call_is(call, "risk_explain");
	/* without a query there is no plan that could be invalidated */
	if ((root == NULL && !r.ref.pinned) || !describe_row(&r, lsecond(call->args)))
		return NULL;
	if (root != NULL)
		record_dependencies(&r);
	function = columns_function(call, r.more);
	if (!OidIsValid(function) || !rml_try_resolve(&r.ref, &r.binding))
		return NULL;
	r.model = rml_cache_pin(&r.binding);
	PG_TRY();
	{
		result = rewrite_matched(&r, function);
	}
	PG_FINALLY();
	{
		rml_cache_unpin(r.model);
	}
	PG_END_TRY();
	if (result != NULL)
		rml_batch_expect();
	return result;
}

/* ---- cost ---- */

static bool
estimate_cost(SupportRequestCost *request)
{
	const FuncExpr *call = (const FuncExpr *) request->node;
	RmlRef		ref;
	RmlBinding	binding;
	RmlModel   *model;
	double		nodes = 0;
	double		explained = 0;
	const char *name;

	if (call == NULL || !IsA(call, FuncExpr) || call->args == NIL ||
		!read_reference(linitial(call->args), &ref) || !rml_try_resolve(&ref, &binding))
		return false;
	name = get_func_name(call->funcid);
	model = rml_cache_pin(&binding);
	for (int i = 0; i < model->image.header->n_trees; i++)
		nodes += model->image.trees[i].depth;
	if (name != NULL && (strstr(name, "contributions") != NULL || strstr(name, "explain") != NULL || strstr(name, "reasons") != NULL))
		explained = (double) rml_image_entries(model->image.header, RML_SEC_NODES);
	nodes += model->image.header->n_features;
	if (model->inputs.transform != NULL)
		nodes += model->inputs.transform->n_reads + model->inputs.transform->program->n_instructions;
	rml_cache_unpin(model);
	request->startup = 0;
	request->per_tuple = cpu_operator_cost * (10 + nodes / NODES_PER_OPERATOR + explained / EXPLAINED_PER_OPERATOR);
	return true;
}

/* Support function of risk_*(model_ref, record) and riskml.*_columns(). */
Datum
riskml_score_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *answer = NULL;

	if (IsA(request, SupportRequestSimplify))
		answer = rewrite_call(((SupportRequestSimplify *) request)->root,
							  ((SupportRequestSimplify *) request)->fcall);
	else if (IsA(request, SupportRequestCost) && estimate_cost((SupportRequestCost *) request))
		answer = request;
	PG_RETURN_POINTER(answer);
}
