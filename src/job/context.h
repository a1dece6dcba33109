/*
 * context.h
 *	  What a step knows of its run: riskml.run_id() and its siblings.
 */
#ifndef RML_JOB_CONTEXT_H
#define RML_JOB_CONTEXT_H

/* Defines the setting that carries it, also to parallel workers. */
extern void rml_context_init(void);

/* A JSON object with run, step, attempt, interval_start, interval_end, params; in a transaction. */
extern void rml_context_set(const char *json);

#endif
