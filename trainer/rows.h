/*
 * rows.h
 *	  The rows, as they come: one after the other, each features and extras.
 */
#ifndef TRAINER_ROWS_H
#define TRAINER_ROWS_H

#include "config.h"
#include "memory.h"

typedef struct Rows
{
	const Config *config;
	Pages		pages;
	size_t		n;
	size_t		stride;			/* floats of a row */
} Rows;

/* Reads frames up to END: CONFIG, which is kept in config, and rows. */
extern void rows_read(Rows *rows, Config *config);

extern void rows_free(Rows *rows);

static inline float *
row_at(const Rows *rows, size_t row)
{
	return (float *) rows->pages.data + row * rows->stride;
}

/* An extra of a row. */
static inline float *
row_extra(const Rows *rows, size_t row, Extra extra)
{
	return row_at(rows, row) + rows->config->extras[extra];
}

static inline bool
rows_have(const Rows *rows, Extra extra)
{
	return rows->config->extras[extra] >= 0;
}

#endif
