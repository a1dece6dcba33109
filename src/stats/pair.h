/*
 * pair.h
 *	  Two distributions, bin by bin.
 *
 * What counts as a bin: underflow, bins, overflow of numbers; the categories of either side and other values;
 * where "missing" is asked for, nulls and NaN as well.
 */
#ifndef RML_STATS_PAIR_H
#define RML_STATS_PAIR_H

#include "stats/distribution.h"

typedef struct RmlPair
{
	size_t		n;
	double	   *counts[2];
	double	   *shares[2];
	double		totals[2];
} RmlPair;

/* Arguments 0 and 1 of a function; false if a side is empty. */
extern bool rml_pair_read(FunctionCallInfo fcinfo, bool missing, RmlPair *pair);

/* The same of numbers only; an error says that categories have no such thing. */
extern bool rml_pair_read_numeric(FunctionCallInfo fcinfo, const char *what, RmlPair *pair);

/* A row of the function's type, none of it null. */
extern Datum rml_row(FunctionCallInfo fcinfo, Datum *values);

#endif
