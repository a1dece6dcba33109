/*
 * type_distinct.c
 *	  Expectations on the distinct values of a column and their order: sets,
 *	  counts, quantiles, the most common value.
 *
 * All that a suite asks of a column is answered from its groups, in one pass.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "quality/between.h"
#include "quality/json.h"
#include "quality/literal.h"
#include "quality/rows.h"

#define MOST_VALUES 10000		/* distinct values that are told */

/* ---- the pass ---- */

typedef struct Pass
{
	RmlCompiled *compiled;
	RmlPass    *pass;
	int			n;				/* number of the rows' condition */
} Pass;

static Pass
pass_of(RmlCompiled *compiled)
{
	Pass		pass = {.compiled = compiled};

	pass.pass = rml_scan_pass(compiled->scan, list_make1(pstrdup(compiled->column)), compiled->rows, &pass.n);
	if (type_is_collatable(compiled->column_type))
		rml_pass_by_bytes(pass.pass);
	return pass;
}

/* A measure of it; in its SQL, # stands for the condition's number. */
static RmlMeasure *
measure(const Pass *pass, bool ordered, const char *sql)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *c = sql; *c != '\0'; c++)
	{
		if (*c == '\1')
			appendStringInfo(&text, "%d", pass->n);
		else
			appendStringInfoChar(&text, *c);
	}
	return rml_pass_measure(pass->compiled->scan, pass->pass, pass->n, ordered, text.data);
}

/* In SQL for measure(): columns of the groups, and operators. */
#define N "n\1"
#define R "r\1"
#define U "u\1"
#define T "t\1"
#define X "x\1"
#define GT " OPERATOR(pg_catalog.>) "
#define GE " OPERATOR(pg_catalog.>=) "
#define LE " OPERATOR(pg_catalog.<=) "
#define EQ " OPERATOR(pg_catalog.=) "
#define THERE "pg_catalog.count(*) FILTER (WHERE " N GT "0)"
#define ROWS "pg_catalog.sum(" N ")"

/* ---- counts ---- */

static void
ask_between(RmlCompiled *compiled, const char *value, Oid type)
{
	Pass		pass = pass_of(compiled);
	RmlMeasure *observed = measure(&pass, false, psprintf("pg_catalog.to_jsonb(%s)", value));

	rml_between_judge(compiled, observed, measure(&pass, false, rml_within_sql(compiled->expectation, value, type)));
}

static void
compile_unique_count(RmlCompiled *compiled)
{
	ask_between(compiled, THERE, INT8OID);
}

/* Of no values, it is 0. */
static void
compile_proportion(RmlCompiled *compiled)
{
	ask_between(compiled, "COALESCE(" THERE "::pg_catalog.float8 OPERATOR(pg_catalog./) NULLIF(" ROWS ", 0)::pg_catalog.float8, 0)",
				FLOAT8OID);
}

/* ---- sets ---- */

static const RmlKwarg set_kwargs[] = {{"value_set", RML_KWARG_LIST, false}, {.name = NULL}};
static const RmlKwarg needed_set_kwargs[] = {{"value_set", RML_KWARG_LIST, true}, {.name = NULL}};

typedef struct Sets
{
	RmlMeasure *observed;		/* lists; NULL: there was nothing */
	RmlMeasure *counts;			/* NULL: not told */
	RmlMeasure *verdict;
} Sets;

static void
judge_set(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const Sets *sets = compiled->state;

	*success = sets->verdict->value != NULL && *sets->verdict->value == 't';
	appendStringInfo(result, "{\"observed_value\": %s", sets->observed->value ? sets->observed->value : "[]");
	if (sets->counts != NULL)
		appendStringInfo(result, ", \"details\": {\"value_counts\": %s}", sets->counts->value ? sets->counts->value : "[]");
	appendStringInfoChar(result, '}');
}

static void
ask_set(RmlCompiled *compiled, const char *verdict)
{
	Pass		pass = pass_of(compiled);
	Sets	   *sets = palloc0(sizeof(Sets));
	const char *filter = psprintf("FILTER (WHERE " N GT "0 AND " R LE "%d)", MOST_VALUES);

	sets->observed = measure(&pass, true, psprintf("pg_catalog.jsonb_agg(v0 ORDER BY " R ") %s", filter));
	sets->counts = measure(&pass, true, psprintf("pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('value', v0, 'count', " N
												 ") ORDER BY " R ") %s", filter));
	sets->verdict = measure(&pass, false, verdict);
	compiled->state = sets;
	compiled->judge = judge_set;
}

/* "= ANY (…)" of the set; NULL if it is empty. */
static char *
is_in_set(const RmlCompiled *compiled, char **array)
{
	JsonbValue *set = rml_kwarg(compiled->expectation, "value_set");
	int			n = 0;

	*array = set ? rml_literal_array(set, compiled->column_type, &n) : NULL;
	return n == 0 ? NULL : psprintf("(v0 %s ANY (%s))", rml_operator(compiled->column_type, "="), *array);
}

static char *
none_outside(const char *is_in)
{
	return is_in == NULL ? THERE EQ "0" : psprintf("pg_catalog.count(*) FILTER (WHERE " N GT "0 AND NOT %s)" EQ "0", is_in);
}

static char *
all_there(const char *is_in, const char *array)
{
	return is_in == NULL ? pstrdup("true") :
		psprintf("pg_catalog.count(*) FILTER (WHERE " N GT "0 AND %s)" EQ
				 "(SELECT pg_catalog.count(DISTINCT wanted) FROM pg_catalog.unnest(%s) AS wanted)", is_in, array);
}

/* As in GX, no or an empty set is right here. */
static void
compile_in_set(RmlCompiled *compiled)
{
	char	   *array;
	char	   *is_in = is_in_set(compiled, &array);

	ask_set(compiled, is_in == NULL ? "true" : none_outside(is_in));
}

static void
compile_contain_set(RmlCompiled *compiled)
{
	char	   *array;
	char	   *is_in = is_in_set(compiled, &array);

	ask_set(compiled, all_there(is_in, array));
}

static void
compile_equal_set(RmlCompiled *compiled)
{
	char	   *array;
	char	   *is_in = is_in_set(compiled, &array);

	ask_set(compiled, rml_and(none_outside(is_in), all_there(is_in, array)));
}

/* ---- the most common value ---- */

static const RmlKwarg common_kwargs[] = {
	{"value_set", RML_KWARG_LIST, true}, {"ties_okay", RML_KWARG_BOOL, false}, {.name = NULL}
};

static void
compile_most_common(RmlCompiled *compiled)
{
	Pass		pass = pass_of(compiled);
	Sets	   *sets = palloc0(sizeof(Sets));
	char	   *array;
	char	   *is_in = is_in_set(compiled, &array);
	const char *common = N GT "0 AND " N EQ X;
	const char *in;

	in = psprintf("pg_catalog.count(*) FILTER (WHERE %s AND %s)" GT "0", common, is_in ? is_in : "false");
	if (!rml_kwarg_bool(compiled->expectation, "ties_okay", false))
		in = psprintf("%s AND pg_catalog.count(*) FILTER (WHERE %s)" EQ "1", in, common);
	sets->observed = measure(&pass, true, psprintf("pg_catalog.jsonb_agg(v0 ORDER BY " R ") FILTER (WHERE %s AND " R LE "%d)", common, MOST_VALUES));
	sets->verdict = measure(&pass, true, in);
	compiled->state = sets;
	compiled->judge = judge_set;
}

/* ---- quantiles ---- */

static const RmlKwarg quantile_kwargs[] = {
	{"quantile_ranges", RML_KWARG_JSON, true}, {"allow_relative_error", RML_KWARG_ANY, false}, {.name = NULL}
};

typedef struct Quantiles
{
	int			n;
	RmlMeasure **values;		/* JSON */
	RmlMeasure **within;
} Quantiles;

static JsonbValue *
ranges_member(const RmlExpectation *expectation, const char *name)
{
	JsonbValue *ranges = rml_kwarg(expectation, "quantile_ranges");
	JsonbValue *list = rml_json_is_object(ranges) ? rml_json_member(ranges->val.binary.data, name) : NULL;

	if (list == NULL || !rml_json_is_array(list))
		rml_expectation_fault(expectation, "It is {\"quantiles\": [0.5], \"value_ranges\": [[1, 2]]}.",
							  "kwarg \"quantile_ranges\" must have a list \"%s\"", name);
	return list;
}

static void
check_quantiles(const RmlExpectation *expectation)
{
	JsonbValue *quantiles = ranges_member(expectation, "quantiles");
	JsonbValue *ranges = ranges_member(expectation, "value_ranges");

	if (rml_json_length(quantiles) != rml_json_length(ranges))
		rml_expectation_fault(expectation, NULL, "kwarg \"quantile_ranges\" has %d quantiles and %d value_ranges",
							  rml_json_length(quantiles), rml_json_length(ranges));
	for (int i = 0; i < rml_json_length(quantiles); i++)
	{
		JsonbValue *quantile = rml_json_element(quantiles, i);

		if (quantile->type != jbvNumeric || !(rml_json_number(quantile) >= 0 && rml_json_number(quantile) <= 1))
			rml_expectation_fault(expectation, NULL, "quantile %s is no number from 0 to 1", rml_json_out(quantile));
		if (rml_json_length(rml_json_element(ranges, i)) != 2)
			rml_expectation_fault(expectation, "null is no bound.", "value range %s is no list of two", rml_json_out(rml_json_element(ranges, i)));
	}
}

/* As GX does, a number is within a bound that it is close to. */
static char *
close_to(const char *value, const char *bound)
{
	return psprintf("pg_catalog.abs((%s)::pg_catalog.float8 OPERATOR(pg_catalog.-) (%s)::pg_catalog.float8)" LE
					"(1e-8::pg_catalog.float8 OPERATOR(pg_catalog.+) 1e-4::pg_catalog.float8 OPERATOR(pg_catalog.*) pg_catalog.abs((%s)::pg_catalog.float8))",
					value, bound, bound);
}

static char *
bound_sql(const RmlCompiled *compiled, const char *value, const char *operator, const JsonbValue *bound)
{
	Oid			type = compiled->column_type;

	if (bound->type == jbvNull)
		return NULL;
	return psprintf("%s %s %s", value, rml_operator(type, operator), rml_literal(bound, type));
}

static char *
quantile_within(const RmlCompiled *compiled, const char *value, const JsonbValue *range)
{
	JsonbValue *low = rml_json_element(range, 0);
	JsonbValue *high = rml_json_element(range, 1);
	char	   *sql = rml_and(bound_sql(compiled, value, ">=", low), bound_sql(compiled, value, "<=", high));

	sql = psprintf("(%s)", sql);
	if (rml_is_number_type(compiled->column_type))
	{
		if (low->type == jbvNumeric)
			sql = psprintf("%s OR %s", sql, close_to(value, rml_literal(low, compiled->column_type)));
		if (high->type == jbvNumeric)
			sql = psprintf("%s OR %s", sql, close_to(value, rml_literal(high, compiled->column_type)));
	}
	return sql;
}

static void
judge_quantiles(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const Quantiles *quantiles = compiled->state;
	StringInfoData details;

	initStringInfo(&details);
	*success = true;
	appendStringInfo(result, "{\"observed_value\": {\"quantiles\": %s, \"values\": [",
					 rml_json_out(ranges_member(compiled->expectation, "quantiles")));
	for (int i = 0; i < quantiles->n; i++)
	{
		const char *value = quantiles->values[i]->value;
		const char *within = quantiles->within[i]->value;
		bool		is_within = value != NULL && within != NULL && *within == 't';

		*success = *success && is_within;
		appendStringInfo(result, "%s%s", i == 0 ? "" : ", ", value ? value : "null");
		appendStringInfo(&details, "%s%s", i == 0 ? "" : ", ", is_within ? "true" : "false");
	}
	appendStringInfo(result, "]}, \"details\": {\"success_details\": [%s]}}", details.data);
}

/* The least value up to which there is the share of the rows: percentile_disc(). */
static void
compile_quantiles(RmlCompiled *compiled)
{
	Pass		pass = pass_of(compiled);
	Quantiles  *quantiles = palloc0(sizeof(Quantiles));
	JsonbValue *shares = ranges_member(compiled->expectation, "quantiles");

	quantiles->n = rml_json_length(shares);
	quantiles->values = palloc0(sizeof(RmlMeasure *) * (size_t) (quantiles->n + 1));
	quantiles->within = palloc0(sizeof(RmlMeasure *) * (size_t) (quantiles->n + 1));
	for (int i = 0; i < quantiles->n; i++)
	{
		char	   *value = psprintf("pg_catalog.min(v0) FILTER (WHERE " N GT "0 AND " U GE "pg_catalog.ceil('%s'::pg_catalog.float8 "
									 "OPERATOR(pg_catalog.*) " T "::pg_catalog.float8)::pg_catalog.numeric)",
									 rml_json_out(rml_json_element(shares, i)));

		quantiles->values[i] = measure(&pass, true, psprintf("pg_catalog.to_jsonb(%s)", value));
		quantiles->within[i] = measure(&pass, true, quantile_within(compiled, value, rml_json_element(ranges_member(compiled->expectation, "value_ranges"), i)));
	}
	compiled->state = quantiles;
	compiled->judge = judge_quantiles;
}

/* The mean of the middle value, or of the two. */
static void
compile_median(RmlCompiled *compiled)
{
	Pass		pass = pass_of(compiled);
	bool		is_float = rml_is_float_type(compiled->column_type);
	const char *at = "pg_catalog.min(v0) FILTER (WHERE " N GT "0 AND " U GE "pg_catalog.%s((" T " OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog./) 2))::%s";
	const char *type = is_float ? "pg_catalog.float8" : "pg_catalog.numeric";
	char	   *value;

	if (!rml_is_number_type(compiled->column_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has type %s, which is no number", compiled->column_name, format_type_be(compiled->column_type))));
	value = psprintf("((%s OPERATOR(pg_catalog.+) %s) OPERATOR(pg_catalog./) 2)::pg_catalog.float8",
					 psprintf(at, "floor", type), psprintf(at, "ceil", type));
	rml_between_judge(compiled, measure(&pass, true, psprintf("pg_catalog.to_jsonb(%s)", value)),
					  measure(&pass, true, rml_within_sql(compiled->expectation, value, FLOAT8OID)));
}

const RmlType rml_distinct_types[] = {
	{.name = "expect_column_unique_value_count_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_unique_count},
	{.name = "expect_column_proportion_of_unique_values_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_proportion},
	{.name = "expect_column_distinct_values_to_be_in_set", .class = RML_CLASS_AGGREGATE, .kwargs = set_kwargs, .compile = compile_in_set},
	{.name = "expect_column_distinct_values_to_contain_set", .class = RML_CLASS_AGGREGATE, .kwargs = needed_set_kwargs, .compile = compile_contain_set},
	{.name = "expect_column_distinct_values_to_equal_set", .class = RML_CLASS_AGGREGATE, .kwargs = needed_set_kwargs, .compile = compile_equal_set},
	{.name = "expect_column_most_common_value_to_be_in_set", .class = RML_CLASS_AGGREGATE, .kwargs = common_kwargs, .compile = compile_most_common},
	{.name = "expect_column_quantile_values_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = quantile_kwargs, .check = check_quantiles, .compile = compile_quantiles},
	{.name = "expect_column_median_to_be_between", .class = RML_CLASS_AGGREGATE, .kwargs = rml_between_kwargs, .compile = compile_median},
	{.name = NULL}
};
