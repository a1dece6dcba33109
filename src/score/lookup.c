/*
 * lookup.c
 *	  Rows of a table by an index, read without starting a plan node for it.
 *
 * A node of PostgreSQL's is started for every execution of a plan, also of one
 * that is prepared, and for one row that takes longer than its score.  What is
 * done here is what nodeIndexscan.c does where there is nothing to check, to
 * compute or to order.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "executor/nodeIndexscan.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "base/hot.h"
#include "compat.h"
#include "score/lookup.h"

struct RmlLookup
{
	const IndexScan *plan;
	EState	   *estate;
	Relation	table;			/* the executor closes it */
	Relation	index;
	TupleTableSlot *slot;
	ScanKey		keys;
	int			n_keys;
	IndexRuntimeKeyInfo *runtime_keys;
	int			n_runtime_keys;
	ExprContext *econtext;		/* holds their values, unless they are by value */
	IndexScanDesc scan;			/* NULL: not begun */
};

/* Is there nothing but the index's own conditions, which a B-tree decides alone? */
static bool
is_plain(const IndexScan *plan)
{
	return plan->scan.plan.qual == NIL && plan->indexorderby == NIL &&
		plan->scan.plan.initPlan == NIL && !plan->scan.plan.parallel_aware;
}

/* Are the values that are computed for the conditions all by value, so that nothing holds them? */
static bool
are_by_value(const RmlLookup *lookup)
{
	const Relation index = lookup->index;

	for (int i = 0; i < lookup->n_runtime_keys; i++)
	{
		const ScanKeyData *key = lookup->runtime_keys[i].scan_key;
		int			column = key->sk_attno - 1;

		/* an array has the type of its elements */
		if ((key->sk_flags & SK_SEARCHARRAY) != 0 ||
			!TupleDescAttr(RelationGetDescr(index), column)->attbyval ||
			key->sk_subtype != index->rd_opcintype[column])
			return false;
	}
	return true;
}

RML_HOT RmlLookup *
rml_lookup_begin(PlanState *above, Plan *plan, EState *estate, int eflags)
{
	IndexScan  *scan = (IndexScan *) plan;
	RmlLookup  *lookup;

	if (!IsA(plan, IndexScan) || !is_plain(scan) || (eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0 ||
		estate->es_instrument != 0 || estate->es_epq_active != NULL)
		return NULL;
	lookup = palloc0(sizeof(RmlLookup));
	lookup->plan = scan;
	lookup->estate = estate;
	lookup->table = ExecOpenScanRelation(estate, scan->scan.scanrelid, eflags);
	lookup->index = index_open(scan->indexid, exec_rt_fetch(scan->scan.scanrelid, estate)->rellockmode);
	if (lookup->index->rd_rel->relam != BTREE_AM_OID)
	{
		index_close(lookup->index, NoLock);
		pfree(lookup);
		return NULL;
	}
	lookup->slot = table_slot_create(lookup->table, &estate->es_tupleTable);
	ExecIndexBuildScanKeys(above, lookup->index, scan->indexqual, false, &lookup->keys, &lookup->n_keys,
						   &lookup->runtime_keys, &lookup->n_runtime_keys, NULL, NULL);
	lookup->econtext = are_by_value(lookup) ? above->ps_ExprContext : CreateExprContext(estate);
	return lookup;
}

/* Not before the first row is asked for: parameters may come late. */
RML_HOT static void
start(RmlLookup *lookup)
{
	if (lookup->scan == NULL)
		lookup->scan = rml_index_beginscan(lookup->table, lookup->index, lookup->estate->es_snapshot,
										   lookup->n_keys);
	if (lookup->n_runtime_keys > 0)
	{
		ResetExprContext(lookup->econtext);
		ExecIndexEvalRuntimeKeys(lookup->econtext, lookup->runtime_keys, lookup->n_runtime_keys);
	}
	index_rescan(lookup->scan, lookup->keys, lookup->n_keys, NULL, 0);
}

RML_HOT TupleTableSlot *
rml_lookup_next(RmlLookup *lookup)
{
	CHECK_FOR_INTERRUPTS();
	if (lookup->scan == NULL)
		start(lookup);
	return index_getnext_slot(lookup->scan, lookup->plan->indexorderdir, lookup->slot) ? lookup->slot
		: NULL;
}

void
rml_lookup_rescan(RmlLookup *lookup)
{
	if (lookup->scan != NULL)
		start(lookup);
}

RML_HOT void
rml_lookup_end(RmlLookup *lookup)
{
	if (lookup->scan != NULL)
		index_endscan(lookup->scan);
	index_close(lookup->index, NoLock);
}
