/*
 * changes.h
 *	  Who changed this database's registry last.
 *
 * Where the library is preloaded, each database has a stamp in shared memory:
 * the latest transaction that wrote to the registry's tables.  What was read
 * under a snapshot that sees that transaction as ended holds for any other
 * such snapshot, until the stamp is another one.
 */
#ifndef RML_REGISTRY_CHANGES_H
#define RML_REGISTRY_CHANGES_H

#include "utils/snapshot.h"

/* Asks for the memory; to be called while shared_preload_libraries are loaded. */
extern void rml_changes_init(void);

/*
 * Has every change of the registry so far ended for this snapshot?  Then gives
 * the stamp.  False as well where that cannot be known.
 */
extern bool rml_changes_settled(Snapshot snapshot, uint64 *stamp);

#endif
