# kill -9 of a backend that scores, imports or promotes, and an immediate stop: after the restart the
# registry holds what was committed and nothing else.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node', conf => "restart_after_crash = on\nlog_statement = none");
my $file = temp_file(tree_model(trees => 300, depth => 5));
query_value($node, "SELECT riskml.import_model('m', " . dollar(leaf_model($_)) . ')') for (1, 2);
query_value($node, "SELECT riskml.import_model_file('trees', '$file')");
query_value($node, 'CREATE TABLE loans AS SELECT g AS id, g * 0.01 AS x0, g * 0.02 AS x1, g * 0.03 AS x2, g * 0.04 AS x3, g AS x FROM generate_series(1, 100) g');
query_value($node, 'CHECKPOINT');

my $state = q{SELECT (SELECT string_agg(format('%s@%s %s %s', model, version, aliases, identity), ', ' ORDER BY model, version) FROM riskml.models),
	(SELECT count(*) || ' ' || md5(string_agg(encode(hash, 'hex'), '' ORDER BY seq)) FROM riskml.audit_log),
	(SELECT count(*) FROM riskml.verify_audit()),
	(SELECT count(*) FROM riskml.models m, LATERAL riskml.verify((model || '@' || version)::riskml.model_ref) WHERE NOT passed)};
my $scores = "SELECT md5(string_agg(float8send(risk_score('trees', l))::text, ',' ORDER BY id)), sum(risk_score('m', l)) FROM loans l";
my $expected = query_value($node, "$state; $scores");
my $blocker;
my $victim;
my $witness;

sub connect_all
{
	$blocker = session($node);
	$victim = session($node);
	$witness = session($node);
}

# Sends the signal and waits until the server has restarted all backends.
sub kill_9
{
	my ($pid) = @_;
	my $offset = -s $node->logfile;

	kill('KILL', $pid) == 1 or die "no process $pid";
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	for my $session ($blocker, $victim, $witness)
	{
		# psql notices the lost connection when it is used, and ends
		$session->{stdin} .= "SELECT 1;\n\\q\n";
		eval { $session->{run}->finish };
	}
}

sub unchanged
{
	my ($name) = @_;
	is(query_value($node, "$state; $scores"), $expected, "$name: registry and scores are as before");
}

# ---- while it scores: in the middle of a scan, models pinned

connect_all();
ask($blocker, 'SELECT pg_advisory_lock(1)');
my $pid = backend_pid($victim);
ask($witness, $scores);
start_query($victim, "SELECT risk_score('trees', l), risk_score('m', l), CASE WHEN id = 50 THEN pg_advisory_lock(1) END FROM loans l");
wait_until_blocked($node, $pid);
kill_9($pid);
unchanged('killed while it scores');

# ---- in the middle of an import: compiled, not yet stored (it waits for the registry's lock)

connect_all();
ask($blocker, 'BEGIN; LOCK riskml.audit_log IN EXCLUSIVE MODE');
$pid = backend_pid($victim);
start_query($victim, "SELECT riskml.import_model('m', " . dollar(leaf_model(3)) . ')');
wait_until_blocked($node, $pid);
kill_9($pid);
unchanged('killed before the import stored anything');

# ---- stored, not committed; and others waiting to write

connect_all();
$pid = backend_pid($victim);
my $waiting = backend_pid($witness);
is(ask($victim, "BEGIN; SELECT riskml.import_model('m', " . dollar(leaf_model(3)) . "); SELECT FROM riskml.promote('m', 3, 'r');"
		  . " SELECT FROM riskml.grant_model('m', 'public'); SELECT risk_score('m', ROW(1))"),
	"3\n3", 'imported and promoted in an open transaction');
query_value($node, 'CHECKPOINT');    # so that its rows are on disk
start_query($witness, "SELECT riskml.promote('m', 2, 'r')");
wait_until_blocked($node, $waiting);
kill_9($pid);
unchanged('killed between the import and its commit');

# ---- the server is stopped at once in that state

connect_all();
ask($victim, "BEGIN; SELECT riskml.import_model('m', " . dollar(leaf_model(3)) . "); SELECT FROM riskml.promote('m', 3, 'r');"
	  . " SELECT FROM riskml.drop_alias('trees', 'staging', 'r'), riskml.drop_alias('trees', 'production', 'r'), riskml.drop_model('trees')");
query_value($node, 'CHECKPOINT');
$pid = backend_pid($witness);
ask($blocker, 'SELECT pg_advisory_lock(1)');
start_query($witness, "SELECT risk_score('trees', l), CASE WHEN id = 50 THEN pg_advisory_lock(1) END FROM loans l");
wait_until_blocked($node, $pid);
$node->stop('immediate');
for my $session ($blocker, $victim, $witness)
{
	$session->{stdin} .= "SELECT 1;\n\\q\n";
	eval { $session->{run}->finish };
}
$node->start;
unchanged('immediate stop in the middle of changes');

# ---- what was committed stays

connect_all();
$pid = backend_pid($victim);
is(ask($victim, "SELECT riskml.import_model('m', " . dollar(leaf_model(3)) . "); SELECT riskml.promote('m', 3, 'r')"), '3', 'imported and promoted, committed');
kill_9($pid);
is(query_value($node, "SELECT risk_score('m', ROW(1)), version FROM riskml.models WHERE model = 'm' AND 'production' = ANY (aliases)"), '3|3',
	'killed right after: both are there');
is(query_value($node, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'the audit log is intact');
is(query_value($node, "SELECT riskml.import_model('m', " . dollar(leaf_model(4)) . ')'), '4', 'the next version has the next number');

$node->stop;
done_testing();
