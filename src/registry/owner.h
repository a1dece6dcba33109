/*
 * owner.h
 *	  Changing the registry's tables: as their owner, one writer at a time,
 *	  each change with its audit row.
 */
#ifndef RML_REGISTRY_OWNER_H
#define RML_REGISTRY_OWNER_H

#include "registry/acting.h"
#include "registry/resolve.h"

/*
 * Refuses on a standby and in a read-only transaction, takes the lock that
 * serialises writers until the transaction's end, connects SPI.  The first
 * thing that a changing function does after looking at its arguments.
 */
extern void rml_owner_begin(RmlOwnerScope *scope);
extern void rml_owner_end(RmlOwnerScope *scope);

/* What an audit row says besides who and when.  NULL or 0: nothing. */
typedef struct RmlAuditEntry
{
	const char *action;
	const char *model;
	const char *alias;
	const uint8 *identity;
	int32		from_version;
	int32		to_version;
	const char *detail;
	const char *reason;
} RmlAuditEntry;

/* A reason is what an auditor will read: not NULL, not blank. */
struct FunctionCallInfoBaseData;
extern char *rml_reason_arg(struct FunctionCallInfoBaseData *fcinfo, int n);

extern void rml_audit(const RmlOwnerScope *scope, const RmlAuditEntry *entry);

/*
 * Begins and looks up a model as the registry's writers see it: the latest
 * committed rows, and the transaction's own.  Raises 42704 for an unknown one
 * and 42501 if the caller lacks the privilege; with NULL, unless the caller is
 * its owner or a member of the owner.
 */
extern void rml_owner_begin_model(RmlOwnerScope *scope, const char *name,
								  const char *privilege, RmlModelRow *row);

/* Raises 42501 unless the caller owns the model or is a member of the owner. */
extern void rml_require_owner(const RmlOwnerScope *scope, const RmlModelRow *row,
							  const char *name);

#endif
