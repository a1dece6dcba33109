/*
 * job.c
 *	  Finding a job, and changing the tables of jobs.
 *
 * A change of a job or of its steps begins by updating the job's row, to what
 * it is: so changes of one job wait for each other, and a transaction whose
 * snapshot is older than another's change fails with 40001 instead of judging
 * a graph that is no longer there.  Who starts a run locks the row as well.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "job/job.h"
#include "registry/ref.h"

static Oid
job_table(void)
{
	Oid			schema = get_namespace_oid("riskml", true);
	Oid			table = OidIsValid(schema) ? get_relname_relid("job", schema) : InvalidOid;

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table riskml.job does not exist"),
				 errhint("Run CREATE EXTENSION riskml in this database.")));
	return table;
}

void
rml_job_act(RmlOwnerScope *scope)
{
	rml_act_begin(scope, job_table());
}

void
rml_job_begin(RmlOwnerScope *scope)
{
	PreventCommandIfReadOnly("a change of a job");
	PreventCommandIfParallelMode("a change of a job");
	rml_job_act(scope);
}

/* The job of the row that a statement gave. */
static void
read_job(const char *name, uint64 found, RmlJobRow *job)
{
	bool		isnull;

	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("job \"%s\" does not exist", name),
				 errhint("riskml.jobs lists your jobs.")));
	job->job_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	job->owner = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
}

static void
require_owner(const RmlOwnerScope *scope, const RmlJobRow *job, const char *name)
{
	if (!has_privs_of_role(scope->caller, job->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of job \"%s\"", name)));
}

void
rml_job_begin_change(RmlOwnerScope *scope, const char *name, RmlJobRow *job)
{
	RmlParam	param;

	rml_job_begin(scope);
	param = rml_param_text(name);
	read_job(name, rml_sql("UPDATE riskml.job SET enabled = enabled WHERE name = $1"
						   " RETURNING job_id, owner", 1, &param), job);
	require_owner(scope, job, name);
}

void
rml_job_begin_read(RmlOwnerScope *scope, const char *name, RmlJobRow *job)
{
	RmlParam	param;

	rml_job_act(scope);
	param = rml_param_text(name);
	read_job(name, rml_sql_read("SELECT job_id, owner FROM riskml.job WHERE name = $1", 1, &param), job);
	if (!has_privs_of_role(scope->caller, ROLE_PG_MONITOR))
		require_owner(scope, job, name);
}

void
rml_job_check_name(const char *what, const char *name)
{
	int			length = (int) strlen(name);
	bool		printable;
	const char *fault = rml_name_fault(name, length, &printable);

	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name \"%.*s\" of a %s: %s",
						printable ? pg_mbcliplen(name, length, 128) : 0, name, what, fault),
				 errhint("Names have 1 to %d bytes without control characters or spaces at either end.",
						 RML_MAX_NAME)));
}

static bool
breaks(const ErrorData *fault, const char *constraint)
{
	return fault->sqlerrcode == ERRCODE_UNIQUE_VIOLATION && fault->constraint_name != NULL &&
		strcmp(fault->constraint_name, constraint) == 0;
}

void
rml_job_put(const char *sql, int n_params, const RmlParam *params,
			const char *constraint, const char *subject)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		rml_sql(sql, n_params, params);
	}
	PG_CATCH();
	{
		ErrorData  *fault;

		MemoryContextSwitchTo(caller);
		fault = CopyErrorData();
		if (!breaks(fault, constraint))
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("%s already exists", subject)));
	}
	PG_END_TRY();
}
