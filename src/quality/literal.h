/*
 * literal.h
 *	  Values of a suite as SQL literals, and operators between them and columns.
 */
#ifndef RML_QUALITY_LITERAL_H
#define RML_QUALITY_LITERAL_H

#include "utils/jsonb.h"

/* A value to be compared with something of a type.  22023 if that cannot be, as a number and a text. */
extern char *rml_literal(const JsonbValue *value, Oid type);

/* The same, if it is of just that type; NULL if not, as 1.5 beside an integer. */
extern char *rml_literal_of(const JsonbValue *value, Oid type);

/* An array of the list's values that are not null; *n gets how many. */
extern char *rml_literal_array(const JsonbValue *list, Oid type, int *n);

/* Are all values of the list just of that type? */
extern bool rml_list_is_of(const JsonbValue *list, Oid type);

/* Of a type's values: =, <>, <, <=, > or >=, with its schema. */
extern char *rml_operator(Oid type, const char *name);

/* A type's name with its schema, without a modifier. */
extern char *rml_type_name(Oid type);

extern bool rml_is_number_type(Oid type);
extern bool rml_is_float_type(Oid type);

#endif
