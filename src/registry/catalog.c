/*
 * catalog.c
 *	  Reads the registry's tables under a snapshot, without SPI and so without
 *	  privileges on them.
 *
 * The OIDs of tables and indexes are cached.  A relcache callback only marks
 * them stale; they are looked up again outside of it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/hot.h"
#include "registry/catalog.h"

static const struct
{
	const char *table;
	const char *index;
}			names[RML_N_TABLES] = {
	[RML_TAB_MODEL] = {"model", "model_name_key"},
	[RML_TAB_VERSION] = {"model_version", "model_version_pkey"},
	[RML_TAB_ALIAS] = {"model_alias", "model_alias_pkey"},
	[RML_TAB_GRANT] = {"model_grant", "model_grant_pkey"},
	[RML_TAB_AUDIT] = {"audit_log", "audit_log_pkey"},
	[RML_TAB_REASONS] = {"model_reasons", "model_reasons_pkey"},
};

static Oid	table_oids[RML_N_TABLES];	/* InvalidOid: not looked up yet */
static Oid	index_oids[RML_N_TABLES];
static bool oids_valid = false;
static uint64 epoch = 0;

/* May run at any time: flips a flag, counts up, and does nothing else. */
static void
forget_oids(Datum arg, Oid relid)
{
	bool		ours = relid == InvalidOid;

	(void) arg;
	for (int i = 0; i < RML_N_TABLES; i++)
		ours = ours || relid == table_oids[i] || relid == index_oids[i];
	if (!ours)
		return;
	oids_valid = false;
	epoch++;
}

RML_HOT uint64
rml_catalog_epoch(void)
{
	return epoch;
}

void
rml_catalog_init(void)
{
	CacheRegisterRelcacheCallback(forget_oids, (Datum) 0);
}

/* The OID of a table or an index, looked up when it is first needed. */
static Oid
get_oid(Oid *oids, RmlTable table, const char *name)
{
	Oid			schema;

	if (!oids_valid)
	{
		memset(table_oids, 0, sizeof(table_oids));
		memset(index_oids, 0, sizeof(index_oids));
	}
	/* set first: a lookup below may bring an invalidation */
	oids_valid = true;
	if (OidIsValid(oids[table]))
		return oids[table];
	schema = get_namespace_oid("riskml", true);
	oids[table] = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
	if (!OidIsValid(oids[table]))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table riskml.%s or its index does not exist", names[table].table),
				 errhint("Run CREATE EXTENSION riskml in this database.")));
	return oids[table];
}

Oid
rml_catalog_table(RmlTable table)
{
	return get_oid(table_oids, table, names[table].table);
}

static Oid
index_of(RmlTable table)
{
	return get_oid(index_oids, table, names[table].index);
}

/* An index scan over one of the tables. */
typedef struct Scan
{
	Relation	rel;
	Snapshot	snapshot;
	SysScanDesc desc;
} Scan;

/*
 * Opens a table so that the OID of its index is right too: taking the lock may
 * bring the news that REINDEX CONCURRENTLY has replaced the index, and holding
 * it keeps that from happening again.
 */
static Relation
open_table(RmlTable table)
{
	for (;;)
	{
		Relation	rel = try_table_open(rml_catalog_table(table), AccessShareLock);

		if (rel != NULL && oids_valid)
			return rel;
		if (rel != NULL)
			table_close(rel, AccessShareLock);
		oids_valid = false;		/* look them up again, or say what is missing */
	}
}

static void
begin_scan(Scan *scan, RmlTable table, Snapshot snapshot, ScanKey keys, int n_keys)
{
	scan->rel = open_table(table);
	scan->snapshot = RegisterSnapshot(snapshot);
	scan->desc = systable_beginscan(scan->rel, index_of(table), true, scan->snapshot, n_keys, keys);
}

static void
end_scan(Scan *scan)
{
	systable_endscan(scan->desc);
	UnregisterSnapshot(scan->snapshot);
	table_close(scan->rel, AccessShareLock);
}

static Datum
column(HeapTuple tuple, const Scan *scan, int number)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, number, RelationGetDescr(scan->rel), &isnull);

	if (isnull)
		elog(ERROR, "unexpected null in column %d of \"%s\"", number,
			 RelationGetRelationName(scan->rel));
	return value;
}

static void
int_key(ScanKey key, AttrNumber number, int32 value)
{
	ScanKeyInit(key, number, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
}

/* ScanKeyInit compares under the "C" collation, which these columns have. */
static void
text_key(ScanKey key, AttrNumber number, const char *value)
{
	ScanKeyInit(key, number, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(value));
}

bool
rml_catalog_find_model(const char *name, Snapshot snapshot, RmlModelRow *row)
{
	ScanKeyData key;
	Scan		scan;
	HeapTuple	tuple;

	text_key(&key, 2, name);	/* name */
	begin_scan(&scan, RML_TAB_MODEL, snapshot, &key, 1);
	tuple = systable_getnext(scan.desc);
	if (tuple)
	{
		row->model_id = DatumGetInt32(column(tuple, &scan, 1));
		row->owner = DatumGetObjectId(column(tuple, &scan, 3));
	}
	end_scan(&scan);
	return tuple != NULL;
}

bool
rml_catalog_find_alias(int32 model_id, const char *alias, Snapshot snapshot, int32 *version)
{
	ScanKeyData keys[2];
	Scan		scan;
	HeapTuple	tuple;

	int_key(&keys[0], 1, model_id);
	text_key(&keys[1], 2, alias);
	begin_scan(&scan, RML_TAB_ALIAS, snapshot, keys, 2);
	tuple = systable_getnext(scan.desc);
	if (tuple)
		*version = DatumGetInt32(column(tuple, &scan, 3));
	end_scan(&scan);
	return tuple != NULL;
}

bool
rml_catalog_with_version(int32 model_id, int32 version, Snapshot snapshot,
						 RmlUseTuple use, void *arg)
{
	ScanKeyData keys[2];
	Scan		scan;
	HeapTuple	tuple;

	int_key(&keys[0], 1, model_id);
	int_key(&keys[1], 2, version);
	begin_scan(&scan, RML_TAB_VERSION, snapshot, keys, 2);
	tuple = systable_getnext(scan.desc);
	if (tuple)
		use(tuple, RelationGetDescr(scan.rel), arg);
	end_scan(&scan);
	return tuple != NULL;
}

Jsonb *
rml_catalog_reasons(int32 model_id, int32 version, Snapshot snapshot)
{
	ScanKeyData keys[2];
	Scan		scan;
	HeapTuple	tuple;
	Jsonb	   *reasons = NULL;

	int_key(&keys[0], 1, model_id);
	int_key(&keys[1], 2, version);
	begin_scan(&scan, RML_TAB_REASONS, snapshot, keys, 2);
	tuple = systable_getnext(scan.desc);
	if (tuple)
		reasons = DatumGetJsonbPCopy(column(tuple, &scan, 3));
	end_scan(&scan);
	return reasons;
}

List *
rml_catalog_grantees(int32 model_id, const char *privilege, Snapshot snapshot)
{
	ScanKeyData key;
	Scan		scan;
	HeapTuple	tuple;
	List	   *grantees = NIL;

	int_key(&key, 1, model_id);
	begin_scan(&scan, RML_TAB_GRANT, snapshot, &key, 1);
	while ((tuple = systable_getnext(scan.desc)) != NULL)
	{
		char	   *given = TextDatumGetCString(column(tuple, &scan, 3));

		if (strcmp(given, privilege) == 0)
			grantees = lappend_oid(grantees, DatumGetObjectId(column(tuple, &scan, 2)));
		pfree(given);
	}
	end_scan(&scan);
	return grantees;
}

int64
rml_catalog_last_audit(Snapshot snapshot)
{
	Relation	rel = open_table(RML_TAB_AUDIT);
	Relation	index = index_open(index_of(RML_TAB_AUDIT), AccessShareLock);
	Snapshot	registered = RegisterSnapshot(snapshot);
	SysScanDesc scan = systable_beginscan_ordered(rel, index, registered, 0, NULL);
	HeapTuple	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	int64		last = 0;
	bool		isnull;

	if (tuple)
		last = DatumGetInt64(heap_getattr(tuple, 1, RelationGetDescr(rel), &isnull));
	systable_endscan_ordered(scan);
	UnregisterSnapshot(registered);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
	return last;
}

void
rml_catalog_alias_moved(void)
{
	CacheInvalidateRelcacheByRelid(rml_catalog_table(RML_TAB_ALIAS));
}
