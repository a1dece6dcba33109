/*
 * xgb_validate_tree.c
 *	  Proves the trees of a parsed model consistent, or names what is not.
 */
#include <math.h>
#include <string.h>

#include "import/xgb.h"

#define POLL_EVERY 8192

typedef struct Walk
{
	const RmlXgbTree *tree;
	int32_t		index;			/* position in the file, for messages */
	int32_t    *depth;			/* per node, -1 not yet reached */
	int32_t    *stack;
	int32_t		n_reached;
	int32_t		n_leaves;		/* reached ones */
	int32_t		n_category_splits;	/* reached ones, and their codes */
	int32_t		n_category_codes;
	int32_t		deepest;
	RmlHost    *host;
	RmlError   *err;
} Walk;

static bool
node_fault(const Walk *w, int32_t node, const char *key, int32_t value, const char *why)
{
	return rml_fail(w->err, RML_INVALID, "tree %d, node %d: %s is %d, %s",
					w->index, node, key, value, why);
}

/* ---- arrays ---- */

static bool
check_count(const Walk *w, const char *key, int32_t count)
{
	return count == w->tree->num_nodes ? true :
		rml_fail(w->err, RML_INVALID, "tree %d: %s has %d entries, num_nodes is %d",
				 w->index, key, count, w->tree->num_nodes);
}

static bool
check_all_finite(const Walk *w, const char *key, const RmlFloatArray *array)
{
	for (int32_t i = 0; i < array->count; i++)
	{
		if (!isfinite(array->values[i]))
			return rml_fail(w->err, RML_INVALID, "tree %d, node %d: %s is %f",
							w->index, i, key, array->values[i]);
	}
	return true;
}

/* What the version of a tree with vector leaves has. */
static bool
check_vector_arrays(const Walk *w, const RmlXgbModel *model)
{
	const RmlXgbTree *t = w->tree;
	int32_t		width = t->size_leaf_vector;

	if (width != model->n_outputs)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: size_leaf_vector is %d, expected the number of outputs, %d",
						w->index, width, model->n_outputs);
	if (!rml_writer_at_least(model->writer, 2, 0, 0))
		return rml_fail(w->err, RML_INVALID,
						"tree %d: size_leaf_vector is %d, but XGBoost %d.%d has no such trees",
						w->index, width, model->writer.major, model->writer.minor);
	if (t->leaf_weights.values == NULL)
	{
		if (rml_writer_at_least(model->writer, 3, 2, 0))
			return rml_fail(w->err, RML_INVALID, "tree %d: leaf_weights is missing", w->index);
		if (t->base_weight.count != (int64_t) t->num_nodes * width)
			return rml_fail(w->err, RML_INVALID,
							"tree %d: base_weights has %d entries, expected %lld for %d nodes and %d outputs",
							w->index, t->base_weight.count, (long long) t->num_nodes * width,
							t->num_nodes, width);
		return (t->loss_change.values == NULL ||
				check_count(w, "loss_changes", t->loss_change.count)) &&
			(t->sum_hessian.values == NULL ||
			 check_count(w, "sum_hessian", t->sum_hessian.count));
	}
	if (!rml_writer_at_least(model->writer, 3, 2, 0))
		return rml_fail(w->err, RML_INVALID,
						"tree %d: leaf_weights is given, but XGBoost %d.%d keeps leaves in base_weights",
						w->index, model->writer.major, model->writer.minor);
	if (t->base_weight.count < t->num_nodes || t->base_weight.count % t->num_nodes != 0 ||
		t->base_weight.count / t->num_nodes > width)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: base_weights has %d entries, no multiple of %d nodes up to %d times",
						w->index, t->base_weight.count, t->num_nodes, width);
	return true;
}

static bool
check_statistics(const Walk *w)
{
	const RmlXgbTree *t = w->tree;
	const char *missing = t->loss_change.values == NULL ? "loss_changes" :
		t->sum_hessian.values == NULL ? "sum_hessian" : NULL;

	if (missing != NULL)
		return rml_fail(w->err, RML_INVALID, "tree %d: %s is missing", w->index, missing);
	return check_count(w, "loss_changes", t->loss_change.count) &&
		check_count(w, "sum_hessian", t->sum_hessian.count);
}

static bool
check_scalar_arrays(const Walk *w)
{
	if (w->tree->leaf_weights.values != NULL)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: leaf_weights is given, but size_leaf_vector is %d",
						w->index, w->tree->size_leaf_vector);
	return check_count(w, "base_weights", w->tree->base_weight.count) && check_statistics(w);
}

/*
 * Thresholds and leaves.  A split by category has none, a vector leaf has its
 * values elsewhere: XGBoost writes NaN there.
 */
static bool
check_conditions(const Walk *w)
{
	const RmlXgbTree *t = w->tree;

	for (int32_t i = 0; i < t->num_nodes; i++)
	{
		float		value = t->split_condition.values[i];
		bool		is_leaf = rml_xgb_is_leaf(t, i);
		bool		is_threshold = !is_leaf && !rml_xgb_by_category(t, i);
		bool		is_value = is_leaf && !rml_xgb_is_vector(t) &&
			t->split_index.values[i] != XGB_DELETED;

		if ((isinf(value) && !is_threshold) || (isnan(value) && (is_threshold || is_value)))
			return rml_fail(w->err, RML_INVALID, "tree %d, node %d: split_conditions is %f",
							w->index, i, value);
	}
	return true;
}

static bool
check_tree_arrays(const Walk *w, const RmlXgbModel *model)
{
	const RmlXgbTree *t = w->tree;

	if (t->num_nodes < 1)
		return rml_fail(w->err, RML_INVALID, "tree %d: num_nodes is %d", w->index, t->num_nodes);
	if (t->num_feature != model->num_feature)
		return rml_fail(w->err, RML_INVALID, "tree %d: num_feature is %d, that of the model %d",
						w->index, t->num_feature, model->num_feature);
	if (!check_count(w, "left_children", t->left.count) ||
		!check_count(w, "right_children", t->right.count) ||
		!check_count(w, "parents", t->parent.count) ||
		!check_count(w, "split_indices", t->split_index.count) ||
		!check_count(w, "split_conditions", t->split_condition.count) ||
		!check_count(w, "default_left", t->default_left.count))
		return false;
	if (t->split_type.values != NULL && !check_count(w, "split_type", t->split_type.count))
		return false;
	if (rml_xgb_is_vector(t) ? !check_vector_arrays(w, model) : !check_scalar_arrays(w))
		return false;
	if (t->leaf_weights.values != NULL && !check_statistics(w))
		return false;
	/* weights of rows beyond 1e37 make infinite statistics, which enter no score */
	return check_conditions(w) &&
		check_all_finite(w, "base_weights", &t->base_weight);
}

/* ---- categories ---- */

/* The codes of one split ascend and lie in the range of codes. */
static bool
check_codes(const Walk *w, int32_t node, const int32_t *codes, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
	{
		if (codes[i] < 0 || codes[i] >= RML_MAX_CATEGORY)
			return node_fault(w, node, "an entry of categories", codes[i], "expected 0 to 16777215");
		if (i > 0 && codes[i] <= codes[i - 1])
			return node_fault(w, node, "an entry of categories", codes[i], "not above the one before it");
	}
	return true;
}

static bool
check_category_split(const Walk *w, int32_t i, int32_t begin)
{
	const RmlXgbTree *t = w->tree;
	int32_t		node = t->category_nodes.values[i];
	int32_t		size = t->category_sizes.values[i];

	if (node < 0 || node >= t->num_nodes)
		return rml_fail(w->err, RML_INVALID, "tree %d: categories_nodes[%d] is %d, not a node of the tree",
						w->index, i, node);
	if (i > 0 && node <= t->category_nodes.values[i - 1])
		return rml_fail(w->err, RML_INVALID,
						"tree %d: categories_nodes[%d] is %d, not above the one before it",
						w->index, i, node);
	if (!rml_xgb_by_category(t, node))
		return node_fault(w, node, "split_type", 0, "but categories_nodes lists the node");
	if (t->category_segments.values[i] != begin)
		return node_fault(w, node, "categories_segments", t->category_segments.values[i],
						  "not where the categories before it end");
	if (size < 1 || size > t->categories.count - begin)
		return node_fault(w, node, "categories_sizes", size,
						  "expected 1 up to what is left of the categories");
	return check_codes(w, node, t->categories.values + begin, size);
}

/* Splits by category and the lists of their codes agree. */
static bool
check_categories(const Walk *w)
{
	const RmlXgbTree *t = w->tree;
	int32_t		n = t->category_nodes.count;
	int32_t		listed = 0;
	int32_t		begin = 0;

	if (t->category_segments.count != n || t->category_sizes.count != n)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: categories_nodes, categories_segments and categories_sizes have %d, %d and %d entries",
						w->index, n, t->category_segments.count, t->category_sizes.count);
	for (int32_t i = 0; i < n; i++)
	{
		if (!check_category_split(w, i, begin))
			return false;
		begin += t->category_sizes.values[i];
	}
	if (begin != t->categories.count)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: categories has %d entries, but the splits by category use %d",
						w->index, t->categories.count, begin);
	for (int32_t i = 0; i < t->split_type.count; i++)
	{
		if (!rml_xgb_by_category(t, i))
			continue;
		if (listed == n || t->category_nodes.values[listed] != i)
			return node_fault(w, i, "split_type", 1, "but categories_nodes does not list the node");
		listed++;
	}
	return true;
}

/* ---- shape ---- */

/* A split: its children exist, are siblings and name it as their parent. */
static bool
check_split(Walk *w, int32_t node, int32_t *top)
{
	const RmlXgbTree *t = w->tree;
	int32_t		left = t->left.values[node];
	int32_t		right = t->right.values[node];

	if (left <= 0 || left >= t->num_nodes)
		return node_fault(w, node, "left_children", left, "not a node of the tree");
	if (right <= 0 || right >= t->num_nodes)
		return node_fault(w, node, "right_children", right, "not a node of the tree");
	if (right != left + 1)
		return node_fault(w, node, "right_children", right, "expected left_children + 1");
	for (int32_t child = left; child <= right; child++)
	{
		if (t->parent.values[child] != node)
			return node_fault(w, child, "parents", t->parent.values[child],
							  "but another node has it as a child");
		if (w->depth[child] >= 0)
			return node_fault(w, node, child == left ? "left_children" : "right_children",
							  child, "a node that has been reached before");
		w->depth[child] = w->depth[node] + 1;
		w->stack[(*top)++] = child;
	}
	if (w->depth[left] > w->deepest)
		w->deepest = w->depth[left];
	if (w->deepest > RML_MAX_TREE_DEPTH)
		return rml_fail(w->err, RML_LIMIT, "tree %d is deeper than %d levels",
						w->index, RML_MAX_TREE_DEPTH);
	return true;
}

static bool
check_node(Walk *w, int32_t node, int32_t *top)
{
	const RmlXgbTree *t = w->tree;
	int32_t		feature = t->split_index.values[node];

	if (feature < 0 || feature >= t->num_feature)
		return node_fault(w, node, "split_indices", feature, "not a feature of the model");
	if (!rml_xgb_is_leaf(t, node))
	{
		if (rml_xgb_by_category(t, node))
		{
			w->n_category_splits++;
			w->n_category_codes += t->category_sizes.values[rml_xgb_category_index(t, node)];
		}
		return check_split(w, node, top);
	}
	w->n_leaves++;
	if (t->leaf_weights.values == NULL && t->right.values[node] != -1)
		return node_fault(w, node, "right_children", t->right.values[node],
						  "but the node has no left child");
	return true;
}

/*
 * From 3.2 on, right_children of a vector leaf is the number of its row in
 * leaf_weights: each row belongs to one leaf.
 */
static bool
check_leaf_rows(Walk *w)
{
	const RmlXgbTree *t = w->tree;
	int32_t    *owner = w->stack;

	if (t->leaf_weights.values == NULL)
		return true;
	if (t->leaf_weights.count != (int64_t) w->n_leaves * t->size_leaf_vector)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: leaf_weights has %d entries, expected %lld for %d leaves and %d outputs",
						w->index, t->leaf_weights.count,
						(long long) w->n_leaves * t->size_leaf_vector, w->n_leaves,
						t->size_leaf_vector);
	if (!check_all_finite(w, "leaf_weights", &t->leaf_weights))
		return false;
	memset(owner, -1, (size_t) w->n_leaves * sizeof(int32_t));
	for (int32_t i = 0; i < t->num_nodes; i++)
	{
		int32_t		row = t->right.values[i];

		if (!rml_xgb_is_leaf(t, i) || w->depth[i] < 0)
			continue;
		if (row < 0 || row >= w->n_leaves)
			return node_fault(w, i, "right_children", row, "not a row of leaf_weights");
		if (owner[row] >= 0)
			return node_fault(w, i, "right_children", row, "the row of another leaf");
		owner[row] = i;
	}
	return true;
}

/*
 * What nobody points at must look as XGBoost's pruner leaves it: a childless
 * node with the split index of a deleted one.
 */
static bool
check_unreached(const Walk *w)
{
	const RmlXgbTree *t = w->tree;

	for (int32_t i = 0; i < t->num_nodes; i++)
	{
		if (w->depth[i] >= 0)
			continue;
		if (t->split_index.values[i] != XGB_DELETED || t->left.values[i] != -1 ||
			t->right.values[i] != -1 || t->default_left.values[i] != 1)
			return rml_fail(w->err, RML_INVALID,
							"tree %d, node %d: no node has it as a child, and it is not marked as deleted",
							w->index, i);
		if (t->parent.values[i] < 0 || t->parent.values[i] >= t->num_nodes)
			return node_fault(w, i, "parents", t->parent.values[i], "not a node of the tree");
	}
	if (t->num_nodes - w->n_reached != t->num_deleted)
		return rml_fail(w->err, RML_INVALID, "tree %d: num_deleted is %d, but %d nodes are deleted",
						w->index, t->num_deleted, t->num_nodes - w->n_reached);
	return true;
}

static bool
check_shape(Walk *w)
{
	const RmlXgbTree *t = w->tree;
	int32_t		root_parent = t->parent.values[0];
	int32_t		top = 0;

	if (root_parent != -1 && root_parent != INT32_MAX)
		return node_fault(w, 0, "parents", root_parent, "but it is the root");
	memset(w->depth, -1, (size_t) t->num_nodes * sizeof(int32_t));
	w->depth[0] = 0;
	w->stack[top++] = 0;
	while (top > 0)
	{
		if (++w->n_reached % POLL_EVERY == 0)
			rml_poll(w->host);
		if (!check_node(w, w->stack[--top], &top))
			return false;
	}
	return check_unreached(w) && check_leaf_rows(w);
}

/* ---- all trees ---- */

/* A leaf's value times the tree's weight must stay finite, for the image stores the product. */
static bool
check_weighted_leaf(const RmlXgbTree *t, int32_t index, int32_t node, float weight, RmlError *err)
{
	const float *values = rml_xgb_is_vector(t) ? rml_xgb_leaf_vector(t, node)
		: &t->split_condition.values[node];
	int32_t		n = rml_xgb_is_vector(t) ? t->size_leaf_vector : 1;

	for (int32_t i = 0; i < n; i++)
	{
		if (!isfinite(values[i] * weight))
			return rml_fail(err, RML_INVALID, "tree %d, node %d: leaf %g times weight_drop %g overflows",
							index, node, values[i], weight);
	}
	return true;
}

static bool
check_weighted_leaves(const RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	for (int32_t i = 0; i < model->weight_drop.count; i++)
	{
		const RmlXgbTree *t = &model->trees[i];

		rml_poll(host);
		for (int32_t n = 0; n < t->num_nodes; n++)
		{
			if (rml_xgb_is_leaf(t, n) && t->split_index.values[n] != XGB_DELETED &&
				!check_weighted_leaf(t, i, n, model->weight_drop.values[t->id], err))
				return false;
		}
	}
	return true;
}

bool
rml_xgb_validate_trees(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	int32_t		largest = 1;
	Walk		walk = {.host = host, .err = err};
	bool		ok = true;

	for (int32_t i = 0; i < model->n_trees; i++)
	{
		rml_poll(host);
		walk.tree = &model->trees[i];
		walk.index = i;
		if (!check_tree_arrays(&walk, model) || !check_categories(&walk))
			return false;
		if (walk.tree->num_nodes > largest)
			largest = walk.tree->num_nodes;
	}
	walk.depth = rml_alloc(host, (size_t) largest * sizeof(int32_t));
	walk.stack = rml_alloc(host, (size_t) largest * sizeof(int32_t));
	for (int32_t i = 0; i < model->n_trees && ok; i++)
	{
		rml_poll(host);
		walk.tree = &model->trees[i];
		walk.index = i;
		walk.n_reached = walk.n_leaves = 0;
		walk.n_category_splits = walk.n_category_codes = 0;
		ok = check_shape(&walk);
		model->n_nodes += walk.n_reached;
		model->trees[i].n_category_splits = walk.n_category_splits;
		model->trees[i].n_category_codes = walk.n_category_codes;
	}
	host->release(host, walk.depth);
	host->release(host, walk.stack);
	return ok && check_weighted_leaves(model, host, err);
}
