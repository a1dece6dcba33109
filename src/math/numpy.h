/*
 * numpy.h
 *	  Sums, bins and distances as numpy 1.24 and scipy 1.10 round them.
 *
 * Tools in Python are reproduced with these: where a distance is near to 0, or a value near to an edge, the order of
 * operations shows.
 */
#ifndef RML_MATH_NUMPY_H
#define RML_MATH_NUMPY_H

#include <stddef.h>

#define RML_NUMPY_BINS 1024		/* no rule below asks for more */

/* numpy.sum() */
extern double rml_numpy_sum(const double *x, size_t n);

/*
 * numpy.histogram_bin_edges(): by the rules "sturges" and "doane" for n > 0 values in [low, high], finite; how many
 * bins, and their edges, one more.  0 if high - low is beyond double.  Deviation and skewness as in numpy, 0 and
 * anything for values that are all equal.
 */
extern int rml_numpy_sturges(double low, double high, double n, double *edges);
extern int rml_numpy_doane(double low, double high, double n, double deviation, double skewness, double *edges);

/* scipy.spatial.distance.jensenshannon() of at most RML_NUMPY_BINS + 1 shares; base 0 is e; a rounding below 0 counts as 0. */
extern double rml_scipy_jensen_shannon(const double *p, const double *q, size_t n, double base);

#endif
