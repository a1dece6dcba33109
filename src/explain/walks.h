/*
 * walks.h
 *	  The two walks that paths.h describes.
 */
#ifndef RML_EXPLAIN_WALKS_H
#define RML_EXPLAIN_WALKS_H

#include "explain/paths.h"

/* ---- one block, by recursion ---- */

/* Deeper trees are walked without recursion. */
#define RML_NARROW_DEPTH 256

/* What a feature on the path has become. */
typedef struct RmlNarrowFeature
{
	RmlBlockOf4 inverse;		/* 1 / T */
	RmlBlockOf4 a;				/* (1 - z) / T */
	float		z;
	bool		cold;			/* o = 0: the others mean nothing */
} RmlNarrowFeature;

/* Of a feature that is not on the path. */
extern const RmlNarrowFeature rml_narrow_absent;

/*
 * Adds a tree to the sums, one block per feature, each of whose numbers is a
 * part of the contribution.  All features point to rml_narrow_absent.
 */
extern void rml_walk_narrow(const RmlPaths *paths, const RmlNarrowFeature **features, RmlBlockOf4 *sums);

/* ---- any number of blocks, without recursion ---- */

typedef struct RmlWideWalk RmlWideWalk;

/* Memory that a walk of trees up to this depth takes. */
extern size_t rml_wide_size(uint32_t depth, int n_blocks, int32_t n_features);

/* Lays it out in memory of that size, aligned to 16 bytes. */
extern RmlWideWalk *rml_wide_begin(void *memory, uint32_t depth, int n_blocks, int32_t n_features);

/* Adds a tree to the contributions. */
extern void rml_walk_wide(const RmlPaths *paths, RmlWideWalk *walk, double *contributions);

#endif
