/*
 * quarantine.c
 *	  Rows that could not be loaded, in riskml.quarantine_row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "job/sql.h"
#include "load/ledger.h"
#include "load/quarantine.h"

#define LONGEST_REASON 2000

static char *
copy_text(const char *text)
{
	return text != NULL ? pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), LONGEST_REASON)) : NULL;
}

RmlBadRow *
rml_bad_row_copy(const RmlBadRow *row, size_t most)
{
	RmlBadRow  *copy = palloc(sizeof(RmlBadRow));
	char	   *raw;

	*copy = *row;
	copy->length = Min(row->length, most);
	copy->cut = row->cut || row->length > most;
	raw = palloc(copy->length + 1);
	memcpy(raw, row->raw, copy->length);
	copy->raw = raw;
	copy->source = pstrdup(row->source);
	copy->format = pstrdup(row->format);
	copy->fault.column = copy_text(row->fault.column);
	copy->fault.message = copy_text(row->fault.message);
	return copy;
}

/* ---- writing ---- */

/* A column of the rows, as an array. */
typedef struct Column
{
	Oid			type;
	Datum	   *values;
	bool	   *nulls;
} Column;

enum
{
	SOURCE,
	LINE,
	OFFSET,
	RAW,
	CUT,
	COLUMN,
	SQLSTATE,
	REASON,
	FORMAT,
	KEY,
	EXPECTATIONS,
	N_COLUMNS
};

static const Oid column_types[N_COLUMNS] = {
	TEXTOID, INT8OID, INT8OID, BYTEAOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID
};

static void
set_text(Column *column, int i, const char *text)
{
	column->nulls[i] = text == NULL;
	if (text != NULL)
		column->values[i] = CStringGetTextDatum(text);
}

static void
set_row(Column *columns, int i, const RmlBadRow *row)
{
	bytea	   *raw = palloc(row->length + VARHDRSZ);

	SET_VARSIZE(raw, row->length + VARHDRSZ);
	memcpy(VARDATA(raw), row->raw, row->length);
	set_text(&columns[SOURCE], i, row->source);
	columns[LINE].values[i] = Int64GetDatum((int64) row->line);
	columns[OFFSET].values[i] = Int64GetDatum((int64) row->offset);
	columns[RAW].values[i] = PointerGetDatum(raw);
	columns[CUT].values[i] = BoolGetDatum(row->cut);
	set_text(&columns[COLUMN], i, row->fault.column);
	set_text(&columns[SQLSTATE], i, unpack_sql_state(row->fault.sqlstate));
	set_text(&columns[REASON], i, row->fault.message);
	set_text(&columns[FORMAT], i, row->format);
	set_text(&columns[KEY], i, row->key);
	set_text(&columns[EXPECTATIONS], i, row->expectations);
}

static RmlParam
array_of(Column *column, int n)
{
	int			dims[1] = {n};
	int			lower[1] = {1};
	int16		length;
	bool		by_value;
	char		align;
	ArrayType  *array;

	get_typlenbyvalalign(column->type, &length, &by_value, &align);
	array = construct_md_array(column->values, column->nulls, 1, dims, lower, column->type, length, by_value, align);
	return rml_param_datum(get_array_type(column->type), PointerGetDatum(array), false);
}

static const char insert_rows[] =
	"INSERT INTO riskml.quarantine_row (target, owner, run_id, step, state,\n"
	"  source, line, byte_offset, raw, raw_cut, column_name, sqlstate, reason, format, row_key, expectations)\n"
	"SELECT $1, $2, $3, $4, $5, source, line, byte_offset, raw, raw_cut, column_name, sqlstate, reason, format::jsonb,\n"
	"  row_key::jsonb, expectations::jsonb\n"
	"FROM unnest($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)\n"
	"  AS u(source, line, byte_offset, raw, raw_cut, column_name, sqlstate, reason, format, row_key, expectations)";

/* Arrays of so many bytes of raw at most, which are copied a few times. */
#define MOST_BYTES (16 * 1024 * 1024)

static void
write_some(const RmlIngestor *ingestor, List *rows, int from, int n, const char *state)
{
	Column		columns[N_COLUMNS];
	RmlParam	params[5 + N_COLUMNS] = {
		rml_param_oid(REGCLASSOID, ingestor->target),
		rml_param_oid(REGROLEOID, ingestor->owner),
		rml_param_datum(INT8OID, Int64GetDatum(ingestor->run), ingestor->run == 0),
		rml_param_text(ingestor->step),
		rml_param_text(state),
	};

	for (int c = 0; c < N_COLUMNS; c++)
	{
		columns[c].type = column_types[c];
		columns[c].values = palloc0(sizeof(Datum) * n);
		columns[c].nulls = palloc0(sizeof(bool) * n);
	}
	for (int i = 0; i < n; i++)
		set_row(columns, i, list_nth(rows, from + i));
	for (int c = 0; c < N_COLUMNS; c++)
		params[5 + c] = array_of(&columns[c], n);
	(void) rml_sql(insert_rows, lengthof(params), params);
}

void
rml_quarantine_write(const RmlIngestor *ingestor, List *rows, const char *state)
{
	RmlOwnerScope scope;
	int			from = 0;
	int			n = 0;
	size_t		bytes = 0;

	if (rows == NIL)
		return;
	rml_ledger_act(&scope);
	while (from + n < list_length(rows))
	{
		bytes += ((RmlBadRow *) list_nth(rows, from + n))->length;
		n++;
		if (bytes < MOST_BYTES && from + n < list_length(rows))
			continue;
		write_some(ingestor, rows, from, n, state);
		from += n;
		n = 0;
		bytes = 0;
	}
	rml_act_end(&scope);
}

/* ---- what failed loads have left ---- */

static RmlStatement clear_failed = {
	.types = "lt",
	.text = "DELETE FROM riskml.quarantine_row WHERE target = $1::oid AND source = $2 AND state = 'failed'"
};

void
rml_quarantine_clear(Oid target, const char *source)
{
	RmlOwnerScope scope;

	rml_ledger_act(&scope);
	(void) rml_run(&clear_failed, (int64) target, source);
	rml_act_end(&scope);
}

static RmlStatement find_failed = {
	.types = "l",
	.text = "SELECT FROM riskml.quarantine_row WHERE target = $1::oid AND state = 'failed' LIMIT 1"
};

bool
rml_quarantine_has_failed(Oid target)
{
	RmlOwnerScope scope;
	bool		found;

	rml_ledger_act(&scope);
	found = rml_run(&find_failed, (int64) target) > 0;
	rml_act_end(&scope);
	return found;
}
