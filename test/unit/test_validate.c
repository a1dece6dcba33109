/*
 * test_validate.c
 *	  The validator: each inconsistency is refused, and the message says where.
 *
 * Every case is one replacement in a valid model of two trees:
 *
 *	   tree 0: 0 (feature 0 < 0.5) -> 1 (feature 1 < 1.5) -> 3, 4
 *								   -> 2
 *	   tree 1: 0 (feature 1 < 2.5) -> 1, 2; nodes 3 and 4 are deleted
 */
#include <stdlib.h>

#include "edit.h"

static const char base[] =
"{\"version\":[3,4,1],\"learner\":{\"attributes\":{},\"feature_names\":[\"a\",\"b\"],"
"\"feature_types\":[\"float\",\"int\"],\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"gbtree_model_param\":{\"num_trees\":\"2\",\"num_parallel_tree\":\"1\"},\"tree_info\":[0,0],"
"\"iteration_indptr\":[0,1,2],\"weight_drop\":[1,0.5],\"trees\":["
"{\"id\":0,\"tree_param\":{\"num_nodes\":\"5\",\"num_deleted\":\"0\",\"num_feature\":\"2\",\"size_leaf_vector\":\"1\"},"
"\"left_children\":[1,3,-1,-1,-1],\"right_children\":[2,4,-1,-1,-1],\"parents\":[2147483647,0,0,1,1],"
"\"split_indices\":[0,1,0,0,0],\"split_conditions\":[0.5,1.5,10,20,30],\"default_left\":[1,0,0,0,0],"
"\"split_type\":[0,0,0,0,0],\"base_weights\":[1,2,3,4,5],\"loss_changes\":[2,1,0,0,0],"
"\"sum_hessian\":[9,8,7,6,5],\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],"
"\"categories_sizes\":[]},"
"{\"id\":1,\"tree_param\":{\"num_nodes\":\"5\",\"num_deleted\":\"2\",\"num_feature\":\"2\",\"size_leaf_vector\":\"0\"},"
"\"left_children\":[1,-1,-1,-1,-1],\"right_children\":[2,-1,-1,-1,-1],\"parents\":[-1,0,0,1,1],"
"\"split_indices\":[1,0,0,2147483647,2147483647],\"split_conditions\":[2.5,1,2,0,0],"
"\"default_left\":[true,false,0,1,1],\"base_weights\":[1,1,1,1,1],\"loss_changes\":[1,0,0,0,0],"
"\"sum_hessian\":[3,2,1,1,1]}]}},"
"\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_class\":\"0\",\"num_feature\":\"2\",\"num_target\":\"1\"},"
"\"objective\":{\"name\":\"reg:squarederror\"}}}";

static const Edit shape[] = {
	/* children */
	{"[1,3,-1,-1,-1]", "[0,3,-1,-1,-1]", "tree 0, node 0: left_children is 0", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[5,3,-1,-1,-1]", "tree 0, node 0: left_children is 5", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[-2,3,-1,-1,-1]", "tree 0, node 0: left_children is -2", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[2147483647,3,-1,-1,-1]", "tree 0, node 0: left_children is 2147483647", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[-2147483648,3,-1,-1,-1]", "tree 0, node 0: left_children is -2147483648", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[1,1,-1,-1,-1]", "tree 0, node 1: ", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[1,0,-1,-1,-1]", "tree 0, node 1: left_children is 0", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[1,3,-1,3,-1]", "tree 0, node 3: ", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[1,3,-1,-1,3]", "tree 0, node 4: ", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[1,-1,-1,-1,-1]", "tree 0, node 1: right_children is 4", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[-1,-1,-1,-1,-1]", "tree 0, node 0: right_children is 2", RML_INVALID},
	{"[2,4,-1,-1,-1]", "[3,4,-1,-1,-1]", "tree 0, node 0: right_children is 3, expected left", RML_INVALID},
	{"[2,4,-1,-1,-1]", "[-1,4,-1,-1,-1]", "tree 0, node 0: right_children is -1", RML_INVALID},
	{"[2,4,-1,-1,-1]", "[1,4,-1,-1,-1]", "tree 0, node 0: right_children is 1", RML_INVALID},
	{"[2,4,-1,-1,-1]", "[2,5,-1,-1,-1]", "tree 0, node 1: right_children is 5", RML_INVALID},
	{"[2,4,-1,-1,-1]", "[2,4,0,-1,-1]", "tree 0, node 2: right_children is 0", RML_INVALID},
	/* parents */
	{"[2147483647,0,0,1,1]", "[0,0,0,1,1]", "tree 0, node 0: parents is 0", RML_INVALID},
	{"[2147483647,0,0,1,1]", "[-2,0,0,1,1]", "tree 0, node 0: parents is -2", RML_INVALID},
	{"[2147483647,0,0,1,1]", "[-1,0,0,1,1]", NULL, RML_OK},
	{"[2147483647,0,0,1,1]", "[2147483647,0,1,1,1]", "tree 0, node 2: parents is 1", RML_INVALID},
	{"[2147483647,0,0,1,1]", "[2147483647,0,0,9,1]", "tree 0, node 3: parents is 9", RML_INVALID},
	{"[2147483647,0,0,1,1]", "[2147483647,0,0,-1,1]", "tree 0, node 3: parents is -1", RML_INVALID},
	/* features */
	{"[0,1,0,0,0]", "[2,1,0,0,0]", "tree 0, node 0: split_indices is 2", RML_INVALID},
	{"[0,1,0,0,0]", "[-1,1,0,0,0]", "tree 0, node 0: split_indices is -1", RML_INVALID},
	{"[0,1,0,0,0]", "[0,1,7,0,0]", "tree 0, node 2: split_indices is 7", RML_INVALID},
	{"[0,1,0,0,0]", "[0,1,0,0,2147483647]", "tree 0, node 4: split_indices is 2147483647", RML_INVALID},
	/* deleted nodes */
	{"[1,0,0,2147483647,2147483647]", "[1,0,0,0,2147483647]", "tree 1, node 3: no node has it as a child", RML_INVALID},
	{"[true,false,0,1,1]", "[true,false,0,0,1]", "tree 1, node 3: no node has it as a child", RML_INVALID},
	{"[1,-1,-1,-1,-1]", "[1,-1,-1,1,-1]", "tree 1, node 3: no node has it", RML_INVALID},
	{"[2,-1,-1,-1,-1]", "[2,-1,-1,4,-1]", "tree 1, node 3: no node has it", RML_INVALID},
	{"[-1,0,0,1,1]", "[-1,0,0,5,1]", "tree 1, node 3: parents is 5", RML_INVALID},
	{"[-1,0,0,1,1]", "[-1,0,0,-1,1]", "tree 1, node 3: parents is -1", RML_INVALID},
	{"\"num_deleted\":\"2\"", "\"num_deleted\":\"1\"", "tree 1: num_deleted is 1, but 2", RML_INVALID},
	{"\"num_deleted\":\"2\"", "\"num_deleted\":\"0\"", "tree 1: num_deleted is 0, but 2", RML_INVALID},
	{"\"num_deleted\":\"0\"", "\"num_deleted\":\"1\"", "tree 0: num_deleted is 1, but 0", RML_INVALID},
};

static const Edit numbers[] = {
	{"[0.5,1.5,10,20,30]", "[NaN,1.5,10,20,30]", "tree 0, node 0: split_conditions is nan", RML_INVALID},
	{"[0.5,1.5,10,20,30]", "[0.5,1.5,10,20,Infinity]", "tree 0, node 4: split_conditions is inf", RML_INVALID},
	{"[0.5,1.5,10,20,30]", "[0.5,-Infinity,10,20,30]", NULL, RML_OK},
	{"[0.5,1.5,10,20,30]", "[0.5,1.5,10,20,1E39]", "number 1E39 overflows", RML_SYNTAX},
	{"[0.5,1.5,10,20,30]", "[1E-45,-0.0,3.4028235E38,-1E-400,0]", NULL, RML_OK},
	/* a deleted node may have been a split by category, which has no threshold */
	{"[2.5,1,2,0,0]", "[2.5,1,2,0,NaN]", NULL, RML_OK},
	{"[2.5,1,2,0,0]", "[2.5,1,2,0,Infinity]", "tree 1, node 4: split_conditions is inf", RML_INVALID},
	{"[2.5,1,2,0,0]", "[2.5,1,NaN,0,0]", "tree 1, node 2: split_conditions is nan", RML_INVALID},
	{"[1,2,3,4,5]", "[1,2,3,NaN,5]", "tree 0, node 3: base_weights is nan", RML_INVALID},
	/* statistics enter no score */
	{"[2,1,0,0,0]", "[2,1,0,0,Infinity]", NULL, RML_OK},
	{"[9,8,7,6,5]", "[NaN,8,7,6,5]", NULL, RML_OK},
	{"\"weight_drop\":[1,0.5]", "\"weight_drop\":[1,NaN]", "weight_drop[1] is nan", RML_INVALID},
	{"\"weight_drop\":[1,0.5]", "\"weight_drop\":[3E38,1]", "tree 0, node 2: leaf 10 times weight_drop", RML_INVALID},
	/* types */
	{"[0.5,1.5,10,20,30]", "[\"0.5\",1.5,10,20,30]", "split_conditions is a string", RML_SYNTAX},
	{"[0.5,1.5,10,20,30]", "[true,1.5,10,20,30]", "split_conditions is a boolean", RML_SYNTAX},
	{"[0.5,1.5,10,20,30]", "[null,1.5,10,20,30]", "split_conditions is null", RML_SYNTAX},
	{"[0.5,1.5,10,20,30]", "[[0.5],1.5,10,20,30]", "split_conditions is an array", RML_SYNTAX},
	{"[0.5,1.5,10,20,30]", "{}", "split_conditions is an object", RML_SYNTAX},
	{"[1,3,-1,-1,-1]", "[1.0,3,-1,-1,-1]", "left_children is a floating-point number", RML_SYNTAX},
	{"[1,3,-1,-1,-1]", "[1,3,-1,-1,4294967295]", "left_children holds 4294967295", RML_SYNTAX},
	{"[1,3,-1,-1,-1]", "[1,3,-1,-1,true]", "left_children is a boolean", RML_SYNTAX},
	{"[1,0,0,0,0]", "[2,0,0,0,0]", "default_left holds 2", RML_SYNTAX},
	{"[1,0,0,0,0]", "[1,0,0,0,-1]", "default_left holds -1", RML_SYNTAX},
	{"[1,0,0,0,0]", "[1.0,0,0,0,0]", "default_left is a floating-point number", RML_SYNTAX},
	{"[1,0,0,0,0]", "[true,false,false,0,0]", NULL, RML_OK},
	{"\"id\":0", "\"id\":\"0\"", "tree 0: id is a string", RML_SYNTAX},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":5", "tree 0: num_nodes is an integer", RML_SYNTAX},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"five\"", "tree 0: num_nodes is \"five\"", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"\"", "tree 0: num_nodes is \"\"", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"-5\"", "tree 0: num_nodes is \"-5\"", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"5.0\"", "tree 0: num_nodes is \"5.0\"", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"2147483648\"", "tree 0: num_nodes is \"2147483648\"", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"99999999999999999999\"", "tree 0: num_nodes is", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"005\"", NULL, RML_OK},
};

static const Edit counts[] = {
	{"[1,3,-1,-1,-1]", "[1,3,-1,-1]", "tree 0: left_children has 4 entries, num_nodes is 5", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[1,3,-1,-1,-1,-1]", "tree 0: left_children has 6 entries", RML_INVALID},
	{"[1,3,-1,-1,-1]", "[]", "tree 0: left_children has 0 entries", RML_INVALID},
	{"[2,4,-1,-1,-1]", "[2,4,-1,-1]", "tree 0: right_children has 4", RML_INVALID},
	{"[2147483647,0,0,1,1]", "[2147483647,0,0,1]", "tree 0: parents has 4", RML_INVALID},
	{"[0,1,0,0,0]", "[0,1,0,0]", "tree 0: split_indices has 4", RML_INVALID},
	{"[0.5,1.5,10,20,30]", "[0.5,1.5,10,20]", "tree 0: split_conditions has 4", RML_INVALID},
	{"[1,0,0,0,0]", "[1,0,0,0]", "tree 0: default_left has 4", RML_INVALID},
	{"[0,0,0,0,0]", "[0,0,0,0]", "tree 0: split_type has 4", RML_INVALID},
	{"[0,0,0,0,0]", "[]", "tree 0: split_type has 0", RML_INVALID},
	{"[1,2,3,4,5]", "[1,2,3,4]", "tree 0: base_weights has 4", RML_INVALID},
	{"[2,1,0,0,0]", "[2,1,0,0]", "tree 0: loss_changes has 4", RML_INVALID},
	{"[9,8,7,6,5]", "[9,8,7,6]", "tree 0: sum_hessian has 4", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"4\"", "num_nodes is 4", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"0\"", "tree 0: num_nodes is 0", RML_INVALID},
	{"\"num_nodes\":\"5\"", "\"num_nodes\":\"2147483647\"", "num_nodes is 2147483647", RML_INVALID},
	{"\"num_feature\":\"2\",\"size", "\"num_feature\":\"3\",\"size", "tree 0: num_feature is 3, that of the model 2", RML_INVALID},
	{"\"num_trees\":\"2\"", "\"num_trees\":\"1\"", "num_trees is 1, but there are 2", RML_INVALID},
	{"\"num_trees\":\"2\"", "\"num_trees\":\"3\"", "num_trees is 3, but there are 2", RML_INVALID},
	{"\"num_trees\":\"2\"", "\"num_trees\":\"2147483647\"", "num_trees is 2147483647", RML_INVALID},
	{"\"tree_info\":[0,0]", "\"tree_info\":[0]", "tree_info has 1 entries for 2 trees", RML_INVALID},
	{"\"tree_info\":[0,0]", "\"tree_info\":[0,0,0]", "tree_info has 3 entries", RML_INVALID},
	{"\"tree_info\":[0,0]", "\"tree_info\":[0,1]", "tree_info[1] is 1", RML_INVALID},
	{"\"tree_info\":[0,0]", "\"tree_info\":[-1,0]", "tree_info[0] is -1", RML_INVALID},
	{"\"tree_info\":[0,0]", "\"tree_info\":[2147483647,0]", "tree_info[0] is 2147483647", RML_INVALID},
	{"\"id\":1", "\"id\":0", "tree 1: id 0 occurs twice", RML_INVALID},
	{"\"id\":1", "\"id\":2", "tree 1: id is 2, expected 0 to 1", RML_INVALID},
	{"\"id\":0", "\"id\":-1", "tree 0: id is -1", RML_INVALID},
	{"\"num_parallel_tree\":\"1\"", "\"num_parallel_tree\":\"0\"", "num_parallel_tree is 0", RML_INVALID},
	{"\"iteration_indptr\":[0,1,2],", "", NULL, RML_OK},
	{"\"iteration_indptr\":[0,1,2]", "\"iteration_indptr\":[0,1]", "iteration_indptr", RML_INVALID},
	{"\"iteration_indptr\":[0,1,2]", "\"iteration_indptr\":[1,2]", "iteration_indptr", RML_INVALID},
	{"\"iteration_indptr\":[0,1,2]", "\"iteration_indptr\":[]", "iteration_indptr", RML_INVALID},
	{"\"iteration_indptr\":[0,1,2]", "\"iteration_indptr\":[0,2,1,2]", "iteration_indptr[2] is 1", RML_INVALID},
	{"\"iteration_indptr\":[0,1,2]", "\"iteration_indptr\":[0,-1,2]", "iteration_indptr[1] is -1", RML_INVALID},
	{"\"iteration_indptr\":[0,1,2]", "\"iteration_indptr\":[0,1,2147483647]", "iteration_indptr", RML_INVALID},
	{"\"weight_drop\":[1,0.5]", "\"weight_drop\":[1]", "weight_drop has 1 entries for 2 trees", RML_INVALID},
	{"\"weight_drop\":[1,0.5]", "\"weight_drop\":[1,1,1]", NULL, RML_OK},
	{"\"weight_drop\":[1,0.5]", "\"weight_drop\":[1,1,NaN]", "weight_drop[2] is nan", RML_INVALID},
	{"\"weight_drop\":[1,0.5]", "\"weight_drop\":[]", NULL, RML_OK},
	{"[3,4,1]", "[3,3,0]", "weight_drop[1] is 0.5, but XGBoost 3.3 does not read weights inside", RML_INVALID},
	{"[\"a\",\"b\"]", "[\"a\"]", "feature_names has 1 entries, num_feature is 2", RML_INVALID},
	{"[\"a\",\"b\"]", "[\"a\",\"b\",\"c\"]", "feature_names has 3 entries", RML_INVALID},
	{"[\"a\",\"b\"]", "[]", NULL, RML_OK},
	{"[\"a\",\"b\"]", "[\"a\",7]", "feature_names is an integer", RML_SYNTAX},
	{"[\"float\",\"int\"]", "[\"float\"]", "feature_types has 1 entries", RML_INVALID},
	{"\"num_feature\":\"2\",\"num_target\"", "\"num_feature\":\"0\",\"num_target\"", "num_feature is 0", RML_INVALID},
	{"\"num_feature\":\"2\",\"num_target\"", "\"num_feature\":\"1\",\"num_target\"", "feature_names has 2", RML_INVALID},
	{"\"num_feature\":\"2\",\"num_target\"", "\"num_feature\":\"100001\",\"num_target\"", "100001 features", RML_LIMIT},
};

static const Edit fields[] = {
	{"\"version\":[3,4,1],", "", "version is missing", RML_INVALID},
	{"[3,4,1]", "[1,7]", "version has 2 entries", RML_SYNTAX},
	{"[3,4,1]", "[]", "version has 0 entries", RML_SYNTAX},
	{"[3,4,1]", "[-1,-1,-1]", "version is [-1, -1, -1]", RML_INVALID},
	{"[3,4,1]", "[0,90,0]", "version is [0, 90, 0]", RML_INVALID},
	{"[3,4,1]", "[1.0,7,4]", "version is a floating-point number", RML_SYNTAX},
	{"[3,4,1]", "\"1.7.4\"", "version is a string", RML_SYNTAX},
	{"[3,4,1]", "[3,4,99]", NULL, RML_OK},
	{"[3,4,1]", "[3,5,0]", "written by XGBoost 3.5.0", RML_UNSUPPORTED},
	{"[3,4,1]", "[4,0,0]", "written by XGBoost 4.0.0", RML_UNSUPPORTED},
	{"[3,4,1]", "[2147483647,0,0]", "written by XGBoost", RML_UNSUPPORTED},
	{"\"id\":0,", "", "tree 0: id is missing", RML_INVALID},
	{"\"left_children\":", "\"left\":", "tree 0: left_children is missing", RML_INVALID},
	{"\"right_children\":", "\"right\":", "tree 0: right_children is missing", RML_INVALID},
	{"\"parents\":", "\"p\":", "tree 0: parents is missing", RML_INVALID},
	{"\"split_indices\":", "\"p\":", "tree 0: split_indices is missing", RML_INVALID},
	{"\"split_conditions\":", "\"p\":", "tree 0: split_conditions is missing", RML_INVALID},
	{"\"default_left\":", "\"p\":", "tree 0: default_left is missing", RML_INVALID},
	{"\"base_weights\":", "\"p\":", "tree 0: base_weights is missing", RML_INVALID},
	{"\"loss_changes\":", "\"p\":", "tree 0: loss_changes is missing", RML_INVALID},
	{"\"sum_hessian\":", "\"p\":", "tree 0: sum_hessian is missing", RML_INVALID},
	{"\"tree_param\":", "\"p\":", "tree 0: tree_param is missing", RML_INVALID},
	{"\"split_type\":", "\"p\":", NULL, RML_OK},
	{"\"base_score\":\"5E-1\",", "", "base_score is missing", RML_INVALID},
	{"\"objective\":{\"name\":\"reg:squarederror\"}", "\"x\":0", "objective.name is missing", RML_INVALID},
	{"{\"name\":\"reg:squarederror\"}", "{}", "objective.name is missing", RML_INVALID},
	{"{\"name\":\"reg:squarederror\"}", "{\"name\":5}", "name is an integer", RML_SYNTAX},
	{"{\"name\":\"reg:squarederror\"}", "[]", "objective is an array", RML_SYNTAX},
	{"\"name\":\"gbtree\",", "", "gradient_booster.name is missing", RML_INVALID},
	{"\"learner\":", "\"learned\":", "no \"learner\"", RML_FOREIGN},
	{"\"learner_model_param\":", "\"x\":", "", RML_INVALID},
	{"\"num_trees\":\"2\",", "", "num_trees is missing", RML_INVALID},
	{"\"tree_info\":[0,0],", "", "tree_info is missing", RML_INVALID},
	{"\"trees\":", "\"t\":", "", RML_INVALID},
	{"\"gradient_booster\":", "\"g\":", "", RML_INVALID},
	/* unknown keys are passed over */
	{"\"attributes\":{}", "\"attributes\":{\"a\":\"b\"},\"new\":{\"x\":[1,{\"y\":null}]}", NULL, RML_OK},
	{"\"attributes\":{}", "\"attributes\":{\"a\":1}", "a is an integer", RML_SYNTAX},
	/* twice */
	{"\"attributes\":{}", "\"attributes\":{},\"attributes\":{}", "\"attributes\" occurs twice", RML_SYNTAX},
	{"\"id\":0", "\"id\":0,\"id\":0", "\"id\" occurs twice", RML_SYNTAX},
	{"\"version\":[3,4,1]", "\"version\":[3,4,1],\"learner\":{}", "\"learner\" occurs twice", RML_SYNTAX},
};

static const Edit unknown[] = {
	{"reg:squarederror", "reg:nosuch", "unknown objective \"reg:nosuch\"", RML_UNSUPPORTED},
	{"reg:squarederror", "", "objective.name is missing", RML_INVALID},
	{"\"name\":\"gbtree\"", "\"name\":\"forest\"", "unknown booster \"forest\"", RML_UNSUPPORTED},
	{"\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "gradient_booster.model has trees, but gblinear has none",
	RML_INVALID},
	{"\"name\":\"gbtree\"", "\"name\":\"dart\"", "gradient_booster.gbtree.model is missing", RML_INVALID},
};

static void
check_depth(int32_t n_splits, bool want)
{
	GenOptions	options = {.seed = 3, .n_features = 1, .n_rounds = 1, .n_splits = n_splits, .chain = true};
	RmlXgbModel model;
	RmlError	err = {0};
	TestHost	host;
	Text		file = {0};
	bool		ok;

	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, &options);
	gen_json(&model, &file);
	ok = rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
		rml_xgb_validate(&model, &host.host, &err);
	CHECK(ok == want && (ok || err.kind == RML_LIMIT), "depth %d: %s", n_splits, err.message);
	text_free(&file);
	test_host_end(&host);
}

/* What XGBoost 1.7 does not know must not be mixed in from elsewhere. */
static void
test_boosters(void)
{
	static const char *const texts[] = {
		/* the trees of two boosters */
		"{\"version\":[1,7,4],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\","
		"\"model\":{\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]},"
		"\"gbtree\":{\"model\":{\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}}},"
		"\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\"},"
		"\"objective\":{\"name\":\"reg:linear\"}}}",
		/* none */
		"{\"version\":[1,7,4],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\"},"
		"\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\"},"
		"\"objective\":{\"name\":\"reg:linear\"}}}",
		"{\"version\":[1,7,4],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{}},"
		"\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\"},"
		"\"objective\":{\"name\":\"reg:linear\"}}}",
	};

	test("validate: a booster has its trees once");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		RmlXgbModel model;
		RmlError	err = {0};
		TestHost	host;

		test_host_begin(&host, SIZE_MAX);
		CHECK(!(rml_xgb_parse(texts[i], strlen(texts[i]), &host.host, &model, &err) &&
				rml_xgb_validate(&model, &host.host, &err)), "case %zu is accepted", i);
		test_host_end(&host);
	}
}

static void
test_names(void)
{
	static const char *const given[] = {"x", "x"};
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0};
	Edit		twice = {"[\"a\",\"b\"]", "[\"a\",\"a\"]", NULL, RML_OK};
	Edit		same = {"[\"a\",\"b\"]", "[\"a\",\"b\"]", NULL, RML_OK};
	RmlImportOptions options[] = {
		{0},
		{.feature_names = given, .n_feature_names = 1},
		{.feature_names = given, .n_feature_names = 2},
	};

	test("validate: feature names are unique and as many as features");
	for (int i = 0; i < 3; i++)
	{
		RmlXgbModel model;
		RmlError	err = {0};
		TestHost	host;
		Text		file = {0};
		RmlBlock	block;

		write_edited(base, i == 0 ? &twice : &same, &file);
		test_host_begin(&host, SIZE_MAX);
		CHECK(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
			  rml_xgb_validate(&model, &host.host, &err), "%s", err.message);
		CHECK(!rml_xgb_build(&model, &options[i], identity, &host.host, &block, &err),
			  "case %d is accepted", i);
		CHECK_CONTAINS(err.message, i == 1 ? "feature_names has 1" : "occurs twice", "message");
		test_host_end(&host);
		text_free(&file);
	}
}

int
main(void)
{
	RUN("validate: shape of the trees", base, shape);
	RUN("validate: numbers and types", base, numbers);
	RUN("validate: counts", base, counts);
	RUN("validate: missing, unknown and repeated fields", base, fields);
	RUN("validate: unknown boosters and objectives are named", base, unknown);
	test("validate: depth 4,096 is accepted, 4,097 is not");
	check_depth(4096, true);
	check_depth(4097, false);
	check_depth(100000, false);
	test_boosters();
	test_names();
	return test_done();
}
