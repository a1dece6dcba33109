/*
 * test_image_rules.c
 *	  The image checker: each rule, broken alone and with the checksum repaired.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

static uint8_t *tampered;		/* copy of one of the small images */
static size_t tampered_size;
static GenImage tampered_kind;
static RmlImage image;			/* opened from it */

static bool
open_sealed(void *data, size_t size, RmlError *err)
{
	RmlImage	opened;

	memset(err, 0, sizeof(*err));
	rml_image_seal(data, size);
	return rml_image_open(&opened, data, size, err);
}

/* Everything has been set back: the copy is as it was. */
static void
check_whole(TestHost *host)
{
	RmlBlock	block;

	if (tampered == NULL)
		return;
	block = gen_image(&host->host, tampered_kind);
	rml_image_seal(tampered, tampered_size);
	CHECK(memcmp(tampered, block.data, block.size) == 0, "%s: not whole again", gen_image_name(tampered_kind));
}

static void
begin(TestHost *host, GenImage kind)
{
	RmlBlock	block = gen_image(&host->host, kind);
	RmlError	err = {0};

	check_whole(host);
	tampered_kind = kind;
	tampered = block.data;
	tampered_size = block.size;
	CHECK(rml_image_open(&image, tampered, tampered_size, &err), "%s", err.message);
}

static void
refuse(const char *what, const char *message)
{
	RmlError	err;

	if (CHECK(!open_sealed(tampered, tampered_size, &err), "%s is accepted", what))
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

static void
refuse_byte(size_t offset, uint8_t value, const char *what, const char *message)
{
	uint8_t		old = tampered[offset];

	if (!CHECK(old != value, "%s is %d anyway", what, value))
		return;
	tampered[offset] = value;
	refuse(what, message);
	tampered[offset] = old;
}

/* Also a NaN and both infinities, at every entry of a section of floats. */
static void
refuse_not_finite(RmlSection section, const char *what, const char *message)
{
	size_t		at = ((RmlImageHeader *) tampered)->sections[section].offset;
	uint64_t	n = rml_image_entries(image.header, section);

	CHECK(n > 0, "%s: none", what);
	for (uint64_t i = 0; i < n; i++)
	{
		refuse_float(at + i * sizeof(float), NAN, what, message);
		refuse_float(at + i * sizeof(float), INFINITY, what, message);
		refuse_float(at + i * sizeof(float), -INFINITY, what, message);
	}
}

static size_t
section(RmlSection which)
{
	return image.header->sections[which].offset;
}

static size_t
offset_of(const void *pointer)
{
	return (size_t) ((const uint8_t *) pointer - tampered);
}

/* Laid out anew with another number of entries in one section: refused? */
static bool
resized_is_refused(RmlSection which, int step, RmlError *err)
{
	RmlImageHeader header = *image.header;
	RmlImageCounts counts;
	uint64_t	size;
	uint8_t    *copy;
	bool		ok;

	for (int s = 0; s < RML_N_SECTIONS; s++)
		counts.entries[s] = rml_image_entries(image.header, (RmlSection) s);
	counts.entries[which] += (uint64_t) (int64_t) step;
	size = rml_image_layout(&header, &counts);
	copy = calloc(1, size);
	memcpy(copy, &header, sizeof(header));
	for (int s = 0; s < RML_N_SECTIONS; s++)
	{
		const RmlImageExtent *from = &image.header->sections[s];
		const RmlImageExtent *to = &header.sections[s];

		memcpy(copy + to->offset, tampered + from->offset, from->size < to->size ? from->size : to->size);
	}
	ok = open_sealed(copy, size, err);
	free(copy);
	return !ok;
}

/* ---- sizes ---- */

static void
test_sizes(TestHost *host)
{
	test("image rules: one entry more or less in any section of any kind is refused");
	for (int k = 0; k < GEN_N_IMAGES; k++)
	{
		begin(host, (GenImage) k);
		for (int s = 0; s < RML_N_SECTIONS; s++)
		{
			uint64_t	n = rml_image_entries(image.header, (RmlSection) s);
			RmlError	err;

			/* one value alone is a whole vector of one output */
			if (s != RML_SEC_LEAF_VECTORS || image.header->n_outputs > 1)
				CHECK(resized_is_refused((RmlSection) s, 1, &err) && err.kind == RML_CORRUPT,
					  "%s: section %d, one more", gen_image_name((GenImage) k), s);
			if (n > 0)
				CHECK(resized_is_refused((RmlSection) s, -1, &err) && err.kind == RML_CORRUPT,
					  "%s: section %d, one less", gen_image_name((GenImage) k), s);
			if (n > 0 && s != RML_SEC_LEAF_VECTORS)
				CHECK(resized_is_refused((RmlSection) s, -(int) n, &err) == (s != RML_SEC_COVERS &&
					  (s != RML_SEC_NAME_ENDS || image.header->sections[RML_SEC_NAMES].size > 0)),
					  "%s: section %d, none", gen_image_name((GenImage) k), s);
		}
	}
}

/* ---- header ---- */

#define HEADER(field) offsetof(RmlImageHeader, field)

static void
test_extents(void)
{
	static const int32_t wrong[] = {-1, 0, 1, 64, 4096, INT32_MAX, INT32_MIN};

	for (int s = 0; s < RML_N_SECTIONS; s++)
	{
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
test_header(TestHost *host)
{
	test("image rules: a wrong header is refused");
	begin(host, GEN_IMAGE_NAMED);
	refuse_int(HEADER(objective), 0, "objective 0", "objective");
	refuse_int(HEADER(objective), 99, "objective 99", "objective");
	refuse_int(HEADER(objective), -1, "objective -1", "objective");
	refuse_int(HEADER(n_features), -1, "n_features -1", "counts");
	refuse_int(HEADER(n_features), 2, "n_features 2", "counts");
	refuse_int(HEADER(n_features), 0, "n_features 0", "counts");
	refuse_int(HEADER(n_features), RML_MAX_FEATURES + 1, "n_features 100001", "counts");
	refuse_int(HEADER(n_features), INT32_MAX, "n_features max", "counts");
	refuse_int(HEADER(n_outputs), 0, "n_outputs 0", "counts");
	refuse_int(HEADER(n_outputs), -1, "n_outputs -1", "counts");
	refuse_int(HEADER(n_outputs), 2, "n_outputs 2", "counts");
	refuse_int(HEADER(n_outputs), RML_MAX_OUTPUTS + 1, "n_outputs 100001", "counts");
	refuse_int(HEADER(n_trees), -1, "n_trees -1", "counts");
	refuse_int(HEADER(n_trees), 1, "n_trees 1", "counts");
	refuse_int(HEADER(n_trees), 3, "n_trees 3", "counts");
	refuse_int(HEADER(n_trees), INT32_MAX, "n_trees max", "counts");
	refuse_int(HEADER(max_depth), -1, "max_depth -1", "counts");
	refuse_int(HEADER(max_depth), 2, "max_depth 2", "impossible tree");
	refuse_int(HEADER(flags), RML_IMAGE_ALL_FLAGS + 1, "an unknown flag", "counts");
	refuse_int(HEADER(flags), -1, "flags -1", "counts");
	refuse_int(HEADER(flags), RML_IMAGE_LINEAR, "linear with trees", "counts");
	test_extents();
	begin(host, GEN_IMAGE_CLASSES);
	refuse_int(HEADER(n_outputs), 1, "one output, three margins", "counts");
	refuse_int(HEADER(n_outputs), 2, "two outputs, three margins", "counts");
	begin(host, GEN_IMAGE_CATEGORIES);
	test_extents();
}

/* ---- trees ---- */

static void
test_trees(TestHost *host)
{
	size_t		trees;
	size_t		nodes;
	size_t		node = sizeof(RmlImageNode);

	test("image rules: a wrong margin, tree or node is refused");
	begin(host, GEN_IMAGE_NAMED);
	trees = section(RML_SEC_TREES);
	nodes = section(RML_SEC_NODES);
	refuse_not_finite(RML_SEC_BASE_MARGIN, "base margin", "base margin");
	refuse_int(trees + 0, 1, "first_node 1", "out of place");
	refuse_int(trees + 4, 0, "n_nodes 0", "out of place");
	refuse_int(trees + 4, -1, "n_nodes max", "out of place");
	refuse_int(trees + 4, 6, "n_nodes 6", "");
	refuse_int(trees + 8, 1, "output 1", "impossible tree");
	refuse_int(trees + 8, -2, "output -2", "impossible tree");
	refuse_int(trees + 8, INT32_MIN, "output min", "impossible tree");
	refuse_int(trees + 8, -1, "scalar leaves for all outputs", "leaf vector out of place");
	refuse_int(trees + 12, -1, "depth -1", "impossible tree");
	refuse_int(trees + 12, 4, "depth 4", "impossible tree");
	refuse_int(trees + sizeof(RmlImageTree), 0, "second tree at 0", "out of place");
	refuse_int(trees + sizeof(RmlImageTree) + 4, 6, "second tree short", "");
	refuse_int(trees + sizeof(RmlImageTree) + 4, 8, "second tree long", "");
	for (size_t i = 0; i < 14; i++)
	{
		uint32_t	child;

		memcpy(&child, tampered + nodes + i * node + 8, sizeof(child));
		refuse_float(nodes + i * node, NAN, "value NaN", child == 0 ? "value not finite" : "threshold not a number");
		if (child == 0)
			refuse_float(nodes + i * node, -INFINITY, "value -Inf", "not finite");
	}
	/* the root: a split */
	refuse_int(nodes + 4, 3, "feature 3", "feature");
	refuse_int(nodes + 4, RML_FEATURE_MASK, "feature max", "feature");
	refuse_int(nodes + 4, (int32_t) (RML_DEFAULT_LEFT | RML_FEATURE_MASK), "feature max, default left", "feature");
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
	begin(host, GEN_IMAGE_CLASSES);
	refuse_not_finite(RML_SEC_BASE_MARGIN, "base margin", "base margin");
	refuse_int(section(RML_SEC_TREES) + 8, 3, "output 3", "impossible tree");
}

/* ---- vector leaves, weights ---- */

static void
test_vectors(TestHost *host)
{
	uint64_t	n_rows;

	test("image rules: wrong leaf vectors are refused");
	begin(host, GEN_IMAGE_VECTORS);
	n_rows = rml_image_entries(image.header, RML_SEC_LEAF_VECTORS) / 2;
	refuse_not_finite(RML_SEC_LEAF_VECTORS, "leaf vector", "leaf not finite");
	for (uint64_t i = 0; i < rml_image_entries(image.header, RML_SEC_NODES); i++)
	{
		if (image.nodes[i].child != 0)
			continue;
		refuse_int(offset_of(&image.nodes[i]), (int32_t) n_rows, "row behind the last", "leaf vector out of place");
		refuse_int(offset_of(&image.nodes[i]), -1, "row max", "leaf vector out of place");
		refuse_int(offset_of(&image.nodes[i]), (int32_t) (image.nodes[i].row + 1), "a later row",
				   "leaf vector out of place");
	}
	for (uint64_t i = 0; i < rml_image_entries(image.header, RML_SEC_NODES); i++)
	{
		if (image.nodes[i].child != 0)
			refuse_float(offset_of(&image.nodes[i]), NAN, "threshold NaN", "not a number");
	}
}

static void
test_weights(TestHost *host)
{
	test("image rules: wrong weights of a linear model are refused");
	begin(host, GEN_IMAGE_LINEAR);
	refuse_not_finite(RML_SEC_WEIGHTS, "weight", "weight not finite");
	refuse_not_finite(RML_SEC_BASE_MARGIN, "base margin", "base margin");
	refuse_int(HEADER(flags), 0, "weights of a model that is not linear", "counts");
	refuse_int(HEADER(n_trees), 1, "a linear model with a tree", "counts");
	refuse_int(HEADER(n_features), 4, "n_features 4", "counts");
	refuse_int(HEADER(n_outputs), 1, "n_outputs 1", "counts");
}

static void
test_covers(TestHost *host)
{
	test("image rules: covers that are none are refused");
	begin(host, GEN_IMAGE_NAMED);
	refuse_not_finite(RML_SEC_COVERS, "cover", "cover out of range");
	for (uint64_t i = 0; i < rml_image_entries(image.header, RML_SEC_COVERS); i++)
	{
		refuse_float(section(RML_SEC_COVERS) + i * sizeof(float), -1e-30f, "cover below 0", "cover out of range");
		refuse_float(section(RML_SEC_COVERS) + i * sizeof(float), 2.001f, "cover above 2", "cover out of range");
	}
}

/* ---- category sets ---- */

/* The first split by category whose set has two codes or more. */
static const RmlImageNode *
category_split(void)
{
	for (uint64_t i = 0; i < rml_image_entries(image.header, RML_SEC_NODES); i++)
	{
		const RmlImageNode *node = &image.nodes[i];

		if (node->child != 0 && (node->feature & RML_BY_CATEGORY) && image.category_sets[node->set] > 1)
			return node;
	}
	return NULL;
}

static void
test_sets(TestHost *host)
{
	const RmlImageNode *node;
	const uint32_t *set;
	size_t		at;
	size_t		codes;
	uint32_t	n;

	test("image rules: wrong category sets are refused");
	begin(host, GEN_IMAGE_CATEGORIES);
	node = category_split();
	if (!CHECK(node != NULL, "no such split"))
		return;
	set = image.category_sets + node->set;
	n = *set;
	at = offset_of(node);
	codes = offset_of(set);
	refuse_int(at, (int32_t) node->set + 1, "set in the middle of one", "category set out of place");
	refuse_int(at, -1, "set max", "category set out of place");
	refuse_int(at, (int32_t) rml_image_entries(image.header, RML_SEC_CATEGORY_SETS), "set behind the end",
			   "category set out of place");
	refuse_int(at + 4, (int32_t) (node->feature & ~RML_BY_CATEGORY), "no split by category", "");
	refuse_int(codes, 0, "an empty set", "category set out of place");
	refuse_int(codes, -1, "a set of max codes", "category set out of place");
	refuse_int(codes, (int32_t) rml_image_entries(image.header, RML_SEC_CATEGORY_SETS), "a set that ends behind the end",
			   "category set out of place");
	refuse_int(codes, (int32_t) n - 1, "a set with a code less", "category set");
	refuse_int(codes + 4 * n, RML_MAX_CATEGORY, "code 2^24", "category set out of order");
	refuse_int(codes + 4 * n, -1, "code max", "category set out of order");
	refuse_int(codes + 8, (int32_t) set[1], "a code twice", "category set out of order");
	refuse_int(codes + 4, (int32_t) set[2] + 1, "codes that descend", "category set out of order");
}

/* ---- texts ---- */

static void
test_names(TestHost *host)
{
	size_t		ends;
	size_t		names;

	test("image rules: wrong names are refused");
	begin(host, GEN_IMAGE_NAMED);
	ends = section(RML_SEC_NAME_ENDS);
	names = section(RML_SEC_NAMES);
	refuse_int(ends + 0, 12, "first name beyond the end", "text");
	refuse_int(ends + 0, -1, "first name max", "text");
	refuse_int(ends + 4, 3, "second name before the first", "text");
	refuse_int(ends + 4, 7, "name cut in a character", "UTF-8");
	refuse_int(ends + 8, 9, "bytes without a name", "text");
	refuse_int(ends + 8, 11, "name beyond the end", "text");
	refuse_byte(names, 0, "NUL in a name", "UTF-8");
	refuse_byte(names, 0xff, "invalid UTF-8 in a name", "UTF-8");
}

static void
test_categories(TestHost *host)
{
	size_t		at;
	size_t		entry = sizeof(RmlImageCategories);
	const RmlImageCategories *c;
	int32_t		n_labels;

	test("image rules: wrong lists of labels are refused");
	begin(host, GEN_IMAGE_CATEGORIES);
	c = image.categories;
	n_labels = (int32_t) rml_image_entries(image.header, RML_SEC_LABELS);
	at = section(RML_SEC_CATEGORIES);
	if (!CHECK(image.n_categories >= 2, "%d features have labels", image.n_categories))
		return;
	refuse_int(at, image.header->n_features, "a feature beyond the last", "labels out of place");
	refuse_int(at, -1, "feature max", "labels out of place");
	refuse_int(at, (int32_t) c[1].feature, "the same feature twice", "labels out of place");
	refuse_int(at + entry, (int32_t) c[0].feature, "the same feature twice", "labels out of place");
	refuse_int(at + 4, 1, "a label without a feature", "labels out of place");
	refuse_int(at + 4, -1, "first max", "labels out of place");
	refuse_int(at + entry + 4, (int32_t) c[1].first + 1, "a label without a feature", "labels out of place");
	refuse_int(at + entry + 4, 0, "labels of two features", "labels out of place");
	refuse_int(at + 8, 0, "a feature with no label", "labels out of place");
	refuse_int(at + 8, n_labels + 1, "more labels than there are", "labels out of place");
	refuse_int(at + 8, -1, "n_labels max", "labels out of place");
	refuse_int(at + 8, (int32_t) c[0].n_labels - 1, "a label less", "labels out of place");
	at += entry * (size_t) (image.n_categories - 1);
	refuse_int(at + 8, (int32_t) c[image.n_categories - 1].n_labels - 1, "a label less at the end",
			   "labels without a feature");
}

static void
test_labels(TestHost *host)
{
	size_t		labels;
	size_t		text;
	uint64_t	n;
	uint64_t	bytes;

	test("image rules: wrong labels are refused");
	begin(host, GEN_IMAGE_CATEGORIES);
	labels = section(RML_SEC_LABELS);
	text = section(RML_SEC_LABEL_TEXT);
	n = rml_image_entries(image.header, RML_SEC_LABELS);
	bytes = rml_image_entries(image.header, RML_SEC_LABEL_TEXT);
	for (uint64_t i = 0; i < n; i++)
	{
		size_t		at = labels + i * sizeof(RmlImageLabel);

		refuse_int(at, -1, "end max", "text out of place");
		refuse_int(at, (int32_t) bytes + 1, "end behind the end", "text out of place");
		refuse_int(at + 4, RML_MAX_CATEGORY, "code 2^24", "category out of range");
		refuse_int(at + 4, -1, "code max", "category out of range");
		if (i > 0 && image.labels[i - 1].end > 0)
			refuse_int(at, (int32_t) image.labels[i - 1].end - 1, "end before the one before", "text");
	}
	refuse_int(labels + (n - 1) * sizeof(RmlImageLabel), (int32_t) bytes - 1, "a byte without a label", "");
	for (uint64_t i = 0; i < bytes; i++)
	{
		refuse_byte(text + i, 0, "NUL in a label", "UTF-8");
		refuse_byte(text + i, 0xff, "invalid UTF-8 in a label", "UTF-8");
	}
}

/* Neighbours in the wrong order, or the same. */
static void
test_label_order(TestHost *host)
{
	const RmlImageCategories *c;
	char	   *text;
	uint32_t	start;
	uint32_t	length;
	char		old;

	test("image rules: labels in the wrong order are refused");
	begin(host, GEN_IMAGE_CATEGORIES);
	text = (char *) tampered + section(RML_SEC_LABEL_TEXT);
	for (int32_t i = 0; i < image.n_categories; i++)
	{
		c = &image.categories[i];
		for (uint32_t k = c->first + 1; k < c->first + c->n_labels; k++)
		{
			start = image.labels[k].end;
			length = start - image.labels[k - 1].end;
			start -= length;
			if (length == 0 || (text[start] & 0x80) != 0)
				continue;
			/* its first byte below that of any before it */
			old = text[start];
			text[start] = '\1';
			if (image.labels[k - 1].end > (k > 1 ? image.labels[k - 2].end : 0))
				refuse("a label that sorts before the one before it", "labels out of order");
			text[start] = old;
		}
	}
}

int
main(void)
{
	TestHost	host;

	test_host_begin(&host, SIZE_MAX);
	test_sizes(&host);
	test_header(&host);
	test_trees(&host);
	test_vectors(&host);
	test_weights(&host);
	test_covers(&host);
	test_sets(&host);
	test_names(&host);
	test_categories(&host);
	test_labels(&host);
	test_label_order(&host);
	check_whole(&host);
	test_host_end(&host);
	return test_done();
}
