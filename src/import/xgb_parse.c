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
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "import/reader.h"
#include "import/xgb.h"

/* Bytes up to which an array is copied out of the parser's buffer. */
#define SMALL_ARRAY 32768

typedef struct Parser
{
	RmlReader	reader;
	RmlHost    *host;
	RmlError   *err;
	RmlXgbModel *model;
	int32_t		max_trees;		/* allocated */
	void	   *buffer;			/* array being read, before its size is known */
	size_t		buffer_size;
	char		where[96];		/* "tree 3" or so, for messages */
} Parser;

/* Reads the value of a key (the event that begins it is given). */
typedef bool (*FieldFn) (Parser *p, const char *key, const RmlEvent *value, void *target);

static const char *
event_name(RmlEventKind kind)
{
	static const char *const names[] = {
		[RML_EV_OBJECT_BEGIN] = "an object",
		[RML_EV_OBJECT_END] = "the end of an object",
		[RML_EV_ARRAY_BEGIN] = "an array",
		[RML_EV_ARRAY_END] = "the end of an array",
		[RML_EV_KEY] = "a key",
		[RML_EV_STRING] = "a string",
		[RML_EV_INTEGER] = "an integer",
		[RML_EV_REAL] = "a floating-point number",
		[RML_EV_BOOLEAN] = "a boolean",
		[RML_EV_NULL] = "null",
		[RML_EV_END] = "the end of the input",
	};

	return names[kind];
}

/* Names the field (and the tree it belongs to) in every message. */
static bool
wrong_type(Parser *p, const char *key, const RmlEvent *event, const char *wanted)
{
	return rml_fail_at(p->err, event->offset, "%s%s is %s, expected %s",
					   p->where, key, event_name(event->kind), wanted);
}

static bool
expect(Parser *p, const char *key, const RmlEvent *event, RmlEventKind kind)
{
	return event->kind == kind ? true : wrong_type(p, key, event, event_name(kind));
}

/*
 * Feeds each key of the object that *begin started to `field`.  A key longer
 * than any known one is shortened, so it stays unknown.
 */
static bool
parse_object(Parser *p, const char *name, const RmlEvent *begin, FieldFn field, void *target)
{
	RmlEvent	event;
	char		key[64];

	if (!expect(p, name, begin, RML_EV_OBJECT_BEGIN))
		return false;
	for (;;)
	{
		size_t		length;

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_OBJECT_END)
			return true;
		length = (size_t) rml_utf8_clip(event.text, event.length, sizeof(key) - 1);
		memcpy(key, event.text, length);
		key[length] = '\0';
		if (!rml_reader_next(&p->reader, &event) ||
			!field(p, key, &event, target))
			return false;
	}
}

/* Room for at least `count` items in the parser's buffer. */
static void *
buffer_for(Parser *p, size_t count, size_t width)
{
	if (count * width > p->buffer_size)
	{
		size_t		wanted = p->buffer_size + p->buffer_size / 2;

		if (wanted < count * width)
			wanted = count * width + SMALL_ARRAY;
		p->buffer = p->buffer ? p->host->resize(p->host, p->buffer, wanted)
			: rml_alloc(p->host, wanted);
		p->buffer_size = wanted;
	}
	return p->buffer;
}

/* The buffer's content to keep: a copy, or the buffer itself if it is large. */
static void *
keep_buffer(Parser *p, size_t bytes)
{
	void	   *kept;

	if (bytes > SMALL_ARRAY)
	{
		kept = p->host->resize(p->host, p->buffer, bytes);
		p->buffer = NULL;
		p->buffer_size = 0;
		return kept;
	}
	kept = rml_alloc(p->host, bytes);
	if (bytes > 0)
		memcpy(kept, p->buffer, bytes);
	return kept;
}

static bool
given_twice(Parser *p, const char *key, const RmlEvent *event)
{
	return rml_fail_at(p->err, event->offset, "%s%s is given twice", p->where, key);
}

static bool
convert_int32(Parser *p, const char *key, const RmlEvent *event, int32_t *out)
{
	if (!expect(p, key, event, RML_EV_INTEGER))
		return false;
	if (event->integer < INT32_MIN || event->integer > INT32_MAX)
		return rml_fail_at(p->err, event->offset, "%s%s holds %lld, beyond 32 bits",
						   p->where, key, (long long) event->integer);
	*out = (int32_t) event->integer;
	return true;
}

/* An integer literal is a legal float; NaN and Inf are judged later. */
static bool
convert_float(Parser *p, const char *key, const RmlEvent *event, float *out)
{
	if (event->kind == RML_EV_INTEGER)
		*out = (float) event->integer;
	else if (event->kind == RML_EV_REAL)
		*out = event->real;
	else
		return wrong_type(p, key, event, "a number");
	return true;
}

/* 0, 1, false or true */
static bool
convert_flag(Parser *p, const char *key, const RmlEvent *event, uint8_t *out)
{
	if (event->kind != RML_EV_BOOLEAN && event->kind != RML_EV_INTEGER)
		return wrong_type(p, key, event, "a boolean");
	if (event->integer != 0 && event->integer != 1)
		return rml_fail_at(p->err, event->offset, "%s%s holds %lld, expected 0 or 1",
						   p->where, key, (long long) event->integer);
	*out = (uint8_t) event->integer;
	return true;
}

/*
 * The three kinds of array differ in the element's type only.  XGBoost's
 * int32 node ids bound the number of elements.
 */
#define DEFINE_ARRAY_PARSER(fn, array_type, element_type, convert) \
static bool \
fn(Parser *p, const char *key, const RmlEvent *begin, void *target) \
{ \
	array_type *array = target; \
	RmlEvent	event; \
	size_t		n = 0; \
\
	if (!expect(p, key, begin, RML_EV_ARRAY_BEGIN)) \
		return false; \
	if (array->values != NULL) \
		return given_twice(p, key, begin); \
	(void) buffer_for(p, (size_t) begin->integer, sizeof(element_type)); \
	for (;;) \
	{ \
		element_type *items; \
\
		if (!rml_reader_next(&p->reader, &event)) \
			return false; \
		if (event.kind == RML_EV_ARRAY_END) \
			break; \
		items = buffer_for(p, n + 1, sizeof(element_type)); \
		if (!convert(p, key, &event, &items[n])) \
			return false; \
		n++; \
	} \
	array->values = keep_buffer(p, n * sizeof(element_type)); \
	array->count = (int32_t) n; \
	return true; \
}

DEFINE_ARRAY_PARSER(parse_ints, RmlIntArray, int32_t, convert_int32)
DEFINE_ARRAY_PARSER(parse_floats, RmlFloatArray, float, convert_float)
DEFINE_ARRAY_PARSER(parse_flags, RmlByteArray, uint8_t, convert_flag)

/* Counts the elements of an array without keeping them. */
static bool
parse_count(Parser *p, const char *key, const RmlEvent *begin, void *target)
{
	int32_t		n = 0;
	RmlEvent	event;

	if (!expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	for (;;)
	{
		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			break;
		if (!rml_reader_skip(&p->reader, &event))
			return false;
		n++;
	}
	*(int32_t *) target = n;
	return true;
}

static char *
copy_text(Parser *p, const RmlEvent *event)
{
	char	   *copy = rml_alloc(p->host, event->length + 1);

	memcpy(copy, event->text, event->length);
	copy[event->length] = '\0';
	return copy;
}

static bool
parse_texts(Parser *p, const char *key, const RmlEvent *begin, void *target)
{
	RmlTextArray *array = target;
	RmlEvent	event;
	size_t		n = 0;

	if (!expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	if (array->values != NULL)
		return given_twice(p, key, begin);
	for (;;)
	{
		RmlText    *items;

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			break;
		if (!expect(p, key, &event, RML_EV_STRING))
			return false;
		if (n == RML_MAX_FEATURES)
			return rml_fail(p->err, RML_LIMIT, "%s%s has more than %d entries",
							p->where, key, RML_MAX_FEATURES);
		items = buffer_for(p, n + 1, sizeof(RmlText));
		items[n].data = copy_text(p, &event);
		items[n].length = (int32_t) event.length;
		n++;
	}
	array->values = keep_buffer(p, n * sizeof(RmlText));
	array->count = (int32_t) n;
	return true;
}

static bool
parse_name(Parser *p, const char *key, const RmlEvent *event, char name[64])
{
	size_t		length;

	if (!expect(p, key, event, RML_EV_STRING))
		return false;
	length = (size_t) rml_utf8_clip(event->text, event->length, 63);
	memcpy(name, event->text, length);
	name[length] = '\0';
	return true;
}

/* Digits only, up to INT32_MAX; -1 for anything else. */
static int64_t
parse_digits(const char *text, size_t length)
{
	int64_t		value = length > 0 ? 0 : -1;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
		if (value > INT32_MAX)
			return -1;
	}
	return value;
}

/* A parameter: an integer >= 0 that XGBoost writes as a string. */
static bool
parse_parameter(Parser *p, const char *key, const RmlEvent *event, int32_t *out)
{
	int64_t		value;

	if (!expect(p, key, event, RML_EV_STRING))
		return false;
	value = parse_digits(event->text, event->length);
	if (value < 0)
		return rml_fail(p->err, RML_INVALID,
						"%s%s is \"%.*s\", expected an integer from 0 to %d",
						p->where, key, rml_utf8_clip(event->text, event->length, 64),
						event->text, INT32_MAX);
	*out = (int32_t) value;
	return true;
}

/* ---- base_score ---- */

/* Length of the number at text, as JSON spells numbers; 0 if there is none. */
static size_t
number_length(const char *text)
{
	const char *s = text + (*text == '-' ? 1 : 0);
	size_t		digits = strspn(s, "0123456789");

	if (digits == 0)
		return 0;
	s += digits;
	if (*s == '.')
	{
		digits = strspn(s + 1, "0123456789");
		if (digits == 0)
			return 0;
		s += 1 + digits;
	}
	if (*s == 'e' || *s == 'E')
	{
		s += s[1] == '-' || s[1] == '+' ? 2 : 1;
		digits = strspn(s, "0123456789");
		if (digits == 0)
			return 0;
		s += digits;
	}
	return (size_t) (s - text);
}

/*
 * "5E-1" up to 3.0, "[5E-1]" or "[5E-1,2E0]" from 3.1 on; XGBoost also reads
 * round brackets.
 */
static bool
parse_base_score(Parser *p, const RmlEvent *event)
{
	RmlFloatArray *out = &p->model->base_score;
	char	   *copy;
	const char *s;
	char		close = '\0';
	size_t		n = 0;

	if (!expect(p, "base_score", event, RML_EV_STRING))
		return false;
	copy = copy_text(p, event);
	s = copy;
	if (*s == '[' || *s == '(')
		close = *s++ == '[' ? ']' : ')';
	for (;;)
	{
		size_t		length;
		float	   *items;

		s += strspn(s, " ");
		length = number_length(s);
		if (length == 0)
			break;
		items = buffer_for(p, n + 1, sizeof(float));
		items[n] = strtof(s, NULL);
		if (!isfinite(items[n++]))
			break;
		s += length;
		s += strspn(s, " ");
		if (close == '\0' || *s != ',')
		{
			if (close != '\0' && *s++ != close)
				break;
			if (s[strspn(s, " ")] != '\0')
				break;
			out->values = keep_buffer(p, n * sizeof(float));
			out->count = (int32_t) n;
			p->host->release(p->host, copy);
			return true;
		}
		s++;
	}
	return rml_fail(p->err, RML_INVALID,
					"learner_model_param.base_score is \"%.*s\", expected a number",
					rml_utf8_clip(copy, event->length, 64), copy);
}

/* ---- trees ---- */

static bool
tree_param_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbTree *tree = target;

	if (strcmp(key, "num_nodes") == 0)
		return parse_parameter(p, key, value, &tree->num_nodes);
	if (strcmp(key, "num_deleted") == 0)
		return parse_parameter(p, key, value, &tree->num_deleted);
	if (strcmp(key, "num_feature") == 0)
		return parse_parameter(p, key, value, &tree->num_feature);
	if (strcmp(key, "size_leaf_vector") == 0)
		return parse_parameter(p, key, value, &tree->size_leaf_vector);
	return rml_reader_skip(&p->reader, value);
}

/* Arrays of a tree: where each goes and how it is read. */
typedef struct TreeArray
{
	const char *key;
	FieldFn		parse;
	size_t		offset;
	bool		required;
} TreeArray;

static const TreeArray tree_arrays[] = {
	{"left_children", parse_ints, offsetof(RmlXgbTree, left), true},
	{"right_children", parse_ints, offsetof(RmlXgbTree, right), true},
	{"parents", parse_ints, offsetof(RmlXgbTree, parent), true},
	{"split_indices", parse_ints, offsetof(RmlXgbTree, split_index), true},
	{"split_conditions", parse_floats, offsetof(RmlXgbTree, split_condition), true},
	{"default_left", parse_flags, offsetof(RmlXgbTree, default_left), true},
	{"base_weights", parse_floats, offsetof(RmlXgbTree, base_weight), true},
	{"loss_changes", parse_floats, offsetof(RmlXgbTree, loss_change), true},
	{"sum_hessian", parse_floats, offsetof(RmlXgbTree, sum_hessian), true},
	{"split_type", parse_flags, offsetof(RmlXgbTree, split_type), false},
	{"categories", parse_count, offsetof(RmlXgbTree, n_categories), false},
	{"categories_nodes", parse_count, offsetof(RmlXgbTree, n_category_nodes), false},
	{"categories_segments", parse_count, offsetof(RmlXgbTree, n_category_segments), false},
	{"categories_sizes", parse_count, offsetof(RmlXgbTree, n_category_sizes), false},
};

#define N_TREE_ARRAYS ((int) (sizeof(tree_arrays) / sizeof(tree_arrays[0])))
#define SAW_ID (1u << N_TREE_ARRAYS)
#define SAW_PARAM (1u << (N_TREE_ARRAYS + 1))

typedef struct TreeTarget
{
	RmlXgbTree *tree;
	uint32_t	seen;			/* a bit per entry of tree_arrays, and SAW_* */
} TreeTarget;

static bool
tree_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	TreeTarget *t = target;

	for (int i = 0; i < N_TREE_ARRAYS; i++)
	{
		const TreeArray *array = &tree_arrays[i];

		if (strcmp(key, array->key) == 0)
		{
			t->seen |= 1u << i;
			return array->parse(p, key, value, (char *) t->tree + array->offset);
		}
	}
	if (strcmp(key, "id") == 0)
	{
		t->seen |= SAW_ID;
		return convert_int32(p, key, value, &t->tree->id);
	}
	if (strcmp(key, "tree_param") == 0)
	{
		t->seen |= SAW_PARAM;
		return parse_object(p, key, value, tree_param_field, t->tree);
	}
	return rml_reader_skip(&p->reader, value);
}

/* What is missing is told at the tree's end, before the next one takes memory. */
static bool
check_tree_complete(Parser *p, const TreeTarget *t)
{
	const char *missing = NULL;

	for (int i = 0; i < N_TREE_ARRAYS; i++)
	{
		/* vector leaves of 3.x omit some arrays; the validator refuses them */
		if (tree_arrays[i].required && (t->seen & (1u << i)) == 0 &&
			t->tree->size_leaf_vector <= 1)
			missing = tree_arrays[i].key;
	}
	if ((t->seen & SAW_ID) == 0)
		missing = "id";
	if ((t->seen & SAW_PARAM) == 0)
		missing = "tree_param";
	if (missing != NULL)
		return rml_fail(p->err, RML_INVALID, "%s%s is missing", p->where, missing);
	return true;
}

static bool
parse_trees(Parser *p, const char *key, const RmlEvent *begin)
{
	RmlXgbModel *model = p->model;
	RmlEvent	event;

	if (!expect(p, key, begin, RML_EV_ARRAY_BEGIN))
		return false;
	if (model->has_trees)
		return given_twice(p, key, begin);
	model->has_trees = true;
	for (;;)
	{
		TreeTarget	target = {0};

		if (!rml_reader_next(&p->reader, &event))
			return false;
		if (event.kind == RML_EV_ARRAY_END)
			return true;
		if (model->n_trees == p->max_trees)
		{
			int32_t		wanted = p->max_trees ? p->max_trees * 2 : 16;
			size_t		bytes = (size_t) wanted * sizeof(RmlXgbTree);

			model->trees = model->trees ? p->host->resize(p->host, model->trees, bytes)
				: rml_alloc(p->host, bytes);
			p->max_trees = wanted;
		}
		target.tree = &model->trees[model->n_trees];
		memset(target.tree, 0, sizeof(RmlXgbTree));
		snprintf(p->where, sizeof(p->where), "tree %d: ", model->n_trees);
		if (!parse_object(p, "tree", &event, tree_field, &target) ||
			!check_tree_complete(p, &target))
			return false;
		p->where[0] = '\0';
		model->n_trees++;
	}
}

/* ---- booster ---- */

static bool
booster_param_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "num_trees") == 0)
		return parse_parameter(p, key, value, &model->num_trees);
	if (strcmp(key, "num_parallel_tree") == 0)
		return parse_parameter(p, key, value, &model->num_parallel_tree);
	if (strcmp(key, "size_leaf_vector") == 0)
		return parse_parameter(p, key, value, &model->size_leaf_vector);
	return rml_reader_skip(&p->reader, value);
}

/* Dart's weights stand in one of three places, depending on the version. */
static bool
parse_weight_drop(Parser *p, const char *key, const RmlEvent *value, bool in_model)
{
	if (p->model->has_weight_drop)
		return given_twice(p, key, value);
	p->model->has_weight_drop = true;
	p->model->weights_in_model = in_model;
	return parse_floats(p, key, value, &p->model->weight_drop);
}

/* cats.enc lists the encoded categorical features, none as a rule. */
static bool
cats_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	int32_t		n = 0;

	if (strcmp(key, "enc") != 0)
		return rml_reader_skip(&p->reader, value);
	if (!parse_count(p, key, value, &n))
		return false;
	*(bool *) target = n > 0;
	return true;
}

static bool
tree_model_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "gbtree_model_param") == 0)
		return parse_object(p, key, value, booster_param_field, model);
	if (strcmp(key, "tree_info") == 0)
		return parse_ints(p, key, value, &model->tree_info);
	if (strcmp(key, "iteration_indptr") == 0)
		return parse_ints(p, key, value, &model->iteration_indptr);
	if (strcmp(key, "weight_drop") == 0)
		return parse_weight_drop(p, key, value, true);
	if (strcmp(key, "cats") == 0)
		return parse_object(p, key, value, cats_field, &model->has_cats);
	if (strcmp(key, "trees") == 0)
		return parse_trees(p, key, value);
	return rml_reader_skip(&p->reader, value);
}

/* The inner booster of a dart file up to 3.2. */
static bool
inner_booster_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	char		name[64];

	if (strcmp(key, "model") == 0)
	{
		((RmlXgbModel *) target)->nested = true;
		return parse_object(p, key, value, tree_model_field, target);
	}
	if (strcmp(key, "name") == 0)
	{
		if (!parse_name(p, key, value, name))
			return false;
		if (strcmp(name, "gbtree") != 0)
			return rml_fail(p->err, RML_INVALID,
							"gradient_booster.gbtree.name is \"%s\", expected \"gbtree\"", name);
		return true;
	}
	return rml_reader_skip(&p->reader, value);
}

static bool
booster_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "name") == 0)
		return parse_name(p, key, value, model->booster);
	if (strcmp(key, "model") == 0)
		return parse_object(p, key, value, tree_model_field, model);
	if (strcmp(key, "gbtree") == 0)
		return parse_object(p, key, value, inner_booster_field, model);
	if (strcmp(key, "weight_drop") == 0)
		return parse_weight_drop(p, key, value, false);
	return rml_reader_skip(&p->reader, value);
}

/* ---- learner ---- */

static bool
learner_param_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "num_feature") == 0)
		return parse_parameter(p, key, value, &model->num_feature);
	if (strcmp(key, "num_class") == 0)
		return parse_parameter(p, key, value, &model->num_class);
	if (strcmp(key, "num_target") == 0)
		return parse_parameter(p, key, value, &model->num_target);
	if (strcmp(key, "base_score") == 0)
		return parse_base_score(p, value);
	return rml_reader_skip(&p->reader, value);
}

static bool
objective_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "name") == 0)
		return parse_name(p, key, value, model->objective);
	return rml_reader_skip(&p->reader, value);
}

/* Attributes are free text of the user's; only best_iteration has a meaning. */
static bool
attribute_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	char		path[80];

	snprintf(path, sizeof(path), "attributes.%s", key);
	if (!expect(p, path, value, RML_EV_STRING))
		return false;
	if (strcmp(key, "best_iteration") == 0)
	{
		int64_t		iteration = parse_digits(value->text, value->length);

		model->has_best_iteration = iteration >= 0;
		model->best_iteration = (int32_t) iteration;
	}
	return true;
}

static bool
learner_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	RmlXgbModel *model = target;

	if (strcmp(key, "attributes") == 0)
		return parse_object(p, key, value, attribute_field, model);
	if (strcmp(key, "feature_names") == 0)
		return parse_texts(p, key, value, &model->feature_names);
	if (strcmp(key, "feature_types") == 0)
		return parse_texts(p, key, value, &model->feature_types);
	if (strcmp(key, "gradient_booster") == 0)
		return parse_object(p, key, value, booster_field, model);
	if (strcmp(key, "learner_model_param") == 0)
		return parse_object(p, key, value, learner_param_field, model);
	if (strcmp(key, "objective") == 0)
		return parse_object(p, key, value, objective_field, model);
	return rml_reader_skip(&p->reader, value);
}

static bool
parse_version(Parser *p, const RmlEvent *value)
{
	RmlIntArray parts = {0};

	if (!parse_ints(p, "version", value, &parts))
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
top_field(Parser *p, const char *key, const RmlEvent *value, void *target)
{
	TopLevel   *top = target;

	if (strcmp(key, "learner") == 0)
	{
		top->saw_learner = true;
		return parse_object(p, key, value, learner_field, p->model);
	}
	if (strcmp(key, "version") == 0)
		return parse_version(p, value);
	if (strcmp(key, "Model") == 0 || strcmp(key, "Config") == 0)
		top->saw_snapshot = true;
	return rml_reader_skip(&p->reader, value);
}

static bool
parse_file(Parser *p)
{
	TopLevel	top = {0};
	RmlEvent	event;

	if (!rml_reader_next(&p->reader, &event) ||
		!parse_object(p, "the model", &event, top_field, &top) ||
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
	Parser		parser = {.host = host, .err = err, .model = model};
	bool		ok;

	memset(model, 0, sizeof(*model));
	if (!rml_reject_foreign(data, size, err))
		return false;
	if (looks_like_ubj(data, size))
		rml_ubj_open(&parser.reader, data, size, host, err);
	else
		rml_json_open(&parser.reader, data, size, host, err);
	model->num_target = 1;
	model->num_trees = -1;
	model->num_parallel_tree = 1;
	ok = parse_file(&parser);
	rml_reader_close(&parser.reader);
	if (parser.buffer)
		host->release(host, parser.buffer);
	return ok;
}
