/*
 * test_ranks.c
 *	  The rank sections, and every kernel that uses them: blocks of any number
 *	  of rows against the reference kernel, and each damaged entry refused.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "kernel/kernel.h"
#include "tap.h"

#define N_ROWS 300

static bool
build(const GenOptions *shape, TestHost *host, RmlXgbModel *model, RmlBlock *block, RmlImage *image)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0xCD};
	RmlImportOptions options = {0};
	RmlXgbModel parsed;
	RmlError	err = {0};
	Text		file = {0};
	bool		ok;

	gen_model(model, &host->host, shape);
	gen_text(model, shape->seed % 2, &file);
	ok = CHECK(rml_xgb_parse(file.data, file.size, &host->host, &parsed, &err) &&
			   rml_xgb_validate(&parsed, &host->host, &err) &&
			   rml_xgb_build(&parsed, &options, identity, &host->host, block, &err) &&
			   rml_image_open(image, block->data, block->size, &err), "refused: %s", err.message);
	text_free(&file);
	return ok;
}

/* Thresholds, their neighbours, values between them, and what gen_row knows. */
static void
make_rows(const RmlXgbModel *model, const GenOptions *shape, float *rows)
{
	uint32_t	state = shape->seed + 77;

	for (uint32_t r = 0; r < N_ROWS; r++)
	{
		float	   *row = rows + r * (uint32_t) shape->n_features;

		gen_row(model, r, &state, row);
		for (int32_t i = 0; r >= 4 && shape->n_thresholds > 0 && i < shape->n_features; i++)
		{
			uint32_t	kind = gen_random(&state, 8);
			float		x = (float) gen_random(&state, (uint32_t) shape->n_thresholds + 2) / 8.0f - 0.125f;

			if (kind > 0)
				row[i] = kind == 1 ? NAN : kind == 2 ? nextafterf(x, INFINITY)
					: kind == 3 ? nextafterf(x, -INFINITY) : kind == 4 ? x + 0.06f : x;
		}
	}
}

static int
count_laid_out(const RmlImage *image)
{
	int			n = 0;

	for (int32_t t = 0; image->rank_trees != NULL && t < image->header->n_trees; t++)
		n += image->rank_trees[t].levels != RML_WALKED;
	return n;
}

/* Margins of the first n rows by a kernel, which begin as something else than 0. */
static void
score(const RmlKernel *kernel, const RmlImage *image, const float *rows, int n, float *margins)
{
	for (int i = 0; i < n * image->header->n_outputs; i++)
		margins[i] = 0.3f + (float) (i % 7);
	kernel->add_margins(image, 0, image->header->n_trees, rows, n, margins);
}

static void
check_blocks(const RmlImage *image, const float *rows)
{
	static const int sizes[] = {1, 2, 7, 8, 9, 11, 12, 13, 31, 32, 33, 44, 63, 64, 65, 75, 76, 128, 255, 257, 300};
	size_t		n_outputs = (size_t) image->header->n_outputs;
	float	   *want = malloc(sizeof(float) * N_ROWS * n_outputs);
	float	   *got = malloc(sizeof(float) * (N_ROWS * n_outputs + 1));

	score(&rml_kernels[0], image, rows, N_ROWS, want);
	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		for (size_t i = 0; rml_kernel_runs(k) && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		{
			size_t		n = (size_t) sizes[i] * n_outputs;

			got[n] = 42.0f;
			score(k, image, rows, sizes[i], got);
			CHECK(memcmp(got, want, n * sizeof(float)) == 0, "%s: a block of %d rows differs",
				  k->name, sizes[i]);
			CHECK(got[n] == 42.0f, "%s: writes behind a block of %d rows", k->name, sizes[i]);
		}
	}
	free(want);
	free(got);
}

/* slots, laid_out: what the image must have; -1: any. */
static void
check_shape(const GenOptions *shape, int slots, int laid_out)
{
	float	   *rows = malloc(sizeof(float) * N_ROWS * (size_t) shape->n_features);
	TestHost	host;
	RmlXgbModel model;
	RmlBlock	block;
	RmlImage	image;
	int			before = test_failures;

	test_host_begin(&host, SIZE_MAX);
	if (build(shape, &host, &model, &block, &image))
	{
		make_rows(&model, shape, rows);
		if (slots >= 0)
			CHECK_INT(image.header->n_slots, slots, "slots");
		if (laid_out >= 0)
			CHECK_INT(count_laid_out(&image), laid_out, "trees laid out");
		check_blocks(&image, rows);
	}
	if (test_failures > before)
		CHECK(false, "in %s", gen_name(shape));
	test_host_end(&host);
	free(rows);
}

static void
test_sizes(void)
{
	test("ranks: trees of 0 to 9 levels");
	for (int32_t levels = 0; levels <= 9; levels++)
		check_shape(&(GenOptions) {.seed = (uint32_t) levels, .n_features = 5, .n_rounds = 40,
					.n_splits = (1 << levels) - 1, .balanced = true},
					levels == 0 || levels == 9 ? 0 : -1, levels == 0 || levels == 9 ? 0 : 40);

	test("ranks: rows of one, two and four registers, and of too many slots");
	check_shape(&(GenOptions) {.seed = 1, .n_features = 30, .n_rounds = 30, .n_splits = 63, .balanced = true,
				.n_thresholds = 100}, 60, 30);
	check_shape(&(GenOptions) {.seed = 2, .n_features = 20, .n_rounds = 60, .n_splits = 255, .balanced = true,
				.n_thresholds = 500}, 80, 60);
	check_shape(&(GenOptions) {.seed = 4, .n_features = 60, .n_rounds = 140, .n_splits = 255, .balanced = true,
				.n_thresholds = 500}, 240, 140);
	check_shape(&(GenOptions) {.seed = 5, .n_features = 128, .n_rounds = 80, .n_splits = 63, .balanced = true,
				.n_thresholds = 20}, 256, 80);
	check_shape(&(GenOptions) {.seed = 6, .n_features = 129, .n_rounds = 80, .n_splits = 63, .balanced = true,
				.n_thresholds = 20}, 258, 80);
	check_shape(&(GenOptions) {.seed = 8, .n_features = 300, .n_rounds = 60, .n_splits = 255, .balanced = true,
				.n_thresholds = 30}, -1, 60);
	check_shape(&(GenOptions) {.seed = 9, .n_features = 600, .n_rounds = 180, .n_splits = 63, .balanced = true,
				.n_thresholds = 20}, 0, 0);
	check_shape(&(GenOptions) {.seed = 10, .n_features = 300, .n_rounds = 30, .n_splits = 63, .balanced = true,
				.n_thresholds = 20}, 0, 0);
	check_shape(&(GenOptions) {.seed = 11, .n_features = 200, .n_rounds = 40, .n_splits = 63, .num_class = 3,
				.n_thresholds = 20}, -1, -1);

	test("ranks: 255, 256 and 257 thresholds, and thousands, of one feature");
	for (int32_t n = 15; n <= 257; n += n < 17 || n > 254 ? 1 : 238)
		check_shape(&(GenOptions) {.seed = (uint32_t) n, .n_features = 1, .n_rounds = 12, .n_splits = 255,
					.balanced = true, .n_thresholds = n}, n > 255 ? 4 : 2, 12);
	check_shape(&(GenOptions) {.seed = 7, .n_features = 1, .n_rounds = 90, .n_splits = 255, .balanced = true,
				.n_thresholds = 5000}, 40, 90);
	check_shape(&(GenOptions) {.seed = 8, .n_features = 1, .n_rounds = 150, .n_splits = 255, .balanced = true,
				.n_thresholds = 10000000}, -1, 150);
}

static void
test_shapes(void)
{
	test("ranks: several outputs, vector leaves, dart, categories, trees that are walked among others");
	check_shape(&(GenOptions) {.seed = 11, .n_features = 4, .n_rounds = 30, .n_splits = 31, .balanced = true,
				.num_class = 3}, -1, 90);
	check_shape(&(GenOptions) {.seed = 12, .n_features = 4, .n_rounds = 30, .n_splits = 31, .balanced = true,
				.num_target = 3, .leaves = GEN_VECTORS, .writer = {3, 0, 0}}, -1, 30);
	check_shape(&(GenOptions) {.seed = 13, .n_features = 4, .n_rounds = 30, .n_splits = 31, .balanced = true,
				.num_target = 3, .leaves = GEN_MIXED, .dart = true, .writer = {3, 4, 0}}, -1, -1);
	check_shape(&(GenOptions) {.seed = 14, .n_features = 3, .n_rounds = 80, .n_splits = 60}, -1, -1);
	check_shape(&(GenOptions) {.seed = 15, .n_features = 3, .n_rounds = 80, .n_splits = 5}, -1, 80);
	check_shape(&(GenOptions) {.seed = 16, .n_features = 3, .n_rounds = 20, .n_splits = 4, .categories = true,
				.writer = {3, 0, 0}}, -1, -1);
	for (uint32_t seed = 17; seed < 23; seed++)
		check_shape(&(GenOptions) {.seed = seed, .n_features = 5, .n_rounds = 6, .n_splits = 15, .balanced = true,
					.categories = true, .writer = seed % 3 == 0 ? (RmlWriter) {1, 5, 0} : seed % 3 == 1 ?
					(RmlWriter) {1, 7, 0} : (RmlWriter) {2, 0, 0}}, -1, 6);
	check_shape(&(GenOptions) {.seed = 23, .n_features = 5, .n_rounds = 60, .n_splits = 31, .balanced = true,
				.categories = true, .writer = {2, 0, 0}}, -1, -1);
	check_shape(&(GenOptions) {.seed = 24, .n_features = 3, .n_rounds = 3, .n_splits = 400, .chain = true}, 0, 0);
	for (uint32_t seed = 100; seed < 160; seed++)
	{
		GenOptions	shape = gen_shape(seed);

		if (!shape.linear)
			check_shape(&shape, -1, -1);
	}
}

/* ---- damage ---- */

/* Scores of an image that is opened in spite of a change. */
static bool
scores_equal(const RmlImage *image, const float *rows)
{
	size_t		n = 12 * (size_t) image->header->n_outputs;
	float	   *want = malloc(sizeof(float) * n);
	float	   *got = malloc(sizeof(float) * n);
	bool		equal = true;

	score(&rml_kernels[0], image, rows, 12, want);
	for (const RmlKernel *k = rml_kernels; k->name != NULL; k++)
	{
		if (!rml_kernel_runs(k))
			continue;
		score(k, image, rows, 12, got);
		equal = equal && memcmp(got, want, n * sizeof(float)) == 0;
	}
	free(want);
	free(got);
	return equal;
}

static void
check_damage(const GenOptions *shape)
{
	float	   *rows = malloc(sizeof(float) * N_ROWS * (size_t) shape->n_features);
	TestHost	host;
	RmlXgbModel model;
	RmlBlock	block;
	RmlImage	image;
	int			opened = 0;

	test_host_begin(&host, SIZE_MAX);
	if (build(shape, &host, &model, &block, &image))
	{
		RmlImageExtent first = image.header->sections[RML_SEC_RANK_FEATURES];
		uint8_t    *bytes = block.data;

		make_rows(&model, shape, rows);
		CHECK(image.header->n_slots > (shape->n_features > 100 ? RML_NARROW_SLOTS : 0), "%s: %u slots",
			  gen_name(shape), image.header->n_slots);
		for (size_t at = first.offset; at < block.size; at++)
		{
			static const int changes[] = {1, 2, 128, 255};

			for (int i = 0; i < 4; i++)
			{
				RmlError	err = {0};
				RmlImage	damaged;

				bytes[at] ^= (uint8_t) changes[i];
				rml_image_seal(bytes, block.size);
				if (rml_image_open(&damaged, bytes, block.size, &err))
				{
					opened++;
					CHECK(scores_equal(&damaged, rows), "byte %zu ^ %d: opened, and other scores",
						  at - first.offset, changes[i]);
				}
				else
					CHECK(err.kind == RML_CORRUPT, "%s", err.message);
				bytes[at] ^= (uint8_t) changes[i];
			}
		}
		/* padding between sections, the sign of a cut that is 0 */
		CHECK(opened <= 4 * 64 * 7 + 8, "%d changes pass", opened);
	}
	test_host_end(&host);
	free(rows);
}

static void
test_damage(void)
{
	test("ranks: a changed byte is refused, or changes nothing");
	check_damage(&(GenOptions) {.seed = 31, .n_features = 3, .n_rounds = 5, .n_splits = 7, .balanced = true});
	check_damage(&(GenOptions) {.seed = 32, .n_features = 2, .n_rounds = 3, .n_splits = 100, .balanced = true,
				 .n_thresholds = 300});
	check_damage(&(GenOptions) {.seed = 33, .n_features = 3, .n_rounds = 5, .n_splits = 7, .balanced = true,
				 .categories = true, .writer = {2, 0, 0}});
	check_damage(&(GenOptions) {.seed = 35, .n_features = 400, .n_rounds = 50, .n_splits = 7, .balanced = true});
	check_damage(&(GenOptions) {.seed = 34, .n_features = 3, .n_rounds = 3, .n_splits = 7, .balanced = true,
				 .num_target = 2, .leaves = GEN_VECTORS, .writer = {3, 0, 0}});
}

int
main(void)
{
	test_sizes();
	test_shapes();
	test_damage();
	return test_done();
}
