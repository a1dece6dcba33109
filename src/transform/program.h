/*
 * program.h
 *	  A compiled recipe: instructions over columns of doubles.
 *
 * Slots are vectors of one value per row, column-major: slot s of row r is at slots[s * stride + r].  The first
 * n_inputs slots are the inputs, which the caller fills; NaN is missing.  A text is its code in the input's
 * dictionary, -1 if that lacks it.  Runs over a block of rows instruction by instruction, without allocation.
 */
#ifndef RML_TRANSFORM_PROGRAM_H
#define RML_TRANSFORM_PROGRAM_H

#include "base/host.h"
#include "transform/dictionary.h"

/* Rows that are best run at once: their slots stay in the nearest cache. */
#define RML_PROGRAM_ROWS 64

typedef enum RmlReadAs
{
	RML_READ_NUMBER,
	RML_READ_CATEGORY,			/* text: its code in the dictionary */
	RML_READ_HASH,				/* text: MurmurHash3_x86_32 of its UTF-8 bytes */
	RML_READ_TIME				/* microseconds of the local clock since 2000-01-01 */
} RmlReadAs;

typedef struct RmlProgramInput
{
	const char *column;			/* NULL: values of a step that the caller has, in training */
	int			given;			/* number of that step, else 0 */
	RmlReadAs	read_as;
	const char *zone;			/* RML_READ_TIME: time zone for columns that are instants; NULL: those are refused */
	RmlDictionary *dictionary;	/* RML_READ_CATEGORY, in the server's encoding */
	int			strict_step;	/* number of the step that takes an unknown text for an error; 0: none does */
	const char *strict_feature; /* and its feature */
} RmlProgramInput;

typedef struct RmlProgramOutput
{
	const char *name;
	int			slot;
} RmlProgramOutput;

/* What an instruction makes of slots a and c.  NaN stays NaN unless it says otherwise. */
typedef enum RmlOpcode
{
	RML_DO_FUNCTION,			/* function(a, p) */
	RML_DO_FILL,				/* a; p where it is missing */
	RML_DO_IS_MISSING,			/* 1 where a is missing, else 0 */
	RML_DO_CLIP,				/* p where a < p, q where a > q, else a */
	RML_DO_SUBTRACT_DIVIDE,		/* (a - p) / q */
	RML_DO_MULTIPLY_ADD,		/* a * p + q, rounded twice */
	RML_DO_SUBTRACT_FROM,		/* (p - a) / q */
	RML_DO_EQUALS,				/* 1 where a is p, else 0, where it is missing too */
	RML_DO_RATIO,				/* a / c; missing where c is 0 */
	RML_DO_REMAINDER,			/* a modulo p, of integers from 0 to below 2^32 */
	RML_DO_PRODUCT,				/* a * c */
	RML_DO_DIFFERENCE,			/* a - c */
	RML_DO_BUCKET,				/* number of edges <= a */
	RML_DO_BUCKET_VALUE,		/* values[that number] */
	RML_DO_LOOKUP_TEXT,			/* values by a code: 0 missing, 1 unknown, then the codes */
	RML_DO_LOOKUP_NUMBER,		/* values by the code of a in numbers: 0 missing, 1 unknown, then the codes */
	RML_DO_ELSE_LOOKUP_NUMBER,	/* the same; c where a is missing or unknown */
	RML_DO_SCATTER				/* n slots from the result's on: 1 in the one whose number a is, else 0 */
} RmlOpcode;

typedef double (*RmlNumberFunction) (double x, double parameter);

typedef struct RmlInstruction
{
	RmlOpcode	opcode;
	int			a;
	int			c;				/* -1: has none */
	int			result;
	int			n;				/* of edges, of slots */
	int			step;			/* number of the step that it is of */
	double		p;
	double		q;
	RmlNumberFunction function;
	const double *edges;
	const double *values;
	const RmlNumbers *numbers;
	const RmlDictionary *dictionary;	/* that codes of a are of, if it is a text */
	const bool *known;			/* lookups that take an unknown category for an error: which entries are none, as values */
} RmlInstruction;

typedef struct RmlProgram
{
	int			n_inputs;
	RmlProgramInput *inputs;	/* several may read one column */
	int			n_slots;
	int			n_instructions;
	RmlInstruction *instructions;
	int			n_outputs;
	RmlProgramOutput *outputs;	/* the recipe's outputs in order */
} RmlProgram;

/* A category that a step takes for an error, as its list lacks it. */
typedef struct RmlProgramFault
{
	int			step;
	int			row;
	double		value;			/* a number, or the code of a text */
	const RmlDictionary *dictionary;	/* of the text; NULL: it is a number */
} RmlProgramFault;

/* Fills the slots behind the inputs, of n_rows <= stride rows; false: fault is filled. */
extern bool rml_program_run(const RmlProgram *program, double *slots, int stride, int n_rows, RmlProgramFault *fault);

#endif
