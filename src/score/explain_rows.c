/*
 * explain_rows.c
 *	  risk_explain(): a row's contributions as a table, and
 *	  riskml.explain_summary(): what contributions are like over many rows.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "quality/subject.h"
#include "registry/acting.h"
#include "score/columns.h"
#include "score/explain.h"

#define BASE_VALUE "(base value)"

/* Rows that are fetched at once. */
#define ROWS_PER_FETCH 1000

/* ---- risk_explain() ---- */

/* An input and its contribution. */
typedef struct Part
{
	int			input;
	double		contribution;
} Part;

/* The largest first; of equal ones the input that comes first. */
static int
compare_parts(const void *a, const void *b)
{
	const Part *pa = a;
	const Part *pb = b;
	double		va = fabs(pa->contribution);
	double		vb = fabs(pb->contribution);

	if (va != vb)
		return va > vb ? -1 : 1;
	return pa->input - pb->input;
}

static void
put_part(ReturnSetInfo *rsinfo, const char *name, const char *text, double contribution)
{
	Datum		values[3] = {CStringGetTextDatum(name)};
	bool		nulls[3] = {false, text == NULL, false};

	if (text != NULL)
		values[1] = CStringGetTextDatum(text);
	values[2] = Float8GetDatum(contribution);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* How many rows a call asks for besides the base value; by that argument. */
static int
read_top(FunctionCallInfo fcinfo, int arg, int n)
{
	int			top = PG_ARGISNULL(arg) ? n : PG_GETARG_INT32(arg);

	if (top < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("top must not be negative, but is %d", top)));
	return Min(top, n);
}

/* The arguments `more` and the next are output and top. */
static Datum
put_explanation(RmlSiteModel *entry, FunctionCallInfo fcinfo, int more, char **texts)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const RmlInputs *inputs = &entry->model->inputs;
	const double *contributions = rml_site_contributions(entry, fcinfo, PG_GETARG_INT32(more), false);
	int			top = read_top(fcinfo, more + 1, inputs->n);
	Part	   *parts = palloc(sizeof(Part) * (Size) Max(inputs->n, 1));

	for (int i = 0; i < inputs->n; i++)
		parts[i] = (Part) {i, contributions[i]};
	qsort(parts, inputs->n, sizeof(Part), compare_parts);
	for (int i = 0; i < top; i++)
		put_part(rsinfo, inputs->names[parts[i].input], texts[parts[i].input], parts[i].contribution);
	put_part(rsinfo, BASE_VALUE, NULL, contributions[inputs->n]);
	return (Datum) 0;
}

/* The model of a call with a row; NULL: there are no rows, as some argument is NULL. */
static RmlSiteModel *
begin(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	return PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) ? NULL : rml_site_model(fcinfo, false);
}

RML_SQL_FUNCTION(riskml_explain_columns);
RML_SQL_FUNCTION(riskml_explain_record);
RML_SQL_FUNCTION(riskml_explain_array);
RML_SQL_FUNCTION(riskml_explain_jsonb);

/* riskml.explain_columns(model, planned, features, output, top, VARIADIC values) */
Datum
riskml_explain_columns(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(RML_COLUMN_ARGS))
		return (Datum) 0;
	entry = rml_site_model(fcinfo, false);
	rml_site_read_columns_from(entry, fcinfo, RML_COLUMN_ARGS + 2);
	return put_explanation(entry, fcinfo, RML_COLUMN_ARGS, rml_columns_texts(entry, fcinfo, RML_COLUMN_ARGS + 2));
}

/* risk_explain(model, features, output, top) */
Datum
riskml_explain_record(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry = begin(fcinfo);

	if (entry == NULL)
		return (Datum) 0;
	rml_site_read_record(entry, fcinfo);
	return put_explanation(entry, fcinfo, 2, rml_record_texts(entry, fcinfo));
}

Datum
riskml_explain_array(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry = begin(fcinfo);

	if (entry == NULL)
		return (Datum) 0;
	rml_site_read_array(entry, fcinfo);
	return put_explanation(entry, fcinfo, 2, rml_array_texts(entry, fcinfo));
}

/* risk_explain(model, features, output, top, lenient) */
Datum
riskml_explain_jsonb(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry = begin(fcinfo);

	if (entry == NULL || PG_ARGISNULL(4))
		return (Datum) 0;
	rml_site_read_jsonb(entry, fcinfo, PG_GETARG_BOOL(4));
	return put_explanation(entry, fcinfo, 2, rml_jsonb_texts(entry, fcinfo));
}

/* ---- riskml.explain_summary() ---- */

/* Of one input: sums over rows; those of value and contribution together only where there is a value. */
typedef struct Summary
{
	double		sum_abs;
	double		sum;
	double		n;				/* rows with a value */
	double		mean_x;
	double		mean_y;
	double		xx;				/* squared distances from the means, and their product */
	double		yy;
	double		xy;
} Summary;

static void
add_row(Summary *s, double x, double contribution)
{
	double		dx;
	double		dy;

	s->sum_abs += fabs(contribution);
	s->sum += contribution;
	if (isnan(x) || isinf(x))
		return;
	/* Welford */
	s->n++;
	dx = x - s->mean_x;
	dy = contribution - s->mean_y;
	s->mean_x += dx / s->n;
	s->mean_y += dy / s->n;
	s->xx += dx * (x - s->mean_x);
	s->yy += dy * (contribution - s->mean_y);
	s->xy += dx * (contribution - s->mean_y);
}

/* The value of an input as a number; NaN if it is none, or missing. */
static double
number_of(const RmlSiteModel *entry, int input)
{
	const RmlModel *model = entry->model;
	const RmlTransform *transform = model->inputs.transform;
	const RmlTransformColumn *column;

	if (transform == NULL)
		return rml_image_categories(&model->image, input) != NULL ? NAN : (double) entry->row[input];
	column = &transform->columns[input];
	for (int i = column->first_read; i < column->first_read + column->n_reads; i++)
	{
		const RmlTransformRead *read = &transform->reads[i];

		if (read->input->read_as == RML_READ_NUMBER || read->input->read_as == RML_READ_TIME)
			return entry->slots[read->slot];
	}
	return NAN;
}

/* A call of a function of (model, record), for the site that keeps the model. */
typedef struct Call
{
	FmgrInfo	flinfo;
	union
	{
		FunctionCallInfoBaseData fcinfo;
		char		room[SizeForFunctionCallInfo(2)];
	}			u;
} Call;

static FunctionCallInfo
begin_call(Call *call, Datum model)
{
	memset(call, 0, sizeof(*call));
	call->flinfo.fn_mcxt = CurrentMemoryContext;
	InitFunctionCallInfoData(call->u.fcinfo, &call->flinfo, 2, InvalidOid, NULL, NULL);
	call->u.fcinfo.args[0].value = model;
	return &call->u.fcinfo;
}

/* Adds the rows that were fetched. */
static void
add_rows(FunctionCallInfo call, int output, MemoryContext scratch, Summary **summaries, RmlSiteModel **model)
{
	for (uint64 r = 0; r < SPI_processed; r++)
	{
		MemoryContext caller = MemoryContextSwitchTo(scratch);
		RmlSiteModel *entry;
		const double *contributions;

		CHECK_FOR_INTERRUPTS();
		call->args[1].value = heap_copy_tuple_as_datum(SPI_tuptable->vals[r], SPI_tuptable->tupdesc);
		entry = rml_site_model(call, false);
		rml_site_read_record(entry, call);
		contributions = rml_site_contributions(entry, call, output, false);
		MemoryContextSwitchTo(caller);
		*model = entry;
		if (*summaries == NULL)
			*summaries = palloc0(sizeof(Summary) * (Size) Max(entry->model->inputs.n, 1));
		for (int i = 0; i < entry->model->inputs.n; i++)
			add_row(&(*summaries)[i], number_of(entry, i), contributions[i]);
		MemoryContextReset(scratch);
	}
}

static void
put_summary(ReturnSetInfo *rsinfo, const char *name, const Summary *s, int64 n_rows)
{
	Datum		values[5] = {CStringGetTextDatum(name)};
	bool		nulls[5] = {0};
	double		spread = sqrt(s->xx) * sqrt(s->yy);

	values[1] = Float8GetDatum(s->sum_abs / (double) n_rows);
	values[2] = Float8GetDatum(s->sum / (double) n_rows);
	nulls[3] = !(spread > 0);
	if (!nulls[3])
		values[3] = Float8GetDatum(Min(Max(s->xy / spread, -1), 1));
	values[4] = Int64GetDatum(n_rows);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* The largest first. */
static void
put_summaries(ReturnSetInfo *rsinfo, const RmlInputs *inputs, const Summary *summaries, int64 n_rows)
{
	Part	   *parts = palloc(sizeof(Part) * (Size) Max(inputs->n, 1));

	for (int i = 0; i < inputs->n; i++)
		parts[i] = (Part) {i, summaries[i].sum_abs};
	qsort(parts, inputs->n, sizeof(Part), compare_parts);
	for (int i = 0; i < inputs->n; i++)
		put_summary(rsinfo, inputs->names[parts[i].input], &summaries[parts[i].input], n_rows);
}

RML_SQL_FUNCTION(riskml_explain_summary);

/*
 * riskml.explain_summary(model, query, output): the version is found once,
 * rows are read as the caller and nothing is written.
 */
Datum
riskml_explain_summary(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *name = RML_TEXT_ARG(0, "model");
	const char *query = RML_TEXT_ARG(1, "query");
	RmlSubject	subject;
	RmlSiteModel *entry = NULL;
	Summary    *summaries = NULL;
	MemoryContext scratch;
	FunctionCallInfo row;
	SPIPlanPtr	plan;
	Portal		portal;
	RmlRef		ref;
	RmlBinding	binding;
	Call		call;
	int64		n_rows = 0;
	bool		was_read_only = XactReadOnly;

	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("output must not be NULL")));
	InitMaterializedSRF(fcinfo, 0);
	rml_ref_parse(name, (int) strlen(name), &ref);
	rml_resolve(&ref, &binding);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rml_subject_open(&subject, InvalidOid, query, NULL);
	row = begin_call(&call, CStringGetTextDatum(rml_pinned_form(&binding)));
	scratch = AllocSetContextCreate(CurrentMemoryContext, "riskml explained row", ALLOCSET_DEFAULT_SIZES);
	/* functions in the query are not to write either; after an error, the end of the (sub)transaction resets it */
	XactReadOnly = true;
	plan = SPI_prepare(psprintf("SELECT source.* FROM %s", subject.from), 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed");
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, ROWS_PER_FETCH);
		if (SPI_processed == 0)
			break;
		BlessTupleDesc(SPI_tuptable->tupdesc);
		add_rows(row, PG_GETARG_INT32(2), scratch, &summaries, &entry);
		n_rows += (int64) SPI_processed;
		SPI_freetuptable(SPI_tuptable);
	}
	if (entry != NULL)
		put_summaries(rsinfo, &entry->model->inputs, summaries, n_rows);
	SPI_cursor_close(portal);
	XactReadOnly = was_read_only;
	SPI_finish();
	return (Datum) 0;
}
