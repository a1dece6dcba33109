/*
 * wake.c
 *	  Tells the scheduler that there is something to do, once it is committed.
 *
 * A transaction that is prepared tells nothing: the scheduler finds what it did
 * when it next looks by itself.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"

#include "job/board.h"
#include "job/wake.h"

static bool registered = false;
static bool changed = false;

static void
at_end(XactEvent event, void *arg)
{
	(void) arg;
	/* an end without a change may have left locks that were in the way */
	if (changed && (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT))
		rml_board_wake(MyDatabaseId);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		changed = false;
}

void
rml_job_changed(void)
{
	if (!registered)
		RegisterXactCallback(at_end, NULL);
	registered = true;
	changed = true;
}
