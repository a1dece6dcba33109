/*
 * rounds.h
 *	  What a training has measured after each round.
 */
#ifndef RML_TRAIN_ROUNDS_H
#define RML_TRAIN_ROUNDS_H

#include "utils/jsonb.h"

#include "train/process.h"

typedef struct RmlTrainRounds RmlTrainRounds;

/* In the current memory context. */
extern RmlTrainRounds *rml_rounds_begin(int max_rounds, int folds);

/*
 * Takes a PROGRESS frame; of the trainer of fold `pass` > 0, else of the fold that it names, or of the model itself.  Returns what was
 * measured, for people.
 */
extern char *rml_rounds_take(RmlTrainRounds *rounds, const RmlTrainer *trainer, int pass, const char *list, Size size, int *fold, int *round);

/* The round, of those that all folds have, whose mean of the last metric of the rows held out is best, as xgboost.cv() finds it; -1: none. */
extern int	rml_rounds_best(const RmlTrainRounds *rounds, int patience);

/* {"train": {"auc": [...]}, "validation": {...}} by round. */
extern Jsonb *rml_rounds_metrics(const RmlTrainRounds *rounds);

/* Of the folds after round `at`, -1: the last one; NULL: there are none. */
extern Jsonb *rml_rounds_folds(const RmlTrainRounds *rounds, int at);

#endif
