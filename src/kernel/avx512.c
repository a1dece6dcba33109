/*
 * avx512.c
 *	  The kernel for CPUs with AVX-512 and VBMI (Ice Lake, Zen 4, and later).
 *
 * One row: all nodes of a tree at once.  One instruction fetches the ranks of
 * 64 nodes from registers, one compares them with their cuts, and a descent is
 * then shifts in a mask of 64 bits, for eight trees side by side.
 *
 * A block: 64 rows at once.  Every node of the tree is decided for all of them,
 * one bit of each row's byte, and level by level the decisions that count are
 * selected, bottom up: three instructions a node, and no branches.
 */
#include "kernel/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "base/hot.h"
#include "kernel/blocks.h"
#include "kernel/descend.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2,popcnt")))
#define TARGET_INLINE RML_INLINE TARGET

#define TREES 64				/* of a row, at most, that go down together */
#define FEW_TREES 32			/* enough if none is deep, so that memory is not waited for */
#define OR_AND 0xF8				/* of a ternary operation: a | (b & c) */

#define ROWS 64					/* of a block */

RML_HOT bool
rml_avx512_cpu_has(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
		__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2") &&
		__builtin_cpu_supports("popcnt");
}

/* How many of a table's 16 entries are not above a value; NaN never counts. */
TARGET_INLINE uint32_t
count_not_above(__m512 entries, __m512 value)
{
	return (uint32_t) __builtin_popcount(_mm512_cmp_ps_mask(entries, value, _CMP_LE_OQ));
}

/* The rank of a value, from what the table of the first level has given. */
TARGET_INLINE uint32_t
find_rank(const RmlRankFeature *f, const float *tables, __m512 value, uint32_t rank)
{
	for (uint32_t level = 1; level < f->n_levels; level++)
		rank = rank * RML_RANK_FANOUT +
			count_not_above(_mm512_loadu_ps(tables + f->table[level] + rank * RML_RANK_FANOUT), value);
	return rank;
}

TARGET_INLINE void
rank_row(const RmlImage *image, const float *row, uint8_t *ranks)
{
	const float *tables = image->rank_tables;

	for (uint32_t i = 0; i < image->n_rank_features; i++)
	{
		const RmlRankFeature *f = &image->rank_features[i];
		float		x = row[f->feature];
		__m512		value = _mm512_set1_ps(x);
		uint32_t	first = count_not_above(_mm512_loadu_ps(tables + f->table[0]), value);

		rml_put_rank(image, f, find_rank(f, tables, value, first), x != x, ranks);
	}
	rml_put_sets(image, row, ranks, 1, 0);
}

/* ---- one row ---- */

/* Trees on the way to their leaves. */
typedef struct Chunk
{
	uint64_t	decisions[TREES];	/* bit i: the row goes right at node i */
	uint64_t	at[TREES];		/* the node after the levels that were taken */
	RmlRankTriple triples[TREES];
	uint32_t	exits[TREES];	/* where the leaves are, when they are found */
} Chunk;

/* Leaves that are found, and what they are added to. */
typedef struct Leaves
{
	const RmlImage *image;
	float	   *margins;
	bool		one_sum;
	float		sum;			/* then the margin */
	int			first_tree;
	int			n;
	int			added;			/* of these */
} Leaves;

/* A row of ranks, as many registers as it takes. */
typedef struct Ranks
{
	__m512i		part[4];
} Ranks;

TARGET_INLINE __m512i
ranks_of(const Ranks *ranks, __m512i slots, int parts)
{
	__m512i		low;

	if (parts == 1)
		return _mm512_permutexvar_epi8(slots, ranks->part[0]);
	low = _mm512_permutex2var_epi8(ranks->part[0], slots, ranks->part[1]);
	if (parts == 2)
		return low;
	return _mm512_mask_blend_epi8(_mm512_movepi8_mask(slots), low,
								  _mm512_permutex2var_epi8(ranks->part[2], slots, ranks->part[3]));
}

/* Decides all nodes of a tree's first six levels. */
TARGET_INLINE uint64_t
decide_top(const Ranks *ranks, const uint8_t *slots, size_t size, int parts)
{
	return _mm512_cmpgt_epu8_mask(ranks_of(ranks, _mm512_loadu_si512(slots), parts),
								  _mm512_loadu_si512(slots + size));
}

/* The same for a tree of fewer levels. */
TARGET_INLINE uint64_t
decide_small(const Ranks *ranks, const uint8_t *slots, size_t size, int parts)
{
	__mmask64	nodes = (UINT64_C(1) << size) - 1;

	return _mm512_cmpgt_epu8_mask(ranks_of(ranks, _mm512_maskz_loadu_epi8(nodes, slots), parts),
								  _mm512_maskz_loadu_epi8(nodes, slots + size));
}

TARGET_INLINE void
decide_eight(const Ranks *ranks, const uint8_t *slots, size_t size, uint64_t *decisions, int parts)
{
#pragma GCC unroll 8
	for (int k = 0; k < 8; k++, slots += 2 * size)
		decisions[k] = decide_top(ranks, slots, size, parts);
}

/* Have eight trees the same number of levels? */
TARGET_INLINE bool
are_alike(const RmlRankTree *trees)
{
	const __mmask16 levels = 0x1111;
	__m512i		first = _mm512_set1_epi32(trees[0].levels);
	__mmask16	alike = _mm512_mask_cmpeq_epi32_mask(levels, _mm512_loadu_si512(trees), first);

	return _mm512_mask_cmpeq_epi32_mask(alike, _mm512_loadu_si512(trees + 4), first) == levels;
}

/*
 * Adds n leaves to whatever margins they are for.  Not inlined, so that it takes
 * no registers from the rest; for the same CPU, since other code is several
 * times slower while the upper halves of registers are in use.
 */
__attribute__((noinline)) TARGET static void
add_to_any(const RmlImage *image, int first_tree, const uint32_t *exits, int n, float *margins)
{
	for (int k = 0; k < n; k++)
		rml_add_leaf(image, first_tree + k, image->rank_exits + exits[k], margins);
}

/* Adds the next n leaves that are found. */
TARGET_INLINE void
add_leaves(Leaves *leaves, const uint32_t *found, int n)
{
	const float *values = leaves->image->rank_exits;
	const uint32_t *exits = found + leaves->added;

	if (!leaves->one_sum)
		add_to_any(leaves->image, leaves->first_tree + leaves->added, exits, n, leaves->margins);
	else
	{
#pragma GCC unroll 8
		for (int k = 0; k < n; k++)
			leaves->sum += values[exits[k]];
	}
	leaves->added += n;
}

/*
 * Decides the next trees that are laid out, at most so many; returns how many.
 * They lie one behind the other.  An addition has to wait for the one before
 * it, and a decision for nothing: the leaves that are found are added meanwhile.
 */
TARGET_INLINE int
decide(Leaves *leaves, int first_tree, int most, const Ranks *ranks, Chunk *chunk, int parts)
{
	const RmlRankTree *trees = leaves->image->rank_trees + first_tree;
	const uint8_t *slots = leaves->image->rank_nodes + trees[0].first_node;
	int			n = 0;

	while (n < most && trees[n].levels != RML_WALKED)
	{
		size_t		size = (size_t) 1 << trees[n].levels;
		int			together = 1;

		if (size < 64)
			chunk->decisions[n] = decide_small(ranks, slots, size, parts);
		else if (n + 8 > most || !are_alike(trees + n))
			chunk->decisions[n] = decide_top(ranks, slots, size, parts);
		else
		{
			decide_eight(ranks, slots, size, chunk->decisions + n, parts);
			together = 8;
		}
		slots += 2 * size * (size_t) together;
		n += together;
		if (leaves->added + 8 <= n && leaves->added + 8 <= leaves->n)
			add_leaves(leaves, chunk->exits, 8);
	}
	add_leaves(leaves, chunk->exits, leaves->n - leaves->added);
	return n;
}

/*
 * Takes eight trees six levels down: the decision of each tree's node becomes
 * the last bit of the next node's number.  Trees that have fewer levels go on
 * among bits that mean nothing, here and further down; the bits that this
 * appends are dropped later.
 */
TARGET_INLINE void
descend(Chunk *chunk, int k)
{
	__m512i		decisions = _mm512_loadu_si512(chunk->decisions + k);
	__m512i		one = _mm512_set1_epi64(1);
	__m512i		at = one;

#pragma GCC unroll 6
	for (int level = 0; level < 6; level++)
		at = _mm512_ternarylogic_epi64(_mm512_add_epi64(at, at), _mm512_srlv_epi64(decisions, at), one,
									   OR_AND);
	_mm512_storeu_si512(chunk->at + k, at);
}

/*
 * Takes eight trees two levels further down, by the triples of the nodes where
 * they are.  Each tree's are eight bytes: all six comparisons are made at once,
 * and the child's counts of which the node decides.
 */
TARGET_INLINE void
descend_further(Chunk *chunk, int k, const Ranks *ranks, int parts)
{
	__m512i		triples = _mm512_loadu_si512(chunk->triples + k);
	__m512i		one = _mm512_set1_epi64(1);
	__m512i		right = _mm512_movm_epi8(_mm512_cmpgt_epu8_mask(ranks_of(ranks, triples, parts),
																_mm512_srli_epi64(triples, 32)));
	__m512i		node = _mm512_and_si512(right, one);
	__m512i		child = _mm512_and_si512(_mm512_srlv_epi64(right, _mm512_slli_epi64(_mm512_add_epi64(node, one), 3)),
										 one);
	__m512i		at = _mm512_add_epi64(_mm512_slli_epi64(_mm512_loadu_si512(chunk->at + k), 1), node);

	_mm512_storeu_si512(chunk->at + k, _mm512_add_epi64(_mm512_add_epi64(at, at), child));
}

/* Where the leaves are that n trees, eight at most, were taken to in so many levels. */
TARGET_INLINE __m256i
exits_of(const RmlRankTree *trees, int n, __m512i at, int taken)
{
	const __m512i fields = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 3, 7, 11, 15, 19, 23, 27, 31);
	uint32_t	there = n >= 8 ? UINT32_MAX : (UINT32_C(1) << 4 * n) - 1;
	__m512i		both = _mm512_permutex2var_epi32(_mm512_maskz_loadu_epi32((__mmask16) there, trees), fields,
												 _mm512_maskz_loadu_epi32((__mmask16) (there >> 16), trees + 4));
	__m256i		levels = _mm512_castsi512_si256(both);
	__m256i		first_exit = _mm512_extracti64x4_epi64(both, 1);
	__m256i		size = _mm256_sllv_epi32(_mm256_set1_epi32(1), levels);
	__m256i		place = _mm256_srlv_epi32(_mm512_cvtepi64_epi32(at),
										  _mm256_sub_epi32(_mm256_set1_epi32(taken), levels));

	return _mm256_add_epi32(first_exit, _mm256_sub_epi32(place, size));
}

/* Finds the leaves of n trees whose nodes are decided. */
TARGET_INLINE void
find_leaves(Leaves *leaves, int first_tree, int n, const Ranks *ranks, Chunk *chunk, int parts)
{
	const RmlImage *image = leaves->image;
	const RmlRankTree *trees = image->rank_trees + first_tree;
	bool		deep = image->rank_triples != NULL;

	for (int k = 0; k < n; k += 8)
		descend(chunk, k);
#pragma GCC unroll 8
	for (int k = 0; deep && k < n; k++)
		chunk->triples[k] = image->rank_triples[trees[k].first_triple + chunk->at[k] - RML_TRIPLES];
	for (int k = 0; deep && k < n; k += 8)
		descend_further(chunk, k, ranks, parts);
	for (int k = 0; k < n; k += 8)
		_mm256_storeu_si256((__m256i *) (chunk->exits + k),
							exits_of(trees + k, n - k, _mm512_loadu_si512(chunk->at + k),
										  deep ? RML_MAX_RANK_DEPTH : RML_TOP_LEVELS));
	/* a model that is large enough to have deep trees is in no cache that is near */
#pragma GCC unroll 8
	for (int k = 0; deep && k < n; k++)
		__builtin_prefetch(image->rank_exits + chunk->exits[k]);
	leaves->first_tree = first_tree;
	leaves->n = n;
	leaves->added = 0;
}

/* Adds the next trees, as long as they are laid out; returns how many. */
TARGET_INLINE int
add_laid_out(const RmlImage *image, int first_tree, int end_tree, const Ranks *ranks, float *margins,
			 int parts)
{
	int			most = image->rank_triples != NULL ? TREES : FEW_TREES;
	int			tree = first_tree;
	Chunk		chunk;
	Leaves		leaves = {.image = image, .margins = margins, .one_sum = rml_has_one_sum(image), .sum = margins[0]};

	while (tree < end_tree && image->rank_trees[tree].levels != RML_WALKED)
	{
		int			n = decide(&leaves, tree, end_tree - tree < most ? end_tree - tree : most, ranks, &chunk,
							   parts);

		find_leaves(&leaves, tree, n, ranks, &chunk, parts);
		tree += n;
	}
	add_leaves(&leaves, chunk.exits, leaves.n);
	if (leaves.one_sum)
		margins[0] = leaves.sum;
	return tree - first_tree;
}

/* Walks the next trees that are not laid out; returns how many. */
static int
walk(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins)
{
	const RmlRankTree *trees = image->rank_trees + first_tree;
	int			most = end_tree - first_tree < RML_LANES ? end_tree - first_tree : RML_LANES;
	int			n = 1;

	while (n < most && trees[n].levels == RML_WALKED)
		n++;
	rml_walk_trees(image, first_tree, n, row, margins);
	return n;
}

TARGET_INLINE void
add_row(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins, int parts)
{
	uint8_t		bytes[RML_RANK_ROW] __attribute__((aligned(64)));
	Ranks		ranks;

	rank_row(image, row, bytes);
	for (int i = 0; i < parts; i++)
		ranks.part[i] = _mm512_load_si512(bytes + 64 * i);
	for (int t = first_tree; t < end_tree;)
		t += image->rank_trees[t].levels != RML_WALKED
			? add_laid_out(image, t, end_tree, &ranks, margins, parts)
			: walk(image, t, end_tree, row, margins);
}

/* By how many registers a row of ranks takes. */
#define DEFINE_ADD_ROW(parts) \
RML_HOT TARGET static void \
add_row_##parts(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins) \
{ \
	add_row(image, first_tree, end_tree, row, margins, parts); \
}

DEFINE_ADD_ROW(1)
DEFINE_ADD_ROW(2)
DEFINE_ADD_ROW(4)

/* More slots than registers hold: as the interleaved kernel. */
TARGET static void
add_wide_row(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins)
{
	uint8_t		ranks[RML_RANK_ROW];

	rank_row(image, row, ranks);
	for (int t = first_tree; t < end_tree;)
		t += rml_add_trees(image, t, end_tree, row, ranks, margins);
}

/* ---- a block of rows ---- */

/* A tree for a block. */
typedef struct Tree
{
	const uint8_t *ranks;
	const uint8_t *slots;
	const uint8_t *cuts;
	const uint8_t *upper;		/* of the slots, where they are wide */
	const float *exits;
	__m512i		left[RML_MAX_RANK_DEPTH];	/* per level: bit 7 of a row's byte if it goes left */
} Tree;

/*
 * The average of a rank's complement and the cut, rounded up, has bit 7 set
 * exactly if 255 - rank + cut + 1 is 256 or more: if the rank is not above the
 * cut, and the row goes left.
 */
TARGET_INLINE __m512i
node_decision(const Tree *t, uint32_t node, bool wide)
{
	uint32_t	slot = t->slots[node] | (wide ? (uint32_t) t->upper[node] << 8 : 0);

	return _mm512_avg_epu8(_mm512_load_si512(t->ranks + slot * ROWS),
						   _mm512_set1_epi8((char) t->cuts[node]));
}

/* What the last of the levels decides below a node that is n levels above it. */
#define SELECT(t, level, n, below, node, wide) \
	_mm512_ternarylogic_epi64((t)->left[(level) - (n)], below(t, level, 2 * (node), wide), \
							  below(t, level, 2 * (node) + 1, wide), 0xCA)

TARGET_INLINE __m512i
select_0(const Tree *t, int level, uint32_t node, bool wide)
{
	(void) level;
	return node_decision(t, node, wide);
}

#define DEFINE_SELECT(n, below) \
TARGET_INLINE __m512i \
select_##n(const Tree *t, int level, uint32_t node, bool wide) \
{ \
	return SELECT(t, level, n, below, node, wide); \
}

DEFINE_SELECT(1, select_0)
DEFINE_SELECT(2, select_1)
DEFINE_SELECT(3, select_2)
DEFINE_SELECT(4, select_3)
DEFINE_SELECT(5, select_4)
DEFINE_SELECT(6, select_5)
DEFINE_SELECT(7, select_6)

TARGET_INLINE __m512i
append(__m512i places, __m512i left)
{
	__m512i		twice = _mm512_add_epi8(places, places);

	return _mm512_mask_sub_epi8(twice, ~_mm512_movepi8_mask(left), twice,
								_mm512_set1_epi8(-1));
}

/* Which exit each row takes. */
TARGET_INLINE __m512i
find_exits(Tree *t, int32_t levels, bool wide)
{
	__m512i		places = _mm512_setzero_si512();

#define LEVEL(n) \
	if (levels > n) \
	{ \
		t->left[n] = select_##n(t, n, 1, wide); \
		places = append(places, t->left[n]); \
	}
	LEVEL(0)
	LEVEL(1)
	LEVEL(2)
	LEVEL(3)
	LEVEL(4)
	LEVEL(5)
	LEVEL(6)
	LEVEL(7)
#undef LEVEL
	return places;
}

/* 16 of the block's exits, as 32-bit numbers. */
TARGET_INLINE __m512i
quarter(__m512i places, int q)
{
	switch (q)
	{
		case 0:
			return _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
		case 1:
			return _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 1));
		case 2:
			return _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 2));
		default:
			return _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 3));
	}
}

/* Values of up to 64 exits, which stand in registers. */
TARGET_INLINE void
look_up_64(const float *exits, uint32_t n, __m512i places, __m512 values[4])
{
	__m512		table[4];

	for (uint32_t i = 0; i < 4; i++)
	{
		uint32_t	present = n > 16 * i ? n - 16 * i : 0;

		table[i] = _mm512_maskz_loadu_ps(present >= 16 ? 0xFFFF : (__mmask16) ((1u << present) - 1),
										 exits + (present > 0 ? 16 * i : 0));
	}
#pragma GCC unroll 4
	for (int q = 0; q < 4; q++)
	{
		__m512i		at = quarter(places, q);
		__mmask16	upper = _mm512_test_epi32_mask(at, _mm512_set1_epi32(32));

		values[q] = _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[0], at, table[1]),
										 _mm512_permutex2var_ps(table[2], at, table[3]));
	}
}

/* The same for more exits: 64 at a time, each for the rows it is for. */
TARGET_INLINE void
look_up(const float *exits, uint32_t n, __m512i places, __m512 values[4])
{
	look_up_64(exits, n, places, values);
	for (uint32_t begin = 64; begin < n; begin += 64)
	{
		__m512		more[4];

		look_up_64(exits + begin, 64, places, more);
#pragma GCC unroll 4
		for (int q = 0; q < 4; q++)
		{
			__mmask16	here = _mm512_cmpge_epi32_mask(quarter(places, q), _mm512_set1_epi32((int) begin));

			values[q] = _mm512_mask_blend_ps(here, values[q], more[q]);
		}
	}
}

TARGET_INLINE void
add_tree(const RmlImage *image, int tree, const RmlRowBlock *b, float *sums, bool wide)
{
	const RmlRankTree *rank_tree = &image->rank_trees[tree];
	uint32_t	size = UINT32_C(1) << rank_tree->levels;
	const uint8_t *slots = image->rank_nodes + rank_tree->first_node;
	Tree		t = {.ranks = b->ranks, .slots = slots, .cuts = slots + size, .upper = slots + 2 * size,
					 .exits = image->rank_exits + rank_tree->first_exit};
	float		leaves[ROWS];
	__m512		values[4];

	look_up(t.exits, size, find_exits(&t, rank_tree->levels, wide), values);
	if (sums != NULL)
	{
#pragma GCC unroll 4
		for (int q = 0; q < 4; q++)
			_mm512_storeu_ps(sums + 16 * q, _mm512_add_ps(_mm512_loadu_ps(sums + 16 * q), values[q]));
		return;
	}
	for (int q = 0; q < 4; q++)
		_mm512_storeu_ps(leaves + 16 * q, values[q]);
	for (int r = 0; r < b->n_rows; r++)
		rml_add_leaf(image, tree, &leaves[r], b->margins + (size_t) r * (size_t) image->header->n_outputs);
}

TARGET static void
add_narrow_tree(const RmlImage *image, int tree, const RmlRowBlock *b, float *sums)
{
	add_tree(image, tree, b, sums, false);
}

TARGET static void
add_wide_tree(const RmlImage *image, int tree, const RmlRowBlock *b, float *sums)
{
	add_tree(image, tree, b, sums, true);
}

/* Ranks of one feature in all rows; bit r of the result: missing in row r. */
TARGET_INLINE uint64_t
rank_column(const RmlImage *image, const RmlRankFeature *f, const RmlRowBlock *b, uint16_t ranks[ROWS])
{
	const float *tables = image->rank_tables;
	const float *from = b->rows + f->feature;
	size_t		n_features = (size_t) image->header->n_features;
	__m512		first = _mm512_loadu_ps(tables + f->table[0]);
	float		column[ROWS];
	uint64_t	missing = 0;

	for (int r = 0; r < ROWS; r++)
		column[r] = r < b->n_rows ? from[(size_t) r * n_features] : 0.0f;
	if (f->n_levels == 2)
	{
		const float *second = tables + f->table[1];

		for (int r = 0; r < ROWS; r++)
		{
			__m512		value = _mm512_set1_ps(column[r]);
			uint32_t	rank = count_not_above(first, value) * RML_RANK_FANOUT;

			ranks[r] = (uint16_t) (rank + count_not_above(_mm512_loadu_ps(second + rank), value));
		}
	}
	else
	{
		for (int r = 0; r < ROWS; r++)
		{
			__m512		value = _mm512_set1_ps(column[r]);

			ranks[r] = (uint16_t) find_rank(f, tables, value, count_not_above(first, value));
		}
	}
	for (int q = 0; q < 4; q++)
	{
		__m512		values = _mm512_loadu_ps(column + 16 * q);

		missing |= (uint64_t) _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q) << 16 * q;
	}
	return missing;
}

/* Ranks of all features and sets in all rows. */
TARGET static void
rank_block(const RmlImage *image, RmlRowBlock *b)
{
	__m512i		ones = _mm512_set1_epi8(-1);

	for (uint32_t i = 0; i < image->n_rank_features; i++)
	{
		const RmlRankFeature *f = &image->rank_features[i];
		uint16_t	ranks[ROWS];
		uint64_t	missing = rank_column(image, f, b, ranks);
		__m512i		low = _mm512_loadu_si512(ranks);
		__m512i		high = _mm512_loadu_si512(ranks + ROWS / 2);

		for (uint32_t g = f->first_group; g < f->first_group + f->n_groups; g++)
		{
			const RmlRankGroup *group = &image->rank_groups[g];
			__m512i		bytes = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtusepi16_epi8(low)),
												   _mm512_cvtusepi16_epi8(high), 1);

			bytes = _mm512_xor_si512(bytes, ones);
			_mm512_store_si512(b->ranks + group->left * ROWS, bytes);
			_mm512_store_si512(b->ranks + group->right * ROWS, _mm512_maskz_mov_epi8(~missing, bytes));
			low = _mm512_subs_epu16(low, _mm512_set1_epi16(RML_GROUP_CUTS));
			high = _mm512_subs_epu16(high, _mm512_set1_epi16(RML_GROUP_CUTS));
		}
	}
	for (int r = 0; image->n_rank_sets > 0 && r < b->n_rows; r++)
		rml_put_sets(image, b->rows + (size_t) r * (size_t) image->header->n_features, b->ranks + r,
					 ROWS, 0xFF);
}

#define BLOCK_KERNEL(add_row) {ROWS, rank_block, add_narrow_tree, add_wide_tree, add_row}

RML_HOT void
rml_avx512_add_margins(const RmlImage *image, int first_tree, int end_tree,
					   const float *rows, int n_rows, float *margins)
{
	/* by how many registers a row's ranks take */
	static const RmlBlockKernel kernels[] = {
		BLOCK_KERNEL(add_row_1), BLOCK_KERNEL(add_row_2), BLOCK_KERNEL(add_row_4), BLOCK_KERNEL(add_wide_row),
	};
	uint32_t	n_slots = image->header->n_slots;
	int			size = n_slots <= 64 ? 0 : n_slots <= 128 ? 1 : n_slots <= RML_NARROW_SLOTS ? 2 : 3;

	if (image->rank_trees == NULL)
		rml_interleaved_add_margins(image, first_tree, end_tree, rows, n_rows, margins);
	else
		rml_add_in_blocks(&kernels[size], image, first_tree, end_tree, rows, n_rows, margins);
}

#endif
