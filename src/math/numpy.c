/*
 * numpy.c
 *	  Sums, bins and distances as numpy 1.24 and scipy 1.10 round them.
 */
#include "math/numpy.h"

#include <math.h>

#define BLOCK 128				/* what numpy adds without halving */
#define LANES 8

double
rml_numpy_sum(const double *x, size_t n)
{
	double		lane[LANES];
	double		sum = 0;
	size_t		i;

	if (n > BLOCK)
	{
		size_t		half = n / 2 - n / 2 % LANES;

		return rml_numpy_sum(x, half) + rml_numpy_sum(x + half, n - half);
	}
	if (n < LANES)
	{
		for (i = 0; i < n; i++)
			sum += x[i];
		return sum;
	}
	for (i = 0; i < LANES; i++)
		lane[i] = x[i];
	for (i = LANES; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += x[i + k];
	sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
	for (; i < n; i++)
		sum += x[i];
	return sum;
}

/* As many bins as the width asks for; 0: one. */
static int
edges_by_width(double low, double high, double width, double *edges)
{
	double		n = 1;
	double		step;

	if (low == high)
	{
		low -= 0.5;
		high += 0.5;
	}
	if (isinf(high - low))
		return 0;
	if (width != 0)
		n = ceil((high - low) / width);
	if (!(n >= 1 && n < RML_NUMPY_BINS))
		return 0;
	step = (high - low) / n;
	for (int i = 0; i < (int) n; i++)
		edges[i] = (step == 0 ? i / n * (high - low) : i * step) + low;
	edges[(int) n] = high;
	return (int) n;
}

int
rml_numpy_sturges(double low, double high, double n, double *edges)
{
	return edges_by_width(low, high, (high - low) / (log2(n) + 1), edges);
}

int
rml_numpy_doane(double low, double high, double n, double deviation, double skewness, double *edges)
{
	double		width = 0;

	if (n > 2 && deviation > 0)
		width = (high - low) / (1 + log2(n) + log2(1 + fabs(skewness) / sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))));
	return edges_by_width(low, high, width, edges);
}

/* The sum of p log(p / m). */
static double
entropy_from_middle(const double *p, const double *q, size_t n, double p_sum, double q_sum)
{
	double		terms[RML_NUMPY_BINS + 1];

	for (size_t i = 0; i < n; i++)
	{
		double		x = p[i] / p_sum;
		double		middle = (x + q[i] / q_sum) / 2;

		terms[i] = x > 0 ? x * log(x / middle) : 0;
	}
	return rml_numpy_sum(terms, n);
}

double
rml_scipy_jensen_shannon(const double *p, const double *q, size_t n, double base)
{
	double		p_sum = rml_numpy_sum(p, n);
	double		q_sum = rml_numpy_sum(q, n);
	double		divergence = entropy_from_middle(p, q, n, p_sum, q_sum) + entropy_from_middle(q, p, n, q_sum, p_sum);

	/* the base e is not divided by */
	if (base != 0)
		divergence /= log(base);
	return divergence > 0 ? sqrt(divergence / 2) : 0;
}
