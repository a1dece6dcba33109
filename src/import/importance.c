/*
 * importance.c
 *	  Importance of features as XGBoost's get_score() counts it.
 *
 * Source: GBTree::FeatureScore and WalkTree of XGBoost 1.7.6 to 3.4.1: float32
 * sums over the splits, tree by tree, the right subtree before the left one.
 */
#include "import/xgb.h"

#include <string.h>

bool
rml_xgb_importance(const RmlXgbModel *model, RmlTreeRange range, RmlHost *host,
				   int32_t *weight, float *total_gain, float *total_cover)
{
	size_t		n = (size_t) model->num_feature;
	int32_t		largest = 1;
	bool		complete = true;
	int32_t    *stack;

	memset(weight, 0, n * sizeof(*weight));
	memset(total_gain, 0, n * sizeof(*total_gain));
	memset(total_cover, 0, n * sizeof(*total_cover));
	for (int32_t id = range.first; id < range.end; id++)
	{
		if (model->by_id[id]->num_nodes > largest)
			largest = model->by_id[id]->num_nodes;
	}
	stack = rml_alloc(host, (size_t) largest * sizeof(*stack));
	for (int32_t id = range.first; id < range.end; id++)
	{
		const RmlXgbTree *tree = model->by_id[id];
		bool		has_statistics = tree->loss_change.values != NULL &&
			tree->sum_hessian.values != NULL;
		int32_t		top = 0;

		rml_poll(host);
		complete = complete && has_statistics;
		stack[top++] = 0;
		while (top > 0)
		{
			int32_t		node = stack[--top];
			int32_t		feature = tree->split_index.values[node];

			if (rml_xgb_is_leaf(tree, node))
				continue;
			weight[feature]++;
			if (has_statistics)
			{
				total_gain[feature] += tree->loss_change.values[node];
				total_cover[feature] += tree->sum_hessian.values[node];
			}
			stack[top++] = tree->left.values[node];
			stack[top++] = tree->right.values[node];
		}
	}
	host->release(host, stack);
	return complete;
}
