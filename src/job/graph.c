/*
 * graph.c
 *	  The graph of a job's steps: reading it, and refusing cycles.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "compat.h"
#include "job/fields.h"
#include "job/graph.h"

static void
read_step(HeapTuple row, TupleDesc desc, RmlGraphStep *step)
{
	bool		isnull;

	step->name = SPI_getvalue(row, desc, 1);
	step->kind = SPI_getvalue(row, desc, 2);
	step->trigger_rule = SPI_getvalue(row, desc, 3);
	step->pool = SPI_getvalue(row, desc, 4);
	step->n_after = rml_text_array(SPI_getbinval(row, desc, 5, &isnull), "after", &step->after_names);
	step->after = NULL;
}

void
rml_graph_read(RmlGraph *graph)
{
	graph->n = (int) SPI_processed;
	graph->steps = palloc(sizeof(RmlGraphStep) * (graph->n + 1));
	for (int i = 0; i < graph->n; i++)
		read_step(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, &graph->steps[i]);
}

/* The step's place, or -1. */
static int
find_step(const RmlGraph *graph, const char *name)
{
	int			low = 0;
	int			high = graph->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(graph->steps[middle].name, name);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

static void
link_step(const RmlGraph *graph, const char *job, RmlGraphStep *step)
{
	step->after = palloc(sizeof(int) * (step->n_after + 1));
	for (int i = 0; i < step->n_after; i++)
	{
		step->after[i] = find_step(graph, step->after_names[i]);
		if (step->after[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("step \"%s\" of job \"%s\" does not exist", step->after_names[i], job),
					 errdetail("Step \"%s\" is to come after it.", step->name),
					 errhint("Add it first.")));
	}
}

void
rml_graph_link(RmlGraph *graph, const char *job)
{
	for (int i = 0; i < graph->n; i++)
		link_step(graph, job, &graph->steps[i]);
}

pg_noreturn static void report_cycle(const RmlGraph *graph, const char *job, const int *next, int start);

/* "a -> b -> a", in the order in which the steps would run */
static void
report_cycle(const RmlGraph *graph, const char *job, const int *next, int start)
{
	StringInfoData way;
	int			at = start;

	initStringInfo(&way);
	do
	{
		appendStringInfo(&way, "%s -> ", graph->steps[at].name);
		at = next[at];
	} while (at != start);
	appendStringInfoString(&way, graph->steps[start].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("steps of job \"%s\" would wait for each other: %s", job, way.data),
			 errhint("A step runs once in a run: take one of them out of another's \"after\".")));
}

/*
 * A graph without cycles can only have got one through the step that was
 * changed, so a search from it, the nearest steps first, finds the shortest.
 */
void
rml_graph_refuse_cycle(const RmlGraph *graph, const char *job, const char *step)
{
	int			start = find_step(graph, step);
	int		   *queue = palloc(sizeof(int) * (graph->n + 1));
	int		   *next = palloc(sizeof(int) * (graph->n + 1));	/* towards the start; -1: not seen */
	int			tail = 0;

	for (int i = 0; i < graph->n; i++)
		next[i] = -1;
	queue[tail++] = start;
	for (int head = 0; head < tail; head++)
	{
		const RmlGraphStep *at = &graph->steps[queue[head]];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < at->n_after; i++)
		{
			int			before = at->after[i];

			if (next[before] >= 0)
				continue;
			next[before] = queue[head];
			if (before == start)
				report_cycle(graph, job, next, start);
			queue[tail++] = before;
		}
	}
}

bool
rml_graph_is_on_failure(const RmlGraphStep *step)
{
	return step->n_after == 0 && strcmp(step->trigger_rule, "one_failed") == 0;
}
