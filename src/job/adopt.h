/*
 * adopt.h
 *	  Whether jobs run on this cluster.
 */
#ifndef RML_JOB_ADOPT_H
#define RML_JOB_ADOPT_H

/*
 * Is riskml.run_jobs on, and has this cluster adopted the jobs of the database?
 * A server that was promoted adopts what the cluster had that it was a standby
 * of.  In a transaction with SPI connected.
 */
extern bool rml_jobs_run_here(bool promoted);

#endif
