/*
 * import_recipe.h
 *	  The recipe that comes with an import.
 */
#ifndef RML_REGISTRY_IMPORT_RECIPE_H
#define RML_REGISTRY_IMPORT_RECIPE_H

#include "utils/jsonb.h"

#include "import/xgb.h"

typedef struct RmlImportRecipe RmlImportRecipe;

/* Argument n, NULL if it is; 54000 for one that is too large, before it is fetched. */
extern Jsonb *rml_import_recipe_arg(FunctionCallInfo fcinfo, int n);

/* Reads and compiles it, in the current memory context; raises its first fault. */
extern RmlImportRecipe *rml_import_recipe_read(const Jsonb *json);

/* The canonical text, UTF-8. */
extern const char *rml_import_recipe_text(const RmlImportRecipe *recipe);

/* Names a file's features that it has no names for as the outputs, in UTF-8; 22023 if there are not as many. */
extern void rml_import_recipe_name_features(const RmlImportRecipe *recipe, const char *model, int n_features,
											RmlImportOptions *options);

/* Raises 22023 unless every feature (text[]) is an output; a NOTICE names outputs that are no features. */
extern void rml_import_recipe_check(const RmlImportRecipe *recipe, const char *model, Datum features);

#endif
