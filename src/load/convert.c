/*
 * convert.c
 *	  Text from one encoding to another, where a failure is no error.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "load/convert.h"

void
rml_converter_init(RmlConverter *converter, int from, int to)
{
	converter->from = from;
	converter->to = to;
	converter->procedure = InvalidOid;
	initStringInfo(&converter->buffer);
	if (from == to || from == PG_SQL_ASCII || to == PG_SQL_ASCII)
		return;
	converter->procedure = FindDefaultConversionProc(from, to);
	if (!OidIsValid(converter->procedure))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("default conversion function for encoding \"%s\" to \"%s\" does not exist",
						pg_encoding_to_char(from), pg_encoding_to_char(to))));
}

static const char *
check(const RmlConverter *converter, const char *text, size_t length, size_t *converted, size_t *bad)
{
	/* text of no encoding has to be valid in the one that it is taken for */
	int			encoding = converter->from == PG_SQL_ASCII ? converter->to : converter->from;
	int			valid = pg_encoding_verifymbstr(encoding, text, (int) length);

	if ((size_t) valid < length)
	{
		*bad = valid;
		return NULL;
	}
	*converted = length;
	return text;
}

const char *
rml_convert(RmlConverter *converter, const char *text, size_t length, size_t *converted, size_t *bad)
{
	StringInfo	buffer = &converter->buffer;
	int			done;

	if (!OidIsValid(converter->procedure))
		return check(converter, text, length, converted, bad);
	resetStringInfo(buffer);
	enlargeStringInfo(buffer, (int) Min(length * MAX_CONVERSION_GROWTH, MaxAllocSize - 2));
	done = pg_do_encoding_conversion_buf(converter->procedure, converter->from, converter->to,
										 (unsigned char *) text, (int) length,
										 (unsigned char *) buffer->data, buffer->maxlen, true);
	if ((size_t) done < length)
	{
		*bad = done;
		return NULL;
	}
	*converted = strlen(buffer->data);
	return buffer->data;
}
