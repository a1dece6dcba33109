/*
 * type_divergence.c
 *	  The Kullback-Leibler divergence of a column from a partition of weights:
 *	  sum of p * ln(p / q), p observed and q expected, both made to add up to 1.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "quality/json.h"
#include "quality/literal.h"
#include "quality/rows.h"

#define MOST_VALUES 10000

static const RmlKwarg divergence_kwargs[] = {
	{"partition_object", RML_KWARG_JSON, true}, {"threshold", RML_KWARG_NUMBER, false}, {"tail_weight_holdout", RML_KWARG_NUMBER, false},
	{"internal_weight_holdout", RML_KWARG_NUMBER, false}, {"bucketize_data", RML_KWARG_BOOL, false}, {"min_value", RML_KWARG_ANY, false},
	{"max_value", RML_KWARG_ANY, false}, {.name = NULL}
};

/* ---- the partition ---- */

static JsonbValue *
part(const RmlExpectation *expectation, const char *name)
{
	JsonbValue *partition = rml_kwarg(expectation, "partition_object");

	return rml_json_is_object(partition) ? rml_json_member(partition->val.binary.data, name) : NULL;
}

static double
number_at(const JsonbValue *list, int i)
{
	return rml_json_number(rml_json_element(list, i));
}

static void
check_numbers(const RmlExpectation *expectation, const char *name, const JsonbValue *list, int n)
{
	bool		right = list != NULL && rml_json_is_array(list) && rml_json_length(list) == n;

	for (int i = 0; right && i < n; i++)
		right = rml_json_element(list, i)->type == jbvNumeric;
	if (!right)
		rml_expectation_fault(expectation, "It is {\"bins\": [0, 1, 2], \"weights\": [0.4, 0.6]} or {\"values\": [\"a\", \"b\"], \"weights\": [0.4, 0.6]}.",
							  "\"%s\" of kwarg \"partition_object\" must be a list of %d numbers", name, n);
}

static void
check_share(const RmlExpectation *expectation, const char *name)
{
	double		share = rml_kwarg_number(expectation, name, 0);

	if (!(share >= 0 && share <= 1))
		rml_expectation_fault(expectation, NULL, "kwarg \"%s\" must be a number from 0 to 1, not %g", name, share);
}

static void
check_bins(const RmlExpectation *expectation, const JsonbValue *bins, bool has_tails)
{
	int			n = rml_json_length(bins);

	if (n < 2)
		rml_expectation_fault(expectation, NULL, "\"bins\" of kwarg \"partition_object\" must be a list of two numbers or more");
	check_numbers(expectation, "bins", bins, n);
	check_numbers(expectation, "weights", part(expectation, "weights"), n - 1);
	for (int i = 1; i < n; i++)
	{
		if (!(number_at(bins, i - 1) < number_at(bins, i)))
			rml_expectation_fault(expectation, NULL, "\"bins\" of kwarg \"partition_object\" must increase");
	}
	if (has_tails)
		check_numbers(expectation, "tail_weights", part(expectation, "tail_weights"), 2);
	if (!rml_kwarg_bool(expectation, "bucketize_data", true))
		rml_expectation_fault(expectation, NULL, "kwarg \"bucketize_data\" must not be false for a partition with \"bins\"");
}

static void
check_divergence(const RmlExpectation *expectation)
{
	JsonbValue *bins = part(expectation, "bins");
	JsonbValue *values = part(expectation, "values");
	JsonbValue *weights = part(expectation, "weights");
	double		sum = 0;

	check_share(expectation, "tail_weight_holdout");
	check_share(expectation, "internal_weight_holdout");
	if (rml_kwarg_number(expectation, "threshold", 0) < 0)
		rml_expectation_fault(expectation, NULL, "kwarg \"threshold\" must not be negative");
	if (bins != NULL)
		check_bins(expectation, bins, part(expectation, "tail_weights") != NULL);
	else
		check_numbers(expectation, "weights", weights, values ? rml_json_length(values) : 1);
	if (bins == NULL && values == NULL)
		rml_expectation_fault(expectation, NULL, "kwarg \"partition_object\" must have \"bins\" or \"values\"");
	if (bins == NULL && rml_kwarg_number(expectation, "internal_weight_holdout", 0) > 0)
		rml_expectation_fault(expectation, NULL, "kwarg \"internal_weight_holdout\" is for partitions with \"bins\"");
	if (rml_kwarg_number(expectation, "tail_weight_holdout", 0) != 0 && part(expectation, "tail_weights") != NULL)
		rml_expectation_fault(expectation, NULL, "kwarg \"tail_weight_holdout\" must be 0 if the partition has \"tail_weights\"");
	for (int i = 0; i < rml_json_length(weights); i++)
		sum += number_at(weights, i);
	for (int i = 0; i < 2 && part(expectation, "tail_weights") != NULL; i++)
		sum += number_at(part(expectation, "tail_weights"), i);
	if (fabs(sum - 1) > 1e-5)
		rml_expectation_fault(expectation, NULL, "weights of kwarg \"partition_object\" must add up to 1, not %g", sum);
}

/* ---- the sum ---- */

typedef struct Weights
{
	int			n;
	double	   *observed;
	double	   *expected;
} Weights;

static double
divergence(const Weights *weights)
{
	double		observed = 0;
	double		expected = 0;
	double		sum = 0;

	for (int i = 0; i < weights->n; i++)
	{
		observed += weights->observed[i];
		expected += weights->expected[i];
	}
	for (int i = 0; i < weights->n; i++)
	{
		double		p = weights->observed[i] / observed;
		double		q = weights->expected[i] / expected;

		if (p > 0)
			sum += q > 0 ? p * log(p / q) : INFINITY;
	}
	return observed > 0 && expected > 0 ? sum : NAN;
}

static void
append_weights(StringInfo out, const double *weights, int from, int to)
{
	appendStringInfoChar(out, '[');
	for (int i = from; i < to; i++)
		appendStringInfo(out, "%s%s", i == from ? "" : ", ", isfinite(weights[i]) ? float8out_internal(weights[i]) : "null");
	appendStringInfoChar(out, ']');
}

static void
append_verdict(const RmlCompiled *compiled, const Weights *weights, bool *success, StringInfo result)
{
	double		found = divergence(weights);

	*success = rml_kwarg(compiled->expectation, "threshold") == NULL || found <= rml_kwarg_number(compiled->expectation, "threshold", 0);
	appendStringInfo(result, "{\"observed_value\": %s, \"details\": {", isfinite(found) ? float8out_internal(found) : "null");
}

static Weights
new_weights(int n)
{
	Weights		weights = {.n = n};

	weights.observed = palloc0(sizeof(double) * (size_t) (n + 1));
	weights.expected = palloc0(sizeof(double) * (size_t) (n + 1));
	return weights;
}

/* ---- bins ---- */

static double
count_of(const RmlMeasure *measure)
{
	return measure->value ? strtod(measure->value, NULL) : 0;
}

/* Below the bins, in each, and above. */
static void
judge_bins(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const RmlExpectation *expectation = compiled->expectation;
	RmlMeasure **counts = compiled->state;
	JsonbValue *bins = part(expectation, "bins");
	JsonbValue *expected = part(expectation, "weights");
	JsonbValue *tails = part(expectation, "tail_weights");
	int			n = rml_json_length(expected);
	double		tail = rml_kwarg_number(expectation, "tail_weight_holdout", 0);
	double		internal = rml_kwarg_number(expectation, "internal_weight_holdout", 0);
	double		rows = count_of(counts[n + 2]);
	Weights		weights = new_weights(n + 2);
	int			zeros = 0;

	for (int i = 0; i < n; i++)
		zeros += number_at(expected, i) == 0;
	for (int i = 0; i < n + 2; i++)
		weights.observed[i] = count_of(counts[i]) / rows;
	for (int i = 0; i < n; i++)
		weights.expected[i + 1] = number_at(expected, i) == 0 && internal > 0 ? internal / zeros : number_at(expected, i) * (1 - tail - internal);
	weights.expected[0] = tails ? number_at(tails, 0) : tail / 2;
	weights.expected[n + 1] = tails ? number_at(tails, 1) : tail / 2;
	append_verdict(compiled, &weights, success, result);
	for (int i = 0; i < 2; i++)
	{
		const double *of = i == 0 ? weights.observed : weights.expected;
		double		both[2] = {of[0], of[n + 1]};

		appendStringInfo(result, "%s\"%s_partition\": {\"bins\": %s, \"weights\": ", i == 0 ? "" : ", ", i == 0 ? "observed" : "expected",
						 rml_json_out(bins));
		append_weights(result, of, 1, n + 1);
		appendStringInfoString(result, ", \"tail_weights\": ");
		append_weights(result, both, 0, 2);
		appendStringInfoChar(result, '}');
	}
	appendStringInfoString(result, "}}");
}

static void
compile_bins(RmlCompiled *compiled, const JsonbValue *bins)
{
	int			n = rml_json_length(bins) - 1;
	RmlMeasure **counts = palloc0(sizeof(RmlMeasure *) * (size_t) (n + 3));
	Oid			type = compiled->column_type;
	const char *less = rml_operator(type, "<");
	const char *not_less = rml_operator(type, ">=");
	const char *more = rml_operator(type, ">");

	for (int i = 0; i < n; i++)
		counts[i + 1] = rml_scan_measure(compiled->scan,
										 rml_count_sql(compiled, psprintf("%s %s %s AND %s %s %s", compiled->column, not_less,
																		  rml_literal(rml_json_element(bins, i), type), compiled->column,
																		  i == n - 1 ? rml_operator(type, "<=") : less,
																		  rml_literal(rml_json_element(bins, i + 1), type))));
	counts[0] = rml_scan_measure(compiled->scan, rml_count_sql(compiled, psprintf("%s %s %s", compiled->column, less,
																				   rml_literal(rml_json_element(bins, 0), type))));
	counts[n + 1] = rml_scan_measure(compiled->scan, rml_count_sql(compiled, psprintf("%s %s %s", compiled->column, more,
																					   rml_literal(rml_json_element(bins, n), type))));
	counts[n + 2] = rml_scan_measure(compiled->scan, rml_count_sql(compiled, psprintf("%s IS NOT NULL", compiled->column)));
	compiled->state = counts;
	compiled->judge = judge_bins;
}

/* ---- values ---- */

/* Its measure is a list of [value, count, place among the expected or null]. */
static void
judge_values(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const RmlExpectation *expectation = compiled->expectation;
	const RmlMeasure *measure = *(RmlMeasure **) compiled->state;
	Jsonb	   *found = rml_json_in(psprintf("{\"v\": %s}", measure->value ? measure->value : "[]"));
	JsonbValue *groups = rml_json_member(&found->root, "v");
	JsonbValue *values = part(expectation, "values");
	JsonbValue *expected = part(expectation, "weights");
	double		holdout = rml_kwarg_number(expectation, "tail_weight_holdout", 0);
	int			n = rml_json_length(values);
	int			others = 0;
	double		rows = 0;
	Weights		weights = new_weights(n + rml_json_length(groups));
	StringInfoData names;

	initStringInfo(&names);
	weights.n = n;
	for (int i = 0; i < n; i++)
	{
		weights.expected[i] = number_at(expected, i);
		appendStringInfo(&names, "%s%s", i == 0 ? "" : ", ", rml_json_out(rml_json_element(values, i)));
	}
	for (int i = 0; i < rml_json_length(groups); i++)
	{
		JsonbValue *group = rml_json_element(groups, i);
		JsonbValue *place = rml_json_element(group, 2);
		double		count = number_at(group, 1);

		rows += count;
		if (place->type == jbvNumeric)
			weights.observed[(int) rml_json_number(place) - 1] = count;
		else
		{
			weights.observed[weights.n++] = count;
			others++;
			appendStringInfo(&names, "%s%s", names.len == 0 ? "" : ", ", rml_json_out(rml_json_element(group, 0)));
		}
	}
	for (int i = 0; i < weights.n; i++)
	{
		weights.observed[i] /= rows > 0 ? rows : 1;
		if (others > 0)
			weights.expected[i] = i < n ? weights.expected[i] * (1 - holdout) : holdout / others;
	}
	append_verdict(compiled, &weights, success, result);
	appendStringInfo(result, "\"observed_partition\": {\"values\": [%s], \"weights\": ", names.data);
	append_weights(result, weights.observed, 0, weights.n);
	appendStringInfo(result, "}, \"expected_partition\": {\"values\": [%s], \"weights\": ", names.data);
	append_weights(result, weights.expected, 0, weights.n);
	appendStringInfoString(result, "}}}");
}

static void
compile_values(RmlCompiled *compiled, const JsonbValue *values)
{
	int			number;
	int			n;
	RmlPass    *pass = rml_scan_pass(compiled->scan, list_make1(pstrdup(compiled->column)), compiled->rows, &number);
	char	   *array = rml_literal_array(values, compiled->column_type, &n);
	RmlMeasure **measure = palloc0(sizeof(RmlMeasure *));

	*measure = rml_pass_measure(compiled->scan, pass, number, true,
								psprintf("pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(v0, n%d, (SELECT expected.place FROM "
										 "pg_catalog.unnest(%s) WITH ORDINALITY AS expected (value, place) WHERE expected.value %s v0 "
										 "LIMIT 1)) ORDER BY r%d) FILTER (WHERE n%d OPERATOR(pg_catalog.>) 0 AND r%d OPERATOR(pg_catalog.<=) %d)",
										 number, array, rml_operator(compiled->column_type, "="), number, number, number, MOST_VALUES));
	compiled->state = measure;
	compiled->judge = judge_values;
}

static void
compile_divergence(RmlCompiled *compiled)
{
	JsonbValue *bins = part(compiled->expectation, "bins");

	if (bins != NULL)
		compile_bins(compiled, bins);
	else
		compile_values(compiled, part(compiled->expectation, "values"));
}

const RmlType rml_divergence_types[] = {
	{.name = "expect_column_kl_divergence_to_be_less_than", .class = RML_CLASS_AGGREGATE, .kwargs = divergence_kwargs, .check = check_divergence, .compile = compile_divergence},
	{.name = NULL}
};
