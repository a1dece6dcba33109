/*
 * board.c
 *	  What schedulers, steps and sessions know of each other, in shared memory.
 *
 * Nothing here is needed to be right: what happened stands in the tables.  The
 * board says which processes are alive, and wakes those that wait.  One lock
 * guards it, held for a few instructions; after a crash the board is empty, as
 * are the processes that stood on it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "job/board.h"
#include "job/clock.h"

#define TRANCHE "riskml_jobs"
#define MAX_DATABASES 64
#define MAX_STEPS 1024
#define LEAVE_SECONDS 10		/* for which no scheduler comes back */

typedef struct Desk
{
	Oid			database;		/* InvalidOid: free */
	int			procno;			/* of its scheduler; -1: none */
	TimestampTz left_at;		/* when it was asked to leave; 0: it was not */
	bool		woken;			/* there is something to do since it last looked */
} Desk;

typedef struct RunningStep
{
	int64		token;
	int			pid;			/* 0: free */
	uint64		rows;			/* so far */
	uint64		bytes;
} RunningStep;

typedef struct Board
{
	LWLock	   *lock;
	ConditionVariable run_ended;
	Desk		desks[MAX_DATABASES];
	RunningStep steps[MAX_STEPS];
} Board;

static Board *board = NULL;
static Desk *my_desk = NULL;
static RunningStep *my_step = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(Board));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
attach_memory(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	board = ShmemInitStruct("riskml jobs", sizeof(Board), &found);
	if (!found)
	{
		memset(board, 0, sizeof(Board));
		board->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
		ConditionVariableInit(&board->run_ended);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
rml_board_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

bool
rml_board_exists(void)
{
	return board != NULL;
}

/* ---- schedulers ---- */

/* Was it asked to leave, not long ago? */
static bool
is_sent_away(const Desk *desk)
{
	return desk->left_at != 0 && !rml_clock_is_past(desk->left_at, LEAVE_SECONDS * 1000);
}

static bool
is_free(const Desk *desk)
{
	return desk->database == InvalidOid || (desk->procno == -1 && !is_sent_away(desk));
}

/* The desk of a database; with `take`, a free one if it has none.  NULL: there is none. */
static Desk *
find_desk(Oid database, bool take)
{
	Desk	   *unused = NULL;

	for (int i = 0; i < MAX_DATABASES; i++)
	{
		Desk	   *desk = &board->desks[i];

		if (desk->database == database)
			return desk;
		if (unused == NULL && is_free(desk))
			unused = desk;
	}
	if (take && unused != NULL)
	{
		unused->database = database;
		unused->procno = -1;
		unused->left_at = 0;
		unused->woken = false;
		return unused;
	}
	return NULL;
}

static void
leave_desk(int code, Datum arg)
{
	(void) code;
	(void) arg;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	my_desk->procno = -1;
	LWLockRelease(board->lock);
}

bool
rml_board_enter(void)
{
	Desk	   *desk;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	desk = find_desk(MyDatabaseId, true);
	if (desk != NULL && desk->procno == -1 && !is_sent_away(desk))
	{
		desk->procno = rml_my_procno();
		desk->left_at = 0;
		my_desk = desk;
	}
	LWLockRelease(board->lock);
	if (my_desk != NULL)
		before_shmem_exit(leave_desk, (Datum) 0);
	return my_desk != NULL;
}

bool
rml_board_must_leave(void)
{
	return my_desk->left_at != 0;
}

bool
rml_board_ask_to_leave(Oid database)
{
	Desk	   *desk;
	bool		there;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	desk = find_desk(database, true);
	if (desk != NULL)
		desk->left_at = GetCurrentTimestamp();
	there = desk != NULL && desk->procno != -1;
	if (there)
		SetLatch(&GetPGProcByNumber(desk->procno)->procLatch);
	LWLockRelease(board->lock);
	return there;
}

bool
rml_board_may_enter(Oid database)
{
	const Desk *desk;
	bool		may;

	LWLockAcquire(board->lock, LW_SHARED);
	desk = find_desk(database, false);
	may = desk == NULL || (desk->procno == -1 && !is_sent_away(desk));
	LWLockRelease(board->lock);
	return may;
}

void
rml_board_wake(Oid database)
{
	Desk	   *desk;

	if (board == NULL)
		return;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	desk = find_desk(database, false);
	if (desk != NULL && desk->procno != -1)
	{
		desk->woken = true;
		SetLatch(&GetPGProcByNumber(desk->procno)->procLatch);
	}
	LWLockRelease(board->lock);
}

bool
rml_board_was_woken(void)
{
	bool		woken;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	woken = my_desk->woken;
	my_desk->woken = false;
	LWLockRelease(board->lock);
	return woken;
}

/* ---- steps ---- */

static void
end_step(int code, Datum arg)
{
	(void) code;
	(void) arg;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	my_step->pid = 0;
	LWLockRelease(board->lock);
	rml_board_wake(MyDatabaseId);
}

bool
rml_board_begin_step(int64 token)
{
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_STEPS && my_step == NULL; i++)
	{
		if (board->steps[i].pid == 0)
			my_step = &board->steps[i];
	}
	if (my_step != NULL)
	{
		my_step->token = token;
		my_step->pid = MyProcPid;
		my_step->rows = my_step->bytes = 0;
	}
	LWLockRelease(board->lock);
	if (my_step != NULL)
		before_shmem_exit(end_step, (Datum) 0);
	return my_step != NULL;
}

int
rml_board_step_pid(int64 token)
{
	int			pid = 0;

	LWLockAcquire(board->lock, LW_SHARED);
	for (int i = 0; i < MAX_STEPS && pid == 0; i++)
	{
		if (board->steps[i].pid != 0 && board->steps[i].token == token)
			pid = board->steps[i].pid;
	}
	LWLockRelease(board->lock);
	return pid;
}

void
rml_board_progress(uint64 rows, uint64 bytes)
{
	if (my_step == NULL)
		return;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	my_step->rows = rows;
	my_step->bytes = bytes;
	LWLockRelease(board->lock);
}

bool
rml_board_step_progress(int pid, uint64 *rows, uint64 *bytes)
{
	bool		found = false;

	if (board == NULL || pid == 0)
		return false;
	LWLockAcquire(board->lock, LW_SHARED);
	for (int i = 0; i < MAX_STEPS && !found; i++)
	{
		const RunningStep *step = &board->steps[i];

		found = step->pid == pid && (step->rows > 0 || step->bytes > 0);
		*rows = step->rows;
		*bytes = step->bytes;
	}
	LWLockRelease(board->lock);
	return found;
}

/* ---- runs ---- */

void
rml_board_tell_end(void)
{
	ConditionVariableBroadcast(&board->run_ended);
}

void
rml_board_prepare_wait(void)
{
	ConditionVariablePrepareToSleep(&board->run_ended);
}

void
rml_board_wait(long milliseconds)
{
	(void) ConditionVariableTimedSleep(&board->run_ended, milliseconds, PG_WAIT_EXTENSION);
}

void
rml_board_stop_waiting(void)
{
	ConditionVariableCancelSleep();
}
