/*
 * type_aggregate.c
 *	  Expectations on an aggregate of a column, which lies between bounds.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "quality/between.h"
#include "quality/condition.h"
#include "quality/json.h"
#include "quality/literal.h"
#include "quality/rows.h"

/* ---- an observed value, and whether it lies between bounds ---- */

typedef struct Between
{
	RmlMeasure *observed;		/* JSON; NULL: there was nothing */
	RmlMeasure *within;
} Between;

static void
judge_between(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const Between *between = compiled->state;
	const char *observed = between->observed->value;

	/* as in GX, what is not a number is nothing */
	if (observed != NULL && rml_is_number_type(compiled->column_type) && strcmp(observed, "\"NaN\"") == 0)
		observed = NULL;
	*success = observed != NULL && between->within->value != NULL && *between->within->value == 't';
	appendStringInfo(result, "{\"observed_value\": %s}", observed ? observed : "null");
}

char *
rml_within_sql(const RmlExpectation *expectation, const char *value, Oid type)
{
	JsonbValue *min = rml_kwarg(expectation, "min_value");
	JsonbValue *max = rml_kwarg(expectation, "max_value");
	char	   *above = NULL;
	char	   *below = NULL;

	if (min != NULL)
		above = psprintf("%s %s %s", value, rml_operator(type, rml_kwarg_bool(expectation, "strict_min", false) ? ">" : ">="),
						 rml_literal(min, type));
	if (max != NULL)
		below = psprintf("%s %s %s", value, rml_operator(type, rml_kwarg_bool(expectation, "strict_max", false) ? "<" : "<="),
						 rml_literal(max, type));
	return rml_and(above, below);
}

void
rml_between_judge(RmlCompiled *compiled, RmlMeasure *observed, RmlMeasure *within)
{
	Between    *between = palloc0(sizeof(Between));

	between->observed = observed;
	between->within = within;
	compiled->state = between;
	compiled->judge = judge_between;
}

/* An aggregate of the scan. */
static void
ask(RmlCompiled *compiled, const char *value, Oid type)
{
	RmlMeasure *observed = rml_scan_measure(compiled->scan, psprintf("pg_catalog.to_jsonb(%s)", value));

	rml_between_judge(compiled, observed, rml_scan_measure(compiled->scan, rml_within_sql(compiled->expectation, value, type)));
}

static char *
aggregate_sql(const RmlCompiled *compiled, const char *function)
{
	return psprintf("pg_catalog.%s(%s)%s", function, compiled->column,
					compiled->rows ? psprintf(" FILTER (WHERE %s)", compiled->rows) : "");
}

static void
compile_min(RmlCompiled *compiled)
{
	ask(compiled, aggregate_sql(compiled, "min"), compiled->column_type);
}

static void
compile_max(RmlCompiled *compiled)
{
	ask(compiled, aggregate_sql(compiled, "max"), compiled->column_type);
}

static void
require_number(const RmlCompiled *compiled)
{
	if (!rml_is_number_type(compiled->column_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has type %s, which is no number", compiled->column_name, format_type_be(compiled->column_type))));
}

static void
compile_mean(RmlCompiled *compiled)
{
	require_number(compiled);
	ask(compiled, psprintf("(%s)::pg_catalog.float8", aggregate_sql(compiled, "avg")), FLOAT8OID);
}

static void
compile_stdev(RmlCompiled *compiled)
{
	require_number(compiled);
	ask(compiled, psprintf("(%s)::pg_catalog.float8", aggregate_sql(compiled, "stddev_samp")), FLOAT8OID);
}

static void
compile_sum(RmlCompiled *compiled)
{
	Oid			type = rml_is_float_type(compiled->column_type) ? FLOAT8OID : NUMERICOID;

	require_number(compiled);
	ask(compiled, psprintf("(%s)::%s", aggregate_sql(compiled, "sum"), rml_type_name(type)), type);
}

const RmlType rml_aggregate_types[] = {
	{.name = "expect_column_min_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_min},
	{.name = "expect_column_max_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_max},
	{.name = "expect_column_mean_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_mean},
	{.name = "expect_column_sum_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_sum},
	{.name = "expect_column_stdev_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_stdev},
	{.name = NULL}
};
