/*
 * target.h
 *	  The table that rows are loaded into.
 */
#ifndef RML_LOAD_TARGET_H
#define RML_LOAD_TARGET_H

#include "catalog/pg_attribute.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"

/*
 * Opens it; an error for what is no table of this database, and for an
 * unlogged one unless that is ok.  remembered: something is kept about it, so
 * that it cannot be temporary.
 */
extern Relation rml_open_target(Oid target, LOCKMODE mode, bool unlogged_ok, bool remembered);

/* With schema and quotes. */
extern char *rml_relation_name(Relation rel);

/* Can a value be given for it?  Not if it is dropped, generated or GENERATED ALWAYS AS IDENTITY. */
extern bool rml_column_takes(Form_pg_attribute column);

#endif
