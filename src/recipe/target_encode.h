/*
 * target_encode.h
 *	  What a step that encodes a target says, for what training sees of it.
 */
#ifndef RML_RECIPE_TARGET_ENCODE_H
#define RML_RECIPE_TARGET_ENCODE_H

#include "recipe/reader.h"

#define RML_MAX_FOLDS 1000

typedef struct RmlTargetEncode
{
	RmlCategories *categories;
	double	   *values;
	double		prior;			/* the mean label; NaN: not fitted */
	double		smoothing;
	int			folds;
	int			seed;
} RmlTargetEncode;

/* What a category is encoded as. */
extern double rml_target_encode(double sum, double count, double prior, double smoothing);

/* NULL: the step is of another op. */
extern const RmlTargetEncode *rml_target_encode_of(const RmlStep *step);

#endif
