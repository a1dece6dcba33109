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

/* C(n, k) p^k q^(n-k), with p and q = 1 - p given as n p and n q; 0 <= k <= n, n > 0. */
extern double rml_binomial_density(double k, double n, double expected, double unexpected);

/* log(n! / n^n), n > 0 */
extern double rml_log_factorial_ratio(double n);

/* P(Z > z) of a standard normal variable. */
extern double rml_normal_sf(double z);

/* The z with P(Z <= z) = p; p in [0, 1]. */
extern double rml_normal_quantile(double p);

#endif
