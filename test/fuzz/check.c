/*
 * check.c
 *	  What must hold of every image that its checker accepts.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "explain/explain.h"
#include "host.h"

#define BLOCK_ROWS 70

bool
same_float(float a, float b)
{
	return memcmp(&a, &b, sizeof(float)) == 0 || (isnan(a) && isnan(b));
}

bool
is_utf8(const char *text, size_t length)
{
	size_t		at = 0;

	while (at < length)
	{
		size_t		n = rml_utf8_length((const uint8_t *) text + at, length - at);

		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

static void *
allocate(size_t n, size_t size)
{
	void	   *data = malloc(n * size + 1);

	REQUIRE(data != NULL);
	return data;
}

/* ---- scores ---- */

/* However the trees are cut, and the rows, each kernel gives the same. */
static void
check_cuts(const RmlImage *image, const RmlKernel *kernel, const float *rows, int n_rows)
{
	int32_t		n_trees = image->header->n_trees;
	size_t		n = (size_t) n_rows * (size_t) image->header->n_outputs;
	float	   *whole = allocate(n, sizeof(float));
	float	   *parts = allocate(n, sizeof(float));

	for (size_t i = 0; i < n; i++)
		whole[i] = parts[i] = image->base_margin[i % (size_t) image->header->n_outputs];
	kernel->add_margins(image, 0, n_trees, rows, n_rows, whole);
	for (int r = 0; r < n_rows; r++)
	{
		const float *row = rows + (size_t) r * (size_t) image->header->n_features;
		float	   *margins = parts + (size_t) r * (size_t) image->header->n_outputs;
		int32_t		cut = n_trees / (r + 2);

		kernel->add_margins(image, 0, cut, row, 1, margins);
		kernel->add_margins(image, cut, n_trees, row, 1, margins);
	}
	for (size_t i = 0; i < n; i++)
		REQUIRE(same_float(whole[i], parts[i]));
	free(whole);
	free(parts);
}

/* Blocks of enough rows for a kernel to score them as such, against the reference. */
static void
check_block(const RmlImage *image, const float *rows, int n_rows)
{
	size_t		width = (size_t) image->header->n_features;
	size_t		n = (size_t) image->header->n_outputs * BLOCK_ROWS;
	float	   *block = allocate(width * BLOCK_ROWS, sizeof(float));
	float	   *want = allocate(n, sizeof(float));
	float	   *got = allocate(n, sizeof(float));

	for (size_t r = 0; r < BLOCK_ROWS; r++)
		memcpy(block + r * width, rows + r % (size_t) n_rows * width, width * sizeof(float));
	rml_kernel_block(&rml_kernels[0], image, block, BLOCK_ROWS, want, NULL);
	for (const RmlKernel *k = rml_kernels + 1; k->name != NULL; k++)
	{
		if (!rml_kernel_runs(k))
			continue;
		rml_kernel_block(k, image, block, BLOCK_ROWS, got, NULL);
		for (size_t i = 0; i < n; i++)
			REQUIRE(same_float(want[i], got[i]));
	}
	free(block);
	free(want);
	free(got);
}

/* Responses and class of a row; what they are is checked where it can be told. */
static void
check_outputs(const RmlImage *image, const float *margins)
{
	const RmlObjective *o = image->objective;
	int			n = image->header->n_outputs;
	float	   *values = allocate((size_t) n, sizeof(float));
	bool		finite = true;

	for (int i = 0; i < n; i++)
		finite = finite && isfinite(margins[i]);
	memcpy(values, margins, (size_t) n * sizeof(float));
	/* rows of more are never sorted: the validator bounds them */
	if (o->link != RML_LINK_SORTED || n <= 1000)
		rml_responses(o, image->writer, values, n);
	for (int i = 0; finite && i < n; i++)
	{
		if (o->link == RML_LINK_SOFTMAX || o->link == RML_LINK_LOGIT)
			REQUIRE(values[i] >= 0.0f && values[i] <= 1.0f);
		if (o->link == RML_LINK_STEP)
			REQUIRE(values[i] == 0.0f || values[i] == 1.0f);
		if (i > 0 && (o->link == RML_LINK_GAPS ||
					  (o->link == RML_LINK_SORTED && n <= 1000 && rml_writer_at_least(image->writer, 3, 4, 0))))
			REQUIRE(values[i - 1] <= values[i]);
	}
	if (rml_has_class(o, n))
	{
		int			class;

		memcpy(values, margins, (size_t) n * sizeof(float));
		class = rml_class(o, image->writer, values, n);
		REQUIRE(class >= 0 && class < (n > 2 ? n : 2));
	}
	REQUIRE(!rml_has_one_score(o, n) || n == 1);
	free(values);
}

void
check_scores(const RmlImage *image, const float *rows, int n_rows, float *margins)
{
	bool		linear = (image->header->flags & RML_IMAGE_LINEAR) != 0;
	size_t		n = (size_t) image->header->n_outputs;
	float	   *again = allocate(n, sizeof(float));

	for (int r = 0; r < n_rows; r++)
	{
		const float *row = rows + (size_t) r * (size_t) image->header->n_features;

		rml_kernel_margins(rml_kernel_choose(image->header, linear ? NULL : "scalar"), image, row,
						   margins + (size_t) r * n, NULL);
		for (const RmlKernel *k = rml_kernels; !linear && k->name != NULL; k++)
		{
			if (!rml_kernel_runs(k))
				continue;
			rml_kernel_margins(k, image, row, again, NULL);
			for (size_t i = 0; i < n; i++)
				REQUIRE(same_float(margins[(size_t) r * n + i], again[i]));
		}
		check_outputs(image, margins + (size_t) r * n);
	}
	for (const RmlKernel *k = rml_kernels; !linear && k->name != NULL; k++)
	{
		if (rml_kernel_runs(k))
			check_cuts(image, k, rows, n_rows);
	}
	if (!linear && (size_t) image->header->n_features <= 100 && n <= 100)
		check_block(image, rows, n_rows);
	free(again);
}

/* ---- contributions ---- */

/* They add up to the margin, unless numbers are so large that float32 does not hold their products. */
static void
check_sum(const RmlImage *image, const double *contributions, float margin, double scale)
{
	double		sum = 0;
	double		size = scale;

	for (int i = 0; i <= image->header->n_features; i++)
	{
		sum += contributions[i];
		size += fabs(contributions[i]);
	}
	/* covers of an odd file may be twice what they ought to be, split after split */
	if (isfinite(margin) && size < 1e30)
		REQUIRE(fabs(sum - (double) margin) <= 1e-3 * size);
}

/* How large numbers are that are added up: leaves, times covers that may be more than 1. */
static double
largest(const RmlImage *image)
{
	uint64_t	n = rml_image_entries(image->header, RML_SEC_NODES);
	double		sum = 1e-6;
	double		depth = image->header->max_depth;

	for (uint64_t i = 0; i < n; i++)
	{
		if (image->nodes[i].child == 0)
			sum += fabs((double) image->nodes[i].value);
	}
	n = rml_image_entries(image->header, RML_SEC_LEAF_VECTORS);
	for (uint64_t i = 0; i < n; i++)
		sum += fabs((double) image->leaf_vectors[i]);
	for (int i = 0; i < image->header->n_outputs; i++)
		sum += fabs((double) image->base_margin[i]);
	n = rml_image_entries(image->header, RML_SEC_COVERS);
	for (uint64_t i = 0; i < n; i++)
	{
		if (image->covers[i] > 1.001f)
			return sum * pow(2, depth < 200 ? depth : 200);
	}
	return sum;
}

static void
check_row(const RmlExplainer *explainer, const RmlImage *image, RmlExplainSpace *space, const float *row,
		  const float *margins, double *contributions)
{
	int			n = image->header->n_outputs;
	double		scale = largest(image);

	for (int output = 0; output < n; output += n > 3 ? n - 1 : 1)
	{
		rml_explain_row(explainer, image, space, row, output, contributions, NULL);
		check_sum(image, contributions, margins[output], scale);
		rml_explain_approximately(explainer, image, row, output, contributions, NULL);
		check_sum(image, contributions, margins[output], scale);
	}
}

void
check_contributions(const RmlImage *image, const float *rows, int n_rows, const float *margins)
{
	RmlExplainer explainer;
	RmlError	err = {0};
	TestHost	host;

	/* a byte can ask for 100,000 nodes, each with as many lanes */
	if (rml_image_entries(image->header, RML_SEC_NODES) > 20000 || image->header->n_outputs > 100)
		return;
	test_host_begin(&host, SIZE_MAX);
	if (rml_explain_prepare(&explainer, image, &host.host, &err))
	{
		RmlExplainSpace *space = rml_explain_space(&explainer, image, &host.host);
		double	   *contributions = allocate((size_t) image->header->n_features + 1, sizeof(double));

		rml_explain_prepare_means(&explainer, image, &host.host);
		for (int r = 0; r < n_rows && r < 3; r++)
			check_row(&explainer, image, space, rows + (size_t) r * (size_t) image->header->n_features,
					  margins + (size_t) r * (size_t) image->header->n_outputs, contributions);
		free(contributions);
		rml_explain_release(space, &host.host);
	}
	else
		REQUIRE(err.kind == RML_UNSUPPORTED || err.kind == RML_LIMIT);
	test_host_end(&host);
}

/* ---- texts ---- */

static void
check_labels(const RmlImage *image, const RmlImageCategories *c)
{
	REQUIRE(rml_image_categories(image, (int) c->feature) == c);
	for (uint32_t i = c->first; i < c->first + c->n_labels; i++)
	{
		uint32_t	start = i > 0 ? image->labels[i - 1].end : 0;
		const char *text = image->label_text + start;
		size_t		length = image->labels[i].end - start;

		REQUIRE(is_utf8(text, length));
		REQUIRE(rml_image_code(image, c, text, length) == (int32_t) image->labels[i].code);
		/* a longer one is another, if one at all */
		if (length > 0)
			(void) rml_image_code(image, c, text, length - 1);
	}
	(void) rml_image_code(image, c, "", 0);
	(void) rml_image_code(image, c, "\xff\xff\xff\xff", 4);
}

void
check_texts(const RmlImage *image)
{
	char		buffer[16];
	size_t		length;

	/* made-up names cost a hundred times what stored ones do */
	for (int i = 0; i < image->header->n_features && (image->name_ends != NULL || i < 100); i++)
	{
		const char *name = rml_image_feature_name(image, i, buffer, &length);

		REQUIRE(is_utf8(name, length));
	}
	for (int32_t i = 0; i < image->n_categories; i++)
		check_labels(image, &image->categories[i]);
	REQUIRE(rml_image_categories(image, image->header->n_features) == NULL);
}
