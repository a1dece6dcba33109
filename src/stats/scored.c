/*
 * scored.c
 *	  Rows of a query, scored by models.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "registry/cache.h"
#include "stats/scored.h"

/* ---- rows ---- */

/* The one column of a name. */
static Form_pg_attribute
find_column(const RmlScored *scored, const char *what, const char *name)
{
	Form_pg_attribute found = NULL;

	for (int i = 0; i < scored->subject.columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(scored->subject.columns, i);

		if (strcmp(NameStr(column->attname), name) != 0)
			continue;
		if (found != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("the query has two columns \"%s\" that could be the %s", name, what)));
		found = column;
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the query has no column \"%s\" that could be the %s", name, what),
				 errhint("Columns are named exactly, in small letters where nothing was quoted.")));
	return found;
}

bool
rml_is_number(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return true;
		default:
			return false;
	}
}

pg_noreturn static void
refuse_type(const char *what, const char *name, Oid type, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the %s, column \"%s\", must be %s, but is of type %s", what, name, wanted, format_type_be(type))));
}

static char *
column_sql(const char *name)
{
	return psprintf("source.%s", quote_identifier(name));
}

void
rml_scored_open(RmlScored *scored, const char *query, const char *label, const char *weight)
{
	rml_subject_open(&scored->subject, InvalidOid, query, NULL);
	scored->label_name = label;
	scored->label_type = getBaseType(find_column(scored, "label", label)->atttypid);
	scored->label = column_sql(label);
	if (!rml_is_number(scored->label_type) && scored->label_type != BOOLOID)
		refuse_type("label", label, scored->label_type, "boolean or a number");
	scored->weight = NULL;
	if (weight != NULL)
	{
		Oid			type = getBaseType(find_column(scored, "weight", weight)->atttypid);

		if (!rml_is_number(type))
			refuse_type("weight", weight, type, "a number");
		scored->weight = psprintf("%s::pg_catalog.float8", column_sql(weight));
	}
}

char *
rml_label_sql(const RmlScored *scored, RmlTask task)
{
	if (task == RML_TASK_REGRESSION)
		return psprintf("%s::pg_catalog.float8", scored->label);
	if (scored->label_type == BOOLOID)
		return psprintf("%s::pg_catalog.%s", scored->label, task == RML_TASK_BINARY ? "bool" : "int4");
	if (scored->label_type == INT2OID || scored->label_type == INT4OID)
		return psprintf("%s::pg_catalog.int4", scored->label);
	return psprintf("riskml.class_label(%s::pg_catalog.float8)", scored->label);
}

/* ---- models ---- */

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Where the scores are those of a class, and what is class 1. */
static void
judge_binary(RmlJudged *judged, bool probability, bool decides)
{
	judged->task = RML_TASK_BINARY;
	judged->probability = probability;
	judged->decides = decides;
	/* above one half, or above 0 */
	judged->threshold = probability ? nextafter(0.5, 1) : nextafter(0, 1);
}

pg_noreturn static void
refuse_model(const RmlJudged *judged, int n_outputs)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("model \"%s\" cannot be judged by one label", judged->name),
			 n_outputs > 1 ? errdetail("Its objective is %s, with %d outputs.", judged->objective, n_outputs) :
			 errdetail("Its objective is %s.", judged->objective),
			 errhint("Use the metrics that suit it, such as riskml.rmse(), on its scores.")));
}

void
rml_judged_open(RmlJudged *judged, const char *name, const RmlScored *scored)
{
	RmlRef		ref;
	RmlBinding	binding;
	RmlModel   *model;
	const RmlObjective *objective;
	int			n_outputs;

	rml_ref_parse(name, (int) strlen(name), &ref);
	rml_resolve(&ref, &binding);
	model = rml_cache_pin(&binding);
	objective = model->image.objective;
	n_outputs = model->image.header->n_outputs;
	rml_cache_unpin(model);
	memset(judged, 0, sizeof(*judged));
	judged->name = pstrdup(name);
	judged->pinned = rml_pinned_form(&binding);
	judged->objective = objective->name;
	if (!rml_has_one_score(objective, n_outputs))
	{
		if (!rml_has_class(objective, n_outputs))
			refuse_model(judged, n_outputs);
		judged->task = RML_TASK_CLASSES;
	}
	else if (strcmp(judged->objective, "survival:cox") == 0)
		refuse_model(judged, n_outputs);
	else if (rml_has_class(objective, n_outputs))
		judge_binary(judged, objective->link == RML_LINK_LOGIT, true);
	else if (begins_with(judged->objective, "rank:"))
		judge_binary(judged, false, false);
	else if (objective->link == RML_LINK_LOGIT && scored->label_type == BOOLOID)
		judge_binary(judged, true, true);
	else
		judged->task = RML_TASK_REGRESSION;
	if (judged->task == RML_TASK_REGRESSION && scored->label_type == BOOLOID)
		refuse_type("label", scored->label_name, BOOLOID, psprintf("a number for a model with objective %s", judged->objective));
}

/* The schema of the functions that score, quoted. */
static const char *
score_schema(void)
{
	if (SPI_execute("SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e\n"
					"JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace\n"
					"WHERE e.extname OPERATOR(pg_catalog.=) 'riskml'::pg_catalog.name", true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "extension riskml is not there");
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

char *
rml_score_sql(const char *pinned, bool one)
{
	return psprintf("%s.%s(%s::riskml.model_ref, source.*)", score_schema(), one ? "risk_score" : "risk_scores", quote_literal_cstr(pinned));
}

char *
rml_margin_sql(const char *pinned)
{
	return psprintf("%s.risk_margin(%s::riskml.model_ref, source.*)", score_schema(), quote_literal_cstr(pinned));
}

char *
rml_judged_sql(const RmlJudged *judged)
{
	return rml_score_sql(judged->pinned, judged->task != RML_TASK_CLASSES);
}
