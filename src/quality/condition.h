/*
 * condition.h
 *	  The row_condition of an expectation, as SQL.
 */
#ifndef RML_QUALITY_CONDITION_H
#define RML_QUALITY_CONDITION_H

#include "quality/subject.h"
#include "quality/suite.h"

/*
 * SQL in parentheses; NULL: there is none.  Without a subject only its form is
 * checked.  22023 for what cannot be read, and for conditions of pandas and Spark.
 */
extern char *rml_condition_sql(const RmlExpectation *expectation, const RmlSubject *subject);

/* A column as SQL, and its type without domains; 42703 if there is none. */
extern char *rml_column_sql(const RmlSubject *subject, const char *name, Oid *type);

/* Of a column that there is; InvalidOid: its type has none. */
extern Oid	rml_column_collation(const RmlSubject *subject, const char *name);

#endif
