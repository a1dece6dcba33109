/*
 * schedule.c
 *	  Ticks of a schedule: wall-clock minutes and intervals as instants.
 *
 * A time zone is a row of segments, each with one offset.  No zone of the
 * database is more than 16 hours from UTC (POSIX specifications could be, and
 * are refused), so a wall clock is less than a day from UTC's, and only the
 * segments of the last two days decide what it has shown.
 */
#include "postgres.h"

#include "common/int.h"
#include "mb/pg_wchar.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/schedule.h"

/* Changes of a zone's clock looked at before giving up; zones have a few a year. */
#define MAX_SEGMENTS 1000

#define MIN_INTERVAL USECS_PER_SEC
#define MAX_INTERVAL (36525 * USECS_PER_DAY)

typedef struct Segment
{
	TimestampTz end;			/* DT_NOEND: none */
	int64		offset;			/* microseconds east of UTC */
} Segment;

/* ---- parsing ---- */

pg_noreturn static void bad_schedule(const char *text, const RmlError *err);

static void
bad_schedule(const char *text, const RmlError *err)
{
	int			shown = pg_mbcliplen(text, (int) strlen(text), 128);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 err->offset != RML_NO_OFFSET
			 ? errmsg("invalid schedule \"%.*s\": %s at byte %zu", shown, text, err->message, err->offset)
			 : errmsg("invalid schedule \"%.*s\": %s", shown, text, err->message),
			 err->hint[0] != '\0' ? errhint("%s", err->hint) : 0));
}

/*
 * Splits up the text of an interval as interval_in() does, without its errors.
 * That reads a leading minus as IntervalStyle says: such a text is negative
 * here, as none can be right.
 */
static bool
decode_interval(const char *text, struct pg_itm_in *parts, bool *negative)
{
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	char		buffer[256];
	int			n;
	int			type;
	int			fault;

	fault = ParseDateTime(text, buffer, sizeof(buffer), field, ftype, MAXDATEFIELDS, &n);
	if (fault != 0)
		return false;
	*negative = n > 0 && field[0][0] == '-';
	fault = DecodeInterval(field, ftype, n, INTERVAL_FULL_RANGE, &type, parts);
	if (fault == DTERR_BAD_FORMAT)
	{
		char	   *copy = pstrdup(text);

		fault = DecodeISO8601Interval(copy, &type, parts);
		pfree(copy);
	}
	return fault == 0 && type == DTK_DELTA;
}

/* Microseconds of the text of an interval. */
static bool
parse_interval(const char *text, int64 *interval, RmlError *err)
{
	struct pg_itm_in parts;
	bool		negative;

	if (!decode_interval(text, &parts, &negative))
	{
		rml_fail(err, RML_SYNTAX, "neither five fields nor an interval");
		return rml_hint(err, "Examples: '0 6 * * mon-fri', '@hourly', '15 minutes'.");
	}
	if (parts.tm_year != 0 || parts.tm_mon != 0)
	{
		rml_fail(err, RML_INVALID, "months and years are not of one length");
		return rml_hint(err, "Write a calendar schedule, such as '0 6 1 * *' for the first day of each month.");
	}
	/* a longer one does not pass the limit, and its days might overflow */
	if (parts.tm_mday > 2 * (MAX_INTERVAL / USECS_PER_DAY) ||
		parts.tm_mday < -2 * (MAX_INTERVAL / USECS_PER_DAY) ||
		pg_add_s64_overflow(parts.tm_usec, parts.tm_mday * USECS_PER_DAY, interval) ||
		*interval > MAX_INTERVAL)
		return rml_fail(err, RML_INVALID, "the interval is longer than 100 years");
	if (negative || *interval <= 0)
		return rml_fail(err, RML_INVALID, "the interval is not positive");
	if (*interval < MIN_INTERVAL)
		return rml_fail(err, RML_INVALID, "the interval is shorter than a second");
	return true;
}

/*
 * Is this a POSIX specification rather than a zone's name?  pg_tzset() leaves
 * those in upper case, and each has a digit, as few names do.
 */
static bool
is_posix_zone(const char *name)
{
	static const char *const names[] = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT0", "GMT+0", "GMT-0"};

	for (Size i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return false;
	}
	return strpbrk(name, "0123456789") != NULL &&
		strpbrk(name, "abcdefghijklmnopqrstuvwxyz") == NULL;
}

static pg_tz *
find_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("View pg_timezone_names has the names.")));
	if (!pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" appears to use leap seconds", name),
				 errdetail("PostgreSQL does not support leap seconds.")));
	if (is_posix_zone(pg_get_timezone_name(zone)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is not a name", name),
				 errdetail("In a POSIX specification a positive offset is west of Greenwich."),
				 errhint("Use a name of view pg_timezone_names, such as 'Europe/Berlin', or 'Etc/GMT-3' for three hours east.")));
	return zone;
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\n\r")] == '\0';
}

void
rml_schedule_parse(const char *text, const char *timezone, TimestampTz anchor,
				   RmlSchedule *schedule)
{
	RmlError	err = {.offset = RML_NO_OFFSET};
	Size		length = strlen(text);
	bool		valid;

	memset(schedule, 0, sizeof(*schedule));
	if (is_blank(text))
		valid = rml_fail(&err, RML_SYNTAX, "it is empty");
	else if (rml_cron_is_meant(text, length))
		valid = rml_cron_parse(text, length, &schedule->cron, &err);
	else
		valid = parse_interval(text, &schedule->interval, &err);
	if (!valid)
		bad_schedule(text, &err);
	schedule->zone = find_zone(timezone);
	if (TIMESTAMP_NOT_FINITE(anchor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the start of a schedule must be finite")));
	if (schedule->interval > 0)
		schedule->phase = anchor - rml_floor_div(anchor, schedule->interval) * schedule->interval;
}

/* ---- the zone's clock ---- */

static Segment
segment_at(pg_tz *zone, TimestampTz t)
{
	const int64 epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	pg_time_t	seconds = rml_floor_div(t, USECS_PER_SEC) + epoch;
	pg_time_t	boundary;
	long int	offset;
	long int	offset_after;
	int			isdst;
	int			isdst_after;
	int			found;
	Segment		segment = {.end = DT_NOEND};

	found = pg_next_dst_boundary(&seconds, &offset, &isdst, &boundary, &offset_after, &isdst_after, zone);
	/* beyond what the zone's rules reach: UTC, as the server has it */
	if (found < 0)
		return segment;
	segment.offset = offset * USECS_PER_SEC;
	if (found > 0 && pg_mul_s64_overflow(boundary - epoch, USECS_PER_SEC, &segment.end))
		segment.end = DT_NOEND;
	return segment;
}

/* The minute in which a wall clock shows this time. */
static int64
minute_of(int64 clock)
{
	return rml_floor_div(clock, USECS_PER_MINUTE);
}

/* The latest minute that the wall clock has begun to show at t or before. */
static int64
latest_minute(pg_tz *zone, TimestampTz t)
{
	int64		shown = t + segment_at(zone, t).offset;
	Segment		segment = segment_at(zone, t - 2 * USECS_PER_DAY);

	while (segment.end <= t)
	{
		shown = Max(shown, segment.end + segment.offset - 1);
		segment = segment_at(zone, segment.end);
	}
	return minute_of(shown);
}

/* The first instant whose wall clock shows this minute or, behind a gap, a later time. */
static TimestampTz
first_instant(pg_tz *zone, int64 minute)
{
	int64		clock = minute * USECS_PER_MINUTE;
	TimestampTz start = clock - USECS_PER_DAY;

	for (;;)
	{
		Segment		segment = segment_at(zone, start);

		if (start + segment.offset >= clock)
			return start;
		if (clock - segment.offset < segment.end)
			return clock - segment.offset;
		start = segment.end;
	}
}

/* The last change of the clock in (after, until], or DT_NOBEGIN. */
static TimestampTz
last_change(pg_tz *zone, TimestampTz after, TimestampTz until)
{
	TimestampTz last = DT_NOBEGIN;
	TimestampTz end = after;

	while ((end = segment_at(zone, end).end) <= until)
		last = end;
	return last;
}

/* ---- ticks ---- */

/* Does this minute of any wall clock fit a timestamp?  Else multiplying it might overflow. */
static bool
is_valid_minute(int64 minute)
{
	return minute > minute_of(MIN_TIMESTAMP - USECS_PER_DAY) &&
		minute < minute_of(END_TIMESTAMP + USECS_PER_DAY);
}

/* The first tick at or after t, where every instant counts. */
static bool
next_elapsed(const RmlSchedule *schedule, TimestampTz t, TimestampTz *next)
{
	for (int i = 0; i < MAX_SEGMENTS; i++)
	{
		Segment		segment = segment_at(schedule->zone, t);
		int64		minute;

		if (!rml_cron_next(&schedule->cron, minute_of(t + segment.offset - 1), &minute) ||
			!is_valid_minute(minute))
			return false;
		*next = minute * USECS_PER_MINUTE - segment.offset;
		if (*next < segment.end)
			return true;
		t = segment.end;
	}
	return false;
}

static bool
previous_elapsed(const RmlSchedule *schedule, TimestampTz t, TimestampTz *previous)
{
	for (int i = 0; i < MAX_SEGMENTS; i++)
	{
		int64		offset = segment_at(schedule->zone, t).offset;
		int64		minute;
		TimestampTz change;

		if (!rml_cron_previous(&schedule->cron, minute_of(t + offset), &minute) ||
			!is_valid_minute(minute))
			return false;
		*previous = minute * USECS_PER_MINUTE - offset;
		/* right unless the offset is another one there */
		change = last_change(schedule->zone, *previous, t);
		if (change == DT_NOBEGIN)
			return true;
		t = change - 1;
	}
	return false;
}

static bool
next_interval(const RmlSchedule *schedule, TimestampTz after, TimestampTz *next)
{
	int64		k = rml_floor_div(after - schedule->phase, schedule->interval);

	return !pg_add_s64_overflow(schedule->phase + k * schedule->interval, schedule->interval, next);
}

static bool
previous_interval(const RmlSchedule *schedule, TimestampTz at, TimestampTz *previous)
{
	int64		k = rml_floor_div(at - schedule->phase, schedule->interval);

	*previous = schedule->phase + k * schedule->interval;
	return true;
}

bool
rml_schedule_next(const RmlSchedule *schedule, TimestampTz after, TimestampTz *next)
{
	bool		found;
	int64		minute;

	if (TIMESTAMP_NOT_FINITE(after))
		return false;
	if (schedule->interval > 0)
		found = next_interval(schedule, after, next);
	else if (rml_cron_every_hour(&schedule->cron))
		found = next_elapsed(schedule, after + 1, next);
	else
	{
		found = rml_cron_next(&schedule->cron, latest_minute(schedule->zone, after), &minute) &&
			is_valid_minute(minute);
		if (found)
			*next = first_instant(schedule->zone, minute);
	}
	return found && IS_VALID_TIMESTAMP(*next);
}

bool
rml_schedule_previous(const RmlSchedule *schedule, TimestampTz at, TimestampTz *previous)
{
	bool		found;
	int64		minute;

	if (TIMESTAMP_NOT_FINITE(at))
		return false;
	if (schedule->interval > 0)
		found = previous_interval(schedule, at, previous);
	else if (rml_cron_every_hour(&schedule->cron))
		found = previous_elapsed(schedule, at, previous);
	else
	{
		found = rml_cron_previous(&schedule->cron, latest_minute(schedule->zone, at), &minute) &&
			is_valid_minute(minute);
		if (found)
			*previous = first_instant(schedule->zone, minute);
	}
	return found && IS_VALID_TIMESTAMP(*previous);
}
