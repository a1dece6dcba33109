/*
 * folds.c
 *	  Cross-validation.
 *
 * Without early stopping folds are trained one after the other, and only one has its matrices in memory.
 */
#include "folds.h"

#include <stdlib.h>

#include "io.h"
#include "train/protocol.h"

static void
begin_fold(Booster *booster, const Config *config, const Rows *rows, const Roles *roles, int fold)
{
	Matrix		held_out = matrix_of(rows, roles, PART_FOLD_HELD_OUT, fold);
	Matrix		training = matrix_of(rows, roles, PART_FOLD_TRAINING, fold);

	REQUIRE(held_out.n > 0, "fold %d has no rows", fold);
	REQUIRE(training.n > 0, "all rows are in fold %d", fold);
	booster_begin(booster, config, training, held_out, fold);
}

/* Says what a fold is judged by: its metrics of the last round, or of the best one. */
static void
say_final(int fold, int round, const List *metrics)
{
	List		list = {0};

	list_add(&list, "fold", "%d", fold);
	list_add(&list, "final", "1");
	list_add(&list, "round", "%d", round);
	list_append(&list, metrics);
	list_send(&list, RML_REPLY_PROGRESS);
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
		say_final(fold, config->rounds - 1, &booster.metrics);
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
	List	   *best = take((size_t) config->folds, sizeof(List));
	bool		stops = false;
	bool		is_best;

	for (int i = 0; i < config->folds; i++)
		begin_fold(&boosters[i], config, rows, roles, i + 1);
	for (int round = 0; round < config->rounds && !stops; round++)
	{
		Score		mean = run_round(config, boosters, round);

		stops = stopper_take(stopper, &mean, round, &is_best);
		for (int i = 0; i < config->folds && is_best; i++)
		{
			list_free(&best[i]);
			list_append(&best[i], &boosters[i].metrics);
		}
	}
	for (int i = 0; i < config->folds; i++)
	{
		say_final(i + 1, stopper->best_round, &best[i]);
		list_free(&best[i]);
		booster_free(&boosters[i]);
	}
	free(boosters);
	free(best);
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
