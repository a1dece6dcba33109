/*
 * database.h
 *	  Commands on whole databases, which a scheduler must not be in the way of.
 */
#ifndef RML_JOB_DATABASE_H
#define RML_JOB_DATABASE_H

/* Hooks into utility commands; while the server starts. */
extern void rml_database_init(void);

#endif
