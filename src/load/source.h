/*
 * source.h
 *	  Where a load reads: a relation by its name, or a query.
 */
#ifndef RML_LOAD_SOURCE_H
#define RML_LOAD_SOURCE_H

#include "access/tupdesc.h"

typedef struct RmlSource
{
	char	   *text;			/* the query, or the relation's name with schema and quotes */
	Oid			relation;		/* InvalidOid: it is a query */
	TupleDesc	columns;		/* after rml_source_describe(), as what follows */
	bool		is_elsewhere;	/* it reads foreign tables, or calls what may give something else the next time */
} RmlSource;

/*
 * Reads it: what begins with the word of a query, else the name of a relation;
 * 42P01 if there is none, unless that is ok.
 */
extern void rml_source_read(const char *text, bool missing_ok, RmlSource *source);

/* Finds the columns that it gives; SPI is connected. */
extern void rml_source_describe(RmlSource *source);

/* SQL that reads it as "source": all columns, `more` (NULL: nothing), where `condition` (NULL: always). */
extern char *rml_source_sql(const RmlSource *source, const char *more, const char *condition);

#endif
