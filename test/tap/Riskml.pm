# What the TAP tests share: nodes with riskml, models as text, sessions.
package Riskml;

use strict;
use warnings FATAL => 'all';

use Cwd qw(getcwd);
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(new_node leaf_model tree_model dollar temp_file model_path fixture_path query_value
  sqlstate errors_like session ask start_query finish_query backend_pid wait_until_blocked
  force_parallel create_credit new_job_node wait_for kill_process run_state define_job run_job_to_end
  slurp stat_of children_of trainer_of);

# A started node with the extension in database postgres; tests run for speed, not for safety.
sub new_node
{
	my ($name, %init) = @_;
	my $conf = delete $init{conf} // '';
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(%init);
	$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n$conf");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION riskml');
	return $node;
}

# The same with jobs that run.
sub new_job_node
{
	my ($name, %init) = @_;
	my $conf = delete $init{conf} // '';
	my $node = new_node($name, %init,
		conf => "shared_preload_libraries = 'riskml'\nriskml.databases = 'postgres'\nriskml.run_jobs = on\n"
		  . "max_worker_processes = 20\nriskml.max_workers = 8\nrestart_after_crash = on\n$conf");

	query_value($node, 'SELECT riskml.adopt_jobs()');
	return $node;
}

# Waits until a query gives this, while the server may be restarting; passes or fails by the name.
sub wait_for
{
	my ($node, $sql, $want, $name) = @_;
	my $got = '';

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for (1 .. 600)
	{
		my ($rc, $out) = $node->psql('postgres', $sql);

		$got = $out // '';
		last if $got eq $want;
		select(undef, undef, undef, 0.05);
	}
	return is($got, $want, $name);
}

sub run_state { return "SELECT state FROM riskml.runs WHERE run_id = $_[0]" }

# A job of steps [name, command, options]; returns its name.
sub define_job
{
	my ($node, $name, $options, @steps) = @_;

	query_value($node, "SELECT riskml.create_job('$name' $options)");
	for my $step (@steps)
	{
		my ($step_name, $command, $more) = @$step;
		query_value($node, "SELECT riskml.add_step('$name', '$step_name', command => \$c\$$command\$c\$" . ($more // '') . ')');
	}
	return $name;
}

# Runs a job to its end: its state, and its steps' states in order of name.
sub run_job_to_end
{
	my ($node, $name, $params) = @_;
	my $run = query_value($node, "SELECT riskml.run_job('$name', '" . ($params // '{}') . "')");

	$node->poll_query_until('postgres', "SELECT ended_at IS NOT NULL FROM riskml.runs WHERE run_id = $run") or die "run $run does not end";
	return ($run, query_value($node, run_state($run)),
		query_value($node, "SELECT string_agg(step || '=' || state, ' ' ORDER BY step) FROM riskml.run_step WHERE run_id = $run"));
}

# kill -9 of a process of the server, which then ends all others and begins anew.
sub kill_process
{
	my ($node, $pid) = @_;
	my $offset = -s $node->logfile;

	kill('KILL', $pid) == 1 or die "no process $pid";
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
}

# ---- models

# The text of a model with these trees (JSON text, ids in order) and features x0 ... x(n-1), or @$names.
sub _document
{
	my ($trees, $names) = @_;
	my $n = @$names;
	my $names_json = join(',', map { qq("$_") } @$names);
	my $n_trees = @$trees;
	my $info = join(',', (0) x $n_trees);

	return
	  qq({"version":[1,7,6],"learner":{"feature_names":[$names_json],)
	  . qq("learner_model_param":{"base_score":"0","num_feature":"$n"},"objective":{"name":"reg:squarederror"},)
	  . qq("gradient_booster":{"name":"gbtree","model":{"gbtree_model_param":{"num_trees":"$n_trees"},)
	  . qq("tree_info":[$info],"trees":[) . join(',', @$trees) . ']}}}}';
}

# One tree: nodes 0 ... n-1, children of i at 2i+1 and 2i+2, leaves from the middle on.
sub _tree
{
	my ($id, $n_features, $conditions, $indices) = @_;
	my $n = @$conditions;
	my $splits = ($n - 1) / 2;
	my $list = sub { '[' . join(',', map { $_[0]->($_) } 0 .. $n - 1) . ']' };

	return
	  qq({"id":$id,"tree_param":{"num_nodes":"$n","num_feature":"$n_features"},)
	  . '"left_children":' . $list->(sub { $_[0] < $splits ? 2 * $_[0] + 1 : -1 })
	  . ',"right_children":' . $list->(sub { $_[0] < $splits ? 2 * $_[0] + 2 : -1 })
	  . ',"parents":' . $list->(sub { $_[0] ? int(($_[0] - 1) / 2) : 2147483647 })
	  . ',"split_indices":' . $list->(sub { $_[0] < $splits ? $indices->[ $_[0] ] : 0 })
	  . ',"split_conditions":' . $list->(sub { $conditions->[ $_[0] ] })
	  . ',"default_left":' . $list->(sub { $_[0] % 2 })
	  . ',"loss_changes":' . $list->(sub { $_[0] < $splits ? 1 : 0 })
	  . ',"sum_hessian":' . $list->(sub { 1 })
	  . ',"base_weights":' . $list->(sub { 0 }) . '}';
}

# A model that scores every row alike; feature x.
sub leaf_model
{
	my ($leaf) = @_;
	return _document([ _tree(0, 1, [$leaf], [0]) ], ['x']);
}

# A model of n trees of a depth, thresholds and leaves by a simple generator from a seed.  Big models
# repeat 32 different trees.
sub tree_model
{
	my (%arg) = @_;
	my @names = @{ $arg{names} // [ map { "x$_" } 0 .. ($arg{features} // 4) - 1 ] };
	my $nodes = 2**($arg{depth} + 1) - 1;
	my $state = $arg{seed} // 1;
	my $random = sub { $state = ($state * 1103515245 + 12345) % 2147483648; $state >> 8 };
	my @templates;
	my @trees;

	for my $t (0 .. ($arg{trees} < 32 ? $arg{trees} : 32) - 1)
	{
		my @conditions = map { $random->() % 1000 / 1000 } 1 .. $nodes;
		my @indices = map { $random->() % @names } 1 .. $nodes;
		push @templates, _tree('@ID@', scalar @names, \@conditions, \@indices);
	}
	for my $t (0 .. $arg{trees} - 1)
	{
		push @trees, $templates[ $t % @templates ] =~ s/\@ID\@/$t/r;
	}
	return _document(\@trees, \@names);
}

# Text as an SQL literal.
sub dollar { return "\$model\$$_[0]\$model\$" }

my $n_files = 0;

# A file that the server can read (it runs as the same user).
sub temp_file
{
	my ($content) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir() . '/file' . ++$n_files;

	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $content;
	close($file) or die "$path: $!";
	return $path;
}

# A file of data/ or data/models/.
sub model_path { return getcwd() . "/data/$_[0]" }

# A file of test/fixtures/.
sub fixture_path { return getcwd() . "/test/fixtures/$_[0]" }

# ---- queries

# Result of a query; a setting list can come first: query_value($node, $sql, 'work_mem=1MB').
sub query_value
{
	my ($node, $sql, @settings) = @_;
	return $node->safe_psql('postgres', join('', map { "SET $_;" } @settings) . $sql);
}

# SQLSTATE of a statement, 00000 if it succeeds.
sub sqlstate
{
	my ($node, $sql, %params) = @_;
	my $database = delete $params{database} // 'postgres';
	my ($rc, $out, $err) = $node->psql($database, "\\set VERBOSITY sqlstate\n$sql", %params);

	return $err =~ /(?:ERROR|FATAL): +(\w{5})/ ? $1 : $rc == 0 ? '00000' : "psql: $err";
}

# Passes if the statement fails with this SQLSTATE and a message like that.
sub errors_like
{
	my ($node, $sql, $state, $pattern, $name, %params) = @_;
	my $database = delete $params{database} // 'postgres';
	my ($rc, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$sql", %params);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($err, qr/ERROR:  $state: .*$pattern/s, $name);
}

# ---- sessions

# BackgroundPsql reports each query in five lines or more; a failed test shows what matters.
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

# A psql session that goes on after errors; its time limit is one for each query.
sub session
{
	my ($node, %params) = @_;
	my $session = $node->background_psql($params{database} // 'postgres', on_error_stop => 0);

	$session->set_query_timer_restart();
	return $session;
}

# What a query printed.  The first minor releases of 16 leave their separator behind where there is
# no output, and its line break before or after.
sub _printed
{
	my ($out) = @_;

	$out =~ s/^background_psql: QUERY_SEPARATOR$//m;
	$out =~ s/^\n|\n$//g;
	return $out;
}

# Runs a query in a session: its output, or (output, messages).
sub ask
{
	my ($session, $sql) = @_;

	$session->{stderr} = '';
	my $out = _printed($session->query($sql));
	my $err = $session->{stderr};
	$session->{stderr} = '';
	return wantarray ? ($out, $err) : $out;
}

# Sends a query and does not wait for its result; finish_query() does, and returns it.
sub start_query
{
	my ($session, $sql) = @_;

	$session->{stderr} = '';
	$session->query_until(qr/sent\n/, "\\echo sent\n$sql;\n");
}

sub finish_query
{
	my ($session) = @_;

	my $out = _printed($session->query(''));
	my $err = $session->{stderr};
	$session->{stderr} = '';
	return wantarray ? ($out, $err) : $out;
}

sub backend_pid { return ask($_[0], 'SELECT pg_backend_pid()') }

sub wait_until_blocked
{
	my ($node, $pid) = @_;
	$node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid")
	  or die "backend $pid does not wait for a lock";
}

# Settings under which any query that may run in parallel does.
sub force_parallel
{
	my ($node) = @_;
	my $debug = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';

	return "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;"
	  . " SET min_parallel_index_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET $debug = on;";
}

# ---- data

# Table credit with the loans of data/credit_data.csv and the columns that the demo's models want.
sub create_credit
{
	my ($node, $database) = @_;
	my $csv = model_path('credit_data.csv');

	$node->safe_psql($database // 'postgres', <<SQL);
CREATE TABLE credit (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	status text, seniority int, home text, time int, age int, marital text, records text, job text,
	expenses int, income int, assets int, debt int, amount int, price int,
	home_owner boolean GENERATED ALWAYS AS (home = 'owner') STORED,
	home_rent boolean GENERATED ALWAYS AS (home = 'rent') STORED,
	married boolean GENERATED ALWAYS AS (marital = 'married') STORED,
	records_yes boolean GENERATED ALWAYS AS (records = 'yes') STORED,
	job_fixed boolean GENERATED ALWAYS AS (job = 'fixed') STORED,
	job_parttime boolean GENERATED ALWAYS AS (job = 'partime') STORED,
	job_freelance boolean GENERATED ALWAYS AS (job = 'freelance') STORED
);
COPY credit (status, seniority, home, time, age, marital, records, job, expenses, income, assets, debt,
	amount, price) FROM '$csv' (FORMAT csv, HEADER);
ANALYZE credit;
SQL
}

# ---- processes, as /proc tells of them

sub stat_of
{
	my ($pid) = @_;

	open(my $file, '<', "/proc/$pid/stat") or return;
	my $line = <$file> // '';
	return $line =~ /^\d+ \((.*)\) (\S) (\d+) (\d+) (\d+)/s ? { name => $1, state => $2, parent => $3, group => $4, session => $5 } : undef;
}

sub children_of
{
	my ($parent) = @_;
	return grep { my $stat = stat_of($_); defined $stat && $stat->{parent} == $parent } map { m{/(\d+)$} } glob('/proc/[0-9]*');
}

# The program that trains for a session, once it is there.
sub trainer_of
{
	my ($backend) = @_;

	for (1 .. 2000)
	{
		my ($pid) = grep { (stat_of($_) // { name => '' })->{name} eq 'riskml_trainer' } children_of($backend);
		return $pid if defined $pid;
		select(undef, undef, undef, 0.005);
	}
	die "no trainer of process $backend";
}

sub slurp
{
	my ($path) = @_;

	open(my $file, '<', $path) or return '';
	local $/;
	return scalar(<$file>) // '';
}

1;
