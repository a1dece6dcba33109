/*
 * state.h
 *	  What the parts of rows.c share.
 *
 * stream.c sends rows as they come, recipe_rows.c makes features of them by a recipe; both send them through frame.c.
 */
#ifndef RML_TRAIN_STATE_H
#define RML_TRAIN_STATE_H

#include "train/columns.h"
#include "train/extras.h"
#include "train/frame.h"
#include "train/rows.h"
#include "train/sample.h"

typedef struct RmlTrainStream RmlTrainStream;
typedef struct RmlTrainRecipe RmlTrainRecipe;

struct RmlTrainRows
{
	MemoryContext context;		/* in which all of it lives */
	const RmlTrainArguments *arguments;
	RmlTrainSplit split;
	RmlTrainQuery query;
	RmlTrainQuery held_out;		/* sql NULL: there is none */
	RmlTrainParams params;
	RmlTrainFeatures features;	/* n -1: not known as yet */
	bool		has_names;
	RmlTrainExtras extras;
	RmlTrainFrame frame;
	RmlTrainRowsNote note;
	int64		rows;			/* all */
	uint8		hash[32];
	RmlTrainStream *stream;		/* NULL: there is a recipe */
	RmlTrainRecipe *recipe;
};

/* What a trainer is to do with the rows beside boosting. */
typedef struct RmlTrainPlan
{
	int			folds;			/* 0: none */
	double		fraction;		/* 0: none */
	bool		has_roles;
	bool		keep_model;
	bool		may_stop;		/* early */
} RmlTrainPlan;

/* Says how many features there are and reads what names them. */
extern void rml_train_rows_name(RmlTrainRows *rows, int n, const char **names, const bool *is_category, bool has_names);

/* Sends CONFIG; then rows go through the frame. */
extern void rml_train_rows_begin(RmlTrainRows *rows, RmlTrainer *trainer, const RmlTrainPlan *plan);

/* Sends what is left of the frame; further frames may follow, and END. */
extern void rml_train_rows_flush(RmlTrainRows *rows);
extern void rml_train_rows_end(RmlTrainRows *rows);

/* Runs the queries one after the other; SPI is connected. */
struct _DestReceiver;
extern void rml_train_rows_run(RmlTrainRows *rows, struct _DestReceiver *receiver);

/* ---- without a recipe ---- */
extern void rml_stream_open(RmlTrainRows *rows);
extern void rml_stream_read(RmlTrainRows *rows, RmlTrainer *trainer);
extern Jsonb *rml_stream_options(const RmlTrainRows *rows);
extern void rml_stream_inputs(RmlTrainRows *rows, StringInfo json);

/* ---- with a recipe ---- */
extern void rml_recipe_rows_open(RmlTrainRows *rows);
extern void rml_recipe_rows_read(RmlTrainRows *rows);
extern int	rml_recipe_rows_passes(const RmlTrainRows *rows);
extern void rml_recipe_rows_send(RmlTrainRows *rows, int pass, RmlTrainer *trainer);
extern Jsonb *rml_recipe_rows_fitted(const RmlTrainRows *rows);
extern void rml_recipe_rows_inputs(RmlTrainRows *rows, StringInfo json);
extern void rml_recipe_rows_close(RmlTrainRows *rows);

#endif
