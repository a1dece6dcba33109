/*
 * init.c
 *	  Library load: settings, the backend's caches and the planner's hook.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "guc.h"
#include "job/board.h"
#include "job/context.h"
#include "job/database.h"
#include "job/launcher.h"
#include "registry/catalog.h"
#include "registry/changes.h"
#include "registry/shared.h"
#include "score/batch.h"
#include "score/kept_plan.h"
#include "train/slots.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	rml_context_init();
	rml_guc_init();
	rml_catalog_init();
	rml_batch_init();
	rml_kept_plan_init();
	if (process_shared_preload_libraries_in_progress)
	{
		rml_changes_init();
		rml_shared_init();
		rml_board_init();
		rml_launcher_init();
		rml_database_init();
		rml_slots_init();
	}
}
