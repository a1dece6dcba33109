/*
 * walk.h
 *	  Several walks over an image's nodes at a time.
 *
 * A walk waits for one load after the other; with several in flight the waits
 * overlap.  There are no branches on values, which no CPU would foresee: a
 * walk that has arrived stays at its leaf until all have.
 */
#ifndef RML_KERNEL_WALK_H
#define RML_KERNEL_WALK_H

#include "kernel/ranks.h"

#define RML_LANES 8

typedef struct RmlWalk
{
	const RmlImageNode *nodes;	/* of the tree */
	const RmlImageNode *at;
	const float *row;
} RmlWalk;

/* Where a node sends a row: 0 left, 1 right. */
RML_INLINE uint32_t
rml_walk_step(const RmlImage *image, const RmlImageNode *node, float x)
{
	uint32_t	default_right = (node->feature >> 31) ^ 1;

	if (__builtin_expect((node->feature & RML_BY_CATEGORY) != 0 && node->child != 0, 0))
		return x != x ? default_right
			: !rml_category_goes_left(image, node->set, x, default_right == 0);
	return (uint32_t) (x >= node->value) | ((uint32_t) (x != x) & default_right);
}

/* Takes n walks to their leaves. */
RML_INLINE void
rml_walk(const RmlImage *image, RmlWalk *walks, int n)
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
			const RmlImageNode *next = walks[k].nodes + child + rml_walk_step(image, node, x);

			walks[k].at = child != 0 ? next : node;
			moving |= child;
		}
	} while (moving != 0);
}

#endif
