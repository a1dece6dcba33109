/*
 * sql.h
 *	  Steps as SQL expressions.
 */
#ifndef RML_RECIPE_SQL_H
#define RML_RECIPE_SQL_H

#include "recipe/recipe.h"

typedef struct RmlSqlWriter RmlSqlWriter;

/* The operand as SQL: float8 with NULL for missing (numbers); text (texts); timestamp without time zone, local clock (times). */
extern char *rml_sql_operand(RmlSqlWriter *writer, const RmlOperand *operand);
extern char *rml_sql_time(RmlSqlWriter *writer, const RmlOperand *operand, const char *zone);

extern char *rml_sql_number(double value);		/* a float8 literal that is this very number */
extern char *rml_sql_text(const char *text, int length);	/* a literal */

#endif
