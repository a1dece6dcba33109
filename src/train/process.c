/*
 * process.c
 *	  riskml_trainer, as a child of this session.
 *
 * Pipes are non-blocking: whoever waits does so on the latch, so that a cancel is answered at once, and looks around every second for what
 * no pipe tells.  A trainer ends with the memory context that it was started in, and with this process, whatever ends that: a callback of the
 * context, one of proc_exit(), the kernel (launch.c) and the end of its standard input each see to it.
 *
 * Nothing that it sends is believed: frames are of a known kind and a bounded size, and memory for them grows only as bytes arrive.
 */
#include "postgres.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "guc.h"
#include "train/fate.h"
#include "train/launch.h"
#include "train/process.h"

#define PROGRAM "riskml_trainer"
#define MAX_LIST (1024 * 1024)
#define PIECE (64 * 1024)		/* bytes read at once */
#define LOOK_AROUND 1000		/* milliseconds */
#define LOOK_SOON 10
#define PATIENCE_AT_BEGIN 60000	/* milliseconds for its first word, on a machine that is busy */
#define PATIENCE_AT_END 10000	/* milliseconds for a trainer to exit that has nothing more to say */

struct RmlTrainer
{
	RmlChild	child;
	bool		out_ended;		/* it has closed its standard output */
	bool		has_spoken;
	TimestampTz started_at;
	RmlTrainerText text;
	char	   *buffer;			/* what has arrived and is not yet taken */
	Size		capacity;
	Size		begin;
	Size		end;
	MemoryContextCallback callback;
	dlist_node	node;			/* among those of this process */
};

static dlist_head trainers = DLIST_STATIC_INIT(trainers);

/* ---- begin and end ---- */

static void
end_child(RmlTrainer *trainer)
{
	if (trainer->child.pid <= 0)
		return;
	(void) rml_child_end(&trainer->child);
	dlist_delete(&trainer->node);
}

static void
end_with_context(void *arg)
{
	end_child(arg);
}

static void
end_with_process(int code, Datum arg)
{
	dlist_mutable_iter iter;

	(void) code;
	(void) arg;
	dlist_foreach_modify(iter, &trainers)
		end_child(dlist_container(RmlTrainer, node, iter.cur));
}

static void
watch_process_exit(void)
{
	static bool watched = false;

	if (!watched)
		before_shmem_exit(end_with_process, (Datum) 0);
	watched = true;
}

static char *
program_path(void)
{
	if (rml_guc_trainer_path != NULL && rml_guc_trainer_path[0] != '\0')
		return pstrdup(rml_guc_trainer_path);
	return psprintf("%s/%s", pkglib_path, PROGRAM);
}

RmlTrainer *
rml_trainer_start(void)
{
	RmlTrainer *trainer = palloc0(sizeof(RmlTrainer));
	char	   *path = program_path();
	RmlChildLimits limits = {.memory = (uint64) rml_guc_trainer_memory * 1024, .threads = rml_guc_trainer_threads};

	watch_process_exit();
	trainer->capacity = PIECE;
	trainer->buffer = palloc(trainer->capacity);
	trainer->callback.func = end_with_context;
	trainer->callback.arg = trainer;
	trainer->started_at = GetCurrentTimestamp();
	rml_launch(path, &limits, &trainer->child);
	/* nothing between here and there can fail */
	dlist_push_tail(&trainers, &trainer->node);
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &trainer->callback);
	rml_launch_wait(path, &trainer->child);
	return trainer;
}

/* ---- reading what is there ---- */

/* Standard error; of what is too much the last bytes stay. */
static void
read_text(RmlTrainer *trainer)
{
	RmlTrainerText *text = &trainer->text;
	char		piece[sizeof(text->bytes)];
	ssize_t		n;

	/* not for ever, if it writes faster */
	for (int i = 0; i < 1024 && (n = read(trainer->child.err, piece, sizeof(piece))) > 0; i++)
	{
		int			keep = Min(text->length, (int) (sizeof(text->bytes) - (Size) n));

		memmove(text->bytes, text->bytes + text->length - keep, (Size) keep);
		memcpy(text->bytes + keep, piece, (Size) n);
		text->length = keep + (int) n;
	}
}

static void
make_room(RmlTrainer *trainer, Size bytes)
{
	if (trainer->begin > 0)
	{
		memmove(trainer->buffer, trainer->buffer + trainer->begin, trainer->end - trainer->begin);
		trainer->end -= trainer->begin;
		trainer->begin = 0;
	}
	if (trainer->capacity - trainer->end >= bytes)
		return;
	trainer->capacity = Max(trainer->capacity * 2, trainer->end + bytes);
	trainer->buffer = repalloc_huge(trainer->buffer, trainer->capacity);
}

/* Standard output: false if nothing is there, for now or (out_ended) for ever. */
static bool
read_output(RmlTrainer *trainer)
{
	ssize_t		n;

	if (trainer->out_ended)
		return false;
	make_room(trainer, PIECE);
	do
		n = read(trainer->child.out, trainer->buffer + trainer->end, trainer->capacity - trainer->end);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		trainer->end += (Size) n;
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		trainer->out_ended = true;
	return n > 0;
}

/* ---- frames ---- */

static bool
is_list(const char *list, Size size)
{
	Size		texts = 0;

	if (size > 0 && list[size - 1] != '\0')
		return false;
	for (Size i = 0; i < size; i++)
		texts += list[i] == '\0';
	return texts % 2 == 0;
}

static bool
is_bulk(uint32 kind)
{
	return kind == RML_REPLY_MODEL || kind == RML_REPLY_SCORES;
}

static void
check_head(const RmlTrainer *trainer, const RmlFrameHead *head)
{
	const uint32 kinds[] = {
		RML_REPLY_HELLO, RML_REPLY_DATA, RML_REPLY_PROGRESS, RML_REPLY_MODEL, RML_REPLY_SCORES, RML_REPLY_RESULT, RML_REPLY_ERROR,
	};

	for (int i = 0; i < (int) lengthof(kinds); i++)
	{
		if (head->kind != kinds[i])
			continue;
		if (head->size > (is_bulk(head->kind) ? RML_MAX_FRAME : MAX_LIST))
			rml_trainer_raise_nonsense(psprintf("sent a frame of %u bytes", head->size), &trainer->text);
		return;
	}
	rml_trainer_raise_nonsense(psprintf("sent what is no frame (kind %08X)", head->kind), &trainer->text);
}

/* The frame at the begin of the buffer, if it has arrived in full; an error that the trainer tells is raised. */
static bool
find_frame(const RmlTrainer *trainer, RmlFrameHead *head)
{
	Size		there = trainer->end - trainer->begin;
	const char *body = trainer->buffer + trainer->begin + sizeof(*head);

	if (there < sizeof(*head))
		return false;
	memcpy(head, trainer->buffer + trainer->begin, sizeof(*head));
	check_head(trainer, head);
	if (there - sizeof(*head) < head->size)
		return false;
	if (!is_bulk(head->kind) && !is_list(body, head->size))
		rml_trainer_raise_nonsense("sent a list that is none", &trainer->text);
	if (head->kind == RML_REPLY_ERROR)
		rml_trainer_raise_reply(body, head->size);
	return true;
}

/* ---- waiting ---- */

static void
wait_for(uint32 events, int fd, long milliseconds)
{
	/* what was looked up since the last commit must not hold back vacuum */
	InvalidateCatalogSnapshotConditionally();
	if (fd >= 0)
		(void) WaitLatchOrSocket(MyLatch, (int) (events | WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH), fd, milliseconds, PG_WAIT_EXTENSION);
	else
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

void
rml_trainer_look(void)
{
	InvalidateCatalogSnapshotConditionally();
	CHECK_FOR_INTERRUPTS();
	/* as WL_EXIT_ON_PM_DEATH: whoever never waits would train on for nobody */
	if (!PostmasterIsAlive())
		proc_exit(1);
}

/* Waits for its end; false if it does not come. */
static bool
wait_for_end(RmlTrainer *trainer, long milliseconds)
{
	long		pause = 1;

	for (long waited = 0; !rml_child_has_ended(&trainer->child); waited += pause, pause = Min(2 * pause, 50))
	{
		if (waited >= milliseconds)
			return false;
		wait_for(0, -1, pause);
		read_text(trainer);
	}
	return true;
}

/* It says no more, or does not listen: an error tells why. */
pg_noreturn static void
raise_gone(RmlTrainer *trainer)
{
	RmlFrameHead head;
	bool		ended = wait_for_end(trainer, LOOK_AROUND);

	while (read_output(trainer))
	{
		if (trainer->end - trainer->begin > RML_MAX_FRAME)
			break;
	}
	read_text(trainer);
	/* the error that it told last matters, and what it was cancelled for more than either */
	while (find_frame(trainer, &head))
		trainer->begin += sizeof(head) + head.size;
	CHECK_FOR_INTERRUPTS();
	if (!ended)
		rml_trainer_raise_nonsense("closes its pipes without a result", &trainer->text);
	dlist_delete(&trainer->node);
	rml_trainer_raise_end(rml_child_end(&trainer->child), &trainer->text);
}

/* ---- sending ---- */

/* While the trainer does not take more: it may have ended, or have something to say, and then more soon; gives for how long to wait. */
static long
listen_while_sending(RmlTrainer *trainer)
{
	RmlFrameHead head;
	long		patience = LOOK_AROUND;

	read_text(trainer);
	while (read_output(trainer))
	{
		patience = LOOK_SOON;
		if (trainer->end - trainer->begin > MAX_LIST)
			rml_trainer_raise_nonsense("sends results before it has all rows", &trainer->text);
	}
	(void) find_frame(trainer, &head);
	if (trainer->out_ended || rml_child_has_ended(&trainer->child))
		raise_gone(trainer);
	return patience;
}

void
rml_trainer_send(RmlTrainer *trainer, uint32 kind, const void *data, Size size)
{
	RmlFrameHead head = {.kind = kind, .size = (uint32) size};
	struct iovec parts[2] = {{&head, sizeof(head)}, {unconstify(void *, data), size}};

	Assert(size <= RML_MAX_FRAME);
	rml_trainer_look();
	while (parts[0].iov_len + parts[1].iov_len > 0)
	{
		ssize_t		n = writev(trainer->child.in, parts, 2);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		{
			wait_for(WL_SOCKET_WRITEABLE, trainer->child.in, listen_while_sending(trainer));
			continue;
		}
		if (n < 0 && errno != EINTR)
			raise_gone(trainer);
		for (int i = 0; i < 2 && n > 0; i++)
		{
			Size		done = Min((Size) n, parts[i].iov_len);

			parts[i].iov_base = (char *) parts[i].iov_base + done;
			parts[i].iov_len -= done;
			n -= (ssize_t) done;
		}
	}
}

/* ---- receiving ---- */

char *
rml_trainer_receive(RmlTrainer *trainer, uint32 *kind, Size *size)
{
	RmlFrameHead head;
	char	   *frame;

	CHECK_FOR_INTERRUPTS();
	while (!find_frame(trainer, &head))
	{
		if (read_output(trainer))
			continue;
		read_text(trainer);
		if (trainer->out_ended)
			raise_gone(trainer);
		if (rml_child_has_ended(&trainer->child))
		{
			/* something that it left behind keeps the pipe open */
			while (read_output(trainer) && !find_frame(trainer, &head))
				CHECK_FOR_INTERRUPTS();
			if (!find_frame(trainer, &head))
				raise_gone(trainer);
			break;
		}
		if (!trainer->has_spoken && TimestampDifferenceExceeds(trainer->started_at, GetCurrentTimestamp(), PATIENCE_AT_BEGIN))
			rml_trainer_raise_nonsense("says nothing", &trainer->text);
		wait_for(WL_SOCKET_READABLE, trainer->child.out, LOOK_AROUND);
	}
	trainer->has_spoken = true;
	frame = MemoryContextAllocHuge(CurrentMemoryContext, (Size) head.size + 1);
	memcpy(frame, trainer->buffer + trainer->begin + sizeof(head), head.size);
	frame[head.size] = '\0';
	trainer->begin += sizeof(head) + head.size;
	*kind = head.kind;
	*size = head.size;
	return frame;
}

void
rml_trainer_nonsense(const RmlTrainer *trainer, const char *what)
{
	rml_trainer_raise_nonsense(what, &trainer->text);
}

char *
rml_trainer_text(const RmlTrainer *trainer)
{
	return rml_trainer_shown(&trainer->text);
}

void
rml_trainer_finish(RmlTrainer *trainer)
{
	int			status;

	rml_child_close(&trainer->child.in);
	if (!wait_for_end(trainer, PATIENCE_AT_END))
		rml_trainer_raise_nonsense("does not end", &trainer->text);
	if (trainer->begin < trainer->end || read_output(trainer))
		rml_trainer_raise_nonsense("says more after its result", &trainer->text);
	read_text(trainer);
	dlist_delete(&trainer->node);
	status = rml_child_end(&trainer->child);
	pfree(trainer->buffer);
	trainer->buffer = NULL;
	/* -1: others have taken its status; the result was whole */
	if (status != 0 && status != -1)
		rml_trainer_raise_end(status, &trainer->text);
}

/* ---- lists ---- */

const char *
rml_list_get(const char *list, Size size, const char *key)
{
	const char *end = list + size;

	while (list < end)
	{
		const char *value = list + strlen(list) + 1;

		if (strcmp(list, key) == 0)
			return value;
		list = value + strlen(value) + 1;
	}
	return NULL;
}

bool
rml_list_is_word(const char *value, Size most)
{
	Size		length = strlen(value);

	for (Size i = 0; i < length; i++)
	{
		if (value[i] < ' ' || value[i] > '~')
			return false;
	}
	return length > 0 && length <= most;
}

void
rml_list_add(StringInfo list, const char *key, const char *value)
{
	appendBinaryStringInfo(list, key, (int) strlen(key) + 1);
	appendBinaryStringInfo(list, value, (int) strlen(value) + 1);
}
