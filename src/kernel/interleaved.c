/*
 * interleaved.c
 *	  The kernel for any CPU: eight trees, or eight rows, at a time.
 *
 * Trees in the rank layout are descended by comparing bytes, the others are
 * walked.  Leaves are collected and then added in the order of the trees.
 */
#include "kernel/kernel.h"
#include "kernel/descend.h"

#define BLOCK_ROWS 32

/* ---- ranks of a row ---- */

typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));

/* How many of 16 entries are not above x; NaN never counts. */
RML_INLINE uint32_t
count_not_above(const float *table, float x)
{
	Float4		value = {x, x, x, x};
	Int4		sum = {0};

	for (int i = 0; i < RML_RANK_FANOUT; i += 4)
	{
		Float4		entries;

		memcpy(&entries, table + i, sizeof(entries));
		sum -= entries <= value;
	}
	return (uint32_t) (sum[0] + sum[1] + sum[2] + sum[3]);
}

static void
rank_row(const RmlImage *image, const float *row, uint8_t *ranks)
{
	for (uint32_t i = 0; i < image->n_rank_features; i++)
	{
		const RmlRankFeature *f = &image->rank_features[i];
		float		x = row[f->feature];
		uint32_t	rank = 0;

		for (uint32_t level = 0; level < f->n_levels; level++)
			rank = rank * RML_RANK_FANOUT +
				count_not_above(image->rank_tables + f->table[level] + rank * RML_RANK_FANOUT, x);
		rml_put_rank(image, f, rank, x != x, ranks);
	}
	rml_put_sets(image, row, ranks, 1, 0);
}

/* ---- rows ---- */

static void
add_row(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins)
{
	uint8_t		ranks[RML_RANK_ROW];

	if (image->rank_trees != NULL)
		rank_row(image, row, ranks);
	for (int t = first_tree; t < end_tree;)
		t += rml_add_trees(image, t, end_tree, row, ranks, margins);
}

/* Tree by tree, so that each is in cache for all rows. */
static void
add_block(const RmlImage *image, int first_tree, int end_tree, const float *rows, int n_rows,
		  float *margins)
{
	uint8_t		ranks[BLOCK_ROWS][RML_RANK_ROW];

	for (int r = 0; image->rank_trees != NULL && r < n_rows; r++)
		rank_row(image, rows + (size_t) r * (size_t) image->header->n_features, ranks[r]);
	for (int t = first_tree; t < end_tree; t++)
	{
		if (image->rank_trees == NULL || image->rank_trees[t].levels == RML_WALKED)
			rml_walk_rows(image, t, rows, n_rows, margins);
		else
			rml_add_tree(image, t, ranks[0], n_rows, margins);
	}
}

void
rml_interleaved_add_margins(const RmlImage *image, int first_tree, int end_tree,
							const float *rows, int n_rows, float *margins)
{
	while (n_rows > 0)
	{
		int			n = n_rows < RML_LANES ? 1 : n_rows < BLOCK_ROWS ? n_rows : BLOCK_ROWS;

		if (n == 1)
			add_row(image, first_tree, end_tree, rows, margins);
		else
			add_block(image, first_tree, end_tree, rows, n, margins);
		rows += (size_t) n * (size_t) image->header->n_features;
		margins += (size_t) n * (size_t) image->header->n_outputs;
		n_rows -= n;
	}
}
