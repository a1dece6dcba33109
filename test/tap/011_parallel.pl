# Parallel plans score as serial ones do; parallel index builds on the pinned form.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node', conf => "max_worker_processes = 12\nmax_parallel_workers = 8");
create_credit($node);
$node->safe_psql('postgres', 'ALTER TABLE credit SET (parallel_workers = 2); CREATE ROLE reader; GRANT SELECT ON credit TO reader');
query_value($node, "SELECT riskml.import_model_file('credit', '" . model_path("models/$_") . "')") for ('credit_v1.json', 'credit_v2.ubj');
my $pinned = query_value($node, "SELECT risk_version('credit\@2')");
query_value($node, "SELECT riskml.grant_model('credit', 'reader')");

my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $parallel = force_parallel($node);
my $workers_only = $parallel . 'SET parallel_leader_participation = off;';
my $features = 'ARRAY[seniority, time, age, expenses, income, assets, debt, amount, price, home_owner::int, home_rent::int, married::int,'
  . ' records_yes::int, job_fixed::int, job_parttime::int, job_freelance::int]::float8[]';

# Each as rows through Gather, or as an aggregate in two stages.
my $all = "md5(string_agg(t.s::text, ',' ORDER BY t.id))";
my %query = (
	'record' => "SELECT $all FROM (SELECT id, float8send(risk_score('credit', c)) AS s FROM credit c OFFSET 0) t",
	'array' => "SELECT $all FROM (SELECT id, float8send(risk_margin('credit\@2', $features)) AS s FROM credit c OFFSET 0) t",
	'jsonb' => "SELECT $all FROM (SELECT id, float8send(risk_margin('credit\@staging', to_jsonb(c))) AS s FROM credit c OFFSET 0) t",
	'leaves' => "SELECT $all FROM (SELECT id, risk_leaves('credit', c) AS s FROM credit c OFFSET 0) t",
	'pinned' => "SELECT $all FROM (SELECT id, float8send(risk_score_pinned('$pinned', c)) AS s FROM credit c OFFSET 0) t",
	'version' => "SELECT $all FROM (SELECT id, risk_version('credit') AS s FROM credit c OFFSET 0) t",
	'several models by a column' => "SELECT $all FROM (SELECT id, float8send(risk_margin(('credit\@' || 1 + id % 2)::riskml.model_ref, c)) AS s FROM credit c OFFSET 0) t",
	'WHERE' => "SELECT count(*), sum(id) FROM credit c WHERE risk_score('credit', c) > 0.5",
	'count, minimum, maximum' => "SELECT count(risk_score('credit', c)), min(risk_score('credit', c)), max(risk_margin('credit\@2', c)) FROM credit c",
	'GROUP BY' => "SELECT string_agg(g::text, chr(10)) FROM (SELECT home, count(*), max(risk_score('credit', c)) FROM credit c GROUP BY home ORDER BY home) g",
	'ORDER BY LIMIT' => "SELECT string_agg(id::text, ',') FROM (SELECT id FROM credit c ORDER BY risk_score('credit', c) DESC, id LIMIT 30) t",
	'join' => "SELECT count(*), max(risk_score('credit', a)) FROM credit a JOIN credit b ON a.id = b.id + 1 WHERE risk_score('credit', b) < 0.2",
);
for my $name (sort keys %query)
{
	my $expected = query_value($node, $serial . $query{$name});
	like(query_value($node, "${parallel}EXPLAIN $query{$name}"), qr/Workers Planned: 2/, "$name: a parallel plan");
	is(query_value($node, $parallel . $query{$name}), $expected, "$name: the serial result");
	is(query_value($node, $workers_only . $query{$name}), $expected, "$name: the serial result, by workers alone");
}

# where the scoring runs: in the workers
my $plan = query_value($node, "${workers_only}EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off) SELECT count(*) FROM credit c WHERE risk_score('credit', c) > 0.5");
like($plan, qr/Workers Launched: [12].*Filter: \(\(riskml\.score_columns.*Parallel Seq Scan/s, 'the workers score');

# ---- the user and the version are those of the leader

is(query_value($node, "SET ROLE reader;$workers_only$query{record}"), query_value($node, $serial . $query{record}), 'workers have the rights of SET ROLE');
query_value($node, "SELECT riskml.revoke_model('credit', 'reader')");
my ($rc, $out, $err) = $node->psql('postgres', "SET ROLE reader;$workers_only$query{record}");
like($err, qr/ERROR:  permission denied for model "credit"/, '... and no more than those');
is(query_value($node, "BEGIN; SELECT FROM riskml.promote('credit', 2, 'r');$workers_only$query{version}; ROLLBACK"),
	query_value($node, $serial . $query{version} =~ s/'credit'/'credit\@2'/r), 'workers see the own transaction\'s promotion');
is(query_value($node, "BEGIN; SAVEPOINT s; SELECT FROM riskml.promote('credit', 2, 'r'); ROLLBACK TO s;$workers_only$query{version}; ROLLBACK"),
	query_value($node, $serial . $query{version}), '... and its rollback to a savepoint');
is(query_value($node, "BEGIN; SELECT FROM riskml.import_model('new', " . dollar(leaf_model(5)) . ");${workers_only}SELECT min(risk_score('new', ARRAY[id])), count(*) FROM credit; ROLLBACK"),
	'5|4454', '... and a model that it imported');
is(query_value($node, "SET riskml.local_cache_size = 0;$workers_only$query{record}"), query_value($node, $serial . $query{record}), 'without a cache');

# ---- errors and warnings come from workers too

($rc, $out, $err) = $node->psql('postgres', "${workers_only}SELECT count(risk_score('credit', CASE WHEN id = 4000 THEN ARRAY[1] ELSE $features END)) FROM credit");
like($err, qr/ERROR:  model "credit" expects 16 features, got 1\n.*CONTEXT:  parallel worker/s, 'an error in a worker');
query_value($node, "UPDATE riskml.model_version SET image = '' WHERE version = 2");
($rc, $out, $err) = $node->psql('postgres', $workers_only . $query{array});
is($out, query_value($node, $serial . $query{array}), 'workers rebuild a damaged image');
like($err, qr/WARNING:  compiled image of model "credit" version 2 is rebuilt in memory/, '... and say so');
is(query_value($node, 'SELECT riskml.rebuild_images()'), '1', 'repaired');

# what changes the registry does not run in workers
is(query_value($node, "SELECT count(*) FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml')"
	  . " WHERE p.provolatile = 'v' AND p.proparallel <> 'u'"), '0', 'no VOLATILE function is marked for workers');
is(sqlstate($node, "${parallel}SELECT riskml.promote('credit', 2, 'r') FROM credit LIMIT 1"), '00000', 'promote() under settings that force parallel plans');
query_value($node, "SELECT riskml.rollback('credit')");

# ---- index builds

my $build = "SET client_min_messages = debug1; SET max_parallel_maintenance_workers = 2; SET min_parallel_table_scan_size = 0;";
for my $index ("by_score ON credit (risk_score_pinned('$pinned', credit))", "risky ON credit (id) WHERE risk_score_pinned('$pinned', $features) > 0.9")
{
	my ($name) = $index =~ /^(\w+)/;
	($rc, $out, $err) = $node->psql('postgres', "$build CREATE INDEX $index");
	is($rc, 0, "CREATE INDEX $name");
	like($err, qr/building index "$name" on table "credit" with request for [12] parallel worker/, '... in parallel');
	($rc, $out, $err) = $node->psql('postgres', "$build REINDEX INDEX CONCURRENTLY $name");
	is($rc, 0, "REINDEX CONCURRENTLY $name") or diag $err;
}
my $top = "SELECT string_agg(id::text, ',') FROM (SELECT id FROM credit c ORDER BY risk_score_pinned('$pinned', c) DESC LIMIT 50) t";
like(query_value($node, "EXPLAIN $top"), qr/Index Scan Backward using by_score/, 'the index is used');
is(query_value($node, $top), query_value($node, "$serial SET enable_indexscan = off; $top"), '... and right');
my $risky = "SELECT count(*), sum(id) FROM credit c WHERE risk_score_pinned('$pinned', $features) > 0.9";
like(query_value($node, "EXPLAIN $risky"), qr/risky/, 'the partial index is used');
is(query_value($node, $risky), query_value($node, "SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; $risky"), '... and right');

# whatever else evaluates an index's expressions
is(sqlstate($node, $_), '00000', $_) for ('ANALYZE credit', 'VACUUM credit', 'VACUUM FULL credit', 'CLUSTER credit USING by_score', 'REINDEX TABLE credit',
	'VACUUM (PARALLEL 2) credit', "UPDATE credit SET income = income + 1 WHERE id < 100", "DELETE FROM credit WHERE id < 10",
	"CREATE INDEX CONCURRENTLY later ON credit (risk_score_pinned('$pinned', credit) DESC)");
is(query_value($node, $top), query_value($node, "$serial SET enable_indexscan = off; $top"), 'the index is still right');
is(sqlstate($node, "CREATE INDEX ON credit (risk_score('credit\@2', credit))"), '42P17', 'no index on what is not immutable');
is(sqlstate($node, "SELECT riskml.set_alias('credit', 'production', 1, 'r'), riskml.drop_alias('credit', 'staging', 'r'), riskml.drop_version('credit', 2)"), '2BP01',
	'a version that an index uses is not dropped');
unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC|TRAP/, 'no process crashed');

$node->stop;
done_testing();
