/*
 * dbt.c
 *	  riskml.suite_from_dbt(): the four tests of dbt as a suite.
 *
 * It takes what a schema.yml says, as JSON: {"models": [{"name": …, "tests": […],
 * "columns": [{"name": …, "tests": […]}]}]}, or one model of it.  tests may be called
 * data_tests, and arguments may stand in "arguments", as from dbt 1.10 on.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "compat.h"
#include "quality/json.h"
#include "quality/subject.h"
#include "quality/suite.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_suite_from_dbt);

typedef struct Import
{
	const char *model;
	const char *column;			/* NULL: a test of the model */
	StringInfoData out;			/* expectations */
} Import;

/* One test, with its arguments and configuration. */
typedef struct Test
{
	const char *name;
	JsonbContainer *arguments;	/* NULL: it has none */
	JsonbContainer *inner;		/* "arguments" in them */
	JsonbContainer *config;
} Test;

static void
fault(const Import *import, const char *hint, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 import->column ? errmsg("dbt model \"%s\", column \"%s\": %s", import->model, import->column, message) :
			 errmsg("dbt model \"%s\": %s", import->model, message),
			 hint ? errhint("%s", hint) : 0));
}

static JsonbContainer *
object_member(JsonbContainer *object, const char *key)
{
	JsonbValue *value = object ? rml_json_member(object, key) : NULL;

	return value != NULL && rml_json_is_object(value) ? value->val.binary.data : NULL;
}

/* Of a test: beside its name, in "arguments" or in "config". */
static JsonbValue *
argument(const Test *test, const char *key)
{
	JsonbContainer *places[] = {test->inner, test->arguments, test->config};

	for (int i = 0; i < (int) lengthof(places); i++)
	{
		JsonbValue *value = places[i] ? rml_json_member(places[i], key) : NULL;

		if (value != NULL)
			return value;
	}
	return NULL;
}

static char *
text_argument(const Test *test, const char *key)
{
	JsonbValue *value = argument(test, key);

	return value != NULL && value->type == jbvString ? rml_json_string(value) : NULL;
}

static char *
need_text(const Import *import, const Test *test, const char *key)
{
	char	   *text = text_argument(test, key);

	if (text == NULL)
		fault(import, NULL, psprintf("test \"%s\" has no \"%s\"", test->name, key));
	return text;
}

/* Thresholds other than "any row" have no counterpart. */
static void
check_threshold(const Import *import, const Test *test, const char *key)
{
	static const char *const any[] = {"!=0", "<>0", ">0", ">=1"};
	char	   *text = text_argument(test, key);
	StringInfoData plain;

	if (text == NULL)
		return;
	initStringInfo(&plain);
	for (const char *c = text; *c != '\0'; c++)
	{
		if (*c != ' ')
			appendStringInfoChar(&plain, *c);
	}
	for (int i = 0; i < (int) lengthof(any); i++)
	{
		if (strcmp(plain.data, any[i]) == 0)
			return;
	}
	fault(import, "Import it without, and set \"mostly\", which is a share of the rows.",
		  psprintf("test \"%s\": \"%s\": \"%s\" is not supported, as it counts rows", test->name, key, text));
}

static void
check_test(const Import *import, const Test *test)
{
	char	   *fail_calc = text_argument(test, "fail_calc");

	check_threshold(import, test, "error_if");
	check_threshold(import, test, "warn_if");
	if (fail_calc != NULL && strcmp(fail_calc, "count(*)") != 0)
		fault(import, NULL, psprintf("test \"%s\": \"fail_calc\" is not supported", test->name));
}

/* ---- expectations ---- */

static void
append_end(Import *import, const Test *test)
{
	char	   *severity = text_argument(test, "severity");

	appendStringInfo(&import->out, "}, \"severity\": \"%s\", \"meta\": {\"dbt_test\": ",
					 severity != NULL && pg_strcasecmp(severity, "warn") == 0 ? "warning" : "critical");
	escape_json(&import->out, test->name);
	appendStringInfoString(&import->out, "}}");
}

static void
append_start(Import *import, const char *type)
{
	appendStringInfo(&import->out, "%s{\"type\": \"%s\", \"kwargs\": {", import->out.len > 0 ? ", " : "", type);
}

static void
append_column(Import *import, const Test *test, const char *type)
{
	char	   *where = text_argument(test, "where");

	append_start(import, type);
	appendStringInfoString(&import->out, "\"column\": ");
	escape_json(&import->out, import->column);
	if (where == NULL)
		return;
	rml_check_condition("where of a dbt test", where);
	appendStringInfoString(&import->out, ", \"row_condition\": {\"type\": \"pass_through\", \"pass_through_filter\": ");
	escape_json(&import->out, where);
	appendStringInfoString(&import->out, "}, \"condition_parser\": \"great_expectations\"");
}

static void
add_accepted(Import *import, const Test *test)
{
	JsonbValue *values = argument(test, "values");
	JsonbValue *quote = argument(test, "quote");
	bool		as_they_are = quote != NULL && quote->type == jbvBool && !quote->val.boolean;

	if (values == NULL || !rml_json_is_array(values))
		fault(import, NULL, "test \"accepted_values\" has no list of \"values\"");
	append_column(import, test, "expect_column_values_to_be_in_set");
	appendStringInfoString(&import->out, ", \"value_set\": [");
	for (int i = 0; i < rml_json_length(values); i++)
	{
		JsonbValue *value = rml_json_element(values, i);
		char	   *text = value->type == jbvString ? rml_json_string(value) : rml_json_out(value);

		/* dbt quotes values unless it is told not to */
		appendStringInfoString(&import->out, i == 0 ? "" : ", ");
		if (as_they_are && value->type != jbvString)
			appendStringInfoString(&import->out, text);
		else
			escape_json(&import->out, text);
	}
	appendStringInfoChar(&import->out, ']');
	append_end(import, test);
}

/* ref('orders') or source('shop', 'orders') or a name, as SQL. */
static char *
relation_of(const Import *import, const char *to)
{
	char	   *names[2] = {NULL, NULL};
	int			n = 0;

	if (strchr(to, '\'') == NULL && strchr(to, '"') == NULL)
		return pstrdup(quote_identifier(to));
	for (const char *c = to; *c != '\0' && n < 2; c++)
	{
		const char *end;

		if (*c != '\'' && *c != '"')
			continue;
		end = strchr(c + 1, *c);
		if (end == NULL)
			break;
		names[n++] = pnstrdup(c + 1, (Size) (end - c - 1));
		c = end;
	}
	if (n == 0 || (strncmp(to, "ref(", 4) != 0 && strncmp(to, "source(", 7) != 0))
		fault(import, "It is ref('model') or source('schema', 'table').", psprintf("cannot read \"to\": %s", to));
	/* of ref('package', 'model') the model counts */
	return n == 2 && to[0] == 's' ? quote_qualified_identifier(names[0], names[1]) : pstrdup(quote_identifier(names[n - 1]));
}

static void
add_relationships(Import *import, const Test *test)
{
	char	   *to = relation_of(import, need_text(import, test, "to"));
	const char *field = quote_identifier(need_text(import, test, "field"));
	const char *column = quote_identifier(import->column);
	char	   *where = text_argument(test, "where");

	if (where != NULL)
		rml_check_condition("where of a dbt test", where);
	append_start(import, "unexpected_rows_expectation");
	appendStringInfoString(&import->out, "\"unexpected_rows_query\": ");
	escape_json(&import->out, psprintf("SELECT * FROM {batch} WHERE %s IS NOT NULL AND %s NOT IN (SELECT parent.%s FROM %s AS parent WHERE parent.%s IS NOT NULL)%s",
									   column, column, field, to, field, where ? psprintf(" AND (%s\n)", where) : ""));
	append_end(import, test);
}

static void
add_test(Import *import, const Test *test)
{
	check_test(import, test);
	if (import->column == NULL)
		fault(import, "Put it below its column.", psprintf("test \"%s\" of a whole model is not supported", test->name));
	if (strcmp(test->name, "unique") == 0)
	{
		append_column(import, test, "expect_column_values_to_be_unique");
		append_end(import, test);
	}
	else if (strcmp(test->name, "not_null") == 0)
	{
		append_column(import, test, "expect_column_values_to_not_be_null");
		append_end(import, test);
	}
	else if (strcmp(test->name, "accepted_values") == 0)
		add_accepted(import, test);
	else if (strcmp(test->name, "relationships") == 0)
		add_relationships(import, test);
	else
		fault(import, "unique, not_null, accepted_values and relationships are.", psprintf("test \"%s\" is not supported", test->name));
}

/* ---- models ---- */

static void
read_named_test(const char *name, const JsonbValue *value, void *argument)
{
	Test	   *test = argument;

	/* beside it may stand its config */
	if (strcmp(name, "config") == 0)
	{
		test->config = rml_json_is_object(value) ? value->val.binary.data : NULL;
		return;
	}
	if (strcmp(name, "name") == 0 || strcmp(name, "description") == 0)
		return;
	test->name = name;
	test->arguments = rml_json_is_object(value) ? value->val.binary.data : NULL;
}

/* "unique", or {"unique": {…}}, or {"test_name": "unique", …}. */
static void
read_test(Import *import, const JsonbValue *value)
{
	Test		test = {0};
	JsonbValue *name;

	if (value->type == jbvString)
		test.name = rml_json_string(value);
	else if (rml_json_is_object(value))
	{
		name = rml_json_member(value->val.binary.data, "test_name");
		if (name != NULL && name->type == jbvString)
		{
			test.name = rml_json_string(name);
			test.arguments = value->val.binary.data;
		}
		else
			rml_json_members(value->val.binary.data, read_named_test, &test);
	}
	if (test.name == NULL)
		fault(import, NULL, psprintf("cannot read test %s", rml_json_out(value)));
	test.inner = object_member(test.arguments, "arguments");
	if (object_member(test.arguments, "config") != NULL)
		test.config = object_member(test.arguments, "config");
	add_test(import, &test);
}

static void
read_tests(Import *import, JsonbContainer *of)
{
	static const char *const keys[] = {"tests", "data_tests"};

	for (int k = 0; k < (int) lengthof(keys); k++)
	{
		JsonbValue *tests = rml_json_member(of, keys[k]);

		if (tests != NULL && !rml_json_is_array(tests))
			fault(import, NULL, psprintf("\"%s\" must be a list", keys[k]));
		for (int i = 0; tests != NULL && i < rml_json_length(tests); i++)
			read_test(import, rml_json_element(tests, i));
	}
}

static char *
name_of(const Import *import, JsonbContainer *of)
{
	JsonbValue *name = JsonContainerIsObject(of) ? rml_json_member(of, "name") : NULL;

	if (name == NULL || name->type != jbvString)
		fault(import, NULL, "it, or a column of it, has no \"name\"");
	return rml_json_string(name);
}

static Jsonb *
suite_of(JsonbContainer *model)
{
	Import		import = {.model = ""};
	JsonbValue *columns = rml_json_member(model, "columns");
	StringInfoData suite;

	initStringInfo(&import.out);
	import.model = name_of(&import, model);
	read_tests(&import, model);
	if (columns != NULL && !rml_json_is_array(columns))
		fault(&import, NULL, "\"columns\" must be a list");
	for (int i = 0; columns != NULL && i < rml_json_length(columns); i++)
	{
		JsonbValue *column = rml_json_element(columns, i);

		import.column = NULL;
		if (!rml_json_is_object(column))
			fault(&import, NULL, "a column must be an object");
		import.column = name_of(&import, column->val.binary.data);
		read_tests(&import, column->val.binary.data);
	}
	initStringInfo(&suite);
	appendStringInfoString(&suite, "{\"name\": ");
	escape_json(&suite, import.model);
	appendStringInfo(&suite, ", \"expectations\": [%s], \"meta\": {\"source\": \"dbt\"}}", import.out.data);
	return rml_json_in(suite.data);
}

/* The model of that name, or the only one. */
static JsonbContainer *
find_model(Jsonb *schema, const char *name)
{
	JsonbValue *models = JB_ROOT_IS_OBJECT(schema) ? rml_json_member(&schema->root, "models") : NULL;
	JsonbContainer *found = NULL;
	int			n = 0;

	if (JB_ROOT_IS_OBJECT(schema) && models == NULL && rml_json_member(&schema->root, "name") != NULL)
		return &schema->root;
	for (int i = 0; models != NULL && i < rml_json_length(models); i++)
	{
		JsonbValue *model = rml_json_element(models, i);
		JsonbValue *its_name = rml_json_is_object(model) ? rml_json_member(model->val.binary.data, "name") : NULL;

		if (its_name == NULL || its_name->type != jbvString || (name != NULL && strcmp(rml_json_string(its_name), name) != 0))
			continue;
		found = model->val.binary.data;
		n++;
	}
	if (n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 name ? errmsg("the dbt schema has %d models \"%s\"", n, name) : errmsg("the dbt schema has %d models", n),
				 errhint("It is a schema.yml as JSON, {\"models\": [{\"name\": ...}]}; with several models, name one.")));
	return found;
}

/* riskml.suite_from_dbt(schema_yml, model) */
Datum
riskml_suite_from_dbt(PG_FUNCTION_ARGS)
{
	char	   *model = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	Jsonb	   *suite;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"schema_yml\" must not be null")));
	suite = suite_of(find_model(PG_GETARG_JSONB_P(0), model));
	(void) rml_suite_read(NULL, suite);
	PG_RETURN_JSONB_P(suite);
}
