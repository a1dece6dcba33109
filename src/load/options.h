/*
 * options.h
 *	  The options of a load or an ingest: a JSON object with declared keys.
 */
#ifndef RML_LOAD_OPTIONS_H
#define RML_LOAD_OPTIONS_H

#include "utils/jsonb.h"

typedef enum RmlOptionType
{
	RML_OPTION_TEXT,			/* char ** */
	RML_OPTION_BOOL,			/* bool * */
	RML_OPTION_INT,				/* int64 * */
	RML_OPTION_NUMBER,			/* double * */
	RML_OPTION_TEXTS,			/* List ** of char *: an array of strings, or one string */
	RML_OPTION_INTERVAL,		/* Interval **: text as for type interval */
	RML_OPTION_SCALAR,			/* char **: a string or a number, as text */
	RML_OPTION_JSON				/* Jsonb **: an array or an object */
} RmlOptionType;

typedef struct RmlOption
{
	const char *name;
	RmlOptionType type;
	void	   *value;			/* left as it is if the key is absent or null */
} RmlOption;

/*
 * Reads them; `what` is whose they are, as "load".  22023 for a key that is
 * unknown, naming the nearest, or whose value has the wrong type.
 */
extern void rml_read_options(const char *what, Jsonb *options, const RmlOption *known, int n);

#endif
