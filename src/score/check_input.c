/*
 * check_input.c
 *	  riskml.check_input(model, relation): how each input of a model finds its column.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "score/match.h"

RML_SQL_FUNCTION(riskml_check_input);

/* Columns of the result */
enum
{
	OUT_FEATURE,
	OUT_COLUMN,
	OUT_TYPE,
	OUT_MATCHED,
	OUT_READ_AS,
	OUT_PROBLEM,
	N_OUT
};

static void
put_row(ReturnSetInfo *rsinfo, TupleDesc desc, const char *feature, const RmlMatch *match)
{
	Datum		values[N_OUT] = {0};
	bool		nulls[N_OUT] = {false, true, true, true, true, true};

	values[OUT_FEATURE] = CStringGetTextDatum(feature);
	if (match->attno != 0)
	{
		Form_pg_attribute att = TupleDescAttr(desc, match->attno - 1);

		values[OUT_COLUMN] = CStringGetTextDatum(NameStr(att->attname));
		values[OUT_TYPE] = CStringGetTextDatum(format_type_with_typemod(att->atttypid, att->atttypmod));
		values[OUT_MATCHED] = CStringGetTextDatum(rml_match_how_name(match->how));
		nulls[OUT_COLUMN] = nulls[OUT_TYPE] = nulls[OUT_MATCHED] = false;
	}
	if (match->read_as != NULL)
	{
		values[OUT_READ_AS] = CStringGetTextDatum(match->read_as);
		nulls[OUT_READ_AS] = false;
	}
	if (match->problem != NULL)
	{
		values[OUT_PROBLEM] = CStringGetTextDatum(match->problem);
		nulls[OUT_PROBLEM] = false;
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * One row per feature, or column of the recipe, in their order.  Anything with columns will do:
 * tables, views, foreign tables, composite types.
 */
Datum
riskml_check_input(PG_FUNCTION_ARGS)
{
	text	   *text_ref = PG_GETARG_TEXT_PP(0);
	Oid			relid = PG_GETARG_OID(1);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	RmlRef		ref;
	RmlBinding	binding;
	RmlModel   *model;
	Relation	rel;
	RmlMatch *matches;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	rml_ref_parse(VARDATA_ANY(text_ref), (int) VARSIZE_ANY_EXHDR(text_ref), &ref);
	rml_resolve(&ref, &binding);
	rel = try_relation_open(relid, AccessShareLock);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	model = rml_cache_pin(&binding);
	PG_TRY();
	{
		n = model->inputs.n;
		matches = palloc(sizeof(RmlMatch) * (Size) n);
		rml_match(&model->inputs, binding.name, RelationGetDescr(rel), false, false, matches);
		for (int i = 0; i < n; i++)
			put_row(rsinfo, RelationGetDescr(rel), model->inputs.names[i], &matches[i]);
	}
	PG_FINALLY();
	{
		rml_cache_unpin(model);
	}
	PG_END_TRY();
	relation_close(rel, AccessShareLock);
	return (Datum) 0;
}
