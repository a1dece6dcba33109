/*
 * model.c
 *	  The model itself.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "train/protocol.h"

/* Of all scores: what a session takes. */
#define MOST_SCORES 16000000

static bool
booster_is(const Model *model, const char *name)
{
	const char *booster = config_param(model->booster.config, "booster");

	return booster != NULL && strcmp(booster, name) == 0;
}

static void
save(BoosterHandle handle, const char **file, size_t *size)
{
	bst_ulong	n;

	xgb(XGBoosterSaveModelToBuffer(handle, "{\"format\":\"ubj\"}", &n, file));
	*size = n;
}

/* Linear models have no trees to cut off, but they are small. */
static void
keep(Model *model)
{
	const char *file;

	save(model->booster.handle, &file, &model->kept_size);
	free(model->kept);
	model->kept = take(model->kept_size, 1);
	memcpy(model->kept, file, model->kept_size);
}

void
model_grow(Model *model, int rounds)
{
	bool		stops = false;
	bool		is_best;

	for (int round = 0; round < rounds && !stops; round++)
	{
		Score		score;

		booster_grow(&model->booster, round);
		score = booster_measure(&model->booster, round);
		model->rounds = round + 1;
		if (model->stopper.patience == 0)
			continue;
		stops = stopper_take(&model->stopper, &score, round, &is_best);
		if (is_best && booster_is(model, "gblinear"))
			keep(model);
	}
}

/* ---- what is sent ---- */

/* The booster of the best round, which is another one. */
static BoosterHandle
cut(Model *model)
{
	BoosterHandle shorter;

	if (model->kept != NULL)
	{
		xgb(XGBoosterCreate(NULL, 0, &shorter));
		xgb(XGBoosterLoadModelFromBuffer(shorter, model->kept, model->kept_size));
	}
	else
		xgb(XGBoosterSlice(model->booster.handle, 0, model->stopper.best_round + 1, 1, &shorter));
	return shorter;
}

/* With the fewest digits that are the number, as Python prints it. */
static void
print_number(char *text, size_t size, double number)
{
	for (int digits = 15; digits <= 17; digits++)
	{
		snprintf(text, size, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
}

static void
set_attributes(BoosterHandle handle, const Stopper *stopper)
{
	char		text[40];

	snprintf(text, sizeof(text), "%d", stopper->best_round);
	xgb(XGBoosterSetAttr(handle, "best_iteration", text));
	print_number(text, sizeof(text), stopper->best);
	xgb(XGBoosterSetAttr(handle, "best_score", text));
}

static void
send_model(const Model *model, BoosterHandle handle)
{
	const Config *config = model->booster.config;
	const char *file;
	size_t		size;

	if (config->names != NULL)
		xgb(XGBoosterSetStrFeatureInfo(handle, "feature_name", config->names, (bst_ulong) config->n_features));
	xgb(XGBoosterSetStrFeatureInfo(handle, "feature_type", config->types, (bst_ulong) config->n_features));
	save(handle, &file, &size);
	io_send_bytes(RML_REPLY_MODEL, file, size);
}

/* Scores of rows, as many as returned; they stay until libxgboost is called again.  A class is no score: for multi:softmax they are margins. */
static size_t
predict(Model *model, BoosterHandle handle, const Matrix *matrix, const float **scores)
{
	const char *objective = config_param(model->booster.config, "objective");
	bool		is_class = objective != NULL && strcmp(objective, "multi:softmax") == 0;
	char		how[120];
	const bst_ulong *shape;
	bst_ulong	dimensions;
	size_t		n = 1;

	snprintf(how, sizeof(how), "{\"type\":%d,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":true}", is_class);
	xgb(XGBoosterPredictFromDMatrix(handle, matrix->handle, how, &shape, &dimensions, scores));
	for (bst_ulong i = 0; i < dimensions; i++)
		n *= shape[i];
	if (n % matrix->n != 0)
		fail(FAULT_INTERNAL, "libxgboost has %zu scores for %zu rows", n, matrix->n);
	model->outputs = (int) (n / matrix->n);
	return n;
}

/* Of all rows if libxgboost remembers their scores, else of a sample. */
static void
send_scores(Model *model, BoosterHandle handle, bool remembered)
{
	const Matrix *all = &model->booster.training;
	Matrix		sample = {0};
	const float *scores;
	size_t		n = 0;

	if (remembered || all->n <= SAMPLE_ROWS)
		n = predict(model, handle, all, &scores);
	if ((n == 0 || n > MOST_SCORES) && all->n > SAMPLE_ROWS)
	{
		sample = matrix_sample(all);
		n = predict(model, handle, &sample, &scores);
	}
	if (n <= MOST_SCORES)
		io_send_bytes(RML_REPLY_SCORES, scores, n * sizeof(float));
	matrix_free(&sample);
}

void
model_send(Model *model)
{
	BoosterHandle handle = model->booster.handle;
	bool		is_cut = model->stopper.has_score && model->stopper.best_round + 1 < model->rounds;

	if (is_cut)
		handle = cut(model);
	if (model->stopper.has_score)
		set_attributes(handle, &model->stopper);
	send_model(model, handle);
	send_scores(model, handle, !is_cut && !booster_is(model, "dart"));
	if (is_cut)
		xgb(XGBoosterFree(handle));
}
