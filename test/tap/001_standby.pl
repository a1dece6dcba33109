# Scoring on a hot standby: promotions replay, changes of the registry are refused, until it is promoted.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $primary = new_node('primary', allows_streaming => 1, conf => "shared_preload_libraries = 'riskml'\n");
create_credit($primary);
$primary->safe_psql('postgres', 'CREATE ROLE analyst; GRANT SELECT ON credit TO analyst');
query_value($primary, "SELECT riskml.import_model_file('credit', '" . model_path("models/$_") . "')")
  for ('credit_v1.json', 'credit_v2.ubj');
query_value($primary, "SELECT riskml.import_model('leaf', " . dollar(leaf_model($_)) . ')') for (1, 2);
my $pinned = query_value($primary, "SELECT risk_version('credit')");
query_value($primary, "SELECT riskml.set_baseline('credit', 'SELECT * FROM credit WHERE id <= 500')");
query_value($primary, q{SELECT riskml.set_reasons('credit', '{"income": {"code": "I1", "text": "Income"}, "age": {"excluded": true}}')});
my $decided = query_value($primary, "SELECT riskml.decision('credit', c) FROM credit c WHERE id = 10");
query_value($primary, "CREATE INDEX pinned ON credit ((risk_score_pinned('$pinned', credit)))");

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

# ---- the same scores

my $scores = "SELECT md5(string_agg(float8send(risk_score('credit', c))::text, ',' ORDER BY id)) FROM credit c";
my $margins = "SELECT md5(string_agg(float8send(risk_margin('credit\@2', c))::text, ',' ORDER BY id)) FROM credit c";
is(query_value($standby, $scores), query_value($primary, $scores), 'scores are those of the primary');
is(query_value($standby, $margins), query_value($primary, $margins), 'margins of a version are those of the primary');
is(query_value($standby, "SELECT risk_version('credit')"), $pinned, 'version is that of the primary');
is(query_value($standby, "SELECT count(*) FROM riskml.verify('credit\@2') WHERE NOT passed"), '0', 'verify() finds nothing');
is(query_value($standby, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'verify_audit() finds nothing');
is(query_value($standby, "SELECT riskml.export_model('credit') = pg_read_binary_file('" . model_path('models/credit_v1.json') . "')"),
	't', 'export_model() returns the file');
is(query_value($standby, "SELECT count(*) FROM riskml.check_input('credit', 'credit') WHERE problem IS NOT NULL"), '0', 'check_input() works');

my $report = "SELECT md5(string_agg(r::text, chr(10))) FROM riskml.drift_report('credit', 'SELECT * FROM credit WHERE id > 500') r";
is(query_value($standby, $report), query_value($primary, $report), 'drift_report() says what it does on the primary');
is(query_value($standby, q{SELECT riskml.model_card('credit')}), query_value($primary, q{SELECT riskml.model_card('credit')}), 'a model card says what it does on the primary');

my $reasons = "SELECT md5(string_agg(r::text, chr(10) ORDER BY id, rank)) FROM credit c, risk_reasons('credit', c) r WHERE id <= 100";
is(query_value($standby, $reasons), query_value($primary, $reasons), 'reasons are those of the primary');
is(query_value($standby, "SELECT bool_and(equal) FROM credit c, riskml.replay(" . dollar($decided) . ", c) WHERE id = 10"), 't', 'a decision of the primary is replayed');

my $ranked = "SELECT id FROM credit c ORDER BY risk_score_pinned('$pinned', c) LIMIT 3";
like(query_value($standby, "EXPLAIN $ranked"), qr/Index Scan using pinned/, 'expression index is used');
is(query_value($standby, $ranked), query_value($primary, "$ranked", 'enable_indexscan = off'), '... and right');

my $parallel = "SELECT count(DISTINCT risk_version('credit')), md5(string_agg(s::text, ',' ORDER BY id)) FROM"
  . " (SELECT id, risk_score('credit', c) AS s FROM credit c OFFSET 0) t";
like(query_value($standby, force_parallel($standby) . "EXPLAIN $parallel"), qr/Workers Planned: 2/, 'parallel plan on the standby');
is(query_value($standby, force_parallel($standby) . $parallel), query_value($primary, $parallel), '... gives the same scores');

# ---- promotions replay

my $reader = session($standby);
my $snapshot = session($standby);
my $value = "risk_score('leaf', ROW(0))";
ask($reader, "SET plan_cache_mode = force_generic_plan; PREPARE score AS SELECT $value");
is(ask($reader, 'EXECUTE score'), '1', 'before the promotion');
is(ask($snapshot, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT $value"), '1', 'before it, in REPEATABLE READ');
ask($reader, 'BEGIN');
is(ask($reader, "EXECUTE score; SELECT $value"), "1\n1", 'before it, in READ COMMITTED');

my $writer = session($primary);
ask($writer, "BEGIN; SELECT FROM riskml.promote('leaf', 2, 'test')");
query_value($primary, 'SELECT pg_log_standby_snapshot()') if $primary->pg_version >= 16;
$primary->wait_for_catchup($standby);
is(ask($reader, 'EXECUTE score'), '1', 'an uncommitted promotion is not seen');
ask($writer, 'ROLLBACK');
$primary->wait_for_catchup($standby);
is(ask($reader, "EXECUTE score; SELECT $value"), "1\n1", 'a rolled-back promotion is not seen');

query_value($primary, "SELECT riskml.promote('leaf', 2, 'test')");
$primary->wait_for_catchup($standby);
is(ask($reader, "EXECUTE score; SELECT $value"), "2\n2", 'a replayed promotion is seen by the next statement');
ask($reader, 'COMMIT');
is(ask($snapshot, "SELECT $value"), '1', 'REPEATABLE READ keeps its version');
is(ask($snapshot, "COMMIT; SELECT $value"), '2', '... until it ends');

is(sqlstate($standby, 'SET ROLE analyst; ' . $scores), '42501', 'no grant on the standby');
query_value($primary, "SELECT riskml.grant_model('credit', 'analyst')");
$primary->wait_for_catchup($standby);
is(sqlstate($standby, 'SET ROLE analyst; ' . $scores), '00000', 'a grant replays');

# ---- refused here

my $file = model_path('models/credit_v1.json');
for my $change (
	"import_model('leaf', " . dollar(leaf_model(9)) . ')', "import_model_file('credit', '$file')",
	"set_alias('leaf', 'x', 1, 'r')", "drop_alias('leaf', 'production', 'r')", "promote('leaf', 1, 'r')",
	"rollback('leaf', reason => 'r')", "drop_version('leaf', 1)", "drop_model('leaf')",
	"grant_model('leaf', 'public')", "revoke_model('leaf', 'public')", "set_owner('leaf', 'analyst')",
	'rebuild_images()', "set_baseline('credit', 'TABLE credit')", "drop_baseline('credit')", "set_purpose('credit', 'x')",
	"set_gates('credit', '[]', 'manual')", "run_gates('credit', 'TABLE credit', 'id')", "approve('credit', 'r')", "withdraw_approval('credit', 'r')",
	"set_reasons('credit', '{}')", "set_reasons('credit', NULL)")
{
	my ($function) = $change =~ /^(\w+)/;
	is(sqlstate($standby, "SELECT riskml.$change"), '25006', "$function() is refused on the standby");
}

# ---- after the standby's promotion

$primary->stop('immediate');
$standby->promote;
is(query_value($standby, $scores), query_value($standby, $scores =~ s/'credit'/'credit\@1'/r), 'scores after the promotion of the server');
is(query_value($standby, "SELECT riskml.promote('credit', 2, 'new primary'); SELECT risk_version('credit') LIKE 'credit\@2#%'"),
	"\nt", 'a model can be promoted here now');
is(query_value($standby, "SELECT riskml.import_model('leaf', " . dollar(leaf_model(3)) . ')'), '3', 'and imported');
is(ask($reader, "EXECUTE score; SELECT risk_score('leaf\@3', ROW(0))"), "2\n3", 'a session that was connected all the time sees both');
is(query_value($standby, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'the audit log continues its chain');

$_->quit for ($reader, $snapshot, $writer);
$standby->stop;
done_testing();
