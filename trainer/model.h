/*
 * model.h
 *	  The model itself: grown, cut to its best round, sent.
 */
#ifndef TRAINER_MODEL_H
#define TRAINER_MODEL_H

#include "boost.h"

typedef struct Model
{
	Booster		booster;
	Stopper		stopper;		/* has_score: of the round that the model ends with */
	int			rounds;			/* that were grown */
	int			outputs;		/* of a row */
	char	   *kept;			/* the file as of the best round, of boosters that cannot be cut */
	size_t		kept_size;
} Model;

/* Grows the rounds. */
extern void model_grow(Model *model, int rounds);

/* Sends the model, and scores of the rows it was trained on. */
extern void model_send(Model *model);

#endif
