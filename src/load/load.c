/*
 * load.c
 *	  riskml.load(): the rows of a query into a table.
 *
 * One transaction: the columns are checked, the watermark is locked, the source
 * is read once into a batch, statements of the mode write that, and the
 * watermark is moved.  All of it as the caller, but for the watermark's row.
 * Locks are taken in this order: watermark, target.
 */
#include "postgres.h"

#include "access/relation.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "compat.h"
#include "load/batch.h"
#include "load/load.h"
#include "load/watermark.h"
#include "load/write.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_load);

static void (*const write_batch[]) (const RmlLoad *load, RmlCounts *counts) = {
	[RML_APPEND] = rml_append,
	[RML_UPSERT] = rml_upsert,
	[RML_REPLACE] = rml_replace,
	[RML_SCD2] = rml_scd2,
};

static void
read_source(const RmlLoad *load, const RmlWatermark *watermark, RmlBatch *batch)
{
	/* the older the greater: the latest is the highest */
	const char *age = load->watermark_kind == RML_WATERMARK_XMIN ?
		"(- pg_catalog.age(source.xmin)::pg_catalog.int8) AS \"" RML_WATERMARK_NAME "\"" : NULL;

	rml_batch_read(load, rml_source_sql(&load->source, age, watermark->condition), watermark->type, watermark->value, batch);
}

static void
do_load(RmlLoad *load, Oid target, RmlCounts *counts)
{
	RmlWatermark watermark = {0};
	RmlBatch	batch;

	rml_source_describe(&load->source);
	rml_load_plan(load, target);
	if (load->watermark != NULL)
		rml_watermark_begin(load, &watermark);
	if (load->mode == RML_REPLACE || load->mode == RML_SCD2)
		rml_keep_writers_out(load);
	read_source(load, &watermark, &batch);
	rml_batch_make_unique(load, &batch);
	write_batch[load->mode] (load, counts);
	counts->read = batch.read;
	if (load->watermark != NULL)
		rml_watermark_advance(load, &watermark, &batch);
	rml_batch_free(&batch);
	relation_close(load->target, NoLock);
}

/* ---- what is told ---- */

static char *
summary_of(const RmlLoad *load, const RmlCounts *counts)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"read\": " UINT64_FORMAT ", \"inserted\": " UINT64_FORMAT, counts->read, counts->inserted);
	if (load->mode != RML_APPEND)
		appendStringInfo(&json, ", \"updated\": " UINT64_FORMAT, counts->updated);
	if (load->mode == RML_REPLACE)
		appendStringInfo(&json, ", \"deleted\": " UINT64_FORMAT, counts->deleted);
	if (load->mode == RML_SCD2)
		appendStringInfo(&json, ", \"closed\": " UINT64_FORMAT, counts->closed);
	appendStringInfoChar(&json, '}');
	return json.data;
}

RmlLoaded
rml_load(const char *source, Oid target, Jsonb *options)
{
	RmlLoad		load = {0};
	RmlCounts	counts = {0};
	RmlLoaded	loaded;

	PreventCommandIfReadOnly("riskml.load()");
	PreventCommandIfParallelMode("riskml.load()");
	rml_load_options(&load, options);
	rml_source_read(source, false, &load.source);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	do_load(&load, target, &counts);
	SPI_finish();
	loaded.rows = counts.inserted + counts.updated + counts.deleted + counts.closed;
	loaded.summary = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(summary_of(&load, &counts))));
	return loaded;
}

/* CALL riskml.load(source, target, options) */
Datum
riskml_load(PG_FUNCTION_ARGS)
{
	char	   *source = RML_TEXT_ARG(0, "source");
	RmlLoaded	loaded;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"%s\" must not be null", PG_ARGISNULL(1) ? "target" : "options")));
	loaded = rml_load(source, PG_GETARG_OID(1), PG_GETARG_JSONB_P(2));
	ereport(NOTICE,
			(errmsg("loaded: %s", JsonbToCString(NULL, &loaded.summary->root, -1))));
	PG_RETURN_VOID();
}
