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
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "registry/owner.h"

#define MAX_PARAMS 24

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
	Relation	rel;
	Oid			owner;

	PreventCommandIfReadOnly("a change of the model registry");
	PreventCommandIfParallelMode("a change of the model registry");
	LockRelationOid(audit, ExclusiveLock);
	rel = RelationIdGetRelation(audit);
	if (!RelationIsValid(rel))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table riskml.audit_log does not exist")));
	owner = rel->rd_rel->relowner;
	RelationClose(rel);
	check_snapshot_is_current();

	GetUserIdAndSecContext(&scope->caller, &scope->saved_context);
	SetUserIdAndSecContext(owner, scope->saved_context | SECURITY_LOCAL_USERID_CHANGE);
	scope->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* find_dependents in admin.c searches for literals as the server writes them */
	(void) set_config_option("standard_conforming_strings", "on", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
rml_owner_end(RmlOwnerScope *scope)
{
	SPI_finish();
	AtEOXact_GUC(false, scope->guc_level);
	SetUserIdAndSecContext(scope->caller, scope->saved_context);
}

RmlParam
rml_param_datum(Oid type, Datum value, bool isnull)
{
	RmlParam	param = {type, value, isnull};

	return param;
}

RmlParam
rml_param_int(int32 value)
{
	return rml_param_datum(INT4OID, Int32GetDatum(value), false);
}

RmlParam
rml_param_bigint(int64 value)
{
	return rml_param_datum(INT8OID, Int64GetDatum(value), false);
}

RmlParam
rml_param_text(const char *value)
{
	return rml_param_datum(TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

RmlParam
rml_param_oid(Oid type, Oid value)
{
	return rml_param_datum(type, ObjectIdGetDatum(value), false);
}

uint64
rml_sql(const char *sql, int n_params, const RmlParam *params)
{
	Oid			types[MAX_PARAMS];
	Datum		values[MAX_PARAMS];
	char		nulls[MAX_PARAMS] = {0};
	SPIPlanPtr	plan;
	int			result;

	Assert(n_params <= MAX_PARAMS);
	for (int i = 0; i < n_params; i++)
	{
		types[i] = params[i].type;
		values[i] = params[i].value;
		nulls[i] = params[i].isnull ? 'n' : ' ';
	}
	/* a custom plan would copy parameters of many megabytes into constants */
	plan = SPI_prepare_cursor(sql, n_params, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	SPI_freeplan(plan);
	return SPI_processed;
}

bool
rml_sql_int(int32 *value)
{
	bool		isnull;
	Datum		datum;

	if (SPI_processed == 0)
		return false;
	datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	*value = isnull ? 0 : DatumGetInt32(datum);
	return !isnull;
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

static void
require_not_null(FunctionCallInfo fcinfo, int n, const char *parameter)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"%s\" must not be null", parameter)));
}

char *
rml_text_arg(FunctionCallInfo fcinfo, int n, const char *parameter)
{
	require_not_null(fcinfo, n, parameter);
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

int32
rml_int_arg(FunctionCallInfo fcinfo, int n, const char *parameter)
{
	require_not_null(fcinfo, n, parameter);
	return PG_GETARG_INT32(n);
}
