/*
 * resolve.h
 *	  What a model reference means to one statement and one user.
 */
#ifndef RML_REGISTRY_RESOLVE_H
#define RML_REGISTRY_RESOLVE_H

#include "utils/snapshot.h"

#include "registry/catalog.h"
#include "registry/ref.h"

/* A reference brought down to one version. */
typedef struct RmlBinding
{
	RmlModelRow model;
	char		name[RML_MAX_NAME + 1];
	int32		version;
	uint8		identity[RML_IDENTITY_SIZE];
	bool		has_recipe;
} RmlBinding;

/*
 * Identifies the statement and user that a binding holds for: two equal keys
 * see the same rows of the registry.  Not the snapshot's address, which is
 * reused, and not fn_extra alone, which PL/pgSQL keeps for a transaction.
 */
typedef struct RmlStatementKey
{
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	int32		subxcnt;
	CommandId	curcid;
	LocalTransactionId lxid;
	SubTransactionId subxid;
	Oid			user;
	bool		in_recovery;
} RmlStatementKey;

/* Key of the current statement; its active snapshot must be set. */
extern void rml_statement_key(RmlStatementKey *key);
extern bool rml_statement_key_equal(const RmlStatementKey *a, const RmlStatementKey *b);

/* Raises 42704 for an unknown model. */
extern void rml_resolve_model(const char *name, Snapshot snapshot, RmlModelRow *row);

/*
 * Finds the version under the active snapshot and checks that the current
 * user has the privilege.  Raises 42704 (unknown model, alias, version, or
 * another identity than the pinned one) or 42501.
 */
extern void rml_resolve_for(const RmlRef *ref, const char *privilege, RmlBinding *binding);

/* The same for privilege "score", which is mostly answered from what was found before. */
extern void rml_resolve(const RmlRef *ref, RmlBinding *binding);

/* The same for the planner: false instead of an error. */
extern bool rml_try_resolve(const RmlRef *ref, RmlBinding *binding);

/* Raises 42501 unless the role has the privilege. */
extern void rml_require(const RmlModelRow *row, const char *name, Oid role,
						const char *privilege, Snapshot snapshot);

/* The same as a question. */
extern bool rml_has_privilege(const RmlModelRow *row, Oid role, const char *privilege, Snapshot snapshot);

/* "name@3#0123456789abcdef", palloc'd */
extern char *rml_pinned_form(const RmlBinding *binding);

/* The active snapshot, pushed for the caller where a command has none. */
extern Snapshot rml_statement_snapshot(void);

#endif
