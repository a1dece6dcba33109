/*
 * error.c
 *	  Fault reports of the compute layer.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A message cut in the middle of a multibyte character would not be valid
 * text, so drop an incomplete sequence at the end of a full buffer.
 */
static void
trim_partial_character(char *text, size_t capacity)
{
	size_t		len = strlen(text);
	size_t		start = len;

	if (len + 1 < capacity)
		return;
	while (start > 0 && ((unsigned char) text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start > 0 && ((unsigned char) text[start - 1] & 0x80) != 0)
		text[start - 1] = '\0';
}

static bool report(RmlError *err, RmlErrorKind kind, size_t offset,
				   const char *format, va_list args)
			__attribute__((format(printf, 4, 0)));

static bool
report(RmlError *err, RmlErrorKind kind, size_t offset,
	   const char *format, va_list args)
{
	if (err->kind != RML_OK)
		return false;
	err->kind = kind;
	err->offset = offset;
	err->hint[0] = '\0';
	vsnprintf(err->message, sizeof(err->message), format, args);
	trim_partial_character(err->message, sizeof(err->message));
	return false;
}

bool
rml_fail(RmlError *err, RmlErrorKind kind, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	report(err, kind, RML_NO_OFFSET, format, args);
	va_end(args);
	return false;
}

/* Reports a fault of syntax at a byte offset of the input. */
bool
rml_fail_at(RmlError *err, size_t offset, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	report(err, RML_SYNTAX, offset, format, args);
	va_end(args);
	return false;
}

bool
rml_hint(RmlError *err, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	trim_partial_character(err->hint, sizeof(err->hint));
	return false;
}
