/*
 * build.c
 *	  Makes a program of steps.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "recipe/op.h"
#include "registry/column_value.h"
#include "registry/server.h"

/* What a text feature is made of, to find its hash. */
typedef struct Relabel
{
	const RmlOperand *operand;
	const RmlCategories *kept;
	const RmlCategory *other;
	const RmlCategory *for_missing;
	int			hash;			/* slot of its hash; -1: not made yet */
} Relabel;

/* The values of a lookup by codes, whose table is made when all codes are there. */
typedef struct Pending
{
	int			instruction;
	const RmlDictionary *dictionary;
	int			n;
	int		   *codes;
	const double *values;		/* of the codes */
	double		unknown;
	double		missing;
} Pending;

/* What reads a column: its inputs, and its texts. */
typedef struct Column
{
	RmlDictionary *dictionary;
	List	   *inputs;			/* numbers of inputs */
} Column;

/* While it is built, a slot is an input or a result; they get their numbers in the end. */
struct RmlBuilder
{
	RmlServerHost *host;
	Column	   *columns;		/* by number */
	int		  **features;		/* slots by step and feature */
	Relabel   **relabels;		/* by step; NULL: it makes no text */

	bool		training;
	int			n_slots;
	int			n_inputs;
	int			max_inputs;
	RmlProgramInput *inputs;
	int		   *input_slots;
	int			n_instructions;
	int			max_instructions;
	RmlInstruction *instructions;
	List	   *pending;
	int			step;			/* number of the one being compiled */
	Relabel    *last_relabel;
};

/* ---- inputs ---- */

static int
append_input(RmlBuilder *b, RmlProgramInput input)
{
	int			i = b->n_inputs++;

	if (i == b->max_inputs)
	{
		b->max_inputs *= 2;
		b->inputs = repalloc_huge(b->inputs, sizeof(RmlProgramInput) * (Size) b->max_inputs);
		b->input_slots = repalloc_huge(b->input_slots, sizeof(int) * (Size) b->max_inputs);
	}
	b->inputs[i] = input;
	b->input_slots[i] = b->n_slots++;
	return i;
}

static int
add_input(RmlBuilder *b, const RmlRawColumn *raw, RmlReadAs read_as, const char *zone)
{
	Column	   *column = &b->columns[raw->number];
	ListCell   *cell;
	int			i;

	foreach(cell, column->inputs)
	{
		const RmlProgramInput *input = &b->inputs[lfirst_int(cell)];

		if (input->read_as == read_as && (zone == NULL ? input->zone == NULL : input->zone != NULL && strcmp(zone, input->zone) == 0))
			return b->input_slots[lfirst_int(cell)];
	}
	i = append_input(b, (RmlProgramInput) {
		.column = raw->name, .read_as = read_as, .zone = zone,
		.dictionary = read_as == RML_READ_CATEGORY ? column->dictionary : NULL
	});
	column->inputs = lappend_int(column->inputs, i);
	return b->input_slots[i];
}

int
rml_build_given(RmlBuilder *b, const RmlStep *step)
{
	if (!b->training)
		return -1;
	return b->input_slots[append_input(b, (RmlProgramInput) {.given = step->number, .read_as = RML_READ_NUMBER})];
}

/* The column that a text comes from. */
static const RmlRawColumn *
text_column(const RmlOperand *operand)
{
	while (operand->column == NULL)
		operand = &operand->step->inputs[0];
	return operand->column;
}

static RmlDictionary *
text_dictionary(RmlBuilder *b, const RmlOperand *operand)
{
	return b->columns[text_column(operand)->number].dictionary;
}

static int
feature_slot(const RmlBuilder *b, const RmlOperand *operand)
{
	int			slot = operand->feature < 0 ? -1 : b->features[operand->step->number - 1][operand->feature];

	if (slot < 0)
		elog(ERROR, "recipe feature \"%s\" has no slot", operand->name);
	return slot;
}

int
rml_build_category(RmlBuilder *b, const RmlOperand *operand)
{
	if (operand->column == NULL)
		return feature_slot(b, operand);
	return add_input(b, operand->column, operand->column->kind == RML_KIND_TEXT ? RML_READ_CATEGORY : RML_READ_NUMBER, NULL);
}

int
rml_build_number(RmlBuilder *b, const RmlOperand *operand)
{
	Assert(rml_operand_kind(operand) != RML_KIND_TEXT);
	return rml_build_category(b, operand);
}

int
rml_build_time(RmlBuilder *b, const RmlOperand *operand, const char *zone)
{
	if (operand->column == NULL)
		elog(ERROR, "recipe feature \"%s\" is no time", operand->name);
	return add_input(b, operand->column, RML_READ_TIME, zone);
}

/* ---- instructions ---- */

static int
add_instruction(RmlBuilder *b, RmlInstruction instruction, int n_results)
{
	if (b->n_instructions == b->max_instructions)
	{
		b->max_instructions *= 2;
		b->instructions = repalloc_huge(b->instructions, sizeof(RmlInstruction) * (Size) b->max_instructions);
	}
	instruction.step = b->step;
	instruction.result = b->n_slots;
	b->instructions[b->n_instructions++] = instruction;
	b->n_slots += n_results;
	return instruction.result;
}

int
rml_build_unary(RmlBuilder *b, RmlOpcode opcode, int a, double p, double q)
{
	return add_instruction(b, (RmlInstruction) {.opcode = opcode, .a = a, .c = -1, .p = p, .q = q}, 1);
}

int
rml_build_binary(RmlBuilder *b, RmlOpcode opcode, int a, int c)
{
	return add_instruction(b, (RmlInstruction) {.opcode = opcode, .a = a, .c = c}, 1);
}

int
rml_build_table(RmlBuilder *b, RmlOpcode opcode, int a, const double *edges, int n_edges, const double *values)
{
	return add_instruction(b, (RmlInstruction) {.opcode = opcode, .a = a, .c = -1, .n = n_edges, .edges = edges, .values = values}, 1);
}

int
rml_build_function(RmlBuilder *b, RmlNumberFunction function, int a, double p)
{
	return add_instruction(b, (RmlInstruction) {.opcode = RML_DO_FUNCTION, .a = a, .c = -1, .p = p, .function = function}, 1);
}

int
rml_build_scatter(RmlBuilder *b, int a, int n)
{
	return add_instruction(b, (RmlInstruction) {.opcode = RML_DO_SCATTER, .a = a, .c = -1, .n = n}, n);
}

/* ---- lookups ---- */

static double *
alloc_table(int n)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * ((Size) n + 2));
}

/* A lookup of numbers[i], n of them in `keys`, which are codes if there is a dictionary. */
static RmlInstruction
number_lookup(RmlBuilder *b, int a, const double *keys, const double *values, int n, int skip, double unknown, double missing,
			  bool strict)
{
	RmlNumbers *numbers = rml_numbers_create(&b->host->host);
	double	   *table = alloc_table(n);
	bool	   *known = strict ? MemoryContextAllocHuge(CurrentMemoryContext, (Size) n + 2) : NULL;

	table[0] = missing;
	table[1] = unknown;
	for (int i = 0; i < n; i++)
	{
		if (i == skip)
			table[0] = values[i];
		else
			table[rml_numbers_add(numbers, keys[i]) + 2] = values[i];
	}
	for (int i = 0; strict && i < n + 2; i++)
		known[i] = i != 1;
	return (RmlInstruction) {
		.opcode = RML_DO_LOOKUP_NUMBER, .a = a, .c = -1, .numbers = numbers, .values = table, .known = known
	};
}

int
rml_build_special(RmlBuilder *b, int a, const double *numbers, const double *values, int n, int otherwise)
{
	RmlInstruction instruction;

	if (n == 0)
		return otherwise;
	instruction = number_lookup(b, a, numbers, values, n, -1, NAN, NAN, false);
	instruction.opcode = RML_DO_ELSE_LOOKUP_NUMBER;
	instruction.c = otherwise;
	return add_instruction(b, instruction, 1);
}

/* A text that comes as it is from its column, and that the column's dictionary lacks, is an error of this step. */
static void
flag_input(RmlBuilder *b, const RmlStep *step, const RmlOperand *operand)
{
	int			slot;

	while (operand->column == NULL)
	{
		const Relabel *relabel = b->relabels[operand->step->number - 1];

		if (relabel == NULL || relabel->other != NULL)
			return;
		operand = relabel->operand;
	}
	slot = rml_build_category(b, operand);
	for (int i = 0; i < b->n_inputs; i++)
	{
		if (b->input_slots[i] != slot || b->inputs[i].strict_step != 0)
			continue;
		b->inputs[i].strict_step = step->number;
		b->inputs[i].strict_feature = step->name;
	}
}

static int
text_lookup(RmlBuilder *b, const RmlStep *step, const RmlOperand *operand, const RmlCategories *categories,
			const double *values, double unknown, double missing, bool strict)
{
	RmlDictionary *dictionary = text_dictionary(b, operand);
	Pending    *pending = palloc(sizeof(Pending));
	RmlInstruction instruction = {.opcode = RML_DO_LOOKUP_TEXT, .a = rml_build_category(b, operand), .c = -1, .dictionary = dictionary};

	*pending = (Pending) {
		.instruction = b->n_instructions, .dictionary = dictionary, .n = categories->n,
		.values = values, .unknown = unknown, .missing = missing
	};
	pending->codes = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * ((Size) categories->n + 1));
	for (int i = 0; i < categories->n; i++)
	{
		if (i == categories->null_at)
			pending->codes[i] = -2;
		else
			pending->codes[i] = rml_dictionary_add(dictionary, categories->texts[i], categories->lengths[i]);
	}
	b->pending = lappend(b->pending, pending);
	if (strict)
	{
		flag_input(b, step, operand);
		instruction.known = (const bool *) pending; /* until its table is made */
	}
	return add_instruction(b, instruction, 1);
}

int
rml_build_lookup(RmlBuilder *b, const RmlStep *step, const RmlOperand *operand, const RmlCategories *categories,
				 const double *values, double unknown, double missing, bool strict)
{
	if (rml_operand_kind(operand) == RML_KIND_TEXT)
		return text_lookup(b, step, operand, categories, values, unknown, missing, strict);
	return add_instruction(b, number_lookup(b, rml_build_category(b, operand), categories->numbers, values, categories->n,
											categories->null_at, unknown, missing, strict), 1);
}

/* More than this many codes for each category: a table of them all would be a waste. */
#define SPARSE 16

/* The table of a lookup by codes: code -1 is at 1, missing (-2) at 0. */
static void
finish_lookup(RmlBuilder *b, const Pending *pending)
{
	RmlInstruction *instruction = &b->instructions[pending->instruction];
	int			n = rml_dictionary_count(pending->dictionary);
	bool		strict = instruction->known != NULL;
	double	   *table;
	bool	   *known;

	CHECK_FOR_INTERRUPTS();
	if (n / SPARSE > pending->n + 64)
	{
		RmlInstruction sparse;
		double	   *keys = alloc_table(pending->n);
		int			skip = -1;

		for (int i = 0; i < pending->n; i++)
		{
			keys[i] = pending->codes[i];
			if (pending->codes[i] == -2)
				skip = i;
		}
		sparse = number_lookup(b, instruction->a, keys, pending->values, pending->n, skip, pending->unknown, pending->missing, strict);
		sparse.result = instruction->result;
		sparse.step = instruction->step;
		sparse.dictionary = pending->dictionary;
		*instruction = sparse;
		return;
	}
	table = alloc_table(n);
	table[0] = pending->missing;
	for (int i = 1; i < n + 2; i++)
		table[i] = pending->unknown;
	for (int i = 0; i < pending->n; i++)
		table[pending->codes[i] + 2] = pending->values[i];
	instruction->values = table;
	if (!strict)
		return;
	known = MemoryContextAllocExtended(CurrentMemoryContext, (Size) n + 2, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	known[0] = true;
	for (int i = 0; i < pending->n; i++)
		known[pending->codes[i] + 2] = true;
	instruction->known = known;
}

/* ---- texts out of texts, numbers out of numbers ---- */

static double
category_value(RmlBuilder *b, const RmlOperand *operand, const RmlCategory *category)
{
	if (category == NULL)
		return NAN;
	if (category->kind == RML_KIND_TEXT)
		return rml_dictionary_add(text_dictionary(b, operand), category->text, category->length);
	return category->number;
}

/* The categories themselves, as values. */
static double *
own_values(RmlBuilder *b, const RmlOperand *operand, const RmlCategories *categories, double missing)
{
	double	   *values = alloc_table(categories->n);

	for (int i = 0; i < categories->n; i++)
		values[i] = i == categories->null_at ? missing :
			categories->texts == NULL ? categories->numbers[i] :
			rml_dictionary_add(text_dictionary(b, operand), categories->texts[i], categories->lengths[i]);
	return values;
}

int
rml_build_relabel(RmlBuilder *b, const RmlStep *step, const RmlOperand *operand, const RmlCategories *kept,
				  const RmlCategory *other, const RmlCategory *for_missing)
{
	double		missing = category_value(b, operand, for_missing);

	b->last_relabel = palloc(sizeof(Relabel));
	*b->last_relabel = (Relabel) {operand, kept, other, for_missing, -1};
	if (other == NULL)
		return rml_build_unary(b, RML_DO_FILL, rml_build_category(b, operand), missing, 0);
	return rml_build_lookup(b, step, operand, kept, own_values(b, operand, kept, missing), category_value(b, operand, other), missing, false);
}

static int
relabel_hash(RmlBuilder *b, const RmlStep *step, const Relabel *relabel)
{
	const RmlCategories *kept = relabel->kept;
	double		missing = relabel->for_missing ? rml_text_hash(relabel->for_missing->text, relabel->for_missing->length) : NAN;
	double	   *values;

	if (relabel->other == NULL)
		return rml_build_unary(b, RML_DO_FILL, rml_build_hash(b, relabel->operand), missing, 0);
	values = alloc_table(kept->n);
	for (int i = 0; i < kept->n; i++)
		values[i] = i == kept->null_at ? missing : rml_text_hash(kept->texts[i], kept->lengths[i]);
	return rml_build_lookup(b, step, relabel->operand, kept, values, rml_text_hash(relabel->other->text, relabel->other->length), missing, false);
}

int
rml_build_hash(RmlBuilder *b, const RmlOperand *operand)
{
	Relabel    *relabel;

	check_stack_depth();
	if (operand->column != NULL)
		return add_input(b, operand->column, RML_READ_HASH, NULL);
	relabel = b->relabels[operand->step->number - 1];
	if (relabel == NULL)
		elog(ERROR, "recipe feature \"%s\" is no text", operand->name);
	if (relabel->hash < 0)
		relabel->hash = relabel_hash(b, operand->step, relabel);
	return relabel->hash;
}

/* ---- the program ---- */

void
rml_build_feature(RmlBuilder *b, const RmlStep *step, int feature, int slot)
{
	b->features[step->number - 1][feature] = slot;
}

static RmlBuilder *
create_builder(const RmlRecipe *recipe, RmlDictionary *const *dictionaries, bool training)
{
	RmlBuilder *b = palloc0(sizeof(RmlBuilder));

	b->host = palloc(sizeof(RmlServerHost));
	rml_server_host_init(b->host, CurrentMemoryContext);
	b->training = training;
	b->columns = palloc0(sizeof(Column) * ((Size) list_length(recipe->columns) + 1));
	for (int i = 0; i < list_length(recipe->columns); i++)
		b->columns[i].dictionary = dictionaries != NULL && dictionaries[i] != NULL ? dictionaries[i] : rml_dictionary_create(&b->host->host);
	b->features = palloc0(sizeof(int *) * ((Size) recipe->n_steps + 1));
	b->relabels = palloc0(sizeof(Relabel *) * ((Size) recipe->n_steps + 1));
	b->max_inputs = b->max_instructions = 64;
	b->inputs = palloc(sizeof(RmlProgramInput) * (Size) b->max_inputs);
	b->input_slots = palloc(sizeof(int) * (Size) b->max_inputs);
	b->instructions = palloc(sizeof(RmlInstruction) * (Size) b->max_instructions);
	return b;
}

static void
compile_step(RmlBuilder *b, const RmlStep *step)
{
	int		   *slots = palloc(sizeof(int) * ((Size) step->n_features + 1));

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < step->n_features; i++)
		slots[i] = -1;
	b->features[step->number - 1] = slots;
	b->step = step->number;
	b->last_relabel = NULL;
	step->op->compile(step, b);
	b->relabels[step->number - 1] = b->last_relabel;
}

/* Which slots do outputs need? */
static bool *
find_needed(const RmlBuilder *b, const RmlProgram *program)
{
	bool	   *needed = MemoryContextAllocExtended(CurrentMemoryContext, (Size) b->n_slots + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int i = 0; i < program->n_outputs; i++)
		needed[program->outputs[i].slot] = true;
	for (int i = b->n_instructions - 1; i >= 0; i--)
	{
		const RmlInstruction *in = &b->instructions[i];
		int			n = in->opcode == RML_DO_SCATTER ? in->n : 1;
		bool		is_needed = false;

		for (int slot = in->result; slot < in->result + n; slot++)
			is_needed = is_needed || needed[slot];
		if (!is_needed)
			continue;
		memset(needed + in->result, true, (size_t) n);
		needed[in->a] = true;
		if (in->c >= 0)
			needed[in->c] = true;
	}
	return needed;
}

/* Numbers slots, inputs first, and keeps what is needed. */
static void
number_slots(RmlBuilder *b, RmlProgram *program)
{
	bool	   *needed = find_needed(b, program);
	int		   *numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * ((Size) b->n_slots + 1));

	program->inputs = b->inputs;
	program->instructions = b->instructions;
	for (int i = 0; i < b->n_inputs; i++)
	{
		if (!needed[b->input_slots[i]])
			continue;
		numbers[b->input_slots[i]] = program->n_inputs;
		program->inputs[program->n_inputs++] = b->inputs[i];
	}
	program->n_slots = program->n_inputs;
	for (int i = 0; i < b->n_instructions; i++)
	{
		RmlInstruction in = b->instructions[i];
		int			n = in.opcode == RML_DO_SCATTER ? in.n : 1;

		if (n == 0 || !needed[in.result])
			continue;
		for (int k = 0; k < n; k++)
			numbers[in.result + k] = program->n_slots++;
		in.result = numbers[in.result];
		in.a = numbers[in.a];
		if (in.c >= 0)
			in.c = numbers[in.c];
		program->instructions[program->n_instructions++] = in;
	}
	for (int i = 0; i < program->n_outputs; i++)
		program->outputs[i].slot = numbers[program->outputs[i].slot];
	pfree(numbers);
	pfree(needed);
}

static RmlProgram *
finish(RmlBuilder *b, RmlProgram *program)
{
	ListCell   *cell;

	foreach(cell, b->pending)
		finish_lookup(b, lfirst(cell));
	number_slots(b, program);
	return program;
}

static void
add_output(RmlProgram *program, const char *name, int slot)
{
	program->outputs[program->n_outputs++] = (RmlProgramOutput) {name, slot};
}

static RmlProgram *
compile(const RmlRecipe *recipe, RmlDictionary *const *dictionaries, bool training)
{
	RmlBuilder *b = create_builder(recipe, dictionaries, training);
	RmlProgram *program = palloc0(sizeof(RmlProgram));
	int			n = 0;

	for (int i = 0; i < recipe->n_steps; i++)
	{
		compile_step(b, &recipe->steps[i]);
		n += recipe->steps[i].n_features;
	}
	program->outputs = palloc(sizeof(RmlProgramOutput) * ((Size) n + 1));
	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		for (int k = 0; k < step->n_features; k++)
		{
			if (rml_feature_is_output(step, k))
				add_output(program, step->features[k], b->features[i][k]);
		}
	}
	return finish(b, program);
}

RmlProgram *
rml_recipe_compile(const RmlRecipe *recipe)
{
	return compile(recipe, NULL, false);
}

RmlProgram *
rml_recipe_compile_training(const RmlRecipe *recipe, RmlDictionary *const *dictionaries)
{
	return compile(recipe, dictionaries, true);
}

/* The steps that an operand needs, by number less 1. */
static bool *
needed_steps(const RmlRecipe *recipe, const RmlOperand *operand)
{
	bool	   *needed = palloc0((Size) recipe->n_steps + 1);

	if (operand->step != NULL)
		needed[operand->step->number - 1] = true;
	for (int i = recipe->n_steps - 1; i >= 0; i--)
	{
		const RmlStep *step = &recipe->steps[i];

		for (int k = 0; k < step->n_inputs && needed[i]; k++)
		{
			if (step->inputs[k].step != NULL)
				needed[step->inputs[k].step->number - 1] = true;
		}
	}
	return needed;
}

RmlProgram *
rml_recipe_compile_operand(const RmlRecipe *recipe, const RmlOperand *operand, RmlDictionary *const *dictionaries, bool training)
{
	RmlBuilder *b = create_builder(recipe, dictionaries, training);
	RmlProgram *program = palloc0(sizeof(RmlProgram));
	bool	   *needed = needed_steps(recipe, operand);

	for (int i = 0; i < recipe->n_steps; i++)
	{
		if (needed[i])
			compile_step(b, &recipe->steps[i]);
	}
	program->outputs = palloc(sizeof(RmlProgramOutput));
	add_output(program, operand->name, rml_build_category(b, operand));
	return finish(b, program);
}
