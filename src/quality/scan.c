/*
 * scan.c
 *	  The statements that answer a suite.
 *
 * All read by the same snapshot and change nothing.  A statement has at most
 * MAX_COLUMNS measures, as a result has at most 1,664 columns; a suite that needs
 * more is answered by several scans.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "quality/json.h"
#include "quality/scan.h"

#define MAX_COLUMNS 1500
/* Of an aggregate; a function has at most FUNC_MAX_ARGS, two of which are its state and its program. */
#define MAX_ARGUMENTS (FUNC_MAX_ARGS - 2)

struct RmlPass
{
	List	   *columns;		/* char *, SQL */
	List	   *conditions;		/* char *, SQL; "" for all rows */
	bool		by_bytes;
};

/* ---- what is asked for ---- */

static RmlMeasure *
add_measure(RmlScan *scan, RmlPass *pass, int number, bool ordered, const char *sql)
{
	RmlMeasure *measure;
	ListCell   *cell;

	foreach(cell, scan->measures)
	{
		measure = lfirst(cell);
		if (measure->pass == pass && measure->number == number && measure->ordered == ordered && strcmp(measure->sql, sql) == 0)
			return measure;
	}
	measure = palloc0(sizeof(RmlMeasure));
	measure->sql = sql;
	measure->pass = pass;
	measure->number = number;
	measure->ordered = ordered;
	scan->measures = lappend(scan->measures, measure);
	return measure;
}

RmlMeasure *
rml_scan_measure(RmlScan *scan, const char *sql)
{
	return add_measure(scan, NULL, 0, false, sql);
}

static char *call_sql(const RmlScan *scan, const List *measures, const List *arguments);

RmlMeasure *
rml_scan_check(RmlScan *scan, const char *rows, List *arguments, const char *check)
{
	RmlMeasure	alone = {.check = check, .arguments = arguments, .rows = rows};
	RmlMeasure *measure = rml_scan_measure(scan, call_sql(scan, list_make1(&alone), arguments));

	measure->check = check;
	measure->arguments = arguments;
	measure->rows = rows;
	return measure;
}

static bool
same_texts(const List *a, const List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
	{
		if (strcmp(list_nth(a, i), list_nth(b, i)) != 0)
			return false;
	}
	return true;
}

static RmlPass *
pass_of(RmlScan *scan, List *columns)
{
	RmlPass    *pass;
	ListCell   *cell;

	foreach(cell, scan->passes)
	{
		pass = lfirst(cell);
		if (same_texts(pass->columns, columns))
			return pass;
	}
	pass = palloc0(sizeof(RmlPass));
	pass->columns = columns;
	scan->passes = lappend(scan->passes, pass);
	return pass;
}

RmlPass *
rml_scan_pass(RmlScan *scan, List *columns, const char *rows, int *number)
{
	RmlPass    *pass = pass_of(scan, columns);
	const char *condition = rows ? rows : "";
	ListCell   *cell;

	*number = 0;
	foreach(cell, pass->conditions)
	{
		if (strcmp(lfirst(cell), condition) == 0)
			return pass;
		(*number)++;
	}
	pass->conditions = lappend(pass->conditions, pstrdup(condition));
	return pass;
}

void
rml_pass_by_bytes(RmlPass *pass)
{
	pass->by_bytes = true;
}

RmlMeasure *
rml_pass_measure(RmlScan *scan, RmlPass *pass, int number, bool ordered, const char *sql)
{
	return add_measure(scan, pass, number, ordered, sql);
}

void
rml_scan_rewind(RmlScan *scan, int n_measures)
{
	scan->measures = list_truncate(scan->measures, n_measures);
}

/* ---- statements ---- */

/* A column of its result: a measure, or the checks of one aggregate. */
typedef struct Output
{
	List	   *measures;
	List	   *arguments;		/* char *, SQL: of all checks */
} Output;

/* One of them: some measures of the scan, or all of a pass. */
typedef struct Statement
{
	RmlPass    *pass;
	List	   *measures;
	List	   *outputs;		/* Output * */
} Statement;

static int
position(const List *texts, const char *text)
{
	int			i = 0;

	while (i < list_length(texts) && strcmp(list_nth(texts, i), text) != 0)
		i++;
	return i;
}

/* Both lists, each text once. */
static List *
union_of(const List *texts, const List *others)
{
	List	   *all = list_copy(texts);
	ListCell   *cell;

	foreach(cell, others)
	{
		if (position(all, lfirst(cell)) == list_length(all))
			all = lappend(all, lfirst(cell));
	}
	return all;
}

/* Finds a place among the checks with the same condition, or makes one. */
static void
place(Statement *statement, RmlMeasure *measure)
{
	Output	   *output;
	ListCell   *cell;

	foreach(cell, measure->check ? statement->outputs : NIL)
	{
		const RmlMeasure *other;
		List	   *arguments;

		output = lfirst(cell);
		other = linitial(output->measures);
		if (other->check == NULL || strcmp(other->rows ? other->rows : "", measure->rows ? measure->rows : "") != 0)
			continue;
		arguments = union_of(output->arguments, measure->arguments);
		if (list_length(arguments) > MAX_ARGUMENTS)
			continue;
		output->measures = lappend(output->measures, measure);
		output->arguments = arguments;
		return;
	}
	output = palloc0(sizeof(Output));
	output->measures = list_make1(measure);
	output->arguments = union_of(NIL, measure->arguments);
	statement->outputs = lappend(statement->outputs, output);
}

/* The aggregate of some checks. */
static char *
call_sql(const RmlScan *scan, const List *measures, const List *arguments)
{
	const RmlMeasure *first = linitial(measures);
	StringInfoData program;
	StringInfoData sql;
	ListCell   *cell;
	ListCell   *argument;

	initStringInfo(&program);
	appendStringInfo(&program, "{\"kept\": %d, \"checks\": [", scan->kept);
	foreach(cell, measures)
	{
		const RmlMeasure *measure = lfirst(cell);

		appendStringInfoString(&program, cell == list_head(measures) ? "\n  {\"of\": [" : ",\n  {\"of\": [");
		foreach(argument, measure->arguments)
			appendStringInfo(&program, "%s%d", argument == list_head(measure->arguments) ? "" : ", ",
							 position(arguments, lfirst(argument)));
		appendStringInfo(&program, "], %s}", measure->check);
	}
	appendStringInfoString(&program, "]}");
	initStringInfo(&sql);
	appendStringInfo(&sql, "riskml.judge_rows(%s", quote_literal_cstr(program.data));
	foreach(argument, arguments)
		appendStringInfo(&sql, ", %s", (char *) lfirst(argument));
	appendStringInfoChar(&sql, ')');
	if (first->rows != NULL)
		appendStringInfo(&sql, " FILTER (WHERE %s)", first->rows);
	return sql.data;
}

static void
append_outputs(StringInfo sql, const RmlScan *scan, const List *outputs)
{
	for (int i = 0; i < list_length(outputs); i++)
	{
		const Output *output = list_nth(outputs, i);
		const RmlMeasure *first = linitial(output->measures);

		appendStringInfo(sql, "%s\n %s AS m%d", i == 0 ? "SELECT" : ",",
						 first->check ? call_sql(scan, output->measures, output->arguments) : first->sql, i + 1);
	}
}

/* Does a measure ask for this condition, and for the order of its groups? */
static bool
is_asked(const Statement *statement, int number, bool ordered)
{
	ListCell   *cell;

	foreach(cell, statement->measures)
	{
		const RmlMeasure *measure = lfirst(cell);

		if (measure->number == number && (measure->ordered || !ordered))
			return true;
	}
	return false;
}

static int
count_asked(const Statement *statement)
{
	int			n = 0;

	for (int i = 0; i < list_length(statement->pass->conditions); i++)
		n += is_asked(statement, i, false);
	return n;
}

/* The groups, how often they came. */
static void
append_groups(StringInfo sql, const Statement *statement, const char *from)
{
	const RmlPass *pass = statement->pass;
	bool		single = count_asked(statement) == 1;
	const char *where = "WHERE";

	appendStringInfoString(sql, "SELECT ");
	for (int i = 0; i < list_length(pass->columns); i++)
		appendStringInfo(sql, "%s%s AS v%d", i == 0 ? "" : ", ", (char *) list_nth(pass->columns, i), i);
	for (int i = 0; i < list_length(pass->conditions); i++)
	{
		const char *condition = list_nth(pass->conditions, i);

		if (!is_asked(statement, i, false))
			continue;
		appendStringInfoString(sql, ", pg_catalog.count(*)");
		if (!single && *condition != '\0')
			appendStringInfo(sql, " FILTER (WHERE %s)", condition);
		appendStringInfo(sql, " AS n%d", i);
	}
	appendStringInfo(sql, "\n  FROM %s\n ", from);
	for (int i = 0; i < list_length(pass->columns); i++, where = "AND")
		appendStringInfo(sql, " %s %s IS NOT NULL", where, (char *) list_nth(pass->columns, i));
	for (int i = 0; single && i < list_length(pass->conditions); i++)
	{
		const char *condition = list_nth(pass->conditions, i);

		if (is_asked(statement, i, false) && *condition != '\0')
			appendStringInfo(sql, " %s %s", where, condition);
	}
	appendStringInfoString(sql, "\n  GROUP BY ");
	for (int i = 0; i < list_length(pass->columns); i++)
		appendStringInfo(sql, "%s%s", i == 0 ? "" : ", ", (char *) list_nth(pass->columns, i));
}

/* In their order, with sums. */
static void
append_order(StringInfo sql, const Statement *statement)
{
	appendStringInfoString(sql, "SELECT *");
	for (int i = 0; i < list_length(statement->pass->conditions); i++)
	{
		if (is_asked(statement, i, true))
			appendStringInfo(sql, ",\n  pg_catalog.count(*) FILTER (WHERE n%d OPERATOR(pg_catalog.>) 0) OVER up AS r%d, pg_catalog.sum(n%d) OVER up AS u%d, "
							 "pg_catalog.sum(n%d) OVER () AS t%d, pg_catalog.max(n%d) OVER () AS x%d", i, i, i, i, i, i, i, i);
	}
}

static bool
is_ordered(const Statement *statement)
{
	for (int i = 0; i < list_length(statement->pass->conditions); i++)
	{
		if (is_asked(statement, i, true))
			return true;
	}
	return false;
}

static char *
statement_sql(const RmlScan *scan, const Statement *statement)
{
	StringInfoData sql;

	initStringInfo(&sql);
	append_outputs(&sql, scan, statement->outputs);
	if (statement->pass == NULL)
		appendStringInfo(&sql, "\nFROM %s", scan->subject->from);
	else if (!is_ordered(statement))
	{
		appendStringInfoString(&sql, "\nFROM (");
		append_groups(&sql, statement, scan->subject->from);
		appendStringInfoString(&sql, ") AS groups");
	}
	else
	{
		appendStringInfoString(&sql, "\nFROM (");
		append_order(&sql, statement);
		appendStringInfoString(&sql, "\n FROM (");
		append_groups(&sql, statement, scan->subject->from);
		appendStringInfo(&sql, ") AS groups\n WINDOW up AS (ORDER BY v0%s)) AS groups",
						 statement->pass->by_bytes ? " COLLATE pg_catalog.\"C\"" : "");
	}
	return sql.data;
}

/* Statements of the measures from a number on. */
static List *
statements(const RmlScan *scan, int from)
{
	List	   *list = NIL;

	for (int i = from; i < list_length(scan->measures); i++)
	{
		RmlMeasure *measure = list_nth(scan->measures, i);
		Statement  *statement = NULL;
		ListCell   *cell;

		foreach(cell, list)
		{
			Statement  *other = lfirst(cell);

			if (other->pass == measure->pass && list_length(other->measures) < MAX_COLUMNS)
				statement = other;
		}
		if (statement == NULL)
		{
			statement = palloc0(sizeof(Statement));
			statement->pass = measure->pass;
			/* the scan of all goes first */
			list = measure->pass == NULL ? lcons(statement, list) : lappend(list, statement);
		}
		statement->measures = lappend(statement->measures, measure);
		place(statement, measure);
	}
	return list;
}

List *
rml_scan_statements(const RmlScan *scan)
{
	List	   *texts = NIL;
	ListCell   *cell;

	foreach(cell, statements(scan, 0))
		texts = lappend(texts, statement_sql(scan, lfirst(cell)));
	return texts;
}

/* ---- running them ---- */

static SPIPlanPtr
prepare(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, 0, NULL, CURSOR_OPT_PARALLEL_OK);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

void
rml_scan_probe(const RmlScan *scan, int n_measures)
{
	ListCell   *cell;

	foreach(cell, statements(scan, n_measures))
		SPI_freeplan(prepare(statement_sql(scan, lfirst(cell))));
}

/* What the result's row tells of an output's measures. */
static void
read_output(const Output *output, HeapTuple row, TupleDesc columns, int number, MemoryContext caller)
{
	RmlMeasure *first = linitial(output->measures);
	MemoryContext old;
	bool		isnull;
	Datum		found = SPI_getbinval(row, columns, number, &isnull);

	if (isnull)
		return;
	old = MemoryContextSwitchTo(caller);
	if (first->check == NULL)
		first->value = SPI_getvalue(row, columns, number);
	else
	{
		Jsonb	   *list = DatumGetJsonbP(found);

		for (int i = 0; i < list_length(output->measures); i++)
			((RmlMeasure *) list_nth(output->measures, i))->value = rml_json_out(getIthJsonbValueFromContainer(&list->root, (uint32) i));
	}
	MemoryContextSwitchTo(old);
}

static void
run(const RmlScan *scan, const Statement *statement)
{
	MemoryContext caller = CurrentMemoryContext;
	SPIPlanPtr	plan = prepare(statement_sql(scan, statement));
	int			result = SPI_execute_plan(plan, NULL, NULL, true, 0);

	if (result != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	for (int i = 0; i < list_length(statement->outputs); i++)
		read_output(list_nth(statement->outputs, i), SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, caller);
	SPI_freetuptable(SPI_tuptable);
	SPI_freeplan(plan);
}

void
rml_scan_run(RmlScan *scan)
{
	ListCell   *cell;

	foreach(cell, statements(scan, 0))
		run(scan, lfirst(cell));
}
