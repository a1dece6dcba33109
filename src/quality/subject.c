/*
 * subject.c
 *	  What is judged: a relation or a query, and its columns.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"

#include "quality/subject.h"

typedef struct Parsed
{
	const char *what;			/* for people */
	const char *text;
} Parsed;

/* The position of a syntax error is one in this text, not in the statement that called. */
static void
move_position(void *argument)
{
	const Parsed *parsed = argument;
	int			position = geterrposition();

	errcontext("%s", parsed->what);
	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(position);
	internalerrquery(parsed->text);
}

static List *
parse(const char *what, const char *text)
{
	Parsed		parsed = {what, text};
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = move_position, .arg = &parsed};
	List	   *statements;

	error_context_stack = &callback;
	statements = raw_parser(text, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;
	return statements;
}

/* Is it SELECT 1 WHERE …, and nothing else? */
static bool
is_plain_where(const List *statements)
{
	const SelectStmt *select;

	if (list_length(statements) != 1 || !IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt))
		return false;
	select = (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
	return select->op == SETOP_NONE && select->whereClause != NULL && list_length(select->targetList) == 1 &&
		select->fromClause == NIL && select->groupClause == NIL && select->havingClause == NULL &&
		select->windowClause == NIL && select->sortClause == NIL && select->limitOffset == NULL &&
		select->limitCount == NULL && select->lockingClause == NIL && select->withClause == NULL &&
		select->intoClause == NULL && select->distinctClause == NIL && select->valuesLists == NIL;
}

void
rml_check_condition(const char *what, const char *text)
{
	if (!is_plain_where(parse(what, psprintf("SELECT 1 WHERE %s\n", text))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be one condition, as behind WHERE", what),
				 errdetail("It is: %s", text)));
}

char *
rml_check_query(const char *what, const char *text)
{
	List	   *statements = parse(what, text);
	RawStmt    *statement;

	if (list_length(statements) != 1 || !IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt) ||
		((SelectStmt *) linitial_node(RawStmt, statements)->stmt)->intoClause != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be one query that only reads", what),
				 list_length(statements) == 1 ? 0 : errdetail("It has %d statements.", list_length(statements)),
				 errhint("It begins with SELECT, WITH, VALUES or TABLE.")));
	statement = linitial_node(RawStmt, statements);
	text += statement->stmt_location;
	return statement->stmt_len > 0 ? pnstrdup(text, (Size) statement->stmt_len) : pstrdup(text);
}

static TupleDesc
describe(const char *from)
{
	SPIPlanPtr	plan = SPI_prepare(psprintf("SELECT source.* FROM %s", from), 0, NULL);
	CachedPlanSource *query;
	TupleDesc	columns;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	query = linitial(SPI_plan_get_plan_sources(plan));
	columns = CreateTupleDescCopy(query->resultDesc);
	SPI_freeplan(plan);
	return columns;
}

void
rml_subject_open(RmlSubject *subject, Oid relation, const char *query, const char *filter)
{
	/* a line of its own behind what users wrote, as that may end with a comment */
	if (query != NULL)
	{
		subject->batch = psprintf("(%s\n)", rml_check_query("parameter \"query\"", query));
		subject->name = query;
	}
	else
	{
		if (get_rel_name(relation) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", relation)));
		subject->batch = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
		subject->name = subject->batch;
	}
	if (filter != NULL)
	{
		rml_check_condition("the filter", filter);
		subject->batch = psprintf("(SELECT * FROM %s AS %s WHERE (%s\n))", subject->batch,
								  query ? "source" : quote_identifier(get_rel_name(relation)), filter);
	}
	subject->from = psprintf("%s AS source", subject->batch);
	subject->columns = describe(subject->from);
}

int
rml_subject_column(const RmlSubject *subject, const char *name)
{
	for (int i = 0; i < subject->columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(subject->columns, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
			return i;
	}
	return -1;
}
