/*
 * sql.h
 *	  Steps as SQL expressions.
 *
 * What is written gives the very values that a compiled recipe does, whatever search_path and other settings are: functions and
 * operators bear their schema, and texts compare by bytes.  Constructs that look for an operator by its bare name, as NULLIF,
 * IN, BETWEEN, and CASE x WHEN do, cannot be used.
 */
#ifndef RML_RECIPE_SQL_H
#define RML_RECIPE_SQL_H

#include "recipe/reader.h"

typedef struct RmlSqlWriter RmlSqlWriter;

/* The operand: a float8 that is NULL for missing, never NaN (numbers), or a text with COLLATE "C" (texts). */
extern char *rml_sql_operand(RmlSqlWriter *writer, const RmlOperand *operand);

/* A timestamp without time zone, of the local clock. */
extern char *rml_sql_time(RmlSqlWriter *writer, const RmlOperand *operand, const char *zone);

/* Literals: a float8 that is this very number (NULL for NaN), float8[], text. */
extern char *rml_sql_number(double value);
extern char *rml_sql_numbers(const double *values, int n);
extern char *rml_sql_text(const char *text, int length);

/*
 * The SQL of rml_build_lookup(): values[i] where the operand is category i, `unknown` where it is none of them, `missing` where it
 * is missing, unless null is one of them.
 */
extern char *rml_sql_lookup(RmlSqlWriter *writer, const RmlOperand *operand, const RmlCategories *categories, const double *values,
							double unknown, double missing, bool strict);

#endif
