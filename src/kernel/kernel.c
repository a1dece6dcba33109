/*
 * kernel.c
 *	  The one place where a kernel is chosen, and where margins begin and end.
 */
#include "kernel/kernel.h"

#include <string.h>

#include "base/hot.h"

/* Trees, and rows, between two polls. */
#define TREES_PER_CHUNK 512
#define ROWS_PER_CHUNK 256

/* Of memory: what comes from far at once, what has one address, and what is worth asking for. */
#define LINE 64
#define PAGE 4096
#define NEAR (16 * 1024)

const RmlKernel rml_kernels[] = {
	{.name = "scalar", .add_margins = rml_scalar_add_margins},
	{.name = "interleaved", .add_margins = rml_interleaved_add_margins},
#if defined(__x86_64__)
	{.name = "avx2", .add_margins = rml_avx2_add_margins, .ranked = true, .cpu_has = rml_avx2_cpu_has},
	{.name = "avx512", .add_margins = rml_avx512_add_margins, .ranked = true, .cpu_has = rml_avx512_cpu_has},
#endif
	{.name = NULL},
};

#define N_KERNELS (sizeof(rml_kernels) / sizeof(rml_kernels[0]) - 1)

static const RmlKernel linear = {.name = "linear"};

bool
rml_kernel_runs(const RmlKernel *kernel)
{
	return kernel->cpu_has == NULL || kernel->cpu_has();
}

const RmlKernel *
rml_kernel_by_name(const char *name)
{
	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

RML_HOT const RmlKernel *
rml_kernel_choose(const RmlImageHeader *header, const char *name)
{
	const RmlKernel *best = name != NULL ? rml_kernel_by_name(name) : rml_kernels + N_KERNELS - 1;

	if (header->flags & RML_IMAGE_LINEAR)
		return &linear;
	if (best == NULL)
		return NULL;
	while ((best->ranked && header->n_slots == 0) || !rml_kernel_runs(best))
		best--;
	return best;
}

/* Margins begin with the base margin, or get it last. */
static void
begin_margins(const RmlImage *image, int n_rows, float *margins)
{
	int			n_outputs = image->header->n_outputs;
	bool		base_last = (image->header->flags & RML_IMAGE_BASE_LAST) != 0;

	for (int r = 0; r < n_rows; r++, margins += n_outputs)
	{
		for (int i = 0; i < n_outputs; i++)
			margins[i] = base_last ? 0.0f : image->base_margin[i];
	}
}

static void
end_margins(const RmlImage *image, int n_rows, float *margins)
{
	int			n_outputs = image->header->n_outputs;

	for (int r = 0; r < n_rows && (image->header->flags & RML_IMAGE_BASE_LAST) != 0;
		 r++, margins += n_outputs)
	{
		for (int i = 0; i < n_outputs; i++)
			margins[i] = image->base_margin[i] + margins[i];
	}
}

RML_HOT static void
add_trees(const RmlKernel *kernel, const RmlImage *image, const float *rows, int n_rows,
		  float *margins, void (*poll) (void))
{
	int			n_trees = image->header->n_trees;

	begin_margins(image, n_rows, margins);
	for (int first = 0; first < n_trees; first += TREES_PER_CHUNK)
	{
		int			end = n_trees - first < TREES_PER_CHUNK ? n_trees : first + TREES_PER_CHUNK;

		if (poll != NULL)
			poll();
		kernel->add_margins(image, first, end, rows, n_rows, margins);
	}
	end_margins(image, n_rows, margins);
}

/* The lines, or one in every `step` bytes, of at most so much of a section. */
static void
prefetch(const void *section, size_t size, size_t most, size_t step)
{
	const char *data = section;

	for (size_t i = 0; i < size && i < most; i += step)
		__builtin_prefetch(data + i);
}

/*
 * A lookup by key finds nothing of the image in the caches that are near, and
 * of the addresses of its pages nothing at all.
 */
RML_HOT void
rml_kernel_expect(const RmlKernel *kernel, const RmlImage *image)
{
	const RmlImageExtent *sections = image->header->sections;

	if (!kernel->ranked || image->rank_trees == NULL)
		return;
	prefetch(image->rank_features, sections[RML_SEC_RANK_FEATURES].size, NEAR / 4, LINE);
	prefetch(image->rank_tables, sections[RML_SEC_RANK_TABLES].size, NEAR, PAGE);
	prefetch(image->rank_trees, sections[RML_SEC_RANK_TREES].size, NEAR / 4, LINE);
	prefetch(image->rank_nodes, sections[RML_SEC_RANK_NODES].size, NEAR, LINE);
	prefetch(image->rank_triples, sections[RML_SEC_RANK_TRIPLES].size, 4 * NEAR, PAGE);
	prefetch(image->rank_exits, sections[RML_SEC_RANK_EXITS].size, 4 * NEAR, PAGE);
}

void
rml_kernel_margins(const RmlKernel *kernel, const RmlImage *image, const float *row,
				   float *margins, void (*poll) (void))
{
	if (kernel->add_margins == NULL)
		rml_linear_margins(image, row, margins);
	else
		add_trees(kernel, image, row, 1, margins, poll);
}

RML_HOT void
rml_kernel_block(const RmlKernel *kernel, const RmlImage *image, const float *rows, int n_rows,
				 float *margins, void (*poll) (void))
{
	size_t		n_features = (size_t) image->header->n_features;
	size_t		n_outputs = (size_t) image->header->n_outputs;
	int			step = kernel->add_margins == NULL ? 1 : ROWS_PER_CHUNK;

	for (int r = 0; r < n_rows; r += step)
	{
		const float *chunk = rows + (size_t) r * n_features;
		float	   *to = margins + (size_t) r * n_outputs;

		if (kernel->add_margins == NULL)
			rml_kernel_margins(kernel, image, chunk, to, poll);
		else
			add_trees(kernel, image, chunk, n_rows - r < step ? n_rows - r : step, to, poll);
	}
}
