/*
 * json.h
 *	  Members of JSON values, and their text.
 */
#ifndef RML_QUALITY_JSON_H
#define RML_QUALITY_JSON_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* NULL if it is absent, or null. */
extern JsonbValue *rml_json_member(JsonbContainer *object, const char *key);

extern bool rml_json_is_array(const JsonbValue *value);
extern bool rml_json_is_object(const JsonbValue *value);

/* Of an array; 0 for what is none. */
extern int	rml_json_length(const JsonbValue *array);
extern JsonbValue *rml_json_element(const JsonbValue *array, int i);

/* A string, without quotes. */
extern char *rml_json_string(const JsonbValue *value);

/* As JSON writes it. */
extern char *rml_json_out(const JsonbValue *value);
extern Jsonb *rml_json_in(const char *text);

extern bool rml_json_is_integer(const JsonbValue *value);
extern double rml_json_number(const JsonbValue *value);

/* Calls for each member of an object, in its order; the key is a copy. */
typedef void (*RmlJsonVisit) (const char *key, const JsonbValue *value, void *argument);
extern void rml_json_members(JsonbContainer *object, RmlJsonVisit visit, void *argument);

#endif
