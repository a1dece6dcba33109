/*
 * importance.c
 *	  Importance of features as XGBoost's get_score() counts it.
 *
 * Source: GBTree::FeatureScore and RegTree::WalkTree of XGBoost 1.7.6: float32
 * sums over the splits, tree by tree, the right subtree before the left one.
 */
#include "import/xgb.h"

#include <string.h>

void
rml_xgb_importance(const RmlXgbModel *model, int32_t n_trees, RmlHost *host,
				   int32_t *weight, float *total_gain, float *total_cover)
{
	size_t		n = (size_t) model->num_feature;
	int32_t		largest = 1;
	int32_t    *stack;

	memset(weight, 0, n * sizeof(*weight));
	memset(total_gain, 0, n * sizeof(*total_gain));
	memset(total_cover, 0, n * sizeof(*total_cover));
	for (int32_t id = 0; id < n_trees; id++)
	{
		if (model->by_id[id]->num_nodes > largest)
			largest = model->by_id[id]->num_nodes;
	}
	stack = rml_alloc(host, (size_t) largest * sizeof(*stack));
	for (int32_t id = 0; id < n_trees; id++)
	{
		const RmlXgbTree *tree = model->by_id[id];
		int32_t		top = 0;

		rml_poll(host);
		stack[top++] = 0;
		while (top > 0)
		{
			int32_t		node = stack[--top];
			int32_t		feature = tree->split_index.values[node];

			if (tree->left.values[node] == -1)
				continue;
			weight[feature]++;
			total_gain[feature] += tree->loss_change.values[node];
			total_cover[feature] += tree->sum_hessian.values[node];
			stack[top++] = tree->left.values[node];
			stack[top++] = tree->right.values[node];
		}
	}
	host->release(host, stack);
}
