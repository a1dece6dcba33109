/*
 * due.c
 *	  Which ticks of its schedule a job has.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "job/due.h"

/* The first tick whose interval begins at the start or later. */
static bool
first_from(const RmlSchedule *schedule, TimestampTz start_at, TimestampTz *first)
{
	TimestampTz start;

	return rml_schedule_next(schedule, start_at - 1, &start) &&
		rml_schedule_next(schedule, start, first);
}

bool
rml_job_next_tick(const RmlSchedule *schedule, TimestampTz start_at, TimestampTz end_at,
				  TimestampTz after, TimestampTz *next)
{
	if (TIMESTAMP_IS_NOBEGIN(start_at))
	{
		if (!rml_schedule_next(schedule, after, next))
			return false;
	}
	else
	{
		if (!first_from(schedule, start_at, next))
			return false;
		if (*next <= after && !rml_schedule_next(schedule, after, next))
			return false;
	}
	return *next <= end_at;
}

/* Is it too late for the tick that is pending? */
static bool
is_late(const RmlJobDue *due, TimestampTz now)
{
	return due->catchup == RML_CATCHUP_NONE && due->pending < now - RML_GRACE;
}

bool
rml_job_first_tick(const RmlJobDue *due, TimestampTz now, TimestampTz *tick)
{
	TimestampTz after = due->settled;
	TimestampTz latest;

	/* without a start there is nothing that was missed before the job came to be */
	if (due->catchup == RML_CATCHUP_NONE ||
		(TIMESTAMP_IS_NOBEGIN(due->start_at) && TIMESTAMP_IS_NOBEGIN(after)))
		after = Max(after, is_late(due, now) ? now : Min(now, due->pending - 1));
	if (!rml_job_next_tick(&due->schedule, due->start_at, due->end_at, after, tick))
		return false;
	if (due->catchup == RML_CATCHUP_LAST &&
		rml_schedule_previous(&due->schedule, Min(now, due->end_at), &latest))
		*tick = Max(*tick, latest);
	return true;
}

bool
rml_job_interval_start(const RmlSchedule *schedule, TimestampTz tick, TimestampTz *start)
{
	return rml_schedule_previous(schedule, tick - 1, start);
}
