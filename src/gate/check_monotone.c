/*
 * check_monotone.c
 *	  The check that scores go one way with an input.
 *
 * In a sample of the rows, an input is moved over quantiles of its own values in
 * all rows, all else being left as it is, and the margins are compared from one
 * quantile to the next.  Margins and not scores, as these may not differ where
 * they are near to 0 or 1; no score goes another way than its margin.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "gate/gate.h"
#include "registry/column_names.h"
#include "registry/nearest.h"
#include "stats/watch.h"

static const char *const monotone_keys[] = {"inputs", "rows", "points", "max", NULL};

static void
read_monotone(RmlGateReader *reader, RmlGate *gate)
{
	rml_gate_inputs(reader, gate);
	gate->rows = 1000;
	(void) rml_gate_integer(reader, "rows", 1, 100000, &gate->rows);
	gate->points = 20;
	(void) rml_gate_integer(reader, "points", 2, 1000, &gate->points);
	gate->has_max = true;
	if (rml_gate_number(reader, "max", &gate->max) && !(gate->max >= 0 && gate->max < 1))
		rml_gate_wrong(reader, "max", "must be a share of rows, from 0 to below 1, but is %g", gate->max);
}

/* ---- columns ---- */

/* The column in which the model finds the input. */
static Form_pg_attribute
find_input(const RmlWatchedModel *model, const RmlColumnNames *names, const char *input)
{
	int			distance;
	const char *nearest;

	for (int i = 0; i < model->n_inputs; i++)
	{
		RmlMatchHow how;
		Form_pg_attribute other;
		Form_pg_attribute column = rml_column_find(names, model->inputs[i], &how, &other);

		if (column == NULL || (strcmp(model->inputs[i], input) != 0 && strcmp(NameStr(column->attname), input) != 0))
			continue;
		if (other != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("input \"%s\" could be column \"%s\" or \"%s\"", input, NameStr(column->attname), NameStr(other->attname))));
		return column;
	}
	for (int i = 0; i < model->n_inputs; i++)
	{
		if (strcmp(model->inputs[i], input) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the query has no column for input \"%s\"", input)));
	}
	nearest = rml_nearest_word(input, (const char *const *) model->inputs, model->n_inputs, &distance);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 distance <= Max(1, (int) strlen(input) / 3)
			 ? errmsg("the model reads no input \"%s\", but \"%s\"", input, nearest)
			 : errmsg("the model reads no input \"%s\"", input)));
}

static bool
has_nan(Oid type)
{
	return type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID;
}

static void
require_order(const char *input, Form_pg_attribute column)
{
	Oid			type = getBaseType(column->atttypid);

	switch (type)
	{
		case BOOLOID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			return;
		default:
			break;
	}
	if (!rml_is_number(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("input \"%s\" of type %s has no order that scores could follow", input, format_type_be(column->atttypid))));
}

/* ---- the statement ---- */

/* Quantiles of a column, from the least value to the largest. */
static void
append_grid(StringInfo sql, int number, Form_pg_attribute column, int points)
{
	const char *name = quote_identifier(NameStr(column->attname));

	appendStringInfo(sql, ", grid_%d AS MATERIALIZED (SELECT g.value, g.step FROM (SELECT pg_catalog.percentile_disc(ARRAY(\n"
					 "SELECT i OPERATOR(pg_catalog./) %d::pg_catalog.float8 FROM pg_catalog.generate_series(0, %d) AS i))\n"
					 "WITHIN GROUP (ORDER BY r.%s) AS points FROM rows AS r", number, points - 1, points - 1, name);
	if (has_nan(getBaseType(column->atttypid)))
		appendStringInfo(sql, " WHERE r.%s OPERATOR(pg_catalog.<>) 'NaN'", name);
	appendStringInfoString(sql, ") AS q, pg_catalog.unnest(q.points) WITH ORDINALITY AS g(value, step))");
}

/* Columns of a row of the sample, but one with the value of the grid. */
static void
append_moved(StringInfo sql, const TupleDesc columns, Form_pg_attribute moved)
{
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		const char *name = quote_identifier(NameStr(column->attname));

		if (column->attnum == moved->attnum)
			appendStringInfo(sql, "%sg.value AS %s", i > 0 ? ", " : "", name);
		else
			appendStringInfo(sql, "%ss.%s", i > 0 ? ", " : "", name);
	}
}

/* The steps of one row that go the wrong way. */
static void
append_steps(StringInfo sql, int number, const RmlGateInput *input, Form_pg_attribute column, const RmlGateRun *run, const char *margin)
{
	appendStringInfo(sql, "%sSELECT %s AS input, w.from_value, w.to_value, w.from_margin, w.to_margin,\n"
					 "(w.from_margin OPERATOR(pg_catalog.-) w.to_margin) OPERATOR(pg_catalog.*) %d::pg_catalog.float8 AS size FROM (SELECT\n"
					 "pg_catalog.lag(m.value) OVER steps AS from_value, m.value AS to_value, pg_catalog.lag(m.margin) OVER steps AS from_margin, m.margin AS to_margin\n"
					 "FROM (SELECT source_step.value::pg_catalog.text AS value, source_step.step, source_step.margin FROM (SELECT g.value, g.step, (SELECT %s FROM (SELECT ",
					 number > 1 ? " UNION ALL " : "", quote_literal_cstr(input->name), input->direction, margin);
	append_moved(sql, run->scored.subject.columns, column);
	appendStringInfo(sql, ") AS source) AS margin FROM grid_%d AS g) AS source_step) AS m WINDOW steps AS (ORDER BY m.step)) AS w", number);
}

/* The first input that has no two values to move between. */
static void
append_constant(StringInfo sql, const RmlGate *gate)
{
	appendStringInfoString(sql, "CASE");
	for (int i = 0; i < gate->n_inputs; i++)
		appendStringInfo(sql, " WHEN (SELECT pg_catalog.count(DISTINCT g.value) FROM grid_%d AS g) OPERATOR(pg_catalog.<) 2 THEN %s", i + 1,
						 quote_literal_cstr(gate->inputs[i].name));
	appendStringInfoString(sql, " END");
}

/*
 * One row: how many rows were tried, how many had a step that goes the wrong
 * way, of these the largest step, and an input that could not be tried.
 */
static char *
statement(const RmlGateRun *run, const RmlGate *gate, const RmlWatchedModel *model)
{
	const RmlSubject *subject = &run->scored.subject;
	RmlColumnNames *names = rml_column_names(subject->columns);
	Form_pg_attribute *columns = palloc(sizeof(Form_pg_attribute) * (Size) gate->n_inputs);
	char	   *margin = rml_margin_sql(run->pinned[0]);
	StringInfoData sql;

	initStringInfo(&sql);
	/* the query is seen by the first of these only, so it may use their names */
	appendStringInfo(&sql, "WITH rows AS MATERIALIZED (SELECT source.* FROM %s), sample AS MATERIALIZED (SELECT r.* FROM rows AS r\n"
					 "ORDER BY pg_catalog.hashtextextended(ROW(r.*)::pg_catalog.text, 0) LIMIT %d)", subject->from, gate->rows);
	for (int i = 0; i < gate->n_inputs; i++)
	{
		columns[i] = find_input(model, names, gate->inputs[i].name);
		require_order(gate->inputs[i].name, columns[i]);
		append_grid(&sql, i + 1, columns[i], gate->points);
	}
	appendStringInfoString(&sql, ", judged AS MATERIALIZED (SELECT v.* FROM sample AS s LEFT JOIN LATERAL (SELECT * FROM (");
	for (int i = 0; i < gate->n_inputs; i++)
		append_steps(&sql, i + 1, &gate->inputs[i], columns[i], run, margin);
	appendStringInfoString(&sql, ") AS step WHERE step.size OPERATOR(pg_catalog.>) 0 ORDER BY step.size DESC LIMIT 1) AS v ON true)\n"
						   "SELECT n.tried, n.wrong, e.input, e.from_value, e.to_value, e.from_margin, e.to_margin, ");
	append_constant(&sql, gate);
	appendStringInfoString(&sql, " FROM\n(SELECT pg_catalog.count(*)::pg_catalog.float8 AS tried, pg_catalog.count(j.size)::pg_catalog.float8 AS wrong FROM judged AS j) AS n\n"
						   "LEFT JOIN (SELECT * FROM judged AS j WHERE j.size IS NOT NULL ORDER BY j.size DESC, j.input, j.from_value, j.to_value LIMIT 1) AS e ON true");
	rml_column_names_free(names);
	return sql.data;
}

static char *
result_text(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

static void
run_monotone(RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome)
{
	RmlWatchedModel model;
	double		tried;
	double		wrong;

	rml_watched_model(&model, run->pinned[0]);
	if (model.n_scores != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the model has %d scores, not one that could go one way", model.n_scores)));
	if (SPI_execute(statement(run, gate, &model), true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the rows could not be scored");
	if (result_text(8) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("input \"%s\" has no two values on these rows", result_text(8))));
	tried = rml_gate_result_number(0, 1);
	wrong = rml_gate_result_number(0, 2);
	outcome->value = wrong / tried;
	outcome->threshold = gate->max;
	outcome->passed = outcome->value <= gate->max;
	outcome->detail = psprintf("the scores of %.0f of %.0f rows go the wrong way", wrong, tried);
	if (wrong > 0)
		outcome->detail = psprintf("%s: as input \"%s\" goes from %s to %s, the margin of one goes from %.9g to %.9g", outcome->detail,
								   result_text(3), result_text(4), result_text(5), rml_gate_result_number(0, 6), rml_gate_result_number(0, 7));
}

const RmlGateCheck rml_gate_monotone = {"monotone", monotone_keys, read_monotone, run_monotone};
