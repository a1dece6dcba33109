/*
 * interleaved.c
 *	  The kernel for any CPU: eight trees, or eight rows, at a time.
 *
 * Trees in the rank layout are descended by comparing bytes, the others are
 * walked.  Leaves are collected and then added in the order of the trees.
 */
#include "kernel/kernel.h"
#include "kernel/walk.h"

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

/* ---- trees in the rank layout ---- */

typedef struct Descent
{
	const uint8_t *slots;		/* of the tree, cuts behind them */
	const uint8_t *ranks;		/* of the row */
	const float *exits;
	uint32_t	size;
	uint32_t	at;
} Descent;

RML_INLINE Descent
begin_descent(const RmlImage *image, const RmlRankTree *tree, const uint8_t *ranks)
{
	return (Descent) {
		.slots = image->rank_nodes + tree->first_node,
		.ranks = ranks,
		.exits = image->rank_exits + tree->first_exit,
		.size = UINT32_C(1) << tree->levels,
		.at = 1,
	};
}

/* All of trees with that many levels. */
RML_INLINE void
descend_equal(Descent *d, int n, int32_t levels)
{
	uint32_t	size = UINT32_C(1) << levels;
	uint32_t	at[RML_LANES];

	for (int k = 0; k < n; k++)
		at[k] = 1;
	for (int32_t level = 0; level < levels; level++)
	{
#pragma GCC unroll 8
		for (int k = 0; k < n; k++)
		{
			const uint8_t *node = d[k].slots + at[k];

			at[k] = 2 * at[k] + (d[k].ranks[node[0]] > node[size]);
		}
	}
	for (int k = 0; k < n; k++)
		d[k].at = at[k];
}

/* Of any trees; who has arrived reads some node of its tree and stays. */
static void
descend_unequal(Descent *d, int n, int32_t levels)
{
	for (int32_t level = 0; level < levels; level++)
	{
		for (int k = 0; k < n; k++)
		{
			const uint8_t *node = d[k].slots + (d[k].at & (d[k].size - 1));
			uint32_t	next = 2 * d[k].at + (d[k].ranks[node[0]] > node[d[k].size]);

			d[k].at = d[k].at < d[k].size ? next : d[k].at;
		}
	}
}

RML_INLINE const float *
exit_of(const Descent *d)
{
	return d->exits + (d->at - d->size);
}

/* ---- one row, eight trees ---- */

static void
find_leaves(const RmlImage *image, int first, int n, const float *row, const uint8_t *ranks,
			const float **leaves)
{
	Descent		descents[RML_LANES];
	RmlWalk		walks[RML_LANES];
	int			n_descents = 0;
	int			n_walks = 0;
	int32_t		levels = 0;
	bool		equal = true;

	for (int k = 0; k < n; k++)
	{
		const RmlRankTree *tree = image->rank_trees == NULL ? NULL : &image->rank_trees[first + k];

		if (tree == NULL || tree->levels == RML_WALKED)
		{
			const RmlImageNode *nodes = image->nodes + image->trees[first + k].first_node;

			walks[n_walks++] = (RmlWalk) {nodes, nodes, row};
			leaves[k] = NULL;
			continue;
		}
		descents[n_descents++] = begin_descent(image, tree, ranks);
		equal = equal && (n_descents == 1 || tree->levels == levels);
		levels = tree->levels > levels ? tree->levels : levels;
		leaves[k] = image->rank_exits;
	}
	if (n_walks == RML_LANES)
		rml_walk(image, walks, RML_LANES);
	else if (n_walks > 0)
		rml_walk(image, walks, n_walks);
	if (equal && n_descents == RML_LANES)
		descend_equal(descents, RML_LANES, levels);
	else
		descend_unequal(descents, n_descents, levels);
	n_descents = n_walks = 0;
	for (int k = 0; k < n; k++)
		leaves[k] = leaves[k] == NULL ? &walks[n_walks++].at->value : exit_of(&descents[n_descents++]);
}

static void
add_row(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins)
{
	uint8_t		ranks[RML_RANK_ROW];

	if (image->rank_trees != NULL)
		rank_row(image, row, ranks);
	for (int t = first_tree; t < end_tree; t += RML_LANES)
	{
		const float *leaves[RML_LANES];
		int			n = end_tree - t < RML_LANES ? end_tree - t : RML_LANES;

		find_leaves(image, t, n, row, ranks, leaves);
		for (int k = 0; k < n; k++)
			rml_add_leaf(image, t + k, leaves[k], margins);
	}
}

/* ---- one tree, eight rows ---- */

typedef struct Block
{
	const float *rows;
	int			n_rows;
	float	   *margins;
	uint8_t		ranks[BLOCK_ROWS][RML_RANK_ROW];
} Block;

static void
add_ranked_tree(const RmlImage *image, int t, const Block *b)
{
	const RmlRankTree *tree = &image->rank_trees[t];
	size_t		n_outputs = (size_t) image->header->n_outputs;

	for (int r = 0; r < b->n_rows; r += RML_LANES)
	{
		int			n = b->n_rows - r < RML_LANES ? b->n_rows - r : RML_LANES;
		Descent		descents[RML_LANES];

		for (int k = 0; k < n; k++)
			descents[k] = begin_descent(image, tree, b->ranks[r + k]);
		if (n == RML_LANES)
			descend_equal(descents, RML_LANES, tree->levels);
		else
			descend_equal(descents, n, tree->levels);
		for (int k = 0; k < n; k++)
			rml_add_leaf(image, t, exit_of(&descents[k]), b->margins + (size_t) (r + k) * n_outputs);
	}
}

void
rml_walk_block(const RmlImage *image, int t, const float *rows, int n_rows, float *margins)
{
	const RmlImageNode *nodes = image->nodes + image->trees[t].first_node;
	size_t		n_features = (size_t) image->header->n_features;
	size_t		n_outputs = (size_t) image->header->n_outputs;

	for (int r = 0; r < n_rows; r += RML_LANES)
	{
		int			n = n_rows - r < RML_LANES ? n_rows - r : RML_LANES;
		RmlWalk		walks[RML_LANES];

		for (int k = 0; k < n; k++)
			walks[k] = (RmlWalk) {nodes, nodes, rows + (size_t) (r + k) * n_features};
		if (n == RML_LANES)
			rml_walk(image, walks, RML_LANES);
		else
			rml_walk(image, walks, n);
		for (int k = 0; k < n; k++)
			rml_add_leaf(image, t, &walks[k].at->value, margins + (size_t) (r + k) * n_outputs);
	}
}

static void
add_block(const RmlImage *image, int first_tree, int end_tree, Block *b)
{
	size_t		n_features = (size_t) image->header->n_features;

	for (int r = 0; image->rank_trees != NULL && r < b->n_rows; r++)
		rank_row(image, b->rows + (size_t) r * n_features, b->ranks[r]);
	for (int t = first_tree; t < end_tree; t++)
	{
		if (image->rank_trees == NULL || image->rank_trees[t].levels == RML_WALKED)
			rml_walk_block(image, t, b->rows, b->n_rows, b->margins);
		else
			add_ranked_tree(image, t, b);
	}
}

void
rml_interleaved_add_margins(const RmlImage *image, int first_tree, int end_tree,
							const float *rows, int n_rows, float *margins)
{
	size_t		n_features = (size_t) image->header->n_features;
	size_t		n_outputs = (size_t) image->header->n_outputs;

	for (int r = 0; r < n_rows;)
	{
		int			n = n_rows - r < BLOCK_ROWS ? n_rows - r : BLOCK_ROWS;
		const float *block = rows + (size_t) r * n_features;

		if (n < RML_LANES)
		{
			n = 1;
			add_row(image, first_tree, end_tree, block, margins + (size_t) r * n_outputs);
		}
		else
		{
			Block		b;

			b.rows = block;
			b.n_rows = n;
			b.margins = margins + (size_t) r * n_outputs;
			add_block(image, first_tree, end_tree, &b);
		}
		r += n;
	}
}
