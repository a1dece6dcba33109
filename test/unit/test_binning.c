/* Optimal bins beside all divisions there are; weight of evidence and information value beside their formulas. */
#include <math.h>
#include <stdlib.h>

#include "host.h"
#include "math/binning.h"
#include "tap.h"

static RmlHost *host;

static bool
in_order(RmlMonotonic monotonic, RmlCell a, RmlCell b)
{
	int64_t		left = a.bads * (b.goods + b.bads);
	int64_t		right = b.bads * (a.goods + a.bads);

	return monotonic == RML_MONOTONIC_ASCENDING ? left <= right : monotonic == RML_MONOTONIC_DESCENDING ? left >= right : true;
}

/* The information value of a division, a bit of mask for each border; NAN if it breaks a rule. */
static double
value_of(const RmlCell *prebins, int n, unsigned mask, const RmlBinRules *rules, RmlMonotonic monotonic,
		 const RmlEvidence *evidence, int *n_bins)
{
	RmlCell		last = {0, 0};
	RmlCell		cell = {0, 0};
	double		iv = 0;

	*n_bins = 0;
	for (int i = 0; i < n; i++)
	{
		cell.goods += prebins[i].goods;
		cell.bads += prebins[i].bads;
		if (i < n - 1 && !(mask >> i & 1))
			continue;
		if (cell.goods + cell.bads < rules->min_rows || cell.goods + cell.bads == 0 || cell.goods < rules->min_events ||
			cell.bads < rules->min_events || (*n_bins > 0 && !in_order(monotonic, last, cell)))
			return NAN;
		iv += rml_iv(evidence, cell);
		(*n_bins)++;
		last = cell;
		cell = (RmlCell) {0, 0};
	}
	return *n_bins <= rules->max_bins ? iv : NAN;
}

/* The largest value of all divisions, and the fewest bins of it; NAN: there is none. */
static double
brute_force(const RmlCell *prebins, int n, const RmlBinRules *rules, const RmlEvidence *evidence, int *fewest)
{
	double		most = NAN;

	*fewest = 1;
	for (int order = RML_MONOTONIC_ASCENDING; order <= RML_MONOTONIC_NONE; order++)
	{
		if (rules->monotonic == RML_MONOTONIC_AUTO ? order == RML_MONOTONIC_NONE : order != (int) rules->monotonic)
			continue;
		for (unsigned mask = 0; mask < 1U << (n - 1); mask++)
		{
			int			n_bins;
			double		value = value_of(prebins, n, mask, rules, order, evidence, &n_bins);

			if (isnan(value) || value < most - 1e-10)
				continue;
			if (isnan(most) || value > most + 1e-10 || n_bins < *fewest)
				*fewest = n_bins;
			most = isnan(most) ? value : fmax(most, value);
		}
	}
	return most;
}

static unsigned
mask_of(const int *starts, int n_bins)
{
	unsigned	mask = 0;

	for (int i = 1; i < n_bins; i++)
		mask |= 1U << (starts[i] - 1);
	return mask;
}

static void
check_case(const RmlCell *prebins, int n, const RmlBinRules *rules, const RmlEvidence *evidence, int round)
{
	int			starts[16];
	int			fewest;
	int			n_bins = rml_bin(host, prebins, n, rules, evidence, starts);
	double		want = brute_force(prebins, n, rules, evidence, &fewest);
	double		got = NAN;
	int			counted;

	CHECK(n_bins >= 1 && n_bins <= n && starts[0] == 0, "round %d: %d bins", round, n_bins);
	for (int i = 1; i < n_bins; i++)
		CHECK(starts[i] > starts[i - 1] && starts[i] < n, "round %d: start %d", round, starts[i]);
	if (isnan(want))
	{
		CHECK_INT(n_bins, 1, "bins if no rules can be obeyed");
		return;
	}
	for (int order = RML_MONOTONIC_ASCENDING; order <= RML_MONOTONIC_NONE && isnan(got); order++)
	{
		if (rules->monotonic == RML_MONOTONIC_AUTO ? order != RML_MONOTONIC_NONE : order == (int) rules->monotonic)
			got = value_of(prebins, n, mask_of(starts, n_bins), rules, order, evidence, &counted);
	}
	CHECK(fabs(got - want) < 1e-10, "round %d: information value %.17g of the %.17g there is", round, got, want);
	CHECK_INT(n_bins, fewest, "bins of that value");
}

static void
test_random(void)
{
	int			divided = 0;
	int			impossible = 0;

	test("optimum beside all divisions");
	srand(25);
	for (int round = 0; round < 20000; round++)
	{
		RmlCell		prebins[10];
		int			n = 1 + rand() % 10;
		int			most = round % 3 == 0 ? 3 : 60;
		RmlEvidence evidence = {RML_LN_GOOD_BAD, {1 + rand() % 20, 1 + rand() % 20}, 0.5};
		RmlBinRules rules = {1 + rand() % 10, rand() % 40, 1 + rand() % 3, rand() % 4};
		int			starts[16];
		int			fewest;

		for (int i = 0; i < n; i++)
		{
			prebins[i] = (RmlCell) {rand() % most, rand() % most};
			evidence.total.goods += prebins[i].goods;
			evidence.total.bads += prebins[i].bads;
		}
		check_case(prebins, n, &rules, &evidence, round);
		divided += rml_bin(host, prebins, n, &rules, &evidence, starts) > 1;
		impossible += isnan(brute_force(prebins, n, &rules, &evidence, &fewest));
	}
	CHECK(divided > 5000 && impossible > 500, "%d divided, %d impossible", divided, impossible);
}

/* Bins of these prebins as text: the starts. */
static const char *
bins_of(const RmlCell *prebins, int n, const RmlBinRules *rules)
{
	static char text[1024];
	static int	starts[RML_MAX_PREBINS];
	RmlEvidence evidence = {RML_LN_GOOD_BAD, {0, 0}, 0.5};
	int			n_bins;
	int			length = 0;

	for (int i = 0; i < n; i++)
	{
		evidence.total.goods += prebins[i].goods;
		evidence.total.bads += prebins[i].bads;
	}
	evidence.total.goods += evidence.total.goods == 0;
	evidence.total.bads += evidence.total.bads == 0;
	n_bins = rml_bin(host, prebins, n, rules, &evidence, starts);
	for (int i = 0; i < n_bins && length < 1000; i++)
		length += snprintf(text + length, sizeof(text) - length, "%s%d", i > 0 ? " " : "", starts[i]);
	return text;
}

#define CHECK_BINS(want, rules, ...) \
	do { \
		static const RmlCell cells_[] = {__VA_ARGS__}; \
		const char *got_ = bins_of(cells_, sizeof(cells_) / sizeof(cells_[0]), rules); \
		CHECK(strcmp(got_, want) == 0, "got %s, expected %s", got_, want); \
	} while (0)

static void
test_edges(void)
{
	static const RmlBinRules free_rules = {8, 0, 0, RML_MONOTONIC_NONE};
	static const RmlBinRules rules = {8, 0, 1, RML_MONOTONIC_AUTO};
	static const RmlBinRules two = {2, 0, 1, RML_MONOTONIC_NONE};
	static const RmlBinRules large = {8, 1000, 1, RML_MONOTONIC_AUTO};

	test("degenerate prebins");
	CHECK_BINS("0", &rules, {5, 5});
	CHECK_BINS("0", &free_rules, {0, 0});
	CHECK_BINS("0", &rules, {0, 5}, {0, 7}, {0, 1});
	CHECK_BINS("0", &free_rules, {0, 5}, {0, 7}, {0, 1});
	CHECK_BINS("0", &rules, {5, 0}, {0, 5});
	CHECK_BINS("0 1", &free_rules, {5, 0}, {0, 5});
	CHECK_BINS("0", &rules, {0, 0}, {0, 0}, {3, 4});
	CHECK_BINS("0", &large, {30, 4}, {4, 30});

	test("empty prebins go to the right");
	CHECK_BINS("0 1", &rules, {9, 1}, {0, 0}, {0, 0}, {1, 9});

	test("equals: fewer bins, the leftmost, ascending");
	CHECK_BINS("0 2", &rules, {10, 1}, {20, 2}, {3, 3}, {7, 7});
	CHECK_BINS("0", &rules, {10, 1}, {20, 2}, {100, 10});
	CHECK_BINS("0 1", &two, {10, 20}, {15, 15}, {20, 10});
	/* up or down have as much */
	CHECK_BINS("0 2", &rules, {5, 15}, {15, 5}, {5, 15});

	test("most prebins there may be");
	{
		RmlCell		cells[RML_MAX_PREBINS];
		RmlBinRules all = {RML_MAX_PREBINS, 0, 1, RML_MONOTONIC_ASCENDING};

		for (int i = 0; i < RML_MAX_PREBINS; i++)
			cells[i] = (RmlCell) {INT64_C(1000000000000) - i, INT64_C(1000000000) * (1 + i)};
		for (int i = 1; i < RML_MAX_PREBINS; i += 2)
			cells[i] = cells[i - 1];
		CHECK(strncmp(bins_of(cells, RML_MAX_PREBINS, &all), "0 2 4 6 8 10 ", 13) == 0, "pairs of equals are one bin");
	}
}

static void
test_values(void)
{
	RmlEvidence evidence = {RML_LN_GOOD_BAD, {900, 100}, 0.5};

	test("weight of evidence, information value");
	CHECK(rml_woe(&evidence, (RmlCell) {300, 10}) == log((300 / 900.0) / (10 / 100.0)), "good over bad");
	CHECK(rml_iv(&evidence, (RmlCell) {300, 10}) == (300 / 900.0 - 0.1) * log((300 / 900.0) / 0.1), "value");
	CHECK(rml_woe(&evidence, (RmlCell) {9, 0}) == log((9.5 / 900) / (0.5 / 100)), "no bads");
	CHECK(rml_woe(&evidence, (RmlCell) {0, 4}) == log((0.5 / 900) / (4.5 / 100)), "no goods");
	CHECK(rml_woe(&evidence, (RmlCell) {0, 0}) == 0 && rml_iv(&evidence, (RmlCell) {0, 0}) == 0, "no rows");
	CHECK(rml_woe(&evidence, (RmlCell) {90, 10}) == 0 && rml_iv(&evidence, (RmlCell) {90, 10}) == 0, "as all");
	evidence.convention = RML_LN_BAD_GOOD;
	CHECK(rml_woe(&evidence, (RmlCell) {300, 10}) == log((10 / 100.0) / (300 / 900.0)), "bad over good");
	CHECK(rml_iv(&evidence, (RmlCell) {300, 10}) > 0, "value has no sign");
}

int
main(void)
{
	TestHost	memory;

	test_host_begin(&memory, SIZE_MAX);
	host = &memory.host;
	test_values();
	test_edges();
	test_random();
	CHECK_INT(memory.used, 0, "bytes that are left");
	test_host_end(&memory);
	return test_done();
}
