/*
 * test_explain.c
 *	  Contributions against their definition, sums over all coalitions of
 *	  features, on random models; what every explanation must have: it adds up
 *	  to the margin, treats features alike that play alike, and gives nothing
 *	  to those that play no part.
 */
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>

#include "explain/explain.h"
#include "explain/paths.h"
#include "gen.h"
#include "kernel/kernel.h"
#include "tap.h"

#define N_ROWS 12
#define MOST_PLAYERS 9

typedef struct Model
{
	TestHost	host;
	RmlXgbModel model;
	RmlImage	image;
	RmlExplainer explainer;
	RmlExplainSpace *space;
} Model;

static bool
compile(Model *m)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0xE5};
	RmlImportOptions options = {0};
	RmlError	err = {0};
	RmlBlock	block;
	RmlXgbModel parsed;
	Text		file = {0};
	bool		done;

	gen_text(&m->model, false, &file);
	done = CHECK(rml_xgb_parse(file.data, file.size, &m->host.host, &parsed, &err) &&
				 rml_xgb_validate(&parsed, &m->host.host, &err) &&
				 rml_xgb_build(&parsed, &options, identity, &m->host.host, &block, &err) &&
				 rml_image_open(&m->image, block.data, block.size, &err) &&
				 rml_explain_prepare(&m->explainer, &m->image, &m->host.host, &err), "refused: %s", err.message);
	text_free(&file);
	if (done)
	{
		rml_explain_prepare_means(&m->explainer, &m->image, &m->host.host);
		m->space = rml_explain_space(&m->explainer, &m->image, &m->host.host);
	}
	return done;
}

/* Fills a model of that shape; false if it has no covers, as vectors up to 3.1. */
static bool
begin(Model *m, const GenOptions *shape)
{
	memset(m, 0, sizeof(*m));
	test_host_begin(&m->host, SIZE_MAX);
	gen_model(&m->model, &m->host.host, shape);
	for (int32_t t = 0; t < m->model.n_trees; t++)
	{
		if (m->model.trees[t].sum_hessian.values == NULL)
			return false;
	}
	return compile(m);
}

static void
end(Model *m)
{
	test_host_end(&m->host);
}

/* ---- the definition ---- */

static bool
goes_left(const RmlImage *image, const RmlImageNode *node, float x)
{
	bool		default_left = (node->feature & RML_DEFAULT_LEFT) != 0;

	if (isnan(x))
		return default_left;
	return node->feature & RML_BY_CATEGORY ? rml_category_goes_left(image, node->set, x, default_left) : x < node->value;
}

static double
leaf_value(const RmlImage *image, const RmlImageTree *tree, const RmlImageNode *leaf, int output)
{
	return tree->output == RML_ALL_OUTPUTS
		? (double) image->leaf_vectors[leaf->row * (uint32_t) image->header->n_outputs + (uint32_t) output]
		: (double) leaf->value;
}

/* What a coalition gets from a tree: others' splits lead to both sides. */
static double
worth_below(const RmlImage *image, const RmlImageTree *tree, uint32_t at, uint32_t coalition, const float *row, int output)
{
	const RmlImageNode *node = &image->nodes[tree->first_node + at];
	const float *covers = image->covers + tree->first_node;
	uint32_t	f = node->feature & RML_FEATURE_MASK;

	if (node->child == 0)
		return leaf_value(image, tree, node, output);
	if (coalition & (1u << f))
		return worth_below(image, tree, node->child + !goes_left(image, node, row[f]), coalition, row, output);
	return (double) covers[node->child] * worth_below(image, tree, node->child, coalition, row, output) +
		(double) covers[node->child + 1] * worth_below(image, tree, node->child + 1, coalition, row, output);
}

static double
worth(const RmlImage *image, uint32_t coalition, const float *row, int output)
{
	double		sum = (double) image->base_margin[output];

	for (int t = 0; t < image->header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];

		if (tree->output == output || tree->output == RML_ALL_OUTPUTS)
			sum += worth_below(image, tree, 0, coalition, row, output);
	}
	return sum;
}

static double
binomial(int n, int k)
{
	double		result = 1;

	for (int i = 1; i <= k; i++)
		result = result * (n - k + i) / i;
	return result;
}

/* Shapley's formula. */
static void
define(const RmlImage *image, const float *row, int output, double *want)
{
	int			n = image->header->n_features;
	static double worths[1 << MOST_PLAYERS];

	for (uint32_t s = 0; s < 1u << n; s++)
		worths[s] = worth(image, s, row, output);
	for (int i = 0; i < n; i++)
	{
		want[i] = 0;
		for (uint32_t s = 0; s < 1u << n; s++)
		{
			if (!(s & (1u << i)))
				want[i] += (worths[s | (1u << i)] - worths[s]) / (n * binomial(n - 1, __builtin_popcount(s)));
		}
	}
	want[n] = worths[0];
}

/* How far from 0 the numbers may be that were added up. */
static double
scale(const RmlImage *image)
{
	double		sum = 1;

	for (int t = 0; t < image->header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];
		double		largest = 0;

		for (uint32_t i = 0; i < tree->n_nodes; i++)
		{
			const RmlImageNode *node = &image->nodes[tree->first_node + i];

			for (int k = 0; node->child == 0 && k < image->header->n_outputs; k++)
				largest = fmax(largest, fabs(leaf_value(image, tree, node, k)));
		}
		sum += largest;
	}
	return sum;
}

static void
check_definition(uint32_t seed)
{
	GenOptions	shape = gen_shape(seed);
	Model		m;
	uint32_t	state = seed;

	shape.linear = false;
	shape.n_features = 1 + (int32_t) (seed % MOST_PLAYERS);
	if (begin(&m, &shape))
	{
		int			n = m.image.header->n_features;
		double		bound = 2e-6 * scale(&m.image);

		for (uint32_t r = 0; r < N_ROWS; r++)
		{
			float		row[MOST_PLAYERS];
			double		want[MOST_PLAYERS + 1];
			double		got[MOST_PLAYERS + 1];

			gen_row(&m.model, r, &state, row);
			for (int output = 0; output < m.image.header->n_outputs; output++)
			{
				define(&m.image, row, output, want);
				rml_explain_row(&m.explainer, &m.image, m.space, row, output, got, NULL);
				for (int i = 0; i <= n; i++)
					CHECK(fabs(got[i] - want[i]) <= bound, "%s, row %u, output %d, contribution %d: %.9g, expected %.9g",
						  gen_name(&shape), r, output, i, got[i], want[i]);
			}
		}
	}
	end(&m);
}

/* ---- what must hold of larger models ---- */

/* Do they add up to the margin? */
static void
check_sum(const GenOptions *shape, const char *what, double bound, const double *got, int n, float margin)
{
	double		sum = 0;
	double		size = 0;

	for (int i = 0; i < n; i++)
	{
		sum += got[i];
		size += fabs(got[i]);
	}
	CHECK(fabs(sum - (double) margin) <= bound + 1e-6 * size, "%s, %s: %.9g, margin %.9g", gen_name(shape), what, sum, margin);
}

/* Exact and approximate ones. */
static void
check_sums(const GenOptions *shape, int n_rows)
{
	Model		m;
	uint32_t	state = shape->seed;

	if (begin(&m, shape))
	{
		int			n = m.image.header->n_features;
		double		bound = 4e-6 * scale(&m.image);
		float	   *row = malloc(sizeof(float) * (size_t) n);
		float	   *margins = malloc(sizeof(float) * (size_t) m.image.header->n_outputs);
		double	   *got = malloc(sizeof(double) * ((size_t) n + 1));

		for (uint32_t r = 0; r < (uint32_t) n_rows; r++)
		{
			gen_row(&m.model, r, &state, row);
			rml_kernel_margins(rml_kernel_choose(m.image.header, "scalar"), &m.image, row, margins, NULL);
			for (int output = 0; output < m.image.header->n_outputs; output++)
			{
				if (!isfinite(margins[output]))
					continue;
				rml_explain_row(&m.explainer, &m.image, m.space, row, output, got, NULL);
				check_sum(shape, "exact", bound, got, n + 1, margins[output]);
				rml_explain_approximately(&m.explainer, &m.image, row, output, got, NULL);
				check_sum(shape, "approximate", bound, got, n + 1, margins[output]);
			}
		}
		free(got);
		free(margins);
		free(row);
	}
	end(&m);
}

/* Two features change places, in the model and in the row: so do their contributions. */
static void
check_symmetry(uint32_t seed)
{
	GenOptions	shape = {.seed = seed, .n_features = 6 + (int32_t) (seed % 20), .n_rounds = 4, .n_splits = 10 + (int32_t) (seed % 70)};
	Model		m;
	Model		other;
	int			a = (int) (seed % 6);
	int			b = (a + 1 + (int) (seed / 6) % 5) % 6;
	uint32_t	state = seed;
	float		row[32];
	float		swapped[32];
	double		got[33];
	double		got_swapped[33];
	bool		used[32] = {false};

	if (!begin(&m, &shape))
		return;
	memset(&other, 0, sizeof(other));
	test_host_begin(&other.host, SIZE_MAX);
	other.model = m.model;
	for (int32_t t = 0; t < m.model.n_trees; t++)
	{
		RmlXgbTree *tree = &m.model.trees[t];

		for (int32_t i = 0; i < tree->num_nodes; i++)
		{
			int32_t    *f = &tree->split_index.values[i];

			if (tree->left.values[i] < 0)
				continue;
			used[*f] = true;
			*f = *f == a ? b : *f == b ? a : *f;
		}
	}
	if (compile(&other))
	{
		for (uint32_t r = 0; r < N_ROWS; r++)
		{
			gen_row(&m.model, r, &state, row);
			memcpy(swapped, row, sizeof(row));
			swapped[a] = row[b];
			swapped[b] = row[a];
			rml_explain_row(&m.explainer, &m.image, m.space, row, 0, got, NULL);
			rml_explain_row(&other.explainer, &other.image, other.space, swapped, 0, got_swapped, NULL);
			for (int i = 0; i <= shape.n_features; i++)
			{
				int			k = i == a ? b : i == b ? a : i;

				CHECK(got[i] == got_swapped[k], "seed %u, row %u: %.17g of %d, %.17g of %d", seed, r, got[i], i, got_swapped[k], k);
				CHECK(i == shape.n_features || used[i] || got[i] == 0, "seed %u: unused %d has %g", seed, i, got[i]);
			}
		}
	}
	end(&other);
	end(&m);
}

/* ---- many features on a path ---- */

/* The integral of paths.h by a rule of so many nodes, in double, leaf by leaf. */
static void
explain_leaf(const RmlImage *image, const RmlImageTree *tree, uint32_t leaf, const uint32_t *parents, const float *row,
			 const RmlRule *rule, int n_blocks, double *one, double *zero, double *contributions)
{
	const RmlImageNode *nodes = image->nodes + tree->first_node;
	const float *covers = image->covers + tree->first_node;
	int			n = image->header->n_features;

	for (int i = 0; i < n; i++)
		one[i] = zero[i] = 1;
	for (uint32_t at = leaf; at != 0; at = parents[at])
	{
		const RmlImageNode *parent = &nodes[parents[at]];
		uint32_t	f = parent->feature & RML_FEATURE_MASK;

		zero[f] *= (double) covers[at];
		if (at != parent->child + !goes_left(image, parent, row[f]))
			one[f] = 0;
	}
	for (int k = 0; k < n_blocks * RML_BLOCK; k++)
	{
		double		t = (double) rule->t[k / RML_BLOCK][k % RML_BLOCK];
		double		product = (double) nodes[leaf].value * (double) rule->weight[k / RML_BLOCK][k % RML_BLOCK];

		for (int i = 0; i < n; i++)
			product *= one[i] * t + zero[i] * (1 - t);
		for (int i = 0; i < n && product != 0; i++)
			contributions[i] += product * (one[i] - zero[i]) / (one[i] * t + zero[i] * (1 - t));
	}
}

/* Against a leaf by leaf sum with twice as many nodes as are used. */
static void
check_deep(const GenOptions *shape, int n_rows)
{
	Model		m;
	uint32_t	state = shape->seed;
	static RmlRule rule;

	if (begin(&m, shape))
	{
		const RmlImage *image = &m.image;
		const RmlImageTree *tree = image->trees;
		int			n = image->header->n_features;
		int			n_blocks = m.explainer.n_blocks[0] * 2 < RML_MAX_BLOCKS ? m.explainer.n_blocks[0] * 2 : RML_MAX_BLOCKS;
		float	   *row = malloc(sizeof(float) * (size_t) n);
		double	   *values = malloc(sizeof(double) * ((size_t) n * 4 + 1));
		double	   *want = values + n;
		double	   *got = values + 3 * n;
		uint32_t   *parents = malloc(sizeof(uint32_t) * tree->n_nodes);

		rml_make_rule(&rule, n_blocks);
		for (uint32_t i = 0; i < tree->n_nodes; i++)
		{
			uint32_t	child = image->nodes[i].child;

			if (child != 0)
				parents[child] = parents[child + 1] = i;
		}
		for (uint32_t r = 0; r < (uint32_t) n_rows; r++)
		{
			gen_row(&m.model, r, &state, row);
			memset(want, 0, sizeof(double) * (size_t) n);
			for (uint32_t i = 0; i < tree->n_nodes; i++)
			{
				if (image->nodes[i].child == 0)
					explain_leaf(image, tree, i, parents, row, &rule, n_blocks, values, values + 2 * n, want);
			}
			rml_explain_row(&m.explainer, image, m.space, row, 0, got, NULL);
			for (int i = 0; i < n; i++)
				CHECK(fabs(got[i] - want[i]) <= 2e-6 * scale(image), "%s, row %u, contribution %d: %.9g, expected %.9g",
					  gen_name(shape), r, i, got[i], want[i]);
		}
		free(parents);
		free(values);
		free(row);
	}
	end(&m);
}

/*
 * What the longest rule misses where it is not exact: the integral of t^a z^b
 * (1-t)^b, a Beta function, beside the largest that there can be, 1.
 */
static void
check_rules(void)
{
	static RmlRule rule;

	for (int n_blocks = 1; n_blocks <= RML_MAX_BLOCKS; n_blocks++)
	{
		rml_make_rule(&rule, n_blocks);
		for (int power = 0; power < 8 * n_blocks; power++)
		{
			double		sum = 0;
			double		sum_u = 0;

			for (int k = 0; k < 4 * n_blocks; k++)
			{
				double		weight = (double) rule.weight[k / 4][k % 4];

				sum += weight * pow((double) rule.t[k / 4][k % 4], power);
				sum_u += weight * pow((double) rule.u[k / 4][k % 4], power);
			}
			CHECK(fabs(sum * (power + 1) - 1) < 4e-6 && fabs(sum_u * (power + 1) - 1) < 4e-6,
				  "%d blocks, power %d: %.9g, %.9g", n_blocks, power, sum, sum_u);
		}
	}
	for (int length = 128; length <= RML_EXPLAIN_MAX_DEPTH; length *= 2)
	{
		for (int cold = 0; cold < length; cold += 1 + length / 61)
		{
			double		sum = 0;
			double		want = exp(lgamma(length - cold) + lgamma(cold + 1) - lgamma(length + 1));

			for (int k = 0; k < 4 * RML_MAX_BLOCKS; k++)
				sum += (double) rule.weight[k / 4][k % 4] * pow((double) rule.t[k / 4][k % 4], length - 1 - cold) *
					pow((double) rule.u[k / 4][k % 4], cold);
			CHECK(fabs(sum - want) < 1e-7, "%d features, %d cold: %.9g, expected %.9g", length, cold, sum, want);
		}
	}
}

/* ---- the rest ---- */

static jmp_buf left;
static int	polls_left;

static void
leave(void)
{
	if (polls_left-- == 0)
		longjmp(left, 1);
}

/* A call that is left by a poll leaves the space fit for the next. */
static void
check_leaving(void)
{
	Model		m;
	float		row[20];
	double		want[21];
	double		got[21];
	volatile int n_left = 0;
	uint32_t	state = 5;

	if (begin(&m, &(GenOptions) {.seed = 77, .n_features = 20, .n_rounds = 60, .n_splits = 500}))
	{
		gen_row(&m.model, 3, &state, row);
		rml_explain_row(&m.explainer, &m.image, m.space, row, 0, want, NULL);
		for (volatile int k = 0; k < 3; k++)
		{
			polls_left = k;
			if (setjmp(left) == 0)
				rml_explain_row(&m.explainer, &m.image, m.space, row, 0, got, leave);
			else
				n_left++;
			polls_left = -1;
			rml_explain_row(&m.explainer, &m.image, m.space, row, 0, got, leave);
			CHECK(memcmp(got, want, sizeof(got)) == 0, "after %d polls", k);
		}
		CHECK(n_left > 0, "it was never left");
		rml_explain_release(m.space, &m.host.host);
	}
	end(&m);
}

/* A file without sum_hessian, or with such that are no covers. */
static void
check_refused(const char *what, float of_root, float of_left, bool explained)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0xE5};
	RmlImportOptions options = {0};
	RmlError	err = {0};
	RmlBlock	block;
	Text		file = {0};
	Model		m;
	RmlXgbModel parsed;

	memset(&m, 0, sizeof(m));
	test_host_begin(&m.host, SIZE_MAX);
	gen_model(&m.model, &m.host.host, &(GenOptions) {.seed = 3, .n_features = 3, .n_rounds = 1, .n_splits = 1});
	gen_text(&m.model, false, &file);
	if (CHECK(rml_xgb_parse(file.data, file.size, &m.host.host, &parsed, &err) &&
			  rml_xgb_validate(&parsed, &m.host.host, &err), "%s: %s", what, err.message))
	{
		float	   *hessians = parsed.trees[0].sum_hessian.values;
		bool		prepared;

		hessians[0] = of_root;
		hessians[1] = of_left;
		hessians[2] = of_root - of_left;
		CHECK(rml_xgb_build(&parsed, &options, identity, &m.host.host, &block, &err) &&
			  rml_image_open(&m.image, block.data, block.size, &err), "%s: %s", what, err.message);
		prepared = rml_explain_prepare(&m.explainer, &m.image, &m.host.host, &err);
		CHECK(prepared == explained && (prepared || err.kind == RML_UNSUPPORTED), "%s: %d, %s", what, prepared, err.message);
	}
	text_free(&file);
	end(&m);
}

int
main(void)
{
	test("explain: a rule is exact as far as it has to be, and close beyond");
	check_rules();
	test("explain: contributions are those of Shapley's formula");
	for (uint32_t seed = 1; seed <= 300; seed++)
		check_definition(seed);
	test("explain: contributions add up to the margin");
	for (uint32_t seed = 1; seed <= 60; seed++)
	{
		GenOptions	shape = gen_shape(seed);

		check_sums(&shape, N_ROWS);
		shape = (GenOptions) {.seed = seed, .n_features = 5 + (int32_t) seed, .n_rounds = 3, .n_splits = 20 * (int32_t) seed};
		check_sums(&shape, 3);
	}
	test("explain: features that change places take their contributions with them; those unused have none");
	for (uint32_t seed = 1; seed <= 40; seed++)
		check_symmetry(seed);
	test("explain: paths of many features");
	for (int32_t n = 2; n <= 26; n += 3)
	{
		check_deep(&(GenOptions) {.seed = (uint32_t) n, .n_features = n, .n_rounds = 1, .n_splits = 4 * n}, 3);
		check_deep(&(GenOptions) {.seed = (uint32_t) n, .n_features = n, .n_rounds = 1, .n_splits = 3 * n, .chain = true}, 3);
	}
	check_deep(&(GenOptions) {.seed = 31, .n_features = 60, .n_rounds = 1, .n_splits = 120, .chain = true}, 2);
	check_deep(&(GenOptions) {.seed = 32, .n_features = 300, .n_rounds = 1, .n_splits = 400, .chain = true}, 1);
	test("explain: the deepest tree that there may be");
	check_sums(&(GenOptions) {.seed = 33, .n_features = 5, .n_rounds = 1, .n_splits = 4096, .chain = true}, 2);
	check_sums(&(GenOptions) {.seed = 34, .n_features = 2000, .n_rounds = 1, .n_splits = 4096, .chain = true}, 2);
	test("explain: linear models");
	check_sums(&(GenOptions) {.seed = 9, .n_features = 7, .n_rounds = 1, .linear = true}, N_ROWS);
	check_sums(&(GenOptions) {.seed = 10, .n_features = 40, .n_rounds = 1, .num_class = 4, .linear = true}, N_ROWS);
	test("explain: a call that is left half way does no harm to the next");
	check_leaving();
	test("explain: sums of hessians that are no covers");
	check_refused("sound", 10, 4, true);
	check_refused("all of it", 10, 10, true);
	check_refused("a little more, by rounding", 10, 10.001f, false);
	check_refused("nobody came", 0, 0, true);
	check_refused("below 0", 10, -1, false);
	check_refused("not a number", 10, NAN, false);
	check_refused("no end", INFINITY, 1, false);
	return test_done();
}
