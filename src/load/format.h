/*
 * format.h
 *	  How a file is written: CSV, JSON lines or log lines, and their options.
 */
#ifndef RML_LOAD_FORMAT_H
#define RML_LOAD_FORMAT_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "load/options.h"
#include "load/records.h"

typedef enum RmlFormatKind
{
	RML_FORMAT_CSV,
	RML_FORMAT_JSON,
	RML_FORMAT_LOG
} RmlFormatKind;

/* A column of the table, and what it is called in the file. */
typedef struct RmlColumnName
{
	char	   *column;			/* NULL: a field of the file that is left out */
	char	   *in_file;
} RmlColumnName;

typedef struct RmlFormat
{
	/* as given */
	char	   *format;
	bool		header;
	char	   *delimiter;
	char	   *quote;
	char	   *escape;
	char	   *null;
	char	   *encoding_name;	/* NULL: the server's */
	char	   *pattern;
	Jsonb	   *columns_json;
	int64		max_line_bytes;

	/* from that */
	RmlFormatKind kind;
	int			encoding;
	List	   *columns;		/* of RmlColumnName *; NIL: not given */
	bool		by_position;	/* columns are in the order of the file */
} RmlFormat;

#define RML_FORMAT_OPTIONS 10

/* Sets the defaults, and adds the options to a list of known ones; returns how many. */
extern int	rml_format_options(RmlFormat *format, RmlOption *known);

/* Checks what was read. */
extern void rml_format_check(RmlFormat *format);

/* What a single row needs to be read again, as JSON text: columns are those of COPY. */
extern char *rml_format_remember(const RmlFormat *format, List *names);

/* The splitter for its files. */
extern RmlSplitter rml_format_splitter(const RmlFormat *format);

#endif
