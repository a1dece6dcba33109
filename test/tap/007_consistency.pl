# Sessions score while another one promotes as fast as it can: no statement mixes two versions, neither
# between rows, nor between calls, nor between parallel workers, nor with STABLE functions called inside it.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

use constant PROMOTIONS => 600;

my $node = new_node('node', conf => "shared_preload_libraries = 'riskml'\nmax_worker_processes = 16\nmax_parallel_workers = 12\nlog_statement = none\nsynchronous_commit = off\n");
query_value($node, "SELECT riskml.import_model('m', " . dollar(leaf_model($_)) . ')') for (1, 2);
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE loans AS SELECT g AS id, g::float8 AS x FROM generate_series(1, 3000) g;
ANALYZE loans;
CREATE FUNCTION stable_score(l loans) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RETURN risk_score('m', l); END $$;
CREATE FUNCTION stable_version() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public AS $$
	SELECT substring(risk_version('m') FROM '@(\d+)#')::int $$;
-- what a statement that starts now would see
CREATE FUNCTION version_now() RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
	BEGIN RETURN substring(risk_version('m') FROM '@(\d+)#')::int; END $$;
CREATE UNLOGGED TABLE seen (how text, lowest float8, highest float8, before int, after int);
SQL

# Six ways to the version, lowest and highest over the rows of one statement.
my $ways = "risk_score('m', l), risk_score('m', ARRAY[x]), risk_score('m', jsonb_build_object('x', x)), stable_score(l), stable_version(),"
  . " (SELECT risk_score('m', other) FROM loans other WHERE other.id = l.id)";
my $one = "SELECT min(least($ways)) AS low, max(greatest($ways)) AS high FROM loans l WHERE id <= 40";
my $scan = "SELECT min(least(risk_score('m', l), risk_score('m', ARRAY[x]), stable_score(l), stable_version())) AS low,"
  . " max(greatest(risk_score('m', l), risk_score('m', ARRAY[x]), stable_score(l), stable_version())) AS high FROM loans l";

# The version before and after the statement's own work, by functions with snapshots of their own: where
# they differ, a promotion came in between.
sub recorded
{
	my ($how, $select) = @_;
	return "INSERT INTO seen SELECT '$how', low, high, before, version_now()"
	  . " FROM (SELECT version_now() AS before OFFSET 0) b, LATERAL (SELECT before AS b, t.* FROM ($select) t OFFSET 0) s;\n";
}

my $parallel = force_parallel($node) . "SET parallel_leader_participation = off;";
my %scorer = (
	simple => [ '--protocol=simple', '', recorded('simple', $one), 120 ],
	prepared => [ '--protocol=prepared', 'SET plan_cache_mode = force_generic_plan;', recorded('prepared', $one), 120 ],
	# an INSERT does not run in parallel: a check that fails the client instead
	parallel => [ '--protocol=simple', $parallel, "SELECT 1 / (low = high)::int FROM ($scan) t;\n", 25 ],
	generic => [ '--protocol=prepared', $parallel . 'SET plan_cache_mode = force_generic_plan;', "SELECT 1 / (low = high)::int FROM ($scan) t;\n", 25 ],
);

like(query_value($node, "${parallel}EXPLAIN $scan"), qr/Workers Planned: 2.*Parallel Seq Scan/s, 'the scan is parallel');

# In one transaction in READ COMMITTED: n statements of a PL/pgSQL function, and more until a promotion came
# in the middle of one.
$node->safe_psql('postgres', <<SQL);
CREATE FUNCTION overtaken(text) RETURNS boolean LANGUAGE sql VOLATILE AS
	'SELECT EXISTS (SELECT FROM seen WHERE how = \$1 AND before <> after)';
CREATE FUNCTION loop(n int) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE b int; s record;
BEGIN
	FOR i IN 1 .. 100 * n LOOP
		EXIT WHEN i > n AND overtaken('plpgsql');
		b := version_now();
		SELECT * INTO s FROM ($one) t;
		INSERT INTO seen VALUES ('plpgsql', s.low, s.high, b, version_now());
	END LOOP;
END \$\$;
CREATE FUNCTION cursor_loop(n int) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE b int; low float8; high float8; s record;
BEGIN
	FOR i IN 1 .. 100 * n LOOP
		EXIT WHEN i > n AND overtaken('cursor');
		b := version_now(); low := 9; high := 0;
		FOR s IN SELECT risk_score('m', l) AS a, stable_score(l) AS b FROM loans l WHERE id <= 200 LOOP
			low := least(low, s.a, s.b); high := greatest(high, s.a, s.b);
		END LOOP;
		INSERT INTO seen VALUES ('cursor', low, high, b, version_now());
	END LOOP;
END \$\$;
SQL
$scorer{plpgsql} = [ '--protocol=simple', '', "SELECT loop(40);\n", 2 ];
$scorer{cursor} = [ '--protocol=simple', '', "SELECT cursor_loop(40);\n", 2 ];

sub start_pgbench
{
	my ($name, $protocol, $settings, $script, $times) = @_;
	my $options = $settings eq '' ? '' : join(' ', map { /SET (\w+) = (\w+)/ ? "-c $1=$2" : () } split /;/, $settings);
	my $out = '';

	local $ENV{PGOPTIONS} = $options;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	my $file = temp_file($script);
	return {
		name => $name,
		out => \$out,
		run => IPC::Run::start([ 'pgbench', '-n', $protocol, '-c', '1', '-t', $times, '-f', $file, 'postgres' ],
			'<', \undef, '>&', \$out)
	};
}

# The promoter runs until the scorers are done, but at least so many times.
my @promote = map { "SELECT riskml.promote('m', " . (2 - $_ % 2) . ", 'test');\n" } 0 .. 1;
my @running = map { start_pgbench($_, @{ $scorer{$_} }) } sort keys %scorer;
my $promotions = 0;
while (@running || $promotions < PROMOTIONS)
{
	my $run = start_pgbench('promoter', '--protocol=simple', '', join('', @promote), 50);
	$run->{run}->finish or die "promoter: ${$run->{out}}";
	$promotions += 100;
	for my $scorer (@running)
	{
		$scorer->{run}->pump_nb;
		next if $scorer->{run}->pumpable;
		$scorer->{done} = 1;
		ok($scorer->{run}->finish, "$scorer->{name}: every statement had one version") or diag ${ $scorer->{out} };
		like(${ $scorer->{out} }, qr/number of transactions actually processed: $scorer{$scorer->{name}}[3]\b/, '... and all of them ran');
	}
	@running = grep { !$_->{done} } @running;
}

is(query_value($node, 'SELECT count(*) FROM seen WHERE lowest <> highest'), '0', 'no statement mixed two versions');
for my $how ('simple', 'prepared', 'plpgsql', 'cursor')
{
	my ($all, $overtaken) = split /\|/, query_value($node, "SELECT count(*), count(*) FILTER (WHERE before <> after) FROM seen WHERE how = '$how'");
	cmp_ok($overtaken, '>', 0, "$how: a promotion came in the middle of at least $overtaken of $all statements");
}
is(query_value($node, 'SELECT string_agg(DISTINCT lowest::text, $$,$$) FROM seen'), '1,2', 'both versions were met');
note "$promotions promotions";
is(query_value($node, "SELECT count(*) FROM riskml.audit_log WHERE alias = 'production' AND reason = 'test'"), $promotions, 'every promotion is in the audit log');
is(query_value($node, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'which is intact');
is(query_value($node, "SELECT max(cardinality(history)) <= 100 FROM riskml.model_alias"), 't', 'the history for rollback() stays short');

$node->stop;
done_testing();
