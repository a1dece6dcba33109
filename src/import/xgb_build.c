/*
 * xgb_build.c
 *	  From a validated model to its compiled image, and an independent scorer
 *	  over the same model to check the image against.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "import/xgb.h"

#define POLL_EVERY 8192

typedef struct Builder
{
	const RmlXgbModel *model;
	RmlHost    *host;
	const RmlText *names;		/* NULL: f0, f1, ... */
	int32_t		n_trees;
	int64_t		n_nodes;
	uint64_t	name_bytes;
	int32_t    *order;			/* new position -> node of the file */
} Builder;

/*
 * Source: cpu_predictor.cc (PredValue up to 1.2.1, PredValueByOneTree from
 * 1.3.0) and, for dart, gbtree.cc (up to 1.3.3, from 1.4.0).
 */
bool
rml_xgb_base_last(const RmlXgbModel *model)
{
	int			minor = strcmp(model->booster, "dart") == 0 ? 4 : 3;

	return !rml_writer_at_least(model->writer, 1, minor, 0);
}

bool
rml_xgb_tree_count(const RmlXgbModel *model, const RmlImportOptions *options,
				   int32_t *count, RmlError *err)
{
	int64_t		end;
	int32_t		n_iterations;

	*count = model->n_trees;
	if (!options->best_iteration)
		return true;
	if (!model->has_best_iteration)
	{
		rml_fail(err, RML_OPTION, "the model has no attribute best_iteration");
		return rml_hint(err, "It is written by training with early stopping; import without the option to use all trees.");
	}
	end = (int64_t) model->best_iteration + 1;
	n_iterations = model->iteration_indptr.values ? model->iteration_indptr.count - 1
		: model->n_trees / model->num_parallel_tree;
	if (end > n_iterations)
		return rml_fail(err, RML_OPTION, "best_iteration is %d, but the model has %d iterations",
						model->best_iteration, n_iterations);
	*count = model->iteration_indptr.values ? model->iteration_indptr.values[end]
		: (int32_t) end * model->num_parallel_tree;
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp((*(const RmlText *const *) a)->data, (*(const RmlText *const *) b)->data);
}

/* Features are matched by name, so no two may share one. */
static bool
check_unique(const Builder *b, bool given, RmlError *err)
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
			rml_fail(err, given ? RML_OPTION : RML_INVALID, "feature name \"%.*s\" occurs twice",
					 rml_utf8_clip(sorted[i]->data, (size_t) sorted[i]->length, 128),
					 sorted[i]->data);
			return given ? false :
				rml_hint(err, "Give the argument feature_names with unique names.");
		}
	}
	b->host->release(b->host, sorted);
	return true;
}

static bool
choose_names(Builder *b, const RmlImportOptions *options, RmlError *err)
{
	const RmlXgbModel *model = b->model;

	if (options->feature_names != NULL)
	{
		RmlText    *names;

		if (options->n_feature_names != model->num_feature)
			return rml_fail(err, RML_OPTION, "feature_names has %d entries, the model has %d features",
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
	for (int32_t i = 0; i < model->num_feature; i++)
		b->name_bytes += (uint64_t) b->names[i].length;
	return check_unique(b, options->feature_names != NULL, err);
}

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

static void
build_node(const RmlXgbTree *tree, int32_t source, const float *weight,
		   RmlImageNode *node, uint32_t *next_child)
{
	float		value = tree->split_condition.values[source];

	if (tree->left.values[source] == -1)
	{
		node->value = weight ? value * *weight : value;
		node->feature = (uint32_t) source;
		node->child = 0;
		return;
	}
	node->value = value;
	node->feature = (uint32_t) tree->split_index.values[source];
	if (tree->default_left.values[source])
		node->feature |= RML_DEFAULT_LEFT;
	node->child = *next_child;
	*next_child += 2;
}

static void
build_tree(const Builder *b, const RmlXgbTree *tree, RmlImageTree *out, RmlImageNode *nodes)
{
	const float *weight = b->model->weight_drop.count > 0
		? &b->model->weight_drop.values[tree->id] : NULL;
	uint32_t	next_child = 1;

	out->output = 0;
	for (uint32_t i = 0; i < out->n_nodes; i++)
	{
		if (i % POLL_EVERY == 0)
			rml_poll(b->host);
		build_node(tree, b->order[i], weight, &nodes[i], &next_child);
	}
	out->depth = tree_depth(tree, b->order, (int32_t) out->n_nodes);
}

static void
build_trees(Builder *b, char *block, RmlImageHeader *header)
{
	RmlImageTree *trees = (RmlImageTree *) (block + header->sections[RML_SEC_TREES].offset);
	RmlImageNode *nodes = (RmlImageNode *) (block + header->sections[RML_SEC_NODES].offset);
	uint32_t	next = 0;

	for (int32_t i = 0; i < b->n_trees; i++)
	{
		const RmlXgbTree *source = b->model->by_id[i];

		rml_poll(b->host);
		trees[i].first_node = next;
		trees[i].n_nodes = (uint32_t) order_nodes(source, b->order);
		build_tree(b, source, &trees[i], nodes + next);
		if (trees[i].depth > header->max_depth)
			header->max_depth = trees[i].depth;
		next += trees[i].n_nodes;
	}
}

static void
build_names(const Builder *b, char *block, const RmlImageHeader *header)
{
	uint32_t   *ends = (uint32_t *) (block + header->sections[RML_SEC_NAME_ENDS].offset);
	char	   *names = block + header->sections[RML_SEC_NAMES].offset;
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

/* Counts what the image will hold. */
static void
plan_trees(Builder *b)
{
	const RmlXgbModel *model = b->model;
	int32_t		largest = 1;

	for (int32_t i = 0; i < b->n_trees; i++)
	{
		const RmlXgbTree *tree = model->by_id[i];

		b->n_nodes += tree->num_nodes - tree->num_deleted;
		if (tree->num_nodes > largest)
			largest = tree->num_nodes;
	}
	b->order = rml_alloc(b->host, (size_t) largest * sizeof(int32_t));
}

bool
rml_xgb_build(const RmlXgbModel *model, const RmlImportOptions *options,
			  const uint8_t identity[RML_IDENTITY_SIZE], RmlHost *host,
			  RmlBlock *image, RmlError *err)
{
	const RmlObjective *objective = rml_objective_by_name(model->objective);
	Builder		b = {.model = model, .host = host};
	RmlImageHeader header = {0};
	char	   *block;
	uint64_t	size;

	if (!rml_xgb_tree_count(model, options, &b.n_trees, err) ||
		!choose_names(&b, options, err))
		return false;
	plan_trees(&b);

	memcpy(header.identity, identity, RML_IDENTITY_SIZE);
	header.objective = objective->id;
	header.n_features = model->num_feature;
	header.n_outputs = 1;
	header.n_trees = b.n_trees;
	header.writer[0] = model->writer.major;
	header.writer[1] = model->writer.minor;
	header.writer[2] = model->writer.patch;
	header.flags = rml_xgb_base_last(model) ? RML_IMAGE_BASE_LAST : 0;
	size = rml_image_layout(&header, (uint64_t) b.n_nodes,
							b.names ? (uint64_t) model->num_feature : 0, b.name_bytes);
	block = rml_alloc(host, size);
	memset(block, 0, size);
	if (!rml_base_margin(objective, model->writer, model->base_score.values[0],
						 (float *) (block + header.sections[RML_SEC_BASE_MARGIN].offset), err))
		return false;
	build_trees(&b, block, &header);
	build_names(&b, block, &header);
	memcpy(block, &header, sizeof(header));
	rml_image_seal(block, size);
	host->release(host, b.order);
	image->data = block;
	image->size = size;
	return true;
}

float
rml_xgb_reference_margin(const RmlXgbModel *model, int32_t n_trees, const float *row)
{
	RmlError	ignored = {0};
	bool		base_last = rml_xgb_base_last(model);
	float		base = 0.0f;
	float		margin;

	(void) rml_base_margin(rml_objective_by_name(model->objective), model->writer,
						   model->base_score.values[0], &base, &ignored);
	margin = base_last ? 0.0f : base;
	for (int32_t id = 0; id < n_trees; id++)
	{
		const RmlXgbTree *tree = model->by_id[id];
		int32_t		node = 0;
		float		leaf;

		while (tree->left.values[node] != -1)
		{
			float		x = row[tree->split_index.values[node]];
			bool		go_left = isnan(x) ? tree->default_left.values[node] == 1
				: x < tree->split_condition.values[node];

			node = go_left ? tree->left.values[node] : tree->right.values[node];
		}
		leaf = tree->split_condition.values[node];
		if (model->weight_drop.count > 0)
			leaf *= model->weight_drop.values[id];
		margin += leaf;
	}
	return base_last ? base + margin : margin;
}
