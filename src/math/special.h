/*
 * special.h
 *	  Distribution functions of the normal and the chi-squared distribution.
 *
 * Arguments out of a function's domain, NaN among them, give NaN.
 */
#ifndef RML_MATH_SPECIAL_H
#define RML_MATH_SPECIAL_H

/* P(X > x) of a chi-squared variable; df > 0, x below 0 counts as 0. */
extern double rml_chi2_sf(double x, double df);

/* The x with rml_chi2_sf(x, df) = p; p in [0, 1], df > 0. */
extern double rml_chi2_isf(double p, double df);

/* P(Z > z) of a standard normal variable. */
extern double rml_normal_sf(double z);

/* The z with P(Z <= z) = p; p in [0, 1]. */
extern double rml_normal_quantile(double p);

#endif
