/*
 * batch.c
 *	  The rows that a load has read, for the statements that write them.
 *
 * The source is read by a receiver that converts the rows to the types of the
 * target as an INSERT would, looks for NULL and repeated keys, finds the highest
 * watermark, and keeps the rows in a tuplestore.  Where the mode allows it, the
 * tuplestore is written and emptied whenever it has filled its memory, while the
 * source's query goes on: its snapshot sees nothing of that.  A parallel query
 * would not allow writing, so its rows are all kept.
 *
 * Values that the source's table keeps out of line may stay there: this
 * transaction's snapshot keeps them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/date.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "job/board.h"
#include "load/batch.h"
#include "load/keys.h"
#include "load/write.h"

/* Rows between two reports; those of which the size is looked at. */
#define REPORT_EVERY 4096
#define MEASURE_EVERY 64

/* A piece that is written at once: kilobytes, and what a row takes beside its values. */
#define PIECE_KB 1024
#define LEAST_PIECE 1000
#define ROW_OVERHEAD 48

typedef struct Reader
{
	DestReceiver pub;
	const RmlLoad *load;
	RmlBatch   *batch;
	ExprContext *context;
	ProjectionInfo *projection; /* NULL: rows are stored as they come */
	TupleTableSlot *converted;
	AttrNumber	watermark;		/* of the source; 0: none */
	Form_pg_attribute watermark_column;
	FmgrInfo	compare;
	MemoryContext memory;		/* of what outlives a row */
	MemoryContext scratch;		/* of what is needed for one piece */
	uint64		bytes;			/* estimated */
	uint64	   *nulls;			/* of each column that is part of the key */
	RmlKeys    *keys;			/* NULL: nobody asks */
	RmlWriteBatch write;		/* NULL: rows are kept */
	RmlCounts  *counts;
	RmlLoad		pieces;			/* the load, as write is to see it */
	SPIPlanPtr	piece_plan;
	bool		connected;		/* to SPI, for pieces */
	uint64		written;		/* rows, and the bytes by then */
	uint64		written_bytes;
} Reader;

/* ---- the columns of a batch ---- */

static TupleDesc
batch_columns(const RmlLoad *load)
{
	bool		hidden = load->watermark_in_batch > load->n_columns;
	TupleDesc	columns = CreateTemplateTupleDesc(load->n_columns + hidden);

	for (int i = 0; i < load->n_columns; i++)
	{
		Form_pg_attribute to = TupleDescAttr(RelationGetDescr(load->target), load->columns[i].target - 1);

		TupleDescInitEntry(columns, (AttrNumber) (i + 1), load->columns[i].name, to->atttypid, to->atttypmod, to->attndims);
		TupleDescInitEntryCollation(columns, (AttrNumber) (i + 1), to->attcollation);
	}
	if (hidden)
		TupleDescInitEntry(columns, load->watermark_in_batch, RML_WATERMARK_NAME, load->watermark_type, -1, 0);
	return columns;
}

/* A column of the source as one of the target, as by an assignment. */
static Expr *
converted(TupleDesc source, AttrNumber number, Form_pg_attribute to)
{
	Form_pg_attribute from = TupleDescAttr(source, number - 1);
	Node	   *column = (Node *) makeVar(1, number, from->atttypid, from->atttypmod, from->attcollation, 0);
	Node	   *value = coerce_to_target_type(NULL, column, from->atttypid, to->atttypid, to->atttypmod,
											  COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, but of type %s in the source", NameStr(to->attname),
						format_type_be(to->atttypid), format_type_be(from->atttypid))));
	assign_expr_collations(NULL, value);
	return expression_planner((Expr *) value);
}

static bool
is_column(const Expr *value, AttrNumber number)
{
	while (IsA(value, RelabelType))
		value = ((const RelabelType *) value)->arg;
	return IsA(value, Var) && ((const Var *) value)->varattno == number;
}

/* What makes rows of the batch of those of the source; NULL if they are the same. */
static ProjectionInfo *
conversion(const RmlLoad *load, TupleDesc source, TupleDesc columns, ExprContext *context, TupleTableSlot *slot)
{
	List	   *values = NIL;
	bool		same = source->natts == columns->natts;

	for (int i = 0; i < columns->natts; i++)
	{
		AttrNumber	number = i < load->n_columns ? load->columns[i].source :
			load->watermark_kind == RML_WATERMARK_XMIN ? (AttrNumber) source->natts : load->watermark_column;
		Expr	   *value = converted(source, number, TupleDescAttr(columns, i));

		same = same && is_column(value, (AttrNumber) (i + 1));
		values = lappend(values, makeTargetEntry(value, (AttrNumber) (i + 1), NULL, false));
	}
	return same ? NULL : ExecBuildProjectionInfo(values, context, slot, NULL, source);
}

/* ---- the watermark ---- */

static bool
is_finite(Oid type, Datum value)
{
	switch (type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
			return !TIMESTAMP_NOT_FINITE(DatumGetTimestamp(value));
		case DATEOID:
			return !DATE_NOT_FINITE(DatumGetDateADT(value));
		case NUMERICOID:
			return !numeric_is_nan(DatumGetNumeric(value)) && !numeric_is_inf(DatumGetNumeric(value));
		default:
			return true;
	}
}

static void
advance(Reader *reader, Datum value)
{
	RmlBatch   *batch = reader->batch;
	Form_pg_attribute column = reader->watermark_column;
	MemoryContext caller;

	if (!is_finite(reader->load->watermark_type, value))
		return;
	if (batch->has_maximum && DatumGetInt32(FunctionCall2(&reader->compare, value, batch->maximum)) <= 0)
		return;
	caller = MemoryContextSwitchTo(reader->memory);
	if (batch->has_maximum && !column->attbyval)
		pfree(DatumGetPointer(batch->maximum));
	/* a value out of line is brought here */
	batch->maximum = column->attbyval ? value : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	batch->has_maximum = true;
	MemoryContextSwitchTo(caller);
}

/* ---- SQL ---- */

/* Statements find the rows as a relation.  What SPI keeps of it is of the current memory context. */
static void
show_batch(const RmlBatch *batch)
{
	EphemeralNamedRelation relation = batch->relation;

	relation->md.name = RML_BATCH;
	relation->md.reliddesc = InvalidOid;
	relation->md.tupdesc = batch->columns;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = (double) tuplestore_tuple_count(batch->rows);
	relation->reldata = batch->rows;
	(void) SPI_unregister_relation(RML_BATCH);
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed");
}

static void
run(const char *sql, Oid type, Datum value, DestReceiver *into)
{
	ParamListInfo params = makeParamList(OidIsValid(type) ? 1 : 0);
	SPIExecuteOptions options = {.params = params, .must_return_tuples = true, .dest = into};
	int			result;

	if (OidIsValid(type))
		params->params[0] = (ParamExternData) {.value = value, .pflags = PARAM_FLAG_CONST, .ptype = type};
	result = SPI_execute_extended(sql, &options);
	if (result < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
}

/* ---- reading ---- */

static void
report(Reader *reader, TupleTableSlot *slot)
{
	uint64		read = reader->batch->read;

	if (read % MEASURE_EVERY == 1)
	{
		/* each stands for the next ones */
		slot_getallattrs(slot);
		reader->bytes += MEASURE_EVERY *
			(heap_compute_data_size(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull) + ROW_OVERHEAD);
	}
	if (read % REPORT_EVERY == 0)
		rml_board_progress(read, reader->bytes);
}

/*
 * Writes the rows that are there, and begins a tuplestore for others.  One
 * connection, within that of the source's query, lasts until the query ends.
 */
static void
write_piece(Reader *reader)
{
	RmlBatch   *batch = reader->batch;
	MemoryContext caller = CurrentMemoryContext;

	if (!reader->connected && SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	reader->connected = true;
	MemoryContextSwitchTo(reader->memory);
	show_batch(batch);
	MemoryContextSwitchTo(reader->scratch);
	reader->write(&reader->pieces, reader->counts);
	MemoryContextSwitchTo(reader->memory);
	(void) SPI_unregister_relation(RML_BATCH);
	MemoryContextReset(reader->scratch);
	tuplestore_end(batch->rows);
	batch->rows = tuplestore_begin_heap(false, false, work_mem);
	reader->written = batch->read;
	reader->written_bytes = reader->bytes;
	MemoryContextSwitchTo(caller);
}

static void
write_when_full(Reader *reader)
{
	uint64		limit = (uint64) Min(work_mem, PIECE_KB) * 1024 / 4 * 3;

	if (reader->write != NULL && reader->batch->read - reader->written >= LEAST_PIECE &&
		reader->bytes - reader->written_bytes >= limit && !IsInParallelMode())
		write_piece(reader);
}

/* A key that has come before: all rows are needed to decide between them. */
static void
note_keys(Reader *reader, bool repeated)
{
	RmlBatch   *batch = reader->batch;

	if (!repeated && !rml_keys_full(reader->keys))
		return;
	batch->may_repeat = true;
	batch->was_cut = repeated && reader->written > 0;
	/* otherwise those that were written are still looked for */
	if (repeated)
		reader->keys = NULL;
	reader->write = NULL;
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Reader	   *reader = (Reader *) self;
	const RmlLoad *load = reader->load;

	CHECK_FOR_INTERRUPTS();
	reader->batch->read++;
	if (reader->watermark > 0)
	{
		bool		null;
		Datum		value = slot_getattr(slot, reader->watermark, &null);

		if (!null)
			advance(reader, value);
	}
	if (reader->projection != NULL)
	{
		ResetExprContext(reader->context);
		reader->context->ecxt_scantuple = slot;
		slot = ExecProject(reader->projection);
	}
	for (int i = 0; load->key != NIL && i < load->n_columns; i++)
		reader->nulls[i] += load->columns[i].key && slot_attisnull(slot, i + 1);
	tuplestore_puttupleslot(reader->batch->rows, slot);
	report(reader, slot);
	if (reader->keys != NULL)
		note_keys(reader, rml_keys_add(reader->keys, slot));
	write_when_full(reader);
	return !reader->batch->was_cut;
}

static void
start(DestReceiver *self, int operation, TupleDesc source)
{
	Reader	   *reader = (Reader *) self;

	(void) operation;
	reader->projection = conversion(reader->load, source, reader->batch->columns, reader->context, reader->converted);
	if (reader->watermark > 0)
		reader->watermark_column = TupleDescAttr(source, reader->watermark - 1);
}

static void
finish(DestReceiver *self)
{
	Reader	   *reader = (Reader *) self;
	MemoryContext caller = CurrentMemoryContext;

	if (reader->connected)
		SPI_finish();
	reader->connected = false;
	MemoryContextSwitchTo(caller);
}

static void
do_nothing(DestReceiver *self)
{
	(void) self;
}

static void
check_nulls(const Reader *reader)
{
	for (int i = 0; i < reader->load->n_columns; i++)
	{
		if (reader->nulls[i] > 0)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("key column \"%s\" is NULL in " UINT64_FORMAT " of " UINT64_FORMAT " rows of the source",
							reader->load->columns[i].name, reader->nulls[i], reader->batch->read),
					 errhint("Use a query as the source, which leaves such rows out or gives them a key.")));
	}
}

/* ---- a batch ---- */

static bool
needs_keys(const RmlLoad *load)
{
	return load->key != NIL && !load->source_is_unique;
}

void
rml_batch_read(const RmlLoad *load, const RmlReading *reading, RmlBatch *batch)
{
	Reader		reader = {.pub = {receive, start, finish, do_nothing, DestTuplestore}};

	memset(batch, 0, sizeof(*batch));
	batch->columns = batch_columns(load);
	batch->relation = palloc0(sizeof(EphemeralNamedRelationData));
	batch->rows = tuplestore_begin_heap(false, false, work_mem);
	reader.load = load;
	reader.batch = batch;
	reader.memory = CurrentMemoryContext;
	reader.scratch = AllocSetContextCreate(CurrentMemoryContext, "riskml piece", ALLOCSET_DEFAULT_SIZES);
	reader.nulls = palloc0(sizeof(uint64) * (size_t) load->n_columns);
	reader.context = CreateStandaloneExprContext();
	reader.converted = MakeSingleTupleTableSlot(batch->columns, &TTSOpsVirtual);
	reader.watermark = load->watermark_column;
	if (reader.watermark > 0)
		reader.compare = lookup_type_cache(load->watermark_type, TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo;
	reader.keys = needs_keys(load) ? rml_keys_create(load, batch->columns) : NULL;
	batch->may_repeat = needs_keys(load) && reader.keys == NULL;
	reader.write = batch->may_repeat ? NULL : reading->write;
	reader.counts = reading->counts;
	reader.pieces = *load;
	reader.pieces.piece_plan = &reader.piece_plan;
	run(reading->sql, reading->type, reading->value, &reader.pub);
	if (reader.keys != NULL)
		note_keys(&reader, rml_keys_settle(reader.keys));
	ExecDropSingleTupleTableSlot(reader.converted);
	FreeExprContext(reader.context, true);
	MemoryContextDelete(reader.scratch);
	rml_board_progress(batch->read, reader.bytes);
	check_nulls(&reader);
	show_batch(batch);
}

/* ---- rows of the same key ---- */

typedef struct Keeper
{
	DestReceiver pub;
	Tuplestorestate *rows;
} Keeper;

/* Up to three keys that several rows have; NULL: none. */
static char *
repeated_keys(const RmlLoad *load)
{
	StringInfoData sql;
	StringInfoData found;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	rml_add_names(&sql, load, RML_KEY, "");
	appendStringInfoString(&sql, " FROM " RML_BATCH " GROUP BY ");
	rml_add_names(&sql, load, RML_KEY, "");
	appendStringInfoString(&sql, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 ORDER BY ");
	rml_add_names(&sql, load, RML_KEY, "");
	appendStringInfoString(&sql, " LIMIT 3");
	if (SPI_execute(sql.data, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	if (SPI_processed == 0)
		return NULL;
	initStringInfo(&found);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		appendStringInfoString(&found, row == 0 ? "(" : ", (");
		for (int column = 1; column <= SPI_tuptable->tupdesc->natts; column++)
			appendStringInfo(&found, "%s%s", column == 1 ? "" : ", ",
							 SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column));
		appendStringInfoChar(&found, ')');
	}
	return found.data;
}

static bool
keep(TupleTableSlot *slot, DestReceiver *self)
{
	CHECK_FOR_INTERRUPTS();
	tuplestore_puttupleslot(((Keeper *) self)->rows, slot);
	return true;
}

static void
start_keeping(DestReceiver *self, int operation, TupleDesc columns)
{
	(void) self;
	(void) operation;
	(void) columns;
}

/* Of those with the same watermark, the one that was read last. */
static void
keep_latest(const RmlLoad *load, RmlBatch *batch)
{
	StringInfoData sql;
	Keeper		keeper = {.pub = {keep, start_keeping, do_nothing, do_nothing, DestTuplestore}};

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT DISTINCT ON (");
	rml_add_names(&sql, load, RML_KEY, "");
	appendStringInfoString(&sql, ") ");
	for (int i = 0; i < batch->columns->natts; i++)
		appendStringInfo(&sql, "%s%s", i == 0 ? "" : ", ",
						 quote_identifier(NameStr(TupleDescAttr(batch->columns, i)->attname)));
	appendStringInfoString(&sql, " FROM (SELECT *, pg_catalog.row_number() OVER () AS \"riskml number\" FROM " RML_BATCH
						   ") AS numbered ORDER BY ");
	rml_add_names(&sql, load, RML_KEY, "");
	appendStringInfo(&sql, ", %s DESC NULLS LAST, \"riskml number\" DESC",
					 quote_identifier(NameStr(TupleDescAttr(batch->columns, load->watermark_in_batch - 1)->attname)));
	keeper.rows = tuplestore_begin_heap(false, false, work_mem);
	run(sql.data, InvalidOid, (Datum) 0, &keeper.pub);
	tuplestore_end(batch->rows);
	batch->rows = keeper.rows;
	show_batch(batch);
}

void
rml_batch_make_unique(const RmlLoad *load, RmlBatch *batch)
{
	char	   *keys;

	if (!batch->may_repeat)
		return;
	keys = repeated_keys(load);
	if (keys == NULL)
		return;
	if (load->watermark == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("the source has several rows of the same key"),
				 errdetail("For example %s.", keys),
				 errhint("Use a query as the source, which gives one row for each key, or a watermark, by which the latest row is taken.")));
	keep_latest(load, batch);
}

void
rml_batch_free(RmlBatch *batch)
{
	(void) SPI_unregister_relation(RML_BATCH);
	tuplestore_end(batch->rows);
}
