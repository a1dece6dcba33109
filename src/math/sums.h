/*
 * sums.h
 *	  Sums in about twice the precision of a double, so that the order in which
 *	  terms come, and how they are split among processes, does not show.
 *
 * Neumaier's sum: what each addition rounds off is added up beside it
 * (A. Neumaier, ZAMM 54, 1974).  A sum that overflows is not finite.
 */
#ifndef RML_MATH_SUMS_H
#define RML_MATH_SUMS_H

#include <math.h>

typedef struct RmlSum
{
	double		sum;
	double		rest;
} RmlSum;

static inline void
rml_sum_add(RmlSum *to, double x)
{
	double		sum = to->sum + x;

	to->rest += fabs(to->sum) >= fabs(x) ? (to->sum - sum) + x : (x - sum) + to->sum;
	to->sum = sum;
}

/* Adds a * b with what the product rounds off. */
static inline void
rml_sum_add_product(RmlSum *to, double a, double b)
{
	double		product = a * b;

	rml_sum_add(to, product);
	to->rest += fma(a, b, -product);
}

/* Adds a * b * c, likewise. */
static inline void
rml_sum_add_product3(RmlSum *to, double a, double b, double c)
{
	double		product = b * c;

	rml_sum_add_product(to, a, product);
	rml_sum_add_product(to, a, fma(b, c, -product));
}

/* Adds factor * other. */
static inline void
rml_sum_add_scaled(RmlSum *to, double factor, RmlSum other)
{
	rml_sum_add_product(to, factor, other.sum);
	to->rest += factor * other.rest;
}

static inline void
rml_sum_merge(RmlSum *to, RmlSum other)
{
	rml_sum_add(to, other.sum);
	to->rest += other.rest;
}

/* A power of two, at most 2^1000, by which x > 0 is about 2^exponent. */
static inline double
rml_scale_to(double x, int exponent)
{
	int			power = exponent - ilogb(x);

	return ldexp(1, power < 1000 ? power : 1000);
}

/* a * b - c * d, as if rounded once or twice (Kahan). */
static inline double
rml_difference_of_products(double a, double b, double c, double d)
{
	double		product = c * d;

	return fma(a, b, -product) + fma(-c, d, product);
}

static inline double
rml_sum_value(RmlSum sum)
{
	return sum.sum + sum.rest;
}

#endif
