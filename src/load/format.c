/*
 * format.c
 *	  How a file is written: CSV, JSON lines or log lines, and their options.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "compat.h"
#include "load/format.h"

#define DEFAULT_LINE (16 * 1024 * 1024)
#define LONGEST_LINE (256 * 1024 * 1024)

int
rml_format_options(RmlFormat *format, RmlOption *known)
{
	const RmlOption options[RML_FORMAT_OPTIONS] = {
		{"format", RML_OPTION_TEXT, &format->format},
		{"header", RML_OPTION_BOOL, &format->header},
		{"delimiter", RML_OPTION_TEXT, &format->delimiter},
		{"quote", RML_OPTION_TEXT, &format->quote},
		{"escape", RML_OPTION_TEXT, &format->escape},
		{"null", RML_OPTION_TEXT, &format->null},
		{"encoding", RML_OPTION_TEXT, &format->encoding_name},
		{"pattern", RML_OPTION_TEXT, &format->pattern},
		{"columns", RML_OPTION_JSON, &format->columns_json},
		{"max_line_bytes", RML_OPTION_INT, &format->max_line_bytes},
	};

	memset(format, 0, sizeof(*format));
	format->format = pstrdup("csv");
	format->header = true;
	format->delimiter = pstrdup(",");
	format->quote = pstrdup("\"");
	format->null = pstrdup("");
	format->max_line_bytes = DEFAULT_LINE;
	memcpy(known, options, sizeof(options));
	return RML_FORMAT_OPTIONS;
}

static void
check_character(const char *option, const char *value)
{
	if (strlen(value) != 1 || strchr("\r\n", value[0]) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be a single one-byte character", option)));
}

/* In some encodings the second byte of a character may look like a letter or a backslash. */
static void
check_beside_encoding(const RmlFormat *format, const char *option, const char *value)
{
	if (PG_ENCODING_IS_CLIENT_ONLY(format->encoding) && (uint8) value[0] >= '0')
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("option \"%s\" cannot be \"%s\" in encoding %s, whose characters may contain that byte",
						option, value, pg_encoding_to_char(format->encoding))));
}

static void
check_csv(RmlFormat *format)
{
	if (format->escape == NULL)
		format->escape = format->quote;
	check_character("delimiter", format->delimiter);
	check_character("quote", format->quote);
	check_character("escape", format->escape);
	check_beside_encoding(format, "quote", format->quote);
	check_beside_encoding(format, "escape", format->escape);
	if (format->delimiter[0] == format->quote[0])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"delimiter\" and \"quote\" must differ")));
	if (strpbrk(format->null, "\r\n") != NULL || strchr(format->null, format->delimiter[0]) != NULL ||
		strchr(format->null, format->quote[0]) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"null\" must contain neither line end, delimiter nor quote")));
}

static void
check_kind(RmlFormat *format)
{
	if (strcmp(format->format, "csv") == 0)
		format->kind = RML_FORMAT_CSV;
	else if (strcmp(format->format, "json") == 0)
		format->kind = RML_FORMAT_JSON;
	else if (strcmp(format->format, "log") == 0)
		format->kind = RML_FORMAT_LOG;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown format \"%s\"", format->format),
				 errhint("Formats are csv, json (a JSON object on each line) and log (lines that match a pattern).")));
	if ((format->kind == RML_FORMAT_LOG) != (format->pattern != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 format->pattern == NULL ? errmsg("format log needs the option \"pattern\"")
				 : errmsg("option \"pattern\" is for format log"),
				 errhint("It is a regular expression with a named group for each column: ^(?<at>\\S+) (?<message>.*)$")));
}

/* ---- columns ---- */

static char *
text_of(const JsonbValue *value)
{
	if (value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

pg_noreturn static void
complain_of_columns(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"columns\" must be an array of column names, or an object of column names and their names in the file"),
			 errhint("In an array, null stands for a field that is left out.")));
}

static void
add_column(RmlFormat *format, char *column, char *in_file)
{
	RmlColumnName *name = palloc(sizeof(RmlColumnName));

	name->column = column;
	name->in_file = in_file;
	format->columns = lappend(format->columns, name);
}

static void
read_columns(RmlFormat *format)
{
	JsonbIterator *iterator = JsonbIteratorInit(&format->columns_json->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	format->by_position = JB_ROOT_IS_ARRAY(format->columns_json);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *text = NULL;

		if (token != WJB_KEY && token != WJB_VALUE && token != WJB_ELEM)
			continue;
		text = text_of(&value);
		if (text == NULL && (token != WJB_ELEM || value.type != jbvNull))
			complain_of_columns();
		if (token == WJB_KEY)
			key = text;
		else if (token == WJB_VALUE)
			add_column(format, key, text);
		else
			add_column(format, text, text);
	}
	if (format->columns == NIL)
		complain_of_columns();
}

void
rml_format_check(RmlFormat *format)
{
	format->encoding = GetDatabaseEncoding();
	if (format->encoding_name != NULL)
	{
		format->encoding = pg_char_to_encoding(format->encoding_name);
		if (format->encoding < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown encoding \"%s\"", format->encoding_name)));
	}
	check_kind(format);
	check_csv(format);
	if (format->max_line_bytes < 1 || format->max_line_bytes > LONGEST_LINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"max_line_bytes\" must be between 1 and %d", LONGEST_LINE)));
	if (format->columns_json != NULL)
		read_columns(format);
}

static void
remember_text(StringInfo json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(json, "%s\"%s\": ", json->len > 1 ? ", " : "", key);
	escape_json(json, value);
}

/* Without a header: the columns stand for it. */
char *
rml_format_remember(const RmlFormat *format, List *names)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	remember_text(&json, "format", format->format);
	if (format->kind == RML_FORMAT_CSV)
	{
		remember_text(&json, "delimiter", format->delimiter);
		remember_text(&json, "quote", format->quote);
		remember_text(&json, "escape", format->escape);
		remember_text(&json, "null", format->null);
		appendStringInfoString(&json, ", \"header\": false, \"columns\": [");
		foreach(cell, names)
		{
			if (foreach_current_index(cell) > 0)
				appendStringInfoString(&json, ", ");
			if (lfirst(cell) == NULL)
				appendStringInfoString(&json, "null");
			else
				escape_json(&json, lfirst(cell));
		}
		appendStringInfoChar(&json, ']');
	}
	else if (format->columns_json != NULL)
	{
		appendStringInfoString(&json, ", \"columns\": ");
		(void) JsonbToCString(&json, &format->columns_json->root, -1);
	}
	remember_text(&json, "pattern", format->pattern);
	remember_text(&json, "encoding", pg_encoding_to_char(format->encoding));
	appendStringInfo(&json, ", \"max_line_bytes\": " INT64_FORMAT "}", format->max_line_bytes);
	return json.data;
}

RmlSplitter
rml_format_splitter(const RmlFormat *format)
{
	RmlSplitter splitter = {0};

	splitter.csv = format->kind == RML_FORMAT_CSV;
	splitter.quote = format->quote[0];
	splitter.escape = format->escape[0];
	return splitter;
}
