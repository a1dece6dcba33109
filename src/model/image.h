/*
 * image.h
 *	  The compiled image: what a model version is scored from.
 *
 * One block without pointers, so that it can lie in a bytea, in a backend's
 * memory or in shared memory alike.  Layout (offsets from the block's start,
 * every section aligned to 64 bytes, in this order, nothing between them but
 * zero padding):
 *
 *	 offset  size  what
 *	 0       512   RmlImageHeader
 *	 -       4     base margin, float, per output
 *	 -       16    RmlImageTree, per tree in scoring order
 *	 -       12    RmlImageNode, per node, tree after tree
 *	 -       4     rows of leaf vectors, float, n_outputs each
 *	 -       4     category sets, uint32: a count, then as many codes, ascending
 *	 -       4     linear model: weights, float, [feature][output], then a bias per output
 *	 -       4     uint32 end of each feature's name in the next section
 *	 -       1     feature names, UTF-8, one after the other
 *	 -       12    RmlImageCategories, per feature with labels, ascending
 *	 -       8     RmlImageLabel, feature after feature, sorted by their bytes
 *	 -       1     labels, UTF-8, one after the other in the order of the former
 *	 -       4     covers, float, per node: the share of its parent's training rows, by hessian,
 *	               that came to it; 1 at a root
 *	 -       40    RmlRankFeature, per feature split by value, ascending
 *	 -       4     RmlRankGroup, feature after feature
 *	 -       12    RmlRankSet, per distinct split by category
 *	 -       4     rank tables, float, 16 at a time
 *	 -       16    RmlRankTree, per tree
 *	 -       1     nodes of the trees in their rank layout, see RmlRankTree
 *	 -       8     RmlRankTriple, tree after tree, see RmlRankTree
 *	 -       4     what their leaves hold, see RmlRankTree
 *
 * The names are empty when the model has the names f0, f1, ...; a linear model
 * has no trees, and only such a model has weights.  The covers are empty where
 * the file does not have them, or not such that they could be shares: then a
 * model is scored, but not explained.
 *
 * Nodes of a tree are in an order in which both children stand behind their
 * parent and next to each other: a walk always ends.  A format that changes
 * gets a new RML_IMAGE_FORMAT; older images are then rebuilt from the source.
 *
 * The rank sections say nothing that the others do not: they are the same
 * trees once more, laid out for kernels that compare bytes (docs/kernels.md).
 * A model that does not suit them has them empty.
 */
#ifndef RML_MODEL_IMAGE_H
#define RML_MODEL_IMAGE_H

#include "base/error.h"
#include "base/host.h"
#include "model/objective.h"

#define RML_IDENTITY_SIZE 32	/* SHA-256 */
#define RML_IMAGE_FORMAT 5
#define RML_IMAGE_ALIGN 64
#define RML_MAX_FEATURES 100000
#define RML_MAX_OUTPUTS 100000

/* Category codes are below it: float32 holds no integer beyond it exactly. */
#define RML_MAX_CATEGORY (1 << 24)

typedef enum RmlSection
{
	RML_SEC_BASE_MARGIN,
	RML_SEC_TREES,
	RML_SEC_NODES,
	RML_SEC_LEAF_VECTORS,
	RML_SEC_CATEGORY_SETS,
	RML_SEC_WEIGHTS,
	RML_SEC_NAME_ENDS,
	RML_SEC_NAMES,
	RML_SEC_CATEGORIES,
	RML_SEC_LABELS,
	RML_SEC_LABEL_TEXT,
	RML_SEC_COVERS,
	RML_SEC_RANK_FEATURES,
	RML_SEC_RANK_GROUPS,
	RML_SEC_RANK_SETS,
	RML_SEC_RANK_TABLES,
	RML_SEC_RANK_TREES,
	RML_SEC_RANK_NODES,
	RML_SEC_RANK_TRIPLES,
	RML_SEC_RANK_EXITS,
	RML_N_SECTIONS
} RmlSection;

/*
 * Writers up to 1.2 (dart: 1.3) add the leaves to 0 and the base margin last;
 * later ones begin with the base margin.  In float32 that differs.
 */
#define RML_IMAGE_BASE_LAST 1
#define RML_IMAGE_LINEAR 2		/* weights instead of trees */

/*
 * Codes that are no category: from 1.7.3 on, negative ones and those from 2^24
 * on go left.  Up to 1.5 a code was truncated first, so that -0.5 counted as 0.
 * From 1.6.0 to 1.7.2 such codes, and those behind the last word of the
 * split's bit set, went to the default side.
 */
#define RML_IMAGE_ODD_TRUNCATED 4
#define RML_IMAGE_ODD_DEFAULT 8

#define RML_IMAGE_ALL_FLAGS 15

typedef struct RmlImageExtent
{
	uint64_t	offset;
	uint64_t	size;
} RmlImageExtent;

typedef struct RmlImageHeader
{
	char		magic[8];		/* "riskml\0\1" */
	uint32_t	byte_order;		/* 0x01020304 as the builder's machine has it */
	uint32_t	format;			/* RML_IMAGE_FORMAT */
	uint64_t	size;			/* of the whole block */
	uint64_t	checksum;		/* of the block with this field 0 */
	uint8_t		identity[RML_IDENTITY_SIZE];
	int32_t		objective;		/* RmlObjective.id */
	int32_t		n_features;
	int32_t		n_outputs;
	int32_t		n_trees;
	int32_t		max_depth;		/* splits on the longest path, to be shown only */
	int32_t		writer[3];		/* XGBoost version */
	uint32_t	flags;			/* RML_IMAGE_* */
	uint32_t	n_slots;		/* bytes of a row of ranks; 0: no rank sections */
	RmlImageExtent sections[RML_N_SECTIONS];
	uint8_t		recipe[RML_IDENTITY_SIZE];	/* SHA-256 of the recipe that makes the features; zero: they come as they are */
	uint8_t		unused[56];		/* zero */
} RmlImageHeader;

_Static_assert(sizeof(RmlImageHeader) == 512, "header is part of the format");

typedef struct RmlImageTree
{
	uint32_t	first_node;		/* in the node section */
	uint32_t	n_nodes;
	int32_t		output;			/* which margin the tree adds to, or RML_ALL_OUTPUTS */
	int32_t		depth;			/* splits on its longest path, to be shown only */
} RmlImageTree;

#define RML_ALL_OUTPUTS (-1)	/* leaves are rows of the leaf vectors */

/*
 * A split by value sends x left if x < value; one by category sends a code
 * right if it is in the set; both send missing to the default side.  A leaf
 * has child 0.
 */
typedef struct RmlImageNode
{
	union
	{
		float		value;		/* threshold; leaf: what it adds to the margin,
								 * dart's weight multiplied in */
		uint32_t	set;		/* split by category: where its set begins */
		uint32_t	row;		/* leaf of a tree for all outputs: its vector */
	};
	uint32_t	feature;		/* and RML_DEFAULT_LEFT, RML_BY_CATEGORY; leaf: the
								 * file's node id */
	uint32_t	child;			/* left child, counted from the tree's first
								 * node; the right one is next to it */
} RmlImageNode;

#define RML_DEFAULT_LEFT UINT32_C(0x80000000)
#define RML_BY_CATEGORY UINT32_C(0x40000000)
#define RML_FEATURE_MASK UINT32_C(0x3FFFFFFF)

/* A cover is from 0 to 1; sums of many hessians, rounded, may make it a little more. */
#define RML_MAX_COVER 2.0f

/* ---- ranks ---- */

/*
 * The rank of a value among the n cuts of a feature, its distinct thresholds
 * in order, is how many of them are not above it: x < cut[k] exactly if
 * rank(x) <= k.  A row of ranks is n_slots bytes.  Each group of RML_GROUP_CUTS
 * cuts has a slot where a missing value counts as higher than all, for splits
 * that send it right, and one where it is 0, for the others; slots that no
 * split needs do not exist: n_slots stands for them, a byte of the row that
 * nobody reads.  A distinct set of categories has such slots too:
 * 1 for codes that go right, 0 for those that go left.
 */
#define RML_MAX_SLOTS 1024
#define RML_NARROW_SLOTS 256	/* up to here a byte says which */
#define RML_MAX_CUTS 65536		/* of a feature */
#define RML_GROUP_CUTS 255
#define RML_RANK_FANOUT 16
#define RML_RANK_LEVELS 4

/*
 * Cuts are found in up to four steps of 16: the last table has the cuts, the
 * one before it the last cut of each 16, and so on; NaN where there is no
 * cut, or no further 16 to go to.
 */
typedef struct RmlRankFeature
{
	uint32_t	feature;
	uint32_t	n_cuts;
	uint32_t	first_group;
	uint32_t	n_groups;
	uint32_t	n_levels;
	uint32_t	unused;			/* zero */
	uint32_t	table[RML_RANK_LEVELS]; /* of each level, in the tables; 0 if none */
} RmlRankFeature;

typedef struct RmlRankGroup
{
	uint16_t	right;			/* slot for splits whose default is right */
	uint16_t	left;
} RmlRankGroup;

typedef struct RmlRankSet
{
	uint32_t	feature;
	uint32_t	set;			/* in the category sets */
	uint16_t	right;
	uint16_t	left;
} RmlRankSet;

/*
 * A perfect tree of `levels` levels of splits, its nodes numbered from 1 with
 * the children of i at 2 i and 2 i + 1: 2^levels bytes of slots, as many of
 * cuts within the slot's group and, in an image of more than RML_NARROW_SLOTS
 * slots, as many of the slots' upper bytes; a row goes right if its rank is above the
 * cut.  The leaves below them are in the exits: a value, or the row of the
 * leaf vectors.  Where a leaf stands higher in the tree, both ways below it
 * lead to copies of it (slot 0, cut RML_NO_CUT), as at the unused place 0.
 *
 * A tree of more than RML_TOP_LEVELS levels has what is below those once more,
 * where one access to memory gets all of it: a triple per node 64 to 127.  Wide
 * slots have none.
 *
 * Trees that are too deep, or would be mostly padding, are not laid out:
 * their nodes are walked.
 */
typedef struct RmlRankTree
{
	int32_t		levels;			/* or RML_WALKED */
	uint32_t	first_node;		/* in the rank nodes */
	uint32_t	first_triple;	/* 0 if it has none */
	uint32_t	first_exit;
} RmlRankTree;

/* A node and its children, which are as leaves where the tree ends above them. */
typedef struct RmlRankTriple
{
	uint8_t		slots[4];		/* of the node, its left and its right child; 0 */
	uint8_t		cuts[4];		/* the same; RML_NO_CUT */
} RmlRankTriple;

#define RML_TOP_LEVELS 6
#define RML_TRIPLES (1 << RML_TOP_LEVELS)	/* of a tree */

#define RML_WALKED (-1)
#define RML_MAX_RANK_DEPTH 8
#define RML_NO_CUT 255			/* no rank is above it */

/* Bytes of a node. */
static inline uint32_t
rml_rank_node_size(uint32_t n_slots)
{
	return n_slots > RML_NARROW_SLOTS ? 3 : 2;
}

/* How many triples a tree has. */
static inline uint32_t
rml_rank_triples(uint32_t n_slots, int32_t levels)
{
	return levels > RML_TOP_LEVELS && n_slots <= RML_NARROW_SLOTS ? RML_TRIPLES : 0;
}

/* Of the nodes that a tree has laid out. */
static inline RmlRankTriple
rml_rank_triple(const uint8_t *slots, int32_t levels, uint32_t node)
{
	const uint8_t *cuts = slots + (UINT32_C(1) << levels);
	RmlRankTriple triple = {{slots[node]}, {cuts[node], RML_NO_CUT, RML_NO_CUT, RML_NO_CUT}};

	for (uint32_t side = 0; side < 2 && levels > RML_TOP_LEVELS + 1; side++)
	{
		triple.slots[1 + side] = slots[2 * node + side];
		triple.cuts[1 + side] = cuts[2 * node + side];
	}
	return triple;
}

/* The labels of one feature. */
typedef struct RmlImageCategories
{
	uint32_t	feature;
	uint32_t	first;			/* in the label section */
	uint32_t	n_labels;
} RmlImageCategories;

typedef struct RmlImageLabel
{
	uint32_t	end;			/* of its text */
	uint32_t	code;
} RmlImageLabel;

/* A checked image and pointers into it. */
typedef struct RmlImage
{
	const RmlImageHeader *header;
	const RmlObjective *objective;
	RmlWriter	writer;
	const float *base_margin;
	const RmlImageTree *trees;
	const RmlImageNode *nodes;
	const float *leaf_vectors;
	const uint32_t *category_sets;
	const float *weights;
	const uint32_t *name_ends;	/* NULL: default names */
	const char *names;
	const RmlImageCategories *categories;
	int32_t		n_categories;	/* features with labels */
	const RmlImageLabel *labels;
	const char *label_text;
	const float *covers;		/* of the nodes; NULL: none */
	const RmlRankFeature *rank_features;
	uint32_t	n_rank_features;
	const RmlRankGroup *rank_groups;
	const RmlRankSet *rank_sets;
	uint32_t	n_rank_sets;
	const float *rank_tables;
	const RmlRankTree *rank_trees;	/* NULL: none */
	const uint8_t *rank_nodes;
	const RmlRankTriple *rank_triples;	/* NULL: no tree has any */
	const float *rank_exits;
} RmlImage;

/*
 * Checks a block in full and opens it.  `data` must be aligned to 8 bytes.
 * Whatever passes can be scored without further checks.
 */
extern bool rml_image_open(RmlImage *image, const void *data, size_t size, RmlError *err);

/* Opens a block that was just built, or has passed rml_image_open() before, maybe elsewhere: no checks. */
extern void rml_image_trust(RmlImage *image, const void *data);

/* Is this the header of an image of this format?  The rest is not looked at. */
extern bool rml_image_is_current(const RmlImageHeader *header);

/* Sets header->checksum. */
extern void rml_image_seal(void *data, size_t size);

/* Are its features made by a recipe? */
extern bool rml_image_has_recipe(const RmlImage *image);

/*
 * Name of feature i, not terminated.  `buffer` is used for default names.
 */
extern const char *rml_image_feature_name(const RmlImage *image, int i, char buffer[16],
										  size_t *length);

/* The labels of a feature, or NULL if it has none. */
extern const RmlImageCategories *rml_image_categories(const RmlImage *image, int feature);

/* Label i of the section, in UTF-8 and not terminated. */
extern const char *rml_image_label(const RmlImage *image, uint32_t i, size_t *length);

/* The code of a label in UTF-8, or -1 if it is not one of them. */
extern int32_t rml_image_code(const RmlImage *image, const RmlImageCategories *categories,
							  const char *label, size_t length);

/* Order of labels, as sorted in the image. */
extern int	rml_compare_labels(const char *a, size_t a_length, const char *b, size_t b_length);

/* How many entries each section of an image will have. */
typedef struct RmlImageCounts
{
	uint64_t	entries[RML_N_SECTIONS];
} RmlImageCounts;

/* Lays out the sections for these counts; returns the size of the block. */
extern uint64_t rml_image_layout(RmlImageHeader *header, const RmlImageCounts *counts);

/* Entries of a section. */
extern uint64_t rml_image_entries(const RmlImageHeader *header, RmlSection section);

#endif
