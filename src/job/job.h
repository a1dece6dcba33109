/*
 * job.h
 *	  Finding a job, and changing the tables of jobs.
 */
#ifndef RML_JOB_JOB_H
#define RML_JOB_JOB_H

#include "registry/acting.h"

typedef struct RmlJobRow
{
	int64		job_id;
	Oid			owner;
} RmlJobRow;

/* Acts as the tables' owner until rml_act_end(), with SPI connected.  No code of users runs meanwhile. */
extern void rml_job_act(RmlOwnerScope *scope);

/* Refuses on a standby and in a read-only transaction, then acts as the tables' owner. */
extern void rml_job_begin(RmlOwnerScope *scope);

/*
 * The same for changing one job, which is locked against other changes until
 * the transaction ends.  Raises 42704 for an unknown one, and 42501 unless the
 * caller is its owner or a member of the owner.
 */
extern void rml_job_begin_change(RmlOwnerScope *scope, const char *name, RmlJobRow *job);

/* Only reads; for members of pg_monitor too. */
extern void rml_job_begin_read(RmlOwnerScope *scope, const char *name, RmlJobRow *job);

/* Raises 42602 if the text cannot name a job, step or pool. */
extern void rml_job_check_name(const char *what, const char *name);

/* As rml_sql(); a row that breaks the unique constraint is 42710, "<subject> already exists". */
extern void rml_job_put(const char *sql, int n_params, const RmlParam *params,
						const char *constraint, const char *subject);

#endif
