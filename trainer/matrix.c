/*
 * matrix.c
 *	  Makes libxgboost's matrices of rows.
 *
 * libxgboost copies what is not missing of them, into twice the room: of each value its column's number as well.
 */
#include "matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "math/deal.h"

/* A vector whose values are so many apart, as NumPy's interface describes it. */
static void
set_info(DMatrixHandle handle, const char *field, const void *data, const char *type, size_t n, size_t stride)
{
	char		interface[200];

	snprintf(interface, sizeof(interface), "{\"data\":[%zu,true],\"shape\":[%zu],\"strides\":[%zu],\"typestr\":\"%s\",\"version\":3}",
			 (size_t) data, n, stride * 4, type);
	xgb(XGDMatrixSetInfoFromInterface(handle, field, interface));
}

static void
set_extra(DMatrixHandle handle, const char *field, const Rows *rows, Extra extra)
{
	set_info(handle, field, row_extra(rows, 0, extra), "<f4", rows->n, rows->n_extras);
}

/* ---- extras ---- */

/* survival:aft has bounds for a label; without an upper one, or above all numbers, nothing is known but the lower one. */
static void
set_bounds(DMatrixHandle handle, const Rows *rows)
{
	set_extra(handle, "label_lower_bound", rows, EXTRA_LABEL);
	if (!rows_have(rows, EXTRA_LABEL_UPPER))
	{
		set_extra(handle, "label_upper_bound", rows, EXTRA_LABEL);
		return;
	}
	for (size_t i = 0; i < rows->n; i++)
	{
		float	   *upper = row_extra(rows, i, EXTRA_LABEL_UPPER);

		if (isnan(*upper))
			*upper = INFINITY;
	}
	set_extra(handle, "label_upper_bound", rows, EXTRA_LABEL_UPPER);
}

/* Sizes of groups, and their weights: libxgboost wants one for each. */
static void
set_groups(DMatrixHandle handle, const Rows *rows)
{
	bool		weighted = rows_have(rows, EXTRA_WEIGHT);
	uint32_t   *sizes = take(rows->n, sizeof(uint32_t));
	float	   *weights = take(rows->n, sizeof(float));
	size_t		n = 0;

	for (size_t i = 0; i < rows->n; i++)
	{
		if (i == 0 || *row_extra(rows, i, EXTRA_GROUP) != 0)
			n++;
		if (weighted && sizes[n - 1] == 0)
			weights[n - 1] = *row_extra(rows, i, EXTRA_WEIGHT);
		REQUIRE(!weighted || weights[n - 1] == *row_extra(rows, i, EXTRA_WEIGHT),
				"weights differ within a group: libxgboost takes one for each group");
		sizes[n - 1]++;
	}
	set_info(handle, "group", sizes, "<u4", n, 1);
	if (weighted)
		set_info(handle, "weight", weights, "<f4", n, 1);
	free(sizes);
	free(weights);
}

static void
set_extras(DMatrixHandle handle, const Rows *rows)
{
	const char *objective = config_param(rows->config, "objective");

	if (objective != NULL && strcmp(objective, "survival:aft") == 0)
		set_bounds(handle, rows);
	else
		set_extra(handle, "label", rows, EXTRA_LABEL);
	if (rows_have(rows, EXTRA_GROUP))
		set_groups(handle, rows);
	else if (rows_have(rows, EXTRA_WEIGHT))
		set_extra(handle, "weight", rows, EXTRA_WEIGHT);
}

/* ---- rows ---- */

static Matrix
make(const Rows *rows)
{
	const Config *config = rows->config;
	Matrix		matrix = {.n = rows->n};
	const char *nthread = config_param(config, "nthread");

	/* half the time that XGDMatrixCreateFromDense takes, which asks for the type of each value */
	xgb(XGDMatrixCreateFromMat_omp(row_features(rows, 0), rows->n, (bst_ulong) config->n_features, NAN, &matrix.handle,
								   nthread == NULL ? 0 : atoi(nthread)));
	if (config->names != NULL)
		xgb(XGDMatrixSetStrFeatureInfo(matrix.handle, "feature_name", config->names, (bst_ulong) config->n_features));
	xgb(XGDMatrixSetStrFeatureInfo(matrix.handle, "feature_type", config->types, (bst_ulong) config->n_features));
	set_extras(matrix.handle, rows);
	return matrix;
}

/* Copies those of a part, in their order, to the beginning of others, which may be the same.  A group whose first row stays behind begins with its next. */
static void
gather(Rows *to, const Rows *from, const Roles *roles, Part part, int fold)
{
	bool		grouped = rows_have(from, EXTRA_GROUP);
	bool		begins = true;
	size_t		n = 0;

	for (size_t i = 0; i < from->n; i++)
	{
		begins = begins || (grouped && *row_extra(from, i, EXTRA_GROUP) != 0);
		if (!role_is_in(roles->of_rows[i], part, fold))
			continue;
		memmove(row_features(to, n), row_features(from, i), from->n_features * sizeof(float));
		memmove(row_extras(to, n), row_extras(from, i), from->n_extras * sizeof(float));
		if (grouped)
			*row_extra(to, n, EXTRA_GROUP) = begins;
		begins = false;
		n++;
	}
	to->n = n;
}

Matrix
matrix_of(const Rows *rows, const Roles *roles, Part part, int fold)
{
	Rows		some = {.config = rows->config, .n_features = rows->n_features, .n_extras = rows->n_extras};
	Matrix		matrix = {0};
	size_t		n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += role_is_in(roles->of_rows[i], part, fold);
	if (n == 0)
		return matrix;
	rows_grow(&some, n);
	gather(&some, rows, roles, part, fold);
	matrix = make(&some);
	rows_free(&some);
	return matrix;
}

Matrix
matrix_of_last(Rows *rows, const Roles *roles)
{
	Matrix		matrix;

	if (roles->held_out > 0)
	{
		gather(rows, rows, roles, PART_TRAINING, 0);
		pages_shrink(&rows->features, rows->n * rows->n_features * sizeof(float));
	}
	matrix = make(rows);
	rows_free(rows);
	return matrix;
}

/* One of each stretch of rows, at a place that looks random: rows may come in periods. */
Matrix
matrix_sample(const Matrix *matrix)
{
	Matrix		sample = {.n = SAMPLE_ROWS};
	int		   *chosen = take(SAMPLE_ROWS, sizeof(int));

	for (size_t i = 0; i < SAMPLE_ROWS; i++)
	{
		size_t		begin = i * matrix->n / SAMPLE_ROWS;
		size_t		end = (i + 1) * matrix->n / SAMPLE_ROWS;

		chosen[i] = (int) (begin + rml_deal_mix(i, 0) % (end - begin));
	}
	xgb(XGDMatrixSliceDMatrixEx(matrix->handle, chosen, SAMPLE_ROWS, &sample.handle, 1));
	free(chosen);
	return sample;
}

void
matrix_free(Matrix *matrix)
{
	if (matrix->handle != NULL)
		xgb(XGDMatrixFree(matrix->handle));
	matrix->handle = NULL;
}
