/*
 * ledger.h
 *	  Which files were loaded into which table: riskml.ingested_file.
 */
#ifndef RML_LOAD_LEDGER_H
#define RML_LOAD_LEDGER_H

#include "datatype/timestamp.h"

#include "load/quarantine.h"
#include "registry/acting.h"

typedef struct RmlFileEntry
{
	const char *state;			/* loaded, changed, failed */
	int64		size;			/* as last seen */
	TimestampTz modified;
	const char *hash;			/* of what was loaded, in hexadecimal; NULL: none */
	int64		device;
	int64		inode;
	int64		offset;			/* tail: what is behind it is not loaded; -1: no tail */
	int64		line;			/* tail: of the offset */
	const char *head;			/* tail: a fingerprint of the first bytes, in hexadecimal */
	int64		rows;
	int64		bad_rows;
	const char *reason;			/* NULL: all is well */
} RmlFileEntry;

/* Acts as the owner of riskml's tables until rml_act_end(), with SPI connected. */
extern void rml_ledger_act(RmlOwnerScope *scope);

/* Files are loaded into a table by one transaction at a time: waits for others. */
extern void rml_ledger_lock(Oid target);

/* False if nothing is known of the file. */
extern bool rml_ledger_find(Oid target, const char *path, RmlFileEntry *entry);

/* Remembers it, instead of what was known before. */
extern void rml_ledger_put(const RmlIngestor *ingestor, const char *path, const RmlFileEntry *entry);

/* Tells listeners of riskml_event. */
extern void rml_ledger_notify(const RmlIngestor *ingestor, const char *event, const char *path, const char *reason);

#endif
