/*
 * process.h
 *	  riskml_trainer, as a child of this session.
 *
 * It lives no longer than the memory context that was current when it was started, and than this process; whoever raises an error
 * while it runs need not think of it.
 */
#ifndef RML_TRAIN_PROCESS_H
#define RML_TRAIN_PROCESS_H

#include "compat.h"
#include "train/protocol.h"

typedef struct RmlTrainer RmlTrainer;

/* Raises 58P01 with a hint if there is no such program. */
extern RmlTrainer *rml_trainer_start(void);

/* Sends a frame; waits, with interrupts, while the pipe is full.  If the trainer has gone it raises why. */
extern void rml_trainer_send(RmlTrainer *trainer, uint32 kind, const void *data, Size size);

/*
 * The next frame, palloc'd, with a zero byte behind it.  Waits, with interrupts.  Never returns RML_REPLY_ERROR: raises it, as it does for a
 * trainer that has gone (38000, with its signal or status and what it wrote to standard error), or that says what makes no sense (08P01).
 */
extern char *rml_trainer_receive(RmlTrainer *trainer, uint32 *kind, Size *size);

/* What it said makes no sense: raises that, with "riskml_trainer" before it. */
pg_noreturn extern void rml_trainer_nonsense(const RmlTrainer *trainer, const char *what);

/* Whoever works for long between frames calls it now and then: interrupts, the postmaster's death, and no snapshot of catalogs is kept. */
extern void rml_trainer_look(void);

/* After RESULT: it has to exit with 0. */
extern void rml_trainer_finish(RmlTrainer *trainer);

/* What it wrote to standard error, at the end of it; NULL: nothing. */
extern char *rml_trainer_text(const RmlTrainer *trainer);

/* ---- lists ---- */

/* The value of the first such key; NULL if there is none.  A list is checked when it is received. */
extern const char *rml_list_get(const char *list, Size size, const char *key);

/* Is it printable ASCII, and not longer? */
extern bool rml_list_is_word(const char *value, Size most);

/* Appends a key and a value. */
struct StringInfoData;
extern void rml_list_add(struct StringInfoData *list, const char *key, const char *value);

#endif
