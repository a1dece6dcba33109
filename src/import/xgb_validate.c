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

#include "import/xgb.h"

/* Newest XGBoost whose files and arithmetic this release knows. */
#define NEWEST_MAJOR 3
#define NEWEST_MINOR 4

/* Weights of a linear model whose file lists none. */
#define MAX_UNTRAINED_WEIGHTS 100000

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
check_booster(RmlXgbModel *model, RmlError *err)
{
	if (model->booster[0] == '\0')
		return rml_fail(err, RML_INVALID, "gradient_booster.name is missing");
	model->is_linear = strcmp(model->booster, "gblinear") == 0;
	if (!model->is_linear && strcmp(model->booster, "gbtree") != 0 &&
		strcmp(model->booster, "dart") != 0)
		return rml_fail(err, RML_UNSUPPORTED, "unknown booster \"%s\"", model->booster);
	if (model->nested != (strcmp(model->booster, "dart") == 0))
		return rml_fail(err, RML_INVALID, "gradient_booster.%s is missing",
						model->nested ? "model" : "gbtree.model");
	if (model->is_linear && model->has_trees)
		return rml_fail(err, RML_INVALID, "gradient_booster.model has trees, but gblinear has none");
	return true;
}

/*
 * Up to 1.7, XGBoost that loads a model with several classes makes any
 * objective but multi:softprob multi:softmax (learner.cc, ConfigureObjective).
 */
static bool
becomes_softmax(const RmlXgbModel *model)
{
	return model->num_class > 1 && !rml_writer_at_least(model->writer, 2, 0, 0) &&
		strcmp(model->objective, "multi:softmax") != 0 &&
		strcmp(model->objective, "multi:softprob") != 0;
}

static bool
check_objective(RmlXgbModel *model, RmlError *err)
{
	const RmlObjective *objective = rml_objective_by_name(model->objective);

	if (model->objective[0] == '\0')
		return rml_fail(err, RML_INVALID, "objective.name is missing");
	if (objective == NULL)
		return rml_fail(err, RML_UNSUPPORTED, "unknown objective \"%s\"", model->objective);
	if (!rml_writer_at_least(model->writer, objective->since_major, objective->since_minor, 0))
		return rml_fail(err, RML_INVALID, "objective %s is not one of XGBoost %d.%d",
						objective->name, model->writer.major, model->writer.minor);
	if (becomes_softmax(model))
	{
		strcpy(model->objective, "multi:softmax");
		model->softmax_classes = model->num_class;
	}
	return true;
}

/* ---- outputs ---- */

static bool
count_outputs(RmlXgbModel *model, RmlError *err)
{
	if (model->num_target < 1)
		return rml_fail(err, RML_INVALID, "learner_model_param.num_target is %d",
						model->num_target);
	if (model->num_class > 1 && model->num_target > 1)
		return rml_fail(err, RML_INVALID,
						"learner_model_param.num_class is %d and num_target %d: XGBoost has no such models",
						model->num_class, model->num_target);
	model->n_outputs = model->num_class > model->num_target ? model->num_class : model->num_target;
	if (model->n_outputs > RML_MAX_OUTPUTS)
		return rml_fail(err, RML_LIMIT, "the model has %d outputs, at most %d are possible",
						model->n_outputs, RML_MAX_OUTPUTS);
	if (model->size_leaf_vector > 1 && model->size_leaf_vector != model->n_outputs)
		return rml_fail(err, RML_INVALID,
						"gbtree_model_param.size_leaf_vector is %d, expected the number of outputs, %d",
						model->size_leaf_vector, model->n_outputs);
	return true;
}

/* Levels of quantiles or expectiles: one per output, each from 0 to 1, maybe ascending. */
static bool
check_levels(const RmlXgbModel *model, const char *key, const RmlFloatArray *levels,
			 bool ascending, RmlError *err)
{
	if (levels->count > RML_MAX_LEVELS)
		return rml_fail(err, RML_LIMIT, "%s has %d entries, at most %d are possible",
						key, levels->count, RML_MAX_LEVELS);
	if (levels->count != model->n_outputs)
		return rml_fail(err, RML_INVALID, "%s has %d entries, expected one per output, %d in all",
						key, levels->count, model->n_outputs);
	for (int32_t i = 0; i < levels->count; i++)
	{
		if (!(levels->values[i] >= 0.0f && levels->values[i] <= 1.0f))
			return rml_fail(err, RML_INVALID, "%s[%d] is %g, expected a value from 0 to 1",
							key, i, levels->values[i]);
		if (ascending && i > 0 && levels->values[i] < levels->values[i - 1])
			return rml_fail(err, RML_INVALID, "%s[%d] is %g, less than the one before",
							key, i, levels->values[i]);
	}
	return true;
}

/* The objective's own parameters agree with the number of outputs. */
static bool
check_output_param(const RmlXgbModel *model, const RmlObjective *objective, RmlError *err)
{
	switch (objective->output_param)
	{
		case RML_OUTPUTS_CLASSES:
			if (model->num_class < 1)
				return rml_fail(err, RML_INVALID, "learner_model_param.num_class is %d, but %s needs classes",
								model->num_class, objective->name);
			if (model->num_target > 1)
				return rml_fail(err, RML_INVALID, "learner_model_param.num_target is %d, but %s has classes",
								model->num_target, objective->name);
			if (model->softmax_classes < 0)
				return rml_fail(err, RML_INVALID, "objective.softmax_multiclass_param.num_class is missing");
			if (model->softmax_classes != model->num_class)
				return rml_fail(err, RML_INVALID,
								"softmax_multiclass_param.num_class is %d, learner_model_param.num_class %d",
								model->softmax_classes, model->num_class);
			break;
		case RML_OUTPUTS_QUANTILES:
			return check_levels(model, "quantile_loss_param.quantile_alpha", &model->quantiles,
								rml_writer_at_least(model->writer, 3, 4, 0), err);
		case RML_OUTPUTS_EXPECTILES:
			return check_levels(model, "expectile_loss_param.expectile_alpha", &model->expectiles,
								true, err);
		case RML_OUTPUTS_ANY:
			break;
	}
	return true;
}

/*
 * Before 3.1 base_score is one number.  From 1.2 on XGBoost's own parser reads
 * it (charconv.cc), and when it finds more than 9 digits leaves 0.5 in place.
 */
static bool
check_base_score(const RmlXgbModel *model, RmlError *err)
{
	const char *key = "learner_model_param.base_score";
	int32_t		count = model->base_score.count;

	if (count == 0)
		return rml_fail(err, RML_INVALID, "%s is missing", key);
	if (count != 1 && model->n_outputs == 1)
		return rml_fail(err, RML_INVALID, "%s has %d values, expected 1", key, count);
	if (count != 1 && count != model->n_outputs)
		return rml_fail(err, RML_INVALID,
						"%s has %d values, expected 1 or %d, the number of outputs",
						key, count, model->n_outputs);
	if (rml_writer_at_least(model->writer, 3, 1, 0))
		return true;
	if (model->base_score_digits < 0)
		return rml_fail(err, RML_INVALID, "%s is a list, or has spaces, which XGBoost %d.%d does not read",
						key, model->writer.major, model->writer.minor);
	if (model->base_score_digits > 9 && rml_writer_at_least(model->writer, 1, 2, 0))
	{
		rml_fail(err, RML_INVALID, "%s has %d digits, of which XGBoost %d.%d reads 9 at most",
				 key, model->base_score_digits, model->writer.major, model->writer.minor);
		return rml_hint(err, "It would score with 0.5 instead: round the number to 9 digits.");
	}
	return true;
}

static bool
check_outputs(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	const RmlObjective *objective = rml_objective_by_name(model->objective);
	float	   *margins;
	bool		ok;

	if (!count_outputs(model, err) || !check_output_param(model, objective, err) ||
		!check_base_score(model, err))
		return false;
	margins = rml_alloc(host, (size_t) model->n_outputs * sizeof(float));
	ok = rml_base_margins(objective, model->writer, rml_xgb_base_score(model),
						  model->n_outputs, margins, err);
	host->release(host, margins);
	return ok;
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
	return true;
}

/* ---- boosters ---- */

static bool
check_linear(const RmlXgbModel *model, RmlError *err)
{
	int64_t		expected = ((int64_t) model->num_feature + 1) * model->n_outputs;

	if (model->boosted_rounds < 0)
		return rml_fail(err, RML_INVALID, "gradient_booster.model.boosted_rounds is %d",
						model->boosted_rounds);
	if (model->weights.values == NULL)
		return rml_fail(err, RML_INVALID, "gradient_booster.model.weights is missing");
	if (model->weights.count == 0 && model->boosted_rounds == 0)
	{
		/* never trained: all weights are 0 */
		if (expected > MAX_UNTRAINED_WEIGHTS)
			return rml_fail(err, RML_LIMIT, "the model has %lld weights, but none is listed",
							(long long) expected);
		return true;
	}
	if (model->weights.count != expected)
		return rml_fail(err, RML_INVALID,
						"gradient_booster.model.weights has %d entries, expected %lld: %d features and a bias for each output, %d in all",
						model->weights.count, (long long) expected, model->num_feature,
						model->n_outputs);
	for (int32_t i = 0; i < model->weights.count; i++)
	{
		if (!isfinite(model->weights.values[i]))
			return rml_fail(err, RML_INVALID, "gradient_booster.model.weights[%d] is %f",
							i, model->weights.values[i]);
	}
	return true;
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
		int32_t		output = model->tree_info.values[i];

		if (output < 0 || output >= model->n_outputs)
			return rml_fail(err, RML_INVALID, "tree_info[%d] is %d, but the last output is %d",
							i, output, model->n_outputs - 1);
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
		if (rml_xgb_is_vector(&model->trees[i]) && model->tree_info.values[id] != 0)
			return rml_fail(err, RML_INVALID,
							"tree_info[%d] is %d, but tree %d has leaves for all outputs",
							id, model->tree_info.values[id], i);
		model->by_id[id] = &model->trees[i];
	}
	return true;
}

/*
 * The writing version reads weights in one place only, and ignores them
 * elsewhere: which of the two was meant cannot be told, so refuse those.
 * Training with process_type=update appends weights without trees; the first
 * ones count.
 */
static bool
check_weights(RmlXgbModel *model, RmlError *err)
{
	bool		read = model->weights_in_model ? rml_writer_at_least(model->writer, 3, 4, 0)
		: model->nested || rml_writer_at_least(model->writer, 3, 3, 0);

	if (model->weight_drop.count == 0)
		return true;
	if (model->weight_drop.count < model->n_trees)
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
	model->weight_drop.count = model->n_trees;
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
		if (model->n_trees % rml_xgb_trees_per_iteration(model) != 0)
			return rml_fail(err, RML_INVALID,
							"%d trees are no multiple of num_parallel_tree %d times the number of outputs, %d",
							model->n_trees, model->num_parallel_tree, model->n_outputs);
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

bool
rml_xgb_validate(RmlXgbModel *model, RmlHost *host, RmlError *err)
{
	if (!check_version(model, err) ||
		!check_booster(model, err) ||
		!check_objective(model, err) ||
		!check_outputs(model, host, err) ||
		!check_features(model, err) ||
		!rml_xgb_validate_cats(model, host, err))
		return false;
	if (model->is_linear)
		return check_linear(model, err);
	return check_tree_list(model, host, err) &&
		check_weights(model, err) &&
		check_iterations(model, err) &&
		rml_xgb_validate_trees(model, host, err);
}
