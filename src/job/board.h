/*
 * board.h
 *	  What schedulers, steps and sessions know of each other, in shared memory.
 */
#ifndef RML_JOB_BOARD_H
#define RML_JOB_BOARD_H

#include "postgres_ext.h"

/* Asks for the memory; while the server starts. */
extern void rml_board_init(void);

/* Is there a board?  Not where the library was not preloaded. */
extern bool rml_board_exists(void);

/* ---- schedulers ---- */

/* This process looks after the jobs of its database; false if another does. */
extern bool rml_board_enter(void);

/* Was the scheduler of this process asked to leave its database? */
extern bool rml_board_must_leave(void);

/* Asks the scheduler of a database to leave; for some time none begins there.  Is one there still? */
extern bool rml_board_ask_to_leave(Oid database);

/* May a scheduler begin there? */
extern bool rml_board_may_enter(Oid database);

/* There is something to do in a database. */
extern void rml_board_wake(Oid database);

/* Was the scheduler of this process told so since it last asked? */
extern bool rml_board_was_woken(void);

/* ---- steps ---- */

/* This process runs an attempt, until it ends; false if there is no room. */
extern bool rml_board_begin_step(int64 token);

/* The process of an attempt, 0 if there is none. */
extern int	rml_board_step_pid(int64 token);

/* So far this process's step has read so many rows, and bytes; nothing outside of a step. */
extern void rml_board_progress(uint64 rows, uint64 bytes);

/* What the step of a process has said of that last; false if there is none, or it said nothing. */
extern bool rml_board_step_progress(int pid, uint64 *rows, uint64 *bytes);

/* ---- runs ---- */

/* Some run of this database has ended. */
extern void rml_board_tell_end(void);

/* Waits for that, or so many milliseconds; after rml_board_prepare_wait(), ended by rml_board_stop_waiting(). */
extern void rml_board_prepare_wait(void);
extern void rml_board_wait(long milliseconds);
extern void rml_board_stop_waiting(void);

#endif
