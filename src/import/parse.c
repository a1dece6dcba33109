/*
 * parse.c
 *	  Typed values, arrays and objects of a model file; see parse.h.
 */
#include "import/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Bytes up to which an array is copied out of the parser's buffer. */
#define SMALL_ARRAY 32768

static const char *
event_name(RmlEventKind kind)
{
	static const char *const names[] = {
		[RML_EV_OBJECT_BEGIN] = "an object",
		[RML_EV_OBJECT_END] = "the end of an object",
		[RML_EV_ARRAY_BEGIN] = "an array",
		[RML_EV_ARRAY_END] = "the end of an array",
		[RML_EV_KEY] = "a key",
		[RML_EV_STRING] = "a string",
		[RML_EV_INTEGER] = "an integer",
		[RML_EV_REAL] = "a floating-point number",
		[RML_EV_BOOLEAN] = "a boolean",
		[RML_EV_NULL] = "null",
		[RML_EV_END] = "the end of the input",
	};

	return names[kind];
}

/* Names the field (and the tree it belongs to) in every message. */
static bool
wrong_type(RmlParser *p, const char *key, const RmlEvent *event, const char *wanted)
{
	return rml_fail_at(p->err, event->offset, "%s%s is %s, expected %s",
					   p->where, key, event_name(event->kind), wanted);
}

bool
rml_parse_expect(RmlParser *p, const char *key, const RmlEvent *event, RmlEventKind kind)
{
	return event->kind == kind ? true : wrong_type(p, key, event, event_name(kind));
}

bool
rml_parse_object(RmlParser *p, const char *name, const RmlEvent *begin, RmlFieldFn field, void *target)
{
	RmlEvent	event;
	char		key[64];

	if (!rml_parse_expect(p, name, begin, RML_EV_OBJECT_BEGIN))
		return false;
	for (;;)
	{
		size_t		length;

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_OBJECT_END)
			return true;
		length = (size_t) rml_utf8_clip(event.text, event.length, sizeof(key) - 1);
		memcpy(key, event.text, length);
		key[length] = '\0';
		if (!rml_reader_next(&p->reader, &event) ||
			!field(p, key, &event, target))
			return false;
	}
}

/* Room for at least `count` items in the parser's buffer. */
static void *
buffer_for(RmlParser *p, size_t count, size_t width)
{
	if (count * width > p->buffer_size)
	{
		size_t		wanted = p->buffer_size + p->buffer_size / 2;

		if (wanted < count * width)
			wanted = count * width + SMALL_ARRAY;
		p->buffer = p->buffer ? p->host->resize(p->host, p->buffer, wanted)
			: rml_alloc(p->host, wanted);
		p->buffer_size = wanted;
	}
	return p->buffer;
}

/* The buffer's content to keep: a copy, or the buffer itself if it is large. */
static void *
keep_buffer(RmlParser *p, size_t bytes)
{
	void	   *kept;

	if (bytes > SMALL_ARRAY)
	{
		kept = p->host->resize(p->host, p->buffer, bytes);
		p->buffer = NULL;
		p->buffer_size = 0;
		return kept;
	}
	kept = rml_alloc(p->host, bytes);
	if (bytes > 0)
		memcpy(kept, p->buffer, bytes);
	return kept;
}

bool
rml_parse_given_twice(RmlParser *p, const char *key, const RmlEvent *event)
{
	return rml_fail_at(p->err, event->offset, "%s%s is given twice", p->where, key);
}

bool
rml_parse_int32(RmlParser *p, const char *key, const RmlEvent *event, int32_t *out)
{
	if (!rml_parse_expect(p, key, event, RML_EV_INTEGER))
		return false;
	if (event->integer < INT32_MIN || event->integer > INT32_MAX)
		return rml_fail_at(p->err, event->offset, "%s%s holds %lld, beyond 32 bits",
						   p->where, key, (long long) event->integer);
	*out = (int32_t) event->integer;
	return true;
}

/* An integer literal is a legal float; NaN and Inf are judged later. */
static bool
convert_float(RmlParser *p, const char *key, const RmlEvent *event, float *out)
{
	if (event->kind == RML_EV_INTEGER)
		*out = (float) event->integer;
	else if (event->kind == RML_EV_REAL)
		*out = event->real;
	else
		return wrong_type(p, key, event, "a number");
	return true;
}

/* 0, 1, false or true */
static bool
convert_flag(RmlParser *p, const char *key, const RmlEvent *event, uint8_t *out)
{
	if (event->kind != RML_EV_BOOLEAN && event->kind != RML_EV_INTEGER)
		return wrong_type(p, key, event, "a boolean");
	if (event->integer != 0 && event->integer != 1)
		return rml_fail_at(p->err, event->offset, "%s%s holds %lld, expected 0 or 1",
						   p->where, key, (long long) event->integer);
	*out = (uint8_t) event->integer;
	return true;
}

/*
 * XGBoost stores float32 and int32 as such.  A typed array of a byte each would
 * take many times its size in memory.
 */
static bool
check_element_size(RmlParser *p, const char *key, const RmlEvent *begin, size_t size)
{
	if (begin->element_size == 0 || (size_t) begin->element_size >= size)
		return true;
	return rml_fail_at(p->err, begin->offset, "%s%s has elements of %d bytes, expected %zu",
					   p->where, key, begin->element_size, size);
}

/* These parsers differ in the element's type only. */
#define DEFINE_ARRAY_PARSER(fn, array_type, element_type, convert) \
bool \
fn(RmlParser *p, const char *key, const RmlEvent *begin, void *target) \
{ \
	array_type *array = target; \
	RmlEvent	event; \
	size_t		n = 0; \
\
	if (!rml_parse_expect(p, key, begin, RML_EV_ARRAY_BEGIN)) \
		return false; \
	if (array->values != NULL) \
		return rml_parse_given_twice(p, key, begin); \
	if (!check_element_size(p, key, begin, sizeof(element_type))) \
		return false; \
	(void) buffer_for(p, (size_t) begin->integer, sizeof(element_type)); \
	for (;;) \
	{ \
		element_type *items; \
\
		if (!rml_reader_next(&p->reader, &event)) \
			return false; \
		if (event.kind == RML_EV_ARRAY_END) \
			break; \
		items = buffer_for(p, n + 1, sizeof(element_type)); \
		if (!convert(p, key, &event, &items[n])) \
			return false; \
		n++; \
	} \
	array->values = keep_buffer(p, n * sizeof(element_type)); \
	array->count = (int32_t) n; \
	return true; \
}

DEFINE_ARRAY_PARSER(rml_parse_ints, RmlIntArray, int32_t, rml_parse_int32)
DEFINE_ARRAY_PARSER(rml_parse_floats, RmlFloatArray, float, convert_float)
DEFINE_ARRAY_PARSER(rml_parse_flags, RmlByteArray, uint8_t, convert_flag)

/* Moves what has been read so far into 64-bit integers. */
static int64_t *
widen(RmlParser *p, const int32_t *narrow, size_t n, size_t room)
{
	int64_t    *wide = rml_alloc(p->host, room * sizeof(int64_t));

	for (size_t i = 0; i < n; i++)
		wide[i] = narrow[i];
	return wide;
}

bool
rml_parse_wides(RmlParser *p, const char *key, const RmlEvent *begin, void *target)
{
	RmlWideArray *array = target;
	RmlEvent	event;
	int64_t    *wide = NULL;
	size_t		room = 0;
	size_t		n = 0;

	if (!rml_parse_expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	if (array->values != NULL || array->wide != NULL)
		return rml_parse_given_twice(p, key, begin);
	(void) buffer_for(p, (size_t) begin->integer, sizeof(int32_t));
	for (;; n++)
	{
		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			break;
		if (!rml_parse_expect(p, key, &event, RML_EV_INTEGER))
			return false;
		if (wide == NULL && event.integer >= INT32_MIN && event.integer <= INT32_MAX)
		{
			((int32_t *) buffer_for(p, n + 1, sizeof(int32_t)))[n] = (int32_t) event.integer;
			continue;
		}
		if (wide == NULL)
		{
			room = n + n / 2 + 64;
			wide = widen(p, p->buffer, n, room);
		}
		else if (n == room)
		{
			room += room / 2;
			wide = p->host->resize(p->host, wide, room * sizeof(int64_t));
		}
		wide[n] = event.integer;
	}
	if (wide != NULL)
		array->wide = wide;
	else
		array->values = keep_buffer(p, n * sizeof(int32_t));
	array->count = (int32_t) n;
	return true;
}

static char *
copy_text(RmlParser *p, const RmlEvent *event)
{
	char	   *copy = rml_alloc(p->host, event->length + 1);

	memcpy(copy, event->text, event->length);
	copy[event->length] = '\0';
	return copy;
}

bool
rml_parse_texts(RmlParser *p, const char *key, const RmlEvent *begin, void *target)
{
	RmlTextArray *array = target;
	RmlEvent	event;
	size_t		n = 0;

	if (!rml_parse_expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	if (array->values != NULL)
		return rml_parse_given_twice(p, key, begin);
	for (;;)
	{
		RmlText    *items;

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			break;
		if (!rml_parse_expect(p, key, &event, RML_EV_STRING))
			return false;
		if (n == RML_MAX_FEATURES)
			return rml_fail(p->err, RML_LIMIT, "%s%s has more than %d entries",
							p->where, key, RML_MAX_FEATURES);
		items = buffer_for(p, n + 1, sizeof(RmlText));
		items[n].data = copy_text(p, &event);
		items[n].length = (int32_t) event.length;
		n++;
	}
	array->values = keep_buffer(p, n * sizeof(RmlText));
	array->count = (int32_t) n;
	return true;
}

bool
rml_parse_name(RmlParser *p, const char *key, const RmlEvent *event, char name[64])
{
	size_t		length;

	if (!rml_parse_expect(p, key, event, RML_EV_STRING))
		return false;
	length = (size_t) rml_utf8_clip(event->text, event->length, 63);
	memcpy(name, event->text, length);
	name[length] = '\0';
	return true;
}

int64_t
rml_parse_digits(const char *text, size_t length)
{
	int64_t		value = length > 0 ? 0 : -1;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
		if (value > INT32_MAX)
			return -1;
	}
	return value;
}

bool
rml_parse_parameter(RmlParser *p, const char *key, const RmlEvent *event, int32_t *out)
{
	int64_t		value;

	if (!rml_parse_expect(p, key, event, RML_EV_STRING))
		return false;
	value = rml_parse_digits(event->text, event->length);
	if (value < 0)
		return rml_fail(p->err, RML_INVALID,
						"%s%s is \"%.*s\", expected an integer from 0 to %d",
						p->where, key, rml_utf8_clip(event->text, event->length, 64),
						event->text, INT32_MAX);
	*out = (int32_t) value;
	return true;
}

/* Length of the number at text, as JSON spells numbers; 0 if there is none. */
static size_t
number_length(const char *text)
{
	const char *s = text + (*text == '-' ? 1 : 0);
	size_t		digits = strspn(s, "0123456789");

	if (digits == 0)
		return 0;
	s += digits;
	if (*s == '.')
	{
		digits = strspn(s + 1, "0123456789");
		if (digits == 0)
			return 0;
		s += 1 + digits;
	}
	if (*s == 'e' || *s == 'E')
	{
		s += s[1] == '-' || s[1] == '+' ? 2 : 1;
		digits = strspn(s, "0123456789");
		if (digits == 0)
			return 0;
		s += digits;
	}
	return (size_t) (s - text);
}

/*
 * base_score is "5E-1" up to 3.0, "[5E-1]" or "[5E-1,2E0]" from 3.1 on; XGBoost
 * also reads round brackets.
 */
bool
rml_parse_number_list(RmlParser *p, const char *key, const RmlEvent *event, RmlFloatArray *out)
{
	char	   *copy;
	const char *s;
	char		close = '\0';
	size_t		n = 0;

	if (!rml_parse_expect(p, key, event, RML_EV_STRING))
		return false;
	copy = copy_text(p, event);
	s = copy;
	if (*s == '[' || *s == '(')
		close = *s++ == '[' ? ']' : ')';
	for (;;)
	{
		size_t		length;
		float	   *items;

		s += strspn(s, " ");
		length = number_length(s);
		if (length == 0)
			break;
		items = buffer_for(p, n + 1, sizeof(float));
		items[n] = strtof(s, NULL);
		if (!isfinite(items[n++]))
			break;
		s += length;
		s += strspn(s, " ");
		if (close == '\0' || *s != ',')
		{
			if (close != '\0' && *s++ != close)
				break;
			if (s[strspn(s, " ")] != '\0')
				break;
			out->values = keep_buffer(p, n * sizeof(float));
			out->count = (int32_t) n;
			p->host->release(p->host, copy);
			return true;
		}
		s++;
	}
	return rml_fail(p->err, RML_INVALID,
					"%s is \"%.*s\", expected a number or a list of numbers", key,
					rml_utf8_clip(copy, event->length, 64), copy);
}
