# Two hundred jobs of random shape run for a while as users and accidents would have it: runs by hand, backfills,
# cancels, retries, marks, pauses, changes of jobs, owners and limits, jobs dropped, steps and schedulers that are
# ended, processes killed, the server stopped at once.  Steps write down what they did, triggers each state that the engine stored; then queries that know the
# rules look for what breaks them.  First each query has to find a fault that is planted for it.
#   RISKML_SOAK=seconds (45)  RISKML_SOAK_SEED=number (another each time)
use strict;
use warnings FATAL => 'all';

use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{RISKML_SOAK} || 45;
my $seed = $ENV{RISKML_SOAK_SEED} || int(time * 1000) % 1000000007;
my $max_workers = 8;
my $n_jobs = 200;
my %pools = (one => 1, two => 2, three => 3);
my @owners = qw(soak_ann soak_bob soak_eve);

note "soak: RISKML_SOAK_SEED=$seed RISKML_SOAK=$seconds";
srand($seed);

my $node = new_job_node('node', conf => "riskml.max_workers = $max_workers\nlog_statement = none\n"
	  . "log_min_error_statement = panic\nlog_line_prefix = '%m [%p] [%b] '\n");

# ---- what steps and the engine leave behind

$node->safe_psql('postgres', <<SQL);
CREATE SCHEMA soak;
-- what must be: kept by the test, not read from the engine
CREATE TABLE soak.job (name text PRIMARY KEY, adjacent boolean);
CREATE TABLE soak.retried (run bigint);
CREATE TABLE soak.marked (run bigint, step text);
CREATE TABLE soak.dropped (run bigint PRIMARY KEY, at timestamptz);
-- owner and max_active_runs of jobs, slots of pools: each for as long as it was that
CREATE TABLE soak.was (what text, name text, value text, since timestamptz DEFAULT clock_timestamp(), until timestamptz DEFAULT 'infinity');
CREATE INDEX ON soak.was (name, what);
CREATE TABLE soak.limits AS SELECT $max_workers AS max_workers;
-- what steps did; one that commits by itself does it in two pieces
CREATE TABLE soak.effect (run bigint, step text, attempt int, piece int, began timestamptz, ended timestamptz,
	interval_start timestamptz, interval_end timestamptz, who name, session_who name);
CREATE INDEX ON soak.effect (run, step);
-- each state that the engine has stored, in the order in which it did
CREATE TABLE soak.journal (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job bigint, run bigint, step text, attempt int, before text, state text,
	at timestamptz DEFAULT clock_timestamp());
CREATE INDEX ON soak.journal (run, step, seq);

CREATE FUNCTION soak.note_step() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		IF TG_OP = 'INSERT' THEN
			INSERT INTO soak.journal (run, step, attempt, state) VALUES (NEW.run_id, NEW.step, NEW.attempt, NEW.state);
		ELSIF OLD.state <> NEW.state THEN
			INSERT INTO soak.journal (run, step, attempt, before, state) VALUES (NEW.run_id, NEW.step, NEW.attempt, OLD.state, NEW.state);
		END IF;
		RETURN NULL;
	END \$\$;
CREATE TRIGGER soak AFTER INSERT OR UPDATE ON riskml.run_step FOR EACH ROW EXECUTE FUNCTION soak.note_step();
CREATE FUNCTION soak.note_run() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		IF TG_OP = 'INSERT' THEN
			INSERT INTO soak.journal (job, run, state) VALUES (NEW.job_id, NEW.run_id, NEW.state);
		ELSIF OLD.state <> NEW.state THEN
			INSERT INTO soak.journal (job, run, before, state) VALUES (NEW.job_id, NEW.run_id, OLD.state, NEW.state);
		END IF;
		RETURN NULL;
	END \$\$;
CREATE TRIGGER soak AFTER INSERT OR UPDATE ON riskml.job_run FOR EACH ROW EXECUTE FUNCTION soak.note_run();

-- from now on; called by the transaction that makes it so
CREATE FUNCTION soak.becomes(new_what text, new_name text, new_value text) RETURNS void LANGUAGE sql AS \$\$
	WITH u AS (UPDATE soak.was SET until = clock_timestamp() WHERE (what, name, until) = (new_what, new_name, 'infinity'))
	INSERT INTO soak.was (what, name, value) VALUES (new_what, new_name, new_value);
\$\$;
-- what it was at some time from the one instant, or a little before, to the other: the scheduler acts on what it
-- has read a moment ago
CREATE FUNCTION soak.was_between(the_what text, the_name text, first timestamptz, last timestamptz) RETURNS SETOF text STABLE LANGUAGE sql AS \$\$
	SELECT value FROM soak.was WHERE (what, name) = (the_what, the_name) AND since <= last AND until > first - interval '5 s';
\$\$;

-- a step's work: it takes a while and fails, before or after its effect, by a dice that the seed throws
CREATE FUNCTION soak.work(step text, ms int, fails int, piece int DEFAULT 1) RETURNS boolean LANGUAGE plpgsql AS \$\$
	DECLARE
		began timestamptz := clock_timestamp();
		dice int := (hashtext(format('%s %s %s %s %s', $seed, riskml.run_id(), step, riskml.attempt(), piece)) & 65535) % 100;
	BEGIN
		IF dice < fails / 2 THEN
			RAISE EXCEPTION 'bad luck';
		END IF;
		PERFORM pg_sleep(ms / 1000.0);
		INSERT INTO soak.effect VALUES (riskml.run_id(), step, riskml.attempt(), piece, began, clock_timestamp(),
			riskml.interval_start(), riskml.interval_end(), current_user, session_user);
		IF dice < fails THEN
			RAISE EXCEPTION 'worse luck';
		END IF;
		RETURN true;
	END \$\$;
CREATE FUNCTION soak.arrives(step text) RETURNS boolean LANGUAGE plpgsql AS \$\$
	BEGIN
		RETURN random() < 0.4 AND soak.work(step, 5, 5);
	END \$\$;
-- some take their time to commit
CREATE FUNCTION soak.linger() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END \$\$;
CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON soak.effect DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.run % 5 = 0) EXECUTE FUNCTION soak.linger();

GRANT USAGE ON SCHEMA soak TO PUBLIC;
GRANT INSERT ON soak.effect TO PUBLIC;
SQL
for my $owner (@owners)
{
	query_value($node, "CREATE ROLE $owner LOGIN");
	query_value($node, "SELECT format('GRANT EXECUTE ON FUNCTION %s TO $owner', oid::regprocedure) FROM pg_proc WHERE proname = 'create_job' \\gexec");
}
for my $pool (sort keys %pools)
{
	query_value($node, "SELECT riskml.create_pool('$pool', $pools{$pool}); SELECT soak.becomes('pool', '$pool', '$pools{$pool}')");
}

# ---- the checker

# What several rules need.
$node->safe_psql('postgres', <<'SQL');
-- the steps behind those that run on failure, which these do not look at
CREATE VIEW soak.behind_failure AS
	WITH RECURSIVE b AS (
		SELECT run_id, step FROM riskml.run_step WHERE after = '{}' AND trigger_rule = 'one_failed'
		UNION
		SELECT s.run_id, s.step FROM b JOIN riskml.run_step s ON s.run_id = b.run_id AND b.step = ANY (s.after))
	SELECT * FROM b;
-- the steps that each step looks at
CREATE VIEW soak.parent AS
	SELECT run_id, step, unnest(after) AS parent FROM riskml.run_step
	UNION ALL
	SELECT s.run_id, s.step, p.step FROM riskml.run_step s JOIN riskml.run_step p USING (run_id)
	WHERE s.after = '{}' AND s.trigger_rule = 'one_failed'
		AND (p.run_id, p.step) NOT IN (SELECT run_id, step FROM soak.behind_failure);
-- how a step stands, and what it looks at; tries: attempts since the run was created or retried last
CREATE VIEW soak.standing AS
	SELECT s.run_id, s.step, s.kind, s.trigger_rule, s.retries, s.attempt, s.state, r.cancel_at IS NOT NULL AS cancelled,
		s.attempt - coalesce((SELECT j.attempt FROM soak.journal j WHERE j.run = s.run_id AND j.step = s.step
			AND j.state = 'waiting' AND j.before IS NOT NULL ORDER BY j.seq DESC LIMIT 1), 0) AS tries,
		l.state AS last_state, l.sqlstate AS last_sqlstate, EXISTS (SELECT FROM soak.marked m WHERE m.run = s.run_id) AS marked_run,
		EXISTS (SELECT FROM soak.marked m WHERE (m.run, m.step) = (s.run_id, s.step)) AS marked, p.*
	FROM riskml.run_step s JOIN riskml.job_run r USING (run_id)
	LEFT JOIN riskml.step_run l ON l.run_id = s.run_id AND l.step = s.step AND l.attempt = s.attempt,
	LATERAL (SELECT coalesce(bool_or(q.state IN ('failed', 'upstream_failed', 'cancelled')), false) AS any_failed,
			coalesce(bool_or(q.state = 'skipped'), false) AS any_skipped, coalesce(bool_and(q.state = 'success'), true) AS all_success
		FROM soak.parent p JOIN riskml.run_step q ON q.run_id = p.run_id AND q.step = p.parent
		WHERE p.run_id = s.run_id AND p.step = s.step) p;
SQL

# [rule, query for a text about each thing that breaks it]
my @rules = (
	['effect missing', <<'SQL'],
SELECT format('run %s step %s attempt %s piece %s', a.run_id, a.step, a.attempt, p)
FROM riskml.step_run a JOIN riskml.run_step s USING (run_id, step),
	generate_series(1, CASE s.kind WHEN 'sql_no_transaction' THEN 2 ELSE 1 END) p
WHERE a.state = 'success' AND NOT EXISTS
	(SELECT FROM soak.effect e WHERE (e.run, e.step, e.attempt, e.piece) = (a.run_id, a.step, a.attempt, p))
SQL
	['effect doubled', <<'SQL'],
SELECT format('run %s step %s attempt %s', run, step, attempt) FROM soak.effect GROUP BY run, step, attempt, piece HAVING count(*) > 1
SQL
	# a retry_run may want a step once more
	['step succeeded twice', <<'SQL'],
SELECT format('run %s step %s', run_id, step) FROM riskml.step_run a WHERE state = 'success' GROUP BY run_id, step
HAVING count(*) > 1 + (SELECT count(*) FROM soak.journal j WHERE j.run = run_id AND j.step = a.step AND j.before = 'success' AND j.state = 'waiting')
SQL
	['effect of what failed', <<'SQL'],
SELECT format('run %s step %s attempt %s: %s', e.run, e.step, e.attempt, a.state)
FROM soak.effect e LEFT JOIN riskml.run_step s ON (s.run_id, s.step) = (e.run, e.step)
LEFT JOIN riskml.step_run a ON (a.run_id, a.step, a.attempt) = (e.run, e.step, e.attempt)
WHERE (a.state IS NULL OR (s.kind <> 'sql_no_transaction' AND a.state NOT IN ('success', 'cancelled')))
	AND NOT EXISTS (SELECT FROM soak.dropped d WHERE d.run = e.run)
SQL
	['effect of what was cancelled', <<'SQL'],
SELECT format('run %s step %s attempt %s', e.run, e.step, e.attempt)
FROM soak.effect e JOIN riskml.run_step s ON (s.run_id, s.step) = (e.run, e.step)
JOIN riskml.step_run a ON (a.run_id, a.step, a.attempt) = (e.run, e.step, e.attempt)
WHERE s.kind <> 'sql_no_transaction' AND a.state = 'cancelled'
SQL
	# by the clock: what is to succeed first has done so
	['began too early', <<'SQL'],
SELECT format('run %s step %s attempt %s before %s', e.run, e.step, e.attempt, p.parent)
FROM soak.effect e JOIN riskml.run_step s ON (s.run_id, s.step) = (e.run, e.step) JOIN soak.parent p ON (p.run_id, p.step) = (s.run_id, s.step)
WHERE s.trigger_rule = 'all_success'
	AND NOT EXISTS (SELECT FROM soak.effect f WHERE f.run = e.run AND f.step = p.parent AND f.ended <= e.began)
	AND NOT EXISTS (SELECT FROM soak.marked m WHERE (m.run, m.step) = (e.run, p.parent))
SQL
	# by the order of states
	['queued against its rule', <<'SQL'],
SELECT format('run %s step %s, %s: %s', j.run, j.step, s.trigger_rule, states)
FROM soak.journal j JOIN riskml.run_step s ON (s.run_id, s.step) = (j.run, j.step),
LATERAL (SELECT array_agg(state) AS states FROM soak.parent p,
	LATERAL (SELECT state FROM soak.journal b WHERE b.run = p.run_id AND b.step = p.parent AND b.seq < j.seq ORDER BY b.seq DESC LIMIT 1) l
	WHERE p.run_id = j.run AND p.step = j.step) p
WHERE j.before = 'waiting' AND j.state = 'queued' AND NOT CASE s.trigger_rule
	WHEN 'all_success' THEN coalesce(states <@ '{success}', true)
	WHEN 'all_done' THEN coalesce(states <@ '{success,failed,upstream_failed,skipped,cancelled}', true)
	WHEN 'one_failed' THEN coalesce(states && '{failed,upstream_failed,cancelled}', false)
	WHEN 'none_failed' THEN coalesce(states <@ '{success,skipped}', true) END
SQL
	['state does not follow another', <<'SQL'],
SELECT format('run %s step %s: %s -> %s', run, step, before, state) FROM soak.journal j
WHERE (step IS NOT NULL AND NOT (state = 'success' AND before <> 'success' AND (run, step) IN (SELECT run, step FROM soak.marked))
	AND (coalesce(before, ''), state) NOT IN (('', 'waiting'),
	('waiting', 'queued'), ('waiting', 'upstream_failed'), ('waiting', 'skipped'), ('waiting', 'cancelled'),
	('queued', 'running'), ('queued', 'cancelled'),
	('running', 'success'), ('running', 'failed'), ('running', 'queued'), ('running', 'cancelled'),
	('failed', 'waiting'), ('upstream_failed', 'waiting'), ('cancelled', 'waiting'), ('success', 'waiting'), ('skipped', 'waiting')))
	OR (step IS NULL AND NOT (before = 'success' AND state = 'waiting' AND run IN (SELECT run FROM soak.marked))
	AND (coalesce(before, ''), state) NOT IN (('', 'waiting'), ('', 'skipped'),
	('waiting', 'running'), ('waiting', 'cancelled'),
	('running', 'success'), ('running', 'failed'), ('running', 'cancelled'), ('failed', 'waiting'), ('cancelled', 'waiting')))
SQL
	['begun anew unasked', <<'SQL'],
SELECT format('run %s step %s', run, step) FROM soak.journal j WHERE state = 'waiting' AND before IS NOT NULL GROUP BY run, step
HAVING count(*) > (SELECT count(*) FROM soak.retried r WHERE r.run = j.run) + (SELECT count(*) FROM soak.marked m WHERE m.run = j.run)
SQL
	['wrong state of a step', <<'SQL'],
SELECT format('run %s step %s: %s, %s of %s tries, %s', run_id, step, state, tries, retries + 1, trigger_rule) FROM soak.standing WHERE NOT CASE
	WHEN marked AND state = 'success' THEN true
	-- those that it looked at may have been marked since
	WHEN NOT marked_run AND state IN ('success', 'failed') AND NOT CASE trigger_rule WHEN 'all_success' THEN all_success WHEN 'all_done' THEN true
		WHEN 'one_failed' THEN any_failed WHEN 'none_failed' THEN NOT any_failed END THEN false
	WHEN state = 'success' THEN last_state = 'success' AND tries > 0
	WHEN state = 'failed' THEN last_state = 'failed' AND (tries > retries OR last_sqlstate LIKE '28%')
	WHEN state = 'upstream_failed' THEN any_failed AND trigger_rule IN ('all_success', 'none_failed') AND tries = 0
	WHEN state = 'skipped' THEN tries = 0 AND CASE trigger_rule WHEN 'all_success' THEN any_skipped WHEN 'one_failed' THEN NOT any_failed ELSE false END
	WHEN state = 'cancelled' THEN cancelled AND (tries = 0 OR last_state IN ('cancelled', 'failed'))
	ELSE true END	-- active ones have a rule of their own
SQL
	['wrong state of a run', <<'SQL'],
SELECT format('run %s: %s instead of %s', run_id, state, due) FROM
	(SELECT run_id, state, CASE WHEN reason = 'an earlier run was still going on' THEN 'skipped'
		WHEN cancel_at IS NOT NULL THEN CASE reason WHEN 'timeout' THEN 'failed' ELSE 'cancelled' END
		WHEN EXISTS (SELECT FROM riskml.run_step s WHERE s.run_id = r.run_id AND s.state IN ('failed', 'cancelled')) THEN 'failed'
		ELSE 'success' END AS due
	FROM riskml.job_run r) r
WHERE state <> due AND state NOT IN ('waiting', 'running')
SQL
	['skipped for nothing', <<'SQL'],
SELECT format('run %s', j.run)
FROM soak.journal j JOIN riskml.job ON job.job_id = j.job
WHERE j.step IS NULL AND j.state = 'skipped' AND (SELECT min(v::int) FROM soak.was_between('runs', name, j.at, j.at) v) >
	(SELECT count(*) FROM (SELECT DISTINCT ON (run) state FROM soak.journal b
		WHERE b.job = j.job AND b.step IS NULL AND b.seq < j.seq ORDER BY run, seq DESC) l
	WHERE l.state IN ('waiting', 'running'))
SQL
	['too many retries', <<'SQL'],
SELECT format('run %s step %s: %s attempts', run_id, step, n)
FROM (SELECT run_id, step, retries, b.attempt - lag(b.attempt, 1, 0) OVER (PARTITION BY run_id, step ORDER BY b.attempt) AS n
	FROM riskml.run_step s, LATERAL (SELECT s.attempt UNION ALL SELECT j.attempt FROM soak.journal j
		WHERE j.run = s.run_id AND j.step = s.step AND j.state = 'waiting') b) t
WHERE n > retries + 1
SQL
	['attempts not numbered', <<'SQL'],
SELECT format('run %s step %s: %s of %s', s.run_id, s.step, count(a.attempt), s.attempt)
FROM riskml.run_step s LEFT JOIN riskml.step_run a USING (run_id, step) GROUP BY s.run_id, s.step
HAVING count(a.attempt) <> s.attempt OR coalesce(max(a.attempt), 0) <> s.attempt
SQL
	# when one begins; a limit that was lowered ends none
	['pool overfull', <<'SQL'],
SELECT format('pool %s: %s at %s', pool, n, at) FROM
	(SELECT pool, at, d, started_at, sum(d) OVER (PARTITION BY pool ORDER BY at, d ROWS UNBOUNDED PRECEDING) AS n
	FROM soak.effect e JOIN riskml.run_step s ON (s.run_id, s.step) = (e.run, e.step)
	JOIN riskml.step_run a ON (a.run_id, a.step, a.attempt) = (e.run, e.step, e.attempt),
	LATERAL (VALUES (began, 1), (ended, -1)) v (at, d) WHERE pool IS NOT NULL) t
WHERE d = 1 AND n > (SELECT max(v::int) FROM soak.was_between('pool', pool, least(started_at, at), at) v)
UNION ALL
SELECT format('pool %s: %s running at %s', pool, n, seq) FROM
	(SELECT pool, seq, at, j.state, sum(CASE WHEN j.state = 'running' THEN 1 WHEN j.before = 'running' THEN -1 END) OVER (PARTITION BY pool ORDER BY seq) AS n
	FROM soak.journal j JOIN riskml.run_step s ON (s.run_id, s.step) = (j.run, j.step) WHERE pool IS NOT NULL) t
WHERE state = 'running' AND n > (SELECT max(v::int) FROM soak.was_between('pool', pool, at, at) v)
SQL
	['too many workers', <<'SQL'],
SELECT format('%s at %s', n, at) FROM
	(SELECT at, sum(d) OVER (ORDER BY at, d ROWS UNBOUNDED PRECEDING) AS n FROM soak.effect, LATERAL (VALUES (began, 1), (ended, -1)) v (at, d)) t
WHERE n > (SELECT max_workers FROM soak.limits)
UNION ALL
SELECT format('%s running at %s', n, seq) FROM
	(SELECT seq, sum(CASE WHEN state = 'running' THEN 1 WHEN before = 'running' THEN -1 END) OVER (ORDER BY seq) AS n FROM soak.journal WHERE step IS NOT NULL) t
WHERE n > (SELECT max_workers FROM soak.limits)
SQL
	['too many active runs', <<'SQL'],
WITH e AS (SELECT name, started_at, e.* FROM soak.effect e JOIN riskml.job_run r ON r.run_id = e.run JOIN riskml.job USING (job_id))
SELECT format('job %s at %s', e.name, e.began) FROM e JOIN e f ON f.name = e.name AND f.began <= e.began AND e.began < f.ended
GROUP BY e.name, e.began HAVING count(DISTINCT f.run) >
	(SELECT max(v::int) FROM soak.was_between('runs', e.name, least(max(f.started_at), e.began), e.began) v)
UNION ALL
SELECT format('job %s: %s running at %s', name, n, seq) FROM
	(SELECT job, seq, at, state, sum(CASE WHEN state = 'running' THEN 1 WHEN before = 'running' THEN -1 END) OVER (PARTITION BY job ORDER BY seq) AS n FROM soak.journal WHERE step IS NULL) t
JOIN riskml.job ON job_id = job WHERE state = 'running' AND n > (SELECT max(v::int) FROM soak.was_between('runs', name, at, at) v)
SQL
	['interval twice', <<'SQL'],
SELECT format('job %s interval to %s', job_id, interval_end) FROM riskml.job_run WHERE kind <> 'manual' AND state <> 'skipped' GROUP BY job_id, interval_end HAVING count(*) > 1
SQL
	['intervals with a gap', <<'SQL'],
SELECT format('job %s: run %s from %s, after %s', name, run_id, interval_start, last) FROM
	(SELECT job_id, run_id, interval_start, lag(interval_end) OVER (PARTITION BY job_id ORDER BY interval_end) AS last
	FROM riskml.job_run WHERE kind = 'scheduled') t JOIN riskml.job USING (job_id) JOIN soak.job w USING (name)
WHERE w.adjacent AND interval_start <> last
SQL
	['wrong interval', <<'SQL'],
SELECT format('run %s step %s', e.run, e.step) FROM soak.effect e JOIN riskml.job_run r ON r.run_id = e.run
WHERE (e.interval_start, e.interval_end) IS DISTINCT FROM (r.interval_start, r.interval_end)
SQL
	['as somebody else', <<'SQL'],
SELECT format('run %s step %s: %s, %s', e.run, e.step, e.who, e.session_who)
FROM soak.effect e JOIN riskml.job_run r ON r.run_id = e.run JOIN riskml.job USING (job_id)
LEFT JOIN riskml.step_run a ON (a.run_id, a.step, a.attempt) = (e.run, e.step, e.attempt)
WHERE e.who <> e.session_who OR e.who::text NOT IN (SELECT soak.was_between('owner', name, least(a.started_at, e.ended), e.ended))
SQL
	['mark not audited', <<'SQL'],
SELECT format('run %s step %s', run, step) FROM
	(SELECT run, step FROM soak.marked
	EXCEPT ALL SELECT m[1]::bigint, m[2] FROM riskml.audit_log, regexp_match(detail, '^job, run (\d+), step (.*)$') m WHERE action = 'mark_success') t
SQL
	['left behind by a drop', <<'SQL'],
SELECT format('step %s', step) FROM riskml.job_step WHERE job_id NOT IN (SELECT job_id FROM riskml.job)
UNION ALL SELECT format('run %s', run_id) FROM riskml.job_run WHERE job_id NOT IN (SELECT job_id FROM riskml.job)
UNION ALL SELECT format('run %s step %s', run_id, step) FROM riskml.run_step WHERE run_id NOT IN (SELECT run_id FROM riskml.job_run)
UNION ALL SELECT format('run %s step %s attempt %s', run_id, step, attempt) FROM riskml.step_run WHERE run_id NOT IN (SELECT run_id FROM riskml.job_run)
SQL
	['run after its job was dropped', <<'SQL'],
SELECT format('run %s step %s', run, step) FROM soak.effect JOIN soak.dropped USING (run) WHERE ended > at
UNION ALL SELECT format('run %s step %s: %s', run, step, state) FROM soak.journal j JOIN soak.dropped d USING (run) WHERE j.at > d.at
SQL
	['left active', <<'SQL'],
SELECT format('run %s', run_id) FROM riskml.job_run WHERE state IN ('waiting', 'running') OR ended_at IS NULL
UNION ALL SELECT format('run %s step %s', run_id, step) FROM riskml.run_step WHERE state IN ('waiting', 'queued', 'running')
UNION ALL SELECT format('run %s step %s attempt %s', run_id, step, attempt) FROM riskml.step_run WHERE state IN ('starting', 'running') OR ended_at IS NULL
SQL
);
query_value($node, "CREATE VIEW soak.violation AS\n"
	  . join("\nUNION ALL\n", map { "SELECT '$_->[0]' AS rule, what FROM ($_->[1]) v (what)" } @rules));

# ---- jobs

# SQL that defines a job: options of create_job, then [step, arguments of add_step].
sub define
{
	my ($name, $owner, $max_active_runs, $adjacent, $options, @steps) = @_;

	return "SET ROLE $owner; SELECT riskml.create_job('$name', max_active_runs => $max_active_runs, $options);"
	  . join('', map { "SELECT riskml.add_step('$name', '$_->[0]', $_->[1]);" } @steps)
	  . "RESET ROLE; INSERT INTO soak.job VALUES ('$name', $adjacent);"
	  . "SELECT soak.becomes('owner', '$name', '$owner'); SELECT soak.becomes('runs', '$name', '$max_active_runs');\n";
}

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand(100) < $_[0] }

sub random_step
{
	my ($step, @earlier) = @_;
	my $kind = chance(8) ? 'sql_no_transaction' : chance(6) ? 'wait' : 'sql';
	my $fails = pick(0, 0, 0, 10, 40);
	my $ms = pick(1, 5, 20, 60, 150);
	my $work = "SELECT soak.work(''$step'', $ms, $fails";
	my $command = { sql => "$work)", sql_no_transaction => "$work); $work, 2)", wait => "SELECT soak.arrives(''$step'')" }->{$kind};
	my @after = grep { chance(40) } @earlier;
	my $rule = chance(55) ? 'all_success' : pick(qw(all_done one_failed none_failed));

	return [ $step, "kind => '$kind', command => '$command', after => '{" . join(',', @after) . "}', trigger_rule => '$rule'"
		  . ($kind eq 'wait' ? ", params => '{\"every\": 0.1}'" : '')
		  . (chance(30) ? ", pool => '" . pick(sort keys %pools) . "'" : '')
		  . (chance(30) ? ', retries => ' . int(rand(4)) : '')
		  . (chance(10) ? ", timeout => '0.1 s'" : '') ];
}

sub random_job
{
	my ($n) = @_;
	my $catchup = pick(qw(none last all));
	my @names;
	my @steps;

	for my $i (1 .. 1 + int(rand(8)))
	{
		push @steps, random_step("s$i", @names);
		push @names, "s$i";
	}
	my $schedule = 1 + int(rand(7));
	return define("job$n", pick(@owners), 1 + int(rand(3)), $catchup eq 'all' ? 'true' : 'false',
		"schedule => '$schedule second" . ($schedule > 1 ? 's' : '') . "', catchup => '$catchup', overlap => '" . pick(qw(skip queue cancel))
		  . "', retries => " . int(rand(3)) . ", retry_delay => '" . pick(0, 0.05, 0.2) . " s', retry_backoff => " . pick(1, 2)
		  . (chance(15) ? ", timeout => '1 s'" : '') . (chance(10) ? ", deadline => '2 s'" : '') . ', enabled => false', @steps);
}

sub unfinished { return "SELECT count(*) FROM riskml.job_run WHERE state IN ('waiting', 'running')" }

sub violations
{
	return query_value($node, "SELECT rule || ': ' || count(*) || ', such as ' || min(what) FROM soak.violation GROUP BY rule ORDER BY rule");
}

# ---- the checker finds what is planted

my $work = "command => 'SELECT soak.work(''%s'', 5, 0)'";
my $a = sprintf($work, 'a');
my $b = sprintf($work, 'b') . ", after => '{a}'";
query_value($node, define('chain', $owners[0], 1, 'false', 'retries => 1', [ 'a', $a ], [ 'b', $b ])
	  . define('ticks', $owners[0], 1, 'true', "schedule => '1 second', catchup => 'all', overlap => 'queue', start_at => date_trunc('second', now()) - interval '4 s'", [ 'a', $a ])
	  . define('loose', $owners[1], 1, 'false', "schedule => '1 second', catchup => 'last'", [ 'a', $a ])
	  . define('fails', $owners[1], 1, 'false', "retries => 1, retry_delay => '0'", [ 'a', "command => 'SELECT 1 / 0'" ], [ 'b', $b ])
	  . define('second', $owners[1], 1, 'false', "retries => 1, retry_delay => '0'", [ 'a', "command => 'SELECT 1 / (riskml.attempt() - 1), soak.work(''a'', 5, 0)'" ])
	  . define('pieces', $owners[2], 1, 'false', 'retries => 0', [ 'a', "kind => 'sql_no_transaction', command => 'SELECT soak.work(''a'', 5, 0); SELECT soak.work(''a'', 5, 0, 2)'" ])
	  . define('long', $owners[2], 1, 'false', 'retries => 1', [ 'a', "command => 'SELECT pg_sleep(60)'" ])
	  . define('wide', $owners[2], 1, 'false', 'retries => 0', map { [ "s$_", sprintf($work, "s$_") . ($_ > 9 ? ", pool => 'one'" : '') ] } 1 .. 11));
my %run;
for my $job (qw(chain fails second pieces long wide))
{
	$run{$job} = query_value($node, "SELECT riskml.run_job('$job')");
}
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running WHERE run_id = $run{long}") or die;
query_value($node, "SELECT riskml.cancel_run($run{long})");
$node->poll_query_until('postgres', "SELECT min(n) > 2 FROM (SELECT count(*) FILTER (WHERE r.state = 'success') AS n FROM riskml.job j LEFT JOIN riskml.job_run r USING (job_id) WHERE j.name IN ('ticks', 'loose') GROUP BY j.name) t") or die;
query_value($node, "SELECT riskml.pause_job(name) FROM riskml.jobs");
wait_for($node, unfinished(), '0', 'some jobs have run');
is(violations(), '', 'all is well with them');

my $runs_of = "SELECT run_id FROM riskml.job_run JOIN riskml.job USING (job_id) WHERE kind = 'scheduled' AND state = 'success' AND name";
my $effect = 'soak.effect (run, step, attempt, piece, began, ended, interval_start, interval_end, who, session_who)';
# An effect that step a of a run did not have.
my $copy = "INSERT INTO $effect SELECT r.run_id, 'a', 1, 1, now(), now(), r.interval_start, r.interval_end, j.owner::text, j.owner::text FROM riskml.job_run r JOIN riskml.job j USING (job_id) WHERE run_id =";
# Steps of a run that begin before one of them ends.
sub at_once
{
	my ($first, $last) = @_;
	return join(';', map { "INSERT INTO soak.journal (run, step, attempt, before, state) SELECT $run{wide}, 's' || g, 1, $_ FROM generate_series($first, $last) g" }
		  q('queued', 'running'), q('running', 'success'));
}

my %planted;
for my $fault (
	['effect missing', "DELETE FROM soak.effect WHERE run = $run{chain} AND step = 'b'"],
	['effect missing', "DELETE FROM soak.effect WHERE run = $run{pieces} AND piece = 2"],
	['effect doubled', "INSERT INTO soak.effect SELECT * FROM soak.effect WHERE run = $run{chain} AND step = 'b'"],
	['step succeeded twice', "UPDATE riskml.step_run SET state = 'success' WHERE run_id = $run{second}; $copy $run{second}"],
	['effect of what failed', "$copy $run{fails}"],
	['effect of what failed', "DELETE FROM riskml.step_run WHERE run_id = $run{pieces}; UPDATE riskml.run_step SET attempt = 0, state = 'cancelled' WHERE run_id = $run{pieces};"
		  . "UPDATE riskml.job_run SET cancel_at = now(), state = 'cancelled' WHERE run_id = $run{pieces}"],
	['effect of what was cancelled', "$copy $run{long}"],
	['began too early', "UPDATE soak.effect SET began = began - interval '1 h' WHERE run = $run{chain} AND step = 'b'"],
	['queued against its rule', "UPDATE soak.journal SET state = 'failed' WHERE run = $run{chain} AND step = 'a' AND state = 'success'"],
	['state does not follow another', "UPDATE soak.journal SET before = 'waiting' WHERE run = $run{chain} AND step IS NULL AND state = 'success';"
		  . "UPDATE soak.journal SET before = 'failed' WHERE run = $run{chain} AND step IS NULL AND state = 'running'"],
	['state does not follow another', "INSERT INTO soak.journal (run, step, attempt, before, state) VALUES ($run{fails}, 'a', 2, 'failed', 'success')"],
	['begun anew unasked', "INSERT INTO soak.journal (run, step, attempt, before, state) VALUES ($run{fails}, 'b', 0, 'upstream_failed', 'waiting')"],
	['wrong state of a step', "UPDATE riskml.run_step SET state = 'skipped' WHERE run_id = $run{fails} AND step = 'b'"],
	['wrong state of a step', "UPDATE riskml.run_step SET trigger_rule = 'all_done' WHERE run_id = $run{fails} AND step = 'b'"],
	['wrong state of a step', "UPDATE riskml.run_step SET retries = 2 WHERE run_id = $run{fails} AND step = 'a'"],
	['wrong state of a step', "UPDATE riskml.run_step SET state = 'success' WHERE run_id = $run{long}; UPDATE riskml.job_run SET state = 'cancelled' WHERE run_id = $run{long}"],
	['wrong state of a run', "UPDATE riskml.job_run SET state = 'failed' WHERE run_id = $run{chain}"],
	['wrong state of a run', "UPDATE riskml.job_run SET state = 'success' WHERE run_id = $run{fails}"],
	['skipped for nothing', 'INSERT INTO soak.journal (job, run, state) SELECT max(job_id), 0, \'skipped\' FROM riskml.job'],
	['too many retries', "UPDATE riskml.run_step SET retries = 0 WHERE run_id = $run{second}"],
	['attempts not numbered', "DELETE FROM riskml.step_run WHERE run_id = $run{second} AND attempt = 1"],
	['pool overfull', "UPDATE soak.effect SET began = now(), ended = now() + interval '1 s' WHERE run = $run{wide} AND step IN ('s10', 's11')"],
	['pool overfull', at_once(10, 11)],
	['pool overfull', "UPDATE soak.was SET value = 0 WHERE (what, name) = ('pool', 'one')"],
	['pool overfull', "UPDATE soak.was SET until = now() - interval '1 h' WHERE (what, name) = ('pool', 'one'); INSERT INTO soak.was (what, name, value, since) VALUES ('pool', 'one', 0, now() - interval '1 h')"],
	['too many workers', "UPDATE soak.effect SET began = now(), ended = now() + interval '1 s' WHERE run = $run{wide} AND step NOT IN ('s10', 's11')"],
	['too many workers', at_once(1, 9)],
	['too many active runs', "UPDATE soak.effect SET began = now(), ended = now() + interval '1 s' WHERE run IN ($runs_of = 'loose')"],
	['too many active runs', "DELETE FROM soak.journal WHERE run = ($runs_of = 'loose' ORDER BY run_id LIMIT 1) AND step IS NULL AND state = 'success'"],
	['too many active runs', "UPDATE soak.was SET value = 0 WHERE (what, name) = ('runs', 'loose')"],
	['interval twice', "DROP INDEX riskml.job_run_interval; UPDATE riskml.job_run SET (interval_start, interval_end) = (now(), now()) WHERE run_id IN ($runs_of = 'loose');"
		  . "UPDATE soak.effect SET (interval_start, interval_end) = (now(), now()) WHERE run IN ($runs_of = 'loose')"],
	['intervals with a gap', "UPDATE riskml.job_run SET interval_start = interval_start + interval '0.1 s' WHERE run_id = ($runs_of = 'ticks' ORDER BY run_id OFFSET 1 LIMIT 1);"
		  . "UPDATE soak.effect SET interval_start = interval_start + interval '0.1 s' WHERE run = ($runs_of = 'ticks' ORDER BY run_id OFFSET 1 LIMIT 1)"],
	['wrong interval', "UPDATE soak.effect SET interval_end = now() WHERE run = $run{chain} AND step = 'a'"],
	['as somebody else', "UPDATE soak.effect SET session_who = current_user WHERE run = $run{chain} AND step = 'a'"],
	['as somebody else', "UPDATE soak.was SET since = now() WHERE (what, name) = ('owner', 'chain')"],
	['as somebody else', "UPDATE soak.was SET until = now() - interval '1 h' WHERE (what, name) = ('owner', 'chain')"],
	['mark not audited', "INSERT INTO soak.marked VALUES ($run{fails}, 'a')"],
	['left behind by a drop', "DELETE FROM riskml.job WHERE name = 'chain'"],
	['left behind by a drop', "DELETE FROM riskml.job_step; INSERT INTO riskml.job_step SELECT 0, step, kind, command, after, trigger_rule, retries, timeout, pool, params FROM riskml.run_step WHERE run_id = $run{long}"],
	['run after its job was dropped', "INSERT INTO soak.dropped VALUES ($run{chain}, now() - interval '1 h')"],
	['left active', "UPDATE riskml.step_run SET state = 'running' WHERE run_id = $run{second} AND attempt = 1"],
	['left active', "UPDATE riskml.run_step SET state = 'queued' WHERE run_id = $run{fails} AND step = 'b'"],
	['left active', "UPDATE riskml.job_run SET state = 'waiting' WHERE run_id = $run{chain}"])
{
	my ($rule, $sql) = @$fault;
	$planted{$rule} = 1;
	# as a replica, so that no trigger writes down what was planted
	is(query_value($node, "BEGIN; SET LOCAL session_replication_role = replica; $sql; SELECT string_agg(DISTINCT rule, ', ') FROM soak.violation; ROLLBACK"),
		$rule, "a planted fault is found: $rule");
}
is(join(', ', grep { !$planted{$_} } map { $_->[0] } @rules), '', 'each rule has one');

# ---- the soak

query_value($node, join('', map { random_job($_) } 1 .. $n_jobs));

# What users do, each by a number from 0 to 1 that chooses whom it is done to.
my $backlog = '(' . unfinished() . ')';
my %acts = (
	# a few jobs run at a time, more if there is little to do; those that ran little come first
	toggle => "SELECT CASE WHEN $backlog < 40 THEN riskml.resume_job(name) ELSE riskml.pause_job(name) END FROM"
	  . " (SELECT name FROM riskml.job j WHERE enabled = ($backlog >= 40) AND name LIKE 'job%'"
	  . " ORDER BY (SELECT count(*) FROM riskml.job_run r WHERE r.job_id = j.job_id) * CASE WHEN enabled THEN -1 ELSE 1 END, job_id OFFSET floor(%r * 5) LIMIT 1) j",
	pause => "SELECT riskml.pause_job(name) FROM (SELECT name FROM riskml.job WHERE enabled ORDER BY job_id OFFSET floor(%r * (SELECT count(*) FROM riskml.job WHERE enabled)) LIMIT 1) j",
	run => "SELECT riskml.run_job('job' || 1 + floor(%r * $n_jobs))",
	backfill => "SELECT riskml.backfill(name, now() - interval '6 s', now()) FROM riskml.job JOIN soak.job w USING (name) WHERE name = 'job' || 1 + floor(%r * $n_jobs) AND NOT adjacent",
	cancel => "SELECT riskml.cancel_run(run_id) FROM (SELECT run_id FROM riskml.job_run WHERE state IN ('waiting', 'running') ORDER BY run_id OFFSET floor(%r * $backlog) LIMIT 1) r",
	retry => "INSERT INTO soak.retried SELECT run_id FROM (SELECT run_id FROM riskml.job_run JOIN riskml.job USING (job_id) WHERE state IN ('failed', 'cancelled') AND name LIKE 'job%' ORDER BY run_id DESC LIMIT 40) r"
	  . " ORDER BY run_id OFFSET floor(%r * 40) LIMIT 1 RETURNING riskml.retry_run(run)",
	alter => "SELECT riskml.alter_job(name, retries => floor(%r * 30)::int %% 4, overlap => ('{skip,queue,cancel}'::text[])[1 + floor(%r * 300)::int %% 3],"
	  . " schedule => CASE WHEN NOT adjacent THEN 2 + floor(%r * 600)::int %% 6 || ' seconds' END) FROM soak.job WHERE name = 'job' || 1 + floor(%r * $n_jobs)",
	mark => "INSERT INTO soak.marked SELECT run_id, step FROM (SELECT s.run_id, s.step FROM riskml.run_step s JOIN riskml.job_run USING (run_id) JOIN riskml.job USING (job_id)"
	  . " WHERE s.state NOT IN ('success', 'running') AND name LIKE 'job%' ORDER BY s.run_id DESC, s.step LIMIT 100) s ORDER BY run_id, step OFFSET floor(%r * 100) LIMIT 1"
	  . " RETURNING riskml.mark_success(run, step, 'by hand')",
	owner => "SELECT soak.becomes('owner', name, owner), riskml.alter_job(name, owner => owner) FROM (SELECT 'job' || 1 + floor(%r * $n_jobs) AS name, (ARRAY['"
	  . join("','", @owners) . "'])[1 + floor(%r * 3000)::int %% 3] AS owner) o",
	runs => "SELECT soak.becomes('runs', name, n::text), riskml.alter_job(name, max_active_runs => n) FROM (SELECT 'job' || 1 + floor(%r * $n_jobs) AS name, 1 + floor(%r * 3000)::int %% 3 AS n) o",
	slots => "SELECT soak.becomes('pool', name, n::text), riskml.alter_pool(name, n) FROM (SELECT name, floor(%r * 4)::int AS n FROM riskml.pool ORDER BY name OFFSET floor(%r * 300)::int %% 3 LIMIT 1) p",
	workers => "ALTER SYSTEM SET riskml.max_workers = %w; SELECT pg_reload_conf()",
	terminate => "SELECT pg_terminate_backend(pid) FROM riskml.running WHERE pid IS NOT NULL ORDER BY run_id LIMIT 1",
	cancel_step => "SELECT pg_cancel_backend(pid) FROM riskml.running WHERE pid IS NOT NULL ORDER BY run_id DESC LIMIT 1");
my @act_names = ((('toggle') x 12), (('run') x 3), (('cancel') x 3), (('retry') x 4), (('mark') x 4), (('alter') x 2), (('owner') x 2), (('runs') x 2), qw(drop slots pause pause backfill workers terminate cancel_step));
my %done = map { $_ => 0 } keys %acts, qw(drop step scheduler launcher stop restart);
my @unexpected;

# One that is not running any more goes with all that it did, and another of its name comes.
sub drop_and_define
{
	my $n = query_value($node, "SELECT substr(name, 4) FROM riskml.job j WHERE name LIKE 'job%' AND EXISTS (SELECT FROM riskml.job_run r WHERE r.job_id = j.job_id)"
		  . " AND NOT EXISTS (SELECT FROM riskml.job_run r WHERE r.job_id = j.job_id AND state IN ('waiting', 'running')) ORDER BY hashtext(name || now()) LIMIT 1");

	return '' if $n eq '';
	return "BEGIN; SELECT riskml.alter_job('job$n', comment => 'to be dropped'); INSERT INTO soak.dropped SELECT run_id FROM riskml.job_run JOIN riskml.job USING (job_id) WHERE name = 'job$n';"
	  . " SELECT riskml.drop_job('job$n'); UPDATE soak.dropped SET at = clock_timestamp() WHERE at IS NULL; DELETE FROM soak.job WHERE name = 'job$n'; DELETE FROM soak.was WHERE name = 'job$n'; "
	  . random_job($n) . 'COMMIT';
}

sub act
{
	my $name = pick(@act_names);
	my $r = sprintf('%.6f', rand());
	my $w = 2 + int(rand($max_workers - 1));
	my $sql = $name eq 'drop' ? drop_and_define() : $acts{$name} =~ s/%r/$r/gr =~ s/%w/$w/r =~ s/%%/%/gr;
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET client_min_messages = error;\n$sql");

	$done{$name}++;
	# a run or step that has ended meanwhile, or goes on
	push @unexpected, "$name: $err" if $err ne '' && $err !~ /ERROR:  (?:55000: run \d+ (?:is in state|has no step)|55006: cannot drop job)/;
}

# kill -9 of such a process; false if it ended before, as steps do.
sub kill_one
{
	my ($what) = @_;
	my $pid = query_value($node, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'riskml $what' ORDER BY backend_start DESC LIMIT 1");
	my $offset = -s $node->logfile;
	my $gone = 0;

	return 0 if $pid eq '' || !kill('KILL', $pid);
	while ($gone < 10)
	{
		if (slurp_file($node->logfile, $offset) =~ /\(PID $pid\) was terminated by signal 9/)
		{
			$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
			$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
			return 1;
		}
		$gone++ if !kill(0, $pid);
		select(undef, undef, undef, 0.02);
	}
	return 0;
}

my @accidents;
sub accident
{
	@accidents = shuffle(qw(step step scheduler launcher stop restart)) if !@accidents;
	my $what = shift @accidents;

	if ($what eq 'stop')
	{
		$node->stop('immediate');
		$node->start;
		$done{stop}++;
	}
	elsif ($what eq 'restart')
	{
		# one that ends by itself comes back
		query_value($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'");
		$done{restart}++;
	}
	else
	{
		for (1 .. 50)
		{
			last if kill_one($what) && ++$done{$what};
			act();
		}
	}
}

my $end = time + $seconds;
my $next_accident = time + 3;
# and, on a slow machine, until each accident has happened
while (time < $end || (time < $end + 120 && grep { !$done{$_} } qw(step scheduler launcher stop restart)))
{
	act();
	if (time > $next_accident)
	{
		accident();
		$next_accident = time + 2 + rand(4);
	}
	select(undef, undef, undef, rand(0.05));
}
query_value($node, "ALTER SYSTEM RESET riskml.max_workers; SELECT pg_reload_conf(); SELECT riskml.pause_job(name) FROM riskml.job WHERE enabled");
query_value($node, "SELECT soak.becomes('pool', '$_', '$pools{$_}'), riskml.alter_pool('$_', $pools{$_})") for sort keys %pools;
ok($node->poll_query_until('postgres', unfinished(), '0'), 'all runs end');
query_value($node, 'ANALYZE');

# ---- what came of it

my $figures = query_value($node, <<'SQL');
SELECT format('%s jobs, %s runs (%s), %s attempts (%s), %s effects, %s states',
	(SELECT count(DISTINCT job_id) FROM riskml.job_run), (SELECT count(*) FROM riskml.job_run), (SELECT string_agg(n || ' ' || state, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM riskml.job_run GROUP BY state) t),
	(SELECT count(*) FROM riskml.step_run), (SELECT string_agg(n || ' ' || state, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM riskml.step_run GROUP BY state) t),
	(SELECT count(*) FROM soak.effect), (SELECT count(*) FROM soak.journal))
SQL
note "soak: $figures";
note 'soak: ' . join(', ', map { "$done{$_} $_" } sort keys %done);
is(violations(), '', 'nothing is missing, doubled, too early or too much');
is(join("\n", @unexpected), '', 'what users did worked');
my $log = slurp_file($node->logfile);
is(join("\n", grep { /\[riskml (?:scheduler|launcher)\] (?:ERROR|PANIC)|TRAP:|deadlock detected/ } split(/\n/, $log)), '', 'schedulers had no errors');
cmp_ok(query_value($node, 'SELECT count(*) FROM soak.effect'), '>', 5 * $seconds, 'much was done');
cmp_ok(query_value($node, 'SELECT count(DISTINCT job) FROM soak.journal'), '>', $n_jobs / 8, 'by many jobs');
cmp_ok($done{$_}, '>', 0, "and there was an accident: $_") for qw(step scheduler launcher stop restart);

$node->stop;
done_testing();
