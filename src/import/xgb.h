/*
 * xgb.h
 *	  An XGBoost model as its file states it, between parser and image.
 *
 * The parser fills these structures without judging them; the validator
 * proves them consistent; the image builder trusts a validated model only.
 * All memory comes from one RmlHost and is freed with it.
 */
#ifndef RML_IMPORT_XGB_H
#define RML_IMPORT_XGB_H

#include "base/error.h"
#include "base/host.h"
#include "model/image.h"
#include "model/objective.h"

/* Beyond it, and beyond RML_MAX_FEATURES, a model is refused as RML_LIMIT. */
#define RML_MAX_TREE_DEPTH 4096

/* split_indices of a deleted node, parent of the root in old versions */
#define XGB_DELETED INT32_MAX

/* One array of a tree, as long as the file has it. */
typedef struct RmlIntArray
{
	int32_t    *values;
	int32_t		count;
} RmlIntArray;

typedef struct RmlFloatArray
{
	float	   *values;
	int32_t		count;
} RmlFloatArray;

typedef struct RmlByteArray
{
	uint8_t    *values;
	int32_t		count;
} RmlByteArray;

typedef struct RmlXgbTree
{
	int32_t		id;
	int32_t		num_nodes;		/* tree_param */
	int32_t		num_deleted;
	int32_t		num_feature;
	int32_t		size_leaf_vector;	/* 0 or 1: one value per leaf */
	RmlIntArray left;
	RmlIntArray right;
	RmlIntArray parent;
	RmlIntArray split_index;
	RmlFloatArray split_condition;	/* threshold; at a leaf, its value */
	RmlByteArray default_left;
	RmlByteArray split_type;	/* 0 numeric, 1 categorical; may be absent */
	RmlFloatArray base_weight;
	RmlFloatArray loss_change;
	RmlFloatArray sum_hessian;
	int32_t		n_categories;	/* entries of `categories` */
	int32_t		n_category_nodes;
	int32_t		n_category_segments;
	int32_t		n_category_sizes;
} RmlXgbTree;

typedef struct RmlText
{
	char	   *data;			/* terminated */
	int32_t		length;
} RmlText;

typedef struct RmlTextArray
{
	RmlText    *values;
	int32_t		count;
} RmlTextArray;

typedef struct RmlXgbModel
{
	bool		has_version;
	RmlWriter	writer;

	/* learner */
	char		objective[64];
	int32_t		num_feature;
	int32_t		num_class;
	int32_t		num_target;
	RmlFloatArray base_score;
	RmlTextArray feature_names;
	RmlTextArray feature_types;
	bool		has_best_iteration;
	int32_t		best_iteration;

	/* gradient_booster */
	char		booster[64];
	bool		has_weight_drop;
	bool		weights_in_model;	/* as from 3.4 on, not beside `model` */
	RmlFloatArray weight_drop;
	bool		has_cats;		/* category names, 3.1+ */
	bool		has_trees;
	bool		nested;			/* the trees stand in gradient_booster.gbtree */
	int32_t		num_trees;		/* gbtree_model_param; -1: missing */
	int32_t		num_parallel_tree;
	int32_t		size_leaf_vector;	/* 0 or 1: one value per leaf */
	RmlIntArray tree_info;
	RmlIntArray iteration_indptr;	/* absent before 2.0 */
	RmlXgbTree *trees;
	int32_t		n_trees;

	/* what validation derives */
	const RmlXgbTree **by_id;	/* trees in scoring order */
	int64_t		n_nodes;		/* reachable ones */
} RmlXgbModel;

typedef struct RmlImportOptions
{
	bool		best_iteration; /* only the trees up to best_iteration */
	const char *const *feature_names;	/* instead of the file's, or NULL */
	int32_t		n_feature_names;
} RmlImportOptions;

/* An image as it is built. */
typedef struct RmlBlock
{
	void	   *data;
	size_t		size;
} RmlBlock;

/* Phases of an import; each returns false with *err filled. */
extern bool rml_xgb_parse(const void *data, size_t size, RmlHost *host,
						  RmlXgbModel *model, RmlError *err);
extern bool rml_xgb_validate(RmlXgbModel *model, RmlHost *host, RmlError *err);
extern bool rml_xgb_build(const RmlXgbModel *model, const RmlImportOptions *options,
						  const uint8_t identity[RML_IDENTITY_SIZE], RmlHost *host,
						  RmlBlock *image, RmlError *err);

/* Does the writing version add the base margin after the leaves? */
extern bool rml_xgb_base_last(const RmlXgbModel *model);

/* Trees that an import with these options scores, in id order: [0, count). */
extern bool rml_xgb_tree_count(const RmlXgbModel *model, const RmlImportOptions *options,
							   int32_t *count, RmlError *err);

/*
 * Margin of one row by walking the file's own arrays, for riskml.verify and
 * tests: shares no code with the image and the kernels.
 */
extern float rml_xgb_reference_margin(const RmlXgbModel *model, int32_t n_trees,
									  const float *row);

/*
 * Importance of each feature over the first n_trees trees: number of splits,
 * sum of loss_changes, sum of sum_hessian; arrays of num_feature entries.
 */
extern void rml_xgb_importance(const RmlXgbModel *model, int32_t n_trees, RmlHost *host,
							   int32_t *weight, float *total_gain, float *total_cover);

/* Reports what a file that is no XGBoost model is, if it can be told. */
extern bool rml_reject_foreign(const void *data, size_t size, RmlError *err);

#endif
