/*
 * launch.c
 *	  Starting a program that the server must not suffer from.
 *
 * Between fork() and execve() only what is safe in a signal handler is called: the child shares the server's memory.  It gets a session of
 * its own, so that signals to this process's group (pg_cancel_backend() sends such) are not its own, three pipes and nothing else that is
 * open, an environment of what libgomp is told, limits, no way to privileges, and the kernel's promise to kill it with its parent.
 */
#include "postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"

#include "compat.h"
#include "train/launch.h"

#define NICER 10
/* threads that wait for each other do not take processors from the server */
#define OMP_WAITING "OMP_WAIT_POLICY=PASSIVE"
#define ROOMY (1024 * 1024)		/* bytes of the pipe to its standard input, so that both sides run for a while */
#define STATUS 3				/* file descriptor over which the child says why execve() failed */
#define MOST_FILES (1 << 20)
#define LOOK_AGAIN 50			/* milliseconds */

/* What the child needs to know, made before it exists. */
typedef struct Launch
{
	const char *path;
	char	   *arguments[2];
	char	   *environment[3];
	pid_t		parent;
	struct rlimit memory;
	int			max_fd;
	int			in;				/* its ends of the pipes */
	int			out;
	int			err;
	int			status;
} Launch;

/* ---- the child ---- */

static void
close_from(int first, int max_fd)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned int) first, ~0U, 0) == 0)
		return;
#endif
	for (int fd = first; fd < max_fd; fd++)
		(void) close(fd);
}

static void
reset_signals(void)
{
	sigset_t	none;

	for (int number = 1; number < NSIG; number++)
		(void) signal(number, SIG_DFL);
	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The first to go when memory runs out; before files may not be written any more. */
static void
offer_to_oom_killer(void)
{
#ifdef __linux__
	int			fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4)
	{
		/* then it goes when the kernel thinks so */
	}
	(void) close(fd);
#endif
}

static bool
limit(const Launch *launch)
{
	const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_AS, &launch->memory) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_FSIZE, &none) == 0;
}

/* Dies with the parent, and gains no privileges. */
static bool
bind_to_parent(const Launch *launch)
{
#ifdef __linux__
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
#endif
	return getppid() == launch->parent;
}

static bool
place_files(const Launch *launch)
{
	if (dup2(launch->in, STDIN_FILENO) < 0 || dup2(launch->out, STDOUT_FILENO) < 0 || dup2(launch->err, STDERR_FILENO) < 0)
		return false;
	if (launch->status != STATUS && dup2(launch->status, STATUS) < 0)
		return false;
	if (fcntl(STATUS, F_SETFD, FD_CLOEXEC) != 0)
		return false;
	close_from(STATUS + 1, launch->max_fd);
	return true;
}

pg_noreturn static void
become(const Launch *launch)
{
	int			why;

	reset_signals();
	if (setsid() >= 0 && place_files(launch) && bind_to_parent(launch))
	{
		offer_to_oom_killer();
		(void) setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICER);
		if (limit(launch) && chdir("/") == 0)
			(void) execve(launch->path, launch->arguments, launch->environment);
	}
	why = errno;
	if (write(STATUS, &why, sizeof(why)) != sizeof(why))
		_exit(126);
	_exit(127);
}

/* ---- the parent ---- */

void
rml_child_close(int *fd)
{
	if (*fd < 0)
		return;
	(void) close(*fd);
	*fd = -1;
	ReleaseExternalFD();
}

/* A pipe, of which `ours` is counted as this process's. */
static bool
make_pipe(int *read_end, int *write_end, int *ours)
{
	int			ends[2];

	if (!AcquireExternalFD())
		return false;
	if (pipe2(ends, O_CLOEXEC) != 0)
	{
		ReleaseExternalFD();
		return false;
	}
	*read_end = ends[0];
	*write_end = ends[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static struct rlimit
memory_limit(uint64 bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) != 0)
		limit.rlim_max = RLIM_INFINITY;
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > (rlim_t) bytes)
		limit.rlim_max = (rlim_t) bytes;
	limit.rlim_cur = limit.rlim_max;
	return limit;
}

/* No handler of this process may run in the child: it would write to shared memory. */
static pid_t
fork_silently(const Launch *launch)
{
	sigset_t	all;
	sigset_t	before;
	pid_t		pid;
	int			why;

	sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(launch);
	why = errno;
	(void) sigprocmask(SIG_SETMASK, &before, NULL);
	errno = why;
	return pid;
}

static void
close_childs_ends(const Launch *launch)
{
	const int	ends[] = {launch->in, launch->out, launch->err, launch->status};

	for (int i = 0; i < (int) lengthof(ends); i++)
	{
		if (ends[i] >= 0)
			(void) close(ends[i]);
	}
}

/* 0, or why there is no process. */
static int
start(Launch *launch, RmlChild *child)
{
	int			why = 0;

	if (!make_pipe(&launch->in, &child->in, &child->in) || !make_pipe(&child->out, &launch->out, &child->out) ||
		!make_pipe(&child->err, &launch->err, &child->err) || !make_pipe(&child->status, &launch->status, &child->status) ||
		fcntl(launch->err, F_SETFL, O_NONBLOCK) != 0)
		why = errno;
	else
	{
#ifdef F_SETPIPE_SZ
		(void) fcntl(child->in, F_SETPIPE_SZ, ROOMY);
#endif
		child->pid = fork_silently(launch);
		if (child->pid < 0)
			why = errno;
	}
	close_childs_ends(launch);
	return why;
}

pg_noreturn static void
raise_no_start(const char *path, int why)
{
	errno = why;
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not start \"%s\": %m", path),
			 why == ENOENT ? errhint("Training needs libxgboost (Debian: libxgboost-dev): install it, then build and install riskml again.") :
			 why == ENOMEM ? errhint("riskml.trainer_memory may be too small.") : 0));
}

void
rml_launch(const char *path, const RmlChildLimits *limits, RmlChild *child)
{
	long		max_fd = sysconf(_SC_OPEN_MAX);
	Launch		launch = {
		.path = path, .arguments = {unconstify(char *, path), NULL},
		.environment = {psprintf("OMP_NUM_THREADS=%d", limits->threads), OMP_WAITING, NULL},
		.parent = getpid(), .memory = memory_limit(limits->memory),
		.max_fd = max_fd < 0 || max_fd > MOST_FILES ? MOST_FILES : (int) max_fd,
		.in = -1, .out = -1, .err = -1, .status = -1,
	};
	int			why;

	*child = (RmlChild) {.pid = -1, .in = -1, .out = -1, .err = -1, .status = -1};
	why = start(&launch, child);
	if (why == 0)
		return;
	(void) rml_child_end(child);
	raise_no_start(path, why);
}

void
rml_launch_wait(const char *path, RmlChild *child)
{
	struct pollfd status = {.fd = child->status, .events = POLLIN};
	int			why = 0;
	ssize_t		n;

	/* a disk that does not answer, or somebody who stops it, may keep the child from it for ever */
	while ((n = read(child->status, &why, sizeof(why))) < 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (!PostmasterIsAlive())
			proc_exit(1);
		(void) poll(&status, 1, LOOK_AGAIN);
	}
	rml_child_close(&child->status);
	if (n == sizeof(why))
		raise_no_start(path, why);
}

bool
rml_child_has_ended(const RmlChild *child)
{
	siginfo_t	info = {0};

	if (child->pid <= 0)
		return true;
	/* an error: somebody else has taken its status */
	return waitid(P_PID, (id_t) child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

int
rml_child_end(RmlChild *child)
{
	int			status = -1;
	int			why = errno;

	rml_child_close(&child->in);
	rml_child_close(&child->out);
	rml_child_close(&child->err);
	rml_child_close(&child->status);
	if (child->pid > 0)
	{
		(void) kill(-child->pid, SIGKILL);
		(void) kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &status, 0) < 0)
		{
			if (errno == EINTR)
				continue;
			status = -1;
			break;
		}
		child->pid = -1;
	}
	errno = why;
	return status;
}
