/*
 * xgb_parse_tree.c
 *	  The trees of a model file.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "import/parse.h"

static bool
tree_param_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbTree *tree = target;

	if (strcmp(key, "num_nodes") == 0)
		return rml_parse_parameter(p, key, value, &tree->num_nodes);
	if (strcmp(key, "num_deleted") == 0)
		return rml_parse_parameter(p, key, value, &tree->num_deleted);
	if (strcmp(key, "num_feature") == 0)
		return rml_parse_parameter(p, key, value, &tree->num_feature);
	if (strcmp(key, "size_leaf_vector") == 0)
		return rml_parse_parameter(p, key, value, &tree->size_leaf_vector);
	return rml_reader_skip(&p->reader, value);
}

/* Arrays of a tree: where each goes and how it is read. */
typedef struct TreeArray
{
	const char *key;
	RmlFieldFn		parse;
	size_t		offset;
	bool		required;
} TreeArray;

static const TreeArray tree_arrays[] = {
	{"left_children", rml_parse_ints, offsetof(RmlXgbTree, left), true},
	{"right_children", rml_parse_ints, offsetof(RmlXgbTree, right), true},
	{"parents", rml_parse_ints, offsetof(RmlXgbTree, parent), true},
	{"split_indices", rml_parse_ints, offsetof(RmlXgbTree, split_index), true},
	{"split_conditions", rml_parse_floats, offsetof(RmlXgbTree, split_condition), true},
	{"default_left", rml_parse_flags, offsetof(RmlXgbTree, default_left), true},
	{"base_weights", rml_parse_floats, offsetof(RmlXgbTree, base_weight), true},
	{"loss_changes", rml_parse_floats, offsetof(RmlXgbTree, loss_change), false},
	{"sum_hessian", rml_parse_floats, offsetof(RmlXgbTree, sum_hessian), false},
	{"split_type", rml_parse_flags, offsetof(RmlXgbTree, split_type), false},
	{"leaf_weights", rml_parse_floats, offsetof(RmlXgbTree, leaf_weights), false},
	{"categories", rml_parse_ints, offsetof(RmlXgbTree, categories), false},
	{"categories_nodes", rml_parse_ints, offsetof(RmlXgbTree, category_nodes), false},
	{"categories_segments", rml_parse_ints, offsetof(RmlXgbTree, category_segments), false},
	{"categories_sizes", rml_parse_ints, offsetof(RmlXgbTree, category_sizes), false},
};

#define N_TREE_ARRAYS ((int) (sizeof(tree_arrays) / sizeof(tree_arrays[0])))
#define SAW_ID (1u << N_TREE_ARRAYS)
#define SAW_PARAM (1u << (N_TREE_ARRAYS + 1))

typedef struct TreeTarget
{
	RmlXgbTree *tree;
	uint32_t	seen;			/* a bit per entry of tree_arrays, and SAW_* */
} TreeTarget;

static bool
tree_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	TreeTarget *t = target;

	for (int i = 0; i < N_TREE_ARRAYS; i++)
	{
		const TreeArray *array = &tree_arrays[i];

		if (strcmp(key, array->key) == 0)
		{
			t->seen |= 1u << i;
			return array->parse(p, key, value, (char *) t->tree + array->offset);
		}
	}
	if (strcmp(key, "id") == 0)
	{
		t->seen |= SAW_ID;
		return rml_parse_int32(p, key, value, &t->tree->id);
	}
	if (strcmp(key, "tree_param") == 0)
	{
		t->seen |= SAW_PARAM;
		return rml_parse_object(p, key, value, tree_param_field, t->tree);
	}
	return rml_reader_skip(&p->reader, value);
}

/*
 * What is missing is told at the tree's end, before the next one takes memory;
 * what only some versions write, by the validator.
 */
static bool
check_tree_complete(RmlParser *p, const TreeTarget *t)
{
	const char *missing = NULL;

	for (int i = 0; i < N_TREE_ARRAYS; i++)
	{
		if (tree_arrays[i].required && (t->seen & (1u << i)) == 0)
			missing = tree_arrays[i].key;
	}
	if ((t->seen & SAW_ID) == 0)
		missing = "id";
	if ((t->seen & SAW_PARAM) == 0)
		missing = "tree_param";
	if (missing != NULL)
		return rml_fail(p->err, RML_INVALID, "%s%s is missing", p->where, missing);
	return true;
}

bool
rml_parse_trees(RmlParser *p, const char *key, const RmlEvent *begin)
{
	RmlXgbModel *model = p->model;
	RmlEvent	event;

	if (!rml_parse_expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	if (model->has_trees)
		return rml_parse_given_twice(p, key, begin);
	model->has_trees = true;
	for (;;)
	{
		TreeTarget	target = {0};

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			return true;
		if (model->n_trees == p->max_trees)
		{
			int32_t		wanted = p->max_trees ? p->max_trees * 2 : 16;
			size_t		bytes = (size_t) wanted * sizeof(RmlXgbTree);

			model->trees = model->trees ? p->host->resize(p->host, model->trees, bytes)
				: rml_alloc(p->host, bytes);
			p->max_trees = wanted;
		}
		target.tree = &model->trees[model->n_trees];
		memset(target.tree, 0, sizeof(RmlXgbTree));
		snprintf(p->where, sizeof(p->where), "tree %d: ", model->n_trees);
		if (!rml_parse_object(p, "tree", &event, tree_field, &target) ||
			!check_tree_complete(p, &target))
			return false;
		p->where[0] = '\0';
		model->n_trees++;
	}
}
