/*
 * test_special.c
 *	  Distribution functions: against scipy, whose values these are, binomial densities against exact fractions.
 */
#include "tap.h"

#include <math.h>

#include "math/special.h"

static bool
is_near(double found, double wanted, double tolerance)
{
	return fabs(found - wanted) <= tolerance * fabs(wanted);
}

static const struct
{
	double		x;
	double		df;
	double		p;
}			chi2_tails[] = {
	{0.5, 1.0, 0.47950012218695337},
	{3.84, 1.0, 0.05004352124870519},
	{1e-10, 1.0, 0.9999920211543921},
	{700.0, 1.0, 2.990226975124623e-154},
	{1400.0, 1.0, 2.1010145162644003e-306},
	{2.0, 2.0, 0.36787944117144245},
	{11.07, 5.0, 0.050009618622405425},
	{3.0, 10.0, 0.9814240637778593},
	{100.0, 10.0, 5.4497019829205215e-17},
	{1000.0, 10.0, 1.870290720915977e-208},
	{9.0, 9.0, 0.43727418891386693},
	{50.0, 100.0, 0.9999930466947524},
	{150.0, 100.0, 0.0009039320423540184},
	{900.0, 1000.0, 0.9892827619087102},
	{1200.0, 1000.0, 1.2255942330622893e-05},
	{999000.0, 1000000.0, 0.7601767314598727},
	{1005000.0, 1000000.0, 0.00020767800946702958},
	{10000000.0, 10000000.0, 0.4999405291960622},
	{0.3, 0.5, 0.3331718023153565},
};

static void
test_chi2(void)
{
	test("tails of the chi-squared distribution");
	for (size_t i = 0; i < sizeof(chi2_tails) / sizeof(chi2_tails[0]); i++)
	{
		double		p = rml_chi2_sf(chi2_tails[i].x, chi2_tails[i].df);

		CHECK(is_near(p, chi2_tails[i].p, 1e-11), "x %g, df %g: got %.17g, expected %.17g", chi2_tails[i].x, chi2_tails[i].df, p, chi2_tails[i].p);
	}
	CHECK(rml_chi2_sf(0, 3) == 1 && rml_chi2_sf(-1, 3) == 1 && rml_chi2_sf(INFINITY, 3) == 0, "ends");
	CHECK(isnan(rml_chi2_sf(1, 0)) && isnan(rml_chi2_sf(1, -1)) && isnan(rml_chi2_sf(NAN, 1)) && isnan(rml_chi2_sf(1, INFINITY)), "outside of the domain");

	test("quantiles of the chi-squared distribution");
	for (double df = 0.5; df < 1e6; df *= 7)
		for (double p = 1e-300; p < 1; p = p < 1e-3 ? p * 1e20 + 1e-3 : p + 0.09)
		{
			double		x = rml_chi2_isf(p, df);

			/* near to 0 the probability says little about x */
			CHECK(is_near(rml_chi2_sf(x, df), p, 1e-9), "df %g, p %g: x %.17g, whose tail is %.17g", df, p, x, rml_chi2_sf(x, df));
		}
	CHECK(rml_chi2_isf(1, 3) == 0 && isinf(rml_chi2_isf(0, 3)) && isnan(rml_chi2_isf(-0.1, 3)) && isnan(rml_chi2_isf(1.1, 3)) && isnan(rml_chi2_isf(0.5, 0)), "ends");
}

static const struct
{
	double		z;
	double		p;
}			normal_tails[] = {
	{0.0, 0.5},
	{0.5, 0.3085375387259869},
	{-0.5, 0.6914624612740131},
	{1.959963984540054, 0.025},
	{-3.0, 0.9986501019683699},
	{8.0, 6.22096057427174e-16},
	{20.0, 2.7536241186061556e-89},
	{37.0, 5.7255712225239266e-300},
};

static void
test_normal(void)
{
	test("tails and quantiles of the normal distribution");
	for (size_t i = 0; i < sizeof(normal_tails) / sizeof(normal_tails[0]); i++)
	{
		double		z = normal_tails[i].z;
		double		p = rml_normal_sf(z);

		CHECK(is_near(p, normal_tails[i].p, 1e-13), "z %g: got %.17g, expected %.17g", z, p, normal_tails[i].p);
		/* of the lower tail, as 1 - p would have no digits */
		CHECK(fabs(rml_normal_quantile(p) + z) <= 1e-12 * (1 + fabs(z)), "p %g: got %.17g, expected %.17g", p, rml_normal_quantile(p), -z);
	}
	CHECK(rml_normal_quantile(0) == -INFINITY && rml_normal_quantile(1) == INFINITY && isnan(rml_normal_quantile(-1)) && isnan(rml_normal_quantile(NAN)), "ends");
}

static const struct
{
	double		k;
	double		n;
	double		expected;
	double		unexpected;
	double		density;
}			binomials[] = {
	{0, 10, 2.5, 7.5, 0.056313514709472656},
	{10, 10, 2.5, 7.5, 9.5367431640625e-07},
	{3, 10, 2.5, 7.5, 0.25028228759765625},
	{500, 1000, 500.0, 500.0, 0.0252250181783608},
	{17, 20, 10.0, 10.0, 0.001087188720703125},
};

static void
test_binomial(void)
{
	double		sum = 0;

	test("binomial densities");
	for (size_t i = 0; i < sizeof(binomials) / sizeof(binomials[0]); i++)
	{
		double		density = rml_binomial_density(binomials[i].k, binomials[i].n, binomials[i].expected, binomials[i].unexpected);

		CHECK(is_near(density, binomials[i].density, 1e-13), "%g of %g: got %.17g, expected %.17g", binomials[i].k, binomials[i].n, density, binomials[i].density);
	}
	for (int k = 0; k <= 1000000; k++)
		sum += rml_binomial_density(k, 1e6, 3e5, 7e5);
	CHECK(is_near(sum, 1, 1e-11), "they sum to %.17g", sum);
	CHECK(is_near(rml_log_factorial_ratio(1), 0, 0) || fabs(rml_log_factorial_ratio(1)) < 1e-15, "log(1!/1) is %g", rml_log_factorial_ratio(1));
	CHECK(is_near(rml_log_factorial_ratio(20), log(2432902008176640000.0) - 20 * log(20), 1e-14), "log(20!/20^20) is %.17g", rml_log_factorial_ratio(20));
}

int
main(void)
{
	test_chi2();
	test_normal();
	test_binomial();
	return test_done();
}
