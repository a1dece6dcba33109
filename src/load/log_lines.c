/*
 * log_lines.c
 *	  A line that matches a regular expression with named groups.
 *
 * PostgreSQL's regular expressions have no names for groups: they are taken out
 * of the pattern here, and kept with the groups' numbers.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "load/rows.h"

/* As it is written, and where we are in it. */
typedef struct Pattern
{
	const char *at;
	StringInfoData plain;		/* without names */
	int			n_groups;
	List	   *names;			/* of the named groups, char * */
	List	   *numbers;		/* theirs */
} Pattern;

typedef struct LogLines
{
	RmlLineParser parser;
	text	   *pattern;
	int			n;				/* columns */
	int		   *groups;			/* their numbers */
	int			n_matches;		/* to ask for */
	regmatch_t *matches;
	pg_wchar   *wide;
	size_t		wide_size;
	MemoryContext context;
	MemoryContext line;			/* reset for each */
} LogLines;

/* ---- the pattern ---- */

static void
copy_bracket(Pattern *p)
{
	/* a ] that comes first stands for itself */
	appendStringInfoChar(&p->plain, *p->at++);
	if (*p->at == '^')
		appendStringInfoChar(&p->plain, *p->at++);
	if (*p->at == ']')
		appendStringInfoChar(&p->plain, *p->at++);
	while (*p->at != '\0' && *p->at != ']')
	{
		char		kind = p->at[0] == '[' ? p->at[1] : '\0';

		if (kind == ':' || kind == '.' || kind == '=')
		{
			const char	close[3] = {kind, ']', '\0'};
			const char *end = strstr(p->at + 2, close);

			if (end == NULL)
				end = p->at + strlen(p->at) - 2;
			appendBinaryStringInfo(&p->plain, p->at, (int) (end + 2 - p->at));
			p->at = end + 2;
			continue;
		}
		if (p->at[0] == '\\' && p->at[1] != '\0')
			appendStringInfoChar(&p->plain, *p->at++);
		appendStringInfoChar(&p->plain, *p->at++);
	}
}

static bool
is_name_part(char c)
{
	return isalnum((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static void
copy_group(Pattern *p)
{
	const char *name;
	const char *end;

	appendStringInfoChar(&p->plain, *p->at++);
	if (p->at[0] != '?')
	{
		p->n_groups++;
		return;
	}
	name = p->at[1] == 'P' ? p->at + 2 : p->at + 1;
	/* (?: (?= (?! (?<= (?<! are none that captures */
	if (*name != '<' || name[1] == '=' || name[1] == '!')
		return;
	name++;
	for (end = name; is_name_part(*end); end++)
		;
	if (*end != '>' || end == name)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("the name of a group of the pattern is not closed by \">\""),
				 errdetail("It begins at \"%.40s\".", p->at - 1)));
	p->n_groups++;
	p->names = lappend(p->names, pnstrdup(name, end - name));
	p->numbers = lappend_int(p->numbers, p->n_groups);
	p->at = end + 1;
}

static void
check_names(const Pattern *p)
{
	ListCell   *a;

	if (p->names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the pattern has no named group"),
				 errhint("A group that is a column is written (?<column>...).")));
	foreach(a, p->names)
	{
		ListCell   *b;

		for_each_from(b, p->names, foreach_current_index(a) + 1)
		{
			if (strcmp(lfirst(a), lfirst(b)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("the pattern has two groups \"%s\"", (char *) lfirst(a))));
		}
	}
}

static void
read_pattern(const char *text, Pattern *p)
{
	memset(p, 0, sizeof(*p));
	p->at = text;
	initStringInfo(&p->plain);
	while (*p->at != '\0')
	{
		if (*p->at == '\\' && p->at[1] != '\0')
		{
			appendBinaryStringInfo(&p->plain, p->at, 2);
			p->at += 2;
		}
		else if (*p->at == '[')
			copy_bracket(p);
		else if (*p->at == '(')
			copy_group(p);
		else
			appendStringInfoChar(&p->plain, *p->at++);
	}
	check_names(p);
}

List *
rml_pattern_groups(const char *pattern)
{
	Pattern		p;

	read_pattern(pattern, &p);
	return p.names;
}

/* ---- lines ---- */

static regex_t *
compiled(const LogLines *lines)
{
	return RE_compile_and_cache(lines->pattern, REG_ADVANCED, DEFAULT_COLLATION_OID);
}

static bool
match(LogLines *lines, const char *record, size_t length)
{
	regex_t    *re = compiled(lines);
	int			n;
	int			result;
	char		why[100];

	if (lines->wide_size < length + 1)
	{
		if (lines->wide != NULL)
			pfree(lines->wide);
		lines->wide_size = (length + 1) * 2;
		lines->wide = MemoryContextAllocHuge(lines->context, lines->wide_size * sizeof(pg_wchar));
	}
	n = pg_mb2wchar_with_len(record, lines->wide, (int) length);
	result = pg_regexec(re, lines->wide, n, 0, NULL, lines->n_matches, lines->matches, 0);
	if (result == REG_OKAY)
		return true;
	if (result == REG_NOMATCH)
		return false;
	/* PostgreSQL 15 tells by this that the query is cancelled */
	CHECK_FOR_INTERRUPTS();
	pg_regerror(result, re, why, sizeof(why));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
			 errmsg("regular expression failed: %s", why)));
}

static bool
parse(RmlLineParser *parser, const char *record, size_t length, RmlValue *values, RmlRowFault *fault)
{
	LogLines   *lines = (LogLines *) parser;

	if (!match(lines, record, length))
	{
		fault->sqlstate = ERRCODE_BAD_COPY_FILE_FORMAT;
		fault->column = NULL;
		fault->message = "the line does not match the pattern";
		return false;
	}
	MemoryContextReset(lines->line);
	for (int i = 0; i < lines->n; i++)
	{
		const regmatch_t *found = &lines->matches[lines->groups[i]];
		RmlValue   *value = &values[i];
		int			n = (int) (found->rm_eo - found->rm_so);
		char	   *text;

		value->given = true;
		value->is_null = found->rm_so < 0;
		if (value->is_null)
			continue;
		text = MemoryContextAllocHuge(lines->line, (Size) n * MAX_MULTIBYTE_CHAR_LEN + 1);
		value->length = pg_wchar2mb_with_len(lines->wide + found->rm_so, text, n);
		value->data = text;
	}
	return true;
}

RmlLineParser *
rml_log_lines(const char *pattern, const RmlTargetColumn *columns, int n)
{
	LogLines   *lines = palloc0(sizeof(LogLines));
	Pattern		p;
	ListCell   *cell;

	read_pattern(pattern, &p);
	lines->parser.parse = parse;
	lines->parser.encoding = GetDatabaseEncoding();
	lines->pattern = cstring_to_text(p.plain.data);
	lines->context = CurrentMemoryContext;
	lines->line = AllocSetContextCreate(CurrentMemoryContext, "riskml log line", ALLOCSET_DEFAULT_SIZES);
	lines->n = n;
	lines->groups = palloc0(sizeof(int) * n);
	lines->n_matches = p.n_groups + 1;
	lines->matches = palloc(sizeof(regmatch_t) * lines->n_matches);
	foreach(cell, p.names)
	{
		for (int i = 0; i < n; i++)
		{
			if (strcmp(columns[i].in_file, lfirst(cell)) == 0)
				lines->groups[i] = list_nth_int(p.numbers, foreach_current_index(cell));
		}
	}
	/* what is wrong with it is told before a file is opened */
	if (compiled(lines)->re_nsub != (size_t) p.n_groups)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("the groups of the pattern cannot be told apart"),
				 errhint("Write it as an advanced regular expression, without directives such as ***=.")));
	return &lines->parser;
}
