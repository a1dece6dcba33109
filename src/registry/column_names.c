/*
 * column_names.c
 *	  How the name of a feature finds its column in a row type.
 *
 * Exact, else unique after folding the case of ASCII letters, else unique after
 * folding and truncation to 63 bytes, as PostgreSQL treats identifiers without
 * quotes.  Columns are looked up in a list sorted by their folded names, for a
 * model may have 100,000 features and a row 1,600 columns.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "registry/column_names.h"

/* A column under its folded name. */
typedef struct Column
{
	char	   *folded;
	Form_pg_attribute att;
} Column;

struct RmlColumnNames
{
	Column	   *columns;		/* sorted by folded name */
	int			n;
};

static char *
fold(const char *name, int length)
{
	char	   *folded = pnstrdup(name, length);

	for (char *p = folded; *p; p++)
		*p = (char) pg_ascii_tolower((unsigned char) *p);
	return folded;
}

static int
compare_columns(const void *a, const void *b)
{
	const Column *ca = a;
	const Column *cb = b;
	int			order = strcmp(ca->folded, cb->folded);

	return order != 0 ? order : ca->att->attnum - cb->att->attnum;
}

RmlColumnNames *
rml_column_names(TupleDesc desc)
{
	RmlColumnNames *names = palloc0(sizeof(RmlColumnNames));

	names->columns = palloc(sizeof(Column) * ((Size) desc->natts + 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Column	   *column = &names->columns[names->n];

		if (att->attisdropped)
			continue;
		column->folded = fold(NameStr(att->attname), (int) strlen(NameStr(att->attname)));
		column->att = att;
		names->n++;
	}
	qsort(names->columns, names->n, sizeof(Column), compare_columns);
	return names;
}

void
rml_column_names_free(RmlColumnNames *names)
{
	for (int i = 0; i < names->n; i++)
		pfree(names->columns[i].folded);
	pfree(names->columns);
	pfree(names);
}

/* Index of the first column with this folded name, or of the first behind it. */
static int
find_folded(const RmlColumnNames *names, const char *folded)
{
	int			low = 0;
	int			high = names->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (strcmp(names->columns[middle].folded, folded) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Takes the one column with this folded name, for RML_MATCH_EXACT the one that
 * is spelled like the feature; NULL if there is none.
 */
static Form_pg_attribute
take_column(const RmlColumnNames *names, const char *feature, const char *folded,
			RmlMatchHow how, Form_pg_attribute *other)
{
	Form_pg_attribute taken = NULL;

	for (int i = find_folded(names, folded);
		 i < names->n && strcmp(names->columns[i].folded, folded) == 0; i++)
	{
		Form_pg_attribute att = names->columns[i].att;

		if (how == RML_MATCH_EXACT && strcmp(NameStr(att->attname), feature) != 0)
			continue;
		if (taken != NULL)
		{
			*other = att;
			break;
		}
		taken = att;
	}
	return taken;
}

Form_pg_attribute
rml_column_find(const RmlColumnNames *names, const char *feature, RmlMatchHow *how,
				Form_pg_attribute *other)
{
	int			length = (int) strlen(feature);
	char	   *folded = fold(feature, length);
	Form_pg_attribute found;

	*other = NULL;
	*how = RML_MATCH_EXACT;
	found = take_column(names, feature, folded, *how, other);
	if (found == NULL)
	{
		*how = RML_MATCH_FOLDED;
		found = take_column(names, feature, folded, *how, other);
	}
	if (found == NULL && length >= NAMEDATALEN)
	{
		folded[pg_mbcliplen(feature, length, NAMEDATALEN - 1)] = '\0';
		*how = RML_MATCH_TRUNCATED;
		found = take_column(names, feature, folded, *how, other);
	}
	if (found == NULL)
		*how = RML_MATCH_NONE;
	pfree(folded);
	return found;
}
