/*
 * narrow.c
 *	  Contributions of trees that one block of nodes serves: up to eight
 *	  features on a path.
 *
 * A recursion whose state is in registers and on the stack; trees that are
 * deeper than RML_NARROW_DEPTH take the other way (wide.c).
 */
#include <stddef.h>

#include "base/inline.h"
#include "explain/walks.h"

typedef RmlBlockOf4 Block;

typedef struct Walk
{
	RmlPaths	paths;
	Block		t;
	Block		u;
	Block		inverse_u;
	const RmlNarrowFeature **features;
	Block	   *sums;
} Walk;

static const RmlNarrowFeature cold_feature = {.cold = true};
const RmlNarrowFeature rml_narrow_absent = {.inverse = {1, 1, 1, 1}, .z = 1};

static Block walk(const Walk *w, const RmlImageNode *node, Block p);

/* A split and what the walk knows of it. */
typedef struct Split
{
	const RmlImageNode *hot;	/* where the row goes */
	const RmlImageNode *cold;
	float		hot_z;
	float		cold_z;
} Split;

RML_INLINE Split
look(const Walk *w, const RmlImageNode *node)
{
	uint32_t	side = rml_explain_side(w->paths.image, node, w->paths.row[node->feature & RML_FEATURE_MASK]);
	const RmlImageNode *children = w->paths.nodes + node->child;
	const float *covers = w->paths.covers + node->child;

	return (Split) {children + side, children + (side ^ 1), covers[side], covers[side ^ 1]};
}

/* A split above two leaves, as half of all are: no call, no division. */
RML_INLINE Block
end_path(const Walk *w, const RmlImageNode *node, Split split, Block p)
{
	uint32_t	f = node->feature & RML_FEATURE_MASK;
	const RmlNarrowFeature *before = w->features[f];
	float		hot_value = rml_explain_leaf(&w->paths, split.hot);
	float		cold_part = split.cold_z * rml_explain_leaf(&w->paths, split.cold);
	float		hot_z;
	Block		others;
	Block		sum;

	if (before->cold)
		return p * (split.hot_z * hot_value + cold_part);
	others = p * before->inverse;
	hot_z = split.hot_z * before->z;
	cold_part *= before->z;
	/* v T of both, with T of the hot one written out */
	sum = others * (hot_value * w->t + (hot_value * hot_z + cold_part) * w->u);
	w->sums[f] += others * (hot_value * (1 - hot_z) - cold_part) - sum * before->a;
	return sum;
}

/* The sum below an edge on which the product is p. */
RML_INLINE Block
below(const Walk *w, const RmlImageNode *child, Block p)
{
	const RmlImageNode *next = w->paths.nodes + child->child;

	if (child->child == 0)
		return p * rml_explain_leaf(&w->paths, child);
	if ((next[0].child | next[1].child) == 0)
		return end_path(w, child, look(w, child), p);
	return walk(w, child, p);
}

/* Below a split; p is the product above it. */
static Block
walk(const Walk *w, const RmlImageNode *node, Block p)
{
	uint32_t	f = node->feature & RML_FEATURE_MASK;
	Split		split = look(w, node);
	const RmlImageNode *hot = split.hot;
	const RmlImageNode *cold = split.cold;
	float		hot_z = split.hot_z;
	float		cold_z = split.cold_z;
	const RmlNarrowFeature *before = w->features[f];
	RmlNarrowFeature here;
	Block		others;			/* product over the other features */
	Block		hot_t;
	Block		sum;
	Block		share;

	if (before->cold)
		return below(w, hot, p * hot_z) + below(w, cold, p * cold_z);
	others = p * before->inverse;
	hot_z *= before->z;
	cold_z *= before->z;
	hot_t = w->t + hot_z * w->u;
	if (hot->child == 0)
	{
		Block		part = others * rml_explain_leaf(&w->paths, hot);

		share = part * (1 - hot_z);
		sum = part * hot_t;
	}
	else
	{
		here.inverse = 1 / hot_t;
		here.a = here.inverse * (1 - hot_z);
		here.z = hot_z;
		here.cold = false;
		w->features[f] = &here;
		sum = below(w, hot, others * hot_t);
		share = sum * here.a;
	}
	if (cold->child == 0)
	{
		Block		part = others * (cold_z * rml_explain_leaf(&w->paths, cold));

		share -= part;
		sum += part * w->u;
	}
	else if (cold_z > 0)
	{
		Block		part;

		w->features[f] = &cold_feature;
		part = below(w, cold, others * (cold_z * w->u));
		share -= part * w->inverse_u;
		sum += part;
	}
	w->features[f] = before;
	w->sums[f] += share - sum * before->a;
	return sum;
}

void
rml_walk_narrow(const RmlPaths *paths, const RmlNarrowFeature **features, RmlBlockOf4 *sums)
{
	Walk		w = {
		.paths = *paths, .t = paths->rule->t[0], .u = paths->rule->u[0],
		.inverse_u = paths->rule->inverse_u[0], .features = features, .sums = sums
	};

	if (paths->nodes->child != 0)
		(void) below(&w, paths->nodes, paths->rule->weight[0]);
}
