# Thousands of random suites with hostile text in every field: each is answered with a result or an error of class 22, 42 or 0A,
# nothing of a suite's text is ever run as SQL, and the server goes on.
#   RISKML_SUITES  how many (10000)     RISKML_SEED  of the generator (1)
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $suites = $ENV{RISKML_SUITES} // 10000;
my $seed = $ENV{RISKML_SEED} // 1;
my $node = new_node('node', conf => "log_statement = none\nlog_min_error_statement = panic\n");

# ---- a generator of its own: the same suites everywhere
my $state = $seed;
sub random { $state = ($state * 1103515245 + 12345) % 2147483648; return ($state >> 8) % $_[0] }
sub one_of { return $_[ random(scalar @_) ] }
sub chance { return random(100) < $_[0] }

sub text
{
	my $text = $_[0];
	$text =~ s/([\\"])/\\$1/g;
	$text =~ s/([\x00-\x1f])/sprintf('\\u%04x', ord $1)/ge;
	return qq("$text");
}

# Each tries to get out of where it stands, and to call boom() or to drop the canary.
my @hostile = (
	q{'; DROP TABLE canary; --}, q{"; DROP TABLE canary; --}, q{') ; SELECT boom(); --}, q{' || boom() || '}, q{" || boom() || "},
	q{a" = boom() OR "a}, q{a' OR boom() > 0 OR 'a' = 'a}, q{\\'; SELECT boom(); --}, q{\\}, q{\\\\'}, q{$$; SELECT boom(); $$}, q{$1}, q{$2}, q{%s%n%1$s%I},
	q{boom()}, q{(SELECT boom())}, q{1 + boom()}, q{a::int = boom()}, q{*/ boom() /*}, q{/* boom()}, q{-- boom()}, q{U&'\\0061'}, q{E'\\x27; SELECT boom(); --'},
	q{source}, q{source.*}, q{"source"."a"}, q{*}, q{}, q{ }, q{'}, q{"}, q{''}, q{""}, q{';'}, q{{batch}}, q{$PARAMETER}, q{$PARAMETER.p}, q{NULL}, q{null}, q{NaN}, q{Infinity},
	q{-infinity}, q{1e400}, q{9999999999999999999999}, q{2024-02-30}, q{now}, q{[[:<:]]}, q{(}, q{[}, q{(a+)+$}, q{a{1,999}}, q{***=boom()}, q{(?i)x}, q{%}, q{\\%_},
	qq{a\nb}, qq{a\tb\r}, qq{\x01}, "\xc3\xa9\xe2\x82\xac", "\xf0\x9f\x92\xa3", 'x' x 63, 'x' x 64, 'y' x 5000, q{col("a") > boom()}, q{col("a' OR boom() > 0 OR 'a")  > 1},
	q{col("a") == "x' OR boom() > 0 --"}, q{col("a") == date("2024-01-01'); SELECT boom(); --")}, q{col("a").notnull(); SELECT boom()}, q{col("b") > 1}, q{col('b') == 'x'}, q{col("a").notNull()});
my @columns = ('a', 'b', 'n', 'd', 't', 'f', 'j', 'q"uo\'te', "\xc3\xa9t\xc3\xa9", 'boom()', 'missing');

my @types = map { "expect_$_" } qw(
	column_values_to_not_be_null column_values_to_be_null column_values_to_be_unique column_values_to_be_between column_values_to_be_in_set
	column_values_to_not_be_in_set column_values_to_match_regex column_values_to_not_match_regex column_values_to_match_regex_list
	column_values_to_not_match_regex_list column_value_lengths_to_be_between column_value_lengths_to_equal column_values_to_match_like_pattern
	column_values_to_not_match_like_pattern column_values_to_match_like_pattern_list column_values_to_not_match_like_pattern_list
	column_values_to_be_of_type column_values_to_be_in_type_list column_values_to_be_increasing column_values_to_be_decreasing
	column_value_z_scores_to_be_less_than column_values_to_match_strftime_format column_values_to_be_dateutil_parseable
	column_values_to_be_json_parseable column_values_to_match_json_schema column_min_to_be_between column_max_to_be_between
	column_mean_to_be_between column_median_to_be_between column_sum_to_be_between column_stdev_to_be_between
	column_quantile_values_to_be_between column_unique_value_count_to_be_between column_proportion_of_unique_values_to_be_between
	column_proportion_of_non_null_values_to_be_between
	column_distinct_values_to_be_in_set column_distinct_values_to_contain_set column_distinct_values_to_equal_set
	column_most_common_value_to_be_in_set column_kl_divergence_to_be_less_than column_to_exist column_pair_values_to_be_equal
	column_pair_values_a_to_be_greater_than_b column_pair_values_to_be_in_set compound_columns_to_be_unique
	select_column_values_to_be_unique_within_record multicolumn_sum_to_equal multicolumn_values_to_be_unique
	table_row_count_to_be_between table_row_count_to_equal table_row_count_to_equal_other_table table_columns_to_match_set
	table_columns_to_match_ordered_list table_column_count_to_equal table_column_count_to_be_between);
my %kwargs = (
	min_value => \&scalar_value, max_value => \&scalar_value, strict_min => \&flag, strict_max => \&flag, value_set => \&list, regex => \&any_text,
	regex_list => \&list, match_on => sub { one_of('"any"', '"all"', any_text()) }, value => sub { chance(80) ? random(20) : scalar_value() }, like_pattern => \&any_text,
	like_pattern_list => \&list, type_ => \&any_text, type_list => \&list, strictly => \&flag, threshold => sub { chance(80) ? number() : scalar_value() }, double_sided => \&flag,
	strftime_format => sub { one_of('"%Y-%m-%d"', any_text()) }, json_schema => \&json, quantile_ranges => \&quantiles, allow_relative_error => \&flag,
	ties_okay => \&flag, partition_object => \&partition, tail_weight_holdout => \&scalar_value, internal_weight_holdout => \&scalar_value,
	bucketize_data => \&flag, column_index => sub { chance(80) ? random(12) : scalar_value() }, column_A => \&column, column_B => \&column, or_equal => \&flag, value_pairs_set => \&pairs,
	column_list => \&columns, column_set => \&columns, exact_match => \&flag, sum_total => sub { chance(80) ? number() : scalar_value() }, other_table_name => \&any_text,
	ignore_row_if => sub { one_of('"both_values_are_missing"', '"any_value_is_missing"', '"never"', any_text()) }, parse_strings_as_datetimes => \&flag);

# Within an expectation that is to be accepted, values have the types that they must have, whatever they say.
our $well = 0;

sub any_text { return text(one_of(@hostile)) }
sub number { return one_of('0', '1', '-1', '2.5', '1e10', '-1e-5', '100', '1e400', '123456789012345678901234567890', '0.1') }
sub flag { return $well || chance(80) ? one_of('true', 'false') : json() }
sub column { return $well ? text(one_of(@columns[ 0 .. 9 ])) : chance(85) ? text(one_of(@columns)) : json() }
sub parameter { return one_of('{"$PARAMETER": "p"}', '{"$PARAMETER": ' . any_text() . '}', '{"$PARAMETER": "now() - timedelta(days=1)"}', '{"$PARAMETER": "p + 1"}') }
sub scalar_value { return chance(45) ? number() : $well || chance(60) ? any_text() : chance(50) ? parameter() : json() }
sub list { return $well || chance(85) ? '[' . join(',', map { scalar_value() } 1 .. random(6)) . ']' : json() }
sub columns { return $well || chance(85) ? '[' . join(',', map { column() } 1 .. 1 + random(4)) . ']' : json() }
sub pairs { return '[' . join(',', map { '[' . scalar_value() . ',' . scalar_value() . ']' } 1 .. random(4)) . ']' }
sub quantiles { return chance(80) ? '{"quantiles": [0, 0.5, ' . number() . '], "value_ranges": [[' . scalar_value() . ', ' . scalar_value() . '], [null, 3], [0, null]]}' : json() }
sub partition { return chance(60) ? '{"values": ' . list() . ', "weights": ' . list() . '}' : chance(50) ? '{"bins": [0, 1, ' . number() . '], "weights": [0.5, 0.5]}' : json() }

sub json
{
	my $depth = $_[0] // 0;
	my $kind = random($depth < 4 ? 8 : 5);
	return one_of('null', 'true', 'false') if $kind < 2;
	return number() if $kind == 2;
	return any_text() if $kind < 5;
	return '[' . join(',', map { json($depth + 1) } 1 .. random(4)) . ']' if $kind < 7;
	return '{' . join(',', map { any_text() . ':' . json($depth + 1) } 1 .. random(3)) . '}';
}

sub condition
{
	my $depth = $_[0] // 0;
	my $kind = random($depth < 3 ? 6 : 4);
	return any_text() if $kind == 0;
	return '{"type": "comparison", "column": {"name": ' . column() . '}, "operator": '
	  . one_of('"=="', '"!="', '"<"', '">="', '"IN"', '"NOT_IN"', any_text()) . ', "parameter": ' . one_of(scalar_value(), list()) . '}' if $kind < 3;
	return '{"type": "nullity", "column": {"name": ' . column() . '}, "is_null": ' . flag() . '}' if $kind == 3;
	return '{"type": ' . one_of('"and"', '"or"', any_text()) . ', "conditions": [' . join(',', map { condition($depth + 1) } 1 .. random(4)) . ']}';
}

sub expectation
{
	my $type = chance(96) ? text(one_of(@types)) : any_text();
	my @given = ('"column": ' . column());
	my @likely = grep { chance(22) } sort keys %kwargs;
	push @given, map { "\"$_\": " . $kwargs{$_}->() } @likely;
	push @given, '"mostly": ' . one_of('0.5', '1', '0', '2', scalar_value()) if chance(25);
	push @given, '"row_condition": ' . condition(), '"condition_parser": '
	  . one_of('"great_expectations"', '"great_expectations__experimental__"', '"pandas"', any_text()) if chance(25);
	push @given, any_text() . ': ' . json() if chance(4);
	my $more = chance(30) ? ', "severity": ' . one_of('"critical"', '"warning"', '"info"', json()) : '';
	$more .= ', "meta": ' . json() if chance(20);
	$more .= ', "notes": ' . json() if chance(10);
	return '{"' . one_of('type', 'expectation_type') . "\": $type, \"kwargs\": {" . join(', ', @given) . "}$more}";
}

# Types want their own kwargs and no others: most expectations get just those.
my %wants = (
	between => [qw(min_value max_value)], set => ['value_set'], match_regex => ['regex'], regex_list => [qw(regex_list match_on)],
	equal => ['value'], like_pattern => ['like_pattern'], like_pattern_list => [qw(like_pattern_list match_on)], of_type => ['type_'], type_list => ['type_list'],
	less_than => ['threshold'], strftime_format => ['strftime_format'], json_schema => ['json_schema'], quantile_values_to_be_between => [qw(quantile_ranges allow_relative_error)],
	kl_divergence_to_be_less_than => [qw(partition_object threshold)], to_exist => ['column_index'], values_to_be_equal => [qw(column_A column_B ignore_row_if)],
	greater_than_b => [qw(column_A column_B or_equal)], pair_values_to_be_in_set => [qw(column_A column_B value_pairs_set)],
	compound_columns_to_be_unique => ['column_list'], within_record => ['column_list'], sum_to_equal => [qw(column_list sum_total)],
	multicolumn_values_to_be_unique => ['column_list'], other_table => ['other_table_name'], match_set => [qw(column_set exact_match)],
	ordered_list => ['column_list'], z_scores_to_be_less_than => [qw(threshold double_sided)], decreasing => ['strictly'], increasing => ['strictly']);

sub fitting
{
	local $well = chance(80);
	my $type = one_of(@types);
	my ($key) = sort { length $b <=> length $a } grep { $type =~ /\Q$_\E$/ } keys %wants;
	my @given = map { "\"$_\": " . $kwargs{$_}->() } @{ $key ? $wants{$key} : [] };
	push @given, '"column": ' . text(one_of(@columns[ 0 .. 9 ])) unless grep { /"column_(A|list|set)"|other_table/ } @given or $type =~ /expect_table/;
	push @given, '"mostly": 0.' . random(10) if chance(20) and $type =~ /_values_/;
	push @given, '"row_condition": ' . condition(), '"condition_parser": "great_expectations"' if chance(30) and $type !~ /expect_table/;
	return qq({"type": "$type", "kwargs": {) . join(', ', @given) . '}}';
}

sub random_suite
{
	my $list = join(', ', map { chance(85) ? fitting() : expectation() } 1 .. 1 + random(chance(10) ? 6 : 2));
	my $name = chance(80) ? '"s"' : json();
	my $parameters = chance(50) ? ', "suite_parameters": {"p": ' . scalar_value() . '}' : chance(20) ? ', "evaluation_parameters": ' . json() : '';
	return json() if chance(2);
	return '{"' . one_of('name', 'expectation_suite_name') . "\": $name, \"expectations\": [$list]$parameters}";
}

# ---- the table, the canary, and whoever validates, with rights to lose
query_value($node, <<'SQL');
CREATE ROLE victim LOGIN;
GRANT CREATE ON SCHEMA public TO victim;
SET ROLE victim;
CREATE TABLE target (a text, b int, n numeric, d date, t timestamptz, f float8, j jsonb, "q""uo'te" text, "été" int, "boom()" int);
INSERT INTO target SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE 'v' || i % 20 END, i % 13, i / 3.0, date '2024-01-01' + i, timestamptz '2024-01-01 00:00+00' + i * interval '1 h',
	CASE i WHEN 5 THEN 'NaN' WHEN 6 THEN 'Infinity' ELSE i::float8 END, jsonb_build_object('k', i), '''; SELECT boom(); --', i, i FROM generate_series(1, 200) i;
CREATE TABLE canary (id int);
INSERT INTO canary VALUES (1), (2), (3);
CREATE SEQUENCE boomed;         -- what is called is counted even if the transaction rolls back
CREATE FUNCTION boom() RETURNS int LANGUAGE sql AS 'SELECT nextval(''boomed'')::int';
CREATE TABLE suites (n int, suite text);
CREATE TABLE answers (n int, answer text, message text);
CREATE FUNCTION answer(suite text, format text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE r jsonb; message text; raised text;
BEGIN
	PERFORM riskml.create_suite('fuzzed', suite::jsonb);
	r := riskml.validate('target', 'fuzzed', NULL, format);
	IF jsonb_typeof(r->'success') IS DISTINCT FROM 'boolean' OR jsonb_typeof(r->'results') IS DISTINCT FROM 'array' THEN
		RETURN ARRAY['no result', r::text];
	END IF;
	SELECT string_agg(e #>> '{exception_info,exception_message}', '; ') INTO raised FROM jsonb_array_elements(r->'results') e;
	RAISE EXCEPTION USING ERRCODE = 'RMOK1', MESSAGE = coalesce(raised, '');
EXCEPTION
	WHEN SQLSTATE 'RMOK1' THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
		RETURN ARRAY['result', message];
	WHEN OTHERS THEN
		RETURN ARRAY[SQLSTATE, SQLERRM];
END $$;
SQL

my $file = temp_file(join('', map { my $suite = random_suite(); $suite =~ s/\\/\\\\/g; "$_\t$suite\n" } 1 .. $suites));
query_value($node, "COPY suites FROM '$file' (ENCODING 'UTF8')");
is(query_value($node, 'SELECT count(*) FROM suites'), $suites, "$suites suites");
my $before = query_value($node, "SELECT md5(string_agg(t::text, '' ORDER BY b, d)) FROM target t");
query_value($node, <<'SQL');
SET ROLE victim;
SET statement_timeout = '150 s';
INSERT INTO answers SELECT s.n, x[1], x[2] FROM suites s, LATERAL answer(s.suite, (ARRAY['SUMMARY', 'COMPLETE', 'BASIC', 'BOOLEAN_ONLY'])[1 + s.n % 4]) x;
SQL
is(query_value($node, 'SELECT count(*) FROM answers'), $suites, 'each is answered');
is(query_value($node, q{SELECT string_agg(answer || ' ' || message || ' of ' || n, E'\n') FROM (SELECT * FROM answers WHERE answer <> 'result' AND answer !~ '^(22|42|0A)' ORDER BY n LIMIT 10) x}),
	'', '... with a result or an error of class 22, 42 or 0A');
is(query_value($node, q{SELECT string_agg(message || ' of ' || n, E'\n') FROM (SELECT * FROM answers WHERE message ~* 'cache lookup|unrecognized|unexpected|SPI_|syntax error' AND answer = 'result' ORDER BY n LIMIT 10) x}),
	'', '... no result has an error of ours inside');
is(query_value($node, q{SELECT string_agg(message || ' of ' || n, E'\n') FROM (SELECT * FROM answers WHERE answer IN ('42601', '42P02', '42883', '42703') AND message ~ 'syntax error|no parameter|boom' ORDER BY n LIMIT 10) x}),
	'', '... nor was any text parsed as SQL');
cmp_ok(query_value($node, q{SELECT count(*) FROM answers WHERE answer = 'result'}), '>', $suites / 10, 'many are judged');
note(query_value($node, q{SELECT string_agg(answer || ': ' || c, ', ' ORDER BY c DESC) FROM (SELECT answer, count(*) AS c FROM answers GROUP BY 1) x}));
is(query_value($node, 'SELECT is_called FROM boomed'), 'f', 'no function is called by the text of a suite');
is(query_value($node, 'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM canary'), '1 2 3', 'the canary lives');
is(query_value($node, "SELECT md5(string_agg(t::text, '' ORDER BY b, d)) FROM target t"), $before, 'the table is as it was');
unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC|TRAP/, 'no process crashed');

$node->stop;
done_testing();
