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
 *	 0       256   RmlImageHeader
 *	 -       4     base margin, float, per output
 *	 -       16    RmlImageTree, per tree in scoring order
 *	 -       12    RmlImageNode, per node, tree after tree
 *	 -       4     uint32 end of each feature's name in the next section
 *	 -       1     feature names, UTF-8, one after the other
 *
 * The last two sections are empty when the model has the names f0, f1, ...
 *
 * Nodes of a tree are in an order in which both children stand behind their
 * parent and next to each other: a walk always ends.  A format that changes
 * gets a new RML_IMAGE_FORMAT; older images are then rebuilt from the source.
 */
#ifndef RML_MODEL_IMAGE_H
#define RML_MODEL_IMAGE_H

#include "base/error.h"
#include "base/host.h"
#include "model/objective.h"

#define RML_IDENTITY_SIZE 32	/* SHA-256 */
#define RML_IMAGE_FORMAT 1
#define RML_IMAGE_ALIGN 64
#define RML_MAX_FEATURES 100000

typedef enum RmlSection
{
	RML_SEC_BASE_MARGIN,
	RML_SEC_TREES,
	RML_SEC_NODES,
	RML_SEC_NAME_ENDS,
	RML_SEC_NAMES,
	RML_N_SECTIONS
} RmlSection;

/*
 * Writers up to 1.2 (dart: 1.3) add the leaves to 0 and the base margin last;
 * later ones begin with the base margin.  In float32 that differs.
 */
#define RML_IMAGE_BASE_LAST 1

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
	int32_t		max_depth;		/* splits on the longest path */
	int32_t		writer[3];		/* XGBoost version */
	uint32_t	flags;			/* RML_IMAGE_BASE_LAST */
	uint32_t	unused_word;	/* zero */
	RmlImageExtent sections[RML_N_SECTIONS];
	uint8_t		unused[72];		/* zero */
} RmlImageHeader;

_Static_assert(sizeof(RmlImageHeader) == 256, "header is part of the format");

typedef struct RmlImageTree
{
	uint32_t	first_node;		/* in the node section */
	uint32_t	n_nodes;
	int32_t		output;			/* which margin the tree adds to */
	int32_t		depth;			/* splits on its longest path */
} RmlImageTree;

/*
 * A split sends x left if x < value, missing to the default side.  A leaf has
 * child 0.
 */
typedef struct RmlImageNode
{
	float		value;			/* threshold; leaf: what it adds to the margin,
								 * dart's weight multiplied in */
	uint32_t	feature;		/* and RML_DEFAULT_LEFT; leaf: the file's node id */
	uint32_t	child;			/* left child, counted from the tree's first
								 * node; the right one is next to it */
} RmlImageNode;

#define RML_DEFAULT_LEFT UINT32_C(0x80000000)
#define RML_FEATURE_MASK UINT32_C(0x7FFFFFFF)

/* A checked image and pointers into it. */
typedef struct RmlImage
{
	const RmlImageHeader *header;
	const RmlObjective *objective;
	RmlWriter	writer;
	const float *base_margin;
	const RmlImageTree *trees;
	const RmlImageNode *nodes;
	const uint32_t *name_ends;	/* NULL: default names */
	const char *names;
} RmlImage;

/*
 * Checks a block in full and opens it.  `data` must be aligned to 8 bytes.
 * Whatever passes can be scored without further checks.
 */
extern bool rml_image_open(RmlImage *image, const void *data, size_t size, RmlError *err);

/* Sets header->checksum. */
extern void rml_image_seal(void *data, size_t size);

/*
 * Name of feature i, not terminated.  `buffer` is used for default names.
 */
extern const char *rml_image_feature_name(const RmlImage *image, int i, char buffer[16],
										  size_t *length);

/* Lays out the sections for these counts; returns the size of the block. */
extern uint64_t rml_image_layout(RmlImageHeader *header, uint64_t n_nodes,
								 uint64_t n_names, uint64_t name_bytes);

#endif
