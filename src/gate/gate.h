/*
 * gate.h
 *	  Gates: checks that a version must pass before it may go to production.
 *
 *	  define.c			reads them from JSON
 *	  set.c				riskml.set_gates()
 *	  run.c				riskml.run_gates()
 *	  version.c			the version that is judged or approved
 *	  evidence.c		what several checks of a run share
 *	  check_*.c			the checks
 *	  approve.c			riskml.approve(), withdraw_approval()
 *
 * What their results mean for a promotion, registry/obstacles.c knows.
 */
#ifndef RML_GATE_GATE_H
#define RML_GATE_GATE_H

#include "utils/jsonb.h"

#include "compat.h"
#include "registry/owner.h"
#include "stats/scored.h"

typedef struct RmlGateCheck RmlGateCheck;

/* An input in whose direction scores must not fall. */
typedef struct RmlGateInput
{
	const char *name;
	int			direction;		/* 1: scores rise with it, -1: they fall */
} RmlGateInput;

/* A gate, with the fields that its check has. */
typedef struct RmlGate
{
	const char *name;
	const RmlGateCheck *check;
	const char *metric;
	bool		has_min;
	bool		has_max;
	double		min;
	double		max;
	double		tolerance;
	double		confidence;
	int			replicates;
	int			bins;
	bool		against_baseline;
	const char *column;
	int			min_rows;
	RmlGateInput *inputs;
	int			n_inputs;
	int			rows;
	int			points;
} RmlGate;

/* Reads gates, an array of objects; NIL for NULL.  22023 naming gate, key, and the nearest of what is unknown. */
extern List *rml_gates_read(const Jsonb *gates);

/* Finds the version that a reference means; 42501 unless the user may promote it. */
extern void rml_gate_resolve(const char *reference, RmlBinding *binding);

/* Takes the registry's lock; the version is still there, and the user may promote it. */
extern void rml_gate_begin(RmlOwnerScope *scope, const RmlBinding *binding);

/* ---- a run ---- */

/* Metrics of one model on all rows, or of both: read once, when a check first asks. */
typedef struct RmlEvidence RmlEvidence;

typedef struct RmlGateRun
{
	RmlBinding	challenger;
	RmlBinding	champion;
	bool		has_champion;
	bool		is_champion;	/* the challenger itself is in production */
	const char *pinned[2];		/* challenger, champion */
	const char *query;
	const char *label;
	const char *weight;			/* NULL: none */
	RmlScored	scored;
	RmlEvidence *evidence;
} RmlGateRun;

/* What a check found; NaN: no such number. */
typedef struct RmlGateOutcome
{
	bool		passed;
	double		value;
	double		threshold;
	const char *detail;
} RmlGateOutcome;

/* ---- checks ---- */

typedef struct RmlGateReader RmlGateReader;

/* SPI is connected where checks run; what they raise is what failed. */
struct RmlGateCheck
{
	const char *name;
	const char *const *keys;	/* beside name and check; ends with NULL */
	void		(*read) (RmlGateReader *reader, RmlGate *gate);
	void		(*run) (RmlGateRun *run, const RmlGate *gate, RmlGateOutcome *outcome);
};

extern const RmlGateCheck rml_gate_metric;
extern const RmlGateCheck rml_gate_champion;
extern const RmlGateCheck rml_gate_psi;
extern const RmlGateCheck rml_gate_segment;
extern const RmlGateCheck rml_gate_monotone;
extern const RmlGateCheck rml_gate_calibration;

/* Getters leave the value as it is if the key is absent; 22023 if it is wrong. */
extern bool rml_gate_number(RmlGateReader *reader, const char *key, double *value);
extern bool rml_gate_integer(RmlGateReader *reader, const char *key, int min, int max, int *value);
extern bool rml_gate_text(RmlGateReader *reader, const char *key, const char **value);

/* Of n words; NULL if the key is absent. */
extern const char *rml_gate_word(RmlGateReader *reader, const char *key, const char *const *words, int n);
extern void rml_gate_inputs(RmlGateReader *reader, RmlGate *gate);
pg_noreturn extern void rml_gate_missing(RmlGateReader *reader, const char *key);
pg_noreturn extern void rml_gate_wrong(RmlGateReader *reader, const char *key, const char *format,...) __attribute__((format(printf, 3, 4)));

/* "metric", of all that riskml.evaluate() knows; and "min" and "max", at least one of them. */
extern void rml_gate_read_metric(RmlGateReader *reader, RmlGate *gate);
extern void rml_gate_read_limits(RmlGateReader *reader, RmlGate *gate);

/* ---- evidence ---- */

/* As rml_attempt(), and whatever would write is an error. */
extern char *rml_gate_attempt(void (*function) (void *), void *argument);

/* Metric of the challenger on all rows: false if it has no such metric, NaN if it has no value. */
extern bool rml_evidence_metric(RmlGateRun *run, const char *metric, double *value);

/* The metrics that it has, for messages. */
extern char *rml_evidence_metrics(RmlGateRun *run);

/* Rows with a label; if they cannot be scored, -1 and why. */
extern const char *rml_evidence_rows(RmlGateRun *run, int64 *rows);

/* Challenger minus champion, on all rows. */
typedef struct RmlGateDifference
{
	const char *metric;
	double		champion;
	double		challenger;
	double		low;
	double		high;
	const char *method;
} RmlGateDifference;

/* NULL if the models have no such metric; interval at this confidence. */
extern const RmlGateDifference *rml_evidence_difference(RmlGateRun *run, const char *metric, double confidence, int replicates);

/* Judges a number by a gate's min and max, and says so: "auc 0.71, at least 0.65". */
extern void rml_gate_judge(const RmlGate *gate, const char *what, double value, RmlGateOutcome *outcome);

/* A value of the first result row, NaN for NULL. */
extern double rml_gate_result_number(uint64 row, int column);

#endif
