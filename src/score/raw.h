/*
 * raw.h
 *	  Raw columns, as a recipe's program takes their values.
 *
 * Slots are those of transform/program.h.
 */
#ifndef RML_SCORE_RAW_H
#define RML_SCORE_RAW_H

#include "utils/array.h"
#include "utils/jsonb.h"

#include "registry/transform.h"
#include "score/match.h"

/* Rows that go through a program at once; with a stride beside a power of 2 the slots do not meet in the same sets of a cache. */
#define RML_RAW_STRIDE (RML_PROGRAM_ROWS + 8)

/* What is done to a Datum. */
typedef enum RmlRawHow
{
	RML_RAW_FLOAT8,
	RML_RAW_TEXT,				/* code of a text or varchar */
	RML_RAW_INT4,
	RML_RAW_INT8,
	RML_RAW_NUMBER,				/* of any other type */
	RML_RAW_LABEL,				/* code of any other type that has labels */
	RML_RAW_HASH,
	RML_RAW_TIME,
	RML_RAW_UNTYPED				/* a literal that is no label */
} RmlRawHow;

/* A value of a row and the slot that it goes to. */
typedef struct RmlRawRead
{
	int			slot;			/* in a block of rows, how far from the first slot it is */
	int			at;				/* number of the value */
	RmlRawHow	how;
	RmlColumnKind kind;
	const RmlDictionary *dictionary;	/* of a text that is a category */
	const RmlTransformRead *read;
} RmlRawRead;

/*
 * How all that a recipe takes of matched columns is read, palloc'd; n is how
 * many there are.  Column attno is value attno - 1.  In the order of the
 * transform's reads.
 */
extern RmlRawRead *rml_raw_reads(const RmlTransform *transform, const RmlMatch *matches, int *n);

/* Puts those that are done alike side by side, so that a row is read faster. */
extern void rml_raw_sort(RmlRawRead *reads, int n);

/* A value that is not NULL; 22023 for a text that a step refuses. */
extern double rml_raw_value(const RmlTransform *transform, const RmlRawRead *read, Datum value);

/* One row of values. */
extern void rml_raw_read(const RmlTransform *transform, const RmlRawRead *reads, int n, const Datum *values, const bool *nulls, double *slots);

/* One row by position, from numbers.  The model whose recipe it is, or NULL, is for messages. */
extern void rml_raw_read_array(const RmlTransform *transform, const char *model_name, ArrayType *array, double *slots);

/* One row by key. */
extern void rml_raw_read_jsonb(const RmlTransform *transform, const char *model_name, Jsonb *jsonb, bool lenient, double *slots);

/* The outputs of rows that went through the program, as a model takes them: n_outputs floats for each. */
extern void rml_raw_outputs(const RmlTransform *transform, const double *slots, int stride, int n_rows, float *rows);

#endif
