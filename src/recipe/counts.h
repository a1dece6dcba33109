/*
 * counts.h
 *	  Rows and labels by category.
 *
 * Categories get numbers: 0 is missing, the others follow in the order in which they are met.
 */
#ifndef RML_RECIPE_COUNTS_H
#define RML_RECIPE_COUNTS_H

#include "recipe/data.h"
#include "recipe/exact.h"
#include "recipe/fit.h"

/* Categories of an operand, and their numbers. */
typedef struct RmlTally RmlTally;

/* Rows of a category. */
typedef struct RmlTallied
{
	int64		rows;
	int64		events;			/* label 1 */
	int128		sum;			/* of labels, to their scale (exact.h) */
} RmlTallied;

/* In the current memory context.  dictionary: of texts; NULL: categories are numbers. */
extern RmlTally *rml_tally_begin(RmlDictionary *dictionary, int label_scale);

/* Numbers of the categories of a block; new ones are added. */
extern void rml_tally_find(RmlTally *tally, const double *values, int n, int *numbers);

/* Counts a block's rows, and adds up their labels, if there are any. */
extern void rml_tally_add(RmlTally *tally, const double *values, const double *labels, int n);

/* The number of a category in a list; -1: it has not been met. */
extern int	rml_tally_number_of(const RmlTally *tally, const RmlCategories *categories, int i);

extern int	rml_tally_count(const RmlTally *tally);

/* The categories that are there, ascending. */
extern RmlCounts *rml_tally_counts(const RmlTally *tally, RmlKind kind);

#endif
