/*
 * adopt.h
 *	  Whether jobs run on this cluster.
 */
#ifndef RML_JOB_ADOPT_H
#define RML_JOB_ADOPT_H

/*
 * Is riskml.run_jobs on, the database in riskml.databases, and has this cluster
 * adopted its jobs?
 * A server that was promoted adopts what the cluster had that it was a standby
 * of.  In a transaction with SPI connected.
 */
extern bool rml_jobs_run_here(bool promoted);

/* Warns, with the line to add, where nothing will start what somebody wants to run.  With SPI connected. */
extern void rml_warn_unless_jobs_run(void);

/* The same as an error, for who would wait in vain. */
extern void rml_require_jobs_run(void);

#endif
