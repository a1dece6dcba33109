/* Adverse reasons beside a slow choice of them, on random contributions; ties, groups, exclusions, signs. */
#include <math.h>
#include <stdlib.h>

#include "explain/reasons.h"
#include "tap.h"

#define MAX_ITEMS 40

static RmlReasonItem items[MAX_ITEMS];
static double contributions[MAX_ITEMS];
static RmlReason reasons[MAX_ITEMS];

/* Items that are each a group of their own. */
static void
single(int n, const double *values)
{
	for (int i = 0; i < n; i++)
	{
		items[i] = (RmlReasonItem) {.group = i};
		contributions[i] = values[i];
	}
}

static void
check_order(int n, int n_wanted, const int *wanted, const char *what)
{
	int			found = rml_reasons_find(items, contributions, n, n, reasons);

	CHECK_INT(found, n_wanted, what);
	for (int i = 0; i < found && i < n_wanted; i++)
		CHECK_INT(reasons[i].item, wanted[i], what);
}

static void
test_single(void)
{
	test("the most adverse first, none that helped");
	single(5, (double[]) {0.1, -0.7, 0.4, 0, 0.2});
	check_order(5, 3, (int[]) {2, 4, 0}, "increase");
	for (int i = 0; i < 5; i++)
		items[i].decrease = true;
	check_order(5, 1, (int[]) {1}, "decrease");
	CHECK(reasons[0].contribution == -0.7, "the contribution keeps its sign: %g", reasons[0].contribution);
	items[2].decrease = false;
	check_order(5, 2, (int[]) {1, 2}, "each item has its direction");

	test("ties by position, and what differs by rounding is a tie");
	single(4, (double[]) {0.1, 0.3, 0.1 + 0.2, 0.3});
	check_order(4, 4, (int[]) {1, 2, 3, 0}, "0.3");
	single(3, (double[]) {0.5 - 1e-9, 0.5 + 1e-9, 0.5});
	check_order(3, 3, (int[]) {0, 1, 2}, "0.5");
	single(3, (double[]) {0.5 - 1e-5, 0.5 + 1e-5, 0.5});
	check_order(3, 3, (int[]) {1, 2, 0}, "more than rounding");

	test("a rounding error is no reason, whatever the scale");
	single(3, (double[]) {1e-8, -1, 0.25});
	check_order(3, 1, (int[]) {2}, "of 1");
	single(3, (double[]) {0.1, -1e7, 10});
	check_order(3, 1, (int[]) {2}, "of 1e7");
	single(3, (double[]) {1e-8, -2e-8, 1e-9});
	check_order(3, 2, (int[]) {0, 2}, "small contributions are reasons where all are small");
	single(2, (double[]) {5e-324, -5e-324});
	(void) rml_reasons_find(items, contributions, 2, 2, reasons);

	test("nothing adverse, nothing at all, infinities, NaN");
	single(3, (double[]) {-1, -2, 0});
	check_order(3, 0, NULL, "all helped");
	single(2, (double[]) {0, 0});
	check_order(2, 0, NULL, "all 0");
	CHECK_INT(rml_reasons_find(items, contributions, 0, 0, reasons), 0, "no items");
	single(4, (double[]) {1, INFINITY, NAN, -INFINITY});
	check_order(4, 2, (int[]) {1, 0}, "infinite");
	single(2, (double[]) {NAN, 1});
	check_order(2, 1, (int[]) {1}, "NaN");
}

static void
test_groups(void)
{
	test("a group is the sum of its items, and as adverse as that");
	single(5, (double[]) {0.3, 0.2, 0.2, -0.5, 0.1});
	items[2].group = 1;
	check_order(5, 3, (int[]) {1, 0, 4}, "0.2 + 0.2");
	CHECK(reasons[0].contribution == 0.4, "sum: %g", reasons[0].contribution);
	items[3].group = 1;
	check_order(5, 2, (int[]) {0, 4}, "0.2 + 0.2 - 0.5 helped");
	items[3].excluded = true;
	check_order(5, 3, (int[]) {1, 0, 4}, "an excluded item is no part of it");
	items[0].excluded = items[1].excluded = items[2].excluded = true;
	check_order(5, 1, (int[]) {4}, "a group of excluded ones is no reason");

	test("a group is named by its most adverse item, the first of equals");
	single(4, (double[]) {0.1, 0.3, 0.3, 0.4});
	for (int i = 0; i < 4; i++)
		items[i].group = i < 3 ? 0 : 1;
	check_order(4, 2, (int[]) {1, 3}, "0.1 + 0.3 + 0.3");
	CHECK_INT(reasons[0].first, 0, "first");
	single(3, (double[]) {-0.2, 0.3, 0.3});
	items[1].group = 0;
	items[2].group = 1;
	check_order(3, 2, (int[]) {2, 1}, "0.3 before 0.3 - 0.2");
	single(3, (double[]) {0.2, 0.3, 0.1});
	items[2].group = 0;
	check_order(3, 2, (int[]) {0, 1}, "a tie goes to the group whose first item is first");
}

/* The choice by its definition: repeatedly the most adverse group that is left. */
static int
find_slowly(int n, int n_groups, int *groups)
{
	double		sums[MAX_ITEMS];
	int			found = 0;
	bool		done[MAX_ITEMS] = {false};

	for (int g = 0; g < n_groups; g++)
	{
		sums[g] = 0;
		for (int i = 0; i < n; i++)
		{
			if (items[i].group == g && !items[i].excluded)
				sums[g] += items[i].decrease ? -contributions[i] : contributions[i];
		}
	}
	for (;;)
	{
		int			best = -1;

		/* groups are numbered by their first items */
		for (int g = 0; g < n_groups; g++)
		{
			if (!done[g] && sums[g] > 0 && (best < 0 || sums[g] > sums[best]))
				best = g;
		}
		if (best < 0)
			return found;
		done[best] = true;
		groups[found++] = best;
	}
}

static void
test_random(void)
{
	test("random items, groups, directions and exclusions beside a slow choice");
	srand(11);
	for (int round = 0; round < 20000; round++)
	{
		int			n = 1 + rand() % MAX_ITEMS;
		int			n_groups = 0;
		int			wanted[MAX_ITEMS];
		int			n_wanted;
		int			found;
		bool		decrease = rand() % 2;

		for (int i = 0; i < n; i++)
		{
			/* few values, so that there are ties, and sums of them are exact */
			contributions[i] = (rand() % 33 - 16) / 16.0;
			items[i].group = rand() % 3 > 0 || n_groups == 0 ? n_groups++ : rand() % n_groups;
			items[i].decrease = decrease;
			items[i].excluded = false;
		}
		for (int i = 0; i < n; i++)
		{
			/* the first of a group stays, as it says where the group is */
			bool		first = true;

			for (int j = 0; j < i; j++)
				first = first && items[j].group != items[i].group;
			items[i].excluded = !first && rand() % 5 == 0;
		}
		n_wanted = find_slowly(n, n_groups, wanted);
		found = rml_reasons_find(items, contributions, n, n_groups, reasons);
		CHECK_INT(found, n_wanted, "how many");
		for (int i = 0; i < found && i < n_wanted; i++)
		{
			CHECK_INT(items[reasons[i].item].group, wanted[i], "group");
			CHECK(!items[reasons[i].item].excluded, "an excluded item names a reason");
			CHECK(decrease ? reasons[i].contribution < 0 : reasons[i].contribution > 0, "a reason that helped");
			for (int j = 0; j < n; j++)
			{
				if (items[j].group == wanted[i] && !items[j].excluded)
					CHECK(decrease ? contributions[j] >= contributions[reasons[i].item] : contributions[j] <= contributions[reasons[i].item],
						  "another item is more adverse");
			}
		}
	}
}

int
main(void)
{
	test_single();
	test_groups();
	test_random();
	return test_done();
}
