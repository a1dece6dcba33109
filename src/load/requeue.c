/*
 * requeue.c
 *	  riskml.requeue(), requeue_all(), discard(), raw_text(): what becomes of rows in quarantine.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "job/sql.h"
#include "load/convert.h"
#include "load/copy.h"
#include "load/deferred.h"
#include "load/ledger.h"
#include "load/target.h"
#include "registry/owner.h"

RML_SQL_FUNCTION(riskml_requeue);
RML_SQL_FUNCTION(riskml_requeue_all);
RML_SQL_FUNCTION(riskml_discard);
RML_SQL_FUNCTION(riskml_raw_text);

#define GROUP 1000				/* rows tried together */
#define GROUP_BYTES (4 * 1024 * 1024)

/* A row of the quarantine. */
typedef struct Row
{
	int64		id;
	Oid			target;
	Oid			owner;
	char	   *state;
	bool		cut;
	char	   *format;
	bytea	   *raw;
	char	   *source;
	int64		line;

	RmlRowFault fault;			/* sqlstate 0: none */
} Row;

/* ---- reading ---- */

#define ROW_COLUMNS "id, target::oid::bigint, owner::oid::bigint, state, raw_cut, format::text, raw, source, line"

static RmlStatement lock_row = {
	.types = "l",
	.text = "SELECT " ROW_COLUMNS " FROM riskml.quarantine_row WHERE id = $1 FOR UPDATE"
};

/* Of those that somebody else holds, none: they are being tried. */
static RmlStatement lock_rows = {
	.types = "lll",
	.text = "SELECT " ROW_COLUMNS " FROM riskml.quarantine_row\n"
	"WHERE target = $1::oid AND state = 'open' AND id > $2 AND NOT raw_cut AND pg_has_role($3::oid, owner::oid, 'USAGE')\n"
	"ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED"
};

static void
get_row(uint64 i, MemoryContext context, Row *row)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	bool		null;

	memset(row, 0, sizeof(*row));
	row->id = rml_get_bigint(i, 1);
	row->target = (Oid) rml_get_bigint(i, 2);
	row->owner = (Oid) rml_get_bigint(i, 3);
	row->state = rml_get_text(i, 4);
	row->cut = rml_get_bool(i, 5);
	row->format = rml_get_text(i, 6);
	row->raw = DatumGetByteaPCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 7, &null));
	row->source = rml_get_text(i, 8);
	row->line = rml_get_bigint(i, 9);
	MemoryContextSwitchTo(caller);
}

static void
find_row(int64 id, Row *row)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;

	rml_ledger_act(&scope);
	if (rml_run(&lock_row, id) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("row " INT64_FORMAT " of the quarantine does not exist", id)));
	get_row(0, caller, row);
	rml_act_end(&scope);
	if (!has_privs_of_role(GetUserId(), row->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of row " INT64_FORMAT " of the quarantine", id)));
	if (strcmp(row->state, "open") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("row " INT64_FORMAT " of the quarantine is in state \"%s\", not open", id, row->state),
				 strcmp(row->state, "failed") == 0
				 ? errhint("Nothing of its file was loaded: load the file again.") : 0));
}

static void
find_row_of_arg(FunctionCallInfo fcinfo, Row *row)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"id\" must not be null")));
	find_row(PG_GETARG_INT64(0), row);
}

/* ---- trying ---- */

/* Rows of the same target and format. */
typedef struct RowGroup
{
	Relation	rel;
	RmlFormat	format;
	RmlRows    *rows;
	StringInfoData text;
	RmlRow	   *copy;			/* rows for COPY */
	int		   *of;				/* which row each of them is */
	int			n;
	int			shape;			/* of all of them */
	Row		   *all;
} RowGroup;

static Relation
open_target(Oid target)
{
	Relation	rel;

	/* before it is locked */
	if (pg_class_aclcheck(target, GetUserId(), ACL_INSERT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(target, GetUserId(), ACL_INSERT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(target));
	rel = rml_open_target(target, RowExclusiveLock, true, true);
	if (check_enable_rls(target, InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot load into table \"%s\", whose row-level security applies to you",
						RelationGetRelationName(rel))));
	return rel;
}

static void
begin_group(RowGroup *group, Relation rel, Row *all, int n, const char *format)
{
	RmlOption	known[RML_FORMAT_OPTIONS];
	int			n_known = rml_format_options(&group->format, known);
	char	   *fault;

	rml_read_options("quarantine", DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(format))), known, n_known);
	rml_format_check(&group->format);
	group->rel = rel;
	group->all = all;
	group->n = 0;
	group->copy = palloc(sizeof(RmlRow) * n);
	group->of = palloc(sizeof(int) * n);
	initStringInfo(&group->text);
	group->rows = rml_rows_begin(rel, &group->format, NIL, &fault);
	if (group->rows == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the row does not fit table \"%s\": %s", RelationGetRelationName(rel), fault)));
}

static void
refuse(void *arg, int i, const RmlRowFault *fault)
{
	RowGroup	   *group = arg;
	Row		   *row = &group->all[group->of[i]];

	row->fault.sqlstate = fault->sqlstate;
	row->fault.column = fault->column != NULL ? pstrdup(fault->column) : NULL;
	row->fault.message = pstrdup(fault->message);
}

static void
flush(RowGroup *group)
{
	RmlBatch	batch = {.rel = group->rel, .text = group->text.data, .rows = group->copy, .n_rows = group->n,
	.refuse = refuse, .arg = group};

	if (group->n == 0)
		return;
	batch.format = rml_rows_copy_format(group->rows, group->shape);
	rml_copy_require_insert(group->rel, batch.format);
	rml_copy_check(group->rel, batch.format);
	(void) rml_copy_batch(&batch);
	resetStringInfo(&group->text);
	group->n = 0;
}

/* Must be one record, or COPY would read others out of it. */
static bool
check_record(const RowGroup *group, const char *raw, size_t length, RmlRowFault *fault, uint32 *newlines)
{
	RmlSplitter splitter = rml_format_splitter(&group->format);
	RmlBounds	bounds = {0};
	RmlRecordEnd end = RML_RECORD_WHOLE;

	/* a lone \r ends nothing, as in the middle of a file */
	splitter.begun = true;
	if (length > 0)
		end = rml_split(&splitter, raw, length, true, &bounds);
	*newlines = bounds.newlines;
	fault->sqlstate = ERRCODE_BAD_COPY_FILE_FORMAT;
	fault->column = NULL;
	fault->message = end == RML_RECORD_UNCLOSED ? "unterminated CSV quoted field" : "it is more than one record";
	return end == RML_RECORD_WHOLE && bounds.next == length;
}

static void
add_row(RowGroup *group, int i)
{
	Row		   *row = &group->all[i];
	RmlRow	   *copy = &group->copy[group->n];
	RmlRowFault fault;
	bool		blank;
	int			shape;
	char	   *raw = VARDATA_ANY(row->raw);
	size_t		length = VARSIZE_ANY_EXHDR(row->raw);

	while (length > 0 && (raw[length - 1] == '\n' || raw[length - 1] == '\r'))
		length--;
	if (!check_record(group, raw, length, &fault, &copy->newlines) ||
		!rml_rows_parse(group->rows, raw, length, &blank, &fault))
	{
		group->of[group->n] = i;
		refuse(group, group->n, &fault);
		return;
	}
	if (blank)
		return;
	shape = rml_rows_shape(group->rows);
	if (group->n > 0 && shape != group->shape)
	{
		uint32		newlines = copy->newlines;

		flush(group);
		copy = &group->copy[0];
		copy->newlines = newlines;
	}
	if (shape < 0)
	{
		rml_rows_forget_shapes(group->rows);
		shape = rml_rows_shape(group->rows);
	}
	group->shape = shape;
	if (!rml_rows_as_is(group->rows))
		copy->newlines = 0;
	copy->start = group->text.len;
	rml_rows_write(group->rows, &group->text);
	copy->length = (uint32) (group->text.len - copy->start);
	group->of[group->n++] = i;
}

/* All rows have this format. */
static void
try_rows(Relation rel, Row *rows, int n)
{
	RowGroup		group;

	begin_group(&group, rel, rows, n, rows[0].format);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add_row(&group, i);
		if (group.text.len >= GROUP_BYTES)
			flush(&group);
	}
	flush(&group);
}

/* ---- writing ---- */

static RmlStatement end_row = {
	.types = "lltt",
	.text = "UPDATE riskml.quarantine_row SET state = $4, ended_at = clock_timestamp(), ended_by = $2::oid::regrole::text::name,\n"
	"  note = $3 WHERE id = $1"
};

static RmlStatement note_fault = {
	.types = "lttt",
	.text = "UPDATE riskml.quarantine_row SET column_name = $2, sqlstate = $3, reason = $4 WHERE id = $1"
};

static int64
record(Row *rows, int n)
{
	RmlOwnerScope scope;
	int64		loaded = 0;

	rml_ledger_act(&scope);
	for (int i = 0; i < n; i++)
	{
		const Row  *row = &rows[i];

		if (row->fault.sqlstate != 0)
			(void) rml_run(&note_fault, row->id, row->fault.column, unpack_sql_state(row->fault.sqlstate),
						   row->fault.message);
		else
		{
			(void) rml_run(&end_row, row->id, (int64) scope.caller, NULL, "loaded");
			loaded++;
		}
	}
	rml_act_end(&scope);
	return loaded;
}

/* Rows of one target; how many are loaded. */
static int64
requeue(Relation rel, Row *rows, int n)
{
	int			from = 0;

	for (int i = 1; i <= n; i++)
	{
		if (i < n && strcmp(rows[i].format, rows[from].format) == 0)
			continue;
		try_rows(rel, rows + from, i - from);
		from = i;
	}
	return record(rows, n);
}

static void
begin(void)
{
	PreventCommandIfReadOnly("riskml.requeue()");
	PreventCommandIfParallelMode("riskml.requeue()");
}

/* The same format, but for text that was given here. */
static char *
format_of_given(const char *format)
{
	Jsonb	   *jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(format)));
	Jsonb	   *encoding = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
															  CStringGetDatum(psprintf("{\"encoding\": \"%s\"}", GetDatabaseEncodingName()))));

	jsonb = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(jsonb), JsonbPGetDatum(encoding)));
	return JsonbToCString(NULL, &jsonb->root, -1);
}

/* riskml.requeue(id, raw): true if the row is loaded now. */
Datum
riskml_requeue(PG_FUNCTION_ARGS)
{
	Relation	rel;
	List	   *deferred;
	Row			row;
	bool		loaded;

	begin();
	find_row_of_arg(fcinfo, &row);
	if (!PG_ARGISNULL(1))
	{
		row.raw = PG_GETARG_BYTEA_PP(1);
		row.format = format_of_given(row.format);
	}
	else if (row.cut)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("row " INT64_FORMAT " of the quarantine is not kept in full", row.id),
				 errhint("Give the row as it should be in parameter \"raw\".")));
	rel = open_target(row.target);
	deferred = rml_deferred_constraints(rel);
	rml_set_constraints(deferred, false);
	loaded = requeue(rel, &row, 1) > 0;
	rml_set_constraints(deferred, true);
	table_close(rel, NoLock);
	if (!loaded)
		ereport(NOTICE,
				(errmsg("row " INT64_FORMAT " of the quarantine cannot be loaded: %s", row.id, row.fault.message)));
	PG_RETURN_BOOL(loaded);
}

/* Up to a thousand rows behind the given one. */
static int
next_rows(Oid target, int64 after, Row **rows)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;
	int			n;

	rml_ledger_act(&scope);
	n = (int) rml_run(&lock_rows, (int64) target, after, (int64) scope.caller);
	*rows = MemoryContextAlloc(caller, sizeof(Row) * Max(n, 1));
	for (int i = 0; i < n; i++)
		get_row(i, caller, &(*rows)[i]);
	rml_act_end(&scope);
	return n;
}

/* riskml.requeue_all(target): how many of the open rows are loaded now. */
Datum
riskml_requeue_all(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Relation	rel;
	List	   *deferred;
	int64		loaded = 0;
	int64		last = 0;

	begin();
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"target\" must not be null")));
	rel = open_target(PG_GETARG_OID(0));
	deferred = rml_deferred_constraints(rel);
	rml_set_constraints(deferred, false);
	context = AllocSetContextCreate(CurrentMemoryContext, "riskml requeue", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);
		Row		   *rows;
		int			n = next_rows(PG_GETARG_OID(0), last, &rows);

		if (n > 0)
		{
			last = rows[n - 1].id;
			loaded += requeue(rel, rows, n);
		}
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
		if (n == 0)
			break;
	}
	rml_set_constraints(deferred, true);
	table_close(rel, NoLock);
	PG_RETURN_INT64(loaded);
}

/* riskml.discard(id, reason): the row is kept, but nobody waits for it any longer. */
Datum
riskml_discard(PG_FUNCTION_ARGS)
{
	char	   *reason = rml_reason_arg(fcinfo, 1);
	RmlOwnerScope scope;
	Row			row;

	begin();
	find_row_of_arg(fcinfo, &row);
	rml_ledger_act(&scope);
	(void) rml_run(&end_row, row.id, (int64) scope.caller, reason, "discarded");
	rml_act_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.raw_text(raw, encoding): bytes that are no text are shown as \xNN. */
Datum
riskml_raw_text(PG_FUNCTION_ARGS)
{
	bytea	   *raw = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(raw);
	size_t		left = VARSIZE_ANY_EXHDR(raw);
	int			encoding = pg_char_to_encoding(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	RmlConverter converter;
	StringInfoData text;

	rml_converter_init(&converter, encoding < 0 ? GetDatabaseEncoding() : encoding, GetDatabaseEncoding());
	initStringInfo(&text);
	while (left > 0)
	{
		size_t		valid = left;
		size_t		n;
		size_t		bad;
		const char *part = rml_convert(&converter, at, left, &n, &bad);

		if (part == NULL)
		{
			valid = bad;
			part = bad > 0 ? rml_convert(&converter, at, bad, &n, &bad) : NULL;
		}
		if (part != NULL)
			appendBinaryStringInfo(&text, part, (int) n);
		at += valid;
		left -= valid;
		if (left == 0)
			break;
		appendStringInfo(&text, "\\x%02x", (unsigned char) *at);
		at++;
		left--;
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, text.len));
}
