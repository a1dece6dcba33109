# What users may do to jobs without meaning well: settings of roles and databases, steps that turn on themselves,
# odd names, large graphs and backfills.  The scheduler goes on, and each step says what became of it.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

my $node = new_job_node('node', conf => "log_statement = all\nmax_prepared_transactions = 5");
my ($run, $state, $steps);

sub job { return define_job($node, @_) }
sub run_to_end { return run_job_to_end($node, @_) }
sub failures { return query_value($node, "SELECT coalesce(string_agg(step || ' ' || sqlstate, ', ' ORDER BY step, attempt), '') FROM riskml.failures WHERE run_id = $_[0]") }
sub note_step { return "INSERT INTO done VALUES (riskml.run_id(), '$_[0]')" }

query_value($node, 'CREATE TABLE done (run bigint, step text)');
job('calm', '', [ 's', 'SELECT 1' ]);

sub others_go_on
{
	my $other = query_value($node, "SELECT riskml.run_job('calm')");
	wait_for($node, run_state($other), 'success', "$_[0]: others go on");
}

# ---- what roles and databases set for their sessions

query_value($node, 'CREATE ROLE owner LOGIN; CREATE ROLE helper; GRANT ALL ON done TO owner; GRANT helper TO owner');
query_value($node, q{SELECT format('GRANT EXECUTE ON FUNCTION %s TO owner', oid::regprocedure) FROM pg_proc WHERE proname = 'create_job' \gexec});
job('owned', '', [ 'reads', 'SELECT count(*) FROM done' ], [ 'waits', 'SELECT true', ", kind => 'wait'" ], [ 'writes', note_step('writes') ],
	[ 'writes_apart', note_step('writes_apart'), ", kind => 'sql_no_transaction'" ]);
query_value($node, "SELECT riskml.alter_job('owned', owner => 'owner')");
for my $case ([ 'default_transaction_read_only = on', 'writes 25006, writes_apart 25006' ],
	[ "default_transaction_isolation = 'repeatable read'", '' ], [ 'statement_timeout = 1', '' ], [ 'lock_timeout = 1', '' ],
	[ 'idle_in_transaction_session_timeout = 1', '' ], [ "session_preload_libraries = 'missing'", '' ], [ 'search_path = nowhere, public, riskml', '' ],
	[ 'standard_conforming_strings = off', '' ], [ "role = 'helper'", 'reads 42501, writes 42501, writes_apart 42501' ])
{
	my ($setting, $want) = @$case;

	query_value($node, "ALTER ROLE owner SET $setting");
	($run, $state) = run_to_end('owned');
	is(failures($run), $want, "a role with $setting");
	query_value($node, 'ALTER ROLE owner RESET ALL');
}
# serializable transactions may have to be tried again
query_value($node, "ALTER ROLE owner SET default_transaction_isolation = 'serializable'; SELECT riskml.alter_job('owned', retries => 9, retry_delay => '0')");
($run, $state) = run_to_end('owned');
is($state . query_value($node, "SELECT count(*) FROM riskml.failures WHERE run_id = $run AND sqlstate <> '40001'"), 'success0', 'a role whose transactions are serializable');
query_value($node, 'ALTER ROLE owner RESET ALL');

# who is behind a job's role is not known, so a job approves no model
query_value($node, 'SELECT riskml.import_model($$judged$$, ' . dollar(leaf_model(1)) . q{);
	SELECT riskml.set_gates('judged', '[]', 'manual'), riskml.grant_model('judged', 'owner', 'promote')});
job('approves', '', [ 'approves', q{SELECT riskml.approve('judged', 'by a job')} ]);
query_value($node, "SELECT riskml.alter_job('approves', owner => 'owner')");
($run, $state) = run_to_end('approves');
is(failures($run), 'approves 42501', 'a job cannot approve a model');
is(sqlstate($node, "SET SESSION AUTHORIZATION owner; SELECT riskml.approve('judged', 'in a session')"), '00000', 'its owner can');

# from another database, which has no such settings
sub from_aside { return $node->safe_psql('template1', $_[0]) }
from_aside("ALTER DATABASE postgres SET $_")
  for 'default_transaction_read_only = on', "default_transaction_isolation = 'serializable'", "role = 'helper'", 'lock_timeout = 1';
from_aside(q{SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'});
$run = query_value($node, "SELECT riskml.run_job('calm')", 'role = none', 'default_transaction_read_only = off');
wait_for($node, 'SET role = none; ' . run_state($run), 'success', 'a database with such settings: the scheduler has its own');
from_aside('ALTER DATABASE postgres RESET ALL');

# ---- a scheduler that cannot do its work says so, but not all the time

my $offset = -s $node->logfile;
query_value($node, 'ALTER TABLE riskml.step_run RENAME TO hidden; SELECT riskml.adopt_jobs()');
$node->wait_for_log(qr/"riskml.step_run" does not exist.*"riskml.step_run" does not exist/s, $offset);
my $begin = time;
select(undef, undef, undef, 0.1) while time - $begin < 3;
cmp_ok(scalar(() = slurp_file($node->logfile, $offset) =~ /ERROR:  relation "riskml.step_run" does not exist/g), '<=', 6, 'an error that repeats is logged ever more seldom');
query_value($node, 'ALTER TABLE riskml.hidden RENAME TO step_run; SELECT riskml.adopt_jobs()');
others_go_on('when it is mended');

# ---- steps that turn on themselves

job('turns', '', [ 'cancels', 'SELECT riskml.cancel_run(riskml.run_id())' ], [ 'after', note_step('after'), ", after => '{cancels}'" ]);
($run, $state, $steps) = run_to_end('turns');
is("$state: $steps", 'cancelled: after=cancelled cancels=success', 'a step cancels its own run');
my %turns = (
	drops => [ "SELECT riskml.drop_job('turns_drops')", '55006' ],
	retries => [ 'SELECT riskml.retry_run(riskml.run_id())', '55000' ],
	marks => [ q{SELECT riskml.mark_success(riskml.run_id(), 'marks', 'x')}, '55000' ],
	waits => [ 'CALL riskml.wait_run(riskml.run_id())', '25001' ],
	discards => [ 'DISCARD ALL', '25001' ],
	begins => [ 'BEGIN', '2D000' ], commits => [ 'SELECT 1; COMMIT AND CHAIN', '2D000' ], rolls_back => [ 'ROLLBACK', '2D000' ],
	prepares => [ q{PREPARE TRANSACTION 'p'}, '2D000' ], saves => [ 'SAVEPOINT s', '2D000' ],
	listens => [ 'LISTEN riskml_event', '0A000' ],
	copies => [ 'COPY done FROM STDIN', '0A000' ],
	takes_success => [ q{UPDATE riskml.step_run SET state = 'success' WHERE run_id = riskml.run_id()}, '40001' ],
	removes_attempt => [ 'DELETE FROM riskml.step_run WHERE run_id = riskml.run_id()', '40001' ],
	drops_extension => [ 'DROP EXTENSION riskml CASCADE', '42P01' ],
	is_denied => [ q{DO $d$ BEGIN RAISE 'no' USING ERRCODE = '28000'; END $d$}, '28000' ]);
for my $name (sort keys %turns)
{
	my ($sql, $want) = @{ $turns{$name} };

	job("turns_$name", '', [ $name, note_step($name) . "; $sql" ]);
	($run, $state) = run_to_end("turns_$name");
	is("$state " . failures($run) . ' ' . query_value($node, "SELECT count(*) FROM done WHERE run = $run"), "failed $name $want 0", "a step that $name");
}
job('bears', '', [ 'hold', 'DECLARE c CURSOR WITH HOLD FOR SELECT g FROM generate_series(1, 10) g' ], [ 'temp', 'CREATE TEMP TABLE job_run (n int); CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1' ],
	[ 'session', 'SET SESSION AUTHORIZATION helper; SELECT 1' ], [ 'notify', 'NOTIFY riskml_event' ],
	[ 'read_only', 'SET transaction_read_only = on; SELECT 1' ], [ 'replica', 'SET session_replication_role = replica; ' . note_step('replica') ],
	[ 'locks', 'SELECT FROM riskml.job_run WHERE run_id = riskml.run_id() FOR UPDATE' ],
	[ 'two_phases', "BEGIN; " . note_step('two_phases') . "; PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'", ", kind => 'sql_no_transaction'" ],
	[ 'changes', q{SELECT riskml.alter_step('bears', 'changes', command => 'SELECT 2'); SELECT riskml.alter_job('bears', comment => 'x'); SELECT riskml.pause_job('bears')} ],
	[ 'nothing', ' ; ' ]);
($run, $state) = run_to_end('bears');
is("$state " . failures($run), 'success ', 'a step may hold a cursor, make temporary tables, change its session, its job and itself');
job('open_end', '', [ 's', 'BEGIN; ' . note_step('open_end'), ", kind => 'sql_no_transaction'" ]);
($run, $state) = run_to_end('open_end');
is("$state " . failures($run) . query_value($node, "SELECT count(*) FROM done WHERE run = $run"), 'failed s 250000', 'one that leaves a transaction open fails, without effect');

# An event trigger that fails is the step's affair.
query_value($node, q{CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no DDL'; END $$; CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()});
job('ddl', ", retries => 1, retry_delay => '0.1 s'", [ 's', 'CREATE TABLE t (n int)' ]);
($run, $state) = run_to_end('ddl');
is(failures($run), 's P0001, s P0001', 'an event trigger that fails');
others_go_on('then');
query_value($node, 'DROP EVENT TRIGGER refuse');

# ---- retries

job('denied', ", retries => 1, retry_delay => '0'", [ 's', q{DO $d$ BEGIN RAISE 'no' USING ERRCODE = '28P01'; END $d$} ]);
($run) = run_to_end('denied');
is(failures($run), 's 28P01, s 28P01', 'an error of class 28 of the step itself is tried again as any');
job('backs_off', ", retries => 3, retry_delay => '1 ms', retry_backoff => 1000, max_retry_delay => '2 ms'", [ 's', 'SELECT 1 / 0' ]);
($run) = run_to_end('backs_off');
is(failures($run), 's 22012, s 22012, s 22012, s 22012', 'a backoff beyond all numbers');
job('delayed', ", retries => 1, retry_delay => '1 hour'", [ 's', 'SELECT 1 / 0' ]);
$run = query_value($node, "SELECT riskml.run_job('delayed')");
wait_for($node, "SELECT count(*) FROM riskml.failures WHERE run_id = $run", '1', 'a step waits for its second attempt');
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', 'and is cancelled meanwhile');
is(query_value($node, "SELECT riskml.retry_run($run)"), '1', 'and begins anew');
wait_for($node, "SELECT count(*) FROM riskml.failures WHERE run_id = $run", '2', '... at once');
query_value($node, "SELECT riskml.cancel_run($run)");

# ---- results that are thrown away take no memory

my $blocker = session($node);
ask($blocker, 'SELECT pg_advisory_lock(1)');
job('wasteful', '', [ 's', q{SELECT repeat('x', 1000) FROM generate_series(1, 300000); SELECT pg_advisory_lock(1)} ]);
$run = query_value($node, "SELECT riskml.run_job('wasteful')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die 'does not run';
my ($peak) = slurp_file('/proc/' . query_value($node, "SELECT pid FROM riskml.running WHERE run_id = $run") . '/status') =~ /VmHWM:\s+(\d+) kB/;
cmp_ok($peak, '<', 150_000, 'a step whose result is large');
ask($blocker, 'SELECT pg_advisory_unlock_all()');
wait_for($node, run_state($run), 'success', '... ends');
is(query_value($node, "SELECT rows FROM riskml.attempts WHERE run_id = $run"), '1', '... with the rows of its last statement');

# ---- odd names and large parameters

my @names = ('"quoted"', "it''s", 'semi; DROP', '\\back', '%s%n', 'naïve', '日本語のステップ', 'x' x 63, '{a,b}', 'NULL', ' inner space'=~ s/^ //r);
query_value($node, "SELECT riskml.create_job('odd \"job\" 名')");
query_value($node, qq{SELECT riskml.add_step('odd "job" 名', '$_', command => 'INSERT INTO done VALUES (riskml.run_id(), ''odd'')')}) for @names;
query_value($node, qq{SELECT riskml.add_step('odd "job" 名', 'all', command => 'SELECT 1', after => (SELECT array_agg(step) FROM riskml.job_steps WHERE job = 'odd "job" 名'))});
($run, $state) = run_to_end('odd "job" 名');
is("$state " . query_value($node, "SELECT count(*) FROM done WHERE run = $run"), 'success ' . @names, 'steps with odd names');
like(query_value($node, q{SELECT riskml.job_graph('odd "job" 名', 'dot')}), qr/"\\"quoted\\"" -> "all"/, '... are drawn');

job('large', '', [ 's', q{SELECT riskml.set_output(to_jsonb(length(riskml.params()->>'x')))} ], [ 't', q{SELECT 1 / (riskml.output('s')::int / 1000000)}, ", after => '{s}'" ]);
query_value($node, q{SELECT riskml.run_job('large', jsonb_build_object('x', repeat('y', 1000000)))});
wait_for($node, q{SELECT state FROM riskml.runs WHERE job = 'large'}, 'success', 'parameters of a million bytes');

# ---- many steps, many runs

query_value($node, q{SELECT riskml.create_job('fan'); SELECT riskml.add_step('fan', 's' || g, command => 'SELECT 1', after => CASE WHEN g = 200 THEN (SELECT array_agg('s' || i) FROM generate_series(1, 199) i) ELSE '{}' END) FROM generate_series(1, 200) g});
($run, $state) = run_to_end('fan');
is($state, 'success', 'a step after many');
query_value($node, q{SELECT riskml.create_job('chain'); SELECT riskml.add_step('chain', 's' || g, command => 'SELECT 1', after => CASE WHEN g > 1 THEN ARRAY['s' || g - 1] ELSE '{}' END) FROM generate_series(1, 1000) g});
$begin = time;
$run = query_value($node, "SELECT riskml.run_job('chain')");
$node->poll_query_until('postgres', "SELECT count(*) >= 25 FROM riskml.run_step WHERE run_id = $run AND state = 'success'") or die;
cmp_ok(time - $begin, '<', 8, 'a graph of 1,000 steps, one after the other');
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', '... is cancelled');

query_value($node, q{SELECT riskml.create_job('many', '@hourly', start_at => '2020-01-01', end_at => '2021-06-01'); SELECT riskml.add_step('many', 's', command => 'SELECT 1')});
is(sqlstate($node, q{SELECT riskml.backfill('many', '2020-01-01', '2021-06-01')}), '54000', 'a backfill of more than 10,000 intervals is refused');
$begin = time;
is(query_value($node, q{SELECT riskml.backfill('many', '2020-01-01', timestamptz '2020-01-01' + 10000 * interval '1 hour')}), '10000', 'one of 10,000 is not');
note sprintf('backfill created in %.1f s', time - $begin);
$begin = time;
others_go_on('10,000 runs are waiting');
cmp_ok(time - $begin, '<', 5, '... soon');
note sprintf('others in %.1f s', time - $begin);
$begin = time;
query_value($node, q{SELECT count(riskml.cancel_run(run_id)) FROM riskml.runs WHERE job = 'many' AND state IN ('waiting', 'running')});
wait_for($node, q{SELECT count(*) FROM riskml.runs WHERE job = 'many' AND state IN ('waiting', 'running')}, '0', 'they are cancelled');
note sprintf('cancelled in %.1f s', time - $begin);

# ---- which databases

$offset = -s $node->logfile;
$node->append_conf('postgresql.conf', 'riskml.databases = \'postgres, "unclosed\'');
$node->reload;
$node->wait_for_log(qr/invalid value for parameter "riskml.databases"/, $offset);
others_go_on('a list that cannot be read');
$node->append_conf('postgresql.conf', q{riskml.databases = 'postgres, missing, postgres'});
$node->reload;
others_go_on('a database twice and one that is missing');
is(query_value($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'}), '1', '... with one scheduler');
# a launcher that began anew does not know the schedulers of the one before
query_value($node, q{SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'riskml launcher'});
$node->append_conf('postgresql.conf', q{riskml.databases = ''});
$offset = -s $node->logfile;
$node->reload;
$node->wait_for_log(qr/parameter "riskml.databases" changed/, $offset);
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'riskml launcher'}) or die 'no launcher';
$run = query_value($node, "SELECT riskml.run_job('calm')");
$begin = time;
select(undef, undef, undef, 0.1) while time - $begin < 1;
is(query_value($node, run_state($run)), 'waiting', 'a database that is no longer in the list');

done_testing();
