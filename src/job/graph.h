/*
 * graph.h
 *	  The graph of a job's steps.
 */
#ifndef RML_JOB_GRAPH_H
#define RML_JOB_GRAPH_H

typedef struct RmlGraphStep
{
	char	   *name;
	char	   *kind;
	char	   *trigger_rule;
	char	   *pool;			/* NULL: none */
	char	  **after_names;
	int		   *after;			/* places of those steps */
	int			n_after;
} RmlGraphStep;

/* Steps by name, in the order of bytes. */
typedef struct RmlGraph
{
	RmlGraphStep *steps;
	int			n;
} RmlGraph;

/* The steps of the row set that RML_GRAPH_QUERY gave for a job. */
#define RML_GRAPH_QUERY \
	"SELECT step, kind, trigger_rule, pool, after FROM riskml.job_step WHERE job_id = $1 ORDER BY step"
extern void rml_graph_read(RmlGraph *graph);

/* Finds the steps that others name; 42704 for one that is not there. */
extern void rml_graph_link(RmlGraph *graph, const char *job);

/* Raises 42P17 if the step comes after itself, naming the shortest way round. */
extern void rml_graph_refuse_cycle(const RmlGraph *graph, const char *job, const char *step);

/* Does it wait for the failure of any step, rather than of some? */
extern bool rml_graph_is_on_failure(const RmlGraphStep *step);

#endif
