/*
 * validate.c
 *	  Judges a relation, or the rows of a query, by a suite.
 */
#include "postgres.h"

#include "quality/validate.h"

Jsonb *
rml_validate(const RmlValidation *what)
{
	(void) what;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("validation is not there yet")));
	return NULL;
}

List *
rml_validation_row_checks(const RmlValidation *what, char **from)
{
	(void) what;
	*from = NULL;
	return NIL;
}
