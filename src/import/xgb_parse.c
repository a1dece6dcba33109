/*
 * xgb_parse.c
 *	  From the events of a model file to RmlXgbModel.
 *
 * Knows the keys of XGBoost 1.0 to 3.4 and the type of each value; unknown
 * keys are skipped.  Whether the values agree with each other is the
 * validator's business.  Keys may come in any order.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/parse.h"

/* Digits behind the point that XGBoost 1.0 and 1.1 read. */
#define OLD_MAX_DIGITS 19

/* ---- booster ---- */

static bool
booster_param_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "num_trees") == 0)
		return rml_parse_parameter(p, key, value, &model->num_trees);
	if (strcmp(key, "num_parallel_tree") == 0)
		return rml_parse_parameter(p, key, value, &model->num_parallel_tree);
	if (strcmp(key, "size_leaf_vector") == 0)
		return rml_parse_parameter(p, key, value, &model->size_leaf_vector);
	return rml_reader_skip(&p->reader, value);
}

/* Dart's weights stand in one of three places, depending on the version. */
static bool
parse_weight_drop(RmlParser *p, const char *key, const RmlEvent *value, bool in_model)
{
	if (p->model->has_weight_drop)
		return rml_parse_given_twice(p, key, value);
	p->model->has_weight_drop = true;
	p->model->weights_in_model = in_model;
	return rml_parse_floats(p, key, value, &p->model->weight_drop);
}

static bool
model_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "gbtree_model_param") == 0)
		return rml_parse_object(p, key, value, booster_param_field, model);
	if (strcmp(key, "tree_info") == 0)
		return rml_parse_ints(p, key, value, &model->tree_info);
	if (strcmp(key, "iteration_indptr") == 0)
		return rml_parse_ints(p, key, value, &model->iteration_indptr);
	if (strcmp(key, "weight_drop") == 0)
		return parse_weight_drop(p, key, value, true);
	if (strcmp(key, "cats") == 0)
		return rml_parse_cats(p, key, value, &model->cats);
	if (strcmp(key, "trees") == 0)
		return rml_parse_trees(p, key, value);
	if (strcmp(key, "weights") == 0)
		return rml_parse_floats(p, key, value, &model->weights);
	if (strcmp(key, "boosted_rounds") == 0)
		return rml_parse_int32(p, key, value, &model->boosted_rounds);
	return rml_reader_skip(&p->reader, value);
}

/* The inner booster of a dart file up to 3.2. */
static bool
inner_booster_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	char		name[64];

	if (strcmp(key, "model") == 0)
	{
		((RmlXgbModel *) target)->nested = true;
		return rml_parse_object(p, key, value, model_field, target);
	}
	if (strcmp(key, "name") == 0)
	{
		if (!rml_parse_name(p, "gradient_booster.gbtree.name", value, name))
			return false;
		if (strcmp(name, "gbtree") != 0)
			return rml_fail(p->err, RML_INVALID,
							"gradient_booster.gbtree.name is \"%s\", expected \"gbtree\"", name);
		return true;
	}
	return rml_reader_skip(&p->reader, value);
}

static bool
booster_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "name") == 0)
		return rml_parse_name(p, "gradient_booster.name", value, model->booster);
	if (strcmp(key, "model") == 0)
		return rml_parse_object(p, key, value, model_field, model);
	if (strcmp(key, "gbtree") == 0)
		return rml_parse_object(p, key, value, inner_booster_field, model);
	if (strcmp(key, "weight_drop") == 0)
		return parse_weight_drop(p, key, value, false);
	return rml_reader_skip(&p->reader, value);
}

/* ---- learner ---- */

/* Digits of a number that stands alone, but for zeros in front; -1 for anything else. */
static int32_t
count_digits(const char *text, size_t length)
{
	int32_t		digits = 0;

	for (size_t i = 0; i < length && text[i] != 'e' && text[i] != 'E'; i++)
	{
		if (text[i] >= '0' && text[i] <= '9')
			digits += digits > 0 || text[i] != '0';
		else if (text[i] != '.' && text[i] != '-')
			return -1;
	}
	return length > 0 && text[length - 1] != ' ' ? digits : -1;
}

/*
 * As XGBoost 1.0 and 1.1 read a number (dmlc-core, strtonum.h, ParseFloat):
 * what is before and behind the point is added in float32, then scaled.
 * Infinite where those versions report an overflow.
 */
static float
old_number(const char *s, const char *end)
{
	bool		negative = s < end && *s == '-';
	uint64_t	before = 0;
	uint64_t	behind = 0;
	uint64_t	power = 1;
	uint32_t	exponent = 0;
	bool		divide = false;
	float		value;
	float		scale = 1.0f;

	for (s += negative; s < end && *s >= '0' && *s <= '9'; s++)
		before = before * 10 + (uint64_t) (*s - '0');
	value = (float) before;
	if (s < end && *s == '.')
	{
		int			n = 0;

		for (s++; s < end && *s >= '0' && *s <= '9'; s++)
		{
			if (n++ >= OLD_MAX_DIGITS)
				continue;
			behind = behind * 10 + (uint64_t) (*s - '0');
			power *= 10;
		}
		value += (float) ((double) behind / (double) power);
	}
	if (s < end && (*s == 'e' || *s == 'E'))
	{
		divide = ++s < end && *s == '-';
		s += s < end && (*s == '-' || *s == '+');
		for (; s < end && *s >= '0' && *s <= '9'; s++)
			exponent = exponent * 10 + (uint32_t) (*s - '0');
	}
	if (exponent > 38 || (exponent == 38 && (divide ? value < 1.175494351f : value > 3.402823466f)))
		return INFINITY;
	for (; exponent >= 8; exponent -= 8)
		scale *= 1E8f;
	for (; exponent > 0; exponent--)
		scale *= 10.0f;
	value = divide ? value / scale : value * scale;
	return negative ? -value : value;
}

static bool
learner_param_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "num_feature") == 0)
		return rml_parse_parameter(p, key, value, &model->num_feature);
	if (strcmp(key, "num_class") == 0)
		return rml_parse_parameter(p, key, value, &model->num_class);
	if (strcmp(key, "num_target") == 0)
		return rml_parse_parameter(p, key, value, &model->num_target);
	if (strcmp(key, "base_score") == 0)
	{
		if (!rml_parse_number_list(p, "learner_model_param.base_score", value,
								   &model->base_score))
			return false;
		model->base_score_digits = count_digits(value->text, value->length);
		model->old_base_score = old_number(value->text, value->text + value->length);
		return true;
	}
	if (strcmp(key, "boost_from_average") == 0)
	{
		int32_t		number;

		if (!rml_parse_parameter(p, key, value, &number))
			return false;
		model->boost_from_average = number != 0;
		return true;
	}
	return rml_reader_skip(&p->reader, value);
}

static bool
objective_param_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "num_class") == 0)
		return rml_parse_parameter(p, "softmax_multiclass_param.num_class", value,
								   &model->softmax_classes);
	if (strcmp(key, "quantile_alpha") == 0)
		return rml_parse_number_list(p, "quantile_loss_param.quantile_alpha", value,
									 &model->quantiles);
	if (strcmp(key, "expectile_alpha") == 0)
		return rml_parse_number_list(p, "expectile_loss_param.expectile_alpha", value,
									 &model->expectiles);
	return rml_reader_skip(&p->reader, value);
}

static bool
objective_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "name") == 0)
		return rml_parse_name(p, "objective.name", value, model->objective);
	if (strcmp(key, "softmax_multiclass_param") == 0 ||
		strcmp(key, "quantile_loss_param") == 0 ||
		strcmp(key, "expectile_loss_param") == 0)
		return rml_parse_object(p, key, value, objective_param_field, model);
	return rml_reader_skip(&p->reader, value);
}

/* Attributes are free text of the user's; those of early stopping have a meaning. */
static bool
attribute_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	char		path[80];

	snprintf(path, sizeof(path), "attributes.%s", key);
	if (!rml_parse_expect(p, path, value, RML_EV_STRING))
		return false;
	if (strcmp(key, "best_iteration") == 0)
	{
		int64_t		iteration = rml_parse_digits(value->text, value->length);

		model->has_best_iteration = iteration >= 0;
		model->best_iteration = (int32_t) iteration;
	}
	if (strcmp(key, "best_ntree_limit") == 0)
		model->best_ntree_limit = rml_parse_digits(value->text, value->length);
	return true;
}

static bool
learner_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "attributes") == 0)
		return rml_parse_object(p, key, value, attribute_field, model);
	if (strcmp(key, "feature_names") == 0)
		return rml_parse_texts(p, key, value, &model->feature_names);
	if (strcmp(key, "feature_types") == 0)
		return rml_parse_texts(p, key, value, &model->feature_types);
	if (strcmp(key, "gradient_booster") == 0)
		return rml_parse_object(p, key, value, booster_field, model);
	if (strcmp(key, "learner_model_param") == 0)
		return rml_parse_object(p, key, value, learner_param_field, model);
	if (strcmp(key, "objective") == 0)
		return rml_parse_object(p, key, value, objective_field, model);
	return rml_reader_skip(&p->reader, value);
}

static bool
parse_version(RmlParser *p, const RmlEvent *value)
{
	RmlIntArray parts = {0};

	if (!rml_parse_ints(p, "version", value, &parts))
		return false;
	if (parts.count != 3)
		return rml_fail_at(p->err, value->offset, "version has %d entries, expected 3",
						   parts.count);
	p->model->writer.major = parts.values[0];
	p->model->writer.minor = parts.values[1];
	p->model->writer.patch = parts.values[2];
	p->model->has_version = true;
	return true;
}

typedef struct TopLevel
{
	bool		saw_learner;
	bool		saw_snapshot;	/* keys of a pickle's inner format */
} TopLevel;

static bool
top_field(RmlParser *p, const char *key, const RmlEvent *value, void *target)
{
	TopLevel   *top = target;

	if (strcmp(key, "learner") == 0)
	{
		top->saw_learner = true;
		return rml_parse_object(p, key, value, learner_field, p->model);
	}
	if (strcmp(key, "version") == 0)
		return parse_version(p, value);
	if (strcmp(key, "Model") == 0 || strcmp(key, "Config") == 0)
		top->saw_snapshot = true;
	return rml_reader_skip(&p->reader, value);
}

static bool
parse_file(RmlParser *p)
{
	TopLevel	top = {0};
	RmlEvent	event;

	if (!rml_reader_next(&p->reader, &event) ||
		!rml_parse_object(p, "the model", &event, top_field, &top) ||
		!rml_reader_next(&p->reader, &event))	/* RML_EV_END or trailing bytes */
		return false;
	if (top.saw_snapshot && !top.saw_learner)
	{
		rml_fail(p->err, RML_FOREIGN,
				 "this is a memory snapshot of a booster, as pickle stores it, not a model file");
		return rml_hint(p->err, "Load it in Python and write it with booster.save_model(\"model.ubj\").");
	}
	if (!top.saw_learner)
		return rml_fail(p->err, RML_FOREIGN, "this is not an XGBoost model: there is no \"learner\"");
	return true;
}

/*
 * UBJSON and JSON both begin with '{'.  In UBJSON an integer marker and a
 * length follow, in JSON white space, '"' or '}'.
 */
static bool
looks_like_ubj(const uint8_t *data, size_t size)
{
	return size >= 2 && data[0] == '{' && strchr("iUIlL", data[1]) != NULL && data[1] != '\0';
}

bool
rml_xgb_parse(const void *data, size_t size, RmlHost *host, RmlXgbModel *model, RmlError *err)
{
	RmlParser		parser = {.host = host, .err = err, .model = model};
	bool		ok;

	memset(model, 0, sizeof(*model));
	/* counts and offsets are kept in 32 bits */
	if (size > INT32_MAX)
		return rml_fail(err, RML_LIMIT, "the file has %zu bytes, at most %d are possible",
						size, INT32_MAX);
	if (!rml_reject_foreign(data, size, err))
		return false;
	if (looks_like_ubj(data, size))
		rml_ubj_open(&parser.reader, data, size, host, err);
	else
		rml_json_open(&parser.reader, data, size, host, err);
	model->num_target = 1;
	model->num_trees = -1;
	model->num_parallel_tree = 1;
	model->boost_from_average = true;
	model->best_ntree_limit = -1;
	model->softmax_classes = -1;
	ok = parse_file(&parser);
	rml_reader_close(&parser.reader);
	if (parser.buffer)
		host->release(host, parser.buffer);
	return ok;
}
