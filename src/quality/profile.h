/*
 * profile.h
 *	  What a column's values are like, as a scan of the rows finds out.
 */
#ifndef RML_QUALITY_PROFILE_H
#define RML_QUALITY_PROFILE_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"

typedef struct RmlColumnProfile RmlColumnProfile;

/* For a column, in the current memory context, where what is found is kept. */
extern RmlColumnProfile *rml_column_profile_begin(Form_pg_attribute attribute);

/* A value that is not null; the current memory context is reset by the caller. */
extern void rml_column_profile_add(RmlColumnProfile *column, Datum value);

/* Is it worth the sort that tells whether all values differ?  Then the caller sets whether they do. */
extern bool rml_column_profile_may_be_unique(const RmlColumnProfile *column);
extern void rml_column_profile_set_unique(RmlColumnProfile *column, bool unique);

/* Appends the expectations for a column of so many rows, each behind a comma. */
extern void rml_column_profile_expect(const RmlColumnProfile *column, uint64 rows, StringInfo json);

#endif
