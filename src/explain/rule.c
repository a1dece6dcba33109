/*
 * rule.c
 *	  Gauss-Legendre rules on [0, 1].
 *
 * Roots of Legendre polynomials by Newton's method from the usual first guess
 * (Abramowitz and Stegun 22.16.6), in double; the weights are theirs (25.4.29).
 */
#include <math.h>

#include "explain/paths.h"

#define PI 3.14159265358979323846

/* The polynomial of degree n at x, and its derivative. */
static double
legendre(int n, double x, double *derivative)
{
	double		before = 1;
	double		p = x;

	for (int k = 2; k <= n; k++)
	{
		double		next = ((2 * k - 1) * x * p - (k - 1) * before) / k;

		before = p;
		p = next;
	}
	*derivative = n * (x * p - before) / (x * x - 1);
	return p;
}

void
rml_make_rule(RmlRule *rule, int n_blocks)
{
	int			n = n_blocks * RML_BLOCK;

	for (int i = 0; i < n; i++)
	{
		double		x = cos(PI * (i + 0.75) / (n + 0.5));
		double		derivative;

		for (int step = 0; step < 10; step++)
		{
			double		p = legendre(n, x, &derivative);

			x -= p / derivative;
		}
		(void) legendre(n, x, &derivative);
		/* from [-1, 1]; neither t nor 1 - t shall lose digits */
		rule->t[i / RML_BLOCK][i % RML_BLOCK] = (float) ((1 + x) / 2);
		rule->u[i / RML_BLOCK][i % RML_BLOCK] = (float) ((1 - x) / 2);
		rule->inverse_u[i / RML_BLOCK][i % RML_BLOCK] = (float) (2 / (1 - x));
		rule->weight[i / RML_BLOCK][i % RML_BLOCK] = (float) (1 / ((1 - x * x) * derivative * derivative));
	}
}
