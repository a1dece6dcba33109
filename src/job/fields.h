/*
 * fields.h
 *	  The columns of a job or a step as the arguments of a function set them.
 */
#ifndef RML_JOB_FIELDS_H
#define RML_JOB_FIELDS_H

#include "fmgr.h"

#include "registry/acting.h"

#define RML_MAX_FIELDS 16

/* A column, and the parameter of the same name. */
typedef struct RmlField
{
	const char *name;
	Oid			type;
	bool		nullable;
} RmlField;

typedef struct RmlFields
{
	const RmlField *fields;
	int			n;
	int			first_arg;		/* parameter of the first field; the others follow */
	const char *subject;		/* 'job "etl"', for messages */
	Datum		values[RML_MAX_FIELDS];
	bool		nulls[RML_MAX_FIELDS];
} RmlFields;

/* All of the fields from arguments; 22004 for one that is NULL and may not be. */
extern void rml_fields_from_args(RmlFields *fields, FunctionCallInfo fcinfo);

/* The columns of the first row in SPI_tuptable, in the fields' order from the first on. */
extern void rml_fields_from_row(RmlFields *fields);

/*
 * What an altering function's arguments change: fields from first_field on
 * unless they are NULL, and those in the text[] of argument `unset` to NULL.
 */
extern void rml_fields_change(RmlFields *fields, FunctionCallInfo fcinfo, int first_field, int unset);

extern void rml_fields_params(const RmlFields *fields, RmlParam *params);

/* Is a field the same in both? */
extern bool rml_field_equal(const RmlFields *a, const RmlFields *b, int i);

/* The text of a field, NULL if it is. */
extern char *rml_field_text(const RmlFields *fields, int i);

/* The elements of a text[], checked: one dimension, no NULL, none twice. */
extern int	rml_text_array(Datum array, const char *what, char ***elements);

/* Raise 22023 unless the value is among those allowed. */
extern int	rml_field_choice(const RmlFields *fields, int i, const char *const *choices, int n_choices);
extern void rml_field_at_least(const RmlFields *fields, int i, int32 minimum);
extern void rml_field_duration(const RmlFields *fields, int i, bool zero_too);

#endif
