/*
 * match.c
 *	  How the features of a model find their columns in a row type.
 *
 * By name: exact, else unique after folding the case of ASCII letters, else
 * unique after truncation to 63 bytes as PostgreSQL truncates identifiers.
 * Never a guess: two candidates, or one column for two features, are errors.
 * By position only if the type is anonymous and its names are f1 ... fk.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "score/match.h"

static RmlColumnKind
column_kind(Oid type)
{
	switch (getBaseType(type))
	{
		case BOOLOID:
			return RML_COLUMN_BOOL;
		case INT2OID:
			return RML_COLUMN_INT2;
		case INT4OID:
			return RML_COLUMN_INT4;
		case INT8OID:
			return RML_COLUMN_INT8;
		case FLOAT4OID:
			return RML_COLUMN_FLOAT4;
		case FLOAT8OID:
			return RML_COLUMN_FLOAT8;
		case NUMERICOID:
			return RML_COLUMN_NUMERIC;
		case UNKNOWNOID:
			return RML_COLUMN_UNTYPED;
		default:
			return RML_COLUMN_UNREADABLE;
	}
}

float
rml_column_value(RmlColumnKind kind, Datum value)
{
	switch (kind)
	{
		case RML_COLUMN_BOOL:
			return DatumGetBool(value) ? 1.0f : 0.0f;
		case RML_COLUMN_INT2:
			return (float) DatumGetInt16(value);
		case RML_COLUMN_INT4:
			return (float) DatumGetInt32(value);
		case RML_COLUMN_INT8:
			return (float) DatumGetInt64(value);
		case RML_COLUMN_FLOAT4:
			return DatumGetFloat4(value);
		case RML_COLUMN_FLOAT8:
			return (float) DatumGetFloat8(value);
		case RML_COLUMN_NUMERIC:
			/* through float8, as Python does */
			return (float) DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
		case RML_COLUMN_UNTYPED:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("an element of the row is a literal without a type"),
					 errhint("Cast it to a numeric type.")));
		case RML_COLUMN_UNREADABLE:
			break;
	}
	pg_unreachable();
}

const char *
rml_match_how_name(RmlMatchHow how)
{
	static const char *const names[] = {
		[RML_MATCH_NONE] = NULL,
		[RML_MATCH_EXACT] = "exact",
		[RML_MATCH_FOLDED] = "case-folded",
		[RML_MATCH_TRUNCATED] = "truncated",
		[RML_MATCH_POSITION] = "position",
	};

	return names[how];
}

/* Are two names equal in this way? */
static bool
names_equal(RmlMatchHow how, const char *feature, const char *column)
{
	int			length = (int) strlen(feature);

	switch (how)
	{
		case RML_MATCH_EXACT:
			return strcmp(feature, column) == 0;
		case RML_MATCH_FOLDED:
			while (*feature && *column &&
				   pg_ascii_tolower((unsigned char) *feature) == pg_ascii_tolower((unsigned char) *column))
				feature++, column++;
			return *feature == *column;
		default:
			if (length < NAMEDATALEN)
				return false;
			length = pg_mbcliplen(feature, length, NAMEDATALEN - 1);
			return (int) strlen(column) == length &&
				pg_strncasecmp(feature, column, length) == 0;
	}
}

static void
fault(RmlFeatureMatch *match, int sqlstate, char *problem, char *hint)
{
	match->sqlstate = sqlstate;
	match->problem = problem;
	match->hint = hint;
}

/* Looks for the feature in one way; true if that settled the matter. */
static bool
match_one(const char *feature, const char *model_name, TupleDesc desc,
		  RmlMatchHow how, RmlFeatureMatch *match)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped || !names_equal(how, feature, NameStr(att->attname)))
			continue;
		if (match->attno != 0)
		{
			fault(match, ERRCODE_AMBIGUOUS_COLUMN,
				  psprintf("feature \"%s\" of model \"%s\" matches two columns, \"%s\" and \"%s\"",
						   feature, model_name,
						   NameStr(TupleDescAttr(desc, match->attno - 1)->attname),
						   NameStr(att->attname)),
				  pstrdup("Rename one of them in a subquery."));
			return true;
		}
		match->attno = att->attnum;
		match->how = how;
	}
	return match->attno != 0;
}

static void
check_type(const char *feature, const char *model_name, TupleDesc desc, RmlFeatureMatch *match)
{
	Form_pg_attribute att = TupleDescAttr(desc, match->attno - 1);

	match->kind = column_kind(att->atttypid);
	if (match->kind == RML_COLUMN_UNREADABLE && match->sqlstate == 0)
		fault(match, ERRCODE_DATATYPE_MISMATCH,
			  psprintf("column \"%s\" of type %s cannot be used for feature \"%s\" of model \"%s\"",
					   NameStr(att->attname), format_type_be(att->atttypid), feature, model_name),
			  pstrdup("Features are numeric or boolean columns; cast or encode the column."));
}

/* One column must not serve two features, which only inexact matches can bring. */
static void
check_shared_columns(const RmlModel *model, const char *model_name, TupleDesc desc,
					 RmlFeatureMatch *matches)
{
	int		   *user = palloc0(sizeof(int) * (desc->natts + 1));

	for (int i = 0; i < model->image.header->n_features; i++)
	{
		int			attno = matches[i].attno;

		if (attno == 0 || matches[i].sqlstate != 0)
			continue;
		if (user[attno] != 0)
			fault(&matches[i], ERRCODE_AMBIGUOUS_COLUMN,
				  psprintf("column \"%s\" matches two features of model \"%s\", \"%s\" and \"%s\"",
						   NameStr(TupleDescAttr(desc, attno - 1)->attname), model_name,
						   model->features[user[attno] - 1], model->features[i]),
				  pstrdup("Name the columns exactly as the features."));
		user[attno] = i + 1;
	}
	pfree(user);
}

/* f1 ... fk, as PostgreSQL names the columns of ROW(...) */
static bool
names_are_positions(TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
	{
		char		expected[16];

		snprintf(expected, sizeof(expected), "f%d", i + 1);
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), expected) != 0)
			return false;
	}
	return desc->natts > 0;
}

static bool
has_numbered_features(const RmlModel *model)
{
	for (int i = 0; i < model->image.header->n_features; i++)
	{
		const char *name = model->features[i];

		if (name[0] == 'f' && name[1] != '\0' &&
			strspn(name + 1, "0123456789") == strlen(name + 1))
			return true;
	}
	return false;
}

static void
match_positions(const RmlModel *model, const char *model_name, TupleDesc desc,
				RmlFeatureMatch *matches)
{
	int			n = model->image.header->n_features;

	if (has_numbered_features(model))
	{
		fault(&matches[0], ERRCODE_AMBIGUOUS_COLUMN,
			  psprintf("model \"%s\" has features named like the columns of an anonymous row", model_name),
			  pstrdup("Pass ARRAY[...]::float8[] to go by position, or a subquery with named columns to go by name."));
		return;
	}
	if (desc->natts != n)
	{
		fault(&matches[0], ERRCODE_INVALID_PARAMETER_VALUE,
			  psprintf("model \"%s\" expects %d features, got %d", model_name, n, desc->natts),
			  pstrdup("Check the number and order of the row's elements."));
		return;
	}
	for (int i = 0; i < n; i++)
	{
		matches[i].attno = i + 1;
		matches[i].how = RML_MATCH_POSITION;
		check_type(model->features[i], model_name, desc, &matches[i]);
	}
}

void
rml_match(const RmlModel *model, const char *model_name, TupleDesc desc,
		  bool anonymous, RmlFeatureMatch *matches)
{
	int			n = model->image.header->n_features;

	memset(matches, 0, sizeof(RmlFeatureMatch) * n);
	if (anonymous && names_are_positions(desc))
	{
		match_positions(model, model_name, desc, matches);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		const char *feature = model->features[i];
		RmlFeatureMatch *match = &matches[i];

		if (match_one(feature, model_name, desc, RML_MATCH_EXACT, match) ||
			match_one(feature, model_name, desc, RML_MATCH_FOLDED, match) ||
			match_one(feature, model_name, desc, RML_MATCH_TRUNCATED, match))
			check_type(feature, model_name, desc, match);
		else
			fault(match, ERRCODE_UNDEFINED_COLUMN,
				  psprintf("no column for feature \"%s\" of model \"%s\"", feature, model_name),
				  pstrdup("riskml.check_input() shows how every feature is matched."));
	}
	check_shared_columns(model, model_name, desc, matches);
}
