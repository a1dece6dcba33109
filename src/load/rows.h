/*
 * rows.h
 *	  A record of a file as a row that COPY reads.
 *
 * A CSV record whose fields are all loaded is given to COPY as it is.  Any
 * other is taken apart here and becomes a row of COPY's text format.
 */
#ifndef RML_LOAD_ROWS_H
#define RML_LOAD_ROWS_H

#include "lib/stringinfo.h"
#include "utils/relcache.h"

#include "load/format.h"

typedef struct RmlRows RmlRows;

/* Why a record is no row. */
typedef struct RmlRowFault
{
	int			sqlstate;
	char	   *column;			/* NULL: none in particular */
	char	   *message;
} RmlRowFault;

/* Always false, as what finds a fault is. */
static inline bool
rml_set_fault(RmlRowFault *fault, int sqlstate, char *column, char *message)
{
	fault->sqlstate = sqlstate;
	fault->column = column;
	fault->message = message;
	return false;
}

/* What COPY is told. */
typedef struct RmlCopyFormat
{
	List	   *names;			/* of the columns, char * */
	List	   *options;		/* of DefElem * */
} RmlCopyFormat;

/*
 * In the current memory context.  header: the fields of the file's first line
 * in the server's encoding, NIL if it has none.  NULL with *fault if that does
 * not fit the table; an error if the options do not.
 */
extern RmlRows *rml_rows_begin(Relation rel, const RmlFormat *format, List *header, char **fault);

/* Raises what can be known to be wrong before there is a file. */
extern void rml_rows_check(Relation rel, const RmlFormat *format);

/* Takes a record apart; false with *fault if it cannot be a row.  Blank lines that are no record give *blank. */
extern bool rml_rows_parse(RmlRows *rows, const char *record, size_t length, bool *blank, RmlRowFault *fault);

/*
 * Which columns the record just parsed has, as a number from 0 on: records
 * that differ in that are different COPYs.  -1: there would be too many, and
 * those so far have to be forgotten first.
 */
#define RML_SHAPES 256
extern int	rml_rows_shape(RmlRows *rows);
extern void rml_rows_forget_shapes(RmlRows *rows);

/* Appends the record just parsed, with a line end. */
extern void rml_rows_write(RmlRows *rows, StringInfo text);

/* Does COPY get records as they are in the file? */
extern bool rml_rows_as_is(const RmlRows *rows);

/* For rows of a shape. */
extern const RmlCopyFormat *rml_rows_copy_format(RmlRows *rows, int shape);

/* What is kept beside a record so that it can be parsed again, as JSON. */
extern const char *rml_rows_remember(const RmlRows *rows);

/* The fields of a CSV header, in the server's encoding; NULL with *fault. */
extern List *rml_header_fields(const RmlFormat *format, const char *record, size_t length, char **fault);

/* ---- for the files that take records apart ---- */

/* A value for a column. */
typedef struct RmlValue
{
	const char *data;
	size_t		length;
	bool		given;
	bool		is_null;
} RmlValue;

/* A column that rows may have a value for. */
typedef struct RmlTargetColumn
{
	char	   *name;
	char	   *in_file;
	bool		has_default;	/* which is taken where no value is given */
} RmlTargetColumn;

/* Parses a record into values, one for each of the columns. */
typedef struct RmlLineParser RmlLineParser;
struct RmlLineParser
{
	bool		(*parse) (RmlLineParser *parser, const char *record, size_t length,
						  RmlValue *values, RmlRowFault *fault);
	int			encoding;		/* of what is parsed, and of the values */
};

extern RmlLineParser *rml_json_lines(const RmlTargetColumn *columns, int n, bool others_ok);
extern RmlLineParser *rml_log_lines(const char *pattern, const RmlTargetColumn *columns, int n);

/* The names of the groups of a pattern, char *. */
extern List *rml_pattern_groups(const char *pattern);

#endif
