/*
 * fuzz_image.c
 *	  Fuzz target: the checker of compiled images, and the kernels behind it.
 *
 * The bytes are tried as they are and with their checksum repaired, so that
 * the checks behind the checksum are met.  What the checker accepts, every
 * kernel must score without leaving the block.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/xgb.h"
#include "kernel/kernel.h"
#include "mutate.h"

#define N_ROWS 4

static void
fill_rows(float *rows, size_t n, const RmlImage *image)
{
	const RmlImageHeader *header = image->header;
	uint64_t	n_nodes = header->sections[RML_SEC_NODES].size / sizeof(RmlImageNode);

	for (size_t i = 0; i < n; i++)
	{
		if (i % 3 == 0 || n_nodes == 0)
			rows[i] = i % 2 == 0 ? NAN : 0.0f;
		else
			rows[i] = nextafterf(image->nodes[i * 7 % n_nodes].value, i % 2 ? INFINITY : -INFINITY);
	}
}

static void
score(const RmlImage *image)
{
	int32_t		n_features = image->header->n_features;
	int32_t		n_trees = image->header->n_trees;
	size_t		n_values = (size_t) N_ROWS * n_features;
	float	   *rows;
	int32_t    *leaves;
	float		margins[N_ROWS];
	float		first[N_ROWS];

	/* callers make rows this wide */
	if (n_features > RML_MAX_FEATURES)
		abort();
	rows = malloc(n_values * sizeof(float) + 1);
	leaves = malloc((size_t) n_trees * sizeof(int32_t) + 1);
	if (rows == NULL || leaves == NULL)
		abort();
	fill_rows(rows, n_values, image);
	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		for (int r = 0; r < N_ROWS; r++)
			margins[r] = rml_margin_begin(image, 0);
		k->add_margins(image, 0, n_trees / 2, rows, N_ROWS, margins);
		k->add_margins(image, n_trees / 2, n_trees, rows, N_ROWS, margins);
		if (k == rml_kernels)
			memcpy(first, margins, sizeof(margins));
		for (int r = 0; r < N_ROWS; r++)
		{
			if (memcmp(&first[r], &margins[r], sizeof(float)) != 0 && !isnan(first[r]))
				abort();
			(void) rml_response(image->objective, image->writer, rml_margin_end(image, 0, margins[r]));
		}
	}
	for (int r = 0; r < N_ROWS; r++)
		rml_kernel_leaves(image, 0, n_trees, rows + (size_t) r * n_features, leaves);
	free(leaves);
	free(rows);
}

static void
read_names(const RmlImage *image)
{
	char		buffer[16];
	size_t		length;
	unsigned	sum = 0;

	for (int i = 0; i < image->header->n_features && i < RML_MAX_FEATURES; i++)
	{
		const char *name = rml_image_feature_name(image, i, buffer, &length);

		for (size_t at = 0; at < length; at++)
			sum += (uint8_t) name[at];
	}
	if (sum == UINT32_MAX)
		abort();				/* keeps the reads */
}

static void
try_image(const void *data, size_t size)
{
	RmlError	err = {0};
	RmlImage	image;

	if (rml_image_open(&image, data, size, &err))
	{
		score(&image);
		read_names(&image);
	}
	else if (err.kind != RML_CORRUPT || err.message[0] == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void	   *block = malloc(size > 0 ? size : 1);

	if (block == NULL)
		abort();
	memcpy(block, data, size);
	try_image(block, size);
	if (size >= sizeof(RmlImageHeader))
	{
		rml_image_seal(block, size);
		try_image(block, size);
	}
	free(block);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_image(data, size, max_size, seed);
}
