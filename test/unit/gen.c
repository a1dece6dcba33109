/*
 * gen.c
 *	  Random models, and their text as XGBoost writes it.
 */
#include "gen.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
text_bytes(Text *text, const void *data, size_t size)
{
	if (text->size + size > text->room)
	{
		text->room = (text->size + size) * 2;
		text->data = realloc(text->data, text->room);
		if (text->data == NULL)
			abort();
	}
	if (size > 0)
		memcpy(text->data + text->size, data, size);
	text->size += size;
}

void
text_add(Text *text, const char *format,...)
{
	char		buffer[2048];
	va_list		args;
	int			n;

	va_start(args, format);
	n = vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	if (n < 0 || (size_t) n >= sizeof(buffer))
		abort();
	text_bytes(text, buffer, (size_t) n);
}

void
text_free(Text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

uint32_t
gen_random(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t) (((uint64_t) (*state ^ *state >> 16) * below) >> 32);
}

float
gen_value(uint32_t *state)
{
	static const float values[] = {
		0.0f, -0.0f, 0.5f, 1.0f, -1.0f, 1e-45f, -1e-45f, 1e-40f, 1.17549435e-38f,
		3.4028235e38f, -3.4028235e38f, 16777216.0f, 0.1f, -2.5f, 3.0f, 1e10f,
	};
	uint32_t	kind = gen_random(state, 24);

	if (kind == 0)
		return NAN;
	if (kind < 17)
	{
		float		value = values[kind - 1];
		uint32_t	step = gen_random(state, 4);

		return step < 2 ? value : nextafterf(value, step == 2 ? INFINITY : -INFINITY);
	}
	return (float) gen_random(state, 2001) / 500.0f - 2.0f;
}

static float
finite_value(uint32_t *state)
{
	float		value;

	do
		value = gen_value(state);
	while (!isfinite(value));
	return value;
}

/* ---- models ---- */

static void
split(RmlXgbTree *tree, int32_t node, int32_t n_features, uint32_t *state)
{
	int32_t		left = tree->num_nodes;

	tree->left.values[node] = left;
	tree->right.values[node] = left + 1;
	tree->split_index.values[node] = (int32_t) gen_random(state, (uint32_t) n_features);
	tree->split_condition.values[node] = finite_value(state);
	tree->default_left.values[node] = (uint8_t) gen_random(state, 2);
	for (int32_t child = left; child <= left + 1; child++)
	{
		tree->left.values[child] = -1;
		tree->right.values[child] = -1;
		tree->parent.values[child] = node;
		tree->split_index.values[child] = 0;
		tree->split_condition.values[child] = (float) gen_random(state, 20001) / 7000.0f - 1.4f;
		tree->default_left.values[child] = 0;
	}
	tree->num_nodes += 2;
}

/* Takes a split of two leaves back, as the pruner does. */
static void
unsplit(RmlXgbTree *tree, int32_t node)
{
	int32_t		left = tree->left.values[node];

	for (int32_t child = left; child <= left + 1; child++)
	{
		tree->split_index.values[child] = XGB_DELETED;
		tree->default_left.values[child] = 1;
	}
	tree->left.values[node] = -1;
	tree->right.values[node] = -1;
	tree->split_index.values[node] = 0;
	tree->default_left.values[node] = 0;
	tree->split_condition.values[node] = 0.25f;
	tree->num_deleted += 2;
}

static bool
is_leaf(const RmlXgbTree *tree, int32_t node)
{
	return tree->left.values[node] == -1 && tree->split_index.values[node] != XGB_DELETED;
}

static void
allocate_tree(RmlXgbTree *tree, RmlHost *host, int32_t n)
{
	RmlIntArray *ints[] = {&tree->left, &tree->right, &tree->parent, &tree->split_index};
	RmlFloatArray *floats[] = {
		&tree->split_condition, &tree->base_weight, &tree->loss_change, &tree->sum_hessian
	};

	for (int i = 0; i < 4; i++)
	{
		ints[i]->values = rml_alloc(host, (size_t) n * sizeof(int32_t));
		floats[i]->values = rml_alloc(host, (size_t) n * sizeof(float));
		for (int32_t k = 0; k < n; k++)
			floats[i]->values[k] = 0.5f * (float) k;
	}
	tree->default_left.values = rml_alloc(host, (size_t) n);
	tree->split_type.values = rml_alloc(host, (size_t) n);
	memset(tree->split_type.values, 0, (size_t) n);
}

static void
gen_tree(RmlXgbTree *tree, RmlHost *host, const GenOptions *options, uint32_t *state)
{
	int32_t		n_splits = options->chain ? options->n_splits :
		(int32_t) gen_random(state, (uint32_t) options->n_splits + 1);
	int32_t		node = 0;

	memset(tree, 0, sizeof(*tree));
	allocate_tree(tree, host, 2 * n_splits + 1);
	tree->num_feature = options->n_features;
	tree->num_nodes = 1;
	tree->left.values[0] = tree->right.values[0] = -1;
	tree->parent.values[0] = gen_random(state, 2) ? -1 : INT32_MAX;
	tree->split_index.values[0] = 0;
	tree->split_condition.values[0] = 0.75f;
	tree->default_left.values[0] = 0;
	for (int32_t i = 0; i < n_splits; i++)
	{
		if (!options->chain)
		{
			node = (int32_t) gen_random(state, (uint32_t) tree->num_nodes);
			while (!is_leaf(tree, node))
				node = (node + 1) % tree->num_nodes;
		}
		split(tree, node, options->n_features, state);
		if (options->prune && gen_random(state, 4) == 0)
			unsplit(tree, node);
		else if (options->chain)
			node = tree->num_nodes - 2 + (int32_t) gen_random(state, 2);
	}
	tree->left.count = tree->right.count = tree->parent.count = tree->split_index.count =
		tree->split_condition.count = tree->default_left.count = tree->split_type.count =
		tree->base_weight.count = tree->loss_change.count = tree->sum_hessian.count =
		tree->num_nodes;
}

void
gen_model(RmlXgbModel *model, RmlHost *host, const GenOptions *options)
{
	uint32_t	state = options->seed * 2654435761u + 1;
	int32_t		n = options->n_trees;

	memset(model, 0, sizeof(*model));
	model->has_version = true;
	model->writer = (RmlWriter) {1, options->writer_minor, 2};
	strcpy(model->objective, gen_random(&state, 2) ? "binary:logistic" : "reg:squarederror");
	strcpy(model->booster, options->dart ? "dart" : "gbtree");
	model->num_feature = options->n_features;
	model->base_score.values = rml_alloc(host, sizeof(float));
	model->base_score.values[0] = 0.01f + (float) gen_random(&state, 97) / 100.0f;
	model->base_score.count = 1;
	model->num_trees = model->n_trees = n;
	model->num_parallel_tree = 1;
	model->tree_info.values = rml_alloc(host, (size_t) n * sizeof(int32_t));
	memset(model->tree_info.values, 0, (size_t) n * sizeof(int32_t));
	model->tree_info.count = n;
	model->trees = rml_alloc(host, (size_t) n * sizeof(RmlXgbTree));
	for (int32_t i = 0; i < n; i++)
	{
		gen_tree(&model->trees[i], host, options, &state);
		model->trees[i].id = options->shuffle ? n - 1 - i : i;
	}
	if (options->dart)
	{
		model->has_weight_drop = true;
		model->weight_drop.values = rml_alloc(host, (size_t) n * sizeof(float));
		model->weight_drop.count = n;
		for (int32_t i = 0; i < n; i++)
			model->weight_drop.values[i] = (float) gen_random(&state, 1000) / 777.0f;
	}
}

/* ---- JSON ---- */

static void
json_float(Text *out, float value)
{
	if (value == 0.0f && signbit(value))
		text_add(out, "-0.0");
	else
		text_add(out, "%.9G", value);
}

static void
json_ints(Text *out, const char *key, const RmlIntArray *array)
{
	text_add(out, "\"%s\":[", key);
	for (int32_t i = 0; i < array->count; i++)
		text_add(out, "%s%d", i ? "," : "", array->values[i]);
	text_add(out, "],");
}

static void
json_floats(Text *out, const char *key, const RmlFloatArray *array)
{
	text_add(out, "\"%s\":[", key);
	for (int32_t i = 0; i < array->count; i++)
	{
		if (i)
			text_add(out, ",");
		json_float(out, array->values[i]);
	}
	text_add(out, "],");
}

static void
json_bytes(Text *out, const char *key, const RmlByteArray *array)
{
	text_add(out, "\"%s\":[", key);
	for (int32_t i = 0; i < array->count; i++)
		text_add(out, "%s%d", i ? "," : "", array->values[i]);
	text_add(out, "],");
}

static void
json_tree(Text *out, const RmlXgbTree *tree)
{
	text_add(out, "{");
	json_floats(out, "base_weights", &tree->base_weight);
	text_add(out, "\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],"
			 "\"categories_sizes\":[],");
	json_bytes(out, "default_left", &tree->default_left);
	text_add(out, "\"id\":%d,", tree->id);
	json_ints(out, "left_children", &tree->left);
	json_floats(out, "loss_changes", &tree->loss_change);
	json_ints(out, "parents", &tree->parent);
	json_ints(out, "right_children", &tree->right);
	json_floats(out, "split_conditions", &tree->split_condition);
	json_ints(out, "split_indices", &tree->split_index);
	json_bytes(out, "split_type", &tree->split_type);
	json_floats(out, "sum_hessian", &tree->sum_hessian);
	text_add(out, "\"tree_param\":{\"num_deleted\":\"%d\",\"num_feature\":\"%d\",\"num_nodes\":\"%d\","
			 "\"size_leaf_vector\":\"0\"}}", tree->num_deleted, tree->num_feature, tree->num_nodes);
}

void
gen_json(const RmlXgbModel *model, Text *out)
{
	bool		dart = strcmp(model->booster, "dart") == 0;

	text_add(out, "{\"learner\":{\"attributes\":{},\"feature_names\":[],\"feature_types\":[],"
			 "\"gradient_booster\":{");
	if (dart)
		text_add(out, "\"gbtree\":{");
	text_add(out, "\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"%d\",\"num_trees\":\"%d\","
			 "\"size_leaf_vector\":\"0\"},", model->num_parallel_tree, model->num_trees);
	json_ints(out, "tree_info", &model->tree_info);
	text_add(out, "\"trees\":[");
	for (int32_t i = 0; i < model->n_trees; i++)
	{
		if (i)
			text_add(out, ",");
		json_tree(out, &model->trees[i]);
	}
	text_add(out, "]},\"name\":\"gbtree\"");
	if (dart)
	{
		text_add(out, "},\"name\":\"dart\",");
		json_floats(out, "weight_drop", &model->weight_drop);
		out->size--;			/* its comma */
	}
	text_add(out, "},\"learner_model_param\":{\"base_score\":\"%.9E\",\"num_class\":\"0\","
			 "\"num_feature\":\"%d\"},\"objective\":{\"name\":\"%s\"}},\"version\":[%d,%d,%d]}",
			 model->base_score.values[0], model->num_feature, model->objective,
			 model->writer.major, model->writer.minor, model->writer.patch);
}

/* ---- UBJSON ---- */

static void
ubj_number(Text *out, uint64_t bits, int width)
{
	uint8_t		bytes[8];

	for (int i = 0; i < width; i++)
		bytes[i] = (uint8_t) (bits >> (8 * (width - 1 - i)));
	text_bytes(out, bytes, (size_t) width);
}

static void
ubj_text(Text *out, const char *text)
{
	text_add(out, "L");
	ubj_number(out, strlen(text), 8);
	text_add(out, "%s", text);
}

static void
ubj_typed(Text *out, const char *key, char type, int32_t count)
{
	ubj_text(out, key);
	text_add(out, "[$%c#L", type);
	ubj_number(out, (uint64_t) count, 8);
}

static void
ubj_ints(Text *out, const char *key, const RmlIntArray *array)
{
	ubj_typed(out, key, 'l', array->count);
	for (int32_t i = 0; i < array->count; i++)
		ubj_number(out, (uint32_t) array->values[i], 4);
}

static void
ubj_floats(Text *out, const char *key, const RmlFloatArray *array)
{
	ubj_typed(out, key, 'd', array->count);
	for (int32_t i = 0; i < array->count; i++)
	{
		uint32_t	bits;

		memcpy(&bits, &array->values[i], sizeof(bits));
		ubj_number(out, bits, 4);
	}
}

static void
ubj_bytes(Text *out, const char *key, const RmlByteArray *array)
{
	ubj_typed(out, key, 'U', array->count);
	text_bytes(out, array->values, (size_t) array->count);
}

static void
ubj_parameter(Text *out, const char *key, const char *format, double value)
{
	char		buffer[64];

	ubj_text(out, key);
	snprintf(buffer, sizeof(buffer), format, value);
	text_add(out, "S");
	ubj_text(out, buffer);
}

static void
ubj_string(Text *out, const char *key, const char *value)
{
	ubj_text(out, key);
	text_add(out, "S");
	ubj_text(out, value);
}

static void
ubj_tree(Text *out, const RmlXgbTree *tree)
{
	text_add(out, "{");
	ubj_floats(out, "base_weights", &tree->base_weight);
	ubj_typed(out, "categories", 'l', 0);
	ubj_bytes(out, "default_left", &tree->default_left);
	ubj_text(out, "id");
	text_add(out, "l");
	ubj_number(out, (uint32_t) tree->id, 4);
	ubj_ints(out, "left_children", &tree->left);
	ubj_floats(out, "loss_changes", &tree->loss_change);
	ubj_ints(out, "parents", &tree->parent);
	ubj_ints(out, "right_children", &tree->right);
	ubj_floats(out, "split_conditions", &tree->split_condition);
	ubj_ints(out, "split_indices", &tree->split_index);
	ubj_bytes(out, "split_type", &tree->split_type);
	ubj_floats(out, "sum_hessian", &tree->sum_hessian);
	ubj_text(out, "tree_param");
	text_add(out, "{");
	ubj_parameter(out, "num_deleted", "%.0f", tree->num_deleted);
	ubj_parameter(out, "num_feature", "%.0f", tree->num_feature);
	ubj_parameter(out, "num_nodes", "%.0f", tree->num_nodes);
	text_add(out, "}}");
}

void
gen_ubj(const RmlXgbModel *model, Text *out)
{
	bool		dart = strcmp(model->booster, "dart") == 0;

	text_add(out, "{");
	ubj_text(out, "learner");
	text_add(out, "{");
	ubj_text(out, "gradient_booster");
	text_add(out, "{");
	if (dart)
	{
		ubj_text(out, "gbtree");
		text_add(out, "{");
	}
	ubj_text(out, "model");
	text_add(out, "{");
	ubj_text(out, "gbtree_model_param");
	text_add(out, "{");
	ubj_parameter(out, "num_parallel_tree", "%.0f", model->num_parallel_tree);
	ubj_parameter(out, "num_trees", "%.0f", model->num_trees);
	text_add(out, "}");
	ubj_ints(out, "tree_info", &model->tree_info);
	ubj_text(out, "trees");
	text_add(out, "[#L");
	ubj_number(out, (uint64_t) model->n_trees, 8);
	for (int32_t i = 0; i < model->n_trees; i++)
		ubj_tree(out, &model->trees[i]);
	text_add(out, "}");
	ubj_string(out, "name", "gbtree");
	if (dart)
	{
		text_add(out, "}");
		ubj_string(out, "name", "dart");
		ubj_floats(out, "weight_drop", &model->weight_drop);
	}
	text_add(out, "}");
	ubj_text(out, "learner_model_param");
	text_add(out, "{");
	ubj_parameter(out, "base_score", "%.9E", model->base_score.values[0]);
	ubj_parameter(out, "num_feature", "%.0f", model->num_feature);
	text_add(out, "}");
	ubj_text(out, "objective");
	text_add(out, "{");
	ubj_string(out, "name", model->objective);
	text_add(out, "}}");
	ubj_text(out, "version");
	text_add(out, "[#i\3i%ci%ci%c}", model->writer.major, model->writer.minor, model->writer.patch);
}
