/*
 * two_samples.c
 *	  Tests of two samples on their rows: Kolmogorov and Smirnov's, the distance of Wasserstein, Pearson's chi-squared.
 *
 * Differences of the samples' shares are taken as a m - b n, in integers, so that equal shares are equal.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "funcapi.h"

#include "compat.h"
#include "math/kolmogorov.h"
#include "math/special.h"
#include "math/sums.h"
#include "registry/server.h"
#include "stats/sides.h"
#include "stats/spread.h"

RML_SQL_FUNCTION(riskml_sides_number);
RML_SQL_FUNCTION(riskml_sides_text);
RML_SQL_FUNCTION(riskml_ks_test);
RML_SQL_FUNCTION(riskml_wasserstein_test);
RML_SQL_FUNCTION(riskml_chi2_test);

static int
side_of(bool is_reference)
{
	return is_reference ? RML_REFERENCE : RML_CURRENT;
}

/* A row without a value, or of neither side, counts for nothing. */
#define IS_ROW() (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))

Datum
riskml_sides_number(PG_FUNCTION_ARGS)
{
	RmlSides   *sides = rml_sides_of(fcinfo, false);

	if (IS_ROW())
		rml_sides_put_number(sides, side_of(PG_GETARG_BOOL(2)), PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(sides);
}

Datum
riskml_sides_text(PG_FUNCTION_ARGS)
{
	RmlSides   *sides = rml_sides_of(fcinfo, true);

	if (IS_ROW())
	{
		text	   *x = PG_GETARG_TEXT_PP(1);

		rml_sides_put_text(sides, side_of(PG_GETARG_BOOL(2)), x);
		PG_FREE_IF_COPY(x, 1);
	}
	PG_RETURN_POINTER(sides);
}

/* The state, if both sides have rows. */
static RmlSides *
sides_to_test(FunctionCallInfo fcinfo)
{
	RmlSides   *sides;

	if (PG_ARGISNULL(0))
		return NULL;
	sides = rml_sides_of(fcinfo, false);
	for (int i = 0; i < 2; i++)
		if (rml_sides_nans(sides, i) > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("x is NaN in the %s sample", i == RML_REFERENCE ? "reference" : "current"),
					 errdetail("It has no place in an order."),
					 errhint("Leave such rows out with FILTER (WHERE x <> 'NaN').")));
	return rml_sides_rows(sides, RML_REFERENCE) > 0 && rml_sides_rows(sides, RML_CURRENT) > 0 ? sides : NULL;
}

/* a m - b n, which is n m times the difference of a/n and b/m. */
static double
difference(int64 a, int64 n, int64 b, int64 m)
{
	int64		left;
	int64		right;

	if (pg_mul_s64_overflow(a, m, &left) || pg_mul_s64_overflow(b, n, &right))
		return (double) a * (double) m - (double) b * (double) n;
	return (double) (left - right);
}

static Datum
row_of(FunctionCallInfo fcinfo, Datum *values)
{
	TupleDesc	descriptor;
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the result is not a row");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

Datum
riskml_ks_test(PG_FUNCTION_ARGS)
{
	RmlSides   *sides = sides_to_test(fcinfo);
	RmlServerHost host;
	RmlSidesValue value;
	int64		n,
				m;
	int64		seen[2] = {0};
	double		greatest = 0;
	double		statistic;

	if (sides == NULL)
		PG_RETURN_NULL();
	n = rml_sides_rows(sides, RML_REFERENCE);
	m = rml_sides_rows(sides, RML_CURRENT);
	rml_sides_rewind(sides);
	while (rml_sides_next(sides, &value))
	{
		seen[0] += value.rows[0];
		seen[1] += value.rows[1];
		greatest = Max(greatest, fabs(difference(seen[0], n, seen[1], m)));
	}
	statistic = greatest / ((double) n * (double) m);
	rml_server_host_init(&host, CurrentMemoryContext);
	return row_of(fcinfo, (Datum[])
				  {
					  Float8GetDatum(statistic), Float8GetDatum(rml_ks_two_samples(n, m, statistic, &host.host)),
					  Int64GetDatum(n), Int64GetDatum(m)
				  });
}

/* ---- Wasserstein ---- */

/* The area between the two distribution functions; infinite if shares at an infinity differ. */
static double
area_between(RmlSides *sides)
{
	int64		n = rml_sides_rows(sides, RML_REFERENCE);
	int64		m = rml_sides_rows(sides, RML_CURRENT);
	RmlSum		area = {0};
	RmlSidesValue value;
	int64		seen[2] = {0};
	double		share = 0;		/* by which the functions differ on the left of the value */
	double		last = 0;
	bool		infinite = false;

	rml_sides_rewind(sides);
	while (rml_sides_next(sides, &value))
	{
		if (share != 0)
		{
			double		width = value.number - last;
			double		term = width * share;

			/* what is between two numbers may be beyond double, and its share not */
			if (isinf(width))
				term = (value.number / 2 - last / 2) * share * 2;
			infinite |= isinf(term);
			if (!infinite)
				rml_sum_add(&area, term);
		}
		seen[0] += value.rows[0];
		seen[1] += value.rows[1];
		share = fabs(difference(seen[0], n, seen[1], m)) / ((double) n * (double) m);
		last = value.number;
	}
	return infinite || isinf(area.sum) ? INFINITY : rml_sum_value(area);
}

Datum
riskml_wasserstein_test(PG_FUNCTION_ARGS)
{
	RmlSides   *sides = sides_to_test(fcinfo);
	RmlSpread	spread;
	double		distance;

	if (sides == NULL)
		PG_RETURN_NULL();
	distance = area_between(sides);
	rml_spread_of(sides, &spread);
	return row_of(fcinfo, (Datum[])
				  {
					  Float8GetDatum(distance), Float8GetDatum(distance / (spread.deviation < 0.001 ? 0.001 : spread.deviation)),
					  Int64GetDatum(rml_sides_rows(sides, RML_REFERENCE)), Int64GetDatum(rml_sides_rows(sides, RML_CURRENT))
				  });
}

/* ---- chi-squared ---- */

/*
 * Both cells of a category add (a m - b n)^2 / (t n m), t = a + b, to the statistic: each expected count is t/(n + m) of its
 * side's rows.
 */
Datum
riskml_chi2_test(PG_FUNCTION_ARGS)
{
	RmlSides   *sides = sides_to_test(fcinfo);
	RmlSidesValue value;
	RmlSum		statistic = {0};
	int64		categories = 0;
	int64		n,
				m;
	double		x,
				p;

	if (sides == NULL)
		PG_RETURN_NULL();
	n = rml_sides_rows(sides, RML_REFERENCE);
	m = rml_sides_rows(sides, RML_CURRENT);
	rml_sides_rewind(sides);
	while (rml_sides_next(sides, &value))
	{
		double		d = difference(value.rows[0], n, value.rows[1], m);

		rml_sum_add(&statistic, d / ((double) n * (double) m) * d / (double) (value.rows[0] + value.rows[1]));
		categories++;
	}
	x = rml_sum_value(statistic);
	p = categories > 1 ? rml_chi2_sf(x, (double) (categories - 1)) : 1;
	return row_of(fcinfo, (Datum[])
				  {
					  Float8GetDatum(x), Int32GetDatum((int32) (categories - 1)), Float8GetDatum(p)
				  });
}
