/*
 * scalar.c
 *	  The reference kernel: one row, one tree, one node at a time.
 */
#include "kernel/category.h"
#include "kernel/kernel.h"

/* The leaf that a row reaches.  NaN compares false, so test it by itself. */
static inline const RmlImageNode *
find_leaf(const RmlImage *image, const RmlImageTree *tree, const float *row)
{
	const RmlImageNode *nodes = image->nodes + tree->first_node;
	const RmlImageNode *node = nodes;

	while (node->child != 0)
	{
		float		x = row[node->feature & RML_FEATURE_MASK];
		bool		go_left;

		if (x != x)
			go_left = (node->feature & RML_DEFAULT_LEFT) != 0;
		else if (node->feature & RML_BY_CATEGORY)
			go_left = rml_category_goes_left(image, node->set, x,
											 (node->feature & RML_DEFAULT_LEFT) != 0);
		else
			go_left = x < node->value;
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
			const RmlImageNode *leaf = find_leaf(image, tree, row);
			const float *vector;

			if (tree->output != RML_ALL_OUTPUTS)
			{
				margin[tree->output] += leaf->value;
				continue;
			}
			vector = image->leaf_vectors + (size_t) leaf->row * n_outputs;
			for (int i = 0; i < n_outputs; i++)
				margin[i] += vector[i];
		}
	}
}

void
rml_kernel_leaves(const RmlImage *image, int first_tree, int end_tree,
				  const float *row, int32_t *leaves)
{
	for (int t = first_tree; t < end_tree; t++)
		leaves[t - first_tree] = (int32_t) find_leaf(image, &image->trees[t], row)->feature;
}
