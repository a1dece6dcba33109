/*
 * op_numeric.c
 *	  Operations on numbers, one by one.
 */
#include "postgres.h"

#include <math.h>

#include "math/power.h"
#include "math/quantiles.h"
#include "math/sums.h"
#include "recipe/op.h"

#define MAX_FACTORS 1000
#define MAX_BINS 10000

static const char *const no_fields[] = {NULL};

static void
read_nothing(RmlStep *step, RmlReader *reader)
{
	(void) step;
	(void) reader;
}

/* ---- pass ---- */

static void
compile_pass(const RmlStep *step, RmlBuilder *builder)
{
	rml_build_feature(builder, step, 0, rml_build_number(builder, &step->inputs[0]));
}

static char *
sql_pass(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	(void) feature;
	return rml_sql_operand(writer, &step->inputs[0]);
}

/* ---- impute ---- */

typedef enum Strategy
{
	MEAN, MEDIAN, MODE, CONSTANT
} Strategy;

typedef struct Impute
{
	int			strategy;
	RmlCategory value;
} Impute;

static const char *const impute_fields[] = {"strategy", "value", "missing_indicator", NULL};
static const char *const strategies[] = {"mean", "median", "mode", "constant", NULL};

static void
read_impute(RmlStep *step, RmlReader *reader)
{
	Impute	   *p = step->parameters = palloc0(sizeof(Impute));
	bool		indicator = false;

	/* a value without a strategy is one that is given */
	if (!rml_reader_choice(reader, "strategy", RML_OPTIONAL, strategies, &p->strategy) && rml_reader_has(reader, "value"))
		p->strategy = CONSTANT;
	(void) rml_reader_category(reader, "value", p->strategy == CONSTANT ? RML_REQUIRED : RML_FITTED, &p->value);
	if (p->strategy == MEAN || p->strategy == MEDIAN)
	{
		if (p->value.kind == RML_KIND_TEXT || rml_reader_input_kind(reader, 0) == RML_KIND_TEXT)
			rml_reader_fault(reader, "strategy", NULL, "must be \"mode\" or \"constant\" for texts");
		else
			rml_reader_require_kind(reader, 0, RML_KIND_NUMBER);
	}
	else
	{
		rml_reader_require_kind(reader, 0, p->value.kind);
		/* as the input */
		step->kind = p->value.kind;
	}
	if (rml_reader_boolean(reader, "missing_indicator", RML_OPTIONAL, &indicator) && indicator)
	{
		const char **names = palloc(sizeof(char *) * 2);

		names[0] = step->name;
		names[1] = psprintf("%s_missing", step->name);
		rml_reader_features(reader, 2, names);
	}
}

static void
compile_impute(const RmlStep *step, RmlBuilder *builder)
{
	const Impute *p = step->parameters;
	const RmlOperand *input = &step->inputs[0];

	rml_build_feature(builder, step, 0, p->value.kind == RML_KIND_TEXT
					  ? rml_build_relabel(builder, step, input, NULL, NULL, &p->value)
					  : rml_build_unary(builder, RML_DO_FILL, rml_build_number(builder, input), p->value.number, 0));
	if (step->n_features > 1)
		rml_build_feature(builder, step, 1, rml_build_unary(builder, RML_DO_IS_MISSING, rml_build_category(builder, input), 0, 0));
}

/* Of values in ascending order, so that it does not depend on how rows come. */
static double
mean_of(RmlSorted *sorted)
{
	RmlSum		sum = {0, 0};
	const double *values;
	int			n;

	rml_sorted_rewind(sorted);
	while ((values = rml_sorted_next(sorted, &n)) != NULL)
	{
		for (int i = 0; i < n; i++)
			rml_sum_add(&sum, values[i]);
	}
	return rml_sum_value(sum) / (double) rml_sorted_count(sorted);
}

/* The first of those that are most frequent. */
static void
fit_mode(const RmlStep *step, RmlFitting *fitting)
{
	RmlCounts  *counts = rml_fit_counts(fitting, &step->inputs[0], false);
	int			best = 0;

	for (int i = 1; i < counts->n; i++)
	{
		if (counts->counts[i].rows > counts->counts[best].rows)
			best = i;
	}
	rml_fit_set_json(fitting, "value", rml_fit_category(counts, best));
}

static void
fit_impute(const RmlStep *step, RmlFitting *fitting)
{
	const Impute *p = step->parameters;
	const double half = 0.5;
	RmlSorted  *sorted;
	double		value;

	if (p->strategy == MODE)
	{
		fit_mode(step, fitting);
		return;
	}
	sorted = rml_fit_sorted(fitting, &step->inputs[0]);
	if (p->strategy == MEAN)
		value = mean_of(sorted);
	else
		rml_sorted_quantiles(sorted, &half, 1, &value);
	rml_fit_set_number(fitting, "value", value);
	rml_sorted_free(sorted);
}

static char *
sql_impute(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Impute *p = step->parameters;
	char	   *x = rml_sql_operand(writer, &step->inputs[0]);

	if (feature == 1)
		return psprintf("CASE WHEN %s IS NULL THEN %s ELSE %s END", x, rml_sql_number(1), rml_sql_number(0));
	return psprintf("COALESCE(%s, %s)", x, p->value.kind == RML_KIND_TEXT ? rml_sql_text(p->value.text, p->value.length)
					: rml_sql_number(p->value.number));
}

/* ---- clip, winsorize ---- */

typedef struct Clip
{
	double		min;
	double		max;
	double		lower;			/* quantiles */
	double		upper;
} Clip;

static const char *const clip_fields[] = {"min", "max", NULL};
static const char *const winsorize_fields[] = {"lower", "upper", "min", "max", NULL};

static Clip *
create_clip(RmlStep *step)
{
	Clip	   *p = palloc(sizeof(Clip));

	*p = (Clip) {.min = -INFINITY, .max = INFINITY, .lower = 0.01, .upper = 0.99};
	return step->parameters = p;
}

static void
check_bounds(const Clip *p, RmlReader *reader)
{
	if (p->min > p->max)
		rml_reader_fault(reader, "max", NULL, "must not be less than \"min\"");
}

static void
read_clip(RmlStep *step, RmlReader *reader)
{
	Clip	   *p = create_clip(step);

	(void) rml_reader_number(reader, "min", RML_OPTIONAL, &p->min);
	(void) rml_reader_number(reader, "max", RML_OPTIONAL, &p->max);
	if (!rml_reader_has(reader, "min") && !rml_reader_has(reader, "max"))
		rml_reader_fault(reader, NULL, NULL, "\"min\" or \"max\" must be given");
	check_bounds(p, reader);
}

static void
read_winsorize(RmlStep *step, RmlReader *reader)
{
	Clip	   *p = create_clip(step);

	(void) rml_reader_number(reader, "lower", RML_OPTIONAL, &p->lower);
	(void) rml_reader_number(reader, "upper", RML_OPTIONAL, &p->upper);
	if (!(p->lower >= 0 && p->lower < p->upper && p->upper <= 1))
		rml_reader_fault(reader, "lower", NULL, "and \"upper\" must be shares of the rows between 0 and 1, the lower one first");
	(void) rml_reader_number(reader, "min", RML_FITTED, &p->min);
	(void) rml_reader_number(reader, "max", RML_FITTED, &p->max);
	check_bounds(p, reader);
}

static void
compile_clip(const RmlStep *step, RmlBuilder *builder)
{
	const Clip *p = step->parameters;

	rml_build_feature(builder, step, 0, rml_build_unary(builder, RML_DO_CLIP, rml_build_number(builder, &step->inputs[0]), p->min, p->max));
}

static void
fit_winsorize(const RmlStep *step, RmlFitting *fitting)
{
	const Clip *p = step->parameters;
	const double shares[2] = {p->lower, p->upper};
	RmlSorted  *sorted = rml_fit_sorted(fitting, &step->inputs[0]);
	double		bounds[2];

	rml_sorted_quantiles(sorted, shares, 2, bounds);
	/* one of them may be given */
	if (p->min == -INFINITY)
		rml_fit_set_number(fitting, "min", bounds[0]);
	if (p->max == INFINITY)
		rml_fit_set_number(fitting, "max", bounds[1]);
	rml_sorted_free(sorted);
}

static char *
sql_clip(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Clip *p = step->parameters;

	(void) feature;
	return psprintf("riskml.clip(%s, %s, %s)", rml_sql_operand(writer, &step->inputs[0]), rml_sql_number(p->min), rml_sql_number(p->max));
}

/* ---- log1p ---- */

static double
log1p_of(double x, double unused)
{
	(void) unused;
	return x < -1 ? NAN : log1p(x);
}

static void
compile_log1p(const RmlStep *step, RmlBuilder *builder)
{
	rml_build_feature(builder, step, 0, rml_build_function(builder, log1p_of, rml_build_number(builder, &step->inputs[0]), 0));
}

static char *
sql_log1p(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	(void) feature;
	return psprintf("riskml.log1p(%s)", rml_sql_operand(writer, &step->inputs[0]));
}

/* ---- power ---- */

typedef struct Power
{
	int			method;			/* choice of methods */
	double		lambda;
} Power;

static const char *const power_fields[] = {"method", "lambda", NULL};
static const char *const methods[] = {"box-cox", "yeo-johnson", NULL};	/* as RmlPower */

static void
read_power(RmlStep *step, RmlReader *reader)
{
	Power	   *p = step->parameters = palloc0(sizeof(Power));

	p->method = RML_YEO_JOHNSON;
	(void) rml_reader_choice(reader, "method", RML_OPTIONAL, methods, &p->method);
	(void) rml_reader_number(reader, "lambda", RML_FITTED, &p->lambda);
}

static double
box_cox(double x, double lambda)
{
	return rml_power(RML_BOX_COX, x, lambda);
}

static double
yeo_johnson(double x, double lambda)
{
	return rml_power(RML_YEO_JOHNSON, x, lambda);
}

static void
compile_power(const RmlStep *step, RmlBuilder *builder)
{
	const Power *p = step->parameters;

	rml_build_feature(builder, step, 0, rml_build_function(builder, p->method == RML_BOX_COX ? box_cox : yeo_johnson,
														   rml_build_number(builder, &step->inputs[0]), p->lambda));
}

static void
rewind_sorted(void *sorted)
{
	rml_sorted_rewind(sorted);
}

static const double *
next_sorted(void *sorted, int *n)
{
	return rml_sorted_next(sorted, n);
}

/* Least and greatest value. */
static void
range_of(RmlSorted *sorted, double *least, double *greatest)
{
	const double ends[2] = {0, 1};
	double		values[2];

	rml_sorted_quantiles(sorted, ends, 2, values);
	*least = values[0];
	*greatest = values[1];
}

static void
fit_power(const RmlStep *step, RmlFitting *fitting)
{
	const Power *p = step->parameters;
	RmlSorted  *sorted = rml_fit_sorted(fitting, &step->inputs[0]);
	RmlAscending ascending = {rml_sorted_count(sorted), rewind_sorted, next_sorted, sorted};
	double		least;
	double		greatest;
	double		lambda = NAN;

	range_of(sorted, &least, &greatest);
	if (p->method == RML_BOX_COX && least <= 0)
		rml_fit_error(fitting, ERRCODE_INVALID_PARAMETER_VALUE, "Clip the column before, or use method \"yeo-johnson\".",
					  "method \"box-cox\" takes values greater than 0 only, and column \"%s\" has %g", step->inputs[0].name, least);
	if (isfinite(least) && isfinite(greatest) && !rml_power_fit((RmlPower) p->method, &ascending, &lambda))
		ereport(NOTICE,
				(errmsg("recipe step %d (feature \"%s\"): no lambda tells the values of column \"%s\" apart better than 1, which it is",
						step->number, step->name, step->inputs[0].name)));
	rml_fit_set_number(fitting, "lambda", lambda);
	rml_sorted_free(sorted);
}

static char *
sql_power(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Power *p = step->parameters;

	(void) feature;
	return psprintf("riskml.%s(%s, %s)", p->method == RML_BOX_COX ? "box_cox" : "yeo_johnson",
					rml_sql_operand(writer, &step->inputs[0]), rml_sql_number(p->lambda));
}

/* ---- bucketize, quantile_bucketize ---- */

typedef struct Buckets
{
	int			n_bins;
	int			n_edges;
	double	   *edges;
} Buckets;

static const char *const bucketize_fields[] = {"edges", NULL};
static const char *const quantile_bucketize_fields[] = {"n_bins", "edges", NULL};

static void
read_bucketize(RmlStep *step, RmlReader *reader)
{
	Buckets    *p = step->parameters = palloc0(sizeof(Buckets));

	(void) rml_reader_edges(reader, "edges", RML_REQUIRED, &p->edges, &p->n_edges);
}

static void
read_quantile_bucketize(RmlStep *step, RmlReader *reader)
{
	Buckets    *p = step->parameters = palloc0(sizeof(Buckets));

	(void) rml_reader_integer(reader, "n_bins", rml_reader_has(reader, "edges") ? RML_OPTIONAL : RML_REQUIRED, 2, MAX_BINS, &p->n_bins);
	(void) rml_reader_edges(reader, "edges", RML_FITTED, &p->edges, &p->n_edges);
}

static void
compile_buckets(const RmlStep *step, RmlBuilder *builder)
{
	const Buckets *p = step->parameters;

	rml_build_feature(builder, step, 0, rml_build_table(builder, RML_DO_BUCKET, rml_build_number(builder, &step->inputs[0]),
														p->edges, p->n_edges, NULL));
}

static void
fit_quantile_bucketize(const RmlStep *step, RmlFitting *fitting)
{
	const Buckets *p = step->parameters;
	RmlSorted  *sorted = rml_fit_sorted(fitting, &step->inputs[0]);
	int			n = p->n_bins - 1;
	double	   *shares = palloc(sizeof(double) * (Size) n);
	double	   *edges = palloc(sizeof(double) * (Size) n);

	for (int i = 0; i < n; i++)
		shares[i] = (i + 1) / (double) p->n_bins;
	rml_sorted_quantiles(sorted, shares, n, edges);
	rml_fit_set_numbers(fitting, "edges", edges, rml_leave_equals_out(edges, n));
	rml_sorted_free(sorted);
}

static char *
sql_buckets(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Buckets *p = step->parameters;

	(void) feature;
	return psprintf("riskml.bucketize(%s, %s)::double precision", rml_sql_operand(writer, &step->inputs[0]),
					rml_sql_numbers(p->edges, p->n_edges));
}

/* ---- ratio, interaction ---- */

static void
compile_ratio(const RmlStep *step, RmlBuilder *builder)
{
	rml_build_feature(builder, step, 0, rml_build_binary(builder, RML_DO_RATIO, rml_build_number(builder, &step->inputs[0]),
														 rml_build_number(builder, &step->inputs[1])));
}

static char *
sql_ratio(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	char	   *below = rml_sql_operand(writer, &step->inputs[1]);

	(void) feature;
	return psprintf("riskml.ieee_divide(%s, CASE WHEN %s OPERATOR(pg_catalog.<>) %s THEN %s END)",
					rml_sql_operand(writer, &step->inputs[0]), below, rml_sql_number(0), below);
}

static void
compile_interaction(const RmlStep *step, RmlBuilder *builder)
{
	int			product = rml_build_number(builder, &step->inputs[0]);

	for (int i = 1; i < step->n_inputs; i++)
		product = rml_build_binary(builder, RML_DO_PRODUCT, product, rml_build_number(builder, &step->inputs[i]));
	rml_build_feature(builder, step, 0, product);
}

static char *
sql_interaction(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	char	   *product = rml_sql_operand(writer, &step->inputs[0]);

	(void) feature;
	for (int i = 1; i < step->n_inputs; i++)
		product = psprintf("riskml.ieee_multiply(%s, %s)", product, rml_sql_operand(writer, &step->inputs[i]));
	return product;
}

const RmlOp rml_ops_numeric[] = {
	{.name = "pass", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = no_fields,
	 .read = read_nothing, .compile = compile_pass, .sql = sql_pass},
	{.name = "impute", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = impute_fields,
	 .read = read_impute, .compile = compile_impute, .fit = fit_impute, .sql = sql_impute},
	{.name = "clip", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = clip_fields,
	 .read = read_clip, .compile = compile_clip, .sql = sql_clip},
	{.name = "winsorize", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = winsorize_fields,
	 .read = read_winsorize, .compile = compile_clip, .fit = fit_winsorize, .sql = sql_clip},
	{.name = "log1p", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = no_fields,
	 .read = read_nothing, .compile = compile_log1p, .sql = sql_log1p},
	{.name = "power", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = power_fields,
	 .read = read_power, .compile = compile_power, .fit = fit_power, .sql = sql_power},
	{.name = "bucketize", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = bucketize_fields,
	 .read = read_bucketize, .compile = compile_buckets, .sql = sql_buckets},
	{.name = "quantile_bucketize", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = quantile_bucketize_fields,
	 .read = read_quantile_bucketize, .compile = compile_buckets, .fit = fit_quantile_bucketize, .sql = sql_buckets},
	{.name = "ratio", .takes = RML_TAKES_NUMBER, .min_inputs = 2, .max_inputs = 2, .fields = no_fields,
	 .read = read_nothing, .compile = compile_ratio, .sql = sql_ratio},
	{.name = "interaction", .takes = RML_TAKES_NUMBER, .min_inputs = 2, .max_inputs = MAX_FACTORS, .fields = no_fields,
	 .read = read_nothing, .compile = compile_interaction, .sql = sql_interaction},
	{.name = NULL}
};
