/*
 * guc.c
 *	  Settings of riskml; docs/settings.md lists them for users.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "guc.h"
#include "kernel/kernel.h"

int			rml_guc_max_model_bytes = 64 * 1024 * 1024;
int			rml_guc_local_cache_size = 128 * 1024;
int			rml_guc_shared_cache_size = 128 * 1024;

/* Index in rml_kernels, or KERNEL_AUTO. */
#define KERNEL_AUTO (-1)
static int	forced_kernel = KERNEL_AUTO;

static const struct config_enum_entry kernel_options[] = {
	{"auto", KERNEL_AUTO, false},
	{"scalar", 0, false},
	{NULL, 0, false}
};

const char *
rml_guc_kernel_name(void)
{
	return forced_kernel == KERNEL_AUTO ? NULL : rml_kernels[forced_kernel].name;
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
							 NULL, &forced_kernel,
							 KERNEL_AUTO, kernel_options, PGC_USERSET, 0,
							 NULL, NULL, NULL);
	MarkGUCPrefixReserved("riskml");
}
