/*
 * sorted.c
 *	  Numbers, ascending: in memory, or by tuplesort.
 *
 * In memory, numbers are sorted as 64-bit keys, from the lowest digit of 11 bits to the highest; a digit that all keys have in
 * common takes no pass.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "recipe/sorted.h"
#include "stats/sorter.h"

#define DIGIT_BITS 11
#define DIGIT_SIZE (1 << DIGIT_BITS)
#define N_DIGITS ((64 + DIGIT_BITS - 1) / DIGIT_BITS)
#define BLOCK 4096				/* values that are read at once */

struct RmlSorted
{
	int64		count;
	int64		read;			/* values in front of the next block */
	uint64	   *keys;			/* NULL: they are in the sorter */
	RmlSorter	sorter;
	double	   *block;
	int			block_size;
};

RmlSorted *
rml_sorted_begin(int64 most)
{
	RmlSorted  *sorted = palloc0(sizeof(RmlSorted));
	Size		budget = (Size) maintenance_work_mem * 1024;

	sorted->block = palloc(sizeof(double) * BLOCK);
	if ((Size) most <= budget / (2 * sizeof(uint64)))
		sorted->keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64) * (Size) Max(most, 1));
	else
		rml_sorter_init(&sorted->sorter, CurrentMemoryContext, 1, 1, budget, true);
	return sorted;
}

void
rml_sorted_put(RmlSorted *sorted, const double *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (isnan(values[i]))
			continue;
		if (sorted->keys != NULL)
			sorted->keys[sorted->count] = rml_key_of_double(values[i]);
		else
			*rml_sorter_put(&sorted->sorter) = rml_key_of_double(values[i]);
		sorted->count++;
	}
}

/* ---- sorting in memory ---- */

static inline int
digit_of(uint64 key, int digit)
{
	return (int) (key >> (digit * DIGIT_BITS)) & (DIGIT_SIZE - 1);
}

static void
count_digits(const uint64 *keys, int64 n, int64 (*counts)[DIGIT_SIZE])
{
	memset(counts, 0, sizeof(int64) * N_DIGITS * DIGIT_SIZE);
	for (int64 i = 0; i < n; i++)
	{
		for (int digit = 0; digit < N_DIGITS; digit++)
			counts[digit][digit_of(keys[i], digit)]++;
	}
}

/* Sorts by one digit, and keeps the order of keys that are equal there. */
static void
move_by_digit(const uint64 *from, uint64 *to, int64 n, int digit, int64 *counts)
{
	int64		place = 0;

	for (int i = 0; i < DIGIT_SIZE; i++)
	{
		int64		count = counts[i];

		counts[i] = place;
		place += count;
	}
	for (int64 i = 0; i < n; i++)
		to[counts[digit_of(from[i], digit)]++] = from[i];
}

static void
sort_in_memory(RmlSorted *sorted)
{
	uint64	   *from = sorted->keys;
	uint64	   *to = MemoryContextAllocHuge(GetMemoryChunkContext(sorted), sizeof(uint64) * (Size) Max(sorted->count, 1));
	int64		(*counts)[DIGIT_SIZE] = palloc(sizeof(int64) * N_DIGITS * DIGIT_SIZE);

	count_digits(from, sorted->count, counts);
	for (int digit = 0; digit < N_DIGITS; digit++)
	{
		uint64	   *sorted_keys = to;

		CHECK_FOR_INTERRUPTS();
		if (sorted->count == 0 || counts[digit][digit_of(from[0], digit)] == sorted->count)
			continue;
		move_by_digit(from, to, sorted->count, digit, counts[digit]);
		to = from;
		from = sorted_keys;
	}
	sorted->keys = from;
	pfree(to);
	pfree(counts);
}

void
rml_sorted_finish(RmlSorted *sorted)
{
	if (sorted->keys != NULL)
		sort_in_memory(sorted);
	rml_sorted_rewind(sorted);
}

/* ---- reading ---- */

int64
rml_sorted_count(const RmlSorted *sorted)
{
	return sorted->count;
}

void
rml_sorted_rewind(RmlSorted *sorted)
{
	if (sorted->keys == NULL)
		rml_sorter_rewind(&sorted->sorter);
	sorted->read = 0;
	sorted->block_size = 0;
}

const double *
rml_sorted_next(RmlSorted *sorted, int *n)
{
	CHECK_FOR_INTERRUPTS();
	*n = (int) Min(sorted->count - sorted->read, BLOCK);
	for (int i = 0; i < *n; i++)
		sorted->block[i] = rml_double_of_key(sorted->keys != NULL ? sorted->keys[sorted->read + i] : *rml_sorter_next(&sorted->sorter));
	sorted->read += *n;
	sorted->block_size = *n;
	return *n > 0 ? sorted->block : NULL;
}

void
rml_sorted_free(RmlSorted *sorted)
{
	if (sorted->block == NULL)
		return;
	if (sorted->keys == NULL)
		rml_sorter_close(&sorted->sorter);
	else
		pfree(sorted->keys);
	pfree(sorted->block);
	sorted->block = NULL;
}

/* ---- quantiles ---- */

/* The value at a place from 0, and the one before it.  Places ascend from call to call. */
static double
value_at(RmlSorted *sorted, int64 place, double *before)
{
	int			n;

	if (sorted->keys != NULL)
	{
		if (place > 0)
			*before = rml_double_of_key(sorted->keys[place - 1]);
		return rml_double_of_key(sorted->keys[place]);
	}
	while (place >= sorted->read)
	{
		if (sorted->block_size > 0)
			*before = sorted->block[sorted->block_size - 1];
		(void) rml_sorted_next(sorted, &n);
	}
	place -= sorted->read - sorted->block_size;
	if (place > 0)
		*before = sorted->block[place - 1];
	return sorted->block[place];
}

/* As numpy interpolates, from the nearer end. */
static double
interpolate(double a, double b, double t)
{
	double		difference = b - a;

	if (t == 0 || a == b)
		return a;
	return t >= 0.5 ? b - difference * (1 - t) : a + difference * t;
}

void
rml_sorted_quantiles(RmlSorted *sorted, const double *q, int n, double *values)
{
	double		before = 0;
	double		last = (double) (sorted->count - 1);

	/* ascending, so that one pass finds all */
	Assert(sorted->count > 0);
	rml_sorted_rewind(sorted);
	for (int i = 0; i < n; i++)
	{
		double		place = last * q[i];
		double		below = floor(place);
		double		value = value_at(sorted, Min((int64) below + 1, sorted->count - 1), &before);

		Assert(i == 0 || q[i] >= q[i - 1]);
		values[i] = place >= last ? value : interpolate(before, value, place - below);
	}
}
