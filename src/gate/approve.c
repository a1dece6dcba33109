/*
 * approve.c
 *	  riskml.approve(), riskml.withdraw_approval().
 *
 * Who made a version, by whichever role, does not approve it: neither the role
 * that logged in nor the one that acts may be one of those that imported or
 * trained it.  Of a job it is not known who is behind its role: any member may
 * have given it that.  So jobs approve nothing, and what a job has trained is not
 * approved by a member of its role.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "compat.h"
#include "gate/gate.h"
#include "registry/obstacles.h"

RML_SQL_FUNCTION(riskml_approve);
RML_SQL_FUNCTION(riskml_withdraw_approval);

static RmlParam
identity_param(const RmlBinding *binding)
{
	char		hex[2 * RML_IDENTITY_SIZE + 1];

	hex_encode((const char *) binding->identity, RML_IDENTITY_SIZE, hex);
	hex[2 * RML_IDENTITY_SIZE] = '\0';
	return rml_param_text(hex);
}

static void
require_session(void)
{
	if (MyBackendType == B_BG_WORKER)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a job cannot approve versions of models"),
				 errhint("Somebody has to, in a session.")));
}

/* $1 model_id, $2 version, $3 model name, $4 identity, $5 and $6 the approver's roles */
static const char find_maker[] =
	"SELECT role FROM (\n"
	"  SELECT imported_by FROM riskml.model_version WHERE model_id = $1 AND version = $2\n"
	"  UNION ALL SELECT unnest(ARRAY[login_role, acting_role]) FROM riskml.audit_log\n"
	"  WHERE action = 'import' AND model = $3 AND to_version = $2 AND identity = $4\n"
	"  UNION ALL SELECT unnest(ARRAY[t.trained_by, t.login_role, r.requested_by])\n"
	"  FROM riskml.model_training t LEFT JOIN riskml.job_run r USING (run_id) WHERE t.model_id = $1 AND t.version = $2) m(role)\n"
	"WHERE role IN ($5, $6)";

static void
refuse_maker(const RmlOwnerScope *scope, const RmlBinding *binding)
{
	RmlParam	params[6] = {
		rml_param_int(binding->model.model_id), rml_param_int(binding->version), rml_param_text(binding->name), identity_param(binding),
		rml_param_text(GetUserNameFromId(GetSessionUserId(), false)), rml_param_text(GetUserNameFromId(scope->caller, false)),
	};

	if (rml_sql(find_maker, 6, params) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" made version %d of model \"%s\" and cannot approve it",
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1), binding->version, binding->name),
				 errhint("Another role must, which did not log in or act when it was imported or trained.")));
}

static void
refuse_member_of_trainer(const RmlBinding *binding)
{
	RmlParam	params[2] = {rml_param_int(binding->model.model_id), rml_param_int(binding->version)};
	const char *trainer;

	if (rml_sql("SELECT trained_by FROM riskml.model_training WHERE model_id = $1 AND version = $2 AND run_id IS NOT NULL", 2, params) == 0)
		return;
	trainer = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (is_member_of_role_nosuper(GetSessionUserId(), get_role_oid(trainer, true)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" cannot approve version %d of model \"%s\"", GetUserNameFromId(GetSessionUserId(), false), binding->version, binding->name),
				 errdetail("It was trained by a job of role \"%s\", and any member of that may have made the job.", trainer)));
}

static void
require_passed(const RmlBinding *binding)
{
	RmlObstacles obstacles;

	if (rml_find_obstacles(binding->name, binding->version, &obstacles) && obstacles.gates != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" cannot be approved: %s", binding->version, binding->name, obstacles.gates),
				 errdetail("%s", obstacles.detail),
				 errhint("See riskml.run_gates().")));
}

/* $1 model_id, $2 version, $3 and $4 roles, $5 reason */
static const char insert_approval[] =
	"INSERT INTO riskml.model_approval (model_id, version, definition, run_id, approved_by, login_role, reason)\n"
	"SELECT model_id, version, definition, CASE WHEN gates <> '[]' THEN run_id END, $3::name, $4::name, $5\n"
	"FROM riskml.gate_standing WHERE model_id = $1 AND version = $2 RETURNING run_id";

/* riskml.approve(model, reason) */
Datum
riskml_approve(PG_FUNCTION_ARGS)
{
	const char *reference = RML_TEXT_ARG(0, "model");
	RmlAuditEntry entry = {.action = "approve", .reason = rml_reason_arg(fcinfo, 1)};
	RmlBinding	binding;
	RmlOwnerScope scope;
	RmlParam	params[5];
	char	   *run_id;

	require_session();
	rml_gate_resolve(reference, &binding);
	rml_gate_begin(&scope, &binding);
	refuse_maker(&scope, &binding);
	refuse_member_of_trainer(&binding);
	require_passed(&binding);
	params[0] = rml_param_int(binding.model.model_id);
	params[1] = rml_param_int(binding.version);
	params[2] = rml_param_text(GetUserNameFromId(scope.caller, false));
	params[3] = rml_param_text(GetUserNameFromId(GetSessionUserId(), false));
	params[4] = rml_param_text(entry.reason);
	if (rml_sql(insert_approval, 5, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no gates, and needs no approval", binding.name),
				 errhint("See riskml.set_gates().")));
	run_id = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	entry.model = binding.name;
	entry.identity = binding.identity;
	entry.to_version = binding.version;
	entry.detail = run_id ? psprintf("run %s of the gates", run_id) : NULL;
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}

/* riskml.withdraw_approval(model, reason) */
Datum
riskml_withdraw_approval(PG_FUNCTION_ARGS)
{
	const char *reference = RML_TEXT_ARG(0, "model");
	RmlAuditEntry entry = {.action = "withdraw_approval", .reason = rml_reason_arg(fcinfo, 1)};
	RmlBinding	binding;
	RmlOwnerScope scope;
	RmlParam	params[4];

	rml_gate_resolve(reference, &binding);
	rml_gate_begin(&scope, &binding);
	params[0] = rml_param_int(binding.model.model_id);
	params[1] = rml_param_int(binding.version);
	params[2] = rml_param_text(GetUserNameFromId(scope.caller, false));
	params[3] = rml_param_text(entry.reason);
	if (rml_sql("UPDATE riskml.model_approval SET withdrawn_by = $3::name, withdrawn_at = clock_timestamp(), withdrawn_reason = $4\n"
				"WHERE model_id = $1 AND version = $2 AND withdrawn_at IS NULL", 4, params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" has no approval to withdraw", binding.version, binding.name)));
	entry.model = binding.name;
	entry.identity = binding.identity;
	entry.to_version = binding.version;
	rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
