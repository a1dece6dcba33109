/*
 * adopt.c
 *	  Whether jobs run on this cluster: riskml.adopt_jobs().
 *
 * A cluster is known by its system identifier and by a file that backups leave
 * out: PostgreSQL's own tools, and those that follow them, pass over files whose
 * names begin as those of temporary files do.  So a clone has the row but not
 * the file; a restored dump has no row, a logical replica another identifier.
 * A standby has no file either, but has seen itself be one when it is promoted.
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "common/file_utils.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "compat.h"
#include "guc.h"
#include "job/adopt.h"
#include "job/board.h"
#include "job/job.h"
#include "job/sql.h"
#include "job/wake.h"

RML_SQL_FUNCTION(riskml_adopt_jobs);

#define INSTANCE_FILE PG_TEMP_FILE_PREFIX "_riskml_instance"
#define INSTANCE_SIZE 32		/* hexadecimal digits */

/* What stands in this cluster's file; false if there is none. */
static bool
read_instance(char instance[INSTANCE_SIZE + 1])
{
	int			fd = OpenTransientFile(INSTANCE_FILE, O_RDONLY | PG_BINARY);
	ssize_t		n;

	if (fd < 0)
		return false;
	n = read(fd, instance, INSTANCE_SIZE);
	CloseTransientFile(fd);
	instance[INSTANCE_SIZE] = '\0';
	return n == INSTANCE_SIZE;
}

static void
write_instance(char instance[INSTANCE_SIZE + 1])
{
	uint8		random[INSTANCE_SIZE / 2];
	int			fd;

	if (!pg_strong_random(random, sizeof(random)))
		elog(ERROR, "could not generate a random number");
	hex_encode((const char *) random, sizeof(random), instance);
	instance[INSTANCE_SIZE] = '\0';
	fd = OpenTransientFile(INSTANCE_FILE, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);
	if (fd < 0 || write(fd, instance, INSTANCE_SIZE) != INSTANCE_SIZE || pg_fsync(fd) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", INSTANCE_FILE)));
	CloseTransientFile(fd);
	fsync_fname(".", true);
}

static RmlStatement read_adoption = {
	.types = "",
	.text = "SELECT system_identifier, instance FROM riskml.adoption"
};

static RmlStatement write_adoption = {
	.types = "ltt",
	.text = "INSERT INTO riskml.adoption (system_identifier, instance, adopted_by) VALUES ($1, $2, $3)\n"
	"ON CONFLICT (only_row) DO UPDATE SET system_identifier = $1, instance = $2, adopted_by = $3, adopted_at = now()"
};

static void
adopt(const char *by)
{
	char		instance[INSTANCE_SIZE + 1];

	if (!read_instance(instance))
		write_instance(instance);
	(void) rml_run(&write_adoption, (int64) GetSystemIdentifier(), instance, by);
}

/* Said once by each scheduler. */
static void
report_elsewhere(void)
{
	static bool reported = false;

	if (!reported)
		ereport(LOG,
				(errmsg("riskml: the jobs of this database belong to another cluster and do not run here"),
				 errhint("If they are to run here, call riskml.adopt_jobs() in it.")));
	reported = true;
}

/* Has the cluster, or the one that it is a copy of, adopted the jobs? */
static bool
is_adopted_by_system(void)
{
	return rml_run(&read_adoption) == 1 && rml_get_bigint(0, 1) == (int64) GetSystemIdentifier();
}

static bool
is_adopted(void)
{
	char		instance[INSTANCE_SIZE + 1];

	return is_adopted_by_system() && read_instance(instance) && strcmp(instance, rml_get_text(0, 2)) == 0;
}

/* Is this database in riskml.databases? */
static bool
is_looked_after(void)
{
	const char *name = get_database_name(MyDatabaseId);
	List	   *names;
	ListCell   *cell;

	(void) SplitIdentifierString(pstrdup(rml_guc_databases), ',', &names);
	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

bool
rml_jobs_run_here(bool promoted)
{
	if (!rml_guc_run_jobs || !is_looked_after())
		return false;
	if (is_adopted())
		return true;
	if (promoted && is_adopted_by_system())
	{
		adopt("promotion");
		return true;
	}
	if (rml_run(&read_adoption) == 1)
		report_elsewhere();
	return false;
}

/* What has to be done before jobs run on this server; NULL: nothing. */
static const char *
missing_here(void)
{
	if (!rml_board_exists())
		return "Set shared_preload_libraries = 'riskml' in postgresql.conf, and restart.";
	if (!is_looked_after())
		return psprintf("Set riskml.databases = '%s' in postgresql.conf, and reload.",
						quote_identifier(get_database_name(MyDatabaseId)));
	if (!rml_guc_run_jobs)
		return "Set riskml.run_jobs = on in postgresql.conf, and reload.";
	return is_adopted() ? NULL : "Call riskml.adopt_jobs().";
}

static void
report_missing(int level, const char *missing)
{
	if (missing != NULL)
		ereport(level,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("jobs of this database do not run on this server"),
				 errhint("%s", missing)));
}

void
rml_warn_unless_jobs_run(void)
{
	report_missing(WARNING, missing_here());
}

void
rml_require_jobs_run(void)
{
	RmlOwnerScope scope;
	const char *missing;

	rml_job_act(&scope);
	missing = missing_here();
	report_missing(ERROR, missing);
	rml_act_end(&scope);
}

/* riskml.adopt_jobs(): the jobs of this database run on this cluster from now on, and nowhere else by themselves. */
Datum
riskml_adopt_jobs(PG_FUNCTION_ARGS)
{
	RmlOwnerScope scope;

	(void) fcinfo;
	PreventCommandIfReadOnly("riskml.adopt_jobs()");
	rml_job_act(&scope);
	adopt(GetUserNameFromId(scope.caller, false));
	rml_warn_unless_jobs_run();
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}
