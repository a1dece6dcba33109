# What a session has looked up is used again only while nobody could see anything else: whoever writes to
# the registry, in whatever way, is seen by the next statement of every session, and not before.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node', allows_streaming => 'logical', conf => "shared_preload_libraries = 'riskml'\nmax_connections = 60\nmax_prepared_transactions = 5\nrestart_after_crash = on\n");

# Version n of model m scores n.
sub create_model
{
	my ($database) = @_;
	$node->safe_psql($database, "SELECT riskml.import_model('m', " . dollar(leaf_model($_)) . ')') for (1, 2);
}
create_model('postgres');
my $score = "SELECT risk_score('m', ROW(0))";
my $move = "UPDATE riskml.model_alias SET version = 3 - version WHERE alias = 'production'";
my $reader = session($node);
my $writer = session($node);
# ten in a row, so that most are answered without a look at the tables
sub reads { return join ',', map { scalar ask($reader, $score) } 1 .. 10 }
sub is_read { my ($version, $name) = @_; is(reads(), join(',', ($version) x 10), $name) }
# Scans of the registry's tables are counted when a transaction ends.
sub scans
{
	ask($reader, 'SELECT pg_stat_force_next_flush()') if $node->pg_version >= 15;
	return ask($reader, "SELECT sum(idx_scan) FROM pg_stat_user_tables WHERE schemaname = 'riskml'");
}

is_read(1, 'version 1');
my $before = scans();
is_read(1, 'version 1 again');
is(scans(), $before, '... without a look at the tables');

# ---- what others have found

# A new session, by a role.
sub new_session_reads
{
	my ($version, $name, $role) = @_;
	my $new = session($node);

	ask($new, 'SET ROLE ' . ($role // 'NONE'));
	ask($new, 'BEGIN');
	is(ask($new, $score), $version, $name);
	is(ask($new, "SELECT sum(idx_scan) FROM pg_stat_xact_user_tables WHERE schemaname = 'riskml'"), '0', '... without a look at the tables');
	$new->quit;
}
# What somebody sees for whom nobody has looked yet.
sub new_session_sees
{
	my ($seen, $name, $query) = @_;
	my $new = session($node);

	like(join('', ask($new, $query // $score)), $seen, $name);
	$new->quit;
}

new_session_reads(1, 'a new session reads version 1');
ask($writer, "BEGIN; $move");
is_read(1, 'while an UPDATE runs, others read what was before');
is(scans(), $before, '... without a look at the tables');
new_session_reads(1, '... new ones, too');
ask($writer, 'COMMIT');
new_session_sees(qr/^2$/, 'once it has ended, a new session reads version 2');
new_session_reads(2, '... and so does the next one');
ask($writer, "BEGIN; $move; ROLLBACK");
new_session_sees(qr/^2$/, '... and after one that was rolled back');
ask($writer, $move);
is_read(1, 'back to version 1');

# ---- the tables are written to without our functions

ask($writer, $move);
is_read(2, 'an UPDATE of the alias is seen');
ask($writer, "BEGIN; $move");
is_read(2, '... not before it commits');
is(ask($writer, $score), '1', '... but by its own transaction');
ask($writer, 'SAVEPOINT s');
ask($writer, $move);
is(ask($writer, $score), '2', '... as often as it likes');
ask($writer, 'ROLLBACK TO s');
is(ask($writer, $score), '1', '... rolled back to a savepoint');
is_read(2, '... all the time not by others');
ask($writer, 'ROLLBACK');
is(ask($writer, $score), '2', '... rolled back');
is_read(2, '... for others, too');
ask($writer, "SET session_replication_role = replica; $move; RESET session_replication_role");
is_read(1, 'an UPDATE by a replication role is seen');
ask($writer, "BEGIN; CREATE TEMP TABLE saved AS TABLE riskml.model_alias; TRUNCATE riskml.model_alias; COMMIT");
like((ask($reader, $score))[1], qr/has no alias "production"/, 'a TRUNCATE is seen');
ask($writer, 'INSERT INTO riskml.model_alias SELECT * FROM saved');
is_read(1, 'an INSERT is seen');

# ---- two who write at once wait for each other

my $other = session($node);
ask($writer, "BEGIN; $move");
start_query($other, "UPDATE riskml.model SET created_at = now()");
wait_until_blocked($node, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE query LIKE 'UPDATE riskml.model SET created%'"));
pass('a second writer waits');
ask($writer, 'COMMIT');
finish_query($other);
is_read(2, 'then both are seen');

# rolled back to a savepoint, the first makes way for the second
ask($writer, "BEGIN; SAVEPOINT s; $move; ROLLBACK TO s");
ask($other, "BEGIN; $move");
is_read(2, 'a writer after one that has rolled back to a savepoint is not seen');
is(ask($writer, $score), '2', '... by that one neither');
ask($other, 'COMMIT');
is_read(1, '... before it commits');
is(ask($writer, $score), '1', '... then by both');
ask($writer, $move);
is(ask($writer, $score), '2', 'the first writes again');
is_read(1, '... which others do not see');
new_session_sees(qr/^1$/, '... nor does a new session');
ask($writer, 'COMMIT');
is_read(2, '... before it commits');

# ---- snapshots from before

ask($reader, 'BEGIN ISOLATION LEVEL REPEATABLE READ');
is_read(2, 'a transaction reads version 2');
ask($writer, $move);
is_read(2, '... as long as it lasts');
is(ask($other, $score), '1', '... while others read version 1');
ask($writer, "BEGIN; $move");
is_read(2, '... and while it is changed again');
is(ask($other, $score), '1', '... which others do not see yet');
ask($writer, 'ROLLBACK');
ask($reader, 'COMMIT');
is_read(1, 'then it reads version 1');
ask($reader, "BEGIN; DECLARE c CURSOR FOR SELECT risk_score('m', ROW(g)) FROM generate_series(1, 9) g; FETCH c");
ask($writer, $move);
is(ask($reader, 'FETCH c'), '1', 'a cursor goes on with its version');
is_read(2, '... beside statements that read the next one');
is(ask($reader, 'FETCH c'), '1', '... and goes on');
ask($reader, 'COMMIT');

# ---- roles

$node->safe_psql('postgres', "CREATE ROLE lender; CREATE ROLE analyst LOGIN IN ROLE lender; SELECT riskml.grant_model('m', 'lender')");
my $analyst = session($node);
ask($analyst, 'SET ROLE analyst');
is(ask($analyst, $score), '2', 'a member of a role may score');
new_session_reads(2, '... in a new session, too', 'analyst');
$node->safe_psql('postgres', 'REVOKE lender FROM analyst');
like((ask($analyst, $score))[1], qr/permission denied/, '... no longer when it is none');
new_session_sees(qr/permission denied/, '... in a new session neither', "SET ROLE analyst; $score");
$node->safe_psql('postgres', 'GRANT lender TO analyst');
is(ask($analyst, $score), '2', '... again when it is one');
$node->safe_psql('postgres', "SELECT riskml.revoke_model('m', 'lender')");
like((ask($analyst, $score))[1], qr/permission denied/, '... not without the grant');
new_session_sees(qr/permission denied/, '... in a new session neither', "SET ROLE analyst; $score");
$node->safe_psql('postgres', 'DELETE FROM riskml.model_grant; INSERT INTO riskml.model_grant SELECT model_id, 0, \'score\' FROM riskml.model');
is(ask($analyst, $score), '2', '... but as everyone');

# more roles than sessions tell each other of
$node->safe_psql('postgres', 'DELETE FROM riskml.model_grant');
$node->safe_psql('postgres', "CREATE ROLE r$_; SELECT riskml.grant_model('m', 'r$_')") for 1 .. 17;
$node->safe_psql('postgres', 'GRANT r17 TO analyst');
is(ask($analyst, $score), '2', 'one of many roles may score');
new_session_sees(qr/^2$/, '... in a new session, too', "SET ROLE analyst; $score");

# ---- without triggers

is_read(2, 'version 2');
ask($writer, "ALTER TABLE riskml.model_alias DISABLE TRIGGER USER");
ask($writer, $move);
ask($writer, "ALTER TABLE riskml.model_alias ENABLE ALWAYS TRIGGER registry_changed, ENABLE ALWAYS TRIGGER registry_row_changed");
ask($writer, 'UPDATE riskml.model SET name = name WHERE false');
is_read(1, 'what was written without triggers is seen after a statement with them');
new_session_sees(qr/^1$/, '... by a new session, too');
ask($writer, $move);

# ---- all at once

# Fails unless it scores with the version that the same statement reads from the table.
my $agrees = "SELECT 1 / (risk_score('m', ROW(0)) = (SELECT version FROM riskml.model_alias WHERE alias = 'production'))::int;\n";
my $twice = "BEGIN ISOLATION LEVEL REPEATABLE READ;\n$agrees${agrees}END;\n";
my $moves = "UPDATE riskml.model_alias SET version = :v WHERE alias = 'production';\n";
my $draw = "\\set v random(1, 2)\n";
my %scripts = (
	'new sessions' => [ '-C -c 4', $agrees ],
	'new sessions with a snapshot for two statements' => [ '-C -c 2', $twice ],
	'old sessions' => [ '-M prepared -c 4', $agrees ],
	'old sessions with a snapshot for two statements' => [ '-M prepared -c 2', $twice ],
	'a writer' => [ '-c 1', $draw . $moves ],
	'a writer that rolls back' => [ '-c 1', "${draw}BEGIN;\n$moves${agrees}ROLLBACK;\n" ],
	'writers with savepoints' => [ '-c 2', "${draw}BEGIN;\nSAVEPOINT s;\n$moves${agrees}ROLLBACK TO s;\n$agrees$moves${agrees}END;\n" ]);
my $seconds = $ENV{RISKML_STRESS} || 4;
my %running;

sub start_pgbench
{
	my ($options, $script) = @_;
	my $out = '';
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	my $run = IPC::Run::start([ 'pgbench', '-n', split(' ', $options), '-T', $seconds, '-f', temp_file($script), 'postgres' ], '<', \undef, '>&', \$out);
	return { run => $run, out => \$out };
}
$running{$_} = start_pgbench(@{ $scripts{$_} }) for sort keys %scripts;
for my $name (sort keys %running)
{
	ok($running{$name}{run}->finish && ${ $running{$name}{out} } !~ /ERROR/, "$name agree with the table") or diag ${ $running{$name}{out} };
}
ask($writer, "UPDATE riskml.model_alias SET version = 2 WHERE alias = 'production'");

# ---- prepared transactions, over restarts

ask($writer, "BEGIN; $move; PREPARE TRANSACTION 'p'");
is_read(2, 'a prepared promotion is not seen');
$_->quit for ($reader, $writer, $other, $analyst);
for my $mode ('fast', 'immediate')
{
	$node->stop($mode);
	$node->start;
	$reader = session($node);
	is_read(2, "... nor after a restart ($mode)");
}
$node->safe_psql('postgres', "COMMIT PREPARED 'p'");
is_read(1, '... until it commits');
is_read(1, '... and stays');

# ---- other databases

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION riskml');
create_model('other');
my $there = session($node, database => 'other');
is(ask($there, $score), '1', 'another database has its own');
$writer = session($node);
ask($writer, "BEGIN; $move");
$node->safe_psql('other', $move);
is(ask($there, $score), '2', '... which it changes');
is_read(1, '... while the other one is being changed');
ask($writer, 'COMMIT');
is_read(2, '... which is seen then');
is(ask($there, $score), '2', '... and not there');

# a copy has the same tables, and after a restart nobody has written
$_->quit for ($there, $reader, $writer);
$node->safe_psql('template1', 'CREATE DATABASE twin TEMPLATE other');
$node->safe_psql('twin', $move);
$node->restart;
is($node->safe_psql('other', $score), '2', 'a database has its own after a restart');
is($node->safe_psql('twin', $score), '1', '... and its copy, too');
$_ = session($node) for ($reader, $writer);

# ---- a logical replica

my $replica = new_node('replica', conf => "shared_preload_libraries = 'riskml'\n");
my $replicated = "SELECT version FROM riskml.model_alias WHERE alias = 'production'";
$node->safe_psql('postgres', 'CREATE PUBLICATION registry FOR TABLE riskml.model, riskml.model_version, riskml.model_alias, riskml.model_grant');
$replica->safe_psql('postgres', 'CREATE SUBSCRIPTION registry CONNECTION ' . dollar($node->connstr('postgres')) . ' PUBLICATION registry');
wait_for($replica, "SELECT (SELECT count(*) FROM riskml.model) + (SELECT count(*) FROM riskml.model_version) + ($replicated)", '5', 'a logical replica has the registry');
my $subscriber = session($replica);
is(ask($subscriber, $score), '2', '... and reads version 2');
for my $version (1, 2)
{
	ask($writer, $move);
	wait_for($replica, $replicated, $version, "version $version comes");
	is(ask($subscriber, $score), $version, '... and is read');
	is($replica->safe_psql('postgres', $score), $version, '... in a new session, too');
}
$subscriber->quit;
$replica->safe_psql('postgres', 'DROP SUBSCRIPTION registry');
$replica->stop;

# ---- the extension goes and comes back

$writer->quit;
my $by_number = "SELECT risk_score('m\@1', ROW(0))";
ask($reader, "SELECT count(riskml.drop_alias('m', alias, 'test')) FROM riskml.model_alias");
new_session_sees(qr/^1$/, 'version 1 by its number', $by_number);
ask($reader, "DROP EXTENSION riskml CASCADE; CREATE EXTENSION riskml");
like((ask($reader, $score))[1], qr/model "m" does not exist/, 'a new registry has no models');
new_session_sees(qr/model "m" does not exist/, '... whatever was read before', $by_number);
create_model('postgres');
is_read(1, '... until they are imported');
$reader->quit;

done_testing();
