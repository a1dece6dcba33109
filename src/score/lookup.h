/*
 * lookup.h
 *	  Rows of a table by an index, read without starting a plan node for it.
 */
#ifndef RML_SCORE_LOOKUP_H
#define RML_SCORE_LOOKUP_H

#include "nodes/execnodes.h"

typedef struct RmlLookup RmlLookup;

/*
 * What `plan`, a child of the node `above`, would give; NULL if it is not an
 * index scan without further conditions, or if it is to be seen at work: then
 * it has to be a node.
 */
extern RmlLookup *rml_lookup_begin(PlanState *above, Plan *plan, EState *estate, int eflags);

/* The next row, in a slot that stands on the table; NULL: there is none. */
extern TupleTableSlot *rml_lookup_next(RmlLookup *lookup);

/* Begins anew, with the parameters of now. */
extern void rml_lookup_rescan(RmlLookup *lookup);

extern void rml_lookup_end(RmlLookup *lookup);

#endif
