/*
 * boost.h
 *	  One booster: its rounds, and what is measured after each.
 */
#ifndef TRAINER_BOOST_H
#define TRAINER_BOOST_H

#include "config.h"
#include "matrix.h"

typedef struct Booster
{
	const Config *config;
	BoosterHandle handle;
	Matrix		training;
	Matrix		held_out;
	Matrix		sample;			/* of the rows of training, if their metrics are measured on one */
	int			fold;			/* 0: of the model itself */
} Booster;

/* Are the metrics of so many rows of training measured on a sample? */
extern bool booster_samples(const Config *config, size_t n);

/* Takes the matrices. */
extern void booster_begin(Booster *booster, const Config *config, Matrix training, Matrix held_out, int fold);

/* Grows the trees of a round. */
extern void booster_grow(Booster *booster, int round);

/* The metric that decides when to stop. */
typedef struct Score
{
	char		metric[100];
	double		value;
} Score;

/* Measures the metrics of a round, and tells the session; returns the last one of the rows held out. */
extern Score booster_measure(Booster *booster, int round);

extern void booster_free(Booster *booster);

/* ---- early stopping, as Python's EarlyStopping does it ---- */

typedef struct Stopper
{
	int			patience;		/* rounds; 0: never stops */
	bool		has_score;
	bool		maximize;
	double		best;
	int			best_round;
	int			rounds_since;
} Stopper;

/* Takes the score of a round; *is_best if none was better.  Returns whether to stop. */
extern bool stopper_take(Stopper *stopper, const Score *score, int round, bool *is_best);

#endif
