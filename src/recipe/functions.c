/*
 * functions.c
 *	  Operations of recipes as functions, and the arithmetic of what riskml.recipe_sql() writes.
 *
 * NaN is missing, as NULL is: both give NULL.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "math/power.h"
#include "registry/column_value.h"
#include "registry/server.h"
#include "transform/calendar.h"

RML_SQL_FUNCTION(riskml_bucketize);
RML_SQL_FUNCTION(riskml_log1p);
RML_SQL_FUNCTION(riskml_box_cox);
RML_SQL_FUNCTION(riskml_yeo_johnson);
RML_SQL_FUNCTION(riskml_clip);
RML_SQL_FUNCTION(riskml_hash_bucket);
RML_SQL_FUNCTION(riskml_age_days);
RML_SQL_FUNCTION(riskml_local_time);
RML_SQL_FUNCTION(riskml_ieee_number);
RML_SQL_FUNCTION(riskml_ieee_add);
RML_SQL_FUNCTION(riskml_ieee_subtract);
RML_SQL_FUNCTION(riskml_ieee_multiply);
RML_SQL_FUNCTION(riskml_ieee_divide);

#define RETURN_NUMBER(value) \
	do \
	{ \
		double		number = (value); \
\
		if (isnan(number)) \
			PG_RETURN_NULL(); \
		PG_RETURN_FLOAT8(number); \
	} while (0)

/* ---- numbers ---- */

/* Of an array without NULLs, ascending. */
static const double *
get_edges(ArrayType *array, int *n)
{
	const double *edges = (const double *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("edges must be an array of one dimension")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("edges must not be NULL")));
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	for (int i = 0; i < *n; i++)
	{
		if (isnan(edges[i]) || (i > 0 && edges[i] <= edges[i - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edges must be ascending, but element %d is not greater than the one before", i + 1)));
	}
	return edges;
}

Datum
riskml_bucketize(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);
	int			n;
	const double *edges = get_edges(PG_GETARG_ARRAYTYPE_P(1), &n);
	int			low = 0;

	if (isnan(x))
		PG_RETURN_NULL();
	while (low < n)
	{
		int			middle = low + (n - low) / 2;

		if (edges[middle] <= x)
			low = middle + 1;
		else
			n = middle;
	}
	PG_RETURN_INT32(low);
}

Datum
riskml_log1p(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);

	RETURN_NUMBER(x < -1 ? NAN : log1p(x));
}

Datum
riskml_box_cox(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(rml_power(RML_BOX_COX, PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)));
}

Datum
riskml_yeo_johnson(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(rml_power(RML_YEO_JOHNSON, PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)));
}

/* Not strict: a bound that is NULL is none. */
Datum
riskml_clip(PG_FUNCTION_ARGS)
{
	double		x = PG_ARGISNULL(0) ? NAN : PG_GETARG_FLOAT8(0);
	double		lower = PG_ARGISNULL(1) ? -INFINITY : PG_GETARG_FLOAT8(1);
	double		upper = PG_ARGISNULL(2) ? INFINITY : PG_GETARG_FLOAT8(2);

	if (!(lower <= upper))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lower must be at most upper")));
	RETURN_NUMBER(x < lower ? lower : x > upper ? upper : x);
}

Datum
riskml_hash_bucket(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	int32		n_buckets = PG_GETARG_INT32(1);

	if (n_buckets < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n_buckets must be at least 1")));
	PG_RETURN_INT32((int32) ((uint32) rml_text_hash(VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value)) % (uint32) n_buckets));
}

/* ---- times ---- */

static double
clock_of(Timestamp time)
{
	return TIMESTAMP_IS_NOBEGIN(time) ? -INFINITY : TIMESTAMP_IS_NOEND(time) ? INFINITY : rml_calendar_time(time);
}

Datum
riskml_age_days(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER((clock_of(PG_GETARG_TIMESTAMP(1)) - clock_of(PG_GETARG_TIMESTAMP(0))) / 86400e6);
}

/* As AT TIME ZONE, but abbreviations, which a setting defines, are none. */
Datum
riskml_local_time(PG_FUNCTION_ARGS)
{
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(0);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	pg_tz	   *zone = rml_time_zone(name);
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	Timestamp	time;

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no time zone", name),
				 errhint("The view pg_timezone_names lists them.")));
	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_TIMESTAMP(instant);
	if (timestamp2tm(instant, &offset, &tm, &fsec, NULL, zone) != 0 || tm2timestamp(&tm, fsec, NULL, &time) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	PG_RETURN_TIMESTAMP(time);
}

/* ---- arithmetic ---- */

Datum
riskml_ieee_number(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(rml_column_number(RML_COLUMN_NUMERIC, PG_GETARG_DATUM(0)));
}

Datum
riskml_ieee_add(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(PG_GETARG_FLOAT8(0) + PG_GETARG_FLOAT8(1));
}

Datum
riskml_ieee_subtract(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(PG_GETARG_FLOAT8(0) - PG_GETARG_FLOAT8(1));
}

Datum
riskml_ieee_multiply(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(PG_GETARG_FLOAT8(0) * PG_GETARG_FLOAT8(1));
}

Datum
riskml_ieee_divide(PG_FUNCTION_ARGS)
{
	RETURN_NUMBER(PG_GETARG_FLOAT8(0) / PG_GETARG_FLOAT8(1));
}
