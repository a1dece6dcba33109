/*
 * schedule.h
 *	  When a job is due: the ticks of a schedule in a time zone.
 *
 * Ticks are instants, strictly increasing.  What cron text makes of a clock
 * that is put forward or back:
 *
 *	  every hour admitted ('*' as hour): elapsed time decides.  Each instant
 *	  whose wall clock matches is a tick: none for minutes that are skipped, two
 *	  for those that occur twice.
 *
 *	  some hours only, steps as in '0-22/2' too: each matching wall-clock
 *	  minute is due once, at the first instant whose wall clock shows it or a
 *	  later time.  So what a gap skips is due together, as one tick, at the first
 *	  instant after the gap, and what occurs twice is due the first time.
 *
 * Intervals are elapsed time: anchor + k * interval, for any whole k.
 *
 * Nothing is computed ahead, as zone files change (a backend keeps the zones
 * that it has read), and no setting of the session matters.
 */
#ifndef RML_JOB_SCHEDULE_H
#define RML_JOB_SCHEDULE_H

#include "datatype/timestamp.h"
#include "pgtime.h"

#include "job/cron.h"

/* Where no anchor is given: Monday, 2000-01-03 00:00 UTC. */
#define RML_SCHEDULE_ANCHOR (2 * USECS_PER_DAY)

typedef struct RmlSchedule
{
	int64		interval;		/* microseconds; 0: cron */
	TimestampTz phase;			/* first tick of the interval from 2000-01-01 UTC on */
	RmlCron		cron;
	pg_tz	   *zone;			/* lives as long as the backend */
} RmlSchedule;

/* Raises 22023 for a text, a time zone or an anchor that is no good.  Allocates nothing. */
extern void rml_schedule_parse(const char *text, const char *timezone, TimestampTz anchor,
							   RmlSchedule *schedule);

/*
 * The first tick after an instant, and the last at or before it.  False if
 * there is none in the range of timestamps, as for infinity.
 */
extern bool rml_schedule_next(const RmlSchedule *schedule, TimestampTz after, TimestampTz *next);
extern bool rml_schedule_previous(const RmlSchedule *schedule, TimestampTz at,
								  TimestampTz *previous);

#endif
