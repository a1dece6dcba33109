/*
 * check.c
 *	  riskml.check_recipe(recipe, relation): what is wrong with a recipe, and with the columns that it reads.
 */
#include "postgres.h"

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
	const RmlRecipe *recipe;
	RmlColumnNames *names;
	List	   *faults;
} Checking;

static void
add_fault(Checking *checking, const RmlStep *step, const char *column, const char *hint, char *problem)
{
	rml_recipe_report(&checking->faults, (RmlRecipeFault) {
		.step = step->number, .feature = step->name, .field = "input", .column = column, .problem = problem, .hint = hint
	});
}

static const char *
type_hint(RmlKind kind)
{
	switch (kind)
	{
		case RML_KIND_TEXT:
			return "Texts are of type text, varchar, character, name or an enum.";
		case RML_KIND_TIME:
			return "Times are of type date, timestamp or timestamptz.";
		default:
			return "Numbers are of an integer type, real, double precision, numeric or boolean.";
	}
}

static bool
fits(RmlKind wanted, RmlColumnKind kind)
{
	switch (wanted)
	{
		case RML_KIND_NUMBER:
			return rml_is_number_kind(kind);
		case RML_KIND_TEXT:
			return rml_is_label_kind(kind);
		case RML_KIND_TIME:
			return rml_is_time_kind(kind);
		case RML_KIND_UNKNOWN:
			break;
	}
	return kind != RML_COLUMN_UNREADABLE;
}

/* One column, at the first step that reads it; a type at the step that says what is needed. */
static void
check_column(Checking *checking, const RmlStep *reader, const RmlRawColumn *column)
{
	RmlMatchHow how;
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(checking->names, column->name, &how, &other);
	const RmlStep *step = column->step > 0 ? &checking->recipe->steps[column->step - 1] : reader;

	if (att == NULL)
		add_fault(checking, reader, column->name, NULL, psprintf("the relation has no column \"%s\"", column->name));
	else if (other != NULL)
		add_fault(checking, reader, column->name, "Rename a column, or spell the name in the recipe as the column's.",
				  psprintf("columns \"%s\" and \"%s\" both match \"%s\"", NameStr(att->attname), NameStr(other->attname), column->name));
	else if (!fits(column->kind, rml_column_kind(att->atttypid)))
		add_fault(checking, step, column->name, type_hint(column->kind),
				  column->kind == RML_KIND_UNKNOWN
				  ? psprintf("column \"%s\" of type %s cannot be read", NameStr(att->attname), format_type_be(att->atttypid))
				  : psprintf("column \"%s\" of type %s cannot be read as %s", NameStr(att->attname), format_type_be(att->atttypid),
							 rml_kind_name(column->kind)));
}

/* Each step reads instants by its own zone. */
static void
check_zone(Checking *checking, const RmlStep *step, const RmlRawColumn *column)
{
	RmlMatchHow how;
	Form_pg_attribute other;
	Form_pg_attribute att = rml_column_find(checking->names, column->name, &how, &other);

	if (att != NULL && other == NULL && step->zone == NULL && rml_column_kind(att->atttypid) == RML_COLUMN_TIMESTAMPTZ)
		add_fault(checking, step, column->name, "Give the step a \"time_zone\".",
				  psprintf("column \"%s\" of type %s has no local time without a time zone", NameStr(att->attname),
						   format_type_be(att->atttypid)));
}

static void
check_columns(Checking *checking)
{
	const RmlRecipe *recipe = checking->recipe;
	bool	   *checked = palloc0((Size) list_length(recipe->columns) + 1);

	for (int i = 0; i < recipe->n_steps; i++)
	{
		const RmlStep *step = &recipe->steps[i];

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < step->n_inputs; k++)
		{
			const RmlRawColumn *column = step->inputs[k].column;

			if (column == NULL)
				continue;
			if (!checked[column->number])
				check_column(checking, step, column);
			checked[column->number] = true;
			if (column->kind == RML_KIND_TIME)
				check_zone(checking, step, column);
		}
	}
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
