/*
 * options.c
 *	  The options of a load or an ingest: a JSON object with declared keys.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "load/options.h"

static const char *const wanted[] = {
	[RML_OPTION_TEXT] = "a string",
	[RML_OPTION_BOOL] = "true or false",
	[RML_OPTION_INT] = "an integer",
	[RML_OPTION_NUMBER] = "a number",
	[RML_OPTION_TEXTS] = "an array of strings",
	[RML_OPTION_INTERVAL] = "an interval, as \"5 minutes\"",
	[RML_OPTION_SCALAR] = "a string or a number",
	[RML_OPTION_JSON] = "an array or an object",
};

static char *
string_of(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* ---- values ---- */

static bool
read_scalar(const JsonbValue *value, char **out)
{
	if (value->type == jbvString)
		*out = string_of(value);
	else if (value->type == jbvNumeric)
		*out = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	else
		return false;
	return true;
}

static bool
read_int(const JsonbValue *value, int64 *out)
{
	Datum		trunc;

	if (value->type != jbvNumeric)
		return false;
	trunc = DirectFunctionCall2(numeric_trunc, NumericGetDatum(value->val.numeric), Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, trunc, NumericGetDatum(value->val.numeric))))
		return false;
	*out = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
	return true;
}

static bool
read_number(const JsonbValue *value, double *out)
{
	if (value->type != jbvNumeric)
		return false;
	*out = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	return isfinite(*out);
}

static bool
read_texts(const JsonbValue *value, List **out)
{
	List	   *texts = NIL;

	if (value->type == jbvString)
		texts = list_make1(string_of(value));
	else if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return false;
	else
	{
		JsonbContainer *array = value->val.binary.data;

		for (uint32 i = 0; i < JsonContainerSize(array); i++)
		{
			JsonbValue *element = getIthJsonbValueFromContainer(array, i);

			if (element->type != jbvString)
				return false;
			texts = lappend(texts, string_of(element));
		}
	}
	*out = texts;
	return true;
}

static bool
read_value(const RmlOption *option, JsonbValue *value)
{
	switch (option->type)
	{
		case RML_OPTION_TEXT:
			if (value->type != jbvString)
				return false;
			*(char **) option->value = string_of(value);
			return true;
		case RML_OPTION_BOOL:
			if (value->type != jbvBool)
				return false;
			*(bool *) option->value = value->val.boolean;
			return true;
		case RML_OPTION_INT:
			return read_int(value, option->value);
		case RML_OPTION_NUMBER:
			return read_number(value, option->value);
		case RML_OPTION_TEXTS:
			return read_texts(value, option->value);
		case RML_OPTION_INTERVAL:
			if (value->type != jbvString)
				return false;
			*(Interval **) option->value =
				DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(string_of(value)),
													  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
			return true;
		case RML_OPTION_SCALAR:
			return read_scalar(value, option->value);
		case RML_OPTION_JSON:
			if (value->type != jbvBinary)
				return false;
			*(Jsonb **) option->value = JsonbValueToJsonb(value);
			return true;
	}
	return false;
}

/* What is being read, for an error of a type's input function. */
typedef struct Place
{
	const char *option;
	const char *what;
} Place;

static void
name_place(void *arg)
{
	const Place *place = arg;

	errcontext("option \"%s\" of %s", place->option, place->what);
}

static bool
read_named_value(const RmlOption *option, const char *what, JsonbValue *value)
{
	Place		place = {option->name, what};
	ErrorContextCallback context = {.callback = name_place, .arg = &place, .previous = error_context_stack};
	bool		right;

	error_context_stack = &context;
	right = read_value(option, value);
	error_context_stack = context.previous;
	return right;
}

/* ---- keys ---- */

/* The known key that is spelt most alike. */
static const char *
nearest(const char *key, const RmlOption *known, int n)
{
	const char *best = known[0].name;
	int			best_distance = INT_MAX;
	int			length = (int) Min(strlen(key), 100);

	for (int i = 0; i < n; i++)
	{
		int			distance = varstr_levenshtein(key, length, known[i].name, (int) strlen(known[i].name),
												  1, 1, 1, true);

		if (distance < best_distance)
		{
			best_distance = distance;
			best = known[i].name;
		}
	}
	return best;
}

static const RmlOption *
find_option(const char *what, const char *key, const RmlOption *known, int n)
{
	StringInfoData names;

	for (int i = 0; i < n; i++)
	{
		if (strcmp(key, known[i].name) == 0)
			return &known[i];
	}
	initStringInfo(&names);
	for (int i = 0; i < n; i++)
		appendStringInfo(&names, "%s%s", i == 0 ? "" : i < n - 1 ? ", " : " and ", known[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\" of %s", key, what),
			 errdetail("The options are %s.", names.data),
			 errhint("Perhaps you mean \"%s\".", nearest(key, known, n))));
	return NULL;
}

void
rml_read_options(const char *what, Jsonb *options, const RmlOption *known, int n)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of %s must be a JSON object", what)));
	it = JsonbIteratorInit(&options->root);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		const RmlOption *option;

		if (token != WJB_KEY)
			continue;
		option = find_option(what, string_of(&key), known, n);
		(void) JsonbIteratorNext(&it, &value, true);
		if (value.type != jbvNull && !read_named_value(option, what, &value))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" of %s must be %s", option->name, what, wanted[option->type])));
	}
}
