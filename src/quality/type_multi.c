/*
 * type_multi.c
 *	  Expectations on two or more columns, row by row.
 *
 * Which rows are judged is said by ignore_row_if.  What a comparison with a null
 * means is what it means in GX's SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "quality/check.h"
#include "quality/condition.h"
#include "quality/json.h"
#include "quality/literal.h"
#include "quality/rows.h"

/* By ignore_row_if, whose words differ. */
static RmlNulls
ignored_rows(const RmlCompiled *compiled, const char *all, const char *any)
{
	const char *ignore = rml_kwarg_text(compiled->expectation, "ignore_row_if");

	if (ignore == NULL || strcmp(ignore, all) == 0)
		return RML_NULLS_ALL;
	return strcmp(ignore, any) == 0 ? RML_NULLS_ANY : RML_NULLS_JUDGED;
}

/* ---- two columns ---- */

typedef struct Pair
{
	char	   *a;				/* SQL */
	char	   *b;
	Oid			a_type;
	Oid			b_type;
	bool		comparable;		/* by a check (check.h) */
} Pair;

static Pair
pair_of(const RmlCompiled *compiled)
{
	const RmlSubject *subject = compiled->scan->subject;
	char	   *a = rml_kwarg_text(compiled->expectation, "column_A");
	char	   *b = rml_kwarg_text(compiled->expectation, "column_B");
	Pair		pair;

	pair.a = rml_column_sql(subject, a, &pair.a_type);
	pair.b = rml_column_sql(subject, b, &pair.b_type);
	pair.comparable = rml_are_comparable(pair.a_type, rml_column_collation(subject, a), pair.b_type, rml_column_collation(subject, b));
	return pair;
}

/* Between values of two types: the one of the first, which the server makes fit. */
static char *
pair_operator(const Pair *pair, const char *name)
{
	return rml_operator(pair->a_type, name);
}

/* Rows must meet the operator; NULL: only SQL says what they must. */
static void
ask_pair(RmlCompiled *compiled, const Pair *pair, const char *unexpected, const char *operator)
{
	List	   *columns = list_make2(pair->a, pair->b);
	RmlNulls	nulls = ignored_rows(compiled, "both_values_are_missing", "either_value_is_missing");
	char	   *check = NULL;

	if (operator != NULL && pair->comparable)
		check = psprintf("\"unexpected\": \"not %s\"%s", operator,
						 nulls == RML_NULLS_ANY ? ", \"ignored\": \"any null\"" :
						 nulls == RML_NULLS_ALL ? ", \"ignored\": \"all null\"" : "");
	(void) rml_rows_ask(compiled, columns, nulls, rml_and(unexpected, psprintf("NOT %s", rml_nulls_sql(nulls, columns))), check);
}

static void
compile_pair_equal(RmlCompiled *compiled)
{
	Pair		pair = pair_of(compiled);

	ask_pair(compiled, &pair, psprintf("(%s %s %s) IS NOT TRUE", pair.a, pair_operator(&pair, "="), pair.b), "=");
}

static const RmlKwarg greater_kwargs[] = {
	{"or_equal", RML_KWARG_BOOL, false}, {"parse_strings_as_datetimes", RML_KWARG_BOOL, false}, {.name = NULL}
};

static void
compile_pair_greater(RmlCompiled *compiled)
{
	Pair		pair = pair_of(compiled);

	if (rml_kwarg_bool(compiled->expectation, "or_equal", false))
		ask_pair(compiled, &pair, psprintf("NOT (%s %s %s OR (%s IS NULL AND %s IS NULL))", pair.a, pair_operator(&pair, ">="), pair.b,
										   pair.a, pair.b), ">=");
	else
		ask_pair(compiled, &pair, psprintf("NOT (%s %s %s)", pair.a, pair_operator(&pair, ">"), pair.b), ">");
}

static const RmlKwarg pairs_kwargs[] = {{"value_pairs_set", RML_KWARG_JSON, false}, {.name = NULL}};

static void
check_pairs(const RmlExpectation *expectation)
{
	JsonbValue *pairs = rml_kwarg(expectation, "value_pairs_set");

	if (pairs != NULL && !rml_json_is_array(pairs))
		rml_expectation_fault(expectation, NULL, "kwarg \"value_pairs_set\" must be a list of pairs, not %s", rml_json_out(pairs));
	for (int i = 0; pairs != NULL && i < rml_json_length(pairs); i++)
	{
		if (rml_json_length(rml_json_element(pairs, i)) != 2)
			rml_expectation_fault(expectation, NULL, "kwarg \"value_pairs_set\" must be a list of pairs, but has %s",
								  rml_json_out(rml_json_element(pairs, i)));
	}
}

static char *
is_value(const char *column, Oid type, const JsonbValue *value)
{
	if (value->type == jbvNull)
		return psprintf("%s IS NULL", column);
	return psprintf("%s %s %s", column, rml_operator(type, "="), rml_literal(value, type));
}

static void
compile_pair_in_set(RmlCompiled *compiled)
{
	Pair		pair = pair_of(compiled);
	JsonbValue *pairs = rml_kwarg(compiled->expectation, "value_pairs_set");
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; pairs != NULL && i < rml_json_length(pairs); i++)
	{
		JsonbValue *values = rml_json_element(pairs, i);

		appendStringInfo(&sql, "%s(%s AND %s)", i == 0 ? "NOT (" : " OR ", is_value(pair.a, pair.a_type, rml_json_element(values, 0)),
						 is_value(pair.b, pair.b_type, rml_json_element(values, 1)));
	}
	appendStringInfoString(&sql, sql.len > 0 ? ")" : pairs ? "true" : "false");
	ask_pair(compiled, &pair, sql.data, NULL);
}

/* ---- a list of columns ---- */

static List *
columns_of(const RmlCompiled *compiled, List **names, List **types)
{
	JsonbValue *list = rml_kwarg(compiled->expectation, "column_list");
	List	   *columns = NIL;

	*names = *types = NIL;
	for (int i = 0; i < rml_json_length(list); i++)
	{
		char	   *name = rml_json_string(rml_json_element(list, i));
		Oid			type;

		columns = lappend(columns, rml_column_sql(compiled->scan->subject, name, &type));
		*names = lappend(*names, name);
		*types = lappend_oid(*types, type);
	}
	return columns;
}

static void
check_columns(const RmlExpectation *expectation)
{
	JsonbValue *list = rml_kwarg(expectation, "column_list");

	if (rml_json_length(list) < 2 || rml_json_length(list) > 90)
		rml_expectation_fault(expectation, NULL, "kwarg \"column_list\" must have 2 to 90 columns");
	for (int i = 0; i < rml_json_length(list); i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (strcmp(rml_json_string(rml_json_element(list, i)), rml_json_string(rml_json_element(list, j))) == 0)
				rml_expectation_fault(expectation, NULL, "kwarg \"column_list\" has column \"%s\" twice",
									  rml_json_string(rml_json_element(list, i)));
		}
	}
}

/* "a word b word c", each as the format says. */
static char *
join(const List *columns, const char *format, const char *word)
{
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	foreach(cell, columns)
	{
		if (sql.len > 0)
			appendStringInfoString(&sql, word);
		appendStringInfoString(&sql, (char *) lfirst(cell));
		appendStringInfoString(&sql, format);
	}
	return sql.data;
}

static RmlNulls
ignored_records(const RmlCompiled *compiled)
{
	return ignored_rows(compiled, "all_values_are_missing", "any_value_is_missing");
}

/* Asks by SQL. */
static void
ask_columns(RmlCompiled *compiled, List *columns, List *names, const char *unexpected)
{
	RmlNulls	nulls = ignored_records(compiled);

	rml_rows_ask(compiled, columns, nulls, rml_and(unexpected, psprintf("NOT %s", rml_nulls_sql(nulls, columns))), NULL)->names = names;
}

/* Rows with a null in one of the columns are never the same, as in SQL. */
static void
compile_compound(RmlCompiled *compiled)
{
	RmlScan    *scan = compiled->scan;
	List	   *names;
	List	   *types;
	List	   *columns = columns_of(compiled, &names, &types);
	int			n;
	RmlPass    *pass = rml_scan_pass(scan, columns, compiled->rows, &n);
	StringInfoData values;
	char	   *sql;
	char	   *all = join(columns, "", ", ");

	initStringInfo(&values);
	for (int i = 0; i < list_length(columns); i++)
		appendStringInfo(&values, "%sv%d", i == 0 ? "" : ", ", i);
	if (scan->format == RML_BOOLEAN_ONLY)
		sql = psprintf("pg_catalog.sum(n%d) FILTER (WHERE n%d OPERATOR(pg_catalog.>) 1)", n, n);
	else
		sql = psprintf("riskml.unexpected_values(pg_catalog.jsonb_build_array(%s), n%d, %d) FILTER (WHERE n%d OPERATOR(pg_catalog.>) 1)",
					   values.data, n, scan->kept, n);
	rml_rows_ask_counted(compiled, columns, ignored_records(compiled), rml_pass_measure(scan, pass, n, false, sql))->names = names;
	compiled->unexpected =
		rml_and(compiled->rows,
				psprintf("(%s) IN (SELECT %s FROM %s WHERE %s GROUP BY %s HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1)", all, all,
						 scan->subject->from, rml_and(compiled->rows, join(columns, " IS NOT NULL", " AND ")), all));
}

static void
compile_within_record(RmlCompiled *compiled)
{
	List	   *names;
	List	   *types;
	List	   *columns = columns_of(compiled, &names, &types);
	StringInfoData same;

	initStringInfo(&same);
	for (int i = 0; i < list_length(columns); i++)
	{
		for (int j = i + 1; j < list_length(columns); j++)
		{
			char	   *a = list_nth(columns, i);
			char	   *b = list_nth(columns, j);

			appendStringInfo(&same, "%s%s %s %s OR (%s IS NULL AND %s IS NULL)", same.len == 0 ? "(" : " OR ", a,
							 rml_operator(list_nth_oid(types, i), "="), b, a, b);
		}
	}
	appendStringInfoChar(&same, ')');
	ask_columns(compiled, columns, names, same.data);
}

static const RmlKwarg sum_kwargs[] = {{"sum_total", RML_KWARG_NUMBER, true}, {.name = NULL}};

static void
compile_sum(RmlCompiled *compiled)
{
	List	   *names;
	List	   *types;
	List	   *columns = columns_of(compiled, &names, &types);
	bool		is_float = false;
	Oid			type;

	for (int i = 0; i < list_length(types); i++)
	{
		if (!rml_is_number_type(list_nth_oid(types, i)))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" has type %s, which is no number", (char *) list_nth(names, i), format_type_be(list_nth_oid(types, i)))));
		is_float = is_float || rml_is_float_type(list_nth_oid(types, i));
	}
	type = is_float ? FLOAT8OID : NUMERICOID;
	ask_columns(compiled, columns, names,
				psprintf("%s OPERATOR(pg_catalog.<>) %s",
						 join(columns, is_float ? "::pg_catalog.float8" : "::pg_catalog.numeric", " OPERATOR(pg_catalog.+) "),
						 rml_literal(rml_kwarg(compiled->expectation, "sum_total"), type)));
}

const RmlType rml_multi_types[] = {
	{.name = "expect_column_pair_values_to_be_equal", .class = RML_CLASS_PAIR, .compile = compile_pair_equal},
	{.name = "expect_column_pair_values_a_to_be_greater_than_b", .class = RML_CLASS_PAIR, .kwargs = greater_kwargs, .compile = compile_pair_greater},
	{.name = "expect_column_pair_values_to_be_in_set", .class = RML_CLASS_PAIR, .kwargs = pairs_kwargs, .check = check_pairs, .compile = compile_pair_in_set},
	{.name = "expect_compound_columns_to_be_unique", .class = RML_CLASS_MULTI, .check = check_columns, .compile = compile_compound},
	{.name = "expect_select_column_values_to_be_unique_within_record", .class = RML_CLASS_MULTI, .check = check_columns, .compile = compile_within_record},
	{.name = "expect_multicolumn_values_to_be_unique", .class = RML_CLASS_MULTI, .check = check_columns, .compile = compile_within_record},
	{.name = "expect_multicolumn_sum_to_equal", .class = RML_CLASS_MULTI, .kwargs = sum_kwargs, .check = check_columns, .compile = compile_sum},
	{.name = NULL}
};
