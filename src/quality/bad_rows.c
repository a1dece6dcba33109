/*
 * bad_rows.c
 *	  Rows that are not as expected go to quarantine, good ones go on.
 *
 * Two statements, whatever the number of rows: one reads the bad rows, some at a
 * time, and one writes: it copies good rows to another table, or deletes bad ones.
 * Both, and the validation before them, see the rows of one snapshot.  What they
 * read is read again, so that nothing but bad rows is ever kept.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "job/context.h"
#include "load/quarantine.h"
#include "load/target.h"
#include "quality/bad_rows.h"

#define ROWS_AT_ONCE 1000
#define MOST_KEYS 32
#define MOST_BYTES (16 * 1024 * 1024)	/* of a row */

/* ---- may rows be separated so? ---- */

static void
require_table(Oid relation, const char *why)
{
	char		kind = get_rel_relkind(relation);

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table: %s", get_rel_name(relation), why),
				 errhint("Give a table for the good rows in \"good_rows\".")));
	if (check_enable_rls(relation, InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot separate rows of table \"%s\", whose row-level security applies to you", get_rel_name(relation))));
}

void
rml_bad_rows_check(const RmlBadRows *rows)
{
	if (list_length(rows->key) > MOST_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a key has at most %d columns", MOST_KEYS)));
	if (OidIsValid(rows->good_rows))
		require_table(rows->good_rows, "good rows cannot be written there");
	else
		require_table(rows->what->relation, "its bad rows cannot be removed");
	if (rows->good_rows == rows->what->relation)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("good rows of table \"%s\" cannot go to itself", get_rel_name(rows->good_rows)),
				 errhint("Use \"remove\": true to leave them where they are.")));
}

/* ---- SQL ---- */

static char *
table_sql(Oid table)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), get_rel_name(table));
}

/* The columns of the primary key, char *. */
static List *
primary_key(Oid relation)
{
	Oid			constraint;
	Bitmapset  *numbers = get_primary_key_attnos(relation, true, &constraint);
	List	   *columns = NIL;
	int			i = -1;

	while ((i = bms_next_member(numbers, i)) >= 0)
		columns = lappend(columns, get_attname(relation, (AttrNumber) (i + FirstLowInvalidHeapAttributeNumber), false));
	return columns;
}

/* The row's key as a JSON object; NULL if there is none. */
static char *
key_sql(const RmlBadRows *rows)
{
	List	   *key = rows->key;
	StringInfoData sql;
	ListCell   *cell;

	if (key == NIL && OidIsValid(rows->what->relation))
		key = primary_key(rows->what->relation);
	if (key == NIL)
		return "NULL";
	initStringInfo(&sql);
	foreach(cell, key)
		appendStringInfo(&sql, "%s%s, source.%s", cell == list_head(key) ? "pg_catalog.jsonb_build_object(" : ", ",
						 quote_literal_cstr(lfirst(cell)), quote_identifier(lfirst(cell)));
	appendStringInfoString(&sql, ")::pg_catalog.text");
	return sql.data;
}

/* The table that the rows belong into. */
static Oid
home_of(const RmlBadRows *rows)
{
	return OidIsValid(rows->good_rows) ? rows->good_rows : rows->what->relation;
}

/* The names of the source's columns. */
static List *
source_columns(const RmlBadRows *rows)
{
	SPIPlanPtr	plan = SPI_prepare(psprintf("SELECT source.* FROM %s", rows->from), 0, NULL);
	TupleDesc	desc;
	List	   *names = NIL;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	desc = ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;
	for (int i = 0; i < desc->natts; i++)
		names = lappend(names, pstrdup(NameStr(TupleDescAttr(desc, i)->attname)));
	SPI_freeplan(plan);
	return names;
}

/* Those that are computed where the rows belong are left out; with not_given, those too for which no value is given to COPY. */
static List *
stored_columns(const RmlBadRows *rows, List *columns, bool not_given)
{
	List	   *stored = NIL;
	ListCell   *cell;

	foreach(cell, columns)
	{
		HeapTuple	tuple = SearchSysCacheAttName(home_of(rows), lfirst(cell));
		bool		taken = !not_given;

		if (HeapTupleIsValid(tuple))
		{
			Form_pg_attribute column = (Form_pg_attribute) GETSTRUCT(tuple);

			taken = not_given ? rml_column_takes(column) : column->attgenerated == '\0';
			ReleaseSysCache(tuple);
		}
		if (taken)
			stored = lappend(stored, lfirst(cell));
	}
	return stored;
}

/* How riskml.requeue() reads the row. */
static char *
format_of(const List *columns)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"format\": \"json\", \"encoding\": \"%s\", \"max_line_bytes\": %d, \"columns\": {",
					 GetDatabaseEncodingName(), MOST_BYTES);
	foreach(cell, columns)
	{
		if (foreach_current_index(cell) > 0)
			appendStringInfoString(&json, ", ");
		escape_json(&json, lfirst(cell));
		appendStringInfoString(&json, ": ");
		escape_json(&json, lfirst(cell));
	}
	appendStringInfoString(&json, "}}");
	return json.data;
}

/* An array of booleans: which checks a row fails. */
static char *
failed_sql(const RmlBadRows *rows)
{
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	if (rows->checks == NIL)
		return "ARRAY[false]";
	appendStringInfoString(&sql, "ARRAY[");
	foreach(cell, rows->checks)
		appendStringInfo(&sql, "%s((%s) IS TRUE)", foreach_current_index(cell) > 0 ? ", " : "",
						 ((const RmlRowCheck *) lfirst(cell))->unexpected);
	appendStringInfoChar(&sql, ']');
	return sql.data;
}

#define SOME_FAILED "true OPERATOR(pg_catalog.=) ANY (judged.failed)"

static char *
reading_sql(const RmlBadRows *rows)
{
	return psprintf("SELECT judged.row_json, judged.row_key, judged.failed\n"
					"FROM (SELECT pg_catalog.to_jsonb(source.*)::pg_catalog.text AS row_json, %s AS row_key, %s AS failed FROM %s) AS judged\n"
					"WHERE " SOME_FAILED, key_sql(rows), failed_sql(rows), rows->from);
}

static char *
copying_sql(const RmlBadRows *rows, const List *columns)
{
	StringInfoData names;
	StringInfoData values;
	StringInfoData copied;
	ListCell   *cell;

	initStringInfo(&names);
	initStringInfo(&values);
	initStringInfo(&copied);
	foreach(cell, columns)
	{
		const char *comma = foreach_current_index(cell) > 0 ? ", " : "";

		appendStringInfo(&names, "%s%s", comma, quote_identifier(lfirst(cell)));
		appendStringInfo(&values, "%ssource.%s AS c%d", comma, quote_identifier(lfirst(cell)), foreach_current_index(cell));
		appendStringInfo(&copied, "%sjudged.c%d", comma, foreach_current_index(cell));
	}
	return psprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s\n"
					"FROM (SELECT %s, %s AS failed FROM %s) AS judged WHERE NOT (" SOME_FAILED ")",
					table_sql(rows->good_rows), names.data, copied.data, values.data, failed_sql(rows), rows->from);
}

/* The rows that are judged, and where they are: from what has no names for that if there is a filter. */
static char *
located_rows(const RmlBadRows *rows)
{
	const char *alias = quote_identifier(get_rel_name(rows->what->relation));

	return psprintf("(SELECT %s.ctid AS riskml_row, %s.tableoid AS riskml_table, %s.* FROM %s AS %s WHERE (%s\n)) AS source",
					alias, alias, alias, table_sql(rows->what->relation), alias,
					rows->what->filter != NULL ? rows->what->filter : "true");
}

static char *
deleting_sql(const RmlBadRows *rows)
{
	return psprintf("WITH bad AS MATERIALIZED (SELECT judged.riskml_row, judged.riskml_table\n"
					"  FROM (SELECT source.riskml_row, source.riskml_table, %s AS failed FROM %s) AS judged WHERE " SOME_FAILED ")\n"
					"DELETE FROM %s AS target USING bad\n"
					"WHERE target.ctid OPERATOR(pg_catalog.=) bad.riskml_row AND target.tableoid OPERATOR(pg_catalog.=) bad.riskml_table",
					failed_sql(rows), located_rows(rows), table_sql(rows->what->relation));
}

/* ---- reading ---- */

/* The expectations that a row does not meet, as a JSON array; *first is the first of them. */
static char *
failed_expectations(const RmlBadRows *rows, Datum failed, const RmlRowCheck **first)
{
	Datum	   *flags;
	int			n;
	StringInfoData json;

	deconstruct_array(DatumGetArrayTypeP(failed), BOOLOID, 1, true, TYPALIGN_CHAR, &flags, NULL, &n);
	*first = NULL;
	initStringInfo(&json);
	for (int i = 0; i < n; i++)
	{
		if (!DatumGetBool(flags[i]))
			continue;
		appendStringInfo(&json, "%s%s", *first == NULL ? "[" : ", ", (char *) list_nth(rows->expectations, i));
		if (*first == NULL)
			*first = list_nth(rows->checks, i);
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

static RmlBadRow *
bad_row(const RmlBadRows *rows, const char *format, uint64 i, uint64 line)
{
	RmlBadRow  *row = palloc0(sizeof(RmlBadRow));
	HeapTuple	tuple = SPI_tuptable->vals[i];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	const RmlRowCheck *first;
	bool		null;

	row->source = rows->source;
	row->format = format;
	row->line = line;
	row->raw = SPI_getvalue(tuple, desc, 1);
	row->length = strlen(row->raw);
	row->cut = row->length > MOST_BYTES;
	row->length = Min(row->length, MOST_BYTES);
	row->key = SPI_getvalue(tuple, desc, 2);
	row->expectations = failed_expectations(rows, SPI_getbinval(tuple, desc, 3, &null), &first);
	row->fault.sqlstate = ERRCODE_CHECK_VIOLATION;
	row->fault.column = first->column != NULL ? pstrdup(first->column) : NULL;
	row->fault.message = psprintf("not as expected: %s%s%s%s", first->type, first->column != NULL ? " (" : "",
								  first->column != NULL ? first->column : "", first->column != NULL ? ")" : "");
	return row;
}

static uint64
put_into_quarantine(const RmlBadRows *rows, const char *format)
{
	RmlIngestor ingestor = {
		.target = home_of(rows),
		.owner = GetUserId(),
		.run = rml_context_run_id(),
		.step = rml_context_step(),
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml bad rows", ALLOCSET_DEFAULT_SIZES);
	SPIPlanPtr	plan = SPI_prepare(reading_sql(rows), 0, NULL);
	Portal		portal;
	uint64		n = 0;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	do
	{
		MemoryContext caller;
		List	   *bad = NIL;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		caller = MemoryContextSwitchTo(context);
		for (uint64 i = 0; i < SPI_processed; i++)
			bad = lappend(bad, bad_row(rows, format, i, ++n));
		SPI_freetuptable(SPI_tuptable);
		rml_quarantine_write(&ingestor, bad, "open");
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	} while (true);
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	return n;
}

/* ---- writing ---- */

/* Sees what the reading saw. */
static uint64
write_rows(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	int			result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	result = SPI_execute_snapshot(plan, NULL, NULL, GetActiveSnapshot(), InvalidSnapshot, false, true, 0);
	if (result < 0)
		elog(ERROR, "rows could not be written: %s", SPI_result_code_string(result));
	SPI_freeplan(plan);
	return SPI_processed;
}

uint64
rml_bad_rows_separate(const RmlBadRows *rows, uint64 *good)
{
	uint64		bad;
	uint64		removed;
	List	   *columns;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	columns = source_columns(rows);
	bad = put_into_quarantine(rows, format_of(stored_columns(rows, columns, true)));
	*good = 0;
	if (OidIsValid(rows->good_rows))
		*good = write_rows(copying_sql(rows, stored_columns(rows, columns, false)));
	else if (bad > 0 && (removed = write_rows(deleting_sql(rows))) != bad)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("of " UINT64_FORMAT " rows that are not as expected, " UINT64_FORMAT " could be removed", bad, removed),
				 errdetail("Others changed or removed rows meanwhile, or a trigger kept them.")));
	SPI_finish();
	return bad;
}
