/*
 * op_encode.c
 *	  Operations that put a number in the place of a category: frequency_encode, target_encode.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "utils/memutils.h"

#include "recipe/op.h"
#include "recipe/target_encode.h"

/* "categories" and "values", one for each. */
static void
read_values(RmlStep *step, RmlReader *reader, RmlCategories **categories, double **values)
{
	int			n_values;

	if (rml_reader_categories(reader, "categories", RML_FITTED, false, categories))
		rml_reader_require_kind(reader, 0, (*categories)->kind);
	if (!rml_reader_numbers(reader, "values", RML_FITTED, values, &n_values))
		return;
	if (*categories == NULL && !step->is_faulty)
		rml_reader_fault(reader, "values", NULL, "needs \"categories\"");
	else if (*categories != NULL && n_values != (*categories)->n)
		rml_reader_fault(reader, "values", NULL, "must have a number for each of the %d categories, and has %d", (*categories)->n, n_values);
}

/* The categories of the step, or those that are found. */
static RmlCategories *
fit_categories(RmlFitting *fitting, RmlCategories *given, const RmlCounts *counts)
{
	RmlCategories *found;

	if (given != NULL)
		return given;
	found = rml_counts_categories(counts, true);
	rml_fit_set_categories(fitting, "categories", found);
	return found;
}

/* ---- frequency_encode ---- */

static const char *const frequency_encode_fields[] = {"categories", "values", "unknown", NULL};

typedef struct FrequencyEncode
{
	RmlCategories *categories;
	double	   *values;
	double		unknown;
} FrequencyEncode;

static void
read_frequency_encode(RmlStep *step, RmlReader *reader)
{
	FrequencyEncode *encode = step->parameters = palloc0(sizeof(FrequencyEncode));

	read_values(step, reader, &encode->categories, &encode->values);
	(void) rml_reader_number(reader, "unknown", RML_OPTIONAL, &encode->unknown);
}

static void
compile_frequency_encode(const RmlStep *step, RmlBuilder *b)
{
	const FrequencyEncode *encode = step->parameters;

	rml_build_feature(b, step, 0, rml_build_lookup(b, step, &step->inputs[0], encode->categories, encode->values, encode->unknown, NAN,
												   false));
}

static char *
sql_frequency_encode(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const FrequencyEncode *encode = step->parameters;

	(void) feature;
	return rml_sql_lookup(writer, &step->inputs[0], encode->categories, encode->values, encode->unknown, NAN, false);
}

static void
fit_frequency_encode(const RmlStep *step, RmlFitting *fitting)
{
	const FrequencyEncode *encode = step->parameters;
	RmlCounts  *counts = rml_fit_counts(fitting, &step->inputs[0], false);
	RmlCategories *categories = fit_categories(fitting, encode->categories, counts);
	double	   *shares = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) categories->n);

	for (int i = 0; i < categories->n; i++)
		shares[i] = (double) rml_counts_find(counts, categories, i)->rows / (double) counts->rows;
	rml_fit_set_numbers(fitting, "values", shares, categories->n);
}

/* ---- target_encode ---- */

static const char *const target_encode_fields[] = {"smoothing", "categories", "values", "prior", "folds", "seed", NULL};

static void
read_target_encode(RmlStep *step, RmlReader *reader)
{
	RmlTargetEncode *encode = step->parameters = palloc0(sizeof(RmlTargetEncode));

	encode->smoothing = 10;
	encode->folds = 5;
	encode->prior = NAN;
	if (rml_reader_number(reader, "smoothing", RML_OPTIONAL, &encode->smoothing) && encode->smoothing < 0)
		rml_reader_fault(reader, "smoothing", NULL, "must not be negative");
	(void) rml_reader_integer(reader, "folds", RML_OPTIONAL, 2, RML_MAX_FOLDS, &encode->folds);
	(void) rml_reader_integer(reader, "seed", RML_OPTIONAL, INT_MIN, INT_MAX, &encode->seed);
	read_values(step, reader, &encode->categories, &encode->values);
	(void) rml_reader_number(reader, "prior", RML_FITTED, &encode->prior);
}

static void
compile_target_encode(const RmlStep *step, RmlBuilder *b)
{
	const RmlTargetEncode *encode = step->parameters;
	int			slot = rml_build_given(b, step);

	if (slot < 0)
		slot = rml_build_lookup(b, step, &step->inputs[0], encode->categories, encode->values, encode->prior, NAN, false);
	rml_build_feature(b, step, 0, slot);
}

static char *
sql_target_encode(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const RmlTargetEncode *encode = step->parameters;

	(void) feature;
	return rml_sql_lookup(writer, &step->inputs[0], encode->categories, encode->values, encode->prior, NAN, false);
}

double
rml_target_encode(double sum, double count, double prior, double smoothing)
{
	return count + smoothing > 0 ? (sum + smoothing * prior) / (count + smoothing) : prior;
}

static void
fit_target_encode(const RmlStep *step, RmlFitting *fitting)
{
	const RmlTargetEncode *encode = step->parameters;
	RmlCounts  *counts = rml_fit_counts(fitting, &step->inputs[0], true);
	double		prior = encode->prior;
	RmlCategories *categories;
	double	   *values;

	if (isnan(prior))
	{
		prior = counts->label_mean;
		rml_fit_set_number(fitting, "prior", prior);
	}
	if (encode->values != NULL)
		return;
	categories = fit_categories(fitting, encode->categories, counts);
	values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) categories->n);
	for (int i = 0; i < categories->n; i++)
	{
		const RmlCount *count = rml_counts_find(counts, categories, i);

		values[i] = rml_target_encode(count->label_sum, (double) count->rows, prior, encode->smoothing);
	}
	rml_fit_set_numbers(fitting, "values", values, categories->n);
}

const RmlTargetEncode *
rml_target_encode_of(const RmlStep *step)
{
	return step->op->compile == compile_target_encode ? step->parameters : NULL;
}

const RmlOp rml_ops_encode[] = {
	{.name = "frequency_encode", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = frequency_encode_fields,
	 .read = read_frequency_encode, .compile = compile_frequency_encode, .fit = fit_frequency_encode, .sql = sql_frequency_encode},
	{.name = "target_encode", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = target_encode_fields,
	 .needs_label = true, .read = read_target_encode, .compile = compile_target_encode, .fit = fit_target_encode, .sql = sql_target_encode},
	{.name = NULL}
};
