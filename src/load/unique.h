/*
 * unique.h
 *	  Are rows of a table unique by certain columns?
 */
#ifndef RML_LOAD_UNIQUE_H
#define RML_LOAD_UNIQUE_H

#include "nodes/bitmapset.h"
#include "utils/relcache.h"

/*
 * Has it a unique index on exactly these columns (numbers), such as ON
 * CONFLICT can use?  Not one that is partial, on an expression or deferrable.
 */
extern bool rml_unique_on(Relation rel, const Bitmapset *columns);

/* ... or on some of them? */
extern bool rml_unique_within(Relation rel, const Bitmapset *columns);

#endif
