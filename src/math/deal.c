/*
 * deal.c
 *	  Which rows are held out, or to which fold they belong.
 *
 * Rows are ordered by a hash of what is in them, mixed with a seed, so that the order in which they come decides nothing: only
 * among equal rows it says which is which, and those do not differ.
 *
 * Equal rows are numbered, and the number goes into the hash.  If they stayed together, then of rows with few different values all that have
 * one label would be held out, and those with the other trained on, which teaches the wrong thing; if they were dealt in turn, each fold
 * would be a picture of the others, and tell of noise that it can be foretold.
 */
#include "math/deal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t
rml_deal_mix(uint64_t hash, uint32_t bits)
{
	return mix(hash ^ bits);
}

uint64_t
rml_deal_values(uint64_t hash, const float *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		uint32_t	bits = 0x7fc00000u;

		if (!isnan(values[i]))
			memcpy(&bits, &values[i], sizeof(bits));
		hash = mix(hash ^ bits);
	}
	return hash;
}

static int
compare(const void *a, const void *b)
{
	const RmlDealt *x = a;
	const RmlDealt *y = b;

	if (x->stratum != y->stratum)
		return x->stratum < y->stratum ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

/* In their order, with equal rows as far apart as any. */
static void
sort(RmlDealt *rows, int64_t n)
{
	uint64_t	hash = 0;
	uint32_t	number = 0;
	int			any = 0;

	qsort(rows, (size_t) n, sizeof(RmlDealt), compare);
	for (int64_t i = 0; i < n; i++)
	{
		int			is_equal = i > 0 && rows[i].hash == hash && rows[i].stratum == rows[i - 1].stratum;

		hash = rows[i].hash;
		number = is_equal ? number + 1 : 0;
		if (is_equal)
			rows[i].hash = mix(hash ^ number);
		any = any || is_equal;
	}
	if (any)
		qsort(rows, (size_t) n, sizeof(RmlDealt), compare);
}

/* Puts every row to its position among all: they are 0 to n - 1. */
static void
put_back(RmlDealt *rows, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		while (rows[i].position != i)
		{
			RmlDealt	row = rows[i];

			rows[i] = rows[row.position];
			rows[row.position] = row;
		}
	}
}

void
rml_deal_fraction(RmlDealt *rows, int64_t n, double fraction)
{
	int64_t		next;

	sort(rows, n);
	for (int64_t begin = 0; begin < n; begin = next)
	{
		int64_t		held_out;

		for (next = begin; next < n && rows[next].stratum == rows[begin].stratum; next++)
			;
		held_out = (int64_t) floor((double) (next - begin) * fraction + 0.5);
		for (int64_t i = begin; i < next; i++)
			rows[i].role = i - begin < held_out;
	}
	put_back(rows, n);
}

/* In turn, and on from class to class, so that folds are as even as can be, as a whole too. */
void
rml_deal_folds(RmlDealt *rows, int64_t n, int folds)
{
	sort(rows, n);
	for (int64_t i = 0; i < n; i++)
		rows[i].role = (int32_t) (i % folds) + 1;
	put_back(rows, n);
}
