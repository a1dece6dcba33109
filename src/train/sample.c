/*
 * sample.c
 *	  An even sample of rows, in bounded memory.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "train/sample.h"

#define SAMPLE_BYTES (32 * 1024 * 1024)
#define FIRST_ROWS 64

/* Of which shares of bins are known to some tenths of a percent, and which a sketch takes as they are. */
#define ENOUGH_ROWS 16384

static int64
most_rows(int n_columns)
{
	return (int64) Max(SAMPLE_BYTES / (sizeof(double) * (Size) Max(n_columns, 1)), FIRST_ROWS);
}

RmlTrainSample *
rml_sample_create(int n_columns)
{
	RmlTrainSample *sample = palloc0(sizeof(RmlTrainSample));

	sample->n_columns = n_columns;
	sample->most_rows = most_rows(n_columns);
	return sample;
}

uint64
rml_sample_mask(int n_columns, int64 rows)
{
	uint64		mask = 0;

	if (rows <= most_rows(n_columns))
		return 0;
	while (rows / (int64) (mask + 1) > ENOUGH_ROWS)
		mask = mask * 2 + 1;
	return mask;
}

/* Half of the rows, as the hash has it. */
static void
thin_out(RmlTrainSample *sample)
{
	Size		size = sizeof(double) * (Size) sample->n_columns;
	int64		n = 0;

	sample->mask = sample->mask * 2 + 1;
	for (int64 i = 0; i < sample->n_rows; i++)
	{
		if (!rml_sample_wants(sample, sample->numbers[i]))
			continue;
		sample->numbers[n] = sample->numbers[i];
		if (n < i)
			memcpy(sample->values + n * sample->n_columns, sample->values + i * sample->n_columns, size);
		n++;
	}
	sample->n_rows = n;
}

/* Memory grows with the rows, so that small samples are cheap. */
static void
make_room(RmlTrainSample *sample)
{
	Size		rows = (Size) Min(Max(sample->n_rows * 2, FIRST_ROWS), sample->most_rows);
	Size		size = sizeof(double) * (Size) Max(sample->n_columns, 1) * rows;
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(sample));

	sample->values = sample->values == NULL ? palloc_extended(size, MCXT_ALLOC_HUGE) : repalloc_huge(sample->values, size);
	sample->numbers = sample->numbers == NULL ? palloc_extended(sizeof(int64) * rows, MCXT_ALLOC_HUGE) :
		repalloc_huge(sample->numbers, sizeof(int64) * rows);
	MemoryContextSwitchTo(caller);
}

double *
rml_sample_row(RmlTrainSample *sample, int64 row)
{
	while (sample->n_rows == sample->most_rows)
		thin_out(sample);
	if (!rml_sample_wants(sample, row))
		return NULL;
	if (sample->n_rows == 0 || (sample->n_rows >= FIRST_ROWS && (sample->n_rows & (sample->n_rows - 1)) == 0))
		make_room(sample);
	sample->numbers[sample->n_rows] = row;
	return sample->values + sample->n_rows++ * sample->n_columns;
}

void
rml_sample_finish(RmlTrainSample *sample)
{
	while (sample->mask != 0 && sample->n_rows > ENOUGH_ROWS)
		thin_out(sample);
}
