# What riskml.load() reads from in tests: servers that live in the test's temporary directory and end with it.
package Sources;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;

our @EXPORT = qw(load_rows literal json write_file log_since has_extension new_mariadb new_program stop_program);

sub literal { return "'" . ($_[0] =~ s/'/''/gr) . "'" }

sub json { return JSON::PP->new->canonical->encode($_[0]) }

# CALL riskml.load(): what it says of itself, as a hash.
sub load_rows
{
	my ($node, $source, $target, $options) = @_;
	my ($rc, $out, $err) = $node->psql('postgres',
		'CALL riskml.load(' . join(', ', map { literal($_) } $source, $target, json($options // {})) . ')');

	die "load failed: $err" if $rc != 0;
	die "no summary: $err" unless $err =~ /(\{.*\})/s;
	return JSON::PP->new->decode($1);
}

# The whole file at once, as programs do that replace a file.
sub write_file
{
	my ($path, $content) = @_;

	open(my $file, '>:raw', "$path.new") or die "$path.new: $!";
	print $file $content;
	close($file) or die "$path.new: $!";
	rename("$path.new", $path) or die "$path: $!";
}

# What a server has logged since its log was $offset bytes long.
sub log_since
{
	my ($node, $offset) = @_;
	return substr(slurp_file($node->logfile), $offset);
}

sub has_extension
{
	my ($node, $extension) = @_;
	return query_value($node, "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'");
}

# ---- programs

my %running;

# Starts a program, its output in a file, and waits until $ready->() is true.
sub new_program
{
	my ($log, $ready, @command) = @_;
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		open(STDIN, '<', '/dev/null') or die $!;
		open(STDOUT, '>>', $log) or die "$log: $!";
		open(STDERR, '>&', \*STDOUT) or die $!;
		exec(@command) or POSIX::_exit(127);
	}
	$running{$pid} = 1;
	for (1 .. 600)
	{
		return $pid if $ready->();
		last if waitpid($pid, POSIX::WNOHANG()) == $pid && delete $running{$pid};
		select(undef, undef, undef, 0.05);
	}
	die "$command[0] does not start: " . slurp_file($log);
}

sub stop_program
{
	my ($pid) = @_;

	return unless delete $running{$pid};
	kill('TERM', $pid);
	waitpid($pid, 0);
}

END
{
	my $rc = $?;

	stop_program($_) for keys %running;
	$? = $rc;
}

# ---- MariaDB

# A server with its own data, reached by a socket only; undef where there is none.  The environment tells
# MariaDB's client library, and so PostgreSQL servers that are started later, where the socket is.
sub new_mariadb
{
	my ($sql) = @_;
	my ($server) = grep { -x } qw(/usr/sbin/mariadbd /usr/libexec/mariadbd);
	my ($tables) = grep { -f "$_.sql" } map { "/usr/share/${_}_system_tables" } qw(mariadb/mariadb mariadb/mysql mysql/mysql);
	my $dir = PostgreSQL::Test::Utils::tempdir_short();
	my $log = "$PostgreSQL::Test::Utils::log_path/mariadb.log";

	return undef unless $server;
	die 'MariaDB without its tables' unless $tables;
	my @command = ($server, '--no-defaults', "--datadir=$dir/data", '--lc-messages-dir=' . ($tables =~ s{/[^/]*$}{}r), '--skip-networking',
		'--innodb-log-file-size=8M', '--innodb-buffer-pool-size=16M', '--innodb-flush-log-at-trx-commit=0');
	mkdir("$dir/data") or die $!;

	# as mariadb-install-db does, which is in a bigger package
	open(my $bootstrap, '|-', "@command --bootstrap >>'$log' 2>&1") or die "mariadbd: $!";
	print $bootstrap "CREATE DATABASE mysql;\nUSE mysql;\n", slurp_file("$tables.sql"), slurp_file("${tables}_data.sql"),
	  "\nFLUSH PRIVILEGES;\nSET NAMES utf8mb4;\n", $sql;
	close($bootstrap) or die 'no MariaDB data: ' . slurp_file($log);

	$ENV{MYSQL_UNIX_PORT} = "$dir/socket";
	return new_program($log, sub { -S "$dir/socket" }, @command, "--socket=$dir/socket", "--pid-file=$dir/pid");
}

1;
