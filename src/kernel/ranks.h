/*
 * ranks.h
 *	  What kernels that compare ranks share: writing a row of ranks once the
 *	  rank of each feature is found, and adding leaves.
 *
 * All of it is inlined into kernels that are compiled for different CPUs.
 */
#ifndef RML_KERNEL_RANKS_H
#define RML_KERNEL_RANKS_H

#include <string.h>

#include "base/inline.h"
#include "kernel/category.h"

/* Bytes of a row of ranks: one more than there are slots, and full registers of 64. */
#define RML_RANK_ROW (RML_MAX_SLOTS + 64)

#define RML_RANK_TOP 255		/* above every cut */

/* Writes what a feature has in a row of ranks; the rank of a missing value is 0. */
RML_INLINE void
rml_put_rank(const RmlImage *image, const RmlRankFeature *f, uint32_t rank, bool missing,
			 uint8_t *ranks)
{
	const RmlRankGroup *group = image->rank_groups + f->first_group;
	uint32_t	n = f->n_groups;

	/* the usual case: no rank is above RML_GROUP_CUTS */
	if (n == 1)
	{
		ranks[group->left] = (uint8_t) rank;
		ranks[group->right] = missing ? RML_RANK_TOP : (uint8_t) rank;
		return;
	}
	for (;;)
	{
		uint8_t		value = (uint8_t) (rank < RML_RANK_TOP ? rank : RML_RANK_TOP);

		ranks[group->right] = missing ? RML_RANK_TOP : value;
		ranks[group->left] = value;
		if (--n == 0)
			break;
		rank = rank > RML_GROUP_CUTS ? rank - RML_GROUP_CUTS : 0;
		group++;
	}
}

/* Writes what sets of categories have, complemented if flip is 0xFF. */
RML_INLINE void
rml_put_sets(const RmlImage *image, const float *row, uint8_t *ranks, size_t stride, uint8_t flip)
{
	for (uint32_t i = 0; i < image->n_rank_sets; i++)
	{
		const RmlRankSet *s = &image->rank_sets[i];
		float		x = row[s->feature];
		bool		missing = x != x;

		ranks[s->right * stride] = flip ^
			(uint8_t) (missing || !rml_category_goes_left(image, s->set, x, false));
		ranks[s->left * stride] = flip ^
			(uint8_t) (!missing && !rml_category_goes_left(image, s->set, x, true));
	}
}

/* Is there one output, to which every tree adds a number?  Then a sum can stay in a register. */
RML_INLINE bool
rml_has_one_sum(const RmlImage *image)
{
	return image->header->n_outputs == 1 && image->header->sections[RML_SEC_LEAF_VECTORS].size == 0;
}

/* A leaf holds a value, or the row of the leaf vectors, as its tree has it. */
RML_INLINE void
rml_add_leaf(const RmlImage *image, int tree, const float *leaf, float *margins)
{
	int32_t		output = image->trees[tree].output;
	int32_t		n_outputs = image->header->n_outputs;
	const float *vector;
	uint32_t	row;

	if (output != RML_ALL_OUTPUTS)
	{
		margins[output] += *leaf;
		return;
	}
	memcpy(&row, leaf, sizeof(row));
	vector = image->leaf_vectors + (size_t) row * (size_t) n_outputs;
	for (int32_t i = 0; i < n_outputs; i++)
		margins[i] += vector[i];
}

#endif
