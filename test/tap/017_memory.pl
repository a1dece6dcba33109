# Memory does not grow with the rows that a statement scores, whichever way they take.
# RISKML_MEMORY_ROWS: how many rows (200,000; with `make check-long` 10,000,000).
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

use constant WARM_UP => 20_000;

my $rows = $ENV{RISKML_MEMORY_ROWS} // 200_000;
my $node = new_node('node', conf => "jit = off\nmax_parallel_workers_per_gather = 0\n");
create_credit($node);
query_value($node, "SELECT riskml.import_model_file('credit', '" . model_path('models/credit_v1.json') . "')");
query_value($node, "SELECT riskml.import_model('trees', " . dollar(tree_model(trees => 20, depth => 4, seed => 1, names => [ 'age', 'debt', 'income', 'amount' ])) . ')');

# Kilobytes that a process has for itself.
sub anonymous
{
	my ($pid) = @_;

	slurp_file("/proc/$pid/smaps_rollup") =~ /^Anonymous: +(\d+) kB/m or die "no figure for $pid";
	return $1;
}

my %ways = (
	'in blocks' => "SELECT sum(risk_score('credit', c)) FROM %s",
	'in blocks, with columns beside' => "SELECT max(risk_score('credit', c) || job || c.amount::numeric) FROM %s",
	'in blocks, computed' => "SELECT sum(risk_score('trees', ROW(c.age::numeric, c.debt * 2.5, length(c.job), c.amount))) FROM %s",
	'one by one' => "SET LOCAL riskml.enable_batch = off; SELECT sum(risk_score('credit', c)) FROM %s",
	'not rewritten' => "SELECT sum(risk_score(m, c)) FROM %s, (VALUES ('credit'::riskml.model_ref)) v(m)",
	'two models in turn' => "SELECT sum(risk_score((CASE WHEN c.id %% 2 = 0 THEN 'credit' ELSE 'trees' END)::riskml.model_ref, c)) FROM %s",
	'an array' => "SELECT sum((risk_scores('trees', ARRAY[c.age, c.debt, c.income, c.amount]))[1]) FROM %s",
	'jsonb' => "SELECT sum(risk_score('trees', to_jsonb(c))) FROM %s",
	'leaves' => "SELECT sum((risk_leaves('trees', c))[1]) FROM %s",
);

my $watcher = session($node);
for my $way (sort keys %ways)
{
	my $session = session($node);
	my $pid = backend_pid($session);
	my $query = sub { 'BEGIN; ' . sprintf($ways{$way}, 'credit c, generate_series(1, ' . int($_[0] / 4454 + 1) . ') g') . '; COMMIT' };

	ask($session, $query->(WARM_UP));
	my $before = anonymous($pid);
	my $begun = ask($watcher, "SELECT query_start FROM pg_stat_activity WHERE pid = $pid");
	my ($most, $looks) = (0, 0);
	start_query($session, $query->($rows));
	do
	{
		my $now = anonymous($pid);
		$most = $now if $now > $most;
		$looks++;
	} until (ask($watcher, "SELECT state = 'idle' AND query_start > '$begun' FROM pg_stat_activity WHERE pid = $pid") eq 't');
	like(finish_query($session), qr/\d/, "$way: scored");
	cmp_ok($most - $before, '<', 1024, "... with less than 1 MB more for $rows rows ($looks looks)");
	$session->quit;
}
$watcher->quit;

done_testing();
