/*
 * source.c
 *	  Where a load reads: a relation by its name, or a query.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/varlena.h"

#include "load/source.h"

/* ---- is it a query? ---- */

/* Behind spaces and comments. */
static const char *
skip_blank(const char *text)
{
	for (;;)
	{
		int			depth = 0;

		while (isspace((unsigned char) *text))
			text++;
		if (text[0] == '-' && text[1] == '-')
		{
			text += strcspn(text, "\n\r");
			continue;
		}
		if (text[0] != '/' || text[1] != '*')
			return text;
		do
		{
			if (text[0] == '/' && text[1] == '*')
				depth++, text += 2;
			else if (text[0] == '*' && text[1] == '/')
				depth--, text += 2;
			else if (text[0] != '\0')
				text++;
			else
				return text;
		} while (depth > 0);
	}
}

static bool
is_query(const char *text)
{
	static const char *const words[] = {"select", "with", "values", "table"};
	size_t		length = 0;

	text = skip_blank(text);
	if (*text == '(')
		return true;
	while (isalnum((unsigned char) text[length]) || text[length] == '_' || text[length] == '$' ||
		   IS_HIGHBIT_SET(text[length]))
		length++;
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (length == strlen(words[i]) && pg_strncasecmp(text, words[i], length) == 0)
			return true;
	}
	return false;
}

/* ---- a query ---- */

/* A copy without spaces at either end. */
static char *
trimmed(const char *text, size_t length)
{
	while (length > 0 && isspace((unsigned char) *text))
		text++, length--;
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	return pnstrdup(text, length);
}

static void
read_query(const char *text, RmlSource *source)
{
	List	   *statements = raw_parser(text, RAW_PARSE_DEFAULT);
	RawStmt    *statement;

	if (list_length(statements) != 1 || !IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a source must be one query"),
				 errdetail("It has %d statements.", list_length(statements))));
	statement = linitial_node(RawStmt, statements);
	/* without the semicolon */
	source->text = trimmed(text + statement->stmt_location,
						   statement->stmt_len > 0 ? (size_t) statement->stmt_len : strlen(text + statement->stmt_location));
	source->relation = InvalidOid;
}

/* ---- a relation ---- */

/* The name as it was given, without a semicolon. */
static char *
plain_name(const char *text)
{
	char	   *name = trimmed(text, strlen(text));
	size_t		length = strlen(name);

	return length > 0 && name[length - 1] == ';' ? trimmed(name, length - 1) : name;
}

static Oid
find_relation(const char *name, bool missing_ok)
{
	List	   *parts = NIL;
	List	   *names = NIL;
	ListCell   *cell;
	Oid			found = InvalidOid;

	if (SplitIdentifierString(pstrdup(name), '.', &parts) && parts != NIL)
	{
		foreach(cell, parts)
			names = lappend(names, makeString(pstrdup(lfirst(cell))));
		found = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	}
	if (!OidIsValid(found) && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source \"%s\" does not exist", name),
				 errhint("A source is the name of a relation, with quotes where SQL needs them, or a query that begins with SELECT, WITH, VALUES, TABLE or a parenthesis.")));
	return found;
}

void
rml_source_read(const char *text, bool missing_ok, RmlSource *source)
{
	memset(source, 0, sizeof(*source));
	if (is_query(text))
	{
		read_query(text, source);
		return;
	}
	source->text = plain_name(text);
	source->relation = find_relation(source->text, missing_ok);
	if (OidIsValid(source->relation))
		source->text = quote_qualified_identifier(get_namespace_name(get_rel_namespace(source->relation)),
												  get_rel_name(source->relation));
}

/* ---- SQL ---- */

char *
rml_source_sql(const RmlSource *source, const char *more, const char *condition)
{
	/* a line of its own, as the query may end with a comment */
	return psprintf(OidIsValid(source->relation) ? "SELECT source.*%s%s FROM %s AS source%s%s" :
					"SELECT source.*%s%s FROM (%s\n) AS source%s%s",
					more ? ", " : "", more ? more : "", source->text,
					condition ? " WHERE " : "", condition ? condition : "");
}

static bool
is_foreign(Oid relation)
{
	ListCell   *cell;

	if (get_rel_relkind(relation) == RELKIND_FOREIGN_TABLE)
		return true;
	if (!has_subclass(relation))
		return false;
	foreach(cell, find_all_inheritors(relation, AccessShareLock, NULL))
	{
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_FOREIGN_TABLE)
			return true;
	}
	return false;
}

/* Views are seen through: the query has been rewritten. */
static bool
is_elsewhere(const CachedPlanSource *query)
{
	ListCell   *cell;

	foreach(cell, query->relationOids)
	{
		if (is_foreign(lfirst_oid(cell)))
			return true;
	}
	return contain_volatile_functions((Node *) query->query_list);
}

void
rml_source_describe(RmlSource *source)
{
	SPIPlanPtr	plan = SPI_prepare(rml_source_sql(source, NULL, NULL), 0, NULL);
	CachedPlanSource *query;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	query = linitial(SPI_plan_get_plan_sources(plan));
	source->columns = CreateTupleDescCopy(query->resultDesc);
	source->is_elsewhere = is_elsewhere(query);
	SPI_freeplan(plan);
}
