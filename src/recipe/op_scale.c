/*
 * op_scale.c
 *	  Operations that bring numbers to a common scale.
 */
#include "postgres.h"

#include "recipe/op.h"

/* ---- standardize ---- */

typedef struct Standardize
{
	int			deviation;		/* choice of deviations */
	double		mean;
	double		std;
} Standardize;

static const char *const standardize_fields[] = {"deviation", "mean", "std", NULL};
static const char *const deviations[] = {"population", "sample", NULL};

static void
read_standardize(RmlStep *step, RmlReader *reader)
{
	Standardize *p = step->parameters = palloc0(sizeof(Standardize));

	(void) rml_reader_choice(reader, "deviation", RML_OPTIONAL, deviations, &p->deviation);
	(void) rml_reader_number(reader, "mean", RML_FITTED, &p->mean);
	if (rml_reader_number(reader, "std", RML_FITTED, &p->std) && p->std < 0)
		rml_reader_fault(reader, "std", NULL, "must not be negative");
}

static void
compile_standardize(const RmlStep *step, RmlBuilder *builder)
{
	const Standardize *p = step->parameters;
	int			x = rml_build_number(builder, &step->inputs[0]);

	rml_build_feature(builder, step, 0, rml_build_unary(builder, RML_DO_SUBTRACT_DIVIDE, x, p->mean, p->std == 0 ? 1 : p->std));
}

const RmlOp rml_ops_scale[] = {
	{.name = "standardize", .takes = RML_TAKES_NUMBER, .min_inputs = 1, .max_inputs = 1, .fields = standardize_fields,
	 .read = read_standardize, .compile = compile_standardize},
	{.name = NULL}
};
