/*
 * fit.c
 *	  riskml.fit_recipe(): finds what the steps of a recipe leave open.
 *
 * Steps are fitted in their order.  The values of a step's operand come from the spill file, by a program of the steps that it
 * depends on.  What is found becomes a part of the step's JSON, from which the step is read anew: what is stored is what is
 * used.  Nothing depends on the order of rows.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "compat.h"
#include "recipe/counts.h"
#include "recipe/data.h"
#include "recipe/op.h"
#include "recipe/sorted.h"
#include "recipe/training.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_fit_recipe);

/* A field that was found. */
typedef struct Found
{
	const char *field;
	JsonbValue *value;
} Found;

struct RmlFitting
{
	RmlRecipe  *recipe;
	RmlData    *data;
	const RmlStep *step;		/* that is being fitted */
	List	   *found;			/* Found * */
	List	   *sorted;			/* RmlSorted * */
};

/* ---- errors ---- */

void
rml_fit_error(const RmlFitting *fitting, int sqlstate, const char *hint, const char *format,...)
{
	StringInfoData problem;
	int			more;

	initStringInfo(&problem);
	for (;;)
	{
		va_list		arguments;

		va_start(arguments, format);
		more = appendStringInfoVA(&problem, format, arguments);
		va_end(arguments);
		if (more == 0)
			break;
		enlargeStringInfo(&problem, more);
	}
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("recipe step %d (feature \"%s\"): %s", fitting->step->number, fitting->step->name, problem.data),
			 hint != NULL ? errhint("%s", hint) : 0));
}

void
rml_fit_require_values(const RmlFitting *fitting, const RmlOperand *operand, int64 count)
{
	if (count == 0)
		rml_fit_error(fitting, ERRCODE_NULL_VALUE_NOT_ALLOWED, "Leave it out of the recipe, or give the step its fields.",
					  "\"%s\" is missing in all " INT64_FORMAT " rows", operand->name, rml_fit_rows(fitting));
}

/* ---- data ---- */

static void
require_label(const RmlFitting *fitting)
{
	int			sqlstate;
	char	   *problem;

	if (!rml_data_has_label(fitting->data))
		rml_fit_error(fitting, ERRCODE_INVALID_PARAMETER_VALUE, "Name the label's column in the argument \"label\".",
					  "op \"%s\" is fitted to a label", fitting->step->op->name);
	problem = rml_data_label_problem(fitting->data, &sqlstate);
	if (problem != NULL)
		rml_fit_error(fitting, sqlstate, "Leave such rows out of the query.", "%s", problem);
}

void
rml_fit_enter(RmlFitting *fitting, const RmlStep *step)
{
	fitting->step = step;
	fitting->found = NIL;
	fitting->sorted = NIL;
	if (step->op->needs_label)
		require_label(fitting);
}

RmlFitting *
rml_fit_begin(RmlRecipe *recipe, const char *query, const char *label)
{
	RmlFitting *fitting = palloc0(sizeof(RmlFitting));

	fitting->recipe = recipe;
	fitting->data = rml_data_read(recipe, query, label);
	return fitting;
}

static void
free_sorted(RmlFitting *fitting)
{
	ListCell   *cell;

	foreach(cell, fitting->sorted)
		rml_sorted_free(lfirst(cell));
	fitting->sorted = NIL;
}

void
rml_fit_end(RmlFitting *fitting)
{
	free_sorted(fitting);
	rml_data_free(fitting->data);
}

int64
rml_fit_rows(const RmlFitting *fitting)
{
	return rml_data_rows(fitting->data);
}

void
rml_fit_scan(RmlFitting *fitting, const RmlOperand *operand, bool with_label, RmlFitVisit visit, void *arg)
{
	RmlProgram *program = rml_recipe_compile_operand(fitting->recipe, operand, rml_data_dictionaries(fitting->data), false);
	RmlDataReader *reader = rml_data_reader(fitting->data, program, with_label);

	while (rml_data_next(reader))
		visit(reader->values[0], reader->labels, reader->n_rows, arg);
	rml_data_reader_free(reader);
}

RmlDictionary *
rml_fit_dictionary(const RmlFitting *fitting, const RmlOperand *operand)
{
	return rml_data_dictionary(fitting->data, operand);
}

static void
put_sorted(const double *values, const double *labels, int n, void *sorted)
{
	(void) labels;
	rml_sorted_put(sorted, values, n);
}

RmlSorted *
rml_fit_sorted(RmlFitting *fitting, const RmlOperand *operand)
{
	RmlSorted  *sorted = rml_sorted_begin(rml_fit_rows(fitting));

	fitting->sorted = lappend(fitting->sorted, sorted);
	rml_fit_scan(fitting, operand, false, put_sorted, sorted);
	rml_sorted_finish(sorted);
	rml_fit_require_values(fitting, operand, rml_sorted_count(sorted));
	return sorted;
}

static void
add_categories(const double *values, const double *labels, int n, void *tally)
{
	rml_tally_add(tally, values, labels, n);
}

RmlCounts *
rml_fit_counts(RmlFitting *fitting, const RmlOperand *operand, bool with_label)
{
	RmlKind		kind = rml_operand_kind(operand);
	RmlTally   *tally = rml_tally_begin(rml_fit_dictionary(fitting, operand), rml_data_label_scale(fitting->data));
	RmlCounts  *counts;

	rml_fit_scan(fitting, operand, with_label, add_categories, tally);
	counts = rml_tally_counts(tally, kind);
	rml_fit_require_values(fitting, operand, counts->n);
	return counts;
}

/* ---- what is found ---- */

void
rml_fit_set_json(RmlFitting *fitting, const char *field, JsonbValue *value)
{
	Found	   *found = palloc(sizeof(Found));

	found->field = field;
	found->value = value;
	fitting->found = lappend(fitting->found, found);
}

/* The shortest decimal that is this very number. */
static void
number_json(JsonbValue *json, double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value == 0 ? 0 : value, digits);
	json->type = jbvNumeric;
	json->val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
															Int32GetDatum(-1)));
}

static void
require_finite(const RmlFitting *fitting, const char *field, double value)
{
	if (!isfinite(value))
		rml_fit_error(fitting, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "Clip or impute it in a step before.",
					  "\"%s\" of \"%s\" is not finite", field, fitting->step->inputs[0].name);
}

void
rml_fit_set_number(RmlFitting *fitting, const char *field, double value)
{
	JsonbValue *json = palloc(sizeof(JsonbValue));

	require_finite(fitting, field, value);
	number_json(json, value);
	rml_fit_set_json(fitting, field, json);
}

static JsonbValue *
new_array(int n)
{
	JsonbValue *array = palloc(sizeof(JsonbValue));

	array->type = jbvArray;
	array->val.array.nElems = n;
	array->val.array.rawScalar = false;
	array->val.array.elems = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(JsonbValue) * (Size) Max(n, 1));
	return array;
}

void
rml_fit_set_numbers(RmlFitting *fitting, const char *field, const double *values, int n)
{
	JsonbValue *array = new_array(n);

	for (int i = 0; i < n; i++)
	{
		require_finite(fitting, field, values[i]);
		number_json(&array->val.array.elems[i], values[i]);
	}
	rml_fit_set_json(fitting, field, array);
}

static void
text_json(JsonbValue *json, const char *text, int length)
{
	json->type = jbvString;
	json->val.string.val = unconstify(char *, text);
	json->val.string.len = length;
}

JsonbValue *
rml_fit_category(const RmlCounts *counts, int i)
{
	JsonbValue *json = palloc(sizeof(JsonbValue));

	if (i == counts->n)
		json->type = jbvNull;
	else if (counts->counts[i].text != NULL)
		text_json(json, counts->counts[i].text, counts->counts[i].length);
	else
		number_json(json, counts->counts[i].number);
	return json;
}

void
rml_fit_set_categories(RmlFitting *fitting, const char *field, const RmlCategories *categories)
{
	JsonbValue *array = new_array(categories->n);

	for (int i = 0; i < categories->n; i++)
	{
		JsonbValue *json = &array->val.array.elems[i];

		if (i == categories->null_at)
			json->type = jbvNull;
		else if (categories->texts != NULL)
			text_json(json, categories->texts[i], categories->lengths[i]);
		else
		{
			require_finite(fitting, field, categories->numbers[i]);
			number_json(json, categories->numbers[i]);
		}
	}
	rml_fit_set_json(fitting, field, array);
}

/* ---- steps ---- */

/* The step's object with what was found. */
static Jsonb *
complete_json(const RmlFitting *fitting)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it = JsonbIteratorInit(&fitting->step->json->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	ListCell   *cell;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_END_OBJECT)
		(void) pushJsonbValue(&state, token, token == WJB_BEGIN_OBJECT ? NULL : &value);
	foreach(cell, fitting->found)
	{
		const Found *found = lfirst(cell);
		JsonbValue	key;

		text_json(&key, found->field, (int) strlen(found->field));
		(void) pushJsonbValue(&state, WJB_KEY, &key);
		(void) pushJsonbValue(&state, WJB_VALUE, found->value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Fits one step; the recipe is kept in the current memory context, all else in one of its own. */
static void
fit_step(RmlFitting *fitting, const RmlStep *step)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "riskml fit of a step", ALLOCSET_DEFAULT_SIZES);
	Jsonb	   *json;

	MemoryContextSwitchTo(context);
	rml_fit_enter(fitting, step);
	step->op->fit(step, fitting);
	free_sorted(fitting);
	json = complete_json(fitting);
	MemoryContextSwitchTo(caller);
	json = memcpy(palloc_extended(VARSIZE(json), MCXT_ALLOC_HUGE), json, VARSIZE(json));
	MemoryContextDelete(context);
	rml_recipe_reread_step(fitting->recipe, step->number, json);
	if (!step->is_fitted)
		elog(ERROR, "step %d of the recipe is not fitted by its fit", step->number);
}

static Jsonb *
recipe_json(const RmlRecipe *recipe)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < recipe->n_steps; i++)
	{
		Jsonb	   *json = recipe->steps[i].json;
		JsonbValue	value = {.type = jbvBinary, .val.binary = {.len = (int) VARSIZE(json) - VARHDRSZ, .data = &json->root}};

		(void) pushJsonbValue(&state, WJB_ELEM, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

static void
fit_steps(RmlFitting *fitting)
{
	RmlRecipe  *recipe = fitting->recipe;

	for (int i = 0; i < recipe->n_steps; i++)
	{
		if (!recipe->steps[i].is_fitted)
			fit_step(fitting, &recipe->steps[i]);
	}
}

static Jsonb *
fit_recipe(const Jsonb *json, const char *query, const char *label)
{
	RmlRecipe  *recipe = rml_recipe_read(json, NULL);
	RmlFitting *fitting = rml_fit_begin(recipe, query, label);

	fit_steps(fitting);
	rml_fit_end(fitting);
	return recipe_json(recipe);
}

Jsonb *
rml_fit_to(RmlRecipe *recipe, RmlData *data)
{
	RmlFitting	fitting = {.recipe = recipe, .data = data};

	fit_steps(&fitting);
	free_sorted(&fitting);
	return recipe_json(recipe);
}

/* riskml.fit_recipe(recipe, query, label): the recipe with what was found. */
Datum
riskml_fit_recipe(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "riskml fit of a recipe", ALLOCSET_DEFAULT_SIZES);
	Jsonb	   *fitted;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"recipe\" must not be null")));
	MemoryContextSwitchTo(context);
	fitted = fit_recipe(PG_GETARG_JSONB_P(0), RML_TEXT_ARG(1, "query"), PG_ARGISNULL(2) ? NULL : RML_TEXT_ARG(2, "label"));
	MemoryContextSwitchTo(caller);
	fitted = memcpy(palloc(VARSIZE(fitted)), fitted, VARSIZE(fitted));
	MemoryContextDelete(context);
	PG_RETURN_JSONB_P(fitted);
}
