/*
 * parameters.h
 *	  Values for {"$PARAMETER": "an expression"} in kwargs.
 */
#ifndef RML_QUALITY_PARAMETERS_H
#define RML_QUALITY_PARAMETERS_H

#include "quality/suite.h"

/* Is the value of a kwarg a parameter, or does it hold one?  22023 if its expression cannot be read. */
extern bool rml_parameter_check(const RmlExpectation *expectation, const char *kwarg, const JsonbValue *value);

/* Is there one anywhere? */
extern bool rml_parameters_within(Jsonb *kwargs);

/* The kwargs with values; those in `given` go before those of the suite, these before defaults in the kwarg. */
extern Jsonb *rml_parameters_put(const RmlExpectation *expectation, const JsonbValue *suite, Jsonb *given);

#endif
