/*
 * woe_fit.c
 *	  Finds the bins of a step woe, and counts their rows.
 *
 * Numbers: one scan sorts what is neither missing nor special, goods and bads apart.  Merged, they are cut into prebins: one for
 * each value if there are at most max_prebins of them, else by their quantiles, where a prebin begins with the value of rank
 * floor(i n / max_prebins), from 0.  Edges are finite, so that infinite values are in the outer bins.
 *
 * Texts: one scan counts each category.  They are ordered by their share of bads, then by their bytes; those of equal shares are
 * one prebin, and if there are more than max_prebins, neighbours are put together until there are as many, of about equal numbers of
 * rows.  The bins' shares of bads ascend, whatever `monotonic` is.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "recipe/op.h"
#include "recipe/sorted.h"
#include "recipe/woe.h"
#include "registry/server.h"

/* Rows that a scan gives at once. */
#define FIT_BLOCK 4096

/* A scan that counts. */
typedef struct Counting Counting;
struct Counting
{
	const RmlWoe *woe;
	RmlWoeCounts *counts;
	RmlNumbers *special;		/* of numbers; NULL: there are none */
	RmlNumbers *numbers;		/* categories that are numbers */
	RmlDictionary *texts;		/* codes are of */
	int			n_codes;
	int		   *place;			/* of each code: number of its cell */
	void		(*set_places) (Counting *counting);	/* once all texts have codes: when a scan has begun */
	int64		bad_labels;		/* neither 0 nor 1 */
	RmlSorted  *sorted[2];		/* values of goods and of bads, while there are no bins, */
	RmlCell		sorted_rows;	/* and how many they are */
};

static RmlServerHost *
new_host(void)
{
	RmlServerHost *host = palloc(sizeof(RmlServerHost));

	rml_server_host_init(host, CurrentMemoryContext);
	return host;
}

static RmlNumbers *
new_numbers(const RmlCategories *categories)
{
	RmlNumbers *numbers = rml_numbers_create(&new_host()->host);

	for (int i = 0; i < categories->n; i++)
		(void) rml_numbers_add(numbers, categories->numbers[i]);
	return numbers;
}

static void
begin_counts(RmlWoeCounts *counts, const RmlWoe *woe)
{
	counts->unknown = woe->n_bins + rml_woe_specials(woe);
	counts->missing = counts->unknown + 1;
	counts->cells = palloc0(sizeof(RmlCell) * (counts->missing + 1));
	counts->total = (RmlCell) {0, 0};
}

/* ---- scans ---- */

static inline void
add_row(Counting *counting, RmlCell *cell, double label)
{
	if (label == 1)
	{
		cell->bads++;
		counting->counts->total.bads++;
	}
	else
	{
		counting->bad_labels += label != 0;
		cell->goods++;
		counting->counts->total.goods++;
	}
}

/* The number of edges that are not greater, without a branch that depends on them. */
static inline int
bin_of_number(const RmlWoe *woe, double value)
{
	const double *edge = woe->edges;
	int			n = woe->n_edges;

	if (n == 0)
		return 0;
	while (n > 1)
	{
		int			half = n / 2;

		edge += edge[half - 1] <= value ? half : 0;
		n -= half;
	}
	return (int) (edge - woe->edges) + (*edge <= value);
}

static inline int
place_of_number(const Counting *counting, double value)
{
	const RmlWoe *woe = counting->woe;
	int			found;

	if (isnan(value))
		return counting->counts->missing;
	if (counting->special != NULL && (found = rml_numbers_find(counting->special, value)) >= 0)
		return woe->n_bins + found;
	if (counting->numbers == NULL)
		return bin_of_number(woe, value);
	found = rml_numbers_find(counting->numbers, value);
	return found >= 0 ? woe->bin_of[found] : counting->counts->unknown;
}

static void
count_numbers(const double *values, const double *labels, int n, void *argument)
{
	Counting   *counting = argument;

	for (int i = 0; i < n; i++)
		add_row(counting, &counting->counts->cells[place_of_number(counting, values[i])], labels[i]);
}

/* Before there are bins: sorts what is for them, and counts the rest. */
static void
sort_numbers(const double *values, const double *labels, int n, void *argument)
{
	Counting   *counting = argument;
	RmlCell    *missing = &counting->counts->cells[counting->counts->missing];
	double		parts[2][FIT_BLOCK];
	int			sizes[2] = {0, 0};

	Assert(n <= FIT_BLOCK);
	for (int i = 0; i < n; i++)
	{
		bool		is_bad = labels[i] == 1;
		int			special = -1;

		if (counting->special != NULL && !isnan(values[i]))
			special = rml_numbers_find(counting->special, values[i]);
		add_row(counting, isnan(values[i]) ? missing : special >= 0 ? &counting->counts->cells[special] : &counting->sorted_rows, labels[i]);
		parts[is_bad][sizes[is_bad]] = values[i];
		sizes[is_bad] += special < 0;
	}
	rml_sorted_put(counting->sorted[0], parts[0], sizes[0]);
	rml_sorted_put(counting->sorted[1], parts[1], sizes[1]);
}

static void
count_codes(const double *values, const double *labels, int n, void *argument)
{
	Counting   *counting = argument;

	if (counting->place == NULL)
		counting->set_places(counting);
	for (int i = 0; i < n; i++)
	{
		int			place = isnan(values[i]) ? counting->counts->missing :
			values[i] < 0 || values[i] >= counting->n_codes ? counting->counts->unknown : counting->place[(int) values[i]];

		add_row(counting, &counting->counts->cells[place], labels[i]);
	}
}

static void
begin_places(Counting *counting, int place)
{
	counting->n_codes = rml_dictionary_count(counting->texts);
	counting->place = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * ((Size) counting->n_codes + 1));
	for (int i = 0; i < counting->n_codes; i++)
		counting->place[i] = place;
}

/* Where rows of categories are counted: in the cell that bin_of has, or, if that is NULL, in one for each from `first` on. */
static void
place_categories(Counting *counting, const RmlCategories *categories, const int *bin_of, int first)
{
	for (int i = 0; categories != NULL && i < categories->n; i++)
	{
		int			code = rml_dictionary_find(counting->texts, categories->texts[i], categories->lengths[i]);

		if (code >= 0)
			counting->place[code] = bin_of != NULL ? bin_of[i] : first + i;
	}
}

/* Bins are known. */
static void
place_bins(Counting *counting)
{
	begin_places(counting, counting->counts->unknown);
	place_categories(counting, counting->woe->categories, counting->woe->bin_of, 0);
	place_categories(counting, counting->woe->special_values, NULL, counting->woe->n_bins);
}

static void
check_labels(const Counting *counting, RmlFitting *fitting)
{
	RmlCell		total = counting->counts->total;

	if (counting->bad_labels > 0)
		rml_fit_error(fitting, ERRCODE_INVALID_PARAMETER_VALUE, "1 is bad, the event, and 0 is good.",
					  "the label is neither 0 nor 1 in " INT64_FORMAT " rows", counting->bad_labels);
	if (total.goods == 0 || total.bads == 0)
		rml_fit_error(fitting, ERRCODE_INVALID_PARAMETER_VALUE, "Weight of evidence needs rows of both.",
					  total.goods + total.bads == 0 ? "there are no rows" : "the label is %d in all rows", total.goods == 0);
}

/* Counts the rows of bins that are known. */
static void
count_bins(const RmlStep *step, RmlFitting *fitting, const RmlWoe *woe, RmlWoeCounts *counts)
{
	const RmlOperand *operand = &step->inputs[0];
	Counting	counting = {.woe = woe, .counts = counts};

	begin_counts(counts, woe);
	if (rml_operand_kind(operand) == RML_KIND_TEXT)
	{
		counting.texts = rml_fit_dictionary(fitting, operand);
		counting.set_places = place_bins;
		rml_fit_scan(fitting, operand, true, count_codes, &counting);
	}
	else
	{
		counting.special = rml_woe_specials(woe) > 0 ? new_numbers(woe->special_values) : NULL;
		counting.numbers = woe->categories != NULL ? new_numbers(woe->categories) : NULL;
		rml_fit_scan(fitting, operand, true, count_numbers, &counting);
	}
	check_labels(&counting, fitting);
}

/* ---- merging prebins ---- */

RmlEvidence
rml_woe_evidence(const RmlWoe *woe, const RmlWoeCounts *counts)
{
	return (RmlEvidence) {woe->convention, counts->total, woe->zero_adjust};
}

/* The bins' first prebins; returns how many there are. */
static int
merge_prebins(RmlWoe *woe, const RmlWoeCounts *counts, const RmlCell *prebins, int n, RmlMonotonic monotonic, int *starts)
{
	RmlHost    *host = &new_host()->host;
	RmlBinRules rules = woe->rules;
	RmlEvidence evidence = rml_woe_evidence(woe, counts);
	int			pure_starts[RML_MAX_PREBINS];
	int			n_bins;

	rules.monotonic = monotonic;
	/* what rounding adds to a share of rows makes no row */
	rules.min_rows = (int64) ceil(woe->min_bin_size * (counts->total.goods + counts->total.bads) - 1e-6);
	n_bins = rml_bin(host, prebins, n, &rules, &evidence, starts);
	if (n_bins == 1 && rules.min_events > 0)
	{
		rules.min_events = 1;
		woe->is_pure = rml_bin(host, prebins, n, &rules, &evidence, pure_starts) == 1;
		rules.min_events = 0;
		woe->is_pure = woe->is_pure && rml_bin(host, prebins, n, &rules, &evidence, pure_starts) > 1;
	}
	return n_bins;
}

/* Counts of bins in the place of those of prebins. */
static void
merge_counts(RmlWoeCounts *counts, RmlWoe *woe, int n_prebins, const int *starts, int n_bins)
{
	RmlWoeCounts merged;

	woe->n_bins = n_bins;
	begin_counts(&merged, woe);
	merged.total = counts->total;
	for (int bin = 0; bin < n_bins; bin++)
	{
		for (int i = starts[bin]; i < (bin + 1 < n_bins ? starts[bin + 1] : n_prebins); i++)
		{
			merged.cells[bin].goods += counts->cells[i].goods;
			merged.cells[bin].bads += counts->cells[i].bads;
		}
	}
	memcpy(&merged.cells[n_bins], &counts->cells[n_prebins], sizeof(RmlCell) * (merged.missing + 1 - n_bins));
	*counts = merged;
}

/* ---- numbers ---- */

/* Sorted values of goods and of bads, merged. */
typedef struct Merge
{
	RmlSorted  *sorted[2];
	const double *values[2];	/* what has been read of each, and not been merged */
	int			n[2];
} Merge;

static void
refill(Merge *merge, int side)
{
	merge->values[side] = rml_sorted_next(merge->sorted[side], &merge->n[side]);
	if (merge->values[side] == NULL)
		merge->n[side] = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Skips this value; returns how often it was there. */
static inline int64
skip_equals(Merge *merge, int side, double value)
{
	int64		count = 0;

	while (merge->n[side] > 0 && *merge->values[side] == value)
	{
		count++;
		merge->values[side]++;
		if (--merge->n[side] == 0)
			refill(merge, side);
	}
	return count;
}

/* The next value, and the rows that have it. */
static inline bool
next_value(Merge *merge, double *value, RmlCell *rows)
{
	if (merge->n[0] == 0 && merge->n[1] == 0)
		return false;
	*value = merge->n[1] == 0 || (merge->n[0] > 0 && *merge->values[0] < *merge->values[1]) ? *merge->values[0] : *merge->values[1];
	rows->goods = skip_equals(merge, 0, *value);
	rows->bads = skip_equals(merge, 1, *value);
	return true;
}

/* Where a prebin may begin, and the rows before it. */
typedef struct Border
{
	double		value;
	RmlCell		before;
} Border;

/* Finds the borders of prebins; returns how many there are. */
static int
find_borders(Merge *merge, int64 count, int max_prebins, Border *distinct)
{
	Border		quantiles[RML_MAX_PREBINS];
	Border		here = {.before = {0, 0}};
	RmlCell		rows;
	int			n_distinct = 0;
	int			n_quantiles = 0;

	refill(merge, 0);
	refill(merge, 1);
	while (next_value(merge, &here.value, &rows))
	{
		int64		end = here.before.goods + here.before.bads + rows.goods + rows.bads;

		if (n_distinct < max_prebins)
			distinct[n_distinct] = here;
		n_distinct++;
		for (; n_quantiles < max_prebins && count * n_quantiles / max_prebins < end; n_quantiles++)
			quantiles[n_quantiles] = here;
		here.before.goods += rows.goods;
		here.before.bads += rows.bads;
	}
	if (n_distinct <= max_prebins)
		return n_distinct;
	memcpy(distinct, quantiles, sizeof(quantiles));
	return n_quantiles;
}

/* Prebins begin where borders are finite and each once, the first one with the least value. */
static void
set_prebins(RmlWoe *woe, RmlWoeCounts *counts, const Border *borders, int n, RmlCell all)
{
	RmlWoeCounts outside = *counts;
	RmlCell		before = {0, 0};
	RmlCell    *cell;

	woe->edges = palloc(sizeof(double) * (n + 1));
	woe->n_edges = 0;
	woe->n_bins = n + 1;
	begin_counts(counts, woe);
	cell = counts->cells;
	for (int i = 1; i < n; i++)
	{
		if (!isfinite(borders[i].value) || borders[i].value == borders[i - 1].value)
			continue;
		*cell++ = (RmlCell) {borders[i].before.goods - before.goods, borders[i].before.bads - before.bads};
		before = borders[i].before;
		woe->edges[woe->n_edges++] = borders[i].value;
	}
	*cell++ = (RmlCell) {all.goods - before.goods, all.bads - before.bads};
	woe->n_bins = woe->n_edges + 1;
	counts->unknown = woe->n_bins + outside.unknown;
	counts->missing = woe->n_bins + outside.missing;
	counts->total = outside.total;
	memcpy(cell, outside.cells, sizeof(RmlCell) * (outside.missing + 1));
}

static void
find_edges(const RmlStep *step, RmlFitting *fitting, RmlWoe *woe, RmlWoeCounts *counts)
{
	Counting	counting = {.woe = woe, .counts = counts};
	Merge		merge;
	Border		borders[RML_MAX_PREBINS];
	int			n_borders;
	int			starts[RML_MAX_PREBINS];
	int			n_prebins;
	int			n_bins;

	begin_counts(counts, woe);
	counting.special = rml_woe_specials(woe) > 0 ? new_numbers(woe->special_values) : NULL;
	for (int side = 0; side < 2; side++)
		merge.sorted[side] = counting.sorted[side] = rml_sorted_begin(rml_fit_rows(fitting));
	rml_fit_scan(fitting, &step->inputs[0], true, sort_numbers, &counting);
	check_labels(&counting, fitting);
	rml_sorted_finish(merge.sorted[0]);
	rml_sorted_finish(merge.sorted[1]);
	n_borders = find_borders(&merge, counting.sorted_rows.goods + counting.sorted_rows.bads, woe->max_prebins, borders);
	set_prebins(woe, counts, borders, n_borders, counting.sorted_rows);
	rml_sorted_free(merge.sorted[0]);
	rml_sorted_free(merge.sorted[1]);
	n_prebins = woe->n_bins;
	n_bins = merge_prebins(woe, counts, counts->cells, n_prebins, woe->rules.monotonic, starts);
	for (int i = 1; i < n_bins; i++)
		woe->edges[i - 1] = woe->edges[starts[i] - 1];
	woe->n_edges = n_bins - 1;
	merge_counts(counts, woe, n_prebins, starts, n_bins);
}

/* ---- texts ---- */

/* A category that was found. */
typedef struct Found
{
	const char *text;
	int			length;
	RmlCell		cell;
	double		rate;			/* share of bads: equal fractions are equal doubles */
	int			bin;			/* at first its prebin */
} Found;

static int
compare_texts(const Found *a, const Found *b)
{
	int			order = memcmp(a->text, b->text, Min(a->length, b->length));

	return order != 0 ? order : a->length - b->length;
}

static int
compare_rates(const void *left, const void *right)
{
	const Found *a = left;
	const Found *b = right;

	return a->rate < b->rate ? -1 : a->rate > b->rate ? 1 : compare_texts(a, b);
}

static int
compare_bins(const void *left, const void *right)
{
	const Found *a = left;
	const Found *b = right;

	return a->bin != b->bin ? a->bin - b->bin : compare_texts(a, b);
}

/* All categories, which the scan counted each in the cell of its code; special ones went to theirs. */
static Found *
gather_found(const Counting *counting, const RmlCell *cells, int *n)
{
	Found	   *found = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Found) * ((Size) counting->n_codes + 1));

	*n = 0;
	for (int code = 0; code < counting->n_codes; code++)
	{
		Found	   *next = &found[*n];

		next->cell = cells[code];
		if (next->cell.goods + next->cell.bads == 0)
			continue;
		next->text = rml_dictionary_text(counting->texts, code, &next->length);
		next->rate = (double) next->cell.bads / (next->cell.goods + next->cell.bads);
		(*n)++;
	}
	return found;
}

/* Numbers the prebins, those of equal rates first, then, if they are too many, of equal parts of the rows; returns how many. */
static int
number_prebins(Found *found, int n, int max_prebins)
{
	int64		rows = 0;
	int64		before = 0;
	int			n_rates = 0;
	int			n_prebins = 0;
	int			part = -1;

	for (int i = 0; i < n; i++)
	{
		n_rates += i == 0 || found[i].rate != found[i - 1].rate;
		rows += found[i].cell.goods + found[i].cell.bads;
	}
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || found[i].rate != found[i - 1].rate)
		{
			int			next = n_rates <= max_prebins ? n_prebins : (int) (before * max_prebins / rows);

			n_prebins += next != part;
			part = next;
		}
		found[i].bin = n_prebins - 1;
		before += found[i].cell.goods + found[i].cell.bads;
	}
	return n_prebins;
}

static void
set_categories(RmlWoe *woe, const Found *found, int n)
{
	RmlCategories *categories = palloc0(sizeof(RmlCategories));

	categories->kind = RML_KIND_TEXT;
	categories->null_at = -1;
	categories->n = n;
	categories->texts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * ((Size) n + 1));
	categories->lengths = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * ((Size) n + 1));
	woe->bin_of = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * ((Size) n + 1));
	for (int i = 0; i < n; i++)
	{
		categories->texts[i] = found[i].text;
		categories->lengths[i] = found[i].length;
		woe->bin_of[i] = found[i].bin;
	}
	woe->categories = categories;
}

/* Each category gets a cell: behind those of the special values, of unknown and of missing ones, by its code. */
static void
place_codes(Counting *counting)
{
	RmlWoeCounts *counts = counting->counts;
	Size		n_cells;

	begin_places(counting, 0);
	n_cells = (Size) counts->missing + 1 + counting->n_codes;
	for (int code = 0; code < counting->n_codes; code++)
		counting->place[code] = counts->missing + 1 + code;
	place_categories(counting, counting->woe->special_values, NULL, 0);
	counts->cells = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(RmlCell) * n_cells, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static Found *
count_categories(const RmlStep *step, RmlFitting *fitting, const RmlWoe *woe, RmlWoeCounts *counts, int *n)
{
	const RmlOperand *operand = &step->inputs[0];
	Counting	counting = {.woe = woe, .counts = counts, .texts = rml_fit_dictionary(fitting, operand), .set_places = place_codes};

	begin_counts(counts, woe);
	rml_fit_scan(fitting, operand, true, count_codes, &counting);
	check_labels(&counting, fitting);
	return gather_found(&counting, counts->cells + counts->missing + 1, n);
}

static void
find_categories(const RmlStep *step, RmlFitting *fitting, RmlWoe *woe, RmlWoeCounts *counts)
{
	int			n;
	Found	   *found = count_categories(step, fitting, woe, counts, &n);
	RmlWoeCounts prebins = {.total = counts->total};
	int			starts[RML_MAX_PREBINS];
	int			bin_of_prebin[RML_MAX_PREBINS + 1];
	int			n_prebins;
	int			n_bins = 0;

	qsort(found, n, sizeof(Found), compare_rates);
	n_prebins = number_prebins(found, n, woe->max_prebins);
	woe->n_bins = n_prebins;
	begin_counts(&prebins, woe);
	prebins.total = counts->total;
	for (int i = 0; i < n; i++)
	{
		prebins.cells[found[i].bin].goods += found[i].cell.goods;
		prebins.cells[found[i].bin].bads += found[i].cell.bads;
	}
	memcpy(&prebins.cells[n_prebins], counts->cells, sizeof(RmlCell) * (counts->missing + 1));
	if (n_prebins > 0)
		n_bins = merge_prebins(woe, &prebins, prebins.cells, n_prebins, RML_MONOTONIC_NONE, starts);
	for (int i = 0, bin = -1; i < n_prebins; i++)
	{
		bin += bin + 1 < n_bins && starts[bin + 1] == i;
		bin_of_prebin[i] = bin;
	}
	for (int i = 0; i < n; i++)
		found[i].bin = bin_of_prebin[found[i].bin];
	qsort(found, n, sizeof(Found), compare_bins);
	set_categories(woe, found, n);
	*counts = prebins;
	merge_counts(counts, woe, n_prebins, starts, n_bins);
}

/* ---- the step ---- */

RmlWoe *
rml_woe_find(const RmlStep *step, RmlFitting *fitting, RmlWoeCounts *counts)
{
	RmlWoe	   *woe = palloc(sizeof(RmlWoe));
	RmlEvidence evidence;
	int			n_special;

	memcpy(woe, step->parameters, sizeof(RmlWoe));
	n_special = rml_woe_specials(woe);
	if (woe->edges != NULL || woe->categories != NULL)
		count_bins(step, fitting, woe, counts);
	else if (rml_operand_kind(&step->inputs[0]) == RML_KIND_TEXT)
		find_categories(step, fitting, woe, counts);
	else
		find_edges(step, fitting, woe, counts);
	evidence = rml_woe_evidence(woe, counts);
	if (woe->values == NULL)
	{
		woe->values = palloc(sizeof(double) * (woe->n_bins + 1));
		for (int i = 0; i < woe->n_bins; i++)
			woe->values[i] = rml_woe(&evidence, counts->cells[i]);
	}
	if (woe->special == NULL && n_special > 0)
	{
		woe->special = palloc(sizeof(double) * n_special);
		for (int i = 0; i < n_special; i++)
			woe->special[i] = rml_woe(&evidence, counts->cells[woe->n_bins + i]);
	}
	if (!woe->has_missing)
		woe->missing = rml_woe(&evidence, counts->cells[counts->missing]);
	return woe;
}

/* A list of the categories of each bin. */
static JsonbValue *
bins_json(const RmlWoe *woe)
{
	JsonbValue *bins = palloc0(sizeof(JsonbValue));

	bins->type = jbvArray;
	bins->val.array.nElems = woe->n_bins;
	bins->val.array.elems = palloc0(sizeof(JsonbValue) * (woe->n_bins + 1));
	for (int bin = 0, i = 0; bin < woe->n_bins; bin++)
	{
		JsonbValue *list = &bins->val.array.elems[bin];
		int			n = 0;

		while (i + n < woe->categories->n && woe->bin_of[i + n] == bin)
			n++;
		list->type = jbvArray;
		list->val.array.nElems = n;
		list->val.array.elems = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(JsonbValue) * ((Size) n + 1));
		for (int j = 0; j < n; j++, i++)
		{
			list->val.array.elems[j].type = jbvString;
			list->val.array.elems[j].val.string.val = unconstify(char *, woe->categories->texts[i]);
			list->val.array.elems[j].val.string.len = woe->categories->lengths[i];
		}
		list->val.array.rawScalar = false;
	}
	return bins;
}

void
rml_woe_fit(const RmlStep *step, RmlFitting *fitting)
{
	const RmlWoe *given = step->parameters;
	RmlWoeCounts counts;
	RmlWoe	   *woe = rml_woe_find(step, fitting, &counts);
	const RmlCell *missing = &counts.cells[counts.missing];

	rml_fit_require_values(fitting, &step->inputs[0], counts.total.goods + counts.total.bads - missing->goods - missing->bads);
	if (woe->n_bins == 0)
		rml_fit_error(fitting, ERRCODE_INVALID_PARAMETER_VALUE, NULL, "all categories of \"%s\" are special values", step->inputs[0].name);
	if (given->edges == NULL && woe->edges != NULL)
		rml_fit_set_numbers(fitting, "edges", woe->edges, woe->n_edges);
	if (given->categories == NULL && woe->categories != NULL)
		rml_fit_set_json(fitting, "bins", bins_json(woe));
	if (given->values == NULL)
		rml_fit_set_numbers(fitting, "values", woe->values, woe->n_bins);
	if (given->special == NULL && rml_woe_specials(woe) > 0)
		rml_fit_set_numbers(fitting, "special", woe->special, rml_woe_specials(woe));
	if (!given->has_missing)
		rml_fit_set_number(fitting, "missing", woe->missing);
}
