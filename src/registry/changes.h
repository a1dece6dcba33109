/*
 * changes.h
 *	  Who changed this database's registry last.
 *
 * Where the library is preloaded, each database has a stamp in shared memory:
 * the latest transaction that wrote to the registry's tables.  What was read
 * under a snapshot for which that is the latest one that has ended holds for
 * any other such snapshot, whosever it is.
 */
#ifndef RML_REGISTRY_CHANGES_H
#define RML_REGISTRY_CHANGES_H

#include "utils/snapshot.h"

/* Asks for the memory; to be called while shared_preload_libraries are loaded. */
extern void rml_changes_init(void);

/*
 * The stamp of the latest change of the registry that this snapshot sees.
 * False where that cannot be known, or there are own changes.
 */
extern bool rml_changes_settled(Snapshot snapshot, uint64 *stamp);

#endif
