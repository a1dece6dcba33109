# A process is killed, or the server stopped at once, at each point of a step's life: its effects are there
# exactly once (of steps that commit by themselves at least once), states are right soon, nothing is orphaned.
# Of what is ingested a row is bad each time: it is in quarantine once.
# RISKML_LONG=1: every kind at every point with every way to end; else a fifth of them.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

my $node = new_job_node('node', conf => 'log_statement = none');
my $gate = 77;		# an advisory lock that a session of ours holds
my $holder;

query_value($node, <<SQL);
CREATE TABLE effects (run bigint DEFAULT riskml.run_id(), step text, point text);
CREATE FUNCTION stand_at_gate() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN PERFORM pg_advisory_xact_lock($gate); RETURN NULL; END \$\$;
CREATE TRIGGER in_the_middle AFTER INSERT ON effects
	FOR EACH ROW WHEN (NEW.point = 'middle') EXECUTE FUNCTION stand_at_gate();
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON effects DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.point = 'commit') EXECUTE FUNCTION stand_at_gate();
CREATE FUNCTION effect(point text) RETURNS boolean LANGUAGE plpgsql AS \$\$
	BEGIN
		INSERT INTO effects VALUES (riskml.run_id(), 'first', point);
		RETURN true;
	END \$\$;
SELECT riskml.create_pool('closed', 0);
-- somebody who is running, to be killed where the step itself is not
SELECT riskml.create_job('bystander', retries => 1000, retry_delay => '0.1 s');
SELECT riskml.add_step('bystander', 'first', command => 'SELECT pg_advisory_xact_lock($gate)');
SQL

sub pid_of
{
	my ($what) = @_;
	return query_value($node, "SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'riskml $what'");
}

# Nobody passes the gate from now on.
sub close_gate
{
	$holder = session($node);
	ask($holder, "SELECT pg_advisory_lock($gate)");
}

# psql notices the lost connection when it is used, and ends.
sub forget_holder
{
	$holder->{stdin} .= "SELECT 1;\n\\q\n";
	eval { $holder->{run}->finish };
}

sub end_something
{
	my ($what) = @_;

	if ($what eq 'immediate' || $what eq 'fast')
	{
		$node->stop($what);
		$node->start;
	}
	else
	{
		kill_process($node, pid_of($what));
	}
	forget_holder();
}

# What there is to see when the run has come to its point.
my %come = (
	before => "SELECT count(*) = 1 FROM riskml.run_step WHERE run_id = %d AND step = 'first' AND state = 'queued'",
	middle => "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity USING (pid) WHERE run_id = %d AND wait_event_type = 'Lock'",
	commit => "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity USING (pid) WHERE run_id = %d AND wait_event_type = 'Lock'",
	after => "SELECT count(*) = 1 FROM riskml.run_step WHERE run_id = %d AND step = 'second' AND state = 'queued'");

# What the first step does, by its kind: a row of effects, and of what is ingested one that is bad.
sub command
{
	my ($kind, $point, $job) = @_;

	return "SELECT effect('$point')" if $kind !~ /load|ingest/;
	return qq({"source": "SELECT riskml.run_id() AS run, 'first' AS step, '$point' AS point", "target": "effects"}) if $kind eq 'load';
	append_to_file(file_of($job), "step,point\nfirst,$point\nfirst,$point,too much\n");
	return '{"files": "' . file_of($job) . '", "target": "effects", "options": {"settle": "0 s"}}';
}

sub file_of { return $node->basedir . "/$_[0].csv" }

my $n = 0;

sub try_case
{
	my ($kind, $point, $what) = @_;
	my $name = "$kind, $what ended " . { before => 'before the step', middle => 'in its middle', commit => 'at its commit', after => 'after it' }->{$point};
	my $job = 'case' . ++$n;
	my $first = $point eq 'before' ? ", pool => 'closed'" : '';
	my $second = $point eq 'after' ? ", pool => 'closed'" : '';

	close_gate();
	my $bystander = query_value($node, "SELECT riskml.run_job('bystander')");
	query_value($node, "SELECT riskml.create_job('$job', retries => 5, retry_delay => '0.1 s')");
	query_value($node, "SELECT riskml.add_step('$job', 'first', '$kind', \$\$" . command($kind, $point, $job) . "\$\$$first)");
	query_value($node, "SELECT riskml.add_step('$job', 'second', command => \$\$INSERT INTO effects VALUES (riskml.run_id(), 'second')\$\$, after => '{first}'$second)");
	my $run = query_value($node, "SELECT riskml.run_job('$job')");
	for my $condition (sprintf($come{$point}, $run), sprintf($come{middle}, $bystander))
	{
		$node->poll_query_until('postgres', $condition) or die "$name: does not come to its point";
	}
	end_something($what);
	my $begin = time;
	query_value($node, "SELECT riskml.alter_pool('closed', 9)");
	wait_for($node, run_state($run), 'success', "$name: the run succeeds");
	cmp_ok(time - $begin, '<', 10, "$name: ... within 10 seconds");
	my $effects = query_value($node, "SELECT count(*) FILTER (WHERE step = 'first') || ' ' || count(*) FILTER (WHERE step = 'second') FROM effects WHERE run = $run");
	if ($kind eq 'sql_no_transaction')
	{
		like($effects, qr/^[1-9] 1$/, "$name: effects at least once");
	}
	else
	{
		is($effects, '1 1', "$name: effects once");
	}
	if ($kind eq 'ingest')
	{
		is(query_value($node, "SELECT count(*) FROM riskml.quarantine WHERE source = '" . file_of($job) . "'"), '1',
			"$name: the bad row is in quarantine once");
	}
	is(query_value($node, "SELECT string_agg(step || ' ' || n, ', ' ORDER BY step) FROM (SELECT step, count(*) FILTER (WHERE state = 'success') AS n FROM riskml.attempts WHERE run_id = $run GROUP BY step) a"),
		'first 1, second 1', "$name: one attempt of each step succeeds");
	wait_for($node, run_state($bystander), 'success', "$name: others go on, too");
	is(query_value($node, "SELECT count(*) FROM riskml.running"), '0', "$name: nothing is left running");
	query_value($node, "SELECT riskml.alter_pool('closed', 0)");
}

my @cases;
for my $kind (qw(sql sql_no_transaction wait load ingest))
{
	for my $point (qw(before middle commit after))
	{
		push @cases, [ $kind, $point, $_ ] for qw(step scheduler launcher immediate fast);
	}
}
# 20 of 100: each kind at each point, the ends in turn
@cases = @cases[ map { 5 * $_ + ($_ + int($_ / 4)) % 5 } 0 .. 19 ] unless $ENV{RISKML_LONG};
try_case(@$_) for @cases;

done_testing();
