/*
 * rows.c
 *	  Expectations that judge row by row: how their unexpected rows are counted
 *	  and told.
 *
 * Denominators are GX's: mostly and unexpected_percent are of the rows that are
 * judged, missing_percent and unexpected_percent_total of all.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "quality/json.h"
#include "quality/rows.h"

#define COMPLETE_KEPT 100000	/* values: memory is bounded */

/* ---- what is asked for ---- */

char *
rml_and(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return pstrdup(a ? a : b ? b : "true");
	return psprintf("%s AND %s", a, b);
}

char *
rml_count_sql(const RmlCompiled *compiled, const char *condition)
{
	if (compiled->rows == NULL && condition == NULL)
		return pstrdup("pg_catalog.count(*)");
	return psprintf("pg_catalog.count(*) FILTER (WHERE %s)", rml_and(compiled->rows, condition));
}

int
rml_values_kept(RmlFormat format)
{
	return format == RML_BOOLEAN_ONLY ? 0 : format == RML_COMPLETE ? COMPLETE_KEPT : RML_PARTIAL;
}

char *
rml_nulls_sql(RmlNulls nulls, List *columns)
{
	StringInfoData sql;
	ListCell   *cell;

	if (nulls != RML_NULLS_ANY && nulls != RML_NULLS_ALL)
		return pstrdup("false");
	initStringInfo(&sql);
	foreach(cell, columns)
		appendStringInfo(&sql, "%s%s IS NULL", sql.len == 0 ? "(" : nulls == RML_NULLS_ANY ? " OR " : " AND ", (char *) lfirst(cell));
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

static void judge_rows(RmlCompiled *compiled, bool *success, StringInfo result);

RmlRows *
rml_rows_ask_counted(RmlCompiled *compiled, List *columns, RmlNulls nulls, RmlMeasure *unexpected)
{
	RmlRows    *rows = palloc0(sizeof(RmlRows));

	rows->elements = rml_scan_measure(compiled->scan, rml_count_sql(compiled, NULL));
	rows->tells_missing = nulls != RML_NULLS_TOLD;
	if (nulls == RML_NULLS_ANY || nulls == RML_NULLS_ALL)
		rows->missing = rml_scan_check(compiled->scan, compiled->rows, columns,
									   nulls == RML_NULLS_ANY ? "\"unexpected\": \"any null\"" : "\"unexpected\": \"all null\"");
	rows->unexpected = unexpected;
	compiled->state = rows;
	compiled->judge = judge_rows;
	return rows;
}

RmlMeasure *
rml_rows_nulls(RmlCompiled *compiled)
{
	return rml_scan_check(compiled->scan, compiled->rows, list_make1(pstrdup(compiled->column)), "\"unexpected\": \"any null\"");
}

RmlRows *
rml_rows_ask(RmlCompiled *compiled, List *columns, RmlNulls nulls, const char *unexpected, const char *check)
{
	RmlMeasure *measure;

	if (check != NULL)
		measure = rml_scan_check(compiled->scan, compiled->rows, columns, check);
	else
		measure = rml_scan_check(compiled->scan, compiled->rows, lcons(pstrdup(unexpected), list_copy(columns)), "\"unexpected\": \"true\"");
	compiled->unexpected = rml_and(compiled->rows, unexpected);
	return rml_rows_ask_counted(compiled, columns, nulls, measure);
}

/* ---- most common values ---- */

typedef struct Counted
{
	JsonbValue	value;
	char	   *text;			/* JSON */
	int64		count;
} Counted;

/* As Python sorts them: numbers as numbers, texts by their bytes. */
static int
compare_values(const void *a, const void *b)
{
	const Counted *left = a;
	const Counted *right = b;

	if (left->value.type == jbvNumeric && right->value.type == jbvNumeric)
		return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(left->value.val.numeric),
												 NumericGetDatum(right->value.val.numeric)));
	if (left->value.type == jbvString && right->value.type == jbvString)
	{
		int			shorter = Min(left->value.val.string.len, right->value.val.string.len);
		int			result = memcmp(left->value.val.string.val, right->value.val.string.val, (size_t) shorter);

		return result != 0 ? result : left->value.val.string.len - right->value.val.string.len;
	}
	return strcmp(left->text, right->text);
}

static int
compare_counts(const void *a, const void *b)
{
	int64		left = ((const Counted *) a)->count;
	int64		right = ((const Counted *) b)->count;

	return left != right ? (left > right ? -1 : 1) : compare_values(a, b);
}

static void
append_counts(StringInfo out, const JsonbValue *values)
{
	int			n = rml_json_length(values);
	Counted    *all = palloc_extended(sizeof(Counted) * (size_t) (n + 1), MCXT_ALLOC_HUGE);
	int			distinct = 0;

	for (int i = 0; i < n; i++)
	{
		all[i].value = *rml_json_element(values, i);
		all[i].text = rml_json_out(&all[i].value);
		all[i].count = 1;
	}
	qsort(all, (size_t) n, sizeof(Counted), compare_values);
	for (int i = 0; i < n; i++)
	{
		if (distinct > 0 && compare_values(&all[distinct - 1], &all[i]) == 0)
			all[distinct - 1].count++;
		else
			all[distinct++] = all[i];
	}
	qsort(all, (size_t) distinct, sizeof(Counted), compare_counts);
	appendStringInfoString(out, ", \"partial_unexpected_counts\": [");
	for (int i = 0; i < Min(distinct, RML_PARTIAL); i++)
		appendStringInfo(out, "%s{\"value\": %s, \"count\": " INT64_FORMAT "}", i == 0 ? "" : ", ", all[i].text, all[i].count);
	appendStringInfoChar(out, ']');
}

/* ---- results ---- */

static void
append_percent(StringInfo out, const char *name, int64 part, int64 of)
{
	appendStringInfo(out, ", \"%s\": %s", name, of > 0 ? float8out_internal((double) part / (double) of * 100) : "null");
}

/* A list of values with its columns' names: an object. */
static void
append_object(StringInfo out, const JsonbValue *value, const List *names)
{
	for (int i = 0; i < rml_json_length(value); i++)
	{
		appendStringInfoString(out, i == 0 ? "{" : ", ");
		escape_json(out, list_nth(names, i));
		appendStringInfo(out, ": %s", rml_json_out(rml_json_element(value, i)));
	}
	appendStringInfoChar(out, '}');
}

static void
append_values(StringInfo out, const char *name, const JsonbValue *values, int most, const List *names)
{
	appendStringInfo(out, ", \"%s\": [", name);
	for (int i = 0; i < Min(rml_json_length(values), most); i++)
	{
		appendStringInfoString(out, i == 0 ? "" : ", ");
		if (names != NIL)
			append_object(out, rml_json_element(values, i), names);
		else
			appendStringInfoString(out, rml_json_out(rml_json_element(values, i)));
	}
	appendStringInfoChar(out, ']');
}

/* Of a measure that is a count, or JSON of unexpected values; these are left as they are for a count. */
static int64
count_of(const RmlMeasure *measure, JsonbValue **values)
{
	Jsonb	   *found;

	if (measure == NULL || measure->value == NULL)
		return 0;
	if (*measure->value != '{')
		return strtoi64(measure->value, NULL, 10);
	found = rml_json_in(measure->value);
	if (values != NULL)
		*values = rml_json_member(&found->root, "values");
	return (int64) rml_json_number(rml_json_member(&found->root, "count"));
}

static void
append_query(StringInfo out, const RmlCompiled *compiled)
{
	if (compiled->unexpected == NULL)
		return;
	appendStringInfoString(out, ", \"unexpected_index_query\": ");
	escape_json(out, psprintf("SELECT source.* FROM %s WHERE %s", compiled->scan->subject->from, compiled->unexpected));
}

static JsonbValue *
some_nulls(int64 n)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int64 i = 0; i < n; i++)
		appendStringInfoString(&json, i == 0 ? "null" : ",null");
	return rml_json_member(&rml_json_in(psprintf("{\"v\": [%s]}", json.data))->root, "v");
}

static void
judge_rows(RmlCompiled *compiled, bool *success, StringInfo result)
{
	const RmlRows *rows = compiled->state;
	RmlFormat	format = compiled->scan->format;
	JsonbValue	none = {.type = jbvNull};
	JsonbValue *values = &none;
	int64		elements = count_of(rows->elements, NULL);
	int64		missing = count_of(rows->missing, NULL);
	int64		unexpected = count_of(rows->unexpected, &values);
	int64		considered;

	if (rows->nulls)
		values = some_nulls(Min(unexpected, rml_values_kept(format)));
	considered = elements - missing;
	*success = considered == 0 ||
		((double) considered - (double) unexpected) / (double) considered >= rml_kwarg_number(compiled->expectation, "mostly", 1);
	appendStringInfo(result, "{\"element_count\": " INT64_FORMAT ", \"unexpected_count\": " INT64_FORMAT, elements, unexpected);
	append_percent(result, "unexpected_percent", unexpected, considered);
	append_values(result, "partial_unexpected_list", values, RML_PARTIAL, rows->names);
	if (rows->tells_missing)
	{
		appendStringInfo(result, ", \"missing_count\": " INT64_FORMAT, missing);
		append_percent(result, "missing_percent", missing, elements);
		append_percent(result, "unexpected_percent_total", unexpected, elements);
		append_percent(result, "unexpected_percent_nonmissing", unexpected, considered);
	}
	if (format >= RML_SUMMARY)
		append_counts(result, values);
	if (format == RML_COMPLETE)
	{
		append_values(result, "unexpected_list", values, COMPLETE_KEPT, rows->names);
		append_query(result, compiled);
	}
	appendStringInfoChar(result, '}');
}
