/*
 * keys.h
 *	  The keys of rows that were read, to see when one comes again.
 *
 * Only hashes are kept, in memory of a bounded size: that one comes again is a
 * reason to look closer, as in one of a thousand large loads none does.
 */
#ifndef RML_LOAD_KEYS_H
#define RML_LOAD_KEYS_H

#include "executor/tuptable.h"

#include "load/plan.h"

typedef struct RmlKeys RmlKeys;

/* For rows with the columns of a batch; NULL if the key has a type that cannot be hashed. */
extern RmlKeys *rml_keys_create(const RmlLoad *load, TupleDesc columns);

/*
 * Adds a row's key; is there one that has come again, as it seems?  That may be
 * said some rows later.  When memory is full, keys are looked for but not added.
 */
extern bool rml_keys_add(RmlKeys *keys, TupleTableSlot *row);

/* The same, of the keys that were added last. */
extern bool rml_keys_settle(RmlKeys *keys);

extern bool rml_keys_full(const RmlKeys *keys);

#endif
