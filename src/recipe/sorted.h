/*
 * sorted.h
 *	  Numbers, ascending: put one by one, then read as often as wanted.
 *
 * As many as fit into maintenance_work_mem twice are sorted in memory by their digits, more by tuplesort, whose
 * files belong to the resource owner of who began it.  -0 becomes 0.
 */
#ifndef RML_RECIPE_SORTED_H
#define RML_RECIPE_SORTED_H

#include "recipe/fit.h"

/* For at most this many values, in the current memory context; those that are NaN are left out. */
extern RmlSorted *rml_sorted_begin(int64 most);
extern void rml_sorted_put(RmlSorted *sorted, const double *values, int n);

/* After the last value. */
extern void rml_sorted_finish(RmlSorted *sorted);

#endif
