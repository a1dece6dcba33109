/*
 * bad_rows.h
 *	  Rows that are not as expected go to quarantine, good ones go on.
 */
#ifndef RML_QUALITY_BAD_ROWS_H
#define RML_QUALITY_BAD_ROWS_H

#include "quality/validate.h"

typedef struct RmlBadRows
{
	const RmlValidation *what;
	const char *source;			/* its name with schema, or what else tells where the rows are from */
	List	   *checks;			/* of RmlRowCheck *, all of which good rows pass */
	List	   *expectations;	/* JSON of each, char * */
	const char *from;			/* as rml_validation_row_checks() gave it */
	List	   *key;			/* columns, char *; NIL: the primary key, if there is one */
	Oid			good_rows;		/* the table that gets good rows; InvalidOid: the relation itself, which loses bad ones */
} RmlBadRows;

/* Checks that the rows can be separated so, before anything is read. */
extern void rml_bad_rows_check(const RmlBadRows *rows);

/*
 * Does so, by the active snapshot; returns how many are in quarantine, and in
 * *good how many went to another table.
 */
extern uint64 rml_bad_rows_separate(const RmlBadRows *rows, uint64 *good);

#endif
