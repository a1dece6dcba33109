/*
 * feed.h
 *	  The records of an open file, one after the other, in bounded memory.
 */
#ifndef RML_LOAD_FEED_H
#define RML_LOAD_FEED_H

#include "load/bytes.h"
#include "load/records.h"

/* What is kept of a line that is too long. */
#define RML_KEPT_OF_LONG_LINE (64 * 1024)

typedef struct RmlFeed
{
	RmlBytes   *bytes;
	RmlSplitter splitter;
	size_t		max_record;		/* bytes */
	bool		whole_only;		/* leave a last record without a line end where it is */

	char	   *window;
	size_t		room;
	size_t		begin;			/* of what is not given out yet */
	size_t		filled;
	bool		file_ended;
	bool		in_long_line;	/* whose rest is skipped */
	int			unclosed;		/* quotes without an end so far */

	uint64		offset;			/* in the unpacked file, of window[begin] */
	uint64		line;			/* its line, from 1 on */
} RmlFeed;

/* A record, good until the next one is asked for. */
typedef struct RmlPiece
{
	const char *data;
	size_t		length;
	uint64		offset;
	uint64		line;			/* its first one */
	uint32		newlines;		/* within it */
	const char *fault;			/* why it is no record; NULL: it is one */
} RmlPiece;

/* Begins in the current memory context. */
extern void rml_feed_begin(RmlFeed *feed, RmlBytes *bytes, const RmlSplitter *splitter, size_t max_record);

/* False at the end, or with *fault set if the file cannot be read. */
extern bool rml_feed_next(RmlFeed *feed, RmlPiece *piece, char **fault);

/* Skips a UTF-8 byte order mark; a fault for one of UTF-16. */
extern char *rml_feed_skip_mark(RmlFeed *feed);

#endif
