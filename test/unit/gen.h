/*
 * gen.h
 *	  Random models of every shape, and their text as XGBoost writes it.
 */
#ifndef RML_TEST_GEN_H
#define RML_TEST_GEN_H

#include "host.h"
#include "import/xgb.h"

/* A growing buffer of bytes. */
typedef struct Text
{
	char	   *data;
	size_t		size;
	size_t		room;
} Text;

extern void text_bytes(Text *text, const void *data, size_t size);
extern void text_add(Text *text, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern void text_free(Text *text);

typedef enum GenLeaves
{
	GEN_SCALAR,
	GEN_VECTORS,				/* a value for every output */
	GEN_MIXED					/* either, iteration by iteration */
} GenLeaves;

/* What is left 0 is as plain as can be, written by 1.7.2. */
typedef struct GenOptions
{
	uint32_t	seed;
	RmlWriter	writer;
	const char *objective;		/* NULL: one that fits */
	int32_t		n_features;
	int32_t		n_rounds;		/* iterations */
	int32_t		n_parallel;		/* trees of each output in one */
	int32_t		n_splits;		/* per tree, at most */
	int32_t		num_class;
	int32_t		num_target;
	GenLeaves	leaves;
	bool		linear;
	bool		dart;			/* with weights */
	bool		categories;		/* some splits are by category */
	int32_t		set_size;		/* categories of such a split, at most; 0: 8 */
	bool		labels;			/* of categories, for some features */
	int32_t		n_labels;		/* of such a feature, at most; 0: 12 */
	bool		several_scores; /* a base score per output */
	bool		prune;			/* some splits are taken back: deleted nodes */
	bool		shuffle;		/* trees in another order than their ids */
	bool		chain;			/* every split below the one before */
	bool		balanced;		/* level by level, as many splits as there may be */
	int32_t		n_thresholds;	/* of a feature, at most; 0: few values that meet each other often */
} GenOptions;

extern uint32_t gen_random(uint32_t *state, uint32_t below);

/* One of a few values that meet each other often, or NaN. */
extern float gen_value(uint32_t *state);
extern float gen_finite(uint32_t *state);

/* A category's code, or something that is none. */
extern float gen_code(uint32_t *state);

/* A row of values and codes for a model; the first kinds are all the same. */
extern void gen_row(const RmlXgbModel *model, uint32_t kind, uint32_t *state, float *row);

/* Some shape that its writer has, a small one. */
extern GenOptions gen_shape(uint32_t seed);

/* One line that names it. */
extern const char *gen_name(const GenOptions *options);

/* Fills what gen_json and gen_ubj write. */
extern void gen_model(RmlXgbModel *model, RmlHost *host, const GenOptions *options);
extern void gen_tree(RmlXgbTree *tree, RmlHost *host, const GenOptions *options, int32_t width,
					 uint32_t *state);

/* The model as a file of its writer. */
extern void gen_json(const RmlXgbModel *model, Text *out);
extern void gen_ubj(const RmlXgbModel *model, Text *out);

/* Either. */
extern void gen_text(const RmlXgbModel *model, bool ubj, Text *out);

/* Small compiled images, one of each kind. */
typedef enum GenImage
{
	GEN_IMAGE_NAMED,			/* two trees, three features with names */
	GEN_IMAGE_CLASSES,			/* three outputs with a tree each */
	GEN_IMAGE_VECTORS,			/* two outputs, vector leaves */
	GEN_IMAGE_CATEGORIES,		/* splits by category, labels */
	GEN_IMAGE_LINEAR,
	GEN_N_IMAGES
} GenImage;

extern const char *gen_image_name(GenImage kind);
extern RmlBlock gen_image(RmlHost *host, GenImage kind);

#endif
