/*
 * sorter.h
 *	  Sorts records of a few 64-bit words within a bound of memory.
 *
 * Records are compared by their first words, the keys, as unsigned numbers; each
 * has at most RML_SORTER_WORDS.  What does not fit is written to a temporary file in sorted
 * runs.  A sorted set can be read any number of times, by several cursors at
 * a time.  The file belongs to the resource owner of the query that put the
 * records: whoever frees memory without an error must call rml_sorter_close().
 */
#ifndef RML_STATS_SORTER_H
#define RML_STATS_SORTER_H

#define RML_SORTER_WORDS 5

typedef struct RmlSorterRun RmlSorterRun;

typedef struct RmlSorter
{
	int			words;
	int			keys;			/* the first of them, by which records are sorted */
	Size		budget;			/* bytes */
	MemoryContext context;
	uint64	   *data;			/* NULL: all is in the file */
	Size		used;			/* words */
	Size		room;
	uint64		count;			/* records in the file */
	bool		sorted;
	struct BufFile *file;
	RmlSorterRun *runs;
	int			n_runs;
	int			runs_room;
} RmlSorter;

/* The bytes of memory are mostly work_mem, or a share of it. */
extern void rml_sorter_init(RmlSorter *sorter, MemoryContext context, int words, int keys, Size budget);
extern void rml_sorter_make_room(RmlSorter *sorter);
extern void rml_sorter_sort(RmlSorter *sorter);
extern void rml_sorter_close(RmlSorter *sorter);

static inline uint64
rml_sorter_count(const RmlSorter *sorter)
{
	return sorter->count + sorter->used / (Size) sorter->words;
}

/* Place of one more record, to be filled at once. */
static inline uint64 *
rml_sorter_put(RmlSorter *sorter)
{
	if (unlikely(sorter->used == sorter->room))
		rml_sorter_make_room(sorter);
	sorter->used += (Size) sorter->words;
	return sorter->data + sorter->used - sorter->words;
}

typedef struct RmlCursor RmlCursor;

/* Reads from the first record on; in the current memory context. */
extern RmlCursor *rml_cursor_open(RmlSorter *sorter);

/* The next record, valid until the next call; NULL at the end. */
extern const uint64 *rml_cursor_next(RmlCursor *cursor);
extern void rml_cursor_close(RmlCursor *cursor);

/*
 * Numbers that compare as doubles do, and back; -0 becomes 0.  Not for NaN.
 */
static inline uint64
rml_key_of_double(double x)
{
	uint64		bits;

	x += 0.0;
	memcpy(&bits, &x, sizeof(bits));
	return bits ^ ((uint64) -(int64) (bits >> 63) | UINT64CONST(0x8000000000000000));
}

static inline double
rml_double_of_key(uint64 key)
{
	uint64		bits = key ^ (((key >> 63) - 1) | UINT64CONST(0x8000000000000000));
	double		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

#endif
