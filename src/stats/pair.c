/*
 * pair.c
 *	  Two distributions, bin by bin.
 */
#include "postgres.h"

#include "funcapi.h"

#include "math/divergence.h"
#include "stats/pair.h"

static void
take(RmlPair *pair, int64 expected, int64 actual)
{
	pair->counts[0][pair->n] = (double) expected;
	pair->counts[1][pair->n++] = (double) actual;
}

static void
take_categories(RmlPair *pair, const RmlDistribution *e, const RmlDistribution *a)
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

bool
rml_pair_read(FunctionCallInfo fcinfo, bool missing, RmlPair *pair)
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

bool
rml_pair_read_numeric(FunctionCallInfo fcinfo, const char *what, RmlPair *pair)
{
	rml_require_numeric(PG_GETARG_DISTRIBUTION(0), what);
	rml_require_numeric(PG_GETARG_DISTRIBUTION(1), what);
	return rml_pair_read(fcinfo, false, pair);
}

Datum
rml_row(FunctionCallInfo fcinfo, Datum *values)
{
	TupleDesc	type;
	bool	   *nulls;

	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	nulls = palloc0(sizeof(bool) * (Size) type->natts);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), values, nulls));
}
