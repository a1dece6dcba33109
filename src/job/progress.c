/*
 * progress.c
 *	  How far a running step has come.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "compat.h"
#include "job/board.h"

RML_SQL_FUNCTION(riskml_step_progress);

/* riskml.step_progress(pid) -> (rows_read, bytes_read): NULLs if the step has not said. */
Datum
riskml_step_progress(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {true, true};
	uint64		rows;
	uint64		bytes;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (rml_board_step_progress(PG_GETARG_INT32(0), &rows, &bytes))
	{
		values[0] = Int64GetDatum((int64) rows);
		values[1] = Int64GetDatum((int64) bytes);
		nulls[0] = nulls[1] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
