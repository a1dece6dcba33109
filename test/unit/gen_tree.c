/*
 * gen_tree.c
 *	  Random trees.
 */
#include "gen.h"

#include <math.h>
#include <string.h>

static bool
is_leaf(const RmlXgbTree *tree, int32_t node)
{
	return tree->left.values[node] == -1 && tree->split_index.values[node] != XGB_DELETED;
}

static void
begin_leaf(RmlXgbTree *tree, int32_t node, int32_t parent, uint32_t *state)
{
	tree->left.values[node] = -1;
	tree->right.values[node] = -1;
	tree->parent.values[node] = parent;
	tree->split_index.values[node] = 0;
	tree->split_condition.values[node] = (float) gen_random(state, 20001) / 7000.0f - 1.4f;
	tree->default_left.values[node] = 0;
	tree->split_type.values[node] = 0;
}

static void
split(RmlXgbTree *tree, int32_t node, const GenOptions *options, uint32_t *state)
{
	int32_t		left = tree->num_nodes;

	tree->left.values[node] = left;
	tree->right.values[node] = left + 1;
	tree->split_index.values[node] = (int32_t) gen_random(state, (uint32_t) options->n_features);
	tree->split_condition.values[node] = options->n_thresholds > 0
		? (float) gen_random(state, (uint32_t) options->n_thresholds) / 8.0f : gen_finite(state);
	tree->default_left.values[node] = (uint8_t) gen_random(state, 2);
	tree->split_type.values[node] = options->categories && gen_random(state, 5) < 3;
	if (tree->split_type.values[node])
		tree->split_condition.values[node] = options->writer.major < 3 ? NAN : 1e-45f;
	begin_leaf(tree, left, node, state);
	begin_leaf(tree, left + 1, node, state);
	tree->num_nodes += 2;
}

/* Takes a split of two leaves back, as the pruner does: a mark by category stays. */
static void
unsplit(RmlXgbTree *tree, int32_t node)
{
	int32_t		left = tree->left.values[node];

	for (int32_t child = left; child <= left + 1; child++)
	{
		tree->split_index.values[child] = XGB_DELETED;
		tree->default_left.values[child] = 1;
	}
	tree->left.values[node] = -1;
	tree->right.values[node] = -1;
	tree->split_index.values[node] = 0;
	tree->default_left.values[node] = 0;
	tree->split_condition.values[node] = 0.25f;
	tree->num_deleted += 2;
}

/* Also the split above, so that a deleted node may have been a split. */
static void
prune(RmlXgbTree *tree, int32_t node, uint32_t *state)
{
	unsplit(tree, node);
	node = tree->parent.values[node];
	if (node < 0 || node == INT32_MAX || gen_random(state, 2) == 0)
		return;
	if (is_leaf(tree, tree->left.values[node]) && is_leaf(tree, tree->right.values[node]))
		unsplit(tree, node);
}

static void
allocate_ints(RmlIntArray *array, RmlHost *host, int32_t n)
{
	array->values = rml_alloc(host, (size_t) n * sizeof(int32_t));
	array->count = n;
}

static void
allocate_floats(RmlFloatArray *array, RmlHost *host, int32_t n)
{
	array->values = rml_alloc(host, (size_t) n * sizeof(float));
	array->count = n;
}

static void
allocate_tree(RmlXgbTree *tree, RmlHost *host, int32_t n)
{
	RmlIntArray *ints[] = {&tree->left, &tree->right, &tree->parent, &tree->split_index};

	for (int i = 0; i < 4; i++)
		allocate_ints(ints[i], host, n);
	allocate_floats(&tree->split_condition, host, n);
	tree->default_left.values = rml_alloc(host, (size_t) n);
	tree->split_type.values = rml_alloc(host, (size_t) n);
}

static void
grow(RmlXgbTree *tree, int32_t n_splits, const GenOptions *options, uint32_t *state)
{
	int32_t		node = 0;

	for (int32_t i = 0; i < n_splits; i++)
	{
		if (options->balanced)
			node = i;
		else if (!options->chain)
		{
			node = (int32_t) gen_random(state, (uint32_t) tree->num_nodes);
			while (!is_leaf(tree, node))
				node = (node + 1) % tree->num_nodes;
		}
		split(tree, node, options, state);
		if (options->chain)
			node = tree->num_nodes - 2 + (int32_t) gen_random(state, 2);
		else if (options->prune && gen_random(state, 4) == 0)
			prune(tree, node, state);
	}
	/* a chain loses its end */
	if (options->chain && options->prune && tree->num_nodes > 1)
		prune(tree, tree->parent.values[node], state);
}

/* Ascending codes, now and then up to the last there is. */
static void
gen_set(int32_t *codes, int32_t size, uint32_t *state)
{
	int32_t		step = gen_random(state, 6) == 0 ? 1 + RML_MAX_CATEGORY / (size + 1) : 3;
	int32_t		code = (int32_t) gen_random(state, 5);

	for (int32_t i = 0; i < size; i++)
	{
		codes[i] = code < RML_MAX_CATEGORY - (size - i) ? code : RML_MAX_CATEGORY - (size - i);
		code = codes[i] + 1 + (int32_t) gen_random(state, (uint32_t) step);
	}
}

static void
gen_sets(RmlXgbTree *tree, RmlHost *host, int32_t largest, uint32_t *state)
{
	int32_t		n = 0;

	for (int32_t i = 0; i < tree->num_nodes; i++)
		n += tree->split_type.values[i];
	allocate_ints(&tree->category_nodes, host, n);
	allocate_ints(&tree->category_segments, host, n);
	allocate_ints(&tree->category_sizes, host, n);
	allocate_ints(&tree->categories, host, n * largest);
	tree->categories.count = 0;
	n = 0;
	for (int32_t i = 0; i < tree->num_nodes; i++)
	{
		int32_t		size = 1 + (int32_t) gen_random(state, (uint32_t) largest);

		if (!tree->split_type.values[i])
			continue;
		tree->category_nodes.values[n] = i;
		tree->category_segments.values[n] = tree->categories.count;
		tree->category_sizes.values[n++] = size;
		gen_set(tree->categories.values + tree->categories.count, size, state);
		tree->categories.count += size;
	}
}

static void
gen_statistics(RmlXgbTree *tree, RmlHost *host)
{
	allocate_floats(&tree->loss_change, host, tree->num_nodes);
	allocate_floats(&tree->sum_hessian, host, tree->num_nodes);
	for (int32_t i = 0; i < tree->num_nodes; i++)
	{
		tree->loss_change.values[i] = is_leaf(tree, i) ? 0.0f : 0.3f * (float) (i + 1);
		tree->sum_hessian.values[i] = 0.7f * (float) tree->num_nodes;
	}
	/* children share what their parent has, one of them now and then all of it, or next to nothing */
	for (int32_t i = 0; i < tree->num_nodes; i++)
	{
		static const float shares[] = {0.5f, 0.25f, 1.0f, 0.875f, 1e-6f, 0.3f, 0.625f};
		int32_t		left = tree->left.values[i];
		float		whole = tree->sum_hessian.values[i];

		if (left < 0)
			continue;
		tree->sum_hessian.values[left] = whole * shares[i % 7];
		tree->sum_hessian.values[left + 1] = whole - tree->sum_hessian.values[left];
	}
}

static void
gen_base_weights(RmlXgbTree *tree, RmlHost *host, int32_t width, uint32_t *state)
{
	allocate_floats(&tree->base_weight, host, tree->num_nodes * width);
	for (int32_t i = 0; i < tree->base_weight.count; i++)
		tree->base_weight.values[i] = (float) gen_random(state, 20001) / 7000.0f - 1.4f;
}

/* From 3.2 on: a row for each leaf, in no order. */
static void
gen_leaf_weights(RmlXgbTree *tree, RmlHost *host, int32_t width, uint32_t *state)
{
	int32_t		n = 0;
	int32_t		row = 0;
	int32_t		turn;

	for (int32_t i = 0; i < tree->num_nodes; i++)
		n += is_leaf(tree, i);
	turn = (int32_t) gen_random(state, (uint32_t) n);
	allocate_floats(&tree->leaf_weights, host, n * width);
	for (int32_t i = 0; i < tree->leaf_weights.count; i++)
		tree->leaf_weights.values[i] = (float) gen_random(state, 20001) / 7000.0f - 1.4f;
	for (int32_t i = tree->num_nodes - 1; i >= 0; i--)
	{
		if (is_leaf(tree, i))
			tree->right.values[i] = (row++ + turn) % n;
	}
}

static void
gen_vectors(RmlXgbTree *tree, RmlHost *host, const GenOptions *options, int32_t width,
			uint32_t *state)
{
	tree->size_leaf_vector = width;
	for (int32_t i = 0; i < tree->num_nodes; i++)
	{
		if (is_leaf(tree, i))
			tree->split_condition.values[i] = options->writer.minor < 2 ? NAN : 1e-45f;
	}
	if (!rml_writer_at_least(options->writer, 3, 2, 0))
	{
		gen_base_weights(tree, host, width, state);
		return;
	}
	gen_base_weights(tree, host, 1 + (int32_t) gen_random(state, (uint32_t) width), state);
	gen_leaf_weights(tree, host, width, state);
	gen_statistics(tree, host);
}

/* A width above 1: leaves with a value for each of so many outputs. */
void
gen_tree(RmlXgbTree *tree, RmlHost *host, const GenOptions *options, int32_t width,
		 uint32_t *state)
{
	int32_t		n_splits = options->chain || options->balanced ? options->n_splits :
		(int32_t) gen_random(state, (uint32_t) options->n_splits + 1);

	memset(tree, 0, sizeof(*tree));
	allocate_tree(tree, host, 2 * n_splits + 1);
	tree->num_feature = options->n_features;
	tree->num_nodes = 1;
	begin_leaf(tree, 0, gen_random(state, 2) ? -1 : INT32_MAX, state);
	grow(tree, n_splits, options, state);
	tree->left.count = tree->right.count = tree->parent.count = tree->split_index.count =
		tree->split_condition.count = tree->default_left.count = tree->split_type.count =
		tree->num_nodes;
	gen_sets(tree, host, options->set_size > 0 ? options->set_size : 8, state);
	if (width > 1)
		gen_vectors(tree, host, options, width, state);
	else
	{
		gen_base_weights(tree, host, 1, state);
		gen_statistics(tree, host);
	}
}
