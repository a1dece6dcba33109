/*
 * type_table.c
 *	  Expectations on a relation: its rows, columns and their types, and a query
 *	  on it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "quality/between.h"
#include "quality/condition.h"
#include "quality/json.h"
#include "quality/literal.h"
#include "quality/rows.h"

#define MOST_ROWS 200			/* of a query of unexpected rows: as many as GX fetches */

/* ---- rows ---- */

static const RmlKwarg count_kwargs[] = {
	{"min_value", RML_KWARG_ANY, false}, {"max_value", RML_KWARG_ANY, false}, {"strict_min", RML_KWARG_BOOL, false},
	{"strict_max", RML_KWARG_BOOL, false}, {.name = NULL}
};
static const RmlKwarg equal_kwargs[] = {{"value", RML_KWARG_COUNT, true}, {.name = NULL}};
static const RmlKwarg other_kwargs[] = {{"other_table_name", RML_KWARG_TEXT, true}, {.name = NULL}};

static void
compile_row_count(RmlCompiled *compiled)
{
	char	   *count = rml_count_sql(compiled, NULL);

	rml_between_judge(compiled, rml_scan_measure(compiled->scan, count),
					  rml_scan_measure(compiled->scan, rml_within_sql(compiled->expectation, count, INT8OID)));
}

static void
compile_row_count_equal(RmlCompiled *compiled)
{
	char	   *count = rml_count_sql(compiled, NULL);

	rml_between_judge(compiled, rml_scan_measure(compiled->scan, count),
					  rml_scan_measure(compiled->scan, psprintf("%s OPERATOR(pg_catalog.=) %s", count,
																rml_literal(rml_kwarg(compiled->expectation, "value"), INT8OID))));
}

/* A relation by its name, as it is written in SQL, or as it is. */
static char *
relation_sql(const char *name)
{
	List	   *parts = NIL;
	List	   *names = NIL;
	ListCell   *cell;
	Oid			found = InvalidOid;

	if (SplitIdentifierString(pstrdup(name), '.', &parts) && parts != NIL && list_length(parts) <= 3)
	{
		foreach(cell, parts)
			names = lappend(names, makeString(pstrdup(lfirst(cell))));
		found = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	}
	if (!OidIsValid(found))
		found = RelnameGetRelid(name);
	if (!OidIsValid(found))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", name)));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(found)), get_rel_name(found));
}

static void
compile_other_table(RmlCompiled *compiled)
{
	char	   *count = rml_count_sql(compiled, NULL);
	char	   *other = psprintf("(SELECT pg_catalog.count(*) FROM %s AS other)",
								 relation_sql(rml_kwarg_text(compiled->expectation, "other_table_name")));

	rml_between_judge(compiled,
					  rml_scan_measure(compiled->scan, psprintf("pg_catalog.jsonb_build_object('self', %s, 'other', %s)", count, other)),
					  rml_scan_measure(compiled->scan, psprintf("%s OPERATOR(pg_catalog.=) %s", count, other)));
}

/* ---- what is known without reading ---- */

typedef struct Known
{
	bool		success;
	char	   *result;			/* JSON */
} Known;

static void
judge_known(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const Known *known = compiled->state;

	*success = known->success;
	appendStringInfoString(result, known->result);
}

static void
know(RmlCompiled *compiled, bool success, char *result)
{
	Known	   *known = palloc0(sizeof(Known));

	known->success = success;
	known->result = result;
	compiled->state = known;
	compiled->judge = judge_known;
}

/* The columns' names. */
static List *
actual_columns(const RmlCompiled *compiled)
{
	TupleDesc	columns = compiled->scan->subject->columns;
	List	   *names = NIL;

	for (int i = 0; i < columns->natts; i++)
		names = lappend(names, NameStr(TupleDescAttr(columns, i)->attname));
	return names;
}

static List *
expected_columns(const RmlCompiled *compiled, const char *kwarg)
{
	JsonbValue *list = rml_kwarg(compiled->expectation, kwarg);
	List	   *names = NIL;

	for (int i = 0; list != NULL && i < rml_json_length(list); i++)
		names = lappend(names, rml_json_string(rml_json_element(list, i)));
	return names;
}

static bool
has(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

static int
by_bytes(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Each once, in order. */
static List *
less(const List *names, const List *others)
{
	List	   *left = NIL;
	ListCell   *cell;

	foreach(cell, names)
	{
		if (!has(others, lfirst(cell)) && !has(left, lfirst(cell)))
			left = lappend(left, lfirst(cell));
	}
	list_sort(left, by_bytes);
	return left;
}

static char *
list_json(const List *names)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(cell, names)
	{
		if (json.len > 1)
			appendStringInfoString(&json, ", ");
		escape_json(&json, lfirst(cell));
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/* ---- columns ---- */

static const RmlKwarg column_set_kwargs[] = {{"column_set", RML_KWARG_TEXTS, false}, {"exact_match", RML_KWARG_BOOL, false}, {.name = NULL}};
static const RmlKwarg column_list_kwargs[] = {{"column_list", RML_KWARG_TEXTS, false}, {.name = NULL}};
static const RmlKwarg exist_kwargs[] = {{"column", RML_KWARG_TEXT, true}, {"column_index", RML_KWARG_COUNT, false}, {.name = NULL}};

static void
compile_column_set(RmlCompiled *compiled)
{
	List	   *actual = actual_columns(compiled);
	List	   *expected = expected_columns(compiled, "column_set");
	List	   *unexpected = less(actual, expected);
	List	   *missing = less(expected, actual);
	bool		exact = rml_kwarg_bool(compiled->expectation, "exact_match", true);
	StringInfoData result;

	if (unexpected == NIL && missing == NIL)
	{
		know(compiled, true, psprintf("{\"observed_value\": %s}", list_json(actual)));
		return;
	}
	initStringInfo(&result);
	appendStringInfo(&result, "{\"observed_value\": %s, \"details\": {\"mismatched\": {", list_json(less(actual, NIL)));
	if (unexpected != NIL)
		appendStringInfo(&result, "\"unexpected\": %s", list_json(unexpected));
	if (missing != NIL)
		appendStringInfo(&result, "%s\"missing\": %s", unexpected ? ", " : "", list_json(missing));
	appendStringInfoString(&result, "}}}");
	know(compiled, !exact && missing == NIL, result.data);
}

static void
append_name(StringInfo json, const List *names, int i)
{
	if (i < list_length(names))
		escape_json(json, list_nth(names, i));
	else
		appendStringInfoString(json, "null");
}

static void
compile_column_list(RmlCompiled *compiled)
{
	List	   *actual = actual_columns(compiled);
	List	   *expected = expected_columns(compiled, "column_list");
	StringInfoData mismatched;

	initStringInfo(&mismatched);
	for (int i = 0; i < Max(list_length(actual), list_length(expected)); i++)
	{
		if (i < list_length(actual) && i < list_length(expected) && strcmp(list_nth(actual, i), list_nth(expected, i)) == 0)
			continue;
		appendStringInfo(&mismatched, "%s{\"Expected Column Position\": %d, \"Expected\": ", mismatched.len ? ", " : "", i);
		append_name(&mismatched, expected, i);
		appendStringInfoString(&mismatched, ", \"Found\": ");
		append_name(&mismatched, actual, i);
		appendStringInfoChar(&mismatched, '}');
	}
	if (mismatched.len == 0 || rml_kwarg(compiled->expectation, "column_list") == NULL)
		know(compiled, true, psprintf("{\"observed_value\": %s}", list_json(actual)));
	else
		know(compiled, false, psprintf("{\"observed_value\": %s, \"details\": {\"mismatched\": [%s]}}", list_json(actual), mismatched.data));
}

static void
compile_exist(RmlCompiled *compiled)
{
	List	   *actual = actual_columns(compiled);
	const char *name = rml_kwarg_text(compiled->expectation, "column");
	double		index = rml_kwarg_number(compiled->expectation, "column_index", -1);

	know(compiled, index < 0 ? has(actual, name) :
		 index < list_length(actual) && strcmp(list_nth(actual, (int) index), name) == 0, pstrdup("{}"));
}

static void
compile_column_count(RmlCompiled *compiled)
{
	int			n = compiled->scan->subject->columns->natts;
	bool		equal = rml_kwarg(compiled->expectation, "value") != NULL;
	double		low = rml_kwarg_number(compiled->expectation, equal ? "value" : "min_value", 0);
	double		high = rml_kwarg_number(compiled->expectation, equal ? "value" : "max_value", MaxTupleAttributeNumber);
	bool		above = rml_kwarg_bool(compiled->expectation, "strict_min", false) ? n > low : n >= low;
	bool		below = rml_kwarg_bool(compiled->expectation, "strict_max", false) ? n < high : n <= high;

	know(compiled, above && below, psprintf("{\"observed_value\": %d}", n));
}

/* ---- types ---- */

static const RmlKwarg of_type_kwargs[] = {
	{"column", RML_KWARG_TEXT, true}, {"type_", RML_KWARG_TEXT, true}, {"mostly", RML_KWARG_NUMBER, false}, {.name = NULL}
};
static const RmlKwarg in_types_kwargs[] = {
	{"column", RML_KWARG_TEXT, true}, {"type_list", RML_KWARG_TEXTS, true}, {"mostly", RML_KWARG_NUMBER, false}, {.name = NULL}
};

/* What SQLAlchemy, whose names GX uses, calls a type of PostgreSQL. */
static char *
sqlalchemy_name(Oid type)
{
	static const struct
	{
		Oid			type;
		const char *name;
	}			names[] = {
		{INT2OID, "SMALLINT"}, {INT4OID, "INTEGER"}, {INT8OID, "BIGINT"}, {FLOAT4OID, "REAL"}, {FLOAT8OID, "DOUBLE_PRECISION"},
		{VARCHAROID, "VARCHAR"}, {BPCHAROID, "CHAR"}, {BOOLOID, "BOOLEAN"}, {TIMESTAMPOID, "TIMESTAMP"}, {TIMESTAMPTZOID, "TIMESTAMP"},
		{TIMEOID, "TIME"}, {TIMETZOID, "TIME"}, {VARBITOID, "BIT"}, {BITOID, "BIT"}
	};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (names[i].type == type)
			return pstrdup(names[i].name);
	}
	if (OidIsValid(get_element_type(type)))
		return pstrdup("ARRAY");
	if (type_is_enum(type))
		return pstrdup("ENUM");
	/* the others have PostgreSQL's name, in capitals */
	return DatumGetCString(DirectFunctionCall1(textout, DirectFunctionCall1Coll(upper, C_COLLATION_OID, CStringGetTextDatum(format_type_be(type)))));
}

/* Names of SQLAlchemy, and PostgreSQL's own. */
static bool
is_type(const Form_pg_attribute column, Oid base, const char *name)
{
	return strcmp(name, sqlalchemy_name(base)) == 0 ||
		(strcmp(name, "JSON") == 0 && base == JSONBOID) ||
		pg_strcasecmp(name, format_type_be(base)) == 0 || pg_strcasecmp(psprintf("pg_catalog.%s", name), rml_type_name(base)) == 0 ||
		pg_strcasecmp(name, format_type_with_typemod(column->atttypid, column->atttypmod)) == 0;
}

static void
compile_types(RmlCompiled *compiled)
{
	const RmlSubject *subject = compiled->scan->subject;
	const char *name = rml_kwarg_text(compiled->expectation, "column");
	const char *type = rml_kwarg_text(compiled->expectation, "type_");
	List	   *types = type ? list_make1(unconstify(char *, type)) : expected_columns(compiled, "type_list");
	Form_pg_attribute column;
	ListCell   *cell;
	Oid			base;
	bool		found = false;
	StringInfoData result;

	(void) rml_column_sql(subject, name, &base);
	column = TupleDescAttr(subject->columns, rml_subject_column(subject, name));
	foreach(cell, types)
		found = found || is_type(column, base, lfirst(cell));
	initStringInfo(&result);
	appendStringInfoString(&result, "{\"observed_value\": ");
	escape_json(&result, sqlalchemy_name(base));
	appendStringInfoChar(&result, '}');
	know(compiled, found, result.data);
}

/* ---- a query ---- */

static const RmlKwarg query_kwargs[] = {{"unexpected_rows_query", RML_KWARG_TEXT, true}, {.name = NULL}};

static char *
query_on(const RmlExpectation *expectation, const char *batch)
{
	char	   *query = rml_kwarg_text(expectation, "unexpected_rows_query");
	text	   *replaced = DatumGetTextPP(DirectFunctionCall3Coll(replace_text, C_COLLATION_OID, CStringGetTextDatum(query),
																  CStringGetTextDatum("{batch}"), CStringGetTextDatum(batch)));

	return rml_check_query(psprintf("%s: kwarg \"unexpected_rows_query\"", rml_expectation_name(expectation)), text_to_cstring(replaced));
}

static void
check_query(const RmlExpectation *expectation)
{
	(void) query_on(expectation, "riskml");
}

static void
judge_query(RmlCompiled *compiled, bool *success, StringInfo result)
{
	RmlMeasure **measures = compiled->state;
	int64		count = measures[0]->value ? strtoi64(measures[0]->value, NULL, 10) : 0;

	*success = count == 0;
	appendStringInfo(result, "{\"observed_value\": \"" INT64_FORMAT " unexpected %s\", \"details\": {\"unexpected_rows\": %s}}", count,
					 count == 1 ? "row" : "rows", measures[1]->value ? measures[1]->value : "[]");
}

/* A subquery of the scan's statement, which it runs once. */
static void
compile_query(RmlCompiled *compiled)
{
	const RmlSubject *subject = compiled->scan->subject;
	/* GX puts a table's name, or a subquery with an alias */
	char	   *batch = *subject->batch == '(' ? psprintf("%s AS subselect", subject->batch) : pstrdup(subject->batch);
	char	   *query = query_on(compiled->expectation, batch);
	RmlMeasure **measures = palloc0(sizeof(RmlMeasure *) * 2);

	/* an aggregate, so that the statement has one row */
	(void) rml_scan_measure(compiled->scan, "pg_catalog.count(*)");
	measures[0] = rml_scan_measure(compiled->scan, psprintf("(SELECT pg_catalog.count(*) FROM (%s\n) AS rows)", query));
	measures[1] = rml_scan_measure(compiled->scan,
								   psprintf("(SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(rows)) FROM (SELECT * FROM (%s\n) AS rows LIMIT %d) AS rows)",
											query, MOST_ROWS));
	compiled->state = measures;
	compiled->judge = judge_query;
}

const RmlType rml_table_types[] = {
	{.name = "expect_table_row_count_to_be_between", .class = RML_CLASS_TABLE, .kwargs = count_kwargs, .compile = compile_row_count},
	{.name = "expect_table_row_count_to_equal", .class = RML_CLASS_TABLE, .kwargs = equal_kwargs, .compile = compile_row_count_equal},
	{.name = "expect_table_row_count_to_equal_other_table", .class = RML_CLASS_TABLE, .kwargs = other_kwargs, .compile = compile_other_table},
	{.name = "expect_table_columns_to_match_set", .class = RML_CLASS_TABLE, .kwargs = column_set_kwargs, .compile = compile_column_set},
	{.name = "expect_table_columns_to_match_ordered_list", .class = RML_CLASS_TABLE, .kwargs = column_list_kwargs, .compile = compile_column_list},
	{.name = "expect_table_column_count_to_equal", .class = RML_CLASS_TABLE, .kwargs = equal_kwargs, .compile = compile_column_count},
	{.name = "expect_table_column_count_to_be_between", .class = RML_CLASS_TABLE, .kwargs = count_kwargs, .compile = compile_column_count},
	{.name = "expect_column_to_exist", .class = RML_CLASS_TABLE, .kwargs = exist_kwargs, .compile = compile_exist},
	{.name = "expect_column_values_to_be_of_type", .class = RML_CLASS_TABLE, .kwargs = of_type_kwargs, .compile = compile_types},
	{.name = "expect_column_values_to_be_in_type_list", .class = RML_CLASS_TABLE, .kwargs = in_types_kwargs, .compile = compile_types},
	{.name = "unexpected_rows_expectation", .class = RML_CLASS_TABLE, .kwargs = query_kwargs, .check = check_query, .compile = compile_query},
	{.name = "UnexpectedRowsExpectation", .class = RML_CLASS_TABLE, .kwargs = query_kwargs, .check = check_query, .compile = compile_query},
	{.name = NULL}
};
