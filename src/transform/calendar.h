/*
 * calendar.h
 *	  Parts of times, and times read from ISO 8601.
 *
 * A time is microseconds of a local clock since 2000-01-01 00:00, as PostgreSQL
 * counts them, in the proleptic Gregorian calendar.  As a double it is exact from
 * 1715 to 2285.  Farther away it is cut down to one that is, at most a millisecond
 * earlier: whole seconds till 20267 and whole hours stay, and nothing gets into the
 * next year, as 9999-12-31 23:59:59.999999 would.
 */
#ifndef RML_TRANSFORM_CALENDAR_H
#define RML_TRANSFORM_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum RmlDatePart
{
	RML_PART_YEAR,
	RML_PART_QUARTER,
	RML_PART_MONTH,
	RML_PART_WEEK,				/* ISO 8601 */
	RML_PART_DAY,
	RML_PART_DOW,				/* Sunday is 0 */
	RML_PART_ISODOW,			/* Sunday is 7 */
	RML_PART_DOY,
	RML_PART_HOUR,
	RML_PART_MINUTE,
	RML_PART_SECOND				/* with its fraction */
} RmlDatePart;

/* Their names, in that order, NULL at the end: those of date_part(). */
extern const char *const rml_date_parts[];

/* How many values the part has before it begins anew, as a cycle counts them; 0: a year never does. */
extern double rml_date_part_period(RmlDatePart part);

/* Of microseconds that are finite. */
extern double rml_calendar_time(int64_t usec);

/* What date_part() gives; NaN for a time that is infinite, NaN, or out of timestamp's range. */
extern double rml_calendar_part(RmlDatePart part, double usec);

/*
 * Reads YYYY-MM-DD[(T| )hh:mm[:ss[.f]]][Z|(+|-)hh[:mm]], with up to 6 digits f, and
 * nothing else.  The time is that of the clock as written; its offset from UTC,
 * if it has one, stands apart.
 */
extern bool rml_parse_iso(const char *text, size_t length, double *usec, bool *has_offset, int *offset_minutes);

#endif
