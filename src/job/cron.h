/*
 * cron.h
 *	  Schedules of five fields, as a wall clock shows them: no time zone here.
 *
 * A wall-clock minute is a number: minutes since 2000-01-01 00:00 of the
 * proleptic Gregorian calendar, every day having 1,440.
 */
#ifndef RML_JOB_CRON_H
#define RML_JOB_CRON_H

#include "base/error.h"

#define RML_MINUTES_PER_DAY 1440

/* Bit n of a set stands for the value n. */
typedef struct RmlCron
{
	uint64_t	minutes;
	uint32_t	hours;
	uint32_t	month_days;		/* 1 to 31; bit 0 is the month's last day */
	uint32_t	months;			/* 1 to 12 */
	uint32_t	week_days;		/* 0 to 6 from Sunday */
	bool		either_day;		/* one of both days suffices: no field of them begins with '*' */
} RmlCron;

/* Is the text meant as fields or as a name with '@', rather than as an interval? */
extern bool rml_cron_is_meant(const char *text, size_t length);

/* Refuses what no minute ever matches. */
extern bool rml_cron_parse(const char *text, size_t length, RmlCron *cron, RmlError *err);

/*
 * The first minute that matches after the given one, and the last that matches
 * at or before it, for minutes within a million years.  They exist for every
 * schedule that was parsed.
 */
extern bool rml_cron_next(const RmlCron *cron, int64_t after, int64_t *next);
extern bool rml_cron_previous(const RmlCron *cron, int64_t at, int64_t *previous);

/* Does the schedule match in every hour of its days? */
static inline bool
rml_cron_every_hour(const RmlCron *cron)
{
	return cron->hours == (1u << 24) - 1;
}

/* Division that rounds down, also below zero. */
static inline int64_t
rml_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

#endif
