/*
 * sql.h
 *	  Statements of the job engine on its own tables.
 *
 * Each is planned once per process.  A parameter's type is a letter: l bigint,
 * i int, t text (NULL: SQL NULL), z timestamptz, b boolean, j jsonb as text.
 */
#ifndef RML_JOB_SQL_H
#define RML_JOB_SQL_H

#include "datatype/timestamp.h"

typedef struct RmlStatement
{
	const char *text;
	const char *types;			/* of its parameters */
	struct _SPI_plan *plan;		/* once it is planned */
} RmlStatement;

/* Runs it with the parameters that follow; returns the number of rows. SPI is connected. */
extern uint64 rml_run(RmlStatement *statement,...);

/* Columns of a row of the latest result, from 1 on; NULL gives 0, NULL or the `missing`. */
extern int64 rml_get_bigint(uint64 row, int column);
extern char *rml_get_text(uint64 row, int column);
extern TimestampTz rml_get_timestamp(uint64 row, int column, TimestampTz missing);
extern bool rml_get_bool(uint64 row, int column);

#endif
