/*
 * means.c
 *	  Metrics that are means over rows: log_loss(), brier(), rmse(), mae(), r2(),
 *	  mape(), multi_log_loss(), accuracy(), confusion().
 *
 * Their state is a float8[]: the number of rows, then sums, each as two numbers
 * (math/sums.h), the first mostly of the weights.  States of parallel workers are
 * added up.  As the functions can be called with any array, each checks it.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"

#include "compat.h"
#include "math/losses.h"
#include "math/moments.h"
#include "math/sums.h"
#include "stats/rows.h"
#include "stats/state.h"

RML_SQL_FUNCTION(riskml_log_loss_boolean);
RML_SQL_FUNCTION(riskml_log_loss_int);
RML_SQL_FUNCTION(riskml_brier_boolean);
RML_SQL_FUNCTION(riskml_brier_int);
RML_SQL_FUNCTION(riskml_squared_error_step);
RML_SQL_FUNCTION(riskml_absolute_error_step);
RML_SQL_FUNCTION(riskml_relative_error_step);
RML_SQL_FUNCTION(riskml_r2_step);
RML_SQL_FUNCTION(riskml_r2_combine);
RML_SQL_FUNCTION(riskml_r2_final);
RML_SQL_FUNCTION(riskml_equal_step);
RML_SQL_FUNCTION(riskml_confusion_boolean);
RML_SQL_FUNCTION(riskml_confusion_int);
RML_SQL_FUNCTION(riskml_confusion_final);
RML_SQL_FUNCTION(riskml_multi_log_loss_step);
RML_SQL_FUNCTION(riskml_multi_accuracy_step);
RML_SQL_FUNCTION(riskml_sums_combine);
RML_SQL_FUNCTION(riskml_mean_final);
RML_SQL_FUNCTION(riskml_root_mean_final);

/* ---- states ---- */

double *
rml_state_begin(FunctionCallInfo fcinfo, ArrayType **array)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(0);

	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] < 1 || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state of an aggregate must be a float8[] without nulls")));
	/* an aggregate's own state may be changed */
	if (!AggCheckCallContext(fcinfo, NULL) && (Pointer) state == DatumGetPointer(PG_GETARG_DATUM(0)))
		state = PG_GETARG_ARRAYTYPE_P_COPY(0);
	*array = state;
	return (double *) ARR_DATA_PTR(state);
}

int
rml_state_length(const ArrayType *array)
{
	return ARR_DIMS(array)[0];
}

double *
rml_state_of(FunctionCallInfo fcinfo, int length, ArrayType **array)
{
	double	   *state = rml_state_begin(fcinfo, array);

	if (unlikely(rml_state_length(*array) != length))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state of the aggregate must have %d elements, but has %d", length, rml_state_length(*array))));
	return state;
}

void
rml_state_merge(double *to, const double *from, int length)
{
	to[0] += from[0];
	for (int i = 1; i + 1 < length; i += 2)
		rml_sum_merge((RmlSum *) (to + i), *(const RmlSum *) (from + i));
}

/* An argument that is a state, to be read only. */
static const double *
other_state(FunctionCallInfo fcinfo, int argument, int length)
{
	ArrayType  *other = PG_GETARG_ARRAYTYPE_P(argument);

	if (ARR_NDIM(other) != 1 || ARR_DIMS(other)[0] != length || ARR_HASNULL(other) || ARR_ELEMTYPE(other) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of an aggregate must have as many elements as each other")));
	return (const double *) ARR_DATA_PTR(other);
}

const double *
rml_state_final(FunctionCallInfo fcinfo, int length)
{
	return other_state(fcinfo, 0, length);
}

/* riskml.sums_combine(state, other) */
Datum
riskml_sums_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	double	   *state = rml_state_begin(fcinfo, &array);
	int			length = rml_state_length(array);

	rml_state_merge(state, other_state(fcinfo, 1, length), length);
	PG_RETURN_ARRAYTYPE_P(array);
}

/* ---- means: rows, weight, sum ---- */

#define MEAN_LENGTH 5

static inline RmlSum *
sum_of(double *state, int n)
{
	return (RmlSum *) (state + 1 + 2 * n);
}

static inline double
sum_value(const double *state, int n)
{
	return rml_sum_value(*(const RmlSum *) (state + 1 + 2 * n));
}

static inline double
weight_of(FunctionCallInfo fcinfo, int argument)
{
	return PG_NARGS() > argument ? rml_check_weight(PG_GETARG_FLOAT8(argument)) : 1.0;
}

/* One more row; its value, and the argument that is its weight.  A row of weight 0 is none, whatever its value. */
static Datum
add_value(FunctionCallInfo fcinfo, double value, int weight_argument)
{
	ArrayType  *array;
	double	   *state = rml_state_of(fcinfo, MEAN_LENGTH, &array);
	double		weight = weight_of(fcinfo, weight_argument);

	if (weight == 0)
		PG_RETURN_ARRAYTYPE_P(array);
	state[0]++;
	rml_sum_add(sum_of(state, 0), weight);
	rml_sum_add_product(sum_of(state, 1), weight, value);
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
riskml_mean_final(PG_FUNCTION_ARGS)
{
	const double *state = rml_state_final(fcinfo, MEAN_LENGTH);
	double		weight = sum_value(state, 0);

	if (weight == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(rml_in_range(sum_value(state, 1) / rml_in_range(weight)));
}

Datum
riskml_root_mean_final(PG_FUNCTION_ARGS)
{
	const double *state = rml_state_final(fcinfo, MEAN_LENGTH);
	double		weight = sum_value(state, 0);

	if (weight == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sqrt(rml_in_range(sum_value(state, 1) / rml_in_range(weight))));
}

/* ---- probabilities ---- */

Datum
riskml_log_loss_boolean(PG_FUNCTION_ARGS)
{
	return add_value(fcinfo, rml_log_loss(rml_check_probability(PG_GETARG_FLOAT8(1)), PG_GETARG_BOOL(2)), 3);
}

Datum
riskml_log_loss_int(PG_FUNCTION_ARGS)
{
	return add_value(fcinfo, rml_log_loss(rml_check_probability(PG_GETARG_FLOAT8(1)), rml_label_of_int(PG_GETARG_INT32(2))), 3);
}

static double
brier(double score, bool positive)
{
	double		error = rml_check_probability(score) - positive;

	return error * error;
}

Datum
riskml_brier_boolean(PG_FUNCTION_ARGS)
{
	return add_value(fcinfo, brier(PG_GETARG_FLOAT8(1), PG_GETARG_BOOL(2)), 3);
}

Datum
riskml_brier_int(PG_FUNCTION_ARGS)
{
	return add_value(fcinfo, brier(PG_GETARG_FLOAT8(1), rml_label_of_int(PG_GETARG_INT32(2))), 3);
}

/* ---- predictions ---- */

static double
prediction_of(FunctionCallInfo fcinfo)
{
	return rml_check_finite("prediction", PG_GETARG_FLOAT8(1));
}

static double
actual_of(FunctionCallInfo fcinfo)
{
	return rml_check_finite("actual value", PG_GETARG_FLOAT8(2));
}

Datum
riskml_squared_error_step(PG_FUNCTION_ARGS)
{
	double		error = prediction_of(fcinfo) - actual_of(fcinfo);

	return add_value(fcinfo, error * error, 3);
}

Datum
riskml_absolute_error_step(PG_FUNCTION_ARGS)
{
	return add_value(fcinfo, fabs(prediction_of(fcinfo) - actual_of(fcinfo)), 3);
}

Datum
riskml_relative_error_step(PG_FUNCTION_ARGS)
{
	double		actual = actual_of(fcinfo);

	return add_value(fcinfo, fabs(prediction_of(fcinfo) - actual) / Max(fabs(actual), DBL_EPSILON), 3);
}

typedef struct R2
{
	double		rows;
	RmlMoments	actual;
	RmlSum		unexplained;	/* w (y - p)^2 */
} R2;

#define R2_LENGTH ((int) (sizeof(R2) / sizeof(double)))

Datum
riskml_r2_step(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	R2		   *state = (R2 *) rml_state_of(fcinfo, R2_LENGTH, &array);
	double		actual = actual_of(fcinfo);
	double		error = prediction_of(fcinfo) - actual;
	double		weight = weight_of(fcinfo, 3);

	if (weight == 0)
		PG_RETURN_ARRAYTYPE_P(array);
	state->rows++;
	rml_moments_add(&state->actual, actual, weight);
	rml_sum_add_product(&state->unexplained, weight, error * error);
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
riskml_r2_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	R2		   *state = (R2 *) rml_state_of(fcinfo, R2_LENGTH, &array);
	const R2   *other = (const R2 *) other_state(fcinfo, 1, R2_LENGTH);

	state->rows += other->rows;
	rml_moments_merge(&state->actual, &other->actual);
	rml_sum_merge(&state->unexplained, other->unexplained);
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
riskml_r2_final(PG_FUNCTION_ARGS)
{
	const R2   *state = (const R2 *) rml_state_final(fcinfo, R2_LENGTH);
	double		unexplained = rml_sum_value(state->unexplained);
	double		squares = rml_moments_squares(&state->actual);

	if (!(state->rows >= 2) || rml_sum_value(state->actual.weight) == 0)
		PG_RETURN_NULL();
	if (squares == 0)
		PG_RETURN_FLOAT8(unexplained == 0 ? 1.0 : 0.0);
	PG_RETURN_FLOAT8(rml_in_range(1 - rml_in_range(unexplained) / rml_in_range(squares)));
}

/* ---- classes ---- */

Datum
riskml_equal_step(PG_FUNCTION_ARGS)
{
	return add_value(fcinfo, PG_GETARG_INT32(1) == PG_GETARG_INT32(2), 3);
}

static const double *
probabilities(FunctionCallInfo fcinfo, int *n)
{
	return rml_check_probabilities(PG_GETARG_ARRAYTYPE_P(1), PG_GETARG_INT32(2), n);
}

Datum
riskml_multi_log_loss_step(PG_FUNCTION_ARGS)
{
	int			n;
	const double *scores = probabilities(fcinfo, &n);

	return add_value(fcinfo, rml_multi_log_loss(scores, n, PG_GETARG_INT32(2)), 3);
}

Datum
riskml_multi_accuracy_step(PG_FUNCTION_ARGS)
{
	int			n;
	const double *scores = probabilities(fcinfo, &n);

	return add_value(fcinfo, rml_first_largest(scores, n) == PG_GETARG_INT32(2), 3);
}

/* ---- confusion: rows, and the weights that are true positives, false ones, true negatives, false ones ---- */

#define CONFUSION_LENGTH 9
enum
{
	TP, FP, TN, FN
};

static Datum
add_decision(FunctionCallInfo fcinfo, bool positive)
{
	ArrayType  *array;
	double	   *state = rml_state_of(fcinfo, CONFUSION_LENGTH, &array);
	double		score = rml_check_score(PG_GETARG_FLOAT8(1));
	double		threshold = PG_GETARG_FLOAT8(3);
	int			cell;

	if (isnan(threshold))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("threshold must be a number, but is NaN")));
	if (score >= threshold)
		cell = positive ? TP : FP;
	else
		cell = positive ? FN : TN;
	state[0]++;
	rml_sum_add(sum_of(state, cell), weight_of(fcinfo, 4));
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
riskml_confusion_boolean(PG_FUNCTION_ARGS)
{
	return add_decision(fcinfo, PG_GETARG_BOOL(2));
}

Datum
riskml_confusion_int(PG_FUNCTION_ARGS)
{
	return add_decision(fcinfo, rml_label_of_int(PG_GETARG_INT32(2)));
}

/* A quotient is NULL without anything to divide by. */
static void
put_quotient(Datum *values, bool *nulls, int n, double above, double below)
{
	nulls[n] = below == 0;
	values[n] = Float8GetDatum(nulls[n] ? 0 : above / below);
}

Datum
riskml_confusion_final(PG_FUNCTION_ARGS)
{
	const double *state = rml_state_final(fcinfo, CONFUSION_LENGTH);
	double		cells[4];
	double		all = 0;
	double		scale;
	double		tp;
	double		fp;
	double		tn;
	double		fn;
	Datum		values[12];
	bool		nulls[12] = {0};
	TupleDesc	columns;

	for (int i = 0; i < 4; i++)
	{
		cells[i] = rml_in_range(sum_value(state, i));
		all = rml_in_range(all + cells[i]);
		values[i] = Float8GetDatum(cells[i]);
	}
	if (all == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE || columns->natts != lengthof(values))
		elog(ERROR, "confusion() does not return its type");
	/* so that products neither overflow nor vanish, and counts stay exact */
	scale = rml_scale_to(all, 0);
	tp = cells[TP] * scale;
	fp = cells[FP] * scale;
	tn = cells[TN] * scale;
	fn = cells[FN] * scale;
	put_quotient(values, nulls, 4, cells[TP] + cells[TN], all);
	put_quotient(values, nulls, 5, cells[TP], cells[TP] + cells[FP]);
	put_quotient(values, nulls, 6, cells[TP], cells[TP] + cells[FN]);
	put_quotient(values, nulls, 7, cells[TN], cells[TN] + cells[FP]);
	put_quotient(values, nulls, 8, cells[FP], cells[FP] + cells[TN]);
	put_quotient(values, nulls, 9, tp, tp + (fp + fn) / 2);
	put_quotient(values, nulls, 10, rml_difference_of_products(tp, tn, fp, fn), sqrt(tp + fp) * sqrt(tp + fn) * sqrt(tn + fp) * sqrt(tn + fn));
	nulls[11] = nulls[6] || nulls[7];
	values[11] = Float8GetDatum(nulls[11] ? 0 : (DatumGetFloat8(values[6]) + DatumGetFloat8(values[7])) / 2);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
