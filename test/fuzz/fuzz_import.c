/*
 * fuzz_import.c
 *	  Fuzz target: the way of a model file from bytes to a score.
 *
 * Whatever the bytes are, the import ends with an error that can be shown, or
 * with an image that passes its checker and whose every kernel gives, bit for
 * bit, the margins that a walk over the file's own arrays gives.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "host.h"
#include "import/xgb.h"
#include "mutate.h"

#define N_ROWS 12
#define FIXED_MEMORY (64 * 1024)
#define WIDE 2000				/* features or outputs: fewer rows, more memory */

/* A fault must be one that a user can be shown. */
static void
check_error(const RmlError *err, size_t size)
{
	REQUIRE(err->kind != RML_OK);
	REQUIRE(err->message[0] != '\0');
	REQUIRE(is_utf8(err->message, strlen(err->message)));
	REQUIRE(is_utf8(err->hint, strlen(err->hint)));
	REQUIRE((err->offset == RML_NO_OFFSET) == (err->kind != RML_SYNTAX));
	REQUIRE(err->offset == RML_NO_OFFSET || err->offset <= size);
}

static uint32_t
hash32(uint32_t x)
{
	x = (x ^ (x >> 16)) * UINT32_C(0x7feb352d);
	x = (x ^ (x >> 15)) * UINT32_C(0x846ca68b);
	return x ^ (x >> 16);
}

static bool
is_wide(const RmlXgbModel *model)
{
	return model->num_feature > WIDE || model->num_class > WIDE || model->num_target > WIDE;
}

/* ---- rows ---- */

/* A code of a split by category, or one near it. */
static float
code_of(const RmlXgbTree *tree, int32_t node, uint32_t hash)
{
	int32_t		i = rml_xgb_category_index(tree, node);
	int32_t		k = tree->category_segments.values[i] +
		(int32_t) (hash % (uint32_t) tree->category_sizes.values[i]);
	float		code = (float) tree->categories.values[k];

	switch (hash / 64 % 8)
	{
		case 0:
			return code + 1.0f;
		case 1:
			return code - 1.0f;
		case 2:
			return code + 0.5f;
		case 3:
			return code + 32.0f;
		case 4:
			return -code;
		default:
			return code;
	}
}

/* Puts thresholds and codes of the model into the row, of each feature one of its own. */
static void
take_thresholds(const RmlXgbModel *model, uint32_t seed, float *row)
{
	for (int32_t i = 0; i < model->n_trees; i++)
	{
		const RmlXgbTree *tree = &model->trees[i];

		for (int32_t n = 0; n < tree->num_nodes; n++)
		{
			uint32_t	hash = hash32(seed + (uint32_t) (i * 977 + n));
			float	   *x = &row[rml_xgb_is_leaf(tree, n) ? 0 : tree->split_index.values[n]];

			if (rml_xgb_is_leaf(tree, n) || hash % 3 != 0)
				continue;
			if (rml_xgb_by_category(tree, n))
				*x = code_of(tree, n, hash / 3);
			else
			{
				*x = tree->split_condition.values[n];
				if (hash / 3 % 3 != 0)
					*x = nextafterf(*x, hash / 3 % 3 == 1 ? INFINITY : -INFINITY);
			}
		}
	}
}

static void
fill_row(const RmlXgbModel *model, int kind, const uint8_t *data, size_t size, float *row)
{
	static const float specials[] = {
		NAN, INFINITY, -INFINITY, -0.5f, -0.0f, 1e-45f, 3.4028235e38f, -3.4028235e38f
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
	if (kind >= 5)
		take_thresholds(model, (uint32_t) kind, row);
}

/* ---- an image against its model ---- */

static void
check_leaves(const RmlXgbModel *model, RmlTreeRange range, const RmlImage *image, const float *row)
{
	int32_t		n = image->header->n_trees;
	int32_t    *leaves = malloc((size_t) n * sizeof(int32_t) + 1);

	REQUIRE(leaves != NULL && n == range.end - range.first);
	rml_kernel_leaves(image, 0, n, row, leaves);
	for (int32_t i = 0; i < n; i++)
	{
		const RmlXgbTree *tree = model->by_id[range.first + i];

		REQUIRE(leaves[i] >= 0 && leaves[i] < tree->num_nodes);
		REQUIRE(rml_xgb_is_leaf(tree, leaves[i]) && tree->split_index.values[leaves[i]] != XGB_DELETED);
	}
	free(leaves);
}

static void
check_rows(const RmlXgbModel *model, RmlTreeRange range, const RmlImage *image, const uint8_t *data,
		   size_t size)
{
	size_t		width = (size_t) model->num_feature;
	size_t		n = (size_t) model->n_outputs;
	int			n_rows = is_wide(model) ? 2 : N_ROWS;
	float	   *rows = malloc((size_t) n_rows * width * sizeof(float));
	float	   *margins = malloc((size_t) n_rows * n * sizeof(float));
	float	   *want = malloc(n * sizeof(float));

	REQUIRE(rows != NULL && margins != NULL && want != NULL);
	for (int r = 0; r < n_rows; r++)
		fill_row(model, n_rows == 2 ? r * 7 : r, data, size, rows + (size_t) r * width);
	check_scores(image, rows, n_rows, margins);
	check_contributions(image, rows, n_rows, margins);
	for (int r = 0; r < n_rows; r++)
	{
		const float *row = rows + (size_t) r * width;

		rml_xgb_reference_margins(model, range, row, want);
		for (size_t i = 0; i < n; i++)
			REQUIRE(same_float(margins[(size_t) r * n + i], want[i]));
		if (!model->is_linear)
			check_leaves(model, range, image, row);
	}
	free(want);
	free(margins);
	free(rows);
}

/* Counts splits per feature; its sums may overflow, its indices may not. */
static void
check_importance(const RmlXgbModel *model, RmlTreeRange range, TestHost *host)
{
	size_t		n = (size_t) model->num_feature;
	int32_t    *weight = rml_alloc(&host->host, n * sizeof(int32_t));
	float	   *gain = rml_alloc(&host->host, n * sizeof(float));
	float	   *cover = rml_alloc(&host->host, n * sizeof(float));
	int64_t		n_splits = 0;
	int64_t		n_nodes = 0;
	bool		complete = true;

	for (int32_t id = range.first; id < range.end; id++)
	{
		const RmlXgbTree *tree = model->by_id[id];

		n_nodes += tree->num_nodes - tree->num_deleted;
		complete = complete && tree->loss_change.values != NULL && tree->sum_hessian.values != NULL;
	}
	REQUIRE(rml_xgb_importance(model, range, &host->host, weight, gain, cover) == complete);
	for (size_t i = 0; i < n; i++)
		n_splits += weight[i];
	REQUIRE(2 * n_splits + (range.end - range.first) == n_nodes);
}

/* Each feature has the labels of the file or of the map, in the order of their codes. */
static void
check_categories(const RmlXgbModel *model, const RmlImportOptions *options, const RmlImage *image,
				 TestHost *host)
{
	int32_t		n_given = 0;

	for (int32_t i = 0; i < model->num_feature && image->n_categories > 0; i++)
	{
		const RmlImageCategories *c = rml_image_categories(image, i);
		RmlLabelList list;
		RmlError	err = {0};

		if (c == NULL || rml_xgb_label_state(model, i) != RML_LABELS_USABLE)
		{
			REQUIRE(rml_xgb_label_state(model, i) != RML_LABELS_USABLE);
			n_given += c != NULL;
			continue;
		}
		REQUIRE(rml_xgb_list_labels(model, i, NULL, &host->host, &list, &err));
		REQUIRE((int32_t) c->n_labels == list.count);
		for (int32_t k = 0; k < list.count; k++)
			REQUIRE(rml_image_code(image, c, list.labels[k].text, list.labels[k].length) ==
					(int32_t) list.labels[k].code);
		rml_xgb_free_labels(&list, &host->host);
	}
	REQUIRE(n_given <= options->n_categories);
}

static void
check_image(const RmlXgbModel *model, const RmlImportOptions *options, const RmlImage *image,
			const uint8_t *data, size_t size)
{
	TestHost	host;
	RmlTreeRange range;
	RmlError	err = {0};

	REQUIRE(rml_xgb_tree_range(model, options, &range, &err));
	REQUIRE(range.first >= 0 && range.first <= range.end && range.end <= model->n_trees);
	REQUIRE(image->header->n_features == model->num_feature && image->header->n_outputs == model->n_outputs);
	test_host_begin(&host, SIZE_MAX);
	check_rows(model, range, image, data, size);
	check_texts(image);
	check_categories(model, options, image, &host);
	check_importance(model, range, &host);
	test_host_end(&host);
}

/* ---- options ---- */

static const char *const names[] = {"age", "b\xc3\xa4r", "", "debt", "age"};
static const char *label_pool[] = {"red", "gr\xc3\xbcn", "", "10", "9", "10", "a long label", "A"};

/* Builds and checks the image; false if an option does not fit. */
static bool
build(const RmlXgbModel *model, const RmlImportOptions *options, const uint8_t *data, size_t size,
	  TestHost *host, RmlError *err)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1, 2, 3};
	RmlImage	image;
	RmlBlock	block;

	if (!rml_xgb_build(model, options, identity, &host->host, &block, err))
		return false;
	REQUIRE(rml_image_open(&image, block.data, block.size, err));
	check_image(model, options, &image, data, size);
	host->host.release(&host->host, block.data);
	return true;
}

/* The same with an option, which may be refused, for the option's sake alone. */
static void
build_with(const RmlXgbModel *model, RmlImportOptions options, const uint8_t *data, size_t size,
		   TestHost *host)
{
	RmlError	refused = {0};

	if (build(model, &options, data, size, host, &refused))
		return;
	check_error(&refused, size);
	REQUIRE(refused.kind == RML_OPTION);
}

static void
build_iterations(const RmlXgbModel *model, uint32_t hash, const uint8_t *data, size_t size, TestHost *host)
{
	RmlImportOptions options = {.has_iterations = true};

	options.first_iteration = (int32_t) (hash % 4);
	options.end_iteration = (int32_t) (hash / 4 % 6);
	if (hash / 64 % 8 == 0)
		options.end_iteration = INT32_MAX;
	build_with(model, options, data, size, host);
	build_with(model, (RmlImportOptions) {.best_iteration = true}, data, size, host);
}

/* One or two maps, for features that may be there. */
static void
build_maps(const RmlXgbModel *model, uint32_t hash, const uint8_t *data, size_t size, TestHost *host)
{
	RmlCategoryMap maps[2];
	char		buffer[2][16];

	for (int i = 0; i < 2; i++)
	{
		int32_t		feature = (int32_t) (hash % (uint32_t) model->num_feature) + i;
		uint32_t	first = hash / 16 % 4;

		snprintf(buffer[i], sizeof(buffer[i]), "f%d", feature);
		maps[i].feature = buffer[i];
		if (model->feature_names.count > feature && hash % 8 != 0)
			maps[i].feature = model->feature_names.values[feature].data;
		maps[i].labels = label_pool + first;
		maps[i].n_labels = 1 + (int32_t) (hash / 256 % 4);
	}
	build_with(model, (RmlImportOptions) {.categories = maps, .n_categories = 1 + (int32_t) (hash / 1024 % 2)},
			   data, size, host);
}

/* The model with each option; false if it is not to be had without any. */
static bool
build_all(const RmlXgbModel *model, const uint8_t *data, size_t size, TestHost *host, RmlError *err)
{
	RmlImportOptions none = {0};
	uint32_t	hash = (uint32_t) size;

	if (!build(model, &none, data, size, host, err))
		return false;
	for (size_t i = 0; i < size; i += 1 + size / 64)
		hash = hash32(hash ^ data[i]);
	/* of a wide model one of the options, for speed */
	if (!is_wide(model) || hash % 3 == 0)
		build_iterations(model, hash, data, size, host);
	if (!is_wide(model) || hash % 3 == 1)
		build_maps(model, hash, data, size, host);
	if (!is_wide(model) || hash % 3 == 2)
		build_with(model, (RmlImportOptions) {.feature_names = names, .n_feature_names = 1 + (int32_t) (hash % 5)},
				   data, size, host);
	return true;
}

/*
 * Inputs are small here: with all of 1.5 MB on top nothing would ever be too
 * much.  Only a model that says it is wide may take it.
 */
static void
allow_width(const RmlXgbModel *model, TestHost *host, size_t size)
{
	if (is_wide(model) ||
		(model->weights.values != NULL && model->weights.count == 0))
		host->limit = test_host_import_limit(size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TestHost	host;
	RmlXgbModel model;
	RmlError	err = {0};
	bool		ok;

	test_host_begin(&host, 8 * size + FIXED_MEMORY);
	ok = rml_xgb_parse(data, size, &host.host, &model, &err);
	if (ok)
		allow_width(&model, &host, size);
	if (!ok || !rml_xgb_validate(&model, &host.host, &err) ||
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
