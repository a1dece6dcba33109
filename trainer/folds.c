/*
 * folds.c
 *	  Cross-validation.
 *
 * Without early stopping folds are trained one after the other, and only one has its matrices in memory.
 */
#include "folds.h"

#include <stdlib.h>

#include "io.h"

static void
begin_fold(Booster *booster, const Config *config, const Rows *rows, const Roles *roles, int fold)
{
	Matrix		held_out = matrix_of(rows, roles, PART_FOLD_HELD_OUT, fold);
	Matrix		training = matrix_of(rows, roles, PART_FOLD_TRAINING, fold);

	REQUIRE(held_out.n > 0, "fold %d has no rows", fold);
	REQUIRE(training.n > 0, "all rows are in fold %d", fold);
	booster_begin(booster, config, training, held_out, fold);
}

static void
run_apart(const Config *config, const Rows *rows, const Roles *roles)
{
	for (int fold = 1; fold <= config->folds; fold++)
	{
		Booster		booster;

		begin_fold(&booster, config, rows, roles, fold);
		for (int round = 0; round < config->rounds; round++)
		{
			booster_grow(&booster, round);
			booster_measure(&booster, round);
		}
		booster_free(&booster);
	}
}

/* A round of all; returns the mean of their scores. */
static Score
run_round(const Config *config, Booster *boosters, int round)
{
	Score		mean = {.value = 0};
	double		sum = 0;

	for (int i = 0; i < config->folds; i++)
	{
		booster_grow(&boosters[i], round);
		mean = booster_measure(&boosters[i], round);
		sum += mean.value;
	}
	mean.value = sum / config->folds;
	return mean;
}

static void
run_together(const Config *config, const Rows *rows, const Roles *roles, Stopper *stopper)
{
	Booster    *boosters = take((size_t) config->folds, sizeof(Booster));
	bool		stops = false;
	bool		is_best;

	for (int i = 0; i < config->folds; i++)
		begin_fold(&boosters[i], config, rows, roles, i + 1);
	for (int round = 0; round < config->rounds && !stops; round++)
	{
		Score		mean = run_round(config, boosters, round);

		stops = stopper_take(stopper, &mean, round, &is_best);
	}
	for (int i = 0; i < config->folds; i++)
		booster_free(&boosters[i]);
	free(boosters);
}

void
folds_run(const Config *config, const Rows *rows, const Roles *roles, Stopper *stopper)
{
	stopper->patience = config->early_stopping_rounds;
	if (stopper->patience > 0)
		run_together(config, rows, roles, stopper);
	else
		run_apart(config, rows, roles);
}
