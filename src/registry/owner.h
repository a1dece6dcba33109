/*
 * owner.h
 *	  Changing the registry's tables: as their owner, one writer at a time,
 *	  each change with its audit row.
 */
#ifndef RML_REGISTRY_OWNER_H
#define RML_REGISTRY_OWNER_H

#include "registry/resolve.h"

/* Between begin and end, SQL runs as the owner of the registry's tables. */
typedef struct RmlOwnerScope
{
	Oid			caller;			/* the user who asked */
	int			saved_context;
	int			guc_level;
} RmlOwnerScope;

/*
 * Refuses on a standby and in a read-only transaction, takes the lock that
 * serialises writers until the transaction's end, connects SPI.  The first
 * thing that a changing function does after looking at its arguments.
 */
extern void rml_owner_begin(RmlOwnerScope *scope);
extern void rml_owner_end(RmlOwnerScope *scope);

/* A parameter of an SQL statement. */
typedef struct RmlParam
{
	Oid			type;
	Datum		value;
	bool		isnull;
} RmlParam;

extern RmlParam rml_param_int(int32 value);
extern RmlParam rml_param_bigint(int64 value);
extern RmlParam rml_param_text(const char *value);	/* NULL: SQL NULL */
extern RmlParam rml_param_oid(Oid type, Oid value);
extern RmlParam rml_param_datum(Oid type, Datum value, bool isnull);

/* Runs a statement; returns the number of rows.  Results are in SPI_tuptable. */
extern uint64 rml_sql(const char *sql, int n_params, const RmlParam *params);

/* Column 1 of the first result row as an int; false if there is no row or it is NULL. */
extern bool rml_sql_int(int32 *value);

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

/* A text argument that must not be NULL: 22004 naming the parameter. */
#define RML_TEXT_ARG(n, parameter) rml_text_arg(fcinfo, n, parameter)
struct FunctionCallInfoBaseData;
extern char *rml_text_arg(struct FunctionCallInfoBaseData *fcinfo, int n, const char *parameter);
extern int32 rml_int_arg(struct FunctionCallInfoBaseData *fcinfo, int n, const char *parameter);

#endif
