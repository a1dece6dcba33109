/*
 * copy.c
 *	  Rows into a table by COPY, without those that it refuses.
 *
 * A batch is given to COPY in a subtransaction, as all is well most of the
 * time.  If that fails, the batch is sifted (sift.c), which costs no
 * transaction ID, and what is left is tried again.  Then only triggers, foreign
 * keys and the like can fail.  COPY often tells the line; where it cannot, the
 * rows are halved until one is alone.  No row is refused for what another one
 * did: it has been alone in a COPY that failed, could not even be read, or broke
 * a constraint behind rows that are good.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "load/copy.h"
#include "load/sift.h"

#define LEAST_GROUP 16
#define MAX_ROUNDS 8			/* of sifting what was in doubt */

/* Rows that COPY asks for. */
typedef struct Feed
{
	const RmlBatch *batch;
	const int  *order;
	int			n;
	int			at;				/* which of them is next */
	uint32		given;			/* bytes of it */
} Feed;

/* COPY's callback has no argument. */
static Feed feed;

/* A COPY of some rows, and what became of it. */
typedef struct Attempt
{
	const RmlBatch *batch;
	const int  *order;
	int			n;

	CopyFromState copy;			/* NULL: not begun yet */
	bool		line_known;		/* of the error */
	uint64		line;
	const char *column;
	ErrorData  *error;
	uint64		processed;
} Attempt;

/* ---- COPY ---- */

static int
give_bytes(void *out, int least, int most)
{
	char	   *to = out;
	int			room = most;

	(void) least;
	while (room > 0 && feed.at < feed.n)
	{
		const RmlRow *row = &feed.batch->rows[feed.order[feed.at]];
		int			n = Min(room, (int) (row->length - feed.given));

		memcpy(to, feed.batch->text + row->start + feed.given, n);
		to += n;
		room -= n;
		feed.given += n;
		if (feed.given == row->length)
		{
			feed.at++;
			feed.given = 0;
		}
	}
	return most - room;
}

static CopyFromState
begin_copy(Relation rel, const RmlCopyFormat *format)
{
	ParseState *pstate = make_parsestate(NULL);
	CopyFromState copy;

	(void) addRangeTableEntryForRelation(pstate, rel, RowExclusiveLock, NULL, false, false);
	copy = BeginCopyFrom(pstate, rel, NULL, NULL, false, give_bytes, format->names, format->options);
	/* all rows end with \n, so that COPY need not guess and takes a lone \r for the fault it is */
	copy->eol_type = EOL_NL;
	return copy;
}

void
rml_copy_check(Relation rel, const RmlCopyFormat *format)
{
	EndCopyFrom(begin_copy(rel, format));
}

void
rml_copy_require_insert(Relation rel, const RmlCopyFormat *format)
{
	ListCell   *cell;

	if (pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_INSERT) == ACLCHECK_OK)
		return;
	foreach(cell, format->names)
	{
		AttrNumber	column = get_attnum(RelationGetRelid(rel), strVal(lfirst(cell)));

		if (pg_attribute_aclcheck(RelationGetRelid(rel), column, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
	}
}

CopyFromState
rml_copy_begin(const RmlBatch *batch, const int *order, int n)
{
	feed.batch = batch;
	feed.order = order;
	feed.n = n;
	feed.at = 0;
	feed.given = 0;
	return begin_copy(batch->rel, batch->format);
}

/* ---- errors ---- */

bool
rml_is_row_fault(int sqlstate, bool while_reading)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
			return false;
		case ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR):
			/* a type may refuse a value so; in a trigger it is the trigger that is broken */
			return while_reading;
		case ERRCODE_INTERNAL_ERROR:
			/* as types of extensions refuse a value */
			return while_reading && sqlstate == ERRCODE_INTERNAL_ERROR;
		default:
			return true;
	}
}

RmlRowFault
rml_row_fault(const ErrorData *error, const char *column)
{
	RmlRowFault fault;

	fault.sqlstate = error->sqlerrcode;
	fault.column = unconstify(char *, column != NULL ? column : error->column_name);
	fault.message = error->detail != NULL ? psprintf("%s: %s", error->message, error->detail) : error->message;
	return fault;
}

/*
 * While an error is made: if COPY's own callback is on the stack, its line is
 * that of a row.  Later, as triggers are fired, it is no longer.
 */
static void
note_place(void *arg)
{
	Attempt    *attempt = arg;

	attempt->line_known = false;
	attempt->column = NULL;
	for (ErrorContextCallback *c = error_context_stack; c != NULL; c = c->previous)
	{
		if (c->callback == CopyFromErrorCallback && c->arg == attempt->copy)
		{
			attempt->line_known = true;
			attempt->line = attempt->copy->cur_lineno;
			attempt->column = attempt->copy->cur_attname;
		}
	}
}

/* ---- attempts ---- */

static void
copy_rows(Attempt *attempt)
{
	ErrorContextCallback place = {.callback = note_place, .arg = attempt, .previous = error_context_stack};

	PushActiveSnapshot(GetTransactionSnapshot());
	attempt->copy = rml_copy_begin(attempt->batch, attempt->order, attempt->n);
	error_context_stack = &place;
	attempt->processed = CopyFrom(attempt->copy);
	error_context_stack = place.previous;
	EndCopyFrom(attempt->copy);
	PopActiveSnapshot();
}

/* True if all rows were taken; else nothing is. */
static bool
try_rows(Attempt *attempt, const RmlBatch *batch, const int *order, int n)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Feed		outer = feed;

	memset(attempt, 0, sizeof(*attempt));
	attempt->batch = batch;
	attempt->order = order;
	attempt->n = n;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		copy_rows(attempt);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		attempt->error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	/* a trigger may have had another ingest */
	feed = outer;
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (attempt->error == NULL)
		return true;
	if (attempt->copy == NULL || !rml_is_row_fault(attempt->error->sqlerrcode, attempt->column != NULL))
		ReThrowError(attempt->error);
	return false;
}

/* The n-th row of the attempt. */
static void
refuse(const Attempt *attempt, int n)
{
	RmlRowFault fault = rml_row_fault(attempt->error, attempt->column);

	attempt->batch->refuse(attempt->batch->arg, attempt->order[n], &fault);
}

/* COPY checks constraints row by row; as it stores rows, its line is that of the last one read. */
static bool
is_sure(const Attempt *attempt)
{
	return ERRCODE_TO_CATEGORY(attempt->error->sqlerrcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
}

/* The row that COPY had read when it failed; -1: not known. */
static int
failed_row(const Attempt *attempt)
{
	uint64		line = 0;

	if (!attempt->line_known)
		return -1;
	for (int i = 0; i < attempt->n; i++)
	{
		line += attempt->batch->rows[attempt->order[i]].newlines + 1;
		if (line >= attempt->line)
			return i;
	}
	return -1;
}

static uint64 insert_all(const RmlBatch *batch, const int *order, int n, int *n_refused);

/* A row alone. */
static uint64
insert_one(const RmlBatch *batch, const int *order, int *n_refused)
{
	Attempt		attempt;

	if (try_rows(&attempt, batch, order, 1))
		return attempt.processed;
	refuse(&attempt, 0);
	(*n_refused)++;
	return 0;
}

/* Rows that failed together, of which nothing else is known. */
static uint64
divide(const RmlBatch *batch, const int *order, int n, int *n_refused)
{
	Attempt		attempt;
	int			half = n / 2;
	uint64		processed;

	CHECK_FOR_INTERRUPTS();
	if (n == 1)
		return insert_one(batch, order, n_refused);
	/* if one half is good, the other is not */
	if (try_rows(&attempt, batch, order, half))
		return attempt.processed + divide(batch, order + half, n - half, n_refused);
	if (half == 1)
	{
		refuse(&attempt, 0);
		(*n_refused)++;
		processed = 0;
	}
	else
		processed = divide(batch, order, half, n_refused);
	return processed + insert_all(batch, order + half, n - half, n_refused);
}

/*
 * Up to n rows, of which *n becomes the number that were dealt with.  Those
 * before the one where COPY stopped are good as a rule.
 */
static uint64
insert_some(const RmlBatch *batch, const int *order, int *n, int *n_refused)
{
	Attempt		failed;
	Attempt		attempt;
	uint64		processed = 0;
	int			bad = *n;

	/* with partitions, the row where COPY stops need not be the first one that is bad */
	while (bad > 0 && !try_rows(&attempt, batch, order, bad))
	{
		*n = bad;
		failed = attempt;
		bad = failed_row(&failed);
		if (bad < 0)
			return divide(batch, order, *n, n_refused);
	}
	if (bad > 0)
		processed = attempt.processed;
	if (bad == *n)
		return processed;
	*n = bad + 1;
	if (!is_sure(&failed))
		return processed + insert_one(batch, order + bad, n_refused);
	/* behind the same rows it has failed already */
	refuse(&failed, bad);
	(*n_refused)++;
	return processed;
}

/* In groups that grow while all is well and are small where rows fail. */
static uint64
insert_all(const RmlBatch *batch, const int *order, int n, int *n_refused)
{
	uint64		processed = 0;
	int			group = n;

	while (n > 0)
	{
		int			done = Min(n, group);
		int			refused = 0;

		CHECK_FOR_INTERRUPTS();
		processed += insert_some(batch, order, &done, &refused);
		order += done;
		n -= done;
		group = refused == 0 ? Min(group, INT_MAX / 2) * 2 : Max(2 * done / refused, LEAST_GROUP);
		*n_refused += refused;
	}
	return processed;
}

/* What was in doubt is looked at again when the rows before it are in the table. */
static uint64
sift_and_insert(const RmlBatch *batch, int *order, int n)
{
	RmlSifted	sifted = {.good = palloc(sizeof(int) * n), .doubtful = palloc(sizeof(int) * n)};
	uint64		processed = 0;
	int			n_refused = 0;

	for (int round = 0; n > 0 && round < MAX_ROUNDS; round++)
	{
		int			before = n;

		rml_sift(batch, order, n, &sifted);
		processed += insert_all(batch, sifted.good, sifted.n_good, &n_refused);
		memcpy(order, sifted.doubtful, sizeof(int) * sifted.n_doubtful);
		n = sifted.n_doubtful;
		if (n == before)
			break;
	}
	return processed + insert_all(batch, order, n, &n_refused);
}

uint64
rml_copy_batch(const RmlBatch *batch)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "riskml ingest batch", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Feed		outer = feed;
	int		   *order = palloc(sizeof(int) * Max(batch->n_rows, 1));
	Attempt		attempt;
	uint64		processed;

	for (int i = 0; i < batch->n_rows; i++)
		order[i] = i;
	if (batch->n_rows == 0)
		processed = 0;
	else if (try_rows(&attempt, batch, order, batch->n_rows))
		processed = attempt.processed;
	else
		processed = sift_and_insert(batch, order, batch->n_rows);
	feed = outer;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return processed;
}
