/*
 * rows.c
 *	  What every metric demands of a row, in one wording.
 */
#include "postgres.h"

#include "compat.h"
#include "stats/rows.h"

RML_SQL_FUNCTION(riskml_class_label);

#define MAX_BINS 10000

static const char *
shown(double value)
{
	return float8out_internal(value);
}

void
rml_refuse_label(int32 label)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("label must be 0 or 1, but is %d", label)));
}

void
rml_refuse_score(double score)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("score must be a number, but is %s", shown(score)),
			 errhint("Leave such rows out, for example with FILTER.")));
}

void
rml_refuse_probability(double score)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("score must be a probability from 0 to 1, but is %s", shown(score))));
}

void
rml_refuse_weight(double weight)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("weight must be finite and not negative, but is %s", shown(weight))));
}

void
rml_refuse_number(const char *what, double value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be finite, but is %s", what, shown(value))));
}

int
rml_bins_argument(FunctionCallInfo fcinfo, int argument)
{
	int32		bins = PG_ARGISNULL(argument) ? 0 : PG_GETARG_INT32(argument);

	if (bins < 1 || bins > MAX_BINS)
		ereport(ERROR,
				(errcode(PG_ARGISNULL(argument) ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_INVALID_PARAMETER_VALUE),
				 PG_ARGISNULL(argument) ? errmsg("the number of bins must not be null")
				 : errmsg("the number of bins must be from 1 to %d, but is %d", MAX_BINS, bins)));
	return bins;
}

void
rml_require_same_bins(int before, int bins)
{
	if (before != bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of bins must be the same for all rows, but is %d and %d", before, bins)));
}

const double *
rml_check_probabilities(ArrayType *array, int32 label, int *n)
{
	const double *scores = (const double *) ARR_DATA_PTR(array);

	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array) || *n < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scores must be the probabilities of two or more classes, without nulls")));
	if (label < 0 || label >= *n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label must be a class from 0 to %d, but is %d", *n - 1, label)));
	for (int i = 0; i < *n; i++)
		rml_check_probability(scores[i]);
	return scores;
}

/* riskml.class_label(value): a label that is kept as another number */
Datum
riskml_class_label(PG_FUNCTION_ARGS)
{
	double		value = PG_GETARG_FLOAT8(0);

	if (!(value >= 0 && value <= PG_INT32_MAX) || value != floor(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label must be the number of a class, but is %s", shown(value))));
	PG_RETURN_INT32((int32) value);
}
