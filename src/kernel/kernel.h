/*
 * kernel.h
 *	  Evaluates a checked image for rows of float32 features.
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
 * Adds each tree's leaf to the margins (n_rows × n_outputs, begun by
 * rml_kernel_margins), tree by tree in order, one float32 addition at a time.
 */
typedef void (*RmlMarginFn) (const RmlImage *image, int first_tree, int end_tree,
							 const float *rows, int n_rows, float *margins);

typedef struct RmlKernel
{
	const char *name;
	RmlMarginFn add_margins;	/* NULL: for models that have no trees */
	bool		ranked;			/* gains nothing without the image's rank sections */
	bool		(*cpu_has) (void);	/* what it is compiled for; NULL: any has */
} RmlKernel;

/*
 * All kernels for trees of this build, ended by a NULL name; the first is the
 * reference, and each is better than those before it.
 */
extern const RmlKernel rml_kernels[];

/* Can this CPU run it? */
extern bool rml_kernel_runs(const RmlKernel *kernel);

/* The kernel of that name, or NULL. */
extern const RmlKernel *rml_kernel_by_name(const char *name);

/*
 * The best kernel for the image and this CPU, none better than the one of that
 * name unless it is NULL; for a linear model the one there is.  NULL if no
 * kernel has that name.
 */
extern const RmlKernel *rml_kernel_choose(const RmlImageHeader *header, const char *name);

/*
 * The margins of one row, n_outputs of them.  `poll` (or NULL) is called now
 * and then, and may leave by longjmp.
 */
extern void rml_kernel_margins(const RmlKernel *kernel, const RmlImage *image, const float *row,
							   float *margins, void (*poll) (void));

/* Says that a row will be scored soon, so that the image's memory is at hand by then. */
extern void rml_kernel_expect(const RmlKernel *kernel, const RmlImage *image);

/* The same for any number of rows, n_rows × n_outputs margins. */
extern void rml_kernel_block(const RmlKernel *kernel, const RmlImage *image, const float *rows,
							 int n_rows, float *margins, void (*poll) (void));

/* The file's node id of the leaf that each tree of the range sends the row to. */
extern void rml_kernel_leaves(const RmlImage *image, int first_tree, int end_tree,
							  const float *row, int32_t *leaves);

/* Implementations, one file each. */
extern void rml_scalar_add_margins(const RmlImage *image, int first_tree, int end_tree,
								   const float *rows, int n_rows, float *margins);
extern void rml_interleaved_add_margins(const RmlImage *image, int first_tree, int end_tree,
										const float *rows, int n_rows, float *margins);
#if defined(__x86_64__)
extern bool rml_avx2_cpu_has(void);
extern void rml_avx2_add_margins(const RmlImage *image, int first_tree, int end_tree,
								 const float *rows, int n_rows, float *margins);
extern bool rml_avx512_cpu_has(void);
extern void rml_avx512_add_margins(const RmlImage *image, int first_tree, int end_tree,
								   const float *rows, int n_rows, float *margins);
#endif
extern void rml_linear_margins(const RmlImage *image, const float *row, float *margins);

#endif
