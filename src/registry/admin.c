/*
 * admin.c
 *	  Dropping models and versions, grants, ownership.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "compat.h"
#include "registry/alias.h"

RML_SQL_FUNCTION(riskml_drop_version);
RML_SQL_FUNCTION(riskml_drop_model);
RML_SQL_FUNCTION(riskml_grant_model);
RML_SQL_FUNCTION(riskml_revoke_model);
RML_SQL_FUNCTION(riskml_set_owner);
RML_SQL_FUNCTION(riskml_audit_guard);

/*
 * Objects that store a reference to a model: index expressions and predicates,
 * partition keys, generated columns, defaults, constraints, views, triggers'
 * conditions, policies, functions with an SQL body.  They depend on a function
 * of ours, and their text holds the reference as a literal.
 * $1 model name, $2 version or NULL for all
 */
static const char find_dependents[] =
	"SELECT pg_describe_object(d.classid, d.objid, d.objsubid)\n"
	"FROM pg_depend d\n"
	"JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid\n"
	"JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid\n"
	"  AND e.deptype = 'e' AND e.refclassid = 'pg_extension'::regclass\n"
	"JOIN pg_extension x ON x.oid = e.refobjid AND x.extname = 'riskml',\n"
	"LATERAL (SELECT CASE d.classid\n"
	"    WHEN 'pg_class'::regclass THEN\n"
	"      coalesce(pg_get_indexdef(d.objid), pg_get_partkeydef(d.objid))\n"
	"    WHEN 'pg_constraint'::regclass THEN pg_get_constraintdef(d.objid)\n"
	"    WHEN 'pg_attrdef'::regclass THEN (SELECT pg_get_expr(adbin, adrelid)\n"
	"      FROM pg_attrdef WHERE oid = d.objid)\n"
	"    WHEN 'pg_rewrite'::regclass THEN pg_get_ruledef(d.objid)\n"
	"    WHEN 'pg_trigger'::regclass THEN pg_get_triggerdef(d.objid)\n"
	"    WHEN 'pg_policy'::regclass THEN (SELECT concat_ws(' ', pg_get_expr(polqual, polrelid),\n"
	"        pg_get_expr(polwithcheck, polrelid)) FROM pg_policy WHERE oid = d.objid)\n"
	"    WHEN 'pg_statistic_ext'::regclass THEN pg_get_statisticsobjdef(d.objid)\n"
	"    WHEN 'pg_type'::regclass THEN (SELECT typdefault FROM pg_type WHERE oid = d.objid)\n"
	"    WHEN 'pg_proc'::regclass THEN concat_ws(' ', pg_get_function_sqlbody(d.objid),\n"
	"      pg_get_function_arguments(d.objid)) END) t(definition)\n"
	"WHERE EXISTS (SELECT FROM unnest(CASE WHEN $2 IS NULL THEN ARRAY['@', '''']\n"
	"      ELSE ARRAY['@' || $2 || '#', '@' || $2 || ''''] END) AS f(ending)\n"
	"  WHERE strpos(t.definition, '''' || replace($1, '''', '''''') || f.ending) > 0)\n"
	"LIMIT 1";

/* $2 as a parameter of type int, NULL for all versions */
static void
refuse_dependents(const char *model, int32 version)
{
	RmlParam	params[2];

	params[0] = rml_param_text(model);
	params[1] = rml_param_datum(INT4OID, Int32GetDatum(version), version == 0);
	if (rml_sql(find_dependents, 2, params) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 version == 0
				 ? errmsg("cannot drop model \"%s\" because %s refers to it", model,
						  SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1))
				 : errmsg("cannot drop version %d of model \"%s\" because %s refers to it",
						  version, model,
						  SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				 errhint("Drop or change that object first.")));
}

/* $1 model_id, $2 version or NULL for all */
static void
refuse_aliases(const char *model, int32 model_id, int32 version)
{
	RmlParam	params[2];
	char	   *alias;

	params[0] = rml_param_int(model_id);
	params[1] = rml_param_datum(INT4OID, Int32GetDatum(version), version == 0);
	if (rml_sql("SELECT alias FROM riskml.model_alias WHERE model_id = $1"
				" AND ($2 IS NULL OR version = $2) ORDER BY alias LIMIT 1", 2, params) == 0)
		return;
	alias = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 version == 0
			 ? errmsg("cannot drop model \"%s\" because its alias \"%s\" still exists", model, alias)
			 : errmsg("cannot drop version %d of model \"%s\" because alias \"%s\" points at it",
					  version, model, alias),
			 errhint("Remove the alias with riskml.drop_alias(), or point it elsewhere with riskml.set_alias().")));
}

static char *
optional_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* Removes all that is kept of a version, or with 0 of all versions of a model and of the model itself. */
static void
forget(int32 model_id, int32 version)
{
	static const char *const of_version[] = {
		"DELETE FROM riskml.model_baseline WHERE model_id = $1 AND ($2 IS NULL OR version = $2)",
		"DELETE FROM riskml.model_reasons WHERE model_id = $1 AND ($2 IS NULL OR version = $2)",
		"DELETE FROM riskml.model_training WHERE model_id = $1 AND ($2 IS NULL OR version = $2)",
		"DELETE FROM riskml.gate_result WHERE run_id IN (SELECT run_id FROM riskml.gate_run WHERE model_id = $1 AND ($2 IS NULL OR version = $2))",
		"DELETE FROM riskml.gate_run WHERE model_id = $1 AND ($2 IS NULL OR version = $2)",
		"DELETE FROM riskml.model_approval WHERE model_id = $1 AND ($2 IS NULL OR version = $2)",
		"DELETE FROM riskml.model_version WHERE model_id = $1 AND ($2 IS NULL OR version = $2)",
	};
	static const char *const of_model[] = {
		"DELETE FROM riskml.model_grant WHERE model_id = $1",
		"DELETE FROM riskml.model_gates WHERE model_id = $1",
		"DELETE FROM riskml.model WHERE model_id = $1",
	};
	RmlParam	params[2];

	params[0] = rml_param_int(model_id);
	params[1] = rml_param_datum(INT4OID, Int32GetDatum(version), version == 0);
	for (int i = 0; i < (int) lengthof(of_version); i++)
		rml_sql(of_version[i], 2, params);
	for (int i = 0; version == 0 && i < (int) lengthof(of_model); i++)
		rml_sql(of_model[i], 1, params);
}

/* riskml.drop_version(model, version, reason) */
Datum
riskml_drop_version(PG_FUNCTION_ARGS)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	int32		version = rml_int_arg(fcinfo, 1, "version");
	RmlAuditEntry entry = {
		.action = "drop_version", .model = model, .from_version = version,
		.reason = optional_text(fcinfo, 2),
	};
	RmlOwnerScope scope;
	RmlModelRow row;

	rml_owner_begin_model(&scope, model, NULL, &row);
	refuse_aliases(model, row.model_id, version);
	refuse_dependents(model, version);
	entry.identity = rml_version_identity(model, version);
	forget(row.model_id, version);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.drop_model(model, reason) */
Datum
riskml_drop_model(PG_FUNCTION_ARGS)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	RmlAuditEntry entry = {
		.action = "drop_model", .model = model, .reason = optional_text(fcinfo, 1),
	};
	RmlOwnerScope scope;
	RmlModelRow row;

	rml_owner_begin_model(&scope, model, NULL, &row);
	refuse_aliases(model, row.model_id, 0);
	refuse_dependents(model, 0);
	forget(row.model_id, 0);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* ---- grants ---- */

static const char *
privilege_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *privilege = RML_TEXT_ARG(n, "privilege");

	if (strcmp(privilege, "score") != 0 && strcmp(privilege, "export") != 0 &&
		strcmp(privilege, "promote") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown privilege \"%s\"", privilege),
				 errhint("Privileges are score, export and promote.")));
	return privilege;
}

/* DROP ROLE does not know of our grants. */
static const char forget_dropped_roles[] =
	"DELETE FROM riskml.model_grant g WHERE g.grantee <> 0::oid\n"
	"AND NOT EXISTS (SELECT FROM pg_authid r WHERE r.oid = g.grantee)";

static void
change_grant(FunctionCallInfo fcinfo, const char *action, const char *sql)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	char	   *role = RML_TEXT_ARG(1, "role");
	const char *privilege = privilege_arg(fcinfo, 2);
	Oid			grantee = strcmp(role, "public") == 0 ? InvalidOid : get_role_oid(role, false);
	RmlAuditEntry entry = {
		.action = action, .model = model, .detail = psprintf("%s: %s", role, privilege),
	};
	RmlOwnerScope scope;
	RmlModelRow row;
	RmlParam	params[3];

	rml_owner_begin_model(&scope, model, NULL, &row);
	rml_sql(forget_dropped_roles, 0, NULL);
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_oid(OIDOID, grantee);
	params[2] = rml_param_text(privilege);
	if (rml_sql(sql, 3, params) > 0)
		rml_audit(&scope, &entry);
	rml_owner_end(&scope);
}

/* riskml.grant_model(model, role, privilege) */
Datum
riskml_grant_model(PG_FUNCTION_ARGS)
{
	change_grant(fcinfo, "grant",
				 "INSERT INTO riskml.model_grant VALUES ($1, $2::regrole, $3) ON CONFLICT DO NOTHING");
	PG_RETURN_VOID();
}

/* riskml.revoke_model(model, role, privilege) */
Datum
riskml_revoke_model(PG_FUNCTION_ARGS)
{
	change_grant(fcinfo, "revoke",
				 "DELETE FROM riskml.model_grant WHERE model_id = $1 AND grantee = $2 AND privilege = $3");
	PG_RETURN_VOID();
}

/* riskml.set_owner(model, new_owner): as ALTER ... OWNER TO */
Datum
riskml_set_owner(PG_FUNCTION_ARGS)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	char	   *role = RML_TEXT_ARG(1, "new_owner");
	Oid			new_owner = get_role_oid(role, false);
	RmlAuditEntry entry = {.action = "set_owner", .model = model, .detail = role};
	RmlOwnerScope scope;
	RmlModelRow row;
	RmlParam	params[2];

	rml_owner_begin_model(&scope, model, NULL, &row);
	if (!rml_can_set_role(scope.caller, new_owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be able to SET ROLE \"%s\"", role)));
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_oid(OIDOID, new_owner);
	rml_sql("UPDATE riskml.model SET owner = $2::regrole WHERE model_id = $1", 2, params);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* Statement trigger on riskml.audit_log: rows are only ever added. */
Datum
riskml_audit_guard(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("riskml.audit_log is append-only")));
	PG_RETURN_NULL();
}
