/*
 * calendar.c
 *	  Parts of times, and times read from ISO 8601.
 *
 * Days are counted from 2000-03-01 within, so that a leap day is the last one of
 * its year, of its 4 years and of its 400 years.
 */
#include "transform/calendar.h"

#include <math.h>
#include <string.h>

#define USEC_PER_DAY INT64_C(86400000000)
#define DAYS_TO_MARCH 60		/* from 2000-01-01 to 2000-03-01 */
#define DAYS_PER_ERA 146097		/* 400 years */

/* timestamp's range: 4714-11-24 BC to the end of 294276 */
#define FIRST_USEC (-211813488000000000.0)
#define END_USEC 9223371331200000000.0

const char *const rml_date_parts[] = {
	"year", "quarter", "month", "week", "day", "dow", "isodow", "doy", "hour", "minute", "second", NULL
};

double
rml_date_part_period(RmlDatePart part)
{
	static const double periods[] = {0, 4, 12, 53, 31, 7, 7, 366, 24, 60, 60};

	return periods[part];
}

double
rml_calendar_time(int64_t usec)
{
	double		time = (double) usec;

	return (int64_t) time > usec ? nextafter(time, -HUGE_VAL) : time;
}

/* ---- days ---- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days since 2000-01-01.  The year before 1 is 0. */
static int64_t
day_of(int64_t year, int month, int day)
{
	int64_t		since = year - 2000 - (month <= 2);
	int			months = month > 2 ? month - 3 : month + 9;

	return since * 365 + floor_div(since, 4) - floor_div(since, 100) + floor_div(since, 400) +
		(153 * months + 2) / 5 + day - 1 + DAYS_TO_MARCH;
}

typedef struct Date
{
	int64_t		year;			/* as in day_of() */
	int			month;
	int			day;
} Date;

static Date
date_of(int64_t days)
{
	int64_t		since = days - DAYS_TO_MARCH;
	int64_t		era = floor_div(since, DAYS_PER_ERA);
	int			of_era = (int) (since - era * DAYS_PER_ERA);
	int			year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int			of_year = of_era - (365 * year + year / 4 - year / 100);
	int			months = (5 * of_year + 2) / 153;
	Date		date;

	date.month = months < 10 ? months + 3 : months - 9;
	date.day = of_year - (153 * months + 2) / 5 + 1;
	date.year = 2000 + era * 400 + year + (date.month <= 2);
	return date;
}

/* Monday is 1; 2000-01-01 was a Saturday. */
static int
iso_day_of_week(int64_t days)
{
	int64_t		since_monday = days + 5;

	return (int) (since_monday - floor_div(since_monday, 7) * 7) + 1;
}

/* The week is of the year that its Thursday is in. */
static int
iso_week(int64_t days)
{
	int64_t		thursday = days - iso_day_of_week(days) + 4;

	return (int) ((thursday - day_of(date_of(thursday).year, 1, 1)) / 7) + 1;
}

static double
part_of_day(RmlDatePart part, int64_t days)
{
	Date		date = date_of(days);

	switch (part)
	{
		case RML_PART_YEAR:
			/* as PostgreSQL: 1 BC is -1 */
			return (double) (date.year > 0 ? date.year : date.year - 1);
		case RML_PART_QUARTER:
			return (date.month - 1) / 3 + 1;
		case RML_PART_MONTH:
			return date.month;
		case RML_PART_WEEK:
			return iso_week(days);
		case RML_PART_DAY:
			return date.day;
		case RML_PART_DOW:
			return iso_day_of_week(days) % 7;
		case RML_PART_ISODOW:
			return iso_day_of_week(days);
		default:
			return (double) (days - day_of(date.year, 1, 1) + 1);
	}
}

double
rml_calendar_part(RmlDatePart part, double usec)
{
	int64_t		days;
	int64_t		of_day;

	if (!(usec >= FIRST_USEC && usec < END_USEC))
		return NAN;
	days = floor_div((int64_t) usec, USEC_PER_DAY);
	of_day = (int64_t) usec - days * USEC_PER_DAY;
	switch (part)
	{
		case RML_PART_HOUR:
			return (double) (of_day / INT64_C(3600000000));
		case RML_PART_MINUTE:
			return (double) (of_day / 60000000 % 60);
		case RML_PART_SECOND:
			return (double) (of_day / 1000000 % 60) + (double) (of_day % 1000000) / 1000000.0;
		default:
			return part_of_day(part, days);
	}
}

/* ---- ISO 8601 ---- */

typedef struct Text
{
	const char *at;
	const char *end;
} Text;

static bool
take(Text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

/* A number of so many digits, up to a limit. */
static bool
take_number(Text *text, int digits, int least, int most, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++, text->at++)
	{
		if (text->at == text->end || *text->at < '0' || *text->at > '9')
			return false;
		*value = *value * 10 + (*text->at - '0');
	}
	return *value >= least && *value <= most;
}

static bool
take_date(Text *text, int64_t *days)
{
	int			year;
	int			month;
	int			day;

	if (!(take_number(text, 4, 1, 9999, &year) && take(text, '-') && take_number(text, 2, 1, 12, &month) &&
		  take(text, '-') && take_number(text, 2, 1, 31, &day)))
		return false;
	*days = day_of(year, month, day);
	return date_of(*days).day == day;
}

/* What comes after the dot. */
static bool
take_fraction(Text *text, int *usec)
{
	int			digits = 0;

	for (*usec = 0; digits < 6 && text->at < text->end && *text->at >= '0' && *text->at <= '9'; digits++)
		*usec = *usec * 10 + (*text->at++ - '0');
	for (int i = digits; i < 6; i++)
		*usec *= 10;
	return digits > 0;
}

static bool
take_clock(Text *text, int64_t *usec)
{
	int			hour;
	int			minute;
	int			second = 0;
	int			fraction = 0;

	if (!(take_number(text, 2, 0, 23, &hour) && take(text, ':') && take_number(text, 2, 0, 59, &minute)))
		return false;
	if (take(text, ':') && !(take_number(text, 2, 0, 59, &second) && (!take(text, '.') || take_fraction(text, &fraction))))
		return false;
	*usec = ((hour * INT64_C(60) + minute) * 60 + second) * 1000000 + fraction;
	return true;
}

/* PostgreSQL knows offsets of less than 16 hours. */
static bool
take_offset(Text *text, int *minutes)
{
	int			sign = take(text, '-') ? -1 : 1;
	int			hour;
	int			minute = 0;

	*minutes = 0;
	if (take(text, 'Z'))
		return sign > 0;
	if (sign > 0 && !take(text, '+'))
		return false;
	if (!take_number(text, 2, 0, 15, &hour) || (take(text, ':') && !take_number(text, 2, 0, 59, &minute)))
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

bool
rml_parse_iso(const char *iso, size_t length, double *usec, bool *has_offset, int *offset_minutes)
{
	Text		text = {iso, iso + length};
	int64_t		days;
	int64_t		of_day = 0;

	*has_offset = false;
	*offset_minutes = 0;
	if (!take_date(&text, &days))
		return false;
	if ((take(&text, 'T') || take(&text, ' ')) && !take_clock(&text, &of_day))
		return false;
	if (text.at < text.end)
	{
		*has_offset = true;
		if (!take_offset(&text, offset_minutes))
			return false;
	}
	*usec = rml_calendar_time(days * USEC_PER_DAY + of_day);
	return text.at == text.end;
}
