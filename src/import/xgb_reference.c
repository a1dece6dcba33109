/*
 * xgb_reference.c
 *	  Margins by walking the arrays of a validated model, as its file has them.
 *
 * Slow and simple on purpose: what riskml.verify and the tests compare the
 * image and the kernels with.
 */
#include <math.h>

#include "import/xgb.h"

static bool
in_set(const RmlXgbTree *tree, int32_t node, int32_t code)
{
	int32_t		i = rml_xgb_category_index(tree, node);
	const int32_t *codes = tree->categories.values + tree->category_segments.values[i];

	for (int32_t k = 0; k < tree->category_sizes.values[i]; k++)
	{
		if (codes[k] == code)
			return true;
	}
	return false;
}

/* Bits in the set that XGBoost makes of the codes, in words of 32. */
static int32_t
set_bits(const RmlXgbTree *tree, int32_t node)
{
	int32_t		i = rml_xgb_category_index(tree, node);
	int32_t		last = tree->category_segments.values[i] + tree->category_sizes.values[i] - 1;

	return (tree->categories.values[last] / 32 + 1) * 32;
}

/*
 * Source: common/categorical.h, Decision, of XGBoost 1.3.0 to 3.4.1; changed in
 * 1.6.0 and in 1.7.3.
 */
static bool
category_goes_left(const RmlXgbModel *model, const RmlXgbTree *tree, int32_t node, float x)
{
	bool		invalid = x < 0.0f || x >= 16777216.0f;

	if (rml_writer_at_least(model->writer, 1, 7, 3))
		return invalid || !in_set(tree, node, (int32_t) x);
	if (rml_writer_at_least(model->writer, 1, 6, 0))
	{
		if (invalid || x >= (float) set_bits(tree, node))
			return tree->default_left.values[node] != 0;
		return !in_set(tree, node, (int32_t) x);
	}
	/* a cast first: what int32 does not hold is not in any set */
	return x <= -1.0f || x >= 16777216.0f || !in_set(tree, node, (int32_t) x);
}

static int32_t
find_leaf(const RmlXgbModel *model, const RmlXgbTree *tree, const float *row)
{
	int32_t		node = 0;

	while (!rml_xgb_is_leaf(tree, node))
	{
		float		x = row[tree->split_index.values[node]];
		bool		go_left;

		if (isnan(x))
			go_left = tree->default_left.values[node] != 0;
		else if (rml_xgb_by_category(tree, node))
			go_left = category_goes_left(model, tree, node, x);
		else
			go_left = x < tree->split_condition.values[node];
		node = go_left ? tree->left.values[node] : tree->right.values[node];
	}
	return node;
}

/* A weight, 0 in a model that was never trained. */
static float
weight_of(const RmlXgbModel *model, int32_t feature, int32_t output)
{
	return model->weights.count == 0 ? 0.0f
		: model->weights.values[feature * model->n_outputs + output];
}

static void
linear_margins(const RmlXgbModel *model, const float *row, float *margins)
{
	for (int32_t k = 0; k < model->n_outputs; k++)
		margins[k] = weight_of(model, model->num_feature, k) + margins[k];	/* the bias */
	for (int32_t f = 0; f < model->num_feature; f++)
	{
		for (int32_t k = 0; k < model->n_outputs && !isnan(row[f]); k++)
			margins[k] += row[f] * weight_of(model, f, k);
	}
}

static void
add_tree(const RmlXgbModel *model, int32_t id, const float *row, float *margins)
{
	const RmlXgbTree *tree = model->by_id[id];
	int32_t		leaf = find_leaf(model, tree, row);
	bool		vector = rml_xgb_is_vector(tree);
	const float *values = vector ? rml_xgb_leaf_vector(tree, leaf)
		: &tree->split_condition.values[leaf];
	int32_t		first = vector ? 0 : model->tree_info.values[id];
	int32_t		n = vector ? model->n_outputs : 1;

	for (int32_t i = 0; i < n; i++)
	{
		float		value = values[i];

		if (rml_xgb_leaf_from_zero(model))
			value += 0.0f;
		if (model->weight_drop.count > 0)
			value *= model->weight_drop.values[id];
		margins[first + i] += value;
	}
}

void
rml_xgb_reference_margins(const RmlXgbModel *model, RmlTreeRange range, const float *row,
						  float *margins)
{
	const RmlObjective *objective = rml_objective_by_name(model->objective);
	RmlBaseScore score = rml_xgb_base_score(model);
	bool		base_last = rml_xgb_base_last(model);

	for (int32_t k = 0; k < model->n_outputs; k++)
		margins[k] = 0.0f;
	if (!base_last)
	{
		RmlError	ignored = {0};

		(void) rml_base_margins(objective, model->writer, score, model->n_outputs, margins,
								&ignored);
	}
	if (model->is_linear)
	{
		linear_margins(model, row, margins);
		return;
	}
	for (int32_t id = range.first; id < range.end; id++)
		add_tree(model, id, row, margins);
	for (int32_t k = 0; base_last && k < model->n_outputs; k++)
	{
		/* no version that adds it last has an objective that mixes outputs */
		RmlError	ignored = {0};
		RmlBaseScore one = {.values = score.values + (score.count > 1 ? k : 0), .count = 1};
		float		base = 0.0f;

		(void) rml_base_margins(objective, model->writer, one, 1, &base, &ignored);
		margins[k] = base + margins[k];
	}
}
