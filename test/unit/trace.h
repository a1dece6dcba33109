/*
 * trace.h
 *	  A stream of events as one line of text, to compare with.
 *
 *	 {  }  [  ]  "text" (a key with ':' behind it)  12  r0.5  true  false  null
 *
 * A fault ends it: "!offset message".
 */
#ifndef RML_TEST_TRACE_H
#define RML_TEST_TRACE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "import/reader.h"

typedef void (*OpenFn) (RmlReader *, const void *, size_t, RmlHost *, RmlError *);

static inline int
trace_event(const RmlEvent *event, char *out, size_t room)
{
	switch (event->kind)
	{
		case RML_EV_OBJECT_BEGIN:
			return snprintf(out, room, "{ ");
		case RML_EV_OBJECT_END:
			return snprintf(out, room, "} ");
		case RML_EV_ARRAY_BEGIN:
			return snprintf(out, room, "[ ");
		case RML_EV_ARRAY_END:
			return snprintf(out, room, "] ");
		case RML_EV_KEY:
			return snprintf(out, room, "\"%.*s\": ", (int) event->length, event->text);
		case RML_EV_STRING:
			return snprintf(out, room, "\"%.*s\" ", (int) event->length, event->text);
		case RML_EV_INTEGER:
			return snprintf(out, room, "%lld ", (long long) event->integer);
		case RML_EV_REAL:
			return snprintf(out, room, "r%.9g ", event->real);
		case RML_EV_BOOLEAN:
			return snprintf(out, room, event->integer ? "true " : "false ");
		case RML_EV_NULL:
			return snprintf(out, room, "null ");
		case RML_EV_END:
			return snprintf(out, room, ".");
	}
	return snprintf(out, room, "? ");
}

/* Reads all events of `data` (copied, so that a read beyond its end is seen). */
static inline void
trace_events(OpenFn open, const void *data, size_t size, char *out, size_t room)
{
	void	   *copy = malloc(size > 0 ? size : 1);
	TestHost	host;
	RmlReader	reader;
	RmlEvent	event;
	RmlError	err = {0};
	size_t		n = 0;

	memcpy(copy, data, size);
	test_host_begin(&host, SIZE_MAX);
	open(&reader, copy, size, &host.host, &err);
	out[0] = '\0';
	do
	{
		if (!rml_reader_next(&reader, &event))
		{
			snprintf(out + n, room - n, "!%zu %s", err.offset, err.message);
			break;
		}
		n += (size_t) trace_event(&event, out + n, room - n);
	} while (event.kind != RML_EV_END && n < room);
	rml_reader_close(&reader);
	test_host_end(&host);
	free(copy);
}

#endif
