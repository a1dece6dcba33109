/*
 * fields.c
 *	  The columns of a job or a step as the arguments of a function set them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/fields.h"

/* As the longest interval of a schedule: no clock runs over. */
#define MAX_DURATION (36525 * USECS_PER_DAY)

void
rml_fields_from_args(RmlFields *fields, FunctionCallInfo fcinfo)
{
	for (int i = 0; i < fields->n; i++)
	{
		int			arg = fields->first_arg + i;

		if (PG_ARGISNULL(arg) && !fields->fields[i].nullable)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("parameter \"%s\" must not be null", fields->fields[i].name)));
		fields->values[i] = PG_GETARG_DATUM(arg);
		fields->nulls[i] = PG_ARGISNULL(arg);
	}
}

void
rml_fields_from_row(RmlFields *fields)
{
	for (int i = 0; i < fields->n; i++)
		fields->values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1,
										  &fields->nulls[i]);
}

/* Which field may be set to NULL under this name? */
static int
find_nullable(const RmlFields *fields, const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < fields->n; i++)
	{
		if (!fields->fields[i].nullable)
			continue;
		if (strcmp(fields->fields[i].name, name) == 0)
			return i;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", fields->fields[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("cannot unset \"%s\" of %s", name, fields->subject),
			 errhint("What can be unset: %s.", names.data)));
}

void
rml_fields_change(RmlFields *fields, FunctionCallInfo fcinfo, int first_field, int unset)
{
	char	  **names;
	int			n_names = 0;

	for (int i = first_field; i < fields->n; i++)
	{
		if (PG_ARGISNULL(fields->first_arg + i))
			continue;
		fields->values[i] = PG_GETARG_DATUM(fields->first_arg + i);
		fields->nulls[i] = false;
	}
	if (!PG_ARGISNULL(unset))
		n_names = rml_text_array(PG_GETARG_DATUM(unset), "unset", &names);
	for (int n = 0; n < n_names; n++)
	{
		int			i = find_nullable(fields, names[n]);

		if (!PG_ARGISNULL(fields->first_arg + i))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s of %s is both set and unset", names[n], fields->subject)));
		fields->nulls[i] = true;
	}
}

void
rml_fields_params(const RmlFields *fields, RmlParam *params)
{
	for (int i = 0; i < fields->n; i++)
		params[i] = rml_param_datum(fields->fields[i].type, fields->values[i], fields->nulls[i]);
}

bool
rml_field_equal(const RmlFields *a, const RmlFields *b, int i)
{
	int16		length;
	bool		by_value;

	if (a->nulls[i] || b->nulls[i])
		return a->nulls[i] && b->nulls[i];
	get_typlenbyval(a->fields[i].type, &length, &by_value);
	return datum_image_eq(a->values[i], b->values[i], by_value, length);
}

char *
rml_field_text(const RmlFields *fields, int i)
{
	return fields->nulls[i] ? NULL : TextDatumGetCString(fields->values[i]);
}

int
rml_text_array(Datum array, const char *what, char ***elements)
{
	ArrayType  *values = DatumGetArrayTypeP(array);
	Datum	   *datums;
	bool	   *nulls;
	int			n;

	if (ARR_NDIM(values) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must have one dimension", what)));
	deconstruct_array(values, TEXTOID, -1, false, TYPALIGN_INT, &datums, &nulls, &n);
	*elements = palloc(sizeof(char *) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s contains a null", what)));
		(*elements)[i] = TextDatumGetCString(datums[i]);
		for (int j = 0; j < i; j++)
		{
			if (strcmp((*elements)[i], (*elements)[j]) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s contains \"%s\" twice", what, (*elements)[i])));
		}
	}
	return n;
}

/* "none, last or all" */
static char *
list_choices(const char *const *choices, int n_choices)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n_choices; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : i < n_choices - 1 ? ", " : " or ", choices[i]);
	return list.data;
}

int
rml_field_choice(const RmlFields *fields, int i, const char *const *choices, int n_choices)
{
	char	   *value = rml_field_text(fields, i);

	for (int choice = 0; choice < n_choices; choice++)
	{
		if (strcmp(value, choices[choice]) == 0)
			return choice;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\" of %s", fields->fields[i].name, value, fields->subject),
			 errhint("It can be %s.", list_choices(choices, n_choices))));
}

void
rml_field_at_least(const RmlFields *fields, int i, int32 minimum)
{
	int32		value = DatumGetInt32(fields->values[i]);

	if (!fields->nulls[i] && value < minimum)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of %s must be at least %d, got %d", fields->fields[i].name,
						fields->subject, minimum, value)));
}

void
rml_field_duration(const RmlFields *fields, int i, bool zero_too)
{
	const char *name = fields->fields[i].name;
	Interval   *value = DatumGetIntervalP(fields->values[i]);
	int64		length;

	if (fields->nulls[i])
		return;
	if (value->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of %s has months or years, which are not of one length", name, fields->subject),
				 errhint("Use days or hours.")));
	/* either end of an interval that does not fit is far beyond */
	if (pg_mul_s64_overflow(value->day, USECS_PER_DAY, &length) ||
		pg_add_s64_overflow(length, value->time, &length))
		length = value->day < 0 ? -1 : PG_INT64_MAX;
	if (length > MAX_DURATION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of %s is longer than 100 years", name, fields->subject),
				 errhint("It can be %d days at most.", (int) (MAX_DURATION / USECS_PER_DAY))));
	if (length < 0 || (length == 0 && !zero_too))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 zero_too
				 ? errmsg("%s of %s must not be negative", name, fields->subject)
				 : errmsg("%s of %s must be positive", name, fields->subject)));
}
