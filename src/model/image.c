/*
 * image.c
 *	  Layout, checksum and checker of the compiled image.
 */
#include "model/image.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/ranks.h"

#define BYTE_ORDER_MARK UINT32_C(0x01020304)

static const char magic[8] = {'r', 'i', 's', 'k', 'm', 'l', '\0', '\1'};

/*
 * Checksum, 8 bytes at a time.  For a fixed word, each step maps the state
 * one to one, and for a fixed state each word one to one: so a change within
 * one aligned word, a flipped bit above all, always changes the result.
 */
static uint64_t
checksum_bytes(uint64_t state, const uint8_t *data, size_t size)
{
	const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t	word;
	size_t		at = 0;

	for (; at + 8 <= size; at += 8)
	{
		memcpy(&word, data + at, 8);
		state = (state ^ word) * odd;
		state ^= state >> 32;
	}
	if (at < size)
	{
		word = 0;
		memcpy(&word, data + at, size - at);
		state = (state ^ word) * odd;
		state ^= state >> 32;
	}
	return state;
}

static uint64_t
image_checksum(const void *data, size_t size)
{
	RmlImageHeader header;
	uint64_t	state;

	memcpy(&header, data, sizeof(header));
	header.checksum = 0;
	state = checksum_bytes(size, (const uint8_t *) &header, sizeof(header));
	return checksum_bytes(state, (const uint8_t *) data + sizeof(header),
						  size - sizeof(header));
}

void
rml_image_seal(void *data, size_t size)
{
	RmlImageHeader *header = data;

	memcpy(header->magic, magic, sizeof(magic));
	header->byte_order = BYTE_ORDER_MARK;
	header->format = RML_IMAGE_FORMAT;
	header->size = size;
	header->checksum = image_checksum(data, size);
}

/* Bytes of an entry of each section. */
static const uint64_t widths[RML_N_SECTIONS] = {
	[RML_SEC_BASE_MARGIN] = sizeof(float),
	[RML_SEC_TREES] = sizeof(RmlImageTree),
	[RML_SEC_NODES] = sizeof(RmlImageNode),
	[RML_SEC_LEAF_VECTORS] = sizeof(float),
	[RML_SEC_CATEGORY_SETS] = sizeof(uint32_t),
	[RML_SEC_WEIGHTS] = sizeof(float),
	[RML_SEC_NAME_ENDS] = sizeof(uint32_t),
	[RML_SEC_NAMES] = 1,
	[RML_SEC_CATEGORIES] = sizeof(RmlImageCategories),
	[RML_SEC_LABELS] = sizeof(RmlImageLabel),
	[RML_SEC_LABEL_TEXT] = 1,
	[RML_SEC_COVERS] = sizeof(float),
	[RML_SEC_RANK_FEATURES] = sizeof(RmlRankFeature),
	[RML_SEC_RANK_GROUPS] = sizeof(RmlRankGroup),
	[RML_SEC_RANK_SETS] = sizeof(RmlRankSet),
	[RML_SEC_RANK_TABLES] = sizeof(float),
	[RML_SEC_RANK_TREES] = sizeof(RmlRankTree),
	[RML_SEC_RANK_NODES] = 1,
	[RML_SEC_RANK_TRIPLES] = sizeof(RmlRankTriple),
	[RML_SEC_RANK_EXITS] = sizeof(float),
};

uint64_t
rml_image_layout(RmlImageHeader *header, const RmlImageCounts *counts)
{
	uint64_t	at = sizeof(RmlImageHeader);

	for (int i = 0; i < RML_N_SECTIONS; i++)
	{
		header->sections[i].offset = at;
		header->sections[i].size = counts->entries[i] * widths[i];
		at += header->sections[i].size;
		at = (at + RML_IMAGE_ALIGN - 1) & ~(uint64_t) (RML_IMAGE_ALIGN - 1);
	}
	return at;
}

uint64_t
rml_image_entries(const RmlImageHeader *header, RmlSection section)
{
	return header->sections[section].size / widths[section];
}

static bool
corrupt(RmlError *err, const char *what)
{
	return rml_fail(err, RML_CORRUPT, "the compiled image is damaged: %s", what);
}

/* The place of every section follows from the counts. */
static bool
check_sections(const RmlImageHeader *header, size_t size, RmlError *err)
{
	RmlImageHeader expected = *header;
	RmlImageCounts counts;

	for (int i = 0; i < RML_N_SECTIONS; i++)
	{
		if (header->sections[i].size > size)
			return corrupt(err, "section beyond the end");
		counts.entries[i] = rml_image_entries(header, (RmlSection) i);
	}
	if (rml_image_layout(&expected, &counts) != size ||
		memcmp(expected.sections, header->sections, sizeof(expected.sections)) != 0)
		return corrupt(err, "sections out of place");
	return true;
}

/* Counts that must agree with each other. */
static bool
check_counts(const RmlImageHeader *header, RmlError *err)
{
	uint64_t	n_features = (uint64_t) header->n_features;
	uint64_t	n_outputs = (uint64_t) header->n_outputs;
	uint64_t	n_names = rml_image_entries(header, RML_SEC_NAME_ENDS);
	uint64_t	n_covers = rml_image_entries(header, RML_SEC_COVERS);
	bool		linear = (header->flags & RML_IMAGE_LINEAR) != 0;

	if (header->n_features < 1 || header->n_features > RML_MAX_FEATURES ||
		header->n_outputs < 1 || header->n_outputs > RML_MAX_OUTPUTS ||
		header->n_trees < 0 || header->max_depth < 0 || (linear && header->n_trees != 0) ||
		(header->flags & ~(uint32_t) RML_IMAGE_ALL_FLAGS) != 0)
		return corrupt(err, "impossible counts");
	if (rml_image_entries(header, RML_SEC_BASE_MARGIN) != n_outputs ||
		rml_image_entries(header, RML_SEC_TREES) != (uint64_t) header->n_trees ||
		rml_image_entries(header, RML_SEC_WEIGHTS) != (linear ? (n_features + 1) * n_outputs : 0) ||
		rml_image_entries(header, RML_SEC_LEAF_VECTORS) % n_outputs != 0 ||
		rml_image_entries(header, RML_SEC_CATEGORIES) > n_features ||
		(n_covers != 0 && n_covers != rml_image_entries(header, RML_SEC_NODES)) ||
		(n_names != 0 && n_names != n_features))
		return corrupt(err, "counts disagree");
	return true;
}

bool
rml_image_is_current(const RmlImageHeader *header)
{
	return memcmp(header->magic, magic, sizeof(magic)) == 0 &&
		header->byte_order == BYTE_ORDER_MARK && header->format == RML_IMAGE_FORMAT;
}

static bool
check_header(const RmlImageHeader *header, size_t size, RmlError *err)
{
	if (memcmp(header->magic, magic, sizeof(magic)) != 0)
		return corrupt(err, "no magic number");
	if (!rml_image_is_current(header))
		return rml_fail(err, RML_CORRUPT, "the compiled image has format %u, this library reads %d",
						header->format, RML_IMAGE_FORMAT);
	if (header->size != size)
		return corrupt(err, "size differs from the header");
	if (header->checksum != image_checksum(header, size))
		return corrupt(err, "checksum mismatch");
	return check_counts(header, err) && check_sections(header, size, err);
}

/* ---- trees ---- */

/* What a walk over the nodes expects next: sets and vectors stand in their order, one each. */
typedef struct Expected
{
	uint64_t	set;
	uint64_t	row;
} Expected;

static bool
check_set(const RmlImage *image, uint32_t set, Expected *next, RmlError *err)
{
	uint64_t	size = rml_image_entries(image->header, RML_SEC_CATEGORY_SETS);
	const uint32_t *codes;
	uint32_t	n;

	if (set != next->set || set >= size || image->category_sets[set] == 0 ||
		image->category_sets[set] > size - set - 1)
		return corrupt(err, "category set out of place");
	n = image->category_sets[set];
	codes = image->category_sets + set + 1;
	next->set += 1 + (uint64_t) n;
	for (uint32_t i = 0; i < n; i++)
	{
		if (codes[i] >= RML_MAX_CATEGORY || (i > 0 && codes[i] <= codes[i - 1]))
			return corrupt(err, "category set out of order");
	}
	return true;
}

static uint64_t
n_vectors(const RmlImageHeader *header)
{
	return rml_image_entries(header, RML_SEC_LEAF_VECTORS) / (uint64_t) header->n_outputs;
}

static bool
check_leaf(const RmlImage *image, const RmlImageTree *tree, const RmlImageNode *node,
		   Expected *next, RmlError *err)
{
	if (tree->output != RML_ALL_OUTPUTS)
		return isfinite(node->value) ? true : corrupt(err, "value not finite");
	if (node->row != next->row || node->row >= n_vectors(image->header))
		return corrupt(err, "leaf vector out of place");
	next->row++;
	return true;
}

static bool
check_tree(const RmlImage *image, const RmlImageTree *tree, Expected *next, RmlError *err)
{
	const RmlImageNode *nodes = image->nodes + tree->first_node;

	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		const RmlImageNode *node = &nodes[i];

		if (node->child == 0)
		{
			if (!check_leaf(image, tree, node, next, err))
				return false;
			continue;
		}
		if (node->child <= i || node->child >= tree->n_nodes - 1)
			return corrupt(err, "child out of place");
		if ((node->feature & RML_FEATURE_MASK) >= (uint32_t) image->header->n_features)
			return corrupt(err, "feature out of range");
		if ((node->feature & RML_BY_CATEGORY) != 0)
		{
			if (!check_set(image, node->set, next, err))
				return false;
		}
		else if (isnan(node->value))
			return corrupt(err, "threshold not a number");
	}
	return true;
}

static bool
check_trees(const RmlImage *image, RmlError *err)
{
	const RmlImageHeader *header = image->header;
	uint64_t	n_nodes = rml_image_entries(header, RML_SEC_NODES);
	uint64_t	node = 0;
	Expected	next = {0};

	for (int t = 0; t < header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];

		if (tree->first_node != node || tree->n_nodes == 0 ||
			tree->n_nodes > n_nodes - node)
			return corrupt(err, "tree out of place");
		if (tree->output < RML_ALL_OUTPUTS || tree->output >= header->n_outputs ||
			tree->depth < 0 || tree->depth > header->max_depth)
			return corrupt(err, "impossible tree");
		if (!check_tree(image, tree, &next, err))
			return false;
		node += tree->n_nodes;
	}
	if (node != n_nodes)
		return corrupt(err, "nodes without a tree");
	if (next.set != rml_image_entries(header, RML_SEC_CATEGORY_SETS))
		return corrupt(err, "category sets without a node");
	if (next.row != n_vectors(header))
		return corrupt(err, "leaf vectors without a node");
	return true;
}

/* ---- texts and numbers ---- */

static bool
check_finite(const RmlImage *image, const float *values, RmlSection section, const char *what,
			 RmlError *err)
{
	uint64_t	n = rml_image_entries(image->header, section);

	for (uint64_t i = 0; i < n; i++)
	{
		if (!isfinite(values[i]))
			return corrupt(err, what);
	}
	return true;
}

static bool
check_covers(const RmlImage *image, RmlError *err)
{
	uint64_t	n = rml_image_entries(image->header, RML_SEC_COVERS);

	for (uint64_t i = 0; i < n; i++)
	{
		if (!(image->covers[i] >= 0 && image->covers[i] <= RML_MAX_COVER))
			return corrupt(err, "cover out of range");
	}
	return true;
}

/* Is text[start, end) UTF-8 that ends within the section? */
static bool
check_text(const char *text, uint32_t start, uint32_t end, uint64_t n_bytes, RmlError *err)
{
	if (end < start || end > n_bytes)
		return corrupt(err, "text out of place");
	while (start < end)
	{
		size_t		n = rml_utf8_length((const uint8_t *) text + start, end - start);

		if (n == 0)
			return corrupt(err, "text is not UTF-8");
		start += (uint32_t) n;
	}
	return true;
}

static bool
check_names(const RmlImage *image, RmlError *err)
{
	uint64_t	n_bytes = rml_image_entries(image->header, RML_SEC_NAMES);
	uint32_t	start = 0;

	if (image->name_ends == NULL)
		return n_bytes == 0 ? true : corrupt(err, "names without an index");
	for (int i = 0; i < image->header->n_features; i++)
	{
		if (!check_text(image->names, start, image->name_ends[i], n_bytes, err))
			return false;
		start = image->name_ends[i];
	}
	return start == n_bytes ? true : corrupt(err, "text out of place");
}

const char *
rml_image_label(const RmlImage *image, uint32_t i, size_t *length)
{
	uint32_t	start = i > 0 ? image->labels[i - 1].end : 0;

	*length = image->labels[i].end - start;
	return image->label_text + start;
}

/* Labels of one feature: sorted, none twice. */
static bool
check_label_order(const RmlImage *image, const RmlImageCategories *c, RmlError *err)
{
	for (uint32_t i = c->first; i < c->first + c->n_labels; i++)
	{
		size_t		length;
		size_t		previous_length;
		const char *label = rml_image_label(image, i, &length);
		const char *previous;

		if (image->labels[i].code >= RML_MAX_CATEGORY)
			return corrupt(err, "category out of range");
		if (i == c->first)
			continue;
		previous = rml_image_label(image, i - 1, &previous_length);
		if (rml_compare_labels(previous, previous_length, label, length) >= 0)
			return corrupt(err, "labels out of order");
	}
	return true;
}

static bool
check_labels(const RmlImage *image, RmlError *err)
{
	uint64_t	n_labels = rml_image_entries(image->header, RML_SEC_LABELS);
	uint64_t	n_bytes = rml_image_entries(image->header, RML_SEC_LABEL_TEXT);
	uint32_t	start = 0;
	uint32_t	next = 0;

	for (uint64_t i = 0; i < n_labels; i++)
	{
		if (!check_text(image->label_text, start, image->labels[i].end, n_bytes, err))
			return false;
		start = image->labels[i].end;
	}
	if (start != n_bytes)
		return corrupt(err, "text out of place");
	for (int32_t i = 0; i < image->n_categories; i++)
	{
		const RmlImageCategories *c = &image->categories[i];

		if (c->feature >= (uint32_t) image->header->n_features ||
			(i > 0 && c->feature <= image->categories[i - 1].feature) ||
			c->first != next || c->n_labels == 0 || c->n_labels > n_labels - next)
			return corrupt(err, "labels out of place");
		next += c->n_labels;
		if (!check_label_order(image, c, err))
			return false;
	}
	return next == n_labels ? true : corrupt(err, "labels without a feature");
}

/* ---- opening ---- */

void
rml_image_trust(RmlImage *image, const void *data)
{
	const RmlImageHeader *header = data;
	const char *sections[RML_N_SECTIONS];

	image->header = header;
	image->objective = rml_objective_by_id(header->objective);
	image->writer.major = header->writer[0];
	image->writer.minor = header->writer[1];
	image->writer.patch = header->writer[2];
	for (int i = 0; i < RML_N_SECTIONS; i++)
		sections[i] = (const char *) data + header->sections[i].offset;
	image->base_margin = (const float *) sections[RML_SEC_BASE_MARGIN];
	image->trees = (const RmlImageTree *) sections[RML_SEC_TREES];
	image->nodes = (const RmlImageNode *) sections[RML_SEC_NODES];
	image->leaf_vectors = (const float *) sections[RML_SEC_LEAF_VECTORS];
	image->category_sets = (const uint32_t *) sections[RML_SEC_CATEGORY_SETS];
	image->weights = (const float *) sections[RML_SEC_WEIGHTS];
	image->name_ends = header->sections[RML_SEC_NAME_ENDS].size == 0 ? NULL :
		(const uint32_t *) sections[RML_SEC_NAME_ENDS];
	image->names = sections[RML_SEC_NAMES];
	image->categories = (const RmlImageCategories *) sections[RML_SEC_CATEGORIES];
	image->n_categories = (int32_t) rml_image_entries(header, RML_SEC_CATEGORIES);
	image->labels = (const RmlImageLabel *) sections[RML_SEC_LABELS];
	image->label_text = sections[RML_SEC_LABEL_TEXT];
	image->covers = header->sections[RML_SEC_COVERS].size == 0 ? NULL :
		(const float *) sections[RML_SEC_COVERS];
	image->rank_features = (const RmlRankFeature *) sections[RML_SEC_RANK_FEATURES];
	image->n_rank_features = (uint32_t) rml_image_entries(header, RML_SEC_RANK_FEATURES);
	image->rank_groups = (const RmlRankGroup *) sections[RML_SEC_RANK_GROUPS];
	image->rank_sets = (const RmlRankSet *) sections[RML_SEC_RANK_SETS];
	image->n_rank_sets = (uint32_t) rml_image_entries(header, RML_SEC_RANK_SETS);
	image->rank_tables = (const float *) sections[RML_SEC_RANK_TABLES];
	image->rank_trees = header->n_slots == 0 ? NULL :
		(const RmlRankTree *) sections[RML_SEC_RANK_TREES];
	image->rank_nodes = (const uint8_t *) sections[RML_SEC_RANK_NODES];
	image->rank_triples = header->sections[RML_SEC_RANK_TRIPLES].size == 0 ? NULL :
		(const RmlRankTriple *) sections[RML_SEC_RANK_TRIPLES];
	image->rank_exits = (const float *) sections[RML_SEC_RANK_EXITS];
}

bool
rml_image_open(RmlImage *image, const void *data, size_t size, RmlError *err)
{
	const RmlImageHeader *header = data;

	if (size < sizeof(RmlImageHeader))
		return corrupt(err, "too short");
	if (!check_header(header, size, err))
		return false;
	rml_image_trust(image, data);
	if (image->objective == NULL)
		return corrupt(err, "unknown objective");
	if (image->objective->link == RML_LINK_SORTED && header->n_outputs > RML_MAX_LEVELS)
		return corrupt(err, "too many quantiles");
	return check_finite(image, image->base_margin, RML_SEC_BASE_MARGIN,
						"base margin not finite", err) &&
		check_finite(image, image->leaf_vectors, RML_SEC_LEAF_VECTORS, "leaf not finite", err) &&
		check_finite(image, image->weights, RML_SEC_WEIGHTS, "weight not finite", err) &&
		check_trees(image, err) &&
		check_names(image, err) &&
		check_labels(image, err) &&
		check_covers(image, err) &&
		rml_check_ranks(image, err);
}

/* ---- reading ---- */

bool
rml_image_has_recipe(const RmlImage *image)
{
	static const uint8_t none[RML_IDENTITY_SIZE];

	return memcmp(image->header->recipe, none, sizeof(none)) != 0;
}

const char *
rml_image_feature_name(const RmlImage *image, int i, char buffer[16], size_t *length)
{
	uint32_t	start;

	if (image->name_ends == NULL)
	{
		*length = (size_t) snprintf(buffer, 16, "f%d", i);
		return buffer;
	}
	start = i > 0 ? image->name_ends[i - 1] : 0;
	*length = image->name_ends[i] - start;
	return image->names + start;
}

const RmlImageCategories *
rml_image_categories(const RmlImage *image, int feature)
{
	int32_t		low = 0;
	int32_t		high = image->n_categories;

	while (low < high)
	{
		int32_t		middle = (low + high) / 2;

		if (image->categories[middle].feature < (uint32_t) feature)
			low = middle + 1;
		else
			high = middle;
	}
	return low < image->n_categories && image->categories[low].feature == (uint32_t) feature
		? &image->categories[low] : NULL;
}

int
rml_compare_labels(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t		common = a_length < b_length ? a_length : b_length;
	int			order = common > 0 ? memcmp(a, b, common) : 0;

	if (order != 0)
		return order;
	return a_length < b_length ? -1 : a_length > b_length;
}

int32_t
rml_image_code(const RmlImage *image, const RmlImageCategories *categories,
			   const char *label, size_t length)
{
	uint32_t	low = categories->first;
	uint32_t	high = low + categories->n_labels;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;
		size_t		middle_length;
		const char *text = rml_image_label(image, middle, &middle_length);
		int			order = rml_compare_labels(label, length, text, middle_length);

		if (order == 0)
			return (int32_t) image->labels[middle].code;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}
