/*
 * power.h
 *	  The transforms of Box and Cox, and of Yeo and Johnson, and the lambda of maximum likelihood.
 */
#ifndef RML_MATH_POWER_H
#define RML_MATH_POWER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum RmlPower
{
	RML_BOX_COX,				/* NaN for x <= 0 */
	RML_YEO_JOHNSON
} RmlPower;

extern double rml_power(RmlPower method, double x, double lambda);

/* Finite values, ascending, that can be read several times; for Box and Cox greater than 0. */
typedef struct RmlAscending
{
	int64_t		n;				/* > 0 */
	void		(*rewind) (void *arg);
	const double *(*next) (void *arg, int *n);	/* a block; NULL at the end */
	void	   *arg;
} RmlAscending;

/* What scipy.stats.boxcox_llf() and yeojohnson_llf() give; infinite if all values are equal. */
extern double rml_power_likelihood(RmlPower method, const RmlAscending *values, double lambda);

/*
 * The lambda of the greatest likelihood among those that keep squares of all
 * values finite, and most values apart by enough of their digits: that of
 * values far from 0 would often leave none.  False, and 1, if there is none: all
 * values are equal, or the least and the greatest would be so then, as doubles.
 */
extern bool rml_power_fit(RmlPower method, const RmlAscending *values, double *lambda);

#endif
