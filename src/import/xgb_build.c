/*
 * xgb_build.c
 *	  From a validated model to its compiled image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "import/xgb.h"
#include "model/ranks.h"

#define POLL_EVERY 8192

typedef struct Builder
{
	const RmlXgbModel *model;
	const RmlImportOptions *options;
	RmlHost    *host;
	RmlError   *err;
	RmlTreeRange range;
	const RmlText *names;		/* NULL: f0, f1, ... */
	const RmlCategoryMap **maps;	/* per feature, NULL: not given at import */
	RmlImageCounts counts;
	RmlImageHeader header;
	char	   *block;

	/* while nodes are built */
	int32_t    *order;			/* new position -> node of the file */
	uint32_t	next_set;		/* in the category sets */
	uint32_t	next_vector;	/* row of the leaf vectors */
	bool		leaf_from_zero;
} Builder;

static void *
section(const Builder *b, RmlSection s)
{
	return b->block + b->header.sections[s].offset;
}

/* ---- names ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp((*(const RmlText *const *) a)->data, (*(const RmlText *const *) b)->data);
}

/* Features are matched by name, so no two may share one. */
static bool
check_unique(const Builder *b, bool given)
{
	int32_t		n = b->model->num_feature;
	const RmlText **sorted = rml_alloc(b->host, (size_t) n * sizeof(*sorted));

	for (int32_t i = 0; i < n; i++)
		sorted[i] = &b->names[i];
	qsort(sorted, (size_t) n, sizeof(*sorted), compare_names);
	for (int32_t i = 1; i < n; i++)
	{
		if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
		{
			rml_fail(b->err, given ? RML_OPTION : RML_INVALID, "feature name \"%.*s\" occurs twice",
					 rml_utf8_clip(sorted[i]->data, (size_t) sorted[i]->length, 128),
					 sorted[i]->data);
			return given ? false :
				rml_hint(b->err, "Give the argument feature_names with unique names.");
		}
	}
	b->host->release(b->host, sorted);
	return true;
}

static bool
choose_names(Builder *b)
{
	const RmlXgbModel *model = b->model;
	const RmlImportOptions *options = b->options;

	if (options->feature_names != NULL)
	{
		RmlText    *names;

		if (options->n_feature_names != model->num_feature)
			return rml_fail(b->err, RML_OPTION, "feature_names has %d entries, the model has %d features",
							options->n_feature_names, model->num_feature);
		names = rml_alloc(b->host, (size_t) model->num_feature * sizeof(RmlText));
		for (int32_t i = 0; i < model->num_feature; i++)
		{
			names[i].data = (char *) options->feature_names[i];
			names[i].length = (int32_t) strlen(names[i].data);
		}
		b->names = names;
	}
	else if (model->feature_names.count > 0)
		b->names = model->feature_names.values;
	if (b->names == NULL)
		return true;
	b->counts.entries[RML_SEC_NAME_ENDS] = (uint64_t) model->num_feature;
	for (int32_t i = 0; i < model->num_feature; i++)
		b->counts.entries[RML_SEC_NAMES] += (uint64_t) b->names[i].length;
	return check_unique(b, options->feature_names != NULL);
}

static void
build_names(const Builder *b)
{
	uint32_t   *ends = section(b, RML_SEC_NAME_ENDS);
	char	   *names = section(b, RML_SEC_NAMES);
	uint32_t	at = 0;

	if (b->names == NULL)
		return;
	for (int32_t i = 0; i < b->model->num_feature; i++)
	{
		memcpy(names + at, b->names[i].data, (size_t) b->names[i].length);
		at += (uint32_t) b->names[i].length;
		ends[i] = at;
	}
}

/* ---- labels ---- */

/* Number of a feature by its name, or -1. */
static int32_t
find_feature(const Builder *b, const char *name)
{
	int32_t		n = b->model->num_feature;
	char		buffer[24];
	long		number;

	for (int32_t i = 0; b->names != NULL && i < n; i++)
	{
		if (strcmp(b->names[i].data, name) == 0)
			return i;
	}
	if (b->names != NULL || name[0] != 'f')
		return -1;
	number = strtol(name + 1, NULL, 10);
	snprintf(buffer, sizeof(buffer), "f%ld", number);
	return number >= 0 && number < n && strcmp(buffer, name) == 0 ? (int32_t) number : -1;
}

/* Gives each map of the import to its feature. */
static bool
assign_maps(Builder *b)
{
	size_t		bytes = (size_t) b->model->num_feature * sizeof(*b->maps);

	b->maps = rml_alloc(b->host, bytes);
	memset(b->maps, 0, bytes);
	for (int32_t i = 0; i < b->options->n_categories; i++)
	{
		const RmlCategoryMap *map = &b->options->categories[i];
		int32_t		feature = find_feature(b, map->feature);

		rml_poll(b->host);
		if (feature < 0)
			return rml_fail(b->err, RML_OPTION, "categories are given for \"%s\", which is no feature",
							map->feature);
		if (b->maps[feature] != NULL)
			return rml_fail(b->err, RML_OPTION, "categories are given for \"%s\" twice", map->feature);
		if (rml_xgb_label_state(b->model, feature) == RML_LABELS_USABLE)
			return rml_fail(b->err, RML_OPTION,
							"categories are given for \"%s\", but the file has its own", map->feature);
		if (b->model->feature_types.count > 0 &&
			strcmp(b->model->feature_types.values[feature].data, "c") != 0)
			return rml_fail(b->err, RML_OPTION,
							"categories are given for \"%s\", whose type in the file is \"%s\"",
							map->feature, b->model->feature_types.values[feature].data);
		b->maps[feature] = map;
	}
	return true;
}

static bool
has_labels(const Builder *b, int32_t feature)
{
	return b->maps[feature] != NULL ||
		rml_xgb_label_state(b->model, feature) == RML_LABELS_USABLE;
}

static bool
count_labels(Builder *b)
{
	if (!assign_maps(b))
		return false;
	for (int32_t i = 0; i < b->model->num_feature; i++)
	{
		int32_t		count;
		uint64_t	bytes;

		if (!has_labels(b, i))
			continue;
		rml_xgb_measure_labels(b->model, i, b->maps[i], &count, &bytes);
		b->counts.entries[RML_SEC_CATEGORIES]++;
		b->counts.entries[RML_SEC_LABELS] += (uint64_t) count;
		b->counts.entries[RML_SEC_LABEL_TEXT] += bytes;
	}
	return true;
}

static bool
build_labels(const Builder *b)
{
	RmlImageCategories *categories = section(b, RML_SEC_CATEGORIES);
	RmlImageLabel *labels = section(b, RML_SEC_LABELS);
	char	   *text = section(b, RML_SEC_LABEL_TEXT);
	uint32_t	next = 0;
	uint32_t	at = 0;

	for (int32_t i = 0; i < b->model->num_feature; i++)
	{
		RmlLabelList list;

		if (!has_labels(b, i))
			continue;
		if (!rml_xgb_list_labels(b->model, i, b->maps[i], b->host, &list, b->err))
			return false;
		categories->feature = (uint32_t) i;
		categories->first = next;
		categories->n_labels = (uint32_t) list.count;
		categories++;
		for (int32_t k = 0; k < list.count; k++, next++)
		{
			memcpy(text + at, list.labels[k].text, list.labels[k].length);
			at += list.labels[k].length;
			labels[next].end = at;
			labels[next].code = list.labels[k].code;
		}
		rml_xgb_free_labels(&list, b->host);
	}
	return true;
}

/* ---- trees ---- */

/*
 * Numbers the reachable nodes breadth first, so that children stand behind
 * their parent and side by side.  Returns how many there are.
 */
static int32_t
order_nodes(const RmlXgbTree *tree, int32_t *order)
{
	int32_t		n = 1;

	order[0] = 0;
	for (int32_t i = 0; i < n; i++)
	{
		int32_t		left = tree->left.values[order[i]];

		if (left == -1)
			continue;
		order[n++] = left;
		order[n++] = left + 1;
	}
	return n;
}

/* Breadth first, the last node is on the deepest level. */
static int32_t
tree_depth(const RmlXgbTree *tree, const int32_t *order, int32_t n)
{
	int32_t		depth = 0;

	for (int32_t node = order[n - 1]; node != 0; node = tree->parent.values[node])
		depth++;
	return depth;
}

/* What a leaf adds to its margin. */
static float
weighted(const Builder *b, float value, float weight)
{
	if (b->leaf_from_zero)
		value = 0.0f + value;
	return value * weight;
}

static void
build_leaf(Builder *b, const RmlXgbTree *tree, int32_t source, RmlImageNode *node)
{
	float		weight = b->model->weight_drop.count > 0
		? b->model->weight_drop.values[tree->id] : 1.0f;

	node->feature = (uint32_t) source;
	node->child = 0;
	if (rml_xgb_is_vector(tree))
	{
		const float *values = rml_xgb_leaf_vector(tree, source);
		float	   *vector = (float *) section(b, RML_SEC_LEAF_VECTORS) +
			(size_t) b->next_vector * (size_t) b->model->n_outputs;

		for (int32_t i = 0; i < b->model->n_outputs; i++)
			vector[i] = weighted(b, values[i], weight);
		node->row = b->next_vector++;
	}
	else
		node->value = weighted(b, tree->split_condition.values[source], weight);
}

/* Copies the codes of a split behind their number. */
static uint32_t
build_set(Builder *b, const RmlXgbTree *tree, int32_t source)
{
	int32_t		index = rml_xgb_category_index(tree, source);
	int32_t		n = tree->category_sizes.values[index];
	const int32_t *codes = tree->categories.values + tree->category_segments.values[index];
	uint32_t	begin = b->next_set;
	uint32_t   *set = (uint32_t *) section(b, RML_SEC_CATEGORY_SETS) + begin;

	*set++ = (uint32_t) n;
	memcpy(set, codes, (size_t) n * sizeof(uint32_t));
	b->next_set += 1 + (uint32_t) n;
	return begin;
}

static void
build_node(Builder *b, const RmlXgbTree *tree, int32_t source, RmlImageNode *node,
		   uint32_t *next_child)
{
	if (rml_xgb_is_leaf(tree, source))
	{
		build_leaf(b, tree, source, node);
		return;
	}
	node->feature = (uint32_t) tree->split_index.values[source];
	if (tree->default_left.values[source])
		node->feature |= RML_DEFAULT_LEFT;
	if (rml_xgb_by_category(tree, source))
	{
		node->feature |= RML_BY_CATEGORY;
		node->set = build_set(b, tree, source);
	}
	else
		node->value = tree->split_condition.values[source];
	node->child = *next_child;
	*next_child += 2;
}

/*
 * The share of its parent's rows that a node has, as XGBoost divides.  Where
 * there were none (all weights 0) half of them, so that a mean stays a mean.
 */
static float
cover(const RmlXgbTree *tree, int32_t node, int32_t parent)
{
	float		part = tree->sum_hessian.values[node];
	float		whole = tree->sum_hessian.values[parent];

	return part == 0 && whole == 0 ? 0.5f : part / whole;
}

/* Of all nodes but the root. */
static void
build_covers(const Builder *b, const RmlXgbTree *tree, const RmlImageNode *nodes, uint32_t n,
			 float *covers)
{
	covers[0] = 1;
	for (uint32_t i = 0; i < n; i++)
	{
		for (uint32_t child = nodes[i].child; child != 0 && child <= nodes[i].child + 1; child++)
			covers[child] = cover(tree, b->order[child], b->order[i]);
	}
}

static void
build_tree(Builder *b, int32_t id, RmlImageTree *out, RmlImageNode *nodes)
{
	const RmlXgbTree *tree = b->model->by_id[id];
	uint32_t	next_child = 1;

	out->n_nodes = (uint32_t) order_nodes(tree, b->order);
	out->output = rml_xgb_is_vector(tree) ? RML_ALL_OUTPUTS : b->model->tree_info.values[id];
	for (uint32_t i = 0; i < out->n_nodes; i++)
	{
		if (i % POLL_EVERY == 0)
			rml_poll(b->host);
		build_node(b, tree, b->order[i], &nodes[i], &next_child);
	}
	out->depth = tree_depth(tree, b->order, (int32_t) out->n_nodes);
}

static void
build_trees(Builder *b)
{
	RmlImageTree *trees = section(b, RML_SEC_TREES);
	RmlImageNode *nodes = section(b, RML_SEC_NODES);
	float	   *covers = section(b, RML_SEC_COVERS);
	uint32_t	next = 0;

	for (int32_t id = b->range.first; id < b->range.end; id++, trees++)
	{
		trees->first_node = next;
		build_tree(b, id, trees, nodes + next);
		if (b->counts.entries[RML_SEC_COVERS] != 0)
			build_covers(b, b->model->by_id[id], nodes + next, trees->n_nodes, covers + next);
		if (trees->depth > b->header.max_depth)
			b->header.max_depth = trees->depth;
		next += trees->n_nodes;
	}
}

static void
count_trees(Builder *b)
{
	uint64_t   *entries = b->counts.entries;
	int32_t		largest = 1;

	entries[RML_SEC_TREES] = (uint64_t) (b->range.end - b->range.first);
	for (int32_t id = b->range.first; id < b->range.end; id++)
	{
		const RmlXgbTree *tree = b->model->by_id[id];
		int32_t		n_nodes = tree->num_nodes - tree->num_deleted;

		entries[RML_SEC_NODES] += (uint64_t) n_nodes;
		/* a binary tree has one leaf more than it has splits */
		if (rml_xgb_is_vector(tree))
			entries[RML_SEC_LEAF_VECTORS] +=
				(uint64_t) (n_nodes / 2 + 1) * (uint64_t) b->model->n_outputs;
		entries[RML_SEC_CATEGORY_SETS] +=
			(uint64_t) tree->n_category_splits + (uint64_t) tree->n_category_codes;
		if (tree->num_nodes > largest)
			largest = tree->num_nodes;
	}
	b->order = rml_alloc(b->host, (size_t) largest * sizeof(int32_t));
}

/* Has the tree what each node's cover can be told from? */
static bool
has_covers(const Builder *b, const RmlXgbTree *tree)
{
	int32_t		n;

	if (tree->sum_hessian.values == NULL || tree->sum_hessian.count < tree->num_nodes)
		return false;
	n = order_nodes(tree, b->order);
	for (int32_t i = 0; i < n; i++)
	{
		int32_t		parent = b->order[i];
		int32_t		left = tree->left.values[parent];
		float		z[2];

		if (left == -1)
			continue;
		z[0] = cover(tree, left, parent);
		z[1] = cover(tree, left + 1, parent);
		if (!(z[0] >= 0 && z[0] <= RML_MAX_COVER && z[1] >= 0 && z[1] <= RML_MAX_COVER))
			return false;
	}
	return true;
}

/* All trees have covers, or the image has none. */
static void
count_covers(Builder *b)
{
	for (int32_t id = b->range.first; id < b->range.end; id++)
	{
		rml_poll(b->host);
		if (!has_covers(b, b->model->by_id[id]))
			return;
	}
	b->counts.entries[RML_SEC_COVERS] = b->counts.entries[RML_SEC_NODES];
}

/* A map of labels must have one for each code, and a feature with labels no thresholds. */
static bool
check_split(const Builder *b, const RmlXgbTree *tree, int32_t node)
{
	const RmlCategoryMap *map = b->maps[tree->split_index.values[node]];
	int32_t		index;
	int32_t		last;

	if (map == NULL)
		return true;
	if (!rml_xgb_by_category(tree, node))
		return rml_fail(b->err, RML_OPTION,
						"categories are given for \"%s\", but tree %d, node %d compares it with a threshold",
						map->feature, tree->id, node);
	index = rml_xgb_category_index(tree, node);
	last = tree->categories.values[tree->category_segments.values[index] +
								   tree->category_sizes.values[index] - 1];
	if (last >= map->n_labels)
		return rml_fail(b->err, RML_OPTION,
						"%d categories are given for \"%s\", but tree %d, node %d has the code %d",
						map->n_labels, map->feature, tree->id, node, last);
	return true;
}

/* Do the splits agree with the labels that are given for their features? */
static bool
check_maps(Builder *b)
{
	if (b->options->n_categories == 0)
		return true;
	for (int32_t id = b->range.first; id < b->range.end; id++)
	{
		const RmlXgbTree *tree = b->model->by_id[id];
		int32_t		n = order_nodes(tree, b->order);

		rml_poll(b->host);
		for (int32_t i = 0; i < n; i++)
		{
			if (!rml_xgb_is_leaf(tree, b->order[i]) && !check_split(b, tree, b->order[i]))
				return false;
		}
	}
	return true;
}

/* ---- the whole ---- */

static void
build_weights(const Builder *b)
{
	if (b->model->weights.count > 0)
		memcpy(section(b, RML_SEC_WEIGHTS), b->model->weights.values,
			   (size_t) b->model->weights.count * sizeof(float));
}

static uint32_t
image_flags(const RmlXgbModel *model)
{
	uint32_t	flags = 0;

	if (rml_xgb_base_last(model))
		flags |= RML_IMAGE_BASE_LAST;
	if (model->is_linear)
		flags |= RML_IMAGE_LINEAR;
	if (!rml_writer_at_least(model->writer, 1, 6, 0))
		flags |= RML_IMAGE_ODD_TRUNCATED;
	else if (!rml_writer_at_least(model->writer, 1, 7, 3))
		flags |= RML_IMAGE_ODD_DEFAULT;
	return flags;
}

static void
fill_header(Builder *b, const RmlObjective *objective, const uint8_t *identity)
{
	const RmlXgbModel *model = b->model;
	RmlImageHeader *header = &b->header;

	memcpy(header->identity, identity, RML_IDENTITY_SIZE);
	if (b->options->recipe != NULL)
		memcpy(header->recipe, b->options->recipe, RML_IDENTITY_SIZE);
	header->objective = objective->id;
	header->n_features = model->num_feature;
	header->n_outputs = model->n_outputs;
	header->n_trees = b->range.end - b->range.first;
	header->writer[0] = model->writer.major;
	header->writer[1] = model->writer.minor;
	header->writer[2] = model->writer.patch;
	header->flags = image_flags(model);
}

bool
rml_xgb_build(const RmlXgbModel *model, const RmlImportOptions *options,
			  const uint8_t identity[RML_IDENTITY_SIZE], RmlHost *host,
			  RmlBlock *image, RmlError *err)
{
	const RmlObjective *objective = rml_objective_by_name(model->objective);
	Builder		b = {.model = model, .options = options, .host = host, .err = err,
					 .leaf_from_zero = rml_xgb_leaf_from_zero(model)};
	uint64_t	size;

	if (!rml_xgb_tree_range(model, options, &b.range, err) ||
		!choose_names(&b) || !count_labels(&b))
		return false;
	count_trees(&b);
	count_covers(&b);
	if (!check_maps(&b))
		return false;
	b.counts.entries[RML_SEC_BASE_MARGIN] = (uint64_t) model->n_outputs;
	if (model->is_linear)
		b.counts.entries[RML_SEC_WEIGHTS] =
			((uint64_t) model->num_feature + 1) * (uint64_t) model->n_outputs;
	fill_header(&b, objective, identity);
	size = rml_image_layout(&b.header, &b.counts);
	b.block = rml_alloc(host, size);
	memset(b.block, 0, size);
	if (!rml_base_margins(objective, model->writer, rml_xgb_base_score(model), model->n_outputs,
						  section(&b, RML_SEC_BASE_MARGIN), err) ||
		!build_labels(&b))
		return false;
	build_trees(&b);
	build_names(&b);
	build_weights(&b);
	memcpy(b.block, &b.header, sizeof(b.header));
	host->release(host, b.order);
	host->release(host, b.maps);
	image->data = b.block;
	image->size = size;
	rml_add_ranks(host, &image->data, &image->size);
	rml_image_seal(image->data, image->size);
	return true;
}
