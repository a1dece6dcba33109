/*
 * launcher.h
 *	  The process that has a scheduler in each database of riskml.databases.
 */
#ifndef RML_JOB_LAUNCHER_H
#define RML_JOB_LAUNCHER_H

/* Registers the launcher; while the server starts. */
extern void rml_launcher_init(void);

#endif
