/*
 * views.c
 *	  What riskml.models and riskml.model_features compute from stored versions.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "guc.h"
#include "kernel/kernel.h"
#include "registry/server.h"

RML_SQL_FUNCTION(riskml_image_kernel);
RML_SQL_FUNCTION(riskml_image_coefficients);
RML_SQL_FUNCTION(riskml_mean_importance);

/* Reads the header alone; false if it is none of the current format. */
static bool
read_header(Datum image, RmlImageHeader *header)
{
	bytea	   *start = (bytea *) PG_DETOAST_DATUM_SLICE(image, 0, sizeof(*header));

	if (VARSIZE_ANY_EXHDR(start) < sizeof(*header))
		return false;
	memcpy(header, VARDATA_ANY(start), sizeof(*header));
	return rml_image_is_current(header);
}

/*
 * riskml.image_kernel(image): from its header alone, as riskml.kernel and the
 * CPU have it.  NULL if the header is not one of the current format.
 */
Datum
riskml_image_kernel(PG_FUNCTION_ARGS)
{
	RmlImageHeader header;
	const RmlKernel *kernel;

	if (!read_header(PG_GETARG_DATUM(0), &header))
		PG_RETURN_NULL();
	kernel = rml_kernel_choose(&header, rml_guc_kernel_name());
	PG_RETURN_TEXT_P(cstring_to_text(kernel->name));
}

static void
put_coefficients(const RmlImage *image, ReturnSetInfo *rsinfo)
{
	int32		n_outputs = image->header->n_outputs;

	for (int32 i = 0; i < image->header->n_features; i++)
	{
		Datum		value = rml_array4(FLOAT4OID, image->weights + (Size) i * n_outputs, n_outputs);
		bool		isnull = false;

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
		pfree(DatumGetPointer(value));
	}
}

/*
 * riskml.image_coefficients(image): of a linear model, a real[] per feature
 * with one for each output.  No rows for another model, and for an image that
 * is damaged or of another format.
 */
Datum
riskml_image_coefficients(PG_FUNCTION_ARGS)
{
	RmlImageHeader header;
	RmlImage	image;
	RmlError	ignored = {0};
	bytea	   *stored;
	void	   *block;
	Size		size;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (!read_header(PG_GETARG_DATUM(0), &header) || (header.flags & RML_IMAGE_LINEAR) == 0)
		return (Datum) 0;
	stored = PG_GETARG_BYTEA_PP(0);
	size = VARSIZE_ANY_EXHDR(stored);
	/* a varlena's body is not aligned for the image's structs */
	block = MemoryContextAllocHuge(CurrentMemoryContext, size);
	memcpy(block, VARDATA_ANY(stored), size);
	if (rml_image_open(&image, block, size, &ignored))
		put_coefficients(&image, (ReturnSetInfo *) fcinfo->resultinfo);
	pfree(block);
	return (Datum) 0;
}

/*
 * riskml.mean_importance(total, splits): the quotient in float32, as get_score()
 * of XGBoost has it; the server's own division refuses what underflows.  NULL
 * without splits.
 */
Datum
riskml_mean_importance(PG_FUNCTION_ARGS)
{
	int32		splits = PG_GETARG_INT32(1);

	if (splits == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4(PG_GETARG_FLOAT4(0) / (float) splits);
}
