/*
 * record.h
 *	  What validations came to, in riskml.validation.
 *
 * The record of a step's validation is kept in memory until it is written: with
 * the step's success, or by whoever records its failure, in a transaction of
 * its own.
 */
#ifndef RML_QUALITY_RECORD_H
#define RML_QUALITY_RECORD_H

#include "utils/jsonb.h"

typedef struct RmlRecord
{
	const char *relation;		/* its name with schema, or a query */
	const char *suite;			/* NULL: one without a name */
	const char *filter;			/* NULL: all rows */
	Jsonb	   *result;			/* in GX's shape */
} RmlRecord;

/* Keeps a copy; what was kept before is gone. */
extern void rml_record_keep(const RmlRecord *record);

/*
 * Writes what is kept, if anything is, in the current transaction; returns its
 * number or 0.  It stays kept, as the transaction may yet fail.
 */
extern int64 rml_record_write(const char *action, int64 quarantined);

/* Tells listeners of riskml_event and the log that a step went on although expectations failed. */
extern void rml_record_warn(const char *suite, const char *relation, const char *action, int failed, int64 quarantined);

#endif
