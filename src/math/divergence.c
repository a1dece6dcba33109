/*
 * divergence.c
 *	  How far apart two discrete distributions are.
 *
 * Terms are computed in the order of scipy's, so that they are the same to the last digit, and their sum is
 * compensated (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974).
 */
#include "math/divergence.h"

#include <math.h>

typedef struct Sum
{
	double		high;
	double		low;
} Sum;

static inline void
add(Sum *sum, double value)
{
	double		high = sum->high + value;

	if (fabs(sum->high) >= fabs(value))
		sum->low += (sum->high - high) + value;
	else
		sum->low += (value - high) + sum->high;
	sum->high = high;
}

static inline double
total(const Sum *sum)
{
	return sum->high + sum->low;
}

double
rml_sum(const double *values, size_t n)
{
	Sum			sum = {0, 0};

	for (size_t i = 0; i < n; i++)
		add(&sum, values[i]);
	return total(&sum);
}

double
rml_psi(const double *expected, const double *actual, size_t n, double epsilon)
{
	Sum			sum = {0, 0};

	for (size_t i = 0; i < n; i++)
	{
		double		e = expected[i] > 0 ? expected[i] : epsilon;
		double		a = actual[i] > 0 ? actual[i] : epsilon;

		add(&sum, (a - e) * log(a / e));
	}
	return total(&sum);
}

double
rml_kl(const double *expected, const double *actual, size_t n, double epsilon)
{
	Sum			sum = {0, 0};

	for (size_t i = 0; i < n; i++)
	{
		double		e = expected[i] > 0 ? expected[i] : epsilon;
		double		a = actual[i] > 0 ? actual[i] : epsilon;

		add(&sum, e * log(e / a));
	}
	return total(&sum);
}

double
rml_jensen_shannon(const double *p, const double *q, size_t n, double base)
{
	Sum			sum = {0, 0};
	double		divergence;

	for (size_t i = 0; i < n; i++)
	{
		double		m = (p[i] + q[i]) / 2;

		if (p[i] > 0)
			add(&sum, p[i] * log(p[i] / m));
		if (q[i] > 0)
			add(&sum, q[i] * log(q[i] / m));
	}
	divergence = total(&sum) / log(base) / 2;
	/* rounding may leave less than nothing */
	return divergence > 0 ? sqrt(divergence) : 0;
}

double
rml_hellinger(const double *p, const double *q, size_t n)
{
	Sum			sum = {0, 0};

	for (size_t i = 0; i < n; i++)
	{
		double		difference = sqrt(p[i]) - sqrt(q[i]);

		add(&sum, difference * difference);
	}
	return fmin(sqrt(total(&sum)) / M_SQRT2, 1);
}

double
rml_total_variation(const double *p, const double *q, size_t n)
{
	Sum			sum = {0, 0};

	for (size_t i = 0; i < n; i++)
		add(&sum, fabs(p[i] - q[i]));
	return fmin(total(&sum) / 2, 1);
}

double
rml_l_infinity(const double *p, const double *q, size_t n)
{
	double		largest = 0;

	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(p[i] - q[i]));
	return largest;
}

double
rml_binned_ks(const double *a, const double *b, size_t n)
{
	double		n_a = rml_sum(a, n);
	double		n_b = rml_sum(b, n);
	double		below_a = 0,
				below_b = 0,
				largest = 0;

	for (size_t i = 0; i < n; i++)
	{
		below_a += a[i];
		below_b += b[i];
		largest = fmax(largest, fabs(below_a / n_a - below_b / n_b));
	}
	return largest;
}

double
rml_binned_ks_bound(const double *a, const double *b, size_t n)
{
	double		n_a = rml_sum(a, n);
	double		n_b = rml_sum(b, n);
	double		below_a = 0,
				below_b = 0,
				largest = 0;

	/* at most all of one side's values in a bin come before all of the other's */
	for (size_t i = 0; i < n; i++)
	{
		largest = fmax(largest, fmax((below_a + a[i]) / n_a - below_b / n_b, (below_b + b[i]) / n_b - below_a / n_a));
		below_a += a[i];
		below_b += b[i];
	}
	return fmax(largest - rml_binned_ks(a, b, n), 0);
}

double
rml_binned_wasserstein(const double *edges, size_t n, const double *a, const double *b)
{
	double		n_a = rml_sum(a, n + 2);
	double		n_b = rml_sum(b, n + 2);
	double		below_a = a[0],
				below_b = b[0];
	Sum			sum = {0, 0};

	for (size_t i = 0; i < n; i++)
	{
		/* half a width, as a width may be infinite */
		double		half = edges[i + 1] / 2 - edges[i] / 2;
		double		left = below_a / n_a - below_b / n_b;
		double		right,
					height;

		/* halves of subnormal numbers would not be exact */
		if (edges[i + 1] - edges[i] < 1)
			half = (edges[i + 1] - edges[i]) * 0.5;
		below_a += a[i + 1];
		below_b += b[i + 1];
		right = below_a / n_a - below_b / n_b;
		/* where the functions cross there are two triangles */
		if ((left < 0 && right > 0) || (left > 0 && right < 0))
			height = (left * left + right * right) / (fabs(left) + fabs(right));
		else
			height = fabs(left) + fabs(right);
		add(&sum, half * height);
	}
	return total(&sum);
}

double
rml_homogeneity(const double *a, const double *b, size_t n, size_t *df)
{
	double		n_a = rml_sum(a, n);
	double		n_b = rml_sum(b, n);
	size_t		occupied = rml_occupied(a, b, n);
	Sum			sum = {0, 0};

	*df = occupied > 0 ? occupied - 1 : 0;
	for (size_t i = 0; i < n; i++)
	{
		double		both = a[i] + b[i];
		double		expected_a = n_a * both / (n_a + n_b);
		double		expected_b = n_b * both / (n_a + n_b);

		if (both == 0)
			continue;
		add(&sum, (a[i] - expected_a) * (a[i] - expected_a) / expected_a);
		add(&sum, (b[i] - expected_b) * (b[i] - expected_b) / expected_b);
	}
	return *df > 0 ? total(&sum) : 0;
}

size_t
rml_occupied(const double *a, const double *b, size_t n)
{
	size_t		occupied = 0;

	for (size_t i = 0; i < n; i++)
		occupied += a[i] > 0 || b[i] > 0;
	return occupied;
}
