/*
 * wide.c
 *	  Contributions of trees with any number of features on a path, and of
 *	  any depth.
 *
 * The walk of narrow.c with a stack of its own: a frame per split of the path.
 * A feature's state is that of the lowest frame on the path that splits on it.
 */
#include <stddef.h>
#include <string.h>

#include "explain/walks.h"

typedef RmlBlockOf4 Block;

typedef enum Step
{
	TO_HOT,						/* the split's hot side comes next */
	TO_COLD,
	UP
} Step;

/* A split on the path; arrays have n_blocks. */
typedef struct Frame
{
	const RmlImageNode *node;
	uint32_t	before;			/* frame + 1 of the split above on this feature, or 0 */
	uint32_t	side;			/* where the row goes */
	Step		step;
	bool		cold;			/* what the feature is below the side being walked */
	bool		was_cold;		/* and above */
	float		z;
	float		z_before;
	Block	   *p;				/* product above */
	Block	   *sum;			/* below, of sides that are done */
	Block	   *inverse;		/* 1 / T below the hot side */
	Block	   *a;				/* (1 - z) / T */
	Block	   *share;
} Frame;

#define ARRAYS 5				/* of a frame */

struct RmlWideWalk
{
	int			n_blocks;
	Frame	   *frames;
	uint32_t   *lowest;			/* by feature: frame + 1, or 0 */
	Block	   *result;			/* what the side that was walked last came to */
};

static size_t
aligned(size_t size)
{
	return (size + 15) & ~(size_t) 15;
}

size_t
rml_wide_size(uint32_t depth, int n_blocks, int32_t n_features)
{
	return aligned(sizeof(RmlWideWalk)) + aligned(sizeof(Frame) * ((size_t) depth + 1)) +
		aligned(sizeof(uint32_t) * (size_t) n_features) +
		sizeof(Block) * (size_t) n_blocks * (ARRAYS * ((size_t) depth + 1) + 1);
}

RmlWideWalk *
rml_wide_begin(void *memory, uint32_t depth, int n_blocks, int32_t n_features)
{
	RmlWideWalk *walk = memory;
	char	   *at = (char *) memory + aligned(sizeof(RmlWideWalk));
	Block	   *blocks;

	walk->frames = (Frame *) at;
	at += aligned(sizeof(Frame) * ((size_t) depth + 1));
	walk->lowest = (uint32_t *) at;
	memset(walk->lowest, 0, sizeof(uint32_t) * (size_t) n_features);
	at += aligned(sizeof(uint32_t) * (size_t) n_features);
	blocks = (Block *) at;
	for (uint32_t i = 0; i <= depth; i++)
	{
		Frame	   *frame = &walk->frames[i];

		frame->p = blocks;
		frame->sum = frame->p + n_blocks;
		frame->inverse = frame->sum + n_blocks;
		frame->a = frame->inverse + n_blocks;
		frame->share = frame->a + n_blocks;
		blocks += ARRAYS * n_blocks;
	}
	walk->result = blocks;
	return walk;
}

/* A split that the walk comes to; its p is filled. */
static void
enter(const RmlPaths *paths, RmlWideWalk *walk, uint32_t at, const RmlImageNode *node)
{
	Frame	   *frame = &walk->frames[at];
	uint32_t	f = node->feature & RML_FEATURE_MASK;
	uint32_t	before = walk->lowest[f];

	frame->node = node;
	frame->before = before;
	frame->side = rml_explain_side(paths->image, node, paths->row[f]);
	frame->step = TO_HOT;
	frame->was_cold = before != 0 && walk->frames[before - 1].cold;
	frame->z_before = before != 0 ? walk->frames[before - 1].z : 1;
	walk->lowest[f] = at + 1;
	for (int i = 0; i < paths->n_blocks; i++)
	{
		frame->sum[i] = (Block) {0};
		frame->share[i] = (Block) {0};
		if (before != 0 && !frame->was_cold)
			frame->p[i] *= walk->frames[before - 1].inverse[i];
	}
}

/*
 * Takes the side that comes next: fills p, the product below its edge, and
 * says what the feature becomes.
 */
static const RmlImageNode *
descend(const RmlPaths *paths, Frame *frame, Block *p)
{
	bool		is_hot = frame->step == TO_HOT;
	uint32_t	child = frame->node->child + (is_hot ? frame->side : frame->side ^ 1);
	const RmlRule *rule = paths->rule;
	float		z = paths->covers[child];

	frame->cold = frame->was_cold || !is_hot;
	frame->z = z * frame->z_before;
	for (int i = 0; i < paths->n_blocks; i++)
	{
		if (frame->was_cold)
			p[i] = frame->p[i] * z;
		else if (!is_hot)
			p[i] = frame->p[i] * (frame->z * rule->u[i]);
		else
		{
			Block		t = rule->t[i] + frame->z * rule->u[i];

			frame->inverse[i] = 1 / t;
			frame->a[i] = frame->inverse[i] * (1 - frame->z);
			p[i] = frame->p[i] * t;
		}
	}
	return paths->nodes + child;
}

/* Adds what the side came to. */
static void
gather(const RmlPaths *paths, Frame *frame, const Block *result)
{
	for (int i = 0; i < paths->n_blocks; i++)
	{
		frame->sum[i] += result[i];
		if (frame->was_cold)
			continue;
		if (frame->step == TO_HOT)
			frame->share[i] += result[i] * frame->a[i];
		else
			frame->share[i] -= result[i] * paths->rule->inverse_u[i];
	}
	frame->step++;
}

/* Adds the split's share to its feature; the sum is the result for what is above. */
static void
leave(const RmlPaths *paths, RmlWideWalk *walk, const Frame *frame, double *contributions)
{
	uint32_t	f = frame->node->feature & RML_FEATURE_MASK;
	const Frame *before = frame->before != 0 ? &walk->frames[frame->before - 1] : NULL;
	Block		total = {0};

	for (int i = 0; i < paths->n_blocks; i++)
	{
		Block		share = frame->share[i];

		walk->result[i] = frame->sum[i];
		if (before != NULL && !frame->was_cold)
			share -= frame->sum[i] * before->a[i];
		total += share;
	}
	walk->lowest[f] = frame->before;
	if (!frame->was_cold)
		contributions[f] += ((double) total[0] + (double) total[1]) + ((double) total[2] + (double) total[3]);
}

void
rml_walk_wide(const RmlPaths *paths, RmlWideWalk *walk, double *contributions)
{
	uint32_t	at = 0;

	if (paths->nodes->child == 0)
		return;
	memcpy(walk->frames[0].p, paths->rule->weight, sizeof(Block) * (size_t) paths->n_blocks);
	enter(paths, walk, 0, paths->nodes);
	for (;;)
	{
		Frame	   *frame = &walk->frames[at];
		const RmlImageNode *child;
		Block	   *p;

		if (frame->step == UP)
		{
			leave(paths, walk, frame, contributions);
			if (at == 0)
				return;
			at--;
			gather(paths, &walk->frames[at], walk->result);
			continue;
		}
		p = walk->frames[at + 1].p;
		child = descend(paths, frame, p);
		if (child->child != 0)
		{
			enter(paths, walk, ++at, child);
			continue;
		}
		for (int i = 0; i < paths->n_blocks; i++)
			walk->result[i] = p[i] * rml_explain_leaf(paths, child);
		gather(paths, frame, walk->result);
	}
}
