/*
 * batch.h
 *	  Rows that are scored in blocks: a plan node that reads some hundred rows
 *	  ahead and gives the results of riskml.*_columns() as columns.
 *
 * The plan node is a CustomScan over one child.  Its custom_scan_tlist has
 * columns of the child (Vars of OUTER_VAR) and calls (FuncExprs over such
 * Vars); custom_private lists the numbers, from 1 on, of the columns that are
 * used above, the others being NULL.
 */
#ifndef RML_SCORE_BATCH_H
#define RML_SCORE_BATCH_H

#include "nodes/extensible.h"
#include "nodes/plannodes.h"

#include "score/result.h"

extern const CustomScanMethods rml_batch_methods;

/* Hooks into the planner; once per backend. */
extern void rml_batch_init(void);

/* Says that the query being planned has calls that can be scored in blocks. */
extern void rml_batch_expect(void);

/* The result that this call of riskml.*_columns() gives, or NULL for any other call. */
extern const RmlResult *rml_batch_result(const FuncExpr *call, bool *pinned_only);

/* The values that a call passes, those within riskml.read_columns() included. */
extern List *rml_batch_values(const FuncExpr *call);

#endif
