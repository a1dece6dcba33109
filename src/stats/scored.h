/*
 * scored.h
 *	  Rows of a query, scored by models: what riskml.evaluate() and
 *	  riskml.compare() read.
 *
 * All of it is SQL that runs as the caller, who needs the privilege "score" on
 * the models and whatever the query needs.
 */
#ifndef RML_STATS_SCORED_H
#define RML_STATS_SCORED_H

#include "quality/subject.h"

typedef enum RmlTask
{
	RML_TASK_BINARY,
	RML_TASK_REGRESSION,
	RML_TASK_CLASSES
} RmlTask;

/* The rows; SPI is connected. */
typedef struct RmlScored
{
	RmlSubject	subject;
	const char *label_name;
	const char *label;			/* SQL, of its own type */
	Oid			label_type;		/* without domains */
	const char *weight;			/* SQL of a float8, or NULL */
} RmlScored;

/* Is a type, without domains, one of numbers? */
extern bool rml_is_number(Oid type);

/* Raises 22023 unless the query is one that reads, 42703 and 42804 for its columns. */
extern void rml_scored_open(RmlScored *scored, const char *query, const char *label, const char *weight);

/* A model: what its scores are. */
typedef struct RmlJudged
{
	const char *name;			/* as given */
	const char *pinned;			/* the version that is judged */
	const char *objective;
	RmlTask		task;
	bool		probability;	/* scores are from 0 to 1 */
	bool		decides;		/* there is a threshold */
	double		threshold;		/* scores from it on mean class 1, as risk_class() has it */
} RmlJudged;

/* Raises what scoring would raise, and 42809 for a model that cannot be judged. */
extern void rml_judged_open(RmlJudged *judged, const char *name, const RmlScored *scored);

/* SQL of a pinned model's one score of a row of the source, of its scores, or of its one margin. */
extern char *rml_score_sql(const char *pinned, bool one);
extern char *rml_margin_sql(const char *pinned);
extern char *rml_judged_sql(const RmlJudged *judged);

/* SQL of the label as a model's task has it: boolean, float8 or int. */
extern char *rml_label_sql(const RmlScored *scored, RmlTask task);

#endif
