/*
 * advance.h
 *	  How runs move on: from due to started, from step to step, to their end.
 *
 * Everything here is the scheduler's, in a transaction with SPI connected.
 */
#ifndef RML_JOB_ADVANCE_H
#define RML_JOB_ADVANCE_H

#include "datatype/timestamp.h"

/* Creates runs that were due at this time.  Are there more of them? */
extern bool rml_create_due_runs(TimestampTz now);

/* Starts runs that wait, has steps wait no more whose turn has come, ends runs.  Has one ended? */
extern bool rml_advance_runs(void);

/* When there will be something to do by itself, after what was due at this time; far away if never. */
extern TimestampTz rml_next_event(TimestampTz now);

#endif
