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

/* A row of the batch, in the file. */
typedef struct Place
{
	uint64		line;
	uint64		offset;
	Size		raw;			/* in the batch's raw bytes */
	uint32		length;
} Place;

typedef struct Run
{
	RmlLoader  *loader;
	const char *shown;
	RmlRows    *rows;
	MemoryContext context;		/* of bad rows, until they are written */
	List	   *bad;			/* RmlBadRow * */
	RmlFileRows *done;

	StringInfoData text;
	StringInfoData raw;
	RmlRow	   *row;
	Place	   *place;
	int			n;
	bool		checked;		/* COPY accepts the options */
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
refuse(Run *run, const char *raw, size_t length, uint64 line, uint64 offset, bool cut, const RmlRowFault *fault)
{
	RmlBadRow	row = {.source = run->shown, .line = line, .offset = offset, .raw = raw, .length = length, .cut = cut, .fault = *fault};
	MemoryContext caller = MemoryContextSwitchTo(run->context);

	row.format = rml_rows_remember(run->rows);
	run->bad = lappend(run->bad, rml_bad_row_copy(&row, length));
	MemoryContextSwitchTo(caller);
	rml_evidence_add(&row);
	run->done->bad_rows++;
	run->loader->bad_rows++;
}

/* A row of the batch that the table did not take. */
static void
refuse_row(void *arg, int i, const RmlRowFault *fault)
{
	Run		   *run = arg;
	const Place *place = &run->place[i];

	refuse(run, run->raw.data + place->raw, place->length, place->line, place->offset, false, fault);
}

/* What is no record. */
static void
refuse_piece(Run *run, const RmlPiece *piece)
{
	RmlRowFault fault = {.sqlstate = ERRCODE_BAD_COPY_FILE_FORMAT, .message = unconstify(char *, piece->fault)};

	refuse(run, piece->data, piece->length, piece->line, piece->offset,
		   piece->length >= RML_KEPT_OF_LONG_LINE, &fault);
}

static void
write_bad_rows(Run *run)
{
	rml_quarantine_write(&run->loader->ingestor, run->bad, "open");
	run->bad = NIL;
	MemoryContextReset(run->context);
}

/* ---- batches ---- */

static void
flush(Run *run, RmlFeed *feed)
{
	const RmlCopyFormat *format = rml_rows_copy_format(run->rows);
	RmlBatch	batch = {.rel = run->loader->rel, .format = format, .text = run->text.data, .rows = run->row,
	.n_rows = run->n, .refuse = refuse_row, .arg = run};
	uint64		taken;

	if (run->n > 0 && !run->checked)
	{
		rml_copy_check(run->loader->rel, format);
		run->checked = true;
	}
	rml_copy_require_insert(run->loader->rel, format);
	taken = rml_copy_batch(&batch);
	run->done->rows += taken;
	run->loader->rows += taken;
	write_bad_rows(run);
	rml_loader_check_limit(run->loader);
	resetStringInfo(&run->text);
	resetStringInfo(&run->raw);
	run->n = 0;
	rml_board_progress(run->loader->rows + run->loader->bad_rows,
					   run->loader->bytes + rml_bytes_position(feed->bytes));
}

static void
add_row(Run *run, const RmlPiece *piece)
{
	RmlRow	   *row = &run->row[run->n];
	Place	   *place = &run->place[run->n];

	row->start = run->text.len;
	row->newlines = rml_rows_as_is(run->rows) ? piece->newlines : 0;
	rml_rows_write(run->rows, &run->text);
	row->length = (uint32) (run->text.len - row->start);
	place->line = piece->line;
	place->offset = piece->offset;
	place->raw = run->raw.len;
	place->length = (uint32) piece->length;
	appendBinaryStringInfo(&run->raw, piece->data, (int) piece->length);
	run->n++;
}

static bool
is_full(const Run *run)
{
	return run->n == BATCH_ROWS || run->text.len >= BATCH_BYTES || run->raw.len >= BATCH_BYTES;
}

static void
take_piece(Run *run, RmlFeed *feed, const RmlPiece *piece)
{
	RmlRowFault fault;
	bool		blank = false;

	if (piece->fault != NULL)
	{
		refuse_piece(run, piece);
		return;
	}
	if (!rml_rows_parse(run->rows, piece->data, piece->length, &blank, &fault))
	{
		refuse(run, piece->data, piece->length, piece->line, piece->offset, false, &fault);
		return;
	}
	if (blank)
		return;
	if (run->n > 0 && !rml_rows_same_columns(run->rows))
		flush(run, feed);
	add_row(run, piece);
}

/* Bad rows alone may be many. */
static bool
has_many_bad_rows(const Run *run)
{
	return list_length(run->bad) >= BATCH_ROWS / 16 || MemoryContextMemAllocated(run->context, false) > 2 * BATCH_BYTES;
}

static void
begin_run(Run *run, RmlLoader *loader, const char *shown, RmlRows *rows, RmlFileRows *done)
{
	memset(run, 0, sizeof(*run));
	run->loader = loader;
	run->shown = shown;
	run->rows = rows;
	run->done = done;
	run->context = AllocSetContextCreate(CurrentMemoryContext, "riskml bad rows", ALLOCSET_DEFAULT_SIZES);
	initStringInfo(&run->text);
	initStringInfo(&run->raw);
	run->row = palloc(sizeof(RmlRow) * BATCH_ROWS);
	run->place = palloc(sizeof(Place) * BATCH_ROWS);
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
