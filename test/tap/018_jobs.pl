# Jobs: graphs, intervals, outputs, retries, timeouts, cancel, pools, rights, what steps may do to themselves.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_job_node('node');

query_value($node, 'CREATE TABLE done (run bigint, step text, attempt int, note text)');

sub job { return define_job($node, @_) }
sub note_step { return "INSERT INTO done VALUES (riskml.run_id(), '$_[0]', riskml.attempt()" . (defined $_[1] ? ", $_[1]" : '') . ')' }

sub run_to_end { return run_job_to_end($node, @_) }

# ---- a graph

job('diamond', '', ['a', note_step('a') . q{; SELECT riskml.set_output('{"n": 3}')}],
	['b', note_step('b', q{riskml.output('a')}), ", after => '{a}'"],
	['c', note_step('c', 'riskml.params()'), ", after => '{a}', params => '{\"own\": 1}'"],
	['d', note_step('d'), ", after => '{b, c}'"]);
my ($run, $state, $steps) = run_to_end('diamond', '{"given": true}');
is($state, 'success', 'a graph runs');
is($steps, 'a=success b=success c=success d=success', 'all its steps do');
is(query_value($node, "SELECT string_agg(step, '' ORDER BY step) || ' ' || max(step) FILTER (WHERE note IS NULL) FROM done WHERE run = $run"),
	'abcd d', 'each once');
is(query_value($node, "SELECT note FROM done WHERE run = $run AND step = 'b'"), '{"n": 3}', 'a step reads what one before it has left');
is(query_value($node, "SELECT note FROM done WHERE run = $run AND step = 'c'"), '{"own": 1, "given": true}', 'parameters of run and step');
is(query_value($node, "SELECT bool_and(b.started_at >= a.ended_at) FROM riskml.attempts a JOIN riskml.attempts b USING (run_id) WHERE run_id = $run AND (a.step, b.step) IN (('a', 'b'), ('a', 'c'), ('b', 'd'), ('c', 'd'))"),
	't', 'none before those that it comes after');

# ---- trigger rules and retries

job('rules', q{, retries => 1, retry_delay => '0.1 s'}, ['fails', 'SELECT 1 / 0'], ['fine', 'SELECT 1'],
	['all_success', 'SELECT 1', ", after => '{fails, fine}'"],
	['below', 'SELECT 1', ", after => '{all_success}', trigger_rule => 'none_failed'"],
	['all_done', 'SELECT 1', ", after => '{fails, fine}', trigger_rule => 'all_done'"],
	['one_failed', 'SELECT 1', ", after => '{fails, fine}', trigger_rule => 'one_failed'"],
	['not_failed', 'SELECT 1', ", after => '{fine}', trigger_rule => 'one_failed'"],
	['after_skipped', 'SELECT 1', ", after => '{not_failed}'"],
	['none_failed', 'SELECT 1', ", after => '{not_failed}', trigger_rule => 'none_failed'"],
	['alarm', 'SELECT 1', ", trigger_rule => 'one_failed'"]);
($run, $state, $steps) = run_to_end('rules');
is($state, 'failed', 'a run fails if a step does');
is($steps, 'after_skipped=skipped alarm=success all_done=success all_success=upstream_failed below=upstream_failed fails=failed'
	. ' fine=success none_failed=success not_failed=skipped one_failed=success', 'trigger rules');
is(query_value($node, "SELECT string_agg(attempt || ' ' || sqlstate || ' ' || message, ', ' ORDER BY attempt) FROM riskml.failures WHERE run_id = $run"),
	'1 22012 division by zero, 2 22012 division by zero', 'each attempt is recorded, with what went wrong');

job('calm', '', ['fine', 'SELECT 1'], ['alarm', 'SELECT 1', ", trigger_rule => 'one_failed'"], ['behind', 'SELECT 1', ", after => '{alarm}', trigger_rule => 'all_done'"]);
($run, $state, $steps) = run_to_end('calm');
is("$state: $steps", 'success: alarm=skipped behind=success fine=success', 'a step on failure does not wait for those behind it');

job('second_time', q{, retries => 3, retry_delay => '0.1 s'}, ['s', note_step('s') . '; SELECT 1 / (riskml.attempt() - 1)']);
($run, $state) = run_to_end('second_time');
is($state, 'success', 'a step that works at the second time');
is(query_value($node, "SELECT string_agg(attempt::text, ',') FROM done WHERE run = $run"), '2', 'what the first attempt did is rolled back');

# the delay would grow beyond any interval
job('patient', q{, retries => 1000, retry_delay => '0.1 s', retry_backoff => 1000, max_retry_delay => '0.1 s'}, ['s', 'SELECT 1 / 0']);
$run = query_value($node, "SELECT riskml.run_job('patient')");
query_value($node, "UPDATE riskml.run_step SET tries = 500 WHERE run_id = $run AND state <> 'running'");
wait_for($node, "SELECT count(*) > 2 FROM riskml.failures WHERE run_id = $run", 't', 'a step that failed often is tried again');
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', '... until it is cancelled');

# ---- what a step may do to itself

job('rude', q{, retries => 0}, ['unlock', 'SELECT pg_advisory_unlock_all(); ' . note_step('unlock')],
	['discard', 'DISCARD ALL', ", kind => 'sql_no_transaction'"],
	['after', note_step('after', "riskml.interval_end() IS NOT NULL"), ", after => '{unlock, discard}'"],
	['reset', 'RESET ALL; ' . note_step('reset', 'riskml.run_id()')],
	['role', 'SET ROLE pg_monitor; SELECT 1'],
	['commit', 'COMMIT'], ['catch', 'DO $$ BEGIN COMMIT; EXCEPTION WHEN OTHERS THEN END $$; ' . note_step('catch')]);
($run, $state, $steps) = run_to_end('rude');
is($steps, 'after=success catch=success commit=failed discard=success reset=success role=success unlock=success', 'steps that change their session');
is(query_value($node, "SELECT sqlstate || ' ' || hint FROM riskml.failures WHERE run_id = $run"),
	'2D000 Use kind "sql_no_transaction" for SQL that commits.', 'a step is one transaction');
is(query_value($node, "SELECT note = run::text FROM done WHERE run = $run AND step = 'reset'"), 't', 'a step knows its run after RESET ALL');

query_value($node, 'CREATE TABLE big AS SELECT g FROM generate_series(1, 20000) g; ANALYZE big');
job('parallel', '', ['s', force_parallel($node) . note_step('s', "(SELECT count(DISTINCT riskml.interval_start()) || ' ' || count(riskml.run_id()) || ' ' || min(riskml.params()->>'p') FROM big)")]);
($run, $state) = run_to_end('parallel', '{"p": "x"}');
is(query_value($node, "SELECT note FROM done WHERE run = $run"), '1 20000 x', 'parallel workers know the run too');

query_value($node, 'CREATE TABLE pieces (n int); CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 3 LOOP INSERT INTO pieces VALUES (i); COMMIT; END LOOP; END $$');
job('pieces', '', ['s', 'CALL commits(); VACUUM pieces; CREATE INDEX CONCURRENTLY ON pieces (n)', ", kind => 'sql_no_transaction'"]);
($run, $state) = run_to_end('pieces');
is($state . ' ' . query_value($node, q{SELECT count(*) || ' ' || (SELECT count(*) FROM pg_index WHERE indrelid = 'pieces'::regclass AND indisvalid) FROM pieces}),
	'success 3 1', 'a procedure that commits, VACUUM, CREATE INDEX CONCURRENTLY');

# ---- waiting

query_value($node, 'CREATE TABLE arrived (at timestamptz)');
job('waits', '', ['w', 'SELECT count(*) > 0 FROM arrived', ", kind => 'wait', params => '{\"every\": 0.1}'"], ['s', 'SELECT 1', ", after => '{w}'"]);
$run = query_value($node, "SELECT riskml.run_job('waits')");
$node->poll_query_until('postgres', "SELECT not_before IS NOT NULL FROM riskml.run_step WHERE run_id = $run AND step = 'w'") or die 'does not wait';
query_value($node, 'INSERT INTO arrived VALUES (now())');
wait_for($node, run_state($run), 'success', 'a step waits until a query is true');

job('waits_in_vain', '', ['w', 'SELECT false', ", kind => 'wait', params => '{\"every\": 0.1}', timeout => '0.3 s'"]);
($run, $state) = run_to_end('waits_in_vain');
is($state . ' ' . query_value($node, "SELECT sqlstate FROM riskml.failures WHERE run_id = $run"), 'failed 57014', 'not for ever');

# ---- cancel and timeouts

my $blocker = session($node);
ask($blocker, 'SELECT pg_advisory_lock(1)');
job('long', '', ['s', note_step('s') . '; SELECT pg_advisory_lock(1)'], ['next', 'SELECT 1', ", after => '{s}'"]);
sub start_long
{
	my $run = query_value($node, "SELECT riskml.run_job('$_[0]')");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die 'does not run';
	return $run;
}
$run = start_long('long');
is(query_value($node, "SELECT application_name || '|' || usename || '|' || backend_type FROM pg_stat_activity JOIN riskml.running USING (pid)"),
	"riskml long/s run $run attempt 1|" . query_value($node, 'SELECT current_user') . '|riskml step', 'pg_stat_activity shows the step');
is(query_value($node, "SELECT riskml.cancel_run($run)"), 't', 'a run is cancelled');
wait_for($node, run_state($run), 'cancelled', 'and ends so');
cmp_ok(query_value($node, "SELECT extract(epoch FROM a.ended_at - r.cancel_at) FROM riskml.step_run a JOIN riskml.job_run r USING (run_id) WHERE run_id = $run"), '<', 1, 'its step within a second');
is(query_value($node, "SELECT count(*) FROM done WHERE run = $run"), '0', 'without effect');
is(query_value($node, "SELECT riskml.cancel_run($run)"), 'f', 'once');

job('stubborn', '', ['s', 'DO $$ BEGIN LOOP BEGIN PERFORM pg_advisory_lock(1); EXCEPTION WHEN query_canceled THEN END; END LOOP; END $$']);
$run = start_long('stubborn');
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', 'a step that catches its cancellation is ended');

job('times_out', ", retries => 1, retry_delay => '0.1 s'", ['s', 'SELECT pg_advisory_lock(1)', ", timeout => '0.3 s'"]);
($run, $state) = run_to_end('times_out');
is($state, 'failed', 'a step that takes too long fails');
is(query_value($node, "SELECT count(*) || ' ' || min(sqlstate) || ' ' || min(left(message, 8)) FROM riskml.failures WHERE run_id = $run"), '2 57014 timeout:', 'and is tried as often as any');
job('run_times_out', ", timeout => '0.3 s'", ['s', 'SELECT pg_advisory_lock(1)']);
($run, $state) = run_to_end('run_times_out');
is($state . ' ' . query_value($node, "SELECT reason FROM riskml.runs WHERE run_id = $run"), 'failed timeout', 'a run that takes too long fails');

# ---- transactions of users that stay open

sub others_go_on
{
	my $other = query_value($node, "SELECT riskml.run_job('calm')");
	wait_for($node, run_state($other), 'success', "$_[0]: others go on");
}
my $open = session($node);
$run = start_long('long');
ask($open, "BEGIN; SELECT riskml.cancel_run($run)");
query_value($node, 'SELECT pg_terminate_backend(pid) FROM riskml.running');
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM riskml.running') or die;
others_go_on('a cancel that is not committed');
ask($open, 'ROLLBACK');
wait_for($node, run_state($run), 'failed', '... and the run, when it is rolled back');
$run = start_long('long');
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', 'a run is cancelled');
ask($open, "BEGIN; SELECT riskml.mark_success($run, 's', 'test')");
others_go_on('a mark that is not committed');
ask($open, 'ROLLBACK');

query_value($node, q{CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
	CREATE TABLE gated (n int); CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON gated DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate()});
job('gated', '', ['s', 'INSERT INTO gated VALUES (1)']);
$run = start_long('gated');
query_value($node, "SELECT riskml.cancel_run($run)");
others_go_on('a step that is cancelled as it commits');
wait_for($node, run_state($run), 'cancelled', '... and it is cancelled');
is(query_value($node, "SELECT state || ' ' || (SELECT count(*) FROM gated) FROM riskml.attempts WHERE run_id = $run"), 'cancelled 0', '... without effect');

sub looks_seldom
{
	my $transactions = q{SELECT pg_stat_get_db_xact_commit(oid) FROM pg_database WHERE datname = 'postgres'};
	my $before = query_value($node, $transactions);
	my $then = query_value($node, q{SELECT clock_timestamp() + interval '1.5 s'});

	$node->poll_query_until('postgres', "SELECT clock_timestamp() > '$then'") or die;
	cmp_ok(query_value($node, $transactions) - $before, '<', 75, "$_[0]: the scheduler looks seldom");
}
job('due', ", schedule => '1 second'", ['s', 'SELECT 1']);
ask($open, "BEGIN; SELECT riskml.alter_job('due', comment => 'x')");
$node->poll_query_until('postgres', "SELECT next_at < clock_timestamp() FROM riskml.job WHERE name = 'due'") or die;
looks_seldom('a change that is not committed');
ask($open, "ROLLBACK; SELECT riskml.pause_job('due')");
others_go_on('then');
query_value($node, "SELECT riskml.alter_job('long', timeout => '2 s', deadline => '2 s')");
$run = start_long('long');
ask($open, "BEGIN; SELECT riskml.cancel_run($run)");
$node->poll_query_until('postgres', "SELECT started_at < clock_timestamp() - interval '2.1 s' FROM riskml.job_run WHERE run_id = $run") or die;
looks_seldom('a run that is locked when its time is over');
ask($open, 'ROLLBACK');
wait_for($node, run_state($run), 'failed', '... and it ends when it no longer is');
query_value($node, "SELECT riskml.alter_job('long', unset => '{timeout,deadline}')");

# a tick comes while the job is locked, by one that was begun before and one that was begun later
for my $catchup (qw(none last all))
{
	my $waiting = session($node);

	job("l_$catchup", ", schedule => '1 day', start_at => date_trunc('second', now()) - interval '2 days'", ['s', 'SELECT 1']);
	ask($open, "BEGIN; SELECT riskml.alter_job('l_$catchup', comment => 'x'); UPDATE riskml.job SET next_at = next_at - interval '1 day', catchup = '$catchup' WHERE name = 'l_$catchup'");
	start_query($waiting, "SELECT riskml.alter_job('l_$catchup', end_at => now() + interval '1 year')");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%l\\_$catchup%' AND pid <> pg_backend_pid()") or die;
	others_go_on("a tick while the job is locked, catchup $catchup");
	ask($open, 'COMMIT');
	finish_query($waiting);
	wait_for($node, "SELECT count(*) FROM riskml.runs WHERE job = 'l_$catchup' AND state = 'success' AND interval_end > now() - interval '1 hour'", '1', '... runs afterwards');
	$waiting->quit;
	# and some, the latest half an hour ago, when it was locked for long
	job("h_$catchup", ", schedule => extract(minute FROM now() + interval '30 minutes') || ' * * * *', catchup => '$catchup'", ['s', 'SELECT 1']);
	ask($open, "BEGIN; SELECT riskml.alter_job('h_$catchup', comment => 'x'); UPDATE riskml.job SET next_at = next_at - interval '3 hours' WHERE name = 'h_$catchup'; COMMIT");
	wait_for($node, "SELECT count(*) FROM riskml.runs WHERE job = 'h_$catchup' AND state = 'success'", { none => 0, last => 1, all => 3 }->{$catchup}, "... locked for hours, catchup $catchup");
	wait_for($node, "SELECT next_at > now() FROM riskml.jobs WHERE name = 'h_$catchup'", 't', '... and it goes on');
	is(query_value($node, "SELECT count(*) FROM riskml.runs WHERE job = 'h_$catchup'"), { none => 0, last => 1, all => 3 }->{$catchup}, '... with no more than that');
}

# ---- fewer workers than steps that run

query_value($node, "SELECT riskml.alter_job('long', max_active_runs => 2)");
my @long = map { start_long('long') } 1 .. 2;
my $offset = -s $node->logfile;
query_value($node, 'ALTER SYSTEM SET riskml.max_workers = 1; SELECT pg_reload_conf()');
$node->wait_for_log(qr/parameter "riskml.max_workers" changed/, $offset);
$run = query_value($node, "SELECT riskml.run_job('calm')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.run_step WHERE run_id = $run AND state = 'queued'") or die;
is(query_value($node, 'SELECT count(*) FROM riskml.running'), '2', 'what runs goes on under a lower limit');
query_value($node, "SELECT riskml.cancel_run($_)") for @long;
wait_for($node, run_state($run), 'success', 'the next step waits for its turn');
unlike(slurp_file($node->logfile, $offset), qr/ERROR:  (?!canceling)/, 'the scheduler bears it');
query_value($node, 'ALTER SYSTEM RESET riskml.max_workers; SELECT pg_reload_conf()');

# ---- retry of a run

query_value($node, 'CREATE TABLE broken (n int); INSERT INTO broken VALUES (0)');
job('mended', '', ['first', note_step('first')], ['second', 'SELECT 1 / n FROM broken', ", after => '{first}'"], ['third', note_step('third'), ", after => '{second}'"]);
($run, $state) = run_to_end('mended');
is($state, 'failed', 'a run fails in the middle');
query_value($node, 'UPDATE broken SET n = 1');
is(query_value($node, "SELECT riskml.retry_run($run)"), '2', 'retry_run: the step that failed and the one after it');
wait_for($node, run_state($run), 'success', 'goes on');
is(query_value($node, "SELECT string_agg(step, ',' ORDER BY step) FROM done WHERE run = $run"), 'first,third', 'what was done is not done again');
query_value($node, 'UPDATE broken SET n = 0');
job('judged', '', ['first', note_step('first')], ['apart', note_step('apart'), ", after => '{first}', trigger_rule => 'all_done'"],
	['second', 'SELECT 1 / n FROM broken', ", after => '{first}'"], ['tidy', note_step('tidy'), ", after => '{second}', trigger_rule => 'all_done'"],
	['alarm', note_step('alarm'), ", trigger_rule => 'one_failed'"], ['told', note_step('told'), ", after => '{alarm}'"]);
($run, $state, $steps) = run_to_end('judged');
is($steps, 'alarm=success apart=success first=success second=failed tidy=success told=success', 'steps behind the one that failed');
query_value($node, 'UPDATE broken SET n = 1');
is(query_value($node, "SELECT riskml.retry_run($run)"), '4', 'retry_run: those behind it are judged anew');
wait_for($node, run_state($run), 'success', 'and the run succeeds');
is(query_value($node, "SELECT string_agg(step || '=' || state || attempt, ' ' ORDER BY step) FROM riskml.run_step WHERE run_id = $run"),
	'alarm=skipped1 apart=success1 first=success1 second=success2 tidy=success2 told=skipped1', '... as their rules say');

query_value($node, 'UPDATE broken SET n = 0');
($run, $state) = run_to_end('mended');
query_value($node, "SELECT riskml.mark_success($run, 'second', 'done by hand')");
wait_for($node, run_state($run), 'success', 'a step that is marked lets the run go on');
is(query_value($node, "SELECT string_agg(step, ',' ORDER BY step) FROM done WHERE run = $run"), 'first,third', 'with what comes after it');
is(query_value($node, 'SELECT action, model, detail, reason FROM riskml.audit_log ORDER BY seq DESC LIMIT 1'),
	"mark_success|mended|job, run $run, step second|done by hand", 'and is in the audit log');
job('passed_over', '', ['fine', 'SELECT 1'], ['not_failed', 'SELECT 1', ", after => '{fine}', trigger_rule => 'one_failed'"], ['behind', note_step('behind'), ", after => '{not_failed}'"]);
($run, $state, $steps) = run_to_end('passed_over');
is("$state: $steps", 'success: behind=skipped fine=success not_failed=skipped', 'a step behind one that was skipped');
query_value($node, "SELECT riskml.mark_success($run, 'not_failed', 'done by hand')");
wait_for($node, "SELECT count(*) FROM done WHERE run = $run AND step = 'behind'", '1', '... runs when that is marked');
is(query_value($node, q{SELECT string_agg(concat(stage, step), ' ' ORDER BY stage, step) FROM riskml.dry_run('rules')}),
	'1fails 1fine 2all_done 2all_success 2not_failed 2one_failed 3after_skipped 3below 3none_failed alarm', 'a dry run shows what would start');

# ---- what a retry does again

query_value($node, 'UPDATE broken SET n = 0');
job('again', '', ['ok', note_step('ok')], ['bad', 'SELECT 1 / n FROM broken'], ['beside', note_step('beside'), ", after => '{ok}', trigger_rule => 'all_done'"],
	['below', note_step('below'), ", after => '{bad}', trigger_rule => 'all_done'"], ['alarm', note_step('alarm'), ", trigger_rule => 'one_failed'"]);
($run, $state, $steps) = run_to_end('again');
is($steps, 'alarm=success bad=failed below=success beside=success ok=success', 'a run with steps for failures');
query_value($node, "UPDATE broken SET n = 1; SELECT riskml.retry_run($run)");
wait_for($node, run_state($run), 'success', 'is retried');
is(query_value($node, "SELECT string_agg(step, ' ' ORDER BY step) FROM done WHERE run = $run"), 'alarm below below beside ok', 'what comes after the step that failed is done again, nothing else');

# ---- pools

query_value($node, "SELECT riskml.create_pool('one', 1)");
job('pooled', '', map { [ "s$_", 'INSERT INTO done SELECT riskml.run_id(), ' . "'s$_'" . ", count(*) FROM riskml.running WHERE job = 'pooled'", ", pool => 'one'" ] } 1 .. 6);
($run, $state) = run_to_end('pooled');
is(query_value($node, "SELECT count(*) || ' ' || max(attempt) FROM done WHERE run = $run"), '6 1', 'a pool of one slot: one step at a time');

# ---- CALL run_job_and_wait

is(query_value($node, "CALL riskml.run_job_and_wait('diamond', timeout => '30 s')"), '', 'run_job_and_wait');
errors_like($node, "CALL riskml.run_job_and_wait('rules')", '38000', qr/ended in state "failed".*SQLSTATE 22012/s, 'raises what went wrong');
errors_like($node, "CALL riskml.run_job_and_wait('long', timeout => '0.2 s')", '57014', qr/still going on/, 'does not wait for ever');
query_value($node, q{SELECT riskml.cancel_run(run_id) FROM riskml.runs WHERE state = 'running'});
is(join(' ', map { sqlstate($node, "CALL riskml.wait_run(1, timeout => '$_')") } '-1 s', '-290000 years', '290000 years', '105000000 days', '36525 days'),
	'22023 22023 22023 22023 00000', 'how long to wait has limits');
errors_like($node, "BEGIN; CALL riskml.run_job_and_wait('diamond')", '25001', qr/transaction block/, 'not in a transaction block');
errors_like($node, q{DO $$ BEGIN CALL riskml.wait_run(riskml.run_job('diamond')); END $$}, '55000', qr/created by this transaction/, 'wait_run knows a run of its own transaction');
query_value($node, q{SELECT riskml.create_job('itself'); SELECT riskml.add_step('itself', 's', 'sql_no_transaction', 'CALL riskml.wait_run(riskml.run_id())')});
errors_like($node, "CALL riskml.run_job_and_wait('itself', timeout => '60 s')", '38000', qr/would wait for itself/, 'a run does not wait for itself');

# ---- backfill

query_value($node, q{SELECT riskml.create_job('hourly', '@hourly', start_at => '2025-05-29')});
query_value($node, q{SELECT riskml.add_step('hourly', 's', command => 'INSERT INTO done VALUES (riskml.run_id(), ''hourly'', 1, format(''%s/%s'', riskml.interval_start() AT TIME ZONE ''UTC'', riskml.interval_end() AT TIME ZONE ''UTC''))')});
is(query_value($node, q{SELECT riskml.backfill('hourly', '2025-05-29 00:00+00', '2025-05-29 03:00+00')}), '3', 'backfill of three intervals');
is(query_value($node, q{SELECT riskml.backfill('hourly', '2025-05-29 00:00+00', '2025-05-29 04:00+00')}), '1', 'and one more');
wait_for($node, q{SELECT string_agg(note, ' ' ORDER BY note) FROM done WHERE step = 'hourly'},
	join(' ', map { sprintf('2025-05-29 %02d:00:00/2025-05-29 %02d:00:00', $_, $_ + 1) } 0 .. 3), 'each interval once');

# ---- overlap and catchup

for my $case ([ 'skip', 'running skipped', 2 ], [ 'queue', 'running waiting', 2 ], [ 'cancel', 'cancelled', 1 ])
{
	my ($overlap, $want, $n) = @$case;
	job("o_$overlap", ", schedule => '1 second', overlap => '$overlap', enabled => false", ['s', 'SELECT pg_advisory_lock(1)']);
	query_value($node, "SELECT riskml.resume_job('o_$overlap')");
	wait_for($node, "SELECT string_agg(state, ' ' ORDER BY run_id) FROM (SELECT * FROM riskml.runs WHERE job = 'o_$overlap' ORDER BY run_id LIMIT $n) r", $want, "overlap $overlap");
	query_value($node, "SELECT riskml.pause_job('o_$overlap'); SELECT riskml.cancel_run(run_id) FROM riskml.runs WHERE job = 'o_$overlap' AND state IN ('running', 'waiting')");
	wait_for($node, "SELECT count(*) FROM riskml.runs WHERE job = 'o_$overlap' AND state IN ('running', 'waiting')", '0', 'and it ends');
}
for my $case ([ 'none', 0 ], [ 'last', 1 ], [ 'all', 4 ])
{
	my ($catchup, $want) = @$case;
	job("c_$catchup", ", schedule => '1 day', start_at => now() - interval '4 days 1 hour', catchup => '$catchup'", ['s', 'SELECT 1']);
	wait_for($node, "SELECT count(*) FROM riskml.runs WHERE job = 'c_$catchup' AND state = 'success'", $want, "catchup $catchup");
	is(query_value($node, "SELECT count(*) = 1 FROM riskml.next_runs('c_$catchup', 1) WHERE due_at > now()"), 't', 'and goes on from now');
}

# one that cannot be scheduled for a while
job('hindered', ", schedule => '1 second', catchup => 'all', overlap => 'queue'", ['s', 'SELECT 1']);
wait_for($node, "SELECT count(*) > 0 FROM riskml.runs WHERE job = 'hindered' AND state = 'success'", 't', 'a job due each second');
my $hindered_from = -s $node->logfile;
query_value($node, q{CREATE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$; CREATE TRIGGER hinder BEFORE INSERT ON riskml.job_run FOR EACH ROW EXECUTE FUNCTION hinder()});
$node->wait_for_log(qr/riskml: job "hindered" cannot be scheduled: no room/, $hindered_from);
query_value($node, q{DROP TRIGGER hinder ON riskml.job_run});
$node->poll_query_until('postgres', q{SELECT next_at > now() + interval '50 s' FROM riskml.job WHERE name = 'hindered'}) or die;
# the minute is over
query_value($node, q{SELECT riskml.alter_job('hindered', comment => 'x'); UPDATE riskml.job SET next_at = now() WHERE name = 'hindered'; SELECT riskml.alter_job('hindered', comment => 'y')});
wait_for($node, "SELECT count(*) > 4 FROM riskml.runs WHERE job = 'hindered' AND state = 'success'", 't', '... goes on');
query_value($node, "SELECT riskml.pause_job('hindered')");
is(query_value($node, q{SELECT count(*) FILTER (WHERE interval_end <> date_trunc('second', interval_end)) || ' ' || max(interval_end - last) FROM (SELECT interval_end, lag(interval_end) OVER (ORDER BY interval_end) AS last FROM riskml.runs WHERE job = 'hindered') r}),
	'0 00:00:01', '... with each of its ticks');

# ---- deadlines, events, history

my $listener = session($node);
ask($listener, 'LISTEN riskml_event');
job('late', ", deadline => '0.2 s'", ['s', 'SELECT pg_advisory_lock(1)']);
my $late_from = -s $node->logfile;
$run = start_long('late');
$node->wait_for_log(qr/riskml deadline: job="late" run=$run state=running/, $late_from);
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', 'a run that is late is reported');
my $events = '';
for (1 .. 200)
{
	$events .= ask($listener, 'SELECT 1');
	last if $events =~ /"event" : "end", "run" : $run,/;
}
like($events, qr/"event" : "deadline", "run" : $run, "job" : "late"/, 'who listens hears of deadlines');
like($events, qr/"event" : "end", "run" : $run, "job" : "late", "state" : "cancelled"/, 'and of ends');

is(sqlstate($node, "SELECT riskml.backfill('hourly', '2025-05-30', '2025-05-29')") . ' ' . sqlstate($node, "SELECT riskml.backfill('hourly', '-infinity', 'infinity')"),
	'22023 22023', 'not for a time without a begin before its end');
is(sqlstate($node, "SELECT riskml.mark_success(1, 'a', ' ')") . ' ' . sqlstate($node, "SELECT riskml.mark_success(1, 'a', NULL)"), '22023 22004', 'a mark needs a reason');

# ---- rights

query_value($node, 'CREATE ROLE analyst LOGIN; CREATE ROLE other LOGIN; CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher; GRANT ALL ON done TO analyst');
query_value($node, q{SELECT format('GRANT EXECUTE ON FUNCTION %s TO analyst', oid::regprocedure) FROM pg_proc WHERE proname = 'create_job' \gexec});
query_value($node, "SET ROLE analyst; SELECT riskml.create_job('hers'); SELECT riskml.add_step('hers', 's', command => 'INSERT INTO done VALUES (riskml.run_id(), current_user || session_user)')");
($run, $state) = run_to_end('hers');
is($state . ' ' . query_value($node, "SELECT step FROM done WHERE run = $run"), 'success analystanalyst', 'a job runs as its owner');
is(sqlstate($node, "SET ROLE other; SELECT riskml.run_job('hers')"), '42501', 'others may not run it');
is(sqlstate($node, "SET ROLE other; SELECT riskml.cancel_run($run)"), '42501', 'nor cancel it');
is(sqlstate($node, "SET ROLE analyst; DELETE FROM riskml.job_run"), '42501', 'nobody writes to the tables');
is(query_value($node, "SET ROLE other; SELECT count(*) FROM riskml.runs"), '0', 'others do not see it');
is(query_value($node, "SET ROLE watcher; SELECT count(*) > 10 FROM riskml.runs"), 't', 'members of pg_monitor see all');
for my $loss ([ 'ALTER ROLE analyst NOLOGIN', qr/may not log in/, 'ALTER ROLE analyst LOGIN' ],
	[ 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC', qr/may not connect/, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC' ])
{
	my $offset = -s $node->logfile;

	query_value($node, $loss->[0]);
	($run, $state) = run_to_end('hers');
	query_value($node, $loss->[2]);
	is($state . ' ' . query_value($node, "SELECT sqlstate FROM riskml.failures WHERE run_id = $run"), 'failed 28000', "after $loss->[0] it does not run");
	like(query_value($node, "SELECT message FROM riskml.failures WHERE run_id = $run"), $loss->[1], 'and says why');
	unlike(slurp_file($node->logfile, $offset), qr/FATAL/, 'without noise in the log');
}

query_value($node, q{ALTER ROLE analyst SET default_transaction_read_only = on; SET ROLE analyst; SELECT riskml.create_job('reads');}
	. q{SELECT riskml.add_step('reads', 'a', command => 'SELECT 1'), riskml.add_step('reads', 'b', 'wait', 'SELECT true'), riskml.add_step('reads', 'c', 'sql_no_transaction', 'SELECT 1'), riskml.add_step('reads', 'd', command => 'DELETE FROM done')});
($run, $state, $steps) = run_to_end('reads');
is($steps . ' ' . query_value($node, "SELECT string_agg(sqlstate, ',') FROM riskml.failures WHERE run_id = $run"), 'a=success b=success c=success d=failed 25006', 'an owner whose transactions read only');
query_value($node, q{ALTER ROLE analyst RESET default_transaction_read_only; ALTER DATABASE postgres SET default_transaction_read_only = on; ALTER DATABASE postgres SET default_transaction_isolation = serializable});
query_value($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'");
my @may_write = ('default_transaction_read_only = off', 'default_transaction_isolation = "read committed"');
query_value($node, 'ALTER ROLE analyst SET default_transaction_read_only = off', @may_write);
$run = query_value($node, "SELECT riskml.run_job('hers')", @may_write);
wait_for($node, run_state($run), 'success', 'a database whose transactions read only');
query_value($node, 'ALTER DATABASE postgres RESET ALL; ALTER ROLE analyst RESET ALL', @may_write);

query_value($node, "DROP OWNED BY analyst; DROP ROLE analyst");
($run, $state) = run_to_end('hers');
is($state . ' ' . query_value($node, "SELECT sqlstate || ' ' || message FROM riskml.failures WHERE run_id = $run"),
	'failed 28000 the job cannot run: its owner does not exist any more', 'a role that was dropped');

# ---- history, and slots

query_value($node, 'ALTER SYSTEM SET riskml.history_runs = 2; ALTER SYSTEM SET max_worker_processes = 5; ALTER SYSTEM SET riskml.max_workers = 64');
$node->restart;
wait_for($node, 'SELECT max(n) FROM (SELECT count(*) AS n FROM riskml.runs GROUP BY job) r', '2', 'of each job so many runs are kept');
is(query_value($node, 'SELECT (SELECT count(*) FROM riskml.run_step WHERE run_id NOT IN (SELECT run_id FROM riskml.job_run)) + (SELECT count(*) FROM riskml.step_run WHERE run_id NOT IN (SELECT run_id FROM riskml.job_run))'),
	'0', 'and nothing of those that are gone');

job('oft', '', ['s', 'SELECT 1 / 0']);
my @oft = map { (run_to_end('oft'))[0] } 1 .. 4;
$open = session($node);
ask($open, "BEGIN; SELECT riskml.retry_run($oft[0])");
query_value($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'");
wait_for($node, q{SELECT string_agg(run_id::text, ' ' ORDER BY run_id) FROM riskml.runs WHERE job = 'oft'}, "@oft[0, 2, 3]", 'the next scheduler passes over one that is locked');
others_go_on('and');
ask($open, 'ROLLBACK');

my $slots_from = -s $node->logfile;
job('wide', '', map { [ "s$_", note_step("wide") ] } 1 .. 40);
($run, $state) = run_to_end('wide');
is($state . ' ' . query_value($node, "SELECT count(*) || ' ' || max(attempt) FROM done WHERE run = $run"), 'success 40 1', 'more steps than worker slots: all are done, at the first attempt');
is(scalar(() = slurp_file($node->logfile, $slots_from) =~ /no background worker slot/g), 1, 'the log says so once');

done_testing();
