/*
 * spill.c
 *	  Columns of numbers in a temporary file, block by block.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "compat.h"
#include "recipe/spill.h"

#define BLOCK_WORDS (512 * 1024)	/* 4 MB */
#define MOST_ROWS 4096
#define LEAST_ROWS 64

struct RmlSpill
{
	BufFile    *file;			/* NULL: all rows are in the block */
	int			n_columns;
	int			block_rows;
	double	   *block;			/* that is being filled, or the only one */
	int			filled;			/* rows of it */
	int64		rows;			/* of all */
};

int
rml_spill_block_rows(int n_columns)
{
	int			rows = BLOCK_WORDS / Max(n_columns, 1);

	return Max(Min(rows, MOST_ROWS), LEAST_ROWS);
}

RmlSpill *
rml_spill_begin(int n_columns, int block_rows)
{
	RmlSpill   *spill = palloc0(sizeof(RmlSpill));

	spill->n_columns = n_columns;
	spill->block_rows = block_rows;
	spill->block = palloc_extended(sizeof(double) * (Size) Max(n_columns, 1) * (Size) block_rows, MCXT_ALLOC_HUGE);
	return spill;
}

void
rml_spill_free(RmlSpill *spill)
{
	if (spill->file != NULL)
		BufFileClose(spill->file);
	pfree(spill->block);
	pfree(spill);
}

static Size
block_bytes(const RmlSpill *spill)
{
	return sizeof(double) * (Size) spill->n_columns * (Size) spill->block_rows;
}

/* The block goes into the file. */
static void
write_block(RmlSpill *spill)
{
	MemoryContext caller;

	CHECK_FOR_INTERRUPTS();
	if (spill->file == NULL)
	{
		caller = MemoryContextSwitchTo(GetMemoryChunkContext(spill));
		spill->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller);
	}
	if (spill->n_columns > 0)
		BufFileWrite(spill->file, spill->block, block_bytes(spill));
	spill->filled = 0;
}

double *
rml_spill_row(RmlSpill *spill)
{
	if (spill->filled == spill->block_rows)
		write_block(spill);
	spill->rows++;
	return spill->block + spill->filled++;
}

int
rml_spill_stride(const RmlSpill *spill)
{
	return spill->block_rows;
}

void
rml_spill_finish(RmlSpill *spill)
{
	if (spill->file != NULL && spill->filled > 0)
		write_block(spill);
}

int64
rml_spill_rows(const RmlSpill *spill)
{
	return spill->rows;
}

int64
rml_spill_blocks(const RmlSpill *spill)
{
	return (spill->rows + spill->block_rows - 1) / spill->block_rows;
}

int
rml_spill_rows_of(const RmlSpill *spill, int64 block)
{
	return (int) Min(spill->rows - block * spill->block_rows, spill->block_rows);
}

void
rml_spill_read(RmlSpill *spill, int64 block, int column, double *words)
{
	Size		bytes = sizeof(double) * (Size) rml_spill_rows_of(spill, block);
	Size		place = sizeof(double) * (Size) column * (Size) spill->block_rows;

	CHECK_FOR_INTERRUPTS();
	if (spill->file == NULL)
	{
		memcpy(words, (char *) spill->block + place, bytes);
		return;
	}
	if (BufFileSeek(spill->file, 0, (off_t) (block_bytes(spill) * (Size) block + place), SEEK_SET) != 0)
		elog(ERROR, "block " INT64_FORMAT " of a temporary file cannot be sought", block);
	rml_buffile_read(spill->file, words, bytes);
}
