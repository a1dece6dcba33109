/*
 * gen.c
 *	  Random values, rows and shapes of models.
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

/* ---- values ---- */

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

float
gen_finite(uint32_t *state)
{
	float		value;

	do
		value = gen_value(state);
	while (!isfinite(value));
	return value;
}

float
gen_code(uint32_t *state)
{
	static const float odd[] = {
		-0.0f, -0.25f, -0.5f, -1.0f, -1.5f, -3.0f, 0.5f, 2.75f, 31.0f, 31.5f, 32.0f, 63.0f, 64.0f,
		16777215.0f, 16777216.0f, 3e9f, -3e9f, 1e20f, INFINITY, -INFINITY,
	};

	if (gen_random(state, 4) == 0)
		return odd[gen_random(state, sizeof(odd) / sizeof(odd[0]))];
	return (float) gen_random(state, 40);
}

void
gen_row(const RmlXgbModel *model, uint32_t kind, uint32_t *state, float *row)
{
	static const float same[] = {NAN, INFINITY, -INFINITY, -0.0f};

	for (int32_t i = 0; i < model->num_feature; i++)
		row[i] = kind < 4 ? same[kind] : gen_random(state, 2) ? gen_value(state) : gen_code(state);
}

/* ---- shapes ---- */

static const RmlWriter writers[] = {
	{1, 0, 0}, {1, 2, 1}, {1, 3, 3}, {1, 4, 2}, {1, 5, 2}, {1, 6, 0}, {1, 7, 2}, {1, 7, 3},
	{2, 0, 3}, {2, 1, 4}, {3, 0, 5}, {3, 1, 3}, {3, 2, 0}, {3, 3, 0}, {3, 4, 1},
};

#define N_WRITERS (sizeof(writers) / sizeof(writers[0]))

/* Several outputs, where the writer has them. */
static void
gen_outputs(GenOptions *options, uint32_t *state)
{
	uint32_t	what = gen_random(state, 4);

	if (what == 1)
		options->num_class = 2 + (int32_t) gen_random(state, 3);
	else if (what == 2 && rml_writer_at_least(options->writer, 1, 6, 0))
		options->num_target = 2 + (int32_t) gen_random(state, 3);
	else if (what == 3 && gen_random(state, 4) == 0)
		options->num_class = 1;
	if (options->num_class < 2 && options->num_target < 2)
		return;
	if (!options->linear && rml_writer_at_least(options->writer, 2, 0, 0))
		options->leaves = (GenLeaves) gen_random(state, 3);
	options->several_scores = rml_writer_at_least(options->writer, 3, 1, 0) &&
		gen_random(state, 2);
}

GenOptions
gen_shape(uint32_t seed)
{
	uint32_t	state = seed * 2246822519u + 5;
	GenOptions	options = {.seed = seed, .writer = writers[seed % N_WRITERS]};

	options.n_features = 1 + (int32_t) gen_random(&state, 7) * (gen_random(&state, 5) == 0 ? 40 : 1);
	options.n_rounds = (int32_t) gen_random(&state, 6);
	options.n_parallel = gen_random(&state, 4) == 0 ? 2 : 1;
	options.n_splits = gen_random(&state, 2) ? 3 : 30;
	options.linear = gen_random(&state, 6) == 0;
	options.dart = !options.linear && gen_random(&state, 3) == 0;
	options.prune = gen_random(&state, 2);
	options.shuffle = gen_random(&state, 3) == 0;
	options.chain = gen_random(&state, 9) == 0;
	options.categories = !options.linear && rml_writer_at_least(options.writer, 1, 3, 0) &&
		gen_random(&state, 2);
	options.labels = rml_writer_at_least(options.writer, 3, 1, 0) && !options.linear &&
		gen_random(&state, 2);
	gen_outputs(&options, &state);
	return options;
}

const char *
gen_name(const GenOptions *options)
{
	static char name[200];

	snprintf(name, sizeof(name), "seed %u: %d.%d.%d, %d features, %d classes, %d targets, leaves %d%s%s%s%s%s",
			 options->seed, options->writer.major, options->writer.minor, options->writer.patch,
			 options->n_features, options->num_class, options->num_target, options->leaves,
			 options->linear ? ", linear" : "", options->dart ? ", dart" : "",
			 options->categories ? ", categories" : "", options->labels ? ", labels" : "",
			 options->several_scores ? ", several scores" : "");
	return name;
}
