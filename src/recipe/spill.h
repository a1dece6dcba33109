/*
 * spill.h
 *	  Columns of numbers in a temporary file, block by block.
 *
 * A block is a number of rows; a column of a block lies in one piece, and is read without the others.  Rows are written
 * once, one after the other.  A word is a double, or any other 8 bytes.  The file is under temp_file_limit; memory is that of one
 * block.  Whatever happens, the file goes with the resource owner of who began it or, if it is to outlive the transaction, with the memory
 * context.
 */
#ifndef RML_RECIPE_SPILL_H
#define RML_RECIPE_SPILL_H

typedef struct RmlSpill RmlSpill;

/* Rows of a block of this many columns. */
extern int	rml_spill_block_rows(int n_columns);

/* The current memory context keeps it, and the current resource owner unless it outlives the transaction. */
extern RmlSpill *rml_spill_begin(int n_columns, int block_rows, bool outlives);
extern void rml_spill_free(RmlSpill *spill);

/* Where the words of one more row are to be put, a column at each step of rml_spill_stride(); then it is there. */
extern double *rml_spill_row(RmlSpill *spill);
extern int	rml_spill_stride(const RmlSpill *spill);

/* After the last row. */
extern void rml_spill_finish(RmlSpill *spill);

extern int64 rml_spill_rows(const RmlSpill *spill);
extern int64 rml_spill_blocks(const RmlSpill *spill);
extern int	rml_spill_rows_of(const RmlSpill *spill, int64 block);

/* One column of a block. */
extern void rml_spill_read(RmlSpill *spill, int64 block, int column, double *words);

#endif
