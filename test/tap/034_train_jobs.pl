# Steps of kind train: a version and the step's success come together or not at all, whatever is killed; what fails says why.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

chomp(my $trainer = `pg_config --pkglibdir`);
plan skip_all => 'libxgboost is absent' unless -x "$trainer/riskml_trainer";

my $node = new_job_node('node', conf => "riskml.max_trainers = 2\nlog_statement = none\n");

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE loans AS SELECT random() AS a, random() AS b, random() AS c, i % 7 = 0 AS bad FROM generate_series(1, 20000) i;
CREATE ROLE modeller LOGIN;
GRANT SELECT ON loans TO modeller;
GRANT EXECUTE ON FUNCTION riskml.create_job TO modeller;
SQL

sub command
{
	my ($model, $rounds, $more) = @_;
	return qq({"model": "$model", "query": "SELECT * FROM loans", "label": "bad", "num_boost_round": $rounds,)
	  . qq( "params": {"objective": "binary:logistic", "max_depth": 3}$more});
}

# A job of one step, and its run.
sub start
{
	my ($name, $command, $options) = @_;

	define_job($node, $name, $options // '', [ 'train', $command, ", kind => 'train'" ]);
	return query_value($node, "SELECT riskml.run_job('$name')");
}

sub process_of
{
	my ($run) = @_;
	return query_value($node, "SELECT pid FROM riskml.running WHERE run_id = $run");
}

# What is to be seen of a run that succeeds: a version, a training, a success.
sub happened_once
{
	my ($name, $run, $attempts) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(query_value($node, "SELECT concat_ws(' ', (SELECT count(*) FROM riskml.models WHERE model = '$name'), (SELECT count(*) FROM riskml.trainings WHERE model = '$name' AND run_id = $run AND step = 'train'),"
		. " (SELECT count(*) FROM riskml.attempts WHERE run_id = $run AND state = 'success'), (SELECT count(*) FROM riskml.attempts WHERE run_id = $run))"), "1 1 1 $attempts",
		"$name: one version, one training, one success of $attempts attempts");
	is(query_value($node, "SELECT count(*) FROM riskml.training_progress"), '0', "$name: nothing is left");
	is(query_value($node, "SELECT count(*) FROM riskml.verify_audit()"), '0', "$name: the audit log is whole");
}

sub trainer_is_gone
{
	my ($name) = @_;
	my $left = 'yes';

	for (1 .. 100)
	{
		$left = join(' ', grep { slurp("$_/cmdline") =~ m{^\Q$trainer\E/riskml_trainer} } glob('/proc/[0-9]*'));
		last if $left eq '';
		select(undef, undef, undef, 0.05);
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($left, '', "$name: the trainer is gone");
}

# ---- as it should be

my $run = start('plain', command('plain', 5, ''));
wait_for($node, run_state($run), 'success', 'a step that trains');
happened_once('plain', $run, 1);
is(query_value($node, "SELECT concat_ws(' ', a.rows, output->>'model', output->>'version', output->>'rows', output->>'rounds') FROM riskml.run_step s JOIN riskml.attempts a USING (run_id, step) WHERE run_id = $run"), '20000 plain 1 20000 5',
	'what it leaves for later steps');
like(query_value($node, "SELECT detail FROM riskml.audit_log WHERE action = 'import' AND model = 'plain'"), qr/^trained by step "train" of run $run$/, 'what the audit log says');
is(query_value($node, "SELECT string_agg(action, ' ' ORDER BY seq) FROM riskml.audit_log WHERE model = 'plain'"), 'import set_alias set_alias set_baseline', 'the audit log has all of it');

# ---- killed

$run = start('killed', command('killed', 500, ''), ", retries => 5, retry_delay => '0.1 s'");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.training_progress WHERE model = 'killed' AND round > 5") or die;
is(query_value($node, "SELECT rows_read FROM riskml.running WHERE run_id = $run"), '20000', 'riskml.running tells the rows');
is(query_value($node, "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = " . process_of($run)), 't', 'no snapshot while trees grow');
my $first = process_of($run);
kill_process($node, $first);
wait_for($node, run_state($run), 'success', 'kill -9 while trees grow: tried again');
happened_once('killed', $run, 2);

# with the version stored and the success not yet recorded, and the other way round: before anything is stored
for my $case (
	[ 'stored', 'SELECT FROM riskml.step_run WHERE run_id = $run FOR UPDATE', 'before success is recorded' ],
	[ 'before', 'LOCK TABLE riskml.audit_log IN EXCLUSIVE MODE', 'before it is stored' ])
{
	my ($name, $lock, $when) = @$case;

	$run = start($name, command($name, 200, ''), ", retries => 5, retry_delay => '0.1 s'");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.training_progress WHERE model = '$name' AND round > 0") or die;
	my $holder = session($node);
	ask($holder, 'BEGIN; ' . ($lock =~ s/\$run/$run/r) . ';');
	my $pid = process_of($run);
	$node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die "$name: does not come to its point";
	kill_process($node, $pid);
	$holder->{stdin} .= "SELECT 1;\n\\q\n";
	eval { $holder->{run}->finish };
	wait_for($node, run_state($run), 'success', "kill -9 $when: tried again");
	happened_once($name, $run, 2);
}

# ---- the trainer killed

$run = start('crash', command('crash', 1000000, ''));
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.training_progress WHERE model = 'crash' AND round > 0") or die;
kill('KILL', trainer_of(process_of($run))) or die;
wait_for($node, run_state($run), 'failed', 'kill -9 of the trainer: the run fails');
like(query_value($node, "SELECT concat_ws(' ', sqlstate, message, hint) FROM riskml.attempts WHERE run_id = $run"), qr/^38000 riskml_trainer was terminated by signal 9: Killed .*memory/,
	'... and says why');
is(query_value($node, "SELECT count(*) FROM riskml.models WHERE model = 'crash'"), '0', '... without a version');

# ---- cancelled

$run = start('cancelled', command('cancelled', 1000000, ''));
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.training_progress WHERE model = 'cancelled' AND round > 0") or die;
my $begin = time;
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', 'cancel_run()');
cmp_ok(time - $begin, '<', 3, '... is answered soon');
trainer_is_gone('cancel_run()');
is(query_value($node, "SELECT count(*) FROM riskml.models WHERE model = 'cancelled'"), '0', '... without a version');

$run = start('slow', command('slow', 1000000, ''), ", timeout => '1 s'");
wait_for($node, run_state($run), 'failed', 'a run that takes too long');
trainer_is_gone('a run that takes too long');

# ---- what fails, and who may

$run = start('wrong', command('wrong', 5, ', "features": ["nowhere"]'));
wait_for($node, run_state($run), 'failed', 'a feature that is not there');
like(query_value($node, "SELECT message FROM riskml.attempts WHERE run_id = $run"), qr/nowhere/, '... which the attempt names');

sub as_modeller
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql, extra_params => [ '-U', 'modeller' ]);
}
as_modeller("SELECT riskml.create_job('theirs'), riskml.add_step('theirs', 'train', kind => 'train', command => '" . command('theirs', 5, '') . "')");
$run = as_modeller("SELECT riskml.run_job('theirs')");
wait_for($node, run_state($run), 'failed', 'an owner who may not train');
like(query_value($node, "SELECT concat_ws(' ', sqlstate, message) FROM riskml.attempts WHERE run_id = $run"), qr/^42501 permission denied for procedure train_model/, '... is told so');
query_value($node, 'GRANT EXECUTE ON PROCEDURE riskml.train_model TO modeller');
$run = as_modeller("SELECT riskml.run_job('theirs')");
wait_for($node, run_state($run), 'success', '... and may once that is granted');
is(query_value($node, "SELECT owner || ' ' || imported_by FROM riskml.models WHERE model = 'theirs'"), 'modeller modeller', '... and owns the model');
as_modeller("SELECT riskml.create_job('other'), riskml.add_step('other', 'train', kind => 'train', command => '" . command('plain', 5, '') . "')");
$run = as_modeller("SELECT riskml.run_job('other')");
wait_for($node, run_state($run), 'failed', "another's model");
like(query_value($node, "SELECT message FROM riskml.attempts WHERE run_id = $run"), qr/^must be owner of model "plain"/, '... is refused');

for my $refused ('SELECT 1', '{"query": "SELECT 1", "label": "x"}', command('m', 0, ''), command('m', 5, ', "round": 7'), command('m', 5, ', "folds": 1'),
	command('m', 5, ', "early_stopping_rounds": 5'), command('a@b', 5, ''))
{
	isnt(sqlstate($node, "SELECT riskml.create_job('refused'), riskml.add_step('refused', 's', 'train', '$refused')"), '00000', "refused when it is defined: $refused");
}

$node->stop;
done_testing();
