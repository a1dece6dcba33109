/*
 * json.c
 *	  Members of JSON values, and their text.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "quality/json.h"

JsonbValue *
rml_json_member(JsonbContainer *object, const char *key)
{
	JsonbValue *value;

	if (!JsonContainerIsObject(object))
		return NULL;
	value = getKeyJsonValueFromContainer(object, key, (int) strlen(key), NULL);
	return value == NULL || value->type == jbvNull ? NULL : value;
}

bool
rml_json_is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

bool
rml_json_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

int
rml_json_length(const JsonbValue *array)
{
	return rml_json_is_array(array) ? (int) JsonContainerSize(array->val.binary.data) : 0;
}

JsonbValue *
rml_json_element(const JsonbValue *array, int i)
{
	return getIthJsonbValueFromContainer(array->val.binary.data, (uint32) i);
}

char *
rml_json_string(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

char *
rml_json_out(const JsonbValue *value)
{
	JsonbValue	copy = *value;
	Jsonb	   *jsonb = JsonbValueToJsonb(&copy);

	return JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
}

Jsonb *
rml_json_in(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

bool
rml_json_is_integer(const JsonbValue *value)
{
	Datum		number = NumericGetDatum(value->val.numeric);

	return value->type == jbvNumeric &&
		DatumGetBool(DirectFunctionCall2(numeric_eq, number, DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0))));
}

double
rml_json_number(const JsonbValue *value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

void
rml_json_members(JsonbContainer *object, RmlJsonVisit visit, void *argument)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		visit(rml_json_string(&key), &value, argument);
	}
}
