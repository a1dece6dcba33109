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

#include "kernel/category.h"

/* Bytes of a row of ranks; one more than there are slots, see RML_NO_SLOT. */
#define RML_RANK_ROW 320

#define RML_RANK_TOP 255		/* above every cut */

#define RML_INLINE static inline __attribute__((always_inline))

/* Where a row of ranks is to be written. */
typedef struct RmlRankRow
{
	uint8_t    *ranks;
	size_t		stride;			/* from one slot to the next */
	uint8_t		flip;			/* 0xFF: bytes are the ranks' complements */
} RmlRankRow;

RML_INLINE void
rml_put_slots(RmlRankRow to, uint32_t right_slot, uint32_t left_slot, uint8_t right, uint8_t left)
{
	to.ranks[right_slot * to.stride] = right ^ to.flip;
	to.ranks[left_slot * to.stride] = left ^ to.flip;
}

RML_INLINE void
rml_put_rank(const RmlImage *image, const RmlRankFeature *f, uint32_t rank, bool missing,
			 RmlRankRow to)
{
	const RmlRankGroup *group = image->rank_groups + f->first_group;
	uint32_t	n = f->n_groups;

	for (;;)
	{
		uint8_t		value = (uint8_t) (rank < RML_RANK_TOP ? rank : RML_RANK_TOP);

		rml_put_slots(to, group->right, group->left, missing ? RML_RANK_TOP : value,
					  missing ? 0 : value);
		if (--n == 0)
			break;
		rank = rank > RML_GROUP_CUTS ? rank - RML_GROUP_CUTS : 0;
		group++;
	}
}

/* The slots of sets of categories. */
RML_INLINE void
rml_put_sets(const RmlImage *image, const float *row, RmlRankRow to)
{
	for (uint32_t i = 0; i < image->n_rank_sets; i++)
	{
		const RmlRankSet *s = &image->rank_sets[i];
		float		x = row[s->feature];
		bool		missing = x != x;

		rml_put_slots(to, s->right, s->left,
					  missing || !rml_category_goes_left(image, s->set, x, false),
					  !missing && !rml_category_goes_left(image, s->set, x, true));
	}
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
