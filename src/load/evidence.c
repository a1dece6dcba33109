/*
 * evidence.c
 *	  Why a load failed: rows that it refused, kept beyond its transaction.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "load/evidence.h"

#define MOST_ROWS 1000
#define MOST_BYTES 8192			/* of each */
#define SHOWN 5

static MemoryContext context = NULL;	/* holds what follows */
static RmlIngestor ingestor;
static List *rows;

void
rml_evidence_forget(void)
{
	if (context != NULL)
		MemoryContextReset(context);
	rows = NIL;
}

void
rml_evidence_begin(const RmlIngestor *whose)
{
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "riskml evidence", ALLOCSET_SMALL_SIZES);
	rml_evidence_forget();
	ingestor = *whose;
	if (whose->step != NULL)
		ingestor.step = MemoryContextStrdup(context, whose->step);
}

void
rml_evidence_add(const RmlBadRow *row)
{
	MemoryContext caller;

	if (list_length(rows) >= MOST_ROWS)
		return;
	caller = MemoryContextSwitchTo(context);
	rows = lappend(rows, rml_bad_row_copy(row, MOST_BYTES));
	MemoryContextSwitchTo(caller);
}

bool
rml_evidence_exists(void)
{
	return rows != NIL;
}

char *
rml_evidence_text(void)
{
	StringInfoData text;
	ListCell   *cell;

	if (rows == NIL)
		return NULL;
	initStringInfo(&text);
	foreach(cell, rows)
	{
		const RmlBadRow *row = lfirst(cell);

		if (foreach_current_index(cell) == SHOWN)
		{
			appendStringInfoString(&text, "\n...");
			break;
		}
		appendStringInfo(&text, "%s%s, line " UINT64_FORMAT ": %s", text.len > 0 ? "\n" : "", row->source,
						 row->line, row->fault.message);
	}
	return text.data;
}

void
rml_evidence_write(void)
{
	const char *cleared = NULL;
	ListCell   *cell;

	foreach(cell, rows)
	{
		const RmlBadRow *row = lfirst(cell);

		/* each bad row is there once, however often it was tried */
		if (cleared == NULL || strcmp(cleared, row->source) != 0)
			rml_quarantine_clear(ingestor.target, row->source);
		cleared = row->source;
	}
	rml_quarantine_write(&ingestor, rows, "failed");
	rml_evidence_forget();
}
