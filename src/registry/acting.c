/*
 * acting.c
 *	  SQL on the extension's tables as their owner, and the arguments of the
 *	  functions that run it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "registry/acting.h"

#define MAX_PARAMS 24

static Oid
owner_of(Oid table)
{
	Relation	rel = RelationIdGetRelation(table);
	Oid			owner;

	if (!RelationIsValid(rel))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("a table of riskml does not exist")));
	owner = rel->rd_rel->relowner;
	RelationClose(rel);
	return owner;
}

void
rml_act_begin(RmlOwnerScope *scope, Oid table)
{
	Oid			owner = owner_of(table);

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
rml_act_end(RmlOwnerScope *scope)
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

/* A snapshot only for what is read; InvalidSnapshot: the statement's own. */
static uint64
run(const char *sql, int n_params, const RmlParam *params, Snapshot snapshot)
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
	result = SPI_execute_snapshot(plan, values, nulls, snapshot, InvalidSnapshot,
								  snapshot != InvalidSnapshot, true, 0);
	if (result < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
	SPI_freeplan(plan);
	return SPI_processed;
}

uint64
rml_sql(const char *sql, int n_params, const RmlParam *params)
{
	return run(sql, n_params, params, InvalidSnapshot);
}

uint64
rml_sql_read(const char *sql, int n_params, const RmlParam *params)
{
	return run(sql, n_params, params, GetActiveSnapshot());
}

uint64
rml_sql_latest(const char *sql, int n_params, const RmlParam *params)
{
	return run(sql, n_params, params, GetLatestSnapshot());
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
