/*
 * test_image.c
 *	  The image checker: no damaged image of any kind is opened.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

/* Opens a copy that ends with its memory; the fault if refused. */
static bool
open_copy(const void *data, size_t size, RmlError *err)
{
	void	   *copy = malloc(size > 0 ? size : 1);
	RmlImage	image;
	bool		ok;

	memcpy(copy, data, size);
	memset(err, 0, sizeof(*err));
	ok = rml_image_open(&image, copy, size, err);
	free(copy);
	return ok;
}

static void
check_name(const RmlImage *image, int feature, const char *want)
{
	char		buffer[16];
	size_t		length;
	const char *name = rml_image_feature_name(image, feature, buffer, &length);

	CHECK(length == strlen(want) && memcmp(name, want, length) == 0, "feature %d: %.*s, expected %s",
		  feature, (int) length, name, want);
}

static void
test_good(const RmlBlock *blocks)
{
	RmlImage	images[GEN_N_IMAGES];
	RmlError	err = {0};
	RmlImage   *image = &images[GEN_IMAGE_NAMED];

	test("image: what the builder makes is opened");
	for (int k = 0; k < GEN_N_IMAGES; k++)
	{
		CHECK(rml_image_open(&images[k], blocks[k].data, blocks[k].size, &err), "%s: %s",
			  gen_image_name((GenImage) k), err.message);
		CHECK_INT(images[k].header->identity[0], 9, "identity");
		CHECK(rml_image_is_current(images[k].header), "format");
	}
	CHECK_INT(image->header->n_trees, 2, "trees");
	CHECK_INT(image->header->n_features, 3, "features");
	CHECK_INT(image->header->max_depth, 3, "depth");
	CHECK_INT(image->writer.minor, 7, "writer");
	CHECK_INT(image->header->flags, RML_IMAGE_ODD_DEFAULT, "flags of 1.7.2");
	check_name(image, 1, "b\xc3\xa4r");
	check_name(image, 2, "c");
	image = &images[GEN_IMAGE_CLASSES];
	check_name(image, 1, "f1");
	CHECK_INT(image->header->n_outputs, 3, "outputs");
	CHECK_INT(image->trees[2].output, 2, "output of the last tree");
	image = &images[GEN_IMAGE_VECTORS];
	CHECK_INT(image->trees[1].output, RML_ALL_OUTPUTS, "output of a tree with vector leaves");
	CHECK_INT(rml_image_entries(image->header, RML_SEC_LEAF_VECTORS), 2 * 2 * 3, "leaf vectors");
	image = &images[GEN_IMAGE_CATEGORIES];
	CHECK_INT(image->header->flags, 0, "flags of 3.4");
	CHECK(image->n_categories >= 2, "%d features have labels", image->n_categories);
	CHECK(rml_image_entries(image->header, RML_SEC_CATEGORY_SETS) >= 4, "no category sets");
	image = &images[GEN_IMAGE_LINEAR];
	CHECK_INT(image->header->flags, RML_IMAGE_LINEAR | RML_IMAGE_ODD_DEFAULT, "flags of a linear model");
	CHECK_INT(rml_image_entries(image->header, RML_SEC_WEIGHTS), 8, "weights");
}

static void
test_flips(const RmlBlock *blocks)
{
	test("image: every flipped bit of every kind is refused");
	for (int k = 0; k < GEN_N_IMAGES; k++)
	{
		uint8_t    *block = blocks[k].data;
		RmlError	err;

		for (size_t bit = 0; bit < blocks[k].size * 8; bit++)
		{
			block[bit / 8] ^= (uint8_t) (1 << bit % 8);
			CHECK(!open_copy(block, blocks[k].size, &err) && err.kind == RML_CORRUPT,
				  "%s: bit %zu of byte %zu", gen_image_name((GenImage) k), bit % 8, bit / 8);
			block[bit / 8] ^= (uint8_t) (1 << bit % 8);
		}
		CHECK(open_copy(block, blocks[k].size, &err), "afterwards: %s", err.message);
	}
}

static void
test_lengths(const RmlBlock *blocks)
{
	test("image: every truncation and any extension is refused");
	for (int k = 0; k < GEN_N_IMAGES; k++)
	{
		size_t		size = blocks[k].size;
		uint8_t    *longer = calloc(1, size + 256);
		RmlError	err;

		for (size_t n = 0; n < size; n++)
			CHECK(!open_copy(blocks[k].data, n, &err) && err.kind == RML_CORRUPT, "%zu bytes", n);
		memcpy(longer, blocks[k].data, size);
		for (size_t n = size + 1; n <= size + 256; n++)
			CHECK(!open_copy(longer, n, &err), "%zu bytes", n);
		free(longer);
	}
}

/* The same with the checksum repaired: the structure gives it away. */
static void
test_sealed_lengths(const RmlBlock *blocks)
{
	test("image: truncations and extensions with a repaired checksum are refused");
	for (int k = 0; k < GEN_N_IMAGES; k++)
	{
		size_t		size = blocks[k].size;
		uint8_t    *copy = calloc(1, size + 256);
		RmlError	err;

		for (size_t n = sizeof(RmlImageHeader); n <= size + 256; n++)
		{
			memset(copy, 0, size + 256);
			memcpy(copy, blocks[k].data, n < size ? n : size);
			rml_image_seal(copy, n);
			CHECK(open_copy(copy, n, &err) == (n == size), "%s: %zu of %zu bytes",
				  gen_image_name((GenImage) k), n, size);
		}
		free(copy);
	}
}

static void
test_foreign_image(RmlBlock block)
{
	RmlError	err;
	RmlImageHeader *header = block.data;

	test("image: another format or byte order is refused");
	for (int step = -1; step <= 1; step += 2)
	{
		header->format += (uint32_t) step;
		CHECK(!open_copy(block.data, block.size, &err), "format %u is opened", header->format);
		CHECK_CONTAINS(err.message, "has format", "message");
		CHECK(!rml_image_is_current(header), "format %u is current", header->format);
		header->format -= (uint32_t) step;
	}
	header->byte_order = UINT32_C(0x04030201);
	CHECK(!open_copy(block.data, block.size, &err), "other byte order is opened");
	header->byte_order = UINT32_C(0x01020304);
	header->magic[0]++;
	CHECK(!open_copy(block.data, block.size, &err), "another magic is opened");
	header->magic[0]--;
	CHECK(open_copy(block.data, block.size, &err), "afterwards: %s", err.message);
}

/* What an older or newer version of a writer adds to the flags. */
static void
check_flags(RmlWriter writer, bool dart, uint32_t want)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0};
	GenOptions	shape = {.seed = 2, .n_features = 1, .n_rounds = 1, .n_splits = 1, .dart = dart,
	.writer = writer};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlError	err = {0};
	TestHost	host;
	Text		file = {0};
	RmlBlock	block;

	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, &shape);
	gen_json(&model, &file);
	if (CHECK(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
			  rml_xgb_validate(&model, &host.host, &err) &&
			  rml_xgb_build(&model, &options, identity, &host.host, &block, &err), "%s", err.message))
		CHECK(((RmlImageHeader *) block.data)->flags == want, "%d.%d.%d: flags %u, expected %u",
			  writer.major, writer.minor, writer.patch, ((RmlImageHeader *) block.data)->flags, want);
	text_free(&file);
	test_host_end(&host);
}

static void
test_flags(void)
{
	test("image: flags by writer");
	check_flags((RmlWriter) {1, 0, 0}, false, RML_IMAGE_BASE_LAST | RML_IMAGE_ODD_TRUNCATED);
	check_flags((RmlWriter) {1, 2, 1}, true, RML_IMAGE_BASE_LAST | RML_IMAGE_ODD_TRUNCATED);
	check_flags((RmlWriter) {1, 3, 0}, false, RML_IMAGE_ODD_TRUNCATED);
	check_flags((RmlWriter) {1, 3, 3}, true, RML_IMAGE_BASE_LAST | RML_IMAGE_ODD_TRUNCATED);
	check_flags((RmlWriter) {1, 4, 0}, true, RML_IMAGE_ODD_TRUNCATED);
	check_flags((RmlWriter) {1, 5, 2}, false, RML_IMAGE_ODD_TRUNCATED);
	check_flags((RmlWriter) {1, 6, 0}, false, RML_IMAGE_ODD_DEFAULT);
	check_flags((RmlWriter) {1, 7, 2}, false, RML_IMAGE_ODD_DEFAULT);
	check_flags((RmlWriter) {1, 7, 3}, false, 0);
	check_flags((RmlWriter) {2, 0, 0}, false, 0);
	check_flags((RmlWriter) {3, 4, 1}, true, 0);
}

int
main(void)
{
	TestHost	host;
	RmlBlock	blocks[GEN_N_IMAGES];

	test_host_begin(&host, SIZE_MAX);
	for (int k = 0; k < GEN_N_IMAGES; k++)
		blocks[k] = gen_image(&host.host, (GenImage) k);
	test_good(blocks);
	test_flips(blocks);
	test_lengths(blocks);
	test_sealed_lengths(blocks);
	test_foreign_image(blocks[GEN_IMAGE_NAMED]);
	test_flags();
	test_host_end(&host);
	return test_done();
}
