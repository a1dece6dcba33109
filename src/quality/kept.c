/*
 * kept.c
 *	  How many values there were, and the first of them as JSON.
 *
 * Memory is that of the values kept.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "quality/json.h"
#include "quality/kept.h"

MemoryContext
rml_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "called outside of an aggregate");
	return context;
}

void
rml_kept_converter(Oid type, MemoryContext context, FmgrInfo *converter)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Node	   *argument = (Node *) makeNullConst(type, -1, InvalidOid);

	fmgr_info(F_TO_JSONB, converter);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(argument), InvalidOid, InvalidOid,
											 COERCE_EXPLICIT_CALL), converter);
	MemoryContextSwitchTo(old);
}

char *
rml_kept_json(FmgrInfo *converter, NullableDatum value)
{
	Jsonb	   *json;

	if (value.isnull)
		return pstrdup("null");
	json = DatumGetJsonbP(FunctionCall1(converter, value.value));
	return JsonbToCString(NULL, &json->root, VARSIZE(json));
}

void
rml_kept_append(RmlKept *kept, MemoryContext context, const char *json)
{
	if (kept->values.data == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		initStringInfo(&kept->values);
		MemoryContextSwitchTo(old);
	}
	if (kept->n++ > 0)
		appendStringInfoString(&kept->values, ", ");
	appendStringInfoString(&kept->values, json);
}

/* Values are JSON, so they are taken apart as such. */
void
rml_kept_add(RmlKept *kept, MemoryContext context, const RmlKept *other, int most)
{
	Jsonb	   *all;

	kept->count += other->count;
	if (other->n == 0 || kept->n >= most)
		return;
	if (kept->n == 0)
	{
		rml_kept_append(kept, context, other->values.data);
		kept->n = other->n;
		return;
	}
	all = rml_json_in(psprintf("[%s]", other->values.data));
	for (int i = 0; i < other->n && kept->n < most; i++)
		rml_kept_append(kept, context, rml_json_out(getIthJsonbValueFromContainer(&all->root, (uint32) i)));
}

void
rml_kept_send(StringInfo bytes, const RmlKept *kept)
{
	pq_sendint64(bytes, (uint64) kept->count);
	pq_sendint32(bytes, (uint32) kept->n);
	pq_sendint32(bytes, (uint32) kept->values.len);
	pq_sendbytes(bytes, kept->values.data, kept->values.len);
}

/* Bytes of a state, to be read from their beginning. */
StringInfoData
rml_bytes_reader(bytea *bytes)
{
	StringInfoData reader = {.data = VARDATA_ANY(bytes), .len = (int) VARSIZE_ANY_EXHDR(bytes)};

	reader.maxlen = reader.len;
	return reader;
}

void
rml_kept_receive(StringInfo bytes, MemoryContext context, RmlKept *kept)
{
	int			n;
	int			length;

	kept->count = pq_getmsgint64(bytes);
	n = (int) pq_getmsgint(bytes, 4);
	length = (int) pq_getmsgint(bytes, 4);
	if (n > 0)
		rml_kept_append(kept, context, pnstrdup(pq_getmsgbytes(bytes, length), (Size) length));
	kept->n = n;
}

void
rml_kept_out(StringInfo out, const RmlKept *kept)
{
	appendStringInfo(out, "{\"count\": " INT64_FORMAT ", \"values\": [", kept->count);
	if (kept->n > 0)
		appendBinaryStringInfo(out, kept->values.data, kept->values.len);
	appendStringInfoString(out, "]}");
}
