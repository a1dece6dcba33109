/*
 * parseable.c
 *	  Is a text JSON, or a moment as Python's strptime() reads it?
 */
#include "postgres.h"

#include <ctype.h>

#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "compat.h"

RML_SQL_FUNCTION(riskml_is_json);
RML_SQL_FUNCTION(riskml_matches_strftime);

/* riskml.is_json(value) */
Datum
riskml_is_json(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	JsonLexContext *lexer = rml_json_lexer(VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value), GetDatabaseEncoding());

	PG_RETURN_BOOL(pg_parse_json(lexer, &nullSemAction) == JSON_SUCCESS);
}

/* ---- strptime() ---- */

typedef struct Moment
{
	const char *at;
	int			year;
	int			month;
	int			day;
} Moment;

/* A number of 1 to `digits` digits and in the range, as many digits as may be; -1: there is none. */
static int
read_number(Moment *moment, int least_digits, int digits, int low, int high)
{
	for (int n = digits; n >= least_digits; n--)
	{
		int			value = 0;
		int			i = 0;

		while (i < n && isdigit((unsigned char) moment->at[i]))
			value = value * 10 + moment->at[i++] - '0';
		if (i == n && value >= low && value <= high)
		{
			moment->at += n;
			return value;
		}
	}
	return -1;
}

/* One of the names, which may be cut to three letters; its number from 1; 0: none. */
static int
read_name(Moment *moment, const char *const *names, int n, bool cut)
{
	for (int i = 0; i < n; i++)
	{
		size_t		length = cut ? 3 : strlen(names[i]);

		if (pg_strncasecmp(moment->at, names[i], length) == 0)
		{
			moment->at += length;
			return i + 1;
		}
	}
	return 0;
}

static bool
read_zone(Moment *moment)
{
	if (*moment->at == 'Z')
	{
		moment->at++;
		return true;
	}
	if (*moment->at != '+' && *moment->at != '-')
		return false;
	moment->at++;
	if (read_number(moment, 2, 2, 0, 99) < 0)
		return false;
	if (*moment->at == ':')
		moment->at++;
	return read_number(moment, 2, 2, 0, 59) >= 0;
}

static bool
read_directive(Moment *moment, char directive)
{
	static const char *const month_names[] = {
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"
	};
	static const char *const day_names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
	static const char *const halves[] = {"am", "pm"};
	static const char *const zones[] = {"utc", "gmt"};

	switch (directive)
	{
		case 'Y':
			return (moment->year = read_number(moment, 4, 4, 1, 9999)) >= 0;
		case 'y':
			moment->year = read_number(moment, 2, 2, 0, 99);
			moment->year += moment->year < 0 ? 0 : moment->year < 69 ? 2000 : 1900;
			return moment->year >= 0;
		case 'm':
			return (moment->month = read_number(moment, 1, 2, 1, 12)) >= 0;
		case 'd':
			return (moment->day = read_number(moment, 1, 2, 1, 31)) >= 0;
		case 'H':
			return read_number(moment, 1, 2, 0, 23) >= 0;
		case 'I':
			return read_number(moment, 1, 2, 1, 12) >= 0;
		case 'M':
			return read_number(moment, 1, 2, 0, 59) >= 0;
		case 'S':
			return read_number(moment, 1, 2, 0, 61) >= 0;
		case 'f':
			return read_number(moment, 1, 6, 0, 999999) >= 0;
		case 'j':
			return read_number(moment, 1, 3, 1, 366) >= 0;
		case 'B':
		case 'b':
			return (moment->month = read_name(moment, month_names, 12, directive == 'b')) > 0;
		case 'A':
		case 'a':
			return read_name(moment, day_names, 7, directive == 'a') > 0;
		case 'p':
			return read_name(moment, halves, 2, false) > 0;
		case 'z':
			return read_zone(moment);
		case 'Z':
			return read_name(moment, zones, 2, false) > 0;
		case '%':
			return *moment->at == '%' && moment->at++ != NULL;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("strftime directive \"%%%c\" is not supported", isprint((unsigned char) directive) ? directive : '?'),
			 errhint("Supported are %%a %%A %%b %%B %%d %%f %%H %%I %%j %%m %%M %%p %%S %%y %%Y %%z %%Z and %%%%.")));
	return false;
}

static bool
matches(const char *text, const char *format)
{
	Moment		moment = {text, 2000, 1, 1};

	for (const char *f = format; *f != '\0'; f++)
	{
		if (*f == '%')
		{
			if (!read_directive(&moment, *++f))
				return false;
		}
		else if (isspace((unsigned char) *f))
		{
			if (!isspace((unsigned char) *moment.at))
				return false;
			while (isspace((unsigned char) *moment.at))
				moment.at++;
		}
		else if (*moment.at == *f)
			moment.at++;
		else
			return false;
	}
	return *moment.at == '\0' && moment.day <= day_tab[isleap(moment.year)][moment.month - 1];
}

/* riskml.matches_strftime(value, format) */
Datum
riskml_matches_strftime(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(matches(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1))));
}
