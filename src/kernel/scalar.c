/*
 * scalar.c
 *	  The reference kernel: one row, one tree, one node at a time.
 */
#include "kernel/kernel.h"

/* The leaf that a row reaches.  NaN compares false, so test it by itself. */
static inline const RmlImageNode *
find_leaf(const RmlImageNode *nodes, const float *row)
{
	const RmlImageNode *node = nodes;

	while (node->child != 0)
	{
		float		x = row[node->feature & RML_FEATURE_MASK];
		bool		go_left = x < node->value ||
			(x != x && (node->feature & RML_DEFAULT_LEFT) != 0);

		node = nodes + node->child + (go_left ? 0 : 1);
	}
	return node;
}

void
rml_scalar_add_margins(const RmlImage *image, int first_tree, int end_tree,
					   const float *rows, int n_rows, float *margins)
{
	int			n_features = image->header->n_features;
	int			n_outputs = image->header->n_outputs;

	for (int r = 0; r < n_rows; r++)
	{
		const float *row = rows + (size_t) r * n_features;
		float	   *margin = margins + (size_t) r * n_outputs;

		for (int t = first_tree; t < end_tree; t++)
		{
			const RmlImageTree *tree = &image->trees[t];

			margin[tree->output] += find_leaf(image->nodes + tree->first_node, row)->value;
		}
	}
}

void
rml_kernel_leaves(const RmlImage *image, int first_tree, int end_tree,
				  const float *row, int32_t *leaves)
{
	for (int t = first_tree; t < end_tree; t++)
		leaves[t - first_tree] = (int32_t)
			find_leaf(image->nodes + image->trees[t].first_node, row)->feature;
}
