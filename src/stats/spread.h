/*
 * spread.h
 *	  Range, deviation and skewness of the reference sample.
 */
#ifndef RML_STATS_SPREAD_H
#define RML_STATS_SPREAD_H

#include "stats/sides.h"

typedef struct RmlSpread
{
	double		min;
	double		max;
	double		deviation;		/* root of the mean square (ddof 0); NaN if a value is infinite */
	double		skewness;		/* mean cube over the deviation's; NaN where there is none */
} RmlSpread;

/* The reference must have rows. */
extern void rml_spread_of(RmlSides *sides, RmlSpread *spread);

#endif
