/*
 * history.h
 *	  What happened is kept for a while.
 */
#ifndef RML_JOB_HISTORY_H
#define RML_JOB_HISTORY_H

/* Now and then removes runs that ended long ago; is there more to remove?  The scheduler's, with SPI connected. */
extern bool rml_trim_history(void);

#endif
