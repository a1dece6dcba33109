/*
 * form.c
 *	  Text and binary forms of what statistics keep: JSON objects of numbers, counts and texts.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "stats/form.h"

void
rml_form_fail(const RmlForm *in, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid %s: %s", in->type, what)));
	pg_unreachable();
}

static JsonbValue *
find(const RmlForm *in, const char *name)
{
	return getKeyJsonValueFromContainer(in->object, name, (int) strlen(name), NULL);
}

void
rml_form_open(RmlForm *in, Jsonb *json, const char *type, const char *const *fields)
{
	uint32		known = 0;

	in->object = &json->root;
	in->type = type;
	if (!JB_ROOT_IS_OBJECT(json))
		rml_form_fail(in, "it is no JSON object");
	for (const char *const *field = fields; *field != NULL; field++)
		known += find(in, *field) != NULL;
	if (known != JB_ROOT_COUNT(json))
		rml_form_fail(in, "it has a field that is not known");
}

void
rml_form_refuse(const RmlForm *in,...)
{
	va_list		names;
	const char *name;

	va_start(names, in);
	while ((name = va_arg(names, const char *)) != NULL)
		if (find(in, name) != NULL)
			rml_form_fail(in, psprintf("\"%s\" is not a field of this kind", name));
	va_end(names);
}

static JsonbValue *
require(const RmlForm *in, const char *name, enum jbvType type, const char *what)
{
	JsonbValue *value = find(in, name);

	if (value == NULL || value->type != type)
		rml_form_fail(in, psprintf("\"%s\" must be %s", name, what));
	return value;
}

const char *
rml_form_text(const RmlForm *in, const char *name)
{
	JsonbValue *value = require(in, name, jbvString, "a text");

	return pnstrdup(value->val.string.val, value->val.string.len);
}

static int64
count_of(const RmlForm *in, const char *name, const JsonbValue *value)
{
	const char *digits;

	if (value->type != jbvNumeric)
		rml_form_fail(in, psprintf("\"%s\" has what is no count", name));
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (digits[strspn(digits, "0123456789")] != '\0' || strlen(digits) > 19)
		rml_form_fail(in, psprintf("\"%s\" has %.40s, which is no count", name, digits));
	return DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(digits)));
}

int64
rml_form_count(const RmlForm *in, const char *name)
{
	JsonbValue *value = find(in, name);

	return value == NULL ? 0 : count_of(in, name, value);
}

static float8
float_of(const RmlForm *in, const char *name, const JsonbValue *value)
{
	float8		result;

	if (value->type != jbvNumeric)
		rml_form_fail(in, psprintf("\"%s\" has what is no number", name));
	result = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	return result == 0 ? 0 : result;	/* not -0 */
}

/* An array's elements: calls take(i, element). */
static JsonbIterator *
open_array(const RmlForm *in, const char *name, int *n)
{
	JsonbValue *array = require(in, name, jbvBinary, "an array");
	JsonbIterator *iterator = JsonbIteratorInit(array->val.binary.data);
	JsonbValue	value;

	if (JsonbIteratorNext(&iterator, &value, true) != WJB_BEGIN_ARRAY)
		rml_form_fail(in, psprintf("\"%s\" must be an array", name));
	*n = value.val.array.nElems;
	if (*n > RML_MAX_BINS + 1)
		rml_form_fail(in, psprintf("\"%s\" has %d elements, more than %d", name, *n, RML_MAX_BINS + 1));
	return iterator;
}

float8 *
rml_form_floats(const RmlForm *in, const char *name, int *n)
{
	JsonbIterator *iterator = open_array(in, name, n);
	float8	   *values = palloc(sizeof(float8) * ((Size) *n + 1));
	JsonbValue	value;

	for (int i = 0; JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM; i++)
		values[i] = float_of(in, name, &value);
	return values;
}

int64 *
rml_form_counts(const RmlForm *in, const char *name, int *n)
{
	JsonbIterator *iterator = open_array(in, name, n);
	int64	   *counts = palloc(sizeof(int64) * ((Size) *n + 1));
	JsonbValue	value;

	for (int i = 0; JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM; i++)
		counts[i] = count_of(in, name, &value);
	return counts;
}

RmlCategory *
rml_form_texts(const RmlForm *in, const char *name, int *n)
{
	JsonbIterator *iterator = open_array(in, name, n);
	RmlCategory *texts = palloc0(sizeof(RmlCategory) * ((Size) *n + 1));
	JsonbValue	value;

	for (int i = 0; JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM; i++)
	{
		if (value.type != jbvString)
			rml_form_fail(in, psprintf("\"%s\" has what is no text", name));
		texts[i].text = value.val.string.val;
		texts[i].length = (uint32) value.val.string.len;
	}
	return texts;
}

static float8
bound_of(const RmlForm *in, const char *name, const JsonbValue *value)
{
	if (value->type == jbvString && value->val.string.len == 8 && memcmp(value->val.string.val, "Infinity", 8) == 0)
		return INFINITY;
	if (value->type == jbvString && value->val.string.len == 9 && memcmp(value->val.string.val, "-Infinity", 9) == 0)
		return -INFINITY;
	return float_of(in, name, value);
}

void
rml_form_range(const RmlForm *in, float8 *min, float8 *max)
{
	JsonbValue *low = find(in, "min");
	JsonbValue *high = find(in, "max");
	bool		none = low == NULL || low->type == jbvNull;

	*min = INFINITY;
	*max = -INFINITY;
	if (none != (high == NULL || high->type == jbvNull))
		rml_form_fail(in, "it has one of \"min\" and \"max\" only");
	if (none)
		return;
	*min = bound_of(in, "min", low);
	*max = bound_of(in, "max", high);
	if (*min > *max)
		rml_form_fail(in, "\"min\" is greater than \"max\"");
}

/* ---- writing ---- */

static void
write_float(StringInfo out, float8 value)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, text);
	appendStringInfoString(out, text);
}

void
rml_write_floats(StringInfo out, const float8 *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoString(out, ", ");
		write_float(out, values[i]);
	}
}

void
rml_write_counts(StringInfo out, const int64 *counts, int n)
{
	for (int i = 0; i < n; i++)
		appendStringInfo(out, i > 0 ? ", " INT64_FORMAT : INT64_FORMAT, counts[i]);
}

void
rml_write_text(StringInfo out, int i, const char *text, uint32 length)
{
	char	   *terminated = pnstrdup(text, length);

	if (i > 0)
		appendStringInfoString(out, ", ");
	escape_json(out, terminated);
	pfree(terminated);
}

static void
write_bound(StringInfo out, float8 value)
{
	if (isinf(value))
		appendStringInfoString(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
	else
		write_float(out, value);
}

void
rml_write_range(StringInfo out, float8 min, float8 max)
{
	if (!(min <= max))
	{
		appendStringInfoString(out, ", \"min\": null, \"max\": null");
		return;
	}
	appendStringInfoString(out, ", \"min\": ");
	write_bound(out, min);
	appendStringInfoString(out, ", \"max\": ");
	write_bound(out, max);
}

/* ---- binary ---- */

void
rml_send_text(StringInfo out, const char *text, uint32 length)
{
	char	   *terminated = pnstrdup(text, length);
	char	   *theirs = pg_server_to_client(terminated, (int) length);
	int			theirs_length = (int) strlen(theirs);

	pq_sendint32(out, (uint32) theirs_length);
	pq_sendbytes(out, theirs, theirs_length);
	if (theirs != terminated)
		pfree(theirs);
	pfree(terminated);
}

const char *
rml_receive_text(StringInfo in, uint32 *length)
{
	uint32		length_there = pq_getmsgint(in, 4);
	int			length_here;
	const char *text;

	if (length_there > (uint32) (in->len - in->cursor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("insufficient data left in message")));
	text = pq_getmsgtext(in, (int) length_there, &length_here);
	*length = (uint32) length_here;
	return text;
}
