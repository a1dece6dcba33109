/*
 * params.h
 *	  Parameters of XGBoost, 1.7 to 3.x, by name.
 */
#ifndef RML_TRAIN_PARAMS_H
#define RML_TRAIN_PARAMS_H

#include "train/arguments.h"

struct StringInfoData;

typedef enum RmlTrainTask
{
	RML_TRAIN_REGRESSION,
	RML_TRAIN_BINARY,
	RML_TRAIN_CLASSES,
	RML_TRAIN_RANKING,
	RML_TRAIN_SURVIVAL			/* survival:aft: label and label_upper */
} RmlTrainTask;

typedef struct RmlTrainParams
{
	RmlTrainTask task;
	const char *objective;		/* as given, or XGBoost's default */
	int			num_class;		/* 0: to be found in the labels */
	int64		seed;			/* XGBoost's and of what is dealt; 0 if none is given */
	struct StringInfoData *config;	/* "param" entries of CONFIG (protocol.h), in the order to set them */
	Jsonb	   *effective;		/* all that is set, but what is found in the data, as an object: what is stored */
} RmlTrainParams;

/* The features by name, which may be unknown as yet. */
typedef struct RmlTrainFeatures
{
	int			n;				/* -1: unknown; what names features is not looked at then */
	const char **names;
	const bool *is_category;	/* each; NULL: none is */
} RmlTrainFeatures;

/*
 * Reads params, seed, monotone_constraints of the arguments for these features.  22023 for an unknown name, with the nearest in the hint;
 * for a value that is neither a number, a text, a boolean nor (where XGBoost takes one) an array; for what contradicts another argument.
 */
extern void rml_train_params(const RmlTrainArguments *arguments, const RmlTrainFeatures *features, RmlTrainParams *params);

#endif
