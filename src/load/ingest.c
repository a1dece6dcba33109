/*
 * ingest.c
 *	  riskml.ingest(): the rows of files into a table.
 *
 * Each file is a subtransaction: what it loads, its bad rows and its line in
 * the ledger are one.  A file that cannot be loaded is rolled back and noted,
 * and the others go on.  Errors that are no file's end everything.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/table.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/context.h"
#include "load/copy.h"
#include "load/deferred.h"
#include "load/evidence.h"
#include "load/files.h"
#include "load/ingest.h"
#include "load/ledger.h"
#include "load/loader.h"
#include "load/options.h"
#include "load/tail.h"
#include "load/target.h"

RML_SQL_FUNCTION(riskml_ingest);

#define MOST_NAMED 100			/* failed files in the summary */

/* An ingest under way. */
typedef struct Ingest
{
	RmlFormat	format;
	Interval   *settle;
	bool		tail;
	int64		max_bad_rows;
	double		max_bad_fraction;
	int64		max_gzip_bytes;
	bool		unlogged_ok;

	RmlLoader	loader;
	int64		settle_time;	/* microseconds */
	List	   *deferred;		/* constraints */
	MemoryContext context;		/* of one file */

	int64		files;			/* loaded */
	int64		known;			/* loaded before */
	int64		waiting;		/* too young */
	int64		changed;
	int64		failed;
	StringInfoData failures;	/* JSON of the first ones */
} Ingest;

/* ---- arguments ---- */

static void
read_options(Ingest *ingest, Jsonb *options)
{
	RmlOption	known[RML_FORMAT_OPTIONS + 6];
	const RmlOption own[] = {
		{"settle", RML_OPTION_INTERVAL, &ingest->settle},
		{"tail", RML_OPTION_BOOL, &ingest->tail},
		{"max_bad_rows", RML_OPTION_INT, &ingest->max_bad_rows},
		{"max_bad_fraction", RML_OPTION_NUMBER, &ingest->max_bad_fraction},
		{"max_gzip_bytes", RML_OPTION_INT, &ingest->max_gzip_bytes},
		{"unlogged_ok", RML_OPTION_BOOL, &ingest->unlogged_ok},
	};
	int			n = rml_format_options(&ingest->format, known);

	ingest->max_bad_rows = -1;
	ingest->max_bad_fraction = 1;
	ingest->max_gzip_bytes = INT64CONST(10) * 1024 * 1024 * 1024;
	memcpy(known + n, own, sizeof(own));
	rml_read_options("ingest", options, known, lengthof(known));
	rml_format_check(&ingest->format);
	ingest->settle_time = 10 * USECS_PER_SEC;
	if (ingest->settle != NULL)
		ingest->settle_time = ingest->settle->time + ingest->settle->day * USECS_PER_DAY +
			ingest->settle->month * DAYS_PER_MONTH * USECS_PER_DAY;
	if (ingest->max_bad_rows < -1 || ingest->max_bad_fraction < 0 || ingest->max_bad_fraction > 1 ||
		ingest->max_gzip_bytes < 1 || ingest->settle_time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an option of the ingest is out of its range"),
				 errhint("max_bad_rows and settle are not negative, max_bad_fraction is between 0 and 1, max_gzip_bytes is at least 1.")));
}

static void
require_privileges(Relation rel)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to ingest files of the server"),
				 errdetail("Only roles with privileges of the \"pg_read_server_files\" role may do this.")));
	if (rel == NULL)
		return;
	if (pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_INSERT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(RelationGetRelid(rel), GetUserId(), ACL_INSERT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
	if (check_enable_rls(RelationGetRelid(rel), InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot ingest into table \"%s\", whose row-level security applies to you",
						RelationGetRelationName(rel)),
				 errhint("Ingest into another table, and INSERT from there.")));
}

static void
begin(Ingest *ingest, Oid target, Jsonb *options)
{
	memset(ingest, 0, sizeof(*ingest));
	rml_evidence_forget();
	require_privileges(NULL);
	PreventCommandIfReadOnly("riskml.ingest()");
	PreventCommandIfParallelMode("riskml.ingest()");
	read_options(ingest, options);
	ingest->loader.rel = rml_open_target(target, RowExclusiveLock, ingest->unlogged_ok, true);
	require_privileges(ingest->loader.rel);
	ingest->loader.format = &ingest->format;
	ingest->loader.max_bad_rows = ingest->max_bad_rows;
	ingest->loader.ingestor.target = target;
	ingest->loader.ingestor.owner = GetUserId();
	ingest->loader.ingestor.run = rml_context_run_id();
	ingest->loader.ingestor.step = rml_context_step();
	ingest->context = AllocSetContextCreate(CurrentMemoryContext, "riskml ingest file", ALLOCSET_DEFAULT_SIZES);
	rml_rows_check(ingest->loader.rel, &ingest->format);
	initStringInfo(&ingest->failures);
	rml_evidence_begin(&ingest->loader.ingestor);
	rml_ledger_lock(target);
	ingest->deferred = rml_deferred_constraints(ingest->loader.rel);
	ingest->loader.has_failed_rows = rml_quarantine_has_failed(target);
}

/* ---- a file ---- */

/* What is known of a file as it is. */
static RmlFileEntry
entry_of(const struct stat *seen, const char *state)
{
	RmlFileEntry entry = {.state = state};

	entry.size = seen->st_size;
	entry.modified = rml_file_modified(seen);
	entry.device = (int64) seen->st_dev;
	entry.inode = (int64) seen->st_ino;
	return entry;
}

/* A file that could not be loaded counts as a bad row. */
static void
note_failure(Ingest *ingest, const RmlFile *file, const struct stat *seen, char *fault)
{
	RmlFileEntry entry = entry_of(seen, "failed");
	RmlBadRow	row = {.source = file->shown, .format = "{}", .raw = "", .fault = {ERRCODE_IO_ERROR, NULL, fault}};

	entry.reason = fault;
	rml_ledger_put(&ingest->loader.ingestor, file->shown, &entry);
	rml_ledger_notify(&ingest->loader.ingestor, "file_failed", file->shown, fault);
	ereport(WARNING,
			(errmsg("file \"%s\" was not loaded: %s", file->shown, fault)));
	if (ingest->failed < MOST_NAMED)
	{
		appendStringInfoString(&ingest->failures, ingest->failures.len > 0 ? ", " : "");
		escape_json(&ingest->failures, file->shown);
	}
	ingest->failed++;
	ingest->loader.bad_rows++;
	rml_evidence_add(&row);
	rml_loader_check_limit(&ingest->loader);
}

/* Loads an open file; false with *fault. */
static bool
load_bytes(Ingest *ingest, const RmlFile *file, RmlBytes *bytes, RmlFileRows *done, char **fault)
{
	RmlSplitter splitter = rml_format_splitter(&ingest->format);
	RmlFeed		feed;
	List	   *header = NIL;

	rml_bytes_allow_gzip(bytes, (uint64) ingest->max_gzip_bytes);
	rml_bytes_hash(bytes);
	rml_feed_begin(&feed, bytes, &splitter, (size_t) ingest->format.max_line_bytes);
	*fault = rml_feed_skip_mark(&feed);
	if (*fault != NULL)
		return false;
	if (ingest->format.kind == RML_FORMAT_CSV && ingest->format.header)
	{
		if (!rml_loader_header(&ingest->loader, &feed, &header, fault))
			return false;
		/* without a header there is nothing */
		if (header == NIL)
			return true;
	}
	return rml_loader_run(&ingest->loader, file->shown, &feed, header, done, fault);
}

static char *
unless_unchanged(const RmlBytes *bytes)
{
	return rml_bytes_unchanged(bytes) ? NULL : "it was changed or replaced while it was read";
}

/* All that belongs to loading a whole file; false with *fault. */
static bool
take_whole(Ingest *ingest, const RmlFile *file, struct stat *seen, char **fault)
{
	RmlBytes   *bytes = rml_bytes_open(file->path, file->shown, seen, fault);
	RmlFileEntry entry;
	RmlFileRows done = {0};
	char		hash[RML_HASH_HEX] = "";

	if (bytes == NULL || !load_bytes(ingest, file, bytes, &done, fault))
		return false;
	*fault = unless_unchanged(bytes);
	if (*fault != NULL)
		return false;
	ingest->loader.bytes += rml_bytes_position(bytes);
	rml_bytes_close(bytes, hash);
	entry = entry_of(seen, "loaded");
	entry.hash = hash;
	entry.rows = (int64) done.rows;
	entry.bad_rows = (int64) done.bad_rows;
	if (ingest->loader.has_failed_rows)
		rml_quarantine_clear(ingest->loader.ingestor.target, file->shown);
	rml_ledger_put(&ingest->loader.ingestor, file->shown, &entry);
	return true;
}

/* ... to loading what a file has got; *news: anything at all. */
static bool
take_in(Ingest *ingest, const RmlFile *file, struct stat *seen, bool *news, char **fault)
{
	*news = true;
	if (!ingest->tail)
		return take_whole(ingest, file, seen, fault);
	if (!rml_tail_take(&ingest->loader, file, seen, news, fault))
		return false;
	if (rml_ledger_find(ingest->loader.ingestor.target, file->shown, &(RmlFileEntry){0}))
		rml_ledger_drop(ingest->loader.ingestor.target, file->shown);
	return true;
}

/* How a file's subtransaction ended. */
typedef enum Outcome
{
	LOADED,
	FAULTY,
	DEFERRED_FAULT				/* a constraint that was deferred is broken */
} Outcome;

/*
 * In a subtransaction.  Constraints that are deferred to the commit would fail
 * there and take everything with them: they are checked at the file's end, as
 * rows may depend on later ones.  at_once: for each batch instead, so that it
 * shows which rows are bad.
 */
static Outcome
try_file(Ingest *ingest, const RmlFile *file, struct stat *seen, bool at_once, bool *news, char **fault)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	RmlLoader	before = ingest->loader;
	volatile bool at_end = false;
	volatile Outcome outcome = LOADED;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		if (at_once)
			rml_set_constraints(ingest->deferred, false);
		if (!take_in(ingest, file, seen, news, fault))
			outcome = FAULTY;
		at_end = true;
		if (outcome == LOADED)
		{
			rml_set_constraints(ingest->deferred, false);
			rml_set_constraints(ingest->deferred, true);
			ReleaseCurrentSubTransaction();
		}
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error != NULL)
	{
		if (!at_end || at_once || !rml_is_row_fault(error->sqlerrcode, false))
			ReThrowError(error);
		outcome = DEFERRED_FAULT;
	}
	if (outcome != LOADED)
		ingest->loader = before;
	return outcome;
}

static void
load_new(Ingest *ingest, const RmlFile *file, struct stat *seen)
{
	char	   *fault = NULL;
	bool		news;
	Outcome		outcome = try_file(ingest, file, seen, false, &news, &fault);

	if (outcome == DEFERRED_FAULT)
		outcome = try_file(ingest, file, seen, true, &news, &fault);
	if (outcome == LOADED)
	{
		ingest->files += news ? 1 : 0;
		ingest->known += news ? 0 : 1;
	}
	else
		note_failure(ingest, file, seen, fault);
}

/* ---- a file that is known ---- */

/* The hash of all of a file; false with *fault. */
static bool
hash_file(const RmlFile *file, struct stat *seen, char *hash, char **fault)
{
	RmlBytes   *bytes = rml_bytes_open(file->path, file->shown, seen, fault);
	char	   *buffer;
	ssize_t		n;

	if (bytes == NULL)
		return false;
	rml_bytes_hash(bytes);
	buffer = palloc(64 * 1024);
	while ((n = rml_bytes_read(bytes, buffer, 64 * 1024, fault)) > 0)
		CHECK_FOR_INTERRUPTS();
	pfree(buffer);
	if (n == 0)
		*fault = unless_unchanged(bytes);
	rml_bytes_close(bytes, hash);
	return *fault == NULL;
}

/* Was a file that has another time or size only touched? */
static void
look_at_known(Ingest *ingest, const RmlFile *file, const RmlFileEntry *known, struct stat *seen)
{
	RmlFileEntry entry = *known;
	char		hash[RML_HASH_HEX] = "";
	char	   *fault = NULL;

	if (!hash_file(file, seen, hash, &fault))
	{
		ereport(WARNING,
				(errmsg("file \"%s\", which was loaded before, cannot be read again: %s", file->shown, fault)));
		return;
	}
	entry.size = seen->st_size;
	entry.modified = rml_file_modified(seen);
	entry.device = (int64) seen->st_dev;
	entry.inode = (int64) seen->st_ino;
	entry.state = "loaded";
	if (known->hash == NULL || strcmp(known->hash, hash) != 0)
	{
		entry.state = "changed";
		entry.reason = "its content is not what was loaded";
		rml_ledger_notify(&ingest->loader.ingestor, "file_changed", file->shown, entry.reason);
		ereport(WARNING,
				(errmsg("file \"%s\" was loaded before with other content, and is not loaded again", file->shown),
				 errhint("riskml.forget_file() lets it be loaded anew.")));
		ingest->changed++;
	}
	else
		ingest->known++;
	rml_ledger_put(&ingest->loader.ingestor, file->shown, &entry);
}

/* A file that is followed would be loaded twice as a whole. */
static bool
is_followed(const Ingest *ingest, const RmlFile *file, const struct stat *seen)
{
	RmlFollowed followed;

	return rml_ledger_find_followed(ingest->loader.ingestor.target, (int64) seen->st_dev, (int64) seen->st_ino, &followed) &&
		strcmp(followed.path, file->shown) == 0;
}

static void
take_file(Ingest *ingest, const RmlFile *file)
{
	RmlFileEntry known;
	struct stat seen = {0};
	bool		is_known = !ingest->tail && rml_ledger_find(ingest->loader.ingestor.target, file->shown, &known) &&
		strcmp(known.state, "failed") != 0;
	bool		regular = lstat(file->path, &seen) == 0 && S_ISREG(seen.st_mode);

	if (is_known && regular && known.size == seen.st_size && known.modified == rml_file_modified(&seen))
	{
		if (strcmp(known.state, "changed") == 0)
			ingest->changed++;
		else
			ingest->known++;
	}
	else if (ingest->tail)
		load_new(ingest, file, &seen);
	else if (regular && rml_file_is_young(&seen, ingest->settle_time))
		ingest->waiting++;
	else if (is_known)
		look_at_known(ingest, file, &known, &seen);
	else if (regular && is_followed(ingest, file, &seen))
		note_failure(ingest, file, &seen, "it is followed (option tail); after riskml.forget_file() it is loaded as a whole");
	else
		load_new(ingest, file, &seen);
}

/* ---- all files ---- */

static void
check_fraction(const Ingest *ingest)
{
	double		bad = (double) ingest->loader.bad_rows;
	double		all = (double) ingest->loader.rows + bad;
	char	   *reasons;

	if (all == 0 || bad / all <= ingest->max_bad_fraction)
		return;
	reasons = rml_evidence_text();
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg(UINT64_FORMAT " of " UINT64_FORMAT " rows for table \"%s\" are bad, more than a fraction of %g",
					ingest->loader.bad_rows, ingest->loader.rows + ingest->loader.bad_rows,
					RelationGetRelationName(ingest->loader.rel), ingest->max_bad_fraction),
			 reasons != NULL ? errdetail("%s", reasons) : 0,
			 errhint("Nothing was loaded. riskml.quarantine has the rows in state failed; option max_bad_fraction is the limit.")));
}

static Jsonb *
summary_of(const Ingest *ingest)
{
	char	   *text = psprintf("{\"files\": " INT64_FORMAT ", \"rows\": " UINT64_FORMAT ", \"bad_rows\": " UINT64_FORMAT
								", \"known\": " INT64_FORMAT ", \"waiting\": " INT64_FORMAT ", \"changed\": " INT64_FORMAT
								", \"failed\": " INT64_FORMAT ", \"failed_files\": [%s]}",
								ingest->files, ingest->loader.rows, ingest->loader.bad_rows - ingest->failed,
								ingest->known, ingest->waiting, ingest->changed, ingest->failed, ingest->failures.data);

	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

RmlLoaded
rml_ingest(const char *pattern, Oid target, Jsonb *options)
{
	Ingest		ingest;
	RmlLoaded	loaded;
	List	   *files;
	ListCell   *cell;

	begin(&ingest, target, options);
	files = rml_files(pattern, ingest.tail);
	foreach(cell, files)
	{
		MemoryContext caller = MemoryContextSwitchTo(ingest.context);

		CHECK_FOR_INTERRUPTS();
		take_file(&ingest, lfirst(cell));
		MemoryContextSwitchTo(caller);
		MemoryContextReset(ingest.context);
	}
	check_fraction(&ingest);
	table_close(ingest.loader.rel, NoLock);
	rml_evidence_forget();
	loaded.rows = ingest.loader.rows;
	loaded.summary = summary_of(&ingest);
	return loaded;
}

/* ---- CALL ---- */

static void
tell(const RmlLoaded *loaded)
{
	ereport(NOTICE,
			(errmsg("%s", JsonbToCString(NULL, &loaded->summary->root, -1))));
}

/* Where CALL may commit: what a failure leaves is committed before its error is raised. */
static RmlLoaded
ingest_and_commit(const char *files, Oid target, Jsonb *options)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	RmlLoaded  *loaded = palloc0(sizeof(RmlLoaded));
	ErrorData  *volatile error = NULL;

	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		*loaded = rml_ingest(files, target, options);
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error != NULL)
	{
		if (rml_evidence_exists())
		{
			PushActiveSnapshot(GetTransactionSnapshot());
			rml_evidence_write();
			PopActiveSnapshot();
			SPI_commit();
		}
		ReThrowError(error);
	}
	SPI_finish();
	return *loaded;
}

/* CALL riskml.ingest(files, target, options) */
Datum
riskml_ingest(PG_FUNCTION_ARGS)
{
	bool		atomic = !IsA(fcinfo->context, CallContext) || ((CallContext *) fcinfo->context)->atomic;
	RmlLoaded	loaded;
	char	   *files;

	for (int i = 0; i < 3; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("parameter \"%s\" must not be null", i == 0 ? "files" : i == 1 ? "target" : "options")));
	}
	files = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (atomic)
	{
		/* a CALL has none of its own */
		PushActiveSnapshot(GetTransactionSnapshot());
		loaded = rml_ingest(files, PG_GETARG_OID(1), PG_GETARG_JSONB_P(2));
		PopActiveSnapshot();
	}
	else
		loaded = ingest_and_commit(files, PG_GETARG_OID(1), PG_GETARG_JSONB_P(2));
	tell(&loaded);
	PG_RETURN_VOID();
}
