/*
 * launch.h
 *	  Starting a program that the server must not suffer from.
 */
#ifndef RML_TRAIN_LAUNCH_H
#define RML_TRAIN_LAUNCH_H

#include <sys/types.h>

typedef struct RmlChild
{
	pid_t		pid;			/* also its process group */
	int			in;				/* to its standard input; all three are non-blocking, -1: closed */
	int			out;			/* from its standard output */
	int			err;			/* from its standard error, which loses what finds no room */
	int			status;			/* until the program runs; then closed */
} RmlChild;

/* What it may take. */
typedef struct RmlChildLimits
{
	uint64		memory;			/* bytes of address space */
	int			threads;		/* OMP_NUM_THREADS */
} RmlChildLimits;

/* Raises an error, and leaves nothing, if there can be no process. */
extern void rml_launch(const char *path, const RmlChildLimits *limits, RmlChild *child);

/* Waits until the program runs, with interrupts; raises an error if it cannot be executed.  Then, and whatever else is raised, the caller ends the child. */
extern void rml_launch_wait(const char *path, RmlChild *child);

/* Has it ended?  It stays a zombie, whose number nobody else gets. */
extern bool rml_child_has_ended(const RmlChild *child);

/* Kills it, and what it has started, and takes its status as waitpid() gives it, -1 if nobody knows; closes all.  Cannot fail. */
extern int	rml_child_end(RmlChild *child);

extern void rml_child_close(int *fd);

#endif
