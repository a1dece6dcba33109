/*
 * load.h
 *	  riskml.load(): the rows of a query into a table.
 */
#ifndef RML_LOAD_LOAD_H
#define RML_LOAD_LOAD_H

#include "load/loaded.h"

/* In a transaction with an active snapshot; as the current user. */
extern RmlLoaded rml_load(const char *source, Oid target, Jsonb *options);

#endif
