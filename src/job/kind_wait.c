/*
 * kind_wait.c
 *	  A step that waits until a query gives true in the first column of its
 *	  first row.
 *
 * It holds no process meanwhile: it looks, and comes back some seconds later,
 * params.every of them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/fmgrprotos.h"

#include "job/kind.h"

#define EVERY 10.0

/* Seconds between two looks, of the step's params. */
static double
pause_of(const char *params)
{
	Jsonb	   *jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(params)));
	JsonbValue	room;
	JsonbValue *value = getKeyJsonValueFromContainer(&jsonb->root, "every", 5, &room);
	double		seconds = EVERY;

	if (value != NULL && value->type == jbvNumeric)
		seconds = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	if ((value != NULL && value->type != jbvNumeric) || !(seconds >= 0.1 && seconds <= 86400))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"every\" of a step that waits must be a number of seconds from 0.1 to 86400")));
	return seconds;
}

void
rml_kind_wait(RmlWork *work)
{
	bool		null = true;
	Datum		value = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(work->command, true, 1) != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a step of kind \"wait\" needs a query")));
	if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a step of kind \"wait\" needs a query whose first column is boolean, not %s",
						format_type_be(SPI_gettypeid(SPI_tuptable->tupdesc, 1)))));
	if (SPI_processed > 0)
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
	if (null || !DatumGetBool(value))
		work->again_after = pause_of(work->params);
	work->rows = SPI_processed;
	SPI_finish();
}
