/*
 * reasons.c
 *	  risk_reasons(model, row, n, reference, output), and what the planner makes of it.
 *
 * A reason is an input, or a group of them, that speaks against the applicant:
 * its contribution to the margin, or how much more that is than a reference
 * applicant's.  What inputs are called, which belong together and which never
 * are a reason is said by riskml.set_reasons().
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "registry/acting.h"
#include "registry/reasons.h"
#include "score/columns.h"
#include "score/explain.h"
#include "score/reasons.h"

RML_SQL_FUNCTION(riskml_reasons_record);
RML_SQL_FUNCTION(riskml_reasons_columns);

/* ---- contributions ---- */

static int
find_output(const RmlSiteModel *entry, const RmlReasonRequest *request)
{
	int			n = (int) entry->model->image.header->n_outputs;

	if (!request->has_output && n > 1)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has %d outputs, and reasons are those of one", entry->binding.name, n),
				 errhint("Say which: output => 0 is the first.")));
	return request->has_output ? request->output : 0;
}

/* Adds contributions of features to those of the items, times sign. */
static void
add_contributions(const RmlModel *model, const double *features, double sign, const RmlModelReasons *reasons, double *items)
{
	int			n = (int) model->image.header->n_features;

	for (int i = 0; i < n; i++)
	{
		int			item = reasons->item_of_feature == NULL ? i : reasons->item_of_feature[i];
		const int  *origins = &item;
		int			n_origins = item >= 0 ? 1 : rml_feature_origins(model, i, &origins);

		for (int j = 0; j < n_origins; j++)
			items[origins[j]] += sign * features[i] / n_origins;
	}
}

/* A key that the reference lacks cannot be told to be missing in any other way. */
static void
name_reference(void *unused)
{
	(void) unused;
	errcontext("reference applicant");
	if (geterrcode() == ERRCODE_UNDEFINED_COLUMN)
		errhint("Write null for a missing value.");
}

static void
read_reference(RmlSiteModel *entry, Jsonb *reference)
{
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = name_reference};

	error_context_stack = &callback;
	rml_site_read_object(entry, reference, false);
	error_context_stack = callback.previous;
}

/* The reference applicant that was explained last: mostly it is the same for all rows. */
static struct
{
	uint8		identity[RML_IDENTITY_SIZE];
	int			output;
	Jsonb	   *reference;		/* NULL: there is none */
	double	   *features;
}			last;

static bool
is_last(const RmlSiteModel *entry, int output, const Jsonb *reference)
{
	return last.reference != NULL && last.output == output &&
		memcmp(last.identity, entry->model->identity, RML_IDENTITY_SIZE) == 0 &&
		VARSIZE(last.reference) == VARSIZE(reference) && memcmp(last.reference, reference, VARSIZE(reference)) == 0;
}

static void
forget_last(void)
{
	if (last.reference != NULL)
		pfree(last.reference);
	if (last.features != NULL)
		pfree(last.features);
	last.reference = NULL;
	last.features = NULL;
}

/* Contributions of the features of a reference applicant, which is read into the place of the row. */
static const double *
reference_contributions(RmlSiteModel *entry, FunctionCallInfo fcinfo, int output, Jsonb *reference)
{
	Size		size = sizeof(double) * (Size) Max(entry->model->image.header->n_features, 1);
	const double *features;
	Jsonb	   *copy;

	if (is_last(entry, output, reference))
		return last.features;
	read_reference(entry, reference);
	features = rml_site_feature_contributions(entry, fcinfo, output, false);
	forget_last();
	last.features = MemoryContextAlloc(TopMemoryContext, size);
	copy = MemoryContextAlloc(TopMemoryContext, VARSIZE(reference));
	memcpy(copy, reference, VARSIZE(reference));
	last.reference = copy;
	memcpy(last.features, features, sizeof(double) * (Size) entry->model->image.header->n_features);
	last.output = output;
	memcpy(last.identity, entry->model->identity, RML_IDENTITY_SIZE);
	return last.features;
}

int
rml_row_reasons(RmlSiteModel *entry, FunctionCallInfo fcinfo, const RmlReasonRequest *request, RmlRowReason **rows)
{
	int			output = find_output(entry, request);
	const RmlModelReasons *reasons = rml_model_reasons(entry->model, &entry->binding);
	double	   *items = palloc0(sizeof(double) * (Size) Max(reasons->n_items, 1));
	RmlReason  *found = palloc(sizeof(RmlReason) * (Size) Max(reasons->n_groups, 1));
	int			n;

	add_contributions(entry->model, rml_site_feature_contributions(entry, fcinfo, output, false), 1, reasons, items);
	if (request->reference != NULL)
		add_contributions(entry->model, reference_contributions(entry, fcinfo, output, request->reference), -1, reasons, items);
	n = rml_reasons_find(reasons->items, items, reasons->n_items, reasons->n_groups, found);
	if (request->n >= 0)
		n = Min(n, request->n);
	*rows = palloc(sizeof(RmlRowReason) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
		(*rows)[i] = (RmlRowReason) {
			.code = reasons->codes[found[i].item],
			.text = reasons->texts[found[i].item],
			.feature = reasons->names[found[i].item],
			.contribution = found[i].contribution
		};
	pfree(items);
	pfree(found);
	return n;
}

/* ---- SQL ---- */

/* Columns of the result */
enum
{
	OUT_RANK,
	OUT_CODE,
	OUT_TEXT,
	OUT_FEATURE,
	OUT_CONTRIBUTION,
	N_OUT
};

static void
put_reason(ReturnSetInfo *rsinfo, int rank, const RmlRowReason *reason)
{
	Datum		values[N_OUT] = {0};
	bool		nulls[N_OUT] = {false};

	values[OUT_RANK] = Int32GetDatum(rank);
	nulls[OUT_CODE] = reason->code == NULL;
	if (reason->code != NULL)
		values[OUT_CODE] = CStringGetTextDatum(reason->code);
	values[OUT_TEXT] = CStringGetTextDatum(reason->text);
	values[OUT_FEATURE] = CStringGetTextDatum(reason->feature);
	values[OUT_CONTRIBUTION] = Float8GetDatum(reason->contribution);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Arguments `first` on: n, reference, output. */
static RmlReasonRequest
request_args(FunctionCallInfo fcinfo, int first)
{
	RmlReasonRequest request = {
		.n = PG_ARGISNULL(first) ? -1 : PG_GETARG_INT32(first),
		.reference = PG_ARGISNULL(first + 1) ? NULL : PG_GETARG_JSONB_P(first + 1),
		.has_output = !PG_ARGISNULL(first + 2),
		.output = PG_ARGISNULL(first + 2) ? 0 : PG_GETARG_INT32(first + 2)
	};

	if (!PG_ARGISNULL(first) && request.n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"n\" must be at least 1, not %d", request.n),
				 errhint("NULL asks for all reasons.")));
	return request;
}

static Datum
put_reasons(RmlSiteModel *entry, FunctionCallInfo fcinfo, const RmlReasonRequest *request)
{
	RmlRowReason *reasons;
	int			n = rml_row_reasons(entry, fcinfo, request, &reasons);

	for (int i = 0; i < n; i++)
		put_reason((ReturnSetInfo *) fcinfo->resultinfo, i + 1, &reasons[i]);
	return (Datum) 0;
}

Datum
riskml_reasons_record(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry;
	RmlReasonRequest request;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	request = request_args(fcinfo, 2);
	entry = rml_site_model(fcinfo, false);
	rml_site_read_record(entry, fcinfo);
	return put_reasons(entry, fcinfo, &request);
}

/* riskml.reasons_columns(model, planned, features, n, reference, output, VARIADIC values) */
Datum
riskml_reasons_columns(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry;
	RmlReasonRequest request;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	request = request_args(fcinfo, RML_COLUMN_ARGS);
	entry = rml_site_model(fcinfo, false);
	rml_site_read_columns_from(entry, fcinfo, RML_COLUMN_ARGS + 3);
	return put_reasons(entry, fcinfo, &request);
}
