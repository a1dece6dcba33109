/*
 * boost.c
 *	  One booster.
 *
 * What is set, in which order, is what Python's xgboost.train() sets.
 */
#include "boost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "list.h"
#include "train/protocol.h"

/* Is it a metric of all rows together, or of groups, which a sample would not estimate? */
static bool
needs_all(const char *metric)
{
	static const char *const beginnings[] = {"cox", "ndcg", "map", "pre"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
	{
		if (strncmp(metric, beginnings[i], strlen(beginnings[i])) == 0)
			return strcmp(metric, "mape") != 0;
	}
	return false;
}

/*
 * To measure a metric takes a sixth of the time that trees of a million rows take to grow, and most of it for the area under the curve.
 * Early stopping does not go by those of the rows of training, and 20,000 tell them well enough.
 */
bool
booster_samples(const Config *config, size_t n)
{
	const char *objective = config_param(config, "objective");

	if (n <= SAMPLE_ROWS || config->extras[EXTRA_GROUP] >= 0 || (objective != NULL && strcmp(objective, "survival:cox") == 0))
		return false;
	for (int i = 0; i < config->n_params; i++)
	{
		if (strcmp(config->params[i].name, "eval_metric") == 0 && needs_all(config->params[i].value))
			return false;
	}
	return true;
}

void
booster_begin(Booster *booster, const Config *config, Matrix training, Matrix held_out, int fold)
{
	DMatrixHandle matrices[2] = {training.handle, held_out.handle};

	memset(booster, 0, sizeof(*booster));
	booster->config = config;
	booster->training = training;
	booster->held_out = held_out;
	booster->fold = fold;
	if (booster_samples(config, training.n))
		booster->sample = matrix_sample(&training);
	xgb(XGBoosterCreate(matrices, held_out.handle == NULL ? 1 : 2, &booster->handle));
	for (int i = 0; i < config->n_params; i++)
		xgb(XGBoosterSetParam(booster->handle, config->params[i].name, config->params[i].value));
	if (config_param(config, "validate_parameters") == NULL)
		xgb(XGBoosterSetParam(booster->handle, "validate_parameters", "true"));
	if (config->names != NULL)
		xgb(XGBoosterSetStrFeatureInfo(booster->handle, "feature_name", config->names, (bst_ulong) config->n_features));
	xgb(XGBoosterSetStrFeatureInfo(booster->handle, "feature_type", config->types, (bst_ulong) config->n_features));
}

void
booster_grow(Booster *booster, int round)
{
	xgb(XGBoosterUpdateOneIter(booster->handle, round, booster->training.handle));
}

/* A metric as EvalOneIter writes it, "train-auc:0.5", as an entry of a list. */
static void
add_metric(List *list, char *text, Score *last)
{
	char	   *colon = strrchr(text, ':');
	static const char held_out[] = "validation-";

	if (colon == NULL)
		fail(FAULT_INTERNAL, "libxgboost measured \"%s\"", text);
	*colon = '\0';
	list_add(list, text, "%s", colon + 1);
	if (strncmp(text, held_out, strlen(held_out)) == 0)
	{
		snprintf(last->metric, sizeof(last->metric), "%s", text + strlen(held_out));
		last->value = strtod(colon + 1, NULL);
	}
}

Score
booster_measure(Booster *booster, int round)
{
	DMatrixHandle training = booster->sample.handle == NULL ? booster->training.handle : booster->sample.handle;
	DMatrixHandle matrices[2] = {training, booster->held_out.handle};
	const char *names[2] = {"train", "validation"};
	bst_ulong	n = booster->held_out.handle == NULL ? 1 : 2;
	Score		last = {.value = NAN};
	List		list = {0};
	const char *said;
	char	   *copy;
	char	   *text;
	char	   *rest;

	xgb(XGBoosterEvalOneIter(booster->handle, round, matrices, names, n, &said));
	copy = take(strlen(said) + 1, 1);
	strcpy(copy, said);
	if (booster->fold > 0)
		list_add(&list, "fold", "%d", booster->fold);
	list_add(&list, "round", "%d", round);
	/* "[0]", then a tab before each metric */
	text = strtok_r(copy, "\t", &rest);
	while (text != NULL && (text = strtok_r(NULL, "\t", &rest)) != NULL)
		add_metric(&list, text, &last);
	free(copy);
	list_send(&list, RML_REPLY_PROGRESS);
	return last;
}

void
booster_free(Booster *booster)
{
	xgb(XGBoosterFree(booster->handle));
	matrix_free(&booster->training);
	matrix_free(&booster->held_out);
	matrix_free(&booster->sample);
	memset(booster, 0, sizeof(*booster));
}

/* ---- early stopping ---- */

/* Is more better?  By the beginning of its name. */
static bool
is_maximized(const char *metric)
{
	static const char *const beginnings[] = {"auc", "pre", "map", "ndcg"};

	if (strcmp(metric, "mape") == 0)
		return false;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
	{
		if (strncmp(metric, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

bool
stopper_take(Stopper *stopper, const Score *score, int round, bool *is_best)
{
	if (!stopper->has_score)
		stopper->maximize = is_maximized(score->metric);
	*is_best = !stopper->has_score || (stopper->maximize ? score->value > stopper->best : score->value < stopper->best);
	stopper->has_score = true;
	if (*is_best)
	{
		stopper->best = score->value;
		stopper->best_round = round;
		stopper->rounds_since = 0;
	}
	else
		stopper->rounds_since++;
	return stopper->patience > 0 && stopper->rounds_since >= stopper->patience;
}
