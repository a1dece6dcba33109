/*
 * sorter.c
 *	  Sorts records of a few 64-bit words within a bound of memory.
 *
 * Half of the memory holds records, half is what the radix sort moves them to:
 * on plain numbers it takes a tenth of the time of a tuplesort, which compares.
 * Bytes that are equal in all records cost no pass.  Runs are merged while they
 * are read, unless there are too many for the memory.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "stats/sorter.h"

#define FIRST_ROOM 32			/* records */
#define SMALL 128				/* records: fewer are not worth a radix sort */
#define CHUNK 8192				/* bytes that are read at a time, at least */

struct RmlSorterRun
{
	int			file;
	off_t		offset;
	uint64		count;			/* records */
};

static Size
record_size(const RmlSorter *sorter)
{
	return sizeof(uint64) * (Size) sorter->words;
}

void
rml_sorter_init(RmlSorter *sorter, MemoryContext context, int words, int keys, Size budget)
{
	Assert(keys > 0 && keys <= words && words <= RML_SORTER_WORDS);
	memset(sorter, 0, sizeof(*sorter));
	sorter->context = context;
	sorter->words = words;
	sorter->keys = keys;
	sorter->budget = budget;
}

/* ---- in memory ---- */

static inline int
compare_records(const uint64 *a, const uint64 *b, int keys)
{
	for (int i = 0; i < keys; i++)
	{
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

static int
compare_for_qsort(const void *a, const void *b, void *keys)
{
	return compare_records(a, b, *(int *) keys);
}

/* One stable pass by a byte of a word. */
static void
radix_pass(const uint64 *from, uint64 *to, Size n, int words, int word, int shift, Size *places)
{
	if (words == 1)
	{
		for (Size i = 0; i < n; i++)
			to[places[(from[i] >> shift) & 0xff]++] = from[i];
		return;
	}
	for (Size i = 0; i < n; i++)
	{
		const uint64 *record = from + i * (Size) words;
		uint64	   *place = to + places[(record[word] >> shift) & 0xff]++ * (Size) words;

		for (int w = 0; w < words; w++)
			place[w] = record[w];
	}
}

/* Counts become first places; false if all records are in one. */
static bool
make_places(Size *counts, Size n)
{
	Size		place = 0;

	for (int i = 0; i < 256; i++)
	{
		Size		count = counts[i];

		if (count == n)
			return false;
		counts[i] = place;
		place += count;
	}
	return true;
}

static void
radix_sort(RmlSorter *sorter, Size n)
{
	int			words = sorter->words;
	uint64	   *from = sorter->data;
	uint64	   *to = MemoryContextAllocHuge(sorter->context, sizeof(uint64) * sorter->used);
	Size		(*counts)[256] = palloc0(sizeof(*counts) * 8);

	/* the last key first: each pass keeps the order of those before */
	for (int word = sorter->keys - 1; word >= 0; word--)
	{
		memset(counts, 0, sizeof(*counts) * 8);
		for (Size i = 0; i < n; i++)
		{
			uint64		value = from[i * (Size) words + (Size) word];

			for (int byte = 0; byte < 8; byte++)
				counts[byte][(value >> (8 * byte)) & 0xff]++;
		}
		for (int byte = 0; byte < 8; byte++)
		{
			uint64	   *swap = from;

			CHECK_FOR_INTERRUPTS();
			if (!make_places(counts[byte], n))
				continue;
			radix_pass(from, to, n, words, word, 8 * byte, counts[byte]);
			from = to;
			to = swap;
		}
	}
	pfree(counts);
	pfree(to);
	sorter->data = from;
	sorter->room = sorter->used;	/* a scratch's size */
}

static void
sort_data(RmlSorter *sorter)
{
	Size		n = sorter->used / (Size) sorter->words;

	if (n < SMALL)
		qsort_arg(sorter->data, n, record_size(sorter), compare_for_qsort, &sorter->keys);
	else
		radix_sort(sorter, n);
}

/* ---- runs ---- */

static struct BufFile *
create_file(RmlSorter *sorter)
{
	MemoryContext old = MemoryContextSwitchTo(sorter->context);
	struct BufFile *file;

	PrepareTempTablespaces();
	file = BufFileCreateTemp(false);
	MemoryContextSwitchTo(old);
	return file;
}

/* A new run at the file's end. */
static RmlSorterRun *
add_run(RmlSorter *sorter)
{
	RmlSorterRun *run;

	if (sorter->n_runs == sorter->runs_room)
	{
		sorter->runs_room = Max(16, sorter->runs_room * 2);
		if (sorter->runs == NULL)
			sorter->runs = MemoryContextAlloc(sorter->context, sizeof(RmlSorterRun) * (Size) sorter->runs_room);
		else
			sorter->runs = repalloc_huge(sorter->runs, sizeof(RmlSorterRun) * (Size) sorter->runs_room);
	}
	run = &sorter->runs[sorter->n_runs++];
	BufFileTell(sorter->file, &run->file, &run->offset);
	run->count = 0;
	return run;
}

static void
spill(RmlSorter *sorter)
{
	RmlSorterRun *run;

	if (sorter->file == NULL)
		sorter->file = create_file(sorter);
	sort_data(sorter);
	run = add_run(sorter);
	run->count = sorter->used / (Size) sorter->words;
	for (Size done = 0; done < sorter->used; done += CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		BufFileWrite(sorter->file, sorter->data + done, sizeof(uint64) * Min(CHUNK, sorter->used - done));
	}
	sorter->count += run->count;
	sorter->used = 0;
}

void
rml_sorter_make_room(RmlSorter *sorter)
{
	Size		words = (Size) sorter->words;
	Size		most = Max(sorter->budget / 2 / record_size(sorter), SMALL) * words;

	Assert(!sorter->sorted);
	if (sorter->data == NULL)
	{
		sorter->room = FIRST_ROOM * words;
		sorter->data = MemoryContextAlloc(sorter->context, sizeof(uint64) * sorter->room);
	}
	else if (sorter->room < most && sorter->n_runs == 0)
	{
		sorter->room = Min(sorter->room * 2, most);
		sorter->data = repalloc_huge(sorter->data, sizeof(uint64) * sorter->room);
	}
	else
		spill(sorter);
}

/* ---- reading ---- */

typedef struct Stream
{
	int			file;			/* where the next chunk begins */
	off_t		offset;
	uint64		left;			/* records of the run that are not read */
	uint64	   *chunk;
	Size		at;				/* words */
	Size		end;
} Stream;

struct RmlCursor
{
	RmlSorter  *sorter;
	Size		at;				/* in memory */
	Stream	   *streams;
	int		   *heap;			/* streams, that of the least record first */
	int			n;
	bool		begun;
	Size		chunk_words;
	uint64	   *chunks;
};

/* Runs that one merge reads; two cursors share the memory. */
static int
most_runs(const RmlSorter *sorter)
{
	return (int) Max(sorter->budget / 4 / CHUNK, 4);
}

static void
fill(RmlCursor *cursor, Stream *stream)
{
	RmlSorter  *sorter = cursor->sorter;
	uint64		records = Min(stream->left, cursor->chunk_words / (Size) sorter->words);
	Size		bytes = (Size) records * record_size(sorter);

	CHECK_FOR_INTERRUPTS();
	stream->at = 0;
	stream->end = (Size) records * (Size) sorter->words;
	if (records == 0)
		return;
	if (BufFileSeek(sorter->file, stream->file, stream->offset, SEEK_SET) != 0 ||
		BufFileRead(sorter->file, stream->chunk, bytes) != bytes)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read a temporary file of a sort")));
	BufFileTell(sorter->file, &stream->file, &stream->offset);
	stream->left -= records;
}

static inline const uint64 *
head(const RmlCursor *cursor, int stream)
{
	return cursor->streams[stream].chunk + cursor->streams[stream].at;
}

/* Is the first of two streams to be read first? */
static inline bool
is_before(const RmlCursor *cursor, int a, int b)
{
	return compare_records(head(cursor, a), head(cursor, b), cursor->sorter->keys) < 0;
}

static void
sift_down(RmlCursor *cursor, int at)
{
	int		   *heap = cursor->heap;
	int			moved = heap[at];

	for (;;)
	{
		int			child = 2 * at + 1;

		if (child >= cursor->n)
			break;
		if (child + 1 < cursor->n && is_before(cursor, heap[child + 1], heap[child]))
			child++;
		if (!is_before(cursor, heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static RmlCursor *
open_runs(RmlSorter *sorter, const RmlSorterRun *runs, int n)
{
	RmlCursor  *cursor = palloc0(sizeof(RmlCursor));
	Size		room = Max(sorter->budget / 4 / (Size) n, CHUNK);

	cursor->sorter = sorter;
	cursor->n = n;
	cursor->chunk_words = room / record_size(sorter) * (Size) sorter->words;
	cursor->streams = palloc0(sizeof(Stream) * (Size) n);
	cursor->heap = palloc(sizeof(int) * (Size) n);
	cursor->chunks = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64) * cursor->chunk_words * (Size) n);
	for (int i = 0; i < n; i++)
	{
		Stream	   *stream = &cursor->streams[i];

		stream->file = runs[i].file;
		stream->offset = runs[i].offset;
		stream->left = runs[i].count;
		stream->chunk = cursor->chunks + cursor->chunk_words * (Size) i;
		fill(cursor, stream);
		cursor->heap[i] = i;
	}
	for (int i = n / 2 - 1; i >= 0; i--)
		sift_down(cursor, i);
	return cursor;
}

RmlCursor *
rml_cursor_open(RmlSorter *sorter)
{
	RmlCursor  *cursor;

	Assert(sorter->sorted);
	if (sorter->n_runs > 0)
		return open_runs(sorter, sorter->runs, sorter->n_runs);
	cursor = palloc0(sizeof(RmlCursor));
	cursor->sorter = sorter;
	return cursor;
}

/* Removes the record that was given last. */
static void
pop(RmlCursor *cursor)
{
	Stream	   *stream = &cursor->streams[cursor->heap[0]];

	stream->at += (Size) cursor->sorter->words;
	if (stream->at == stream->end)
		fill(cursor, stream);
	if (stream->at == stream->end)
		cursor->heap[0] = cursor->heap[--cursor->n];
	if (cursor->n > 1)
		sift_down(cursor, 0);
}

const uint64 *
rml_cursor_next(RmlCursor *cursor)
{
	RmlSorter  *sorter = cursor->sorter;

	if (cursor->streams == NULL)
	{
		const uint64 *record = sorter->data + cursor->at;

		if (cursor->at >= sorter->used)
			return NULL;
		cursor->at += (Size) sorter->words;
		return record;
	}
	if (cursor->begun && cursor->n > 0)
		pop(cursor);
	cursor->begun = true;
	return cursor->n > 0 ? head(cursor, cursor->heap[0]) : NULL;
}

void
rml_cursor_close(RmlCursor *cursor)
{
	if (cursor->streams != NULL)
	{
		pfree(cursor->streams);
		pfree(cursor->heap);
		pfree(cursor->chunks);
	}
	pfree(cursor);
}

/* ---- sorting ---- */

/* Merges runs into a file of their own until one merge can read them. */
static void
merge_runs(RmlSorter *sorter)
{
	RmlSorter	next;

	rml_sorter_init(&next, sorter->context, sorter->words, sorter->keys, sorter->budget);
	next.file = create_file(sorter);
	for (int i = 0; i < sorter->n_runs; i += most_runs(sorter))
	{
		RmlCursor  *cursor = open_runs(sorter, sorter->runs + i, Min(most_runs(sorter), sorter->n_runs - i));
		RmlSorterRun *run = add_run(&next);
		const uint64 *record;

		while ((record = rml_cursor_next(cursor)) != NULL)
		{
			BufFileWrite(next.file, unconstify(uint64 *, record), record_size(sorter));
			run->count++;
		}
		rml_cursor_close(cursor);
	}
	BufFileClose(sorter->file);
	pfree(sorter->runs);
	sorter->file = next.file;
	sorter->runs = next.runs;
	sorter->n_runs = next.n_runs;
	sorter->runs_room = next.runs_room;
}

void
rml_sorter_sort(RmlSorter *sorter)
{
	if (sorter->sorted)
		return;
	if (sorter->n_runs == 0)
	{
		if (sorter->used > 0)
			sort_data(sorter);
		sorter->sorted = true;
		return;
	}
	if (sorter->used > 0)
		spill(sorter);
	pfree(sorter->data);
	sorter->data = NULL;
	while (sorter->n_runs > most_runs(sorter))
		merge_runs(sorter);
	sorter->sorted = true;
}

void
rml_sorter_close(RmlSorter *sorter)
{
	if (sorter->file != NULL)
		BufFileClose(sorter->file);
	sorter->file = NULL;
}
