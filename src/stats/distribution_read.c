/*
 * distribution_read.c
 *	  What is in a distribution.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "math/binned.h"
#include "stats/distribution.h"

RML_SQL_FUNCTION(riskml_distribution_kind);
RML_SQL_FUNCTION(riskml_distribution_edges);
RML_SQL_FUNCTION(riskml_distribution_categories);
RML_SQL_FUNCTION(riskml_distribution_counts);
RML_SQL_FUNCTION(riskml_distribution_nulls);
RML_SQL_FUNCTION(riskml_distribution_nans);
RML_SQL_FUNCTION(riskml_distribution_underflow);
RML_SQL_FUNCTION(riskml_distribution_overflow);
RML_SQL_FUNCTION(riskml_distribution_other);
RML_SQL_FUNCTION(riskml_distribution_total);
RML_SQL_FUNCTION(riskml_distribution_minimum);
RML_SQL_FUNCTION(riskml_distribution_maximum);
RML_SQL_FUNCTION(riskml_distribution_quantile);
RML_SQL_FUNCTION(riskml_distribution_cdf);
RML_SQL_FUNCTION(riskml_distribution_bins);

Datum
riskml_distribution_kind(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(PG_GETARG_DISTRIBUTION(0)->kind == RML_NUMERIC ? "numeric" : "categorical"));
}

/* ---- lists ---- */

Datum
riskml_distribution_edges(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	Datum	   *values;

	if (d->kind != RML_NUMERIC)
		PG_RETURN_NULL();
	values = palloc(sizeof(Datum) * ((Size) d->n + 1));
	for (int i = 0; i <= d->n; i++)
		values[i] = Float8GetDatum(rml_edges(d)[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, d->n + 1, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
riskml_distribution_categories(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	Datum	   *values;

	if (d->kind != RML_CATEGORICAL)
		PG_RETURN_NULL();
	values = palloc(sizeof(Datum) * ((Size) d->n + 1));
	for (int i = 0; i < d->n; i++)
	{
		uint32		length;
		const char *text = rml_category(d, i, &length);

		values[i] = PointerGetDatum(cstring_to_text_with_len(text, (int) length));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(values, d->n, TEXTOID, -1, false, TYPALIGN_INT));
}

Datum
riskml_distribution_counts(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	Datum	   *values = palloc(sizeof(Datum) * ((Size) d->n + 1));

	for (int i = 0; i < d->n; i++)
		values[i] = Int64GetDatum(d->counts[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, d->n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* ---- counts; NULL where a kind has none ---- */

Datum
riskml_distribution_nulls(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_DISTRIBUTION(0)->nulls);
}

Datum
riskml_distribution_nans(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_DISTRIBUTION(0)->nans);
}

Datum
riskml_distribution_underflow(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);

	if (d->kind != RML_NUMERIC)
		PG_RETURN_NULL();
	PG_RETURN_INT64(d->underflow);
}

Datum
riskml_distribution_overflow(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);

	if (d->kind != RML_NUMERIC)
		PG_RETURN_NULL();
	PG_RETURN_INT64(d->overflow);
}

Datum
riskml_distribution_other(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);

	if (d->kind != RML_CATEGORICAL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(d->overflow);
}

Datum
riskml_distribution_total(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(rml_distribution_total(PG_GETARG_DISTRIBUTION(0)));
}

/* ---- positions ---- */

Datum
riskml_distribution_minimum(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);

	if (!rml_has_range(d))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(d->min);
}

Datum
riskml_distribution_maximum(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);

	if (!rml_has_range(d))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(d->max);
}

static RmlBinned
binned_of(const RmlDistribution *d)
{
	double	   *counts = palloc(sizeof(double) * ((Size) d->n + 2));

	counts[0] = (double) d->underflow;
	for (int i = 0; i < d->n; i++)
		counts[i + 1] = (double) d->counts[i];
	counts[d->n + 1] = (double) d->overflow;
	return (RmlBinned) {rml_edges(d), counts, (size_t) d->n, d->min, d->max};
}

Datum
riskml_distribution_quantile(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	float8		p = PG_GETARG_FLOAT8(1);
	RmlBinned	binned;

	rml_require_numeric(d, "quantiles");
	if (!(p >= 0 && p <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the share of a quantile must be between 0 and 1, not %g", p)));
	if (rml_distribution_total(d) == 0)
		PG_RETURN_NULL();
	binned = binned_of(d);
	PG_RETURN_FLOAT8(rml_binned_quantile(&binned, p));
}

Datum
riskml_distribution_cdf(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	RmlBinned	binned;

	rml_require_numeric(d, "order, so no cdf");
	if (rml_distribution_total(d) == 0)
		PG_RETURN_NULL();
	binned = binned_of(d);
	PG_RETURN_FLOAT8(rml_binned_cdf(&binned, PG_GETARG_FLOAT8(1)));
}

/* ---- rows: bin, lower_edge, upper_edge, category, rows, share ---- */

typedef struct Rows
{
	ReturnSetInfo *result;
	int64		total;
} Rows;

static void
put_row(const Rows *rows, int bin, const float8 *lower, const float8 *upper, text *category, int64 count)
{
	Datum		values[6] = {Int32GetDatum(bin)};
	bool		nulls[6] = {false, lower == NULL, upper == NULL, category == NULL, false, rows->total == 0};

	if (lower != NULL)
		values[1] = Float8GetDatum(*lower);
	if (upper != NULL)
		values[2] = Float8GetDatum(*upper);
	values[3] = PointerGetDatum(category);
	values[4] = Int64GetDatum(count);
	values[5] = Float8GetDatum(rows->total == 0 ? 0 : (double) count / (double) rows->total);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
}

Datum
riskml_distribution_bins(PG_FUNCTION_ARGS)
{
	RmlDistribution *d = PG_GETARG_DISTRIBUTION(0);
	const float8 *edges = rml_edges(d);
	const float8 below = -INFINITY,
				above = INFINITY;
	Rows		rows = {(ReturnSetInfo *) fcinfo->resultinfo, rml_distribution_total(d)};

	InitMaterializedSRF(fcinfo, 0);
	if (d->kind == RML_NUMERIC)
	{
		put_row(&rows, 0, &below, &edges[0], NULL, d->underflow);
		for (int i = 0; i < d->n; i++)
			put_row(&rows, i + 1, &edges[i], &edges[i + 1], NULL, d->counts[i]);
		put_row(&rows, d->n + 1, &edges[d->n], &above, NULL, d->overflow);
		return (Datum) 0;
	}
	for (int i = 0; i < d->n; i++)
	{
		uint32		length;
		const char *text = rml_category(d, i, &length);

		put_row(&rows, i + 1, NULL, NULL, cstring_to_text_with_len(text, (int) length), d->counts[i]);
	}
	put_row(&rows, d->n + 1, NULL, NULL, NULL, d->overflow);
	return (Datum) 0;
}
