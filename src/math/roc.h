/*
 * roc.h
 *	  How well scores rank rows of two classes: area under the ROC curve,
 *	  Kolmogorov-Smirnov distance, average precision.
 *
 * Ties come one after the other, the largest score first, with what they weigh
 * in each class.  Counts are exact up to 2^53.
 */
#ifndef RML_MATH_ROC_H
#define RML_MATH_ROC_H

#include "math/sums.h"

typedef struct RmlTie
{
	double		score;
	double		positives;		/* weight of the rows with this score */
	double		negatives;
} RmlTie;

typedef struct RmlRoc
{
	double		positives;		/* of all rows: set before the first tie */
	double		negatives;
	RmlSum		tp;				/* of the ties so far */
	RmlSum		fp;
	RmlSum		area;
	RmlSum		precision;
	double		ks;
} RmlRoc;

extern void rml_roc_add(RmlRoc *roc, const RmlTie *tie);

/* Of all ties; both classes weigh something. */
extern double rml_roc_auc(const RmlRoc *roc);
extern double rml_roc_gini(const RmlRoc *roc);
extern double rml_roc_average_precision(const RmlRoc *roc);

#endif
