/*
 * adjust.h
 *	  p-values of many tests at once, and of two shares.
 */
#ifndef RML_MATH_ADJUST_H
#define RML_MATH_ADJUST_H

#include <stdbool.h>

typedef enum RmlCorrection
{
	RML_CORRECT_NONE,
	RML_CORRECT_BONFERRONI,
	RML_CORRECT_FDR_BH			/* Benjamini and Hochberg */
} RmlCorrection;

/* False if there is no correction of this name: none, bonferroni, fdr_bh. */
extern bool rml_correction_by_name(const char *name, RmlCorrection *correction);

/*
 * Adjusts n p-values, of which those that are NaN are no tests and stay NaN.
 * `order` is room for n numbers.  Needs no memory of its own.
 */
extern void rml_adjust_p(const double *p, int n, RmlCorrection correction, int *order, double *adjusted);

/*
 * Two-sided p-value of the hypothesis that two shares x/n are the same, by the
 * normal approximation with the pooled variance; NaN where a side is empty, 1
 * where all or none are in both.
 */
extern double rml_two_shares_p(double x1, double n1, double x2, double n2);

#endif
