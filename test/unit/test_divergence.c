/*
 * test_divergence.c
 *	  Distances of counts and what counts tell about values: figures worked out by hand, and limits.
 */
#include "tap.h"

#include <float.h>
#include <math.h>

#include "math/binned.h"
#include "math/divergence.h"

#define NEAR(found, wanted) \
	CHECK(fabs((found) - (double) (wanted)) <= 1e-14 * fmax(fabs((double) (wanted)), 1e-300), "%.17g, not %.17g", (found), (double) (wanted))

static void
test_shares(void)
{
	const double p[] = {0.5, 0.5, 0};
	const double q[] = {0.25, 0.25, 0.5};

	test("distances of shares");
	NEAR(rml_psi(p, q, 3, 1e-4), 2 * 0.25 * log(2) + (0.5 - 1e-4) * log(5000));
	NEAR(rml_kl(p, q, 3, 1e-4), log(2) - 1e-4 * log(5000));
	/* means 3/8, 3/8, 1/4: (log(4/3) + log(2/3) / 2 + log(2) / 2) / 2 */
	NEAR(rml_jensen_shannon(p, q, 3, M_E), sqrt((log(4.0 / 3) + 0.5 * log(2.0 / 3) + 0.5 * log(2)) / 2));
	NEAR(rml_hellinger(p, q, 3), sqrt(1 - M_SQRT1_2));
	NEAR(rml_total_variation(p, q, 3), 0.5);
	NEAR(rml_l_infinity(p, q, 3), 0.5);
	test("equal shares have no distance");
	CHECK(rml_psi(p, p, 3, 1e-4) == 0 && rml_kl(p, p, 3, 1e-4) == 0 && rml_jensen_shannon(p, p, 3, 2) == 0 &&
		  rml_hellinger(p, p, 3) == 0 && rml_total_variation(p, p, 3) == 0 && rml_l_infinity(p, p, 3) == 0, "not 0");
}

static void
test_counts(void)
{
	const double a[] = {1, 3, 0, 0};
	const double b[] = {2, 0, 0, 2};
	const double edges[] = {0, 1, 3};
	const double wide[] = {-DBL_MAX, 0, DBL_MAX};
	size_t		df;

	test("distances of counts");
	NEAR(rml_binned_ks(a, b, 4), 0.5);
	/* 1/4, 1 against 1/2, 1/2: at most 1 - 1/2 within the second bin, 3/4 - 0 within the first */
	NEAR(rml_binned_ks(a, b, 4) + rml_binned_ks_bound(a, b, 4), 0.5);
	/* differences -1/4, 1/2, 1/2 at the edges: triangles of 1/12 and 1/3 halved, and 2 * 1/2 */
	NEAR(rml_binned_wasserstein(edges, 2, a, b), (0.0625 + 0.25) / (2 * 0.75) + 1);
	NEAR(rml_homogeneity(a, b, 4, &df), 1.0 / 3 + 3 + 2);
	CHECK(df == 2 && rml_occupied(a, b, 4) == 3, "df %zu", df);
	test("edges as far apart as can be");
	CHECK(isfinite(rml_binned_wasserstein(wide, 2, a, b)), "infinite");
}

static void
test_positions(void)
{
	const double edges[] = {0, 1, 3};
	const double counts[] = {1, 2, 1, 1};
	RmlBinned	v = {edges, counts, 2, -1, 5};

	test("quantiles and distribution function");
	NEAR(rml_binned_quantile(&v, 0), -1);
	NEAR(rml_binned_quantile(&v, 0.4), 0.5);
	NEAR(rml_binned_quantile(&v, 0.7), 2);
	NEAR(rml_binned_quantile(&v, 1), 5);
	NEAR(rml_binned_cdf(&v, 0.5), 0.4);
	NEAR(rml_binned_cdf(&v, 2), 0.7);
	CHECK(rml_binned_cdf(&v, -2) == 0 && rml_binned_cdf(&v, 5) == 1 && isnan(rml_binned_cdf(&v, NAN)), "limits");
	test("values outside, with no range known or one without end");
	v.min = INFINITY;
	v.max = -INFINITY;
	CHECK(rml_binned_quantile(&v, 0.1) == 0 && rml_binned_quantile(&v, 1) == 3 && rml_binned_cdf(&v, 3) == 1, "at the edges");
	v.min = -INFINITY;
	v.max = INFINITY;
	CHECK(rml_binned_quantile(&v, 0.1) == -INFINITY && rml_binned_quantile(&v, 1) == INFINITY, "at infinity");
	NEAR(rml_binned_cdf(&v, -5), 0.2);
	NEAR(rml_binned_cdf(&v, 5), 0.8);
}

static void
test_scores(void)
{
	const double positives[] = {0, 1, 3};
	const double negatives[] = {2, 2, 0};
	double		bound;

	test("scores in bins");
	/* of 16 pairs 14 are right, 2 tied */
	NEAR(rml_binned_auc(positives, negatives, 3, &bound), 15.0 / 16);
	NEAR(bound, 1.0 / 16);
	NEAR(rml_binned_average_precision(positives, negatives, 3, &bound), (3 + 4.0 / 6) / 4);
	CHECK(bound >= (1 - 4.0 / 6) / 4 - 1e-15 && bound < 0.5, "bound %g", bound);
}

int
main(void)
{
	test_shares();
	test_counts();
	test_positions();
	test_scores();
	return test_done();
}
