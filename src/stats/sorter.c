/*
 * sorter.c
 *	  Sorts records of a few 64-bit words within a bound of memory.
 *
 * The first records stay in an array: a query may have as many sorters as groups,
 * and a tuplesort takes tens of kilobytes before its first record.  When the
 * array is full, its records go to a tuplesort, and it gathers the next ones.
 * Words are int8 there: what the server compares without calling a function.
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/tuplesort.h"

#include "compat.h"
#include "stats/sorter.h"

#define FIRST_ROOM 32			/* records */
#define MOST_BYTES 32768		/* of the array: half of the smallest work_mem */

static Size
record_size(const RmlSorter *sorter)
{
	return sizeof(uint64) * (Size) sorter->words;
}

/* Signed numbers compare as these unsigned ones do. */
static inline Datum
datum_of(uint64 word)
{
	return Int64GetDatum((int64) (word ^ UINT64CONST(0x8000000000000000)));
}

static inline uint64
word_of(Datum value)
{
	return (uint64) DatumGetInt64(value) ^ UINT64CONST(0x8000000000000000);
}

void
rml_sorter_init(RmlSorter *sorter, MemoryContext context, int words, int keys, Size budget, bool again)
{
	Assert(keys > 0 && keys <= words && words <= RML_SORTER_WORDS);
	memset(sorter, 0, sizeof(*sorter));
	sorter->context = context;
	sorter->words = words;
	sorter->keys = keys;
	sorter->budget = budget;
	sorter->again = again;
}

/* ---- writing ---- */

static void
begin_records(RmlSorter *sorter, int kilobytes, int options)
{
	TupleDesc	desc = CreateTemplateTupleDesc(sorter->words);
	AttrNumber	columns[RML_SORTER_WORDS];
	Oid			operators[RML_SORTER_WORDS];
	Oid			collations[RML_SORTER_WORDS] = {InvalidOid};
	bool		nulls_first[RML_SORTER_WORDS] = {false};

	for (int i = 0; i < sorter->words; i++)
	{
		columns[i] = (AttrNumber) (i + 1);
		operators[i] = Int8LessOperator;
		TupleDescInitBuiltinEntry(desc, columns[i], "word", INT8OID, -1, 0);
	}
	sorter->in = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	sorter->out = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	memset(sorter->in->tts_isnull, 0, sizeof(bool) * (Size) sorter->words);
	sorter->sort = tuplesort_begin_heap(desc, sorter->keys, columns, operators, collations, nulls_first, kilobytes, NULL,
										options);
}

static void
begin_sort(RmlSorter *sorter)
{
	MemoryContext old = MemoryContextSwitchTo(sorter->context);
	int			kilobytes = (int) Max(sorter->budget / 1024, 64);
	int			options = sorter->again ? TUPLESORT_RANDOMACCESS : TUPLESORT_NONE;

	if (sorter->words > 1)
		begin_records(sorter, kilobytes, options);
	else
		sorter->sort = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false, kilobytes, NULL, options);
	MemoryContextSwitchTo(old);
}

static void
put_record(RmlSorter *sorter, const uint64 *record)
{
	if (sorter->words == 1)
	{
		tuplesort_putdatum(sorter->sort, datum_of(*record), false);
		return;
	}
	ExecClearTuple(sorter->in);
	for (int i = 0; i < sorter->words; i++)
		sorter->in->tts_values[i] = datum_of(record[i]);
	ExecStoreVirtualTuple(sorter->in);
	tuplesort_puttupleslot(sorter->sort, sorter->in);
}

/* Empties the array. */
static void
hand_over(RmlSorter *sorter)
{
	CHECK_FOR_INTERRUPTS();
	if (sorter->sort == NULL)
		begin_sort(sorter);
	for (Size i = 0; i < sorter->used; i += (Size) sorter->words)
		put_record(sorter, sorter->data + i);
	sorter->count += sorter->used / (Size) sorter->words;
	sorter->used = 0;
}

void
rml_sorter_make_room(RmlSorter *sorter)
{
	Size		most = MOST_BYTES / record_size(sorter) * (Size) sorter->words;

	Assert(!sorter->sorted);
	if (sorter->data == NULL)
	{
		sorter->room = FIRST_ROOM * (Size) sorter->words;
		sorter->data = MemoryContextAlloc(sorter->context, sizeof(uint64) * sorter->room);
	}
	else if (sorter->room < most)
	{
		sorter->room = Min(sorter->room * 2, most);
		sorter->data = repalloc(sorter->data, sizeof(uint64) * sorter->room);
	}
	else
		hand_over(sorter);
}

/* ---- reading ---- */

static int
compare_records(const void *a, const void *b, void *keys)
{
	const uint64 *x = a;
	const uint64 *y = b;

	for (int i = 0; i < *(int *) keys; i++)
	{
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

static void
sort_all(RmlSorter *sorter)
{
	if (sorter->sort != NULL)
	{
		hand_over(sorter);
		tuplesort_performsort(sorter->sort);
	}
	else if (sorter->used > 0)
		qsort_arg(sorter->data, sorter->used / (Size) sorter->words, record_size(sorter), compare_records, &sorter->keys);
	sorter->sorted = true;
}

void
rml_sorter_rewind(RmlSorter *sorter)
{
	if (!sorter->sorted)
		sort_all(sorter);
	else if (sorter->sort != NULL)
	{
		Assert(sorter->again);
		tuplesort_rescan(sorter->sort);
	}
	sorter->at = 0;
}

const uint64 *
rml_sorter_next(RmlSorter *sorter)
{
	uint64	   *record = sorter->data;

	if (sorter->sort == NULL)
	{
		if (sorter->at == sorter->used)
			return NULL;
		record += sorter->at;
		sorter->at += (Size) sorter->words;
	}
	else if (sorter->words == 1)
	{
		Datum		value;
		bool		is_null;

		CHECK_FOR_INTERRUPTS();
		if (!rml_tuplesort_getdatum(sorter->sort, &value, &is_null))
			return NULL;
		*record = word_of(value);
	}
	else
	{
		CHECK_FOR_INTERRUPTS();
		if (!tuplesort_gettupleslot(sorter->sort, true, false, sorter->out, NULL))
			return NULL;
		slot_getallattrs(sorter->out);
		for (int i = 0; i < sorter->words; i++)
			record[i] = word_of(sorter->out->tts_values[i]);
	}
	return record;
}

void
rml_sorter_mark(RmlSorter *sorter)
{
	Assert(sorter->again);
	if (sorter->sort != NULL)
		tuplesort_markpos(sorter->sort);
	sorter->mark = sorter->at;
}

void
rml_sorter_restore(RmlSorter *sorter)
{
	if (sorter->sort != NULL)
		tuplesort_restorepos(sorter->sort);
	sorter->at = sorter->mark;
}

void
rml_sorter_close(RmlSorter *sorter)
{
	if (sorter->sort == NULL)
		return;
	if (sorter->words > 1)
	{
		ExecDropSingleTupleTableSlot(sorter->in);
		ExecDropSingleTupleTableSlot(sorter->out);
	}
	tuplesort_end(sorter->sort);
	sorter->sort = NULL;
}
