/*
 * sql.c
 *	  Statements of the job engine on its own tables.
 */
#include "postgres.h"

#include <stdarg.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "job/sql.h"

#define MAX_PARAMS 16

static Oid
type_of(char letter)
{
	switch (letter)
	{
		case 'l':
			return INT8OID;
		case 'i':
			return INT4OID;
		case 'z':
			return TIMESTAMPTZOID;
		case 'b':
			return BOOLOID;
		default:				/* t, j */
			return TEXTOID;
	}
}

static void
prepare(RmlStatement *statement)
{
	Oid			types[MAX_PARAMS];
	int			n = (int) strlen(statement->types);

	Assert(n <= MAX_PARAMS);
	for (int i = 0; i < n; i++)
		types[i] = type_of(statement->types[i]);
	statement->plan = SPI_prepare(statement->text, n, types);
	if (statement->plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	SPI_keepplan(statement->plan);
}

static Datum
parameter(char letter, va_list *args, char *null)
{
	const char *text;

	*null = ' ';
	switch (letter)
	{
		case 'l':
			return Int64GetDatum(va_arg(*args, int64));
		case 'i':
		case 'b':
			return Int32GetDatum(va_arg(*args, int));
		case 'z':
			return TimestampTzGetDatum(va_arg(*args, TimestampTz));
		default:
			text = va_arg(*args, const char *);
			if (text != NULL)
				return CStringGetTextDatum(text);
			*null = 'n';
			return (Datum) 0;
	}
}

uint64
rml_run(RmlStatement *statement,...)
{
	Datum		values[MAX_PARAMS];
	char		nulls[MAX_PARAMS];
	va_list		args;
	int			result;

	if (statement->plan == NULL)
		prepare(statement);
	va_start(args, statement);
	for (int i = 0; statement->types[i] != '\0'; i++)
		values[i] = parameter(statement->types[i], &args, &nulls[i]);
	va_end(args);
	result = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

static Datum
get(uint64 row, int column, bool *null)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, null);
}

int64
rml_get_bigint(uint64 row, int column)
{
	bool		null;
	Datum		value = get(row, column, &null);

	return null ? 0 : DatumGetInt64(value);
}

char *
rml_get_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

TimestampTz
rml_get_timestamp(uint64 row, int column, TimestampTz missing)
{
	bool		null;
	Datum		value = get(row, column, &null);

	return null ? missing : DatumGetTimestampTz(value);
}

bool
rml_get_bool(uint64 row, int column)
{
	bool		null;
	Datum		value = get(row, column, &null);

	return !null && DatumGetBool(value);
}
