/*
 * rows.h
 *	  The rows of a training, from its query to the trainer.
 *
 * Without a recipe they go from the executor to the pipe; with one they wait in a spill file, which outlives the transaction.
 */
#ifndef RML_TRAIN_ROWS_H
#define RML_TRAIN_ROWS_H

#include "train/arguments.h"
#include "train/params.h"
#include "train/process.h"

typedef struct RmlTrainRows RmlTrainRows;

/* Called now and then with the rows read or sent so far. */
typedef void (*RmlTrainRowsNote) (int64 rows);

/*
 * Finds and checks the columns of the query, and of the one for validation; runs nothing.  SPI is connected.  Lives in the current
 * memory context, which must outlive the training.  Reads the parameters too, as the features' names are known now.
 */
extern RmlTrainRows *rml_train_rows_open(const RmlTrainArguments *arguments);

extern const RmlTrainParams *rml_train_rows_params(const RmlTrainRows *rows);

/*
 * In the transaction that reads; SPI is connected.  Runs the queries.  Without a recipe sends CONFIG and all rows to the trainer
 * and END, so that nothing is left to send.
 */
extern void rml_train_rows_read(RmlTrainRows *rows, RmlTrainer *trainer, RmlTrainRowsNote note);

/* With a recipe: how many trainers are needed one after the other: one for each fold whose recipe is fitted, then the one whose model is kept. 1 without a recipe. */
extern int	rml_train_rows_passes(const RmlTrainRows *rows);

/* With a recipe: fits it, and sends CONFIG, rows and END of pass 0, 1, ...; needs no transaction's snapshot.  Nothing without a recipe. */
extern void rml_train_rows_send(RmlTrainRows *rows, int pass, RmlTrainer *trainer, RmlTrainRowsNote note);

/* Closes what outlives a transaction; also done when the memory context goes. */
extern void rml_train_rows_close(RmlTrainRows *rows);

/* ---- after the last pass was sent ---- */

typedef struct RmlTrainFacts
{
	int64		rows;			/* all, with those held out */
	uint8		hash[32];		/* SHA-256 of the data */
	Jsonb	   *recipe;			/* fitted; NULL: none */
	Jsonb	   *options;		/* of the import: categories */
	bool		has_names;		/* false: features are f0, f1, ... and the file has no names */
	int			num_class;		/* of multi:*, as set */
} RmlTrainFacts;

extern void rml_train_rows_facts(const RmlTrainRows *rows, RmlTrainFacts *facts);

/* The baseline: {"inputs": {...}, "scores": {...}}, given the responses that the trainer sent. */
extern Jsonb *rml_train_rows_baseline(RmlTrainRows *rows, const float *scores, int64 n_scores, int n_outputs);

#endif
