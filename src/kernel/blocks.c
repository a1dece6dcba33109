/*
 * blocks.c
 *	  Rows in blocks of as many as a SIMD kernel takes at once.
 *
 * Several blocks are ranked, and a piece of the model is applied to all of them
 * while it is in cache.
 */
#include "kernel/blocks.h"

#include <string.h>

#include "base/hot.h"
#include "kernel/kernel.h"
#include "kernel/ranks.h"
#include "kernel/walk.h"

#define ROWS 256				/* of all blocks */
#define LEAST_ROWS 32			/* of a block */
#define MAX_BLOCKS (ROWS / LEAST_ROWS)
#define TREES 32				/* of a piece of the model */
#define FEW_ROWS 12				/* for which a block does not pay */
#define POOL (64 * (RML_MAX_SLOTS + 1))	/* bytes for the ranks of all blocks */

/* Trees of a piece of the model, for one block. */
static void
add_piece(const RmlBlockKernel *kernel, const RmlImage *image, int first_tree, int end_tree,
		  const RmlRowBlock *b, float *sums)
{
	RmlAddTree	add_tree = image->header->n_slots > RML_NARROW_SLOTS ? kernel->add_wide_tree
		: kernel->add_narrow_tree;

	for (int t = first_tree; t < end_tree; t++)
	{
		if (image->rank_trees[t].levels == RML_WALKED)
			rml_walk_rows(image, t, b->rows, b->n_rows, sums != NULL ? sums : b->margins);
		else
			add_tree(image, t, b, sums);
	}
}

/* How many rows there is room for. */
static int
most_rows(const RmlBlockKernel *kernel, const RmlImage *image)
{
	int			n = (int) (POOL / (image->header->n_slots + 1));

	return n < ROWS ? n / kernel->n_rows * kernel->n_rows : ROWS;
}

/* Up to most_rows(). */
static void
add_blocks(const RmlBlockKernel *kernel, const RmlImage *image, int first_tree, int end_tree,
		   const float *rows, int n_rows, float *margins)
{
	uint8_t		pool[POOL] __attribute__((aligned(64)));
	RmlRowBlock blocks[MAX_BLOCKS];
	float		sums[ROWS];
	bool		one_sum = rml_has_one_sum(image);
	int			n = (n_rows + kernel->n_rows - 1) / kernel->n_rows;

	memset(sums, 0, sizeof(sums));
	if (one_sum)
		memcpy(sums, margins, (size_t) n_rows * sizeof(float));
	for (int i = 0; i < n; i++)
	{
		RmlRowBlock *b = &blocks[i];
		size_t		first = (size_t) i * (size_t) kernel->n_rows;

		b->n_rows = n_rows - (int) first < kernel->n_rows ? n_rows - (int) first : kernel->n_rows;
		b->rows = rows + first * (size_t) image->header->n_features;
		b->margins = margins + first * (size_t) image->header->n_outputs;
		b->ranks = pool + first * (image->header->n_slots + 1);
		kernel->rank_block(image, b);
	}
	for (int t = first_tree; t < end_tree; t += TREES)
	{
		int			end = end_tree - t < TREES ? end_tree : t + TREES;

		for (int i = 0; i < n; i++)
			add_piece(kernel, image, t, end, &blocks[i], one_sum ? sums + i * kernel->n_rows : NULL);
	}
	if (one_sum)
		memcpy(margins, sums, (size_t) n_rows * sizeof(float));
}

RML_HOT void
rml_add_in_blocks(const RmlBlockKernel *kernel, const RmlImage *image, int first_tree, int end_tree,
				  const float *rows, int n_rows, float *margins)
{
	int			most = most_rows(kernel, image);

	while (n_rows > 0)
	{
		int			n = n_rows < most ? n_rows : most;

		if (n > kernel->n_rows && n % kernel->n_rows < FEW_ROWS)
			n -= n % kernel->n_rows;
		if (n >= FEW_ROWS)
			add_blocks(kernel, image, first_tree, end_tree, rows, n, margins);
		else
		{
			n = 1;
			kernel->add_row(image, first_tree, end_tree, rows, margins);
		}
		rows += (size_t) n * (size_t) image->header->n_features;
		margins += (size_t) n * (size_t) image->header->n_outputs;
		n_rows -= n;
	}
}
