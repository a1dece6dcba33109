/*
 * ticks.c
 *	  riskml.schedule_ticks(): a schedule's ticks as rows.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job/schedule.h"

#define MAX_TICKS 100000

RML_SQL_FUNCTION(riskml_schedule_ticks);

static void
put_tick(ReturnSetInfo *rsinfo, TimestampTz tick)
{
	Datum		value = TimestampTzGetDatum(tick);
	bool		isnull = false;

	CHECK_FOR_INTERRUPTS();
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
}

/* The next n ticks after an instant, none before start. */
static void
put_next(ReturnSetInfo *rsinfo, const RmlSchedule *schedule, int n, TimestampTz after,
		 TimestampTz start)
{
	TimestampTz tick = after;

	if (!TIMESTAMP_IS_NOBEGIN(start))
		tick = Max(after, start - 1);
	while (n-- > 0 && rml_schedule_next(schedule, tick, &tick))
		put_tick(rsinfo, tick);
}

/* The last n ticks at or before an instant, latest first, none before start. */
static void
put_previous(ReturnSetInfo *rsinfo, const RmlSchedule *schedule, int n, TimestampTz at,
			 TimestampTz start)
{
	TimestampTz tick = at;

	while (n-- > 0 && rml_schedule_previous(schedule, tick, &tick) && tick >= start)
	{
		put_tick(rsinfo, tick);
		tick--;
	}
}

/*
 * riskml.schedule_ticks(schedule, n, after, timezone, start_at): no rows for a
 * schedule that is NULL, as that of a job run by hand only.
 */
Datum
riskml_schedule_ticks(PG_FUNCTION_ARGS)
{
	TimestampTz start = DT_NOBEGIN;
	RmlSchedule schedule;
	int			n;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("n, after and timezone must not be NULL")));
	n = PG_GETARG_INT32(1);
	if (n == 0 || n > MAX_TICKS || n < -MAX_TICKS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be between 1 and %d, or between -%d and -1 for ticks before, got %d",
						MAX_TICKS, MAX_TICKS, n)));
	if (!PG_ARGISNULL(4))
		start = PG_GETARG_TIMESTAMPTZ(4);
	rml_schedule_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)),
					   text_to_cstring(PG_GETARG_TEXT_PP(3)),
					   PG_ARGISNULL(4) ? RML_SCHEDULE_ANCHOR : start, &schedule);
	if (n > 0)
		put_next((ReturnSetInfo *) fcinfo->resultinfo, &schedule, n, PG_GETARG_TIMESTAMPTZ(2), start);
	else
		put_previous((ReturnSetInfo *) fcinfo->resultinfo, &schedule, -n, PG_GETARG_TIMESTAMPTZ(2), start);
	return (Datum) 0;
}
