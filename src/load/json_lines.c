/*
 * json_lines.c
 *	  A line with a JSON object as values for columns.
 *
 * Strings give their text, numbers and booleans what is written, null a NULL;
 * objects and arrays give JSON.  Text is UTF-8 here.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "import/reader.h"
#include "load/convert.h"
#include "load/rows.h"
#include "registry/server.h"

typedef struct JsonLines
{
	RmlLineParser parser;
	const RmlTargetColumn *columns;
	char	  **keys;			/* what the columns are called, in UTF-8 */
	int			n;
	bool		others_ok;		/* keys without a column */
	int			expected;		/* the column of the next key, if lines are alike */
	MemoryContext line;			/* reset for each */
	RmlServerHost host;
	RmlConverter shown;			/* of keys, for messages */
} JsonLines;

static bool
reader_fault(const RmlError *err, RmlRowFault *fault)
{
	char	   *message = rml_error_message(err);

	return rml_set_fault(fault, ERRCODE_INVALID_JSON_TEXT, NULL,
					 err->offset == RML_NO_OFFSET ? psprintf("invalid JSON: %s", message)
					 : psprintf("invalid JSON: %s at byte %zu of the line", message, err->offset + 1));
}

/* In the server's encoding, or as bytes. */
static char *
shown_key(JsonLines *lines, const RmlEvent *key)
{
	size_t		length;
	size_t		bad;
	const char *text = rml_convert(&lines->shown, key->text, key->length, &length, &bad);
	StringInfoData bytes;

	if (text != NULL)
		return pnstrdup(text, length);
	initStringInfo(&bytes);
	for (size_t i = 0; i < key->length; i++)
		appendStringInfo(&bytes, IS_HIGHBIT_SET(key->text[i]) ? "\\x%02x" : "%c", (unsigned char) key->text[i]);
	return bytes.data;
}

static int
find_key(JsonLines *lines, const RmlEvent *key)
{
	for (int n = 0; n < lines->n; n++)
	{
		int			i = (lines->expected + n) % lines->n;

		if (strncmp(lines->keys[i], key->text, key->length) == 0 && lines->keys[i][key->length] == '\0')
		{
			lines->expected = i + 1;
			return i;
		}
	}
	return -1;
}

/* Where the value that began with this event has ended. */
static size_t
end_of(const RmlReader *reader, const char *record, size_t begin)
{
	size_t		end = reader->pos;

	while (end > begin && strchr(" \t\r\n", record[end - 1]) != NULL)
		end--;
	return end;
}

static bool
take_value(RmlReader *reader, const char *record, RmlValue *value, RmlRowFault *fault)
{
	RmlEvent	event;
	size_t		end;

	if (!rml_reader_next(reader, &event))
		return reader_fault(reader->err, fault);
	value->given = true;
	value->is_null = event.kind == RML_EV_NULL;
	if (event.kind == RML_EV_STRING)
	{
		value->data = pnstrdup(event.text, event.length);
		value->length = event.length;
		return true;
	}
	if (!rml_reader_skip(reader, &event))
		return reader_fault(reader->err, fault);
	end = end_of(reader, record, event.offset);
	value->data = record + event.offset;
	value->length = end - event.offset;
	return true;
}

static bool
take_object(JsonLines *lines, RmlReader *reader, const char *record, RmlValue *values, RmlRowFault *fault)
{
	RmlEvent	event;
	RmlValue	ignored;

	if (!rml_reader_next(reader, &event))
		return reader_fault(reader->err, fault);
	if (event.kind != RML_EV_OBJECT_BEGIN)
		return rml_set_fault(fault, ERRCODE_INVALID_JSON_TEXT, NULL, "the line is no JSON object");
	for (;;)
	{
		int			i;

		if (!rml_reader_next(reader, &event))
			return reader_fault(reader->err, fault);
		if (event.kind == RML_EV_OBJECT_END)
			break;
		i = find_key(lines, &event);
		if (i < 0 && !lines->others_ok)
			return rml_set_fault(fault, ERRCODE_UNDEFINED_COLUMN, NULL,
							 psprintf("the table has no column for key \"%s\"", shown_key(lines, &event)));
		if (!take_value(reader, record, i < 0 ? &ignored : &values[i], fault))
			return false;
	}
	if (!rml_reader_next(reader, &event))
		return reader_fault(reader->err, fault);
	return true;
}

/* COPY cannot be given a row without a column. */
static bool
check_not_empty(const JsonLines *lines, const RmlValue *values, RmlRowFault *fault)
{
	for (int i = 0; i < lines->n; i++)
	{
		if (values[i].given || !lines->columns[i].has_default)
			return true;
	}
	return rml_set_fault(fault, ERRCODE_INVALID_JSON_TEXT, NULL, "the object has none of the table's columns");
}

static bool
parse(RmlLineParser *parser, const char *record, size_t length, RmlValue *values, RmlRowFault *fault)
{
	JsonLines  *lines = (JsonLines *) parser;
	MemoryContext caller;
	RmlReader	reader;
	RmlError	err = {0};
	bool		done;

	MemoryContextReset(lines->line);
	caller = MemoryContextSwitchTo(lines->line);
	lines->expected = 0;
	rml_json_open(&reader, record, length, &lines->host.host, &err);
	done = take_object(lines, &reader, record, values, fault) && check_not_empty(lines, values, fault);
	rml_reader_close(&reader);
	MemoryContextSwitchTo(caller);
	return done;
}

RmlLineParser *
rml_json_lines(const RmlTargetColumn *columns, int n, bool others_ok)
{
	JsonLines  *lines = palloc0(sizeof(JsonLines));

	lines->parser.parse = parse;
	lines->parser.encoding = PG_UTF8;
	lines->columns = columns;
	lines->n = n;
	lines->others_ok = others_ok;
	lines->keys = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
		lines->keys[i] = rml_to_utf8(columns[i].in_file, strlen(columns[i].in_file));
	lines->line = AllocSetContextCreate(CurrentMemoryContext, "riskml JSON line", ALLOCSET_DEFAULT_SIZES);
	rml_server_host_init(&lines->host, lines->line);
	rml_converter_init(&lines->shown, PG_UTF8, GetDatabaseEncoding());
	return &lines->parser;
}
