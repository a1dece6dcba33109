/*
 * test_power.c
 *	  Power transforms: values of scikit-learn 1.2.1's PowerTransformer and scipy 1.10.1's boxcox(); likelihoods and lambdas of
 *	  scipy.stats.boxcox_llf(), boxcox_normmax(), yeojohnson_llf() and yeojohnson_normmax().
 */
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#include "math/power.h"

#define MAX_VALUES 1009
#define BLOCK 100				/* rows that come at once */

static bool
is_near(double found, double wanted, double tolerance)
{
	return fabs(found - wanted) <= tolerance * fmax(fabs(wanted), 1);
}

/* ---- values ---- */

static const struct
{
	RmlPower	method;
	double		x;
	double		lambda;
	double		value;
}			transformed[] = {
	{RML_BOX_COX, 0.001, 0, -6.9077552789821368},
	{RML_BOX_COX, 1, 0, 0},
	{RML_BOX_COX, 250.5, 0, 5.5234589205249192},
	{RML_YEO_JOHNSON, -250.5, 0, -31625.625},
	{RML_YEO_JOHNSON, -0.5, 0, -0.625},
	{RML_YEO_JOHNSON, 0, 0, 0},
	{RML_YEO_JOHNSON, 0.5, 0, 0.40546510810816438},
	{RML_YEO_JOHNSON, 10000.0, 0, 9.2104403669765151},
	{RML_BOX_COX, 0.001, 0.5, -1.9367544467966324},
	{RML_BOX_COX, 1, 0.5, 0},
	{RML_BOX_COX, 250.5, 0.5, 29.654383582688823},
	{RML_YEO_JOHNSON, -250.5, 0.5, -2658.3173393861048},
	{RML_YEO_JOHNSON, -0.5, 0.5, -0.55807820472492231},
	{RML_YEO_JOHNSON, 0, 0.5, 0},
	{RML_YEO_JOHNSON, 0.5, 0.5, 0.44948974278317788},
	{RML_YEO_JOHNSON, 10000.0, 0.5, 198.0099997500125},
	{RML_BOX_COX, 0.001, -1.5, -21081.184401122522},
	{RML_BOX_COX, 1, -1.5, 0},
	{RML_BOX_COX, 250.5, -1.5, 0.66649851656058379},
	{RML_YEO_JOHNSON, -250.5, -1.5, -72080023.041507751},
	{RML_YEO_JOHNSON, -0.5, -1.5, -0.89528969741331799},
	{RML_YEO_JOHNSON, 0, -1.5, -0},
	{RML_YEO_JOHNSON, 0.5, -1.5, 0.30377929736545511},
	{RML_YEO_JOHNSON, 10000.0, -1.5, 0.66666600009998744},
	{RML_BOX_COX, 0.001, 2, -0.49999949999999999},
	{RML_BOX_COX, 1, 2, 0},
	{RML_BOX_COX, 250.5, 2, 31374.624999999978},
	{RML_YEO_JOHNSON, -250.5, 2, -5.5274429895397938},
	{RML_YEO_JOHNSON, -0.5, 2, -0.40546510810816438},
	{RML_YEO_JOHNSON, 0, 2, 0},
	{RML_YEO_JOHNSON, 0.5, 2, 0.625},
	{RML_YEO_JOHNSON, 10000.0, 2, 50010000},
	{RML_BOX_COX, 0.001, 3, -0.33333333300000001},
	{RML_BOX_COX, 1, 3, 0},
	{RML_BOX_COX, 250.5, 3, 5239645.5416666567},
	{RML_YEO_JOHNSON, -250.5, 3, -0.99602385685884687},
	{RML_YEO_JOHNSON, -0.5, 3, -0.33333333333333337},
	{RML_YEO_JOHNSON, 0, 3, 0},
	{RML_YEO_JOHNSON, 0.5, 3, 0.79166666666666663},
	{RML_YEO_JOHNSON, 10000.0, 3, 333433343333.33331},
};

static void
test_values(void)
{
	test("values are scikit-learn's");
	for (size_t i = 0; i < sizeof(transformed) / sizeof(transformed[0]); i++)
	{
		double		value = rml_power(transformed[i].method, transformed[i].x, transformed[i].lambda);

		CHECK(is_near(value, transformed[i].value, 1e-13), "%g to lambda %g: got %.17g, expected %.17g", transformed[i].x,
			  transformed[i].lambda, value, transformed[i].value);
	}

	test("values at the limits");
	CHECK(isnan(rml_power(RML_BOX_COX, 0, 1)), "0 has a transform");
	CHECK(isnan(rml_power(RML_BOX_COX, -1, 1)), "-1 has a transform");
	CHECK(isnan(rml_power(RML_BOX_COX, NAN, 1)) && isnan(rml_power(RML_YEO_JOHNSON, NAN, 1)), "NaN has a transform");
	CHECK(rml_power(RML_BOX_COX, INFINITY, 0.5) == INFINITY, "infinity is finite");
	CHECK(rml_power(RML_BOX_COX, INFINITY, -0.5) == 2, "infinity is not at the bound");
	CHECK(rml_power(RML_YEO_JOHNSON, -INFINITY, 0.5) == -INFINITY, "-infinity is finite");
	CHECK(rml_power(RML_YEO_JOHNSON, -INFINITY, 2.5) == -2, "-infinity is not at the bound");
	CHECK(is_near(rml_power(RML_YEO_JOHNSON, 1e-300, 0.5) * 1e300, 1, 1e-15), "digits of small values are lost");
}

/* ---- fits ---- */

typedef struct Values
{
	double		values[MAX_VALUES];
	int			n;
	int			at;
} Values;

static void
rewind_values(void *arg)
{
	((Values *) arg)->at = 0;
}

static const double *
next_values(void *arg, int *n)
{
	Values	   *values = arg;
	const double *block = values->values + values->at;

	*n = values->n - values->at < BLOCK ? values->n - values->at : BLOCK;
	values->at += *n;
	return *n > 0 ? block : NULL;
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

typedef enum Data
{
	SQUARES, MIXED, ZEROS, FAR, NEGATIVE, CONSTANT, PAIR, TINY, HUGE_VALUES, YEARS, SKEWED
} Data;

static double
value_of(Data data, int i)
{
	switch (data)
	{
		case SQUARES:
			return (i + 1) * (i + 1) / 10.0;
		case MIXED:
			return (i * 7919 % 1009 - 300) / 7.0;
		case ZEROS:
			return i % 10 == 0 ? i / 100.0 : 0;
		case FAR:
			return 1e9 + (i + 1) * (i + 1) / 1000.0;
		case NEGATIVE:
			return -((i + 1) * (i + 1) * (i + 1) / 1000.0);
		case CONSTANT:
			return 7;
		case PAIR:
			return i % 2;
		case TINY:
			return (i + 1) * (i + 1) * 1e-200;
		case HUGE_VALUES:
			return (i + 1) * (i + 1) * 1e300;
		case YEARS:
			return 1000 + i % 30;
		case SKEWED:
			return 100 + exp(i / 100.0 - 5);
	}
	return 0;
}

static RmlAscending
make(Values *values, Data data, int n)
{
	*values = (Values) {.n = n};
	for (int i = 0; i < n; i++)
		values->values[i] = value_of(data, i);
	qsort(values->values, (size_t) n, sizeof(double), compare);
	return (RmlAscending) {n, rewind_values, next_values, values};
}

static const struct
{
	RmlPower	method;
	Data		data;
	double		lambda;
	double		most;			/* the likelihood then */
	double		below;			/* and of -0.5 */
	double		above;			/* and of 2.5 */
}			fits[] = {
	{RML_BOX_COX, SQUARES, 0.3568910949, -1347.7899170646119, -1776.3115640310839, -1791.2152191626337},
	{RML_YEO_JOHNSON, SQUARES, 0.3565252901, -1351.1097088198376, -1638.0621672651873, -1781.0086446226717},
	{RML_YEO_JOHNSON, MIXED, 0.9504223263, -3749.6490769358538, -9641.6517004614907, -6845.3598474256651},
	{RML_YEO_JOHNSON, ZEROS, -6.000175441, 1884.9741074360588, 849.68834404170707, -2836.4999840103847},
	{RML_YEO_JOHNSON, NEGATIVE, 1.77058109, -1389.4240382387786, -2154.7185555794676, -1684.8878671017155},
};

static void
test_fits(void)
{
	test("likelihood and lambda are scipy's");
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
	{
		Values		values;
		RmlAscending ascending = make(&values, fits[i].data, fits[i].data == MIXED || fits[i].data == ZEROS ? 1009 : 200);
		double		lambda;
		double		found;
		bool		fitted;

		found = rml_power_likelihood(fits[i].method, &ascending, fits[i].lambda);
		CHECK(is_near(found, fits[i].most, 1e-12), "fit %zu: got %.17g, expected %.17g", i, found, fits[i].most);
		found = rml_power_likelihood(fits[i].method, &ascending, -0.5);
		CHECK(is_near(found, fits[i].below, 1e-12), "fit %zu, -0.5: got %.17g, expected %.17g", i, found, fits[i].below);
		found = rml_power_likelihood(fits[i].method, &ascending, 2.5);
		CHECK(is_near(found, fits[i].above, 1e-12), "fit %zu, 2.5: got %.17g, expected %.17g", i, found, fits[i].above);
		fitted = rml_power_fit(fits[i].method, &ascending, &lambda);
		CHECK(fitted && is_near(lambda, fits[i].lambda, 1e-6), "fit %zu: lambda is %.17g", i, lambda);
		found = rml_power_likelihood(fits[i].method, &ascending, lambda);
		CHECK(found >= fits[i].most - 1e-9, "fit %zu: a greater likelihood than %.17g", i, found);
	}
}

static void
check_none(RmlPower method, Data data, int n, const char *what)
{
	Values		values;
	RmlAscending ascending = make(&values, data, n);
	double		lambda;
	bool		fitted = rml_power_fit(method, &ascending, &lambda);

	CHECK(!fitted && lambda == 1, "%s: lambda is %g", what, lambda);
}

static void
check_finite(RmlPower method, Data data, int n, const char *what)
{
	Values		values;
	RmlAscending ascending = make(&values, data, n);
	double		lambda;
	bool		fitted = rml_power_fit(method, &ascending, &lambda);
	double		least = rml_power(method, values.values[0], lambda);
	double		greatest = rml_power(method, values.values[n - 1], lambda);

	CHECK(isfinite(lambda) && isfinite(least) && isfinite(greatest) && least < greatest, "%s: lambda %g takes [%g, %g] to [%g, %g]",
		  what, lambda, values.values[0], values.values[n - 1], least, greatest);
	CHECK(fitted || lambda == 1, "%s: lambda is %g", what, lambda);
}

static void
test_extremes(void)
{
	Values		values;
	RmlAscending ascending = make(&values, PAIR, 100);
	double		lambda;

	test("what has no lambda");
	for (RmlPower method = RML_BOX_COX; method <= RML_YEO_JOHNSON; method++)
	{
		check_none(method, CONSTANT, 500, "equal values");
		check_none(method, CONSTANT, 1, "a value");
	}

	test("lambda is finite, and so is what it gives");
	for (RmlPower method = RML_BOX_COX; method <= RML_YEO_JOHNSON; method++)
	{
		check_finite(method, FAR, 200, "far from 0");
		check_finite(method, HUGE_VALUES, 200, "huge");
	}
	check_finite(RML_YEO_JOHNSON, TINY, 200, "tiny");

	test("two values");
	CHECK(rml_power_fit(RML_YEO_JOHNSON, &ascending, &lambda) && fabs(lambda) < 1e-9, "lambda is %g", lambda);
}

/* The likeliest lambda would leave but a few doubles of them, or one: what is found is likelier than 1, and keeps most apart by some 12 bits. */
static void
check_apart(RmlPower method, Data data, int n, const char *what)
{
	Values		values;
	RmlAscending ascending = make(&values, data, n);
	double		lambda = 0;
	bool		fitted = rml_power_fit(method, &ascending, &lambda);
	double		low = rml_power(method, values.values[n / 10], lambda);
	double		high = rml_power(method, values.values[n * 9 / 10], lambda);
	double		gain = rml_power_likelihood(method, &ascending, lambda) - rml_power_likelihood(method, &ascending, 1);

	CHECK(fitted, "%s: no lambda", what);
	CHECK(high - low >= 0x1p-42 * fabs(high), "%s: lambda %g leaves %g from %.17g", what, lambda, high - low, low);
	CHECK(gain >= -1e-9, "%s: lambda %g has %g less than 1", what, lambda, -gain);
}

static void
test_digits(void)
{
	test("lambda leaves digits");
	for (RmlPower method = RML_BOX_COX; method <= RML_YEO_JOHNSON; method++)
	{
		check_apart(method, YEARS, 900, "years");
		check_apart(method, SKEWED, 1000, "skewed, far from 0");
	}
}

int
main(void)
{
	test_values();
	test_fits();
	test_extremes();
	test_digits();
	return test_done();
}
