/*
 * test_validate_categories.c
 *	  The validator: splits by category, and the labels of categories.
 *
 * Every case is one replacement in a model of one tree:
 *
 *	   0 (feature 0 in {1, 3}) -> 1 (feature 1 < 1.5) -> 3, 4
 *							   -> 2, a leaf that was a split by category
 *	   5 and 6 are deleted; 5 was one, too
 */
#include "edit.h"

static const char base[] =
"{\"version\":[3,4,1],\"learner\":{\"feature_names\":[],\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
"\"cats\":{\"enc\":[{\"offsets\":[0,1,3],\"values\":[97,98,99]},{\"type\":13,\"values\":[7,-5]}],"
"\"feature_segments\":[0,2,4],\"sorted_idx\":[0,1,1,0]},"
"\"gbtree_model_param\":{\"num_trees\":\"1\"},\"tree_info\":[0],\"trees\":["
"{\"id\":0,\"tree_param\":{\"num_nodes\":\"7\",\"num_deleted\":\"2\",\"num_feature\":\"2\",\"size_leaf_vector\":\"1\"},"
"\"left_children\":[1,3,-1,-1,-1,-1,-1],\"right_children\":[2,4,-1,-1,-1,-1,-1],\"parents\":[-1,0,0,1,1,2,2],"
"\"split_indices\":[0,1,0,0,0,2147483647,2147483647],\"split_conditions\":[NaN,1.5,10,20,30,NaN,0],"
"\"default_left\":[1,0,0,0,0,1,1],\"split_type\":[1,0,1,0,0,1,0],\"base_weights\":[1,2,3,4,5,6,7],"
"\"loss_changes\":[2,1,0,0,0,0,0],\"sum_hessian\":[9,8,7,6,5,4,3],"
"\"categories\":[1,3,0,2,16777215,5],\"categories_nodes\":[0,2,5],\"categories_segments\":[0,2,5],"
"\"categories_sizes\":[2,3,1]}]}},"
"\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_class\":\"0\",\"num_feature\":\"2\",\"num_target\":\"1\"},"
"\"objective\":{\"name\":\"reg:squarederror\"}}}";

#define NODES "\"categories_nodes\":[0,2,5]"
#define SEGMENTS "\"categories_segments\":[0,2,5]"
#define SIZES "\"categories_sizes\":[2,3,1]"
#define CODES "\"categories\":[1,3,0,2,16777215,5]"
#define TYPES "\"split_type\":[1,0,1,0,0,1,0]"

static const Edit sets[] = {
	{"[3,4,1]", "[1,3,0]", NULL, RML_OK},
	/* codes */
	{CODES, "\"categories\":[-1,3,0,2,16777215,5]", "tree 0, node 0: an entry of categories is -1, expected 0 to 16777215", RML_INVALID},
	{CODES, "\"categories\":[1,3,0,2,16777216,5]", "tree 0, node 2: an entry of categories is 16777216, expected 0 to 16777215", RML_INVALID},
	{CODES, "\"categories\":[1,3,0,2,2147483647,5]", "tree 0, node 2: an entry of categories is 2147483647", RML_INVALID},
	{CODES, "\"categories\":[3,1,0,2,16777215,5]", "tree 0, node 0: an entry of categories is 1, not above the one before it", RML_INVALID},
	{CODES, "\"categories\":[1,1,0,2,16777215,5]", "tree 0, node 0: an entry of categories is 1, not above", RML_INVALID},
	{CODES, "\"categories\":[1,3,0,2,2,5]", "tree 0, node 2: an entry of categories is 2, not above", RML_INVALID},
	{CODES, "\"categories\":[1,3,0,2,16777215]", "tree 0, node 5: categories_sizes is 1", RML_INVALID},
	{CODES, "\"categories\":[1,3,0,2,16777215,5,6]", "tree 0: categories has 7 entries, but the splits by category use 6", RML_INVALID},
	{CODES, "\"categories\":[]", "tree 0, node 0: categories_sizes is 2", RML_INVALID},
	{CODES, "\"categories\":[1.0,3,0,2,16777215,5]", "tree 0: categories is a floating-point number", RML_SYNTAX},
	{CODES, "\"x\":0", "tree 0, node 0: categories_sizes is 2", RML_INVALID},
	/* nodes */
	{NODES, "\"categories_nodes\":[0,2,7]", "tree 0: categories_nodes[2] is 7, not a node of the tree", RML_INVALID},
	{NODES, "\"categories_nodes\":[-1,2,5]", "tree 0: categories_nodes[0] is -1, not a node of the tree", RML_INVALID},
	{NODES, "\"categories_nodes\":[2,0,5]", "tree 0: categories_nodes[1] is 0, not above the one before it", RML_INVALID},
	{NODES, "\"categories_nodes\":[0,0,5]", "tree 0: categories_nodes[1] is 0, not above", RML_INVALID},
	{NODES, "\"categories_nodes\":[1,2,5]", "tree 0, node 1: split_type is 0, but categories_nodes lists the node", RML_INVALID},
	{NODES, "\"categories_nodes\":[0,2]", "tree 0: categories_nodes, categories_segments and categories_sizes have 2, 3 and 3 entries", RML_INVALID},
	{NODES, "\"categories_nodes\":[0,2,5,6]", "have 4, 3 and 3 entries", RML_INVALID},
	{NODES, "\"x\":0", "have 0, 3 and 3 entries", RML_INVALID},
	/* segments */
	{SEGMENTS, "\"categories_segments\":[0,1,5]", "tree 0, node 2: categories_segments is 1, not where the categories before it end", RML_INVALID},
	{SEGMENTS, "\"categories_segments\":[1,2,5]", "tree 0, node 0: categories_segments is 1", RML_INVALID},
	{SEGMENTS, "\"categories_segments\":[-1,2,5]", "tree 0, node 0: categories_segments is -1", RML_INVALID},
	{SEGMENTS, "\"categories_segments\":[0,2,2147483647]", "tree 0, node 5: categories_segments is 2147483647", RML_INVALID},
	{SEGMENTS, "\"categories_segments\":[0,2]", "have 3, 2 and 3 entries", RML_INVALID},
	{SEGMENTS, "\"categories_segments\":[0,2,4294967296]", "tree 0: categories_segments holds 4294967296, beyond 32 bits", RML_SYNTAX},
	/* sizes */
	{SIZES, "\"categories_sizes\":[0,3,1]", "tree 0, node 0: categories_sizes is 0, expected 1 up to", RML_INVALID},
	{SIZES, "\"categories_sizes\":[-1,3,1]", "tree 0, node 0: categories_sizes is -1", RML_INVALID},
	{SIZES, "\"categories_sizes\":[2,3,2]", "tree 0, node 5: categories_sizes is 2", RML_INVALID},
	{SIZES, "\"categories_sizes\":[2,2147483647,1]", "tree 0, node 2: categories_sizes is 2147483647", RML_INVALID},
	{SIZES, "\"categories_sizes\":[1,3,1]", "tree 0, node 2: categories_segments is 2", RML_INVALID},
	{SIZES, "\"categories_sizes\":[2,3]", "have 3, 3 and 2 entries", RML_INVALID},
	/* marks */
	{TYPES, "\"split_type\":[0,0,1,0,0,1,0]", "tree 0, node 0: split_", RML_INVALID},
	{TYPES, "\"split_type\":[1,0,0,0,0,1,0]", "tree 0, node 2: split_type is 0, but categories_nodes lists the node", RML_INVALID},
	{TYPES, "\"split_type\":[1,1,1,0,0,1,0]", "tree 0, node 1: split_type is 1, but categories_nodes does not list the node", RML_INVALID},
	{TYPES, "\"split_type\":[1,0,1,0,0,1,1]", "tree 0, node 6: split_type is 1, but categories_nodes does not list", RML_INVALID},
	{TYPES, "\"split_type\":[2,0,1,0,0,1,0]", "tree 0: split_type holds 2", RML_SYNTAX},
	{TYPES, "\"split_type\":[1,0,1]", "tree 0: split_type has 3 entries", RML_INVALID},
	{TYPES ",", "", "tree 0, node 0: split_", RML_INVALID},
	{TYPES, "\"split_type\":[true,false,true,0,0,1,0]", NULL, RML_OK},
	/* thresholds */
	{"[NaN,1.5,10,20,30,NaN,0]", "[1E-45,1.5,10,20,30,0,0]", NULL, RML_OK},
	{"[NaN,1.5,10,20,30,NaN,0]", "[Infinity,1.5,10,20,30,0,0]", "tree 0, node 0: split_conditions is inf", RML_INVALID},
	{"[NaN,1.5,10,20,30,NaN,0]", "[NaN,NaN,10,20,30,0,0]", "tree 0, node 1: split_conditions is nan", RML_INVALID},
	/* a leaf's value is one, whatever it was before */
	{"[NaN,1.5,10,20,30,NaN,0]", "[NaN,1.5,NaN,20,30,0,0]", "tree 0, node 2: split_conditions is nan", RML_INVALID},
};

#define ENC "[{\"offsets\":[0,1,3],\"values\":[97,98,99]},{\"type\":13,\"values\":[7,-5]}]"
#define CATS "\"cats\":{\"enc\":" ENC ",\"feature_segments\":[0,2,4],\"sorted_idx\":[0,1,1,0]}"
#define NO_CATS "\"feature_segments\":[],\"sorted_idx\":[]}"

static const Edit cats[] = {
	{CATS ",", "", NULL, RML_OK},
	{CATS, "\"cats\":{}", NULL, RML_OK},
	{CATS, "\"cats\":{\"enc\":[]," NO_CATS, NULL, RML_OK},
	{CATS, "\"cats\":{\"enc\":[{\"offsets\":[0],\"values\":[]},{\"offsets\":[],\"values\":[]}],"
	"\"feature_segments\":[0,0,0],\"sorted_idx\":[]}", NULL, RML_OK},
	{CATS, "\"cats\":[]", "cats is an array", RML_SYNTAX},
	{"\"enc\":[{", "\"enc\":{\"x\":[{", "", RML_SYNTAX},
	/* how many features */
	{ENC, "[{\"offsets\":[0,1,3],\"values\":[97,98,99]}]", "cats.enc has 1 entries, num_feature is 2", RML_INVALID},
	{ENC, "[]", "cats.feature_segments has 3 entries", RML_INVALID},
	{"\"num_feature\":\"2\",\"num_target\"", "\"num_feature\":\"3\",\"num_target\"", "cats.enc has 2 entries, num_feature is 3", RML_INVALID},
	/* texts */
	{"[0,1,3]", "[1,1,3]", "cats.enc[0].offsets[0] is 1, expected 0", RML_INVALID},
	{"[0,1,3]", "[0,-1,3]", "cats.enc[0].offsets[1] is -1, expected at least 0", RML_INVALID},
	{"[0,1,3]", "[0,3,1]", "cats.enc[0].offsets[2] is 1, expected at least 3", RML_INVALID},
	{"[0,1,3]", "[0,1,2]", "cats.enc[0].offsets end at 2, but values has 3 entries", RML_INVALID},
	{"[0,1,3]", "[0,1,2147483647]", "cats.enc[0].offsets end at 2147483647", RML_INVALID},
	{"[0,1,3]", "[]", "cats.enc[0].offsets end at 0, but values has 3 entries", RML_INVALID},
	{"[0,1,3]", "[0]", "cats.enc[0].offsets end at 0, but values has 3 entries", RML_INVALID},
	{"[0,1,3]", "[0,0,3]", NULL, RML_OK},
	{"[0,1,3]", "[0,1,\"3\"]", "cats.enc[0].offsets is a string", RML_SYNTAX},
	{"[97,98,99]", "[97,97,97]", NULL, RML_OK},
	{"\"offsets\":[0,1,3],\"values\":[97,98,99]", "\"offsets\":[0,1,2],\"values\":[97,97]", "cats.enc[0]: label \"a\" occurs twice", RML_INVALID},
	{"[97,98,99]", "[97,0,99]", "cats.enc[0]: label 1 has a character NUL", RML_INVALID},
	{"[97,98,99]", "[97,195,99]", NULL, RML_OK},
	{"[97,98,99]", "[300,98,99]", "cats.enc[0].values[0] is 300, not a byte", RML_INVALID},
	{"\"values\":[97,98,99]", "\"x\":0", "cats.enc[0].values is missing", RML_INVALID},
	/* integers */
	{"\"type\":13", "\"type\":8", "cats.enc[1].type is 8, expected 9 to 16", RML_INVALID},
	{"\"type\":13", "\"type\":7", "cats.enc[1].type is 7", RML_INVALID},
	{"\"type\":13", "\"type\":\"13\"", "cats.enc[1].type is a string", RML_SYNTAX},
	{"\"type\":13,", "", "cats.enc[1].type is 0", RML_INVALID},
	{"\"type\":13", "\"type\":10", "cats.enc[1].values[1] is -5, beyond its type 10", RML_INVALID},
	{"[7,-5]", "[7,7]", "cats.enc[1]: label \"7\" occurs twice", RML_INVALID},
	{"[7,-5]", "[7,2147483648]", "cats.enc[1].values[1] is 2147483648, beyond its type 13", RML_INVALID},
	{"[7,-5]", "[7,0.5]", "cats.enc[1].values is a floating-point number", RML_SYNTAX},
	{"[7,-5]", "[7]", "cats.feature_segments[2] is 4, expected 3", RML_INVALID},
	{"\"values\":[7,-5]", "\"x\":0", "cats.enc[1].values is missing", RML_INVALID},
	{",{\"type\":13,\"values\":[7,-5]}", ",7", "entry is an integer", RML_SYNTAX},
	/* segments and order */
	{"[0,2,4]", "[0,2]", "cats.feature_segments has 2 entries", RML_INVALID},
	{"[0,2,4]", "[0,2,4,4]", "cats.feature_segments has 4 entries", RML_INVALID},
	{"[0,2,4]", "[]", "cats.feature_segments has 0 entries", RML_INVALID},
	{"[0,2,4]", "[1,2,4]", "cats.feature_segments[0] is 1, expected 0", RML_INVALID},
	{"[0,2,4]", "[0,1,4]", "cats.feature_segments[1] is 1, expected 2", RML_INVALID},
	{"[0,2,4]", "[0,2,2147483647]", "cats.feature_segments[2] is 2147483647, expected 4", RML_INVALID},
	{"[0,1,1,0]", "[0,1,1]", "cats.sorted_idx has 3 entries for 4 labels", RML_INVALID},
	{"[0,1,1,0]", "[0,1,1,0,0]", "cats.sorted_idx has 5 entries", RML_INVALID},
	{"[0,1,1,0]", "[0,0,1,0]", "cats.sorted_idx[1] is 0, expected each of the 2 labels of feature 0 once", RML_INVALID},
	{"[0,1,1,0]", "[0,1,1,2]", "cats.sorted_idx[3] is 2, expected each of the 2 labels of feature 1 once", RML_INVALID},
	{"[0,1,1,0]", "[0,2,1,0]", "cats.sorted_idx[1] is 2, expected each of the 2 labels of feature 0 once", RML_INVALID},
	{"[0,1,1,0]", "[-1,1,1,0]", "cats.sorted_idx[0] is -1", RML_INVALID},
	{"[0,1,1,0]", "[1,0,0,1]", NULL, RML_OK},
	{"\"sorted_idx\":[0,1,1,0]", "\"x\":0", "cats.sorted_idx has 0 entries for 4 labels", RML_INVALID},
	{"\"feature_segments\":[0,2,4],", "", "cats.feature_segments has 0 entries", RML_INVALID},
	/* twice */
	{"\"sorted_idx\":[0,1,1,0]", "\"sorted_idx\":[0,1,1,0],\"enc\":[]", "cats.enc is given twice", RML_SYNTAX},
	{"\"values\":[7,-5]", "\"values\":[7,-5],\"values\":[1,2]", "values is given twice", RML_SYNTAX},
	{"\"offsets\":[0,1,3]", "\"offsets\":[0,1,3],\"offsets\":[0,1,3]", "offsets is given twice", RML_SYNTAX},
};

/* Integers and text under the same feature, as the first key wants it. */
static const Edit both[] = {
	{"\"offsets\":[0,1,3]", "\"offsets\":[0,1,3],\"type\":9", NULL, RML_OK},
	{"\"type\":13", "\"type\":13,\"offsets\":[0]", "cats.enc[1].offsets end at 0, but values has 2 entries", RML_INVALID},
};

int
main(void)
{
	RUN("validate: sets of splits by category", base, sets);
	RUN("validate: labels of categories", base, cats);
	RUN("validate: labels with a type and offsets are text", base, both);
	return test_done();
}
