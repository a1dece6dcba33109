/*
 * divergence.h
 *	  How far apart two discrete distributions are.
 *
 * Shares are counts divided by their sum, so those of one side sum to 1.  Counts of an interval scale
 * are in its order.  Sums are compensated.
 */
#ifndef RML_MATH_DIVERGENCE_H
#define RML_MATH_DIVERGENCE_H

#include <stddef.h>

/* Population stability index; a share of 0 counts as epsilon. */
extern double rml_psi(const double *expected, const double *actual, size_t n, double epsilon);

/* Kullback-Leibler divergence of expected from actual, natural logarithm; a share of 0 counts as epsilon. */
extern double rml_kl(const double *expected, const double *actual, size_t n, double epsilon);

/* Jensen-Shannon distance: the root of the divergence, with logarithms to this base. */
extern double rml_jensen_shannon(const double *p, const double *q, size_t n, double base);

extern double rml_hellinger(const double *p, const double *q, size_t n);
extern double rml_total_variation(const double *p, const double *q, size_t n);
extern double rml_l_infinity(const double *p, const double *q, size_t n);

/* The largest difference of the distribution functions at the bins' ends. */
extern double rml_binned_ks(const double *a, const double *b, size_t n);

/* By how much the largest difference within a bin may exceed rml_binned_ks(). */
extern double rml_binned_ks_bound(const double *a, const double *b, size_t n);

/*
 * The area between the distribution functions: a[0] of the mass lies at edges[0], a[1] to a[n] evenly within
 * the n bins, a[n + 1] at edges[n].  a and b are counts.
 */
extern double rml_binned_wasserstein(const double *edges, size_t n, const double *a, const double *b);

/* Pearson's statistic of homogeneity of two rows of counts; bins that are empty in both do not count. */
extern double rml_homogeneity(const double *a, const double *b, size_t n, size_t *df);

/* How many bins are not empty on both sides. */
extern size_t rml_occupied(const double *a, const double *b, size_t n);

extern double rml_sum(const double *values, size_t n);

#endif
