/*
 * records_reference.h
 *	  Records and CSV fields found in the slow and obvious way, and a check of
 *	  load/records.c against that.
 */
#ifndef RML_TEST_RECORDS_REFERENCE_H
#define RML_TEST_RECORDS_REFERENCE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/records.h"

typedef struct RefRecord
{
	size_t		begin;
	size_t		length;
	size_t		next;
	uint32_t	newlines;
	bool		unclosed;
} RefRecord;

/* 0: none here, else the bytes of a line end; a lone \r is one if cr_ends. */
static size_t
ref_line_end(const char *data, size_t size, size_t i, bool csv, bool cr_ends)
{
	if (data[i] == '\n')
		return 1;
	if (data[i] != '\r')
		return 0;
	if (i + 1 < size && data[i + 1] == '\n')
		return 2;
	if (!csv)
		return i + 1 == size ? 1 : 0;
	return cr_ends ? 1 : 0;
}

/* All records of a file; returns how many. */
static size_t
ref_records(const RmlSplitter *how, const char *data, size_t size, RefRecord *records)
{
	size_t		n = 0;
	size_t		at = 0;
	bool		begun = how->begun;
	bool		cr_ends = how->cr_ends;

	while (at < size)
	{
		RefRecord  *r = &records[n++];
		bool		quoted = false;
		bool		escaped = false;
		size_t		i;
		size_t		end = 0;

		r->begin = at;
		r->newlines = 0;
		for (i = at; i < size; i++)
		{
			char		c = data[i];
			bool		is_escape = how->escape != how->quote && c == how->escape;

			if (!quoted)
			{
				end = ref_line_end(data, size, i, how->csv, cr_ends || !begun);
				if (end > 0)
				{
					/* the first one decides, but for the very end of the file */
					if (!begun && c == '\r' && end == 1 && i + 1 < size)
						cr_ends = true;
					break;
				}
			}
			if (!how->csv)
				continue;
			r->newlines += c == '\n';
			if (quoted && is_escape)
				escaped = !escaped;
			if (c == how->quote && !escaped)
				quoted = !quoted;
			if (!is_escape)
				escaped = false;
		}
		r->length = i - at;
		r->next = i + end;
		r->unclosed = i == size && quoted;
		if (r->unclosed)
			break;
		begun = true;
		at = r->next;
	}
	return n;
}

/* 0: the splitter finds the same, getting `step` more bytes each time; else the number of the record that differs. */
static size_t
check_records(const RmlSplitter *how, const char *data, size_t size, size_t step)
{
	RefRecord  *want = calloc(size + 1, sizeof(RefRecord));
	size_t		n = ref_records(how, data, size, want);
	RmlSplitter splitter = *how;
	size_t		at = 0;
	size_t		bad = 0;

	for (size_t i = 0; i < n && bad == 0; i++)
	{
		size_t		given = step;
		RmlBounds	bounds = {0};
		RmlRecordEnd end;

		for (;;)
		{
			size_t		left = size - at;
			size_t		now = given < left ? given : left;
			/* a block that ends where the bytes end, so that reading on is seen */
			char	   *copy = malloc(now);

			memcpy(copy, data + at, now);
			end = rml_split(&splitter, copy, now, now == left, &bounds);
			free(copy);
			if (end != RML_RECORD_MORE)
				break;
			given += step;
		}
		if ((end == RML_RECORD_UNCLOSED) != want[i].unclosed)
			bad = i + 1;
		else if (!want[i].unclosed && (at != want[i].begin || bounds.length != want[i].length ||
									   at + bounds.next != want[i].next || bounds.newlines != want[i].newlines))
			bad = i + 1;
		at += bounds.next;
	}
	free(want);
	return bad;
}

/*
 * The fields of a record by a state for each byte.  Text of all fields goes to
 * `out`, one behind the other, and their lengths to `lengths`; returns how
 * many, 0 if a quote is not closed.
 */
static size_t
ref_fields(const RmlCsvFields *how, const char *record, size_t length, char *out, size_t *lengths, bool *quoted)
{
	size_t		n = 0;
	bool		in_quote = false;

	lengths[0] = 0;
	quoted[0] = false;
	for (size_t i = 0; i < length; i++)
	{
		char		c = record[i];
		bool		pair = i + 1 < length && (record[i + 1] == how->quote || record[i + 1] == how->escape);

		if (!in_quote && c == how->delimiter)
		{
			n++;
			lengths[n] = 0;
			quoted[n] = false;
			continue;
		}
		if (!in_quote && c == how->quote)
		{
			in_quote = quoted[n] = true;
			continue;
		}
		if (in_quote && c == how->escape && pair)
			c = record[++i];
		else if (in_quote && c == how->quote)
		{
			in_quote = false;
			continue;
		}
		*out++ = c;
		lengths[n]++;
	}
	return in_quote ? 0 : n + 1;
}

/* Do the fields of a record agree? */
static bool
check_fields(const char *record, size_t length, char delimiter, char quote, char escape)
{
	char	   *copy = malloc(length > 0 ? length : 1);
	char	   *want = malloc(length + 1);
	char	   *got = malloc(length > 0 ? length : 1);
	size_t	   *lengths = calloc(length + 2, sizeof(size_t));
	bool	   *quoted = calloc(length + 2, sizeof(bool));
	RmlCsvFields fields;
	RmlCsvField field;
	size_t		n = 0;
	size_t		n_want;
	size_t		filled = 0;
	bool		closed = true;
	bool		same = true;

	memcpy(copy, record, length);
	rml_csv_begin(&fields, copy, length, delimiter, quote, escape);
	n_want = ref_fields(&fields, copy, length, want, lengths, quoted);
	while (closed && rml_csv_next(&fields, got + filled, &field, &closed))
	{
		same &= n_want == 0 || (n < n_want && field.length == lengths[n] && field.quoted == quoted[n]);
		filled += field.length;
		n++;
	}
	same &= closed == (n_want != 0) && filled <= length;
	if (closed)
		same &= n == n_want && memcmp(want, got, filled) == 0;
	free(copy);
	free(want);
	free(got);
	free(lengths);
	free(quoted);
	return same;
}

#endif
