/*
 * spill.c
 *	  Columns of numbers in a temporary file, block by block.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "recipe/spill.h"

#define BLOCK_WORDS (512 * 1024)	/* 4 MB */
#define MOST_ROWS 4096
#define LEAST_ROWS 64

/* The file; apart, as the memory context knows of it to its end.  Its close cannot fail, as that of a BufFile can, which writes first. */
typedef struct Guard
{
	MemoryContextCallback callback;
	File		file;			/* 0: there is none, all rows are in the block */
} Guard;

struct RmlSpill
{
	Guard	   *guard;
	bool		outlives;
	int			n_columns;
	int			block_rows;
	double	   *block;			/* that is being filled, or the only one */
	int			filled;			/* rows of it */
	int64		rows;			/* of all */
	Size		n_blocks;		/* in the file */
};

int
rml_spill_block_rows(int n_columns)
{
	int			rows = BLOCK_WORDS / Max(n_columns, 1);

	return Max(Min(rows, MOST_ROWS), LEAST_ROWS);
}

RmlSpill *
rml_spill_begin(int n_columns, int block_rows, bool outlives)
{
	RmlSpill   *spill = palloc0(sizeof(RmlSpill));

	spill->guard = palloc0(sizeof(Guard));
	spill->outlives = outlives;
	spill->n_columns = n_columns;
	spill->block_rows = block_rows;
	spill->block = palloc_extended(sizeof(double) * (Size) Max(n_columns, 1) * (Size) block_rows, MCXT_ALLOC_HUGE);
	return spill;
}

static void
close_file(void *arg)
{
	Guard	   *guard = arg;

	if (guard->file > 0)
		FileClose(guard->file);
	guard->file = 0;
}

void
rml_spill_free(RmlSpill *spill)
{
	close_file(spill->guard);
	pfree(spill->block);
	pfree(spill);
}

/* In the current memory context: that of the spill. */
static void
open_file(RmlSpill *spill)
{
	Guard	   *guard = spill->guard;

	PrepareTempTablespaces();
	if (spill->outlives)
	{
		guard->callback.func = close_file;
		guard->callback.arg = guard;
		MemoryContextRegisterResetCallback(GetMemoryChunkContext(spill), &guard->callback);
	}
	guard->file = OpenTemporaryFile(spill->outlives);
}

static Size
block_bytes(const RmlSpill *spill)
{
	return sizeof(double) * (Size) spill->n_columns * (Size) spill->block_rows;
}

/* Now and then.  Where no statement runs, as in a training, what was looked up in catalogs must not hold back vacuum. */
static void
look_up(void)
{
	InvalidateCatalogSnapshotConditionally();
	CHECK_FOR_INTERRUPTS();
}

/* The block goes into the file. */
static void
write_block(RmlSpill *spill)
{
	Size		bytes = block_bytes(spill);
	Size		place = spill->n_blocks++ * bytes;

	look_up();
	if (spill->guard->file == 0)
		open_file(spill);
	errno = 0;
	if (bytes > 0 && (Size) FileWrite(spill->guard->file, (char *) spill->block, (int) bytes, (off_t) place, WAIT_EVENT_BUFFILE_WRITE) != bytes)
	{
		/* less than all was written */
		if (errno == 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write to file \"%s\": %m", FilePathName(spill->guard->file))));
	}
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
	if (spill->guard->file != 0 && spill->filled > 0)
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

	look_up();
	if (spill->guard->file == 0)
	{
		memcpy(words, (char *) spill->block + place, bytes);
		return;
	}
	if ((Size) FileRead(spill->guard->file, (char *) words, (int) bytes, (off_t) (block_bytes(spill) * (Size) block + place),
						WAIT_EVENT_BUFFILE_READ) != bytes)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file: %m")));
}
