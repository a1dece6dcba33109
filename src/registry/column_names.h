/*
 * column_names.h
 *	  How the name of a feature finds its column in a row type.
 */
#ifndef RML_REGISTRY_COLUMN_NAMES_H
#define RML_REGISTRY_COLUMN_NAMES_H

#include "access/tupdesc.h"

typedef enum RmlMatchHow
{
	RML_MATCH_NONE,
	RML_MATCH_EXACT,			/* same name */
	RML_MATCH_FOLDED,			/* same but for the case of ASCII letters */
	RML_MATCH_TRUNCATED,		/* folded, and cut to 63 bytes */
	RML_MATCH_POSITION
} RmlMatchHow;

typedef struct RmlColumnNames RmlColumnNames;

/* The names of a row type, which must outlive them. */
extern RmlColumnNames *rml_column_names(TupleDesc desc);
extern void rml_column_names_free(RmlColumnNames *names);

/*
 * The column of a feature, NULL if there is none.  `other` is a second one that
 * its name fits as well, or NULL.
 */
extern Form_pg_attribute rml_column_find(const RmlColumnNames *names, const char *feature,
										 RmlMatchHow *how, Form_pg_attribute *other);

#endif
