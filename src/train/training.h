/*
 * training.h
 *	  One training, from its arguments to what is stored.
 */
#ifndef RML_TRAIN_TRAINING_H
#define RML_TRAIN_TRAINING_H

#include "datatype/timestamp.h"

#include "train/arguments.h"
#include "train/rounds.h"
#include "train/rows.h"

/* Bytes that a trainer sends in pieces. */
typedef struct RmlPieces
{
	char	   *data;			/* a bytea, or NULL */
	Size		size;			/* without its header */
	Size		capacity;		/* with it */
} RmlPieces;

typedef struct RmlTraining
{
	RmlTrainArguments *arguments;	/* the rounds may change */
	Jsonb	   *given;			/* as they were given */
	MemoryContext context;		/* holds all of this; what runs and what is taken ends with it */
	Oid			role;			/* as whom */
	RmlTrainRows *rows;
	RmlTrainFacts facts;
	RmlTrainRounds *rounds;
	TimestampTz started_at;

	/* what the trainer of the model has said */
	const char *xgboost;
	const char *machine;
	RmlPieces	model;
	RmlPieces	scores;
	int64		validation_rows;
	int64		train_metric_rows;	/* -1: not told, all of those trained on */
	int			boosted;		/* rounds of the model */
	int			best_iteration; /* -1: all rounds */
	double		best_score;
	bool		has_best_score;
	int			best_of_folds;	/* round; -1: the last */
	int			outputs;
	double		read_seconds;
	double		matrix_seconds;
	double		boost_seconds;
} RmlTraining;

/*
 * Reads and trains.  Called in a transaction; `commit` ends one and begins the next.  Lives in a child of the current memory context.
 * Returns in a transaction with no snapshot; the training's slot is taken until its context is deleted.
 */
extern RmlTraining *rml_train_run(RmlTrainArguments *arguments, void (*commit) (void));

/* In a transaction with a snapshot: stores the model as a version, which it returns, with all that is known of the training. */
extern int32 rml_train_store(RmlTraining *training);

/* {"model": ..., "version": ..., "rows": ..., "rounds": ...}: in short, for people and steps. */
extern Jsonb *rml_train_summary(const RmlTraining *training, int32 version);

#endif
