# Models in a session's memory: bounded by riskml.local_cache_size, pinned while a query runs, released
# after every kind of end; no growth over many calls, rows and errors.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

use constant MANY => 40;
use constant MB => 1024 * 1024;

my $node = new_node('node');
for my $seed (1 .. MANY)
{
	my $model = dollar(tree_model(trees => 40, depth => 4, seed => $seed, features => 2));
	query_value($node, "SELECT riskml.import_model('m$seed', $model)");
}
query_value($node, 'CREATE TABLE loans AS SELECT g AS id, random() AS x0, random() AS x1 FROM generate_series(1, 1000) g');
query_value($node, 'CREATE TABLE models AS SELECT g AS id, $$m$$ || g AS name FROM generate_series(1, ' . MANY . ') g');

# ---- what the session holds

my $s = session($node);
my $pid = backend_pid($s);
sub held { return ask($s, "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'riskml model'") }
sub held_bytes { return ask($s, "SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE name = 'riskml model'") }
sub all_bytes { return ask($s, 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts') }

sub rss
{
	my ($kb) = slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m;
	return $kb * 1024;
}

# ---- the limit

ask($s, "SELECT risk_score('m1', ARRAY[0.5, 0.5])");
is(held(), '1', 'one model is kept');
my $size = held_bytes();
note "a model takes $size bytes";
ask($s, 'SET riskml.local_cache_size = ' . int(10.5 * $size / 1024));
my @single = map { scalar ask($s, "SELECT risk_score('m$_', ARRAY[0.5, 0.5])") } 1 .. MANY;
is(held(), '10', 'as many models are kept as fit');
cmp_ok(held_bytes(), '<=', 10.5 * $size, '... not more');
my $again = "SELECT count(*) FROM generate_series(1, 200) i, LATERAL (SELECT risk_score('m' || 1 + i % @{[MANY]}, ARRAY[0.5, 0.5])) t";
ask($s, $again);
cmp_ok(held_bytes(), '<=', 10.5 * $size, '... over 200 calls in turn');

# The least recently used goes first.
ask($s, "SELECT risk_score('m$_', ARRAY[0.5, 0.5])") for (1 .. 10, 1, 11);
is(ask($s, "SELECT string_agg(ident, ' ' ORDER BY ident) FROM pg_backend_memory_contexts WHERE name = 'riskml model'"),
	join(' ', sort map { "m$_" } (1, 3 .. 11)), 'the least recently used one goes first');

my $by_column = "SELECT string_agg(risk_score(name, ARRAY[0.5, 0.5])::text, chr(10) ORDER BY id) FROM models";
is(ask($s, $by_column), join("\n", @single), 'many models in one query, by a column: the right scores');
cmp_ok(held_bytes(), '<=', 10.5 * $size, '... within the limit after it');

# ---- without a cache, a query still has what it needs

ask($s, 'SET riskml.local_cache_size = 0');
is(ask($s, "SELECT risk_score('m1', ARRAY[0.5, 0.5])"), $single[0], 'no cache: scored');
is(held(), '0', '... and nothing kept');
is(ask($s, "SELECT count(*), sum(risk_score('m1', l)) + sum(risk_score('m2', l)) = sum(risk_score('m1', ARRAY[x0, x1]) + risk_score('m2', to_jsonb(l))) FROM loans l"),
	'1000|t', 'two models in one query');
is(held(), '0', '... and nothing kept');
is(ask($s, $by_column), join("\n", @single), 'many models in one query, by a column');
is(held(), '0', '... and nothing kept');
# ---- pins go with whatever ends the query

my $open = "DECLARE c CURSOR FOR SELECT risk_score('m1', l), risk_score('m2', l) FROM loans l; FETCH 1 FROM c; FETCH 1 FROM c";
my $count = "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'riskml model'";
ask($s, "BEGIN; $open");
is(held(), '2', 'an open cursor holds its models');
ask($s, "SELECT risk_score('m3', ARRAY[0.5, 0.5])");
is(held(), '2', '... and only those');
ask($s, 'CLOSE c');
is(held(), '0', 'closed: nothing kept');
ask($s, "DECLARE c CURSOR FOR SELECT risk_score('m1', l), risk_score('m1', ARRAY[x0, x1]) FROM loans l; FETCH 1 FROM c");
is(held(), '1', 'a model that is used at two places is there once');
ask($s, 'CLOSE c');
ask($s, "$open; COMMIT");
is(held(), '0', 'an end of the transaction: nothing kept');
ask($s, "BEGIN; $open; ROLLBACK");
is(held(), '0', 'a rollback: nothing kept');
ask($s, "BEGIN; $open; SELECT 1 / 0");
ask($s, 'ROLLBACK');
is(held(), '0', 'an error elsewhere: nothing kept');
ask($s, "BEGIN; SAVEPOINT s; $open; ROLLBACK TO s");
is(held(), '0', 'a rollback to a savepoint: nothing kept');
ask($s, "ROLLBACK; BEGIN; $open; SAVEPOINT s; SELECT risk_score('m3', ARRAY[0.5]); ROLLBACK TO s; FETCH 1 FROM c");
is(held(), '2', 'an error in a subtransaction leaves the cursor its models');
ask($s, 'ROLLBACK');
is(held(), '0', '... until it ends');

for my $case (
	[ 'an error of the scoring itself', "SELECT risk_score('m1', l), risk_score('m2', CASE WHEN id = 500 THEN ARRAY[1] ELSE ARRAY[x0, x1] END) FROM loans l" ],
	[ 'an error of another function', "SELECT risk_score('m1', l), 1 / (id - 500) FROM loans l" ],
	[ 'an error when the second model is loaded', "SELECT risk_score('m1', l), risk_score('none', l) FROM loans l" ],
	[ 'an error in a query with many models', "SELECT risk_score(name, ARRAY[0.5, 0.5]), 1 / (id - 30) FROM models" ],
	[ 'an error of check_input()', "SELECT risk_score('m1', l), (SELECT count(*) FROM riskml.check_input('m2', 0)) FROM loans l" ])
{
	my ($out, $err) = ask($s, $case->[1]);
	like($err, qr/ERROR/, "$case->[0]: raised");
	is(held(), '0', '... nothing kept');
}
ask($s, "DO \$\$ BEGIN FOR i IN 1 .. 10 LOOP BEGIN PERFORM risk_score('m1', l), 1 / (id - 500) FROM loans l; EXCEPTION WHEN division_by_zero THEN END; END LOOP; END \$\$");
is(held(), '0', 'errors caught in PL/pgSQL: nothing kept');
ask($s, "SET statement_timeout = 20; SELECT count(risk_score('m1', a)) FROM loans a, loans b, loans c");
is(ask($s, "RESET statement_timeout; $count"), '0', 'a timeout: nothing kept');
ask($s, "PREPARE p AS SELECT risk_score('m1', l) FROM loans l; EXECUTE p; EXECUTE p");
is(held(), '0', 'a prepared statement holds nothing between its executions');
ask($s, "SELECT riskml.verify('m1'); SELECT riskml.check_input('m1', 'loans'); SELECT length(riskml.export_model('m1'))");
is(held(), '0', 'nor do verify(), check_input(), export_model()');
ask($s, 'RESET riskml.local_cache_size');

# ---- no growth

# Growth when $body runs $n times in one transaction: of all contexts within it and after it, and of the process.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION memory() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
SQL

sub grows_little
{
	my ($name, $n, $body) = @_;
	my $before_rss = rss();
	my $before = all_bytes();
	my ($out, $err) = ask($s, <<SQL);
DO \$do\$
DECLARE
	first bigint;
	x float8;
	n_errors int := 0;
	array_row float8[] := ARRAY[0.3, 0.4];
	json_row jsonb := '{"x0": 0.3, "x1": 0.4}';
	row loans;
	bad text := '{"learner": {"gradient_booster": [' || repeat('{"a": [1, 2, 3]},', 1000);
BEGIN
	SELECT * INTO row FROM loans LIMIT 1;
	FOR i IN 1 .. $n LOOP
		IF i = 500 THEN
			first := memory();
		END IF;
		$body
	END LOOP;
	RAISE NOTICE 'grown by %, % errors', memory() - first, n_errors;
END \$do\$
SQL
	my ($grown, $errors) = $err =~ /grown by (-?\d+), (\d+) errors/ or die "$name: $err";
	my $after = all_bytes() - $before;
	my $rss = rss() - $before_rss;
	ok($grown < MB && $after < MB && $rss < MB, "$name: $n times, less than 1 MB more");
	note sprintf('%s: %d bytes within the transaction, %d after it, RSS %d kB, %d errors', $name, $grown, $after, $rss / 1024, $errors);
	return $errors;
}
my $caught = sub { return "BEGIN $_[0] EXCEPTION WHEN OTHERS THEN n_errors := n_errors + 1; END;" };

ask($s, "SELECT risk_score('m$_', ARRAY[0.5, 0.5])") for (1 .. 3);
grows_little('expressions in PL/pgSQL', 200000, "x := risk_score('m1', array_row); x := risk_score('m2', row); x := risk_score('m3', json_row);");
grows_little('statements in PL/pgSQL', 50000, "PERFORM risk_score('m1', array_row), risk_score('m2', row), risk_leaves('m3', json_row), risk_version('m1');");
is(grows_little('errors of scoring', 100000, $caught->("x := risk_score('m1', ARRAY[i]);")), 100000, '... all of them raised');
is(grows_little('errors of statements', 20000, $caught->("PERFORM risk_score('m1', l), risk_score('m2', to_jsonb(l) - 'x1') FROM loans l LIMIT 3;")), 20000, '... all of them raised');
is(grows_little('unknown models', 20000, $caught->("PERFORM risk_score('none', row);")), 20000, '... all of them raised');
is(grows_little('refused imports', 3000, $caught->("PERFORM riskml.import_model('bad', bad);")), 3000, '... all of them raised');
grows_little('loads of a model', 3000, "SET LOCAL riskml.local_cache_size = 0; PERFORM risk_score('m1', array_row);");
grows_little('verify()', 600, "PERFORM FROM riskml.verify('m1');");

# ---- over the rows of one query

for my $case ([ 1000000, "risk_score('m1', a), risk_score('m2', ARRAY[a.x0, a.x1])" ],
	[ 100000, "risk_margin('m3', jsonb_build_object('x0', a.x0, 'x1', a.x1)), risk_leaves('m1', a), risk_version('m1')" ])
{
	my ($rows, $calls) = @$case;

	ask($s, "BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT $calls FROM loans a, (SELECT FROM loans OFFSET 0) b LIMIT $rows; MOVE 5000 IN c");
	my $before = all_bytes();
	my $before_rss = rss();
	ask($s, "MOVE @{[$rows - 5000]} IN c");
	my $grown = all_bytes() - $before;
	cmp_ok($grown, '<', MB, "$rows rows scored in one query: less than 1 MB more");
	note sprintf('%d rows: %d bytes, RSS %d kB', $rows, $grown, (rss() - $before_rss) / 1024);
	is(ask($s, 'FETCH 1 FROM c'), '', '... and all of them were');
	ask($s, 'COMMIT');
}

$s->quit;
$node->stop;
done_testing();
