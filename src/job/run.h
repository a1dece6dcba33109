/*
 * run.h
 *	  Creating runs.
 */
#ifndef RML_JOB_RUN_H
#define RML_JOB_RUN_H

#include "datatype/timestamp.h"

typedef struct RmlNewRun
{
	int64		job_id;
	const char *kind;			/* scheduled, manual, backfill */
	TimestampTz interval_start;
	TimestampTz interval_end;
	const char *params;			/* a JSON object */
	const char *requested_by;	/* NULL: the scheduler */
	const char *skipped;		/* why it is not to be run; NULL: it is */
} RmlNewRun;

/* Its number; 0 if the interval has a run already.  SPI is connected. */
extern int64 rml_create_run(const RmlNewRun *run);

/* The latest tick that had its scheduled run, none has two; DT_NOBEGIN if none had. */
extern TimestampTz rml_last_interval(int64 job_id);

#endif
