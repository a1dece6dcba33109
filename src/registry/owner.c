/*
 * owner.c
 *	  Changing the registry's tables: as their owner, one writer at a time,
 *	  each change with its audit row.
 *
 * Writers of the registry hold EXCLUSIVE on riskml.audit_log until the
 * transaction ends, taken before anything else: so they cannot deadlock among
 * each other, the chain of audit hashes cannot fork, and readers (scoring
 * above all) are never blocked.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "registry/owner.h"

/*
 * Under REPEATABLE READ the transaction's snapshot may miss rows that others
 * committed; writing on top of them would repeat a version number or fork the
 * audit chain.
 */
static void
check_snapshot_is_current(void)
{
	int64		seen;
	int64		latest;

	if (!IsolationUsesXactSnapshot())
		return;
	seen = rml_catalog_last_audit(GetTransactionSnapshot());
	latest = rml_catalog_last_audit(GetLatestSnapshot());
	if (seen != latest)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to a concurrent change of the model registry"),
				 errhint("Retry the transaction.")));
}

void
rml_owner_begin(RmlOwnerScope *scope)
{
	Oid			audit = rml_catalog_table(RML_TAB_AUDIT);

	PreventCommandIfReadOnly("a change of the model registry");
	PreventCommandIfParallelMode("a change of the model registry");
	LockRelationOid(audit, ExclusiveLock);
	check_snapshot_is_current();
	rml_act_begin(scope, audit);
}

void
rml_owner_end(RmlOwnerScope *scope)
{
	rml_act_end(scope);
}

/* Columns of the row but seq, at, previous and hash, as $1 ... $10. */
static const char insert_audit[] =
	"WITH last AS (SELECT seq, hash FROM riskml.audit_log ORDER BY seq DESC LIMIT 1),\n"
	" entry AS (SELECT coalesce((SELECT seq FROM last), 0) + 1 AS seq, clock_timestamp() AS at,\n"
	"  coalesce((SELECT hash FROM last), '') AS previous)\n"
	"INSERT INTO riskml.audit_log (seq, at, login_role, acting_role, action, model, alias,\n"
	"  identity, from_version, to_version, detail, reason, previous, hash)\n"
	"SELECT seq, at, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, previous,\n"
	"  riskml.audit_hash(seq, at, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, previous)\n"
	"FROM entry RETURNING seq::text, encode(hash, 'hex')";

static RmlParam
name_param(Oid role)
{
	return rml_param_datum(NAMEOID,
						   DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(role, false))),
						   false);
}

void
rml_audit(const RmlOwnerScope *scope, const RmlAuditEntry *entry)
{
	char		identity[2 * RML_IDENTITY_SIZE + 1];
	RmlParam	params[10];

	if (entry->identity)
	{
		hex_encode((const char *) entry->identity, RML_IDENTITY_SIZE, identity);
		identity[2 * RML_IDENTITY_SIZE] = '\0';
	}
	params[0] = name_param(GetSessionUserId());
	params[1] = name_param(scope->caller);
	params[2] = rml_param_text(entry->action);
	params[3] = rml_param_text(entry->model);
	params[4] = rml_param_text(entry->alias);
	params[5] = rml_param_text(entry->identity ? identity : NULL);
	params[6] = rml_param_datum(INT4OID, Int32GetDatum(entry->from_version), entry->from_version == 0);
	params[7] = rml_param_datum(INT4OID, Int32GetDatum(entry->to_version), entry->to_version == 0);
	params[8] = rml_param_text(entry->detail);
	params[9] = rml_param_text(entry->reason);
	rml_sql(insert_audit, 10, params);

	/* a copy of the chain's head where no SQL reaches it */
	ereport(LOG,
			(errmsg("riskml audit: entry %s, %s of model \"%s\", hash %s",
					SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
					entry->action, entry->model,
					SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2)),
			 errhidestmt(true), errhidecontext(true)));
}

void
rml_require_owner(const RmlOwnerScope *scope, const RmlModelRow *row, const char *name)
{
	if (!has_privs_of_role(scope->caller, row->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", name)));
}

void
rml_owner_begin_model(RmlOwnerScope *scope, const char *name,
					  const char *privilege, RmlModelRow *row)
{
	Snapshot	snapshot;

	rml_owner_begin(scope);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	rml_resolve_model(name, snapshot, row);
	if (privilege != NULL)
		rml_require(row, name, scope->caller, privilege, snapshot);
	else
		rml_require_owner(scope, row, name);
	UnregisterSnapshot(snapshot);
}

char *
rml_reason_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *reason = RML_TEXT_ARG(n, "reason");

	if (strspn(reason, " \t\r\n") == strlen(reason))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"reason\" must not be empty"),
				 errhint("Say why; it is kept in riskml.audit_log.")));
	return reason;
}
