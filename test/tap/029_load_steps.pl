# Steps that load, from outside: how far they are, that they end when they are told to, and what later steps see of them.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);

my $node = new_job_node('node', conf => 'log_statement = none');
my $file = $node->basedir . '/many.csv';

query_value($node, "COPY (SELECT i AS id, repeat('x', 90) AS t FROM generate_series(1, 2000000) i) TO '$file' (FORMAT csv, HEADER)");
query_value($node, 'CREATE TABLE target (id bigint, t text); CREATE TABLE told (summary jsonb)');
my %command = (
	load => '{"source": "SELECT i AS id, repeat(\'x\', 90) AS t FROM generate_series(1, 20000000) i", "target": "target"}',
	ingest => qq({"files": "$file", "target": "target", "options": {"settle": "0 s"}}));
my %bytes = (load => 'bytes_read >= 0', ingest => 'bytes_read > 90 * rows_read');

for my $kind (qw(load ingest))
{
	define_job($node, $kind, '', [ 's', $command{$kind}, ", kind => '$kind'" ]);
	my $run = query_value($node, "SELECT riskml.run_job('$kind')");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running WHERE run_id = $run AND rows_read > 10000 AND $bytes{$kind}"),
		"$kind: tells how far it is");
	my $begin = time;
	query_value($node, "SELECT riskml.cancel_run($run)");
	wait_for($node, run_state($run), 'cancelled', "$kind: is cancelled");
	cmp_ok(time - $begin, '<', 2, "$kind: ... within a second, and what a busy machine adds");
	is(query_value($node, 'SELECT count(*) FROM target'), '0', "$kind: ... and has loaded nothing");
	is(query_value($node, 'SELECT count(*) FROM riskml.running'), '0', "$kind: ... nor does anything run");
}

is(query_value($node, 'SELECT count(*) FROM riskml.ingested_files'), '0', 'the file does not count as loaded');
define_job($node, 'both', '',
	[ 'files', $command{ingest}, ", kind => 'ingest'" ],
	[ 'rows', '{"source": "SELECT i AS id FROM generate_series(1, 10) i", "target": "target"}', ", kind => 'load', after => '{files}'" ],
	[ 'tell', q{INSERT INTO told VALUES (riskml.output('files')), (riskml.output('rows'))}, ", after => '{rows}'" ]);
my (undef, $state) = run_job_to_end($node, 'both');
is($state, 'success', 'a job that ingests and loads');
is(query_value($node, q{SELECT string_agg(coalesce(summary->>'rows', summary->>'inserted'), ' ') FROM told}), '2000000 10',
	'later steps see what was loaded');
is(query_value($node, "SELECT string_agg(step || ' ' || rows, ', ' ORDER BY step) FROM riskml.attempts WHERE job = 'both' AND step <> 'tell'"),
	'files 2000000, rows 10', 'as do people');

for my $refused ([ 'load', 'SELECT 1' ], [ 'load', '{"target": "target"}' ], [ 'ingest', '{"files": "/x", "target": "target", "option": {}}' ])
{
	my ($kind, $command) = @$refused;
	is(sqlstate($node, "SELECT riskml.add_step('both', 'more', '$kind', '$command')"), '22023', "refused when it is defined: $kind $command");
}

$node->stop;
done_testing();
