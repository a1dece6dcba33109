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
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

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

bool
rml_jobs_run_here(bool promoted)
{
	char		instance[INSTANCE_SIZE + 1];

	if (!rml_guc_run_jobs || rml_run(&read_adoption) == 0)
		return false;
	if (rml_get_bigint(0, 1) == (int64) GetSystemIdentifier())
	{
		if (read_instance(instance) && strcmp(instance, rml_get_text(0, 2)) == 0)
			return true;
		if (promoted)
		{
			adopt("promotion");
			return true;
		}
	}
	report_elsewhere();
	return false;
}

/* riskml.adopt_jobs(): the jobs of this database run on this cluster from now on, and nowhere else by themselves. */
Datum
riskml_adopt_jobs(PG_FUNCTION_ARGS)
{
	RmlOwnerScope scope;

	PreventCommandIfReadOnly("riskml.adopt_jobs()");
	if (!rml_board_exists())
		ereport(WARNING,
				(errmsg("riskml is not in shared_preload_libraries, so jobs do not run"),
				 errhint("Set shared_preload_libraries = 'riskml', riskml.databases and riskml.run_jobs in postgresql.conf, and restart.")));
	else if (!rml_guc_run_jobs)
		ereport(WARNING,
				(errmsg("riskml.run_jobs is off, so jobs do not run"),
				 errhint("Set riskml.run_jobs = on in postgresql.conf, and reload.")));
	rml_job_act(&scope);
	adopt(GetUserNameFromId(scope.caller, false));
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}
