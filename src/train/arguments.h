/*
 * arguments.h
 *	  What riskml.train_model() and steps of kind "train" were asked for.
 */
#ifndef RML_TRAIN_ARGUMENTS_H
#define RML_TRAIN_ARGUMENTS_H

#include "utils/jsonb.h"

typedef struct RmlTrainArguments
{
	const char *model;
	const char *query;
	const char *label;
	Jsonb	   *params;			/* XGBoost's, an object; never NULL */
	int			num_boost_round;
	int			early_stopping_rounds;	/* 0: never */
	const char *validation;		/* a fraction, a column or a query; NULL: none */
	const char *weight;			/* column, or NULL */
	Jsonb	   *recipe;			/* or NULL */
	char	  **features;		/* or NULL: all */
	int			n_features;
	Jsonb	   *monotone_constraints;	/* an object of features and -1, 0, 1; or NULL */
	int64		seed;
	bool		has_seed;
	int			folds;			/* 0: none */
	const char *comment;		/* or NULL */
	const char *alias;			/* or NULL */
	const char *group_column;	/* or NULL */
	const char *label_upper;	/* or NULL */
	bool		progress;		/* a NOTICE for each round */
} RmlTrainArguments;

/* Those of CALL riskml.train_model(), copied into the current memory context. */
struct FunctionCallInfoBaseData;
extern RmlTrainArguments *rml_train_arguments_of_call(struct FunctionCallInfoBaseData *fcinfo);

/* Those of a step's command, an object with the same names. */
extern RmlTrainArguments *rml_train_arguments_of_step(const char *command);

/* All but model, query and label, as an object: what is kept with the version. */
extern Jsonb *rml_train_arguments_json(const RmlTrainArguments *arguments);

#endif
