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
#include <stdbool.h>
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

/* ---- sorting: what libc has for it can neither be interrupted nor says how much memory it takes ---- */

#define FEW 16
#define MANY 0x10000			/* rows between two looks */

static inline bool
is_before(const RmlDealt *x, const RmlDealt *y)
{
	if (x->stratum != y->stratum)
		return x->stratum < y->stratum;
	if (x->hash != y->hash)
		return x->hash < y->hash;
	return x->position < y->position;
}

static inline void
swap(RmlDealt *x, RmlDealt *y)
{
	RmlDealt	row = *x;

	*x = *y;
	*y = row;
}

static void
sort_few(RmlDealt *rows, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		for (int64_t j = i; j > 0 && is_before(&rows[j], &rows[j - 1]); j--)
			swap(&rows[j], &rows[j - 1]);
	}
}

/* So that no row before the result, 1 to n - 1, belongs behind one after it. */
static int64_t
divide(RmlDealt *rows, int64_t n, RmlDealLook look)
{
	/* no order of rows is bad for long */
	RmlDealt	pivot = rows[mix((uint64_t) n) % (uint64_t) (n - 1)];
	int64_t		first = 0;
	int64_t		last = n - 1;

	for (int64_t steps = 1;; steps++)
	{
		if (look != NULL && steps % MANY == 0)
			look();
		for (; is_before(&rows[first], &pivot); first++)
			;
		for (; is_before(&pivot, &rows[last]); last--)
			;
		if (first >= last)
			return last + 1;
		swap(&rows[first++], &rows[last--]);
	}
}

static void
sort(RmlDealt *rows, int64_t n, RmlDealLook look)
{
	while (n > FEW)
	{
		int64_t		middle = divide(rows, n, look);

		/* the smaller part first, as deep as the logarithm of n */
		if (look != NULL && n > MANY)
			look();
		if (middle <= n / 2)
		{
			sort(rows, middle, look);
			rows += middle;
			n -= middle;
		}
		else
		{
			sort(rows + middle, n - middle, look);
			n = middle;
		}
	}
	sort_few(rows, n);
}

/* In their order, with equal rows as far apart as any. */
static void
order(RmlDealt *rows, int64_t n, RmlDealLook look)
{
	uint64_t	hash = 0;
	uint32_t	number = 0;
	bool		any = false;

	sort(rows, n, look);
	for (int64_t i = 0; i < n; i++)
	{
		bool		is_equal = i > 0 && rows[i].hash == hash && rows[i].stratum == rows[i - 1].stratum;

		hash = rows[i].hash;
		number = is_equal ? number + 1 : 0;
		if (is_equal)
			rows[i].hash = mix(hash ^ number);
		any = any || is_equal;
	}
	if (any)
		sort(rows, n, look);
}

/* Puts every row to its position among all: they are 0 to n - 1. */
static void
put_back(RmlDealt *rows, int64_t n, RmlDealLook look)
{
	int64_t		steps = 0;

	for (int64_t i = 0; i < n; i++)
	{
		for (; rows[i].position != i; steps++)
		{
			if (look != NULL && steps % MANY == 0)
				look();
			swap(&rows[i], &rows[rows[i].position]);
		}
	}
}

void
rml_deal_fraction(RmlDealt *rows, int64_t n, double fraction, RmlDealLook look)
{
	int64_t		next;

	order(rows, n, look);
	for (int64_t begin = 0; begin < n; begin = next)
	{
		int64_t		held_out;

		for (next = begin; next < n && rows[next].stratum == rows[begin].stratum; next++)
			;
		held_out = (int64_t) floor((double) (next - begin) * fraction + 0.5);
		for (int64_t i = begin; i < next; i++)
			rows[i].role = i - begin < held_out;
	}
	put_back(rows, n, look);
}

/* In turn, and on from class to class, so that folds are as even as can be, as a whole too. */
void
rml_deal_folds(RmlDealt *rows, int64_t n, int folds, RmlDealLook look)
{
	order(rows, n, look);
	for (int64_t i = 0; i < n; i++)
		rows[i].role = (int32_t) (i % folds) + 1;
	put_back(rows, n, look);
}
