/*
 * training.h
 *	  What training sees of a query: the features of a fitted recipe, and the label.
 *
 * Features are those that apply_recipe() gives, but for target_encode, which must not tell a row its own label: rows are
 * dealt into folds, and a row's category is encoded from the rows of all other folds.  A row's fold follows from its values and the step's
 * seed; equal rows are dealt one after the other.  So neither the order of rows nor the plan matters.
 */
#ifndef RML_RECIPE_TRAINING_H
#define RML_RECIPE_TRAINING_H

#include "recipe/data.h"

typedef struct RmlTraining RmlTraining;

/* Rows, column by column. */
typedef struct RmlTrainingBlock
{
	int			n_rows;
	double	  **features;		/* of each feature its values; NaN is missing */
	const double *labels;
} RmlTrainingBlock;

/* Runs the query as the caller, in the current memory context.  All rows must have a label. */
extern RmlTraining *rml_training_begin(const Jsonb *recipe, const char *query, const char *label);

/* Fits the open steps to rows that are there already, but not to hidden ones (data.h); gives the recipe with what was found. */
extern Jsonb *rml_fit_to(RmlRecipe *recipe, RmlData *data);

/*
 * The same for rows that are there already.  Hidden ones (data.h) have the features that apply_recipe() gives, and nobody else's depend on
 * them.  The data is not freed at the end.
 */
extern RmlTraining *rml_training_open(RmlRecipe *recipe, RmlData *data);

/* Its outputs are the features. */
extern const RmlProgram *rml_training_program(const RmlTraining *training);
extern int	rml_training_n_features(const RmlTraining *training);

/* The next rows, in the order of the query; valid until the next call.  false: there are none. */
extern bool rml_training_next(RmlTraining *training, RmlTrainingBlock *block);

extern void rml_training_end(RmlTraining *training);

#endif
