/*
 * due.h
 *	  Which ticks of its schedule a job has.
 *
 * A tick stands for the data interval that ends with it and begins with the
 * tick before.  A job has the ticks whose interval begins at its start or
 * later, up to its end: started at midnight, an hourly job is due at one.
 */
#ifndef RML_JOB_DUE_H
#define RML_JOB_DUE_H

#include "job/schedule.h"

/* A tick that is later than this, in microseconds, is missed: a matter of catchup. */
#define RML_GRACE (60 * USECS_PER_SEC)

/* What becomes of ticks that passed without a run. */
typedef enum RmlCatchup
{
	RML_CATCHUP_NONE,
	RML_CATCHUP_LAST,
	RML_CATCHUP_ALL
} RmlCatchup;

/* What a job's next tick follows from. */
typedef struct RmlJobDue
{
	RmlSchedule schedule;
	TimestampTz start_at;		/* DT_NOBEGIN: none */
	TimestampTz end_at;			/* DT_NOEND: none */
	RmlCatchup	catchup;
	TimestampTz settled;		/* ticks up to this one are no longer asked for; DT_NOBEGIN: all are, if
								 * there is a start */
	TimestampTz pending;		/* a tick that the scheduler was to see and may not have; DT_NOEND: none */
} RmlJobDue;

/* The job's first tick after an instant, which may be DT_NOBEGIN if there is a start. */
extern bool rml_job_next_tick(const RmlSchedule *schedule, TimestampTz start_at, TimestampTz end_at,
							  TimestampTz after, TimestampTz *next);

/* The tick that a job waits for, which may have passed if it catches up. */
extern bool rml_job_first_tick(const RmlJobDue *due, TimestampTz now, TimestampTz *tick);

/* Where the data interval of a tick begins; false if no timestamp can tell. */
extern bool rml_job_interval_start(const RmlSchedule *schedule, TimestampTz tick,
								   TimestampTz *start);

#endif
