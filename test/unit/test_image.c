/*
 * test_image.c
 *	  The image checker: no damaged image is opened.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

static TestHost host;

/* A small model with names, two trees and 3 features, as an image. */
static void *
small_image(size_t *size)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {9, 8, 7};
	static const char *const names[] = {"alter", "b\xc3\xa4r", "c"};
	RmlImportOptions options = {.feature_names = names, .n_feature_names = 3};
	GenOptions	shape = {.seed = 5, .n_features = 3, .n_trees = 2, .n_splits = 3, .chain = true, .writer_minor = 7};
	RmlXgbModel model;
	RmlError	err = {0};
	Text		file = {0};
	RmlBlock	block = {0};

	gen_model(&model, &host.host, &shape);
	gen_json(&model, &file);
	CHECK(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
		  rml_xgb_validate(&model, &host.host, &err) &&
		  rml_xgb_build(&model, &options, identity, &host.host, &block, &err),
		  "%s", err.message);
	text_free(&file);
	*size = block.size;
	return block.data;
}

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
test_good(const uint8_t *block, size_t size)
{
	RmlImage	image;
	RmlError	err = {0};
	char		buffer[16];
	size_t		length;
	const char *name;

	test("image: what the builder makes is opened");
	CHECK(rml_image_open(&image, block, size, &err), "%s", err.message);
	CHECK_INT(image.header->n_trees, 2, "trees");
	CHECK_INT(image.header->n_features, 3, "features");
	CHECK_INT(image.header->max_depth, 3, "depth");
	CHECK_INT(image.header->writer[1], 7, "writer");
	CHECK_INT(image.header->identity[0], 9, "identity");
	name = rml_image_feature_name(&image, 1, buffer, &length);
	CHECK(length == 4 && memcmp(name, "b\xc3\xa4r", 4) == 0, "%.*s", (int) length, name);
	name = rml_image_feature_name(&image, 2, buffer, &length);
	CHECK(length == 1 && *name == 'c', "%.*s", (int) length, name);
}

static void
test_flips(uint8_t *block, size_t size)
{
	RmlError	err;

	test("image: every flipped bit is refused");
	for (size_t bit = 0; bit < size * 8; bit++)
	{
		block[bit / 8] ^= (uint8_t) (1 << bit % 8);
		CHECK(!open_copy(block, size, &err) && err.kind == RML_CORRUPT, "bit %zu of byte %zu",
			  bit % 8, bit / 8);
		block[bit / 8] ^= (uint8_t) (1 << bit % 8);
	}
	CHECK(open_copy(block, size, &err), "afterwards: %s", err.message);
}

static void
test_lengths(uint8_t *block, size_t size)
{
	RmlError	err;
	uint8_t    *longer = calloc(1, size + 256);

	test("image: every truncation and any extension is refused");
	for (size_t n = 0; n < size; n++)
		CHECK(!open_copy(block, n, &err) && err.kind == RML_CORRUPT, "%zu bytes", n);
	memcpy(longer, block, size);
	for (size_t n = size + 1; n <= size + 256; n++)
		CHECK(!open_copy(longer, n, &err), "%zu bytes", n);
	free(longer);
}

/* The same with the checksum repaired: the structure gives it away. */
static void
test_sealed_lengths(uint8_t *block, size_t size)
{
	RmlError	err;
	uint8_t    *copy = calloc(1, size + 256);

	test("image: truncations and extensions with a repaired checksum are refused");
	for (size_t n = sizeof(RmlImageHeader); n <= size + 256; n++)
	{
		memset(copy, 0, size + 256);
		memcpy(copy, block, n < size ? n : size);
		rml_image_seal(copy, n);
		CHECK(open_copy(copy, n, &err) == (n == size), "%zu of %zu bytes", n, size);
	}
	free(copy);
}

static uint8_t *tampered;		/* copy of the small image */
static size_t tampered_size;

static void
refuse(const char *what, const char *message)
{
	RmlError	err;

	rml_image_seal(tampered, tampered_size);
	if (CHECK(!open_copy(tampered, tampered_size, &err), "%s is accepted", what))
		CHECK(err.kind == RML_CORRUPT && strstr(err.message, message) != NULL,
			  "%s: got \"%s\", expected \"%s\"", what, err.message, message);
}

/* Sets one int32 of the copy, expects a refusal and sets it back. */
static void
refuse_int(size_t offset, int32_t value, const char *what, const char *message)
{
	int32_t		old;

	memcpy(&old, tampered + offset, sizeof(old));
	if (!CHECK(old != value, "%s is %d anyway", what, value))
		return;
	memcpy(tampered + offset, &value, sizeof(value));
	refuse(what, message);
	memcpy(tampered + offset, &old, sizeof(old));
}

static void
refuse_float(size_t offset, float value, const char *what, const char *message)
{
	int32_t		bits;

	memcpy(&bits, &value, sizeof(bits));
	refuse_int(offset, bits, what, message);
}

static size_t
section(RmlSection which)
{
	return ((RmlImageHeader *) tampered)->sections[which].offset;
}

#define HEADER(field) offsetof(RmlImageHeader, field)

static void
test_header(void)
{
	test("image: a wrong header with a right checksum is refused");
	refuse_int(HEADER(objective), 0, "objective 0", "objective");
	refuse_int(HEADER(objective), 99, "objective 99", "objective");
	refuse_int(HEADER(objective), -1, "objective -1", "objective");
	refuse_int(HEADER(objective), rml_objective_by_name("multi:softmax")->id, "a multi-class one", "objective");
	refuse_int(HEADER(n_features), -1, "n_features -1", "counts");
	refuse_int(HEADER(n_features), 2, "n_features 2", "counts");
	refuse_int(HEADER(n_features), 0, "n_features 0", "counts");
	refuse_int(HEADER(n_features), INT32_MAX, "n_features max", "counts");
	refuse_int(HEADER(n_outputs), 0, "n_outputs 0", "counts");
	refuse_int(HEADER(n_outputs), -1, "n_outputs -1", "counts");
	refuse_int(HEADER(n_outputs), 2, "n_outputs 2", "counts");
	refuse_int(HEADER(n_trees), -1, "n_trees -1", "counts");
	refuse_int(HEADER(n_trees), 1, "n_trees 1", "out of place");
	refuse_int(HEADER(n_trees), 3, "n_trees 3", "out of place");
	refuse_int(HEADER(n_trees), INT32_MAX, "n_trees max", "out of place");
	refuse_int(HEADER(max_depth), -1, "max_depth -1", "counts");
	refuse_int(HEADER(max_depth), 2, "max_depth 2", "impossible tree");
	refuse_int(HEADER(flags), 2, "flags 2", "counts");
	refuse_int(HEADER(flags), -1, "flags -1", "counts");
	for (int s = 0; s < RML_N_SECTIONS; s++)
	{
		static const int32_t wrong[] = {-1, 0, 1, 64, 4096, INT32_MAX, INT32_MIN};

		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		{
			size_t		at = HEADER(sections) + sizeof(RmlImageExtent) * (size_t) s;
			char		what[64];
			int32_t		old;

			snprintf(what, sizeof(what), "section %d, %d", s, wrong[i]);
			/* low and high half of offset and size */
			for (size_t half = 0; half < 16; half += 4)
			{
				memcpy(&old, tampered + at + half, sizeof(old));
				if (old != wrong[i])
					refuse_int(at + half, wrong[i], what, "");
			}
		}
	}
}

static void
test_content(void)
{
	size_t		trees = section(RML_SEC_TREES);
	size_t		nodes = section(RML_SEC_NODES);
	size_t		ends = section(RML_SEC_NAME_ENDS);
	size_t		node = sizeof(RmlImageNode);

	test("image: a wrong margin, tree or node with a right checksum is refused");
	refuse_float(section(RML_SEC_BASE_MARGIN), NAN, "base margin NaN", "base margin");
	refuse_float(section(RML_SEC_BASE_MARGIN), INFINITY, "base margin Inf", "base margin");
	refuse_int(trees + 0, 1, "first_node 1", "out of place");
	refuse_int(trees + 4, 0, "n_nodes 0", "out of place");
	refuse_int(trees + 4, -1, "n_nodes max", "out of place");
	refuse_int(trees + 4, 6, "n_nodes 6", "");
	refuse_int(trees + 8, 1, "output 1", "impossible tree");
	refuse_int(trees + 8, -1, "output -1", "impossible tree");
	refuse_int(trees + 12, -1, "depth -1", "impossible tree");
	refuse_int(trees + 12, 4, "depth 4", "impossible tree");
	refuse_int(trees + sizeof(RmlImageTree), 0, "second tree at 0", "out of place");
	refuse_int(trees + sizeof(RmlImageTree) + 4, 6, "second tree short", "");
	refuse_int(trees + sizeof(RmlImageTree) + 4, 8, "second tree long", "");
	for (size_t i = 0; i < 14; i++)
	{
		refuse_float(nodes + i * node, NAN, "value NaN", "not finite");
		refuse_float(nodes + i * node, -INFINITY, "value -Inf", "not finite");
	}
	/* the root: a split */
	refuse_int(nodes + 4, 3, "feature 3", "feature");
	refuse_int(nodes + 4, INT32_MAX, "feature max", "feature");
	refuse_int(nodes + 4, -1, "feature max, default left", "feature");
	refuse_int(nodes + 8, 6, "child at the last node", "child");
	refuse_int(nodes + 8, 7, "child behind the end", "child");
	refuse_int(nodes + 8, -1, "child max", "child");
	/* its child on the way down must not point back */
	for (size_t i = 1; i < 7; i++)
	{
		uint32_t	child;

		memcpy(&child, tampered + nodes + i * node + 8, sizeof(child));
		if (child == 0)
			continue;
		refuse_int(nodes + i * node + 8, (int32_t) i, "child itself", "child");
		refuse_int(nodes + i * node + 8, 1, "child before", "child");
	}

	test("image: wrong names with a right checksum are refused");
	refuse_int(ends + 0, 12, "first name beyond the end", "name");
	refuse_int(ends + 0, -1, "first name max", "name");
	refuse_int(ends + 4, 3, "second name before the first", "name");
	refuse_int(ends + 4, 7, "name cut in a character", "UTF-8");
	refuse_int(ends + 8, 9, "bytes without a name", "name");
	refuse_int(ends + 8, 11, "name beyond the end", "name");
	tampered[section(RML_SEC_NAMES)] = 0;
	refuse("NUL in a name", "UTF-8");
	tampered[section(RML_SEC_NAMES)] = 0xff;
	refuse("invalid UTF-8 in a name", "UTF-8");
	tampered[section(RML_SEC_NAMES)] = 'a';
}

static void
test_foreign_image(uint8_t *block, size_t size)
{
	RmlError	err;
	RmlImageHeader *header = (RmlImageHeader *) block;

	test("image: another format or byte order is refused");
	header->format++;
	CHECK(!open_copy(block, size, &err), "newer format is opened");
	header->format--;
	header->byte_order = UINT32_C(0x04030201);
	CHECK(!open_copy(block, size, &err), "other byte order is opened");
	header->byte_order = UINT32_C(0x01020304);
	header->magic[0]++;
	CHECK(!open_copy(block, size, &err), "another magic is opened");
	header->magic[0]--;
	CHECK(open_copy(block, size, &err), "afterwards: %s", err.message);
}

int
main(void)
{
	uint8_t    *block;
	size_t		size = 0;

	test_host_begin(&host, SIZE_MAX);
	block = small_image(&size);
	if (block == NULL)
		return 1;
	tampered = malloc(size);
	tampered_size = size;
	memcpy(tampered, block, size);
	test_good(block, size);
	test_flips(block, size);
	test_lengths(block, size);
	test_sealed_lengths(block, size);
	test_header();
	test_content();
	test("image: the tampered copy is whole again");
	rml_image_seal(tampered, tampered_size);
	CHECK(memcmp(tampered, block, size) == 0, "differs");
	test_foreign_image(block, size);
	free(tampered);
	test_host_end(&host);
	return test_done();
}
