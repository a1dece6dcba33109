/*
 * test_importance.c
 *	  Importance of features: which splits count, in which order they add up.
 */
#include <math.h>
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

static TestHost host;
static RmlXgbModel model;

typedef struct Importance
{
	bool		complete;
	int32_t		weight[3];
	float		gain[3];
	float		cover[3];
} Importance;

/* Tree 0: 0 (feature 0) -> 1 (`left`), 2 (0); tree 1: 0 (2). */
static void
write_model(Text *out, int left, const char *gains, const char *covers)
{
	out->size = 0;
	text_add(out, "{\"version\":[3,1,0],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
			 "\"gbtree_model_param\":{\"num_trees\":\"2\"},\"tree_info\":[0,0],\"trees\":[{\"id\":0,"
			 "\"tree_param\":{\"num_nodes\":\"9\",\"num_feature\":\"3\",\"num_deleted\":\"2\"},"
			 "\"left_children\":[1,3,5,-1,-1,-1,-1,-1,-1],\"right_children\":[2,4,6,-1,-1,-1,-1,-1,-1],"
			 "\"parents\":[-1,0,0,1,1,2,2,3,3],\"split_indices\":[0,%d,0,0,0,0,0,2147483647,2147483647],", left);
	text_add(out, "\"split_conditions\":[0,0,0,0,0,0,0,0,0],\"default_left\":[0,0,0,0,0,0,0,1,1],"
			 "\"base_weights\":[0,0,0,0,0,0,0,0,0],\"loss_changes\":[%s,7,7,7,7,7,7],"
			 "\"sum_hessian\":[%s,7,7,7,7,7,7]},", gains, covers);
	text_add(out, "{\"id\":1,\"tree_param\":{\"num_nodes\":\"3\",\"num_feature\":\"3\",\"num_deleted\":\"0\"},"
			 "\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1],\"parents\":[-1,0,0],"
			 "\"split_indices\":[2,0,0],\"split_conditions\":[0,0,0],\"default_left\":[0,0,0],"
			 "\"base_weights\":[0,0,0],\"loss_changes\":[32,7,7],\"sum_hessian\":[64,7,7]}]}},");
	text_add(out, "\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"3\"},"
			 "\"objective\":{\"name\":\"reg:squarederror\"}}}");
}

static bool
read_text(const Text *file)
{
	RmlError	err = {0};

	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	return CHECK(rml_xgb_parse(file->data, file->size, &host.host, &model, &err) &&
				 rml_xgb_validate(&model, &host.host, &err), "%s", err.message);
}

static Importance
count(int32_t first, int32_t end)
{
	Importance	i;

	memset(&i, 0xA5, sizeof(i));
	i.complete = rml_xgb_importance(&model, (RmlTreeRange) {first, end}, &host.host, i.weight, i.gain, i.cover);
	return i;
}

static void
check_feature(const Importance *i, int feature, int32_t weight, float gain, float cover)
{
	CHECK(i->weight[feature] == weight && i->gain[feature] == gain && i->cover[feature] == cover,
		  "feature %d: %d splits, gain %a, cover %a, expected %d, %a, %a", feature,
		  i->weight[feature], i->gain[feature], i->cover[feature], weight, gain, cover);
}

static void
test_counts(void)
{
	Text		file = {0};
	Importance	i;

	test("importance: splits, gain and cover by feature and range; leaves and deleted nodes do not count");
	write_model(&file, 1, "1,2,4", "8,16,32");
	if (read_text(&file))
	{
		i = count(0, 2);
		CHECK(i.complete, "incomplete");
		check_feature(&i, 0, 2, 5, 40);
		check_feature(&i, 1, 1, 2, 16);
		check_feature(&i, 2, 1, 32, 64);
		i = count(0, 1);
		check_feature(&i, 0, 2, 5, 40);
		check_feature(&i, 2, 0, 0, 0);
		i = count(1, 2);
		check_feature(&i, 0, 0, 0, 0);
		check_feature(&i, 2, 1, 32, 64);
		i = count(1, 1);
		CHECK(i.complete, "no trees: incomplete");
		check_feature(&i, 2, 0, 0, 0);
	}
	text_free(&file);
}

/* A walk that adds the root, then the right subtree, then the left one. */
static void
test_order(void)
{
	Text		file = {0};
	Importance	i;

	test("importance: sums in float32, the right subtree before the left one");
	/* 2^24 at the root, 2 and 1 below: 2^24 + 1 is 2^24, 2^24 + 2 + 1 is 2^24 + 4 */
	write_model(&file, 0, "16777216,2,1", "16777216,2,1");
	if (read_text(&file))
	{
		float		right_first = (16777216.0f + 1.0f) + 2.0f;
		float		left_first = (16777216.0f + 2.0f) + 1.0f;

		CHECK(right_first != left_first, "the numbers do not tell");
		i = count(0, 1);
		check_feature(&i, 0, 3, right_first, right_first);
	}
	text_free(&file);
}

/* Vector leaves of 2.0 to 3.1 come without statistics. */
static void
test_absent(void)
{
	GenOptions	shape = {.seed = 4, .n_features = 3, .n_rounds = 3, .n_splits = 4, .chain = true,
		.num_target = 2, .leaves = GEN_VECTORS, .writer = {3, 0, 0}};
	Text		file = {0};
	Importance	i;
	Importance	one;
	int			splits = 0;

	test("importance: without the statistics there are splits only");
	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, &shape);
	gen_json(&model, &file);
	if (read_text(&file))
	{
		i = count(0, 3);
		CHECK(!i.complete, "complete");
		for (int f = 0; f < 3; f++)
			splits += i.weight[f];
		CHECK_INT(splits, 12, "splits");
		CHECK(count(0, 0).complete, "no trees: incomplete");
	}
	file.size = 0;
	shape.writer = (RmlWriter) {3, 2, 0};
	gen_model(&model, &host.host, &shape);
	gen_json(&model, &file);
	if (read_text(&file))
	{
		one = count(0, 3);
		CHECK(one.complete, "3.2: incomplete");
		CHECK(one.gain[0] + one.gain[1] + one.gain[2] > 0, "3.2: no gain");
	}
	text_free(&file);
}

static void
test_linear(void)
{
	GenOptions	shape = {.seed = 4, .n_features = 3, .n_rounds = 3, .linear = true};
	Text		file = {0};
	Importance	i;

	test("importance: a linear model has no splits");
	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, &shape);
	gen_json(&model, &file);
	if (read_text(&file))
	{
		i = count(0, 0);
		check_feature(&i, 0, 0, 0, 0);
		check_feature(&i, 2, 0, 0, 0);
	}
	text_free(&file);
}

/* Against a count over the arrays, on random models. */
static void
test_random(void)
{
	test("importance: the number of splits of 200 random models");
	for (uint32_t seed = 0; seed < 200; seed++)
	{
		GenOptions	shape = gen_shape(seed);
		Text		file = {0};
		RmlXgbModel made;
		TestHost	maker;
		int32_t    *weight;
		float	   *sums;
		int64_t		splits = 0;
		int64_t		nodes = 0;

		test_host_begin(&maker, SIZE_MAX);
		gen_model(&made, &maker.host, &shape);
		gen_ubj(&made, &file);
		if (read_text(&file))
		{
			size_t		n = (size_t) model.num_feature;

			weight = calloc(n, sizeof(int32_t));
			sums = calloc(2 * n, sizeof(float));
			(void) rml_xgb_importance(&model, (RmlTreeRange) {0, model.n_trees}, &host.host, weight, sums, sums + n);
			for (size_t f = 0; f < n; f++)
				splits += weight[f];
			for (int32_t t = 0; t < model.n_trees; t++)
				nodes += model.trees[t].num_nodes - model.trees[t].num_deleted;
			CHECK_INT(2 * splits + model.n_trees, nodes, gen_name(&shape));
			free(weight);
			free(sums);
		}
		text_free(&file);
		test_host_end(&maker);
	}
}

int
main(void)
{
	test_host_begin(&host, SIZE_MAX);
	test_counts();
	test_order();
	test_absent();
	test_linear();
	test_random();
	test_host_end(&host);
	return test_done();
}
