/*
 * control.h
 *	  Runs by hand.
 */
#ifndef RML_JOB_CONTROL_H
#define RML_JOB_CONTROL_H

#include "postgres_ext.h"

/* Creates a run for a job that the user owns; its number. */
extern int64 rml_run_by_hand(const char *name, const char *params);

#endif
