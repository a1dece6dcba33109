/*
 * matrix.c
 *	  Makes libxgboost's matrices of rows.
 *
 * libxgboost reads features and extras where they are, with strides, and copies what is not missing.
 */
#include "matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

/* An array as NumPy's interface describes it: n times columns, or a vector for 0 columns. */
typedef struct Interface
{
	char		json[300];
} Interface;

static Interface
interface_of(const void *data, const char *type, size_t n, size_t columns, size_t stride)
{
	Interface	interface;
	char		shape[50] = "";
	char		step[10] = "";

	if (columns > 0)
	{
		snprintf(shape, sizeof(shape), ",%zu", columns);
		strcpy(step, ",4");
	}
	snprintf(interface.json, sizeof(interface.json),
			 "{\"data\":[%zu,true],\"shape\":[%zu%s],\"strides\":[%zu%s],\"typestr\":\"%s\",\"version\":3}",
			 (size_t) data, n, shape, stride * 4, step, type);
	return interface;
}

static void
set_info(DMatrixHandle handle, const char *field, const void *data, const char *type, size_t n, size_t stride)
{
	Interface	interface = interface_of(data, type, n, 0, stride);

	xgb(XGDMatrixSetInfoFromInterface(handle, field, interface.json));
}

static void
set_extra(DMatrixHandle handle, const char *field, const Rows *rows, Extra extra)
{
	set_info(handle, field, row_extra(rows, 0, extra), "<f4", rows->n, rows->stride);
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
	Interface	interface = interface_of(rows->pages.data, "<f4", rows->n, (size_t) config->n_features, rows->stride);
	const char *nthread = config_param(config, "nthread");
	char		how[100];

	snprintf(how, sizeof(how), "{\"missing\":NaN,\"nthread\":%d}", nthread == NULL ? 0 : atoi(nthread));
	xgb(XGDMatrixCreateFromDense(interface.json, how, &matrix.handle));
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
		memmove(row_at(to, n), row_at(from, i), from->stride * sizeof(float));
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
	Rows		some = {.config = rows->config, .stride = rows->stride};
	Matrix		matrix = {0};
	size_t		n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += role_is_in(roles->of_rows[i], part, fold);
	if (n == 0)
		return matrix;
	pages_grow(&some.pages, n * rows->stride * sizeof(float));
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
		pages_shrink(&rows->pages, rows->n * rows->stride * sizeof(float));
	}
	matrix = make(rows);
	rows_free(rows);
	return matrix;
}

Matrix
matrix_sample(const Matrix *matrix, size_t n)
{
	Matrix		sample = {.n = n};
	int		   *chosen = take(n, sizeof(int));

	for (size_t i = 0; i < n; i++)
		chosen[i] = (int) (i * matrix->n / n);
	xgb(XGDMatrixSliceDMatrixEx(matrix->handle, chosen, (bst_ulong) n, &sample.handle, 1));
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
