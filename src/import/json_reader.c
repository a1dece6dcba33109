/*
 * json_reader.c
 *	  Tokeniser for the JSON that XGBoost writes.
 *
 * Strict RFC 8259 with two liberties that real files need: the literals NaN,
 * Infinity and -Infinity (the parser decides where a NaN is legal), and raw
 * control characters other than CR and LF inside strings.  NUL, invalid UTF-8
 * and lone surrogates are refused.
 */
#include "import/reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* longer than any number a printf of float80 can write */
#define MAX_NUMBER_LENGTH 5000

/* RmlFrame.state */
enum
{
	AT_START,					/* first element, or the end */
	AFTER_COMMA,				/* an element must follow */
	AFTER_KEY,					/* a value must follow */
	AFTER_VALUE					/* comma, or the end */
};

static void
skip_space(RmlReader *r)
{
	while (r->pos < r->size)
	{
		uint8_t		c = r->data[r->pos];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		r->pos++;
	}
}

static bool
unexpected(RmlReader *r, const char *wanted)
{
	uint8_t		c;

	if (r->pos >= r->size)
		return rml_fail_at(r->err, r->pos, "input ends where %s should be", wanted);
	c = r->data[r->pos];
	if (c > 0x20 && c < 0x7F)
		return rml_fail_at(r->err, r->pos, "found \"%c\" where %s should be", c, wanted);
	return rml_fail_at(r->err, r->pos, "found byte 0x%02x where %s should be", c, wanted);
}

/* Four hexadecimal digits. */
static bool
hex4(const RmlReader *r, size_t at, size_t limit, uint32_t *out)
{
	uint32_t	value = 0;

	if (limit - at < 4)
		return false;
	for (int i = 0; i < 4; i++)
	{
		uint8_t		c = r->data[at + i];
		uint32_t	digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		else
			return false;
		value = value * 16 + digit;
	}
	*out = value;
	return true;
}

/*
 * Decodes the \u escape whose digits begin at *at, surrogate pairs included.
 * False if it is none: XGBoost writes a backslash before u as it is, and reads
 * the two as text.
 */
static bool
unicode_escape(const RmlReader *r, size_t *at, size_t limit, uint32_t *out)
{
	uint32_t	high;
	uint32_t	low;

	if (!hex4(r, *at, limit, &high) || high == 0)
		return false;
	if (high < 0xD800 || high > 0xDFFF)
	{
		*at += 4;
		*out = high;
		return true;
	}
	if (high > 0xDBFF || limit - *at < 10 || r->data[*at + 4] != '\\' ||
		r->data[*at + 5] != 'u' || !hex4(r, *at + 6, limit, &low) ||
		low < 0xDC00 || low > 0xDFFF)
		return false;
	*at += 10;
	*out = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
	return true;
}

/* Decodes the escapes of a string body; the result is never longer. */
static bool
unescape(RmlReader *r, size_t from, size_t to, RmlEvent *event)
{
	char	   *out = rml_reader_scratch(r, to - from);
	size_t		n = 0;
	size_t		at = from;

	while (at < to)
	{
		uint8_t		c = r->data[at++];

		if (c == '\\')
		{
			uint32_t	cp = 0;

			c = r->data[at++];
			switch (c)
			{
				case 'b':
					c = '\b';
					break;
				case 'f':
					c = '\f';
					break;
				case 'n':
					c = '\n';
					break;
				case 'r':
					c = '\r';
					break;
				case 't':
					c = '\t';
					break;
				case '"':
				case '\\':
				case '/':
					break;
				case 'u':
					if (!unicode_escape(r, &at, to, &cp))
					{
						out[n++] = '\\';
						break;
					}
					n += rml_utf8_encode(cp, (uint8_t *) out + n);
					continue;
				default:
					return rml_fail_at(r->err, at - 2, "unknown escape in a string");
			}
		}
		out[n++] = (char) c;
	}
	event->text = out;
	event->length = n;
	return true;
}

/* r->pos is at the opening quote. */
static bool
read_string(RmlReader *r, RmlEvent *event)
{
	size_t		start = ++r->pos;
	bool		escaped = false;

	for (;;)
	{
		uint8_t		c;
		size_t		length;

		if (r->pos >= r->size)
			return rml_fail_at(r->err, start - 1, "string has no end");
		c = r->data[r->pos];
		if (c == '"')
			break;
		if (c == '\\')
		{
			escaped = true;
			if (r->size - r->pos < 2)
				return rml_fail_at(r->err, start - 1, "string has no end");
			if (r->data[r->pos + 1] < 0x80)
				r->pos++;
			r->pos++;
			continue;
		}
		if (c == '\n' || c == '\r')
			return rml_fail_at(r->err, r->pos, "line break in a string");
		length = rml_utf8_length(r->data + r->pos, r->size - r->pos);
		if (length == 0)
			return rml_fail_at(r->err, r->pos, c == 0 ? "NUL character in a string" :
							   "invalid UTF-8 in a string");
		r->pos += length;
	}
	event->text = (const char *) r->data + start;
	event->length = r->pos - start;
	r->pos++;
	return escaped ? unescape(r, start, r->pos - 1, event) : true;
}

static size_t
count_digits(RmlReader *r, size_t at)
{
	size_t		n = 0;

	while (at + n < r->size && r->data[at + n] >= '0' && r->data[at + n] <= '9')
		n++;
	return n;
}

/* Converts a number that has a fraction or an exponent. */
static bool
convert_real(RmlReader *r, size_t start, size_t length, RmlEvent *event)
{
	char		buffer[64];
	char	   *text = length < sizeof(buffer) ? buffer : rml_reader_scratch(r, length + 1);

	memcpy(text, r->data + start, length);
	text[length] = '\0';
	event->kind = RML_EV_REAL;
	event->real = strtof(text, NULL);
	if (isinf(event->real))
		return rml_fail_at(r->err, start, "number %.40s overflows a 32-bit float", text);
	return true;
}

static bool
convert_integer(RmlReader *r, size_t start, size_t length, RmlEvent *event)
{
	bool		negative = r->data[start] == '-';
	int64_t		value = 0;

	for (size_t i = negative ? 1 : 0; i < length; i++)
	{
		int			digit = r->data[start + i] - '0';

		/* with its sign, as the smallest number has no positive counterpart */
		if (__builtin_mul_overflow(value, (int64_t) 10, &value) ||
			__builtin_add_overflow(value, (int64_t) (negative ? -digit : digit), &value))
			return rml_fail_at(r->err, start, "integer %.*s overflows 64 bits",
							   (int) (length < 40 ? length : 40),
							   (const char *) r->data + start);
	}
	event->kind = RML_EV_INTEGER;
	event->integer = value;
	return true;
}

static bool
read_number(RmlReader *r, RmlEvent *event)
{
	size_t		start = r->pos;
	size_t		at = start;
	size_t		digits;
	bool		real = false;

	if (r->data[at] == '-')
		at++;
	digits = count_digits(r, at);
	if (digits == 0 || (digits > 1 && r->data[at] == '0'))
		return rml_fail_at(r->err, start, "malformed number");
	at += digits;
	if (at < r->size && r->data[at] == '.')
	{
		real = true;
		digits = count_digits(r, at + 1);
		if (digits == 0)
			return rml_fail_at(r->err, start, "malformed number: no digit after the point");
		at += 1 + digits;
	}
	if (at < r->size && (r->data[at] == 'e' || r->data[at] == 'E'))
	{
		real = true;
		at++;
		if (at < r->size && (r->data[at] == '+' || r->data[at] == '-'))
			at++;
		digits = count_digits(r, at);
		if (digits == 0)
			return rml_fail_at(r->err, start, "malformed number: no digit in the exponent");
		at += digits;
	}
	if (at - start > MAX_NUMBER_LENGTH)
		return rml_fail_at(r->err, start, "number is longer than %d characters",
						   MAX_NUMBER_LENGTH);
	r->pos = at;
	return real ? convert_real(r, start, at - start, event)
		: convert_integer(r, start, at - start, event);
}

static bool
read_word(RmlReader *r, const char *word)
{
	size_t		length = strlen(word);

	if (r->size - r->pos < length || memcmp(r->data + r->pos, word, length) != 0)
		return false;
	r->pos += length;
	return true;
}

static bool
read_literal(RmlReader *r, RmlEvent *event)
{
	bool		is_true = read_word(r, "true");

	if (is_true || read_word(r, "false"))
	{
		event->kind = RML_EV_BOOLEAN;
		event->integer = is_true;
	}
	else if (read_word(r, "null"))
		event->kind = RML_EV_NULL;
	else
	{
		event->kind = RML_EV_REAL;
		if (read_word(r, "NaN"))
			event->real = NAN;
		else if (read_word(r, "Infinity"))
			event->real = INFINITY;
		else if (read_word(r, "-Infinity"))
			event->real = -INFINITY;
		else
			return unexpected(r, "a value");
	}
	return true;
}

static bool
read_value(RmlReader *r, RmlEvent *event)
{
	uint8_t		c;

	if (r->pos >= r->size)
		return unexpected(r, "a value");
	c = r->data[r->pos];
	event->offset = r->pos;
	if (c == '{' || c == '[')
	{
		event->kind = c == '{' ? RML_EV_OBJECT_BEGIN : RML_EV_ARRAY_BEGIN;
		event->integer = 0;
		event->element_size = 0;
		r->pos++;
		return rml_reader_push(r, c == '{', event->offset);
	}
	if (c == '"')
	{
		event->kind = RML_EV_STRING;
		return read_string(r, event);
	}
	if ((c >= '0' && c <= '9') ||
		(c == '-' && r->pos + 1 < r->size && r->data[r->pos + 1] != 'I'))
		return read_number(r, event);
	return read_literal(r, event);
}

static bool
read_key(RmlReader *r, RmlEvent *event)
{
	size_t		raw_length;

	if (r->pos >= r->size || r->data[r->pos] != '"')
		return unexpected(r, "a quoted key");
	event->kind = RML_EV_KEY;
	event->offset = r->pos;
	if (!read_string(r, event))
		return false;
	raw_length = r->pos - event->offset - 2;
	if (!rml_reader_note_key(r, event, event->offset + 1, raw_length))
		return false;
	skip_space(r);
	if (r->pos >= r->size || r->data[r->pos] != ':')
		return unexpected(r, "\":\"");
	r->pos++;
	return true;
}

static bool
read_end(RmlReader *r, RmlEvent *event)
{
	event->kind = r->frames[r->depth - 1].is_object ? RML_EV_OBJECT_END : RML_EV_ARRAY_END;
	event->offset = r->pos++;
	return rml_reader_pop(r);
}

static bool
json_next(RmlReader *r, RmlEvent *event)
{
	RmlFrame   *frame;
	uint8_t		close;

	skip_space(r);
	event->offset = r->pos;
	if (r->depth == 0)
	{
		if (!r->started)
		{
			r->started = true;
			return read_value(r, event);
		}
		if (r->pos < r->size)
			return rml_fail_at(r->err, r->pos, "bytes after the end of the model");
		event->kind = RML_EV_END;
		return true;
	}

	frame = &r->frames[r->depth - 1];
	close = frame->is_object ? '}' : ']';
	if (frame->state == AFTER_VALUE)
	{
		if (r->pos < r->size && r->data[r->pos] == close)
			return read_end(r, event);
		if (r->pos >= r->size || r->data[r->pos] != ',')
			return unexpected(r, frame->is_object ? "\",\" or \"}\"" : "\",\" or \"]\"");
		r->pos++;
		skip_space(r);
		frame->state = AFTER_COMMA;
	}
	if (frame->state == AT_START && r->pos < r->size && r->data[r->pos] == close)
		return read_end(r, event);
	if (frame->is_object && frame->state != AFTER_KEY)
	{
		frame->state = AFTER_KEY;
		return read_key(r, event);
	}
	frame->state = AFTER_VALUE;
	return read_value(r, event);
}

void
rml_json_open(RmlReader *reader, const void *data, size_t size,
			  RmlHost *host, RmlError *err)
{
	rml_reader_init(reader, data, size, host, err);
	reader->next = json_next;
}
