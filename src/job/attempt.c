/*
 * attempt.c
 *	  Attempts: one process doing one step once.
 */
#include "postgres.h"

#include <signal.h>

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "job/attempt.h"
#include "job/board.h"
#include "job/sql.h"

static bool record_failure(const RmlAttempt *attempt, const ErrorData *error, bool for_good);

/* ---- starting ---- */

/*
 * The jobs with the fewest running steps come first, of these the one whose
 * latest step began longest ago; of a pool's slots each is given once.  What
 * keeps a job's owner from running it is looked at anew.
 */
static RmlStatement choose = {
	.types = "i",
	.text = "WITH busy AS (SELECT (SELECT r.job_id FROM riskml.job_run r WHERE r.run_id = s.run_id) AS job_id, s.pool\n"
	" FROM riskml.run_step s WHERE s.state = 'running'),\n"
	"queue AS (\n"
	" SELECT s.run_id, s.step, s.pool, s.attempt, s.queued_at, r.job_id,\n"
	"  row_number() OVER (PARTITION BY r.job_id ORDER BY s.queued_at, s.run_id, s.step)\n"
	"   + (SELECT count(*) FROM busy b WHERE b.job_id = r.job_id) AS turn,\n"
	"  max(l.began) OVER (PARTITION BY r.job_id) AS served\n"
	" FROM riskml.job_run r CROSS JOIN LATERAL (SELECT max(a.started_at) AS began FROM riskml.step_run a WHERE a.run_id = r.run_id OFFSET 0) l\n"
	" CROSS JOIN LATERAL (SELECT * FROM riskml.run_step s WHERE s.run_id = r.run_id AND s.state = 'queued'\n"
	"  AND (s.not_before IS NULL OR s.not_before <= clock_timestamp()) OFFSET 0) s\n"
	" WHERE r.state = 'running' AND r.cancel_at IS NULL),\n"
	"pooled AS (SELECT q.*, row_number() OVER (PARTITION BY q.pool ORDER BY q.turn, q.served NULLS FIRST, q.queued_at, q.run_id, q.step) AS place FROM queue q),\n"
	"chosen AS (SELECT q.* FROM pooled q\n"
	" WHERE q.pool IS NULL OR q.place <= (SELECT p.slots FROM riskml.pool p WHERE p.name = q.pool)\n"
	"  - (SELECT count(*) FROM busy b WHERE b.pool = q.pool)\n"
	" ORDER BY q.turn, q.served NULLS FIRST, q.queued_at, q.run_id, q.step LIMIT $1)\n"
	"SELECT q.run_id, q.step, (q.attempt + 1)::bigint, j.owner::oid::bigint, CASE\n"
	"  WHEN o.oid IS NULL THEN 'its owner does not exist any more'\n"
	"  WHEN NOT o.rolcanlogin THEN format('its owner, role %I, may not log in', o.rolname)\n"
	"  WHEN NOT has_database_privilege(o.oid, current_database(), 'CONNECT') THEN format('its owner, role %I, may not connect to this database', o.rolname)\n"
	" END\n"
	"FROM chosen q JOIN riskml.job j USING (job_id) LEFT JOIN pg_catalog.pg_roles o ON o.oid = j.owner\n"
	"ORDER BY q.turn, q.served NULLS FIRST, q.queued_at, q.run_id, q.step"
};

static RmlStatement create = {
	.types = "ltil",
	.text = "WITH s AS (SELECT run_id, step FROM riskml.run_step\n"
	"  WHERE run_id = $1 AND step = $2 AND state = 'queued' FOR UPDATE SKIP LOCKED),\n"
	"u AS (UPDATE riskml.run_step u SET state = 'running', attempt = $3, tries = tries + 1, not_before = NULL\n"
	"  FROM s WHERE u.run_id = s.run_id AND u.step = s.step AND u.state = 'queued' RETURNING u.timeout)\n"
	"INSERT INTO riskml.step_run (run_id, step, attempt, token, state, stop_at)\n"
	"SELECT $1, $2, $3, $4, 'starting', clock_timestamp() + timeout FROM u"
};

static void
fail_for_owner(const RmlAttempt *attempt, char *reason)
{
	ErrorData	error = {
		.sqlerrcode = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
		.message = psprintf("the job cannot run: %s", reason),
		.hint = "Give the job to another role with riskml.alter_job(), or restore what the role had.",
	};

	(void) record_failure(attempt, &error, true);
}

int
rml_create_attempts(RmlAttempt *attempts, int most, bool *refused)
{
	/* fewer than none, when riskml.max_workers was lowered */
	int			n = (int) rml_run(&choose, Max(most, 0));
	int			kept = 0;
	char	  **reasons = palloc(sizeof(char *) * (Size) Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		RmlAttempt *attempt = &attempts[i];

		memset(attempt, 0, sizeof(*attempt));
		attempt->database = MyDatabaseId;
		attempt->run_id = rml_get_bigint((uint64) i, 1);
		strlcpy(attempt->step, rml_get_text((uint64) i, 2), RML_STEP_NAME);
		attempt->number = (int32) rml_get_bigint((uint64) i, 3);
		attempt->owner = (Oid) rml_get_bigint((uint64) i, 4);
		reasons[i] = rml_get_text((uint64) i, 5);
		if (!pg_strong_random(&attempt->token, sizeof(attempt->token)))
			elog(ERROR, "could not generate a random number");
	}
	*refused = false;
	for (int i = 0; i < n; i++)
	{
		/* somebody may be marking it as done */
		if (rml_run(&create, attempts[i].run_id, attempts[i].step, attempts[i].number, attempts[i].token) == 0)
			continue;
		if (reasons[i] != NULL)
		{
			fail_for_owner(&attempts[i], reasons[i]);
			*refused = true;
		}
		else
			attempts[kept++] = attempts[i];
	}
	return kept;
}

static RmlStatement withdraw = {
	.types = "ltil",
	.text = "WITH a AS (DELETE FROM riskml.step_run WHERE run_id = $1 AND step = $2 AND attempt = $3 AND token = $4 AND state = 'starting' RETURNING 1)\n"
	"UPDATE riskml.run_step SET state = 'queued', attempt = attempt - 1, tries = tries - 1,\n"
	" not_before = clock_timestamp() + interval '0.5 s'\n"
	"WHERE run_id = $1 AND step = $2 AND EXISTS (SELECT FROM a)"
};

void
rml_withdraw_attempt(const RmlAttempt *attempt)
{
	(void) rml_run(&withdraw, attempt->run_id, attempt->step, attempt->number, attempt->token);
}

static RmlStatement count_active = {
	.types = "",
	.text = "SELECT count(*) FROM riskml.step_run WHERE state IN ('starting', 'running')"
};

int
rml_active_attempts(void)
{
	(void) rml_run(&count_active);
	return (int) rml_get_bigint(0, 1);
}

/* ---- ending ---- */

/*
 * The attempt ends as the reason for its stop wants it; its step is tried again
 * after a delay that grows and varies a little, or fails.  The delay is computed
 * in seconds, where it may grow beyond what an interval can be.
 */
static RmlStatement fail = {
	.types = "ltilttttti",
	.text = "WITH a AS (UPDATE riskml.step_run a SET state = CASE WHEN r.cancel_at IS NOT NULL THEN 'cancelled' ELSE 'failed' END,\n"
	"  ended_at = clock_timestamp(), sqlstate = $5, detail = $7, hint = $8, context = $9,\n"
	"  message = CASE WHEN r.cancel_at IS NULL AND stop_at <= clock_timestamp() THEN 'timeout: ' ELSE '' END || $6\n"
	"  FROM riskml.job_run r WHERE r.run_id = a.run_id\n"
	"   AND a.run_id = $1 AND step = $2 AND attempt = $3 AND token = $4 AND a.state IN ('starting', 'running')\n"
	"  RETURNING a.run_id, a.step, a.state)\n"
	"UPDATE riskml.run_step s SET state = CASE WHEN a.state = 'cancelled' THEN 'cancelled'\n"
	"  WHEN s.tries <= s.retries AND $10 = 0 THEN 'queued' ELSE 'failed' END,\n"
	" queued_at = clock_timestamp(),\n"
	" not_before = clock_timestamp() + make_interval(secs => (0.9 + 0.1 * random()) * least(extract(epoch FROM j.max_retry_delay)::float8,\n"
	"  extract(epoch FROM j.retry_delay)::float8 * power(j.retry_backoff, least(s.tries - 1, 90))))\n"
	"FROM a JOIN riskml.job_run r USING (run_id) JOIN riskml.job j USING (job_id)\n"
	"WHERE s.run_id = a.run_id AND s.step = a.step\n"
	"RETURNING j.name, s.state, a.state"
};

static bool
record_failure(const RmlAttempt *attempt, const ErrorData *error, bool for_good)
{
	const char *sqlstate = unpack_sql_state(error->sqlerrcode);

	if (rml_run(&fail, attempt->run_id, attempt->step, attempt->number, attempt->token, sqlstate,
				error->message ? error->message : "no message", error->detail, error->hint, error->context, (int) for_good) == 0)
		return false;
	ereport(LOG,
			(errmsg("riskml step: job=\"%s\" run=" INT64_FORMAT " step=\"%s\" attempt=%d state=%s next=%s sqlstate=%s",
					rml_get_text(0, 1), attempt->run_id, attempt->step, attempt->number,
					rml_get_text(0, 3), rml_get_text(0, 2), sqlstate),
			 errhidestmt(true), errhidecontext(true)));
	return true;
}

bool
rml_attempt_fails(const RmlAttempt *attempt, const ErrorData *error)
{
	return record_failure(attempt, error, false);
}

static RmlStatement succeed = {
	.types = "ltill",
	.text = "WITH a AS (UPDATE riskml.step_run SET state = 'success', ended_at = clock_timestamp(), rows = $5\n"
	"  WHERE run_id = $1 AND step = $2 AND attempt = $3 AND token = $4 AND state = 'running' RETURNING 1)\n"
	"UPDATE riskml.run_step SET state = 'success' WHERE run_id = $1 AND step = $2 AND EXISTS (SELECT FROM a)"
};

void
rml_attempt_succeeds(const RmlAttempt *attempt, uint64 rows)
{
	if (rml_run(&succeed, attempt->run_id, attempt->step, attempt->number, attempt->token, (int64) rows) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("attempt %d of step \"%s\" of run " INT64_FORMAT " was ended by somebody else",
						attempt->number, attempt->step, attempt->run_id),
				 errdetail("What it did is rolled back.")));
}

static RmlStatement come_back = {
	.types = "ltill",
	.text = "WITH a AS (DELETE FROM riskml.step_run WHERE run_id = $1 AND step = $2 AND attempt = $3 AND token = $4 AND state = 'running' RETURNING 1)\n"
	"UPDATE riskml.run_step SET state = 'queued', attempt = attempt - 1, tries = tries - 1,\n"
	" not_before = clock_timestamp() + $5::bigint * interval '1 ms'\n"
	"WHERE run_id = $1 AND step = $2 AND EXISTS (SELECT FROM a) RETURNING queued_at + timeout <= clock_timestamp()"
};

void
rml_attempt_comes_back(const RmlAttempt *attempt, double seconds)
{
	if (rml_run(&come_back, attempt->run_id, attempt->step, attempt->number, attempt->token,
				(int64) (seconds * 1000)) == 1 && rml_get_bool(0, 1))
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("timeout: step \"%s\" waited in vain", attempt->step)));
}

static RmlStatement take = {
	.types = "ltili",
	.text = "UPDATE riskml.step_run SET state = 'running', pid = $5\n"
	"WHERE run_id = $1 AND step = $2 AND attempt = $3 AND token = $4 AND state = 'starting'"
};

bool
rml_take_attempt(const RmlAttempt *attempt)
{
	return rml_run(&take, attempt->run_id, attempt->step, attempt->number, attempt->token, MyProcPid) == 1;
}

/* ---- processes ---- */

/* A process that was started so many seconds ago has taken its attempt, or never will. */
#define START_SECONDS 5

static RmlStatement select_active = {
	.types = "i",
	.text = "SELECT a.run_id, a.step, a.attempt::bigint, a.token, a.state = 'running',\n"
	" least(a.stop_at, (SELECT least(r.cancel_at, clock_timestamp()) FROM riskml.job_run r WHERE r.run_id = a.run_id AND r.cancel_at IS NOT NULL)),\n"
	" a.started_at NOT BETWEEN clock_timestamp() - $1 * interval '1 s' AND clock_timestamp()\n"
	"FROM riskml.step_run a WHERE a.state IN ('starting', 'running')"
};

/* An attempt as its row says. */
typedef struct Active
{
	RmlAttempt	attempt;
	bool		running;
	bool		old;
	TimestampTz stop_at;
} Active;

static Active *
read_active(int *n)
{
	Active	   *active;

	*n = (int) rml_run(&select_active, START_SECONDS);
	active = palloc0(sizeof(Active) * (Size) Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		uint64		row = (uint64) i;

		active[i].attempt.run_id = rml_get_bigint(row, 1);
		strlcpy(active[i].attempt.step, rml_get_text(row, 2), RML_STEP_NAME);
		active[i].attempt.number = (int32) rml_get_bigint(row, 3);
		active[i].attempt.token = rml_get_bigint(row, 4);
		active[i].running = rml_get_bool(row, 5);
		active[i].stop_at = rml_get_timestamp(row, 6, DT_NOEND);
		active[i].old = rml_get_bool(row, 7);
	}
	return active;
}

void
rml_sweep_attempts(void)
{
	int			n;
	Active	   *active = read_active(&n);
	ErrorData	error = {
		.sqlerrcode = ERRCODE_CRASH_SHUTDOWN,
		.message = "the step's process ended without saying how",
		.hint = "The server's log may say more.",
	};

	for (int i = 0; i < n; i++)
	{
		if (rml_board_step_pid(active[i].attempt.token) != 0)
			continue;
		if (active[i].running)
			(void) rml_attempt_fails(&active[i].attempt, &error);
		else if (active[i].old)
			rml_withdraw_attempt(&active[i].attempt);
	}
}

/*
 * Those of runs that are cancelled, and those that take too long.  Nothing is
 * written: a step in the middle of its commit has its row locked.  A polite
 * signal first; after some seconds one that cannot be caught by SQL.
 */
#define PATIENCE (5 * USECS_PER_SEC)

void
rml_stop_attempts(void)
{
	int			n;
	Active	   *active = read_active(&n);
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < n; i++)
	{
		int			pid = rml_board_step_pid(active[i].attempt.token);

		if (pid != 0 && active[i].stop_at <= now)
			(void) kill(pid, now - active[i].stop_at > PATIENCE ? SIGTERM : SIGINT);
	}
}
