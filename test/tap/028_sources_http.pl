# Loads from a JSON API with pages and from Prometheus, by extension http.
use strict;
use warnings FATAL => 'all';

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Sources;
use Test::More;

my $node = new_job_node('node');
my $dir = PostgreSQL::Test::Utils::tempdir();

if (!has_extension($node, 'http'))
{
	SKIP: { skip 'extension http is not installed', 1; }
	done_testing();
	exit 0;
}
query_value($node, 'CREATE EXTENSION http');

sub listens
{
	my ($port) = @_;
	return sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) };
}

# ---- an API with pages

my $port = PostgreSQL::Test::Cluster::get_free_port();
my ($items, $log) = ("$dir/items.json", "$dir/requests");
my @items = map { { id => $_, amount => "$_.5", updated_at => sprintf('2026-01-01T00:%02d:00.000000Z', $_) } } 1 .. 25;

sub publish { write_file($items, json(\@items)) }

publish();
write_file($log, '');
new_program("$dir/api.log", listens($port), 'python3', 'test/tap/json_api.py', $port, $items, $log);

query_value($node, <<SQL);
CREATE FUNCTION api_loans(since timestamptz) RETURNS TABLE (id bigint, amount numeric, updated_at timestamptz)
LANGUAGE plpgsql AS \$\$
DECLARE
	page int := 0;
	answer http_response;
BEGIN
	PERFORM http_set_curlopt('CURLOPT_TIMEOUT_MS', '30000');
	WHILE page IS NOT NULL LOOP
		answer := http_get('http://127.0.0.1:$port/loans', jsonb_build_object('page', page, 'since',
			coalesce(to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '')));
		IF answer.status <> 200 THEN
			RAISE EXCEPTION 'loans API: status %', answer.status USING ERRCODE = 'connection_failure', DETAIL = left(answer.content, 1000);
		END IF;
		RETURN QUERY SELECT * FROM jsonb_to_recordset(answer.content::jsonb -> 'items') AS item (id bigint, amount numeric, updated_at timestamptz);
		page := (answer.content::jsonb ->> 'next')::int;
	END LOOP;
END \$\$;
CREATE TABLE loans (id bigint PRIMARY KEY, amount numeric, updated_at timestamptz);
SQL

my $source = q{SELECT * FROM api_loans((SELECT value::timestamptz - interval '5 minutes' FROM riskml.watermarks WHERE target = 'loans'::regclass))};
my %upsert = (mode => 'upsert', key => ['id'], watermark => 'updated_at');
my $sums = q{SELECT count(*) || ' ' || sum(id) || ' ' || sum(amount) FROM loans};

# What the API was asked for since.
my $seen = 0;
sub requests
{
	my @lines = split(/\n/, slurp_file($log));
	my @new = @lines[ $seen .. $#lines ];

	$seen = @lines;
	return join(' ', map { (/page=(\d+)/)[0] . (/since=(\d[^&]*)/ ? '@' . ($1 =~ s/%3A/:/gr) : '') } @new);
}

load_rows($node, $source, 'loans', \%upsert);
is(query_value($node, $sums), '25 325 337.5', 'all pages are loaded');
is(requests(), '0 1 2', 'each asked for once');
$items[9]{amount} = 100, $items[9]{updated_at} = '2026-01-01T00:30:00.000000Z';
push @items, { id => 26, amount => 1, updated_at => '2026-01-01T00:24:00.000000Z' };
publish();
my $summary = load_rows($node, $source, 'loans', \%upsert);
is(requests(), '0@2026-01-01T00:20:00.000000Z', 'then what is new since the watermark minus the lag');
is("$summary->{read} $summary->{inserted} $summary->{updated}", '8 1 1', 'a late row and a changed one');
is(query_value($node, $sums), '26 351 428.0', 'are there');
is(load_rows($node, $source, 'loans', \%upsert)->{inserted}, 0, 'once');
requests();

query_value($node, q{SELECT riskml.create_job('copy', retries => 2, retry_delay => '0.2 s'); SELECT riskml.add_step('copy', 'loans', 'load', } . literal(json({ source => $source, target => 'loans', options => \%upsert })) . ')');
push @items, { id => 27, amount => 1, updated_at => '2026-01-01T00:31:00.000000Z' };
write_file($items, 'under repair');
my $call = "CALL riskml.load(" . literal($source) . ", 'loans', " . literal(json(\%upsert)) . ')';
errors_like($node, $call, '08006', 'loans API: status 503.*under repair', 'an API that is down');
my $run = query_value($node, q{SELECT riskml.run_job('copy')});
wait_for($node, "SELECT message FROM riskml.failures WHERE run_id = $run AND attempt = 1", 'loans API: status 503', 'fails a step');
publish();
wait_for($node, run_state($run), 'success', 'that is tried again');
is(query_value($node, $sums), '27 378 429.0', 'and loads what there is');

$items[26]{amount} = 'n/a', $items[26]{updated_at} = '2026-01-01T00:32:00.000000Z';
publish();
errors_like($node, $call, '22P02', 'invalid input syntax for type numeric: "n/a"', 'a value that is none');
write_file($items, 'wait');
my $begin = time;
errors_like($node, "SET statement_timeout = '300ms'; $call", '(57014|XX000)', 'canceling statement', 'an API that does not answer');
cmp_ok(time - $begin, '<=', 3, 'is no reason to wait');
is(query_value($node, $sums), '27 378 429.0', 'the target is as it was');

# ---- Prometheus

my ($prometheus) = grep { -x } qw(/usr/bin/prometheus /usr/local/bin/prometheus);
SKIP:
{
	skip 'prometheus is not installed', 1 unless $prometheus;

	$port = PostgreSQL::Test::Cluster::get_free_port();
	write_file("$dir/prometheus.yml", <<YAML);
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: self
    static_configs:
      - targets: ['127.0.0.1:$port']
YAML
	new_program("$PostgreSQL::Test::Utils::log_path/prometheus.log", listens($port), $prometheus, "--config.file=$dir/prometheus.yml",
		"--storage.tsdb.path=$dir/prometheus", "--web.listen-address=127.0.0.1:$port", '--log.level=warn');

	query_value($node, <<SQL);
CREATE FUNCTION prometheus(query text, start_at timestamptz, end_at timestamptz, step int) RETURNS TABLE (labels jsonb, at timestamptz, value float8)
LANGUAGE plpgsql AS \$\$
DECLARE
	answer http_response := http_get('http://127.0.0.1:$port/api/v1/query_range', jsonb_build_object('query', query, 'step', step,
		'start', ceil(extract(epoch FROM start_at) / step) * step,
		'end', ceil(extract(epoch FROM end_at) / step) * step - step));
BEGIN
	IF answer.status <> 200 THEN
		RAISE EXCEPTION 'prometheus: status %', answer.status USING ERRCODE = 'connection_failure', DETAIL = left(answer.content, 1000);
	END IF;
	RETURN QUERY SELECT series -> 'metric', to_timestamp((pair ->> 0)::float8), (pair ->> 1)::float8
		FROM jsonb_array_elements(answer.content::jsonb #> '{data,result}') AS series, jsonb_array_elements(series -> 'values') AS pair;
END \$\$;
CREATE TABLE ups (labels jsonb, at timestamptz, value float8, PRIMARY KEY (labels, at));
SQL
	my %append = (mode => 'append', key => [ 'labels', 'at' ], watermark => 'at', watermark_lag => '1 minute');
	my $ups = q{SELECT * FROM prometheus('up', coalesce((SELECT value::timestamptz - interval '1 minute' FROM riskml.watermarks WHERE target = 'ups'::regclass), now() - interval '1 hour'), now(), 1)};
	my $samples = q{SELECT count(*) >= %d FROM prometheus('up', now() - interval '1 hour', now(), 1)};

	$node->poll_query_until('postgres', sprintf($samples, 2)) or die 'no samples';
	my $first = load_rows($node, $ups, 'ups', \%append)->{inserted};
	cmp_ok($first, '>=', 2, 'samples are loaded');
	$node->poll_query_until('postgres', sprintf($samples, $first + 2)) or die 'no more samples';
	$summary = load_rows($node, $ups, 'ups', \%append);
	cmp_ok($summary->{inserted}, '>=', 2, 'later ones too');
	is($summary->{read} - $summary->{inserted}, $first, 'of those that are read again none is there twice');
	is(query_value($node, q{SELECT DISTINCT labels || to_jsonb(value) FROM ups}), qq([{"job": "self", "__name__": "up", "instance": "127.0.0.1:$port"}, 1]), 'with labels and value');
	is(query_value($node, q{SELECT count(*) = 1 + extract(epoch FROM max(at) - min(at)) FROM ups}), 't', 'a sample for each second');
	is(query_value($node, q{SELECT count(*) || ' ' || bool_and(at >= begun AND at < ended) FROM (SELECT now() - interval '2.3 s', now() - interval '0.3 s') AS times (begun, ended), prometheus('up', begun, ended, 1)}),
		'2 true', 'an interval has its own samples only');
	errors_like($node, q{CALL riskml.load('SELECT * FROM prometheus(''sum(up'', now() - interval ''1 hour'', now(), 1)', 'ups')}, '08006', 'status 400.*parse error', 'a query that is wrong');
}

done_testing();
