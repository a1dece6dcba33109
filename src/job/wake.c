/*
 * wake.c
 *	  Tells the scheduler that something has changed.
 */
#include "postgres.h"

#include "job/wake.h"

/* There is none yet: jobs can be defined, and nothing runs them. */
void
rml_job_changed(void)
{
}
