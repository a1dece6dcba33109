/*
 * match.c
 *	  How the features of a model find their columns in a row type.
 *
 * By name, as registry/column_names.c finds it.  Never a guess: two candidates, or one column for two features, are errors.
 * By position only if the type is anonymous and its names are f1 ... fk.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "score/category.h"
#include "score/match.h"

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

/* A model and a row type that are being matched. */
typedef struct Matching
{
	const RmlModel *model;
	const char *model_name;		/* for messages */
	TupleDesc	desc;
	RmlFeatureMatch *matches;	/* the result */
} Matching;

static void
fault(RmlFeatureMatch *match, int sqlstate, char *problem, const char *hint)
{
	match->sqlstate = sqlstate;
	match->problem = problem;
	match->hint = hint;
}

/* Finds the column of one feature; false if there is none.  Two are a fault. */
static bool
find_column(const Matching *m, const RmlColumnNames *columns, const char *feature, RmlFeatureMatch *match)
{
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(columns, feature, &match->how, &other);

	if (att == NULL)
		return false;
	match->attno = att->attnum;
	if (other != NULL)
		fault(match, ERRCODE_AMBIGUOUS_COLUMN,
			  psprintf("feature \"%s\" of model \"%s\" matches two columns, \"%s\" and \"%s\"",
					   feature, m->model_name, NameStr(att->attname), NameStr(other->attname)),
			  "Rename one of them in a subquery.");
	return true;
}

/* A number, or a label where the feature has some. */
static bool
is_readable(const RmlFeatureMatch *match)
{
	return rml_is_number_kind(match->kind) || (match->categories != NULL && rml_is_label_kind(match->kind));
}

const char *
rml_match_read_as(const RmlFeatureMatch *match)
{
	if (match->attno == 0 || !is_readable(match))
		return NULL;
	if (match->categories == NULL)
		return "number";
	return rml_is_label_kind(match->kind) ? "category" : "code";
}

static void
check_type(const Matching *m, int feature, const char *column, Oid type, RmlFeatureMatch *match)
{
	const char *name = m->model->features[feature];

	match->kind = rml_column_kind(type);
	match->categories = rml_image_categories(&m->model->image, feature);
	if (match->sqlstate != 0 || is_readable(match))
		return;
	fault(match, ERRCODE_DATATYPE_MISMATCH,
		  psprintf("column \"%s\" of type %s cannot be used for feature \"%s\" of model \"%s\"",
				   column, format_type_be(type), name, m->model_name),
		  rml_type_hint(match->categories, rml_is_label_kind(match->kind)));
}

static void
check_column_type(const Matching *m, int feature, RmlFeatureMatch *match)
{
	Form_pg_attribute att = TupleDescAttr(m->desc, match->attno - 1);

	check_type(m, feature, NameStr(att->attname), att->atttypid, match);
}

/* One column must not serve two features, which only inexact matches can bring. */
static void
check_shared_columns(const Matching *m)
{
	int		   *user = palloc0(sizeof(int) * (m->desc->natts + 1));

	for (int i = 0; i < m->model->image.header->n_features; i++)
	{
		RmlFeatureMatch *match = &m->matches[i];
		int			attno = match->attno;

		if (attno == 0 || match->sqlstate != 0)
			continue;
		if (user[attno] != 0)
			fault(match, ERRCODE_AMBIGUOUS_COLUMN,
				  psprintf("column \"%s\" matches two features of model \"%s\", \"%s\" and \"%s\"",
						   NameStr(TupleDescAttr(m->desc, attno - 1)->attname), m->model_name,
						   m->model->features[user[attno] - 1], m->model->features[i]),
				  "Name the columns exactly as the features.");
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

		/* names are matched without regard to case, too */
		if ((name[0] == 'f' || name[0] == 'F') && name[1] != '\0' &&
			strspn(name + 1, "0123456789") == strlen(name + 1))
			return true;
	}
	return false;
}

static void
match_positions(const Matching *m)
{
	int			n = m->model->image.header->n_features;

	if (has_numbered_features(m->model))
	{
		fault(&m->matches[0], ERRCODE_AMBIGUOUS_COLUMN,
			  psprintf("model \"%s\" has features named like the columns of an anonymous row",
					   m->model_name),
			  "Pass ARRAY[...]::float8[] to go by position, or a subquery with named columns to go by name.");
		return;
	}
	if (m->desc->natts != n)
	{
		fault(&m->matches[0], ERRCODE_INVALID_PARAMETER_VALUE,
			  psprintf("model \"%s\" expects %d features, got %d", m->model_name, n, m->desc->natts),
			  "Check the number and order of the row's elements.");
		return;
	}
	for (int i = 0; i < n; i++)
	{
		m->matches[i].attno = i + 1;
		m->matches[i].how = RML_MATCH_POSITION;
		check_column_type(m, i, &m->matches[i]);
	}
}

static void
match_names(Matching *m, bool first_fault)
{
	RmlColumnNames *columns = rml_column_names(m->desc);

	for (int i = 0; i < m->model->image.header->n_features; i++)
	{
		const char *feature = m->model->features[i];
		RmlFeatureMatch *match = &m->matches[i];

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (find_column(m, columns, feature, match))
			check_column_type(m, i, match);
		else
			fault(match, ERRCODE_UNDEFINED_COLUMN,
				  psprintf("no column for feature \"%s\" of model \"%s\"", feature, m->model_name),
				  "riskml.check_input() shows how every feature is matched.");
		if (first_fault && match->sqlstate != 0)
			break;
	}
	rml_column_names_free(columns);
	check_shared_columns(m);
}

void
rml_match(const RmlModel *model, const char *model_name, TupleDesc desc,
		  bool anonymous, bool first_fault, RmlFeatureMatch *matches)
{
	Matching	m = {.model = model, .model_name = model_name, .desc = desc, .matches = matches};

	memset(matches, 0, sizeof(RmlFeatureMatch) * (Size) model->image.header->n_features);
	if (anonymous && names_are_positions(desc))
		match_positions(&m);
	else
		match_names(&m, first_fault);
}

/* The model's feature of this name, looked for from *next on; -1 if there is none. */
static int
find_feature(const RmlModel *model, const char *name, Size length, int *next)
{
	int			n = model->image.header->n_features;

	for (int i = 0; i < n; i++)
	{
		int			feature = *next + i < n ? *next + i : *next + i - n;
		const char *candidate = model->features[feature];

		if (strncmp(candidate, name, length) != 0 || candidate[length] != '\0')
			continue;
		*next = feature + 1;
		return feature;
	}
	return -1;
}

void
rml_match_values(const RmlModel *model, const char *model_name, const Datum *names,
				 const Oid *types, int n, RmlFeatureMatch *matches)
{
	Matching	m = {.model = model, .model_name = model_name, .matches = matches};
	int			next = 0;

	memset(matches, 0, sizeof(RmlFeatureMatch) * (Size) model->image.header->n_features);
	for (int i = 0; i < n; i++)
	{
		const text *name = (const text *) DatumGetPointer(names[i]);
		int			feature = find_feature(model, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &next);
		RmlFeatureMatch *match = &matches[Max(feature, 0)];

		CHECK_FOR_INTERRUPTS();
		if (feature < 0)
			continue;
		if (match->attno != 0)
		{
			fault(match, ERRCODE_INVALID_PARAMETER_VALUE,
				  psprintf("feature \"%s\" of model \"%s\" is given twice",
						   model->features[feature], model_name), NULL);
			continue;
		}
		match->attno = i + 1;
		match->how = RML_MATCH_EXACT;
		check_type(&m, feature, model->features[feature], types[i], match);
	}
}
