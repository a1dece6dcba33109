/*
 * attempt.h
 *	  One of several checks, run so that its error does not end the others.
 */
#ifndef RML_QUALITY_ATTEMPT_H
#define RML_QUALITY_ATTEMPT_H

/*
 * Runs a function in a subtransaction; returns the message of an error of the
 * check's own, NULL if there was none.  Other errors, as a cancel or a missing
 * privilege, are passed on.
 */
extern char *rml_attempt(void (*function) (void *), void *argument);

#endif
