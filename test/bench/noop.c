/*
 * noop.c
 *	  What any C function of 30 arguments costs: the executor reads them, and
 *	  nothing is done with them.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(noop);

Datum
noop(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(0);
}
