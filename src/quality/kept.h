/*
 * kept.h
 *	  How many values there were, and the first of them as JSON: what aggregates
 *	  of unexpected values have in their state.
 */
#ifndef RML_QUALITY_KEPT_H
#define RML_QUALITY_KEPT_H

#include "fmgr.h"
#include "lib/stringinfo.h"

/* All zero: none yet. */
typedef struct RmlKept
{
	int64		count;
	int			n;				/* values kept */
	StringInfoData values;		/* JSON texts with commas between them; allocated with the first */
} RmlKept;

/* The context of the aggregate that calls; an error if none does. */
extern MemoryContext rml_aggregate_context(FunctionCallInfo fcinfo);

/* Looks up to_jsonb() of a type. */
extern void rml_kept_converter(Oid type, MemoryContext context, FmgrInfo *converter);

/* A value as JSON, by its converter. */
extern char *rml_kept_json(FmgrInfo *converter, NullableDatum value);

/* Keeps a JSON text, or what is kept of others as long as there are fewer than `most`. */
extern void rml_kept_append(RmlKept *kept, MemoryContext context, const char *json);
extern void rml_kept_add(RmlKept *kept, MemoryContext context, const RmlKept *other, int most);

/* For parallel workers: as bytes, and back. */
extern void rml_kept_send(StringInfo bytes, const RmlKept *kept);
extern StringInfoData rml_bytes_reader(bytea *bytes);
extern void rml_kept_receive(StringInfo bytes, MemoryContext context, RmlKept *kept);

/* {"count": n, "values": [...]} */
extern void rml_kept_out(StringInfo out, const RmlKept *kept);

#endif
