# Loads from another PostgreSQL server, by postgres_fdw, and from a file, by file_fdw.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Sources;
use Test::More;

my $remote = PostgreSQL::Test::Cluster->new('remote');
$remote->init;
$remote->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nlog_statement = all\nlog_duration = off");
$remote->start;
my $node = new_job_node('node', conf => "timezone = 'UTC'\n");
my ($host, $port) = ($remote->host, $remote->port);

query_value($remote, <<'SQL');
CREATE TABLE loans (id bigint PRIMARY KEY, amount numeric(12,2), note text, updated_at timestamptz);
INSERT INTO loans SELECT i, i * 1.5, 'old', timestamptz '2026-01-01 00:00+00' + i * interval '1 minute' FROM generate_series(1, 1000) i;
CREATE TABLE odd (id bigint PRIMARY KEY, amount text);
INSERT INTO odd VALUES (1, '10'), (2, 'ten');
CREATE TABLE marks AS SELECT i AS a, i / 2.0 AS b, date '2026-01-01' + i / 100 AS c, timestamp '2026-01-01' + i * interval '1 minute' AS d FROM generate_series(1, 1000) i;
CREATE VIEW twice AS SELECT i % 20000 AS id, i AS amount, repeat('x', 100) AS note, timestamptz '2026-01-01 00:00+00' + i * interval '1 second' AS updated_at FROM generate_series(1, 40000) i;
CREATE VIEW breaks AS SELECT i AS id, 100 / (5000 - i) AS amount FROM generate_series(1, 10000) i;
SQL
query_value($node, <<"SQL" =~ s/DOLLARS/\$\$/gr);
CREATE EXTENSION postgres_fdw;
CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres', fetch_size '10000', connect_timeout '5');
CREATE USER MAPPING FOR CURRENT_USER SERVER remote;
CREATE FOREIGN TABLE remote_loans (id bigint, amount numeric(12,2), note text, updated_at timestamptz) SERVER remote OPTIONS (table_name 'loans');
CREATE FOREIGN TABLE remote_odd (id bigint, amount numeric) SERVER remote OPTIONS (table_name 'odd');
CREATE FOREIGN TABLE remote_text (id bigint, amount text) SERVER remote OPTIONS (table_name 'odd');
CREATE FOREIGN TABLE remote_breaks (id bigint, amount numeric) SERVER remote OPTIONS (table_name 'breaks');
CREATE FOREIGN TABLE remote_marks (a int, b numeric, c date, d timestamp) SERVER remote OPTIONS (table_name 'marks');
CREATE FOREIGN TABLE remote_twice (id bigint, amount numeric, note text, updated_at timestamptz) SERVER remote OPTIONS (table_name 'twice');
CREATE VIEW seen_twice AS SELECT * FROM remote_twice;
CREATE TABLE latest (id bigint PRIMARY KEY, amount numeric, note text, updated_at timestamptz);
CREATE SEQUENCE calls;
CREATE FUNCTION counted() RETURNS SETOF latest LANGUAGE SQL AS DOLLARSSELECT nextval('calls'); SELECT i % 20000, i, repeat('x', 100), to_timestamp(i) FROM generate_series(1, 40000) iDOLLARS;
CREATE TABLE loans (id bigint PRIMARY KEY, amount numeric(12,2), note text, updated_at timestamptz);
CREATE TABLE history (LIKE loans INCLUDING ALL);
CREATE TABLE amounts (id bigint PRIMARY KEY, amount numeric(12,2));
INSERT INTO amounts VALUES (0, 0);
CREATE ROLE stranger;
GRANT SELECT ON remote_loans TO stranger;
GRANT ALL ON history TO stranger;
SQL

my %upsert = (mode => 'upsert', key => ['id'], watermark => 'updated_at');
my $same = 'SELECT count(*) || \' \' || md5(string_agg(l::text, \',\' ORDER BY id)) FROM loans l';

# A load from the other server: what it says, and the statements that the server saw.
sub load_remote
{
	my ($source, $target, $options) = @_;
	my $offset = -s $remote->logfile;
	my $summary = load_rows($node, $source, $target, $options);
	my $log = log_since($remote, $offset);

	return ($summary, join("\n", $log =~ /DECLARE c\d+ CURSOR FOR\s+(SELECT.*)/g), $log);
}

sub remote_sql { query_value($remote, $_[0]) }
sub watermark { return query_value($node, "SELECT value FROM riskml.watermarks WHERE target = '$_[0]'::regclass AND source = '" . ($_[1] // 'public.remote_loans') . "'") }

# ---- upsert

my ($summary, $select, $log) = load_remote('remote_loans', 'loans', \%upsert);
is($summary->{read}, 1000, 'the first load reads all rows');
is(query_value($node, $same), query_value($remote, $same), 'and the target has what the source has');
unlike($log, qr/SAVEPOINT/, 'the other server is asked for no savepoint (Redshift has none)');
is(() = $select =~ /FROM public\.loans/g, 1, 'the source is read once');

remote_sql(q{UPDATE loans SET note = 'new', amount = 7, updated_at = '2026-01-02 00:00+00' WHERE id = 3; INSERT INTO loans VALUES (2001, NULL, 'NULL amount', '2026-01-02 00:00:01+00')});
($summary, $select) = load_remote('remote_loans', 'loans', \%upsert);
like($select, qr/FROM public\.loans WHERE .*updated_at >= '2026-01-01 16:35:00\+00'/, 'the next one asks for rows from the watermark minus the lag on');
is($summary->{read}, 8, 'and is given no others');
is(query_value($node, $same), query_value($remote, $same), 'changed and new rows are there');
is(watermark('loans'), query_value($node, q{SELECT '2026-01-02 00:00:01+00'::timestamptz::text}), 'the watermark is that of the latest row');

($summary, $select) = load_remote('remote_loans', 'loans', { %upsert, watermark_lag => '1 day' });
like($select, qr/updated_at >= '2026-01-01 00:00:01\+00'/, 'another lag');
is($summary->{read}, 1001, 'reads more');
is_deeply([ @$summary{qw(inserted updated)} ], [ 0, 0 ], 'and what is there already is left as it is');

# ---- a row that is committed late

my $late = session($remote);
ask($late, q{BEGIN; INSERT INTO loans VALUES (3001, 1, 'late', '2026-01-02 00:01+00')});
remote_sql(q{INSERT INTO loans VALUES (3002, 1, 'soon', '2026-01-02 00:05+00')});
for my $target ('loans', 'history')
{
	load_rows($node, 'remote_loans', $target, { %upsert, mode => $target eq 'loans' ? 'upsert' : 'append' });
	is(query_value($node, "SELECT count(*) FILTER (WHERE id = 3001) || ' ' || count(*) FILTER (WHERE id = 3002) FROM $target"), '0 1', "$target: a row that is not committed yet is not there");
}
ask($late, 'COMMIT');
$late->quit;
for my $target ('loans', 'history')
{
	my $options = { %upsert, mode => $target eq 'loans' ? 'upsert' : 'append' };

	($summary, $select) = load_remote('remote_loans', $target, $options);
	like($select, qr/updated_at >= '2026-01-02 00:00:00\+00'/, "$target: the next load begins before it");
	is(query_value($node, "SELECT count(*) FILTER (WHERE id = 3001) || ' ' || count(*) FILTER (WHERE id = 3002) FROM $target"), '1 1', 'and has it');
	is($summary->{inserted}, 1, 'as the only new one');
	is(load_rows($node, 'remote_loans', $target, $options)->{inserted}, 0, 'once');
	is(query_value($node, "SELECT count(*) FROM $target"), query_value($remote, 'SELECT count(*) FROM loans'), 'no row twice');
}

# ---- a query over foreign tables

($summary, $select) = load_remote(q{SELECT id, amount * 2 AS amount, updated_at FROM remote_loans WHERE note <> 'late'}, 'history', \%upsert);
($summary, $select) = load_remote(q{SELECT id, amount * 2 AS amount, updated_at FROM remote_loans WHERE note <> 'late'}, 'history', \%upsert);
like($select, qr/note <> 'late'.* AND .*updated_at >= '2026-01-02 00:00:00\+00'/, "a query's own conditions and the watermark's are asked for there");
unlike($select, qr/SELECT [^F]*note/, 'and only its columns');

# ---- keys that come twice

for my $source ('seen_twice', 'SELECT * FROM counted()')
{
	query_value($node, 'TRUNCATE latest');
	($summary, $select, $log) = load_remote($source, 'latest', \%upsert);
	is("$summary->{read} $summary->{inserted}", '40000 20000', "$source: of rows of the same key one is loaded");
	is(query_value($node, 'SELECT count(*) FROM latest WHERE amount > 20000'), '20000', 'the latest');
	is($source eq 'seen_twice' ? () = $select =~ /FROM public\.twice/g : query_value($node, 'SELECT last_value FROM calls'), 1, 'and the source is read once');
}

# ---- watermarks of other types

for my $mark ([ 'a', 10, '990::bigint', 11 ], [ 'b', 10, '490\.0*', 21 ], [ 'c', '1 day', "'2026-01-10'", 101 ], [ 'd', '1 hour', "'2026-01-01 15:40:00'", 61 ])
{
	my ($column, $lag, $from, $read) = @$mark;
	my %options = (mode => 'append', key => ['a'], watermark => $column, watermark_lag => $lag);

	query_value($node, "CREATE TABLE marks_$column (a int PRIMARY KEY, b numeric, c date, d timestamp)");
	load_rows($node, 'remote_marks', "marks_$column", \%options);
	($summary, $select) = load_remote('remote_marks', "marks_$column", \%options);
	like($select, qr/\($column >= $from\)/, "watermark $column");
	is("$summary->{read} $summary->{inserted}", "$read 0", 'reads what is asked for');
}

# ---- what goes wrong

my $before = query_value($node, "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM amounts a");
my %plain = (mode => 'upsert', key => ['id']);

sub fails_as
{
	my ($role, $source, $target, $options, $state, $pattern, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return errors_like($node, "SET ROLE $role; CALL riskml.load('$source', '$target', " . literal(json($options)) . ')', $state, $pattern, $name);
}

sub fails { local $Test::Builder::Level = $Test::Builder::Level + 1; return fails_as('none', @_) }

my $offset = -s $remote->logfile;
fails('remote_text', 'amounts', \%plain, '42804', 'column "amount" of public.amounts is of type numeric\(12,2\), but of type text in the source', 'a column of another type is named');
unlike(log_since($remote, $offset), qr/DECLARE/, 'before anything is read');
fails('remote_odd', 'amounts', \%plain, '22P02', 'invalid input syntax for type numeric: "ten".*column "amount" of foreign table', 'so is one that the other server has with another type than was declared');
fails('remote_breaks', 'amounts', \%plain, '22012', 'division by zero', 'a source that breaks off halfway');
is(query_value($node, "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM amounts a"), $before, 'leaves the target as it was');

fails_as('stranger', 'remote_loans', 'history', \%plain, '42704', 'user mapping not found for', 'a role without a user mapping');

query_value($node, q{SELECT riskml.create_job('copy', retries => 3, retry_delay => '0.2 s'); SELECT riskml.add_step('copy', 'loans', 'load', $$
	{"source": "remote_loans", "target": "loans", "options": {"mode": "upsert", "key": ["id"], "watermark": "updated_at"}}$$)});

# a table there that somebody has locked
my $call = "CALL riskml.load('remote_loans', 'loans', " . literal(json(\%upsert)) . ')';
my $locker = session($remote);
my $waits = q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postgres_fdw' AND wait_event_type = 'Lock'};
ask($locker, 'BEGIN; LOCK loans');
my $begin = time;
errors_like($node, "SET statement_timeout = '300ms'; $call", '57014', 'statement timeout', 'a load that waits for the other server');
cmp_ok(time - $begin, '<=', 3, 'can be cancelled');
my $loader = session($node);
start_query($loader, $call);
wait_for($remote, $waits, '1', 'another load waits');
query_value($remote, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres_fdw'});
like((finish_query($loader))[1], qr/terminating connection due to administrator command/, 'and loses its connection');
$loader->quit;
my $run = query_value($node, q{SELECT riskml.run_job('copy')});
wait_for($remote, $waits, '1', 'a step waits');
$begin = time;
query_value($node, "SELECT riskml.cancel_run($run)");
wait_for($node, run_state($run), 'cancelled', 'and is cancelled');
cmp_ok(time - $begin, '<=', 3, 'at once');
$locker->quit;

my $mark = watermark('loans');
remote_sql(q{INSERT INTO loans VALUES (4001, 1, 'while away', '2026-01-02 00:10+00')});
$remote->stop;
$before = query_value($node, $same);
fails('remote_loans', 'loans', \%upsert, '08001', 'could not connect to server "remote"', 'a server that is not there');
is(query_value($node, $same), $before, 'the target is as it was');
is(watermark('loans'), $mark, 'so is the watermark');

# ---- a step, tried again until the server is back

$run = query_value($node, q{SELECT riskml.run_job('copy')});
wait_for($node, "SELECT sqlstate FROM riskml.failures WHERE run_id = $run AND attempt = 1", '08001', 'a step whose server is not there fails');
$remote->start;
wait_for($node, run_state($run), 'success', 'and is tried again when it is back');
is(query_value($node, $same), query_value($remote, $same), 'the rows are there');
unlike(log_since($remote, $offset), qr/SAVEPOINT/, 'without savepoints');
is(query_value($node, "SELECT output->>'inserted' FROM riskml.run_step WHERE run_id = $run"), '1', 'the output tells how many are new');

# ---- file_fdw

my $csv = PostgreSQL::Test::Utils::tempdir() . '/rates.csv';

write_file($csv, "currency,rate\nEUR,1.0\nUSD,1.08\nGBP,0.85\n");
query_value($node, <<SQL);
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE rates_file (currency text, rate numeric) SERVER files OPTIONS (filename '$csv', format 'csv', header 'true');
CREATE TABLE rates (currency text PRIMARY KEY, rate numeric NOT NULL);
CREATE TABLE prices (item int, currency text REFERENCES rates);
INSERT INTO rates VALUES ('EUR', 1), ('FRF', 6.56);
INSERT INTO prices VALUES (1, 'EUR');
SQL
my $rates = q{SELECT string_agg(currency || '=' || rate, ' ' ORDER BY currency) FROM rates};
my %replace = (mode => 'replace', key => ['currency']);

load_rows($node, 'rates_file', 'rates', \%replace);
is(query_value($node, $rates), 'EUR=1.0 GBP=0.85 USD=1.08', 'a file replaces a table to which others refer');
write_file($csv, "currency,rate\nEUR,1.0\nUSD,1.09\n");
load_rows($node, 'rates_file', 'rates', \%replace);
is(query_value($node, $rates), 'EUR=1.0 USD=1.09', 'another file of that name');
write_file($csv, "currency,rate\nEUR,1.0\nUSD,n/a\n");
fails('rates_file', 'rates', \%replace, '22P02', 'invalid input syntax for type numeric: "n/a".*COPY rates_file, line 3, column rate', 'a value that is none is named with line and column');
write_file($csv, "currency,rate\nEUR,1.0\nUSD\n");
fails('rates_file', 'rates', \%replace, '22P04', 'missing data for column "rate"', 'a line that is too short');
write_file($csv, "currency,rate\nUSD,1.1\n");
fails('rates_file', 'rates', \%replace, '23503', 'prices', 'a file without a row that others refer to');
unlink($csv) or die $!;
fails('rates_file', 'rates', \%replace, '58P01', 'could not open file', 'a file that is gone');
is(query_value($node, $rates), 'EUR=1.0 USD=1.09', 'all of them leave the table as it was');

done_testing();
