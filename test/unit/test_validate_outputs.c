/*
 * test_validate_outputs.c
 *	  The validator: objectives, numbers of outputs, base scores, iterations,
 *	  linear models.
 */
#include <stdlib.h>

#include "edit.h"

#define LEAF(id) \
	"{\"id\":" #id ",\"tree_param\":{\"num_nodes\":\"1\",\"num_feature\":\"2\",\"num_deleted\":\"0\"}," \
	"\"left_children\":[-1],\"right_children\":[-1],\"parents\":[-1],\"split_indices\":[0]," \
	"\"split_conditions\":[" #id "],\"default_left\":[0],\"base_weights\":[0],\"loss_changes\":[0]," \
	"\"sum_hessian\":[0]}"

/* Three classes. */
static const char classes[] =
"{\"version\":[3,4,1],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"gbtree_model_param\":{\"num_trees\":\"3\",\"num_parallel_tree\":\"1\"},\"iteration_indptr\":[0,3],"
"\"tree_info\":[0,1,2],\"trees\":[" LEAF(0) "," LEAF(1) "," LEAF(2) "]}},"
"\"learner_model_param\":{\"base_score\":\"[1E-1,2E-1,3E-1]\",\"boost_from_average\":\"1\","
"\"num_class\":\"3\",\"num_feature\":\"2\",\"num_target\":\"1\"},"
"\"objective\":{\"name\":\"multi:softprob\",\"softmax_multiclass_param\":{\"num_class\":\"3\"}}}}";

static const Edit class_edits[] = {
	{"multi:softprob", "multi:softmax", NULL, RML_OK},
	/* a custom objective's model: the name says what predict() does */
	{"multi:softprob", "reg:squarederror", NULL, RML_OK},
	{"multi:softprob", "binary:logistic", NULL, RML_OK},
	{"multi:softprob", "multi:softproba", "unknown objective \"multi:softproba\"", RML_UNSUPPORTED},
	/* num_class and num_target */
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"2\",\"num_f", "softmax_multiclass_param.num_class is 3, learner_model_param.num_class 2", RML_INVALID},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"4\",\"num_f", "softmax_multiclass_param.num_class is 3, learner_model_param.num_class 4", RML_INVALID},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"0\",\"num_f", "num_class is 0, but multi:softprob needs classes", RML_INVALID},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"1\",\"num_f", "softmax_multiclass_param.num_class is 3, learner_model_param.num_class 1", RML_INVALID},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"100001\",\"num_f", "100001 outputs, at most 100000", RML_LIMIT},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"2147483647\",\"num_f", "2147483647 outputs", RML_LIMIT},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":\"-3\",\"num_f", "num_class is \"-3\"", RML_INVALID},
	{"\"num_class\":\"3\",\"num_f", "\"num_class\":3,\"num_f", "num_class is an integer", RML_SYNTAX},
	{"\"num_class\":\"3\",\"num_f", "\"num_f", "num_class is 0, but multi:softprob needs classes", RML_INVALID},
	{"\"num_target\":\"1\"", "\"num_target\":\"0\"", "num_target is 0", RML_INVALID},
	{"\"num_target\":\"1\"", "\"num_target\":\"2\"", "num_class is 3 and num_target 2", RML_INVALID},
	{"\"num_target\":\"1\"", "\"num_target\":\"3\"", "num_class is 3 and num_target 3", RML_INVALID},
	{"\"num_target\":\"1\"", "\"x\":\"1\"", NULL, RML_OK},
	/* the objective's own number */
	{"param\":{\"num_class\":\"3\"}", "param\":{\"num_class\":\"2\"}", "softmax_multiclass_param.num_class is 2, learner_model_param.num_class 3", RML_INVALID},
	{"param\":{\"num_class\":\"3\"}", "param\":{\"num_class\":\"0\"}", "softmax_multiclass_param.num_class is 0", RML_INVALID},
	{"param\":{\"num_class\":\"3\"}", "param\":{\"num_class\":3}", "softmax_multiclass_param.num_class is an integer", RML_SYNTAX},
	{"param\":{\"num_class\":\"3\"}", "param\":{\"num_class\":\"x\"}", "softmax_multiclass_param.num_class is \"x\"", RML_INVALID},
	{"param\":{\"num_class\":\"3\"}", "param\":{}", "objective.softmax_multiclass_param.num_class is missing", RML_INVALID},
	{",\"softmax_multiclass_param\":{\"num_class\":\"3\"}", "", "softmax_multiclass_param.num_class is missing", RML_INVALID},
	{"param\":{\"num_class\":\"3\"}", "param\":7", "softmax_multiclass_param is an integer", RML_SYNTAX},
	/* base scores */
	{"[1E-1,2E-1,3E-1]", "[1E-1]", NULL, RML_OK},
	{"[1E-1,2E-1,3E-1]", "5E-1", NULL, RML_OK},
	{"[1E-1,2E-1,3E-1]", "[-1,0,1E30]", NULL, RML_OK},
	{"[1E-1,2E-1,3E-1]", "[1E-1,2E-1]", "base_score has 2 values, expected 1 or 3, the number of outputs", RML_INVALID},
	{"[1E-1,2E-1,3E-1]", "[1,2,3,4]", "base_score has 4 values, expected 1 or 3", RML_INVALID},
	{"[1E-1,2E-1,3E-1]", "[1,2,1E39]", "base_score is \"[1,2,1E39]\"", RML_INVALID},
	{"[1E-1,2E-1,3E-1]", "[1,2,NaN]", "base_score is \"[1,2,NaN]\"", RML_INVALID},
	{"[1E-1,2E-1,3E-1]", "[]", "base_score is \"[]\"", RML_INVALID},
	/* trees and outputs */
	{"[0,1,2]", "[0,1,3]", "tree_info[2] is 3", RML_INVALID},
	{"[0,1,2]", "[0,-1,2]", "tree_info[1] is -1", RML_INVALID},
	{"[0,1,2]", "[2,2,0]", NULL, RML_OK},
	{"[0,1,2]", "[0,1]", "tree_info has 2 entries for 3 trees", RML_INVALID},
	/* iterations */
	{"\"iteration_indptr\":[0,3],", "", NULL, RML_OK},
	{"[0,3]", "[0,1,3]", NULL, RML_OK},
	{"[0,3]", "[0,2]", "iteration_indptr does not run from 0 to 3 trees", RML_INVALID},
	{"[0,3]", "[0,2,1,3]", "iteration_indptr[2] is 1", RML_INVALID},
	{"\"num_parallel_tree\":\"1\"},\"iteration_indptr\":[0,3]", "\"num_parallel_tree\":\"2\"}",
	"3 trees are no multiple of num_parallel_tree 2", RML_INVALID},
	{"\"num_parallel_tree\":\"1\"},\"iteration_indptr\":[0,3]", "\"num_parallel_tree\":\"2147483647\"}",
	"no multiple of num_parallel_tree 2147483647", RML_INVALID},
	/* gbtree_model_param of 1.x */
	{"\"num_trees\":\"3\"", "\"num_trees\":\"3\",\"size_leaf_vector\":\"0\"", NULL, RML_OK},
	{"\"num_trees\":\"3\"", "\"num_trees\":\"3\",\"size_leaf_vector\":\"1\"", NULL, RML_OK},
	{"\"num_trees\":\"3\"", "\"num_trees\":\"3\",\"size_leaf_vector\":\"2\"", "gbtree_model_param.size_leaf_vector is 2", RML_INVALID},
	{"\"boost_from_average\":\"1\"", "\"boost_from_average\":\"0\"", NULL, RML_OK},
	{"\"boost_from_average\":\"1\"", "\"boost_from_average\":1", "boost_from_average is an integer", RML_SYNTAX},
	{"\"boost_from_average\":\"1\"", "\"boost_from_average\":\"true\"", "boost_from_average is \"true\"", RML_INVALID},
};

/* Two quantiles. */
static const char targets[] =
"{\"version\":[2,0,0],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"gbtree_model_param\":{\"num_trees\":\"2\",\"num_parallel_tree\":\"1\"},"
"\"tree_info\":[0,1],\"trees\":[" LEAF(0) "," LEAF(1) "]}},"
"\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_class\":\"0\",\"num_feature\":\"2\",\"num_target\":\"2\"},"
"\"objective\":{\"name\":\"reg:quantileerror\",\"quantile_loss_param\":{\"quantile_alpha\":\"[1E-1,9E-1]\"}}}}";

static const Edit target_edits[] = {
	{"[1E-1,9E-1]", "[1E-1]", "quantile_loss_param.quantile_alpha has 1 entries", RML_INVALID},
	{"[1E-1,9E-1]", "1E-1", "quantile_alpha has 1 entries", RML_INVALID},
	{"[1E-1,9E-1]", "(1E-1,9E-1)", NULL, RML_OK},
	{"[1E-1,9E-1]", "[0,1]", NULL, RML_OK},
	{"[1E-1,9E-1]", "[0.9,0.1]", NULL, RML_OK},
	{"[1E-1,9E-1]", "[0.5,0.5]", NULL, RML_OK},
	{"[1E-1,9E-1]", "[1,2,3]", "quantile_alpha has 3 entries", RML_INVALID},
	{"[1E-1,9E-1]", "[1E-1,1.5]", "quantile_loss_param.quantile_alpha[1] is 1.5, expected a value from 0 to 1", RML_INVALID},
	{"[1E-1,9E-1]", "[-1E-1,5E-1]", "quantile_loss_param.quantile_alpha[0] is -0.1", RML_INVALID},
	{"[1E-1,9E-1]", "[1E-1,NaN]", "quantile_loss_param.quantile_alpha is \"[1E-1,NaN]\"", RML_INVALID},
	{"[1E-1,9E-1]", "[]", "quantile_loss_param.quantile_alpha is \"[]\"", RML_INVALID},
	{"\"[1E-1,9E-1]\"", "[0.1,0.9]", "quantile_alpha is an array", RML_SYNTAX},
	{"\"quantile_alpha\":\"[1E-1,9E-1]\"", "\"x\":\"\"", "quantile_alpha has 0 entries", RML_INVALID},
	{",\"quantile_loss_param\":{\"quantile_alpha\":\"[1E-1,9E-1]\"}", "", "quantile_alpha has 0 entries", RML_INVALID},
	/* since 2.0 */
	{"[2,0,0]", "[1,7,6]", "objective reg:quantileerror is not one of XGBoost 1.7", RML_INVALID},
	/* the other of the two */
	{"\"reg:quantileerror\",\"quantile_loss_param\":{\"quantile", "\"reg:expectileerror\",\"expectile_loss_param\":{\"expectile",
	"objective reg:expectileerror is not one of XGBoost 2.0", RML_INVALID},
	{"\"num_target\":\"2\"", "\"num_target\":\"1\"", "quantile_alpha has 2 entries", RML_INVALID},
	{"\"num_target\":\"2\"", "\"num_target\":\"2000\"", "quantile_alpha has 2 entries", RML_INVALID},
	{"reg:quantileerror", "multi:softmax", "num_class is 0, but multi:softmax needs classes", RML_INVALID},
	{"\"num_class\":\"0\"", "\"num_class\":\"1\"", NULL, RML_OK},
	{"\"num_class\":\"0\"", "\"num_class\":\"2\"", "num_class is 2 and num_target 2", RML_INVALID},
	{"[0,1]", "[0,2]", "tree_info[1] is 2", RML_INVALID},
	{"\"num_target\":\"2\"", "\"num_target\":\"1\"", "quantile_alpha has 2 entries, expected one per output, 1 in all", RML_INVALID},
	/* up to 3.0 one number, of at most nine digits since 1.2 */
	{"\"base_score\":\"5E-1\"", "\"base_score\":\"[5E-1,6E-1]\"", "base_score is a list, or has spaces, which XGBoost 2.0 does not read", RML_INVALID},
	{"\"base_score\":\"5E-1\"", "\"base_score\":\"[5E-1]\"", "base_score is a list", RML_INVALID},
	{"\"base_score\":\"5E-1\"", "\"base_score\":\" 5E-1\"", "base_score is a list, or has spaces", RML_INVALID},
	{"\"base_score\":\"5E-1\"", "\"base_score\":\"5E-1 \"", "base_score is a list, or has spaces", RML_INVALID},
	{"\"base_score\":\"5E-1\"", "\"base_score\":\"0.123456789\"", NULL, RML_OK},
	{"\"base_score\":\"5E-1\"", "\"base_score\":\"-00.0012345678900E+12\"", "base_score has 11 digits, of which XGBoost 2.0 reads 9 at most", RML_INVALID},
	{"\"base_score\":\"5E-1\"", "\"base_score\":\"1234567890\"", "base_score has 10 digits", RML_INVALID},
	{"reg:quantileerror", "binary:logistic", NULL, RML_OK},
};

/* Two quantiles of 3.4, which wants them to ascend. */
static const char quantiles[] =
"{\"version\":[3,4,0],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},"
"\"learner_model_param\":{\"base_score\":\"[1,2]\",\"num_feature\":\"2\",\"num_target\":\"2\"},"
"\"objective\":{\"name\":\"reg:quantileerror\",\"quantile_loss_param\":{\"quantile_alpha\":\"[1E-1,9E-1]\"}}}}";

static const Edit quantile_edits[] = {
	{"[1E-1,9E-1]", "[9E-1,1E-1]", "quantile_loss_param.quantile_alpha[1] is 0.1, less than the one before", RML_INVALID},
	{"[1E-1,9E-1]", "[9E-1,9E-1]", NULL, RML_OK},
	{"[1,2]", "0.12345678901234567890", NULL, RML_OK},
	{"[1,2]", "(1, 2) ", NULL, RML_OK},
};

/* Two expectiles. */
static const char expectiles[] =
"{\"version\":[3,3,0],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},"
"\"learner_model_param\":{\"base_score\":\"[1,2]\",\"boost_from_average\":\"0\",\"num_feature\":\"2\",\"num_target\":\"2\"},"
"\"objective\":{\"name\":\"reg:expectileerror\",\"expectile_loss_param\":{\"expectile_alpha\":\"[1E-1,9E-1]\"}}}}";

static const Edit expectile_edits[] = {
	{"[3,3,0]", "[3,2,9]", "objective reg:expectileerror is not one of XGBoost 3.2", RML_INVALID},
	{"[1E-1,9E-1]", "[1E-1]", "expectile_loss_param.expectile_alpha has 1 entries", RML_INVALID},
	{"[1E-1,9E-1]", "[1E-1,2]", "expectile_loss_param.expectile_alpha[1] is 2, expected", RML_INVALID},
	{"[1E-1,9E-1]", "[9E-1,1E-1]", "expectile_loss_param.expectile_alpha[1] is 0.1, less than the one before", RML_INVALID},
	{"\"reg:expectileerror\",\"expectile_loss_param\":{\"expectile_alpha\":\"[1E-1,9E-1]\"}",
		"\"reg:quantileerror\",\"quantile_loss_param\":{\"quantile_alpha\":\"[9E-1,1E-1]\"}", NULL, RML_OK},
	{"expectile_alpha", "quantile_alpha", "expectile_alpha has 0 entries", RML_INVALID},
	{"[1,2]", "[2,1]", NULL, RML_OK},
	{"[1,2]", "[-3E38,3E38]", "reg:expectileerror has no finite margin", RML_INVALID},
	{"[1,2]", "1", NULL, RML_OK},
};

/* A base score outside of the objective's domain, linked or not. */
static const char unfitted[] =
"{\"version\":[3,1,0],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},"
"\"learner_model_param\":{\"base_score\":\"-2\",\"boost_from_average\":\"1\",\"num_feature\":\"2\"},"
"\"objective\":{\"name\":\"binary:logistic\",\"expectile_loss_param\":{\"expectile_alpha\":\"[5E-1]\"}}}}";

static const Edit unfitted_edits[] = {
	{"\"boost_from_average\":\"1\",", "", NULL, RML_OK},
	{"\"boost_from_average\":\"1\"", "\"boost_from_average\":\"0\"", "base_score is -2, but binary:logistic needs a value between 0 and 1", RML_INVALID},
	{"[3,1,0]", "[3,0,9]", "base_score is -2, but binary:logistic", RML_INVALID},
	{"binary:logistic", "count:poisson", NULL, RML_OK},
	{"\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]", "\"num_trees\":\"1\"},\"tree_info\":[0],\"trees\":[" LEAF(0) "]",
	"base_score is -2, but binary:logistic", RML_INVALID},
	{"\"-2\"", "\"[1,2]\"", "base_score has 2 values, expected 1", RML_INVALID},
};

/* ---- gblinear ---- */

static const char linear[] =
"{\"version\":[3,3,0],\"learner\":{\"feature_names\":[\"a\",\"b\"],\"gradient_booster\":{\"name\":\"gblinear\","
"\"model\":{\"boosted_rounds\":4,\"weights\":[1,2,3,4,5,6]}},"
"\"learner_model_param\":{\"base_score\":\"[5E-1,4E-1]\",\"num_class\":\"2\",\"num_feature\":\"2\"},"
"\"objective\":{\"name\":\"multi:softprob\",\"softmax_multiclass_param\":{\"num_class\":\"2\"}}}}";

static const Edit linear_edits[] = {
	{"[1,2,3,4,5,6]", "[1,2,3,4,5]", "gradient_booster.model.weights has 5 entries, expected 6", RML_INVALID},
	{"[1,2,3,4,5,6]", "[1,2,3,4,5,6,7]", "weights has 7 entries", RML_INVALID},
	{"[1,2,3,4,5,6]", "[]", "weights has 0 entries", RML_INVALID},
	{"[1,2,3,4,5,6]", "[1,2,3,4,5,NaN]", "gradient_booster.model.weights[5] is nan", RML_INVALID},
	{"[1,2,3,4,5,6]", "[Infinity,2,3,4,5,6]", "gradient_booster.model.weights[0] is inf", RML_INVALID},
	{"[1,2,3,4,5,6]", "[1,2,\"3\",4,5,6]", "weights is a string", RML_SYNTAX},
	{"[1,2,3,4,5,6]", "{}", "weights is an object", RML_SYNTAX},
	{"[1,2,3,4,5,6]", "[-0.0,1E-45,3.4028235E38,-1,0,6]", NULL, RML_OK},
	{"\"weights\":[1,2,3,4,5,6]", "\"x\":0", "gradient_booster.model.weights is missing", RML_INVALID},
	{"\"boosted_rounds\":4,\"weights\":[1,2,3,4,5,6]", "\"boosted_rounds\":0,\"weights\":[]", NULL, RML_OK},
	{"\"boosted_rounds\":4,\"weights\":[1,2,3,4,5,6]", "\"weights\":[]", NULL, RML_OK},
	{"\"boosted_rounds\":4", "\"boosted_rounds\":0", NULL, RML_OK},
	{"\"boosted_rounds\":4,", "", NULL, RML_OK},
	{"\"boosted_rounds\":4", "\"boosted_rounds\":-2", "boosted_rounds is -2", RML_INVALID},
	{"\"boosted_rounds\":4", "\"boosted_rounds\":\"4\"", "boosted_rounds is a string", RML_SYNTAX},
	{"\"boosted_rounds\":4", "\"boosted_rounds\":4.0", "boosted_rounds is a floating-point number", RML_SYNTAX},
	{"\"boosted_rounds\":4", "\"boosted_rounds\":4,\"trees\":[]", "model has trees, but gblinear has none", RML_INVALID},
	{"\"num_feature\":\"2\"", "\"num_feature\":\"3\"", "feature_names has 2 entries, num_feature is 3", RML_INVALID},
	{"\"num_class\":\"2\",\"num_f", "\"num_class\":\"3\",\"num_f", "softmax_multiclass_param.num_class is 2, learner", RML_INVALID},
	{"[5E-1,4E-1]", "[5E-1,4E-1,3E-1]", "base_score has 3 values", RML_INVALID},
	{"[5E-1,4E-1]", "5E-1", NULL, RML_OK},
	{"\"name\":\"gblinear\"", "\"name\":\"gbtree\"", "trees is missing", RML_INVALID},
	{"\"gradient_booster\":{", "\"gradient_booster\":{\"gbtree\":{\"model\":{}},", "", RML_INVALID},
	{"\"model\":{\"boosted_rounds\":4,\"weights\":[1,2,3,4,5,6]}", "\"x\":0", "weights is missing", RML_INVALID},
};

/* So many features and classes, and no weights. */
static void
test_untrained_size(void)
{
	static const struct
	{
		int			features;
		int			classes;
	}			sizes[] = {{100000, 100000}, {100000, 100}, {3000, 100000}};

	test("validate: weights that are not listed are not made up beyond a bound");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		RmlXgbModel model;
		RmlError	err = {0};
		TestHost	host;
		Text		file = {0};

		text_add(&file, "{\"version\":[3,3,0],\"learner\":{\"gradient_booster\":{\"name\":\"gblinear\",\"model\":{"
				 "\"boosted_rounds\":0,\"weights\":[]}},\"learner_model_param\":{\"base_score\":\"0\",\"num_class\":\"%d\","
				 "\"num_feature\":\"%d\"},\"objective\":{\"name\":\"multi:softprob\","
				 "\"softmax_multiclass_param\":{\"num_class\":\"%d\"}}}}", sizes[i].classes,
				 sizes[i].features, sizes[i].classes);
		test_host_begin(&host, SIZE_MAX);
		CHECK(!(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
				rml_xgb_validate(&model, &host.host, &err)) && err.kind == RML_LIMIT,
			  "%d features, %d classes: %s", sizes[i].features, sizes[i].classes, err.message);
		test_host_end(&host);
		text_free(&file);
	}
}

/* As many levels as outputs, but too many to sort. */
static void
test_many_levels(void)
{
	test("validate: up to 1,000 quantiles");
	for (int n = 999; n <= 1001; n++)
	{
		RmlXgbModel model;
		RmlError	err = {0};
		TestHost	host;
		Text		file = {0};
		bool		ok;

		text_add(&file, "{\"version\":[3,4,0],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
				 "\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},\"objective\":{\"name\":"
				 "\"reg:quantileerror\",\"quantile_loss_param\":{\"quantile_alpha\":\"[0");
		for (int i = 1; i < n; i++)
			text_add(&file, ",0.5");
		text_add(&file, "]\"}},\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\",\"num_target\":\"%d\"}}}", n);
		test_host_begin(&host, SIZE_MAX);
		ok = rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
			rml_xgb_validate(&model, &host.host, &err);
		CHECK(ok == (n <= 1000) && (ok || err.kind == RML_LIMIT), "%d: %s", n, err.message);
		test_host_end(&host);
		text_free(&file);
	}
}

/* Up to 1.7 several classes make multi:softmax of any objective but multi:softprob. */
static void
test_becomes_softmax(void)
{
	static const struct
	{
		const char *version;
		const char *name;
		int			classes;
		const char *want;
	}			cases[] = {
		{"[1,0,0]", "binary:logistic", 2, "multi:softmax"}, {"[1,7,6]", "binary:logistic", 3, "multi:softmax"},
		{"[1,7,6]", "reg:squarederror", 2, "multi:softmax"}, {"[1,7,6]", "multi:softprob", 2, "multi:softprob"},
		{"[1,7,6]", "multi:softmax", 2, "multi:softmax"}, {"[1,7,6]", "binary:logistic", 1, "binary:logistic"},
		{"[1,7,6]", "binary:logistic", 0, "binary:logistic"}, {"[2,0,0]", "binary:logistic", 2, "binary:logistic"},
	};

	test("validate: up to 1.7 several classes make multi:softmax");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		RmlXgbModel model;
		RmlError	err = {0};
		TestHost	host;
		Text		file = {0};

		text_add(&file, "{\"version\":%s,\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
				 "\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},\"objective\":{\"name\":"
				 "\"%s\",\"softmax_multiclass_param\":{\"num_class\":\"%d\"}},\"learner_model_param\":{\"base_score\":\"5E-1\","
				 "\"num_feature\":\"1\",\"num_class\":\"%d\"}}}", cases[i].version, cases[i].name,
				 cases[i].classes, cases[i].classes);
		test_host_begin(&host, SIZE_MAX);
		if (CHECK(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
				  rml_xgb_validate(&model, &host.host, &err), "%s", err.message))
			CHECK(strcmp(model.objective, cases[i].want) == 0, "%s of %s with %d classes is %s",
				  cases[i].name, cases[i].version, cases[i].classes, model.objective);
		test_host_end(&host);
		text_free(&file);
	}
}

/* Every objective by the first version that has it. */
static void
test_since(void)
{
	test("validate: objectives by writer");
	for (int id = 1; id < 30; id++)
	{
		const RmlObjective *o = rml_objective_by_id(id);
		char		version[32];
		Edit		old = {"[3,1,0]", "[1,0,0]", NULL, RML_OK};
		RmlError	err;
		Text		file = {0};

		if (o == NULL || o->output_param == RML_OUTPUTS_CLASSES)
			continue;
		write_edited(unfitted, &(Edit) {"binary:logistic", o->name, NULL, RML_OK}, &file);
		text_bytes(&file, "", 1);
		if (o->since_major > 1)
		{
			CHECK(!read_edited(file.data, &old, &err), "%s of 1.0 is accepted", o->name);
			CHECK_CONTAINS(err.message, "is not one of XGBoost 1.0", o->name);
		}
		snprintf(version, sizeof(version), "[%d,%d,0]", o->since_major > 1 ? o->since_major : 3,
				 o->since_major > 1 ? o->since_minor : 4);
		old.to = version;
		/* of an unfitted model before 3.1 the link must hold */
		if (o->since_major == 1 || o->since_major == 3)
			CHECK(read_edited(file.data, &old, &err), "%s: %s", o->name, err.message);
		text_free(&file);
	}
}

int
main(void)
{
	RUN("validate: classes and their base scores, trees and iterations", classes, class_edits);
	RUN("validate: targets and quantiles", targets, target_edits);
	RUN("validate: quantiles of 3.4", quantiles, quantile_edits);
	RUN("validate: expectiles", expectiles, expectile_edits);
	RUN("validate: base scores of unfitted models", unfitted, unfitted_edits);
	RUN("validate: linear models", linear, linear_edits);
	test_untrained_size();
	test_many_levels();
	test_since();
	test_becomes_softmax();
	return test_done();
}
