/*
 * condition.c
 *	  The row_condition of an expectation, as SQL.
 *
 * Three forms, all of GX: a string of its small language (condition_parser
 * great_expectations, or great_expectations__experimental__ of 0.18), the same
 * tree as JSON (of later 1.x), and in that tree a condition in SQL.
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "quality/condition.h"
#include "quality/json.h"
#include "quality/literal.h"
#include "quality/parameters.h"
#include "quality/types.h"

#define MAX_CONDITIONS 100
#define PARSERS "Write it for condition_parser \"great_expectations\", as col(\"amount\") > 0, or as JSON."
#define GRAMMAR "It is col(\"name\") with ==, !=, <, <=, > or >= and a number, a \"text\" or date(\"...\"), or col(\"name\").notnull()."

char *
rml_column_sql(const RmlSubject *subject, const char *name, Oid *type)
{
	int			i = rml_subject_column(subject, name);

	if (i < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" does not exist", name)));
	*type = getBaseType(TupleDescAttr(subject->columns, i)->atttypid);
	return psprintf("source.%s", quote_identifier(name));
}

Oid
rml_column_collation(const RmlSubject *subject, const char *name)
{
	return TupleDescAttr(subject->columns, rml_subject_column(subject, name))->attcollation;
}

/* column operator value, both checked */
static char *
comparison(const RmlSubject *subject, const char *column, const char *operator, const JsonbValue *value)
{
	const char *name = strcmp(operator, "==") == 0 ? "=" : strcmp(operator, "!=") == 0 ? "<>" : operator;
	char	   *sql;
	Oid			type;

	if (subject == NULL)
		return pstrdup("");
	sql = rml_column_sql(subject, column, &type);
	return psprintf("(%s %s %s)", sql, rml_operator(type, name), rml_literal(value, type));
}

static char *
nullity(const RmlSubject *subject, const char *column, bool is_null)
{
	Oid			type;

	return subject == NULL ? pstrdup("") :
		psprintf("(%s IS %sNULL)", rml_column_sql(subject, column, &type), is_null ? "" : "NOT ");
}

/* ---- the language ---- */

typedef struct Reader
{
	const RmlExpectation *expectation;
	const char *text;
	const char *at;
} Reader;

static void
fault(const Reader *reader, const char *expected)
{
	rml_expectation_fault(reader->expectation, GRAMMAR, "row_condition %s: expected %s at character %d",
						  quote_literal_cstr(reader->text), expected, (int) (reader->at - reader->text) + 1);
}

static void
skip_space(Reader *reader)
{
	while (isspace((unsigned char) *reader->at))
		reader->at++;
}

/* Words of the language are read in any case. */
static bool
take(Reader *reader, const char *word)
{
	skip_space(reader);
	if (pg_strncasecmp(reader->at, word, strlen(word)) != 0)
		return false;
	reader->at += strlen(word);
	return true;
}

static void
need(Reader *reader, const char *word)
{
	if (!take(reader, word))
		fault(reader, psprintf("%s", word));
}

static char *
read_quoted(Reader *reader)
{
	StringInfoData text;
	char		quote;

	skip_space(reader);
	quote = *reader->at;
	if (quote != '"' && quote != '\'')
		return NULL;
	initStringInfo(&text);
	for (reader->at++; *reader->at != quote; reader->at++)
	{
		if (*reader->at == '\\' && (reader->at[1] == quote || reader->at[1] == '\\'))
			reader->at++;
		if (*reader->at == '\0')
			fault(reader, "the end of the quoted text");
		appendStringInfoChar(&text, *reader->at);
	}
	reader->at++;
	return text.data;
}

static char *
need_quoted(Reader *reader)
{
	char	   *text = read_quoted(reader);

	if (text == NULL)
		fault(reader, "a quoted text");
	return text;
}

static const char *
read_operator(Reader *reader)
{
	static const char *const operators[] = {"==", "!=", "<=", ">=", "<", ">"};

	for (int i = 0; i < (int) lengthof(operators); i++)
	{
		if (take(reader, operators[i]))
			return operators[i];
	}
	fault(reader, "an operator");
	return NULL;
}

static JsonbValue *
string_value(char *text)
{
	JsonbValue *value = palloc0(sizeof(JsonbValue));

	value->type = jbvString;
	value->val.string.val = text;
	value->val.string.len = (int) strlen(text);
	return value;
}

static JsonbValue *
read_number(Reader *reader)
{
	JsonbValue *value;
	size_t		length;
	char	   *text;
	char	   *end;

	skip_space(reader);
	length = strspn(reader->at, "+-.0123456789eE");
	text = pnstrdup(reader->at, length);
	errno = 0;
	(void) strtod(text, &end);
	if (length == 0 || *end != '\0' || errno != 0)
		fault(reader, "a number, a quoted text or date(...)");
	reader->at += length;
	value = palloc0(sizeof(JsonbValue));
	value->type = jbvNumeric;
	value->val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
															 Int32GetDatum(-1)));
	return value;
}

static JsonbValue *
read_value(Reader *reader)
{
	char	   *text = read_quoted(reader);

	if (text != NULL)
		return string_value(text);
	if (take(reader, "date"))
	{
		need(reader, "(");
		text = need_quoted(reader);
		need(reader, ")");
		return string_value(text);
	}
	return read_number(reader);
}

static char *
parse_text(const RmlExpectation *expectation, const RmlSubject *subject, const char *text)
{
	Reader		reader = {expectation, text, text};
	char	   *column;
	char	   *sql;

	need(&reader, "col");
	need(&reader, "(");
	column = need_quoted(&reader);
	need(&reader, ")");
	if (take(&reader, "."))
	{
		need(&reader, "notnull");
		need(&reader, "(");
		need(&reader, ")");
		sql = nullity(subject, column, false);
	}
	else
	{
		const char *operator = read_operator(&reader);

		sql = comparison(subject, column, operator, read_value(&reader));
	}
	skip_space(&reader);
	if (*reader.at != '\0')
		fault(&reader, "the end, as it is one comparison,");
	return sql;
}

/* ---- JSON ---- */

typedef struct Tree
{
	const RmlExpectation *expectation;
	const RmlSubject *subject;
	int			conditions;
} Tree;

static void
tree_fault(const Tree *tree, const char *what, const JsonbValue *value)
{
	rml_expectation_fault(tree->expectation, "Types are comparison, nullity, and, or, pass_through.",
						  "row_condition: %s in %s", what, rml_json_out(value));
}

static JsonbValue *
need_member(const Tree *tree, const JsonbValue *node, const char *key)
{
	JsonbValue *value = rml_json_member(node->val.binary.data, key);

	if (value == NULL)
		tree_fault(tree, psprintf("no \"%s\"", key), node);
	return value;
}

static char *
need_string(const Tree *tree, const JsonbValue *node, const char *key)
{
	JsonbValue *value = need_member(tree, node, key);

	if (value->type != jbvString)
		tree_fault(tree, psprintf("\"%s\" is no string", key), node);
	return rml_json_string(value);
}

static char *
need_column(const Tree *tree, const JsonbValue *node)
{
	JsonbValue *column = need_member(tree, node, "column");

	if (column->type == jbvString)
		return rml_json_string(column);
	if (!rml_json_is_object(column))
		tree_fault(tree, "no column's name", node);
	return need_string(tree, column, "name");
}

static char *
in_list(const Tree *tree, const JsonbValue *node, bool is_in)
{
	JsonbValue *list = need_member(tree, node, "parameter");
	char	   *name = need_column(tree, node);
	char	   *column;
	char	   *array;
	int			n;
	Oid			type;

	if (!rml_json_is_array(list))
		tree_fault(tree, "\"parameter\" is no list", node);
	if (tree->subject == NULL)
		return pstrdup("");
	column = rml_column_sql(tree->subject, name, &type);
	array = rml_literal_array(list, type, &n);
	return is_in ? psprintf("(%s %s ANY (%s))", column, rml_operator(type, "="), array) :
		psprintf("(%s %s ALL (%s))", column, rml_operator(type, "<>"), array);
}

static char *
compare_node(const Tree *tree, const JsonbValue *node)
{
	static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">="};
	char	   *operator = need_string(tree, node, "operator");
	JsonbValue *value = need_member(tree, node, "parameter");

	if (strcmp(operator, "IN") == 0 || strcmp(operator, "NOT_IN") == 0)
		return in_list(tree, node, operator[0] == 'I');
	for (int i = 0; i < (int) lengthof(operators); i++)
	{
		if (strcmp(operator, operators[i]) == 0)
		{
			if (value->type == jbvBinary)
				tree_fault(tree, "\"parameter\" is no value", node);
			return comparison(tree->subject, need_column(tree, node), operators[i], value);
		}
	}
	tree_fault(tree, psprintf("unknown operator \"%s\"", operator), node);
	return NULL;
}

static char *parse_node(Tree *tree, const JsonbValue *node, bool or_ok, bool and_ok);

static char *
parse_nodes(Tree *tree, const JsonbValue *node, const char *word, bool and_ok)
{
	JsonbValue *list = need_member(tree, node, "conditions");
	StringInfoData sql;

	if (rml_json_length(list) == 0)
		tree_fault(tree, "no list of \"conditions\"", node);
	initStringInfo(&sql);
	for (int i = 0; i < rml_json_length(list); i++)
		appendStringInfo(&sql, "%s%s", i == 0 ? "(" : word, parse_node(tree, rml_json_element(list, i), false, and_ok));
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* As in GX, an "or" holds no "or", and an "and" holds neither. */
static char *
parse_node(Tree *tree, const JsonbValue *node, bool or_ok, bool and_ok)
{
	char	   *type;
	char	   *text;

	check_stack_depth();
	if (!rml_json_is_object(node))
		tree_fault(tree, "no object", node);
	if (++tree->conditions > MAX_CONDITIONS)
		tree_fault(tree, psprintf("more than %d conditions", MAX_CONDITIONS), node);
	type = need_string(tree, node, "type");
	if (strcmp(type, "comparison") == 0)
		return compare_node(tree, node);
	if (strcmp(type, "nullity") == 0)
	{
		JsonbValue *is_null = need_member(tree, node, "is_null");

		if (is_null->type != jbvBool)
			tree_fault(tree, "\"is_null\" is not true or false", node);
		return nullity(tree->subject, need_column(tree, node), is_null->val.boolean);
	}
	if (strcmp(type, "and") == 0 && and_ok)
		return parse_nodes(tree, node, " AND ", true);
	if (strcmp(type, "or") == 0 && or_ok)
		return parse_nodes(tree, node, " OR ", true);
	if (strcmp(type, "and") == 0 || strcmp(type, "or") == 0)
		tree_fault(tree, psprintf("a nested \"%s\"", type), node);
	if (strcmp(type, "pass_through") != 0)
		tree_fault(tree, psprintf("unknown type \"%s\"", type), node);
	text = need_string(tree, node, "pass_through_filter");
	rml_check_condition(psprintf("%s: pass_through_filter", rml_expectation_name(tree->expectation)), text);
	return psprintf("(%s\n)", text);
}

/* ---- both ---- */

char *
rml_condition_sql(const RmlExpectation *expectation, const RmlSubject *subject)
{
	JsonbValue *condition = rml_kwarg(expectation, "row_condition");
	char	   *parser = rml_kwarg_text(expectation, "condition_parser");
	Tree		tree = {expectation, subject, 0};

	if (condition == NULL || (condition->type == jbvString && condition->val.string.len == 0))
		return NULL;
	if (parser != NULL && (strcmp(parser, "pandas") == 0 || strcmp(parser, "spark") == 0))
		rml_expectation_fault(expectation, PARSERS, "condition_parser \"%s\" is not supported, as its conditions are Python", parser);
	if (parser != NULL && strcmp(parser, "great_expectations") != 0 && strcmp(parser, "great_expectations__experimental__") != 0)
		rml_expectation_fault(expectation, PARSERS, "unknown condition_parser \"%s\"", parser);
	if (condition->type == jbvString)
		return parse_text(expectation, subject, rml_json_string(condition));
	if (!rml_json_is_object(condition))
		rml_expectation_fault(expectation, PARSERS, "kwarg \"row_condition\" must be a string or an object, not %s", rml_json_out(condition));
	return rml_parameters_within(JsonbValueToJsonb(condition)) ? NULL : parse_node(&tree, condition, true, true);
}
