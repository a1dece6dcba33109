# Eight clients score while another one imports, promotes, rolls back and drops versions as fast as it
# can, with models in shared memory that has no room for all: every statement has one version, which was
# current while it ran, and a version that is asked for by number gives its score or is said to be gone.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $seconds = $ENV{RISKML_STRESS} || 10;

my $node = new_node('node', conf => "shared_preload_libraries = 'riskml'\nriskml.shared_cache_size = '400kB'\n"
	  . "max_connections = 40\nlog_statement = none\nsynchronous_commit = off\n");
# The score of a version is its number.
my $model = leaf_model('@VERSION@');
$node->safe_psql('postgres', <<SQL);
CREATE TABLE loans AS SELECT g AS id, g::float8 AS x FROM generate_series(1, 2000) g;
ALTER TABLE loans ADD PRIMARY KEY (id);
ANALYZE loans;
CREATE UNLOGGED TABLE seen (how text, low float8, high float8, first bigint, last bigint);
CREATE UNLOGGED TABLE asked (version int, outcome text);
-- the newest entry of the audit log that a statement starting now would see
CREATE FUNCTION now_at() RETURNS bigint LANGUAGE plpgsql VOLATILE AS \$\$ BEGIN RETURN (SELECT max(seq) FROM riskml.audit_log); END \$\$;
CREATE FUNCTION import_next() RETURNS int LANGUAGE sql AS
	'SELECT riskml.import_model(''m'', replace(\$model\$$model\$model\$, ''\@VERSION\@'', (SELECT coalesce(max(version), 0) + 1 FROM riskml.model_version)::text))';
CREATE FUNCTION churn() RETURNS void LANGUAGE plpgsql AS \$\$
	DECLARE
		v int;
	BEGIN
		PERFORM import_next();
		SELECT version INTO v FROM riskml.model_version ORDER BY random() LIMIT 1;
		PERFORM riskml.promote('m', v, 'stress');
		IF random() < 0.3 THEN
			PERFORM riskml.rollback('m', reason => 'stress');
		END IF;
		SELECT version INTO v FROM riskml.model_version
		WHERE version NOT IN (SELECT version FROM riskml.model_alias) AND (SELECT count(*) FROM riskml.model_version) > 30 ORDER BY random() LIMIT 1;
		IF FOUND THEN
			PERFORM riskml.drop_version('m', v, 'stress');
		END IF;
	END \$\$;
CREATE FUNCTION ask_for(v int) RETURNS void LANGUAGE plpgsql AS \$\$
	DECLARE
		outcome text;
	BEGIN
		BEGIN
			EXECUTE format('SELECT max(risk_score(%L, l)) FROM loans l WHERE id < 20', 'm\@' || v) INTO outcome;
		EXCEPTION WHEN OTHERS THEN
			outcome := SQLSTATE;
		END;
		INSERT INTO asked VALUES (v, outcome);
	END \$\$;
-- with literals: the plan is that of another key
CREATE FUNCTION look_up(id int) RETURNS void LANGUAGE plpgsql AS \$\$
	DECLARE
		first bigint := now_at();
		score float8;
	BEGIN
		EXECUTE format('SELECT risk_score(''m'', l) FROM loans l WHERE id = %s', id) INTO score;
		INSERT INTO seen VALUES ('lookup', score, score, first, now_at());
	END \$\$;
SELECT import_next() FROM generate_series(1, 5);
-- a history, should churn() begin with a promotion of what is there and a rollback
SELECT riskml.promote('m', v, 'stress') FROM generate_series(2, 5) v;
SQL

sub recorded
{
	my ($how, $score, $where) = @_;
	return "SELECT now_at() AS first \\gset\nINSERT INTO seen SELECT '$how', low, high, :first, now_at()"
	  . " FROM (SELECT min($score) AS low, max($score) AS high FROM loans l WHERE id <= $where OFFSET 0) s;\n";
}
my @scripts = (
	recorded('row', "risk_score('m', l)", 500),
	recorded('array', "risk_score('m', ARRAY[x])", 500),
	recorded('alias', "risk_score('m\@production', ROW(x))", 20),
	"\\set id random(1, 2000)\nSELECT look_up(:id);\n",
	"\\set v random(1, 60)\nSELECT ask_for((SELECT greatest(1, max(version) - :v) FROM riskml.model_version));\n");

sub start_pgbench
{
	my ($clients, @scripts) = @_;
	my $out = '';
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	my $run = IPC::Run::start([ 'pgbench', '-n', '--protocol=prepared', '-c', $clients, '-j', '2', '-T', $seconds,
		(map { ('-f', temp_file($_)) } @scripts), 'postgres' ], '<', \undef, '>&', \$out);
	return { run => $run, out => \$out };
}

my %running = (scorers => start_pgbench(8, @scripts), churn => start_pgbench(1, "SELECT churn();\n"));
for my $name (sort keys %running)
{
	ok($running{$name}{run}->finish, "$name: no error in $seconds seconds") or diag ${ $running{$name}{out} };
}

# ---- what was seen

my ($statements, $overtaken) = split /\|/, query_value($node, 'SELECT count(*), count(*) FILTER (WHERE first <> last) FROM seen');
note "$statements statements, $overtaken of them while something changed";
cmp_ok($statements, '>', 100, 'many statements');
cmp_ok($overtaken, '>', 10, '... many while something changed');
is(query_value($node, 'SELECT count(*) FROM seen WHERE low <> high'), '0', 'every statement had one version');
# Where production pointed at each entry: moves are entries with an alias.
is(query_value($node, <<'SQL'), '0', '... which was current while it ran');
CREATE TEMP TABLE current AS
	SELECT seq, to_version AS version, lead(seq, 1, 9223372036854775807) OVER (ORDER BY seq) AS until
	FROM riskml.audit_log WHERE alias = 'production' AND to_version IS NOT NULL;
CREATE INDEX ON current (version);
SELECT count(*) FROM seen s WHERE NOT EXISTS (SELECT FROM current c WHERE c.version = s.low AND c.seq <= s.last AND c.until > s.first);
SQL
is(query_value($node, "SELECT count(*) FROM asked WHERE outcome <> version::text AND outcome <> '42704'"), '0', 'a version by number gives its score, or is gone');
cmp_ok(query_value($node, "SELECT count(*) FROM asked WHERE outcome = '42704'"), '>', 0, '... and some were');
is(query_value($node, 'SELECT coalesce(sum(pins), 0) FROM riskml.shared_images()'), '0', 'no pin is left');
cmp_ok(query_value($node, 'SELECT count(*) FROM riskml.shared_images()'), '>', 0, 'images are shared');
is(query_value($node, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'the audit log is intact');

$node->stop;
done_testing();
