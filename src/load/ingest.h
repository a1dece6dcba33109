/*
 * ingest.h
 *	  riskml.ingest(): the rows of files into a table.
 */
#ifndef RML_LOAD_INGEST_H
#define RML_LOAD_INGEST_H

#include "load/loaded.h"

/* In a transaction with an active snapshot; as the current user. */
extern RmlLoaded rml_ingest(const char *files, Oid target, Jsonb *options);

#endif
