/*
 * binned.h
 *	  What counts in bins tell about the values themselves.
 */
#ifndef RML_MATH_BINNED_H
#define RML_MATH_BINNED_H

#include <stddef.h>

/*
 * Values by their bins: counts[0] below edges[0], counts[1 .. n] in the bins between the edges, counts[n + 1] above
 * edges[n]; those outside lie between the edges and min or max, where min <= max, else at the edges.  Within a bin
 * they are spread evenly; those that reach to infinity lie there.
 */
typedef struct RmlBinned
{
	const double *edges;
	const double *counts;
	size_t		n;
	double		min;
	double		max;
} RmlBinned;

/* Where a share of the values, p in [0, 1], lies below; there is a value. */
extern double rml_binned_quantile(const RmlBinned *values, double p);

/* The share of values not above x. */
extern double rml_binned_cdf(const RmlBinned *values, double x);

/*
 * Statistics of scores by the counts of positives and negatives in n bins, in the order of the scores; each differs
 * from that of the scores themselves by at most *bound.
 */
extern double rml_binned_auc(const double *positives, const double *negatives, size_t n, double *bound);
extern double rml_binned_average_precision(const double *positives, const double *negatives, size_t n, double *bound);

#endif
