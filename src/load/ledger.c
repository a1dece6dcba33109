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
	.text = "SELECT state, size, mtime, encode(sha256, 'hex'), dev, inode, row_count, bad_rows\n"
	"FROM riskml.ingested_file WHERE target = $1::oid AND path = $2"
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
		entry->rows = rml_get_bigint(0, 7);
		entry->bad_rows = rml_get_bigint(0, 8);
	}
	rml_act_end(&scope);
	return found;
}

static RmlStatement put_file = {
	.types = "ltlzltlllltlt",
	.text = "INSERT INTO riskml.ingested_file (target, path, size, mtime, dev, sha256, inode, row_count, bad_rows, owner,\n"
	"  reason, run_id, state)\n"
	"VALUES ($1::oid, $2, $3, $4, $5, decode($6, 'hex'), $7, $8, $9, $10::oid, $11, nullif($12, 0), $13)\n"
	"ON CONFLICT (target, path) DO UPDATE SET size = excluded.size, mtime = excluded.mtime, dev = excluded.dev,\n"
	"  sha256 = excluded.sha256, inode = excluded.inode, row_count = excluded.row_count, bad_rows = excluded.bad_rows,\n"
	"  owner = excluded.owner, reason = excluded.reason, run_id = excluded.run_id, state = excluded.state,\n"
	"  noted_at = excluded.noted_at"
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

	rml_ledger_act(&scope);
	(void) rml_run(&put_file, (int64) ingestor->target, path, entry->size, entry->modified, entry->device,
				   entry->hash, entry->inode, entry->rows, entry->bad_rows, (int64) ingestor->owner,
				   clip(entry->reason, LONGEST_REASON), ingestor->run, entry->state);
	rml_act_end(&scope);
}

static RmlStatement delete_file = {
	.types = "lt",
	.text = "DELETE FROM riskml.ingested_file WHERE target = $1::oid AND path = $2"
};

void
rml_ledger_drop(Oid target, const char *path)
{
	RmlOwnerScope scope;

	rml_ledger_act(&scope);
	(void) rml_run(&delete_file, (int64) target, path);
	rml_act_end(&scope);
}

/* ---- files that are followed ---- */

#define FOLLOWED_COLUMNS "dev, inode, path, file_offset, file_line, in_long_line, head, mtime, row_count, bad_rows"

static RmlStatement find_followed = {
	.types = "lll",
	.text = "SELECT " FOLLOWED_COLUMNS " FROM riskml.followed_file WHERE target = $1::oid AND dev = $2 AND inode = $3"
};

static RmlStatement find_moved = {
	.types = "ltll",
	.text = "SELECT " FOLLOWED_COLUMNS " FROM riskml.followed_file\n"
	"WHERE target = $1::oid AND path = $2 AND (dev, inode) <> ($3, $4) ORDER BY noted_at DESC LIMIT 1"
};

static void
get_followed(MemoryContext context, RmlFollowed *file)
{
	bool		null;
	bytea	   *head = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 7, &null));

	memset(file, 0, sizeof(*file));
	file->device = rml_get_bigint(0, 1);
	file->inode = rml_get_bigint(0, 2);
	file->path = keep(context, rml_get_text(0, 3));
	file->offset = rml_get_bigint(0, 4);
	file->line = rml_get_bigint(0, 5);
	file->in_long_line = rml_get_bool(0, 6);
	file->head_length = Min((int) VARSIZE_ANY_EXHDR(head), RML_HEAD);
	memcpy(file->head, VARDATA_ANY(head), file->head_length);
	file->modified = rml_get_timestamp(0, 8, 0);
	file->rows = rml_get_bigint(0, 9);
	file->bad_rows = rml_get_bigint(0, 10);
}

bool
rml_ledger_find_followed(Oid target, int64 device, int64 inode, RmlFollowed *file)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;
	bool		found;

	rml_ledger_act(&scope);
	found = rml_run(&find_followed, (int64) target, device, inode) > 0;
	if (found)
		get_followed(caller, file);
	rml_act_end(&scope);
	return found;
}

bool
rml_ledger_find_moved(Oid target, const char *path, int64 device, int64 inode, RmlFollowed *file)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;
	bool		found;

	rml_ledger_act(&scope);
	found = rml_run(&find_moved, (int64) target, path, device, inode) > 0;
	if (found)
		get_followed(caller, file);
	rml_act_end(&scope);
	return found;
}

static RmlStatement put_followed = {
	.types = "llltllbtzllll",
	.text = "INSERT INTO riskml.followed_file (target, dev, inode, path, file_offset, file_line, in_long_line, head, mtime,\n"
	"  row_count, bad_rows, owner, run_id)\n"
	"VALUES ($1::oid, $2, $3, $4, $5, $6, $7, decode($8, 'hex'), $9, $10, $11, $12::oid, nullif($13, 0))\n"
	"ON CONFLICT (target, dev, inode) DO UPDATE SET path = excluded.path, file_offset = excluded.file_offset,\n"
	"  file_line = excluded.file_line, in_long_line = excluded.in_long_line, head = excluded.head, mtime = excluded.mtime,\n"
	"  row_count = excluded.row_count, bad_rows = excluded.bad_rows, owner = excluded.owner, run_id = excluded.run_id,\n"
	"  noted_at = excluded.noted_at"
};

void
rml_ledger_put_followed(const RmlIngestor *ingestor, const RmlFollowed *file)
{
	RmlOwnerScope scope;
	char		head[2 * RML_HEAD + 1];

	head[hex_encode(file->head, file->head_length, head)] = '\0';
	rml_ledger_act(&scope);
	(void) rml_run(&put_followed, (int64) ingestor->target, file->device, file->inode, file->path, file->offset,
				   file->line, (int) file->in_long_line, head, file->modified, file->rows, file->bad_rows,
				   (int64) ingestor->owner, ingestor->run);
	rml_act_end(&scope);
}

static RmlStatement delete_followed = {
	.types = "lll",
	.text = "DELETE FROM riskml.followed_file WHERE target = $1::oid AND dev = $2 AND inode = $3"
};

void
rml_ledger_drop_followed(Oid target, int64 device, int64 inode)
{
	RmlOwnerScope scope;

	rml_ledger_act(&scope);
	(void) rml_run(&delete_followed, (int64) target, device, inode);
	rml_act_end(&scope);
}

/* ---- for users ---- */

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

static RmlStatement find_owner = {
	.types = "lt",
	.text = "SELECT owner::oid::bigint FROM riskml.ingested_file WHERE target = $1::oid AND path = $2\n"
	"UNION ALL SELECT owner::oid::bigint FROM riskml.followed_file WHERE target = $1::oid AND path = $2"
};

static RmlStatement forget_followed = {
	.types = "lt",
	.text = "DELETE FROM riskml.followed_file WHERE target = $1::oid AND path = $2"
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
	uint64		n;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"target\" must not be null")));
	target = PG_GETARG_OID(0);
	name = get_rel_name(target);
	rml_ledger_lock(target);
	rml_owner_begin(&scope);
	n = rml_run(&find_owner, (int64) target, path);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("file \"%s\" was not loaded into table \"%s\"", path, name != NULL ? name : "?"),
				 errhint("riskml.ingested_files lists your files.")));
	for (uint64 i = 0; i < n; i++)
	{
		if (!has_privs_of_role(scope.caller, (Oid) rml_get_bigint(i, 1)))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be owner of what is kept of file \"%s\"", path)));
	}
	(void) rml_run(&delete_file, (int64) target, path);
	(void) rml_run(&forget_followed, (int64) target, path);
	entry.model = name != NULL ? name : psprintf("%u", target);
	entry.detail = psprintf("file %s", path);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
