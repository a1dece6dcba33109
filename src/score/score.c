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

/* Trees between two checks for interrupts. */
#define TREES_PER_CHUNK 512

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Fills entry->margins for the row in entry->row; returns how many they are. */
static int
compute_margins(RmlSiteModel *entry)
{
	const RmlImage *image = &entry->model->image;

	rml_kernel_margins(entry->kernel, image, entry->row, entry->margins, check_interrupts);
	return image->header->n_outputs;
}

static int
compute_responses(RmlSiteModel *entry)
{
	const RmlImage *image = &entry->model->image;
	int			n = compute_margins(entry);

	rml_responses(image->objective, image->writer, entry->margins, n);
	return n;
}

static int
outputs_detail(const RmlImage *image)
{
	int			n = image->header->n_outputs;

	return errdetail_plural("Its objective is %s, with %d output.",
							"Its objective is %s, with %d outputs.",
							n, image->objective->name, n);
}

/* Models with a list of scores have no single one. */
static void
require_one_score(const RmlSiteModel *entry, const char *plural)
{
	const RmlImage *image = &entry->model->image;

	if (!rml_has_one_score(image->objective, image->header->n_outputs))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" gives a list of numbers, not a single one", entry->binding.name),
				 outputs_detail(image),
				 errhint("Use %s.", plural)));
}

static Datum
margin_datum(RmlSiteModel *entry)
{
	require_one_score(entry, "risk_margins()");
	(void) compute_margins(entry);
	return Float8GetDatum((float8) entry->margins[0]);
}

static Datum
score_datum(RmlSiteModel *entry)
{
	require_one_score(entry, rml_has_class(entry->model->image.objective, 2) ?
					  "risk_scores() or risk_class()" : "risk_scores()");
	(void) compute_responses(entry);
	return Float8GetDatum((float8) entry->margins[0]);
}

static Datum
float8_array(const float *values, int n)
{
	Datum	   *items = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		items[i] = Float8GetDatum((float8) values[i]);
	return PointerGetDatum(construct_array(items, n, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
margins_datum(RmlSiteModel *entry)
{
	int			n = compute_margins(entry);

	return float8_array(entry->margins, n);
}

static Datum
scores_datum(RmlSiteModel *entry)
{
	int			n = compute_responses(entry);

	return float8_array(entry->margins, n);
}

static Datum
class_datum(RmlSiteModel *entry)
{
	const RmlImage *image = &entry->model->image;

	if (!rml_has_class(image->objective, image->header->n_outputs))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" does not predict one class", entry->binding.name),
				 outputs_detail(image),
				 errhint("Use risk_scores().")));
	(void) compute_margins(entry);
	return Int32GetDatum(rml_class(image->objective, image->writer, entry->margins,
								   image->header->n_outputs));
}

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
	rml_resolve(&ref, "score", &binding);
	PG_RETURN_TEXT_P(cstring_to_text(rml_pinned_form(&binding)));
}
