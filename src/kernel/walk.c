/*
 * walk.c
 *	  Trees that are not in the rank layout: eight walks at a time.
 *
 * A walk waits for one load after the other; with several in flight the waits
 * overlap.  There are no branches on values, which no CPU would foresee: a
 * walk that has arrived stays at its leaf until all have.
 */
#include "kernel/walk.h"

typedef struct Walk
{
	const RmlImageNode *nodes;	/* of the tree */
	const RmlImageNode *at;
	const float *row;
} Walk;

/* Where a node sends a row: 0 left, 1 right. */
RML_INLINE uint32_t
walk_step(const RmlImage *image, const RmlImageNode *node, float x)
{
	uint32_t	default_right = (node->feature >> 31) ^ 1;

	if (__builtin_expect((node->feature & RML_BY_CATEGORY) != 0 && node->child != 0, 0))
		return x != x ? default_right
			: !rml_category_goes_left(image, node->set, x, default_right == 0);
	return (uint32_t) (x >= node->value) | ((uint32_t) (x != x) & default_right);
}

/* Takes n walks to their leaves. */
RML_INLINE void
walk_to_leaves(const RmlImage *image, Walk *walks, int n)
{
	uint32_t	moving;

	do
	{
		moving = 0;
		for (int k = 0; k < n; k++)
		{
			const RmlImageNode *node = walks[k].at;
			uint32_t	child = node->child;
			uint32_t	inner = -(uint32_t) (child != 0);	/* a leaf has no feature: read any */
			float		x = walks[k].row[node->feature & RML_FEATURE_MASK & inner];
			const RmlImageNode *next = walks[k].nodes + child + walk_step(image, node, x);

			walks[k].at = child != 0 ? next : node;
			moving |= child;
		}
	} while (moving != 0);
}

/* With the usual number of them known to the compiler. */
static void
walk_all(const RmlImage *image, Walk *walks, int n)
{
	if (n == RML_LANES)
		walk_to_leaves(image, walks, RML_LANES);
	else
		walk_to_leaves(image, walks, n);
}

void
rml_walk_trees(const RmlImage *image, int first_tree, int n, const float *row, float *margins)
{
	Walk		walks[RML_LANES];

	for (int k = 0; k < n; k++)
	{
		const RmlImageNode *nodes = image->nodes + image->trees[first_tree + k].first_node;

		walks[k] = (Walk) {nodes, nodes, row};
	}
	walk_all(image, walks, n);
	for (int k = 0; k < n; k++)
		rml_add_leaf(image, first_tree + k, &walks[k].at->value, margins);
}

void
rml_walk_rows(const RmlImage *image, int tree, const float *rows, int n_rows, float *margins)
{
	const RmlImageNode *nodes = image->nodes + image->trees[tree].first_node;
	size_t		n_features = (size_t) image->header->n_features;
	size_t		n_outputs = (size_t) image->header->n_outputs;

	for (int r = 0; r < n_rows; r += RML_LANES)
	{
		int			n = n_rows - r < RML_LANES ? n_rows - r : RML_LANES;
		Walk		walks[RML_LANES];

		for (int k = 0; k < n; k++)
			walks[k] = (Walk) {nodes, nodes, rows + (size_t) (r + k) * n_features};
		walk_all(image, walks, n);
		for (int k = 0; k < n; k++)
			rml_add_leaf(image, tree, &walks[k].at->value, margins + (size_t) (r + k) * n_outputs);
	}
}
