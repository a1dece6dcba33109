/*
 * define.c
 *	  create_job(), alter_job(), pause_job(), resume_job(), drop_job().
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/due.h"
#include "job/fields.h"
#include "job/job.h"
#include "job/run.h"
#include "job/wake.h"

RML_SQL_FUNCTION(riskml_create_job);
RML_SQL_FUNCTION(riskml_alter_job);
RML_SQL_FUNCTION(riskml_pause_job);
RML_SQL_FUNCTION(riskml_resume_job);
RML_SQL_FUNCTION(riskml_drop_job);

/* Raised to the power of many attempts, and times a delay, it is a float8 still (attempt.c). */
#define MAX_BACKOFF 1000

/* In the order of the functions' parameters. */
enum
{
	NAME, SCHEDULE, START_AT, END_AT, TIMEZONE, RETRIES, RETRY_DELAY, RETRY_BACKOFF,
	MAX_RETRY_DELAY, TIMEOUT, CATCHUP, MAX_ACTIVE_RUNS, OVERLAP, DEADLINE, ENABLED, COMMENT,
	N_FIELDS
};

static const RmlField job_fields[] = {
	[NAME] = {"name", TEXTOID, false},
	[SCHEDULE] = {"schedule", TEXTOID, true},
	[START_AT] = {"start_at", TIMESTAMPTZOID, true},
	[END_AT] = {"end_at", TIMESTAMPTZOID, true},
	[TIMEZONE] = {"timezone", TEXTOID, false},
	[RETRIES] = {"retries", INT4OID, false},
	[RETRY_DELAY] = {"retry_delay", INTERVALOID, false},
	[RETRY_BACKOFF] = {"retry_backoff", FLOAT8OID, false},
	[MAX_RETRY_DELAY] = {"max_retry_delay", INTERVALOID, false},
	[TIMEOUT] = {"timeout", INTERVALOID, true},
	[CATCHUP] = {"catchup", TEXTOID, false},
	[MAX_ACTIVE_RUNS] = {"max_active_runs", INT4OID, false},
	[OVERLAP] = {"overlap", TEXTOID, false},
	[DEADLINE] = {"deadline", INTERVALOID, true},
	[ENABLED] = {"enabled", BOOLOID, false},
	[COMMENT] = {"comment", TEXTOID, true},
};

/* The parameters of alter_job() behind those of the fields. */
#define ARG_NEW_NAME N_FIELDS
#define ARG_OWNER (N_FIELDS + 1)
#define ARG_UNSET (N_FIELDS + 2)

#define COLUMNS \
	"name, schedule, start_at, end_at, timezone, retries, retry_delay, retry_backoff," \
	" max_retry_delay, timeout, catchup, max_active_runs, overlap, deadline, enabled, comment"
#define VALUES "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16"

/* Behind the fields: $17 owner, $18 next_at, $19 job_id */
static const char insert_job[] =
	"INSERT INTO riskml.job (" COLUMNS ", owner, next_at) VALUES (" VALUES ", $17::regrole, $18)";
static const char update_job[] =
	"UPDATE riskml.job SET (" COLUMNS ", owner, next_at) = (" VALUES ", $17::regrole, $18)"
	" WHERE job_id = $19";

/* A job that is being created or altered. */
typedef struct Definition
{
	RmlOwnerScope scope;
	RmlJobRow	job;
	RmlFields	fields;
	RmlParam	next_at;
} Definition;

static void
init_fields(RmlFields *fields, const char *name)
{
	memset(fields, 0, sizeof(*fields));
	fields->fields = job_fields;
	fields->n = N_FIELDS;
	fields->subject = psprintf("job \"%s\"", name);
}

/* ---- checks ---- */

static void
check_finite(const RmlFields *fields, int i)
{
	if (!fields->nulls[i] && TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(fields->values[i])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of %s must be finite", job_fields[i].name, fields->subject),
				 errhint("Without one there is no limit.")));
}

static void
check_times(const RmlFields *fields)
{
	check_finite(fields, START_AT);
	check_finite(fields, END_AT);
	if (!fields->nulls[START_AT] && !fields->nulls[END_AT] &&
		DatumGetTimestampTz(fields->values[END_AT]) <= DatumGetTimestampTz(fields->values[START_AT]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("end_at of %s must be after start_at", fields->subject)));
}

static void
check_retries(const RmlFields *fields)
{
	float8		backoff = DatumGetFloat8(fields->values[RETRY_BACKOFF]);

	rml_field_at_least(fields, RETRIES, 0);
	rml_field_duration(fields, RETRY_DELAY, true);
	rml_field_duration(fields, MAX_RETRY_DELAY, true);
	if (!(backoff >= 1 && backoff <= MAX_BACKOFF))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retry_backoff of %s must be a number from 1 to %d, got %g", fields->subject, MAX_BACKOFF, backoff),
				 errhint("It multiplies the delay before each further retry; 1 leaves it as it is.")));
	if (DatumGetBool(DirectFunctionCall2(interval_lt, fields->values[MAX_RETRY_DELAY],
										 fields->values[RETRY_DELAY])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_retry_delay of %s is shorter than retry_delay", fields->subject),
				 errhint("Set both.")));
}

static RmlCatchup
get_catchup(const RmlFields *fields)
{
	static const char *const choices[] = {
		[RML_CATCHUP_NONE] = "none",
		[RML_CATCHUP_LAST] = "last",
		[RML_CATCHUP_ALL] = "all",
	};

	return (RmlCatchup) rml_field_choice(fields, CATCHUP, choices, lengthof(choices));
}

/* What the schedule says; that of a job without one does not matter, but its time zone must be right. */
static void
get_due(const RmlFields *fields, RmlJobDue *due)
{
	bool		has_start = !fields->nulls[START_AT];
	char	   *schedule = rml_field_text(fields, SCHEDULE);

	due->start_at = has_start ? DatumGetTimestampTz(fields->values[START_AT]) : DT_NOBEGIN;
	due->end_at = fields->nulls[END_AT] ? DT_NOEND : DatumGetTimestampTz(fields->values[END_AT]);
	due->catchup = get_catchup(fields);
	rml_schedule_parse(schedule != NULL ? schedule : "@daily", rml_field_text(fields, TIMEZONE),
					   has_start ? due->start_at : RML_SCHEDULE_ANCHOR, &due->schedule);
}

static void
check_fields(const RmlFields *fields, RmlJobDue *due)
{
	static const char *const overlaps[] = {"skip", "queue", "cancel"};

	rml_job_check_name("job", rml_field_text(fields, NAME));
	check_times(fields);
	get_due(fields, due);
	check_retries(fields);
	rml_field_duration(fields, TIMEOUT, false);
	rml_field_at_least(fields, MAX_ACTIVE_RUNS, 1);
	(void) rml_field_choice(fields, OVERLAP, overlaps, lengthof(overlaps));
	rml_field_duration(fields, DEADLINE, false);
}

/* ---- when it is due next ---- */

static RmlParam
timestamp_param(TimestampTz value, bool isnull)
{
	return rml_param_datum(TIMESTAMPTZOID, TimestampTzGetDatum(value), isnull);
}

static void
set_next_at(Definition *definition, RmlJobDue *due, TimestampTz settled, TimestampTz pending)
{
	TimestampTz next = 0;
	bool		is_due;

	due->settled = settled;
	due->pending = pending;
	is_due = !definition->fields.nulls[SCHEDULE] &&
		rml_job_first_tick(due, GetCurrentTransactionStartTimestamp(), &next);
	definition->next_at = timestamp_param(next, !is_due);
}

/*
 * A job that is resumed goes on with the tick that it was waiting for when it
 * was paused: ticks since then are missed ones.  Where it was not paused, that
 * tick may have come while somebody had the job locked.
 */
static void
update_next_at(Definition *definition, const RmlFields *before, RmlJobDue *due)
{
	static const int decisive[] = {SCHEDULE, START_AT, END_AT, TIMEZONE, CATCHUP};
	const RmlFields *after = &definition->fields;
	bool		differs = false;
	bool		was_enabled = DatumGetBool(before->values[ENABLED]);
	bool		resumed = DatumGetBool(after->values[ENABLED]) && !was_enabled;
	TimestampTz pending = definition->next_at.isnull ? DT_NOEND : DatumGetTimestampTz(definition->next_at.value);

	for (Size i = 0; i < lengthof(decisive); i++)
		differs = differs || !rml_field_equal(before, after, decisive[i]);
	if (resumed && !differs && pending != DT_NOEND)
		set_next_at(definition, due, pending - 1, DT_NOEND);
	else if (resumed || differs)
		set_next_at(definition, due, rml_last_interval(definition->job.job_id), was_enabled ? pending : DT_NOEND);
}

/* ---- storing ---- */

static void
put_job(const Definition *definition, const char *sql, int n_params)
{
	RmlParam	params[N_FIELDS + 3];

	rml_fields_params(&definition->fields, params);
	params[N_FIELDS] = rml_param_oid(OIDOID, definition->job.owner);
	params[N_FIELDS + 1] = definition->next_at;
	params[N_FIELDS + 2] = rml_param_bigint(definition->job.job_id);
	rml_job_put(sql, n_params, params, "job_name_key",
				psprintf("job \"%s\"", rml_field_text(&definition->fields, NAME)));
}

/* riskml.create_job(name, schedule, ...) */
Datum
riskml_create_job(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	Definition	definition;
	RmlJobDue	due;

	init_fields(&definition.fields, name);
	rml_fields_from_args(&definition.fields, fcinfo);
	check_fields(&definition.fields, &due);
	definition.job.owner = GetUserId();
	definition.job.job_id = 0;
	set_next_at(&definition, &due, DT_NOBEGIN, DT_NOEND);
	rml_job_begin(&definition.scope);
	put_job(&definition, insert_job, N_FIELDS + 2);
	rml_act_end(&definition.scope);
	rml_job_changed();
	PG_RETURN_VOID();
}

/* Locks the job and reads it. */
static void
begin_altering(Definition *definition, const char *name)
{
	RmlParam	param;
	Datum		next_at;
	bool		isnull;

	init_fields(&definition->fields, name);
	rml_job_begin_change(&definition->scope, name, &definition->job);
	param = rml_param_bigint(definition->job.job_id);
	rml_sql("SELECT " COLUMNS ", next_at FROM riskml.job WHERE job_id = $1", 1, &param);
	rml_fields_from_row(&definition->fields);
	next_at = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, N_FIELDS + 1, &isnull);
	definition->next_at = timestamp_param(isnull ? 0 : DatumGetTimestampTz(next_at), isnull);
}

static void
end_altering(Definition *definition, const RmlFields *before)
{
	RmlJobDue	due;

	check_fields(&definition->fields, &due);
	update_next_at(definition, before, &due);
	put_job(definition, update_job, N_FIELDS + 3);
	rml_act_end(&definition->scope);
	rml_job_changed();
}

static Oid
new_owner(const Definition *definition, const char *role)
{
	Oid			owner = get_role_oid(role, false);

	if (!rml_can_set_role(definition->scope.caller, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be able to SET ROLE \"%s\"", role)));
	return owner;
}

/* riskml.alter_job(name, schedule, ..., new_name, owner, unset) */
Datum
riskml_alter_job(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	Definition	definition;
	RmlFields	before;

	begin_altering(&definition, name);
	before = definition.fields;
	rml_fields_change(&definition.fields, fcinfo, NAME + 1, ARG_UNSET);
	if (!PG_ARGISNULL(ARG_NEW_NAME))
		definition.fields.values[NAME] = PG_GETARG_DATUM(ARG_NEW_NAME);
	if (!PG_ARGISNULL(ARG_OWNER))
		definition.job.owner = new_owner(&definition, RML_TEXT_ARG(ARG_OWNER, "owner"));
	end_altering(&definition, &before);
	PG_RETURN_VOID();
}

/* riskml.pause_job(name): checks nothing, so that a job can be paused whatever is wrong with it */
Datum
riskml_pause_job(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	RmlOwnerScope scope;
	RmlJobRow	job;
	RmlParam	param;

	rml_job_begin_change(&scope, name, &job);
	param = rml_param_bigint(job.job_id);
	rml_sql("UPDATE riskml.job SET enabled = false WHERE job_id = $1", 1, &param);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}

/* riskml.resume_job(name) */
Datum
riskml_resume_job(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "name");
	Definition	definition;
	RmlFields	before;

	begin_altering(&definition, name);
	before = definition.fields;
	definition.fields.values[ENABLED] = BoolGetDatum(true);
	end_altering(&definition, &before);
	PG_RETURN_VOID();
}

/* ---- dropping ---- */

static void
refuse_active_runs(const char *name, RmlParam job_id)
{
	if (rml_sql_latest("SELECT run_id, state FROM riskml.job_run"
					   " WHERE job_id = $1 AND state IN ('waiting', 'running')"
					   " ORDER BY run_id LIMIT 1", 1, &job_id) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("cannot drop job \"%s\" because its run %s is %s", name,
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2)),
				 errhint("Cancel it with riskml.cancel_run(), or wait for its end.")));
}

/* riskml.drop_job(name): with its steps and its history */
Datum
riskml_drop_job(PG_FUNCTION_ARGS)
{
	/* first the runs, as whoever changes one and the history's end do */
	static const char *const statements[] = {
		"SELECT FROM riskml.job_run WHERE job_id = $1 FOR UPDATE",
		"DELETE FROM riskml.step_run s USING riskml.job_run r WHERE r.job_id = $1 AND s.run_id = r.run_id",
		"DELETE FROM riskml.run_step s USING riskml.job_run r WHERE r.job_id = $1 AND s.run_id = r.run_id",
		"DELETE FROM riskml.job_run WHERE job_id = $1",
		"DELETE FROM riskml.job_step WHERE job_id = $1",
		"DELETE FROM riskml.job WHERE job_id = $1",
	};
	char	   *name = RML_TEXT_ARG(0, "name");
	RmlOwnerScope scope;
	RmlJobRow	job;
	RmlParam	param;

	rml_job_begin_change(&scope, name, &job);
	param = rml_param_bigint(job.job_id);
	refuse_active_runs(name, param);
	for (Size i = 0; i < lengthof(statements); i++)
		rml_sql(statements[i], 1, &param);
	rml_act_end(&scope);
	rml_job_changed();
	PG_RETURN_VOID();
}
