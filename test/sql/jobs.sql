-- Defining jobs: create, alter, pause, resume and drop; steps, pools, graphs, next runs; who may.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
SET IntervalStyle = 'postgres';
\pset null (null)
\t on
\pset format unaligned
-- calls of functions that return nothing, as lines
CREATE FUNCTION pg_temp.must(VARIADIC calls text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		c text;
	BEGIN
		FOREACH c IN ARRAY calls LOOP
			RETURN NEXT c || '  =>  ' || pg_temp.try('SELECT FROM riskml.' || c);
		END LOOP;
	END $$;

-- ---- create: the defaults, and everything
SELECT riskml.create_job('regress_defaults');
SELECT riskml.create_job('regress_all', schedule => '*/20 6 * * mon', start_at => '2025-05-29', end_at => '2125-05-29 12:00', timezone => 'Europe/Berlin',
	retries => 3, retry_delay => '1 day 90 seconds', retry_backoff => 2.5, max_retry_delay => '2 days', timeout => '3 hours', catchup => 'all', max_active_runs => 4,
	overlap => 'queue', deadline => '0.5 seconds', enabled => false, comment => E'two\nlines');
\pset format aligned
\x on
\t off
SELECT name, owner = current_user::regrole AS mine, schedule, timezone, start_at, end_at, enabled, retries, retry_delay, retry_backoff, max_retry_delay, timeout, catchup, max_active_runs, overlap, deadline, comment, created_at = now() AS now, next_at,
	steps, last_run, last_state FROM riskml.jobs WHERE name LIKE 'regress%' ORDER BY name;
SELECT next_at FROM riskml.job WHERE name = 'regress_all';
\x off
\t on
\pset format unaligned
SELECT pg_temp.must(
	$$create_job('regress_all')$$,
	$$create_job(NULL)$$,
	$$create_job('')$$,
	$$create_job(' x')$$,
	$$create_job('x ')$$,
	$$create_job(E'a\nb')$$,
	$$create_job(E'a\u0085b')$$,
	$$create_job(repeat('x', 64))$$,
	$$create_job(repeat('ü', 32))$$);
SELECT pg_temp.must(
	$$create_job('regress_x', '61 * * * *')$$,
	$$create_job('regress_x', '')$$,
	$$create_job('regress_x', '1 month')$$,
	$$create_job('regress_x', '@hourly', timezone => 'Mars/Olympus')$$,
	$$create_job('regress_x', timezone => 'UTC+3')$$,
	$$create_job('regress_x', timezone => NULL)$$,
	$$create_job('regress_x', start_at => 'infinity')$$,
	$$create_job('regress_x', start_at => '-infinity')$$,
	$$create_job('regress_x', end_at => 'infinity')$$,
	$$create_job('regress_x', start_at => '2025-01-02', end_at => '2025-01-01')$$,
	$$create_job('regress_x', start_at => '2025-01-02', end_at => '2025-01-02')$$,
	$$create_job('regress_x', catchup => 'some')$$,
	$$create_job('regress_x', catchup => NULL)$$,
	$$create_job('regress_x', overlap => 'SKIP')$$,
	$$create_job('regress_x', overlap => NULL)$$,
	$$create_job('regress_x', enabled => NULL)$$);
SELECT pg_temp.must(
	$$create_job('regress_x', retries => -1)$$,
	$$create_job('regress_x', retries => NULL)$$,
	$$create_job('regress_x', max_active_runs => 0)$$,
	$$create_job('regress_x', max_active_runs => NULL)$$,
	$$create_job('regress_x', retry_delay => '-1 second')$$,
	$$create_job('regress_x', retry_delay => '1 month')$$,
	$$create_job('regress_x', retry_delay => NULL)$$,
	$$create_job('regress_x', retry_delay => '2 hours')$$,
	$$create_job('regress_x', max_retry_delay => '1 day -25 hours')$$,
	$$create_job('regress_x', max_retry_delay => NULL)$$,
	$$create_job('regress_x', retry_backoff => 0.99)$$,
	$$create_job('regress_x', retry_backoff => 'NaN')$$,
	$$create_job('regress_x', retry_backoff => 'inf')$$,
	$$create_job('regress_x', retry_backoff => 1000.1)$$,
	$$create_job('regress_x', retry_backoff => NULL)$$,
	$$create_job('regress_x', timeout => '0')$$,
	$$create_job('regress_x', timeout => '-1 hour')$$,
	$$create_job('regress_x', timeout => '1 year')$$,
	$$create_job('regress_x', timeout => '36526 days')$$,
	$$create_job('regress_x', timeout => '2147483647 days 2562047788:00:54')$$,
	$$create_job('regress_x', timeout => '-2147483648 days')$$,
	$$create_job('regress_x', retry_delay => '105000000 days', max_retry_delay => '105000000 days')$$,
	$$create_job('regress_x', max_retry_delay => '105000000 days')$$,
	$$create_job('regress_x', deadline => '105000000 days')$$,
	$$create_job('regress_x', deadline => '00:00')$$,
	$$create_job('regress_x', deadline => '1 month -30 days')$$);
-- none of them is there; these are, and go again
SELECT pg_temp.must(
	$$create_job('regress_x', retry_delay => '0', max_retry_delay => '0', retry_backoff => 1, deadline => '36525 days')$$,
	$$drop_job('regress_x')$$,
	$$drop_job('regress_x')$$,
	$$drop_job(NULL)$$);

-- ---- when it is due first: an interval begins at the start or later and ends with the tick
CREATE FUNCTION pg_temp.first(schedule text, start_at timestamptz, end_at timestamptz, catchup text, timezone text DEFAULT 'UTC') RETURNS timestamptz LANGUAGE plpgsql AS $$
	DECLARE
		result timestamptz;
	BEGIN
		PERFORM riskml.create_job('regress_first', schedule, start_at, end_at, timezone, catchup => catchup);
		SELECT next_at INTO STRICT result FROM riskml.jobs WHERE name = 'regress_first';
		PERFORM riskml.drop_job('regress_first');
		RETURN result;
	END $$;
-- a start to come
SELECT c, pg_temp.first('@hourly', '2125-05-29', NULL, c), pg_temp.first('@hourly', '2125-05-29 00:00:01', NULL, c), pg_temp.first('7 minutes', '2125-05-29 00:00:01', NULL, c) FROM unnest('{none,last,all}'::text[]) c;
SELECT c, pg_temp.first('@hourly', '2125-05-29', '2125-05-29 01:00', c), pg_temp.first('@hourly', '2125-05-29', '2125-05-29 00:59:59', c), pg_temp.first(NULL, '2125-05-29', NULL, c) FROM unnest('{none,last,all}'::text[]) c;
-- one that has passed
SELECT c, pg_temp.first('@hourly', '2025-05-29', '2025-05-29 03:30', c), pg_temp.first('@hourly', '2025-05-29', '2025-05-29 00:30', c) FROM unnest('{none,last,all}'::text[]) c;
SELECT c, pg_temp.first('@hourly', '2025-05-29', NULL, c) = CASE c WHEN 'none' THEN date_trunc('hour', now()) + interval '1 hour' WHEN 'last' THEN date_trunc('hour', now()) ELSE '2025-05-29 01:00' END FROM unnest('{none,last,all}'::text[]) c;
SELECT c, pg_temp.first('30 2 * * *', '2025-03-29 01:30', '2025-03-30 12:00', c, 'Europe/Berlin') FROM unnest('{none,last,all}'::text[]) c;
SELECT c, pg_temp.first('3650 days', '1905-05-29 00:00:07', '2005-05-29', c) FROM unnest('{none,last,all}'::text[]) c;
-- none: nothing has been missed
SELECT c, pg_temp.first('@hourly', NULL, NULL, c) = date_trunc('hour', now()) + interval '1 hour', pg_temp.first('@hourly', NULL, '2025-05-29', c) FROM unnest('{none,last,all}'::text[]) c;

-- ---- next runs
SELECT riskml.create_job('regress_next', '0 */6 * * *', start_at => '2025-03-29 13:00', end_at => '2025-03-30 18:00', timezone => 'Europe/Berlin', catchup => 'all');
SELECT * FROM riskml.next_runs('regress_next');
SELECT * FROM riskml.next_runs(job => 'regress_next', n => 1);
SELECT count(*) FROM riskml.next_runs('regress_next', 100000);
SELECT riskml.pause_job('regress_next');
SELECT * FROM riskml.next_runs('regress_next');
-- of any schedule, over a year: its ticks, each interval where the one before ends, the first at the start or later
CREATE FUNCTION pg_temp.runs_are_ticks(schedule text, timezone text, start_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		result text;
	BEGIN
		PERFORM riskml.create_job('regress_ticks', schedule, start_at, start_at + interval '365 days', timezone, catchup => 'all');
		WITH r AS (SELECT *, lag(interval_end) OVER (ORDER BY due_at) AS before, row_number() OVER (ORDER BY due_at) AS n FROM riskml.next_runs('regress_ticks', 10000)),
			t AS (SELECT t, row_number() OVER (ORDER BY t) - 1 AS n FROM riskml.schedule_ticks(schedule, 10000, start_at - interval '1 microsecond', timezone, start_at) t WHERE t <= start_at + interval '365 days')
		SELECT count(r.n) || ' runs' || CASE WHEN bool_and((due_at = t AND due_at = interval_end AND interval_start = coalesce(before, (SELECT t FROM t WHERE n = 0)) AND interval_start >= start_at) IS TRUE) THEN '' ELSE ' WRONG' END
		INTO result FROM r FULL JOIN (SELECT * FROM t WHERE n > 0) t USING (n);
		PERFORM riskml.drop_job('regress_ticks');
		RETURN result;
	END $$;
SELECT s, z, pg_temp.runs_are_ticks(s, z, '2025-01-31 10:07:00.5+00') FROM unnest(ARRAY['@hourly', '30 2 * * *', '*/20 1-3 * * *', '0 0 L * *', '100 minutes', '1 week']) s, unnest(ARRAY['UTC', 'Europe/Berlin', 'Australia/Lord_Howe']) z;
SELECT * FROM riskml.next_runs('regress_defaults');
SELECT pg_temp.must($$next_runs('regress_next', 0)$$, $$next_runs('regress_next', 100001)$$, $$next_runs('regress_next', NULL)$$, $$next_runs(NULL)$$, $$next_runs('regress_none')$$);
-- on a standby too: nothing is written
BEGIN READ ONLY;
SELECT count(*) FROM riskml.next_runs('regress_all');
SELECT riskml.job_graph('regress_all');
SELECT pg_temp.sqlstate('SELECT riskml.' || c) FROM unnest(ARRAY[$$create_job('regress_x')$$, $$alter_job('regress_all')$$, $$pause_job('regress_all')$$, $$resume_job('regress_all')$$, $$drop_job('regress_all')$$,
	$$add_step('regress_all', 'a', command => 'SELECT')$$, $$alter_step('regress_all', 'a')$$, $$drop_step('regress_all', 'a')$$, $$create_pool('regress_p', 1)$$, $$alter_pool('regress_p', 1)$$, $$drop_pool('regress_p')$$]) c;
COMMIT;

-- ---- alter: what is not given stays
CREATE TEMP TABLE before AS SELECT * FROM riskml.job WHERE name = 'regress_all';
SELECT riskml.alter_job('regress_all');
SELECT b = j FROM before b, riskml.job j WHERE j.name = 'regress_all';
-- each of them
SELECT riskml.alter_job('regress_all', schedule => '1 hour', start_at => '2125-01-01 00:30', end_at => '2126-01-01', timezone => 'Asia/Kolkata', retries => 0, retry_delay => '1 second', retry_backoff => 1.5, max_retry_delay => '1 minute',
	timeout => '1 minute', catchup => 'last', max_active_runs => 1, overlap => 'cancel', deadline => '1 day', enabled => true, comment => '', new_name => 'regress_renamed', owner => current_user::text);
SELECT to_jsonb(j) - 'job_id' - 'owner' - 'created_at' FROM riskml.job j WHERE name = 'regress_renamed';
SELECT b.owner = j.owner AND b.created_at = j.created_at FROM before b JOIN riskml.job j USING (job_id);
-- to nothing
SELECT riskml.alter_job('regress_renamed', unset => '{schedule,start_at,end_at,timeout,deadline,comment}');
SELECT jsonb_strip_nulls(to_jsonb(j) - 'job_id' - 'owner' - 'created_at') FROM riskml.job j WHERE name = 'regress_renamed';
SELECT pg_temp.must(
	$$alter_job('regress_none')$$,
	$$alter_job(NULL)$$,
	$$alter_job('regress_renamed', unset => '{retries}')$$,
	$$alter_job('regress_renamed', unset => '{timeout,owner}')$$,
	$$alter_job('regress_renamed', unset => '{timeout,timeout}')$$,
	$$alter_job('regress_renamed', unset => '{NULL}')$$,
	$$alter_job('regress_renamed', unset => '{{timeout},{deadline}}')$$,
	$$alter_job('regress_renamed', timeout => '1 hour', unset => '{timeout}')$$,
	$$alter_job('regress_renamed', unset => '{}')$$,
	$$alter_job('regress_renamed', new_name => 'regress_defaults')$$,
	$$alter_job('regress_renamed', new_name => ' ')$$,
	$$alter_job('regress_renamed', new_name => 'regress_renamed')$$,
	$$alter_job('regress_renamed', schedule => 'never')$$,
	$$alter_job('regress_renamed', retry_delay => '1 hour')$$,
	$$alter_job('regress_renamed', end_at => '2025-01-01', start_at => '2025-01-02')$$,
	$$alter_job('regress_renamed', catchup => 'every')$$,
	$$alter_job('regress_renamed', timeout => '105000000 days')$$,
	$$alter_job('regress_renamed', owner => 'regress_nobody')$$);

-- ---- what a change does to the next tick.  Runs are planted: nothing runs here.
CREATE FUNCTION pg_temp.due(call text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE 'SELECT FROM riskml.' || call;
		RETURN (SELECT coalesce(CASE WHEN next_at = date_trunc('hour', now()) + interval '1 hour' THEN 'next hour' WHEN next_at = date_trunc('hour', now()) THEN 'this hour' ELSE next_at::text END, 'never') FROM riskml.job WHERE name = 'regress_due');
	END $$;
CREATE PROCEDURE pg_temp.ran(tick timestamptz) LANGUAGE sql AS $$
	INSERT INTO riskml.job_run (job_id, kind, interval_start, interval_end, params, state, requested_by)
		SELECT job_id, 'scheduled', tick - interval '1 hour', tick, '{}', 'success', current_user FROM riskml.job WHERE name = 'regress_due' $$;
SELECT pg_temp.due($$create_job('regress_due', '@hourly', start_at => '2025-05-29')$$);
SELECT pg_temp.due($$alter_job('regress_due', catchup => 'all')$$);
SELECT pg_temp.due($$alter_job('regress_due', catchup => 'last')$$);
SELECT pg_temp.due($$alter_job('regress_due', catchup => 'all', start_at => '2025-05-28')$$);
-- what had its run is not due again
CALL pg_temp.ran('2025-05-28 07:00');
SELECT pg_temp.due($$alter_job('regress_due', start_at => '2025-05-27')$$);
SELECT pg_temp.due($$alter_job('regress_due', schedule => '@daily')$$);
SELECT pg_temp.due($$alter_job('regress_due', timezone => 'Asia/Kolkata')$$);
SELECT pg_temp.due($$alter_job('regress_due', end_at => '2025-05-28 07:30')$$);
SELECT pg_temp.due($$alter_job('regress_due', unset => '{end_at}')$$);
SELECT pg_temp.due($$alter_job('regress_due', schedule => '@hourly', timezone => 'UTC', start_at => '2125-01-01')$$);
-- nothing else touches it
UPDATE riskml.job SET next_at = '2025-05-29 05:00', start_at = NULL WHERE name = 'regress_due';
SELECT pg_temp.due($$alter_job('regress_due', schedule => '@hourly', timezone => 'UTC', catchup => 'all', retries => 3, comment => 'x', enabled => true)$$);
SELECT pg_temp.due($$pause_job('regress_due')$$);
SELECT pg_temp.due($$pause_job('regress_due')$$);
-- resumed: what was missed while it was paused
SELECT pg_temp.due($$resume_job('regress_due')$$);
SELECT pg_temp.due($$resume_job('regress_due')$$);
SELECT pg_temp.due($$alter_job('regress_due', enabled => false)$$);
UPDATE riskml.job SET catchup = 'last' WHERE name = 'regress_due';
SELECT pg_temp.due($$alter_job('regress_due', enabled => true)$$);
UPDATE riskml.job SET catchup = 'none', next_at = '2025-05-29 05:00', enabled = false WHERE name = 'regress_due';
SELECT pg_temp.due($$resume_job('regress_due')$$);
-- where it is not known what it waited for, what follows its latest run; without one nothing was missed
UPDATE riskml.job SET catchup = 'all', next_at = NULL, enabled = false WHERE name = 'regress_due';
SELECT pg_temp.due($$resume_job('regress_due')$$);
DELETE FROM riskml.job_run WHERE job_id = (SELECT job_id FROM riskml.job WHERE name = 'regress_due');
UPDATE riskml.job SET next_at = NULL, enabled = false WHERE name = 'regress_due';
SELECT pg_temp.due($$resume_job('regress_due')$$);
-- a tick that has just come is not lost to a change before the scheduler has seen it; one that came long ago is a matter of catchup
CREATE FUNCTION pg_temp.pending(ago interval, call text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE riskml.job SET next_at = date_trunc('minute', now()) - ago, schedule = '1 minute', catchup = 'none', end_at = NULL WHERE name = 'regress_due';
		EXECUTE 'SELECT FROM riskml.' || call;
		RETURN (SELECT next_at - date_trunc('minute', now()) FROM riskml.job WHERE name = 'regress_due');
	END $$;
SELECT pg_temp.pending('0', $$alter_job('regress_due', end_at => '2125-01-01')$$), pg_temp.pending('0', $$alter_job('regress_due', schedule => '30 seconds')$$),
	pg_temp.pending('0', $$alter_job('regress_due', catchup => 'last')$$), pg_temp.pending('0', $$alter_job('regress_due', catchup => 'all')$$);
SELECT pg_temp.pending('3 minutes', $$alter_job('regress_due', end_at => '2125-01-01')$$), pg_temp.pending('3 minutes', $$alter_job('regress_due', schedule => '2 minutes')$$) IN ('00:01:00', '00:02:00') AS then,
	pg_temp.pending('3 minutes', $$alter_job('regress_due', catchup => 'last')$$), pg_temp.pending('3 minutes', $$alter_job('regress_due', catchup => 'all')$$);
SELECT pg_temp.due($$alter_job('regress_due', unset => '{schedule}')$$);
SELECT pg_temp.must($$pause_job(NULL)$$, $$pause_job('regress_none')$$, $$resume_job(NULL)$$, $$resume_job('regress_none')$$);
-- a job whose time zone is no more can be paused, and says what is wrong otherwise
UPDATE riskml.job SET timezone = 'Mars/Olympus' WHERE name = 'regress_due';
SELECT pg_temp.must($$pause_job('regress_due')$$, $$resume_job('regress_due')$$);

-- ---- a job that runs cannot be dropped; its history goes with it
CALL pg_temp.ran('2025-05-28 07:00');
CALL pg_temp.ran('2025-05-28 08:00');
INSERT INTO riskml.run_step (run_id, step, kind, command, after, trigger_rule, retries, params) SELECT run_id, 'a', 'sql', 'SELECT', '{}', 'all_success', 0, '{}' FROM riskml.job_run;
INSERT INTO riskml.step_run (run_id, step, attempt, token, state) SELECT run_id, 'a', 1, 1, 'success' FROM riskml.job_run;
SELECT riskml.add_step('regress_due', 'a', command => 'SELECT');
SELECT name, steps, last_state, last_interval_start, last_interval_end, last_run = (SELECT max(run_id) FROM riskml.job_run) FROM riskml.jobs WHERE name = 'regress_due';
UPDATE riskml.job_run SET state = 'waiting' WHERE interval_end = '2025-05-28 07:00';
SELECT regexp_replace(pg_temp.try($$SELECT riskml.drop_job('regress_due')$$), 'run \d+', 'run N');
UPDATE riskml.job_run SET state = 'running' WHERE interval_end = '2025-05-28 07:00';
SELECT regexp_replace(pg_temp.try($$SELECT riskml.drop_job('regress_due')$$), 'run \d+', 'run N');
UPDATE riskml.job_run SET state = 'cancelled' WHERE interval_end = '2025-05-28 07:00';
SELECT riskml.drop_job('regress_due');
SELECT (SELECT count(*) FROM riskml.job_run), (SELECT count(*) FROM riskml.run_step), (SELECT count(*) FROM riskml.step_run), (SELECT count(*) FROM riskml.job_step);

-- ---- pools
SELECT pg_temp.must(
	$$create_pool('regress_pool', 2)$$,
	$$create_pool('regress_pool', 2)$$,
	$$create_pool(name => 'regress_closed', slots => 0)$$,
	$$create_pool('regress_x', -1)$$,
	$$create_pool('regress_x', NULL)$$,
	$$create_pool(NULL, 1)$$,
	$$create_pool(' x', 1)$$,
	$$alter_pool('regress_closed', 7)$$,
	$$alter_pool('regress_closed', -7)$$,
	$$alter_pool('regress_none', 1)$$,
	$$alter_pool(NULL, 1)$$,
	$$drop_pool('regress_none')$$,
	$$drop_pool(NULL)$$);

-- ---- steps
SELECT riskml.create_job('regress_s', retries => 5);
SELECT riskml.add_step('regress_s', 'first', command => 'SELECT 1');
SELECT riskml.add_step(job => 'regress_s', step => 'second', kind => 'sql_no_transaction', command => 'VACUUM', after => '{first}', trigger_rule => 'all_done', retries => 0, timeout => '1 minute', pool => 'regress_pool', params => '{"a": [1]}');
SELECT * FROM riskml.job_steps WHERE job = 'regress_s' ORDER BY step;
SELECT name, slots, steps FROM riskml.pools WHERE name LIKE 'regress%' ORDER BY name;
SELECT pg_temp.must(
	$$add_step('regress_s', 'first', command => 'SELECT 2')$$,
	$$add_step('regress_none', 'x', command => 'SELECT')$$,
	$$add_step(NULL, 'x', command => 'SELECT')$$,
	$$add_step('regress_s', NULL, command => 'SELECT')$$,
	$$add_step('regress_s', '', command => 'SELECT')$$,
	$$add_step('regress_s', E'a\tb', command => 'SELECT')$$,
	$$add_step('regress_s', 'x')$$,
	$$add_step('regress_s', 'x', command => E' \n\t')$$,
	$$add_step('regress_s', 'x', 'python', 'print(1)')$$,
	$$add_step('regress_s', 'x', NULL, 'SELECT')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', after => '{first,third}')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', after => '{x}')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', after => '{first,first}')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', after => '{first,NULL}')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', after => '{{first},{second}}')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', after => NULL)$$,
	$$add_step('regress_s', 'x', command => 'SELECT', trigger_rule => 'one_success')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', trigger_rule => NULL)$$);
SELECT pg_temp.must(
	$$add_step('regress_s', 'x', command => 'SELECT', retries => -1)$$,
	$$add_step('regress_s', 'x', command => 'SELECT', timeout => '0')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', timeout => '2 months')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', pool => 'regress_none')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', params => '[]')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', params => 'null')$$,
	$$add_step('regress_s', 'x', command => 'SELECT', params => NULL)$$,
	$$drop_pool('regress_pool')$$,
	$$drop_step('regress_s', 'first')$$,
	$$drop_step('regress_s', 'x')$$,
	$$drop_step('regress_s', NULL)$$,
	$$drop_step(NULL, 'first')$$,
	$$drop_step('regress_none', 'first')$$);
-- alter: what is not given stays
SELECT riskml.alter_step('regress_s', 'second');
SELECT * FROM riskml.job_steps WHERE job = 'regress_s' AND step = 'second';
SELECT riskml.alter_step('regress_s', 'second', kind => 'wait', command => 'SELECT true', trigger_rule => 'none_failed', retries => 2, timeout => '2 minutes', pool => 'regress_closed', params => '{}');
SELECT * FROM riskml.job_steps WHERE job = 'regress_s' AND step = 'second';
SELECT riskml.alter_step('regress_s', 'second', after => '{}', unset => '{retries,timeout,pool}');
SELECT * FROM riskml.job_steps WHERE job = 'regress_s' AND step = 'second';
SELECT pg_temp.must(
	$$alter_step('regress_s', 'x')$$,
	$$alter_step('regress_s', NULL)$$,
	$$alter_step(NULL, 'first')$$,
	$$alter_step('regress_none', 'first')$$,
	$$alter_step('regress_s', 'first', kind => 'python')$$,
	$$alter_step('regress_s', 'first', command => '')$$,
	$$alter_step('regress_s', 'first', pool => 'regress_none')$$,
	$$alter_step('regress_s', 'first', unset => '{command}')$$,
	$$alter_step('regress_s', 'first', pool => 'regress_pool', unset => '{pool}')$$,
	$$alter_step('regress_s', 'first', after => '{first}')$$,
	$$alter_step('regress_s', 'first', after => '{none}')$$,
	$$drop_pool('regress_pool')$$,
	$$drop_pool('regress_closed')$$,
	$$drop_step('regress_s', 'first')$$,
	$$drop_step('regress_s', 'second')$$);

-- ---- cycles: the shortest way round is named, in the order in which the steps would run
SELECT count(riskml.add_step('regress_s', s, command => 'SELECT', after => a)) FROM (VALUES ('a', '{}'::text[]), ('b', '{a}'), ('c', '{b}'), ('d', '{a,c}'), ('e', '{d,b}')) v(s, a);
SELECT pg_temp.must(
	$$alter_step('regress_s', 'a', after => '{c}')$$,
	$$alter_step('regress_s', 'a', after => '{e}')$$,
	$$alter_step('regress_s', 'c', after => '{b,e}')$$,
	$$alter_step('regress_s', 'a', after => '{b}')$$,
	$$alter_step('regress_s', 'e', after => '{e,d,b}')$$,
	$$alter_step('regress_s', 'e', after => '{c}')$$,
	$$alter_step('regress_s', 'e', timeout => '105000000 days')$$);
SELECT riskml.drop_job('regress_s');
-- a long one
SELECT riskml.create_job('regress_long');
SELECT count(*) FROM (SELECT riskml.add_step('regress_long', 'step' || i, command => 'SELECT', after => CASE WHEN i > 1 THEN ARRAY['step' || i - 1] ELSE '{}' END) FROM generate_series(1, 300) i) s;
SELECT length(message), left(message, 75), right(message, 25) FROM split_part(pg_temp.try($$SELECT riskml.alter_step('regress_long', 'step1', after => '{step300}')$$), E'\n', 1) message;
SELECT count(*), max(length(line) - length(ltrim(line))), bool_and(ltrim(line) = 'step' || n - 1 || ' (sql)') FILTER (WHERE n > 1) FROM regexp_split_to_table(riskml.job_graph('regress_long'), '\n') WITH ORDINALITY l(line, n);
SELECT riskml.drop_job('regress_long');

-- ---- graphs
SELECT riskml.create_job('regress_g');
SELECT riskml.job_graph('regress_g');
SELECT riskml.job_graph('regress_g', 'dot');
SELECT riskml.create_pool('regress_pool', 2);
-- a diamond, two chains that meet, a step alone, one on failure
SELECT count(riskml.add_step('regress_g', s, k, 'SELECT', after => a, trigger_rule => r, pool => p)) FROM (VALUES
	('extract', 'sql', '{}'::text[], 'all_success', 'regress_pool'), ('orders', 'sql', '{extract}', 'all_success', NULL), ('loans', 'sql', '{extract}', 'none_failed', NULL),
	('join', 'sql', '{loans,orders}', 'all_success', NULL), ('vacuum', 'sql_no_transaction', '{join}', 'all_done', 'regress_pool'), ('arrived', 'wait', '{}', 'all_success', NULL),
	('score', 'sql', '{join,arrived}', 'all_success', NULL), ('alone', 'sql', '{}', 'all_done', NULL), ('alarm', 'sql', '{}', 'one_failed', NULL), ('after alarm', 'sql', '{alarm}', 'all_success', NULL),
	('undo', 'sql', '{orders,loans}', 'one_failed', NULL)) v(s, k, a, r, p);
SELECT riskml.job_graph('regress_g');
SELECT riskml.job_graph('regress_g') = riskml.job_graph(job => 'regress_g', format => 'text');
SELECT riskml.job_graph('regress_g', 'dot');
SELECT pg_temp.must($$job_graph('regress_g', 'png')$$, $$job_graph('regress_g', NULL)$$, $$job_graph(NULL)$$, $$job_graph('regress_none')$$);
-- names of any kind
SELECT riskml.create_job('regress "größe" \N & <b>');
SELECT riskml.create_pool('regress "p"; \', 1);
SELECT riskml.add_step('regress "größe" \N & <b>', E'it''s "quoted"', command => 'SELECT', pool => 'regress "p"; \');
SELECT riskml.add_step('regress "größe" \N & <b>', '日本 -> \', command => 'SELECT', after => ARRAY['it''s "quoted"']);
SELECT riskml.add_step('regress "größe" \N & <b>', '&lt;{x},|y', command => 'SELECT', after => ARRAY['日本 -> \', 'it''s "quoted"']);
SELECT riskml.job_graph('regress "größe" \N & <b>');
SELECT riskml.job_graph('regress "größe" \N & <b>', 'dot');
SELECT pg_temp.must($$alter_step('regress "größe" \N & <b>', 'it''s "quoted"', after => ARRAY['&lt;{x},|y'])$$);
SELECT job, step, after FROM riskml.job_steps WHERE job LIKE '%größe%' ORDER BY step;
SELECT riskml.drop_job('regress "größe" \N & <b>');
SELECT riskml.drop_pool('regress "p"; \');
SELECT riskml.drop_job('regress_g');

-- ---- who may: the owner, members of the owner, superusers; members of pg_monitor look on
CREATE ROLE regress_engineer;
CREATE ROLE regress_team;
CREATE ROLE regress_other;
CREATE ROLE regress_watcher;
GRANT regress_team TO regress_engineer;
GRANT pg_monitor TO regress_watcher;
SET ROLE regress_engineer;
SELECT pg_temp.must($$create_job('regress_mine')$$, $$create_pool('regress_x', 1)$$, $$alter_pool('regress_pool', 1)$$, $$drop_pool('regress_pool')$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION riskml.create_job TO regress_engineer, regress_team, regress_other;
GRANT EXECUTE ON FUNCTION riskml.create_pool, riskml.alter_pool, riskml.drop_pool TO regress_engineer;
SET ROLE regress_engineer;
SELECT pg_temp.must($$create_job('regress_mine', '@daily')$$, $$create_pool('regress_x', 1)$$, $$alter_pool('regress_x', 2)$$, $$drop_pool('regress_x')$$,
	$$add_step('regress_mine', 'a', command => 'SELECT')$$, $$add_step('regress_mine', 'b', command => 'SELECT', pool => 'regress_pool')$$);
SET ROLE regress_team;
SELECT pg_temp.must($$create_job('regress_ours', '@daily')$$, $$add_step('regress_ours', 'a', command => 'SELECT')$$);
RESET ROLE;
CREATE FUNCTION pg_temp.rights(as_role name, job text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		c text;
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', as_role);
		FOREACH c IN ARRAY ARRAY['alter_job(%L, comment => ''x'')', 'pause_job(%L)', 'resume_job(%L)', 'add_step(%L, ''x'', command => ''SELECT'')', 'alter_step(%L, ''x'', command => ''TABLE t'')',
				'drop_step(%L, ''x'')', 'next_runs(%L)', 'job_graph(%L)', 'drop_job(%L)'] LOOP
			RETURN NEXT rpad(split_part(c, '(', 1), 12) || split_part(pg_temp.try('SELECT FROM riskml.' || format(c, job)), E'\n', 1);
			EXIT WHEN c LIKE 'job_graph%' AND job = 'regress_ours' AND as_role = 'regress_engineer';
		END LOOP;
		RETURN QUERY SELECT 'sees ' || j.name || ': ' || string_agg(s.step, ', ' ORDER BY s.step) FROM riskml.jobs j JOIN riskml.job_steps s ON s.job = j.name WHERE j.name LIKE 'regress%' GROUP BY j.name ORDER BY 1;
		RESET ROLE;
	END $$;
SELECT pg_temp.rights('regress_other', 'regress_mine');
SELECT pg_temp.rights('regress_team', 'regress_mine');
SELECT pg_temp.rights('regress_watcher', 'regress_mine');
SELECT pg_temp.rights('regress_engineer', 'regress_ours');
SELECT pg_temp.rights('regress_team', 'regress_ours');
-- a name that is taken is taken for everyone
SET ROLE regress_other;
SELECT pg_temp.must($$create_job('regress_mine')$$, $$create_job('regress_others')$$, $$alter_job('regress_others', owner => 'regress_team')$$, $$alter_job('regress_others', new_name => 'regress_mine')$$, $$alter_job('regress_mine', owner => 'regress_other')$$);
-- a function in a condition sees no more than the view shows; nor do statistics
RESET ROLE;
WITH r AS (INSERT INTO riskml.job_run (job_id, kind, interval_start, interval_end, params, state, reason, requested_by)
		SELECT job_id, 'manual', now(), now(), '{}', 'failed', 'reason of ' || name, owner::text FROM riskml.job WHERE name IN ('regress_mine', 'regress_others') RETURNING run_id, job_id)
	INSERT INTO riskml.step_run (run_id, step, attempt, token, state, message)
	SELECT run_id, 'a', n, 0, state, state || ' of ' || name FROM r JOIN riskml.job USING (job_id), (VALUES (1, 'failed'), (2, 'running')) v (n, state);
ANALYZE riskml.job, riskml.job_step, riskml.job_run, riskml.run_step, riskml.step_run;
SET ROLE regress_other;
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SELECT count(*) FROM riskml.jobs WHERE pg_temp.leak(name);
SELECT count(*) FROM riskml.job_steps WHERE pg_temp.leak(command);
SELECT count(*) FROM riskml.runs WHERE pg_temp.leak(reason);
SELECT count(*) FROM riskml.attempts WHERE pg_temp.leak(message);
SELECT count(*) FROM riskml.failures WHERE pg_temp.leak(message);
SELECT count(*) FROM riskml.running WHERE pg_temp.leak(job) AND run_id / (job <> 'regress_mine')::int > 0;
SELECT count(*) FROM riskml.dry_run('regress_mine') WHERE pg_temp.leak(command);
SELECT count(*) FROM pg_stats WHERE schemaname = 'riskml' AND tablename IN ('job', 'job_step', 'job_run', 'run_step', 'step_run');
SELECT count(*) FROM pg_class c, aclexplode(relacl) a WHERE relnamespace = 'riskml'::regnamespace AND relname IN ('job', 'job_step', 'job_run', 'run_step', 'step_run', 'pool', 'adoption') AND a.grantee <> c.relowner;
SET ROLE regress_watcher;
SELECT count(*), count(DISTINCT job) FROM riskml.attempts WHERE pg_temp.leak(message);
RESET ROLE;
DELETE FROM riskml.step_run WHERE token = 0;
DELETE FROM riskml.job_run WHERE reason LIKE 'reason of %';
SET ROLE regress_other;
SELECT kind, transactional FROM riskml.step_kind ORDER BY kind;
-- the caller's settings and objects do not matter
SET search_path = pg_temp, public;
CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz $$;
CREATE TEMP TABLE job (job_id bigint, name text, owner regrole, enabled boolean);
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT riskml.create_job('regress_late', '@hourly', start_at => '2025-01-01');
SELECT next_at > clock_timestamp() FROM riskml.jobs WHERE name = 'regress_late';
RESET standard_conforming_strings;
RESET search_path;
SELECT riskml.drop_job('regress_late');
SELECT current_user, current_setting('search_path');
-- an owner gives a job to a role that it can become
SET ROLE regress_engineer;
SELECT pg_temp.must($$alter_job('regress_mine', owner => 'regress_other')$$, $$alter_job('regress_mine', owner => 'regress_team')$$);
RESET ROLE;
SELECT name, owner FROM riskml.jobs WHERE name IN ('regress_mine', 'regress_others') ORDER BY 1;
-- a job of a role that was dropped is nobody's, except for superusers
CREATE ROLE regress_leaver;
SELECT pg_temp.must($$create_job('regress_left')$$, $$alter_job('regress_left', owner => 'regress_leaver')$$);
DROP ROLE regress_leaver;
SET ROLE regress_engineer;
SELECT pg_temp.must($$pause_job('regress_left')$$), count(*) FROM riskml.jobs WHERE name = 'regress_left';
RESET ROLE;
SELECT pg_temp.must($$pause_job('regress_left')$$, $$alter_job('regress_left', owner => 'regress_engineer')$$);
SELECT name, owner, enabled FROM riskml.jobs WHERE name = 'regress_left';

-- ---- nothing is left behind by what is rolled back
BEGIN;
SELECT riskml.create_job('regress_gone');
SAVEPOINT s;
SELECT riskml.add_step('regress_gone', 'a', command => 'SELECT');
ROLLBACK TO s;
SELECT riskml.job_graph('regress_gone');
ROLLBACK;
SELECT riskml.job_graph('regress_gone');
SELECT count(riskml.drop_job(name)) FROM riskml.jobs WHERE name LIKE 'regress%';
SELECT count(riskml.drop_pool(name)) FROM riskml.pools WHERE name LIKE 'regress%';
DROP OWNED BY regress_engineer, regress_team, regress_other;
DROP ROLE regress_engineer, regress_team, regress_other, regress_watcher;
SELECT count(*) FROM riskml.job;
