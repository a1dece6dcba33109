/*
 * load.c
 *	  riskml.load(): the rows of a query into a table.
 *
 * One transaction: the columns are checked, the watermark is locked, the source
 * is read into batches, statements of the mode write them, and the watermark is
 * moved.  All of it as the caller, but for the watermark's row.  Locks are taken
 * in this order: watermark, target.
 *
 * The source is read once; again only if a key came again after rows had been
 * written, as all of them are needed then to find the latest.  One that is
 * elsewhere is never read again, nor in a subtransaction, which would ask other
 * servers for savepoints: its rows are kept before they are written.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "compat.h"
#include "load/batch.h"
#include "load/load.h"
#include "load/watermark.h"
#include "load/write.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_load);

static const RmlWriteBatch writers[] = {
	[RML_APPEND] = rml_append,
	[RML_UPSERT] = rml_upsert,
	[RML_REPLACE] = rml_replace,
	[RML_SCD2] = rml_scd2,
};

static char *
reading_sql(const RmlLoad *load, const RmlWatermark *watermark)
{
	/* the older the greater: the latest is the highest */
	const char *age = load->watermark_kind == RML_WATERMARK_XMIN ?
		"(- pg_catalog.age(source.xmin)::pg_catalog.int8) AS \"" RML_WATERMARK_NAME "\"" : NULL;

	return rml_source_sql(&load->source, age, watermark->condition);
}

static void
write_in_pieces(const RmlLoad *load, const RmlReading *reading, RmlBatch *batch)
{
	rml_batch_read(load, reading, batch);
	if (!batch->was_cut)
	{
		rml_batch_make_unique(load, batch);
		reading->write(load, reading->counts);
	}
	rml_batch_free(batch);
}

/* The subtransaction of an error that is passed on. */
static void
pass_on_error(MemoryContext context, ResourceOwner owner)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	ReThrowError(error);
}

/*
 * Writes while it reads, in a subtransaction.  False: a key came again, after a
 * row of it may have been written; all is as it was before.
 */
static bool
try_in_pieces(const RmlLoad *load, const RmlReading *reading, RmlBatch *batch)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		write_in_pieces(load, reading, batch);
	}
	PG_CATCH();
	{
		pass_on_error(context, owner);
	}
	PG_END_TRY();
	if (batch->was_cut)
		RollbackAndReleaseCurrentSubTransaction();
	else
		ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return !batch->was_cut;
}

static void
read_and_write(const RmlLoad *load, const RmlWatermark *watermark, RmlBatch *batch, RmlCounts *counts)
{
	RmlReading	reading = {
		.sql = reading_sql(load, watermark),
		.type = watermark->type,
		.value = watermark->value,
		.counts = counts
	};

	if (rml_writes_in_pieces(load))
	{
		reading.write = writers[load->mode];
		if (load->key == NIL || load->source_is_unique)
		{
			write_in_pieces(load, &reading, batch);
			return;
		}
		if (!load->source.is_elsewhere && try_in_pieces(load, &reading, batch))
			return;
		memset(counts, 0, sizeof(*counts));
		reading.write = NULL;
	}
	rml_batch_read(load, &reading, batch);
	rml_batch_make_unique(load, batch);
	writers[load->mode] (load, counts);
	rml_batch_free(batch);
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
	read_and_write(load, &watermark, &batch, counts);
	counts->read = batch.read;
	if (load->watermark != NULL)
		rml_watermark_advance(load, &watermark, &batch);
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
