/*
 * wake.h
 *	  Tells the scheduler that there is something to do.
 */
#ifndef RML_JOB_WAKE_H
#define RML_JOB_WAKE_H

/* Jobs or runs of this database change, if the current transaction commits. */
extern void rml_job_changed(void);

#endif
