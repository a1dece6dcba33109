/*
 * losses.h
 *	  What a predicted probability costs, given what happened.
 */
#ifndef RML_MATH_LOSSES_H
#define RML_MATH_LOSSES_H

#include <stdbool.h>

/*
 * Natural logarithm; probabilities are clipped to [eps, 1 - eps], eps = 2^-52, and
 * then divided by their sum, as scikit-learn 1.2 does.
 */
extern double rml_log_loss(double score, bool positive);
extern double rml_multi_log_loss(const double *scores, int n, int label);

extern int	rml_first_largest(const double *values, int n);

#endif
