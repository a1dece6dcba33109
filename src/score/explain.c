/*
 * explain.c
 *	  risk_contributions() in its forms, and what all explanations are made of.
 *
 * What is known before any row is kept with the model (cache.h), in a context
 * below the model's; room to work in with the call site, as its row is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "explain/explain.h"
#include "registry/server.h"
#include "score/columns.h"
#include "score/explain.h"
#include "score/result.h"

/* riskml.contributions_columns(model, planned, features, output, approximate, VARIADIC values) */
#define FIRST_VALUE (RML_COLUMN_ARGS + 2)

/* ---- what is kept with a model ---- */

/* The columns that something is made of, ascending. */
typedef struct Origins
{
	int			n;
	const int  *columns;
} Origins;

typedef struct ModelExplain
{
	RmlExplainer explainer;
	Origins    *origins;		/* of each feature; NULL: it is its own input */
} ModelExplain;

static const Origins no_origins;

static Origins
unite(Origins a, Origins b)
{
	int		   *columns;
	int			n = 0;
	int			i = 0;
	int			j = 0;

	if (a.n == 0 || a.columns == b.columns)
		return b;
	if (b.n == 0)
		return a;
	columns = palloc(sizeof(int) * ((Size) a.n + (Size) b.n));
	while (i < a.n || j < b.n)
	{
		if (j == b.n || (i < a.n && a.columns[i] < b.columns[j]))
			columns[n++] = a.columns[i++];
		else
		{
			if (i < a.n && a.columns[i] == b.columns[j])
				i++;
			columns[n++] = b.columns[j++];
		}
	}
	return (Origins) {n, columns};
}

/* Follows the columns through the program, slot by slot. */
static Origins *
find_origins(const RmlTransform *transform)
{
	const RmlProgram *program = transform->program;
	Origins    *slots = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(Origins) * (Size) Max(program->n_slots, 1),
												   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	Origins    *features = palloc(sizeof(Origins) * (Size) Max(transform->n_outputs, 1));
	int		   *numbers = palloc(sizeof(int) * (Size) Max(transform->n_columns, 1));

	for (int i = 0; i < transform->n_columns; i++)
		numbers[i] = i;
	for (int i = 0; i < transform->n_reads; i++)
		slots[transform->reads[i].slot] = (Origins) {1, &numbers[transform->reads[i].column]};
	for (int i = 0; i < program->n_instructions; i++)
	{
		const RmlInstruction *instruction = &program->instructions[i];
		Origins		origins = unite(slots[instruction->a], instruction->c >= 0 ? slots[instruction->c] : no_origins);

		for (int k = 0; k < (instruction->opcode == RML_DO_SCATTER ? instruction->n : 1); k++)
			slots[instruction->result + k] = origins;
	}
	for (int i = 0; i < transform->n_outputs; i++)
		features[i] = slots[transform->outputs[i].slot];
	pfree(slots);
	return features;
}

pg_noreturn static void
refuse(const RmlSiteModel *entry, const RmlError *err)
{
	ereport(ERROR,
			(errcode(err->kind == RML_UNSUPPORTED ? ERRCODE_WRONG_OBJECT_TYPE : rml_error_sqlstate(err)),
			 errmsg("model \"%s\" cannot be explained", entry->binding.name),
			 errdetail("%s%s.", err->kind == RML_UNSUPPORTED ? "" : "Its ", rml_error_message(err)),
			 err->kind == RML_UNSUPPORTED ?
			 errhint("Save it with an XGBoost that writes sum_hessian for each tree, and import it anew.") : 0));
}

static ModelExplain *
model_explain(RmlSiteModel *entry, bool approximate)
{
	RmlModel   *model = entry->model;
	ModelExplain *explain = model->explanation;
	MemoryContext context;
	MemoryContext caller;
	RmlServerHost host;
	RmlError	err = {0};

	if (explain != NULL && (!approximate || explain->explainer.means != NULL || model->image.header->n_trees == 0))
		return explain;
	/* until it is whole, it belongs to the caller */
	context = AllocSetContextCreate(CurrentMemoryContext, "riskml explanation", ALLOCSET_SMALL_SIZES);
	rml_server_host_init(&host, context);
	if (explain == NULL)
	{
		caller = MemoryContextSwitchTo(context);
		explain = palloc0(sizeof(ModelExplain));
		if (!rml_explain_prepare(&explain->explainer, &model->image, &host.host, &err))
			refuse(entry, &err);
		if (model->inputs.transform != NULL)
			explain->origins = find_origins(model->inputs.transform);
		MemoryContextSwitchTo(caller);
	}
	if (approximate)
	{
		RmlExplainer with_means = explain->explainer;

		rml_explain_prepare_means(&with_means, &model->image, &host.host);
		explain->explainer = with_means;
	}
	MemoryContextSetParent(context, model->context);
	model->size += MemoryContextMemAllocated(context, true);
	model->explanation = explain;
	return explain;
}

int
rml_feature_origins(const RmlModel *model, int feature, const int **origins)
{
	const ModelExplain *explain = model->explanation;

	Assert(explain != NULL && explain->origins != NULL);
	*origins = explain->origins[feature].columns;
	return explain->origins[feature].n;
}

void
rml_group_contributions(const RmlModel *model, const double *features, const bool *apart, double *inputs)
{
	const ModelExplain *explain = model->explanation;
	int			n_features = model->image.header->n_features;

	for (int i = 0; i < n_features; i++)
	{
		const Origins *origins = explain->origins != NULL ? &explain->origins[i] : NULL;

		if (apart != NULL && apart[i])
			continue;
		if (origins == NULL)
			inputs[i] += features[i];
		else if (origins->n == 0)
			inputs[model->inputs.n] += features[i];
		for (int k = 0; origins != NULL && k < origins->n; k++)
			inputs[origins->columns[k]] += features[i] / origins->n;
	}
	inputs[model->inputs.n] += features[n_features];
}

/* ---- a row ---- */

struct RmlSiteExplain
{
	MemoryContext context;
	RmlExplainSpace *space;
	double	   *features;
	double	   *inputs;			/* with a recipe */
};

void
rml_site_explain_free(RmlSiteExplain *explain)
{
	MemoryContextDelete(explain->context);
}

static RmlSiteExplain *
site_explain(RmlSiteModel *entry, FunctionCallInfo fcinfo, const ModelExplain *known)
{
	const RmlModel *model = entry->model;
	RmlSiteExplain *explain;
	MemoryContext context;
	RmlServerHost host;

	if (entry->explain != NULL)
		return entry->explain;
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "riskml explained rows", ALLOCSET_SMALL_SIZES);
	explain = MemoryContextAllocZero(context, sizeof(RmlSiteExplain));
	explain->context = context;
	rml_server_host_init(&host, context);
	explain->space = rml_explain_space(&known->explainer, &model->image, &host.host);
	explain->features = MemoryContextAlloc(context, sizeof(double) * ((Size) model->image.header->n_features + 1));
	if (known->origins != NULL)
		explain->inputs = MemoryContextAlloc(context, sizeof(double) * ((Size) model->inputs.n + 1));
	entry->explain = explain;
	return explain;
}

const double *
rml_site_feature_contributions(RmlSiteModel *entry, FunctionCallInfo fcinfo, int output, bool approximate)
{
	const RmlImage *image = &entry->model->image;
	const ModelExplain *known = model_explain(entry, approximate);
	RmlSiteExplain *explain = site_explain(entry, fcinfo, known);

	if (output < 0 || output >= image->header->n_outputs)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has no output %d", entry->binding.name, output),
				 errdetail_plural("It has %d output, number 0.", "It has %d outputs, from 0 on.",
								  image->header->n_outputs, image->header->n_outputs)));
	if (approximate)
		rml_explain_approximately(&known->explainer, image, entry->row, output, explain->features, rml_check_interrupts);
	else
		rml_explain_row(&known->explainer, image, explain->space, entry->row, output, explain->features, rml_check_interrupts);
	return explain->features;
}

const double *
rml_site_contributions(RmlSiteModel *entry, FunctionCallInfo fcinfo, int output, bool approximate)
{
	const double *features = rml_site_feature_contributions(entry, fcinfo, output, approximate);
	double	   *inputs = entry->explain->inputs;

	if (inputs == NULL)
		return features;
	memset(inputs, 0, sizeof(double) * ((Size) entry->model->inputs.n + 1));
	rml_group_contributions(entry->model, features, NULL, inputs);
	return inputs;
}

/* ---- risk_contributions() ---- */

static Datum
contributions_datum(RmlSiteModel *entry, FunctionCallInfo fcinfo, int output, bool approximate)
{
	const double *contributions = rml_site_contributions(entry, fcinfo, output, approximate);
	int			n = entry->model->inputs.n + 1;
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * (Size) n;
	ArrayType  *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT8OID;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), contributions, sizeof(float8) * (Size) n);
	return PointerGetDatum(array);
}

RML_SQL_FUNCTION(riskml_contributions_columns);
RML_SQL_FUNCTION(riskml_contributions_record);
RML_SQL_FUNCTION(riskml_contributions_array);
RML_SQL_FUNCTION(riskml_contributions_jsonb);

Datum
riskml_contributions_columns(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(RML_COLUMN_ARGS) || PG_ARGISNULL(RML_COLUMN_ARGS + 1))
		PG_RETURN_NULL();
	entry = rml_site_model(fcinfo, false);
	rml_site_read_columns_from(entry, fcinfo, FIRST_VALUE);
	return contributions_datum(entry, fcinfo, PG_GETARG_INT32(RML_COLUMN_ARGS), PG_GETARG_BOOL(RML_COLUMN_ARGS + 1));
}

Datum
riskml_contributions_record(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry = rml_site_model(fcinfo, false);

	rml_site_read_record(entry, fcinfo);
	return contributions_datum(entry, fcinfo, PG_GETARG_INT32(2), PG_GETARG_BOOL(3));
}

Datum
riskml_contributions_array(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry = rml_site_model(fcinfo, false);

	rml_site_read_array(entry, fcinfo);
	return contributions_datum(entry, fcinfo, PG_GETARG_INT32(2), PG_GETARG_BOOL(3));
}

/* risk_contributions(model, features jsonb, output, approximate, lenient) */
Datum
riskml_contributions_jsonb(PG_FUNCTION_ARGS)
{
	RmlSiteModel *entry = rml_site_model(fcinfo, false);

	rml_site_read_jsonb(entry, fcinfo, PG_GETARG_BOOL(4));
	return contributions_datum(entry, fcinfo, PG_GETARG_INT32(2), PG_GETARG_BOOL(3));
}
