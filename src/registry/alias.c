/*
 * alias.c
 *	  set_alias(), drop_alias(), promote(), rollback().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "compat.h"
#include "registry/alias.h"
#include "registry/obstacles.h"

RML_SQL_FUNCTION(riskml_set_alias);
RML_SQL_FUNCTION(riskml_drop_alias);
RML_SQL_FUNCTION(riskml_promote);
RML_SQL_FUNCTION(riskml_rollback);

/* Parameters $1 model name, $2 alias, $3 version, $4 versions kept for rollback */
#define HISTORY_LENGTH 100

static const char upsert_alias[] =
	"INSERT INTO riskml.model_alias AS a (model_id, alias, version)\n"
	"SELECT model_id, $2, $3 FROM riskml.model WHERE name = $1\n"
	"ON CONFLICT (model_id, alias) DO UPDATE SET version = $3, moved_at = now(),\n"
	"  history = (a.history || a.version)\n"
	"    [greatest(1, cardinality(a.history) + 2 - $4) : cardinality(a.history) + 1]";

/* Where the alias points, 0 if it does not exist. */
static int32
current_version(const char *model, const char *alias)
{
	RmlParam	params[2];
	int32		version = 0;

	params[0] = rml_param_text(model);
	params[1] = rml_param_text(alias);
	rml_sql("SELECT a.version FROM riskml.model m JOIN riskml.model_alias a USING (model_id)"
			" WHERE m.name = $1 AND a.alias = $2", 2, params);
	(void) rml_sql_int(&version);
	return version;
}

const uint8 *
rml_version_identity(const char *model, int32 version)
{
	RmlParam	params[2];
	bool		isnull;
	bytea	   *identity;

	params[0] = rml_param_text(model);
	params[1] = rml_param_int(version);
	if (rml_sql("SELECT v.identity FROM riskml.model m JOIN riskml.model_version v USING (model_id)"
				" WHERE m.name = $1 AND v.version = $2", 2, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no version %d", model, version),
				 errhint("riskml.models lists its versions.")));
	identity = DatumGetByteaPCopy(SPI_getbinval(SPI_tuptable->vals[0],
												SPI_tuptable->tupdesc, 1, &isnull));
	return (const uint8 *) VARDATA(identity);
}

/*
 * Lets a version into production if its gates and approval do, or if that is
 * overridden; then what was overridden is what the audit row says.
 */
static void
pass_gates(RmlAuditEntry *entry, bool override)
{
	RmlObstacles obstacles;

	if (!rml_find_obstacles(entry->model, entry->to_version, &obstacles))
		return;
	if (!override)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" cannot be promoted: %s", entry->to_version, entry->model, obstacles.summary),
				 errdetail("%s", obstacles.detail),
				 obstacles.gates != NULL ?
				 errhint("See riskml.run_gates(). riskml.promote() with override => true and a reason passes by the gates, which is audited.") :
				 errhint("Another role than its maker has to call riskml.approve(). riskml.promote() with override => true and a reason does without, which is audited.")));
	entry->detail = psprintf("override: %s", obstacles.summary);
}

static void
move_alias(const RmlOwnerScope *scope, RmlAuditEntry entry, bool override)
{
	RmlParam	params[4];

	entry.identity = rml_version_identity(entry.model, entry.to_version);
	entry.from_version = current_version(entry.model, entry.alias);
	if (entry.from_version == entry.to_version)
		return;
	if (strcmp(entry.alias, RML_DEFAULT_ALIAS) == 0)
		pass_gates(&entry, override);
	params[0] = rml_param_text(entry.model);
	params[1] = rml_param_text(entry.alias);
	params[2] = rml_param_int(entry.to_version);
	params[3] = rml_param_int(HISTORY_LENGTH);
	rml_sql(upsert_alias, 4, params);
	rml_audit(scope, &entry);
}

void
rml_move_alias(const RmlOwnerScope *scope, RmlAuditEntry entry)
{
	move_alias(scope, entry, false);
}

static char *
alias_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *alias = RML_TEXT_ARG(n, "alias");

	rml_check_alias(alias, (int) strlen(alias));
	return alias;
}

/* riskml.set_alias(model, alias, version, reason) */
Datum
riskml_set_alias(PG_FUNCTION_ARGS)
{
	RmlAuditEntry entry = {
		.action = "set_alias",
		.model = RML_TEXT_ARG(0, "model"),
		.alias = alias_arg(fcinfo, 1),
		.to_version = rml_int_arg(fcinfo, 2, "version"),
		.reason = rml_reason_arg(fcinfo, 3),
	};
	RmlOwnerScope scope;
	RmlModelRow row;

	rml_owner_begin_model(&scope, entry.model, "promote", &row);
	rml_move_alias(&scope, entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.promote(model, version, reason, override) */
Datum
riskml_promote(PG_FUNCTION_ARGS)
{
	RmlAuditEntry entry = {
		.action = "promote",
		.model = RML_TEXT_ARG(0, "model"),
		.alias = RML_DEFAULT_ALIAS,
		.to_version = rml_int_arg(fcinfo, 1, "version"),
		.detail = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3) ? "override" : NULL,
		.reason = rml_reason_arg(fcinfo, 2),
	};
	RmlOwnerScope scope;
	RmlModelRow row;

	rml_owner_begin_model(&scope, entry.model, "promote", &row);
	move_alias(&scope, entry, entry.detail != NULL);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

static void
no_alias(const char *model, const char *alias)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no alias \"%s\"", model, alias)));
}

/* riskml.drop_alias(model, alias, reason) */
Datum
riskml_drop_alias(PG_FUNCTION_ARGS)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	char	   *alias = alias_arg(fcinfo, 1);
	char	   *reason = rml_reason_arg(fcinfo, 2);
	RmlAuditEntry entry = {
		.action = "drop_alias", .model = model, .alias = alias, .reason = reason,
	};
	RmlOwnerScope scope;
	RmlModelRow row;
	RmlParam	params[2];

	rml_owner_begin_model(&scope, model, "promote", &row);
	entry.from_version = current_version(model, alias);
	if (entry.from_version == 0)
		no_alias(model, alias);
	entry.identity = rml_version_identity(model, entry.from_version);
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_text(alias);
	rml_sql("DELETE FROM riskml.model_alias WHERE model_id = $1 AND alias = $2", 2, params);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/*
 * Takes the newest version off the alias's history that still exists;
 * returns it.  $1 model_id, $2 alias
 */
static const char pop_history[] =
	"UPDATE riskml.model_alias a\n"
	"SET version = b.version, moved_at = now(), history = a.history[1 : b.place - 1]\n"
	"FROM (SELECT h.version, h.place FROM riskml.model_alias c,\n"
	"    unnest(c.history) WITH ORDINALITY AS h(version, place)\n"
	"  WHERE c.model_id = $1 AND c.alias = $2 AND h.version <> c.version\n"
	"    AND EXISTS (SELECT FROM riskml.model_version v\n"
	"      WHERE v.model_id = $1 AND v.version = h.version)\n"
	"  ORDER BY h.place DESC LIMIT 1) b(version, place)\n"
	"WHERE a.model_id = $1 AND a.alias = $2 RETURNING a.version";

/*
 * riskml.rollback(model, alias, reason): returns the version.  Rolling back
 * again goes further back.
 */
Datum
riskml_rollback(PG_FUNCTION_ARGS)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	char	   *alias = alias_arg(fcinfo, 1);
	RmlAuditEntry entry = {.action = "rollback", .model = model, .alias = alias};
	RmlOwnerScope scope;
	RmlModelRow row;
	RmlParam	params[2];

	if (!PG_ARGISNULL(2))
		entry.reason = rml_reason_arg(fcinfo, 2);
	rml_owner_begin_model(&scope, model, "promote", &row);
	entry.from_version = current_version(model, alias);
	if (entry.from_version == 0)
		no_alias(model, alias);
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_text(alias);
	rml_sql(pop_history, 2, params);
	if (!rml_sql_int(&entry.to_version))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("alias \"%s\" of model \"%s\" has no version to roll back to", alias, model),
				 errhint("Point it at a version with riskml.set_alias().")));
	entry.identity = rml_version_identity(model, entry.to_version);
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_INT32(entry.to_version);
}
