/*
 * sample.h
 *	  An even sample of rows, in bounded memory: those whose number has a hash that ends in so many zeroes.
 *
 * As long as all rows fit in, it is all rows.
 */
#ifndef RML_TRAIN_SAMPLE_H
#define RML_TRAIN_SAMPLE_H

#include "math/deal.h"

typedef struct RmlTrainSample
{
	int			n_columns;
	int64		most_rows;
	int64		n_rows;
	uint64		mask;			/* of what must be 0 in a row's hash */
	double	   *values;			/* row by row */
	int64	   *numbers;		/* of the rows */
} RmlTrainSample;

extern RmlTrainSample *rml_sample_create(int n_columns);

static inline bool
rml_sample_has(uint64 mask, int64 row)
{
	return (rml_deal_mix((uint64) row, 0) & mask) == 0;
}

static inline bool
rml_sample_wants(const RmlTrainSample *sample, int64 row)
{
	return rml_sample_has(sample->mask, row);
}

/* For rows that are known to be so many: a sample of about the same size. */
extern uint64 rml_sample_mask(int n_columns, int64 rows);

/* The place of a row that is wanted; NULL if by now it is not. */
extern double *rml_sample_row(RmlTrainSample *sample, int64 row);

/* After the last row: if there are others, fewer do as well. */
extern void rml_sample_finish(RmlTrainSample *sample);

#endif
