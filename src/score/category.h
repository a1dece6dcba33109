/*
 * category.h
 *	  Labels of categories in text columns and JSON strings, as codes.
 */
#ifndef RML_SCORE_CATEGORY_H
#define RML_SCORE_CATEGORY_H

#include "score/match.h"

/* What to do about a value that a feature cannot be read from. */
extern const char *rml_type_hint(const RmlImageCategories *categories, bool is_text);

/*
 * The code of a label in the server's encoding.  Raises 22023 for one that the
 * model does not know: XGBoost refuses those too.
 */
extern float rml_category_value(const RmlModel *model, const char *model_name, int feature,
								const RmlImageCategories *categories,
								const char *label, int length);

/* The same for the value of a matched column, not NULL. */
extern float rml_column_category(const RmlModel *model, const char *model_name, int feature,
								 const RmlMatch *match, Datum value);

#endif
