/*
 * clock.h
 *	  How long ago something was, by a clock that may have been put back.
 */
#ifndef RML_JOB_CLOCK_H
#define RML_JOB_CLOCK_H

#include "utils/timestamp.h"

/* Is it so many milliseconds since?  What lies ahead of the clock was before it was put back, who knows when. */
static inline bool
rml_clock_is_past(TimestampTz since, int milliseconds)
{
	TimestampTz now = GetCurrentTimestamp();

	return now < since || TimestampDifferenceExceeds(since, now, milliseconds);
}

#endif
