/*
 * transform.h
 *	  A recipe that is ready to be applied to rows: its program, and the columns that this reads.
 */
#ifndef RML_REGISTRY_TRANSFORM_H
#define RML_REGISTRY_TRANSFORM_H

#include "pgtime.h"

#include "compat.h"
#include "model/image.h"
#include "recipe/recipe.h"

/* A value that the program takes of a column. */
typedef struct RmlTransformRead
{
	const RmlProgramInput *input;
	int			slot;
	int			column;			/* number of it, from 0 */
	pg_tz	   *zone;			/* of instants, or NULL */
	int			strict_step;	/* that refuses texts which the dictionary lacks; 0: none does */
} RmlTransformRead;

typedef struct RmlTransformColumn
{
	const char *name;
	int			first_read;
	int			n_reads;		/* one or more: a text may be read as a category and as a hash, say */
} RmlTransformColumn;

typedef struct RmlTransform
{
	const RmlRecipe *recipe;
	RmlProgram *program;
	int			n_columns;
	RmlTransformColumn *columns;	/* in the order in which the recipe first reads them */
	RmlTransformRead *reads;	/* of all columns, one after the other */
	int			n_reads;
	int			n_outputs;
	RmlProgramOutput *outputs;	/* wanted, in their order */
} RmlTransform;

/*
 * What is read from a row: a model's features, or the columns of a recipe that
 * makes them of those.
 */
typedef struct RmlInputs
{
	int			n;
	const char **names;			/* in the server's encoding */
	const RmlTransform *transform;	/* NULL: features */
	const RmlImage *image;		/* that has labels of features; NULL with a transform */
} RmlInputs;

/*
 * Compiles a fitted recipe to give these outputs, all of which it has; with
 * NULL to give all that it has.  It reads no column that they do not need.
 * In the current memory context, which has to keep what it is made of as well.
 */
extern RmlTransform *rml_transform_make(const RmlRecipe *recipe, const char *const *outputs, int n);

/* The columns, as inputs; the names are palloc'd. */
extern void rml_transform_inputs(const RmlTransform *transform, RmlInputs *inputs);

/* Does the instruction read the slot as it is, or filled where it is missing? */
extern bool rml_transform_reads_slot(const RmlProgram *program, const RmlInstruction *instruction, int slot);

/* Runs the program over rows, of which the reads have filled their slots; 22023 if a step refuses a category. */
extern void rml_transform_run(const RmlTransform *transform, double *slots, int stride, int n_rows);

/* Raises what the program refused. */
pg_noreturn extern void rml_transform_refuse(const RmlTransform *transform, const RmlProgramFault *fault);

/* Raises 22023 for a category that a step refuses. */
pg_noreturn extern void rml_transform_reject(const RmlTransform *transform, int step, const char *category, int length);

#endif
