/*
 * loader.c
 *	  The records of a file, read in batches and given to COPY.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "job/board.h"
#include "load/copy.h"
#include "load/evidence.h"
#include "load/loader.h"

/* A batch is a subtransaction: big ones are few. */
#define BATCH_BYTES (4 * 1024 * 1024)
#define BATCH_ROWS 65536

/* Whose room is not given back when they are empty. */
#define MOST_KEPT 4

/* A row of a batch, in the file. */
typedef struct Place
{
	uint64		line;
	uint64		offset;
	Size		raw;			/* in the batch's raw bytes */
	uint32		length;
} Place;

/* Rows that one COPY can take. */
typedef struct Batch
{
	struct Run *run;
	StringInfoData text;
	StringInfoData raw;
	RmlRow	   *row;
	Place	   *place;
	int			n;
	int			room;
	bool		checked;		/* COPY accepts the options */
} Batch;

typedef struct Run
{
	RmlLoader  *loader;
	const char *shown;
	RmlRows    *rows;
	MemoryContext context;		/* of the run */
	MemoryContext bad_context;	/* of bad rows, until they are written */
	List	   *bad;			/* RmlBadRow * */
	RmlFileRows *done;

	Batch	   *batches[RML_SHAPES];	/* NULL: none of that shape so far */
	int			n_batches;
	int			n;				/* rows of all of them */
	Size		bytes;
} Run;

/* ---- bad rows ---- */

void
rml_loader_check_limit(const RmlLoader *loader)
{
	char	   *reasons;

	if (loader->max_bad_rows < 0 || loader->bad_rows <= (uint64) loader->max_bad_rows)
		return;
	reasons = rml_evidence_text();
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("more than " INT64_FORMAT " bad rows for table \"%s\"", loader->max_bad_rows,
					RelationGetRelationName(loader->rel)),
			 reasons != NULL ? errdetail("%s", reasons) : 0,
			 errhint("Nothing was loaded. riskml.quarantine has the rows in state failed; option max_bad_rows is the limit.")));
}

static void
refuse(Run *run, const RmlPiece *piece, const RmlRowFault *fault)
{
	RmlBadRow	row = {.source = run->shown, .line = piece->line, .offset = piece->offset, .raw = piece->data,
	.length = piece->length, .fault = *fault};
	MemoryContext caller = MemoryContextSwitchTo(run->bad_context);

	row.format = rml_rows_remember(run->rows);
	row.cut = piece->fault != NULL && piece->length >= RML_KEPT_OF_LONG_LINE;
	run->bad = lappend(run->bad, rml_bad_row_copy(&row, row.length));
	MemoryContextSwitchTo(caller);
	rml_evidence_add(&row);
	run->done->bad_rows++;
	run->loader->bad_rows++;
}

/* A row of the batch that the table did not take. */
static void
refuse_row(void *arg, int i, const RmlRowFault *fault)
{
	Batch	   *batch = arg;
	const Place *place = &batch->place[i];
	RmlPiece	piece = {.data = batch->raw.data + place->raw, .length = place->length, .line = place->line, .offset = place->offset};

	refuse(batch->run, &piece, fault);
}

/* What is no record. */
static void
refuse_piece(Run *run, const RmlPiece *piece)
{
	RmlRowFault fault = {.sqlstate = ERRCODE_BAD_COPY_FILE_FORMAT, .message = unconstify(char *, piece->fault)};

	refuse(run, piece, &fault);
}

static void
write_bad_rows(Run *run)
{
	rml_quarantine_write(&run->loader->ingestor, run->bad, "open");
	run->bad = NIL;
	MemoryContextReset(run->bad_context);
}

/* ---- batches ---- */

/* For errors that end everything: COPY counts lines within the batch. */
static void
say_where(void *arg)
{
	const Batch *batch = arg;

	errcontext("file \"%s\", where the first line that COPY counts is " UINT64_FORMAT, batch->run->shown,
			   batch->place[0].line);
}

static void
copy_batch(Run *run, int shape)
{
	Batch	   *batch = run->batches[shape];
	RmlBatch	copy = {.rel = run->loader->rel, .text = batch->text.data, .rows = batch->row, .n_rows = batch->n,
	.refuse = refuse_row, .arg = batch};
	ErrorContextCallback where = {.callback = say_where, .arg = batch, .previous = error_context_stack};
	uint64		taken;

	copy.format = rml_rows_copy_format(run->rows, shape);
	rml_copy_require_insert(copy.rel, copy.format);
	if (!batch->checked)
		rml_copy_check(copy.rel, copy.format);
	batch->checked = true;
	error_context_stack = &where;
	taken = rml_copy_batch(&copy);
	error_context_stack = where.previous;
	run->done->rows += taken;
	run->loader->rows += taken;
	resetStringInfo(&batch->text);
	resetStringInfo(&batch->raw);
	batch->n = 0;
}

static void
free_batches(Run *run)
{
	for (int shape = 0; shape < RML_SHAPES; shape++)
	{
		Batch	   *batch = run->batches[shape];

		if (batch == NULL)
			continue;
		pfree(batch->text.data);
		pfree(batch->raw.data);
		pfree(batch->row);
		pfree(batch->place);
		pfree(batch);
		run->batches[shape] = NULL;
	}
	run->n_batches = 0;
}

static void
flush(Run *run, RmlFeed *feed)
{
	for (int shape = 0; shape < RML_SHAPES; shape++)
	{
		if (run->batches[shape] != NULL && run->batches[shape]->n > 0)
			copy_batch(run, shape);
	}
	if (run->n_batches > MOST_KEPT)
		free_batches(run);
	run->n = 0;
	run->bytes = 0;
	write_bad_rows(run);
	rml_loader_check_limit(run->loader);
	rml_board_progress(run->loader->rows + run->loader->bad_rows,
					   run->loader->bytes + rml_bytes_position(feed->bytes));
}

static Batch *
make_batch(Run *run)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	Batch	   *batch = palloc0(sizeof(Batch));

	run->n_batches++;
	batch->run = run;
	initStringInfo(&batch->text);
	initStringInfo(&batch->raw);
	batch->room = 64;
	batch->row = palloc(sizeof(RmlRow) * batch->room);
	batch->place = palloc(sizeof(Place) * batch->room);
	MemoryContextSwitchTo(caller);
	return batch;
}

/* The batch for the record just parsed. */
static Batch *
find_batch(Run *run, RmlFeed *feed)
{
	int			shape = rml_rows_shape(run->rows);

	if (shape < 0)
	{
		flush(run, feed);
		free_batches(run);
		rml_rows_forget_shapes(run->rows);
		shape = rml_rows_shape(run->rows);
	}
	if (run->batches[shape] == NULL)
		run->batches[shape] = make_batch(run);
	return run->batches[shape];
}

static void
add_row(Run *run, Batch *batch, const RmlPiece *piece)
{
	RmlRow	   *row;
	Place	   *place;

	if (batch->n == batch->room)
	{
		batch->room *= 2;
		batch->row = repalloc(batch->row, sizeof(RmlRow) * batch->room);
		batch->place = repalloc(batch->place, sizeof(Place) * batch->room);
	}
	row = &batch->row[batch->n];
	place = &batch->place[batch->n];
	row->start = batch->text.len;
	row->newlines = rml_rows_as_is(run->rows) ? piece->newlines : 0;
	rml_rows_write(run->rows, &batch->text);
	row->length = (uint32) (batch->text.len - row->start);
	place->line = piece->line;
	place->offset = piece->offset;
	place->raw = batch->raw.len;
	place->length = (uint32) piece->length;
	appendBinaryStringInfo(&batch->raw, piece->data, (int) piece->length);
	batch->n++;
	run->n++;
	run->bytes += Max(row->length, place->length);
}

static bool
is_full(const Run *run)
{
	return run->n >= BATCH_ROWS || run->bytes >= BATCH_BYTES;
}

static void
take_piece(Run *run, RmlFeed *feed, const RmlPiece *piece)
{
	RmlRowFault fault;
	bool		blank = false;

	if (piece->fault != NULL)
		refuse_piece(run, piece);
	else if (!rml_rows_parse(run->rows, piece->data, piece->length, &blank, &fault))
		refuse(run, piece, &fault);
	else if (!blank)
		add_row(run, find_batch(run, feed), piece);
}

/* Bad rows alone may be many. */
static bool
has_many_bad_rows(const Run *run)
{
	return list_length(run->bad) >= BATCH_ROWS / 16 || MemoryContextMemAllocated(run->bad_context, false) > 2 * BATCH_BYTES;
}

static void
begin_run(Run *run, RmlLoader *loader, const char *shown, RmlRows *rows, RmlFileRows *done)
{
	memset(run, 0, sizeof(*run));
	run->loader = loader;
	run->shown = shown;
	run->rows = rows;
	run->done = done;
	run->context = CurrentMemoryContext;
	run->bad_context = AllocSetContextCreate(CurrentMemoryContext, "riskml bad rows", ALLOCSET_DEFAULT_SIZES);
}

bool
rml_loader_run(RmlLoader *loader, const char *shown, RmlFeed *feed, List *header, RmlFileRows *done, char **fault)
{
	RmlRows    *rows = rml_rows_begin(loader->rel, loader->format, header, fault);
	Run			run;
	RmlPiece	piece;

	memset(done, 0, sizeof(*done));
	if (rows == NULL)
		return false;
	begin_run(&run, loader, shown, rows, done);
	while (rml_feed_next(feed, &piece, fault))
	{
		CHECK_FOR_INTERRUPTS();
		take_piece(&run, feed, &piece);
		if (is_full(&run) || has_many_bad_rows(&run))
			flush(&run, feed);
	}
	if (*fault != NULL)
		return false;
	flush(&run, feed);
	return true;
}

bool
rml_loader_header(RmlLoader *loader, RmlFeed *feed, List **header, char **fault)
{
	RmlPiece	piece;

	*header = NIL;
	if (!rml_feed_next(feed, &piece, fault))
		return *fault == NULL;
	if (piece.fault != NULL)
		*fault = psprintf("its header is no record: %s", piece.fault);
	else
		*header = rml_header_fields(loader->format, piece.data, piece.length, fault);
	return *fault == NULL;
}
