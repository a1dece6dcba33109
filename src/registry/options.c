/*
 * options.c
 *	  The options of an import, from jsonb and to their canonical text.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "base/utf8.h"
#include "registry/options.h"
#include "registry/server.h"

/* of a version, but not of what it is: rml_options_baseline_query() */
#define BASELINE_QUERY "baseline_query"

static bool
is_key(const JsonbValue *key, const char *name)
{
	return key->val.string.len == (int) strlen(name) &&
		memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

static const char *
string_utf8(const JsonbValue *value)
{
	return rml_to_utf8(value->val.string.val, value->val.string.len);
}

/* ---- iterations ---- */

static bool
parse_iteration(const JsonbValue *value, int32_t *iteration)
{
	char	   *text;
	long		number;
	char	   *end;

	if (value->type != jbvNumeric)
		return false;
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || number < 0 || number > PG_INT32_MAX)
		return false;
	*iteration = (int32_t) number;
	return true;
}

static bool
parse_iterations(const JsonbValue *value, RmlImportOptions *options, RmlError *err)
{
	JsonbValue *first;
	JsonbValue *end;

	if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) &&
		JsonContainerSize(value->val.binary.data) == 2)
	{
		first = getIthJsonbValueFromContainer(value->val.binary.data, 0);
		end = getIthJsonbValueFromContainer(value->val.binary.data, 1);
		options->has_iterations = parse_iteration(first, &options->first_iteration) &&
			parse_iteration(end, &options->end_iteration);
	}
	if (!options->has_iterations)
		return rml_fail(err, RML_OPTION,
						"import option \"iterations\" must be an array of two integers from 0 on");
	return true;
}

/* ---- categories ---- */

/* A label is a string, or an integer, which stands for its decimal text. */
static const char *
parse_label(const JsonbValue *value)
{
	char	   *text;

	if (value->type == jbvString)
		return string_utf8(value);
	if (value->type != jbvNumeric)
		return NULL;
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	return strspn(text, "-0123456789") == strlen(text) ? text : NULL;
}

static bool
parse_map(const JsonbValue *key, const JsonbValue *value, RmlCategoryMap *map, RmlError *err)
{
	JsonbContainer *array;

	map->feature = string_utf8(key);
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) == 0)
		return rml_fail(err, RML_OPTION,
						"categories of feature \"%s\" must be an array of labels", map->feature);
	array = value->val.binary.data;
	map->n_labels = (int32_t) JsonContainerSize(array);
	map->labels = palloc(sizeof(char *) * map->n_labels);
	for (int32_t i = 0; i < map->n_labels; i++)
	{
		JsonbValue *label = getIthJsonbValueFromContainer(array, (uint32) i);

		CHECK_FOR_INTERRUPTS();
		map->labels[i] = parse_label(label);
		pfree(label);
		if (map->labels[i] == NULL)
			return rml_fail(err, RML_OPTION,
							"category %d of feature \"%s\" is neither a string nor an integer",
							i, map->feature);
	}
	return true;
}

static int
compare_maps(const void *a, const void *b)
{
	return strcmp(((const RmlCategoryMap *) a)->feature, ((const RmlCategoryMap *) b)->feature);
}

static bool
parse_categories(const JsonbValue *value, RmlImportOptions *options, RmlError *err)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	labels;

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return rml_fail(err, RML_OPTION,
						"import option \"categories\" must be an object of features and their labels");
	options->categories = palloc(sizeof(RmlCategoryMap) *
								 (JsonContainerSize(value->val.binary.data) + 1));
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &labels, true);
		if (!parse_map(&key, &labels, &options->categories[options->n_categories], err))
			return false;
		options->n_categories++;
	}
	qsort(options->categories, options->n_categories, sizeof(RmlCategoryMap), compare_maps);
	return true;
}

/* ---- all ---- */

static bool
parse_option(const JsonbValue *key, const JsonbValue *value, RmlImportOptions *options,
			 RmlError *err)
{
	if (is_key(key, "iterations"))
		return parse_iterations(value, options, err);
	if (is_key(key, "categories"))
		return parse_categories(value, options, err);
	if (is_key(key, "best_iteration"))
	{
		if (value->type != jbvBool)
			return rml_fail(err, RML_OPTION,
							"import option \"best_iteration\" must be true or false");
		options->best_iteration = value->val.boolean;
		return true;
	}
	if (is_key(key, BASELINE_QUERY))
	{
		if (value->type != jbvString)
			return rml_fail(err, RML_OPTION,
							"import option \"" BASELINE_QUERY "\" must be a text, a query");
		return true;
	}
	rml_fail(err, RML_OPTION, "unknown import option \"%.*s\"",
			 rml_utf8_clip(string_utf8(key), strlen(string_utf8(key)), 128), string_utf8(key));
	return rml_hint(err, "The options are baseline_query, best_iteration, categories and iterations.");
}

bool
rml_options_parse(Jsonb *jsonb, RmlImportOptions *options, RmlError *err)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	memset(options, 0, sizeof(*options));
	if (!JB_ROOT_IS_OBJECT(jsonb))
		return rml_fail(err, RML_OPTION, "options must be a JSON object");
	it = JsonbIteratorInit(&jsonb->root);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		if (!parse_option(&key, &value, options, err))
			return false;
	}
	if (options->best_iteration && options->has_iterations)
		return rml_fail(err, RML_OPTION,
						"import options \"best_iteration\" and \"iterations\" exclude each other");
	/* all of them, as without the option */
	if (options->first_iteration == 0 && options->end_iteration == 0)
		options->has_iterations = false;
	return true;
}

char *
rml_options_baseline_query(Jsonb *jsonb)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&jsonb->root, BASELINE_QUERY, strlen(BASELINE_QUERY), NULL);

	return value ? pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}

static void
add_categories(StringInfo text, const RmlImportOptions *options)
{
	appendStringInfoString(text, "\"categories\": {");
	for (int32_t i = 0; i < options->n_categories; i++)
	{
		const RmlCategoryMap *map = &options->categories[i];

		if (i > 0)
			appendStringInfoString(text, ", ");
		escape_json(text, map->feature);
		for (int32_t k = 0; k < map->n_labels; k++)
		{
			CHECK_FOR_INTERRUPTS();
			appendStringInfoString(text, k == 0 ? ": [" : ", ");
			escape_json(text, map->labels[k]);
		}
		appendStringInfoChar(text, ']');
	}
	appendStringInfoChar(text, '}');
}

char *
rml_options_text(const RmlImportOptions *options)
{
	StringInfoData text;
	const char *separator = "";

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	if (options->best_iteration)
	{
		appendStringInfoString(&text, "\"best_iteration\": true");
		separator = ", ";
	}
	if (options->n_categories > 0)
	{
		appendStringInfoString(&text, separator);
		add_categories(&text, options);
		separator = ", ";
	}
	if (options->has_iterations)
		appendStringInfo(&text, "%s\"iterations\": [%d, %d]", separator,
						 options->first_iteration, options->end_iteration);
	appendStringInfoChar(&text, '}');
	return text.data;
}

bool
rml_options_are_canonical(Jsonb *jsonb, const RmlImportOptions *options)
{
	char	   *text = rml_options_text(options);
	Jsonb	   *canonical = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
															   CStringGetDatum(rml_from_utf8(text, strlen(text)))));

	return strcmp(JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb)),
				  JsonbToCString(NULL, &canonical->root, VARSIZE(canonical))) == 0;
}
