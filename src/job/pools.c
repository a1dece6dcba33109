/*
 * pools.c
 *	  create_pool(), alter_pool(), drop_pool().
 *
 * A pool has no owner: who may call these functions may change every pool,
 * and whoever owns a job may use one.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "compat.h"
#include "job/job.h"
#include "job/wake.h"

RML_SQL_FUNCTION(riskml_create_pool);
RML_SQL_FUNCTION(riskml_alter_pool);
RML_SQL_FUNCTION(riskml_drop_pool);

/* With no slots the steps of a pool wait until it has some. */
static int32
slots_arg(FunctionCallInfo fcinfo, const char *pool)
{
	int32		slots = rml_int_arg(fcinfo, 1, "slots");

	if (slots < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("slots of pool \"%s\" must be at least 0, got %d", pool, slots)));
	return slots;
}

/* riskml.create_pool(name, slots) */
Datum
riskml_create_pool(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	RmlOwnerScope scope;
	RmlParam	params[2];

	rml_job_check_name("pool", name);
	params[0] = rml_param_text(name);
	params[1] = rml_param_int(slots_arg(fcinfo, name));
	rml_job_begin(&scope);
	rml_job_put("INSERT INTO riskml.pool (name, slots) VALUES ($1, $2)", 2, params,
				"pool_pkey", psprintf("pool \"%s\"", name));
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}

static void
require_pool(uint64 found, const char *name)
{
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pool \"%s\" does not exist", name),
				 errhint("riskml.pools lists them.")));
}

/* riskml.alter_pool(name, slots) */
Datum
riskml_alter_pool(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	RmlOwnerScope scope;
	RmlParam	params[2];

	params[0] = rml_param_text(name);
	params[1] = rml_param_int(slots_arg(fcinfo, name));
	rml_job_begin(&scope);
	require_pool(rml_sql("UPDATE riskml.pool SET slots = $2 WHERE name = $1", 2, params), name);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}

static void
refuse_users(const char *pool, const RmlParam *param)
{
	if (rml_sql_latest("SELECT s.step, j.name FROM riskml.job_step s JOIN riskml.job j USING (job_id)"
					   " WHERE s.pool = $1 ORDER BY j.name, s.step LIMIT 1", 1, param) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop pool \"%s\" because step \"%s\" of job \"%s\" uses it", pool,
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2)),
				 errhint("Take the step out of it with riskml.alter_step().")));
}

/* riskml.drop_pool(name): the row goes first, which waits for whoever is about to use it */
Datum
riskml_drop_pool(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	RmlOwnerScope scope;
	RmlParam	param;

	rml_job_begin(&scope);
	param = rml_param_text(name);
	require_pool(rml_sql("DELETE FROM riskml.pool WHERE name = $1", 1, &param), name);
	refuse_users(name, &param);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}
