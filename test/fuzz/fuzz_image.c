/*
 * fuzz_image.c
 *	  Fuzz target: the checker of compiled images, and the kernels behind it.
 *
 * The bytes are tried as they are and with their checksum repaired, so that
 * the checks behind the checksum are met.  What the checker accepts, every
 * kernel must score without leaving the block.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "mutate.h"

#define N_ROWS 4

/* Thresholds and their neighbours, codes of categories and what is near, odd values. */
static void
fill_rows(float *rows, size_t n, const RmlImage *image)
{
	static const float odd[] = {NAN, 0.0f, -0.5f, INFINITY, -INFINITY, 16777216.0f, 3e9f, -3e9f};
	uint64_t	n_nodes = rml_image_entries(image->header, RML_SEC_NODES);
	uint64_t	n_codes = rml_image_entries(image->header, RML_SEC_CATEGORY_SETS);

	for (size_t i = 0; i < n; i++)
	{
		const RmlImageNode *node = n_nodes > 0 ? &image->nodes[i * 7 % n_nodes] : NULL;

		if (i % 5 == 0 || node == NULL)
			rows[i] = odd[i / 5 % 8];
		else if (n_codes > 0 && i % 2 == 0)
			rows[i] = (float) image->category_sets[i * 13 % n_codes] + (float) (i / 2 % 3) - 1.0f;
		else
			rows[i] = nextafterf(node->value, i % 2 ? INFINITY : -INFINITY);
	}
}

static void
score(const RmlImage *image)
{
	size_t		n_features = (size_t) image->header->n_features;
	int32_t		n_trees = image->header->n_trees;
	float	   *rows;
	float	   *margins;
	int32_t    *leaves;

	/* callers make rows this wide */
	REQUIRE(n_features <= RML_MAX_FEATURES && image->header->n_outputs <= RML_MAX_OUTPUTS);
	rows = malloc(N_ROWS * n_features * sizeof(float));
	margins = malloc(N_ROWS * (size_t) image->header->n_outputs * sizeof(float));
	leaves = malloc((size_t) n_trees * sizeof(int32_t) + 1);
	REQUIRE(rows != NULL && margins != NULL && leaves != NULL);
	fill_rows(rows, N_ROWS * n_features, image);
	check_scores(image, rows, N_ROWS, margins);
	check_contributions(image, rows, N_ROWS, margins);
	for (int r = 0; r < N_ROWS; r++)
		rml_kernel_leaves(image, 0, n_trees, rows + (size_t) r * n_features, leaves);
	free(leaves);
	free(margins);
	free(rows);
}

static void
try_image(const void *data, size_t size)
{
	RmlError	err = {0};
	RmlImage	image;

	if (rml_image_open(&image, data, size, &err))
	{
		score(&image);
		check_texts(&image);
	}
	else
		REQUIRE(err.kind == RML_CORRUPT && err.message[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void	   *block = malloc(size > 0 ? size : 1);

	REQUIRE(block != NULL);
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
