/*
 * match.c
 *	  How the inputs of a model find their columns in a row type.
 *
 * By name, as registry/column_names.c finds it.  Never a guess: two candidates, or one column for two inputs, are errors.
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

/* Inputs and a row type that are being matched. */
typedef struct Matching
{
	const RmlInputs *inputs;
	const char *model_name;		/* for messages, or NULL */
	TupleDesc	desc;
	RmlMatch *matches;	/* the result */
} Matching;

/* What an input is, for messages. */
static const char *
input_noun(const RmlInputs *inputs)
{
	return inputs->transform != NULL ? "column" : "feature";
}

static const char *
owner_name(const RmlInputs *inputs, const char *model_name)
{
	if (model_name == NULL)
		return "the recipe";
	return psprintf(inputs->transform != NULL ? "the recipe of model \"%s\"" : "model \"%s\"", model_name);
}

static void
fault(RmlMatch *match, int sqlstate, char *problem, const char *hint)
{
	match->sqlstate = sqlstate;
	match->problem = problem;
	match->hint = hint;
}

/* Finds the column of one input; false if there is none.  Two are a fault. */
static bool
find_column(const Matching *m, const RmlColumnNames *columns, const char *name, RmlMatch *match)
{
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(columns, name, &match->how, &other);

	if (att == NULL)
		return false;
	match->attno = att->attnum;
	if (other != NULL)
		fault(match, ERRCODE_AMBIGUOUS_COLUMN,
			  psprintf("%s \"%s\" of %s matches two columns, \"%s\" and \"%s\"",
					   input_noun(m->inputs), name, owner_name(m->inputs, m->model_name),
					   NameStr(att->attname), NameStr(other->attname)),
			  "Rename one of them in a subquery.");
	return true;
}

/* How a column of a kind serves a feature. */
static const char *
feature_read_as(const RmlImageCategories *categories, RmlColumnKind kind)
{
	if (categories != NULL && rml_is_label_kind(kind))
		return "category";
	if (!rml_is_number_kind(kind))
		return NULL;
	return categories != NULL ? "code" : "number";
}

/* Can a recipe read a column of this kind so? */
static bool
fits(const RmlTransformRead *read, RmlColumnKind kind)
{
	switch (read->input->read_as)
	{
		case RML_READ_NUMBER:
			return rml_is_number_kind(kind);
		case RML_READ_CATEGORY:
		case RML_READ_HASH:
			return rml_is_label_kind(kind);
		case RML_READ_TIME:
			return rml_is_time_kind(kind) && (kind != RML_COLUMN_TIMESTAMPTZ || read->zone != NULL);
	}
	return false;
}

/* How a column of a kind serves a recipe. */
static const char *
column_read_as(const RmlTransform *transform, int column, RmlColumnKind kind)
{
	static const char *const names[] = {
		[RML_READ_NUMBER] = "number",
		[RML_READ_CATEGORY] = "category",
		[RML_READ_HASH] = "category",
		[RML_READ_TIME] = "time",
	};
	const RmlTransformRead *reads = &transform->reads[transform->columns[column].first_read];

	for (int i = 0; i < transform->columns[column].n_reads; i++)
	{
		if (!fits(&reads[i], kind))
			return NULL;
	}
	return names[reads[0].input->read_as];
}

static const char *
column_hint(const RmlTransform *transform, int column, RmlColumnKind kind)
{
	switch (transform->reads[transform->columns[column].first_read].input->read_as)
	{
		case RML_READ_NUMBER:
			return "The recipe reads numbers or booleans from it; cast the value, or encode it with a categorical step.";
		case RML_READ_CATEGORY:
		case RML_READ_HASH:
			return "The recipe reads text or an enum from it; cast the value.";
		case RML_READ_TIME:
			break;
	}
	return kind == RML_COLUMN_TIMESTAMPTZ ? "Give the recipe's steps that read it a time_zone." :
		"The recipe reads a date or a timestamp from it; cast the value.";
}

static void
check_type(const Matching *m, int input, const char *column, Oid type, RmlMatch *match)
{
	const RmlTransform *transform = m->inputs->transform;

	match->kind = rml_column_kind(type);
	match->categories = transform != NULL ? NULL : rml_image_categories(m->inputs->image, input);
	match->read_as = transform != NULL ? column_read_as(transform, input, match->kind)
		: feature_read_as(match->categories, match->kind);
	if (match->sqlstate != 0 || match->read_as != NULL)
		return;
	fault(match, ERRCODE_DATATYPE_MISMATCH,
		  psprintf("column \"%s\" of type %s cannot be used for %s \"%s\" of %s",
				   column, format_type_be(type), input_noun(m->inputs), m->inputs->names[input],
				   owner_name(m->inputs, m->model_name)),
		  transform != NULL ? column_hint(transform, input, match->kind)
		  : rml_type_hint(match->categories, rml_is_label_kind(match->kind)));
}

static void
check_column_type(const Matching *m, int input, RmlMatch *match)
{
	Form_pg_attribute att = TupleDescAttr(m->desc, match->attno - 1);

	check_type(m, input, NameStr(att->attname), att->atttypid, match);
}

/* One column must not serve two inputs, which only inexact matches can bring. */
static void
check_shared_columns(const Matching *m)
{
	int		   *user = palloc0(sizeof(int) * (m->desc->natts + 1));

	for (int i = 0; i < m->inputs->n; i++)
	{
		RmlMatch   *match = &m->matches[i];
		int			attno = match->attno;

		if (attno == 0 || match->sqlstate != 0)
			continue;
		if (user[attno] != 0)
			fault(match, ERRCODE_AMBIGUOUS_COLUMN,
				  psprintf("column \"%s\" matches two %ss of %s, \"%s\" and \"%s\"",
						   NameStr(TupleDescAttr(m->desc, attno - 1)->attname), input_noun(m->inputs),
						   owner_name(m->inputs, m->model_name),
						   m->inputs->names[user[attno] - 1], m->inputs->names[i]),
				  m->inputs->transform != NULL ? "Name the columns exactly as the recipe does." : "Name the columns exactly as the features.");
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
has_numbered_names(const RmlInputs *inputs)
{
	for (int i = 0; i < inputs->n; i++)
	{
		const char *name = inputs->names[i];

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
	int			n = m->inputs->n;

	if (has_numbered_names(m->inputs))
	{
		fault(&m->matches[0], ERRCODE_AMBIGUOUS_COLUMN,
			  psprintf("%s has %ss named like the columns of an anonymous row",
					   owner_name(m->inputs, m->model_name), input_noun(m->inputs)),
			  "Pass ARRAY[...]::float8[] to go by position, or a subquery with named columns to go by name.");
		return;
	}
	if (m->desc->natts != n)
	{
		fault(&m->matches[0], ERRCODE_INVALID_PARAMETER_VALUE,
			  psprintf("%s expects %d %ss, got %d", owner_name(m->inputs, m->model_name), n, input_noun(m->inputs),
					   m->desc->natts),
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

	for (int i = 0; i < m->inputs->n; i++)
	{
		const char *name = m->inputs->names[i];
		RmlMatch   *match = &m->matches[i];

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (find_column(m, columns, name, match))
			check_column_type(m, i, match);
		else
			fault(match, ERRCODE_UNDEFINED_COLUMN,
				  psprintf(m->inputs->transform != NULL ? "no column \"%s\" for %s" : "no column for feature \"%s\" of %s",
						   name, owner_name(m->inputs, m->model_name)),
				  m->model_name == NULL ? "riskml.check_recipe() shows every column that is missing." :
				  m->inputs->transform != NULL ? "riskml.check_input() shows how every column is matched." :
				  "riskml.check_input() shows how every feature is matched.");
		if (first_fault && match->sqlstate != 0)
			break;
	}
	rml_column_names_free(columns);
	check_shared_columns(m);
}

void
rml_match(const RmlInputs *inputs, const char *model_name, TupleDesc desc,
		  bool anonymous, bool first_fault, RmlMatch *matches)
{
	Matching	m = {.inputs = inputs, .model_name = model_name, .desc = desc, .matches = matches};

	memset(matches, 0, sizeof(RmlMatch) * (Size) inputs->n);
	if (anonymous && names_are_positions(desc))
		match_positions(&m);
	else
		match_names(&m, first_fault);
}

/* The input of this name, looked for from *next on; -1 if there is none. */
static int
find_input(const RmlInputs *inputs, const char *name, Size length, int *next)
{
	int			n = inputs->n;

	for (int i = 0; i < n; i++)
	{
		int			input = *next + i < n ? *next + i : *next + i - n;
		const char *candidate = inputs->names[input];

		if (strncmp(candidate, name, length) != 0 || candidate[length] != '\0')
			continue;
		*next = input + 1;
		return input;
	}
	return -1;
}

void
rml_match_values(const RmlInputs *inputs, const char *model_name, const Datum *names,
				 const Oid *types, int n, RmlMatch *matches)
{
	Matching	m = {.inputs = inputs, .model_name = model_name, .matches = matches};
	int			next = 0;

	memset(matches, 0, sizeof(RmlMatch) * (Size) inputs->n);
	for (int i = 0; i < n; i++)
	{
		const text *name = (const text *) DatumGetPointer(names[i]);
		int			input = find_input(inputs, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &next);
		RmlMatch   *match = &matches[Max(input, 0)];

		CHECK_FOR_INTERRUPTS();
		if (input < 0)
			continue;
		if (match->attno != 0)
		{
			fault(match, ERRCODE_INVALID_PARAMETER_VALUE,
				  psprintf("%s \"%s\" of %s is given twice", input_noun(inputs), inputs->names[input],
						   owner_name(inputs, model_name)), NULL);
			continue;
		}
		match->attno = i + 1;
		match->how = RML_MATCH_EXACT;
		check_type(&m, input, inputs->names[input], types[i], match);
	}
}
