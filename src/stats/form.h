/*
 * form.h
 *	  Text and binary forms of what statistics keep: JSON objects of numbers, counts and texts.
 *
 * Faults of the JSON are errors that name the type.
 */
#ifndef RML_STATS_FORM_H
#define RML_STATS_FORM_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "stats/distribution.h"

typedef struct RmlForm
{
	JsonbContainer *object;
	const char *type;			/* the type's name, for errors */
} RmlForm;

/* The JSON must be an object with no other than these fields. */
extern void rml_form_open(RmlForm *in, Jsonb *json, const char *type, const char *const *fields);
pg_noreturn extern void rml_form_fail(const RmlForm *in, const char *what);

/* Raises an error if there is one of these fields; ends with NULL. */
extern void rml_form_refuse(const RmlForm *in,...);

extern const char *rml_form_text(const RmlForm *in, const char *name);

/* A count, 0 if the field is missing. */
extern int64 rml_form_count(const RmlForm *in, const char *name);

/* Arrays, palloc'd. */
extern float8 *rml_form_floats(const RmlForm *in, const char *name, int *n);
extern int64 *rml_form_counts(const RmlForm *in, const char *name, int *n);
extern RmlCategory *rml_form_texts(const RmlForm *in, const char *name, int *n);

/* "min" and "max", both or none; infinities as texts. */
extern void rml_form_range(const RmlForm *in, float8 *min, float8 *max);

/* Elements of an array, without its brackets. */
extern void rml_write_floats(StringInfo out, const float8 *values, int n);
extern void rml_write_counts(StringInfo out, const int64 *counts, int n);
extern void rml_write_text(StringInfo out, int i, const char *text, uint32 length);

/* , "min": ..., "max": ... */
extern void rml_write_range(StringInfo out, float8 min, float8 max);

/* A text behind its length, in the client's encoding. */
extern void rml_send_text(StringInfo out, const char *text, uint32 length);
extern const char *rml_receive_text(StringInfo in, uint32 *length);

#endif
