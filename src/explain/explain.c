/*
 * explain.c
 *	  Contributions of the features to a row's margin.
 */
#include "explain/explain.h"

#include <string.h>

#include "explain/walks.h"

/* Narrow trees whose sums are gathered in float32. */
#define TREES_PER_SUM 16

/* Nodes of trees between two polls. */
#define NODES_PER_POLL 16384

struct RmlExplainSpace
{
	const RmlNarrowFeature **features;
	RmlBlockOf4 *sums;			/* by feature; 0 between calls */
	void	   *sums_chunk;
	RmlWideWalk *wide;			/* NULL: no tree needs it */
	void	   *wide_chunk;
	void	   *own_chunk;
};

/* ---- what is known before any row ---- */

/* The splits above a node, while all of a tree's paths are looked at. */
typedef struct Walk
{
	const RmlImageNode *nodes;
	uint32_t   *path;			/* nodes from the root on */
	uint8_t    *side;			/* sides of each that are done */
	uint32_t   *count;			/* by feature: how often it is on the path */
	uint32_t	depth;			/* what was found */
	uint32_t	n_features;
} Walk;

/* Finds the longest path of a tree, and how many features a path has at most; false if it is too deep. */
static bool
measure_tree(Walk *w)
{
	uint32_t	length = 1;
	uint32_t	n_features = 0;

	w->depth = 0;
	w->n_features = 0;
	w->path[0] = 0;
	w->side[0] = 0;
	while (length > 0)
	{
		uint32_t	at = length - 1;
		const RmlImageNode *node = &w->nodes[w->path[at]];
		uint32_t	f = node->feature & RML_FEATURE_MASK;

		if (node->child != 0 && w->side[at] == 0 && w->count[f]++ == 0)
			n_features++;
		if (node->child != 0 && w->side[at] < 2)
		{
			if (length > RML_EXPLAIN_MAX_DEPTH)
				return false;
			w->path[length] = node->child + w->side[at]++;
			w->side[length++] = 0;
			continue;
		}
		if (at > w->depth)
			w->depth = at;
		if (n_features > w->n_features)
			w->n_features = n_features;
		if (node->child != 0 && --w->count[f] == 0)
			n_features--;
		length--;
	}
	return true;
}

static int
blocks_for(uint32_t n_features)
{
	uint32_t	n = (n_features + 2 * RML_BLOCK - 1) / (2 * RML_BLOCK);

	return n < 1 ? 1 : n > RML_MAX_BLOCKS ? RML_MAX_BLOCKS : (int) n;
}

static bool
measure_trees(RmlExplainer *explainer, const RmlImage *image, RmlHost *host, RmlError *err)
{
	size_t		n_features = (size_t) image->header->n_features;
	Walk		w;
	int			t;
	uint64_t	n_nodes = 0;

	w.path = rml_alloc(host, sizeof(uint32_t) * (RML_EXPLAIN_MAX_DEPTH + 2));
	w.side = rml_alloc(host, RML_EXPLAIN_MAX_DEPTH + 2);
	w.count = rml_alloc(host, sizeof(uint32_t) * n_features);
	memset(w.count, 0, sizeof(uint32_t) * n_features);
	for (t = 0; t < image->header->n_trees; t++)
	{
		n_nodes += image->trees[t].n_nodes;
		if (n_nodes > NODES_PER_POLL)
		{
			rml_poll(host);
			n_nodes = 0;
		}
		w.nodes = image->nodes + image->trees[t].first_node;
		if (!measure_tree(&w))
			break;
		if (w.depth > explainer->depth)
			explainer->depth = w.depth;
		explainer->n_blocks[t] = (uint8_t) (w.depth > RML_NARROW_DEPTH && blocks_for(w.n_features) == 1 ? 2 :
											blocks_for(w.n_features));
	}
	host->release(host, w.count);
	host->release(host, w.side);
	host->release(host, w.path);
	return t == image->header->n_trees ||
		rml_fail(err, RML_LIMIT, "tree %d has paths of more than %d splits", t, RML_EXPLAIN_MAX_DEPTH);
}

/* The mean of each node of a tree, weighted by the covers, last nodes first. */
static void
find_means(const RmlImage *image, const RmlImageTree *tree, int output, double *means)
{
	const RmlImageNode *nodes = image->nodes + tree->first_node;
	const float *covers = image->covers + tree->first_node;
	RmlPaths	paths = {
		.image = image,
		.leaves = tree->output == RML_ALL_OUTPUTS ? image->leaf_vectors + output : NULL
	};

	for (uint32_t i = tree->n_nodes; i-- > 0;)
	{
		uint32_t	child = nodes[i].child;

		means[i] = child == 0 ? (double) rml_explain_leaf(&paths, &nodes[i])
			: (double) covers[child] * means[child] + (double) covers[child + 1] * means[child + 1];
	}
}

static double *
room_for_means(const RmlImage *image, RmlHost *host)
{
	uint32_t	most = 1;

	for (int t = 0; t < image->header->n_trees; t++)
	{
		if (image->trees[t].n_nodes > most)
			most = image->trees[t].n_nodes;
	}
	return rml_alloc(host, sizeof(double) * most);
}

/* Calls of find_means() for all trees and outputs: base values, and the means if there is room for them. */
static void
visit_means(RmlExplainer *explainer, const RmlImage *image, RmlHost *host)
{
	double	   *means = room_for_means(image, host);

	for (int t = 0; t < image->header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];
		bool		all = tree->output == RML_ALL_OUTPUTS;
		int			end = all ? image->header->n_outputs : tree->output + 1;

		for (int output = all ? 0 : tree->output; output < end; output++)
		{
			rml_poll(host);
			find_means(image, tree, output, means);
			if (explainer->means == NULL)
			{
				explainer->base[output] += means[0];
				continue;
			}
			for (uint32_t i = 0; i < tree->n_nodes; i++)
				explainer->means[((size_t) tree->first_node + i) * explainer->n_means +
								 (explainer->n_means > 1 ? (size_t) output : 0)] = (float) means[i];
		}
	}
	host->release(host, means);
}

/* Memory of that size, aligned to 16 bytes, and what is to be released. */
static void *
alloc_aligned(RmlHost *host, size_t size, void **chunk)
{
	*chunk = rml_alloc(host, size + 15);
	return (void *) (((uintptr_t) *chunk + 15) & ~(uintptr_t) 15);
}

/* The rules that trees need. */
static void
make_rules(RmlExplainer *explainer, const RmlImage *image, RmlHost *host)
{
	void	   *chunk;

	explainer->most_blocks = 1;
	for (int t = 0; t < image->header->n_trees; t++)
	{
		if (explainer->n_blocks[t] > explainer->most_blocks)
			explainer->most_blocks = explainer->n_blocks[t];
	}
	explainer->rules = alloc_aligned(host, sizeof(RmlRule) * (size_t) explainer->most_blocks, &chunk);
	for (int i = 0; i < explainer->most_blocks; i++)
	{
		rml_poll(host);
		rml_make_rule(&explainer->rules[i], i + 1);
	}
}

bool
rml_explain_prepare(RmlExplainer *explainer, const RmlImage *image, RmlHost *host, RmlError *err)
{
	int			n_outputs = image->header->n_outputs;
	bool		linear = (image->header->flags & RML_IMAGE_LINEAR) != 0;

	memset(explainer, 0, sizeof(*explainer));
	if (!linear && image->header->n_trees > 0 && image->covers == NULL)
		return rml_fail(err, RML_UNSUPPORTED, "the model's file does not say how many training rows came to each node");
	explainer->n_blocks = rml_alloc(host, (size_t) image->header->n_trees);
	if (!measure_trees(explainer, image, host, err))
		return false;
	make_rules(explainer, image, host);
	explainer->base = rml_alloc(host, sizeof(double) * (size_t) n_outputs);
	for (int i = 0; i < n_outputs; i++)
		explainer->base[i] = (double) image->base_margin[i];
	if (linear)
	{
		const float *biases = image->weights + (size_t) image->header->n_features * (size_t) n_outputs;

		for (int i = 0; i < n_outputs; i++)
			explainer->base[i] += (double) biases[i];
	}
	visit_means(explainer, image, host);
	return true;
}

void
rml_explain_prepare_means(RmlExplainer *explainer, const RmlImage *image, RmlHost *host)
{
	size_t		n_nodes = (size_t) rml_image_entries(image->header, RML_SEC_NODES);
	bool		vectors = rml_image_entries(image->header, RML_SEC_LEAF_VECTORS) > 0;
	float	   *means;

	if (explainer->means != NULL)
		return;
	explainer->n_means = vectors ? (uint32_t) image->header->n_outputs : 1;
	means = rml_alloc(host, sizeof(float) * n_nodes * explainer->n_means);
	explainer->means = means;
	visit_means(explainer, image, host);
}

/* ---- room to work in ---- */

RmlExplainSpace *
rml_explain_space(const RmlExplainer *explainer, const RmlImage *image, RmlHost *host)
{
	int32_t		n_features = image->header->n_features;
	void	   *chunk;
	RmlExplainSpace *space = alloc_aligned(host, sizeof(RmlExplainSpace), &chunk);
	int			most = explainer->most_blocks;

	memset(space, 0, sizeof(*space));
	space->own_chunk = chunk;
	space->features = rml_alloc(host, sizeof(*space->features) * (size_t) n_features);
	space->sums = alloc_aligned(host, sizeof(RmlBlockOf4) * (size_t) n_features, &space->sums_chunk);
	for (int32_t i = 0; i < n_features; i++)
	{
		space->features[i] = &rml_narrow_absent;
		space->sums[i] = (RmlBlockOf4) {0};
	}
	if (most > 1)
	{
		void	   *memory = alloc_aligned(host, rml_wide_size(explainer->depth, most, n_features),
										   &space->wide_chunk);

		space->wide = rml_wide_begin(memory, explainer->depth, most, n_features);
	}
	return space;
}

void
rml_explain_release(RmlExplainSpace *space, RmlHost *host)
{
	if (space->wide_chunk != NULL)
		host->release(host, space->wide_chunk);
	host->release(host, space->sums_chunk);
	host->release(host, space->features);
	host->release(host, space->own_chunk);
}

/* ---- rows ---- */

/* Moves the sums of narrow trees into the contributions. */
static void
take_sums(RmlExplainSpace *space, int32_t n_features, double *contributions)
{
	for (int32_t i = 0; i < n_features; i++)
	{
		RmlBlockOf4 sum = space->sums[i];

		contributions[i] += ((double) sum[0] + (double) sum[1]) + ((double) sum[2] + (double) sum[3]);
		space->sums[i] = (RmlBlockOf4) {0};
	}
}

static void
explain_linearly(const RmlImage *image, const float *row, int output, double *contributions)
{
	int			n_outputs = image->header->n_outputs;

	for (int i = 0; i < image->header->n_features; i++)
	{
		float		x = row[i];

		contributions[i] = x != x ? 0 : (double) (x * image->weights[(size_t) i * (size_t) n_outputs + (size_t) output]);
	}
}

/* Does the tree add to the output? */
static bool
adds_to(const RmlImageTree *tree, int output)
{
	return tree->output == output || tree->output == RML_ALL_OUTPUTS;
}

void
rml_explain_row(const RmlExplainer *explainer, const RmlImage *image, RmlExplainSpace *space,
				const float *row, int output, double *contributions, void (*poll) (void))
{
	int32_t		n_features = image->header->n_features;
	uint64_t	n_nodes = 0;
	int			n_narrow = 0;

	memset(contributions, 0, sizeof(double) * (size_t) n_features);
	contributions[n_features] = explainer->base[output];
	if (image->header->flags & RML_IMAGE_LINEAR)
		explain_linearly(image, row, output, contributions);
	for (int t = 0; t < image->header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];
		int			n_blocks = explainer->n_blocks[t];
		RmlPaths	paths;

		if (!adds_to(tree, output))
			continue;
		paths.image = image;
		paths.nodes = image->nodes + tree->first_node;
		paths.covers = image->covers + tree->first_node;
		paths.leaves = tree->output == RML_ALL_OUTPUTS ? image->leaf_vectors + output : NULL;
		paths.row = row;
		paths.rule = &explainer->rules[n_blocks - 1];
		paths.n_blocks = n_blocks;
		if (n_blocks > 1)
			rml_walk_wide(&paths, space->wide, contributions);
		else
		{
			rml_walk_narrow(&paths, space->features, space->sums);
			if (++n_narrow % TREES_PER_SUM == 0)
				take_sums(space, n_features, contributions);
		}
		n_nodes += (uint64_t) tree->n_nodes * (uint64_t) n_blocks;
		if (n_nodes > NODES_PER_POLL)
		{
			/* it may not come back */
			take_sums(space, n_features, contributions);
			if (poll != NULL)
				poll();
			n_nodes = 0;
		}
	}
	if (n_narrow > 0)
		take_sums(space, n_features, contributions);
}

void
rml_explain_approximately(const RmlExplainer *explainer, const RmlImage *image, const float *row,
						  int output, double *contributions, void (*poll) (void))
{
	int32_t		n_features = image->header->n_features;

	memset(contributions, 0, sizeof(double) * (size_t) n_features);
	contributions[n_features] = explainer->base[output];
	if (image->header->flags & RML_IMAGE_LINEAR)
		explain_linearly(image, row, output, contributions);
	for (int t = 0; t < image->header->n_trees; t++)
	{
		const RmlImageTree *tree = &image->trees[t];
		const RmlImageNode *nodes = image->nodes + tree->first_node;
		const float *means = explainer->means +
			(size_t) tree->first_node * explainer->n_means + (explainer->n_means > 1 ? output : 0);

		if (poll != NULL && t % 512 == 511)
			poll();
		if (!adds_to(tree, output))
			continue;
		for (uint32_t at = 0; nodes[at].child != 0;)
		{
			uint32_t	f = nodes[at].feature & RML_FEATURE_MASK;
			uint32_t	next = nodes[at].child + rml_explain_side(image, &nodes[at], row[f]);

			contributions[f] += (double) means[(size_t) next * explainer->n_means] -
				(double) means[(size_t) at * explainer->n_means];
			at = next;
		}
	}
}
