/*
 * calibration.c
 *	  calibration() and expected_calibration_error(): scores in bins of equal width.
 *
 * Bin i of n has the scores above i/n up to (i+1)/n, and the first one 0 as well:
 * Guo et al. 2017, and scikit-learn's calibration_curve().  The state is that of
 * stats/state.h, with three sums a bin: of weights, of weighted scores, and of the weights of
 * positives.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "math/sums.h"
#include "stats/rows.h"
#include "stats/state.h"

RML_SQL_FUNCTION(riskml_calibration_boolean);
RML_SQL_FUNCTION(riskml_calibration_int);
RML_SQL_FUNCTION(riskml_calibration);
RML_SQL_FUNCTION(riskml_expected_calibration_error);

typedef struct Bin
{
	RmlSum		weight;
	RmlSum		scores;
	RmlSum		positives;
} Bin;

#define BIN_LENGTH ((int) (sizeof(Bin) / sizeof(double)))

/* The bins of a state; how many, by its length. */
static int
n_bins(int length)
{
	int			n = (length - 1) / BIN_LENGTH;

	if (n < 1 || n * BIN_LENGTH + 1 != length)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state of calibration() has no bins with %d elements", length)));
	return n;
}

static ArrayType *
new_state(FunctionCallInfo fcinfo, int bins)
{
	int			length = 1 + bins * BIN_LENGTH;
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(double) * (Size) length;
	MemoryContext context;
	ArrayType  *array;

	if (!AggCheckCallContext(fcinfo, &context))
		context = CurrentMemoryContext;
	array = MemoryContextAllocZero(context, size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT8OID;
	ARR_DIMS(array)[0] = length;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

/* Upper edges are i times 1/n, as numpy.linspace() computes them; the last one is 1. */
static inline double
upper_edge(int bin, int n)
{
	return bin + 1 >= n ? 1.0 : (bin + 1) * (1.0 / n);
}

static inline int
bin_of(double score, int n)
{
	int			bin = Min((int) (score * n), n - 1);

	while (bin > 0 && score <= upper_edge(bin - 1, n))
		bin--;
	while (score > upper_edge(bin, n))
		bin++;
	return bin;
}

static Datum
add_row(FunctionCallInfo fcinfo, bool label_is_int)
{
	int			bins = rml_bins_argument(fcinfo, 3);
	ArrayType  *array;
	double	   *state;
	double		score;
	double		weight;
	bool		positive;
	Bin		   *bin;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 4 && PG_ARGISNULL(4)))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		return PG_GETARG_DATUM(0);
	}
	score = rml_check_probability(PG_GETARG_FLOAT8(1));
	positive = label_is_int ? rml_label_of_int(PG_GETARG_INT32(2)) : PG_GETARG_BOOL(2);
	weight = PG_NARGS() > 4 ? rml_check_weight(PG_GETARG_FLOAT8(4)) : 1.0;
	if (PG_ARGISNULL(0))
	{
		array = new_state(fcinfo, bins);
		state = (double *) ARR_DATA_PTR(array);
	}
	else
	{
		state = rml_state_begin(fcinfo, &array);
		rml_require_same_bins(n_bins(rml_state_length(array)), bins);
	}
	state[0]++;
	bin = (Bin *) (state + 1) + bin_of(score, bins);
	rml_sum_add(&bin->weight, weight);
	rml_sum_add_product(&bin->scores, weight, score);
	if (positive)
		rml_sum_add(&bin->positives, weight);
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
riskml_calibration_boolean(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false);
}

Datum
riskml_calibration_int(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true);
}

/* The bins of a final function's state. */
static const Bin *
final_bins(FunctionCallInfo fcinfo, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);

	*n = n_bins(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));
	return (const Bin *) (rml_state_final(fcinfo, 1 + *n * BIN_LENGTH) + 1);
}

Datum
riskml_calibration(PG_FUNCTION_ARGS)
{
	Oid			type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	TupleDesc	columns;
	int			n;
	const Bin  *bins = final_bins(fcinfo, &n);
	ArrayBuildState *rows = NULL;

	if (!OidIsValid(type))
		elog(ERROR, "calibration() does not return its type");
	columns = lookup_rowtype_tupdesc(type, -1);
	for (int i = 0; i < n; i++)
	{
		double		weight = rml_in_range(rml_sum_value(bins[i].weight));
		Datum		values[6];
		bool		nulls[6] = {0};

		if (weight == 0)
			continue;
		values[0] = Int32GetDatum(i + 1);
		values[1] = Float8GetDatum(i == 0 ? 0 : upper_edge(i - 1, n));
		values[2] = Float8GetDatum(upper_edge(i, n));
		values[3] = Float8GetDatum(weight);
		values[4] = Float8GetDatum(rml_sum_value(bins[i].scores) / weight);
		values[5] = Float8GetDatum(rml_sum_value(bins[i].positives) / weight);
		rows = accumArrayResult(rows, HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)), false, type, CurrentMemoryContext);
	}
	ReleaseTupleDesc(columns);
	if (rows == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(rows, CurrentMemoryContext));
}

/* Sum over bins of |positives - scores|, by the weight of all rows. */
Datum
riskml_expected_calibration_error(PG_FUNCTION_ARGS)
{
	int			n;
	const Bin  *bins = final_bins(fcinfo, &n);
	RmlSum		weight = {0};
	RmlSum		error = {0};

	for (int i = 0; i < n; i++)
	{
		RmlSum		difference = bins[i].positives;

		difference.rest -= bins[i].scores.rest;
		rml_sum_add(&difference, -bins[i].scores.sum);
		rml_sum_merge(&weight, bins[i].weight);
		rml_sum_add(&error, fabs(rml_sum_value(difference)));
	}
	if (rml_sum_value(weight) == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_in_range(rml_sum_value(error) / rml_in_range(rml_sum_value(weight))));
}
