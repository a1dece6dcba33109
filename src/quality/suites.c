/*
 * suites.c
 *	  The suites that are kept: riskml.suite.
 *
 * Everybody may see and use them; a suite is changed by its owner and members of
 * that role.  Rows are locked by the statements that change them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "quality/json.h"
#include "quality/suites.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_create_suite);
RML_SQL_FUNCTION(riskml_alter_suite);
RML_SQL_FUNCTION(riskml_drop_suite);
RML_SQL_FUNCTION(riskml_export_suite);

#define MAX_NAME 200

static void
act(RmlOwnerScope *scope)
{
	rml_act_begin(scope, get_relname_relid("suite", get_namespace_oid("riskml", false)));
}

static void
unknown_suite(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("suite \"%s\" does not exist", name),
			 errhint("riskml.suites lists them; riskml.create_suite() makes one.")));
}

static char *
name_arg(FunctionCallInfo fcinfo)
{
	char	   *name = RML_TEXT_ARG(0, "name");

	if (*name == '\0' || *name == '{' || strlen(name) > MAX_NAME)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a suite: \"%s\"", name),
				 errdetail("It has 1 to %d bytes, and does not begin with a brace.", MAX_NAME)));
	return name;
}

static Jsonb *
suite_arg(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"suite\" must not be null")));
	return PG_GETARG_JSONB_P(1);
}

static RmlParam
comment_param(FunctionCallInfo fcinfo, int n)
{
	return rml_param_text(PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n)));
}

/* Locks the suite's row; 42501 unless the caller owns it. */
static void
lock_own(const RmlOwnerScope *scope, const char *name)
{
	RmlParam	params[1] = {rml_param_text(name)};
	bool		null;
	Oid			owner;

	if (rml_sql("SELECT owner::oid FROM riskml.suite WHERE name = $1 FOR UPDATE", 1, params) == 0)
		unknown_suite(name);
	owner = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	if (!has_privs_of_role(scope->caller, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of suite \"%s\"", name),
				 errdetail("It belongs to role \"%s\".", GetUserNameFromId(owner, true))));
}

/* riskml.create_suite(name, suite, comment) */
Datum
riskml_create_suite(PG_FUNCTION_ARGS)
{
	char	   *name = name_arg(fcinfo);
	Jsonb	   *definition = suite_arg(fcinfo);
	RmlOwnerScope scope;
	RmlParam	params[4];

	PreventCommandIfReadOnly("riskml.create_suite()");
	(void) rml_suite_read(name, definition);
	act(&scope);
	params[0] = rml_param_text(name);
	params[1] = rml_param_oid(REGROLEOID, scope.caller);
	params[2] = rml_param_datum(JSONBOID, JsonbPGetDatum(definition), false);
	params[3] = comment_param(fcinfo, 2);
	if (rml_sql("INSERT INTO riskml.suite (name, owner, suite, comment) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1", 4, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("suite \"%s\" already exists", name),
				 errhint("riskml.alter_suite() changes it.")));
	rml_act_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.alter_suite(name, suite, comment): NULL leaves what is there */
Datum
riskml_alter_suite(PG_FUNCTION_ARGS)
{
	char	   *name = name_arg(fcinfo);
	Jsonb	   *definition = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	RmlOwnerScope scope;
	RmlParam	params[3];

	PreventCommandIfReadOnly("riskml.alter_suite()");
	if (definition != NULL)
		(void) rml_suite_read(name, definition);
	act(&scope);
	lock_own(&scope, name);
	params[0] = rml_param_text(name);
	params[1] = rml_param_datum(JSONBOID, JsonbPGetDatum(definition), definition == NULL);
	params[2] = comment_param(fcinfo, 2);
	(void) rml_sql("UPDATE riskml.suite SET suite = coalesce($2, suite), comment = coalesce($3, comment), changed_at = now() WHERE name = $1",
				   3, params);
	rml_act_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.drop_suite(name) */
Datum
riskml_drop_suite(PG_FUNCTION_ARGS)
{
	char	   *name = name_arg(fcinfo);
	RmlOwnerScope scope;
	RmlParam	params[1];

	PreventCommandIfReadOnly("riskml.drop_suite()");
	act(&scope);
	lock_own(&scope, name);
	params[0] = rml_param_text(name);
	(void) rml_sql("DELETE FROM riskml.suite WHERE name = $1", 1, params);
	rml_act_end(&scope);
	PG_RETURN_VOID();
}

static Jsonb *
stored(const char *name)
{
	MemoryContext caller = CurrentMemoryContext;
	RmlOwnerScope scope;
	RmlParam	params[1] = {rml_param_text(name)};
	Jsonb	   *definition;
	bool		null;

	act(&scope);
	/* under the name that it has here */
	if (rml_sql_read("SELECT jsonb_set(suite, ARRAY[CASE WHEN suite ? 'expectation_suite_name' THEN 'expectation_suite_name' ELSE 'name' END],\n"
					 " to_jsonb(name)) FROM riskml.suite WHERE name = $1", 1, params) == 0)
		unknown_suite(name);
	definition = DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	definition = (Jsonb *) memcpy(MemoryContextAlloc(caller, VARSIZE(definition)), definition, VARSIZE(definition));
	rml_act_end(&scope);
	MemoryContextSwitchTo(caller);
	return definition;
}

/* riskml.export_suite(name) */
Datum
riskml_export_suite(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(stored(name_arg(fcinfo)));
}

RmlSuite *
rml_suite_find(const char *text)
{
	while (*text == ' ' || *text == '\n' || *text == '\t')
		text++;
	if (*text == '{')
		return rml_suite_read(NULL, rml_json_in(text));
	return rml_suite_read(text, stored(text));
}
