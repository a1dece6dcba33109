# riskml.ingest(): formats, files of every kind of trouble, rows that a table refuses, the quarantine.
use strict;
use warnings FATAL => 'all';

use IO::Compress::Gzip qw(gzip $GzipError);
use POSIX qw(mkfifo);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node', extra => ['--encoding=UTF8', '--locale=C'], conf => "max_locks_per_transaction = 128\n");
my $dir = PostgreSQL::Test::Utils::tempdir();
my $s = session($node);
my $n_files = 0;
my $old = time - 3600;

# A file that has stood still for an hour.
sub write_file
{
	my ($name, $content) = @_;

	open(my $file, '>:raw', "$dir/$name") or die "$dir/$name: $!";
	print $file $content;
	close($file) or die;
	utime($old, $old, "$dir/$name") or die;
	return "$dir/$name";
}

sub gzipped
{
	my ($content) = @_;
	my $packed;

	gzip(\$content => \$packed) or die $GzipError;
	return $packed;
}

sub literal { return "'" . ($_[0] =~ s/'/''/gr) . "'" }

# What a call says: (summary as text, all messages).
sub ingest
{
	my ($files, $table, $options) = @_;
	my ($out, $err) = ask($s, "CALL riskml.ingest(" . literal($files) . ", '$table', " . literal($options // '{}') . ")");

	return ($err =~ /NOTICE:  (\{.*\})/ ? $1 : '', $err);
}

sub summary
{
	my ($files, $table, $options, $like, $name) = @_;
	my ($summary, $err) = ingest($files, $table, $options);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $key (sort keys %$like)
	{
		my ($value) = $summary =~ /"$key": (\d+)/;
		is($value // "none: $err", $like->{$key}, "$name: $key");
	}
	return $err;
}

# Rows of a table, and lines and reasons of what is in quarantine for a file.
sub rows { return ask($s, "SELECT string_agg(r::text, ' ' ORDER BY r::text COLLATE \"C\") FROM $_[0] r") }

sub bad
{
	my ($path) = @_;
	return ask($s, "SELECT string_agg(format('%s:%s', line, reason), ' | ' ORDER BY id) FROM riskml.quarantine WHERE source = " . literal($path));
}

# A file into table t (id int, name text): what is loaded, what is not.
sub check
{
	my ($name, $content, $rows, $bad, $options) = @_;
	my $path = write_file('f' . ++$n_files, $content);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ask($s, 'TRUNCATE t');
	my ($summary, $err) = ingest($path, 't', $options);
	is(rows('t'), $rows, "$name: rows") or diag($err);
	like(bad($path), $bad, "$name: quarantine") if ref $bad;
	is(bad($path), $bad, "$name: quarantine") if !ref $bad;
	return $path;
}

# A file that is not loaded at all.
sub check_failed
{
	my ($name, $path, $reason, $options) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ask($s, 'TRUNCATE t');
	my ($summary, $err) = ingest($path, 't', $options);
	like($err, qr/WARNING:  file .* was not loaded: .*$reason/, "$name: warning");
	is(rows('t'), '', "$name: no rows");
	like(ask($s, "SELECT state || ' ' || reason FROM riskml.ingested_files WHERE path = " . literal($path)), qr/^failed .*$reason/,
		"$name: in the ledger");
	return $path;
}

ask($s, 'CREATE TABLE t (id int, name text)');

# ---- CSV

check('CSV', "id,name\n1,a\n2,b\n", '(1,a) (2,b)', '');
check('CSV without a last line end', "id,name\n1,a\n2,b", '(1,a) (2,b)', '');
check('byte order mark and CRLF', "\xEF\xBB\xBFid,name\r\n1,a\r\n2,b\r\n", '(1,a) (2,b)', '');
check('old Macintosh line ends', "id,name\r1,a\r2,b\r", '(1,a) (2,b)', '');
check('a lone carriage return', "id,name\n1,a\rb\n2,b\n", '(2,b)', '2:unquoted carriage return found in data');
check('columns in another order and case', "NAME,Id\na,1\n", '(1,a)', '');
check('quoted line ends', "id,name\n1,\"a\nb\"\nx,c\n2,d\n", "(1,\"a\nb\") (2,d)", qr/^4:invalid input syntax for type integer: "x"$/);
check('quotes within quotes', "id,name\n1,\"a\"\"b\"\n", '(1,"a""b")', '');
check('another escape character', "id,name\n1,\"a\\\"b\"\n2,b\n", '(1,"a""b") (2,b)', '', '{"escape": "\\\\"}');
check('another delimiter, quote and null', "id;name\n1;'a;b'\n2;NA\n3;'NA'\n", '(1,a;b) (2,) (3,NA)', '',
	q({"delimiter": ";", "quote": "'", "null": "NA"}));
check('NUL bytes', "id,name\n1,a\x00b\n2,b\n", '(2,b)', qr/^2:invalid byte sequence for encoding "UTF8": 0x00$/);
check('broken UTF-8', "id,name\n1,a\xC3\n2,b\n", '(2,b)', qr/^2:invalid byte sequence for encoding "UTF8": 0xc3/);
check('LATIN1', "id,name\n1,caf\xE9\n", '(1,café)', '', '{"encoding": "LATIN1"}');
check('WIN1252 without some characters', "id,name\n1,\x80\n2,\x81\n3,c\n", '(1,€) (3,c)', qr/^3:character with byte sequence 0x81/, '{"encoding": "WIN1252"}');
check('Shift JIS, whose second bytes may look like others', "id,name\n1,\x83\x5C\n2,b\n", '(1,ソ) (2,b)', '', '{"encoding": "SJIS"}');
check('a line with the end-of-data mark of COPY', "id,name\n1,a\n\\.\n2,b\n", '(1,a) (2,b)', qr/^3:missing data|^3:invalid input syntax/);
check('the end-of-data mark as a value', "name\n\\.\nb\n", '(,"\\\\.") (,b)', '');
check('too few and too many columns', "id,name\n1\n2,b\n3,c,d\n\n", '(2,b)',
	'2:missing data for column "name" | 4:extra data after last expected column | 5:missing data for column "name"');
check('empty', '', '', '');
check('header only', "id,name\n", '', '');
check('only a byte order mark', "\xEF\xBB\xBF", '', '');
check('an unclosed quote', "id,name\n1,a\n2,\"b\n3,c\n4,d\n", '(1,a) (3,c) (4,d)', '3:unterminated CSV quoted field');
check('a quote that only the next one closes', "id,name\n1,\"a\n2,b\n3,\"c\"\n", '(2,b) (3,c)', qr/^2:/);
check('no header', "1,a\n2,b\n", '(1,a) (2,b)', '', '{"header": false}');
check('columns by position, one left out', "a,9,1\nb,9,2,7\n\"c\",9\n,,3\n", '(1,a) (3,)', qr/^2:extra data.* \| 3:missing data for column "id"$/,
	'{"header": false, "columns": ["name", null, "id"]}');
check('columns by name, others left out', "Number,x,Label\n1,9,\"a\tb\\\"\n2,9,\n3,9,\"\"\n", "(1,\"a\tb\\\\\") (2,) (3,\"\")", '',
	'{"columns": {"id": "Number", "name": "Label"}}');
check('gzip', gzipped("id,name\n1,a\n"), '(1,a)', '');
check('gzip in two members', gzipped("id,name\n1,a\n") . gzipped("2,b\n") . "\0" x 10, '(1,a) (2,b)', '');
my $long = check('a long line', "id,name\n1,a\n2," . 'x' x 5000 . "\n3,c\n", '(1,a) (3,c)', qr/^3:line is longer than 1000 bytes/, '{"max_line_bytes": 1000}');
is(ask($s, "SELECT raw_cut, length(raw) FROM riskml.quarantine WHERE source = '$long'"), 'f|5002', 'it is kept');
check('a long line at the end', "id,name\n1,a\n2," . 'x' x 5000, '(1,a)', qr/^3:line is longer than 1000 bytes/, '{"max_line_bytes": 1000}');

{
	my $path = write_file('huge', '');
	open(my $file, '>:raw', $path) or die;
	print $file "id,name\n1,a\n2,";
	print $file 'x' x 1000000 for 1 .. 100;
	print $file "\n3,c\n";
	close($file);
	utime($old, $old, $path);
	ask($s, 'TRUNCATE t');
	ingest($path, 't');
	is(rows('t'), '(1,a) (3,c)', 'a line of 100 MB: the others are loaded');
	is(ask($s, "SELECT line, raw_cut, length(raw), reason ~ 'longer than 16777216 bytes' FROM riskml.quarantine WHERE source = '$path'"),
		'3|t|65536|t', '... it is not, and its first bytes are kept');
	my ($memory) = slurp_file('/proc/' . backend_pid($s) . '/status') =~ /RssAnon:\s+(\d+)/;
	cmp_ok($memory, '<', 100_000, '... without being read into memory');
	unlink($path);
}

# ---- JSON and log lines

check('JSON lines', qq({"id": 1, "name": "a\\u00e9\\n\\t\\\\"}\n\n{"name": null, "id": "2"}\n{"id": 3, "name": {"a": [1, "x"]}}\r\n{"id": 4}\n),
	"(1,\"aé\n\t\\\\\") (2,) (3,\"{\"\"a\"\": [1, \"\"x\"\"]}\") (4,)", '', '{"format": "json"}');
check('bad JSON lines', qq({"id": 1\n{"id": "x"}\n[1]\n{"id": 2, "other": 1}\n{"id": 3} 4\n{"id": 5, "id": 6}\n{"id": 7}\n"a\n{"id": 8, "name": "\xFF"}\n),
	'(7,)', qr/^1:invalid JSON: .* \| 3:the line is no JSON object \| 4:the table has no column for key "other" \| 5:invalid JSON.* \| 6:invalid JSON.* \| 8:invalid JSON.* \| 9:byte \d+ begins no valid character.* \| 2:invalid input syntax for type integer: "x"/,
	'{"format": "json"}');
check('JSON lines with other names', qq({"a": {"b": 1}, "c": true, "d": 5}\n), '(5,true)', '', '{"format": "json", "columns": {"id": "d", "name": "c"}}');
ask($s, "CREATE TABLE with_defaults (id int GENERATED BY DEFAULT AS IDENTITY, name text DEFAULT 'none', n int)");
write_file('defaults.json', qq({"n": 1}\n{"n": 2, "name": "b"}\n{"n": 3, "name": null}\n{"n": 4, "id": 40}\n{"n": 5}\n));
ingest("$dir/defaults.json", 'with_defaults', '{"format": "json"}');
is(ask($s, "SELECT string_agg(r::text, ' ' ORDER BY n) FROM with_defaults r"), '(1,none,1) (3,b,2) (4,,3) (40,none,4) (2,none,5)', 'keys that are absent give defaults, null does not');
{
	# 2 ** 9 shapes, one after the other
	ask($s, 'CREATE TABLE shapes (id int, ' . join(', ', map { "c$_ int DEFAULT $_" } 1 .. 9) . ')');
	write_file('shapes', join('', map { my $n = $_; "{\"id\": $n" . join('', map { $n >> ($_ - 1) & 1 ? ", \"c$_\": 0" : '' } 1 .. 9) . "}\n" } 0 .. 1999));
	summary("$dir/shapes", 'shapes', '{"format": "json"}', { rows => 2000, bad_rows => 0 }, 'lines of many shapes');
	is(ask($s, 'SELECT count(*) FROM shapes WHERE (' . join(' + ', map { "(c$_ = 0)::int * " . 2**($_ - 1) . " + (c$_ = $_)::int * 0" } 1 .. 9) . ') = id % 512 AND '
		. join(' AND ', map { "c$_ IN (0, $_)" } 1 .. 9)), '2000', '... each with its own defaults');
}
check('log lines', "1 [info] a\n2 [warn] b c\nnothing\n3 []\n", '(1,a) (2,"b c")', qr/^3:the line does not match the pattern \| 4:the line does not match/,
	'{"format": "log", "pattern": "^(?<id>\\\\d+) (?:\\\\[(info|warn)\\\\]) (?P<name>.*)$"}');
check('log lines, a group that may be absent', "1\n2 x\n", '(1,) (2,x)', '', '{"format": "log", "pattern": "^(?<id>[0-9]+)( (?<name>\\\\S+))?$"}');
check('gzip of log lines', gzipped("1 a\n"), '(1,a)', '', '{"format": "log", "pattern": "^(?<id>\\\\d+) (?<name>.*)$"}');

# ---- files that cannot be loaded

mkdir "$dir/directory" or die;
mkfifo("$dir/fifo", 0600) or die;
symlink(write_file('linked', "id,name\n1,a\n"), "$dir/link") or die;
check_failed('a directory', "$dir/directory", 'is no regular file, but a directory');
check_failed('a FIFO', "$dir/fifo", 'is no regular file, but a FIFO');
check_failed('a symbolic link', "$dir/link", 'is no regular file, but a symbolic link');
check_failed('a device', '/dev/zero', 'is no regular file, but a device');
my $secret = write_file('secret', "id,name\n1,a\n");
chmod 0, $secret;
check_failed('an unreadable file', $secret, 'Permission denied');
chmod 0600, $secret;
ingest($secret, 't');
is(rows('t'), '(1,a)', '... is loaded once it can be read');
my $packed = gzipped(join('', "id,name\n", map { "$_,name $_\n" } 1 .. 10000));
check_failed('truncated gzip', write_file('cut.gz', substr($packed, 0, 5000)), 'is cut off: its gzip data has no end');
check_failed('damaged gzip', write_file('damaged.gz', substr($packed, 0, 5000) . 'x' . substr($packed, 5001)), 'is no sound gzip data|unpacks');
check_failed('something behind gzip', write_file('behind.gz', gzipped("id,name\n1,a\n") . 'x' x 20), 'is no sound gzip data');
check_failed('a gzip bomb', write_file('bomb.gz', gzipped("id,name\n" . "1,a\n" x 1000000)), 'unpacks to more than 1000000 bytes', '{"max_gzip_bytes": 1000000}');
check_failed('UTF-16', write_file('utf16', "\xFF\xFEi\0d\0"), 'it is in UTF-16');
check_failed('a header that does not fit', write_file('header1', "id,other\n1,a\n"), 'its header has "other", but table "t" has no such column');
check_failed('a header with a column twice', write_file('header2', "id,ID\n1,a\n"), 'its header has column "id" twice');
check_failed('a header without a wanted column', write_file('header3', "id\n1\n"), 'its header has no "Label"', '{"columns": {"name": "Label"}}');
check_failed('a header that is no record', write_file('header4', "id,\"name\n1,a\n"), 'its header is no record');
{
	ask($s, 'CREATE TABLE strict (id int NOT NULL, name text NOT NULL)');
	my (undef, $err) = ingest(write_file('header5', "id\n1\n"), 'strict');
	like($err, qr/it lacks column "name" of table "strict", which is NOT NULL without a default/, 'a header without a column that must be there');
}
{
	# a name that is no text, in a pattern with others
	my $odd = write_file("odd \xFF name", "id,name\n1,a\n");
	ask($s, 'TRUNCATE t');
	my (undef, $err) = ingest("$dir/odd*", 't');
	is(rows('t'), '(1,a)', 'a name that is no text');
	is(ask($s, "SELECT path ~ 'odd \\\\xff name\$' FROM riskml.ingested_files WHERE path LIKE '%odd%'"), 't', '... is shown in another way');
}

# changed while it is read: a trigger waits
ask($s, "CREATE TABLE slow (id int, name text); CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()");
my $gate = session($node);
my $reader = session($node);
for my $change (
	[ 'a file that grows while it is read', sub { open(my $f, '>>', $_[0]) or die; print $f "2,b\n"; close($f) } ],
	[ 'a file that is replaced while it is read', sub { rename(write_file('new', "id,name\n3,c\n"), $_[0]) or die } ],
	[ 'a file that is truncated while it is read', sub { truncate($_[0], 0) or die } ],
	[ 'a file that is removed while it is read', sub { unlink($_[0]) or die } ])
{
	my $path = write_file('changing' . ++$n_files, "id,name\n1,a\n");
	ask($gate, 'SELECT pg_advisory_lock(1)');
	start_query($reader, "CALL riskml.ingest('$path', 'slow')");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") or die;
	$change->[1]->($path);
	ask($gate, 'SELECT pg_advisory_unlock(1)');
	my (undef, $err) = finish_query($reader);
	like($err, qr/was not loaded: it was changed or replaced while it was read/, $change->[0]);
	is(rows('slow'), '', '... gives no rows');
	ask($s, "SELECT riskml.forget_file('slow', '$path', 'test')");
}

# ---- once

my $once = write_file('once', "id,name\n1,a\n");
ask($s, 'CREATE TABLE o (id int, name text)');
summary($once, 'o', '{}', { files => 1, rows => 1 }, 'the first time');
summary($once, 'o', '{}', { files => 0, rows => 0, known => 1 }, 'the second time');
utime($old + 60, $old + 60, $once);
summary($once, 'o', '{}', { files => 0, known => 1, changed => 0 }, 'touched');
write_file('once', "id,name\n1,b\n");
like(summary($once, 'o', '{}', { files => 0, changed => 1 }, 'other content of the same size'), qr/WARNING:  file ".*once" was loaded before with other content/, '... with a warning');
is(ask($s, "SELECT state FROM riskml.ingested_files WHERE path = '$once'"), 'changed', '... and in the ledger');
unlike(summary($once, 'o', '{}', { files => 0, changed => 1 }, 'again'), qr/WARNING/, '... says so once');
write_file('once', "id,name\n1,a\n");
utime($old + 120, $old + 120, $once);
summary($once, 'o', '{}', { known => 1, changed => 0 }, 'the content that was loaded');
is(ask($s, "SELECT state FROM riskml.ingested_files WHERE path = '$once'"), 'loaded', '... is known again');
ask($s, "SELECT riskml.forget_file('o', '$once', 'wanted twice')");
summary($once, 'o', '{}', { files => 1 }, 'forgotten');
is(rows('o'), '(1,a) (1,a)', 'so it is there twice');
is(ask($s, "SELECT detail, reason FROM riskml.audit_log WHERE action = 'forget_file' ORDER BY seq DESC LIMIT 1"), "file $once|wanted twice", '... as the audit log knows');
my $young = write_file('young', "id,name\n7,a\n");
utime(time, time, $young);
summary($young, 'o', '{}', { files => 0, waiting => 1 }, 'a young file waits');
summary($young, 'o', '{"settle": "0 s"}', { files => 1 }, 'unless it need not settle');
utime(time + 1e6, time + 1e6, write_file('future', "id,name\n8,a\n"));
summary("$dir/future", 'o', '{}', { waiting => 1 }, 'a file from the future is as young as its inode');

# two at the same time
ask($s, 'BEGIN');
summary(write_file('both', "id,name\n9,a\n"), 'o', '{}', { files => 1 }, 'in a transaction');
start_query($reader, "CALL riskml.ingest('$dir/both', 'o')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'object' AND NOT granted") or die;
ask($s, 'COMMIT');
like((finish_query($reader))[1], qr/"known": 1/, 'another one waits, and knows the file then');

# a snapshot that is older than another's load
write_file('snapshot', "id,name\n10,a\n");
ask($s, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM o');
ask($reader, "CALL riskml.ingest('$dir/snapshot', 'o')");
like((ask($s, "\\set VERBOSITY sqlstate\nCALL riskml.ingest('$dir/snapshot', 'o')"))[1], qr/ERROR:  40001/, 'a snapshot that does not know the file');
ask($s, "\\set VERBOSITY default\nROLLBACK");
is(ask($s, 'SELECT count(*) FROM o WHERE id = 10'), '1', '... loads it not again');

# a database in an encoding that lacks some characters
$node->safe_psql('postgres', "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C'");
$node->safe_psql('latin', 'CREATE EXTENSION riskml; CREATE TABLE t (id int, name text)');
write_file('utf8.csv', "id,name\n1,caf\xC3\xA9\n2,\xE2\x82\xAC\n3,ok\n");
write_file('utf8.json', qq({"id": 4, "name": "caf\\u00e9"}\n{"id": 5, "name": "\\u20ac"}\n{"\xE2\x82\xAC": 6}\n));
$node->safe_psql('latin', "CALL riskml.ingest('$dir/utf8.csv', 't', '{\"encoding\": \"UTF8\"}'); CALL riskml.ingest('$dir/utf8.json', 't', '{\"encoding\": \"UTF8\", \"format\": \"json\"}')");
is($node->safe_psql('latin', "SELECT string_agg(id || encode(convert_to(name, 'LATIN1'), 'escape'), ' ' ORDER BY id) FROM t"), '1caf\\351 3ok 4caf\\351', 'what the encoding has is loaded');
is($node->safe_psql('latin', "SELECT string_agg(line || ' ' || raw, ' | ' ORDER BY id) FROM riskml.quarantine"),
	'3 2,\xe2\x82\xac | 3 {"\xe2\x82\xac": 6} | 2 {"id": 5, "name": "\u20ac"}', '... and what it lacks is not');

# ---- rows that the table refuses

ask($s, <<'SQL');
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 10);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent, amount numeric(6,2) CHECK (amount >= 0), note text NOT NULL, s small,
	doubled int GENERATED ALWAYS AS (100 / (id - 500)) STORED, r int4range, EXCLUDE USING gist (r WITH &&));
CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.note = 'evil' THEN RAISE EXCEPTION 'no evil' USING ERRCODE = 'RM123'; END IF; RETURN NEW; END$$;
CREATE TRIGGER picky AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION picky();
SQL
my @lines = map { "$_,1,1.5,ok,1,\n" } 1 .. 300;
$lines[9] = "x,1,1,type,1,\n";
$lines[19] = "20,1,-1,check,1,\n";
$lines[29] = "30,1,1,,1,\n";
$lines[39] = "39,1,1,unique with the row before,1,\n";
$lines[49] = "50,11,1,foreign key,1,\n";
$lines[59] = "60,1,1,evil,1,\n";
$lines[69] = "70,1,1,domain,100,\n";
$lines[79] = "80,1,99999,too long,1,\n";
$lines[89] = "500,1,1,generated column fails,1,\n";
$lines[99] = "100,1,1,range,1,\"[1,5)\"\n";
$lines[109] = "110,1,1,overlaps,1,\"[4,7)\"\n";
$lines[119] = "120,12,1,foreign key,1,\n";
my $sorts = write_file('sorts', "id,parent,amount,note,s,r\n" . join('', @lines));
summary($sorts, 'child', '{}', { rows => 289, bad_rows => 11 }, 'bad rows of every sort');
is(ask($s, "SELECT string_agg(line || ' ' || sqlstate || ' ' || coalesce(column_name, '-'), ', ' ORDER BY line) FROM riskml.quarantine WHERE source = '$sorts'"),
	'11 22P02 id, 21 23514 -, 31 23502 note, 41 23505 -, 51 23503 -, 61 RM123 -, 71 23514 s, 81 22003 amount, 91 22012 -, 111 23P01 -, 121 23503 -',
	'... each with line, SQLSTATE and column') or diag(bad($sorts));
is(ask($s, "SELECT raw FROM riskml.quarantine WHERE source = '$sorts' AND line = 61"), '60,1,1,evil,1,', '... and what stood there');

# the same into a partitioned table whose triggers may change rows: nothing is known before it is tried
ask($s, <<'SQL');
CREATE TABLE parts (id int, region text, n int CHECK (n > 0), PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
CREATE FUNCTION less() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.n = 66 THEN RETURN NULL; END IF; NEW.n := NEW.n - 1; RETURN NEW; END';
CREATE TRIGGER less BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION less();
SQL
write_file('parts', "id,region,n\n" . join('', map { "$_," . ($_ % 10 ? qw(a b)[$_ % 2] : 'c') . ",2\n" } 1 .. 100) . "101,a,1\n1,b,2\n102,a,66\nx,a,1\n");
summary("$dir/parts", 'parts', '{}', { rows => 90, bad_rows => 13 }, 'partitions and triggers');
is(ask($s, "SELECT string_agg(DISTINCT sqlstate || ' ' || (SELECT count(*) FROM riskml.quarantine p WHERE p.sqlstate = q.sqlstate AND p.source = q.source), ', ') FROM riskml.quarantine q WHERE source = '$dir/parts'"),
	'22P02 1, 23505 1, 23514 11', '... what is refused, and nothing for the row that the trigger leaves out');

# deferred constraints
ask($s, 'CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree DEFERRABLE INITIALLY DEFERRED)');
write_file('tree', "id,parent\n" . join('', map { $_ . ',' . ($_ < 3000 ? $_ + 1 : '') . "\n" } 1 .. 3000));
summary("$dir/tree", 'tree', '{}', { rows => 3000, bad_rows => 0 }, 'rows that refer to later ones');
write_file('orphans', "id,parent\n4001,4002\n4002,\n4003,9999\n4004,4001\n");
summary("$dir/orphans", 'tree', '{}', { rows => 3, bad_rows => 1 }, 'a deferred constraint that fails');
like(bad("$dir/orphans"), qr/^4:insert or update on table "tree" violates foreign key/, '... makes a bad row, not a failed commit');

# a trigger that is broken is no row's fault
ask($s, q{CREATE TABLE broken (id int); CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM no_such_function(); RETURN NEW; END'; CREATE TRIGGER b BEFORE INSERT ON broken FOR EACH ROW EXECUTE FUNCTION broken()});
like((ingest(write_file('any', "id\n1\n"), 'broken'))[1], qr/ERROR:  function no_such_function\(\) does not exist.*file ".*any", where the first line that COPY counts is 2/s, 'a broken trigger is an error');
is(ask($s, "SELECT count(*) FROM riskml.ingested_files WHERE path = '$dir/any'"), '0', '... and the file is not taken');

# ---- limits

ask($s, 'CREATE TABLE l (id int, name text)');
my $limit = write_file('limit', "id,name\n1,a\nx,b\ny,c\n");
my (undef, $over) = ingest($limit, 'l', '{"max_bad_rows": 1}');
like($over, qr/ERROR:  more than 1 bad rows for table "l".*DETAIL:  .*limit, line 3: invalid input syntax.*line 4: /s, 'too many bad rows');
is(rows('l'), '', '... leave the table as it was');
is(ask($s, "SELECT string_agg(line || state, ' ') FROM riskml.quarantine WHERE source = '$limit'"), '3failed 4failed', '... and the reasons are kept');
ingest($limit, 'l', '{"max_bad_rows": 1}');
is(ask($s, "SELECT count(*) FROM riskml.quarantine WHERE source = '$limit'"), '2', '... once, however often it is tried');
like(ask($s, "SELECT riskml.requeue(id) FROM riskml.quarantine WHERE source = '$limit' LIMIT 1") . (ask($s, "SELECT riskml.requeue(id) FROM riskml.quarantine WHERE source = '$limit' LIMIT 1"))[1],
	qr/is in state "failed", not open/, '... and cannot be requeued');
my (undef, $inside) = ask($s, "BEGIN; CALL riskml.ingest('$limit', 'l', '{\"max_bad_fraction\": 0.5}')");
like($inside, qr/ERROR:  2 of 3 rows for table "l" are bad, more than a fraction of 0.5.*line 3: invalid/s, 'too large a fraction, in a transaction block');
ask($s, 'ROLLBACK');
summary($limit, 'l', '{"max_bad_rows": 2}', { rows => 1, bad_rows => 2 }, 'as many as are allowed');
is(ask($s, "SELECT string_agg(line || state, ' ') FROM riskml.quarantine WHERE source = '$limit'"), '3open 4open', '... take the place of those that failed');
like((ingest("$dir/f*o", 'l', '{"max_bad_rows": 0}'))[1], qr/more than 0 bad rows.*fifo.*is no regular file/s, 'a file that fails counts as a bad row');

# ---- the quarantine

ask($s, 'INSERT INTO parent VALUES (11)');
is(ask($s, "SELECT riskml.requeue(id) FROM riskml.quarantine WHERE source = '$sorts' AND line = 51"), 't', 'a row whose parent has come');
is(ask($s, "SELECT riskml.requeue(id) FROM riskml.quarantine WHERE source = '$sorts' AND line = 121"), 'f', 'one whose parent has not');
is(ask($s, "SELECT riskml.requeue(id, '10,1,1,corrected,1,') FROM riskml.quarantine WHERE source = '$sorts' AND line = 11"), 't', 'a corrected row');
is(ask($s, "SELECT riskml.requeue(id, E'10,1,1,two,1,\\n9999,1,1,rows,1,') FROM riskml.quarantine WHERE source = '$sorts' AND line = 21"), 'f', 'not two rows for one');
ask($s, 'INSERT INTO parent VALUES (12)');
is(ask($s, "SELECT riskml.requeue_all('child')"), '1', 'all rows of a table: one can be loaded now');
is(ask($s, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM child WHERE id IN (10, 50, 120)"), '10 50 120', '... and they are there');
is(ask($s, "SELECT count(*), count(ended_by) FROM riskml.quarantine WHERE source = '$sorts' AND state = 'loaded'"), '3|3', '... as the quarantine knows');
like((ask($s, "SELECT riskml.requeue(id) FROM riskml.quarantine WHERE source = '$sorts' AND state = 'loaded' LIMIT 1"))[1], qr/is in state "loaded", not open/, 'once');
ask($s, "SELECT riskml.discard(id, 'not wanted') FROM riskml.quarantine WHERE source = '$sorts' AND line = 61");
is(ask($s, "SELECT state, note FROM riskml.quarantine WHERE source = '$sorts' AND line = 61"), 'discarded|not wanted', 'discarded');
is(ask($s, "SELECT count(*) FROM riskml.quarantine q WHERE source ~ '/f\\d+\$' AND raw LIKE '%\\\\x%'"), '4', 'what is no text is shown as bytes') or diag(ask($s, "SELECT source, raw FROM riskml.quarantine WHERE source ~ '/f\\d+\$' AND raw LIKE '%\\\\x%'"));

check('rows of other formats, to be corrected', qq({"id": "x", "name": "a"}\n), '', qr/^1:/, '{"format": "json"}');
is(ask($s, "SELECT riskml.requeue(max(id), '{\"id\": 1, \"name\": \"b\"}') FROM riskml.quarantine"), 't', '... JSON');
check('a row of a log', "x a\n", '', qr/^1:/, '{"format": "log", "pattern": "^(?<id>\\\\S+) (?<name>.*)$"}');
is(ask($s, "SELECT riskml.requeue(max(id), '2 c') FROM riskml.quarantine"), 't', '... a line of a log');
check('a row in another encoding', "Label,id\ncaf\xE9,x\n\"a\nb\",y\n", '', qr/^2:.*\| 3:/, '{"encoding": "LATIN1", "columns": {"id": "id", "name": "Label"}}');
is(ask($s, "SELECT riskml.requeue(id, replace(raw, 'x', '3')) FROM riskml.quarantine ORDER BY id DESC OFFSET 1 LIMIT 1"), 't', '... a row in another encoding');
is(ask($s, "SELECT riskml.requeue(max(id), E'\"a\\nb\",4\\n') FROM riskml.quarantine"), 't', '... a row of two lines');
is(rows('t'), "(3,café) (4,\"a\nb\")", '... as they should be');

# ---- from elsewhere

my ($rc, $out, $err) = $node->psql('postgres', "LISTEN riskml_event; CALL riskml.ingest('$dir/fifo', 't'); SELECT 1");
like($out, qr/Asynchronous notification "riskml_event" with payload "\{"event" : "file_failed", "path" : ".*fifo", "target" : "(public\.)?t", "reason" : ".*a FIFO"\}"/, 'an event');
ask($s, "CREATE PROCEDURE nightly(path text) LANGUAGE plpgsql AS 'BEGIN CALL riskml.ingest(path, ''l'', ''{\"max_bad_rows\": 0}''); END'");
my $nightly = write_file('nightly', "id,name\n1,a\nx,b\n");
like((ask($s, "CALL nightly('$nightly')"))[1], qr/more than 0 bad rows/, 'in a procedure');
is(ask($s, "SELECT state FROM riskml.quarantine WHERE source = '$nightly'"), 'failed', '... that may commit');
like((ask($s, "DO \$\$BEGIN CALL nightly('$nightly'); EXCEPTION WHEN SQLSTATE '21000' THEN RAISE NOTICE 'caught'; END\$\$"))[1], qr/caught/, '... and in one that may not');
ask($s, "SET statement_timeout = '20s'");
like((ingest(write_file('endless', "id,name\n" . "1,\\\"\n" x 20000), 't', '{"escape": "\\\\", "max_bad_rows": 1000000}'))[1], qr/"bad_rows": 20000/, 'quotes that open on each line, and never close');
ask($s, 'RESET statement_timeout');

# ---- who may

ask($s, 'CREATE ROLE reader; GRANT pg_read_server_files TO reader; CREATE ROLE other; GRANT INSERT ON t TO other; GRANT INSERT (id, name) ON l TO reader');
my $mine = write_file('mine', "id,name\n1,a\nx,b\n");
like((ask($s, "SET ROLE other; CALL riskml.ingest('$mine', 't')"))[1], qr/permission denied to ingest files of the server/, 'without pg_read_server_files');
like((ask($s, "SET ROLE reader; CALL riskml.ingest('$mine', 't')"))[1], qr/permission denied for table t/, 'without INSERT');
ask($s, 'SET ROLE reader');
summary($mine, 'l', '{}', { rows => 1, bad_rows => 1 }, 'with INSERT on the columns');
is(ask($s, 'SELECT count(*) FROM riskml.quarantine'), '1', 'one sees what is one\'s own');
ask($s, 'SET ROLE other');
is(ask($s, 'SELECT count(*) FROM riskml.quarantine') . ask($s, 'SELECT count(*) FROM riskml.ingested_files'), '00', 'another does not');
like((ask($s, "SELECT riskml.requeue(1)"))[1], qr/must be owner of row 1 of the quarantine/, '... nor requeue');
ask($s, 'RESET ROLE');
like((ingest("$dir/mine", 'pg_class'))[1], qr/ERROR:  .*system catalog/, 'no catalog');
like((ingest('mine', 't'))[1], qr/ERROR:  path "mine" is not absolute/, 'no relative path');
like((ingest("$dir/nothing", 't'))[1], qr/ERROR:  file ".*nothing" does not exist/, 'a name of no file is an error');
summary("$dir/nothing*", 't', '{}', { files => 0 }, '... a pattern is not');
for my $fault ([ '{"format": "log", "pattern": "(?<id>[0-9]+"}', '2201B', qr/not balanced/ ], [ '{"format": "log", "pattern": "(?<nope>.)"}', '42703', qr/"nope"/ ],
	[ '{"columns": {"nope": "x"}}', '42703', qr/"nope"/ ], [ '{"settle": "soon"}', '22007', qr/option "settle" of ingest/ ])
{
	my ($options, $state, $message) = @$fault;
	errors_like($node, "CALL riskml.ingest('$dir/nothing*', 't', '$options')", $state, $message, "$options is refused before there is a file");
}

# ---- many

mkdir "$dir/many" or die;
for my $n (1 .. 10000)
{
	open(my $f, '>', "$dir/many/$n.csv") or die;
	print $f "id,name\n$n,a\n";
	close($f);
}
ask($s, 'CREATE TABLE m (id int, name text)');
summary("$dir/many/*.csv", 'm', '{"settle": "0 s"}', { files => 10000, rows => 10000 }, '10,000 files');
summary("$dir/many/*.csv", 'm', '{"settle": "0 s"}', { files => 0, known => 10000 }, '... once');
is(ask($s, 'SELECT count(DISTINCT id) FROM m'), '10000', '... each');
my $pid = backend_pid($s);
my @open = grep { defined && m{^\Q$dir\E} } map { readlink } glob("/proc/$pid/fd/*");
is("@open", '', 'no file is left open');

$_->quit for $s, $gate, $reader;
$node->stop;

# ---- as a step of a job, whose failure takes all back but the evidence

my $jobs = new_job_node('jobs');
my $step = write_file('step', "id\n1\nx\n2\ny\n");
my $command = sub { literal(qq({"files": "$step", "target": "t", "options": {"max_bad_rows": $_[0]}})) };
$jobs->safe_psql('postgres', "CREATE TABLE t (id int); SELECT riskml.create_job('j', retries => 1, retry_delay => '0 s'); SELECT riskml.add_step('j', 'i', 'ingest', " . $command->(1) . ")");
my $run = query_value($jobs, "SELECT riskml.run_job('j')");
wait_for($jobs, run_state($run), 'failed', 'a step with too many bad rows fails, twice');
is(query_value($jobs, "SELECT string_agg(format('%s %s %s %s', line, state, run_id, step), ', ' ORDER BY id) FROM riskml.quarantine"),
	"3 failed $run i, 5 failed $run i", '... leaves the reasons, once');
is(query_value($jobs, 'SELECT count(*) FROM t'), 0, '... and the table as it was');
$jobs->safe_psql('postgres', "SELECT riskml.alter_step('j', 'i', command => " . $command->(2) . ")");
$run = query_value($jobs, "SELECT riskml.run_job('j')");
wait_for($jobs, run_state($run), 'success', 'with fewer it succeeds');
is(query_value($jobs, "SELECT string_agg(format('%s %s %s %s', line, state, run_id, step), ', ' ORDER BY id) FROM riskml.quarantine"),
	"3 open $run i, 5 open $run i", '... and the rows are open');
is(query_value($jobs, "SELECT output->>'rows' FROM riskml.run_step WHERE run_id = $run"), 2, '... and the output has the summary');
$jobs->stop;
done_testing();
