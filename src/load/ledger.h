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
	int64		rows;
	int64		bad_rows;
	const char *reason;			/* NULL: all is well */
} RmlFileEntry;

#define RML_HEAD 1024			/* bytes of a file's head */

/* A file that is followed, found by device and inode. */
typedef struct RmlFollowed
{
	int64		device;
	int64		inode;
	const char *path;			/* where it was seen last, as text */
	int64		offset;			/* what is behind it is not loaded */
	int64		line;
	bool		in_long_line;	/* whose rest is skipped */
	char		head[RML_HEAD]; /* first bytes, of those that are loaded */
	int			head_length;
	TimestampTz modified;
	int64		rows;
	int64		bad_rows;
} RmlFollowed;

/* Acts as the owner of riskml's tables until rml_act_end(), with SPI connected. */
extern void rml_ledger_act(RmlOwnerScope *scope);

/* Files are loaded into a table by one transaction at a time: waits for others. */
extern void rml_ledger_lock(Oid target);

/* False if nothing is known of the file. */
extern bool rml_ledger_find(Oid target, const char *path, RmlFileEntry *entry);

/* Remembers it, instead of what was known before. */
extern void rml_ledger_put(const RmlIngestor *ingestor, const char *path, const RmlFileEntry *entry);

/* Nothing is known of it any longer. */
extern void rml_ledger_drop(Oid target, const char *path);

/* By device and inode; the one seen last at a path with another inode; false if there is none. */
extern bool rml_ledger_find_followed(Oid target, int64 device, int64 inode, RmlFollowed *file);
extern bool rml_ledger_find_moved(Oid target, const char *path, int64 device, int64 inode, RmlFollowed *file);
extern void rml_ledger_put_followed(const RmlIngestor *ingestor, const RmlFollowed *file);
extern void rml_ledger_drop_followed(Oid target, int64 device, int64 inode);

/* Tells listeners of riskml_event. */
extern void rml_ledger_notify(const RmlIngestor *ingestor, const char *event, const char *path, const char *reason);

#endif
