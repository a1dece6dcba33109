/*
 * server.c
 *	  The compute layer's host inside PostgreSQL, and its faults as errors.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "registry/server.h"

static void *
server_alloc(RmlHost *host, size_t size)
{
	return MemoryContextAllocHuge(((RmlServerHost *) host)->context, size);
}

static void *
server_resize(RmlHost *host, void *chunk, size_t size)
{
	(void) host;
	return repalloc_huge(chunk, size);
}

static void
server_release(RmlHost *host, void *chunk)
{
	(void) host;
	pfree(chunk);
}

static void
server_poll(RmlHost *host)
{
	(void) host;
	CHECK_FOR_INTERRUPTS();
}

void
rml_server_host_init(RmlServerHost *host, MemoryContext context)
{
	host->host.alloc = server_alloc;
	host->host.resize = server_resize;
	host->host.release = server_release;
	host->host.poll = server_poll;
	host->context = context;
}

int
rml_error_sqlstate(const RmlError *err)
{
	switch (err->kind)
	{
		case RML_UNSUPPORTED:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case RML_LIMIT:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case RML_OPTION:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case RML_CORRUPT:
			return ERRCODE_DATA_CORRUPTED;
		case RML_OK:
		case RML_SYNTAX:
		case RML_INVALID:
		case RML_FOREIGN:
			break;
	}
	return ERRCODE_INVALID_BINARY_REPRESENTATION;
}

/* Text that the server's encoding cannot hold is shown in ASCII. */
static char *
message_text(const char *text)
{
	char	   *copy = pstrdup(text);

	if (GetDatabaseEncoding() == PG_UTF8)
		return copy;
	for (char *p = copy; *p; p++)
	{
		if ((unsigned char) *p >= 0x80)
			*p = '?';
	}
	return copy;
}

char *
rml_error_message(const RmlError *err)
{
	return message_text(err->message);
}

void
rml_throw(const RmlError *err, const char *model)
{
	char	   *message = message_text(err->message);

	/* then the file is not at fault */
	if (err->kind == RML_OPTION)
		ereport(ERROR,
				(errcode(rml_error_sqlstate(err)),
				 errmsg("cannot import model \"%s\": %s", model, message),
				 err->hint[0] != '\0' ? errhint("%s", message_text(err->hint)) : 0));
	ereport(ERROR,
			(errcode(rml_error_sqlstate(err)),
			 err->offset != RML_NO_OFFSET
			 ? errmsg("cannot read model \"%s\": %s at byte %zu", model, message, err->offset)
			 : errmsg("cannot read model \"%s\": %s", model, message),
			 err->hint[0] != '\0' ? errhint("%s", message_text(err->hint)) : 0));
}

char *
rml_from_utf8(const char *text, size_t length)
{
	char	   *copy = pnstrdup(text, length);

	return pg_any_to_server(copy, (int) length, PG_UTF8);
}

char *
rml_to_utf8(const char *text, size_t length)
{
	char	   *copy = pnstrdup(text, length);

	return pg_server_to_any(copy, (int) length, PG_UTF8);
}

Datum
rml_array4(Oid type, const void *values, int n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(int32) * (Size) n;
	ArrayType  *array;

	Assert(n > 0);
	array = MemoryContextAllocExtended(CurrentMemoryContext, size,
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = type;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), values, sizeof(int32) * (Size) n);
	return PointerGetDatum(array);
}
