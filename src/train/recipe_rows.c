/*
 * recipe_rows.c
 *	  Rows of a training with a recipe.
 */
#include "postgres.h"

#include "train/state.h"

void
rml_recipe_rows_open(RmlTrainRows *rows)
{
	(void) rows;
	elog(ERROR, "not there yet");
}

void
rml_recipe_rows_read(RmlTrainRows *rows)
{
	(void) rows;
}

int
rml_recipe_rows_passes(const RmlTrainRows *rows)
{
	(void) rows;
	return 1;
}

void
rml_recipe_rows_send(RmlTrainRows *rows, int pass, RmlTrainer *trainer)
{
	(void) rows;
	(void) pass;
	(void) trainer;
}

Jsonb *
rml_recipe_rows_fitted(const RmlTrainRows *rows)
{
	(void) rows;
	return NULL;
}

void
rml_recipe_rows_inputs(RmlTrainRows *rows, StringInfo json)
{
	(void) rows;
	(void) json;
}

void
rml_recipe_rows_close(RmlTrainRows *rows)
{
	(void) rows;
}
