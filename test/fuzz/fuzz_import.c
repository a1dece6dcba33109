/*
 * fuzz_import.c
 *	  Fuzz target: the way of a model file from bytes to a score.
 *
 * Whatever the bytes are, the import ends with an error that can be shown, or
 * with an image that passes its checker and whose every kernel gives, bit for
 * bit, the margin that a walk over the file's own arrays gives.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "host.h"
#include "import/xgb.h"
#include "kernel/kernel.h"
#include "mutate.h"

#define N_ROWS 12
#define FIXED_MEMORY (64 * 1024)
#define MAX_ROW_FEATURES 4096	/* wider models get their first rows only */

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* A fault must be one that a user can be shown. */
static void
check_error(const RmlError *err, size_t size)
{
	size_t		length = strlen(err->message);
	size_t		at = 0;

	REQUIRE(err->kind != RML_OK);
	REQUIRE(length > 0);
	REQUIRE((err->offset == RML_NO_OFFSET) == (err->kind != RML_SYNTAX));
	REQUIRE(err->offset == RML_NO_OFFSET || err->offset <= size);
	while (at < length)
	{
		size_t		n = rml_utf8_length((const uint8_t *) err->message + at, length - at);

		REQUIRE(n > 0);
		at += n;
	}
}

static uint32_t
hash32(uint32_t x)
{
	x = (x ^ (x >> 16)) * UINT32_C(0x7feb352d);
	x = (x ^ (x >> 15)) * UINT32_C(0x846ca68b);
	return x ^ (x >> 16);
}

/* Puts thresholds of the model into the row, of each feature one of its own. */
static void
take_thresholds(const RmlXgbModel *model, uint32_t seed, float *row)
{
	for (int32_t i = 0; i < model->n_trees; i++)
	{
		const RmlXgbTree *tree = &model->trees[i];

		for (int32_t n = 0; n < tree->num_nodes; n++)
		{
			if (tree->left.values[n] != -1 && hash32(seed + (uint32_t) (i * 977 + n)) % 3 == 0)
				row[tree->split_index.values[n]] = tree->split_condition.values[n];
		}
	}
}

static void
fill_row(const RmlXgbModel *model, int kind, const uint8_t *data, size_t size, float *row)
{
	static const float specials[] = {
		NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-45f, 3.4028235e38f, -3.4028235e38f
	};
	int32_t		n = model->num_feature;

	for (int32_t i = 0; i < n; i++)
	{
		if (kind < 4)
			row[i] = specials[kind];
		else if (kind < 8)
			row[i] = specials[hash32((uint32_t) (kind * 7919 + i)) % 8];
		else
		{
			/* bytes of the input */
			for (size_t b = 0; b < sizeof(float); b++)
				((uint8_t *) &row[i])[b] = data[((size_t) i * 4 + b + (size_t) kind * 64) % size];
		}
	}
	if (kind < 5)
		return;
	take_thresholds(model, (uint32_t) kind, row);
	for (int32_t i = 0; i < n; i++)
	{
		uint32_t	step = hash32((uint32_t) (kind * 31 + i)) % 3;

		if (step != 0)
			row[i] = nextafterf(row[i], step == 1 ? INFINITY : -INFINITY);
	}
}

static bool
same_float(float a, float b)
{
	uint32_t	bits_a;
	uint32_t	bits_b;

	memcpy(&bits_a, &a, sizeof(a));
	memcpy(&bits_b, &b, sizeof(b));
	return bits_a == bits_b || (isnan(a) && isnan(b));
}

static void
check_leaves(const RmlXgbModel *model, const RmlImage *image, const float *row, TestHost *host)
{
	int32_t		n = image->header->n_trees;
	int32_t    *leaves = rml_alloc(&host->host, (size_t) n * sizeof(int32_t));

	rml_kernel_leaves(image, 0, n, row, leaves);
	for (int32_t id = 0; id < n; id++)
	{
		const RmlXgbTree *tree = model->by_id[id];

		REQUIRE(leaves[id] >= 0 && leaves[id] < tree->num_nodes);
		REQUIRE(tree->left.values[leaves[id]] == -1);
	}
	host->host.release(&host->host, leaves);
}

/* Every kernel, the trees in one piece and in two, against the file's arrays. */
static void
check_scores(const RmlXgbModel *model, const RmlImage *image, const float *rows, int n_rows)
{
	int32_t		n_trees = image->header->n_trees;
	float		margins[N_ROWS];

	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		for (int32_t cut = 0; cut <= n_trees; cut += n_trees / 3 + 1)
		{
			for (int r = 0; r < n_rows; r++)
				margins[r] = rml_margin_begin(image, 0);
			k->add_margins(image, 0, cut, rows, n_rows, margins);
			k->add_margins(image, cut, n_trees, rows, n_rows, margins);
			for (int r = 0; r < n_rows; r++)
				REQUIRE(same_float(rml_margin_end(image, 0, margins[r]),
								   rml_xgb_reference_margin(model, n_trees,
															rows + (size_t) r * model->num_feature)));
		}
	}
}

/* Counts splits per feature; its sums may overflow, its indices may not. */
static void
check_importance(const RmlXgbModel *model, int32_t n_trees, TestHost *host)
{
	size_t		n = (size_t) model->num_feature;
	int32_t    *weight = rml_alloc(&host->host, n * sizeof(int32_t));
	float	   *gain = rml_alloc(&host->host, n * sizeof(float));
	float	   *cover = rml_alloc(&host->host, n * sizeof(float));
	int64_t		n_splits = 0;
	int64_t		n_nodes = 0;

	rml_xgb_importance(model, n_trees, &host->host, weight, gain, cover);
	for (size_t i = 0; i < n; i++)
		n_splits += weight[i];
	for (int32_t id = 0; id < n_trees; id++)
		n_nodes += model->by_id[id]->num_nodes - model->by_id[id]->num_deleted;
	REQUIRE(2 * n_splits + n_trees == n_nodes);
}

static void
check_image(const RmlXgbModel *model, const RmlImage *image,
			const uint8_t *data, size_t size, TestHost *scoring)
{
	int32_t		n = model->num_feature;
	int			n_rows = n > MAX_ROW_FEATURES ? 2 : N_ROWS;
	float	   *rows = rml_alloc(&scoring->host, (size_t) n_rows * n * sizeof(float));
	char		buffer[16];
	size_t		length;

	for (int r = 0; r < n_rows; r++)
	{
		fill_row(model, r, data, size, rows + (size_t) r * n);
		check_leaves(model, image, rows + (size_t) r * n, scoring);
	}
	check_scores(model, image, rows, n_rows);
	check_importance(model, image->header->n_trees, scoring);
	for (int32_t i = 0; i < n; i++)
	{
		const char *name = rml_image_feature_name(image, i, buffer, &length);

		REQUIRE(length == 0 || rml_utf8_length((const uint8_t *) name, length) > 0);
	}
}

/* Builds and checks the image; false if an option does not fit. */
static bool
build(const RmlXgbModel *model, RmlImportOptions options, const uint8_t *data, size_t size,
	  TestHost *host, RmlError *err)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1, 2, 3};
	TestHost	scoring;
	RmlImage	image;
	RmlBlock	block;

	if (!rml_xgb_build(model, &options, identity, &host->host, &block, err))
		return false;
	REQUIRE(rml_image_open(&image, block.data, block.size, err));
	test_host_begin(&scoring, SIZE_MAX);
	check_image(model, &image, data, size, &scoring);
	test_host_end(&scoring);
	host->host.release(&host->host, block.data);
	return true;
}

/* The model with each option; false if it is not to be had without any. */
static bool
build_all(const RmlXgbModel *model, const uint8_t *data, size_t size, TestHost *host, RmlError *err)
{
	static const char *const names[] = {"age", "b\xc3\xa4r", "", "debt", "age"};
	RmlError	refused = {0};

	if (!build(model, (RmlImportOptions) {0}, data, size, host, err))
		return false;
	if (!build(model, (RmlImportOptions) {.best_iteration = true}, data, size, host, &refused))
		check_error(&refused, size);
	memset(&refused, 0, sizeof(refused));
	if (!build(model, (RmlImportOptions) {.feature_names = names, .n_feature_names = 1 + (int32_t) (size % 5)},
			   data, size, host, &refused))
		check_error(&refused, size);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TestHost	host;
	RmlXgbModel model;
	RmlError	err = {0};

	/* inputs are small here: with the whole MB on top nothing would ever be too much */
	test_host_begin(&host, 8 * size + FIXED_MEMORY);
	if (!rml_xgb_parse(data, size, &host.host, &model, &err) ||
		!rml_xgb_validate(&model, &host.host, &err) ||
		!build_all(&model, data, size, &host, &err))
		check_error(&err, size);
	else
		REQUIRE(err.kind == RML_OK);
	test_host_end(&host);
	return 0;
}

/* libFuzzer's own mutations, and every other time one that knows the format. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_model(data, size, max_size, seed);
}
