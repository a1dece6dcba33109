/*
 * attempt.h
 *	  Attempts: one process doing one step once.
 *
 * An attempt's token is known to its row, its process and the board.  Whoever
 * ends it, the process or the scheduler, does so only while the row still has
 * that token and is active: so it ends once.
 */
#ifndef RML_JOB_ATTEMPT_H
#define RML_JOB_ATTEMPT_H

#include "utils/elog.h"

#define RML_STEP_NAME 64

/* What a worker is started with; fits into bgw_extra. */
typedef struct RmlAttempt
{
	int64		run_id;
	int64		token;
	Oid			database;
	Oid			owner;
	int32		number;
	char		step[RML_STEP_NAME];
} RmlAttempt;

/* ---- the scheduler's; in a transaction with SPI connected ---- */

/*
 * Attempts for steps whose turn it is, at most so many; started once that is
 * committed.  Were there others, whose owners may not run them, so that they
 * have failed at once?
 */
extern int	rml_create_attempts(RmlAttempt *attempts, int most, bool *refused);

/* Gives one back that could not be started. */
extern void rml_withdraw_attempt(const RmlAttempt *attempt);

/* How many are active. */
extern int	rml_active_attempts(void);

/* Ends those whose process is gone. */
extern void rml_sweep_attempts(void);

/* Tells processes to stop whose time has come. */
extern void rml_stop_attempts(void);

/* ---- the process's own; in a transaction with SPI connected ---- */

/* Takes the attempt; false if it is somebody else's by now. */
extern bool rml_take_attempt(const RmlAttempt *attempt);

/* Records success; raises an error if the attempt is not active any more. */
extern void rml_attempt_succeeds(const RmlAttempt *attempt, uint64 rows);

/* Records an error; does nothing, and says so, if the attempt is not active any more. */
extern bool rml_attempt_fails(const RmlAttempt *attempt, const ErrorData *error);

/* Gives the step back to the queue for some seconds, as one that waits does; an error if its time is over. */
extern void rml_attempt_comes_back(const RmlAttempt *attempt, double seconds);

#endif
