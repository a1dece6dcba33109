/*
 * kolmogorov.h
 *	  Distributions of the statistics of Kolmogorov and Smirnov.
 */
#ifndef RML_MATH_KOLMOGOROV_H
#define RML_MATH_KOLMOGOROV_H

#include <stdint.h>

#include "base/host.h"

/*
 * P(D >= d) of the greatest difference of two samples, of n and m values, that come from one continuous distribution: exactly
 * where neither has more than RML_KS_EXACT values, else that of one sample with round(n m / (n + m)) values.
 */
#define RML_KS_EXACT 10000
extern double rml_ks_two_samples(int64_t n, int64_t m, double d, RmlHost *host);

/* P(D_n >= d) of one sample of n values against its distribution; n > 0. */
extern double rml_ks_one_sample(int64_t n, double d, RmlHost *host);

/* P(D_n+ >= d): the greatest excess of the sample's distribution. */
extern double rml_ks_one_sided(int64_t n, double d, RmlHost *host);

#endif
