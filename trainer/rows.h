/*
 * rows.h
 *	  The rows, as they come: one after the other, each features and extras.
 */
#ifndef TRAINER_ROWS_H
#define TRAINER_ROWS_H

#include "config.h"
#include "memory.h"

/* Features and extras apart, as libxgboost wants them. */
typedef struct Rows
{
	const Config *config;
	size_t		n;
	size_t		n_features;		/* of a row */
	size_t		n_extras;
	Pages		features;
	Pages		extras;
	Pages		scratch;		/* of what is being read */
} Rows;

/* Makes room for so many. */
extern void rows_grow(Rows *rows, size_t n);

/* Reads frames up to END: CONFIG, which is kept in config, and rows. */
extern void rows_read(Rows *rows, Config *config);

extern void rows_free(Rows *rows);

static inline float *
row_features(const Rows *rows, size_t row)
{
	return (float *) rows->features.data + row * rows->n_features;
}

static inline float *
row_extras(const Rows *rows, size_t row)
{
	return (float *) rows->extras.data + row * rows->n_extras;
}

static inline float *
row_extra(const Rows *rows, size_t row, Extra extra)
{
	return row_extras(rows, row) + rows->config->extras[extra];
}

static inline bool
rows_have(const Rows *rows, Extra extra)
{
	return rows->config->extras[extra] >= 0;
}

#endif
