/*
 * transform.c
 *	  A recipe that is ready to be applied to rows.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "registry/column_value.h"
#include "registry/transform.h"
#include "transform/prune.h"

/* ---- outputs ---- */

static int
compare_outputs(const void *a, const void *b)
{
	return strcmp((*(const RmlProgramOutput *const *) a)->name, (*(const RmlProgramOutput *const *) b)->name);
}

/* Those of these names, in their order. */
static RmlProgramOutput *
find_outputs(const RmlProgram *program, const char *const *names, int n)
{
	const RmlProgramOutput **sorted = palloc(sizeof(RmlProgramOutput *) * (Size) Max(program->n_outputs, 1));
	RmlProgramOutput *found = palloc(sizeof(RmlProgramOutput) * (Size) Max(n, 1));

	for (int i = 0; i < program->n_outputs; i++)
		sorted[i] = &program->outputs[i];
	qsort(sorted, program->n_outputs, sizeof(RmlProgramOutput *), compare_outputs);
	for (int i = 0; i < n; i++)
	{
		RmlProgramOutput wanted = {.name = names[i]};
		const RmlProgramOutput *key = &wanted;
		const RmlProgramOutput **output = bsearch(&key, sorted, program->n_outputs, sizeof(RmlProgramOutput *), compare_outputs);

		if (output == NULL)
			elog(ERROR, "a recipe has no output \"%s\"", names[i]);
		found[i] = **output;
	}
	pfree(sorted);
	return found;
}

/* ---- columns ---- */

/* The program's inputs by the names of their columns, those of one column in their order. */
static int
compare_inputs(const void *a, const void *b)
{
	const RmlProgramInput *ia = *(const RmlProgramInput *const *) a;
	const RmlProgramInput *ib = *(const RmlProgramInput *const *) b;
	int			order = strcmp(ia->column, ib->column);

	return order != 0 ? order : ia < ib ? -1 : 1;
}

/* Columns in the order of their first inputs. */
static int
compare_columns(const void *a, const void *b)
{
	const RmlTransformColumn *ca = a;
	const RmlTransformColumn *cb = b;

	return ca->first_read - cb->first_read;
}

static pg_tz *
zone_of(const RmlProgramInput *input)
{
	pg_tz	   *zone = input->zone != NULL ? rml_time_zone(input->zone) : NULL;

	if (input->zone != NULL && zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of column \"%s\" is not known", input->zone, input->column)));
	return zone;
}

bool
rml_transform_reads_slot(const RmlProgram *program, const RmlInstruction *instruction, int slot)
{
	int			a = instruction->a;

	for (const RmlInstruction *before = instruction - 1; before >= program->instructions && a != slot; before--)
	{
		if (before->result == a && before->opcode == RML_DO_FILL)
			a = before->a;
	}
	return a == slot;
}

/* The number of the first step that refuses unknown texts of the input; 0 if none does that is left. */
static int
strict_step(const RmlProgram *program, const RmlProgramInput *input, int slot)
{
	for (int i = 0; i < program->n_instructions && input->strict_step != 0; i++)
	{
		if (program->instructions[i].known != NULL && rml_transform_reads_slot(program, &program->instructions[i], slot))
			return program->instructions[i].step;
	}
	return 0;
}

static void
find_columns(RmlTransform *transform, const bool *needed)
{
	const RmlProgram *program = transform->program;
	const RmlProgramInput **sorted = palloc(sizeof(RmlProgramInput *) * (Size) Max(program->n_inputs, 1));
	int			n = 0;

	for (int i = 0; i < program->n_inputs; i++)
	{
		if (needed[i])
			sorted[n++] = &program->inputs[i];
	}
	qsort(sorted, n, sizeof(RmlProgramInput *), compare_inputs);
	transform->n_reads = n;
	transform->reads = palloc(sizeof(RmlTransformRead) * (Size) Max(n, 1));
	transform->columns = palloc(sizeof(RmlTransformColumn) * (Size) Max(n, 1));
	transform->n_columns = 0;
	/* for now first_read is the number of the input */
	for (int i = 0; i < n; i++)
	{
		RmlTransformColumn *column = &transform->columns[transform->n_columns - 1];

		if (i > 0 && strcmp(sorted[i]->column, column->name) == 0)
			column->n_reads++;
		else
			transform->columns[transform->n_columns++] = (RmlTransformColumn) {
				.name = sorted[i]->column, .first_read = (int) (sorted[i] - program->inputs), .n_reads = 1
			};
	}
	qsort(transform->columns, transform->n_columns, sizeof(RmlTransformColumn), compare_columns);
	pfree(sorted);
}

/* In the order of the columns, which come to know where they are. */
static void
find_reads(RmlTransform *transform, const bool *needed)
{
	int			n = 0;

	for (int c = 0; c < transform->n_columns; c++)
	{
		RmlTransformColumn *column = &transform->columns[c];
		int			first = n;

		for (int i = column->first_read; n < first + column->n_reads; i++)
		{
			const RmlProgramInput *input = &transform->program->inputs[i];

			if (needed[i] && strcmp(input->column, column->name) == 0)
				transform->reads[n++] = (RmlTransformRead) {
					.input = input, .slot = i, .column = c, .zone = zone_of(input),
					.strict_step = strict_step(transform->program, input, i)
				};
		}
		column->first_read = first;
	}
}

RmlTransform *
rml_transform_make(const RmlRecipe *recipe, const char *const *outputs, int n)
{
	RmlTransform *transform = palloc(sizeof(RmlTransform));
	RmlProgram *program = rml_recipe_compile(recipe);
	bool	   *needed = palloc0(sizeof(bool) * (Size) Max(program->n_slots, 1));

	transform->recipe = recipe;
	transform->program = program;
	transform->n_outputs = outputs != NULL ? n : program->n_outputs;
	transform->outputs = outputs != NULL ? find_outputs(program, outputs, n) : program->outputs;
	for (int i = 0; i < transform->n_outputs; i++)
		needed[transform->outputs[i].slot] = true;
	rml_program_prune(program, needed);
	find_columns(transform, needed);
	find_reads(transform, needed);
	pfree(needed);
	return transform;
}

void
rml_transform_inputs(const RmlTransform *transform, RmlInputs *inputs)
{
	inputs->n = transform->n_columns;
	inputs->names = palloc(sizeof(char *) * (Size) Max(transform->n_columns, 1));
	for (int i = 0; i < transform->n_columns; i++)
		inputs->names[i] = transform->columns[i].name;
	inputs->transform = transform;
	inputs->image = NULL;
}

/* ---- running ---- */

void
rml_transform_reject(const RmlTransform *transform, int number, const char *category, int length)
{
	const RmlStep *step = &transform->recipe->steps[number - 1];

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%.*s\" is not a category of %s \"%s\" (recipe step %d, feature \"%s\")",
					pg_mbcliplen(category, length, 128), category, step->inputs[0].column != NULL ? "column" : "feature",
					step->inputs[0].name, number, step->name),
			 errhint("Use NULL for a missing value, or a category that the step names.")));
}

void
rml_transform_refuse(const RmlTransform *transform, const RmlProgramFault *fault)
{
	char		number[32];
	const char *category = number;
	int			length;

	if (fault->dictionary != NULL && fault->value >= 0)
		category = rml_dictionary_text(fault->dictionary, (int) fault->value, &length);
	else
		length = snprintf(number, sizeof(number), "%.17g", fault->value);
	rml_transform_reject(transform, fault->step, category, length);
}

void
rml_transform_run(const RmlTransform *transform, double *slots, int stride, int n_rows)
{
	RmlProgramFault fault;

	if (!rml_program_run(transform->program, slots, stride, n_rows, &fault))
		rml_transform_refuse(transform, &fault);
}
