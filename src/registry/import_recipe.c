/*
 * import_recipe.c
 *	  The recipe that comes with an import.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "recipe/recipe.h"
#include "registry/import_recipe.h"
#include "registry/server.h"

/* Some millions of categories. */
#define MAX_RECIPE_BYTES (64 * 1024 * 1024)

/* Outputs that one notice names. */
#define MAX_NAMES_SHOWN 10

struct RmlImportRecipe
{
	const char *text;
	const RmlProgram *program;
};

Jsonb *
rml_import_recipe_arg(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return NULL;
	if (toast_raw_datum_size(PG_GETARG_DATUM(n)) > MAX_RECIPE_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("parameter \"%s\" exceeds the limit of %d MB", "recipe", MAX_RECIPE_BYTES / (1024 * 1024)),
				 errhint("Categories by the million are better hashed: hash_bucket.")));
	return PG_GETARG_JSONB_P(n);
}

RmlImportRecipe *
rml_import_recipe_read(const Jsonb *json)
{
	RmlImportRecipe *import = palloc(sizeof(RmlImportRecipe));
	RmlRecipe  *recipe = rml_recipe_read(json, NULL);

	rml_recipe_require_fitted(recipe);
	import->text = rml_recipe_canonical(json);
	import->program = rml_recipe_compile(recipe);
	return import;
}

const char *
rml_import_recipe_text(const RmlImportRecipe *recipe)
{
	return recipe->text;
}

void
rml_import_recipe_name_features(const RmlImportRecipe *recipe, const char *model, int n_features,
								RmlImportOptions *options)
{
	int			n = recipe->program->n_outputs;
	const char **names = palloc(sizeof(char *) * (Size) Max(n, 1));

	if (n != n_features)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("the recipe has %d output, but the file of model \"%s\" has %d features without names",
							   "the recipe has %d outputs, but the file of model \"%s\" has %d features without names",
							   (unsigned long) n, n, model, n_features),
				 errhint("Give the names of the features with feature_names.")));
	for (int i = 0; i < n; i++)
		names[i] = rml_to_utf8(recipe->program->outputs[i].name, strlen(recipe->program->outputs[i].name));
	options->feature_names = names;
	options->n_feature_names = n;
}

/* ---- features and outputs ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool
is_among(const char **sorted, int n, const char *name)
{
	return bsearch(&name, sorted, (size_t) n, sizeof(char *), compare_names) != NULL;
}

static const char **
sorted_copy(const char **names, int n)
{
	const char **sorted = palloc(sizeof(char *) * (Size) Max(n, 1));

	memcpy(sorted, names, sizeof(char *) * (Size) n);
	qsort(sorted, (size_t) n, sizeof(char *), compare_names);
	return sorted;
}

/* How many of these names are not among the sorted ones; the first of them is `first`, and all are listed. */
static int
find_absent(const char **names, int n, const char **sorted, int n_sorted, const char **first, StringInfo list)
{
	int			absent = 0;

	for (int i = 0; i < n; i++)
	{
		if (is_among(sorted, n_sorted, names[i]))
			continue;
		if (absent == 0)
			*first = names[i];
		if (absent < MAX_NAMES_SHOWN)
			appendStringInfo(list, "%s\"%s\"", absent > 0 ? ", " : "", names[i]);
		else if (absent == MAX_NAMES_SHOWN)
			appendStringInfoString(list, ", ...");
		absent++;
	}
	return absent;
}

static const char **
names_of(Datum array, int *n)
{
	Datum	   *items;
	const char **names;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, n);
	names = palloc(sizeof(char *) * (Size) Max(*n, 1));
	for (int i = 0; i < *n; i++)
		names[i] = TextDatumGetCString(items[i]);
	return names;
}

static const char **
output_names(const RmlProgram *program)
{
	const char **names = palloc(sizeof(char *) * (Size) Max(program->n_outputs, 1));

	for (int i = 0; i < program->n_outputs; i++)
		names[i] = program->outputs[i].name;
	return names;
}

void
rml_import_recipe_check(const RmlImportRecipe *recipe, const char *model, Datum features)
{
	int			n_outputs = recipe->program->n_outputs;
	const char **outputs = output_names(recipe->program);
	int			n_features;
	const char **names = names_of(features, &n_features);
	const char *first = NULL;
	StringInfoData list;
	int			absent;

	initStringInfo(&list);
	absent = find_absent(names, n_features, sorted_copy(outputs, n_outputs), n_outputs, &first, &list);
	if (absent > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("the recipe lacks %d feature of model \"%s\": \"%s\"",
							   "the recipe lacks %d features of model \"%s\", the first is \"%s\"",
							   (unsigned long) absent, absent, model, first),
				 absent > 1 ? errdetail("It does not make %s.", list.data) : 0,
				 errhint("Name the recipe's features as the model has them, or give the model's features names with feature_names.")));
	resetStringInfo(&list);
	absent = find_absent(outputs, n_outputs, sorted_copy(names, n_features), n_features, &first, &list);
	if (absent > 0)
		ereport(NOTICE,
				(errmsg_plural("output %s of the recipe is no feature of model \"%s\"",
							   "outputs %s of the recipe are no features of model \"%s\"",
							   (unsigned long) absent, list.data, model)));
}
