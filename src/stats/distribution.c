/*
 * distribution.c
 *	  Distributions: making, checking, comparing and merging them.
 *
 * Categories of different lists are merged by their value.  One that a side does not list may be among its other
 * values, and stays there.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"

#include "stats/distribution.h"

RML_SQL_FUNCTION(riskml_distribution_eq);
RML_SQL_FUNCTION(riskml_distribution_ne);
RML_SQL_FUNCTION(riskml_distribution_plus);
RML_SQL_FUNCTION(riskml_distribution_merge);
RML_SQL_FUNCTION(riskml_distribution_final);

/* ---- making ---- */

static RmlDistribution *
new_distribution(RmlDistributionKind kind, int n, Size rest)
{
	Size		size = add_size(add_size(offsetof(RmlDistribution, counts), mul_size(sizeof(int64), (Size) n)), rest);
	RmlDistribution *d = palloc0(size);

	SET_VARSIZE(d, size);
	d->version = RML_DISTRIBUTION_VERSION;
	d->kind = kind;
	d->n = n;
	d->min = INFINITY;
	d->max = -INFINITY;
	return d;
}

RmlDistribution *
rml_numeric_new(int n)
{
	return new_distribution(RML_NUMERIC, n, sizeof(float8) * ((Size) n + 1));
}

static RmlDistribution *
categorical_new(int n, Size n_bytes)
{
	RmlDistribution *d = new_distribution(RML_CATEGORICAL, n, add_size(sizeof(uint32) * (Size) n, n_bytes));

	d->n_bytes = (uint32) n_bytes;
	return d;
}

int
rml_category_compare(const char *a, uint32 length_a, const char *b, uint32 length_b)
{
	int			result = memcmp(a, b, Min(length_a, length_b));

	if (result != 0 || length_a == length_b)
		return result;
	return length_a < length_b ? -1 : 1;
}

int
rml_compare_categories(const void *a, const void *b)
{
	const RmlCategory *left = a;
	const RmlCategory *right = b;

	return rml_category_compare(left->text, left->length, right->text, right->length);
}

RmlDistribution *
rml_categorical_of(const RmlCategory *categories, int n)
{
	Size		n_bytes = 0;
	RmlDistribution *d;
	uint32	   *ends;
	char	   *bytes;
	uint32		end = 0;

	for (int i = 0; i < n; i++)
		n_bytes = add_size(n_bytes, categories[i].length);
	d = categorical_new(n, n_bytes);
	ends = rml_category_ends(d);
	bytes = (char *) (ends + n);
	for (int i = 0; i < n; i++)
	{
		memcpy(bytes + end, categories[i].text, categories[i].length);
		end += categories[i].length;
		ends[i] = end;
		d->counts[i] = categories[i].count;
	}
	return d;
}

int
rml_category_find(const RmlDistribution *d, const char *text, uint32 length)
{
	int			low = 0,
				high = d->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		uint32		length_there;
		const char *there = rml_category(d, middle, &length_there);
		int			result = rml_category_compare(text, length, there, length_there);

		if (result == 0)
			return middle;
		if (result < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

/* ---- checking ---- */

pg_noreturn static void invalid(const char *what);

static void
invalid(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid distribution: %s", what)));
}

/* A number as it is written. */
static const char *
number(float8 value)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(value, text);
	return text;
}

void
rml_edges_check(float8 *edges, int n_edges)
{
	if (n_edges < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be at least 2 edges, not %d", n_edges)));
	if (n_edges - 1 > RML_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are %d edges, more than %d", n_edges, RML_MAX_BINS + 1)));
	for (int i = 0; i < n_edges; i++)
	{
		if (!isfinite(edges[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edge %d is %s, not a finite number", i + 1, number(edges[i])),
					 errhint("Values below the first edge and above the last one are counted apart.")));
		if (edges[i] == 0)
			edges[i] = 0;		/* -0 */
		if (i > 0 && edges[i] <= edges[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edges must increase: edge %d is %s, edge %d is %s", i, number(edges[i - 1]), i + 1, number(edges[i]))));
	}
}

/* Adds a count from outside to a sum. */
static void
add_count(int64 *sum, int64 count)
{
	if (count < 0)
		invalid("a count is negative");
	if (pg_add_s64_overflow(*sum, count, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the counts of a distribution are too large")));
}

/* All that was counted. */
static int64
checked_rows(const RmlDistribution *d)
{
	int64		rows = 0;

	add_count(&rows, d->nulls);
	add_count(&rows, d->nans);
	add_count(&rows, d->underflow);
	add_count(&rows, d->overflow);
	for (int i = 0; i < d->n; i++)
		add_count(&rows, d->counts[i]);
	return rows;
}

static void
check_range(const RmlDistribution *d)
{
	const float8 *edges = rml_edges(d);

	if (isnan(d->min) || isnan(d->max))
		invalid("\"min\" or \"max\" is not a number");
	if (!rml_has_range(d))
	{
		if (d->min != INFINITY || d->max != -INFINITY)
			invalid("\"min\" is greater than \"max\"");
		return;
	}
	if (rml_distribution_total(d) == 0)
		invalid("it is empty, but has \"min\" and \"max\"");
	if ((d->underflow > 0) != (d->min < edges[0]))
		invalid("\"underflow\" and \"min\" contradict each other");
	if ((d->overflow > 0) != (d->max > edges[d->n]))
		invalid("\"overflow\" and \"max\" contradict each other");
}

void
rml_distribution_check(const RmlDistribution *d)
{
	uint32		length,
				length_before = 0;
	const char *before = NULL;

	(void) checked_rows(d);
	if (d->kind == RML_NUMERIC)
	{
		rml_edges_check(rml_edges(d), d->n + 1);
		check_range(d);
		return;
	}
	if (d->n > RML_MAX_BINS)
		invalid("it has too many categories");
	for (int i = 0; i < d->n; i++)
	{
		const char *text = rml_category(d, i, &length);

		if (before != NULL && rml_category_compare(before, length_before, text, length) >= 0)
			invalid("its categories are not sorted and distinct");
		before = text;
		length_before = length;
	}
}

int64
rml_distribution_total(const RmlDistribution *d)
{
	int64		total = d->underflow + d->overflow;

	for (int i = 0; i < d->n; i++)
		total += d->counts[i];
	return total;
}

/* ---- comparing ---- */

/* Numeric and with the same edges? */
static bool
same_edges(const RmlDistribution *a, const RmlDistribution *b)
{
	return a->kind == RML_NUMERIC && b->kind == RML_NUMERIC && a->n == b->n &&
		memcmp(rml_edges(a), rml_edges(b), sizeof(float8) * ((Size) a->n + 1)) == 0;
}

/* A distribution's bins in a few words, for messages. */
static const char *
describe(const RmlDistribution *d)
{
	const float8 *edges = rml_edges(d);

	if (d->kind == RML_CATEGORICAL)
		return psprintf("%d categories", d->n);
	return psprintf("%d bins from %s to %s", d->n, number(edges[0]), number(edges[d->n]));
}

void
rml_require_comparable(const RmlDistribution *a, const RmlDistribution *b)
{
	const float8 *edges_a = rml_edges(a),
			   *edges_b = rml_edges(b);
	int			i = 0;

	if (a->kind == RML_CATEGORICAL && b->kind == RML_CATEGORICAL)
		return;
	if (same_edges(a, b))
		return;
	if (a->kind == b->kind && a->n == b->n)
		while (edges_a[i] == edges_b[i])
			i++;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the distributions have different bins"),
			 a->kind == b->kind && a->n == b->n
			 ? errdetail("Edge %d of the first is %s, that of the second %s.", i + 1, number(edges_a[i]), number(edges_b[i]))
			 : errdetail("The first has %s, the second %s.", describe(a), describe(b)),
			 errhint("riskml.histogram_like() counts in the bins of another distribution.")));
}

void
rml_require_numeric(const RmlDistribution *d, const char *what)
{
	if (d->kind != RML_NUMERIC)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a distribution of categories has no %s", what)));
}

static bool
is_equal(FunctionCallInfo fcinfo)
{
	RmlDistribution *a = PG_GETARG_DISTRIBUTION(0);
	RmlDistribution *b = PG_GETARG_DISTRIBUTION(1);

	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

Datum
riskml_distribution_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_equal(fcinfo));
}

Datum
riskml_distribution_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!is_equal(fcinfo));
}

/* ---- merging ---- */

static RmlDistribution *
copy(const RmlDistribution *d)
{
	return memcpy(palloc(VARSIZE(d)), d, VARSIZE(d));
}

/* Are there numbers, but between which bounds is not known? */
static bool
lacks_range(const RmlDistribution *d)
{
	return !rml_has_range(d) && rml_distribution_total(d) > 0;
}

/* Adds all but the counts in bins and the range. */
static void
merge_rest(RmlDistribution *into, const RmlDistribution *other)
{
	into->nulls += other->nulls;
	into->nans += other->nans;
	into->underflow += other->underflow;
	into->overflow += other->overflow;
}

static bool
same_categories(const RmlDistribution *a, const RmlDistribution *b)
{
	return a->n == b->n && a->n_bytes == b->n_bytes &&
		memcmp(rml_category_ends(a), rml_category_ends(b), sizeof(uint32) * (Size) a->n + a->n_bytes) == 0;
}

/* Of both lists of categories, without anything of the rest. */
static RmlDistribution *
unite(const RmlDistribution *a, const RmlDistribution *b)
{
	RmlCategory *all = palloc(sizeof(RmlCategory) * ((Size) a->n + (Size) b->n + 1));
	int			n = 0,
				i = 0,
				k = 0;

	while (i < a->n || k < b->n)
	{
		RmlCategory left = {NULL, 0, 0},
					right = {NULL, 0, 0};
		int			order;

		if (i < a->n)
			left = (RmlCategory) {rml_category(a, i, &left.length), left.length, a->counts[i]};
		if (k < b->n)
			right = (RmlCategory) {rml_category(b, k, &right.length), right.length, b->counts[k]};
		order = i == a->n ? 1 : k == b->n ? -1 : rml_compare_categories(&left, &right);
		all[n] = order <= 0 ? left : right;
		if (order == 0)
			all[n].count += right.count;
		n++;
		i += order <= 0;
		k += order >= 0;
	}
	if (n > RML_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the distributions have %d categories together, more than %d", n, RML_MAX_BINS)));
	return rml_categorical_of(all, n);
}

/* Adds another to *into, which may be changed; the result is it, or new. */
static RmlDistribution *
merge(RmlDistribution *into, const RmlDistribution *other)
{
	RmlDistribution *result = into;
	bool		unknown;
	int64		rows;

	rml_require_comparable(into, other);
	rows = checked_rows(into);
	add_count(&rows, checked_rows(other));
	unknown = lacks_range(into) || lacks_range(other);
	if (into->kind == RML_CATEGORICAL && !same_categories(into, other))
	{
		result = unite(into, other);
		merge_rest(result, into);
	}
	else
		for (int i = 0; i < into->n; i++)
			into->counts[i] += other->counts[i];
	merge_rest(result, other);
	result->min = unknown ? INFINITY : Min(into->min, other->min);
	result->max = unknown ? -INFINITY : Max(into->max, other->max);
	return result;
}

Datum
riskml_distribution_plus(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(merge(copy(PG_GETARG_DISTRIBUTION(0)), PG_GETARG_DISTRIBUTION(1)));
}

/* Adds to a state: as step of riskml.merge(), and for states of parallel workers. */
Datum
riskml_distribution_merge(PG_FUNCTION_ARGS)
{
	RmlDistribution *state;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(copy(PG_GETARG_DISTRIBUTION(1)));
	state = PG_GETARG_DISTRIBUTION(0);
	if (AggCheckCallContext(fcinfo, NULL) == 0)
		state = copy(state);
	PG_RETURN_POINTER(merge(state, PG_GETARG_DISTRIBUTION(1)));
}

/* A copy, as the state goes on to change where an aggregate is used as a window function. */
Datum
riskml_distribution_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(copy(PG_GETARG_DISTRIBUTION(0)));
}
