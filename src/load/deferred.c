/*
 * deferred.c
 *	  Constraints of a table that are checked when the transaction commits.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "load/deferred.h"

static List *
add_constraints(List *found, Relation constraints, Oid table)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint row = (Form_pg_constraint) GETSTRUCT(tuple);

		if (row->condeferrable && row->condeferred)
			found = lappend(found, makeRangeVar(get_namespace_name(row->connamespace), pstrdup(NameStr(row->conname)), -1));
	}
	systable_endscan(scan);
	return found;
}

List *
rml_deferred_constraints(Relation rel)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	List	   *tables = list_make1_oid(RelationGetRelid(rel));
	List	   *found = NIL;
	ListCell   *cell;

	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		tables = find_all_inheritors(RelationGetRelid(rel), AccessShareLock, NULL);
	foreach(cell, tables)
		found = add_constraints(found, constraints, lfirst_oid(cell));
	table_close(constraints, AccessShareLock);
	return found;
}

void
rml_set_constraints(List *constraints, bool deferred)
{
	ConstraintsSetStmt *statement;

	if (constraints == NIL)
		return;
	statement = makeNode(ConstraintsSetStmt);
	statement->constraints = constraints;
	statement->deferred = deferred;
	AfterTriggerSetState(statement);
}
