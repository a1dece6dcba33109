/*
 * test_deal.c
 *	  Which rows are held out, or to which fold they belong.
 */
#include "math/deal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "tap.h"

#define ROWS 5000
#define CLASSES 3

static RmlDealt rows[ROWS];

/* Rows of one value and a class. */
static void
make_rows(const float *values, uint64_t seed)
{
	for (int i = 0; i < ROWS; i++)
	{
		int			stratum = (int) values[i] % 97 % CLASSES;

		rows[i] = (RmlDealt) {.hash = rml_deal_values(seed, &values[i], 1), .stratum = stratum, .position = i};
	}
}

static void
random_values(float *values, uint32_t below)
{
	uint32_t	state = 17;

	for (int i = 0; i < ROWS; i++)
		values[i] = (float) gen_random(&state, below);
}

static void
shuffle(float *values)
{
	uint32_t	state = 5;

	for (uint32_t i = ROWS - 1; i > 0; i--)
	{
		uint32_t	j = gen_random(&state, i + 1);
		float		value = values[i];

		values[i] = values[j];
		values[j] = value;
	}
}

/* How many rows of a value have a role: counts[value * roles + role]. */
static int *
count_roles(const float *values, uint32_t below, int roles)
{
	int		   *counts = calloc((size_t) below * (size_t) roles, sizeof(int));

	for (int i = 0; i < ROWS; i++)
	{
		if (rows[i].position != i || rows[i].role < 0 || rows[i].role >= roles)
			abort();
		counts[(int) values[i] * roles + rows[i].role]++;
	}
	return counts;
}

static void
test_fraction(void)
{
	static const double fractions[] = {0.2, 0.5, 1.0 / 3, 0.001, 0.999};

	test("fraction of each class");
	for (size_t f = 0; f < sizeof(fractions) / sizeof(fractions[0]); f++)
	{
		int			sizes[CLASSES] = {0};
		int			held_out[CLASSES] = {0};
		float		values[ROWS];

		random_values(values, 1000);
		make_rows(values, 7);
		rml_deal_fraction(rows, ROWS, fractions[f], NULL);
		for (int i = 0; i < ROWS; i++)
		{
			sizes[rows[i].stratum]++;
			held_out[rows[i].stratum] += rows[i].role;
			CHECK(rows[i].position == i, "row %d is elsewhere", i);
		}
		for (int c = 0; c < CLASSES; c++)
			CHECK(held_out[c] == (int) floor(sizes[c] * fractions[f] + 0.5), "%d of %d at %g", held_out[c], sizes[c], fractions[f]);
	}
}

static void
test_folds(void)
{
	test("folds are even, within classes too");
	for (int folds = 2; folds <= 11; folds += 3)
	{
		int			sizes[12] = {0};
		int			of_class[CLASSES][12] = {{0}};
		float		values[ROWS];

		random_values(values, 1000);
		make_rows(values, 7);
		rml_deal_folds(rows, ROWS, folds, NULL);
		for (int i = 0; i < ROWS; i++)
		{
			CHECK(rows[i].role >= 1 && rows[i].role <= folds, "fold %d", rows[i].role);
			sizes[rows[i].role]++;
			of_class[rows[i].stratum][rows[i].role]++;
		}
		for (int k = 1; k <= folds; k++)
		{
			CHECK(abs(sizes[k] - sizes[1]) <= 1, "%d and %d rows", sizes[k], sizes[1]);
			for (int c = 0; c < CLASSES; c++)
				CHECK(abs(of_class[c][k] - of_class[c][1]) <= 1, "%d and %d rows of a class", of_class[c][k], of_class[c][1]);
		}
	}
}

/* Of equal rows as many have a role, whatever the order. */
static void
test_order(void)
{
	static const uint32_t distinct[] = {1, 7, 1000, 100000};

	test("the order of rows does not matter");
	for (size_t d = 0; d < sizeof(distinct) / sizeof(distinct[0]); d++)
	{
		float		values[ROWS];
		int		   *counts[4];

		random_values(values, distinct[d]);
		for (int shuffled = 0; shuffled < 2; shuffled++)
		{
			make_rows(values, 3);
			rml_deal_fraction(rows, ROWS, 0.3, NULL);
			counts[shuffled] = count_roles(values, distinct[d], 2);
			make_rows(values, 3);
			rml_deal_folds(rows, ROWS, 5, NULL);
			counts[2 + shuffled] = count_roles(values, distinct[d], 6);
			shuffle(values);
		}
		CHECK(memcmp(counts[0], counts[1], sizeof(int) * distinct[d] * 2) == 0, "fractions of %u values differ", distinct[d]);
		CHECK(memcmp(counts[2], counts[3], sizeof(int) * distinct[d] * 6) == 0, "folds of %u values differ", distinct[d]);
		for (int i = 0; i < 4; i++)
			free(counts[i]);
	}
}

/* Each as if by lot: of the 625 that are equal neither all or none are held out, nor exactly as many in each fold. */
static void
test_equal_rows(void)
{
	enum
	{
		VALUES = 8, FOLDS = 5
	};
	float		values[ROWS];
	int		   *counts;
	int			uneven = 0;

	test("equal rows are dealt apart");
	for (int i = 0; i < ROWS; i++)
		values[i] = (float) (i % VALUES);
	make_rows(values, 4);
	rml_deal_fraction(rows, ROWS, 0.2, NULL);
	counts = count_roles(values, VALUES, 2);
	for (int v = 0; v < VALUES; v++)
		CHECK(abs(counts[2 * v + 1] - ROWS / VALUES / 5) < ROWS / VALUES / 20, "%d of %d are held out", counts[2 * v + 1], ROWS / VALUES);
	free(counts);
	make_rows(values, 4);
	rml_deal_folds(rows, ROWS, FOLDS, NULL);
	counts = count_roles(values, VALUES, FOLDS + 1);
	for (int v = 0; v < VALUES; v++)
	{
		for (int k = 1; k <= FOLDS; k++)
			uneven += abs(counts[v * (FOLDS + 1) + k] - ROWS / VALUES / FOLDS) > 1;
	}
	CHECK(uneven > VALUES * FOLDS / 2, "%d of %d counts are even", VALUES * FOLDS - uneven, VALUES * FOLDS);
	free(counts);
}

static void
test_seed(void)
{
	float		values[ROWS];
	int			first[ROWS];
	int			same = 0;

	test("another seed deals otherwise");
	random_values(values, 1 << 20);
	make_rows(values, 1);
	rml_deal_folds(rows, ROWS, 5, NULL);
	for (int i = 0; i < ROWS; i++)
		first[i] = rows[i].role;
	make_rows(values, 2);
	rml_deal_folds(rows, ROWS, 5, NULL);
	for (int i = 0; i < ROWS; i++)
		same += rows[i].role == first[i];
	CHECK(same > ROWS / 5 - 200 && same < ROWS / 5 + 200, "%d of %d rows are in the same fold", same, ROWS);
}

static void
test_values(void)
{
	float		numbers[2] = {NAN, 1};
	float		others[2] = {-NAN, 1};
	float		swapped[2] = {1, NAN};

	test("hashes of values");
	CHECK(rml_deal_values(9, numbers, 2) == rml_deal_values(9, others, 2), "not a number has a sign");
	CHECK(rml_deal_values(9, numbers, 2) != rml_deal_values(9, swapped, 2), "columns may be swapped");
	CHECK(rml_deal_values(9, numbers, 2) != rml_deal_values(10, numbers, 2), "the seed does not matter");
	CHECK(rml_deal_values(9, numbers, 2) == rml_deal_mix(rml_deal_mix(9, 0x7fc00000u), 0x3f800000u), "values are not their bits");
}

static int looks;

static void
look(void)
{
	looks++;
}

/* More rows than are looked up from in between: all equal, ascending, descending, or as they come. */
static void
test_many(void)
{
	enum
	{
		n = 300000
	};
	RmlDealt   *many = calloc(n, sizeof(RmlDealt));

	test("many rows, of which it looks up");
	for (int kind = 0; kind < 4; kind++)
	{
		int			wrong = 0;
		int			sizes[8] = {0};

		for (int i = 0; i < n; i++)
		{
			uint64_t	hash = kind == 0 ? 1 : kind == 1 ? (uint64_t) i : kind == 2 ? (uint64_t) (n - i) : rml_deal_mix((uint64_t) i, 0);

			many[i] = (RmlDealt) {.hash = hash, .position = i};
		}
		looks = 0;
		rml_deal_folds(many, n, 7, look);
		for (int i = 0; i < n; i++)
		{
			int			expected = kind == 1 ? i % 7 + 1 : (n - 1 - i) % 7 + 1;

			wrong += many[i].position != i || ((kind == 1 || kind == 2) && many[i].role != expected);
			sizes[many[i].role & 7]++;
		}
		CHECK(wrong == 0, "kind %d: %d rows are wrong", kind, wrong);
		for (int fold = 1; fold <= 7; fold++)
			CHECK(sizes[fold] == n / 7 || sizes[fold] == n / 7 + 1, "kind %d: fold %d has %d rows", kind, fold, sizes[fold]);
		CHECK(looks > 5, "kind %d: looked up %d times", kind, looks);
	}
	free(many);
}

int
main(void)
{
	test_fraction();
	test_folds();
	test_order();
	test_equal_rows();
	test_seed();
	test_values();
	test_many();
	return test_done();
}
