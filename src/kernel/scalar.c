/*
 * scalar.c
 *	  The reference kernel: one row, one tree, one node at a time.
 */
#include "kernel/kernel.h"

static bool
set_contains(const uint32_t *codes, uint32_t n, uint32_t code)
{
	uint32_t	low = 0;
	uint32_t	high = n;

	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (codes[middle] < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && codes[low] == code;
}

/* Where a split by category sends a code; see RML_IMAGE_ODD_* for the odd ones. */
static bool
category_goes_left(const RmlImage *image, const RmlImageNode *node, float x)
{
	uint32_t	flags = image->header->flags;
	const uint32_t *set = image->category_sets + node->set;
	uint32_t	n = *set++;

	if (flags & RML_IMAGE_ODD_TRUNCATED)
	{
		if (x <= -1.0f || x >= RML_MAX_CATEGORY)
			return true;
	}
	else if (flags & RML_IMAGE_ODD_DEFAULT)
	{
		uint32_t	bits = (set[n - 1] / 32 + 1) * 32;

		if (x < 0.0f || x >= RML_MAX_CATEGORY || x >= (float) bits)
			return (node->feature & RML_DEFAULT_LEFT) != 0;
	}
	else if (x < 0.0f || x >= RML_MAX_CATEGORY)
		return true;
	return !set_contains(set, n, (uint32_t) (int32_t) x);
}

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
			go_left = category_goes_left(image, node, x);
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
