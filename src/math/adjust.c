/*
 * adjust.c
 *	  p-values of many tests at once, and of two shares.
 *
 * Bonferroni: p times the number of tests.  Benjamini and Hochberg, "Controlling
 * the false discovery rate", J. R. Statist. Soc. B 57 (1995): the p-value of rank
 * k among m, ascending, times m / k, and no more than that of rank k + 1.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "math/adjust.h"
#include "math/special.h"

bool
rml_correction_by_name(const char *name, RmlCorrection *correction)
{
	static const char *const names[] = {"none", "bonferroni", "fdr_bh"};

	for (int i = 0; i < (int) (sizeof(names) / sizeof(names[0])); i++)
	{
		if (strcmp(names[i], name) == 0)
		{
			*correction = (RmlCorrection) i;
			return true;
		}
	}
	return false;
}

/* Heap sort of the numbers by their p-value, ascending: no memory, and no worse on any input. */
static void
sift_down(const double *p, int *order, int root, int n)
{
	int			moved = order[root];

	for (int child = 2 * root + 1; child < n; child = 2 * root + 1)
	{
		if (child + 1 < n && p[order[child + 1]] > p[order[child]])
			child++;
		if (p[order[child]] <= p[moved])
			break;
		order[root] = order[child];
		root = child;
	}
	order[root] = moved;
}

static void
sort_by_p(const double *p, int *order, int n)
{
	for (int root = n / 2 - 1; root >= 0; root--)
		sift_down(p, order, root, n);
	for (int end = n - 1; end > 0; end--)
	{
		int			largest = order[0];

		order[0] = order[end];
		order[end] = largest;
		sift_down(p, order, 0, end);
	}
}

void
rml_adjust_p(const double *p, int n, RmlCorrection correction, int *order, double *adjusted)
{
	int			m = 0;
	double		least = 1;

	for (int i = 0; i < n; i++)
	{
		adjusted[i] = p[i];
		if (!isnan(p[i]))
			order[m++] = i;
	}
	if (correction == RML_CORRECT_NONE)
		return;
	if (correction == RML_CORRECT_FDR_BH)
		sort_by_p(p, order, m);
	for (int k = m - 1; k >= 0; k--)
	{
		double		factor = correction == RML_CORRECT_FDR_BH ? (double) m / (k + 1) : m;
		double		value = fmin(p[order[k]] * factor, 1);

		if (correction == RML_CORRECT_FDR_BH)
			value = least = fmin(value, least);
		adjusted[order[k]] = value;
	}
}

double
rml_two_shares_p(double x1, double n1, double x2, double n2)
{
	double		pooled;
	double		deviation;

	if (!(n1 > 0) || !(n2 > 0))
		return NAN;
	pooled = (x1 + x2) / (n1 + n2);
	deviation = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
	if (!(deviation > 0))
		return 1;
	return 2 * rml_normal_sf(fabs(x1 / n1 - x2 / n2) / deviation);
}
