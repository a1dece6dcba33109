/*
 * rows.c
 *	  A record of a file as a row that COPY reads.
 *
 * The fields of a CSV file and the columns that they go to are settled when the
 * file begins.  In JSON lines, which columns have a value may differ from line
 * to line: their shapes.  An absent one is NULL, unless the column has a default:
 * then COPY must not be given the column, and rows with other such columns are
 * another COPY.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "load/convert.h"
#include "load/rows.h"
#include "load/target.h"

/* Columns that a record has. */
typedef struct Shape
{
	bool	   *written;		/* NULL: all */
	RmlCopyFormat copy;			/* options NIL: not made yet */
} Shape;

struct RmlRows
{
	const RmlFormat *format;
	MemoryContext context;

	bool		as_is;			/* CSV that COPY takes apart */
	List	   *fields;			/* CSV: names of columns in the file's order, NULL for what is left out */
	char	   *scratch;		/* for the fields of a CSV record */
	size_t		scratch_size;

	int			n_columns;
	RmlTargetColumn *columns;
	RmlLineParser *parser;		/* JSON, log */
	RmlConverter converter;

	/* the record just parsed */
	const char *record;
	size_t		length;
	RmlValue   *values;

	int			n_shapes;
	Shape	   *shapes;
	MemoryContext shape_context;	/* holds what they point to */
	char	   *remembered;
};

/* ---- columns of the table ---- */

static int
find_column(Relation rel, const char *name)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		if (rml_column_takes(TupleDescAttr(desc, i)) && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i;
	}
	return -1;
}

static char *
column_name(Relation rel, int i)
{
	return pstrdup(NameStr(TupleDescAttr(RelationGetDescr(rel), i)->attname));
}

/* Of a header: exactly, or uniquely but for upper and lower case. */
static char *
column_for_field(Relation rel, const char *field)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			found = find_column(rel, field);

	if (found >= 0)
		return column_name(rel, found);
	for (int i = 0; i < desc->natts; i++)
	{
		if (!rml_column_takes(TupleDescAttr(desc, i)) || pg_strcasecmp(NameStr(TupleDescAttr(desc, i)->attname), field) != 0)
			continue;
		if (found >= 0)
			return NULL;
		found = i;
	}
	return found >= 0 ? column_name(rel, found) : NULL;
}

static List *
all_columns(Relation rel)
{
	List	   *names = NIL;

	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		if (rml_column_takes(TupleDescAttr(RelationGetDescr(rel), i)))
			names = lappend(names, column_name(rel, i));
	}
	return names;
}

/* The columns that the options name: errors of whoever wrote them. */
static void
check_named(Relation rel, const RmlFormat *format)
{
	ListCell   *cell;
	List	   *seen = NIL;

	foreach(cell, format->columns)
	{
		RmlColumnName *name = lfirst(cell);
		ListCell   *other;

		if (name->column == NULL)
			continue;
		if (find_column(rel, name->column) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"%s\" has no column \"%s\" that can be loaded, which the option \"columns\" names",
							RelationGetRelationName(rel), name->column),
					 errhint("Generated columns and those GENERATED ALWAYS AS IDENTITY cannot be loaded.")));
		foreach(other, seen)
		{
			if (strcmp(lfirst(other), name->column) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("option \"columns\" names column \"%s\" twice", name->column)));
		}
		seen = lappend(seen, name->column);
	}
	if (format->columns != NIL && seen == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"columns\" names no column")));
}

/* ---- CSV ---- */

static char *
grow_scratch(RmlRows *rows, size_t size)
{
	if (rows->scratch_size < size)
	{
		if (rows->scratch != NULL)
			pfree(rows->scratch);
		rows->scratch_size = size * 2;
		rows->scratch = MemoryContextAllocHuge(rows->context, rows->scratch_size);
	}
	return rows->scratch;
}

List *
rml_header_fields(const RmlFormat *format, const char *record, size_t length, char **fault)
{
	RmlConverter converter;
	RmlCsvFields fields;
	RmlCsvField field;
	List	   *names = NIL;
	size_t		bad;
	char	   *buffer;
	bool		closed = true;

	rml_converter_init(&converter, format->encoding, GetDatabaseEncoding());
	record = rml_convert(&converter, record, length, &length, &bad);
	if (record == NULL)
	{
		*fault = psprintf("its header is no text in encoding %s", pg_encoding_to_char(format->encoding));
		return NIL;
	}
	buffer = palloc(length + 1);
	rml_csv_begin(&fields, record, length, format->delimiter[0], format->quote[0], format->escape[0]);
	while (closed && rml_csv_next(&fields, buffer, &field, &closed))
		names = lappend(names, pnstrdup(field.data, field.length));
	pfree(buffer);
	return names;
}

static bool
has(const List *names, const char *name)
{
	const ListCell *cell;

	foreach(cell, names)
	{
		if (lfirst(cell) != NULL && strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

/* The column that a field of the header goes to by the option "columns"; NULL: none. */
static char *
renamed(const RmlFormat *format, const char *field)
{
	ListCell   *cell;

	foreach(cell, format->columns)
	{
		RmlColumnName *name = lfirst(cell);

		if (strcmp(name->in_file, field) == 0)
			return name->column;
	}
	return NULL;
}

static char *
missing_in_header(const RmlFormat *format, const List *header)
{
	ListCell   *cell;

	foreach(cell, format->columns)
	{
		RmlColumnName *name = lfirst(cell);

		if (!has(header, name->in_file))
			return psprintf("its header has no \"%s\", which the option \"columns\" gives to column \"%s\"",
							name->in_file, name->column);
	}
	return NULL;
}

/* Fields in the order of the header; false with *fault if it does not fit. */
static bool
fields_by_header(RmlRows *rows, Relation rel, List *header, char **fault)
{
	ListCell   *cell;

	*fault = missing_in_header(rows->format, header);
	foreach(cell, header)
	{
		const char *field = lfirst(cell);
		char	   *column;

		if (*fault != NULL)
			return false;
		column = rows->format->columns != NIL ? renamed(rows->format, field) : column_for_field(rel, field);
		if (column == NULL && rows->format->columns == NIL)
			*fault = psprintf("its header has \"%s\", but table \"%s\" has no such column that can be loaded (option columns gives others)",
							  field, RelationGetRelationName(rel));
		else if (column != NULL && has(rows->fields, column))
			*fault = psprintf("its header has column \"%s\" twice", column);
		rows->fields = lappend(rows->fields, column);
	}
	return *fault == NULL;
}

static void
fields_by_position(RmlRows *rows)
{
	ListCell   *cell;

	foreach(cell, rows->format->columns)
	{
		RmlColumnName *name = lfirst(cell);

		rows->fields = lappend(rows->fields, name->column);
	}
}

/* A column without which no row could be loaded; NULL: none. */
static char *
missing_column(const RmlRows *rows, Relation rel)
{
	if (rel->trigdesc != NULL && rel->trigdesc->trig_insert_before_row)
		return NULL;
	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(rel), i);

		if (rml_column_takes(column) && column->attnotnull && !has(rows->fields, NameStr(column->attname)) &&
			build_column_default(rel, i + 1) == NULL)
			return psprintf("it lacks column \"%s\" of table \"%s\", which is NOT NULL without a default",
							NameStr(column->attname), RelationGetRelationName(rel));
	}
	return NULL;
}

static bool
settle_fields(RmlRows *rows, Relation rel, List *header, char **fault)
{
	const RmlFormat *format = rows->format;

	if (format->columns != NIL && format->by_position)
		fields_by_position(rows);
	else if (header != NIL)
	{
		if (!fields_by_header(rows, rel, header, fault))
			return false;
	}
	else if (format->columns != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"columns\" must be an array for files without a header")));
	else
		rows->fields = all_columns(rel);
	*fault = missing_column(rows, rel);
	return *fault == NULL;
}

static void
begin_csv(RmlRows *rows)
{
	ListCell   *cell;
	int			n = 0;

	rows->as_is = !list_member_ptr(rows->fields, NULL);
	rows->columns = palloc0(sizeof(RmlTargetColumn) * list_length(rows->fields));
	foreach(cell, rows->fields)
	{
		if (lfirst(cell) != NULL)
			rows->columns[n++].name = lfirst(cell);
	}
	rows->n_columns = n;
	rml_converter_init(&rows->converter, rows->format->encoding, GetDatabaseEncoding());
}

/* The fields that are loaded, of a record some of whose fields are not. */
static bool
parse_csv(RmlRows *rows, const char *record, size_t length, RmlRowFault *fault)
{
	const RmlFormat *format = rows->format;
	size_t		null_length = strlen(format->null);
	RmlCsvFields fields;
	RmlCsvField field;
	ListCell   *cell;
	char	   *buffer = grow_scratch(rows, length + 1);
	bool		closed = true;
	int			n = 0;

	rml_csv_begin(&fields, record, length, format->delimiter[0], format->quote[0], format->escape[0]);
	foreach(cell, rows->fields)
	{
		RmlValue   *value = &rows->values[n];

		if (!rml_csv_next(&fields, buffer, &field, &closed))
			return rml_set_fault(fault, ERRCODE_BAD_COPY_FILE_FORMAT, lfirst(cell),
							 lfirst(cell) ? psprintf("missing data for column \"%s\"", (char *) lfirst(cell))
							 : psprintf("missing data for field %d", foreach_current_index(cell) + 1));
		if (!closed)
			return rml_set_fault(fault, ERRCODE_BAD_COPY_FILE_FORMAT, NULL, "unterminated CSV quoted field");
		buffer += field.length;
		if (lfirst(cell) == NULL)
			continue;
		value->data = field.data;
		value->length = field.length;
		value->given = true;
		value->is_null = !field.quoted && field.length == null_length && memcmp(field.data, format->null, null_length) == 0;
		n++;
	}
	if (!fields.done)
		return rml_set_fault(fault, ERRCODE_BAD_COPY_FILE_FORMAT, NULL, "extra data after last expected column");
	return true;
}

/* ---- JSON and log lines ---- */

static RmlTargetColumn *
add_target(RmlRows *rows, Relation rel, const char *column, const char *in_file)
{
	RmlTargetColumn *target = &rows->columns[rows->n_columns++];
	int			i = find_column(rel, column);

	target->name = pstrdup(column);
	target->in_file = pstrdup(in_file);
	target->has_default = build_column_default(rel, i + 1) != NULL;
	return target;
}

static void
begin_json(RmlRows *rows, Relation rel)
{
	const RmlFormat *format = rows->format;
	List	   *all = format->columns == NIL ? all_columns(rel) : NIL;
	ListCell   *cell;

	rows->columns = palloc0(sizeof(RmlTargetColumn) * Max(list_length(all), list_length(format->columns)));
	foreach(cell, all)
		(void) add_target(rows, rel, lfirst(cell), lfirst(cell));
	foreach(cell, format->columns)
	{
		RmlColumnName *name = lfirst(cell);

		if (name->column != NULL)
			(void) add_target(rows, rel, name->column, name->in_file);
	}
	rows->parser = rml_json_lines(rows->columns, rows->n_columns, format->columns != NIL);
}

static void
begin_log(RmlRows *rows, Relation rel)
{
	const RmlFormat *format = rows->format;
	List	   *groups = rml_pattern_groups(format->pattern);
	ListCell   *cell;

	rows->columns = palloc0(sizeof(RmlTargetColumn) * list_length(groups));
	foreach(cell, groups)
	{
		const char *group = lfirst(cell);
		const char *column = format->columns != NIL ? renamed(format, group) : group;

		/* with the option, groups that it does not name are left out */
		if (column == NULL)
			continue;
		if (find_column(rel, column) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"%s\" has no column \"%s\" that can be loaded, as a group of the pattern is called",
							RelationGetRelationName(rel), column)));
		(void) add_target(rows, rel, column, group);
	}
	foreach(cell, format->columns)
	{
		RmlColumnName *name = lfirst(cell);

		if (name->column != NULL && !has(groups, name->in_file))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the pattern has no group \"%s\", which the option \"columns\" names", name->in_file)));
	}
	rows->parser = rml_log_lines(format->pattern, rows->columns, rows->n_columns);
}

/* ---- all formats ---- */

RmlRows *
rml_rows_begin(Relation rel, const RmlFormat *format, List *header, char **fault)
{
	RmlRows    *rows = palloc0(sizeof(RmlRows));

	*fault = NULL;
	rows->format = format;
	rows->context = CurrentMemoryContext;
	check_named(rel, format);
	if (format->kind == RML_FORMAT_CSV)
	{
		if (!settle_fields(rows, rel, header, fault))
			return NULL;
		begin_csv(rows);
	}
	else if (format->kind == RML_FORMAT_JSON)
		begin_json(rows, rel);
	else
		begin_log(rows, rel);
	if (rows->n_columns == 0)
	{
		*fault = "it has no column of the table";
		return NULL;
	}
	if (rows->parser != NULL)
		rml_converter_init(&rows->converter, format->encoding, rows->parser->encoding);
	rows->values = palloc0(sizeof(RmlValue) * rows->n_columns);
	rows->shapes = palloc(sizeof(Shape) * (rows->as_is ? 1 : RML_SHAPES));
	rows->shape_context = AllocSetContextCreate(CurrentMemoryContext, "riskml shapes", ALLOCSET_SMALL_SIZES);
	rows->remembered = rml_format_remember(format, rows->fields);
	return rows;
}

void
rml_rows_check(Relation rel, const RmlFormat *format)
{
	char	   *fault;

	if (format->kind == RML_FORMAT_CSV && format->header)
		check_named(rel, format);
	else if (rml_rows_begin(rel, format, NIL, &fault) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no file can be loaded into table \"%s\": %s", RelationGetRelationName(rel), fault)));
}

static bool
is_blank(const char *record, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (record[i] != ' ' && record[i] != '\t' && record[i] != '\r')
			return false;
	}
	return true;
}

bool
rml_rows_parse(RmlRows *rows, const char *record, size_t length, bool *blank, RmlRowFault *fault)
{
	size_t		bad;

	rows->record = record;
	rows->length = length;
	*blank = rows->format->kind == RML_FORMAT_JSON && is_blank(record, length);
	if (rows->as_is || *blank)
		return true;
	record = rml_convert(&rows->converter, record, length, &length, &bad);
	if (record == NULL)
		return rml_set_fault(fault, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE, NULL,
						 psprintf("byte %zu begins no valid character for encoding \"%s\"", bad + 1,
								  pg_encoding_to_char(rows->format->encoding)));
	memset(rows->values, 0, sizeof(RmlValue) * rows->n_columns);
	if (rows->parser == NULL)
		return parse_csv(rows, record, length, fault);
	return rows->parser->parse(rows->parser, record, length, rows->values, fault);
}

/* Is COPY given this column? */
static bool
is_written(const RmlRows *rows, int i)
{
	return rows->as_is || rows->values[i].given || !rows->columns[i].has_default;
}

static int
find_shape(const RmlRows *rows)
{
	for (int n = 0; n < rows->n_shapes; n++)
	{
		const bool *written = rows->shapes[n].written;
		int			i;

		for (i = 0; written != NULL && i < rows->n_columns && written[i] == is_written(rows, i); i++)
			;
		if (written == NULL || i == rows->n_columns)
			return n;
	}
	return -1;
}

int
rml_rows_shape(RmlRows *rows)
{
	int			found = find_shape(rows);
	Shape	   *shape;

	if (found >= 0 || rows->n_shapes == RML_SHAPES)
		return found;
	shape = &rows->shapes[rows->n_shapes];
	memset(shape, 0, sizeof(Shape));
	if (!rows->as_is)
		shape->written = MemoryContextAlloc(rows->shape_context, sizeof(bool) * rows->n_columns);
	for (int i = 0; !rows->as_is && i < rows->n_columns; i++)
		shape->written[i] = is_written(rows, i);
	return rows->n_shapes++;
}

void
rml_rows_forget_shapes(RmlRows *rows)
{
	MemoryContextReset(rows->shape_context);
	rows->n_shapes = 0;
}

static void
write_value(const RmlValue *value, StringInfo text)
{
	const char *from = value->data;
	const char *end = value->data + value->length;

	if (!value->given || value->is_null)
	{
		appendBinaryStringInfo(text, "\\N", 2);
		return;
	}
	for (const char *p = from; p < end; p++)
	{
		char		c = *p;

		if (c != '\\' && c != '\t' && c != '\n' && c != '\r')
			continue;
		appendBinaryStringInfo(text, from, (int) (p - from));
		from = p + 1;
		appendStringInfoChar(text, '\\');
		appendStringInfoChar(text, c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c);
	}
	appendBinaryStringInfo(text, from, (int) (end - from));
}

void
rml_rows_write(RmlRows *rows, StringInfo text)
{
	bool		first = true;

	if (rows->as_is)
	{
		/* a line of just these two ends the data of COPY before PostgreSQL 18 */
		if (rows->length == 2 && memcmp(rows->record, "\\.", 2) == 0)
			appendStringInfo(text, "%c\\.%c", rows->format->quote[0], rows->format->quote[0]);
		else
			appendBinaryStringInfo(text, rows->record, (int) rows->length);
		appendStringInfoCharMacro(text, '\n');
		return;
	}
	for (int i = 0; i < rows->n_columns; i++)
	{
		if (!is_written(rows, i))
			continue;
		if (!first)
			appendStringInfoChar(text, '\t');
		first = false;
		write_value(&rows->values[i], text);
	}
	appendStringInfoChar(text, '\n');
}

static List *
add_option(List *options, const char *name, const char *value)
{
	return lappend(options, makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1));
}

static List *
copy_options(const RmlRows *rows)
{
	const RmlFormat *format = rows->format;
	int			encoding = rows->as_is ? format->encoding
		: rows->parser != NULL ? rows->parser->encoding : GetDatabaseEncoding();
	List	   *options = add_option(NIL, "format", rows->as_is ? "csv" : "text");

	options = add_option(options, "encoding", pg_encoding_to_char(encoding));
	if (rows->as_is)
	{
		options = add_option(options, "delimiter", format->delimiter);
		options = add_option(options, "quote", format->quote);
		options = add_option(options, "escape", format->escape);
		options = add_option(options, "null", format->null);
	}
	return options;
}

const RmlCopyFormat *
rml_rows_copy_format(RmlRows *rows, int n)
{
	Shape	   *shape = &rows->shapes[n];
	MemoryContext caller;

	if (shape->copy.options != NIL)
		return &shape->copy;
	caller = MemoryContextSwitchTo(rows->shape_context);
	for (int i = 0; i < rows->n_columns; i++)
	{
		if (shape->written == NULL || shape->written[i])
			shape->copy.names = lappend(shape->copy.names, makeString(rows->columns[i].name));
	}
	shape->copy.options = copy_options(rows);
	MemoryContextSwitchTo(caller);
	return &shape->copy;
}

bool
rml_rows_as_is(const RmlRows *rows)
{
	return rows->as_is;
}

const char *
rml_rows_remember(const RmlRows *rows)
{
	return rows->remembered;
}
