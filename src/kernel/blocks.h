/*
 * blocks.h
 *	  Rows in blocks of as many as a SIMD kernel takes at once.
 */
#ifndef RML_KERNEL_BLOCKS_H
#define RML_KERNEL_BLOCKS_H

#include "model/image.h"

typedef struct RmlRowBlock
{
	int			n_rows;
	const float *rows;
	float	   *margins;
	uint8_t    *ranks;			/* [slot][row], complements; room for a slot more */
} RmlRowBlock;

/* Adds one tree's leaves to sums, one per row, or (NULL) to the block's margins. */
typedef void (*RmlAddTree) (const RmlImage *image, int tree, const RmlRowBlock *block, float *sums);

/* What a kernel has for blocks, and for rows that are too few for one. */
typedef struct RmlBlockKernel
{
	int			n_rows;			/* of a block */
	void		(*rank_block) (const RmlImage *image, RmlRowBlock *block);
	RmlAddTree	add_narrow_tree;
	RmlAddTree	add_wide_tree;	/* more than RML_NARROW_SLOTS slots */
	void		(*add_row) (const RmlImage *image, int first_tree, int end_tree, const float *row,
							float *margins);
} RmlBlockKernel;

/* RmlMarginFn for an image with ranks. */
extern void rml_add_in_blocks(const RmlBlockKernel *kernel, const RmlImage *image, int first_tree,
							  int end_tree, const float *rows, int n_rows, float *margins);

#endif
