/*
 * suites.h
 *	  The suites that are kept: riskml.suite.
 */
#ifndef RML_QUALITY_SUITES_H
#define RML_QUALITY_SUITES_H

#include "quality/suite.h"

/* By name, or, if the text begins with a brace, what it says.  42704 if there is none. */
extern RmlSuite *rml_suite_find(const char *text);

#endif
