/*
 * rows.h
 *	  Expectations that judge row by row: how their unexpected rows are counted
 *	  and told.
 */
#ifndef RML_QUALITY_ROWS_H
#define RML_QUALITY_ROWS_H

#include "quality/types.h"

/* Values of unexpected rows that a result shows, but in COMPLETE. */
#define RML_PARTIAL 20

/* SQL of counts: of all rows of the expectation, and of those for which a condition is true. */
extern char *rml_count_sql(const RmlCompiled *compiled, const char *condition);

/* "a AND b"; NULL is true. */
extern char *rml_and(const char *a, const char *b);

/* How many values are kept. */
extern int	rml_values_kept(const RmlScan *scan);

typedef struct RmlRows
{
	RmlMeasure *elements;		/* rows */
	RmlMeasure *considered;		/* those that are judged; NULL: all, and nothing is told of missing ones */
	RmlMeasure *unexpected;		/* of riskml.unexpected_values(), or a count for BOOLEAN_ONLY */
	List	   *names;			/* values are lists, told as objects with these keys */
} RmlRows;

/*
 * Asks for the counts: of the rows, those for which `considered` is true (NULL:
 * all), and of those for which `unexpected` is true, with values.
 */
extern RmlRows *rml_rows_ask(RmlCompiled *compiled, const char *considered, const char *unexpected, const char *value);

/* The same where `unexpected` is a measure of a pass already. */
extern RmlRows *rml_rows_ask_counted(RmlCompiled *compiled, const char *considered, RmlMeasure *unexpected);

#endif
