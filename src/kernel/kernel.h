/*
 * kernel.h
 *	  Evaluates the trees of a checked image for rows of float32 features.
 *
 * One signature for every kernel.  A row is n_features values, NaN meaning
 * missing, rows one after the other.  A call covers the trees
 * [first_tree, end_tree), so that a caller can stop between calls; results
 * must not depend on how the range is cut.
 */
#ifndef RML_KERNEL_KERNEL_H
#define RML_KERNEL_KERNEL_H

#include "model/image.h"

/*
 * Adds each tree's leaf to the margins (n_rows × n_outputs, begun by the caller
 * with rml_margin_begin), tree by tree in order, one float32 addition at a time.
 */
typedef void (*RmlMarginFn) (const RmlImage *image, int first_tree, int end_tree,
							 const float *rows, int n_rows, float *margins);

typedef struct RmlKernel
{
	const char *name;
	RmlMarginFn add_margins;
} RmlKernel;

/*
 * What a margin is before the first tree, and what it becomes after the last:
 * where the base margin comes in depends on the writing version.
 */
static inline float
rml_margin_begin(const RmlImage *image, int output)
{
	return image->header->flags & RML_IMAGE_BASE_LAST ? 0.0f : image->base_margin[output];
}

static inline float
rml_margin_end(const RmlImage *image, int output, float sum)
{
	return image->header->flags & RML_IMAGE_BASE_LAST ? image->base_margin[output] + sum : sum;
}

/* All kernels of this build, ended by a NULL name; the first is the reference. */
extern const RmlKernel rml_kernels[];

/*
 * The kernel of that name, or the best one for the image and this CPU if the
 * name is NULL.  NULL if there is none.
 */
extern const RmlKernel *rml_kernel_choose(const RmlImage *image, const char *name);

/* The file's node id of the leaf that each tree of the range sends the row to. */
extern void rml_kernel_leaves(const RmlImage *image, int first_tree, int end_tree,
							  const float *row, int32_t *leaves);

/* Implementations, one file each. */
extern void rml_scalar_add_margins(const RmlImage *image, int first_tree, int end_tree,
								   const float *rows, int n_rows, float *margins);

#endif
