# ALTER EXTENSION UPDATE while jobs run: it neither waits for steps nor stops them, and no run is lost or doubled.
# There is no second version yet, so the test makes one, in a copy of the installation that has only links to most of it.
use strict;
use warnings FATAL => 'all';

use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

my $root = PostgreSQL::Test::Utils::tempdir();
my %dir;

for my $what (qw(bindir pkglibdir sharedir))
{
	chomp($dir{$what} = `pg_config --$what`);
	make_path($root . $dir{$what});
	# programs look for the rest from where they are themselves
	system('cp', $what eq 'bindir' ? '-a' : '-as', "$dir{$what}/.", $root . $dir{$what}) == 0 or die "cp of $dir{$what}";
}
my ($version) = slurp_file("$dir{sharedir}/extension/riskml.control") =~ /default_version = '(.*)'/;

# What each script changes: functions only; tables too, which begins with a lock that keeps the scheduler out.
my $functions = <<'SQL';
CREATE OR REPLACE FUNCTION riskml.run_id() RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_run_id' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.run_id() IS 'updated';
SQL
my $tables = $functions . <<'SQL';
LOCK TABLE riskml.adoption IN ACCESS EXCLUSIVE MODE;
LOCK TABLE riskml.step_run, riskml.run_step, riskml.job_run, riskml.job IN ACCESS EXCLUSIVE MODE;
ALTER TABLE riskml.job ADD COLUMN updated int NOT NULL DEFAULT 1;
ALTER TABLE riskml.job_run ADD COLUMN updated int NOT NULL DEFAULT 1;
ALTER TABLE riskml.run_step ADD COLUMN updated int NOT NULL DEFAULT 1;
ALTER TABLE riskml.step_run ADD COLUMN updated int NOT NULL DEFAULT 1;
SQL
append_to_file("$root$dir{sharedir}/extension/riskml--$version--functions.sql", $functions);
append_to_file("$root$dir{sharedir}/extension/riskml--functions--tables.sql", $tables);

$ENV{PATH} = "$root$dir{bindir}:$ENV{PATH}";
my $node = new_job_node('node', conf => 'log_statement = none');
query_value($node, <<'SQL');
CREATE TABLE ticks (at timestamptz);
CREATE TABLE done (run bigint);
SELECT riskml.create_job('clock', '1 second', catchup => 'all', max_active_runs => 3);
SELECT riskml.add_step('clock', 'first', command => 'INSERT INTO ticks VALUES (riskml.interval_end())');
SELECT riskml.add_step('clock', 'second', command => 'SELECT 1', after => '{first}');
SELECT riskml.create_job('long');
SELECT riskml.add_step('long', 's', command => 'INSERT INTO done VALUES (riskml.run_id()); SELECT pg_advisory_xact_lock(1)');
SELECT riskml.add_step('long', 't', command => 'INSERT INTO done VALUES (riskml.run_id())', after => '{s}');
SQL

# A tick later than those that there are.
sub clock_goes_on
{
	my $now = query_value($node, 'SELECT clock_timestamp()');
	wait_for($node, "SELECT count(*) > 0 FROM ticks WHERE at > '$now'", 't', "$_[0]: a schedule goes on");
}

my $blocker = session($node);
my $updater = session($node);

sub start_long
{
	ask($blocker, 'SELECT pg_advisory_lock(1)');
	my $run = query_value($node, "SELECT riskml.run_job('long')");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die 'does not run';
	return $run;
}

sub end_long
{
	my ($run, $name) = @_;

	ask($blocker, 'SELECT pg_advisory_unlock_all()');
	wait_for($node, run_state($run), 'success', "$name: the step that was running ends");
	is(query_value($node, "SELECT count(*) || ' ' || max(attempt) FROM done JOIN riskml.attempts ON run_id = run WHERE run = $run"), '4 1', "$name: its effects are there once");
}

clock_goes_on('before');
for my $to (qw(functions tables))
{
	my $run = start_long();
	my $begin = time;

	# one that is given up, as often as rounds might be in the way
	for (1 .. 20)
	{
		my ($out, $err) = ask($updater, "BEGIN; ALTER EXTENSION riskml UPDATE TO '$to'; ROLLBACK");
		is($err, '', "$to: given up") if $err ne '';
	}
	is(query_value($node, q{SELECT extversion FROM pg_extension WHERE extname = 'riskml'}), $to eq 'functions' ? $version : 'functions', "$to: twenty updates that are given up");
	clock_goes_on("$to, given up");

	# one that takes its time, while the scheduler waits or goes on
	ask($updater, 'BEGIN');
	if ($to eq 'tables')
	{
		ask($updater, 'LOCK TABLE riskml.adoption IN ACCESS EXCLUSIVE MODE');
		$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'riskml scheduler' AND wait_event_type = 'Lock'}) or die 'the scheduler does not wait';
		is(query_value($node, q{SELECT coalesce(string_agg(c.relname, ', '), '') FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
			WHERE backend_type = 'riskml scheduler' AND granted AND c.relnamespace = 'riskml'::regnamespace}), '', "$to: the scheduler holds nothing that the update may want");
	}
	my ($out, $err) = ask($updater, "ALTER EXTENSION riskml UPDATE TO '$to'");
	is($err, '', "$to: an update");
	if ($to eq 'tables')
	{
		my $until = query_value($node, q{SELECT clock_timestamp() + interval '2 s'});
		$node->poll_query_until('postgres', "SELECT clock_timestamp() > '$until'") or die;
	}
	else
	{
		clock_goes_on("$to, not committed");
	}
	is((ask($updater, 'COMMIT'))[1], '', "$to: is committed");
	clock_goes_on("$to, committed");
	cmp_ok(time - $begin, '<', 20, "$to: nobody waits for the step");
	end_long($run, $to);
}
is(query_value($node, q{SELECT extversion FROM pg_extension WHERE extname = 'riskml'}), 'tables', 'the extension is of the last version');
is(query_value($node, q{SELECT obj_description('riskml.run_id()'::regprocedure)}), 'updated', 'with its functions');
my $run = start_long();
end_long($run, 'afterwards');

# ---- none lost, none doubled

query_value($node, "SELECT riskml.pause_job('clock')");
wait_for($node, q{SELECT count(*) FROM riskml.runs WHERE state IN ('waiting', 'running')}, '0', 'all runs end');
is(query_value($node, q{SELECT string_agg(DISTINCT state, ' ') FROM riskml.runs}), 'success', 'with success');
is(query_value($node, q{SELECT count(*) - count(DISTINCT at) FROM ticks}), '0', 'no interval twice');
is(query_value($node, q{SELECT extract(epoch FROM max(at) - min(at))::int + 1 - count(*) FROM ticks}), '0', 'and none is missing');
unlike(slurp_file($node->logfile), qr/deadlock detected|ERROR:  (?!canceling)/, 'no errors, no deadlocks');

done_testing();
