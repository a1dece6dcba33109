/*
 * batch.h
 *	  Rows that are scored in blocks: a plan node that reads some hundred rows
 *	  ahead and gives the results of riskml.*_columns() as columns.
 *
 * The plan node is a CustomScan over one child.  Its custom_scan_tlist has
 * columns of the child (Vars of OUTER_VAR) and calls (FuncExprs over such
 * Vars); or, above a scan of a table, those of the table itself, which it reads
 * where the scan stands.  custom_private says what the executor would otherwise
 * have to find out for each execution.
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
	RML_BATCH_KEPT,				/* of each column that is used above its number, from 1 on, and its type's
								 * length and whether it is by value; others are NULL */
	RML_BATCH_CALLS,			/* for each call an integer list, see below */
	RML_BATCH_COMPUTED,			/* target list of the values that are not columns */
	RML_BATCH_READS_ROW			/* one integer: are columns those of the table that the child scans? */
} RmlBatchPrivate;

/* What the list of a call begins with; then for each value: */
typedef enum RmlBatchCall
{
	RML_BATCH_COLUMN,			/* number of the column that it fills */
	RML_BATCH_RESULT,			/* index into rml_batch_results */
	RML_BATCH_PINNED_ONLY,
	RML_BATCH_VALUES			/* the column that is read, or minus the number of the computed value */
} RmlBatchCall;

/* Results that nodes can give, by index; ended by NULL. */
extern const RmlResult *const rml_batch_results[];

/* Functions of which a plan has calls, so that each is looked up once. */
#define RML_BATCH_FUNCTIONS 8

typedef struct RmlBatchFunction
{
	Oid			oid;
	int			result;			/* index into rml_batch_results; -1: not one of ours */
	bool		pinned_only;
} RmlBatchFunction;

typedef struct RmlBatchFunctions
{
	int			n;
	RmlBatchFunction known[RML_BATCH_FUNCTIONS];
} RmlBatchFunctions;

/* Index of the result that a call of riskml.*_columns() gives; -1 for any other call. */
extern int	rml_batch_function(RmlBatchFunctions *functions, const FuncExpr *call, bool *pinned_only);

/*
 * The values that a call passes, those within riskml.read_columns() included;
 * NIL if it is not a call as the planner makes it.
 */
extern List *rml_batch_values(const FuncExpr *call);

/*
 * Is this f(constant, row of a table)?  Of a function of ours (see above) it is a
 * call whose values are the row's columns, named by the model.
 */
extern bool rml_batch_reads_row(const FuncExpr *call);
extern bool rml_batch_any_reads_row(const List *calls);

/*
 * The calls in an expression that a node can take over, each once; with `safe`
 * only those that cannot fail, whatever the row; with `rows` those on a row, too.
 */
extern List *rml_batch_calls(RmlBatchFunctions *functions, Node *expression, bool safe, bool rows);

/* The same in what the aggregates of some expressions get of every row. */
extern List *rml_batch_input_calls(RmlBatchFunctions *functions, List *expressions, bool safe);

#endif
