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
	RmlMeasure *missing;		/* those that are not judged; NULL: none is, and nothing is told of them */
	RmlMeasure *unexpected;		/* of riskml.unexpected_values(), or a count for BOOLEAN_ONLY */
	bool		counts_missing;	/* unexpected tells them, too */
	bool		nulls;			/* unexpected is a count, as all values are null */
	List	   *names;			/* values are lists, told as objects with these keys */
} RmlRows;

/*
 * Asks for the counts: of the rows, those for which `missing` is true (NULL:
 * none is), which are not judged, and of those for which `unexpected` is true,
 * with values.  Missing rows are mostly few, which is why they are counted.
 */
extern RmlRows *rml_rows_ask(RmlCompiled *compiled, const char *missing, const char *unexpected, const char *value);

/* The same where `unexpected` is a measure of a pass already. */
extern RmlRows *rml_rows_ask_counted(RmlCompiled *compiled, const char *missing, RmlMeasure *unexpected);

/* The same where `unexpected` is SQL of an aggregate of the scan that tells how many are missing, too. */
extern void rml_rows_ask_aggregate(RmlCompiled *compiled, const char *aggregate, const char *unexpected);

/* Of expectations that are compiled: what one's aggregate tells is not computed for another. */
extern void rml_rows_share(RmlScan *scan, const List *compiled);

#endif
