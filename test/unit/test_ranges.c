/*
 * test_ranges.c
 *	  Which trees an import takes: iterations, best_iteration.
 */
#include <stdlib.h>

#include "gen.h"
#include "tap.h"

static TestHost host;
static RmlXgbModel model;
static RmlError err;

/* ---- a model of so many trees, by its numbers alone ---- */

typedef struct Shape
{
	int			trees;
	int			outputs;		/* num_class, or num_target for vectors */
	int			parallel;
	bool		vectors;
	const char *indptr;			/* NULL: the file has none */
	const char *best;			/* attribute best_iteration */
	const char *limit;			/* attribute best_ntree_limit */
	const char *version;		/* NULL: 2.1.0 */
} Shape;

/* A tree that is a leaf. */
static void
add_tree(Text *out, int id, const Shape *s)
{
	text_add(out, "%s{\"id\":%d,\"tree_param\":{\"num_nodes\":\"1\",\"num_feature\":\"1\",\"num_deleted\":\"0\","
			 "\"size_leaf_vector\":\"%d\"},\"left_children\":[-1],\"right_children\":[-1],\"parents\":[-1],"
			 "\"split_indices\":[0],\"split_conditions\":[0],\"default_left\":[0],\"base_weights\":[0",
			 id > 0 ? "," : "", id, s->vectors ? s->outputs : 1);
	for (int i = 1; s->vectors && i < s->outputs; i++)
		text_add(out, ",0");
	text_add(out, "],\"loss_changes\":[0],\"sum_hessian\":[0]}");
}

static void
write_model(Text *out, const Shape *s)
{
	out->size = 0;
	text_add(out, "{\"version\":%s,\"learner\":{\"attributes\":{", s->version ? s->version : "[2,1,0]");
	if (s->best != NULL)
		text_add(out, "\"best_iteration\":\"%s\"", s->best);
	if (s->limit != NULL)
		text_add(out, ",\"best_ntree_limit\":\"%s\"", s->limit);
	text_add(out, "},\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{\"gbtree_model_param\":{\"num_trees\":\"%d\","
			 "\"num_parallel_tree\":\"%d\"},%s%s%s\"tree_info\":[", s->trees, s->parallel,
			 s->indptr ? "\"iteration_indptr\":" : "", s->indptr ? s->indptr : "", s->indptr ? "," : "");
	for (int i = 0; i < s->trees; i++)
		text_add(out, "%s%d", i ? "," : "", s->vectors ? 0 : i / s->parallel % s->outputs);
	text_add(out, "],\"trees\":[");
	for (int i = 0; i < s->trees; i++)
		add_tree(out, i, s);
	text_add(out, "]}},\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\",\"num_%s\":\"%d\"},"
			 "\"objective\":{\"name\":\"reg:squarederror\"}}}", s->vectors ? "target" : "class", s->outputs);
}

static bool
read_shape(const Shape *s)
{
	Text		file = {0};
	bool		ok;

	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	memset(&err, 0, sizeof(err));
	write_model(&file, s);
	ok = CHECK(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
			   rml_xgb_validate(&model, &host.host, &err), "%d trees: %s", s->trees, err.message);
	text_free(&file);
	return ok;
}

static void
check_range(RmlImportOptions options, int32_t first, int32_t end)
{
	RmlTreeRange range = {-7, -7};

	memset(&err, 0, sizeof(err));
	CHECK(rml_xgb_tree_range(&model, &options, &range, &err) && range.first == first && range.end == end,
		  "[%d, %d)%s: trees [%d, %d), expected [%d, %d) %s", options.first_iteration,
		  options.end_iteration, options.best_iteration ? " best" : "", range.first, range.end, first, end,
		  err.message);
}

static void
refuse_range(RmlImportOptions options, const char *message)
{
	RmlTreeRange range;

	memset(&err, 0, sizeof(err));
	if (CHECK(!rml_xgb_tree_range(&model, &options, &range, &err), "[%d, %d) is accepted",
			  options.first_iteration, options.end_iteration))
		CHECK(err.kind == RML_OPTION && strstr(err.message, message) != NULL,
			  "[%d, %d): got %d \"%s\", expected \"%s\"", options.first_iteration,
			  options.end_iteration, err.kind, err.message, message);
}

static RmlImportOptions
iterations(int32_t first, int32_t end)
{
	return (RmlImportOptions) {.has_iterations = true, .first_iteration = first, .end_iteration = end};
}

static const RmlImportOptions best = {.best_iteration = true};

/* ---- iterations ---- */

/* So many trees in each of n iterations. */
static void
check_even(const Shape *s, int32_t n, int32_t width)
{
	if (!read_shape(s))
		return;
	CHECK_INT(s->trees, n * width, "trees");
	check_range((RmlImportOptions) {0}, 0, n * width);
	for (int32_t first = 0; first <= n; first++)
	{
		for (int32_t end = first > 0 ? first : 1; end <= n; end++)
			check_range(iterations(first, end), first * width, end * width);
		/* 0 is the end of all */
		check_range(iterations(first, 0), first * width, n * width);
		refuse_range(iterations(first, n + 1), "but the model has");
		refuse_range(iterations(first, INT32_MAX), "iterations end at 2147483647, but the model has");
		if (first > 1)
			refuse_range(iterations(first, first - 1), "behind their end");
	}
	refuse_range(iterations(n + 1, 0), "behind their end");
	refuse_range(iterations(INT32_MAX, 0), "behind their end");
}

static void
test_iterations(void)
{
	test("ranges: iterations of a file that does not list them");
	check_even(&(Shape) {.trees = 4, .outputs = 1, .parallel = 1}, 4, 1);
	check_even(&(Shape) {.trees = 6, .outputs = 1, .parallel = 2}, 3, 2);
	check_even(&(Shape) {.trees = 9, .outputs = 3, .parallel = 1}, 3, 3);
	check_even(&(Shape) {.trees = 12, .outputs = 3, .parallel = 2}, 2, 6);
	check_even(&(Shape) {.trees = 5, .outputs = 3, .parallel = 1, .vectors = true}, 5, 1);
	check_even(&(Shape) {.trees = 6, .outputs = 3, .parallel = 3, .vectors = true}, 2, 3);
	check_even(&(Shape) {.trees = 0, .outputs = 3, .parallel = 2}, 0, 6);

	test("ranges: iterations of a file that lists them");
	check_even(&(Shape) {.trees = 4, .outputs = 1, .parallel = 1, .indptr = "[0,1,2,3,4]"}, 4, 1);
	check_even(&(Shape) {.trees = 6, .outputs = 3, .parallel = 1, .indptr = "[0,3,6]"}, 2, 3);
	check_even(&(Shape) {.trees = 3, .outputs = 3, .parallel = 1, .vectors = true, .indptr = "[0,1,2,3]"}, 3, 1);
	check_even(&(Shape) {.trees = 0, .outputs = 1, .parallel = 1, .indptr = "[0]"}, 0, 1);
	/* num_parallel_tree says otherwise: the list counts */
	check_even(&(Shape) {.trees = 4, .outputs = 1, .parallel = 2, .indptr = "[0,1,2,3,4]"}, 4, 1);
}

/* Iterations of different sizes, one of them of none. */
static void
test_uneven(void)
{
	Shape		s = {.trees = 7, .outputs = 1, .parallel = 1, .indptr = "[0,2,2,3,7]"};

	test("ranges: uneven iterations");
	if (!read_shape(&s))
		return;
	check_range(iterations(0, 0), 0, 7);
	check_range(iterations(0, 1), 0, 2);
	check_range(iterations(1, 2), 2, 2);
	check_range(iterations(1, 3), 2, 3);
	check_range(iterations(3, 4), 3, 7);
	check_range(iterations(4, 4), 7, 7);
	check_range(iterations(4, 0), 7, 7);
	refuse_range(iterations(0, 5), "iterations end at 5, but the model has 4");
	refuse_range(iterations(5, 0), "iterations begin at 5, behind their end at 4");
}

/* ---- best_iteration ---- */

static void
test_best_iteration(void)
{
	static const struct
	{
		const char *best;
		int			outputs;
		int			parallel;
		const char *indptr;
		int32_t		want;		/* trees; -1: refused */
	}			cases[] = {
		{"0", 1, 1, NULL, 1}, {"1", 1, 1, NULL, 2}, {"5", 1, 1, NULL, 6}, {"6", 1, 1, NULL, -1},
		{"0", 1, 2, NULL, 2}, {"2", 1, 2, NULL, 6}, {"3", 1, 2, NULL, -1},
		{"0", 3, 1, NULL, 3}, {"1", 3, 1, NULL, 6}, {"2", 3, 1, NULL, -1}, {"0", 3, 2, NULL, 6},
		{"-1", 1, 1, NULL, -1}, {"x", 1, 1, NULL, -1}, {"", 1, 1, NULL, -1}, {"1.0", 1, 1, NULL, -1},
		{"99999999999", 1, 1, NULL, -1}, {"2147483647", 1, 1, NULL, -1}, {NULL, 1, 1, NULL, -1},
		{"0", 1, 1, "[0,1,6]", 1}, {"1", 1, 1, "[0,1,6]", 6}, {"2", 1, 1, "[0,1,6]", -1},
		{"0", 3, 1, "[0,6]", 6},
	};

	test("ranges: best_iteration counts iterations, not trees");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Shape		s = {.trees = 6, .outputs = cases[i].outputs, .parallel = cases[i].parallel,
			.indptr = cases[i].indptr, .best = cases[i].best};

		if (!read_shape(&s))
			continue;
		check_range((RmlImportOptions) {0}, 0, 6);
		if (cases[i].want < 0)
			refuse_range(best, "best_iteration");
		else
			check_range(best, 0, cases[i].want);
	}
}

/* Up to 1.5 num_parallel_tree does not stand in the file, but this tells it. */
static void
test_best_ntree_limit(void)
{
	Shape		s = {.trees = 6, .outputs = 1, .parallel = 1, .best = "1", .version = "[1,5,2]"};

	test("ranges: up to 1.5, best_ntree_limit must agree with best_iteration");
	for (int i = 0; i < 2; i++)
	{
		s.limit = (const char *const[]) {"2", "no number"}[i];
		if (read_shape(&s))
			check_range(best, 0, 2);
	}
	s.limit = "4";
	if (read_shape(&s))
	{
		refuse_range(best, "best_iteration is 1, but best_ntree_limit is 4: the model was trained with num_parallel_tree, which files of XGBoost 1.5 do not tell");
		CHECK_CONTAINS(err.hint, "{\"iterations\": [0, 4]}", "hint");
		check_range((RmlImportOptions) {0}, 0, 6);
	}
	s.parallel = 2;				/* but if it does */
	if (read_shape(&s))
		check_range(best, 0, 4);
	s.parallel = 1;
	s.version = "[1,6,0]";
	if (read_shape(&s))
		check_range(best, 0, 2);
}

/* ---- linear models ---- */

static void
test_linear(void)
{
	GenOptions	shape = {.seed = 1, .n_features = 2, .n_rounds = 3, .linear = true};
	Text		file = {0};

	test("ranges: a linear model has no iterations");
	test_host_end(&host);
	test_host_begin(&host, SIZE_MAX);
	memset(&err, 0, sizeof(err));
	gen_model(&model, &host.host, &shape);
	gen_json(&model, &file);
	CHECK(rml_xgb_parse(file.data, file.size, &host.host, &model, &err) &&
		  rml_xgb_validate(&model, &host.host, &err), "%s", err.message);
	check_range((RmlImportOptions) {0}, 0, 0);
	refuse_range(iterations(0, 0), "a linear model (gblinear) has no iterations");
	refuse_range(iterations(0, 1), "a linear model (gblinear) has no iterations");
	refuse_range(best, "a linear model (gblinear) has no iterations");
	text_free(&file);
}

int
main(void)
{
	test_host_begin(&host, SIZE_MAX);
	test_iterations();
	test_uneven();
	test_best_iteration();
	test_best_ntree_limit();
	test_linear();
	test_host_end(&host);
	return test_done();
}
