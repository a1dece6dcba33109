/*
 * gen_image.c
 *	  Small compiled images, one of each kind.
 */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const feature_names[] = {"alter", "b\xc3\xa4r", "c"};

typedef struct Kind
{
	const char *name;
	bool		named;
	GenOptions	shape;
} Kind;

static const Kind kinds[GEN_N_IMAGES] = {
	[GEN_IMAGE_NAMED] = {"named", true, {.seed = 5, .n_features = 3, .n_rounds = 2, .n_splits = 3,
	.chain = true}},
	[GEN_IMAGE_CLASSES] = {"several outputs", false, {.seed = 6, .n_features = 2, .n_rounds = 1,
	.n_splits = 2, .chain = true, .num_class = 3}},
	[GEN_IMAGE_VECTORS] = {"vector leaves", false, {.seed = 7, .n_features = 2, .n_rounds = 2,
	.n_splits = 2, .chain = true, .num_target = 2, .leaves = GEN_VECTORS, .writer = {3, 0, 0}}},
	[GEN_IMAGE_CATEGORIES] = {"categories", false, {.seed = 28, .n_features = 4, .n_rounds = 2,
	.n_splits = 4, .chain = true, .categories = true, .set_size = 4, .labels = true, .n_labels = 6,
	.writer = {3, 4, 1}}},
	[GEN_IMAGE_LINEAR] = {"linear", true, {.seed = 9, .n_features = 3, .n_rounds = 1, .num_class = 2,
	.linear = true}},
};

const char *
gen_image_name(GenImage kind)
{
	return kinds[kind].name;
}

RmlBlock
gen_image(RmlHost *host, GenImage kind)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {9, 8, 7};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlError	err = {0};
	Text		file = {0};
	RmlBlock	block;

	if (kinds[kind].named)
	{
		options.feature_names = feature_names;
		options.n_feature_names = 3;
	}
	gen_model(&model, host, &kinds[kind].shape);
	gen_json(&model, &file);
	if (!rml_xgb_parse(file.data, file.size, host, &model, &err) ||
		!rml_xgb_validate(&model, host, &err) ||
		!rml_xgb_build(&model, &options, identity, host, &block, &err))
	{
		fprintf(stderr, "%s: %s\n", kinds[kind].name, err.message);
		abort();
	}
	text_free(&file);
	return block;
}
