/*
 * test_metrics.c
 *	  Sums, ranks, quantiles, losses and the bootstrap's draws of the compute layer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/bootstrap.h"
#include "math/losses.h"
#include "math/moments.h"
#include "math/quantiles.h"
#include "math/roc.h"
#include "math/sums.h"
#include "tap.h"

static void
test_sums(void)
{
	RmlSum		sum = {0};
	RmlSum		other = {0};
	RmlSum		squares = {0};

	test("sums keep what additions round off");
	rml_sum_add(&sum, 1e16);
	for (int i = 0; i < 1000; i++)
		rml_sum_add(&sum, 0.25);
	rml_sum_add(&sum, -1e16);
	CHECK(rml_sum_value(sum) == 250, "%.17g", rml_sum_value(sum));
	rml_sum_add(&other, 1e-30);
	rml_sum_merge(&other, sum);
	CHECK(rml_sum_value(other) == 250, "%.17g", rml_sum_value(other));
	rml_sum_add_product3(&squares, 1, 1e9 + 1, 1e9 + 1);
	rml_sum_add_product(&squares, -1e9, 1e9);
	CHECK(rml_sum_value(squares) == 2e9 + 1, "%.17g", rml_sum_value(squares));
	rml_sum_add_scaled(&squares, -1, squares);
	CHECK(rml_sum_value(squares) == 0, "%.17g", rml_sum_value(squares));
	rml_sum_add(&sum, 1e308);
	rml_sum_add(&sum, 1e308);
	CHECK(!isfinite(rml_sum_value(sum)), "an overflow is hidden");
}

static void
test_moments(void)
{
	static const double weights[] = {1e-12, 1, 1e12, 3};
	RmlMoments	all = {.center = 0};
	RmlMoments	parts[2] = {{.center = 0}, {.center = 0}};
	RmlMoments	none = {.center = 0};

	test("squares about means far from 0");
	for (int i = 0; i < 1000; i++)
	{
		rml_moments_add(&all, 1e15 + i % 2, 1);
		rml_moments_add(&parts[i % 2], 1e15 + i % 2, 1);
	}
	CHECK(rml_moments_squares(&all) == 250, "%.17g", rml_moments_squares(&all));
	rml_moments_merge(&parts[0], &parts[1]);
	rml_moments_merge(&parts[0], &none);
	CHECK(rml_moments_squares(&parts[0]) == 250, "%.17g", rml_moments_squares(&parts[0]));
	rml_moments_merge(&none, &all);
	CHECK(rml_moments_squares(&none) == 250, "%.17g", rml_moments_squares(&none));

	test("squares where the first row weighs next to nothing");
	memset(&all, 0, sizeof(all));
	for (int i = 0; i < 4; i++)
		rml_moments_add(&all, i == 0 ? 1e15 : 1, weights[i]);
	CHECK(fabs(rml_moments_squares(&all) / ((1e15 - 1) * (1e15 - 1) * 1e-12) - 1) < 1e-12, "%.17g", rml_moments_squares(&all));
	memset(&all, 0, sizeof(all));
	for (int i = 0; i < 4; i++)
		rml_moments_add(&all, 0.1, weights[i]);
	CHECK(rml_moments_squares(&all) == 0, "%.17g", rml_moments_squares(&all));
}

static void
test_roc(void)
{
	RmlRoc		roc = {.positives = 3,.negatives = 2};
	RmlTie		ties[] = {{0.9, 1, 0}, {0.5, 1, 1}, {0.1, 1, 1}};

	test("ranks of ties");
	for (int i = 0; i < 3; i++)
		rml_roc_add(&roc, &ties[i]);
	/* pairs: 0.9 beats both, 0.5 one and a half of both, 0.1 half of one */
	CHECK(rml_roc_auc(&roc) == (2 + 1.5 + 0.5) / 6, "%.17g", rml_roc_auc(&roc));
	CHECK(fabs(rml_roc_gini(&roc) - 1.0 / 3) < 1e-16, "%.17g", rml_roc_gini(&roc));
	CHECK(fabs(roc.ks - 1.0 / 3) < 1e-16, "%.17g", roc.ks);
	CHECK(fabs(rml_roc_average_precision(&roc) - (1 + 2.0 / 3 + 0.6) / 3) < 1e-15, "%.17g", rml_roc_average_precision(&roc));
}

static void
test_quantiles(void)
{
	double		values[5] = {0};
	double		sorted[] = {0, 1, 2, 10};
	double		equal[] = {1, 1, 2, 2, 1};
	RmlQuantiles quantiles = {.parts = 4,.total = 4,.values = values};

	test("quantiles, from the largest value on");
	for (int i = 3; i >= 0; i--)
		rml_quantiles_add(&quantiles, 4 - i, sorted[i]);
	rml_quantiles_add(&quantiles, INFINITY, 0);
	for (int i = 0; i < 5; i++)
		CHECK(fabs(values[i] - rml_quantile_of(sorted, 4, 1 - i / 4.0)) < 1e-15, "%d: %g", i, values[i]);
	CHECK(values[0] == 10 && values[1] == 4 && values[2] == 1.5 && values[3] == 0.75 && values[4] == 0, "%g %g %g %g %g", values[0], values[1], values[2], values[3], values[4]);
	CHECK(rml_leave_equals_out(equal, 5) == 3 && equal[0] == 1 && equal[1] == 2 && equal[2] == 1, "equal neighbours");
	CHECK(rml_leave_equals_out(equal, 0) == 0, "none");
}

static void
test_losses(void)
{
	double		scores[] = {0.2, 0.4, 0.4};

	test("losses");
	CHECK(rml_log_loss(0.25, true) == log(4), "%.17g", rml_log_loss(0.25, true));
	CHECK(rml_log_loss(0, true) == -log(ldexp(1, -52)), "%.17g", rml_log_loss(0, true));
	CHECK(rml_log_loss(1, true) < 1e-15, "%.17g", rml_log_loss(1, true));
	CHECK(rml_first_largest(scores, 3) == 1, "%d", rml_first_largest(scores, 3));
	CHECK(fabs(rml_multi_log_loss(scores, 3, 0) - log(5)) < 1e-15, "%.17g", rml_multi_log_loss(scores, 3, 0));
}

#define REPLICATES 1003			/* no multiple of the lanes */
#define ROWS 2000

static void
test_draws(void)
{
	double	   *counts = calloc(RML_PADDED(REPLICATES), sizeof(double));
	double	   *again = calloc(RML_PADDED(REPLICATES), sizeof(double));
	double		sum = 0;
	double		squares = 0;
	double		n = (double) REPLICATES * ROWS;

	test("draws are of Poisson(1)");
	for (int row = 0; row < ROWS; row++)
	{
		rml_bootstrap_counts(7, (uint64_t) row, counts, REPLICATES);
		for (int i = 0; i < REPLICATES; i++)
		{
			sum += counts[i];
			squares += counts[i] * counts[i];
		}
		for (int i = REPLICATES; i < RML_PADDED(REPLICATES); i++)
			CHECK(counts[i] == 0, "padding is %g", counts[i]);
	}
	/* five standard errors */
	CHECK(fabs(sum / n - 1) < 5 / sqrt(n), "mean %g", sum / n);
	CHECK(fabs(squares / n - 2) < 5 * sqrt(11 / n), "square %g", squares / n);
	test("draws depend on seed and row");
	rml_bootstrap_counts(7, 5, counts, REPLICATES);
	rml_bootstrap_counts(7, 5, again, REPLICATES);
	CHECK(memcmp(counts, again, sizeof(double) * REPLICATES) == 0, "the same row differs");
	rml_bootstrap_counts(8, 5, again, REPLICATES);
	CHECK(memcmp(counts, again, sizeof(double) * REPLICATES) != 0, "another seed draws the same");
	rml_bootstrap_counts(7, 6, again, REPLICATES);
	CHECK(memcmp(counts, again, sizeof(double) * REPLICATES) != 0, "another row draws the same");
	free(counts);
	free(again);
}

static void
test_interval(void)
{
	double		differences[] = {3, -1, 2, 0, 1};
	RmlInterval interval = rml_interval_of(differences, 5, 0.5);
	double		one = 2;

	test("intervals of differences");
	CHECK(interval.low == 0 && interval.high == 2, "%g %g", interval.low, interval.high);
	CHECK(interval.p_value == 1, "%g", interval.p_value);
	interval = rml_interval_of(&one, 1, 0.95);
	CHECK(interval.low == 2 && interval.high == 2 && interval.p_value == 1, "%g", interval.p_value);
}

int
main(void)
{
	test_sums();
	test_moments();
	test_roc();
	test_quantiles();
	test_losses();
	test_draws();
	test_interval();
	return test_done();
}
