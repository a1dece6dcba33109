/*
 * op_scale.c
 *	  Operations that bring numbers to a common scale, as scikit-learn's scalers do.
 *
 * A scale of 0, that of a column whose values are all equal, counts as 1.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "math/sums.h"
#include "recipe/op.h"

/* What is subtracted, and what it is then divided by. */
typedef struct Scale
{
	int			deviation;		/* choice of deviations */
	double		lower;			/* quantiles */
	double		upper;
	double		center;
	double		scale;
} Scale;

static void
compile_scale(const RmlStep *step, RmlBuilder *builder)
{
	const Scale *p = step->parameters;
	int			x = rml_build_number(builder, &step->inputs[0]);

	rml_build_feature(builder, step, 0, rml_build_unary(builder, RML_DO_SUBTRACT_DIVIDE, x, p->center, p->scale == 0 ? 1 : p->scale));
}

static char *
sql_scale(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Scale *p = step->parameters;

	(void) feature;
	return psprintf("riskml.ieee_divide(riskml.ieee_subtract(%s, %s), %s)", rml_sql_operand(writer, &step->inputs[0]),
					rml_sql_number(p->center), rml_sql_number(p->scale == 0 ? 1 : p->scale));
}

static void
read_scale(RmlReader *reader, const char *field, double *scale)
{
	if (rml_reader_number(reader, field, RML_FITTED, scale) && *scale < 0)
		rml_reader_fault(reader, field, NULL, "must not be negative");
}

static bool
is_given(const RmlStep *step, const char *field)
{
	return getKeyJsonValueFromContainer(&step->json->root, field, (int) strlen(field), NULL) != NULL;
}

/* Both parameters; what is given stays. */
static void
set_both(const RmlStep *step, RmlFitting *fitting, const char *first_field, double first, const char *second_field, double second)
{
	if (!is_given(step, first_field))
		rml_fit_set_number(fitting, first_field, first);
	if (!is_given(step, second_field))
		rml_fit_set_number(fitting, second_field, second);
}

/* ---- standardize ---- */

static const char *const standardize_fields[] = {"deviation", "mean", "std", NULL};
static const char *const deviations[] = {"population", "sample", NULL};

static void
read_standardize(RmlStep *step, RmlReader *reader)
{
	Scale	   *p = step->parameters = palloc0(sizeof(Scale));

	(void) rml_reader_choice(reader, "deviation", RML_OPTIONAL, deviations, &p->deviation);
	(void) rml_reader_number(reader, "mean", RML_FITTED, &p->center);
	read_scale(reader, "std", &p->scale);
}

/* Sums of x - center and of its square, in ascending order. */
static void
sum_deviations(RmlSorted *sorted, double center, RmlSum *sum, RmlSum *squares)
{
	const double *values;
	int			n;

	*sum = *squares = (RmlSum) {0, 0};
	rml_sorted_rewind(sorted);
	while ((values = rml_sorted_next(sorted, &n)) != NULL)
	{
		for (int i = 0; i < n; i++)
		{
			double		deviation = values[i] - center;

			rml_sum_add(sum, deviation);
			rml_sum_add_product(squares, deviation, deviation);
		}
	}
}

/* scikit-learn's rule: a variance within the error of its own computation, _is_constant_feature() of sklearn.preprocessing. */
static bool
is_constant(double variance, double mean, double n)
{
	double		error = n * mean * DBL_EPSILON;

	return variance <= n * DBL_EPSILON * variance + error * error;
}

static void
fit_standardize(const RmlStep *step, RmlFitting *fitting)
{
	const Scale *p = step->parameters;
	RmlSorted  *sorted = rml_fit_sorted(fitting, &step->inputs[0]);
	double		n = (double) rml_sorted_count(sorted);
	RmlSum		sum;
	RmlSum		squares;
	double		mean;
	double		rest;
	double		variance;

	sum_deviations(sorted, 0, &sum, &squares);
	mean = rml_sum_value(sum) / n;
	sum_deviations(sorted, mean, &sum, &squares);
	/* what rounding the mean left over */
	rest = rml_sum_value(sum) / n;
	variance = rml_sum_value(squares) / n - rest * rest;
	if (is_constant(variance, mean, n))
		variance = 0;
	else if (p->deviation > 0)
		variance = variance * n / (n - 1);
	set_both(step, fitting, "mean", mean, "std", sqrt(variance));
	rml_sorted_free(sorted);
}

/* ---- robust_scale ---- */

static const char *const robust_fields[] = {"lower", "upper", "center", "scale", NULL};

static void
read_robust(RmlStep *step, RmlReader *reader)
{
	Scale	   *p = palloc(sizeof(Scale));

	*p = (Scale) {.lower = 0.25, .upper = 0.75};
	step->parameters = p;
	(void) rml_reader_number(reader, "lower", RML_OPTIONAL, &p->lower);
	(void) rml_reader_number(reader, "upper", RML_OPTIONAL, &p->upper);
	if (!(p->lower >= 0 && p->lower < p->upper && p->upper <= 1))
		rml_reader_fault(reader, "lower", NULL, "and \"upper\" must be shares of the rows between 0 and 1, the lower one first");
	(void) rml_reader_number(reader, "center", RML_FITTED, &p->center);
	read_scale(reader, "scale", &p->scale);
}

static void
fit_robust(const RmlStep *step, RmlFitting *fitting)
{
	const Scale *p = step->parameters;
	const double half = 0.5;
	const double shares[2] = {p->lower, p->upper};
	RmlSorted  *sorted = rml_fit_sorted(fitting, &step->inputs[0]);
	double		median;
	double		bounds[2];

	rml_sorted_quantiles(sorted, &half, 1, &median);
	rml_sorted_quantiles(sorted, shares, 2, bounds);
	set_both(step, fitting, "center", median, "scale", bounds[1] - bounds[0]);
	rml_sorted_free(sorted);
}

/* ---- maxabs_scale ---- */

static const char *const maxabs_fields[] = {"max_abs", NULL};

static void
read_maxabs(RmlStep *step, RmlReader *reader)
{
	Scale	   *p = step->parameters = palloc0(sizeof(Scale));

	read_scale(reader, "max_abs", &p->scale);
}

static void
take_range(const RmlStep *step, RmlFitting *fitting, double *range)
{
	const double ends[2] = {0, 1};
	RmlSorted  *sorted = rml_fit_sorted(fitting, &step->inputs[0]);

	rml_sorted_quantiles(sorted, ends, 2, range);
	rml_sorted_free(sorted);
}

static void
fit_maxabs(const RmlStep *step, RmlFitting *fitting)
{
	double		range[2];

	take_range(step, fitting, range);
	rml_fit_set_number(fitting, "max_abs", fmax(fabs(range[0]), fabs(range[1])));
}

static char *
sql_maxabs(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Scale *p = step->parameters;

	(void) feature;
	return psprintf("riskml.ieee_divide(%s, %s)", rml_sql_operand(writer, &step->inputs[0]), rml_sql_number(p->scale == 0 ? 1 : p->scale));
}

/* ---- minmax_scale ---- */

typedef struct MinMax
{
	double		low;			/* of the result */
	double		high;
	bool		clip;
	double		min;			/* of the data */
	double		max;
} MinMax;

static const char *const minmax_fields[] = {"range", "clip", "min", "max", NULL};

static void
read_minmax(RmlStep *step, RmlReader *reader)
{
	MinMax	   *p = palloc(sizeof(MinMax));
	double	   *range;
	int			n;

	*p = (MinMax) {.low = 0, .high = 1};
	step->parameters = p;
	if (rml_reader_numbers(reader, "range", RML_OPTIONAL, &range, &n))
	{
		if (n == 2 && range[0] < range[1])
		{
			p->low = range[0];
			p->high = range[1];
		}
		else
			rml_reader_fault(reader, "range", NULL, "must be a list of two numbers, the lower one first");
	}
	(void) rml_reader_boolean(reader, "clip", RML_OPTIONAL, &p->clip);
	(void) rml_reader_number(reader, "min", RML_FITTED, &p->min);
	if (rml_reader_number(reader, "max", RML_FITTED, &p->max) && rml_reader_has(reader, "min") && p->min > p->max)
		rml_reader_fault(reader, "max", NULL, "must not be less than \"min\"");
}

/* x * factor + offset */
static void
factor_of(const MinMax *p, double *factor, double *offset)
{
	*factor = (p->high - p->low) / (p->max - p->min);
	/* a range of 0, or of nearly 0 */
	if (isinf(*factor))
		*factor = p->high - p->low;
	*offset = p->low - p->min * *factor;
}

static void
compile_minmax(const RmlStep *step, RmlBuilder *builder)
{
	const MinMax *p = step->parameters;
	int			x = rml_build_number(builder, &step->inputs[0]);
	double		factor;
	double		offset;

	factor_of(p, &factor, &offset);
	x = rml_build_unary(builder, RML_DO_MULTIPLY_ADD, x, factor, offset);
	rml_build_feature(builder, step, 0, p->clip ? rml_build_unary(builder, RML_DO_CLIP, x, p->low, p->high) : x);
}

static void
fit_minmax(const RmlStep *step, RmlFitting *fitting)
{
	double		range[2];

	take_range(step, fitting, range);
	set_both(step, fitting, "min", range[0], "max", range[1]);
}

static char *
sql_minmax(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const MinMax *p = step->parameters;
	double		factor;
	double		offset;
	char	   *sql;

	(void) feature;
	factor_of(p, &factor, &offset);
	sql = psprintf("riskml.ieee_add(riskml.ieee_multiply(%s, %s), %s)", rml_sql_operand(writer, &step->inputs[0]),
				   rml_sql_number(factor), rml_sql_number(offset));
	return p->clip ? psprintf("riskml.clip(%s, %s, %s)", sql, rml_sql_number(p->low), rml_sql_number(p->high)) : sql;
}

const RmlOp rml_ops_scale[] = {
	{.name = "standardize", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = standardize_fields,
	 .read = read_standardize, .compile = compile_scale, .fit = fit_standardize, .sql = sql_scale},
	{.name = "robust_scale", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = robust_fields,
	 .read = read_robust, .compile = compile_scale, .fit = fit_robust, .sql = sql_scale},
	{.name = "minmax_scale", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = minmax_fields,
	 .read = read_minmax, .compile = compile_minmax, .fit = fit_minmax, .sql = sql_minmax},
	{.name = "maxabs_scale", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = maxabs_fields,
	 .read = read_maxabs, .compile = compile_scale, .fit = fit_maxabs, .sql = sql_maxabs},
	{.name = NULL}
};
