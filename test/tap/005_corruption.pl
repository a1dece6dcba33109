# Bytes of a stored model change under our hands: always noticed, scored right as long as either the
# image or the source is intact.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node');
my $row = 'ARRAY[0.1, 0.5, NULL, 0.9]::float8[]';
my @seeds = (1, 2, 3);
query_value($node, "SELECT riskml.import_model('m', " . dollar(tree_model(trees => 40, depth => 4, seed => $_)) . ')') for @seeds;
my %score = map { $_ => query_value($node, "SELECT risk_margin('m\@$_', $row), risk_leaves('m\@$_', $row)") } @seeds;
isnt($score{1}, $score{2}, 'the versions differ');
my ($source_size, $image_size) = split /\|/, query_value($node, "SELECT source_bytes, image_bytes FROM riskml.models WHERE version = 1");

# Keeps a copy of the rows, so that each case begins anew.
query_value($node, 'CREATE TABLE copy AS SELECT * FROM riskml.model_version');
sub repair
{
	query_value($node, 'UPDATE riskml.model_version v SET source = c.source, image = c.image, identity = c.identity, options = c.options,'
		  . ' feature_names = c.feature_names FROM copy c WHERE (v.model_id, v.version) = (c.model_id, c.version)');
}
sub damage
{
	repair();
	query_value($node, "UPDATE riskml.model_version SET $_[0] WHERE version = " . ($_[1] // 1));
}
sub flip { return "$_[0] = set_byte($_[0], $_[1], get_byte($_[0], $_[1]) # $_[2])" }

# Scores version 1 in a session of its own: result and messages.
sub score_it
{
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT risk_margin('m\@1', $row), risk_leaves('m\@1', $row)");
	return ($out, $err);
}

my $rebuilt = qr/WARNING:  XX001: compiled image of model "m" version 1 is rebuilt in memory: .*HINT:  Run riskml\.rebuild_images\(\)/s;
my $source_damaged = qr/WARNING:  XX001: stored source of model "m" version 1 is damaged/;
my $both = qr/ERROR:  XX001: both source and compiled image of model "m" version 1 are damaged/;

# ---- the image

my @places = (0, 8, 12, 16, 24, 32, 64, 80, 96, 200, 256, map({ int($image_size * $_ / 7) } 1 .. 6), $image_size - 1);
for my $place (@places)
{
	damage(flip('image', $place, 1 << ($place % 8)));
	my ($out, $err) = score_it();
	ok($out eq $score{1} && $err =~ $rebuilt, "one bit of the image flipped at byte $place: WARNING and the right score")
	  or diag "got $out, $err";
	is(() = $err =~ /WARNING/g, 1, '... one WARNING');
}
my %other = (
	'an empty image' => "image = ''",
	'one byte' => "image = '\\x00'",
	'a header only' => 'image = substr(image, 1, 256)',
	'a byte less' => "image = substr(image, 1, $image_size - 1)",
	'a byte more' => "image = image || '\\x00'",
	'nothing but zeroes' => "image = decode(repeat('00', $image_size), 'hex')",
	'the source' => 'image = source',
	'the image of another version' => 'image = (SELECT image FROM copy WHERE version = 2)',
	'an older format' => 'image = set_byte(image, 12, 0)',
);
for my $case (sort keys %other)
{
	damage($other{$case});
	my ($out, $err) = score_it();
	ok($out eq $score{1} && $err =~ $rebuilt, "$case in place of the image: WARNING and the right score") or diag "got $out, $err";
}

# ---- the source, and what else the identity covers

for my $place (0, int($source_size / 2), $source_size - 1)
{
	damage(flip('source', $place, 1));
	my ($out, $err) = score_it();
	ok($out eq $score{1} && $err =~ $source_damaged, "one bit of the source flipped at byte $place: WARNING and the right score")
	  or diag "got $out, $err";
}
%other = (
	'an empty source' => "source = ''",
	'the source of another version' => 'source = (SELECT source FROM copy WHERE version = 2)',
	'changed feature names' => "feature_names = ARRAY['a', 'b', 'c', 'd']",
	'changed options' => q(options = '{"best_iteration": true}'),
	'unknown options' => q(options = '{"x": 1}'),
);
for my $case (sort keys %other)
{
	damage($other{$case});
	my ($out, $err) = score_it();
	ok($out eq $score{1} && $err =~ $source_damaged, "$case: WARNING and the right score") or diag "got $out, $err";
	errors_like($node, "SELECT riskml.export_model('m\@1')", 'XX001', 'source of model "m" version 1 is damaged', "$case: not exported");
}

# ---- both

%other = (
	'one bit of each' => flip('source', 100, 4) . ', ' . flip('image', 300, 4),
	'both empty' => "source = '', image = ''",
	'both of another version' => 'source = (SELECT source FROM copy WHERE version = 2), image = (SELECT image FROM copy WHERE version = 2)',
	'another identity' => flip('identity', 31, 1),
);
for my $case (sort keys %other)
{
	damage($other{$case});
	my ($out, $err) = score_it();
	ok($out eq '' && $err =~ $both, "$case: ERROR") or diag "got $out, $err";
}
damage("identity = '\\x00'");
like((score_it())[1], qr/ERROR:  XX001: identity of model "m" version 1 is damaged/, 'an identity of another length: ERROR');

# ---- a session that has the model loaded does not look again; a failed load leaves nothing behind

repair();
my $session = session($node);
my $query = "SELECT risk_margin('m\@1', $row), risk_leaves('m\@1', $row)";
is(ask($session, $query), $score{1}, 'loaded before the damage');
damage("source = '', image = ''");
is(ask($session, $query), $score{1}, 'and still there after');
$session->quit;
$session = session($node);
for (1 .. 2)
{
	my ($out, $err) = ask($session, $query);
	like($err, qr/both source and compiled image/, "a new session: ERROR, time $_");
}
repair();
is(ask($session, $query), $score{1}, '... and the right score as soon as the row is repaired');
damage("image = ''");
is(ask($session, "SET riskml.local_cache_size = 0; SELECT count(*) FROM (SELECT risk_margin('m\@1', $row) FROM generate_series(1, 1000)) t"), '1000', 'a scan');
$session->quit;
my ($rc, $out, $err) = $node->psql('postgres', "SELECT count(risk_margin('m\@1', ARRAY[g, 0, 0, 0]::float8[])) FROM generate_series(1, 1000) g");
is(() = $err =~ /WARNING/g, 1, 'one WARNING for a scan of 1000 rows');

# ---- verify(), rebuild_images()

sub failed { return query_value($node, "SELECT string_agg(item, ', ') FROM riskml.verify('m\@1') WHERE NOT passed") }

repair();
is(failed(), '', 'verify() finds nothing in a sound version');
damage(flip('image', 300, 4));
is(failed(), 'image is intact', 'verify() finds a damaged image');
damage('image = (SELECT image FROM copy WHERE version = 2)');
is(failed(), 'image is intact', 'verify() finds the image of another version');
damage(flip('source', 300, 4));
is(failed(), 'source hashes to the identity', 'verify() finds a damaged source');
damage("source = '', image = ''");
is(failed(), 'source hashes to the identity, image is intact', 'verify() finds both');

damage('image = (SELECT image FROM copy WHERE version = 2)');
query_value($node, "UPDATE riskml.model_version SET image = '' WHERE version = 3");
is(query_value($node, 'SELECT riskml.rebuild_images()'), '2', 'rebuild_images() stores two');
is(query_value($node, 'SELECT count(*) FROM riskml.model_version v JOIN copy c USING (model_id, version) WHERE v.image = c.image AND v.source = c.source'),
	'3', '... as they were');
($out, $err) = score_it();
is("$out $err", "$score{1} ", '... and there is no WARNING any more');
is(query_value($node, 'SELECT riskml.rebuild_images()'), '0', 'a second time: nothing to do');
damage("source = '', image = ''");
($rc, $out, $err) = $node->psql('postgres', 'SELECT riskml.rebuild_images()');
is($out, '0', 'rebuild_images() cannot repair both');
like($err, qr/WARNING:  image of model "m" version 1 cannot be rebuilt: its source is damaged too/, '... and says so');
is(query_value($node, "SELECT count(*) FROM riskml.audit_log WHERE action = 'rebuild_image'"), '2', 'the audit log has the two');
is(query_value($node, 'SELECT count(*) FROM riskml.verify_audit()'), '0', '... in its chain');

# ---- the audit log

errors_like($node, "UPDATE riskml.audit_log SET reason = 'x'", '42501', 'append-only', 'the audit log cannot be updated');
my $log = session($node);
my $tamper = sub { return ask($log, "BEGIN; ALTER TABLE riskml.audit_log DISABLE TRIGGER audit_guard; $_[0]; SELECT * FROM riskml.verify_audit(); ROLLBACK") };
is($tamper->("UPDATE riskml.audit_log SET reason = 'x' WHERE seq = 3"), '3|was changed: its hash does not match', 'a changed row is found');
is($tamper->('DELETE FROM riskml.audit_log WHERE seq = 3'), '4|rows are missing before this one', 'a removed row is found');
is($tamper->("UPDATE riskml.audit_log SET reason = 'x', hash = riskml.audit_hash(seq, at, login_role, acting_role, action, model, alias, identity,"
		  . " from_version, to_version, detail, 'x', previous) WHERE seq = 3"),
	'4|does not follow the row before it', 'a changed row with a new hash is found');
$log->quit;

is(sqlstate($node, "SELECT risk_score('m\@2', $row)"), '00000', 'the server went on all the time');
unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC|TRAP/, 'no process crashed');
$node->stop;
done_testing();
