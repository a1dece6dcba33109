/*
 * guc.c
 *	  Settings of riskml; docs/settings.md lists them for users.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/hot.h"
#include "guc.h"
#include "kernel/kernel.h"

bool		rml_guc_enable_batch = true;
int			rml_guc_max_model_bytes = 64 * 1024 * 1024;
int			rml_guc_local_cache_size = 128 * 1024;
int			rml_guc_shared_cache_size = 128 * 1024;
char	   *rml_guc_databases = NULL;
bool		rml_guc_run_jobs = false;
int			rml_guc_max_workers = 4;
int			rml_guc_history_days = 90;
int			rml_guc_history_runs = 10000;
int			rml_guc_trainer_memory = 4 * 1024 * 1024;
int			rml_guc_trainer_threads = 1;
int			rml_guc_max_trainers = 1;
char	   *rml_guc_trainer_path = NULL;

/* The names are the same on every CPU, so that a setting can be restored on another. */
typedef enum KernelSetting
{
	KERNEL_AUTO,
	KERNEL_SCALAR,
	KERNEL_INTERLEAVED,
	KERNEL_AVX2,
	KERNEL_AVX512
} KernelSetting;

static int	kernel_setting = KERNEL_AUTO;

static const struct config_enum_entry kernel_options[] = {
	{"auto", KERNEL_AUTO, false},
	{"scalar", KERNEL_SCALAR, false},
	{"interleaved", KERNEL_INTERLEAVED, false},
	{"avx2", KERNEL_AVX2, false},
	{"avx512", KERNEL_AVX512, false},
	{NULL, 0, false}
};

static bool
check_kernel(int *value, void **extra, GucSource source)
{
	const RmlKernel *kernel;

	(void) extra;
	(void) source;
	if (*value == KERNEL_AUTO)
		return true;
	kernel = rml_kernel_by_name(kernel_options[*value].name);
	if (kernel != NULL && rml_kernel_runs(kernel))
		return true;
	GUC_check_errdetail("This machine's CPU cannot run it.");
	return false;
}

RML_HOT const char *
rml_guc_kernel_name(void)
{
	return kernel_setting == KERNEL_AUTO ? NULL : kernel_options[kernel_setting].name;
}

/* A list of names; who mistypes one keeps the setting of before. */
static bool
check_databases(char **value, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*value);
	List	   *names;
	bool		valid = SplitIdentifierString(copy, ',', &names);

	(void) extra;
	(void) source;
	if (!valid)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(copy);
	return valid;
}

/* A program is found without looking anywhere. */
static bool
check_trainer_path(char **value, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	if (**value == '\0' || is_absolute_path(*value))
		return true;
	GUC_check_errdetail("It must be an absolute path.");
	return false;
}

static void
define_training(void)
{
	DefineCustomIntVariable("riskml.trainer_memory",
							"Address space that the program which trains a model may take.",
							NULL, &rml_guc_trainer_memory,
							4 * 1024 * 1024, 64 * 1024, MAX_KILOBYTES, PGC_SUSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("riskml.trainer_threads",
							"Threads that a training may use.",
							NULL, &rml_guc_trainer_threads, 1, 1, 256, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("riskml.max_trainers",
							"Trainings that may run at the same time in the cluster; others wait.",
							NULL, &rml_guc_max_trainers, 1, 1, 64, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("riskml.trainer_path",
							   "The program that trains models; empty: riskml_trainer beside the server's libraries.",
							   NULL, &rml_guc_trainer_path, "", PGC_SUSET, 0, check_trainer_path, NULL, NULL);
}

void
rml_guc_init(void)
{
	DefineCustomIntVariable("riskml.max_model_bytes",
							"Largest model file that can be imported.",
							NULL, &rml_guc_max_model_bytes,
							64 * 1024 * 1024, 1, 256 * 1024 * 1024, PGC_SUSET, GUC_UNIT_BYTE,
							NULL, NULL, NULL);
	DefineCustomIntVariable("riskml.local_cache_size",
							"Memory in which a session keeps models that no running query uses.",
							NULL, &rml_guc_local_cache_size,
							128 * 1024, 0, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	/* asked for when the server starts, or never: known in any case, so that it may stand in the file */
	DefineCustomIntVariable("riskml.shared_cache_size",
							"Shared memory for models, where riskml is in shared_preload_libraries.",
							NULL, &rml_guc_shared_cache_size,
							128 * 1024, 0, MAX_KILOBYTES,
							process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomEnumVariable("riskml.kernel",
							 "How trees are evaluated; every kernel gives the same bits.",
							 NULL, &kernel_setting,
							 KERNEL_AUTO, kernel_options, PGC_USERSET, 0,
							 check_kernel, NULL, NULL);
	DefineCustomBoolVariable("riskml.enable_batch",
							 "Enables the planner's use of nodes that score rows in blocks.",
							 NULL, &rml_guc_enable_batch, true, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomStringVariable("riskml.databases",
							   "Databases whose jobs are looked after: names, separated by commas.",
							   NULL, &rml_guc_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);
	DefineCustomBoolVariable("riskml.run_jobs",
							 "Runs the jobs that this cluster has adopted.",
							 NULL, &rml_guc_run_jobs, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("riskml.max_workers",
							"Steps that may run at the same time in each database.",
							NULL, &rml_guc_max_workers, 4, 1, 256, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("riskml.history_days",
							"Days for which runs are kept after their end.",
							NULL, &rml_guc_history_days, 90, 1, 36500, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("riskml.history_runs",
							"Runs of each job that are kept after their end.",
							NULL, &rml_guc_history_runs, 10000, 1, INT_MAX, PGC_SIGHUP, 0, NULL, NULL, NULL);
	define_training();
	MarkGUCPrefixReserved("riskml");
}
