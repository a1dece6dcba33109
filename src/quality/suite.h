/*
 * suite.h
 *	  A suite of expectations as Great Expectations writes it, in memory.
 */
#ifndef RML_QUALITY_SUITE_H
#define RML_QUALITY_SUITE_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

struct RmlType;

typedef struct RmlExpectation
{
	const char *suite;			/* its name */
	int			index;			/* in the suite, from 0 */
	const struct RmlType *type;
	JsonbContainer *definition; /* as written: meta, id, notes, … */
	Jsonb	   *kwargs;			/* as written; after rml_suite_resolve with values for parameters */
	const char *severity;		/* critical, warning or info */
} RmlExpectation;

typedef struct RmlSuite
{
	char	   *name;
	Jsonb	   *definition;
	JsonbValue *parameters;		/* an object of values; NULL: none */
	List	   *expectations;	/* RmlExpectation * */
} RmlSuite;

/*
 * Reads and checks a suite.  22023 naming the suite, the expectation's type and
 * index, and the kwarg, for what is unknown, malformed or not supported.  The
 * name in the definition counts if `name` is NULL.
 */
extern RmlSuite *rml_suite_read(const char *name, Jsonb *definition);

/* Puts values in the place of parameters; those that are passed go before the suite's own. */
extern void rml_expectation_resolve(RmlExpectation *expectation, const RmlSuite *suite, Jsonb *parameters);

/* Kwargs; NULL, or the default, if it is absent or null. */
extern JsonbValue *rml_kwarg(const RmlExpectation *expectation, const char *name);
extern char *rml_kwarg_text(const RmlExpectation *expectation, const char *name);
extern bool rml_kwarg_bool(const RmlExpectation *expectation, const char *name, bool standard);
extern double rml_kwarg_number(const RmlExpectation *expectation, const char *name, double standard);

/* For messages: the suite's name, the index and the type. */
extern char *rml_expectation_name(const RmlExpectation *expectation);

/* 22023: the expectation's name and index, then the message. */
extern void rml_expectation_fault(const RmlExpectation *expectation, const char *hint, const char *format,...)
			__attribute__((format(printf, 3, 4), noreturn));

#endif
