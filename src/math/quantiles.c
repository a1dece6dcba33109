/*
 * quantiles.c
 *	  Quantiles of values that come one after the other.
 */
#include "math/quantiles.h"

#include <math.h>

/* Number of the row, from 0 and the least value on, that a quantile lies at or above. */
static double
place_of(const RmlQuantiles *quantiles, int i)
{
	double		last = quantiles->total > 1 ? quantiles->total - 1 : 0;

	return last * (quantiles->parts - i) / quantiles->parts;
}

void
rml_quantiles_add(RmlQuantiles *quantiles, double end, double value)
{
	for (; quantiles->upper <= quantiles->parts; quantiles->upper++)
	{
		if (!(quantiles->total - 1 - ceil(place_of(quantiles, quantiles->upper)) < end))
			break;
		quantiles->values[quantiles->upper] = value;
	}
	for (; quantiles->lower < quantiles->upper; quantiles->lower++)
	{
		double		place = place_of(quantiles, quantiles->lower);
		double	   *above = &quantiles->values[quantiles->lower];

		if (!(quantiles->total - 1 - floor(place) < end))
			break;
		if (*above != value)
			*above = place == floor(place) ? value : value + (*above - value) * (place - floor(place));
	}
}

int
rml_leave_equals_out(double *values, int n)
{
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		if (kept == 0 || values[i] != values[kept - 1])
			values[kept++] = values[i];
	}
	return kept;
}

double
rml_quantile_of(const double *sorted, int n, double p)
{
	double		place = (n - 1) * p;
	int			below = (int) floor(place);
	double		value = sorted[below];

	if (below + 1 < n && sorted[below + 1] != value)
		value += (sorted[below + 1] - value) * (place - below);
	return value;
}
