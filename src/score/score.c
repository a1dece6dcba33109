/*
 * score.c
 *	  risk_score(), risk_scores(), risk_class(), risk_margin(), risk_margins(),
 *	  risk_leaves(), risk_score_pinned() in their three forms, and
 *	  risk_version().
 *
 * All are STRICT: a NULL model or NULL features give NULL.  A row whose columns
 * are all NULL is not NULL and gets the score of a row without any value.
 * Errors: 42602 bad reference, 42704 unknown model, alias or version, 42501 no
 * privilege, 42703 no column, 42702 ambiguous column, 42804 wrong type, 22023
 * wrong number of features or unknown category, 42809 a function that does not
 * fit the model's objective.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "kernel/kernel.h"
#include "score/columns.h"
#include "score/result.h"

/* Trees between two checks for interrupts. */
#define TREES_PER_CHUNK 512

static Datum
leaves_datum(RmlSiteModel *entry)
{
	const RmlImage *image = &entry->model->image;
	int			n = image->header->n_trees;
	int32	   *leaves;
	Datum	   *items;

	if (image->header->flags & RML_IMAGE_LINEAR)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" is linear and has no leaves", entry->binding.name),
				 errhint("Use %s.", rml_has_one_score(image->objective, image->header->n_outputs) ?
						 "risk_score() or risk_margin()" : "risk_scores() or risk_margins()")));
	leaves = palloc(sizeof(int32) * (n + 1));
	items = palloc(sizeof(Datum) * (n + 1));
	for (int t = 0; t < n; t += TREES_PER_CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		rml_kernel_leaves(image, t, Min(t + TREES_PER_CHUNK, n), entry->row, leaves + t);
	}
	for (int t = 0; t < n; t++)
		items[t] = Int32GetDatum(leaves[t]);
	return PointerGetDatum(construct_array(items, n, INT4OID, 4, true, TYPALIGN_INT));
}

#define DEFINE_RESULT(fn) \
static Datum \
fn##_datum(RmlSiteModel *entry) \
{ \
	return rml_result_of_row(&rml_result_##fn, entry); \
}

DEFINE_RESULT(score)
DEFINE_RESULT(scores)
DEFINE_RESULT(class)
DEFINE_RESULT(margin)
DEFINE_RESULT(margins)

/* The forms of a function differ in how the features are read. */
#define DEFINE_FORMS(fn, result, pinned_only) \
RML_SQL_FUNCTION(riskml_##fn##_columns); \
RML_SQL_FUNCTION(riskml_##fn##_record); \
RML_SQL_FUNCTION(riskml_##fn##_array); \
RML_SQL_FUNCTION(riskml_##fn##_jsonb); \
\
Datum \
riskml_##fn##_columns(PG_FUNCTION_ARGS) \
{ \
	RmlSiteModel *entry; \
\
	if (PG_ARGISNULL(0)) \
		PG_RETURN_NULL(); \
	entry = rml_site_model(fcinfo, pinned_only); \
	rml_site_read_columns(entry, fcinfo); \
	PG_RETURN_DATUM(result(entry)); \
} \
\
Datum \
riskml_##fn##_record(PG_FUNCTION_ARGS) \
{ \
	RmlSiteModel *entry = rml_site_model(fcinfo, pinned_only); \
\
	rml_site_read_record(entry, fcinfo); \
	PG_RETURN_DATUM(result(entry)); \
} \
\
Datum \
riskml_##fn##_array(PG_FUNCTION_ARGS) \
{ \
	RmlSiteModel *entry = rml_site_model(fcinfo, pinned_only); \
\
	rml_site_read_array(entry, fcinfo); \
	PG_RETURN_DATUM(result(entry)); \
} \
\
Datum \
riskml_##fn##_jsonb(PG_FUNCTION_ARGS) \
{ \
	RmlSiteModel *entry = rml_site_model(fcinfo, pinned_only); \
\
	rml_site_read_jsonb(entry, fcinfo, PG_GETARG_BOOL(2)); \
	PG_RETURN_DATUM(result(entry)); \
}

DEFINE_FORMS(score, score_datum, false)
DEFINE_FORMS(scores, scores_datum, false)
DEFINE_FORMS(class, class_datum, false)
DEFINE_FORMS(margin, margin_datum, false)
DEFINE_FORMS(margins, margins_datum, false)
DEFINE_FORMS(leaves, leaves_datum, false)
DEFINE_FORMS(score_pinned, score_datum, true)

RML_SQL_FUNCTION(riskml_version);

/* risk_version(model): the pinned form of what the reference means now. */
Datum
riskml_version(PG_FUNCTION_ARGS)
{
	text	   *text_ref = PG_GETARG_TEXT_PP(0);
	RmlRef		ref;
	RmlBinding	binding;

	rml_ref_parse(VARDATA_ANY(text_ref), (int) VARSIZE_ANY_EXHDR(text_ref), &ref);
	rml_resolve(&ref, &binding);
	PG_RETURN_TEXT_P(cstring_to_text(rml_pinned_form(&binding)));
}
