/*
 * histogram.c
 *	  Aggregates that count values in bins given before: riskml.histogram() and riskml.histogram_like().
 *
 * The state is a distribution of fixed size, changed in place.  The bins are an argument of each row: where the
 * plan has a constant for it, it is looked at once; else its bytes are compared with those of the row before.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/expandeddatum.h"

#include "stats/distribution.h"

RML_SQL_FUNCTION(riskml_histogram_step);
RML_SQL_FUNCTION(riskml_histogram_like_step);
RML_SQL_FUNCTION(riskml_histogram_like_text_step);

/* The bins of the row before. */
typedef struct Bins
{
	bool		fixed;			/* for all rows */
	MemoryContext context;
	Datum		argument;		/* a copy, as it was given: toasted, perhaps */
	Size		size;
	RmlDistribution *empty;		/* made of it */
} Bins;

typedef RmlDistribution *(*MakeEmpty) (Datum argument);

static RmlDistribution *
empty_by_edges(Datum argument)
{
	ArrayType  *array = DatumGetArrayTypeP(argument);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	float8	   *edges;
	RmlDistribution *d;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("edges must be an array of one dimension")));
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("edges must not contain nulls")));
	edges = palloc(sizeof(float8) * (Size) Max(n, 1));
	memcpy(edges, ARR_DATA_PTR(array), sizeof(float8) * (Size) n);
	rml_edges_check(edges, n);
	d = rml_numeric_new(n - 1);
	memcpy(rml_edges(d), edges, sizeof(float8) * (Size) n);
	pfree(edges);
	return d;
}

static RmlDistribution *
empty_like(Datum argument)
{
	RmlDistribution *baseline = DatumGetDistribution(argument);
	RmlDistribution *d = memcpy(palloc(VARSIZE(baseline)), baseline, VARSIZE(baseline));

	memset(d->counts, 0, sizeof(int64) * (Size) d->n);
	d->nulls = d->nans = d->underflow = d->overflow = 0;
	d->min = INFINITY;
	d->max = -INFINITY;
	return d;
}

/* Is argument i of the aggregate the same for all rows of the query? */
static bool
is_fixed(FunctionCallInfo fcinfo, int i)
{
	Aggref	   *aggregate = AggGetAggref(fcinfo);
	Expr	   *argument;

	if (aggregate == NULL || list_length(aggregate->args) <= i)
		return false;
	argument = list_nth_node(TargetEntry, aggregate->args, i)->expr;
	return IsA(argument, Const) || (IsA(argument, Param) && ((Param *) argument)->paramkind == PARAM_EXTERN);
}

static void *
keep(MemoryContext context, const void *bytes, Size size)
{
	return memcpy(MemoryContextAlloc(context, size), bytes, size);
}

static void
remember(Bins *bins, Datum argument, MakeEmpty make)
{
	RmlDistribution *empty = make(argument);

	if (bins->empty != NULL)
		pfree(bins->empty);
	bins->empty = keep(bins->context, empty, VARSIZE(empty));
	if (bins->size > 0)
		pfree(DatumGetPointer(bins->argument));
	bins->size = 0;
	/* what an expanded object holds may change in its place */
	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(argument)))
	{
		bins->size = VARSIZE_ANY(DatumGetPointer(argument));
		bins->argument = PointerGetDatum(keep(bins->context, DatumGetPointer(argument), bins->size));
	}
}

/* The bins of this row, argument 2 of the step. */
static Bins *
find_bins(FunctionCallInfo fcinfo, MakeEmpty make, const char *what)
{
	Bins	   *bins = fcinfo->flinfo->fn_extra;
	Datum		argument;

	if (bins != NULL && bins->fixed)
		return bins;
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what)));
	if (bins == NULL)
	{
		bins = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Bins));
		bins->context = fcinfo->flinfo->fn_mcxt;
		fcinfo->flinfo->fn_extra = bins;
	}
	argument = PG_GETARG_DATUM(2);
	if (bins->size == 0 || bins->size != VARSIZE_ANY(DatumGetPointer(argument)) ||
		memcmp(DatumGetPointer(bins->argument), DatumGetPointer(argument), bins->size) != 0)
	{
		remember(bins, argument, make);
		bins->fixed = is_fixed(fcinfo, 1);
	}
	return bins;
}

static bool
same_bins(const RmlDistribution *a, const RmlDistribution *b)
{
	Size		start = offsetof(RmlDistribution, counts) + sizeof(int64) * (Size) a->n;

	return VARSIZE(a) == VARSIZE(b) && memcmp((const char *) a + start, (const char *) b + start, VARSIZE(a) - start) == 0;
}

/* The state to change: the one given, a copy if it is not ours, or a new one. */
static RmlDistribution *
find_state(FunctionCallInfo fcinfo, const Bins *bins)
{
	bool		aggregate = AggCheckCallContext(fcinfo, NULL) != 0;
	RmlDistribution *state;

	if (PG_ARGISNULL(0))
		return memcpy(palloc(VARSIZE(bins->empty)), bins->empty, VARSIZE(bins->empty));
	state = PG_GETARG_DISTRIBUTION(0);
	if (!aggregate)
		state = memcpy(palloc(VARSIZE(state)), state, VARSIZE(state));
	if (state->kind != bins->empty->kind || state->n != bins->empty->n ||
		(!(bins->fixed && aggregate) && !same_bins(state, bins->empty)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the bins differ between rows of one group")));
	if (!aggregate && rml_distribution_total(state) > PG_INT64_MAX - state->nulls - state->nans - 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the counts of a distribution are too large")));
	return state;
}

/* Up to so many bins it is faster to compare with every edge. */
#define FEW_BINS 24

/* The bin of a value within the edges: how many of the inner edges are not above it. */
static inline int
bin_of(const float8 *edges, int n, float8 x)
{
	int			bin = 0;

	if (n <= FEW_BINS)
	{
		for (int i = 1; i < n; i++)
			bin += x >= edges[i];
		return bin;
	}
	while (n > 1)
	{
		int			half = n / 2;

		bin += x >= edges[bin + half] ? half : 0;
		n -= half;
	}
	return bin;
}

static inline void
count_number(RmlDistribution *d, float8 x)
{
	const float8 *edges = rml_edges(d);

	if (x >= edges[0] && x <= edges[d->n])
		d->counts[bin_of(edges, d->n, x)]++;
	else if (x < edges[0])
		d->underflow++;
	else if (x > edges[d->n])
		d->overflow++;
	else
	{
		d->nans++;
		return;
	}
	if (x < d->min)
		d->min = x + 0.0;		/* not -0 */
	if (x > d->max)
		d->max = x + 0.0;
}

Datum
riskml_histogram_step(PG_FUNCTION_ARGS)
{
	Bins	   *bins = find_bins(fcinfo, empty_by_edges, "edges");
	RmlDistribution *state = find_state(fcinfo, bins);

	if (PG_ARGISNULL(1))
		state->nulls++;
	else
		count_number(state, PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(state);
}

Datum
riskml_histogram_like_step(PG_FUNCTION_ARGS)
{
	Bins	   *bins = find_bins(fcinfo, empty_like, "baseline");
	RmlDistribution *state = find_state(fcinfo, bins);

	if (state->kind != RML_NUMERIC)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the baseline is one of categories, the values are numbers"),
				 errhint("Cast the values to text.")));
	if (PG_ARGISNULL(1))
		state->nulls++;
	else
		count_number(state, PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(state);
}

Datum
riskml_histogram_like_text_step(PG_FUNCTION_ARGS)
{
	Bins	   *bins = find_bins(fcinfo, empty_like, "baseline");
	RmlDistribution *state = find_state(fcinfo, bins);

	if (state->kind != RML_CATEGORICAL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the baseline is one of numbers, the values are texts"),
				 errhint("Cast the values to float8.")));
	if (PG_ARGISNULL(1))
		state->nulls++;
	else
	{
		text	   *value = PG_GETARG_TEXT_PP(1);
		int			i = rml_category_find(state, VARDATA_ANY(value), (uint32) VARSIZE_ANY_EXHDR(value));

		if (i >= 0)
			state->counts[i]++;
		else
			state->overflow++;
	}
	PG_RETURN_POINTER(state);
}
