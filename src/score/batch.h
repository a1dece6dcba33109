/*
 * batch.h
 *	  Rows that are scored in blocks: a plan node that reads some hundred rows
 *	  ahead and gives the results of riskml.*_columns() as columns.
 *
 * The plan node is a CustomScan over one child.  Its custom_scan_tlist has
 * columns of the child (Vars of OUTER_VAR) and calls (FuncExprs over such
 * Vars); custom_private says what the executor would otherwise have to find
 * out for each execution.
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

/* What custom_private is a list of. */
typedef enum RmlBatchPrivate
{
	RML_BATCH_KEPT,				/* numbers, from 1 on, of the columns that are used above; others are NULL */
	RML_BATCH_CALLS,			/* for each call an integer list, see below */
	RML_BATCH_COMPUTED			/* target list of the values that are not columns of the child */
} RmlBatchPrivate;

/* What the list of a call begins with; then for each value: */
typedef enum RmlBatchCall
{
	RML_BATCH_COLUMN,			/* number of the column that it fills */
	RML_BATCH_RESULT,			/* index into rml_batch_results */
	RML_BATCH_PINNED_ONLY,
	RML_BATCH_VALUES			/* the child's column, or minus the number of the computed one */
} RmlBatchCall;

/* Results that nodes can give, by index; ended by NULL. */
extern const RmlResult *const rml_batch_results[];

/* The values that a call passes, those within riskml.read_columns() included. */
extern List *rml_batch_values(const FuncExpr *call);

#endif
