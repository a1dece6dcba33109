/*
 * test_kolmogorov.c
 *	  Distributions of Kolmogorov and Smirnov: of two samples against counts of lattice paths in exact fractions, of
 *	  one sample against scipy 1.10, whose values these are, at the borders of each method's region too.
 */
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#include "host.h"
#include "math/kolmogorov.h"

static TestHost host;

static bool
is_near(double found, double wanted, double tolerance)
{
	return fabs(found - wanted) <= tolerance * fabs(wanted);
}

static const struct
{
	int			n;
	int			m;
	double		d;
	double		p;
}			two_samples[] = {
	{1, 1, 1.0 / 1, 1.0},
	{1, 2, 2.0 / 2, 0.6666666666666666},
	{2, 3, 3.0 / 6, 0.9},
	{5, 7, 12.0 / 35, 0.7373737373737373},
	{5, 7, 35.0 / 35, 0.0025252525252525255},
	{10, 10, 30.0 / 100, 0.7869297884777761},
	{10, 10, 10.0 / 100, 1.0},
	{10, 10, 100.0 / 100, 1.082508822446903e-05},
	{30, 20, 190.0 / 600, 0.15614190473092615},
	{50, 60, 600.0 / 3000, 0.1966444176691084},
	{50, 60, 3000.0 / 3000, 3.186853303986418e-32},
	{100, 101, 1200.0 / 10100, 0.42119415054050596},
	{100, 101, 9000.0 / 10100, 2.669043330264599e-43},
	{200, 200, 12000.0 / 40000, 2.4125498977354693e-08},
	{200, 200, 40000.0 / 40000, 1.9426434495222363e-119},
	{151, 300, 30000.0 / 45300, 1.604847984562588e-42},
};

static void
test_two_samples(void)
{
	test("two samples, exactly");
	for (size_t i = 0; i < sizeof(two_samples) / sizeof(two_samples[0]); i++)
	{
		int			n = two_samples[i].n;
		int			m = two_samples[i].m;
		double		p = rml_ks_two_samples(n, m, two_samples[i].d, &host.host);

		CHECK(is_near(p, two_samples[i].p, 1e-12), "%d and %d, d %g: got %.17g, expected %.17g", n, m, two_samples[i].d, p, two_samples[i].p);
		CHECK(is_near(rml_ks_two_samples(m, n, two_samples[i].d, &host.host), p, 1e-13), "%d and %d the other way round", m, n);
	}
	CHECK(rml_ks_two_samples(10, 20, 0, &host.host) == 1, "no difference");
	/* the paths that stay apart are two of C(m + n, n) */
	CHECK(is_near(rml_ks_two_samples(10000, 3, 1, &host.host), 2 * 6.0 / (10001.0 * 10002 * 10003), 1e-11), "apart: %g", rml_ks_two_samples(10000, 3, 1, &host.host));

	test("two samples, greater differences are less likely");
	for (int m = 1; m <= 40; m += 3)
	{
		double		last = 1;

		for (int difference = 1; difference <= 37 * m; difference++)
		{
			double		p = rml_ks_two_samples(37, m, difference / (37.0 * m), &host.host);

			CHECK(p > 0 && p <= last * (1 + 1e-12), "37 and %d, %d: %g after %g", m, difference, p, last);
			last = p;
		}
	}

	test("two samples, beyond exactness");
	for (int n = 10001; n < 300000; n *= 3)
		CHECK(rml_ks_two_samples(n, 9000, 0.02, &host.host) == rml_ks_one_sample((int64_t) rint(n * 9000.0 / (n + 9000.0)), 0.02, &host.host), "%d", n);
	CHECK(rml_ks_two_samples(10001, 1, 0.75, &host.host) == 0.5, "one value: %g", rml_ks_two_samples(10001, 1, 0.75, &host.host));
}

static const struct
{
	int			n;
	double		d;
	double		p;
}			one_sample[] = {
	{1, 0.6, 0.8},
	{1, 0.9, 0.19999999999999996},
	{2, 0.35355339059327373, 0.9142135623730951},
	{10, 0.06324555320336758, 0.9999999993823193},
	{10, 0.12649110640673517, 0.9906316398659326},
	{10, 0.2846049894151541, 0.32761745826303246},
	{10, 0.6324555320336759, 0.000209088213448878},
	{10, 0.9170605214488299, 3.0806545512570936e-11},
	{100, 0.03, 0.9999692479033473},
	{100, 0.06, 0.8428847956274123},
	{100, 0.11000000000000001, 0.16496264039322706},
	{100, 0.19, 0.0012339926382722768},
	{100, 0.25, 5.408871776434847e-06},
	{100, 0.6, 5.912822156396238e-35},
	{140, 0.06761234037828133, 0.5220840414346045},
	{141, 0.06737215368532153, 0.5221577963245764},
	{141, 0.04210759605332595, 0.9549094893418927},
	{1000, 0.014230249470757707, 0.9857328538572236},
	{1000, 0.018973665961010275, 0.8573684410456419},
	{1000, 0.041109609582188934, 0.06621653964577401},
	{1000, 0.09486832980505139, 2.7683606440184413e-08},
	{1000, 0.5375872022286245, 8.11891922322389e-271},
	{100000, 0.0014230249470757706, 0.9872454044918885},
	{100000, 0.0025298221281347035, 0.5432861510901741},
	{100000, 0.006324555320336758, 0.00066806667710579},
	{100000, 0.04743416490252569, 5.71966719970497e-196},
	{1000000, 0.0005, 0.9638386310076212},
	{1000000, 0.0012, 0.11215991901443556},
	{1000000, 0.002, 0.0006700277103670718},
	{1000000, 0.01, 2.7373304415481205e-87},
	{1000001, 0.001399999300000525, 0.039644828114122954},
	{1000001, 0.00199999900000075, 0.0006700312481330848},
	{10000000, 0.003162277660168379, 2.7619641643666603e-87},
};

static void
test_one_sample(void)
{
	test("one sample");
	for (size_t i = 0; i < sizeof(one_sample) / sizeof(one_sample[0]); i++)
	{
		double		p = rml_ks_one_sample(one_sample[i].n, one_sample[i].d, &host.host);

		CHECK(is_near(p, one_sample[i].p, 1e-10), "n %d, d %g: got %.17g, expected %.17g", one_sample[i].n, one_sample[i].d, p, one_sample[i].p);
	}
	for (int n = 1; n < 100000; n = n * 3 + 1)
	{
		double		last = 1;

		CHECK(rml_ks_one_sample(n, 0, &host.host) == 1 && rml_ks_one_sample(n, 1, &host.host) == 0, "n %d: ends", n);
		for (double d = 0.01 / sqrt(n); d < 1 && d * sqrt(n) < 19; d *= 1.07)
		{
			double		p = rml_ks_one_sample(n, d, &host.host);

			/* where one method follows another, p may rise by what they differ in */
			CHECK(p >= 0 && p <= last * (1 + 1e-6), "n %d, d %g: %.17g after %.17g", n, d, p, last);
			last = p;
		}
	}

	test("one sample, one-sided");
	CHECK(is_near(rml_ks_one_sided(1, 0.3, &host.host), 0.7, 1e-15), "one value: %.17g", rml_ks_one_sided(1, 0.3, &host.host));
	CHECK(rml_ks_one_sided(10, 0, &host.host) == 1 && rml_ks_one_sided(10, 1, &host.host) == 0, "ends");
}

int
main(void)
{
	test_host_begin(&host, SIZE_MAX);
	test_two_samples();
	test_one_sample();
	test_host_end(&host);
	return test_done();
}
