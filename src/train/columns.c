/*
 * columns.c
 *	  Columns of the queries of a training: which are features, and what the others are for.
 *
 * A query is a table expression of the statement that runs, which asks for just what is needed.  Rows come in the order of the query.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "quality/subject.h"
#include "registry/column_names.h"
#include "registry/nearest.h"
#include "train/columns.h"

/* ---- finding ---- */

static const char *
near_column(TupleDesc desc, const char *name)
{
	const char **names = palloc(sizeof(char *) * (Size) Max(desc->natts, 1));

	for (int i = 0; i < desc->natts; i++)
		names[i] = NameStr(TupleDescAttr(desc, i)->attname);
	return rml_near_word(name, names, desc->natts);
}

/* what: the argument that names it. */
static Form_pg_attribute
find_column(const RmlTrainQuery *query, const char *what, const char *name)
{
	RmlMatchHow how;
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(rml_column_names(query->desc), name, &how, &other);
	const char *near;

	if (att == NULL)
	{
		near = near_column(query->desc, name);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s: %s has no column \"%s\"", what, query->noun, name),
				 near != NULL ? errhint("Did you mean \"%s\"?", near) : 0));
	}
	if (other != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("%s: %s has two columns for \"%s\", \"%s\" and \"%s\"", what, query->noun, name, NameStr(att->attname),
						NameStr(other->attname)),
				 errhint("Give one of them another name.")));
	return att;
}

/* A name of the query that the statement can refer to. */
static void
require_single(const RmlTrainQuery *query, const char *name)
{
	int			n = 0;

	for (int i = 0; i < query->desc->natts; i++)
		n += strcmp(NameStr(TupleDescAttr(query->desc, i)->attname), name) == 0;
	if (n > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("%s has two columns \"%s\"", query->noun, name),
				 errhint("Give one of them another name.")));
}

static void
take_column(const RmlTrainQuery *query, RmlTrainColumn *column, Form_pg_attribute att)
{
	Oid			element = get_base_element_type(att->atttypid);

	require_single(query, NameStr(att->attname));
	column->name = pstrdup(NameStr(att->attname));
	column->type = att->atttypid;
	column->collation = att->attcollation;
	column->is_array = OidIsValid(element);
	column->kind = rml_column_kind(column->is_array ? element : att->atttypid);
}

const char *
rml_train_type_name(const RmlTrainColumn *column)
{
	return format_type_be(column->type);
}

/* ---- what columns are for ---- */

static bool
is_number(const RmlTrainColumn *column)
{
	return !column->is_array && column->kind != RML_COLUMN_UNTYPED && rml_is_number_kind(column->kind);
}

static void
find_label(const RmlTrainQuery *query, RmlTrainColumn *column, const char *what, const char *name)
{
	take_column(query, column, find_column(query, what, name));
	if (!is_number(column))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s \"%s\" is of type %s, but must be a number or a boolean", what, column->name, rml_train_type_name(column)),
				 rml_is_label_kind(column->kind) ? errhint("Classes are numbered from 0: CASE ... WHEN ... THEN 1 ELSE 0 END.") : 0));
}

static void
find_weight(const RmlTrainQuery *query, RmlTrainColumn *column, const char *name)
{
	take_column(query, column, find_column(query, "weight", name));
	if (!is_number(column))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("weight \"%s\" is of type %s, but must be a number", column->name, rml_train_type_name(column))));
}

/* Rows of a group have equal values. */
static void
find_group(const RmlTrainQuery *query, RmlTrainColumn *column, const char *name)
{
	TypeCacheEntry *type;

	take_column(query, column, find_column(query, "group_column", name));
	type = lookup_type_cache(column->type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	if (!OidIsValid(type->hash_extended_proc))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("group_column \"%s\" is of type %s, whose values cannot be hashed", column->name, rml_train_type_name(column)),
				 errhint("Cast it to text.")));
}

static void
find_validation(const RmlTrainQuery *query, RmlTrainColumn *column, const char *name)
{
	take_column(query, column, find_column(query, "validation", name));
	if (column->is_array || column->kind != RML_COLUMN_BOOL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("validation: column \"%s\" is of type %s, but must be a boolean", column->name, rml_train_type_name(column)),
				 errhint("Rows where it is true are held out.")));
}

/* ---- the argument "validation" ---- */

static bool
read_fraction(const char *text, double *fraction)
{
	char	   *end;

	*fraction = strtod(text, &end);
	return end != text && end[strspn(end, " \t\n")] == '\0';
}

static bool
has_column(TupleDesc desc, const char *name)
{
	RmlMatchHow how;
	Form_pg_attribute other;

	return rml_column_find(rml_column_names(desc), name, &how, &other) != NULL;
}

/* Nobody writes a query in one word. */
static bool
is_word(const char *text)
{
	return text[strcspn(text, " \t\r\n(")] == '\0';
}

/* A fraction, a column or a query. */
static void
read_validation(RmlTrainQuery *query, const char *validation, RmlTrainSplit *split)
{
	*split = (RmlTrainSplit) {0};
	if (validation == NULL)
		return;
	if (read_fraction(validation, &split->fraction))
	{
		if (!(split->fraction > 0 && split->fraction < 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("validation: a fraction must be above 0 and below 1, not %s", validation)));
		return;
	}
	split->fraction = 0;
	if (has_column(query->desc, validation) || is_word(validation))
	{
		if (!has_column(query->desc, validation))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("validation: %s has no column \"%s\"", query->noun, validation),
					 errhint("It is a fraction of the rows, a column of booleans, or a query of rows that are held out.")));
		split->column = validation;
		find_validation(query, &query->validation, validation);
	}
	else
		split->query = validation;
}

/* ---- a query ---- */

static void
find_others(RmlTrainQuery *query, const char *label, const char *label_upper, const char *weight, const char *group)
{
	find_label(query, &query->label, "label", label);
	if (label_upper != NULL)
		find_label(query, &query->label_upper, "label_upper", label_upper);
	if (weight != NULL)
		find_weight(query, &query->weight, weight);
	if (group != NULL)
		find_group(query, &query->group, group);
}

static void
open_subject(RmlTrainQuery *query, const char *noun, const char *sql)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlSubject	subject;

	/* which ends in SPI's memory */
	rml_subject_open(&subject, InvalidOid, sql, NULL);
	MemoryContextSwitchTo(caller);
	memset(query, 0, sizeof(*query));
	query->noun = noun;
	query->desc = CreateTupleDescCopy(subject.columns);
	query->from = pstrdup(subject.from);
}

void
rml_train_query_open(RmlTrainQuery *query, const RmlTrainArguments *arguments, RmlTrainSplit *split)
{
	open_subject(query, "the query", arguments->query);
	find_others(query, arguments->label, arguments->label_upper, arguments->weight, arguments->group_column);
	read_validation(query, arguments->validation, split);
}

/* Asks for all that is read. */
static void
make_statement(RmlTrainQuery *query)
{
	RmlTrainColumn *others[] = {&query->label, &query->label_upper, &query->weight, &query->group, &query->validation};
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT");
	for (int i = 0; i < query->n; i++)
		appendStringInfo(&sql, "%s source.%s", i == 0 ? "" : ",", quote_identifier(query->columns[i].name));
	query->n_places = query->n;
	for (int i = 0; i < (int) lengthof(others); i++)
	{
		if (others[i]->name == NULL)
			continue;
		others[i]->place = query->n_places++;
		appendStringInfo(&sql, "%s source.%s", others[i]->place == 0 ? "" : ",", quote_identifier(others[i]->name));
	}
	appendStringInfo(&sql, " FROM %s", query->from);
	query->sql = sql.data;
}

/* ---- features ---- */

static bool
is_feature_type(const RmlTrainColumn *column)
{
	if (column->is_array)
		return column->kind != RML_COLUMN_UNTYPED && rml_is_number_kind(column->kind);
	return rml_is_number_kind(column->kind) || rml_is_label_kind(column->kind);
}

static void
check_feature(const RmlTrainColumn *column)
{
	if (!is_feature_type(column))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be a feature", column->name, rml_train_type_name(column)),
				 errhint("Features are numbers, booleans, texts, enums and arrays of numbers. Cast it, or make features of it with a recipe.")));
	if (strpbrk(column->name, "[]<") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("XGBoost takes no feature of the name \"%s\"", column->name),
				 errdetail("A name must not have any of [ ] <."),
				 errhint("Give the column another name.")));
}

static bool
is_same(const RmlTrainColumn *column, const char *name)
{
	return column->name != NULL && strcmp(column->name, name) == 0;
}

static void
refuse_twice(const RmlTrainQuery *query)
{
	for (int i = 0; i < query->n; i++)
	{
		for (int k = 0; k < i; k++)
		{
			if (strcmp(query->columns[i].name, query->columns[k].name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("features: column \"%s\" is named twice", query->columns[i].name)));
		}
	}
}

static void
take_named(RmlTrainQuery *query, const RmlTrainArguments *arguments)
{
	for (int i = 0; i < arguments->n_features; i++)
	{
		RmlTrainColumn *column = &query->columns[query->n++];

		take_column(query, column, find_column(query, "features", arguments->features[i]));
		if (is_same(&query->label, column->name) || is_same(&query->label_upper, column->name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("features: the label \"%s\" cannot be a feature", column->name)));
	}
	refuse_twice(query);
}

static void
take_all(RmlTrainQuery *query)
{
	for (int i = 0; i < query->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(query->desc, i);
		const char *name = NameStr(att->attname);

		if (is_same(&query->label, name) || is_same(&query->label_upper, name) || is_same(&query->weight, name) ||
			is_same(&query->group, name) || is_same(&query->validation, name))
			continue;
		take_column(query, &query->columns[query->n++], att);
	}
}

void
rml_train_query_find_features(RmlTrainQuery *query, const RmlTrainArguments *arguments)
{
	query->columns = palloc0(sizeof(RmlTrainColumn) * (Size) (Max(query->desc->natts, arguments->n_features) + 1));
	if (arguments->features != NULL)
		take_named(query, arguments);
	else
		take_all(query);
	if (query->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no feature"),
				 errdetail("The query has no other columns than those that arguments name.")));
	for (int i = 0; i < query->n; i++)
	{
		check_feature(&query->columns[i]);
		query->columns[i].place = i;
	}
	make_statement(query);
}

void
rml_train_query_take(RmlTrainQuery *query, const char *const *names, int n)
{
	query->columns = palloc0(sizeof(RmlTrainColumn) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		RmlTrainColumn *column = &query->columns[query->n++];

		take_column(query, column, find_column(query, "recipe", names[i]));
		column->place = i;
	}
	make_statement(query);
}

/* ---- rows that are held out ---- */

/* Both are read alike? */
static bool
reads_alike(const RmlTrainColumn *a, const RmlTrainColumn *b)
{
	if (a->is_array != b->is_array)
		return false;
	if (rml_is_number_kind(a->kind) && rml_is_number_kind(b->kind))
		return true;
	return (rml_is_label_kind(a->kind) && rml_is_label_kind(b->kind)) || a->kind == b->kind;
}

void
rml_train_query_open_like(RmlTrainQuery *query, const RmlTrainQuery *model, const char *sql, const char *const *names)
{
	open_subject(query, "the query of validation", sql);
	find_others(query, model->label.name, model->label_upper.name, model->weight.name, model->group.name);
	query->columns = palloc0(sizeof(RmlTrainColumn) * (Size) Max(model->n, 1));
	for (int i = 0; i < model->n; i++)
	{
		RmlTrainColumn *column = &query->columns[query->n++];

		take_column(query, column, find_column(query, "validation", names == NULL ? model->columns[i].name : names[i]));
		if (!reads_alike(column, &model->columns[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("validation: column \"%s\" is of type %s, but of type %s in the query", column->name, rml_train_type_name(column),
							rml_train_type_name(&model->columns[i]))));
		column->place = i;
	}
	make_statement(query);
}
