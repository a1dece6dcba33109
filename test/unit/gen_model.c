/*
 * gen_model.c
 *	  Random models.
 */
#include "gen.h"

#include <string.h>

/* ---- objectives and base scores ---- */

static const char *
fitting_objective(const GenOptions *options, uint32_t *state)
{
	static const char *const one[] = {
		"reg:squarederror", "binary:logistic", "count:poisson", "binary:hinge", "binary:logitraw",
		"rank:ndcg", "reg:quantileerror", "reg:expectileerror",
	};
	static const char *const classes[] = {"multi:softmax", "multi:softprob", "reg:squarederror"};
	static const char *const targets[] = {
		"reg:squarederror", "binary:logistic", "reg:gamma", "reg:quantileerror", "reg:expectileerror",
	};

	for (;;)
	{
		const char *name = options->num_class > 0 ? classes[gen_random(state, 3)]
			: options->num_target > 1 ? targets[gen_random(state, 5)] : one[gen_random(state, 8)];
		const RmlObjective *o = rml_objective_by_name(name);

		if (rml_writer_at_least(options->writer, o->since_major, o->since_minor, 0))
			return name;
	}
}

/* Within every objective's domain. */
static void
gen_base_score(RmlXgbModel *model, RmlHost *host, int32_t count, uint32_t *state)
{
	float	   *values = rml_alloc(host, (size_t) count * sizeof(float));

	for (int32_t i = 0; i < count; i++)
		values[i] = gen_random(state, 6) == 0 ? 0.5f : 0.01f + (float) gen_random(state, 97) / 100.0f;
	model->base_score.values = values;
	model->base_score.count = count;
	model->boost_from_average = gen_random(state, 2);
}

static void
gen_levels(RmlFloatArray *levels, RmlHost *host, int32_t n)
{
	levels->values = rml_alloc(host, (size_t) n * sizeof(float));
	levels->count = n;
	for (int32_t i = 0; i < n; i++)
		levels->values[i] = (float) (i + 1) / (float) (n + 1);
}

static void
gen_objective(RmlXgbModel *model, RmlHost *host, const GenOptions *options, uint32_t *state)
{
	strcpy(model->objective, options->objective != NULL ? options->objective
		   : fitting_objective(options, state));
	model->num_class = options->num_class;
	model->num_target = options->num_target > 0 ? options->num_target : 1;
	model->n_outputs = model->num_class > model->num_target ? model->num_class : model->num_target;
	model->softmax_classes = strncmp(model->objective, "multi:", 6) == 0 ? model->num_class : -1;
	if (strcmp(model->objective, "reg:quantileerror") == 0)
		gen_levels(&model->quantiles, host, model->n_outputs);
	if (strcmp(model->objective, "reg:expectileerror") == 0)
		gen_levels(&model->expectiles, host, model->n_outputs);
	gen_base_score(model, host, options->several_scores ? model->n_outputs : 1, state);
}

/* ---- labels ---- */

/* Different texts, of different lengths, some beyond ASCII. */
static void
gen_text_labels(RmlXgbLabels *labels, RmlHost *host, int32_t n, uint32_t *state)
{
	Text		bytes = {0};
	uint32_t	first = gen_random(state, 1000);

	labels->is_text = true;
	labels->offsets.values = rml_alloc(host, (size_t) (n + 1) * sizeof(int32_t));
	labels->offsets.count = n + 1;
	labels->offsets.values[0] = 0;
	for (int32_t i = 0; i < n; i++)
	{
		/* one may be empty */
		if (i > 0 || first % 3 != 0)
			text_add(&bytes, "%s%x", i % 3 == 0 ? "\xc3\xa4" : i % 5 == 0 ? "A long one " : "",
					 first + (uint32_t) i);
		labels->offsets.values[i + 1] = (int32_t) bytes.size;
	}
	labels->values.values = rml_alloc(host, bytes.size * sizeof(int32_t));
	labels->values.count = (int32_t) bytes.size;
	for (size_t i = 0; i < bytes.size; i++)
		labels->values.values[i] = (int8_t) bytes.data[i];
	text_free(&bytes);
}

static void
gen_integer_labels(RmlXgbLabels *labels, RmlHost *host, int32_t n, uint32_t *state)
{
	int64_t		first = (int64_t) gen_random(state, 90);
	int64_t		step = 1;

	labels->type = 9 + (int32_t) gen_random(state, 8);
	if (labels->type >= 15)
		step = INT64_C(3000000000);
	else if (labels->type % 2 != 0)
		first -= 40;
	if (labels->type == 10 && n > 120)
		n = 120;
	if (labels->type == 9 && n > 70)
		n = 70;
	labels->values.count = n;
	labels->values.wide = rml_alloc(host, (size_t) n * sizeof(int64_t));
	for (int32_t i = 0; i < n; i++)
		labels->values.wide[i] = first + (n - 1 - i) * step;
}

static void
gen_cats(RmlXgbModel *model, RmlHost *host, int32_t most, uint32_t *state)
{
	RmlXgbCats *cats = &model->cats;
	int32_t		n = model->num_feature;
	int32_t		total = 0;

	cats->n_enc = cats->n_labels = n;
	cats->labels = rml_alloc(host, (size_t) n * sizeof(RmlXgbLabels));
	memset(cats->labels, 0, (size_t) n * sizeof(RmlXgbLabels));
	cats->segments.values = rml_alloc(host, (size_t) (n + 1) * sizeof(int32_t));
	cats->segments.count = n + 1;
	for (int32_t i = 0; i < n; i++)
	{
		RmlXgbLabels *labels = &cats->labels[i];
		int32_t		n_labels = (int32_t) gen_random(state, (uint32_t) most + 1);

		labels->feature = i;
		if (gen_random(state, 3) == 0)
			n_labels = 0;
		if (n_labels == 0 || gen_random(state, 2) == 0)
			gen_text_labels(labels, host, n_labels, state);
		else
			gen_integer_labels(labels, host, n_labels, state);
		cats->segments.values[i] = total;
		total += labels->is_text ? labels->offsets.count - 1 : labels->values.count;
	}
	cats->segments.values[n] = total;
	cats->sorted_idx.values = rml_alloc(host, (size_t) total * sizeof(int32_t));
	cats->sorted_idx.count = total;
	/* any order will do: nobody needs it */
	for (int32_t i = 0; i < n; i++)
	{
		for (int32_t k = cats->segments.values[i]; k < cats->segments.values[i + 1]; k++)
			cats->sorted_idx.values[k] = cats->segments.values[i + 1] - 1 - k;
	}
}

/* ---- boosters ---- */

static void
gen_linear(RmlXgbModel *model, RmlHost *host, int32_t n_rounds, uint32_t *state)
{
	int32_t		n = n_rounds == 0 ? 0 : (model->num_feature + 1) * model->n_outputs;

	strcpy(model->booster, "gblinear");
	model->boosted_rounds = n_rounds;
	model->weights.values = rml_alloc(host, (size_t) n * sizeof(float));
	model->weights.count = n;
	for (int32_t i = 0; i < n; i++)
		model->weights.values[i] = gen_random(state, 3) == 0 ? gen_finite(state)
			: (float) gen_random(state, 2001) / 700.0f - 1.4f;
}

/* Which trees does iteration i have?  Adds them. */
static void
gen_iteration(RmlXgbModel *model, RmlHost *host, const GenOptions *options, uint32_t *state)
{
	bool		vectors = options->leaves == GEN_VECTORS ||
		(options->leaves == GEN_MIXED && gen_random(state, 2));
	int32_t		per_output = model->num_parallel_tree;
	int32_t		n = vectors ? per_output : per_output * model->n_outputs;

	for (int32_t i = 0; i < n; i++)
	{
		int32_t		id = model->n_trees++;

		gen_tree(&model->trees[id], host, options, vectors ? model->n_outputs : 1, state);
		model->trees[id].id = id;
		model->tree_info.values[id] = vectors ? 0 : i / per_output;
	}
}

static void
gen_weight_drop(RmlXgbModel *model, RmlHost *host, uint32_t *state)
{
	model->has_weight_drop = true;
	model->weight_drop.values = rml_alloc(host, (size_t) model->n_trees * sizeof(float));
	model->weight_drop.count = model->n_trees;
	for (int32_t i = 0; i < model->n_trees; i++)
		model->weight_drop.values[i] = (float) gen_random(state, 1000) / 777.0f;
}

static void
gen_trees(RmlXgbModel *model, RmlHost *host, const GenOptions *options, uint32_t *state)
{
	size_t		most = (size_t) options->n_rounds * (size_t) model->num_parallel_tree *
		(size_t) model->n_outputs;

	model->trees = rml_alloc(host, most * sizeof(RmlXgbTree));
	model->tree_info.values = rml_alloc(host, most * sizeof(int32_t));
	model->iteration_indptr.values = rml_alloc(host, (size_t) (options->n_rounds + 1) * sizeof(int32_t));
	model->iteration_indptr.count = options->n_rounds + 1;
	for (int32_t i = 0; i < options->n_rounds; i++)
	{
		model->iteration_indptr.values[i] = model->n_trees;
		gen_iteration(model, host, options, state);
	}
	model->iteration_indptr.values[options->n_rounds] = model->n_trees;
	model->tree_info.count = model->num_trees = model->n_trees;
	if (options->dart)
		gen_weight_drop(model, host, state);
	for (int32_t i = 0; options->shuffle && i < model->n_trees / 2; i++)
	{
		RmlXgbTree	other = model->trees[i];

		model->trees[i] = model->trees[model->n_trees - 1 - i];
		model->trees[model->n_trees - 1 - i] = other;
	}
}

void
gen_model(RmlXgbModel *model, RmlHost *host, const GenOptions *options)
{
	uint32_t	state = options->seed * 2654435761u + 1;
	GenOptions	complete = *options;

	if (complete.writer.major == 0)
		complete.writer = (RmlWriter) {1, 7, 2};
	memset(model, 0, sizeof(*model));
	model->has_version = true;
	model->writer = complete.writer;
	model->num_feature = options->n_features;
	model->num_parallel_tree = options->n_parallel > 0 ? options->n_parallel : 1;
	gen_objective(model, host, &complete, &state);
	if (options->labels)
		gen_cats(model, host, options->n_labels > 0 ? options->n_labels : 12, &state);
	if (options->linear)
	{
		gen_linear(model, host, options->n_rounds, &state);
		return;
	}
	strcpy(model->booster, options->dart ? "dart" : "gbtree");
	gen_trees(model, host, &complete, &state);
}
