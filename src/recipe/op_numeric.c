/*
 * op_numeric.c
 *	  Operations on numbers, one by one.
 */
#include "postgres.h"

#include "recipe/op.h"

static const char *const no_fields[] = {NULL};

/* ---- pass ---- */

static void
read_pass(RmlStep *step, RmlReader *reader)
{
	(void) step;
	(void) reader;
}

static void
compile_pass(const RmlStep *step, RmlBuilder *builder)
{
	rml_build_feature(builder, step, 0, rml_build_number(builder, &step->inputs[0]));
}

const RmlOp rml_ops_numeric[] = {
	{.name = "pass", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = no_fields, .read = read_pass, .compile = compile_pass},
	{.name = NULL}
};
