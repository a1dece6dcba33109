/*
 * type_map.c
 *	  Expectations on the values of a column, row by row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "quality/between.h"
#include "quality/check.h"
#include "quality/condition.h"
#include "quality/json.h"
#include "quality/literal.h"
#include "quality/rows.h"

/* The rows whose value is not null are judged; by a check (check.h) if there is one. */
static void
ask_check(RmlCompiled *compiled, const char *unexpected, const char *check)
{
	(void) rml_rows_ask(compiled, list_make1(pstrdup(compiled->column)), RML_NULLS_ANY, unexpected, check);
}

static void
ask(RmlCompiled *compiled, const char *unexpected)
{
	ask_check(compiled, unexpected, NULL);
}

/* ---- nulls ---- */

/* The count is the one of missing values, which other expectations need. */
static void
compile_not_null(RmlCompiled *compiled)
{
	rml_rows_ask_counted(compiled, NIL, RML_NULLS_TOLD, rml_rows_nulls(compiled))->nulls = true;
	compiled->unexpected = rml_and(compiled->rows, psprintf("%s IS NULL", compiled->column));
}

static void
compile_null(RmlCompiled *compiled)
{
	(void) rml_rows_ask(compiled, list_make1(pstrdup(compiled->column)), RML_NULLS_TOLD, psprintf("%s IS NOT NULL", compiled->column), NULL);
}

/* ---- uniqueness ---- */

static void
compile_unique(RmlCompiled *compiled)
{
	RmlScan    *scan = compiled->scan;
	const char *present = psprintf("%s IS NOT NULL", compiled->column);
	int			number;
	RmlPass    *pass = rml_scan_pass(scan, list_make1(pstrdup(compiled->column)), compiled->rows, &number);
	char	   *sql;

	if (scan->format == RML_BOOLEAN_ONLY)
		sql = psprintf("pg_catalog.sum(n%d) FILTER (WHERE n%d OPERATOR(pg_catalog.>) 1)", number, number);
	else
		sql = psprintf("riskml.unexpected_values(v0, n%d, %d) FILTER (WHERE n%d OPERATOR(pg_catalog.>) 1)", number,
					   scan->kept, number);
	(void) rml_rows_ask_counted(compiled, list_make1(pstrdup(compiled->column)), RML_NULLS_ANY, rml_pass_measure(scan, pass, number, false, sql));
	compiled->unexpected =
		rml_and(compiled->rows,
				psprintf("%s %s ANY (SELECT %s FROM %s WHERE %s GROUP BY %s HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1)",
						 compiled->column, rml_operator(compiled->column_type, "="), compiled->column, scan->subject->from,
						 rml_and(compiled->rows, present), compiled->column));
}

/* ---- ranges ---- */

const RmlKwarg rml_between_kwargs[] = {
	{"min_value", RML_KWARG_ANY, false}, {"max_value", RML_KWARG_ANY, false}, {"strict_min", RML_KWARG_BOOL, false},
	{"strict_max", RML_KWARG_BOOL, false}, {.name = NULL}
};

static void
check_bounds(const RmlExpectation *expectation)
{
	JsonbValue *min = rml_kwarg(expectation, "min_value");
	JsonbValue *max = rml_kwarg(expectation, "max_value");

	if (min == NULL && max == NULL)
		rml_expectation_fault(expectation, NULL, "kwargs \"min_value\" and \"max_value\" must not both be null");
	if (min != NULL && max != NULL && min->type == jbvNumeric && max->type == jbvNumeric && rml_json_number(min) > rml_json_number(max))
		rml_expectation_fault(expectation, NULL, "kwarg \"min_value\" must not be greater than \"max_value\"");
}

/* True for a value (SQL) outside of the bounds. */
static char *
outside(const RmlExpectation *expectation, const char *value, Oid type)
{
	JsonbValue *min = rml_kwarg(expectation, "min_value");
	JsonbValue *max = rml_kwarg(expectation, "max_value");
	char	   *below = NULL;
	char	   *above = NULL;

	if (min != NULL)
		below = psprintf("%s %s %s", value, rml_operator(type, rml_kwarg_bool(expectation, "strict_min", false) ? "<=" : "<"),
						 rml_literal(min, type));
	if (max != NULL)
		above = psprintf("%s %s %s", value, rml_operator(type, rml_kwarg_bool(expectation, "strict_max", false) ? ">=" : ">"),
						 rml_literal(max, type));
	return below && above ? psprintf("(%s OR %s)", below, above) : psprintf("(%s)", below ? below : above);
}

static void
append_bound(StringInfo json, const char *name, const char *text, bool strict)
{
	if (text == NULL)
		return;
	appendStringInfo(json, ", \"%s\": ", name);
	escape_json(json, text);
	if (strict)
		appendStringInfo(json, ", \"strict_%s\": true", name);
}

/* The members of a check for bounds of a type; NULL if one of them has another type. */
static char *
bounds_check(const RmlExpectation *expectation, const char *what, Oid type)
{
	JsonbValue *min = rml_kwarg(expectation, "min_value");
	JsonbValue *max = rml_kwarg(expectation, "max_value");
	char	   *low = min ? rml_value_text(min, type) : NULL;
	char	   *high = max ? rml_value_text(max, type) : NULL;
	StringInfoData json;

	if ((min != NULL && low == NULL) || (max != NULL && high == NULL))
		return NULL;
	initStringInfo(&json);
	appendStringInfo(&json, "\"unexpected\": \"%s\"", what);
	append_bound(&json, "low", low, rml_kwarg_bool(expectation, "strict_min", false));
	append_bound(&json, "high", high, rml_kwarg_bool(expectation, "strict_max", false));
	return json.data;
}

static void
compile_between(RmlCompiled *compiled)
{
	const RmlExpectation *expectation = compiled->expectation;
	char	   *unexpected = outside(expectation, compiled->column, compiled->column_type);
	bool		ordered = rml_order_of(compiled->column_type) != RML_ORDER_NONE;

	ask_check(compiled, unexpected, ordered ? bounds_check(expectation, "outside", compiled->column_type) : NULL);
}

/* ---- lengths ---- */

static const RmlKwarg lengths_kwargs[] = {
	{"min_value", RML_KWARG_COUNT, false}, {"max_value", RML_KWARG_COUNT, false}, {"strict_min", RML_KWARG_BOOL, false}, {"strict_max", RML_KWARG_BOOL, false}, {.name = NULL}
};
static const RmlKwarg length_kwargs[] = {{"value", RML_KWARG_COUNT, true}, {.name = NULL}};

static char *
length_of(const RmlCompiled *compiled)
{
	return psprintf("pg_catalog.length(%s)", compiled->column);
}

/* Of texts whose blanks at the end count. */
static bool
has_plain_length(const RmlCompiled *compiled)
{
	return compiled->column_type == TEXTOID || compiled->column_type == VARCHAROID;
}

static void
compile_lengths(RmlCompiled *compiled)
{
	char	   *unexpected = outside(compiled->expectation, length_of(compiled), INT4OID);

	ask_check(compiled, unexpected, has_plain_length(compiled) ? bounds_check(compiled->expectation, "length outside", INT8OID) : NULL);
}

static void
compile_length(RmlCompiled *compiled)
{
	JsonbValue *value = rml_kwarg(compiled->expectation, "value");
	char	   *unexpected = psprintf("%s OPERATOR(pg_catalog.<>) %s", length_of(compiled), rml_literal(value, INT4OID));
	char	   *length = has_plain_length(compiled) ? rml_value_text(value, INT8OID) : NULL;

	ask_check(compiled, unexpected,
			  length ? psprintf("\"unexpected\": \"length outside\", \"low\": \"%s\", \"high\": \"%s\"", length, length) : NULL);
}

/* ---- sets ---- */

static const RmlKwarg set_kwargs[] = {{"value_set", RML_KWARG_LIST, false}, {.name = NULL}};

/* As in GX, no set is right, and no value is in an empty one. */
static void
compile_set(RmlCompiled *compiled, bool in)
{
	JsonbValue *set = rml_kwarg(compiled->expectation, "value_set");
	int			n = 0;
	char	   *array = set ? rml_literal_array(set, compiled->column_type, &n) : NULL;
	char	   *unexpected;
	char	   *texts;

	if (n == 0)
	{
		ask(compiled, set != NULL && in ? psprintf("%s IS NOT NULL", compiled->column) : "false");
		return;
	}
	unexpected = psprintf("%s %s %s (%s)", compiled->column, rml_operator(compiled->column_type, in ? "<>" : "="), in ? "ALL" : "ANY", array);
	texts = rml_order_of(compiled->column_type) != RML_ORDER_NONE ? rml_value_texts(set, compiled->column_type) : NULL;
	ask_check(compiled, unexpected,
			  texts ? psprintf("\"unexpected\": \"%s\", \"set\": %s", in ? "not in" : "in", texts) : NULL);
}

static void
compile_in_set(RmlCompiled *compiled)
{
	compile_set(compiled, true);
}

static void
compile_not_in_set(RmlCompiled *compiled)
{
	compile_set(compiled, false);
}

/* ---- patterns ---- */

static const RmlKwarg regex_kwargs[] = {{"regex", RML_KWARG_TEXT, true}, {.name = NULL}};
static const RmlKwarg regex_list_kwargs[] = {{"regex_list", RML_KWARG_TEXTS, true}, {"match_on", RML_KWARG_TEXT, false}, {.name = NULL}};
static const RmlKwarg not_regex_list_kwargs[] = {{"regex_list", RML_KWARG_TEXTS, true}, {.name = NULL}};
static const RmlKwarg like_kwargs[] = {{"like_pattern", RML_KWARG_TEXT, true}, {.name = NULL}};
static const RmlKwarg like_list_kwargs[] = {{"like_pattern_list", RML_KWARG_TEXTS, true}, {"match_on", RML_KWARG_TEXT, false}, {.name = NULL}};
static const RmlKwarg not_like_list_kwargs[] = {{"like_pattern_list", RML_KWARG_TEXTS, true}, {.name = NULL}};

static void
check_list(const RmlExpectation *expectation)
{
	const char *match_on = rml_kwarg_text(expectation, "match_on");
	const char *name = strstr(expectation->type->name, "regex") ? "regex_list" : "like_pattern_list";

	if (match_on != NULL && strcmp(match_on, "any") != 0 && strcmp(match_on, "all") != 0)
		rml_expectation_fault(expectation, NULL, "kwarg \"match_on\" must be any or all, not \"%s\"", match_on);
	if (rml_json_length(rml_kwarg(expectation, name)) == 0)
		rml_expectation_fault(expectation, NULL, "kwarg \"%s\" must not be empty", name);
}

/* column operator pattern */
static char *
match(const RmlCompiled *compiled, const char *operator, const JsonbValue *pattern)
{
	char	   *text = rml_json_string(pattern);

	/* a regular expression that is none is found now, not in the middle of the scan */
	if (strchr(operator, '~')[1] != '~')
		(void) DirectFunctionCall2Coll(textregexeq, DEFAULT_COLLATION_OID, CStringGetTextDatum(""), CStringGetTextDatum(text));
	return psprintf("%s OPERATOR(pg_catalog.%s) %s::pg_catalog.text", compiled->column, operator, quote_literal_cstr(text));
}

/* All patterns of a list, with a word between them. */
static char *
match_list(const RmlCompiled *compiled, const char *operator, const JsonbValue *list, const char *word)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < rml_json_length(list); i++)
		appendStringInfo(&sql, "%s%s", i == 0 ? "(" : word, match(compiled, operator, rml_json_element(list, i)));
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

static bool
matches_any(const RmlCompiled *compiled)
{
	const char *match_on = rml_kwarg_text(compiled->expectation, "match_on");

	return match_on == NULL || strcmp(match_on, "any") == 0;
}

static void
compile_regex(RmlCompiled *compiled)
{
	ask(compiled, match(compiled, "!~", rml_kwarg(compiled->expectation, "regex")));
}

static void
compile_not_regex(RmlCompiled *compiled)
{
	ask(compiled, match(compiled, "~", rml_kwarg(compiled->expectation, "regex")));
}

static void
compile_regex_list(RmlCompiled *compiled)
{
	ask(compiled, match_list(compiled, "!~", rml_kwarg(compiled->expectation, "regex_list"), matches_any(compiled) ? " AND " : " OR "));
}

static void
compile_not_regex_list(RmlCompiled *compiled)
{
	ask(compiled, match_list(compiled, "~", rml_kwarg(compiled->expectation, "regex_list"), " OR "));
}

static void
compile_like(RmlCompiled *compiled)
{
	ask(compiled, match(compiled, "!~~", rml_kwarg(compiled->expectation, "like_pattern")));
}

static void
compile_not_like(RmlCompiled *compiled)
{
	ask(compiled, match(compiled, "~~", rml_kwarg(compiled->expectation, "like_pattern")));
}

static void
compile_like_list(RmlCompiled *compiled)
{
	ask(compiled, match_list(compiled, "!~~", rml_kwarg(compiled->expectation, "like_pattern_list"), matches_any(compiled) ? " AND " : " OR "));
}

static void
compile_not_like_list(RmlCompiled *compiled)
{
	ask(compiled, match_list(compiled, "~~", rml_kwarg(compiled->expectation, "like_pattern_list"), " OR "));
}

/* ---- what texts can be read as ---- */

static const RmlKwarg strftime_kwargs[] = {{"strftime_format", RML_KWARG_TEXT, true}, {.name = NULL}};

static void
check_strftime(const RmlExpectation *expectation)
{
	for (const char *c = rml_kwarg_text(expectation, "strftime_format"); *c != '\0'; c++)
	{
		if (*c == '%' && (*++c == '\0' || strchr("aAbBdfHIjmMpSyYzZ%", *c) == NULL))
			rml_expectation_fault(expectation, "Supported are %a %A %b %B %d %f %H %I %j %m %M %p %S %y %Y %z %Z and %%.",
								  "kwarg \"strftime_format\" has a directive that is not supported: %s",
								  rml_json_out(rml_kwarg(expectation, "strftime_format")));
	}
}

static void
compile_strftime(RmlCompiled *compiled)
{
	char	   *format = rml_kwarg_text(compiled->expectation, "strftime_format");

	ask(compiled, psprintf("NOT riskml.matches_strftime(%s, %s)", compiled->column, quote_literal_cstr(format)));
}

static void
compile_json(RmlCompiled *compiled)
{
	ask(compiled, psprintf("NOT riskml.is_json(%s)", compiled->column));
}

/* ---- z scores ---- */

static const RmlKwarg z_kwargs[] = {{"threshold", RML_KWARG_NUMBER, true}, {"double_sided", RML_KWARG_BOOL, false}, {.name = NULL}};

/* Mean and deviation are subqueries, which run once. */
static void
compile_z_score(RmlCompiled *compiled)
{
	double		threshold = rml_kwarg_number(compiled->expectation, "threshold", 0);
	bool		double_sided = rml_kwarg_bool(compiled->expectation, "double_sided", true);
	char	   *value = psprintf("%s::pg_catalog.float8", compiled->column);
	char	   *of = psprintf("FROM %s%s%s", compiled->scan->subject->from, compiled->rows ? " WHERE " : "",
							  compiled->rows ? compiled->rows : "");
	char	   *score = psprintf("(%s OPERATOR(pg_catalog.-) (SELECT pg_catalog.avg(%s) %s)) OPERATOR(pg_catalog./) "
								 "(SELECT NULLIF(pg_catalog.stddev_samp(%s), 0) %s)", value, value, of, value, of);

	if (!rml_is_number_type(compiled->column_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has type %s, which is no number", compiled->column_name, format_type_be(compiled->column_type))));
	ask(compiled, psprintf("(%s(%s)) OPERATOR(pg_catalog.>=) '%s'::pg_catalog.float8", double_sided ? "pg_catalog.abs" : "", score,
						   float8out_internal(double_sided ? fabs(threshold) : threshold)));
}

const RmlType rml_map_types[] = {
	{"expect_column_values_to_not_be_null", RML_CLASS_MAP, NULL, NULL, compile_not_null, NULL},
	{"expect_column_values_to_be_null", RML_CLASS_MAP, NULL, NULL, compile_null, NULL},
	{"expect_column_values_to_be_unique", RML_CLASS_MAP, NULL, NULL, compile_unique, NULL},
	{"expect_column_values_to_be_between", RML_CLASS_MAP, rml_between_kwargs, check_bounds, compile_between, NULL},
	{"expect_column_values_to_be_in_set", RML_CLASS_MAP, set_kwargs, NULL, compile_in_set, NULL},
	{"expect_column_values_to_not_be_in_set", RML_CLASS_MAP, set_kwargs, NULL, compile_not_in_set, NULL},
	{"expect_column_values_to_match_regex", RML_CLASS_MAP, regex_kwargs, NULL, compile_regex, NULL},
	{"expect_column_values_to_not_match_regex", RML_CLASS_MAP, regex_kwargs, NULL, compile_not_regex, NULL},
	{"expect_column_values_to_match_regex_list", RML_CLASS_MAP, regex_list_kwargs, check_list, compile_regex_list, NULL},
	{"expect_column_values_to_not_match_regex_list", RML_CLASS_MAP, not_regex_list_kwargs, check_list, compile_not_regex_list, NULL},
	{"expect_column_values_to_match_like_pattern", RML_CLASS_MAP, like_kwargs, NULL, compile_like, NULL},
	{"expect_column_values_to_not_match_like_pattern", RML_CLASS_MAP, like_kwargs, NULL, compile_not_like, NULL},
	{"expect_column_values_to_match_like_pattern_list", RML_CLASS_MAP, like_list_kwargs, check_list, compile_like_list, NULL},
	{"expect_column_values_to_not_match_like_pattern_list", RML_CLASS_MAP, not_like_list_kwargs, check_list, compile_not_like_list, NULL},
	{"expect_column_values_to_match_strftime_format", RML_CLASS_MAP, strftime_kwargs, check_strftime, compile_strftime, NULL},
	{"expect_column_values_to_be_json_parseable", RML_CLASS_MAP, NULL, NULL, compile_json, NULL},
	{"expect_column_value_lengths_to_be_between", RML_CLASS_MAP, lengths_kwargs, check_bounds, compile_lengths, NULL},
	{"expect_column_value_lengths_to_equal", RML_CLASS_MAP, length_kwargs, NULL, compile_length, NULL},
	{"expect_column_value_z_scores_to_be_less_than", RML_CLASS_MAP, z_kwargs, NULL, compile_z_score, NULL},
	{.name = NULL}
};
