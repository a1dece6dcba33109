# Dump and restore into another cluster, whose roles have other OIDs, and pg_upgrade: models, aliases,
# grants, audit log and scores are the same after.  What docs/restore.md says about stored scores holds.
use strict;
use warnings FATAL => 'all';

use Cwd qw(getcwd);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $source = new_node('source');
my $target = new_node('target');
my $dumps = PostgreSQL::Test::Utils::tempdir();

# ---- what there is to dump

$source->safe_psql('postgres', <<'SQL');
CREATE ROLE "Model Owner";
CREATE ROLE analyst;
CREATE ROLE team;
CREATE ROLE leaver;
GRANT team TO analyst;
GRANT EXECUTE ON FUNCTION riskml.import_model(text, bytea, jsonb, text[], text, jsonb, text),
	riskml.import_model(text, text, jsonb, text[], text, jsonb, text),
	riskml.import_model_file(text, text, jsonb, text[], text, jsonb, text) TO "Model Owner";
GRANT pg_read_server_files TO "Model Owner";
SQL
create_credit($source);
my ($v1, $v2, $lending) = map { "'" . model_path("models/$_") . "'" } ('credit_v1.json', 'credit_v2.ubj', 'lending.ubj');
my $model = dollar(leaf_model(7));
my $raw = dollar(tree_model(trees => 5, depth => 3, features => 3));
my $recipe = dollar('[{"feature": "x0", "op": "standardize", "input": "age", "mean": 20, "std": 50},
	{"feature": "Größe", "op": "ordinal", "input": "home", "categories": ["rent", "owner", "größe", null], "unknown": 0.5, "output": false},
	{"feature": "x1", "op": "standardize", "input": "Größe", "mean": 0, "std": 4}, {"feature": "x2", "op": "hash_bucket", "input": "job", "n_buckets": 2}]');
$source->safe_psql('postgres', <<SQL);
SET ROLE "Model Owner";
SELECT riskml.import_model_file('credit', $v1), riskml.import_model_file('credit', $v2, alias => 'trial', comment => 'deeper'),
	riskml.import_model('it''s "ödd" 模型', $model, feature_names => ARRAY['größe "x"'], options => '{"best_iteration": false}');
SELECT riskml.promote('credit', 2, 'better'), riskml.set_alias('credit', 'old', 1, 'comparison'), riskml.rollback('credit', reason => 'worse');
SELECT riskml.import_model_file('gone', $lending), riskml.drop_alias('gone', 'production', 'r'), riskml.drop_alias('gone', 'staging', 'r'),
	riskml.drop_model('gone', 'not needed');
SELECT riskml.grant_model('credit', 'team'), riskml.grant_model('credit', 'analyst', 'promote'),
	riskml.grant_model('it''s "ödd" 模型', 'public'), riskml.grant_model('credit', 'leaver', 'export');
SELECT riskml.import_model('raw', $raw, recipe => $recipe);
RESET ROLE;
SELECT riskml.grant_model('credit', 'analyst', 'export');
SELECT riskml.set_baseline('credit\@1', 'SELECT * FROM credit WHERE id <= 500', reason => 'training'), riskml.set_baseline('credit\@2', 'TABLE credit');
SELECT riskml.set_reasons('credit\@1', '{"income": {"code": "I1", "text": "größeres Einkommen"}, "age": {"excluded": true}}'), riskml.set_reasons('credit\@2', '{"*": {"adverse": "decrease"}}', 'turned round');
GRANT SELECT ON credit TO PUBLIC;
ALTER TABLE credit OWNER TO team;
DROP ROLE leaver;
SQL
# gates: version 2 passed and is approved, version 3 failed, version 4 was not run
my @leaves = map { dollar(leaf_model($_)) } 1 .. 4;
$source->safe_psql('postgres', <<SQL);
CREATE ROLE checker;
SET SESSION AUTHORIZATION "Model Owner";
SELECT riskml.import_model('gated', model) FROM unnest(ARRAY[$leaves[0], $leaves[1], $leaves[2], $leaves[3]]) model;
SELECT riskml.set_gates('gated', '[{"name": "größe", "check": "metric", "metric": "mae", "max": 0.5}]', 'manual', '10 years', 'policy');
SELECT riskml.run_gates('gated\@2', 'SELECT 1 AS x, 2 AS y', 'y'), riskml.run_gates('gated\@3', 'SELECT 1 AS x, 2 AS y', 'y');
SELECT riskml.grant_model('gated', 'checker', 'promote'), riskml.grant_model('gated', 'checker');
SET SESSION AUTHORIZATION checker;
SELECT riskml.approve('gated\@2', 'seen');
SQL
# what a training leaves, and what a model is for
$source->safe_psql('postgres', <<'SQL');
INSERT INTO riskml.model_training (model_id, version, query, label, arguments, parameters, rows, validation_rows, train_metric_rows, data_hash, rounds, metrics, libraries, timings, trained_by, login_role, started_at, finished_at)
SELECT model_id, 1, 'TABLE credit', 'bad', '{"seed": 1}', '{"eta": 0.1}', 10, 2, 8, sha256(''), 3, '{"train": {"auc": [0.7]}}', '{"xgboost": "1.7.4"}', '{}', 'team', 'team', '2026-01-01', '2026-01-01'
FROM riskml.model WHERE name = 'credit';
SELECT riskml.set_purpose('credit', E'für "Kredite"\n# 模型');
SQL
$source->safe_psql('postgres', q{SELECT riskml.create_job('nightly', '@daily', timezone => 'Europe/Berlin'), riskml.create_pool('p', 2);
	SELECT riskml.add_step('nightly', 's', command => 'SELECT 1', pool => 'p'), riskml.adopt_jobs(); SELECT riskml.run_job('nightly')});
# suites: kept, but for one of a role that left
$source->safe_psql('postgres', <<'SQL');
GRANT EXECUTE ON FUNCTION riskml.create_suite(text, jsonb, text) TO PUBLIC;
CREATE ROLE former_tester;
SET ROLE team;
SELECT riskml.create_suite('loans of "team"', '{"name": "größe", "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}, "notes": "模型"}]}', 'kept');
SET ROLE former_tester;
SELECT riskml.create_suite('left behind', '{"expectations": []}');
RESET ROLE;
DROP ROLE former_tester;
SQL
# watermarks: kept, but for those of a target that was dropped or of a role that left
my $by_time = q{CALL riskml.load('ledger', '"Ledger copy"', '{"mode": "upsert", "key": "id", "watermark": "at"}')};
my $by_xmin = q{CALL riskml.load('ledger', 'second_copy', '{"mode": "upsert", "key": "id", "watermark": "xmin"}')};
$source->safe_psql('postgres', <<SQL);
SET client_min_messages = warning;
CREATE TABLE ledger (id int PRIMARY KEY, at timestamptz NOT NULL);
INSERT INTO ledger SELECT i, '2025-01-01'::timestamptz + i * interval '1 day' FROM generate_series(1, 5) i;
CREATE TABLE "Ledger copy" (LIKE ledger INCLUDING ALL);
CREATE TABLE second_copy (LIKE ledger INCLUDING ALL);
CREATE TABLE dropped_copy (LIKE ledger INCLUDING ALL);
CREATE ROLE former_loader;
ALTER TABLE ledger OWNER TO team;
ALTER TABLE "Ledger copy" OWNER TO team;
ALTER TABLE second_copy OWNER TO team;
SET ROLE team;
$by_time;
$by_xmin;
RESET ROLE;
GRANT ALL ON ledger, second_copy TO former_loader;
SET ROLE former_loader;
CALL riskml.load('SELECT id, at FROM ledger', 'second_copy', '{"key": "id", "watermark": "at"}');
RESET ROLE;
DROP OWNED BY former_loader;
DROP ROLE former_loader;
CALL riskml.load('ledger', 'dropped_copy', '{"key": "id", "watermark": "at"}');
DROP TABLE dropped_copy;
SQL
is(query_value($source, 'SELECT count(*) FROM riskml.watermark'), '4', 'four watermarks');
# an owner who leaves: the way out that docs/restore.md shows
$source->safe_psql('postgres', <<SQL);
CREATE ROLE former_owner;
SELECT riskml.import_model('orphan', $model), riskml.set_owner('orphan', 'former_owner');
DROP ROLE former_owner;
SQL
is(query_value($source, q{SELECT name FROM riskml.model WHERE owner::text ~ '^[0-9]+$'}), 'orphan', 'a model without a living owner is found');
is(query_value($source, q{SELECT riskml.set_owner('orphan', 'team'); SELECT count(*) FROM riskml.model WHERE owner::text ~ '^[0-9]+$'}), "\n0", 'and given to another');
my $pinned = query_value($source, "SELECT risk_version('credit')");
my $decided = dollar(query_value($source, "SELECT riskml.decision('credit', c) FROM credit c WHERE id = 10"));
$source->safe_psql('postgres', <<SQL);
CREATE INDEX credit_score ON credit (risk_score_pinned('$pinned', credit));
CREATE INDEX credit_risky ON credit (id) WHERE risk_score_pinned('$pinned', credit) > 0.9;
CREATE VIEW scored AS SELECT id, risk_score('credit', c) AS score, risk_version('credit') AS version FROM credit c;
CREATE MATERIALIZED VIEW stored AS SELECT id, risk_score('credit\@trial', c) AS score FROM credit c;
SQL

# Everything that must be the same after, as one text each.
my %facts = (
	'scores' => "SELECT md5(string_agg(float8send(score)::text, ',' ORDER BY id)) FROM scored",
	'margins' => "SELECT md5(string_agg(float8send(risk_margin('credit\@2', c))::text, ',' ORDER BY id)) FROM credit c",
	'scores of raw columns' => q{SELECT count(DISTINCT risk_score('raw', c)), md5(string_agg(float8send(risk_score('raw', c))::text, ',' ORDER BY id)) FROM credit c},
	'recipe' => q{SELECT md5(riskml.model_recipe('raw')::text)},
	'trainings' => 'SELECT * FROM riskml.trainings',
	'model cards' => q{SELECT md5(string_agg(riskml.model_card(model || '@' || version), chr(10) ORDER BY model, version)) FROM riskml.models},
	'stored scores' => "SELECT md5(string_agg(float8send(score)::text, ',' ORDER BY id)) FROM stored",
	'versions' => 'SELECT model, version, aliases, objective, booster, xgboost, identity, owner, imported_by, imported_at, comment FROM riskml.models ORDER BY 1, 2',
	'features' => 'SELECT md5(string_agg(f::text, chr(10) ORDER BY model, version, position)) FROM riskml.model_features f',
	'files' => 'SELECT name, version, md5(source) FROM riskml.model_version JOIN riskml.model USING (model_id) ORDER BY 1, 2',
	'alias history' => 'SELECT name, alias, version, history FROM riskml.model_alias JOIN riskml.model USING (model_id) ORDER BY 1, 2',
	'grants of living roles' => q{SELECT name, grantee, privilege FROM riskml.model_grant JOIN riskml.model USING (model_id)
		WHERE grantee = 0 OR grantee IN (SELECT oid FROM pg_roles) ORDER BY 1, 2::text, 3},
	'watermarks' => q{SELECT target, source, watermark_column, value_type, value, owner, updated_at FROM riskml.watermark WHERE owner = 'team'::regrole ORDER BY 1},
	'suites' => q{SELECT name, owner, suite, comment, created_at, changed_at FROM riskml.suite WHERE owner IN (SELECT oid FROM pg_roles) ORDER BY 1},
	'what a suite finds' => q{SELECT riskml.validate('credit', 'loans of "team"', result_format => 'COMPLETE')},
	'baselines' => 'SELECT model, version, rows, query, set_by, set_at FROM riskml.model_baselines ORDER BY 1, 2',
	'distributions' => "SELECT md5(riskml.get_baseline('credit\@1')::text), md5(riskml.get_baseline('credit\@2')::text)",
	'gates' => 'SELECT * FROM riskml.gates ORDER BY model, position',
	'results of gates' => 'SELECT * FROM riskml.gate_results ORDER BY run_id, position',
	'approvals' => 'SELECT * FROM riskml.approvals ORDER BY approved_at',
	'what keeps versions from being promoted' => 'SELECT * FROM riskml.obstacles ORDER BY model, version, position',
	'drift report' => "SELECT md5(string_agg(r::text, chr(10))) FROM riskml.drift_report('credit', 'SELECT * FROM credit WHERE id > 500') r",
	'reasons' => 'SELECT * FROM riskml.reasons ORDER BY model, version, feature',
	'reasons of loans' => "SELECT md5(string_agg(r::text, chr(10) ORDER BY id, rank)) FROM credit c, risk_reasons('credit', c) r WHERE id <= 100",
	'a decision' => "SELECT string_agg(r::text, chr(10)) FROM credit c, riskml.replay($decided, c) r WHERE id = 10",
	'audit log' => 'SELECT count(*), max(seq), md5(string_agg(encode(hash, $$hex$$), chr(10) ORDER BY seq)) FROM riskml.audit_log',
	'no break in the audit log' => 'SELECT count(*) FROM riskml.verify_audit()',
	'no failed check of verify()' => q{SELECT count(*) FROM riskml.models, LATERAL riskml.verify((model || '@' || version)::riskml.model_ref) v WHERE NOT passed},
	'rows by index' => "SELECT string_agg(id::text, ',') FROM (SELECT id FROM credit c ORDER BY risk_score_pinned('$pinned', c) DESC, id LIMIT 20) t",
	'rows by partial index' => "SELECT count(*), sum(id) FROM credit c WHERE risk_score_pinned('$pinned', c) > 0.9",
);

# All of them in one go: name => result.
sub facts
{
	my ($node, $database) = @_;
	my $out = $node->safe_psql($database, join("\n", map { "\\echo == $_\n$facts{$_};" } sort keys %facts));

	return map { my ($name, $value) = split /\n/, $_, 2; $name => $value =~ s/\n\z//r } grep { $_ ne '' } split /^== /m, $out . "\n";
}
my %before = facts($source, 'postgres');
is($before{'no failed check of verify()'}, '0', 'verify() passes before');
is($before{'no break in the audit log'}, '0', 'verify_audit() passes before');

sub same_as_before
{
	my ($node, $database, $how) = @_;
	my $sql = sub { $node->safe_psql($database, $_[0]) };

	my %after = facts($node, $database);
	is($after{$_}, $before{$_}, "$how: $_") for sort keys %facts;
	like($sql->("EXPLAIN SELECT id FROM credit c ORDER BY risk_score_pinned('$pinned', c) LIMIT 5"),
		qr/Index Scan using credit_score/, "$how: the expression index is used");
	like($sql->("EXPLAIN SELECT id FROM credit c WHERE risk_score_pinned('$pinned', c) > 0.9"),
		qr/credit_risky/, "$how: the partial index is used");
	is(sqlstate($node, "SET ROLE analyst; SELECT risk_score('credit', c) FROM credit c LIMIT 1", database => $database), '00000',
		"$how: a role with a grant by membership scores");
	is(sqlstate($node, "SET ROLE team; SELECT riskml.promote('credit', 2, 'r')", database => $database), '42501',
		"$how: a role without the grant cannot promote");
	is($sql->(qq(SET ROLE "Model Owner"; SELECT riskml.import_model('new', $model))),
		'1', "$how: the next model can be imported");
	is($sql->(qq(SELECT riskml.promote('credit', 2, 'r'); SELECT riskml.rollback('credit'))), "\n1", "$how: promote and rollback work");
	is($sql->(q{SELECT passed FROM riskml.run_gates('gated@2', 'SELECT 1 AS x, 2 AS y', 'y'); SELECT counts FROM riskml.approvals}), "t\nt",
		"$how: gates are run, and the approval holds");
	is(sqlstate($node, "SELECT riskml.promote('gated', $_, 'r')", database => $database), $_ == 2 ? '00000' : '55000', "$how: promotion of version $_ of a model with gates")
		for 3, 4, 2;
	is(sqlstate($node, q{SET SESSION AUTHORIZATION "Model Owner"; SELECT riskml.approve('gated@4', 'r')}, database => $database), '42501', "$how: its maker does not approve");
	is($sql->('SELECT count(*) FROM riskml.verify_audit()'), '0', "$how: the audit log continues its chain");
	# only rows from the watermark on are read by their time; the transactions of another cluster say nothing
	$sql->(<<SQL);
SET client_min_messages = warning;
DELETE FROM "Ledger copy" WHERE id = 1;
DELETE FROM second_copy WHERE id = 1;
INSERT INTO ledger VALUES (6, '2025-01-10');
SET ROLE team;
$by_time;
$by_xmin;
SQL
	is($sql->(q{SELECT string_agg(id::text, ',' ORDER BY id) FROM "Ledger copy"}), '2,3,4,5,6', "$how: a load goes on from its watermark");
	is($sql->('SELECT count(*) FROM (TABLE ledger EXCEPT TABLE second_copy) x'), '0', "$how: a load by xmin reads everything again");
}

# ---- pg_dump, in three formats

$target->safe_psql('postgres', 'DROP EXTENSION riskml; CREATE ROLE x1; CREATE ROLE x2; CREATE ROLE x3');
command_ok([ 'pg_dumpall', '--roles-only', '--no-sync', '-d', $source->connstr, '-f', "$dumps/roles.sql" ], 'pg_dumpall --roles-only');
$target->command_ok([ 'psql', '-XqAt', '-f', "$dumps/roles.sql", 'postgres' ], 'roles restored');
isnt(query_value($target, "SELECT 'team'::regrole::oid"), query_value($source, "SELECT 'team'::regrole::oid"), 'roles have other OIDs there');

# The order of docs/restore.md, for parallel restores and for tables that score while they are loaded.
my @in_order = ([ '--section=pre-data' ], [ '--section=data', '--schema=riskml' ], [ '--section=data', '--exclude-schema=riskml' ], [ '--section=post-data' ]);
my %restore = (
	plain => [ [ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/plain", '-d', 'plain' ] ],
	custom => [ [ 'pg_restore', '--exit-on-error', '-d', 'custom', "$dumps/custom" ] ],
	directory => [ map { [ 'pg_restore', '--exit-on-error', '-j', '2', '-d', 'directory', @$_, "$dumps/directory" ] } @in_order ],
);
for my $format (sort keys %restore)
{
	$source->command_ok([ 'pg_dump', '--no-sync', '-F', $format, '-f', "$dumps/$format", 'postgres' ], "pg_dump -F $format");
	$target->safe_psql('postgres', "CREATE DATABASE $format");
	$target->command_ok($_, "$format: restored without an error") for @{ $restore{$format} };
	same_as_before($target, $format, $format);
	is($target->safe_psql($format, q{SELECT count(*) FROM riskml.model_grant WHERE grantee::text ~ '^[0-9]+$'}), '0',
		"$format: a grant to a dropped role, whose OID may be someone else's there, did not come along");
}
is($target->safe_psql('custom', 'SELECT count(*) FROM riskml.watermark'), '2', 'nor did watermarks of a dropped table or role');
is($target->safe_psql('custom', 'SELECT count(*) FROM riskml.suite'), '1', 'nor did the suite of a dropped role');
$target->safe_psql('custom', 'DROP INDEX credit_score');
$target->command_ok([ 'pg_restore', '--exit-on-error', '--index=credit_score', '-d', 'custom', "$dumps/custom" ], 'an index can be restored alone');
$target->safe_psql('postgres', 'CREATE DATABASE inserts');
$source->command_ok([ 'pg_dump', '--no-sync', '--inserts', '-f', "$dumps/inserts", 'postgres' ], 'pg_dump --inserts');
$target->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$dumps/inserts", '-d', 'inserts' ], 'inserts: restored without an error');
my %inserted = facts($target, 'inserts');
is($inserted{$_}, $before{$_}, "inserts: $_") for sort keys %facts;

# ---- scores stored by constraints and generated columns

$source->safe_psql('postgres', 'CREATE DATABASE kept');
$source->safe_psql('kept', 'CREATE EXTENSION riskml; SELECT riskml.import_model($$leaf$$, ' . $model . ')');
my $pin = $source->safe_psql('kept', "SELECT risk_version('leaf')");
$source->safe_psql('kept', <<SQL);
CREATE TABLE a_checked (x float8, CHECK (risk_score('leaf', ROW(x)) < 10));
CREATE TABLE a_generated (x float8, score float8 GENERATED ALWAYS AS (risk_score_pinned('$pin', ARRAY[x])) STORED);
CREATE TABLE a_not_valid (x float8);
ALTER TABLE a_not_valid ADD CONSTRAINT low CHECK (risk_score('leaf', ROW(x)) < 10) NOT VALID;
CREATE TABLE a_default (x float8, score float8 DEFAULT risk_score('leaf', ROW(0)));
INSERT INTO a_checked VALUES (1), (NULL);
INSERT INTO a_generated (x) VALUES (1), (NULL);
INSERT INTO a_not_valid VALUES (1), (NULL);
INSERT INTO a_default (x) VALUES (1), (NULL);
SQL
is(sqlstate($source, 'ALTER TABLE a_checked ADD CHECK (risk_score($$leaf$$, ROW(x)) < 5)', database => 'kept'), '23514', 'a CHECK constraint scores');
is($source->safe_psql('kept', 'SELECT count(*) FROM a_generated WHERE score = 7'), '2', 'a generated column scores');
is(sqlstate($source, 'CREATE TABLE t (x float8, s float8 GENERATED ALWAYS AS (risk_score($$leaf$$, ARRAY[x])) STORED)', database => 'kept'),
	'42P17', 'a generated column takes the pinned form only');

my $counts = sub {
	my ($database) = @_;
	return join ' ', map { $target->safe_psql($database, "SELECT count(*) FROM $_") } qw(a_checked a_generated a_not_valid a_default);
};
$source->command_ok([ 'pg_dump', '--no-sync', '-F', 'custom', '-f', "$dumps/kept", 'kept' ], 'pg_dump of such a database');
$target->safe_psql('postgres', 'CREATE DATABASE kept_plain; CREATE DATABASE kept_ordered');
$target->command_fails_like([ 'pg_restore', '-d', 'kept_plain', "$dumps/kept" ], qr/model "leaf" does not exist/,
	'restored in one go, a validated CHECK and a generated column fail for tables that come before the models');
is($counts->('kept_plain'), '0 0 2 2', '... and those tables are empty; NOT VALID and DEFAULT do not matter');
$target->command_ok([ 'pg_restore', '--exit-on-error', '-d', 'kept_ordered', @$_, "$dumps/kept" ], "pg_restore @$_") for @in_order;
is($counts->('kept_ordered'), '2 2 2 2', 'restored in the documented order, all is there');
is($target->safe_psql('kept_ordered', 'SELECT count(*) FROM a_generated WHERE score = 7'), '2', 'generated scores are the same');
is(sqlstate($target, 'INSERT INTO a_not_valid VALUES (1)', database => 'kept_ordered'), '00000', 'the constraints work');
for my $table ('a_checked', 'a_generated')
{
	$target->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-t', $table, '-d', 'kept_plain', "$dumps/kept" ],
		"the data of $table can be restored again later");
}
is($counts->('kept_plain'), '2 2 2 2', '... and then it is there');

# ---- pg_upgrade

is(query_value($source, <<'SQL'), '', 'no column of a type that pg_upgrade refuses');
WITH RECURSIVE types AS (
	SELECT a.attrelid, a.attname, a.atttypid AS type FROM pg_attribute a
	JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm', 'i')
	JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'riskml'
	WHERE a.attnum > 0 AND NOT a.attisdropped
	UNION
	SELECT attrelid, attname, t.child FROM types, LATERAL (
		SELECT typelem FROM pg_type WHERE oid = type AND typelem <> 0
		UNION SELECT typbasetype FROM pg_type WHERE oid = type AND typbasetype <> 0
		UNION SELECT rngsubtype FROM pg_range WHERE rngtypid = type
		UNION SELECT a.atttypid FROM pg_type p JOIN pg_attribute a ON a.attrelid = p.typrelid AND attnum > 0 WHERE p.oid = type
	) t(child)
)
SELECT attrelid::regclass, attname, type::regtype FROM types WHERE type::regtype::text IN ('aclitem', 'abstime', 'reltime',
	'tinterval', 'sql_identifier', 'unknown', 'line', 'regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper',
	'regoperator', 'regproc', 'regprocedure')
SQL

my $upgraded = PostgreSQL::Test::Cluster->new('upgraded');
$upgraded->init;
$upgraded->append_conf('postgresql.conf', "fsync = off\nautovacuum = off");
query_value($source, 'VACUUM FREEZE riskml.model_version');
$source->stop;
my $bin = $source->config_data('--bindir');
my $here = getcwd();
chdir $dumps or die "$dumps: $!";
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $source->data_dir, '-D', $upgraded->data_dir, '-b', $bin, '-B', $bin,
		'-s', $upgraded->host, '-p', $source->port, '-P', $upgraded->port
	],
	'pg_upgrade');
chdir $here or die "$here: $!";
$upgraded->start;
same_as_before($upgraded, 'postgres', 'pg_upgrade');
is($upgraded->safe_psql('postgres', q{SELECT name, timezone, (SELECT count(*) FROM riskml.job_step), (SELECT count(*) FROM riskml.job_run), (SELECT slots FROM riskml.pool) FROM riskml.job}),
	'nightly|Europe/Berlin|1|1|2', 'pg_upgrade: jobs and their history are kept');
is($upgraded->safe_psql('kept', 'SELECT count(*) FROM a_generated WHERE score = 7'), '2', 'pg_upgrade: generated scores are the same');

$upgraded->stop;
$target->stop;
done_testing();
