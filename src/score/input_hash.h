/*
 * input_hash.h
 *	  SHA-256 of what a model reads of a row.
 *
 * Hashed are the words "riskml inputs 1", the number of inputs (64 bits,
 * big-endian), and for each in the model's order its name and its value.  A name
 * is its length in bytes (64 bits, big-endian) and its text in UTF-8, and so are
 * the words.  A value is one byte, and what belongs to it:
 *	 m	missing: NULL or NaN
 *	 n	a number, code, or time, as the model reads it: 64 bits, IEEE 754,
 *		big-endian, -0 being 0; a model without a recipe reads float32
 *	 t	a text that a recipe reads, written as a name is
 */
#ifndef RML_SCORE_INPUT_HASH_H
#define RML_SCORE_INPUT_HASH_H

#include "score/site.h"

#define RML_HEX_HASH_SIZE (2 * RML_IDENTITY_SIZE + 1)

/* Of the row in argument 1, which the entry has read. */
extern void rml_hash_inputs(const RmlSiteModel *entry, FunctionCallInfo fcinfo, char hex[RML_HEX_HASH_SIZE]);

#endif
