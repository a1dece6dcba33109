/*
 * kind.h
 *	  What a step can do.
 *
 * A kind is a file kind_*.c, a line in the table in kind.c, and a row of
 * riskml.step_kind.
 */
#ifndef RML_JOB_KIND_H
#define RML_JOB_KIND_H

#include "postgres_ext.h"

/* One attempt's work, as its process does it. */
typedef struct RmlWork
{
	const char *command;
	const char *params;			/* the step's, a JSON object */
	uint64		rows;			/* that the last statement gave or changed: for the kind to set */
	double		again_after;	/* seconds; the step is not done and comes back then: for the kind to set */
	/* Not called in a transaction, a kind may leave this to be done in the one that records the success, so that both commit together. */
	void		(*finish) (struct RmlWork *work);
	void	   *state;			/* of the kind */
} RmlWork;

typedef struct RmlKind
{
	const char *name;
	/*
	 * Is it called in a transaction, the one that commits the step's success,
	 * too?  Otherwise there is none, and the kind has those that it needs, the
	 * last of them by `finish`.
	 */
	bool		transactional;
	void		(*run) (RmlWork *work);
	/* Raises an error if a command can never be run; NULL: that is seen when it is. */
	void		(*check) (const char *command);
} RmlKind;

/* NULL: there is none of that name. */
extern const RmlKind *rml_kind_by_name(const char *name);

extern void rml_kind_sql(RmlWork *work);
extern void rml_kind_sql_no_transaction(RmlWork *work);
extern void rml_kind_wait(RmlWork *work);
extern void rml_kind_load(RmlWork *work);
extern void rml_kind_ingest(RmlWork *work);
extern void rml_kind_expect(RmlWork *work);
extern void rml_kind_train(RmlWork *work);
extern void rml_check_load(const char *command);
extern void rml_check_ingest(const char *command);
extern void rml_check_expect(const char *command);
extern void rml_check_train(const char *command);

#endif
