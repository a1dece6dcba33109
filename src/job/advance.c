/*
 * advance.c
 *	  How runs move on: from due to started, from step to step, to their end.
 *
 * What holds between states is said once, in SQL over all runs at once.  Active
 * runs and active steps are none when the tables are analyzed, so the planner
 * may well join both by comparing each with each; OFFSET 0 and sub-selects
 * leave it no way but the index, run by run.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "job/advance.h"
#include "job/due.h"
#include "job/run.h"
#include "job/schedule.h"
#include "job/sql.h"

/* Runs of one job that are created in one round, and jobs that are looked at: others get their turn, and steps start. */
#define RUNS_PER_ROUND 100
#define JOBS_PER_ROUND 20

/* A job that is due. */
typedef struct Due
{
	int64		job_id;
	char	   *name;
	char	   *schedule;
	char	   *timezone;
	TimestampTz start_at;
	TimestampTz end_at;
	TimestampTz next_at;
	char	   *catchup;
	char	   *overlap;
	int64		max_active;
	int64		active;
} Due;

static RmlStatement select_due = {
	.types = "zi",
	.text = "SELECT job_id, name, schedule, timezone, start_at, end_at, next_at, catchup, overlap,\n"
	" max_active_runs::bigint, (SELECT count(*) FROM riskml.job_run r\n"
	"   WHERE r.job_id = j.job_id AND r.state IN ('waiting', 'running'))\n"
	"FROM riskml.job j WHERE enabled AND next_at <= $1\n"
	"ORDER BY next_at, job_id LIMIT $2 FOR UPDATE SKIP LOCKED"
};

static RmlStatement set_next = {
	.types = "lz",
	.text = "UPDATE riskml.job SET next_at = nullif($2, 'infinity'::timestamptz) WHERE job_id = $1"
};

static RmlStatement cancel_oldest = {
	.types = "l",
	.text = "UPDATE riskml.job_run SET cancel_at = clock_timestamp(), reason = 'a newer run took its place'\n"
	"WHERE run_id = (SELECT run_id FROM riskml.job_run\n"
	"  WHERE job_id = $1 AND state IN ('waiting', 'running') AND cancel_at IS NULL\n"
	"  ORDER BY run_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
};

/* One run; where others are still going on, it waits if the job wants all, and else what the job says. */
static void
create_run_of_tick(Due *due, const RmlSchedule *schedule, TimestampTz tick, bool all)
{
	RmlNewRun	run = {.job_id = due->job_id, .kind = "scheduled", .interval_end = tick, .params = "{}"};

	if (!rml_schedule_previous(schedule, tick - 1, &run.interval_start))
		run.interval_start = tick;
	if (due->active >= due->max_active && !all && strcmp(due->overlap, "skip") == 0)
		run.skipped = "an earlier run was still going on";
	else if (due->active >= due->max_active && !all && strcmp(due->overlap, "cancel") == 0)
		(void) rml_run(&cancel_oldest, due->job_id);
	if (rml_create_run(&run) != 0 && run.skipped == NULL)
		due->active++;
}

/* The tick that a job is due for.  Where it could not be scheduled, next_at is no tick but when to try again. */
static TimestampTz
tick_of(const Due *due, const RmlSchedule *schedule, bool all)
{
	TimestampTz tick;
	TimestampTz first;

	if (!rml_schedule_previous(schedule, due->next_at, &tick) || tick == due->next_at)
		return due->next_at;
	if (!all)
		return tick;
	if (rml_job_next_tick(schedule, due->start_at, due->end_at, rml_last_interval(due->job_id), &first))
		return Min(first, tick);
	return tick;
}

/* Creates the runs of a job; returns when it is due again. */
static TimestampTz
create_runs(Due *due)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz tick;
	bool		all = strcmp(due->catchup, "all") == 0;
	RmlSchedule schedule;

	rml_schedule_parse(due->schedule, due->timezone,
					   due->start_at == DT_NOBEGIN ? RML_SCHEDULE_ANCHOR : due->start_at, &schedule);
	tick = tick_of(due, &schedule, all);
	for (int n = 0;; n++)
	{
		TimestampTz next;
		bool		late = tick + RML_GRACE < now;

		if (!rml_job_next_tick(&schedule, due->start_at, due->end_at, tick, &next))
			next = DT_NOEND;
		/* of several, all or the latest; which of the missed, is the job's to say */
		if (all || (next > now && (!late || strcmp(due->catchup, "last") == 0)))
			create_run_of_tick(due, &schedule, tick, all);
		if (next > now || (all && n >= RUNS_PER_ROUND))
			return next;
		/* the last tick that has come, without walking over all of them */
		if (all || !rml_schedule_previous(&schedule, Min(now, due->end_at), &tick))
			tick = next;
	}
}

static void
read_due(uint64 row, Due *due)
{
	due->job_id = rml_get_bigint(row, 1);
	due->name = rml_get_text(row, 2);
	due->schedule = rml_get_text(row, 3);
	due->timezone = rml_get_text(row, 4);
	due->start_at = rml_get_timestamp(row, 5, DT_NOBEGIN);
	due->end_at = rml_get_timestamp(row, 6, DT_NOEND);
	due->next_at = rml_get_timestamp(row, 7, DT_NOEND);
	due->catchup = rml_get_text(row, 8);
	due->overlap = rml_get_text(row, 9);
	due->max_active = rml_get_bigint(row, 10);
	due->active = rml_get_bigint(row, 11);
}

/* What is wrong with one job is no reason to stop for the others.  When it is due again. */
static TimestampTz
create_runs_safely(Due *due)
{
	volatile TimestampTz next = DT_NOEND;
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		next = create_runs(due);
		(void) rml_run(&set_next, due->job_id, next);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ereport(LOG,
				(errmsg("riskml: job \"%s\" cannot be scheduled: %s", due->name, error->message),
				 errhint("It is tried again in a minute; riskml.alter_job() changes it.")));
		next = GetCurrentTimestamp() + USECS_PER_MINUTE;
		(void) rml_run(&set_next, due->job_id, next);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return next;
}

bool
rml_create_due_runs(TimestampTz now)
{
	uint64		n = rml_run(&select_due, now, JOBS_PER_ROUND);
	Due		   *due = palloc(sizeof(Due) * Max(n, 1));
	bool		more = n == JOBS_PER_ROUND;

	for (uint64 i = 0; i < n; i++)
		read_due(i, &due[i]);
	for (uint64 i = 0; i < n; i++)
		more = create_runs_safely(&due[i]) <= now || more;
	return more;
}

/* ---- runs ---- */

/*
 * Users' transactions lock runs, and steps of theirs, for as long as they
 * please: what is locked is passed over.  Their end wakes the scheduler.
 */

static RmlStatement start_runs = {
	.types = "",
	.text = "WITH active AS MATERIALIZED (\n"
	" SELECT run_id, job_id, state, row_number() OVER (PARTITION BY job_id ORDER BY state = 'waiting', run_id) AS place\n"
	" FROM riskml.job_run WHERE state IN ('waiting', 'running') AND (state = 'running' OR cancel_at IS NULL)),\n"
	"chosen AS MATERIALIZED (\n"
	" SELECT run_id FROM active a JOIN riskml.job j USING (job_id) WHERE a.state = 'waiting' AND a.place <= j.max_active_runs),\n"
	"locked AS MATERIALIZED (\n"
	" SELECT run_id FROM riskml.job_run WHERE run_id = ANY (ARRAY(SELECT run_id FROM chosen))\n"
	"  AND state = 'waiting' AND cancel_at IS NULL FOR UPDATE SKIP LOCKED)\n"
	"UPDATE riskml.job_run SET state = 'running', started_at = clock_timestamp()\n"
	"WHERE run_id = ANY (ARRAY(SELECT run_id FROM locked))"
};

static RmlStatement time_out_runs = {
	.types = "",
	.text = "WITH locked AS MATERIALIZED (\n"
	" SELECT r.run_id FROM riskml.job_run r JOIN riskml.job j USING (job_id)\n"
	" WHERE r.state = 'running' AND r.cancel_at IS NULL AND r.started_at + j.timeout <= clock_timestamp()\n"
	" FOR UPDATE OF r SKIP LOCKED)\n"
	"UPDATE riskml.job_run SET cancel_at = clock_timestamp(), reason = 'timeout'\n"
	"WHERE run_id = ANY (ARRAY(SELECT run_id FROM locked))"
};

static RmlStatement cancel_steps = {
	.types = "",
	.text = "WITH locked AS MATERIALIZED (\n"
	" SELECT s.run_id, s.step FROM riskml.run_step s\n"
	" WHERE s.state IN ('waiting', 'queued') AND s.run_id = ANY (ARRAY(SELECT r.run_id FROM riskml.job_run r\n"
	"  WHERE r.state IN ('waiting', 'running') AND r.cancel_at IS NOT NULL))\n"
	" FOR UPDATE OF s SKIP LOCKED)\n"
	"UPDATE riskml.run_step s SET state = 'cancelled' FROM locked l WHERE s.run_id = l.run_id AND s.step = l.step"
};

/*
 * A step that waits looks at the steps it comes after; one for failures that
 * comes after none, at all others but those of its sort and what comes after
 * them, which wait for it.
 */
static RmlStatement settle_steps = {
	.types = "",
	.text = "WITH RECURSIVE on_failure AS (\n"
	" SELECT s.run_id, s.step FROM riskml.run_step s JOIN riskml.job_run r USING (run_id)\n"
	" WHERE r.state = 'running' AND s.after = '{}' AND s.trigger_rule = 'one_failed'\n"
	" UNION\n"
	" SELECT s.run_id, s.step FROM on_failure f JOIN riskml.run_step s ON s.run_id = f.run_id AND f.step = ANY (s.after)),\n"
	"parents AS (\n"
	" SELECT s.run_id, s.step, s.trigger_rule,\n"
	"  count(p.step) FILTER (WHERE p.state IN ('waiting', 'queued', 'running')) AS open,\n"
	"  coalesce(bool_or(p.state IN ('failed', 'upstream_failed', 'cancelled')), false) AS failed,\n"
	"  coalesce(bool_or(p.state = 'skipped'), false) AS skipped\n"
	" FROM riskml.job_run r CROSS JOIN LATERAL\n"
	"  (SELECT * FROM riskml.run_step s WHERE s.run_id = r.run_id AND s.state = 'waiting' OFFSET 0) s\n"
	" LEFT JOIN LATERAL (SELECT p.step, p.state FROM unnest(s.after) AS a(step) CROSS JOIN LATERAL\n"
	"   (SELECT * FROM riskml.run_step p WHERE p.run_id = s.run_id AND p.step = a.step OFFSET 0) p\n"
	"  UNION ALL SELECT p.step, p.state FROM riskml.run_step p WHERE s.after = '{}' AND s.trigger_rule = 'one_failed'\n"
	"   AND p.run_id = s.run_id AND (p.run_id, p.step) NOT IN (SELECT run_id, step FROM on_failure)) p ON true\n"
	" WHERE r.state = 'running'\n"
	" GROUP BY s.run_id, s.step, s.trigger_rule),\n"
	"settled AS (\n"
	" SELECT run_id, step, CASE trigger_rule\n"
	"   WHEN 'all_success' THEN CASE WHEN failed THEN 'upstream_failed' WHEN skipped THEN 'skipped'\n"
	"     WHEN open = 0 THEN 'queued' END\n"
	"   WHEN 'all_done' THEN CASE WHEN open = 0 THEN 'queued' END\n"
	"   WHEN 'one_failed' THEN CASE WHEN failed THEN 'queued' WHEN open = 0 THEN 'skipped' END\n"
	"   WHEN 'none_failed' THEN CASE WHEN failed THEN 'upstream_failed' WHEN open = 0 THEN 'queued' END\n"
	"  END AS state FROM parents),\n"
	"locked AS MATERIALIZED (\n"
	" SELECT l.run_id, l.step, d.state FROM settled d JOIN riskml.run_step l USING (run_id, step)\n"
	" WHERE l.state = 'waiting' AND d.state IS NOT NULL FOR UPDATE OF l SKIP LOCKED)\n"
	"UPDATE riskml.run_step s SET state = l.state, queued_at = clock_timestamp()\n"
	"FROM locked l WHERE l.run_id = s.run_id AND l.step = s.step"
};

static RmlStatement end_runs = {
	.types = "",
	.text = "WITH locked AS MATERIALIZED (\n"
	" SELECT run_id FROM riskml.job_run e\n"
	" WHERE (state = 'running' OR (state = 'waiting' AND cancel_at IS NOT NULL)) AND NOT EXISTS\n"
	"  (SELECT FROM riskml.run_step s WHERE s.run_id = e.run_id AND s.state IN ('waiting', 'queued', 'running') OFFSET 0)\n"
	" FOR UPDATE SKIP LOCKED)\n"
	"UPDATE riskml.job_run r SET ended_at = clock_timestamp(), state = CASE\n"
	"  WHEN cancel_at IS NOT NULL THEN CASE WHEN reason = 'timeout' THEN 'failed' ELSE 'cancelled' END\n"
	"  WHEN EXISTS (SELECT FROM riskml.run_step s WHERE s.run_id = r.run_id AND s.state IN ('failed', 'cancelled')) THEN 'failed'\n"
	"  ELSE 'success' END\n"
	"WHERE run_id = ANY (ARRAY(SELECT run_id FROM locked))\n"
	"RETURNING run_id, (SELECT name FROM riskml.job j WHERE j.job_id = r.job_id), state,\n"
	" greatest(extract(epoch FROM ended_at - coalesce(started_at, ended_at)) * 1000, 0)::bigint, reason"
};

static RmlStatement notify = {
	.types = "ltttt",
	.text = "SELECT pg_notify('riskml_event', json_build_object('event', $3, 'run', $1, 'job', $2, 'state', $4, 'reason', $5)::text)"
};

/* Something that happened to a run. */
typedef struct Event
{
	int64		run;
	char	   *job;
	char	   *state;
	char	   *reason;
} Event;

/* Tells those who listen; of the latest result, which has an event's columns. */
static void
notify_all(const char *what, uint64 n)
{
	Event	   *events = palloc(sizeof(Event) * Max(n, 1));

	for (uint64 i = 0; i < n; i++)
		events[i] = (Event) {rml_get_bigint(i, 1), rml_get_text(i, 2), rml_get_text(i, 3), rml_get_text(i, 5)};
	for (uint64 i = 0; i < n; i++)
		(void) rml_run(&notify, events[i].run, events[i].job, what, events[i].state, events[i].reason);
}

static RmlStatement pass_deadlines = {
	.types = "",
	.text = "WITH locked AS MATERIALIZED (\n"
	" SELECT r.run_id FROM riskml.job_run r JOIN riskml.job j USING (job_id)\n"
	" WHERE r.state IN ('waiting', 'running') AND NOT r.alerted\n"
	"  AND CASE r.kind WHEN 'scheduled' THEN r.interval_end ELSE r.created_at END + j.deadline <= clock_timestamp()\n"
	" FOR UPDATE OF r SKIP LOCKED)\n"
	"UPDATE riskml.job_run r SET alerted = true FROM riskml.job j\n"
	"WHERE j.job_id = r.job_id AND r.run_id = ANY (ARRAY(SELECT run_id FROM locked))\n"
	"RETURNING r.run_id, j.name, r.state, 0::bigint, j.deadline::text"
};

static void
alert(void)
{
	uint64		n = rml_run(&pass_deadlines);

	for (uint64 i = 0; i < n; i++)
		ereport(LOG,
				(errmsg("riskml deadline: job=\"%s\" run=" INT64_FORMAT " state=%s deadline=%s",
						rml_get_text(i, 2), rml_get_bigint(i, 1), rml_get_text(i, 3), rml_get_text(i, 5)),
				 errhidestmt(true), errhidecontext(true)));
	notify_all("deadline", n);
}

static void
report_ends(uint64 n)
{
	for (uint64 i = 0; i < n; i++)
	{
		const char *reason = rml_get_text(i, 5);

		ereport(LOG,
				(errmsg("riskml run: job=\"%s\" run=" INT64_FORMAT " state=%s ms=" INT64_FORMAT "%s%s",
						rml_get_text(i, 2), rml_get_bigint(i, 1), rml_get_text(i, 3),
						rml_get_bigint(i, 4), reason ? " reason=" : "", reason ? reason : ""),
				 errhidestmt(true), errhidecontext(true)));
	}
}

bool
rml_advance_runs(void)
{
	bool		ended = false;
	uint64		n;

	(void) rml_run(&time_out_runs);
	(void) rml_run(&cancel_steps);
	do
	{
		(void) rml_run(&start_runs);
		/* what one step's end decides may decide the next */
		while (rml_run(&settle_steps) > 0)
			CHECK_FOR_INTERRUPTS();
		n = rml_run(&end_runs);
		report_ends(n);
		notify_all("end", n);
		ended = ended || n > 0;
		/* others may have waited for the end of these */
	} while (n > 0);
	alert();
	return ended;
}

/* ---- when to look again ---- */

/* What should have been done by now is locked by somebody, and looked at again a little later. */
static RmlStatement earliest = {
	.types = "z",
	.text = "SELECT least(\n"
	" (SELECT min(next_at) FROM riskml.job WHERE enabled AND next_at > $1),\n"
	" (SELECT clock_timestamp() + interval '0.2 s' FROM riskml.job WHERE enabled AND next_at <= $1 LIMIT 1),\n"
	" (SELECT min(s.not_before) FROM riskml.run_step s WHERE s.state = 'queued' AND s.not_before > clock_timestamp()),\n"
	" (SELECT min(CASE WHEN at > $1 THEN at ELSE clock_timestamp() + interval '0.2 s' END) FROM\n"
	"   (SELECT r.started_at + j.timeout AS at FROM riskml.job_run r JOIN riskml.job j USING (job_id)\n"
	"    WHERE r.state = 'running' AND r.cancel_at IS NULL\n"
	"    UNION ALL\n"
	"    SELECT CASE r.kind WHEN 'scheduled' THEN r.interval_end ELSE r.created_at END + j.deadline\n"
	"    FROM riskml.job_run r JOIN riskml.job j USING (job_id) WHERE r.state IN ('waiting', 'running') AND NOT r.alerted) t\n"
	"   WHERE at IS NOT NULL),\n"
	" (SELECT min(greatest(stop_at, clock_timestamp() + interval '0.2 s')) FROM\n"
	"   (SELECT least(a.stop_at, (SELECT least(r.cancel_at, clock_timestamp()) FROM riskml.job_run r\n"
	"     WHERE r.run_id = a.run_id AND r.cancel_at IS NOT NULL)) AS stop_at\n"
	"    FROM riskml.step_run a WHERE a.state IN ('starting', 'running')) a WHERE stop_at IS NOT NULL),\n"
	" (SELECT min(clock_timestamp() + interval '1 s') FROM riskml.step_run WHERE state = 'starting'))"
};

TimestampTz
rml_next_event(TimestampTz now)
{
	(void) rml_run(&earliest, now);
	return rml_get_timestamp(0, 1, DT_NOEND);
}
