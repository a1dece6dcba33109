/*
 * by_key.c
 *	  Queries that look one row of a table up by its key.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "score/by_key.h"

bool
rml_has_index(Oid relid, RmlIndexTest test, const void *arg)
{
	Relation	relation = table_open(relid, NoLock);
	List	   *indexes = RelationGetIndexList(relation);
	bool		found = false;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		found = found || test(index, arg);
		index_close(index, NoLock);
	}
	table_close(relation, NoLock);
	return found;
}

bool
rml_is_unique_on(Relation index, const void *columns)
{
	const FormData_pg_index *form = index->rd_index;
	bool		all = form->indisunique && form->indisvalid && RelationGetIndexPredicate(index) == NIL;

	for (int i = 0; i < form->indnkeyatts; i++)
		all = all && list_member_int(columns, form->indkey.values[i]);
	return all;
}

/* The column of a comparison that holds it equal to something known; 0: none. */
static AttrNumber
equal_column(const OpExpr *comparison, int varno)
{
	if (list_length(comparison->args) != 2 || get_mergejoin_opfamilies(comparison->opno) == NIL)
		return 0;
	for (int i = 0; i < 2; i++)
	{
		const Node *value = list_nth(comparison->args, 1 - i);
		const Var  *column = list_nth(comparison->args, i);

		/* a varchar that is compared as text */
		if (IsA(column, RelabelType))
			column = (const Var *) ((const RelabelType *) column)->arg;
		if (IsA(column, Var) && column->varno == varno && column->varlevelsup == 0 &&
			(IsA(value, Const) || IsA(value, Param)))
			return column->varattno;
	}
	return 0;
}

List *
rml_equal_columns(Node *condition, int varno)
{
	List	   *columns = NIL;
	ListCell   *cell;
	AttrNumber	column;

	if (condition == NULL)
		return NIL;
	if (IsA(condition, List) || is_andclause(condition))
	{
		foreach(cell, IsA(condition, List) ? (List *) condition : ((BoolExpr *) condition)->args)
			columns = list_concat(columns, rml_equal_columns(lfirst(cell), varno));
		return columns;
	}
	column = IsA(condition, OpExpr) ? equal_column((OpExpr *) condition, varno) : 0;
	return column != 0 ? list_make1_int(column) : NIL;
}
