/*
 * kind_train.c
 *	  Steps that train a model.
 *
 * The command is a JSON object with the arguments of CALL riskml.train_model().  Reading and training are not the step's transaction;
 * the one that records its success stores the version, so that there is never one without the other.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "job/context.h"
#include "job/kind.h"
#include "registry/acting.h"
#include "train/training.h"

void
rml_check_train(const char *command)
{
	(void) rml_train_arguments_of_step(command);
}

/* Owners of jobs do what they may do by hand, and no more. */
static void
require_right(void)
{
	RmlParam	name = rml_param_text("train_model");
	int32		may = 0;

	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (rml_sql_read("SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_proc p\n"
					 "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace\n"
					 "WHERE n.nspname OPERATOR(pg_catalog.=) 'riskml' AND p.proname OPERATOR(pg_catalog.=) $1\n"
					 "AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')", 1, &name) > 0)
		(void) rml_sql_int(&may);
	SPI_finish();
	PopActiveSnapshot();
	if (may == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for procedure %s", "train_model"),
				 errhint("GRANT EXECUTE ON PROCEDURE riskml.train_model TO the job's owner.")));
}

static void
commit(void)
{
	CommitTransactionCommand();
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
}

static void
store(RmlWork *work)
{
	RmlTraining *training = work->state;
	int32		version = rml_train_store(training);

	rml_context_set_output(rml_train_summary(training, version));
}

void
rml_kind_train(RmlWork *work)
{
	MemoryContext caller = CurrentMemoryContext;
	/* what is cancelled ends with it, before anything else is done */
	MemoryContext context = AllocSetContextCreate(caller, "riskml train step", ALLOCSET_DEFAULT_SIZES);
	RmlTraining *training;

	PG_TRY();
	{
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		MemoryContextSwitchTo(context);
		require_right();
		MemoryContextSwitchTo(context);
		training = rml_train_run(rml_train_arguments_of_step(work->command), commit);
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	work->rows = (uint64) training->facts.rows;
	work->state = training;
	work->finish = store;
}
