/*
 * roc.c
 *	  How well scores rank rows of two classes.
 *
 * AUC: P(score of a positive > score of a negative), equal ones counting one
 * half (Hanley & McNeil 1982).  Average precision: sum of (R_n - R_n-1) P_n, as
 * scikit-learn has it, without interpolation.
 */
#include "math/roc.h"

void
rml_roc_add(RmlRoc *roc, const RmlTie *tie)
{
	double		tp;
	double		fp;
	double		distance;

	/* pairs with the positives above count one, with those of the tie one half */
	rml_sum_add_product(&roc->area, tie->negatives, rml_sum_value(roc->tp) + tie->positives / 2);
	rml_sum_add(&roc->tp, tie->positives);
	rml_sum_add(&roc->fp, tie->negatives);
	tp = rml_sum_value(roc->tp);
	fp = rml_sum_value(roc->fp);
	distance = fabs(tp / roc->positives - fp / roc->negatives);
	if (distance > roc->ks)
		roc->ks = distance;
	if (tie->positives > 0)
		rml_sum_add_product(&roc->precision, tie->positives, tp / (tp + fp));
}

double
rml_roc_auc(const RmlRoc *roc)
{
	return rml_sum_value(roc->area) / (roc->positives * roc->negatives);
}

/* 2 AUC - 1 without rounding off what is near to 0 */
double
rml_roc_gini(const RmlRoc *roc)
{
	double		pairs = roc->positives * roc->negatives;
	RmlSum		twice = {2 * roc->area.sum, 2 * roc->area.rest};

	rml_sum_add(&twice, -pairs);
	return rml_sum_value(twice) / pairs;
}

double
rml_roc_average_precision(const RmlRoc *roc)
{
	return rml_sum_value(roc->precision) / roc->positives;
}
