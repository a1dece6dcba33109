/*
 * paths.h
 *	  Contributions of a tree, by a walk over all its paths.
 *
 * For a leaf of value v, let o be 1 or 0 for each feature on its path (does
 * the row satisfy all that the path asks of it?) and z the product of the
 * covers of its edges.  The feature's share of the leaf is
 *
 *		v (o - z) * integral from 0 to 1 of product over others of T(t) dt,
 *		T(t) = o t + z (1 - t)
 *
 * The integrand is a polynomial, one degree below the number of features on
 * the path, which a Gauss-Legendre rule of half as many nodes integrates
 * exactly.  All that follows is done for each node of the rule at once, four
 * of them a block.
 *
 * The walk comes down with the product p of all T (and the weights of the
 * rule) and goes up with s, the sum of v p over the leaves below.  An edge adds
 * to its feature s A - s A', where A = (o - z) / T, and A' is the same of the
 * path above, if the feature is on it.  For o = 0, A = -1 / (1 - t), whatever
 * z is: so a second edge of such a feature adds nothing, and only edges that
 * the row satisfies need a division.
 */
#ifndef RML_EXPLAIN_PATHS_H
#define RML_EXPLAIN_PATHS_H

#include "explain/explain.h"
#include "kernel/category.h"

#define RML_BLOCK 4				/* nodes of the rule */

/*
 * A rule of 128 nodes is exact for 256 features on a path.  It serves longer
 * ones, too: what it misses is below what float32 resolves.
 */
#define RML_MAX_BLOCKS 32

typedef float RmlBlockOf4 __attribute__((vector_size(16)));

/* Nodes of a rule and what is made of them. */
typedef struct RmlRule
{
	RmlBlockOf4 t[RML_MAX_BLOCKS];
	RmlBlockOf4 u[RML_MAX_BLOCKS];	/* 1 - t */
	RmlBlockOf4 inverse_u[RML_MAX_BLOCKS];
	RmlBlockOf4 weight[RML_MAX_BLOCKS];
} RmlRule;

/* A rule of 4 * n_blocks nodes. */
extern void rml_make_rule(RmlRule *rule, int n_blocks);

/* Where a walk is. */
typedef struct RmlPaths
{
	const RmlImage *image;
	const RmlImageNode *nodes;	/* of the tree */
	const float *covers;
	const float *leaves;		/* vectors' component of the output, or NULL */
	const float *row;
	const RmlRule *rule;
	int			n_blocks;
} RmlPaths;

/* Where a split sends the row: 0 left, 1 right. */
static inline uint32_t
rml_explain_side(const RmlImage *image, const RmlImageNode *node, float x)
{
	uint32_t	default_right = (node->feature >> 31) ^ 1;

	if (node->feature & RML_BY_CATEGORY)
		return x != x ? default_right : !rml_category_goes_left(image, node->set, x, default_right == 0);
	return (uint32_t) (x >= node->value) | ((uint32_t) (x != x) & default_right);
}

static inline float
rml_explain_leaf(const RmlPaths *paths, const RmlImageNode *leaf)
{
	return paths->leaves == NULL ? leaf->value
		: paths->leaves[(size_t) leaf->row * (size_t) paths->image->header->n_outputs];
}

#endif
