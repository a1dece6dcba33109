/*
 * folds.h
 *	  Cross-validation.
 */
#ifndef TRAINER_FOLDS_H
#define TRAINER_FOLDS_H

#include "boost.h"
#include "roles.h"

/*
 * Trains a booster for each fold on the rows of the others.  With early stopping all stop when the mean of their scores gets
 * no better, as xgboost.cv() does it.
 */
extern void folds_run(const Config *config, const Rows *rows, const Roles *roles, Stopper *stopper);

#endif
