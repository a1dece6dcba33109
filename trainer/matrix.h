/*
 * matrix.h
 *	  Rows as libxgboost has them.
 */
#ifndef TRAINER_MATRIX_H
#define TRAINER_MATRIX_H

#include "roles.h"
#include "xgb.h"

typedef struct Matrix
{
	DMatrixHandle handle;		/* NULL: no rows */
	size_t		n;
} Matrix;

/* Of some rows, in their order; the rows stay. */
extern Matrix matrix_of(const Rows *rows, const Roles *roles, Part part, int fold);

/* Of those of the model's training; the rows are gone, for two copies would be too many. */
extern Matrix matrix_of_last(Rows *rows, const Roles *roles);

/* Rows that are enough where all would cost too much. */
#define SAMPLE_ROWS 20000

/* So many of the rows of one that has more, evenly spread. */
extern Matrix matrix_sample(const Matrix *matrix);

extern void matrix_free(Matrix *matrix);

#endif
