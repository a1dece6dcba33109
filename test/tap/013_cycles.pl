# Import, score, error, over and over in one backend, with models of every shape: no growth.
#   RISKML_CYCLES=N   how many (2000; make check-long takes 100000)
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

use constant MB => 1024 * 1024;
use constant BATCH => 1000;

my $cycles = $ENV{RISKML_CYCLES} // 2000;
my @shapes = map { slurp_file(fixture_path("3.3/$_.json")) }
  qw(softprob vector_cats cats_text dart linear_softprob quantile_3 expectile_3 codes_partition zero_logistic_average);
my $node = new_node('node');

# A cycle is a transaction that is taken back, so that the registry does not grow: a model of the next
# shape as a new version, scored in two forms, then a wrong row, an unknown label and a broken file.
query_value($node, 'CREATE TABLE shape (n int PRIMARY KEY, model text, broken text)');
for my $n (0 .. $#shapes)
{
	my $broken = substr($shapes[$n], 0, int(length($shapes[$n]) * 0.9));
	query_value($node, "INSERT INTO shape VALUES ($n, " . dollar($shapes[$n]) . ', ' . dollar($broken) . ')');
}
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE cycles(n int) LANGUAGE plpgsql AS $$
DECLARE
	shapes int := (SELECT count(*) FROM shape);
	s shape;
	features int;
	errors int := 0;
	command text;
BEGIN
	FOR i IN 1 .. n LOOP
		SELECT * INTO s FROM shape t WHERE t.n = i % shapes;
		PERFORM riskml.import_model('cycle', s.model);
		features := (SELECT m.features FROM riskml.models m WHERE model = 'cycle');
		PERFORM risk_margins('cycle', array_fill(1::float8, ARRAY[features])), risk_scores('cycle', '{}'::jsonb, true);
		FOREACH command IN ARRAY ARRAY[
			$c$SELECT risk_scores('cycle', '{1}'::float8[])$c$,
			$c$SELECT risk_scores('cycle', jsonb_build_object((SELECT feature FROM riskml.model_features WHERE model = 'cycle' LIMIT 1), 'no such label'), true)$c$,
			format('SELECT riskml.import_model(%L, %L::text)', 'cycle', s.broken)]
		LOOP
			BEGIN
				EXECUTE command;
			EXCEPTION WHEN OTHERS THEN
				errors := errors + 1;
			END;
		END LOOP;
		ROLLBACK;
	END LOOP;
	RAISE NOTICE '% errors', errors;
END $$;
SQL

my $s = session($node);
my $pid = backend_pid($s);

# Bytes in the backend's memory contexts, and of the process without what it shares.
sub memory
{
	my ($kb) = slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+) kB/m;
	return (scalar ask($s, 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts'), $kb * 1024);
}

ask($s, 'SET client_min_messages = notice; SET riskml.local_cache_size = 0');
ask($s, 'CALL cycles(' . BATCH . ')');		# fills the server's own caches
my ($contexts, $rss) = memory();
my ($done, $errors) = (0, 0);
while ($done < $cycles)
{
	my ($out, $err) = ask($s, 'CALL cycles(' . BATCH . ')');
	my ($n) = $err =~ /NOTICE:  (\d+) errors/ or die $err;
	$done += BATCH;
	$errors += $n;
	query_value($node, 'VACUUM riskml.model, riskml.model_version, riskml.model_alias, riskml.audit_log');
}
my ($contexts_after, $rss_after) = memory();
note sprintf('%d cycles: contexts %+d bytes, RSS %+d kB', $done, $contexts_after - $contexts, ($rss_after - $rss) / 1024);
is($errors, 3 * $done, "$done cycles of import, score and error");
cmp_ok($contexts_after - $contexts, '<', MB, '... memory contexts grew by less than 1 MB');
cmp_ok($rss_after - $rss, '<', MB, '... the process grew by less than 1 MB');
is(query_value($node, 'SELECT count(*) FROM riskml.model_version'), '0', '... and the registry is as it was');
$s->quit;
$node->stop;
done_testing();
