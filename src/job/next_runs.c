/*
 * next_runs.c
 *	  riskml.next_runs(): when a job will be due, and for which data.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/due.h"
#include "job/job.h"

#define MAX_RUNS 100000

RML_SQL_FUNCTION(riskml_next_runs);

/* A job's ticks from the next one on. */
typedef struct Ticks
{
	RmlSchedule schedule;
	TimestampTz start_at;
	TimestampTz end_at;
	TimestampTz next_at;
} Ticks;

static int32
count_arg(FunctionCallInfo fcinfo, int n)
{
	int32		count = rml_int_arg(fcinfo, n, "n");

	if (count < 1 || count > MAX_RUNS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be between 1 and %d, got %d", MAX_RUNS, count)));
	return count;
}

static TimestampTz
timestamp_column(int column, TimestampTz otherwise)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? otherwise : DatumGetTimestampTz(value);
}

/* False for a job that is not due by itself. */
static bool
read_ticks(const RmlJobRow *job, Ticks *ticks)
{
	RmlParam	param = rml_param_bigint(job->job_id);

	if (rml_sql_read("SELECT schedule, timezone, start_at, end_at, next_at FROM riskml.job"
					 " WHERE job_id = $1 AND enabled AND schedule IS NOT NULL AND next_at IS NOT NULL",
					 1, &param) == 0)
		return false;
	ticks->start_at = timestamp_column(3, DT_NOBEGIN);
	ticks->end_at = timestamp_column(4, DT_NOEND);
	ticks->next_at = timestamp_column(5, DT_NOEND);
	rml_schedule_parse(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
					   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2),
					   timestamp_column(3, RML_SCHEDULE_ANCHOR), &ticks->schedule);
	return true;
}

static void
put_run(ReturnSetInfo *rsinfo, const RmlSchedule *schedule, TimestampTz tick)
{
	TimestampTz start;
	Datum		values[3];
	bool		nulls[3] = {0};

	nulls[1] = !rml_job_interval_start(schedule, tick, &start);
	values[0] = TimestampTzGetDatum(tick);
	values[1] = nulls[1] ? (Datum) 0 : TimestampTzGetDatum(start);
	values[2] = TimestampTzGetDatum(tick);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* riskml.next_runs(job, n) */
Datum
riskml_next_runs(PG_FUNCTION_ARGS)
{
	char	   *name = RML_TEXT_ARG(0, "job");
	int32		n = count_arg(fcinfo, 1);
	RmlOwnerScope scope;
	RmlJobRow	job;
	Ticks		ticks;
	TimestampTz tick;
	bool		more;

	InitMaterializedSRF(fcinfo, 0);
	rml_job_begin_read(&scope, name, &job);
	more = read_ticks(&job, &ticks);
	rml_act_end(&scope);
	tick = more ? ticks.next_at : 0;
	while (more && n-- > 0)
	{
		CHECK_FOR_INTERRUPTS();
		put_run((ReturnSetInfo *) fcinfo->resultinfo, &ticks.schedule, tick);
		more = rml_job_next_tick(&ticks.schedule, ticks.start_at, ticks.end_at, tick, &tick);
	}
	return (Datum) 0;
}
