/*
 * gen_text.c
 *	  A model as JSON or UBJSON, laid out as its version of XGBoost does.
 */
#include "gen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One of the two encodings being written. */
typedef struct Writer
{
	Text	   *out;
	bool		ubj;
	bool		comma;			/* JSON: something stands before in this list */
} Writer;

/* ---- values ---- */

static void
big_endian(Writer *w, uint64_t bits, int width)
{
	uint8_t		bytes[8];

	for (int i = 0; i < width; i++)
		bytes[i] = (uint8_t) (bits >> (8 * (width - 1 - i)));
	text_bytes(w->out, bytes, (size_t) width);
}

static void
length(Writer *w, size_t n)
{
	text_add(w->out, "L");
	big_endian(w, n, 8);
}

/* What stands before a value in a list of them. */
static void
element(Writer *w)
{
	if (!w->ubj && w->comma)
		text_add(w->out, ",");
	w->comma = true;
}

static void
key(Writer *w, const char *name)
{
	if (w->ubj)
		length(w, strlen(name));
	element(w);
	text_add(w->out, w->ubj ? "%s" : "\"%s\":", name);
	w->comma = false;
}

static void
string(Writer *w, const char *name, const char *value)
{
	key(w, name);
	text_add(w->out, w->ubj ? "S" : "\"");
	if (w->ubj)
		length(w, strlen(value));
	text_bytes(w->out, value, strlen(value));
	if (!w->ubj)
		text_add(w->out, "\"");
	w->comma = true;
}

static void
parameter(Writer *w, const char *name, int32_t value)
{
	char		buffer[16];

	snprintf(buffer, sizeof(buffer), "%d", value);
	string(w, name, buffer);
}

static void
integer(Writer *w, int64_t value)
{
	element(w);
	if (!w->ubj)
	{
		text_add(w->out, "%lld", (long long) value);
		return;
	}
	text_add(w->out, value == (int32_t) value ? "l" : "L");
	big_endian(w, (uint64_t) value, value == (int32_t) value ? 4 : 8);
}

static void
begin(Writer *w, char bracket)
{
	element(w);
	text_add(w->out, "%c", bracket);
	w->comma = false;
}

static void
end(Writer *w, char bracket)
{
	text_add(w->out, "%c", bracket);
	w->comma = true;
}

/* A list of so many elements: UBJSON writes no end behind them. */
static void
begin_list(Writer *w, size_t n)
{
	begin(w, '[');
	if (!w->ubj)
		return;
	text_add(w->out, "#");
	length(w, n);
}

static void
end_list(Writer *w)
{
	if (!w->ubj)
		text_add(w->out, "]");
	w->comma = true;
}

static void
begin_object(Writer *w, const char *name)
{
	key(w, name);
	begin(w, '{');
}

/* ---- arrays ---- */

static void
begin_typed(Writer *w, const char *name, char type, int32_t n)
{
	key(w, name);
	begin(w, '[');
	if (!w->ubj)
		return;
	text_add(w->out, "$%c#", type);
	length(w, (size_t) n);
}

static int
width_of(char type)
{
	return type == 'L' ? 8 : type == 'l' ? 4 : type == 'I' ? 2 : 1;
}

static void
ints(Writer *w, const char *name, char type, const RmlIntArray *array)
{
	begin_typed(w, name, type, array->count);
	for (int32_t i = 0; i < array->count; i++)
	{
		element(w);
		if (w->ubj)
			big_endian(w, (uint64_t) (int64_t) array->values[i], width_of(type));
		else
			text_add(w->out, "%d", array->values[i]);
	}
	end_list(w);
}

static void
wides(Writer *w, const char *name, char type, const RmlWideArray *array)
{
	begin_typed(w, name, type, array->count);
	for (int32_t i = 0; i < array->count; i++)
	{
		element(w);
		if (w->ubj)
			big_endian(w, (uint64_t) rml_wide_value(array, i), width_of(type));
		else
			text_add(w->out, "%lld", (long long) rml_wide_value(array, i));
	}
	end_list(w);
}

static void
json_float(Writer *w, float value)
{
	if (isnan(value))
		text_add(w->out, "NaN");
	else if (value == 0.0f && signbit(value))
		text_add(w->out, "-0.0");
	else
		text_add(w->out, "%.9G", value);
}

static void
floats(Writer *w, const char *name, const RmlFloatArray *array)
{
	begin_typed(w, name, 'd', array->count);
	for (int32_t i = 0; i < array->count; i++)
	{
		uint32_t	bits;

		element(w);
		memcpy(&bits, &array->values[i], sizeof(bits));
		if (w->ubj)
			big_endian(w, bits, 4);
		else
			json_float(w, array->values[i]);
	}
	end_list(w);
}

static void
bytes(Writer *w, const char *name, const RmlByteArray *array)
{
	begin_typed(w, name, 'U', array->count);
	for (int32_t i = 0; i < array->count; i++)
	{
		element(w);
		if (w->ubj)
			big_endian(w, array->values[i], 1);
		else
			text_add(w->out, "%d", array->values[i]);
	}
	end_list(w);
}

/* Numbers within a string: "5E-1" or "[5E-1,7E-1]". */
static void
number_list(Writer *w, const char *name, const RmlFloatArray *array, bool brackets)
{
	Text		text = {0};

	for (int32_t i = 0; i < array->count; i++)
		text_add(&text, "%s%.8E", i > 0 ? "," : brackets ? "[" : "", array->values[i]);
	if (brackets)
		text_add(&text, "]");
	text_bytes(&text, "", 1);
	string(w, name, text.data);
	text_free(&text);
}

/* ---- trees ---- */

static void
write_sets(Writer *w, const RmlXgbTree *tree)
{
	ints(w, "categories", 'l', &tree->categories);
	ints(w, "categories_nodes", 'l', &tree->category_nodes);
	ints(w, "categories_segments", 'L', &tree->category_segments);
	ints(w, "categories_sizes", 'L', &tree->category_sizes);
}

static void
write_tree(Writer *w, const RmlXgbTree *tree, RmlWriter by)
{
	begin(w, '{');
	floats(w, "base_weights", &tree->base_weight);
	write_sets(w, tree);
	bytes(w, "default_left", &tree->default_left);
	key(w, "id");
	integer(w, tree->id);
	ints(w, "left_children", 'l', &tree->left);
	if (tree->leaf_weights.values != NULL)
		floats(w, "leaf_weights", &tree->leaf_weights);
	if (tree->loss_change.values != NULL)
		floats(w, "loss_changes", &tree->loss_change);
	ints(w, "parents", 'l', &tree->parent);
	ints(w, "right_children", 'l', &tree->right);
	floats(w, "split_conditions", &tree->split_condition);
	ints(w, "split_indices", tree->id % 2 ? 'L' : 'l', &tree->split_index);
	bytes(w, "split_type", &tree->split_type);
	if (tree->sum_hessian.values != NULL)
		floats(w, "sum_hessian", &tree->sum_hessian);
	begin_object(w, "tree_param");
	parameter(w, "num_deleted", tree->num_deleted);
	parameter(w, "num_feature", tree->num_feature);
	parameter(w, "num_nodes", tree->num_nodes);
	parameter(w, "size_leaf_vector", tree->size_leaf_vector > 1 ? tree->size_leaf_vector
			  : by.major >= 2);
	end(w, '}');
	end(w, '}');
}

/* ---- labels ---- */

static void
write_labels(Writer *w, const RmlXgbLabels *labels)
{
	static const char types[] = {'i', 'U', 'I', 'I', 'l', 'l', 'L', 'L'};
	char		type = labels->is_text ? 'i' : labels->type < 9 || labels->type > 16 ? 'L'
		: types[labels->type - 9];

	begin(w, '{');
	if (labels->is_text)
		ints(w, "offsets", 'l', &labels->offsets);
	else
	{
		key(w, "type");
		integer(w, labels->type);
	}
	wides(w, "values", type, &labels->values);
	end(w, '}');
}

static void
write_cats(Writer *w, const RmlXgbCats *cats)
{
	begin_object(w, "cats");
	key(w, "enc");
	begin_list(w, (size_t) cats->n_enc);
	for (int32_t i = 0; i < cats->n_enc; i++)
		write_labels(w, &cats->labels[i]);
	end_list(w);
	ints(w, "feature_segments", 'l', &cats->segments);
	ints(w, "sorted_idx", 'l', &cats->sorted_idx);
	end(w, '}');
}

/* ---- boosters ---- */

static void
write_linear(Writer *w, const RmlXgbModel *model)
{
	begin_object(w, "model");
	if (rml_writer_at_least(model->writer, 1, 4, 0))
	{
		key(w, "boosted_rounds");
		integer(w, model->boosted_rounds);
	}
	floats(w, "weights", &model->weights);
	end(w, '}');
	string(w, "name", "gblinear");
}

static void
write_gbtree_model(Writer *w, const RmlXgbModel *model)
{
	begin_object(w, "model");
	if (rml_writer_at_least(model->writer, 3, 1, 0))
		write_cats(w, &model->cats);
	begin_object(w, "gbtree_model_param");
	parameter(w, "num_parallel_tree", model->num_parallel_tree);
	parameter(w, "num_trees", model->num_trees);
	if (model->writer.major < 2)
		parameter(w, "size_leaf_vector", 0);
	end(w, '}');
	if (model->writer.major >= 2)
		ints(w, "iteration_indptr", 'l', &model->iteration_indptr);
	ints(w, "tree_info", 'l', &model->tree_info);
	key(w, "trees");
	begin_list(w, (size_t) model->n_trees);
	for (int32_t i = 0; i < model->n_trees; i++)
		write_tree(w, &model->trees[i], model->writer);
	end_list(w);
	if (rml_writer_at_least(model->writer, 3, 4, 0) && model->has_weight_drop)
		floats(w, "weight_drop", &model->weight_drop);
	end(w, '}');
}

/* Dart's weights have three places: outside, beside the model, in it. */
static void
write_booster(Writer *w, const RmlXgbModel *model)
{
	bool		late = rml_writer_at_least(model->writer, 3, 3, 0);
	bool		nested = model->has_weight_drop && !late;

	begin_object(w, "gradient_booster");
	if (strcmp(model->booster, "gblinear") == 0)
		write_linear(w, model);
	else
	{
		if (nested)
			begin_object(w, "gbtree");
		write_gbtree_model(w, model);
		string(w, "name", "gbtree");
		if (nested)
		{
			end(w, '}');
			string(w, "name", "dart");
		}
		if (model->has_weight_drop && !rml_writer_at_least(model->writer, 3, 4, 0))
			floats(w, "weight_drop", &model->weight_drop);
	}
	end(w, '}');
}

/* ---- the whole ---- */

static void
write_objective(Writer *w, const RmlXgbModel *model)
{
	begin_object(w, "objective");
	string(w, "name", model->objective);
	if (model->softmax_classes >= 0)
	{
		begin_object(w, "softmax_multiclass_param");
		parameter(w, "num_class", model->softmax_classes);
		end(w, '}');
	}
	if (model->quantiles.count > 0)
	{
		begin_object(w, "quantile_loss_param");
		number_list(w, "quantile_alpha", &model->quantiles, true);
		end(w, '}');
	}
	if (model->expectiles.count > 0)
	{
		begin_object(w, "expectile_loss_param");
		number_list(w, "expectile_alpha", &model->expectiles, true);
		end(w, '}');
	}
	end(w, '}');
}

static void
write_learner_param(Writer *w, const RmlXgbModel *model)
{
	begin_object(w, "learner_model_param");
	number_list(w, "base_score", &model->base_score, rml_writer_at_least(model->writer, 3, 1, 0));
	if (model->writer.major >= 2)
		parameter(w, "boost_from_average", model->boost_from_average);
	parameter(w, "num_class", model->num_class);
	parameter(w, "num_feature", model->num_feature);
	if (rml_writer_at_least(model->writer, 1, 6, 0))
		parameter(w, "num_target", model->num_target);
	end(w, '}');
}

void
gen_text(const RmlXgbModel *model, bool ubj, Text *out)
{
	Writer		writer = {.out = out, .ubj = ubj};
	Writer	   *w = &writer;

	begin(w, '{');
	begin_object(w, "learner");
	begin_object(w, "attributes");
	end(w, '}');
	key(w, "feature_names");
	begin_list(w, 0);
	end_list(w);
	write_booster(w, model);
	write_learner_param(w, model);
	write_objective(w, model);
	end(w, '}');
	key(w, "version");
	begin_list(w, 3);
	integer(w, model->writer.major);
	integer(w, model->writer.minor);
	integer(w, model->writer.patch);
	end_list(w);
	end(w, '}');
}

void
gen_json(const RmlXgbModel *model, Text *out)
{
	gen_text(model, false, out);
}

void
gen_ubj(const RmlXgbModel *model, Text *out)
{
	gen_text(model, true, out);
}
