/*
 * reasons.c
 *	  Which contributions to a score speak against an applicant, and in what order.
 */
#include "explain/reasons.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* What amounts are rounded to; 0: nothing is a reason, infinite: they are left as they are. */
static double
step_of(const double *contributions, int n)
{
	double		largest = 0;
	int			exponent;

	for (int i = 0; i < n; i++)
		largest = fmax(largest, fabs(contributions[i]));
	if (largest == 0 || isinf(largest))
		return largest;
	(void) frexp(largest, &exponent);
	return fmax(ldexp(1.0, exponent - 21), DBL_MIN);
}

static double
in_steps(double amount, double step)
{
	return isinf(step) ? amount : rint(amount / step);
}

static int
compare_reasons(const void *a, const void *b)
{
	const RmlReason *ra = a;
	const RmlReason *rb = b;

	if (ra->adverse != rb->adverse)
		return ra->adverse > rb->adverse ? -1 : 1;
	return ra->first < rb->first ? -1 : 1;
}

int
rml_reasons_find(const RmlReasonItem *items, const double *contributions, int n_items, int n_groups,
				 RmlReason *reasons)
{
	double		step = step_of(contributions, n_items);
	int			n = 0;

	if (step == 0)
		return 0;
	for (int g = 0; g < n_groups; g++)
		reasons[g] = (RmlReason) {.first = -1};
	for (int i = 0; i < n_items; i++)
	{
		RmlReason  *reason = &reasons[items[i].group];
		double		amount;

		if (items[i].excluded)
			continue;
		amount = in_steps(items[i].decrease ? -contributions[i] : contributions[i], step);
		if (reason->first < 0 || amount > reason->most)
		{
			reason->item = i;
			reason->most = amount;
		}
		if (reason->first < 0)
			reason->first = i;
		reason->contribution += contributions[i];
	}
	for (int g = 0; g < n_groups; g++)
	{
		RmlReason	reason = reasons[g];

		if (reason.first < 0)
			continue;
		reason.adverse = in_steps(items[reason.first].decrease ? -reason.contribution : reason.contribution, step);
		/* NaN is none */
		if (reason.adverse > 0)
			reasons[n++] = reason;
	}
	qsort(reasons, (size_t) n, sizeof(RmlReason), compare_reasons);
	return n;
}
