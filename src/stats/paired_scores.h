/*
 * paired_scores.h
 *	  Rows scored by two models, and what distinguishes the scores.
 */
#ifndef RML_STATS_PAIRED_SCORES_H
#define RML_STATS_PAIRED_SCORES_H

#include "stats/scored.h"
#include "stats/sorter.h"

/* One of the metrics, of both models. */
typedef struct RmlCompared
{
	const char *metric;
	double		values[2];		/* NaN: none */
	double		difference;
	double		low;
	double		high;
	double		p_value;
	const char *method;
} RmlCompared;

#define RML_MAX_COMPARED 12

typedef struct RmlPairs
{
	RmlTask		task;
	bool		weighted;
	bool		probability;
	bool		decides;
	double		threshold[2];	/* of each model, where they decide */
	int			replicates;
	uint64		seed;
	double		confidence;
	double		heaviest;		/* of the weights, */
	double		scale;			/* which are multiplied by it, so that products do not overflow */
	RmlSorter	rows;			/* by score a from the largest on, score b, label, weight */
	RmlCompared results[RML_MAX_COMPARED];
	int			n_results;
} RmlPairs;

extern void rml_pairs_begin(RmlPairs *pairs);

/*
 * A row.  For classes, the "scores" are losses and the label is a sum of what follows.
 */
#define RML_RIGHT_A 1			/* a predicts the label, */
#define RML_RIGHT_B 2			/* b does, */
#define RML_SAME 4				/* both predict the same */
extern void rml_pairs_add(RmlPairs *pairs, double a, double b, double label, double weight);

/* Fills the results. */
extern void rml_pairs_compare(RmlPairs *pairs);
extern void rml_pairs_end(RmlPairs *pairs);

#endif
