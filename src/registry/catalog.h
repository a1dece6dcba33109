/*
 * catalog.h
 *	  Reads the registry's tables under a snapshot, without SPI and so without
 *	  privileges on them.
 */
#ifndef RML_REGISTRY_CATALOG_H
#define RML_REGISTRY_CATALOG_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"

#include "model/image.h"

typedef enum RmlTable
{
	RML_TAB_MODEL,
	RML_TAB_VERSION,
	RML_TAB_ALIAS,
	RML_TAB_GRANT,
	RML_TAB_AUDIT,
	RML_TAB_REASONS,
	RML_N_TABLES
} RmlTable;

/* Columns of riskml.model_version that C code reads, in the table's order. */
typedef enum RmlVersionColumn
{
	RML_VERSION_IDENTITY = 3,
	RML_VERSION_RECIPE = 14,
	RML_VERSION_OPTIONS = 15,
	RML_VERSION_FEATURE_NAMES = 16,
	RML_VERSION_SOURCE = 22,
	RML_VERSION_IMAGE = 23
} RmlVersionColumn;

typedef struct RmlModelRow
{
	int32		model_id;
	Oid			owner;
} RmlModelRow;

/* Registers the invalidation callback; once per backend. */
extern void rml_catalog_init(void);

extern Oid	rml_catalog_table(RmlTable table);

/* False if there is no such row. */
extern bool rml_catalog_find_model(const char *name, Snapshot snapshot, RmlModelRow *row);
extern bool rml_catalog_find_alias(int32 model_id, const char *alias, Snapshot snapshot,
								   int32 *version);

/*
 * Calls `use` with the row of a version, which stays valid during the call;
 * false if there is none.
 */
typedef void (*RmlUseTuple) (HeapTuple tuple, TupleDesc desc, void *arg);

extern bool rml_catalog_with_version(int32 model_id, int32 version, Snapshot snapshot,
									 RmlUseTuple use, void *arg);

/* What riskml.set_reasons() stored for a version, palloc'd; NULL: nothing. */
extern Jsonb *rml_catalog_reasons(int32 model_id, int32 version, Snapshot snapshot);

/* Roles that were given the privilege ("score", "export", "promote"); InvalidOid: everyone. */
extern List *rml_catalog_grantees(int32 model_id, const char *privilege, Snapshot snapshot);

/* Counts up when anything but rows may have changed, as by DROP EXTENSION. */
extern uint64 rml_catalog_epoch(void);

/* Makes plans that were chosen for an alias be chosen anew, once this commits. */
extern void rml_catalog_alias_moved(void);

/* Last sequence number of the audit log, 0 if it is empty. */
extern int64 rml_catalog_last_audit(Snapshot snapshot);

#endif
