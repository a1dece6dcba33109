/*
 * records.h
 *	  Where a record of a text file ends, and the fields of a CSV record.
 *
 * A CSV record ends where COPY takes it to end: at a line end outside of
 * quotes.  \n and \r\n end records alike; a lone \r does if the first record of
 * the file ends with one.  Records of other files are lines.
 */
#ifndef RML_LOAD_RECORDS_H
#define RML_LOAD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RmlSplitter
{
	bool		csv;
	char		quote;
	char		escape;			/* may be the quote */

	/* what the end of the first record has shown */
	bool		begun;
	bool		cr_ends;		/* a lone \r ends records */

	/* within a record that is not seen whole yet */
	size_t		seen;			/* bytes looked at */
	uint32_t	newlines;		/* \n among them */
	bool		in_quote;
	bool		escaped;		/* the last one was an escape character */
} RmlSplitter;

typedef enum RmlRecordEnd
{
	RML_RECORD_WHOLE,
	RML_RECORD_MORE,			/* it goes on behind the bytes given */
	RML_RECORD_UNCLOSED			/* the file ends within quotes */
} RmlRecordEnd;

typedef struct RmlBounds
{
	size_t		length;			/* of the record, without its line end */
	size_t		next;			/* where the next one begins */
	uint32_t	newlines;		/* \n within it */
} RmlBounds;

/*
 * Looks for the end of the record that begins at data[0]; size is not 0.
 * at_end: nothing follows these bytes.  After RML_RECORD_MORE it is called
 * again with the same bytes and more; whoever gives the record up instead
 * calls rml_split_restart().
 */
extern RmlRecordEnd rml_split(RmlSplitter *splitter, const char *data, size_t size, bool at_end,
							  RmlBounds *bounds);
extern void rml_split_restart(RmlSplitter *splitter);

/* The fields of one CSV record, as COPY takes them apart. */
typedef struct RmlCsvFields
{
	const char *at;
	const char *end;
	char		delimiter;
	char		quote;
	char		escape;
	bool		done;
} RmlCsvFields;

typedef struct RmlCsvField
{
	char	   *data;			/* without quotes; in the caller's buffer */
	size_t		length;
	bool		quoted;			/* some of it was, so that it is not the null string */
} RmlCsvField;

extern void rml_csv_begin(RmlCsvFields *fields, const char *record, size_t length,
						  char delimiter, char quote, char escape);

/*
 * The next field, whose bytes go to `buffer`, as long as the record; false if
 * there is none.  A record without bytes has one field.  *closed becomes false
 * if the record ends within quotes.
 */
extern bool rml_csv_next(RmlCsvFields *fields, char *buffer, RmlCsvField *field, bool *closed);

#endif
