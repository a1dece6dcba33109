/*
 * rows.c
 *	  Reads the session's frames.
 */
#include "rows.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "train/protocol.h"

#define MOST_CONFIG (1 << 26)

/* Straight to where they stay. */
static void
read_rows(Rows *rows, size_t size)
{
	size_t		row = rows->stride * sizeof(float);
	size_t		used = rows->n * row;

	REQUIRE(size % row == 0, "a frame of %zu bytes holds no whole number of rows of %zu bytes", size, row);
	REQUIRE(size / row <= INT_MAX - rows->n, "more than %d rows", INT_MAX);
	pages_grow(&rows->pages, used + size);
	io_read(rows->pages.data + used, size);
	rows->n += size / row;
}

/* Replaces the values of a column, which are 0 to n - 1, by their codes. */
static void
remap(Rows *rows, size_t size)
{
	uint32_t   *frame;
	uint32_t	column;
	uint32_t	n;

	REQUIRE(size >= 2 * sizeof(uint32_t) && size % sizeof(uint32_t) == 0, "a REMAP of %zu bytes", size);
	frame = take(size / sizeof(uint32_t), sizeof(uint32_t));
	io_read(frame, size);
	column = frame[0];
	n = frame[1];
	REQUIRE(column < (uint32_t) rows->config->n_features, "there is no column %u to remap", column);
	REQUIRE(n == size / sizeof(uint32_t) - 2, "a REMAP of %zu bytes has not %u codes", size, n);
	for (size_t i = 0; i < rows->n; i++)
	{
		float	   *value = row_at(rows, i) + column;

		if (isnan(*value))
			continue;
		REQUIRE(*value >= 0 && *value < (float) n && *value == truncf(*value), "column %u of row %zu is none of %u categories", column, i + 1, n);
		*value = (float) frame[2 + (uint32_t) *value];
	}
	free(frame);
}

static void
read_config(Rows *rows, Config *config, size_t size)
{
	char	   *list;

	REQUIRE(size <= MOST_CONFIG, "a configuration of %zu bytes", size);
	list = take(size, 1);
	io_read(list, size);
	config_read(config, list, size);
	rows->config = config;
	rows->stride = (size_t) config->n_columns;
}

void
rows_read(Rows *rows, Config *config)
{
	memset(rows, 0, sizeof(*rows));
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
			return;
		}
	}
}

void
rows_free(Rows *rows)
{
	pages_shrink(&rows->pages, 0);
	rows->n = 0;
}
