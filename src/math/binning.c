/*
 * binning.c
 *	  Weight of evidence, information value, and the bins of a variable that have the most of it.
 *
 * The optimum is exact: dynamic programming over the first bin of what is left to be divided, from the right to the left.
 * best[i][j] is the largest information value of prebins i to the end in k bins, of which the first ends before j.
 *
 * Neighbouring bins never have equal shares of bads.  optbinning's constraint is not strict (cp.py,
 * add_constraint_monotonic_ascending: D[z] <= D[i]), but merging such bins keeps the information value, the other rules
 * and the order, and among equals the fewest bins are taken; so its optimum has the same value, of no more bins than needed.
 *
 * Values that differ by 1e-12 of themselves count as equal, as rounding is all that they differ by: then fewer bins win, then
 * bins that begin further left, ascending before descending.  If no division obeys the rules, all is one bin.
 */
#include "math/binning.h"

#include <math.h>

double
rml_woe_of(double goods, double bads, double total_goods, double total_bads, RmlWoeConvention convention, double zero_adjust)
{
	double		adjust = goods == 0 || bads == 0 ? zero_adjust : 0;
	double		good_share = (goods + adjust) / total_goods;
	double		bad_share = (bads + adjust) / total_bads;

	if (goods == 0 && bads == 0)
		return 0;
	return convention == RML_LN_GOOD_BAD ? log(good_share / bad_share) : log(bad_share / good_share);
}

double
rml_woe(const RmlEvidence *evidence, RmlCell cell)
{
	return rml_woe_of(cell.goods, cell.bads, evidence->total.goods, evidence->total.bads, evidence->convention,
					  evidence->zero_adjust);
}

double
rml_iv(const RmlEvidence *evidence, RmlCell cell)
{
	double		adjust = cell.goods == 0 || cell.bads == 0 ? evidence->zero_adjust : 0;
	double		goods = (cell.goods + adjust) / evidence->total.goods;
	double		bads = (cell.bads + adjust) / evidence->total.bads;

	if (cell.goods == 0 && cell.bads == 0)
		return 0;
	return (goods - bads) * log(goods / bads);
}

/* The bins that may be, [i, j) at i * (n + 1) + j, and the best divisions that begin with each. */
typedef struct Search
{
	RmlHost    *host;
	int			n;
	int			max_bins;
	double	   *iv;				/* NAN: the bin breaks a rule */
	double	   *rate;			/* bads among its rows: equal fractions are equal doubles */
	double	   *best;			/* in k bins; -INFINITY: none */
	double	   *shorter;		/* in k - 1 bins */
	int16_t    *next;			/* [k - 1]: where the bin after the first ends */
} Search;

static inline int
at(const Search *search, int i, int j)
{
	return i * (search->n + 1) + j;
}

static inline bool
is_more(double a, double b)
{
	return a > b + 1e-12 * fabs(a);
}

static void
search_begin(Search *search, RmlHost *host, const RmlCell *prebins, int n, const RmlBinRules *rules,
			 const RmlEvidence *evidence)
{
	size_t		size = (size_t) (n + 1) * (n + 1);

	search->host = host;
	search->n = n;
	search->max_bins = rules->max_bins < n ? rules->max_bins : n;
	search->iv = rml_alloc(host, size * sizeof(double));
	search->rate = rml_alloc(host, size * sizeof(double));
	search->best = rml_alloc(host, size * sizeof(double));
	search->shorter = rml_alloc(host, size * sizeof(double));
	search->next = rml_alloc(host, size * search->max_bins * sizeof(int16_t));
	for (int i = 0; i < n; i++)
	{
		RmlCell		cell = {0, 0};

		for (int j = i + 1; j <= n; j++)
		{
			int64_t		rows;

			cell.goods += prebins[j - 1].goods;
			cell.bads += prebins[j - 1].bads;
			rows = cell.goods + cell.bads;
			search->rate[at(search, i, j)] = rows == 0 ? 0 : (double) cell.bads / rows;
			search->iv[at(search, i, j)] = rows == 0 || rows < rules->min_rows || cell.goods < rules->min_events ||
				cell.bads < rules->min_events ? NAN : rml_iv(evidence, cell);
		}
	}
}

static void
search_end(Search *search)
{
	search->host->release(search->host, search->iv);
	search->host->release(search->host, search->rate);
	search->host->release(search->host, search->best);
	search->host->release(search->host, search->shorter);
	search->host->release(search->host, search->next);
}

/* May a bin with this share of bads come before one with that? */
static inline bool
may_precede(RmlMonotonic monotonic, double a, double b)
{
	return monotonic == RML_MONOTONIC_ASCENDING ? a < b : monotonic == RML_MONOTONIC_DESCENDING ? a > b : a != b;
}

/* Fills best and next, for k bins from shorter, of all divisions that begin at i. */
static void
prepend(Search *search, RmlMonotonic monotonic, int k, int i)
{
	int			n = search->n;
	int16_t    *next = search->next + (size_t) (k - 1) * (n + 1) * (n + 1);

	for (int j = i + 1; j <= n; j++)
	{
		int			first = at(search, i, j);
		double		rest = k == 1 && j == n ? 0 : -INFINITY;

		next[first] = 0;
		for (int end = j + 1; k > 1 && end <= n; end++)
		{
			int			second = at(search, j, end);

			if (is_more(search->shorter[second], rest) &&
				may_precede(monotonic, search->rate[first], search->rate[second]))
			{
				rest = search->shorter[second];
				next[first] = end;
			}
		}
		search->best[first] = isnan(search->iv[first]) ? -INFINITY : search->iv[first] + rest;
	}
	rml_poll(search->host);
}

/* Writes down the division into k bins that begins with [0, end). */
static void
follow(const Search *search, int k, int end, int *starts)
{
	int			start = 0;

	for (int bin = 0; bin < k; bin++)
	{
		int			next = search->next[((size_t) (k - 1 - bin) * (search->n + 1) + start) * (search->n + 1) + end];

		starts[bin] = start;
		start = end;
		end = next;
	}
}

/* The best division by one rule of order, if it is better than what there is. */
static void
search_run(Search *search, RmlMonotonic monotonic, double *found, int *n_bins, int *starts)
{
	for (int k = 1; k <= search->max_bins; k++)
	{
		double		most = -INFINITY;
		int			end = 0;
		double	   *swap;

		for (int i = search->n - 1; i >= 0; i--)
			prepend(search, monotonic, k, i);
		for (int j = 1; j <= search->n; j++)
		{
			if (is_more(search->best[at(search, 0, j)], most))
			{
				most = search->best[at(search, 0, j)];
				end = j;
			}
		}
		/* among equals, the fewest bins: a later rule of order may need fewer */
		if (is_more(most, *found) || (k < *n_bins && end > 0 && !is_more(*found, most)))
		{
			*found = most;
			*n_bins = k;
			follow(search, k, end, starts);
		}
		swap = search->shorter;
		search->shorter = search->best;
		search->best = swap;
	}
}

int
rml_bin(RmlHost *host, const RmlCell *prebins, int n, const RmlBinRules *rules, const RmlEvidence *evidence, int *starts)
{
	Search		search;
	double		found = -INFINITY;
	int			n_bins = 1;

	starts[0] = 0;
	search_begin(&search, host, prebins, n, rules, evidence);
	if (rules->monotonic == RML_MONOTONIC_AUTO)
	{
		search_run(&search, RML_MONOTONIC_ASCENDING, &found, &n_bins, starts);
		search_run(&search, RML_MONOTONIC_DESCENDING, &found, &n_bins, starts);
	}
	else
		search_run(&search, rules->monotonic, &found, &n_bins, starts);
	search_end(&search);
	return n_bins;
}
