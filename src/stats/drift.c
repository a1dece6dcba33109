/*
 * drift.c
 *	  Statistics on two distributions.
 *
 * What counts as a bin: underflow, bins, overflow of numbers; the categories of either side and other values;
 * where the argument "missing" is true, nulls and NaN as well.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"

#include "math/divergence.h"
#include "math/special.h"
#include "stats/distribution.h"

RML_SQL_FUNCTION(riskml_psi);
RML_SQL_FUNCTION(riskml_kl);
RML_SQL_FUNCTION(riskml_jensen_shannon);
RML_SQL_FUNCTION(riskml_hellinger);
RML_SQL_FUNCTION(riskml_total_variation);
RML_SQL_FUNCTION(riskml_l_infinity);
RML_SQL_FUNCTION(riskml_ks);
RML_SQL_FUNCTION(riskml_wasserstein);
RML_SQL_FUNCTION(riskml_chi2);
RML_SQL_FUNCTION(riskml_stability);

/* Both sides, bin by bin. */
typedef struct Pair
{
	size_t		n;
	double	   *counts[2];
	double	   *shares[2];
	double		totals[2];
} Pair;

static void
take(Pair *pair, int64 expected, int64 actual)
{
	pair->counts[0][pair->n] = (double) expected;
	pair->counts[1][pair->n++] = (double) actual;
}

static void
take_categories(Pair *pair, const RmlDistribution *e, const RmlDistribution *a)
{
	int			i = 0,
				k = 0;

	while (i < e->n || k < a->n)
	{
		uint32		length_e,
					length_a;
		const char *text_e = i < e->n ? rml_category(e, i, &length_e) : NULL;
		const char *text_a = k < a->n ? rml_category(a, k, &length_a) : NULL;
		int			order = text_e == NULL ? 1 : text_a == NULL ? -1 : rml_category_compare(text_e, length_e, text_a, length_a);

		take(pair, order <= 0 ? e->counts[i] : 0, order >= 0 ? a->counts[k] : 0);
		i += order <= 0;
		k += order >= 0;
	}
}

/* Arguments 0 and 1; false if a side is empty. */
static bool
read_pair(FunctionCallInfo fcinfo, bool missing, Pair *pair)
{
	RmlDistribution *e = PG_GETARG_DISTRIBUTION(0);
	RmlDistribution *a = PG_GETARG_DISTRIBUTION(1);
	Size		room = (Size) e->n + (Size) (e->kind == RML_CATEGORICAL ? a->n : 0) + 4;

	rml_require_comparable(e, a);
	pair->n = 0;
	for (int side = 0; side < 2; side++)
	{
		pair->counts[side] = palloc(sizeof(double) * room);
		pair->shares[side] = palloc(sizeof(double) * room);
	}
	if (e->kind == RML_CATEGORICAL)
		take_categories(pair, e, a);
	else
	{
		take(pair, e->underflow, a->underflow);
		for (int i = 0; i < e->n; i++)
			take(pair, e->counts[i], a->counts[i]);
	}
	take(pair, e->overflow, a->overflow);
	if (missing)
	{
		take(pair, e->nulls, a->nulls);
		take(pair, e->nans, a->nans);
	}
	for (int side = 0; side < 2; side++)
	{
		pair->totals[side] = rml_sum(pair->counts[side], pair->n);
		for (size_t i = 0; i < pair->n; i++)
			pair->shares[side][i] = pair->counts[side][i] / pair->totals[side];
	}
	return pair->totals[0] > 0 && pair->totals[1] > 0;
}

static double
positive_share(float8 value, const char *name)
{
	if (!(value > 0 && value < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between 0 and 1, not %g", name, value)));
	return value;
}

Datum
riskml_psi(PG_FUNCTION_ARGS)
{
	double		epsilon = positive_share(PG_GETARG_FLOAT8(2), "epsilon");
	Pair		pair;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(3), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_psi(pair.shares[0], pair.shares[1], pair.n, epsilon));
}

Datum
riskml_kl(PG_FUNCTION_ARGS)
{
	double		epsilon = positive_share(PG_GETARG_FLOAT8(2), "epsilon");
	Pair		pair;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(3), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_kl(pair.shares[0], pair.shares[1], pair.n, epsilon));
}

Datum
riskml_jensen_shannon(PG_FUNCTION_ARGS)
{
	double		base = PG_GETARG_FLOAT8(2);
	Pair		pair;

	if (!(base > 1) || isinf(base))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("base must be a number above 1, not %g", base)));
	if (!read_pair(fcinfo, PG_GETARG_BOOL(3), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_jensen_shannon(pair.shares[0], pair.shares[1], pair.n, base));
}

Datum
riskml_hellinger(PG_FUNCTION_ARGS)
{
	Pair		pair;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(2), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_hellinger(pair.shares[0], pair.shares[1], pair.n));
}

Datum
riskml_total_variation(PG_FUNCTION_ARGS)
{
	Pair		pair;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(2), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_total_variation(pair.shares[0], pair.shares[1], pair.n));
}

Datum
riskml_l_infinity(PG_FUNCTION_ARGS)
{
	Pair		pair;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(2), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_l_infinity(pair.shares[0], pair.shares[1], pair.n));
}

/* As read_pair(), of numbers only. */
static bool
read_numeric_pair(FunctionCallInfo fcinfo, const char *what, Pair *pair)
{
	rml_require_numeric(PG_GETARG_DISTRIBUTION(0), what);
	rml_require_numeric(PG_GETARG_DISTRIBUTION(1), what);
	return read_pair(fcinfo, false, pair);
}

Datum
riskml_ks(PG_FUNCTION_ARGS)
{
	Pair		pair;

	if (!read_numeric_pair(fcinfo, "order, so no ks", &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_binned_ks(pair.counts[0], pair.counts[1], pair.n));
}

Datum
riskml_wasserstein(PG_FUNCTION_ARGS)
{
	RmlDistribution *expected = PG_GETARG_DISTRIBUTION(0);
	Pair		pair;

	if (!read_numeric_pair(fcinfo, "distances, so no wasserstein", &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_binned_wasserstein(rml_edges(expected), (size_t) expected->n, pair.counts[0], pair.counts[1]));
}

/* A row of the function's type, none of it null. */
static Datum
row(FunctionCallInfo fcinfo, Datum *values)
{
	TupleDesc	type;
	bool		nulls[4] = {false, false, false, false};

	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), values, nulls));
}

Datum
riskml_chi2(PG_FUNCTION_ARGS)
{
	Pair		pair;
	size_t		df;
	double		statistic;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(2), &pair))
		PG_RETURN_NULL();
	statistic = rml_homogeneity(pair.counts[0], pair.counts[1], pair.n, &df);
	PG_RETURN_DATUM(row(fcinfo, (Datum[]) {Float8GetDatum(statistic), Int32GetDatum((int32) df),
						Float8GetDatum(df > 0 ? rml_chi2_sf(statistic, (double) df) : 1)}));
}

/* Where nothing has changed, PSI is about (1/n + 1/m) times a chi-squared variable of one degree of freedom less than bins. */
Datum
riskml_stability(PG_FUNCTION_ARGS)
{
	double		alpha = positive_share(PG_GETARG_FLOAT8(2), "alpha");
	double		epsilon = positive_share(PG_GETARG_FLOAT8(3), "epsilon");
	Pair		pair;
	double		psi,
				scale,
				df;

	if (!read_pair(fcinfo, PG_GETARG_BOOL(4), &pair))
		PG_RETURN_NULL();
	psi = rml_psi(pair.shares[0], pair.shares[1], pair.n, epsilon);
	scale = 1 / pair.totals[0] + 1 / pair.totals[1];
	df = (double) rml_occupied(pair.counts[0], pair.counts[1], pair.n) - 1;
	PG_RETURN_DATUM(row(fcinfo, (Datum[]) {Float8GetDatum(psi), Float8GetDatum(df > 0 ? rml_chi2_sf(psi / scale, df) : 1),
						Float8GetDatum(df > 0 ? scale * rml_chi2_isf(alpha, df) : 0)}));
}
