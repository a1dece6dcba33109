/*
 * steps.c
 *	  add_step(), alter_step(), drop_step().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "job/fields.h"
#include "job/graph.h"
#include "job/job.h"
#include "job/kind.h"
#include "job/wake.h"

RML_SQL_FUNCTION(riskml_add_step);
RML_SQL_FUNCTION(riskml_alter_step);
RML_SQL_FUNCTION(riskml_drop_step);

/* In the order of the functions' parameters, behind that of the job. */
enum
{
	STEP, KIND, COMMAND, AFTER, TRIGGER_RULE, RETRIES, TIMEOUT, POOL, PARAMS,
	N_FIELDS
};

static const RmlField step_fields[] = {
	[STEP] = {"step", TEXTOID, false},
	[KIND] = {"kind", TEXTOID, false},
	[COMMAND] = {"command", TEXTOID, false},
	[AFTER] = {"after", TEXTARRAYOID, false},
	[TRIGGER_RULE] = {"trigger_rule", TEXTOID, false},
	[RETRIES] = {"retries", INT4OID, true},
	[TIMEOUT] = {"timeout", INTERVALOID, true},
	[POOL] = {"pool", TEXTOID, true},
	[PARAMS] = {"params", JSONBOID, false},
};

#define ARG_UNSET (N_FIELDS + 1)

#define COLUMNS "step, kind, command, after, trigger_rule, retries, timeout, pool, params"
#define VALUES "$1, $2, $3, $4, $5, $6, $7, $8, $9"

/* Behind the fields: $10 job_id */
static const char insert_step[] =
	"INSERT INTO riskml.job_step (" COLUMNS ", job_id) VALUES (" VALUES ", $10)";
static const char update_step[] =
	"UPDATE riskml.job_step SET (" COLUMNS ") = (" VALUES ") WHERE job_id = $10 AND step = $1";

static void
init_fields(RmlFields *fields, const char *job, const char *step)
{
	memset(fields, 0, sizeof(*fields));
	fields->fields = step_fields;
	fields->n = N_FIELDS;
	fields->first_arg = 1;
	fields->subject = psprintf("step \"%s\" of job \"%s\"", step, job);
}

/* ---- checks ---- */

static void
check_fields(const RmlFields *fields)
{
	static const char *const rules[] = {"all_success", "all_done", "one_failed", "none_failed"};
	char	  **names;

	rml_job_check_name("step", rml_field_text(fields, STEP));
	if (rml_field_text(fields, COMMAND)[strspn(rml_field_text(fields, COMMAND), " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("command of %s is empty", fields->subject)));
	(void) rml_text_array(fields->values[AFTER], psprintf("after of %s", fields->subject), &names);
	(void) rml_field_choice(fields, TRIGGER_RULE, rules, lengthof(rules));
	rml_field_at_least(fields, RETRIES, 0);
	rml_field_duration(fields, TIMEOUT, false);
	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(fields->values[PARAMS])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params of %s must be a JSON object", fields->subject)));
}

static void
check_kind(const RmlFields *fields)
{
	char	   *kind = rml_field_text(fields, KIND);
	RmlParam	param = rml_param_text(kind);

	rml_sql("SELECT coalesce(bool_or(kind = $1), false), coalesce(string_agg(kind, ', ' ORDER BY kind), 'none')"
			" FROM riskml.step_kind", 1, &param);
	if (strcmp(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1), "t") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind \"%s\" of %s", kind, fields->subject),
				 errhint("Kinds are %s; riskml.step_kind describes them.",
						 SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2))));
}

/* A command that can never be run is refused now and not at night. */
static void
check_command(const RmlFields *fields)
{
	const RmlKind *kind = rml_kind_by_name(rml_field_text(fields, KIND));

	if (kind != NULL && kind->check != NULL)
		kind->check(rml_field_text(fields, COMMAND));
}

/* The lock keeps the pool until the step that uses it is there for drop_pool() to see. */
static void
check_pool(const RmlFields *fields)
{
	char	   *pool = rml_field_text(fields, POOL);
	RmlParam	param = rml_param_text(pool);

	if (pool != NULL &&
		rml_sql("SELECT FROM riskml.pool WHERE name = $1 FOR KEY SHARE", 1, &param) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pool \"%s\" does not exist", pool),
				 errdetail("It is that of %s.", fields->subject),
				 errhint("Make it with riskml.create_pool(); riskml.pools lists them.")));
}

static void
check_graph(const RmlJobRow *job, const char *job_name, const char *step)
{
	RmlParam	param = rml_param_bigint(job->job_id);
	RmlGraph	graph;

	rml_sql(RML_GRAPH_QUERY, 1, &param);
	rml_graph_read(&graph);
	rml_graph_link(&graph, job_name);
	rml_graph_refuse_cycle(&graph, job_name, step);
}

/* ---- storing ---- */

/* What the graph has become is judged when it is stored: an error takes all of it back. */
static void
put_step(const RmlFields *fields, const RmlJobRow *job, const char *job_name, const char *sql)
{
	RmlParam	params[N_FIELDS + 1];

	check_fields(fields);
	check_kind(fields);
	check_command(fields);
	check_pool(fields);
	rml_fields_params(fields, params);
	params[N_FIELDS] = rml_param_bigint(job->job_id);
	rml_job_put(sql, N_FIELDS + 1, params, "job_step_pkey", fields->subject);
	check_graph(job, job_name, rml_field_text(fields, STEP));
}

/* riskml.add_step(job, step, kind, command, ...) */
Datum
riskml_add_step(PG_FUNCTION_ARGS)
{
	char	   *job_name = RML_TEXT_ARG(0, "job");
	char	   *step = RML_TEXT_ARG(1, "step");
	RmlFields	fields;
	RmlOwnerScope scope;
	RmlJobRow	job;

	init_fields(&fields, job_name, step);
	rml_fields_from_args(&fields, fcinfo);
	rml_job_begin_change(&scope, job_name, &job);
	put_step(&fields, &job, job_name, insert_step);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}

static void
require_step(uint64 found, const char *job, const char *step)
{
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("step \"%s\" of job \"%s\" does not exist", step, job),
				 errhint("riskml.job_steps lists its steps.")));
}

/* riskml.alter_step(job, step, kind, command, ..., unset) */
Datum
riskml_alter_step(PG_FUNCTION_ARGS)
{
	char	   *job_name = RML_TEXT_ARG(0, "job");
	char	   *step = RML_TEXT_ARG(1, "step");
	RmlFields	fields;
	RmlOwnerScope scope;
	RmlJobRow	job;
	RmlParam	params[2];

	init_fields(&fields, job_name, step);
	rml_job_begin_change(&scope, job_name, &job);
	params[0] = rml_param_bigint(job.job_id);
	params[1] = rml_param_text(step);
	require_step(rml_sql("SELECT " COLUMNS " FROM riskml.job_step WHERE job_id = $1 AND step = $2",
						 2, params), job_name, step);
	rml_fields_from_row(&fields);
	rml_fields_change(&fields, fcinfo, STEP + 1, ARG_UNSET);
	put_step(&fields, &job, job_name, update_step);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}

static void
refuse_followers(const char *job, const char *step, const RmlParam *params)
{
	if (rml_sql("SELECT step FROM riskml.job_step WHERE job_id = $1 AND $2 = ANY (after)"
				" ORDER BY step LIMIT 1", 2, params) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop step \"%s\" of job \"%s\" because step \"%s\" comes after it", step, job,
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				 errhint("Drop that step first, or change its \"after\" with riskml.alter_step().")));
}

/* riskml.drop_step(job, step) */
Datum
riskml_drop_step(PG_FUNCTION_ARGS)
{
	char	   *job_name = RML_TEXT_ARG(0, "job");
	char	   *step = RML_TEXT_ARG(1, "step");
	RmlOwnerScope scope;
	RmlJobRow	job;
	RmlParam	params[2];

	rml_job_begin_change(&scope, job_name, &job);
	params[0] = rml_param_bigint(job.job_id);
	params[1] = rml_param_text(step);
	refuse_followers(job_name, step, params);
	require_step(rml_sql("DELETE FROM riskml.job_step WHERE job_id = $1 AND step = $2", 2, params),
				 job_name, step);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}
