/*
 * test_kernel.c
 *	  Kernels and image against a walk over the file's own arrays, on random
 *	  models that went through both encodings.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "kernel/kernel.h"
#include "tap.h"

#define N_ROWS 40

static uint32_t
bits_of(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return isnan(value) ? 0x7fc00000 : bits;
}

/* This test's own walk: the leaf's node id in the file. */
static int32_t
walk(const RmlXgbTree *tree, const float *row)
{
	int32_t		node = 0;

	while (tree->left.values[node] >= 0)
	{
		float		x = row[tree->split_index.values[node]];
		bool		left = isnan(x) ? tree->default_left.values[node] != 0
			: x < tree->split_condition.values[node];

		node = tree->left.values[node] + (left ? 0 : 1);
	}
	return node;
}

/* 1.0 to 1.2 add the base margin last, their dart up to 1.3 too. */
static float
walk_all(const RmlXgbModel *model, int32_t n_trees, float base_margin, const float *row)
{
	RmlWriter	w = model->writer;
	bool		base_last = w.major == 1 && (w.minor < 3 || (w.minor == 3 && model->has_weight_drop));
	float		margin = base_last ? 0.0f : base_margin;

	for (int32_t id = 0; id < n_trees; id++)
	{
		for (int32_t i = 0; i < model->n_trees; i++)
		{
			const RmlXgbTree *tree = &model->trees[i];
			volatile float leaf;	/* rounded before it is added */

			if (tree->id != id)
				continue;
			leaf = tree->split_condition.values[walk(tree, row)];
			if (model->has_weight_drop)
				leaf = leaf * model->weight_drop.values[id];
			margin += leaf;
		}
	}
	return base_last ? base_margin + margin : margin;
}

static void
make_rows(float *rows, int32_t n_features, uint32_t seed)
{
	for (int r = 0; r < N_ROWS; r++)
	{
		for (int32_t i = 0; i < n_features; i++)
			rows[r * n_features + i] = r == 0 ? NAN : r == 1 ? INFINITY : r == 2 ? -INFINITY :
				gen_value(&seed);
	}
}

/* The file's bytes to an image; NULL if refused. */
static bool
import(const Text *file, TestHost *host, RmlXgbModel *parsed, RmlImage *image)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0xAB};
	RmlImportOptions options = {0};
	RmlError	err = {0};
	RmlBlock	block;

	return CHECK(rml_xgb_parse(file->data, file->size, &host->host, parsed, &err) &&
				 rml_xgb_validate(parsed, &host->host, &err) &&
				 rml_xgb_build(parsed, &options, identity, &host->host, &block, &err) &&
				 rml_image_open(image, block.data, block.size, &err), "refused: %s", err.message);
}

static void
check_rows(const RmlXgbModel *model, const RmlXgbModel *parsed, const RmlImage *image,
		   const float *rows)
{
	int32_t		n_trees = model->n_trees;
	int32_t		width = model->num_feature;
	int32_t    *leaves = malloc(sizeof(int32_t) * (size_t) (n_trees + 1));

	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		float		margins[N_ROWS];

		for (int r = 0; r < N_ROWS; r++)
			margins[r] = rml_margin_begin(image, 0);
		k->add_margins(image, 0, n_trees, rows, N_ROWS, margins);
		for (int r = 0; r < N_ROWS; r++)
		{
			float		want = walk_all(model, n_trees, image->base_margin[0], rows + r * width);
			float		got = rml_margin_end(image, 0, margins[r]);

			CHECK(bits_of(got) == bits_of(want), "%s, row %d: %a, expected %a",
				  k->name, r, got, want);
			CHECK(bits_of(rml_xgb_reference_margin(parsed, n_trees, rows + r * width)) ==
				  bits_of(want), "reference, row %d: expected %a", r, want);
		}
	}
	for (int r = 0; r < N_ROWS; r++)
	{
		rml_kernel_leaves(image, 0, n_trees, rows + r * width, leaves);
		for (int32_t i = 0; i < n_trees; i++)
			CHECK(leaves[model->trees[i].id] == walk(&model->trees[i], rows + r * width),
				  "row %d, tree %d: leaf %d", r, i, leaves[model->trees[i].id]);
	}
	free(leaves);
}

/* However the trees are cut into ranges, and the rows into batches: same bits. */
static void
check_ranges(const RmlImage *image, const float *rows, uint32_t seed)
{
	int32_t		n_trees = image->header->n_trees;
	int32_t		width = image->header->n_features;

	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		float		whole[N_ROWS];
		float		cut[N_ROWS];
		int32_t		leaves[64];
		int32_t		one;

		for (int r = 0; r < N_ROWS; r++)
			whole[r] = cut[r] = rml_margin_begin(image, 0);
		k->add_margins(image, 0, n_trees, rows, N_ROWS, whole);
		for (int32_t first = 0, end; first < n_trees; first = end)
		{
			int			batch = 1 + (int) gen_random(&seed, N_ROWS);

			end = first + (int32_t) gen_random(&seed, 4);
			end = end < n_trees ? end : n_trees;
			for (int r = 0; r < N_ROWS; r += batch)
				k->add_margins(image, first, end, rows + r * width,
							   r + batch < N_ROWS ? batch : N_ROWS - r, cut + r);
		}
		for (int r = 0; r < N_ROWS; r++)
			CHECK(bits_of(whole[r]) == bits_of(cut[r]), "%s, row %d: whole %a, in parts %a",
				  k->name, r, whole[r], cut[r]);
		if (n_trees == 0 || n_trees > 64)
			continue;
		rml_kernel_leaves(image, 0, n_trees, rows, leaves);
		rml_kernel_leaves(image, n_trees - 1, n_trees, rows, &one);
		CHECK_INT(one, leaves[n_trees - 1], "last leaf by itself");
	}
}

static void
check_model(const GenOptions *options)
{
	RmlXgbModel model;
	RmlXgbModel parsed;
	RmlImage	image;
	TestHost	host;
	Text		file = {0};
	float	   *rows = malloc(sizeof(float) * N_ROWS * (size_t) options->n_features);

	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, options);
	make_rows(rows, options->n_features, options->seed);
	for (int encoding = 0; encoding < 2; encoding++)
	{
		file.size = 0;
		if (encoding == 0)
			gen_json(&model, &file);
		else
			gen_ubj(&model, &file);
		if (!import(&file, &host, &parsed, &image))
			continue;
		check_rows(&model, &parsed, &image, rows);
		check_ranges(&image, rows, options->seed);
	}
	text_free(&file);
	test_host_end(&host);
	free(rows);
}

static void
test_random_models(void)
{
	test("kernel: 200 random models, JSON and UBJSON, against a walk over the file");
	for (uint32_t seed = 0; seed < 200; seed++)
	{
		GenOptions	options = {
			.seed = seed,
			.n_features = 1 + (int32_t) (seed % 7) * (seed % 5 == 0 ? 40 : 1),
			.n_trees = (int32_t) (seed % 11),
			.n_splits = seed % 3 == 0 ? 3 : 40,
			.dart = seed % 4 == 1,
			.prune = seed % 3 == 1,
			.shuffle = seed % 5 == 2,
			.chain = seed % 13 == 0,
			.writer_minor = 7 - (int) (seed / 8 % 7),
		};

		check_model(&options);
	}
}

static void
test_shapes(void)
{
	test("kernel: a chain of 4,096 splits, 500 features, 600 trees");
	check_model(&(GenOptions) {.seed = 1, .n_features = 3, .n_trees = 1, .n_splits = 4096, .chain = true});
	check_model(&(GenOptions) {.seed = 2, .n_features = 500, .n_trees = 3, .n_splits = 600});
	check_model(&(GenOptions) {.seed = 3, .n_features = 5, .n_trees = 600, .n_splits = 4, .dart = true});
	check_model(&(GenOptions) {.seed = 4, .n_features = 1, .n_trees = 1, .n_splits = 3000, .prune = true});
}

static void
test_choice(void)
{
	test("kernel: the first is the scalar one, unknown names are none");
	CHECK(rml_kernels[0].name != NULL && strcmp(rml_kernels[0].name, "scalar") == 0, "first");
	CHECK(rml_kernel_choose(NULL, "scalar") == &rml_kernels[0], "by name");
	CHECK(rml_kernel_choose(NULL, "vector of doom") == NULL, "unknown");
}

int
main(void)
{
	test_random_models();
	test_shapes();
	test_choice();
	return test_done();
}
