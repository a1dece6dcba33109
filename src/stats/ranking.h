/*
 * ranking.h
 *	  Rows of two classes, sorted by their scores within work_mem: the state of
 *	  the aggregates that need the order.
 */
#ifndef RML_STATS_RANKING_H
#define RML_STATS_RANKING_H

#include "fmgr.h"

#include "math/roc.h"
#include "stats/sorter.h"

typedef struct RmlRanking
{
	bool		weighted;
	bool		finished;
	bool		summed;			/* roc is there */
	int			bins;			/* of aggregates that have that argument */
	RmlSum		weight[2];		/* of each class */
	double		scale;			/* weights are multiplied by it, so that products do not overflow */
	double		total[2];		/* of each class, scaled; rows, if not weighted */
	RmlSorter	sorter[2];		/* keys of each class, or only [0]: key, then weight with the class as sign */
	RmlRoc		roc;
} RmlRanking;

/* The state that is argument 0 after the last row, or NULL if a class is absent. */
extern RmlRanking *rml_ranking_of_both(FunctionCallInfo fcinfo);

/* The same where one class may be absent; NULL only without rows. */
extern RmlRanking *rml_ranking_finished(FunctionCallInfo fcinfo);

/* Reads ties from the largest score on, one reader at a time. */
typedef struct RmlTies RmlTies;

extern RmlTies *rml_ties_open(RmlRanking *ranking);
extern bool rml_ties_next(RmlTies *ties, RmlTie *tie);

#endif
