/* Adjusted p-values beside those of statsmodels.multipletests, and shares beside the formula. */
#include <math.h>
#include <stdlib.h>

#include "math/adjust.h"
#include "tap.h"

static void
check_adjusted(RmlCorrection correction, const double *p, const double *want, int n, const char *what)
{
	int			order[64];
	double		got[64];

	rml_adjust_p(p, n, correction, order, got);
	for (int i = 0; i < n; i++)
		CHECK(isnan(want[i]) ? isnan(got[i]) : fabs(got[i] - want[i]) < 1e-15,
			  "%s: %d: got %.17g, expected %.17g", what, i, got[i], want[i]);
}

/* By definition, in quadratic time. */
static double
slow_fdr(const double *p, int n, int i)
{
	double		least = 1;

	for (int k = 0; k < n; k++)
	{
		int			rank = 0;

		for (int j = 0; j < n; j++)
			rank += p[j] <= p[k];
		if (p[k] >= p[i])
			least = fmin(least, p[k] * n / rank);
	}
	return least;
}

static void
test_corrections(void)
{
	static const double p[] = {0.01, NAN, 0.04, 0.03, 0.005, 1, 0.04};
	static const double bonferroni[] = {0.06, NAN, 0.24, 0.18, 0.03, 1, 0.24};
	static const double fdr[] = {0.03, NAN, 0.048, 0.048, 0.03, 1, 0.048};

	test("corrections of p-values");
	check_adjusted(RML_CORRECT_NONE, p, p, 7, "none");
	check_adjusted(RML_CORRECT_BONFERRONI, p, bonferroni, 7, "bonferroni");
	check_adjusted(RML_CORRECT_FDR_BH, p, fdr, 7, "fdr_bh");
	check_adjusted(RML_CORRECT_FDR_BH, p, fdr, 0, "nothing");

	test("false discovery rate by definition");
	srand(8);
	for (int round = 0; round < 500; round++)
	{
		double		many[64];
		double		want[64];
		int			n = rand() % 64;

		for (int i = 0; i < n; i++)
			many[i] = (rand() % 20) / (double) (1 + rand() % 40) / 20;
		for (int i = 0; i < n; i++)
			want[i] = slow_fdr(many, n, i);
		check_adjusted(RML_CORRECT_FDR_BH, many, want, n, "random");
	}

	test("names of corrections");
	{
		RmlCorrection correction;

		CHECK(rml_correction_by_name("fdr_bh", &correction) && correction == RML_CORRECT_FDR_BH, "fdr_bh");
		CHECK(rml_correction_by_name("bonferroni", &correction) && correction == RML_CORRECT_BONFERRONI, "bonferroni");
		CHECK(rml_correction_by_name("none", &correction) && correction == RML_CORRECT_NONE, "none");
		CHECK(!rml_correction_by_name("holm", &correction) && !rml_correction_by_name("", &correction), "others");
	}
}

static void
test_shares(void)
{
	double		p = rml_two_shares_p(15, 100, 30, 100);

	test("two shares");
	/* scipy: 2 norm.sf(0.15 / sqrt(0.225 0.775 0.02)) */
	CHECK(fabs(p - 0.011085166380602711) < 1e-15, "15 and 30 of 100: %.17g", p);
	CHECK(rml_two_shares_p(30, 100, 15, 100) == p, "the other way round");
	CHECK(rml_two_shares_p(0, 10, 0, 20) == 1 && rml_two_shares_p(10, 10, 20, 20) == 1, "none and all");
	CHECK(isnan(rml_two_shares_p(0, 0, 1, 2)) && isnan(rml_two_shares_p(1, 2, 0, 0)), "an empty side");
	CHECK(rml_two_shares_p(0, 1e6, 1e6, 1e6) < 1e-300, "none and all of a million");
}

int
main(void)
{
	test_corrections();
	test_shares();
	return test_done();
}
