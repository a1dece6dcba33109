/*
 * validate.h
 *	  Judges a relation, or the rows of a query, by a suite.
 *
 * Runs as the current user, reads by the active snapshot and writes nothing.
 */
#ifndef RML_QUALITY_VALIDATE_H
#define RML_QUALITY_VALIDATE_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct RmlValidation
{
	Oid			relation;		/* InvalidOid: the query */
	const char *query;
	const char *suite;			/* a name; NULL: the definition */
	Jsonb	   *definition;		/* a suite as GX writes it */
	const char *filter;			/* a condition of SQL; NULL: all rows */
	const char *result_format;	/* NULL: SUMMARY */
	Jsonb	   *parameters;		/* values of $PARAMETER, over those of the suite; NULL: none */
} RmlValidation;

/* The result in GX's shape. */
extern Jsonb *rml_validate(const RmlValidation *what);

/* An expectation that judges rows one by one, or rows among others as uniqueness does. */
typedef struct RmlRowCheck
{
	int			index;			/* of the expectation in the suite, and in "results" */
	const char *type;			/* expect_... */
	const char *column;			/* NULL: several, or none */
	const char *severity;		/* critical, warning or info */
	const char *unexpected;		/* SQL: true for a row that it does not expect; columns are those of "source" */
} RmlRowCheck;

/*
 * RmlRowCheck * of all expectations that judge rows and can be asked of this
 * relation; in the memory context of the caller.  *from gets what stands behind
 * FROM, with the alias source and the filter within, as in
 *		SELECT source.* FROM <from> WHERE <unexpected>
 */
extern List *rml_validation_row_checks(const RmlValidation *what, char **from);

#endif
