/*
 * rows.c
 *	  Reads the session's frames.
 */
#include "rows.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "io.h"
#include "train/protocol.h"

#define MOST_CONFIG (1 << 24)

/* Bytes that are read at a time, and stay in the processor's cache until they are put where they belong. */
#define BUFFER ((size_t) 1 << 18)

void
rows_grow(Rows *rows, size_t n)
{
	pages_grow(&rows->features, n * rows->n_features * sizeof(float));
	pages_grow(&rows->extras, n * rows->n_extras * sizeof(float));
}

/* Takes rows apart, of which there is room. */
static void
put_rows(Rows *rows, const float *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		memcpy(row_features(rows, rows->n), from, rows->n_features * sizeof(float));
		from += rows->n_features;
		memcpy(row_extras(rows, rows->n), from, rows->n_extras * sizeof(float));
		from += rows->n_extras;
		rows->n++;
	}
}

static void
read_rows(Rows *rows, size_t size)
{
	size_t		row = (rows->n_features + rows->n_extras) * sizeof(float);
	size_t		left = size / row;

	REQUIRE(size % row == 0, "a frame of %zu bytes holds no whole number of rows of %zu bytes", size, row);
	REQUIRE(left <= INT_MAX - rows->n, "more than %d rows", INT_MAX);
	rows_grow(rows, rows->n + left);
	pages_grow(&rows->scratch, BUFFER + row);
	while (left > 0)
	{
		size_t		n = BUFFER / row;

		if (n == 0)
			n = 1;
		if (n > left)
			n = left;
		io_read(rows->scratch.data, n * row);
		put_rows(rows, (float *) rows->scratch.data, n);
		left -= n;
	}
}

/* Replaces the values of a column, which are 0 to n - 1, by their codes. */
static void
remap(Rows *rows, size_t size)
{
	const uint32_t *frame;
	uint32_t	column;
	uint32_t	n;

	REQUIRE(size >= 2 * sizeof(uint32_t) && size % sizeof(uint32_t) == 0, "a REMAP of %zu bytes", size);
	pages_grow(&rows->scratch, size);
	io_read(rows->scratch.data, size);
	frame = (const uint32_t *) rows->scratch.data;
	column = frame[0];
	n = frame[1];
	REQUIRE(column < (uint32_t) rows->config->n_features, "there is no column %u to remap", column);
	REQUIRE(n == size / sizeof(uint32_t) - 2, "a REMAP of %zu bytes has not %u codes", size, n);
	for (size_t i = 0; i < rows->n; i++)
	{
		float	   *value = row_features(rows, i) + column;

		if (isnan(*value))
			continue;
		REQUIRE(*value >= 0 && *value < (float) n && *value == truncf(*value), "column %u of row %zu is none of %u categories", column, i + 1, n);
		*value = (float) frame[2 + (uint32_t) *value];
	}
}

static void
read_config(Rows *rows, Config *config, size_t size)
{
	REQUIRE(size <= MOST_CONFIG, "a configuration of %zu bytes", size);
	config->list = take(size, 1);
	io_read(config->list, size);
	config_read(config, size);
	rows->config = config;
	rows->n_features = (size_t) config->n_features;
	rows->n_extras = (size_t) config->n_extras;
}

void
rows_read(Rows *rows, Config *config)
{
	memset(rows, 0, sizeof(*rows));
	memset(config, 0, sizeof(*config));
	for (;;)
	{
		RmlFrameHead head;

		io_read(&head, sizeof(head));
		REQUIRE(head.size <= RML_MAX_FRAME, "a frame of %u bytes", head.size);
		REQUIRE((head.kind == RML_FRAME_CONFIG) == (rows->config == NULL), "a frame of kind %u is out of turn", head.kind);
		if (head.kind == RML_FRAME_CONFIG)
			read_config(rows, config, head.size);
		else if (head.kind == RML_FRAME_ROWS)
			read_rows(rows, head.size);
		else if (head.kind == RML_FRAME_REMAP)
			remap(rows, head.size);
		else
		{
			REQUIRE(head.kind == RML_FRAME_END && head.size == 0, "a frame of unknown kind %u", head.kind);
			pages_shrink(&rows->scratch, 0);
			return;
		}
	}
}

void
rows_free(Rows *rows)
{
	pages_shrink(&rows->features, 0);
	pages_shrink(&rows->extras, 0);
	pages_shrink(&rows->scratch, 0);
	rows->n = 0;
}
