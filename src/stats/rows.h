/*
 * rows.h
 *	  What every metric demands of a row: its score, label and weight.
 */
#ifndef RML_STATS_ROWS_H
#define RML_STATS_ROWS_H

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "utils/array.h"
#include "utils/float.h"

#include "compat.h"

pg_noreturn extern void rml_refuse_label(int32 label);
pg_noreturn extern void rml_refuse_score(double score);
pg_noreturn extern void rml_refuse_probability(double score);
pg_noreturn extern void rml_refuse_weight(double weight);
pg_noreturn extern void rml_refuse_number(const char *what, double value);

/* A number of bins, the same for all rows: NULL and others than 1 to 10,000 are refused. */
extern int	rml_bins_argument(FunctionCallInfo fcinfo, int argument);
extern void rml_require_same_bins(int before, int bins);

/* Is the row a positive one?  22023 for a label other than 0 and 1. */
static inline bool
rml_label_of_int(int32 label)
{
	if (unlikely((label & ~1) != 0))
		rml_refuse_label(label);
	return label != 0;
}

/* 22023 for NaN. */
static inline double
rml_check_score(double score)
{
	if (unlikely(isnan(score)))
		rml_refuse_score(score);
	return score;
}

static inline double
rml_check_probability(double score)
{
	if (unlikely(!(score >= 0.0 && score <= 1.0)))
		rml_refuse_probability(score);
	return score;
}

/* 22023 for one that is negative or not finite. */
static inline double
rml_check_weight(double weight)
{
	if (unlikely(!(weight >= 0.0 && weight <= DBL_MAX)))
		rml_refuse_weight(weight);
	return weight;
}

static inline double
rml_check_finite(const char *what, double value)
{
	if (unlikely(!isfinite(value)))
		rml_refuse_number(what, value);
	return value;
}

/* 22003 for what has overflowed. */
static inline double
rml_in_range(double value)
{
	if (unlikely(!isfinite(value)))
		float_overflow_error();
	return value;
}

/* Probabilities of *n classes, of which the label is one. */
extern const double *rml_check_probabilities(ArrayType *array, int32 label, int *n);

#endif
