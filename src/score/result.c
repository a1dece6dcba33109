/*
 * result.c
 *	  What the scoring functions make of a row's margins.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "base/hot.h"
#include "score/result.h"

RML_HOT void
rml_check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* The objective and how many outputs there are. */
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

static void
require_margin(const RmlSiteModel *entry)
{
	require_one_score(entry, "risk_margins()");
}

RML_HOT static void
require_score(const RmlSiteModel *entry)
{
	require_one_score(entry, rml_has_class(entry->model->image.objective, 2) ?
					  "risk_scores() or risk_class()" : "risk_scores()");
}

static void
require_class(const RmlSiteModel *entry)
{
	const RmlImage *image = &entry->model->image;

	if (!rml_has_class(image->objective, image->header->n_outputs))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" does not predict one class", entry->binding.name),
				 outputs_detail(image),
				 errhint("Use risk_scores().")));
}

static void
respond(const RmlSiteModel *entry, float *margins)
{
	const RmlImage *image = &entry->model->image;

	rml_responses(image->objective, image->writer, margins, image->header->n_outputs);
}

static Datum
make_margin(const RmlSiteModel *entry, float *margins)
{
	(void) entry;
	return Float8GetDatum((float8) margins[0]);
}

RML_HOT static Datum
make_score(const RmlSiteModel *entry, float *margins)
{
	respond(entry, margins);
	return Float8GetDatum((float8) margins[0]);
}

static Datum
make_margins(const RmlSiteModel *entry, float *margins)
{
	int			n = entry->model->image.header->n_outputs;
	Datum	   *items = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		items[i] = Float8GetDatum((float8) margins[i]);
	return PointerGetDatum(construct_array(items, n, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
make_scores(const RmlSiteModel *entry, float *margins)
{
	respond(entry, margins);
	return make_margins(entry, margins);
}

static Datum
make_class(const RmlSiteModel *entry, float *margins)
{
	const RmlImage *image = &entry->model->image;

	return Int32GetDatum(rml_class(image->objective, image->writer, margins,
								   image->header->n_outputs));
}

const RmlResult rml_result_score = {.name = "score", .require = require_score, .make = make_score};
const RmlResult rml_result_scores = {.name = "scores", .make = make_scores};
const RmlResult rml_result_class = {.name = "class", .require = require_class, .make = make_class};
const RmlResult rml_result_margin = {.name = "margin", .require = require_margin, .make = make_margin};
const RmlResult rml_result_margins = {.name = "margins", .make = make_margins};

Datum
rml_result_of_row(const RmlResult *result, RmlSiteModel *entry)
{
	if (result->require != NULL)
		result->require(entry);
	rml_kernel_margins(entry->kernel, &entry->model->image, entry->row, entry->margins,
					   rml_check_interrupts);
	return result->make(entry, entry->margins);
}
