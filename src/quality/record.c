/*
 * record.c
 *	  What validations came to, in riskml.validation.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "mb/pg_wchar.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "job/context.h"
#include "job/sql.h"
#include "quality/record.h"
#include "registry/acting.h"

RML_SQL_FUNCTION(riskml_record_validation);

#define LONGEST_NOTICE 300		/* of a name or query: a notification has 8,000 bytes */

static MemoryContext context = NULL;	/* holds what follows */
static RmlRecord kept;

static char *
keep(const char *text)
{
	return text != NULL ? MemoryContextStrdup(context, text) : NULL;
}

static void
forget(void)
{
	if (context != NULL)
		MemoryContextReset(context);
	memset(&kept, 0, sizeof(kept));
}

void
rml_record_keep(const RmlRecord *record)
{
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "riskml record of a validation", ALLOCSET_SMALL_SIZES);
	forget();
	kept.relation = keep(record->relation);
	kept.suite = keep(record->suite);
	kept.filter = keep(record->filter);
	kept.result = MemoryContextAlloc(context, VARSIZE(record->result));
	memcpy(kept.result, record->result, VARSIZE(record->result));
}

static void
act(RmlOwnerScope *scope)
{
	Oid			schema = get_namespace_oid("riskml", true);
	Oid			table = OidIsValid(schema) ? get_relname_relid("validation", schema) : InvalidOid;

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table riskml.validation does not exist"),
				 errhint("Run CREATE EXTENSION riskml in this database.")));
	rml_act_begin(scope, table);
}

/* In a step, of its run; elsewhere of none. */
static RmlStatement insert = {
	.types = "tttjtltl",
	.text = "INSERT INTO riskml.validation (relation, suite, filter, result, success, statistics, action, quarantined, owner,\n"
	"  run_id, step, attempt, interval_start, interval_end, job)\n"
	"SELECT $1, $2, $3, r, (r->>'success')::boolean, r->'statistics', $5, $6, $8::oid,\n"
	"  riskml.run_id(), $7, riskml.attempt(), riskml.interval_start(), riskml.interval_end(),\n"
	"  (SELECT j.name FROM riskml.job_run u JOIN riskml.job j USING (job_id) WHERE u.run_id = riskml.run_id())\n"
	"FROM CAST($4 AS jsonb) r RETURNING id"
};

static int64
write_record(const RmlRecord *record, const char *action, int64 quarantined)
{
	char	   *step = rml_context_step();
	char	   *result = JsonbToCString(NULL, &record->result->root, (int) VARSIZE(record->result));
	RmlOwnerScope scope;
	int64		id;

	act(&scope);
	(void) rml_run(&insert, record->relation, record->suite, record->filter, result, action, quarantined, step,
				   (int64) scope.caller);
	id = rml_get_bigint(0, 1);
	rml_act_end(&scope);
	return id;
}

int64
rml_record_write(const char *action, int64 quarantined)
{
	/* it stays until the process ends: the transaction may still fail */
	return kept.result != NULL ? write_record(&kept, action, quarantined) : 0;
}

static RmlStatement notify = {
	.types = "tttill",
	.text = "SELECT pg_notify('riskml_event', json_build_object('event', 'check', 'run', $5, 'job', j.name, 'step', $1,\n"
	"  'suite', $2, 'relation', $3, 'failed', $4, 'quarantined', $6)::text), j.name\n"
	"FROM riskml.job_run u JOIN riskml.job j USING (job_id) WHERE u.run_id = $5"
};

static const char *
clip(const char *text)
{
	return text != NULL ? pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), LONGEST_NOTICE)) : NULL;
}

void
rml_record_warn(const char *suite, const char *relation, const char *action, int failed, int64 quarantined)
{
	char	   *step = rml_context_step();
	int64		run = rml_context_run_id();
	RmlOwnerScope scope;

	act(&scope);
	if (rml_run(&notify, step, clip(suite), clip(relation), failed, run, quarantined) > 0)
		ereport(LOG,
				(errmsg("riskml check: job=\"%s\" run=" INT64_FORMAT " step=\"%s\" suite=\"%s\" action=%s failed=%d quarantined=" INT64_FORMAT,
						rml_get_text(0, 2), run, step, suite != NULL ? suite : "", action, failed, quarantined),
				 errhidestmt(true), errhidecontext(true)));
	rml_act_end(&scope);
}

/* ---- by hand ---- */

static JsonbValue *
get(Jsonb *jsonb, const char *key, JsonbValue *room)
{
	return getKeyJsonValueFromContainer(&jsonb->root, key, (int) strlen(key), room);
}

static void
check_result(Jsonb *result)
{
	JsonbValue	room;
	JsonbValue *value = JB_ROOT_IS_OBJECT(result) ? get(result, "success", &room) : NULL;

	if (value != NULL && value->type == jbvBool)
	{
		value = get(result, "results", &room);
		if (value != NULL && value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"result\" is not the result of a validation"),
			 errdetail("It has to be an object with \"success\", true or false, and \"results\", an array."),
			 errhint("Give what riskml.validate() returns.")));
}

/* riskml.record_validation(relation, result): keeps a result; its number. */
Datum
riskml_record_validation(PG_FUNCTION_ARGS)
{
	RmlRecord	record = {.relation = RML_TEXT_ARG(0, "relation")};
	JsonbValue	room;
	const JsonbValue *suite;

	PreventCommandIfReadOnly("riskml.record_validation()");
	PreventCommandIfParallelMode("riskml.record_validation()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameter \"result\" must not be null")));
	record.result = PG_GETARG_JSONB_P(1);
	check_result(record.result);
	suite = get(record.result, "suite_name", &room);
	if (suite != NULL && suite->type == jbvString)
		record.suite = pnstrdup(suite->val.string.val, suite->val.string.len);
	PG_RETURN_INT64(write_record(&record, "recorded", 0));
}
