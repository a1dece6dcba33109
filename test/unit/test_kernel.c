/*
 * test_kernel.c
 *	  Kernels, image and rml_xgb_reference_margins against a walk of this
 *	  test's own over the model, on random models of every shape that went
 *	  through both encodings.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "kernel/kernel.h"
#include "tap.h"

#define N_ROWS 24

/* ---- this test's own walk ---- */

static bool
contains(const RmlXgbTree *tree, int32_t node, int32_t code, int32_t *last)
{
	bool		found = false;

	for (int32_t i = 0; i < tree->category_nodes.count; i++)
	{
		const int32_t *codes = tree->categories.values + tree->category_segments.values[i];

		for (int32_t k = 0; tree->category_nodes.values[i] == node &&
			 k < tree->category_sizes.values[i]; k++)
		{
			found = found || codes[k] == code;
			*last = codes[k];
		}
	}
	return found;
}

static bool
category_left(const RmlXgbModel *model, const RmlXgbTree *tree, int32_t node, float x)
{
	int			version = model->writer.major * 10000 + model->writer.minor * 100 + model->writer.patch;
	int32_t		last = 0;
	bool		in_range = x > -1.0f && x < 16777216.0f;
	bool		found = contains(tree, node, in_range ? (int32_t) x : -1, &last);
	double		bits = 32.0 * (double) (last / 32 + 1);

	if (version < 10600)
		return !found;
	if (version < 10703 && (x < 0.0f || !in_range || x >= bits))
		return tree->default_left.values[node];
	return x < 0.0f || !found;
}

/* The leaf's node id in the file. */
static int32_t
walk(const RmlXgbModel *model, const RmlXgbTree *tree, const float *row)
{
	int32_t		node = 0;

	while (tree->left.values[node] >= 0)
	{
		float		x = row[tree->split_index.values[node]];
		bool		left = isnan(x) ? tree->default_left.values[node] != 0
			: tree->split_type.values[node] ? category_left(model, tree, node, x)
			: x < tree->split_condition.values[node];

		node = tree->left.values[node] + (left ? 0 : 1);
	}
	return node;
}

static const RmlXgbTree *
tree_of_id(const RmlXgbModel *model, int32_t id)
{
	for (int32_t i = 0; i < model->n_trees; i++)
	{
		if (model->trees[i].id == id)
			return &model->trees[i];
	}
	return NULL;
}

static void
add_leaf(const RmlXgbModel *model, int32_t id, const float *row, float *margins)
{
	const RmlXgbTree *tree = tree_of_id(model, id);
	int32_t		leaf = walk(model, tree, row);
	int32_t		width = tree->size_leaf_vector;
	const float *values = width < 2 ? &tree->split_condition.values[leaf]
		: tree->leaf_weights.values != NULL ? &tree->leaf_weights.values[tree->right.values[leaf] * width]
		: &tree->base_weight.values[leaf * width];

	for (int32_t k = 0; k < (width < 2 ? 1 : width); k++)
	{
		volatile float value = values[k];	/* rounded before it is added */

		if (model->has_weight_drop)
			value = value * model->weight_drop.values[id];
		margins[model->tree_info.values[id] + k] += value;
	}
}

static void
walk_linear(const RmlXgbModel *model, const float *base, const float *row, float *margins)
{
	int32_t		n = model->n_outputs;

	for (int32_t k = 0; k < n; k++)
	{
		bool		zero = model->weights.count == 0;
		float		margin = (zero ? 0.0f : model->weights.values[model->num_feature * n + k]) + base[k];

		for (int32_t f = 0; f < model->num_feature; f++)
		{
			volatile float product = row[f] * (zero ? 0.0f : model->weights.values[f * n + k]);

			if (!isnan(row[f]))
				margin += product;
		}
		margins[k] = margin;
	}
}

/* 1.0 to 1.2 add the base margin last, their dart up to 1.3 too. */
static void
walk_all(const RmlXgbModel *model, RmlTreeRange range, const float *base, const float *row,
		 float *margins)
{
	RmlWriter	w = model->writer;
	bool		base_last = w.major == 1 && (w.minor < 3 || (w.minor == 3 && model->has_weight_drop));

	if (model->weights.values != NULL)
	{
		walk_linear(model, base, row, margins);
		return;
	}
	for (int32_t k = 0; k < model->n_outputs; k++)
		margins[k] = base_last ? 0.0f : base[k];
	for (int32_t id = range.first; id < range.end; id++)
		add_leaf(model, id, row, margins);
	for (int32_t k = 0; base_last && k < model->n_outputs; k++)
		margins[k] = base[k] + margins[k];
}

/* ---- comparing ---- */

/* The file's bytes to an image; false if refused. */
static bool
import(const Text *file, const RmlImportOptions *options, TestHost *host, RmlXgbModel *parsed,
	   RmlImage *image)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0xAB};
	RmlError	err = {0};
	RmlBlock	block;

	return CHECK(rml_xgb_parse(file->data, file->size, &host->host, parsed, &err) &&
				 rml_xgb_validate(parsed, &host->host, &err) &&
				 rml_xgb_build(parsed, options, identity, &host->host, &block, &err) &&
				 rml_image_open(image, block.data, block.size, &err), "refused: %s", err.message);
}

static void
check_margins(const float *got, const float *want, int32_t n, const char *what, int row)
{
	for (int32_t k = 0; k < n; k++)
		CHECK(to_bits(got[k]) == to_bits(want[k]), "%s, row %d, output %d: %a, expected %a",
			  what, row, k, got[k], want[k]);
}

/* All rows at once, by every kernel; the first is compared with the walk row by row. */
static void
check_block(const RmlImage *image, const float *rows)
{
	size_t		n = (size_t) image->header->n_outputs;
	float	   *want = malloc(sizeof(float) * N_ROWS * n);
	float	   *got = malloc(sizeof(float) * N_ROWS * n);
	bool		linear = (image->header->flags & RML_IMAGE_LINEAR) != 0;
	const RmlKernel *first = linear ? rml_kernel_choose(image->header, NULL) : rml_kernels;

	for (size_t r = 0; r < N_ROWS; r++)
		rml_kernel_margins(first, image, rows + r * (size_t) image->header->n_features, want + r * n, NULL);
	for (const RmlKernel *k = first; k->name != NULL; k++)
	{
		if (!rml_kernel_runs(k))
			continue;
		rml_kernel_block(k, image, rows, N_ROWS, got, NULL);
		for (size_t i = 0; i < N_ROWS * n; i++)
			CHECK(to_bits(got[i]) == to_bits(want[i]), "%s, block, margin %zu: %a, expected %a",
				  k->name, i, got[i], want[i]);
		if (linear)
			break;
	}
	free(want);
	free(got);
}

static void
check_rows(const RmlXgbModel *model, const RmlXgbModel *parsed, RmlTreeRange range,
		   const RmlImage *image, const float *rows)
{
	int32_t		n = model->n_outputs;
	float	   *want = malloc(sizeof(float) * (size_t) n);
	float	   *got = malloc(sizeof(float) * (size_t) n);
	int32_t    *leaves = malloc(sizeof(int32_t) * (size_t) (range.end - range.first + 1));

	for (int r = 0; r < N_ROWS; r++)
	{
		const float *row = rows + r * model->num_feature;

		walk_all(model, range, image->base_margin, row, want);
		rml_xgb_reference_margins(parsed, range, row, got);
		check_margins(got, want, n, "reference", r);
		if (image->header->flags & RML_IMAGE_LINEAR)
		{
			rml_kernel_margins(rml_kernel_choose(image->header, NULL), image, row, got, NULL);
			check_margins(got, want, n, "linear", r);
			continue;
		}
		for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
		{
			if (!rml_kernel_runs(k))
				continue;
			rml_kernel_margins(k, image, row, got, NULL);
			check_margins(got, want, n, k->name, r);
		}
		rml_kernel_leaves(image, 0, image->header->n_trees, row, leaves);
		for (int32_t id = range.first; id < range.end; id++)
			CHECK_INT(leaves[id - range.first], walk(model, tree_of_id(model, id), row), "leaf");
	}
	check_block(image, rows);
	free(leaves);
	free(got);
	free(want);
}

/* However the trees are cut into ranges, and the rows into batches: same bits. */
static void
check_cuts(const RmlImage *image, const float *rows, uint32_t seed)
{
	int32_t		n_trees = image->header->n_trees;
	int32_t		width = image->header->n_features;
	int32_t		n = image->header->n_outputs;
	size_t		size = sizeof(float) * N_ROWS * (size_t) n;
	float	   *whole = calloc(1, size);
	float	   *cut = calloc(1, size);

	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		if (!rml_kernel_runs(k))
			continue;
		memset(whole, 0, size);
		memset(cut, 0, size);
		k->add_margins(image, 0, n_trees, rows, N_ROWS, whole);
		for (int32_t first = 0, end; first < n_trees; first = end)
		{
			int			batch = 1 + (int) gen_random(&seed, N_ROWS);

			end = first + (int32_t) gen_random(&seed, 4);
			end = end < n_trees ? end : n_trees;
			for (int r = 0; r < N_ROWS; r += batch)
				k->add_margins(image, first, end, rows + r * width,
							   r + batch < N_ROWS ? batch : N_ROWS - r, cut + r * n);
		}
		for (int i = 0; i < N_ROWS * n; i++)
			CHECK(to_bits(whole[i]) == to_bits(cut[i]), "%s, margin %d: whole %a, in parts %a",
				  k->name, i, whole[i], cut[i]);
	}
	if (n_trees > 0)
	{
		int32_t    *leaves = malloc(sizeof(int32_t) * (size_t) n_trees);
		int32_t		one;

		rml_kernel_leaves(image, 0, n_trees, rows, leaves);
		rml_kernel_leaves(image, n_trees - 1, n_trees, rows, &one);
		CHECK_INT(one, leaves[n_trees - 1], "last leaf by itself");
		free(leaves);
	}
	free(whole);
	free(cut);
}

/* Some iterations, or all. */
static RmlImportOptions
choose_iterations(const RmlXgbModel *model, uint32_t seed, RmlTreeRange *range)
{
	int32_t		n = model->iteration_indptr.count - 1;
	RmlImportOptions options = {0};

	range->first = 0;
	range->end = model->n_trees;
	if (n < 1 || seed % 3 != 0)
		return options;
	options.has_iterations = true;
	options.first_iteration = (int32_t) gen_random(&seed, (uint32_t) n + 1);
	options.end_iteration = options.first_iteration +
		(int32_t) gen_random(&seed, (uint32_t) (n - options.first_iteration) + 1);
	range->first = model->iteration_indptr.values[options.first_iteration];
	range->end = options.end_iteration == 0 ? model->n_trees
		: model->iteration_indptr.values[options.end_iteration];
	return options;
}

static void
check_model(const GenOptions *shape)
{
	RmlXgbModel model;
	RmlTreeRange range;
	RmlImportOptions options;
	TestHost	host;
	Text		file = {0};
	uint32_t	state = shape->seed;
	float	   *rows = malloc(sizeof(float) * N_ROWS * (size_t) shape->n_features);
	int			before = test_failures;

	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, shape);
	options = choose_iterations(&model, shape->seed, &range);
	for (uint32_t r = 0; r < N_ROWS; r++)
		gen_row(&model, r, &state, rows + r * (uint32_t) shape->n_features);
	for (int ubj = 0; ubj < 2; ubj++)
	{
		RmlXgbModel parsed;
		RmlImage	image;

		file.size = 0;
		gen_text(&model, ubj, &file);
		if (!import(&file, &options, &host, &parsed, &image))
			continue;
		check_rows(&model, &parsed, range, &image, rows);
		check_cuts(&image, rows, shape->seed);
	}
	if (test_failures > before)
		CHECK(false, "in %s", gen_name(shape));
	text_free(&file);
	test_host_end(&host);
	free(rows);
}

static void
test_random_models(void)
{
	test("kernel: 600 random models of every shape, JSON and UBJSON, against a walk over the file");
	for (uint32_t seed = 0; seed < 600; seed++)
	{
		GenOptions	shape = gen_shape(seed);

		check_model(&shape);
	}
}

static void
test_shapes(void)
{
	test("kernel: a chain of 4,096 splits, 500 features, 600 trees, 300 outputs, large sets");
	check_model(&(GenOptions) {.seed = 1, .n_features = 3, .n_rounds = 1, .n_splits = 4096, .chain = true});
	check_model(&(GenOptions) {.seed = 2, .n_features = 500, .n_rounds = 3, .n_splits = 600});
	check_model(&(GenOptions) {.seed = 3, .n_features = 5, .n_rounds = 600, .n_splits = 4, .dart = true});
	check_model(&(GenOptions) {.seed = 4, .n_features = 1, .n_rounds = 1, .n_splits = 3000, .prune = true});
	check_model(&(GenOptions) {.seed = 5, .n_features = 4, .n_rounds = 2, .n_splits = 5, .num_class = 300});
	check_model(&(GenOptions) {.seed = 6, .n_features = 4, .n_rounds = 3, .n_splits = 20, .num_target = 300,
				.leaves = GEN_VECTORS, .writer = {3, 0, 0}});
	check_model(&(GenOptions) {.seed = 7, .n_features = 4, .n_rounds = 3, .n_splits = 20, .num_target = 300,
				.leaves = GEN_VECTORS, .writer = {3, 4, 0}, .dart = true});
	check_model(&(GenOptions) {.seed = 8, .n_features = 4, .n_rounds = 9, .n_splits = 20,
				.categories = true, .set_size = 1000});
	check_model(&(GenOptions) {.seed = 9, .n_features = 600, .n_rounds = 1, .num_class = 7, .linear = true});
}

/* ---- odd codes ---- */

/* A split by category: left 1, right 2, missing by `default_left`. */
static float
score_code(RmlWriter writer, const char *set, int size, bool default_left, float x)
{
	Text		file = {0};
	TestHost	host;
	RmlXgbModel parsed;
	RmlImage	image;
	RmlImportOptions options = {0};
	float		margin = 0;
	float		reference = 0;

	text_add(&file, "{\"version\":[%d,%d,%d],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
			 "\"gbtree_model_param\":{\"num_trees\":\"1\"},\"tree_info\":[0],\"trees\":[{\"id\":0,"
			 "\"tree_param\":{\"num_nodes\":\"3\",\"num_feature\":\"1\",\"num_deleted\":\"0\"},",
			 writer.major, writer.minor, writer.patch);
	text_add(&file, "\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1],\"parents\":[-1,0,0],"
			 "\"split_indices\":[0,0,0],\"split_conditions\":[NaN,1,2],\"default_left\":[%d,0,0],"
			 "\"split_type\":[1,0,0],\"categories\":[%s],\"categories_nodes\":[0],"
			 "\"categories_segments\":[0],\"categories_sizes\":[%d],\"base_weights\":[0,0,0],"
			 "\"loss_changes\":[1,0,0],\"sum_hessian\":[1,1,1]}]}},", default_left, set, size);
	text_add(&file, "\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\"},"
			 "\"objective\":{\"name\":\"reg:squarederror\"}}}");
	test_host_begin(&host, SIZE_MAX);
	if (import(&file, &options, &host, &parsed, &image))
	{
		rml_kernel_margins(rml_kernels, &image, &x, &margin, NULL);
		rml_xgb_reference_margins(&parsed, (RmlTreeRange) {0, 1}, &x, &reference);
		CHECK(margin == reference, "code %g: %g, reference %g", x, margin, reference);
	}
	test_host_end(&host);
	text_free(&file);
	return margin;
}

static void
test_odd_codes(void)
{
	static const RmlWriter by[] = {
		{1, 3, 0}, {1, 5, 2}, {1, 6, 0}, {1, 7, 2}, {1, 7, 3}, {2, 0, 0}, {3, 4, 1},
	};

	/* L left, R right, D as missing; of 1.3 to 1.5, of 1.6.0 to 1.7.2, from 1.7.3 on */
	static const struct
	{
		float		x;
		const char *goes;
	}			codes[] = {
		{0.0f, "LLL"}, {1.0f, "RRR"}, {2.0f, "LLL"}, {39.0f, "LLL"}, {40.0f, "RRR"}, {41.0f, "LLL"},
		{63.0f, "LLL"}, {63.99f, "LLL"}, {64.0f, "LDL"}, {100.0f, "LDL"},
		{0.99f, "LLL"}, {1.99f, "RRR"}, {40.5f, "RRR"}, {-0.0f, "LLL"},
		{-1e-45f, "LDL"}, {-0.5f, "LDL"}, {-0.99f, "LDL"}, {-1.0f, "LDL"}, {-1.5f, "LDL"},
		{-40.0f, "LDL"}, {16777215.0f, "LDL"}, {16777216.0f, "LDL"}, {2147483648.0f, "LDL"},
		{4294967297.0f, "LDL"}, {-2147483648.0f, "LDL"}, {3e38f, "LDL"}, {-3e38f, "LDL"},
		{INFINITY, "LDL"}, {-INFINITY, "LDL"}, {NAN, "DDD"},
	};

	test("kernel: codes of a split by {1, 40}, by writer");
	for (size_t w = 0; w < sizeof(by) / sizeof(by[0]); w++)
	{
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		{
			char		goes = codes[i].goes[w < 2 ? 0 : w < 4 ? 1 : 2];

			for (int left = 0; left < 2; left++)
			{
				float		want = goes == 'L' || (goes == 'D' && left) ? 1.0f : 2.0f;
				float		got = score_code(by[w], "1,40", 2, left, codes[i].x);

				CHECK(got == want, "written by %d.%d.%d, default %s, code %g: %s, expected %s",
					  by[w].major, by[w].minor, by[w].patch, left ? "left" : "right", codes[i].x,
					  got == 1.0f ? "left" : "right", want == 1.0f ? "left" : "right");
			}
		}
	}
}

/* Up to 1.5, -0.5 counts as code 0: the set {0} tells. */
static void
test_truncated_codes(void)
{
	static const float odd[] = {-0.5f, -1e-45f, -0.999f};

	test("kernel: up to 1.5 a code is truncated, so that -0.5 is 0");
	for (int i = 0; i < 3; i++)
	{
		float		x = odd[i];

		CHECK(score_code((RmlWriter) {1, 5, 2}, "0", 1, true, x) == 2.0f, "1.5: %g", x);
		CHECK(score_code((RmlWriter) {1, 6, 0}, "0", 1, true, x) == 1.0f, "1.6, default left: %g", x);
		CHECK(score_code((RmlWriter) {1, 6, 0}, "0", 1, false, x) == 2.0f, "1.6, default right: %g", x);
		CHECK(score_code((RmlWriter) {1, 7, 3}, "0", 1, false, x) == 1.0f, "1.7.3: %g", x);
	}
	CHECK(score_code((RmlWriter) {1, 5, 2}, "0", 1, false, -1.0f) == 1.0f, "1.5: -1");
	CHECK(score_code((RmlWriter) {1, 5, 2}, "0", 1, false, -0.0f) == 2.0f, "1.5: -0.0");
	CHECK(score_code((RmlWriter) {3, 4, 0}, "0", 1, false, -0.0f) == 2.0f, "3.4: -0.0");
	CHECK(score_code((RmlWriter) {3, 4, 0}, "16777215", 1, false, 16777215.0f) == 2.0f, "the last code");
	CHECK(score_code((RmlWriter) {1, 6, 0}, "16777215", 1, false, 16777215.0f) == 2.0f, "the last code, 1.6");
	CHECK(score_code((RmlWriter) {1, 6, 0}, "31", 1, false, 32.0f) == 2.0f, "1.6: behind the last word");
	CHECK(score_code((RmlWriter) {1, 6, 0}, "32", 1, false, 33.0f) == 1.0f, "1.6: within the last word");
}

/* ---- choice ---- */

static int	polls;

static void
count_poll(void)
{
	polls++;
}

static void
test_choice(void)
{
	RmlImageHeader header = {0};
	RmlImage	image = {.header = &header};
	float		base = 0.5f;
	float		margin;

	test("kernel: the first is the scalar one, unknown names are none, linear models have their own");
	CHECK(rml_kernels[0].name != NULL && strcmp(rml_kernels[0].name, "scalar") == 0, "first");
	CHECK(rml_kernel_choose(&header, "scalar") == &rml_kernels[0], "by name");
	CHECK(strcmp(rml_kernel_choose(&header, NULL)->name, "interleaved") == 0, "the best without ranks");
	header.n_slots = 1;
	CHECK(rml_kernel_runs(rml_kernel_choose(&header, NULL)), "the best runs here");
	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		CHECK(rml_kernel_by_name(k->name) == k, "%s by name", k->name);
		CHECK(!rml_kernel_runs(k) || rml_kernel_choose(&header, k->name) == k, "%s forced", k->name);
		CHECK(rml_kernel_choose(&header, k->name) <= k, "%s, or one before it", k->name);
	}
	CHECK(rml_kernel_choose(&header, "vector of doom") == NULL, "unknown");
	header.flags = RML_IMAGE_LINEAR;
	CHECK(strcmp(rml_kernel_choose(&header, NULL)->name, "linear") == 0, "linear");
	CHECK(strcmp(rml_kernel_choose(&header, "scalar")->name, "linear") == 0, "linear, whatever is asked for");

	test("kernel: many trees are polled between");
	header.flags = 0;
	header.n_outputs = 1;
	image.base_margin = &base;
	rml_kernel_margins(rml_kernels, &image, NULL, &margin, count_poll);
	CHECK(margin == 0.5f, "no trees: %g", margin);
}

static void
test_polls(void)
{
	GenOptions	shape = {.seed = 3, .n_features = 2, .n_rounds = 2000, .n_splits = 1};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlXgbModel parsed;
	RmlImage	image;
	TestHost	host;
	Text		file = {0};
	float		row[2] = {0};
	float		margin;

	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, &shape);
	gen_ubj(&model, &file);
	polls = 0;
	if (import(&file, &options, &host, &parsed, &image))
		rml_kernel_margins(rml_kernels, &image, row, &margin, count_poll);
	CHECK(polls >= 3 && polls < 100, "%d polls over 2,000 trees", polls);
	text_free(&file);
	test_host_end(&host);
}

int
main(void)
{
	test_random_models();
	test_shapes();
	test_odd_codes();
	test_truncated_codes();
	test_choice();
	test_polls();
	return test_done();
}
