/*
 * losses.c
 *	  What a predicted probability costs, given what happened.
 */
#include "math/losses.h"

#include <float.h>
#include <math.h>

static double
clip(double score)
{
	if (score < DBL_EPSILON)
		return DBL_EPSILON;
	return score > 1 - DBL_EPSILON ? 1 - DBL_EPSILON : score;
}

double
rml_log_loss(double score, bool positive)
{
	double		p = clip(score);
	double		q = 1 - p;

	return -log((positive ? p : q) / (q + p));
}

double
rml_multi_log_loss(const double *scores, int n, int label)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += clip(scores[i]);
	return -log(clip(scores[label]) / sum);
}

int
rml_first_largest(const double *values, int n)
{
	int			largest = 0;

	for (int i = 1; i < n; i++)
	{
		if (values[i] > values[largest])
			largest = i;
	}
	return largest;
}
