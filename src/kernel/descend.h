/*
 * descend.h
 *	  Trees in the rank layout, eight at a time, with no instructions that a
 *	  CPU might lack: for the kernels that have nothing better for one row.
 */
#ifndef RML_KERNEL_DESCEND_H
#define RML_KERNEL_DESCEND_H

#include "kernel/walk.h"

/* The slot of a node of a tree of that size. */
RML_INLINE size_t
rml_node_slot(const uint8_t *node, size_t size, bool wide)
{
	return wide ? node[0] | (size_t) node[2 * size] << 8 : node[0];
}

/*
 * Takes n lanes down all levels of trees that have so many of them.  Lane k
 * has its tree at slots + k * next_tree, its row of ranks at ranks + k * next_row.
 * With n and the distances known to the compiler, all that is in registers.
 */
RML_INLINE void
rml_descend_equal(const uint8_t *slots, size_t next_tree, const uint8_t *ranks, size_t next_row,
				  int n, int32_t levels, bool wide, size_t at[RML_LANES])
{
	size_t		size = (size_t) 1 << levels;

	for (int k = 0; k < n; k++)
		at[k] = 1;
	for (int32_t level = 0; level < levels; level++)
	{
#pragma GCC unroll 8
		for (int k = 0; k < n; k++)
		{
			const uint8_t *node = slots + next_tree * (size_t) k + at[k];

			at[k] += at[k] + (node[size] < ranks[next_row * (size_t) k + rml_node_slot(node, size, wide)]);
		}
	}
	for (int k = 0; k < n; k++)
		at[k] -= size;
}

/*
 * Which exits one row takes in eight trees, which stand one behind the other
 * (next_row 0), or eight rows in one tree.
 */
RML_INLINE void
rml_descend(const uint8_t *slots, const uint8_t *ranks, size_t next_row, int32_t levels, bool wide,
			size_t at[RML_LANES])
{
	switch (levels)
	{
#define CASE(n) \
		case n: \
			rml_descend_equal(slots, next_row == 0 ? (size_t) (wide ? 3 : 2) << n : 0, ranks, next_row, \
							  RML_LANES, n, wide, at); \
			break
		CASE(0);
		CASE(1);
		CASE(2);
		CASE(3);
		CASE(4);
		CASE(5);
		CASE(6);
		CASE(7);
		CASE(8);
#undef CASE
	}
}

/* Which exits one row takes in n trees of any levels; who has arrived stays. */
RML_INLINE void
rml_descend_unequal(const RmlImage *image, const RmlRankTree *trees, int n, const uint8_t *ranks,
					bool wide, size_t at[RML_LANES])
{
	bool		moving = true;

	for (int k = 0; k < n; k++)
		at[k] = 1;
	while (moving)
	{
		moving = false;
		for (int k = 0; k < n; k++)
		{
			size_t		size = (size_t) 1 << trees[k].levels;
			const uint8_t *node = image->rank_nodes + trees[k].first_node + (at[k] & (size - 1));
			size_t		next = at[k] + at[k] + (node[size] < ranks[rml_node_slot(node, size, wide)]);

			moving = moving || at[k] < size;
			at[k] = at[k] < size ? next : at[k];
		}
	}
	for (int k = 0; k < n; k++)
		at[k] -= (size_t) 1 << trees[k].levels;
}

/* Adds the next trees, one to eight of them, for one row; returns how many. */
RML_INLINE int
rml_add_trees(const RmlImage *image, int tree, int end_tree, const float *row, const uint8_t *ranks,
			  float *margins)
{
	int			most = end_tree - tree < RML_LANES ? end_tree - tree : RML_LANES;
	const RmlRankTree *trees;
	bool		wide = image->header->n_slots > RML_NARROW_SLOTS;
	bool		equal = true;
	size_t		at[RML_LANES];
	int			n = 1;

	if (image->rank_trees == NULL)
	{
		rml_walk_trees(image, tree, most, row, margins);
		return most;
	}
	trees = image->rank_trees + tree;
	if (trees[0].levels == RML_WALKED)
	{
		while (n < most && trees[n].levels == RML_WALKED)
			n++;
		rml_walk_trees(image, tree, n, row, margins);
		return n;
	}
	for (; n < most && trees[n].levels != RML_WALKED; n++)
		equal = equal && trees[n].levels == trees[0].levels;
	if (!equal || n < RML_LANES)
		rml_descend_unequal(image, trees, n, ranks, wide, at);
	else if (wide)
		rml_descend(image->rank_nodes + trees[0].first_node, ranks, 0, trees[0].levels, true, at);
	else
		rml_descend(image->rank_nodes + trees[0].first_node, ranks, 0, trees[0].levels, false, at);
	if (rml_has_one_sum(image))
	{
		float		sum = margins[0];

		for (int k = 0; k < n; k++)
			sum += image->rank_exits[trees[k].first_exit + at[k]];
		margins[0] = sum;
		return n;
	}
	for (int k = 0; k < n; k++)
		rml_add_leaf(image, tree + k, image->rank_exits + trees[k].first_exit + at[k], margins);
	return n;
}

/* Adds a tree in the rank layout for rows whose ranks are RML_RANK_ROW apart. */
RML_INLINE void
rml_add_tree(const RmlImage *image, int tree, const uint8_t *ranks, int n_rows, float *margins)
{
	const RmlRankTree *t = &image->rank_trees[tree];
	size_t		n_outputs = (size_t) image->header->n_outputs;
	bool		wide = image->header->n_slots > RML_NARROW_SLOTS;

	for (int r = 0; r < n_rows; r += RML_LANES)
	{
		int			n = n_rows - r < RML_LANES ? n_rows - r : RML_LANES;
		const uint8_t *lane_ranks = ranks + (size_t) r * RML_RANK_ROW;
		const uint8_t *slots = image->rank_nodes + t->first_node;
		size_t		at[RML_LANES];

		if (n < RML_LANES)
			rml_descend_equal(slots, 0, lane_ranks, RML_RANK_ROW, n, t->levels, wide, at);
		else if (wide)
			rml_descend(slots, lane_ranks, RML_RANK_ROW, t->levels, true, at);
		else
			rml_descend(slots, lane_ranks, RML_RANK_ROW, t->levels, false, at);
		for (int k = 0; k < n; k++)
			rml_add_leaf(image, tree, image->rank_exits + t->first_exit + at[k],
						 margins + (size_t) (r + k) * n_outputs);
	}
}

#endif
