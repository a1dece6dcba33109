/*
 * copy.h
 *	  Rows into a table by COPY, without those that it refuses.
 */
#ifndef RML_LOAD_COPY_H
#define RML_LOAD_COPY_H

#include "load/rows.h"

/* A row of a batch, in the text for COPY. */
typedef struct RmlRow
{
	Size		start;
	uint32		length;			/* with its line end */
	uint32		newlines;		/* before its line end */
} RmlRow;

typedef struct RmlBatch
{
	Relation	rel;
	const RmlCopyFormat *format;
	const char *text;
	const RmlRow *rows;
	int			n_rows;

	/* is told of each row that is not loaded; raises no error; what it is given does not last */
	void		(*refuse) (void *arg, int row, const RmlRowFault *fault);
	void	   *arg;
} RmlBatch;

/*
 * Loads the rows that can be loaded; returns how many the table took, which
 * triggers may make fewer.  What it uses is in a memory context that ends with
 * it.  Errors that no row is to blame for are raised.
 */
extern uint64 rml_copy_batch(const RmlBatch *batch);

/* Raises an error if COPY does not accept the columns and options. */
extern void rml_copy_check(Relation rel, const RmlCopyFormat *format);

/* Raises 42501 unless the current user may insert into these columns. */
extern void rml_copy_require_insert(Relation rel, const RmlCopyFormat *format);

/* ---- for sift.c ---- */

/* A COPY that reads some rows of a batch. */
struct CopyFromStateData;
extern struct CopyFromStateData *rml_copy_begin(const RmlBatch *batch, const int *order, int n);

/* Has the row caused this error, and not the server, the user, or the time? */
extern bool rml_is_row_fault(int sqlstate, bool while_reading);

/* What is kept of an error. */
struct ErrorData;
extern RmlRowFault rml_row_fault(const struct ErrorData *error, const char *column);

#endif
