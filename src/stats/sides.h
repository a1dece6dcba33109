/*
 * sides.h
 *	  The values of two samples, sorted: what exact statistics of (x, is_reference) read.
 *
 * A transition function puts values in, a final function reads the distinct values in order, each with the number of
 * rows that have it on either side, as often as it likes.  Memory is bounded by work_mem for both sides together; what
 * is more is on disk.
 */
#ifndef RML_STATS_SIDES_H
#define RML_STATS_SIDES_H

#include "fmgr.h"

typedef struct RmlSides RmlSides;

/* The index of a side. */
#define RML_REFERENCE 0
#define RML_CURRENT 1

/* A distinct value; which of number and text it is depends on what was put in. */
typedef struct RmlSidesValue
{
	double		number;
	const char *text;			/* valid until the next is read */
	int			length;
	int64		rows[2];
} RmlSidesValue;

/* The state in argument 0, made in the aggregate's context if that is NULL. */
extern RmlSides *rml_sides_of(FunctionCallInfo fcinfo, bool texts);

/* NaN is only counted. */
extern void rml_sides_put_number(RmlSides *sides, int side, double x);
extern void rml_sides_put_text(RmlSides *sides, int side, text *x);

/* Rows put in, without NaN, and those with NaN. */
extern int64 rml_sides_rows(const RmlSides *sides, int side);
extern int64 rml_sides_nans(const RmlSides *sides, int side);

/* Sorts at the first time; then reading begins with the smallest value. */
extern void rml_sides_rewind(RmlSides *sides);
extern bool rml_sides_next(RmlSides *sides, RmlSidesValue *value);

#endif
