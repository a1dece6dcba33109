/*
 * subject.h
 *	  What is judged: a relation or a query, and its columns.
 */
#ifndef RML_QUALITY_SUBJECT_H
#define RML_QUALITY_SUBJECT_H

#include "access/tupdesc.h"

typedef struct RmlSubject
{
	const char *from;			/* SQL behind FROM, with the alias source; the filter is within */
	const char *batch;			/* SQL of a table expression without alias, for {batch} */
	const char *name;			/* for people */
	TupleDesc	columns;
} RmlSubject;

/* SPI is connected.  The filter is checked to be one condition. */
extern void rml_subject_open(RmlSubject *subject, Oid relation, const char *query, const char *filter);

/* Is this one expression, and nothing more?  22023 or 42601 if not; `what` is whose. */
extern void rml_check_condition(const char *what, const char *text);

/* One SELECT, as text without its semicolon. */
extern char *rml_check_query(const char *what, const char *text);

/* Number of a column from 0; -1: there is none. */
extern int	rml_subject_column(const RmlSubject *subject, const char *name);

#endif
