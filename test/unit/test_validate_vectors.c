/*
 * test_validate_vectors.c
 *	  The validator: vector leaves in both layouts.
 *
 * Every case is one replacement in a model of two outputs.  Tree 0 has vector
 * leaves, trees 1 and 2 scalar ones:
 *
 *	   tree 0: 0 (feature 0 < 0.5) -> 1 (feature 1 < 1.5) -> 3, 4
 *								   -> 2; nodes 5 and 6 are deleted
 *	   trees 1 and 2: a leaf
 */
#include "edit.h"

#define LEAF(id) \
	"{\"id\":" #id ",\"tree_param\":{\"num_nodes\":\"1\",\"num_feature\":\"2\",\"num_deleted\":\"0\",\"size_leaf_vector\":\"1\"}," \
	"\"left_children\":[-1],\"right_children\":[-1],\"parents\":[-1],\"split_indices\":[0]," \
	"\"split_conditions\":[0],\"default_left\":[0],\"base_weights\":[0],\"loss_changes\":[0]," \
	"\"sum_hessian\":[0]}"
#define HEAD(version) \
	"{\"version\":" version ",\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{" \
	"\"gbtree_model_param\":{\"num_trees\":\"3\",\"num_parallel_tree\":\"1\"},\"iteration_indptr\":[0,1,3]," \
	"\"tree_info\":[0,0,1],\"trees\":[{\"id\":0,\"tree_param\":{\"num_nodes\":\"7\",\"num_deleted\":\"2\"," \
	"\"num_feature\":\"2\",\"size_leaf_vector\":\"2\"},\"left_children\":[1,3,-1,-1,-1,-1,-1]," \
	"\"parents\":[-1,0,0,1,1,2,2],\"split_indices\":[0,1,0,0,0,2147483647,2147483647]," \
	"\"default_left\":[1,0,0,0,0,1,1],\"split_type\":[0,0,0,0,0,0,0],"
#define TAIL \
	"}," LEAF(1) "," LEAF(2) "]}}," \
	"\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_class\":\"0\",\"num_feature\":\"2\",\"num_target\":\"2\"}," \
	"\"objective\":{\"name\":\"reg:squarederror\"}}}"

/* 2.0 to 3.1: the values in base_weights, no statistics. */
static const char old[] =
HEAD("[3,0,5]") "\"right_children\":[2,4,-1,-1,-1,-1,-1],\"split_conditions\":[0.5,1.5,NaN,NaN,NaN,NaN,NaN],"
"\"base_weights\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]" TAIL;

static const Edit old_edits[] = {
	{"[3,0,5]", "[2,0,0]", NULL, RML_OK},
	{"[3,0,5]", "[3,1,9]", NULL, RML_OK},
	{"[3,0,5]", "[1,7,6]", "tree 0: size_leaf_vector is 2, but XGBoost 1.7 has no such trees", RML_INVALID},
	{"[3,0,5]", "[3,2,0]", "tree 0: leaf_weights is missing", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"3\"", "tree 0: size_leaf_vector is 3, expected the number of outputs", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"2147483647\"", "tree 0: size_leaf_vector is 2147483647", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"1\"", "tree 0: base_weights has 14 entries, num_nodes is 7", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"0\"", "tree 0: base_weights has 14 entries, num_nodes is 7", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":2", "tree 0: size_leaf_vector is an integer", RML_SYNTAX},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"-2\"", "tree 0: size_leaf_vector is \"-2\"", RML_INVALID},
	{"\"num_target\":\"2\"", "\"num_target\":\"3\"", "tree 0: size_leaf_vector is 2, expected the number of outputs", RML_INVALID},
	{",13,14]", ",13]", "tree 0: base_weights has 13 entries, expected 14 for 7 nodes and 2 outputs", RML_INVALID},
	{",13,14]", ",13,14,15]", "tree 0: base_weights has 15 entries, expected 14", RML_INVALID},
	{",13,14]", ",13,NaN]", "tree 0", RML_INVALID},
	{",8,9,", ",8,Infinity,", "tree 0", RML_INVALID},
	{"[0.5,1.5,NaN,NaN,NaN,NaN,NaN]", "[0.5,1.5,0,1,2,3,4]", NULL, RML_OK},
	{"[0.5,1.5,NaN,NaN,NaN,NaN,NaN]", "[NaN,1.5,0,1,2,3,4]", "tree 0, node 0: split_conditions is nan", RML_INVALID},
	{"[0.5,1.5,NaN,NaN,NaN,NaN,NaN]", "[0.5,1.5,0,1,Infinity,3,4]", "tree 0, node 4: split_conditions is inf", RML_INVALID},
	{"[2,4,-1,-1,-1,-1,-1]", "[2,4,0,-1,-1,-1,-1]", "tree 0, node 2: right_children is 0, but the node has no left child", RML_INVALID},
	{"\"default_left\":[1,0,0,0,0,1,1]", "\"default_left\":[1,0,0,0,0,1,1],\"loss_changes\":[0,0,0,0,0,0,0],"
	"\"sum_hessian\":[0,0,0,0,0,0,0]", NULL, RML_OK},
	{"\"default_left\":[1,0,0,0,0,1,1]", "\"default_left\":[1,0,0,0,0,1,1],\"loss_changes\":[0,0,0,0,0,0]",
	"tree 0: loss_changes has 6 entries, num_nodes is 7", RML_INVALID},
	{"\"default_left\":[1,0,0,0,0,1,1]", "\"default_left\":[1,0,0,0,0,1,1],\"sum_hessian\":[0]",
	"tree 0: sum_hessian has 1 entries, num_nodes is 7", RML_INVALID},
	{"\"tree_info\":[0,0,1]", "\"tree_info\":[1,0,1]", "tree_info[0] is 1, but tree 0 has leaves for all outputs", RML_INVALID},
	{"\"tree_info\":[0,0,1]", "\"tree_info\":[0,1,0]", NULL, RML_OK},
	/* only as the file of several outputs */
	{"\"num_target\":\"2\"", "\"num_target\":\"1\"", "tree_info[2] is 1", RML_INVALID},
	{"\"num_class\":\"0\",\"num_feature\":\"2\",\"num_target\":\"2\"", "\"num_class\":\"2\",\"num_feature\":\"2\"", NULL, RML_OK},
	/* iterations of a file without a list: by the first tree */
	{"\"iteration_indptr\":[0,1,3],", "", NULL, RML_OK},
};

/* 3.2 and later: rows of leaf_weights, whose number is right_children. */
static const char new[] =
HEAD("[3,4,1]") "\"right_children\":[2,4,1,0,2,-1,-1],\"split_conditions\":[0.5,1.5,1E-45,1E-45,1E-45,1E-45,1E-45],"
"\"base_weights\":[1,2,3,4,5,6,7],\"leaf_weights\":[10,20,30,40,50,60],"
"\"loss_changes\":[2,1,0,0,0,0,0],\"sum_hessian\":[9,8,7,6,5,4,3]" TAIL;

static const Edit new_edits[] = {
	{"[3,4,1]", "[3,2,0]", NULL, RML_OK},
	{"[3,4,1]", "[3,1,3]", "tree 0: leaf_weights is given, but XGBoost 3.1 keeps leaves in base_weights", RML_INVALID},
	{"[3,4,1]", "[1,7,6]", "tree 0: size_leaf_vector is 2, but XGBoost 1.7 has no such trees", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"1\"", "tree 0: leaf_weights is given, but size_leaf_vector is 1", RML_INVALID},
	{"\"size_leaf_vector\":\"2\"", "\"size_leaf_vector\":\"3\"", "tree 0: size_leaf_vector is 3, expected the number of outputs", RML_INVALID},
	/* rows */
	{"[2,4,1,0,2,-1,-1]", "[2,4,1,0,3,-1,-1]", "tree 0, node 4: right_children is 3, not a row of leaf_weights", RML_INVALID},
	{"[2,4,1,0,2,-1,-1]", "[2,4,1,0,-1,-1,-1]", "tree 0, node 4: right_children is -1, not a row of leaf_weights", RML_INVALID},
	{"[2,4,1,0,2,-1,-1]", "[2,4,1,0,2147483647,-1,-1]", "tree 0, node 4: right_children is 2147483647, not a row", RML_INVALID},
	{"[2,4,1,0,2,-1,-1]", "[2,4,1,1,2,-1,-1]", "tree 0, node 3: right_children is 1, the row of another leaf", RML_INVALID},
	{"[2,4,1,0,2,-1,-1]", "[2,4,2,1,0,-1,-1]", NULL, RML_OK},
	{"[2,4,1,0,2,-1,-1]", "[2,4,1,0,2,3,-1]", "tree 0, node 5: no node has it as a child, and it is not marked as deleted", RML_INVALID},
	{"[2,4,1,0,2,-1,-1]", "[3,4,1,0,2,-1,-1]", "tree 0, node 0: right_children is 3, expected left_children + 1", RML_INVALID},
	/* leaf_weights */
	{"[10,20,30,40,50,60]", "[10,20,30,40,50]", "tree 0: leaf_weights has 5 entries, expected 6 for 3 leaves and 2 outputs", RML_INVALID},
	{"[10,20,30,40,50,60]", "[10,20,30,40,50,60,70,80]", "tree 0: leaf_weights has 8 entries, expected 6", RML_INVALID},
	{"[10,20,30,40,50,60]", "[]", "tree 0: leaf_weights has 0 entries, expected 6", RML_INVALID},
	{"[10,20,30,40,50,60]", "[10,20,30,40,NaN,60]", "leaf_weights is nan", RML_INVALID},
	{"[10,20,30,40,50,60]", "[10,20,30,40,50,-Infinity]", "leaf_weights is -inf", RML_INVALID},
	{"[10,20,30,40,50,60]", "[10,20,30,40,50,\"60\"]", "tree 0: leaf_weights is a string", RML_SYNTAX},
	{"\"leaf_weights\":", "\"x\":", "tree 0: leaf_weights is missing", RML_INVALID},
	{"{\"id\":1,", "{\"id\":1,\"leaf_weights\":[],", "tree 1: leaf_weights is given, but size_leaf_vector is 1", RML_INVALID},
	/* base_weights: one to two per node */
	{"[1,2,3,4,5,6,7]", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14]", NULL, RML_OK},
	{"[1,2,3,4,5,6,7]", "[1,2,3,4,5,6,7,8,9,10,11,12,13]", "tree 0: base_weights has 13 entries", RML_INVALID},
	{"[1,2,3,4,5,6,7]", "[1,2,3,4,5,6]", "tree 0: base_weights has 6 entries", RML_INVALID},
	{"[1,2,3,4,5,6,7]", "[]", "tree 0: base_weights has 0 entries", RML_INVALID},
	{"[1,2,3,4,5,6,7]", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]", "tree 0: base_weights has 21 entries", RML_INVALID},
	{"[1,2,3,4,5,6,7]", "[1,2,3,4,5,6,NaN]", "base_weights is nan", RML_INVALID},
	/* statistics */
	{"\"loss_changes\":[2,1,0,0,0,0,0]", "\"x\":0", "tree 0: loss_changes is missing", RML_INVALID},
	{"\"sum_hessian\":[9,8,7,6,5,4,3]", "\"x\":0", "tree 0: sum_hessian is missing", RML_INVALID},
	{"[2,1,0,0,0,0,0]", "[2,1,0]", "tree 0: loss_changes has 3 entries, num_nodes is 7", RML_INVALID},
	{"[9,8,7,6,5,4,3]", "[9,8,7,6,5,4,3,2]", "tree 0: sum_hessian has 8 entries", RML_INVALID},
	/* weights of dart */
	{"\"tree_info\"", "\"weight_drop\":[0.5,1,1],\"tree_info\"", NULL, RML_OK},
	{"\"tree_info\"", "\"weight_drop\":[3E38,1,1],\"tree_info\"", "times weight_drop 3e+38 overflows", RML_INVALID},
	{"\"tree_info\"", "\"weight_drop\":[NaN,1,1],\"tree_info\"", "weight_drop[0] is nan", RML_INVALID},
	{"\"num_deleted\":\"2\"", "\"num_deleted\":\"1\"", "tree 0: num_deleted is 1, but 2 nodes are deleted", RML_INVALID},
};

int
main(void)
{
	RUN("validate: vector leaves of 2.0 to 3.1", old, old_edits);
	RUN("validate: vector leaves of 3.2 and later", new, new_edits);
	return test_done();
}
