# Databases in other encodings than UTF-8: models with names that are not ASCII, errors that can be read,
# and a dump from one encoding into the other.
use strict;
use utf8;
use warnings FATAL => 'all';

use Encode qw(encode);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node');
$node->safe_psql('postgres', "CREATE DATABASE $_->[0] TEMPLATE template0 ENCODING '$_->[1]' LC_COLLATE 'C' LC_CTYPE 'C'")
  for ([ 'utf8', 'UTF8' ], [ 'latin1', 'LATIN1' ], [ 'ascii', 'SQL_ASCII' ], [ 'eucjp', 'EUC_JP' ]);
$node->safe_psql($_, 'CREATE EXTENSION riskml') for ('utf8', 'latin1', 'ascii', 'eucjp');
$ENV{PGCLIENTENCODING} = 'UTF8';

my %file;
sub model_file
{
	my ($name, @features) = @_;
	$file{$name} = temp_file(encode('UTF-8', tree_model(trees => 10, depth => 3, names => \@features)));
}
model_file('german', "größe", "straße", "ÄÖÜ");
model_file('russian', "рост", "вес", "age");
model_file('japanese', "年齢", "所得", "age");
model_file('ascii', 'a', 'b', 'c');
my $values = '0.2 AS %s, 0.7 AS %s, 0.9 AS %s';

sub text { return encode('UTF-8', $_[0]) }
sub run { my ($database, $sql) = @_; return $node->safe_psql($database, text($sql)) }
sub fails { my ($database, $sql, $state, $pattern, $name) = @_; errors_like($node, text($sql), $state, text($pattern), $name, database => $database) }
sub import_it { my ($database, $name, $model) = @_; return run($database, "SELECT riskml.import_model_file('" . ($model // $name) . "', '$file{$name}')") }

# ---- names in the database's encoding

my $german = "SELECT risk_margin('german', t) FROM (SELECT 0.2 AS \"größe\", 0.7 AS \"straße\", 0.9 AS \"ÄÖÜ\") t";
my $array = "SELECT risk_margin('german', ARRAY[0.2, 0.7, 0.9])";
for my $database ('utf8', 'latin1', 'ascii')
{
	is(import_it($database, 'german'), '1', "$database: a model with German names");
	is(run($database, $german), run($database, $array), "$database: columns are matched by name");
	is(run($database, "SELECT string_agg(feature, ' ' ORDER BY position) FROM riskml.model_features"), text('größe straße ÄÖÜ'), "$database: the names are shown");
	fails($database, "SELECT risk_score('german', t) FROM (SELECT 1 AS \"größe\", 2 AS \"ÄÖÜ\") t", '42703', 'no column for feature "straße" of model "german"',
		"$database: a missing column is named");
	fails($database, "SELECT risk_score('german', '{\"größe\": 1, \"straße\": \"x\", \"ÄÖÜ\": 1}'::jsonb)", '42804', 'key "straße"', "$database: a key is named");
	is(run($database, "SELECT risk_margin('german', '{\"größe\": 0.2, \"straße\": 0.7, \"ÄÖÜ\": 0.9}'::jsonb)"), run($database, $array), "$database: keys are matched by name");
	is(run($database, "SELECT count(*) FROM riskml.verify('german') WHERE NOT passed"), '0', "$database: verify() passes");
}
is(run('utf8', $array), run('latin1', $array), 'the score is the same in both');
is(run('utf8', "SELECT identity FROM riskml.models"), run('latin1', 'SELECT identity FROM riskml.models'), 'so is the identity');

# As text, the file passes through the database's encoding; it is the same model.
my $as_text = sub { my ($database) = @_; return run($database, "SELECT riskml.import_model('german', convert_from(pg_read_binary_file('$file{german}'), 'UTF8'))") };
is($as_text->($_), '1', "$_: imported as text, it is the same version") for ('utf8', 'latin1');
is(run('ascii', "SELECT riskml.import_model('german', convert_from(pg_read_binary_file('$file{german}'), 'SQL_ASCII'))"), '1', 'ascii: imported as text, it is the same version');

# Names given at import are part of the identity, in UTF-8.
my $named = "SELECT riskml.import_model_file('named', '$file{ascii}', feature_names => ARRAY['é', 'ß', 'x']); SELECT identity FROM riskml.models WHERE model = 'named'";
is(run('latin1', $named), run('utf8', $named), 'feature_names give the same identity');

# ---- names that the database's encoding does not have

is(import_it('utf8', 'russian'), '1', 'utf8: Russian names');
errors_like($node, "SELECT riskml.import_model_file('russian', '$file{russian}')", '22P05', qr/has no equivalent in encoding "LATIN1".*HINT:  Give other names with feature_names.*name of feature 0 of model "russian"/s, 'latin1: they cannot be stored', database => 'latin1');
is(run('latin1', "SELECT count(*) FROM riskml.models WHERE model = 'russian'"), '0', '... and nothing is');
is(import_it('ascii', 'russian'), '1', 'ascii: any bytes will do');
is(import_it('eucjp', 'japanese'), '1', 'eucjp: Japanese names');
is(run('eucjp', "SELECT risk_margin('japanese', t) = risk_margin('japanese', ARRAY[0.2, 0.7, 0.9]) FROM (SELECT 0.2 AS \"年齢\", 0.7 AS \"所得\", 0.9 AS age) t"), 't',
	'eucjp: columns are matched by name');
is(run('latin1', "SELECT riskml.import_model_file('russian', '$file{russian}', feature_names => ARRAY['a', 'b', 'c'])"), '1', 'latin1: feature_names help');

# ---- models' names, aliases, reasons

for my $database ('utf8', 'latin1', 'ascii')
{
	is(import_it($database, 'ascii', 'crédit'), '1', "$database: a model named crédit");
	run($database, "SELECT riskml.set_alias('crédit', 'à l''essai', 1, 'déjà vu')");
	is(run($database, "SELECT risk_version('crédit\@à l''essai') LIKE 'crédit\@1#%'"), 't', "$database: ... and an alias");
	fails($database, "SELECT risk_score('crédité', ARRAY[1])", '42704', 'model "crédité" does not exist', "$database: ... in a message");
	is(run($database, "SELECT reason FROM riskml.audit_log WHERE action = 'set_alias' AND alias LIKE '%essai'"), text('déjà vu'), "$database: ... in the audit log");
	is(run($database, 'SELECT count(*) FROM riskml.verify_audit()'), '0', "$database: ... which is intact");
}
# Texts of a recipe are hashed in UTF-8; where the encoding is none, as they are.
my $hash = '[{"feature": "h", "op": "hash_bucket", "input": "t", "n_buckets": 1000}]';
my $hashes = sub { my ($database, $t) = @_; return run($database, "SELECT riskml.hash_bucket(t, 1000), riskml.apply_recipe('$hash', r) FROM (SELECT $t AS t) r") };
is($hashes->($_, "'ß'::text"), '798|{798}', "$_: a text is hashed in UTF-8") for ('utf8', 'latin1', 'ascii');
is($hashes->('ascii', "convert_from('\\xff', 'SQL_ASCII')"), '245|{245}', 'ascii: any bytes are hashed');

my $sql_ascii_name = "SELECT riskml.import_model_file(convert_from('\\xff41', 'SQL_ASCII'), '$file{ascii}')";
fails('ascii', $sql_ascii_name, '\w{5}', '.', 'ascii: a name that is no UTF-8 is refused, for the audit log is hashed in it');
is(run('ascii', 'SELECT count(*) FROM riskml.verify_audit()'), '0', '... and leaves nothing');

# ---- messages about a file's content

my $german_text = slurp_file($file{german});
my %broken = (
	'a name that is given twice' => [ $german_text =~ s/\Q@{[text('straße')]}\E/text('größe')/er, '22P03' ],
	'text that is no UTF-8' => [ $german_text =~ s/\xc3\x9f/\xff\xfe/r, '22P03' ],
	'an objective in Russian' => [ $german_text =~ s/reg:squarederror/text('цель')/er, '0A000|22P03' ],
);
for my $name (sort keys %broken)
{
	my $path = temp_file($broken{$name}[0]);
	errors_like($node, "SELECT riskml.import_model_file('broken', '$path')", "(?:$broken{$name}[1])", 'cannot read model "broken"', "$_: $name", database => $_)
	  for ('utf8', 'latin1', 'ascii', 'eucjp');
}

# ---- from one encoding to the other

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '--no-sync', '-f', $dump, 'latin1' ], 'pg_dump of the LATIN1 database');
$node->safe_psql('postgres', "CREATE DATABASE from_latin1 TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', 'from_latin1' ], 'restored into an UTF8 database');
is(run('from_latin1', $german), run('latin1', $german), 'the score is the same');
is(run('from_latin1', 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'the audit log is intact');
is(run('from_latin1', "SELECT count(*) FROM riskml.models, LATERAL riskml.verify((model || '\@' || version)::riskml.model_ref) WHERE NOT passed"), '0', 'verify() passes for all models');

unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC|TRAP/, 'no process crashed');
$node->stop;
done_testing();
