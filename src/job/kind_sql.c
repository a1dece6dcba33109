/*
 * kind_sql.c
 *	  A step that is SQL in one transaction, the one that records its success.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "tcop/dest.h"

#include "job/kind.h"

void
rml_kind_sql(RmlWork *work)
{
	/* results are counted, not kept */
	SPIExecuteOptions options = {.dest = CreateDestReceiver(DestNone)};
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_extended(work->command, &options);
	if (result == SPI_ERROR_TRANSACTION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("a step of kind \"sql\" is one transaction and cannot begin or end one"),
				 errhint("Use kind \"sql_no_transaction\" for SQL that commits.")));
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the step's SQL cannot be run here: %s", SPI_result_code_string(result))));
	work->rows = SPI_processed;
	SPI_finish();
}
