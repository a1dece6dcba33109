/*
 * image.c
 *	  Layout, checksum and checker of the compiled image.
 */
#include "model/image.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

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

uint64_t
rml_image_layout(RmlImageHeader *header, uint64_t n_nodes, uint64_t n_names,
				 uint64_t name_bytes)
{
	const uint64_t sizes[RML_N_SECTIONS] = {
		[RML_SEC_BASE_MARGIN] = (uint64_t) header->n_outputs * sizeof(float),
		[RML_SEC_TREES] = (uint64_t) header->n_trees * sizeof(RmlImageTree),
		[RML_SEC_NODES] = n_nodes * sizeof(RmlImageNode),
		[RML_SEC_NAME_ENDS] = n_names * sizeof(uint32_t),
		[RML_SEC_NAMES] = name_bytes,
	};
	uint64_t	at = sizeof(RmlImageHeader);

	for (int i = 0; i < RML_N_SECTIONS; i++)
	{
		header->sections[i].offset = at;
		header->sections[i].size = sizes[i];
		at += sizes[i];
		at = (at + RML_IMAGE_ALIGN - 1) & ~(uint64_t) (RML_IMAGE_ALIGN - 1);
	}
	return at;
}

static bool
corrupt(RmlError *err, const char *what)
{
	return rml_fail(err, RML_CORRUPT, "the compiled image is damaged: %s", what);
}

/* Header fields and the place of every section follow from the counts. */
static bool
check_header(const RmlImageHeader *header, size_t size, RmlError *err)
{
	RmlImageHeader expected;
	uint64_t	n_nodes = header->sections[RML_SEC_NODES].size / sizeof(RmlImageNode);
	uint64_t	n_names = header->sections[RML_SEC_NAME_ENDS].size / sizeof(uint32_t);

	if (memcmp(header->magic, magic, sizeof(magic)) != 0)
		return corrupt(err, "no magic number");
	if (header->byte_order != BYTE_ORDER_MARK || header->format != RML_IMAGE_FORMAT)
		return rml_fail(err, RML_CORRUPT, "the compiled image has format %u, this library reads %d",
						header->format, RML_IMAGE_FORMAT);
	if (header->size != size)
		return corrupt(err, "size differs from the header");
	if (header->checksum != image_checksum(header, size))
		return corrupt(err, "checksum mismatch");
	if (header->n_features < 1 || header->n_features > RML_MAX_FEATURES ||
		header->n_trees < 0 || header->n_outputs != 1 || header->max_depth < 0 ||
		(header->flags & ~(uint32_t) RML_IMAGE_BASE_LAST) != 0 ||
		(n_names != 0 && n_names != (uint64_t) header->n_features))
		return corrupt(err, "impossible counts");
	if (n_nodes > size || n_names > size || header->sections[RML_SEC_NAMES].size > size)
		return corrupt(err, "section beyond the end");
	expected = *header;
	if (rml_image_layout(&expected, n_nodes, n_names,
						 header->sections[RML_SEC_NAMES].size) != size ||
		memcmp(expected.sections, header->sections, sizeof(expected.sections)) != 0)
		return corrupt(err, "sections out of place");
	return true;
}

static bool
check_tree(const RmlImageTree *tree, const RmlImageNode *nodes, int n_features,
		   RmlError *err)
{
	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		const RmlImageNode *node = &nodes[i];

		if (!isfinite(node->value))
			return corrupt(err, "value not finite");
		if (node->child == 0)
			continue;
		if (node->child <= i || node->child >= tree->n_nodes - 1)
			return corrupt(err, "child out of place");
		if ((node->feature & RML_FEATURE_MASK) >= (uint32_t) n_features)
			return corrupt(err, "feature out of range");
	}
	return true;
}

static bool
check_trees(const RmlImage *image, uint64_t n_nodes, RmlError *err)
{
	const RmlImageHeader *header = image->header;
	uint64_t	next = 0;

	for (int t = 0; t < header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];

		if (tree->first_node != next || tree->n_nodes == 0 ||
			tree->n_nodes > n_nodes - next)
			return corrupt(err, "tree out of place");
		if (tree->output < 0 || tree->output >= header->n_outputs ||
			tree->depth < 0 || tree->depth > header->max_depth)
			return corrupt(err, "impossible tree");
		if (!check_tree(tree, image->nodes + next, header->n_features, err))
			return false;
		next += tree->n_nodes;
	}
	if (next != n_nodes)
		return corrupt(err, "nodes without a tree");
	return true;
}

static bool
check_names(const RmlImage *image, uint64_t n_bytes, RmlError *err)
{
	uint32_t	start = 0;

	if (image->name_ends == NULL)
		return n_bytes == 0 ? true : corrupt(err, "names without an index");
	for (int i = 0; i < image->header->n_features; i++)
	{
		uint32_t	end = image->name_ends[i];

		if (end < start || end > n_bytes)
			return corrupt(err, "name out of place");
		while (start < end)
		{
			size_t		n = rml_utf8_length((const uint8_t *) image->names + start, end - start);

			if (n == 0)
				return corrupt(err, "name is not UTF-8");
			start += (uint32_t) n;
		}
	}
	return start == n_bytes ? true : corrupt(err, "name out of place");
}

bool
rml_image_open(RmlImage *image, const void *data, size_t size, RmlError *err)
{
	const RmlImageHeader *header = data;
	const char *base = data;

	if (size < sizeof(RmlImageHeader))
		return corrupt(err, "too short");
	if (!check_header(header, size, err))
		return false;
	image->header = header;
	image->objective = rml_objective_by_id(header->objective);
	if (image->objective == NULL || !image->objective->supported)
		return corrupt(err, "unknown objective");
	image->writer.major = header->writer[0];
	image->writer.minor = header->writer[1];
	image->writer.patch = header->writer[2];
	image->base_margin = (const float *) (base + header->sections[RML_SEC_BASE_MARGIN].offset);
	image->trees = (const RmlImageTree *) (base + header->sections[RML_SEC_TREES].offset);
	image->nodes = (const RmlImageNode *) (base + header->sections[RML_SEC_NODES].offset);
	image->name_ends = header->sections[RML_SEC_NAME_ENDS].size == 0 ? NULL :
		(const uint32_t *) (base + header->sections[RML_SEC_NAME_ENDS].offset);
	image->names = base + header->sections[RML_SEC_NAMES].offset;
	for (int i = 0; i < header->n_outputs; i++)
	{
		if (!isfinite(image->base_margin[i]))
			return corrupt(err, "base margin not finite");
	}
	return check_trees(image, header->sections[RML_SEC_NODES].size / sizeof(RmlImageNode), err) &&
		check_names(image, header->sections[RML_SEC_NAMES].size, err);
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
