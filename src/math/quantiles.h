/*
 * quantiles.h
 *	  Quantiles of values that come one after the other, the largest first, as R's
 *	  type 7 and numpy.quantile() have them.
 */
#ifndef RML_MATH_QUANTILES_H
#define RML_MATH_QUANTILES_H

typedef struct RmlQuantiles
{
	int			parts;
	double		total;			/* rows */
	double	   *values;			/* parts + 1: the quantiles 1, 1 - 1/parts, ... 0 */
	int			upper;			/* those whose upper neighbour among the rows is known, */
	int			lower;			/* and whose lower one, too */
} RmlQuantiles;

/*
 * The rows up to `end`, counted from the largest value on, that have not come
 * before have this value.  At last, with INFINITY: the least value, whatever sums of
 * weights were rounded to.
 */
extern void rml_quantiles_add(RmlQuantiles *quantiles, double end, double value);

/* Leaves equal neighbours out; returns how many are left. */
extern int	rml_leave_equals_out(double *values, int n);

/* The quantile of values that are sorted, the least first. */
extern double rml_quantile_of(const double *sorted, int n, double p);

#endif
