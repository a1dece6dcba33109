/*
 * tuple_walk.h
 *	  Reads the columns of a recipe straight from a stored tuple, in one pass
 *	  over it, where a block of rows is scored: no datum is put down and taken
 *	  up again.
 */
#ifndef RML_SCORE_TUPLE_WALK_H
#define RML_SCORE_TUPLE_WALK_H

#include "access/htup_details.h"
#include "executor/tuptable.h"

#include "score/raw.h"

/* A column on the way. */
typedef struct RmlTupleStep
{
	uint8		what;			/* in tuple_walk.c */
	uint8		align;			/* of its type, in bytes */
	int16		length;			/* of its type; -1: varlena */
	int			read;			/* the first read of the column, */
	int			n_reads;		/* and how many it has */
} RmlTupleStep;

typedef struct RmlTupleWalk
{
	const RmlTransform *transform;
	TupleDesc	desc;
	int			n_steps;		/* up to the last column that is read */
	RmlTupleStep *steps;
	RmlRawRead *reads;			/* in the order of the columns; their slots are distances, as in raw.h */
} RmlTupleWalk;

/*
 * Makes a walk over rows of this type; walk->steps has room for all its columns.
 * Sorts the reads.  False if a column's type has no place in it.
 */
extern bool rml_tuple_walk_init(RmlTupleWalk *walk, const RmlTransform *transform, TupleDesc desc, RmlRawRead *reads, int n);

/*
 * Reads the tuple of a slot; false if it has none of this type, or one from
 * before columns were added: it has to be read otherwise.
 */
extern bool rml_tuple_walk_read(const RmlTupleWalk *walk, TupleTableSlot *slot, double *slots);

#endif
