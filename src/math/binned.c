/*
 * binned.c
 *	  What counts in bins tell about the values themselves.
 */
#include "math/binned.h"

#include <math.h>
#include <stdbool.h>

#include "math/divergence.h"

static bool
has_range(const RmlBinned *v)
{
	return v->min <= v->max;
}

/* Where bin i begins and ends, those outside of the edges included. */
static double
low_end(const RmlBinned *v, size_t i)
{
	if (i > 0)
		return v->edges[i - 1];
	return has_range(v) ? fmin(v->min, v->edges[0]) : v->edges[0];
}

static double
high_end(const RmlBinned *v, size_t i)
{
	if (i <= v->n)
		return v->edges[i];
	return has_range(v) ? fmax(v->max, v->edges[v->n]) : v->edges[v->n];
}

double
rml_binned_quantile(const RmlBinned *v, double p)
{
	double		target = p * rml_sum(v->counts, v->n + 2);
	double		before = 0,
				result = v->edges[v->n];

	for (size_t i = 0; i < v->n + 2; i++)
	{
		double		low = low_end(v, i),
					high = high_end(v, i),
					within;

		if (v->counts[i] == 0)
			continue;
		within = (target - before) / v->counts[i];
		before += v->counts[i];
		/* by rounding a target may exceed the sum */
		if (within > 1)
		{
			result = high;
			continue;
		}
		if (isinf(low) || isinf(high))
			result = isinf(low) ? low : high;
		else
			result = low * (1 - within) + high * within;
		break;
	}
	return has_range(v) ? fmin(fmax(result, v->min), v->max) : result;
}

double
rml_binned_cdf(const RmlBinned *v, double x)
{
	double		total = rml_sum(v->counts, v->n + 2);
	double		below = 0;

	if (isnan(x))
		return x;
	if (has_range(v) && x < v->min)
		return 0;
	if (has_range(v) && x >= v->max)
		return 1;
	for (size_t i = 0; i < v->n + 2; i++)
	{
		double		low = low_end(v, i),
					high = high_end(v, i);

		if (x >= high)
			below += v->counts[i];
		else if (isinf(low))
			below += x >= low ? v->counts[i] : 0;
		else if (x > low && isfinite(high))
			below += v->counts[i] * (isfinite(high - low) ? (x - low) / (high - low) : (x / 2 - low / 2) / (high / 2 - low / 2));
	}
	return below / total;
}

double
rml_binned_auc(const double *positives, const double *negatives, size_t n, double *bound)
{
	double		pairs = rml_sum(positives, n) * rml_sum(negatives, n);
	double		below = 0,
				above = 0,
				tied = 0;

	/* of all pairs of a positive and a negative, those in one bin may be either way round */
	for (size_t i = 0; i < n; i++)
	{
		above += positives[i] * below;
		tied += positives[i] * negatives[i];
		below += negatives[i];
	}
	*bound = tied / 2 / pairs;
	return (above + tied / 2) / pairs;
}

double
rml_binned_average_precision(const double *positives, const double *negatives, size_t n, double *bound)
{
	double		all = rml_sum(positives, n);
	double		tp = 0,
				fp = 0,
				tied = 0,
				lowest = 0,
				highest = 0;

	for (size_t i = n; i-- > 0;)
	{
		double		a = positives[i];
		double		least = fp + negatives[i];

		if (a > 0)
		{
			tied += a * ((tp + a) / (tp + a + least));
			/* all positives of the bin tied and before its negatives */
			highest += a * ((tp + a) / (tp + a + fp));
			/* each positive by itself, behind all negatives: the sum of k / (k + least), at least its integral */
			lowest += least > 0 ? a - least * log1p(a / (tp + least)) : a;
		}
		tp += a;
		fp = least;
	}
	*bound = fmax(highest - tied, tied - lowest) / all;
	return tied / all;
}
