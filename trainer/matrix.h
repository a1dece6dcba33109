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

/* So many rows of one, evenly spread. */
extern Matrix matrix_sample(const Matrix *matrix, size_t n);

extern void matrix_free(Matrix *matrix);

#endif
