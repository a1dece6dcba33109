/*
 * special.c
 *	  Distribution functions of the normal and the chi-squared distribution.
 *
 * The chi-squared tail is the regularised incomplete gamma function Q(df/2, x/2): its power series
 * below the mean, its continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31, the latter by the
 * method of Lentz).  The factor x^a e^-x / Gamma(a+1) of both is computed by Loader's saddle-point form
 * ("Fast and Accurate Computation of Binomial Probabilities", 2000), as its logarithm would lose the
 * digits for many degrees of freedom.  Relative errors stay below 1e-12 up to 1e7 degrees of freedom.
 */
#include "math/special.h"

#include <float.h>
#include <math.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_2PI 2.50662827463100050241576528481
#define MAX_TERMS 10000000

/* log(n!) less Stirling's formula for it. */
static double
stirling_rest(double n)
{
	double		s = 1 / (n * n);

	if (n < 16)
		return lgamma(n + 1) - (n + 0.5) * log(n) + n - LOG_SQRT_2PI;
	/* the terms are B(2k) / (2k (2k - 1) n^(2k-1)) */
	return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188)))) / n;
}

/* a log(a/x) + x - a, without cancellation where a is near x. */
static double
deviance(double a, double x)
{
	double		v = (a - x) / (a + x);
	double		sum,
				term;

	if (fabs(v) > 0.1)
		return a * log(a / x) + x - a;
	sum = (a - x) * v;
	term = 2 * a * v;
	for (int k = 1; k < 1000; k++)
	{
		double		next;

		term *= v * v;
		next = sum + term / (2 * k + 1);
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

/* x^a e^-x / Gamma(a + 1) */
static double
poisson_density(double a, double x)
{
	if (a < 1e-300)
		return exp(-x);
	return exp(-stirling_rest(a) - deviance(a, x)) / (SQRT_2PI * sqrt(a));
}

/* P(a, x) by its series; for x < a + 1. */
static double
gamma_p_series(double a, double x)
{
	double		term = 1,
				sum = 1;

	for (int k = 1; k < MAX_TERMS && term > sum * DBL_EPSILON / 4; k++)
	{
		term *= x / (a + k);
		sum += term;
	}
	return poisson_density(a, x) * sum;
}

/* Q(a, x) by its continued fraction; for x >= a + 1. */
static double
gamma_q_fraction(double a, double x)
{
	double		b = x + 1 - a;
	double		c = 1 / DBL_MIN;
	double		d = 1 / b;
	double		h = d;

	for (int k = 1; k < MAX_TERMS; k++)
	{
		double		an = -k * (k - a);
		double		delta;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		c = b + an / c;
		if (fabs(c) < DBL_MIN)
			c = DBL_MIN;
		delta = d * c;
		h *= delta;
		if (fabs(delta - 1) < DBL_EPSILON)
			break;
	}
	return poisson_density(a, x) * a * h;
}

double
rml_binomial_density(double k, double n, double expected, double unexpected)
{
	double		rest = n - k;

	if (k <= 0 || rest <= 0)
		return exp(n * log((k <= 0 ? unexpected : expected) / n));
	return exp(stirling_rest(n) - stirling_rest(k) - stirling_rest(rest) - deviance(k, expected) - deviance(rest, unexpected)) *
		sqrt(n / (2 * M_PI * k * rest));
}

double
rml_log_factorial_ratio(double n)
{
	return LOG_SQRT_2PI + log(n) / 2 - n + stirling_rest(n);
}

double
rml_chi2_sf(double x, double df)
{
	double		a = df / 2;

	if (!(df > 0) || isinf(df) || isnan(x))
		return NAN;
	x /= 2;
	if (x <= 0)
		return 1;
	if (isinf(x))
		return 0;
	return x < a + 1 ? 1 - gamma_p_series(a, x) : gamma_q_fraction(a, x);
}

double
rml_chi2_isf(double p, double df)
{
	double		low = 0,
				high = df;

	if (!(df > 0) || isinf(df) || !(p >= 0 && p <= 1))
		return NAN;
	if (p == 0)
		return INFINITY;
	if (p == 1)
		return 0;
	while (rml_chi2_sf(high, df) > p)
	{
		low = high;
		high *= 2;
	}
	/* halving is slow but sure: some sixty steps */
	for (int i = 0; i < 2000 && high - low > high * DBL_EPSILON; i++)
	{
		double		middle = low + (high - low) / 2;

		if (middle <= low || middle >= high)
			break;
		if (rml_chi2_sf(middle, df) > p)
			low = middle;
		else
			high = middle;
	}
	return low + (high - low) / 2;
}

double
rml_normal_sf(double z)
{
	return erfc(z * M_SQRT1_2) / 2;
}

double
rml_normal_quantile(double p)
{
	double		tail = p < 0.5 ? p : 1 - p;
	double		t,
				z;

	if (!(p >= 0 && p <= 1))
		return NAN;
	if (tail == 0)
		return p < 0.5 ? -INFINITY : INFINITY;
	/* Abramowitz and Stegun 26.2.23, refined by Halley's method */
	t = sqrt(-2 * log(tail));
	z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
	for (int i = 0; i < 4; i++)
	{
		double		step = (rml_normal_sf(z) - tail) * SQRT_2PI * exp(z * z / 2);

		z += step / (1 - z * step / 2);
	}
	return p < 0.5 ? -z : z;
}
