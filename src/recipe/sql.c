/*
 * sql.c
 *	  riskml.recipe_sql(recipe, relation): the steps of a recipe as a SELECT.
 *
 * Columns come in by "raw", as numbers and texts whose missing ones are NULL.  Each step whose features later steps use is a
 * LATERAL subquery: it reads as the recipe does, and OFFSET 0 keeps the planner from copying its expression to wherever it is used.
 * What is output only stands in the list of the SELECT.
 *
 * Arithmetic is written as functions riskml.ieee_*(), as PostgreSQL's operators raise errors where a double gets infinite or 0.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "recipe/op.h"
#include "registry/column_names.h"
#include "registry/column_value.h"

RML_SQL_FUNCTION(riskml_recipe_sql);

struct RmlSqlWriter
{
	const RmlRecipe *recipe;
	const RmlStep *step;		/* that is being written */
	const char *relation;		/* its name, for messages */
	TupleDesc	desc;
	RmlColumnNames *names;
	bool	   *is_raw;			/* columns that "raw" has, by their number less 1 */
	StringInfoData raw;
};

/* ---- literals ---- */

char *
rml_sql_number(double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isnan(value))
		return pstrdup("NULL::double precision");
	double_to_shortest_decimal_buf(value, digits);
	return psprintf("double precision '%s'", digits);
}

char *
rml_sql_numbers(const double *values, int n)
{
	StringInfoData list;
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	initStringInfo(&list);
	appendStringInfoString(&list, "'{");
	for (int i = 0; i < n; i++)
	{
		double_to_shortest_decimal_buf(values[i], digits);
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ",", digits);
	}
	appendStringInfoString(&list, "}'::double precision[]");
	return list.data;
}

char *
rml_sql_text(const char *text, int length)
{
	return quote_literal_cstr(pnstrdup(text, (Size) length));
}

/* ---- columns ---- */

static void
refuse_column(const RmlSqlWriter *writer, int sqlstate, const char *problem, const char *hint)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("recipe step %d (feature \"%s\"): %s", writer->step->number, writer->step->name, problem),
			 hint ? errhint("%s", hint) : 0));
}

static Form_pg_attribute
find_column(const RmlSqlWriter *writer, const RmlRawColumn *column)
{
	RmlMatchHow how;
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(writer->names, column->name, &how, &other);

	if (att == NULL)
		refuse_column(writer, ERRCODE_UNDEFINED_COLUMN, psprintf("relation %s has no column \"%s\"", writer->relation, column->name), NULL);
	if (other != NULL)
		refuse_column(writer, ERRCODE_AMBIGUOUS_COLUMN,
					  psprintf("columns \"%s\" and \"%s\" of relation %s both match \"%s\"", NameStr(att->attname), NameStr(other->attname),
							   writer->relation, column->name),
					  "Rename a column, or spell the name in the recipe as the column's.");
	return att;
}

static void
refuse_type(const RmlSqlWriter *writer, Form_pg_attribute att, RmlKind kind)
{
	refuse_column(writer, ERRCODE_DATATYPE_MISMATCH,
				  psprintf("column \"%s\" of type %s cannot be read as %s", NameStr(att->attname), format_type_be(att->atttypid),
						   rml_kind_name(kind)), NULL);
}

/* Do all values of a numeric type fit a double? */
static bool
is_narrow(Form_pg_attribute att)
{
	int32		typmod = getBaseTypeAndTypmod(att->atttypid, &(int32) {0}) == NUMERICOID ? att->atttypmod : -1;
	int			precision = (typmod - VARHDRSZ) >> 16 & 0xffff;
	int			scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

	return typmod >= VARHDRSZ && precision <= 300 && scale >= 0 && scale <= 300;
}

static char *
number_sql(const RmlSqlWriter *writer, Form_pg_attribute att)
{
	RmlColumnKind kind = rml_column_kind(att->atttypid);
	char	   *column = psprintf("source.%s", quote_identifier(NameStr(att->attname)));
	char	   *number;

	if (!rml_is_number_kind(kind))
		refuse_type(writer, att, RML_KIND_NUMBER);
	if (kind == RML_COLUMN_BOOL)
		return psprintf("%s::integer::double precision", column);
	if (kind == RML_COLUMN_NUMERIC && !is_narrow(att))
		return psprintf("riskml.ieee_number(%s)", column);
	number = psprintf("%s::double precision", column);
	if (kind == RML_COLUMN_INT2 || kind == RML_COLUMN_INT4 || kind == RML_COLUMN_INT8)
		return number;
	return psprintf("CASE WHEN %s OPERATOR(pg_catalog.<>) double precision 'NaN' THEN %s END", number, number);
}

static char *
text_sql(const RmlSqlWriter *writer, Form_pg_attribute att)
{
	if (!rml_is_label_kind(rml_column_kind(att->atttypid)))
		refuse_type(writer, att, RML_KIND_TEXT);
	return psprintf("source.%s::pg_catalog.text COLLATE pg_catalog.\"C\"", quote_identifier(NameStr(att->attname)));
}

static char *
raw_sql(RmlSqlWriter *writer, const RmlRawColumn *column)
{
	Form_pg_attribute att = find_column(writer, column);
	const char *name = quote_identifier(NameStr(att->attname));

	if (!writer->is_raw[att->attnum - 1])
	{
		appendStringInfo(&writer->raw, "%s\n\t\t%s AS %s", writer->raw.len == 0 ? "" : ",",
						 column->kind == RML_KIND_TEXT ? text_sql(writer, att) : number_sql(writer, att), name);
		writer->is_raw[att->attnum - 1] = true;
	}
	return psprintf("raw.%s", name);
}

/* A feature's name, as that of a column. */
static const char *
feature_name(const RmlStep *step, int feature)
{
	const char *name = step->features[feature];

	return strlen(name) < NAMEDATALEN ? quote_identifier(name) : psprintf("f%d", feature + 1);
}

char *
rml_sql_operand(RmlSqlWriter *writer, const RmlOperand *operand)
{
	if (operand->column != NULL)
		return raw_sql(writer, operand->column);
	return psprintf("step%d.%s", operand->step->number, feature_name(operand->step, operand->feature));
}

/* AT TIME ZONE takes CET, EET and others for abbreviations, without summer time; names with a slash it does not. */
static char *
instant_sql(const char *column, const char *zone)
{
	const char *literal = quote_literal_cstr(zone);

	if (strchr(zone, '/') != NULL || strcmp(zone, "UTC") == 0)
		return psprintf("(%s AT TIME ZONE %s)", column, literal);
	return psprintf("riskml.local_time(%s, %s)", column, literal);
}

char *
rml_sql_time(RmlSqlWriter *writer, const RmlOperand *operand, const char *zone)
{
	Form_pg_attribute att = find_column(writer, operand->column);
	RmlColumnKind kind = rml_column_kind(att->atttypid);
	const char *name = quote_identifier(NameStr(att->attname));

	if (!rml_is_time_kind(kind))
		refuse_type(writer, att, RML_KIND_TIME);
	if (kind != RML_COLUMN_TIMESTAMPTZ)
		return psprintf("source.%s::timestamp", name);
	if (zone == NULL)
		refuse_column(writer, ERRCODE_DATATYPE_MISMATCH,
					  psprintf("column \"%s\" of type %s has no local time without a time zone", NameStr(att->attname),
							   format_type_be(att->atttypid)), "Give the step a \"time_zone\".");
	return instant_sql(psprintf("source.%s::timestamp with time zone", name), zone);
}

/* ---- categories ---- */

/* An expression that fails, and says why: no text that has these words is a number. */
static char *
refusal(const RmlSqlWriter *writer, const RmlOperand *operand, const char *x)
{
	char	   *why = psprintf(" is not a category of \"%s\" (recipe step %d, feature \"%s\")", operand->name, writer->step->number, writer->step->name);

	return psprintf("(%s::pg_catalog.text OPERATOR(pg_catalog.||) %s)::double precision", x, rml_sql_text(why, (int) strlen(why)));
}

char *
rml_sql_lookup(RmlSqlWriter *writer, const RmlOperand *operand, const RmlCategories *categories, const double *values,
			   double unknown, double missing, bool strict)
{
	char	   *x = rml_sql_operand(writer, operand);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CASE WHEN %s IS NULL THEN %s", x,
					 rml_sql_number(categories->null_at >= 0 ? values[categories->null_at] : missing));
	for (int i = 0; i < categories->n; i++)
	{
		if (i == categories->null_at)
			continue;
		appendStringInfo(&sql, " WHEN %s OPERATOR(pg_catalog.=) %s THEN %s", x,
						 categories->texts != NULL ? rml_sql_text(categories->texts[i], categories->lengths[i])
						 : rml_sql_number(categories->numbers[i]), rml_sql_number(values[i]));
	}
	appendStringInfo(&sql, " ELSE %s END", strict ? refusal(writer, operand, x) : rml_sql_number(unknown));
	return sql.data;
}

/* ---- the statement ---- */

/* Which features do outputs need, by step and feature? */
static bool **
find_needed(const RmlRecipe *recipe)
{
	bool	  **needed = palloc(sizeof(bool *) * (Size) recipe->n_steps);

	for (int i = 0; i < recipe->n_steps; i++)
		needed[i] = palloc0((Size) recipe->steps[i].n_features + 1);
	for (int i = recipe->n_steps - 1; i >= 0; i--)
	{
		const RmlStep *step = &recipe->steps[i];
		bool		is_needed = false;

		for (int k = 0; k < step->n_features; k++)
			is_needed = is_needed || needed[i][k] || rml_feature_is_output(step, k);
		for (int k = 0; k < step->n_inputs && is_needed; k++)
		{
			if (step->inputs[k].step != NULL)
				needed[step->inputs[k].step->number - 1][step->inputs[k].feature] = true;
		}
	}
	return needed;
}

static char *
feature_sql(RmlSqlWriter *writer, int feature)
{
	CHECK_FOR_INTERRUPTS();
	return writer->step->op->sql(writer->step, feature, writer);
}

/* The features that later steps use, as a subquery. */
static void
write_subquery(RmlSqlWriter *writer, const bool *needed, StringInfo from)
{
	const RmlStep *step = writer->step;
	bool		is_first = true;

	for (int k = 0; k < step->n_features; k++)
	{
		if (!needed[k])
			continue;
		appendStringInfo(from, "%s%s AS %s", is_first ? "\nCROSS JOIN LATERAL (SELECT\n\t\t" : ",\n\t\t", feature_sql(writer, k),
						 feature_name(step, k));
		is_first = false;
	}
	if (!is_first)
		appendStringInfo(from, "\n\tOFFSET 0) AS step%d", step->number);
}

/* The parser cuts names, too, but says so each time. */
static const char *
output_name(const char *name)
{
	return quote_identifier(pnstrdup(name, (Size) pg_mbcliplen(name, (int) strlen(name), NAMEDATALEN - 1)));
}

static int
write_outputs(RmlSqlWriter *writer, const bool *needed, int n, StringInfo select)
{
	const RmlStep *step = writer->step;

	for (int k = 0; k < step->n_features; k++)
	{
		if (!rml_feature_is_output(step, k))
			continue;
		appendStringInfo(select, "%s\n\t%s AS %s", n++ == 0 ? "" : ",",
						 needed[k] ? psprintf("step%d.%s", step->number, feature_name(step, k)) : feature_sql(writer, k),
						 output_name(step->features[k]));
	}
	return n;
}

static char *
write_statement(RmlSqlWriter *writer)
{
	const RmlRecipe *recipe = writer->recipe;
	bool	  **needed = find_needed(recipe);
	StringInfoData select;
	StringInfoData from;
	int			n = 0;

	initStringInfo(&select);
	initStringInfo(&from);
	for (int i = 0; i < recipe->n_steps; i++)
	{
		writer->step = &recipe->steps[i];
		write_subquery(writer, needed[i], &from);
		n = write_outputs(writer, needed[i], n, &select);
	}
	if (n > MaxTupleAttributeNumber)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("the recipe has %d outputs, and a statement can have %d columns", n, MaxTupleAttributeNumber)));
	return psprintf("SELECT%s\nFROM %s AS source%s%s%s%s", select.data, writer->relation,
					writer->raw.len > 0 ? "\nCROSS JOIN LATERAL (SELECT" : "", writer->raw.data, writer->raw.len > 0 ? ") AS raw" : "",
					from.data);
}

static Relation
open_relation(Oid oid)
{
	Relation	rel = try_relation_open(oid, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", oid)));
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
			return rel;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is no table or view", RelationGetRelationName(rel))));
	}
	return NULL;
}

Datum
riskml_recipe_sql(PG_FUNCTION_ARGS)
{
	RmlRecipe  *recipe = rml_recipe_read(PG_GETARG_JSONB_P(0), NULL);
	Relation	rel = open_relation(PG_GETARG_OID(1));
	RmlSqlWriter writer = {.recipe = recipe};
	char	   *sql;

	rml_recipe_require_fitted(recipe);
	writer.relation = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), RelationGetRelationName(rel));
	writer.desc = RelationGetDescr(rel);
	writer.names = rml_column_names(writer.desc);
	writer.is_raw = palloc0((Size) writer.desc->natts);
	initStringInfo(&writer.raw);
	sql = write_statement(&writer);
	relation_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(sql));
}
