/*
 * avx2.c
 *	  The kernel for CPUs with AVX2 (nearly every one of x86 since 2015).
 *
 * One row: as the interleaved kernel, compiled for this CPU.  A block: 32 rows
 * at once, each node decided for all of them, the decisions that count selected
 * level by level; see avx512.c.
 */
#include "kernel/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "base/hot.h"
#include "kernel/blocks.h"
#include "kernel/descend.h"

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define TARGET_INLINE RML_INLINE TARGET

#define ROWS 32					/* of a block */

RML_HOT bool
rml_avx2_cpu_has(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* ---- ranks ---- */

/* How many of a table's 16 entries are not above a value; NaN never counts. */
TARGET_INLINE uint32_t
count_not_above(const float *table, __m256 value)
{
	__m256		low = _mm256_cmp_ps(_mm256_loadu_ps(table), value, _CMP_LE_OQ);
	__m256		high = _mm256_cmp_ps(_mm256_loadu_ps(table + 8), value, _CMP_LE_OQ);

	return (uint32_t) __builtin_popcount((uint32_t) _mm256_movemask_ps(low) |
										 (uint32_t) _mm256_movemask_ps(high) << 8);
}

TARGET_INLINE uint32_t
find_rank(const RmlRankFeature *f, const float *tables, float x)
{
	__m256		value = _mm256_set1_ps(x);
	uint32_t	rank = count_not_above(tables + f->table[0], value);

	for (uint32_t level = 1; level < f->n_levels; level++)
		rank = rank * RML_RANK_FANOUT +
			count_not_above(tables + f->table[level] + rank * RML_RANK_FANOUT, value);
	return rank;
}

TARGET_INLINE void
rank_row(const RmlImage *image, const float *row, uint8_t *ranks)
{
	for (uint32_t i = 0; i < image->n_rank_features; i++)
	{
		const RmlRankFeature *f = &image->rank_features[i];
		float		x = row[f->feature];

		rml_put_rank(image, f, find_rank(f, image->rank_tables, x), x != x, ranks);
	}
	rml_put_sets(image, row, ranks, 1, 0);
}

RML_HOT TARGET static void
add_row(const RmlImage *image, int first_tree, int end_tree, const float *row, float *margins)
{
	uint8_t		ranks[RML_RANK_ROW];

	rank_row(image, row, ranks);
	for (int t = first_tree; t < end_tree;)
		t += rml_add_trees(image, t, end_tree, row, ranks, margins);
}

/* ---- a block of rows ---- */

/* Ranks of one feature in all rows, and 255 for the rows where it is not missing. */
TARGET_INLINE void
rank_column(const RmlImage *image, const RmlRankFeature *f, const RmlRowBlock *b, uint16_t ranks[ROWS],
			uint8_t present[ROWS])
{
	const float *from = b->rows + f->feature;
	size_t		n_features = (size_t) image->header->n_features;

	for (int r = 0; r < ROWS; r++)
	{
		float		x = r < b->n_rows ? from[(size_t) r * n_features] : 0.0f;

		ranks[r] = (uint16_t) find_rank(f, image->rank_tables, x);
		present[r] = x == x ? 0xFF : 0;
	}
}

/* Saturated to bytes, in the order of the rows. */
TARGET_INLINE __m256i
to_bytes(__m256i low, __m256i high)
{
	__m256i		top = _mm256_set1_epi16(RML_RANK_TOP);

	return _mm256_permute4x64_epi64(_mm256_packus_epi16(_mm256_min_epu16(low, top),
														_mm256_min_epu16(high, top)), 0xD8);
}

TARGET static void
rank_block(const RmlImage *image, RmlRowBlock *b)
{
	for (uint32_t i = 0; i < image->n_rank_features; i++)
	{
		const RmlRankFeature *f = &image->rank_features[i];
		uint16_t	ranks[ROWS] __attribute__((aligned(32)));
		uint8_t		present[ROWS] __attribute__((aligned(32)));
		__m256i		low;
		__m256i		high;

		rank_column(image, f, b, ranks, present);
		low = _mm256_load_si256((const __m256i *) ranks);
		high = _mm256_load_si256((const __m256i *) (ranks + ROWS / 2));
		for (uint32_t g = f->first_group; g < f->first_group + f->n_groups; g++)
		{
			const RmlRankGroup *group = &image->rank_groups[g];
			__m256i		bytes = _mm256_xor_si256(to_bytes(low, high), _mm256_set1_epi8(-1));

			_mm256_store_si256((__m256i *) (b->ranks + group->left * ROWS), bytes);
			_mm256_store_si256((__m256i *) (b->ranks + group->right * ROWS),
							   _mm256_and_si256(bytes, _mm256_load_si256((const __m256i *) present)));
			low = _mm256_subs_epu16(low, _mm256_set1_epi16(RML_GROUP_CUTS));
			high = _mm256_subs_epu16(high, _mm256_set1_epi16(RML_GROUP_CUTS));
		}
	}
	for (int r = 0; image->n_rank_sets > 0 && r < b->n_rows; r++)
		rml_put_sets(image, b->rows + (size_t) r * (size_t) image->header->n_features, b->ranks + r,
					 ROWS, 0xFF);
}

/* A tree for a block. */
typedef struct Tree
{
	const uint8_t *ranks;
	const uint8_t *slots;
	const uint8_t *cuts;
	const uint8_t *upper;		/* of the slots, where they are wide */
	__m256i		left[RML_MAX_RANK_DEPTH];	/* per level: bit 7 of a row's byte if it goes left */
} Tree;

TARGET_INLINE __m256i
select_0(const Tree *t, int level, uint32_t node, bool wide)
{
	uint32_t	slot = t->slots[node] | (wide ? (uint32_t) t->upper[node] << 8 : 0);

	(void) level;
	return _mm256_avg_epu8(_mm256_load_si256((const __m256i *) (t->ranks + slot * ROWS)),
						   _mm256_set1_epi8((char) t->cuts[node]));
}

/* What the last of the levels decides below a node that is n levels above it. */
#define DEFINE_SELECT(n, below) \
TARGET_INLINE __m256i \
select_##n(const Tree *t, int level, uint32_t node, bool wide) \
{ \
	return _mm256_blendv_epi8(below(t, level, 2 * node + 1, wide), below(t, level, 2 * node, wide), \
							  t->left[level - n]); \
}

DEFINE_SELECT(1, select_0)
DEFINE_SELECT(2, select_1)
DEFINE_SELECT(3, select_2)
DEFINE_SELECT(4, select_3)
DEFINE_SELECT(5, select_4)
DEFINE_SELECT(6, select_5)
DEFINE_SELECT(7, select_6)

/* Which exit each row takes. */
TARGET_INLINE __m256i
find_exits(Tree *t, int32_t levels, bool wide)
{
	__m256i		places = _mm256_setzero_si256();

	/* a byte that is negative goes left: the next bit of its place stays 0 */
#define LEVEL(n) \
	if (levels > n) \
	{ \
		__m256i		twice = _mm256_add_epi8(places, places); \
\
		t->left[n] = select_##n(t, n, 1, wide); \
		places = _mm256_blendv_epi8(_mm256_sub_epi8(twice, _mm256_set1_epi8(-1)), twice, t->left[n]); \
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

TARGET_INLINE void
add_tree(const RmlImage *image, int tree, const RmlRowBlock *b, float *sums, bool wide)
{
	const RmlRankTree *rank_tree = &image->rank_trees[tree];
	const uint8_t *slots = image->rank_nodes + rank_tree->first_node;
	const float *exits = image->rank_exits + rank_tree->first_exit;
	uint32_t	size = UINT32_C(1) << rank_tree->levels;
	Tree		t = {.ranks = b->ranks, .slots = slots, .cuts = slots + size, .upper = slots + 2 * size};
	uint8_t		places[ROWS] __attribute__((aligned(32)));

	_mm256_store_si256((__m256i *) places, find_exits(&t, rank_tree->levels, wide));
	if (sums != NULL)
	{
#pragma GCC unroll 8
		for (int r = 0; r < ROWS; r++)
			sums[r] += exits[places[r]];
		return;
	}
	for (int r = 0; r < b->n_rows; r++)
		rml_add_leaf(image, tree, &exits[places[r]],
					 b->margins + (size_t) r * (size_t) image->header->n_outputs);
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

static const RmlBlockKernel block_kernel = {ROWS, rank_block, add_narrow_tree, add_wide_tree, add_row};

RML_HOT void
rml_avx2_add_margins(const RmlImage *image, int first_tree, int end_tree,
					 const float *rows, int n_rows, float *margins)
{
	if (image->rank_trees == NULL)
		rml_interleaved_add_margins(image, first_tree, end_tree, rows, n_rows, margins);
	else
		rml_add_in_blocks(&block_kernel, image, first_tree, end_tree, rows, n_rows, margins);
}

#endif
