/*
 * binned_scores.c
 *	  Statistics of scores by the distributions of positives' and negatives' scores, with their error bounds.
 */
#include "postgres.h"

#include "math/binned.h"
#include "math/divergence.h"
#include "stats/pair.h"

RML_SQL_FUNCTION(riskml_binned_auc);
RML_SQL_FUNCTION(riskml_binned_gini);
RML_SQL_FUNCTION(riskml_binned_ks_score);
RML_SQL_FUNCTION(riskml_binned_average_precision);

static Datum
bounded(FunctionCallInfo fcinfo, double value, double bound)
{
	return rml_row(fcinfo, (Datum[]) {Float8GetDatum(value), Float8GetDatum(bound)});
}

Datum
riskml_binned_auc(PG_FUNCTION_ARGS)
{
	RmlPair		pair;
	double		value,
				bound;

	if (!rml_pair_read_numeric(fcinfo, "order, so no auc", &pair))
		PG_RETURN_NULL();
	value = rml_binned_auc(pair.counts[0], pair.counts[1], pair.n, &bound);
	PG_RETURN_DATUM(bounded(fcinfo, value, bound));
}

Datum
riskml_binned_gini(PG_FUNCTION_ARGS)
{
	RmlPair		pair;
	double		value,
				bound;

	if (!rml_pair_read_numeric(fcinfo, "order, so no gini", &pair))
		PG_RETURN_NULL();
	value = rml_binned_auc(pair.counts[0], pair.counts[1], pair.n, &bound);
	PG_RETURN_DATUM(bounded(fcinfo, 2 * value - 1, 2 * bound));
}

Datum
riskml_binned_ks_score(PG_FUNCTION_ARGS)
{
	RmlPair		pair;

	if (!rml_pair_read_numeric(fcinfo, "order, so no ks_score", &pair))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(bounded(fcinfo, rml_binned_ks(pair.counts[0], pair.counts[1], pair.n),
							rml_binned_ks_bound(pair.counts[0], pair.counts[1], pair.n)));
}

Datum
riskml_binned_average_precision(PG_FUNCTION_ARGS)
{
	RmlPair		pair;
	double		value,
				bound;

	if (!rml_pair_read_numeric(fcinfo, "order, so no average_precision", &pair))
		PG_RETURN_NULL();
	value = rml_binned_average_precision(pair.counts[0], pair.counts[1], pair.n, &bound);
	PG_RETURN_DATUM(bounded(fcinfo, value, bound));
}
