/*
 * worker.h
 *	  The process that does one attempt of a step.
 */
#ifndef RML_JOB_WORKER_H
#define RML_JOB_WORKER_H

#include "postgres_ext.h"

/* Its main function; bgw_extra is an RmlAttempt. */
extern PGDLLEXPORT void riskml_step_main(Datum arg);

#endif
