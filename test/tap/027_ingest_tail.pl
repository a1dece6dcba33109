# riskml.ingest() with option tail: files that grow, through every kind of rotation.
use strict;
use warnings FATAL => 'all';

use IO::Compress::Gzip qw(gzip $GzipError);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node');
my $s = session($node);
my $n = 0;
my ($dir, $log, $table);

# A folder and a table of their own for what follows.
sub begin
{
	$dir = PostgreSQL::Test::Utils::tempdir();
	$log = "$dir/app.log";
	$table = 't' . ++$n;
	ask($s, "CREATE TABLE $table (n int, rest text)");
}

sub append
{
	my ($path, $content) = @_;

	open(my $file, '>>:raw', $path) or die "$path: $!";
	print $file $content;
	close($file) or die;
}

my $pattern = '"format": "log", "pattern": "^(?<n>\\\\d+) ?(?<rest>.*)$"';

# Looks once; passes if the table then has these rows, in the order in which they came.
sub look
{
	my ($rows, $name, %arg) = @_;
	my $files = $arg{files} // $log;
	my ($out, $err) = ask($s, "CALL riskml.ingest('$files', '$table', '{\"tail\": true, " . ($arg{format} // $pattern) . "}')");

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(ask($s, "SELECT string_agg(n || rest, ' ' ORDER BY ctid) FROM $table"), $rows, $name) or diag($err);
	if ($arg{warning}) { like($err, $arg{warning}, "$name: warning") }
	else { unlike($err, qr/WARNING|ERROR/, "$name: no warning") }
	return $err;
}

# ---- growing

begin();
look('', 'a file that does not exist yet');
append($log, '');
look('', 'an empty file');
append($log, "1 a\n2 b");
look('1a', 'a line that is not complete waits');
look('1a', '... and waits');
append($log, "c\n3\n");
look('1a 2bc 3', '... until it is');
look('1a 2bc 3', 'nothing new');
append($log, "x\n4\n");
look('1a 2bc 3 4', 'a bad row');
is(ask($s, "SELECT line, raw, byte_offset FROM riskml.quarantine WHERE source = '$log'"), '4|x|11', '... has its line and place');
look('1a 2bc 3 4', '... once');
is(ask($s, "SELECT state, size, row_count, bad_rows FROM riskml.ingested_files WHERE path = '$log'"), 'followed|15|4|1', 'in the ledger');
append($log, '5' . ' ' x 3000);
look('1a 2bc 3 4', 'a line that is too long', format => "$pattern, \"max_line_bytes\": 1000");
append($log, ' ' x 3000);
look('1a 2bc 3 4', '... goes on', format => "$pattern, \"max_line_bytes\": 1000");
append($log, "\n6\n");
look('1a 2bc 3 4 6', '... and ends', format => "$pattern, \"max_line_bytes\": 1000");
is(ask($s, "SELECT string_agg(line::text, ' ' ORDER BY id) FROM riskml.quarantine WHERE source = '$log'"), '4 6', '... and is one bad row');

# ---- renamed

begin();
append($log, "1\n2\n");
look('1 2', 'before a rotation');
append($log, "3\n4");
rename($log, "$log.1") or die;
append($log, "5\n");
look('1 2 3 4 5', 'renamed with an unread rest, whose last line has no end');
append($log, "6\n");
look('1 2 3 4 5 6', '... and goes on');
rename("$log.1", "$log.2") or die;
rename($log, "$log.1") or die;
append("$log.1", "7\n");
look('1 2 3 4 5 6', 'renamed, and no new file yet');
append($log, "8\n");
look('1 2 3 4 5 6 7 8', 'the new file has come');

begin();
append($log, "1\n");
look('1', 'a pattern that rotated files match too', files => "$log*");
append($log, "2\n");
rename($log, "$log.1") or die;
append($log, "3\n");
look('1 2 3', '... renamed', files => "$log*");
rename("$log.1", "$log.2") or die;
rename($log, "$log.1") or die;
append("$log.1", "4\n");
append($log, "5\n");
look('1 2 3 4 5', '... again', files => "$log*");
append($log, "6\n");
look('1 2 3 4 5 6', '... and goes on', files => "$log*");

begin();
append($log, "1\n");
look('1', 'before the old file is gone');
append($log, "2\n");
unlink($log) or die;
append("$dir/between", "takes the inode");
append($log, "3\n");
look('1 3', 'removed with an unread rest', warning => qr/WARNING:  file ".*app.log": what it was before is not found/);
append($log, "4\n");
look('1 3 4', '... and goes on');

# ---- copied and truncated

begin();
append($log, "1\n2\n3\n");
look('1 2 3', 'before it is copied and truncated');
append($log, "4\n");
system_or_bail('cp', $log, "$log.1");
truncate($log, 0) or die;
append($log, "5\n");
look('1 2 3 4 5', 'the rest is read from the copy', files => "$log*");
append($log, "6\n7\n8\n9\n");
look('1 2 3 4 5 6 7 8 9', '... and goes on', files => "$log*");

begin();
append($log, "1\n2\n");
look('1 2', 'before it is truncated');
truncate($log, 0) or die;
append($log, "3\n");
look('1 2 3', 'truncated', warning => qr/it was truncated or replaced/);
append($log, "4\n");
look('1 2 3 4', '... and goes on');

# ---- an inode that is used again: the same number, another beginning

begin();
append($log, "1\n");
look('1', 'before the inode is used again');
open(my $file, '+<', $log) or die;
truncate($file, 0) or die;
print $file "2 other\n3\n";
close($file);
look('1 2other 3', 'another beginning is another file', warning => qr/it was truncated or replaced/);

# ---- formats

begin();
my $csv = '"format": "csv"';
append($log, 'n,re');
look('', 'CSV whose header is not complete', format => $csv);
append($log, "st\n1,\"a\n");
look('', 'CSV whose record is not complete', format => $csv);
append($log, "b\"\n2,c\n");
look("1a\nb 2c", 'CSV', format => $csv);
append($log, "x,d\n3,e\n");
look("1a\nb 2c 3e", 'the header holds for later', format => $csv);
is(ask($s, "SELECT line, raw FROM riskml.quarantine WHERE source = '$log'"), '5|x,d', '... and lines are counted on');
rename($log, "$log.1") or die;
append("$log.1", '4,f');
append($log, "rest,n\ng,5\n");
look("1a\nb 2c 3e 4f 5g", 'a new file has a header of its own', format => $csv);

begin();
my $json = '"format": "json"';
append($log, qq({"n": 1}\n{"n": 2, "rest":));
ask($s, "ALTER TABLE $table ALTER rest SET DEFAULT ''");
look('1', 'JSON', format => $json);
append($log, qq( "a"}\n));
look('1 2a', 'JSON, complete', format => $json);

begin();
my $packed;
gzip(\"1\n" => \$packed) or die;
append($log, $packed);
look('', 'gzip', warning => qr/it is compressed, and cannot be followed/);

# ---- whole or followed, not both

begin();
append($log, "1\n");
ask($s, "CALL riskml.ingest('$log', '$table', '{\"settle\": \"0 s\", $pattern}')");
look('1', 'a file that was loaded as a whole', warning => qr/it was loaded as a whole before/);
ask($s, "SELECT riskml.forget_file('$table', '$log', 'to follow it'); DELETE FROM $table");
look('1', '... is followed after it is forgotten');
like((ask($s, "CALL riskml.ingest('$log', '$table', '{\"settle\": \"0 s\", $pattern}')"))[1], qr/it is followed \(option tail\)/, 'and then not loaded as a whole');
append($log, "2\n");
look('1 2', '... but followed on');

# ---- a failure takes it all back

append($log, "3\nx\n");
like((ask($s, "CALL riskml.ingest('$log', '$table', '{\"tail\": true, \"max_bad_rows\": 0, $pattern}')"))[1], qr/more than 0 bad rows/, 'too many bad rows');
is(ask($s, "SELECT state FROM riskml.quarantine WHERE source = '$log'"), 'failed', '... are kept as failed');
look('1 2 3', '... and are read again');
is(ask($s, "SELECT state FROM riskml.quarantine WHERE source = '$log'"), 'open', '... and are there once');

$s->quit;
$node->stop;
done_testing();
