/*
 * parents.h
 *	  Finds rows whose foreign keys refer to nothing, without writing.
 */
#ifndef RML_LOAD_PARENTS_H
#define RML_LOAD_PARENTS_H

#include "executor/tuptable.h"

#include "load/rows.h"

typedef struct RmlParents RmlParents;

/* NULL if the table has no foreign keys that are checked at once. In the current memory context. */
extern RmlParents *rml_parents_begin(Relation rel);

/* Keeps the foreign keys of a row, which gets the next number from 0 on. */
extern void rml_parents_add(RmlParents *parents, TupleTableSlot *slot);

typedef enum RmlParent
{
	RML_PARENT_FOUND,
	RML_PARENT_MISSING,			/* with a fault */
	RML_PARENT_MAY_COME			/* with other rows, or by a trigger */
} RmlParent;

/* Looks all of them up; result has room for each row. */
extern void rml_parents_look_up(RmlParents *parents, RmlParent *result, RmlRowFault *faults);

#endif
