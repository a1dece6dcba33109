# What other schedulers got wrong and no other test looks at; docs/scheduler-lessons.md has them all.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_job_node('node', conf => 'log_statement = none');
my ($run, $state, $steps);

sub job { return define_job($node, @_) }
sub run_to_end { return run_job_to_end($node, @_) }

query_value($node, 'CREATE TABLE done (run bigint, step text, at timestamptz DEFAULT clock_timestamp())');
sub note_step { return "INSERT INTO done VALUES (riskml.run_id(), '$_[0]')" }

# ---- one bad row stops all: what is in the tables is never fatal

job('clock', ", '1 second'", [ 's', note_step('clock') ]);
job('bad', ", '1 second', enabled => false", [ 's', 'SELECT 1' ]);
for my $damage ("schedule = 'nonsense'", "timezone = 'Mars/Olympus'")
{
	my $offset = -s $node->logfile;

	query_value($node, "UPDATE riskml.job SET enabled = true, $damage, next_at = now() WHERE name = 'bad'; SELECT riskml.adopt_jobs()");
	$node->wait_for_log(qr/job "bad" cannot be scheduled/, $offset);
	my $now = query_value($node, 'SELECT clock_timestamp()');
	wait_for($node, "SELECT count(*) > 1 FROM done WHERE step = 'clock' AND at > '$now'", 't', "a job with $damage: others go on");
	is(scalar(() = slurp_file($node->logfile, $offset) =~ /job "bad" cannot be scheduled/g), 1, '... and the log says so once');
	query_value($node, "UPDATE riskml.job SET schedule = '1 second', timezone = 'UTC', enabled = false WHERE name = 'bad'");
}

is(sqlstate($node, q{UPDATE riskml.job SET schedule = NULL, next_at = now() WHERE name = 'bad'}), '23514', 'a job is not due without a schedule');

# ---- no steps to execute: a job that is being defined has no run without the last of its steps

my $definer = session($node);
ask($definer, q{BEGIN; SELECT riskml.create_job('defined', '1 second'); SELECT riskml.add_step('defined', 'a', command => 'SELECT 1')});
my $until = query_value($node, q{SELECT clock_timestamp() + interval '1.5 s'});
$node->poll_query_until('postgres', "SELECT clock_timestamp() > '$until'") or die;
ask($definer, q{SELECT riskml.add_step('defined', 'b', command => 'SELECT 1', after => '{a}'); COMMIT});
wait_for($node, q{SELECT count(*) > 0 FROM riskml.runs WHERE job = 'defined' AND state = 'success'}, 't', 'a job runs when its definition is committed');
is(query_value($node, q{SELECT count(*) FROM riskml.runs r WHERE job = 'defined' AND state <> 'skipped' AND (SELECT count(*) FROM riskml.run_step s WHERE s.run_id = r.run_id) <> 2}), '0', 'with all its steps');
query_value($node, q{SELECT riskml.pause_job('defined'); SELECT riskml.create_job('empty')});
($run, $state) = run_to_end('empty');
is($state, 'success', 'a job without steps has nothing to fail');

# ---- attempts are limited alike when the step's process is ended

my $blocker = session($node);
ask($blocker, 'SELECT pg_advisory_lock(1)');
job('killed', ", retries => 2, retry_delay => '0'", [ 's', 'SELECT pg_advisory_lock(1)' ]);
$run = query_value($node, "SELECT riskml.run_job('killed')");
for my $attempt (1 .. 3)
{
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND attempt = $attempt AND wait_event_type = 'Lock'") or die "no attempt $attempt";
	query_value($node, "SELECT pg_terminate_backend(pid) FROM riskml.running WHERE run_id = $run");
}
wait_for($node, run_state($run), 'failed', 'a step whose process is ended each time fails');
is(query_value($node, "SELECT count(*) FROM riskml.failures WHERE run_id = $run"), '3', 'after as many attempts as any');

# ---- starvation: jobs take turns

query_value($node, 'ALTER SYSTEM SET riskml.max_workers = 1; SELECT pg_reload_conf()');
$run = query_value($node, "SELECT riskml.run_job('killed')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die;
job('greedy', ', max_active_runs => 10', map { [ "s$_", note_step('greedy') ] } 1 .. 20);
job('modest', '', [ 's', note_step('modest') ]);
query_value($node, "SELECT riskml.run_job('greedy') FROM generate_series(1, 2)");
query_value($node, "SELECT riskml.run_job('modest')");
$node->poll_query_until('postgres', q{SELECT count(*) = 41 FROM riskml.run_step s JOIN riskml.runs r USING (run_id) WHERE job IN ('greedy', 'modest') AND s.state = 'queued'}) or die;
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, q{SELECT count(*) FROM done WHERE step IN ('greedy', 'modest')}, '41', 'one worker for many steps: all are done');
cmp_ok(query_value($node, q{SELECT count(*) FROM done WHERE step = 'greedy' AND at < (SELECT at FROM done WHERE step = 'modest')}), '<=', 2, 'a job of one step does not wait for all of another');
query_value($node, 'ALTER SYSTEM RESET riskml.max_workers; SELECT pg_reload_conf()');

# ---- locks: what runs holds none on the engine's tables

job('holds', '', [ 's', 'SELECT riskml.interval_end(), pg_advisory_lock(1)' ]);
$run = query_value($node, "SELECT riskml.run_job('holds')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die;
is(query_value($node, "SELECT coalesce(string_agg(c.relname, ', '), '') FROM pg_locks l JOIN riskml.running USING (pid) JOIN pg_class c ON c.oid = l.relation WHERE run_id = $run AND c.relnamespace = 'riskml'::regnamespace"),
	'', 'a step that is running holds no locks on tables of jobs');
query_value($node, "SELECT riskml.cancel_run($run)");

# ---- clearing a backfilled task: a run of a backfill is retried as any

query_value($node, 'CREATE TABLE broken (n int); INSERT INTO broken VALUES (0)');
job('filled', ", '\@hourly', start_at => '2025-05-29', enabled => false", [ 's', 'INSERT INTO done SELECT riskml.run_id(), riskml.interval_end(), now() FROM broken WHERE 1 / n > 0' ]);
query_value($node, q{SELECT riskml.backfill('filled', '2025-05-29 00:00+00', '2025-05-29 01:00+00')});
wait_for($node, q{SELECT state FROM riskml.runs WHERE job = 'filled'}, 'failed', 'a run of a backfill fails');
is(query_value($node, q{UPDATE broken SET n = 1; SELECT riskml.retry_run(run_id) FROM riskml.runs WHERE job = 'filled'}), '1', 'and is retried');
wait_for($node, q{SELECT state FROM riskml.runs WHERE job = 'filled'}, 'success', '... and runs again');
is(query_value($node, q{SELECT riskml.backfill('filled', '2025-05-29 00:00+00', '2025-05-29 01:00+00')}), '0', 'its interval has its run');

# ---- history does not grow without end

is(query_value($node, 'SHOW riskml.history_days') . ' ' . query_value($node, 'SHOW riskml.history_runs'), '90 10000', 'history is limited unless somebody wants otherwise');
query_value($node, q{UPDATE riskml.job_run SET ended_at = ended_at - interval '91 days' WHERE state = 'failed'});
$node->restart;
wait_for($node, q{SELECT count(*) FROM riskml.runs WHERE state = 'failed'}, '0', 'runs are removed after so many days');
is(query_value($node, 'SELECT count(*) > 3 FROM riskml.runs'), 't', 'others are not');

# ---- the postmaster dies, and nobody goes on without it

job('orphan', '', [ 's', 'SELECT pg_advisory_lock(1)' ]);
$blocker = session($node);
ask($blocker, 'SELECT pg_advisory_lock(1)');
$run = query_value($node, "SELECT riskml.run_job('orphan')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die;
my @processes = split(/\n/, query_value($node, q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'riskml%'}));
is(@processes, 3, 'launcher, scheduler and step');
$node->kill9;
for (1 .. 100)
{
	@processes = grep { kill(0, $_) } @processes;
	last unless @processes;
	select(undef, undef, undef, 0.1);
}
is(@processes, 0, 'none of them outlives the postmaster');
kill('KILL', $_) for @processes;

done_testing();
