/*
 * between.h
 *	  Expectations whose observed value lies between min_value and max_value.
 */
#ifndef RML_QUALITY_BETWEEN_H
#define RML_QUALITY_BETWEEN_H

#include "quality/types.h"

extern const RmlKwarg rml_between_kwargs[];

/* True for a value (SQL) of a type that lies between the bounds. */
extern char *rml_within_sql(const RmlExpectation *expectation, const char *value, Oid type);

/* Judges by two measures: the value as JSON, and whether it is within.  No value is not. */
extern void rml_between_judge(RmlCompiled *compiled, RmlMeasure *observed, RmlMeasure *within);

#endif
