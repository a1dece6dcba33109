/*
 * category.c
 *	  Labels of categories in text columns and JSON strings, as codes.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "compat.h"
#include "score/category.h"

const char *
rml_type_hint(const RmlImageCategories *categories, bool is_text)
{
	if (categories != NULL)
		return "The feature takes category labels as text, or their codes as numbers.";
	if (is_text)
		return "Encode the text as numbers, or give labels for it with the option categories of the import.";
	return "Features are numbers or booleans; cast or encode the value.";
}

float
rml_category_value(const RmlModel *model, const char *model_name, int feature,
				   const RmlImageCategories *categories, const char *label, int length)
{
	/* the label itself where the server's encoding is UTF-8 */
	char	   *utf8 = pg_server_to_any(label, length, PG_UTF8);
	Size		utf8_length = utf8 == label ? (Size) length : strlen(utf8);
	int32		code = rml_image_code(&model->image, categories, utf8, utf8_length);

	if (code < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%.*s\" is not a category of feature \"%s\" of model \"%s\"",
						pg_mbcliplen(label, length, 128), label,
						model->features[feature], model_name),
				 errdetail_plural("The model was trained with %u category of this feature.",
								  "The model was trained with %u categories of this feature.",
								  categories->n_labels, categories->n_labels),
				 errhint("Use NULL for a missing value, or a category of the training data.")));
	if (utf8 != label)
		pfree(utf8);
	return (float) code;
}

float
rml_column_category(const RmlModel *model, const char *model_name, int feature,
					const RmlMatch *match, Datum value)
{
	int			length;
	const char *label = rml_column_label(match->kind, value, &length);

	return rml_category_value(model, model_name, feature, match->categories, label, length);
}
