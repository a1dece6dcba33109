/*
 * dictionary.h
 *	  Numbers for texts, and for numbers: codes from 0 in the order in which they came.
 *
 * Texts are bytes of any kind, and compared as such.  Hash tables with open addressing, which grow.  How a text is found stands in
 * dictionary_find.h, for loops that do so for each row.
 */
#ifndef RML_TRANSFORM_DICTIONARY_H
#define RML_TRANSFORM_DICTIONARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/host.h"

typedef struct RmlDictionary RmlDictionary;

/* The host must outlive it, if texts are added. */
extern RmlDictionary *rml_dictionary_create(RmlHost *host);

/* -1: it is not there */
extern int	rml_dictionary_find(const RmlDictionary *dictionary, const char *text, int length);

/* The code of a text, which is copied if it is new. */
extern int	rml_dictionary_add(RmlDictionary *dictionary, const char *text, int length);

extern int	rml_dictionary_count(const RmlDictionary *dictionary);

/* Followed by a zero byte. */
extern const char *rml_dictionary_text(const RmlDictionary *dictionary, int code, int *length);

/* Gives back all but the texts, which stay where they are. */
extern void rml_dictionary_release(RmlDictionary *dictionary);

/* The same for numbers, none of them NaN; -0 is 0. */
typedef struct RmlNumbers RmlNumbers;

extern RmlNumbers *rml_numbers_create(RmlHost *host);
extern int	rml_numbers_find(const RmlNumbers *numbers, double number);
extern int	rml_numbers_add(RmlNumbers *numbers, double number);
extern int	rml_numbers_count(const RmlNumbers *numbers);
extern double rml_numbers_get(const RmlNumbers *numbers, int code);
extern void rml_numbers_release(RmlNumbers *numbers);

/* Entries of tables for n numbers: 0 for NaN, 1 for one that is not there, then the codes. */
extern void rml_numbers_find_many(const RmlNumbers *numbers, const double *values, int n, int *entries);

#endif
