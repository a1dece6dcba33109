/*
 * recipe.c
 *	  The steps of a recipe, and what they read.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "recipe/op.h"
#include "registry/server.h"

/* A feature's place. */
typedef struct Feature
{
	RmlStep    *step;
	int			number;
} Feature;

/* Columns and features by their names. */
struct RmlNames
{
	RmlServerHost host;
	RmlDictionary *features;
	Feature    *made;			/* of each of them */
	int			capacity;
	RmlDictionary *columns;		/* codes are places in recipe->columns */
	List	   *open;			/* steps whose features are not known yet */
};

static void
report(List **faults, const RmlStep *step, const char *field, int sqlstate, const char *hint, const char *problem)
{
	rml_recipe_report(faults, (RmlRecipeFault) {
		.step = step ? step->number : 0, .feature = step ? step->name : NULL, .field = field,
		.sqlstate = sqlstate, .problem = problem, .hint = hint
	});
}

/* ---- kinds ---- */

const char *
rml_kind_name(RmlKind kind)
{
	static const char *const names[] = {
		[RML_KIND_UNKNOWN] = "unknown", [RML_KIND_NUMBER] = "number", [RML_KIND_TEXT] = "text", [RML_KIND_TIME] = "time"
	};

	return names[kind];
}

static RmlKind
kind_of_feature(const RmlStep *step, int feature)
{
	/* a step whose kind is unknown makes what its first input is */
	while (feature == 0 && step->kind == RML_KIND_UNKNOWN && step->n_inputs > 0)
	{
		const RmlOperand *input = &step->inputs[0];

		if (input->column != NULL)
			return input->column->kind;
		if (input->feature < 0)
			return RML_KIND_UNKNOWN;
		feature = input->feature;
		step = input->step;
	}
	return feature == 0 ? step->kind : RML_KIND_NUMBER;
}

RmlKind
rml_operand_kind(const RmlOperand *operand)
{
	if (operand->column != NULL)
		return operand->column->kind;
	return operand->feature < 0 ? RML_KIND_UNKNOWN : kind_of_feature(operand->step, operand->feature);
}

bool
rml_feature_is_output(const RmlStep *step, int feature)
{
	return step->is_output && kind_of_feature(step, feature) != RML_KIND_TEXT;
}

/* ---- names ---- */

static RmlNames *
create_names(void)
{
	RmlNames   *names = palloc0(sizeof(RmlNames));

	rml_server_host_init(&names->host, CurrentMemoryContext);
	names->features = rml_dictionary_create(&names->host.host);
	names->columns = rml_dictionary_create(&names->host.host);
	names->capacity = 64;
	names->made = palloc(sizeof(Feature) * (Size) names->capacity);
	return names;
}

/* Does the name begin as the features of a step do whose features are not known yet? */
static RmlStep *
find_open(const RmlRecipe *recipe, const RmlStep *step, const char *name)
{
	ListCell   *cell;

	foreach(cell, recipe->names->open)
	{
		RmlStep    *open = lfirst(cell);
		size_t		length = strlen(open->name);

		if (open->number < step->number && open->n_features == 0 && strncmp(name, open->name, length) == 0 && name[length] == '_')
			return open;
	}
	return NULL;
}

static RmlRawColumn *
find_column(RmlRecipe *recipe, const char *name)
{
	int			n = list_length(recipe->columns);
	int			code = rml_dictionary_add(recipe->names->columns, name, (int) strlen(name));
	RmlRawColumn *column;

	if (code < n)
		return list_nth(recipe->columns, code);
	column = palloc0(sizeof(RmlRawColumn));
	column->name = name;
	column->number = n;
	recipe->columns = lappend(recipe->columns, column);
	return column;
}

static void
resolve_operand(RmlRecipe *recipe, const RmlStep *step, RmlOperand *operand)
{
	int			code = rml_dictionary_find(recipe->names->features, operand->name, (int) strlen(operand->name));

	if (code >= 0 && recipe->names->made[code].step->number < step->number)
	{
		operand->step = recipe->names->made[code].step;
		operand->feature = recipe->names->made[code].number;
		return;
	}
	operand->feature = -1;
	/* unless a step is known to read it as a column */
	operand->step = rml_dictionary_find(recipe->names->columns, operand->name, (int) strlen(operand->name)) >= 0 ? NULL
		: find_open(recipe, step, operand->name);
	if (operand->step == NULL)
		operand->column = find_column(recipe, operand->name);
}

void
rml_operand_take_column(RmlRecipe *recipe, RmlOperand *operand)
{
	operand->step = NULL;
	operand->column = find_column(recipe, operand->name);
}

/* Puts a step's features where later steps find them. */
static void
register_features(RmlRecipe *recipe, RmlStep *step, List **faults)
{
	RmlNames   *names = recipe->names;

	if (step->n_features == 0)
		names->open = lappend(names->open, step);
	for (int i = 0; i < step->n_features; i++)
	{
		const char *name = step->features[i];
		int			n = rml_dictionary_count(names->features);
		int			code;

		CHECK_FOR_INTERRUPTS();
		if (n >= RML_RECIPE_MAX_FEATURES)
		{
			report(faults, step, NULL, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
				   psprintf("the recipe makes more than %d features", RML_RECIPE_MAX_FEATURES));
			step->is_faulty = true;
			return;
		}
		if (strlen(name) == 0 || strlen(name) > RML_RECIPE_MAX_NAME)
		{
			report(faults, step, NULL, ERRCODE_INVALID_PARAMETER_VALUE, "Give the features names with \"names\".",
				   psprintf("the name of its feature %d has %zu bytes, and can have 1 to %d", i + 1, strlen(name), RML_RECIPE_MAX_NAME));
			step->is_faulty = true;
			continue;
		}
		code = rml_dictionary_add(names->features, name, (int) strlen(name));
		if (code < n && (names->made[code].step != step || names->made[code].number < i))
		{
			report(faults, step, NULL, ERRCODE_INVALID_PARAMETER_VALUE,
				   names->made[code].step == step ? "Give the features names with \"names\"." : NULL,
				   psprintf("feature \"%s\" is made by step %d, too", name, names->made[code].step->number));
			step->is_faulty = true;
			continue;
		}
		if (code >= names->capacity)
		{
			names->capacity *= 2;
			names->made = repalloc(names->made, sizeof(Feature) * (Size) names->capacity);
		}
		names->made[code] = (Feature) {step, i};
	}
}

/* ---- steps ---- */

/* "input": a name, or a list of them; absent: the step's own. */
static void
read_inputs(RmlRecipe *recipe, RmlStep *step, RmlReader *reader)
{
	JsonbValue *json = getKeyJsonValueFromContainer(&step->json->root, "input", 5, NULL);
	const char *name = step->name;
	const char **names = &name;
	int			n = 1;

	if (json != NULL && json->type == jbvString ? !rml_reader_text(reader, "input", RML_REQUIRED, &name) :
		json != NULL && !rml_reader_texts(reader, "input", RML_REQUIRED, &names, &n))
		n = 0;
	else if (n < step->op->min_inputs || n > step->op->max_inputs)
	{
		if (step->op->min_inputs == step->op->max_inputs)
			rml_reader_fault(reader, "input", NULL, "must name %d %s for op \"%s\", not %d", step->op->min_inputs,
							 step->op->min_inputs == 1 ? "column or feature" : "columns or features", step->op->name, n);
		else
			rml_reader_fault(reader, "input", NULL, "must name from %d to %d columns or features for op \"%s\", not %d",
							 step->op->min_inputs, step->op->max_inputs, step->op->name, n);
		n = 0;
	}
	step->inputs = palloc0(sizeof(RmlOperand) * ((Size) n + 1));
	for (int i = 0; i < n; i++)
	{
		if (strlen(names[i]) > RML_RECIPE_MAX_NAME)
		{
			rml_reader_fault(reader, "input", NULL, "has a name of %zu bytes, and can have %d at most", strlen(names[i]), RML_RECIPE_MAX_NAME);
			return;
		}
		step->inputs[i].name = names[i];
		resolve_operand(recipe, step, &step->inputs[i]);
		step->n_inputs++;
	}
}

static RmlKind
only_kind(int takes)
{
	return takes == RML_TAKES_NUMBER ? RML_KIND_NUMBER : takes == RML_TAKES_TEXT ? RML_KIND_TEXT :
		takes == RML_TAKES_TIME ? RML_KIND_TIME : RML_KIND_UNKNOWN;
}

static void
read_op(RmlStep *step, RmlReader *reader)
{
	const char *name;

	if (!rml_reader_text(reader, "op", RML_REQUIRED, &name))
		return;
	step->op = rml_op_find(name);
	if (step->op == NULL)
		rml_reader_fault(reader, "op", psprintf("Did you mean \"%s\"?", rml_op_nearest(name)), "is unknown: \"%.*s\"",
						 pg_mbcliplen(name, (int) strlen(name), 64), name);
}

static bool
read_name(RmlStep *step, RmlReader *reader)
{
	const char *name;

	if (!rml_reader_text(reader, "feature", RML_REQUIRED, &name))
		return false;
	if (strlen(name) > RML_RECIPE_MAX_NAME)
	{
		rml_reader_fault(reader, "feature", NULL, "has %zu bytes, and can have %d at most", strlen(name), RML_RECIPE_MAX_NAME);
		return false;
	}
	step->name = name;
	return true;
}

static void
read_step(RmlRecipe *recipe, RmlStep *step, List **faults)
{
	RmlReader  *reader = rml_reader_create(recipe, step, faults);

	step->is_output = true;
	step->is_fitted = true;
	step->is_faulty = false;
	step->kind = RML_KIND_NUMBER;
	step->zone = NULL;
	step->n_inputs = 0;
	step->n_features = 0;
	if (read_name(step, reader))
	{
		step->n_features = 1;
		step->features = palloc(sizeof(char *));
		step->features[0] = step->name;
	}
	read_op(step, reader);
	(void) rml_reader_boolean(reader, "output", RML_OPTIONAL, &step->is_output);
	if (step->op != NULL)
		rml_reader_check_fields(reader);
	if (step->name == NULL)
		return;					/* nothing can be said of its inputs and features */
	if (step->op != NULL)
	{
		read_inputs(recipe, step, reader);
		for (int i = 0; i < step->n_inputs && only_kind(step->op->takes) != RML_KIND_UNKNOWN; i++)
			rml_reader_require_kind(reader, i, only_kind(step->op->takes));
		/* an op can count on its inputs */
		if (step->n_inputs > 0)
			step->op->read(step, reader);
	}
	register_features(recipe, step, faults);
}

/* A later step may have said what a column is. */
static void
check_input_kinds(RmlRecipe *recipe, RmlStep *step, List **faults)
{
	static const int takes[] = {
		[RML_KIND_UNKNOWN] = ~0, [RML_KIND_NUMBER] = RML_TAKES_NUMBER, [RML_KIND_TEXT] = RML_TAKES_TEXT, [RML_KIND_TIME] = RML_TAKES_TIME
	};

	for (int i = 0; i < step->n_inputs; i++)
	{
		RmlKind		kind = rml_operand_kind(&step->inputs[i]);

		if ((takes[kind] & step->op->takes) == 0)
			rml_reader_fault(rml_reader_create(recipe, step, faults), "input", NULL, "is %s, which op \"%s\" cannot take: \"%s\"",
							 rml_kind_name(kind), step->op->name, step->inputs[i].name);
	}
}

/* What follows of all steps: is it fitted, and which features are used? */
static void
settle(RmlRecipe *recipe, List **faults)
{
	recipe->is_fitted = true;
	for (int i = 0; i < recipe->n_steps; i++)
	{
		RmlStep    *step = &recipe->steps[i];

		if (!step->is_faulty)
			check_input_kinds(recipe, step, faults);
		recipe->is_fitted = recipe->is_fitted && step->is_fitted && !step->is_faulty;
		step->used = palloc0(sizeof(bool) * ((Size) step->n_features + 1));
		for (int k = 0; k < step->n_inputs; k++)
		{
			const RmlOperand *input = &step->inputs[k];

			if (input->step != NULL)
				input->step->used[input->feature < 0 ? 0 : input->feature] = true;
		}
	}
}

/* A step none of whose features goes anywhere. */
static void
warn_of_unused(const RmlRecipe *recipe, List **faults)
{
	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];
		bool		used = step->is_faulty || (step->n_features == 0 && (step->is_output || step->used[0]));

		for (int k = 0; k < step->n_features && !used; k++)
			used = step->used[k] || rml_feature_is_output(step, k);
		if (!used)
			rml_recipe_report(faults, (RmlRecipeFault) {
				.step = step->number, .feature = step->name, .is_warning = true,
				.problem = step->is_output ? "the feature is text, which is no output, and no later step uses it"
				: "the feature is no output, and no later step uses it"
			});
	}
}

static void
read_steps(RmlRecipe *recipe, JsonbContainer *list, List **faults)
{
	JsonbIterator *it = JsonbIteratorInit(list);
	JsonbValue	value;

	(void) JsonbIteratorNext(&it, &value, true);	/* the beginning of the array */
	for (int i = 0; i < recipe->n_steps; i++)
	{
		RmlStep    *step = &recipe->steps[i];

		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &value, true);
		step->number = i + 1;
		if (value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data))
		{
			step->json = JsonbValueToJsonb(&value);
			read_step(recipe, step, faults);
			continue;
		}
		step->is_faulty = true;
		report(faults, step, NULL, ERRCODE_INVALID_PARAMETER_VALUE, "A step has \"feature\" and \"op\".", "a step must be an object");
	}
}

RmlRecipe *
rml_recipe_read(const Jsonb *json, List **faults)
{
	RmlRecipe  *recipe = palloc0(sizeof(RmlRecipe));
	JsonbContainer *list = (JsonbContainer *) &json->root;
	uint32		n = JsonContainerSize(list);

	recipe->names = create_names();
	if (!JsonContainerIsArray(list) || JsonContainerIsScalar(list))
		report(faults, NULL, NULL, ERRCODE_INVALID_PARAMETER_VALUE, NULL, "a recipe must be a JSON list of steps");
	else if (n == 0)
		report(faults, NULL, NULL, ERRCODE_INVALID_PARAMETER_VALUE, NULL, "a recipe must have a step");
	else if (n > RML_RECIPE_MAX_STEPS)
		report(faults, NULL, NULL, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
			   psprintf("a recipe can have %d steps at most, not %u", RML_RECIPE_MAX_STEPS, n));
	else
	{
		recipe->n_steps = (int) n;
		recipe->steps = palloc0(sizeof(RmlStep) * n);
		read_steps(recipe, list, faults);
	}
	settle(recipe, faults);
	if (faults != NULL)
		warn_of_unused(recipe, faults);
	return recipe;
}

/* A step's features have become known: those that later steps are waiting for, and those that they took for columns. */
static void
resolve_later(RmlRecipe *recipe, const RmlStep *step)
{
	const RmlNames *names = recipe->names;

	for (int i = step->number; i < recipe->n_steps; i++)
	{
		RmlStep    *later = &recipe->steps[i];

		for (int k = 0; k < later->n_inputs; k++)
		{
			RmlOperand *input = &later->inputs[k];
			int			code = rml_dictionary_find(names->features, input->name, (int) strlen(input->name));
			bool		is_made = code >= 0 && names->made[code].step == step;

			if (input->step == step && input->feature < 0)
			{
				if (!is_made)
					report(NULL, later, "input", ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						   psprintf("neither is there a column \"%s\", nor does step %d make such a feature", input->name, step->number));
				input->feature = names->made[code].number;
			}
			else if (input->column != NULL && is_made)
				report(NULL, later, "input", ERRCODE_INVALID_PARAMETER_VALUE, "Give the features of that step other names with \"names\".",
					   psprintf("\"%s\" is a column, and a feature that step %d makes", input->name, step->number));
		}
	}
}

void
rml_recipe_reread_step(RmlRecipe *recipe, int number, Jsonb *json)
{
	RmlStep    *step = &recipe->steps[number - 1];

	step->json = json;
	read_step(recipe, step, NULL);
	if (step->n_features > 0)
		resolve_later(recipe, step);
	settle(recipe, NULL);
}

void
rml_recipe_take_columns(RmlRecipe *recipe, const RmlColumnNames *columns, List **faults)
{
	for (int i = 0; i < recipe->n_steps; i++)
	{
		RmlStep    *step = &recipe->steps[i];
		bool		taken = false;

		for (int k = 0; k < step->n_inputs; k++)
		{
			RmlOperand *input = &step->inputs[k];
			RmlMatchHow how;
			Form_pg_attribute other;

			if (input->column != NULL || input->feature >= 0 || rml_column_find(columns, input->name, &how, &other) == NULL)
				continue;
			rml_operand_take_column(recipe, input);
			taken = true;
		}
		/* now it can say of which kind they are */
		if (taken && !step->is_faulty)
			read_step(recipe, step, faults);
	}
	settle(recipe, faults);
}

void
rml_recipe_require_fitted(const RmlRecipe *recipe)
{
	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		if (!step->is_fitted)
			report(NULL, step, NULL, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "Run riskml.fit_recipe().", "the step is not fitted");
	}
}

/* jsonb has an order of its own for the members of objects, so that its text says all. */
char *
rml_recipe_canonical(const Jsonb *json)
{
	char	   *text = JsonbToCString(NULL, (JsonbContainer *) &json->root, VARSIZE(json));

	return pg_server_to_any(text, (int) strlen(text), PG_UTF8);
}
