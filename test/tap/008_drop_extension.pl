# DROP EXTENSION while other sessions have models loaded, prepared or open; CREATE EXTENSION again, in the
# same sessions; nothing is left behind.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node');
my $catalog = q{
	SELECT (SELECT string_agg(nspname, ',' ORDER BY 1) FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'),
		(SELECT count(*) FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type),
		(SELECT count(*) FROM pg_cast), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_constraint),
		(SELECT count(*) FROM pg_depend), (SELECT count(*) FROM pg_shdepend), (SELECT count(*) FROM pg_description),
		(SELECT count(*) FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace), (SELECT count(*) FROM pg_init_privs)};
$node->safe_psql('postgres', <<'SQL');
DROP EXTENSION riskml;
CREATE TABLE loans AS SELECT g::float8 AS x FROM generate_series(1, 500) g;
CREATE FUNCTION f() RETURNS float8 LANGUAGE plpgsql AS $$ DECLARE x float8; BEGIN x := risk_score('m', ROW(1)); RETURN x; END $$;
SQL
my $clean = query_value($node, $catalog);
$node->safe_psql('postgres', 'CREATE EXTENSION riskml');
$node->safe_psql('postgres', "SELECT riskml.import_model('m', " . dollar(leaf_model(7)) . ')');

# ---- an update to the same version

my ($rc, $out, $err) = $node->psql('postgres', 'ALTER EXTENSION riskml UPDATE');
is($rc, 0, 'ALTER EXTENSION riskml UPDATE');
like($err, qr/NOTICE:  version "[\d.]+" of extension "riskml" is already installed/, '... has nothing to do');
is(sqlstate($node, 'ALTER EXTENSION riskml SET SCHEMA pg_catalog'), '0A000', 'the extension cannot be moved');

# ---- what depends on it

$node->safe_psql('postgres', "CREATE VIEW scored AS SELECT risk_score('m', l) FROM loans l");
is(sqlstate($node, 'DROP EXTENSION riskml'), '2BP01', 'a view that scores keeps the extension from being dropped');
$node->safe_psql('postgres', 'DROP VIEW scored');
is(sqlstate($node, 'DROP TABLE riskml.model_version'), '2BP01', 'its tables cannot be dropped alone');

# ---- other sessions: one has the model loaded, one has statements prepared, one has a cursor open, one a function

my %session = map { $_ => session($node) } qw(loaded prepared cursor plpgsql);
my $score = "SELECT risk_score('m', ROW(1))";
is(ask($session{$_}, $score), '7', "$_: scores") for sort keys %session;
ask($session{prepared}, "SET plan_cache_mode = force_generic_plan; PREPARE p AS SELECT count(risk_score('m', l)) FROM loans l; PREPARE v AS SELECT * FROM riskml.models; PREPARE i(text) AS SELECT riskml.import_model('n', \$1)");
is(ask($session{prepared}, 'EXECUTE p'), '500', 'a prepared statement');
ask($session{cursor}, "BEGIN; DECLARE c CURSOR FOR SELECT risk_score('m', l) FROM loans l");
is(ask($session{cursor}, 'FETCH 1 FROM c'), '7', 'an open cursor');
is(ask($session{plpgsql}, 'SELECT f()'), '7', 'a PL/pgSQL function');

# None of them is in the way.
$node->safe_psql('postgres', "SET lock_timeout = '5s'; DROP EXTENSION riskml");
is(query_value($node, $catalog), $clean, 'nothing is left in the catalogs');

for my $case ([ 'loaded', $score, 'function risk_score\(unknown, record\) does not exist' ],
	[ 'loaded', 'SELECT riskml.promote($$m$$, 1, $$r$$)', 'schema "riskml" does not exist' ],
	[ 'prepared', 'EXECUTE p', '(function|type|schema) .*does not exist' ],
	[ 'prepared', 'EXECUTE v', '(relation|schema) .*does not exist' ],
	[ 'plpgsql', 'SELECT f()', '(function|type|schema) .*does not exist' ])
{
	my ($out, $err) = ask($session{ $case->[0] }, $case->[1]);
	like($err, qr/ERROR:  $case->[2]/, "$case->[0]: a clear error for " . $case->[1]);
}
is(ask($session{cursor}, 'FETCH 2 FROM c'), "7\n7", 'the open cursor goes on with the model it holds');
($out, $err) = ask($session{cursor}, 'CLOSE c; COMMIT; ' . $score);
like($err, qr/function risk_score\(unknown, record\) does not exist/, '... and after it: a clear error');

# ---- created again

$node->safe_psql('postgres', 'CREATE EXTENSION riskml');
for my $name (sort keys %session)
{
	my ($out, $err) = ask($session{$name}, $score);
	like($err, qr/ERROR:  model "m" does not exist/, "$name: the new registry is empty");
}
is(ask($session{loaded}, "SELECT riskml.import_model('m', " . dollar(leaf_model(8)) . ')'), '1', 'a model imported in a session that knew the old extension');
is(ask($session{$_}, $score), '8', "$_: scores with the new model") for sort keys %session;
is(ask($session{prepared}, 'EXECUTE p; SELECT count(*) FROM riskml.models'), "500\n1", 'the prepared statement works again');
is(ask($session{plpgsql}, 'SELECT f()'), '8', 'the function works again');
is(ask($session{loaded}, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'the new audit log is intact');
is(query_value($node, 'SELECT count(*) FROM riskml.audit_log'), '3', '... and began anew');

# ---- in one transaction, rolled back, and in another schema

my $s = $session{loaded};
is(ask($s, "BEGIN; DROP EXTENSION riskml; CREATE SCHEMA other; CREATE EXTENSION riskml SCHEMA other; SELECT FROM riskml.import_model('m', " . dollar(leaf_model(9))
		  . "); SELECT other.risk_score('m', ROW(1)); ROLLBACK; $score"), "9\n8", 'dropped and created in another schema, rolled back');
ask($s, 'BEGIN; DROP EXTENSION riskml');
my ($blocked, $message) = ask($session{prepared}, "SET lock_timeout = 100; $score");
like($message, qr/canceling statement due to lock timeout/, 'others wait while the drop is not committed');
ask($s, 'ROLLBACK');
is(ask($session{prepared}, $score), '8', '... and go on when it is not');

$_->quit for values %session;
$node->safe_psql('postgres', 'DROP EXTENSION riskml');
is(query_value($node, $catalog), $clean, 'in the end nothing is left');
unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC|TRAP/, 'no process crashed');

# ---- the schema's name is taken

$node->safe_psql('postgres', 'CREATE SCHEMA riskml');
is(sqlstate($node, 'CREATE EXTENSION riskml'), '42P06', 'a schema riskml made by someone else is not used');

$node->stop;
done_testing();
