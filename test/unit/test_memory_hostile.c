/*
 * test_memory_hostile.c
 *	  Memory of an import whose file is made to take much of it: labels,
 *	  outputs, weights, categories, each as short as they can be written.
 */
#include "measure.h"

/* ---- UBJSON with the shortest lengths ---- */

static void
key(Text *out, const char *name)
{
	text_add(out, "U%c%s", (int) strlen(name), name);
}

static void
begin(Text *out, const char *name)
{
	key(out, name);
	text_add(out, "{");
}

static void
string(Text *out, const char *name, const char *value)
{
	key(out, name);
	text_add(out, "SU%c%s", (int) strlen(value), value);
}

static void
number(Text *out, const char *name, int value)
{
	char		text[16];

	snprintf(text, sizeof(text), "%d", value);
	string(out, name, text);
}

static void
big_endian(Text *out, int64_t value, int width)
{
	for (int i = width - 1; i >= 0; i--)
		text_add(out, "%c", (int) (value >> (8 * i) & 0xFF));
}

/* A typed array of n elements, which are to follow. */
static void
typed(Text *out, const char *name, char type, int n)
{
	key(out, name);
	text_add(out, "[$%c#l", type);
	big_endian(out, n, 4);
}

static void
same(Text *out, const char *name, char type, int width, int n, int64_t value)
{
	typed(out, name, type, n);
	for (int i = 0; i < n; i++)
		big_endian(out, value, width);
}

static void
different(Text *out, const char *name, char type, int width, int n)
{
	typed(out, name, type, n);
	for (int i = 0; i < n; i++)
		big_endian(out, i, width);
}

/* An array of n elements, each with its type: in two bytes, as an array of bytes is refused. */
static void
marked(Text *out, const char *name, int n)
{
	key(out, name);
	text_add(out, "[#l");
	big_endian(out, n, 4);
}

static void
bytes(Text *out, const char *name, int n, int value)
{
	marked(out, name, n);
	for (int i = 0; i < n; i++)
		text_add(out, "U%c", value);
}

static void
empty(Text *out, const char *name)
{
	key(out, name);
	text_add(out, "[]");
}

/* What stands before and behind gradient_booster.model's own fields. */
static void
begin_model(Text *out, const char *booster)
{
	out->size = 0;
	text_add(out, "{");
	begin(out, "learner");
	begin(out, "gradient_booster");
	string(out, "name", booster);
	begin(out, "model");
}

static void
end_model(Text *out, int n_features, int n_classes, const char *objective)
{
	text_add(out, "}}");
	begin(out, "learner_model_param");
	string(out, "base_score", "0.5");
	number(out, "num_feature", n_features);
	number(out, "num_class", n_classes);
	text_add(out, "}");
	begin(out, "objective");
	string(out, "name", objective);
	begin(out, "softmax_multiclass_param");
	number(out, "num_class", n_classes);
	text_add(out, "}}}");
	key(out, "version");
	text_add(out, "[i\3i\4");
	text_bytes(out, "i\0]}", 4);
}

static void
no_trees(Text *out)
{
	begin(out, "gbtree_model_param");
	number(out, "num_trees", 0);
	text_add(out, "}");
	empty(out, "tree_info");
	empty(out, "trees");
}

/* ---- labels ---- */

static void
begin_labels(Text *out)
{
	begin_model(out, "gbtree");
	begin(out, "cats");
	key(out, "enc");
	text_add(out, "[{");
}

/* With feature_segments and sorted_idx of n labels, or without. */
static void
end_labels(Text *out, int n, int n_features)
{
	text_add(out, "}]");
	if (n > 0)
	{
		typed(out, "feature_segments", 'l', 2);
		big_endian(out, 0, 4);
		big_endian(out, n, 4);
		different(out, "sorted_idx", 'l', 4, n);
	}
	text_add(out, "}");
	no_trees(out);
	end_model(out, n_features, 0, "reg:linear");
}

static void
integer_labels(Text *out, int type)
{
	begin_labels(out);
	key(out, "type");
	text_add(out, "U%c", type);
}

static void
test_integers(void)
{
	Text		file = {0};

	integer_labels(&file, 10);
	same(&file, "values", 'U', 1, 1000000, 7);
	end_labels(&file, 0, 1);
	measure("a million labels of a byte, all the same", &file, "");
	integer_labels(&file, 11);
	different(&file, "values", 'I', 2, 60000);
	end_labels(&file, 0, 1);
	measure("60,000 labels of two bytes", &file, "");
	integer_labels(&file, 13);
	different(&file, "values", 'l', 4, 500000);
	end_labels(&file, 0, 1);
	measure("half a million labels of four bytes, without sorted_idx", &file, "");
	integer_labels(&file, 13);
	different(&file, "values", 'l', 4, 500000);
	end_labels(&file, 500000, 1);
	measure("half a million labels of four bytes", &file, NULL);
	integer_labels(&file, 15);
	different(&file, "values", 'L', 8, 300000);
	end_labels(&file, 300000, 1);
	measure("300,000 labels of eight bytes", &file, NULL);
	text_free(&file);
}

static void
test_texts(void)
{
	Text		file = {0};

	begin_labels(&file);
	same(&file, "offsets", 'U', 1, 1000000, 0);
	empty(&file, "values");
	end_labels(&file, 0, 1);
	measure("a million empty labels", &file, "");
	begin_labels(&file);
	different(&file, "offsets", 'l', 4, 500000);
	same(&file, "values", 'i', 1, 499999, 'a');
	end_labels(&file, 0, 1);
	measure("half a million labels of a letter, all the same", &file, "");
	text_free(&file);
}

/* Values that turn out not to fit into 32 bits. */
static void
test_wide(void)
{
	Text		file = {0};

	text_bytes(&file, BYTES("{\"learner\":{\"gradient_booster\":{\"model\":{\"cats\":{\"enc\":[{\"type\":15,\"values\":["));
	repeat(&file, "0,", 2, 1000000);
	text_bytes(&file, BYTES("9999999999]}]}}}}}"));
	measure("a million zeros and one value of 64 bits", &file, "");
	file.size = 0;
	text_bytes(&file, BYTES("{\"learner\":{\"gradient_booster\":{\"model\":{\"cats\":{\"enc\":[{\"type\":15,\"values\":["));
	repeat(&file, "0,", 2, 1100000);
	text_bytes(&file, BYTES("9999999999"));
	repeat(&file, ",0", 2, 1100000);
	text_bytes(&file, BYTES("]}]}}}}}"));
	measure("one value of 64 bits among two million zeros", &file, "");
	begin_labels(&file);
	key(&file, "values");
	text_add(&file, "[#l");
	big_endian(&file, 1000000, 4);
	text_add(&file, "L");
	big_endian(&file, INT64_MAX, 8);
	repeat(&file, "Z", 1, 1000000);
	measure("one value of 64 bits, a million announced", &file, "");
	text_free(&file);
}

static void
test_features(void)
{
	Text		file = {0};

	begin_model(&file, "gbtree");
	begin(&file, "cats");
	key(&file, "enc");
	text_add(&file, "[");
	for (int i = 0; i < 70000; i++)
	{
		text_add(&file, "{");
		empty(&file, "values");
		text_add(&file, "}");
	}
	text_add(&file, "]}");
	no_trees(&file);
	end_model(&file, 70000, 0, "reg:linear");
	measure("70,000 features without labels, UBJSON", &file, "");
	file.size = 0;
	text_bytes(&file, BYTES("{\"learner\":{\"gradient_booster\":{\"model\":{\"cats\":{\"enc\":["));
	repeat(&file, "{\"values\":[]},", 14, 70000);
	text_bytes(&file, BYTES("{\"values\":[]}]}}}}}"));
	measure("70,000 features without labels, JSON", &file, "");
	text_free(&file);
}

/* ---- outputs and weights ---- */

static void
test_sizes(void)
{
	Text		file = {0};

	begin_model(&file, "gbtree");
	no_trees(&file);
	end_model(&file, 100000, 0, "reg:linear");
	measure("100,000 features and no trees", &file, NULL);
	begin_model(&file, "gbtree");
	no_trees(&file);
	end_model(&file, 1, 100000, "multi:softmax");
	measure("100,000 classes and no trees", &file, NULL);
	begin_model(&file, "gbtree");
	no_trees(&file);
	end_model(&file, 100000, 100000, "multi:softmax");
	measure("100,000 features, 100,000 classes and no trees", &file, NULL);
	text_free(&file);
}

/* Refused or not: within the limit. */
static void
test_untrained(int n_features, int n_classes)
{
	Text		file = {0};
	RmlError	err = {0};
	TestHost	host;
	char		what[100];

	begin_model(&file, "gblinear");
	empty(&file, "weights");
	end_model(&file, n_features, n_classes, "multi:softmax");
	snprintf(what, sizeof(what), "%d features, %d classes", n_features, n_classes);
	test_host_begin(&host, SIZE_MAX);
	(void) import(file.data, file.size, &host, &err);
	CHECK(host.peak <= test_host_import_limit(file.size), "%s: %.2f MB", what, (double) host.peak / 1e6);
	test_host_end(&host);
	text_free(&file);
}

static void
test_linear(void)
{
	Text		file = {0};

	begin_model(&file, "gblinear");
	bytes(&file, "weights", 100001 * 20, 1);
	end_model(&file, 100000, 20, "multi:softmax");
	measure("two million weights of two bytes each, UBJSON", &file, NULL);
	begin_model(&file, "gblinear");
	same(&file, "weights", 'U', 1, 100001 * 20, 1);
	end_model(&file, 100000, 20, "multi:softmax");
	measure("two million weights of a byte each, UBJSON", &file, "weights has elements of 1 bytes, expected 4");
	begin_model(&file, "gblinear");
	bytes(&file, "weights", 11 * 100000, 1);
	end_model(&file, 10, 100000, "multi:softmax");
	measure("a million weights of two bytes each, 100,000 classes, UBJSON", &file, NULL);
	test_end();
	test("memory: weights of linear models that were never trained");
	test_untrained(100000, 1);
	test_untrained(100000, 9);
	test_untrained(9, 90000);
	test_untrained(300, 3000);
	text_free(&file);
}

/* ---- trees ---- */

/* The one tree of a model, up to its arrays; some of these are zeros. */
static void
begin_tree(Text *out, int n_nodes, int n_features, int width)
{
	static const char *const zeros[] = {
		"split_indices", "base_weights", "loss_changes", "sum_hessian", "split_conditions",
	};

	begin_model(out, "gbtree");
	begin(out, "gbtree_model_param");
	number(out, "num_trees", 1);
	text_add(out, "}");
	bytes(out, "tree_info", 1, 0);
	bytes(out, "iteration_indptr", 2, 0);
	out->data[out->size - 1] = 1;
	key(out, "trees");
	text_add(out, "[{");
	key(out, "id");
	text_bytes(out, "U\0", 2);
	begin(out, "tree_param");
	number(out, "num_nodes", n_nodes);
	number(out, "num_feature", n_features);
	number(out, "num_deleted", 0);
	number(out, "size_leaf_vector", width);
	text_add(out, "}");
	same(out, "default_left", 'U', 1, n_nodes, 0);
	for (int i = 0; i < 5; i++)
		bytes(out, zeros[i], n_nodes, 0);
}

enum
{
	SPLITS = 3000,				/* down the right side */
	SET = 256
};

/* Node 2i is split into 2i + 1, a leaf, and 2i + 2. */
static void
add_chain(Text *out)
{
	const int	n = 2 * SPLITS + 1;

	typed(out, "left_children", 'l', n);
	for (int i = 0; i < n; i++)
		big_endian(out, i % 2 == 0 && i < n - 1 ? i + 1 : -1, 4);
	typed(out, "right_children", 'l', n);
	for (int i = 0; i < n; i++)
		big_endian(out, i % 2 == 0 && i < n - 1 ? i + 2 : -1, 4);
	typed(out, "parents", 'l', n);
	for (int i = 0; i < n; i++)
		big_endian(out, i == 0 ? -1 : (i - 1) / 2 * 2, 4);
	typed(out, "split_type", 'U', n);
	for (int i = 0; i < n; i++)
		big_endian(out, i % 2 == 0 && i < n - 1, 1);
}

/* A split by category with a large set on every level. */
static void
test_sets(void)
{
	Text		file = {0};

	begin_tree(&file, 2 * SPLITS + 1, 1, 1);
	add_chain(&file);
	marked(&file, "categories", SPLITS * SET);
	for (int i = 0; i < SPLITS * SET; i++)
		text_add(&file, "U%c", i % SET);
	typed(&file, "categories_nodes", 'l', SPLITS);
	for (int i = 0; i < SPLITS; i++)
		big_endian(&file, 2 * i, 4);
	typed(&file, "categories_segments", 'l', SPLITS);
	for (int i = 0; i < SPLITS; i++)
		big_endian(&file, i * SET, 4);
	same(&file, "categories_sizes", 'l', 4, SPLITS, SET);
	text_add(&file, "}]");
	end_model(&file, 1, 0, "reg:linear");
	measure("sets of 256 categories, two bytes each, UBJSON", &file, NULL);
	text_free(&file);
}

/* One leaf with a value for each of 100,000 outputs. */
static void
test_vector(void)
{
	Text		file = {0};
	const int	n = 100000;

	begin_tree(&file, 1, 100000, n);
	same(&file, "left_children", 'l', 4, 1, -1);
	same(&file, "right_children", 'l', 4, 1, 0);
	same(&file, "parents", 'l', 4, 1, -1);
	bytes(&file, "leaf_weights", n, 1);
	text_add(&file, "}]");
	end_model(&file, 100000, n, "multi:softmax");
	measure("a leaf of 100,000 values of two bytes each, UBJSON", &file, NULL);
	text_free(&file);
}

/* ---- time ---- */

/* Labels are sorted: that, too, must be left soon when a backend is cancelled. */
static void
test_polls(void)
{
	Text		file = {0};
	TestHost	host;
	RmlError	err = {0};
	const int	n = 1000000;

	test_end();
	test("memory: a million labels are polled now and then");
	integer_labels(&file, 13);
	different(&file, "values", 'l', 4, n);
	end_labels(&file, n, 1);
	test_host_begin(&host, SIZE_MAX);
	CHECK(import(file.data, file.size, &host, &err), "%s", err.message);
	/* two arrays of them are read, and they are sorted */
	CHECK(host.polls >= 3 * (uint64_t) n / 10000, "%llu polls", (unsigned long long) host.polls);
	test_host_end(&host);
	text_free(&file);
}

int
main(void)
{
	test_integers();
	test_texts();
	test_wide();
	test_features();
	test_sizes();
	test_linear();
	test_sets();
	test_vector();
	test_polls();
	return test_done();
}
