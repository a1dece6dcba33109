/*
 * quarantine.h
 *	  Rows that could not be loaded, in riskml.quarantine_row.
 */
#ifndef RML_LOAD_QUARANTINE_H
#define RML_LOAD_QUARANTINE_H

#include "load/rows.h"

/* Such a row. */
typedef struct RmlBadRow
{
	const char *source;			/* path of the file, or name of the relation */
	const char *format;			/* what rml_rows_remember() gave */
	uint64		line;
	uint64		offset;
	const char *raw;
	size_t		length;
	bool		cut;			/* there was more of it */
	RmlRowFault fault;
	const char *key;			/* of a row that is not as expected, JSON, as what follows; NULL: it comes from a file */
	const char *expectations;
} RmlBadRow;

/* For what, by whom and when: of all rows of an ingest. */
typedef struct RmlIngestor
{
	Oid			target;
	Oid			owner;
	int64		run;			/* 0: none */
	const char *step;			/* NULL: none */
} RmlIngestor;

/* A copy of the row in the current memory context, of the raw bytes at most so many. */
extern RmlBadRow *rml_bad_row_copy(const RmlBadRow *row, size_t most);

/* Writes rows, RmlBadRow *; state is 'open', or 'failed' of a load that failed. */
extern void rml_quarantine_write(const RmlIngestor *ingestor, List *rows, const char *state);

/* Removes what failed loads of these files have left; NULL: have any of the target? */
extern void rml_quarantine_clear(Oid target, const char *source);
extern bool rml_quarantine_has_failed(Oid target);

#endif
