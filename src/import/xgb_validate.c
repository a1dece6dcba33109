/*
 * xgb_validate.c
 *	  Proves a parsed model consistent, or names what is not.
 *
 * libxgboost checks little of this: a file with a bad child index makes it
 * loop, crash or read foreign memory.  After validation every tree is a tree,
 * every index is in range, every count agrees with what it counts, and every
 * number that reaches a score is finite.
 */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "import/xgb.h"

/* Newest XGBoost whose files and arithmetic this release knows. */
#define NEWEST_MAJOR 3
#define NEWEST_MINOR 4

#define POLL_EVERY 8192

typedef struct Walk
{
	const RmlXgbTree *tree;
	int32_t		index;			/* position in the file, for messages */
	int32_t    *depth;			/* per node, -1 not yet reached */
	int32_t    *stack;
	int32_t		n_reached;
	int32_t		deepest;
	RmlHost    *host;
	RmlError   *err;
} Walk;

static bool
check_version(const RmlXgbModel *model, RmlError *err)
{
	RmlWriter	w = model->writer;

	if (!model->has_version)
		return rml_fail(err, RML_INVALID, "version is missing");
	if (w.major < 1 || w.minor < 0 || w.patch < 0)
		return rml_fail(err, RML_INVALID,
						"version is [%d, %d, %d], expected 1.0.0 or later", w.major, w.minor, w.patch);
	if (w.major > NEWEST_MAJOR || (w.major == NEWEST_MAJOR && w.minor > NEWEST_MINOR))
	{
		rml_fail(err, RML_UNSUPPORTED,
				 "the model was written by XGBoost %d.%d.%d; this release reads 1.0 to %d.%d",
				 w.major, w.minor, w.patch, NEWEST_MAJOR, NEWEST_MINOR);
		return rml_hint(err, "A newer XGBoost may compute scores differently: upgrade riskml.");
	}
	return true;
}

static bool
unsupported(RmlError *err, const char *what, const char *value)
{
	return rml_fail(err, RML_UNSUPPORTED, "%s%s is not supported by this release", what, value);
}

static bool
check_booster(const RmlXgbModel *model, RmlError *err)
{
	if (model->booster[0] == '\0')
		return rml_fail(err, RML_INVALID, "gradient_booster.name is missing");
	if (strcmp(model->booster, "gblinear") == 0)
		return unsupported(err, "booster ", "gblinear");
	if (strcmp(model->booster, "gbtree") != 0 && strcmp(model->booster, "dart") != 0)
		return rml_fail(err, RML_UNSUPPORTED, "unknown booster \"%s\"", model->booster);
	if (model->nested != (strcmp(model->booster, "dart") == 0))
		return rml_fail(err, RML_INVALID, "gradient_booster.%s is missing",
						model->nested ? "model" : "gbtree.model");
	return true;
}

static bool
check_objective(const RmlXgbModel *model, RmlError *err)
{
	const RmlObjective *objective = rml_objective_by_name(model->objective);

	if (model->objective[0] == '\0')
		return rml_fail(err, RML_INVALID, "objective.name is missing");
	if (objective == NULL)
		return rml_fail(err, RML_UNSUPPORTED, "unknown objective \"%s\"", model->objective);
	if (!objective->supported)
		return unsupported(err, "objective ", objective->name);
	if (!rml_writer_at_least(model->writer, objective->since_major, objective->since_minor, 0))
		return rml_fail(err, RML_INVALID, "objective %s is not one of XGBoost %d.%d",
						objective->name, model->writer.major, model->writer.minor);
	return true;
}

static bool
check_outputs(const RmlXgbModel *model, RmlError *err)
{
	float		margin;

	if (model->num_class > 1)
		return rml_fail(err, RML_UNSUPPORTED,
						"a model with several classes (num_class %d) is not supported by this release",
						model->num_class);
	if (model->num_target > 1)
		return rml_fail(err, RML_UNSUPPORTED,
						"a model with several targets (num_target %d) is not supported by this release",
						model->num_target);
	if (model->num_target < 1)
		return rml_fail(err, RML_INVALID, "learner_model_param.num_target is %d",
						model->num_target);
	if (model->size_leaf_vector > 1)
		return rml_fail(err, RML_UNSUPPORTED,
						"vector leaves (size_leaf_vector %d) are not supported by this release",
						model->size_leaf_vector);
	if (model->base_score.count == 0)
		return rml_fail(err, RML_INVALID, "learner_model_param.base_score is missing");
	if (model->base_score.count != 1)
		return rml_fail(err, RML_INVALID,
						"learner_model_param.base_score has %d values for one output",
						model->base_score.count);
	return rml_base_margin(rml_objective_by_name(model->objective), model->writer,
						   model->base_score.values[0], &margin, err);
}

static bool
check_features(const RmlXgbModel *model, RmlError *err)
{
	if (model->num_feature < 1)
		return rml_fail(err, RML_INVALID, "learner_model_param.num_feature is %d",
						model->num_feature);
	if (model->num_feature > RML_MAX_FEATURES)
		return rml_fail(err, RML_LIMIT, "the model has %d features, at most %d are possible",
						model->num_feature, RML_MAX_FEATURES);
	if (model->feature_names.count != 0 && model->feature_names.count != model->num_feature)
		return rml_fail(err, RML_INVALID, "feature_names has %d entries, num_feature is %d",
						model->feature_names.count, model->num_feature);
	if (model->feature_types.count != 0 && model->feature_types.count != model->num_feature)
		return rml_fail(err, RML_INVALID, "feature_types has %d entries, num_feature is %d",
						model->feature_types.count, model->num_feature);
	if (model->has_cats)
		return unsupported(err, "a model with category names ", "(cats)");
	return true;
}

/* ---- trees ---- */

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

static bool
check_tree_arrays(const Walk *w, const RmlXgbModel *model)
{
	const RmlXgbTree *t = w->tree;

	if (t->size_leaf_vector > 1)
		return rml_fail(w->err, RML_UNSUPPORTED,
						"tree %d: vector leaves (size_leaf_vector %d) are not supported by this release",
						w->index, t->size_leaf_vector);
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
		!check_count(w, "default_left", t->default_left.count) ||
		!check_count(w, "base_weights", t->base_weight.count) ||
		!check_count(w, "loss_changes", t->loss_change.count) ||
		!check_count(w, "sum_hessian", t->sum_hessian.count))
		return false;
	if (t->split_type.values != NULL && !check_count(w, "split_type", t->split_type.count))
		return false;
	for (int32_t i = 0; i < t->split_type.count; i++)
	{
		if (t->split_type.values[i] != 0)
			return rml_fail(w->err, RML_UNSUPPORTED,
							"tree %d, node %d: categorical splits are not supported by this release",
							w->index, i);
	}
	if (t->n_categories != 0 || t->n_category_nodes != 0 ||
		t->n_category_segments != 0 || t->n_category_sizes != 0)
		return rml_fail(w->err, RML_INVALID,
						"tree %d: categories are listed, but no split is categorical", w->index);
	return check_all_finite(w, "split_conditions", &t->split_condition) &&
		check_all_finite(w, "base_weights", &t->base_weight) &&
		check_all_finite(w, "loss_changes", &t->loss_change) &&
		check_all_finite(w, "sum_hessian", &t->sum_hessian);
}

static bool
node_fault(const Walk *w, int32_t node, const char *key, int32_t value, const char *why)
{
	return rml_fail(w->err, RML_INVALID, "tree %d, node %d: %s is %d, %s",
					w->index, node, key, value, why);
}

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
	if (t->left.values[node] != -1)
		return check_split(w, node, top);
	if (t->right.values[node] != -1)
		return node_fault(w, node, "right_children", t->right.values[node],
						  "but the node has no left child");
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
	return check_unreached(w);
}

static bool
check_tree_list(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	const char *missing = !model->has_trees ? "trees" :
		model->tree_info.values == NULL ? "tree_info" :
		model->num_trees < 0 ? "gbtree_model_param.num_trees" : NULL;

	if (missing != NULL)
		return rml_fail(err, RML_INVALID, "gradient_booster.model: %s is missing", missing);
	if (model->n_trees != model->num_trees)
		return rml_fail(err, RML_INVALID, "gbtree_model_param.num_trees is %d, but there are %d trees",
						model->num_trees, model->n_trees);
	if (model->tree_info.count != model->n_trees)
		return rml_fail(err, RML_INVALID, "tree_info has %d entries for %d trees",
						model->tree_info.count, model->n_trees);
	for (int32_t i = 0; i < model->n_trees; i++)
	{
		if (model->tree_info.values[i] != 0)
			return rml_fail(err, RML_INVALID, "tree_info[%d] is %d, but the model has one output",
							i, model->tree_info.values[i]);
	}
	model->by_id = rml_alloc(host, (size_t) model->n_trees * sizeof(*model->by_id));
	memset(model->by_id, 0, (size_t) model->n_trees * sizeof(*model->by_id));
	for (int32_t i = 0; i < model->n_trees; i++)
	{
		int32_t		id = model->trees[i].id;

		if (id < 0 || id >= model->n_trees)
			return rml_fail(err, RML_INVALID, "tree %d: id is %d, expected 0 to %d",
							i, id, model->n_trees - 1);
		if (model->by_id[id] != NULL)
			return rml_fail(err, RML_INVALID, "tree %d: id %d occurs twice", i, id);
		model->by_id[id] = &model->trees[i];
	}
	return true;
}

/*
 * The writing version reads weights in one place only, and ignores them
 * elsewhere: which of the two was meant cannot be told, so refuse those.
 */
static bool
check_weights(const RmlXgbModel *model, RmlError *err)
{
	bool		read = model->weights_in_model ? rml_writer_at_least(model->writer, 3, 4, 0)
		: model->nested || rml_writer_at_least(model->writer, 3, 3, 0);

	if (model->weight_drop.count == 0)
		return true;
	if (model->weight_drop.count != model->n_trees)
		return rml_fail(err, RML_INVALID, "weight_drop has %d entries for %d trees",
						model->weight_drop.count, model->n_trees);
	for (int32_t i = 0; i < model->weight_drop.count; i++)
	{
		float		weight = model->weight_drop.values[i];

		if (!isfinite(weight))
			return rml_fail(err, RML_INVALID, "weight_drop[%d] is %f", i, weight);
		if (!read && weight != 1.0f)
			return rml_fail(err, RML_INVALID,
							"weight_drop[%d] is %g, but XGBoost %d.%d does not read weights %s",
							i, weight, model->writer.major, model->writer.minor,
							model->weights_in_model ? "inside gradient_booster.model"
							: "beside gradient_booster.model");
	}
	return true;
}

static bool
check_iterations(const RmlXgbModel *model, RmlError *err)
{
	const RmlIntArray *indptr = &model->iteration_indptr;

	if (model->num_parallel_tree < 1)
		return rml_fail(err, RML_INVALID, "gbtree_model_param.num_parallel_tree is %d",
						model->num_parallel_tree);
	if (indptr->values == NULL)
	{
		if (model->n_trees % model->num_parallel_tree != 0)
			return rml_fail(err, RML_INVALID, "%d trees are no multiple of num_parallel_tree %d",
							model->n_trees, model->num_parallel_tree);
		return true;
	}
	if (indptr->count < 1 || indptr->values[0] != 0 ||
		indptr->values[indptr->count - 1] != model->n_trees)
		return rml_fail(err, RML_INVALID, "iteration_indptr does not run from 0 to %d trees",
						model->n_trees);
	for (int32_t i = 1; i < indptr->count; i++)
	{
		if (indptr->values[i] < indptr->values[i - 1])
			return rml_fail(err, RML_INVALID, "iteration_indptr[%d] is %d, less than the one before",
							i, indptr->values[i]);
	}
	return true;
}

static bool
check_trees(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	int32_t		largest = 1;
	Walk		walk = {.host = host, .err = err};
	bool		ok = true;

	for (int32_t i = 0; i < model->n_trees; i++)
	{
		rml_poll(host);
		walk.tree = &model->trees[i];
		walk.index = i;
		if (!check_tree_arrays(&walk, model))
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
		walk.n_reached = 0;
		ok = check_shape(&walk);
		model->n_nodes += walk.n_reached;
	}
	host->release(host, walk.depth);
	host->release(host, walk.stack);
	return ok;
}

/* Leaves times weights must stay finite, for the image stores the product. */
static bool
check_weighted_leaves(const RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	for (int32_t i = 0; i < model->weight_drop.count; i++)
	{
		const RmlXgbTree *t = &model->trees[i];

		rml_poll(host);
		for (int32_t n = 0; n < t->num_nodes; n++)
		{
			if (t->left.values[n] == -1 &&
				!isfinite(t->split_condition.values[n] * model->weight_drop.values[t->id]))
				return rml_fail(err, RML_INVALID,
								"tree %d, node %d: leaf %g times weight_drop %g overflows",
								i, n, t->split_condition.values[n],
								model->weight_drop.values[t->id]);
		}
	}
	return true;
}

bool
rml_xgb_validate(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	return check_version(model, err) &&
		check_booster(model, err) &&
		check_objective(model, err) &&
		check_outputs(model, err) &&
		check_features(model, err) &&
		check_tree_list(model, host, err) &&
		check_weights(model, err) &&
		check_iterations(model, err) &&
		check_trees(model, host, err) &&
		check_weighted_leaves(model, host, err);
}
