/*
 * test_memory.c
 *	  Memory and time of an import, and leaving it at any moment.
 */
#include "measure.h"

static void
measure_model(const char *name, const GenOptions *options)
{
	TestHost	host;
	RmlXgbModel model;
	Text		file = {0};
	char		title[100];

	test_host_begin(&host, SIZE_MAX);
	gen_model(&model, &host.host, options);
	gen_json(&model, &file);
	snprintf(title, sizeof(title), "%s, JSON", name);
	measure(title, &file, NULL);
	file.size = 0;
	gen_ubj(&model, &file);
	snprintf(title, sizeof(title), "%s, UBJSON", name);
	measure(title, &file, NULL);
	text_free(&file);
	test_host_end(&host);
}

static void
test_models(void)
{
	/* sizes of which the buffers' doublings fit badly */
	measure_model("70 trees of some 3,000 nodes",
				  &(GenOptions) {.seed = 1, .n_features = 20, .n_rounds = 70, .n_splits = 3000});
	measure_model("3 trees of some 100,000 nodes",
				  &(GenOptions) {.seed = 5, .n_features = 3, .n_rounds = 3, .n_splits = 100000});
	measure_model("16,400 stumps",
				  &(GenOptions) {.seed = 3, .n_features = 2, .n_rounds = 16400, .n_splits = 1});
	measure_model("pruned dart",
				  &(GenOptions) {.seed = 4, .n_features = 9, .n_rounds = 300, .n_splits = 500,
				  .prune = true, .dart = true});
}

/* Every other shape, so large that it tells. */
static void
test_shapes(void)
{
	measure_model("splits by category, small sets",
				  &(GenOptions) {.seed = 6, .n_features = 20, .n_rounds = 30, .n_splits = 2500, .categories = true,
				  .writer = {3, 0, 0}});
	measure_model("splits by category, large sets",
				  &(GenOptions) {.seed = 7, .n_features = 20, .n_rounds = 20, .n_splits = 60, .categories = true,
				  .set_size = 3000, .writer = {2, 0, 0}});
	measure_model("vector leaves of 3.0",
				  &(GenOptions) {.seed = 8, .n_features = 9, .n_rounds = 50, .n_splits = 500, .num_target = 20,
				  .leaves = GEN_VECTORS, .writer = {3, 0, 0}});
	measure_model("vector leaves of 3.4 with weights",
				  &(GenOptions) {.seed = 9, .n_features = 9, .n_rounds = 50, .n_splits = 500, .num_target = 20,
				  .leaves = GEN_VECTORS, .dart = true, .writer = {3, 4, 0}});
	measure_model("vector leaves of one tree, 90,000 outputs",
				  &(GenOptions) {.seed = 10, .n_features = 1, .n_rounds = 1, .n_splits = 5, .chain = true,
				  .num_target = 90000, .leaves = GEN_VECTORS, .writer = {3, 4, 0}, .objective = "reg:squarederror"});
	measure_model("1,000 classes",
				  &(GenOptions) {.seed = 11, .n_features = 9, .n_rounds = 4, .n_splits = 5, .num_class = 1000});
	measure_model("a base score for each of 90,000 outputs",
				  &(GenOptions) {.seed = 12, .n_features = 1, .n_rounds = 0, .num_class = 90000,
				  .several_scores = true, .writer = {3, 2, 0}, .objective = "multi:softprob"});
	measure_model("a linear model of 20,000 features and 20 classes",
				  &(GenOptions) {.seed = 13, .n_features = 20000, .n_rounds = 1, .num_class = 20, .linear = true});
	measure_model("labels of 2,000 features",
				  &(GenOptions) {.seed = 14, .n_features = 2000, .n_rounds = 1, .n_splits = 1, .labels = true,
				  .n_labels = 100, .writer = {3, 4, 0}});
	measure_model("200,000 labels each",
				  &(GenOptions) {.seed = 15, .n_features = 4, .n_rounds = 1, .n_splits = 1, .labels = true,
				  .n_labels = 200000, .writer = {3, 4, 0}});
}

/* ---- hostile: as many events as can be in few bytes ---- */

#define EVENTS 500000

static void
hostile(const char *name, const char *head, size_t head_size, const char *piece, size_t piece_size,
		int n, const char *want)
{
	Text		file = {0};

	text_bytes(&file, head, head_size);
	repeat(&file, piece, piece_size, n);
	measure(name, &file, want);
	text_free(&file);
}

#define TREE_INFO "{\"learner\":{\"gradient_booster\":{\"model\":{\"tree_info\":["
#define UBJ_MODEL "{U\7learner{U\20gradient_booster{U\5model{"

static void
test_dense(void)
{
	Text		file = {0};

	hostile("integers \"0,\"", BYTES(TREE_INFO), BYTES("0,"), 2 * EVENTS + 100000, "input ends");
	hostile("floats \"0,\"", BYTES("{\"learner\":{\"gradient_booster\":{\"weight_drop\":["),
			BYTES("0,"), 2 * EVENTS + 100000, "input ends");
	hostile("strings \"\\\"\\\",\"", BYTES("{\"learner\":{\"feature_names\":["), BYTES("\"\","),
			EVENTS, "entries");
	hostile("empty trees", BYTES("{\"learner\":{\"gradient_booster\":{\"model\":{\"trees\":["),
			BYTES("{},"), EVENTS, "missing");
	hostile("skipped arrays", BYTES("{\"x\":["), BYTES("[],"), 2 * EVENTS, "input ends");
	hostile("the same key again and again, JSON", BYTES("{"), BYTES("\"\":0,"), EVENTS + 25000, "twice");
	hostile("the same key again and again, UBJSON", BYTES("{"), BYTES("U\0Z"), EVENTS + 25000, "twice");
	hostile("arrays under the same key", BYTES("{\"learner\":{\"gradient_booster\":{\"model\":{"),
			BYTES("\"tree_info\":[0,0,0,0,0,0,0,0],"), 100000, "twice");
	hostile("short arrays under the same key, UBJSON", BYTES(UBJ_MODEL),
			BYTES("U\11tree_info[]"), 150000, "twice");
	hostile("names under the same key, UBJSON", BYTES("{U\7learner{"),
			BYTES("U\15feature_names[#U\20SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0SU\0"),
			100000, "twice");
	hostile("base_score again and again", BYTES("{\"learner\":{\"learner_model_param\":{"),
			BYTES("\"base_score\":\"1\","), 100000, "twice");

	text_bytes(&file, BYTES(UBJ_MODEL "U\11tree_info[$U#l"));
	text_bytes(&file, "\0\20\310\340", 4);	/* 1,100,000 */
	repeat(&file, "\0", 1, 1100000);
	measure("integers of one byte each, UBJSON", &file, "elements of 1 bytes, expected 4");
	file.size = 0;
	text_bytes(&file, BYTES(UBJ_MODEL "U\11tree_info[#l\0\20\310\340"));
	repeat(&file, "U\0", 2, 1100000);
	measure("integers of two bytes each, UBJSON", &file, "input ends");
	file.size = 0;
	text_bytes(&file, BYTES(UBJ_MODEL "U\11tree_info[#l\0\20\310\340"));
	repeat(&file, "U\0", 2, 1100000);
	text_bytes(&file, BYTES("U\11tree_info[#l\0\20\310\340"));
	repeat(&file, "U\0", 2, 1100000);
	measure("such integers twice, UBJSON", &file, "twice");
	file.size = 0;
	text_bytes(&file, BYTES("{\"learner\":{\"learner_model_param\":{\"base_score\":\"["));
	repeat(&file, "0,", 2, 1100000);
	text_bytes(&file, BYTES("0]\"}}"));
	measure("base_score of a million values", &file, "input ends");
	file.size = 0;
	text_bytes(&file, BYTES("{\"learner\":{\"learner_model_param\":{\"base_score\":\"0."));
	repeat(&file, "0", 1, 4 * EVENTS);
	text_bytes(&file, BYTES("1\"}}"));
	measure("base_score of two million digits", &file, "input ends");
	text_free(&file);
}

/* Keys that differ must all be remembered until their object ends. */
static void
test_keys(void)
{
	Text		json = {0};
	Text		ubj = {0};

	text_add(&json, "{");
	text_add(&ubj, "{");
	for (int i = 0; i < EVENTS + 25000; i++)
	{
		char		key[3] = {(char) (1 + i % 100), (char) (1 + i / 100 % 100), (char) (1 + i / 10000)};

		text_add(&ubj, "U\3");
		text_bytes(&ubj, key, 3);
		text_add(&ubj, "Z");
		text_add(&json, "\"%x\":0,", i);
	}
	measure("half a million keys, JSON", &json, "more than 65536 keys");
	measure("half a million keys, UBJSON", &ubj, "more than 65536 keys");
	text_free(&json);
	text_free(&ubj);
}

/* A valid model whose every number is a byte or two. */
static void
test_smallest(void)
{
	Text		file = {0};
	const int	n = 20000;

	text_add(&file, "{\"version\":[1,7,4],\"learner\":{\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
			 "\"gbtree_model_param\":{\"num_trees\":\"%d\"},\"tree_info\":[0", n);
	repeat(&file, ",0", 2, n - 1);
	text_add(&file, "],\"trees\":[");
	for (int i = 0; i < n; i++)
		text_add(&file, "%s{\"id\":%d,\"tree_param\":{\"num_nodes\":\"1\",\"num_feature\":\"1\"},"
				 "\"left_children\":[-1],\"right_children\":[-1],\"parents\":[-1],\"split_indices\":[0],"
				 "\"split_conditions\":[0],\"default_left\":[0],\"base_weights\":[0],"
				 "\"loss_changes\":[0],\"sum_hessian\":[0]}", i ? "," : "", i);
	text_add(&file, "]}},\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\"},"
			 "\"objective\":{\"name\":\"reg:linear\"}}}");
	measure("20,000 trees of one node each", &file, NULL);
	text_free(&file);
}

static void
test_names(void)
{
	Text		file = {0};
	const int	n = 90000;

	text_add(&file, "{\"version\":[1,7,4],\"learner\":{\"feature_names\":[\"\"");
	for (int i = 1; i < n; i++)
		text_add(&file, ",\"%x\"", i);
	text_add(&file, "],\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
			 "\"gbtree_model_param\":{\"num_trees\":\"0\"},\"tree_info\":[],\"trees\":[]}},"
			 "\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"%d\"},"
			 "\"objective\":{\"name\":\"reg:linear\"}}}", n);
	measure("90,000 feature names", &file, NULL);
	text_free(&file);
}

/*
 * A cancelled backend leaves by longjmp from any call to its host.  What the
 * compute layer holds besides the host's memory would leak, which the
 * sanitized build reports.
 */
static void
leave_everywhere(const GenOptions *shape, bool ubj)
{
	static TestHost host;		/* static: not changed between setjmp and longjmp */
	static RmlXgbModel model;
	static Text file;
	static volatile uint64_t at;
	static volatile bool finished;
	TestHost	maker;

	test_host_begin(&maker, SIZE_MAX);
	gen_model(&model, &maker.host, shape);
	gen_text(&model, ubj, &file);
	for (at = 1, finished = false; !finished && at < 100000; at++)
	{
		RmlError	err = {0};

		test_host_begin(&host, SIZE_MAX);
		host.leave_at = at;
		if (setjmp(host.exit) == 0)
		{
			CHECK(import(file.data, file.size, &host, &err), "%s", err.message);
			finished = true;
		}
		test_host_end(&host);
	}
	CHECK(finished && at > 15, "%llu calls", (unsigned long long) at);
	text_free(&file);
	test_host_end(&maker);
}

static void
test_leaving(void)
{
	test("memory: an import of any shape can be left at any call, and again");
	leave_everywhere(&(GenOptions) {.seed = 8, .n_features = 3, .n_rounds = 5, .n_splits = 9, .dart = true}, false);
	leave_everywhere(&(GenOptions) {.seed = 9, .n_features = 3, .n_rounds = 2, .num_class = 3, .linear = true}, true);
	for (uint32_t seed = 0; seed < 60; seed++)
	{
		GenOptions	shape = gen_shape(seed);

		shape.n_features = shape.n_features > 9 ? 9 : shape.n_features;
		shape.n_rounds = 1 + shape.n_rounds % 2;
		shape.n_splits = 4;
		leave_everywhere(&shape, seed % 2);
	}
}

/* A fault leaves nothing behind but what its host frees. */
static void
test_faults(void)
{
	test("memory: a file cut or changed anywhere leaves nothing behind");
	for (uint32_t seed = 0; seed < 40; seed++)
	{
		GenOptions	shape = gen_shape(seed);
		TestHost	maker;
		RmlXgbModel model;
		Text		file = {0};
		uint32_t	state = seed;

		test_host_begin(&maker, SIZE_MAX);
		gen_model(&model, &maker.host, &shape);
		gen_text(&model, seed % 2, &file);
		for (int i = 0; i < 60; i++)
		{
			size_t		at = gen_random(&state, (uint32_t) file.size);
			char		old = file.data[at];
			TestHost	host;
			RmlError	err = {0};

			file.data[at] = i % 3 == 0 ? (char) (old ^ 1) : (char) gen_random(&state, 256);
			test_host_begin(&host, SIZE_MAX);
			(void) import(file.data, i % 4 == 0 ? at : file.size, &host, &err);
			CHECK(host.peak <= test_host_import_limit(file.size), "%zu bytes for %zu", host.peak, file.size);
			test_host_end(&host);
			file.data[at] = old;
		}
		text_free(&file);
		test_host_end(&maker);
	}
}

/* The server answers a cancel within 100 ms: polls may not lie far apart. */
static void
test_polls(void)
{
	TestHost	host;
	RmlError	err = {0};
	Text		file = {0};

	test("memory: a long input is polled every few thousand events");
	text_add(&file, "{\"x\":[0");
	repeat(&file, ",0", 2, EVENTS);
	text_add(&file, "]}");
	test_host_begin(&host, SIZE_MAX);
	CHECK(!import(file.data, file.size, &host, &err), "accepted");
	CHECK(host.polls >= EVENTS / 10000, "%llu polls", (unsigned long long) host.polls);
	test_host_end(&host);
	text_free(&file);
}

int
main(void)
{
	test_models();
	test_shapes();
	test_smallest();
	test_names();
	test_dense();
	test_keys();
	test_leaving();
	test_faults();
	test_polls();
	return test_done();
}
