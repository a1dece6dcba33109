/*
 * draw.c
 *	  riskml.job_graph(): a job's steps as indented text, or in Graphviz's language.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "job/graph.h"
#include "job/job.h"

RML_SQL_FUNCTION(riskml_job_graph);

/*
 * A step is drawn below the last of the steps that it waits for, when the
 * others are drawn too.
 */
typedef struct Drawing
{
	const RmlGraph *graph;
	const char *job;
	int		   *order;			/* places of the steps drawn so far */
	int		   *depth;			/* by place */
	int		   *missing;		/* steps that it waits for and that are not drawn, by place */
	int			n_drawn;
} Drawing;

static bool
waits_for(const RmlGraphStep *step, int place)
{
	for (int i = 0; i < step->n_after; i++)
	{
		if (step->after[i] == place)
			return true;
	}
	return false;
}

static void
place_step(Drawing *drawing, int place, int depth)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	drawing->order[drawing->n_drawn++] = place;
	drawing->depth[place] = depth;
	for (int i = 0; i < drawing->graph->n; i++)
	{
		if (waits_for(&drawing->graph->steps[i], place) && --drawing->missing[i] == 0)
			place_step(drawing, i, depth + 1);
	}
}

/* Those for any failure come last, as what they wait for is above. */
static void
place_all(Drawing *drawing, const RmlGraph *graph, const char *job)
{
	drawing->graph = graph;
	drawing->job = job;
	drawing->order = palloc(sizeof(int) * (graph->n + 1));
	drawing->depth = palloc0(sizeof(int) * (graph->n + 1));
	drawing->missing = palloc(sizeof(int) * (graph->n + 1));
	drawing->n_drawn = 0;
	for (int i = 0; i < graph->n; i++)
		drawing->missing[i] = graph->steps[i].n_after;
	for (int on_failure = 0; on_failure <= 1; on_failure++)
	{
		for (int i = 0; i < graph->n; i++)
		{
			if (graph->steps[i].n_after == 0 &&
				rml_graph_is_on_failure(&graph->steps[i]) == (on_failure == 1))
				place_step(drawing, i, 0);
		}
	}
}

/* "sql, all_done, pool loads": what a step is besides its name and place. */
static char *
describe(const RmlGraphStep *step)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, step->kind);
	if (rml_graph_is_on_failure(step))
		appendStringInfoString(&text, ", if any step failed");
	else if (strcmp(step->trigger_rule, "all_success") != 0)
		appendStringInfo(&text, ", %s", step->trigger_rule);
	if (step->pool != NULL)
		appendStringInfo(&text, ", pool %s", step->pool);
	return text.data;
}

/* ---- text ---- */

static void
write_line(StringInfo text, const Drawing *drawing, int place)
{
	const RmlGraphStep *step = &drawing->graph->steps[place];

	appendStringInfoSpaces(text, 2 * (drawing->depth[place] + 1));
	appendStringInfo(text, "%s (%s", step->name, describe(step));
	/* where one step is waited for, it is the one above */
	for (int i = 0; step->n_after > 1 && i < step->n_after; i++)
		appendStringInfo(text, "%s%s", i == 0 ? ", after " : " and ", step->after_names[i]);
	appendStringInfoChar(text, ')');
}

static void
write_text(StringInfo text, const Drawing *drawing)
{
	appendStringInfoString(text, drawing->job);
	for (int i = 0; i < drawing->n_drawn; i++)
	{
		appendStringInfoChar(text, '\n');
		write_line(text, drawing, drawing->order[i]);
	}
}

/* ---- DOT ---- */

/*
 * A quoted string, which is an identifier and a label alike.  In labels a
 * backslash escapes and an ampersand begins an HTML entity.
 */
static void
put_quoted(StringInfo dot, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text == '"' || *text == '\\')
			appendStringInfoChar(dot, '\\');
		if (*text == '&')
			appendStringInfoString(dot, "&amp;");
		else
			appendStringInfoChar(dot, *text);
	}
}

static void
write_node(StringInfo dot, const RmlGraphStep *step)
{
	appendStringInfoString(dot, "\t\"");
	put_quoted(dot, step->name);
	appendStringInfoString(dot, "\" [label=\"");
	put_quoted(dot, step->name);
	appendStringInfoString(dot, "\\n");
	put_quoted(dot, describe(step));
	appendStringInfoString(dot, rml_graph_is_on_failure(step) ? "\", style=dashed];\n" : "\"];\n");
}

static void
write_edges(StringInfo dot, const RmlGraphStep *step)
{
	for (int i = 0; i < step->n_after; i++)
	{
		appendStringInfoString(dot, "\t\"");
		put_quoted(dot, step->after_names[i]);
		appendStringInfoString(dot, "\" -> \"");
		put_quoted(dot, step->name);
		appendStringInfoString(dot, strcmp(step->trigger_rule, "all_success") == 0
							   ? "\";\n" : "\" [style=dashed];\n");
	}
}

static void
write_dot(StringInfo dot, const Drawing *drawing)
{
	appendStringInfoString(dot, "digraph \"");
	put_quoted(dot, drawing->job);
	appendStringInfoString(dot, "\" {\n\trankdir=LR;\n\tnode [shape=box];\n");
	for (int i = 0; i < drawing->n_drawn; i++)
		write_node(dot, &drawing->graph->steps[drawing->order[i]]);
	for (int i = 0; i < drawing->n_drawn; i++)
		write_edges(dot, &drawing->graph->steps[drawing->order[i]]);
	appendStringInfoChar(dot, '}');
}

/* ---- the function ---- */

typedef void (*Writer) (StringInfo out, const Drawing *drawing);

static Writer
format_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *format = RML_TEXT_ARG(n, "format");

	if (strcmp(format, "text") == 0)
		return write_text;
	if (strcmp(format, "dot") == 0)
		return write_dot;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\" of a job's graph", format),
			 errhint("It can be text or dot.")));
}

/* riskml.job_graph(job, format) */
Datum
riskml_job_graph(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "job");
	Writer		writer = format_arg(fcinfo, 1);
	StringInfoData out;
	RmlOwnerScope scope;
	RmlJobRow	job;
	RmlParam	param;
	RmlGraph	graph;
	Drawing		drawing;

	initStringInfo(&out);		/* outlives SPI's memory */
	rml_job_begin_read(&scope, name, &job);
	param = rml_param_bigint(job.job_id);
	rml_sql_read(RML_GRAPH_QUERY, 1, &param);
	rml_graph_read(&graph);
	rml_graph_link(&graph, name);
	place_all(&drawing, &graph, name);
	writer(&out, &drawing);
	rml_act_end(&scope);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
