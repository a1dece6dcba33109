# Trainings whatever happens: the trainer killed, crashed, hanging, out of memory or talking nonsense, the session cancelled, ended or killed,
# the server stopped or killed.  The session gets a clear error, the server lives, and nothing is left: no process, no file, no slot, no version.
#
# RISKML_LONG=1: twenty random moments to kill and to cancel; else three.  RISKML_SEED: of the moments (1).
use strict;
use warnings FATAL => 'all';

use File::Find;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

use constant LIMIT => 1;    # second in which a cancel is answered

my $moments = $ENV{RISKML_LONG} ? 20 : 3;
chomp(my $trainer = `pg_config --pkglibdir`);
plan skip_all => 'libxgboost is absent' unless -x "$trainer/riskml_trainer";

srand($ENV{RISKML_SEED} // 1);
my $node = new_job_node('node', conf => "riskml.max_trainers = 4\nlog_statement = none\n");

$node->safe_psql('postgres',
	'CREATE TABLE loans AS SELECT random() AS a, random() AS b, random() AS c, random() AS d, (i % 3)::int AS e, i % 7 = 0 AS bad FROM generate_series(1, 30000) i');

# A training that goes on until somebody ends it.
sub training
{
	my ($model, %more) = @_;
	my $query = $more{query} // 'SELECT * FROM loans';
	my $rounds = $more{rounds} // 1000000;
	my $rest = $more{rest} // '';

	return "CALL riskml.train_model('$model', \$q\$$query\$q\$, 'bad', '{\"objective\": \"binary:logistic\", \"max_depth\": 3}', $rounds$rest)";
}

# ---- processes

# Seconds until a process is gone, if that is soon.
sub gone_after
{
	my ($pid) = @_;
	my $begin = time;

	while (time - $begin < 10)
	{
		my $stat = stat_of($pid);
		return time - $begin if !defined $stat || $stat->{state} eq 'Z' && $stat->{parent} != $$;
		select(undef, undef, undef, 0.01);
	}
	return time - $begin;
}

# ---- what is left

sub temp_files
{
	my @found;

	find(sub { push @found, $_ if /^pgsql_tmp\d/ && -f }, $node->data_dir);
	return scalar @found;
}

my $versions = 0;

sub nothing_is_left
{
	my ($name, $backend) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join(' ', children_of($backend)), '', "$name: no process is left, nor a zombie") if defined $backend;
	is(query_value($node, <<'SQL') . ' ' . temp_files(), "0 0 $versions 0", "$name: nor a slot, a version, a file");
SELECT (SELECT count(*) FROM riskml.training_progress) || ' ' || (SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_extension'::regclass
 AND database = 0) || ' ' || (SELECT count(*) FROM riskml.model_version)
SQL
}

sub phase_is
{
	my ($pid, $condition) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.training_progress WHERE pid = $pid AND $condition")
	  or die "training of $pid: not $condition";
}

my $session = session($node);
my $pid = backend_pid($session);

# Starts one and waits for a moment of it; the trainer's process.
sub begin_training
{
	my ($condition, $sql) = @_;

	start_query($session, $sql // training('credit'));
	phase_is($pid, $condition);
	return trainer_of($pid);
}

sub ends_like
{
	my ($name, $pattern) = @_;
	my ($out, $err) = finish_query($session);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($err, $pattern, $name);
	is(backend_pid($session), $pid, "$name: the session lives on");
	nothing_is_left($name, $pid);
}

# A moment: while rows are read, while the matrix is made, after some round.
sub random_moment
{
	my $kind = int(rand(5));

	return ("phase = 'reading' AND rows > 0", training('credit', query => 'SELECT l.* FROM loans l, generate_series(1, 500)')) if $kind == 0;
	return ("phase = 'fitting' OR phase = 'boosting'", training('credit')) if $kind == 1;
	return ('round >= ' . int(rand(60)), training('credit'));
}

# ---- what the trainer is, while trees grow

my $child = begin_training('round >= 1');
is(query_value($node, "SELECT backend_xmin IS NULL AND backend_xid IS NULL AND state = 'active' FROM pg_stat_activity WHERE pid = $pid"), 't',
	'no snapshot and no transaction id while trees grow');
is(query_value($node, "SELECT concat_ws(' ', database, role = current_user, model, phase, rows, fold, num_boost_round, metrics LIKE 'train-logloss 0.%', started_at < now()) FROM riskml.training_progress"),
	'postgres t credit boosting 30000 1000000 t t', 'what riskml.training_progress tells');
is(slurp("/proc/$child/environ"), "OMP_NUM_THREADS=1\0OMP_WAIT_POLICY=PASSIVE\0", 'environment');
# one more is its own: a copy of standard output, so that nothing that a library prints gets between frames
is(join(' ', map { readlink($_) =~ s/:.*//r } glob("/proc/$child/fd/*")), 'pipe pipe pipe pipe', 'open files');
like(slurp("/proc/$child/status"), qr/^NoNewPrivs:\s*1$/m, 'no new privileges');
like(slurp("/proc/$child/limits"), qr/^Max address space\s+4294967296\s+4294967296/m, 'limit of memory');
like(slurp("/proc/$child/limits"), qr/^Max core file size\s+0\s+0 .*^Max open files|^Max file size\s+0\s+0 .*^Max core file size\s+0\s+0 /ms, 'limits of files');
is(slurp("/proc/$child/oom_score_adj"), "1000\n", 'the first to go when memory runs out');
is(readlink("/proc/$child/cwd"), '/', 'working directory');
is(stat_of($child)->{session}, $child, 'a session of its own');
like(slurp("/proc/$child/stat"), qr/^\d+ \(.*\) \S(?: \S+){15} (?:1[0-9]) /, 'nice');
like(slurp("/proc/$child/status"), qr/^SigBlk:\s*0+$/m, 'no signal is blocked');
query_value($node, "SELECT pg_cancel_backend($pid)");
ends_like('cancelled', qr/ERROR: .*canceling statement due to user request/);

# ---- killed, crashed

for my $n (1 .. $moments)
{
	my ($condition, $sql) = random_moment();
	kill('KILL', begin_training($condition, $sql)) or die;
	ends_like("kill -9 of the trainer, $n ($condition)", qr/ERROR: .*riskml_trainer was terminated by signal 9: Killed.*HINT:/s);
}
for my $crash ([ SEGV => 11, 'Segmentation fault' ], [ ABRT => 6, 'Aborted' ], [ TERM => 15, 'Terminated' ])
{
	my ($signal, $number, $text) = @$crash;
	kill($signal, begin_training('round >= 1')) or die;
	ends_like("SIG$signal", qr/ERROR: .*riskml_trainer was terminated by signal $number: $text/);
}

# stopped before it is riskml_trainer, which is found by trying: as with a disk that does not answer
my $children = "/proc/$pid/task/$pid/children";
my $stopped_early = 0;
for (1 .. 100)
{
	last if $stopped_early || !-r $children;
	start_query($session, training('credit'));
	my $found = '';
	for (1 .. 100000)
	{
		$found = slurp($children);
		last if $found ne '';
	}
	my ($early) = $found =~ /^(\d+)/ or die 'no child';
	kill('STOP', $early);
	select(undef, undef, undef, 0.02);
	$stopped_early = slurp("/proc/$early/cmdline") =~ /^postgres/;
	my $asked = time;
	query_value($node, "SELECT pg_cancel_backend($pid)");
	finish_query($session);
	next if !$stopped_early;
	cmp_ok(time - $asked, '<', LIMIT, 'stopped before it runs: a cancel is answered within a second');
	nothing_is_left('stopped before it runs', $pid);
}
note 'no trainer could be stopped before it runs' if !$stopped_early;

# ---- cancelled: how long until the session answers

my @seconds;
for my $n (1 .. $moments)
{
	my ($condition, $sql) = random_moment();
	begin_training($condition, $sql);
	my $begin = time;
	query_value($node, "SELECT pg_cancel_backend($pid)");
	ends_like("cancelled, $n ($condition)", qr/ERROR: .*canceling statement due to user request/);
	push @seconds, time - $begin;
}
cmp_ok((sort { $a <=> $b } @seconds)[-1], '<', LIMIT, 'each cancel is answered within a second') or diag "seconds: @seconds";
note sprintf('cancelled: at most %.3f s of %d, with what the test looks at', (sort { $a <=> $b } @seconds)[-1], scalar @seconds);

my ($out, $err) = ask($session, "SET statement_timeout = '1 s'; " . training('credit') . ';');
like($err, qr/canceling statement due to statement timeout/, 'statement_timeout');
ask($session, 'RESET statement_timeout');
nothing_is_left('statement_timeout', $pid);

# ---- too little memory, queries that fail

for my $case (
	[ "SET riskml.trainer_memory = '64MB'", training('credit', rounds => 1, query => 'SELECT l.* FROM loans l, generate_series(1, 100)'),
		qr/ERROR: .*memory.*HINT:  [^\n]*riskml\.trainer_memory/s, 'too little memory for the rows' ],
	[ "SET riskml.trainer_memory = '100MB'", training('credit', rounds => 1, query => 'SELECT l.* FROM loans l, generate_series(1, 50)'),
		qr/ERROR: .*memory.*HINT:  [^\n]*riskml\.trainer_memory/s, 'too little memory to train' ],
	[ '', training('credit', query => 'SELECT a, 1 / (row_number() OVER () - 20000) AS b, bad FROM loans'), qr/ERROR: .*division by zero/, 'the query fails in the middle' ],
	[ '', training('credit', query => 'SELECT a, b, bad FROM nowhere'), qr/ERROR: .*relation "nowhere" does not exist/, 'no such table' ],
	[ '', training('credit', query => 'DELETE FROM loans RETURNING *'), qr/ERROR: /, 'a query that writes' ],
	[ "CREATE OR REPLACE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO loans DEFAULT VALUES RETURNING 1'", training('credit', query => 'SELECT a, writes() AS b, bad FROM loans'),
		qr/ERROR: .*(?:read-only|not allowed in a non-volatile)/, 'a function that writes' ],
	[ 'SET default_transaction_read_only = on', training('credit'), qr/ERROR: .*cannot execute riskml\.train_model\(\) in a read-only transaction/, 'read-only' ],
	[ "SET riskml.trainer_path = '/nowhere/riskml_trainer'", training('credit'), qr{ERROR: .*could not start "/nowhere/riskml_trainer": No such file or directory.*HINT:  Training needs libxgboost}s, 'no program' ],
	[ "SET riskml.trainer_path = '/etc/passwd'", training('credit'), qr{ERROR: .*could not start "/etc/passwd": Permission denied}, 'no program that can be run' ])
{
	my ($set, $sql, $pattern, $name) = @$case;
	ask($session, "$set;") if $set ne '';
	start_query($session, $sql);
	ends_like($name, $pattern);
	ask($session, 'RESET ALL');
}
errors_like($node, "SET riskml.trainer_path = 'riskml_trainer'", '22023', 'DETAIL:  It must be an absolute path', 'a path that is not absolute');
for my $wrong ([ 'BEGIN; ' . training('credit') . '; END', 'in a transaction block' ],
	[ 'DO $$ DECLARE version int; BEGIN ' . training('credit', rest => ', version => version') . "; EXCEPTION WHEN division_by_zero THEN NULL; END \$\$", 'in a subtransaction' ])
{
	errors_like($node, $wrong->[0], '25001', 'cannot run in a transaction block or a function.*HINT:', $wrong->[1]);
}
nothing_is_left('in transactions');

# ---- with a recipe, whose rows wait in temporary files that outlive a transaction

my $recipe = q{, recipe => '[{"feature": "a", "op": "log1p"}, {"feature": "b", "op": "standardize"}, {"feature": "e", "op": "target_encode"}]'};
my $many = 'SELECT a, b, e::text, bad FROM loans, generate_series(1, 2)';

ask($session, "SET temp_file_limit = '1MB';");
start_query($session, training('credit', query => $many, rest => $recipe));
ends_like('no room for temporary files', qr/ERROR: .*temporary file size exceeds "?temp_file_limit/);
ask($session, 'RESET temp_file_limit;');
for my $case ([ 'cancelled', '' ], [ 'cancelled between folds', ', folds => 3' ], [ 'trainer killed', ', folds => 3' ])
{
	my ($name, $rest) = @$case;
	my $rounds = $rest eq '' ? 1000000 : 30;
	begin_training($rest eq '' ? 'round >= 1' : 'fold >= 2', training('credit', query => $many, rounds => $rounds, rest => $recipe . $rest));

	cmp_ok(temp_files(), '>', 0, "with a recipe, $name: there is a temporary file");
	is(query_value($node, "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $pid"), 't', "with a recipe, $name: no snapshot");
	if ($name =~ /killed/)
	{
		# each fold has its own
		1 until kill('KILL', trainer_of($pid));
		ends_like("with a recipe, $name", qr/ERROR: .*riskml_trainer was terminated by signal 9/);
	}
	else
	{
		query_value($node, "SELECT pg_cancel_backend($pid)");
		ends_like("with a recipe, $name", qr/ERROR: .*canceling statement due to user request/);
	}
}

# in a loop over a query, whose portal stays open
start_query($session, 'DO $$ DECLARE r record; version int; BEGIN FOR r IN SELECT a FROM loans LOOP ' . training('credit', rest => ', version => version') . '; END LOOP; END $$');
phase_is($pid, 'round >= 1');
is(query_value($node, "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $pid"), 't', 'in a loop of PL/pgSQL: no snapshot');
query_value($node, "SELECT pg_cancel_backend($pid)");
ends_like('in a loop of PL/pgSQL', qr/ERROR: .*canceling statement due to user request/);

# ---- programs that are not riskml_trainer

my $prelude = <<'PERL';
#!/usr/bin/perl
use strict;
binmode(STDOUT); binmode(STDIN); $| = 1;
sub frame { print pack('LL', ord($_[0]), length($_[1])), $_[1] }
sub list { return join('', map { "$_\0" } @_) }
sub hello { frame('H', list(protocol => 1, xgboost => '1.7.4', machine => 'x86_64')) }
sub get { my $n = 0; my $s = ''; while ($n < $_[0]) { my $got = sysread(STDIN, $s, $_[0] - $n, $n); exit 2 unless $got; $n += $got } return $s }
sub rows { while (1) { my ($kind, $size) = unpack('LL', get(8)); get($size) if $size; last if $kind == ord('E') } }
PERL

sub program
{
	my ($text) = @_;
	my $path = temp_file($prelude . $text);

	chmod(0755, $path) or die;
	return $path;
}

my $quick = 'SELECT * FROM loans LIMIT 100';
for my $case (
	[ 'exits at once', 'exit 0;', qr/riskml_trainer ended without a result/ ],
	[ 'exits with a code and a word', 'print STDERR "I am sorry\n"; exit 3;', qr/riskml_trainer ended with exit code 3.*DETAIL:  I am sorry/s ],
	[ 'finds no library', 'print STDERR "riskml_trainer: error while loading shared libraries: libxgboost.so.0: cannot open shared object file\n"; exit 127;',
		qr/38000: riskml_trainer ended with exit code 127.*HINT:  Training needs libxgboost/s ],
	[ 'has no memory for threads', 'print STDERR "libgomp: Thread creation failed: Resource temporarily unavailable\n"; exit 1;', qr/53200: .*HINT:  [^\n]*riskml\.trainer_memory/s ],
	[ 'writes much to standard error', 'for (1 .. 100000) { print STDERR "line $_\n" } exit 4;', qr/ended with exit code 4.*DETAIL: /s ],
	[ 'writes text', 'print "hello, world, this is no frame"; sleep 100;', qr/08P01: riskml_trainer sent what is no frame/ ],
	[ 'speaks another protocol', q{frame('H', list(protocol => 99, xgboost => '9', machine => 'x')); sleep 100;}, qr/08P01: riskml_trainer speaks another protocol/ ],
	[ 'says another thing first', q{frame('R', list(rounds => 1)); sleep 100;}, qr/08P01: riskml_trainer does not say hello/ ],
	[ 'sends a frame of 4 GB', q{hello(); print pack('LL', ord('M'), 0xFFFFFFFF); sleep 100;}, qr/08P01: riskml_trainer sent a frame of 4294967295 bytes/ ],
	[ 'sends a list that is none', q{hello(); rows(); frame('D', "rows\\0001"); sleep 100;}, qr/08P01: riskml_trainer sent a list that is none/ ],
	[ 'sends 4 GB of a model', q{hello(); rows(); my $m = 'x' x 1048576; frame('M', $m) for 1 .. 4096; sleep 100;}, qr/54000: the trained model exceeds the limit/ ],
	[ 'sends 4 GB of scores', q{hello(); rows(); my $m = 'x' x 1048576; frame('S', $m) for 1 .. 4096; sleep 100;}, qr/08P01: riskml_trainer sends more than there can be/ ],
	[ 'never reads, and talks', q{hello(); my $m = 'x' x 1048576; frame('M', $m) for 1 .. 4096; sleep 100;},
		qr/08P01: riskml_trainer sends results before it has all rows|54000: the trained model exceeds/, 'SELECT l.* FROM loans l, generate_series(1, 20)' ],
	[ 'exits while rows are sent', q{hello(); get(1000); exit 5;}, qr/riskml_trainer ended with exit code 5/, 'SELECT l.* FROM loans l, generate_series(1, 20)' ],
	[ 'closes its input', q{hello(); close(STDIN); sleep 100;}, qr/08P01: riskml_trainer closes its pipes without a result/, 'SELECT l.* FROM loans l, generate_series(1, 20)' ],
	[ 'closes its output', q{hello(); rows(); close(STDOUT); sleep 100;}, qr/08P01: riskml_trainer closes its pipes without a result/ ],
	[ 'exits without a result', q{hello(); rows(); exit 0;}, qr/riskml_trainer ended without a result/ ],
	[ 'has a result but no model', q{hello(); rows(); frame('R', list(rounds => 1)); exit 0;}, qr/08P01: riskml_trainer sent no model/ ],
	[ 'returns a model that is none', q{hello(); rows(); frame('M', chr(123) . 'x' x 1000); frame('R', list(rounds => 1)); exit 0;}, qr/22P03: .*CONTEXT:  model that riskml_trainer returned/s ],
	[ 'says more after its result', q{hello(); rows(); frame('M', 'x'); frame('R', list(rounds => 1)); frame('R', list(rounds => 1)); exit 0;}, qr/08P01: riskml_trainer says more after its result/ ],
	[ 'ends badly after its result', q{hello(); rows(); frame('M', 'x'); frame('R', list(rounds => 1)); exit 6;}, qr/riskml_trainer ended with exit code 6/ ],
	[ 'tells of rounds in disorder', q{hello(); rows(); frame('P', list(round => 7, 'train-auc' => 1)); sleep 100;}, qr/08P01: riskml_trainer tells of (?:a round|rounds)/ ],
	[ 'tells of a strange metric', q{hello(); rows(); frame('P', list(round => 0, "train-\xff\n" => 1)); sleep 100;}, qr/08P01: riskml_trainer tells of a metric that cannot be/ ],
	[ 'sends a part of scores', q{hello(); rows(); frame('M', 'x'); frame('S', 'x' x 400); frame('R', list(rounds => 1, outputs => 9999)); exit 0;}, qr/08P01: riskml_trainer sent a part of a row's scores/ ],
	[ 'tells of memory', q{hello(); rows(); frame('X', list(kind => 'memory', message => 'out of memory')); exit 1;}, qr/53200: .*HINT:  [^\n]*riskml\.trainer_memory/s ],
	[ 'tells of strange bytes', q{hello(); rows(); frame('X', list(kind => "\xfe", message => "a\xff\x01b")); exit 1;}, qr/38000: riskml_trainer failed.*DETAIL:  a\?\?b/s ],
	[ 'kills itself', q{hello(); rows(); kill('SEGV', $$); sleep 100;}, qr/38000: riskml_trainer was terminated by signal 11/ ],
	[ 'leaves a child with its pipes', q{hello(); rows(); if (fork() == 0) { sleep 1000 } exit 7;}, qr/riskml_trainer ended with exit code 7/ ])
{
	my ($name, $text, $pattern, $query) = @$case;
	my $path = program($text);
	ask($session, "\\set VERBOSITY verbose\nSET riskml.trainer_path = '$path';");
	my $begin = time;
	start_query($session, training('credit', query => $query // $quick, rounds => 3));
	ends_like("a program that $name", $pattern);
	cmp_ok(time - $begin, '<', 5, "a program that $name: ... soon");
	is(join(' ', grep { slurp("/proc/$_/cmdline") =~ /\Q$path\E/ } map { m{/(\d+)$} } glob('/proc/[0-9]*')), '', "a program that $name: ... and all of it is gone");
}
if ($ENV{RISKML_LONG})
{
	my $path = program(q{hello(); rows(); frame('M', 'x'); frame('R', list(rounds => 1)); sleep 1000;});
	ask($session, "SET riskml.trainer_path = '$path';");
	start_query($session, training('credit', query => $quick));
	ends_like('a program that does not end', qr/08P01: riskml_trainer does not end/);
}
my $hangs = program('hello(); rows(); sleep 1000;');
ask($session, "\\set VERBOSITY default\nSET riskml.trainer_path = '$hangs';");
start_query($session, training('credit', query => $quick));
phase_is($pid, "phase = 'fitting'");
query_value($node, "SELECT pg_cancel_backend($pid)");
ends_like('a program that hangs is cancelled', qr/ERROR: .*canceling statement due to user request/);
ask($session, 'RESET ALL');

# ---- several at once

my $begin;
my @others = map { session($node) } 1 .. 3;
my @pids = map { backend_pid($_) } @others;
start_query($others[0], training('twin', rounds => 40));
start_query($others[1], training('twin', rounds => 41));
finish_query($_) for @others[ 0, 1 ];
$versions = 2;
is(query_value($node, "SELECT string_agg(version::text, ' ' ORDER BY version) FROM riskml.trainings WHERE model = 'twin'"), '1 2', 'two trainings of one model at once');
query_value($node, 'ALTER SYSTEM SET riskml.max_trainers = 1; SELECT pg_reload_conf()');
begin_training('round >= 1');
$_->quit for @others;
@others = map { session($node) } 1 .. 3;
@pids = map { backend_pid($_) } @others;
start_query($others[0], training('credit'));
phase_is($pids[0], "phase = 'waiting'");
is(query_value($node, "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $pids[0]"), 't', 'who waits for a slot has no snapshot');
query_value($node, "SELECT pg_cancel_backend($pids[0])");
(undef, $err) = finish_query($others[0]);
like($err, qr/canceling statement due to user request/, 'who waits for a slot can be cancelled');
start_query($others[0], training('credit', rounds => 2));
phase_is($pids[0], "phase = 'waiting'");
query_value($node, "SELECT pg_cancel_backend($pid)");
finish_query($session);
(undef, $err) = finish_query($others[0]);
like($err, qr/NOTICE:  trained: /, 'the next one has its turn');
$versions = 3;
nothing_is_left('one after the other', $pids[0]);

# another limit counts for those who wait, and for what runs above it
begin_training('round >= 1');
start_query($others[$_], training("other$_")) for 0 .. 2;
$node->poll_query_until('postgres', "SELECT count(*) = 3 FROM riskml.training_progress WHERE phase = 'waiting'") or die;
query_value($node, 'ALTER SYSTEM SET riskml.max_trainers = 3; SELECT pg_reload_conf()');
$node->poll_query_until('postgres', "SELECT count(*) = 3 FROM riskml.training_progress WHERE phase = 'boosting'") or die 'those who wait do not hear of a higher limit';
query_value($node, 'ALTER SYSTEM SET riskml.max_trainers = 1; SELECT pg_reload_conf()');
for my $running (2, 1)
{
	query_value($node, "SELECT pg_cancel_backend(pid) FROM riskml.training_progress WHERE phase = 'boosting' ORDER BY started_at LIMIT 1");
	$node->poll_query_until('postgres', "SELECT count(*) <= 3 FROM riskml.training_progress") or die;
	sleep(1);
	is(query_value($node, "SELECT count(*) FROM riskml.training_progress WHERE phase <> 'waiting'"), $running, "with the limit lowered to 1, $running of 3 go on");
}
query_value($node, 'SELECT pg_cancel_backend(pid) FROM riskml.training_progress');
finish_query($_) for $session, @others;
nothing_is_left('another limit', $pids[0]);

# a long sort of a recipe's rows, into folds
start_query($session, training('credit', query => 'SELECT a, e::text, bad FROM loans, generate_series(1, 30)', rest => $recipe =~ s/\{"feature": "b".*?\}, //r . ', folds => 5'));
phase_is($pid, "phase = 'fitting'");
$begin = time;
query_value($node, "SELECT pg_cancel_backend($pid)");
ends_like('cancelled while rows are dealt', qr/ERROR: .*canceling statement due to user request/);
cmp_ok(time - $begin, '<', LIMIT, '... within a second');

# ---- sessions and servers that end

query_value($node, 'ALTER SYSTEM SET riskml.max_trainers = 4; SELECT pg_reload_conf()');
$session->quit;
$session = session($node);
$pid = backend_pid($session);
$child = begin_training('round >= 1');
query_value($node, "SELECT pg_terminate_backend($pid, 5000)");
cmp_ok(gone_after($child), '<', 1, 'pg_terminate_backend(): the trainer is gone');
eval { $session->quit };
nothing_is_left('pg_terminate_backend()');

sub restart_session
{
	eval { $session->{run}->kill_kill };
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	$session = session($node);
	$pid = backend_pid($session);
}

restart_session();
$child = begin_training('round >= 1');
eval { $_->{run}->kill_kill } for @others;
kill('KILL', $pid) or die;
cmp_ok(gone_after($child), '<', 1, 'kill -9 of the session: the trainer is gone within a second');
restart_session();
nothing_is_left('kill -9 of the session', $pid);

$child = begin_training("phase = 'reading' AND rows > 0", training('credit', query => 'SELECT l.* FROM loans l, generate_series(1, 100000)'));
kill('KILL', $pid) or die;
cmp_ok(gone_after($child), '<', 1, 'the same while rows are read');
restart_session();
nothing_is_left('the same while rows are read', $pid);

# four at once, and a fast shutdown
my @four = map { session($node) } 1 .. 4;
my @trainers;
for my $one (@four)
{
	my $backend = backend_pid($one);
	start_query($one, training('credit'));
	phase_is($backend, 'round >= 1');
	push @trainers, trainer_of($backend);
}
$begin = time;
$node->stop('fast');
my $stopped = time - $begin;
cmp_ok($stopped, '<', 5, 'a fast shutdown with four trainings takes less than five seconds');
note sprintf('fast shutdown with four trainings: %.2f s', $stopped);
is(join(' ', grep { defined stat_of($_) } @trainers), '', '... and no trainer is left');
eval { $_->{run}->kill_kill } for @four, $session;
$node->start;
nothing_is_left('fast shutdown');

# without the postmaster
sub kill_postmaster
{
	my ($when, $sql) = @_;

	$session = session($node);
	$pid = backend_pid($session);
	$child = begin_training($when, $sql);
	my ($postmaster) = slurp($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	kill('KILL', $postmaster) or die;
	cmp_ok(gone_after($child), '<', 2, "kill -9 of the postmaster when $when: the trainer is gone");
	cmp_ok(gone_after($pid), '<', 5, '... and the session');
	eval { $session->{run}->kill_kill };
	$node->{_pid} = undef;
}

kill_postmaster('round >= 1');
$node = new_job_node('reading', conf => "log_statement = none\n");
$node->safe_psql('postgres', 'CREATE TABLE loans AS SELECT random() AS a, i % 7 = 0 AS bad FROM generate_series(1, 30000) i');
kill_postmaster("phase = 'reading' AND rows > 0", training('credit', query => 'SELECT l.* FROM loans l, generate_series(1, 5000)'));

# ---- without preloading

$node = new_node('plain', conf => 'log_statement = none');
$node->safe_psql('postgres', 'CREATE TABLE loans AS SELECT random() AS a, i % 7 = 0 AS bad FROM generate_series(1, 1000) i; CREATE ROLE other; CREATE ROLE watcher IN ROLE pg_read_all_stats');
$versions = 0;
$session = session($node);
$pid = backend_pid($session);
start_query($session, training('credit'));
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.training_progress WHERE pid = $pid") or die;
is(query_value($node, 'SELECT num_nonnulls(p.*), num_nonnulls(pid, database, role, model, phase, rows, fold, round, num_boost_round, metrics, started_at) FROM riskml.training_progress p'),
	'1|1', 'without preloading: the process of a training, and NULLs');
is(query_value($node, "SET ROLE $_; SELECT count(*) FROM riskml.training_progress"), $_ eq 'other' ? '0' : '1', "$_ sees it, or not") for qw(other watcher);
query_value($node, "SELECT pg_cancel_backend($pid)");
ends_like('without preloading', qr/ERROR: .*canceling statement due to user request/);
$node->stop;
done_testing();
