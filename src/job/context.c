/*
 * context.c
 *	  What a step knows of its run: riskml.run_id() and its siblings.
 *
 * It stands in a setting that no file, no SET of a user and no RESET reaches:
 * settings are what PostgreSQL gives to parallel workers.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/context.h"
#include "job/job.h"
#include "job/sql.h"

RML_SQL_FUNCTION(riskml_run_id);
RML_SQL_FUNCTION(riskml_attempt);
RML_SQL_FUNCTION(riskml_interval_start);
RML_SQL_FUNCTION(riskml_interval_end);
RML_SQL_FUNCTION(riskml_params);
RML_SQL_FUNCTION(riskml_set_output);
RML_SQL_FUNCTION(riskml_output);

static char *context = NULL;

void
rml_context_init(void)
{
	DefineCustomStringVariable("riskml.step_context",
							   "What the running step of a job knows of its run; set by riskml.",
							   NULL, &context, "", PGC_SUSET,
							   GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   NULL, NULL, NULL);
}

void
rml_context_set(const char *json)
{
	(void) set_config_option("riskml.step_context", json, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SET, true, 0, false);
}

/* A value of the context; NULL outside of a step. */
static JsonbValue *
find(const char *key, JsonbValue *room)
{
	Jsonb	   *jsonb;

	if (context == NULL || context[0] == '\0')
		return NULL;
	jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(context)));
	return getKeyJsonValueFromContainer(&jsonb->root, key, (int) strlen(key), room);
}

static int64
find_number(const char *key, bool *null)
{
	JsonbValue	room;
	const JsonbValue *value = find(key, &room);

	*null = value == NULL || value->type != jbvNumeric;
	return *null ? 0 : DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

int64
rml_context_run_id(void)
{
	bool		null;

	return find_number("run", &null);
}

char *
rml_context_step(void)
{
	JsonbValue	room;
	const JsonbValue *value = find("step", &room);

	return value == NULL || value->type != jbvString ? NULL : pnstrdup(value->val.string.val, value->val.string.len);
}

/* Times are written as ISO 8601 with an offset, which every DateStyle reads alike. */
static Datum
get_time(FunctionCallInfo fcinfo, const char *key)
{
	JsonbValue	room;
	const JsonbValue *value = find(key, &room);

	if (value == NULL || value->type != jbvString)
		PG_RETURN_NULL();
	return DirectFunctionCall3(timestamptz_in,
							   CStringGetDatum(pnstrdup(value->val.string.val, value->val.string.len)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* riskml.run_id(), .attempt(), .interval_start(), .interval_end(), .params(): NULL outside of a step. */
Datum
riskml_run_id(PG_FUNCTION_ARGS)
{
	bool		null;
	int64		run = find_number("run", &null);

	if (null)
		PG_RETURN_NULL();
	PG_RETURN_INT64(run);
}

Datum
riskml_attempt(PG_FUNCTION_ARGS)
{
	bool		null;
	int64		attempt = find_number("attempt", &null);

	if (null)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) attempt);
}

Datum
riskml_interval_start(PG_FUNCTION_ARGS)
{
	return get_time(fcinfo, "interval_start");
}

Datum
riskml_interval_end(PG_FUNCTION_ARGS)
{
	return get_time(fcinfo, "interval_end");
}

Datum
riskml_params(PG_FUNCTION_ARGS)
{
	JsonbValue	room;
	JsonbValue *value = find("params", &room);

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(value));
}

/* ---- results, from step to step ---- */

static RmlStatement set_output = {
	.types = "ltj",
	.text = "UPDATE riskml.run_step SET output = $3::jsonb WHERE run_id = $1 AND step = $2"
};

static RmlStatement get_output = {
	.types = "lt",
	.text = "SELECT output::text FROM riskml.run_step WHERE run_id = $1 AND step = $2"
};

static int64
require_step(char **step)
{
	int64		run = rml_context_run_id();

	*step = rml_context_step();
	if (*step == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this is not a step of a job"),
				 errhint("Outputs are set and read by the SQL of steps.")));
	return run;
}

void
rml_context_set_output(Jsonb *output)
{
	char	   *step;
	int64		run = require_step(&step);
	char	   *text = JsonbToCString(NULL, &output->root, -1);
	RmlOwnerScope scope;

	rml_job_act(&scope);
	(void) rml_run(&set_output, run, step, text);
	rml_act_end(&scope);
}

/* riskml.set_output(jsonb): part of the step's transaction. */
Datum
riskml_set_output(PG_FUNCTION_ARGS)
{
	rml_context_set_output(PG_GETARG_JSONB_P(0));
	PG_RETURN_VOID();
}

/* riskml.output(step): what a step of the same run has left; NULL if nothing. */
Datum
riskml_output(PG_FUNCTION_ARGS)
{
	char	   *own;
	int64		run = require_step(&own);
	char	   *step = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext caller = CurrentMemoryContext;
	char	   *output = NULL;
	RmlOwnerScope scope;

	rml_job_act(&scope);
	if (rml_run(&get_output, run, step) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run " INT64_FORMAT " has no step \"%s\"", run, step)));
	output = rml_get_text(0, 1);
	if (output != NULL)
		output = MemoryContextStrdup(caller, output);
	rml_act_end(&scope);
	if (output == NULL)
		PG_RETURN_NULL();
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(output));
}
