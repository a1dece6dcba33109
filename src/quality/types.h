/*
 * types.h
 *	  The types of expectations: what each is called, takes and does.
 *
 * An expectation is answered in two steps.  compile() asks the scan for
 * measures, which are SQL expressions; judge() writes the result from their
 * values.  Between them, all measures of all expectations of a suite are
 * computed together.
 */
#ifndef RML_QUALITY_TYPES_H
#define RML_QUALITY_TYPES_H

#include "quality/scan.h"
#include "quality/suite.h"

typedef enum RmlKwargKind
{
	RML_KWARG_ANY,				/* a number, a string or a boolean */
	RML_KWARG_NUMBER,
	RML_KWARG_COUNT,			/* an integer from 0 */
	RML_KWARG_BOOL,
	RML_KWARG_TEXT,
	RML_KWARG_LIST,				/* of ANY and nulls */
	RML_KWARG_TEXTS,			/* a list of strings */
	RML_KWARG_JSON				/* the type looks itself */
} RmlKwargKind;

typedef struct RmlKwarg
{
	const char *name;			/* NULL: behind the last one */
	RmlKwargKind kind;
	bool		required;
} RmlKwarg;

typedef enum RmlTypeClass
{
	RML_CLASS_TABLE,
	RML_CLASS_MAP,				/* a column, row by row; mostly */
	RML_CLASS_AGGREGATE,		/* a column */
	RML_CLASS_PAIR,				/* two columns, row by row; mostly */
	RML_CLASS_MULTI,			/* columns, row by row; mostly */
	RML_CLASS_REFUSED
} RmlTypeClass;

typedef struct RmlCompiled RmlCompiled;

typedef struct RmlType
{
	const char *name;
	RmlTypeClass class;
	const RmlKwarg *kwargs;		/* besides those of the class */
	void		(*check) (const RmlExpectation *expectation);	/* what kinds do not say; NULL: nothing */
	void		(*compile) (RmlCompiled *compiled);
	const char *reason;			/* refused: why */
} RmlType;

/* One expectation on its way. */
struct RmlCompiled
{
	RmlExpectation *expectation;
	RmlScan    *scan;
	const char *rows;			/* SQL of row_condition and ignore_row_if; NULL: all rows */
	const char *column;			/* SQL; NULL: none or several */
	const char *column_name;
	Oid			column_type;	/* without domains */
	void		(*judge) (RmlCompiled *compiled, bool *success, StringInfo result);
	void	   *state;			/* of the type's own */
	const char *unexpected;		/* SQL that is true for a row that is not expected; NULL: it judges no rows */
	char	   *error;			/* why it could not be compiled or run; NULL: it could */
};

/* NULL: no such type. */
extern const RmlType *rml_type_find(const char *name);

/* The type that is spelt most alike. */
extern const char *rml_type_nearest(const char *name);

/* Tables of the classes; each ends with a type without a name. */
extern const RmlType rml_table_types[];
extern const RmlType rml_map_types[];
extern const RmlType rml_aggregate_types[];
extern const RmlType rml_distinct_types[];
extern const RmlType rml_multi_types[];
extern const RmlType rml_divergence_types[];

#endif
