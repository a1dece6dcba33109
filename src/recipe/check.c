/*
 * check.c
 *	  riskml.check_recipe(recipe, relation): what is wrong with a recipe, and with the columns that it reads.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "compat.h"
#include "recipe/op.h"
#include "registry/column_names.h"
#include "registry/column_value.h"

RML_SQL_FUNCTION(riskml_check_recipe);

/* Columns of the result */
enum
{
	OUT_STEP,
	OUT_FEATURE,
	OUT_FIELD,
	OUT_COLUMN,
	OUT_SEVERITY,
	OUT_PROBLEM,
	OUT_HINT,
	N_OUT
};

/* ---- columns ---- */

/* A relation's columns beside a recipe. */
typedef struct Checking
{
	RmlRecipe  *recipe;
	RmlColumnNames *names;
	Form_pg_attribute *found;	/* by the number of the recipe's column; NULL: none, or more than one */
	bool	   *looked_up;
	const char **served;		/* the recipe's column that each column of the relation is, by its number less 1 */
	bool	   *needed;			/* steps that outputs need, by number less 1 */
	List	   *faults;
} Checking;

/* What no output needs is not read when the recipe is applied. */
static void
add_fault(Checking *checking, const RmlStep *step, const char *column, const char *hint, char *problem)
{
	rml_recipe_report(&checking->faults, (RmlRecipeFault) {
		.step = step->number, .feature = step->name, .field = "input", .column = column, .problem = problem, .hint = hint,
		.is_warning = !checking->needed[step->number - 1]
	});
}

/* Missing columns are faults of the first step that reads them, of those that are needed if there are such. */
static Form_pg_attribute
find_column(Checking *checking, const RmlStep *step, const RmlRawColumn *column)
{
	RmlMatchHow how;
	Form_pg_attribute other;
	Form_pg_attribute att;

	if (checking->looked_up[column->number])
		return checking->found[column->number];
	checking->looked_up[column->number] = true;
	att = rml_column_find(checking->names, column->name, &how, &other);
	if (att == NULL)
		add_fault(checking, step, column->name, NULL, psprintf("the relation has no column \"%s\"", column->name));
	else if (other != NULL)
		add_fault(checking, step, column->name, "Rename a column, or spell the name in the recipe as the column's.",
				  psprintf("columns \"%s\" and \"%s\" both match \"%s\"", NameStr(att->attname), NameStr(other->attname), column->name));
	else if (checking->served[att->attnum - 1] != NULL)
		add_fault(checking, step, column->name, "Spell the name in all steps as the column's.",
				  psprintf("column \"%s\" matches two columns of the recipe, \"%s\" and \"%s\"", NameStr(att->attname),
						   checking->served[att->attnum - 1], column->name));
	else
	{
		checking->found[column->number] = att;
		checking->served[att->attnum - 1] = column->name;
	}
	return checking->found[column->number];
}

/* What a step takes of a column: what the recipe says that it is, else anything that the op takes. */
static int
taken(const RmlStep *step, const RmlRawColumn *column)
{
	switch (column->kind)
	{
		case RML_KIND_NUMBER:
			return RML_TAKES_NUMBER;
		case RML_KIND_TEXT:
			return RML_TAKES_TEXT;
		case RML_KIND_TIME:
			return RML_TAKES_TIME;
		case RML_KIND_UNKNOWN:
			break;
	}
	return step->op->takes;
}

static bool
fits(int takes, RmlColumnKind kind)
{
	return ((takes & RML_TAKES_NUMBER) != 0 && rml_is_number_kind(kind)) ||
		((takes & RML_TAKES_TEXT) != 0 && rml_is_label_kind(kind)) ||
		((takes & RML_TAKES_TIME) != 0 && rml_is_time_kind(kind));
}

static const char *
type_hint(int takes)
{
	switch (takes)
	{
		case RML_TAKES_NUMBER:
			return "Numbers are of an integer type, real, double precision, numeric or boolean.";
		case RML_TAKES_TEXT:
			return "Texts are of type text, varchar, character, name or an enum.";
		case RML_TAKES_TIME:
			return "Times are of type date, timestamp or timestamptz.";
		default:
			return "Categories are numbers, booleans or texts.";
	}
}

static void
check_input(Checking *checking, const RmlStep *step, const RmlRawColumn *column)
{
	Form_pg_attribute att = find_column(checking, step, column);
	int			takes = taken(step, column);
	RmlColumnKind kind;

	if (att == NULL)
		return;
	kind = rml_column_kind(att->atttypid);
	if (!fits(takes, kind))
		add_fault(checking, step, column->name, type_hint(takes),
				  psprintf("column \"%s\" of type %s cannot be read as %s", NameStr(att->attname), format_type_be(att->atttypid),
						   column->kind == RML_KIND_UNKNOWN ? "a category" : rml_kind_name(column->kind)));
	else if (kind == RML_COLUMN_TIMESTAMPTZ && step->zone == NULL)
		add_fault(checking, step, column->name, "Give the step a \"time_zone\".",
				  psprintf("column \"%s\" of type %s has no local time without a time zone", NameStr(att->attname),
						   format_type_be(att->atttypid)));
}

/* Steps that outputs need. */
static bool *
find_needed(const RmlRecipe *recipe)
{
	bool	   *needed = palloc0((Size) recipe->n_steps + 1);

	for (int i = recipe->n_steps - 1; i >= 0; i--)
	{
		const RmlStep *step = &recipe->steps[i];

		needed[i] = needed[i] || (step->n_features == 0 && step->is_output);
		for (int k = 0; k < step->n_features; k++)
			needed[i] = needed[i] || rml_feature_is_output(step, k);
		for (int k = 0; k < step->n_inputs && needed[i]; k++)
		{
			if (step->inputs[k].step != NULL)
				needed[step->inputs[k].step->number - 1] = true;
		}
	}
	return needed;
}

static void
check_steps(Checking *checking, bool needed)
{
	const RmlRecipe *recipe = checking->recipe;

	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < step->n_inputs && checking->needed[i] == needed; k++)
		{
			if (step->inputs[k].column != NULL)
				check_input(checking, step, step->inputs[k].column);
		}
	}
}

static void
check_columns(Checking *checking)
{
	int			n;

	rml_recipe_take_columns(checking->recipe, checking->names, &checking->faults);
	n = list_length(checking->recipe->columns);
	checking->found = palloc0(sizeof(Form_pg_attribute) * ((Size) n + 1));
	checking->looked_up = palloc0((Size) n + 1);
	checking->served = palloc0(sizeof(char *) * (MaxHeapAttributeNumber + 1));
	checking->needed = find_needed(checking->recipe);
	check_steps(checking, true);
	check_steps(checking, false);
}

/* ---- the function ---- */

static void
put_text(Datum *values, bool *nulls, int i, const char *text)
{
	nulls[i] = text == NULL;
	if (text != NULL)
		values[i] = CStringGetTextDatum(text);
}

static void
put_fault(ReturnSetInfo *rsinfo, const RmlRecipeFault *fault)
{
	Datum		values[N_OUT] = {0};
	bool		nulls[N_OUT] = {0};

	values[OUT_STEP] = Int32GetDatum(fault->step);
	nulls[OUT_STEP] = fault->step == 0;
	put_text(values, nulls, OUT_FEATURE, fault->feature);
	put_text(values, nulls, OUT_FIELD, fault->field);
	put_text(values, nulls, OUT_COLUMN, fault->column);
	put_text(values, nulls, OUT_SEVERITY, fault->is_warning ? "warning" : "error");
	put_text(values, nulls, OUT_PROBLEM, fault->problem);
	put_text(values, nulls, OUT_HINT, fault->hint);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static int
compare_steps(const ListCell *a, const ListCell *b)
{
	const RmlRecipeFault *fa = lfirst(a);
	const RmlRecipeFault *fb = lfirst(b);

	return fa->step != fb->step ? fa->step - fb->step : fa->number - fb->number;
}

Datum
riskml_check_recipe(PG_FUNCTION_ARGS)
{
	Checking	checking = {0};
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	checking.recipe = rml_recipe_read(PG_GETARG_JSONB_P(0), &checking.faults);
	if (!PG_ARGISNULL(1))
	{
		Relation	rel = try_relation_open(PG_GETARG_OID(1), AccessShareLock);

		if (rel == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", PG_GETARG_OID(1))));
		checking.names = rml_column_names(RelationGetDescr(rel));
		check_columns(&checking);
		relation_close(rel, AccessShareLock);
	}
	list_sort(checking.faults, compare_steps);
	foreach(cell, checking.faults)
		put_fault((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	return (Datum) 0;
}
