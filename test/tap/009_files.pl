# riskml.import_model_file(): who may, and what it does with paths that are no model file.
use strict;
use warnings FATAL => 'all';

use POSIX qw(mkfifo);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $good = model_path('models/credit_v1.json');
my $ubj = model_path('models/credit_v2.ubj');

sub import_sql
{
	my ($path, $model) = @_;
	return "SELECT riskml.import_model_file('" . ($model // 'm') . "', '$path')";
}

# ---- who may

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE nobody_special;
CREATE ROLE may_import;
CREATE ROLE may_read;
CREATE ROLE may_both;
GRANT EXECUTE ON FUNCTION riskml.import_model_file(text, text, jsonb, text[], text, jsonb, text) TO may_import, may_both;
GRANT pg_read_server_files TO may_read, may_both;
SQL
errors_like($node, "SET ROLE nobody_special; " . import_sql($good), '42501', 'permission denied for function import_model_file', 'nobody special');
errors_like($node, "SET ROLE may_read; " . import_sql($good), '42501', 'permission denied for function import_model_file', 'pg_read_server_files alone');
errors_like($node, "SET ROLE may_import; " . import_sql($good), '42501', 'permission denied to import a model from a file of the server.*pg_read_server_files', 'EXECUTE alone');
errors_like($node, "SET ROLE may_import; " . import_sql("$dir/none"), '42501', 'permission denied to import', '... learns nothing about files that do not exist');
errors_like($node, "SET ROLE may_import; " . import_sql('none'), '42501', 'permission denied to import', '... nor anything else');
is(query_value($node, "SET ROLE may_both; " . import_sql($good, 'theirs')), '1', 'both');
is(query_value($node, "SELECT owner, imported_by FROM riskml.models WHERE model = 'theirs'"), 'may_both|may_both', '... who own the model then');
is(query_value($node, "SELECT detail, acting_role FROM riskml.audit_log WHERE action = 'import'"), "$good|may_both", '... and the audit log has the path');
errors_like($node, "SET ROLE may_import; SELECT riskml.import_model_file('theirs', '$good')", '42501', 'permission denied', "not into someone else's model");
my $lent = "CREATE FUNCTION lent(text) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT riskml.import_model_file(\$\$lent\$\$, \$1)'";
$node->safe_psql('postgres', "$lent; ALTER FUNCTION lent OWNER TO may_both");
is(query_value($node, "SET ROLE nobody_special; SELECT lent('$good')"), '1', 'through a SECURITY DEFINER function');

# ---- both formats, and the same as by value

is(query_value($node, import_sql($good)), '1', 'JSON');
is(query_value($node, import_sql($ubj)), '2', 'UBJSON');
my ($rc, $out, $err) = $node->psql('postgres', "SELECT riskml.import_model('m', pg_read_binary_file('$ubj'))");
is($out, '2', 'the same bytes by value are the same version');
like($err, qr/NOTICE:  model "m" already has this model as version 2/, '... with a notice');
is(query_value($node, "SELECT riskml.export_model('m\@2') = pg_read_binary_file('$ubj')"), 't', 'export_model() gives the bytes back');
symlink($good, "$dir/link") or die;
is(query_value($node, import_sql("$dir/link", 'by_link')), '1', 'a symbolic link');
my $odd = "$dir/o'dd na\"me, ünïcode";
system_or_bail('cp', $good, $odd);
is(query_value($node, import_sql($odd =~ s/'/''/r, 'odd')), '1', 'a path with quotes and spaces');

# ---- no model file; none of these may hang or store anything

my $models = query_value($node, 'SELECT count(*) FROM riskml.model_version');
mkdir "$dir/dir" or die;
mkfifo("$dir/fifo", 0600) or die;
my %case = (
	'a relative path' => [ 'data/models/credit_v1.json', '42602', 'path "data/models/credit_v1.json" is not absolute' ],
	'an empty path' => [ '', '42602', 'is not absolute' ],
	'a path from home' => [ '~/model', '42602', 'is not absolute' ],
	'a missing file' => [ "$dir/none", '58P01', 'could not open file ".*none": No such file' ],
	'a missing directory' => [ "$dir/none/none", '58P01', 'No such file' ],
	'a file as directory' => [ "$good/x", '42809|XX000|58P01|58030', 'could not open file|not a directory' ],
	'a directory' => [ "$dir/dir", '42809', 'is not a regular file' ],
	'a FIFO that nobody writes' => [ "$dir/fifo", '42809', 'is not a regular file' ],
	'/dev/zero' => [ '/dev/zero', '42809', 'is not a regular file' ],
	'/dev/null' => [ '/dev/null', '42809', 'is not a regular file' ],
	'/dev/urandom' => [ '/dev/urandom', '42809', 'is not a regular file' ],
	'a file of /proc, endless or of size 0' => [ '/proc/self/maps', '22P03', 'the model is empty' ],
	'an empty file' => [ temp_file(''), '22P03', 'the model is empty' ],
	'a text file' => [ model_path('README.md'), '22P03', 'cannot read model "m"' ],
	'a CSV file' => [ model_path('credit_data.csv'), '22P03', 'cannot read model "m"' ],
	'half a model' => [ temp_file(substr(slurp_file($good), 0, 20000)), '22P03', 'at byte 20000' ],
	'a very long path' => [ '/' . 'x' x 5000, '58P01|58030|XX000|22023', 'File name too long|could not open' ],
);
for my $name (sort keys %case)
{
	my ($path, $state, $pattern) = @{ $case{$name} };
	errors_like($node, "SET statement_timeout = '10s'; " . import_sql($path), "(?:$state)", $pattern, $name);
}

my $secret = temp_file(slurp_file($good));
chmod 0, $secret;
errors_like($node, import_sql($secret), '42501', 'could not open file .*Permission denied', 'a file that the server may not read');

# ---- the limit

my $size = -s $good;
errors_like($node, 'SET riskml.max_model_bytes = ' . ($size - 1) . '; ' . import_sql($good, 'big'), '54000',
	"model of $size bytes exceeds the limit of @{[$size - 1]} bytes", 'a byte too large');
is(query_value($node, import_sql($good, 'big'), "riskml.max_model_bytes = $size"), '1', 'just small enough');
open(my $huge, '>', "$dir/huge") or die;
truncate($huge, 300 * 1024 * 1024) or die;
close($huge);
errors_like($node, import_sql("$dir/huge"), '54000', 'model of 314572800 bytes exceeds the limit', 'a sparse file of 300 MB is not read');
my $load = q{SELECT 'm'::riskml.model_ref;};
is(sqlstate($node, "$load SET ROLE may_both; SET riskml.max_model_bytes = '256MB'"), '42501', 'only a superuser can raise the limit');
is(sqlstate($node, "$load SET riskml.max_model_bytes = '257MB'"), '22023', '... up to 256 MB');
open($huge, '>', "$dir/huge") or die;
truncate($huge, 65 * 1024 * 1024) or die;
close($huge);
for my $too_much ("SET ROLE may_both; SET riskml.max_model_bytes = '256MB'", "SET riskml.max_model_bytes = '257MB'")
{
	errors_like($node, "$too_much; " . import_sql("$dir/huge"), '54000', 'exceeds the limit of 67108864 bytes',
		'before the library is loaded such a setting is kept but not used: ' . $too_much);
}

is(query_value($node, 'SELECT count(*) FROM riskml.model_version'), $models + 1, 'nothing else was stored');
is(query_value($node, 'SELECT count(*) FROM riskml.verify_audit()'), '0', 'the audit log is intact');
my $s = session($node);
ask($s, import_sql("$dir/fifo")) for 1 .. 50;
ask($s, import_sql("$dir/huge")) for 1 .. 50;
my $pid = backend_pid($s);
my @open = grep { defined && m{^\Q$dir\E} } map { readlink } glob("/proc/$pid/fd/*");
is("@open", '', 'failed imports leave no file open');
$s->quit;

$node->stop;
done_testing();
