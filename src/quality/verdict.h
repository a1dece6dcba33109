/*
 * verdict.h
 *	  The verdicts of checks on a row's values, one for each kind of check and
 *	  order of values.
 */
#ifndef RML_QUALITY_VERDICT_H
#define RML_QUALITY_VERDICT_H

#include "quality/check.h"

extern bool rml_is_any_null(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_all_null(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_outside_integers(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_outside_floats(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_outside_others(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_length_outside(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_pair_unexpected(const RmlCheck *check, const NullableDatum *values);
extern bool rml_is_true(const RmlCheck *check, const NullableDatum *values);

/* A value of an integers' type. */
extern int64 rml_integer_of(Oid type, Datum value);

/* Sorts the members of a check, and sets the verdict on them. */
extern void rml_settle_members(RmlCheck *check);

#endif
