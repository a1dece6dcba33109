/*
 * scheduler.h
 *	  The process that starts what is due in one database.
 */
#ifndef RML_JOB_SCHEDULER_H
#define RML_JOB_SCHEDULER_H

#include "postgres_ext.h"

/* A worker's main function; its argument is the database, bgw_extra[0] says whether the server was promoted. */
extern PGDLLEXPORT void riskml_scheduler_main(Datum arg);

#endif
