/*
 * watch.h
 *	  Columns of a query whose distributions are taken, all in one scan.
 *
 * A column is one of the query's, or of a model: its inputs, by the names of its
 * features or of the columns that its recipe reads, and its score.  Everything lives in the memory context of the calls.
 */
#ifndef RML_STATS_WATCH_H
#define RML_STATS_WATCH_H

#include "utils/jsonb.h"

#include "quality/subject.h"
#include "registry/resolve.h"
#include "stats/distribution.h"

/* What a model takes and gives. */
typedef struct RmlWatchedModel
{
	RmlBinding	binding;
	char	  **inputs;
	int			n_inputs;
	int			n_scores;		/* 0: one, which is no list */
	Jsonb	   *baseline;		/* NULL: it has none */
} RmlWatchedModel;

typedef struct RmlWatched
{
	const char *name;
	bool		is_score;
	bool		is_text;
	bool		is_label;		/* a text that a model may look up */
	const char *sql;			/* its value, of type float8 or text */
	RmlDistribution *baseline;	/* NULL: it is being made */
} RmlWatched;

/* Values that stand for $1, $2, ... in the expressions of a scan. */
typedef struct RmlScanValues
{
	int			n;
	Oid		   *types;
	Datum	   *values;
} RmlScanValues;

typedef struct RmlWatch
{
	RmlSubject	subject;
	const char *from;			/* SQL behind FROM, with the alias source */
	List	   *columns;		/* RmlWatched * */
	RmlScanValues values;
} RmlWatch;

/* Finds the model that a reference means now; 42501 unless the user may score with it. */
extern void rml_watched_model(RmlWatchedModel *model, const char *reference);

/* ---- SPI is connected for all of these ---- */

/* All columns of a query; 42804 for one of a type that has no distribution. */
extern void rml_watch_query(RmlWatch *watch, const char *query);

/* Inputs of a model in their order, then its scores; 42703 for one that has no column. */
extern void rml_watch_model(RmlWatch *watch, const RmlWatchedModel *model, const char *query);

/* The columns of a query that a baseline, an object of distributions, has; 42703 for one that it lacks. */
extern void rml_watch_baseline(RmlWatch *watch, const Jsonb *baseline, const char *query);

/* Gives the columns of a model their distributions. */
extern void rml_watch_set_baseline(RmlWatch *watch, const RmlWatchedModel *model);

/* A value for the scan: the number of its parameter. */
extern int	rml_watch_value(RmlWatch *watch, Oid type, Datum value);

/*
 * The one scan: expressions, aggregates of type distribution, and how many rows
 * there were; NULL for one that has no value.
 */
extern RmlDistribution **rml_watch_scan(const RmlWatch *watch, const List *expressions, int64 *rows);

/* A distribution as JSON. */
extern char *rml_distribution_text(const RmlDistribution *distribution);

extern Oid	rml_distribution_type(void);

#endif
