# Models in shared memory: loaded once for all sessions, pinned while used, evicted when others need the
# room, made anew after a crash, never of a transaction that has not committed.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

use constant MANY => 12;

my $node = new_node('node', conf => "shared_preload_libraries = 'riskml'\nriskml.shared_cache_size = '2MB'\nrestart_after_crash = on\n");

# About 230 kB each.
for my $seed (1 .. MANY)
{
	my $model = dollar(tree_model(trees => 150, depth => 6, seed => $seed));
	query_value($node, "SELECT riskml.import_model('m$seed', $model)");
}
my $score = sub { return "SELECT risk_score('m$_[0]', ARRAY[0.3, 0.4, 0.5, 0.6])" };
sub shared { return query_value($node, 'SELECT ' . ($_[0] // 'count(*)') . ' FROM riskml.shared_images()') }
sub has
{
	my ($m) = @_;
	return query_value($node, "SELECT count(*) FROM riskml.shared_images() s JOIN riskml.models m USING (identity) WHERE m.model = 'm$m'");
}

# What a server that shares nothing gives.
my %expected;
my $alone = new_node('alone', conf => "riskml.shared_cache_size = '2MB'\n");
for my $seed (1 .. MANY)
{
	my $model = dollar(tree_model(trees => 150, depth => 6, seed => $seed));
	query_value($alone, "SELECT riskml.import_model('m$seed', $model)");
	$expected{$seed} = query_value($alone, $score->($seed));
}
is(query_value($alone, 'SELECT count(*) FROM riskml.shared_images()'), '0', 'not preloaded: nothing is shared');
my ($rc, $out, $err) = $alone->psql('postgres', $score->(1));
is($err, '', '... and the setting may stand in postgresql.conf');
$alone->stop;

# ---- one image for all

is(shared(), '0', 'an import by itself shares nothing');
my $a = session($node);
my $b = session($node);
my $held = "SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE name = 'riskml model'";
is(ask($a, $score->(1)), $expected{1}, 'the first session scores');
is(shared(), '1', '... and its image is shared');
is(ask($b, $score->(1)), $expected{1}, 'the second one scores');
is(shared(), '1', '... with the same image');
cmp_ok(ask($_, $held), '<', 20000, 'a session holds little by itself') for ($a, $b);
is(shared('sum(pins)'), '0', 'nobody has it pinned after the query');

# ---- room for some of many

for my $m (1 .. MANY, reverse(1 .. MANY))
{
	is(ask($a, $score->($m)), $expected{$m}, "model $m");
}
cmp_ok(shared(), '<', MANY, 'not all are there at once');
cmp_ok(shared(), '>', 3, '... but some');
is(has(1), '1', 'the last used one is');
my $all = 'SELECT count(*) FROM (' . join(' UNION ALL ', map { "SELECT $_ AS m, risk_score('m$_', ARRAY[0.3, 0.4, 0.5, 0.6]) AS s" } 1 .. MANY)
  . ') q JOIN (VALUES ' . join(', ', map { "($_, $expected{$_}::float8)" } 1 .. MANY) . ') e(m, s) USING (m, s)';
is(query_value($node, $all), MANY, 'more models in one query than have room');
is(shared('sum(pins)'), '0', '... and no pin is left');

# ---- a pinned one stays

ask($a, 'BEGIN; DECLARE c CURSOR FOR SELECT risk_score($$m3$$, ARRAY[0.3, 0.4, 0.5, 0.6]) FROM generate_series(1, 100)');
is(ask($a, 'FETCH 1 FROM c'), $expected{3}, 'a cursor scores with model 3');
is(shared('sum(pins)'), '1', '... and pins it');
ask($b, $score->($_)) for (4 .. MANY, 4 .. MANY);
is(has(3), '1', '... so that it stays when others come');
query_value($node, "SELECT riskml.drop_alias('m3', alias, 'test') FROM unnest('{production,staging}'::text[]) alias");
query_value($node, "SELECT riskml.drop_model('m3', 'test')");
is(ask($a, 'FETCH 1 FROM c'), $expected{3}, '... also when it is dropped');
ask($a, 'COMMIT');
is(shared('sum(pins)'), '0', 'the pin goes with the cursor');
ask($a, 'BEGIN; DECLARE c CURSOR FOR SELECT risk_score($$m4$$, ARRAY[0.3, 0.4, 0.5, 0.6]) FROM generate_series(1, 100)');
ask($a, 'FETCH 1 FROM c');
ask($a, "SELECT risk_score('m4', ARRAY[1])");
is(shared('sum(pins)'), '0', '... and with an error');
ask($a, 'ROLLBACK');

# A session that is ended inside of a query gives back what it had.
ask($a, 'BEGIN; DECLARE c CURSOR FOR SELECT risk_score($$m4$$, ARRAY[0.3, 0.4, 0.5, 0.6]) FROM generate_series(1, 100)');
ask($a, 'FETCH 1 FROM c');
is(shared('sum(pins)'), '1', 'pinned');
my $pid = backend_pid($a);
query_value($node, "SELECT pg_terminate_backend($pid, 60000)");
is(shared('sum(pins)'), '0', '... and given back by a session that is terminated');
$a->{run}->finish;
$a = session($node);

# ---- what has not committed

my $new = dollar(tree_model(trees => 20, depth => 4, seed => 99));
ask($a, "BEGIN; SELECT riskml.import_model('new', $new)");
my $before = shared();
like(ask($a, "SELECT risk_score('new', ARRAY[0.3, 0.4, 0.5, 0.6])"), qr/^[-0-9.]+$/, 'an import scores in its transaction');
is(shared(), $before, '... and is not shared');
ask($a, 'ROLLBACK');
is(shared(), $before, '... after the rollback neither');

# ---- a crash makes all anew

$pid = backend_pid($a);
ask($a, 'BEGIN; DECLARE c CURSOR FOR SELECT risk_score($$m4$$, ARRAY[0.3, 0.4, 0.5, 0.6]) FROM generate_series(1, 100)');
ask($a, 'FETCH 1 FROM c');
kill 'KILL', $pid;
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM riskml.shared_images()') or die 'the server does not come back';
is(query_value($node, $score->(5)), $expected{5}, 'after a crash the first query shares again');
is(shared(), '1', '... its image');
is(shared('sum(pins)'), '0', '... and pins of before are gone');
eval { $_->{run}->kill_kill; $_->{run}->finish } for ($a, $b);

# ---- no room at all

$node->append_conf('postgresql.conf', "riskml.shared_cache_size = 0\n");
$node->restart;
is(query_value($node, $score->(5)), $expected{5}, 'without shared memory every session has its own');
is(shared(), '0', '... and nothing is shared');
$node->append_conf('postgresql.conf', "riskml.shared_cache_size = '300kB'\n");
$node->restart;
is(query_value($node, $score->($_)), $expected{$_}, "model $_ with little room") for (5, 6);
$node->stop;
done_testing();
