/*
 * moments.c
 *	  Sums of squares about means.
 */
#include "math/moments.h"

/* a - b, exactly */
static RmlSum
difference(double a, double b)
{
	RmlSum		result = {a, 0};

	rml_sum_add(&result, -b);
	return result;
}

/* Takes the sums to another center. */
static void
move(RmlMoments *moments, double center)
{
	RmlSum		by = difference(moments->center, center);
	double		square = by.sum * by.sum;

	moments->center = center;
	if (moments->heaviest == 0)
		return;
	rml_sum_add_scaled(&moments->squares, 2 * by.sum, moments->values);
	rml_sum_add_scaled(&moments->squares, 2 * by.rest, moments->values);
	rml_sum_add_scaled(&moments->squares, square, moments->weight);
	rml_sum_add_scaled(&moments->squares, fma(by.sum, by.sum, -square) + 2 * by.sum * by.rest, moments->weight);
	rml_sum_add_scaled(&moments->values, by.sum, moments->weight);
	rml_sum_add_scaled(&moments->values, by.rest, moments->weight);
}

void
rml_moments_add(RmlMoments *moments, double value, double weight)
{
	RmlSum		by;

	if (weight > moments->heaviest)
	{
		move(moments, value);
		moments->heaviest = weight;
	}
	by = difference(value, moments->center);
	rml_sum_add(&moments->weight, weight);
	rml_sum_add_product(&moments->values, weight, by.sum);
	rml_sum_add_product(&moments->values, weight, by.rest);
	rml_sum_add_product3(&moments->squares, weight, by.sum, by.sum);
	rml_sum_add_product3(&moments->squares, weight, 2 * by.sum, by.rest);
}

void
rml_moments_merge(RmlMoments *moments, const RmlMoments *other)
{
	RmlMoments	moved = *other;

	if (other->heaviest > moments->heaviest)
	{
		move(moments, other->center);
		moments->heaviest = other->heaviest;
	}
	else
		move(&moved, moments->center);
	rml_sum_merge(&moments->weight, moved.weight);
	rml_sum_merge(&moments->values, moved.values);
	rml_sum_merge(&moments->squares, moved.squares);
}

double
rml_moments_squares(const RmlMoments *moments)
{
	return rml_sum_about_means(moments->weight, moments->squares, moments->values, moments->values);
}

double
rml_sum_about_means(RmlSum weight, RmlSum sum, RmlSum x, RmlSum y)
{
	double		w = rml_sum_value(weight);
	double		mean = rml_sum_value(x) / w;
	RmlSum		rest = x;

	rml_sum_add_scaled(&rest, -mean, weight);
	rml_sum_add_scaled(&sum, -mean, y);
	rml_sum_add_scaled(&sum, -rml_sum_value(rest) / w, y);
	return rml_sum_value(sum);
}
