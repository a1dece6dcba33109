/*
 * context.h
 *	  What a step knows of its run: riskml.run_id() and its siblings.
 */
#ifndef RML_JOB_CONTEXT_H
#define RML_JOB_CONTEXT_H

#include "utils/jsonb.h"

/* Defines the setting that carries it, also to parallel workers. */
extern void rml_context_init(void);

/* The number of the step's run; 0 outside of a step. */
extern int64 rml_context_run_id(void);

/* The step's name; NULL outside of a step. */
extern char *rml_context_step(void);

/* Leaves a result for later steps of the run; an error outside of a step. */
extern void rml_context_set_output(Jsonb *output);

/* A JSON object with run, step, attempt, interval_start, interval_end, params; in a transaction. */
extern void rml_context_set(const char *json);

#endif
