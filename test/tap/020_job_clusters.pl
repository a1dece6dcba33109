# Where jobs run: not on clones, restored dumps, logical replicas and standbys; soon after a promotion.  And
# what schedulers must not be in the way of: DROP DATABASE, CREATE DATABASE, DROP EXTENSION.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_job_node('primary', allows_streaming => 1, conf => "wal_level = logical\nlog_statement = none");

query_value($node, <<'SQL');
CREATE TABLE ticks (at timestamptz);
SELECT riskml.create_job('clock', '1 second');
SELECT riskml.add_step('clock', 's', command => 'INSERT INTO ticks VALUES (riskml.interval_end())');
SQL
wait_for($node, 'SELECT count(*) > 1 FROM ticks', 't', 'a job runs by its schedule');

# A server that has the scheduler and looks at the tables, and has not run anything since.
sub runs_nothing
{
	my ($other, $name) = @_;

	$other->wait_for_log(qr/the jobs of this database belong to another cluster and do not run here/);
	is(query_value($other, "SELECT count(*) FROM riskml.runs WHERE state IN ('waiting', 'running') AND kind = 'scheduled' AND created_at > pg_postmaster_start_time()"),
		'0', "$name runs none");
}

# ---- a clone

$node->backup('copy');
my $clone = PostgreSQL::Test::Cluster->new('clone');
$clone->init_from_backup($node, 'copy');
unlink $clone->data_dir . '/standby.signal';
$clone->start;
runs_nothing($clone, 'a clone by pg_basebackup');
query_value($clone, 'SELECT riskml.adopt_jobs()');
my $before = query_value($clone, 'SELECT count(*) FROM ticks');
wait_for($clone, "SELECT count(*) > $before FROM ticks", 't', 'and runs them when it is asked to');
$clone->stop('immediate');
$clone->start;
$before = query_value($clone, 'SELECT count(*) FROM ticks');
wait_for($clone, "SELECT count(*) > $before FROM ticks", 't', 'also after a crash');
$clone->stop;

# ---- a restored dump

$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'bash', '-c', "pg_dump -Fc -d '" . $node->connstr('postgres') . "' | pg_restore -d '" . $node->connstr('restored') . "'" ], 'dump and restore');
is($node->safe_psql('restored', q{SELECT name, (SELECT count(*) FROM riskml.job_step), (SELECT count(*) FROM riskml.adoption) FROM riskml.job}),
	'clock|1|0', 'jobs are restored, without the place where they run');
$node->append_conf('postgresql.conf', "riskml.databases = 'postgres, restored, \"Odd, Name\", missing'");
$node->reload;
$node->poll_query_until('postgres', "SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'") or die 'no second scheduler';
$before = query_value($node, 'SELECT max(at) FROM ticks');
wait_for($node, "SELECT max(at) > '$before'::timestamptz + interval '2 s' FROM ticks", 't', 'while the first database goes on');
is($node->safe_psql('restored', 'SELECT count(*) FROM riskml.job_run'), '0', 'the restored jobs do not run');

# ---- a logical replica: tables of jobs that were copied from elsewhere

my $replica = new_node('replica', conf => "shared_preload_libraries = 'riskml'\nriskml.databases = 'postgres'\nriskml.run_jobs = on\nlog_statement = none");
query_value($node, 'CREATE PUBLICATION jobs FOR TABLE riskml.job, riskml.job_step, riskml.adoption, ticks');
query_value($replica, 'CREATE TABLE ticks (at timestamptz)');
query_value($replica, 'CREATE SUBSCRIPTION jobs CONNECTION ' . dollar($node->connstr('postgres')) . ' PUBLICATION jobs');
wait_for($replica, 'SELECT count(*) FROM riskml.job', '1', 'a logical replica has the jobs');
wait_for($replica, 'SELECT count(*) FROM riskml.adoption', '1', 'even the row that says where they run');
$replica->restart;
runs_nothing($replica, 'a logical replica');
query_value($replica, 'DROP SUBSCRIPTION jobs');
$replica->stop;

# ---- databases come and go

$node->safe_psql('restored', 'SELECT riskml.adopt_jobs()');
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler' AND datname = 'restored'}, '1', 'a scheduler in the other database');
$node->safe_psql('restored', "SELECT riskml.pause_job('clock')");
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'riskml step' AND datname = 'restored'});

sub seconds { return query_value($node, 'SELECT extract(epoch FROM clock_timestamp())') }
my $begin = seconds();
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE restored');
cmp_ok(seconds() - $begin, '<', 5, 'CREATE DATABASE from one with an idle scheduler');
$begin = seconds();
$node->safe_psql('postgres', 'DROP DATABASE copied');
$node->safe_psql('postgres', 'DROP DATABASE restored');
cmp_ok(seconds() - $begin, '<', 5, 'DROP DATABASE of one with an idle scheduler');

$node->safe_psql('postgres', 'CREATE DATABASE "Odd, Name"');
$node->safe_psql('Odd, Name', q{CREATE EXTENSION riskml; SELECT riskml.adopt_jobs(); SELECT riskml.create_job('sleeper'); SELECT riskml.add_step('sleeper', 's', command => 'SELECT pg_advisory_lock(5)')});
my $blocker = session($node, database => 'Odd, Name');
ask($blocker, 'SELECT pg_advisory_lock(5)');
$node->safe_psql('Odd, Name', "SELECT riskml.run_job('sleeper')");
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'riskml step' AND datname = 'Odd, Name' AND wait_event_type = 'Lock'}) or die 'no step runs';
isnt(sqlstate($node, 'DROP DATABASE "Odd, Name"'), '00000', 'a running step keeps a database from being dropped');
$begin = seconds();
$node->safe_psql('postgres', 'DROP DATABASE "Odd, Name" WITH (FORCE)');
cmp_ok(seconds() - $begin, '<', 5, 'unless with force');

# ---- a promotion

$node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(query_value($standby, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type IN ('riskml scheduler', 'riskml step')}), '0', 'a standby runs no jobs');
$node->stop('immediate');
$before = query_value($standby, 'SELECT count(*) FROM ticks');
$standby->promote;
$begin = time;
wait_for($standby, "SELECT count(*) > $before FROM ticks", 't', 'a promoted standby goes on');
cmp_ok(time - $begin, '<=', 6, 'within seconds');
is(query_value($standby, q{SELECT count(*) FROM (SELECT at FROM ticks GROUP BY at HAVING count(*) > 1) twice}), '0', 'no interval twice');
$standby->restart;
$before = query_value($standby, 'SELECT count(*) FROM ticks');
wait_for($standby, "SELECT count(*) > $before FROM ticks", 't', 'and after a restart');

# ---- DROP EXTENSION while jobs run

query_value($standby, 'DROP EXTENSION riskml CASCADE');
is(query_value($standby, q{SELECT count(*) FROM pg_namespace WHERE nspname = 'riskml'}), '0', 'DROP EXTENSION while jobs run');
query_value($standby, q{CREATE EXTENSION riskml; SELECT riskml.adopt_jobs(); SELECT riskml.create_job('again', '1 second'); SELECT riskml.add_step('again', 's', command => 'INSERT INTO ticks VALUES (NULL)')});
wait_for($standby, 'SELECT count(*) > 0 FROM ticks WHERE at IS NULL', 't', 'a new one is found');

done_testing();
