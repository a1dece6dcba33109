/*
 * ledger.c
 *	  Which files were loaded into which table: riskml.ingested_file.
 *
 * A transaction that loads files into a table holds a lock of its own on the
 * table until it ends, so that none is loaded twice.  User SQL can neither take
 * nor release it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "job/sql.h"
#include "load/ledger.h"
#include "registry/owner.h"

RML_SQL_FUNCTION(riskml_forget_file);

#define LONGEST_REASON 2000
#define LONGEST_NOTICE 300		/* of a reason: a notification has 8,000 bytes, and escapes take more */

static Oid
ledger_table(void)
{
	Oid			schema = get_namespace_oid("riskml", true);
	Oid			table = OidIsValid(schema) ? get_relname_relid("ingested_file", schema) : InvalidOid;

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table riskml.ingested_file does not exist"),
				 errhint("Run CREATE EXTENSION riskml in this database.")));
	return table;
}

void
rml_ledger_act(RmlOwnerScope *scope)
{
	rml_act_begin(scope, ledger_table());
}

void
rml_ledger_lock(Oid target)
{
	LockDatabaseObject(ledger_table(), target, 0, ExclusiveLock);
}

static RmlStatement find_file = {
	.types = "lt",
	.text = "SELECT state, size, mtime, encode(sha256, 'hex'), dev, inode, file_offset, file_line, encode(head, 'hex'),\n"
	"  row_count, bad_rows FROM riskml.ingested_file WHERE target = $1::oid AND path = $2"
};

static char *
keep(MemoryContext context, char *text)
{
	return text != NULL ? MemoryContextStrdup(context, text) : NULL;
}

bool
rml_ledger_find(Oid target, const char *path, RmlFileEntry *entry)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;
	bool		found;

	memset(entry, 0, sizeof(*entry));
	rml_ledger_act(&scope);
	found = rml_run(&find_file, (int64) target, path) > 0;
	if (found)
	{
		entry->state = keep(caller, rml_get_text(0, 1));
		entry->size = rml_get_bigint(0, 2);
		entry->modified = rml_get_timestamp(0, 3, 0);
		entry->hash = keep(caller, rml_get_text(0, 4));
		entry->device = rml_get_bigint(0, 5);
		entry->inode = rml_get_bigint(0, 6);
		entry->offset = rml_get_text(0, 7) != NULL ? rml_get_bigint(0, 7) : -1;
		entry->line = rml_get_bigint(0, 8);
		entry->head = keep(caller, rml_get_text(0, 9));
		entry->rows = rml_get_bigint(0, 10);
		entry->bad_rows = rml_get_bigint(0, 11);
	}
	rml_act_end(&scope);
	return found;
}

static RmlStatement put_file = {
	.types = "ltlzltlllltlltll",
	.text = "INSERT INTO riskml.ingested_file (target, path, size, mtime, dev, sha256, inode, file_offset, file_line,\n"
	"  row_count, head, bad_rows, owner, reason, run_id, state)\n"
	"VALUES ($1::oid, $2, $3, $4, $5, decode($6, 'hex'), $7, nullif($8, -1), nullif($9, 0), $10, decode($11, 'hex'), $12,\n"
	"  $13::oid, $14, nullif($15, 0), (ARRAY['loaded', 'changed', 'failed'])[$16])\n"
	"ON CONFLICT (target, path) DO UPDATE SET size = excluded.size, mtime = excluded.mtime, dev = excluded.dev,\n"
	"  sha256 = excluded.sha256, inode = excluded.inode, file_offset = excluded.file_offset, file_line = excluded.file_line,\n"
	"  row_count = excluded.row_count, head = excluded.head, bad_rows = excluded.bad_rows, owner = excluded.owner,\n"
	"  reason = excluded.reason, run_id = excluded.run_id, state = excluded.state, noted_at = excluded.noted_at"
};

static char *
clip(const char *text, int most)
{
	return text != NULL ? pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), most)) : NULL;
}

void
rml_ledger_put(const RmlIngestor *ingestor, const char *path, const RmlFileEntry *entry)
{
	RmlOwnerScope scope;
	int64		state = strcmp(entry->state, "loaded") == 0 ? 1 : strcmp(entry->state, "changed") == 0 ? 2 : 3;

	rml_ledger_act(&scope);
	(void) rml_run(&put_file, (int64) ingestor->target, path, entry->size, entry->modified, entry->device,
				   entry->hash, entry->inode, entry->offset, entry->line, entry->rows, entry->head, entry->bad_rows,
				   (int64) ingestor->owner, clip(entry->reason, LONGEST_REASON), ingestor->run, state);
	rml_act_end(&scope);
}

static RmlStatement notify = {
	.types = "ttlt",
	.text = "SELECT pg_notify('riskml_event', json_build_object('event', $1, 'path', $2, 'target', $3::oid::regclass::text,\n"
	"  'reason', $4)::text)"
};

void
rml_ledger_notify(const RmlIngestor *ingestor, const char *event, const char *path, const char *reason)
{
	RmlOwnerScope scope;

	rml_ledger_act(&scope);
	(void) rml_run(&notify, event, path, (int64) ingestor->target, clip(reason, LONGEST_NOTICE));
	rml_act_end(&scope);
}

static RmlStatement lock_file = {
	.types = "lt",
	.text = "SELECT owner::oid::bigint FROM riskml.ingested_file WHERE target = $1::oid AND path = $2 FOR UPDATE"
};

static RmlStatement delete_file = {
	.types = "lt",
	.text = "DELETE FROM riskml.ingested_file WHERE target = $1::oid AND path = $2"
};

/* riskml.forget_file(target, path, reason): the file is loaded anew next time; audited. */
Datum
riskml_forget_file(PG_FUNCTION_ARGS)
{
	char	   *path = RML_TEXT_ARG(1, "path");
	RmlAuditEntry entry = {.action = "forget_file", .reason = rml_reason_arg(fcinfo, 2)};
	RmlOwnerScope scope;
	Oid			target;
	char	   *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"target\" must not be null")));
	target = PG_GETARG_OID(0);
	name = get_rel_name(target);
	rml_ledger_lock(target);
	rml_owner_begin(&scope);
	if (rml_run(&lock_file, (int64) target, path) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("file \"%s\" was not loaded into table \"%s\"", path, name != NULL ? name : "?"),
				 errhint("riskml.ingested_files lists your files.")));
	if (!has_privs_of_role(scope.caller, (Oid) rml_get_bigint(0, 1)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of what is kept of file \"%s\"", path)));
	(void) rml_run(&delete_file, (int64) target, path);
	entry.model = name != NULL ? name : psprintf("%u", target);
	entry.detail = psprintf("file %s", path);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
