/*
 * counts.c
 *	  Rows and labels by category.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "recipe/counts.h"
#include "registry/server.h"

#define BLOCK 256

struct RmlTally
{
	RmlServerHost host;
	RmlDictionary *dictionary;	/* of texts, or NULL, */
	RmlNumbers *numbers;		/* of numbers */
	int			n;				/* categories that may be there, and missing */
	int			room;
	RmlTallied *tallied;
	int			label_scale;
};

RmlTally *
rml_tally_begin(RmlDictionary *dictionary, int label_scale)
{
	RmlTally   *tally = palloc0(sizeof(RmlTally));

	rml_server_host_init(&tally->host, CurrentMemoryContext);
	tally->dictionary = dictionary;
	if (dictionary == NULL)
		tally->numbers = rml_numbers_create(&tally->host.host);
	tally->room = BLOCK;
	tally->tallied = palloc(sizeof(RmlTallied) * (Size) tally->room);
	tally->label_scale = label_scale;
	return tally;
}

/* Room for categories up to this number. */
static void
make_room(RmlTally *tally, int n)
{
	if (n > tally->room)
	{
		while (tally->room < n)
			tally->room *= 2;
		tally->tallied = repalloc_huge(tally->tallied, sizeof(RmlTallied) * (Size) tally->room);
	}
	for (; tally->n < n; tally->n++)
		tally->tallied[tally->n] = (RmlTallied) {0};
}

void
rml_tally_find(RmlTally *tally, const double *values, int n, int *numbers)
{
	for (int i = 0; i < n; i++)
	{
		if (isnan(values[i]))
			numbers[i] = 0;
		else
			numbers[i] = 1 + (tally->numbers == NULL ? (int) values[i] : rml_numbers_add(tally->numbers, values[i]));
	}
	make_room(tally, 1 + (tally->numbers == NULL ? rml_dictionary_count(tally->dictionary) : rml_numbers_count(tally->numbers)));
}

void
rml_tally_add(RmlTally *tally, const double *values, const double *labels, int n)
{
	int			numbers[BLOCK];

	for (int first = 0; first < n; first += BLOCK)
	{
		int			rows = Min(n - first, BLOCK);

		rml_tally_find(tally, values + first, rows, numbers);
		for (int i = 0; i < rows; i++)
			tally->tallied[numbers[i]].rows++;
		for (int i = 0; labels != NULL && i < rows; i++)
		{
			tally->tallied[numbers[i]].events += labels[first + i] == 1;
			tally->tallied[numbers[i]].sum += rml_exact_term(labels[first + i], tally->label_scale);
		}
	}
}

int
rml_tally_number_of(const RmlTally *tally, const RmlCategories *categories, int i)
{
	int			code;

	if (i == categories->null_at)
		return 0;
	code = tally->numbers == NULL ? rml_dictionary_find(tally->dictionary, categories->texts[i], categories->lengths[i]) :
		rml_numbers_find(tally->numbers, categories->numbers[i]);
	return code < 0 ? -1 : code + 1;
}

int
rml_tally_count(const RmlTally *tally)
{
	return tally->n;
}

/* ---- in order ---- */

static int
compare_counts(const void *a, const void *b)
{
	const RmlCount *x = a;
	const RmlCount *y = b;
	int			order;

	if (x->text == NULL)
		return x->number < y->number ? -1 : x->number > y->number;
	order = memcmp(x->text, y->text, (Size) Min(x->length, y->length));
	return order != 0 ? order : x->length - y->length;
}

RmlCategories *
rml_counts_categories(const RmlCounts *counts, bool with_null)
{
	RmlCategories *categories = palloc0(sizeof(RmlCategories));
	Size		room = (Size) counts->n + 1;

	categories->kind = counts->kind;
	categories->n = counts->n;
	categories->null_at = with_null && counts->missing.rows > 0 ? categories->n++ : -1;
	if (counts->kind == RML_KIND_TEXT)
	{
		categories->texts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * room);
		categories->lengths = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * room);
	}
	else
		categories->numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * room);
	for (int i = 0; i < counts->n; i++)
	{
		if (counts->kind == RML_KIND_TEXT)
		{
			categories->texts[i] = counts->counts[i].text;
			categories->lengths[i] = counts->counts[i].length;
		}
		else
			categories->numbers[i] = counts->counts[i].number;
	}
	return categories;
}

const RmlCount *
rml_counts_find(const RmlCounts *counts, const RmlCategories *categories, int i)
{
	static const RmlCount none;
	RmlCount	wanted = {0};
	const RmlCount *found;

	if (i == categories->null_at)
		return &counts->missing;
	if (categories->texts != NULL)
	{
		wanted.text = categories->texts[i];
		wanted.length = categories->lengths[i];
	}
	else
		wanted.number = categories->numbers[i];
	found = bsearch(&wanted, counts->counts, (Size) counts->n, sizeof(RmlCount), compare_counts);
	return found != NULL ? found : &none;
}

static RmlCount
count_of(const RmlTally *tally, int number)
{
	const RmlTallied *tallied = &tally->tallied[number];
	RmlCount	count = {.rows = tallied->rows, .events = tallied->events, .label_sum = rml_exact_value(tallied->sum, tally->label_scale)};

	if (number == 0)
		return count;
	if (tally->numbers == NULL)
		count.text = rml_dictionary_text(tally->dictionary, number - 1, &count.length);
	else
		count.number = rml_numbers_get(tally->numbers, number - 1);
	return count;
}

RmlCounts *
rml_tally_counts(const RmlTally *tally, RmlKind kind)
{
	RmlCounts  *counts = palloc0(sizeof(RmlCounts));
	int128		sum = 0;

	counts->kind = kind;
	counts->missing = count_of(tally, 0);
	counts->counts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(RmlCount) * (Size) tally->n);
	for (int i = 0; i < tally->n; i++)
	{
		counts->rows += tally->tallied[i].rows;
		sum += tally->tallied[i].sum;
		/* a dictionary has texts that this operand has not */
		if (i > 0 && tally->tallied[i].rows > 0)
			counts->counts[counts->n++] = count_of(tally, i);
	}
	counts->label_mean = rml_exact_value(sum, tally->label_scale) / (double) counts->rows;
	qsort(counts->counts, (Size) counts->n, sizeof(RmlCount), compare_counts);
	return counts;
}
