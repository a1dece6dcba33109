/*
 * suite.c
 *	  Reads and checks a suite of expectations, as Great Expectations 0.18 and
 *	  1.x write it, and files that mix the two.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "quality/condition.h"
#include "quality/json.h"
#include "quality/parameters.h"
#include "quality/suite.h"
#include "quality/types.h"

#define MAX_EXPECTATIONS 10000

/* ---- faults ---- */

char *
rml_expectation_name(const RmlExpectation *expectation)
{
	return psprintf("suite \"%s\": expectations[%d]%s%s", expectation->suite, expectation->index,
					expectation->type ? " " : "", expectation->type ? expectation->type->name : "");
}

void
rml_expectation_fault(const RmlExpectation *expectation, const char *hint, const char *format,...)
{
	StringInfoData message;
	va_list		arguments;
	int			needed;

	initStringInfo(&message);
	do
	{
		va_start(arguments, format);
		needed = appendStringInfoVA(&message, format, arguments);
		va_end(arguments);
		if (needed > 0)
			enlargeStringInfo(&message, needed);
	} while (needed > 0);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: %s", rml_expectation_name(expectation), message.data),
			 hint ? errhint("%s", hint) : 0));
	pg_unreachable();
}

static void
suite_fault(const char *suite, const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("suite \"%s\": %s", suite, message),
			 hint ? errhint("%s", hint) : 0));
}

/* ---- kwargs ---- */

JsonbValue *
rml_kwarg(const RmlExpectation *expectation, const char *name)
{
	return rml_json_member(&expectation->kwargs->root, name);
}

char *
rml_kwarg_text(const RmlExpectation *expectation, const char *name)
{
	JsonbValue *value = rml_kwarg(expectation, name);

	return value != NULL && value->type == jbvString ? rml_json_string(value) : NULL;
}

bool
rml_kwarg_bool(const RmlExpectation *expectation, const char *name, bool standard)
{
	JsonbValue *value = rml_kwarg(expectation, name);

	return value != NULL && value->type == jbvBool ? value->val.boolean : standard;
}

double
rml_kwarg_number(const RmlExpectation *expectation, const char *name, double standard)
{
	JsonbValue *value = rml_kwarg(expectation, name);

	return value != NULL && value->type == jbvNumeric ? rml_json_number(value) : standard;
}

/* Of a class; and those that say how GX runs, which do not matter here. */
static const RmlKwarg of_rows[] = {
	{"row_condition", RML_KWARG_JSON, false}, {"condition_parser", RML_KWARG_TEXT, false}, {.name = NULL}
};
static const RmlKwarg of_column[] = {{"column", RML_KWARG_TEXT, true}, {.name = NULL}};
static const RmlKwarg of_columns[] = {
	{"column_list", RML_KWARG_TEXTS, true}, {"ignore_row_if", RML_KWARG_TEXT, false}, {.name = NULL}
};
static const RmlKwarg of_pair[] = {
	{"column_A", RML_KWARG_TEXT, true}, {"column_B", RML_KWARG_TEXT, true}, {"ignore_row_if", RML_KWARG_TEXT, false}, {.name = NULL}
};
static const RmlKwarg of_mostly[] = {{"mostly", RML_KWARG_NUMBER, false}, {.name = NULL}};
static const RmlKwarg of_running[] = {
	{"result_format", RML_KWARG_JSON, false}, {"catch_exceptions", RML_KWARG_BOOL, false},
	{"include_config", RML_KWARG_BOOL, false}, {"meta", RML_KWARG_JSON, false}, {"batch_id", RML_KWARG_TEXT, false},
	{"parse_strings_as_datetimes", RML_KWARG_BOOL, false}, {"output_strftime_format", RML_KWARG_TEXT, false},
	{"allow_cross_type_comparisons", RML_KWARG_BOOL, false}, {"auto", RML_KWARG_BOOL, false},
	{"profiler_config", RML_KWARG_JSON, false}, {.name = NULL}
};
static const RmlKwarg of_none[] = {{.name = NULL}};

/* The lists of kwargs that a type has. */
static void
lists_of(const RmlType *type, const RmlKwarg *lists[6])
{
	bool		by_row = type->class == RML_CLASS_MAP || type->class == RML_CLASS_PAIR || type->class == RML_CLASS_MULTI;

	lists[0] = type->kwargs ? type->kwargs : of_none;
	lists[1] = type->class == RML_CLASS_MAP || type->class == RML_CLASS_AGGREGATE ? of_column :
		type->class == RML_CLASS_PAIR ? of_pair : type->class == RML_CLASS_MULTI ? of_columns : of_none;
	lists[2] = of_rows;
	lists[3] = by_row ? of_mostly : of_none;
	lists[4] = of_running;
	lists[5] = of_none;
}

static const RmlKwarg *
find_kwarg(const RmlType *type, const char *name)
{
	const RmlKwarg *lists[6];

	lists_of(type, lists);
	for (int i = 0; i < 6; i++)
	{
		for (const RmlKwarg *kwarg = lists[i]; kwarg->name != NULL; kwarg++)
		{
			if (strcmp(kwarg->name, name) == 0)
				return kwarg;
		}
	}
	return NULL;
}

static char *
known_kwargs(const RmlType *type)
{
	const RmlKwarg *lists[6];
	StringInfoData names;

	initStringInfo(&names);
	lists_of(type, lists);
	for (int i = 0; i < 4; i++)
	{
		/* those of the type behind those of its class */
		for (const RmlKwarg *kwarg = lists[(i + 1) % 4]; kwarg->name != NULL; kwarg++)
			appendStringInfo(&names, "%s%s", names.len == 0 ? "" : ", ", kwarg->name);
	}
	return names.data;
}

static bool
is_scalar(const JsonbValue *value, bool null_ok)
{
	return value->type == jbvNumeric || value->type == jbvString || value->type == jbvBool || (null_ok && value->type == jbvNull);
}

static bool
is_list(const JsonbValue *value, bool texts)
{
	if (!rml_json_is_array(value))
		return false;
	for (int i = 0; i < rml_json_length(value); i++)
	{
		JsonbValue *element = rml_json_element(value, i);

		if (texts ? element->type != jbvString : !is_scalar(element, true))
			return false;
	}
	return true;
}

/* NULL: it is of the kind; else what it should be. */
static const char *
wanted(const JsonbValue *value, RmlKwargKind kind)
{
	switch (kind)
	{
		case RML_KWARG_ANY:
			return is_scalar(value, false) ? NULL : "a number, a string or a boolean";
		case RML_KWARG_NUMBER:
			return value->type == jbvNumeric ? NULL : "a number";
		case RML_KWARG_COUNT:
			return value->type == jbvNumeric && rml_json_is_integer(value) && rml_json_number(value) >= 0 ? NULL :
				"an integer from 0";
		case RML_KWARG_BOOL:
			return value->type == jbvBool ? NULL : "true or false";
		case RML_KWARG_TEXT:
			return value->type == jbvString ? NULL : "a string";
		case RML_KWARG_LIST:
			return is_list(value, false) ? NULL : "a list of numbers, strings or booleans";
		case RML_KWARG_TEXTS:
			return is_list(value, true) ? NULL : "a list of strings";
		case RML_KWARG_JSON:
			break;
	}
	return NULL;
}

static void
check_kwarg(const char *name, const JsonbValue *value, void *argument)
{
	const RmlExpectation *expectation = argument;
	const RmlKwarg *kwarg = find_kwarg(expectation->type, name);
	const char *should_be;

	if (kwarg == NULL)
		rml_expectation_fault(expectation, psprintf("Its kwargs are %s.", known_kwargs(expectation->type)),
							  "unknown kwarg \"%s\"", name);
	if (value->type == jbvNull || rml_parameter_check(expectation, name, value))
		return;
	should_be = wanted(value, kwarg->kind);
	if (should_be != NULL)
		rml_expectation_fault(expectation, NULL, "kwarg \"%s\" must be %s, not %s", name, should_be, rml_json_out(value));
}

static void
check_required(const RmlExpectation *expectation)
{
	const RmlKwarg *lists[6];

	lists_of(expectation->type, lists);
	for (int i = 0; i < 6; i++)
	{
		for (const RmlKwarg *kwarg = lists[i]; kwarg->name != NULL; kwarg++)
		{
			if (kwarg->required && rml_kwarg(expectation, kwarg->name) == NULL)
				rml_expectation_fault(expectation, psprintf("Its kwargs are %s.", known_kwargs(expectation->type)),
									  "kwarg \"%s\" is missing", kwarg->name);
		}
	}
}

static void
check_mostly(const RmlExpectation *expectation)
{
	double		mostly = rml_kwarg_number(expectation, "mostly", 1);

	if (!(mostly >= 0 && mostly <= 1))
		rml_expectation_fault(expectation, "It is a share: 0.95 lets 5 % of the rows be unexpected.",
							  "kwarg \"mostly\" must be a number from 0 to 1, not %g", mostly);
}

/* One of these, or absent. */
static void
check_ignore_row_if(const RmlExpectation *expectation)
{
	const char *value = rml_kwarg_text(expectation, "ignore_row_if");

	if (value == NULL)
		return;
	if (expectation->type->class == RML_CLASS_PAIR &&
		strcmp(value, "both_values_are_missing") != 0 && strcmp(value, "either_value_is_missing") != 0 && strcmp(value, "neither") != 0)
		rml_expectation_fault(expectation, NULL,
							  "kwarg \"ignore_row_if\" must be both_values_are_missing, either_value_is_missing or neither, not \"%s\"", value);
	if (expectation->type->class == RML_CLASS_MULTI &&
		strcmp(value, "all_values_are_missing") != 0 && strcmp(value, "any_value_is_missing") != 0 && strcmp(value, "never") != 0)
		rml_expectation_fault(expectation, NULL,
							  "kwarg \"ignore_row_if\" must be all_values_are_missing, any_value_is_missing or never, not \"%s\"", value);
}

/* Are the kwargs of the types that they must have?  Raises. */
static void
check_kwargs(const RmlExpectation *expectation)
{
	rml_json_members(&expectation->kwargs->root, check_kwarg, unconstify(RmlExpectation *, expectation));
	check_required(expectation);
	check_mostly(expectation);
	check_ignore_row_if(expectation);
	(void) rml_condition_sql(expectation, NULL);
	if (expectation->type->check != NULL && !rml_parameters_within(expectation->kwargs))
		expectation->type->check(expectation);
}

/* ---- expectations ---- */

static bool
is_one_of(const char *key, const char *const *known)
{
	for (int i = 0; known[i] != NULL; i++)
	{
		if (strcmp(key, known[i]) == 0)
			return true;
	}
	return false;
}

static void
check_expectation_key(const char *key, const JsonbValue *value, void *argument)
{
	static const char *const known[] = {
		"type", "expectation_type", "kwargs", "meta", "id", "ge_cloud_id", "description", "notes", "rendered_content",
		"expectation_context", "severity", "success_on_last_run", "windows", NULL
	};

	if (!is_one_of(key, known))
		rml_expectation_fault(argument, "Free text belongs into \"meta\" or \"notes\".", "unknown field \"%s\"", key);
	if (strcmp(key, "windows") == 0 && value->type != jbvNull && rml_json_length(value) > 0)
		rml_expectation_fault(argument, "Put the bounds into parameters of the suite.",
							  "\"windows\" is not supported, as it refers to results that GX Cloud keeps");
}

static void
read_severity(RmlExpectation *expectation)
{
	JsonbValue *severity = rml_json_member(expectation->definition, "severity");

	expectation->severity = severity == NULL ? "critical" : severity->type == jbvString ? rml_json_string(severity) : "";
	if (strcmp(expectation->severity, "critical") != 0 && strcmp(expectation->severity, "warning") != 0 &&
		strcmp(expectation->severity, "info") != 0)
		rml_expectation_fault(expectation, NULL, "severity must be critical, warning or info, not %s", rml_json_out(severity));
}

static void
read_type(RmlExpectation *expectation)
{
	JsonbValue *type = rml_json_member(expectation->definition, "type");
	char	   *name;

	if (type == NULL)
		type = rml_json_member(expectation->definition, "expectation_type");
	if (type == NULL || type->type != jbvString)
		rml_expectation_fault(expectation, NULL, "it has no \"type\" (1.x) and no \"expectation_type\" (0.18) that is a string");
	name = rml_json_string(type);
	expectation->type = rml_type_find(name);
	if (expectation->type == NULL)
		rml_expectation_fault(expectation, psprintf("Perhaps you mean %s.", rml_type_nearest(name)),
							  "unknown type of expectation \"%s\"", name);
	if (expectation->type->class == RML_CLASS_REFUSED)
		rml_expectation_fault(expectation, NULL, "not supported: %s", expectation->type->reason);
}

static RmlExpectation *
read_expectation(const char *suite, int index, JsonbValue *value)
{
	RmlExpectation *expectation = palloc0(sizeof(RmlExpectation));
	JsonbValue *kwargs;

	expectation->suite = suite;
	expectation->index = index;
	if (!rml_json_is_object(value))
		rml_expectation_fault(expectation, NULL, "an expectation must be an object");
	expectation->definition = value->val.binary.data;
	read_type(expectation);
	rml_json_members(expectation->definition, check_expectation_key, expectation);
	read_severity(expectation);
	kwargs = rml_json_member(expectation->definition, "kwargs");
	if (kwargs != NULL && !rml_json_is_object(kwargs))
		rml_expectation_fault(expectation, NULL, "\"kwargs\" must be an object");
	expectation->kwargs = kwargs ? JsonbValueToJsonb(kwargs) : rml_json_in("{}");
	check_kwargs(expectation);
	return expectation;
}

/* ---- suites ---- */

static void
check_suite_key(const char *key, const JsonbValue *value, void *argument)
{
	static const char *const known[] = {
		"name", "expectation_suite_name", "id", "ge_cloud_id", "data_asset_type", "evaluation_parameters", "suite_parameters",
		"expectations", "meta", "notes", NULL
	};

	(void) value;
	if (!is_one_of(key, known))
		suite_fault(argument, psprintf("unknown field \"%s\"", key), "A suite has a \"name\" and a list of \"expectations\".");
}

static char *
name_within(Jsonb *definition)
{
	JsonbValue *name = rml_json_member(&definition->root, "name");

	if (name == NULL)
		name = rml_json_member(&definition->root, "expectation_suite_name");
	return name != NULL && name->type == jbvString ? rml_json_string(name) : pstrdup("default");
}

static JsonbValue *
parameters_within(const RmlSuite *suite)
{
	JsonbValue *parameters = rml_json_member(&suite->definition->root, "suite_parameters");

	if (parameters == NULL || rml_json_length(parameters) == 0)
		parameters = parameters ? parameters : rml_json_member(&suite->definition->root, "evaluation_parameters");
	if (parameters != NULL && !rml_json_is_object(parameters))
		suite_fault(suite->name, "its parameters must be an object of names and values", NULL);
	return parameters;
}

RmlSuite *
rml_suite_read(const char *name, Jsonb *definition)
{
	RmlSuite   *suite = palloc0(sizeof(RmlSuite));
	JsonbValue *list;

	if (!JB_ROOT_IS_OBJECT(definition))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a suite must be a JSON object"),
				 errhint("It is what Great Expectations keeps in expectations/<name>.json.")));
	suite->name = name ? pstrdup(name) : name_within(definition);
	suite->definition = definition;
	rml_json_members(&definition->root, check_suite_key, suite->name);
	suite->parameters = parameters_within(suite);
	list = rml_json_member(&definition->root, "expectations");
	if (list == NULL || !rml_json_is_array(list))
		suite_fault(suite->name, "\"expectations\" must be a list", NULL);
	if (rml_json_length(list) > MAX_EXPECTATIONS)
		suite_fault(suite->name, psprintf("it has more than %d expectations", MAX_EXPECTATIONS), NULL);
	for (int i = 0; i < rml_json_length(list); i++)
	{
		CHECK_FOR_INTERRUPTS();
		suite->expectations = lappend(suite->expectations, read_expectation(suite->name, i, rml_json_element(list, i)));
	}
	return suite;
}

void
rml_expectation_resolve(RmlExpectation *expectation, const RmlSuite *suite, Jsonb *parameters)
{
	if (!rml_parameters_within(expectation->kwargs))
		return;
	expectation->kwargs = rml_parameters_put(expectation, suite->parameters, parameters);
	check_kwargs(expectation);
}
