/*
 * sorter.h
 *	  Sorts records of a few 64-bit words within a bound of memory.
 *
 * Records are compared by their first words, the keys, as unsigned numbers; each
 * has at most RML_SORTER_WORDS.  There is one reader at a time.  What does not fit
 * into a small array is a tuplesort, whose files belong to the resource owner of
 * the query that put the records: whoever frees memory without an error must
 * call rml_sorter_close().
 */
#ifndef RML_STATS_SORTER_H
#define RML_STATS_SORTER_H

#define RML_SORTER_WORDS 5

struct Tuplesortstate;
struct TupleTableSlot;

typedef struct RmlSorter
{
	int			words;
	int			keys;			/* the first of them, by which records are sorted */
	bool		again;			/* is read more than once */
	Size		budget;			/* bytes */
	MemoryContext context;
	uint64	   *data;			/* records that are not in the sort; then the one that was read from there */
	Size		used;			/* words */
	Size		room;
	Size		at;				/* next one to be read */
	Size		mark;
	uint64		count;			/* records in the sort */
	bool		sorted;
	struct Tuplesortstate *sort;	/* NULL: all is in the array */
	struct TupleTableSlot *in;	/* of several words */
	struct TupleTableSlot *out;
} RmlSorter;

/*
 * The bytes of memory are mostly work_mem, or a share of it.  Unless the records
 * are to be read again, or from a mark, files are merged while they are read.
 */
extern void rml_sorter_init(RmlSorter *sorter, MemoryContext context, int words, int keys, Size budget, bool again);
extern void rml_sorter_make_room(RmlSorter *sorter);
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

/* Sorts at the first time, after the last record; the next record to be read is the first. */
extern void rml_sorter_rewind(RmlSorter *sorter);

/* The next record, valid until the next call; NULL at the end. */
extern const uint64 *rml_sorter_next(RmlSorter *sorter);

/* Remembers the next record, and makes it the next again. */
extern void rml_sorter_mark(RmlSorter *sorter);
extern void rml_sorter_restore(RmlSorter *sorter);

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
