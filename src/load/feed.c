/*
 * feed.c
 *	  The records of an open file, one after the other, in bounded memory.
 *
 * The window holds what was read and not given out.  It grows up to the longest
 * record allowed.  A longer line is given as a fault with its first bytes, and
 * its rest is skipped without being kept.  Of a quote that nothing closes, only
 * the line where it opens is a fault, and the next record begins on the line
 * after it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "load/feed.h"

#define FIRST_WINDOW (512 * 1024)
#define LEAST_READ (64 * 1024)
#define LINE_END 2				/* bytes of one at most */

void
rml_feed_begin(RmlFeed *feed, RmlBytes *bytes, const RmlSplitter *splitter, size_t max_record)
{
	memset(feed, 0, sizeof(*feed));
	feed->bytes = bytes;
	feed->splitter = *splitter;
	feed->max_record = max_record;
	feed->room = FIRST_WINDOW;
	feed->window = palloc(feed->room);
	feed->line = 1;
}

/* Makes room behind what is in the window and reads; false on a fault. */
static bool
fill(RmlFeed *feed, char **fault)
{
	ssize_t		n;

	if (feed->begin > 0 && feed->room - feed->filled < LEAST_READ)
	{
		memmove(feed->window, feed->window + feed->begin, feed->filled - feed->begin);
		feed->filled -= feed->begin;
		feed->begin = 0;
	}
	if (feed->room - feed->filled < LEAST_READ)
	{
		feed->room *= 2;
		feed->window = repalloc_huge(feed->window, feed->room);
	}
	n = rml_bytes_read(feed->bytes, feed->window + feed->filled, feed->room - feed->filled, fault);
	if (n < 0)
		return false;
	feed->filled += n;
	feed->file_ended = n == 0;
	return true;
}

static void
move_on(RmlFeed *feed, size_t n, uint64 lines)
{
	feed->begin += n;
	feed->offset += n;
	feed->line += lines;
}

char *
rml_feed_skip_mark(RmlFeed *feed)
{
	char	   *fault = NULL;
	const uint8 *first;

	while (!feed->file_ended && feed->filled < 3)
	{
		if (!fill(feed, &fault))
			return fault;
	}
	first = (const uint8 *) feed->window;
	if (feed->filled >= 3 && first[0] == 0xEF && first[1] == 0xBB && first[2] == 0xBF)
		move_on(feed, 3, 0);
	else if (feed->filled >= 2 && ((first[0] == 0xFF && first[1] == 0xFE) || (first[0] == 0xFE && first[1] == 0xFF)))
		return pstrdup("it is in UTF-16, which PostgreSQL does not read; convert it, as by iconv -f UTF-16 -t UTF-8");
	return NULL;
}

/* Skips up to the line's end; false on a fault. */
static bool
skip_long_line(RmlFeed *feed, char **fault)
{
	for (;;)
	{
		char	   *from = feed->window + feed->begin;
		size_t		n = feed->filled - feed->begin;
		char	   *end = memchr(from, '\n', n);

		move_on(feed, end != NULL ? (size_t) (end - from) + 1 : n, end != NULL ? 1 : 0);
		feed->in_long_line = end == NULL;
		if (end != NULL || feed->file_ended)
			return true;
		if (!fill(feed, fault))
			return false;
	}
}

/*
 * How far to look for a quote's end.  Files made so that every line opens a
 * quote which nothing closes must not be read once for each of them.
 */
static size_t
reach_of(const RmlFeed *feed)
{
	size_t		reach = feed->max_record >> Min(feed->unclosed / 8, 20);

	return Max(reach, Min(feed->max_record, 8192)) + LINE_END;
}

static void
give(RmlFeed *feed, RmlPiece *piece, size_t length, size_t next, uint32 newlines, const char *fault)
{
	piece->data = feed->window + feed->begin;
	piece->length = length;
	piece->offset = feed->offset;
	piece->line = feed->line;
	piece->newlines = newlines;
	piece->fault = fault;
	move_on(feed, next, newlines + 1);
}

/* The end of the line where the window begins, or of what is there of one that is too long; false on a fault. */
static bool
find_line_end(RmlFeed *feed, const char **end, char **fault)
{
	for (;;)
	{
		size_t		size = feed->filled - feed->begin;

		*end = memchr(feed->window + feed->begin, '\n', size);
		if (*end != NULL || feed->file_ended || size > feed->max_record)
			return true;
		if (!fill(feed, fault))
			return false;
	}
}

/* The first bytes of a line that is too long. */
static void
give_long_line(RmlFeed *feed, RmlPiece *piece, size_t length)
{
	size_t		kept = Min(length, RML_KEPT_OF_LONG_LINE);

	feed->in_long_line = true;
	give(feed, piece, kept, kept, 0,
		 psprintf("line is longer than %zu bytes (option max_line_bytes); its first %zu are kept",
				  feed->max_record, kept));
	feed->line--;				/* its end is still to come */
}

/* The line where the window begins, as no record; false on a fault. */
static bool
give_line(RmlFeed *feed, RmlPiece *piece, char **fault)
{
	const char *why = feed->splitter.in_quote ? "unterminated CSV quoted field" : "record is too long";
	const char *from;
	const char *end;
	size_t		length;
	size_t		next;

	if (feed->splitter.in_quote)
		feed->unclosed++;
	rml_split_restart(&feed->splitter);
	if (!find_line_end(feed, &end, fault))
		return false;
	from = feed->window + feed->begin;
	length = end != NULL ? (size_t) (end - from) : feed->filled - feed->begin;
	next = end != NULL ? length + 1 : length;
	if (length > feed->max_record)
	{
		give_long_line(feed, piece, length);
		return true;
	}
	if (length > 0 && from[length - 1] == '\r')
		length--;
	give(feed, piece, length, next, 0, why);
	return true;
}

/* A last record without a line end, whose writer may not have come to it yet. */
static bool
is_unfinished(const RmlFeed *feed, RmlRecordEnd end, const RmlBounds *bounds)
{
	if (!feed->whole_only)
		return false;
	return end == RML_RECORD_UNCLOSED ||
		(bounds->next == feed->filled - feed->begin && feed->window[feed->filled - 1] != '\n');
}

bool
rml_feed_next(RmlFeed *feed, RmlPiece *piece, char **fault)
{
	size_t		reach = reach_of(feed);
	const size_t furthest = feed->max_record + LINE_END;

	*fault = NULL;
	if (feed->in_long_line && !skip_long_line(feed, fault))
		return false;
	for (;;)
	{
		size_t		size = feed->filled - feed->begin;
		size_t		look = Min(size, reach);
		RmlRecordEnd end = RML_RECORD_MORE;
		RmlBounds	bounds = {0};

		if (look > 0)
			end = rml_split(&feed->splitter, feed->window + feed->begin, look,
							feed->file_ended && look == size, &bounds);
		else if (feed->file_ended)
			return false;
		if (end != RML_RECORD_MORE && feed->file_ended && is_unfinished(feed, end, &bounds))
			return false;
		if (end == RML_RECORD_WHOLE && bounds.length <= feed->max_record)
		{
			give(feed, piece, bounds.length, bounds.next, bounds.newlines, NULL);
			return true;
		}
		if (end != RML_RECORD_MORE || (look == reach && (reach == furthest || feed->splitter.in_quote)))
			return give_line(feed, piece, fault);
		if (look == reach)
			reach = Min(Max(size, 2 * reach), furthest);
		else if (!fill(feed, fault))
			return false;
	}
}
