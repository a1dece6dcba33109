/*
 * xgb_facts.c
 *	  What follows from a model file and the version that wrote it.
 */
#include <string.h>

#include "import/xgb.h"

/*
 * Source: cpu_predictor.cc (PredValue up to 1.2.1, PredValueByOneTree from
 * 1.3.0) and, for dart, gbtree.cc (up to 1.3.3, from 1.4.0).  A linear model
 * begins with its base margin in every version.
 */
bool
rml_xgb_base_last(const RmlXgbModel *model)
{
	if (strcmp(model->booster, "dart") == 0)
		return !rml_writer_at_least(model->writer, 1, 4, 0);
	/* without trees gbtree adds nothing, not even 0 to -0, which dart does */
	return !model->is_linear && model->n_trees > 0 && !rml_writer_at_least(model->writer, 1, 3, 0);
}

/*
 * Source: gbtree.cc, Dart::PredictBatchInternal, from 1.4.0 to 3.2: each tree
 * is predicted into zeros, so that a leaf of -0 counts as 0.
 */
bool
rml_xgb_leaf_from_zero(const RmlXgbModel *model)
{
	return model->weight_drop.count > 0 && rml_writer_at_least(model->writer, 1, 4, 0) &&
		!rml_writer_at_least(model->writer, 3, 3, 0);
}

/*
 * Source: learner.cc, Intercept::InitModelUserParam, from 3.1.0 on: while a
 * base score is still to be estimated and nothing has been boosted, the one
 * at hand is used without the link.
 */
RmlBaseScore
rml_xgb_base_score(const RmlXgbModel *model)
{
	bool		fitted = model->is_linear ? model->boosted_rounds > 0 : model->n_trees > 0;

	/* from 1.2 on charconv.cc reads it, which rounds correctly */
	bool		old = !rml_writer_at_least(model->writer, 1, 2, 0);

	return (RmlBaseScore) {
		.values = old ? &model->old_base_score : model->base_score.values,
		.count = model->base_score.count,
		/* GBLinear::PredictBatchInternal: base_score(0) for every output */
		.first_for_all = model->is_linear,
		.is_margin = model->boost_from_average && !fitted &&
			rml_writer_at_least(model->writer, 3, 1, 0),
	};
}

int64_t
rml_xgb_trees_per_iteration(const RmlXgbModel *model)
{
	bool		vector = model->n_trees > 0 && rml_xgb_is_vector(&model->trees[0]);

	return (int64_t) model->num_parallel_tree * (vector ? 1 : model->n_outputs);
}

/* First tree of an iteration, which may be the one behind the last. */
static int32_t
first_tree(const RmlXgbModel *model, int32_t iteration)
{
	if (model->iteration_indptr.values != NULL)
		return model->iteration_indptr.values[iteration];
	return (int32_t) (iteration * rml_xgb_trees_per_iteration(model));
}

static bool
best_iteration(const RmlXgbModel *model, int64_t *end, RmlError *err)
{
	if (!model->has_best_iteration)
	{
		rml_fail(err, RML_OPTION, "the model has no attribute best_iteration that is an iteration");
		return rml_hint(err, "It is written by training with early stopping; import without the option to use all trees.");
	}
	*end = (int64_t) model->best_iteration + 1;
	/* gbtree_model_param has num_parallel_tree from 1.6 on */
	if (!rml_writer_at_least(model->writer, 1, 6, 0) && model->best_ntree_limit >= 0 &&
		model->best_ntree_limit != *end * model->num_parallel_tree)
	{
		rml_fail(err, RML_OPTION,
				 "best_iteration is %d, but best_ntree_limit is %lld: the model was trained with num_parallel_tree, which files of XGBoost %d.%d do not tell",
				 model->best_iteration, (long long) model->best_ntree_limit,
				 model->writer.major, model->writer.minor);
		return rml_hint(err, "Give the number of trees instead: {\"iterations\": [0, %lld]}.",
						(long long) model->best_ntree_limit);
	}
	return true;
}

bool
rml_xgb_tree_range(const RmlXgbModel *model, const RmlImportOptions *options,
				   RmlTreeRange *range, RmlError *err)
{
	int64_t		first = options->first_iteration;
	int64_t		end = options->end_iteration;
	int64_t		n_iterations;

	range->first = 0;
	range->end = model->n_trees;
	if (!options->best_iteration && !options->has_iterations)
		return true;
	if (model->is_linear)
		return rml_fail(err, RML_OPTION, "a linear model (gblinear) has no iterations to choose from");
	if (options->best_iteration && !best_iteration(model, &end, err))
		return false;
	n_iterations = model->iteration_indptr.values != NULL ? model->iteration_indptr.count - 1
		: model->n_trees / rml_xgb_trees_per_iteration(model);
	if (end > n_iterations)
		return options->best_iteration
			? rml_fail(err, RML_OPTION, "best_iteration is %d, but the model has %lld iterations",
					   model->best_iteration, (long long) n_iterations)
			: rml_fail(err, RML_OPTION, "iterations end at %lld, but the model has %lld",
					   (long long) end, (long long) n_iterations);
	if (end == 0)
		end = n_iterations;		/* as XGBoost's iteration_range */
	if (first > end)
		return rml_fail(err, RML_OPTION, "iterations begin at %lld, behind their end at %lld",
						(long long) first, (long long) end);
	range->first = first_tree(model, (int32_t) first);
	range->end = first_tree(model, (int32_t) end);
	return true;
}

int32_t
rml_xgb_category_index(const RmlXgbTree *tree, int32_t node)
{
	int32_t		low = 0;
	int32_t		high = tree->category_nodes.count;

	while (low < high)
	{
		int32_t		middle = (low + high) / 2;

		if (tree->category_nodes.values[middle] < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
