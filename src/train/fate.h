/*
 * fate.h
 *	  What became of a trainer, as an error.
 */
#ifndef RML_TRAIN_FATE_H
#define RML_TRAIN_FATE_H

/* The last of what a trainer wrote to standard error. */
typedef struct RmlTrainerText
{
	char		bytes[1024];
	int			length;
} RmlTrainerText;

/* What is there, as text of the server's encoding, without times and places in XGBoost's source; NULL: nothing. */
extern char *rml_trainer_shown(const RmlTrainerText *text);

/* It has ended with this status, as waitpid() gives it (-1: nobody knows), before it was done. */
pg_noreturn extern void rml_trainer_raise_end(int status, const RmlTrainerText *text);

/* It has said why it cannot go on: a list with kind and message, checked. */
pg_noreturn extern void rml_trainer_raise_reply(const char *list, Size size);

/* What it sent makes no sense. */
pg_noreturn extern void rml_trainer_raise_nonsense(const char *what, const RmlTrainerText *text);

#endif
