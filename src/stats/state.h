/*
 * state.h
 *	  States of mergeable aggregates: a float8[] with the number of rows and
 *	  then sums, each as two numbers (math/sums.h).
 */
#ifndef RML_STATS_STATE_H
#define RML_STATS_STATE_H

#include "utils/array.h"

/*
 * The state that is argument 0, checked to be an array of numbers, and to be
 * changed: a copy unless an aggregate calls.  The array is what to return.
 */
extern double *rml_state_begin(FunctionCallInfo fcinfo, ArrayType **array);

/* The same with so many elements. */
extern double *rml_state_of(FunctionCallInfo fcinfo, int length, ArrayType **array);
extern int	rml_state_length(const ArrayType *array);

/* The state that is argument 0 of a final function. */
extern const double *rml_state_final(FunctionCallInfo fcinfo, int length);

extern void rml_state_merge(double *to, const double *from, int length);

#endif
