/*
 * sides.c
 *	  The values of two samples, sorted.
 *
 * Each side is sorted by itself, as values alone sort fastest, and reading merges the two.  Numbers are sorted as records of
 * one word (sorter.c), texts by a tuplesort, which compares them bytewise.  The first texts of a side stay in an array: a
 * query may have as many states as groups, and a sort of the server takes tens of kilobytes before its first value.
 *
 * Files and sorts are closed by a callback of the aggregate's expression context, which runs when a group is
 * done; on an error the transaction's end closes them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/tuplesort.h"

#include "compat.h"
#include "stats/sides.h"
#include "stats/sorter.h"

/* Texts, and bytes of them, that a side keeps in its array. */
#define FEW_TEXTS 1024
#define FEW_BYTES 32768

/* Texts of one side. */
typedef struct Texts
{
	Datum	   *few;			/* until there is a sort */
	int			room;
	Size		bytes;
	Tuplesortstate *sort;
	int64		next;			/* of few, when reading */
} Texts;

typedef struct Side
{
	int64		n;				/* without NaN */
	int64		n_nans;
	RmlSorter	numbers;
	Texts		texts;

	/* reading */
	bool		ended;
	uint64		key;			/* the next number to give, unless ended */
	Datum		text;			/* or the next text */
	bool		owned;			/* which the sort has allocated */
} Side;

struct RmlSides
{
	MemoryContext context;
	bool		texts;
	bool		sorted;
	Side		side[2];
	Datum		text;			/* given last */
	bool		owned;
};

static void
close_sides(Datum argument)
{
	RmlSides   *sides = (RmlSides *) DatumGetPointer(argument);

	for (int i = 0; i < 2; i++)
	{
		Side	   *side = &sides->side[i];

		if (!sides->texts)
			rml_sorter_close(&side->numbers);
		if (side->texts.sort != NULL)
			tuplesort_end(side->texts.sort);
		side->texts.sort = NULL;
	}
}

RmlSides *
rml_sides_of(FunctionCallInfo fcinfo, bool texts)
{
	MemoryContext context;
	RmlSides   *sides;

	if (!PG_ARGISNULL(0))
		return (RmlSides *) PG_GETARG_POINTER(0);
	if (AggCheckCallContext(fcinfo, &context) != AGG_CONTEXT_AGGREGATE)
		elog(ERROR, "called outside of an aggregate");
	sides = MemoryContextAllocZero(context, sizeof(RmlSides));
	sides->context = context;
	sides->texts = texts;
	for (int i = 0; i < 2 && !texts; i++)
		rml_sorter_init(&sides->side[i].numbers, context, 1, 1, (Size) work_mem * 1024 / 2, true);
	AggRegisterCallback(fcinfo, close_sides, PointerGetDatum(sides));
	return sides;
}

/* ---- writing ---- */

void
rml_sides_put_number(RmlSides *sides, int which, double x)
{
	Side	   *side = &sides->side[which];

	if (isnan(x))
	{
		side->n_nans++;
		return;
	}
	*rml_sorter_put(&side->numbers) = rml_key_of_double(x);
	side->n++;
}

/* Bytewise, which is collation "C". */
static int
compare_texts(const void *a, const void *b)
{
	const text *x = (const text *) DatumGetPointer(*(const Datum *) a);
	const text *y = (const text *) DatumGetPointer(*(const Datum *) b);
	Size		n = VARSIZE_ANY_EXHDR(x);
	Size		m = VARSIZE_ANY_EXHDR(y);
	int			result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(n, m));

	return result != 0 ? result : n < m ? -1 : n > m;
}

static void
begin_sort(RmlSides *sides, Side *side)
{
	MemoryContext old = MemoryContextSwitchTo(sides->context);
	Texts	   *texts = &side->texts;

	texts->sort = tuplesort_begin_datum(TEXTOID, TextLessOperator, C_COLLATION_OID, false, Max(work_mem / 2, 64), NULL,
										TUPLESORT_RANDOMACCESS);
	MemoryContextSwitchTo(old);
	for (int64 i = 0; i < side->n; i++)
	{
		tuplesort_putdatum(texts->sort, texts->few[i], false);
		pfree(DatumGetPointer(texts->few[i]));
	}
	if (texts->few != NULL)
		pfree(texts->few);
	texts->few = NULL;
}

/* Keeps a copy in the array. */
static void
keep_text(RmlSides *sides, Side *side, const text *x)
{
	Texts	   *texts = &side->texts;
	Size		size = VARSIZE_ANY(x);
	text	   *copy = MemoryContextAlloc(sides->context, size);

	memcpy(copy, x, size);
	if (texts->few == NULL)
	{
		texts->room = 8;
		texts->few = MemoryContextAlloc(sides->context, (Size) texts->room * sizeof(Datum));
	}
	else if (side->n == texts->room)
	{
		texts->room *= 2;
		texts->few = repalloc(texts->few, (Size) texts->room * sizeof(Datum));
	}
	texts->few[side->n] = PointerGetDatum(copy);
	texts->bytes += size;
}

void
rml_sides_put_text(RmlSides *sides, int which, text *x)
{
	Side	   *side = &sides->side[which];

	if (side->texts.sort == NULL && (side->n >= FEW_TEXTS || side->texts.bytes >= FEW_BYTES))
		begin_sort(sides, side);
	if (side->texts.sort != NULL)
		tuplesort_putdatum(side->texts.sort, PointerGetDatum(x), false);
	else
		keep_text(sides, side, x);
	side->n++;
}

int64
rml_sides_rows(const RmlSides *sides, int side)
{
	return sides->side[side].n;
}

int64
rml_sides_nans(const RmlSides *sides, int side)
{
	return sides->side[side].n_nans;
}

/* ---- reading ---- */

static void
sort_side(Side *side)
{
	if (side->texts.sort != NULL)
		tuplesort_performsort(side->texts.sort);
	else if (side->texts.few != NULL)
		qsort(side->texts.few, (size_t) side->n, sizeof(Datum), compare_texts);
}

static void
rewind_side(RmlSides *sides, Side *side)
{
	if (!sides->texts)
		rml_sorter_rewind(&side->numbers);
	else if (side->texts.sort != NULL)
		tuplesort_rescan(side->texts.sort);
	side->texts.next = 0;
}

static void
advance_text(Side *side)
{
	Texts	   *texts = &side->texts;
	bool		is_null;

	side->owned = false;
	if (texts->sort == NULL)
	{
		side->ended = texts->next >= side->n;
		if (!side->ended)
			side->text = texts->few[texts->next++];
		return;
	}
	side->ended = !rml_tuplesort_getdatum(texts->sort, &side->text, &is_null);
	side->owned = !side->ended;
}

static inline void
advance_number(Side *side)
{
	const uint64 *record = rml_sorter_next(&side->numbers);

	side->ended = record == NULL;
	if (!side->ended)
		side->key = *record;
}

void
rml_sides_rewind(RmlSides *sides)
{
	for (int i = 0; i < 2; i++)
	{
		Side	   *side = &sides->side[i];

		if (!sides->sorted)
			sort_side(side);
		rewind_side(sides, side);
		if (sides->texts)
			advance_text(side);
		else
			advance_number(side);
	}
	sides->sorted = true;
	sides->owned = false;
}

/* The side whose next value is the smaller one. */
static Side *
first_side(RmlSides *sides)
{
	Side	   *a = &sides->side[RML_REFERENCE];
	Side	   *b = &sides->side[RML_CURRENT];

	if (a->ended || b->ended)
		return a->ended ? b : a;
	if (sides->texts)
		return compare_texts(&a->text, &b->text) <= 0 ? a : b;
	return a->key <= b->key ? a : b;
}

static void
next_number(RmlSides *sides, RmlSidesValue *value)
{
	uint64		key = first_side(sides)->key;

	for (int i = 0; i < 2; i++)
	{
		Side	   *side = &sides->side[i];

		for (; !side->ended && side->key == key; advance_number(side))
			value->rows[i]++;
	}
	value->number = rml_double_of_key(key);
}

static void
next_text(RmlSides *sides, RmlSidesValue *value)
{
	Side	   *first = first_side(sides);
	text	   *given;

	if (sides->owned)
		pfree(DatumGetPointer(sides->text));
	sides->text = first->text;
	sides->owned = first->owned;
	value->rows[first - sides->side] = 1;
	advance_text(first);
	for (int i = 0; i < 2; i++)
	{
		Side	   *side = &sides->side[i];

		for (; !side->ended && compare_texts(&side->text, &sides->text) == 0; advance_text(side))
		{
			CHECK_FOR_INTERRUPTS();
			value->rows[i]++;
			if (side->owned)
				pfree(DatumGetPointer(side->text));
		}
	}
	given = (text *) DatumGetPointer(sides->text);
	value->text = VARDATA_ANY(given);
	value->length = (int) VARSIZE_ANY_EXHDR(given);
}

bool
rml_sides_next(RmlSides *sides, RmlSidesValue *value)
{
	CHECK_FOR_INTERRUPTS();
	if (sides->side[RML_REFERENCE].ended && sides->side[RML_CURRENT].ended)
		return false;
	value->rows[RML_REFERENCE] = value->rows[RML_CURRENT] = 0;
	if (sides->texts)
		next_text(sides, value);
	else
		next_number(sides, value);
	return true;
}
