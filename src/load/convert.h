/*
 * convert.h
 *	  Text from one encoding to another, where a failure is no error.
 */
#ifndef RML_LOAD_CONVERT_H
#define RML_LOAD_CONVERT_H

#include "lib/stringinfo.h"

typedef struct RmlConverter
{
	int			from;
	int			to;
	Oid			procedure;		/* InvalidOid: it is only checked */
	StringInfoData buffer;
} RmlConverter;

/* In the current memory context. */
extern void rml_converter_init(RmlConverter *converter, int from, int to);

/*
 * The text converted, good until the next call; NULL if it is not valid, or has
 * no equal: *bad is then the offset of the character.
 */
extern const char *rml_convert(RmlConverter *converter, const char *text, size_t length,
							   size_t *converted, size_t *bad);

#endif
