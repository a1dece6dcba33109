/*
 * clock.c
 *	  A clock that a test can move, for a server that is started with this
 *	  library in LD_PRELOAD: the machine's, put forward by as many microseconds as
 *	  the file RISKML_TEST_CLOCK has in its eight bytes.
 *
 * libfaketime will not do: it stands back while select() waits, which is where
 * PostgreSQL 15 has its background workers forked.  The monotonic clock, by
 * which the server sleeps, is left alone.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *ahead = NULL;

__attribute__((constructor)) static void
open_clock(void)
{
	const char *path = getenv("RISKML_TEST_CLOCK");
	int			fd = path != NULL ? open(path, O_RDONLY) : -1;
	void	   *map = fd >= 0 ? mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (map == MAP_FAILED)
		abort();
	(void) close(fd);
	ahead = map;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int			result = (int) syscall(SYS_clock_gettime, clock, now);
	int64_t		moved;

	if (result != 0 || clock != CLOCK_REALTIME || ahead == NULL)
		return result;
	moved = now->tv_sec * INT64_C(1000000) + now->tv_nsec / 1000 + *ahead;
	now->tv_sec = moved / 1000000;
	now->tv_nsec = moved % 1000000 * 1000;
	return 0;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void) zone;
	(void) clock_gettime(CLOCK_REALTIME, &precise);
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *now)
{
	struct timespec precise;

	(void) clock_gettime(CLOCK_REALTIME, &precise);
	if (now != NULL)
		*now = precise.tv_sec;
	return precise.tv_sec;
}
