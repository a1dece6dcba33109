/*
 * walk.c
 *	  Trees that are not in the rank layout: eight walks at a time.
 *
 * A walk waits for one load after the other; with several in flight the waits
 * overlap.  There are no branches on values, which no CPU would foresee: a
 * walk that has arrived stays at its leaf until all have.
 */
#include "kernel/walk.h"

typedef struct Walks
{
	const RmlImageNode *nodes[RML_LANES];	/* of the tree */
	const float *row[RML_LANES];
	uint32_t	at[RML_LANES];
} Walks;

/* Where a split sends a row: 0 left, 1 right. */
RML_INLINE uint32_t
decide(const RmlImage *image, const RmlImageNode *node, float x, bool has_sets)
{
	uint32_t	default_right = (node->feature >> 31) ^ 1;

	if (has_sets && (node->feature & RML_BY_CATEGORY) != 0 && node->child != 0)
		return x != x ? default_right
			: !rml_category_goes_left(image, node->set, x, default_right == 0);
	return (uint32_t) (x >= node->value) | ((uint32_t) (x != x) & default_right);
}

/*
 * Takes n walks to their leaves.  Whether one has arrived is a mask, not a
 * condition, lest the compiler makes a branch of it.
 */
RML_INLINE void
walk_to_leaves(const RmlImage *image, Walks *w, int n, bool has_sets)
{
	uint32_t	moving;
	uint32_t	at[RML_LANES] = {0};

	do
	{
		moving = 0;
#pragma GCC unroll 8
		for (int k = 0; k < n; k++)
		{
			const RmlImageNode *node = w->nodes[k] + at[k];
			uint32_t	child = node->child;
			uint32_t	inner = (uint32_t) ((int32_t) (child | -child) >> 31);	/* all ones if it has children */
			/* a leaf has no feature: read any */
			float		x = w->row[k][node->feature & RML_FEATURE_MASK & inner];
			uint32_t	next = child + decide(image, node, x, has_sets);

			at[k] ^= (at[k] ^ next) & inner;
			moving |= child;
		}
	} while (moving != 0);
	for (int k = 0; k < n; k++)
		w->at[k] = at[k];
}

/* With what is usual known to the compiler. */
static void
walk_all(const RmlImage *image, Walks *w, int n)
{
	if (image->header->sections[RML_SEC_CATEGORY_SETS].size != 0)
		walk_to_leaves(image, w, n, true);
	else if (n == RML_LANES)
		walk_to_leaves(image, w, RML_LANES, false);
	else
		walk_to_leaves(image, w, n, false);
}

void
rml_walk_trees(const RmlImage *image, int first_tree, int n, const float *row, float *margins)
{
	Walks		w;

	for (int k = 0; k < n; k++)
	{
		w.nodes[k] = image->nodes + image->trees[first_tree + k].first_node;
		w.row[k] = row;
	}
	walk_all(image, &w, n);
	for (int k = 0; k < n; k++)
		rml_add_leaf(image, first_tree + k, &w.nodes[k][w.at[k]].value, margins);
}

void
rml_walk_rows(const RmlImage *image, int tree, const float *rows, int n_rows, float *margins)
{
	size_t		n_features = (size_t) image->header->n_features;
	size_t		n_outputs = (size_t) image->header->n_outputs;

	for (int r = 0; r < n_rows; r += RML_LANES)
	{
		int			n = n_rows - r < RML_LANES ? n_rows - r : RML_LANES;
		Walks		w;

		for (int k = 0; k < n; k++)
		{
			w.nodes[k] = image->nodes + image->trees[tree].first_node;
			w.row[k] = rows + (size_t) (r + k) * n_features;
		}
		walk_all(image, &w, n);
		for (int k = 0; k < n; k++)
			rml_add_leaf(image, tree, &w.nodes[k][w.at[k]].value, margins + (size_t) (r + k) * n_outputs);
	}
}
