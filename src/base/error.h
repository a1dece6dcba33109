/*
 * error.h
 *	  How compute code reports a fault: it fills an RmlError and returns false.
 *
 * The surface turns the kind into a SQLSTATE.  Messages follow PostgreSQL's
 * style: lower case, no period, values quoted.
 */
#ifndef RML_BASE_ERROR_H
#define RML_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum RmlErrorKind
{
	RML_OK = 0,
	RML_SYNTAX,					/* the bytes break the format's grammar */
	RML_INVALID,				/* well-formed, but not a consistent model */
	RML_FOREIGN,				/* some other kind of file */
	RML_UNSUPPORTED,			/* a valid model that this release cannot score */
	RML_LIMIT,					/* beyond a size limit */
	RML_OPTION,					/* an import option does not fit the model */
	RML_CORRUPT					/* a stored image is damaged */
} RmlErrorKind;

#define RML_NO_OFFSET ((size_t) -1)

typedef struct RmlError
{
	RmlErrorKind kind;
	size_t		offset;			/* byte offset in the input, or RML_NO_OFFSET */
	char		message[512];
	char		hint[256];		/* empty: none */
} RmlError;

/* Both fill *err unless it already holds an earlier fault, and return false. */
extern bool rml_fail(RmlError *err, RmlErrorKind kind, const char *format,...)
			__attribute__((format(printf, 3, 4)));
extern bool rml_fail_at(RmlError *err, size_t offset, const char *format,...)
			__attribute__((format(printf, 3, 4)));

/* Adds a hint to the fault just reported; returns false. */
extern bool rml_hint(RmlError *err, const char *format,...)
			__attribute__((format(printf, 2, 3)));

#endif
