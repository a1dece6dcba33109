# Thousands of random recipes, many of them broken: each is answered, riskml.check_recipe() and riskml.apply_recipe() agree on which are
# sound, fitting them gives recipes that are, and the server goes on.
#   RISKML_RECIPES  how many (2000)     RISKML_SEED  of the generator (1)     RISKML_LONG  a million categories, not 200,000
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $recipes = $ENV{RISKML_RECIPES} // 2000;
my $seed = $ENV{RISKML_SEED} // 1;
my $many = $ENV{RISKML_LONG} ? 1000000 : 200000;
my $node = new_node('node', conf => "log_statement = none\nlog_min_error_statement = panic\n");

# ---- a generator of its own: the same recipes everywhere
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

my @hostile = ('', ' ', q{'}, q{"}, q{\\}, q{%s%n%d}, q{$1}, q{'; DROP TABLE target; --}, q{null}, q{NaN}, q{Infinity}, "\x01", "a\nb", "\xc3\xa9\xe2\x82\xac", "\xf0\x9f\x92\xa3",
	'x' x 63, 'x' x 64, 'y' x 1001, 'z' x 5000, q{a_missing}, q{f1}, q{f1_u}, q{missing}, q{error}, q{feature});
my @numbers = ('0', '1', '-1', '2', '3', '0.5', '-0.0', '1e308', '-1e308', '1e309', '5e-324', '1e-400', '2147483648', '1e15', '0.1', '100', '123456789012345678901234567890', '1e1000');
my @number_columns = ('a', 'i', 'n', 'b');
my @text_columns = ('s', 'c', 'm', 'q"uo\'te');
my @time_columns = ('d', 't', 'ts');

sub any_text { return text(one_of(@hostile)) }
sub number { return one_of(@numbers) }
sub small { return one_of('0', '1', '2', '3', '5', '0.5', '0.25', '-1', '10') }

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

# ---- steps whose fields mostly fit; `made` are the features before, by kind
my (@made_numbers, @made_texts);

sub ascending { my %n = map { random(40) - 20 => 1 } 1 .. random(20); return join ',', sort { $a <=> $b } keys %n }
sub increasing { return '[' . ascending() . ']' }
sub text_categories { my %t = map { one_of('u', 'v', 'w', '', ' ', 'other', 'sad', 'ok', "\xc3\xa9", 'x' x 20, 'x' x 17) => 1 } 1 .. 1 + random(5); return map { text($_) } sort keys %t }
sub number_categories { my %n = map { random(6) - 1 => 1 } 1 .. 1 + random(5); return sort { $a <=> $b } keys %n }
sub values_for { return '[' . join(',', map { small() } 1 .. $_[0]) . ']' }

# Categories of an operand, as a list, with null now and then.
sub categories { return ($_[0] ? text_categories() : number_categories(), chance(30) ? ('null') : ()) }

my $fitted;						# does a step have what is fitted?
sub fit_field { return $fitted ? ($_[0], $_[1]) : () }

# op => what it takes and its fields
my %ops = (
	pass => [ 'n', sub { () } ],
	log1p => [ 'n', sub { () } ],
	clip => [ 'n', sub { (min => -2, chance(50) ? (max => 3) : ()) } ],
	winsorize => [ 'n', sub { (fit_field(min => -2), fit_field(max => 3)) } ],
	power => [ 'n', sub { (fit_field(lambda => one_of('0', '2', '0.5', '-1')), method => one_of('"box-cox"', '"yeo-johnson"')) } ],
	impute => [ 'c', sub { my $t = $_[0]; (strategy => $t ? one_of('"mode"', '"constant"') : one_of('"mean"', '"median"', '"mode"'), value => $t ? '"u"' : '1', missing_indicator => one_of('true', 'false')) } ],
	bucketize => [ 'n', sub { (edges => increasing()) } ],
	quantile_bucketize => [ 'n', sub { (n_bins => 2 + random(5), fit_field(edges => increasing())) } ],
	ratio => [ 'nn', sub { () } ],
	interaction => [ 'nn', sub { () } ],
	standardize => [ 'n', sub { (fit_field(mean => small()), fit_field(std => one_of('0', '1', '2.5'))) } ],
	robust_scale => [ 'n', sub { (fit_field(center => small()), fit_field(scale => one_of('0', '1', '2.5'))) } ],
	minmax_scale => [ 'n', sub { (fit_field(min => -1), fit_field(max => 4), clip => one_of('true', 'false')) } ],
	maxabs_scale => [ 'n', sub { fit_field(max_abs => one_of('0', '3')) } ],
	date_part => [ 't', sub { (part => one_of('"year"', '"week"', '"dow"', '"second"', '"hour"'), chance(80) ? (time_zone => one_of('"UTC"', '"Europe/Berlin"')) : ()) } ],
	cyclic => [ 't', sub { (part => one_of('"month"', '"hour"', '"doy"'), time_zone => '"Asia/Tokyo"') } ],
	age_days => [ 't', sub { (reference => one_of('"2024-01-01"', '"2024-02-30"', '"2024-01-01T10:00:00.5"'), time_zone => '"UTC"') } ],
	ordinal => [ 'c', sub { (fit_field(categories => '[' . join(',', categories($_[0])) . ']'), unknown => one_of('"missing"', '"error"', '-1')) } ],
	onehot => [ 'c', sub { (fit_field(categories => '[' . join(',', categories($_[0])) . ']'), unknown => one_of('"ignore"', '"error"')) } ],
	group_rare => [ 'c', sub { my $t = $_[0]; (fit_field(categories => '[' . join(',', $t ? text_categories() : number_categories()) . ']'), other => $t ? '"other"' : '99', min_frequency => one_of('2', '0.2')) } ],
	hash_bucket => [ 's', sub { (n_buckets => 1 + random(100)) } ],
	frequency_encode => [ 'c', sub { my @c = categories($_[0]); my @v = map { '0.25' } @c; $fitted ? (categories => '[' . join(',', @c) . ']', values => '[' . join(',', @v) . ']') : () } ],
	target_encode => [ 'c', sub { my @c = categories($_[0]); $fitted ? (categories => '[' . join(',', @c) . ']', values => values_for(scalar @c), prior => '0.5') : (smoothing => '2') } ],
	woe => [ 'n', sub { my @e = split /,/, ascending(); (convention => one_of('"ln_good_bad"', '"ln_bad_good"'), $fitted ? (edges => '[' . join(',', @e) . ']', values => values_for(@e + 1), missing => '0.1', chance(40) ? (special_values => '[-1, 3]', special => '[7, 8]') : ()) : (max_bins => 3)) } ],
	'woe of categories' => [ 'c', sub { my @c = categories($_[0]); (convention => '"ln_good_bad"', $fitted ? (bins => '[' . join(',', map { "[$_]" } @c) . ']', values => values_for(scalar @c), missing => '0.1') : (unknown => '-3')) } ]);
my @op_names = sort keys %ops;
my @fields = qw(feature op input output categories values edges unknown value min max mean std part time_zone reference n_buckets convention special_values special bins
	missing names min_frequency max_categories infrequent smoothing prior range lower upper lambda strategy other period folds seed monotonic);

sub step
{
	my $number = $_[0];
	my $op = one_of(@op_names);
	my ($takes, $fields) = @{ $ops{$op} };
	my $is_text = $takes eq 's' || ($takes eq 'c' && chance(60));
	my $pick = sub { $takes eq 't' ? one_of(@time_columns) : $is_text ? one_of(@text_columns, @made_texts) : one_of(@number_columns, @made_numbers) };
	$fitted = chance(90) || $ENV{RISKML_ALL_FITTED};
	my %step = (feature => qq("f$number"), op => '"' . $op =~ s/ .*//r . '"', input => $takes eq 'nn' ? '[' . text($pick->()) . ', ' . text($pick->()) . ']' : text($pick->()), $fields->($is_text));
	$step{output} = one_of('true', 'false') if chance(15);
	push @{ $op =~ /impute|group_rare/ && $is_text ? \@made_texts : \@made_numbers }, "f$number";
	mutate(\%step) if chance(12);
	return '{' . join(', ', map { "\"$_\": $step{$_}" } sort keys %step) . '}';
}

sub mutate
{
	my ($step) = @_;
	my $field = chance(60) ? one_of(sort keys %$step) : one_of(@fields);
	my $kind = random(5);
	if ($kind == 0) { delete $step->{$field} }
	elsif ($kind == 1) { $step->{$field} = json() }
	elsif ($kind == 2) { $step->{$field} = chance(50) ? number() : any_text() }
	elsif ($kind == 3) { $step->{$field} = text(one_of('a', 's', 't', 'f1', 'f2', 'f3_u', 'nowhere', 'A', 'f1_missing')) }
	else { $step->{$field} = '[' . join(',', map { chance(50) ? number() : any_text() } 1 .. random(5)) . ']' }
	$step->{ one_of(@hostile[ 14 .. 20 ]) } = json() if chance(5);
	return;
}

sub random_recipe
{
	return json() if chance(2);
	@made_numbers = @made_texts = ();
	return '[' . join(",\n", map { step($_) } 1 .. 1 + random(5)) . ']';
}

# ---- rows, and what answers
query_value($node, <<'SQL');
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE target (a float8, i int, n numeric, b boolean, s text, c char(20), m mood, d date, t timestamptz, ts timestamp, "q""uo'te" text, y int);
INSERT INTO target SELECT CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN 'NaN' ELSE i / 7.0 - 1 END, i % 5, i * 1.5, i % 3 = 0,
	(ARRAY['u', 'v', '', 'x', 'a very long text of more than sixteen bytes', NULL])[1 + i % 6], (ARRAY['u', 'v', NULL])[1 + i % 3],
	(ARRAY['sad', 'ok', NULL]::mood[])[1 + i % 3], date '2024-02-25' + i, timestamptz '2024-03-31 00:00+00' + i * interval '1 h', timestamp '1999-12-31 23:59:59' + i * interval '1 d',
	'q' || i % 2, i % 2 FROM generate_series(1, 60) i;
INSERT INTO target VALUES ('Infinity', 2147483647, 1e300, NULL, repeat('x', 17), '', 'ok', 'infinity', '-infinity', 'infinity', 'q"', 1), (NULL, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE recipes (k int, recipe text);
CREATE TABLE answers (k int, faults int, warnings int, state text, message text, fit_state text, fit_message text);

-- What check_recipe, apply_recipe and fit_recipe say; OK if they have a result.
CREATE FUNCTION apply(recipe jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
	SELECT count(DISTINCT cardinality(riskml.apply_recipe(recipe, r))) INTO n FROM target r;
	RETURN CASE WHEN n = 1 THEN ARRAY['OK'] ELSE ARRAY['lengths differ'] END;
EXCEPTION WHEN OTHERS THEN RETURN ARRAY[SQLSTATE, SQLERRM];
END $$;
CREATE FUNCTION fit(recipe jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	fitted jsonb;
	answer text[];
BEGIN
	fitted := riskml.fit_recipe(recipe, 'SELECT * FROM target WHERE y IS NOT NULL AND isfinite(d) AND (a IS NULL OR a < 1e9)', 'y');
	IF EXISTS (SELECT FROM riskml.check_recipe(fitted, 'target') WHERE severity = 'error') THEN
		RETURN ARRAY['broken', fitted::text];
	END IF;
	answer := apply(fitted);
	IF answer[1] <> 'OK' AND answer[2] NOT LIKE '%is not a category of%' THEN
		RETURN ARRAY['does not apply', answer[2] || ' ' || fitted::text];
	END IF;
	RETURN ARRAY['OK'];
EXCEPTION WHEN OTHERS THEN RETURN ARRAY[SQLSTATE, SQLERRM];
END $$;
CREATE FUNCTION answer(k int, recipe text) RETURNS answers LANGUAGE plpgsql AS $$
DECLARE
	a answers;
	x text[];
	y text[];
BEGIN
	SELECT count(*) FILTER (WHERE severity = 'error'), count(*) FILTER (WHERE severity = 'warning') INTO a.faults, a.warnings FROM riskml.check_recipe(recipe::jsonb, 'target');
	x := apply(recipe::jsonb);
	IF k % 3 = 0 THEN
		y := fit(recipe::jsonb);
	END IF;
	RETURN (k, a.faults, a.warnings, x[1], x[2], y[1], y[2]);
EXCEPTION WHEN OTHERS THEN RETURN (k, NULL, NULL, SQLSTATE, SQLERRM, NULL, NULL);
END $$;
SQL

my $file = temp_file(join('', map { my $recipe = random_recipe(); $recipe =~ s/\\/\\\\/g; $recipe =~ s/\n/ /g; "$_\t$recipe\n" } 1 .. $recipes));
query_value($node, "COPY recipes FROM '$file' (ENCODING 'UTF8')");
is(query_value($node, 'SELECT count(*) FROM recipes'), $recipes, "$recipes recipes");
query_value($node, "SET statement_timeout = '150 s'; INSERT INTO answers SELECT (answer(k, recipe)).* FROM recipes");
is(query_value($node, 'SELECT count(*) FROM answers'), $recipes, 'each is answered');
my $first = "SELECT string_agg(concat_ws(' ', a.k, faults, state, message, fit_state, fit_message, left(recipe, 600)), E'\\n') FROM (SELECT * FROM answers NATURAL JOIN recipes WHERE %s ORDER BY k LIMIT 5) a";
# 55000: not fitted; 54000: too large
is(query_value($node, sprintf $first, q{state !~ '^(OK|22|42|0A|54|55000)' OR fit_state !~ '^(OK|22|42|0A|54)'}), '', '... with a result or an error of a class for users');
is(query_value($node, sprintf $first, 'faults IS NULL AND state !~ $$^22P$$'), '', 'check_recipe() always answers, but to what is no jsonb');
is(query_value($node, sprintf $first, q{faults > 0 AND state = 'OK'}), '', 'what has a fault is not applied');
is(query_value($node, sprintf $first, q{faults = 0 AND state NOT IN ('OK', '55000') AND message NOT LIKE '%is not a category of%'}), '', 'what has none is, unless a step refuses a category');
is(query_value($node, sprintf $first, q{message ~* 'cache lookup|unrecognized|unexpected|has no slot|is no text$' OR fit_message ~* 'cache lookup|unrecognized|unexpected|has no slot|is no text$'}), '', 'no error is one of ours');
cmp_ok(query_value($node, q{SELECT count(*) FROM answers WHERE state = 'OK'}), '>', $recipes / 4, 'many are applied');
cmp_ok(query_value($node, q{SELECT count(*) FROM answers WHERE fit_state = 'OK'}), '>', $recipes / 20, '... or fitted');
cmp_ok(query_value($node, q{SELECT count(*) FROM answers WHERE faults > 0}), '>', $recipes / 10, 'many are broken');
note(query_value($node, q{SELECT string_agg(state || ': ' || c, ', ' ORDER BY c DESC) FROM (SELECT state, count(*) AS c FROM answers GROUP BY 1) x}));
note(query_value($node, q{SELECT string_agg(fit_state || ': ' || c, ', ' ORDER BY c DESC) FROM (SELECT fit_state, count(*) AS c FROM answers GROUP BY 1) x}));

# ---- large ones, within bounded time and memory
my $large = "SET statement_timeout = '20 s'; ";
sub with_many { return $_[0] =~ s/MANY/$many/r }
sub errors { my ($recipe, $want, $name) = @_; is(query_value($node, "$large SELECT count(*) FROM riskml.check_recipe((" . with_many($recipe) . ")) WHERE severity = 'error'"), $want, $name) }
errors(q{SELECT jsonb_build_array(jsonb_build_object('feature', 'a', 'op', 'ordinal', 'categories', jsonb_agg('c' || i))) FROM generate_series(1, MANY) i}, 0, 'many categories');
errors(q{SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'impute', 'strategy', 'mode', 'input', 'f' || i - 1)) FROM generate_series(1, 10000) i}, 0, 'a chain of 10,000 steps');
errors(q{SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'onehot', 'input', 'f' || i - 1 || '_x')) FROM generate_series(1, 3000) i}, 0, 'a chain of steps whose features are not known');
errors(q{SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'x' || i, 'f' || i, 'y')) FROM generate_series(1, 3000) i}, 3000, 'thousands of unknown words');
errors(q{SELECT (repeat('[', 2000) || repeat(']', 2000))::jsonb}, 1, 'a deep list');
errors(q{SELECT jsonb_build_array(jsonb_build_object('feature', 'a', 'op', 'bucketize', 'edges', (repeat('[', 2000) || repeat(']', 2000))::jsonb))}, 1, '... as a field');
errors(q{SELECT jsonb_build_array(jsonb_build_object('feature', 'a', 'op', 'standardize', 'mean', ('1' || repeat('0', 100000))::numeric, 'std', ('0.' || repeat('0', 10000) || '1')::numeric))}, 2, 'long numbers');
# many categories in one step, which others on the column do not pay for
is(query_value($node, $large . with_many(q{SELECT riskml.apply_recipe((SELECT jsonb_build_object('feature', 'f', 'op', 'ordinal', 'input', 's', 'categories', jsonb_agg('c' || i)) FROM generate_series(1, MANY) i)
	|| (SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'ordinal', 'input', 's', 'categories', jsonb_build_array('u', 'v'))) FROM generate_series(1, 500) i), '{"s": "v"}'::jsonb)
	= ARRAY[NULL::float8] || array_fill(1::float8, ARRAY[500])})), 't', 'many categories, and 500 steps with two');
is(query_value($node, $large . q{SELECT count(*) FROM unnest(riskml.apply_recipe((SELECT jsonb_agg(jsonb_build_object('feature', 'f' || i, 'op', 'impute', 'strategy', 'constant', 'value', 'u',
	'input', CASE i WHEN 1 THEN 's' ELSE 'f' || i - 1 END)) || jsonb_agg(jsonb_build_object('feature', 'h' || i, 'op', 'hash_bucket', 'n_buckets', 100, 'input', 'f' || i))
	FROM generate_series(1, 3000) i), '{"s": null}'::jsonb)) x WHERE x IS NOT NULL}), 3000, 'hashes along a chain');

unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC|TRAP/, 'no process crashed');
$node->stop;
done_testing();
