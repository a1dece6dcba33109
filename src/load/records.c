/*
 * records.c
 *	  Where a record of a text file ends, and the fields of a CSV record.
 *
 * The rules of quotes are those of CopyReadLineText() and
 * CopyReadAttributesCSV() in PostgreSQL's copyfromparse.c: an escape character
 * counts only within quotes, and outside of them a quote may open anywhere.
 */
#include <string.h>

#include "load/records.h"

void
rml_split_restart(RmlSplitter *s)
{
	s->seen = 0;
	s->newlines = 0;
	s->in_quote = false;
	s->escaped = false;
}

static RmlRecordEnd
whole(RmlSplitter *s, RmlBounds *bounds, size_t length, size_t next)
{
	bounds->length = length;
	bounds->next = next;
	bounds->newlines = s->newlines;
	s->begun = true;
	rml_split_restart(s);
	return RML_RECORD_WHOLE;
}

/* A line: \n ends it, and a \r before that is part of the end. */
static RmlRecordEnd
split_line(RmlSplitter *s, const char *data, size_t size, bool at_end, RmlBounds *bounds)
{
	const char *end = memchr(data + s->seen, '\n', size - s->seen);
	size_t		length = end != NULL ? (size_t) (end - data) : size;
	size_t		next = end != NULL ? length + 1 : size;

	if (end == NULL && !at_end)
	{
		s->seen = size;
		return RML_RECORD_MORE;
	}
	if (length > 0 && data[length - 1] == '\r')
		length--;
	return whole(s, bounds, length, next);
}

static inline void
take_quote(RmlSplitter *s, char c, char escape)
{
	if (s->in_quote && c == escape)
		s->escaped = !s->escaped;
	if (c == s->quote && !s->escaped)
		s->in_quote = !s->in_quote;
	if (c != escape)
		s->escaped = false;
}

/* Is the \r at data[i], outside of quotes, a line end? */
static inline bool
cr_is_end(const RmlSplitter *s, const char *data, size_t size, size_t i)
{
	if (i + 1 < size && data[i + 1] == '\n')
		return true;
	return s->begun ? s->cr_ends : true;
}

static RmlRecordEnd
split_csv(RmlSplitter *s, const char *data, size_t size, bool at_end, RmlBounds *bounds)
{
	/* one that is the quote needs no care: two of them toggle twice */
	char		escape = s->escape == s->quote ? '\0' : s->escape;
	char		quote = s->quote;

	for (size_t i = s->seen; i < size; i++)
	{
		char		c = data[i];

		if (c != '\n' && c != '\r' && c != quote && (escape == '\0' || c != escape))
		{
			s->escaped = false;
			continue;
		}
		if (c == '\r' && !s->in_quote)
		{
			bool		crlf = i + 1 < size && data[i + 1] == '\n';

			if (i + 1 == size && !at_end)
			{
				s->seen = i;
				return RML_RECORD_MORE;
			}
			if (cr_is_end(s, data, size, i))
			{
				s->cr_ends |= !s->begun && !crlf && i + 1 < size;
				return whole(s, bounds, i, i + (crlf ? 2 : 1));
			}
		}
		else if (c == '\n')
		{
			if (!s->in_quote)
				return whole(s, bounds, i, i + 1);
			s->newlines++;
		}
		take_quote(s, c, escape);
	}
	s->seen = size;
	if (!at_end)
		return RML_RECORD_MORE;
	return s->in_quote ? RML_RECORD_UNCLOSED : whole(s, bounds, size, size);
}

RmlRecordEnd
rml_split(RmlSplitter *s, const char *data, size_t size, bool at_end, RmlBounds *bounds)
{
	return s->csv ? split_csv(s, data, size, at_end, bounds) : split_line(s, data, size, at_end, bounds);
}

void
rml_csv_begin(RmlCsvFields *fields, const char *record, size_t length, char delimiter, char quote, char escape)
{
	fields->at = record;
	fields->end = record + length;
	fields->delimiter = delimiter;
	fields->quote = quote;
	fields->escape = escape;
	fields->done = false;
}

/* What is within quotes, up to the one that closes. */
static bool
take_quoted(RmlCsvFields *f, char **out)
{
	while (f->at < f->end)
	{
		char		c = *f->at++;

		if (c == f->escape && f->at < f->end && (*f->at == f->escape || *f->at == f->quote))
			*(*out)++ = *f->at++;
		else if (c == f->quote)
			return true;
		else
			*(*out)++ = c;
	}
	return false;
}

bool
rml_csv_next(RmlCsvFields *f, char *buffer, RmlCsvField *field, bool *closed)
{
	char	   *out = buffer;

	if (f->done)
		return false;
	f->done = true;
	field->data = buffer;
	field->quoted = false;
	*closed = true;
	while (*closed && f->at < f->end)
	{
		char		c = *f->at++;

		if (c == f->delimiter)
		{
			f->done = false;
			break;
		}
		if (c == f->quote)
		{
			field->quoted = true;
			*closed = take_quoted(f, &out);
		}
		else
			*out++ = c;
	}
	field->length = (size_t) (out - buffer);
	return true;
}
