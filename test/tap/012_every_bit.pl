# Each single bit of a small model's source and image is flipped in turn: the next load notices, the
# score stays right, and riskml.verify() finds it.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

my $node = new_node('node');

# One tree of each kind: splits by category with labels, leaves for two outputs, a linear model.
my %models = (
	labels => q({"version":[3,3,0],"learner":{"feature_names":["home","income"],"learner_model_param":{"base_score":"[5E-1]","num_class":"0","num_feature":"2","num_target":"1"},)
	  . q("objective":{"name":"binary:logistic"},"gradient_booster":{"name":"gbtree","model":{"gbtree_model_param":{"num_trees":"1"},"tree_info":[0],"iteration_indptr":[0,1],)
	  . q("cats":{"enc":[{"offsets":[0,3,7],"values":[111,119,110,114,101,110,116]},{"offsets":[],"values":[]}],"feature_segments":[0,2,2],"sorted_idx":[0,1]},)
	  . q("trees":[{"id":0,"tree_param":{"num_nodes":"5","num_feature":"2"},"left_children":[1,3,-1,-1,-1],"right_children":[2,4,-1,-1,-1],"parents":[-1,0,0,1,1],)
	  . q("split_indices":[0,1,0,0,0],"split_conditions":[0,50,1.5,-0.25,3],"default_left":[1,0,0,0,0],"split_type":[1,0,0,0,0],"categories":[1],"categories_nodes":[0],)
	  . q("categories_segments":[0],"categories_sizes":[1],"base_weights":[0,0,0,0,0],"loss_changes":[2,1,0,0,0],"sum_hessian":[5,3,2,1,2]}]}}}}),
	vectors => slurp_file(fixture_path('3.3/vector_stump.json')),
	linear => slurp_file(fixture_path('3.3/linear_softprob.json')));

# Damages one column bit by bit; each flip is taken back before the next.  The session keeps no model
# and each EXECUTE is a query of its own, so that the model is loaded anew after each flip.
my $every_bit = <<'SQL';
SET riskml.local_cache_size = 0;
DO $do$
DECLARE
	row float8[] := array_fill(1::float8, ARRAY[(SELECT features FROM riskml.models WHERE model = '@MODEL@')]);
	expected float8[];
	margins float8[];
	bits int := (SELECT 8 * length(@COLUMN@) FROM riskml.model_version JOIN riskml.model USING (model_id) WHERE name = '@MODEL@');
	wrong int := 0;
	missed int := 0;
BEGIN
	EXECUTE 'SELECT risk_margins($1, $2)' INTO expected USING '@MODEL@'::text, row;
	FOR bit IN 0 .. bits - 1 LOOP
		BEGIN
			UPDATE riskml.model_version SET @COLUMN@ = set_bit(@COLUMN@, bit, 1 - get_bit(@COLUMN@, bit))
			WHERE model_id = (SELECT model_id FROM riskml.model WHERE name = '@MODEL@');
			EXECUTE 'SELECT risk_margins($1, $2)' INTO margins USING '@MODEL@'::text, row;
			wrong := wrong + (margins IS DISTINCT FROM expected)::int;
			missed := missed + (SELECT bool_and(passed) FROM riskml.verify('@MODEL@'))::int;
			RAISE SQLSTATE 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		END;
	END LOOP;
	RAISE NOTICE '% bits, % wrong scores, % missed', bits, wrong, missed;
END $do$;
SQL

my %noticed = (source => qr/stored source of model "\w+" version 1 is damaged/, image => qr/compiled image of model "\w+" version 1 is rebuilt in memory/);
for my $model (sort keys %models)
{
	query_value($node, "SELECT riskml.import_model('$model', " . dollar($models{$model}) . ')');
	for my $column (sort keys %noticed)
	{
		my $sql = $every_bit =~ s/\@MODEL\@/$model/gr =~ s/\@COLUMN\@/$column/gr;
		my ($rc, $out, $err) = $node->psql('postgres', $sql);
		my ($bits, $wrong, $missed) = $err =~ /NOTICE:  (\d+) bits, (\d+) wrong scores, (\d+) missed/
		  or die "$model, $column: " . substr($err, -1000);
		my $warnings = () = $err =~ /WARNING:  $noticed{$column}/g;

		cmp_ok($bits, '>', 3000, "$model: the $column has $bits bits");
		is($warnings, $bits, '... each of them is noticed by the next load');
		is($wrong, 0, '... the score is right all the same');
		is($missed, 0, '... and verify() finds it');
	}
}
is(query_value($node, "SELECT bool_and(passed) FROM unnest('{@{[join(',', keys %models)]}}'::text[]) m, riskml.verify(m)"), 't', 'all are sound again');
$node->stop;
done_testing();
