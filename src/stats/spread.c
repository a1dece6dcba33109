/*
 * spread.c
 *	  Range, deviation and skewness of the reference sample.
 *
 * The mean first, with the digits of two doubles, then the powers of what is left, so that nothing cancels.  All is scaled by
 * the power of two that brings the largest value near to 1, so that nothing overflows and no power vanishes.
 */
#include "postgres.h"

#include <math.h>

#include "math/sums.h"
#include "stats/spread.h"

#define LARGE 0x1p+500			/* sums of larger values could overflow */
#define LARGE_SCALE 0x1p-64

/* The range, and the mean times scale as mean + rest. */
static double
read_range(RmlSides *sides, RmlSpread *spread, double *mean, double *rest)
{
	double		n = (double) rml_sides_rows(sides, RML_REFERENCE);
	RmlSidesValue value;
	RmlSum		sum = {0},
				large = {0},
				total = {0};
	double		scale;
	int			exponent;

	spread->min = NAN;
	rml_sides_rewind(sides);
	while (rml_sides_next(sides, &value))
	{
		if (value.rows[RML_REFERENCE] == 0)
			continue;
		if (isnan(spread->min))
			spread->min = value.number;
		spread->max = value.number;
		if (fabs(value.number) < LARGE)
			rml_sum_add_product(&sum, value.number, (double) value.rows[RML_REFERENCE]);
		else if (isfinite(value.number))
			rml_sum_add_product(&large, value.number * LARGE_SCALE, (double) value.rows[RML_REFERENCE]);
	}
	frexp(Max(fabs(spread->min), fabs(spread->max)), &exponent);
	scale = ldexp(1, -Max(exponent, -1000));
	rml_sum_add_scaled(&total, scale, sum);
	if (large.sum != 0)
		rml_sum_add_scaled(&total, scale / LARGE_SCALE, large);
	*mean = rml_sum_value(total) / n;
	*rest = (fma(-*mean, n, total.sum) + total.rest) / n;
	return scale;
}

void
rml_spread_of(RmlSides *sides, RmlSpread *spread)
{
	double		n = (double) rml_sides_rows(sides, RML_REFERENCE);
	RmlSidesValue value;
	RmlSum		squares = {0},
				cubes = {0};
	double		mean,
				rest,
				scale;

	scale = read_range(sides, spread, &mean, &rest);
	spread->deviation = spread->skewness = NAN;
	if (!isfinite(spread->min) || !isfinite(spread->max))
		return;
	rml_sides_rewind(sides);
	while (rml_sides_next(sides, &value))
	{
		double		rows = (double) value.rows[RML_REFERENCE];
		double		x = (value.number * scale - mean) - rest;

		if (rows == 0)
			continue;
		rml_sum_add(&squares, x * x * rows);
		rml_sum_add(&cubes, x * x * x * rows);
	}
	spread->deviation = sqrt(rml_sum_value(squares) / n);
	if (spread->deviation > 0)
		spread->skewness = rml_sum_value(cubes) / n / (spread->deviation * spread->deviation * spread->deviation);
	spread->deviation /= scale;
}
