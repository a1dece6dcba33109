/*
 * scan.h
 *	  The statements that answer a suite: one aggregate scan, and a pass for each
 *	  column, or list of columns, whose values must be grouped.
 *
 * A measure is an SQL expression with aggregates.  Its value comes back as text.
 * In a pass it stands over the groups.
 */
#ifndef RML_QUALITY_SCAN_H
#define RML_QUALITY_SCAN_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "quality/subject.h"

typedef struct RmlPass RmlPass;

typedef enum RmlFormat
{
	RML_BOOLEAN_ONLY,
	RML_BASIC,
	RML_SUMMARY,
	RML_COMPLETE
} RmlFormat;

typedef struct RmlScan
{
	const RmlSubject *subject;
	RmlFormat	format;			/* of results: how much is asked */
	int			kept;			/* values of each check that are told */
	List	   *measures;		/* of the aggregate scan and of passes: RmlMeasure * */
	List	   *passes;			/* RmlPass * */
} RmlScan;

typedef struct RmlMeasure
{
	const char *sql;
	RmlPass    *pass;			/* NULL: the aggregate scan */
	int			number;			/* of the rows' condition in the pass */
	bool		ordered;
	const char *check;			/* JSON of a check (check.h), without "of"; NULL: it is none */
	List	   *arguments;		/* char *, SQL: what it is of */
	const char *rows;			/* SQL: the rows' condition; NULL: all */
	char	   *value;			/* NULL: SQL NULL, or not run yet */
} RmlMeasure;

/* Asks for an expression; the same one again is the same measure. */
extern RmlMeasure *rml_scan_measure(RmlScan *scan, const char *sql);

/*
 * Asks for a check of rows; the checks of a statement with the same condition
 * are one aggregate.  `check` is its members behind "of": "unexpected": …
 */
extern RmlMeasure *rml_scan_check(RmlScan *scan, const char *rows, List *arguments, const char *check);

/* A pass over columns (SQL texts), and the number of the rows' condition in it. */
extern RmlPass *rml_scan_pass(RmlScan *scan, List *columns, const char *rows, int *number);

/* Its texts are in the order of their bytes. */
extern void rml_pass_by_bytes(RmlPass *pass);

/*
 * Of the groups: v0, v1, … are the values of its columns; with N the condition's
 * number, nN how often the group came; and with `ordered`, of the groups in the
 * order of v0 that came at all, rN which of them this is, uN how many rows there
 * are up to it, tN in all, xN in the group with the most.
 */
extern RmlMeasure *rml_pass_measure(RmlScan *scan, RmlPass *pass, int number, bool ordered, const char *sql);

/* Gives up measures from a number of them on. */
extern void rml_scan_rewind(RmlScan *scan, int n_measures);

/* Would the server accept the statements of the measures from there on?  Raises what it says. */
extern void rml_scan_probe(const RmlScan *scan, int n_measures);

/* Runs all statements. */
extern void rml_scan_run(RmlScan *scan);

/* The statements as text. */
extern List *rml_scan_statements(const RmlScan *scan);

#endif
