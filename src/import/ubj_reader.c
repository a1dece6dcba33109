/*
 * ubj_reader.c
 *	  Tokeniser for the UBJSON that XGBoost writes.
 *
 * Subset of UBJSON draft 12 as XGBoost's UBJWriter produces it, plus any
 * integer marker as a length: objects end with '}', arrays are open, counted
 * ('#') or typed ('$' and '#').  Numbers are big-endian.  A count is never
 * trusted for an allocation, only compared with the bytes that are left.
 */
#include "import/reader.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"

static bool
ends_early(RmlReader *r)
{
	return rml_fail_at(r->err, r->size, "input ends in the middle of a value");
}

static uint64_t
big_endian(const uint8_t *p, int width)
{
	uint64_t	value = 0;

	for (int i = 0; i < width; i++)
		value = value << 8 | p[i];
	return value;
}

/* Width in bytes of a number marker's payload, 0 if it is none. */
static int
payload_width(uint8_t marker)
{
	switch (marker)
	{
		case 'i':
		case 'U':
			return 1;
		case 'I':
			return 2;
		case 'l':
		case 'd':
			return 4;
		case 'L':
		case 'D':
			return 8;
		default:
			return 0;
	}
}

static int64_t
decode_integer(uint8_t marker, uint64_t bits)
{
	switch (marker)
	{
		case 'i':
			return (int8_t) bits;
		case 'U':
			return (uint8_t) bits;
		case 'I':
			return (int16_t) bits;
		case 'l':
			return (int32_t) bits;
		default:
			return (int64_t) bits;
	}
}

static bool
read_number(RmlReader *r, uint8_t marker, RmlEvent *event)
{
	int			width = payload_width(marker);
	uint64_t	bits;

	if (r->size - r->pos < (size_t) width)
		return ends_early(r);
	bits = big_endian(r->data + r->pos, width);
	r->pos += width;
	if (marker == 'd')
	{
		uint32_t	bits32 = (uint32_t) bits;

		event->kind = RML_EV_REAL;
		memcpy(&event->real, &bits32, sizeof(float));
	}
	else if (marker == 'D')
	{
		double		wide;

		event->kind = RML_EV_REAL;
		memcpy(&wide, &bits, sizeof(double));
		event->real = (float) wide;
		if (isinf(event->real) && !isinf(wide))
			return rml_fail_at(r->err, event->offset,
							   "number %g overflows a 32-bit float", wide);
	}
	else
	{
		event->kind = RML_EV_INTEGER;
		event->integer = decode_integer(marker, bits);
	}
	return true;
}

/* Reads a length or count: an integer marker and a value >= 0. */
static bool
read_length(RmlReader *r, uint64_t *length)
{
	RmlEvent	event = {.offset = r->pos};
	uint8_t		marker;

	if (r->pos >= r->size)
		return ends_early(r);
	marker = r->data[r->pos++];
	if (payload_width(marker) == 0 || marker == 'd' || marker == 'D')
		return rml_fail_at(r->err, event.offset,
						   "found byte 0x%02x where the type of a length should be", marker);
	if (!read_number(r, marker, &event))
		return false;
	if (event.integer < 0)
		return rml_fail_at(r->err, event.offset, "negative length %lld",
						   (long long) event.integer);
	*length = (uint64_t) event.integer;
	return true;
}

static bool
read_text(RmlReader *r, RmlEvent *event)
{
	uint64_t	length;

	if (!read_length(r, &length))
		return false;
	if (length > r->size - r->pos)
		return rml_fail_at(r->err, event->offset,
						   "string of %llu bytes reaches beyond the end of the input",
						   (unsigned long long) length);
	event->text = (const char *) r->data + r->pos;
	event->length = (size_t) length;
	for (size_t at = 0; at < length;)
	{
		size_t		n = rml_utf8_length(r->data + r->pos + at, (size_t) length - at);

		if (n == 0)
			return rml_fail_at(r->err, r->pos + at,
							   r->data[r->pos + at] == 0 ? "NUL character in a string" :
							   "invalid UTF-8 in a string");
		at += n;
	}
	r->pos += (size_t) length;
	return true;
}

/* After '[': reads "$type" and "#count" where present. */
static bool
begin_array(RmlReader *r, RmlEvent *event)
{
	RmlFrame   *frame;

	event->kind = RML_EV_ARRAY_BEGIN;
	event->integer = 0;
	event->element_size = 0;
	if (!rml_reader_push(r, false, event->offset))
		return false;
	frame = &r->frames[r->depth - 1];
	if (r->pos < r->size && r->data[r->pos] == '$')
	{
		if (r->size - r->pos < 3)
			return ends_early(r);
		frame->element_type = r->data[r->pos + 1];
		event->element_size = payload_width(frame->element_type);
		if (event->element_size == 0)
			return rml_fail_at(r->err, r->pos + 1,
							   "array of unknown type 0x%02x", frame->element_type);
		r->pos += 2;
		if (r->data[r->pos] != '#')
			return rml_fail_at(r->err, r->pos, "typed array without a count");
	}
	if (r->pos < r->size && r->data[r->pos] == '#')
	{
		/* every element takes at least this many bytes */
		uint64_t	least = event->element_size > 0 ? (uint64_t) event->element_size : 1;

		r->pos++;
		if (!read_length(r, &frame->remaining))
			return false;
		if (frame->remaining > (r->size - r->pos) / least)
			return rml_fail_at(r->err, event->offset,
							   "array of %llu elements reaches beyond the end of the input",
							   (unsigned long long) frame->remaining);
		frame->is_counted = true;
		event->integer = (int64_t) frame->remaining;
	}
	return true;
}

static bool
read_value(RmlReader *r, uint8_t marker, RmlEvent *event)
{
	switch (marker)
	{
		case '{':
			event->kind = RML_EV_OBJECT_BEGIN;
			if (r->pos < r->size && (r->data[r->pos] == '#' || r->data[r->pos] == '$'))
				return rml_fail_at(r->err, r->pos, "object with a count or type");
			return rml_reader_push(r, true, event->offset);
		case '[':
			return begin_array(r, event);
		case 'S':
			event->kind = RML_EV_STRING;
			return read_text(r, event);
		case 'Z':
			event->kind = RML_EV_NULL;
			return true;
		case 'T':
		case 'F':
			event->kind = RML_EV_BOOLEAN;
			event->integer = marker == 'T';
			return true;
		default:
			if (payload_width(marker) == 0)
				return rml_fail_at(r->err, event->offset,
								   "found byte 0x%02x where a value should be", marker);
			return read_number(r, marker, event);
	}
}

static bool
read_end(RmlReader *r, RmlEvent *event)
{
	event->kind = r->frames[r->depth - 1].is_object ? RML_EV_OBJECT_END : RML_EV_ARRAY_END;
	return rml_reader_pop(r);
}

static bool
only_space_left(RmlReader *r)
{
	for (size_t at = r->pos; at < r->size; at++)
	{
		uint8_t		c = r->data[at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return rml_fail_at(r->err, at, "bytes after the end of the model");
	}
	return true;
}

/*
 * In an object, a key and its value are two events: `remaining` is 1 between
 * them.
 */
static bool
object_next(RmlReader *r, RmlFrame *frame, RmlEvent *event)
{
	size_t		raw;

	if (frame->remaining == 1)
	{
		frame->remaining = 0;
		r->pos++;
		return read_value(r, r->data[event->offset], event);
	}
	if (r->data[r->pos] == '}')
	{
		r->pos++;
		return read_end(r, event);
	}
	event->kind = RML_EV_KEY;
	if (!read_text(r, event))
		return false;
	frame->remaining = 1;
	raw = (size_t) ((const uint8_t *) event->text - r->data);
	return rml_reader_note_key(r, event, raw, event->length);
}

static bool
array_next(RmlReader *r, RmlFrame *frame, RmlEvent *event)
{
	if (frame->is_counted && frame->remaining-- == 0)
		return read_end(r, event);
	if (frame->element_type)
		return read_number(r, frame->element_type, event);
	if (r->pos >= r->size)
		return ends_early(r);
	if (!frame->is_counted && r->data[r->pos] == ']')
	{
		r->pos++;
		return read_end(r, event);
	}
	r->pos++;
	return read_value(r, r->data[event->offset], event);
}

static bool
ubj_next(RmlReader *r, RmlEvent *event)
{
	RmlFrame   *frame;

	event->offset = r->pos;
	if (r->depth == 0 && r->started)
	{
		event->kind = RML_EV_END;
		return only_space_left(r);
	}
	if (r->depth > 0 && !r->frames[r->depth - 1].is_object)
		return array_next(r, &r->frames[r->depth - 1], event);
	if (r->pos >= r->size)
		return ends_early(r);
	if (r->depth == 0)
	{
		r->started = true;
		r->pos++;
		return read_value(r, r->data[event->offset], event);
	}
	frame = &r->frames[r->depth - 1];
	return object_next(r, frame, event);
}

void
rml_ubj_open(RmlReader *reader, const void *data, size_t size,
			 RmlHost *host, RmlError *err)
{
	rml_reader_init(reader, data, size, host, err);
	reader->next = ubj_next;
}
