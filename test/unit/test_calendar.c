/*
 * test_calendar.c
 *	  Parts of times: those of PostgreSQL 15's date_part(), but for the seconds of times that are no double.  ISO 8601: what is read, and what is not.
 */
#include "tap.h"

#include <math.h>

#include "transform/calendar.h"

#define N_PARTS 11
#define DAY 86400e6
#define N_DAYS 103729			/* 1716 to 2283 */

static const struct
{
	const char *text;
	int64_t		usec;
	double		parts[N_PARTS];
}			times[] = {
	{"2000-01-01", 0, {2000, 1, 1, 52, 1, 6, 6, 1, 0, 0, 0}},
	{"1999-12-31 23:59:59.999999", -1, {1999, 4, 12, 52, 31, 5, 5, 365, 23, 59, 59.999999}},
	{"2000-02-29 12:34:56.789012", 5142896789012, {2000, 1, 2, 9, 29, 2, 2, 60, 12, 34, 56.789012}},
	{"2000-03-01", 5184000000000, {2000, 1, 3, 9, 1, 3, 3, 61, 0, 0, 0}},
	{"1900-02-28", -3150662400000000, {1900, 1, 2, 9, 28, 3, 3, 59, 0, 0, 0}},
	{"1900-03-01", -3150576000000000, {1900, 1, 3, 9, 1, 4, 4, 60, 0, 0, 0}},
	{"2100-12-31 06:07:08", 3187231628000000, {2100, 4, 12, 52, 31, 5, 5, 365, 6, 7, 8}},
	{"2004-12-31", 157766400000000, {2004, 4, 12, 53, 31, 5, 5, 366, 0, 0, 0}},
	{"2005-01-01", 157852800000000, {2005, 1, 1, 53, 1, 6, 6, 1, 0, 0, 0}},
	{"2005-01-02 23:00", 158022000000000, {2005, 1, 1, 53, 2, 0, 7, 2, 23, 0, 0}},
	{"2008-12-29", 283824000000000, {2008, 4, 12, 1, 29, 1, 1, 364, 0, 0, 0}},
	{"2010-01-03", 315792000000000, {2010, 1, 1, 53, 3, 0, 7, 3, 0, 0, 0}},
	{"2020-12-31", 662688000000000, {2020, 4, 12, 53, 31, 4, 4, 366, 0, 0, 0}},
	{"2021-01-03", 662947200000000, {2021, 1, 1, 53, 3, 0, 7, 3, 0, 0, 0}},
	{"2024-02-29", 762480000000000, {2024, 1, 2, 9, 29, 4, 4, 60, 0, 0, 0}},
	{"2026-11-27 04:35:54.5", 849069354500000, {2026, 4, 11, 48, 27, 5, 5, 331, 4, 35, 54.5}},
	{"1970-01-01", -946684800000000, {1970, 1, 1, 1, 1, 4, 4, 1, 0, 0, 0}},
	{"0001-01-01", -63082281600000000, {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0}},
	{"0001-12-31 BC", -63082368000000000, {-1, 4, 12, 52, 31, 0, 7, 366, 0, 0, 0}},
	{"0001-02-29 BC", -63108806400000000, {-1, 1, 2, 9, 29, 2, 2, 60, 0, 0, 0}},
	{"0044-03-15 BC", -64464508800000000, {-44, 1, 3, 11, 15, 5, 5, 74, 0, 0, 0}},
	{"4713-01-01 BC", -211810204800000000, {-4713, 1, 1, 1, 1, 4, 4, 1, 0, 0, 0}},
	{"4714-11-24 BC", -211813488000000000, {-4714, 4, 11, 48, 24, 1, 1, 328, 0, 0, 0}},
	{"9999-12-31 23:59:59.999999", 252455615999999999, {9999, 4, 12, 52, 31, 5, 5, 365, 23, 59, 59.999968}},
	{"9999-12-31 23:59:59", 252455615999000000, {9999, 4, 12, 52, 31, 5, 5, 365, 23, 59, 59}},
	{"294276-12-31 23:59:59", INT64_C(9223371331199000000), {294276, 4, 12, 52, 31, 0, 7, 366, 23, 59, 58.999552}},
	{"1582-10-10", -13166409600000000, {1582, 4, 10, 40, 10, 0, 7, 283, 0, 0, 0}},
};

static void
test_parts(void)
{
	test("parts are those of date_part()");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		for (int part = 0; part < N_PARTS; part++)
		{
			double		found = rml_calendar_part((RmlDatePart) part, rml_calendar_time(times[i].usec));

			CHECK(found == times[i].parts[part], "%s of %s: got %.17g, expected %.17g", rml_date_parts[part], times[i].text, found,
				  times[i].parts[part]);
		}
	}

	test("what has no parts");
	for (int part = 0; part < N_PARTS; part++)
	{
		CHECK(isnan(rml_calendar_part((RmlDatePart) part, NAN)), "NaN has a %s", rml_date_parts[part]);
		CHECK(isnan(rml_calendar_part((RmlDatePart) part, INFINITY)), "infinity has a %s", rml_date_parts[part]);
		CHECK(isnan(rml_calendar_part((RmlDatePart) part, -INFINITY)), "-infinity has a %s", rml_date_parts[part]);
		CHECK(isnan(rml_calendar_part((RmlDatePart) part, 9223371331200000000.0)), "the end has a %s", rml_date_parts[part]);
		CHECK(isnan(rml_calendar_part((RmlDatePart) part, -211813488000000001.0 - 100)), "before the start is a %s", rml_date_parts[part]);
	}
	CHECK(rml_date_parts[N_PARTS] == NULL, "there are more parts");
}

/* Day by day through 568 years: parts go on as they must. */
static void
test_days(void)
{
	double		day_of_year = 1;

	test("day after day");
	for (int day = 0; day < 2 * N_DAYS; day++)
	{
		double		usec = (day - N_DAYS) * DAY;
		double		year = rml_calendar_part(RML_PART_YEAR, usec);
		bool		is_first = rml_calendar_part(RML_PART_MONTH, usec) == 1 && rml_calendar_part(RML_PART_DAY, usec) == 1;

		day_of_year = is_first ? 1 : day_of_year + 1;
		CHECK(rml_calendar_part(RML_PART_DOY, usec) == day_of_year, "day %d is no. %g of its year", day, day_of_year);
		CHECK(rml_calendar_part(RML_PART_YEAR, usec + DAY - 1) == year, "day %d ends in another year", day);
		CHECK(rml_calendar_part(RML_PART_DOW, usec) == (day + 3) % 7, "day %d is no day %d of its week", day, (day + 3) % 7);
		CHECK(rml_calendar_part(RML_PART_HOUR, usec + DAY - 1) == 23, "day %d does not end at 24:00", day);
	}
}

static const struct
{
	const char *text;
	double		usec;
	int			offset;			/* -1: it has none */
}			read[] = {
	{"2000-01-01", 0, -1},
	{"2000-01-01T00:00", 0, -1},
	{"2000-01-01 00:00:01", 1e6, -1},
	{"2000-01-01T00:00:00.5", 5e5, -1},
	{"2000-01-01T00:00:00.000001Z", 1, 0},
	{"2000-01-02T00:00+02", DAY, 120},
	{"1999-12-31T23:59:59.999999-05:30", -1, -330},
	{"2000-02-29T12:00:00+15:59", 59.5 * DAY, 959},
	{"0001-01-01", -63082281600000000.0, -1},
	{"9999-12-31T23:59:59", 252455615999000000.0, -1},
	{"2024-02-29", 762480000000000.0, -1},
};

static const char *const refused[] = {
	"", "2000", "2000-01", "2000-1-1", "2000-13-01", "2000-00-01", "2000-01-00", "2000-01-32", "2000-02-30", "1900-02-29", "2023-02-29",
	"2000-04-31", "0000-01-01", "-001-01-01", "20000101", "02000-01-01", "2000-01-01T", "2000-01-01T1", "2000-01-01T24:00", "2000-01-01T00:60",
	"2000-01-01T00:00:60", "2000-01-01T00:00:", "2000-01-01T00:00:00.", "2000-01-01T00:00:00.1234567", "2000-01-01T00:00z",
	"2000-01-01t00:00", "2000-01-01  00:00", "2000-01-01T00:00+1", "2000-01-01T00:00+16", "2000-01-01T00:00+01:60", "2000-01-01T00:00-Z",
	"2000-01-01T00:00+01:00x", " 2000-01-01", "2000-01-01 ", "2000-01-01T00:00 +01", "infinity", "2000-01-01T00:00,5", "2000/01/01"
};

static void
test_iso(void)
{
	double		usec;
	bool		has_offset;
	int			offset;

	test("ISO 8601 is read");
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
	{
		CHECK(rml_parse_iso(read[i].text, strlen(read[i].text), &usec, &has_offset, &offset), "%s is refused", read[i].text);
		CHECK(usec == read[i].usec, "%s: got %.17g, expected %.17g", read[i].text, usec, read[i].usec);
		CHECK(has_offset == (read[i].offset != -1) && (!has_offset || offset == read[i].offset), "%s: the offset is %d", read[i].text, offset);
		/* each beginning is read as such, or refused: nothing behind the end is looked at */
		for (size_t length = 0; length < strlen(read[i].text); length++)
		{
			if (rml_parse_iso(read[i].text, length, &usec, &has_offset, &offset))
				CHECK(length >= 10, "%.*s is read", (int) length, read[i].text);
		}
	}

	test("and nothing else");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		CHECK(!rml_parse_iso(refused[i], strlen(refused[i]), &usec, &has_offset, &offset), "%s is read", refused[i]);
	CHECK(!rml_parse_iso("2000-01-01\0", 11, &usec, &has_offset, &offset), "a null byte is read");
}

int
main(void)
{
	test_parts();
	test_days();
	test_iso();
	return test_done();
}
