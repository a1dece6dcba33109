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

/* Integers of 32 or, where one of them needs it, 64 bits. */
typedef struct RmlWideArray
{
	int32_t    *values;			/* NULL: they are in wide */
	int64_t    *wide;
	int32_t		count;
} RmlWideArray;

typedef struct RmlXgbTree
{
	int32_t		id;
	int32_t		num_nodes;		/* tree_param */
	int32_t		num_deleted;
	int32_t		num_feature;
	int32_t		size_leaf_vector;	/* 0 or 1: one value per leaf */
	RmlFloatArray leaf_weights; /* vector leaves of 3.2+; see rml_xgb_leaf_vector */
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
	RmlIntArray categories;		/* codes of all splits by category */
	RmlIntArray category_nodes; /* those splits, ascending */
	RmlIntArray category_segments;	/* where the codes of each begin */
	RmlIntArray category_sizes; /* how many they are */

	/* what validation derives */
	int32_t		n_category_codes;	/* of splits that a row can reach ... */
	int32_t		n_category_splits;	/* ... and how many splits */
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

typedef enum RmlLabelState
{
	RML_LABELS_NONE,
	RML_LABELS_USABLE,
	RML_LABELS_CUT				/* maybe damaged by the XGBoost that wrote them */
} RmlLabelState;

/* Labels of one feature, in the order of their codes: text, or integers. */
typedef struct RmlXgbLabels
{
	int32_t		feature;
	bool		is_text;
	int32_t		type;			/* of integers; XGBoost's number for it */
	RmlIntArray offsets;		/* text: where each label begins, and the end */
	RmlWideArray values;		/* text: bytes of UTF-8 */
	bool		has_values;

	/* what validation derives */
	RmlLabelState state;
} RmlXgbLabels;

typedef struct RmlXgbCats
{
	int32_t		n_enc;			/* one per feature, or none */
	RmlXgbLabels *labels;		/* of those that are not empty, by feature */
	int32_t		n_labels;
	RmlIntArray segments;		/* sums of the numbers of labels before each feature */
	RmlIntArray sorted_idx;
} RmlXgbCats;

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
	float		old_base_score; /* a number standing alone, as XGBoost 1.0 and 1.1 read it */
	int32_t		base_score_digits;	/* significant ones, or -1: not a number standing alone */
	bool		boost_from_average; /* base_score stands for one yet to be estimated */
	int32_t		softmax_classes;	/* softmax_multiclass_param.num_class, or -1: missing */
	RmlFloatArray quantiles;
	RmlFloatArray expectiles;
	RmlTextArray feature_names;
	RmlTextArray feature_types;
	bool		has_best_iteration;
	int32_t		best_iteration;
	int64_t		best_ntree_limit;	/* trees per output up to there, or -1 */

	/* gradient_booster */
	char		booster[64];
	bool		has_weight_drop;
	bool		weights_in_model;	/* as from 3.4 on, not beside `model` */
	RmlFloatArray weight_drop;
	RmlXgbCats	cats;			/* category labels, 3.1+ */
	RmlFloatArray weights;		/* gblinear: [feature][output], then a bias per output */
	int32_t		boosted_rounds; /* gblinear; older versions do not write it */
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
	bool		is_linear;
	int32_t		n_outputs;
	const RmlXgbTree **by_id;	/* trees in scoring order */
	int64_t		n_nodes;		/* reachable ones */
} RmlXgbModel;

/* Labels of a feature's codes 0, 1, ... for a file that has none. */
typedef struct RmlCategoryMap
{
	const char *feature;
	const char **labels;
	int32_t		n_labels;
} RmlCategoryMap;

typedef struct RmlImportOptions
{
	bool		best_iteration; /* only the trees up to best_iteration */
	bool		has_iterations; /* only those of [first_iteration, end_iteration) */
	int32_t		first_iteration;
	int32_t		end_iteration;	/* 0: all */
	const char *const *feature_names;	/* instead of the file's, or NULL */
	int32_t		n_feature_names;
	RmlCategoryMap *categories; /* by name of the feature, ascending bytes */
	int32_t		n_categories;
	const uint8_t *recipe;		/* RML_IDENTITY_SIZE bytes, its hash; NULL: there is none */
} RmlImportOptions;

/* Trees that an import scores, in id order. */
typedef struct RmlTreeRange
{
	int32_t		first;
	int32_t		end;
} RmlTreeRange;

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

/* Parts of validation: trees one by one; category labels. */
extern bool rml_xgb_validate_trees(RmlXgbModel *model, RmlHost *host, RmlError *err);
extern bool rml_xgb_validate_cats(RmlXgbModel *model, RmlHost *host, RmlError *err);

/* Trees of one iteration in a file that does not list them. */
extern int64_t rml_xgb_trees_per_iteration(const RmlXgbModel *model);

/* Which trees do these options choose? */
extern bool rml_xgb_tree_range(const RmlXgbModel *model, const RmlImportOptions *options,
							   RmlTreeRange *range, RmlError *err);

/* Does the writing version add the base margin after the leaves? */
extern bool rml_xgb_base_last(const RmlXgbModel *model);

/* Is a leaf of dart added to 0 before its weight is multiplied in?  That makes 0 of -0. */
extern bool rml_xgb_leaf_from_zero(const RmlXgbModel *model);

/* base_score as the writing version applies it. */
extern RmlBaseScore rml_xgb_base_score(const RmlXgbModel *model);

/* ---- facts about a tree of a validated model ---- */

static inline bool
rml_xgb_is_leaf(const RmlXgbTree *tree, int32_t node)
{
	return tree->left.values[node] == -1;
}

static inline bool
rml_xgb_by_category(const RmlXgbTree *tree, int32_t node)
{
	return tree->split_type.values != NULL && tree->split_type.values[node] != 0;
}

static inline bool
rml_xgb_is_vector(const RmlXgbTree *tree)
{
	return tree->size_leaf_vector > 1;
}

/*
 * The values of a vector leaf: a row of leaf_weights, whose number stands in
 * right_children (3.2 and later), or the node's row of base_weights.
 */
static inline const float *
rml_xgb_leaf_vector(const RmlXgbTree *tree, int32_t node)
{
	size_t		width = (size_t) tree->size_leaf_vector;

	return tree->leaf_weights.values != NULL
		? tree->leaf_weights.values + (size_t) tree->right.values[node] * width
		: tree->base_weight.values + (size_t) node * width;
}

/* Which entry of category_nodes is this node?  It must be one. */
extern int32_t rml_xgb_category_index(const RmlXgbTree *tree, int32_t node);

static inline int64_t
rml_wide_value(const RmlWideArray *array, int32_t i)
{
	return array->values != NULL ? array->values[i] : array->wide[i];
}

/* ---- labels ---- */

/* What the file's labels of a feature come to. */
extern RmlLabelState rml_xgb_label_state(const RmlXgbModel *model, int32_t feature);

typedef struct RmlLabel
{
	const char *text;			/* UTF-8, not terminated */
	uint64_t	prefix;			/* its first bytes, to sort by without a look at them */
	uint32_t	length;
	uint32_t	code;
} RmlLabel;

/* The labels of one feature, sorted by their bytes. */
typedef struct RmlLabelList
{
	RmlLabel   *labels;
	int32_t		count;
	char	   *storage;		/* of the texts, or NULL */
} RmlLabelList;

/*
 * The labels that a feature has by a map given at import, or (NULL) by the
 * file, where they must be usable.  False if one occurs twice, or is no valid
 * text.
 */
extern bool rml_xgb_list_labels(const RmlXgbModel *model, int32_t feature,
								const RmlCategoryMap *map, RmlHost *host,
								RmlLabelList *list, RmlError *err);

/* How many they are, and the bytes of their texts. */
extern void rml_xgb_measure_labels(const RmlXgbModel *model, int32_t feature,
								   const RmlCategoryMap *map, int32_t *count, uint64_t *bytes);
extern void rml_xgb_free_labels(RmlLabelList *list, RmlHost *host);

/* ---- scoring from the file ---- */

/*
 * Margins of one row by walking the file's own arrays, for riskml.verify and
 * tests: shares the base margins with the builder of the image, but nothing
 * of the image and the kernels.
 */
extern void rml_xgb_reference_margins(const RmlXgbModel *model, RmlTreeRange range,
									  const float *row, float *margins);

/*
 * Importance of each feature over a range of trees: number of splits, sum of
 * loss_changes, sum of sum_hessian; arrays of num_feature entries.  False if
 * some tree lacks the two statistics: the sums mean nothing then.
 */
extern bool rml_xgb_importance(const RmlXgbModel *model, RmlTreeRange range, RmlHost *host,
							   int32_t *weight, float *total_gain, float *total_cover);

/* Reports what a file that is no XGBoost model is, if it can be told. */
extern bool rml_reject_foreign(const void *data, size_t size, RmlError *err);

#endif
