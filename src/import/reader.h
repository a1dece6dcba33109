/*
 * reader.h
 *	  One stream of events over the two encodings of a model file.
 *
 * XGBoost writes JSON (not quite strict: a bare NaN occurs) or UBJSON.  Both
 * tokenisers deliver the same events, so that the parser above them is
 * written once.  Every read is bounded by the input's end; nesting is at most
 * RML_MAX_NESTING; a key that occurs twice in an object is a fault.
 */
#ifndef RML_IMPORT_READER_H
#define RML_IMPORT_READER_H

#include "base/error.h"
#include "base/host.h"

#define RML_MAX_NESTING 64
#define RML_MAX_KEYS 65536		/* in one object */

typedef enum RmlEventKind
{
	RML_EV_OBJECT_BEGIN,
	RML_EV_OBJECT_END,
	RML_EV_ARRAY_BEGIN,
	RML_EV_ARRAY_END,
	RML_EV_KEY,
	RML_EV_STRING,
	RML_EV_INTEGER,
	RML_EV_REAL,
	RML_EV_BOOLEAN,
	RML_EV_NULL,
	RML_EV_END					/* the input is complete */
} RmlEventKind;

typedef struct RmlEvent
{
	RmlEventKind kind;
	size_t		offset;			/* of the event's first byte */
	const char *text;			/* KEY, STRING: valid UTF-8 without NUL, not
								 * terminated, good until the next event */
	size_t		length;
	int64_t		integer;		/* INTEGER; BOOLEAN as 0 or 1; ARRAY_BEGIN: number
								 * of elements if the file tells it, else 0 */
	int			element_size;	/* ARRAY_BEGIN: bytes of every element if the file
								 * tells their type, else 0 */
	float		real;			/* REAL, correctly rounded; may be NaN or Inf */
} RmlEvent;

/* An open object or array. */
typedef struct RmlFrame
{
	bool		is_object;
	bool		is_counted;		/* UBJSON: `remaining` elements, no end mark */
	uint8_t		element_type;	/* UBJSON: marker shared by all elements */
	uint8_t		state;			/* JSON: what may come next */
	uint64_t	remaining;
	size_t		first_key;		/* index in the reader's key stack */
} RmlFrame;

/* A key of an open object, kept to detect a second one. */
typedef struct RmlSeenKey
{
	uint64_t	hash;
	uint32_t	offset;
	uint32_t	length;			/* of the raw text, for the message */
} RmlSeenKey;

typedef struct RmlReader RmlReader;

struct RmlReader
{
	const uint8_t *data;
	size_t		size;
	size_t		pos;
	RmlHost    *host;
	RmlError   *err;

	bool		(*next) (RmlReader *reader, RmlEvent *event);

	int			depth;
	bool		started;
	RmlFrame	frames[RML_MAX_NESTING];

	RmlSeenKey *keys;			/* of all open objects, innermost last */
	size_t		n_keys;
	size_t		max_keys;

	char	   *scratch;		/* decoded text of the current event */
	size_t		scratch_size;
	uint64_t	work;			/* events so far, to poll now and then */
};

extern void rml_json_open(RmlReader *reader, const void *data, size_t size,
						  RmlHost *host, RmlError *err);
extern void rml_ubj_open(RmlReader *reader, const void *data, size_t size,
						 RmlHost *host, RmlError *err);
extern void rml_reader_close(RmlReader *reader);

/* Reads the next event.  False: a fault is in reader->err. */
extern bool rml_reader_next(RmlReader *reader, RmlEvent *event);

/* Skips the value that *event has begun. */
extern bool rml_reader_skip(RmlReader *reader, const RmlEvent *event);

/* For the two tokenisers only. */
extern void rml_reader_init(RmlReader *reader, const void *data, size_t size,
							RmlHost *host, RmlError *err);
extern bool rml_reader_push(RmlReader *reader, bool is_object, size_t offset);
extern bool rml_reader_pop(RmlReader *reader);
extern bool rml_reader_note_key(RmlReader *reader, const RmlEvent *key,
								size_t raw_offset, size_t raw_length);
extern char *rml_reader_scratch(RmlReader *reader, size_t size);

#endif
