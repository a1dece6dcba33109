/*
 * reader.c
 *	  What the JSON and the UBJSON tokeniser share: nesting, duplicate keys,
 *	  skipping.
 */
#include "import/reader.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define POLL_EVERY 8192

void
rml_reader_init(RmlReader *reader, const void *data, size_t size,
				RmlHost *host, RmlError *err)
{
	memset(reader, 0, sizeof(*reader));
	reader->data = data;
	reader->size = size;
	reader->host = host;
	reader->err = err;
}

void
rml_reader_close(RmlReader *reader)
{
	if (reader->keys)
		reader->host->release(reader->host, reader->keys);
	if (reader->scratch)
		reader->host->release(reader->host, reader->scratch);
	reader->keys = NULL;
	reader->scratch = NULL;
}

bool
rml_reader_next(RmlReader *reader, RmlEvent *event)
{
	if (++reader->work % POLL_EVERY == 0)
		rml_poll(reader->host);
	return reader->next(reader, event);
}

bool
rml_reader_skip(RmlReader *reader, const RmlEvent *event)
{
	RmlEvent	inner;
	int			outer_depth;

	if (event->kind != RML_EV_OBJECT_BEGIN && event->kind != RML_EV_ARRAY_BEGIN)
		return true;
	outer_depth = reader->depth - 1;
	while (reader->depth > outer_depth)
	{
		if (!rml_reader_next(reader, &inner))
			return false;
	}
	return true;
}

bool
rml_reader_push(RmlReader *reader, bool is_object, size_t offset)
{
	RmlFrame   *frame;

	if (reader->depth == RML_MAX_NESTING)
		return rml_fail_at(reader->err, offset,
						   "objects and arrays are nested deeper than %d levels",
						   RML_MAX_NESTING);
	frame = &reader->frames[reader->depth++];
	memset(frame, 0, sizeof(*frame));
	frame->is_object = is_object;
	frame->first_key = reader->n_keys;
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	const RmlSeenKey *ka = a;
	const RmlSeenKey *kb = b;

	if (ka->hash != kb->hash)
		return ka->hash < kb->hash ? -1 : 1;
	return ka->offset < kb->offset ? -1 : ka->offset > kb->offset;
}

/*
 * Looks for a key that stands twice in the innermost object.  Keys are
 * compared by a 64-bit hash of their decoded text: a collision could at worst
 * refuse a file made to collide.
 */
static bool
check_keys(RmlReader *reader)
{
	RmlFrame   *frame = &reader->frames[reader->depth - 1];
	size_t		n = reader->n_keys - frame->first_key;
	RmlSeenKey *keys;

	if (n < 2)
		return true;
	keys = reader->keys + frame->first_key;
	qsort(keys, n, sizeof(RmlSeenKey), compare_keys);
	for (size_t i = 1; i < n; i++)
	{
		const char *raw = (const char *) reader->data + keys[i].offset;

		if (keys[i].hash == keys[i - 1].hash)
			return rml_fail_at(reader->err, keys[i].offset,
							   "key \"%.*s\" occurs twice in one object",
							   rml_utf8_clip(raw, keys[i].length, 64), raw);
	}
	return true;
}

/* Closes the innermost object or array. */
bool
rml_reader_pop(RmlReader *reader)
{
	if (!check_keys(reader))
		return false;
	reader->n_keys = reader->frames[--reader->depth].first_key;
	return true;
}

static uint64_t
hash_text(const char *text, size_t length)
{
	uint64_t	hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t) text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

bool
rml_reader_note_key(RmlReader *reader, const RmlEvent *key,
					size_t raw_offset, size_t raw_length)
{
	RmlSeenKey *seen;

	if (reader->n_keys - reader->frames[reader->depth - 1].first_key == RML_MAX_KEYS)
		return rml_fail(reader->err, RML_LIMIT, "an object has more than %d keys",
						RML_MAX_KEYS);
	if (reader->n_keys == reader->max_keys)
	{
		size_t		wanted = reader->max_keys ? reader->max_keys + reader->max_keys / 2 : 64;
		size_t		bytes = wanted * sizeof(RmlSeenKey);

		/* one key over and over must not take memory before it is refused */
		if (!check_keys(reader))
			return false;
		reader->keys = reader->keys ?
			reader->host->resize(reader->host, reader->keys, bytes) :
			rml_alloc(reader->host, bytes);
		reader->max_keys = wanted;
	}
	seen = &reader->keys[reader->n_keys++];
	seen->hash = hash_text(key->text, key->length);
	seen->offset = (uint32_t) raw_offset;
	seen->length = (uint32_t) raw_length;
	return true;
}

/* A buffer of at least `size` bytes, kept until the next call. */
char *
rml_reader_scratch(RmlReader *reader, size_t size)
{
	if (reader->scratch_size < size)
	{
		if (reader->scratch)
			reader->host->release(reader->host, reader->scratch);
		reader->scratch = rml_alloc(reader->host, size);
		reader->scratch_size = size;
	}
	return reader->scratch;
}
