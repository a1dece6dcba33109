/*
 * prune.c
 *	  Of a program only what some of its outputs need.
 */
#include "transform/prune.h"

/* Does it fill a slot that is needed? */
static bool
is_needed(const RmlInstruction *instruction, const bool *needed)
{
	int			n = instruction->opcode == RML_DO_SCATTER ? instruction->n : 1;

	for (int i = 0; i < n; i++)
	{
		if (needed[instruction->result + i])
			return true;
	}
	return false;
}

void
rml_program_prune(RmlProgram *program, bool *needed)
{
	int			first = program->n_instructions;

	/* what an instruction reads was filled before it */
	for (int i = program->n_instructions - 1; i >= 0; i--)
	{
		const RmlInstruction *instruction = &program->instructions[i];

		if (!is_needed(instruction, needed))
			continue;
		needed[instruction->a] = true;
		if (instruction->c >= 0)
			needed[instruction->c] = true;
		program->instructions[--first] = *instruction;
	}
	program->instructions += first;
	program->n_instructions -= first;
}
