/*
 * moments.h
 *	  Sums of squares about means, in about twice the precision of a double.
 *
 * Sums are about a center, the value whose row weighs most so far.  As its own
 * distance from the mean is among what is summed up, moving the sums to the mean
 * loses no more than a factor of the number of rows, wherever the values are.
 */
#ifndef RML_MATH_MOMENTS_H
#define RML_MATH_MOMENTS_H

#include "math/sums.h"

typedef struct RmlMoments
{
	RmlSum		weight;
	RmlSum		values;			/* less the center, by weight, */
	RmlSum		squares;		/* and their squares */
	double		center;
	double		heaviest;		/* the weight of its row */
} RmlMoments;

/* Weight > 0. */
extern void rml_moments_add(RmlMoments *moments, double value, double weight);
extern void rml_moments_merge(RmlMoments *moments, const RmlMoments *other);

/* Sum of weight * (value - mean)^2; 0 if all values are equal. */
extern double rml_moments_squares(const RmlMoments *moments);

/* Given sums of weights, of x, of y and of x y: the last one about the means. */
extern double rml_sum_about_means(RmlSum weight, RmlSum sum, RmlSum x, RmlSum y);

#endif
