/*
 * kind_sql_no_transaction.c
 *	  A step whose statements commit one by one, as psql's do.
 *
 * They happen at least once: when the process dies between the last commit and
 * the record of success, the step is tried again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "pgstat.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "job/kind.h"

/* What a client's statement goes through, with its result thrown away. */
static uint64
run_portal(const char *command, RawStmt *statement)
{
	bool		needs_snapshot = analyze_requires_snapshot(statement);
	CommandTag	tag = CreateCommandTag(statement->stmt);
	DestReceiver *nowhere = CreateDestReceiver(DestNone);
	Portal		portal;
	List	   *plans;
	QueryCompletion done;

	if (needs_snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(statement, command, NULL, 0, NULL), command,
							CURSOR_OPT_PARALLEL_OK, NULL);
	if (needs_snapshot)
		PopActiveSnapshot();
	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, command, tag, plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	InitializeQueryCompletion(&done);
	(void) rml_portal_run(portal, nowhere, &done);
	nowhere->rDestroy(nowhere);
	PortalDrop(portal, false);
	return done.nprocessed;
}

void
rml_kind_sql_no_transaction(RmlWork *work)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(context, "riskml statement", ALLOCSET_DEFAULT_SIZES);
	List	   *statements;
	ListCell   *cell;

	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	statements = pg_parse_query(work->command);
	CommitTransactionCommand();
	foreach(cell, statements)
	{
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		/* its plan outlives transactions that it ends by itself */
		MemoryContextSwitchTo(scratch);
		work->rows = run_portal(work->command, lfirst_node(RawStmt, cell));
		CommitTransactionCommand();
		MemoryContextReset(scratch);
		if (!IsTransactionOrTransactionBlock())		/* after BEGIN it is */
			pgstat_report_stat(false);
		CHECK_FOR_INTERRUPTS();
	}
	if (IsTransactionOrTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("the step's SQL left a transaction open"),
				 errhint("End it with COMMIT.")));
	MemoryContextSwitchTo(context);
	MemoryContextDelete(scratch);
}
