/*
 * wake.h
 *	  Tells the scheduler that something has changed.
 */
#ifndef RML_JOB_WAKE_H
#define RML_JOB_WAKE_H

/* Wakes the scheduler of this database once the transaction commits. */
extern void rml_job_changed(void);

#endif
