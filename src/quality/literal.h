/*
 * literal.h
 *	  Values of a suite as SQL literals, and operators between them and columns.
 */
#ifndef RML_QUALITY_LITERAL_H
#define RML_QUALITY_LITERAL_H

#include "utils/jsonb.h"

/* A value to be compared with something of a type.  22023 if that cannot be, as a number and a text. */
extern char *rml_literal(const JsonbValue *value, Oid type);

/*
 * The value's text, as the type's input function reads it (for a float4 as a
 * float8); NULL if it is of another type, as 1.5 beside an integer.
 */
extern char *rml_value_text(const JsonbValue *value, Oid type);

/* An array of the list's values that are not null; *n gets how many. */
extern char *rml_literal_array(const JsonbValue *list, Oid type, int *n);

/* A JSON list of the texts of those; NULL if one has none. */
extern char *rml_value_texts(const JsonbValue *list, Oid type);

/* Of a type's values: =, <>, <, <=, > or >=, with its schema. */
extern char *rml_operator(Oid type, const char *name);

/* A type's name with its schema, without a modifier. */
extern char *rml_type_name(Oid type);

extern bool rml_is_integer_type(Oid type);
extern bool rml_is_number_type(Oid type);
extern bool rml_is_float_type(Oid type);

#endif
