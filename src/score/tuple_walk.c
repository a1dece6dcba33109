/*
 * tuple_walk.c
 *	  Reads the columns of a recipe straight from a stored tuple.
 *
 * The format of tuples is as in PostgreSQL's heaptuple.c and execTuples.c
 * (slot_deform_heap_tuple).
 */
#include "postgres.h"

#include <math.h>

#include "access/tupmacs.h"
#include "executor/executor.h"

#include "compat.h"
#include "score/tuple_walk.h"
#include "transform/dictionary_find.h"

/* What is fetched ahead of it being read, in bytes. */
#define CACHE_LINE 64
#define MAX_FETCHED 1024

/* What a step does with its column. */
enum
{
	WALK_SKIP_FIXED,
	WALK_SKIP_VARLENA,
	WALK_FLOAT8,
	WALK_TEXT,
	WALK_INT4,
	WALK_ANY					/* as a datum, for one read or several */
};

static int
compare_reads(const void *a, const void *b)
{
	return ((const RmlRawRead *) a)->at - ((const RmlRawRead *) b)->at;
}

static uint8
what_to_do(int16 length, const RmlRawRead *reads, int n)
{
	if (n == 0)
		return length == -1 ? WALK_SKIP_VARLENA : WALK_SKIP_FIXED;
	if (n > 1)
		return WALK_ANY;
	switch (reads->how)
	{
		case RML_RAW_FLOAT8:
			return WALK_FLOAT8;
		case RML_RAW_TEXT:
			return WALK_TEXT;
		case RML_RAW_INT4:
			return WALK_INT4;
		default:
			return WALK_ANY;
	}
}

static int
bytes_of_alignment(char alignment)
{
	switch (alignment)
	{
		case TYPALIGN_CHAR:
			return 1;
		case TYPALIGN_SHORT:
			return ALIGNOF_SHORT;
		case TYPALIGN_INT:
			return ALIGNOF_INT;
		default:
			return ALIGNOF_DOUBLE;
	}
}

bool
rml_tuple_walk_init(RmlTupleWalk *walk, const RmlTransform *transform, TupleDesc desc, RmlRawRead *reads, int n)
{
	int			read = 0;

	qsort(reads, (size_t) n, sizeof(RmlRawRead), compare_reads);
	walk->transform = transform;
	walk->desc = desc;
	walk->reads = reads;
	walk->n_steps = n > 0 ? reads[n - 1].at + 1 : 0;
	for (int i = 0; i < walk->n_steps; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		RmlTupleStep *step = &walk->steps[i];

		if (att->attlen < -1)
			return false;
		*step = (RmlTupleStep) {.align = (uint8) bytes_of_alignment(att->attalign), .length = att->attlen, .read = read};
		while (read < n && reads[read].at == i)
			read++;
		step->n_reads = read - step->read;
		step->what = what_to_do(att->attlen, &reads[step->read], step->n_reads);
	}
	return true;
}

static void
put_missing(const RmlTupleWalk *walk, const RmlTupleStep *step, double *slots)
{
	for (int i = 0; i < step->n_reads; i++)
		slots[walk->reads[step->read + i].slot] = NAN;
}

static void
put_value(const RmlTupleWalk *walk, const RmlTupleStep *step, Datum value, double *slots)
{
	for (int i = 0; i < step->n_reads; i++)
	{
		const RmlRawRead *read = &walk->reads[step->read + i];

		slots[read->slot] = rml_raw_value(walk->transform, read, value);
	}
}

/* Where the column begins: a varlena is not aligned if it has a header of one byte. */
static inline const char *
begin_of(const RmlTupleStep *step, const char *data, const char *at)
{
	if (step->length == -1 && VARATT_NOT_PAD_BYTE(at))
		return at;
	return data + TYPEALIGN(step->align, (uintptr_t) (at - data));
}

/*
 * A text: most are short, and found where they are looked for first.  `at` moves behind it.  words_of() gives what a short text is
 * compared by.
 */
#define READ_TEXT(walk, read, at, slots, words_of) \
	do \
	{ \
		int			code = -1; \
		Size		size = VARSIZE_ANY(at); \
\
		if (VARATT_IS_1B(at) && size <= RML_SHORT_TEXT + VARHDRSZ_SHORT && !VARATT_IS_1B_E(at)) \
		{ \
			int			length = (int) size - VARHDRSZ_SHORT; \
\
			code = rml_dictionary_guess((read)->dictionary, words_of(VARDATA_1B(at), length), length); \
		} \
		(slots)[(read)->slot] = code >= 0 ? code : rml_raw_value((walk)->transform, read, PointerGetDatum(at)); \
		at += size; \
	} while (0)

/* The loop over a tuple's columns: compiled once for any CPU, and for those that load a short text at once. */
#define DEFINE_WALK(name, attribute, words_of) \
attribute static void \
name(const RmlTupleWalk *walk, HeapTupleHeader tuple, double *slots) \
{ \
	bool		has_nulls = (tuple->t_infomask & HEAP_HASNULL) != 0; \
	const char *data = (const char *) tuple + tuple->t_hoff; \
	const char *at = data; \
\
	for (int i = 0; i < walk->n_steps; i++) \
	{ \
		const RmlTupleStep *step = &walk->steps[i]; \
		const RmlRawRead *read = &walk->reads[step->read]; \
\
		if (has_nulls && att_isnull(i, tuple->t_bits)) \
		{ \
			put_missing(walk, step, slots); \
			continue; \
		} \
		at = begin_of(step, data, at); \
		switch (step->what) \
		{ \
			case WALK_FLOAT8: \
				memcpy(&slots[read->slot], at, sizeof(double)); \
				at += sizeof(double); \
				break; \
			case WALK_TEXT: \
				READ_TEXT(walk, read, at, slots, words_of); \
				break; \
			case WALK_INT4: \
				slots[read->slot] = *(const int32 *) at; \
				at += sizeof(int32); \
				break; \
			case WALK_SKIP_FIXED: \
				at += step->length; \
				break; \
			case WALK_SKIP_VARLENA: \
				at += VARSIZE_ANY(at); \
				break; \
			default: \
				put_value(walk, step, fetchatt(TupleDescAttr(walk->desc, i), at), slots); \
				at += step->length == -1 ? (int) VARSIZE_ANY(at) : step->length; \
				break; \
		} \
	} \
}

DEFINE_WALK(walk_anywhere, , rml_words_of)
#if defined(__x86_64__)
DEFINE_WALK(walk_loading_texts, RML_MASKED_LOADS, rml_words_loaded)
#endif

/* The next tuple of a page mostly lies below: its memory is fetched while this one is read. */
static inline void
fetch_next(HeapTuple tuple)
{
	const char *begin = (const char *) tuple->t_data;

	for (uint32 distance = CACHE_LINE; distance <= Min(tuple->t_len, MAX_FETCHED); distance += CACHE_LINE)
		__builtin_prefetch(begin - distance);
}

bool
rml_tuple_walk_read(const RmlTupleWalk *walk, TupleTableSlot *slot, double *slots)
{
	HeapTuple	tuple = TTS_IS_BUFFERTUPLE(slot) ? ((BufferHeapTupleTableSlot *) slot)->base.tuple : NULL;

	if (tuple == NULL || slot->tts_tupleDescriptor != walk->desc || (int) HeapTupleHeaderGetNatts(tuple->t_data) < walk->n_steps)
		return false;
	fetch_next(tuple);
#if defined(__x86_64__)
	if (rml_has_masked_loads())
	{
		walk_loading_texts(walk, tuple->t_data, slots);
		return true;
	}
#endif
	walk_anywhere(walk, tuple->t_data, slots);
	return true;
}
