/*
 * op_category.c
 *	  Operations on categories.
 */
#include "postgres.h"

#include <math.h>

#include "recipe/op.h"

/* ---- ordinal ---- */

typedef struct Ordinal
{
	RmlCategories *categories;
	double	   *codes;			/* 0, 1, ... */
	double		unknown;		/* NaN: missing */
	bool		strict;
} Ordinal;

static const char *const ordinal_fields[] = {"categories", "unknown", NULL};

/* "missing", "error" or a number */
static void
read_unknown(RmlReader *reader, Ordinal *p)
{
	RmlCategory unknown;

	p->unknown = NAN;
	if (!rml_reader_category(reader, "unknown", RML_OPTIONAL, &unknown))
		return;
	if (unknown.kind == RML_KIND_NUMBER)
		p->unknown = unknown.number;
	else if (strcmp(unknown.text, "error") == 0)
		p->strict = true;
	else if (strcmp(unknown.text, "missing") != 0)
		rml_reader_fault(reader, "unknown", NULL, "must be \"missing\", \"error\" or a number");
}

static void
read_ordinal(RmlStep *step, RmlReader *reader)
{
	Ordinal    *p = step->parameters = palloc0(sizeof(Ordinal));

	read_unknown(reader, p);
	if (!rml_reader_categories(reader, "categories", RML_FITTED, false, &p->categories))
		return;
	rml_reader_require_kind(reader, 0, p->categories->kind);
	p->codes = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) p->categories->n);
	for (int i = 0; i < p->categories->n; i++)
		p->codes[i] = i;
}

static void
compile_ordinal(const RmlStep *step, RmlBuilder *builder)
{
	const Ordinal *p = step->parameters;

	rml_build_feature(builder, step, 0, rml_build_lookup(builder, step, &step->inputs[0], p->categories, p->codes, p->unknown, NAN, p->strict));
}

const RmlOp rml_ops_category[] = {
	{.name = "ordinal", .takes = RML_TAKES_CATEGORY, .min_inputs = 1, .max_inputs = 1, .fields = ordinal_fields, .read = read_ordinal,
	 .compile = compile_ordinal},
	{.name = NULL}
};
