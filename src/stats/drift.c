/*
 * drift.c
 *	  Statistics on two distributions.
 */
#include "postgres.h"

#include <math.h>

#include "math/divergence.h"
#include "math/special.h"
#include "stats/pair.h"

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
	RmlPair		pair;

	if (!rml_pair_read(fcinfo, PG_GETARG_BOOL(3), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_psi(pair.shares[0], pair.shares[1], pair.n, epsilon));
}

Datum
riskml_kl(PG_FUNCTION_ARGS)
{
	double		epsilon = positive_share(PG_GETARG_FLOAT8(2), "epsilon");
	RmlPair		pair;

	if (!rml_pair_read(fcinfo, PG_GETARG_BOOL(3), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_kl(pair.shares[0], pair.shares[1], pair.n, epsilon));
}

Datum
riskml_jensen_shannon(PG_FUNCTION_ARGS)
{
	double		base = PG_GETARG_FLOAT8(2);
	RmlPair		pair;

	if (!(base > 1) || isinf(base))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("base must be a number above 1, not %g", base)));
	if (!rml_pair_read(fcinfo, PG_GETARG_BOOL(3), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_jensen_shannon(pair.shares[0], pair.shares[1], pair.n, base));
}

/* A statistic of the shares alone; (expected, actual, missing). */
static Datum
of_shares(FunctionCallInfo fcinfo, double (*statistic) (const double *p, const double *q, size_t n))
{
	RmlPair		pair;

	if (!rml_pair_read(fcinfo, PG_GETARG_BOOL(2), &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(statistic(pair.shares[0], pair.shares[1], pair.n));
}

Datum
riskml_hellinger(PG_FUNCTION_ARGS)
{
	return of_shares(fcinfo, rml_hellinger);
}

Datum
riskml_total_variation(PG_FUNCTION_ARGS)
{
	return of_shares(fcinfo, rml_total_variation);
}

Datum
riskml_l_infinity(PG_FUNCTION_ARGS)
{
	return of_shares(fcinfo, rml_l_infinity);
}

Datum
riskml_ks(PG_FUNCTION_ARGS)
{
	RmlPair		pair;

	if (!rml_pair_read_numeric(fcinfo, "order, so no ks", &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_binned_ks(pair.counts[0], pair.counts[1], pair.n));
}

Datum
riskml_wasserstein(PG_FUNCTION_ARGS)
{
	RmlDistribution *expected = PG_GETARG_DISTRIBUTION(0);
	RmlPair		pair;

	if (!rml_pair_read_numeric(fcinfo, "distances, so no wasserstein", &pair))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_binned_wasserstein(rml_edges(expected), (size_t) expected->n, pair.counts[0], pair.counts[1]));
}

Datum
riskml_chi2(PG_FUNCTION_ARGS)
{
	RmlPair		pair;
	size_t		df;
	double		statistic;

	if (!rml_pair_read(fcinfo, PG_GETARG_BOOL(2), &pair))
		PG_RETURN_NULL();
	statistic = rml_homogeneity(pair.counts[0], pair.counts[1], pair.n, &df);
	PG_RETURN_DATUM(rml_row(fcinfo, (Datum[]) {Float8GetDatum(statistic), Int32GetDatum((int32) df),
						Float8GetDatum(df > 0 ? rml_chi2_sf(statistic, (double) df) : 1)}));
}

/* Where nothing has changed, PSI is about (1/n + 1/m) times a chi-squared variable of one degree of freedom less than bins. */
Datum
riskml_stability(PG_FUNCTION_ARGS)
{
	double		alpha = positive_share(PG_GETARG_FLOAT8(2), "alpha");
	double		epsilon = positive_share(PG_GETARG_FLOAT8(3), "epsilon");
	RmlPair		pair;
	double		psi,
				scale,
				df;

	if (!rml_pair_read(fcinfo, PG_GETARG_BOOL(4), &pair))
		PG_RETURN_NULL();
	psi = rml_psi(pair.shares[0], pair.shares[1], pair.n, epsilon);
	scale = 1 / pair.totals[0] + 1 / pair.totals[1];
	df = (double) rml_occupied(pair.counts[0], pair.counts[1], pair.n) - 1;
	PG_RETURN_DATUM(rml_row(fcinfo, (Datum[]) {Float8GetDatum(psi), Float8GetDatum(df > 0 ? rml_chi2_sf(psi / scale, df) : 1),
						Float8GetDatum(df > 0 ? scale * rml_chi2_isf(alpha, df) : 0)}));
}
