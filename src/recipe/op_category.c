/*
 * op_category.c
 *	  Operations on categories: onehot, ordinal, group_rare, hash_bucket.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "utils/memutils.h"

#include "recipe/op.h"
#include "registry/server.h"

/* A feature per category: beyond this it is another op that is wanted. */
#define MAX_ONEHOT 10000

/* ---- categories ---- */

/* What a category is called in names of features. */
static const char *
category_name(const RmlCategories *categories, int i)
{
	char	   *digits;

	if (i == categories->null_at)
		return "missing";
	if (categories->texts != NULL)
		return categories->texts[i];
	digits = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
	double_to_shortest_decimal_buf(categories->numbers[i], digits);
	return digits;
}

/* Which categories are among others; false: one of the others is none. */
static bool
mark_categories(const RmlCategories *categories, const RmlCategories *others, bool *marked)
{
	RmlServerHost host;
	RmlDictionary *texts;
	RmlNumbers *numbers;
	int			n_found = 0;

	rml_server_host_init(&host, CurrentMemoryContext);
	texts = rml_dictionary_create(&host.host);
	numbers = rml_numbers_create(&host.host);
	for (int i = 0; i < others->n; i++)
	{
		if (i == others->null_at)
			continue;
		if (others->texts != NULL)
			(void) rml_dictionary_add(texts, others->texts[i], others->lengths[i]);
		else
			(void) rml_numbers_add(numbers, others->numbers[i]);
	}
	for (int i = 0; i < categories->n; i++)
	{
		if (i == categories->null_at)
			marked[i] = others->null_at >= 0;
		else if (categories->texts != NULL)
			marked[i] = rml_dictionary_find(texts, categories->texts[i], categories->lengths[i]) >= 0;
		else
			marked[i] = rml_numbers_find(numbers, categories->numbers[i]) >= 0;
		n_found += marked[i];
	}
	return n_found == others->n;
}

/* Those categories that are marked as `mark`, in their order. */
static RmlCategories *
choose_categories(const RmlCategories *categories, const bool *marked, bool mark)
{
	RmlCategories *chosen = palloc(sizeof(RmlCategories));

	*chosen = *categories;
	chosen->n = 0;
	chosen->null_at = -1;
	if (categories->texts != NULL)
	{
		chosen->texts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * (Size) categories->n);
		chosen->lengths = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * (Size) categories->n);
	}
	else
		chosen->numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) categories->n);
	for (int i = 0; i < categories->n; i++)
	{
		if (marked[i] != mark)
			continue;
		if (i == categories->null_at)
			chosen->null_at = chosen->n;
		else if (categories->texts != NULL)
		{
			chosen->texts[chosen->n] = categories->texts[i];
			chosen->lengths[chosen->n] = categories->lengths[i];
		}
		else
			chosen->numbers[chosen->n] = categories->numbers[i];
		chosen->n++;
	}
	return chosen;
}

/* ---- SQL ---- */

static char *
equals_sql(const char *x, const RmlCategories *categories, int i)
{
	return psprintf("%s OPERATOR(pg_catalog.=) %s", x, categories->texts != NULL ? rml_sql_text(categories->texts[i], categories->lengths[i])
					: rml_sql_number(categories->numbers[i]));
}

/* ---- onehot ---- */

static const char *const onehot_fields[] = {"categories", "min_frequency", "max_categories", "infrequent", "unknown", "names", NULL};

typedef enum Unknown
{
	UNKNOWN_IGNORE,
	UNKNOWN_INFREQUENT,
	UNKNOWN_ERROR
} Unknown;

static const char *const unknown_names[] = {"ignore", "infrequent", "error", NULL};

typedef struct Onehot
{
	RmlCategories *categories;
	bool	   *infrequent;		/* which of them are grouped */
	int			n_frequent;
	bool		is_grouped;		/* is a list of infrequent ones there or wanted? */
	double		min_frequency;	/* 0: none */
	bool		is_count;
	int			max_categories; /* 0: any number */
	int			unknown;
} Onehot;

/* The number of a category's feature: infrequent ones have the last. */
static double *
onehot_numbers(const Onehot *onehot)
{
	double	   *numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) onehot->categories->n);
	int			n = 0;

	for (int i = 0; i < onehot->categories->n; i++)
		numbers[i] = onehot->infrequent[i] ? onehot->n_frequent : n++;
	return numbers;
}

static bool
has_infrequent(const Onehot *onehot)
{
	return onehot->n_frequent < onehot->categories->n;
}

static const char **
onehot_names(const RmlStep *step, const Onehot *onehot, int n)
{
	const char **names = palloc(sizeof(char *) * ((Size) n + 1));
	int			made = 0;

	for (int i = 0; i < onehot->categories->n; i++)
	{
		if (!onehot->infrequent[i])
			names[made++] = psprintf("%s_%s", step->name, category_name(onehot->categories, i));
	}
	if (has_infrequent(onehot))
		names[made] = psprintf("%s_infrequent", step->name);
	return names;
}

static void
set_onehot_features(RmlStep *step, RmlReader *reader, const Onehot *onehot)
{
	int			n = onehot->n_frequent + has_infrequent(onehot);
	const char **names;
	int			n_names;

	if (n > MAX_ONEHOT)
	{
		rml_reader_fault(reader, "categories", "Group them by \"min_frequency\" or \"max_categories\", or use op \"hash_bucket\".",
						 "would make %d features, and can make %d", n, MAX_ONEHOT);
		return;
	}
	if (!rml_reader_texts(reader, "names", RML_OPTIONAL, &names, &n_names))
		names = onehot_names(step, onehot, n);
	else if (n_names != n)
	{
		rml_reader_fault(reader, "names", NULL, "must have a name for each of the %d features, and has %d", n, n_names);
		return;
	}
	rml_reader_features(reader, n, names);
}

static void
read_infrequent(RmlReader *reader, Onehot *onehot)
{
	RmlCategories *infrequent;

	if (!rml_reader_categories(reader, "infrequent", onehot->is_grouped ? RML_FITTED : RML_OPTIONAL, true, &infrequent))
		return;
	if (onehot->categories == NULL)
	{
		rml_reader_fault(reader, "infrequent", NULL, "needs \"categories\"");
		return;
	}
	if (!mark_categories(onehot->categories, infrequent, onehot->infrequent))
		rml_reader_fault(reader, "infrequent", NULL, "must be some of \"categories\"");
	for (int i = 0; i < onehot->categories->n; i++)
		onehot->n_frequent -= onehot->infrequent[i];
}

static void
read_onehot(RmlStep *step, RmlReader *reader)
{
	Onehot	   *onehot = step->parameters = palloc0(sizeof(Onehot));

	(void) rml_reader_frequency(reader, "min_frequency", RML_OPTIONAL, &onehot->min_frequency, &onehot->is_count);
	(void) rml_reader_integer(reader, "max_categories", RML_OPTIONAL, 1, MAX_ONEHOT, &onehot->max_categories);
	(void) rml_reader_choice(reader, "unknown", RML_OPTIONAL, unknown_names, &onehot->unknown);
	onehot->is_grouped = onehot->min_frequency > 0 || onehot->max_categories > 0;
	if (rml_reader_categories(reader, "categories", RML_FITTED, false, &onehot->categories))
	{
		onehot->n_frequent = onehot->categories->n;
		onehot->infrequent = palloc_extended(sizeof(bool) * (Size) onehot->categories->n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		rml_reader_require_kind(reader, 0, onehot->categories->kind);
	}
	read_infrequent(reader, onehot);
	if (step->is_faulty)
		return;
	if (step->is_fitted)
		set_onehot_features(step, reader, onehot);
	else
		rml_reader_features(reader, 0, NULL);
}

static void
compile_onehot(const RmlStep *step, RmlBuilder *b)
{
	const Onehot *onehot = step->parameters;
	double		unknown = onehot->unknown == UNKNOWN_INFREQUENT && has_infrequent(onehot) ? onehot->n_frequent : -1;
	int			number = rml_build_lookup(b, step, &step->inputs[0], onehot->categories, onehot_numbers(onehot), unknown, NAN,
										  onehot->unknown == UNKNOWN_ERROR);
	int			first = rml_build_scatter(b, number, step->n_features);

	for (int i = 0; i < step->n_features; i++)
		rml_build_feature(b, step, i, first + i);
}

/* 1 where the operand is this category, else 0. */
static char *
is_category_sql(const RmlStep *step, const RmlCategories *categories, int i, RmlSqlWriter *writer)
{
	char	   *x = rml_sql_operand(writer, &step->inputs[0]);
	char	   *is_it = i == categories->null_at ? psprintf("%s IS NULL", x) : equals_sql(x, categories, i);

	return psprintf("CASE WHEN %s THEN %s ELSE %s END", is_it, rml_sql_number(1), rml_sql_number(0));
}

static char *
sql_onehot(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Onehot *onehot = step->parameters;
	const RmlCategories *categories = onehot->categories;
	double	   *numbers = onehot_numbers(onehot);
	bool		is_frequent = feature < onehot->n_frequent;

	if (is_frequent && onehot->unknown != UNKNOWN_ERROR)
	{
		int			i = 0;

		while (onehot->infrequent[i] || numbers[i] != feature)
			i++;
		return is_category_sql(step, categories, i, writer);
	}
	for (int i = 0; i < categories->n; i++)
		numbers[i] = is_frequent ? !onehot->infrequent[i] && numbers[i] == feature : onehot->infrequent[i];
	return rml_sql_lookup(writer, &step->inputs[0], categories, numbers, onehot->unknown == UNKNOWN_INFREQUENT, 0, onehot->unknown == UNKNOWN_ERROR);
}

typedef struct Rank
{
	int64		rows;
	int			category;
} Rank;

/* The order of scikit-learn's stable sort. */
static int
compare_ranks(const void *a, const void *b)
{
	const Rank *x = a;
	const Rank *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? -1 : 1;
	return x->category - y->category;
}

/* Groups the least frequent categories until there are no more features than asked for. */
static void
group_least(const Onehot *onehot, const RmlCategories *categories, const int64 *rows, bool *infrequent)
{
	Rank	   *ranks = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Rank) * (Size) categories->n);

	for (int i = 0; i < categories->n; i++)
		ranks[i] = (Rank) {rows[i], i};
	qsort(ranks, (Size) categories->n, sizeof(Rank), compare_ranks);
	for (int i = 0; i < categories->n - (onehot->max_categories - 1); i++)
		infrequent[ranks[i].category] = true;
}

/* As OneHotEncoder._identify_infrequent() of scikit-learn, but that max_categories 1 groups all. */
static bool *
find_infrequent(const Onehot *onehot, const RmlCategories *categories, const RmlCounts *counts)
{
	bool	   *infrequent = palloc_extended(sizeof(bool) * (Size) categories->n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int64	   *rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * (Size) categories->n);
	double		least = onehot->is_count ? onehot->min_frequency : (double) counts->rows * onehot->min_frequency;
	int			n_features = categories->n + 1;

	for (int i = 0; i < categories->n; i++)
	{
		rows[i] = rml_counts_find(counts, categories, i)->rows;
		infrequent[i] = (double) rows[i] < least;
		n_features -= infrequent[i];
	}
	if (onehot->max_categories > 0 && onehot->max_categories < n_features)
		group_least(onehot, categories, rows, infrequent);
	return infrequent;
}

static void
fit_onehot(const RmlStep *step, RmlFitting *fitting)
{
	const Onehot *onehot = step->parameters;
	RmlCounts  *counts = rml_fit_counts(fitting, &step->inputs[0], false);
	RmlCategories *categories = onehot->categories;

	if (categories == NULL)
	{
		categories = rml_counts_categories(counts, true);
		rml_fit_set_categories(fitting, "categories", categories);
	}
	if (onehot->is_grouped)
		rml_fit_set_categories(fitting, "infrequent",
							   choose_categories(categories, find_infrequent(onehot, categories, counts), true));
}

/* ---- ordinal ---- */

static const char *const ordinal_fields[] = {"categories", "unknown", NULL};

typedef struct Ordinal
{
	RmlCategories *categories;
	double		unknown;		/* NaN: missing */
	bool		is_strict;
} Ordinal;

/* "missing", "error", or a number that no category has. */
static void
read_ordinal_unknown(RmlReader *reader, Ordinal *ordinal)
{
	RmlCategory unknown;

	if (!rml_reader_category(reader, "unknown", RML_OPTIONAL, &unknown))
		return;
	if (unknown.kind == RML_KIND_NUMBER)
	{
		ordinal->unknown = unknown.number;
		if (ordinal->categories != NULL && unknown.number >= 0 && unknown.number < ordinal->categories->n &&
			unknown.number == floor(unknown.number))
			rml_reader_fault(reader, "unknown", "A number below 0 is none.", "must not be the number of a category");
	}
	else if (strcmp(unknown.text, "error") == 0)
		ordinal->is_strict = true;
	else if (strcmp(unknown.text, "missing") != 0)
		rml_reader_fault(reader, "unknown", NULL, "must be \"missing\", \"error\" or a number");
}

static void
read_ordinal(RmlStep *step, RmlReader *reader)
{
	Ordinal    *ordinal = step->parameters = palloc0(sizeof(Ordinal));

	ordinal->unknown = NAN;
	if (rml_reader_categories(reader, "categories", RML_FITTED, false, &ordinal->categories))
		rml_reader_require_kind(reader, 0, ordinal->categories->kind);
	read_ordinal_unknown(reader, ordinal);
}

static double *
ordinal_numbers(const Ordinal *ordinal)
{
	double	   *numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) ordinal->categories->n);

	for (int i = 0; i < ordinal->categories->n; i++)
		numbers[i] = i;
	return numbers;
}

static void
compile_ordinal(const RmlStep *step, RmlBuilder *b)
{
	const Ordinal *ordinal = step->parameters;

	rml_build_feature(b, step, 0, rml_build_lookup(b, step, &step->inputs[0], ordinal->categories, ordinal_numbers(ordinal),
												   ordinal->unknown, NAN, ordinal->is_strict));
}

static char *
sql_ordinal(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Ordinal *ordinal = step->parameters;

	(void) feature;
	return rml_sql_lookup(writer, &step->inputs[0], ordinal->categories, ordinal_numbers(ordinal), ordinal->unknown, NAN, ordinal->is_strict);
}

static void
fit_ordinal(const RmlStep *step, RmlFitting *fitting)
{
	/* missing stays missing */
	rml_fit_set_categories(fitting, "categories", rml_counts_categories(rml_fit_counts(fitting, &step->inputs[0], false), false));
}

/* ---- group_rare ---- */

static const char *const group_rare_fields[] = {"categories", "min_frequency", "other", NULL};

typedef struct GroupRare
{
	RmlCategories *categories;	/* those that are kept */
	double		min_frequency;
	bool		is_count;
	RmlCategory other;			/* of unknown kind: it is not given */
} GroupRare;

static void
read_group_rare(RmlStep *step, RmlReader *reader)
{
	GroupRare  *group = step->parameters = palloc0(sizeof(GroupRare));
	RmlKind		kind = RML_KIND_UNKNOWN;

	group->min_frequency = 0.01;
	(void) rml_reader_frequency(reader, "min_frequency", RML_OPTIONAL, &group->min_frequency, &group->is_count);
	if (rml_reader_category(reader, "other", RML_OPTIONAL, &group->other))
		kind = group->other.kind;
	if (rml_reader_categories(reader, "categories", RML_FITTED, true, &group->categories) && group->categories->kind != RML_KIND_UNKNOWN)
	{
		if (kind != RML_KIND_UNKNOWN && kind != group->categories->kind)
			rml_reader_fault(reader, "other", NULL, "must be a %s, as the categories are", rml_kind_name(group->categories->kind));
		kind = group->categories->kind;
	}
	if (group->categories != NULL && kind == RML_KIND_UNKNOWN)
		kind = RML_KIND_TEXT;
	if (kind != RML_KIND_UNKNOWN)
		rml_reader_require_kind(reader, 0, kind);
	if (kind == RML_KIND_NUMBER && group->other.kind == RML_KIND_UNKNOWN)
		rml_reader_fault(reader, "other", NULL, "must be given for numbers");
	if (group->other.kind == RML_KIND_UNKNOWN)
		group->other = (RmlCategory) {.kind = RML_KIND_TEXT, .text = "other", .length = 5};
	step->kind = kind;
}

static void
compile_group_rare(const RmlStep *step, RmlBuilder *b)
{
	const GroupRare *group = step->parameters;

	rml_build_feature(b, step, 0, rml_build_relabel(b, step, &step->inputs[0], group->categories, &group->other, NULL));
}

static char *
sql_group_rare(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const GroupRare *group = step->parameters;
	char	   *x = rml_sql_operand(writer, &step->inputs[0]);
	StringInfoData sql;

	(void) feature;
	initStringInfo(&sql);
	appendStringInfo(&sql, "CASE WHEN %s IS NULL", x);
	for (int i = 0; i < group->categories->n; i++)
	{
		if (i != group->categories->null_at)
			appendStringInfo(&sql, " OR %s", equals_sql(x, group->categories, i));
	}
	/* -0 is 0 */
	if (group->other.kind == RML_KIND_TEXT)
		appendStringInfo(&sql, " THEN %s ELSE %s END", x, rml_sql_text(group->other.text, group->other.length));
	else
		appendStringInfo(&sql, " THEN %s OPERATOR(pg_catalog.+) %s ELSE %s END", x, rml_sql_number(0), rml_sql_number(group->other.number));
	return sql.data;
}

static void
fit_group_rare(const RmlStep *step, RmlFitting *fitting)
{
	const GroupRare *group = step->parameters;
	RmlCounts  *counts = rml_fit_counts(fitting, &step->inputs[0], false);
	double		least = group->is_count ? group->min_frequency : (double) counts->rows * group->min_frequency;
	RmlCategories *all = rml_counts_categories(counts, false);
	bool	   *rare = palloc_extended(sizeof(bool) * (Size) all->n, MCXT_ALLOC_HUGE);

	if (counts->kind == RML_KIND_NUMBER && group->other.kind != RML_KIND_NUMBER)
		rml_fit_error(fitting, ERRCODE_INVALID_PARAMETER_VALUE, "Give a number that no category is.", "\"other\" must be given for numbers");
	for (int i = 0; i < all->n; i++)
		rare[i] = (double) counts->counts[i].rows < least;
	rml_fit_set_categories(fitting, "categories", choose_categories(all, rare, false));
}

/* ---- hash_bucket ---- */

static const char *const hash_bucket_fields[] = {"n_buckets", "hash", NULL};

typedef struct HashBucket
{
	int			n_buckets;
} HashBucket;

static const char *const hash_names[] = {"murmur3_32", NULL};

static void
read_hash_bucket(RmlStep *step, RmlReader *reader)
{
	HashBucket *hash = step->parameters = palloc0(sizeof(HashBucket));
	int			choice;

	(void) rml_reader_integer(reader, "n_buckets", RML_REQUIRED, 1, INT_MAX, &hash->n_buckets);
	(void) rml_reader_choice(reader, "hash", RML_OPTIONAL, hash_names, &choice);
}

static void
compile_hash_bucket(const RmlStep *step, RmlBuilder *b)
{
	const HashBucket *hash = step->parameters;

	rml_build_feature(b, step, 0, rml_build_unary(b, RML_DO_REMAINDER, rml_build_hash(b, &step->inputs[0]), hash->n_buckets, 0));
}

static char *
sql_hash_bucket(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const HashBucket *hash = step->parameters;

	(void) feature;
	return psprintf("riskml.hash_bucket(%s, %d)::double precision", rml_sql_operand(writer, &step->inputs[0]), hash->n_buckets);
}

const RmlOp rml_ops_category[] = {
	{.name = "onehot", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = onehot_fields, .read = read_onehot,
	 .compile = compile_onehot, .fit = fit_onehot, .sql = sql_onehot},
	{.name = "ordinal", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = ordinal_fields, .read = read_ordinal,
	 .compile = compile_ordinal, .fit = fit_ordinal, .sql = sql_ordinal},
	{.name = "group_rare", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = group_rare_fields,
	 .read = read_group_rare, .compile = compile_group_rare, .fit = fit_group_rare, .sql = sql_group_rare},
	{.name = "hash_bucket", .takes = RML_TAKES_TEXT, .min_inputs = 1, .max_inputs = 1, .fields = hash_bucket_fields,
	 .read = read_hash_bucket, .compile = compile_hash_bucket, .sql = sql_hash_bucket},
	{.name = NULL}
};
