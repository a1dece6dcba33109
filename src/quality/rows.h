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

/* Values kept of each expectation; 0 where none is told. */
extern int	rml_values_kept(RmlFormat format);

/* Which rows of some columns are not judged; they are counted as missing. */
typedef enum RmlNulls
{
	RML_NULLS_TOLD,				/* all are judged, and nothing is said of missing ones */
	RML_NULLS_JUDGED,			/* all are judged, none is missing */
	RML_NULLS_ANY,				/* a null in any of the columns */
	RML_NULLS_ALL				/* in all of them */
} RmlNulls;

/* SQL that is true for rows that are not judged. */
extern char *rml_nulls_sql(RmlNulls nulls, List *columns);

typedef struct RmlRows
{
	RmlMeasure *elements;		/* rows */
	RmlMeasure *missing;		/* those that are not judged; NULL: none */
	bool		tells_missing;
	RmlMeasure *unexpected;		/* a count, or what is found as JSON: {"count": n, "values": […]} */
	bool		nulls;			/* unexpected is a count, as all values are null */
	List	   *names;			/* values are lists, told as objects with these keys */
} RmlRows;

/*
 * Asks for the rows, those that are not judged, and those for which `unexpected`,
 * which is false for those not judged, is true, with the values of their columns
 * (SQL).  If there is a check (check.h) that finds the same, it is asked instead.
 */
extern RmlRows *rml_rows_ask(RmlCompiled *compiled, List *columns, RmlNulls nulls, const char *unexpected, const char *check);

/* The same where a measure tells what is unexpected. */
extern RmlRows *rml_rows_ask_counted(RmlCompiled *compiled, List *columns, RmlNulls nulls, RmlMeasure *unexpected);

/* The nulls of a column. */
extern RmlMeasure *rml_rows_nulls(RmlCompiled *compiled);

#endif
